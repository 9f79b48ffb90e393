# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Python and Lua call everything the same, but for what names.tsv lists with its reason.

A row whose other side is - stands for a name that only one language has, and for all members
of a class that only one language has.
"""

import csv
import enum
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

import vsk

SWIG = {"this", "thisown"}.union(*(dir(base) for base in vsk.Packet.__mro__[1:]))
Rows = list[dict[str, str]]


def public(thing: object) -> set[str]:
    names = {name for name in dir(thing) if not name.startswith("_")}
    return {name for name in names if not isinstance(getattr(thing, name), ModuleType)}


def members(cls: type) -> set[str]:
    if issubclass(cls, (enum.Enum, Exception)):
        return set()  # all of them come from tables of the core, or from Python
    return set(cls.__match_args__) if issubclass(cls, tuple) else public(cls) - SWIG


@pytest.fixture(scope="module")
def python() -> set[str]:
    classes = [cls for name in public(vsk) if isinstance(cls := getattr(vsk, name), type)]
    return public(vsk) | {f"{cls.__name__}.{name}" for cls in classes for name in members(cls)}


@pytest.fixture(scope="module")
def lua() -> set[str]:
    script = Path(__file__).with_name("names.lua")
    return set(subprocess.check_output(["lua5.4", script], text=True).split())


@pytest.fixture(scope="module")
def rows() -> Rows:
    with Path(__file__).with_name("names.tsv").open() as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def unexplained(ours: set[str], theirs: set[str], rows: Rows, us: str, them: str) -> set[str]:
    explained = {row[us] for row in rows}
    alone = {row[us] for row in rows if row[them] == "-"}
    return {n for n in ours - theirs - explained if n.split(".")[0] not in alone}


def test_what_python_has_lua_has_or_the_table_says_why_not(
    python: set[str], lua: set[str], rows: Rows
) -> None:
    assert unexplained(python, lua, rows, "python", "lua") == set()


def test_what_lua_has_python_has_or_the_table_says_why_not(
    python: set[str], lua: set[str], rows: Rows
) -> None:
    assert unexplained(lua, python, rows, "lua", "python") == set()


def test_every_row_is_a_difference_that_exists_and_has_a_reason(
    python: set[str], lua: set[str], rows: Rows
) -> None:
    stale = [
        row
        for row in rows
        if row["python"] not in python | {"-"}
        or row["lua"] not in lua | {"-"}
        or row["python"] == row["lua"]
        or (row["lua"] == "-" and row["python"] in lua)
        or (row["python"] == "-" and row["lua"] in python)
        or not row["why"]
    ]

    assert stale == []


def test_python_exports_what_it_shows() -> None:
    assert set(vsk.__all__) - {"__version__"} == public(vsk)


def test_enumerations_have_the_same_members() -> None:
    for cls in (vsk.Op, vsk.Type, vsk.Seq, vsk.Shutdown, vsk.Feature, vsk.Protocol, vsk.Status):
        table = cls.__name__.lower()
        script = f'for name, value in pairs(require "vsk".{table}) do print(name, value) end'
        printed = subprocess.check_output(["lua5.4", "-e", script], text=True)
        lua = dict(line.split() for line in printed.splitlines())

        assert {name: int(value) for name, value in lua.items()} == {m.name: m.value for m in cls}
