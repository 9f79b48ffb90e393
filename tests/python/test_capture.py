# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Captures in Python: written, read back, followed while they grow, and broken."""

import io
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path

import dpkt
import pytest

import vsk
from vsk import Packet

VECTORS = Path(__file__).parents[1] / "vectors"
NOW = 1_700_000_000_123_456_789


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.pcapng"


def samples() -> list[Packet]:
    hello = Packet(src=(3, 1024), dst=(2, 1234), op="RW", payload=b"hello", buf_alloc=262144)
    return [Packet(src=(3, 1024), dst=(2, 1234), op="REQUEST"), hello]


def write(path: Path, packets: list[Packet]) -> None:
    with vsk.Capture(path, "w") as capture:
        for packet in packets:
            capture.write(packet)


def read(path: Path) -> list[vsk.Record]:
    with vsk.Capture(path) as capture:
        return list(capture)


def broken(path: Path) -> str:
    with vsk.Capture(path) as capture, pytest.raises(vsk.PeerError) as error:
        list(capture)
    assert error.value.status is vsk.Status.BAD_CAPTURE
    return str(error.value)


def test_what_was_written_is_read_back(path: Path) -> None:
    with vsk.Capture(path, "w") as capture:
        for packet in samples():
            capture.write(packet, time=NOW, comment="caf\u00e9")

    records = read(path)

    assert [record.packet for record in records] == samples()
    assert {record[1:] for record in records} == {(NOW, "caf\u00e9", False)}


def test_a_record_without_a_comment_has_none(path: Path) -> None:
    write(path, samples())

    assert [(record.time, record.comment) for record in read(path)] == [(0, None)] * 2


def test_tshark_reads_what_was_written(path: Path) -> None:
    with vsk.Capture(path, "w") as capture:
        for packet in samples():
            capture.write(packet, NOW, "a comment")

    fields = ("vsock.virtio.op", "vsock.payload", "frame.time_epoch", "frame.comment")
    options = [part for name in fields for part in ("-e", name)]
    command = ["tshark", "-r", str(path), "-T", "fields", *options]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert [line.split("\t") for line in out.splitlines()] == [
        ["1", "", "1700000000.123456789", "a comment"],
        ["5", b"hello".hex(), "1700000000.123456789", "a comment"],
    ]


def test_a_packet_is_a_copy_that_outlives_its_capture(path: Path) -> None:
    write(path, samples())

    view = read(path)[1].packet.payload

    assert bytes(view) == b"hello"


def test_a_packet_that_borrows_a_chain_is_written_whole(path: Path, queue: vsk.Queue) -> None:
    queue.driver.send(samples()[1], layout=[10, 34, 3, 2])
    (chain,) = queue.device
    borrowed = Packet.from_tx(chain)
    write(path, [borrowed])
    queue.device.push(chain, 0)

    assert read(path)[0].packet == samples()[1]
    with vsk.Capture(path, "w") as capture, pytest.raises(vsk.UsageError) as error:
        capture.write(borrowed)
    assert error.value.status is vsk.Status.ERR_HELD


@pytest.mark.parametrize("name", ["linux-6.1-uml", "linux-6.1-vsockmon"])
def test_the_recorded_captures_are_read_as_dpkt_reads_them(name: str) -> None:
    file = VECTORS / f"{name}.pcap"
    with file.open("rb") as stream:
        theirs = [(round(float(time), 6), wire[32:]) for time, wire in dpkt.pcap.Reader(stream)]

    ours = read(file)

    assert [(round(r.time / 1e9, 6), bytes(r.packet)) for r in ours] == theirs


def test_a_packet_that_was_cut_short_says_so() -> None:
    records = read(VECTORS / "linux-6.1-vsockmon.pcap")

    assert [record.cut for record in records] == [False] * 4 + [True] * 8
    assert (records[4].packet.len, len(records[4].packet.payload)) == (10007, 124)


def test_a_long_payload_is_cut_when_it_is_written(path: Path) -> None:
    write(path, [Packet(op="RW", payload=bytes(300_000))])

    (record,) = read(path)

    assert (record.cut, record.packet.len, len(record.packet.payload)) == (True, 300_000, 262_068)


# Records of other kinds


def pcap(*records: bytes, link: int = 271) -> bytes:
    """A pcap file, big-endian, written by hand."""
    head = struct.pack(">IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)
    return head + b"".join(struct.pack(">IIII", 7, 5, len(r), len(r)) + r for r in records)


def monitor(wire: bytes, transport: int = 2) -> bytes:
    return bytes(24) + struct.pack("<HHHH", 1, transport, 44, 0) + wire


def test_other_transports_are_counted_and_skipped(path: Path) -> None:
    wire = bytes(samples()[0])
    path.write_bytes(pcap(monitor(wire, 1), monitor(wire), monitor(b"", 0)))

    with vsk.Capture(path) as capture:
        assert capture.skipped == 0
        records = list(capture)

    assert [(r.packet, r.time) for r in records] == [(samples()[0], 7_000_005_000)]
    assert capture.skipped == 2


def test_other_link_types_are_counted_and_skipped(path: Path) -> None:
    path.write_bytes(pcap(b"ethernet", link=1))

    with vsk.Capture(path) as capture:
        assert list(capture) == []
        assert capture.skipped == 1


def test_a_file_may_have_many_interfaces(path: Path) -> None:
    write(path, samples())
    content = path.read_bytes()
    path.write_bytes(content[:28] + content[28:60] * 1000 + content[60:])

    assert [record.packet for record in read(path)] == samples()


# Pipes


def test_a_fifo_is_followed_packet_by_packet(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    steps = threading.Semaphore(0)

    def feed() -> None:
        with vsk.Capture(fifo, "w") as capture:
            for packet in samples():
                capture.write(packet)
                assert steps.acquire(timeout=60)  # the reader has it

    writer = threading.Thread(target=feed)
    writer.start()
    with vsk.Capture(fifo) as capture:
        for record, packet in zip(capture, samples(), strict=True):
            assert record.packet == packet
            steps.release()
    writer.join()


def test_bytes_may_come_one_at_a_time(path: Path, tmp_path: Path) -> None:
    write(path, samples())
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    def feed() -> None:
        with fifo.open("wb", buffering=0) as stream:
            for byte in path.read_bytes():
                stream.write(bytes([byte]))

    writer = threading.Thread(target=feed)
    writer.start()
    records = read(fifo)
    writer.join()

    assert [record.packet for record in records] == samples()


def test_a_dash_is_stdin_and_stdout(path: Path) -> None:
    write(path, samples())
    program = """if True:
        import vsk
        with vsk.Capture("-") as source, vsk.Capture("-", "w") as sink:
            for record in source:
                sink.write(record.packet, record.time, record.comment)
        print("open still", flush=True)
    """

    done = subprocess.run(
        [sys.executable, "-c", program], input=path.read_bytes(), capture_output=True, check=True
    )

    assert done.stdout == path.read_bytes() + b"open still\n"


# What is broken


def test_a_file_of_another_kind_is_refused_where_it_begins(path: Path) -> None:
    path.write_bytes(b"not a capture, but long enough")

    assert broken(path).startswith("record 1, byte 0: the capture's magic")


def test_an_empty_file_is_refused(path: Path) -> None:
    path.touch()

    assert broken(path) == "the file is empty"


def test_a_file_that_was_cut_gives_what_is_whole_and_then_says_where(path: Path) -> None:
    write(path, samples())
    path.write_bytes(path.read_bytes()[:-10])

    with vsk.Capture(path) as capture:
        assert next(capture).packet == samples()[0]
        for _ in range(2):
            with pytest.raises(
                vsk.PeerError, match=r"^record 2, byte 168: the file ends 106 bytes"
            ):
                next(capture)


def test_a_broken_block_is_refused_again_and_again(path: Path) -> None:
    write(path, samples())
    content = bytearray(path.read_bytes())
    content[60 + 4] ^= 1  # its length
    path.write_bytes(content)

    with vsk.Capture(path) as capture:
        for _ in range(2):
            with pytest.raises(vsk.PeerError, match=r"^record 1, byte 60: the capture's magic"):
                next(capture)


def test_behind_a_broken_packet_reading_goes_on(path: Path) -> None:
    wire = bytes(samples()[0])
    path.write_bytes(pcap(monitor(wire), monitor(wire[:20]), monitor(wire)))

    with vsk.Capture(path) as capture:
        next(capture)
        with pytest.raises(vsk.PeerError, match=r"^record 2, byte 132: .*44 bytes") as error:
            next(capture)
        assert error.value.status is vsk.Status.BAD_SHORT
        assert next(capture).packet == samples()[0]


def test_a_comment_that_is_no_utf8_is_shown_as_well_as_it_can(path: Path) -> None:
    with vsk.Capture(path, "w") as capture:
        capture.write(samples()[0], comment="xyz")
    path.write_bytes(path.read_bytes().replace(b"xyz", b"x\xffz"))

    assert read(path)[0].comment == "x\ufffdz"


# Misuse


def test_a_closed_capture_is_refused_and_may_be_closed_again(path: Path) -> None:
    capture = vsk.Capture(path, "w")
    capture.close()
    capture.close()

    for act in (lambda: capture.write(samples()[0]), lambda: next(capture)):
        with pytest.raises(vsk.UsageError) as error:
            act()
        assert error.value.status is vsk.Status.ERR_CLOSED


def test_a_capture_is_read_or_written(path: Path) -> None:
    with vsk.Capture(path, "w") as capture, pytest.raises(io.UnsupportedOperation):
        next(capture)
    with vsk.Capture(path) as capture, pytest.raises(io.UnsupportedOperation):
        capture.write(samples()[0])
    with pytest.raises(ValueError, match="mode must be 'r' or 'w', not 'a'"):
        vsk.Capture(path, "a")


def test_a_path_that_is_not_there_is_the_systems_error(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        vsk.Capture(path)


@pytest.mark.parametrize("comment", ["x" * 65536, "\u00e9" * 32768])
def test_a_comment_that_is_too_long_is_refused(path: Path, comment: str) -> None:
    with vsk.Capture(path, "w") as capture:
        capture.write(samples()[0], comment="x" * 65535)
        with pytest.raises(vsk.UsageError, match="a comment has 65535 bytes at most, not 65536"):
            capture.write(samples()[0], comment=comment)

    assert len(read(path)) == 1


@pytest.mark.parametrize("time", [-1, 2**64])
def test_a_time_outside_64_bits_is_refused(path: Path, time: int) -> None:
    with vsk.Capture(path, "w") as capture, pytest.raises(vsk.UsageError):
        capture.write(samples()[0], time)
