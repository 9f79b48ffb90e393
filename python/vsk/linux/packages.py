# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Debian packages, unpacked into the user's cache; nothing is installed, no rights are needed."""

import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

__all__ = ["MissingError", "cache", "package"]

LOG = logging.getLogger(__name__)


class MissingError(RuntimeError):
    """What a Linux guest needs is not there, and how to come by it."""


def cache() -> Path:
    """Give the folder where packages are kept: vsk, where XDG_CACHE_HOME or ~/.cache is."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # A relative path is to be ignored, says the XDG specification.
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "vsk"


def package(name: str) -> Path:
    """Give the folder of an unpacked package, which is downloaded if it is not there yet.

    A package that only names a kernel's newest version stands for that one. Raises MissingError.
    """
    folder = cache() / "packages" / name
    if not folder.is_dir():
        try:
            _place(folder, lambda scratch: _fetch(name, scratch))
        except OSError as error:
            raise MissingError(f"{folder} cannot be made: {error.strerror}") from error
    return folder


def _place(folder: Path, fill: Callable[[Path], Path]) -> None:
    """Make a folder at once out of what fill leaves; somebody else's, made meanwhile, wins."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as scratch:
        made = fill(Path(scratch))
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise


def _fetch(name: str, scratch: Path) -> Path:
    """Download and unpack into a scratch folder; give what was unpacked."""
    _need(name, "apt-get", "apt-cache", "dpkg-deb")
    LOG.info("fetching the Debian package %s into %s, once", name, cache())
    try:
        _download(name, [], scratch)
    except MissingError:
        # The machine's own lists may be old, or were never fetched.
        _download(name, _private_lists(name, scratch), scratch)
    for file in scratch.glob("*.deb"):
        _run(name, ["dpkg-deb", "-x", file.name, "unpacked"], scratch)
    return scratch / "unpacked"


def _download(name: str, apt: Sequence[str], scratch: Path) -> None:
    _run(name, ["apt-get", *apt, "download", _depended(name, apt)], scratch)


def _need(name: str, *tools: str) -> None:
    absent = [tool for tool in tools if shutil.which(tool) is None]
    if absent:
        raise MissingError(
            f"the Debian package {name} is not in {cache()}, and {', '.join(absent)} to fetch it "
            f"by is not there: unpack it into {cache() / 'packages'}/{name}"
        )


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C"}


def _run(name: str, command: Sequence[str], folder: Path) -> None:
    """Run a tool; what it says is told only if it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode != 0:
        words = done.stdout.decode(errors="replace").strip()
        raise MissingError(
            f"the Debian package {name} is not in {cache()} and could not be fetched (is there a "
            f"network, and does apt know a mirror of Debian's?): {' '.join(command)}:\n{words}"
        )


def _depended(name: str, apt: Sequence[str]) -> str:
    """Give the package that a package for kernels in general depends on, or the same."""
    if not name.startswith("linux-image-"):
        return name
    command = ["apt-cache", *apt, "depends", "--important", name]
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True)
    words = done.stdout.split()
    found = [
        after
        for before, after in pairwise(words)
        if before.endswith("Depends:") and after.startswith("linux-image-")
    ]
    return found[0] if found else name


def _private_lists(name: str, scratch: Path) -> list[str]:
    """Fetch lists of packages into a folder of our own; give the options that name it."""
    for folder in ("lists/partial", "cache/archives/partial"):
        (scratch / folder).mkdir(parents=True)
    options = ["-o", f"Dir::State::lists={scratch}/lists", "-o", f"Dir::Cache={scratch}/cache"]
    _run(name, ["apt-get", *options, "update"], scratch)
    return options
