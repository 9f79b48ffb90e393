# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Answers to lesson 10."""

from collections.abc import Callable
from typing import Any

Read = Callable[[int], Any]
Parts = list[tuple[int, int]]


def walk(read: Read, head: int, size: int) -> Parts:
    parts: Parts = []
    while len(parts) < size:
        if head >= size:
            raise ValueError("outside")
        desc = read(head)
        parts.append((desc.addr, desc.len))
        if not desc.flags & 1:
            return parts
        head = desc.next
    raise ValueError("a loop")


def with_a_set(read: Read, head: int, size: int) -> Parts:
    parts, seen = [], set()
    while True:
        if head >= size or head in seen:
            raise ValueError("broken")
        seen.add(head)
        desc = read(head)
        parts.append((desc.addr, desc.len))
        if not desc.flags & 1:
            return parts
        head = desc.next


def without_a_budget(read: Read, head: int, size: int) -> Parts:
    parts = []
    while True:
        if head >= size:
            raise ValueError("outside")
        desc = read(head)
        parts.append((desc.addr, desc.len))
        if not desc.flags & 1:
            return parts
        head = desc.next


def only_its_own_next(read: Read, head: int, size: int) -> Parts:
    parts = []
    while head < size:
        desc = read(head)
        parts.append((desc.addr, desc.len))
        if not desc.flags & 1:
            return parts
        if desc.next == head:
            break
        head = desc.next
    raise ValueError("broken")


def without_bounds(read: Read, head: int, size: int) -> Parts:
    parts: Parts = []
    while len(parts) < size:
        desc = read(head)
        parts.append((desc.addr, desc.len))
        if not desc.flags & 1:
            return parts
        head = desc.next
    raise ValueError("a loop")


def one_too_few(read: Read, head: int, size: int) -> Parts:
    parts: Parts = []
    while len(parts) < size - 1:
        if head >= size:
            raise ValueError("outside")
        desc = read(head)
        parts.append((desc.addr, desc.len))
        if not desc.flags & 1:
            return parts
        head = desc.next
    raise ValueError("a loop")


def without_flags(read: Read, head: int, size: int) -> Parts:
    parts: Parts = []
    while len(parts) < size:
        if head >= size:
            raise ValueError("outside")
        desc = read(head)
        parts.append((desc.addr, desc.len))
        if not desc.next:
            return parts
        head = desc.next
    raise ValueError("a loop")


def twice(read: Read, head: int, size: int) -> Parts:
    parts: Parts = []
    while len(parts) < size:
        if head >= size:
            raise ValueError("outside")
        parts.append((read(head).addr, read(head).len))
        desc = read(head)
        if not desc.flags & 1:
            return parts
        head = desc.next
    raise ValueError("a loop")


def stops(read: Read, head: int, size: int) -> Parts:
    try:
        return walk(read, head, size)
    except ValueError:
        return []


RIGHT: dict[int, list[tuple[object, ...]]] = {
    1: [("RST", "nothing", "nothing", "RST")],
    2: [(walk,), (with_a_set,)],
    3: [("B",)],
}

WRONG: dict[int, list[tuple[tuple[object, ...], str]]] = {
    1: [
        (("nothing", "nothing", "nothing", "RST"), "has to hear that it is over"),
        (("RST", "RST", "nothing", "RST"), "would never stop"),
        (("RST", "nothing", "RST", "RST"), "a CID that has not sent this"),
        (("RST", "nothing", "nothing", "nothing"), "need not wait for its own timer"),
        (("RST", "nothing", "keep", "RST"), "every chain goes back"),
        (("RST", "nothing", "drop", "RST"), "'drop' is none"),
    ],
    2: [
        ((without_a_budget,), "With a descriptor that is its own next it never ends"),
        ((only_its_own_next,), "With two descriptors in a circle it never ends"),
        ((without_bounds,), "it reads descriptor 8 of a table of 8"),
        ((one_too_few,), "for a chain of all descriptors"),
        ((without_flags,), "without the flag NEXT"),
        ((twice,), "reads descriptor 3 more than once"),
        ((stops,), "It takes a descriptor that is its own next for a chain"),
        (([],), "Hand over the function itself"),
    ],
    3: [
        (("A",), "nothing is taken back"),
        (("C",), "The device knows its own buffer"),
        (("D",), 'Answer "A", "B" or "C"'),
    ],
}
