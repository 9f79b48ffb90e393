# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Every way a chain, a header or a ring can be wrong, by the status that names it."""

import struct
from collections.abc import Callable
from typing import Any

import pytest
from formats import FORMATS, PACKED

import vsk
from vsk import Status

NEXT, WRITE, INDIRECT = 1, 2, 4
AVAIL, USED = 0x80, 0x8000  # of a packed ring
NOWHERE = 0xFFFF_FFFF_0000
TABLE = 0x8000  # where the cases put indirect tables and buffers
DATA = 0x9000
FILL = 0xAA

Case = Callable[[vsk.Queue], None]


def offer(queue: vsk.Queue, *descs: tuple[int, ...]) -> None:
    """Write descriptors from slot 0 on and offer slot 0; in a packed ring, the list of id 0."""
    for slot, desc in enumerate(descs):
        queue.set_desc(slot, *desc)
    for _ in descs if queue.packed else descs[:1]:
        queue.driver.offer(0)


def table(queue: vsk.Queue, *descs: tuple[int, int, int, int], size: int | None = None) -> None:
    """Write an indirect table and offer a descriptor that points at it."""
    flags_last = ((addr, len, next, flags) for addr, len, flags, next in descs)
    entries = flags_last if queue.packed else descs
    data = b"".join(struct.pack("<QIHH", *desc) for desc in entries)
    queue.memory.write(TABLE, data)
    offer(queue, (TABLE, len(data) if size is None else size, INDIRECT))


def header(**fields: int) -> bytes:
    return bytes(vsk.Packet(op="RW", **fields))  # type: ignore[arg-type]


def payload(queue: vsk.Queue, data: bytes) -> None:
    queue.memory.write(DATA, data)
    offer(queue, (DATA, len(data)))


TX_SPLIT: dict[str, tuple[Status, Case]] = {
    "next outside the table": (Status.BAD_NEXT, lambda q: table(q, (DATA, 44, NEXT, 1))),
    "loop in the table": (Status.BAD_LOOP, lambda q: table(q, (DATA, 1, NEXT, 0))),
    "next outside": (Status.BAD_NEXT, lambda q: offer(q, (DATA, 44, NEXT, 16))),
    "next far outside": (Status.BAD_NEXT, lambda q: offer(q, (DATA, 44, NEXT, 65535))),
    "points at itself": (Status.BAD_LOOP, lambda q: offer(q, (DATA, 1, NEXT, 0))),
    "loop of two": (Status.BAD_LOOP, lambda q: offer(q, (DATA, 1, NEXT, 1), (DATA, 1, NEXT, 0))),
    "nested": (Status.BAD_NESTED, lambda q: table(q, (TABLE, 16, INDIRECT, 0))),
    "17 buffers in a queue of 16": (
        Status.BAD_LONG,
        lambda q: table(q, *[(DATA, 1, NEXT, i + 1) for i in range(16)], (DATA, 44, 0, 0)),
    ),
}
TX_PACKED: dict[str, tuple[Status, Case]] = {
    "indirect behind a buffer": (
        Status.BAD_INDIRECT_NEXT,
        lambda q: offer(q, (DATA, 28, NEXT), (TABLE, 16, INDIRECT)),
    ),
    # A flag that means nothing in a table: a buffer of 16 bytes.
    "nested": (Status.BAD_SHORT, lambda q: table(q, (TABLE, 16, INDIRECT, 0))),
    "32769 buffers in a table": (
        Status.BAD_LONG,
        lambda q: offer(q, (TABLE, 32769 * 16, INDIRECT)),
    ),
}
TX_CASES: dict[str, tuple[Status, Case]] = {
    "no memory": (Status.BAD_ADDRESS, lambda q: offer(q, (NOWHERE, 44))),
    "end outside": (Status.BAD_ADDRESS, lambda q: offer(q, (0xFFFF0, 44))),
    "wraps": (Status.BAD_ADDRESS, lambda q: offer(q, (2**64 - 16, 44))),
    "readable last": (
        Status.BAD_ORDER,
        lambda q: offer(q, (DATA, 44, NEXT | WRITE, 1), (DATA, 44)),
    ),
    "readable last, both empty": (
        Status.BAD_ORDER,
        lambda q: offer(q, (DATA, 0, NEXT | WRITE, 1), (DATA, 0)),
    ),
    "more than 2^32": (
        Status.BAD_TOTAL,
        lambda q: offer(q, (0, 2, NEXT, 1), (0, 2**32 - 1)),
    ),
    "indirect with next": (
        Status.BAD_INDIRECT_NEXT,
        lambda q: offer(q, (TABLE, 16, INDIRECT | NEXT, 1), (DATA, 44)),
    ),
    "empty table": (Status.BAD_TABLE_LEN, lambda q: table(q, (DATA, 44, 0, 0), size=0)),
    "odd table": (Status.BAD_TABLE_LEN, lambda q: table(q, (DATA, 44, 0, 0), size=17)),
    "table nowhere": (Status.BAD_TABLE_ADDRESS, lambda q: offer(q, (NOWHERE, 16, INDIRECT))),
    "table half outside": (Status.BAD_TABLE_ADDRESS, lambda q: offer(q, (0xFFFF0, 32, INDIRECT))),
    "writable in TX": (
        Status.BAD_TX_WRITABLE,
        lambda q: offer(q, (DATA, 44, NEXT, 1), (DATA, 44, WRITE)),
    ),
    "43 bytes": (Status.BAD_SHORT, lambda q: offer(q, (DATA, 43))),
    "nothing": (Status.BAD_SHORT, lambda q: offer(q, (DATA, 0))),
    "len beyond the chain": (Status.BAD_LEN, lambda q: payload(q, header(len=6) + b"five!")),
    "len beyond the limit": (Status.BAD_LIMIT, lambda q: payload(q, header(len=65537))),
    "largest len": (Status.BAD_LIMIT, lambda q: payload(q, header(len=2**32 - 1))),
}


def cases(
    both: dict[str, tuple[Status, Case]],
    split: dict[str, tuple[Status, Case]],
    packed: dict[str, tuple[Status, Case]],
) -> list[Any]:
    """Every case on every format that it is one for: status, case, format."""
    return [
        pytest.param(*found, form, id=f"{word}, {name}")
        for word, form in FORMATS.items()
        for name, found in (both | (packed if form.get("packed") else split)).items()
    ]


def queue_of_16(form: dict[str, bool] | None = None) -> vsk.Queue:
    memory = vsk.Memory(1 << 20, fill=FILL)
    queue = vsk.Queue(memory, size=16, **(form or {}))
    assert queue.ring.device + 256 < TABLE
    return queue


@pytest.mark.parametrize(("status", "case", "form"), cases(TX_CASES, TX_SPLIT, TX_PACKED))
def test_a_tx_chain_is_refused_by_the_rule_it_breaks(
    status: Status, case: Case, form: dict[str, bool]
) -> None:
    queue = queue_of_16(form)
    case(queue)
    before = queue.memory.read(0, 1 << 20)
    chain = queue.device.pop()
    assert chain is not None

    with pytest.raises(vsk.PeerError) as error:
        vsk.Packet.from_tx(chain)

    assert error.value.status is status
    assert f"[{status.clause}]" in str(error.value)
    assert queue.memory.read(0, 1 << 20) == before, "looking changes nothing"
    queue.device.push(chain, 0)
    assert queue.device.held == 0 and queue.device.pop() is None


@pytest.mark.parametrize(("status", "case", "form"), cases(TX_CASES, TX_SPLIT, TX_PACKED))
def test_the_queue_goes_on_behind_a_bad_chain(
    status: Status, case: Case, form: dict[str, bool]
) -> None:
    queue = queue_of_16(form)
    case(queue)
    queue.memory.write(DATA + 0x1000, header(src_port=77))
    slot = 15
    if queue.packed:
        slot = next(at for at in range(16) if not queue.get("desc.flags", at) & AVAIL)
    queue.set_desc(slot, DATA + 0x1000, 44)
    queue.driver.offer(15)
    packets = queue.device.packets()

    with pytest.raises(vsk.PeerError) as error:
        next(packets)

    assert error.value.status is status
    assert next(packets).src_port == 77


RX_CASES: dict[str, tuple[Status, Case]] = {
    "readable in RX": (
        Status.BAD_RX_READABLE,
        lambda q: offer(q, (DATA, 4, NEXT, 1), (DATA, 100, WRITE)),
    ),
    "43 bytes": (Status.BAD_RX_SHORT, lambda q: offer(q, (DATA, 43, WRITE))),
    "nothing": (Status.BAD_RX_SHORT, lambda q: offer(q, (DATA, 0, WRITE))),
    "no memory": (Status.BAD_ADDRESS, lambda q: offer(q, (NOWHERE, 100, WRITE))),
}


@pytest.mark.parametrize(("status", "case", "form"), cases(RX_CASES, {}, {}))
def test_an_rx_chain_is_refused_by_the_rule_it_breaks(
    status: Status, case: Case, form: dict[str, bool], hello: vsk.Packet
) -> None:
    for use in (lambda q: vsk.Packet.into_rx(q.device.pop()), lambda q: q.device.send(hello)):
        queue = queue_of_16(form)
        case(queue)
        data = queue.memory.read(DATA, 0x1000)

        with pytest.raises(vsk.PeerError) as error:
            use(queue)

        assert error.value.status is status
        assert queue.memory.read(DATA, 0x1000) == data


@pytest.mark.parametrize("form", PACKED.values(), ids=list(PACKED))
def test_a_packed_table_may_be_longer_than_the_ring(form: dict[str, bool]) -> None:
    queue = queue_of_16(form)
    queue.memory.write(DATA, header(len=5) + b"hello")
    table(queue, *[(DATA + at, 2, 0, 0) for at in range(0, 48, 2)], (DATA + 48, 1, 0, 0))

    assert [bytes(p.payload) for p in queue.device.packets()] == [b"hello"]


BROKEN_LISTS: dict[str, Case] = {
    "nothing available behind it": lambda q: offer(q, (DATA, 44, NEXT)),
    "no end": lambda q: offer(q, *[(DATA, 44, NEXT)] * 16),
    "a fault, and no end": lambda q: offer(q, *[(NOWHERE, 44, NEXT)] * 16),
    "it runs into a chain that is held": lambda q: run_into_itself(q),
}


def run_into_itself(queue: vsk.Queue) -> None:
    """Hold a chain, and offer a list of all other slots that goes on."""
    queue.driver.add([(DATA, 44, "r")])
    assert queue.device.pop() is not None
    for slot in range(1, 16):
        queue.set_desc(slot, DATA, 1, NEXT)
        queue.driver.offer(0)
    queue.set("desc.flags", 0x8000, 0)


@pytest.mark.parametrize("form", PACKED.values(), ids=list(PACKED))
@pytest.mark.parametrize("name", BROKEN_LISTS)
def test_a_list_without_an_end_leaves_nothing_to_go_on_from(
    name: str, form: dict[str, bool], hello: vsk.Packet
) -> None:
    queue = queue_of_16(form)
    BROKEN_LISTS[name](queue)
    held = queue.device.held

    for _ in range(3):
        with pytest.raises(vsk.PeerError) as error:
            queue.device.pop()
        assert error.value.status is Status.BAD_LIST
        assert queue.device.held == held
    assert f"[{Status.BAD_LIST.clause}]" in str(error.value)


def test_a_bad_rx_chain_goes_back_when_a_packet_is_sent(
    hello: vsk.Packet, form: dict[str, bool]
) -> None:
    queue = queue_of_16(form)
    queue.driver.add([(DATA, 43, "w")])
    queue.driver.post(100)

    with pytest.raises(vsk.PeerError):
        queue.device.send(hello)

    assert queue.device.send(hello) == 49
    assert [used.written for used in queue.driver.used()] == [0, 49]


def test_indirect_is_refused_where_it_was_not_negotiated(
    mem: vsk.Memory, form: dict[str, bool]
) -> None:
    queue = vsk.Queue(mem, size=16, indirect=False, **form)
    table(queue, (DATA, 44, 0, 0))

    # SPLITIND-DRV-01
    with pytest.raises(vsk.PeerError) as error:
        next(queue.device.packets())

    assert error.value.status is Status.BAD_INDIRECT
    with pytest.raises(vsk.UsageError) as mine:
        queue.driver.send(vsk.Packet(), indirect=True)
    assert mine.value.status is Status.ERR_INDIRECT


def test_a_head_outside_the_table_is_passed_over(hello: vsk.Packet) -> None:
    queue = queue_of_16()
    queue.driver.offer(16)
    queue.driver.send(hello)

    # SPLIT-DRV-05
    with pytest.raises(vsk.PeerError) as error:
        queue.device.pop()

    assert error.value.status is Status.BAD_HEAD
    assert [bytes(p.payload) for p in queue.device.packets()] == [b"hello"]


@pytest.mark.parametrize("ahead", [17, 32768, 65535])
def test_an_available_idx_that_jumps_is_refused(ahead: int) -> None:
    queue = queue_of_16()
    queue.memory.write(queue.ring.driver + 2, ahead.to_bytes(2, "little"))

    for _ in range(3):
        # SPLIT-DRV-06
        with pytest.raises(vsk.PeerError) as error:
            queue.device.pop()
        assert error.value.status is Status.BAD_AVAIL_IDX
    assert "went back, or ahead by more than the queue size [SPLIT-DRV-06]" in str(error.value)

    queue.memory.write(queue.ring.driver + 2, b"\0\0")
    assert queue.device.pop() is None


def used(queue: vsk.Queue, idx: int, head: int, written: int) -> None:
    """Write a used element into slot 0 and the used idx, as a hostile device does."""
    queue.memory.write(queue.ring.device + 2, struct.pack("<HII", idx, head, written))


@pytest.mark.parametrize(
    ("idx", "head", "written", "status"),
    [
        (2, 0, 0, Status.BAD_USED_IDX),
        (65535, 0, 0, Status.BAD_USED_IDX),
        (1, 1, 0, Status.BAD_USED_ID),
        (1, 16, 0, Status.BAD_USED_ID),
        (1, 2**32 - 1, 0, Status.BAD_USED_ID),
        (1, 0, 101, Status.BAD_USED_LEN),
        (1, 0, 2**32 - 1, Status.BAD_USED_LEN),
    ],
)
def test_a_used_ring_that_lies_is_refused(
    idx: int, head: int, written: int, status: Status
) -> None:
    for use in (lambda q: q.driver.reap(), lambda q: next(q.driver.packets())):
        queue = queue_of_16()
        queue.driver.post(100)
        used(queue, idx, head, written)

        with pytest.raises(vsk.PeerError) as error:
            use(queue)

        assert error.value.status is status


@pytest.mark.parametrize(
    ("id", "written", "status"),
    [
        (1, 0, Status.BAD_USED_ID),
        (16, 0, Status.BAD_USED_ID),
        (65535, 0, Status.BAD_USED_ID),
        (0, 101, Status.BAD_USED_LEN),
        (0, 2**32 - 1, Status.BAD_USED_LEN),
    ],
)
@pytest.mark.parametrize("form", PACKED.values(), ids=list(PACKED))
def test_a_used_descriptor_that_lies_is_refused(
    id: int, written: int, status: Status, form: dict[str, bool]
) -> None:
    for use in (lambda q: q.driver.reap(), lambda q: next(q.driver.packets())):
        queue = queue_of_16(form)
        queue.driver.post(100)
        queue.set_desc(0, 0, written, AVAIL | USED | WRITE, id)

        with pytest.raises(vsk.PeerError) as error:
            use(queue)

        assert error.value.status is status
        assert queue.driver.reap() is None


def test_what_a_packed_device_says_without_write_is_not_written() -> None:
    queue = queue_of_16({"packed": True})
    queue.driver.post(100)
    queue.set_desc(0, 0, 77, AVAIL | USED, 0)

    back = queue.driver.reap()

    assert back is not None and back.written == 0


@pytest.mark.parametrize("written", [0, 43])
def test_a_used_len_below_44_is_no_packet(written: int, form: dict[str, bool]) -> None:
    queue = queue_of_16(form)
    queue.driver.post(100)
    before = queue.memory.available()
    if queue.packed:
        queue.set_desc(0, 0, written, AVAIL | USED | WRITE, 0)
    else:
        used(queue, 1, 0, written)

    # SPLIT-DRV-08
    with pytest.raises(vsk.PeerError) as error:
        next(queue.driver.packets())

    assert error.value.status is Status.BAD_SHORT
    assert queue.driver.free == 16 and queue.memory.available() > before


def test_bytes_behind_the_used_len_are_not_read(form: dict[str, bool]) -> None:
    queue = queue_of_16(form)
    queue.driver.post(100)
    chain = queue.device.pop()
    assert chain is not None
    queue.memory.write(chain.spans[0].addr, header(len=5) + b"hello")
    queue.device.push(chain, 48)

    with pytest.raises(vsk.PeerError) as error:
        next(queue.driver.packets())

    # SPLIT-DRV-07, SPLIT-DRV-08
    assert error.value.status is Status.BAD_LEN


def test_a_ring_rewritten_by_the_device_does_not_mislead_the_driver(
    hello: vsk.Packet, form: dict[str, bool]
) -> None:
    queue = queue_of_16(form)
    queue.driver.post(100, layout=[44, 56])
    assert queue.device.send(hello) == 49
    # In a packed ring the device's word stands in the first descriptor.
    if queue.packed:
        queue.set("desc.addr", NOWHERE)
    else:
        queue.set_desc(0, NOWHERE, 2**32 - 1, NEXT | WRITE, 9)
    queue.set_desc(1, NOWHERE, 2**32 - 1, NEXT | WRITE | AVAIL, 9)

    assert [bytes(p.payload) for p in queue.driver.packets()] == [b"hello"]


USAGE: dict[str, tuple[Status, Case]] = {
    "nothing to add": (Status.ERR_EMPTY, lambda q: void(q.driver.add([]))),
    "order": (Status.ERR_ORDER, lambda q: void(q.driver.add([(0, 1, "w"), (0, 1, "r")]))),
    "length": (
        Status.ERR_LENGTH,
        lambda q: void(q.driver.add([(0, 2**32 - 1, "r"), (0, 2, "r")])),
    ),
    "long": (Status.ERR_LONG, lambda q: void(q.driver.add([(0, 1, "r")] * 17))),
    "kind": (Status.ERR_ARGUMENT, lambda q: void(q.driver.add([(0, 1, "x")]))),
    "indirect count": (
        Status.ERR_ARGUMENT,
        lambda q: void(q.driver.add([(0, 1, "r")], indirect=2)),
    ),
    "layout too short": (
        Status.ERR_LAYOUT,
        lambda q: void(q.driver.send(vsk.Packet(payload=b"five!"), layout=[44, 4])),
    ),
    "layout of nothing": (Status.ERR_LAYOUT, lambda q: void(q.driver.send(vsk.Packet(), []))),
    "layout with 0": (
        Status.ERR_LAYOUT,
        lambda q: void(q.driver.send(vsk.Packet(), layout=[0, 44])),
    ),
    "layout of 17": (
        Status.ERR_LONG,
        lambda q: void(q.driver.send(vsk.Packet(), layout=[28] + [1] * 16)),
    ),
    "post of 0": (Status.ERR_LAYOUT, lambda q: void(q.driver.post(0))),
    "post and layout differ": (
        Status.ERR_LAYOUT,
        lambda q: void(q.driver.post(100, layout=[44, 55])),
    ),
    "no memory left": (Status.ERR_POOL, lambda q: void(q.driver.post(1 << 20))),
}


def void(value: object) -> None:
    del value


USAGE_PACKED: dict[str, tuple[Status, Case]] = {
    "a table behind a buffer": (
        Status.ERR_MIXED,
        lambda q: void(q.driver.add([(0, 1, "r")] * 3, indirect=2)),
    ),
}


@pytest.mark.parametrize(("status", "case", "form"), cases(USAGE, {}, USAGE_PACKED))
def test_a_callers_mistake_is_named_and_changes_nothing(
    status: Status, case: Case, form: dict[str, bool]
) -> None:
    queue = queue_of_16(form)
    before = queue.memory.available(), queue.memory.read(0, TABLE)

    with pytest.raises(vsk.UsageError) as error:
        case(queue)

    assert error.value.status is status
    assert (queue.memory.available(), queue.memory.read(0, TABLE)) == before
    assert queue.driver.free == 16 and queue.device.pop() is None


def test_a_chain_is_given_back_once_and_to_its_own_queue(
    hello: vsk.Packet, form: dict[str, bool]
) -> None:
    queue, other = queue_of_16(form), queue_of_16(form)
    queue.driver.send(hello)
    other.driver.send(hello)
    chain, foreign = queue.device.pop(), other.device.pop()
    assert chain is not None and foreign is not None

    queue.device.push(chain, 0)

    for wrong in (chain, foreign):
        with pytest.raises(vsk.UsageError) as error:
            queue.device.push(wrong, 0)
        assert error.value.status is Status.ERR_HELD
    assert len(list(queue.driver.used())) == 1
    assert other.driver.reap() is None


def test_a_reset_makes_held_chains_void(hello: vsk.Packet, form: dict[str, bool]) -> None:
    queue = queue_of_16(form)
    queue.driver.send(hello)
    chain = queue.device.pop()
    assert chain is not None

    queue.device.reset()

    with pytest.raises(vsk.UsageError) as error:
        queue.device.push(chain, 0)
    assert error.value.status is Status.ERR_HELD and not chain.held


def test_more_than_the_chain_holds_is_never_reported(
    hello: vsk.Packet, form: dict[str, bool]
) -> None:
    queue = queue_of_16(form)
    queue.driver.post(100)
    chain = queue.device.pop()
    assert chain is not None

    with pytest.raises(vsk.UsageError) as error:
        queue.device.push(chain, 101)

    # SPLIT-DEV-09
    assert error.value.status is Status.ERR_WRITTEN
    assert chain.held
    queue.device.push(chain, 100)


def test_an_error_says_where(hello: vsk.Packet, form: dict[str, bool]) -> None:
    queue = queue_of_16(form)
    queue.driver.send(hello)
    queue.driver.add([(DATA, 10, "r"), (NOWHERE, 34, "r")], indirect=True)
    packets = queue.device.packets()
    next(packets)

    # RSVF-DRV-05
    with pytest.raises(vsk.PeerError) as error:
        next(packets)

    place = "descriptor 1: 0xffffffff0000+34) [RSVF-DRV-05]"
    assert str(error.value).startswith("the buffer is not guest memory (table 0x")
    assert str(error.value).endswith(place)
