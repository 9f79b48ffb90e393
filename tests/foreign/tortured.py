# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Attacks on our device and on vhost-device-vsock, and the report: docs/torture.md."""

import contextlib
import datetime
import platform
import re
import shlex
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from vsk.attacks import Attack, table
from vsk.torture import Finding, Target, torture

from .probing import DEVICES, TOP
from .theirs import CRATE, VERSION

FILE = TOP / "docs/torture.md"
PORT = 1234
WITHIN = 1.0

INTRODUCTION = """# Our attacks on {crate}

`./run foreign --torture` has made this page on {date}, on Linux {machine}: {count} attacks of
`vsk torture` on each device, an echoing program behind its Unix socket, {within:g} s for an answer.

- {crate} {version}, as cargo builds it with the versions that it pins, run with
  `--guest-cid 3 --socket ... --uds-path ...`: {theirs}
- vsk of this tree, run as `vsk serve --cid 3 --socket ... --uds ...`: {ours}

The reaction that is right is our reading: of the clauses where they say one, and else that a guest
can harm nobody but itself: its chains come back, its connection or its session ends, and a new
session works. A verdict is about one version, and about what this guest could see of it.

- pass: what was wanted was seen
- reject: the device closed the session
- fail: it did neither; a new session works
- wedged: no new session works
- crashed: the process has ended
- skip: a connection that it takes did not come about

**Bold**: not one of the verdicts that are right.

## Verdicts

"""

LINE = re.compile(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \| (\S+) \| (\S+) \|$", re.M)


def attacks() -> list[Attack]:
    """All attacks on a device."""
    return [attack for attack in table() if attack.role == "device"]


@contextlib.contextmanager
def target(which: str) -> Iterator[Target]:
    """A device with an echoing program behind it; what the device says is lost."""
    with tempfile.TemporaryDirectory(prefix="vsk-") as temporary:
        folder = Path(temporary)
        echo = [sys.executable, "-m", "tests.foreign.echo", str(folder / f"v.uds_{PORT}")]
        program = subprocess.Popen(echo, cwd=TOP)
        files = f"rm -f {folder}/v.sock {folder}/v.uds"
        command = f"{files}; exec {shlex.join(DEVICES[which](folder))} >{folder}/log 2>&1"
        try:
            path = str(folder / "v.sock")
            with Target(path, command=["sh", "-c", command], port=PORT, within=WITHIN) as found:
                yield found
        finally:
            program.kill()
            program.wait()


def outcomes(which: str, chosen: Sequence[Attack]) -> dict[str, Finding]:
    """Attack a device: ours or theirs."""
    with target(which) as device:
        return {found.attack.name: found for found in torture(device, chosen)}


def written() -> dict[str, tuple[str, str]]:
    """Read the table of the report: the verdicts on ours and on theirs, by attack."""
    rows = LINE.findall(FILE.read_text())
    return {name: (ours.strip("*"), theirs.strip("*")) for name, *_, ours, theirs in rows}


def _cell(found: Finding) -> str:
    return found.outcome.verdict if found.right else f"**{found.outcome.verdict}**"


def _count(found: dict[str, Finding]) -> str:
    counted = Counter(finding.outcome.verdict for finding in found.values())
    wrong = sum(not finding.right for finding in found.values())
    words = ", ".join(f"{counted[verdict]} {verdict}" for verdict in sorted(counted))
    return f"{words}; {wrong} not right"


def _failure(found: Finding) -> list[str]:
    attack, outcome = found.attack, found.outcome
    report = f" Seen elsewhere: {attack.report}." if attack.report else ""
    return [
        f"**`{attack.name}`**, {outcome.verdict}: {outcome.why}. Wanted: {attack.wanted}.{report}",
        "",
        "```",
        *found.least,
        "```",
        "",
    ]


def text(ours: dict[str, Finding], theirs: dict[str, Finding]) -> str:
    """Write the report."""
    lines = [f"| attack | breaks | wanted | right | vsk | {CRATE} |", "|---|---|---|---|---|---|"]
    for name, own in ours.items():
        attack = own.attack
        cells = [f"`{name}`", " ".join(attack.clauses), attack.wanted, " or ".join(attack.right)]
        lines.append(f"| {' | '.join([*cells, _cell(own), _cell(theirs[name])])} |")
    lines += ["", f"## What was seen of {CRATE}, with the fewest steps that show it", ""]
    lines += [line for found in theirs.values() if not found.right for line in _failure(found)]
    introduction = INTRODUCTION.format(
        crate=CRATE,
        version=VERSION,
        date=datetime.date.today(),
        machine=platform.machine(),
        count=len(ours),
        within=WITHIN,
        ours=_count(ours),
        theirs=_count(theirs),
    )
    return introduction + "\n".join(lines).rstrip() + "\n"


def write() -> None:
    """Attack both, and write the report."""
    FILE.write_text(text(*(outcomes(which, attacks()) for which in ("ours", "theirs"))))
