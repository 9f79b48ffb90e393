# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The rules that a packet keeps by itself."""

from collections.abc import Iterator

from vsk._core import Packet
from vsk.enums import Op, Seq, Shutdown, Type

BOUNDARIES = int(Seq.EOM | Seq.EOR)
BOTH_WAYS = int(Shutdown.RECEIVE | Shutdown.SEND)

Rules = Iterator[tuple[str, str]]  # what is wrong, and the clause


def name_of(op: int) -> str:
    """Name an op that there is."""
    return Op(op).name


def header_rules(packet: Packet, cut: bool) -> Rules:
    """Hold a packet to what needs no connection."""
    op, flags = packet.op, packet.flags
    size = len(packet.payload)
    if op != Op.RW and packet.len:
        yield f"{name_of(op)} has a payload of {packet.len} bytes", "VSOCK-BOTH-08"
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
        yield f"flags is {flags:#x} though {name_of(op)} has none", "VSOCK-BOTH-05"
