# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The code blocks of a page, and what a comment in front of each says of it.

<!-- continues -->             goes on with the block of the same language before it
<!-- file: NAME -->            is kept as a file, for blocks behind it
<!-- background: NAME -->      runs until the page ends; the next block waits for the file NAME
<!-- prints -->                is what the block before it prints
<!-- not run: REASON -->       is shown alone; what it says is counted
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(
    r"^(?:<!-- (?P<mark>[^\n]*?) -->\n+)?"
    r"(?P<fence>```+|:::+)(?P<info>[^\n]*)\n(?P<text>.*?)^(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)
PATIENCE = 60.0  # seconds for a block


@dataclass(frozen=True)
class Block:
    """One block."""

    language: str
    text: str
    line: int
    mark: str  # the word of its comment, or nothing
    about: str  # what stands behind the word


def blocks(page: Path) -> Iterator[Block]:
    """Every block of a page but those that Sphinx takes as directives."""
    text = page.read_text()
    for found in FENCE.finditer(text):
        mark, _, about = (found["mark"] or "").partition(": ")
        line = text.count("\n", 0, found.start("fence")) + 1
        if not found["info"].startswith("{"):
            yield Block(found["info"], found["text"], line, mark, about)


@dataclass
class Runner:
    """Runs the blocks of a page, one after the other, in a folder of their own."""

    folder: Path
    top: Path
    build: Path
    last: str = ""  # what the last block printed
    begun: dict[str, tuple[str, str]] = field(default_factory=dict)  # by language: source, output
    servers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the command vsk, as an installed package has it."""
        script = self.folder / ".bin" / "vsk"
        script.parent.mkdir()
        script.write_text(f'#!/bin/sh\nexec {sys.executable} -m vsk "$@"\n')
        script.chmod(0o755)
        self.env = os.environ | {"PATH": f"{script.parent}:{os.environ['PATH']}", "TERM": "dumb"}

    def _command(self, language: str, source: str) -> list[str]:
        """Give the command that runs a source."""
        file = self.folder / f".block.{language}"
        file.write_text(source)
        if language == "c":
            program = self.folder / ".block"
            flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-I", str(self.top / "core")]
            libraries = [str(self.build / "core" / f"libvsk{n}.a") for n in ("-vhost", "")]
            command = ["cc", *flags, str(file), *libraries, "-o", str(program)]
            subprocess.run(command, check=True, cwd=self.folder)
            return [str(program)]
        shell = ["bash", "-euo", "pipefail", str(file)]
        programs = {"python": [sys.executable, str(file)], "lua": ["lua5.4", str(file)]}
        return programs.get(language, shell)

    def run(self, block: Block) -> None:
        """Do with a block what its comment says."""
        if block.mark == "prints":
            assert self.last == block.text, f"line {block.line}: printed\n{self.last}"
        elif block.mark == "file":
            (self.folder / block.about).write_text(block.text)
        elif block.mark == "background":
            self._serve(block)
        elif block.mark != "not run":
            self._run(block)

    def _run(self, block: Block) -> None:
        source, printed = block.text, ""
        if block.mark == "continues":
            front, printed = self.begun[block.language]
            source = f"{front}\n{source}"
        command = self._command(block.language, source)
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, f"line {block.line}: {done.stderr}"
        assert done.stdout.startswith(printed), f"line {block.line}"
        self.begun[block.language] = source, done.stdout
        self.last = done.stdout[len(printed) :]

    def _serve(self, block: Block) -> None:
        command = self._command(block.language, block.text)
        server = subprocess.Popen(command, cwd=self.folder, env=self.env, start_new_session=True)
        self.servers.append(server)
        deadline = time.monotonic() + PATIENCE
        while not (self.folder / block.about).exists():
            assert server.poll() is None and time.monotonic() < deadline, f"line {block.line}"
            time.sleep(0.01)

    def close(self) -> None:
        """End what runs in the background: each in a group of processes of its own."""
        for server in self.servers:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(PATIENCE)
