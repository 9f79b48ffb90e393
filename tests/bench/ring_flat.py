# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The same rings by hand: no classes, no calls but struct's, all names local.

receive and receive_named check what a device has to check of a driver that it does not trust, as
vsk does; trusting, reply and offer check nothing: who knows the layout of the memory and trusts
the other side writes no faster loop with struct.
"""

import struct
from typing import Any

U16 = struct.Struct("<H")
DESC = struct.Struct("<QIHH")
USED = struct.Struct("<II")
HEADER = struct.Struct("<QQIIIHHIII")


def receive(image: bytearray, ring: Any) -> Any:
    """Take what the driver has sent, in at most two descriptors each."""
    size, table, avail, used = ring.size, ring.desc, ring.driver, ring.device
    u16, set_u16 = U16.unpack_from, U16.pack_into
    desc, header, give = DESC.unpack_from, HEADER.unpack_from, USED.pack_into
    end = len(image)
    last = 0
    while True:
        (index,) = u16(image, avail + 2)
        if index == last:
            break
        if (index - last) & 0xFFFF > size:
            raise ValueError("the index jumps")
        slot = last % size
        (head,) = u16(image, avail + 4 + 2 * slot)
        if head >= size:
            raise ValueError("no such descriptor")
        addr, room, flags, after = desc(image, table + 16 * head)
        if flags & 6 or room < 44 or addr + room > end:
            raise ValueError("no header there")
        fields = header(image, addr)
        payload, held = addr + 44, room - 44
        if flags & 1:
            if after >= size:
                raise ValueError("no such descriptor")
            payload, held, flags, after = desc(image, table + 16 * after)
            if flags & 7 or payload + held > end:
                raise ValueError("no payload there")
        if fields[4] > held or fields[4] > 65536:
            raise ValueError("len lies")
        give(image, used + 4 + 8 * slot, head, 0)
        last = (last + 1) & 0xFFFF
        set_u16(image, used + 2, last)
    return fields


def receive_named(image: bytearray, ring: Any) -> Any:
    """Do the same with ten names instead of a tuple."""
    size, table, avail, used = ring.size, ring.desc, ring.driver, ring.device
    u16, set_u16 = U16.unpack_from, U16.pack_into
    desc, header, give = DESC.unpack_from, HEADER.unpack_from, USED.pack_into
    end = len(image)
    last = 0
    while True:
        (index,) = u16(image, avail + 2)
        if index == last:
            break
        if (index - last) & 0xFFFF > size:
            raise ValueError("the index jumps")
        slot = last % size
        (head,) = u16(image, avail + 4 + 2 * slot)
        if head >= size:
            raise ValueError("no such descriptor")
        addr, room, flags, after = desc(image, table + 16 * head)
        if flags & 6 or room < 44 or addr + room > end:
            raise ValueError("no header there")
        (
            src_cid,
            dst_cid,
            src_port,
            dst_port,
            length,
            kind,
            op,
            bits,
            buf_alloc,
            fwd_cnt,
        ) = header(image, addr)
        payload, held = addr + 44, room - 44
        if flags & 1:
            if after >= size:
                raise ValueError("no such descriptor")
            payload, held, flags, after = desc(image, table + 16 * after)
            if flags & 7 or payload + held > end:
                raise ValueError("no payload there")
        if length > held or length > 65536:
            raise ValueError("len lies")
        give(image, used + 4 + 8 * slot, head, 0)
        last = (last + 1) & 0xFFFF
        set_u16(image, used + 2, last)
    return (src_cid, dst_cid, src_port, dst_port, length, kind, op, bits, buf_alloc, fwd_cnt)


def trusting(image: bytearray, ring: Any) -> Any:
    """Take what the driver has sent, in two descriptors each, and believe it."""
    size, table, avail, used = ring.size, ring.desc, ring.driver, ring.device
    u16, set_u16 = U16.unpack_from, U16.pack_into
    desc, header, give = DESC.unpack_from, HEADER.unpack_from, USED.pack_into
    last = 0
    (end,) = u16(image, avail + 2)
    while last != end:
        slot = last % size
        (head,) = u16(image, avail + 4 + 2 * slot)
        addr, _, flags, after = desc(image, table + 16 * head)
        fields = header(image, addr)
        if flags & 1:
            payload, held, _, _ = desc(image, table + 16 * after)
        give(image, used + 4 + 8 * slot, head, 0)
        last = (last + 1) & 0xFFFF
        set_u16(image, used + 2, last)
    assert held == fields[4], f"{held} bytes at {payload}"
    return fields


def reply(image: bytearray, ring: Any, fields: tuple[int, ...], payload: bytes, count: int) -> None:
    """Put a packet into each of as many buffers of one descriptor."""
    size, table, avail, used = ring.size, ring.desc, ring.driver, ring.device
    u16, set_u16 = U16.unpack_from, U16.pack_into
    desc, header, give = DESC.unpack_from, HEADER.pack_into, USED.pack_into
    written = 44 + len(payload)
    for last in range(count):
        slot = last % size
        (head,) = u16(image, avail + 4 + 2 * slot)
        addr, _, _, _ = desc(image, table + 16 * head)
        header(image, addr, *fields)
        image[addr + 44 : addr + written] = payload
        give(image, used + 4 + 8 * slot, head, written)
        set_u16(image, used + 2, (last + 1) & 0xFFFF)


def offer(
    image: bytearray, ring: Any, buffers: int, fields: tuple[int, ...], payload: bytes, count: int
) -> None:
    """Offer as many packets in two descriptors each, as Linux cuts them."""
    size, table, avail = ring.size, ring.desc, ring.driver
    set_u16, desc, header = U16.pack_into, DESC.pack_into, HEADER.pack_into
    length = len(payload)
    free = list(range(size - 1, -1, -1))
    for last in range(count):
        head = free.pop()
        second = free.pop()
        addr = buffers + 128 * head
        header(image, addr, *fields)
        image[addr + 48 : addr + 48 + length] = payload
        desc(image, table + 16 * head, addr, 44, 1, second)
        desc(image, table + 16 * second, addr + 48, length, 0, 0)
        set_u16(image, avail + 4 + 2 * (last % size), head)
        set_u16(image, avail + 2, (last + 1) & 0xFFFF)
