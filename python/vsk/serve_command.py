# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The verb serve of the command vsk."""

import argparse
import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Any

from vsk.closing import Closing
from vsk.device import Device
from vsk.errors import Error
from vsk.loader import LoadError, load_device
from vsk.lua_command import is_lua, lua_command
from vsk.server import Server, bridge, serve

__all__ = ["add_verb"]

CLEAN, FAILED = 0, 2
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class _Capabilities(argparse.Action):
    """Prints what management software asks for, whatever else is said."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, **options)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        print(json.dumps({"type": "vsock", "features": []}))
        parser.exit()


def add_verb(verbs: "argparse._SubParsersAction[Any]") -> None:
    """Add the verb to the others."""
    parser = verbs.add_parser(
        "serve",
        help="put the device of a Python or Lua file on a vhost-user socket",
        description="Serves the device of a file on a vhost-user socket, to QEMU, User Mode Linux, "
        "vsk guest or any other front end; they come and go, one at a time. It stays in the "
        "foreground, and ends on SIGTERM and on Ctrl-C. A line on stderr says when it serves.",
        epilog="Exit status: 0 where it was told to end, 2 where it cannot start.",
    )
    parser.add_argument(
        "file",
        nargs="?",
        metavar="DEVICE",
        help="a Python file: its device, or its one Device subclass; a Lua file (.lua): the "
        "table that it returns, as for vsk.device, or its global device",
    )
    parser.add_argument(
        "--uds",
        metavar="PATH",
        help="instead of a DEVICE: programs that know nothing of vsk are the host's side. The "
        "guest reaches who listens on the Unix socket PATH_PORT; who connects to PATH and writes "
        "'CONNECT PORT' and a newline reaches the guest. SEQPACKET: PATH.seq, PATH.seq_PORT",
    )
    parser.add_argument("--cid", type=int, help="the guest's context id; 3 where nobody says")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--socket", "--socket-path", dest="path", metavar="PATH", help="listen on this socket file"
    )
    where.add_argument(
        "--fd", type=int, metavar="FDNUM", help="a socket that it inherits: listening or connected"
    )
    parser.add_argument(
        "--connect",
        action="store_true",
        help="be the client of who listens on the socket file, such as QEMU with server=on, and "
        "try again until somebody does",
    )
    parser.add_argument(
        "--capture", metavar="FILE", help="write every packet to it as pcapng; - is stdout"
    )
    parser.add_argument(
        "--print-capabilities",
        action=_Capabilities,
        help="print the type of the device and its features as JSON, and do nothing else",
    )
    loud = parser.add_mutually_exclusive_group()
    loud.add_argument("-v", "--verbose", action="store_true", help="say who comes and goes")
    loud.add_argument("-q", "--quiet", action="store_true", help="say nothing but what fails")
    parser.set_defaults(verb=_serve, parser=parser)


class _Ending(Closing):
    """What SIGTERM and SIGINT do while there is a server: they end it, from within nothing."""

    def __init__(self) -> None:
        self.told = False
        self.server: Server | None = None
        self._before = {number: signal.signal(number, self._tell) for number in SIGNALS}

    def _tell(self, number: int, frame: FrameType | None) -> None:
        # A hook that does not return is left by Ctrl-C a second time.
        if self.told and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not self.told and self.server is not None:
            self.told = True
            self.server.stop()
        self.told = True

    def close(self) -> None:
        """Let signals do what they did before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _serve(options: argparse.Namespace) -> int:
    if options.connect and options.path is None:
        options.parser.error("argument --connect: needs --socket")
    if (options.file is None) == (options.uds is None):
        options.parser.error("a DEVICE or --uds")
    if options.uds is None and is_lua(options.file):
        return _serve_lua(options)
    logging.basicConfig(format="vsk: %(message)s")
    logging.getLogger("vsk").setLevel(
        logging.ERROR if options.quiet else logging.INFO if options.verbose else logging.WARNING
    )
    with _Ending() as ending:
        try:
            server = _start(options)
        except (_Failure, LoadError, Error, OSError, ValueError) as error:
            print(f"vsk: {error}", file=sys.stderr)
            return FAILED
        with server:
            ending.server = server
            if not options.quiet:
                name = type(server.device).__name__ if options.uds is None else options.uds
                where = options.path or f"fd {options.fd}"
                print(f"vsk: {name} serves CID {server.device.cid} on {where}", file=sys.stderr)
            server.run(until=lambda: ending.told)
            ending.server = None
    return CLEAN


class _Failure(Exception):
    """Why it cannot start, in one line."""


def _start(options: argparse.Namespace) -> Server:
    if options.uds is not None:
        return bridge(
            options.path,
            options.uds,
            cid=3 if options.cid is None else options.cid,
            fd=options.fd,
            connect=options.connect,
            capture=options.capture,
        )
    return serve(
        _load(options.file, options.cid),
        options.path,
        fd=options.fd,
        connect=options.connect,
        capture=options.capture,
    )


def _load(path: str, cid: int | None) -> Device:
    try:
        return load_device(path, cid=cid)
    except (LoadError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a script may raise anything, and exit
        words = (str(error).splitlines() or [""])[0]
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise _Failure(
            f"{path}: {type(error).__name__}: {words} ({place.filename}:{place.lineno})"
        ) from error


def _serve_lua(options: argparse.Namespace) -> int:
    """Become the Lua interpreter: a device in Lua has no Python around it."""
    try:
        command = lua_command(
            options.file,
            cid=options.cid,
            path=options.path,
            fd=options.fd,
            connect=1 if options.connect else None,
            capture=options.capture,
            level="error" if options.quiet else "info" if options.verbose else "warning",
            silent=1 if options.quiet else None,
        )
    except LoadError as error:
        print(f"vsk: {error}", file=sys.stderr)
        return FAILED
    if options.fd is not None:
        try:
            os.set_inheritable(options.fd, True)
        except OSError as error:
            print(f"vsk: descriptor {options.fd}: {error.strerror}", file=sys.stderr)
            return FAILED
    return os.execv(command[0], command)
