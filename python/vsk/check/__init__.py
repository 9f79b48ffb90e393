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
but what it was sent in answer to does stand in front of it, wherever the capture was taken. (Not
always in a Linux guest's own, of vsockmon: since Linux 6.9 that may show an answer first, which is
found as a fault of who answered. The device's capture of the same packets settles it.)
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

from collections.abc import Iterable

from vsk._core import Packet, Record
from vsk.check.clauses import reset_clause
from vsk.check.connection import WRAP, credit, established
from vsk.check.finding import Address, Finding, Seen
from vsk.check.flow import Flow, Pair, Side
from vsk.check.header import Rules, header_rules, name_of
from vsk.enums import Op, Type

__all__ = ["Checker", "Finding", "check"]


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
        self._pairs: dict[frozenset[Address], Pair] = {}
        self._found: list[Finding] = []

    def packet(
        self, packet: Packet, time: int | None = None, *, cut: bool = False
    ) -> list[Finding]:
        """Take the next packet and give what is wrong with it.

        time is in nanoseconds since 1970; cut says that the payload is not all there.
        """
        self._number += 1
        self._found = []
        seen = Seen(packet, self._number, time)
        if (packet.src_cid | packet.dst_cid) >= WRAP:
            self._add(seen, "the upper half of a CID is not 0", "VSOCK-BOTH-06")
        elif not isinstance(packet.op, Op) or packet.op is Op.INVALID:
            self._add(seen, f"op {int(packet.op)} is none", "VSOCK-BOTH-07")
            pair = self._pair(seen)
            pair.types.add(int(packet.type))
            pair.let_answer(seen.dst)
        else:
            self._add_all(seen, header_rules(packet, cut))
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

    def _add(self, seen: Seen, rule: str, clause: str, cid: int | None = None) -> None:
        self._found.append(seen.finding(rule, clause, cid))

    def _add_all(self, seen: Seen, rules: Rules) -> None:
        for rule, clause in rules:
            self._add(seen, rule, clause)

    def _end_flow(self, flow: Flow) -> None:
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

    def _pair(self, seen: Seen) -> Pair:
        return self._pairs.setdefault(frozenset((seen.src, seen.dst)), Pair())

    def _follow(self, seen: Seen) -> None:
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
            self._add(seen, f"{name_of(op)} after its own RST", "VSOCK-BOTH-31")
            pair.let_answer(seen.dst)
        else:
            self._inside(pair, pair.flow, seen)
            if pair.flow.reset_by:  # it was under way
                pair.let_answer(seen.dst)

    def _check_type(self, pair: Pair, seen: Seen) -> bool:
        """Whether the packet can belong to the connection, or ends it."""
        type, op, flow = int(seen.packet.type), seen.packet.op, pair.flow
        if op == Op.RST:
            if type not in pair.types and pair.types:
                self._add(seen, f"type {type} is not that of any packet before", "VSOCK-BOTH-12")
            return True
        pair.types.add(type)
        if not isinstance(seen.packet.type, Type):
            self._add(seen, f"type {type} is none", "VSOCK-BOTH-12")
            pair.must_answer(seen, reset_clause(seen.dst[0]))
            return False
        if flow is not None and op != Op.REQUEST and type != flow.type:
            self._add(seen, "the type is another than the connection's", "VSOCK-BOTH-12")
            pair.let_answer(seen.dst)
            return False
        return True

    def _outside(self, pair: Pair, seen: Seen) -> None:
        """A packet between addresses that never had a connection."""
        name = name_of(seen.packet.op)
        if not self._from_start:
            sides = {seen.src: Side(taken=None), seen.dst: Side(taken=None)}
            pair.flow = Flow(int(seen.packet.type), None, sides, open=True)
            self._add_all(seen, established(pair.flow, seen))
        elif pair.spare.get(seen.src):
            rule = f"{name} answers a packet of no connection: only RST may"
            self._add(seen, rule, "VSOCK-BOTH-26")
        else:
            rule = f"{name} without a connection: only REQUEST begins one"
            self._add(seen, rule, "VSOCK-BOTH-24")
            pair.must_answer(seen, "VSOCK-BOTH-26")

    def _request(self, pair: Pair, seen: Seen) -> None:
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
            sides = {seen.src: Side(), seen.dst: Side()}
            pair.flow = Flow(int(seen.packet.type), seen, sides)
            self._add_all(seen, credit(pair.flow, seen))

    def _inside(self, pair: Pair, flow: Flow, seen: Seen) -> None:
        """Anything but RST and REQUEST in a connection, or in front of its RESPONSE."""
        name, side = name_of(seen.packet.op), flow.sides[seen.src]
        if flow.open and seen.packet.op == Op.RESPONSE:
            self._add(seen, "RESPONSE without a REQUEST that waits for it", "VSOCK-BOTH-25")
        elif flow.open:
            self._add_all(seen, established(flow, seen))
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
            self._add_all(seen, credit(flow, seen))

    def _reset(self, pair: Pair, seen: Seen) -> None:
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
                self._add_all(seen, credit(flow, seen))
            flow.reset_by.add(seen.src)
            pair.spare[seen.src] = flow.under_way_to(seen.src)
        elif seen.src not in flow.reset_by:
            pair.blurred = pair.answers(seen.src)
            flow.reset_by.add(seen.src)
            pair.spare[seen.src] = flow.under_way_to(seen.src)
        elif not pair.answers(seen.src):
            self._add(seen, "RST answers RST", reset_clause(seen.src[0]))


def check(
    records: Iterable[Record], *, from_start: bool = True, complete: bool = False
) -> list[Finding]:
    """Check the records of a capture; complete: it ends when both sides had become quiet."""
    checker = Checker(from_start=from_start)
    found = []
    for record in records:
        found += checker.packet(record.packet, record.time, cut=record.cut)
    return found + checker.end() if complete else found
