# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Random operations on both ends of a queue against plain lists.

ring_model.Model(4711, size=3, packed=True, ...).run(1000) raises where an end does not what the
lists say.
"""

import random
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

import vsk
from vsk import Status

ROOM = 1 << 21
PIECES = 5  # buffers of a chain at most
Buffer = tuple[int, int, str]


@dataclass
class Offered:
    """A chain that the driver has offered."""

    head: int
    buffers: list[Buffer]
    indirect: int  # how many of them are in a table
    chain: vsk.Chain | None = None
    written: int = 0

    @property
    def slots(self) -> int:
        return len(self.buffers) - self.indirect + (self.indirect != 0)

    @property
    def writable(self) -> int:
        return sum(size for _, size, kind in self.buffers if kind == "w")


class Model:
    """A queue, and lists of the chains in it."""

    def __init__(
        self, seed: int, size: int, packed: bool, in_order: bool, event_idx: bool, indirect: bool
    ) -> None:
        self.rng = random.Random(f"{seed}/{size}/{packed}/{in_order}/{event_idx}/{indirect}")
        self.memory = vsk.Memory(ROOM)
        self.size, self.packed, self.in_order = size, packed, in_order
        self.indirect = indirect
        self.queue = vsk.Queue(
            self.memory, size, packed=packed, in_order=in_order, event_idx=event_idx,
            indirect=indirect,
        )  # fmt: skip
        self.floor = self.memory.available()
        self.offered: deque[Offered] = deque()  # not popped
        self.held: list[Offered] = []
        self.given: deque[Offered] = deque()  # not published
        self.used: deque[Offered] = deque()  # published, not reaped
        self.count = 0

    def run(self, count: int) -> int:
        acts = [self.add, self.add, self.pop, self.give, self.push, self.publish, self.reap]
        acts += [self.reap, self.suppress, self.out_of_turn]
        for self.count in range(count):
            self.rng.choice(acts)()
            self.check()
        self.drain()
        return self.count + 1

    # ---- the driver's end ----

    @property
    def free(self) -> int:
        taken = [*self.offered, *self.held, *self.given, *self.used]
        return self.size - sum(chain.slots for chain in taken)

    def any_buffers(self) -> list[Buffer]:
        count = self.rng.randint(1, PIECES)
        readable = self.rng.randint(0, count)
        return [
            (self.rng.randrange(1, ROOM - 100), self.rng.randint(1, 100), "rw"[at >= readable])
            for at in range(count)
        ]

    def add(self) -> None:
        buffers = self.any_buffers()
        indirect = 0
        if self.indirect and self.rng.random() < 0.4:
            indirect = len(buffers) if self.packed else self.rng.randint(1, len(buffers))
        wanted = Offered(0, buffers, indirect)
        if len(buffers) > self.size or wanted.slots > self.free:
            status = Status.ERR_LONG if len(buffers) > self.size else Status.ERR_FULL
            self.refused(status, lambda: self.queue.driver.add(buffers, indirect=indirect))
            return
        wanted.head = self.queue.driver.add(buffers, indirect=indirect)
        others = [*self.offered, *self.held, *self.given, *self.used]
        assert wanted.head not in [chain.head for chain in others]
        self.offered.append(wanted)

    def reap(self) -> None:
        back = self.queue.driver.reap()
        if not self.used:
            assert back is None
            return
        chain = self.used.popleft()
        assert back is not None
        assert (back.head, back.written) == (chain.head, chain.written)

    # ---- the device's end ----

    def pop(self) -> None:
        chain = self.queue.device.pop()
        if not self.offered:
            assert chain is None
            return
        wanted = self.offered.popleft()
        assert chain is not None and chain.status is Status.OK
        assert (chain.head, chain.indirect) == (wanted.head, wanted.indirect != 0)
        assert [(span.addr, span.len, "rw"[span.write]) for span in chain] == wanted.buffers
        tables = [span.indirect for span in chain]
        assert tables.count(True) == wanted.indirect and tables == sorted(tables)
        wanted.chain = chain
        self.held.append(wanted)

    def give(self) -> None:
        if not self.held:
            return
        chain = self.held.pop(0 if self.in_order else self.rng.randrange(len(self.held)))
        chain.written = self.rng.choice([0, chain.writable, self.rng.randint(0, chain.writable)])
        assert chain.chain is not None
        self.queue.device.give(chain.chain, chain.written)
        self.given.append(chain)

    def push(self) -> None:
        self.give()
        self.publish()

    def publish(self) -> None:
        self.queue.device.publish()
        self.used.extend(self.given)
        self.given.clear()

    # ---- mistakes and wishes ----

    def refused(self, status: Status, call: object) -> None:
        try:
            call()  # type: ignore[operator]
        except vsk.UsageError as error:
            assert error.status is status
        else:
            raise AssertionError(f"not {status.name}")

    def out_of_turn(self) -> None:
        if not self.held:
            return
        chain = self.held[-1]
        found = chain.chain
        assert found is not None
        self.refused(Status.ERR_WRITTEN, lambda: self.queue.device.give(found, chain.writable + 1))
        if self.in_order and len(self.held) > 1:
            self.refused(Status.ERR_IN_ORDER, lambda: self.queue.device.push(found, 0))
        assert found.held

    def suppress(self) -> None:
        """Ask for notifications: what was not seen is told; then one comes for what follows."""
        driver, device = self.queue.driver, self.queue.device
        side = self.rng.randrange(4)
        if side == 0:
            assert device.enable_kicks() == bool(self.offered)
            driver.should_kick()
            if not self.offered and self.free:
                self.add()
                assert not self.offered or driver.should_kick()
        elif side == 1:
            device.disable_kicks()
            driver.should_kick()
            before = len(self.offered)
            self.add()
            assert before == len(self.offered) or not driver.should_kick()
        elif side == 2:
            self.publish()
            assert driver.enable_interrupts() == bool(self.used)
            device.should_interrupt()
            if not self.used and self.held:
                self.push()
                assert device.should_interrupt()
        else:
            self.publish()
            driver.disable_interrupts()
            device.should_interrupt()
            if self.held:
                self.push()
                assert not device.should_interrupt()

    def check(self) -> None:
        driver, device = self.queue.driver, self.queue.device
        alive = len(self.offered) + len(self.held) + len(self.given) + len(self.used)
        assert (driver.free, driver.outstanding) == (self.free, alive)
        assert device.held == len(self.held)

    def drain(self) -> None:
        """All comes back, and leaves nothing."""
        while self.offered:
            self.pop()
        while self.held:
            self.push()
        self.publish()
        while self.used:
            self.reap()
        self.check()
        assert self.queue.driver.free == self.size
        assert self.memory.available() == self.floor


def run_all(seed: int, packed: bool, count: int) -> int:
    """Run count operations of a format, over all sizes and sets of features."""
    sizes = (1, 2, 3, 8, 255, 256) if packed else (1, 2, 4, 8, 128, 256)
    kinds = [
        (size, in_order, event_idx, indirect)
        for size in sizes
        for in_order in (False, True)
        for event_idx in (False, True)
        for indirect in (False, True)
    ]
    done = 0
    for size, in_order, event_idx, indirect in kinds:
        model = Model(seed, size, packed, in_order, event_idx, indirect)
        try:
            done += model.run(-(-count // len(kinds)))
        except BaseException:
            with suppress(OSError):
                print(f"size {size}, in_order {in_order}, event_idx {event_idx}, "
                      f"indirect {indirect}, operation {model.count}")  # fmt: skip
            raise
    return done
