# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a packet costs a device and a guest with many connections: roles.c, beside a bare parse."""

import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from . import core
from .cells import Cell, Options, interleaved
from .counted import Command, instructions

SUITE = "roles"
PACKETS = 64  # in a batch
BARE = core.Work("tx", "two", 64)


@dataclass(frozen=True)
class Work:
    """One piece of work, as the words of roles.c."""

    role: str
    verb: str
    connections: int
    order: str

    @property
    def name(self) -> str:
        return f"{self.role} {self.verb} {self.connections} {self.order}"

    @property
    def guarded(self) -> bool:
        """Whether it may not grow: what is counted at once, and common."""
        return self.verb == "receive" and self.connections in (1, 1000)

    @property
    def counted(self) -> bool:
        """Whether instructions are counted: 100,000 connections take callgrind ten seconds."""
        return self.connections <= 1000 or (self.role == "device" and self.verb == "receive")

    def command(self, options: Options) -> Command:
        words = [self.role, self.verb, str(self.connections), self.order]
        return [program(options), *words]


WORKS = [
    Work(role, verb, connections, order)
    for role in ("device", "guest")
    for verb in ("receive", "send")
    for connections, order in (
        (1, "runs"),
        (1000, "runs"),
        (1000, "turns"),
        (100000, "runs"),
        (100000, "turns"),
    )
]
GUARDED = [work.name for work in WORKS if work.guarded]


def program(options: Options) -> Path:
    """Find what the build has made of roles.c."""
    return options.build / "tests/bench_roles"


def count(command: Command) -> float:
    """Instructions a packet, when the first batches are over."""
    return instructions(
        lambda packets: [*command, f"batches={packets // PACKETS}"],
        4 * PACKETS,
        20 * PACKETS,
        toggles=["role"],
    )


def time(command: Command) -> dict[str, float]:
    """Nanoseconds a packet: the median of one run's batches."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {"ns": float(done.stdout.split()[0])}


def state(options: Options) -> Cell:
    """Bytes of a connection in the tables of its role, with an index twice as long."""
    command = [program(options), "state", "65536"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Cell(SUITE, "state of a connection", "vsk", {"bytes": float(done.stdout)})


def run(options: Options) -> list[Cell]:
    """Measure everything, and set it against the bare parse of the same run."""
    commands = {work.name: work.command(options) for work in WORKS}
    bare: Command = [core.program(options), *BARE.words]
    sides = {name: partial(time, command) for name, command in commands.items()}
    taken = interleaved(options.rounds, sides | {BARE.name: partial(core.time, bare)})
    taken[BARE.name]["instructions"] = core.count(bare)
    for work in WORKS:
        if work.counted:
            taken[work.name]["instructions"] = count(commands[work.name])
    for work in WORKS:
        values = taken[work.name]
        for unit in list(values):
            values[f"{unit}_per_bare"] = values[unit] / taken[BARE.name][unit]
    cells = [Cell(SUITE, name, "vsk", values) for name, values in taken.items()]
    return [*cells, state(options)]


def guarded(options: Options) -> list[Cell]:
    """Count what may not grow."""
    return [
        Cell(SUITE, work.name, "vsk", {"instructions": count(work.command(options))})
        for work in WORKS
        if work.guarded
    ]
