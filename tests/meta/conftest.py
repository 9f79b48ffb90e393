# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What the meta tests look at: the files of the tree, and the build that ctest names."""

import os
from pathlib import Path

import pytest

TOP = Path(os.environ.get("VSK_SOURCE", Path(__file__).parents[2]))
LEFT_BY_TOOLS = {".git", "build", "build.luarocks", "dist", "__pycache__"}


@pytest.fixture(scope="session")
def top() -> Path:
    return TOP


@pytest.fixture(scope="session")
def build() -> Path:
    return Path(os.environ.get("VSK_BUILD", TOP / "build" / "dev"))


@pytest.fixture(scope="session")
def files() -> list[Path]:
    """Every file that somebody wrote, git or not."""
    found = []
    for folder, names, here in os.walk(TOP):
        names[:] = [n for n in names if n not in LEFT_BY_TOOLS and not n.endswith("_cache")]
        names[:] = [n for n in names if n != ".hypothesis"]
        found += [Path(folder, name) for name in here if not name.endswith(".rock")]
    return sorted(found)
