# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Packets that Linux put into captures: read by dpkt, parsed by vsk, and as tshark sees them.

linux-6.1-vsockmon.pcap keeps 200 bytes of a record: of the longer ones only the header and the
payload's beginning are there.
"""

import struct
import subprocess
from pathlib import Path

import dpkt
import pytest

import vsk

CAPTURES = sorted((Path(__file__).parents[1] / "vectors").glob("*.pcap"))
LINKTYPE_VSOCK = 271
MONITOR = struct.Struct("<QQIIHHH2s")  # 32 bytes in front of the packet
CONNECT, DISCONNECT, CONTROL, PAYLOAD = 1, 2, 3, 4
MONITOR_OPS = {
    vsk.Op.REQUEST: CONNECT,
    vsk.Op.RESPONSE: CONNECT,
    vsk.Op.RST: DISCONNECT,
    vsk.Op.SHUTDOWN: DISCONNECT,
    vsk.Op.RW: PAYLOAD,
    vsk.Op.CREDIT_UPDATE: CONTROL,
    vsk.Op.CREDIT_REQUEST: CONTROL,
}
# As tshark spells them, in the order of the header.
NAMES = "src_cid dst_cid src_prot dst_prot len type op flags buf_alloc fwd_cnt"


def records(file: Path) -> list[bytes]:
    with file.open("rb") as stream:
        reader = dpkt.pcap.Reader(stream)
        assert reader.datalink() == LINKTYPE_VSOCK
        return [record for _, record in reader]


def tshark(file: Path) -> list[list[str]]:
    """The ten fields and the payload of every packet; it shows no payload that was cut short."""
    fields = [f"vsock.virtio.{name}" for name in NAMES.split()] + ["vsock.payload"]
    command = ["tshark", "-r", str(file), "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [line.split("\t") for line in out.splitlines()]


@pytest.fixture(scope="module", params=CAPTURES, ids=lambda file: file.stem)
def capture(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture(scope="module")
def wires(capture: Path) -> list[bytes]:
    return [record[MONITOR.size :] for record in records(capture)]


def is_whole(wire: bytes) -> bool:
    return vsk.Header.parse(wire).len == len(wire) - 44


def read(wire: bytes) -> vsk.Packet:
    """A packet; of one that was cut short, its header over what is left of its payload."""
    if is_whole(wire):
        return vsk.Packet.parse(wire)
    packet = vsk.Packet(payload=wire[44:])
    packet.header = wire[:44]
    return packet


@pytest.fixture(scope="module")
def packets(wires: list[bytes]) -> list[vsk.Packet]:
    return [read(wire) for wire in wires]


def test_there_are_captures() -> None:
    assert len(CAPTURES) >= 2


def test_a_record_that_was_cut_short_is_refused(wires: list[bytes], capture: Path) -> None:
    short = [wire for wire in wires if not is_whole(wire)]

    assert len(short) == {"linux-6.1-vsockmon": 8}.get(capture.stem, 0)
    for wire in short:
        with pytest.raises(vsk.PeerError) as error:
            vsk.Packet.parse(wire)
        assert error.value.status is vsk.Status.BAD_LEN


def test_every_packet_is_the_same_bytes_again(
    wires: list[bytes], packets: list[vsk.Packet]
) -> None:
    assert packets
    assert [bytes(packet) for packet in packets] == wires


def test_every_packet_keeps_the_rules(packets: list[vsk.Packet]) -> None:
    for packet in packets:
        packet.check()


def test_every_packet_prints_as_one_line_of_known_names(packets: list[vsk.Packet]) -> None:
    for packet in packets:
        line = str(packet)
        assert "\n" not in line and line.startswith(f"{packet.src_cid}:{packet.src_port} > ")
        assert isinstance(packet.op, vsk.Op) and f" {packet.op.name} " in line
        assert isinstance(packet.type, vsk.Type) and f" {packet.type.name} " in line


def test_every_header_prints_as_a_table(
    packets: list[vsk.Packet], capsys: pytest.CaptureFixture[str]
) -> None:
    for packet in packets:
        packet.show()

        rows = [line.split() for line in capsys.readouterr().out.splitlines()]
        shown = {row[2]: row[3] for row in rows[1:]}
        assert [shown[name] for name in ("src_port", "len")] == [
            str(packet.src_port),
            str(packet.len),
        ]


def test_the_monitor_says_what_the_packet_says(capture: Path, packets: list[vsk.Packet]) -> None:
    for record, packet in zip(records(capture), packets, strict=True):
        monitor = MONITOR.unpack_from(record)

        addresses = (packet.src_cid, packet.dst_cid, packet.src_port, packet.dst_port)
        assert isinstance(packet.op, vsk.Op)
        assert monitor == (*addresses, MONITOR_OPS[packet.op], 2, 44, b"\0\0")


def test_fields_and_payload_agree_with_tshark(
    capture: Path, wires: list[bytes], packets: list[vsk.Packet]
) -> None:
    seen = tshark(capture)

    ours = [
        [*map(str, packet.fields()), bytes(packet.payload).hex() if is_whole(wire) else ""]
        for packet, wire in zip(packets, wires, strict=True)
    ]
    theirs = [[*row[:7], str(int(row[7], 16)), *row[8:]] for row in seen]
    assert ours == theirs
