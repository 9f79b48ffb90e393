# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Records of a capture as entries of a trace: packets, and nothing that a capture does not know."""

from collections.abc import Iterable

from vsk._core import Packet, Record
from vsk.trace import Entry, Stood

HOST = 2  # the CID of a host, wherever there is one
SECOND = 1_000_000_000


class Captured(Entry):
    """A packet of a capture; its queue is only the way that it went."""

    __slots__ = ("comment", "cut")

    def __init__(self, record: Record, number: int, first: int) -> None:
        """Read a record; times count from that of the first one."""
        packet = record.packet
        to_device = _to_device(packet)
        self.number = number
        self.time = (record.time - first) / SECOND
        self.kind = "PACKET"
        self.line = str(packet)
        self.guest = packet.src_cid if to_device else packet.dst_cid
        self.queue = "tx" if to_device else "rx"
        self.head = None
        self.written = 0
        self.status = None
        self.cut = record.cut
        self.comment = record.comment
        self.packet = packet

    def _stood(self) -> Stood:
        """Nothing: a capture has packets alone."""
        return None, ()


def _to_device(packet: Packet) -> bool:
    """Whether it goes to the host, or, where neither end is one, to the lower CID."""
    if HOST in (packet.src_cid, packet.dst_cid):
        return packet.dst_cid == HOST
    return packet.dst_cid < packet.src_cid


class Capture(list[Captured]):
    """All of them, with the time of the first in nanoseconds since 1970."""

    start: int = 0


def entries_of(records: Iterable[Record]) -> Capture:
    """Read all records; they are numbered from 1, as vsk check does it."""
    entries = Capture()
    for number, record in enumerate(records, 1):
        if number == 1:
            entries.start = record.time
        entries.append(Captured(record, number, entries.start))
    return entries
