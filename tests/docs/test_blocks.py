# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Every code block of the pages is run, or says why not; README has tests of its own in meta."""

import re
from pathlib import Path

import pytest
from blocks import Block, Runner, blocks
from conftest import TOP

LANGUAGES = {"python", "lua", "c", "sh", "text"}
MARKS = {"", "continues", "file", "background", "prints", "not run"}
# Pages with tests of their own: made by ./run foreign, and a tour whose scripts are run elsewhere.
OWN = {"foreign.md", "torture.md", "stepping.md"}
LESSONS = TOP / "docs" / "lessons"  # notebooks: what runs their cells is a test of its own
PAGES = sorted(
    page
    for page in (TOP / "docs").rglob("*.md")
    if page.name not in OWN and LESSONS not in page.parents
)
# Blocks that are shown alone; who adds one changes this number, with a reason in front of it.
# Three of how/linux.md boot kernels.
NOT_RUN = 11


def shown(page: Path) -> str:
    return str(page.relative_to(TOP / "docs"))


@pytest.mark.parametrize("page", [p for p in PAGES if [*blocks(p)]], ids=shown)
def test_the_blocks_of_a_page_do_what_it_says(
    page: Path, top: Path, build: Path, tmp_path: Path
) -> None:
    runner = Runner(tmp_path, top, build)
    try:
        for block in blocks(page):
            runner.run(block)
    finally:
        runner.close()


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_block_has_a_language_and_a_comment_that_is_known(page: Path) -> None:
    for block in blocks(page):
        assert block.language in LANGUAGES, f"line {block.line}"
        assert block.mark in MARKS, f"line {block.line}"
        assert block.language != "text" or block.mark, f"line {block.line}"


def test_who_is_not_run_says_why_and_is_counted() -> None:
    alone = [block for page in PAGES for block in blocks(page) if block.mark == "not run"]

    assert all(len(block.about.split()) >= 3 for block in alone)
    assert len(alone) == NOT_RUN


def test_no_fence_is_overlooked() -> None:
    for page in PAGES:
        fences = re.findall(r"^ *(?:```+|:::+)", page.read_text(), re.MULTILINE)
        taken = len([*blocks(page)]) + len(
            re.findall(r"^(?:```+|:::+)\{", page.read_text(), re.MULTILINE)
        )
        assert len(fences) == 2 * taken, page


def make(folder: Path, text: str) -> list[Block]:
    page = folder / "page.md"
    page.write_text(text)
    return [*blocks(page)]


@pytest.mark.parametrize(
    "text",
    [
        "```python\n1 / 0\n```\n",
        "```lua\nerror()\n```\n",
        "```sh\nfalse | true\n```\n",
        "```c\nint main(void) { return 1; }\n```\n",
        "```python\nprint(1)\n```\n\n<!-- prints -->\n```text\n2\n```\n",
        "<!-- background: v.sock -->\n```sh\ntrue\n```\n",
    ],
)
def test_what_fails_is_seen(text: str, top: Path, build: Path, tmp_path: Path) -> None:
    runner = Runner(tmp_path, top, build)

    with pytest.raises((AssertionError, OSError)):
        for block in make(tmp_path, text):
            runner.run(block)


def test_a_block_goes_on_where_the_one_before_it_ended(
    top: Path, build: Path, tmp_path: Path
) -> None:
    runner = Runner(tmp_path, top, build)
    first = "```python\nx = 1\nprint(x)\n```\n"
    second = "<!-- continues -->\n```python\nprint(x + 1)\n```\n"

    for block in make(tmp_path, f"{first}\n{second}\n<!-- prints -->\n```text\n2\n```\n"):
        runner.run(block)

    assert runner.last == "2\n"
