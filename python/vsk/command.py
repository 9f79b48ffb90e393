# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The command vsk: serves devices, drives them, boots guests, looks into captures."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from vsk import __version__, guest_command, linux_command, serve_command, torture_command
from vsk.capture import Capture, Record
from vsk.check import Checker
from vsk.check.finding import seconds
from vsk.errors import Error

CLEAN, FINDINGS, FAILED, INTERRUPTED = 0, 1, 2, 130


def _line(record: Record) -> str:
    """A record as a line: time, packet, what is special about it."""
    words = [seconds(record.time), str(record.packet)]
    if record.cut:
        words.append(f"(cut: {len(record.packet.payload)} bytes of the payload)")
    if record.comment is not None:
        words.append("# " + "".join(c if c.isprintable() else " " for c in record.comment))
    return " ".join(words)


@contextmanager
def _opened(path: str) -> Iterator[Capture]:
    """Open a capture; what is wrong with it ends the block with a line on stderr."""
    try:
        with Capture(path) as capture:
            yield capture
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except (OSError, Error) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise _Unreadable(f"vsk: {path}: {words}") from error


class _Unreadable(Exception):
    """A file that cannot be read, in one line."""


def _show(options: argparse.Namespace) -> int:
    if options.html is not None:
        return _show_page(options)
    if options.midway:
        options.misuse("--midway is for --html")
    with _opened(options.file) as capture:
        if options.script is not None:
            print(capture.script(options.script, guest=options.guest), end="")
            return CLEAN
        for record in capture:
            print(_line(record), flush=True)
    return CLEAN


def _show_page(options: argparse.Namespace) -> int:
    """Write a capture as a page."""
    title = None if options.file == "-" else os.path.basename(options.file)
    with _opened(options.file) as capture:
        page = capture.html(title=title, midway=options.midway)
    if options.html == "-":
        print(page, end="")
        return CLEAN
    try:
        with open(options.html, "w", encoding="utf-8") as file:
            file.write(page)
    except OSError as error:
        print(f"vsk: {options.html}: {error.strerror}", file=sys.stderr)
        return FAILED
    return CLEAN


def _check_file(path: str, options: argparse.Namespace) -> int:
    """Print the findings in a file and count them."""
    checker = Checker(from_start=not options.midway)
    packets = count = 0
    with _opened(path) as capture:
        for record in capture:
            packets += 1
            for finding in checker.packet(record.packet, record.time, cut=record.cut):
                count += 1
                print(f"{path}: {finding}", flush=True)
    for finding in checker.end() if options.complete else ():
        count += 1
        print(f"{path}: {finding}")
    skipped = f", {capture.skipped} other records" if capture.skipped else ""
    print(f"{path}: {packets} packets{skipped}, {count} findings", flush=True)
    return count


def _check(options: argparse.Namespace) -> int:
    status = CLEAN
    for path in options.files:
        try:
            status = max(status, FINDINGS if _check_file(path, options) else CLEAN)
        except _Unreadable as error:
            print(error, file=sys.stderr)
            status = FAILED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vsk",
        description="The virtio-vsock kit: devices and guests on vhost-user sockets and under "
        "real kernels, and captures of what they say.",
        epilog="Exit status: 0 well, 1 findings or a connection that failed, 2 wrong usage or what "
        "cannot be read or started. Each verb has its own --help.",
    )
    parser.add_argument("--version", action="version", version=f"vsk {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    check = verbs.add_parser(
        "check",
        help="name every packet that broke a rule, and whose fault",
        description="Holds captures, pcapng or pcap, to the specification; - is stdin.",
        epilog="Exit status: 0 clean, 1 findings, 2 an unreadable file.",
    )
    check.add_argument("files", nargs="+", metavar="FILE")
    check.add_argument(
        "--midway", action="store_true", help="the capture begins in the middle of connections"
    )
    check.add_argument(
        "--complete",
        action="store_true",
        help="both sides were quiet at the end: what is not answered is a finding",
    )
    check.set_defaults(verb=_check)

    show = verbs.add_parser(
        "show",
        help="print a line for each packet, or make a page or a script of them",
        description="Prints a capture, pcapng or pcap, a line for each packet; - is stdin. Or "
        "makes one HTML page of it, which needs nothing else and shows it step by step. Or prints "
        "it as a script that says it again, to a device of its own or to one that it is given.",
        epilog="Exit status: 0, or 2 for a file that cannot be read or written.",
    )
    show.add_argument("file", metavar="FILE")
    ways = show.add_mutually_exclusive_group()
    ways.add_argument("--html", metavar="OUT", help="write the page into OUT; - is stdout")
    ways.add_argument(
        "--script", choices=("python", "lua"), help="print a test that says all of it again"
    )
    show.add_argument(
        "--midway",
        action="store_true",
        help="with --html: the capture begins in the middle of connections",
    )
    show.add_argument(
        "--guest", type=int, metavar="CID", help="whose packets, where there are several guests"
    )
    show.set_defaults(verb=_show, misuse=show.error)

    serve_command.add_verb(verbs)
    guest_command.add_verb(verbs)
    linux_command.add_verb(verbs)
    torture_command.add_verb(verbs)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with the arguments of the process, or with others; give its exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.verb(options)
        sys.stdout.flush()
    except _Unreadable as error:
        print(error, file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # Whoever read along has seen enough; Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return status
