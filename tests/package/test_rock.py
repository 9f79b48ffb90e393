# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What LuaRocks makes of the tree."""

from pathlib import Path

import pytest
from conftest import TOP, Run


@pytest.fixture(scope="module")
def rocks(run: Run, tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rocks")
    rockspec = tree / "lua/virtio-vsock-scm-1.rockspec"
    run("luarocks", "--lua-version", "5.4", "make", "--tree", folder, rockspec, cwd=tree)
    return folder


@pytest.mark.parametrize("example", ["01_packet.lua", "02_queue.lua"])
def test_examples_run_from_the_rock(run: Run, rocks: Path, tmp_path: Path, example: str) -> None:
    share, lib = rocks / "share/lua/5.4", rocks / "lib/lua/5.4"

    run(
        "lua5.4",
        TOP / "lua/examples" / example,
        cwd=tmp_path,
        LUA_PATH_5_4=f"{share}/?.lua;{share}/?/init.lua",
        LUA_CPATH_5_4=f"{lib}/?.so",
    )


def test_the_rock_holds_the_lua_module_alone(rocks: Path) -> None:
    shared = {str(f.relative_to(rocks)) for f in rocks.rglob("*.so*")}
    frontend = {str(f.relative_to(TOP / "lua")) for f in (TOP / "lua/vsk").rglob("*.lua")}
    share = rocks / "share/lua/5.4"

    assert shared == {"lib/lua/5.4/vsk/core.so"}
    assert {str(f.relative_to(share)) for f in share.rglob("*.lua")} == frontend
    assert not list(rocks.rglob("*.h"))
