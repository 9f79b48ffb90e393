# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Who keeps what alive, and that nothing stays when nobody does.

Run under AddressSanitizer too: a view of freed bytes ends the run there.
"""

import contextlib
import ctypes
import gc
from collections.abc import Callable
from pathlib import Path

import pytest

import vsk

HELLO = vsk.Packet(src=(3, 1024), dst=(2, 1234), op="RW", payload=b"hello")


def sent(memory: vsk.Memory) -> tuple[vsk.Queue, vsk.Chain]:
    """A queue with a packet sent, and the chain popped."""
    queue = vsk.Queue(memory, 16)
    queue.driver.send(HELLO)
    return queue, popped(queue)


def popped(queue: vsk.Queue) -> vsk.Chain:
    chain = queue.device.pop()
    assert chain is not None
    return chain


# Views


def test_a_view_of_memory_outlives_the_memory() -> None:
    view = vsk.Memory(4096, fill=0xAA).view(0, 4096)
    gc.collect()

    view[5] = 1

    assert bytes(view[4:7]) == b"\xaa\x01\xaa"


def test_a_slice_of_a_view_outlives_the_view() -> None:
    part = vsk.Memory(4096, fill=0xAA).view(0, 4096)[100:200].cast("I")
    gc.collect()

    assert part[24] == 0xAAAAAAAA


def test_a_view_of_a_payload_outlives_packet_chain_queue_and_memory() -> None:
    _, chain = sent(vsk.Memory(65536))
    view = vsk.Packet.from_tx(chain).payload
    del chain
    gc.collect()

    assert bytes(view) == b"hello"


def test_segments_outlive_packet_chain_queue_and_memory() -> None:
    queue = vsk.Queue(vsk.Memory(65536), 16)
    queue.driver.send(HELLO, layout=[44, 2, 3])
    pieces = vsk.Packet.from_tx(popped(queue)).segments()
    del queue
    gc.collect()

    assert [bytes(piece) for piece in pieces] == [b"he", b"llo"]


@pytest.mark.parametrize("make", [HELLO.copy, lambda: vsk.Packet.parse(bytes(HELLO))])
def test_a_view_of_a_payload_of_its_own_outlives_the_packet(
    make: Callable[[], vsk.Packet],
) -> None:
    view = make().payload
    gc.collect()

    assert bytes(view) == b"hello"


def test_a_view_keeps_the_payload_that_was_replaced() -> None:
    packet = HELLO.copy()
    view = packet.payload

    packet.payload = b"other"

    assert (bytes(view), bytes(packet.payload)) == (b"hello", b"other")


def test_a_packet_keeps_its_chain_queue_and_memory() -> None:
    _, chain = sent(vsk.Memory(65536))
    packet = vsk.Packet.from_tx(chain)
    del chain
    gc.collect()

    assert packet == HELLO and bytes(packet) == bytes(HELLO)


def test_an_end_keeps_its_queue_and_memory() -> None:
    driver = vsk.Queue(vsk.Memory(65536), 16).driver
    gc.collect()

    driver.send(HELLO)

    assert driver.outstanding == 1


def test_an_iterator_keeps_its_queue_and_memory() -> None:
    queue = vsk.Queue(vsk.Memory(65536), 16)
    queue.driver.send(HELLO)
    packets = queue.device.packets()
    del queue
    gc.collect()

    assert next(packets) == HELLO


# Giving back


def test_what_belongs_to_a_chain_raises_when_it_was_given_back(mem: vsk.Memory) -> None:
    queue, chain = sent(mem)
    packet = vsk.Packet.from_tx(chain)
    queue.device.push(chain, 0)

    for act in (
        lambda: packet.payload,
        lambda: packet.segments(),
        lambda: bytes(packet),
        lambda: packet.copy(),
        lambda: chain.spans,
        lambda: chain.head,
        lambda: chain.readable,
        lambda: chain.show(),
        lambda: str(chain),
        lambda: vsk.Packet.from_tx(chain),
    ):
        with pytest.raises(vsk.UsageError) as error:
            act()
        assert error.value.status is vsk.Status.ERR_HELD


def test_the_header_stays_when_the_chain_was_given_back(mem: vsk.Memory) -> None:
    queue, chain = sent(mem)
    packet = vsk.Packet.from_tx(chain)

    queue.device.push(chain, 0)

    assert (packet.src, packet.op, packet.len) == ((3, 1024), vsk.Op.RW, 5)
    assert packet.fields() == HELLO.fields()


def test_a_view_taken_before_shows_guest_memory_as_it_is_then(mem: vsk.Memory) -> None:
    queue, chain = sent(mem)
    view = vsk.Packet.from_tx(chain).payload
    address = chain.spans[1].addr
    queue.device.push(chain, 0)
    assert bytes(view) == b"hello"

    mem.write(address, b"HELLO")

    assert bytes(view) == b"HELLO"


def test_a_payload_view_is_read_only_and_a_memory_view_is_not(mem: vsk.Memory) -> None:
    _, chain = sent(mem)
    packet = vsk.Packet.from_tx(chain)

    assert packet.payload.readonly and all(piece.readonly for piece in packet.segments())
    assert not mem.view(0, 16).readonly


def test_an_rx_packet_takes_nothing_when_its_chain_was_given_back(mem: vsk.Memory) -> None:
    queue = vsk.Queue(mem, 16)
    queue.driver.post(100)
    chain = popped(queue)
    out = vsk.Packet.into_rx(chain)
    queue.device.push(chain, out.commit())

    for act in (lambda: out.write(b"late"), out.commit):
        with pytest.raises(vsk.UsageError) as error:
            act()
        assert error.value.status is vsk.Status.ERR_HELD


def test_a_packet_of_a_loop_is_over_in_the_next_turn(mem: vsk.Memory) -> None:
    queue = vsk.Queue(mem, 16)
    for _ in range(2):
        queue.driver.send(HELLO)
    packets = queue.device.packets()
    first, second = next(packets), next(packets)

    assert bytes(second.payload) == b"hello"
    with pytest.raises(vsk.UsageError):
        _ = first.payload


# Loops that are left


def test_a_device_loop_left_by_break_gives_its_chain_back(mem: vsk.Memory) -> None:
    queue = vsk.Queue(mem, 16)
    queue.driver.send(HELLO)

    for packet in queue.device.packets():  # noqa: B007
        break

    assert queue.device.held == 0
    assert [used.written for used in queue.driver.used()] == [0]
    with pytest.raises(vsk.UsageError):
        _ = packet.payload


def test_a_driver_loop_left_by_break_frees_its_buffers(mem: vsk.Memory) -> None:
    queue = vsk.Queue(mem, 16)
    before = mem.available()
    queue.driver.post(100)
    queue.device.send(HELLO)

    for packet in queue.driver.packets():  # noqa: B007
        break

    assert mem.available() == before
    with pytest.raises(vsk.UsageError):
        _ = packet.payload


def test_a_loop_left_by_an_exception_gives_its_chain_back(mem: vsk.Memory) -> None:
    queue = vsk.Queue(mem, 16)
    queue.driver.send(HELLO)

    with contextlib.suppress(ZeroDivisionError):
        for packet in queue.device.packets():
            _ = packet.len // 0

    assert queue.device.held == 0


# Closing


def test_a_memory_with_views_does_not_close(mem: vsk.Memory) -> None:
    _, chain = sent(mem)
    packet = vsk.Packet.from_tx(chain)

    for view in (mem.view(0, 16), mem.view(0, 16)[4:8], packet.payload, packet.segments()[0]):
        with pytest.raises(vsk.UsageError) as error:
            mem.close()
        assert error.value.status is vsk.Status.ERR_BUSY and not mem.closed
        assert bytes(view)


def test_a_memory_closes_when_its_views_are_gone(mem: vsk.Memory) -> None:
    view = mem.view(0, 16)
    part = view[4:8]
    view.release()
    with pytest.raises(vsk.UsageError):
        mem.close()

    part.release()
    mem.close()
    mem.close()

    assert mem.closed


def test_packets_and_chains_do_not_keep_a_memory_open(mem: vsk.Memory) -> None:
    queue, chain = sent(mem)
    packet = vsk.Packet.from_tx(chain)

    mem.close()

    assert not chain.held and queue.driver.outstanding == 1
    with pytest.raises(vsk.UsageError) as error:
        _ = packet.payload
    assert error.value.status is vsk.Status.ERR_CLOSED


def test_the_payload_of_a_packet_of_its_own_is_no_view_of_the_memory(mem: vsk.Memory) -> None:
    _, chain = sent(mem)
    view = vsk.Packet.from_tx(chain).copy().payload

    mem.close()

    assert bytes(view) == b"hello"


def test_a_with_block_closes_its_memory() -> None:
    with vsk.Memory(4096) as memory:
        memory.write(0, b"x")

    assert memory.closed


# Rings and buffers


def test_a_queue_that_is_dropped_frees_its_ring(mem: vsk.Memory) -> None:
    before = mem.available()

    queue = vsk.Queue(mem, 256)
    assert mem.available() < before and len(mem.rings) == 1
    del queue

    assert mem.available() == before and mem.rings == ()


def test_a_queue_that_is_dropped_frees_the_buffers_of_its_chains(mem: vsk.Memory) -> None:
    before = mem.available()
    queue = vsk.Queue(mem, 16)
    queue.driver.send(HELLO)  # offered
    queue.driver.post(100, layout=[44, 56], indirect=True)
    queue.driver.add([(0x8000, 44, "r"), (0x9000, 5, "r")], indirect=1)
    chain = popped(queue)  # held
    queue.device.push(popped(queue), 0)  # given back

    del queue, chain

    assert mem.available() == before


def test_a_queue_lives_as_long_as_what_was_made_of_it(mem: vsk.Memory) -> None:
    before = mem.available()
    queue, chain = sent(mem)
    packet = vsk.Packet.from_tx(chain)
    packets = queue.device.packets()
    kept: list[object] = [queue.device, queue.driver, packets, chain, packet]
    del queue, chain, packet, packets

    while kept:
        assert mem.available() < before
        kept.pop()

    assert mem.available() == before


def test_what_is_let_go_of_in_any_order_leaves_alone_what_is_kept(mem: vsk.Memory) -> None:
    queue = vsk.Queue(mem, 64)
    kept = []

    for turn in range(200):
        text = bytes([turn]) * 90
        packet = vsk.Packet(src=(3, turn), dst=(2, 1234), op="RW", payload=text)
        pieces = 1 + turn % 7  # more and fewer than most chains have
        queue.driver.send(packet, layout=[20] * (pieces - 1) + [134 - 20 * (pieces - 1)])
        got = vsk.Packet.from_tx(chain := popped(queue))
        kept.append((turn, text, chain, got))
        if turn % 3 == 2:  # the middle one of the oldest three
            turn, text, chain, got = kept.pop(1)
            queue.device.push(chain, 0)
            next(queue.driver.used())
        if len(kept) == 8:
            turn, text, chain, got = kept.pop(0)
            queue.device.push(chain, 0)
            next(queue.driver.used())
        del chain, got

    for turn, text, _, got in kept:
        assert (got.src_port, bytes(got.payload)) == (turn, text)
    assert len(kept) > 2


def test_buffers_are_free_when_their_chain_was_reaped(mem: vsk.Memory) -> None:
    queue = vsk.Queue(mem, 16)
    before = mem.available()

    for layout, indirect in (([44, 5], False), ([10, 34, 5], True), (None, False)):
        queue.driver.send(HELLO, layout=layout, indirect=indirect)
        assert mem.available() < before
        queue.device.push(popped(queue), 0)
        assert queue.driver.reap() is not None

    assert mem.available() == before


def test_calls_that_are_refused_keep_nothing(mem: vsk.Memory) -> None:
    queue = vsk.Queue(mem, 4)
    mem.alloc(500_000)
    for _ in range(4):
        queue.driver.post(44)
    before = mem.available()

    for act in (
        lambda: queue.driver.post(44),
        lambda: queue.driver.send(HELLO),
        lambda: queue.driver.send(HELLO, indirect=True),
        lambda: queue.driver.add([(0, 44, "r")] * 3, indirect=3),
        lambda: queue.driver.post(1 << 30),
        lambda: vsk.Queue(mem, 32768),
        lambda: vsk.Queue(mem, 3),
    ):
        with pytest.raises(vsk.UsageError):
            act()

    assert mem.available() == before


# Nothing grows: bytes that malloc has handed out, and resident pages


class Mallinfo(ctypes.Structure):
    """struct mallinfo2 of glibc: the two of its ten numbers that we read have a name."""

    _fields_ = [(name, ctypes.c_size_t) for name in [*"abcd", "mapped", *"ef", "used", *"gh"]]


LIBC = ctypes.CDLL(None)
SANITIZED = hasattr(LIBC, "__sanitizer_get_current_allocated_bytes")


def allocated() -> int:
    """Bytes that C code has allocated and not freed."""
    gc.collect()
    if SANITIZED:
        LIBC.__sanitizer_get_current_allocated_bytes.restype = ctypes.c_size_t
        return int(LIBC.__sanitizer_get_current_allocated_bytes())
    LIBC.mallinfo2.restype = Mallinfo
    info = LIBC.mallinfo2()
    return int(info.used + info.mapped)


def resident() -> int:
    """Bytes of this process in RAM; AddressSanitizer keeps what is freed for a while."""
    return 0 if SANITIZED else int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def make_packets() -> None:
    packet = HELLO.copy()
    packet.payload = b"x" * 1000
    packet.header = bytes(44)
    vsk.Packet.parse(bytes(packet)), packet.header, packet.fields(), packet.encode()


def make_chains(queue: vsk.Queue) -> None:
    queue.driver.send(HELLO, layout=[20, 24, 5], indirect=True)
    for chain in queue.device:
        packet = vsk.Packet.from_tx(chain)
        str(chain), repr(packet), chain.spans, list(chain)
        queue.device.push(chain, 0)
    list(queue.driver.used())


def make_views(queue: vsk.Queue) -> None:
    queue.driver.send(HELLO, layout=[44, 2, 3])
    packets = queue.device.packets()
    packet = next(packets)
    views = [packet.payload, *packet.segments(), queue.memory.view(0, 4096)]
    views.append(HELLO.payload[1:3])
    del packets
    queue.driver.reap()


def make_rx(queue: vsk.Queue) -> None:
    queue.driver.post(4096)
    queue.device.send(HELLO)
    for packet in queue.driver.packets():
        bytes(packet)


def abandon(queue: vsk.Queue) -> None:
    queue.driver.send(HELLO)
    next(queue.device.packets())
    queue.driver.packets()
    list(queue.driver.used())


def make_queues(memory: vsk.Memory) -> None:
    queue = vsk.Queue(memory, 16)
    queue.driver.send(HELLO)
    queue.driver.post(100, indirect=True)
    popped(queue), queue.ring, memory.rings, queue.get_desc(0)


def make_memories() -> None:
    memory = vsk.Memory(regions=[(0, 4096), (8192, 4096)], fill=1)
    memory.view(0, 16), memory.read(0, 100), memory.alloc(100), memory.regions
    with vsk.Memory(4096) as closed:
        vsk.Queue(closed, 4).driver.post(44)


def fail_to_make(memory: vsk.Memory) -> None:
    queue = vsk.Queue(memory, 4)
    acts: list[Callable[[], object]] = [
        lambda: vsk.Packet(payload=b"x" * 100, src_port=-1),
        lambda: vsk.Packet(colour=1),  # type: ignore[call-arg]
        lambda: vsk.Header(op="NONSENSE"),
        lambda: vsk.Header.parse(b"short"),
        lambda: vsk.Packet.parse(b"x" * 43),
        lambda: vsk.Packet.parse(b"\xff" * 100),
        lambda: vsk.Memory(regions=[(0, 4096), (4095, 4096)]),
        lambda: vsk.Memory(regions=[(0, 4096), (1, "x")]),  # type: ignore[list-item]
        lambda: vsk.Memory(4096, fill=256),
        lambda: vsk.Queue(memory, 3),
        lambda: vsk.Queue(memory, 32768),
        lambda: vsk.Queue(memory, ring=queue.ring),
        lambda: vsk.DriverEnd(memory),  # type: ignore[arg-type]
        lambda: queue.driver.send(HELLO, layout=[1, 2, 3]),
        lambda: queue.driver.add([(0, 1, "r"), (0, 1, "x")]),
        lambda: memory.write(1 << 40, b"x" * 100),
        lambda: memory.read(0, 1 << 40),
        lambda: memory.view(0, 1 << 40),
    ]
    for act in acts:
        with contextlib.suppress(vsk.Error, TypeError):
            act()


def fail_to_read(queue: vsk.Queue) -> None:
    queue.driver.add([(1 << 50, 44, "r")])
    queue.driver.add([(0, 10, "r")])
    queue.driver.post(44)
    for chain in queue.device:
        for begin in (vsk.Packet.from_tx, vsk.Packet.into_rx):
            with contextlib.suppress(vsk.PeerError):
                begin(chain)
        queue.device.push(chain, 0)
    list(queue.driver.used())


def images(folder: Path) -> list[Path]:
    """An image that is whole, and what was spoilt of it."""
    memory = vsk.Memory(4096)
    queue = vsk.Queue(memory, 4)
    queue.driver.post(44)
    memory.save(folder / "whole")
    whole = (folder / "whole").read_bytes()
    spoilt = [whole[:-1], whole + b"x", whole[:100], whole[:3], b"", b"x" * 100]
    for number, data in enumerate(spoilt):
        (folder / str(number)).write_bytes(data)
    return list(folder.iterdir())


def fail_to_load(files: list[Path]) -> None:
    for file in files:
        with contextlib.suppress(vsk.Error):
            memory = vsk.Memory.load(file)
            vsk.Queue(memory, ring=memory.rings[0]).device.pop()


@pytest.fixture
def loops(mem: vsk.Memory, queue: vsk.Queue, tmp_path: Path) -> dict[str, Callable[[], None]]:
    files, small = images(tmp_path), vsk.Memory(65536)
    return {
        "packets": make_packets,
        "chains": lambda: make_chains(queue),
        "views": lambda: make_views(queue),
        "rx packets": lambda: make_rx(queue),
        "loops that are left": lambda: abandon(queue),
        "queues": lambda: make_queues(mem),
        "memories": make_memories,
        "failed constructors": lambda: fail_to_make(small),
        "failed reads": lambda: fail_to_read(queue),
        "failed loads": lambda: fail_to_load(files),
    }


KINDS = [
    "packets", "chains", "views", "rx packets", "loops that are left", "queues", "memories",
    "failed constructors", "failed reads", "failed loads",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_made_over_and_over_does_not_grow(
    loops: dict[str, Callable[[], None]], kind: str
) -> None:
    act, times = loops[kind], 500
    for _ in range(times):
        act()
    heap, pages = allocated(), resident()

    for _ in range(times):
        act()

    # The smallest thing of ours is a header of 56 bytes.
    assert allocated() - heap < 16 * times
    assert resident() - pages < 1 << 20


@pytest.mark.full
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_made_twenty_thousand_times_does_not_grow(
    loops: dict[str, Callable[[], None]], kind: str
) -> None:
    act, times = loops[kind], 20_000
    for _ in range(500):
        act()
    heap, pages = allocated(), resident()

    for _ in range(times):
        act()

    assert allocated() - heap < times
    assert resident() - pages < 4 << 20


def test_what_is_measured_would_show_what_is_kept() -> None:
    heap = allocated()

    kept = [vsk.Header() for _ in range(500)]

    assert allocated() - heap >= 16 * len(kept)
