# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The corpora of the tree: an archive for each target, and how it is made small."""

import hashlib
import io
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .bench import Bench

FOLDER = Path(__file__).parent / "corpus"
MOST = 300  # inputs of a corpus


def archive(name: str) -> Path:
    """Where a target's corpus lies."""
    return FOLDER / f"{name}.tar.xz"


def unpack(name: str, to: Path) -> int:
    """Write a corpus as files, and the seeds; how many there are.

    What was merged is what reaches most, such as a lab with all faults: what must hold without
    them would hardly be asked."""
    from . import seeds

    first = seeds.of(name)
    for number, content in enumerate(first):
        (to / f"seed-{number}").write_bytes(content)
    if not archive(name).exists():
        return len(first)
    with tarfile.open(archive(name)) as tar:
        members = tar.getmembers()
        for member in members:
            file = tar.extractfile(member)
            if file is not None:
                (to / member.name).write_bytes(file.read())
    return len(first) + len(members)


def pack(name: str, inputs: list[bytes]) -> None:
    """Write a corpus: the same inputs always give the same archive."""
    FOLDER.mkdir(exist_ok=True)
    with tarfile.open(archive(name), "w:xz") as tar:
        for content in sorted(inputs, key=lambda item: (len(item), item)):
            member = tarfile.TarInfo(hashlib.sha256(content).hexdigest()[:16])
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def merge(bench: "Bench", names: list[str]) -> int:
    """Pack the smallest inputs that reach what seeds, tree and working corpus reach."""
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            top = Path(folder)
            for part in ("small", "all"):
                (top / part).mkdir()
            unpack(name, top / "all")
            work = bench.work / name
            if work.exists():
                shutil.copytree(work, top / "all", dirs_exist_ok=True)
            # By edges alone: a corpus by features is ten times as large.
            options = ["-set_cover_merge=1", "-use_counters=0", "-use_value_profile=0"]
            status = bench.run(name, [*options, top / "small", top / "all"])
            if status != 0:
                return status
            inputs = [file.read_bytes() for file in (top / "small").iterdir()]
            pack(name, inputs[:MOST])
            size = archive(name).stat().st_size
            print(f"{name}: {len(inputs)} inputs, {size} bytes", flush=True)
    return 0
