# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A connection, on either side of it."""

from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TextIO, overload

from vsk import _core
from vsk.conn_file import open_file
from vsk.enums import Reason, Shutdown, State, Type

if TYPE_CHECKING:
    from vsk.party import Party

__all__ = ["Conn"]

Bytes = bytes | bytearray | memoryview

ALL = 2**63 - 1  # more bytes than there ever are


class Conn:
    """A connection between a device and a guest.

    A Device gets it in its hooks; connect, open_connection and accept of a listener give one to
    recv from. Calls that wait drive the lab, and are refused inside a hook. The object stays
    readable when the connection is over, and never comes to name another one. data is yours.
    """

    __slots__ = {
        "__weakref__": "Who names it.",
        "_ear": "Who hears of it instead of its party's hooks.",
        "_id": "Its handle.",
        "_party": "Whose it is.",
        "_role": "Where it is.",
        "data": "Yours: vsk does nothing with it.",
    }

    data: Any

    def __init__(self, party: "Party", role: _core.Role, number: int) -> None:
        """Name a connection of a role; hooks and calls that connect do this."""
        role.hold(number)
        self._ear: object | None = None
        self._party = party
        self._role = role
        self._id = number
        self.data = None

    def __del__(self) -> None:
        """Let go of what was kept of a connection that is over."""
        if hasattr(self, "_id"):
            self._role.release(self._id)

    # ---- what it is ----

    def _number(self, name: str) -> int:
        return self._role.number(self._id, name)

    @property
    def local_cid(self) -> int:
        """Own context id."""
        return self._number("local_cid")

    @property
    def local_port(self) -> int:
        """Own port."""
        return self._number("local_port")

    @property
    def peer_cid(self) -> int:
        """The peer's context id."""
        return self._number("peer_cid")

    @property
    def peer_port(self) -> int:
        """The peer's port."""
        return self._number("peer_port")

    @property
    def local(self) -> tuple[int, int]:
        """Own context id and port."""
        return self.local_cid, self.local_port

    @property
    def peer(self) -> tuple[int, int]:
        """The peer's context id and port."""
        return self.peer_cid, self.peer_port

    @property
    def type(self) -> Type:
        """STREAM or SEQPACKET."""
        return Type[self._role.word(self._id, "type")]

    @property
    def state(self) -> State:
        """Where it stands."""
        return State[self._role.word(self._id, "state")]

    @property
    def reason(self) -> Reason:
        """Why it has ended; NONE while it has not."""
        return Reason[self._role.word(self._id, "reason")]

    @property
    def buf_alloc(self) -> int:
        """Bytes of the own buffer, as the peer is told; setting it tells the peer."""
        return self._number("buf_alloc")

    @buf_alloc.setter
    def buf_alloc(self, size: int) -> None:
        self._role.resize(self._id, size)

    @property
    def peer_buf_alloc(self) -> int:
        """Bytes of the peer's buffer, as it last said."""
        return self._number("peer_buf_alloc")

    @property
    def credit(self) -> int:
        """Bytes that the peer's buffer has room for."""
        return self._number("credit")

    @property
    def queued(self) -> int:
        """Bytes in the send queue."""
        return self._number("queued")

    @property
    def unread(self) -> int:
        """Bytes that came and were not read yet."""
        return self._number("unread")

    @property
    def tx_bytes(self) -> int:
        """Payload bytes sent."""
        return self._number("tx_bytes")

    @property
    def rx_bytes(self) -> int:
        """Payload bytes received."""
        return self._number("rx_bytes")

    @property
    def rx_packets(self) -> int:
        """Packets with payload received."""
        return self._number("rx_packets")

    def __repr__(self) -> str:
        """Say who is connected, how, and where it stands."""
        local, peer = self.local, self.peer
        end = f" {self.reason.name}" if self.reason else ""
        return (
            f"<Conn {local[0]}:{local[1]} - {peer[0]}:{peer[1]} {self.type.name} "
            f"{self.state.name}{end}>"
        )

    # ---- what an answer to a REQUEST is ----

    def accept(self) -> None:
        """Accept the peer's REQUEST, in on_request or later."""
        self._role.accept(self._id)

    def defer(self) -> None:
        """Answer the peer's REQUEST later, by accept or reset."""
        self._role.defer(self._id)

    def reset(self) -> None:
        """End it at once with RST; what is queued is dropped."""
        self._role.reset(self._id)

    # ---- sending ----

    def send(self, data: Bytes, *, eor: bool = False) -> None:
        """Send bytes, on SEQPACKET a message: all of it is taken into the send queue.

        eor also ends a record. Raises ConnectionReset or PipeClosed where nothing can be sent any
        more, UsageError with ERR_MESSAGE for a message longer than the peer's whole buffer.
        """
        self._role.send(self._id, data, eor)

    def shutdown(self, *, send: bool = False, receive: bool = False) -> None:
        """Send no more, once what is queued is sent, or receive no more, or both.

        What is queued has no deadline: only close gives up on it.
        """
        flags = (Shutdown.SEND if send else 0) | (Shutdown.RECEIVE if receive else 0)
        self._role.shutdown(self._id, flags)

    def close(self) -> None:
        """Send what is queued, then close. Closing twice is no error.

        Where nothing of the queue leaves for close_timeout seconds the rest of it is dropped: RST,
        and the reason is TIMEOUT.
        """
        self._role.close(self._id)

    # ---- receiving ----

    def recv(self, size: int | None = None) -> bytes:
        """Wait for 1 to size bytes, or all that are there, on SEQPACKET for one message.

        Gives b"" at the end. Raises ConnectionReset where the peer reset it before, TimedOut where
        nothing will ever come.
        """
        limit = ALL if size is None else size
        if limit < 1:
            raise ValueError("size must be 1 or more")
        return self._party.wait(lambda: self._role.take(self._id, limit), f"bytes for {self!r}")

    def recv_exactly(self, size: int) -> bytes:
        """Wait for exactly so many bytes. Raises ConnectionReset where the end comes before."""
        pieces = []
        while size > 0:
            piece = self.recv(size)
            if not piece:
                raise EOFError(f"{size} bytes short of what was asked for")
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def recv_all(self) -> bytes:
        """Read up to the end."""
        return b"".join(iter(self.recv, b""))

    def exchange(self, data: Bytes) -> bytes:
        """Send all of data while reading as many bytes back."""
        self.send(data)
        return self.recv_exactly(memoryview(data).nbytes)

    @overload
    def makefile(self, mode: Literal["rb", "wb"]) -> BinaryIO: ...

    @overload
    def makefile(self, mode: Literal["r", "w"] = "r") -> TextIO: ...

    def makefile(self, mode: str = "r") -> BinaryIO | TextIO:
        """Read or write a stream as a file: "rb", "wb", or "r", "w" for lines of UTF-8.

        It is buffered: a reader takes more than it gives, and a writer wants flush. Closing it
        flushes and leaves the connection open. It waits as recv does, and raises what recv and send
        raise.
        """
        return open_file(self, mode)

    def pause(self) -> None:
        """Call no hook with payload, and give the peer no credit, until resume."""
        self._role.pause(self._id)

    def resume(self) -> None:
        """Go on after pause."""
        self._role.resume(self._id)
