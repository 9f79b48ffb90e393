# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Device models, labs and packets that the tests of labs build on."""

from collections.abc import Callable
from typing import Any

import vsk

PORT = 80
MESSAGES = vsk.Type.SEQPACKET
FIRST = 1024  # a port that guests play by hand

Calls = list[tuple[Any, ...]]


class Acceptor(vsk.Device):
    """Accepts everybody, and does nothing else."""

    def on_request(self, conn: vsk.Conn) -> None:
        conn.accept()


class Echo(Acceptor):
    """Sends back what comes."""

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.send(data)


class Noted(Acceptor):
    """Notes the calls of all hooks but on_packet: name, connection, value."""

    def __init__(self, cid: int = 3, **options: Any) -> None:
        super().__init__(cid, **options)
        self.calls: Calls = []

    def names(self) -> list[str]:
        return [name for name, *_ in self.calls]

    def values(self, hook: str) -> list[Any]:
        return [rest[-1] for name, *rest in self.calls if name == hook]

    def on_request(self, conn: vsk.Conn) -> None:
        self.calls.append(("request", conn))
        super().on_request(conn)

    def on_connect(self, conn: vsk.Conn) -> None:
        self.calls.append(("connect", conn))

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        self.calls.append(("data", conn, bytes(data)))

    def on_writable(self, conn: vsk.Conn) -> None:
        self.calls.append(("writable", conn))

    def on_eof(self, conn: vsk.Conn) -> None:
        self.calls.append(("eof", conn))

    def on_close(self, conn: vsk.Conn) -> None:
        self.calls.append(("close", conn, conn.reason))

    def on_error(self, conn: vsk.Conn | None, error: vsk.PeerError) -> None:
        self.calls.append(("error", conn, error))

    def on_reset(self) -> None:
        self.calls.append(("reset",))


def hooked(base: type[vsk.Device] = Acceptor, /, **hooks: Callable[..., Any]) -> type[vsk.Device]:
    """A device model with some hooks replaced; they get what a method gets."""
    return type("Hooked", (base,), hooks)


def connected(
    device: vsk.Device, type: vsk.Type = vsk.Type.STREAM, /, **options: Any
) -> tuple[vsk.Lab, vsk.Conn]:
    """A lab whose guest is connected to the device's port."""
    lab = vsk.Lab(device, **options)
    return lab, lab.guest.connect(2, PORT, type)


def shake(guest: vsk.Guest, port: int = FIRST, /, **fields: Any) -> vsk.Packet:
    """Connect to the device by hand, and give its RESPONSE."""
    raw(guest, "REQUEST", port, **fields)
    return guest.expect(op="RESPONSE", dst_port=port)


def raw(guest: vsk.Guest, op: str, port: int = FIRST, /, **fields: Any) -> vsk.Packet:
    """Send a packet of that connection."""
    usual: dict[str, Any] = {"op": op, "src_port": port, "dst": (2, PORT), "buf_alloc": 65536}
    return guest.tx(**(usual | fields))


def lines(lab: vsk.Lab, begin: int = 0) -> list[str]:
    """The trace from an entry on."""
    return [str(entry) for entry in lab.trace[begin:]]


def ops(lab: vsk.Lab, begin: int = 0) -> list[str]:
    """What the packets in the trace do."""
    packets = (entry.packet for entry in lab.trace[begin:])
    return [vsk.Op(packet.op).name for packet in packets if packet is not None]
