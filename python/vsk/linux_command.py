# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The verb linux of the command vsk."""

import argparse
import logging
import sys
from typing import Any

from vsk.loader import LoadError, load_device

__all__ = ["add_verb"]

FAILED = 2


def add_verb(verbs: "argparse._SubParsersAction[Any]") -> None:
    """Add the verb to the others."""
    linux = verbs.add_parser(
        "linux",
        help="boot a real Linux guest with the device of a Python file",
        description="Boots a real Linux guest with the device of a Python file, and gives a shell "
        "in it. The guest's root are the files of this machine, read-only, under User Mode Linux; "
        "busybox in QEMU. vsock-cat is there: try vsock-cat 2 PORT.",
        epilog="Exit status: the command's or the shell's; 2 where there is no guest.",
    )
    linux.add_argument("file", metavar="DEVICE.py", help="its device, or its one Device subclass")
    linux.add_argument("--cid", type=int, help="the guest's context id")
    linux.add_argument("--machine", choices=("uml", "qemu"), default="uml")
    linux.add_argument(
        "--kernel",
        metavar="VERSION",
        help="for QEMU such as 6.12, or a suite of Debian's such as bullseye (5.10) or "
        "trixie-backports for its own; or a folder with an unpacked Debian package",
    )
    linux.add_argument("--exec", metavar="CMD", dest="command", help="run this, and no shell")
    linux.add_argument("--capture", metavar="FILE", help="write every packet to it, as pcapng")
    linux.set_defaults(verb=_linux)


def _linux(options: argparse.Namespace) -> int:
    # The other verbs need none of what this needs.
    from vsk.linux import GuestError, Linux, MissingError

    logging.basicConfig(format="vsk: %(message)s")
    logging.getLogger("vsk.linux").setLevel(logging.INFO)
    try:
        device = load_device(options.file, cid=options.cid)
        guest = Linux(
            device,
            machine=options.machine,
            kernel=options.kernel,
            capture=options.capture,
        )
    except (LoadError, MissingError, GuestError, ValueError) as error:
        print(f"vsk: {error}", file=sys.stderr)
        return FAILED
    with guest:
        return guest.interact(options.command)
