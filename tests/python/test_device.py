# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Hooks of a device model, and what happens without them."""

import gc
from typing import Any

import pytest
from labs import (
    FIRST,
    MESSAGES,
    PORT,
    Acceptor,
    Echo,
    Noted,
    connected,
    hooked,
    ops,
    raw,
    shake,
)

import vsk

pytestmark = pytest.mark.usefixtures("any_ring")

KIB = 1024

# ---- on_request ----


def test_a_request_is_refused_by_default() -> None:
    lab = vsk.Lab(vsk.Device())

    with pytest.raises(ConnectionResetError, match="RST") as caught:
        lab.guest.connect(2, PORT)

    assert isinstance(caught.value, vsk.ConnectionReset)
    assert caught.value.status is vsk.Status.RESET


def test_an_accepted_request_is_connected() -> None:
    _, conn = connected(Acceptor())

    assert conn.state is vsk.State.ESTABLISHED
    assert (conn.local[0], conn.peer) == (3, (2, PORT))


def test_a_deferred_request_may_be_accepted_later() -> None:
    def on_request(device: vsk.Device, conn: vsk.Conn) -> None:
        conn.defer()
        device.after(0.5, conn.accept)

    lab, conn = connected(hooked(on_request=on_request)())

    assert lab.now == 0.5
    assert conn.state is vsk.State.ESTABLISHED


def test_a_deferred_request_may_be_reset_later() -> None:
    def on_request(device: vsk.Device, conn: vsk.Conn) -> None:
        conn.defer()
        device.after(0.5, conn.reset)

    lab = vsk.Lab(hooked(on_request=on_request)())

    with pytest.raises(ConnectionResetError):
        lab.guest.connect(2, PORT)
    assert lab.now == 0.5


def test_a_deferred_request_that_is_closed_gets_rst_whatever_was_to_be_sent() -> None:
    def on_request(device: vsk.Device, conn: vsk.Conn) -> None:
        conn.defer()
        conn.send(b"hello")
        conn.close()

    lab = vsk.Lab(hooked(on_request=on_request)())

    with pytest.raises(ConnectionResetError):
        lab.guest.connect(2, PORT)
    assert lab.now == 0


def test_who_connects_waits_two_seconds_for_an_answer() -> None:
    lab = vsk.Lab(hooked(on_request=lambda device, conn: conn.defer())())

    with pytest.raises(TimeoutError) as caught:
        lab.guest.connect(2, PORT)

    assert isinstance(caught.value, vsk.TimedOut)
    assert lab.now == 2.0


def test_an_option_says_how_long_who_connects_waits() -> None:
    guest = vsk.Guest(connect_timeout=0.25)
    lab = vsk.Lab(hooked(on_request=lambda device, conn: conn.defer())(), guests=[guest])

    with pytest.raises(TimeoutError):
        guest.connect(2, PORT)

    assert lab.now == 0.25


def test_what_was_answered_cannot_be_accepted_again() -> None:
    device = Noted()
    connected(device)

    with pytest.raises(vsk.UsageError) as caught:
        device.calls[0][1].accept()

    assert caught.value.status is vsk.Status.ERR_STATE


def test_the_device_has_a_budget_for_all_queues() -> None:
    device = Acceptor(budget=100 * KIB)
    lab, conn = connected(device)
    device.connections[0].send(bytes(1024 * KIB))
    lab.run(within=1)

    with pytest.raises(ConnectionResetError):
        lab.guest.connect(2, PORT)

    conn.recv_exactly(1024 * KIB)
    assert lab.guest.connect(2, PORT).state is vsk.State.ESTABLISHED


def test_there_are_no_more_connections_than_the_option_says() -> None:
    lab = vsk.Lab(Acceptor(connections=2))
    kept = [lab.guest.connect(2, PORT) for _ in range(2)]

    with pytest.raises(ConnectionResetError):
        lab.guest.connect(2, PORT)

    assert [conn.state for conn in kept] == [vsk.State.ESTABLISHED] * 2


# ---- on_packet ----


def test_every_packet_is_shown_first() -> None:
    seen: list[str] = []

    def on_packet(device: vsk.Device, packet: vsk.Packet) -> None:
        seen.append(vsk.Op(packet.op).name)

    _, conn = connected(hooked(Echo, on_packet=on_packet)())
    conn.exchange(b"hello")

    assert seen[:2] == ["REQUEST", "RW"]


def test_on_packet_may_swallow() -> None:
    device = hooked(on_packet=lambda device, packet: packet.op != vsk.Op.REQUEST)()
    lab = vsk.Lab(device)

    with pytest.raises(TimeoutError):
        lab.guest.connect(2, PORT)
    assert "RST" not in ops(lab)[:-1]


def test_on_packet_may_replace() -> None:
    def on_packet(device: vsk.Device, packet: vsk.Packet) -> vsk.Packet | None:
        if packet.op != vsk.Op.RW:
            return None
        other = packet.copy()
        other.payload = bytes(packet.payload).upper()
        return other

    _, conn = connected(hooked(Echo, on_packet=on_packet)())

    assert conn.exchange(b"hello") == b"HELLO"


def test_what_replaces_a_packet_counts_as_long_as_it_is() -> None:
    def on_packet(device: vsk.Device, packet: vsk.Packet) -> vsk.Packet | None:
        if packet.op != vsk.Op.RW:
            return None
        other = packet.copy()
        other.payload, other.len = b"hi", 5
        return other

    device = hooked(Noted, on_packet=on_packet)()
    lab, conn = connected(device)

    conn.send(b"hello")
    lab.run()

    assert device.values("data") == [b"hi"]
    assert [conn._number(name) for name in ("tx_cnt", "peer_fwd_cnt")] == [5, 2]


def test_on_packet_sees_what_is_no_good_too() -> None:
    seen: list[int] = []
    device = hooked(on_packet=lambda device, packet: seen.append(packet.op))()
    lab = vsk.Lab(device)

    lab.guest.tx(op=99, src_port=FIRST, dst=(2, PORT))
    lab.run()

    assert seen == [99]


# ---- on_data ----


def test_data_is_dropped_by_default() -> None:
    lab, conn = connected(Acceptor())

    conn.send(bytes(1024 * KIB))
    lab.run()

    assert conn.queued == 0
    assert conn.credit == 256 * KIB


def test_data_is_a_view_of_guest_memory() -> None:
    kept: list[memoryview] = []
    lab, conn = connected(hooked(on_data=lambda device, conn, data: kept.append(data))())

    conn.send(b"hello")
    lab.run()

    assert isinstance(kept[0], memoryview)
    assert bytes(kept[0]) == b"hello"
    assert not kept[0].readonly


def test_a_view_stays_readable() -> None:
    kept: list[memoryview] = []
    lab, conn = connected(hooked(on_data=lambda device, conn, data: kept.append(data))())
    conn.send(b"hello")
    lab.run()

    del lab, conn
    gc.collect()

    assert len(bytes(kept[0])) == 5


def test_a_message_comes_whole_however_many_packets_it_takes() -> None:
    device = Noted()
    guest = vsk.Guest(payload_max=1000)
    lab, conn = connected(device, MESSAGES, guests=[guest])

    conn.send(bytes(100_000))
    conn.send(b"two")
    lab.run()

    assert [len(data) for data in device.values("data")] == [100_000, 3]
    assert ops(lab).count("RW") == 101


def test_what_a_hook_took_is_forwarded_when_it_returns() -> None:
    credits: list[int] = []

    def on_data(device: vsk.Device, conn: vsk.Conn, data: memoryview) -> None:
        credits.append(conn._number("fwd_cnt"))

    lab, conn = connected(hooked(on_data=on_data)())
    conn.send(b"one")
    lab.run()
    conn.send(b"two")
    lab.run()

    assert credits == [0, 3]


def test_a_guest_that_never_reads_stops_itself() -> None:
    device = Echo(send_buffer=64 * KIB)
    lab, conn = connected(device, trace=1000)

    conn.send(bytes(4096 * KIB))
    lab.run(within=1)

    echo = device.connections[0]
    assert 64 * KIB < echo.queued <= 64 * KIB + 256 * KIB
    assert 200 * KIB < conn.unread <= 256 * KIB
    assert conn.credit < 4 * KIB
    assert conn.queued > 3000 * KIB


def test_a_guest_that_reads_again_goes_on() -> None:
    device = Echo(send_buffer=64 * KIB)
    lab, conn = connected(device, trace=1000)
    data = bytes(range(256)) * 16 * KIB
    conn.send(data)
    lab.run(within=1)

    assert conn.recv_exactly(len(data)) == data
    assert device.counters["queued"] == 0


def test_a_full_send_queue_says_when_it_is_not() -> None:
    device = Noted(send_buffer=64 * KIB)
    lab, conn = connected(device)
    own = device.connections[0]
    own.send(bytes(1024 * KIB))
    lab.run(within=1)
    assert "writable" not in device.names()

    conn.recv_exactly(1024 * KIB)

    assert device.names().count("writable") == 1


# ---- the end ----


def test_at_the_end_of_data_the_device_closes_by_default() -> None:
    device = Echo()
    lab, conn = connected(device)

    conn.send(b"hello")
    conn.shutdown(send=True)

    assert conn.recv_all() == b"hello"
    lab.run()
    assert (conn.state, conn.reason) == (vsk.State.CLOSED, vsk.Reason.CLOSED)
    assert device.connections == ()


def test_on_eof_may_do_something_else() -> None:
    def on_eof(device: vsk.Device, conn: vsk.Conn) -> None:
        conn.send(b"and one more")

    lab, conn = connected(hooked(on_eof=on_eof)())

    conn.shutdown(send=True)

    assert conn.recv_exactly(12) == b"and one more"
    lab.run()
    assert conn.state is vsk.State.ESTABLISHED


def test_a_device_that_sends_no_more_still_hears() -> None:
    device = Noted()
    lab, conn = connected(device)

    device.connections[0].shutdown(send=True)
    assert conn.recv() == b""
    conn.send(b"hello")
    lab.run()

    assert device.values("data") == [b"hello"]


def closed_by_both(lab: vsk.Lab, conn: vsk.Conn, device: vsk.Device) -> None:
    conn.close()


def reset_by_peer(lab: vsk.Lab, conn: vsk.Conn, device: vsk.Device) -> None:
    conn.reset()


def reset_here(lab: vsk.Lab, conn: vsk.Conn, device: vsk.Device) -> None:
    device.connections[0].reset()


def transport_reset(lab: vsk.Lab, conn: vsk.Conn, device: vsk.Device) -> None:
    device.reset_transport()


def refused(lab: vsk.Lab, conn: vsk.Conn, device: vsk.Device) -> None:
    device.connections[0].reset()
    lab.run()
    device.connect(9)


def broken(lab: vsk.Lab, conn: vsk.Conn, device: vsk.Device) -> None:
    raw(lab.guest, "RW", conn.local_port, type=99)


def replaced(lab: vsk.Lab, conn: vsk.Conn, device: vsk.Device) -> None:
    device.on_request = vsk.Conn.defer  # type: ignore[assignment,method-assign]
    for _ in range(2):
        raw(lab.guest, "REQUEST")
        lab.run(within=0)


def too_late(lab: vsk.Lab, conn: vsk.Conn, device: vsk.Device) -> None:
    device.connections[0].pause()
    conn.send(b"hello")
    conn.close()
    lab.run(within=8)
    device.connections[0].resume()


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (closed_by_both, vsk.Reason.CLOSED),
        (reset_by_peer, vsk.Reason.RESET),
        (reset_here, vsk.Reason.LOCAL),
        (transport_reset, vsk.Reason.TRANSPORT),
        (refused, vsk.Reason.REFUSED),
        (broken, vsk.Reason.PROTOCOL),
        (replaced, vsk.Reason.REPLACED),
        (too_late, vsk.Reason.TIMEOUT),
    ],
)
def test_on_close_says_why(end: Any, reason: vsk.Reason) -> None:
    device = Noted()
    lab, conn = connected(device)

    end(lab, conn, device)
    lab.run()

    assert device.values("close")[-1] is reason


def test_close_waits_eight_seconds_for_the_peer() -> None:
    device = Noted()
    lab = vsk.Lab(device)
    shake(lab.guest)

    device.connections[0].close()
    lab.run()

    assert lab.now == 8.0
    assert device.values("close") == [vsk.Reason.TIMEOUT]
    assert ops(lab)[-2:] == ["SHUTDOWN", "RST"]


def test_the_peers_close_waits_eight_seconds_for_the_reader() -> None:
    device = Noted()
    lab, conn = connected(device)
    device.connections[0].pause()
    conn.send(b"hello")
    lab.run()

    raw(lab.guest, "SHUTDOWN", conn.local_port, flags=3, buf_alloc=65536)
    lab.run()

    assert lab.now == 8.0
    assert conn.reason is not vsk.Reason.NONE


@pytest.mark.parametrize("name", ["close_timeout", "drain_timeout"])
def test_options_say_how_long_an_end_waits(name: str) -> None:
    device = Noted(**{name: 0.5})  # type: ignore[arg-type]
    lab = vsk.Lab(device)
    shake(lab.guest)
    if name == "close_timeout":
        device.connections[0].close()
    else:
        device.connections[0].pause()
        raw(lab.guest, "RW", payload=b"hello")
        raw(lab.guest, "SHUTDOWN", flags=3)

    lab.run()

    assert lab.now == 0.5
