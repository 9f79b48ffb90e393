# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Switch off every rule of the core, one at a time: a test that names its clause must fail.

./run mutants [WORD ...]     those whose line, as it is printed, has one of the words

A rule is a place below core/ where a VSK_BAD_* is given, or a field of a cell of the connection
table. It is killed where a case of tests/core, or tests/vhost for core/vhost, fails that names the
clause of its status in status.h; where status.h names none, any case will do. Of core/vhost every
check, release and state is left out too (checks.py), and any case will do. Mutants that
equivalent.tsv lists change nothing that a test could see; those that open.tsv lists survive, and
are left out until a test kills them.
"""

import csv
import os
import shutil
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from tests.conformance.cases import cases

from . import cells, checks, rules
from .bench import TOP, Bench, Result

FOLDER = Path(os.environ.get("VSK_BUILD", TOP / "build" / "dev")) / "mutants"
LISTS = {name: Path(__file__).with_name(f"{name}.tsv") for name in ("equivalent", "open")}


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


def patterns(name: str) -> list[str]:
    """Patterns of the mutants on a list."""
    with LISTS[name].open(newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row["mutant"] for row in rows]


class Judge:
    """Runs tests over mutants, and knows which clauses the cases name."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.named = {
            (case.file.removesuffix(".c"), case.name): case.clauses for case in cases(bench.tests)
        }
        self.statuses = rules.statuses((bench.core / "vsk" / "status.h").read_text())

    def _killer(self, result: Result, clause: str) -> str:
        if not clause and not result.passed:
            return ": ".join((result.program, *result.failed[:1]))
        for case in result.failed:
            if clause in self.named.get((result.program, case), ()):
                return f"{result.program}: {case}"
        return ""

    def judge(self, mutant: rules.Mutant, number: int) -> Verdict:
        """Build a library with the change, and run programs until a case kills it."""
        folder = self.bench.folder / str(number)
        changed = folder / mutant.file
        changed.parent.mkdir(parents=True)
        changed.write_text(mutant.text)
        self.bench.compile_changed(folder, mutant.file)
        self.bench.link(folder)
        clause = self.statuses[mutant.status].clause if mutant.file.startswith("vsk/") else ""
        verdict = self._verdict(mutant, clause, folder)
        shutil.rmtree(folder)
        return verdict

    def _verdict(self, mutant: rules.Mutant, clause: str, library: Path) -> Verdict:
        failed = False
        for program in self.bench.programs_for(mutant.file):
            result = self.bench.run(program, library, first=not clause)
            failed |= not result.passed
            if killer := self._killer(result, clause):
                return Verdict(str(mutant), clause, killer, failed)
        return Verdict(str(mutant), clause, "", failed)

    def judge_cell(self, library: Path, cell: cells.Cell) -> Verdict:
        """Run the tests of the connection table over a changed cell."""
        clause = cell.clause(self.statuses.values())
        result = cells.run(self.bench, library, cell)
        return Verdict(str(cell), clause, self._killer(result, clause), not result.passed)


class Choice:
    """Which mutants are judged, and which lines of the lists have left one out."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.lists = {name: patterns(name) for name in LISTS}
        self.used: Counter[str] = Counter()

    def __call__(self, mutant: object) -> bool:
        """Whether it is on no list, and has one of the words."""
        text = str(mutant)
        for rows in self.lists.values():
            for pattern in rows:
                if fnmatchcase(text, pattern):
                    self.used[pattern] += 1
                    return False
        return not self.words or any(word in text for word in self.words)

    def open(self) -> int:
        """How many mutants were left out that a test could kill."""
        return sum(self.used[pattern] for pattern in set(self.lists["open"]))

    def unused(self) -> list[str]:
        """Lines that no mutant fits any more."""
        return [row for rows in self.lists.values() for row in rows if not self.used[row]]


def judge_all(choice: Choice) -> list[Verdict]:
    """A verdict for each mutant that is wanted, in the order of the sources."""
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as workers, Bench(FOLDER) as bench:
        bench.build(workers)
        judge, library = Judge(bench), cells.build(bench)
        vsk, vhost = bench.core / "vsk", bench.core / "vhost"
        every = [*rules.mutants(vsk), *rules.mutants(vhost), *checks.mutants(vhost)]
        changes = list(filter(choice, every))
        table = list(filter(choice, cells.cells(bench, library)))
        found = list(workers.map(judge.judge, changes, range(len(changes))))
        return found + list(workers.map(lambda cell: judge.judge_cell(library, cell), table))


def main(words: list[str]) -> None:
    """Print what survived, and a summary; fail where something did."""
    choice = Choice(words)
    verdicts = judge_all(choice)
    for verdict in verdicts:
        if words or not verdict.killer:
            print(verdict)
    total = Counter(verdict.clause or "(none)" for verdict in verdicts)
    killed = Counter(verdict.clause or "(none)" for verdict in verdicts if verdict.killer)
    for clause in sorted(total):
        print(f"{clause:18} {total[clause]:4} mutants  {killed[clause]:4} killed")
    print(f"{'all':18} {total.total():4} mutants  {killed.total():4} killed")
    print(f"{'open':18} {choice.open():4} mutants")
    for pattern in choice.unused():
        print(f"no mutant is {pattern}")
    if not total or total != killed or choice.unused():
        sys.exit("no mutant" if not total else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
