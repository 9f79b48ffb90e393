# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The loops that users write in a script language, in an interpreter of their own.

A script of loops knows three verbs:

    check               all sides of a loop see and write the same
    time ROUNDS         loop, side and median ns for a packet in each line
    count ROUNDS LOOP.. vsk's side of these loops, each round of 64 packets in a call of its own
"""

import os
import statistics
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import counted, counts
from .cells import Cell

PACKETS = 64  # in a round
ROUNDS = 5  # that are counted


@dataclass(frozen=True)
class Loops:
    """The loops of a language."""

    suite: str
    script: Path
    called: str  # the C function which runs what is counted, and nothing else
    env: Mapping[str, str]

    def _command(self, *words: str) -> counted.Command:
        return [counts.interpreter(self.suite), self.script, *words]

    def _lines(self, *words: str) -> list[str]:
        env = os.environ | self.env
        run = subprocess.run(self._command(*words), env=env, stdout=subprocess.PIPE, check=True)
        return run.stdout.decode().splitlines()

    def check(self) -> None:
        """Fail unless all sides of each loop see and write the same."""
        self._lines("check")

    def count(self, names: Sequence[str]) -> dict[str, float]:
        """Count a packet's instructions in vsk's side of loops: the median of the rounds."""
        command = self._command("count", str(ROUNDS), *names)
        rounds = counted.calls(command, self.called, self.env)
        if len(rounds) != ROUNDS * len(names):
            raise counted.CountError(f"{self.called} was called {len(rounds)} times")
        return {
            name: statistics.median(rounds[ROUNDS * i : ROUNDS * (i + 1)]) / PACKETS
            for i, name in enumerate(names)
        }

    def guarded(self, names: Sequence[str]) -> list[Cell]:
        """Count what may not grow."""
        return [
            Cell(self.suite, name, "vsk", {"instructions": value})
            for name, value in self.count(names).items()
        ]

    def run(self, rounds: int, names: Sequence[str]) -> Iterator[Cell]:
        """Compare the sides, time them, and count vsk's own instructions."""
        self.check()
        instructions = self.count(names)
        for line in self._lines("time", str(rounds)):
            name, side, text = line.split("\t")
            values = {"ns": float(text), "per_second": 1e9 / float(text)}
            if side == "vsk":
                values["instructions"] = instructions[name]
            yield Cell(self.suite, name, side, values)
