# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The committed instruction figures, and how cells of today stand to them.

Each figure belongs to the build that it was counted with: compiler or interpreter. Another build
has other figures, and where it has none, nothing is compared.
"""

import csv
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .cells import Cell

FILE = Path(__file__).with_name("counts.tsv")
COLUMNS = ["suite", "name", "build", "instructions"]
# How much a cell may grow over its figure.
GROWTH = {"core": 1.03, "roles": 1.03, "python": 1.10, "lua": 1.10}

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Verdict:
    """A cell of today beside its figure, which may not be there."""

    cell: Cell
    build: str
    was: float | None

    @property
    def grown(self) -> bool:
        """Whether it needs more than its figure allows."""
        limit = GROWTH[self.cell.suite]
        return self.was is not None and self.cell.values["instructions"] > self.was * limit

    def __str__(self) -> str:
        now = f"{self.cell.suite}: {self.cell.name}: {self.cell.values['instructions']:.1f}"
        if self.was is None:
            return f"{now} instructions; no figure for {self.build}"
        return f"{now} instructions, {self.was:.1f} in {FILE.name}"


def interpreter(suite: str) -> Path:
    """Find the program that runs the loops of a suite."""
    found = sys.executable if suite == "python" else shutil.which("lua5.4")
    assert found, "lua5.4 is not there"
    return Path(found)


@cache
def build_of(suite: str) -> str:
    """Name the compiler or the interpreter whose work a suite counts.

    An interpreter is named by its bytes, too: two builds of one version differ by a quarter.
    """
    ask = {"python": "-V", "lua": "-v"}.get(suite)
    command = [interpreter(suite), ask] if ask else ["cc", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if not ask:
        return said.splitlines()[0]
    name, version = said.split()[:2]
    digest = hashlib.sha256(interpreter(suite).resolve().read_bytes()).hexdigest()
    return f"{name} {version} {digest[:8]}"


def read() -> dict[Key, float]:
    """Read the committed figures."""
    with FILE.open(newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        return {
            (row["suite"], row["name"], row["build"]): float(row["instructions"]) for row in rows
        }


def compare(cells: Iterable[Cell]) -> list[Verdict]:
    """Set cells beside their figures."""
    figures = read()
    found = []
    for cell in cells:
        build = build_of(cell.suite)
        found.append(Verdict(cell, build, figures.get((cell.suite, cell.name, build))))
    return found


def write(cells: Iterable[Cell]) -> None:
    """Put figures in the place of those of the same suite and build; others stay."""
    new = {(c.suite, c.name, build_of(c.suite)): c.values["instructions"] for c in cells}
    renewed = {(suite, build) for suite, _, build in new}
    kept = {key: value for key, value in read().items() if (key[0], key[2]) not in renewed}
    with FILE.open("w", newline="") as lines:
        rows = csv.writer(lines, delimiter="\t", lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows([*key, f"{value:.1f}"] for key, value in sorted((kept | new).items()))
