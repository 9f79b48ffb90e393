# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What the libraries export and import, as nm sees it."""

import re
import subprocess
from pathlib import Path

import pytest

STRING_H = {"memcpy", "memmove", "memset", "memcmp"}


def nm(*args: str | Path) -> set[str]:
    out = subprocess.run(["nm", *args], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1] for line in out.splitlines() if line and not line.endswith(":")}


def test_the_core_defines_only_vsk_names(build: Path) -> None:
    defined = nm("--defined-only", "--extern-only", build / "core/libvsk.a")

    assert defined
    assert {name for name in defined if not name.startswith("vsk_")} == set()


def test_the_core_needs_nothing_but_four_functions_of_string_h(build: Path) -> None:
    needed = nm("--undefined-only", build / "core/libvsk.a")

    assert {name for name in needed if not name.startswith("vsk_")} - STRING_H == set()


def test_the_shared_library_exports_what_the_headers_declare(top: Path, build: Path) -> None:
    headers = "".join(file.read_text() for file in (top / "core/vsk").glob("*.h"))
    declared = set(re.findall(r"^VSK_API\b[^;(]*?\b(vsk_\w+)\s*\(", headers, re.MULTILINE))

    exported = nm("--defined-only", "--dynamic", build / "core/libvsk.so")

    assert exported == declared


@pytest.mark.parametrize(
    ("module", "entry"),
    [("python/vsk/_core.*.so", "PyInit__core"), ("lua/vsk/core.so", "luaopen_vsk_core")],
)
def test_a_module_shows_the_interpreter_its_entry_point_alone(
    build: Path, module: str, entry: str
) -> None:
    files = list((build / "stage").glob(module))

    assert files
    assert {name for file in files for name in nm("--defined-only", "--dynamic", file)} == {entry}


def test_the_lua_module_is_not_linked_with_a_lua_of_its_own(build: Path) -> None:
    out = subprocess.run(
        ["readelf", "--dynamic", build / "stage/lua/vsk/core.so"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert "liblua" not in out
