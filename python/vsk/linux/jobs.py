# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Commands in a guest, over its terminal line."""

import os
import selectors
import shlex
import signal
import socket
import struct
import threading
from contextlib import suppress
from typing import IO

from vsk.linux.frames import LINE, MOST, WINDOW, Frames, FrameType, frame

__all__ = ["Job", "Line"]

CONSOLE = 1 << 20  # bytes


class Job:
    """A command that runs in the guest, or has run."""

    def __init__(self, line: "Line", number: int, command: str, terminal: bool) -> None:
        """Stand for a command; Line.run makes it."""
        self.command = command
        self.terminal = terminal
        self.input_ended = False
        self._line = line
        self._number = number
        self._output = bytearray()
        self._errors = bytearray()
        self._untaken = 0
        self._status: int | None = None

    @property
    def returncode(self) -> int | None:
        """How it ended, as subprocess has it: None while it runs, below 0 for a signal."""
        return None if self._status is None else os.waitstatus_to_exitcode(self._status)

    @property
    def output(self) -> bytes:
        """What it wrote to stdout and was not taken yet."""
        return bytes(self._output)

    @property
    def errors(self) -> bytes:
        """What it wrote to stderr and was not taken yet."""
        return bytes(self._errors)

    def take(self) -> tuple[bytes, bytes]:
        """Take what it wrote to stdout and stderr since it was asked last."""
        with self._line.lock:
            taken = bytes(self._output), bytes(self._errors)
            self._output.clear()
            self._errors.clear()
        return taken

    def room(self) -> int:
        """Count the bytes of input that may be sent now."""
        return WINDOW - self._untaken

    def feed(self, data: memoryview) -> memoryview:
        """Send as much input as there is room for; give the rest."""
        now = data[: self.room()]
        for start in range(0, len(now), MOST):
            piece = now[start : start + MOST]
            with self._line.lock:
                self._untaken += len(piece)
            self._line.send(FrameType.INPUT, self._number, piece)
        return data[len(now) :]

    def end_input(self) -> None:
        """Let it read the end of its stdin."""
        if not self.input_ended:
            self.input_ended = True
            self._line.send(FrameType.INPUT_END, self._number)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to it and to all that it started."""
        self._line.send(FrameType.KILL, self._number, struct.pack("<I", number))

    def resize(self, rows: int, columns: int) -> None:
        """Tell its terminal how large it is."""
        self._line.send(FrameType.RESIZE, self._number, struct.pack("<II", rows, columns))

    def _hear(self, kind: FrameType, payload: bytes) -> None:
        if kind is FrameType.OUTPUT:
            self._output += payload
        elif kind is FrameType.ERRORS:
            self._errors += payload
        elif kind is FrameType.TAKEN:
            self._untaken -= struct.unpack("<I", payload)[0]
        elif kind is FrameType.EXIT:
            self._status = struct.unpack("<I", payload)[0]

    def __repr__(self) -> str:
        """Say what runs, and how it ended."""
        state = "runs" if self._status is None else f"ended with {self.returncode}"
        return f"<Job {self.command!r} {state}>"


class Line:
    """The terminal line to a guest's first process, and what its kernel says on the console.

    A thread empties both, so that nothing in the guest ever waits for the script. fileno polls
    readable when something came, until clear.
    """

    def __init__(self, connection: socket.socket, console: IO[bytes]) -> None:
        """Begin to listen."""
        self.lock = threading.Lock()
        self.console = b""
        self.release: str | None = None
        self.ended: str | None = None
        self._socket = connection
        self._console = console
        self._jobs: dict[int, Job] = {}
        self._last = 0
        self._frames = Frames()
        self._unsent = bytearray()
        self._under_way = 0
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._listen, name="vsk.linux", daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Give the descriptor to poll."""
        return self._wake

    def clear(self) -> None:
        """Wait for something new from now on."""
        with suppress(BlockingIOError):
            os.eventfd_read(self._wake)

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._kill_jobs()
        self._socket.close()
        self._console.close()
        if self._wake >= 0:
            os.close(self._wake)
            self._wake = -1

    def send(self, kind: FrameType, job: int, payload: bytes | memoryview = b"") -> None:
        """Send a frame, as soon as the line takes it; one to a guest that has gone is lost."""
        with self.lock:
            self._unsent += frame(kind, job, payload)
            self._send_on()

    def _send_on(self) -> None:
        """Send what the line may hold."""
        now = bytes(self._unsent[: LINE - self._under_way])
        del self._unsent[: len(now)]
        self._under_way += len(now)
        with suppress(OSError):
            self._socket.sendall(now)

    def run(self, command: str, *, folder: str = "/", terminal: bool = False) -> Job:
        """Start a command by the guest's sh, in a folder if there is one of that name."""
        words = os.fsencode(f"cd {shlex.quote(folder)} 2>/dev/null\n{command}")
        if len(words) >= MOST:
            raise ValueError(f"a command has {MOST - 1} bytes at most: give sh a script as input")
        if b"\0" in words:
            raise ValueError("a command cannot hold a zero byte")
        self._last += 1
        job = Job(self, self._last, command, terminal)
        with self.lock:
            self._jobs[self._last] = job
        self.send(FrameType.RUN, self._last, bytes([terminal]) + words)
        return job

    def halt(self, *, again: bool = False) -> None:
        """Switch the guest off, or let it start again."""
        if again:
            with self.lock:
                self._kill_jobs()
        self.send(FrameType.HALT, 0, struct.pack("<I", again))
        if again:
            with self.lock:
                self._frames = Frames()
                self.release = None
                self._under_way = 0

    def _kill_jobs(self) -> None:
        """Let the commands that still run have ended with the guest."""
        for job in self._jobs.values():
            job._status = signal.SIGKILL
        self._jobs.clear()

    def _listen(self) -> None:
        """Take what comes, until the end of both."""
        with selectors.DefaultSelector() as both:
            both.register(self._socket, selectors.EVENT_READ, self._hear_line)
            both.register(self._console, selectors.EVENT_READ, self._hear_console)
            while both.get_map():
                for key, _ in both.select():
                    if not key.data():
                        both.unregister(key.fileobj)
                    os.eventfd_write(self._wake, 1)

    def _hear_console(self) -> bool:
        """Keep what the kernel says, without an end only the latest; False at the end."""
        data = os.read(self._console.fileno(), 65536)
        self.console = (self.console + data)[-CONSOLE:]
        return bool(data)

    def _hear_line(self) -> bool:
        """Take frames; False at the end."""
        try:
            data = self._socket.recv(65536)
        except ConnectionError:
            data = b""
        with self.lock:
            try:
                for kind, job, payload in self._frames.feed(data):
                    self._hear(kind, job, payload)
                self._send_on()
            except (ValueError, struct.error):
                self._end("it has started again by itself")
                return False
            if not data:
                self._end("it has ended")
        return bool(data)

    def _end(self, why: str) -> None:
        self.ended = why

    def _hear(self, kind: FrameType, number: int, payload: bytes) -> None:
        if kind is FrameType.HELLO:
            self.release = payload.decode()
        elif kind is FrameType.GOT:
            self._under_way -= struct.unpack("<I", payload)[0]
        job = self._jobs.get(number)
        if job is not None:
            job._hear(kind, payload)
            if kind is FrameType.EXIT:
                del self._jobs[number]
