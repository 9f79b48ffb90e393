# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""vhost-device-vsock, built by cargo into the user's cache: once, and at once."""

import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from vsk.linux.packages import cache

CRATE, VERSION = "vhost-device-vsock", "0.3.0"
ONE = threading.Lock()  # several probes need it at the same time


class MissingError(RuntimeError):
    """The device is not in the cache, and cannot be built."""


def program() -> Path:
    """Give the program, which is built if it is not there yet. Raises MissingError."""
    folder = cache() / "crates" / f"{CRATE}-{VERSION}"
    with ONE:
        if not (folder / "bin" / CRATE).is_file():
            _build(folder)
    return folder / "bin" / CRATE


def _build(folder: Path) -> None:
    cargo = shutil.which("cargo")
    if cargo is None:
        raise MissingError(
            f"{CRATE} {VERSION} is not in {folder}, and cargo to build it by is not there: install "
            "Rust, or put the program there"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    # A folder appears under its name when all is in it; who comes second keeps the first's.
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as scratch:
        _run([cargo, "install", "--locked", "--root", f"{scratch}/made"], scratch, folder)
        try:
            Path(scratch, "made").rename(folder)
        except OSError:
            if not (folder / "bin" / CRATE).is_file():
                raise


def _run(cargo: list[str], scratch: str, folder: Path) -> None:
    """Install the crate; what cargo says is told only if it fails."""
    command = [*cargo, "--version", VERSION, CRATE]
    done = subprocess.run(
        [*command, "--target-dir", f"{scratch}/target"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode != 0:
        words = done.stdout.decode(errors="replace").strip()
        raise MissingError(
            f"{CRATE} {VERSION} is not in {folder} and could not be built (is there a network, and "
            f"does cargo know a registry?): {' '.join(command)}:\n{words}"
        )
