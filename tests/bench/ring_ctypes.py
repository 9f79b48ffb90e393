# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The same rings with ctypes: structures laid over the bytearray."""

import ctypes
from collections.abc import Iterator
from typing import Any

NEXT, WRITE = 1, 2


class Header(ctypes.LittleEndianStructure):
    _pack_ = 1
    _fields_ = (
        ("src_cid", ctypes.c_uint64),
        ("dst_cid", ctypes.c_uint64),
        ("src_port", ctypes.c_uint32),
        ("dst_port", ctypes.c_uint32),
        ("len", ctypes.c_uint32),
        ("type", ctypes.c_uint16),
        ("op", ctypes.c_uint16),
        ("flags", ctypes.c_uint32),
        ("buf_alloc", ctypes.c_uint32),
        ("fwd_cnt", ctypes.c_uint32),
    )


class Desc(ctypes.LittleEndianStructure):
    _fields_ = (
        ("addr", ctypes.c_uint64),
        ("len", ctypes.c_uint32),
        ("flags", ctypes.c_uint16),
        ("next", ctypes.c_uint16),
    )


class UsedElem(ctypes.LittleEndianStructure):
    _fields_ = (("id", ctypes.c_uint32), ("len", ctypes.c_uint32))


def structures(size: int) -> tuple[Any, Any]:
    """Make the types of a ring's two other parts."""

    class Avail(ctypes.LittleEndianStructure):
        _fields_ = (
            ("flags", ctypes.c_uint16),
            ("idx", ctypes.c_uint16),
            ("ring", ctypes.c_uint16 * size),
        )

    class Used(ctypes.LittleEndianStructure):
        _fields_ = (
            ("flags", ctypes.c_uint16),
            ("idx", ctypes.c_uint16),
            ("ring", UsedElem * size),
        )

    return Avail, Used


AVAIL_AND_USED = {128: structures(128)}


class Ring:
    """Where a ring stands."""

    def __init__(self, image: bytearray, ring: Any) -> None:
        avail, used = AVAIL_AND_USED[ring.size]
        self.image = image
        self.bytes = memoryview(image)
        self.size = ring.size
        self.desc = (Desc * ring.size).from_buffer(image, ring.desc)
        self.avail = avail.from_buffer(image, ring.driver)
        self.used = used.from_buffer(image, ring.device)


class Device(Ring):
    """The device's end."""

    def __init__(self, image: bytearray, ring: Any) -> None:
        super().__init__(image, ring)
        self.last_avail = 0

    def push(self, head: int, written: int) -> None:
        element = self.used.ring[self.used.idx % self.size]
        element.id = head
        element.len = written
        self.used.idx += 1

    def packets(self) -> Iterator[tuple[Header, memoryview]]:
        """Give header and payload of what the driver has sent, cut as Linux cuts it."""
        while self.last_avail != self.avail.idx:
            head = self.avail.ring[self.last_avail % self.size]
            self.last_avail = (self.last_avail + 1) & 0xFFFF
            desc = self.desc[head]
            header = Header.from_buffer(self.image, desc.addr)
            if desc.flags & NEXT:
                desc = self.desc[desc.next]
                payload = self.bytes[desc.addr : desc.addr + desc.len]
            else:
                payload = self.bytes[desc.addr + 44 : desc.addr + desc.len]
            yield header, payload
            self.push(head, 0)

    def send(self, header: Header, payload: bytes) -> int:
        """Put a packet into the next buffer of one descriptor that the driver has posted."""
        if self.last_avail == self.avail.idx:
            raise BlockingIOError("no buffer")
        head = self.avail.ring[self.last_avail % self.size]
        self.last_avail = (self.last_avail + 1) & 0xFFFF
        buffer = self.desc[head]
        written = 44 + len(payload)
        if not buffer.flags & WRITE or buffer.len < written:
            raise ValueError("too small")
        addr = buffer.addr
        self.bytes[addr : addr + 44] = bytes(header)
        self.bytes[addr + 44 : addr + written] = payload
        self.push(head, written)
        return written


class Driver(Ring):
    """The driver's end, with buffers of 256 bytes for each packet."""

    def __init__(self, image: bytearray, ring: Any, buffers: int) -> None:
        super().__init__(image, ring)
        self.buffers = buffers
        self.free = list(range(ring.size - 1, -1, -1))

    def send(self, header: Header, payload: bytes) -> int:
        """Offer a packet in two descriptors, as Linux cuts it."""
        head = self.free.pop()
        second = self.free.pop()
        addr = self.buffers + 128 * head
        size = len(payload)
        self.bytes[addr : addr + 44] = bytes(header)
        self.bytes[addr + 48 : addr + 48 + size] = payload
        self.desc[head] = (addr, 44, NEXT, second)
        self.desc[second] = (addr + 48, size, 0, 0)
        self.avail.ring[self.avail.idx % self.size] = head
        self.avail.idx += 1
        return head
