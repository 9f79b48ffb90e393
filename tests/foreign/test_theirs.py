# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""How vhost-device-vsock comes into the cache, with a cargo that is a fake."""

from pathlib import Path

import pytest
from tests.foreign import theirs

NAME = f"{theirs.CRATE}-{theirs.VERSION}"
WORKS = """
while [ "$1" != --root ]; do shift; done
mkdir -p "$2/bin" && echo made >"$2/bin/vhost-device-vsock"
"""
FAILS = "echo no such host >&2; exit 101"


class Machine:
    """A cache and a PATH of its own."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.crates = folder / "cache/vsk/crates"
        self.log = folder / "log"
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.log.touch()
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setenv("PATH", str(self.bin))

    def cargo(self, script: str) -> None:
        path = self.bin / "cargo"
        path.write_text(
            f"#!/bin/sh\nPATH=/usr/bin:/bin\nCRATES={self.crates}\n"
            f'echo "$@" >>{self.log}\n{script}\n'
        )
        path.chmod(0o755)

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_it_is_built_once_in_the_version_that_is_pinned(machine: Machine) -> None:
    machine.cargo(WORKS)

    found = [theirs.program(), theirs.program()]

    assert found == [machine.crates / NAME / "bin" / theirs.CRATE] * 2
    assert found[0].read_text() == "made\n"
    (call,) = machine.calls()
    assert call.startswith("install --locked --root ")
    assert f"--version {theirs.VERSION} {theirs.CRATE}" in call
    assert [path.name for path in machine.crates.iterdir()] == [NAME]


def test_without_cargo_it_is_said_what_is_missing_and_where(machine: Machine) -> None:
    with pytest.raises(theirs.MissingError) as error:
        theirs.program()

    assert "cargo to build it by is not there" in str(error.value)
    assert str(machine.crates / NAME) in str(error.value)


def test_a_build_that_fails_says_what_cargo_said_and_leaves_nothing(machine: Machine) -> None:
    machine.cargo(FAILS)

    with pytest.raises(theirs.MissingError, match=r"could not be built.*\n.*no such host"):
        theirs.program()

    assert list(machine.crates.iterdir()) == []


def test_of_two_that_build_it_at_once_the_first_wins(machine: Machine) -> None:
    other = f'mkdir -p "$CRATES/{NAME}/bin" && echo first >"$CRATES/{NAME}/bin/{theirs.CRATE}"'
    machine.cargo(WORKS + other)

    assert theirs.program().read_text() == "first\n"
    assert [path.name for path in machine.crates.iterdir()] == [NAME]
