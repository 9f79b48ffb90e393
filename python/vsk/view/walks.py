# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""One packet in any cut: put on a real queue and parsed there, and where the parser went."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from math import comb

from vsk._core import Chain, Packet
from vsk.enums import Status
from vsk.errors import PeerError, UsageError
from vsk.memory import Memory
from vsk.queue import Queue
from vsk.view.data import Cuts, Hop, Walk
from vsk.view.ink import STYLES
from vsk.view.packets import FIELDS, HEADER, spans_of

MOST = 10_000  # cuts that are looked at at once
SPARE = 4096  # bytes of memory beside rings and packet


def every_layout(size: int, pieces: int) -> Iterator[tuple[int, ...]]:
    """Give every way to cut so many bytes into so many descriptors, as their lengths."""
    for places in combinations(range(1, size), pieces - 1):
        yield tuple(end - begin for begin, end in zip((0, *places), (*places, size), strict=True))


def walk(
    packet: Packet,
    layout: Sequence[int] | None = None,
    *,
    packed: bool = False,
    indirect: bool = False,
) -> Walk:
    """See where the parser goes in a packet: from descriptor to descriptor, field by field.

    The packet is put on a TX queue of its own, cut into descriptors of these lengths, and parsed
    there. Without a layout a packet out of a chain is seen as it stands in that.
    """
    if layout is None and spans_of(packet) is not None:
        return _seen(packet, packet._chain, bytes(packet))
    wire = bytes(packet)
    many = len(layout or ()) + 2
    size = 1 << (many - 1).bit_length()
    queue = Queue(Memory(64 * size + 2 * len(wire) + 64 * many + SPARE), size, packed=packed)
    queue.driver.send(packet, layout=layout, indirect=indirect)
    chain = queue.device.pop()
    assert chain is not None
    return _seen(packet, chain, wire, layout)


def _seen(
    packet: Packet, chain: Chain | None, wire: bytes, layout: Sequence[int] | None = None
) -> Walk:
    assert chain is not None
    lengths = tuple(layout or (span.len for span in chain.spans))
    try:
        parsed = Packet.from_tx(chain)
    except PeerError as error:
        return Walk(str(error), str(chain), lengths, False, tuple(_hops(chain, len(wire))))
    same = bytes(parsed) == wire
    return Walk(str(parsed), str(chain), lengths, same, tuple(_hops(chain, len(wire))))


def _fields(size: int) -> list[tuple[str, int, int]]:
    """Name the fields of a packet, and where they begin and end; its payload is one."""
    fields = [(name, offset, offset + width) for name, offset, width in FIELDS]
    return [*fields, *([("payload", HEADER, size)] if size > HEADER else [])]


def _hops(chain: Chain, size: int) -> Iterator[Hop]:
    """Follow the parser."""
    cursor = 0
    for span in chain.spans:
        end = cursor + span.len
        header = max(min(HEADER, end) - cursor, 0)
        fields = _fields(size)
        yield Hop(
            span.slot,
            span.indirect,
            span.addr,
            span.len,
            cursor,
            header,
            span.len - header,
            tuple(name for name, _, last in fields if cursor < last <= end),
            next((name for name, first, last in fields if first < end < last), None),
        )
        cursor = end


def cuts(
    packet: Packet,
    pieces: int = 2,
    *,
    layouts: Iterable[Sequence[int]] | None = None,
    packed: bool = False,
    indirect: bool = False,
) -> Cuts:
    """See one packet through every cut into so many descriptors, or through those of layouts.

    Raises UsageError where there are more than 10,000 of them: every_layout gives them one by one.
    """
    wire = bytes(packet)
    if layouts is None:
        if not 1 <= pieces <= len(wire) or comb(len(wire) - 1, pieces - 1) > MOST:
            raise UsageError(
                f"{len(wire)} bytes in {pieces} pieces: none, or more than {MOST} cuts",
                Status.ERR_ARGUMENT,
            )
        layouts = every_layout(len(wire), pieces)
    walks = tuple(walk(packet, layout, packed=packed, indirect=indirect) for layout in layouts)
    return Cuts(str(packet), walks)


# ---- as an image ----

BYTE = 12  # pixels of a header's byte
PAYLOAD = 480  # pixels of a payload at most
LINE = 22
LEFT = 216  # room for the longest title


def _colour(name: str) -> str:
    found = re.search(r"#\w+", STYLES[name][1])
    return found[0] if found else "#6e7781"


def _x(at: int, size: int) -> float:
    """Where a byte of the packet stands in the image."""
    scale = min(BYTE, PAYLOAD / max(size - HEADER, 1))
    return LEFT + BYTE * min(at, HEADER) + scale * max(at - HEADER, 0)


def _box(begin: int, end: int, size: int) -> str:
    x = _x(begin, size)
    return f'x="{x:g}" width="{_x(end, size) - x:g}"'


def _row(walk: Walk, y: int, size: int) -> Iterator[str]:
    label = html.escape(title(walk))
    yield f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end">{label}</text>'
    for hop in walk.hops:
        for name, first, last in _fields(size):
            begin, end = max(first, hop.cursor), min(last, hop.cursor + hop.len)
            if begin < end:
                yield f'<rect {_box(begin, end, size)} y="{y}" height="16" fill="{_colour(name)}"/>'
        box = _box(hop.cursor, hop.cursor + hop.len, size)
        words = f"{where(hop)} {hop.address:#x}+{hop.len}"
        yield (
            f'<rect class="hop" {box} y="{y - 1}" height="18" rx="4"><title>{words}</title></rect>'
        )


def svg(line: str, walks: Sequence[Walk]) -> str:
    """Draw cuts as an SVG image: a row for each, its descriptors framed, its fields in colour."""
    size = max((hop.cursor + hop.len for walk in walks for hop in walk.hops), default=HEADER)
    wide, high = int(_x(size, size)) + 20, 48 + LINE * len(walks)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {wide} {high}" '
        f'width="{wide}" height="{high}" font-family="ui-monospace,monospace" font-size="11">'
        f"<title>{html.escape(line)}</title><style>.hop{{fill:none;stroke:#1f2328;"
        "stroke-width:1.5}text{fill:#1f2328}.page{fill:#fff}@media (prefers-color-scheme:dark)"
        "{.hop{stroke:#e6edf3}text{fill:#e6edf3}.page{fill:#0d1117}}</style>"
        '<rect class="page" width="100%" height="100%"/>'
    ]
    for number, (name, first, _) in enumerate(_fields(size)):
        y = 12 + 12 * (number % 2)
        parts.append(f'<text x="{_x(first, size):g}" y="{y}" fill="{_colour(name)}">{name}</text>')
    for number, walk in enumerate(walks):
        parts += _row(walk, 32 + LINE * number, size)
    return "\n".join([*parts, "</svg>"])


# ---- in words ----


def title(walk: Walk) -> str:
    """Name a cut: 10+34+5."""
    words = "+".join(map(str, walk.layout))
    return words if len(words) <= 24 else f"{words[:20]}... ({len(walk.layout)})"


def where(hop: Hop) -> str:
    """Name a descriptor."""
    return f"{'table' if hop.table else 'desc'}[{hop.slot}]"


def done(hop: Hop) -> str:
    """Name the fields that a descriptor completes."""
    names = hop.completes
    return ", ".join(names) if len(names) < 4 else f"{names[0]} .. {names[-1]}"


def broken(hop: Hop, size: int) -> str:
    """Say how much there is of a field that goes on in the next descriptor."""
    for name, first, last in _fields(size):
        if name == hop.breaks:
            return f"{name} {hop.cursor + hop.len - first} of {last - first}"
    return ""


def broken_by(walk: Walk) -> str:
    """Say which fields stand in more than one descriptor, and up to where."""
    size = walk.hops[-1].cursor + walk.hops[-1].len if walk.hops else 0
    return ", ".join(words for hop in walk.hops if (words := broken(hop, size)))


def verdict(walk: Walk) -> str:
    """Say what the parser made of it."""
    return "the same packet" if walk.same else f"not that packet: {walk.line}"
