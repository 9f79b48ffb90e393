# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Real Linux guests: a device under an unmodified kernel, without rights and without an image.

User Mode Linux is a kernel that runs as an ordinary process; QEMU emulates a whole machine, for
other kernels. Both come from Debian packages, which are downloaded once.
"""

from vsk.linux.guest import CommandError, GuestError, Linux
from vsk.linux.jobs import Job
from vsk.linux.packages import MissingError

__all__ = ["CommandError", "GuestError", "Job", "Linux", "MissingError"]
