# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Queues: packets across the ring, layouts, suppression, give-back."""

import pytest
from formats import ANY_ORDER, FORMATS, PACKED, SPLIT

import vsk

LAYOUTS = [None, [49], [44, 5], [1] * 13 + [36], [10, 34, 3, 2], [43, 2, 4], [20, 100]]


def wire(packet: vsk.Packet) -> tuple[bytes, bytes]:
    return bytes(packet)[:44], bytes(packet.payload)


@pytest.mark.parametrize("indirect", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_packet_crosses_tx_in_any_cut(
    queue: vsk.Queue, hello: vsk.Packet, layout: list[int] | None, indirect: bool
) -> None:
    queue.driver.send(hello, layout=layout, indirect=indirect)

    chain = queue.device.pop()
    assert chain is not None and chain.indirect is indirect
    packet = vsk.Packet.from_tx(chain)

    # FRAME-BOTH-01, FRAME-DEV-01
    assert packet == hello and wire(packet) == wire(hello)
    assert b"".join(packet.segments()) == b"hello"
    assert [span.len for span in chain] == (layout or [44, 5])
    queue.device.push(chain, 0)


@pytest.mark.parametrize("indirect", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS[1:])
def test_a_packet_crosses_rx_in_any_cut(
    queue: vsk.Queue, hello: vsk.Packet, layout: list[int], indirect: bool
) -> None:
    queue.driver.post(sum(layout), layout=layout, indirect=indirect)

    # FRAME-BOTH-01, FRAME-DEV-01
    assert queue.device.send(hello) == 49

    (back,) = [wire(packet) for packet in queue.driver.packets()]
    assert back == wire(hello)


def test_linux_cuts_header_from_payload(queue: vsk.Queue, hello: vsk.Packet) -> None:
    queue.driver.send(vsk.Packet(op="RST"))
    queue.driver.send(hello)

    # FRAME-DRV-02
    assert [[span.len for span in chain] for chain in queue.device] == [[44], [44, 5]]


def test_every_byte_of_an_rx_header_is_written(queue: vsk.Queue) -> None:
    queue.driver.post(64, layout=[1] * 14 + [50])
    chain = queue.device.pop()
    assert chain is not None

    out = vsk.Packet.into_rx(chain)
    assert out.fields() == (0, 0, 0, 0, 0, 1, 0, 0, 0, 0) and out.room == 20
    queue.device.push(chain, out.commit())

    (back,) = [packet.fields() for packet in queue.driver.packets()]
    assert back == (0, 0, 0, 0, 0, 1, 0, 0, 0, 0)


def test_64_kib_reach_the_script_as_they_stand_in_guest_memory() -> None:
    memory = vsk.Memory(1 << 18)
    queue = vsk.Queue(memory, 16)
    queue.driver.send(vsk.Packet(src=(3, 1), dst=(2, 1), op="RW", payload=b"a" * 65536))
    addr = queue.get_desc(1).addr

    for got in queue.device.packets():
        payload = got.payload
        memory.view(addr + 65535, 1)[0] = ord("b")

        assert len(payload) == 65536
        assert bytes(payload[-2:]) == b"ab"


def test_payload_is_appended_piece_by_piece(queue: vsk.Queue) -> None:
    queue.driver.post(64, layout=[46, 3, 1, 14])
    chain = queue.device.pop()
    assert chain is not None
    out = vsk.Packet.into_rx(chain)

    for piece in (b"he", b"", b"llo wor", b"ld"):
        out.write(piece)

    assert out.len == 11 and out.room == 9
    queue.device.push(chain, out.commit())
    assert [bytes(p.payload) for p in queue.driver.packets()] == [b"hello world"]


def test_what_does_not_fit_is_not_written(queue: vsk.Queue, mem: vsk.Memory) -> None:
    addr = mem.alloc(64)
    queue.driver.add([(addr, 50, "w")])
    chain = queue.device.pop()
    assert chain is not None
    out = vsk.Packet.into_rx(chain)

    with pytest.raises(vsk.UsageError) as error:
        out.write(b"seven!!")

    assert error.value.status is vsk.Status.ERR_ROOM
    assert mem.read(addr, 64) == b"\xaa" * 64 and out.len == 0


def test_max_payload_caps_the_room(queue: vsk.Queue) -> None:
    queue.driver.post(100)
    chain = queue.device.pop()
    assert chain is not None

    assert vsk.Packet.into_rx(chain, max_payload=10).room == 10


def test_a_len_that_lies_does_not_change_what_was_written(queue: vsk.Queue) -> None:
    queue.driver.post(100)
    chain = queue.device.pop()
    assert chain is not None
    out = vsk.Packet.into_rx(chain)
    out.len = 1000
    out.write(b"four")

    # SPLIT-DEV-09
    assert (out.len, out.commit()) == (1000, 48)


def test_a_packet_sent_to_a_small_buffer_waits_for_a_larger_one(
    queue: vsk.Queue, hello: vsk.Packet
) -> None:
    queue.driver.post(48)

    with pytest.raises(vsk.UsageError) as error:
        queue.device.send(hello)

    assert error.value.status is vsk.Status.ERR_ROOM
    assert queue.device.held == 0 and queue.driver.reap() is None
    assert queue.device.send(vsk.Packet(op="RST")) == 44


def test_sending_without_a_posted_buffer_says_none(queue: vsk.Queue, hello: vsk.Packet) -> None:
    assert queue.device.send(hello) is None


def test_used_chains_free_their_buffers(queue: vsk.Queue, hello: vsk.Packet) -> None:
    before = queue.memory.available()
    heads = [queue.driver.send(hello) for _ in range(8)]
    assert queue.driver.free == 0 and queue.driver.outstanding == 8
    with pytest.raises(vsk.UsageError) as error:
        queue.driver.send(hello)
    assert error.value.status is vsk.Status.ERR_FULL

    for chain in queue.device:
        queue.device.push(chain, 0)

    assert [used.head for used in queue.driver.used()] == heads
    assert queue.driver.free == 16 and queue.memory.available() == before


def test_a_packet_that_is_refused_is_not_written_anywhere(queue: vsk.Queue) -> None:
    packet = vsk.Packet(op="RW", payload=b"x" * 100)
    for _ in range(8):
        queue.driver.send(packet)
    before = queue.memory.read(0, queue.memory.size)

    with pytest.raises(vsk.UsageError) as error:
        queue.driver.send(packet)

    assert error.value.status is vsk.Status.ERR_FULL
    assert queue.memory.read(0, queue.memory.size) == before


@pytest.mark.parametrize("form", ANY_ORDER.values(), ids=list(ANY_ORDER))
def test_chains_may_be_given_back_in_any_order(queue: vsk.Queue, hello: vsk.Packet) -> None:
    heads = [queue.driver.send(hello) for _ in range(5)]
    chains = list(queue.device)

    for index in (3, 0, 4, 2, 1):
        queue.device.push(chains[index], 0)

    # VQ-DEV-02
    assert [used.head for used in queue.driver.used()] == [heads[i] for i in (3, 0, 4, 2, 1)]


def test_given_chains_are_seen_when_they_are_published(queue: vsk.Queue) -> None:
    for _ in range(3):
        queue.driver.post(100)
    for written, chain in enumerate(queue.device):
        queue.device.give(chain, written)
    assert queue.driver.reap() is None

    queue.device.publish()

    assert [used.written for used in queue.driver.used()] == [0, 1, 2]


def test_indices_run_past_65536(queue: vsk.Queue) -> None:
    packet = vsk.Packet(op="CREDIT_UPDATE")

    for count in range(65536 + 40):
        packet.fwd_cnt = count
        queue.driver.send(packet)
        # SPLIT-DRV-15
        assert [p.fwd_cnt for p in queue.device.packets()] == [count]
        assert queue.driver.reap() is not None

    if not queue.packed:
        assert queue.get("avail.idx") == 40
    else:
        # 65,576 is 4,098 laps, after which the counter is 1 again, and 8 slots.
        used = [queue.get("desc.flags", slot) & 0x8080 for slot in (7, 8)]
        assert used == [0x8080, 0]


@pytest.mark.parametrize("event_idx", [False, True])
def test_kicks_are_suppressed_and_asked_for(
    event_idx: bool, hello: vsk.Packet, form: dict[str, bool]
) -> None:
    queue = vsk.Queue(vsk.Memory(1 << 16), size=8, event_idx=event_idx, **form)
    queue.driver.send(hello)
    assert queue.driver.should_kick() and not queue.driver.should_kick()

    queue.device.disable_kicks()
    queue.driver.send(hello)
    assert not queue.driver.should_kick()
    assert queue.device.enable_kicks(), "two chains came meanwhile"
    list(queue.device.packets())
    assert not queue.device.enable_kicks()

    queue.driver.send(hello)
    assert queue.driver.should_kick()


@pytest.mark.parametrize("event_idx", [False, True])
def test_interrupts_are_suppressed_and_asked_for(
    event_idx: bool, hello: vsk.Packet, form: dict[str, bool]
) -> None:
    queue = vsk.Queue(vsk.Memory(1 << 16), size=8, event_idx=event_idx, **form)
    for _ in range(3):
        queue.driver.send(hello)
    chains = list(queue.device)
    queue.device.push(chains[0], 0)
    assert queue.device.should_interrupt() and not queue.device.should_interrupt()

    queue.driver.disable_interrupts()
    queue.device.push(chains[1], 0)
    assert not queue.device.should_interrupt()
    assert queue.driver.enable_interrupts(), "two chains came back meanwhile"
    list(queue.driver.used())
    assert not queue.driver.enable_interrupts()

    queue.device.push(chains[2], 0)
    assert queue.device.should_interrupt()


SIZES = [(size, False) for size in (1 << shift for shift in range(16))]
SIZES += [(size, True) for size in (1, 2, 3, 8, 255, 256, 32767, 32768)]


@pytest.mark.parametrize("in_order", [False, True])
@pytest.mark.parametrize(("size", "packed"), SIZES)
def test_a_ring_has_any_size_that_its_format_allows(
    size: int, packed: bool, in_order: bool, hello: vsk.Packet
) -> None:
    queue = vsk.Queue(vsk.Memory(1 << 21), size=size, packed=packed, in_order=in_order)

    # SPLIT-BOTH-04
    assert queue.size == queue.ring.size == size
    assert queue.packed is packed
    for _ in range(3):
        queue.driver.send(hello, layout=[49])
        assert [bytes(p.payload) for p in queue.device.packets()] == [b"hello"]
        assert len(list(queue.driver.used())) == 1


@pytest.mark.parametrize(
    ("size", "packed"),
    [(size, False) for size in (0, 3, 255, 32769, 65536)]
    + [(size, True) for size in (0, 32769, 65536)],
)
def test_other_sizes_are_refused(mem: vsk.Memory, size: int, packed: bool) -> None:
    # SPLIT-BOTH-04
    with pytest.raises(vsk.UsageError) as error:
        vsk.Queue(mem, size=size, packed=packed)

    assert error.value.status is vsk.Status.ERR_SIZE


def test_a_ring_that_does_not_fit_takes_nothing(mem: vsk.Memory) -> None:
    before = mem.available()
    small = vsk.Memory(1024)

    with pytest.raises(vsk.UsageError) as error:
        vsk.Queue(small, size=256)

    assert error.value.status is vsk.Status.ERR_POOL
    assert small.available() == 1024 and mem.available() == before


def test_a_chain_prints_and_draws_what_it_is(
    queue: vsk.Queue, hello: vsk.Packet, capsys: pytest.CaptureFixture[str]
) -> None:
    queue.driver.send(hello, layout=[10, 34, 5])
    chain = queue.device.pop()
    assert chain is not None
    first = chain.spans[0].addr

    assert str(chain).startswith(f"chain 0: 3 descriptors, readable 49: r {first:#x}+10, r ")
    chain.show()

    drawn = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in drawn[1:]] == ["desc[0]", "desc[1]", "desc[2]"]
    assert drawn[1].endswith("header 0..9") and drawn[3].endswith("payload 0..4")


def test_a_chain_given_back_says_nothing_more(queue: vsk.Queue, hello: vsk.Packet) -> None:
    queue.driver.send(hello)
    chain = queue.device.pop()
    assert chain is not None and chain.held
    packet = vsk.Packet.from_tx(chain)
    view = packet.payload

    queue.device.push(chain, 0)

    assert not chain.held and repr(chain) == "<Chain 0, given back>"
    for call in (
        lambda: chain.head,
        lambda: chain.spans,
        lambda: chain.readable,
        lambda: chain.status,
        lambda: str(chain),
        lambda: packet.payload,
        lambda: packet.segments(),
        lambda: bytes(packet),
        lambda: vsk.Packet.from_tx(chain),
    ):
        with pytest.raises(vsk.UsageError) as error:
            call()
        assert error.value.status is vsk.Status.ERR_HELD
    assert packet.len == 5 and bytes(view) == b"hello"


def test_packets_gives_each_chain_back_when_the_next_is_asked_for(
    queue: vsk.Queue, hello: vsk.Packet
) -> None:
    queue.driver.send(hello)
    queue.driver.send(hello)
    packets = queue.device.packets()

    first = next(packets)
    assert queue.device.held == 1 and bytes(first.payload) == b"hello"
    second = next(packets)
    with pytest.raises(vsk.UsageError):
        first.payload  # noqa: B018
    del packets

    assert queue.device.held == 0
    with pytest.raises(vsk.UsageError):
        second.payload  # noqa: B018


def test_packets_goes_on_behind_a_bad_chain(queue: vsk.Queue, hello: vsk.Packet) -> None:
    queue.driver.send(hello)
    queue.driver.add([(0xFFFF_FFFF_0000, 44, "r")])
    queue.driver.send(hello)
    packets = queue.device.packets()

    assert bytes(next(packets).payload) == b"hello"
    with pytest.raises(vsk.PeerError) as error:
        next(packets)
    assert error.value.status is vsk.Status.BAD_ADDRESS
    assert bytes(next(packets).payload) == b"hello"
    assert next(packets, None) is None

    assert len(list(queue.driver.used())) == 3


@pytest.mark.parametrize("form", SPLIT.values(), ids=list(SPLIT))
def test_direct_then_indirect_is_one_chain(queue: vsk.Queue, mem: vsk.Memory) -> None:
    packet = vsk.Packet(op="RW", payload=b"mixed")
    data = bytes(packet)
    addr = mem.alloc(64)
    mem.write(addr, data)

    queue.driver.add([(addr, 10, "r"), (addr + 10, 34, "r"), (addr + 44, 5, "r")], indirect=2)

    chain = queue.device.pop()
    assert chain is not None
    # SPLITIND-DEV-02
    assert [span.indirect for span in chain] == [False, True, True]
    assert vsk.Packet.from_tx(chain) == packet


@pytest.mark.parametrize("form", PACKED.values(), ids=list(PACKED))
def test_in_a_packed_ring_a_chain_is_in_a_table_or_not(queue: vsk.Queue, mem: vsk.Memory) -> None:
    pieces = [(mem.alloc(16), 16, "r"), (mem.alloc(16), 16, "r")]
    before = mem.available()

    # PACKED-DRV-06
    with pytest.raises(vsk.UsageError) as error:
        queue.driver.add(pieces, indirect=1)

    assert error.value.status is vsk.Status.ERR_MIXED
    assert queue.device.pop() is None and mem.available() == before
    queue.driver.add(pieces, indirect=2)
    (chain,) = queue.device
    assert [span.indirect for span in chain] == [True, True]


@pytest.mark.parametrize("packed", [False, True])
def test_what_is_in_order_is_not_overtaken(packed: bool, hello: vsk.Packet) -> None:
    queue = vsk.Queue(vsk.Memory(1 << 16), size=8, packed=packed, in_order=True)
    for _ in range(3):
        queue.driver.send(hello)
    first, second = queue.device.pop(), queue.device.pop()
    assert first is not None and second is not None

    for overtake in (
        lambda: queue.device.push(second, 0),
        lambda: queue.device.give(second, 0),
        lambda: queue.device.send(hello),
        lambda: next(queue.device.packets()),
    ):
        with pytest.raises(vsk.UsageError) as error:
            overtake()
        assert error.value.status is vsk.Status.ERR_IN_ORDER

    assert queue.device.held == 2 and second.held
    queue.device.push(first, 0)
    queue.device.push(second, 0)
    assert [bytes(p.payload) for p in queue.device.packets()] == [b"hello"]
    assert len(list(queue.driver.used())) == 3


@pytest.mark.parametrize("packed", [False, True])
def test_a_batch_in_order_is_one_used_element(packed: bool) -> None:
    queue = vsk.Queue(vsk.Memory(1 << 16), size=8, packed=packed, in_order=True)
    heads = [queue.driver.post(100) for _ in range(4)]
    for written, chain in zip((100, 100, 99, 100), queue.device, strict=True):
        queue.device.give(chain, written)
    queue.device.publish()

    # One for the three, as the last of them was not filled, and one for the fourth.
    lens = "desc.len" if packed else "used.ring.len"
    assert queue.get(lens, 0) == 99 and queue.get(lens, 3) == 100
    back = [(used.head, used.written) for used in queue.driver.used()]
    assert back == list(zip(heads, (100, 100, 99, 100), strict=True))


def test_descriptors_can_be_read_and_written_by_slot(queue: vsk.Queue, hello: vsk.Packet) -> None:
    head = queue.driver.send(hello)

    header = queue.get_desc(head)
    # NEXT, and in a packed ring the driver's wrap counter
    assert header.len == 44 and header.flags == (0x81 if queue.packed else 1)
    queue.set_desc(head, header.addr, 7, flags=3, next=9)
    fields = [queue.get(f"desc.{name}", head) for name in ("addr", "len", "flags")]
    assert fields == [header.addr, 7, 3]
    assert queue.get("desc.id" if queue.packed else "desc.next", head) == 9

    assert queue.get_desc(head) == (header.addr, 7, 3, 9)
    with pytest.raises(vsk.UsageError):
        queue.get_desc(16)


# ---- fields by name ----

WIDTHS = {
    "split": {
        ("desc.addr", 64): "desc 0 + 16", ("desc.len", 32): "desc 8 + 16",
        ("desc.flags", 16): "desc 12 + 16", ("desc.next", 16): "desc 14 + 16",
        ("avail.flags", 16): "driver 0", ("avail.idx", 16): "driver 2",
        ("avail.ring", 16): "driver 4 + 2", ("avail.used_event", 16): "driver 36",
        ("used.flags", 16): "device 0", ("used.idx", 16): "device 2",
        ("used.ring.id", 32): "device 4 + 8", ("used.ring.len", 32): "device 8 + 8",
        ("used.avail_event", 16): "device 132",
    },
    "packed": {
        ("desc.addr", 64): "desc 0 + 16", ("desc.len", 32): "desc 8 + 16",
        ("desc.id", 16): "desc 12 + 16", ("desc.flags", 16): "desc 14 + 16",
        ("driver_event.off", 15): "driver 0", ("driver_event.flags", 16): "driver 2",
        ("device_event.off", 15): "device 0", ("device_event.flags", 16): "device 2",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", ANY_ORDER)
def test_a_field_stands_where_the_specification_has_it(name: str, mem: vsk.Memory) -> None:
    for (field, bits), place in WIDTHS[name].items():
        queue = vsk.Queue(mem, size=16, **FORMATS[name])
        area, offset, *stride = place.replace("+ ", "").split()
        slots = range(0, 16, 5) if stride else range(1)
        for slot in slots:
            addr = getattr(queue.ring, area) + int(offset) + slot * int((stride or ["0"])[0])
            size = (bits + 7) // 8
            for value in ((1 << bits) - 1, slot + 1, 0x5A):
                before = bytearray(mem.read(0, mem.size))

                queue.set(field, value, slot)

                before[addr : addr + size] = value.to_bytes(size, "little")
                assert mem.read(0, mem.size) == before, field
                assert queue.get(field, slot) == value
                found = queue.fields()[field]
                assert (found[slot] if isinstance(found, tuple) else found) == value


def test_wrap_counters_are_bits_of_their_own() -> None:
    queue = vsk.Queue(vsk.Memory(1 << 16), size=3, packed=True)

    for side, addr in (("driver", queue.ring.driver), ("device", queue.ring.device)):
        queue.set(f"{side}_event.off", 0x7FFF)
        queue.set(f"{side}_event.wrap", 1)
        assert queue.memory.read(addr, 4) == b"\xff\xff\0\0"
        queue.set(f"{side}_event.off", 2)
        assert queue.memory.read(addr, 4) == b"\2\x80\0\0"
        assert queue.get(f"{side}_event.wrap") == 1
        queue.set(f"{side}_event.wrap", 0)
        assert queue.memory.read(addr, 4) == b"\2\0\0\0"


def test_all_fields_have_their_names(queue: vsk.Queue) -> None:
    fields = queue.fields()

    known = {name for name, _ in WIDTHS["packed" if queue.packed else "split"]}
    wraps = {"driver_event.wrap", "device_event.wrap"} if queue.packed else set[str]()
    assert fields.keys() == known | wraps
    for name, value in fields.items():
        each = name.startswith("desc.") or ".ring" in name
        assert (len(value) == 16) if isinstance(value, tuple) else not each


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (("avail.idy",), "no field 'avail.idy' in a split ring, but desc.addr, desc.len, "),
        (("driver_event.off",), "no field 'driver_event.off' in a split ring, but "),
        (("x" * 1000,), "no field 'xxxxxxxxxxxxxxxxxxxx' in a split ring, but desc.addr"),
        (("desc.len", 16), "desc.len has the slots 0 to 15, not 16"),
        (("avail.ring", 2**32 - 1), "avail.ring has the slots 0 to 15, not 4294967295"),
        (("avail.idx", 1), "there is one avail.idx alone, no slot 1"),
    ],
)
def test_a_field_that_is_not_there_is_refused(
    mem: vsk.Memory, call: tuple[str, int], words: str
) -> None:
    queue = vsk.Queue(mem, size=16)
    name, *slot = call

    for refused in (lambda: queue.get(name, *slot), lambda: queue.set(name, 0, *slot)):
        with pytest.raises(vsk.UsageError) as error:
            refused()
        assert error.value.status is vsk.Status.ERR_ARGUMENT
        assert str(error.value).startswith(words)


@pytest.mark.parametrize(("name", "bits"), [*WIDTHS["packed"], ("device_event.wrap", 1)])
def test_a_value_that_is_too_wide_is_refused(mem: vsk.Memory, name: str, bits: int) -> None:
    queue = vsk.Queue(mem, size=16, packed=True)
    before = mem.read(0, mem.size)

    with pytest.raises(vsk.UsageError) as error:
        queue.set(name, 1 << bits)

    if bits < 64:
        assert error.value.status is vsk.Status.ERR_ARGUMENT
        assert str(error.value) == f"{name} has {bits} bits: {1 << bits:#x} is too much"
    assert mem.read(0, mem.size) == before


def test_an_end_believes_what_was_written_by_name(queue: vsk.Queue, hello: vsk.Packet) -> None:
    queue.driver.send(hello, layout=[49])
    if queue.packed:
        queue.set("desc.flags", 0)
    else:
        queue.set("avail.idx", 0)
    assert queue.device.pop() is None

    if queue.packed:
        queue.set("desc.flags", 0x80)
    else:
        queue.set("avail.idx", 1)
    assert [bytes(p.payload) for p in queue.device.packets()] == [b"hello"]


def test_a_queue_says_its_format(queue: vsk.Queue, hello: vsk.Packet) -> None:
    queue.driver.send(hello)
    word = "packed" if queue.packed else "split"

    assert repr(queue) == f"<Queue, {word}, size 16, 14 free, 0 held>"
    assert repr(queue.ring).startswith(f"<Ring of 16, {word}, desc 0x0, driver 0x100, device 0x1")


@pytest.mark.parametrize("form", PACKED.values(), ids=list(PACKED))
def test_a_packed_chain_has_the_name_of_its_buffer_id(
    queue: vsk.Queue, hello: vsk.Packet, capsys: pytest.CaptureFixture[str]
) -> None:
    queue.driver.send(hello)
    assert queue.driver.send(hello, layout=[40, 9]) == 1
    _, chain = queue.device

    assert str(chain).startswith("chain 1: 2 descriptors, readable 49: r ")
    chain.show()
    drawn = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in drawn[1:]] == ["desc[2]", "desc[3]"]
    queue.device.reset()
    assert repr(chain) == "<Chain 1, given back>"
