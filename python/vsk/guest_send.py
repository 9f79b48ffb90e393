# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The act send of vsk guest: much at once, and how long that takes."""

import argparse
import os
import re
import select
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from vsk.closing import Closing
from vsk.conn import Conn
from vsk.enums import State, Type
from vsk.guest import Guest
from vsk.guest_pipe import ENOUGH, finish, incoming, link_of

try:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn
except ImportError:
    Progress = None  # type: ignore[assignment, misc]

if TYPE_CHECKING:
    from rich.progress import TaskID

__all__ = ["add_send"]

PIECE = 65536
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
LONG = 0.5  # seconds from which on a transfer is shown


def size(text: str) -> int:
    """Read a number of bytes: 16M is 16 MiB."""
    found = re.fullmatch(r"(\d+)([KMG]?)", text)
    if found is None:
        raise ValueError(text)
    return int(found[1]) * UNITS[found[2]]


def add_send(parser: argparse.ArgumentParser) -> None:
    """Add what it sends."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("file", nargs="?", metavar="FILE", help="to send; - is stdin")
    what.add_argument(
        "--bytes", type=size, metavar="N", help="send so many bytes instead; 16M are 16 MiB"
    )
    parser.add_argument(
        "--piece", type=size, default=PIECE, metavar="N", help="bytes of a message, 64K"
    )
    parser.add_argument(
        "--within", type=float, default=10.0, metavar="SECONDS", help="for the peer's end, 10"
    )
    parser.set_defaults(act=_send)


def _pieces(options: argparse.Namespace, file: BinaryIO | None) -> Iterator[bytes]:
    """Give what is to be sent, a message at a time."""
    if file is not None:
        while piece := file.read(options.piece):
            yield piece
        return
    pattern = bytes(range(256)) * (options.piece // 256 + 1)
    for at in range(0, options.bytes, options.piece):
        yield pattern[: min(options.piece, options.bytes - at)]


def _total(options: argparse.Namespace, file: BinaryIO | None) -> int | None:
    """Count what is to be sent, if that is known."""
    if file is None:
        count: int = options.bytes
        return count
    return os.fstat(file.fileno()).st_size or None


def _open(path: str | None) -> BinaryIO | None:
    if path is None:
        return None
    return sys.stdin.buffer if path == "-" else open(path, "rb")


class _Meter(Closing):
    """Shows how far a long transfer is, on a terminal and with rich."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._began = time.monotonic()
        self._shows = Progress is not None and sys.stderr.isatty()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def show(self, count: int) -> None:
        """Show that so many bytes are sent."""
        if not self._shows or self.seconds < LONG:
            return
        if self._progress is None:
            columns = BarColumn(), DownloadColumn(binary_units=True), TransferSpeedColumn()
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._progress.add_task("", total=self._total)
            self._progress.start()
        assert self._task is not None
        self._progress.update(self._task, completed=count)

    def close(self) -> None:
        """Take it away."""
        if self._progress is not None:
            self._progress.stop()


class _Transfer:
    def __init__(
        self, guest: Guest, conn: Conn, pieces: Iterator[bytes], meter: _Meter, within: float
    ) -> None:
        self._guest, self._conn = guest, conn
        self._link = link_of(guest)
        self._pieces = pieces
        self._meter = meter
        self._within = within
        self._ended = False  # all was given to the send queue
        self._deadline: float | None = None  # of the peer's end
        self.back = 0  # bytes that came

    def run(self) -> None:
        """Send all, and take what comes, until the peer is at its end."""
        while True:
            self._link.dispatch()
            self._fill()
            self._meter.show(self._conn.tx_bytes)
            for data in incoming(self._conn):
                self.back += len(data)
                if not data and (self._ended or self._conn.state is State.CLOSED):
                    return
                if not data:
                    break
            if self._is_late():
                return
            self._wait()

    def _fill(self) -> None:
        while not self._ended and self._conn.queued < ENOUGH:
            piece = next(self._pieces, b"")
            if piece:
                self._conn.send(piece)
            else:
                self._conn.shutdown(send=True)
                self._ended = True

    def _is_late(self) -> bool:
        if not self._ended or self._conn.queued:
            return False
        if self._deadline is None:
            self._deadline = time.monotonic() + self._within
        return time.monotonic() >= self._deadline

    def _wait(self) -> None:
        poll = select.poll()
        poll.register(self._link, select.POLLIN)
        left = None if self._deadline is None else self._deadline - time.monotonic()
        seconds = LONG / 2 if left is None else min(max(left, 0), LONG / 2)
        poll.poll(seconds * 1000)


def _send(guest: Guest, options: argparse.Namespace) -> int:
    file = _open(options.file)
    conn = guest.connect(options.to, options.port, Type[options.type.upper()])
    with _Meter(_total(options, file)) as meter:
        transfer = _Transfer(guest, conn, _pieces(options, file), meter, options.within)
        transfer.run()
        seconds = meter.seconds
    finish(guest, conn)
    rate = conn.tx_bytes / max(seconds, 1e-6) / 1e6
    print(
        f"vsk: {conn.tx_bytes} bytes sent, {transfer.back} came back, "
        f"in {seconds:.3f} s ({rate:.1f} MB/s)",
        file=sys.stderr,
    )
    return 0
