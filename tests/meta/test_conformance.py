# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Every clause of the specification has a test that proves it, or a reason why there is none."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from tests.conformance import report
from tests.conformance.cases import CLAUSE, Case, cases, proofs
from tests.conformance.clauses import clauses, explain, reasons
from tests.mutants import checks, rules
from tests.mutants.__main__ import LISTS, patterns

SOURCES = {".c", ".h", ".py", ".lua"}


@pytest.fixture(scope="module")
def found(top: Path) -> list[Case]:
    return cases(top / "tests")


@pytest.fixture(scope="module")
def known() -> set[str]:
    return {clause.id for clause in clauses()}


def test_tests_name_only_clauses_that_exist(files: list[Path], top: Path, known: set[str]) -> None:
    unknown = [
        f"{file.relative_to(top)}: {clause}"
        for file in files
        if file.is_relative_to(top / "tests") and file.suffix in SOURCES
        for clause in CLAUSE.findall(file.read_text())
        if clause not in known
    ]

    assert unknown == []


def test_every_clause_is_proven_or_explained(found: list[Case], known: set[str]) -> None:
    by_clause, why = proofs(found), reasons()

    assert [id for id in known if id not in by_clause and not explain(id, why)] == []


def test_no_clause_is_both_proven_and_named_as_unproven(found: list[Case]) -> None:
    by_clause = proofs(found)

    assert [why.pattern for why in reasons() if why.pattern in by_clause] == []


def test_95_percent_of_what_a_simulation_can_test_is_proven(found: list[Case]) -> None:
    count, testable = report.figure(proofs(found))

    assert count >= 0.95 * testable


def test_the_page_of_the_documentation_is_of_these_tests() -> None:
    assert report.FILE.read_text() == report.text(), "./run conformance --write"


def test_every_reason_is_needed(found: list[Case], known: set[str]) -> None:
    by_clause, why = proofs(found), reasons()
    open_ = known - set(by_clause)
    needed = {next((w for w in why if fnmatchcase(id, w.pattern)), None) for id in open_}

    assert [w.pattern for w in why if w not in needed] == []


def test_every_rule_of_the_core_can_be_switched_off(top: Path, known: set[str]) -> None:
    statuses = rules.statuses((top / "core" / "vsk" / "status.h").read_text())

    found = {
        mutant.status for part in ("vsk", "vhost") for mutant in rules.mutants(top / "core" / part)
    }

    assert found <= set(statuses)
    assert {status.clause for status in statuses.values()} <= known | {""}


def test_what_is_said_of_a_check_fits_one_that_is_there(top: Path) -> None:
    vhost = top / "core" / "vhost"
    found = [str(mutant) for mutant in [*rules.mutants(vhost), *checks.mutants(vhost)]]
    said = [row for name in LISTS for row in patterns(name) if row.startswith("core/vhost/")]

    assert [row for row in said if not any(fnmatchcase(text, row) for text in found)] == []


def test_a_case_of_every_language_is_read(tmp_path: Path) -> None:
    id = "-".join(("SPLIT", "DEV", "07"))
    (tmp_path / "test_a.c").write_text(
        f"static void\nfirst(void **state)\n{{\n    /* {id} */\n}}\n"
        f"/* {id}: not in a case */\n\n"
        f"    /* {id}: rows */\n    ROW(CLOSED, RST, NONE),\n\n    ROW(CLOSED, RW, NONE),\n"
    )
    (tmp_path / "test_b.py").write_text(f"def test_it():\n    assert 1  # {id}\n\n\n# {id}\n")
    (tmp_path / "c_spec.lua").write_text(f'it("does it", function()\n  -- {id}\nend)\n-- {id}\n')

    assert [str(case) for case in cases(tmp_path)] == [
        "test_a.c:first",
        "test_a.c:CLOSED gets RST",
        "test_b.py:test_it",
        "c_spec.lua:does it",
    ]
