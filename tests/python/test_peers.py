# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What other implementations got wrong: a named test for every row of our regression list.

Row N is proven by the tests whose names begin with test_row_N. A device and its guests meet in a
Lab; the hostile parts are played by hand: packets of a guest by guest.tx, those of a device by put.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

import vsk
import vsk.check
from vsk import Op, Packet, Reason, Seq, Shutdown, State, Status

# Rows that a lab has no part in.
ELSEWHERE = {
    18: "stop and cont, re-bind, a front end that goes: there is none without a vhost-user socket",
    21: "CONNECT lines come over the Unix-socket bridge, which is not in a lab",
}

PORT, SERVICE, NOBODY = 5000, 1234, 9999
MIB = 1 << 20
BOTH = int(Shutdown.RECEIVE | Shutdown.SEND)
TSHARK = shutil.which("tshark")


class Desk(vsk.Device):
    """Accepts on SERVICE and keeps what it hears; `app` is called with payload."""

    def __init__(self, app: Callable[..., object] | None = None, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.app = app
        self.got: list[bytes] = []
        self.faults: list[Status] = []
        self.over: list[tuple[float, Reason]] = []

    def on_request(self, conn: vsk.Conn) -> None:
        if conn.local_port == SERVICE:
            conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        self.got.append(bytes(data))
        if self.app is not None:
            self.app(conn, data)

    def on_eof(self, conn: vsk.Conn) -> None:
        """Leave the other direction open."""

    def on_error(self, conn: vsk.Conn | None, error: vsk.PeerError) -> None:
        self.faults.append(error.status)

    def on_close(self, conn: vsk.Conn) -> None:
        assert isinstance(self._host, vsk.Lab)
        self.over.append((self._host.now, conn.reason))


def echo(conn: vsk.Conn, data: memoryview) -> None:
    conn.send(data)


class Hand:
    """A guest's end of one connection, played by hand."""

    def __init__(self, lab: vsk.Lab, port: int = PORT, **fields: object) -> None:
        self.lab = lab
        self.fields = {"src_port": port, "dst": (2, SERVICE), "buf_alloc": 65536, **fields}

    def tx(self, op: str | int, **fields: object) -> None:
        self.lab.guest.tx(**(self.fields | {"op": op} | fields))  # type: ignore[arg-type]
        self.lab.run(within=0)

    def expect(self, op: str, **fields: object) -> Packet:
        port = self.fields["src_port"]
        return self.lab.guest.expect(op=op, dst_port=port, **fields)

    def silent(self, within: float = 0.0) -> None:
        self.lab.guest.expect_none(dst_port=self.fields["src_port"], within=within)

    def connect(self) -> "Hand":
        self.tx("REQUEST")
        self.expect("RESPONSE")
        return self

    def all(self) -> list[Packet]:
        """Take every packet that came."""
        found = []
        while True:
            try:
                found.append(self.lab.guest.expect(dst_port=self.fields["src_port"]))
            except AssertionError:
                return found

    @property
    def conn(self) -> vsk.Conn:
        """The device's end."""
        port = self.fields["src_port"]
        (found,) = [conn for conn in self.lab.device.connections if conn.peer_port == port]
        return found


def put(lab: vsk.Lab, op: str, **fields: object) -> None:
    """Let a device send any packet."""
    fields = {"src": (2, SERVICE), "dst": (3, PORT), "buf_alloc": 65536, "op": op} | fields
    lab.device._roles[0].put(Packet(**fields), None, False)  # type: ignore[arg-type]
    lab.run(within=0)


def pattern(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def assert_clean(lab: vsk.Lab) -> None:
    """Hold what passed to the protocol."""
    found = vsk.check.check([vsk.Record((packet, 0, None, False)) for packet in lab.trace.packets])
    assert [str(finding) for finding in found] == []


HEAD = re.compile(r"^\S+ \d+ (rx|tx) (packet|refused|used)\b.*? head (\d+)", re.M)


def given_back(lab: vsk.Lab, queue: str) -> int:
    """Count the chains that came back, each once and after it was taken; none is left behind."""
    held: set[str] = set()
    count = 0
    for name, kind, head in HEAD.findall(str(lab.trace)):
        if name == queue and kind == "used":
            held.remove(head)
            count += 1
        elif name == queue:
            held.add(head)
    assert not held
    return count


# The rows themselves


def rows() -> set[int]:
    return {int(name.split("_")[2]) for name in globals() if name.startswith("test_row_")}


def test_every_row_is_proven_or_excused() -> None:
    assert rows() | set(ELSEWHERE) == set(range(1, 25))
    assert not rows() & set(ELSEWHERE)


# 1: cuts

SPLITS = [[at, 49 - at] for at in range(1, 49)]
CUTS = [[49], *SPLITS, [1] * 49, [43, 1, 1, 4], [44, 1, 1, 1, 1, 1], [20, 20, 9], [49, 100]]
RX_CUTS = [[65580], [44, 65536], [45], [44, 1], [1, 44], [43, 2], [20, 25], [1, 1, 1, 1, 1, 1, 39]]


@pytest.mark.parametrize("indirect", [False, True], ids=["direct", "indirect"])
def test_row_01_a_tx_packet_may_be_cut_anywhere(indirect: bool) -> None:
    """Header and payload are found however the driver cut them, direct or in a table."""
    lab = vsk.Lab(Desk())
    hand = Hand(lab).connect()

    for layout in CUTS:  # VSOCK-BOTH-23, FRAME-DEV-01, FRAME-DEV-02, VSOCK-DRV-07
        hand.tx("RW", payload=b"hello", layout=layout, indirect=indirect)

    assert lab.device.got == [b"hello"] * len(CUTS) and lab.device.faults == []


@pytest.mark.parametrize("indirect", [False, True], ids=["direct", "indirect"])
@pytest.mark.parametrize("layout", RX_CUTS, ids=str)
def test_row_01_an_rx_buffer_may_be_cut_anywhere(layout: list[int], indirect: bool) -> None:
    """What the device sends fills any buffer of 45 bytes or more, across its pieces."""
    lab = vsk.Lab(Desk(echo), guests=[vsk.Guest(rx_layout=layout, rx_indirect=indirect)])
    conn = lab.guest.connect(2, SERVICE)

    assert conn.exchange(pattern(1000)) == pattern(1000)  # VSOCK-BOTH-23
    assert_clean(lab)


def test_row_01_a_packet_may_cross_memory_regions() -> None:
    """A buffer that runs over the edge of two regions is one buffer."""
    edge = 0x20000
    for at in range(50):  # the edge in front of, in and behind every byte
        memory = vsk.Memory(regions=[(0, 0x10000), (0x10000, 0x10000), (edge, 0x10000)], fill=0xAA)
        tx, rx = vsk.Queue(memory, 16), vsk.Queue(memory, 16)
        packet = Packet(src=(3, 1), dst=(2, 2), op="RW", payload=b"hello", buf_alloc=7)
        memory.write(edge - at, bytes(packet))

        tx.driver.add([(edge - at, 49, "r")])
        chain = tx.device.pop()
        assert chain is not None
        rx.driver.add([(edge - at, 49, "w")])

        assert bytes(Packet.from_tx(chain)) == bytes(packet)
        memory.fill(edge - at, 0xAA, 49)
        assert rx.device.send(packet) == 49
        assert memory.read(edge - at, 49) == bytes(packet)


# 2: heads


@pytest.mark.parametrize("size", [4, 16])
def test_row_02_every_head_comes_back_once_on_every_path(size: int) -> None:
    """A chain is given back once whatever was wrong with it, and says how much was written."""
    lab = vsk.Lab(Desk(), guests=[vsk.Guest(queue_size=size, rx_buffers=1)])
    wrong: list[dict[str, object]] = [
        {"op": "RW", "len": 9, "payload": b"short"},
        {"op": "RW", "len": 1 << 31},
        {"op": "RW", "src_cid": 77},
        {"op": "RW", "src_cid": 3 | 1 << 32},
        {"op": 99},
        {"op": "REQUEST", "type": 3},
        {"op": "REQUEST", "dst": (2, NOBODY)},
        {"op": "REQUEST"},
        {"op": "RW", "payload": b"x" * 70000},
    ]
    hand = Hand(lab)

    for _ in range(20):  # more of each than the queue has descriptors
        for fields in wrong:
            hand.tx(**fields)  # type: ignore[arg-type]

    # SPLIT-DEV-06, SPLIT-DEV-09
    assert given_back(lab, "tx") == 20 * len(wrong) == lab.guest.counters["tx_packets"]
    assert given_back(lab, "rx") == lab.device.counters["tx_packets"] > 20
    text = str(lab.trace)
    assert set(re.findall(r"tx used head \d+ written (\d+)", text)) == {"0"}
    assert set(re.findall(r"rx used head \d+ written (\d+)", text)) == {"44"}


# 3: one look at a header


def test_row_03_a_header_is_read_once() -> None:
    """What was checked is what is used, whatever the driver writes over it meanwhile."""
    memory = vsk.Memory(MIB, fill=0xAA)
    queue = vsk.Queue(memory, 16)
    sent = Packet(src=(3, 1), dst=(2, 2), op="RW", payload=b"hello", buf_alloc=7)
    memory.write(0x8000, bytes(sent))
    queue.driver.add([(0x8000, 49, "r")])
    chain = queue.device.pop()
    assert chain is not None
    packet = Packet.from_tx(chain)

    memory.write(0x8000, b"\xff" * 44)

    assert packet.fields() == sent.fields() and bytes(packet.payload) == b"hello"


def test_row_03_in_a_lab_only_payload_can_change_behind_a_device_s_back() -> None:
    """With bytes of every packet flipped after they were read, no header is seen wrong."""
    lab = vsk.Lab(Desk(echo), flip=1000)
    conn = lab.guest.connect(2, SERVICE)

    for _ in range(100):
        assert len(conn.exchange(pattern(300))) == 300

    assert lab.device.faults == [] and lab.guest.counters["errors"] == 0
    assert lab.device.counters["rx_bytes"] == lab.device.counters["tx_bytes"] == 30_000


# 4, 5: what is written


def fill_rx(lab: vsk.Lab, buffers: int) -> None:
    """Leave 0xAA in the header's place, and behind it, of every RX buffer."""
    junk = Packet(payload=b"\xaa" * 500)
    junk.header = b"\xaa" * 24 + bytes(junk)[24:28] + b"\xaa" * 16
    for _ in range(buffers):
        lab.device._roles[0].put(junk, None, False)
        lab.run(within=0)


@pytest.mark.lawless("memory is filled with 0xAA by packets that are nothing else")
def test_row_04_every_byte_of_a_header_is_written() -> None:
    """Packets of every kind come whole where 0xAA lay before: no byte is left as it was."""
    lab = vsk.Lab(Desk(echo), guests=[vsk.Guest(rx_buffers=4, queue_size=4)])
    hand = Hand(lab, buf_alloc=1000)
    same = {"src": (2, SERVICE), "dst": (3, PORT), "buf_alloc": 262144}
    wanted = {
        "RESPONSE": Packet(op="RESPONSE", **same),  # type: ignore[arg-type]
        "RW": Packet(op="RW", payload=b"hello", **same),  # type: ignore[arg-type]
        "CREDIT_UPDATE": Packet(op="CREDIT_UPDATE", fwd_cnt=5, **same),  # type: ignore[arg-type]
        "SHUTDOWN": Packet(op="SHUTDOWN", flags=2, fwd_cnt=5, **same),  # type: ignore[arg-type]
        "RST": Packet(op="RST", fwd_cnt=5, **same),  # type: ignore[arg-type]
    }
    steps: dict[str, Callable[[], None]] = {
        "RESPONSE": lambda: hand.tx("REQUEST"),
        "RW": lambda: hand.tx("RW", payload=b"hello"),
        "CREDIT_UPDATE": lambda: hand.tx("CREDIT_REQUEST"),
        "SHUTDOWN": lambda: hand.conn.shutdown(send=True),
        "RST": lambda: hand.tx("SHUTDOWN", flags=3, fwd_cnt=5),
    }

    for op, step in steps.items():  # VSOCK-BOTH-05, VSOCK-DEV-12
        fill_rx(lab, 8)
        step()
        lab.run(within=0)
        assert bytes(hand.expect(op)) == bytes(wanted[op]), op

    fill_rx(lab, 8)
    hand.tx("RW", payload=b"late")  # of no connection any more
    assert bytes(hand.expect("RST")) == bytes(Packet(op="RST", src=(2, SERVICE), dst=(3, PORT)))


@pytest.mark.parametrize("layout", [[45], [44, 57], [100], [1, 42, 3000], [3776], [65580]], ids=str)
def test_row_05_len_is_what_was_written(layout: list[int]) -> None:
    """Each RX buffer comes back with 44 bytes and len more, and holds no more than it can."""
    lab = vsk.Lab(Desk(echo), guests=[vsk.Guest(rx_layout=layout)])
    lab.guest.connect(2, SERVICE).exchange(pattern(5000))
    lines = [
        line for line in str(lab.trace).splitlines() if " rx packet" in line or "rx used" in line
    ]

    # VSOCK-BOTH-08, SPLIT-DEV-09
    for packet, used in zip(lines[::2], lines[1::2], strict=True):
        size = re.search(r"len=(\d+)", packet)
        written = re.search(r"written (\d+)", used)
        assert size is not None and written is not None
        assert int(written[1]) == 44 + int(size[1]) <= sum(layout)


# 6: credit


def test_row_06_free_credit_is_clamped_where_the_peer_shrinks_its_buffer() -> None:
    """A buffer smaller than what is in flight is room for nothing, not for 4 GiB."""
    lab = vsk.Lab(Desk())
    hand = Hand(lab, buf_alloc=100_000).connect()
    hand.conn.send(pattern(60_000))
    lab.run(within=0)
    hand.all()

    hand.tx("CREDIT_UPDATE", buf_alloc=1000)  # VSOCK-BOTH-19, VSOCK-DEV-11
    assert hand.conn.credit == 0
    hand.conn.send(b"more")
    lab.run(within=0)
    assert {packet.op for packet in hand.all()} <= {Op.CREDIT_REQUEST}

    hand.tx("CREDIT_UPDATE", buf_alloc=1000, fwd_cnt=60_000)  # VSOCK-BOTH-20
    assert bytes(hand.expect("RW").payload) == b"more"


@pytest.mark.parametrize("fwd_cnt", [601, 2**31, 2**32 - 1])
def test_row_06_a_fwd_cnt_that_says_too_much_is_told_and_not_learned(fwd_cnt: int) -> None:
    """Who says to have taken more than it got wins no credit by it."""
    lab = vsk.Lab(Desk())
    hand = Hand(lab, buf_alloc=1000).connect()
    hand.conn.send(pattern(600))
    lab.run(within=0)

    hand.tx("CREDIT_UPDATE", fwd_cnt=fwd_cnt, buf_alloc=2**32 - 1)  # VSOCK-BOTH-18

    assert lab.device.faults == [Status.BAD_FWD_CNT]
    assert hand.conn.credit == 400 and hand.conn.state is State.ESTABLISHED


def test_row_06_counters_belong_to_a_connection() -> None:
    """What one connection takes or grants is nothing to its neighbour."""
    lab = vsk.Lab(Desk())
    one, other = Hand(lab, 1, buf_alloc=1000).connect(), Hand(lab, 2, buf_alloc=5000).connect()

    one.conn.send(pattern(400))
    one.tx("RW", payload=b"x" * 300)
    lab.run(within=0)

    # VSOCK-BOTH-15, VSOCK-BOTH-11
    assert (one.conn.credit, other.conn.credit) == (600, 5000)
    other.tx("CREDIT_REQUEST")
    assert other.expect("CREDIT_UPDATE").fwd_cnt == 0


@pytest.mark.full
def test_row_06_counters_wrap_at_two_to_the_32() -> None:
    """More than 4 GiB cross on one connection: credit is a difference, not a number."""
    lab = vsk.Lab(Desk(), trace=1000)
    lab.device.app = lambda conn, data: lab.device.got.clear()
    conn = lab.guest.connect(2, SERVICE)
    total, piece = (1 << 32) + (1 << 20), bytes(1 << 20)

    for _ in range(total // len(piece)):
        conn.send(piece)
        lab.run(until=lambda: conn.queued == 0)
    lab.run(within=1)

    # VSOCK-BOTH-18, VSOCK-BOTH-19
    assert lab.device.counters["rx_bytes"] == total == conn.tx_bytes
    assert lab.device.faults == [] and conn.credit == 262144


# 7: credit is volunteered


class Cross(Desk):
    """Sends so many bytes of its own as soon as it is connected to, and counts what comes."""

    def __init__(self, total: int, **options: object) -> None:
        super().__init__(**options)
        self.total = total
        self.size = 0
        self.sum = 0

    def on_request(self, conn: vsk.Conn) -> None:
        conn.accept()
        conn.send(pattern(self.total))

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        self.size += len(data)
        self.sum += sum(data)


def cross(
    total: int,
    *,
    read: int = 1 << 20,
    pause: float = 0,
    resize: tuple[int, ...] = (),
    device: dict[str, object] | None = None,
    trace: int = 1_000_000,
    **guest: object,
) -> vsk.Lab:
    """Let total bytes cross each way, with a reader that takes so much at a time, or waits."""
    desk = Cross(total, **(device or {}))
    lab = vsk.Lab(desk, guests=[vsk.Guest(**guest)], memory=64 << 20, trace=trace)  # type: ignore[arg-type]
    conn = lab.guest.connect(2, SERVICE)
    conn.send(pattern(total))
    got, marks = bytearray(), [total * (i + 1) // (len(resize) + 1) for i in range(len(resize))]
    sizes = list(resize)
    while len(got) < total:
        got += conn.recv(min(read, total - len(got)))
        if marks and len(got) >= marks[0]:
            marks.pop(0)
            conn.buf_alloc = sizes.pop(0)
        if pause:
            lab.run(within=pause)
    lab.run(until=lambda: desk.size == total)
    assert got == pattern(total) and desk.sum == sum(pattern(total)), "VSOCK-BOTH-13"
    assert desk.faults == [] and lab.guest.counters["errors"] == 0
    return lab


ROOMS = [45, 46, 60, 108, 556, 1068, 3776, 4140, 65580]
EDGES = [1, 1000, 4096, 65536, 262144 - 65536 + 1]


@pytest.mark.parametrize("room", ROOMS)
def test_row_07_bytes_cross_at_every_size_of_an_rx_buffer(room: int) -> None:
    """Both directions at once come to their end, one byte a packet or 64 KiB."""
    total = 2 * MIB if room > 1000 else 20_000 if room > 50 else 3000
    assert_clean(cross(total, rx_layout=[room]))  # VSOCK-BOTH-20, VSOCK-BOTH-22, VSOCK-DEV-11


@pytest.mark.full
@pytest.mark.parametrize("room", ROOMS)
def test_row_07_two_mib_cross_at_every_size_of_an_rx_buffer(room: int) -> None:
    """The same with 2 MiB at every size: more than two million packets at the smallest."""
    cross(2 * MIB, rx_layout=[room], trace=1000)


@pytest.mark.parametrize("update_at", EDGES)
@pytest.mark.parametrize("preset", ["linux-5.10", "linux-6.1"])
def test_row_07_two_mib_cross_at_every_threshold_of_updates(preset: str, update_at: int) -> None:
    """Nobody waits for ever for a peer that reports late and never asks."""
    assert_clean(cross(2 * MIB, preset=preset, update_at=update_at))


@pytest.mark.parametrize("buf_alloc", [4096, 8192, 65536])
@pytest.mark.parametrize(("read", "pause"), [(1 << 20, 0), (64, 0), (1000, 0), (65536, 0.5)])
def test_row_07_two_mib_cross_with_any_reader(read: int, pause: float, buf_alloc: int) -> None:
    """A reader of few bytes, or of many now and then, slows and does not stop."""
    total = 2 * MIB if read >= 65536 else 200_000
    assert_clean(cross(total, read=read, pause=pause, buf_alloc=buf_alloc))


@pytest.mark.parametrize("preset", ["linux-5.10", "linux-6.1", "linux-6.12"])
def test_row_07_two_mib_cross_in_a_window_that_shrinks_midway(preset: str) -> None:
    """From 256 KiB to 8 KiB, as Linux does, and back, and below one packet."""
    lab = cross(2 * MIB, preset=preset, resize=(8192, 262144, 576, 8192))
    assert_clean(lab)  # VSOCK-BOTH-17, VSOCK-BOTH-19


def test_row_07_small_writes_reach_a_reader_that_reports_late_and_never_answers() -> None:
    """Linux 5.10 tells of 196,609 bytes at once and answers no question: lines of a log go on."""
    lab = vsk.Lab(Desk(), guests=[vsk.Guest(preset="linux-5.10")])
    conn = lab.guest.connect(2, SERVICE)
    (sender,) = lab.device.connections

    for _ in range(1000):
        sender.send(b"x")
        assert conn.recv() == b"x"


def test_row_07_two_mib_cross_with_small_windows_on_both_sides() -> None:
    """8 KiB here and there, without updates when idle and without questions."""
    device = {"buf_alloc": 8192}
    guest = {"buf_alloc": 8192, "update_idle": False, "ask": False}
    assert_clean(cross(2 * MIB, device=device, **guest))


# 8: packets are metered as well as bytes


def test_row_08_small_writes_are_merged_for_a_peer_that_does_not_read() -> None:
    """10,000 writes of a byte cost the peer no more packets than its buffer has room for."""
    lab = vsk.Lab(Desk())
    hand = Hand(lab, buf_alloc=65536).connect()

    for _ in range(10_000):
        hand.conn.send(b"x")
    lab.run(within=0)

    data = [packet for packet in hand.all() if packet.op is Op.RW]
    size = sum(packet.len for packet in data)
    assert size + 576 * len(data) <= 65536 + 576
    hand.tx("CREDIT_UPDATE", fwd_cnt=size)
    rest = [packet for packet in hand.all() if packet.op is Op.RW]
    assert size + sum(packet.len for packet in rest) == 10_000 and len(rest) <= 4


def test_row_08_a_flood_of_empty_messages_ends() -> None:
    """Messages of no byte, which credit does not bound, do not fill a reader's memory."""
    lab = vsk.Lab(Desk())
    hand = Hand(lab, type=2).connect()
    hand.conn.pause()

    sent = 0
    while sent < 3000 and not lab.device.faults:
        hand.tx("RW", flags=int(Seq.EOM))
        sent += 1

    assert lab.device.faults == [Status.BAD_FLOOD] and 1000 < sent < 1100
    hand.expect("RST")


def test_row_08_empty_messages_are_metered_when_sent() -> None:
    """A guest that does not read gets only as many empty messages as it has room for."""
    lab = vsk.Lab(Desk(empty_messages=True))
    hand = Hand(lab, type=2, buf_alloc=57_600).connect()

    for _ in range(500):
        hand.conn.send(b"")
    lab.run(within=0)

    assert sum(packet.op is Op.RW for packet in hand.all()) <= 101


# 9: overrun


@pytest.mark.parametrize("pause", [False, True], ids=["taken", "not taken"])
def test_row_09_who_overruns_our_credit_gets_rst(pause: bool) -> None:
    """One byte too many is an error that is counted, and the end: nothing is dropped silently."""
    lab = vsk.Lab(Desk(buf_alloc=1000))
    hand = Hand(lab).connect()
    if pause:
        hand.conn.pause()
        hand.tx("RW", payload=b"x" * 1000)
    conn = hand.conn

    hand.tx("RW", payload=b"x" * (1 if pause else 1001))  # VSOCK-DRV-09

    hand.expect("RST")
    assert lab.device.faults == [Status.BAD_CREDIT] and lab.device.counters["errors"] == 1
    assert conn.reason is Reason.PROTOCOL


# 10: half-close

FIRSTS = [Shutdown.SEND, Shutdown.RECEIVE]


@pytest.mark.parametrize("first", FIRSTS, ids=lambda flag: flag.name)
def test_row_10_a_guest_closes_half_by_half(first: Shutdown) -> None:
    """One direction lives on when the other one is shut; RST follows the second."""
    lab = vsk.Lab(Desk())
    hand = Hand(lab).connect()
    conn = hand.conn

    hand.tx("SHUTDOWN", flags=int(first))
    hand.silent(within=20)  # no timer runs

    if first is Shutdown.SEND:  # VSOCK-BOTH-29
        conn.send(b"still")
        lab.run(within=0)
        assert bytes(hand.expect("RW").payload) == b"still"
    else:  # VSOCK-BOTH-28
        hand.tx("RW", payload=b"still")
        assert lab.device.got == [b"still"]
        with pytest.raises(vsk.PipeClosed):
            conn.send(b"no")
        hand.all()
    hand.tx("SHUTDOWN", flags=BOTH & ~int(first))  # VSOCK-BOTH-30: they add up
    hand.expect("RST")  # VSOCK-BOTH-32
    assert conn.reason is Reason.CLOSED


@pytest.mark.parametrize("first", FIRSTS, ids=lambda flag: flag.name)
def test_row_10_a_device_closes_half_by_half(first: Shutdown) -> None:
    """The same from this side: what was said first is said again with the second."""
    lab = vsk.Lab(Desk())
    hand = Hand(lab).connect()
    conn = hand.conn

    conn.shutdown(send=first is Shutdown.SEND, receive=first is Shutdown.RECEIVE)
    lab.run(within=0)
    assert hand.expect("SHUTDOWN").flags == first
    if first is Shutdown.SEND:
        hand.tx("RW", payload=b"still")
        assert lab.device.got == [b"still"]
        with pytest.raises(vsk.PipeClosed):
            conn.send(b"no")
    else:
        conn.send(b"still")
        lab.run(within=0)
        assert bytes(hand.expect("RW").payload) == b"still"
    hand.all()
    conn.shutdown(send=True, receive=True)
    lab.run(within=0)

    assert hand.expect("SHUTDOWN").flags == BOTH and conn.state is State.CLOSING
    hand.tx("RST")
    assert conn.reason is Reason.CLOSED


def test_row_10_rst_waits_until_the_data_is_forwarded() -> None:
    """A reader that is behind keeps the connection until it has read all."""
    lab = vsk.Lab(Desk())
    hand = Hand(lab).connect()
    hand.conn.pause()
    hand.tx("RW", payload=b"all of it")

    hand.tx("SHUTDOWN", flags=BOTH)
    hand.silent(within=7.9)
    assert hand.conn.state is State.DRAINING

    hand.conn.resume()
    lab.run(within=0)
    hand.expect("RST")
    assert lab.device.got == [b"all of it"] and lab.device.over[0][1] is Reason.CLOSED


def test_row_10_the_drain_timer_ends_a_reader_that_never_reads() -> None:
    """After 8 s the peer gets its RST, and the reader keeps its bytes."""
    lab = vsk.Lab(Desk())
    hand = Hand(lab).connect()
    conn = hand.conn
    conn.pause()
    hand.tx("RW", payload=b"all of it")
    began = lab.now

    hand.tx("SHUTDOWN", flags=BOTH)
    hand.expect("RST", within=9)

    assert lab.now == began + 8 and conn.reason is Reason.TIMEOUT
    conn.resume()
    lab.run(within=0)
    assert lab.device.got == [b"all of it"]


def test_row_10_what_is_queued_leaves_before_the_shutdown() -> None:
    """close() after a send that had no credit sends all of it first."""
    lab = vsk.Lab(Desk(lambda conn, data: (conn.send(bytes(data) * 100), conn.close())))
    conn = lab.guest.connect(2, SERVICE)
    conn.send(pattern(10_000))

    assert conn.recv_all() == b"".join(got * 100 for got in lab.device.got)
    assert_clean(lab)


# 11: RST


@pytest.mark.parametrize(
    "fields",
    [
        {"op": "REQUEST", "dst": (2, NOBODY)},
        {"op": "REQUEST", "dst": (77, SERVICE)},
        {"op": "REQUEST", "type": 0},
        {"op": "REQUEST", "type": 3},
        {"op": "RW", "payload": b"x"},
        {"op": "RW", "payload": b"x", "type": 65535},
        {"op": "RESPONSE"},
        {"op": "SHUTDOWN", "flags": 3},
        {"op": "CREDIT_UPDATE"},
        {"op": "CREDIT_REQUEST"},
        {"op": 0},
        {"op": 8},
    ],
    ids=str,
)
def test_row_11_what_nobody_wants_gets_rst_at_once(fields: dict[str, object]) -> None:
    """A port without a listener, an unknown type, an unknown flow: RST, at the same instant."""
    lab = vsk.Lab(Desk())
    hand = Hand(lab)

    hand.tx(**fields)  # type: ignore[arg-type]

    # VSOCK-BOTH-26, VSOCK-DEV-13, VSOCK-BOTH-11
    (rst,) = hand.all()
    assert rst.op is Op.RST and lab.now == 0
    assert rst.src == fields.get("dst", (2, SERVICE)) and rst.dst == (3, PORT)


@pytest.mark.lawless("the device's RST is put by hand")
@pytest.mark.parametrize("type", [0, 1, 2, 3])
@pytest.mark.parametrize("port", [SERVICE, NOBODY])
def test_row_11_rst_is_never_answered(port: int, type: int) -> None:
    """Neither by the device nor by the guest, or both would go on for ever."""
    lab = vsk.Lab(Desk())
    hand = Hand(lab)

    hand.tx("RST", dst=(2, port), type=type)  # VSOCK-DEV-13, VSOCK-BOTH-31
    hand.silent(within=20)
    put(lab, "RST", dst=(3, port), type=type)  # VSOCK-DRV-14
    lab.run(within=20)

    assert sum(packet.op is Op.RST for packet in lab.trace.packets) == 2


def test_row_11_a_foreign_cid_is_given_back_without_rst() -> None:
    """Who is not this device's guest is counted, and told nothing."""
    lab = vsk.Lab(Desk())

    for cid in (0, 1, 2, 4, 3 | 1 << 32, 2**64 - 1):
        lab.guest.tx(op="REQUEST", src=(cid, PORT), dst=(2, SERVICE))
    lab.run(within=20)

    assert lab.device.counters["foreign"] == 6 and lab.device.counters["tx_packets"] == 0
    assert lab.device.faults == [Status.BAD_CID] * 6


# 12: while the peer connects


def test_row_12_nothing_but_the_answer_goes_to_a_peer_that_connects() -> None:
    """No credit, no data before RESPONSE: Linux would fail its connect with EPROTO."""

    class Later(Desk):
        def on_request(self, conn: vsk.Conn) -> None:
            conn.defer()
            conn.send(b"early")
            conn.buf_alloc = 1000
            self.after(1.5, conn.accept)

    lab = vsk.Lab(Later())
    hand = Hand(lab)
    hand.tx("REQUEST")
    hand.silent(within=1.4)

    lab.run(within=0.2)

    # VSOCK-BOTH-25
    assert [packet.op for packet in hand.all()][:2] == [Op.RESPONSE, Op.RW]


def test_row_12_a_refusal_is_one_rst() -> None:
    """The other answer, deferred as well."""

    class Never(Desk):
        def on_request(self, conn: vsk.Conn) -> None:
            conn.defer()
            conn.send(b"early")
            self.after(1.5, conn.reset)

    lab = vsk.Lab(Never())
    hand = Hand(lab)
    hand.tx("REQUEST")
    lab.run(within=20)

    assert [packet.op for packet in hand.all()] == [Op.RST]  # VSOCK-BOTH-26


# 13: timers


def test_row_13_a_connect_nobody_answers_ends_after_two_seconds() -> None:
    """Each REQUEST has its own 2 s, to the nanosecond, with no other traffic to wake a sweep."""
    lab = vsk.Lab(Desk())
    lab.guest.tx(op="RST", src_port=80, dst=(2, 1))  # port 80 is played by hand: no answer
    begun = []
    for _ in range(50):
        lab.device.connect(80)
        begun.append(lab.now)
        lab.run(within=0.013)

    lab.run()

    assert [reason for _, reason in lab.device.over] == [Reason.TIMEOUT] * 50
    for (end, _), start in zip(lab.device.over, begun, strict=True):
        assert end == pytest.approx(start + 2, abs=1e-9)
    resets = [packet for packet in lab.trace.packets if packet.op is Op.RST and packet.src_cid == 2]
    assert len(resets) == 50


def test_row_13_a_close_nobody_answers_ends_after_eight_seconds() -> None:
    """Each SHUTDOWN has its own 8 s: then comes our RST, and the connection is gone."""
    lab = vsk.Lab(Desk())
    hands, begun = [], []
    for port in range(50):
        hands.append(Hand(lab, PORT + port).connect())
        begun.append(lab.now)
        hands[-1].conn.close()
        lab.run(within=0.013)
        assert hands[-1].expect("SHUTDOWN").flags == BOTH

    lab.run()

    # VSOCK-BOTH-33
    assert [reason for _, reason in lab.device.over] == [Reason.TIMEOUT] * 50
    for (end, _), start in zip(lab.device.over, begun, strict=True):
        assert end == pytest.approx(start + 8, abs=1e-9)
    for hand in hands:
        hand.expect("RST")
    assert lab.device.connections == ()


def test_row_13_other_timeouts_are_kept_as_well() -> None:
    """Both times are options, on both sides."""
    lab = vsk.Lab(Desk(close_timeout=0.25), guests=[vsk.Guest(connect_timeout=0.5)])
    hand = Hand(lab).connect()
    hand.conn.close()
    lab.run()
    assert lab.device.over == [(0.25, Reason.TIMEOUT)]

    silent = vsk.Lab(_Deaf(), guests=[vsk.Guest(connect_timeout=0.5)])
    with pytest.raises(vsk.TimedOut):
        silent.guest.connect(2, SERVICE)
    assert silent.now == 0.5


class _Deaf(vsk.Device):
    def on_packet(self, packet: Packet) -> bool:
        return False


# 14: reuse


def test_row_14_a_port_pair_is_free_again_after_rst() -> None:
    """One hundred connections in a row from the same port to the same port, none of them late."""
    lab = vsk.Lab(Desk(echo))

    for _ in range(100):
        conn = lab.guest.connect(2, SERVICE, local_port=PORT)
        assert conn.exchange(b"again") == b"again"
        conn.close()
        lab.run(within=0)

    # VSOCK-BOTH-34
    assert lab.now == 0 and [reason for _, reason in lab.device.over] == [Reason.CLOSED] * 100
    assert_clean(lab)


def test_row_14_a_request_may_follow_a_rst_in_the_same_batch() -> None:
    """REQUEST, data, RST and REQUEST again, before the device has looked at any."""
    lab = vsk.Lab(Desk(echo))
    hand = Hand(lab)
    for op in ("REQUEST", "RW", "RST") * 30 + ("REQUEST",):
        lab.guest.tx(**(hand.fields | {"op": op, "payload": b"x" if op == "RW" else b""}))  # type: ignore[arg-type]
    lab.run(within=0)

    assert hand.conn.state is State.ESTABLISHED and lab.device.faults == []
    assert [reason for _, reason in lab.device.over] == [Reason.RESET] * 30


# 15: neither queue waits for the other


def test_row_15_tx_is_served_while_rx_is_empty() -> None:
    """Packets are taken though only one RX buffer is there for the RSTs that they need."""
    size = 64
    lab = vsk.Lab(Desk(), guests=[vsk.Guest(queue_size=size, rx_buffers=1)], delay=0.1)
    for batch in range(10):
        for port in range(size):
            lab.guest.tx(op="RW", src_port=batch * size + port, dst=(2, NOBODY))
        lab.run(within=0.3 * size)
    lab.run()

    # VSOCK-DEV-10, VSOCK-BOTH-10: taken ahead, by no more than there is storage for
    ahead, most, answered = 0, 0, 0
    for packet in lab.trace.packets:
        ahead += 1 if packet.src_cid == 3 else -1
        answered += packet.src_cid == 2
        most = max(most, ahead)
    assert answered == 10 * size and 2 < most <= size + 1


def test_row_15_rx_is_served_while_tx_is_full() -> None:
    """With rings of two descriptors bulk data in both directions comes to its end."""
    for size in (2, 4):  # VSOCK-DRV-08
        lab = vsk.Lab(Desk(echo), guests=[vsk.Guest(queue_size=size)])
        conns = [lab.guest.connect(2, SERVICE) for _ in range(3)]
        for conn in conns:
            conn.send(pattern(50_000))
        for conn in conns:
            assert conn.recv_exactly(50_000) == pattern(50_000)
        assert_clean(lab)


def test_row_15_what_a_reader_leaves_stops_its_sender_and_nobody_else() -> None:
    """A guest that sends and never reads is stopped by its own credit: storage is bounded."""
    lab = vsk.Lab(Desk(echo, send_buffer=100_000))
    conn, other = lab.guest.connect(2, SERVICE), lab.guest.connect(2, SERVICE)
    conn.send(pattern(4 * MIB))
    lab.run(within=10)

    # VSOCK-BOTH-10
    assert lab.device.counters["queued"] < 100_000 + 262144 + 65536
    assert conn.queued > 3 * MIB
    assert other.exchange(b"me?") == b"me?"
    assert conn.recv_exactly(4 * MIB) == pattern(4 * MIB)


# 16: rings that lie

NEXT, WRITE, INDIRECT = 1, 2, 4
Shape = tuple[Status, list[tuple[int, int, int, int]], list[tuple[int, int, int, int]]]
TABLE, DATA = 0x8000, 0x9000
# What stands in the descriptor table, what in an indirect one, and the rule that it breaks.
SHAPES: dict[str, Shape] = {
    "next out of range": (Status.BAD_NEXT, [(DATA, 44, NEXT, 16)], []),
    "a loop of one": (Status.BAD_LOOP, [(DATA, 1, NEXT, 0)], []),
    "a loop of two": (Status.BAD_LOOP, [(DATA, 1, NEXT, 1), (DATA, 1, NEXT, 0)], []),
    "nested": (Status.BAD_NESTED, [(TABLE, 16, INDIRECT, 0)], [(TABLE, 16, INDIRECT, 0)]),
    "a table of no bytes": (Status.BAD_TABLE_LEN, [(TABLE, 0, INDIRECT, 0)], []),
    "a table of 17 bytes": (Status.BAD_TABLE_LEN, [(TABLE, 17, INDIRECT, 0)], []),
    "a table with next": (Status.BAD_INDIRECT_NEXT, [(TABLE, 16, INDIRECT | NEXT, 1)], []),
    "a table's next": (Status.BAD_NEXT, [(TABLE, 16, INDIRECT, 0)], [(DATA, 44, NEXT, 1)]),
    "a table's loop": (Status.BAD_LOOP, [(TABLE, 16, INDIRECT, 0)], [(DATA, 1, NEXT, 0)]),
    "no memory": (Status.BAD_ADDRESS, [(1 << 40, 44, 0, 0)], []),
    "the end of memory": (Status.BAD_ADDRESS, [(MIB - 4, 44, 0, 0)], []),
    "the end of all memory": (Status.BAD_ADDRESS, [(2**64 - 4, 44, 0, 0)], []),
}


@pytest.mark.parametrize("name", SHAPES)
def test_row_16_a_chain_of_any_shape_is_refused_and_the_queue_goes_on(name: str) -> None:
    """It is told by its rule, goes back with nothing written, and the next one is served."""
    status, descs, table = SHAPES[name]
    memory = vsk.Memory(MIB)
    queue = vsk.Queue(memory, 16)
    for slot, (address, size, flags, following) in enumerate(table):
        raw = address.to_bytes(8, "little") + size.to_bytes(4, "little")
        raw += flags.to_bytes(2, "little") + following.to_bytes(2, "little")
        memory.write(TABLE + 16 * slot, raw)
    for slot, desc in enumerate(descs):
        queue.set_desc(slot, *desc)
    queue.driver.offer(0)
    memory.write(DATA, bytes(Packet(op="RW", payload=b"next")))
    queue.set_desc(9, DATA, 48)
    queue.driver.offer(9)
    packets = queue.device.packets()

    # SPLIT-DRV-03, SPLITIND-DRV-02, SPLITIND-DRV-04, SPLITIND-BOTH-01, SPLIT-BOTH-05
    with pytest.raises(vsk.PeerError) as error:
        next(packets)

    assert error.value.status is status
    assert bytes(next(packets).payload) == b"next"


@pytest.mark.parametrize("queue", [0, 1], ids=["rx", "tx"])
def test_row_16_a_head_out_of_range_is_counted_and_passed_over(queue: int) -> None:
    """The device says so, and serves what stands behind it."""
    lab = vsk.Lab(Desk(echo), guests=[vsk.Guest(queue_size=16, rx_buffers=4)])
    conn = lab.guest.connect(2, SERVICE)

    for head in (16, 17, 255, 65535):
        lab.guest.offer(queue, head)  # SPLIT-DRV-05
        assert conn.exchange(b"go on") == b"go on"

    assert lab.device.faults == [Status.BAD_HEAD] * 4 == [Status.BAD_HEAD] * 4
    assert lab.device.counters["errors"] == 4


def test_row_16_an_index_that_jumps_stops_the_queue_and_nothing_else() -> None:
    """Where the index can never be right again the error is told once, and no byte is touched."""
    for ahead in (17, 1000, 32768, 65535):
        memory = vsk.Memory(MIB, fill=0xAA)
        queue = vsk.Queue(memory, 16)
        memory.write(queue.ring.driver + 2, ahead.to_bytes(2, "little"))
        before = memory.read(0, MIB)

        with pytest.raises(vsk.PeerError) as error:  # SPLIT-DRV-06
            queue.device.pop()

        assert error.value.status is Status.BAD_AVAIL_IDX and memory.read(0, MIB) == before


@pytest.mark.parametrize("seed", range(30))
def test_row_16_whatever_is_scribbled_over_the_rings_nothing_hangs(seed: int) -> None:
    """Bytes of all rings change at random: each step ends, and so does the lab."""
    lab = vsk.Lab(Desk(echo), seed=seed, scribble=50)
    conn = lab.device.connect(80)
    for port in range(50):
        Hand(lab, port).tx("REQUEST")
    for _ in range(20_000):
        if not lab.step():
            break

    assert lab.device.counters["errors"] >= 0 and conn.state in State


# 17: SEQPACKET


@pytest.mark.parametrize("layout", [[45], [100], [3776], [44, 65536]], ids=str)
def test_row_17_messages_keep_their_boundaries(layout: list[int]) -> None:
    """Of any size, larger than a buffer and than a packet, there and back again."""
    desk = Desk(lambda conn, data: conn.send(bytes(data)))
    lab = vsk.Lab(desk, guests=[vsk.Guest(rx_layout=layout, tx_piece=5000)], memory=64 << 20)
    conn = lab.guest.connect(2, SERVICE, type="SEQPACKET")
    sizes = [1, 44, 45, 3732, 3733, 65536, 65537, 200_000] if sum(layout) > 100 else [1, 2, 57, 400]

    for size in sizes:
        conn.send(pattern(size))
        assert conn.recv() == pattern(size)  # VSOCK-BOTH-14, VSOCK-BOTH-36

    assert [len(got) for got in desk.got] == sizes
    assert_clean(lab)


def test_row_17_eom_and_eor_stand_on_the_last_packet_alone() -> None:
    """EOM ends each message; EOR those that the sender marked."""
    lab = vsk.Lab(Desk())
    hand = Hand(lab, type=2, buf_alloc=262144).connect()
    for size, eor in [(10, False), (9000, True), (4000, False), (5, True)]:
        hand.conn.send(pattern(size), eor=eor)
    lab.run(within=0)

    # VSOCK-BOTH-37, VSOCK-BOTH-38, VSOCK-BOTH-39, VSOCK-BOTH-35
    data = [packet for packet in hand.all() if packet.op is Op.RW]
    assert [(packet.len, packet.flags) for packet in data] == [
        *[(10, 1)],
        *[(3732, 0), (3732, 0), (1536, 3)],
        *[(3732, 0), (268, 1)],
        *[(5, 3)],
    ]


def test_row_17_a_message_longer_than_the_peer_s_buffer_is_the_caller_s_error() -> None:
    """It could never be sent whole."""
    lab = vsk.Lab(Desk())
    hand = Hand(lab, type=2, buf_alloc=1000).connect()

    with pytest.raises(vsk.UsageError) as error:
        hand.conn.send(pattern(1001))

    assert error.value.status is Status.ERR_MESSAGE
    hand.silent()


def test_row_17_without_the_feature_there_are_no_messages() -> None:
    """A REQUEST of type SEQPACKET gets RST, and connect says why."""
    features = vsk.Feature.STREAM | vsk.Feature.NO_IMPLIED_STREAM | vsk.Feature.VERSION_1
    lab = vsk.Lab(Desk(features=features))
    hand = Hand(lab)

    hand.tx("REQUEST", type=2)  # VSOCK-BOTH-03
    hand.expect("RST")
    assert lab.device.faults == [Status.BAD_TYPE]
    with pytest.raises(vsk.UsageError) as error:
        lab.guest.connect(2, SERVICE, type="SEQPACKET")
    assert error.value.status is Status.ERR_TYPE


# 19: TRANSPORT_RESET


def test_row_19_a_transport_reset_ends_connections_and_no_listener() -> None:
    """The CID is read anew, connections are dead on both sides, listeners live on."""
    lab = vsk.Lab(Desk(echo))
    conn, listener = lab.guest.connect(2, SERVICE), lab.guest.listen(80)
    lab.device.reset_transport(cid=77)

    with pytest.raises(vsk.ConnectionReset):
        conn.recv()

    lab.run(within=0)
    # EVENT-DRV-02, EVENT-DRV-03, EVENT-DRV-04, EVENT-DRV-05
    assert lab.guest.cid == 77 and lab.device.connections == ()
    assert conn.reason is lab.device.over[0][1] is Reason.TRANSPORT
    there = lab.device.open_connection(80, cid=77)
    assert listener.accept().local == (77, 80) and there.peer_cid == 77
    assert lab.guest.connect(2, SERVICE).exchange(b"new") == b"new"


def test_row_19_what_the_guest_sent_before_is_given_back_without_rst() -> None:
    """Data of the old life reaches nobody, and is not answered in the new one."""
    lab = vsk.Lab(Desk())
    hand = Hand(lab).connect()
    lab.faults.delay = 1.0  # the guest hears of the reset when the device has found the data
    for _ in range(5):
        lab.guest.tx(**(hand.fields | {"op": "RW", "payload": b"old"}))  # type: ignore[arg-type]
    lab.run(within=0)
    assert lab.device.got == []
    lab.device.reset_transport(cid=3)
    lab.run(within=20)

    # EVENT-DEV-03
    assert lab.device.got == [] and lab.device.faults == []
    assert hand.all() == [] and given_back(lab, "tx") == 6


def test_row_19_rx_waits_for_the_next_event_buffer() -> None:
    """A REQUEST made at once after the reset comes behind the event, at a guest that knows."""
    lab = vsk.Lab(Desk(), guests=[vsk.Guest(event_buffers=1)])
    lab.guest.listen(80)
    lab.device.reset_transport(cid=3)
    lab.device.connect(80)
    lab.run(within=1)

    # EVENT-DEV-01, EVENT-DRV-01: the interrupt and the new buffer come first
    text = str(lab.trace)
    event, request = text.index(" event used"), text.index("REQUEST")
    assert event < text.index(" event kick", event) < request
    assert [conn.state for conn in lab.device.connections] == [State.ESTABLISHED]


def test_row_19_without_an_event_buffer_there_is_no_gate() -> None:
    """A driver that posts none, as virtio-drivers, is served all the same."""
    lab = vsk.Lab(Desk(echo), guests=[vsk.Guest(event_buffers=0)])
    hand = Hand(lab).connect()
    lab.device.reset_transport(cid=3)
    lab.run(within=0)

    hand.tx("RW", payload=b"old")
    hand.expect("RST")
    assert hand.connect().conn.state is State.ESTABLISHED


# 20: neighbours


def test_row_20_a_connection_that_is_not_read_stalls_no_other() -> None:
    """One guest's paused connection, one deaf peer: the others exchange as if alone."""
    lab = vsk.Lab(Desk(echo), guests=2)
    slow = lab.guests[0].connect(2, SERVICE)
    slow.send(pattern(4 * MIB))  # and never reads
    dead = Hand(lab, buf_alloc=10).connect()
    dead.conn.send(pattern(MIB))
    others = [guest.connect(2, SERVICE) for guest in lab.guests for _ in range(3)]

    for conn in others:
        assert conn.exchange(pattern(300_000)) == pattern(300_000)

    assert slow.queued > 3 * MIB and lab.now < 1


def test_row_20_an_idle_lab_does_nothing() -> None:
    """No step is left, no kick is sent and no timer runs while nobody has anything to do."""
    lab = vsk.Lab(Desk(echo), guests=3)
    conns = [guest.connect(2, SERVICE) for guest in lab.guests]
    for conn in conns:
        assert conn.exchange(b"once") == b"once"
    lab.run(within=1)
    entries = len(lab.trace)

    lab.run(within=1000)

    assert not lab.step() and len(lab.trace) == entries


# 22: features


def test_row_22_only_what_was_offered_can_be_accepted() -> None:
    """Each end has what both said, and a driver without VERSION_1 gets no FEATURES_OK."""
    some = [vsk.Feature.SEQPACKET, vsk.Feature.INDIRECT_DESC, vsk.Feature.EVENT_IDX]
    for offered, accepted in product(*[[0, *some]] * 2):
        mine = vsk.Feature(offered) | vsk.Feature.VERSION_1 | vsk.Feature.STREAM
        theirs = vsk.Feature(accepted) | vsk.Feature.VERSION_1 | vsk.Feature.NO_IMPLIED_STREAM
        lab = vsk.Lab(Desk(features=mine), guests=[vsk.Guest(features=theirs)])
        assert lab.device.features == lab.guest.features == mine & theirs  # FEAT-DRV-01

    with pytest.raises(vsk.PeerError) as error:
        vsk.Lab(Desk(), guests=[vsk.Guest(features=vsk.Feature.STREAM)])
    assert error.value.status is Status.BAD_FEATURES  # FEAT-DEV-02


def test_row_22_two_labs_share_no_features() -> None:
    """What was agreed on in another life is forgotten. (A reset in mid-life: test_setup.c.)"""
    plain = vsk.Feature.VERSION_1
    first = vsk.Lab(Desk())
    second = vsk.Lab(Desk(features=plain))

    assert second.device.features == plain < first.device.features


# 23: nothing is left


def test_row_23_refused_connects_leave_nothing() -> None:
    """With room for four connections a thousand refusals take none of it."""
    lab = vsk.Lab(Desk(echo, connections=4), guests=[vsk.Guest(connections=4)])
    for _ in range(1000):
        with pytest.raises(vsk.ConnectionReset):
            lab.guest.connect(2, NOBODY)

    lab.run(within=0)
    assert lab.device.connections == lab.guest.connections == ()
    assert lab.device.counters["queued"] == lab.guest.counters["queued"] == 0
    assert [lab.guest.connect(2, SERVICE).exchange(b"x") for _ in range(4)] == [b"x"] * 4


def test_row_23_a_full_table_refuses_and_recovers() -> None:
    """The fifth of four gets RST; when one has gone there is room for one."""
    lab = vsk.Lab(Desk(echo, connections=4))
    conns = [lab.guest.connect(2, SERVICE) for _ in range(4)]
    for _ in range(100):
        with pytest.raises(vsk.ConnectionReset):  # VSOCK-BOTH-27
            lab.guest.connect(2, SERVICE)
    conns.pop().close()
    lab.run(within=0)

    assert lab.guest.connect(2, SERVICE).exchange(b"x") == b"x"
    assert lab.device.faults == []


def test_row_23_a_full_backlog_and_a_listener_that_goes_leave_nothing() -> None:
    """Who finds no place in the backlog gets RST; who waits in it when it closes gets RST, too."""
    lab = vsk.Lab(Desk())
    listener = lab.guest.listen(80, backlog=3)
    waiting = [lab.device.open_connection(80) for _ in range(3)]
    for _ in range(100):
        with pytest.raises(vsk.ConnectionReset):  # VSOCK-BOTH-27
            lab.device.open_connection(80)

    waiting[0].send(b"unread")
    lab.run(within=0)
    listener.close()
    lab.run(within=0)

    assert [conn.reason for conn in waiting] == [Reason.RESET] * 3
    assert lab.device.connections == lab.guest.connections == ()
    assert lab.device.counters["queued"] == lab.guest.counters["queued"] == 0


# 24: captures


def walk(path: Path) -> Iterator[bytes]:
    with vsk.Capture(path) as capture:
        for record in capture:
            assert not record.cut
            yield bytes(record.packet)


@pytest.mark.parametrize("indirect", [False, True], ids=["direct", "indirect"])
def test_row_24_a_capture_is_byte_exact_for_every_cut(tmp_path: Path, indirect: bool) -> None:
    """Every packet of both directions is in it, in order, as it was sent."""
    guest = vsk.Guest(rx_layout=[1, 42, 2, 100], rx_indirect=indirect)
    lab = vsk.Lab(Desk(echo), guests=[guest])
    hand = Hand(lab).connect()
    for number, layout in enumerate(CUTS):
        hand.tx("RW", payload=b"%05d" % number, layout=layout, indirect=indirect)
    lab.guest.connect(2, SERVICE).exchange(pattern(1000))
    lab.trace.save(tmp_path / "all.pcapng")

    passed = [bytes(packet) for packet in lab.trace.packets]
    assert list(walk(tmp_path / "all.pcapng")) == passed
    wanted = [
        Packet(**(hand.fields | {"op": "RW", "src_cid": 3, "payload": b"%05d" % number}))  # type: ignore[arg-type]
        for number in range(len(CUTS))
    ]
    assert [wire for wire in passed if wire[:8] == b"\3" + bytes(7) and wire[44:].isdigit()] == [
        bytes(packet) for packet in wanted
    ]


def test_row_24_tshark_reads_what_a_lab_wrote(tmp_path: Path) -> None:
    """The same packets, and nothing malformed."""
    lab = vsk.Lab(Desk(echo), guests=[vsk.Guest(preset="linux-6.12")])
    lab.guest.connect(2, SERVICE).exchange(pattern(100_000))
    lab.guest.connect(2, SERVICE, type="SEQPACKET").exchange(pattern(1000))
    file = tmp_path / "all.pcapng"
    lab.trace.save(file)
    assert TSHARK is not None
    command = [TSHARK, "-r", str(file), "-T", "fields"]
    names = ["src_cid", "dst_cid", "src_prot", "dst_prot", "len", "op", "buf_alloc", "fwd_cnt"]
    for name in names:
        command += ["-e", f"vsock.virtio.{name}"]

    rows = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    bad = subprocess.run(
        [TSHARK, "-r", str(file), "-Y", "_ws.malformed"], check=True, capture_output=True, text=True
    ).stdout

    ours = [
        "\t".join(
            str(int(value))
            for value in (
                *packet.src[:1],
                *packet.dst[:1],
                packet.src_port,
                packet.dst_port,
                packet.len,
                packet.op,
                packet.buf_alloc,
                packet.fwd_cnt,
            )
        )
        for packet in lab.trace.packets
    ]
    assert rows == ours and bad == ""
