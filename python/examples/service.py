# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An asyncio service with many connections: names and values that guests set, get and wait for.

    python service.py v.sock                                   # until Ctrl-C
    echo 'SET colour blue' | vsk guest v.sock connect 6000
    echo 'GET colour' | vsk guest v.sock connect 6000          # prints blue

A socket has one guest at a time, and that one as many connections as it likes. Each is a task with
a reader and a writer, as from asyncio.start_server. WAIT instead of GET answers as soon as another
connection sets the name; a task that waits holds up nobody.
"""

import asyncio
import sys
from contextlib import suppress

import vsk

PORT = 6000
PATIENCE = 60.0  # seconds of a WAIT, whose guest may have gone


class Names:
    """What guests have set, for all of them."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.values: dict[str, str] = {}
        self.changed = asyncio.Condition()

    async def answer(self, verb: str, name: str, value: str) -> str:
        """Do what one line asks for."""
        if verb == "SET" and name:
            async with self.changed:
                self.values[name] = value
                self.changed.notify_all()
            return "OK"
        if verb == "WAIT" and name:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.known(name), PATIENCE)
        if verb in ("GET", "WAIT"):
            return self.values.get(name, "")
        return "SET NAME VALUE, GET NAME or WAIT NAME"

    async def known(self, name: str) -> None:
        """Wait until somebody has set a name."""
        async with self.changed:
            await self.changed.wait_for(lambda: name in self.values)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one guest's connection until it ends; longer lines than its limit end it too."""
        with suppress(OSError, ValueError):
            while line := await reader.readline():
                words = line.decode(errors="replace").rstrip("\n").split(" ", 2)
                verb, name, value = (*words, "", "")[:3]
                writer.write(f"{await self.answer(verb, name, value)}\n".encode())
                await writer.drain()  # waits where the guest does not read
        writer.close()


async def main(path: str) -> None:
    """Serve a device, and a port of it."""
    device = vsk.Device()
    with vsk.serve(device, path) as server:
        await vsk.start_server(Names().serve, device, PORT, limit=4096)
        await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1]))
