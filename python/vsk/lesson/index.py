# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Checks of lesson 3, who owns which index."""

from collections.abc import Callable
from typing import Any

from vsk.lesson.verdict import Exercise, Verdict, right, wrong

# What waits where avail.idx and device's next stand there: in the middle, none, all of the largest
# queue, and across the wrap.
CASES = [(5, 2), (7, 7), (0, 0), (4, 0), (2, 65534), (0, 65535), (32768, 0), (100, 32868)]


def counts(waiting: object, in_work: object, given_back: object, free: object) -> Verdict:
    """Judge what lies between 10, 8, 5 and 4 on a queue of 8."""
    if waiting == 5:
        return wrong(
            "avail.idx less used.idx are the chains that are with the device, whether it has "
            "taken them or not. What waits was not taken: avail.idx less device's next.",
            "SPLIT-DRV-04",
        )
    if waiting != 2:
        return wrong(f"{waiting!r} do not wait: from device's next, 8, to avail.idx, 10.", *COUNT)
    if in_work != 3:
        return wrong(f"It does not work on {in_work!r}: from used.idx, 5, to 8.", *COUNT)
    if given_back != 1:
        return wrong(f"{given_back!r} were not given back: from driver's next, 4, to 5.", *COUNT)
    if free == 3:
        return wrong(
            "That takes the chain that was given back for free. Its descriptor is, but only once "
            "the driver has looked: until then the driver knows of 6 that are out.",
            "SPLIT-DEV-07",
        )
    if free != 2:
        return wrong(f"{free!r} are not free: 10 - 4 of the 8 are not reaped.", *COUNT)
    return right("2, 3 and 1 are out, and the 2 others are free: together the 8 of the queue.")


def count_waiting(answer: Any) -> Verdict:
    """Judge a function that counts what waits."""
    if not callable(answer):
        return wrong(f"A function is asked for, this is a {type(answer).__name__}.")
    for offered, taken in CASES:
        wanted = (offered - taken) % 65536
        found = answer(offered, taken)
        if found is None:
            return Verdict("to do", "Let count_waiting return a number.")
        if found != wanted:
            return _miscounted(answer, offered, taken, found, wanted)
    return right("The difference in 16 bits is right wherever the numbers stand.")


def _miscounted(
    answer: Callable[[int, int], object], offered: int, taken: int, found: object, wanted: int
) -> Verdict:
    said = f"For avail.idx {offered} and device's next {taken} it gives {found!r}: {wanted} wait."
    if found == offered - taken:
        return wrong(
            f"{said} Behind 65535 the index is 0 again: take the difference in 16 bits.",
            "SPLIT-DRV-15",
        )
    if found == abs(offered - taken):
        return wrong(f"{said} Without its sign the difference is another number.", "SPLIT-DRV-15")
    if found == (offered - taken) % 65535:
        return wrong(f"{said} There are 65536 numbers, as 0 is one of them.", "SPLIT-DRV-15")
    sizes = [size for size in (4, 8, 16, 32, 64, 128, 256) if answer(size, 0) == 0]
    if sizes:
        return wrong(
            f"{said} The size of the queue has no place here: modulo the size a full queue looks "
            "like an empty one.",
            "SPLIT-DRV-04",
        )
    return wrong(said, "SPLIT-DRV-04")


def slots(last: object, first: object) -> Verdict:
    """Judge the slots of entries 65535 and 0 of a queue of 1000."""
    if last == 999:
        return wrong("999 is the last slot. Entry 65535 stands in 65535 modulo 1000.", *MODULO)
    if last != 535:
        return wrong(f"Entry 65535 does not stand in slot {last!r}: take it modulo 1000.", *MODULO)
    if first == 536:
        return wrong(
            "536 is where it should be, for the slots to go on. But its number is 0, and 0 modulo "
            "1000 is another slot.",
            *MODULO,
        )
    if first != 0:
        return wrong(f"Entry 0 does not stand in slot {first!r}: take it modulo 1000.", *MODULO)
    return right(
        "The slots would jump from 535 to 0, over entries that are not read. Only where the size "
        "divides 65536 the slots go on, and those sizes are the powers of two."
    )


COUNT = ("SPLIT-DRV-04", "SPLIT-DEV-07")
MODULO = ("SPLIT-DRV-04", "SPLIT-DRV-15")
EXERCISES = (
    Exercise("Set four numbers: what waits, is in work, was given back, is free.", counts, 4),
    Exercise("Let count_waiting return how many chains wait for the device.", count_waiting),
    Exercise("Set two numbers: the slot of entry 65535, and that of entry 0.", slots, 2),
)
