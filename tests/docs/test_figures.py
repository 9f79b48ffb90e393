# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Figures that pages take from one another, or from the tree, are those that stand there."""

import re
from pathlib import Path

from vsk import attacks


def page(top: Path, name: str) -> str:
    return " ".join((top / "docs" / name).read_text().split())


def found(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text)
    assert match is not None, pattern
    return match.groups()


def test_the_comparison_has_the_outcome_of_the_probes(top: Path) -> None:
    probes, text = page(top, "foreign.md"), page(top, "comparison.md")
    date, count = found(r"on (\d{4}-\d\d-\d\d), on Linux x86_64\. (\d+) probes", probes)
    counts = found(r"uds-path \.\.\.`: (\d+) fail, (\d+) n\.a\., (\d+) pass, (\d+) wedged", probes)
    failed, without, passed, wedged = counts
    ours = found(r"--uds \.\.\.`: (\d+) pass Rows", probes.replace("- ", ""))[0]

    assert f"[{count} probes](foreign.md) on {date}" in text
    assert (
        f"| probes | {ours} pass | "
        f"{passed} pass, {failed} fail, {wedged} wedged, {without} not applicable |" in text
    )


def test_the_comparison_has_the_outcome_of_the_attacks(top: Path) -> None:
    page_of_attacks, text = page(top, "torture.md"), page(top, "comparison.md")
    date, count = found(r"on (\d{4}-\d\d-\d\d), on Linux x86_64: (\d+) attacks", page_of_attacks)
    crashed, theirs = found(r"uds-path \.\.\.`: (\d+) crashed,[^;]*; (\d+) not", page_of_attacks)
    ours = found(r"--uds \.\.\.`: [^;]*; (\d+) not right", page_of_attacks)[0]

    assert f"[{count} attacks](torture.md) on {date}" in text
    assert (
        f"| attacks | {ours} of {count} not right | "
        f"{theirs} of {count} not right, {crashed} of them crashes |" in text
    )


def test_readme_has_as_many_attacks_as_there_are(top: Path) -> None:
    roles = [row.role for row in attacks.table()]

    assert "More than a hundred named attacks" in (top / "README.md").read_text()
    assert roles.count("device") > 100
    assert "and thirty on a guest" in (top / "README.md").read_text()
    assert len(roles) - roles.count("device") == 30


def test_each_lesson_is_in_their_list_by_its_name(top: Path) -> None:
    text = page(top, "lessons/README.md")
    lessons = sorted((top / "docs" / "lessons").glob("[0-9]*.md"))

    assert "Ten lessons" in text
    assert len(lessons) == 10
    for number, lesson in enumerate(lessons, 1):
        title = found(r"^# Lesson \d+: (.*)", *re.findall(r"^# .*", lesson.read_text(), re.M)[:1])
        assert f"| [{number}. {title[0]}]({lesson.name})" in text
    for script in lessons[0].parent.glob("*.lua"):
        assert f"[in Lua]({script.name})" in text
