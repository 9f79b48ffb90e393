# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a page shows, as plain lists: rungs, packets, ledgers and reasons of one trace.

Most texts come again and again: they stand once, in words, and elsewhere is their number. model.js
reads it back.
"""

import base64
from collections.abc import Sequence
from typing import Any

from vsk.packet import Packet
from vsk.trace import Entry
from vsk.view.data import Balance, Ledger, Rung, Why
from vsk.view.packets import FIELDS, HEADER, meaning
from vsk.view.page.captured import Capture
from vsk.view.told import Told
from vsk.view.traces import flow_of, ladder, ledgers, name_of
from vsk.view.whys import why_told

Scene = dict[str, Any]

PAYLOAD = 512  # bytes of a packet that a page holds, as many as a hexdump shows


class Words:
    """Texts, each once."""

    def __init__(self) -> None:
        """Begin with none."""
        self.numbers: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        """Give the number of a text."""
        return self.numbers.setdefault(text, len(self.numbers))


def _clean(text: str | None) -> str:
    """Leave out what would turn, hide or break a line."""
    return "".join(c if c.isprintable() else " " for c in text or "")


def _packet(packet: Packet, entry: Entry, words: Words) -> list[Any]:
    """Give bytes, and what they mean."""
    wire = bytes(packet)
    head, payload = wire[:HEADER], wire[HEADER : HEADER + PAYLOAD]
    return [
        base64.b64encode(head).decode(),
        words(base64.b64encode(payload).decode()),
        len(wire) - HEADER,
        [words(meaning(packet, name)) for name, _, _ in FIELDS],
        words(_clean(getattr(entry, "comment", None))),
        int(getattr(entry, "cut", False)),
    ]


def _why(seen: Why, rules: dict[str, list[str]], words: Words) -> list[Any]:
    for rule in seen.rules:
        rules.setdefault(rule.clause, [rule.section, rule.words])
    return [words(seen.line), [words(step) for step in seen.steps], [r.clause for r in seen.rules]]


def _balance(seen: Balance) -> list[int]:
    return [seen.sent, seen.forwarded, seen.window, seen.in_flight, seen.free]


def _ledger(seen: Ledger) -> Scene:
    rows = [[row.number, *map(_balance, row.balances)] for row in seen.entries]
    stalls = [[s.number, s.source, s.owes, s.end or 0] for s in seen.stalls]
    return {"rows": rows, "stalls": stalls}


class Connections:
    """The connections of a trace; packets that are in no ledger are kept by their addresses."""

    def __init__(self, kept: Sequence[Ledger]) -> None:
        """Number those that have a ledger."""
        self.all: list[Scene] = [
            {"ends": [_end(seen.one), _end(seen.other)], "type": seen.type, **_ledger(seen)}
            for seen in kept
        ]
        self._of: dict[int, tuple[int, int]] = {
            row.number: (at, place)
            for at, seen in enumerate(kept)
            for place, row in enumerate(seen.entries)
        }
        self._strays: dict[object, int] = {}

    def of(self, entry: Entry, packet: Packet) -> tuple[int, int]:
        """Give the connection of a packet, and its row there; -1: none."""
        if (found := self._of.get(entry.number)) is not None:
            return found
        flow = flow_of(packet)
        if flow not in self._strays:
            self._strays[flow] = len(self.all)
            ends = [_end(packet.src), _end(packet.dst)]
            self.all.append({"ends": ends, "type": name_of(packet.type), "rows": [], "stalls": []})
        return self._strays[flow], -1


def _end(address: tuple[int, int]) -> str:
    return f"{address[0]}:{address[1]}"


def _packet_in(told: Told, at: int) -> int:
    """Find the packet in the chain that an entry is about; -1: none is known."""
    places, own = told.of_chain(at)
    for place in reversed(places[:own]):
        if told.packets[place] is not None:
            return place
        if told.entries[place].kind == "USED":
            break
    return -1


def _row(
    rung: Rung, told: Told, at: int, conns: Connections, rules: dict[str, list[str]], words: Words
) -> list[Any]:
    """Give an entry: model.js names the columns."""
    entry, packet = told.entries[at], told.packets[at]
    inside = at if packet is not None else _packet_in(told, at)
    carried = None if inside < 0 else told.packets[inside]
    ring, spans = entry._stood()
    conn = (-1, -1) if carried is None else conns.of(told.entries[inside], carried)
    return [
        rung.number,
        round(rung.time, 9),
        words(rung.kind),
        str(rung.guest),
        rung.to_device,
        words(_clean(rung.words)),
        words(entry.queue or ""),
        entry.head,
        *conn,
        inside,
        None if packet is None else _packet(packet, entry, words),
        _why(why_told(told, at), rules, words),
        int(bool(told.findings[at]) or rung.kind in ("REFUSED", "FAULT")),
        ring and [int(ring[1]) if at == 1 else number for at, number in enumerate(ring)],
        [[hex(s.addr), s.len, s.slot, int(s.indirect), int(s.write)] for s in spans] or 0,
    ]


def scene(
    entries: Sequence[Entry], title: str, *, from_start: bool, captured: Capture | None = None
) -> Scene:
    """Give all that a page shows."""
    cut = {at for at, entry in enumerate(captured or ()) if entry.cut}
    told = Told(entries, from_start=from_start, cut=cut)
    conns, words, rules = Connections(ledgers(entries)), Words(), dict[str, list[str]]()
    rungs = ladder(entries).rungs
    rows = [_row(rung, told, at, conns, rules, words) for at, rung in enumerate(rungs)]
    return {
        "title": _clean(title),
        "captured": captured is not None,
        "start": None if captured is None else captured.start,
        "fields": [list(field) for field in FIELDS],
        "entries": rows,
        "conns": conns.all,
        "rules": rules,
        "words": list(words.numbers),
    }
