# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Trees to package, and a machine with less on it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TOP = Path(os.environ.get("VSK_SOURCE", Path(__file__).parents[2]))
Run = Callable[..., str]


@pytest.fixture(scope="session")
def build() -> Path:
    return Path(os.environ.get("VSK_BUILD", TOP / "build" / "dev"))


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, as they come out of a repository or an archive."""
    copy = tmp_path_factory.mktemp("tree") / "vsk"
    left_by_tools = shutil.ignore_patterns(".git", "build*", "dist", "__pycache__", ".*_cache")
    return Path(shutil.copytree(TOP, copy, ignore=left_by_tools))


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a command without the stage that ctest offers, and return what it printed."""

    def run(*command: str | Path, cwd: Path | None = None, **env: str | Path) -> str:
        __tracebackhide__ = True
        ours = ("PYTHONPATH", "LUA_PATH_5_4", "LUA_CPATH_5_4")
        clean = {name: value for name, value in os.environ.items() if name not in ours}
        done = subprocess.run(
            command,
            cwd=cwd,
            env=clean | {name: str(value) for name, value in env.items()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        return done.stdout

    return run


@pytest.fixture(scope="session")
def wheels() -> Path:
    """The build requirements, as ./run fetched them."""
    return TOP / "build" / "wheels"


@pytest.fixture(scope="session")
def newer_swig(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SWIG of the build requirements, in an environment of its own."""
    folder = tmp_path_factory.mktemp("swig")
    install = ["-m", "pip", "install", "-q", "--no-index", "--find-links", wheels, "swig"]
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin" / "python", *install], check=True)
    return folder / "bin" / "swig"


@pytest.fixture(scope="session")
def bare_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PATH of what a machine with a C compiler has: no SWIG, no CMake, no ninja, no make."""
    folder = tmp_path_factory.mktemp("bin")
    for tool in Path("/usr/bin").iterdir():
        if not tool.name.startswith(("swig", "cmake", "ninja", "ctest", "make", "gmake")):
            (folder / tool.name).symlink_to(tool)
    return folder
