# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Devices from end to end: guests that load them, by User Mode Linux and by Lua.

Each side has a guest of its own all the time; they take turns, and stand still meanwhile. What the
host's programs do is the same program's work behind each Unix socket.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from vsk.device import Device
from vsk.linux import Linux

from . import relay
from .cells import Cell, Options, interleaved
from .devices import HERE, OTHER, SIDES, Process

SUITE = "guests"
MIB = 1 << 20
GIB = 1 << 30
HELD = 1000
IDLE = 3.0  # seconds that a device is looked at while nothing happens


class Load(NamedTuple):
    """What a guest does in a turn."""

    name: str
    size: int
    amount: int

    @property
    def moves(self) -> bool:
        """Whether the amount is bytes."""
        return self.name in ("send", "receive", "echo")

    def __str__(self) -> str:
        """As a guest is told it."""
        return f"{self.name} {self.size} {self.amount}"

    def title(self) -> str:
        """As a reader is told it."""
        ways = {
            "send": "guest to host",
            "receive": "host to guest",
            "echo": "echo",
            "trips": "round trips",
            "connect": "connects",
        }
        return f"{ways[self.name]} {self.size}".removesuffix(" 0")

    def values(self, seconds: float, used: float) -> dict[str, float]:
        """Give figures of a turn that took so long, and so much of the device's time."""
        if self.moves:
            both = self.amount * (2 if self.name == "echo" else 1)
            return {
                "MB_per_second": both / seconds / 1e6,
                "CPU_seconds_per_GiB": used / both * GIB,
            }
        return {"per_second": self.amount / seconds, "CPU_us": used / self.amount * 1e6}


KERNEL = [
    Load("send", 4096, 32 * MIB),
    Load("send", 65536, 128 * MIB),
    Load("receive", 4096, 32 * MIB),
    Load("receive", 65536, 64 * MIB),
    Load("echo", 65536, 32 * MIB),
    Load("trips", 64, 3000),
    Load("connect", 0, 1000),
]
LUA = [
    Load("send", 4096, 64 * MIB),
    Load("send", 65536, 256 * MIB),
    Load("receive", 4096, 64 * MIB),
    Load("receive", 65536, 128 * MIB),
    Load("echo", 65536, 128 * MIB),
    Load("trips", 64, 5000),
    Load("connect", 0, 2000),
]


class Guest(Protocol):
    """Who loads a device."""

    process: Process

    def load(self, load: Load) -> float:
        """Do it; give the seconds that it took."""


class KernelGuest(Linux):
    """User Mode Linux, whose device is a process."""

    def __init__(self, side: str, build: Path) -> None:
        """Start both."""
        self._side = side
        self._build = build
        super().__init__(Device(), programs={"vsock-load": build / "guest/vsock-load"})

    def _serve(self, path: Path, capture: str | os.PathLike[str] | None) -> Process:
        if self._side == OTHER:
            device = path.with_suffix(".other")
            self.process = Process(self._side, device, self._build)
            relay.listen(path, device)
        else:
            self.process = Process(self._side, path, self._build)
        return self.process

    def load(self, load: Load) -> float:
        """Do it; the guest has the clock."""
        return int(self.run(f"vsock-load {load}", timeout=150)) / 1e9


class LuaGuest:
    """A guest in Lua: what it costs is the guest's, and no kernel's."""

    def __init__(self, side: str, build: Path, folder: Path) -> None:
        """Start the device, and attach."""
        path = folder / f"{SIDES.index(side)}.sock"
        self.process = Process(side, path, build)
        self._lua = subprocess.Popen(
            ["lua5.4", str(HERE / "load.lua"), str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def load(self, load: Load) -> float:
        """Do it; the clock is here."""
        assert self._lua.stdin is not None and self._lua.stdout is not None
        self._lua.stdin.write(f"{load}\n")
        self._lua.stdin.flush()
        self._lua.stdout.readline()
        begin = time.monotonic()
        said = self._lua.stdout.readline()
        seconds = time.monotonic() - begin
        if said != "end\n":
            raise RuntimeError(f"{load}: {said}")
        return seconds

    def __enter__(self) -> "LuaGuest":
        """Give the guest itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """End it, and the device."""
        self._lua.communicate()
        self.process.close()


def turn(guest: Guest, load: Load) -> dict[str, float]:
    """Load a device once."""
    before = guest.process.seconds()
    seconds = guest.load(load)
    return load.values(seconds, guest.process.seconds() - before)


def rounds(name: str, guests: dict[str, Guest], loads: list[Load], count: int) -> Iterator[Cell]:
    """Load all sides in turns."""
    for load in loads:
        turns = {side: partial(turn, guest, load) for side, guest in guests.items()}
        for side, values in interleaved(count, turns).items():
            yield Cell(SUITE, f"{name} {load.title()}", side, values)


@contextmanager
def holding(guest: KernelGuest, count: int) -> Iterator[None]:
    """Have so many open connections."""
    job = guest.start(f"vsock-load hold 0 {count}")
    guest.wait_for(lambda: job.output.endswith(b"\n") or job.returncode is not None)
    if job.returncode is not None:
        raise RuntimeError(f"{count} connections: {job.errors!r}")
    yield
    guest.wait(job)


def held(guests: dict[str, KernelGuest]) -> Iterator[Cell]:
    """Look at devices with many connections that do nothing."""
    for side, guest in guests.items():
        before = guest.process.memory()
        with holding(guest, HELD):
            time.sleep(0.5)  # what follows a connection
            begin = guest.process.seconds()
            time.sleep(IDLE)
            used = guest.process.seconds() - begin
            values = guest.process.memory()
        grown = (values["own_KiB"] - before["own_KiB"]) / HELD * 1024
        values |= {"own_bytes_per_connection": grown, "idle_CPU_percent": used / IDLE * 100}
        yield Cell(SUITE, f"kernel {HELD} connections", side, values)


def run(options: Options) -> list[Cell]:
    """Measure all."""
    cells: list[Cell] = []
    with ExitStack() as stack:
        kernels: dict[str, KernelGuest] = {}
        for side in SIDES:
            kernels[side] = KernelGuest(side, options.build)
            stack.push(kernels[side])
        cells += rounds("kernel", {**kernels}, KERNEL, options.rounds)
        cells += held(kernels)
    with ExitStack() as stack:
        guests: dict[str, Guest] = {
            side: stack.enter_context(LuaGuest(side, options.build, options.work)) for side in SIDES
        }
        cells += rounds("lua", guests, LUA, options.rounds)
    return cells
