# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Devices on sockets that the tests of sockets build on."""

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import vsk

GET_FEATURES, SET_FEATURES = 1, 2  # requests
PATIENCE = 20.0  # seconds that something may take on a machine that is busy


@contextlib.contextmanager
def served(device: vsk.Device, path: Path, **options: Any) -> Iterator[vsk.Server]:
    """A device on a socket, which a thread serves until the end of the block."""
    with vsk.serve(device, path, **options) as server:
        thread = threading.Thread(target=server.run, name="server")
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join(PATIENCE)
            assert not thread.is_alive()


def descriptors() -> int:
    """How many the process has."""
    return len(os.listdir("/proc/self/fd"))


def message(request: int, payload: bytes = b"", flags: int = 1) -> bytes:
    """A vhost-user message."""
    return struct.pack("<III", request, flags, len(payload)) + payload


def dial(path: Path) -> socket.socket:
    """A front end that has said nothing yet."""
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end.settimeout(PATIENCE)
    end.connect(str(path))
    return end


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)
