# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a Lua guest left in a saved memory (see image.lua), and what Linux sends."""

import json
import sys
from pathlib import Path

import vsk

VECTORS = Path(__file__).resolve().parents[2] / "tests" / "vectors"


def read(queue: vsk.Queue, draw: int = sys.maxsize) -> None:
    """Print every packet of a TX queue; draw out the chains of that many buffers."""
    for chain in queue.device:
        try:
            packet = vsk.Packet.from_tx(chain)
            data = f" {bytes(packet.payload[:30])!r}" if packet.len else ""
            print(f"   {packet}{data}")
            if len(chain.spans) >= draw:
                chain.show()
                packet.show()
        except vsk.PeerError as error:
            print("   refused:", error.status.name, "-", error)
        queue.device.push(chain, 0)


def linux(path: Path) -> vsk.Queue:
    """Lay out the TX chains that a Linux kernel has posted, at its own addresses."""
    posted = [json.loads(line) for line in path.read_text().splitlines()]
    posted = [chain for chain in posted if chain["queue"] == "tx"][:3]
    ends = [(addr, addr + size) for chain in posted for addr, size, _ in chain["descs"]]
    low, high = min(ends)[0], max(ends)[1]
    memory = vsk.Memory(regions=[(0, 65536), (low, high - low)])
    queue = vsk.Queue(memory, size=128)
    for chain in posted:
        data = bytes.fromhex(chain["bytes"])
        for addr, size, _ in chain["descs"]:
            memory.write(addr, data[:size])
            data = data[size:]
        queue.driver.add(
            [(a, n, kind) for a, n, kind in chain["descs"]], indirect=chain["indirect"]
        )
    return queue


guest = vsk.Memory.load(sys.argv[1])
print("The device, in Python, finds the guest's ring and reads:")
read(vsk.Queue(guest, ring=guest.rings[0]), draw=5)
print("From the same loop, what Linux 6.12 has posted:")
read(linux(VECTORS / "linux-6.12-indirect.chains.jsonl"))
