# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Runs of Frama-C, and what came of them."""

import csv
import os
import re
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

TOP = Path(__file__).parents[2]
HERE = Path(__file__).parent
CORE = TOP / "core"


class Harness(NamedTuple):
    """What a harness runs, and how finely."""

    sources: str  # of the core
    slevel: int  # states that are kept apart
    tables: bool = False  # guest memory by the promises of memory.h alone
    returns: str = ""  # calls, and what they return that is kept apart
    deeper: str = ""  # functions of which so many more states are kept apart


# What a walk asks of guest memory.
WALKS = "vsk_memory_hit:0 vsk_region_hit:0 vsk_memory_map:0"
# VSK_BAD_LIST: nothing is popped then.
NO_LIST = -151
HARNESSES = {
    "le": Harness("", 10),
    "header": Harness("header", 0),
    "credit": Harness("credit", 0),
    "packet": Harness(
        "packet header chain",
        3000,
        returns="vsk_packet_from_spans:0 vsk_packet_from_tx:0 parse:0 parse_pieces:0 read_packet:0"
        " vsk_packet_into_rx:0",
    ),
    "payload": Harness("packet header chain", 300),
    "memory": Harness(
        "memory", 100, returns="vsk_memory_init:0 vsk_memory_span:0 vsk_region_hit_0:0"
    ),
    "bytes": Harness("memory", 100, returns="take:0 vsk_memory_check:0 vsk_memory_span:0"),
    "chain": Harness("chain", 20, True, WALKS),
    "split_device": Harness("split_device chain ring", 2, True, WALKS),
    "split_driver": Harness("split_driver ring chain", 0, True, WALKS),
    "list": Harness("chain chain_list", 2, True, WALKS),
    "packed_device": Harness(
        "packed_device chain ring",
        10,
        True,
        f"{WALKS} next_of_list:{NO_LIST} skip_list:{NO_LIST} follow_list:{NO_LIST}"
        f" note_fault:{NO_LIST} walk_list:{NO_LIST} conclude:{NO_LIST}"
        " vsk_packed_give:0 vsk_packed_push:0",
        "walk_list:100 vsk_packed_pop:100 note_fault:100",
    ),
    "packed_driver": Harness(
        "packed_driver packed_device ring chain",
        0,
        True,
        f"{WALKS} adopt:1:2:3 is_used:0",
        "vsk_packed_driver_open:50 adopt:50 is_used:5 vsk_packed_reap:5",
    ),
}
# The functions of which a contract says something; of credit, all.
CONTRACTS = {
    "credit-contract": (),
    "memory-contract": ("vsk_region_hit", "vsk_memory_hit"),
    "ring-contract": ("vsk_ring_need_event",),
}
GOOD = {"Valid", "Considered valid", "Dead"}
TIMEOUT = 600


class Alarm(NamedTuple):
    """A property that could not be proven."""

    run: str
    file: str
    function: str
    words: str

    def __str__(self) -> str:
        return f"{self.run}: {self.file}: {self.function}: {self.words}"


class Result(NamedTuple):
    """What became of a run."""

    functions: dict[str, str]
    alarms: set[Alarm]
    seconds: float
    note: str
    open_goals: int = 0


def listed() -> set[Alarm]:
    """The alarms that remain, from the list that gives the reason of each."""
    with (HERE / "alarms.tsv").open() as file:
        rows = list(csv.reader(file, delimiter="\t"))[1:]
    return {Alarm(*row[:4]) for row in rows if all(row)}


def _frama_c(*words: str | Path, folder: Path) -> str:
    done = subprocess.run(
        ["frama-c", "-machdep", "gcc_x86_64", *words],
        cwd=HERE,
        env={**os.environ, "WHY3CONFIG": str(folder / "why3.conf")},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout[-3000:] + done.stderr[-3000:])
    return done.stdout


def _rows(report: Path) -> list[dict[str, str]]:
    with report.open() as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row for row in rows if None not in row.values()]


def _name(function: str) -> str:
    """The name as it is in the source: inline functions of two sources are numbered."""
    return re.sub(r"_\d+$", "", function)


def _where(row: dict[str, str], core: Path) -> str:
    path = Path(row["directory"], row["file"])
    root = core.parent if path.is_relative_to(core) else TOP
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _includes(core: Path, *first: str) -> str:
    read = " ".join(f"-include {HERE / name}" for name in ("parsing.h", *first))
    return f"-cpp-extra-args=-I{HERE} -I{core} {read}"


def _alarms(name: str, rows: list[dict[str, str]], core: Path) -> set[Alarm]:
    return {
        Alarm(name, _where(row, core), _name(row["function"]), row["property"])
        for row in rows
        if row["status"] not in GOOD and "FRAMAC_SHARE" not in row["directory"]
    }


def _reached(said: str, core: Path) -> set[str]:
    """The functions of the core that EVA came to."""
    text = "".join(path.read_text() for path in (core / "vsk").iterdir())
    names = {_name(found) for found in re.findall(r"computing for function (\w+)", said)}
    return {name for name in names if f"\n{name}(" in text}


def _fine(option: str, functions: str) -> list[str]:
    return [option, ",".join(functions.split())] if functions else []


def _eva(name: str, core: Path, folder: Path) -> Result:
    harness, report, checks = HARNESSES[name], folder / "eva.csv", folder / "rte.csv"
    sources = [HERE / f"{name}.c", *(core / f"vsk/{noun}.c" for noun in harness.sources.split())]
    sources += [HERE / "tables.c"] if harness.tables else []
    includes = _includes(core, *(["promises.h"] if harness.tables else []))
    began = time.monotonic()
    said = _frama_c(
        includes, *sources, "-warn-invalid-pointer", "-eva", "-eva-show-progress",
        "-eva-slevel", str(harness.slevel), "-eva-interprocedural-splits",
        "-eva-domains", "equality,symbolic-locations", "-eva-equality-through-calls", "all",
        *_fine("-eva-split-return-function", harness.returns),
        *_fine("-eva-slevel-function", harness.deeper),
        "-then", "-report-absolute-path", "-report-csv", report, folder=folder,
    )  # fmt: skip
    seconds = time.monotonic() - began
    _frama_c(
        includes, "-warn-invalid-pointer", *sources, "-rte", "-then", "-report-untried",
        "-report-absolute-path", "-report-csv", checks, folder=folder,
    )  # fmt: skip
    alarms = _alarms(name, _rows(report), core)
    counted = Counter(_name(row["function"]) for row in _rows(checks))
    open_ = Counter(alarm.function for alarm in alarms)
    functions = {
        function: f"{open_[function]} alarms, {counted[function]} checks"
        for function in _reached(said, core)
    }
    note = re.search(r"\d+ statements reached \(out of \d+\)", said)
    return Result(functions, alarms, seconds, f", {note[0]}" if note else "")


def _wp(name: str, core: Path, folder: Path) -> Result:
    report, conf = folder / "wp.csv", folder / "why3.conf"
    began = time.monotonic()
    subprocess.run(["why3", "-C", conf, "config", "detect"], capture_output=True, check=True)
    said = _frama_c(
        _includes(core), HERE / f"contracts/{name.removesuffix('-contract')}.c",
        "-wp", "-wp-rte", "-wp-cache", "none", "-wp-par", "2",
        "-wp-prover", "cvc4", "-wp-timeout", "60",
        *(["-wp-fct", ",".join(CONTRACTS[name])] if CONTRACTS[name] else []),
        "-then", "-report-absolute-path", "-report-csv", report, folder=folder,
    )  # fmt: skip
    # What a contract asks of callers that are not there is nobody's to prove.
    rows = [row for row in _rows(report) if row["property kind"] != "precondition"]
    others = {row["function"] for row in rows if "contracts" not in row["directory"]}
    if CONTRACTS[name]:
        rows = [row for row in rows if row["function"] not in others - set(CONTRACTS[name])]
    alarms = _alarms(name, rows, core)
    open_ = Counter(alarm.function for alarm in alarms)
    proven = Counter(
        row["function"]
        for row in rows
        if row["status"] == "Valid" and "FRAMAC_SHARE" not in row["directory"]
    )
    functions = {
        function: f"{proven[function]} proven, {open_[function]} not"
        for function in {*proven, *open_}
    }
    goals = re.search(r"Proved goals: +(\d+) / (\d+)", said)
    if not goals:
        raise RuntimeError(f"{name}: WP had no goals")
    done, all_ = int(goals[1]), int(goals[2])
    note = f", {done} of {all_} goals"
    return Result(functions, alarms, time.monotonic() - began, note, all_ - done)


def prove(name: str, core: Path) -> Result:
    """Run one harness or contract over a core."""
    with tempfile.TemporaryDirectory() as folder:
        return (_eva if name in HARNESSES else _wp)(name, core, Path(folder))
