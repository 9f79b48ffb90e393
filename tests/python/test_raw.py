# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Guests below sockets: packets and rings by hand, and what a device tells of them."""

import gc
import struct
from typing import Any

import pytest
from formats import offered
from labs import FIRST, PORT, Acceptor, Echo, Noted, connected, lines, ops, raw, shake

import vsk

KIB = 1024
TX = 1

# ---- protocol errors ----

LIES: dict[str, tuple[str, dict[str, Any]]] = {
    "BAD_FWD_CNT": ("CREDIT_UPDATE", {"fwd_cnt": 1000}),
    "BAD_CREDIT": ("RW", {"payload": bytes(1001)}),
    "BAD_OP": ("INVALID", {"op": 99}),
    "BAD_TYPE": ("RW", {"type": 99}),
    "BAD_STATE": ("RESPONSE", {}),
}


@pytest.mark.parametrize("status", LIES)
def test_a_protocol_error_is_told_with_its_clause(status: str) -> None:
    op, fields = LIES[status]
    device = Noted(buf_alloc=1000)
    lab = vsk.Lab(device)
    shake(lab.guest)
    (own,) = device.connections

    raw(lab.guest, op, **fields)
    lab.run(within=1)

    (error,) = device.values("error")
    assert error.status.name == status
    assert error.status.clause in str(error)
    assert ("error", own, error) in device.calls
    assert device.counters["errors"] == 1


def test_data_after_a_shutdown_is_an_error() -> None:
    device = Noted()
    lab = vsk.Lab(device)
    shake(lab.guest)

    raw(lab.guest, "SHUTDOWN", flags=vsk.Shutdown.SEND)
    raw(lab.guest, "RW", payload=b"hello")
    lab.run(within=1)

    assert [error.status for error in device.values("error")] == [vsk.Status.BAD_SHUT]


def test_a_lie_about_fwd_cnt_leaves_the_connection() -> None:
    lab = vsk.Lab(Echo())
    shake(lab.guest)
    raw(lab.guest, "CREDIT_UPDATE", fwd_cnt=1000)

    raw(lab.guest, "RW", payload=b"hello")

    assert bytes(lab.guest.expect(op="RW").payload) == b"hello"


def test_more_bytes_than_credit_reset_the_connection() -> None:
    device = Noted(buf_alloc=1000)
    lab = vsk.Lab(device)
    shake(lab.guest)

    raw(lab.guest, "RW", payload=bytes(1001))

    lab.guest.expect(op="RST", dst_port=FIRST)
    assert device.values("close") == [vsk.Reason.PROTOCOL]


def test_a_packet_of_no_connection_is_no_error() -> None:
    device = Noted()
    lab = vsk.Lab(device)

    raw(lab.guest, "RW", payload=b"nobody asked")

    lab.guest.expect(op="RST", src=(2, PORT), dst=(3, FIRST))
    assert device.calls == []


def test_an_error_of_no_connection_has_none() -> None:
    device = Noted()
    lab = vsk.Lab(device)

    lab.guest.tx(op="RW", src=(7, FIRST), dst=(2, PORT))
    lab.run()

    ((name, conn, error),) = device.calls
    assert (name, conn, error.status) == ("error", None, vsk.Status.BAD_CID)
    assert device.counters["foreign"] == 1


# ---- packets by hand ----


def test_tx_sends_what_it_is_given() -> None:
    lab = vsk.Lab(vsk.Device())

    sent = raw(lab.guest, "RW", payload=b"hello", len=3, fwd_cnt=7, flags=0xFFFF)
    lab.run()

    assert next(lab.trace.packets).fwd_cnt == sent.fwd_cnt == 7
    assert sent.src == (3, FIRST)


def test_tx_cuts_as_it_is_told() -> None:
    lab = vsk.Lab(Echo())
    shake(lab.guest)

    raw(lab.guest, "RW", payload=b"hello", layout=[10, 34, 3, 2])
    raw(lab.guest, "RW", payload=b"hello", layout=[49], indirect=True)
    lab.run()

    places = [line for line in lines(lab) if " tx packet " in line and " RW " in line]
    assert "direct 10+34+3+2:" in places[0]
    assert "indirect 49:" in places[1]


def test_tx_takes_a_packet() -> None:
    lab = vsk.Lab(Acceptor())
    request = vsk.Packet(op="REQUEST", src=(3, FIRST), dst=(2, PORT))

    lab.guest.tx(request)

    assert lab.guest.expect(op="RESPONSE").dst == (3, FIRST)


def test_what_comes_to_a_raw_port_is_not_answered() -> None:
    device = Noted()
    lab = vsk.Lab(device)
    shake(lab.guest)
    begin = len(lab.trace)

    device.connections[0].send(b"hello")
    lab.run(within=0)

    assert ops(lab, begin) == ["RW"]


def test_expect_leaves_the_others() -> None:
    device = Noted()
    lab = vsk.Lab(device)
    shake(lab.guest)
    device.connections[0].send(b"hello")

    device.connections[0].shutdown(send=True)

    lab.guest.expect(op="SHUTDOWN", flags=vsk.Shutdown.SEND)
    assert bytes(lab.guest.expect(op="RW", payload=b"hello").payload) == b"hello"
    lab.guest.expect_none()


def test_expect_takes_what_came_first_of_the_latest_1024() -> None:
    lab = vsk.Lab(vsk.Device())
    for port in range(2000):
        raw(lab.guest, "RW", port)
        lab.run(within=0)
    first = 2000 - 1024

    taken = [lab.guest.expect(op="RST", dst_port=port).dst_port for port in (first + 2, 1999)]
    left = [lab.guest.expect(op="RST").dst_port for _ in range(1022)]

    assert taken == [first + 2, 1999]
    assert left == [first, first + 1, *range(first + 3, 1999)]
    lab.guest.expect_none()


def test_expect_waits_on_the_virtual_clock() -> None:
    device = Noted()
    lab = vsk.Lab(device)
    shake(lab.guest)
    device.after(5, device.connections[0].reset)

    with pytest.raises(AssertionError, match=r"within 4 s; what came:\n  nothing"):
        lab.guest.expect(op="RST", within=4)
    lab.guest.expect(op="RST", within=4)

    assert lab.now == 5


def test_expect_shows_what_came_field_by_field() -> None:
    lab = vsk.Lab(vsk.Device())
    raw(lab.guest, "RW")

    with pytest.raises(AssertionError) as caught:
        lab.guest.expect(op="RESPONSE", src_port=PORT, dst=(3, 7))

    text = str(caught.value)
    assert "no packet with op='RESPONSE', src_port=80, dst=(3, 7) within 0 s" in text
    assert "2:80 > 3:1024 STREAM RST" in text
    assert "op is RST, not RESPONSE; dst is (3, 1024), not (3, 7)" in text
    assert "src_port is" not in text


def test_expect_looks_past_connections_unless_asked() -> None:
    lab, conn = connected(Echo())
    conn.exchange(b"hello")

    with pytest.raises(AssertionError):
        lab.guest.expect(op="RW")
    assert lab.guest.expect(op="RW", all=True).dst_port == conn.local_port


def test_expect_none_fails_at_the_first() -> None:
    lab = vsk.Lab(vsk.Device())
    lab.guest.expect_none(op="RST", within=1)
    raw(lab.guest, "RW")

    with pytest.raises(AssertionError, match="2:80 > 3:1024 STREAM RST"):
        lab.guest.expect_none(op="RST", within=1)
    assert lab.now == 1


def test_expect_takes_no_field_that_is_none() -> None:
    lab = vsk.Lab(vsk.Device())
    raw(lab.guest, "RW")

    with pytest.raises(AttributeError, match="colour"):
        lab.guest.expect(colour="red")


# ---- rings by hand ----


def test_a_head_that_is_none_is_told() -> None:
    device = Noted()
    lab = vsk.Lab(device)

    lab.guest.offer(TX, 9999)
    lab.run()

    assert [error.status for error in device.values("error")] == [vsk.Status.BAD_HEAD]


@pytest.mark.parametrize("queue", [3, 2**31])
def test_there_are_three_queues(queue: int) -> None:
    guest = vsk.Lab(vsk.Device()).guest

    with pytest.raises(vsk.UsageError):
        guest.offer(queue, 0)
    with pytest.raises(vsk.UsageError):
        guest.kick(queue)


def test_a_kick_for_nothing_is_harmless() -> None:
    lab, conn = connected(Echo())

    for queue in range(3):
        lab.guest.kick(queue)

    assert conn.exchange(b"hello") == b"hello"


def test_guests_show_their_memory() -> None:
    lab = vsk.Lab(vsk.Device(), guests=2, memory=1 << 20)
    memories = [guest.memory for guest in lab.guests]

    memories[0].write(memories[0].alloc(16), b"hello")

    assert isinstance(memories[0], vsk.Memory)
    assert memories[0].size == 1 << 20
    assert memories[0].read(7 << 17, 5) == lab.guest.memory.read(7 << 17, 5) == b"hello"
    assert memories[1].read(7 << 17, 5) == bytes(5)


def test_a_guests_memory_is_not_closed() -> None:
    lab, conn = connected(Echo())

    with pytest.raises(vsk.UsageError) as caught:
        lab.guest.memory.close()

    assert caught.value.status is vsk.Status.ERR_BUSY
    assert conn.exchange(b"hello") == b"hello"


@pytest.mark.lawless("whoever judged its lab would keep it")
def test_memory_outlives_its_lab() -> None:
    lab = vsk.Lab(vsk.Device())
    memory = lab.guest.memory
    del lab
    gc.collect()

    assert memory.read(0, 4096)
    memory.close()


def test_scripts_have_the_last_eighth_of_a_memory() -> None:
    memory = vsk.Lab(vsk.Device(), memory=1 << 20).guest.memory

    assert memory.available() == 1 << 17
    with pytest.raises(vsk.UsageError):
        memory.alloc((1 << 17) + 1)


def test_guests_leave_the_last_eighth_alone() -> None:
    lab, conn = connected(Echo(), memory=1 << 17, guests=[vsk.Guest(queue_size=64)])
    memory, begin, size = lab.guest.memory, 7 << 14, 1 << 14
    memory.fill(begin, 0xAA, size)

    conn.exchange(bytes(1024 * KIB))

    assert memory.read(begin, size) == b"\xaa" * size


def test_a_chain_may_be_written_by_hand() -> None:
    device = Noted()
    lab = vsk.Lab(device)
    memory, ring = lab.guest.memory, lab.guest.rings[TX]
    packet = vsk.Packet(op="REQUEST", src=(3, FIRST), dst=(2, PORT), buf_alloc=1000)
    address = memory.alloc(44)
    memory.write(address, bytes(packet))

    slot = 200
    memory.write(ring.desc + 16 * slot, struct.pack("<QIHH", address, 44, 0, 0))
    lab.guest.offer(TX, slot)
    lab.run(within=0)

    assert device.calls[0][1].peer == (3, FIRST)


def test_a_ring_may_be_broken_by_hand() -> None:
    device = Noted()
    lab, _ = connected(device)
    ring = lab.guest.rings[TX]

    lab.guest.memory.write(ring.driver + 2, struct.pack("<H", 40_000))
    lab.guest.kick(TX)
    lab.run(within=0)

    assert [error.status for error in device.values("error")] == [vsk.Status.BAD_AVAIL_IDX]


def test_a_list_without_an_end_is_told_once() -> None:
    device = Noted(features=offered({"packed": True}))
    lab, _ = connected(device)
    queue = vsk.Queue(lab.guest.memory, ring=lab.guest.rings[TX])
    slot = next(at for at in range(256) if queue.get("desc.flags", at) & 0x8080 == 0)

    queue.set("desc.flags", 0x81, slot)  # available, and goes on in one that is not
    lab.guest.kick(TX)
    steps = 0
    while lab.step() and steps < 100:
        steps += 1

    assert [error.status for error in device.values("error")] == [vsk.Status.BAD_LIST]
    assert steps < 100


def test_a_queue_can_be_opened_on_a_ring() -> None:
    lab, conn = connected(Echo())
    conn.exchange(b"hello")

    queue = vsk.Queue(lab.guest.memory, ring=lab.guest.rings[TX])

    assert queue.size == 256
    assert queue.get_desc(0).len == 44
