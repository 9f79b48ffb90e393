# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Answers to lesson 9."""

import vsk


class Count(vsk.Device):
    def on_request(self, conn: vsk.Conn) -> None:
        conn.data = 0
        conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.data += len(data)

    def on_eof(self, conn: vsk.Conn) -> None:
        conn.send(b"%d" % conn.data)
        conn.close()


class Refuses(Count):
    def on_request(self, conn: vsk.Conn) -> None:
        conn.data = 0


class Silent(Count):
    def on_request(self, conn: vsk.Conn) -> None:
        conn.data = 0
        conn.defer()


class StaysOpen(Count):
    def on_eof(self, conn: vsk.Conn) -> None:
        conn.send(b"%d" % conn.data)


class SaysNothing(Count):
    def on_eof(self, conn: vsk.Conn) -> None:
        conn.close()


class AtOnce(Count):
    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.send(b"%d" % len(data))


class ClosesAtOnce(Count):
    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.close()


class LastPiece(Count):
    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.data = len(data)


class Shared(Count):
    total = 0

    def on_request(self, conn: vsk.Conn) -> None:
        self.total = 0
        conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        self.total += len(data)

    def on_eof(self, conn: vsk.Conn) -> None:
        conn.send(b"%d" % self.total)
        conn.close()


class Raises(Count):
    def on_eof(self, conn: vsk.Conn) -> None:
        conn.send(f"{conn.data}")  # type: ignore[arg-type]


RIGHT = {1: [("ECONNRESET",)], 2: [(Count,)], 3: [(50_000,)]}

WRONG: dict[int, list[tuple[tuple[object, ...], str]]] = {
    1: [
        (("ECONNREFUSED",), "That is what TCP gives"),
        (("ETIMEDOUT",), "The capture has one, a RST"),
        (("EHOSTUNREACH",), "The host is there"),
        (("ENODEV",), "The device is there"),
        (("EPERM",), "Print message"),
    ],
    2: [
        ((Refuses,), "It resets the connection. Does on_request accept"),
        ((Silent,), "does on_request neither accept nor refuse"),
        ((StaysOpen,), "Does on_eof close the connection"),
        ((SaysNothing,), "ended without an answer"),
        ((AtOnce,), "it answers before the peer has said"),
        ((ClosesAtOnce,), "it closes before the peer has said"),
        ((LastPiece,), "1, then 2, then 3 bytes came, and the answer is b'3', not 6"),
        ((Shared,), "about the one with 10, and the answer is b'30', not 10"),
        ((Raises,), "It ends with TypeError"),
        ((Count(3),), "Hand over the class"),
    ],
    3: [
        ((1_000_000,), "That is what the program writes"),
        ((0,), "there is room for so many"),
        ((262_144,), "That is the guest's own buffer"),
        ((49_956,), "Headers are not counted"),
        ((7,), "How much room was there"),
    ],
}
