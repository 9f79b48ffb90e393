# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Chains that Linux kernels have posted, laid out where they stood.

Run as a program it prints a line for each chain and for each packet of the files given:
C and Lua print the same (tests/core/print_vectors.c, tests/lua/print_vectors.lua).
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import vsk

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
FILES = sorted(VECTORS.glob("*.chains.jsonl"))
RINGS = (0x100000, 0x10000)  # a region for the ring and the indirect table


@dataclass
class Recorded:
    """One line of a file: a chain as the driver posted it."""

    tx: bool
    indirect: bool
    buffers: list[tuple[int, int, str]]
    data: bytes

    def post(self) -> vsk.Queue:
        """Put the chain on a fresh ring in a memory with a region for each cluster."""
        queue = vsk.Queue(vsk.Memory(regions=[RINGS, *self.clusters()], fill=0xAA), event_idx=False)
        data = self.data
        for addr, size, _ in self.buffers if self.tx else []:
            queue.memory.write(addr, data[:size])
            data = data[size:]
        queue.driver.add(self.buffers, indirect=self.indirect)
        return queue

    def clusters(self) -> list[tuple[int, int]]:
        """Give the ranges of buffers that touch."""
        found: list[tuple[int, int]] = []
        for addr, size, _ in sorted(self.buffers):
            if found and addr <= sum(found[-1]):
                first = found[-1][0]
                found[-1] = (first, max(sum(found[-1]), addr + size) - first)
            else:
                found.append((addr, size))
        return found


def recorded(path: Path) -> Iterator[Recorded]:
    """Read the chains of a file."""
    for line in path.read_text().splitlines():
        chain = json.loads(line)
        buffers = [(addr, size, kind) for addr, size, kind in chain["descs"]]
        data = bytes.fromhex(chain.get("bytes", ""))
        yield Recorded(chain["queue"] == "tx", chain["indirect"], buffers, data)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        for entry in recorded(Path(name)):
            for popped in entry.post().device:
                print("tx" if entry.tx else "rx", popped)
                if entry.tx:
                    print(vsk.Packet.from_tx(popped))
