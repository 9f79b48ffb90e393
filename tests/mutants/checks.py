# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What core/vhost looks at, lets go of and remembers, and the text without each of these.

A condition: where it leaves, as if it were never so; without each operand of && and ||; with each
bound moved by one. A release: what is closed, removed or watched no more is not. A flag that is set
or cleared is not.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .rules import Mutant, function_at

# What is no code: blanked, so that places stay.
NO_CODE = re.compile(
    r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^#(?:\\\n|[^\n])*', re.S | re.M
)
CONDITION = re.compile(r"\b(?:if|while) \(")
EXPRESSION = re.compile(r"(?:\breturn|(?<![=!<>])=)\s([^;{}]*(?:&&|\|\||\?)[^;{}]*);")
BOUND = re.compile(r"(?<![<>-])([<>]=?)(?=\s)(?! 0\b)")
MOVED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
# Memory that is not freed is what AddressSanitizer looks for.
RELEASE = re.compile(
    r"^ +((?:\(void\))?(?:close|unlink|shutdown|close_all|close_channel|"
    r"vsk_\w+_(?:close|clear|unref|drop|unwatch|shut|unbind|cut|cancel|leave|halt|halt_all))"
    r"\([^;{}]*\));$",
    re.M,
)
FIELD = r"\w+(?:->|\.)[\w.>\[\]-]+"
STATE = re.compile(rf"^ +({FIELD} = (?:true|false)|{FIELD} [|&]= [^;{{}}]*);$", re.M)
LEAVES = re.compile(r"\)\s*(?:return|continue|break)\b")


class Change(NamedTuple):
    """A piece of a file, what stands there instead, and that in words."""

    start: int
    end: int
    instead: str
    words: str


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])


def _end_of(text: str, start: int) -> int:
    """Where the bracket that opens in front of start is closed."""
    depth = 1
    for place in range(start, len(text)):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if depth == 0:
            return place
    raise ValueError(text[start : start + 40])


def _split(text: str, start: int, end: int, mark: str) -> list[tuple[int, int]]:
    """The pieces between marks that are in no bracket."""
    pieces, depth, begin, place = [], 0, start, start
    while place < end:
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if depth == 0 and text.startswith(mark, place):
            pieces.append((begin, place))
            place += len(mark)
            begin = place
        else:
            place += 1
    return [*pieces, (begin, end)]


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def _inside(text: str, start: int, end: int) -> tuple[int, int]:
    """Without blanks and without brackets around all of it."""
    start, end = _trim(text, start, end)
    while text[start] == "(" and _end_of(text, start + 1) == end - 1:
        start, end = _trim(text, start + 1, end - 1)
    return start, end


def _said(text: str, start: int, end: int) -> str:
    return " ".join(text[start:end].split())


def _forced(text: str, start: int, end: int, value: int, words: str) -> Change:
    # What it calls is still called.
    instead = f"((void)({text[start:end]}), {value})"
    return Change(start, end, instead, f"{words} {_said(text, start, end)}")


def _operands(text: str, start: int, end: int) -> Iterator[Change]:
    """Each operand of && and || left out; bounds moved."""
    start, end = _inside(text, start, end)
    for mark, value in (("||", 0), ("&&", 1)):
        pieces = _split(text, start, end, mark)
        if len(pieces) > 1:
            for piece in pieces:
                yield _forced(text, *_inside(text, *piece), value, "without")
                yield from _operands(text, *piece)
            return
    for bound in BOUND.finditer(text, start, end):
        yield Change(
            *bound.span(),
            MOVED[bound[1]],
            f"{_said(text, start, bound.start())} {MOVED[bound[1]]} "
            f"{_said(text, bound.end(), end)}",
        )


def _conditions(text: str, code: str) -> Iterator[Change]:
    for found in CONDITION.finditer(code):
        start, end = found.end(), _end_of(code, found.end())
        several = re.search(r"&&|\|\|", code[start:end])
        if LEAVES.match(code, end) and not several:
            yield _forced(text, start, end, 0, "never")
        yield from _operands(text, start, end)
    for found in EXPRESSION.finditer(code):
        yield from _operands(text, *_split(code, *found.span(1), "?")[0])


def _statements(text: str, code: str, pattern: re.Pattern[str]) -> Iterator[Change]:
    for found in pattern.finditer(code):
        yield Change(*found.span(1), "", f"without {_said(text, *found.span(1))}")


def _changes(text: str) -> Iterator[Change]:
    code = NO_CODE.sub(_blank, text)
    yield from _conditions(text, code)
    yield from _statements(text, code, RELEASE)
    yield from _statements(text, code, STATE)


def mutants(folder: Path) -> Iterator[Mutant]:
    """A mutant for each change to each source of a folder."""
    for path in sorted(folder.glob("*.c")):
        text = path.read_text()
        seen = set()
        for change in sorted(_changes(text)):
            if change[:3] in seen:
                continue
            seen.add(change[:3])
            yield Mutant(
                f"{folder.name}/{path.name}",
                text.count("\n", 0, change.start) + 1,
                f"{function_at(text, change.start)}: {change.words}",
                "",
                text[: change.start] + change.instead + text[change.end :],
            )
