# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Attacks on vhost-user vsock devices and on guests: each one call, each with the rule it breaks.

>>> from vsk import attacks
>>> attacks.ring_loop.clauses
('SPLIT-DRV-03',)
>>> outcome = attacks.ring_loop("/run/vm.sock")  # doctest: +SKIP
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from vsk import _core

__all__ = ["Attack", "Outcome", "attack", "run", "table"]

PORT = 1234
HEALTH = ("start", "alive")


@dataclass(frozen=True)
class Outcome:
    """What came of steps: pass, fail, reject (the session was closed) or skip, and why."""

    verdict: str
    step: int  # the number of the one that did not end as it must, from 1; 0: none
    why: str
    capture: bytes = field(repr=False, default=b"")  # a pcapng file


def run(
    path: str | os.PathLike[str],
    steps: Sequence[str],
    *,
    port: int = PORT,
    within: float = 2.0,
    listen: bool = False,
    answered: bool = True,
) -> Outcome:
    """Do steps at a socket: as a guest that dials a device, or with listen as a device.

    port is the other side's, on which somebody may answer; within are the seconds that an answer
    may take. Raises ValueError for what is no step, SystemFailure where nobody is at the socket.
    """
    said = "\n".join(steps).encode()
    milliseconds = round(within * 1000)
    told = _core.rogue_run(os.fspath(path), listen, answered, port, milliseconds, said)
    verdict, step, why, capture = told.split(b"\n", 3)
    return Outcome(verdict.decode(), int(step), why.decode(errors="replace"), capture)


@dataclass(frozen=True)
class Attack:
    """An attack that is known; calling it does it once."""

    name: str
    family: str  # ring, header, credit, state, vhost
    role: str  # of who is attacked: device or guest
    clauses: tuple[str, ...]  # that it breaks: see docs/conformance.md
    wanted: str  # the reaction that is right
    right: tuple[str, ...]  # verdicts that are
    report: str  # a public one, or empty
    steps: tuple[str, ...]

    def __call__(
        self,
        path: str | os.PathLike[str],
        *,
        port: int = PORT,
        within: float = 2.0,
        answered: bool = True,
    ) -> Outcome:
        """Attack the device at a socket, or the guest that comes to it."""
        listen = self.role == "guest"
        return run(path, self.steps, port=port, within=within, listen=listen, answered=answered)


def _read(number: int) -> Attack | None:
    told = _core.attack(number)
    if told is None:
        return None
    words = told.decode().split("\0")[:-1]
    name, family, role, clauses, wanted, right, report, steps = words
    many = tuple(clauses.split()), tuple(right.split()), tuple(steps.split("\n"))
    return Attack(name, family, role, many[0], wanted, many[1], report, many[2])


def table() -> list[Attack]:
    """All attacks, in their order."""
    found: list[Attack] = []
    while (known := _read(len(found))) is not None:
        found.append(known)
    return found


def attack(name: str) -> Attack:
    """Find an attack by its name. Raises KeyError."""
    return {known.name: known for known in table()}[name]


def __getattr__(name: str) -> Attack:
    try:
        return attack(name)
    except KeyError:
        raise AttributeError(f"no attack is named {name}") from None
