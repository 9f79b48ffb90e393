# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A connection as a file, for what reads and writes files."""

import io
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from vsk.enums import State, Status, Type
from vsk.errors import UsageError

if TYPE_CHECKING:
    from vsk.conn import Conn

__all__ = ["open_file"]

QUEUE = 65536  # bytes in the send queue that a writer waits behind, and that it adds at once


class Raw(io.RawIOBase):
    """The bytes of a stream, one way; closing it leaves the connection open."""

    def __init__(self, conn: "Conn") -> None:
        self._conn = conn


class Reader(Raw):
    """What comes."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._conn.recv(len(buffer)) if len(buffer) else b""
        buffer[: len(data)] = data
        return len(data)


class Writer(Raw):
    """What goes."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        # Who copies a file would else have all of it in the send queue. It waits first: what raises
        # has sent nothing, for the buffer keeps that and sends it when it is flushed again.
        self._conn._party.wait(self._has_room, f"credit for {self._conn!r}")
        piece = memoryview(data)[:QUEUE]
        self._conn.send(piece)
        return piece.nbytes

    def _has_room(self) -> bool | None:
        return self._conn.queued <= QUEUE or self._conn.state is State.CLOSED or None


def open_file(conn: "Conn", mode: str) -> BinaryIO | TextIO:
    """Open one way of a connection: "rb", "wb", or "r", "w" for lines of UTF-8."""
    if mode not in ("r", "w", "rb", "wb"):
        raise ValueError(f'mode must be "r", "w", "rb" or "wb", not {mode!r}')
    if conn.type is not Type.STREAM:
        raise UsageError("messages are not a file", Status.ERR_ARGUMENT)
    file: BinaryIO = (
        io.BufferedReader(Reader(conn)) if "r" in mode else io.BufferedWriter(Writer(conn))
    )
    if "b" in mode:
        return file
    return io.TextIOWrapper(file, "utf-8", newline=None if "r" in mode else "\n")
