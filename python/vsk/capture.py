# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Capture files: written as pcapng for Wireshark, read as pcapng or pcap."""

import os
from io import BufferedWriter, FileIO
from typing import overload

from vsk import _core
from vsk._core import Packet, Record
from vsk.closing import Closing

__all__ = ["Capture", "Record"]

PIECE = 65536  # bytes to ask a file for; a pipe gives what it has


def _open(path: str, mode: str) -> FileIO | BufferedWriter:
    """Open a file without a buffer to read, with one to write; "-" is stdin or stdout."""
    if mode not in ("r", "w"):
        raise ValueError(f"mode must be 'r' or 'w', not {mode!r}")
    standard = 0 if mode == "r" else 1
    file = FileIO(standard if path == "-" else path, mode, closefd=path != "-")
    return file if mode == "r" else BufferedWriter(file)


class Capture(_core.Capture, Closing):
    """Packets in a capture file.

    Capture(path) reads pcapng and pcap: iterating gives a Record for every packet of
    virtio-vsock and counts other records in skipped. A broken file raises PeerError, which says
    where; behind a broken packet the next iteration goes on. Capture(path, "w") begins a pcapng
    file that Wireshark opens, also while it grows. The path "-" is stdin or stdout; a FIFO is a
    file like any other. A context manager closes it.
    """

    __slots__ = ("_file",)

    def __init__(self, path: str | os.PathLike[str], mode: str = "r") -> None:
        """Open a file to read, or begin one that replaces what is there."""
        super().__init__()
        self._file = _open(os.fspath(path), mode)
        if mode == "w":
            self._put(self._begin())

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._file.flush()

    def __iter__(self) -> "Capture":
        """Give the capture itself: it is read once, from front to end."""
        return self

    def __next__(self) -> Record:
        """Read the next packet, waiting for it where the file is a pipe."""
        while (record := self._next()) is None:
            data = self._file.read(PIECE)
            if not data:
                self._end()
                raise StopIteration
            self._feed(data)
        return record

    @overload
    def html(self, path: None = None, *, title: str | None = None, midway: bool = False) -> str: ...
    @overload
    def html(
        self, path: str | os.PathLike[str], *, title: str | None = None, midway: bool = False
    ) -> None: ...
    def html(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        title: str | None = None,
        midway: bool = False,
    ) -> str | None:
        """Read what is left, and give one HTML page that shows it, or write that into a file.

        midway says that the capture begins in the middle of connections. See docs/page.md.
        """
        from vsk.view import page

        text = page.of_capture(self, title, midway=midway)
        if path is None:
            return text
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return None

    def write(self, packet: Packet, time: int = 0, comment: str | None = None) -> None:
        """Append a packet; whoever reads the file along sees it at once.

        time is in nanoseconds since 1970. Of a payload the first 262068 bytes are kept.
        """
        self._put(self._encode(packet, time, (comment or "").encode()))

    def script(self, language: str = "python", *, guest: int | None = None) -> str:
        """Write the rest of it as a script, in python or lua: see Trace.script.

        Payload that was not captured is zeros there.
        """
        from vsk.script import of_records

        return of_records(self, language, guest)

    def close(self) -> None:
        """Close the file. Closing twice is no error."""
        self._close()
        self._file.close()
