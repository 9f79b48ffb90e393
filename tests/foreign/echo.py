# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A program that echoes on a Unix socket: python -m tests.foreign.echo PATH."""

import asyncio
import contextlib
import sys


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send back what comes."""
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def main() -> None:
    """Listen."""
    server = await asyncio.start_unix_server(echo, sys.argv[1])
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
