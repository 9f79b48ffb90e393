# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The anchor is built once, and does the work that vsk does; without cargo it is said so."""

from pathlib import Path

import pytest
from tests.bench import anchor, core
from tests.bench.__main__ import options
from tests.bench.cells import MissingError

WORKS = [work for work in core.works() if work.anchored]
FAKE = 'echo "$@" >>"$0.log"\n[ "$1" = --version ] || '
MADE = 'mkdir -p "$5/release" && echo anchor >"$5/release/anchor"'


def fake_cargo(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """A cargo that writes down how it was called; where."""
    cargo = folder / "bin" / "cargo"
    cargo.parent.mkdir()
    cargo.write_text(f"#!/bin/sh\n{FAKE}{{ {script}; }}\n")
    cargo.chmod(0o755)
    monkeypatch.setenv("PATH", f"{cargo.parent}:/usr/bin:/bin")
    return cargo


def test_it_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cargo = fake_cargo(tmp_path, monkeypatch, MADE)

    found = []
    for _ in range(2):
        anchor.program.cache_clear()
        found.append(anchor.program(tmp_path / "cache"))

    calls = Path(f"{cargo}.log").read_text().splitlines()
    assert found[0] == found[1]
    assert found[0].read_text() == "anchor\n"
    assert [call.split()[:3] for call in calls if "build" in call] == [
        ["build", "--locked", "--release"]
    ]


def test_a_build_that_fails_says_why_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_cargo(tmp_path, monkeypatch, "echo no such host; exit 1")

    with pytest.raises(MissingError, match="no such host"):
        anchor.program(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_cargo_it_is_said_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(MissingError, match="install Rust"):
        anchor.program(tmp_path / "cache")


@pytest.mark.full
@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name.replace(" ", "-"))
def test_it_sees_the_same_fields_and_leaves_the_same_memory(
    work: core.Work, tmp_path: Path
) -> None:
    with options(1) as given:
        core.same_work(work.commands(given))
