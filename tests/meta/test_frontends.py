# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The frontends stand on the bindings, and on their language's own library."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

# What would write again what the core holds, or go round it.
NOT_HERE = {"ctypes", "mmap", "struct", "socket", "array"}
TO_GUESTS = {"struct", "socket"}  # vsk.linux talks to its own agent, and to QEMU
EXTRAS = {"rich"}  # never at the top level of a module: import vsk works without


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


def test_python_imports_its_library_itself_and_extras_late(top: Path) -> None:
    allowed = set(sys.stdlib_module_names) - NOT_HERE | {"vsk"}
    wrong = []
    for file in (top / "python/vsk").rglob("*.py"):
        here = allowed | (TO_GUESTS if file.parent.name == "linux" else set())
        tree = ast.parse(file.read_text())
        late = {name for node in tree.body if hasattr(node, "body") for name in imports(node)}
        wrong += [
            f"{file.name}: {name}"
            for name in imports(tree)
            if name not in here and not (name in EXTRAS and name in late)
        ]

    assert wrong == []


def test_lua_requires_itself(top: Path) -> None:
    wrong = [
        f"{file.name}: {name}"
        for file in (top / "lua/vsk").rglob("*.lua")
        for name in re.findall(r"""\brequire\s*\(?\s*["']([^"']+)""", file.read_text())
        if not re.fullmatch(r"vsk(\.\w*)*", name)
    ]

    assert wrong == []
