# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a packet costs in Lua, beside string.pack and string.unpack: see lua_loops.lua."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from . import counted
from .cells import Cell, Options

LOOPS = Path(__file__).with_name("lua_loops.lua")
ROUNDS = 11


def environment(options: Options) -> dict[str, str]:
    """Point an interpreter at the built tree."""
    stage = options.build / "stage/lua"
    return {
        "LUA_PATH_5_4": f"{stage}/?.lua;{stage}/?/init.lua;{LOOPS.parent}/?.lua;;",
        "LUA_CPATH_5_4": f"{stage}/?.so;;",
    }


def program() -> Path:
    found = shutil.which("lua5.4")
    assert found, "lua5.4 is not there"
    return Path(found).resolve()


def interpreter() -> str:
    """Name the build that figures are of."""
    told = subprocess.run([program(), "-v"], stdout=subprocess.PIPE, text=True, check=True)
    version = re.search(r"5\.4\.\d+", told.stdout)
    assert version
    return f"lua {version[0]}-{hashlib.sha256(program().read_bytes()).hexdigest()[:8]}"


def loops(options: Options, *words: str) -> list[str]:
    """Run the loops, and give the lines they print."""
    command: list[str | Path] = [program(), LOOPS, *words]
    env = os.environ | environment(options)
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()


def per_packet(options: Options, name: str, side: str) -> float:
    """Count a packet's instructions, in rounds of 64: without start, end and what is around."""
    env = environment(options)

    def cost(verb: str) -> int:
        command: list[str | Path] = [program(), LOOPS, verb, name, side, str(ROUNDS)]
        return counted.instructions(command, options.work, env)

    return (cost("work") - cost("rest")) / (ROUNDS * 64)


def instructions(options: Options) -> dict[str, float]:
    """Count those of vsk's side of each loop, for interpreter()."""
    return {name: per_packet(options, name, "vsk") for name in loops(options, "names")}


def run(options: Options) -> list[Cell]:
    """Compare the sides, time them, and count vsk's own instructions."""
    loops(options, "check")
    counts = instructions(options)
    cells = []
    for line in loops(options, "time", str(options.rounds)):
        name, side, text = line.split("\t")
        values = {"ns": float(text), "per_second": 1e9 / float(text)}
        if side == "vsk":
            values["instructions"] = counts[name]
        cells.append(Cell("lua", name, side, values))
    return cells
