# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A command of the guest on the stdin, stdout and stderr of Python."""

import os
import select
import shutil
import signal
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from vsk.linux.jobs import Job

__all__ = ["interact"]

LONG = 3600.0  # seconds; a signal ends a wait before


def interact(
    job: Job,
    poll: "select.poll",
    turn: Callable[[float], None],
    ended: Callable[[], object],
) -> int:
    """Carry input and output until a command ends; give its exit status.

    turn waits for what poll knows, which gets to know stdin too.
    """
    with _raw(job):
        listening = False
        while job.returncode is None and not ended():
            listening = _listen(poll, job.room() > 0 and not job.input_ended, listening)
            turn(LONG)
            _show(job)
            if listening and select.select([0], [], [], 0)[0]:
                _feed(job)
        _listen(poll, False, listening)
        _show(job)
    status = 255 if job.returncode is None else job.returncode
    return status if status >= 0 else 128 - status


def _listen(poll: "select.poll", want: bool, listening: bool) -> bool:
    """Let poll know stdin, or forget it."""
    if want and not listening:
        poll.register(0, select.POLLIN)
    elif listening and not want:
        poll.unregister(0)
    return want


def _feed(job: Job) -> None:
    data = os.read(0, job.room())
    if data:
        job.feed(memoryview(data))
    else:
        job.end_input()


def _show(job: Job) -> None:
    for number, data in enumerate(job.take(), 1):
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(number, rest) :]


@contextmanager
def _raw(job: Job) -> Iterator[None]:
    """Pass every key on, and every change of the window, where the command has a terminal."""
    if not job.terminal:
        yield
        return

    def resize(number: int = 0, frame: FrameType | None = None) -> None:
        size = shutil.get_terminal_size()
        job.resize(size.lines, size.columns)

    before = termios.tcgetattr(0)
    handler = signal.signal(signal.SIGWINCH, resize)
    try:
        tty.setraw(0)
        resize()
        yield
    finally:
        signal.signal(signal.SIGWINCH, handler)
        termios.tcsetattr(0, termios.TCSAFLUSH, before)
