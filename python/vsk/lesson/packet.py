# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Checks of lesson 1, a packet."""

from vsk.enums import Op, Type
from vsk.lesson.verdict import Exercise, Verdict, right, wrong
from vsk.packet import Packet


def port(answer: object) -> Verdict:
    """Judge a port that was read: 90 1f 00 00 at offset 20."""
    if answer == 8080:
        return right(
            "0x90 + 0x1f * 256 = 8080, from offset 20. It is an RST of the host's port 22 to "
            "machine 7."
        )
    if answer in (0x901F0000, 0x901F):
        return wrong("That is read from the wrong end: the lowest byte comes first.", *HEADER)
    if answer in (22, 0x16000000):
        return wrong(
            "That stands at offset 16: it is the port that the packet is from. "
            "src_port comes first, dst_port follows at 20.",
            *HEADER,
        )
    if answer in (2, 7):
        return wrong("That is a CID: it names a machine, not a port in it.", "VSOCK-BOTH-11")
    return wrong(f"{answer!r} does not stand there: dst_port is 4 bytes from offset 20.", *HEADER)


def length(answer: object) -> Verdict:
    """Judge the len of a packet that fills 20 + 60 + 1024 bytes."""
    if answer == 1060:
        return right(
            "20 + 60 + 1024 bytes, without the header's 44. How they are cut is no matter."
        )
    if answer == 1104:
        return wrong("That counts the header too.", "VSOCK-BOTH-08")
    if answer in (1084, 1024):
        return wrong(
            "The header is 44 bytes, wherever buffers end: 20 stand in the first, 24 in the "
            "second, and payload follows at once.",
            "VSOCK-BOTH-05",
            "VSOCK-BOTH-08",
        )
    return wrong(f"{answer!r} is not it: all that the buffers hold, less 44.", "VSOCK-BOTH-08")


def answer(packet: object) -> Verdict:
    """Judge the RESPONSE to the REQUEST from 3:5000 to 2:80."""
    if not isinstance(packet, Packet):
        return wrong(f"A vsk.Packet is asked for, this is a {type(packet).__name__}.")
    if (packet.src, packet.dst) == ((3, 5000), (2, 80)):
        return wrong(
            "It has the addresses of the REQUEST, so it would go back to the host itself: an "
            "answer is from the REQUEST's destination to its source.",
            "VSOCK-BOTH-11",
        )
    if (packet.src, packet.dst) != ((2, 80), (3, 5000)):
        return wrong(
            f"{packet.src[0]}:{packet.src[1]} > {packet.dst[0]}:{packet.dst[1]} is another "
            "connection: all four numbers have to be those of the REQUEST, turned round.",
            "VSOCK-BOTH-11",
        )
    return _accepts(packet)


def _accepts(packet: Packet) -> Verdict:
    if packet.type != Type.SEQPACKET:
        return wrong(
            "The REQUEST is for a SEQPACKET connection, the answer has another type; STREAM is "
            "what a packet has where you say nothing.",
            "VSOCK-BOTH-12",
        )
    if packet.op != Op.RESPONSE:
        return wrong(f"Its op is {packet.op!r}: a RESPONSE accepts.", "VSOCK-BOTH-25")
    if packet.len:
        return wrong("It has payload: that is RW's alone.", "VSOCK-BOTH-08")
    if packet.buf_alloc != 65536:
        return wrong(
            f"buf_alloc is {packet.buf_alloc}: it says how many bytes the sender of the packet "
            "can take, here 65536. The guest may send no more than that.",
            "VSOCK-BOTH-19",
        )
    if packet.fwd_cnt:
        return wrong(
            "fwd_cnt counts bytes taken from the guest: there are none yet.", "VSOCK-BOTH-18"
        )
    return right("The guest takes the connection for established, and may send 65536 bytes.")


HEADER = ("VSOCK-BOTH-05",)
EXERCISES = (
    Exercise("Set port to the number that stands in dst_port.", port),
    Exercise("Set length to the len that the header says.", length),
    Exercise("Set answer to a vsk.Packet with src, dst, op, type and buf_alloc.", answer),
)
