# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A guest: the driver's side of vsock, well-behaved or by hand."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from vsk import _core
from vsk.closing import Closing
from vsk.conn import Conn
from vsk.enums import Op, Status, Type
from vsk.errors import UsageError
from vsk.memory import Memory
from vsk.packet import Packet
from vsk.party import ANY, Party, options_of
from vsk.queue import Queue, Ring

if TYPE_CHECKING:
    from vsk.view.data import Look

__all__ = ["Guest", "Listener"]


class Listener(Closing):
    """A port that a guest listens on; a context manager closes it."""

    __slots__ = {"_closed": "Whether.", "_guest": "Whose it is.", "port": "The port."}

    def __init__(self, guest: "Guest", port: int) -> None:
        """Name a port; Guest.listen does this."""
        self._guest = guest
        self._closed = False
        self.port = port

    def accept(self) -> Conn:
        """Wait for the next connection. Raises TimedOut where none will ever come."""
        guest = self._guest
        number = guest.wait(lambda: guest._role.accepted(self.port), f"a peer on port {self.port}")
        return guest._conn(0, number)

    def close(self) -> None:
        """Listen no more; connections that were not asked for are reset. Twice is no error."""
        if not self._closed:
            self._guest._role.unlisten(self.port)
        self._closed = True


def _value(packet: Packet, name: str, wanted: object) -> tuple[object, object]:
    """Give a field of a packet and what it should be, in the same form."""
    found: Any = getattr(packet, name)
    if isinstance(wanted, str) and name == "op":
        return found, Op[wanted]
    if isinstance(wanted, str) and name == "type":
        return found, Type[wanted]
    if name == "payload":
        return bytes(found), wanted
    if name in ("src", "dst"):
        return found, tuple(wanted)  # type: ignore[arg-type]
    return found, wanted


def _word(value: object) -> str:
    """Name a value of an enum, show any other."""
    return str(getattr(value, "name", None) or value)


def _differences(packet: Packet, fields: dict[str, object]) -> list[str]:
    """Say which fields of a packet are not as they should be."""
    pairs = {name: _value(packet, name, wanted) for name, wanted in fields.items()}
    return [
        f"{name} is {_word(found)}, not {_word(wanted)}"
        for name, (found, wanted) in pairs.items()
        if found != wanted
    ]


class Guest(Party, Closing):
    """A guest with three queues of its own.

    preset imitates a kernel: linux-5.10, linux-6.1, linux-6.12. Keywords are a policy: rx_layout
    cuts RX buffers into descriptors of so many bytes, rx_indirect and tx_indirect put descriptors
    into tables, tx_piece is the most payload of one descriptor, rx_buffers, refill_at and
    event_buffers count buffers, queue_size descriptors; buf_alloc, update_at, update_idle, ask,
    answer, meter and payload_max are about credit and packets; timeouts are in seconds.
    """

    def __init__(
        self,
        *,
        preset: str | None = None,
        features: int | None = None,
        queue_size: int | None = None,
        rx_layout: Sequence[int] | None = None,
        rx_indirect: bool | None = None,
        rx_buffers: int | None = None,
        refill_at: int | None = None,
        event_buffers: int | None = None,
        tx_piece: int | None = None,
        tx_indirect: bool | None = None,
        buf_alloc: int | None = None,
        update_at: int | None = None,
        update_idle: bool | None = None,
        payload_max: int | None = None,
        ask: bool | None = None,
        answer: bool | None = None,
        meter: bool | None = None,
        connections: int | None = None,
        send_buffer: int | None = None,
        empty_messages: bool | None = None,
        connect_timeout: float | None = None,
        close_timeout: float | None = None,
        drain_timeout: float | None = None,
        ask_first: float | None = None,
        ask_last: float | None = None,
    ) -> None:
        """Begin without a device; a Lab, or attach, brings one."""
        names = dict(locals())
        for name in ("self", "__class__"):
            names.pop(name, None)
        names["accepted"] = names.pop("features")
        self._names: dict[str, object] = names
        self._shown: dict[str, Look] = {}
        options_of(dict(names))

    @property
    def _role(self) -> _core.Role:
        self._joined()
        return self._roles[0]

    @property
    def cid(self) -> int:
        """Own context id."""
        return self._role.count("cid")

    @property
    def memory(self) -> Memory:
        """Own memory: alloc gives from its last eighth, which the guest leaves to scripts."""
        memory = Memory.__new__(Memory)
        memory._share(self._role.memory())
        return memory

    @property
    def rings(self) -> tuple[Ring, Ring, Ring]:
        """Where the rings stand in its memory: rx, tx, event. Writing there is an experiment."""
        rx, tx, event = self.memory.rings[:3]
        return rx, tx, event

    def show(self, queue: str = "tx") -> None:
        """Print a queue as it stands: rx, tx or event; what has changed since the last time too."""
        from vsk.view import queue as look

        names = ("rx", "tx", "event")
        if queue not in names:
            raise UsageError(f"no queue {queue!r}: rx, tx, event", Status.ERR_ARGUMENT)
        opened = Queue(self.memory, ring=self.rings[names.index(queue)])
        self._shown[queue] = look(opened, f"{queue} of CID {self.cid}", self._shown.get(queue))
        self._shown[queue].show()

    def connect(
        self,
        cid: int,
        port: int,
        type: Type | str = Type.STREAM,
        *,
        local_port: int | None = None,
        hooks: bool = False,
    ) -> Conn:
        """Connect, and wait until it is there. With hooks those of this guest hear of it.

        Raises ConnectionReset where it is refused, TimedOut where nobody answers.
        """
        self._joined()._may_drive()
        kind = Type[type] if isinstance(type, str) else type
        own = ANY if local_port is None else local_port
        conn = self._conn(0, self._role.connect(own, cid, port, kind, hooks))
        self.wait(lambda: self._role.ready(conn._id) or None, f"an answer to {conn!r}")
        return conn

    def listen(self, port: int, backlog: int = 128) -> Listener:
        """Listen on a port. More than backlog connections that nobody has asked for get RST."""
        self._role.listen(port, backlog)
        return Listener(self, port)

    def close(self) -> None:
        """Leave the socket that attach has put it on; in a lab it stays. Twice is no error.

        Packets that were sent, and connections that were closed or reset, get a second at most to
        reach the device, so that it hears how they ended; what is open ends with the socket.
        """
        if self._host is not None:
            self._host._leave()

    # ---- below sockets ----

    def tx(
        self,
        packet: Packet | None = None,
        *,
        layout: Sequence[int] | None = None,
        indirect: bool = False,
        **fields: Any,
    ) -> Packet:
        """Send any packet with any field wrong, cut into descriptors of any length.

        src_cid is this guest's where it is not given. From then on the port that it came from is
        yours: what comes back to it is not answered, and is for expect.
        """
        if packet is None:
            if "src" not in fields:
                fields.setdefault("src_cid", self.cid)
            packet = Packet(**fields)
        self._role.put(packet, layout, indirect)
        return packet

    def _came(self, all: bool) -> Iterator[tuple[int, Packet]]:
        """Give the packets that came, for no connection unless all are asked for."""
        index = 0
        while (packet := self._role.seen(index)) is not None:
            if all or not self._role.owned(index):
                yield index, packet
            index += 1

    def _match(self, all: bool, fields: dict[str, object]) -> Packet | None:
        for index, packet in self._came(all):
            if not _differences(packet, fields):
                self._role.unsee(index)
                return packet
        return None

    def expect(self, *, within: float = 0.0, all: bool = False, **fields: Any) -> Packet:
        """Wait for a packet with these fields, among those that belong to no connection.

        Takes the first that fits and leaves the others; with all every packet counts. within is in
        seconds. Raises AssertionError, which shows the packets that came instead.
        """
        self._joined().run(until=lambda: self._fits(all, fields), within=within, strict=False)
        packet = self._match(all, fields)
        if packet is not None:
            return packet
        came = [
            f"  {packet}\n    {'; '.join(_differences(packet, fields))}"
            for _, packet in self._came(all)
        ]
        wanted = ", ".join(f"{name}={value!r}" for name, value in fields.items())
        raise AssertionError(
            f"no packet with {wanted} within {within:g} s; what came:\n"
            + ("\n".join(came) or "  nothing")
        )

    def _fits(self, all: bool, fields: dict[str, object]) -> bool:
        return any(not _differences(packet, fields) for _, packet in self._came(all))

    def expect_none(self, *, within: float = 0.0, all: bool = False, **fields: Any) -> None:
        """Hold that no packet with these fields comes within so many seconds.

        Raises AssertionError at the first that does.
        """
        self._joined().run(until=lambda: self._fits(all, fields), within=within, strict=False)
        packet = self._match(all, fields)
        if packet is not None:
            raise AssertionError(f"a packet came that should not:\n  {packet}")

    def offer(self, queue: int, slot: int) -> None:
        """Put any number into a queue's available ring, and kick: 0 rx, 1 tx, 2 event."""
        self._role.offer(queue, slot)

    def reset_queue(self, queue: int, size: int) -> None:
        """Reset a queue, and enable it again with a size: 0 rx, 1 tx, 2 event.

        size is in descriptors, at most queue_size. Raises UsageError: ERR_FEATURES where
        RING_RESET was not negotiated, or the guest is not a lab's; ERR_SIZE; ERR_BUSY while packets
        are on their way in that queue (virtio 1.4, 2.6.1).
        """
        self._role.reset_queue(queue, size)

    def kick(self, queue: int = 1) -> None:
        """Kick the device for a queue, asked for or not."""
        self._role.kick(queue)
