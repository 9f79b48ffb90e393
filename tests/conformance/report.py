# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The table of clauses as a page of the documentation."""

from collections import Counter
from pathlib import Path

from .cases import Case, cases, proofs
from .clauses import TESTS, Clause, clauses, explain, reasons

FILE = TESTS.parent / "docs" / "conformance.md"
HEAD = """\
# Conformance

Each clause of virtio 1.4 and of vhost-user that a vsock device or driver meets, with the test that
proves it, or the reason why none does. `./run conformance --write` makes this page; the tests fail
where it is old, and where a named test is not there. Ids are ours: chapter, who is meant, number.

"""


def figure(by_clause: dict[str, list[Case]]) -> tuple[int, int]:
    """How many clauses that a simulation can test are proven, and how many there are."""
    testable = [clause for clause in clauses() if clause.testable]
    return sum(clause.id in by_clause for clause in testable), len(testable)


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


def _row(clause: Clause, proven_by: list[Case], reason: str) -> str:
    proof = f"`{proven_by[0]}`" if proven_by else _cell(reason)
    return f"| {clause.id} | {clause.level} | {_cell(clause.words)} | {proof} |\n"


def text() -> str:
    """The whole page."""
    by_clause, why = proofs(cases(TESTS)), reasons()
    total = Counter(clause.group for clause in clauses())
    proven = Counter(clause.group for clause in clauses() if clause.id in by_clause)
    count, testable = figure(by_clause)
    page = HEAD
    page += f"Of {testable} clauses that can be tested in a simulation {count} are proven"
    page += f" ({100 * count / testable:.1f} %); of all {total.total()}, {proven.total()}.\n\n"
    page += "| group | clauses | proven |\n|---|---|---|\n"
    page += "".join(f"| {group} | {total[group]} | {proven[group]} |\n" for group in total)
    group = ""
    for clause in clauses():
        if clause.group != group:
            group = clause.group
            page += f"\n## {group}\n\n| clause | level | what it says | proof, or why none |\n"
            page += "|---|---|---|---|\n"
        page += _row(clause, by_clause.get(clause.id, []), explain(clause.id, why))
    return page


def write(file: Path = FILE) -> None:
    """Make the page."""
    file.write_text(text())
