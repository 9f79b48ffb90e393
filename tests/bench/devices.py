# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Devices as processes, each with what the host's side of it needs, and what they have used."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.foreign import theirs

from vsk.linux.machine import guard

HERE = Path(__file__).parent
CID = "3"
SECONDS = 10.0
PYTHON, BRIDGE, OTHER = "vsk python", "vsk bridge", "vhost-device-vsock"
SIDES = (PYTHON, BRIDGE, OTHER)


def _command(side: str, path: Path, uds: Path) -> list[str]:
    vsk = [sys.executable, "-m", "vsk", "serve", "--quiet", "--cid", CID, "--socket", str(path)]
    if side == PYTHON:
        return [*vsk, str(HERE / "device.py")]
    if side == BRIDGE:
        return [*vsk, "--uds", str(uds)]
    words = ["--guest-cid", CID, "--socket", str(path), "--uds-path", str(uds)]
    return [str(theirs.program()), *words]


def _await(path: Path) -> None:
    end = time.monotonic() + SECONDS
    while not path.exists():
        if time.monotonic() > end:
            raise TimeoutError(f"{path}: nobody listens after {SECONDS:g} s")
        time.sleep(0.01)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(2)
    process.kill()
    process.wait()


class Process:
    """A device on a vhost-user socket. A side with programs behind it has uds-peer there."""

    def __init__(self, side: str, path: Path, build: Path) -> None:
        """Start it, and wait until it listens."""
        uds = path.with_suffix(".uds")
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ended: int | None = None
        try:
            self._start(_command(side, path, uds))
            self.pid = self._processes[0].pid
            _await(path)
            if side != PYTHON:
                self._start([str(build / "guest/uds-peer"), str(uds)])
                _await(Path(f"{uds}_5003"))
        except BaseException:
            self.close()
            raise

    def _start(self, command: list[str]) -> None:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        self._processes.append(process)
        guard(self, process)  # it ends with Python, whatever ends that

    def seconds(self) -> float:
        """Tell the processor time that the device has used, its threads' and the kernel's for it.

        Nanoseconds of the scheduler, where /proc/PID/stat has ticks of 10 ms.
        """
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def memory(self) -> dict[str, float]:
        """Tell what the device has in memory: all, and what no file and no guest has."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        found = dict(line.split(":", 1) for line in lines)
        return {
            "resident_KiB": float(found["VmRSS"].split()[0]),
            "own_KiB": float(found["RssAnon"].split()[0]),
        }

    # ---- what vsk.linux asks of who serves a guest ----

    connected = False  # it hears by itself that a guest has gone

    def fileno(self) -> int:
        """Name a descriptor that is readable when the device has ended."""
        if self._ended is None:
            self._ended = os.pidfd_open(self.pid)
        return self._ended

    def dispatch(self) -> None:
        """Say that it has ended, which is all that is ever heard of it."""
        raise RuntimeError(f"the device has ended: {self._processes[0].args!r}")

    def close(self) -> None:
        """End it, and who is behind it."""
        for process in self._processes:
            _end(process)
        if self._ended is not None:
            os.close(self._ended)
            self._ended = None
