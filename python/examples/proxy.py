# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A device between a guest and the host's programs that does both of them harm, by a seed.

    python proxy.py v.sock v.vsock --seed 7 --every 10000
    socat - UNIX-LISTEN:v.vsock_1234       # the program that the guest reaches at port 1234

Put it where vsk serve --uds would stand. After some bytes each way the next ones come late, or
never, or the guest's credit shrinks, or the connection is reset. After how many, and what happens
then, depends on the seed alone, so what one run has found the next one finds again.
"""

import argparse
import asyncio
import random
from asyncio import StreamReader, StreamWriter
from contextlib import suppress

import vsk

KINDS = ("delay", "drop", "shrink", "reset")


class Proxy(vsk.Device):
    """Connects guests to programs, through faults."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Keep what was asked for."""
        super().__init__(options.cid)
        self.options = options
        self.tasks: set[asyncio.Task[None]] = set()
        self.count = 0

    def on_request(self, conn: vsk.Conn) -> None:
        """Find out first whether a program listens; the guest gets RST where none does."""
        if conn.type is vsk.Type.STREAM:
            conn.defer()
            self.count += 1
            task = asyncio.create_task(self.attend(conn, self.count))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def attend(self, conn: vsk.Conn, number: int) -> None:
        """Connect a guest to UDS_PORT, both ways until both have ended."""
        try:
            program = await asyncio.open_unix_connection(f"{self.options.uds}_{conn.local_port}")
        except OSError:
            conn.reset()
            return
        try:
            guest = vsk.accept_connection(conn)
        except vsk.Error:  # the guest has gone meanwhile
            program[1].close()
            return
        up = self.carry(f"{number} up", conn, guest[0], program[1])
        down = self.carry(f"{number} down", conn, program[0], guest[1])
        ways = [asyncio.create_task(up), asyncio.create_task(down)]
        try:
            await asyncio.gather(*ways)
            guest[1].close()
        except (OSError, vsk.Error):
            guest[1].transport.abort()
            for way in ways:
                way.cancel()
        program[1].close()

    async def carry(
        self, way: str, conn: vsk.Conn, reader: StreamReader, writer: StreamWriter
    ) -> None:
        """Carry bytes one way, with a fault after each stretch of them."""
        chance = random.Random(f"{self.options.seed} {way}")
        at = 0
        while True:
            stretch = 1 + int(chance.expovariate(1 / self.options.every))
            kind, size = chance.choice(self.options.faults), chance.randrange(1, 100)
            if await copy(stretch, reader, writer) < stretch:
                break
            at += stretch
            print(f"{way}: byte {at}: {kind} {size}", flush=True)
            if kind == "delay":
                await asyncio.sleep(size / 1000)
            elif kind == "drop":
                at += await copy(size, reader, None)
            elif kind == "shrink":
                conn.buf_alloc = size * 1024
            else:
                raise ConnectionResetError(way)
        writer.write_eof()


async def copy(count: int, reader: StreamReader, writer: StreamWriter | None) -> int:
    """Carry so many bytes, or drop them without a writer; give how many there were."""
    left = count
    while left and (data := await reader.read(min(left, 65536))):
        left -= len(data)
        if writer is not None:
            writer.write(data)
            await writer.drain()
    return count - left


async def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("socket", help="the vhost-user socket, for the guest")
    parser.add_argument("uds", help="programs listen on UDS_PORT")
    parser.add_argument("--cid", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=100_000, help="bytes from fault to fault")
    parser.add_argument("--faults", nargs="+", choices=KINDS, default=KINDS)
    options = parser.parse_args()
    with vsk.serve(Proxy(options), options.socket) as server:
        await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
