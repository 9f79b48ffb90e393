# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Who is measured beside vsk does the same work, and figures are shown as they are."""

from pathlib import Path

import pytest
from tests.bench import core, shown
from tests.bench.cells import Cell, interleaved

OWN = Cell("core", "a", "vsk", {"ns": 10.0, "per_second": 10.0})
OTHER = Cell("core", "a", "rust", {"ns": 40.0, "per_second": 5.0})


def commands(build: Path, *words: str) -> dict[str, list[str | Path]]:
    own = [build / "tests/bench_core", *words]
    return {"vsk": own, "bound": [*own, "side=bound"]}


@pytest.mark.parametrize("queue", ["tx", "rx"])
@pytest.mark.parametrize("option", ["publish=single", "publish=batched", "events=off"])
def test_the_lower_bound_does_the_same_work(build: Path, queue: str, option: str) -> None:
    core.same_work(commands(build, queue, "two", "64", "copied", option))


def test_other_work_is_not_compared(build: Path) -> None:
    sides = commands(build, "rx", "two", "64", "copied")
    sides["bound"] = [*commands(build, "rx", "two", "64", "untouched")["bound"]]

    with pytest.raises(core.DiffersError):
        core.same_work(sides)


def test_the_median_of_the_rounds_counts() -> None:
    figures = {"a": iter([{"ns": 9.0}, {"ns": 1.0}, {"ns": 3.0}])}

    taken = interleaved(3, {"a": lambda: next(figures["a"])})

    assert taken == {"a": {"ns": 3.0}}


def test_the_order_of_the_sides_turns() -> None:
    seen = []

    interleaved(2, {name: lambda name=name: seen.append(name) or {} for name in "ab"})

    assert seen == ["a", "b", "b", "a"]


def test_a_ratio_says_how_many_times_better_we_are() -> None:
    assert shown.ratio(OWN, OTHER, "ns") == 4
    assert shown.ratio(OWN, OTHER, "per_second") == 2


def test_who_has_programs_behind_a_socket_is_set_against_our_bridge() -> None:
    found = {side: Cell("guests", "a", side, {}) for side in ("vsk python", "vsk bridge", "other")}

    assert shown.own_of(found) is found["vsk bridge"]
