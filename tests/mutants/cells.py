# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Every field of every cell of RULES, the table of conn_rules.c, changed one at a time."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from .bench import Bench, Result
from .rules import Status

ERR_STATE, BAD_STATE, SEND_RST = -27, -130, 0x002
PROGRAM = "core/test_conn"
FILE = "vsk/conn_rules.c"


class Cell(NamedTuple):
    """One field of a cell, and what it is changed to."""

    state: str
    input: str
    line: int
    field: str
    value: int
    status: int
    key: str

    def __str__(self) -> str:
        place = f"core/{FILE}:{self.line}: {self.state} gets {self.input}"
        return f"{place}: {self.field} = {self.value}"

    def clause(self, statuses: Iterable[Status]) -> str:
        """The clause of its status; for IN_FAULT every packet brings a rule of its own."""
        numbers = {status.number: status.clause for status in statuses}
        return "" if self.input == "IN_FAULT" else numbers.get(self.status, "")


def build(bench: Bench) -> Path:
    """A library whose table can be changed by its environment."""
    folder = bench.folder / "cells"
    made = (folder / FILE).with_suffix(".o")
    made.parent.mkdir(parents=True)
    text = (bench.core / FILE).read_text()
    source = folder / "conn_rules.c"
    source.write_text(text.replace("static const vsk_conn_rule", "static vsk_conn_rule"))
    bench.compile(Path(__file__).with_name("cells.c"), made, f'-DRULES_C="{source}"')
    bench.link(folder)
    return folder


def _names(parts: str, rules: str) -> tuple[list[str], list[str], dict[tuple[str, str], int]]:
    """States and inputs in the order of their numbers, and the line of each cell."""
    inputs = re.findall(r"^    ((?:IN|CALL)_\w+),", parts, re.M)
    states: list[str] = []
    lines: dict[tuple[str, str], int] = {}
    for number, line in enumerate(rules.splitlines(), 1):
        if found := re.match(r"\s*\[VSK_STATE_(\w+)\] =", line):
            states.append(found[1])
        elif found := re.match(r"\s*\[(\w+)\] =", line):
            lines[states[-1], found[1]] = number
    return states, inputs, lines


def _changes(next_: int, reason: int, actions: int, status: int, states: int) -> dict[str, int]:
    """What each field is changed to; of a call that is refused nothing but the status is used."""
    changed = {"status": BAD_STATE if status in (0, ERR_STATE) else 0}
    if status == ERR_STATE:
        return changed
    changed["next"] = (next_ + 1) % states
    changed["reason"] = 1 if reason == 0 else 0
    changed["actions"] = SEND_RST if actions == 0 else 0
    return changed


def cells(bench: Bench, library: Path) -> list[Cell]:
    """Every field of every cell, as the compiled table has them."""
    parts, rules = (bench.core / "vsk" / "conn_parts.h", bench.core / FILE)
    states, inputs, lines = _names(parts.read_text(), rules.read_text())
    found = []
    for row in bench.output(PROGRAM, library, VSK_CELL="list").splitlines():
        state, in_, *fields = map(int, row.split())
        for field, value in _changes(*fields, len(states)).items():
            name = states[state], inputs[in_]
            key = f"{state} {in_} {field} {value}"
            found.append(Cell(*name, lines[name], field, value, fields[3], key))
    return found


def run(bench: Bench, library: Path, cell: Cell) -> Result:
    """Run the tests of the table over a changed one."""
    return bench.run(PROGRAM, library, VSK_CELL=cell.key)
