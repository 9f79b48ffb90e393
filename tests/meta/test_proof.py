# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What ./run prove takes for a failure; Frama-C is not asked here."""

from tests.proof.__main__ import faults
from tests.proof.breaks import BREAKS
from tests.proof.frama_c import CONTRACTS, CORE, HARNESSES, HERE, Alarm, Result, listed

ALARM = Alarm("chain", "core/vsk/chain.c", "follow", "mem_access: \\valid_read(at)")


def result(*alarms: Alarm, open_goals: int = 0) -> Result:
    return Result({}, set(alarms), 1.0, "", open_goals)


def test_a_listed_alarm_that_comes_is_no_fault() -> None:
    assert faults("chain", result(ALARM), {ALARM}) == []


def test_an_alarm_that_is_not_listed_is_a_fault() -> None:
    assert faults("chain", result(ALARM), set()) == [f"{ALARM}: not listed"]


def test_a_listed_alarm_that_does_not_come_is_a_fault() -> None:
    assert faults("chain", result(), {ALARM}) == [f"{ALARM}: is listed and did not come"]


def test_an_alarm_of_another_run_is_not_asked_for() -> None:
    assert faults("list", result(), {ALARM}) == []


def test_an_open_goal_is_a_fault() -> None:
    assert faults("credit-contract", result(open_goals=2), set()) == [
        "credit-contract: 2 goals are open"
    ]


def test_listed_alarms_belong_to_runs_that_there_are() -> None:
    assert {alarm.run for alarm in listed()} <= {*HARNESSES, *CONTRACTS}


def test_every_harness_and_contract_is_run() -> None:
    harnesses = {path.stem for path in HERE.glob("*.c")} - {"tables"}
    contracts = {f"{path.stem}-contract" for path in HERE.glob("contracts/*.c")}

    assert harnesses == set(HARNESSES)
    assert contracts == set(CONTRACTS)


def test_every_break_is_a_place_in_the_core() -> None:
    for fault in BREAKS.values():
        assert (CORE / "vsk" / fault.file).read_text().count(fault.old) == 1, fault
