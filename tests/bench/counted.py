# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Instructions of an operation: the same count whatever else the machine does."""

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

Command = list[str | Path]


class CountError(RuntimeError):
    """A program that was to be counted did not run."""


def instructions(
    command: Callable[[int], Command],
    few: int,
    many: int,
    *,
    toggles: Iterable[str] = (),
    env: Mapping[str, str] | None = None,
) -> float:
    """Count the instructions of one operation, under callgrind.

    command gives the program that does so many operations. What it does besides, once, falls
    out: the difference of two runs counts. Of toggles only these functions and what they call is
    counted: C symbols that are not inlined.
    """
    found = [_collected(command(times), toggles, env) for times in (few, many)]
    return (found[1] - found[0]) / (many - few)


def _collected(command: Command, toggles: Iterable[str], env: Mapping[str, str] | None) -> int:
    tool = ["valgrind", "--tool=callgrind", *[f"--toggle-collect={name}" for name in toggles]]
    # Hashes that change with each start change how often a dictionary looks.
    full = os.environ | {"PYTHONHASHSEED": "0"} | (env or {})
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [*tool, f"--callgrind-out-file={folder}/out", *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=full,
        )
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or found is None:
        raise CountError(f"{' '.join(map(str, command))}: {run.stdout}{run.stderr}")
    return int(found[1])
