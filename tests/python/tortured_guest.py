# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A guest that comes to a device again and again: python tortured_guest.py SOCKET."""

import sys
import time

import vsk


def live(path: str) -> None:
    """Be a guest until the device goes, or does what no device may."""
    guest = vsk.Guest()
    with vsk.attach(path, guest=guest, timeout=1.0):
        listener = guest.listen(1234)
        while True:
            listener.accept()


def main() -> None:
    """Come back whatever has happened, as a machine that is started again."""
    while True:
        try:
            live(sys.argv[1])
        except vsk.Error:
            time.sleep(0.01)


if __name__ == "__main__":
    main()
