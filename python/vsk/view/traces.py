# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Ladder, ledgers and ends: what a trace and its parties say."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vsk.enums import Op, State, Type
from vsk.packet import Packet
from vsk.trace import Entry, Trace
from vsk.view.data import Balance, End, Ends, Ladder, Ledger, Row, Rung, Stall

if TYPE_CHECKING:
    from vsk.conn import Conn
    from vsk.lab import Lab

Address = tuple[int, int]

SECOND = 1_000_000_000
NEVER = 2**64 - 1
HALF = 1 << 31
WRAP = 1 << 32

# Whether it goes from the guest to the device; of packets the queue says it.
WAYS = {"KICK": True, "STATUS": True, "RENEWED": True, "USED": False, "INTERRUPT": False}
MATTERS = (Op.REQUEST, Op.RESPONSE, Op.RST, Op.SHUTDOWN)
TIMERS = {
    State.CONNECTING: "connect_timeout",
    State.CLOSING: "close_timeout",
    State.DRAINING: "drain_timeout",
    State.ESTABLISHED: "ask for credit",
}


def name_of(value: int) -> str:
    """Name an op or a type, known or not."""
    return value.name if isinstance(value, Op | Type) else f"unknown {int(value)}"


def flow_of(packet: Packet) -> frozenset[tuple[int, int]]:
    """Name the two addresses that a packet goes between."""
    return frozenset((packet.src, packet.dst))


# ---- ladder ----


def way_of(entry: Entry) -> bool | None:
    """Tell whether something goes from guest to device, or back; None: neither."""
    if entry.kind == "PACKET":
        return entry.queue == "tx"
    return False if entry.kind == "EVENT" else WAYS.get(entry.kind)


def words_of(entry: Entry) -> str:
    """Say what it is in a few words."""
    packet = entry.packet
    if packet is not None:
        flags = "|".join(packet.flag_names)
        more = f" {flags}" if flags else ""
        more += f" len={packet.len}" if packet.len or packet.op == Op.RW else ""
        (a, b), (c, d) = packet.src, packet.dst
        return f"{name_of(packet.op)}{more} {a}:{b} > {c}:{d}"
    if entry.kind == "USED":
        written = f", {entry.written} bytes written" if entry.written else ""
        return f"{entry.queue} used: chain {entry.head}{written}"
    if entry.kind == "REFUSED" and entry.status is not None:
        return f"{entry.queue} chain {entry.head} refused: {entry.status.text}"
    # What the line says behind time and CID.
    return entry.line.split(" ", 2)[2]


def ladder(entries: Iterable[Entry], kinds: Iterable[str] | None = None) -> Ladder:
    """Make a ladder of entries of a trace; kinds are those to be shown, all if left out."""
    wanted = None if kinds is None else set(kinds)
    rungs = tuple(
        Rung(e.number, e.time, e.kind, e.guest, way_of(e), words_of(e))
        for e in entries
        if wanted is None or e.kind in wanted
    )
    return Ladder(tuple(sorted({rung.guest for rung in rungs})), rungs)


# ---- ledgers ----


@dataclass
class Side:
    """What one side has sent and said so far."""

    sent: int = 0
    window: int = 0  # its own buf_alloc, as last said
    forwarded: int = 0  # what it has taken of the peer's bytes, as last said
    spoke: bool = False
    stall: int | None = None  # its stall, among those of the ledger


def _balance(side: Side, peer: Side) -> Balance:
    flying = side.sent - peer.forwarded
    free = max(peer.window - flying, 0)
    return Balance(side.sent, peer.forwarded, peer.window, flying, free)


@dataclass
class Account:
    """A ledger that is being written."""

    first: Packet
    rows: list[Row] = field(default_factory=list)
    stalls: list[Stall] = field(default_factory=list)
    sides: dict[Address, Side] = field(default_factory=dict)
    over: bool = False

    def __post_init__(self) -> None:
        """Begin with both sides at nothing."""
        self.sides = {self.first.src: Side(), self.first.dst: Side()}

    def take(self, entry: Entry, packet: Packet) -> None:
        """Write down a packet."""
        side, peer = self.sides[packet.src], self.sides[packet.dst]
        if packet.op == Op.RW:
            side.sent += packet.len
        # A RST may speak for a side that has no connection, and so no account.
        if packet.op != Op.RST:
            ahead = (packet.fwd_cnt - side.forwarded) % WRAP
            side.forwarded += ahead if ahead < HALF else 0
            side.window = packet.buf_alloc
            side.spoke = True
            self._resume(entry, packet, peer, side)
        self.over = packet.op == Op.RST
        one, other = (_balance(self.sides[a], self.sides[b]) for a, b in self.ways())
        self.rows.append(
            Row(
                entry.number,
                entry.time,
                packet.src_cid,
                name_of(packet.op),
                packet.len,
                (one, other),
            )
        )
        free = _balance(side, peer).free
        full = packet.op == Op.RW and free == 0
        # Who asks cannot send what it has, be there a few bytes of room or not.
        if peer.spoke and side.stall is None and (full or packet.op == Op.CREDIT_REQUEST):
            side.stall = len(self.stalls)
            self.stalls.append(
                Stall(entry.number, entry.time, packet.src_cid, packet.dst_cid, None)
            )

    def ways(self) -> tuple[tuple[Address, Address], tuple[Address, Address]]:
        """Give who sends to whom, in both directions."""
        one, other = self.first.src, self.first.dst
        return (one, other), (other, one)

    def _resume(self, entry: Entry, packet: Packet, peer: Side, side: Side) -> None:
        """End the stall of who hears of room again."""
        if peer.stall is None or side.window <= peer.sent - side.forwarded:
            return
        begun = self.stalls[peer.stall]
        self.stalls[peer.stall] = Stall(
            begun.number, begun.time, begun.source, begun.owes, entry.number
        )
        peer.stall = None

    def ledger(self) -> Ledger:
        """Give what was written."""
        first = self.first
        return Ledger(
            first.src, first.dst, name_of(first.type), tuple(self.rows), tuple(self.stalls)
        )


def ledgers(entries: Iterable[Entry]) -> list[Ledger]:
    """Keep the account of every connection in entries of a trace, in the order of their REQUESTs.

    A connection whose REQUEST is not among them has none.
    """
    all_of_them: list[Account] = []
    open_now: dict[frozenset[tuple[int, int]], Account] = {}
    for entry in entries:
        packet = entry.packet
        if packet is None:
            continue
        flow = flow_of(packet)
        if packet.op == Op.REQUEST and packet.src != packet.dst:
            open_now[flow] = Account(packet)
            all_of_them.append(open_now[flow])
        account = open_now.get(flow)
        if account is not None and not account.over:
            account.take(entry, packet)
    return [account.ledger() for account in all_of_them]


# ---- ends ----


def _cause(conn: "Conn", entries: Trace, is_guest: bool) -> tuple[str, int | None]:
    """Find the last packet that could change the state of a connection."""
    flow = frozenset((conn.local, conn.peer))
    for entry in reversed(entries):
        packet = entry.packet
        if packet is None or packet.op not in MATTERS or flow_of(packet) != flow:
            continue
        verb = "sent" if (entry.queue == "tx") == is_guest else "got"
        flags = "|".join(packet.flag_names)
        return f"{verb} {name_of(packet.op)}{' ' + flags if flags else ''}", entry.number
    return "", None


def _timers(conn: "Conn", now: int) -> tuple[tuple[str, float], ...]:
    found = []
    for name, words in (("timer", TIMERS.get(conn.state, "timer")), ("linger", "close_timeout")):
        deadline = conn._number(name)
        if deadline != NEVER:
            found.append((words, (deadline - now) / SECOND))
    return tuple(found)


def ends(lab: "Lab") -> Ends:
    """See both ends of all connections that are there, or that somebody still names."""
    now = lab._core.now()
    found = []
    for party in lab._parties():
        conns = {id(conn): conn for names in party._named for conn in names.values()}
        conns |= {id(conn): conn for conn in party.connections}
        for conn in conns.values():
            is_guest = party is not lab.device
            cause, number = _cause(conn, lab.trace, is_guest)
            found.append(
                End(
                    "guest" if is_guest else "device",
                    conn.local,
                    conn.peer,
                    conn.type.name,
                    conn.state.name,
                    conn.reason.name,
                    cause,
                    number,
                    _timers(conn, now),
                )
            )
    found.sort(key=lambda end: (min(end.local, end.peer), max(end.local, end.peer), end.side))
    return Ends(lab.now, tuple(found))
