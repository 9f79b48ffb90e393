# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Every suite runs to its end, and what it gives can be shown."""

import json
from pathlib import Path

import pytest
from tests.bench import shown
from tests.bench.__main__ import SUITES, options, suite


@pytest.mark.full
@pytest.mark.parametrize("name", SUITES)
def test_a_suite_of_one_round_has_figures_of_every_side(name: str, tmp_path: Path) -> None:
    with options(1) as given:
        cells = suite(name).run(given)

    assert [cell for cell in cells if not cell.values or min(cell.values.values()) < 0] == []
    assert {cell.suite for cell in cells} == {name}
    assert all(shown.own_of(found) or "memcpy" in found for found in shown.sides(cells).values())
    assert [table.title for table in shown.tables(cells)] == [name]
    assert len(json.loads(shown.as_json(cells, 1))["cells"]) == len(cells)
    shown.chart(cells, tmp_path / "chart.svg")
