# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What host and guest say to each other over a terminal line: see guest/frames.h."""

import struct
from collections.abc import Iterator
from enum import IntEnum

__all__ = ["GREETING", "LINE", "MOST", "WINDOW", "FrameType", "Frames", "frame"]

GREETING = b"\nvsk guest 1\n"
HEADER = struct.Struct("<BxHI")
MOST = 16384
LINE = 3072
WINDOW = 32768


class FrameType(IntEnum):
    """Who sends what: the first ones are the host's."""

    RUN = ord("r")
    INPUT = ord("i")
    INPUT_END = ord("e")
    KILL = ord("k")
    RESIZE = ord("w")
    HALT = ord("h")
    HELLO = ord("H")
    GOT = ord("g")
    OUTPUT = ord("o")
    ERRORS = ord("x")
    TAKEN = ord("t")
    EXIT = ord("q")


def frame(kind: FrameType, job: int, payload: bytes | memoryview = b"") -> bytes:
    """Make a frame of up to MOST bytes of payload."""
    return HEADER.pack(kind, len(payload), job) + bytes(payload)


class Frames:
    """Cuts what comes over the line into frames, once the guest has greeted."""

    def __init__(self) -> None:
        """Wait for the greeting."""
        self._bytes = bytearray()
        self._greeted = False

    def feed(self, data: bytes) -> Iterator[tuple[FrameType, int, bytes]]:
        """Take bytes as they come, and give the frames that are whole: type, job, payload.

        Raises ValueError for what is no frame, as where a guest started again by itself.
        """
        self._bytes += data
        if not self._greeted:
            self._greeted = self._find_greeting()
        while self._greeted and len(self._bytes) >= HEADER.size:
            kind, size, job = HEADER.unpack_from(self._bytes)
            kind = FrameType(kind)
            end = HEADER.size + size
            if len(self._bytes) < end:
                return
            payload = bytes(self._bytes[HEADER.size : end])
            del self._bytes[:end]
            yield kind, job, payload

    def _find_greeting(self) -> bool:
        """Drop what a console may have said before, up to and with the greeting."""
        at = self._bytes.find(GREETING)
        if at < 0:
            del self._bytes[: -len(GREETING)]
            return False
        del self._bytes[: at + len(GREETING)]
        return True
