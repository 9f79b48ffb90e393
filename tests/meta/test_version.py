# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""CMakeLists.txt says the version; everything else repeats it."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import vsk


@pytest.fixture
def version(top: Path) -> str:
    (version,) = re.findall(
        r"^project\(vsk\s+VERSION ([\d.]+)", (top / "CMakeLists.txt").read_text(), re.MULTILINE
    )
    return version


def test_python(version: str) -> None:
    assert vsk.__version__ == version


def test_lua(version: str) -> None:
    script = 'io.write(require "vsk"._VERSION)'

    assert subprocess.check_output(["lua5.4", "-e", script], text=True) == version


def test_pkg_config(version: str, build: Path) -> None:
    assert f"\nVersion: {version}\n" in (build / "core/vsk.pc").read_text()


def test_cmake_package(version: str, build: Path) -> None:
    text = (build / "core/vskConfigVersion.cmake").read_text()

    assert f'set(PACKAGE_VERSION "{version}")' in text


def test_wheel(version: str, top: Path) -> None:
    rule = tomllib.loads((top / "pyproject.toml").read_text())["tool"]["scikit-build"]["metadata"]

    found = re.search(rule["version"]["regex"], (top / rule["version"]["input"]).read_text())

    assert found is not None
    assert found["value"] == version


def test_changelog(version: str, top: Path) -> None:
    first = re.search(r"^## (.+)$", (top / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert first is not None
    assert first[1].split()[-1] == version or first[1].startswith(version)


def test_the_rock_follows_the_tree(top: Path) -> None:
    (rockspec,) = (top / "lua").glob("*.rockspec")

    assert rockspec.name == "virtio-vsock-scm-1.rockspec"
    assert 'version = "scm-1"' in rockspec.read_text()
