# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""CONTRIBUTING and SECURITY name what is there, and the attack that is shown is one."""

import re
import shlex
import subprocess
import threading
from pathlib import Path

import pytest

import vsk
from vsk import attacks
from vsk.command import _parser

PAPERS = ["CONTRIBUTING.md", "SECURITY.md"]
FOLDERS = ("core", "bindings", "python", "lua", "tests", "docs")


@pytest.fixture(scope="module")
def contributing(top: Path) -> str:
    return (top / "CONTRIBUTING.md").read_text()


def block(text: str, language: str) -> str:
    """The first block of a language, as far left as it goes."""
    (found, *_) = re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    return "\n".join(line.removeprefix("   ") for line in found.splitlines())


def shell_lines(text: str) -> list[str]:
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    return [line.strip() for lines in blocks for line in lines.splitlines()]


@pytest.mark.parametrize("paper", PAPERS)
def test_every_file_that_it_names_is_there(paper: str, top: Path) -> None:
    text = (top / paper).read_text()
    words = {word for code in re.findall(r"`([^`\n]+)`", text) for word in code.split()}
    named = {word for word in words if word.split("/")[0] in FOLDERS and "/" in word}
    named |= set(re.findall(r"\]\(([\w./]+)\)", text))

    assert len(named) >= 10
    assert [name for name in named if not (top / name).exists()] == []


@pytest.mark.parametrize("paper", PAPERS)
def test_every_verb_that_it_names_exists(paper: str, top: Path) -> None:
    usage = subprocess.run([top / "run", "help"], capture_output=True, text=True, check=True).stdout
    text = (top / paper).read_text()

    for verb, option in set(re.findall(r"\./run (\w+)(?: (--[a-z]+))?", text)):
        assert re.search(rf"^  {verb}\b", usage, re.MULTILINE), verb
        assert option in usage, option


def test_every_suite_that_it_names_exists(contributing: str, top: Path) -> None:
    usage = subprocess.run([top / "run", "help"], capture_output=True, text=True, check=True).stdout
    suites = usage.partition("\nSuites: ")[2].partition("\nWhat")[0].split()

    for words in re.findall(r"\./run test((?: [a-z]+\b)+)", contributing):
        assert set(words.split()) <= set(suites), words


def test_every_command_that_it_shows_can_be_given(contributing: str) -> None:
    commands = [
        line.partition("-m vsk ")[2].rstrip("& ")
        for line in shell_lines(contributing)
        if "-m vsk " in line
    ]

    assert len(commands) >= 3
    for command in commands:
        _parser().parse_args(shlex.split(command, comments=True))


@pytest.mark.parametrize(("deaf", "verdict"), [(False, "pass"), (True, "fail")])
def test_the_attack_passes_and_fails_as_it_says(
    deaf: bool, verdict: str, contributing: str, tmp_path: Path
) -> None:
    lines = re.findall(r'^ "(.*)\\n"', block(contributing, "c"), re.MULTILINE)
    names: dict[str, type[vsk.Device]] = {}
    exec(block(contributing, "python"), names)
    device = names["Deaf"] if deaf else vsk.Device

    with vsk.serve(device(cid=3), tmp_path / "v.sock") as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            outcome = attacks.run(tmp_path / "v.sock", lines, answered=False)
        finally:
            server.stop()
            thread.join()

    assert len(lines) == 4
    assert outcome.verdict == verdict
    assert not deaf or outcome.why == "no RST came"


def test_the_tables_of_attacks_that_it_names_are_all(contributing: str, top: Path) -> None:
    kit = top / "bindings" / "kit"

    for file in kit.glob("attacks_*.c"):
        assert file.name in contributing
