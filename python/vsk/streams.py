# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Connections of a served device as asyncio streams.

The device is served in the running loop, by a task of its server's serve_forever. Streams are
connections of type STREAM, and none of the device's hooks hears of them but on_packet and on_error.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from vsk.conn import Conn
from vsk.device import Device
from vsk.enums import Reason, Status, Type
from vsk.errors import ConnectionReset, Error, PipeClosed, TimedOut, UsageError
from vsk.party import Party
from vsk.server import Server

__all__ = ["StreamServer", "accept_connection", "open_connection", "start_server"]

LIMIT = 65536  # bytes in a reader, half of what it takes before its peer gets no more credit

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Callback = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None] | None]


async def open_connection(
    device: Device,
    port: int,
    *,
    cid: int | None = None,
    local_port: int | None = None,
    limit: int = LIMIT,
) -> Streams:
    """Connect to a port of the guest: a reader and a writer, as asyncio.open_connection gives them.

    What the reader holds is bounded by limit, and its peer waits; drain waits while the send queue
    is over the device's send_buffer; write_eof is a half-close. Raises ConnectionReset where the
    guest refuses, TimedOut where it does not answer.
    """
    _served(device)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=limit, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    conn = device.connect(port, Type.STREAM, cid=cid, local_port=local_port)
    transport = _Transport(loop, device, conn, protocol)
    try:
        await transport.connected
    except asyncio.CancelledError:
        transport.abort()
        raise
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


def accept_connection(conn: Conn, *, limit: int = LIMIT) -> Streams:
    """Accept a REQUEST that on_request was told of as a stream: a reader and a writer.

    The hook may have deferred it, so that a task may find out first whether to accept at all. The
    hooks hear no more of it. Raises UsageError where it is not a STREAM, or was answered already.
    """
    device = conn._party
    _served(device)
    assert isinstance(device, Device)
    if conn.type is not Type.STREAM:
        raise UsageError("messages are not a stream", Status.ERR_ARGUMENT)
    loop = asyncio.get_running_loop()
    conn.accept()
    reader = asyncio.StreamReader(limit=limit, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport = _Transport(loop, device, conn, protocol)
    transport.on_connect(conn)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def start_server(
    client_connected: Callback, device: Device, port: int, *, limit: int = LIMIT
) -> "StreamServer":
    """Accept the guest's connections to a port: each calls back with a reader and a writer.

    A callback that is a coroutine becomes a task, as asyncio.start_server does it. on_request of
    the device is not asked about this port any more. Raises UsageError with ERR_BUSY where the port
    has a server already.
    """
    _served(device)
    server = StreamServer(asyncio.get_running_loop(), client_connected, device, port, limit)
    if device._doors.setdefault(port, server) is not server:
        raise UsageError(f"port {port} has a server already", Status.ERR_BUSY)
    return server


def _served(device: Party) -> None:
    if not isinstance(device._joined(), Server):
        raise UsageError("streams need a device that is served: vsk.serve", Status.ERR_STATE)


class StreamServer(asyncio.AbstractServer):
    """A port of a device whose connections are streams; start_server makes it.

    A context manager closes it and waits for its connections, as wait_closed does.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        client_connected: Callback,
        device: Device,
        port: int,
        limit: int,
    ) -> None:
        """Begin; start_server does this."""
        self._loop = loop
        self._client_connected = client_connected
        self._device = device
        self._limit = limit
        self._open: set[_Transport] = set()
        self._ended = loop.create_future()  # closed
        self._idle: list[asyncio.Future[None]] = []  # who waits for the last connection
        self.port = port

    def __repr__(self) -> str:
        """Say where it listens."""
        return f"<StreamServer on port {self.port}: {'open' if self.is_serving() else 'closed'}>"

    def on_request(self, conn: Conn) -> None:
        """Accept a connection, for the device; others than streams are refused."""
        if conn.type is not Type.STREAM:
            return
        reader = asyncio.StreamReader(limit=self._limit, loop=self._loop)
        protocol = asyncio.StreamReaderProtocol(reader, self._client_connected, loop=self._loop)
        transport = _Transport(self._loop, self._device, conn, protocol, self._forget)
        self._open.add(transport)
        conn.accept()
        transport.on_connect(conn)

    def _forget(self, transport: "_Transport") -> None:
        self._open.discard(transport)
        self._tell_idle()

    def _tell_idle(self) -> None:
        if self.is_serving() or self._open:
            return
        for waiter in self._idle:
            if not waiter.done():
                waiter.set_result(None)
        self._idle.clear()

    def close(self) -> None:
        """Accept no more; connections that are there go on. Twice is no error."""
        if self.is_serving():
            del self._device._doors[self.port]
            self._ended.set_result(None)
            self._tell_idle()

    async def wait_closed(self) -> None:
        """Wait until it is closed and the last of its connections is over."""
        if self.is_serving() or self._open:
            waiter = self._loop.create_future()
            self._idle.append(waiter)
            await waiter

    def is_serving(self) -> bool:
        """Tell whether it accepts connections."""
        return not self._ended.done()

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Give the loop that it belongs to."""
        return self._loop

    async def start_serving(self) -> None:
        """Do nothing: it serves from the beginning."""

    async def serve_forever(self) -> None:
        """Wait until it is closed; closes it where it is cancelled."""
        try:
            await asyncio.shield(self._ended)
        finally:
            self.close()


class _Transport(asyncio.Transport):
    """A connection for asyncio; it hears of it instead of the device's hooks."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        device: Device,
        conn: Conn,
        protocol: asyncio.BaseProtocol,
        forget: "Callable[[_Transport], None] | None" = None,
    ) -> None:
        super().__init__({"conn": conn, "peername": conn.peer, "sockname": conn.local})
        self._conn = conn
        self._protocol = protocol
        self._forget = forget
        self._most = int(device._names["send_buffer"])
        self._closing = False
        self._lost = False
        self._paused = False  # reading
        self._full = False  # the protocol was told so
        self._ended = False  # write_eof
        self._error: Exception | None = None
        self.connected: asyncio.Future[None] = loop.create_future()
        conn._ear = self
        # Who writes need not wait for who reads: they are tasks of their own.
        conn._role.duplex(conn._id)

    def __repr__(self) -> str:
        return f"<stream of {self._conn!r}>"

    # ---- hooks ----

    def on_connect(self, conn: Conn) -> None:
        self._protocol.connection_made(self)
        if not self.connected.done():
            self.connected.set_result(None)

    def on_data(self, conn: Conn, data: memoryview) -> None:
        if not self._closing:
            assert isinstance(self._protocol, asyncio.Protocol)
            self._protocol.data_received(bytes(data))

    def on_eof(self, conn: Conn) -> None:
        if self._closing:
            return
        assert isinstance(self._protocol, asyncio.Protocol)
        if not self._protocol.eof_received():
            self.close()

    def on_writable(self, conn: Conn) -> None:
        self._relieve()

    def on_close(self, conn: Conn) -> None:
        self._closing = self._lost = True
        if self.connected.done():
            self._protocol.connection_lost(self._why())
        else:
            self.connected.set_exception(self._why() or ConnectionReset(repr(conn), Status.RESET))
        if self._forget is not None:
            self._forget(self)

    def _why(self) -> Exception | None:
        """Say what it has ended by; None is in order."""
        if self._error is not None or self._conn.reason in (Reason.CLOSED, Reason.LOCAL):
            return self._error
        try:
            self._conn._role.ready(self._conn._id)
            self._conn._role.take(self._conn._id, 1)
        except Error as error:
            return error
        # The end of its data had come before.
        if self._conn.reason is Reason.TIMEOUT:
            return TimedOut(f"{self._conn!r} took too long", Status.TIMEOUT)
        return ConnectionReset(f"{self._conn!r} was reset", Status.RESET)

    # ---- its life ----

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._conn.close()
            self._conn.resume()  # or its end would wait for who reads

    def abort(self) -> None:
        self._closing = True
        if not self._lost:
            self._conn.reset()
            self._conn.resume()

    # ---- reading ----

    def is_reading(self) -> bool:
        return not self._paused and not self._closing

    def pause_reading(self) -> None:
        if self.is_reading():
            self._paused = True
            self._conn.pause()

    def resume_reading(self) -> None:
        if self._paused and not self._closing:
            self._paused = False
            self._conn.resume()

    # ---- writing ----

    def write(self, data: Any) -> None:
        if self._ended:
            raise RuntimeError("nothing can be written after write_eof")
        if self._closing:
            return
        try:
            self._conn.send(data)
        except (ConnectionReset, PipeClosed, TimedOut) as error:
            self._error = error
            self.abort()
            return
        if self._conn.queued > self._most and not self._full:
            self._full = True
            self._protocol.pause_writing()

    def _relieve(self) -> None:
        if self._full and self._conn.queued <= self._most:
            self._full = False
            self._protocol.resume_writing()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        if self._ended or self._closing:
            return
        self._ended = True
        with suppress(PipeClosed):  # it is over, which is told soon
            self._conn.shutdown(send=True)

    def get_write_buffer_size(self) -> int:
        return self._conn.queued

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._most, self._most
