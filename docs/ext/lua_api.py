# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The Lua reference, from the annotations in lua/library that lua-language-server reads too.

Own code, for want of another: what Sphinx has for Lua knows no colon in a method's name, or asks
lua-language-server itself and a newer Python than Debian 12 has. It reads what these files use:
class, field, operator, alias, param, return and overload, with comments in front.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.application import Sphinx

LIBRARY = Path(__file__).parents[2] / "lua" / "library"
# A type as it begins: brackets with all that is in them, words, and what joins them.
TYPE = re.compile(
    r"(?:fun\([^()]*\)(?::\s*)?|[<({\[][^<>(){}\[\]]*[>)}\]]|[\w.?|\"-]|,\s*(?=string\?))+"
)
SIGNATURE = re.compile(r"((.*?[.:])??([^.:(]+))(\(.*|: .*|)")
FAILS = ("string? message", "vsk.Code? code", "vsk.Code|integer|nil code", "integer? errno")


@dataclass
class Item:
    """A class, alias or function, and what is said of it."""

    kind: str
    name: str
    text: list[str] = field(default_factory=list)
    params: list[tuple[str, str]] = field(default_factory=list)
    returns: list[str] = field(default_factory=list)
    members: list[tuple[str, str]] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    type: str = ""


def cut(text: str) -> tuple[str, str]:
    """Cut a type off what is said behind it."""
    found = TYPE.match(text)
    end = found.end() if found else 0
    return text[:end], text[end:].strip()


class Reader:
    """Goes through the lines of a file."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.items: list[Item] = []
        self._said = Item("function", "")
        self._owners = {"vsk": "vsk"}

    def _tag(self, tag: str, rest: str) -> None:
        said, last = self._said, self.items[-1] if self.items else None
        name, _, more = rest.partition(" ")
        if tag in ("class", "alias"):
            self._said = Item("function", "")
            said.kind, said.name, said.type = tag, name, more.removeprefix(": ")
            self.items.append(said)
        elif tag == "field" and last:
            front = " ".join(said.text)
            last.members.append((name, f"{more} {front}".rstrip()))
            said.text.clear()
        elif tag == "operator" and last:
            last.members.append(("#", rest.partition(": ")[2]))
        elif tag == "param":
            said.params.append((name, more))
        elif tag == "return":
            said.returns.append(rest)
        elif tag == "overload":
            said.also.append(rest)

    def line(self, line: str) -> None:
        """Take a line."""
        if found := re.match(r"---@(\w+) ?(.*)", line):
            self._tag(*found.groups())
        elif found := re.match(r'---\| ("\w+")', line):
            self.items[-1].type += ("|" if self.items[-1].type else "") + found[1]
        elif line.startswith("---"):
            self._said.text.append(line[3:].strip())
        elif found := re.match(r"local (\w+) = \{\}", line):
            self._owners[found[1]] = self.items[-1].name
        elif found := re.match(r"function (\w+)([.:]\w+)\((.*)\)", line):
            self._said.name = f"{self._owners[found[1]]}{found[2]}"
            self.items.append(self._said)
            self._said = Item("function", "")


def read(path: Path) -> list[Item]:
    """Read what a file declares, in its order."""
    reader = Reader()
    for line in path.read_text().splitlines():
        reader.line(line)
    return reader.items


def linked(text: str) -> str:
    """A type in RST: a class of ours is a link, the rest is code."""
    parts = re.split(r"(vsk\.[A-Z]\w*)", text)
    marked = [f":lua:`{p}`" if n % 2 else f"``{p}``" for n, p in enumerate(parts) if p.strip()]
    return "\\ ".join(marked)


def words(text: str) -> str:
    """What a comment says, in RST: only `code` is marked there."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(p if n % 2 else re.sub(r"([*|]|_\b)", r"\\\1", p) for n, p in enumerate(parts))


def signature(item: Item) -> str:
    """A call as one writes it: what may be left out is in brackets."""
    names = [f"[{n[:-1]}]" if n.endswith("?") else n for n, _ in item.params]
    return f"{item.name}({', '.join(names)})"


def returned(returns: list[str]) -> str:
    """What a call gives: where it may fail, nil with a message and a code."""
    what = [entry for entry in returns if entry not in FAILS]
    fails = len(what) < len(returns)
    said = []
    for entry in what:
        kind, name = cut(entry)
        kind = kind.replace("|nil", "").rstrip("?") if fails else kind
        said.append(f"{linked(kind)} {words(name)}".strip())
    return ", ".join(said) + (", or ``nil, message, code``" if fails else "")


def described(item: Item) -> Iterator[str]:
    """What is said of an item, in RST."""
    yield from map(words, item.text)
    yield ""
    if item.kind == "class" and item.type:
        yield from (f"With all of {linked(item.type)}.", "")
    elif item.kind == "alias":
        kind, text = cut(item.type) if "|" not in item.type else (item.type, "")
        yield from (f"{linked(kind)}{': ' if text else ''}{words(text)}", "")
    for name, rest in item.params:
        kind, text = cut(rest)
        optional = "optional " if name.endswith("?") else ""
        yield f":{name.rstrip('?')}: {optional}{linked(kind)}{', ' if text else ''}{words(text)}"
    if item.returns:
        yield f":Returns: {returned(item.returns)}"
    for other in item.also:
        yield f":Also: ``{other}``"
    yield ""


def pages(items: list[Item]) -> Iterator[str]:
    """All items in RST; functions stand below the class that they belong to."""
    for item in items:
        title = signature(item) if item.kind == "function" else item.name
        yield from ("", f".. lua:: {title}", "")
        yield from (f"   {line}" for line in described(item))
        for name, rest in item.members:
            kind, text = cut(rest)
            yield from (f"   .. lua:: {item.name}.{name}: {kind}", "")
            yield from (f"      {words(text)}", "") if text else ()


class LuaApi(Directive):
    """lua-api FILE: all that a file of lua/library declares."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Read the file, and let Sphinx read what comes of it."""
        path = LIBRARY / self.arguments[0]
        self.state.document.settings.env.note_dependency(str(path))
        node = nodes.container()
        lines = StringList(list(pages(read(path))), source=str(path))
        self.state.nested_parse(lines, 0, node)
        return node.children


def parsed(env: Any, text: str, node: addnodes.desc_signature) -> str:
    """A signature: the name is bold; a field stands below its class, which is not said again."""
    name, front, last, rest = SIGNATURE.fullmatch(text).groups()
    if not rest.startswith(":"):
        node += addnodes.desc_addname("", front)
    node += addnodes.desc_name("", last)
    node += addnodes.desc_annotation("", rest)
    return name


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of it."""
    app.add_object_type("lua", "lua", "%s (Lua)", parsed)
    app.add_directive("lua-api", LuaApi)
    return {"parallel_read_safe": True}
