# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Lesson 8, suppression and lost wake-ups."""

from collections.abc import Callable, Iterator
from itertools import combinations_with_replacement

from vsk.lesson.verdict import Exercise, Verdict, right, wrong
from vsk.memory import Memory
from vsk.packet import Packet
from vsk.queue import Chain, DeviceEnd, Queue

EVENT = "SPLITSUP-DRV-11"
AGAIN = "SPLIT-DRV-18"
FENCE = "SPLIT-DRV-17"
LONGEST = 200  # calls of a loop that ends
MOMENTS = 16  # between calls, before which a chain may be offered
KICK = "Write kick_due(event, old, new), and hand over the function."
REST = "Write rest(device), and hand over the function."
STEPS = ("driver stores", "driver loads", "device stores", "device loads")

# event, old, new, whether a kick is due, and what a wrong answer has not seen.
CASES = (
    (0, 0, 1, True, "the one chain offered stands at index 0"),
    (5, 4, 7, True, "chains at 4, 5 and 6 were offered, and 5 is not the last of them"),
    (4, 4, 7, True, "the first chain offered stands at old itself"),
    (6, 4, 7, True, "the last chain offered stands at new - 1"),
    (7, 4, 7, False, "new is where the next chain will stand; nothing stands there yet"),
    (3, 4, 7, False, "index 3 was passed before, and a kick was due then"),
    (5, 5, 5, False, "no chain was offered at all"),
    (65535, 65534, 2, True, "chains at 65534, 65535, 0 and 1 were offered: the index wraps"),
    (1, 65534, 2, True, "the index has wrapped: 1 comes behind 65535"),
    (3, 65534, 2, False, "the index has wrapped, and 3 is not reached yet"),
    (65535, 0, 1, False, "the device has named an index that was just passed: no kicks, please"),
)


def judge_kick(answer: Callable[[int, int, int], object]) -> Verdict:
    """Try a function of the learner's."""
    if not callable(answer):
        return wrong("Hand over the function itself: lesson.check(1, kick_due).")
    for event, old, new, wanted, words in CASES:
        found = answer(event, old, new)
        call = f"kick_due({event}, {old}, {new})"
        if found is None or found is ...:
            return Verdict("to do", f"{KICK} {call} gives nothing yet.")
        if not isinstance(found, bool):
            return wrong(f"{call} gives {found!r}; the answer is True or False.")
        if found != wanted:
            return wrong(f"{call} is {wanted}: {words}.", EVENT)
    return right(
        "One comparison of two differences does it, whatever has wrapped: it is vring_need_event "
        "of the specification.",
        EVENT,
    )


class _TooLong(Exception):
    """A loop of the learner's does not end."""


class _Watched:
    """A device's end, whose driver offers chains at two moments, which are between calls."""

    def __init__(self, event_idx: bool, moments: tuple[int, int]) -> None:
        self.queue = Queue(Memory(1 << 16), size=8, event_idx=event_idx)
        self.calls: list[str] = []
        self.left = False  # what the last enable_kicks has said, unless it was looked at
        self.offered: list[str] = []  # the calls before each offer
        self.kicked = False  # and nothing was popped since
        self._moments = moments
        self._passed = 0
        self._offer()

    def _offer(self) -> None:
        self.queue.driver.send(Packet(src=(3, 5000), dst=(2, 1234), op="RW", payload=b"work"))
        self.kicked |= self.queue.driver.should_kick()

    def _pass(self) -> None:
        """Let a moment go by."""
        for moment in self._moments:
            if moment == self._passed:
                calls = ", ".join(self.calls)
                self.offered.append(f"behind {calls}" if calls else "at the beginning")
                self._offer()
        self._passed += 1

    def _begin(self, name: str) -> DeviceEnd:
        self._pass()
        self.calls.append(name)
        if len(self.calls) > LONGEST:
            raise _TooLong
        return self.queue.device

    def pop(self) -> Chain | None:
        end = self._begin("pop")
        self.left = self.kicked = False
        return end.pop()

    def __iter__(self) -> Iterator[Chain]:
        return iter(self.pop, None)

    def push(self, chain: Chain, written: int) -> None:
        self._begin("push").push(chain, written)

    def give(self, chain: Chain, written: int) -> None:
        self._begin("give").give(chain, written)

    def publish(self) -> None:
        self._begin("publish").publish()

    def disable_kicks(self) -> None:
        self._begin("disable_kicks").disable_kicks()

    def enable_kicks(self) -> bool:
        self.left = self._begin("enable_kicks").enable_kicks()
        return self.left

    def should_interrupt(self) -> bool:
        return self._begin("should_interrupt").should_interrupt()

    @property
    def held(self) -> int:
        return self.queue.device.held

    def end(self) -> None:
        """Let the last moment go by: the function has returned, and the device sleeps."""
        self._pass()


def _where(device: _Watched, event_idx: bool) -> str:
    feature = "With EVENT_IDX" if event_idx else "Without EVENT_IDX"
    offers = " and one ".join(dict.fromkeys(device.offered))
    return f"{feature}, where the driver offers a chain {offers}"


def _fault(device: _Watched, event_idx: bool) -> Verdict | None:
    """Find what is wrong with a device that sleeps now."""
    if not device.calls:
        return Verdict("to do", f"{REST} It does nothing yet, and a chain is available.")
    if device.held:
        return wrong(
            "It sleeps with a chain in its hands that it never gave back: device.push(chain, 0)."
        )
    waits = device.queue.get("avail.idx") != device.queue.get("used.idx")
    if waits and not device.kicked:
        where = _where(device, event_idx)
        if device.left:
            return wrong(
                f"{where}, it sleeps beside that chain, and no kick is due. enable_kicks "
                "said True: something is there. Nobody looked at that.",
                AGAIN,
            )
        if "enable_kicks" not in device.calls:
            return wrong(f"{where}, no kick is due: it never asks for kicks.", EVENT)
        return wrong(
            f"{where}, it sleeps beside that chain, and no kick is due. Ask for kicks behind the "
            "last pop, not before: what was asked for earlier was the kick of a chain that is "
            "long taken.",
            EVENT,
        )
    return None


def judge_rest(answer: Callable[[object], object]) -> Verdict:
    """Run a function of the learner's with a driver that offers a chain at every moment."""
    if not callable(answer):
        return wrong("Hand over the function itself: lesson.check(2, rest).")
    runs = 0
    for event_idx in (True, False):
        for moments in combinations_with_replacement(range(MOMENTS), 2):
            device = _Watched(event_idx, moments)
            try:
                answer(device)
            except _TooLong:
                return wrong(
                    f"It still runs after {LONGEST} calls. pop gives None where nothing is "
                    "available, and enable_kicks gives False: then it may sleep."
                )
            device.end()
            fault = _fault(device, event_idx)
            if fault is not None:
                return fault
            runs += 1
    return right(
        f"In {runs} runs, with EVENT_IDX and without, the driver offered two chains at all moments "
        "there are: each was taken, or a kick was due. The last look comes after asking.",
        AGAIN,
    )


def judge_order(answer: object) -> Verdict:
    """Judge an order of the four steps."""
    if not isinstance(answer, list | tuple) or sorted(map(str, answer)) != sorted(STEPS):
        return wrong(f"The answer is a list of these, each once: {', '.join(STEPS)}.")
    at = {name: place for place, name in enumerate(answer)}
    if at["driver stores"] > at["driver loads"]:
        return wrong(
            "The driver has its fence, so its store comes before its load; here it does not.", FENCE
        )
    if at["driver loads"] > at["device stores"]:
        return wrong(
            "The driver loads after the device has stored: it sees the wish, and kicks.", FENCE
        )
    if at["device loads"] > at["driver stores"]:
        return wrong(
            "The device loads after the driver has stored: it sees the chain, and takes it.", FENCE
        )
    return right(
        "The device's load went ahead of its own store, and the driver fitted both its steps in "
        "between. A fence at one end is not enough.",
        FENCE,
    )


EXERCISES = (
    Exercise(KICK, judge_kick),
    Exercise(REST, judge_rest),
    Exercise("Give an order of the four steps as a list of their names.", judge_order),
)
