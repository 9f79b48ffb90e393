# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a packet costs in Python, beside struct and ctypes: see python_loops.py."""

import hashlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

from . import counted
from .cells import Cell, Options

LOOPS = Path(__file__).with_name("python_loops.py")
ROUNDS = 11


def environment(options: Options) -> dict[str, str]:
    """Point an interpreter at the built tree; without a seed no count would come again."""
    return {"PYTHONPATH": str(options.build / "stage/python"), "PYTHONHASHSEED": "0"}


def interpreter() -> str:
    """Name the build that figures are of: two builds of one version differ by a quarter."""
    digest = hashlib.sha256(Path(sys.executable).resolve().read_bytes()).hexdigest()
    return f"python {platform.python_version()}-{digest[:8]}"


def loops(options: Options, *words: str) -> str:
    """Run the loops in an interpreter of their own."""
    command = [sys.executable, "-B", LOOPS, *words]
    env = os.environ | environment(options)
    return subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout


def per_packet(options: Options, name: str, side: str) -> float:
    """Count a packet's instructions, in rounds of 64: without start, end and what is around."""
    env = environment(options)

    def cost(verb: str) -> int:
        command: list[str | Path] = [sys.executable, "-B", LOOPS, verb, name, side, str(ROUNDS)]
        return counted.instructions(command, options.work, env)

    return (cost("work") - cost("rest")) / (ROUNDS * 64)


def instructions(options: Options) -> dict[str, float]:
    """Count those of vsk's side of each loop, for interpreter()."""
    names = json.loads(loops(options, "names"))
    return {name: per_packet(options, name, "vsk") for name in names}


def run(options: Options) -> list[Cell]:
    """Compare the sides, time them, and count vsk's own instructions."""
    loops(options, "check")
    found = json.loads(loops(options, "time", str(options.rounds)))
    counts = instructions(options)
    cells = []
    for name, side, ns in found:
        values = {"ns": ns, "per_second": 1e9 / ns}
        if side == "vsk":
            values["instructions"] = counts[name]
        cells.append(Cell("python", name, side, values))
    return cells
