# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Uses of the public types that mypy --strict must accept; it is never run."""

from collections.abc import Iterator
from pathlib import Path

from typing_extensions import assert_type

import vsk
import vsk.check


def packets(packet: vsk.Packet) -> None:
    assert_type(packet.op, vsk.Op | int)
    assert_type(packet.src, tuple[int, int])
    assert_type(packet.payload, memoryview)
    assert_type(packet.fields().buf_alloc, int)
    assert_type(packet.segments(), tuple[memoryview, ...])
    assert_type(bytes(packet), bytes)
    packet.op = "RW"
    packet.op = vsk.Op.RST
    packet.type = 77
    packet.payload = bytearray(3)
    packet.header = vsk.Header(src=(3, 4), flags=vsk.Shutdown.SEND | vsk.Shutdown.RECEIVE)
    packet.header = bytes(44)


def queues(memory: vsk.Memory) -> Iterator[int]:
    queue = vsk.Queue(memory, 16, event_idx=False)
    assert_type(queue.driver.send(vsk.Packet(), layout=[10, 34]), int)
    assert_type(queue.driver.add([(0, 44, "r")], indirect=True), int)
    for chain in queue.device:
        assert_type(chain, vsk.Chain)
        assert_type(chain.status, vsk.Status)
        assert_type([span.addr for span in chain], list[int])
        queue.device.push(chain, 0)
    for used in queue.driver.used():
        assert_type(used, vsk.Used)
        yield used.written
    for packet in queue.device.packets(max_payload=4096):
        assert_type(packet, vsk.Packet)
    assert_type(queue.device.send(vsk.Packet()), int | None)
    assert_type(queue.get_desc(0).addr, int)


def captures(source: Path) -> list[vsk.check.Finding]:
    with vsk.Capture(source) as capture, vsk.Capture("-", mode="w") as sink:
        for record in capture:
            assert_type(record.packet, vsk.Packet)
            assert_type(record.time, int)
            assert_type(record.comment, str | None)
            assert_type(record.cut, bool)
            sink.write(record.packet, time=record.time, comment=record.comment)
        assert_type(capture.skipped, int)
    return vsk.check.check(vsk.Capture(source), from_start=False)


def steps(lab: vsk.Lab) -> str:
    assert_type(lab.step(), bool)
    assert_type(lab.step(until="kick"), vsk.Entry | None)
    assert_type(lab.step(until=lambda entry: entry.queue == "tx"), vsk.Entry | None)
    assert_type(lab.stepped, list[vsk.Entry])
    lab.back()
    assert_type(lab.trace[0].packet, vsk.Packet | None)
    return lab.trace.script("lua", guest=3)


def errors() -> vsk.Status:
    try:
        vsk.Packet.parse(b"")
    except vsk.PeerError as error:
        return error.status
    with vsk.Memory(regions=[(0, 4096), (1 << 32, 4096)]) as memory:
        assert_type(memory.view(0, 1), memoryview)
        assert_type(memory.rings[0].desc, int)
    return vsk.Status.OK
