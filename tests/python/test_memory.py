# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Guest memory: regions, bytes, views, ranges, files."""

from collections.abc import Callable
from pathlib import Path

import pytest
from formats import ANY_ORDER, PACKED, SPLIT

import vsk

TOUCHING = [(0x1000, 0x1000), (0x2000, 0x1000), (1 << 40, 16), (2**64 - 16, 16)]


def test_a_size_is_one_region_at_zero() -> None:
    memory = vsk.Memory(4096, fill=0x5A)

    assert memory.regions == ((0, 4096),) and memory.size == 4096
    assert memory.read(0, 4096) == b"\x5a" * 4096


def test_reads_and_writes_cross_the_edge_of_touching_regions() -> None:
    memory = vsk.Memory(regions=TOUCHING)

    memory.write(0x1FFE, b"edge")

    assert memory.read(0x1FFE, 4) == b"edge"
    assert bytes(memory.view(0x2000, 2)) == b"ge"
    memory.fill(0x1FFF, 0x11, 2)
    assert memory.read(0x1FFE, 4) == b"e\x11\x11e"


def test_the_last_byte_of_the_address_space_is_memory() -> None:
    memory = vsk.Memory(regions=TOUCHING)

    memory.write(2**64 - 1, b"!")

    assert memory.read(2**64 - 16, 16)[-1:] == b"!"


@pytest.mark.parametrize(
    ("addr", "size"),
    [(0, 1), (0xFFF, 2), (0x2FFF, 2), (0x3000, 1), (2**64 - 1, 2), (2**64 - 1, 2**64 - 1)],
)
@pytest.mark.parametrize("call", ["read", "fill", "view"])
def test_what_is_no_memory_is_refused(call: str, addr: int, size: int) -> None:
    memory = vsk.Memory(regions=TOUCHING, fill=7)
    calls: dict[str, Callable[[], object]] = {
        "read": lambda: memory.read(addr, size),
        "fill": lambda: memory.fill(addr, 0, size),
        "view": lambda: memory.view(addr, size),
    }

    with pytest.raises(vsk.UsageError):
        calls[call]()

    assert memory.read(0x1000, 0x2000) == b"\x07" * 0x2000


def test_a_write_that_does_not_fit_changes_nothing() -> None:
    memory = vsk.Memory(regions=TOUCHING)

    with pytest.raises(vsk.UsageError) as error:
        memory.write(0x2FFE, b"abcd")

    assert error.value.status is vsk.Status.ERR_ADDRESS
    assert memory.read(0x2FFE, 2) == bytes(2)


@pytest.mark.parametrize(
    "regions",
    [
        [(0, 0)],
        [(0, 16), (8, 16)],
        [(16, 16), (0, 16)],
        [(0, 16), (0, 16)],
        [(2**64 - 8, 16)],
        [(0, 2**63)],
    ],
)
def test_regions_that_cannot_be_are_refused(regions: list[tuple[int, int]]) -> None:
    with pytest.raises(vsk.UsageError) as error:
        vsk.Memory(regions=regions)

    assert error.value.status is vsk.Status.ERR_REGION


def test_a_view_is_the_memory_itself(mem: vsk.Memory) -> None:
    view = mem.view(100, 4)

    view[:] = b"view"
    assert mem.read(100, 4) == b"view"
    mem.write(100, b"V")

    assert bytes(view) == b"View" and not view.readonly


def test_a_view_lies_in_one_region() -> None:
    memory = vsk.Memory(regions=TOUCHING)

    with pytest.raises(vsk.UsageError) as error:
        memory.view(0x1FFF, 2)

    assert error.value.status is vsk.Status.ERR_ADDRESS


def test_ranges_are_handed_out_once_and_come_back(mem: vsk.Memory) -> None:
    before = mem.available()
    first, second = mem.alloc(100), mem.alloc(4096, align=4096)
    assert first % 16 == 0 and second % 4096 == 0
    assert mem.available() == before - 100 - 4096

    mem.free(first, 100)
    mem.free(second, 4096)

    assert mem.available() == before
    with pytest.raises(vsk.UsageError) as error:
        mem.free(first, 100)
    assert error.value.status is vsk.Status.ERR_FREE


def test_a_range_never_crosses_the_edge_of_a_region() -> None:
    memory = vsk.Memory(regions=TOUCHING)

    with pytest.raises(vsk.UsageError) as error:
        memory.alloc(0x1001)

    assert error.value.status is vsk.Status.ERR_POOL
    assert [memory.alloc(0x1000), memory.alloc(0x1000)] == [0x1000, 0x2000]


@pytest.mark.parametrize("arguments", [(0, 16), (16, 0), (16, 3)])
def test_ranges_of_no_size_or_odd_alignment_are_refused(
    mem: vsk.Memory, arguments: tuple[int, int]
) -> None:
    with pytest.raises(vsk.UsageError) as error:
        mem.alloc(*arguments)

    assert error.value.status is vsk.Status.ERR_ARGUMENT


def test_a_thousand_ranges_at_once_are_no_matter(mem: vsk.Memory) -> None:
    ranges = [mem.alloc(16) for _ in range(2000)]

    for addr in ranges[::2]:
        mem.free(addr, 16)

    assert mem.available() == (1 << 20) - 1000 * 16


def test_a_closed_memory_says_so(mem: vsk.Memory) -> None:
    with mem as same:
        assert same is mem and not mem.closed

    assert mem.closed
    mem.close()
    for call in (mem.available, mem.close):
        call()
    with pytest.raises(vsk.UsageError) as error:
        mem.read(0, 1)
    assert error.value.status is vsk.Status.ERR_CLOSED
    assert repr(mem) == "<Memory, closed>"


def test_an_image_brings_regions_bytes_and_rings(
    tmp_path: Path, hello: vsk.Packet, form: dict[str, bool]
) -> None:
    memory = vsk.Memory(regions=[*TOUCHING], fill=3)
    queue = vsk.Queue(memory, size=4, event_idx=False, **form)
    queue.driver.send(hello)
    memory.save(tmp_path / "guest.mem")

    again = vsk.Memory.load(tmp_path / "guest.mem")

    assert again.regions == memory.regions
    for addr, size in memory.regions:
        assert again.read(addr, size) == memory.read(addr, size)
    (ring,) = again.rings
    assert repr(ring) == repr(queue.ring)
    bits = {"packed": 34, "in_order": 35}
    assert ring.size == 4 and ring.features == 1 << 28 | sum(1 << bits[name] for name in form)
    assert [p.op for p in vsk.Queue(again, ring=ring).device.packets()] == [vsk.Op.RW]


@pytest.mark.parametrize("form", ANY_ORDER.values(), ids=list(ANY_ORDER))
@pytest.mark.parametrize("laps", range(10))
def test_a_loaded_queue_goes_on_where_both_ends_were(
    tmp_path: Path, hello: vsk.Packet, form: dict[str, bool], laps: int
) -> None:
    memory = vsk.Memory(1 << 16)
    queue = vsk.Queue(memory, size=8, **form)
    for _ in range(laps):
        queue.driver.send(hello)
        list(queue.device.packets())
        queue.driver.reap()
    queue.driver.send(hello)
    queue.driver.send(hello, layout=[10, 34, 5])
    chain, held = queue.device
    queue.device.push(chain, 0)
    memory.save(tmp_path / "guest.mem")

    again = vsk.Memory.load(tmp_path / "guest.mem")
    same = vsk.Queue(again, ring=again.rings[0])
    assert held.held
    while again.available() >= 16:
        try:
            again.fill(again.alloc(16), 0xEE, 16)
        except vsk.UsageError:
            break

    assert same.driver.outstanding == 2 and same.driver.free == 3
    assert [bytes(p.payload) for p in same.device.packets()] == [b"hello"]
    assert len(list(same.driver.used())) == 2
    assert same.driver.free == 8
    for size in (1, 4, 3):
        same.driver.add([(0, 1, "r")] * size)
        assert [len(list(chain)) for chain in same.device] == [size]


def refused(memory: vsk.Memory, path: Path) -> bool:
    """Whether an image cannot be saved now, and nothing was written."""
    with pytest.raises(vsk.UsageError) as error:
        memory.save(path)
    return error.value.status is vsk.Status.ERR_BUSY and not path.exists()


@pytest.mark.parametrize("form", PACKED.values(), ids=list(PACKED))
def test_a_packed_ring_with_a_chain_given_and_not_published_is_not_saved(
    tmp_path: Path, hello: vsk.Packet, form: dict[str, bool]
) -> None:
    memory, path = vsk.Memory(1 << 16), tmp_path / "guest.mem"
    queue = vsk.Queue(memory, size=8, **form)
    queue.driver.send(hello)
    queue.device.give(next(iter(queue.device)), 0)
    assert refused(memory, path)

    queue.device.publish()
    assert len(list(queue.driver.used())) == 1
    memory.save(path)


@pytest.mark.parametrize("packed", [False, True])
def test_what_was_used_in_order_and_not_reaped_is_not_saved(tmp_path: Path, packed: bool) -> None:
    memory, path = vsk.Memory(1 << 16), tmp_path / "guest.mem"
    queue = vsk.Queue(memory, size=8, packed=packed, in_order=True)
    for _ in range(3):
        queue.driver.post(50)
    for chain in queue.device:
        queue.device.give(chain, 50)
    queue.device.publish()

    for _ in range(3):
        assert refused(memory, path)
        assert queue.driver.reap() is not None
    memory.save(path)


@pytest.mark.parametrize("form", SPLIT.values(), ids=list(SPLIT))
def test_a_chain_that_was_given_and_not_published_is_popped_again(
    tmp_path: Path, hello: vsk.Packet, form: dict[str, bool]
) -> None:
    memory = vsk.Memory(1 << 16)
    queue = vsk.Queue(memory, size=8, **form)
    queue.driver.send(hello)
    queue.device.give(next(iter(queue.device)), 0)
    memory.save(tmp_path / "guest.mem")

    again = vsk.Memory.load(tmp_path / "guest.mem")
    same = vsk.Queue(again, ring=again.rings[0])

    assert [bytes(p.payload) for p in same.device.packets()] == [b"hello"]
    assert len(list(same.driver.used())) == 1


def test_a_buffer_may_cross_any_number_of_regions() -> None:
    memory = vsk.Memory(regions=[(at << 12, 1 << 12) for at in range(64)])
    queue = vsk.Queue(memory, size=4)
    queue.driver.add([(16 << 12, 20 << 12, "r"), (36 << 12, 28 << 12, "w")])

    (chain,) = queue.device

    assert chain.status is vsk.Status.OK
    assert (len(chain.spans), chain.readable, chain.writable) == (48, 20 << 12, 28 << 12)


def test_loaded_buffers_are_not_handed_out_again(
    tmp_path: Path, hello: vsk.Packet, form: dict[str, bool]
) -> None:
    memory = vsk.Memory(1 << 14)
    queue = vsk.Queue(memory, size=8, **form)
    queue.driver.send(hello)
    queue.driver.send(hello, layout=[40, 9], indirect=True)
    memory.save(tmp_path / "guest.mem")

    again = vsk.Memory.load(tmp_path / "guest.mem")
    while again.available() >= 16:
        try:
            again.fill(again.alloc(16), 0xEE, 16)
        except vsk.UsageError:
            break

    device = vsk.Queue(again, ring=again.rings[0]).device
    assert [p == hello for p in device.packets()] == [True, True]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda image: b"",
        lambda image: image[:15],
        lambda image: b"X" + image[1:],
        lambda image: image[:-1],
        lambda image: image + b"!",
        lambda image: image[:8] + b"\xff\xff\xff\xff" + image[12:],
        lambda image: image[:16] + b"\xff" * 16 + image[32:],
        lambda image: image[:32] + b"\xff" * 8 + image[40:],
        lambda image: image[:64] + b"\x00" + image[65:],
    ],
    ids=["empty", "head", "magic", "early", "late", "count", "region", "place", "size"],
)
def test_a_file_that_is_no_image_is_refused(
    tmp_path: Path, queue: vsk.Queue, spoil: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "guest.mem"
    queue.memory.save(path)
    path.write_bytes(spoil(path.read_bytes()))

    with pytest.raises(vsk.UsageError) as error:
        vsk.Memory.load(path)

    assert error.value.status is vsk.Status.ERR_IMAGE


def test_a_ring_is_opened_once(tmp_path: Path, queue: vsk.Queue) -> None:
    queue.memory.save(tmp_path / "guest.mem")
    again = vsk.Memory.load(tmp_path / "guest.mem")
    first = vsk.Queue(again, ring=again.rings[0])

    with pytest.raises(vsk.UsageError) as error:
        vsk.Queue(again, ring=again.rings[0])

    assert error.value.status is vsk.Status.ERR_BUSY
    assert first.size == 16
    with pytest.raises(vsk.UsageError) as error:
        vsk.Queue(vsk.Memory(4096), ring=again.rings[0])
    assert error.value.status is vsk.Status.ERR_ARGUMENT


def test_a_write_from_an_overlapping_view_crosses_regions_unharmed() -> None:
    memory = vsk.Memory(regions=[(0, 100), (100, 100)])
    data = bytes(range(100))
    memory.write(0, data)

    memory.write(50, memory.view(0, 100))

    assert memory.read(50, 100) == data


def test_a_region_may_begin_at_an_odd_address(hello: vsk.Packet) -> None:
    queue = vsk.Queue(vsk.Memory(regions=[(1, 65536)]), size=4)

    queue.driver.send(hello)

    assert [bytes(p.payload) for p in queue.device.packets()] == [b"hello"]


@pytest.mark.parametrize("form", ANY_ORDER.values(), ids=list(ANY_ORDER))
def test_chains_that_went_back_out_of_order_are_not_saved(
    tmp_path: Path, queue: vsk.Queue, hello: vsk.Packet
) -> None:
    queue.driver.send(hello)
    queue.driver.send(hello)
    first, second = list(queue.device)
    queue.device.push(second, 0)

    with pytest.raises(vsk.UsageError) as error:
        queue.memory.save(tmp_path / "guest.mem")
    assert error.value.status is vsk.Status.ERR_BUSY

    queue.device.push(first, 0)
    assert len(list(queue.driver.used())) == 2
    queue.memory.save(tmp_path / "guest.mem")


@pytest.mark.parametrize("form", ANY_ORDER.values(), ids=list(ANY_ORDER))
def test_a_bad_chain_that_send_gave_back_is_out_of_order_too(
    tmp_path: Path, queue: vsk.Queue, hello: vsk.Packet
) -> None:
    queue.driver.post(100)
    queue.driver.post(43)
    held = queue.device.pop()
    assert held is not None
    with pytest.raises(vsk.PeerError):
        queue.device.send(hello)

    with pytest.raises(vsk.UsageError) as error:
        queue.memory.save(tmp_path / "guest.mem")

    assert error.value.status is vsk.Status.ERR_BUSY


def test_an_image_that_lists_a_ring_twice_is_refused(tmp_path: Path, queue: vsk.Queue) -> None:
    path = tmp_path / "guest.mem"
    queue.memory.save(path)
    image = path.read_bytes()
    ring = image[32:80]
    path.write_bytes(image[:12] + (2).to_bytes(4, "little") + image[16:32] + ring * 2 + image[80:])

    with pytest.raises(vsk.UsageError) as error:
        vsk.Memory.load(path)

    assert error.value.status is vsk.Status.ERR_IMAGE
