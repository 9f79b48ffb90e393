# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Lesson 4."""


def payload_of(pieces: list[bytes]) -> bytes:
    """Join, then read."""
    wire = b"".join(pieces)
    return wire[44 : 44 + int.from_bytes(wire[24:28], "little")]


def of_the_first(pieces: list[bytes]) -> bytes:
    """Look for the header in the first piece."""
    return b"".join(pieces)[44 : 44 + int.from_bytes(pieces[0][24:28], "little")]


RIGHT = {1: [(payload_of,)], 2: [(20, 24, 2, 3)], 3: [({"A", "D"},), (["D", "A"],), ("AD",)]}

WRONG = {
    1: [
        ((b"hello",), "this is a bytes"),
        ((lambda pieces: pieces[1],), "Cut as [49], it ends with IndexError"),
        ((lambda pieces: pieces[-1],), "Cut as [49], it gives"),
        (
            (lambda pieces: b"".join(pieces[1:]) or payload_of(pieces),),
            "The header does not have to end with the first",
        ),
        ((of_the_first,), "Cut as [10, 34, 3, 2], it gives b''"),
        ((lambda pieces: b"".join(pieces)[44:],), "it gives those too"),
    ],
    2: [
        ((44, 5, 0, 0), "44 would go beyond its end"),
        ((20, 24, 0, 5), "fills the third piece before the fourth"),
        ((0, 0, 0, 49), "a piece that holds all"),
        ((20, 20, 2, 4050), "4092 bytes together"),
        ((19, 25, 2, 3), "to its end before the next"),
    ],
    3: [
        (({"A", "B", "D"},), "the chain never ends"),
        (({"A", "C", "D"},), "for the device to write"),
        (({"D"},), "A is legal"),
        (({"A"},), "D is legal"),
        (({"A", "D", "E"},), "E: there is no such chain"),
        ((4,), "A set of letters"),
    ],
}
