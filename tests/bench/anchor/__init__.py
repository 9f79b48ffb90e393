# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The anchor: rust-vmm's crates in a program of ours, built by cargo into the user's cache."""

import hashlib
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from ..cells import MissingError

HERE = Path(__file__).parent
SOURCES = ["Cargo.toml", "Cargo.lock", "src/main.rs", "src/plan.rs", "src/image.rs"]


@cache
def program(folder: Path) -> Path:
    """Give the program, which is built in folder if it is not there yet. Raises MissingError."""
    cargo = shutil.which("cargo")
    if cargo is None:
        raise MissingError("cargo, to build tests/bench/anchor, is not there: install Rust")
    made = folder / f"anchor-{_digest(cargo)}" / "anchor"
    if not made.is_file():
        _build(cargo, made)
    return made


def _digest(cargo: str) -> str:
    """Tell programs of other sources, or by another compiler, apart."""
    said = subprocess.run([cargo, "--version"], capture_output=True, check=True).stdout
    parts = [said, *[(HERE / name).read_bytes() for name in SOURCES]]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _build(cargo: str, made: Path) -> None:
    made.parent.parent.mkdir(parents=True, exist_ok=True)
    # A folder appears under its name when all is in it; who comes second keeps the first's.
    with tempfile.TemporaryDirectory(prefix=".new-", dir=made.parent.parent) as scratch:
        command = [cargo, "build", "--locked", "--release", "--target-dir", f"{scratch}/target"]
        done = subprocess.run(
            command,
            cwd=HERE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            raise MissingError(f"{' '.join(command)}:\n{done.stdout}")
        whole = Path(scratch, "whole")
        whole.mkdir()
        shutil.copy(f"{scratch}/target/release/anchor", whole)
        try:
            whole.rename(made.parent)
        except OSError:
            if not made.is_file():
                raise
