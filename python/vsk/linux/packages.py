# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Debian packages, unpacked into the user's cache; nothing is installed, no rights are needed."""

import logging
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

__all__ = ["MissingError", "cache", "package"]

LOG = logging.getLogger(__name__)
KERNEL = re.compile("linux-(image|binary|modules)-")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


class MissingError(RuntimeError):
    """What a Linux guest needs is not there, and how to come by it."""


def cache() -> Path:
    """Give the folder where packages are kept: vsk, where XDG_CACHE_HOME or ~/.cache is."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # A relative path is to be ignored, says the XDG specification.
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "vsk"


def package(name: str, suite: str | None = None) -> Path:
    """Give the folder of an unpacked package, which is downloaded if it is not there yet.

    A package that only names a kernel's newest version stands for that one. suite is one of
    Debian's, such as bullseye, where it is not the machine's own. Raises MissingError.
    """
    folder = cache() / "packages" / (name if suite is None else f"{name}_{suite}")
    if not folder.is_dir():
        try:
            _place(folder, lambda scratch: _fetch(name, suite, folder, scratch))
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


def _fetch(name: str, suite: str | None, folder: Path, scratch: Path) -> Path:
    """Download and unpack into a scratch folder; give what was unpacked."""
    title = name if suite is None else f"{name} of {suite}"
    _need(title, folder, "apt-get", "apt-cache", "dpkg-deb")
    LOG.info("fetching the Debian package %s into %s, once", title, cache())
    if suite is not None:
        _download(title, name, _lists_of(suite, title, scratch), scratch)
    else:
        try:
            _download(title, name, [], scratch)
        except MissingError:
            # The machine's own lists may be old, or were never fetched.
            _download(title, name, _update(title, scratch, []), scratch)
    for file in scratch.glob("*.deb"):
        _run(title, ["dpkg-deb", "-x", file.name, "unpacked"], scratch)
    return scratch / "unpacked"


def _download(title: str, name: str, apt: Sequence[str], scratch: Path) -> None:
    _run(title, ["apt-get", *apt, "download", *_parts(name, apt)], scratch)


def _need(title: str, folder: Path, *tools: str) -> None:
    absent = [tool for tool in tools if shutil.which(tool) is None]
    if absent:
        raise MissingError(
            f"the Debian package {title} is not in {cache()}, and {', '.join(absent)} to fetch it "
            f"by is not there: unpack it into {folder}"
        )


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C"}


def _run(title: str, command: Sequence[str], folder: Path) -> None:
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
            f"the Debian package {title} is not in {cache()} and could not be fetched (is there a "
            f"network, and does apt know a mirror of Debian's?): {' '.join(command)}:\n{words}"
        )


def _words(command: Sequence[str]) -> list[str]:
    """Ask a tool something; nothing is an answer too."""
    return subprocess.run(
        command, env=_environment(), capture_output=True, text=True
    ).stdout.split()


def _parts(name: str, apt: Sequence[str]) -> list[str]:
    """Give the packages of a kernel that hold it, or the same one.

    Those for kernels in general depend on one for a version, and since Linux 7.0 that one depends
    on others.
    """
    found: dict[str, list[str]] = {}
    ahead = [name]
    while ahead:
        one = ahead.pop()
        found[one] = _depended(one, apt) if KERNEL.match(one) else []
        ahead += [other for other in found[one] if other not in found]
    return [one for one, others in found.items() if not others]


def _depended(name: str, apt: Sequence[str]) -> list[str]:
    """Give the packages of kernels that another one depends on."""
    words = _words(["apt-cache", *apt, "depends", "--important", name])
    return [
        after
        for before, after in pairwise(words)
        if before.endswith("Depends:") and KERNEL.match(after) and after != name
    ]


def _update(title: str, folder: Path, options: Sequence[str]) -> list[str]:
    """Fetch lists of packages into a folder of our own; give the options that name it."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    apt = [*options, "-o", f"Dir::State::lists={folder}/lists", "-o", f"Dir::Cache={folder}/cache"]
    _run(title, ["apt-get", *apt, "update"], folder)
    return apt


def _lists_of(suite: str, title: str, scratch: Path) -> list[str]:
    """Fetch the lists of another suite, from where the machine has its own."""
    mirrors = _mirrors([]) or _mirrors(_update(title, scratch / "own", []))
    if not mirrors:
        raise MissingError(f"the Debian package {title}: apt knows no mirror of Debian's")
    signed = f"[signed-by={KEYRING}] " if KEYRING.is_file() else ""
    (scratch / "suite.list").write_text(f"deb {signed}{mirrors[0]} {suite} main\n")
    sources = [f"Dir::Etc::sourcelist={scratch}/suite.list", "Dir::Etc::sourceparts=/dev/null"]
    return _update(title, scratch / suite, [word for part in sources for word in ("-o", part)])


def _mirrors(apt: Sequence[str]) -> list[str]:
    """Where Debian's own packages come from, as the lists say that are there."""
    which = ["Created-By: Packages", "Origin: Debian", "Label: Debian"]
    return _words(["apt-get", *apt, "indextargets", "--format", "$(REPO_URI)", *which])
