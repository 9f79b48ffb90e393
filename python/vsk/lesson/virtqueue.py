# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Checks of lesson 2, a virtqueue."""

from vsk.lesson.verdict import Exercise, Verdict, right, wrong
from vsk.queue import Queue

ADDR, LEN, SLOT, WRITE = 0x8000, 4096, 2, 2


def goes_on(answer: object) -> Verdict:
    """Judge where the chain of 00 40 .. 02 00 03 00 goes on: nowhere."""
    if answer == "end":
        return right("The flags are 2, WRITE alone. Without NEXT the number in next means nothing.")
    if answer == 3:
        return wrong(
            "3 does stand in the field next, but it counts only where the flag NEXT (1) is set. "
            "The flags are 02 00.",
            "SPLIT-DRV-12",
        )
    if answer in (0x4000, 0x1000, 2):
        return wrong(
            "That is another field: 8 bytes of address, 4 of length, 2 of flags, 2 of next.",
            "SPLIT-BOTH-05",
        )
    return wrong(f"{answer!r} does not follow: look at flags first, at offset 12.", "SPLIT-BOTH-05")


def used_len(answer: object) -> Verdict:
    """Judge the used length of a packet with 10 bytes of payload in a buffer of 4096."""
    if answer == 54:
        return right("44 bytes of header and 10 of payload were written, of 4096 that were there.")
    if answer == 4096:
        return wrong(
            "That is how long the buffer is. The used length says what the device wrote into it: "
            "the driver takes all of that for data.",
            "SPLIT-DEV-06",
        )
    if answer == 10:
        return wrong("The device wrote the header too: to the queue all bytes are alike.", *LENGTH)
    if answer == 0:
        return wrong("0 is for a chain that the device only read.", *LENGTH)
    return wrong(f"{answer!r} is not what was written: header and payload.", *LENGTH)


def offered(queue: object) -> Verdict:
    """Judge a buffer that was offered by hand."""
    if not isinstance(queue, Queue):
        return wrong(f"The queue itself is asked for, this is a {type(queue).__name__}.")
    idx, head, desc = queue.get("avail.idx"), queue.get("avail.ring", 0), queue.get_desc(SLOT)
    if desc.len == 0 and idx == 0:
        return Verdict("to do", "Describe the buffer, put its slot into the ring, then publish it.")
    if (desc.addr, desc.len) != (ADDR, LEN):
        return wrong(
            f"Slot {SLOT} describes {desc.len} bytes at {desc.addr:#x}: {LEN} at {ADDR:#x} are "
            "asked for.",
            "SPLIT-BOTH-05",
        )
    return _published(idx, head) if desc.flags == WRITE else _flags(desc.flags)


def _flags(flags: int) -> Verdict:
    if flags == 0:
        return wrong(
            "Without the flag WRITE (2) the device may only read the buffer: no packet could "
            "come in it.",
            "VSOCK-DRV-12",
        )
    if flags & 1:
        return wrong(
            "The flag NEXT (1) is set: the device would go on with the slot in next, which "
            "nobody has described.",
            "SPLIT-DRV-12",
        )
    return wrong(f"The flags are {flags}: 2 is WRITE.", "SPLIT-BOTH-05")


def _published(idx: int, head: int) -> Verdict:
    if idx == 0:
        return wrong(
            "The descriptor is right, but avail.idx is still 0: to the device nothing was "
            "offered, and it does not look at the ring.",
            "SPLIT-DRV-02",
        )
    if idx != 1:
        return wrong(
            f"avail.idx is {idx}: it counts the entries that were ever offered, and is no slot. "
            "The device would take entries for offered that nobody has written.",
            "SPLIT-DRV-04",
        )
    if head != SLOT:
        return wrong(
            f"The first entry of the available ring is {head}: the device would start its chain "
            f"there. It has to be the head, slot {SLOT}.",
            "SPLIT-DRV-05",
        )
    return right("Descriptor, ring, index: the device may use it as soon as it sees the index.")


LENGTH = ("SPLIT-DEV-06", "SPLIT-DEV-09")
EXERCISES = (
    Exercise('Set goes_on to a number of a slot, or to "end".', goes_on),
    Exercise("Set used_len to the length that goes into the used ring.", used_len),
    Exercise("Offer the buffer in rx2, and pass the queue.", offered),
)
