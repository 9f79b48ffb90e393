# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Packets and their headers: the C types themselves."""

from vsk._core import Header, HeaderFields, Packet

__all__ = ["Header", "HeaderFields", "Packet", "rebuild", "rebuild_header"]


def rebuild(wire: bytes) -> Packet:
    """Make a packet again from what pickling wrote: its header and all of its payload."""
    packet = Packet(payload=wire[44:])
    packet.header = wire[:44]
    return packet


def rebuild_header(wire: bytes) -> Header:
    """Make a header again from what pickling wrote."""
    return Header.parse(wire)
