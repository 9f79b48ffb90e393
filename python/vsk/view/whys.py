# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What happened to something in a trace, in plain words, and by which rule."""

from typing import TYPE_CHECKING

from vsk.enums import Op, Shutdown
from vsk.errors import PeerError
from vsk.packet import Packet
from vsk.view.clauses import CLAUSES
from vsk.view.data import Rule, Why
from vsk.view.told import Told
from vsk.view.traces import name_of

if TYPE_CHECKING:
    from vsk.lab import Lab

# What each op asks for, and its clauses.
ASKS = {
    Op.REQUEST: ("asks for a connection", "VSOCK-BOTH-24"),
    Op.RESPONSE: ("accepts the connection that was asked for", "VSOCK-BOTH-25"),
    Op.RST: ("refuses or ends the connection", "VSOCK-BOTH-31"),
    Op.SHUTDOWN: ("says what it will not do any more", "VSOCK-BOTH-28"),
    Op.RW: ("carries payload", "VSOCK-BOTH-16"),
    Op.CREDIT_UPDATE: ("tells its buffer and what it has taken from it", "VSOCK-BOTH-22"),
    Op.CREDIT_REQUEST: ("asks how much it may send", "VSOCK-BOTH-21"),
}
# What answers what.
ANSWERS = {
    Op.REQUEST: (Op.RESPONSE, Op.RST),
    Op.SHUTDOWN: (Op.RST,),
    Op.CREDIT_REQUEST: (Op.CREDIT_UPDATE, Op.RW, Op.RST),
}
# What is no packet: in words, with a clause that holds for rings of each format.
OTHERS = {
    "INTERRUPT": (
        "The device notified the driver that buffers were used, as it had asked for that.",
        "",
    ),
    "STATUS": ("The driver wrote the status register, a step of initialization.", "INIT-DRV-01"),
    "EVENT": ("The device told the driver that all connections are gone.", "EVENT-DEV-03"),
    "TIMER": (
        "A deadline of a connection ran out: for an answer, for the end of a close, or to ask for"
        " credit.",
        "",
    ),
    "RENEWED": ("The driver reset one queue, and enabled it again with another size.", ""),
    "FAULT": ("The lab did what a slow or hostile machine does: see Lab.faults.", ""),
}
# What more there is to say of a ring that is split, or packed.
RINGS = {
    ("INTERRUPT", False): (
        ("With EVENT_IDX it does where used_event was passed.", "SPLITSUP-DEV-05"),
        ("Without it, where the flags of the available ring are 0.", "SPLITSUP-DEV-03"),
    ),
    ("INTERRUPT", True): (("What the driver wishes stands in its event area.", "PACKSUP-DRV-01"),),
    ("USED", False): (("A used entry has its head, and the bytes written.", "SPLIT-DEV-06"),),
    ("USED", True): (("A used descriptor has its id, and the bytes written.", "PACKED-DEV-05"),),
}
CREDIT = "VSOCK-BOTH-19"


class Story:
    """Sentences and rules, as they come."""

    def __init__(self) -> None:
        """Begin with none."""
        self.steps: list[str] = []
        self.rules: dict[str, Rule] = {}

    def say(self, words: str, clause: str = "", rule: str = "") -> None:
        """Add a sentence, and the clause that it stands on."""
        mark = f" [{clause}]" if clause else ""
        self.steps.append(f"{words}{mark}")
        if clause and clause not in self.rules:
            section, known = CLAUSES.get(clause, ("", ""))
            self.rules[clause] = Rule(clause, section, known or rule)

    def why(self, number: int | None, line: str) -> Why:
        """Give it all."""
        return Why(number, line, tuple(self.steps), tuple(self.rules.values()))


def _speak(story: Story, packet: Packet) -> None:
    """Say what a packet asks for."""
    known = ASKS.get(packet.op) if isinstance(packet.op, Op) else None
    who = f"CID {packet.src_cid}, port {packet.src_port},"
    if known is None:
        story.say(f"{who} sent {name_of(packet.op)}, which means nothing.", "VSOCK-BOTH-07")
        return
    words, clause = known
    if packet.op == Op.SHUTDOWN:
        said = [name.lower() for name in packet.flag_names]
        words = f"says that it will {' and '.join(said) or 'do'} no more"
        clause = "VSOCK-BOTH-29" if packet.flags & Shutdown.SEND else clause
    elif packet.op == Op.RW:
        words = f"sent {packet.len} bytes of payload"
    story.say(f"{who} {words}.", clause)


def why_packet(packet: Packet) -> Why:
    """Say what a packet means, and which rules it breaks by itself."""
    story = Story()
    _speak(story, packet)
    try:
        packet.check()
    except PeerError as error:
        words = error.status.text
        story.say(f"It is wrong by itself: {words}.", error.status.clause, words)
    else:
        story.say("By itself it breaks no rule; whether it may come now depends on its connection.")
    return story.why(None, str(packet))


def _check(story: Story, told: Told, at: int) -> None:
    """Hold a packet to the specification, with all that went before it."""
    for finding in told.findings[at]:
        story.say(
            f"It breaks a rule, and CID {finding.cid} is to blame: {finding.rule}.",
            finding.clause,
            finding.rule,
        )


def _after(story: Story, told: Told, at: int) -> bool:
    """Say what became of the chain that a packet came in; whether the device refused it."""
    entry, refused = told.entries[at], False
    places, own = told.of_chain(at)
    for place in places[own + 1 :]:
        later = told.entries[place]
        if later.kind == "REFUSED" and later.status is not None and not refused:
            status, refused = later.status, True
            words = f"The device refused it: {status.text} (#{later.number})."
            story.say(words, status.clause, status.text)
        elif later.kind == "USED":
            words = (
                "The chain that it came in went back to the driver"
                if entry.queue == "tx"
                else "The buffer that it was written into went to the driver, which may read it"
            )
            story.say(f"{words} (#{later.number}).")
            break
        elif later.kind == "PACKET":
            break
    return refused


def _is_refused(told: Told, at: int, end: int) -> bool:
    """Tell whether the device refused the chain of a packet, in front of another place."""
    places, own = told.of_chain(at)
    after = places[own + 1 : own + 2]
    return any(place < end and told.entries[place].kind == "REFUSED" for place in after)


def _answer(story: Story, told: Told, at: int, packet: Packet, refused: bool) -> None:
    """Say what the other side answered."""
    wanted = (Op.RST,) if refused else ANSWERS.get(packet.op, ())  # type: ignore[call-overload]
    if not wanted or packet.op == Op.RST:
        return
    if packet.op == Op.SHUTDOWN and packet.flags & 3 != 3:
        return
    place = told.answer(packet, at, wanted)
    other = None if place is None else told.packets[place]
    if place is None or other is None:
        story.say("No answer is in the trace.")
        return
    number = told.entries[place].number
    words = f"CID {other.src_cid} answered by {name_of(other.op)} (#{number})"
    if packet.op == Op.REQUEST and refused:
        story.say(f"{words}: no connection can come of such a REQUEST.", "VSOCK-BOTH-31")
    elif packet.op == Op.REQUEST and other.op == Op.RST:
        story.say(
            f"{words}: nobody listens on port {packet.dst_port}, or it has no room for more.",
            "VSOCK-BOTH-26",
        )
    elif packet.op == Op.REQUEST:
        story.say(f"{words}: the connection is established.", "VSOCK-BOTH-25")
    elif packet.op == Op.SHUTDOWN:
        story.say(
            f"{words}: both directions were shut, and the connection is over.", "VSOCK-BOTH-32"
        )
    elif packet.op == Op.CREDIT_REQUEST:
        story.say(f"{words}, which says buf_alloc and fwd_cnt.", "VSOCK-BOTH-21")
    else:
        story.say(f"{words}: what it belongs to is not there.", "VSOCK-BOTH-31")


def _reset_by(told: Told, place: int, at: int, packet: Packet, other: Packet) -> tuple[str, str]:
    """Say why a RST may have come, behind the last packet of its peer."""
    if other.op == Op.REQUEST:
        accepted = told.answer(other, place, (Op.RESPONSE,))
        if accepted is not None and accepted < at:
            number = told.entries[accepted].number
            return f"that was accepted (#{number}), and is over now", "VSOCK-BOTH-31"
        if _is_refused(told, place, at):
            return "no connection can come of it, as it was refused", "VSOCK-BOTH-31"
        return "nobody listens there, or it has no room for more", "VSOCK-BOTH-26"
    if other.op == Op.SHUTDOWN and told.is_shut(packet, at):
        return "with it the close is complete", "VSOCK-BOTH-32"
    return "its sender ended the connection, or has none", "VSOCK-BOTH-31"


def _cause(story: Story, told: Told, at: int, packet: Packet) -> None:
    """Say what a RST, a RESPONSE or news of credit answers."""
    place = told.before(packet, at, own=packet.op == Op.CREDIT_UPDATE)
    other = None if place is None else told.packets[place]
    if place is None or other is None:
        return
    number = told.entries[place].number
    if packet.op == Op.RST:
        words, clause = _reset_by(told, place, at, packet, other)
        story.say(
            f"The last that came from the peer was {name_of(other.op)} (#{number}): {words}.",
            clause,
        )
    elif packet.op == Op.RESPONSE and other.op == Op.REQUEST:
        story.say(f"It answers the REQUEST (#{number}).", "VSOCK-BOTH-25")
    elif packet.op == Op.CREDIT_UPDATE:
        asked = told.before(packet, at, own=False)
        of_peer = None if asked is None else told.packets[asked]
        if asked is not None and of_peer is not None and of_peer.op == Op.CREDIT_REQUEST:
            number = told.entries[asked].number
            story.say(f"It answers the CREDIT_REQUEST (#{number}).", "VSOCK-BOTH-21")
        gap = f"buf_alloc is {packet.buf_alloc}, and {packet.fwd_cnt} bytes were taken so far"
        story.say(f"So the peer may have {packet.buf_alloc} bytes under way: {gap}.", CREDIT)


def why(lab: "Lab", number: int) -> Why:
    """Say what happened to an entry of a lab's trace, and by which rule.

    Raises IndexError for a number that the trace does not keep.
    """
    entries = lab.trace[:]
    at = number - entries[0].number if entries else 0
    if not 0 <= at < len(entries):
        raise IndexError(f"no entry {number} in the trace")
    return why_told(Told(entries, from_start=entries[0].number == 0), at)


def why_told(told: Told, at: int) -> Why:
    """Say what happened to the entry at a place."""
    entry, story = told.entries[at], Story()
    packet = told.packets[at]
    if packet is None:
        _other(story, told, at)
        return story.why(entry.number, entry.line)
    _speak(story, packet)
    _cause(story, told, at, packet)
    _check(story, told, at)
    refused = _after(story, told, at)
    _answer(story, told, at, packet, refused)
    return story.why(entry.number, entry.line)


def _other(story: Story, told: Told, at: int) -> None:
    """Say what something means that is no packet."""
    entry = told.entries[at]
    if entry.kind == "REFUSED" and entry.status is not None:
        status = entry.status
        story.say(
            f"The device refused chain {entry.head} of {entry.queue}: {status.text}.",
            status.clause,
            status.text,
        )
        story.say("A chain that breaks a rule goes back to the driver all the same.")
        _packet_in(story, told, at)
        return
    if entry.kind == "KICK":
        # Behind the queue it says what it carries.
        told_more = " next " in entry.line
        story.say(
            "The driver notified the device that the queue has new buffers.",
            "NOTIF-DRV-02" if told_more else "NOTIF-DRV-01",
        )
    elif entry.kind == "USED":
        story.say("The device gave a chain back: its buffers are the driver's again.")
    else:
        story.say(*OTHERS[entry.kind])
    ring, _ = entry._stood()
    for words, clause in RINGS.get((entry.kind, ring[1]), ()) if ring is not None else ():
        story.say(words, clause)
    if entry.kind == "USED":
        story.say(f"The device reports {entry.written} bytes written into it.")
    _packet_in(story, told, at)


def _packet_in(story: Story, told: Told, at: int) -> None:
    """Say which packet was in a chain."""
    places, own = told.of_chain(at)
    if told.entries[at].head is None or not own:
        return
    earlier = told.entries[places[own - 1]]
    if earlier.kind == "PACKET":
        story.say(f"The packet in it was #{earlier.number}.")
    elif earlier.kind == "REFUSED":
        story.say(f"It was refused: #{earlier.number} says why.")
