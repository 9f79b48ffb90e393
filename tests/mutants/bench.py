# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The core and its sockets built for changes: a shared library of its own for each mutant, and the
test programs of tests/core and tests/vhost, built once, which load it."""

import os
import re
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import NamedTuple

TOP = Path(__file__).parents[2]
FAILED = re.compile(r"^\[  (?:FAILED|ERROR )  \] (?!--- |.*test\(s\))(.+)$", re.M)
BEGUN = re.compile(r"^\[ RUN      \] (.+)$", re.M)
ENDED = re.compile(r"^\[       OK \]", re.M)
CFLAGS = ("-std=c11", "-O0", "-w", "-fPIC", '-DVSK_VERSION="0"', "-D_GNU_SOURCE")
# Whose tests a source has.
TESTS = {"vsk": "core", "vhost": "vhost"}
# Long, and about what no status depends on: cuts of every kind, threads.
LEFT_OUT = {"core/test_cutter", "core/test_threads"}


class Result(NamedTuple):
    """What one test program said of one library."""

    program: str
    passed: bool
    failed: tuple[str, ...]


def _kill(process: subprocess.Popen[str]) -> None:
    """End a program and the children it has, who would keep its output open."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class Bench:
    """A folder with copies of the sources, their objects, and the test programs."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.folder = folder
        self.core = folder / "core"
        self.tests = folder / "tests"
        for part, tests in TESTS.items():
            shutil.copytree(TOP / "core" / part, self.core / part)
            shutil.copytree(TOP / "tests" / tests, self.tests / tests)
        self.texts = {path: path.read_text() for path in self.core.glob("*/*.[ch]")}
        self.limits: dict[str, float] = {}
        self.scratch = TemporaryDirectory(prefix="vsk-")  # short: paths of sockets begin with it

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self.scratch.cleanup()

    def _cc(self, *arguments: str | Path) -> None:
        command = [os.environ.get("CC", "cc"), *map(str, (*CFLAGS, *arguments))]
        if subprocess.run(command, check=False).returncode != 0:
            raise SystemExit(f"failed: {' '.join(command)}")

    def compile(self, source: Path, target: Path, *flags: str) -> None:
        """Compile one file, of the core or of the tests."""
        vectors = f'-DVSK_VECTORS_DIR="{TOP / "tests" / "vectors"}"'
        folders = (self.core, *(self.tests / tests for tests in TESTS.values()))
        include = (f"-I{folder}" for folder in folders)
        self._cc("-c", *flags, *include, vectors, source, "-o", target)

    def sources_of(self, file: str) -> list[Path]:
        """The sources that a private header is read into, by way of another too."""
        line, part = f'#include "{file}"', self.core / Path(file).parent
        found = [path for path in sorted(part.iterdir()) if line in self.texts.get(path, "")]
        more = (self.sources_of(str(path.relative_to(self.core))) for path in found)
        sources = {path for path in found if path.suffix == ".c"}.union(*more)
        return sorted(sources)

    def compile_changed(self, folder: Path, file: str) -> None:
        """Compile what a changed file that lies in a folder, as in the core, is read into."""
        sources = [folder / file] if file.endswith(".c") else self.sources_of(file)
        for source in sources:
            target = (folder / Path(file).parent / source.name).with_suffix(".o")
            self.compile(source, target, f"-I{folder}")

    def link(self, folder: Path) -> None:
        """Link the libraries that tests load; objects in the folder take the place of the own."""
        for part in TESTS:
            objects = sorted((self.core / part).glob("*.o"))
            changed = {path.name: path for path in (folder / part).glob("*.o")}
            if folder != self.folder and not changed:
                continue
            target = folder / f"libvsk-{part}.so"
            self._cc("-shared", *(changed.get(path.name, path) for path in objects), "-o", target)

    def _build_program(self, source: Path) -> None:
        made, built = source.with_suffix(".o"), source.with_suffix("")
        self.compile(source, made)
        libraries = ("-lvsk-vhost", "-lvsk-vsk", "-lcmocka", "-lcjson", "-lpthread")
        rigs = {*(self.tests / "core").glob("*rig.o"), *source.parent.glob("*rig.o")}
        self._cc(made, *sorted(rigs), f"-L{self.folder}", *libraries, "-o", built)

    def build(self, workers: ThreadPoolExecutor) -> None:
        """Compile everything once, and see that every program passes."""
        sources = [*self.core.glob("*/*.c"), *self.tests.glob("*/*rig.c")]
        list(workers.map(lambda source: self.compile(source, source.with_suffix(".o")), sources))
        self.link(self.folder)
        programs = {
            str(source.relative_to(self.tests).with_suffix("")): source
            for source in sorted(self.tests.glob("*/test_*.c"))
        }
        wanted = sorted(programs.keys() - LEFT_OUT)
        list(workers.map(self._build_program, map(programs.get, wanted)))
        list(workers.map(self._measure, wanted))

    def _measure(self, program: str) -> None:
        start = time.monotonic()
        result = self.run(program, self.folder, 600)
        if not result.passed:
            raise SystemExit(f"{program} fails without a change: {', '.join(result.failed)}")
        self.limits[program] = 2 + 10 * (time.monotonic() - start)

    def _start(self, program: str, library: Path, more: dict[str, str]) -> subprocess.Popen[str]:
        folders = f"{library}:{self.folder}"
        return subprocess.Popen(
            [self.tests / program],
            env=os.environ | {"LD_LIBRARY_PATH": folders, "TMPDIR": self.scratch.name} | more,
            cwd=self.scratch.name,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def run(
        self, program: str, library: Path, limit: float = 0, first: bool = False, **more: str
    ) -> Result:
        """Run a test program over a library, all of it, or up to the first case that fails; one
        that hangs or dies has failed where it stood."""
        process = self._start(program, library, more)
        late = Timer(limit or self.limits[program], _kill, (process,))
        late.start()
        text = ""
        for line in process.stdout:
            text += line
            if first and FAILED.match(line):
                _kill(process)
        process.wait()
        late.cancel()
        failed = FAILED.findall(text)
        begun = BEGUN.findall(text)
        if process.returncode < 0 and begun and len(begun) > len(ENDED.findall(text)) + len(failed):
            failed.append(begun[-1])
        return Result(program, process.returncode == 0, tuple(dict.fromkeys(failed)))

    def output(self, program: str, library: Path, **more: str) -> str:
        """What a program prints over a library, where it must not fail."""
        process = self._start(program, library, more)
        text, _ = process.communicate()
        if process.returncode != 0:
            raise SystemExit(f"failed: {program}")
        return text

    def programs_for(self, file: str) -> list[str]:
        """The test programs of a part: of this file first, of its namesakes, the fast ones."""
        part, name = file.split("/")
        name = name.split(".")[0].removesuffix("_parts")
        tests = f"{TESTS[part]}/"
        own, kin = (f"{tests}test_{word}" for word in (name, name.split("_")[0]))

        def place(program: str) -> tuple[bool, bool, float]:
            return not program.startswith(own), not program.startswith(kin), self.limits[program]

        return sorted((name for name in self.limits if name.startswith(tests)), key=place)
