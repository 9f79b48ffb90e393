# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What an exercise says to an answer."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from vsk.view.clauses import CLAUSES

WIDTH = 88


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and why: true where it is."""

    outcome: str  # right, not yet, or to do
    words: str
    clauses: tuple[str, ...] = ()  # of the specification, that say so

    def __bool__(self) -> bool:
        """Whether it is right."""
        return self.outcome == "right"

    def __repr__(self) -> str:
        """Say it in a word."""
        return f"<{self.outcome}>"

    def _ipython_display_(self) -> None:
        """Show nothing more in a notebook: check has printed it."""

    def text(self, name: str) -> str:
        """Give all of it as lines."""
        lines = textwrap.wrap(f"{name}: {self.outcome}. {self.words}", WIDTH)
        for clause in self.clauses:
            section, words = CLAUSES[clause]
            rule = f"{clause} (virtio 1.4, {section}): {words}"
            lines += textwrap.wrap(rule, WIDTH, initial_indent="  ", subsequent_indent="    ")
        return "\n".join(lines)


def right(words: str, *clauses: str) -> Verdict:
    """Say what an answer that is right means."""
    return Verdict("right", words, clauses)


def wrong(words: str, *clauses: str) -> Verdict:
    """Say what is wrong with an answer, by which clauses of the specification."""
    return Verdict("not yet", words, clauses)


@dataclass(frozen=True)
class Exercise:
    """What is to be done, and who judges what was done.

    judge gets the answers; what it raises is said to the learner as what is wrong.
    """

    task: str
    judge: Callable[..., Verdict]
    answers: int = 1  # how many it takes

    def verdict(self, answers: tuple[object, ...]) -> Verdict:
        """Judge answers."""
        if all(answer is None or answer is ... for answer in answers):
            return Verdict("to do", self.task)
        if len(answers) != self.answers or any(one is None or one is ... for one in answers):
            return wrong(f"It takes {self.answers} answers, none of them empty. {self.task}")
        try:
            return self.judge(*answers)
        except Exception as error:  # a learner's code runs in it, or meets a value of any kind
            return wrong(f"It ends with {type(error).__name__}: {error}. {self.task}")
