# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
# What the C module looks like to a type checker; stubtest holds it to the module.
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, final

from _typeshed import structseq
from typing_extensions import Buffer, Self, disjoint_base

from vsk.enums import Op, Status, Type

VERSION: Final[str]

def connect(
    op: type[Op], type: type[Type], status: type[Status], show: Callable[[str], None], /
) -> None: ...
def status_name(status: int) -> str: ...
def status_text(status: int) -> str: ...
def status_clause(status: int) -> str: ...
def status_is_peer(status: int) -> bool: ...
def rogue_run(
    name: str, listens: bool, answered: bool, port: int, within: int, data: Buffer
) -> bytes: ...
def attack(index: int) -> bytes | None: ...

@final
class HeaderFields(structseq[int], tuple[int, int, int, int, int, int, int, int, int, int]):
    """The ten fields of a header, in wire order."""

    __match_args__: Final = (
        "src_cid",
        "dst_cid",
        "src_port",
        "dst_port",
        "len",
        "type",
        "op",
        "flags",
        "buf_alloc",
        "fwd_cnt",
    )
    @property
    def src_cid(self) -> int:
        """sender's context id, upper 32 bits 0"""
    @property
    def dst_cid(self) -> int:
        """receiver's context id, upper 32 bits 0"""
    @property
    def src_port(self) -> int:
        """sender's port"""
    @property
    def dst_port(self) -> int:
        """receiver's port"""
    @property
    def len(self) -> int:
        """payload bytes after the header"""
    @property
    def type(self) -> int:
        """1 STREAM, 2 SEQPACKET"""
    @property
    def op(self) -> int:
        """what the packet does"""
    @property
    def flags(self) -> int:
        """mask; its meaning depends on op and type"""
    @property
    def buf_alloc(self) -> int:
        """bytes of the sender's receive buffer"""
    @property
    def fwd_cnt(self) -> int:
        """bytes the sender took out of it so far, mod 2^32"""

@final
class Desc(structseq[int], tuple[int, int, int, int]):
    """A descriptor as it stands in memory."""

    __match_args__: Final = ("addr", "len", "flags", "next")
    @property
    def addr(self) -> int:
        """guest address of a buffer, or of an indirect table"""
    @property
    def len(self) -> int:
        """bytes"""
    @property
    def flags(self) -> int:
        """NEXT 1, WRITE 2, INDIRECT 4, packed: AVAIL 128, USED 32768"""
    @property
    def next(self) -> int:
        """slot that follows, where NEXT is set; packed: the buffer id"""

@final
class Span(structseq[int], tuple[int, int, bool, int, bool]):
    """A descriptor's buffer, or a part of it in one region."""

    __match_args__: Final = ("addr", "len", "write", "slot", "indirect")
    @property
    def addr(self) -> int:
        """guest address of the first byte"""
    @property
    def len(self) -> int:
        """bytes"""
    @property
    def write(self) -> bool:
        """whether the device writes it"""
    @property
    def slot(self) -> int:
        """the descriptor's place in its table"""
    @property
    def indirect(self) -> bool:
        """whether it stood in an indirect table"""

@disjoint_base
class Header:
    """The 44 bytes in front of every vsock packet (virtio 1.4, 5.10.6).

    Ten fields, each to be read and set; src and dst are (cid, port). Made of
    keywords: Header(src=(3, 1024), op="RST"); type is STREAM if left out.
    """
    def __init__(
        self,
        *,
        src: tuple[int, int] = ...,
        dst: tuple[int, int] = ...,
        src_cid: int = ...,
        dst_cid: int = ...,
        src_port: int = ...,
        dst_port: int = ...,
        len: int = ...,
        type: int | str = ...,
        op: int | str = ...,
        flags: int = ...,
        buf_alloc: int = ...,
        fwd_cnt: int = ...,
    ) -> None: ...
    src: tuple[int, int]
    """Source address: (src_cid, src_port)."""
    dst: tuple[int, int]
    """Destination address: (dst_cid, dst_port)."""
    src_cid: int
    """sender's context id, upper 32 bits 0"""
    dst_cid: int
    """receiver's context id, upper 32 bits 0"""
    src_port: int
    """sender's port"""
    dst_port: int
    """receiver's port"""
    len: int
    """payload bytes after the header"""
    @property
    def type(self) -> Type | int:
        """1 STREAM, 2 SEQPACKET"""
    @type.setter
    def type(self, value: int | str, /) -> None: ...
    @property
    def op(self) -> Op | int:
        """what the packet does"""
    @op.setter
    def op(self, value: int | str, /) -> None: ...
    flags: int
    """mask; its meaning depends on op and type"""
    buf_alloc: int
    """bytes of the sender's receive buffer"""
    fwd_cnt: int
    """bytes the sender took out of it so far, mod 2^32"""
    @property
    def flag_names(self) -> tuple[str, ...]:
        """Names of the flags that are set, as op and type mean them."""
    @staticmethod
    def parse(data: Buffer) -> Header:
        """Read a header from the first 44 bytes of some bytes.

        :param data: bytes of the wire
        :return: the header
        """
    def check(self) -> None:
        """Hold the header to what the specification says of single packets:
        CIDs, type, op, flags, and payload on RW only (VSOCK-BOTH-06, -07, -08,
        -12).
        """
    def fields(self) -> HeaderFields:
        """Give all ten fields as a named tuple of integers, in wire order."""
    def show(self) -> None:
        """Print the header as a table: offset, size, field, value, meaning."""
    def copy(self) -> Header:
        """Make a header of the same fields."""
    def __copy__(self) -> Header: ...
    def __bytes__(self) -> bytes: ...
    def __reduce__(self) -> tuple[Callable[[Buffer], Header], tuple[bytes]]: ...
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment]

@disjoint_base
class Packet:
    """A vsock packet: the ten fields of its header, and a payload.

    Made of keywords: Packet(src=(3, 1024), dst=(2, 1234), op="RW",
    payload=b"hello"); type is STREAM and op INVALID if left out, and len
    follows the payload unless it is set. Nothing stops an experiment: unknown
    ops, types and flags are kept.
    """
    def __init__(
        self,
        *,
        src: tuple[int, int] = ...,
        dst: tuple[int, int] = ...,
        src_cid: int = ...,
        dst_cid: int = ...,
        src_port: int = ...,
        dst_port: int = ...,
        len: int = ...,
        type: int | str = ...,
        op: int | str = ...,
        flags: int = ...,
        buf_alloc: int = ...,
        fwd_cnt: int = ...,
        payload: Buffer = ...,
    ) -> None: ...
    src: tuple[int, int]
    """Source address: (src_cid, src_port)."""
    dst: tuple[int, int]
    """Destination address: (dst_cid, dst_port)."""
    src_cid: int
    """sender's context id, upper 32 bits 0"""
    dst_cid: int
    """receiver's context id, upper 32 bits 0"""
    src_port: int
    """sender's port"""
    dst_port: int
    """receiver's port"""
    len: int
    """payload bytes after the header; follows the payload until it is set"""
    @property
    def type(self) -> Type | int:
        """1 STREAM, 2 SEQPACKET"""
    @type.setter
    def type(self, value: int | str, /) -> None: ...
    @property
    def op(self) -> Op | int:
        """what the packet does"""
    @op.setter
    def op(self, value: int | str, /) -> None: ...
    flags: int
    """mask; its meaning depends on op and type"""
    buf_alloc: int
    """bytes of the sender's receive buffer"""
    fwd_cnt: int
    """bytes the sender took out of it so far, mod 2^32"""
    @property
    def flag_names(self) -> tuple[str, ...]:
        """Names of the flags that are set, as op and type mean them."""
    @property
    def header(self) -> Header:
        """A copy of the header; set it from a Header or from 44 bytes."""
    @header.setter
    def header(self, value: Header | Buffer, /) -> None: ...
    @property
    def payload(self) -> memoryview:
        """The payload as a read-only memoryview; without a copy where it lies in one piece.
        Bytes set here are copied.
        """
    @payload.setter
    def payload(self, value: Buffer, /) -> None: ...
    @property
    def room(self) -> int:
        """Payload bytes that write may still append; 0 unless begun by into_rx."""
    @property
    def _chain(self) -> Chain | None: ...
    @staticmethod
    def parse(data: Buffer, max_payload: int = 65536) -> Packet:
        """Parse a packet from the bytes of the wire; extra bytes are ignored.

        :param data: 44 bytes of header and the payload
        :param max_payload: largest len to accept, in bytes
        :return: the packet, with a copy of the payload
        """
    @staticmethod
    def from_tx(chain: Chain, max_payload: int = 65536) -> Packet:
        """Read a packet from a chain of a TX queue; it borrows the payload as long
        as the chain is held.

        :param chain: popped at the device's end
        :param max_payload: largest len to accept, in bytes
        :return: the packet
        """
    @staticmethod
    def into_rx(chain: Chain, max_payload: int = 65536) -> Packet:
        """Begin a packet in a chain of an RX queue: the header is zero but for
        the type, STREAM.

        :param chain: popped at the device's end
        :param max_payload: most payload bytes to make room for
        :return: the packet: set its fields, write its payload, commit it
        """
    def write(self, data: Buffer) -> None:
        """Append payload to a packet begun by into_rx; len follows unless it was
        set.

        :param data: bytes to append; either all fit or none is written
        """
    def commit(self) -> int:
        """Store the whole header in the RX chain.

        :return: bytes written into the chain, 44 and the payload: for push
        """
    def encode(self) -> bytes:
        """Write header and payload as the bytes of the wire.

        :return: 44 bytes and the payload
        """
    def check(self) -> None:
        """Hold the header to what the specification says of single packets."""
    def fields(self) -> HeaderFields:
        """Give all ten fields as a named tuple of integers, in wire order."""
    def segments(self) -> tuple[memoryview, ...]:
        """Give the payload's pieces as a tuple of memoryviews, without a copy."""
    def show(self) -> None:
        """Print the header as a table: offset, size, field, value, meaning."""
    def hexdump(self) -> None:
        """Print every byte with its field, and in a chain with the descriptor and the guest
        address where it stands.
        """
    def _repr_html_(self) -> str: ...
    def copy(self) -> Packet:
        """Make a packet of the same fields with a payload of its own."""
    def __copy__(self) -> Packet: ...
    def __bytes__(self) -> bytes: ...
    def __reduce__(self) -> tuple[Callable[[bytes], Packet], tuple[bytes]]: ...
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment]

@disjoint_base
class Memory:
    """Guest memory: regions of bytes at guest addresses."""
    def __init__(
        self,
        size: int | None = None,
        *,
        fill: int = 0,
        regions: Sequence[tuple[int, int]] | None = None,
    ) -> None: ...
    @property
    def closed(self) -> bool:
        """Whether close was called."""
    @property
    def size(self) -> int:
        """Bytes in all regions together."""
    @property
    def regions(self) -> tuple[tuple[int, int], ...]:
        """Every region: (address, size)."""
    @property
    def rings(self) -> tuple[Ring, ...]:
        """The rings in this memory: of open queues, and of the image it was loaded from."""
    def read(self, addr: int, len: int) -> bytes:
        """Copy bytes out of guest memory.

        :param addr: guest address
        :param len: number of bytes
        :return: the bytes
        """
    def write(self, addr: int, data: Buffer) -> None:
        """Copy bytes into guest memory.

        :param addr: guest address
        :param data: bytes to copy
        """
    def fill(self, addr: int, value: int, len: int) -> None:
        """Set bytes of guest memory.

        :param addr: guest address
        :param value: what each byte becomes, 0 to 255
        :param len: number of bytes
        """
    def view(self, addr: int, len: int, /) -> memoryview:
        """Give guest memory from addr on, len bytes of one region, as a writable memoryview
        without a copy.
        """
    def alloc(self, size: int, align: int = 16) -> int:
        """Take a range that nothing else uses.

        :param size: bytes, 1 or more
        :param align: power of two
        :return: guest address; the range lies in one region
        """
    def free(self, addr: int, size: int) -> None:
        """Give back a range that alloc gave.

        :param addr: guest address
        :param size: bytes
        """
    def available(self) -> int:
        """Count the bytes that alloc can still give, in all pieces together.

        :return: bytes
        """
    def close(self) -> None:
        """Let go of the memory; refused while views of it exist. Closing twice is
        no error.
        """
    def _head(self) -> bytes: ...
    def _begin_load(self, front: Buffer, total: int, /) -> None: ...
    def _share(self, other: Memory, /) -> None: ...
    def _end_load(self) -> None: ...

@final
class Ring:
    """Where a ring stands in guest memory."""
    @property
    def desc(self) -> int:
        """Guest address of the descriptor area."""
    @property
    def driver(self) -> int:
        """Guest address of the driver area: the available ring."""
    @property
    def device(self) -> int:
        """Guest address of the device area: the used ring."""
    @property
    def features(self) -> int:
        """Negotiated feature bits."""
    @property
    def size(self) -> int:
        """Number of descriptors."""

@disjoint_base
class Queue:
    """A virtqueue in a memory."""
    def __init__(
        self,
        memory: Memory,
        size: int = 256,
        *,
        indirect: bool = True,
        event_idx: bool = True,
        packed: bool = False,
        in_order: bool = False,
        ring: Ring | None = None,
    ) -> None: ...
    @property
    def size(self) -> int:
        """Number of descriptors."""
    @property
    def packed(self) -> bool:
        """Whether it is a packed ring."""
    @property
    def _ends(self) -> tuple[int, int, int, int, dict[int, int]]: ...
    @property
    def _fields(self) -> dict[str, bool]: ...
    @property
    def ring(self) -> Ring:
        """Where the ring stands in guest memory."""
    def get(self, name: str, slot: int = 0) -> int:
        """Read a field of the ring as it stands in memory, for lessons. In a split
        ring: desc.addr, .len, .flags, .next; avail.flags, .idx, .ring,
        .used_event; used.flags, .idx, .ring.id, .ring.len, .avail_event. In a
        packed one: desc.addr, .len, .id, .flags; driver_event.off, .wrap,
        .flags; device_event.off, .wrap, .flags.

        :param name: of the field
        :param slot: of those that desc, avail.ring and used.ring have
        :return: its value
        """
    def set(self, name: str, value: int, slot: int = 0) -> None:
        """Write a field of the ring, right or wrong, for experiments; neither end
        hears of it.

        :param name: of the field, as for get
        :param value: that fits into it
        :param slot: of those that desc, avail.ring and used.ring have
        """
    def get_desc(self, slot: int) -> Desc:
        """Read a descriptor of the ring's table as it stands in memory.

        :param slot: 0 to size - 1
        :return: addr, len, flags, next; in a packed ring next is the buffer id
        """
    def set_desc(self, slot: int, addr: int, len: int, flags: int = 0, next: int = 0) -> None:
        """Write a descriptor of the ring's table, right or wrong; the driver's end
        knows nothing of it.

        :param slot: 0 to size - 1
        :param addr: guest address
        :param len: bytes
        :param flags: NEXT 1, WRITE 2, INDIRECT 4, packed: AVAIL 128, USED 32768
        :param next: slot that follows, where NEXT is set; packed: the buffer id
        """

@disjoint_base
class DriverEnd:
    """The driver's end of a queue."""
    def __init__(self, queue: Queue) -> None: ...
    @property
    def free(self) -> int:
        """Descriptors that are free."""
    @property
    def outstanding(self) -> int:
        """Chains that have not come back."""
    def send(
        self, packet: Packet, layout: Sequence[int] | None = None, indirect: bool = False
    ) -> int:
        """Put a packet into readable buffers and offer it: TX.

        :param packet: its len is sent as it stands
        :param layout: bytes of each descriptor, at least the packet in all; left
            out: header and payload, as Linux cuts them
        :param indirect: in an indirect table
        :return: head: slot of the first descriptor; packed: buffer id
        """
    def post(self, size: int, layout: Sequence[int] | None = None, indirect: bool = False) -> int:
        """Offer writable buffers: RX.

        :param size: bytes in all
        :param layout: bytes of each descriptor, size in all; left out: one
        :param indirect: in an indirect table
        :return: head: slot of the first descriptor; packed: buffer id
        """
    def add(self, buffers: Sequence[tuple[int, int, str]], indirect: bool | int = 0) -> int:
        """Offer buffers anywhere, also where there is no memory.

        :param buffers: each (address, length, "r" or "w")
        :param indirect: how many, from the last, go into an indirect table;
            True: all
        :return: head: slot of the first descriptor; packed: buffer id
        """
    def offer(self, head: int) -> None:
        """Put any number into the available ring as a head, for experiments; in a
        packed ring the descriptor that stands in the next slot becomes available
        with this buffer id. The driver's end keeps no account of it: when it
        comes back, reap reports BAD_USED_ID.

        :param head: slot of a descriptor, buffer id, or nonsense
        """
    def reap(self) -> Used | None:
        """Take back one chain that the device has used, and free its buffers.

        :return: the used element, or None when nothing has come back
        """
    def packets(self, max_payload: int = 65536) -> Packets:
        """Go through what came back as packets. Each one's buffers are free again
        when the next one is asked for.

        :param max_payload: largest len to accept, in bytes
        :return: an iterator; it may be asked again later
        """
    def should_kick(self) -> bool:
        """Decide whether to kick the device for what was offered since the last
        decision (SPLITSUP-DRV-08 to 12).

        :return: whether a kick is due
        """
    def enable_interrupts(self) -> bool:
        """Ask the device for interrupts, and look once more.

        :return: whether something has come back meanwhile
        """
    def disable_interrupts(self) -> None:
        """Tell the device that interrupts are not needed: a hint."""

@disjoint_base
class DeviceEnd:
    """The device's end of a queue."""
    def __init__(self, queue: Queue) -> None: ...
    @property
    def held(self) -> int:
        """Chains popped and not given back."""
    def pop(self) -> Chain | None:
        """Take the next chain that the driver has offered. What is wrong with it
        is said when a packet is read from it.

        :return: the chain, or None when there is none
        """
    def push(self, chain: Chain, written: int) -> None:
        """Give a chain back to the driver.

        :param chain: popped here and not given back yet
        :param written: bytes written, from the first writable one
        """
    def give(self, chain: Chain, written: int) -> None:
        """Give a chain back without showing it to the driver yet.

        :param chain: popped here and not given back yet
        :param written: bytes written, from the first writable one
        """
    def publish(self) -> None:
        """Show the driver all chains that were given."""
    def send(self, packet: Packet) -> int | None:
        """Put a packet into the next RX chain and give it back. A chain that is
        too small for the packet stays where it is.

        :param packet: its len is sent as it stands
        :return: bytes written, or None when the driver has posted no buffer
        """
    def packets(self, max_payload: int = 65536) -> Packets:
        """Go through what the driver has sent as packets. Each one's chain is
        given back when the next one is asked for.

        :param max_payload: largest len to accept, in bytes
        :return: an iterator; it may be asked again later
        """
    def should_interrupt(self) -> bool:
        """Decide whether to interrupt the driver for what was published since the
        last decision (SPLITSUP-DEV-02 to 06).

        :return: whether an interrupt is due
        """
    def enable_kicks(self) -> bool:
        """Ask the driver for kicks, and look once more.

        :return: whether something was offered meanwhile
        """
    def disable_kicks(self) -> None:
        """Tell the driver that kicks are not needed: a hint."""
    def reset(self) -> None:
        """Forget what was done: this end stands at the start of the ring, and
        chains held are void.
        """

@final
class Chain:
    """A descriptor chain, popped at the device's end of a queue and held until it
    is pushed.
    """
    @property
    def head(self) -> int:
        """Slot of the first descriptor."""
    @property
    def readable(self) -> int:
        """Bytes that the device reads."""
    @property
    def writable(self) -> int:
        """Bytes that the device may write."""
    @property
    def indirect(self) -> bool:
        """Whether the chain goes through an indirect table."""
    @property
    def status(self) -> Status:
        """OK, or the rule that the chain breaks."""
    @property
    def held(self) -> bool:
        """Whether the chain was popped and not given back yet."""
    @property
    def spans(self) -> tuple[Span, ...]:
        """The buffers, readable ones first; one that crosses the edge of a region is two."""
    def show(self) -> None:
        """Draw the chain: a line for each descriptor, with its part of a packet."""
    def __iter__(self) -> Iterator[Span]: ...

@final
class Packets:
    """Packets of one end of a queue, one after the other. Each one's chain goes
    back when the next one is asked for.
    """
    def __iter__(self) -> Self: ...
    def __next__(self) -> Packet: ...

@final
class Used:
    """A chain that came back to the driver."""
    @property
    def head(self) -> int:
        """Slot of the chain's first descriptor; packed: its buffer id."""
    @property
    def written(self) -> int:
        """Bytes that the device has written."""

@final
class Record(structseq[Any], tuple[Packet, int, str | None, bool]):
    """A packet as a capture has it."""

    __match_args__: Final = ("packet", "time", "comment", "cut")
    @property
    def packet(self) -> Packet:
        """the packet, with a payload of its own"""
    @property
    def time(self) -> int:
        """nanoseconds since 1970"""
    @property
    def comment(self) -> str | None:
        """the first comment, or None"""
    @property
    def cut(self) -> bool:
        """whether payload is missing that was not captured"""

@disjoint_base
class Capture:
    """Packets of a capture file, read from its bytes or made into them."""
    def __init__(self) -> None: ...
    @property
    def skipped(self) -> int:
        """Records read so far that were no packets of virtio-vsock."""
    def _feed(self, data: Buffer) -> None: ...
    def _wanted(self) -> int: ...
    def _next(self) -> Record | None: ...
    def _end(self) -> None: ...
    def _begin(self) -> bytes: ...
    def _encode(self, packet: Packet, time: int, data: Buffer) -> bytes: ...
    def _close(self) -> None: ...

@disjoint_base
class Options:
    @staticmethod
    def make() -> Options: ...
    def set(self, name: str, value: int) -> None: ...
    def rx(self, layout: Sequence[int], indirect: bool) -> None: ...
    def preset(self, name: str) -> None: ...

@disjoint_base
class Role:
    def connect(
        self, local_port: int, peer_cid: int, peer_port: int, type: int, hooks: bool
    ) -> int: ...
    def hold(self, conn: int) -> None: ...
    def release(self, conn: int) -> None: ...
    def accept(self, conn: int) -> None: ...
    def defer(self, conn: int) -> None: ...
    def reset(self, conn: int) -> None: ...
    def close(self, conn: int) -> None: ...
    def shutdown(self, conn: int, flags: int) -> None: ...
    def duplex(self, conn: int) -> None: ...
    def pause(self, conn: int) -> None: ...
    def resume(self, conn: int) -> None: ...
    def send(self, conn: int, data: Buffer, eor: bool) -> None: ...
    def take(self, conn: int, max: int) -> bytes | None: ...
    def readable(self, conn: int) -> int | None: ...
    def ready(self, conn: int) -> bool: ...
    def resize(self, conn: int, buf_alloc: int) -> None: ...
    def number(self, conn: int, name: str) -> int: ...
    def word(self, conn: int, name: str) -> str: ...
    def connections(self) -> list[int]: ...
    def listen(self, port: int, backlog: int) -> None: ...
    def unlisten(self, port: int) -> None: ...
    def accepted(self, port: int) -> int | None: ...
    def put(self, packet: Packet, layout: Sequence[int] | None, indirect: bool) -> None: ...
    def seen(self, index: int) -> Packet | None: ...
    def owned(self, index: int) -> bool: ...
    def unsee(self, index: int) -> None: ...
    def swallow(self) -> None: ...
    def replace(self, packet: Packet) -> None: ...
    def want_packets(self, want: bool) -> None: ...
    def reset_transport(self, guest_cid: int) -> None: ...
    def count(self, name: str) -> int: ...
    def offer(self, queue: int, slot: int) -> None: ...
    def reset_queue(self, queue: int, size: int) -> None: ...
    def kick(self, queue: int) -> None: ...
    def memory(self) -> Memory: ...

@disjoint_base
class Lab:
    @staticmethod
    def make(seed: int, trace_limit: int) -> Lab: ...
    def add(self, device: Options, guest: Options, memory_size: int) -> None: ...
    def start(self) -> None: ...
    def device(self, pair: int) -> Role: ...
    def guest(self, pair: int) -> Role: ...
    def now(self) -> int: ...
    def step(self, limit: int) -> tuple[int, int, bool, int, object] | None: ...
    def after(self, delay: int) -> int: ...
    def cancel(self, timer: int) -> None: ...
    def set_fault(self, name: str, value: int) -> None: ...
    def fault(self, name: str) -> int: ...
    def random(self, below: int) -> int: ...
    def trace_end(self) -> int: ...
    def trace_begin(self) -> int: ...
    def trace_entry(
        self, number: int
    ) -> tuple[int, str, str, int, str | None, int | None, int, Status | None]: ...
    def trace_packet(self, number: int) -> Packet | None: ...
    def trace_stood(
        self, number: int
    ) -> tuple[
        tuple[int, bool, int | None, int | None, int | None, int | None] | None,
        tuple[Span, ...],
    ]: ...
    def trace_pcapng(self, number: int, head: bool) -> bytes: ...
    def trace_text(self) -> bytes: ...
    def snapshot(self) -> Snapshot: ...
    def rewind(self, snapshot: Snapshot) -> None: ...
    def trace_cut(self, number: int) -> None: ...
    def told_since(self, snapshot: Snapshot) -> int: ...

@disjoint_base
class Socket:
    @staticmethod
    def serve(device: Options, protocol: int, trace_limit: int) -> Socket: ...
    @staticmethod
    def attach(
        guest: Options,
        protocol: int,
        trace_limit: int,
        memory_size: int,
        guest_cid: int,
        queues: int,
        mem_slots: bool,
        timeout: int,
    ) -> Socket: ...
    def role(self) -> Role: ...
    def listen(self, name: str) -> None: ...
    def dial(self, name: str) -> None: ...
    def bridge(self, name: str) -> None: ...
    def adopt(self, descriptor: int) -> None: ...
    def fileno(self) -> int: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...
    def notice(self) -> tuple[int, int, str] | None: ...
    def count(self, name: str) -> int: ...
    def stop(self) -> None: ...
    def resume(self) -> None: ...
    def now(self) -> int: ...
    def step(self, limit: int) -> tuple[int, int, bool, int, object] | None: ...
    def after(self, delay: int) -> int: ...
    def cancel(self, timer: int) -> None: ...
    def trace_end(self) -> int: ...
    def trace_begin(self) -> int: ...
    def trace_entry(
        self, number: int
    ) -> tuple[int, str, str, int, str | None, int | None, int, Status | None]: ...
    def trace_packet(self, number: int) -> Packet | None: ...
    def trace_stood(
        self, number: int
    ) -> tuple[
        tuple[int, bool, int | None, int | None, int | None, int | None] | None,
        tuple[Span, ...],
    ]: ...
    def trace_pcapng(self, number: int, head: bool) -> bytes: ...
    def trace_text(self) -> bytes: ...

@disjoint_base
class Snapshot: ...
