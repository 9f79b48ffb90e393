# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""python -m vsk is the command vsk."""

import sys

from vsk.command import main

if __name__ == "__main__":
    sys.exit(main())
