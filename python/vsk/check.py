# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A checker of the protocol: it follows every connection of a capture and names broken rules.

>>> import vsk.check
>>> checker = vsk.check.Checker()
>>> for finding in checker.packet(vsk.Packet(src=(3, 1024), dst=(2, 1234), op="RESPONSE")):
...     print(finding.cid, finding.clause, finding.rule)
3 VSOCK-BOTH-24 RESPONSE without a connection: only REQUEST begins one

It is written from the specification alone and shares nothing with the connections that the
library itself runs, so that each can be held to the other.

What is certain. A capture has the packets of each direction in the order in which they were sent.
Across directions it has the order of its own place: the guest, the device, or the wire between
them. So a packet may have been sent before its sender knew of packets that stand in front of it;
but what it was sent in answer to does stand in front of it, wherever the capture was taken.
Hence, for a packet P of X to Y:

- X's own packets in front of P bind X: its SHUTDOWN, its RST, its type, its fwd_cnt.
- Credit is judged by the furthest right edge, fwd_cnt + buf_alloc, that Y advertised in front of
  P. X may have known less, never more. In the same way X's fwd_cnt may count, at most, what Y sent
  in front of P.
- That X knew of a certain packet Q of Y, X itself must show: its fwd_cnt counts payload that Y sent
  after Q, or it sends beyond what Y advertised before Q. So data that meets a SHUTDOWN(RECEIVE)
  under way is tolerated, and data behind such a proof is not.
- A RST ends a connection where it stands. The other side may be heard a little longer, in flight:
  each such packet may be answered by one more RST, and the other side may have sent a RST of its
  own meanwhile. What else comes from who sent RST, before a new REQUEST, breaks a rule.
- The same two addresses may be used again. Where old and new packets cannot be told apart - who
  sent RST asks again, or a RST comes that may answer either - only what a packet says by
  itself is judged between these addresses from then on.
- A RST that ends an established connection says the truth of its credit, as every packet; any other
  is of a side that may have no connection to speak of. It may echo the type of the packet that it
  answers.

Times are reported and never judged: how long an answer may take is policy. What is not answered at
all shows only when both sides have become quiet: then end() names it. A connection that is
left open breaks no rule.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from vsk._core import Packet, Record
from vsk.enums import Op, Seq, Shutdown, Type

__all__ = ["Checker", "Finding", "check"]

Address = tuple[int, int]
HOST = 2
WRAP = 1 << 32
BOTH_WAYS = int(Shutdown.RECEIVE | Shutdown.SEND)
BOUNDARIES = int(Seq.EOM | Seq.EOR)


@dataclass(frozen=True)
class Finding:
    """A packet that broke a rule, or was never answered."""

    number: int  # of the packet, from 1
    time: int | None  # nanoseconds since 1970, where they are known
    rule: str  # what is wrong, in words and numbers
    clause: str  # of the specification
    cid: int  # whose fault it is
    line: str  # the packet

    def __str__(self) -> str:
        """Everything in one line."""
        when = "" if self.time is None else f" at {seconds(self.time)}"
        return (
            f"packet {self.number}{when}: CID {self.cid}: {self.rule} [{self.clause}]: {self.line}"
        )


def seconds(time: int) -> str:
    """Write nanoseconds as seconds."""
    return f"{time // 10**9}.{time % 10**9:09}"


@dataclass(frozen=True)
class _Seen:
    """A packet on its way through the checker."""

    packet: Packet
    number: int
    time: int | None

    @property
    def src(self) -> Address:
        return self.packet.src

    @property
    def dst(self) -> Address:
        return self.packet.dst

    def finding(self, rule: str, clause: str, cid: int | None = None) -> Finding:
        cid = self.src[0] if cid is None else cid
        return Finding(self.number, self.time, rule, clause, cid, str(self.packet))


@dataclass
class _Side:
    """What one side of a connection has sent and said; bytes count on beyond 2^32."""

    sent: int = 0  # payload bytes
    taken: int | None = 0  # its fwd_cnt; None: not seen yet
    edge: int = 0  # the furthest that the peer may send to
    buffer: int = 0  # the largest buf_alloc
    shut: int = 0  # flags of all its SHUTDOWNs
    deaf: tuple[int, int] | None = None  # edge, and bytes sent, before its SHUTDOWN(RECEIVE)
    closing: _Seen | None = None  # the SHUTDOWN that covered both directions
    asked: _Seen | None = None  # a CREDIT_REQUEST that waits
    message: int = 0  # payload bytes of a SEQPACKET message that has not ended
    packets: int = 0  # that it sent, but RST
    heard: int = 0  # packets of the peer that it has certainly seen
    untaken: deque[tuple[int, int]] = field(default_factory=deque)  # its RW: first byte, packet


@dataclass
class _Flow:
    """A connection: begun by a REQUEST, over with a RST."""

    type: int
    request: _Seen | None  # None: it was there when the capture began
    sides: dict[Address, _Side]
    open: bool = False
    reset_by: set[Address] = field(default_factory=set)
    resets: int = 0  # RSTs, of both, from the one that ended it

    @property
    def known(self) -> bool:
        return self.request is not None

    def under_way_to(self, address: Address) -> int:
        """How many packets a side may not have seen when it sent its latest."""
        (peer,) = (side for other, side in self.sides.items() if other != address)
        heard = self.sides[address].heard if self.open else 1
        return max(peer.packets - heard, 0)


@dataclass
class _Pair:
    """Two addresses, and all that happens between them."""

    flow: _Flow | None = None
    blurred: bool = False  # old and new packets cannot be told apart any more
    # How many RSTs of each may answer, or cross, what belongs to no connection any more.
    spare: dict[Address, int] = field(default_factory=dict)
    # What each must answer by RST, with the clause.
    owed: dict[Address, list[tuple[_Seen, str]]] = field(default_factory=dict)
    types: set[int] = field(default_factory=set)  # all that were used: RST may echo them

    def let_answer(self, address: Address) -> None:
        self.spare[address] = self.spare.get(address, 0) + 1

    def must_answer(self, seen: _Seen, clause: str) -> None:
        self.let_answer(seen.dst)
        self.owed.setdefault(seen.dst, []).append((seen, clause))

    def answers(self, address: Address) -> bool:
        """Use one of an address's spare RSTs, if it has any."""
        if not self.spare.get(address):
            return False
        self.spare[address] -= 1
        if self.owed.get(address):
            self.owed[address].pop(0)
        return True


def _credit_clause(cid: int) -> str:
    return "VSOCK-DEV-11" if cid == HOST else "VSOCK-DRV-09"


def _every_packet_clause(cid: int) -> str:
    return "VSOCK-DEV-12" if cid == HOST else "VSOCK-DRV-10"


def _reset_clause(cid: int) -> str:
    return "VSOCK-DEV-13" if cid == HOST else "VSOCK-DRV-14"


def _name(op: int) -> str:
    return Op(op).name


def _header_rules(packet: Packet, cut: bool) -> Iterable[tuple[str, str]]:
    """Hold a packet to what needs no connection: rules and clauses."""
    op, flags = packet.op, packet.flags
    size = len(packet.payload)
    if op != Op.RW and packet.len:
        yield f"{_name(op)} has a payload of {packet.len} bytes", "VSOCK-BOTH-08"
    elif packet.len != size and not cut:
        yield f"len is {packet.len}, the payload has {size} bytes", "VSOCK-BOTH-08"
    if op == Op.SHUTDOWN:
        if flags & ~BOTH_WAYS:
            yield f"flags {flags:#x} has bits that SHUTDOWN has not", "VSOCK-BOTH-28"
    elif op == Op.RW and packet.type == Type.SEQPACKET:
        if flags & ~BOUNDARIES:
            yield f"flags {flags:#x} has bits that SEQPACKET RW has not", "VSOCK-BOTH-37"
        if flags & Seq.EOR and not flags & Seq.EOM:
            yield "a record ends where no message ends: EOR without EOM", "VSOCK-BOTH-39"
    elif flags and op == Op.RW:
        yield f"flags is {flags:#x} though a STREAM has no boundaries", "VSOCK-BOTH-13"
    elif flags:
        yield f"flags is {flags:#x} though {_name(op)} has none", "VSOCK-BOTH-05"


class Checker:
    """Follows the connections of a trace, packet by packet.

    from_start=False is for a capture that begins in the middle of connections: an address
    pair that is new with anything but REQUEST is taken for an old connection, whose credit is not
    known.
    """

    def __init__(self, *, from_start: bool = True) -> None:
        """Begin without a connection."""
        self._from_start = from_start
        self._number = 0
        self._pairs: dict[frozenset[Address], _Pair] = {}
        self._found: list[Finding] = []

    def packet(
        self, packet: Packet, time: int | None = None, *, cut: bool = False
    ) -> list[Finding]:
        """Take the next packet and give what is wrong with it.

        time is in nanoseconds since 1970; cut says that the payload is not all there.
        """
        self._number += 1
        self._found = []
        seen = _Seen(packet, self._number, time)
        if (packet.src_cid | packet.dst_cid) >= WRAP:
            self._add(seen, "the upper half of a CID is not 0", "VSOCK-BOTH-06")
        elif not isinstance(packet.op, Op) or packet.op is Op.INVALID:
            self._add(seen, f"op {int(packet.op)} is none", "VSOCK-BOTH-07")
            pair = self._pair(seen)
            pair.types.add(int(packet.type))
            pair.let_answer(seen.dst)
        else:
            for rule, clause in _header_rules(packet, cut):
                self._add(seen, rule, clause)
            if seen.src != seen.dst:
                self._follow(seen)
        return self._found

    def end(self) -> list[Finding]:
        """Give what was never answered. Call it only where both sides had become quiet."""
        self._found = []
        for pair in self._pairs.values():
            for address, owed in pair.owed.items():
                for seen, clause in owed:
                    self._add(seen, f"CID {address[0]} did not answer by RST", clause, address[0])
            if pair.flow is not None and not pair.flow.reset_by and not pair.blurred:
                self._end_flow(pair.flow)
        return sorted(self._found, key=lambda finding: finding.number)

    def _add(self, seen: _Seen, rule: str, clause: str, cid: int | None = None) -> None:
        self._found.append(seen.finding(rule, clause, cid))

    def _end_flow(self, flow: _Flow) -> None:
        if not flow.open and flow.request is not None:
            seen, cid = flow.request, flow.request.dst[0]
            self._add(seen, f"CID {cid} answered by neither RESPONSE nor RST", "VSOCK-BOTH-25", cid)
        for side in flow.sides.values():
            if side.asked is not None:
                cid = side.asked.dst[0]
                self._add(side.asked, f"CID {cid} did not answer", "VSOCK-BOTH-21", cid)
            if side.closing is not None:
                cid = side.closing.dst[0]
                self._add(side.closing, f"CID {cid} did not answer by RST", "VSOCK-BOTH-32", cid)

    # From one packet to the next

    def _pair(self, seen: _Seen) -> _Pair:
        return self._pairs.setdefault(frozenset((seen.src, seen.dst)), _Pair())

    def _follow(self, seen: _Seen) -> None:
        pair = self._pair(seen)
        op = seen.packet.op
        if pair.blurred or not self._check_type(pair, seen):
            return
        if op == Op.RST:
            self._reset(pair, seen)
        elif op == Op.REQUEST:
            self._request(pair, seen)
        elif pair.flow is None:
            self._outside(pair, seen)
        elif seen.src in pair.flow.reset_by:
            self._add(seen, f"{_name(op)} after its own RST", "VSOCK-BOTH-31")
            pair.let_answer(seen.dst)
        else:
            self._inside(pair, pair.flow, seen)
            if pair.flow.reset_by:  # it was under way
                pair.let_answer(seen.dst)

    def _check_type(self, pair: _Pair, seen: _Seen) -> bool:
        """Whether the packet can belong to the connection, or ends it."""
        type, op, flow = int(seen.packet.type), seen.packet.op, pair.flow
        if op == Op.RST:
            if type not in pair.types and pair.types:
                self._add(seen, f"type {type} is not that of any packet before", "VSOCK-BOTH-12")
            return True
        pair.types.add(type)
        if not isinstance(seen.packet.type, Type):
            self._add(seen, f"type {type} is none", "VSOCK-BOTH-12")
            pair.must_answer(seen, _reset_clause(seen.dst[0]))
            return False
        if flow is not None and op != Op.REQUEST and type != flow.type:
            self._add(seen, "the type is another than the connection's", "VSOCK-BOTH-12")
            pair.let_answer(seen.dst)
            return False
        return True

    def _outside(self, pair: _Pair, seen: _Seen) -> None:
        """A packet between addresses that never had a connection."""
        name = _name(seen.packet.op)
        if not self._from_start:
            sides = {seen.src: _Side(taken=None), seen.dst: _Side(taken=None)}
            pair.flow = _Flow(int(seen.packet.type), None, sides, open=True)
            self._established(pair.flow, seen)
        elif pair.spare.get(seen.src):
            rule = f"{name} answers a packet of no connection: only RST may"
            self._add(seen, rule, "VSOCK-BOTH-26")
        else:
            rule = f"{name} without a connection: only REQUEST begins one"
            self._add(seen, rule, "VSOCK-BOTH-24")
            pair.must_answer(seen, "VSOCK-BOTH-26")

    def _request(self, pair: _Pair, seen: _Seen) -> None:
        flow = pair.flow
        if flow is None:
            pair.blurred = any(pair.spare.values())
        elif not flow.reset_by:
            pair.blurred = True
            if flow.sides[seen.src].packets:
                state = "established" if flow.open else "not answered yet"
                rule = f"REQUEST on a pair of addresses whose connection is {state}"
                self._add(seen, rule, "VSOCK-BOTH-34")
        else:
            # A RST that answered something else may be on its way to who asks.
            pair.blurred = seen.src in flow.reset_by or flow.resets > 1
        if not pair.blurred:
            sides = {seen.src: _Side(), seen.dst: _Side()}
            pair.flow = _Flow(int(seen.packet.type), seen, sides)
            self._credit(pair.flow, seen)

    def _inside(self, pair: _Pair, flow: _Flow, seen: _Seen) -> None:
        """Anything but RST and REQUEST in a connection, or in front of its RESPONSE."""
        name, side = _name(seen.packet.op), flow.sides[seen.src]
        if flow.open and seen.packet.op == Op.RESPONSE:
            self._add(seen, "RESPONSE without a REQUEST that waits for it", "VSOCK-BOTH-25")
        elif flow.open:
            self._established(flow, seen)
        elif side.packets:
            rule = f"{name} before the RESPONSE: there is no connection yet"
            self._add(seen, rule, "VSOCK-BOTH-25")
        elif seen.packet.op != Op.RESPONSE:
            rule = f"{name} answers REQUEST: only RESPONSE and RST may"
            self._add(seen, rule, "VSOCK-BOTH-25")
        else:
            flow.open = True
            side.heard = 1  # the REQUEST
            pair.spare.clear()
            self._credit(flow, seen)

    def _reset(self, pair: _Pair, seen: _Seen) -> None:
        flow = pair.flow
        if flow is None:
            if not pair.answers(seen.src) and self._from_start:
                self._add(seen, "RST without a packet that it could answer", "VSOCK-BOTH-31")
            return
        flow.resets += 1
        if not flow.reset_by:
            # It may answer something that was before, or is no part of the connection.
            pair.blurred = pair.answers(seen.src)
            if flow.open and not pair.blurred:
                self._credit(flow, seen)
            flow.reset_by.add(seen.src)
            pair.spare[seen.src] = flow.under_way_to(seen.src)
        elif seen.src not in flow.reset_by:
            pair.blurred = pair.answers(seen.src)
            flow.reset_by.add(seen.src)
            pair.spare[seen.src] = flow.under_way_to(seen.src)
        elif not pair.answers(seen.src):
            self._add(seen, "RST answers RST", _reset_clause(seen.src[0]))

    # In a connection

    def _credit(self, flow: _Flow, seen: _Seen) -> None:
        """Learn from buf_alloc and fwd_cnt, and hold fwd_cnt to what there was to take."""
        side, peer = flow.sides[seen.src], flow.sides[seen.dst]
        fwd_cnt, clause = seen.packet.fwd_cnt, "VSOCK-BOTH-18"
        if seen.packet.op == Op.RST:
            clause = _every_packet_clause(seen.src[0])
        side.packets += seen.packet.op != Op.RST
        peer.asked = None
        if side.taken is None:
            side.taken = fwd_cnt
        claimed = side.taken + (fwd_cnt - side.taken) % WRAP
        ahead = flow.known and claimed > peer.sent
        if claimed - side.taken >= WRAP // 2 and (ahead or not flow.known):
            rule = f"fwd_cnt goes back from {side.taken % WRAP} to {fwd_cnt}"
            self._add(seen, rule, clause)
            claimed = side.taken
        elif ahead:
            rule = f"fwd_cnt is {fwd_cnt}, {claimed - peer.sent} more than the bytes sent to it"
            self._add(seen, rule, clause)
        else:
            side.taken = claimed
        while peer.untaken and peer.untaken[0][0] < side.taken:
            side.heard = peer.untaken.popleft()[1]
        side.edge = max(side.edge, claimed + seen.packet.buf_alloc)
        side.buffer = max(side.buffer, seen.packet.buf_alloc)

    def _established(self, flow: _Flow, seen: _Seen) -> None:
        side, op = flow.sides[seen.src], seen.packet.op
        edge = side.edge
        if flow.request is not None and flow.request.src == seen.src:
            side.heard = max(side.heard, 1)  # the RESPONSE
        self._credit(flow, seen)
        if op == Op.RW:
            self._data(flow, seen)
        elif op == Op.SHUTDOWN:
            self._shutdown(side, seen, edge)
        elif op == Op.CREDIT_REQUEST:
            side.asked = side.asked or seen

    def _data(self, flow: _Flow, seen: _Seen) -> None:
        side, peer = flow.sides[seen.src], flow.sides[seen.dst]
        end = side.sent + seen.packet.len
        if side.shut & Shutdown.SEND:
            self._add(seen, "RW after its own SHUTDOWN(SEND)", "VSOCK-BOTH-29")
        if flow.known and end > peer.edge:
            rule = f"passes the credit by {end - peer.edge} bytes: sends up to {end} of {peer.edge}"
            self._add(seen, rule, _credit_clause(seen.src[0]))
        elif flow.known and peer.deaf is not None:
            edge, sent = peer.deaf
            if end > edge or (side.taken or 0) > sent:
                rule = f"RW though it has seen CID {seen.dst[0]}'s SHUTDOWN(RECEIVE)"
                self._add(seen, rule, "VSOCK-BOTH-28")
        if flow.known and seen.packet.len:
            side.untaken.append((side.sent, side.packets))
        side.sent = end
        if flow.type == Type.SEQPACKET:
            self._message(flow, seen)

    def _message(self, flow: _Flow, seen: _Seen) -> None:
        side, room = flow.sides[seen.src], flow.sides[seen.dst].buffer
        before = side.message
        side.message += seen.packet.len
        if flow.known and before <= room < side.message:
            rule = f"a message of {side.message} bytes or more has no room in a buf_alloc of {room}"
            self._add(seen, rule, _credit_clause(seen.src[0]))
        if seen.packet.flags & Seq.EOM:
            side.message = 0

    def _shutdown(self, side: _Side, seen: _Seen, edge: int) -> None:
        said = seen.packet.flags & BOTH_WAYS
        new = said & ~side.shut
        if not said:
            self._add(seen, "SHUTDOWN without a flag says nothing", "VSOCK-BOTH-28")
        elif not new:
            self._add(seen, "SHUTDOWN says nothing new", "VSOCK-BOTH-30")
        if new & Shutdown.RECEIVE:
            side.deaf = (edge, side.sent)
        side.shut |= said
        if new and side.shut == BOTH_WAYS:
            side.closing = seen


def check(
    records: Iterable[Record], *, from_start: bool = True, complete: bool = False
) -> list[Finding]:
    """Check the records of a capture; complete: it ends when both sides had become quiet."""
    checker = Checker(from_start=from_start)
    found = []
    for record in records:
        found += checker.packet(record.packet, record.time, cut=record.cut)
    return found + checker.end() if complete else found
