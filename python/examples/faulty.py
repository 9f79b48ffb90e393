# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Faults in front of another device: what guests send comes late, or in part, or brings a reset.

    SEED=1 FAULTS=drop vsk linux faulty.py --exec 'head -c 1M /dev/zero | vsock-cat 2 99 | wc -c'
    SEED=1 FAULTS='delay shrink reset' EVERY=10000 vsk serve faulty.py --socket v.sock

The other device is echo.py here; put yours in its place. After how many bytes of a stream something
goes wrong, and what, depends on the seed and the number of the connection, however packets are cut.
"""

import os
import random
import sys

from echo import Echo

import vsk

SEED = os.environ.get("SEED", "0")
EVERY = int(os.environ.get("EVERY", "100000"))  # bytes from fault to fault
FAULTS = os.environ.get("FAULTS", "delay drop shrink reset").split()


class Plan:
    """What goes wrong next on a connection, and after how many bytes."""

    def __init__(self, number: int) -> None:
        """Begin a connection."""
        self.number = number
        self.chance = random.Random(f"{SEED} {number}")
        self.lost = 0  # bytes that are still to be dropped
        self.draw()

    def draw(self) -> None:
        """Choose the next fault."""
        self.left = 1 + int(self.chance.expovariate(1 / EVERY))
        self.fault = self.chance.choice(FAULTS)
        self.size = self.chance.randrange(1, 100)


class Faulty(Echo):
    """Stands between the guest and the device that it is made of."""

    def __init__(self, cid: int = 3) -> None:
        """Begin without connections."""
        super().__init__(cid)
        self.plans: dict[vsk.Conn, Plan] = {}
        self.count = 0

    def on_request(self, conn: vsk.Conn) -> None:
        """Plan for a stream, whatever the other device says to it."""
        if conn.type is vsk.Type.STREAM:
            self.count += 1
            self.plans[conn] = Plan(self.count)
        super().on_request(conn)

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        """Pass on what comes up to the next fault, do that, and so on."""
        plan = self.plans.get(conn)
        if plan is None:
            super().on_data(conn, data)
            return
        while data and conn.state is vsk.State.ESTABLISHED:
            if plan.lost:
                dropped = min(plan.lost, len(data))
                plan.lost -= dropped
                data = data[dropped:]
            elif plan.left:
                piece, data = data[: plan.left], data[plan.left :]
                plan.left -= len(piece)
                super().on_data(conn, piece)
            else:
                self.harm(conn, plan)

    def harm(self, conn: vsk.Conn, plan: Plan) -> None:
        """Let something go wrong."""
        print(f"connection {plan.number}: {plan.fault} {plan.size}", file=sys.stderr)
        if plan.fault == "delay":
            conn.pause()
            self.after(plan.size / 1000, conn.resume)
        elif plan.fault == "drop":
            plan.lost = plan.size
        elif plan.fault == "shrink":
            conn.buf_alloc = plan.size * 1024
        elif plan.fault == "reset":
            conn.reset()
        plan.draw()

    def on_close(self, conn: vsk.Conn) -> None:
        """Forget it."""
        self.plans.pop(conn, None)
        super().on_close(conn)
