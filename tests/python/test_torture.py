# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Attacks, and vsk torture: against our device and our guest, whole and broken."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

import vsk
from vsk import attacks, command
from vsk.torture import Target, TargetError, shrink, torture

HERE = Path(__file__).parent
FAMILIES = ["ring", "header", "credit", "state", "vhost"]
VERDICTS = {"pass", "fail", "reject"}


def device(path: Path, *fault: str) -> list[str]:
    return [
        sys.executable,
        "-X",
        "faulthandler",
        str(HERE / "tortured_device.py"),
        str(path),
        *fault,
    ]


def guest(path: Path) -> list[str]:
    return [sys.executable, "-X", "faulthandler", str(HERE / "tortured_guest.py"), str(path)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "v.sock"


@pytest.fixture
def target(path: Path) -> Iterator[Target]:
    with Target(str(path), command=device(path)) as found:
        found.prove()
        yield found


def attacked(path: Path, name: str, fault: str, **options: bool) -> tuple[str, tuple[str, ...]]:
    """The verdict on a broken device, and the least that shows it."""
    with Target(str(path), command=device(path, fault), within=1.0) as broken:
        (found,) = torture(broken, [attacks.attack(name)], **options)
    assert not found.right
    return found.outcome.verdict, found.least


# ---- the table ----


def test_attacks_cover_both_roles_and_every_family() -> None:
    table = attacks.table()

    assert len({attack.name for attack in table}) == len(table)
    assert sum(attack.role == "device" for attack in table) > 100
    assert sum(attack.role == "guest" for attack in table) >= 30
    assert {attack.family for attack in table if attack.role == "device"} == set(FAMILIES)
    assert {attack.family for attack in table if attack.role == "guest"} == set(FAMILIES)


def test_each_attack_names_what_it_breaks_and_what_is_right() -> None:
    lines = (HERE.parent / "vectors/conformance.tsv").read_text().splitlines()
    known = {line.partition("\t")[0] for line in lines}

    for attack in attacks.table():
        assert attack.clauses, attack.name
        assert set(attack.clauses) <= known, attack.name
        assert attack.wanted and set(attack.right) <= VERDICTS and attack.right, attack.name


def test_each_attack_is_a_call_by_its_name(target: Target) -> None:
    assert attacks.ring_loop.name == "ring_loop"
    assert attacks.ring_loop(target.path).verdict == "pass"
    assert attacks.vhost_version_2(target.path).verdict == "reject"
    with pytest.raises(AttributeError, match="no attack is named nothing"):
        _ = attacks.nothing


# ---- steps ----


def test_a_device_of_the_same_process_can_be_attacked(path: Path) -> None:
    with vsk.serve(vsk.Device(cid=3), path) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            outcome = attacks.run(path, attacks.HEALTH, answered=False)
        finally:
            server.stop()
            thread.join()

    assert outcome.verdict == "pass"


def test_what_is_no_step_is_refused(target: Target) -> None:
    for steps in (["explode"], ["tx RW"], ["tx op=" + "x" * 2000]):
        with pytest.raises(ValueError, match="line 1 is no step"):
            attacks.run(target.path, steps)


def test_nobody_at_the_socket_is_a_failure_of_the_system(path: Path) -> None:
    with pytest.raises(vsk.SystemFailure, match="No such file"):
        attacks.run(path, ["start"])


def test_an_outcome_says_which_step_failed_and_has_the_packets(
    target: Target, tmp_path: Path
) -> None:
    outcome = attacks.run(target.path, ["start", "tx op=RST", "expect op=RW within=50", "alive"])

    assert (outcome.verdict, outcome.step, outcome.why) == ("fail", 3, "no RW came")
    (tmp_path / "found.pcapng").write_bytes(outcome.capture)
    with vsk.Capture(tmp_path / "found.pcapng") as records:
        assert [record.packet.op for record in records] == [vsk.Op.RST]


def test_without_somebody_at_the_port_an_attack_is_skipped(target: Target) -> None:
    assert attacks.credit_overrun(target.path, port=4321).verdict == "skip"


# ---- our own ----


@pytest.mark.thorough
@pytest.mark.parametrize("family", FAMILIES)
def test_our_device_passes_every_attack(target: Target, family: str) -> None:
    chosen = [a for a in attacks.table() if a.role == "device" and a.family == family]

    found = list(torture(target, chosen, least=False))

    assert [item for item in found if not item.right] == []
    assert not [item for item in found if item.outcome.verdict == "skip"]
    assert len(found) == len(chosen)


@pytest.mark.thorough
def test_our_guest_passes_every_attack(path: Path) -> None:
    chosen = [attack for attack in attacks.table() if attack.role == "guest"]

    with Target(str(path), guest=True, command=guest(path), within=10.0) as found:
        findings = list(torture(found, chosen, least=False))

    assert [item for item in findings if not item.right] == []
    assert not [item for item in findings if item.outcome.verdict == "skip"]
    assert len(findings) == len(chosen)


def test_memory_that_is_cut_short_ends_the_session_alone(target: Target) -> None:
    for name in ("vhost_memory_is_cut", "vhost_memory_is_cut_behind_rings"):
        (found,) = torture(target, [attacks.attack(name)])

        assert found.outcome.verdict == "reject", name


# ---- broken ones ----


@pytest.mark.thorough
def test_a_device_that_dies_has_crashed_and_its_attack_is_shrunk(path: Path) -> None:
    verdict, least = attacked(path, "header_op_unknown", "dies")

    assert verdict == "crashed"
    assert least == ("start", "tx op=99")


def test_a_device_that_exits_has_crashed(path: Path) -> None:
    assert attacked(path, "header_op_unknown", "exits", least=False)[0] == "crashed"


@pytest.mark.thorough
def test_a_device_that_hangs_is_wedged(path: Path) -> None:
    assert attacked(path, "header_op_unknown", "hangs", least=False)[0] == "wedged"


@pytest.mark.thorough
def test_a_device_that_answers_nothing_fails(path: Path) -> None:
    verdict, least = attacked(path, "header_type_unknown", "mute")

    assert verdict == "fail"
    assert least == ("start", "tx op=REQUEST type=7", "expect op=RST")


def test_shrinking_finds_the_number_of_times_too() -> None:
    outcome = attacks.Outcome("crashed", 0, "")

    def attempt(steps: tuple[str, ...]) -> attacks.Outcome:
        times = [int(step.partition("=")[2]) for step in steps if step.startswith("kick")]
        return outcome if sum(times) >= 100 else attacks.Outcome("pass", 0, "")

    steps = ("start", "kick times=500", "rest", "kick times=3")
    assert shrink(steps, outcome, attempt) == ("kick times=125",)


def test_a_target_that_does_not_work_is_told_before_any_attack(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vsk.torture.ARRIVE", 0.2)
    with Target(str(path), within=0.1) as nobody, pytest.raises(TargetError, match="No such file"):
        list(torture(nobody, attacks.table()))


# ---- the command ----


def test_the_command_keeps_what_it_found(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {name: tmp_path / name for name in ("json", "junit", "out")}
    options = [word for name, file in files.items() for word in (f"--{name}", str(file))]
    restart = " ".join(device(path, "mute"))

    status = command.main(
        [
            "torture",
            str(path),
            "--only",
            "header_type_unknown",
            "--only",
            "header_op_zero",
            "--seed",
            "1",
            "--within",
            "1",
            "--restart",
            restart,
            *options,
        ]
    )

    assert status == 1
    text = capsys.readouterr().out
    assert "! fail    header_type_unknown" in text and "1 fail, 1 pass" in text
    rows = {row["name"]: row for row in json.loads(files["json"].read_text())}
    assert rows["header_type_unknown"]["verdict"] == "fail"
    assert rows["header_op_zero"]["right"]
    suite = ElementTree.parse(files["junit"]).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert sorted(file.name for file in files["out"].iterdir()) == [
        "header_type_unknown.lua",
        "header_type_unknown.pcapng",
    ]


@pytest.mark.thorough
def test_the_script_of_a_failure_does_it_again(path: Path, tmp_path: Path) -> None:
    restart = " ".join(device(path, "mute"))
    command.main(
        [
            "torture",
            str(path),
            "--only",
            "header_type_unknown",
            "--within",
            "1",
            "--restart",
            restart,
            "--out",
            str(tmp_path),
        ]
    )
    process = subprocess.Popen(device(path, "mute"))
    try:
        with Target(str(path)) as again:
            again.prove()
        script = ["lua5.4", str(tmp_path / "header_type_unknown.lua"), str(path)]
        said = subprocess.run(script, capture_output=True, text=True, check=True, timeout=60)
    finally:
        process.kill()
        process.wait()

    assert said.stdout.split() == ["fail", "3", "no", "RST", "came"]


def test_the_order_is_that_of_the_seed(capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for words in ([], ["--seed", "7"], ["--seed", "7"], ["--seed", "8"]):
        assert command.main(["torture", "--list", *words]) == 0
        texts.append(capsys.readouterr().out)

    assert texts[1] == texts[2]
    assert len(set(texts)) == 3
    assert {tuple(sorted(text.splitlines())) for text in texts} == {
        tuple(sorted(texts[0].splitlines()))
    }


def test_an_unknown_attack_is_wrong_usage() -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["torture", "x", "--only", "nothing"])

    assert ended.value.code == 2


def test_a_dead_socket_cannot_be_tortured(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vsk.torture.ARRIVE", 0.2)

    assert command.main(["torture", str(path), "--within", "0.1"]) == 2
