# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Connections: what both ends can do with them, and what is refused."""

import errno
import gc
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from labs import MESSAGES, PORT, Acceptor, Echo, Noted, connected, hooked, ops, raw, shake

import vsk

pytestmark = pytest.mark.usefixtures("any_ring")

KIB = 1024


def status_of(call: Callable[[], Any]) -> vsk.Status:
    """The status of the error that a call raises."""
    with pytest.raises(vsk.Error) as caught:
        call()
    return caught.value.status


def shutdowns(lab: vsk.Lab) -> list[int]:
    """The flags of every SHUTDOWN in the trace."""
    return [packet.flags for packet in lab.trace.packets if packet.op == vsk.Op.SHUTDOWN]


# ---- reading ----


def test_recv_gives_what_is_there() -> None:
    lab, conn = connected(Echo())
    conn.send(b"hello")
    lab.run()
    conn.send(b" world")
    lab.run()

    assert conn.recv() == b"hello world"


def test_recv_gives_no_more_than_asked_for() -> None:
    _, conn = connected(Echo())
    conn.send(b"hello")

    assert (conn.recv(2), conn.recv(100)) == (b"he", b"llo")


@pytest.mark.parametrize("size", [0, -1])
def test_recv_asks_for_one_byte_at_least(size: int) -> None:
    _, conn = connected(Echo())

    with pytest.raises(ValueError, match="1 or more"):
        conn.recv(size)


def test_recv_exactly_waits_for_all() -> None:
    lab, conn = connected(Acceptor())
    own = lab.device.connections[0]
    own.send(b"hel")
    lab.device.after(1.5, lambda: own.send(b"lo"))

    assert conn.recv_exactly(5) == b"hello"
    assert lab.now == 1.5


def test_recv_exactly_raises_at_the_end() -> None:
    _, conn = connected(Echo())
    conn.send(b"hel")
    conn.shutdown(send=True)

    with pytest.raises(EOFError, match="2 bytes short"):
        conn.recv_exactly(5)


def test_recv_all_reads_up_to_the_end() -> None:
    _, conn = connected(Echo())
    conn.send(bytes(100 * KIB))
    conn.shutdown(send=True)

    assert conn.recv_all() == bytes(100 * KIB)
    assert conn.recv() == b""


def test_recv_gives_a_whole_message() -> None:
    _, conn = connected(Echo(), MESSAGES)
    conn.send(bytes(100 * KIB))
    conn.send(b"two")

    assert (len(conn.recv(3)), conn.recv(3)) == (100 * KIB, b"two")


def test_exchange_sends_while_it_reads() -> None:
    _, conn = connected(Echo(send_buffer=4 * KIB))
    data = bytes(range(256)) * 8 * KIB

    assert conn.exchange(data) == data


def test_exchange_takes_any_buffer() -> None:
    _, conn = connected(Echo())

    assert conn.exchange(memoryview(bytearray(b"hello")).cast("B")) == b"hello"


def test_exchange_after_the_end_of_sending_is_refused() -> None:
    _, conn = connected(Echo())
    conn.shutdown(send=True)

    with pytest.raises(BrokenPipeError):
        conn.exchange(b"hello")


def test_recv_raises_where_the_peer_reset() -> None:
    lab, conn = connected(Acceptor())
    lab.device.connections[0].reset()

    assert status_of(conn.recv) is vsk.Status.RESET


def test_what_came_before_a_reset_can_be_read() -> None:
    lab, conn = connected(Acceptor())
    lab.device.connections[0].send(b"hello")
    lab.run()
    lab.device.connections[0].reset()
    lab.run()

    assert conn.recv() == b"hello"
    assert status_of(conn.recv) is vsk.Status.RESET


def test_recv_raises_where_nothing_will_ever_come() -> None:
    lab, conn = connected(Acceptor())

    with pytest.raises(TimeoutError, match="nothing will ever come"):
        conn.recv()
    assert lab.now == 0


def test_recv_raises_where_somebody_waits_for_credit_for_ever() -> None:
    lab, conn = connected(Acceptor())
    other = lab.guest.connect(2, PORT)
    lab.device.connections[1].send(bytes(1024 * KIB))
    assert other.credit

    assert status_of(conn.recv) is vsk.Status.TIMEOUT


# ---- sending ----


def test_send_takes_all() -> None:
    lab, conn = connected(Acceptor())
    lab.device.connections[0].pause()

    conn.send(bytes(4096 * KIB))
    lab.run(within=1)

    assert conn.queued > 3000 * KIB
    assert conn.tx_bytes + conn.queued == 4096 * KIB


def test_nothing_can_be_sent_after_shutdown() -> None:
    _, conn = connected(Echo())
    conn.shutdown(send=True)

    with pytest.raises(BrokenPipeError) as caught:
        conn.send(b"hello")
    assert isinstance(caught.value, vsk.PipeClosed)


@pytest.mark.parametrize(
    ("call", "number"),
    [
        (lambda lab, conn: lab.guest.connect(2, 9999), errno.ECONNRESET),
        (lambda lab, conn: conn.recv(), errno.ETIMEDOUT),
        (lambda lab, conn: (conn.shutdown(send=True), conn.send(b"x")), errno.EPIPE),
    ],
    ids=["reset", "timed out", "closed"],
)
def test_errors_of_the_systems_kind_have_its_number_and_a_status(
    call: Callable[[vsk.Lab, vsk.Conn], Any], number: int
) -> None:
    def on_request(self: vsk.Device, conn: vsk.Conn) -> None:
        if conn.local_port == PORT:
            conn.accept()

    with pytest.raises(OSError, match=r"\w") as caught:
        call(*connected(hooked(on_request=on_request)()))

    error = caught.value
    assert isinstance(error, vsk.Error)
    assert (error.errno, error.strerror) == (number, str(error)) == error.args
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.errno, again.status) == (type(error), number, error.status)
    assert str(again) == str(error)


def test_nothing_can_be_sent_after_close() -> None:
    lab, conn = connected(Echo())
    conn.close()
    assert status_of(lambda: conn.send(b"hello")) is vsk.Status.PIPE

    lab.run()

    assert status_of(lambda: conn.send(b"hello")) is vsk.Status.PIPE


def test_nothing_can_be_sent_where_the_peer_reset() -> None:
    lab, conn = connected(Acceptor())
    lab.device.connections[0].reset()
    lab.run()

    assert status_of(lambda: conn.send(b"hello")) is vsk.Status.RESET


def test_what_was_sent_before_shutdown_comes_before_it() -> None:
    _, conn = connected(Echo())

    conn.send(bytes(1024 * KIB))
    conn.shutdown(send=True)

    assert len(conn.recv_all()) == 1024 * KIB


def test_what_was_sent_before_close_comes_before_it() -> None:
    device = Noted()
    lab, conn = connected(device)

    conn.send(bytes(1024 * KIB))
    conn.close()
    conn.close()
    lab.run()

    assert sum(map(len, device.values("data"))) == 1024 * KIB
    assert conn.reason is vsk.Reason.CLOSED


def test_shutdown_of_receiving_stops_the_peer() -> None:
    lab, conn = connected(Acceptor())
    conn.shutdown(receive=True)
    lab.run()

    own = lab.device.connections[0]
    assert status_of(lambda: own.send(b"hello")) is vsk.Status.PIPE


def test_shutdown_of_receiving_does_not_wait_for_what_is_unsent() -> None:
    lab, conn = connected(Acceptor())
    own = lab.device.connections[0]
    own.pause()
    conn.send(bytes(1024 * KIB))

    conn.shutdown(send=True, receive=True)
    lab.run(within=1)

    assert conn.queued
    assert shutdowns(lab) == [vsk.Shutdown.RECEIVE]
    own.resume()
    lab.run(until=lambda: own.reason)
    assert own.rx_bytes == 1024 * KIB
    assert shutdowns(lab)[1] == vsk.Shutdown.RECEIVE | vsk.Shutdown.SEND


def test_eor_goes_with_the_last_packet() -> None:
    lab, conn = connected(Acceptor(), MESSAGES, guests=[vsk.Guest(payload_max=3)])

    conn.send(b"hello", eor=True)
    lab.run()

    flags = [packet.flags for packet in lab.trace.packets if packet.op == vsk.Op.RW]
    assert flags == [0, vsk.Seq.EOM | vsk.Seq.EOR]


def test_a_message_longer_than_the_peers_buffer_is_refused() -> None:
    _, conn = connected(Acceptor(buf_alloc=1000), MESSAGES)

    assert status_of(lambda: conn.send(bytes(1001))) is vsk.Status.ERR_MESSAGE
    conn.send(bytes(1000))


def test_a_message_may_be_too_long_before_the_accept() -> None:
    statuses: list[vsk.Status] = []

    def on_request(device: vsk.Device, conn: vsk.Conn) -> None:
        statuses.append(status_of(lambda: conn.send(bytes(1001))))
        conn.send(b"first")
        conn.accept()

    _, conn = connected(
        hooked(on_request=on_request)(), MESSAGES, guests=[vsk.Guest(buf_alloc=1000)]
    )

    assert statuses == [vsk.Status.ERR_MESSAGE]
    assert conn.recv() == b"first"


def test_a_message_that_turns_out_too_long_resets() -> None:
    device = Noted()
    lab = vsk.Lab(device, guests=[vsk.Guest(buf_alloc=1000)])
    lab.guest.listen(9)

    conn = device.connect(9, MESSAGES)
    conn.send(bytes(1001))
    lab.run()

    assert device.values("close") == [vsk.Reason.LOCAL]


def test_an_empty_message_is_refused() -> None:
    _, conn = connected(Acceptor(), MESSAGES)

    with pytest.raises(vsk.UsageError, match="empty_messages"):
        conn.send(b"")


def test_an_option_allows_empty_messages() -> None:
    device = Noted()
    lab, conn = connected(device, MESSAGES, guests=[vsk.Guest(empty_messages=True)])

    conn.send(b"")
    conn.send(b"one")
    lab.run()

    assert device.values("data") == [b"", b"one"]


def test_nothing_sent_on_a_stream_is_no_packet() -> None:
    lab, conn = connected(Echo())

    conn.send(b"")
    lab.run()

    assert "RW" not in ops(lab)


def test_a_flood_of_empty_messages_ends() -> None:
    device = Noted()
    lab, conn = connected(device, MESSAGES, guests=[vsk.Guest(empty_messages=True)])
    own = device.connections[0]
    own.pause()

    for _ in range(3000):
        conn.send(b"")
        lab.run(within=0)
        if conn.reason:
            break
    own.resume()
    lab.run()

    assert conn.rx_bytes == 0
    assert [error.status for error in device.values("error")] == [vsk.Status.BAD_FLOOD]
    assert device.values("close") == [vsk.Reason.PROTOCOL]
    assert conn.reason is vsk.Reason.RESET


def test_an_empty_message_waits_while_the_send_queue_is_full() -> None:
    device = Noted(send_buffer=64 * KIB)
    lab, conn = connected(device, MESSAGES, guests=[vsk.Guest(empty_messages=True)])
    own = device.connections[0]
    for _ in range(8):
        own.send(bytes(100 * KIB))

    conn.send(b"")
    conn.send(b"one")
    lab.run(within=1)

    assert own.queued > 64 * KIB
    assert device.values("data") == []
    for _ in range(8):
        conn.recv()
    lab.run(within=1)
    assert device.values("data") == [b"", b"one"]


def test_a_flood_that_is_echoed_ends() -> None:
    class Flooded(Noted):
        def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
            conn.send(data)

    device = Flooded(empty_messages=True)
    lab = vsk.Lab(device)
    fields: dict[str, Any] = {"src_port": 1024, "dst": (2, PORT), "type": MESSAGES}
    lab.guest.tx(op="REQUEST", buf_alloc=1, **fields)
    lab.guest.tx(op="RW", flags=vsk.Seq.EOM, payload=b"x", buf_alloc=1, **fields)
    for _ in range(3000):
        lab.guest.tx(op="RW", flags=vsk.Seq.EOM, buf_alloc=1, **fields)
        lab.run(within=0)

    assert [error.status for error in device.values("error")] == [vsk.Status.BAD_FLOOD]
    assert device.values("close") == [vsk.Reason.PROTOCOL]


def test_a_million_empty_messages_count_in_the_send_queue() -> None:
    mark, count = 12, 1_000_000
    device = Noted(empty_messages=True, budget=8 * KIB * KIB)
    lab = vsk.Lab(device)
    shake(lab.guest, type=MESSAGES, buf_alloc=1)
    own = device.connections[0]

    for _ in range(count):
        own.send(b"")
    lab.run(within=0)
    queued = count - ops(lab).count("RW")

    assert own.queued == 0
    assert queued > count // 2
    assert device.counters["queued"] == queued * mark
    # The queue is full: what came is not taken as long as that does not change.
    raw(lab.guest, "RW", type=MESSAGES, flags=vsk.Seq.EOM, payload=b"hello", buf_alloc=1)
    raw(lab.guest, "CREDIT_REQUEST", type=MESSAGES, buf_alloc=1)
    lab.guest.expect(op="CREDIT_UPDATE", fwd_cnt=0)
    assert device.values("data") == [b"hello"]
    # Over the budget nobody else is let in.
    raw(lab.guest, "REQUEST", 1025)
    lab.guest.expect(op="RST", dst_port=1025)

    own.reset()
    lab.run()

    assert device.counters["queued"] == 0


def test_a_queue_that_is_full_of_messages_says_when_it_is_not() -> None:
    device = Noted(empty_messages=True, send_buffer=1200)
    lab, conn = connected(device, MESSAGES)
    for _ in range(1000):
        device.connections[0].send(b"")
    assert device.counters["queued"] > 1200

    while "writable" not in device.names():
        conn.recv()
        lab.run(within=0)

    assert device.counters["queued"] <= 1200
    while device.counters["queued"]:
        conn.recv()
    lab.run()
    assert device.names().count("writable") == 1


# ---- what it is ----


def test_it_says_who_is_connected() -> None:
    lab, conn = connected(Echo())
    own = lab.device.connections[0]

    assert own.local == conn.peer == (own.local_cid, own.local_port) == (2, PORT)
    assert own.peer == conn.local == (own.peer_cid, own.peer_port) == (3, conn.local_port)
    assert own.type is vsk.Type.STREAM
    assert repr(own) == f"<Conn 2:80 - 3:{conn.local_port} STREAM ESTABLISHED>"


def test_it_counts() -> None:
    lab, conn = connected(Echo())
    conn.exchange(b"hello")
    lab.run()
    own = lab.device.connections[0]

    for end in (own, conn):
        assert (end.tx_bytes, end.rx_bytes, end.rx_packets) == (5, 5, 1)
        assert (end.queued, end.unread, end.credit) == (0, 0, end.peer_buf_alloc)
    assert own.buf_alloc == conn.peer_buf_alloc == 256 * KIB


def test_its_buffer_can_be_changed() -> None:
    lab, conn = connected(Echo())

    conn.buf_alloc = 1000
    lab.run()

    assert lab.device.connections[0].peer_buf_alloc == 1000


def test_it_stays_readable_when_it_is_over() -> None:
    lab, conn = connected(Echo())
    conn.exchange(b"hello")
    conn.reset()
    lab.run()
    for _ in range(10):
        lab.guest.connect(2, PORT)

    assert (conn.peer, conn.tx_bytes) == ((2, PORT), 5)
    assert repr(conn).endswith("STREAM CLOSED LOCAL>")


def test_its_data_lives_as_long_as_it() -> None:
    def on_request(device: vsk.Device, conn: vsk.Conn) -> None:
        conn.data = "kept"
        conn.accept()

    lab = vsk.Lab(hooked(on_request=on_request)())
    lab.guest.connect(2, PORT).data = "kept too"
    gc.collect()

    for party in (lab.device, lab.guest):
        assert [str(conn.data)[:4] for conn in party.connections] == ["kept"]


def test_it_is_the_same_object_each_time() -> None:
    lab, conn = connected(Echo())

    assert lab.guest.connections == (conn,)
    assert lab.device.connections[0] is lab.device.connections[0]


def test_an_object_that_is_dropped_closes_nothing() -> None:
    lab, conn = connected(Echo())
    begin = len(lab.trace)

    del conn
    gc.collect()
    lab.run()

    assert len(lab.trace) == begin
    assert lab.guest.connections[0].state is vsk.State.ESTABLISHED


# ---- inside a hook ----

DRIVES: dict[str, Callable[[vsk.Lab, vsk.Conn], Any]] = {
    "recv": lambda lab, conn: conn.recv(),
    "recv_exactly": lambda lab, conn: conn.recv_exactly(1),
    "recv_all": lambda lab, conn: conn.recv_all(),
    "exchange": lambda lab, conn: conn.exchange(b"x"),
    "connect": lambda lab, conn: lab.guest.connect(2, PORT),
    "open_connection": lambda lab, conn: lab.device.open_connection(9),
    "accept": lambda lab, conn: lab.guest.listen(9).accept(),
    "expect": lambda lab, conn: lab.guest.expect(op="RW"),
    "expect_none": lambda lab, conn: lab.guest.expect_none(op="RW"),
    "step": lambda lab, conn: lab.step(),
    "step until": lambda lab, conn: lab.step(until="kick"),
    "back": lambda lab, conn: lab.back(),
    "run": lambda lab, conn: lab.run(),
    "snapshot": lambda lab, conn: lab.snapshot(),
}


@pytest.mark.parametrize("name", DRIVES)
def test_what_waits_is_refused_inside_a_hook(name: str) -> None:
    statuses: list[vsk.Status] = []

    def on_data(device: vsk.Device, conn: vsk.Conn, data: memoryview) -> None:
        statuses.append(status_of(lambda: DRIVES[name](device._joined(), conn)))

    lab, conn = connected(hooked(on_data=on_data)())
    conn.send(b"hello")
    lab.run()

    assert statuses == [vsk.Status.ERR_HOOK]


def test_rewind_is_refused_inside_a_hook() -> None:
    lab = vsk.Lab(vsk.Device())
    before = lab.snapshot()

    lab.device.after(1, lambda: lab.rewind(before))

    assert status_of(lab.run) is vsk.Status.ERR_HOOK


def test_an_exception_of_a_hook_leaves_the_call_that_drove_it() -> None:
    def on_data(device: vsk.Device, conn: vsk.Conn, data: memoryview) -> None:
        if bytes(data) == b"bad":
            raise KeyError("of the model")
        conn.send(data)

    _, conn = connected(hooked(on_data=on_data)())
    conn.send(b"bad")

    with pytest.raises(KeyError, match="of the model"):
        conn.recv()
    assert conn.exchange(b"good") == b"good"


def test_an_exception_of_on_packet_lets_the_packet_go_on() -> None:
    def on_packet(device: vsk.Device, packet: vsk.Packet) -> None:
        if packet.op == vsk.Op.RW:
            raise KeyError("of the model")

    _, conn = connected(hooked(Echo, on_packet=on_packet)())

    with pytest.raises(KeyError):
        conn.exchange(b"hello")
    assert conn.recv() == b"hello"
