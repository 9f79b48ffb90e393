# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The report: docs/foreign.md, with a row for each probe and the packets of each failure."""

import datetime
import platform
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from .probing import TOP, Outcome, Probe, run
from .theirs import CRATE, VERSION

FILE = TOP / "docs/foreign.md"
AT_ONCE = 4  # probes wait more than they work

# What the rows of our regression list ask of any device, and what of it no guest can see.
ROWS = {
    0: "What any device does",
    1: "Any legal cut of header and payload over descriptors",
    2: "Every chain comes back once, whatever is wrong with it",
    4: "Every byte of a header is written",
    5: "`len` is what was written",
    6: "Free credit never wraps below zero, and counts for each connection",
    7: "Credit is volunteered, and bulk data comes to its end",
    8: "Small packets are no special case",
    9: "Who overruns the buffer is told",
    10: "Half-close and close, both ways",
    11: "What nobody knows gets RST at once; RST is never answered",
    12: "While a peer connects it gets nothing but an answer",
    13: "Connecting and closing have timers",
    14: "A port pair can be used again at once",
    15: "RX and TX do not wait for each other",
    16: "Rings that lie",
    17: "SEQPACKET",
    18: "Sessions come and go",
    20: "One slow or dead program holds up no other",
    21: "The line CONNECT, in any shape",
    23: "Failures leave nothing behind",
}
UNSEEN = {
    3: "a header is read once: a race inside the device",
    19: "TRANSPORT_RESET: nothing that a guest does brings it about",
    22: "features that were not offered are refused: the guest's front end sets none",
    24: "captures: they are written on the device's side",
}
PARTS = """Nor were regions of guest memory beyond the first (row 1), counters that wrap at 2^32
(row 6), and stop and cont of a virtual machine (row 18)."""

INTRODUCTION = """# Our probes of {crate}

`./run foreign --write` has made this page on {date}, on Linux {machine}. {count} probes, each with
a new process of the device: a guest in Lua in front of its vhost-user socket, programs on the Unix
sockets behind it.

- {crate} {version}, as cargo builds it with the versions that it pins, run with
  `--guest-cid 3 --socket ... --uds-path ...`: {theirs}
- vsk of this tree, run as `vsk serve --cid 3 --socket ... --uds ...`: {ours}

Rows are those of the list of faults that vsk is tested for, in `tests/python/test_peers.py`. They
come from public reports about many implementations and from our reading of the specification, and
some ask for more than it does: timers, the line CONNECT in pieces, life after a broken ring. A
verdict is about one version, and about what this guest could see of it.

- pass: what was wanted was seen
- fail: it was not; the device still serves other connections
- wedged: it was not, and no connection worked afterwards
- crashed: the process has ended
- n.a.: it needs what the device does not offer

## Verdicts

"""

LINE = re.compile(r"^\| (\d+) \| `(\w+)` \| (.*?) \| (\S+) \| (\S+) \|$", re.M)


def outcomes(probes: list[Probe], which: str) -> dict[str, Outcome]:
    """Run probes against a device, some at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda probe: run(probe.name, which), probes)
        return dict(zip([probe.name for probe in probes], found, strict=True))


def written() -> dict[str, tuple[Probe, str, str]]:
    """Read the table of the report: probes with the verdict on ours and on theirs."""
    rows = LINE.findall(FILE.read_text())
    return {name: (Probe(name, int(row), what), a, b) for row, name, what, a, b in rows}


def _table(probes: list[Probe], ours: dict[str, Outcome], theirs: dict[str, Outcome]) -> list[str]:
    lines = [f"| row | probe | wanted | vsk | {CRATE} |", "|---|---|---|---|---|"]
    for probe in sorted(probes, key=lambda probe: probe.row):
        cells = [str(probe.row), f"`{probe.name}`", probe.wanted]
        verdicts = [ours[probe.name].verdict, theirs[probe.name].verdict]
        lines.append(f"| {' | '.join(cells + verdicts)} |")
    return lines


def _failure(probe: Probe, outcome: Outcome) -> list[str]:
    first, *more = outcome.why.splitlines()
    lines = [
        f"**`{probe.name}`**, {outcome.verdict}. Wanted: {probe.wanted}. Seen: {first.strip()}"
    ]
    packets = [line.rstrip() for line in [*more, *outcome.packets]]
    return [*lines, "", "```", *packets, "```", ""] if packets else [*lines, ""]


def _failures(probes: list[Probe], theirs: dict[str, Outcome]) -> list[str]:
    lines = []
    for row, title in ROWS.items():
        failed = [
            probe
            for probe in probes
            if probe.row == row and theirs[probe.name].verdict not in ("pass", "n.a.")
        ]
        if failed:
            lines += [f"### Row {row}: {title}" if row else f"### {title}", ""]
        for probe in failed:
            lines += _failure(probe, theirs[probe.name])
    return lines


def _skipped(probes: list[Probe], theirs: dict[str, Outcome]) -> list[str]:
    found = [(probe.name, theirs[probe.name]) for probe in probes]
    return [f"- `{name}`: {outcome.why}" for name, outcome in found if outcome.verdict == "n.a."]


def _count(found: dict[str, Outcome]) -> str:
    counted = Counter(outcome.verdict for outcome in found.values())
    return ", ".join(f"{counted[verdict]} {verdict}" for verdict in sorted(counted))


def text(probes: list[Probe], ours: dict[str, Outcome], theirs: dict[str, Outcome]) -> str:
    """Write the report."""
    introduction = INTRODUCTION.format(
        crate=CRATE,
        version=VERSION,
        date=datetime.date.today(),
        machine=platform.machine(),
        count=len(probes),
        ours=_count(ours),
        theirs=_count(theirs),
    )
    lines = [
        *_table(probes, ours, theirs),
        "",
        "A guest sees nothing of these, so they were not probed:",
        "",
        *[f"- row {row}, {why}" for row, why in UNSEEN.items()],
        "",
        PARTS,
        "",
        "Not applicable:",
        "",
        *_skipped(probes, theirs),
        "",
        f"## What was seen where {CRATE} did not pass",
        "",
        "`->` is what the guest sends, `<-` what it gets, as `vsk show` prints packets.",
        "",
        *_failures(probes, theirs),
    ]
    return introduction + "\n".join(lines).rstrip() + "\n"
