# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The report of attacks has all of them, and says what is seen."""

import pytest
from tests.foreign import tortured

SURE = {"crashed", "reject"}  # what does not depend on how busy the machine is


def test_the_report_has_a_row_for_each_attack_and_none_is_wrong_of_ours() -> None:
    written = tortured.written()
    right = {attack.name: (*attack.right, "skip") for attack in tortured.attacks()}

    assert set(written) == set(right)
    assert [name for name, row in written.items() if row[0] not in right[name]] == []


def test_the_report_shows_each_failure() -> None:
    text = tortured.FILE.read_text()
    right = {attack.name: (*attack.right, "skip") for attack in tortured.attacks()}
    failed = {name for name, row in tortured.written().items() if row[1] not in right[name]}

    assert {name for name in right if f"\n**`{name}`**, " in text} == failed


@pytest.mark.full
def test_our_device_for_programs_passes_every_attack() -> None:
    found = tortured.outcomes("ours", tortured.attacks())

    assert [finding for finding in found.values() if not finding.right] == []


@pytest.mark.full
def test_the_report_says_which_attacks_end_the_other_device() -> None:
    chosen = [a for a in tortured.attacks() if tortured.written()[a.name][1] in SURE]

    found = tortured.outcomes("theirs", chosen)

    verdicts = {name: finding.outcome.verdict for name, finding in found.items()}
    assert verdicts == {attack.name: tortured.written()[attack.name][1] for attack in chosen}
