# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Checks of lesson 5, connect and close."""

from typing import Any

from vsk.conn import Conn
from vsk.device import Device
from vsk.enums import Op, Reason, Type
from vsk.errors import ConnectionReset, TimedOut
from vsk.lab import Lab
from vsk.lesson.verdict import Exercise, Verdict, right, wrong
from vsk.packet import Packet

HALVES = ("VSOCK-BOTH-28", "VSOCK-BOTH-29")
DATA = (b"hello", b" world")


def flags(answer: object) -> Verdict:
    """Judge the flags of a SHUTDOWN in both directions."""
    if answer == 3:
        return right(
            "Bit 0 is 1, bit 1 is 2. The peer answers with RST, and the connection is over."
        )
    if answer in (1, 0):
        return wrong(
            "0 and 1 are the numbers of the bits: bit 0 has the value 1, bit 1 the value 2. "
            f"{answer!r} would {'say nothing' if answer == 0 else 'close one direction'}.",
            *HALVES,
        )
    if answer == 2:
        return wrong("That is SEND alone: half of it. The sender would still read.", *HALVES)
    return wrong(f"{answer!r} is not made of bits 0 and 1.", *HALVES)


def count(model: object) -> Verdict:
    """Judge a device that answers at the end how much came."""
    if not (isinstance(model, type) and issubclass(model, Device)):
        return wrong("A class is asked for, made of vsk.Device.")
    if not any(name.startswith("on_") for name in vars(model)):
        return Verdict("to do", "Give Count the hooks on_request, on_data and on_eof.")
    lab = Lab(model(cid=3))
    try:
        conn = lab.guest.connect(2, 1234)
    except ConnectionReset:
        return wrong(
            "The REQUEST got an RST: that is what happens unless on_request accepts.",
            "VSOCK-BOTH-26",
        )
    except TimedOut:
        return wrong("The REQUEST got no answer: on_request has to accept it.", "VSOCK-BOTH-25")
    for data in DATA:
        conn.send(data)
        lab.run()
        if conn.unread or conn.reason != Reason.NONE:
            return wrong(
                "It answers, or closes, while the guest still sends. A piece of payload is not all "
                "of it: on_eof hears of the end.",
                "VSOCK-BOTH-13",
            )
    conn.shutdown(send=True)
    return _says(conn)


def _says(conn: Conn) -> Verdict:
    """Judge what a device says when its peer has finished."""
    said = b""
    try:
        while piece := conn.recv():
            said += piece
    except ConnectionReset:
        return wrong(
            "The guest got an RST where the end should be, and cannot know that it has got all: "
            "reset drops what is queued, close sends it first.",
            "VSOCK-BOTH-31",
            "VSOCK-BOTH-32",
        )
    except TimedOut:
        return _waits(said)
    if not said:
        return wrong(
            "It closed and said nothing: what Device does where there is no on_eof.",
            "VSOCK-BOTH-29",
        )
    if said in (b"5", b"6"):
        return wrong(f"{said!r} is one piece of 5 and 6 bytes: count all of them.", "VSOCK-BOTH-13")
    if said != b"11":
        return wrong(f"It said {said!r}, and 11 bytes came, in two pieces.")
    return right("Each side has said what it had to say, and nothing was lost.")


def _waits(said: bytes) -> Verdict:
    if not said:
        return wrong("The guest has finished, and nothing comes: on_eof has to send.", *HALVES)
    return wrong(
        f"It said {said!r}, and the guest waits for more: without a close it cannot know that "
        "this was all.",
        "VSOCK-BOTH-13",
        "VSOCK-BOTH-32",
    )


def answer_to(answer: Any) -> Verdict:
    """Judge a function that answers packets which belong to no connection."""
    if not callable(answer):
        return wrong(f"A function is asked for, this is a {type(answer).__name__}.")
    said = []
    for kind in (Type.STREAM, Type.SEQPACKET):
        for op in (Op.RW, Op.SHUTDOWN, Op.RESPONSE, Op.CREDIT_UPDATE, Op.CREDIT_REQUEST, Op.RST):
            packet = Packet(src=(2, 80), dst=(3, 1024), op=op, type=kind)
            said.append((packet, answer(packet.copy())))
    if all(found is None for _, found in said):
        return Verdict("to do", "Let answer_to return a vsk.Packet, or None where none is right.")
    for packet, found in said:
        verdict = _loops(found) if packet.op == Op.RST else _refuses(packet, found)
        if verdict is not None:
            return verdict
    return right("The peer learns that nothing is there, and an RST ends the talk.")


def _loops(found: object) -> Verdict | None:
    if found is None:
        return None
    return wrong(
        "It answers an RST. The other side has no such connection either, and by the same rule "
        "would answer yours: both would go on for ever.",
        "VSOCK-DEV-13",
    )


def _refuses(packet: Packet, found: object) -> Verdict | None:
    name = Op(packet.op).name
    if not isinstance(found, Packet):
        return wrong(f"To {name} it answers {found!r}: the peer would wait on.", "VSOCK-BOTH-31")
    if found.op != Op.RST:
        return wrong(f"To {name} it answers {found.op!r}, not RST.", "VSOCK-BOTH-31")
    if (found.src, found.dst) == (packet.src, packet.dst):
        return wrong("It sends the RST to itself: source and destination change places.", *FLOW)
    if (found.src, found.dst) != (packet.dst, packet.src):
        return wrong("The RST belongs to another connection: all four numbers count.", *FLOW)
    if found.type != packet.type:
        return wrong(
            f"The packet is of type {packet.type!r}, the RST of type {found.type!r}: it would be "
            "for another connection.",
            "VSOCK-BOTH-12",
        )
    return None


FLOW = ("VSOCK-BOTH-11",)
EXERCISES = (
    Exercise("Set flags to a number.", flags),
    Exercise("Write the hooks of Count, and pass the class.", count),
    Exercise("Write answer_to, and pass the function.", answer_to),
)
