# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""QEMU's machine protocol: lines of JSON over a socket."""

import json
import os
import socket
from collections.abc import Mapping
from typing import Any

__all__ = ["Monitor"]


class Monitor:
    """A connection to QEMU's monitor: one command at a time."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Connect; the socket has a queue, so QEMU need not be awake."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(os.fspath(path))
        self._socket.setblocking(False)
        self._bytes = b""
        self._answers: list[Any] = []
        self._wanted = 0
        self.send("qmp_capabilities", {})

    def fileno(self) -> int:
        """Give the descriptor to poll."""
        return self._socket.fileno()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def send(self, command: str, arguments: Mapping[str, object]) -> None:
        """Send a command."""
        line = json.dumps({"execute": command, "arguments": dict(arguments)})
        self._socket.sendall(line.encode() + b"\n")
        self._wanted += 1

    def answered(self) -> bool:
        """Read what is there; True once every command has its answer."""
        try:
            while data := self._socket.recv(65536):
                self._bytes += data
        except BlockingIOError:
            pass
        *lines, self._bytes = self._bytes.split(b"\n")
        # Events and the greeting come along.
        found = [json.loads(line) for line in lines]
        self._answers += [answer for answer in found if "return" in answer or "error" in answer]
        return len(self._answers) >= self._wanted

    def answer(self) -> Any:
        """Give the answer to the last command. Raises RuntimeError where QEMU refuses it."""
        answer = self._answers[-1]
        if "error" in answer:
            raise RuntimeError(f"QEMU: {answer['error']['desc']}")
        return answer["return"]
