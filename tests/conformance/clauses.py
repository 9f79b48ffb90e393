# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The clauses of the specification, and the reasons why some have no test."""

import csv
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parents[1]
TABLE = TESTS / "vectors" / "conformance.tsv"
UNPROVEN = Path(__file__).with_name("unproven.tsv")


NOT_OFFERED = {"SUSP", "MMIO", "PCI", "LEGACY", "DGRAM"}  # groups that vsk leaves to others


class Clause(NamedTuple):
    """A line of conformance.tsv, as far as it is printed."""

    id: str
    level: str
    words: str
    tested: str

    @property
    def group(self) -> str:
        """What clauses of one chapter have in common: SPLIT of SPLIT-DEV-07."""
        return self.id.partition("-")[0]

    @property
    def testable(self) -> bool:
        """Whether a simulation can test it."""
        return self.group not in NOT_OFFERED and self.tested.startswith("yes")


class Reason(NamedTuple):
    """Why the clauses of a pattern, such as VHU-*, have no test."""

    pattern: str
    words: str

    @property
    def exact(self) -> bool:
        """Whether it names one clause."""
        return "*" not in self.pattern


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def clauses() -> list[Clause]:
    """Every clause, in the order of the table."""
    return [
        Clause(row["id"], row["level"], row["paraphrase"], row["testable_in_simulation"])
        for row in _rows(TABLE)
    ]


def reasons() -> list[Reason]:
    """Every reason, in the order of the file: the first that fits a clause counts."""
    return [Reason(row["clause"], row["reason"]) for row in _rows(UNPROVEN)]


def explain(clause: str, known: list[Reason]) -> str:
    """Say why a clause has no test; empty where nobody does."""
    return next((reason.words for reason in known if fnmatchcase(clause, reason.pattern)), "")
