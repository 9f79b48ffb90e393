# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""All probes against our device, and in the full tier against the other as the report has it."""

from functools import cache

import pytest
from tests.foreign import report
from tests.foreign.probing import Outcome, Probe, probes, run

PROBES = probes()
VERDICTS = {"pass", "fail", "wedged", "crashed", "n.a."}
AGAIN = 2  # a machine that has much to do may have made a probe too late

each = pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)


@cache
def outcomes(which: str) -> dict[str, Outcome]:
    return report.outcomes(PROBES, which)


def row_of(probe: Probe) -> tuple[int, str]:
    return probe.row, probe.wanted


@each
def test_our_device_does_what_is_wanted(probe: Probe) -> None:
    outcome = outcomes("ours")[probe.name]

    assert outcome.verdict == "pass", outcome


@pytest.mark.full
@each
def test_the_report_says_what_the_other_device_does(probe: Probe) -> None:
    _, _, verdict = report.written()[probe.name]
    found = [outcomes("theirs")[probe.name]]
    while found[-1].verdict != verdict and len(found) <= AGAIN:
        found.append(run(probe.name, "theirs"))

    assert found[-1].verdict == verdict, "\n".join(map(str, found))


def test_the_report_has_a_row_for_each_probe() -> None:
    written = report.written()

    assert {name: row_of(row[0]) for name, row in written.items()} == {
        probe.name: row_of(probe) for probe in PROBES
    }
    assert {row[1] for row in written.values()} == {"pass"}
    assert {row[2] for row in written.values()} <= VERDICTS


def test_the_report_shows_each_failure() -> None:
    text = report.FILE.read_text()
    failed = {name for name, row in report.written().items() if row[2] not in ("pass", "n.a.")}

    assert {name for name in report.written() if f"**`{name}`**" in text} == failed


def test_every_row_is_probed_or_excused() -> None:
    rows = {probe.row for probe in PROBES}

    assert rows == set(report.ROWS)
    assert rows | set(report.UNSEEN) == set(range(25))
    assert not rows & set(report.UNSEEN)
