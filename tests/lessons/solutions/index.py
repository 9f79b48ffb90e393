# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Lesson 3."""

RIGHT = {
    1: [(2, 3, 1, 2)],
    2: [(lambda avail, taken: (avail - taken) % 65536,), (lambda a, t: (a - t) & 0xFFFF,)],
    3: [(535, 0)],
}

WRONG = {
    1: [
        ((5, 3, 1, 2), "whether it has taken them or not"),
        ((10, 3, 1, 2), "10 do not wait"),
        ((2, 5, 1, 2), "does not work on 5"),
        ((2, 3, 5, 2), "5 were not given back"),
        ((2, 3, 1, 3), "knows of 6 that are out"),
        ((2, 3, 1, 0), "0 are not free"),
    ],
    2: [
        ((3,), "this is a int"),
        ((lambda avail, taken: avail - taken,), "Behind 65535 the index is 0 again"),
        ((lambda avail, taken: abs(avail - taken),), "Without its sign"),
        ((lambda avail, taken: (avail - taken) % 65535,), "There are 65536 numbers"),
        ((lambda avail, taken: (avail - taken) % 4,), "a full queue looks like an empty one"),
        ((lambda avail, taken: avail % 256 - taken % 256,), "size of the queue has no place"),
        ((lambda avail, taken: 3,), "gives 3: 0 wait"),
        ((lambda avail: avail,), "ends with TypeError"),
    ],
    3: [
        ((999, 0), "999 is the last slot"),
        ((65535, 0), "take it modulo 1000"),
        ((535, 536), "0 modulo 1000 is another slot"),
        ((535, 1), "Entry 0 does not stand in slot 1"),
    ],
}
