# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Scripts cannot crash the interpreter: the pitfalls of SWIG, one by one, by their numbers.

What could take the process down runs in a process of its own, which must end well and leave
nothing on stderr. P10 is about how helpers are compiled: it has no case at run time.
"""

import copy
import faulthandler
import functools
import gc
import os
import pickle
import subprocess
import sys
import tempfile
import textwrap
import threading
import traceback
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TextIO

import pytest
from abuse import KINDS, STUB, Index, bare, garbage, shrinking
from every_call import World

import vsk
from vsk import _core

pytestmark = pytest.mark.thorough

HERE = Path(__file__).parent
FIELDS = STUB.properties["Header"]
UNIQUE = [kind for kind in KINDS if kind not in ("Header", "Packet")]
BASE = vsk.Packet.__mro__[-2]  # SWIG's own, between our types and object
SWIGS = ["this", "thisown", "own", "disown", "acquire", "append", "next"]


def clean(said: str) -> bool:
    """Whether stderr shows nothing; a refused allocation is an answer, and no finding of ASan."""
    return all("AddressSanitizer failed to allocate" in line for line in said.splitlines())


def child(*command: str) -> str:
    """Run Python on a command; give what it prints."""
    options = f"{os.environ.get('ASAN_OPTIONS', '')}:allocator_may_return_null=1"
    path = f"{HERE}:{os.environ['PYTHONPATH']}"
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", *command],
        env={**os.environ, "ASAN_OPTIONS": options, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0 and clean(done.stderr), done.stderr
    return done.stdout


def apart(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test in a process forked for it: a crash is its failure and nobody else's."""

    @functools.wraps(test)
    def run(*args: object, **kwargs: object) -> None:
        with tempfile.TemporaryFile("w+") as errors:
            pid = os.fork()
            if pid == 0:
                end_with(errors, functools.partial(test, *args, **kwargs))
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            errors.seek(0)
            said = errors.read()
        assert status == 0 and clean(said), f"exit {status}\n{said}"

    return run


def end_with(errors: TextIO, act: Callable[[], None]) -> NoReturn:
    """Make a call, its complaints into a file, and leave the process."""
    code = 1
    os.dup2(errors.fileno(), 2)
    sys.stderr, sys.unraisablehook = errors, sys.__unraisablehook__
    faulthandler.enable(errors)
    try:
        act()
        gc.collect()
        code = 0
    except BaseException:
        traceback.print_exc(file=errors)
    finally:
        errors.flush()
        os._exit(code)


def error_of(
    act: Callable[..., object], *args: object, **kwargs: object
) -> type[BaseException] | vsk.Status | None:
    """What a call raises: the status of our own errors, else the type."""
    try:
        act(*args, **kwargs)
    except vsk.Error as error:
        return error.status
    except Exception as error:
        return type(error)
    return None


@pytest.fixture
def world() -> World:
    return World()


# Everything at once


@pytest.mark.parametrize("kind", KINDS)
def test_every_call_with_what_nobody_should_pass_raises_at_worst(kind: str) -> None:
    last = child(str(HERE / "every_call.py"), kind).splitlines()[-1]

    assert int(last.removesuffix(" calls")) > 10_000


def test_every_class_of_the_module_is_tried_with_all_its_calls() -> None:
    classes = [cls for cls in vars(_core).values() if isinstance(cls, type)]
    assert {cls.__name__ for cls in classes if issubclass(cls, BASE)} == set(KINDS)
    assert set(STUB.calls) == set(KINDS)
    for kind, cls in KINDS.items():
        listed = set(STUB.calls[kind]) | set(STUB.properties[kind])
        native = {name for base in cls.__mro__ if base is not object for name in vars(base)}
        assert {name for name in native if not name.startswith("_")} <= listed | {
            "save", "load", "used", "device", "driver", "memory", "fields", "show",
        }  # fmt: skip


@apart
def test_functions_of_the_module_raise_at_worst() -> None:
    functions = [getattr(_core, name) for name in dir(_core) if name.startswith("status_")]
    assert len(functions) == 4
    for function in [*functions, lambda thing: _core.connect(thing, thing, thing, thing)]:
        for thing in garbage():
            assert error_of(function, thing) in (None, TypeError, ValueError, OverflowError)
    World().packet.op, repr(World().packet)


# Stub signatures


@pytest.mark.parametrize("kind", KINDS)
@apart
def test_calls_take_what_the_stub_says(kind: str) -> None:
    for name, call in STUB.calls[kind].items():
        world = World()
        target = KINDS[kind].__new__(KINDS[kind]) if name == "__init__" else world.objects(kind)[0]
        values = world.good(kind, call)
        if kind in ("Header", "Packet") and name == "__init__":
            del values["src_cid"], values["dst_cid"]
        if name in ("_begin_load", "_share"):
            target = vsk.Memory.__new__(vsk.Memory)

        assert error_of(call.invoke, target, values) is not TypeError, name


@pytest.mark.parametrize("kind", KINDS)
@apart
def test_calls_take_nothing_that_the_stub_does_not_say(kind: str, world: World) -> None:
    for name, call in STUB.calls[kind].items():
        if name == "__reduce__":
            continue  # object's own
        target = KINDS[kind].__new__(KINDS[kind]) if name == "__init__" else world.objects(kind)[0]
        values = world.good(kind, call)
        required = {key: values[key] for key in call.positional[: call.required]}
        many = [*values.values(), None]
        method = getattr(target, name)

        assert error_of(method, *many) is TypeError, name
        assert error_of(method, **required, colour=1) is TypeError, name
        if required:
            assert error_of(method) is TypeError, name


# P1: objects whose __init__ was never called


def is_open(kind: str, name: str) -> bool:
    """What an object can say of itself before __init__."""
    return (kind, name) in {("Memory", "closed"), ("Chain", "held"), ("Packets", "__iter__")}


@pytest.mark.parametrize("kind", KINDS)
@apart
def test_a_subclass_without_its_base_init_is_refused_by_every_call(kind: str) -> None:  # P1
    calls = [c for n, c in STUB.calls[kind].items() if not (c.static or is_open(kind, n))]
    calls = [c for c in calls if c.name not in ("__init__", "__eq__", "_begin_load", "_share")]
    for target in (bare(KINDS[kind]), KINDS[kind].__new__(KINDS[kind])):
        for call in calls:
            values = World().good(kind, call)
            status = error_of(call.invoke, target, values)
            assert status == vsk.Status.ERR_CLOSED, call.name
        for name in STUB.properties[kind]:
            status = None if is_open(kind, name) else vsk.Status.ERR_CLOSED
            assert error_of(getattr, target, name) == status, name
        # Those of labs and sockets are seen by the frontends alone.
        hidden = ("Options", "Role", "Lab", "Snapshot", "Socket")
        assert "not initialised" in repr(target) or kind in hidden


@pytest.mark.parametrize("kind", ["Header", "Packet"])
@apart
def test_fields_of_an_object_without_init_cannot_be_set(kind: str) -> None:  # P1
    target = bare(KINDS[kind])
    for name in STUB.properties[kind]:
        for status in (error_of(setattr, target, name, 1), error_of(delattr, target, name)):
            assert status in (vsk.Status.ERR_CLOSED, AttributeError), name


@apart
def test_an_object_without_init_is_refused_as_an_argument() -> None:  # P1
    world = World()
    calls = [
        lambda: vsk.Packet.from_tx(bare(vsk.Chain)),
        lambda: vsk.Packet.into_rx(bare(vsk.Chain)),
        lambda: world.device.push(bare(vsk.Chain), 0),
        lambda: world.device.give(vsk.Chain.__new__(vsk.Chain), 0),
        lambda: world.device.send(bare(vsk.Packet)),
        lambda: world.driver.send(vsk.Packet.__new__(vsk.Packet)),
        lambda: vsk.Queue(bare(vsk.Memory)),
        lambda: vsk.Queue(world.memory, ring=bare(vsk.Ring)),
        lambda: vsk.DriverEnd(bare(_core.Queue)),
        lambda: vsk.DeviceEnd(_core.Queue.__new__(_core.Queue)),
        lambda: setattr(world.packet, "header", bare(vsk.Header)),
        lambda: world.packet == bare(vsk.Packet),
    ]
    assert [error_of(call) for call in calls] == [vsk.Status.ERR_CLOSED] * len(calls)


def test_a_subclass_that_begins_properly_works() -> None:  # P1
    class Ping(vsk.Packet):
        def __init__(self, port: int) -> None:
            super().__init__(src_port=port, op="REQUEST")
            self.sent = 0

    ping = Ping(9)
    ping.sent += 1

    assert (ping.src_port, ping.sent, bytes(ping)[16:20]) == (9, 1, b"\x09\0\0\0")


# P2: None


@apart
def test_none_is_no_object() -> None:  # P2
    world = World()
    calls = [
        lambda: vsk.Packet.from_tx(None),
        lambda: vsk.Packet.into_rx(None),
        lambda: world.device.push(None, 0),
        lambda: world.device.give(None, 0),
        lambda: world.device.send(None),
        lambda: world.driver.send(None),
        lambda: vsk.Queue(None),
        lambda: vsk.DriverEnd(None),
        lambda: vsk.DeviceEnd(None),
        lambda: setattr(world.packet, "header", None),
        lambda: setattr(world.packet, "payload", None),
        lambda: vsk.Packet.check(None),
        lambda: vsk.Packet.src_cid.__get__(None),
    ]
    refusals = {vsk.Status.ERR_CLOSED, TypeError}
    assert all(error_of(call) in refusals for call in calls)


# P3: slots


@apart
def test_slots_that_fail_raise() -> None:  # P3
    world = World()
    calls = [
        lambda: bytes(bare(vsk.Packet)),
        lambda: bytes(world.given),
        lambda: str(bare(vsk.Header)),
        lambda: str(world.ended),
        lambda: iter(world.ended),
        lambda: next(bare(vsk.Packets)),
        lambda: next(world.groundless().device),
        lambda: hash(world.packet),
        lambda: len(world.packet),
        lambda: memoryview(world.packet),
        lambda: int(world.packet),
        lambda: world.packet < world.packet,
        lambda: world.chain[0],
    ]
    refusals = {vsk.Status.ERR_CLOSED, vsk.Status.ERR_HELD, TypeError}
    assert all(error_of(call) in refusals for call in calls)


# P4: del


@pytest.mark.parametrize("kind", KINDS)
@apart
def test_no_field_can_be_deleted(kind: str, world: World) -> None:  # P4
    target = world.objects(kind)[0]

    for name in STUB.properties[kind]:
        assert error_of(delattr, target, name) is AttributeError, name


# P5: misspelt attributes


@pytest.mark.parametrize("kind", KINDS)
@apart
def test_an_unknown_attribute_is_refused(kind: str, world: World) -> None:  # P5
    target = world.objects(kind)[0]

    with pytest.raises(AttributeError):
        target.src_cdi = 3
    with pytest.raises(AttributeError):
        _ = target.src_cdi
    with pytest.raises(AttributeError):
        del target.src_cdi


def test_a_subclass_may_have_attributes_of_its_own() -> None:  # P5
    class Noted(vsk.Packet):
        pass

    class Slotted(vsk.Packet):
        __slots__ = ("note",)

    noted, slotted = Noted(), Slotted()
    noted.note = slotted.note = "seen"  # type: ignore[attr-defined]

    assert (noted.note, slotted.note) == ("seen", "seen")  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        slotted.other = 1  # type: ignore[attr-defined]


# P6: cycles


# From SWIG 4.5 on every object can be referred to weakly.
WEAK = () if vsk.Packet.__weakrefoffset__ else ("__weakref__",)


class Node(vsk.Packet):
    __slots__ = (*WEAK, "other")

    other: object


class Holder:
    """A plain object: the place for references that may go in a circle."""

    packet: vsk.Packet


def test_a_cycle_through_slots_is_collected() -> None:  # P6
    node = Node()
    node.other = node
    seen = weakref.ref(node)

    del node
    gc.collect()

    assert seen() is None


def test_a_cycle_through_a_plain_object_is_collected() -> None:  # P6
    holder, node = Holder(), Node()
    holder.packet, node.other = node, holder
    seen = weakref.ref(holder)

    del holder, node
    gc.collect()

    assert seen() is None


def test_a_queue_of_the_package_is_in_no_cycle(world: World) -> None:  # P6
    class Seen(vsk.Queue):
        __slots__ = WEAK

    queue = Seen(world.memory, 4)
    seen = weakref.ref(queue)

    gc.disable()
    try:
        del queue
        assert seen() is None
    finally:
        gc.enable()


def test_a_cycle_through_a_dict_must_be_broken_by_hand() -> None:  # P6: what does not hold
    class Open(vsk.Packet):
        pass

    knot = Open()
    knot.me = knot  # type: ignore[attr-defined]
    seen = weakref.ref(knot)

    del knot
    gc.collect()
    again = seen()
    assert again is not None
    del again.me  # type: ignore[attr-defined]
    del again

    assert seen() is None


# P7: bytes that are passed are held during the call, and no longer


def takers(world: World) -> dict[str, Callable[[Any], object]]:
    return {
        "write": lambda data: world.memory.write(world.address, data),
        "parse": vsk.Packet.parse,
        "header": vsk.Header.parse,
        "append": world.begun.write,
        "payload": lambda data: setattr(world.packet, "payload", data),
        "set header": lambda data: setattr(world.packet, "header", data),
        "keyword": lambda data: vsk.Packet(payload=data),
    }


@pytest.mark.parametrize("taker", takers(World()))
@pytest.mark.parametrize("size", [0, 43, 44, 100, 100_000])
@apart
def test_bytes_are_let_go_of_whether_the_call_succeeds_or_not(
    world: World, taker: str, size: int
) -> None:  # P7
    data = bytearray(size)

    error_of(takers(world)[taker], data)

    data.append(1)  # a BufferError where somebody still holds them


def test_bytes_that_change_afterwards_change_no_packet(world: World) -> None:  # P7
    data = bytearray(b"hello")
    packet = vsk.Packet(payload=data)

    data[:] = b"HELLO"

    assert bytes(packet.payload) == b"hello"


@apart
def test_guest_memory_may_be_copied_to_itself() -> None:  # P7
    memory = vsk.Memory(4096)
    queue, at = vsk.Queue(memory, 4), 1024
    memory.write(at, bytes(range(100)))
    memory.write(at + 1, memory.view(at, 100))
    assert memory.read(at + 1, 100) == bytes(range(100))
    memory.write(at, memory.view(at + 1, 100))
    assert memory.read(at, 100) == bytes(range(100))
    queue.driver.add([(at, 100, "w")])
    out = vsk.Packet.into_rx(queue.device.pop())
    out.write(memory.view(at + 45, 20))
    assert memory.read(at + 44, 20) == bytes(range(45, 65))


# P8: views export from an object that owns the bytes


@apart
def test_a_view_owns_what_it_shows(world: World) -> None:  # P8
    for view in (world.packet.payload, world.borrowed.payload, world.memory.view(0, 16)):
        assert type(view.obj).__name__ == "View"
        with pytest.raises(TypeError):
            type(view.obj)()


# P9: the GIL stays held


def test_threads_with_objects_of_their_own_do_not_disturb_each_other() -> None:  # P9
    wrong: list[object] = []

    def work(number: int) -> None:
        queue = vsk.Queue(vsk.Memory(65536), 16)
        packet = vsk.Packet(src_port=number, op="RW", payload=bytes([number]) * number)
        for _ in range(300):
            queue.driver.send(packet)
            wrong.extend(p for p in queue.device.packets() if p != packet)
            wrong.extend(used for used in queue.driver.used() if used.written != 0)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


# P11: the end of the interpreter


def test_objects_that_live_at_exit_print_nothing() -> None:  # P11
    text = """
        import builtins, sys, threading
        import vsk
        from abuse import KINDS
        from every_call import World
        world = World()
        every = [world.objects(kind) for kind in KINDS]
        views = [world.memory.view(0, 9), world.borrowed.payload, world.packet.payload]
        builtins.kept = [World(), world.packets, iter(world.queue.device)]
        sys.modules["kept"] = World()
        class Node(vsk.Packet): pass
        knot = Node()
        knot.me = knot
        local = threading.local()
        local.world = World()
        print("end")
        """

    assert child("-c", textwrap.dedent(text)) == "end\n"


def test_an_import_alone_prints_nothing() -> None:  # P11
    assert child("-W", "error", "-c", "import vsk") == ""


# P12: copies


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@apart
def test_a_copied_packet_shares_nothing(world: World, how: Callable[[Any], Any]) -> None:  # P12
    for original in (world.packet, world.borrowed):
        again = how(original)
        view = again.payload
        assert again == original and type(again) is vsk.Packet

        again.src_port, again.payload = 9, b"other"

        assert original.src_port == 1024 and bytes(original.payload) == b"hello"
        assert bytes(view) == b"hello"


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@apart
def test_a_copied_header_shares_nothing(world: World, how: Callable[[Any], Any]) -> None:  # P12
    again = how(world.header)
    assert again == world.header

    again.src_port = 9

    assert world.header.src_port == 1024


def test_a_pickled_packet_keeps_a_len_that_lies() -> None:  # P12
    packet = vsk.Packet(op="RW", payload=b"hello", len=4000)

    again = pickle.loads(pickle.dumps(packet))

    assert (again.len, bytes(again.payload)) == (4000, b"hello")


@pytest.mark.parametrize("kind", UNIQUE)
@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, pickle.dumps])
@apart
def test_what_is_unique_cannot_be_copied(
    world: World, kind: str, how: Callable[[Any], Any]
) -> None:  # P12
    with pytest.raises(TypeError, match="pickle"):
        how(world.objects(kind)[0])


@pytest.mark.parametrize("name", SWIGS)
@pytest.mark.parametrize("kind", KINDS)
@apart
def test_what_swig_gives_every_object_is_gone(world: World, kind: str, name: str) -> None:  # P12
    target = world.objects(kind)[0]

    assert [hasattr(thing, name) for thing in (target, *type(target).__mro__)] == [False] * (
        len(type(target).__mro__) + 1
    )
    with pytest.raises(AttributeError):
        setattr(target, name, target)


@apart
def test_swigs_base_can_be_neither_made_nor_derived_from() -> None:  # P12
    assert BASE.__name__ == "SwigPyObject"

    for act in (BASE, lambda: BASE.__new__(BASE), lambda: type("X", (BASE,), {})):
        assert error_of(act) is TypeError
    assert error_of(lambda: object.__new__(vsk.Packet)) is TypeError
    assert not any("destroy" in name or "delete" in name for name in dir(_core))


@apart
def test_a_foreign_class_of_swigs_name_is_foreign() -> None:  # P12
    class SwigPyObject:
        ptr = own = next = 1

    world, fake = World(), SwigPyObject()
    calls = [
        lambda: vsk.Packet.from_tx(fake),
        lambda: vsk.Packet.into_rx(fake),
        lambda: world.device.push(fake, 0),
        lambda: world.driver.send(fake),
        lambda: vsk.Queue(fake),
        lambda: vsk.Packet.check(fake),
        lambda: setattr(world.packet, "header", fake),
    ]
    assert [error_of(call) for call in calls] == [TypeError] * len(calls)


@apart
def test_no_class_is_two_of_ours() -> None:  # P12: its object would be one and count as both
    classes = list(KINDS.values())
    for one in classes:
        for other in classes:
            if one is not other:
                with pytest.raises(TypeError, match=r"lay-out conflict|MRO"):
                    type("Both", (one, other), {})


@apart
def test_no_object_changes_into_another_class(world: World) -> None:  # P12
    ones = [type(f"One{kind}", (KINDS[kind],), {}) for kind in KINDS]

    for one in ones:
        for other in ones:
            if one is not other:
                with pytest.raises(TypeError):
                    one.__new__(one).__class__ = other
    with pytest.raises(TypeError):
        world.driver.__class__ = vsk.DeviceEnd  # type: ignore[assignment]


# P13: __init__ twice


@pytest.mark.parametrize("kind", KINDS)
@apart
def test_init_runs_once(kind: str, world: World) -> None:  # P13
    target = world.objects(kind)[0]
    before = repr(target)
    call = STUB.calls[kind].get("__init__")
    values = world.good(kind, call) if call is not None else {}

    with pytest.raises((TypeError, AttributeError)):
        target.__init__(**values)

    assert repr(target) == before


@apart
def test_init_that_failed_may_run_again() -> None:  # P13
    packet = vsk.Packet.__new__(vsk.Packet)
    with pytest.raises(vsk.UsageError):
        packet.__init__(src_port=-1)  # type: ignore[misc]

    packet.__init__(src_port=9)  # type: ignore[misc]

    assert packet.src_port == 9


@pytest.mark.parametrize(
    ("kind", "good", "trap"),
    [
        ("Packet", {}, "src_port"),
        ("Header", {}, "src_port"),
        ("Memory", {"size": 4096}, "fill"),
        ("Memory", {}, "size"),
    ],
)
@apart
def test_init_within_init_is_refused_or_harmless(
    kind: str, good: dict[str, int], trap: str
) -> None:  # P13
    target = KINDS[kind].__new__(KINDS[kind])

    def again() -> int:
        error_of(target.__init__, **good or {"size": 4096} if kind == "Memory" else good)
        return 7

    error_of(target.__init__, **good, **{trap: Index(again)})

    use = target.available if kind == "Memory" else target.fields
    assert error_of(use) in (None, vsk.Status.ERR_CLOSED) and repr(target)


# P14: integers


def integers() -> list[tuple[str, str, int]]:
    """Every parameter that is an integer, and its bits."""
    bits = {"src_cid": 64, "dst_cid": 64, "type": 16, "op": 16, "head": 16, "value": 8, "fill": 8}
    wide = {"Memory": ["addr", "size", "len", "align"], "Queue": ["addr", "value"]}
    wide |= {"Options": ["value"], "Lab": ["value"]}
    names = {*FIELDS, "head", "value", "fill", "addr", "size", "align", "slot", "next", "written"}
    names = {*names, "max_payload"} - {"src", "dst", "flag_names"}
    found = []
    for kind, calls in STUB.calls.items():
        for call in calls.values():
            if call.name == "trace_pcapng":
                continue  # its head is a truth
            for name in names.intersection(call.positional + call.keyword_only):
                at = 64 if name in wide.get(kind, []) else bits.get(name, 32)
                at = 16 if call.name == "set_desc" and name in ("flags", "next") else at
                found.append((kind, call.name, name, at))
    return sorted(found)


@pytest.mark.parametrize(("kind", "name", "parameter", "bits"), integers())
@apart
def test_every_integer_is_exact_or_refused(
    world: World, kind: str, name: str, parameter: str, bits: int
) -> None:  # P14
    call = STUB.calls[kind][name]
    target = KINDS[kind].__new__(KINDS[kind]) if name == "__init__" else world.objects(kind)[0]

    def tried(value: object) -> type[BaseException] | vsk.Status | None:
        values = world.good(kind, call) | {parameter: value}
        return error_of(call.invoke, target, values)

    for value in (1.0, 1.5, float("nan"), "1x", b"1", [1]):
        assert tried(value) in (
            {vsk.Status.ERR_ARGUMENT, TypeError} if value == "1x" else {TypeError}
        )
    for value in (-1, 1 << bits, 2**64, 2**200):
        assert tried(value) == vsk.Status.ERR_ARGUMENT


@pytest.mark.parametrize(
    "name", [name for name in FIELDS if name not in ("src", "dst", "flag_names")]
)
def test_every_field_keeps_its_largest_value(name: str) -> None:  # P14
    bits = {"src_cid": 64, "dst_cid": 64, "type": 16, "op": 16}.get(name, 32)

    for cls in (vsk.Header, vsk.Packet):
        thing = cls(**{name: 2**bits - 1})  # type: ignore[arg-type]

        assert getattr(thing, name) == 2**bits - 1 == getattr(thing.fields(), name)
        assert bytes(thing).count(b"\xff") == bits // 8


# P15: a fast way in


def test_a_header_of_44_bytes_sets_all_ten_fields() -> None:  # P15
    wire = bytes(range(1, 45))
    packet = vsk.Packet()

    packet.header = wire

    assert bytes(packet) == wire and packet.fields() == vsk.Header.parse(wire).fields()


@pytest.mark.parametrize("wrong", [None, b"x" * 43, 7, "RW"])
@apart
def test_a_header_that_is_refused_changes_nothing(wrong: object) -> None:
    packet = vsk.Packet(op="RW", payload=b"hello")

    with pytest.raises((TypeError, vsk.Error)):
        packet.header = wrong  # type: ignore[assignment]
    packet.payload = b"hi"

    assert packet.len == 2 and packet.op is vsk.Op.RW


# Lists that change while they are read


@pytest.mark.parametrize("call", ["regions", "layout", "buffers"])
@apart
def test_a_list_that_empties_itself_while_it_is_read_is_read_to_its_end(call: str) -> None:
    world = World()
    layout, buffers = shrinking(lambda n: n), shrinking(lambda n: (n, 20, "w"))
    regions = shrinking(lambda n: (n, 4))
    act = {
        "regions": lambda: vsk.Memory(regions=regions),
        "layout": lambda: world.driver.post(54, layout=layout),
        "buffers": lambda: world.driver.add(buffers),
    }[call]
    error_of(act)
    assert [] in (layout, buffers, regions)


@apart
def test_a_list_without_an_end_is_refused(world: World) -> None:
    for endless in (range(10**12), iter(int, 1)):
        status = error_of(world.driver.post, 44, layout=endless)
        assert status in (TypeError, vsk.Status.ERR_LONG)


# Chains at the wrong time and place


@apart
def test_a_chain_is_pushed_once(world: World) -> None:
    world.device.push(world.chain, 0)

    for act in (world.device.push, world.device.give):
        assert error_of(act, world.chain, 0) == vsk.Status.ERR_HELD


@apart
def test_a_chain_goes_back_to_its_own_queue_alone(world: World) -> None:
    others = [vsk.Queue(world.memory, 16), World().queue]

    for other in others:
        other.driver.send(world.packet)
        assert other.device.pop() is not None
        assert error_of(other.device.push, world.chain, 0) == vsk.Status.ERR_HELD
    world.device.push(world.chain, 0)


@apart
def test_a_chain_is_void_after_a_reset(world: World) -> None:
    world.device.reset()

    acts: list[Callable[[], object]] = [
        lambda: world.device.push(world.chain, 0),
        lambda: vsk.Packet.from_tx(world.chain),
        lambda: world.chain.spans,
        lambda: world.begun.commit(),
        lambda: world.borrowed.payload,
    ]
    assert [error_of(act) for act in acts] == [vsk.Status.ERR_HELD] * len(acts)
    assert not world.chain.held and "given back" in repr(world.borrowed)
    assert world.device.pop() is not None and not world.chain.held


@apart
def test_nothing_is_reached_through_a_closed_memory() -> None:
    world = World()
    ring = world.memory.rings[0]
    world.memory.close()
    packets = [world.borrowed, world.begun, world.given]
    acts: list[Callable[[], object]] = [lambda p=p: p.payload for p in packets]
    acts += [lambda p=p: bytes(p) for p in packets]
    acts += [lambda p=p: p.copy() for p in packets]
    acts += [lambda p=p: p.segments() for p in packets]
    acts += [
        lambda: world.begun.write(b"x"),
        lambda: world.begun.commit(),
        lambda: world.chain.spans,
        lambda: world.chain.show(),
        lambda: world.device.push(world.chain, 0),
        lambda: world.device.pop(),
        lambda: world.device.send(world.packet),
        lambda: world.driver.send(world.borrowed),
        lambda: world.driver.reap(),
        lambda: world.driver.offer(0),
        lambda: world.driver.should_kick(),
        lambda: world.device.enable_kicks(),
        lambda: world.queue.get_desc(0),
        lambda: world.queue.set_desc(0, 0, 0),
        lambda: world.queue.ring,
        lambda: next(world.packets),
        lambda: world.memory.view(0, 1),
        lambda: world.memory.read(0, 1),
        lambda: world.memory.alloc(1),
        lambda: world.memory.save("/dev/null"),
        lambda: vsk.Queue(world.memory, 4),
        lambda: vsk.Queue(world.memory, ring=ring),
    ]
    wrong = [n for n, act in enumerate(acts) if error_of(act) != vsk.Status.ERR_CLOSED]
    assert wrong == [], wrong
    assert (world.memory.regions, world.memory.rings) == ((), ())
    assert world.memory.available() == 0
    assert world.packet == world.packet and world.header.src_cid == 3
    for thing in (world.queue, world.chain, world.borrowed, world.memory):
        assert repr(thing)


@apart
def test_a_rings_place_is_told_in_hex(world: World) -> None:
    assert repr(world.ring) == "<Ring of 16, split, desc 0x0, driver 0x100, device 0x128>"


@apart
def test_a_file_is_named_and_not_numbered(world: World) -> None:
    for act in (world.memory.save, vsk.Memory.load):
        assert error_of(act, 1) is TypeError
