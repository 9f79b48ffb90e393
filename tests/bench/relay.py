# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Between User Mode Linux and vhost-device-vsock, so that the one understands the other.

UML's SET_MEM_TABLE always has room for two regions, and its size says so; the crate vhost refuses a
size that is not that of the regions it names. And UML finds no interrupt for its rings unless the
device takes a channel for requests of its own, which this one does not. Only messages pass here, at
the beginning: payload and notifications go past it.
"""

import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path

HEADER = struct.Struct("=III")
NUMBER = struct.Struct("=Q")
SET_MEM_TABLE, GET_PROTOCOL, SET_PROTOCOL, SET_REQUESTS = 5, 15, 16, 21
BACKEND_REQ = 1 << 5
ANSWERED, WANTS_ACK = 5, 8  # flags: version 1 and a reply; a bit
TABLE, REGION = 8, 32  # bytes
DESCRIPTORS = 8

PassOn = Callable[[int, int, bytes, list[int]], None]


class Relay:
    """The two ends of a session, each with a thread that reads it."""

    def __init__(self, guest: socket.socket, device: socket.socket) -> None:
        """Begin."""
        self._guest = guest
        self._device = device
        self._kept: list[int] = []  # the guest would hear of their end

    def run(self) -> None:
        """Pass messages on until either has gone."""
        back = threading.Thread(target=self._read, args=(self._device, self._back))
        back.start()
        self._read(self._guest, self._forth)
        back.join()
        for fd in self._kept:
            socket.close(fd)

    def _read(self, source: socket.socket, pass_on: PassOn) -> None:
        flags = socket.MSG_WAITALL | socket.MSG_CMSG_CLOEXEC
        try:
            while True:
                head, fds, _, _ = socket.recv_fds(source, HEADER.size, DESCRIPTORS, flags)
                if len(head) < HEADER.size:
                    break
                request, flag, size = HEADER.unpack(head)
                body = source.recv(size, socket.MSG_WAITALL) if size else b""
                pass_on(request, flag, body, fds)
        except OSError:
            pass  # either has gone
        finally:
            self._guest.shutdown(socket.SHUT_RDWR)
            self._device.shutdown(socket.SHUT_RDWR)

    def _forth(self, request: int, flags: int, body: bytes, fds: list[int]) -> None:
        if request == SET_REQUESTS:
            self._kept += fds
            if flags & WANTS_ACK:
                _send(self._guest, request, ANSWERED, NUMBER.pack(0), [])
            return
        if request == SET_MEM_TABLE:
            (regions,) = struct.unpack_from("=I", body)
            body = body[: TABLE + REGION * regions]
        if request == SET_PROTOCOL:
            body = NUMBER.pack(NUMBER.unpack(body)[0] & ~BACKEND_REQ)
        _send(self._device, request, flags, body, fds)

    def _back(self, request: int, flags: int, body: bytes, fds: list[int]) -> None:
        if request == GET_PROTOCOL:
            body = NUMBER.pack(NUMBER.unpack(body)[0] | BACKEND_REQ)
        _send(self._guest, request, flags, body, fds)


def _send(to: socket.socket, request: int, flags: int, body: bytes, fds: list[int]) -> None:
    socket.send_fds(to, [HEADER.pack(request, flags, len(body)) + body], fds)
    for fd in fds:
        socket.close(fd)


def listen(path: Path, device: Path) -> None:
    """Listen at a path for one guest, whose messages go to the device's socket."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        with listener:
            guest, _ = listener.accept()
        with guest, socket.socket(socket.AF_UNIX) as end:
            end.connect(str(device))
            Relay(guest, end).run()

    threading.Thread(target=serve, daemon=True).start()
