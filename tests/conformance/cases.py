# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Test cases, and the clauses in their comments: cmocka, pytest and busted alike."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

CLAUSE = re.compile(r"\b[A-Z]+-(?:BOTH|DEV|DRV|BE|FE)-\d+\b")
C_CASE = re.compile(r"^static void\n(\w+)\(void \*\*\w+\)\n\{\n(.*?)^\}", re.M | re.S)
COMMENTS = {
    "c": re.compile(r"/\*.*?\*/", re.S),
    "py": re.compile(r"#.*"),
    "lua": re.compile(r"--.*"),
}
# A table of cases, as in test_conn.c: a comment is for the rows down to the next one or to an
# empty line.
C_ROWS = re.compile(r"(/\*(?:(?!\*/).)*\*/)\n((?: *ROW\([^;]*?\),\n)+)", re.S)
C_ROW = re.compile(r"ROW\((\w+),\s*(\w+),")
LUA_CASE = re.compile(r"^( *)it\(([^\n]*), function\(\)(?:[^\n]*end\)$|.*?^\1end\))", re.M | re.S)


class Case(NamedTuple):
    """A test case: its file below tests/, the name that its runner prints, its clauses."""

    file: str
    name: str
    clauses: frozenset[str]

    def __str__(self) -> str:
        return f"{self.file}:{self.name}"


def _of_c(text: str) -> Iterator[tuple[str, str]]:
    for found in C_CASE.finditer(text):
        yield found[1], found[2]
    for rows in C_ROWS.finditer(text):
        for row in C_ROW.finditer(rows[2]):
            yield f"{row[1]} gets {row[2]}", rows[1]


def _of_python(text: str) -> Iterator[tuple[str, str]]:
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            start = min([node.lineno, *(line.lineno for line in node.decorator_list)])
            yield node.name, "\n".join(lines[start - 1 : node.end_lineno])


def _of_lua(text: str) -> Iterator[tuple[str, str]]:
    for found in LUA_CASE.finditer(text):
        yield found[2].strip("'\""), found[0]


READERS = {"test_*.c": _of_c, "test_*.py": _of_python, "*_spec.lua": _of_lua}


def _cases_of(path: Path, pattern: str) -> Iterator[tuple[str, frozenset[str]]]:
    comments = COMMENTS[path.suffix[1:]]
    for name, body in READERS[pattern](path.read_text()):
        if named := frozenset(CLAUSE.findall("\n".join(comments.findall(body)))):
            yield name, named


def cases(tests: Path) -> list[Case]:
    """Every case below a folder of tests that names a clause."""
    return [
        Case(str(path.relative_to(tests)), name, named)
        for pattern in READERS
        for path in sorted(tests.rglob(pattern))
        for name, named in _cases_of(path, pattern)
    ]


def proofs(found: list[Case]) -> dict[str, list[Case]]:
    """The cases that prove a clause, by clause."""
    by_clause: dict[str, list[Case]] = {}
    for case in found:
        for clause in sorted(case.clauses):
            by_clause.setdefault(clause, []).append(case)
    return by_clause
