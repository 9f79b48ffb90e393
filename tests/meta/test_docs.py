# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What the documents show is what happens: every script in docs/ runs, and prints what it says.

A document's scripts run in one folder, in order. The text block that follows one is what it prints;
where several scripts stand in front of it, each of them prints that. A command in a block of the
shell can be given.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from vsk.command import _parser

DOCS = sorted(Path(os.environ["VSK_SOURCE"]).glob("docs/*.md"))
PAGES = sorted(Path(os.environ["VSK_SOURCE"]).glob("docs/**/*.md"))
INTERPRETERS = {"python": [sys.executable], "lua": ["lua5.4"]}


def blocks(path: Path) -> list[tuple[str, str]]:
    """The blocks of a document, in order: language and text."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", path.read_text(), re.DOTALL | re.MULTILINE)
    return [(str(language), str(text)) for language, text in found]


def with_scripts() -> list[Path]:
    return [
        path for path in DOCS if INTERPRETERS.keys() & {language for language, _ in blocks(path)}
    ]


def test_there_are_documents_with_scripts() -> None:
    assert "stepping.md" in {path.name for path in with_scripts()}


@pytest.mark.parametrize("path", with_scripts(), ids=lambda path: str(path.name))
def test_what_is_shown_is_what_is_printed(path: Path, tmp_path: Path) -> None:
    printed: list[str] = []  # by the scripts that no text has followed yet
    for language, text in blocks(path):
        if language in INTERPRETERS:
            command = [*INTERPRETERS[language], "-"]
            done = subprocess.run(
                command, input=text, cwd=tmp_path, capture_output=True, text=True, timeout=60
            )
            assert done.returncode == 0, done.stderr
            printed.append(done.stdout)
        elif language == "text":
            assert printed in ([], [text] * len(printed))
            printed = []
    assert not any(printed)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.name))
def test_commands_that_are_shown_can_be_given(path: Path) -> None:
    lines = [
        line for language, text in blocks(path) if language == "sh" for line in text.splitlines()
    ]
    for line in lines:
        if (found := re.match(r"vsk (.*)", line)) is not None:
            _parser().parse_args(shlex.split(re.split(r" > | \|\| ", found[1])[0], comments=True))
