# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What is counted in instructions may not grow: the same count whatever else the machine does."""

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


def test_a_cell_has_grown_where_it_is_over_its_limit() -> None:
    core = Cell("core", "a", "vsk", {"instructions": 104.0})
    python = Cell("python", "a", "vsk", {"instructions": 104.0})

    assert counts.Verdict(core, "cc 1", 100.0).grown
    assert not counts.Verdict(core, "cc 1", 102.0).grown
    assert not counts.Verdict(python, "python 1", 100.0).grown
    assert not counts.Verdict(core, "cc 2", None).grown
