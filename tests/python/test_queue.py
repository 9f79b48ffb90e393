# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Queues: packets across the ring, layouts, suppression, give-back."""

import pytest

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

    assert queue.memory.read(queue.ring.driver + 2, 2) == (40).to_bytes(2, "little")


@pytest.mark.parametrize("event_idx", [False, True])
def test_kicks_are_suppressed_and_asked_for(event_idx: bool, hello: vsk.Packet) -> None:
    queue = vsk.Queue(vsk.Memory(1 << 16), size=8, event_idx=event_idx)
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
def test_interrupts_are_suppressed_and_asked_for(event_idx: bool, hello: vsk.Packet) -> None:
    queue = vsk.Queue(vsk.Memory(1 << 16), size=8, event_idx=event_idx)
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


@pytest.mark.parametrize("size", [1 << shift for shift in range(16)])
def test_every_power_of_two_is_a_size(size: int, hello: vsk.Packet) -> None:
    queue = vsk.Queue(vsk.Memory(1 << 21), size=size)

    queue.driver.send(hello, layout=[49])

    # SPLIT-BOTH-04
    assert queue.size == queue.ring.size == size
    assert [bytes(p.payload) for p in queue.device.packets()] == [b"hello"]


@pytest.mark.parametrize("size", [0, 3, 255, 32769, 65536])
def test_other_sizes_are_refused(mem: vsk.Memory, size: int) -> None:
    # SPLIT-BOTH-04
    with pytest.raises(vsk.UsageError) as error:
        vsk.Queue(mem, size=size)

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


def test_descriptors_can_be_read_and_written_by_slot(queue: vsk.Queue, hello: vsk.Packet) -> None:
    head = queue.driver.send(hello)

    header = queue.get_desc(head)
    assert header.len == 44 and header.flags == 1
    queue.set_desc(head, header.addr, 7, flags=3, next=9)

    assert queue.get_desc(head) == (header.addr, 7, 3, 9)
    with pytest.raises(vsk.UsageError):
        queue.get_desc(16)
