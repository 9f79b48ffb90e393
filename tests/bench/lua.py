# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a packet costs in Lua, beside string.pack and string.unpack: see lua_loops.lua."""

from pathlib import Path

from .cells import Cell, Options
from .loops import Loops

SUITE = "lua"
GUARDED = ["tx packets, untouched", "tx packets, ten fields", "rx send", "tx driver send"]


def loops(options: Options) -> Loops:
    """Point an interpreter at the built tree."""
    stage = options.build / "stage/lua"
    script = Path(__file__).with_name("lua_loops.lua")
    env = {
        "LUA_PATH_5_4": f"{stage}/?.lua;{stage}/?/init.lua;{script.parent}/?.lua;;",
        "LUA_CPATH_5_4": f"{stage}/?.so;;",
    }
    return Loops(SUITE, script, "lua_resume", env)


def run(options: Options) -> list[Cell]:
    """Measure everything."""
    return list(loops(options).run(options.rounds, GUARDED))


def guarded(options: Options) -> list[Cell]:
    """Count what may not grow."""
    return loops(options).guarded(GUARDED)
