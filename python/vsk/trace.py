# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What passed in a lab, in order."""

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, overload

from vsk import _core
from vsk.packet import Packet

if TYPE_CHECKING:
    from vsk.view.data import Ladder, Ledger

# Of a queue: size, packed, offered, reaped, popped, given back; None: not known here.
Ring = tuple[int, bool, int | None, int | None, int | None, int | None]
Stood = tuple[Ring | None, tuple[_core.Span, ...]]

__all__ = ["Entry", "Trace"]

# What passes: VSK_SEEN_TABLE, as a test makes sure.
KINDS = (
    "PACKET",
    "USED",
    "KICK",
    "INTERRUPT",
    "TIMER",
    "EVENT",
    "REFUSED",
    "STATUS",
    "RENEWED",
    "FAULT",
)


class Entry:
    """One thing that passed: its number, time in seconds, kind and line; str() is the line."""

    __slots__ = {
        "_place": "Where both ends of its queue stood, and spans.",
        "guest": "CID of the guest whose device it is about.",
        "head": "Of PACKET, USED and REFUSED: the chain's name; else None.",
        "kind": "What passed: PACKET, USED, KICK, ...",
        "line": "All of it in words.",
        "number": "Counted from the beginning of the lab.",
        "packet": "A copy of the packet, None where it is about something else.",
        "queue": "rx, tx or event, where it happened in one; else None.",
        "status": "Of REFUSED: the rule; else None.",
        "time": "Virtual seconds since the beginning.",
        "written": "Of USED: bytes reported; of STATUS: the register; of RENEWED: the size.",
    }

    def __init__(self, lab: _core.Lab | _core.Socket, number: int) -> None:
        """Read an entry; the trace does this."""
        (
            nanoseconds,
            self.kind,
            self.line,
            self.guest,
            self.queue,
            self.head,
            self.written,
            self.status,
        ) = lab.trace_entry(number)
        # Taken at once: the trace may drop it, and a number may come to name another one.
        self.packet: Packet | None = lab.trace_packet(number) if self.kind == "PACKET" else None
        self._place: Stood = lab.trace_stood(number)
        self.number = number
        self.time = nanoseconds / 1_000_000_000

    def _stood(self) -> Stood:
        """Tell where both ends of its queue stood behind it, and the first spans of its chain."""
        return self._place

    def __str__(self) -> str:
        """Give the line."""
        return self.line

    def __repr__(self) -> str:
        """Show the line."""
        return f"<Entry {self.number}: {self.line}>"


class Trace(Sequence[Entry]):
    """All that passed: packets, used buffers, kicks, interrupts, timers, faults."""

    __slots__ = ("_lab",)

    def __init__(self, lab: _core.Lab | _core.Socket) -> None:
        """Show a lab's trace; the Lab does this."""
        self._lab = lab

    def __len__(self) -> int:
        """Count the entries that are kept."""
        return self._lab.trace_end() - self._lab.trace_begin()

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        """Give an entry, or a list of them."""
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError("no such entry in the trace")
        return Entry(self._lab, self._lab.trace_begin() + index)

    def ladder(
        self, begin: int = 0, end: int | None = None, *, kinds: Sequence[str] | None = None
    ) -> "Ladder":
        """Draw what passed, from one number up to before another, as a ladder: text, SVG, Mermaid.

        kinds are the kinds of entries to be shown, as ("PACKET", "KICK"); all if left out.
        """
        from vsk.view import ladder

        return ladder(self._numbers(begin, end), kinds)

    def ledgers(self) -> "list[Ledger]":
        """Keep the account of credit of every connection whose REQUEST is in the trace."""
        from vsk.view import ledgers

        return ledgers(self)

    def script(self, language: str = "python", *, guest: int | None = None) -> str:
        """Write a script, in python or lua, that says all of it again, and fails where it differs.

        The packets of the guest with that CID are sent by hand, and those of the device expected
        field by field: from a device of the script's own, from the Device of a file, or from one on
        a socket, as its command line says. The script says what does not come again. Raises
        UsageError where there are several guests, and none is named.
        """
        from vsk.script import of_entries

        return of_entries(self, language, guest)

    def _numbers(self, begin: int, end: int | None) -> list[Entry]:
        """Give the entries from one number up to before another, as far as they are kept."""
        first = self._lab.trace_begin()
        last = len(self) if end is None else max(end - first, 0)
        return self[max(begin - first, 0) : last]

    @property
    def packets(self) -> Iterator[Packet]:
        """All packets in it."""
        return (packet for entry in self if (packet := entry.packet) is not None)

    def __str__(self) -> str:
        """Give all lines."""
        return self._lab.trace_text().decode()

    @overload
    def html(self, path: None = None, *, title: str | None = None) -> str: ...
    @overload
    def html(self, path: str | os.PathLike[str], *, title: str | None = None) -> None: ...
    def html(
        self, path: str | os.PathLike[str] | None = None, *, title: str | None = None
    ) -> str | None:
        """Give one HTML page that shows all of it step by step, or write it into a file.

        The page asks nothing of the network. See docs/page.md.
        """
        from vsk.view import page

        text = page.of_trace(self[:], title)
        if path is None:
            return text
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the packets as pcapng for Wireshark, or all lines where path ends in .txt."""
        name = os.fspath(path)
        lines = name.endswith(".txt")
        data = self._lab.trace_text() if lines else self._lab.trace_pcapng(0, True)
        with open(name, "wb") as file:
            file.write(data)
