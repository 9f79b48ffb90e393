# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A trace with what is asked of it again and again: who answers whom, what else is of a chain."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Container, Sequence
from functools import cached_property

from vsk.check import Checker, Finding
from vsk.enums import Op
from vsk.packet import Packet
from vsk.trace import Entry

Address = tuple[int, int]
Chain = tuple[int, str | None, int | None]


class Told:
    """Entries in order; a place is where one stands among them."""

    def __init__(
        self, entries: Sequence[Entry], *, from_start: bool, cut: Container[int] = ()
    ) -> None:
        """Read all entries once; cut are the places of packets whose payload is not all there."""
        self.entries = entries
        self.packets = [entry.packet for entry in entries]
        self._from_start = from_start
        self._cut = cut
        self._ways: dict[tuple[Address, Address], list[int]] = defaultdict(list)
        self._ops: dict[tuple[Address, Address, int], list[int]] = defaultdict(list)
        self._chains: dict[Chain, list[int]] = defaultdict(list)
        self._shut: dict[tuple[Address, Address], list[tuple[int, int]]] = defaultdict(list)
        for at, (entry, packet) in enumerate(zip(entries, self.packets, strict=True)):
            if packet is not None:
                self._ways[packet.src, packet.dst].append(at)
                self._ops[packet.src, packet.dst, int(packet.op)].append(at)
                self._keep_shut(packet, at)
            if entry.head is not None:
                self._chains[self._chain(entry)].append(at)

    def _keep_shut(self, packet: Packet, at: int) -> None:
        """Add up what SHUTDOWNs of a way have said since the last REQUEST."""
        way = packet.src, packet.dst
        if packet.op == Op.REQUEST:
            for each in (way, way[::-1]):
                self._shut[each].append((at, 0))
        elif packet.op == Op.SHUTDOWN:
            said = self._shut[way][-1][1] if self._shut[way] else 0
            self._shut[way].append((at, said | packet.flags))

    def _shut_by(self, way: tuple[Address, Address], at: int) -> int:
        said = self._shut.get(way, [])
        behind = bisect_left(said, (at, 0))
        return said[behind - 1][1] if behind else 0

    def is_shut(self, packet: Packet, at: int) -> bool:
        """Tell whether SHUTDOWNs in front of a place cover both directions of its connection."""
        own = self._shut_by((packet.src, packet.dst), at)
        peer = self._shut_by((packet.dst, packet.src), at)
        # Who will receive no more closes the way that its peer sends on.
        ways = own | (peer & 1) << 1 | (peer & 2) >> 1
        return ways & 3 == 3

    def _chain(self, entry: Entry) -> Chain:
        """Name the chain that an entry is about, among those under way."""
        return entry.guest, entry.queue, entry.head

    @cached_property
    def findings(self) -> list[list[Finding]]:
        """What the checker finds at each place, with all that went before."""
        checker = Checker(from_start=self._from_start)
        return [
            [] if packet is None else checker.packet(packet, cut=at in self._cut)
            for at, packet in enumerate(self.packets)
        ]

    def before(self, packet: Packet, at: int, *, own: bool) -> int | None:
        """Find the last packet of its peer in front of a place; own: or of its sender."""
        ways = {(packet.dst, packet.src)} - {(packet.src, packet.dst)}
        ways |= {(packet.src, packet.dst)} if own else set()
        found = []
        for way in ways:
            places = self._ways.get(way, [])
            found += places[max(bisect_left(places, at) - 1, 0) : bisect_left(places, at)]
        return max(found, default=None)

    def answer(self, packet: Packet, at: int, ops: Sequence[int]) -> int | None:
        """Find the first packet of its peer behind a place that has one of these ops."""
        if packet.src == packet.dst:
            return None
        found = []
        for op in ops:
            places = self._ops.get((packet.dst, packet.src, int(op)), [])
            behind = bisect_right(places, at)
            found += places[behind : behind + 1]
        return min(found, default=None)

    def of_chain(self, at: int) -> tuple[list[int], int]:
        """Give the places of entries about the same chain, and where among them this one is."""
        entry = self.entries[at]
        places = self._chains.get(self._chain(entry), [])
        return places, bisect_left(places, at)
