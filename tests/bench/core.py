# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a packet costs a device in C: core.c, and others over the same memory."""

import subprocess
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from subprocess import DEVNULL

from . import anchor
from .cells import Cell, Options, interleaved
from .counted import Command, instructions

SUITE = "core"
PACKETS = 64  # in a batch
MS = 20  # that a round of one side takes
PLAIN = {"ring": "split", "events": "on", "publish": "single", "regions": "1"}
NAMES = {
    ("ring", "packed"): "packed",
    ("events", "off"): "no events",
    ("publish", "batched"): "batched",
    ("regions", "8"): "8 regions",
}


@dataclass(frozen=True)
class Work:
    """One piece of work, as the words of plan.h."""

    queue: str
    cut: str
    payload: int
    copied: bool = False
    more: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        options = [f"{name}={value}" for name, value in (PLAIN | self.more).items()]
        return [self.queue, self.cut, str(self.payload), self.touch, *options]

    @property
    def touch(self) -> str:
        return "copied" if self.copied else "untouched"

    @property
    def name(self) -> str:
        first = [self.queue, self.cut, str(self.payload), self.touch]
        return " ".join([*first, *[NAMES[item] for item in self.more.items()]])

    @property
    def bounded(self) -> bool:
        """Whether it is of the one model that the bound knows."""
        return self.cut == "two" and not self.more.keys() & {"ring", "regions"}

    @property
    def anchored(self) -> bool:
        """Whether the crates can do it: their payload is one piece, their ring split."""
        return self.cut != "five" and not self.more.keys() & {"ring", "publish"}

    def commands(self, options: Options) -> dict[str, Command]:
        """The programs of who can do it."""
        own = [program(options), *self.words]
        found: dict[str, Command] = {"vsk": own}
        if self.bounded:
            found["bound"] = [*own, "side=bound"]
        if self.anchored:
            image = options.work / f"{self.name}.img"
            subprocess.run([*own, "batches=1", f"image={image}"], stdout=DEVNULL, check=True)
            found["rust"] = [anchor.program(options.cache), *self.words, f"image={image}"]
        return found


def works() -> list[Work]:
    """All that is measured."""
    sizes = [64, 4096, 65536]
    found = [Work("tx", "one", 0)]
    for queue, cuts in {
        "tx": ["one", "two", "indirect", "five"],
        "rx": ["two", "indirect"],
    }.items():
        found += [
            Work(queue, cut, size, copied)
            for cut in cuts
            for size in sizes
            for copied in (False, True)
        ]
    others: list[dict[str, str]] = [{name: value} for name, value in NAMES]
    others.append({"ring": "packed", "regions": "8"})
    for more in others:
        found += [Work(queue, "two", 64, False, more) for queue in ("tx", "rx")]
    return [*found, Work("tx", "indirect", 64, False, {"ring": "packed"})]


def guarded_works() -> list[Work]:
    """What may not grow."""
    packed, regions = {"ring": "packed"}, {"regions": "8"}
    plain = [("tx", "one"), ("tx", "two"), ("tx", "indirect"), ("rx", "two"), ("rx", "indirect")]
    found = [Work(queue, cut, 64) for queue, cut in plain]
    return [*found, Work("tx", "two", 64, False, packed), Work("tx", "two", 64, False, regions)]


GUARDED = [work.name for work in guarded_works()]


def program(options: Options) -> Path:
    """Find what the build has made of core.c."""
    return options.build / "tests/bench_core"


def count(command: Command) -> float:
    """Instructions a packet."""
    return instructions(
        lambda packets: [*command, f"batches={packets // PACKETS}"],
        PACKETS,
        11 * PACKETS,
        toggles=["device"],
    )


def time(command: Command) -> dict[str, float]:
    """Nanoseconds a packet: the median of one run's batches; and of memcpy, in the same run."""
    done = subprocess.run([*command, f"ms={MS}"], capture_output=True, text=True, check=True)
    ns, _, _, *copy = done.stdout.split()
    found = {"ns": float(ns)}
    if "copied" in command and copy:
        found |= {"memcpy": float(copy[0]), "ns_per_memcpy": float(ns) / float(copy[0])}
    return found


class DiffersError(RuntimeError):
    """Two sides saw other packets, or left other bytes."""


def same_work(commands: dict[str, Command]) -> None:
    """Fail unless all sides see the same fields, and leave the same memory behind."""
    seen = {}
    for side, command in commands.items():
        whole = [*command, "sum=all", "batches=20"]
        done = subprocess.run(whole, capture_output=True, text=True, check=True)
        seen[side] = done.stdout.split()[1:3]
    if any(found != seen["vsk"] for found in seen.values()):
        raise DiffersError(f"{commands['vsk']}: {seen}")


def measure(work: Work, options: Options) -> list[Cell]:
    """All sides of a piece of work, in turn."""
    commands = work.commands(options)
    same_work(commands)
    counted = {side: count(command) for side, command in commands.items()}
    taken = interleaved(options.rounds, {side: partial(time, c) for side, c in commands.items()})
    for side, value in counted.items():
        taken[side]["instructions"] = value
    copies = [values.pop("memcpy") for values in taken.values() if "memcpy" in values]
    if copies:
        taken["memcpy"] = {"ns": copies[0]}
    return [Cell(SUITE, work.name, side, values) for side, values in taken.items()]


def run(options: Options) -> list[Cell]:
    """Measure everything."""
    return [cell for work in works() for cell in measure(work, options)]


def guarded(options: Options) -> list[Cell]:
    """Count what may not grow."""
    return [
        Cell(SUITE, work.name, "vsk", {"instructions": count([program(options), *work.words])})
        for work in guarded_works()
    ]
