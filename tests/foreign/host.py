# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The host's programs on Unix sockets, and what they tell a probe that asks for them by name."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

Answer = object

PATTERN = bytes(range(251)) * 4178  # a MiB and more
TURN = 65536


def pattern(start: int, size: int) -> bytes:
    """Give bytes of the endless pattern: each tells where it stands, by 251."""
    begin = start % 251
    return PATTERN[begin : begin + size]


class End:
    """A program's end of a connection: it sends the pattern, and checks that it gets it."""

    def __init__(self, sock: socket.socket, mode: str, *, greeted: bool) -> None:
        """Begin; mode is echo, keep, or hold: not to read at all."""
        self.sock = sock
        self.echo = mode in ("echo", "messages")
        self.reads = asyncio.Event()
        if mode != "hold":
            self.reads.set()
        self.line = "" if greeted else None  # OK and a port, for who has dialled
        self.got = self.sent = 0
        self.good = True
        self.ended = ""  # "eof" or the name of an error
        self.failed = ""  # what sending has ended with
        self.tasks = [asyncio.ensure_future(self._read())]

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while not self.ended:
            await self.reads.wait()
            try:
                data = await loop.sock_recv(self.sock, TURN)
            except OSError as error:
                self.ended = type(error).__name__
                return
            if not data:
                self.ended = "eof"
            await self._take(data)

    async def _take(self, data: bytes) -> None:
        if self.line is not None and not self.line.endswith("\n"):
            line, feed, data = data.partition(b"\n")
            self.line += (line + feed).decode(errors="replace")
        if self.echo:
            with contextlib.suppress(OSError):
                await asyncio.get_running_loop().sock_sendall(self.sock, data)
        self.good = self.good and data == pattern(self.got, len(data))
        self.got += len(data)

    def send(self, size: int) -> None:
        """Send so many bytes of the pattern, as fast as the other side takes them."""
        self.tasks.append(asyncio.ensure_future(self._send(size)))

    async def _send(self, size: int) -> None:
        last = self.sent + size
        while self.sent < last and not self.failed:
            piece = pattern(self.sent, min(TURN, last - self.sent))
            try:
                await asyncio.get_running_loop().sock_sendall(self.sock, piece)
            except OSError as error:
                self.failed = type(error).__name__
            self.sent += len(piece)

    def close(self) -> None:
        """Close the socket, whatever is on its way."""
        for task in self.tasks:
            task.cancel()
        self.sock.close()


class Host:
    """All programs of a probe; a method with a docstring is a word that the probe may say."""

    def __init__(self, uds: Path, device: int) -> None:
        """Begin with the path of the device's Unix socket and its process."""
        self._uds, self._device = uds, device
        self._ends: list[End] = []
        self._came: dict[int, list[int]] = {}
        self._listeners: list[socket.socket] = []
        self._tasks: list[asyncio.Future[None]] = []

    async def answer(self, words: list[object]) -> Answer:
        """Do what the probe asks for: a name and arguments."""
        name, *rest = words
        call: Callable[..., Answer] = getattr(self, f"do_{name}")
        done = call(*rest)
        return await done if asyncio.iscoroutine(done) else done

    def _add(self, sock: socket.socket, mode: str, *, greeted: bool) -> int:
        sock.setblocking(False)
        self._ends.append(End(sock, mode, greeted=greeted))
        return len(self._ends) - 1

    async def _accept(self, listener: socket.socket, port: int, mode: str) -> None:
        while True:
            sock, _ = await asyncio.get_running_loop().sock_accept(listener)
            self._came[port].append(self._add(sock, mode, greeted=False))

    def do_listen(self, port: int, mode: str) -> Answer:
        """Listen for who connects to a port of the host.

        What is read is sent back (echo), kept (keep), not read yet (hold), or nobody is accepted
        (stuck); messages: an echo on SEQPACKET.
        """
        seq = mode == "messages"
        listener = socket.socket(
            socket.AF_UNIX, socket.SOCK_SEQPACKET if seq else socket.SOCK_STREAM
        )
        listener.setblocking(False)
        listener.bind(f"{self._uds}{'.seq' * seq}_{port}")
        listener.listen(0 if mode == "stuck" else 128)
        self._listeners.append(listener)
        self._came[port] = []
        if mode != "stuck":
            self._tasks.append(asyncio.ensure_future(self._accept(listener, port, mode)))
        return None

    def do_came(self, port: int) -> Answer:
        """Give the ends that were accepted on a port."""
        return self._came[port]

    async def do_dial(self, text: str, mode: str) -> Answer:
        """Connect to the device's Unix socket and write something, such as CONNECT 80."""
        sock = socket.socket(socket.AF_UNIX)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, str(self._uds))
        number = self._add(sock, mode, greeted=True)
        self.do_say(number, text)
        return number

    def do_say(self, end: int, text: str) -> Answer:
        """Write a few bytes; false where the other side has gone."""
        try:
            return self._ends[end].sock.send(text.encode("latin-1")) == len(text)
        except OSError:
            return False

    def do_send(self, end: int, size: int) -> Answer:
        """Begin to send so many bytes of the pattern."""
        self._ends[end].send(size)

    def do_read(self, end: int) -> Answer:
        """Begin to read, after hold."""
        self._ends[end].reads.set()

    def do_shut(self, end: int) -> Answer:
        """Send no more."""
        self._ends[end].sock.shutdown(socket.SHUT_WR)

    def do_close(self, end: int) -> Answer:
        """Close it."""
        self._ends[end].close()

    def do_state(self, end: int) -> Answer:
        """Tell what has come, whether it was the pattern, and how it has ended."""
        found = self._ends[end]
        names = ("line", "got", "sent", "good", "ended", "failed")
        return {name: getattr(found, name) for name in names}

    async def do_sleep(self, seconds: float) -> Answer:
        """Wait; the guest stands still meanwhile."""
        await asyncio.sleep(seconds)

    def do_fds(self) -> Answer:
        """Count the descriptors of the device."""
        return len(os.listdir(f"/proc/{self._device}/fd"))

    def do_seconds(self) -> Answer:
        """Tell the processor time that the device has used."""
        words = Path(f"/proc/{self._device}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """Let all programs exit."""
        for task in self._tasks:
            task.cancel()
        for end in self._ends:
            end.close()
        for listener in self._listeners:
            listener.close()
