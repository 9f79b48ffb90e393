# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The command vsk in processes of its own."""

import select
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

PATIENCE = 20.0  # seconds until a child is given up


class Child:
    """A vsk command; its stderr is read line by line, and it never outlives its test."""

    def __init__(
        self, *arguments: str, fds: Sequence[int] = (), patience: float = PATIENCE
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vsk", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=fds,
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.stdout, self.stderr = self.process.stdout, self.process.stderr
        self._watchdog = threading.Timer(patience, self.process.kill)
        self._watchdog.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def until(self, words: str) -> str:
        """Read stderr up to the line with these words, and give it."""
        seen = ""
        for line in iter(self.stderr.readline, b""):
            seen += line.decode()
            if words in seen.splitlines()[-1]:
                return line.decode()
        raise AssertionError(f"it ended without {words!r}:\n{seen}")

    def says(self) -> bool:
        """Tell whether there is something on stderr that was not read."""
        return bool(select.select([self.stderr], [], [], 0)[0])

    def put(self, data: bytes) -> None:
        """Write to its stdin."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def end_input(self) -> None:
        """Close its stdin."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """Give its exit status."""
        return self.process.wait(PATIENCE)

    def finish(self, data: bytes = b"") -> tuple[int, bytes, str]:
        """Give it the rest of its input; its exit status, and what it still has written."""
        output, errors = self.process.communicate(data or None, timeout=PATIENCE)
        return self.process.returncode, output, errors.decode()

    def close(self) -> None:
        self._watchdog.cancel()
        self.process.kill()
        self.process.wait()
        for file in (self.process.stdin, self.stdout, self.stderr):
            if file is not None:
                file.close()


@contextmanager
def vsk_child(*arguments: str, fds: Sequence[int] = ()) -> Iterator[Child]:
    """Run the command for the time of a block."""
    child = Child(*arguments, fds=fds)
    try:
        yield child
    finally:
        child.close()
