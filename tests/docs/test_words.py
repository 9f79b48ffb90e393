# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""docs/words.md explains what other pages use, and every type and op of the protocol."""

import re
from pathlib import Path

import pytest

import vsk


@pytest.fixture(scope="module")
def words(top: Path) -> list[str]:
    rows = re.findall(r"^\| (?!word )(\S.*?) \|", (top / "docs" / "words.md").read_text(), re.M)
    return [word.strip("`") for row in rows for word in row.split(", ")]


def test_every_type_and_op_is_explained(words: list[str]) -> None:
    names = {member.name for enum in (vsk.Type, vsk.Op, vsk.Seq) for member in enum}

    assert names - {"INVALID"} - set(words) == set()


def test_no_word_is_explained_twice(words: list[str]) -> None:
    assert len(words) > 40
    assert sorted(words) == sorted(set(words))


def test_every_word_is_used_by_another_page(words: list[str], top: Path) -> None:
    pages = [top / "README.md", *(p for p in (top / "docs").rglob("*.md") if p.name != "words.md")]
    text = " ".join(page.read_text() for page in pages).lower()
    said = " ".join(text.split())

    assert [word for word in words if not re.search(rf"\b{word.lower()}", said)] == []
