# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Which lines of the core no input reaches: all corpora, counted by clang."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from . import corpus
from .bench import TARGETS, TOP, build

FOLDER = TOP / "build" / "fuzz-coverage"
WORK = TOP / "build" / "fuzz" / "work"


def program(name: str) -> Path:
    """Path of a target that counts."""
    return FOLDER / "tests" / "fuzz" / f"fuzz-{name}"


def profile(name: str, folder: Path) -> Path:
    """Run the tree's corpus of a target, and the working one; what was counted."""
    inputs = folder / name
    inputs.mkdir()
    corpus.unpack(name, inputs)
    raw = folder / f"{name}.profraw"
    folders = [str(inputs)] + ([str(WORK / name)] if (WORK / name).exists() else [])
    env = os.environ | {"LLVM_PROFILE_FILE": str(raw)}
    command = [str(program(name)), "-runs=0", "-timeout=20", *folders]
    subprocess.run(command, env=env, capture_output=True, check=True)
    return raw


def report(data: Path) -> dict[str, dict[int, bool]]:
    """Each file of the core: its lines with code, and whether one was reached."""
    objects = [part for name in TARGETS for part in ("-object", str(program(name)))]
    command = ["llvm-cov", "export", f"-instr-profile={data}", "-format=lcov", *objects[1:]]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    files: dict[str, dict[int, bool]] = {}
    lines: dict[int, bool] = {}
    for line in text.splitlines():
        word, _, rest = line.partition(":")
        if word == "SF":
            path = os.path.relpath(rest, TOP)
            lines = files.setdefault(path, {})
        elif word == "DA":
            number, count = map(int, rest.split(",")[:2])
            lines[number] = lines.get(number, False) or count > 0
    return {path: found for path, found in files.items() if path.startswith("core/vsk/")}


def ranges(numbers: list[int]) -> str:
    """Numbers as "3, 7-9"."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in parts)


def main() -> int:
    """Print the lines that are not reached, and the share of those that are."""
    build("fuzz-coverage")
    with tempfile.TemporaryDirectory() as folder:
        profiles = [str(profile(name, Path(folder))) for name in TARGETS]
        data = Path(folder) / "all.profdata"
        merge = ["llvm-profdata", "merge", "-sparse", *profiles, "-o", str(data)]
        subprocess.run(merge, check=True)
        files = report(data)
    reached = total = 0
    for path in sorted(files):
        lines = files[path]
        missing = [number for number in sorted(lines) if not lines[number]]
        total += len(lines)
        reached += len(lines) - len(missing)
        if missing:
            print(f"{path}: {ranges(missing)}")
    print(f"core/vsk: {reached} of {total} lines, {100 * reached / total:.1f} %")
    (FOLDER / "lines.json").write_text(json.dumps({"reached": reached, "lines": total}))
    return 0
