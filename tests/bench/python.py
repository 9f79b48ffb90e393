# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a packet costs in Python, beside struct and ctypes: see python_loops.py."""

from pathlib import Path

from .cells import Cell, Options
from .loops import Loops

SUITE = "python"
GUARDED = [
    "tx packets, ten attributes",
    "tx packets, fields as one tuple",
    "rx send",
    "tx driver send",
    "lab echo, 64 bytes there and back",
]


def loops(options: Options) -> Loops:
    """Point an interpreter at the built tree."""
    # Hashes that change with each start change how often a dictionary looks.
    env = {
        "PYTHONPATH": str(options.build / "stage/python"),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return Loops(SUITE, Path(__file__).with_name("python_loops.py"), "ffi_call", env)


def run(options: Options) -> list[Cell]:
    """Measure everything."""
    return list(loops(options).run(options.rounds, GUARDED))


def guarded(options: Options) -> list[Cell]:
    """Count what may not grow."""
    return loops(options).guarded(GUARDED)
