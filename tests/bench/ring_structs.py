# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Split rings over a bytearray, as one writes them with struct: a class for each thing.

Read for what it is: guest memory checks every access, a chain is walked at most as often as the
ring has descriptors, and nothing is done twice. No notifications, no indirect tables.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

NEXT, WRITE = 1, 2
U16 = struct.Struct("<H")
DESC = struct.Struct("<QIHH")
USED = struct.Struct("<II")
HEADER = struct.Struct("<QQIIIHHIII")


class Fields(NamedTuple):
    """The ten fields of a header, for those who take them as one tuple."""

    src_cid: int
    dst_cid: int
    src_port: int
    dst_port: int
    len: int
    type: int
    op: int
    flags: int
    buf_alloc: int
    fwd_cnt: int


@dataclass(slots=True)
class Packet:
    """A header's ten fields, and where its payload lies."""

    src_cid: int
    dst_cid: int
    src_port: int
    dst_port: int
    len: int
    type: int
    op: int
    flags: int
    buf_alloc: int
    fwd_cnt: int
    payload: memoryview

    def pack(self) -> bytes:
        return HEADER.pack(*astuple_of(self))


def astuple_of(packet: Packet) -> tuple[int, ...]:
    """Give the ten fields; dataclasses.astuple copies deeply, which takes ten times as long."""
    return (
        packet.src_cid,
        packet.dst_cid,
        packet.src_port,
        packet.dst_port,
        packet.len,
        packet.type,
        packet.op,
        packet.flags,
        packet.buf_alloc,
        packet.fwd_cnt,
    )


class Memory:
    """Guest memory from address 0 on."""

    def __init__(self, image: bytearray) -> None:
        self.image = memoryview(image)

    def view(self, addr: int, length: int) -> memoryview:
        if addr + length > len(self.image):
            raise ValueError(f"no memory at {addr:#x}")
        return self.image[addr : addr + length]

    def u16(self, addr: int) -> int:
        return U16.unpack_from(self.image, addr)[0]

    def set_u16(self, addr: int, value: int) -> None:
        U16.pack_into(self.image, addr, value)


@dataclass(slots=True)
class Desc:
    """A descriptor."""

    addr: int
    len: int
    flags: int
    next: int


class Ring:
    """Where a ring stands."""

    def __init__(self, image: bytearray, ring: Any) -> None:
        self.memory = Memory(image)
        self.size = ring.size
        self.desc = ring.desc
        self.avail = ring.driver
        self.used = ring.device

    def read_desc(self, index: int) -> Desc:
        if index >= self.size:
            raise ValueError(f"no descriptor {index}")
        return Desc(*DESC.unpack_from(self.memory.image, self.desc + DESC.size * index))

    def write_desc(self, index: int, desc: Desc) -> None:
        DESC.pack_into(
            self.memory.image,
            self.desc + DESC.size * index,
            desc.addr,
            desc.len,
            desc.flags,
            desc.next,
        )


class Device(Ring):
    """The device's end: it takes chains, and gives them back."""

    def __init__(self, image: bytearray, ring: Any) -> None:
        super().__init__(image, ring)
        self.last_avail = 0
        self.used_idx = 0

    def pop(self) -> tuple[int, list[Desc]] | None:
        if self.last_avail == self.memory.u16(self.avail + 2):
            return None
        head = self.memory.u16(self.avail + 4 + 2 * (self.last_avail % self.size))
        self.last_avail = (self.last_avail + 1) & 0xFFFF
        chain = [self.read_desc(head)]
        while chain[-1].flags & NEXT:
            if len(chain) == self.size:
                raise ValueError("a loop")
            chain.append(self.read_desc(chain[-1].next))
        return head, chain

    def push(self, head: int, written: int) -> None:
        entry = self.used + 4 + USED.size * (self.used_idx % self.size)
        USED.pack_into(self.memory.image, entry, head, written)
        self.used_idx = (self.used_idx + 1) & 0xFFFF
        self.memory.set_u16(self.used + 2, self.used_idx)

    def chains(self) -> Iterator[tuple[memoryview, memoryview]]:
        """Give header and payload of what the driver has sent, cut as Linux cuts it."""
        while (found := self.pop()) is not None:
            head, (first, *rest) = found
            header = self.memory.view(first.addr, first.len)
            payload = self.memory.view(rest[0].addr, rest[0].len) if rest else header[44:]
            yield header, payload
            self.push(head, 0)

    def packets(self) -> Iterator[Packet]:
        for header, payload in self.chains():
            yield Packet(*HEADER.unpack_from(header), payload)

    def fields(self) -> Iterator[Fields]:
        for header, _ in self.chains():
            yield Fields._make(HEADER.unpack_from(header))

    def send(self, packet: Packet) -> int:
        """Put a packet into the next buffer of one descriptor that the driver has posted."""
        found = self.pop()
        if found is None:
            raise BlockingIOError("no buffer")
        head, (buffer,) = found
        written = HEADER.size + len(packet.payload)
        if not buffer.flags & WRITE or buffer.len < written:
            raise ValueError("too small")
        room = self.memory.view(buffer.addr, written)
        room[: HEADER.size] = packet.pack()
        room[HEADER.size :] = packet.payload
        self.push(head, written)
        return written


class Driver(Ring):
    """The driver's end, with buffers of 256 bytes for each packet."""

    def __init__(self, image: bytearray, ring: Any, buffers: int) -> None:
        super().__init__(image, ring)
        self.buffers = buffers
        self.free = list(range(ring.size - 1, -1, -1))
        self.avail_idx = 0

    def send(self, packet: Packet) -> int:
        """Offer a packet in two descriptors, as Linux cuts it."""
        head = self.free.pop()
        second = self.free.pop()
        addr = self.buffers + 256 * (head // 2)
        size = len(packet.payload)
        self.memory.view(addr, HEADER.size)[:] = packet.pack()
        self.memory.view(addr + 48, size)[:] = packet.payload
        self.write_desc(head, Desc(addr, HEADER.size, NEXT, second))
        self.write_desc(second, Desc(addr + 48, size, 0, 0))
        self.memory.set_u16(self.avail + 4 + 2 * (self.avail_idx % self.size), head)
        self.avail_idx = (self.avail_idx + 1) & 0xFFFF
        self.memory.set_u16(self.avail + 2, self.avail_idx)
        return head
