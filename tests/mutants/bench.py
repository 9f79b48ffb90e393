# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The core built for changes: a shared library of its own for each mutant, and the test programs
of tests/core, built once, which load it."""

import os
import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

TOP = Path(__file__).parents[2]
FAILED = re.compile(r"^\[  FAILED  \] (?!.*test\(s\))(.+)$", re.M)
BEGUN = re.compile(r"^\[ RUN      \] (.+)$", re.M)
ENDED = re.compile(r"^\[       OK \]", re.M)
CFLAGS = ("-std=c11", "-O0", "-w", "-fPIC", '-DVSK_VERSION="0"')
# Long, and about what no status depends on: cuts of every kind, threads.
LEFT_OUT = {"test_cutter", "test_threads"}


class Result(NamedTuple):
    """What one test program said of one library."""

    program: str
    passed: bool
    failed: tuple[str, ...]


class Bench:
    """A folder with copies of the sources, their objects, and the test programs."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.folder = folder
        self.core = folder / "core" / "vsk"
        shutil.copytree(TOP / "core" / "vsk", self.core)
        shutil.copytree(TOP / "tests" / "core", folder / "tests")
        (folder / "objects").mkdir()
        self.limits: dict[str, float] = {}

    def _cc(self, *arguments: str | Path) -> None:
        command = [os.environ.get("CC", "cc"), *map(str, (*CFLAGS, *arguments))]
        if subprocess.run(command, check=False).returncode != 0:
            raise SystemExit(f"failed: {' '.join(command)}")

    def compile(self, source: Path, target: Path, *flags: str) -> None:
        """Compile one file, of the core or of the tests."""
        vectors = f'-DVSK_VECTORS_DIR="{TOP / "tests" / "vectors"}"'
        include = (f"-I{self.folder / 'core'}", f"-I{self.folder / 'tests'}")
        self._cc("-c", *include, vectors, *flags, source, "-o", target)

    def link(self, folder: Path, changed: Path | None = None) -> None:
        """Link the library, with one object that takes the place of its namesake."""
        objects = [
            path
            for path in sorted((self.folder / "objects").glob("*.o"))
            if changed is None or path.name != changed.name
        ]
        self._cc("-shared", *objects, *([changed] if changed else []), "-o", folder / "libvsk.so")

    def _build_program(self, source: Path) -> None:
        made, built = source.with_suffix(".o"), source.with_suffix("")
        self.compile(source, made)
        libraries = (f"-L{self.folder}", "-lvsk", "-lcmocka", "-lcjson", "-lpthread")
        self._cc(made, *sorted((self.folder / "tests").glob("*rig.o")), *libraries, "-o", built)

    def build(self, workers: ThreadPoolExecutor) -> None:
        """Compile everything once, and see that every program passes."""
        sources = sorted(self.core.glob("*.c"))
        targets = [self.folder / "objects" / f"{source.stem}.o" for source in sources]
        list(workers.map(self.compile, sources, targets))
        for rig in sorted((self.folder / "tests").glob("*rig.c")):
            self.compile(rig, rig.with_suffix(".o"))
        self.link(self.folder)
        programs = [
            source
            for source in sorted((self.folder / "tests").glob("test_*.c"))
            if source.stem not in LEFT_OUT
        ]
        list(workers.map(self._build_program, programs))
        list(workers.map(self._measure, [source.stem for source in programs]))

    def _measure(self, program: str) -> None:
        start = time.monotonic()
        result = self.run(program, self.folder, 120)
        if not result.passed:
            raise SystemExit(f"{program} fails without a change: {', '.join(result.failed)}")
        self.limits[program] = 2 + 10 * (time.monotonic() - start)

    def run(self, program: str, library: Path, limit: float = 0, **more: str) -> Result:
        """Run a test program over a library; one that hangs or dies has failed where it stood."""
        environment = os.environ | {"LD_LIBRARY_PATH": str(library)} | more
        try:
            done = subprocess.run(
                [self.folder / "tests" / program],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=limit or self.limits[program],
                check=False,
            )
            code, output = done.returncode, done.stdout
        except subprocess.TimeoutExpired as late:
            code, output = -1, late.stdout or b""
        text = output.decode(errors="replace")
        failed = FAILED.findall(text)
        begun = BEGUN.findall(text)
        if code < 0 and begun and len(begun) > len(ENDED.findall(text)) + len(failed):
            failed.append(begun[-1])
        return Result(program, code == 0, tuple(dict.fromkeys(failed)))

    def output(self, program: str, library: Path, **more: str) -> str:
        """What a program prints over a library, where it must not fail."""
        return subprocess.run(
            [self.folder / "tests" / program],
            env=os.environ | {"LD_LIBRARY_PATH": str(library)} | more,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def programs_for(self, file: str) -> list[str]:
        """The test programs, those of this file first, then the fast ones."""
        own = f"test_{Path(file).stem}"

        def place(name: str) -> tuple[bool, bool, str]:
            return not name.startswith(own), self.limits[name] > 3, name

        return sorted(self.limits, key=place)
