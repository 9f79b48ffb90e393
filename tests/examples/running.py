# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The examples as their user runs them: in processes of their own, in a folder of their own."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

TOP = Path(os.environ.get("VSK_SOURCE", Path(__file__).parents[2]))
PYTHON, LUA = TOP / "python/examples", TOP / "lua/examples"
LISTENING = "00010000"  # among the flags of a socket
PATIENCE = 60.0  # seconds for anything


def vsk_command(*words: str | Path) -> list[str]:
    """The command vsk."""
    return [sys.executable, "-m", "vsk", *map(str, words)]


def script(name: str, *words: str | Path) -> list[str]:
    """An example, by its interpreter."""
    if name.endswith(".lua"):
        return ["lua5.4", str(LUA / name), *map(str, words)]
    return [sys.executable, str(PYTHON / name), *map(str, words)]


def printed(command: list[str], input: bytes = b"") -> bytes:
    """Run it to its end, which must be a good one; give what it printed."""
    done = subprocess.run(command, input=input, capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def ask(path: str | Path, port: int, line: bytes) -> bytes:
    """Say something to a port of a device, from a guest of its own; give what it answers."""
    return printed(vsk_command("guest", path, "connect", str(port)), line)


def until(ready: Callable[[], object], what: str) -> None:
    """Wait for something."""
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, what
        time.sleep(0.01)


class Served:
    """An example that serves until it is interrupted."""

    def __init__(self, command: list[str], where: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | where,
        )
        self.lines: list[str] = []  # what it has printed
        self.errors: list[str] = []
        self._threads = [
            threading.Thread(target=self._read, args=pair)
            for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.errors))
        ]
        # A guest that waits for a device in vain hears that it is gone.
        self._watchdog = threading.Timer(PATIENCE, self.process.kill)
        for thread in [*self._threads, self._watchdog]:
            thread.start()

    @staticmethod
    def _read(file: IO[bytes], lines: list[str]) -> None:
        with file:
            lines.extend(line.decode().rstrip("\n") for line in file)

    @property
    def most_memory(self) -> int:
        """The bytes of memory that it has ever had at once."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def end(self) -> None:
        """Interrupt it: it must end well, and have nothing to complain of."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(PATIENCE)
        finally:
            self.kill()
        assert self.process.returncode == 0, self.errors
        assert not any("Traceback" in line for line in self.errors), "\n".join(self.errors)

    def kill(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait()
        self._watchdog.cancel()
        for thread in self._threads:
            thread.join()


@contextmanager
def served(command: list[str], *paths: Path, **where: str) -> Iterator[Served]:
    """Run an example that serves, from when it listens on its sockets to the end of the block."""
    example = Served(command, where)
    try:
        until(lambda: all(map(listens, paths)) or example.process.poll() is not None, "it listens")
        yield example
    except BaseException:
        example.kill()
        print(*example.errors, sep="\n")
        raise
    example.end()


def listens(path: Path) -> bool:
    """Tell whether somebody listens on a socket, without a connection to it."""
    lines = map(str.split, Path("/proc/net/unix").read_text().splitlines())
    return any(words[3] == LISTENING and words[-1] == str(path) for words in lines)


class Program:
    """A program of the host that listens on a Unix socket: it does the same to each client."""

    def __init__(self, path: Path, serve: Callable[[socket.socket], None]) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._serve = serve
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            with client:
                client.settimeout(PATIENCE)
                with suppress(OSError):  # the example may reset it
                    self._serve(client)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()


def echo(client: socket.socket) -> None:
    """Send back what comes, up to its end."""
    while data := client.recv(65536):
        client.sendall(data)
