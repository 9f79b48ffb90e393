# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The verb guest of the command vsk: a guest on a vhost-user socket, from the shell."""

import argparse
import logging
import sys
from typing import Any

from vsk.conn import Conn
from vsk.enums import Type
from vsk.errors import Error
from vsk.front_end import attach
from vsk.guest import Guest
from vsk.guest_pipe import copy, finish
from vsk.guest_raw import add_raw, number
from vsk.guest_send import add_send

__all__ = ["add_verb"]

WELL, BROKEN, FAILED = 0, 1, 2
HOST = 2
STDIN, STDOUT = 0, 1


def _common() -> argparse.ArgumentParser:
    """What stands before the verb or behind it."""
    # Where it is suppressed, the default of the outer parser stays.
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = common.add_argument_group("the guest")
    group.add_argument("--preset", metavar="KERNEL", help="behave as linux-5.10, -6.1 or -6.12 do")
    group.add_argument("--queues", type=int, choices=(2, 3), help="to hand over; 3")
    group.add_argument("--cid", type=int, help="its own, where the device tells none")
    group.add_argument("--timeout", type=float, metavar="SECONDS", help="for the device, 10")
    group.add_argument("--capture", metavar="FILE", help="write every packet to it, as pcapng")
    group.add_argument("-v", "--verbose", action="store_true", help="say what happens")
    return common


def _add_type(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--type", choices=("stream", "seqpacket"), default="stream")


def _add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("port", type=number, metavar="PORT")
    parser.add_argument("--to", type=number, default=HOST, metavar="CID", help="of the peer, 2")
    _add_type(parser)


def add_verb(verbs: "argparse._SubParsersAction[Any]") -> None:
    """Add the verb to the others."""
    guest = verbs.add_parser(
        "guest",
        parents=[_common()],
        help="be a guest on the vhost-user socket of any vsock device",
        description="Attaches a guest to a vhost-user vsock device, ours or another, and lets it "
        "connect, listen, send, or put any single packet on the ring.",
        epilog="Exit status: 0 well; 1 where the connection failed or, of raw, nothing came; "
        "2 wrong usage, or no device.",
    )
    guest.add_argument("socket", metavar="SOCKET", help="the device's socket file")
    guest.set_defaults(
        verb=_guest, preset=None, queues=3, cid=0, timeout=10.0, capture=None, verbose=False
    )
    acts = guest.add_subparsers(metavar="ACT", required=True)
    common = _common()  # another one: defaults are its options' own

    connect = acts.add_parser(
        "connect",
        parents=[common],
        help="connect to a port; stdin goes there, what comes goes to stdout",
        description="Connects to a port of the host. The end of stdin is told to the peer, and "
        "what it still sends is copied. On SEQPACKET what is read at once is a message.",
    )
    _add_to(connect)
    connect.set_defaults(act=_connect)

    listen = acts.add_parser(
        "listen",
        parents=[common],
        help="take one connection of the host; then as connect",
        description="Listens on a port, and copies as connect does once somebody has come. "
        "A line on stderr says when it listens.",
    )
    listen.add_argument("port", type=number, metavar="PORT")
    listen.set_defaults(act=_listen)

    send = acts.add_parser(
        "send",
        parents=[common],
        help="send a file, or so many bytes, and count what comes back",
        description="Connects, sends, tells the peer the end, waits for its own, and says on "
        "stderr how long that took; on a terminal it shows how far it is.",
    )
    _add_to(send)
    add_send(send)

    raw = acts.add_parser(
        "raw",
        parents=[common],
        help="put one packet on the ring, with any field wrong, and print what comes back",
        description="Puts one packet on the ring, in descriptors of any length, and prints the "
        "packets that come back. Nothing answers them.",
    )
    add_raw(raw)


def _guest(options: argparse.Namespace) -> int:
    logging.basicConfig(format="vsk: %(message)s")
    level = logging.INFO if options.verbose else logging.WARNING
    logging.getLogger("vsk").setLevel(level)
    try:
        guest = attach(
            options.socket,
            cid=options.cid,
            queues=options.queues,
            timeout=options.timeout,
            capture=options.capture,
            preset=options.preset,
        )
    except (Error, OSError, ValueError) as error:
        print(f"vsk: {error}", file=sys.stderr)
        return FAILED
    with guest:
        try:
            status: int = options.act(guest, options)
        except BrokenPipeError as error:
            if not isinstance(error, Error):
                raise  # nobody reads stdout any more: not the connection's fault
            print(f"vsk: {error}", file=sys.stderr)
            return BROKEN
        except (Error, OSError) as error:
            print(f"vsk: {error}", file=sys.stderr)
            return BROKEN
    return status


def _connect(guest: Guest, options: argparse.Namespace) -> int:
    conn = guest.connect(options.to, options.port, Type[options.type.upper()])
    return _copy(guest, conn)


def _listen(guest: Guest, options: argparse.Namespace) -> int:
    with guest.listen(options.port) as listener:
        print(f"vsk: listening on {guest.cid}:{options.port}", file=sys.stderr, flush=True)
        conn = listener.accept()
    return _copy(guest, conn)


def _copy(guest: Guest, conn: Conn) -> int:
    logging.getLogger("vsk").info("%r", conn)
    copy(guest, conn, STDIN, STDOUT)
    finish(guest, conn)
    return WELL
