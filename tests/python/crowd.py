# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A hostile guest with all the connections it gets: crowd.py SOCKET SEED SECONDS COUNT."""

import contextlib
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

import vsk
from vsk import Op

PORT = 1234
OFFERS = (0, 1, 44, 4096, 1 << 16, 0xFFFFFFFF)


class Crowd:
    """A guest that sends whatever it likes, and reads only what keeps it from sending."""

    def __init__(self, guest: vsk.Guest, seed: int, count: int) -> None:
        self.guest, self.count = guest, count
        self.random = random.Random(seed)
        self.sent = 0

    def tx(self, port: int, op: Op, **fields: Any) -> None:
        while True:
            try:
                self.guest.tx(dst=(2, PORT), src_port=port, op=op, **fields)
            except vsk.Error as error:
                if error.status is not vsk.Status.ERR_FULL:
                    raise
                self.guest._joined().dispatch()
            else:
                self.sent += 1
                return

    def acts(self) -> Iterator[None]:
        """Open them all; flood each; shrink credit; use ports again; end some: over and over."""
        choose = self.random
        while True:
            for port in range(1, self.count + 1):
                yield self.tx(port, Op.REQUEST, buf_alloc=choose.choice(OFFERS))
            for port in range(1, self.count + 1):
                size = choose.choice((1, 44, 1024, 4096, 4097))
                yield self.tx(port, Op.RW, payload=bytes(size), buf_alloc=1 << 16)
            for _ in range(self.count):
                port, op = choose.randint(1, self.count), choose.choice(list(Op))
                yield self.tx(
                    port, op, buf_alloc=choose.choice(OFFERS), fwd_cnt=choose.getrandbits(32)
                )
            for port in range(1, self.count + 1, 2):
                yield self.tx(port, Op.RST)


def main(path: str, seed: int, seconds: float, count: int) -> None:
    end = time.monotonic() + seconds
    with contextlib.suppress(ConnectionError), vsk.attach(path) as guest:
        crowd = Crowd(guest, seed, count)
        for _ in crowd.acts():
            if time.monotonic() >= end:
                break
        print(crowd.sent)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
