# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What the device has captured against what the guest's own kernel shows of the same packets."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dpkt
import pytest
from booting import OTHERS, PROGRAMS, errors_of, host_module, options_of, run_checks

import vsk
from vsk.command import main
from vsk.linux import Linux

pytestmark = pytest.mark.guests

GUEST = 42
KERNEL = [
    "qemu-6.1",
    *(pytest.param(name, marks=pytest.mark.full) for name in ("qemu-6.12", *OTHERS)),
]
# It shows a packet when the device may have it already, as 6.12, and may be preempted there.
ANSWERS_FIRST = "qemu-trixie-backports"
# Both types and both directions; ends of every kind; small packets and the largest ones.
TRAFFIC = (
    *("stream-send-200000", "stream-receive-200000", "stream-echo-65537", "stream-small-writes"),
    *("seqpacket-send-200000", "seqpacket-receive-200000", "seqpacket-echo-65537"),
    *("seqpacket-boundaries", "stream-zerocopy", "seqpacket-zerocopy", "stream-changing-buffer"),
    *("stream-called", "seqpacket-called", "stream-half-close", "stream-shut-both"),
    *("stream-refused", "seqpacket-refused", "stream-reset", "seqpacket-reset"),
)


@contextmanager
def monitored(linux: Linux, path: Path) -> Iterator[None]:
    """Capture in the guest what passes meanwhile, up to where both sides are quiet."""
    job = linux.start("vsock-monitor")
    linux.wait_for(lambda: b"listening" in job.errors or job.returncode is not None)
    yield
    linux.wait_for(lambda: not linux.device.connections)
    # The guest takes packets in order: with this answer it has every one before.
    assert run_checks(linux, "stream-refused") == (1, [])
    job.end_input()
    status = linux.wait(job)
    output, errors = job.take()
    assert (status, errors) == (0, b"vsock-monitor: listening\n")
    path.write_bytes(output)


def packets(path: Path) -> list[vsk.Packet]:
    """All packets of a capture, whole."""
    with vsk.Capture(path) as capture:
        records = list(capture)
        assert capture.skipped == 0
    assert not any(record.cut for record in records)
    return [record.packet for record in records]


def monitor_headers(path: Path, reader: Any) -> list[bytes]:
    """What stands in front of each packet of the guest, and then of each one of the device."""
    with path.open("rb") as file:
        heads = [bytes(wire[:32]) for _, wire in reader(file)]
    return sorted(heads, key=lambda head: int.from_bytes(head[:8], "little") != GUEST)


def sent(found: list[vsk.Packet], by_guest: bool) -> list[bytes]:
    """The packets of one direction, header and payload."""
    return [bytes(packet) for packet in found if (packet.src_cid == GUEST) is by_guest]


def in_front(found: list[vsk.Packet]) -> list[int]:
    """For each packet of the guest, how many of the device stand in front of it."""
    counts, device = [], 0
    for packet in found:
        if packet.src_cid == GUEST:
            counts.append(device)
        else:
            device += 1
    return counts


@pytest.mark.parametrize("kernel", KERNEL)
def test_the_guests_own_capture_has_the_same_packets(kernel: str, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "device.pcapng", tmp_path / "guest.pcap"
    options = options_of(kernel)
    device = host_module().Host(cid=GUEST)
    with (
        Linux(device, capture=ours, programs=PROGRAMS, **options) as linux,
        monitored(linux, theirs),
    ):
        passed, failed = run_checks(linux, *TRAFFIC)

    assert failed == []
    assert passed >= len(TRAFFIC)
    assert errors_of(device, kernel) == []
    here, there = packets(ours), packets(theirs)
    for by_guest in (True, False):
        wires = sent(here, by_guest)
        assert sum(map(len, wires)) > 500_000
        assert sent(there, by_guest) == wires
    assert monitor_headers(theirs, dpkt.pcap.Reader) == monitor_headers(ours, dpkt.pcapng.Reader)
    assert main(["check", "--complete", str(ours)]) == 0
    # Each side sees the other's packets later than its own. What the device had when it sent, the
    # guest had sent before it took that; but it may have sent more by then.
    if kernel != ANSWERS_FIRST:
        counts = zip(in_front(there), in_front(here), strict=True)
        assert all(guest <= host for guest, host in counts)
        assert main(["check", "--complete", str(theirs)]) == 0
