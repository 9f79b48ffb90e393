# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What README shows is what happens."""

import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vsk.command import _parser


@pytest.fixture(scope="module")
def readme(top: Path) -> str:
    return (top / "README.md").read_text()


def block(readme: str, language: str, number: int) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    return str(found[number])


def test_no_block_is_left_out(readme: str) -> None:
    fences = re.findall(r"^```(\w*)$", readme, re.MULTILINE)
    count = {language: fences.count(language) for language in set(fences) - {""}}

    # Run below, each of them; lines for a shell are parsed, or belong to tests/package.
    assert count == {"text": 2, "python": 3, "lua": 2, "sh": 8}


@pytest.mark.parametrize(
    ("language", "number", "text"), [("python", 0, 0), ("lua", 0, 0), ("python", 2, 1)]
)
def test_a_script_prints_what_it_says(
    language: str, number: int, text: int, readme: str, tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text(block(readme, language, number))
    command = [sys.executable if language == "python" else "lua5.4", str(script)]

    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert printed == block(readme, "text", text)


def test_the_device_and_the_guest_on_a_socket_meet(readme: str, tmp_path: Path) -> None:
    guest = tmp_path / "guest.lua"
    guest.write_text(block(readme, "lua", 1))
    device = [sys.executable, "-c", block(readme, "python", 1)]
    with subprocess.Popen(device, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"
            printed = subprocess.check_output(
                ["lua5.4", guest], cwd=tmp_path, text=True, timeout=60
            )
            server.send_signal(signal.SIGINT)
            assert server.wait(60) == 0
        finally:
            server.kill()

    assert printed == "HELLO\n"
    assert list(tmp_path.iterdir()) == [guest]


def test_every_command_that_it_shows_can_be_given(readme: str) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    lines = [line for text in blocks for line in text.splitlines()]
    commands = [found[1] for line in lines if (found := re.search(r"(?:^|\| )vsk (.*)", line))]

    assert len(commands) >= 10
    for command in commands:
        _parser().parse_args(shlex.split(command, comments=True))


def test_every_verb_that_it_names_exists(readme: str, top: Path) -> None:
    usage = subprocess.run([top / "run", "help"], capture_output=True, text=True, check=True).stdout

    for verb in set(re.findall(r"\./run (\w+)", readme)):
        assert re.search(rf"^  {verb}\b", usage, re.MULTILINE), verb


def test_every_folder_of_its_map_is_there(readme: str, top: Path) -> None:
    rows = re.findall(r"^\| (`.*?) \|", readme, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]

    assert len(named) >= 8
    for name in named:
        assert (top / name).exists(), name


def test_every_folder_of_the_tests_is_in_their_map(top: Path) -> None:
    map_of_tests = (top / "docs" / "architecture.md").read_text().partition("## The tests")[2]
    rows = re.findall(r"^\| (`.*?) \|", map_of_tests, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)/`", row)]
    folders = {path.name for path in (top / "tests").iterdir() if path.is_dir()}

    assert sorted(named) == sorted(folders - {"__pycache__"})
