# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The host's side in Python: what orders.h asks for, as a user would write it."""

import struct

import vsk

SINK, SOURCE, ECHO = 5001, 5002, 5003
LIMIT = 262144
BYTES = bytes(65536)


class Sink:
    """Counts down what comes."""

    def __init__(self, order: memoryview) -> None:
        """Begin with an order."""
        self.left, _ = struct.unpack_from("=QQ", order)

    def take(self, conn: vsk.Conn, data: memoryview) -> None:
        """Take bytes; one goes back when all are there."""
        self.left -= len(data)
        if self.left == 0:
            conn.send(b".")


class Source:
    """Sends as fast as it is taken."""

    def __init__(self, order: memoryview) -> None:
        """Begin with an order."""
        self.left, size = struct.unpack_from("=QQ", order)
        self.piece = BYTES[:size]

    def go_on(self, conn: vsk.Conn) -> None:
        """Fill the send queue."""
        while self.left > 0 and conn.queued <= LIMIT:
            conn.send(self.piece)
            self.left -= len(self.piece)


class Bench(vsk.Device):
    """Sink, source and echo."""

    def on_request(self, conn: vsk.Conn) -> None:
        """Accept all."""
        conn.accept()
        conn.data = conn.local_port

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        """Give each port what is its."""
        kind = conn.data
        if kind == ECHO:
            conn.send(data)
        elif kind == SINK:
            conn.data = Sink(data[:16])
            conn.data.take(conn, data[16:])
        elif kind == SOURCE:
            conn.data = Source(data[:16])
            conn.data.go_on(conn)
        else:
            kind.take(conn, data)

    def on_writable(self, conn: vsk.Conn) -> None:
        """Go on with a source."""
        if isinstance(conn.data, Source):
            conn.data.go_on(conn)


device = Bench(3, send_buffer=LIMIT)
