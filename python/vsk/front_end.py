# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A guest at its end of a vhost-user socket."""

import os
import time
from typing import Any

from vsk import _core
from vsk.enums import Protocol, Status
from vsk.errors import TimedOut, from_status
from vsk.guest import Guest
from vsk.host import LEAST
from vsk.party import nanoseconds, options_of
from vsk.sockets import OFFERED, Socket, adopt

__all__ = ["ACCEPTED", "attach"]

LEAVE = 1.0  # seconds that a guest waits for the device before it goes
LOOK = 0.005  # seconds between two looks at what the device has taken
CONNECTING, TALKING, ALIVE, STOPPING, STANDING, OVER = range(6)  # where a front end stands
ACCEPTED = OFFERED & ~Protocol.CONFIGURE_MEM_SLOTS


class Link(Socket):
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

    Raises what is wrong with the device: PeerError, TimedOut, or Error with ERR_SYSTEM; guest is
    free again then.
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
        adopt(core, fd)
    link = Link(own, core, name, capture)
    try:
        link.begin(timeout)
    except BaseException:
        link.close()
        own._part()
        raise
    return own
