# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Checks of lesson 4, chains and cuts."""

from collections.abc import Callable
from typing import Any

from vsk.lesson.verdict import Exercise, Verdict, right, wrong
from vsk.packet import Packet

CUTS = ([44, 5], [49], [10, 34, 3, 2], [7] * 7, [26, 23], [44, 0, 5], [44, 2, 3])
REST = b"what stood there before"


def _cut(wire: bytes, layout: list[int]) -> list[bytes]:
    pieces = []
    for size in layout:
        pieces.append(wire[:size])
        wire = wire[size:]
    return pieces


def payload_of(answer: Any) -> Verdict:
    """Judge a function that gives the payload of a packet in pieces."""
    if not callable(answer):
        return wrong(f"A function is asked for, this is a {type(answer).__name__}.")
    wire = bytes(Packet(src=(3, 1024), dst=(2, 1234), op="RW", payload=b"hello"))
    for layout in CUTS:
        verdict = _gives(answer, _cut(wire, layout), f"Cut as {layout}")
        if verdict is not None:
            return verdict
    for layout in ([44, 5 + len(REST)], [72]):
        pieces = _cut(wire + REST, layout)
        verdict = _gives(answer, pieces, f"With {len(REST)} bytes behind the packet, in {layout}")
        if verdict is not None:
            return verdict
    return right("Join, then read: no boundary of a descriptor means anything.")


def _gives(
    answer: Callable[[list[bytes]], object], pieces: list[bytes], how: str
) -> Verdict | None:
    """Say what is wrong with what a function gives for these pieces; None where nothing is."""
    try:
        found = answer(list(pieces))
    except Exception as error:  # a learner's code
        return wrong(f"{how}, it ends with {type(error).__name__}: {error}.", *FRAMING)
    if found is None:
        return Verdict("to do", "Let payload_of return bytes.")
    if found == b"hello":
        return None
    if isinstance(found, (bytes, bytearray)) and found.endswith(REST):
        return wrong(
            f"{how}, it gives those too. The header's len says how many bytes are payload.",
            "VSOCK-BOTH-08",
        )
    if len(pieces) > 1 and found in (pieces[1], b"".join(pieces[1:])):
        return wrong(
            f"{how}, it gives {found!r}: all from the second piece on. The header does not have "
            "to end with the first.",
            *FRAMING,
        )
    return wrong(f"{how}, it gives {found!r}, not b'hello'.", *FRAMING)


def written(*places: object) -> Verdict:
    """Judge how 49 bytes fall into 20, 24, 2 and 4050."""
    if places == (20, 24, 2, 3):
        return right("Each piece is filled before the next. The used length is their sum, 49.")
    if places == (0, 0, 0, 49):
        return wrong(
            "A device does not look for a piece that holds all: it starts at the first.", *LEN
        )
    if places[:2] == (20, 24):
        return wrong("The header is right. Payload fills the third piece before the fourth.", *LEN)
    if places[0] in (44, 49):
        return wrong(f"The first piece has 20 bytes: {places[0]} would go beyond its end.", *LEN)
    total = sum(place for place in places if isinstance(place, int))
    if total != 49:
        return wrong(f"That are {total} bytes together, and 49 are written.", *LEN)
    return wrong("Fill each piece to its end before the next begins.", *LEN)


def legal(answer: object) -> Verdict:
    """Judge which of the four chains are legal: A and D."""
    if not isinstance(answer, (set, frozenset, list, tuple, str)):
        return wrong('A set of letters is asked for, as {"B", "C"}.')
    letters = {letter for letter in answer if isinstance(letter, str)}
    if "B" in letters:
        return wrong("B: slot 1 goes on with slot 0, so the chain never ends.", "SPLIT-DRV-03")
    if "C" in letters:
        return wrong(
            "C: its second piece is for the device to write. The queue itself could carry that, a "
            "vsock TX chain may not.",
            "VSOCK-DRV-12",
        )
    if "A" not in letters:
        return wrong("A is legal: the header may be cut anywhere, 20 + 24 are 44.", "FRAME-BOTH-01")
    if "D" not in letters:
        return wrong(
            "D is legal: a piece of length 0 is of no use, but no rule forbids it.",
            "FRAME-BOTH-01",
            "SPLIT-DRV-11",
        )
    if letters != {"A", "D"}:
        return wrong(f"{', '.join(sorted(letters - set('ABCD')))}: there is no such chain.")
    return right("A is cut in its header, D has an empty piece, and both hold 44 bytes to be read.")


FRAMING = ("FRAME-DEV-01",)
LEN = ("SPLIT-DEV-09",)
EXERCISES = (
    Exercise("Let payload_of return the payload of the packet in pieces.", payload_of),
    Exercise("Set four numbers: the bytes that are written to each piece.", written, 4),
    Exercise("Set legal to a set of letters.", legal),
)
