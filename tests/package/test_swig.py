# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The bindings also build, and run, with the SWIG that PyPI ships."""

import sys
from pathlib import Path

import pytest
from conftest import TOP, Run


@pytest.fixture(scope="module")
def stage(run: Run, newer_swig: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("build")
    log = run("cmake", "-S", TOP, "-B", folder, "-G", "Ninja", "-DBUILD_TESTING=OFF",
              "-DVSK_WERROR=ON", f"-DPython_EXECUTABLE={sys.executable}",
              f"-DSWIG_EXECUTABLE={newer_swig}")  # fmt: skip
    assert f"SWIG 4.5.1: {newer_swig}" in log
    run("cmake", "--build", folder)
    return folder / "stage"


@pytest.mark.parametrize("example", ["01_packet.py", "02_queue.py"])
def test_python(run: Run, stage: Path, tmp_path: Path, example: str) -> None:
    file = TOP / "python/examples" / example

    run(sys.executable, file, cwd=tmp_path, PYTHONPATH=stage / "python")


@pytest.mark.parametrize("example", ["01_packet.lua", "02_queue.lua"])
def test_lua(run: Run, stage: Path, tmp_path: Path, example: str) -> None:
    run(
        "lua5.4",
        TOP / "lua/examples" / example,
        cwd=tmp_path,
        LUA_PATH_5_4=f"{stage}/lua/?.lua;{stage}/lua/?/init.lua",
        LUA_CPATH_5_4=f"{stage}/lua/?.so",
    )
