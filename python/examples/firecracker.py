# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
r"""A device that behaves as Firecracker's vsock does, limits and all, for guests and for programs.

    python firecracker.py v.sock v.vsock             # the device, and the socket of uds_path
    socat - UNIX-LISTEN:v.vsock_52                   # guests reach it at port 52
    printf 'CONNECT 52\n' | socat - UNIX:v.vsock     # and this reaches port 52 of a guest

As its source has it (src/vmm/src/devices/virtio/vsock): STREAM only, as all but the newest are, 64
KiB of buffer and 1,023 connections, no features but VERSION_1 and IN_ORDER; ports of the host's own
choice from 2^30; a packet for another CID than 2 gets no answer; no half-close: a program that ends
its sending ends the connection, and one whose guest does so is not told. What is wrong with a
CONNECT, or refused, closes without a word. Not the same: Firecracker reports credit only when the
guest has less than 4 KiB left. Without these limits, and in C: vsk serve --uds.
"""

import asyncio
import itertools
import sys
from asyncio import StreamReader, StreamWriter
from contextlib import suppress

import vsk

Streams = tuple[StreamReader, StreamWriter]
LINE = 32  # bytes of a CONNECT at most


class Firecracker(vsk.Device):
    """Connects its guest with programs on Unix sockets."""

    def __init__(self, uds: str, cid: int = 3) -> None:
        """Keep the path of the programs' sockets."""
        super().__init__(
            cid,
            features=vsk.Feature.VERSION_1 | vsk.Feature.IN_ORDER,
            buf_alloc=65536,
            connections=1023,
            connect_timeout=2.0,
            close_timeout=2.0,
        )
        self.uds = uds
        self.ports = itertools.cycle(range(1 << 30, 1 << 31))
        self.tasks: set[asyncio.Task[None]] = set()

    def on_packet(self, packet: vsk.Packet) -> bool:
        """Drop what is not for the host."""
        return packet.dst_cid == 2

    def on_request(self, conn: vsk.Conn) -> None:
        """Find out first whether a program listens; the guest gets RST where none does."""
        if conn.type is vsk.Type.STREAM:
            conn.defer()
            task = asyncio.create_task(self.to_program(conn))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def to_program(self, conn: vsk.Conn) -> None:
        """Connect the guest to UDS_PORT."""
        try:
            program = await asyncio.open_unix_connection(f"{self.uds}_{conn.local_port}")
        except OSError:
            conn.reset()
            return
        try:
            guest = vsk.accept_connection(conn)
        except vsk.Error:  # the guest has gone meanwhile
            program[1].close()
        else:
            await relay(guest, program)

    async def to_guest(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Connect a program to the port of the guest that it says."""
        try:
            line = await reader.readuntil(b"\n")
            word, port = line.split()
            if word.lower() != b"connect" or len(line) > LINE:
                raise ValueError(line)
            guest = await vsk.open_connection(self, int(port), local_port=next(self.ports))
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            writer.close()
        else:
            writer.write(b"OK %d\n" % guest[1].get_extra_info("sockname")[1])
            await relay(guest, (reader, writer))


async def relay(guest: Streams, program: Streams) -> None:
    """Carry bytes both ways until either is closed."""

    async def to_guest() -> None:
        await copy(program[0], guest[1])
        guest[1].close()

    async def to_program() -> None:
        await copy(guest[0], program[1])
        await guest[1].wait_closed()  # a half-close ends nothing
        program[1].close()

    try:
        await asyncio.gather(to_guest(), to_program())
    except OSError:
        guest[1].transport.abort()
        program[1].close()


async def copy(reader: StreamReader, writer: StreamWriter) -> None:
    """Carry bytes one way."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def main(path: str, uds: str) -> None:
    """Serve until Ctrl-C."""
    device = Firecracker(uds)
    with vsk.serve(device, path) as server:
        async with await asyncio.start_unix_server(device.to_guest, uds, limit=LINE * 1024):
            await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:]))
