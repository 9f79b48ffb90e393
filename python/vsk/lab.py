# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A device model and its guests on shared memory and a virtual clock."""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, overload

from vsk import _core
from vsk.device import Device
from vsk.enums import Status
from vsk.errors import UsageError
from vsk.guest import Guest
from vsk.host import LEAST, SECOND, Host
from vsk.party import Party, nanoseconds, options_of
from vsk.stepping import FOREVER, Steps, Until
from vsk.trace import Entry

if TYPE_CHECKING:
    from vsk.view.data import Ends, Why

__all__ = ["Faults", "Lab", "Snapshot"]

PATIENCE = 3600 * SECOND  # who waits for credit asks again and again, and so never comes to rest


class Faults:
    """What goes wrong in a lab; every switch is 0 at first.

    Benign, and everything still arrives: delay and hold, in seconds, are how late kicks and
    interrupts, and used buffers, come at most; of 1,000 kicks lose_kicks are lost until another one
    follows; starve is the most RX buffers that guests post; of 1,000 polls shrink change a buffer's
    size. Malign, and only safety is left: of 1,000 packets flip, duplicate, reorder and lie strike,
    of 1,000 polls scribble.
    """

    __slots__ = ("_lab",)

    _lab: _core.Lab

    def __init__(self, lab: _core.Lab) -> None:
        """Show a lab's switches; the Lab does this."""
        object.__setattr__(self, "_lab", lab)

    def __getattr__(self, name: str) -> float:
        """Read a switch."""
        try:
            value = self._lab.fault(name)
        except UsageError:
            raise AttributeError(f"no fault {name!r}") from None
        return value / SECOND if name in ("delay", "hold") else value

    def __setattr__(self, name: str, value: float) -> None:
        """Set a switch."""
        number = nanoseconds(value) if name in ("delay", "hold") else int(value)
        try:
            self._lab.set_fault(name, number)
        except UsageError:
            raise AttributeError(f"no fault {name!r} that could be {value!r}") from None


class Snapshot:
    """All of a lab between two events; Lab.rewind goes back to it, as often as one likes."""

    __slots__ = ("_afters", "_core", "_models", "_open")

    def __init__(self, lab: "Lab") -> None:
        """Keep a lab; Lab.snapshot does this."""
        parties = lab._parties()
        self._core = lab._core.snapshot()
        self._afters = dict(lab._afters)
        self._open = [(party, [dict(found) for found in party._open]) for party in parties]
        self._models = [(party, _save(party)) for party in parties]


def _save(party: Party) -> tuple[bool, Any]:
    save = getattr(party, "save_state", None)
    return (False, None) if save is None else (True, save())


class Lab(Host):
    """A device model, its guests, one memory for each of them, and a virtual clock.

    guests is a number, or a list of Guest. The same seed gives the same trace, byte for byte.
    memory is each guest's in bytes, the last eighth of it for scripts; trace is the number of
    entries kept, of 256 MiB at most. capture is a file, a FIFO or "-" to which every packet is
    written as pcapng, as it passes, until close or until nobody reads it any more. history is the
    number of steps that back can take back: each is kept with a copy of all memories, so 0 costs
    nothing. Other keywords are faults: see Faults.
    """

    def __init__(
        self,
        device: Device,
        *,
        guests: int | Sequence[Guest] = 1,
        seed: int = 0,
        memory: int = 8 << 20,
        trace: int = 1_000_000,
        capture: str | os.PathLike[str] | None = None,
        history: int = 0,
        **faults: float,
    ) -> None:
        """Let the guests find the device: connections can be made at once."""
        found = [Guest() for _ in range(guests)] if isinstance(guests, int) else list(guests)
        if not found:
            raise UsageError("a lab has a guest at least", Status.ERR_ARGUMENT)
        if capture is not None:
            trace = max(trace, LEAST)
        self._core: _core.Lab
        super().__init__(_core.Lab.make(seed, trace), capture)
        self.device = device
        self.guests = tuple(found)
        self._steps = Steps(self, history)
        self.faults = Faults(self._core)
        for index, guest in enumerate(found):
            names = dict(device._names, cid=device.cid + index)
            queue = guest._names.get("queue_size")
            self._core.add(
                options_of(names | {"queue_size": queue}), options_of(dict(guest._names)), memory
            )
        pairs = range(len(found))
        device._join(self, [self._core.device(pair) for pair in pairs])
        for pair, guest in enumerate(found):
            guest._join(self, [self._core.guest(pair)])
        for name, value in faults.items():
            setattr(self.faults, name, value)
        self._core.start()

    @property
    def guest(self) -> Guest:
        """The first guest."""
        return self.guests[0]

    @property
    def now(self) -> float:
        """Virtual seconds since the beginning."""
        return self._core.now() / SECOND

    def _parties(self) -> list[Party]:
        return [self.device, *self.guests]

    def __repr__(self) -> str:
        """Say how many guests there are, and the time."""
        return f"<Lab of {len(self.guests)} guests at {self.now:.9f} s>"

    # ---- looking ----

    def ends(self) -> "Ends":
        """See both ends of every connection: state, last cause, running timers."""
        from vsk.view import ends

        return ends(self)

    def why(self, number: int) -> "Why":
        """Say in words what happened to an entry of the trace, and by which rule.

        Raises IndexError for a number that the trace does not keep.
        """
        from vsk.view import why

        return why(self, number)

    # ---- driving ----

    def _party(self, pair: int, is_guest: bool) -> tuple[Party, int]:
        return (self.guests[pair], 0) if is_guest else (self.device, pair)

    def _driver(self, within: float | None) -> Callable[[], bool]:
        self._may_drive()
        if within is not None:
            limit = self._core.now() + nanoseconds(within)
            return lambda: self._step(limit)
        last = self._core.now() + PATIENCE
        return lambda: self._core.now() <= last and self._step(FOREVER)

    @overload
    def step(self, until: None = None) -> bool: ...
    @overload
    def step(self, until: Until) -> Entry | None: ...
    def step(self, until: Until | None = None) -> bool | Entry | None:
        """Do one thing: a packet, a notification, a hook, a jump of the clock.

        False where nothing is left to do. An exception of a hook leaves it.

        With until it goes on to the next entry of the trace that fits, and gives that; None where
        nothing is left to do, or an hour of virtual time went by. until is a kind ("packet",
        "used", "kick", "interrupt", "timer", "event", "refused", "status", "renewed", "fault") or
        an op ("RST") in any case, or a function of an Entry. What belongs to one step is done to
        its end; the next call looks from the entry behind the one that was given.
        """
        return self._steps.one() if until is None else self._steps.until(until)

    @property
    def stepped(self) -> list[Entry]:
        """What the last call of step has added to the trace."""
        return self._steps.added

    def back(self, count: int = 1) -> None:
        """Take back the last calls of step, and all that was done since; then it goes on as before.

        The trace loses what was taken back: the same steps give the same entries again, with the
        same numbers. A capture keeps it. Raises UsageError where not so many steps are kept, see
        history; and as rewind does, where a model has no save_state.
        """
        self._steps.back(count)

    def random(self, below: int) -> int:
        """Choose a number from 0 to below - 1 by the seed."""
        return self._core.random(below)

    # ---- snapshots ----

    def snapshot(self) -> Snapshot:
        """Keep all of it, and of a model what its save_state gives; not inside a hook."""
        self._may_drive()
        return Snapshot(self)

    def rewind(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot; models get their state by load_state. The trace goes on.

        Raises UsageError where a hook was called since of a model without save_state: it may have
        kept something. Connections that were made since are over.
        """
        self._rewind(snapshot)

    def _take_back(self, snapshot: Snapshot, end: int) -> None:
        """Go back to a snapshot, and let the trace end where it ended then."""
        self._rewind(snapshot)
        self._core.trace_cut(end)
        if self._capture is not None:
            self._capture.cut(end)

    def _rewind(self, snapshot: Snapshot) -> None:
        self._may_drive()
        told = self._core.told_since(snapshot._core)
        for party, (saved, _) in snapshot._models:
            if told and not saved and type(party) not in (Device, Guest):
                raise UsageError(
                    f"{told} hooks were called since: {type(party).__name__} needs "
                    "save_state and load_state to be taken back",
                    Status.ERR_STATE,
                )
        self._core.rewind(snapshot._core)
        self._afters = dict(snapshot._afters)
        for party, found in snapshot._open:
            party._open = [dict(conns) for conns in found]
        for party, (saved, state) in snapshot._models:
            if saved:
                party.load_state(state)  # type: ignore[attr-defined]
