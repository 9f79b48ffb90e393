# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Exercises of docs/lessons that check themselves.

>>> from vsk.lesson import Lesson
>>> lesson = Lesson(1)
>>> lesson.check(1, 49)
Exercise 1: not yet. 49 does not stand there: dst_port is 4 bytes from offset 20.
  VSOCK-BOTH-05 (virtio 1.4, 5.10.6): Every rx/tx packet starts with the fixed 44-byte
    little-endian header
<not yet>
"""

from importlib import import_module

from vsk.lesson.verdict import Exercise, Verdict, right, wrong

__all__ = ["Exercise", "Lesson", "Verdict", "right", "wrong"]

# The module of each lesson, which has its EXERCISES in order.
NAMES = (
    "packet",
    "virtqueue",
    "index",
    "cuts",
    "close",
    "credit",
    "seqpacket",
    "suppression",
    "linux",
    "hostile",
)


class Lesson:
    """The exercises of one lesson, 1 to 10."""

    def __init__(self, number: int) -> None:
        """Open a lesson by its number."""
        if number not in range(1, len(NAMES) + 1):
            raise ValueError(f"there is no lesson {number!r}: they are 1 to {len(NAMES)}")
        self._number = number
        module = import_module(f"vsk.lesson.{NAMES[number - 1]}")
        self._exercises: tuple[Exercise, ...] = module.EXERCISES

    def __repr__(self) -> str:
        """Say which it is, and how much there is to do."""
        return f"<Lesson {self._number}: {len(self._exercises)} exercises>"

    def check(self, exercise: int, *answers: object) -> Verdict:
        """Print whether answers are right, and if not what is wrong with them.

        The verdict is true where they are. No answer, or ..., prints what is to be done.
        """
        if exercise in range(1, len(self._exercises) + 1):
            verdict = self._exercises[exercise - 1].verdict(answers)
        else:
            verdict = wrong(f"This lesson has exercises 1 to {len(self._exercises)}.")
        print(verdict.text(f"Exercise {exercise}"))
        return verdict
