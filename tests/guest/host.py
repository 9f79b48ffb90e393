# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The device that vsock-test talks to: what it has on which port says rig.h."""

import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass

import vsk

ECHO, SOURCE, SINK, CALL, REPORT, RESET = 1234, 1237, 1238, 1239, 1240, 1241
CHUNK = 65536
LIMIT = 262144
MESSAGE = 4096


def _block() -> bytes:
    state, block = 1, bytearray()
    for _ in range(4099):
        state = (state * 1103515245 + 12345) & 0xFFFFFFFF
        block.append(state >> 16 & 0xFF)
    return bytes(block)


BLOCK = _block()
ENDLESS = BLOCK * (CHUNK // len(BLOCK) + 2)


@dataclass
class Source:
    """How far the pattern was sent."""

    at: int
    end: int


@dataclass
class Sink:
    """What has come."""

    size: int = 0
    crc: int = 0
    messages: int = 0

    def report(self) -> bytes:
        return struct.pack("<QII", self.size, self.crc, self.messages)


class Host(vsk.Device):
    """Echo, source, sink and the rest; every other port refuses."""

    def __init__(self, cid: int = 3, **options: int) -> None:
        super().__init__(cid, send_buffer=LIMIT, **options)
        self.sinks: dict[int, Sink] = {}
        self.asked: dict[int, vsk.Conn] = {}
        self.errors: list[str] = []

    def on_request(self, conn: vsk.Conn) -> None:
        if conn.local_port in (ECHO, SOURCE, SINK, CALL, REPORT, RESET):
            conn.accept()
        if conn.local_port == SINK:
            conn.data = Sink()
            self.sinks.pop(conn.peer_port, None)

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        port = conn.local_port
        if port == SOURCE:
            conn.data = Source(0, struct.unpack("<Q", data)[0])
            self.on_writable(conn)
        elif port == SINK:
            sink = conn.data
            sink.size += len(data)
            sink.crc = zlib.crc32(data, sink.crc)
            sink.messages += conn.type is vsk.Type.SEQPACKET
        elif port == CALL:
            # The port says the type: those of a guest's listeners do not overlap.
            (wanted,) = struct.unpack("<I", data)
            kind = vsk.Type.STREAM if wanted % 2 == 0 else vsk.Type.SEQPACKET
            self.connect(wanted, kind)
        elif port == REPORT:
            self.answer(conn, struct.unpack("<I", data)[0])
        elif port == RESET:
            conn.reset()
        else:
            conn.send(bytes(data))

    def on_writable(self, conn: vsk.Conn) -> None:
        source = conn.data
        if not isinstance(source, Source):
            return
        most = MESSAGE if conn.type is vsk.Type.SEQPACKET else CHUNK
        # Only a queue that was over its limit falls under it.
        while source.at < source.end and conn.queued <= LIMIT:
            size = min(most, source.end - source.at)
            start = source.at % len(BLOCK)
            conn.send(ENDLESS[start : start + size])
            source.at += size
        if source.at == source.end:
            conn.data = None
            conn.close()

    def on_eof(self, conn: vsk.Conn) -> None:
        if isinstance(conn.data, Source):
            return  # there is more to send
        if conn.local_port == SINK:
            with suppress(vsk.PipeClosed):  # it may have closed for good
                conn.send(conn.data.report())
        conn.close()

    def on_close(self, conn: vsk.Conn) -> None:
        if conn.local_port != SINK:
            return
        self.sinks[conn.peer_port] = conn.data
        asker = self.asked.pop(conn.peer_port, None)
        if asker is not None:
            self.answer(asker, conn.peer_port)

    def answer(self, asker: vsk.Conn, port: int) -> None:
        """Tell of the sink that a port of the guest had, now or once it is over."""
        if port in self.sinks:
            asker.send(self.sinks[port].report())
        else:
            self.asked[port] = asker

    def on_error(self, conn: vsk.Conn | None, error: vsk.PeerError) -> None:
        self.errors.append(str(error))


device = Host()
