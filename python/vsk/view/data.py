# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What there is to see, as plain data: nothing here knows how it is drawn.

str() of each is its drawing as text, show() prints it, and notebooks show it in colour.
"""

import enum
from dataclasses import dataclass, field
from typing import Protocol

__all__ = [
    "Balance",
    "Cell",
    "Cuts",
    "Descriptor",
    "End",
    "Ends",
    "Hop",
    "Item",
    "Ladder",
    "Ledger",
    "Look",
    "Owner",
    "PacketBytes",
    "Piece",
    "Row",
    "Rule",
    "Rung",
    "Stall",
    "Walk",
    "Why",
]


class Printer(Protocol):
    """What IPython prints with."""

    def text(self, text: str, /) -> None:
        """Print a text."""


class Shown:
    """Can be drawn."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        """Be drawn by IPython, too, which would prefer the repr of a dataclass to an inherited."""
        super().__init_subclass__()
        cls._repr_pretty_ = Shown._repr_pretty_  # type: ignore[method-assign]

    def __str__(self) -> str:
        """Draw it as text."""
        from vsk.view import draw, ink

        return ink.plain(draw.drawing(self))

    def _repr_pretty_(self, printer: "Printer", cycle: bool) -> None:
        """Be the drawing at IPython's prompt too, and in notebooks that show no HTML."""
        printer.text(str(self))

    def show(self) -> None:
        """Print it, in colour on a terminal that can; a notebook shows it in colour."""
        from vsk.view import draw, ink

        if not ink.in_notebook(self):
            ink.show(draw.drawing(self))

    def _repr_html_(self) -> str:
        from vsk.view import draw, ink

        return ink.html(draw.drawing(self))


# ---- a packet ----


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a packet that belong to one field and stand in one descriptor."""

    offset: int  # of the first byte, in the packet
    data: bytes
    field: str  # a name of the header's fields, or payload
    first: int  # which byte of the field comes first
    size: int  # bytes of the whole field
    meaning: str  # of the whole field; where the piece begins it
    slot: int | None = None  # the descriptor; None: the packet stands in no chain
    table: bool = False  # the descriptor stands in an indirect table
    write: bool = False  # the device writes it
    address: int | None = None  # guest address of the first byte


@dataclass(frozen=True, slots=True)
class PacketBytes(Shown):
    """A packet as its bytes, in order."""

    line: str  # the packet in words
    chain: str | None  # the chain in words
    pieces: tuple[Piece, ...]


# ---- a packet in any cut ----


@dataclass(frozen=True, slots=True)
class Hop:
    """A descriptor, as the parser takes it."""

    slot: int
    table: bool  # the descriptor stands in an indirect table
    address: int
    len: int
    cursor: int  # bytes of the packet that were taken before
    header: int  # of its bytes, those of the header
    payload: int  # and those of the payload
    completes: tuple[str, ...]  # fields whose last byte it has
    breaks: str | None  # the field that goes on in the next descriptor


@dataclass(frozen=True, slots=True)
class Walk(Shown):
    """The parser's way through one packet in a chain."""

    line: str  # what it read, in words; or why it read nothing
    chain: str
    layout: tuple[int, ...]  # bytes of each descriptor
    same: bool  # it read the packet that was put there
    hops: tuple[Hop, ...]

    def svg(self) -> str:
        """Draw it as an SVG image."""
        from vsk.view import walks

        return walks.svg(self.line, [self])


@dataclass(frozen=True, slots=True)
class Cuts(Shown):
    """The parser's ways through one packet that is cut in one way after the other."""

    line: str
    walks: tuple[Walk, ...]

    def svg(self) -> str:
        """Draw it as an SVG image."""
        from vsk.view import walks

        return walks.svg(self.line, self.walks)


# ---- a virtqueue ----


class Owner(enum.Enum):
    """Whose a descriptor, or a cell of a ring, is; the value is its letter."""

    FREE = "F"  # nobody uses it: the driver may, in the used ring the device
    AVAILABLE = "A"  # in flight: offered, and not taken by the device yet
    DEVICE = "D"  # taken by the device, and not used yet
    USED = "U"  # used: the driver's again, which has not looked yet


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A descriptor as it stands in memory; next is the buffer id in a packed ring."""

    slot: int
    addr: int
    len: int
    flags: int
    next: int
    owner: Owner
    chain: int | None  # the name of the chain that it is part of
    place: int  # which descriptor of that chain it is, from 0
    last: bool  # nothing follows it in the chain
    table: tuple["Descriptor", ...] = ()  # the indirect table that it points at
    changed: bool = field(default=False, compare=False)  # since the look before


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the available or used ring."""

    slot: int
    index: int | None  # the free-running index that stands here; None: none that is known of
    id: int  # the head of a chain
    len: int | None  # of the used ring: bytes written
    owner: Owner
    changed: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Item:
    """A number of a ring: an index of either side, or of an end's own account."""

    name: str
    value: int
    slot: int | None  # where an index points
    wrap: int | None  # of a packed ring: the wrap counter
    words: str
    changed: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Look(Shown):
    """A virtqueue at a moment."""

    name: str
    packed: bool
    size: int
    items: tuple[Item, ...]
    descriptors: tuple[Descriptor, ...]
    available: tuple[Cell, ...]  # none in a packed ring
    used: tuple[Cell, ...]  # none in a packed ring


# ---- a trace ----


@dataclass(frozen=True, slots=True)
class Rung:
    """A row of a ladder."""

    number: int  # of the entry in the trace
    time: float  # seconds
    kind: str  # of the entry: PACKET, KICK, ...
    guest: int  # CID
    to_device: bool | None  # from guest to device, or back; None: it is a note
    words: str


@dataclass(frozen=True, slots=True)
class Ladder(Shown):
    """What passed between guests and device, in order."""

    guests: tuple[int, ...]  # CIDs
    rungs: tuple[Rung, ...]

    def svg(self) -> str:
        """Draw it as an SVG image."""
        from vsk.view import rungs

        return rungs.svg(self)

    def mermaid(self) -> str:
        """Write it as a sequence diagram of Mermaid."""
        from vsk.view import rungs

        return rungs.mermaid(self)

    def _repr_html_(self) -> str:
        return self.svg()


@dataclass(frozen=True, slots=True)
class Balance:
    """What one side of a connection may send."""

    sent: int  # payload bytes so far
    forwarded: int  # of them the peer has taken out of its buffer, as far as it has said
    window: int  # the peer's buf_alloc, as it last said
    in_flight: int  # sent and not forwarded
    free: int  # what may still be sent


@dataclass(frozen=True, slots=True)
class Row:
    """A packet in the account of a connection, and where both sides stand after it."""

    number: int  # of the entry in the trace
    time: float
    source: int  # CID of who sent it
    op: str
    len: int
    balances: tuple[Balance, Balance]  # of who asked for the connection, and of the other side


@dataclass(frozen=True, slots=True)
class Stall:
    """A time in which one side may send nothing."""

    number: int  # of the packet that filled the window
    time: float
    source: int  # CID of who cannot send
    owes: int  # CID of who owes the update
    end: int | None  # of the packet that gave credit again; None: it lasts


@dataclass(frozen=True, slots=True)
class Ledger(Shown):
    """The credit of one connection over time."""

    one: tuple[int, int]  # CID and port of who asked
    other: tuple[int, int]
    type: str
    entries: tuple[Row, ...]
    stalls: tuple[Stall, ...]


@dataclass(frozen=True, slots=True)
class End:
    """One end of a connection."""

    side: str  # device or guest
    local: tuple[int, int]
    peer: tuple[int, int]
    type: str
    state: str
    reason: str  # why it ended; NONE
    cause: str  # the last packet that could change the state; "" where there was none
    number: int | None  # of that packet in the trace
    timers: tuple[tuple[str, float], ...]  # what runs, and seconds until it runs out


@dataclass(frozen=True, slots=True)
class Ends(Shown):
    """Both ends of all connections at a moment."""

    now: float
    ends: tuple[End, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the specification."""

    clause: str  # as in docs/conformance.md
    section: str  # of virtio 1.4; "" where it is not in that document
    words: str


@dataclass(frozen=True, slots=True)
class Why(Shown):
    """What happened to something in a trace, and by which rules."""

    number: int | None  # of the entry; None: the packet was in no trace
    line: str
    steps: tuple[str, ...]  # sentences, in order
    rules: tuple[Rule, ...]
