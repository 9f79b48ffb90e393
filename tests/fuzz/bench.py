# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Build fuzz targets, and run them over corpora."""

import os
import random
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from . import corpus

TOP = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
TARGETS = ["capture", "chain", "device", "dial", "driver", "lab", "queue", "vhost_user"]
# Longer inputs say nothing that shorter ones do not: every target stops after some operations.
LONGEST = {"capture": 2048, "chain": 700, "dial": 64, "lab": 120, "queue": 400}


class Bench:
    """One preset's programs."""

    def __init__(self, preset: str) -> None:
        self.folder = TOP / "build" / preset
        # What was found before, beside the tree's own corpora.
        self.work = self.folder / "work"
        self.found = self.folder / "found"
        self.env = os.environ | {
            "ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1",
            "UBSAN_OPTIONS": "print_stacktrace=1",
        }
        build(preset)

    def program(self, name: str) -> Path:
        """Path of a target."""
        return self.folder / "tests" / "fuzz" / f"fuzz-{name}"

    def options(self, name: str) -> list[str]:
        """What libFuzzer is told about a target."""
        dictionary = HERE / f"{name}.dict"
        return [
            f"-max_len={LONGEST.get(name, 200)}",
            "-timeout=10",
            # To weigh inputs by how rare what they reach is took a third of the time.
            "-entropic=0",
            "-rss_limit_mb=4096",
            "-print_final_stats=1",
            *([f"-dict={dictionary}"] if dictionary.exists() else []),
        ]

    def run(self, name: str, arguments: Iterable[object]) -> int:
        """Run libFuzzer; its exit status, 0 where nothing failed."""
        self.found.mkdir(parents=True, exist_ok=True)
        options = [f"-artifact_prefix={self.found}/{name}-", *self.options(name)]
        command = [str(self.program(name)), *options, *map(str, arguments)]
        done = subprocess.run(command, env=self.env, stderr=subprocess.PIPE, text=True, check=False)
        self.report(name, done.returncode, done.stderr)
        return int(done.returncode != 0)

    def report(self, name: str, status: int, text: str) -> None:
        """Say the figures, or what failed and how to see it again."""
        lines = text.splitlines()
        for line in lines:
            if line.startswith(("INFO: Seed:", "Done ", "stat::number", "stat::average")):
                print(f"{name}: {line}", flush=True)
        last = [line for line in lines if line.startswith("#") and "cov:" in line]
        if last:
            print(f"{name}: {' '.join(last[-1].split())}", flush=True)
        if status == 0:
            return
        print("\n".join(line for line in lines if not line.startswith(("#", "INFO"))))
        for line in lines:
            if "Test unit written to " in line:
                file = Path(line.split("Test unit written to ")[1])
                print(f"{name}: again by  ./run fuzz {name} {os.path.relpath(file, TOP)}")

    def fuzz(self, name: str, seconds: int, seed: int, jobs: int) -> int:
        """Fuzz from the tree's corpus and the working one, into the working one."""
        work = self.work / name
        work.mkdir(parents=True, exist_ok=True)
        corpus.unpack(name, work)
        arguments = [f"-max_total_time={seconds}", f"-seed={seed or random.getrandbits(31)}"]
        if jobs > 1:
            arguments += [f"-fork={jobs}", "-ignore_crashes=0"]
        return self.run(name, [*arguments, work])

    def replay(self, name: str, seconds: int, seed: int) -> int:
        """Run the tree's corpus, then fuzz from it; nothing is kept but what fails."""
        with tempfile.TemporaryDirectory() as folder:
            count = corpus.unpack(name, Path(folder))
            print(f"{name}: {count} inputs", flush=True)
            if seconds == 0:
                return self.run(name, ["-runs=0", folder])
            seed = seed or random.getrandbits(31)
            return self.run(name, [f"-max_total_time={seconds}", f"-seed={seed}", folder])

    def inputs(self, name: str, files: list[Path]) -> int:
        """Run inputs once each."""
        return self.run(name, [file.resolve() for file in files])


def build(preset: str) -> None:
    """Configure and compile a preset; says what failed."""
    folder = TOP / "build" / preset
    configure = ["cmake", "-S", str(TOP), "--preset", preset]
    compile_all = ["cmake", "--build", str(folder), "--target", "fuzz"]
    for command in (configure, compile_all):
        # AFL++'s compiler is quiet, and may be told no path where it looks for one.
        env = os.environ | {"AFL_QUIET": "1"}
        done = subprocess.run(command, cwd=TOP, env=env, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stdout + done.stderr)
