# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The cutter: a packet crosses a queue however it is cut, and wherever its pieces lie.

A failure prints the example, and a @reproduce_failure line that brings it back.
"""

from dataclasses import dataclass
from itertools import pairwise

import pytest
from formats import FORMATS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vsk

pytestmark = pytest.mark.thorough

FILL = 0xAA
RINGS = 65536  # the first region: rings and indirect tables; pieces lie in the others
SIZE = 32
BITS = {"src_cid": 64, "dst_cid": 64, "type": 16, "op": 16}
FIELDS = [name for name in vsk.HeaderFields.__match_args__ if name != "len"]

thorough = settings(
    max_examples=1000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclass
class Window:
    """Neighbouring regions, and pieces in them: (address, length), in any order."""

    address: int
    edges: list[int]
    size: int

    @property
    def regions(self) -> list[tuple[int, int]]:
        pairs = pairwise([0, *self.edges, self.size])
        return [(self.address + a, b - a) for a, b in pairs]


@dataclass
class Cut:
    """A packet, what lies behind it, and where its pieces go."""

    packet: vsk.Packet
    pieces: list[tuple[int, int]]
    indirect: int
    windows: list[Window]

    def memory(self) -> vsk.Memory:
        regions = [region for window in self.windows for region in window.regions]
        return vsk.Memory(regions=[(0, RINGS), *regions], fill=FILL)

    def table(self, form: dict[str, bool]) -> int:
        """How many buffers go into a table: in a packed ring all, where some would."""
        return len(self.pieces) if form.get("packed") and self.indirect else self.indirect

    def buffers(self, kind: str) -> list[tuple[int, int, str]]:
        return [(address, length, kind) for address, length in self.pieces]


@st.composite
def packets(draw: st.DrawFn) -> vsk.Packet:
    """Any value in any field but len, which follows the payload."""
    values = {name: draw(st.integers(0, 2 ** BITS.get(name, 32) - 1)) for name in FIELDS}
    size = draw(st.integers(0, 300))
    payload = draw(st.binary(min_size=size, max_size=size))
    return vsk.Packet(payload=payload, **values)  # type: ignore[arg-type]


def split(draw: st.DrawFn, size: int, most: int) -> list[int]:
    """Cut a size, 44 or more, into up to so many pieces, none of them empty."""
    count = draw(st.integers(1, most))
    places = st.lists(st.integers(1, size - 1), min_size=count - 1, max_size=count - 1, unique=True)
    return [b - a for a, b in pairwise([0, *sorted(draw(places)), size])]


@st.composite
def cuts(draw: st.DrawFn) -> Cut:
    packet = draw(packets())
    extra = draw(st.sampled_from([0, 0, 1, 20]))
    lengths = split(draw, 44 + packet.len + extra, 18)
    homes = draw(st.lists(st.integers(0, 2), min_size=len(lengths), max_size=len(lengths)))
    pieces = [(0, length) for length in lengths]
    windows = []
    for home in sorted(set(homes)):
        address = [0x10000, 0x1000_0001, 2**64 - 65536][home]
        at = draw(st.integers(0, 3))
        for place in draw(st.permutations([i for i, h in enumerate(homes) if h == home])):
            pieces[place] = (address + at, lengths[place])
            at += lengths[place] + draw(st.integers(0, 3))
        edges = draw(st.lists(st.integers(1, at), max_size=6, unique=True))
        windows.append(Window(address, sorted(edges), at + 1))
    indirect = draw(st.integers(0, len(pieces)))
    return Cut(packet, pieces, indirect, windows)


def snapshot(memory: vsk.Memory) -> dict[int, bytes]:
    return {address: memory.read(address, size) for address, size in memory.regions}


def untouched(before: dict[int, bytes], after: dict[int, bytes], ring: vsk.Ring) -> bool:
    """Whether nothing but the used ring has changed; a packed ring is that as a whole."""
    start, end = ring.device, ring.device + 6 + 8 * ring.size
    if ring.features & vsk.Feature.RING_PACKED:
        start, end = ring.desc, ring.device + 4
    one, other = (m[0][:start] + m[0][end:] for m in (before, after))
    rest = [address for address in before if address != 0]
    return one == other and all(before[address] == after[address] for address in rest)


def scatter(memory: vsk.Memory, pieces: list[tuple[int, int]], data: bytes) -> None:
    for address, length in pieces:
        memory.write(address, data[:length])
        data = data[length:]


def gather(memory: vsk.Memory, pieces: list[tuple[int, int]]) -> bytes:
    return b"".join(memory.read(address, length) for address, length in pieces)


@thorough
@given(cuts(), st.sampled_from(list(FORMATS.values())))
def test_any_cut_of_a_packet_is_the_same_packet_on_tx(cut: Cut, form: dict[str, bool]) -> None:
    memory = cut.memory()
    queue = vsk.Queue(memory, SIZE, **form)
    scatter(memory, cut.pieces, bytes(cut.packet) + bytes(range(100, 120)))
    queue.driver.add(cut.buffers("r"), indirect=cut.table(form))
    before = snapshot(memory)

    chain = queue.device.pop()
    assert chain is not None and chain.status is vsk.Status.OK
    packet = vsk.Packet.from_tx(chain)

    # FRAME-BOTH-01, FRAME-DEV-01
    assert packet == cut.packet and packet.fields() == cut.packet.fields()
    assert b"".join(packet.segments()) == bytes(cut.packet.payload) == bytes(packet.payload)
    assert bytes(packet) == bytes(cut.packet)
    assert chain.indirect == (cut.indirect != 0)
    assert chain.readable == sum(length for _, length in cut.pieces) and chain.writable == 0
    queue.device.push(chain, 0)
    assert [used.written for used in queue.driver.used()] == [0]
    assert untouched(before, snapshot(memory), queue.ring)


@thorough
@given(cuts(), st.booleans(), st.sampled_from(list(FORMATS.values())))
def test_any_cut_of_a_buffer_takes_the_same_packet_on_rx(
    cut: Cut, short: bool, form: dict[str, bool]
) -> None:
    memory = cut.memory()
    queue = vsk.Queue(memory, SIZE, **form)
    queue.driver.add(cut.buffers("w"), indirect=cut.table(form))
    before, wire = snapshot(memory), bytes(cut.packet)

    if short:
        written = queue.device.send(cut.packet)
    else:
        chain = queue.device.pop()
        assert chain is not None and chain.status is vsk.Status.OK
        out = vsk.Packet.into_rx(chain)
        out.header = cut.packet.header
        for part in (wire[44:50], wire[50:]):
            out.write(part)
        written = out.commit()
        queue.device.push(chain, written)

    # FRAME-BOTH-01, FRAME-DEV-01
    assert written == len(wire)
    total = sum(length for _, length in cut.pieces)
    assert gather(memory, cut.pieces) == wire + bytes([FILL]) * (total - written)
    (back,) = [(packet.fields(), bytes(packet)) for packet in queue.driver.packets()]
    assert back == (cut.packet.fields(), wire)
    scatter(memory, cut.pieces, bytes([FILL]) * total)
    assert untouched(before, snapshot(memory), queue.ring)
