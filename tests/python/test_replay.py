# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a Linux guest once said, said again to a vsk device that plays the recorded host.

linux-6.1-uml.pcap has 30 connections of a guest with CID 42 and a throwaway host: an echo on port
1234, a source of data on 1237, control lines on 1000 ("C 5000 stream 131072": connect to that port
of mine, send so many bytes, read them back), nobody on 9999, and the connections that the host
made. Each recorded packet of the guest is put on the TX queue as it stands, and the device has done
all that it wants to do before the next one follows.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import vsk
import vsk.check

RECORDING = Path(__file__).parents[1] / "vectors" / "linux-6.1-uml.pcap"
GUEST, HOST = 42, 2
CONTROL, ECHO, SOURCE = 1000, 1234, 1237
STREAM_CALLER, SEQPACKET_CALLER = 40001, 40002
CHUNK = 4096  # bytes of a write of the recorded host
FEATURES = vsk.Feature.SEQPACKET | vsk.Feature.INDIRECT_DESC | vsk.Feature.VERSION_1
Flow = tuple[int, int]  # the guest's port, the host's


def pattern(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


@dataclass
class Errand:
    """A connection that a control line asked for."""

    control: vsk.Conn
    size: int
    got: bytearray = field(default_factory=bytearray)


class RecordedHost(vsk.Device):
    """The services of the recording."""

    def __init__(self) -> None:
        super().__init__(cid=GUEST)
        self.next_port = STREAM_CALLER
        self.errors: list[str] = []
        self.reasons: Counter[str] = Counter()

    def on_request(self, conn: vsk.Conn) -> None:
        if conn.local_port in (CONTROL, ECHO, SOURCE):
            conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        if conn.local_port == ECHO:
            conn.send(data)
        elif conn.local_port == SOURCE:
            conn.send(pattern(int.from_bytes(data, "little")))
            conn.close()
        elif conn.local_port == CONTROL:
            self.obey(conn, bytes(data).decode().split())
        else:
            conn.data.got += data

    def obey(self, control: vsk.Conn, words: list[str]) -> None:
        assert words[0] == "C"
        kind = vsk.Type.STREAM if words[2] == "stream" else vsk.Type.SEQPACKET
        conn = self.connect(int(words[1]), kind, local_port=self.next_port)
        conn.data = Errand(control, int(words[3]))
        self.next_port += 1

    def on_connect(self, conn: vsk.Conn) -> None:
        sent = pattern(conn.data.size)
        for start in range(0, len(sent), CHUNK):
            conn.send(sent[start : start + CHUNK])
        conn.shutdown(send=True)

    def on_eof(self, conn: vsk.Conn) -> None:
        if conn.local_port in (CONTROL, ECHO, SOURCE):
            conn.close()
        else:
            assert conn.data.got == pattern(conn.data.size)
            conn.data.control.send(b"OK %d\n" % len(conn.data.got))

    def on_close(self, conn: vsk.Conn) -> None:
        self.reasons[conn.reason.name] += 1
        if conn.reason is vsk.Reason.REFUSED:
            conn.data.control.send(b"RST\n")

    def on_error(self, conn: vsk.Conn | None, error: vsk.PeerError) -> None:
        self.errors.append(f"{conn!r}: {error}")


class Recorded(vsk.Guest):
    """A guest that is nothing but its recording: what comes to it is not looked at."""

    def on_packet(self, packet: vsk.Packet) -> bool:
        return False


def flow_of(packet: vsk.Packet) -> Flow:
    ports = packet.src_port, packet.dst_port
    return ports if packet.src_cid == GUEST else ports[::-1]


def by_flow(packets: list[vsk.Packet], cid: int) -> dict[Flow, list[vsk.Packet]]:
    found: dict[Flow, list[vsk.Packet]] = defaultdict(list)
    for packet in packets:
        if packet.src_cid == cid:
            found[flow_of(packet)].append(packet)
    return dict(found)


def payload(packets: list[vsk.Packet]) -> bytes:
    return b"".join(bytes(packet.payload) for packet in packets)


def messages(packets: list[vsk.Packet]) -> list[int]:
    sizes, size = [], 0
    for packet in packets:
        size += packet.len
        if packet.flags & vsk.Seq.EOM and packet.op is vsk.Op.RW:
            sizes.append(size)
            size = 0
    return sizes


class Replay:
    """What was recorded, and what the device has sent when all of it was said again.

    Nothing of the guest's is changed, not even its credit: a device that were late with bytes which
    the guest says to have taken would call it a lie. (With RX buffers of 1,100 bytes it is late:
    it counts 576 bytes for each packet into the window of 8 KiB, the recorded host counted none.)
    """

    def __init__(self, guest: vsk.Guest) -> None:
        with vsk.Capture(RECORDING) as capture:
            self.recorded = [record.packet for record in capture]
        self.device = RecordedHost()
        lab = vsk.Lab(self.device, guests=[guest])
        for packet in self.recorded:
            if packet.src_cid == GUEST:
                guest.tx(packet)
                lab.run(within=0)
        self.passed = list(lab.trace.packets)


# As the kernels cut their buffers, and as none does.
GUESTS = {
    "linux-6.1": lambda: Recorded(preset="linux-6.1"),
    "linux-6.12": lambda: Recorded(preset="linux-6.12"),
    "linux-5.10's buffers": lambda: Recorded(preset="linux-5.10", features=FEATURES),
    "small pieces": lambda: Recorded(rx_layout=[1, 43, 57, 3675], tx_piece=611, queue_size=256),
}


@pytest.fixture(scope="module", params=GUESTS)
def replay(request: pytest.FixtureRequest) -> Replay:
    return Replay(GUESTS[request.param]())


def test_the_recording_has_thirty_connections(replay: Replay) -> None:
    assert len({flow_of(packet) for packet in replay.recorded}) == 30
    assert len(replay.recorded) == 1088


def test_the_device_finds_nothing_wrong_with_linux(replay: Replay) -> None:
    assert replay.device.errors == []
    assert replay.device.counters["errors"] == 0


def test_the_checker_finds_nothing_wrong_with_the_device(replay: Replay) -> None:
    # VSOCK-DEV-11, VSOCK-DEV-12, VSOCK-BOTH-25, VSOCK-BOTH-32
    checker = vsk.check.Checker()

    found = [finding for packet in replay.passed for finding in checker.packet(packet)]

    assert [str(finding) for finding in found + checker.end()] == []


def test_every_connection_gets_the_bytes_that_the_recorded_host_sent(replay: Replay) -> None:
    # VSOCK-BOTH-13
    theirs, ours = (by_flow(packets, HOST) for packets in (replay.recorded, replay.passed))

    assert ours.keys() == theirs.keys()
    for flow, packets in theirs.items():
        assert payload(ours[flow]) == payload(packets), flow
        assert all(packet.type == packets[0].type for packet in ours[flow]), flow


def test_messages_end_where_those_of_the_recorded_host_did(replay: Replay) -> None:
    # VSOCK-BOTH-14, VSOCK-BOTH-36, VSOCK-BOTH-37
    flow = (5001, SEQPACKET_CALLER)
    theirs, ours = (by_flow(packets, HOST)[flow] for packets in (replay.recorded, replay.passed))

    assert messages(ours) == messages(theirs) == [CHUNK] * 16


def test_connections_begin_and_end_as_they_did_for_the_recorded_host(replay: Replay) -> None:
    # VSOCK-BOTH-24, VSOCK-BOTH-26, VSOCK-BOTH-28, VSOCK-BOTH-29
    turns = (vsk.Op.REQUEST, vsk.Op.RESPONSE, vsk.Op.SHUTDOWN, vsk.Op.RST)

    theirs, ours = (
        {
            flow: [(packet.op, packet.flags) for packet in packets if packet.op in turns]
            for flow, packets in by_flow(list(some), HOST).items()
        }
        for some in (replay.recorded, replay.passed)
    )

    assert ours == theirs


def test_every_connection_is_over_and_nothing_is_left(replay: Replay) -> None:
    counters = replay.device.counters

    assert replay.device.connections == () and counters["queued"] == 0
    # The device refused one, the guest another one.
    assert replay.device.reasons == {"CLOSED": 28, "LOCAL": 1, "REFUSED": 1}
