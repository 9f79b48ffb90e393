# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A virtqueue as it stands in memory, with the owner of every cell."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from vsk._core import Desc
from vsk.errors import UsageError
from vsk.queue import Queue
from vsk.view.data import Cell, Descriptor, Item, Look, Owner

NEXT, INDIRECT = 1, 4
INDEX = 1 << 16
WRAP = 1 << 15
TABLE = 64  # descriptors of an indirect table that are shown at most

Whose = dict[int, tuple[Owner, int, int, bool]]  # by slot: owner, chain, place, last
T = TypeVar("T", Descriptor, Cell, Item)


def look(queue: Queue, name: str = "queue", before: Look | None = None) -> Look:
    """See a queue; what is not as it was at the look before is marked as changed."""
    seen = _packed(queue, name) if queue.packed else _split(queue, name)
    if before is None or (before.packed, before.size) != (seen.packed, seen.size):
        return seen
    return replace(
        seen,
        items=_marked(seen.items, before.items),
        descriptors=_marked(seen.descriptors, before.descriptors),
        available=_marked(seen.available, before.available),
        used=_marked(seen.used, before.used),
    )


def _marked(now: Iterable[T], before: Iterable[T]) -> tuple[T, ...]:
    return tuple(replace(new, changed=new != old) for new, old in zip(now, before, strict=True))


def _table(queue: Queue, desc: Desc) -> tuple[Descriptor, ...]:
    """Read the indirect table that a descriptor points at, as far as it is there."""
    if not desc.flags & INDIRECT:
        return ()
    count = min(desc.len // 16, TABLE)
    try:
        data = queue.memory.read(desc.addr, 16 * count)
    except UsageError:
        return ()
    found = []
    for slot in range(count):
        wire = data[16 * slot : 16 * slot + 16]
        addr, length, one, two = (
            int.from_bytes(wire[start:end], "little")
            for start, end in ((0, 8), (8, 12), (12, 14), (14, 16))
        )
        flags, after = (two, one) if queue.packed else (one, two)
        found.append(Descriptor(slot, addr, length, flags, after, Owner.FREE, None, slot, False))
    return tuple(found)


def _descriptors(queue: Queue, whose: Whose) -> tuple[Descriptor, ...]:
    found = []
    for slot in range(queue.size):
        desc = queue.get_desc(slot)
        owner, chain, place, last = whose.get(slot, (Owner.FREE, None, 0, True))
        table = () if owner is Owner.FREE else _table(queue, desc)
        found.append(Descriptor(slot, *desc, owner, chain, place, last, table))
    return tuple(found)


# ---- split ----


def _between(start: int, end: int) -> list[int]:
    return [(start + i) % INDEX for i in range((end - start) % INDEX)]


def _split(queue: Queue, name: str) -> Look:
    size = queue.size
    _, reaped, popped, _, outstanding = queue._ends
    offered, used = queue.get("avail.idx"), queue.get("used.idx")
    # An index that has gone wild leaves no more cells than there are.
    flying = _between(popped, offered)[:size]
    back = _between(reaped, used)[:size]
    owners = dict.fromkeys(outstanding, Owner.DEVICE)
    owners |= {queue.get("avail.ring", index % size): Owner.AVAILABLE for index in flying}
    owners |= {queue.get("used.ring.id", index % size): Owner.USED for index in back}
    avail_ring = _read(queue, "avail.ring")
    used_ring = _read(queue, "used.ring.id", "used.ring.len")
    # A driver begins with zeros. So anything else in a cell that no chain under way can have, and
    # any end that is ahead of a small index, tells of indices that have passed 65535.
    stale = avail_ring[offered:] + used_ring[offered:]
    lap = offered < size and (max(used, popped, reaped) >= size or any(map(any, stale)))
    return Look(
        name,
        False,
        size,
        _split_items(queue, offered, used, reaped, popped),
        _descriptors(queue, _chains(queue, owners)),
        tuple(_cells(avail_ring, offered, dict.fromkeys(flying, Owner.AVAILABLE), lap, False)),
        tuple(_cells(used_ring, used, dict.fromkeys(back, Owner.USED), lap, True)),
    )


def _chains(queue: Queue, owners: dict[int, Owner]) -> Whose:
    """Follow every chain from its head; one that bites its tail ends there."""
    whose: Whose = {}
    for head, owner in owners.items():
        slot, place = head, 0
        while slot < queue.size and slot not in whose:
            desc = queue.get_desc(slot)
            last = not desc.flags & NEXT
            whose[slot] = owner, head, place, last
            if last:
                break
            slot, place = desc.next, place + 1
    return whose


def _read(queue: Queue, ids: str, lens: str | None = None) -> list[tuple[int, int]]:
    """Read id and length of every cell of a ring."""
    return [
        (queue.get(ids, slot), 0 if lens is None else queue.get(lens, slot))
        for slot in range(queue.size)
    ]


def _cells(
    read: list[tuple[int, int]], end: int, live: dict[int, Owner], lap: bool, lens: bool
) -> Iterator[Cell]:
    """Give every cell its index; None: it was not used yet, as far as one can see."""
    for slot, (head, length) in enumerate(read):
        index = (end - 1 - (end - 1 - slot) % len(read)) % INDEX
        owner = live.get(index, Owner.FREE)
        there = lap or owner is not Owner.FREE or index < end
        yield Cell(slot, index if there else None, head, length if lens else None, owner)


def _split_items(
    queue: Queue, offered: int, used: int, reaped: int, popped: int
) -> tuple[Item, ...]:
    rows = [
        ("avail.idx", offered, "the driver has offered up to here"),
        ("device's next", popped, "the device takes this one next"),
        ("used.idx", used, "the device has used up to here"),
        ("driver's next", reaped, "the driver looks here next"),
        ("avail.used_event", queue.get("avail.used_event"), "behind it the driver is interrupted"),
        ("used.avail_event", queue.get("used.avail_event"), "behind it the device is kicked"),
    ]
    items = [Item(name, value, value % queue.size, None, words) for name, value, words in rows]
    for name, words in (
        ("avail.flags", "1: the driver wants no interrupt"),
        ("used.flags", "1: the device wants no kick"),
    ):
        items.append(Item(name, queue.get(name), None, None, words))
    return tuple(items)


# ---- packed ----


def _distance(start: int, end: int, size: int) -> int:
    """Count the slots from one place to another."""
    lap = size if (start ^ end) & WRAP else 0
    return (end % WRAP) - (start % WRAP) + lap


def _packed(queue: Queue, name: str) -> Look:
    offered, reaped, popped, used, chains = queue._ends
    whose: Whose = {}
    for start, end, owner in (
        (reaped, used, Owner.USED),
        (used, popped, Owner.DEVICE),
        (popped, offered, Owner.AVAILABLE),
    ):
        _stretch(queue, start, _distance(start, end, queue.size), owner, chains, whose)
    rows = [
        ("driver's next", offered, "the driver offers the next list here"),
        ("device's next", popped, "the device takes the next list here"),
        ("device's used", used, "the device writes the next used one here"),
        ("driver's used", reaped, "the driver looks here next"),
    ]
    items = [Item(n, v, v % WRAP, v // WRAP, words) for n, v, words in rows]
    for side, words in (("driver_event", "interrupts"), ("device_event", "kicks")):
        flags = queue.get(f"{side}.flags")
        off, wrap = queue.get(f"{side}.off"), queue.get(f"{side}.wrap")
        items.append(
            Item(f"{side}.flags", flags, None, None, f"{words}: 0 all, 1 none, 2 that of off")
        )
        items.append(Item(f"{side}.off", off, off, wrap, f"{words} behind it, where flags is 2"))
    return Look(name, True, queue.size, tuple(items), _descriptors(queue, whose), (), ())


def _stretch(
    queue: Queue, start: int, many: int, owner: Owner, chains: dict[int, int], whose: Whose
) -> None:
    """Give slots in a row an owner, list by list; the driver remembers how long each is."""
    many, done = min(many, queue.size), 0
    while done < many:
        first = (start % WRAP + done) % queue.size
        # The last of a list has its id, and in a used one the first: that is all that is left.
        length = chains.get(_id(queue, first, owner, many - done), 1)
        length = min(length, many - done)
        for place in range(length):
            slot = (first + place) % queue.size
            whose[slot] = owner, first, place, place == length - 1
        done += length


def _id(queue: Queue, first: int, owner: Owner, most: int) -> int:
    """Find the buffer id of a list: in its last descriptor, of a used one in its first."""
    slot = first
    for _ in range(most if owner is not Owner.USED else 0):
        if not queue.get_desc(slot).flags & NEXT:
            break
        slot = (slot + 1) % queue.size
    return queue.get_desc(slot).next
