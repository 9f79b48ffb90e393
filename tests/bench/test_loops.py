# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""All sides of a loop do the same work, and what is counted is the work of one round."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tests.bench import counted
from tests.bench.__main__ import options, suite
from tests.bench.loops import Loops

SUITES = ["python", "lua"]
# A side that has read another header than what stands in memory.
LIES = {
    "python": ("ring_flat.py", "from real_flat import *\ndef receive(*_): return (0,) * 10\n"),
    "lua": (
        "ring_strings.lua",
        "local real = dofile(REAL)\nfunction real.fields() return 0 end\nreturn real\n",
    ),
}


def loops(name: str) -> Loops:
    with options(1) as given:
        return suite(name).loops(given)


@pytest.mark.parametrize("name", SUITES)
def test_all_sides_see_and_write_the_same(name: str) -> None:
    loops(name).check()


@pytest.mark.parametrize("name", SUITES)
def test_a_side_that_reads_something_else_is_told(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    there = loops(name)
    for file in there.script.parent.glob("*_*.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    file, text = LIES[name]
    lying = tmp_path / file
    real = lying.rename(tmp_path / file.replace("ring", "real"))
    lying.write_text(text.replace("REAL", f'"{real}"'))
    env = {
        key: value.replace(str(there.script.parent), str(tmp_path))
        for key, value in there.env.items()
    }

    with pytest.raises(subprocess.CalledProcessError):
        replace(there, script=tmp_path / there.script.name, env=env).check()
    assert "differ" in capfd.readouterr().err


def test_a_function_that_is_never_called_is_no_count() -> None:
    with pytest.raises(counted.CountError, match="called 0 times"):
        replace(loops("lua"), called="lua_nothing").count(["rx send"])
