# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What is counted in instructions may not grow: the same count whatever else the machine does."""

import re
from pathlib import Path

import pytest
from tests.bench import counts
from tests.bench.__main__ import SUITES, options, suite
from tests.bench.cells import Cell

COUNTED = [name for name in SUITES if name in counts.GROWTH]


@pytest.mark.parametrize("name", COUNTED)
def test_nothing_costs_more_than_it_did(name: str, build: Path) -> None:
    with options(1, build) as given:
        verdicts = counts.compare(suite(name).guarded(given))

    print(*verdicts, sep="\n")
    assert [str(verdict) for verdict in verdicts if verdict.grown] == []


@pytest.mark.parametrize("name", COUNTED)
def test_every_figure_is_of_a_cell_that_is_counted(name: str, build: Path) -> None:
    named = {of for suite_of, of, _ in counts.read() if suite_of == name}

    assert named <= set(suite(name).GUARDED)


def test_a_build_without_figures_is_told_and_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "FILE", tmp_path / "counts.tsv")
    rows = ["\t".join(counts.COLUMNS), "lua\ta\tLua 5.4.4 00000000\t100.0"]
    counts.FILE.write_text("\n".join(rows) + "\n")

    [verdict] = counts.compare([Cell("lua", "a", "vsk", {"instructions": 1000.0})])

    assert not verdict.grown
    assert str(verdict) == f"lua: a: 1000.0 instructions; no figure for {counts.build_of('lua')}"


@pytest.mark.parametrize("name", COUNTED)
def test_a_figure_is_compared_where_the_build_has_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "FILE", tmp_path / "counts.tsv")
    counts.FILE.write_text("\t".join(counts.COLUMNS) + "\n")
    counts.write([Cell(name, "a", "vsk", {"instructions": 100.0})])

    [verdict] = counts.compare([Cell(name, "a", "vsk", {"instructions": 111.0})])

    assert verdict.grown


@pytest.mark.parametrize("name", ["python", "lua"])
def test_an_interpreter_is_named_by_its_version_and_its_bytes(name: str) -> None:
    assert re.fullmatch(rf"{name} \d+\.\d+\.\d+ [0-9a-f]{{8}}", counts.build_of(name), re.I)


def test_a_cell_has_grown_where_it_is_over_its_limit() -> None:
    core = Cell("core", "a", "vsk", {"instructions": 104.0})
    python = Cell("python", "a", "vsk", {"instructions": 104.0})

    assert counts.Verdict(core, "cc 1", 100.0).grown
    assert not counts.Verdict(core, "cc 1", 102.0).grown
    assert not counts.Verdict(python, "python 1", 100.0).grown
    assert not counts.Verdict(core, "cc 2", None).grown
