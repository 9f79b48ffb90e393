# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Connections that hold their peer's data back."""

import pytest
from labs import MESSAGES, Noted, connected, hooked

import vsk

pytestmark = pytest.mark.usefixtures("any_ring")

KIB = 1024


def test_a_paused_connection_calls_no_hook() -> None:
    device = Noted()
    lab, conn = connected(device)
    own = device.connections[0]

    own.pause()
    conn.send(bytes(1024 * KIB))
    lab.run(within=1)

    assert device.values("data") == []
    assert 200 * KIB < own.unread <= 256 * KIB
    assert conn.credit < 4 * KIB


def test_what_came_during_a_pause_comes_after_it() -> None:
    device = Noted()
    lab, conn = connected(device)
    own = device.connections[0]
    data = bytes(range(256)) * 4 * KIB
    own.pause()
    conn.send(data)
    conn.shutdown(send=True)
    lab.run(within=1)

    own.resume()
    lab.run()

    assert b"".join(device.values("data")) == data
    assert device.names()[-1] == "eof"


def test_a_hook_may_pause() -> None:
    taken: list[int] = []

    def on_data(device: vsk.Device, conn: vsk.Conn, data: memoryview) -> None:
        taken.append(len(data))
        conn.pause()
        device.after(1.0, conn.resume)

    lab, conn = connected(hooked(on_data=on_data)())

    conn.send(bytes(512 * KIB))
    lab.run()

    assert sum(taken) == 512 * KIB
    assert lab.now >= len(taken) - 1 > 1


def test_what_a_hook_took_is_forwarded_after_its_pause() -> None:
    lab, conn = connected(hooked(on_data=lambda device, conn, data: conn.pause())())
    (own,) = lab.device.connections
    conn.send(b"hello")
    lab.run()
    assert own._number("fwd_cnt") == 0

    own.resume()

    assert own._number("fwd_cnt") == 5


def test_a_pause_keeps_messages_apart() -> None:
    device = Noted()
    lab, conn = connected(device, MESSAGES)
    device.connections[0].pause()
    for text in (b"one", b"two", b"three"):
        conn.send(text)
    lab.run()

    device.connections[0].resume()
    lab.run()

    assert device.values("data") == [b"one", b"two", b"three"]


def test_a_pause_holds_an_empty_message_back_and_what_comes_behind() -> None:
    device = Noted()
    lab, conn = connected(device, MESSAGES, guests=[vsk.Guest(empty_messages=True)])
    own = device.connections[0]
    own.pause()

    conn.send(b"")
    conn.reset()
    lab.run()

    assert device.names() == ["request"]
    own.resume()
    lab.run()
    assert device.names() == ["request", "data", "close"]


def test_an_end_is_told_during_a_pause_where_nothing_is_unread() -> None:
    device = Noted()
    lab, conn = connected(device)
    device.connections[0].pause()

    conn.reset()
    lab.run()

    assert device.values("close") == [vsk.Reason.RESET]


def test_an_end_comes_after_what_came_during_a_pause() -> None:
    device = Noted()
    lab, conn = connected(device)
    own = device.connections[0]
    own.pause()
    conn.send(b"hello")
    lab.run()
    conn.reset()
    lab.run()
    assert "close" not in device.names()

    own.resume()
    lab.run()

    assert device.names() == ["request", "data", "close"]
