# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Who drives devices and guests: what a lab and a socket have in common."""

import os
from collections.abc import Callable
from typing import TypeVar

from vsk import _core
from vsk.closing import Closing
from vsk.enums import Status
from vsk.errors import TimedOut, UsageError
from vsk.party import PROGRESS, Event, Party, nanoseconds
from vsk.trace import Trace

T = TypeVar("T")

SECOND = 1_000_000_000
LEAST = 65536  # entries of a trace that a capture is written from
AFTER = 10


class Host(Closing):
    """Drives parties: one event after the other, each to its hook."""

    def __init__(
        self, core: _core.Lab | _core.Socket, capture: str | os.PathLike[str] | None
    ) -> None:
        """Begin without parties."""
        self._core = core
        self._afters: dict[int, Callable[[], object]] = {}
        self._running = False
        self._capture = None if capture is None else Stream(core, os.fspath(capture))
        self.trace = Trace(core)

    def _party(self, pair: int, is_guest: bool) -> tuple[Party, int]:
        """Give the party that an event is for, and the number of its member."""
        raise NotImplementedError

    def close(self) -> None:
        """End the capture; a context manager does it too. Everything else goes on."""
        self._write_capture()
        if self._capture is not None:
            self._capture.close()

    def _write_capture(self) -> None:
        """Append the packets that came since to the capture, if there is one."""
        if self._capture is not None:
            self._capture.write()

    def _leave(self) -> None:
        """Hear that a party does not want to be driven any more."""

    # ---- driving ----

    def _may_drive(self) -> None:
        if self._running:
            raise UsageError("a hook may not wait: it would wait for itself", Status.ERR_HOOK)

    def _dispatch(self, event: Event) -> None:
        """Call the hook of an event."""
        kind, pair, is_guest, number, value = event
        if kind == AFTER:
            self._afters.pop(number)()
        elif kind != PROGRESS or number:
            party, member = self._party(pair, is_guest)
            party._tell((kind, member, is_guest, number, value))

    def _step(self, limit: int) -> bool:
        self._may_drive()
        event = self._core.step(limit)
        self._running = True
        try:
            if event is not None:
                self._dispatch(event)
        finally:
            self._running = False
            self._write_capture()
        return event is not None

    def _driver(self, within: float | None) -> Callable[[], bool]:
        """Give what goes on by one thing each time, and says false where it is time to stop."""
        raise NotImplementedError

    def run(
        self,
        until: Callable[[], object] | None = None,
        within: float | None = None,
        *,
        strict: bool = True,
    ) -> None:
        """Go on until something is true, or for so many seconds, or until nothing happens any more.

        In a lab it is over after an hour of virtual time too, where within is not given. Raises
        TimedOut where until does not come true, unless strict is false.
        """
        go_on = self._driver(within)
        try:
            while until is None or not until():
                if not go_on():
                    break
            else:
                return
        finally:
            self._rest()
        if until is not None and strict and not until():
            raise TimedOut("what was waited for never came true", Status.TIMEOUT)

    def _wait(self, ready: Callable[[], T | None], what: str, within: float | None) -> T:
        go_on = self._driver(within)
        try:
            while (found := ready()) is None:
                if not go_on():
                    raise TimedOut(f"{what}: nothing will ever come", Status.TIMEOUT)
        finally:
            self._rest()
        return found

    def _rest(self) -> None:
        """Stop driving for now."""

    # ---- timers ----

    def _after(self, seconds: float, function: Callable[[], object]) -> int:
        number = self._core.after(nanoseconds(seconds))
        self._afters[number] = function
        return number

    def _cancel(self, number: int) -> None:
        if self._afters.pop(number, None) is not None:
            self._core.cancel(number)


class Stream:
    """A capture that grows with a trace, until it is closed or its reader is gone."""

    def __init__(self, core: _core.Lab | _core.Socket, path: str) -> None:
        """Begin a file; "-" is stdout."""
        self._core = core
        self._file = open(1 if path == "-" else path, "wb", 0, closefd=path != "-")  # noqa: SIM115
        self._next = 0
        self._head = True

    def write(self) -> None:
        """Append the packets that came since."""
        end = self._core.trace_end()
        if self._file.closed or (end == self._next and not self._head):
            return
        rest = memoryview(self._core.trace_pcapng(self._next, self._head))
        self._next = end
        self._head = False
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except BrokenPipeError:
            self.close()

    def cut(self, end: int) -> None:
        """Go on with the entry that gets a number anew."""
        self._next = min(self._next, end)

    def close(self) -> None:
        """Write no more."""
        self._file.close()
