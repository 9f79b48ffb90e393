# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Lesson 2."""

import vsk


def offered(
    addr: int = 0x8000, size: int = 4096, flags: int = 2, head: int = 2, idx: int = 1
) -> tuple[vsk.Queue]:
    """A queue to which one buffer was offered by hand."""
    queue = vsk.Queue(vsk.Memory(1 << 16), size=4, indirect=False, event_idx=False)
    queue.set_desc(2, addr, size, flags)
    queue.set("avail.ring", head, 0)
    queue.set("avail.idx", idx)
    return (queue,)


RIGHT = {1: [("end",)], 2: [(54,)], 3: [offered()]}

WRONG = {
    1: [
        ((3,), "counts only where the flag NEXT (1) is set"),
        ((0x1000,), "another field"),
        ((1,), "does not follow"),
    ],
    2: [
        ((4096,), "how long the buffer is"),
        ((10,), "wrote the header too"),
        ((0,), "only read"),
        ((44,), "not what was written"),
    ],
    3: [
        ((1,), "this is a int"),
        (offered(addr=0x800), "4096 bytes at 0x800: 4096 at 0x8000 are asked for"),
        (offered(flags=0), "may only read the buffer"),
        (offered(flags=3), "NEXT (1) is set"),
        (offered(flags=6), "The flags are 6"),
        (offered(idx=0), "avail.idx is still 0"),
        (offered(idx=2), "is no slot"),
        (offered(head=0), "The first entry of the available ring is 0"),
    ],
}
