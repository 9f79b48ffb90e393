# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A Linux guest with the device of a Lua file, which a process of its own serves."""

import os
import socket
import subprocess
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any

from vsk.device import Device
from vsk.linux.guest import GRACE, GuestError, Linux
from vsk.linux.machine import guard
from vsk.lua_command import lua_command

__all__ = ["LuaLinux"]


class LuaServer:
    """The process; it ends with close, or with Python."""

    connected = False  # it hears by itself that a guest has gone

    def __init__(self, command: list[str], name: str, listener: socket.socket) -> None:
        """Start a command that has inherited a socket to listen on."""
        self._name = name
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, pass_fds=[listener.fileno()], start_new_session=True
        )
        self._kill = guard(self, self._process)
        self._end = os.pidfd_open(self._process.pid)
        self._close_end = weakref.finalize(self, os.close, self._end)

    def fileno(self) -> int:
        """Name the descriptor that is readable when the process has ended."""
        return self._end

    def dispatch(self) -> None:
        """Say that the process has ended, which is all that is ever heard of it."""
        status = self._process.wait()
        raise GuestError(f"{self._name}: the device has ended, with status {status}")

    def close(self) -> None:
        """Let connections and the capture end, and the process."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        self._kill()
        self._close_end()


class LuaLinux(Linux):
    """As Linux; its device is in another process: nothing but the guest can be asked for things."""

    def __init__(self, file: str, *, cid: int | None = None, **options: Any) -> None:
        """Serve the device of a file, boot, and wait until commands can be run."""
        self._file = file
        self._cid = cid
        super().__init__(Device(), **options)

    def _serve(self, path: Path, capture: str | os.PathLike[str] | None) -> LuaServer:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(str(path))
            listener.listen()
            command = lua_command(
                self._file,
                cid=self._cid,
                fd=listener.fileno(),
                capture=None if capture is None else os.fspath(capture),
                level="warning",
                silent=1,
            )
            return LuaServer(command, self._file, listener)
