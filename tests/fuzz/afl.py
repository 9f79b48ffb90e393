# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The same targets under AFL++, which must find paths that the corpus does not have."""

import os
import subprocess
import tempfile
from pathlib import Path

from . import seeds
from .bench import HERE, TOP, build

FOLDER = TOP / "build" / "fuzz-afl"


def stats(folder: Path) -> dict[str, str]:
    """What afl-fuzz has counted."""
    text = (folder / "default" / "fuzzer_stats").read_text()
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def run(name: str, seconds: int) -> int:
    """Fuzz for some seconds from the seeds; 1 where nothing new was found, or a crash."""
    build("fuzz-afl")
    with tempfile.TemporaryDirectory() as top:
        inputs = Path(top) / "in"
        inputs.mkdir()
        for number, content in enumerate(seeds.of(name)):
            (inputs / f"seed-{number}").write_bytes(content)
        command = ["afl-fuzz", "-i", str(inputs), "-o", f"{top}/out", "-V", str(seconds)]
        if (HERE / f"{name}.dict").exists():
            command += ["-x", str(HERE / f"{name}.dict")]
        program = FOLDER / "tests" / "fuzz" / f"fuzz-{name}"
        env = os.environ | {
            "AFL_NO_UI": "1",
            "AFL_SKIP_CPUFREQ": "1",
            "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1",
            "AFL_NO_AFFINITY": "1",
            "ASAN_OPTIONS": "abort_on_error=1:symbolize=0:detect_leaks=0",
        }
        command += ["--", str(program)]
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        if done.returncode != 0:
            print(done.stdout[-3000:] + done.stderr[-3000:])
            return 1
        found = stats(Path(top) / "out")
        crashes = list((Path(top) / "out" / "default" / "crashes").glob("id:*"))
        print(
            f"{name}: {found['execs_done']} executions, {found['corpus_found']} new paths, "
            f"{len(crashes)} crashes"
        )
        for crash in crashes:
            to = FOLDER / "found" / f"{name}-{crash.name.replace(':', '_')}"
            to.parent.mkdir(exist_ok=True)
            to.write_bytes(crash.read_bytes())
            print(f"{name}: again by  ./run fuzz {name} {os.path.relpath(to, TOP)}")
        return int(bool(crashes) or int(found["corpus_found"]) == 0)
