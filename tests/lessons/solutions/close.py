# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Lesson 5."""

import vsk


class Deferred(vsk.Device):
    """Answers no REQUEST."""

    def on_request(self, conn: vsk.Conn) -> None:
        conn.defer()


class Refuses(vsk.Device):
    """Accepts nothing."""

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.data = len(data)


class Silent(vsk.Device):
    """Accepts, and leaves the end to vsk.Device."""

    def on_request(self, conn: vsk.Conn) -> None:
        conn.accept()


class Count(Silent):
    """What is asked for."""

    def on_request(self, conn: vsk.Conn) -> None:
        conn.accept()
        conn.data = 0

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.data += len(data)

    def on_eof(self, conn: vsk.Conn) -> None:
        conn.send(str(conn.data).encode())
        conn.close()


class Last(Count):
    """Counts the last piece alone."""

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.data = len(data)


class Early(Count):
    """Answers each piece."""

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.send(str(len(data)).encode())


class Mute(Count):
    """Says nothing at the end."""

    def on_eof(self, conn: vsk.Conn) -> None:
        pass


class Open(Count):
    """Says it, and does not close."""

    def on_eof(self, conn: vsk.Conn) -> None:
        conn.send(str(conn.data).encode())


class Rough(Count):
    """Resets behind its answer."""

    def on_eof(self, conn: vsk.Conn) -> None:
        conn.send(str(conn.data).encode())
        conn.reset()


class Twice(Count):
    """Counts twice."""

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.data += 2 * len(data)


class Raises(Count):
    """Fails in a hook."""

    def on_eof(self, conn: vsk.Conn) -> None:
        conn.send(conn.data)


def answer_to(packet: vsk.Packet) -> vsk.Packet | None:
    """What is asked for."""
    if packet.op == vsk.Op.RST:
        return None
    return vsk.Packet(src=packet.dst, dst=packet.src, op="RST", type=packet.type)


def always(packet: vsk.Packet) -> vsk.Packet:
    """Answers an RST too."""
    return vsk.Packet(src=packet.dst, dst=packet.src, op="RST", type=packet.type)


def to_itself(packet: vsk.Packet) -> vsk.Packet:
    """Leaves the addresses as they are."""
    packet.op = vsk.Op.RST
    return packet


def to_another(packet: vsk.Packet) -> vsk.Packet:
    """Turns the CIDs, and leaves the ports."""
    return vsk.Packet(
        src=(packet.dst_cid, packet.src_port), dst=(packet.src_cid, packet.dst_port), op="RST"
    )


def of_streams(packet: vsk.Packet) -> vsk.Packet | None:
    """Forgets the type."""
    if packet.op == vsk.Op.RST:
        return None
    return vsk.Packet(src=packet.dst, dst=packet.src, op="RST")


def of_payload(packet: vsk.Packet) -> vsk.Packet | None:
    """Answers RW alone."""
    return answer_to(packet) if packet.op == vsk.Op.RW else None


RIGHT = {1: [(3,)], 2: [(Count,)], 3: [(answer_to,)]}

WRONG = {
    1: [
        ((1,), "1 would close one direction"),
        ((0,), "0 would say nothing"),
        ((2,), "SEND alone"),
        ((4,), "not made of bits 0 and 1"),
    ],
    2: [
        ((Count(cid=3),), "A class is asked for"),
        ((Refuses,), "unless on_request accepts"),
        ((Deferred,), "got no answer"),
        ((Early,), "while the guest still sends"),
        ((Silent,), "closed and said nothing"),
        ((Mute,), "nothing comes"),
        ((Open,), "the guest waits for more"),
        ((Rough,), "reset drops what is queued"),
        ((Last,), "one piece of 5 and 6 bytes"),
        ((Twice,), "It said b'22'"),
        ((Raises,), "It ends with TypeError"),
    ],
    3: [
        ((3,), "this is a int"),
        ((always,), "go on for ever"),
        ((to_itself,), "to itself"),
        ((to_another,), "all four numbers count"),
        ((of_streams,), "for another connection"),
        ((of_payload,), "the peer would wait on"),
        ((lambda packet: vsk.Packet(op="SHUTDOWN"),), "not RST"),
    ],
}
