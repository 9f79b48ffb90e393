# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Attacks one after the other, a look at the target after each, and what to keep of a failure."""

import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vsk.attacks import HEALTH, Attack, Outcome, run
from vsk.closing import Closing
from vsk.errors import Error

__all__ = ["Finding", "Target", "TargetError", "torture"]

ARRIVE = 10.0  # seconds for a target that was started to be there
PAUSE = 0.05
FALL = 0.2  # seconds for a process to end of what was done to it
CRASHED, WEDGED = "crashed", "wedged"
WAITS = ("back", "expect", "never", "sum", "alive", "rest", "answer")


class TargetError(RuntimeError):
    """The target does not work before any attack, or does not come back."""


@dataclass(frozen=True)
class Finding:
    """What came of an attack."""

    attack: Attack
    outcome: Outcome  # its verdict is also wedged or crashed
    seconds: float
    least: tuple[str, ...] = ()  # steps that are enough, where it was not right

    @property
    def right(self) -> bool:
        """Whether the target did what it should, or the attack does not apply."""
        return self.outcome.verdict in (*self.attack.right, "skip")


class Target(Closing):
    """A device at its socket, or the guest that comes to one; a command starts it, or nothing."""

    def __init__(
        self,
        path: str,
        *,
        guest: bool = False,
        command: Sequence[str] = (),
        port: int = 1234,
        within: float = 2.0,
    ) -> None:
        """Begin; the command, a program and its arguments, is started at once."""
        self.path, self.guest, self.port, self.within = path, guest, port, within
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._answered = True
        self._start()

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    @property
    def restarts(self) -> bool:
        """Whether it can be started again."""
        return bool(self._command)

    def _start(self) -> None:
        if self._command:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)

    def restart(self) -> None:
        """Start it anew. Raises TargetError where it does not work then."""
        self.close()
        self._start()
        self.prove()

    def prove(self) -> None:
        """Wait until it works, and learn whether it answers. Raises TargetError."""
        deadline = time.monotonic() + ARRIVE
        outcome = self.do(HEALTH)
        while outcome.verdict != "pass":
            # A device may say nothing to a guest that asks for a port on which nobody listens.
            if outcome.verdict == "fail" and self._answered and not self.guest:
                self._answered = False
            elif time.monotonic() > deadline:
                raise TargetError(f"{self.path}: {outcome.why}")
            time.sleep(PAUSE)
            outcome = self.do(HEALTH)

    def do(self, steps: Sequence[str]) -> Outcome:
        """Do steps; where nobody is there the verdict is wedged."""
        deadline = time.monotonic() + self.within
        while True:
            try:
                return run(
                    self.path,
                    steps,
                    port=self.port,
                    within=self.within,
                    listen=self.guest,
                    answered=self._answered,
                )
            except Error as error:
                # A device may take its socket file away, and make it again, with each session.
                if time.monotonic() > deadline or self._gone():
                    return Outcome(WEDGED, 0, str(error))
            time.sleep(PAUSE)

    def _gone(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def ended(self) -> str:
        """Tell how its process has ended of an attack; empty: it lives, or has left by itself."""
        if self._process is None:
            return ""
        try:
            status = self._process.wait(FALL if not self.guest else PAUSE)
        except subprocess.TimeoutExpired:
            return ""
        if status < 0:
            return f"the process was ended by {signal.Signals(-status).name}"
        if status == 0 or (self.guest and status < 128):
            self._start()
            return ""
        return f"the process ended with status {status}"

    def attack(self, steps: Sequence[str]) -> Outcome:
        """Do steps, and look whether it still works."""
        outcome = self.do(steps)
        if (why := self.ended()) or outcome.verdict == WEDGED:
            verdict = CRASHED if why else WEDGED
            return Outcome(verdict, 0, why or outcome.why, outcome.capture)
        health = self.do(HEALTH)
        if health.verdict != "pass":
            health = self.do(HEALTH)
        if health.verdict == "pass":
            return outcome
        why = self.ended()
        gone = not self.guest and self._process is None and health.verdict == WEDGED
        words = why or f"then a new session does not work: {health.why}"
        return Outcome(CRASHED if why or gone else WEDGED, 0, words, outcome.capture)


def _same(found: Outcome, wanted: Outcome) -> bool:
    if found.verdict != wanted.verdict:
        return False
    return wanted.verdict in (CRASHED, WEDGED) or found.why == wanted.why


def _fewer(steps: tuple[str, ...], kept: set[int]) -> Iterator[tuple[tuple[str, ...], set[int]]]:
    """Steps with one less, or with one that is done less often."""
    for at in reversed(range(len(steps))):
        if at not in kept:
            shifted = {place - (place > at) for place in kept}
            yield steps[:at] + steps[at + 1 :], shifted
    for at, step in enumerate(steps):
        many = re.search(r"\btimes=(\d+)", step)
        if many and int(many[1]) > 1 and at not in kept:
            once = step.replace(many[0], f"times={int(many[1]) // 2}")
            yield (*steps[:at], once, *steps[at + 1 :]), kept


def _needed(steps: tuple[str, ...], outcome: Outcome) -> set[int]:
    """Steps without which a failure would be another one: what was missed, and what it answers."""
    if outcome.verdict != "fail" or outcome.step == 0:
        return set()
    failed = outcome.step - 1
    said = [at for at in range(failed) if steps[at].split()[0] not in WAITS]
    joined = [at for at in said if steps[at].startswith("connect")]
    return {failed, *said[-1:], *joined}


def shrink(
    steps: tuple[str, ...], outcome: Outcome, attempt: Callable[[tuple[str, ...]], Outcome]
) -> tuple[str, ...]:
    """Find the least of the steps that fails in the same way."""
    if outcome.verdict == "fail" and outcome.step:
        steps = steps[: outcome.step]
    kept = _needed(steps, outcome)
    smaller = True
    while smaller:
        smaller = False
        for fewer, kept_then in _fewer(steps, kept):
            if fewer and _same(attempt(fewer), outcome):
                steps, kept, smaller = fewer, kept_then, True
                break
    return steps


def torture(target: Target, attacks: Sequence[Attack], *, least: bool = True) -> Iterator[Finding]:
    """Attack a target that works, and tell of each; a failure is shrunk where least is true.

    A target that is wedged or has crashed is started again; without a command for that it ends
    there. Raises TargetError.
    """

    def attempt(steps: Sequence[str]) -> Outcome:
        outcome = target.attack(steps)
        if outcome.verdict in (CRASHED, WEDGED) and target.restarts:
            target.restart()
        return outcome

    target.prove()
    for attack in attacks:
        begun = time.monotonic()
        outcome = attempt(attack.steps)
        finding = Finding(attack, outcome, time.monotonic() - begun)
        stuck = outcome.verdict in (CRASHED, WEDGED) and not target.restarts
        if not finding.right:
            steps = attack.steps
            if least and not stuck:
                steps = shrink(attack.steps, outcome, attempt)
            finding = Finding(attack, outcome, finding.seconds, steps)
        yield finding
        if stuck:
            return


def script(finding: Finding, target: Target) -> str:
    """Write a Lua script that does a finding again."""
    attack = finding.attack
    lines = [
        f"-- {attack.name}: breaks {' '.join(attack.clauses)}. Wanted: {attack.wanted}.",
        f"-- Seen: {finding.outcome.verdict}. Run it with lua5.4 and the path of the socket.",
        'local attacks = require "vsk.attacks"',
        "local outcome = assert(attacks.run(assert(arg[1]), {",
        *[f'  "{step}",' for step in finding.least],
        f"}}, {{ port = {target.port}, listen = {str(target.guest).lower()} }}))",
        "print(outcome.verdict, outcome.step, outcome.why)",
    ]
    return "\n".join(lines) + "\n"


def keep(finding: Finding, target: Target, folder: Path) -> None:
    """Write the capture and the script of a finding into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{finding.attack.name}.pcapng").write_bytes(finding.outcome.capture)
    (folder / f"{finding.attack.name}.lua").write_text(script(finding, target))
