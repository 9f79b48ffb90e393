# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Going through a lab step by step, up to what one looks for, and back."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vsk.enums import Op, Status
from vsk.errors import UsageError
from vsk.trace import KINDS, Entry

if TYPE_CHECKING:
    from vsk.lab import Lab, Snapshot

__all__ = ["Until"]

Until = str | Callable[[Entry], object]
Place = tuple[int, int]  # entries of the last step: from a number, up to before another

FOREVER = 2**64 - 1


def condition(until: Until) -> Callable[[Entry], object]:
    """Make a function of what somebody looks for."""
    if callable(until):
        return until
    word = str(until).upper()
    if word in KINDS:
        return lambda entry: entry.kind == word
    if word in Op.__members__:
        wanted = Op[word]
        return lambda entry: entry.packet is not None and entry.packet.op == wanted
    kinds = ", ".join(kind.lower() for kind in KINDS)
    raise UsageError(
        f"until cannot be {until!r}: one of {kinds}, an op, or a function", Status.ERR_ARGUMENT
    )


class Steps:
    """The steps of a lab: the entries that the last one added, and how to take some back.

    A call of step is one step, however far it goes. Without history no snapshot is ever taken.
    """

    def __init__(self, lab: "Lab", history: int) -> None:
        """Begin before the first step."""
        if history < 0:
            raise UsageError(f"history cannot be {history}", Status.ERR_ARGUMENT)
        self._lab = lab
        self._kept: deque[tuple[Snapshot, int, Place, int | None]] = deque(maxlen=history)
        self._place: Place = (0, 0)
        self._next: int | None = None  # where until looks next; None: at the end of the trace

    @property
    def added(self) -> list[Entry]:
        """What the last step added to the trace, as far as that is kept."""
        return self._lab.trace._numbers(*self._place)

    @contextmanager
    def _step(self) -> Iterator[list[bool]]:
        """Keep where the lab stands, and write down what came of a step, whatever ends it.

        A step that says so has done nothing, and is not kept.
        """
        self._lab._may_drive()
        core, still = self._lab._core, list[bool]()
        begin, place, following = core.trace_end(), self._place, self._next
        snapshot = self._lab.snapshot() if self._kept.maxlen else None
        try:
            yield still
        finally:
            self._place = begin, core.trace_end()
            if snapshot is not None and not (any(still) and begin == core.trace_end()):
                self._kept.append((snapshot, begin, place, following))

    def one(self) -> bool:
        """Do one thing."""
        with self._step() as still:
            self._next = None
            went = self._lab._step(FOREVER)
            still.append(not went)
        return went

    def until(self, until: Until) -> Entry | None:
        """Go on to the next entry that fits."""
        fits, moved = condition(until), False
        with self._step() as still:
            # Behind the entry where the last step stopped, unless somebody else went on since.
            end = self._lab._core.trace_end()
            if self._next is None or self._place[1] != end:
                self._next = end
            go_on = self._lab._driver(None)
            while (found := self._find(fits)) is None and go_on():
                moved = True
            # What is done before nothing is left leaves entries, too.
            found = found or self._find(fits)
            still.append(found is None and not moved)
        return found

    def _find(self, fits: Callable[[Entry], object]) -> Entry | None:
        """Look through the entries that were not looked at."""
        core = self._lab._core
        for number in range(max(self._next or 0, core.trace_begin()), core.trace_end()):
            entry = Entry(core, number)
            self._next = number + 1
            if fits(entry):
                return entry
        return None

    def back(self, count: int) -> None:
        """Take back the last steps."""
        self._lab._may_drive()
        kept = len(self._kept)
        if not 1 <= count <= kept:
            raise UsageError(
                f"{count} steps cannot be taken back: {kept} are kept, see history",
                Status.ERR_STATE,
            )
        snapshot, end, place, following = self._kept[-count]
        self._lab._take_back(snapshot, end)
        self._place, self._next = place, following
        for _ in range(count):
            self._kept.pop()
