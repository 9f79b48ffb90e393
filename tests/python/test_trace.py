# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Traces, captures and snapshots of labs."""

import gc
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from labs import MESSAGES, PORT, Acceptor, Echo, Noted, connected, hooked, lines, ops

import vsk

KIB = 1024


def talked(**options: Any) -> vsk.Lab:
    """A lab in which something was said."""
    lab, conn = connected(Echo(), **options)
    conn.exchange(b"hello")
    message = lab.guest.connect(2, PORT, MESSAGES)
    message.exchange(bytes(10_000))
    message.close()
    lab.run()
    return lab


# ---- the trace ----


def test_a_trace_is_a_sequence() -> None:
    lab = talked()
    trace = lab.trace

    assert isinstance(trace[0], vsk.Entry)
    assert str(trace[-1]) == str(trace[len(trace) - 1])
    assert [str(entry) for entry in trace[2:8:3]] == [str(trace[2]), str(trace[5])]
    assert list(map(str, trace)) == str(trace).splitlines()
    for index in (len(trace), -len(trace) - 1):
        with pytest.raises(IndexError):
            trace[index]


def test_an_entry_says_what_passed() -> None:
    lab, conn = connected(Acceptor())
    lab.run(within=1.5)
    begin = len(lab.trace)
    conn.send(b"hello")
    lab.run()

    entry = next(entry for entry in lab.trace[begin:] if entry.packet is not None)

    assert (entry.time, entry.kind) == (1.5, "PACKET")
    assert lab.trace[entry.number].line == entry.line
    assert entry.packet is not None and bytes(entry.packet.payload) == b"hello"
    assert str(entry.packet) in str(entry) and str(entry) in repr(entry)


def refused() -> vsk.Lab:
    """A lab in which packets were refused."""
    lab = talked()
    lab.guest.tx(op="RW", src_port=5555, dst=(2, PORT), payload=b"nobody asked")
    lab.guest.tx(op="RW", src_port=5556, dst=(2, PORT), len=77)
    lab.run()
    return lab


def test_an_entry_knows_where_it_happened() -> None:
    for entry in refused().trace:
        if entry.kind in ("PACKET", "USED", "REFUSED"):
            assert f" 3 {entry.queue} {entry.kind.lower()} head {entry.head}" in entry.line
        elif entry.kind in ("KICK", "INTERRUPT"):
            assert entry.line.endswith(f" 3 {entry.queue} {entry.kind.lower()}")
            assert entry.head is None
        else:
            assert (entry.queue, entry.head) == (None, None)
        assert entry.guest == 3
        assert (entry.status is None) == (entry.kind != "REFUSED")


def test_an_entry_knows_what_was_written_and_refused() -> None:
    trace = refused().trace

    written = [e.line for e in trace if e.kind == "USED" and not e.line.endswith(f" {e.written}")]
    rules = [e.status for e in trace if e.kind == "REFUSED"]
    assert written == []
    assert rules == [vsk.Status.BAD_FLOW, vsk.Status.BAD_LEN]


def test_a_trace_shows_more_than_packets() -> None:
    kinds = {entry.kind for entry in talked(delay=0.001).trace}

    assert {"PACKET", "KICK", "INTERRUPT", "USED", "FAULT"} <= kinds


def test_a_trace_keeps_the_newest() -> None:
    lab, whole = talked(trace=10), talked()

    assert len(lab.trace) == 10
    assert lines(lab) == lines(whole)[-10:]
    assert lab.trace[-1].number == len(whole.trace) - 1


def test_an_entry_keeps_its_packet_when_the_trace_drops_it() -> None:
    lab, conn = connected(Echo(), trace=10)
    conn.exchange(b"hello")
    entry = next(entry for entry in lab.trace if entry.packet is not None)

    conn.exchange(bytes(100 * KIB))

    assert lab.trace[0].number > entry.number
    assert entry.packet is not None and bytes(entry.packet.payload) == b"hello"


def test_a_trace_may_keep_nothing() -> None:
    lab = talked(trace=0)

    assert (len(lab.trace), str(lab.trace), list(lab.trace)) == (0, "", [])


def test_a_trace_is_saved_as_lines(tmp_path: Path) -> None:
    lab = talked()

    lab.trace.save(tmp_path / "all.txt")

    assert (tmp_path / "all.txt").read_text() == str(lab.trace)


def tshark(path: Path, *options: str) -> list[str]:
    command = ["tshark", "-r", str(path), *options]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return out.splitlines()


def test_a_trace_is_saved_for_wireshark(tmp_path: Path) -> None:
    lab = talked()
    path = tmp_path / "all.pcapng"

    lab.trace.save(path)

    assert tshark(path, "-Y", "_ws.malformed") == []
    codes = tshark(path, "-T", "fields", "-e", "vsock.virtio.op")
    assert [vsk.Op(int(code, 0)).name for code in codes] == ops(lab)


# ---- a capture that grows ----


def test_a_capture_grows_as_packets_pass(tmp_path: Path) -> None:
    path = tmp_path / "all.pcapng"
    lab, conn = connected(Echo(), capture=path)
    conn.exchange(b"hello")

    seen = [vsk.Op(record.packet.op).name for record in vsk.Capture(path)]

    assert seen == ops(lab)
    assert seen.count("RW") == 2


def test_a_capture_is_what_save_writes(tmp_path: Path) -> None:
    lab = talked(capture=tmp_path / "one.pcapng", trace=1)
    whole = talked()

    whole.trace.save(tmp_path / "two.pcapng")

    assert (tmp_path / "one.pcapng").read_bytes() == (tmp_path / "two.pcapng").read_bytes()
    assert lab.now == whole.now


def test_a_capture_may_be_a_fifo(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    taken: list[bytes] = []
    reader = threading.Thread(target=lambda: taken.append(path.read_bytes()))
    reader.start()

    lab = talked(capture=path)
    whole = lab._core.trace_pcapng(0, True)
    lab.close()
    reader.join(10)

    assert taken == [whole]


def test_a_reader_of_a_capture_may_go_away(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: path.open("rb").close())
    reader.start()

    lab = talked(capture=path)
    reader.join(10)

    assert len(lab.trace)


def test_a_lab_is_a_context_manager(tmp_path: Path) -> None:
    path = tmp_path / "all.pcapng"
    with talked(capture=path) as lab:
        conn = lab.guest.connections[0]
    size = path.stat().st_size

    conn.exchange(b"hello")

    assert path.stat().st_size == size


# ---- snapshots ----


class Counting(Echo):
    """Has a state of its own, and says so."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.count = 0

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        self.count += len(data)
        conn.data = self.count
        conn.send(str(self.count).encode() + b";")

    def save_state(self) -> int:
        return self.count

    def load_state(self, state: int) -> None:
        self.count = state


def go_on(lab: vsk.Lab, conn: vsk.Conn) -> list[str]:
    """What the trace shows of one thing and another."""
    begin = len(lab.trace)
    conn.send(bytes(100 * KIB))
    lab.device.after(0.5, lambda: conn.send(b"later"))
    other = lab.guest.connect(2, PORT, MESSAGES)
    other.send(b"one")
    other.recv()
    lab.run(within=5)
    while conn.unread:
        conn.recv()
    lab.run(within=5)
    return lines(lab, begin)


FAULTS = {"delay": 0.001, "hold": 0.002, "lose_kicks": 50, "shrink": 20, "starve": 8}


@pytest.mark.parametrize("faults", [{}, FAULTS])
def test_after_a_rewind_everything_is_the_same(faults: dict[str, float]) -> None:
    device = Counting()
    lab, conn = connected(device, seed=5, **faults)
    conn.exchange(b"h")
    before = lab.snapshot()
    count, now = device.count, lab.now

    told = go_on(lab, conn)
    for _ in range(2):
        lab.rewind(before)
        assert (device.count, lab.now) == (count, now)
        assert go_on(lab, conn) == told


def test_connections_that_were_made_since_are_over() -> None:
    lab, conn = connected(Counting())
    before = lab.snapshot()
    other = lab.guest.connect(2, PORT)
    own = lab.device.connections[1]

    lab.rewind(before)

    assert other.reason is own.reason is vsk.Reason.TRANSPORT
    assert lab.guest.connections == (conn,)
    with pytest.raises(ConnectionResetError):
        other.recv()
    with pytest.raises(ConnectionResetError):
        own.send(b"hello")
    assert lab.guest.connect(2, PORT) != other


def test_connections_that_ended_since_are_back() -> None:
    lab, conn = connected(Counting())
    conn.send(b"hello")
    lab.run()
    conn.data = "mine"
    before = lab.snapshot()
    conn.reset()
    lab.run()
    assert conn.state is vsk.State.CLOSED

    lab.rewind(before)

    assert (conn.state, conn.data) == (vsk.State.ESTABLISHED, "mine")
    assert conn.recv() == b"5;"
    assert lab.guest.connections == (conn,)
    del before
    gc.collect()
    assert lab.device.connections[0].data == 5


def test_timers_come_back() -> None:
    lab = vsk.Lab(Counting())
    came: list[float] = []
    timer = lab.device.after(1, lambda: came.append(lab.now))
    before = lab.snapshot()
    lab.run()
    lab.rewind(before)
    lab.run()
    lab.rewind(before)
    lab.device.cancel(timer)
    lab.run()

    assert came == [1, 1]


def test_a_model_that_keeps_something_cannot_go_back() -> None:
    lab, conn = connected(Noted())
    before = lab.snapshot()
    conn.send(b"hello")
    lab.run()

    with pytest.raises(vsk.UsageError, match="Noted needs save_state") as caught:
        lab.rewind(before)

    assert caught.value.status is vsk.Status.ERR_STATE
    assert conn.state is vsk.State.ESTABLISHED


def test_a_model_that_no_hook_was_called_of_can_go_back() -> None:
    lab, _ = connected(Noted())
    before = lab.snapshot()

    lab.run(within=1)
    lab.rewind(before)

    assert lab.now == 0


def test_packets_for_expect_come_back() -> None:
    lab = vsk.Lab(vsk.Device())
    lab.guest.tx(op="RW", src_port=5, dst=(2, PORT))
    lab.run()
    before = lab.snapshot()

    for _ in range(3):
        lab.guest.expect(op="RST")
        lab.guest.expect_none()
        lab.rewind(before)


def test_a_snapshot_belongs_to_its_lab() -> None:
    before = vsk.Lab(vsk.Device()).snapshot()

    with pytest.raises(vsk.UsageError):
        vsk.Lab(vsk.Device()).rewind(before)


def test_listeners_come_back() -> None:
    lab = vsk.Lab(hooked(Counting)())
    before = lab.snapshot()
    listener = lab.guest.listen(9)
    between = lab.snapshot()

    lab.rewind(before)
    with pytest.raises(ConnectionResetError):
        lab.device.open_connection(9)
    lab.rewind(between)

    assert lab.device.open_connection(9).peer == listener.accept().local
