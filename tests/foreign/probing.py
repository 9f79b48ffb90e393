# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Runs probes: each with a device of its own, a guest in Lua, and the host's programs."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass, field
from pathlib import Path

import vsk

from . import theirs
from .host import Host

HERE = Path(__file__).parent
TOP = HERE.parents[1]
LONGEST = 60.0  # seconds for a probe
GRACE = 0.05  # seconds for a device to fall
CAPTURE = "guest.pcapng"


@dataclass
class Probe:
    """A question to a device."""

    name: str
    row: int  # of the regression list; 0: what any device does
    wanted: str


@dataclass
class Outcome:
    """What came of it: pass, fail, wedged, crashed or n.a.; error where the probe itself broke."""

    verdict: str
    why: str = ""
    packets: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """As a paragraph."""
        why = f": {self.why}" if self.why else ""
        return "\n    ".join([self.verdict + why, *self.packets])


def _lua(*arguments: str) -> list[str]:
    return ["lua5.4", str(HERE / "main.lua"), *arguments]


def _environment() -> dict[str, str]:
    return {**os.environ, "LUA_PATH_5_4": f"{HERE}/?.lua;{os.environ.get('LUA_PATH_5_4', ';')}"}


def probes() -> list[Probe]:
    """Read the names of all probes."""
    done = subprocess.run(
        _lua("list"), env=_environment(), stdout=PIPE, check=True, text=True, timeout=LONGEST
    )
    rows = (line.split("\t") for line in done.stdout.splitlines())
    return [Probe(name, int(row), wanted) for name, row, wanted in rows]


def ours(folder: Path) -> list[str]:
    """Give the command that runs our device."""
    sockets = ["--socket", str(folder / "v.sock"), "--uds", str(folder / "v.uds")]
    return [sys.executable, "-m", "vsk", "serve", "--cid", "3", *sockets]


def other(folder: Path) -> list[str]:
    """Give the command that runs vhost-device-vsock."""
    sockets = ["--socket", str(folder / "v.sock"), "--uds-path", str(folder / "v.uds")]
    return [str(theirs.program()), "--guest-cid", "3", *sockets]


DEVICES = {"ours": ours, "theirs": other}


async def _stop(guest: Process) -> None:
    """Let the guest exit, or end it."""
    try:
        await asyncio.wait_for(guest.wait(), 2)
    except TimeoutError:
        guest.kill()
        await guest.wait()


async def _listening(path: Path) -> None:
    for _ in range(500):
        if path.exists():
            return
        await asyncio.sleep(0.01)


async def _talk(guest: Process, host: Host, folder: Path) -> Outcome:
    """Do what the guest asks of the host until it tells its verdict."""
    assert guest.stdin is not None and guest.stdout is not None
    packets: list[str] = []
    while line := await guest.stdout.readline():
        words = json.loads(line.decode("latin-1"))  # bytes as they are
        if words[0] == "packets":  # what the verdict is about has passed by now
            packets = _lines(folder)
            words = ["sleep", 0]
        if words[0] == "verdict":
            return Outcome(words[1], words[2], packets)
        guest.stdin.write(json.dumps(await host.answer(words)).encode() + b"\n")
    assert guest.stderr is not None
    raise RuntimeError(f"the guest ended without a verdict: {(await guest.stderr.read()).decode()}")


def _lines(folder: Path) -> list[str]:
    """Give the packets of a probe, without those in the midst of a long one."""
    begin, lines = 0, []
    with contextlib.suppress(OSError, vsk.Error), vsk.Capture(folder / CAPTURE) as records:
        for record in records:
            begin = begin or record.time
            way = "<-" if (record.comment or "").startswith("rx") else "->"
            lines.append(f"{(record.time - begin) / 1e9:5.1f} s  {way}  {record.packet}")
    if len(lines) > 10:
        lines[4:-6] = [f"         ... {len(lines) - 10} packets"]
    return lines


async def _probe(name: str, device: int, folder: Path) -> Outcome:
    await _listening(folder / "v.sock")
    guest = await asyncio.create_subprocess_exec(
        *_lua(name, str(folder / "v.sock"), str(folder / CAPTURE)),
        env=_environment(),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        limit=1 << 24,
    )
    host = Host(folder / "v.uds", device)
    try:
        return await asyncio.wait_for(_talk(guest, host, folder), LONGEST)
    except TimeoutError:
        why = f"the probe was not over after {LONGEST:g} s"
        return Outcome("wedged", why, _lines(folder))
    finally:
        host.close()
        await _stop(guest)


def _end(code: int) -> str:
    """Say how a process has ended."""
    if code < 0:
        return f"the process was ended by {signal.Signals(-code).name}"
    return f"the process ended with status {code}"


def run(name: str, which: str) -> Outcome:
    """Run a probe against a device: ours or theirs."""
    with tempfile.TemporaryDirectory(prefix="vsk-") as temporary:
        folder = Path(temporary)
        with (folder / "log").open("wb") as log:
            command = DEVICES[which](folder)
            device = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            outcome = asyncio.run(_probe(name, device.pid, folder))
            with contextlib.suppress(subprocess.TimeoutExpired):
                why = _end(device.wait(GRACE))
                outcome = Outcome("crashed", why, outcome.packets or _lines(folder))
        finally:
            device.kill()
            device.wait()
        if outcome.verdict not in ("pass", "n.a."):
            outcome.why += _panic((folder / "log").read_text(errors="replace"))
    return outcome


def _panic(said: str) -> str:
    """Find where a process says that a thread of it has ended, by the file of its sources."""
    found = re.search(r"panicked at (?:\S*/registry/src/[^/]+/)?(\S+?):?\n(.*)", said)
    return f"; a thread of the device has panicked at {found[1]}: {found[2]}" if found else ""
