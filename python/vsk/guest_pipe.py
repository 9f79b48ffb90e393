# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A connection of a guest, and two descriptors of the process."""

import os
import select
import stat
from collections.abc import Iterator

from vsk.conn import Conn
from vsk.enums import State
from vsk.errors import PipeClosed
from vsk.guest import Guest
from vsk.sockets import Socket

__all__ = ["ENOUGH", "copy", "finish", "incoming", "link_of"]

CHUNK = 65536  # bytes that are read at once; on SEQPACKET a message
ENOUGH = 262144  # bytes in the send queue above which nothing more is read
SURE = 4096  # bytes that a pipe takes without waiting once it says that it takes any


def link_of(guest: Guest) -> Socket:
    """Give what drives an attached guest."""
    link = guest._joined()
    assert isinstance(link, Socket)
    return link


def incoming(conn: Conn, size: int = CHUNK) -> Iterator[bytes]:
    """Give what is there already; b"" is the end."""
    while (data := conn._role.take(conn._id, size)) is not None:
        yield data
        if not data:
            return


def finish(guest: Guest, conn: Conn) -> None:
    """Close it, and wait until it is over: its own timeouts see to that."""
    conn.close()
    guest._joined().run(until=lambda: conn.state is State.CLOSED, strict=False)


def copy(guest: Guest, conn: Conn, source: int, sink: int) -> None:
    """Copy both ways until both are at their end, or the connection is over.

    Neither side waits for the other one. Raises ConnectionReset, and BrokenPipeError where nobody
    reads from sink any more.
    """
    _Copy(guest, conn, source, sink).run()


class _Copy:
    def __init__(self, guest: Guest, conn: Conn, source: int, sink: int) -> None:
        self._link = link_of(guest)
        self._conn = conn
        self._source, self._sink = source, sink
        self._piece = SURE if _is_narrow(sink) else CHUNK
        self._waiting = b""  # came, and is not written
        self._reads = True  # source has not ended
        self._hears = True  # the peer has not ended

    def run(self) -> None:
        while True:
            self._link.dispatch()
            self._take()
            if not self._hears and not self._waiting and not self._may_send():
                return
            self._wait()

    def _may_send(self) -> bool:
        return self._reads and self._conn.state in (State.CONNECTING, State.ESTABLISHED)

    def _take(self) -> None:
        if self._waiting or not self._hears:
            return
        for data in incoming(self._conn):
            self._waiting = data
            self._hears = bool(data)
            return

    def _wait(self) -> None:
        """Wait for whatever can go on, and let it."""
        poll = select.poll()
        poll.register(self._link, select.POLLIN)
        if self._may_send() and self._conn.queued < ENOUGH:
            poll.register(self._source, select.POLLIN)
        # Who reads no more is noticed where there is nothing to write, too.
        poll.register(self._sink, select.POLLOUT if self._waiting else 0)
        for fd, _ in poll.poll(0 if self._more() else None):
            if fd == self._sink:
                self._write()
            elif fd == self._source:
                self._read()

    def _more(self) -> bool:
        """Tell whether something can be taken already."""
        conn = self._conn
        return self._hears and not self._waiting and conn._role.readable(conn._id) is not None

    def _write(self) -> None:
        if not self._waiting:
            raise BrokenPipeError("nobody reads what comes")
        count = os.write(self._sink, self._waiting[: self._piece])
        self._waiting = self._waiting[count:]

    def _read(self) -> None:
        data = os.read(self._source, CHUNK)
        try:
            if data:
                self._conn.send(data)
            else:
                self._conn.shutdown(send=True)
        except PipeClosed:
            data = b""  # the peer wants no more of it
        self._reads = bool(data)


def _is_narrow(fd: int) -> bool:
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)
