# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Lesson 10, a hostile guest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from vsk.lesson.verdict import Exercise, Verdict, right, wrong

WALK = "Write walk(read, head, size), and hand over the function: lesson.check(2, walk)."
WORDS = ("RST", "nothing", "keep")
# What is sent, what is right, and what to say to another answer, with its clause.
REACTIONS = (
    (
        "SHUTDOWN for a connection that is not there",
        "RST",
        "The guest believes in a connection that is not there, and has to hear that it is over.",
        "VSOCK-BOTH-11",
    ),
    (
        "RST for a connection that is not there",
        "nothing",
        "If RST were answered by RST, two sides that do not know each other would never stop.",
        "VSOCK-DEV-13",
    ),
    (
        "REQUEST with the src_cid of another guest",
        "nothing",
        "An answer would go to a CID that has not sent this, or to one that does not exist.",
        "VSOCK-DRV-13",
    ),
    (
        "REQUEST of type 7",
        "RST",
        "A type that is unknown is answered, so that the guest need not wait for its own timer.",
        "VSOCK-DEV-13",
    ),
)


def judge_reactions(*answers: object) -> Verdict:
    """Judge four reactions."""
    for answer, (sent, wanted, words, clause) in zip(answers, REACTIONS, strict=True):
        if answer not in WORDS:
            return wrong(f"Each answer is one of {', '.join(WORDS)}; {answer!r} is none.")
        if answer == "keep":
            return wrong(
                f"{sent}: every chain goes back, whatever it holds. A device that keeps what it "
                "does not like has no queue left once there were enough packets of that kind."
            )
        if answer != wanted:
            return wrong(f"{sent}: it is not {answer}. {words}", clause)
    return right(
        "RST to who is wrong about a connection; no word to a RST, and none to a wrong address. "
        "And every chain comes back."
    )


class _Outside(Exception):
    """Something outside the table was read."""


class _TooMany(Exception):
    """The walk does not end."""


@dataclass(frozen=True)
class Desc:
    """A descriptor as it is read."""

    addr: int
    len: int
    flags: int
    next: int


class _Table:
    """Guest memory with descriptors, which counts how often each is read."""

    def __init__(self, size: int, chain: dict[int, tuple[int, int]]) -> None:
        self.size = size
        self.reads: dict[int, int] = {}
        self._chain = chain

    def read(self, slot: int) -> Desc:
        if not 0 <= slot < self.size:
            raise _Outside(slot)
        self.reads[slot] = self.reads.get(slot, 0) + 1
        if sum(self.reads.values()) > 8 * self.size:
            raise _TooMany
        return self.at(slot)

    def at(self, slot: int) -> Desc:
        flags, after = self._chain.get(slot, (0, 0))
        return Desc(0x1000 * (slot + 1), 100 + slot, flags, after)


def _straight(slots: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Chain slots in this order."""
    return {slot: (1, after) for slot, after in pairwise(slots)} | {slots[-1]: (0, 0)}


# What it is, size, head, flags and next by slot, the slots of the chain; None: it is broken.
TABLES: tuple[tuple[str, int, int, dict[int, tuple[int, int]], list[int] | None, str], ...] = (
    ("a chain of one", 8, 3, {3: (0, 0)}, [3], ""),
    ("a chain of three", 8, 0, _straight([0, 1, 2]), [0, 1, 2], ""),
    ("a chain whose next goes back and forth", 8, 5, _straight([5, 2, 7]), [5, 2, 7], ""),
    ("a last descriptor with a next but without the flag NEXT", 8, 1, {1: (0, 99)}, [1], ""),
    (
        "a chain of all descriptors, which is allowed",
        8,
        0,
        _straight(range(8)),
        list(range(8)),
        "SPLIT-BOTH-05",
    ),
    ("a descriptor that is its own next", 8, 4, {4: (1, 4)}, None, "SPLIT-DRV-03"),
    ("two descriptors in a circle", 8, 0, {0: (1, 1), 1: (1, 0)}, None, "SPLIT-DRV-03"),
    ("a circle that begins later", 8, 6, {6: (1, 0), 0: (1, 1), 1: (1, 0)}, None, "SPLIT-DRV-03"),
    ("a next outside the table", 8, 2, {2: (1, 8)}, None, "SPLIT-BOTH-05"),
    ("a next far outside the table", 8, 2, {2: (1, 65535)}, None, "SPLIT-BOTH-05"),
    ("a head outside the table", 8, 8, {}, None, "SPLIT-DRV-05"),
)
Walk = Callable[[Callable[[int], Desc], int, int], object]


def _walk(walk: Walk, table: _Table, head: int) -> object:
    """Run a walk; None: it has refused the chain, a Verdict: it did what none may do."""
    try:
        found = walk(table.read, head, table.size)
    except ValueError:
        return None
    except _Outside as error:
        return wrong(
            f"it reads descriptor {error.args[0]} of a table of {table.size}. That is memory of "
            "something else.",
            "SPLIT-BOTH-05",
        )
    except _TooMany:
        return wrong(
            "it never ends. No chain has more descriptors than the queue, so a walk may "
            "stop there.",
            "SPLIT-DRV-03",
        )
    if found is None or found is ...:
        return Verdict("to do", WALK)
    return found


def _fault(walk: Walk, row: int) -> Verdict | None:
    """Find what is wrong with a walk in one of the tables."""
    what, size, head, chain, slots, clause = TABLES[row]
    table = _Table(size, chain)
    found = _walk(walk, table, head)
    clauses = [clause] if clause else []
    if isinstance(found, Verdict):
        if found.outcome == "to do":
            return found
        return wrong(f"With {what} {found.words}", *found.clauses)
    if slots is None:
        if found is None:
            return None
        return wrong(f"It takes {what} for a chain: {found!r}.", *clauses)
    if found is None:
        return wrong(f"It raises ValueError for {what}, which is in order.", *clauses)
    wanted = [(table.at(slot).addr, table.at(slot).len) for slot in slots]
    if found != wanted:
        return wrong(f"With {what} it gives {found!r}, not {wanted!r}.", *clauses)
    twice = [slot for slot, count in table.reads.items() if count > 1]
    if twice:
        return wrong(
            f"It reads descriptor {twice[0]} more than once. The guest may have changed it "
            "meanwhile: read once, and use what was read."
        )
    return None


def judge_walk(answer: Walk) -> Verdict:
    """Try a walk of the learner's."""
    if not callable(answer):
        return wrong("Hand over the function itself: lesson.check(2, walk).")
    for row in range(len(TABLES)):
        fault = _fault(answer, row)
        if fault is not None:
            return fault
    return right(
        f"{len(TABLES)} tables, and it ends with each of them, inside the table, with one look at "
        "each descriptor.",
        "SPLIT-DRV-03",
    )


def judge_lie(answer: object) -> Verdict:
    """Judge which lie is none that shows."""
    if answer == "B":
        return right(
            "How big its buffer is only the guest knows, and it may change it at any time. It can "
            "lose by that only what is sent to itself.",
            "VSOCK-BOTH-17",
        )
    if answer == "A":
        return wrong(
            "fwd_cnt counts what was taken, and nothing is taken back. 3,000 steps back are 2^32 - "
            "3,000 ahead, more than was ever sent.",
            "VSOCK-BOTH-18",
        )
    if answer == "C":
        return wrong(
            "The device knows its own buffer, and what it has told of it: 1,000 bytes too many.",
            "VSOCK-DRV-09",
        )
    return wrong('Answer "A", "B" or "C".')


EXERCISES = (
    Exercise(f"Give four reactions, each one of {', '.join(WORDS)}.", judge_reactions, answers=4),
    Exercise(WALK, judge_walk),
    Exercise("Give the letter of the lie that cannot be found out.", judge_lie),
)
