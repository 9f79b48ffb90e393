# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""First inputs: recorded chains and captures, and what the tests do, as the targets read them."""

import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
VECTORS = TESTS / "vectors"
STREAM, SEQPACKET = 0, 8
REQUEST, RESPONSE, RST, SHUTDOWN, RW, CREDIT_UPDATE, CREDIT_REQUEST = range(1, 8)


def of(name: str) -> list[bytes]:
    """All seeds of a target."""
    return list(SEEDS[name]())


# ---- recorded by real kernels


def descriptor(length: int, flags: int, follows: int) -> bytes:
    """A descriptor of the chain target, behind the buffer before it."""
    return struct.pack(">BHB", flags | 1 << 5, length & 0xFFFF, follows)


def chain_input(chain: dict[str, object], packed: bool) -> bytes:
    """A recorded chain: its cut, its direction, and the packet's bytes."""
    buffers: list[list[object]] = chain["descs"]  # type: ignore[assignment]
    rx = chain["queue"] == "rx"
    kind = packed | 2 | 4 * rx | 0x10 * packed | 0x20
    listed = b""
    for number, (_, length, write) in enumerate(buffers[:8]):
        last = number + 1 == len(buffers[:8])
        flags = (0 if last else 1) | (2 if write == "w" else 0)
        listed += descriptor(min(int(str(length)), 0x700), flags, number + 1)
    empty = descriptor(0, 0, 0)
    if chain["indirect"]:
        # The table has len 16 x count, at the address of choice 1.
        outer = bytes([4 | 1 << 3 | 2 << 5, min(len(buffers), 8), 0])
        ring = outer + empty * 15
        table = listed + empty * (8 - min(len(buffers), 8))
    else:
        ring = listed + empty * (16 - min(len(buffers), 8))
        table = empty * 8
    size = 15 if packed else 4
    data = bytes.fromhex(str(chain.get("bytes", "")))[:600]
    return bytes([kind, size, 0, 24, 100, 0]) + b"\0" * 10 + ring + table + data


def chains() -> Iterator[bytes]:
    """Recorded chains, those of each shape once."""
    seen = set()
    for file in sorted(VECTORS.glob("*.chains.jsonl")):
        for line in file.read_text().splitlines():
            chain = json.loads(line)
            lengths = tuple(length for _, length, _ in chain["descs"])
            shape = (chain["queue"], chain["indirect"], len(lengths), lengths[:1])
            if shape in seen:
                continue
            seen.add(shape)
            yield chain_input(chain, False)
            yield chain_input(chain, True)


def captures() -> Iterator[bytes]:
    """The first records of recorded captures, and a pcapng file by hand."""
    for file in sorted(VECTORS.glob("*.pcap")):
        content = file.read_bytes()
        for size in (24, 200, 700, 1500):
            yield b"\0" + content[:size]
        yield b"\x05" + content[:500]
    section = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    interface = struct.pack("<IIHHIHHB3xHHI", 1, 32, 271, 0, 262144, 9, 1, 9, 0, 0, 32)
    header = struct.pack("<QQIIIHHIII", 3, 2, 1024, 1234, 5, 1, 5, 0, 262144, 0)
    monitor = struct.pack("<QQIIHHHH", 3, 2, 1024, 1234, 5, 2, 44, 0)
    data = monitor + header + b"hello"
    body = struct.pack("<IIIII", 0, 0, 1000, len(data), len(data)) + data
    body += b"\0" * (-len(body) % 4) + struct.pack("<HH4sHH", 1, 4, b"note", 0, 0)
    packet = struct.pack("<II", 6, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
    yield b"\0" + section + interface + packet
    yield b"\x02" + section + interface + packet + packet


def dials() -> Iterator[bytes]:
    """Every line of test_dial.c."""
    text = (TESTS / "vhost" / "test_dial.c").read_text()
    for literal in sorted(set(re.findall(r'"((?:[^"\\]|\\.)*\\n)"', text))):
        line = literal.encode().decode("unicode_escape").encode("latin-1")
        yield b"\0" + line
        yield b"\x04" + line


# ---- operations, as the tests of the core do them


def packet(op: int, kind: int = STREAM, length: int = 0, cut: int = 43) -> bytes:
    """A packet from a peer: header, then how it is cut."""
    body = bytes([op | kind, 0]) + (bytes([length]) if op == RW else b"")
    return body + bytes([cut])


def roles(first: bytes, post: bytes, take: bytes, run: int, ask: int) -> Iterator[bytes]:
    """Conversations: connect from either side, data, credit, the end."""
    for kind in (STREAM, SEQPACKET):
        peer = [
            first + packet(op, kind, 100)
            for op in (REQUEST, RESPONSE, RW, CREDIT_REQUEST, CREDIT_UPDATE, SHUTDOWN, RST)
        ]
        go = bytes([run, 0, 0])
        hello, agree, data, please, credit, shut, reset = (part + go for part in peer)
        connect = bytes([ask, 5, 0x40 if kind == STREAM else 0x80]) + go
        send = bytes([ask, 0, 0, 4, 10]) + go
        close = bytes([ask, 2, 0, 2]) + go
        yield post * 3 + hello + data + please + take + send + close + shut + reset
        yield post * 3 + connect + agree + send + credit + take + data + close + reset
        yield post + hello + data + data + bytes([ask, 4, 0, 9]) + shut + take
        yield post + data + reset + hello + hello + bytes([15, 8, 0]) + go


def devices() -> Iterator[bytes]:
    """A guest by hand, on each format of ring."""
    for form in (0, 7, 1, 9, 8, 0x30, 0x36):
        for talk in roles(b"\0", b"\4\x31", bytes([14, 10]), 7, 10):
            yield bytes([form, 0]) + talk
        yield bytes([form, 1]) + b"\6\0\4\x31\0\1\0\x2b\7\0\0" + b"\x0f\7\0" + b"\7\0\0"


def drivers() -> Iterator[bytes]:
    """A device by hand, on each format of ring."""
    for form in (0, 7, 1, 9, 8, 0x30, 0x46, 0xF7):
        for talk in roles(b"\0", b"", b"\4\0", 7, 9):
            yield bytes([form, 0]) + talk
        yield bytes([form, 1]) + b"\6\0\0\7\0\0\x0f\2\x80\7\0\x0f\0\x0f\1"


def queues() -> Iterator[bytes]:
    """Chains there and back, in order and out of order, with and without an account."""
    add, pop, give, push, reap = b"\0\0\1\5\x20", b"\2", b"\4\0\0", b"\5\0\0", b"\6"
    for form in range(16):
        for more in (0, 0x20):
            yield bytes([form | more, 8]) + (add + pop + push + reap) * 3
            yield bytes([form | more, 4]) + add * 3 + pop * 2 + give + push + b"\7\5" + reap * 3
    yield b"\0\x08" + add + b"\x09\x00" + pop + b"\x0b\0\0\x0b\x80\0" + add + pop + push


def labs() -> Iterator[bytes]:
    """Two guests that connect, send and close, under each fault."""
    talk = b"\0\1\6\x40\0\0\2\0\0\0\4\x20\6\xff\0\0\0\2\1\0\0\0\4\x20\6\xff" + b"\0" * 20
    for form in (0, 1, 7, 9, 0x17, 0x22, 0xC7):
        for fault in (0, 1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0xFF):
            yield bytes([form, 0, fault]) + talk + b"\x75\6\x10\5\x10" + talk


def users() -> Iterator[bytes]:
    """Sessions: each request once, and packets once all is said."""
    from_guest = b"\4\1" + packet(REQUEST)[:2] + b"\0\7"
    for form in (0, 2, 3, 4, 6):
        yield bytes([form]) + from_guest + b"\4\0\1\0\1\7" + from_guest
        for request in range(28):
            yield bytes([form, 0, request, 1, 1, 0, 0, 0, 7])
            yield bytes([form, 7, 0, request, 3, 1, 1, 0, 0, 7, 4, 0, 1, 0, 0, 7])


SEEDS = {
    "capture": captures,
    "chain": chains,
    "device": devices,
    "dial": dials,
    "driver": drivers,
    "lab": labs,
    "queue": queues,
    "vhost_user": users,
}
