# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The verb linux of the command vsk."""

import argparse
import logging
import sys
from typing import TYPE_CHECKING, Any

from vsk.loader import LoadError, load_device
from vsk.lua_command import is_lua

if TYPE_CHECKING:
    from vsk.linux import Linux

__all__ = ["add_verb"]

FAILED = 2


def add_verb(verbs: "argparse._SubParsersAction[Any]") -> None:
    """Add the verb to the others."""
    linux = verbs.add_parser(
        "linux",
        help="boot a real Linux guest with the device of a Python or Lua file",
        description="Boots a real Linux guest with the device of a file, and gives a shell in it. "
        "The guest's root are the files of this machine, read-only, under User Mode Linux; busybox "
        "in QEMU. vsock-cat is there: try vsock-cat 2 PORT.",
        epilog="Exit status: the command's or the shell's; 2 where there is no guest.",
    )
    linux.add_argument(
        "file",
        metavar="DEVICE",
        help="a Python file: its device, or its one Device subclass; a Lua file (.lua), as for vsk "
        "serve, which serves it in another process",
    )
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
    from vsk.linux import GuestError, MissingError

    logging.basicConfig(format="vsk: %(message)s")
    logging.getLogger("vsk.linux").setLevel(logging.INFO)
    try:
        with _boot(options) as guest:
            return guest.interact(options.command)
    except (LoadError, MissingError, GuestError, ValueError) as error:
        print(f"vsk: {error}", file=sys.stderr)
        return FAILED


def _boot(options: argparse.Namespace) -> "Linux":
    from vsk.linux import Linux
    from vsk.linux.lua import LuaLinux

    how = {"machine": options.machine, "kernel": options.kernel, "capture": options.capture}
    if is_lua(options.file):
        return LuaLinux(options.file, cid=options.cid, **how)
    return Linux(load_device(options.file, cid=options.cid), **how)
