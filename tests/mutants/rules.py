# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Where the core says that the other side broke a rule, and the text without that rule."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

STATUS = re.compile(r"\bVSK_(BAD_\w+)\b")
TABLE_LINE = re.compile(r'X\((BAD_\w+), (-\d+),\s*(?:"[^"]*"\s*)+,\s*"([^"]*)"\)')
# How a status is given; what stands there without the rule. One that is compared was given before.
COMPARED = re.compile(r"[=!]= VSK_BAD_\w+|case VSK_BAD_\w+:")
RETURNED = re.compile(r"return VSK_BAD_\w+;")
GIVEN = re.compile(r"(?:[?:,(]|(?<![=!])=) ?VSK_BAD_\w+")
FUNCTION = re.compile(r"^(\w+)\(", re.M)
GUARD = re.compile(r"(?:\)|\belse|\{)\s*$")
# Uses that no pattern fits: the file and the status, and why that is right.
EXCUSED = {("vsk/conn_rules.c", "BAD_FLOW"): "cells of RULES are changed one by one: cells.py"}


class Mutant(NamedTuple):
    """One change to one file below core/; status: of the rule that it is about, if it is one."""

    file: str
    line: int
    words: str
    status: str
    text: str

    def __str__(self) -> str:
        return f"core/{self.file}:{self.line}: {self.words}"


class Status(NamedTuple):
    """A line of the table in status.h."""

    number: int
    clause: str


def statuses(header: str) -> dict[str, Status]:
    """Every VSK_BAD_* by its name."""
    lines = TABLE_LINE.findall(header.replace("\\\n", ""))
    return {name: Status(int(value), clause) for name, value, clause in lines}


def function_at(text: str, place: int) -> str:
    """The name of the function that a place is in."""
    return [found[1] for found in FUNCTION.finditer(text, 0, place)][-1]


def _around(pattern: re.Pattern[str], text: str, use: re.Match[str]) -> re.Match[str] | None:
    """What of a pattern stands around the use of a status, on its line."""
    start, end = text.rfind("\n", 0, use.start()), text.find("\n", use.end())
    for found in pattern.finditer(text, start + 1, end):
        if found.start() <= use.start() and use.end() <= found.end():
            return found
    return None


def _without(text: str, use: re.Match[str]) -> str | None:
    """The file without the rule at one use of its status; None where no pattern fits."""
    if found := _around(RETURNED, text, use):
        # What a condition guards falls through; what ends a function says yes.
        instead = ";" if GUARD.search(text[: found.start()]) else "return VSK_OK;"
        return text[: found.start()] + instead + text[found.end() :]
    if _around(GIVEN, text, use):
        return text[: use.start()] + "VSK_OK" + text[use.end() :]
    return None


def _mutants_of(file: str, text: str) -> Iterator[Mutant]:
    for use in STATUS.finditer(text):
        if _around(COMPARED, text, use) or (file, use[1]) in EXCUSED:
            continue
        changed = _without(text, use)
        line = text.count("\n", 0, use.start()) + 1
        if changed is None:
            raise SystemExit(f"core/{file}:{line}: no pattern of rules.py fits {use[0]}")
        words = f"{function_at(text, use.start())}: {use[1]} is never found"
        yield Mutant(file, line, words, use[1], changed)


def mutants(folder: Path) -> list[Mutant]:
    """A mutant for each place where a VSK_BAD_* is given, private headers too."""
    return [
        mutant
        for path in sorted([*folder.glob("*.c"), *folder.glob("*_parts.h")])
        for mutant in _mutants_of(f"{folder.name}/{path.name}", path.read_text())
    ]
