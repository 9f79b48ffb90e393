# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Every public name is in the references of the site that ./run docs has built."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile

import vsk
from vsk import attacks

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "ext"))
import lua_api

Inventory = dict[str, set[str]]
OTHERS = {"architecture.md", "wireshark.md"}  # the one has private names, the other names of fields
HIDDEN = re.compile(r"/(le|shared|print|\w+_parts)\.h$")  # not installed: see core/CMakeLists.txt


@pytest.fixture(scope="module")
def site(top: Path) -> Path:
    return top / "build" / "docs" / "html"


@pytest.fixture(scope="module")
def known(site: Path) -> Inventory:
    """Names by the domain of their reference: c, py, std."""
    data = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="").data
    found: Inventory = {}
    for kind, names in data.items():
        domain, _, what = kind.partition(":")
        found.setdefault(what if what == "lua" else domain, set()).update(names)
    return found


@pytest.fixture(scope="module")
def headers(top: Path) -> list[Path]:
    found = [*(top / "core").glob("vsk/*.h"), *(top / "core").glob("vhost/*.h")]
    return [header for header in found if not HIDDEN.search(str(header))]


def declared(text: str) -> Iterator[str]:
    """The functions, types and constants that a header declares."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    yield from re.findall(r"^VSK_API [^;]*?\b(vsk_\w+)\(", text, re.MULTILINE)
    yield from re.findall(r"^static inline [^(]*\n(vsk_\w+)\(", text, re.MULTILINE)
    yield from re.findall(r"^} (vsk_\w+);", text, re.MULTILINE)
    yield from re.findall(r"^#define (VSK_\w+)(?= +[\w(\"])", text, re.MULTILINE)
    for body in re.findall(r"^(?:typedef )?enum \w*\s*{(.*?)^}", text, re.DOTALL | re.MULTILINE):
        yield from re.findall(r"^ +(VSK_\w+)\b(?!##)(?!\()", body, re.MULTILINE)
    for table, rows in re.findall(r"^#define VSK_(\w+)_TABLE\(X\)(.*?[^\\])\n", text, re.M | re.S):
        if made := re.search(rf"VSK_{table}_ENUMERATOR\([^)]*\)[\s\\]*(VSK_\w*)##name", text):
            yield from (made[1] + name for name in re.findall(r"\bX\((\w+),", rows))


def test_every_c_name_is_there(headers: list[Path], known: Inventory) -> None:
    names = {name for header in headers for name in declared(header.read_text())}
    shown = {name.split(".")[-1] for name in known["c"]}

    assert len(names) > 500
    assert names - shown == set()


def test_every_header_that_is_installed_has_its_part_of_a_page(
    headers: list[Path], top: Path
) -> None:
    pages = (top / "docs" / "reference" / "c").glob("*.md")
    shown = [n for p in pages for n in re.findall(r"^```{doxygenfile} (\S+)", p.read_text(), re.M)]

    assert sorted(shown) == sorted(header.name for header in headers)


def members(cls: type) -> set[str]:
    own = {name for base in cls.__mro__ if base.__module__.startswith("vsk") for name in vars(base)}
    return {f"{cls.__name__}.{name}" for name in own if not name.startswith(("_", "n_"))}


def test_every_python_name_is_there(known: Inventory) -> None:
    names = set(vsk.__all__) - {"__version__"}
    for name in [*names]:
        if isinstance(cls := getattr(vsk, name), type) and not issubclass(cls, Exception):
            names |= members(cls)

    assert len(names) > 300
    assert {f"vsk.{name}" for name in names} - known["py"] == set()


def named(top: Path) -> set[str]:
    """The submodules of vsk, and what is in them, that pages, lessons and examples name."""
    files = [top / "README.md", *(top / "docs").rglob("*.md")]
    files += (top / "python" / "examples").glob("*.py")
    text = "\n".join(file.read_text() for file in files if file.name not in OTHERS)
    found = {match[0] for match in re.finditer(r"(?<![\w.\"])vsk(?:\.[a-z]\w*)+\.\w+", text)}
    for module, names in re.findall(r"\bfrom (vsk[\w.]*) import ([\w, ]+)", text):
        found |= {module, *(f"{module}.{name.split()[0]}" for name in names.split(", "))}
    return {name for name in found if importlib.util.find_spec(".".join(name.split(".")[:2]))}


def test_every_module_that_a_page_names_is_there(top: Path, known: Inventory) -> None:
    made = {f"vsk.attacks.{row.name}" for row in attacks.table()}
    names = named(top) - made - {"vsk"}

    assert {"vsk.lesson.Lesson", "vsk.device.OFFERED", "vsk.replay.Differs"} <= names
    assert names - known["py"] == set()


def test_every_lua_name_is_there(top: Path, known: Inventory) -> None:
    script = top / "tests" / "meta" / "names.lua"
    names = set(subprocess.check_output(["lua5.4", script], text=True).split())
    shown = {re.sub(r"[:.]", ".", name).rstrip("?") for name in known["lua"]}

    assert len(names) > 150
    assert {f"vsk.{name}" for name in names} - shown == set()


def test_everything_of_lua_is_said_in_words() -> None:
    items = [item for file in lua_api.LIBRARY.rglob("*.d.lua") for item in lua_api.read(file)]
    silent = [item.name for item in items if item.kind != "alias" and not "".join(item.text)]
    silent += [
        f"{item.name}.{name}"
        for item in items
        for name, rest in item.members
        if not lua_api.cut(rest)[1] and name != "#"
    ]

    assert len(items) > 150
    assert silent == []


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    pages = [*site.rglob("*.html"), *site.rglob("*.css")]
    fetched = re.compile(
        r"<(?:script|img|iframe)[^>]*\bsrc=[\"'](?:https?:)?//|<link[^>]*\brel=[\"']"
        r"(?:stylesheet|preload|preconnect|icon)[\"'][^>]*href=[\"'](?:https?:)?//|url\(\s*[\"']?"
        r"(?:https?:)?//"
    )

    assert len(pages) > 40
    assert [page.name for page in pages if fetched.search(page.read_text())] == []
