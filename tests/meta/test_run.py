# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What ./run does where Debian packages are missing: on a machine of fakes."""

import shutil
import subprocess
from pathlib import Path

import pytest

INSTALL = "install -y --no-install-recommends swig lua5.4"
FAKES = {
    "dpkg-query": 'for name; do :; done; echo " $MISSING " | grep -q " $name " || echo installed',
    "id": "echo $USER_ID",
    "sudo": '[ -n "$MAY_SUDO" ] && shift && exec "$@"',
    "apt-get": 'echo "$@" >>"$LOG"',
    "cmake": ":",
}


class Machine:
    """A copy of ./run, and a PATH that begins with the fakes."""

    def __init__(self, top: Path, folder: Path) -> None:
        self.run = folder / "run"
        self.log = folder / "log"
        self.path = folder / "bin"
        shutil.copy(top / "run", self.run)
        self.path.mkdir()
        self.log.touch()
        for name, script in FAKES.items():
            (self.path / name).write_text(f"#!/bin/sh\n{script}\n")
            (self.path / name).chmod(0o755)

    def build(self, **env: str) -> subprocess.CompletedProcess[str]:
        usual = {"PATH": f"{self.path}:/usr/bin:/bin", "LOG": str(self.log), "USER_ID": "1000"}
        command = [self.run, "build"]
        return subprocess.run(
            command, env=usual | {"MISSING": "lua5.4 swig"} | env, capture_output=True, text=True
        )

    def installed(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def machine(top: Path, tmp_path: Path) -> Machine:
    return Machine(top, tmp_path)


def test_who_may_not_install_is_told_the_line_to_run(machine: Machine) -> None:
    done = machine.build()

    assert done.returncode == 1
    assert done.stdout == f"sudo apt-get update && sudo apt-get {INSTALL}\n"
    assert machine.installed() == []


@pytest.mark.parametrize("env", [{"USER_ID": "0"}, {"MAY_SUDO": "yes"}])
def test_root_and_sudo_install_what_is_missing(machine: Machine, env: dict[str, str]) -> None:
    done = machine.build(**env)

    assert done.returncode == 0
    assert machine.installed() == ["update", INSTALL]


def test_nothing_is_installed_where_nothing_is_missing(machine: Machine) -> None:
    done = machine.build(USER_ID="0", MISSING="none")

    assert done.returncode == 0
    assert machine.installed() == []
