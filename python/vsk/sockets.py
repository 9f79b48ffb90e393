# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A party at its end of a vhost-user socket, on the system's clock."""

import logging
import os
import select
import time
from collections.abc import Callable

from vsk import _core
from vsk.enums import Protocol, Status
from vsk.host import Host
from vsk.party import Party
from vsk.wakeup import Wakeup

__all__ = ["OFFERED", "Socket", "adopt"]

log = logging.getLogger("vsk")

BATCH = 1024  # events that one dispatch tells at most
SESSION, LIVE, STOPPED, END, REFUSED, NOTE, STATE = range(7)  # what notices are about
OFFERED = (
    Protocol.MQ
    | Protocol.REPLY_ACK
    | Protocol.BACKEND_REQ
    | Protocol.CONFIG
    | Protocol.RESET_DEVICE
    | Protocol.CONFIGURE_MEM_SLOTS
    | Protocol.DEVICE_STATE
)


class Socket(Host):
    """Drives one party behind one descriptor."""

    def __init__(self, core: _core.Socket, party: Party, capture: str | os.PathLike[str] | None):
        """Join the two; packets go to a capture if there is one."""
        self._core: _core.Socket
        super().__init__(core, capture)
        self._only = party
        self._wakeup = Wakeup()
        self._hears = False  # signals, for the waits of a run
        self._poll: select.poll | None = None  # of what is awaited, which stays the same
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
            self._wakeup.close()
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
        if self._hears:
            self._hears = False
            self._wakeup.leave()
        self._core.flush()

    def _sleep(self, seconds: float | None) -> None:
        """Wait until there is something to do, so many seconds at most; others run meanwhile.

        Signals are heard from the first wait up to _rest: a wait is too short to begin each time.
        """
        if self._poll is None:
            self._poll = select.poll()
            for fd in self._awaited():
                self._poll.register(fd, select.POLLIN)
        self._hears |= self._wakeup.listen()
        ready = self._poll.poll(None if seconds is None else seconds * 1000)
        if (self._wakeup.fileno(), select.POLLIN) in ready:
            self._wakeup.drain()

    def _awaited(self) -> list[int]:
        """Name the descriptors of which any ends a wait."""
        return [self.fileno(), self._wakeup.fileno()]

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


def adopt(core: _core.Socket, fd: int) -> None:
    """Go on with a descriptor; a copy of it is not inherited, and the caller's is closed."""
    own = os.dup(fd)
    try:
        core.adopt(own)
    except BaseException:
        os.close(own)
        raise
    os.close(fd)
