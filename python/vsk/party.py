# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a Device and a Guest have in common: hooks, connections, and somebody who drives them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakValueDictionary

from vsk import _core
from vsk.conn import Conn
from vsk.enums import Feature, Status
from vsk.errors import PeerError, UsageError, from_status
from vsk.packet import Packet

if TYPE_CHECKING:
    from vsk.host import Host

T = TypeVar("T")
Event = tuple[int, int, bool, int, Any]

LONGEST = 1e9  # seconds
ANY = 0xFFFFFFFF  # stands for no port of one's own choice
HOOKS = (
    "",
    "on_packet",
    "on_request",
    "on_connect",
    "on_data",
    "on_writable",
    "on_eof",
    "on_close",
    "on_error",
    "on_reset",
)
PROGRESS = 0
PACKET, REQUEST, DATA, CLOSE, ERROR, RESET = (
    HOOKS.index(name)
    for name in ("on_packet", "on_request", "on_data", "on_close", "on_error", "on_reset")
)
SECONDS = ("connect_timeout", "close_timeout", "drain_timeout", "ask_first", "ask_last")


def nanoseconds(seconds: float) -> int:
    """Turn seconds into the whole nanoseconds that clocks of the core count."""
    if not 0 <= seconds <= LONGEST:
        raise UsageError(f"{seconds!r} is no time in seconds", Status.ERR_ARGUMENT)
    return round(seconds * 1_000_000_000)


def options_of(names: dict[str, Any]) -> _core.Options:
    """Make options of keywords: numbers, truths, seconds, features, a preset and a layout."""
    options = _core.Options.make()
    preset = names.pop("preset", None)
    if preset is not None:
        options.preset(preset)
    layout = names.pop("rx_layout", None)
    indirect = bool(names.get("rx_indirect", False))
    if layout is not None:
        options.rx(layout, indirect)
    for name, value in names.items():
        if value is None:
            continue
        if name in SECONDS:
            value = nanoseconds(value)
        try:
            options.set(name, int(value))
        except UsageError as error:
            raise UsageError(f"{name} cannot be {value!r}", error.status) from None
    return options


class Party:
    """One end of a memory: its hooks, and the connections that it has.

    Every hook is optional; what is said of each is what happens without it.
    """

    _host: "Host | None" = None

    def _join(self, host: "Host", roles: list[_core.Role]) -> None:
        """Belong to a lab, or a socket, from now on."""
        self._is_free()
        self._host = host
        self._members = roles
        self._named: list[WeakValueDictionary[int, Conn]] = [WeakValueDictionary() for _ in roles]
        self._open: list[dict[int, Conn]] = [{} for _ in roles]
        self._doors: dict[int, object] = {}  # who hears of a REQUEST to a port
        wants = type(self).on_packet is not Party.on_packet
        for role in roles:
            role.want_packets(wants)

    def _part(self) -> None:
        """Belong to nobody again: nothing has come of it."""
        self._host = None

    def _is_free(self) -> None:
        if self._host is not None:
            raise UsageError("it belongs to a lab or a socket already", Status.ERR_BUSY)

    @property
    def _roles(self) -> list[_core.Role]:
        self._joined()
        return self._members

    def _joined(self) -> "Host":
        if self._host is None:
            raise UsageError("it belongs to no lab and no socket yet", Status.ERR_STATE)
        return self._host

    def wait(self, ready: Callable[[], T | None], what: str, within: float | None = None) -> T:
        """Drive until ready gives something. Raises TimedOut where it never will."""
        return self._joined()._wait(ready, what, within)

    def _conn(self, pair: int, number: int) -> Conn:
        """Give the object that names a connection, the same one each time."""
        conn = self._named[pair].get(number)
        if conn is None:
            conn = Conn(self, self._roles[pair], number)
            self._named[pair][number] = conn
            if conn.state:
                self._open[pair][number] = conn  # the user's data lives as long as it does
        return conn

    def _tell(self, event: Event) -> None:
        """Call the hook of an event."""
        kind, pair, _, number, value = event
        if kind == PROGRESS:
            self._open[pair].pop(number, None)
            return
        if kind == PACKET:
            self._take(pair, self.on_packet(value))
            return
        if kind == RESET:
            self.on_reset()
            return
        conn = self._conn(pair, number) if number else None
        hook = getattr(self._hearer(kind, conn), HOOKS[kind])
        if kind == DATA:
            hook(conn, value)
        elif kind == ERROR:
            status, text = value
            hook(conn, from_status(status, text))
        elif kind == CLOSE:
            self._open[pair].pop(number, None)
            hook(conn)
        else:
            hook(conn)

    def _hearer(self, kind: int, conn: Conn | None) -> object:
        """Find whose hook hears of a connection."""
        if conn is None or kind == ERROR:
            return self
        if kind == REQUEST:
            return self._doors.get(conn.local_port, self)
        return conn._ear or self

    def _take(self, pair: int, answer: object) -> None:
        """Do what on_packet has answered."""
        if isinstance(answer, Packet):
            self._roles[pair].replace(answer)
        elif answer is False:
            self._roles[pair].swallow()

    @property
    def connections(self) -> tuple[Conn, ...]:
        """All connections that are not over."""
        return tuple(
            self._conn(pair, number)
            for pair, role in enumerate(self._roles)
            for number in role.connections()
        )

    @property
    def features(self) -> Feature:
        """Features that were agreed on."""
        return Feature(self._roles[0].count("features"))

    @property
    def counters(self) -> dict[str, int]:
        """Packets, payload bytes, errors and more, counted since the beginning."""
        names = ("rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "errors", "foreign", "queued")
        return {name: sum(role.count(name) for role in self._roles) for name in names}

    def after(self, seconds: float, function: Callable[[], object]) -> int:
        """Call a function later, on the lab's clock or the system's; cancel takes the number."""
        return self._joined()._after(seconds, function)

    def cancel(self, timer: int) -> None:
        """Take a timer of after out."""
        self._joined()._cancel(timer)

    # ---- hooks ----

    def on_packet(self, packet: Packet) -> Packet | bool | None:
        """See every packet that comes, first; False swallows it, a Packet replaces it."""

    def on_request(self, conn: Conn) -> None:
        """Answer who asks to connect: RST, unless conn.accept() or conn.defer()."""

    def on_connect(self, conn: Conn) -> None:
        """Hear that a connection which this side opened is there."""

    def on_data(self, conn: Conn, data: memoryview) -> None:
        """Take payload, on SEQPACKET a whole message; what is left out of it is dropped."""

    def on_writable(self, conn: Conn) -> None:
        """Hear that the send queue fell under its limit."""

    def on_eof(self, conn: Conn) -> None:
        """Hear that the peer will send no more: what is queued is sent, then it is closed."""
        conn.close()

    def on_close(self, conn: Conn) -> None:
        """Hear that it is over, or was never accepted; conn.reason says how."""

    def on_error(self, conn: Conn | None, error: PeerError) -> None:
        """Hear of a protocol error, with the clause it broke; the reaction is the spec's."""

    def on_reset(self) -> None:
        """Hear that the driver reset the device: connections are gone."""
