# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a suite gives: cells, each what one side needs for one piece of work."""

import dataclasses
import statistics
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


class MissingError(RuntimeError):
    """What a suite needs is not there, and cannot be made."""


@dataclass(frozen=True)
class Cell:
    """Figures of one side; name is the work, the same for every side that does it."""

    suite: str
    name: str  # "tx two 64 untouched"
    side: str  # "vsk", "rust", "bound", "memcpy"
    values: dict[str, float]  # by unit: "ns", "instructions", "per_second"

    def as_dict(self) -> dict[str, object]:
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Options:
    """What a suite is run with."""

    rounds: int  # of each side, one after the other; the median counts
    build: Path  # build/dev
    work: Path  # a folder that goes when the run is over
    cache: Path  # where what cargo builds is kept


def interleaved(
    rounds: int, sides: Mapping[Key, Callable[[], Mapping[str, float]]]
) -> dict[Key, dict[str, float]]:
    """Let every side run once in each round, and give the medians of what they measure.

    The order turns with each round: whatever else the machine does meets all of them.
    """
    seen: dict[Key, dict[str, list[float]]] = {key: defaultdict(list) for key in sides}
    order = list(sides)
    for _ in range(rounds):
        for key in order:
            for unit, value in sides[key]().items():
                seen[key][unit].append(value)
        order.append(order.pop(0))
    return {
        key: {unit: statistics.median(values) for unit, values in units.items()}
        for key, units in seen.items()
    }


def sides(cells: Iterable[Cell]) -> dict[tuple[str, str], dict[str, Cell]]:
    """Sort cells by the work, then by who does it."""
    found: dict[tuple[str, str], dict[str, Cell]] = {}
    for cell in cells:
        found.setdefault((cell.suite, cell.name), {})[cell.side] = cell
    return found
