# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Switch off every rule of the core, one at a time: a test that names its clause must fail.

./run mutants [WORD ...]     those whose line, as it is printed, has one of the words

A rule is a place in core/vsk where a VSK_BAD_* is given, or a field of a cell of the connection
table. It is killed where a case of tests/core fails that names the clause of its status in
status.h; where status.h names none, any case will do. Mutants that equivalent.tsv lists change
nothing that anybody could see.
"""

import csv
import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from tests.conformance.cases import cases

from . import cells, rules
from .bench import TOP, Bench, Result

FOLDER = Path(os.environ.get("VSK_BUILD", TOP / "build" / "dev")) / "mutants"
EQUIVALENT = Path(__file__).with_name("equivalent.tsv")


class Verdict(NamedTuple):
    """What became of a mutant: who killed it, or why that is not enough."""

    mutant: str
    clause: str
    killer: str
    failed: bool

    def __str__(self) -> str:
        if self.killer:
            return f"{self.mutant}: killed by {self.killer}"
        if self.failed:
            return f"{self.mutant}: SURVIVED, no case that failed names {self.clause}"
        return f"{self.mutant}: SURVIVED, no case failed"


def equivalents() -> list[str]:
    """Patterns of mutants that change nothing."""
    with EQUIVALENT.open(newline="") as file:
        return [row["mutant"] for row in csv.DictReader(file, delimiter="\t")]


class Judge:
    """Runs tests over mutants, and knows which clauses the cases name."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.named = {
            (Path(case.file).stem, case.name): case.clauses
            for case in cases(bench.folder / "tests")
        }
        self.statuses = rules.statuses((bench.core / "status.h").read_text())

    def _killer(self, result: Result, clause: str) -> str:
        for case in result.failed:
            if not clause or clause in self.named.get((result.program, case), ()):
                return f"{result.program}: {case}"
        return ""

    def judge_rule(self, mutant: rules.Mutant) -> Verdict:
        """Build a library with the change, and run programs until a case kills it."""
        folder = self.bench.folder / f"{Path(mutant.file).stem}-{mutant.line}-{mutant.status}"
        folder.mkdir()
        source = folder / mutant.file
        source.write_text(mutant.text)
        self.bench.compile(source, source.with_suffix(".o"))
        self.bench.link(folder, source.with_suffix(".o"))
        clause, failed = self.statuses[mutant.status].clause, False
        for program in self.bench.programs_for(mutant.file):
            result = self.bench.run(program, folder)
            failed |= not result.passed
            if killer := self._killer(result, clause):
                return Verdict(str(mutant), clause, killer, failed)
        return Verdict(str(mutant), clause, "", failed)

    def judge_cell(self, library: Path, cell: cells.Cell) -> Verdict:
        """Run the tests of the connection table over a changed cell."""
        clause = cell.clause(self.statuses.values())
        result = cells.run(self.bench, library, cell)
        return Verdict(str(cell), clause, self._killer(result, clause), not result.passed)


def judge_all(words: list[str]) -> list[Verdict]:
    """A verdict for each mutant that is wanted, in the order of the sources."""
    bench, left_out = Bench(FOLDER), equivalents()

    def wanted(mutant: object) -> bool:
        text = str(mutant)
        return not any(fnmatchcase(text, pattern) for pattern in left_out) and (
            not words or any(word in text for word in words)
        )

    with ThreadPoolExecutor(os.cpu_count()) as workers:
        bench.build(workers)
        judge, library = Judge(bench), cells.build(bench)
        table = filter(wanted, cells.cells(bench, library))
        found = list(workers.map(judge.judge_rule, filter(wanted, rules.mutants(bench.core))))
        return found + list(workers.map(lambda cell: judge.judge_cell(library, cell), table))


def main(words: list[str]) -> None:
    """Print what survived, and a summary; fail where something did."""
    verdicts = judge_all(words)
    for verdict in verdicts:
        if words or not verdict.killer:
            print(verdict)
    total = Counter(verdict.clause or "(none)" for verdict in verdicts)
    killed = Counter(verdict.clause or "(none)" for verdict in verdicts if verdict.killer)
    for clause in sorted(total):
        print(f"{clause:18} {total[clause]:4} mutants  {killed[clause]:4} killed")
    print(f"{'all':18} {total.total():4} mutants  {killed.total():4} killed")
    if not total or total != killed:
        sys.exit("no mutant" if not total else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
