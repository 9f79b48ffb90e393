# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What holds for every file."""

import json
import re
from pathlib import Path

SOURCES = {".c", ".h", ".i", ".py", ".pyi", ".lua", ".rockspec", ".toml", ".cmake", ".sh", ".rs"}
SOURCE_NAMES = {"run", "CMakeLists.txt", ".clang-format", ".luacheckrc"}
SPDX = "SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause"
# The API contract's programs stand here as they were written.
AS_WRITTEN = re.compile(r"(python|lua)/examples/0\d_\w+\.(py|lua)")

# Brackets keep these lines from finding themselves.
HOME = re.compile(r"(?<![\w.])/(wor[k]|roo[t]|hom[e])/\w")
LEFT_BEHIND = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X]|HAC[K])\b")


def lines(files: list[Path], wrong: re.Pattern[str], top: Path) -> list[str]:
    found = []
    for file in files:
        content = file.read_bytes()
        if b"\0" in content:
            continue  # not text
        for number, line in enumerate(content.decode().splitlines(), 1):
            if wrong.search(line):
                found.append(f"{file.relative_to(top)}:{number}: {line.strip()[:80]}")
    return found


def test_sources_name_their_licence(files: list[Path], top: Path) -> None:
    silent = [
        str(file.relative_to(top))
        for file in files
        if file.suffix in SOURCES or file.name in SOURCE_NAMES
        if SPDX not in "".join(file.read_text().splitlines()[:3])
        if not AS_WRITTEN.fullmatch(str(file.relative_to(top)))
    ]

    assert silent == []


def test_no_file_names_a_path_of_somebodys_machine(files: list[Path], top: Path) -> None:
    assert lines(files, HOME, top) == []


def test_nothing_is_left_to_do(files: list[Path], top: Path) -> None:
    assert lines(files, LEFT_BEHIND, top) == []


def test_the_licence_has_both_texts(top: Path) -> None:
    text = (top / "LICENSE").read_text()

    assert SPDX in text
    assert "Version 2.0, January 2004" in text
    assert "Neither the name of the copyright holder" in text


def test_every_c_test_is_built(top: Path, build: Path) -> None:
    compiled = {Path(c["file"]) for c in json.loads((build / "compile_commands.json").read_text())}
    tests = set((top / "tests").glob("*/test_*.c"))

    assert len(tests) > 50
    assert tests - compiled == set()
