# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What the checker remembers of connections, and of addresses between them."""

from collections import deque
from dataclasses import dataclass, field

from vsk.check.finding import Address, Seen


@dataclass
class Side:
    """What one side of a connection has sent and said; bytes count on beyond 2^32."""

    sent: int = 0  # payload bytes
    taken: int | None = 0  # its fwd_cnt; None: not seen yet
    edge: int = 0  # the furthest that the peer may send to
    buffer: int = 0  # the largest buf_alloc
    shut: int = 0  # flags of all its SHUTDOWNs
    deaf: tuple[int, int] | None = None  # edge, and bytes sent, before its SHUTDOWN(RECEIVE)
    closing: Seen | None = None  # the SHUTDOWN that covered both directions
    asked: Seen | None = None  # a CREDIT_REQUEST that waits
    message: int = 0  # payload bytes of a SEQPACKET message that has not ended
    packets: int = 0  # that it sent, but RST
    heard: int = 0  # packets of the peer that it has certainly seen
    untaken: deque[tuple[int, int]] = field(default_factory=deque)  # its RW: first byte, packet


@dataclass
class Flow:
    """A connection: begun by a REQUEST, over with a RST."""

    type: int
    request: Seen | None  # None: it was there when the capture began
    sides: dict[Address, Side]
    open: bool = False
    reset_by: set[Address] = field(default_factory=set)
    resets: int = 0  # RSTs, of both, from the one that ended it

    @property
    def known(self) -> bool:
        """Whether all of it was seen."""
        return self.request is not None

    def under_way_to(self, address: Address) -> int:
        """How many packets a side may not have seen when it sent its latest."""
        (peer,) = (side for other, side in self.sides.items() if other != address)
        heard = self.sides[address].heard if self.open else 1
        return max(peer.packets - heard, 0)


@dataclass
class Pair:
    """Two addresses, and all that happens between them."""

    flow: Flow | None = None
    blurred: bool = False  # old and new packets cannot be told apart any more
    # How many RSTs of each may answer, or cross, what belongs to no connection any more.
    spare: dict[Address, int] = field(default_factory=dict)
    # What each must answer by RST, with the clause.
    owed: dict[Address, list[tuple[Seen, str]]] = field(default_factory=dict)
    types: set[int] = field(default_factory=set)  # all that were used: RST may echo them

    def let_answer(self, address: Address) -> None:
        """Give an address a spare RST."""
        self.spare[address] = self.spare.get(address, 0) + 1

    def must_answer(self, seen: Seen, clause: str) -> None:
        """Have the receiver of a packet owe a RST."""
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
