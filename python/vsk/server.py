# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A device at its end of a vhost-user socket."""

import asyncio
import logging
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

from vsk import _core
from vsk.device import Device
from vsk.enums import Protocol, Status
from vsk.errors import UsageError
from vsk.host import AFTER, LEAST
from vsk.party import Event, options_of
from vsk.sockets import OFFERED, Socket, adopt

__all__ = ["Server", "bridge", "serve"]

log = logging.getLogger("vsk")


class Server(Socket):
    """A device on a vhost-user socket; serve makes it, and a context manager closes it.

    Front ends come and go, one at a time: a second one is sent away. What the front end gets wrong
    ends its session, and is logged, as is what a hook raises: that ends its connection. A capture
    that cannot be written ends, which is logged once.
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

    def _write_capture(self) -> None:
        # Front ends are served though nobody can read of them.
        try:
            super()._write_capture()
        except OSError as error:
            log.error("%r: the capture ends: %s", self, error.strerror)
            if self._capture is not None:
                self._capture.close()

    def _is_over(self) -> bool:
        return self._closed or self._stopping

    def _awaited(self) -> list[int]:
        return [*super()._awaited(), self._stop]

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
        loop.add_reader(self._wakeup.fileno(), self._wakeup.drain)
        try:
            with self._wakeup:
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
        for fd in self._awaited():
            future.get_loop().remove_reader(fd)
        if not future.done():
            future.set_result(None)


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
    is told of the memory (after QEMU's stop and cont; on packed rings the guest's driver has to be
    bound anew, as nothing in memory says where they stand); trace the entries kept; capture is a
    file, a FIFO or "-" to which every packet is written as pcapng. Raises Error with ERR_BUSY where
    somebody listens there already,
    and with ERR_SYSTEM what the system says.
    """
    if (path is None) == (fd is None):
        raise ValueError("a path or a descriptor")
    device._is_free()
    entries = trace if capture is None else max(trace, LEAST)
    core = _core.Socket.serve(options_of(dict(device._names, cid=device.cid)), protocol, entries)
    name = f"descriptor {fd}" if path is None else os.fspath(path)
    if fd is not None:
        adopt(core, fd)
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
