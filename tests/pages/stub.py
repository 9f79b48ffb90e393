# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The words of python/vsk/_core.pyi: an editor reads the stub and cannot ask the C module.

What the module says of its classes, calls and attributes goes behind each of them, but for what
the stub says itself, the types.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

from vsk import _core

STUB = Path(__file__).parents[2] / "python" / "vsk" / "_core.pyi"
TYPES = re.compile(r":(?:rtype:|type \w+:)")
BELOW = {"Options", "Role", "Lab", "Socket", "Snapshot"}  # nobody but the frontends has these
Edit = tuple[int, int, list[str]]  # lines from, to, and what comes instead


def said(thing: object) -> list[str]:
    """What the module says of a thing, without types, in lines."""
    words = (inspect.getdoc(thing) or "").splitlines()
    kept = [line.rstrip() for line in words if not TYPES.match(line)]
    return "\n".join(kept).strip().splitlines()


def docstring(thing: object, indent: str) -> list[str]:
    """The lines of a docstring, none longer than our lines are."""
    width = 100 - len(indent) - len('"""' * 2)
    first, *rest = [part for line in said(thing) for part in wrap(line, width) or [""]]
    if not rest:
        return [f'{indent}"""{first}"""']
    return [f'{indent}"""{first}', *(f"{indent}{line}".rstrip() for line in rest), f'{indent}"""']


def is_words(node: ast.stmt) -> bool:
    """Tell whether a statement is a docstring."""
    return isinstance(node, ast.Expr) and isinstance(getattr(node.value, "value", None), str)


def of_call(node: ast.FunctionDef, thing: object, lines: list[str]) -> Edit:
    """Put words into the body of a call."""
    words = docstring(thing, " " * (node.col_offset + 4))
    body = node.body[0]
    start, end = body.lineno - 1, body.end_lineno or body.lineno
    if not is_words(body):
        words.insert(0, lines[start][: body.col_offset].rstrip())
    return start, end, words


def of_class(node: ast.ClassDef, lines: list[str]) -> Iterator[Edit]:
    """Put words into a class and behind each of its members."""
    cls = getattr(_core, node.name)
    body, words = node.body[0], docstring(cls, "    ")
    start = min([body.lineno, *(d.lineno for d in getattr(body, "decorator_list", []))]) - 1
    yield start, (body.end_lineno or 0) if is_words(body) else start, words
    for member, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
            if not any(isinstance(d, ast.Attribute) for d in member.decorator_list):
                yield of_call(member, getattr(cls, member.name), lines)
        elif isinstance(member, ast.AnnAssign) and ast.unparse(member.target)[0] != "_":
            name, start = ast.unparse(member.target), member.end_lineno or 0
            end = (after.end_lineno or 0) if after and is_words(after) else start
            yield start, end, docstring(getattr(cls, name), "    ")


def worded(text: str) -> str:
    """The stub with the words of the module, whatever stood in their place."""
    lines = text.splitlines()
    edits: list[Edit] = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef) and node.name not in BELOW:
            edits += of_class(node, lines)
    for start, end, words in sorted(edits, reverse=True):
        lines[start:end] = words
    return "\n".join(lines) + "\n"


def write() -> Path:
    """Put the words into the stub; ruff format settles the blank lines."""
    STUB.write_text(worded(STUB.read_text()))
    return STUB
