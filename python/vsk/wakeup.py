# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A descriptor that ends a wait when a signal comes."""

import os
import signal
import threading
import weakref
from types import TracebackType


class Wakeup:
    """Readable, while it listens, once a signal has come.

    A handler in Python runs between two instructions of Python's. A signal that comes after the
    last of them and before the wait itself would be heard when that wait is over: never, perhaps.
    Only the main thread hears signals, and somebody else's wakeup descriptor stays as it is.
    """

    def __init__(self) -> None:
        """Make the pipe."""
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._set = False
        self._close = weakref.finalize(self, _close, self._reader, self._writer)

    def fileno(self) -> int:
        """Name the descriptor to wait for."""
        return self._reader

    def close(self) -> None:
        """Hear no more, and close the pipe."""
        self.leave()
        self._close()

    def drain(self) -> None:
        """Forget the signals that have come."""
        try:
            while os.read(self._reader, 64):
                pass
        except BlockingIOError:
            pass

    def listen(self) -> bool:
        """Begin to hear signals; False where it does already, or is not to."""
        if self._set or threading.current_thread() is not threading.main_thread():
            return False
        self._exchange(-1, self._writer)
        self._set = True
        return True

    def leave(self) -> None:
        """Hear them no more, and forget those that have come."""
        if self._set:
            self._set = False
            self._exchange(self._writer, -1)
            if self._close.alive:
                self.drain()

    def __enter__(self) -> "Wakeup":
        """Begin to hear signals."""
        self.listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Hear them no more."""
        self.leave()

    @staticmethod
    def _exchange(expected: int, fresh: int) -> None:
        found = signal.set_wakeup_fd(fresh, warn_on_full_buffer=False)
        if found != expected:
            signal.set_wakeup_fd(found)


def _close(*ends: int) -> None:
    for end in ends:
        os.close(end)
