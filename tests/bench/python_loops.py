# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The loops that users write, each beside what they would write without vsk.

Every side begins with the same bytes of guest memory, a split ring of 128 descriptors and 64
packets of 64 bytes, each in the two descriptors that Linux makes, or 64 buffers of 256 bytes. vsk's
side has them in a vsk.Memory, the others in a bytearray. A packet's chain is given back before the
next is taken, and the used index follows each: what a device does that is asked for one packet.
loops.py says what the verbs are.
"""

import ctypes
import statistics
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import vsk

sys.path.insert(0, str(Path(__file__).parent))
import ring_ctypes
import ring_flat
import ring_structs

PACKETS = 64
SIZE = 1 << 16
PAYLOAD = bytes(range(64))
BUFFERS = 1 << 15  # where the other drivers have their packets
PACKET = vsk.Packet(
    src=(3, 49152), dst=(2, 1024), op="RW", buf_alloc=262144, fwd_cnt=70000, payload=PAYLOAD
)
FIELDS = tuple(PACKET.fields())
STRUCTS = ring_structs.Packet(*FIELDS, memoryview(PAYLOAD))
CTYPES = ring_ctypes.Header(*FIELDS)
MEMORY = vsk.Memory(SIZE)

# A round: what is timed, and then what came of it, equal on all sides.
Round = tuple[Callable[[], Any], Callable[[Any], Any]]


def sent() -> vsk.Queue:
    """Make a queue in which the driver has sent its packets."""
    queue = vsk.Queue(MEMORY, 128)
    for _ in range(PACKETS):
        queue.driver.send(PACKET)
    return queue


def posted() -> vsk.Queue:
    """Make a queue in which the driver has posted buffers."""
    queue = vsk.Queue(MEMORY, 128)
    for _ in range(PACKETS):
        queue.driver.post(256)
    return queue


@cache
def image_of(fill: Callable[[], vsk.Queue]) -> tuple[bytes, vsk.Ring]:
    """Give the bytes of a memory with such a queue, and where its ring stands."""
    queue = fill()
    return bytes(MEMORY.view(0, SIZE)), queue.ring


def copied(fill: Callable[[], vsk.Queue]) -> tuple[bytearray, vsk.Ring]:
    """Give a memory of the other sides."""
    image, ring = image_of(fill)
    return bytearray(image), ring


def used(image: Any, ring: vsk.Ring) -> bytes:
    """Give the used ring: index, heads and lengths."""
    return bytes(image[ring.device : ring.device + 4 + 8 * PACKETS])


def wires(image: Any, ring: vsk.Ring) -> list[bytes]:
    """Give the packet in each chain that was made available, in their order."""
    found = ring_structs.Device(bytearray(image), ring)
    texts = []
    while (chain := found.pop()) is not None:
        text = b"".join(found.memory.view(desc.addr, desc.len) for desc in chain[1])
        texts.append(text[: 44 + len(PAYLOAD)])
    return texts


# ---- the device reads ten attributes of each packet ----


def read_all(packets: Any) -> tuple[int, ...]:
    for p in packets:
        src_cid = p.src_cid
        dst_cid = p.dst_cid
        src_port = p.src_port
        dst_port = p.dst_port
        length = p.len
        kind = p.type
        op = p.op
        flags = p.flags
        buf_alloc = p.buf_alloc
        fwd_cnt = p.fwd_cnt
    return (src_cid, dst_cid, src_port, dst_port, length, kind, op, flags, buf_alloc, fwd_cnt)


def read_headers(packets: Any) -> tuple[int, ...]:
    return read_all(header for header, _ in packets)


def attributes_vsk() -> Round:
    tx = sent()
    return lambda: read_all(tx.device.packets()), lambda got: (got, used(view(), tx.ring))


def attributes_struct() -> Round:
    image, ring = copied(sent)
    device = ring_structs.Device(image, ring)
    return lambda: read_all(device.packets()), lambda got: (got, used(image, ring))


def attributes_flat() -> Round:
    image, ring = copied(sent)
    return lambda: ring_flat.receive_named(image, ring), lambda got: (got, used(image, ring))


def attributes_ctypes() -> Round:
    image, ring = copied(sent)
    device = ring_ctypes.Device(image, ring)
    return lambda: read_headers(device.packets()), lambda got: (got, used(image, ring))


# ---- the device takes the header as one tuple ----


def fields_vsk() -> Round:
    tx = sent()

    def work() -> tuple[int, ...]:
        for p in tx.device.packets():
            fields = p.fields()
        return tuple(fields)

    return work, lambda got: (got, used(view(), tx.ring))


def fields_struct() -> Round:
    image, ring = copied(sent)
    device = ring_structs.Device(image, ring)

    def work() -> tuple[int, ...]:
        for p in device.fields():
            fields = p
        return tuple(fields)

    return work, lambda got: (got, used(image, ring))


def fields_flat() -> Round:
    image, ring = copied(sent)
    return lambda: ring_flat.receive(image, ring), lambda got: (got, used(image, ring))


def fields_trusting() -> Round:
    image, ring = copied(sent)
    return lambda: ring_flat.trusting(image, ring), lambda got: (got, used(image, ring))


# ---- the device sends ----


def reply_vsk() -> Round:
    rx = posted()

    def work() -> None:
        for _ in range(PACKETS):
            rx.device.send(PACKET)

    return work, lambda _: (used(view(), rx.ring), wires(view(), rx.ring))


def reply_struct() -> Round:
    image, ring = copied(posted)
    device = ring_structs.Device(image, ring)

    def work() -> None:
        for _ in range(PACKETS):
            device.send(STRUCTS)

    return work, lambda _: (used(image, ring), wires(image, ring))


def reply_flat() -> Round:
    image, ring = copied(posted)

    def work() -> None:
        ring_flat.reply(image, ring, FIELDS, PAYLOAD, PACKETS)

    return work, lambda _: (used(image, ring), wires(image, ring))


def reply_ctypes() -> Round:
    image, ring = copied(posted)
    device = ring_ctypes.Device(image, ring)

    def work() -> None:
        for _ in range(PACKETS):
            device.send(CTYPES, PAYLOAD)

    return work, lambda _: (used(image, ring), wires(image, ring))


# ---- the driver sends ----


def empty() -> vsk.Queue:
    """Make a queue of nothing."""
    return vsk.Queue(MEMORY, 128)


def offer_vsk() -> Round:
    tx = empty()

    def work() -> None:
        for _ in range(PACKETS):
            tx.driver.send(PACKET)

    return work, lambda _: wires(view(), tx.ring)


def offer_struct() -> Round:
    image, ring = copied(empty)
    driver = ring_structs.Driver(image, ring, BUFFERS)

    def work() -> None:
        for _ in range(PACKETS):
            driver.send(STRUCTS)

    return work, lambda _: wires(image, ring)


def offer_flat() -> Round:
    image, ring = copied(empty)

    def work() -> None:
        ring_flat.offer(image, ring, BUFFERS, FIELDS, PAYLOAD, PACKETS)

    return work, lambda _: wires(image, ring)


def offer_ctypes() -> Round:
    image, ring = copied(empty)
    driver = ring_ctypes.Driver(image, ring, BUFFERS)

    def work() -> None:
        for _ in range(PACKETS):
            driver.send(CTYPES, PAYLOAD)

    return work, lambda _: wires(image, ring)


# ---- a device with hooks echoes what a guest sends: nobody writes that with struct ----


class Echo(vsk.Device):
    def on_request(self, conn: vsk.Conn) -> None:
        conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.send(data)


@cache
def talk() -> vsk.Conn:
    """Connect a guest to an echo in a lab; Conn keeps both."""
    return vsk.Lab(Echo(cid=3)).guest.connect(2, 1234)


def echo_vsk() -> Round:
    stream = talk()

    def work() -> bytes:
        for _ in range(PACKETS):
            stream.send(PAYLOAD)
            data = stream.recv_exactly(len(PAYLOAD))
        return data

    return work, lambda data: data


def view() -> memoryview:
    return MEMORY.view(0, SIZE)


LOOPS: dict[str, dict[str, Callable[[], Round]]] = {
    "tx packets, ten attributes": {
        "vsk": attributes_vsk,
        "struct": attributes_struct,
        "flat": attributes_flat,
        "flat, unchecked": fields_trusting,
        "ctypes": attributes_ctypes,
    },
    "tx packets, fields as one tuple": {
        "vsk": fields_vsk,
        "struct": fields_struct,
        "flat": fields_flat,
        "flat, unchecked": fields_trusting,
    },
    "rx send": {
        "vsk": reply_vsk,
        "struct": reply_struct,
        "flat, unchecked": reply_flat,
        "ctypes": reply_ctypes,
    },
    "tx driver send": {
        "vsk": offer_vsk,
        "struct": offer_struct,
        "flat": offer_flat,
        "ctypes": offer_ctypes,
    },
    "lab echo, 64 bytes there and back": {"vsk": echo_vsk},
}


def check() -> None:
    """Compare what the sides of each loop have read and written."""
    for name, sides in LOOPS.items():
        found = {}
        for side, prepare in sides.items():
            work, outcome = prepare()
            found[side] = outcome(work())
        for side, outcome in found.items():
            assert outcome == found["vsk"], f"{name}: {side} differs"


def measured(rounds: int) -> list[tuple[str, str, float]]:
    """Time all sides of a loop in turn, and then the next loop; ns for a packet, the median."""
    medians = []
    for name, sides in LOOPS.items():
        times: dict[str, list[int]] = {side: [] for side in sides}
        for _ in range(rounds):
            for side, prepare in sides.items():
                work, _outcome = prepare()
                start = time.perf_counter_ns()
                work()
                times[side].append(time.perf_counter_ns() - start)
                del work, _outcome
        for side, each in times.items():
            medians.append((name, side, statistics.median(each) / PACKETS))
    return medians


def called(work: Callable[[], Any]) -> None:
    """Call it by ctypes, which calls ffi_call for it: nothing else here does."""
    ctypes.PYFUNCTYPE(ctypes.py_object)(work)()


def main(verb: str, *words: str) -> None:
    if verb == "check":
        check()
    elif verb == "time":
        for figure in measured(int(words[0])):
            print(*figure, sep="\t")
    elif verb == "count":
        for name in words[1:]:
            for _ in range(int(words[0])):
                work, _outcome = LOOPS[name]["vsk"]()
                called(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
