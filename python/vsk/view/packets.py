# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A packet as bytes, each with its field, descriptor and guest address."""

from collections.abc import Iterator

from vsk._core import Packet, Span
from vsk.enums import Op, Type
from vsk.errors import UsageError
from vsk.view.data import PacketBytes, Piece

# Name, offset, bytes: VSK_HEADER_TABLE, as a test makes sure.
FIELDS = (
    ("src_cid", 0, 8),
    ("dst_cid", 8, 8),
    ("src_port", 16, 4),
    ("dst_port", 20, 4),
    ("len", 24, 4),
    ("type", 28, 2),
    ("op", 30, 2),
    ("flags", 32, 4),
    ("buf_alloc", 36, 4),
    ("fwd_cnt", 40, 4),
)
HEADER = 44
ROW = 16  # payload bytes in a piece at most


def meaning(packet: Packet, name: str) -> str:
    """Say what stands in a field."""
    value = getattr(packet, name)
    if name in ("op", "type"):
        known = isinstance(value, Op | Type)
        return f"{int(value)} {value.name}" if known else f"{int(value)} unknown"
    if name == "flags" and value:
        return f"{value:#x} {'|'.join(packet.flag_names)}".rstrip()
    return str(value)


def parts(packet: Packet, size: int) -> Iterator[tuple[str, int, int, str]]:
    """Give name, offset, bytes and meaning of all fields, and of the payload row by row."""
    for name, offset, width in FIELDS:
        yield name, offset, width, meaning(packet, name)
    for offset in range(HEADER, size, ROW):
        yield "payload", offset, min(ROW, size - offset), ""


def spans_of(packet: Packet) -> tuple[Span, ...] | None:
    """Give the spans that the packet stands in; None where its chain was given back."""
    chain = packet._chain
    try:
        return None if chain is None else chain.spans
    except UsageError:
        return None


def pieces(packet: Packet) -> Iterator[Piece]:
    """Cut a packet where a field begins and where a descriptor begins."""
    wire = bytes(packet)
    spans = spans_of(packet)
    edges: list[tuple[int, int, Span | None]] = [(0, len(wire), None)] if spans is None else []
    start = 0
    for span in spans or ():
        edges.append((start, start + span.len, span))
        start += span.len
    for name, offset, width, words in parts(packet, len(wire)):
        for start, end, place in edges:
            first, last = max(offset, start), min(offset + width, end)
            if first >= last:
                continue
            payload = name == "payload"
            yield Piece(
                first,
                wire[first:last],
                name,
                first - (HEADER if payload else offset),
                len(wire) - HEADER if payload else width,
                words if first == offset else "",
                *_place(place, first - start),
            )


def _place(span: Span | None, into: int) -> tuple[int | None, bool, bool, int | None]:
    if span is None:
        return None, False, False, None
    return span.slot, span.indirect, span.write, span.addr + into


def look(packet: Packet) -> PacketBytes:
    """See the bytes of a packet."""
    chain = None if spans_of(packet) is None else str(packet._chain)
    return PacketBytes(str(packet), chain, tuple(pieces(packet)))
