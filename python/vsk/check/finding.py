# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What the checker takes, and what it finds."""

from dataclasses import dataclass

from vsk._core import Packet

Address = tuple[int, int]


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
class Seen:
    """A packet on its way through the checker."""

    packet: Packet
    number: int
    time: int | None

    @property
    def src(self) -> Address:
        """Who sent it."""
        return self.packet.src

    @property
    def dst(self) -> Address:
        """Whom it is for."""
        return self.packet.dst

    def finding(self, rule: str, clause: str, cid: int | None = None) -> Finding:
        """Say what is wrong with it, and whose fault that is: the sender's, or another's."""
        cid = self.src[0] if cid is None else cid
        return Finding(self.number, self.time, rule, clause, cid, str(self.packet))
