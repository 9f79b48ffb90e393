# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The rules in a connection: credit, data, messages and shutdown.

Each function takes a packet into account, and gives what is wrong with it.
"""

from vsk.check.clauses import credit_clause, every_packet_clause
from vsk.check.finding import Seen
from vsk.check.flow import Flow, Side
from vsk.check.header import BOTH_WAYS, Rules
from vsk.enums import Op, Seq, Shutdown, Type

WRAP = 1 << 32


def credit(flow: Flow, seen: Seen) -> Rules:
    """Learn from buf_alloc and fwd_cnt, and hold fwd_cnt to what there was to take."""
    side, peer = flow.sides[seen.src], flow.sides[seen.dst]
    fwd_cnt, clause = seen.packet.fwd_cnt, "VSOCK-BOTH-18"
    if seen.packet.op == Op.RST:
        clause = every_packet_clause(seen.src[0])
    side.packets += seen.packet.op != Op.RST
    peer.asked = None
    if side.taken is None:
        side.taken = fwd_cnt
    claimed = side.taken + (fwd_cnt - side.taken) % WRAP
    ahead = flow.known and claimed > peer.sent
    if claimed - side.taken >= WRAP // 2 and (ahead or not flow.known):
        rule = f"fwd_cnt goes back from {side.taken % WRAP} to {fwd_cnt}"
        yield rule, clause
        claimed = side.taken
    elif ahead:
        rule = f"fwd_cnt is {fwd_cnt}, {claimed - peer.sent} more than the bytes sent to it"
        yield rule, clause
    else:
        side.taken = claimed
    while peer.untaken and peer.untaken[0][0] < side.taken:
        side.heard = peer.untaken.popleft()[1]
    side.edge = max(side.edge, claimed + seen.packet.buf_alloc)
    side.buffer = max(side.buffer, seen.packet.buf_alloc)


def established(flow: Flow, seen: Seen) -> Rules:
    """Take anything but RST and REQUEST in a connection."""
    side, op = flow.sides[seen.src], seen.packet.op
    edge = side.edge
    if flow.request is not None and flow.request.src == seen.src:
        side.heard = max(side.heard, 1)  # the RESPONSE
    yield from credit(flow, seen)
    if op == Op.RW:
        yield from _data(flow, seen)
    elif op == Op.SHUTDOWN:
        yield from _shutdown(side, seen, edge)
    elif op == Op.CREDIT_REQUEST:
        side.asked = side.asked or seen


def _data(flow: Flow, seen: Seen) -> Rules:
    side, peer = flow.sides[seen.src], flow.sides[seen.dst]
    end = side.sent + seen.packet.len
    if side.shut & Shutdown.SEND:
        yield "RW after its own SHUTDOWN(SEND)", "VSOCK-BOTH-29"
    if flow.known and end > peer.edge:
        rule = f"passes the credit by {end - peer.edge} bytes: sends up to {end} of {peer.edge}"
        yield rule, credit_clause(seen.src[0])
    elif flow.known and peer.deaf is not None:
        edge, sent = peer.deaf
        if end > edge or (side.taken or 0) > sent:
            rule = f"RW though it has seen CID {seen.dst[0]}'s SHUTDOWN(RECEIVE)"
            yield rule, "VSOCK-BOTH-28"
    if flow.known and seen.packet.len:
        side.untaken.append((side.sent, side.packets))
    side.sent = end
    if flow.type == Type.SEQPACKET:
        yield from _message(flow, seen)


def _message(flow: Flow, seen: Seen) -> Rules:
    side, room = flow.sides[seen.src], flow.sides[seen.dst].buffer
    before = side.message
    side.message += seen.packet.len
    if flow.known and before <= room < side.message:
        rule = f"a message of {side.message} bytes or more has no room in a buf_alloc of {room}"
        yield rule, credit_clause(seen.src[0])
    if seen.packet.flags & Seq.EOM:
        side.message = 0


def _shutdown(side: Side, seen: Seen, edge: int) -> Rules:
    said = seen.packet.flags & BOTH_WAYS
    new = said & ~side.shut
    if not said:
        yield "SHUTDOWN without a flag says nothing", "VSOCK-BOTH-28"
    elif not new:
        yield "SHUTDOWN says nothing new", "VSOCK-BOTH-30"
    if new & Shutdown.RECEIVE:
        side.deaf = (edge, side.sent)
    side.shut |= said
    if new and side.shut == BOTH_WAYS:
        side.closing = seen
