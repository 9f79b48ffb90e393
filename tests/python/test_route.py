# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Guests that reach each other through a device model."""

import contextlib

import pytest
from labs import FIRST, MESSAGES, Echo, Noted, hooked, lines, raw

import vsk

pytestmark = pytest.mark.usefixtures("any_ring")

KIB = 1024


def test_guests_do_not_reach_each_other_by_default() -> None:
    lab = vsk.Lab(Echo(), guests=2)
    lab.guests[1].listen(9)

    with pytest.raises(ConnectionResetError):
        lab.guest.connect(4, 9)


@pytest.mark.parametrize("type", [vsk.Type.STREAM, MESSAGES])
def test_a_model_may_let_guests_reach_each_other(type: vsk.Type) -> None:
    device = Noted(route=True)
    lab = vsk.Lab(device, guests=[vsk.Guest(), vsk.Guest(rx_layout=[100])])
    listener = lab.guests[1].listen(9)
    data = bytes(range(256)) * 100

    conn = lab.guest.connect(4, 9, type)
    other = listener.accept()
    conn.send(data)
    if type is MESSAGES:
        assert other.recv() == data
    else:
        assert other.recv_exactly(len(data)) == data
    other.send(b"back")
    assert conn.recv() == b"back"
    conn.close()
    lab.run()

    assert (other.local, other.peer) == ((4, 9), conn.local)
    assert conn.reason is vsk.Reason.CLOSED
    assert device.calls == []


def test_on_packet_comes_before_the_way_to_another_guest() -> None:
    def on_packet(device: vsk.Device, packet: vsk.Packet) -> vsk.Packet | bool:
        if packet.op != vsk.Op.RW:
            return True
        other = packet.copy()
        other.payload = bytes(packet.payload).upper()
        return other if packet.src_cid == 3 else False

    lab = vsk.Lab(hooked(on_packet=on_packet)(route=True), guests=2)
    listener = lab.guests[1].listen(9)
    conn = lab.guest.connect(4, 9)
    other = listener.accept()

    conn.send(b"hello")
    assert other.recv() == b"HELLO"
    other.send(b"lost")
    lab.run(within=1)

    assert conn.unread == 0


def test_nobody_routes_under_a_false_name() -> None:
    device = Noted(route=True)
    lab = vsk.Lab(device, guests=2)

    lab.guest.tx(op="RST", src=(5, FIRST), dst=(4, 9))
    lab.run()

    lab.guests[1].expect_none(all=True)
    assert device.counters["foreign"] == 1


def test_what_is_on_its_way_is_bounded() -> None:
    device = Noted(route=True, budget=100 * KIB)
    guests = [vsk.Guest(), vsk.Guest(rx_layout=[50], rx_buffers=1)]
    lab = vsk.Lab(device, guests=guests, trace=1000)
    most = 0
    for _ in range(1500):
        with contextlib.suppress(vsk.UsageError):  # the ring is full
            raw(lab.guest, "RW", dst=(4, 9), payload=bytes(1000))
        lab.step()
        most = max(most, device.counters["queued"])

    assert 90 * KIB < most <= 102 * KIB


def test_what_the_model_has_to_send_takes_nothing_from_the_way() -> None:
    device = Noted(route=True, budget=100 * KIB)
    lab = vsk.Lab(device, guests=2)
    listener = lab.guests[1].listen(9)
    own = device.open_connection(9, cid=4)
    own.send(bytes(1024 * KIB))
    lab.run(within=1)
    assert own.queued > 100 * KIB

    conn = lab.guest.connect(4, 9)

    assert [listener.accept().peer for _ in range(2)] == [own.local, conn.local]


def test_what_is_on_its_way_takes_nothing_from_the_model() -> None:
    device = Noted(route=True, budget=100 * KIB)
    guests = [vsk.Guest(), vsk.Guest(rx_layout=[45], rx_buffers=1)]
    lab = vsk.Lab(device, guests=guests, trace=1000)
    for _ in range(110):
        raw(lab.guest, "RW", dst=(4, 9), payload=bytes(1000))
        lab.step()
    lab.run(until=lambda: device.counters["queued"] > 100 * KIB)

    raw(guests[1], "REQUEST")
    lab.run(until=lambda: device.names() == ["request"])

    assert device.counters["queued"] > 100 * KIB


def test_what_is_on_its_way_comes_back_with_a_snapshot() -> None:
    guests = [vsk.Guest(), vsk.Guest(rx_layout=[100], rx_buffers=4)]
    lab = vsk.Lab(vsk.Device(route=True), guests=guests)
    listener = lab.guests[1].listen(9)
    conn = lab.guest.connect(4, 9)
    other = listener.accept()
    conn.send(bytes(100 * KIB))
    lab.run(until=lambda: lab.device.counters["queued"])
    before = lab.snapshot()

    told: list[list[str]] = []
    for _ in range(3):
        begin = len(lab.trace)
        assert other.recv_exactly(100 * KIB) == bytes(100 * KIB)
        told.append(lines(lab, begin))
        lab.rewind(before)

    assert told[0] == told[1] == told[2]
