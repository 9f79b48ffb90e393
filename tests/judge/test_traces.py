# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Holds the traces of the tests in C and Lua to the specification.

The suites write them: see tests/core/trace_rig.h and tests/lua/judge.lua. Those of the tests in
Python are judged where they are made: see tests/python/judge.py.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import vsk
from vsk.check import Checker

SOURCE = Path(os.environ["VSK_SOURCE"])
BUILD = Path(os.environ["VSK_BUILD"])
BUSTED = (
    "lua5.4",
    shutil.which("busted") or "busted",
    "--pattern=_spec",
    "--exclude-tags=full,slow",
)
ROLES = re.compile(r'#include "(vsk/(lab|device|guest)|(device|guest|trace)_rig)\.h"')

# Packets that a suite shows at least, so that the judge cannot go blind.
FLOORS = {
    "device_hostile": 9_000,
    "device_packets": 1_200,
    "device_saved": 400,
    "device_setup": 60,
    "guest_hostile": 5_000,
    "guest_packets": 2_000,
    "guest_setup": 100,
    "lab": 200_000,
    "lua": 900,
    "pairs": 2_000,
    "wrap": 7_000,
}


@dataclass
class Case:
    """A case of a suite, and what its traces have."""

    packets: int = 0
    excuse: int | None = None  # the CID that may break rules, 0: everybody
    found: list[tuple[int, str]] = field(default_factory=list)  # by whom, 0: nobody knows

    def judge(self, path: Path, only: int, from_start: bool) -> None:
        """Take a trace; the rules bind one CID, or with 0 everybody."""
        checker = Checker(from_start=from_start)
        with vsk.Capture(path) as capture:
            try:
                for record in capture:
                    self.packets += 1
                    for finding in checker.packet(record.packet, record.time, cut=record.cut):
                        if only in (0, finding.cid):
                            self.found.append((finding.cid, str(finding)))
            except vsk.PeerError as error:
                self.found.append((0, str(error)))

    def wrong(self) -> list[str]:
        """Say what should not be: findings, or an excuse that nothing needs."""
        excused = [cid for cid, _ in self.found if self.excuse in (0, cid)]
        if self.excuse is not None and not excused:
            return ["lawless, it says, and breaks no rule"]
        return [text for cid, text in self.found if self.excuse not in (0, cid)]


def read(folder: Path) -> dict[str, Case]:
    """Read a suite's list, and judge its traces."""
    cases: dict[str, Case] = {}
    for path in folder.glob("*.list"):
        for line in path.read_text().splitlines():
            kind, name, *more = line.split("\t")
            case = cases.setdefault(name, Case())
            if kind == "trace":
                file, only, where = more
                case.judge(folder / file, int(only), where == "start")
            else:
                case.excuse = int(more[1])
    return cases


def wrong(cases: dict[str, Case]) -> list[str]:
    """Say what is wrong with each case, at first."""
    return [f"{name}: {text}" for name, case in cases.items() for text in case.wrong()[:3]]


@pytest.mark.parametrize("suite", FLOORS)
def test_every_trace_is_lawful(suite: str, tmp_path: Path) -> None:
    program = [BUILD / "tests" / f"test_{suite}"]
    if suite == "lua":
        program = [*BUSTED, "--helper=tests/lua/judge.lua", "tests/lua"]
    environment = {**os.environ, "VSK_TRACES": str(tmp_path)}

    done = subprocess.run(program, cwd=SOURCE, env=environment, capture_output=True, text=True)
    cases = read(tmp_path)

    assert wrong(cases) == []
    assert done.returncode == 0, done.stdout + done.stderr
    assert sum(case.packets for case in cases.values()) >= FLOORS[suite]


def test_whoever_runs_a_role_in_c_is_judged() -> None:
    suites = {"lua"}
    for path in (SOURCE / "tests" / "core").glob("test_*.c"):
        if ROLES.search(path.read_text()):
            suites.add(path.stem.removeprefix("test_"))

    assert suites == FLOORS.keys()


# The judge itself


def judged(folder: Path, *packets: vsk.Packet, only: int = 0, excuse: int | None = None) -> Case:
    """Judge a trace of these packets, that a guest and a device sent by hand."""
    with vsk.Lab(vsk.Device()) as lab:
        for packet in packets:
            lab.guest.tx(packet)
        lab.run()
        lab.trace.save(folder / "x-1.pcapng")
    lines = [f"trace\tcase\tx-1.pcapng\t{only}\tstart\n"]
    if excuse is not None:
        lines.append(f"lawless\tcase\twhy\t{excuse}\n")
    (folder / "x.list").write_text("".join(lines))
    return read(folder)["case"]


def rw() -> vsk.Packet:
    return vsk.Packet(src=(3, 1), dst=(2, 9), op="RW")


def request() -> vsk.Packet:
    return vsk.Packet(src=(3, 1), dst=(2, 9), op="REQUEST")


def test_a_broken_rule_is_found(tmp_path: Path) -> None:
    case = judged(tmp_path, rw())

    (text,) = case.wrong()
    assert case.packets == 2
    assert "VSOCK-BOTH-24" in text


@pytest.mark.parametrize(("only", "found"), [(0, 1), (3, 1), (2, 0)])
def test_rules_may_bind_one_side_only(tmp_path: Path, only: int, found: int) -> None:
    assert len(judged(tmp_path, rw(), only=only).wrong()) == found


@pytest.mark.parametrize(("excuse", "lawful"), [(0, True), (3, True), (2, False)])
def test_an_excuse_is_for_whom_it_names(tmp_path: Path, excuse: int, lawful: bool) -> None:
    assert (judged(tmp_path, rw(), excuse=excuse).wrong() == []) == lawful


def test_an_excuse_that_nothing_needs_is_wrong(tmp_path: Path) -> None:
    assert judged(tmp_path, request(), excuse=0).wrong() == ["lawless, it says, and breaks no rule"]
    assert judged(tmp_path, request()).wrong() == []


def test_a_capture_that_ends_in_the_middle_is_wrong(tmp_path: Path) -> None:
    judged(tmp_path, request())
    path = tmp_path / "x-1.pcapng"
    path.write_bytes(path.read_bytes()[:-4])

    assert len(read(tmp_path)["case"].wrong()) == 1
