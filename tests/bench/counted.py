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
    command: Callable[[int], Command], few: int, many: int, *, toggles: Iterable[str] = ()
) -> float:
    """Count the instructions of one operation, under callgrind.

    command gives the program that does so many operations. What it does besides, once, falls
    out: the difference of two runs counts. Of toggles only these functions and what they call is
    counted: C symbols that are not inlined.
    """
    found = [_collected(command(times), toggles) for times in (few, many)]
    return (found[1] - found[0]) / (many - few)


def calls(command: Command, function: str, env: Mapping[str, str]) -> list[int]:
    """Count the instructions of each call of a C function, with what it calls: one run."""
    options = [f"--toggle-collect={function}", f"--dump-after={function}"]
    with tempfile.TemporaryDirectory() as folder:
        _callgrind(command, options, folder, env)
        dumps = sorted(Path(folder).glob("out.*"), key=lambda path: int(path.suffix[1:]))
        texts = [dump.read_text() for dump in dumps]
    return [int(text.partition("\ntotals: ")[2].split()[0]) for text in texts]


def _collected(command: Command, toggles: Iterable[str]) -> int:
    options = [f"--toggle-collect={name}" for name in toggles]
    with tempfile.TemporaryDirectory() as folder:
        said = _callgrind(command, options, folder, {})
    found = re.search(r"Collected : (\d+)", said)
    assert found, said
    return int(found[1])


def _callgrind(command: Command, options: list[str], folder: str, env: Mapping[str, str]) -> str:
    tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", *options]
    run = subprocess.run(
        [*tool, *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=os.environ | env,
    )
    if run.returncode != 0:
        raise CountError(f"{' '.join(map(str, command))}: {run.stdout}{run.stderr}")
    return run.stderr
