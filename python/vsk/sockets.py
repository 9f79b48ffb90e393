# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A device or a guest at its end of a vhost-user socket, on the system's clock."""

import asyncio
import logging
import os
import select
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

from vsk import _core
from vsk.device import Device
from vsk.enums import Protocol, Status
from vsk.errors import TimedOut, UsageError, from_status
from vsk.guest import Guest
from vsk.host import AFTER, LEAST, Host
from vsk.party import Event, Party, nanoseconds, options_of

__all__ = ["Server", "attach", "bridge", "serve"]

log = logging.getLogger("vsk")

BATCH = 1024  # events that one dispatch tells at most
LEAVE = 1.0  # seconds that a guest waits for the device before it goes
LOOK = 0.005  # seconds between two looks at what the device has taken
SESSION, LIVE, STOPPED, END, REFUSED, NOTE, STATE = range(7)  # what notices are about
CONNECTING, TALKING, ALIVE, STOPPING, STANDING, OVER = range(6)  # where a front end stands
OFFERED = (
    Protocol.MQ
    | Protocol.REPLY_ACK
    | Protocol.BACKEND_REQ
    | Protocol.CONFIG
    | Protocol.RESET_DEVICE
    | Protocol.CONFIGURE_MEM_SLOTS
    | Protocol.DEVICE_STATE
)
ACCEPTED = OFFERED & ~Protocol.CONFIGURE_MEM_SLOTS


class _Socket(Host):
    """Drives one party behind one descriptor."""

    def __init__(self, core: _core.Socket, party: Party, capture: str | os.PathLike[str] | None):
        self._core: _core.Socket
        super().__init__(core, capture)
        self._only = party
        self._closed = False
        self._last: tuple[int, str] = (0, "")  # status and words of the session's end
        party._join(self, [core.role()])

    def fileno(self) -> int:
        """Name the descriptor that is readable when dispatch has something to do; -1: closed."""
        return -1 if self._closed else self._core.fileno()

    def close(self) -> None:
        """End it: connections are over, a socket file is removed. Twice is no error."""
        if self._closed:
            return
        self._closed = True
        self._core.close()
        try:
            while not self._running and self._last_step():
                pass
        finally:
            self._read_notices()
            super().close()

    def _last_step(self) -> bool:
        """Tell what is still to be told; timers that begin anew would never end."""
        for number in list(self._afters):
            self._cancel(number)
        return self._step(0)

    def _leave(self) -> None:
        self.close()

    def _party(self, pair: int, is_guest: bool) -> tuple[Party, int]:
        return self._only, 0

    def _read_notices(self) -> None:
        while (notice := self._core.notice()) is not None:
            kind, status, words = notice
            if kind == END:
                self._last = (status, words)
            fine = kind in (SESSION, LIVE, STOPPED) or Status(status) in (Status.OK, Status.EOF)
            log.log(logging.INFO if fine else logging.WARNING, "%r: %s", self, words)

    def _is_over(self) -> bool:
        """Tell whether nothing will ever come any more."""
        return self._closed

    def _step(self, limit: int) -> bool:
        went = super()._step(limit)
        if not went:
            self._read_notices()
        return went

    def dispatch(self) -> None:
        """Do what there is to do, without waiting: call it when fileno is readable."""
        try:
            for _ in range(BATCH):
                if not self._step(0):
                    break
        finally:
            self._rest()

    def _rest(self) -> None:
        self._core.flush()

    def _sleep(self, seconds: float | None) -> None:
        """Wait until there is something to do, so many seconds at most; others run meanwhile."""
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        poll.poll(None if seconds is None else seconds * 1000)

    def _driver(self, within: float | None) -> Callable[[], bool]:
        self._may_drive()
        deadline = None if within is None else time.monotonic() + within

        idle = False

        def go_on() -> bool:
            nonlocal idle
            left = None if deadline is None else deadline - time.monotonic()
            # What is waited for may have come with the step that found nothing more to tell.
            if idle and (self._is_over() or (left is not None and left <= 0)):
                return False
            if idle:
                self._sleep(left)
            idle = not self._step(0)
            return True

        return go_on


class Server(_Socket):
    """A device on a vhost-user socket; serve makes it, and a context manager closes it.

    Front ends come and go, one at a time: a second one is sent away. What the front end gets wrong
    ends its session, and is logged, as is what a hook raises: that ends its connection.
    """

    def __init__(
        self,
        device: Device,
        core: _core.Socket,
        name: str,
        capture: str | os.PathLike[str] | None,
    ) -> None:
        """Begin; serve does this."""
        self._name = name
        self._guard = threading.Lock()
        self._stopping = False
        self._future: asyncio.Future[None] | None = None
        self.device = device
        super().__init__(core, device, capture)
        self._stop = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._close_stop = weakref.finalize(self, os.close, self._stop)

    def __repr__(self) -> str:
        """Say where it listens, and whether somebody is there."""
        state = "closed" if self._closed else "connected" if self.connected else "waiting"
        return f"<Server of {type(self.device).__name__} on {self._name}: {state}>"

    @property
    def sessions(self) -> int:
        """How many front ends have come so far."""
        return self._core.count("sessions")

    @property
    def connected(self) -> bool:
        """Whether a front end is there."""
        return bool(self._core.count("connected"))

    @property
    def live(self) -> bool:
        """Whether a driver is ready: packets may flow."""
        return bool(self._core.count("live"))

    @property
    def protocol(self) -> Protocol:
        """Protocol features that the front end has set."""
        return Protocol(self._core.count("protocol"))

    def close(self) -> None:
        """End it: connections are over, the socket file is removed. Twice is no error."""
        self._leave_loop()
        try:
            super().close()
        finally:
            with self._guard:
                self._close_stop()

    def stop(self) -> None:
        """Let run, or serve_forever, return soon, the next one where none goes on.

        It may be called from any thread.
        """
        with self._guard:
            self._stopping = True
            if self._close_stop.alive:
                os.eventfd_write(self._stop, 1)

    def _stopped(self) -> None:
        """Forget that stop was called: it was heard."""
        with self._guard:
            if self._stopping and self._close_stop.alive:
                os.eventfd_read(self._stop)
            self._stopping = False

    def _dispatch(self, event: Event) -> None:
        try:
            super()._dispatch(event)
        except Exception:
            log.exception("%r: a hook of %s failed", self, type(self.device).__name__)
            kind, _, _, number, _ = event
            role = self.device._roles[0]
            if kind != AFTER and number in role.connections():
                role.reset(number)

    def _is_over(self) -> bool:
        return self._closed or self._stopping

    def _sleep(self, seconds: float | None) -> None:
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        poll.register(self._stop, select.POLLIN)
        poll.poll(None if seconds is None else seconds * 1000)

    def run(
        self,
        until: Callable[[], object] | None = None,
        within: float | None = None,
        *,
        strict: bool = True,
    ) -> None:
        """Serve until something is true, or for so many seconds, or until stop or Ctrl-C.

        Raises TimedOut where until does not come true, unless strict is false.
        """
        try:
            super().run(until, within, strict=strict)
        except KeyboardInterrupt:
            if until is not None:
                raise
            log.info("%r: interrupted", self)
        finally:
            self._stopped()

    async def serve_forever(self) -> None:
        """Serve in the running asyncio loop until close or stop, or until it is cancelled."""
        self._may_drive()
        if self._closed:
            return
        if self._future is not None:
            raise UsageError("it is being served already", Status.ERR_BUSY)
        loop = asyncio.get_running_loop()
        self._future = loop.create_future()
        loop.add_reader(self.fileno(), self.dispatch)
        loop.add_reader(self._stop, self._leave_loop)
        try:
            self.dispatch()
            await self._future
        finally:
            self._leave_loop()
            self._stopped()

    def _leave_loop(self) -> None:
        """Let serve_forever return; its loop waits for nothing any more."""
        future, self._future = self._future, None
        if future is None:
            return
        for fd in (self.fileno(), self._stop):
            future.get_loop().remove_reader(fd)
        if not future.done():
            future.set_result(None)


def _adopt(core: _core.Socket, fd: int) -> None:
    """Go on with a descriptor; a copy of it is not inherited, and the caller's is closed."""
    own = os.dup(fd)
    try:
        core.adopt(own)
    except BaseException:
        os.close(own)
        raise
    os.close(fd)


def serve(
    device: Device,
    path: str | os.PathLike[str] | None = None,
    *,
    fd: int | None = None,
    connect: bool = False,
    protocol: Protocol = OFFERED,
    trace: int = 0,
    capture: str | os.PathLike[str] | None = None,
) -> Server:
    """Put a device on a vhost-user socket: QEMU, User Mode Linux, or a vsk guest drives it.

    path is a socket file to listen on; with connect the server is the client of who listens there,
    such as QEMU with server=on, and tries again until somebody does. fd is a socket that listens or
    is connected, instead of path; it is the server's from then on. protocol are the vhost-user
    features offered, with connect without CONFIGURE_MEM_SLOTS, so that a process that starts again
    is told of the memory; trace the entries kept; capture is a file, a FIFO or "-" to which every
    packet is written as pcapng. Raises Error with ERR_BUSY where somebody listens there already,
    and with ERR_SYSTEM what the system says.
    """
    if (path is None) == (fd is None):
        raise ValueError("a path or a descriptor")
    device._is_free()
    entries = trace if capture is None else max(trace, LEAST)
    core = _core.Socket.serve(options_of(dict(device._names, cid=device.cid)), protocol, entries)
    name = f"descriptor {fd}" if path is None else os.fspath(path)
    if fd is not None:
        _adopt(core, fd)
    elif connect:
        core.dial(name)
    else:
        core.listen(name)
    return Server(device, core, name, capture)


def bridge(
    path: str | os.PathLike[str] | None,
    uds: str | os.PathLike[str],
    *,
    cid: int = 3,
    fd: int | None = None,
    connect: bool = False,
    protocol: Protocol = OFFERED,
    trace: int = 0,
    capture: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Server:
    """Serve a device whose connections programs have that know nothing of vsk.

    The scheme is that of Firecracker, Cloud Hypervisor and vhost-device-vsock: a guest that
    connects to port 52 reaches who listens on the Unix socket UDS_52; a program that connects to
    UDS and writes "CONNECT 52" and a line end reaches the guest's port 52, and reads "OK PORT" and
    a line end first. SEQPACKET is at UDS.seq and UDS.seq_52, of type SOCK_SEQPACKET. Options are a
    Device's; the rest is as for serve. All of it happens in C, while the server is run or
    dispatched.
    """
    server = serve(
        Device(cid, **options),
        path,
        fd=fd,
        connect=connect,
        protocol=protocol,
        trace=trace,
        capture=capture,
    )
    try:
        server._core.bridge(os.fspath(uds))
    except BaseException:
        server.close()
        raise
    return server


class _Link(_Socket):
    """A guest's end."""

    def __init__(
        self,
        guest: Guest,
        core: _core.Socket,
        name: str,
        capture: str | os.PathLike[str] | None,
    ) -> None:
        self._name = name
        super().__init__(core, guest, capture)

    def __repr__(self) -> str:
        return f"<Guest on {self._name}>"

    @property
    def state(self) -> int:
        return self._core.count("state")

    def _is_over(self) -> bool:
        return self._closed or self.state == OVER

    def close(self) -> None:
        """Leave the socket, when the device has heard of what this guest has ended."""
        try:
            if not self._running:
                self._take_leave()
        finally:
            super().close()

    def _take_leave(self) -> None:
        """Give connections that are closing, and packets on their way, the time to get there."""
        deadline = time.monotonic() + LEAVE
        role = self._only._roles[0]
        while not self._is_over() and role.count("unsaid") and time.monotonic() < deadline:
            self.dispatch()
            if role.count("unsaid"):
                self._sleep(LOOK)  # nobody says that a packet was taken

    def begin(self, timeout: float) -> None:
        """Wait until packets may flow, or say why they never will."""
        self.reach(ALIVE, timeout, "the device does not answer")

    def reach(self, state: int, timeout: float, what: str) -> None:
        """Wait for a state."""
        self.run(lambda: self.state in (state, OVER), timeout, strict=False)
        if self.state == OVER:
            self._read_notices()
            status, words = self._last
            raise from_status(status, words)
        if self.state != state:
            raise TimedOut(f"{self._name}: {what}", Status.TIMEOUT)


def attach(
    path: str | os.PathLike[str] | None = None,
    *,
    fd: int | None = None,
    guest: Guest | None = None,
    cid: int = 0,
    memory: int = 8 << 20,
    queues: int = 3,
    mem_slots: bool = False,
    protocol: Protocol = ACCEPTED,
    timeout: float = 10.0,
    trace: int = 0,
    capture: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Guest:
    """Put a guest in front of any vhost-user vsock device, and wait until packets may flow.

    path is the device's socket file; fd a connected socket instead, the guest's from then on.
    Other keywords are a Guest's, or guest is one. cid is its own where the device tells none;
    memory its size in bytes, queues 2 or 3 are handed over, mem_slots announces memory by
    ADD_MEM_REG; protocol are the features accepted; timeout in seconds is for the device to answer.
    trace and capture are as for serve. The guest is a context manager: close leaves the socket.

    Raises what is wrong with the device: PeerError, TimedOut, or Error with ERR_SYSTEM.
    """
    if (path is None) == (fd is None):
        raise ValueError("a path or a descriptor")
    own = Guest(**options) if guest is None else guest
    own._is_free()
    entries = trace if capture is None else max(trace, LEAST)
    core = _core.Socket.attach(
        options_of(dict(own._names)),
        protocol,
        entries,
        memory,
        cid,
        queues,
        mem_slots,
        nanoseconds(timeout),
    )
    name = f"descriptor {fd}" if path is None else os.fspath(path)
    if fd is None:
        core.dial(name)
    else:
        _adopt(core, fd)
    link = _Link(own, core, name, capture)
    try:
        link.begin(timeout)
    except BaseException:
        link.close()
        raise
    return own
