# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Calls the API at random: what comes of it may be any exception, and never a crash.

    abuse.py SEQUENCES [--seed S] [--first N] [--trace]

Which calls there are is read from the stub. Objects, live ones and dead ones, come from a
pool that every result goes into; arguments are mostly right and sometimes rubbish. Sequence N
of a seed is always the same: --first N --trace shows its calls.
"""

import argparse
import array
import ast
import collections
import faulthandler
import io
import itertools
import os
import random
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import vsk
from vsk import _core
from vsk.front_end import ACCEPTED
from vsk.sockets import OFFERED

ALLOWED = (
    vsk.Error,
    TypeError,
    AttributeError,
    ValueError,
    BufferError,
    MemoryError,
    OSError,
)
KINDS = {
    "Header": vsk.Header,
    "Packet": vsk.Packet,
    "Memory": vsk.Memory,
    "Queue": vsk.Queue,
    "DriverEnd": vsk.DriverEnd,
    "DeviceEnd": vsk.DeviceEnd,
    "Chain": vsk.Chain,
    "Packets": vsk.Packets,
    "Ring": vsk.Ring,
    "Used": vsk.Used,
    "Capture": _core.Capture,
    "Options": _core.Options,
    "Role": _core.Role,
    "Lab": _core.Lab,
    "Snapshot": _core.Snapshot,
    "Socket": _core.Socket,
}


class Call:
    """A method of the stub, and the names of what it takes."""

    def __init__(self, function: ast.FunctionDef) -> None:
        arguments = function.args
        names = [a.arg for a in arguments.posonlyargs + arguments.args if a.arg != "self"]
        self.name = function.name
        self.static = any(ast.unparse(d) == "staticmethod" for d in function.decorator_list)
        self.positional_only = len([a for a in arguments.posonlyargs if a.arg != "self"])
        self.keyword_only = [a.arg for a in arguments.kwonlyargs]
        self.positional = names
        self.required = len(names) - len(arguments.defaults)

    def invoke(self, target: Any, values: dict[str, Any]) -> Any:
        """Call it with values by name, as far as the stub allows names."""
        args = [values[name] for name in self.positional[: self.positional_only] if name in values]
        rest = self.positional[self.positional_only :] + self.keyword_only
        return getattr(target, self.name)(*args, **{n: values[n] for n in rest if n in values})


class Stub:
    """The calls and properties of every class, as _core.pyi declares them."""

    def __init__(self) -> None:
        text = Path(vsk.__file__).with_name("_core.pyi").read_text()
        self.calls: dict[str, dict[str, Call]] = {}
        self.properties: dict[str, list[str]] = {}
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef) and node.name in KINDS:
                self._read(node)

    def _read(self, node: ast.ClassDef) -> None:
        calls: dict[str, Call] = {}
        properties = []
        for item in node.body:
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                if item.target.id != "__hash__":
                    properties.append(item.target.id)
            elif isinstance(item, ast.FunctionDef):
                marks = [ast.unparse(d) for d in item.decorator_list]
                if "property" in marks:
                    properties.append(item.name)
                elif not any(mark.endswith(".setter") for mark in marks):
                    calls[item.name] = Call(item)
        self.calls[node.name] = calls
        self.properties[node.name] = properties


STUB = Stub()


def bare(kind: type) -> Any:
    """An object whose __init__ was never called."""
    return type(f"Bare{kind.__name__}", (kind,), {"__init__": lambda self: None})()


class Index:
    """Something that acts as an integer, in its own way."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.act = act

    def __index__(self) -> Any:
        return self.act()


def shrinking(item: Callable[[Index], Any]) -> list[Any]:
    """A list that empties itself while it is read."""
    items: list[Any] = []
    items += [item(Index(lambda: items.clear() or 44)), item(Index(lambda: 10)), item(Index(int))]
    return items


def released() -> memoryview:
    view = memoryview(b"gone")
    view.release()
    return view


def refuse() -> int:
    raise ValueError("no number today")


def garbage() -> list[Any]:
    """What nobody should pass, new at every call."""
    numbers = [-1, -(2**63), 2**16, 2**31, 2**32, 2**62, 2**63, 2**64, 2**200, True]
    floats = [0.0, 1.5, -1e300, float("nan"), float("inf"), 1j]
    texts = ["", "RW", "\ud800", "\0", "x" * 1000]
    blobs = [b"", b"\xff" * 43, b"\xff" * 44, bytearray(50), array.array("Q", [1, 2**63])]
    views = [memoryview(b"abcdef")[::-1], memoryview(b"abcd").cast("H"), released()]
    lists = [[], [1], [None], [(1, 2)], [(0, 1, "r")] * 3, [(0, 2**32, "w")], [[0, 1, "r"]]]
    tuples = [(), (1, 2), (1, -1), (1, 2, 3), (None, None), (1.5, "r", 2)]
    traps = [shrinking(lambda n: n), shrinking(lambda n: (n, 5)), shrinking(lambda n: (n, 5, "r"))]
    indexes = [Index(refuse), Index(lambda: "1"), Index(lambda: 2**70)]
    others = [
        None,
        object(),
        type,
        len,
        {},
        {1},
        range(10**12),
        itertools.count(),
        io.BytesIO(b"x"),
    ]
    fakes = [type("SwigPyObject", (), {})(), type("Packet", (), {"ptr": 1})()]
    bares = [bare(kind) for kind in KINDS.values()] + [
        kind.__new__(kind) for kind in KINDS.values()
    ]
    groups = [numbers, floats, texts, blobs, views, lists, tuples, traps, indexes, others, fakes]
    return [thing for group in [*groups, bares] for thing in group]


# How often a class's methods are called, and which of them less than the others.
WEIGHTS = {
    "DriverEnd": 20,
    "DeviceEnd": 20,
    "Packet": 20,
    "Memory": 15,
    "Chain": 8,
    "Packets": 6,
    "Queue": 3,
    "Header": 5,
    "Capture": 8,
    "Options": 2,
    "Role": 40,
    "Lab": 30,
    "Socket": 20,
}
RARE = {
    "offer": 1,
    "set_desc": 2,
    "set": 2,
    "_begin_load": 1,
    "_end_load": 1,
    "reset": 1,
    "close": 1,
    "_close": 1,
}
OFTEN = {"step": 60, "connect": 16, "send": 16, "take": 16, "put": 16, "accept": 16}
FIELDS = ["desc.addr", "desc.flags", "desc.id", "desc.next", "avail.idx", "avail.ring"]
FIELDS += ["used.idx", "used.ring.id", "used.ring.len", "device_event.off", "driver_event.flags"]
# What goes by names, and numbers that are not too large for a test.
NAMES = {
    "Options.set": ["cid", "buf_alloc", "send_buffer", "budget", "update_at", "rx_buffers"],
    "Options.preset": ["linux-5.10", "linux-6.1", "linux-6.12"],
    "Role.number": ["local_cid", "peer_port", "buf_alloc", "credit", "queued", "unread"],
    "Role.word": ["type", "state", "reason"],
    "Role.count": ["cid", "features", "connections", "queued", "errors"],
    "Socket.count": ["sessions", "connected", "live", "state", "status", "protocol"],
    "Socket.listen": ["one.sock", "two.sock"],
    "Socket.dial": ["one.sock", "two.sock"],
    "Socket.bridge": ["one.uds", "two.uds"],
    "Lab.fault": ["delay", "hold", "flip", "scribble"],
    "Lab.set_fault": ["delay", "hold", "flip", "scribble", "lie", "reorder", "duplicate"],
}
PORTS = [80, 81, 1024]
TAKES_ANY = {"adopt"}  # it would take any number that is a descriptor of the process
SIZES = {"Memory.__init__": [4096, 16384, 65536], "Queue.__init__": [1, 2, 4, 16, 16, 64]}


WIRE = bytes(vsk.Packet(src=(3, 1024), dst=(2, 1234), op="RW", payload=b"hello"))


def descriptor() -> int:
    """A socket that somebody may take; nobody is at its other end."""
    ours, _ = socket.socketpair()
    return ours.detach()


def connected_ends() -> list[_core.Socket]:
    """A device and a guest at the two ends of a socket."""
    options = _core.Options.make()
    device = _core.Socket.serve(options, OFFERED, 100)
    guest = _core.Socket.attach(options, ACCEPTED, 100, 1 << 20, 0, 3, False, 10**9)
    for end, one in zip((device, guest), socket.socketpair(), strict=True):
        end.adopt(one.detach())
    return [device, guest]


class Abuser:
    """One sequence of calls."""

    def __init__(self, rng: random.Random, folder: Path, trace: bool) -> None:
        self.rng = rng
        self.trace = trace
        self.image = folder / "image"
        self.pool: dict[str, list[Any]] = collections.defaultdict(list)
        self.ranges: list[tuple[int, int]] = []
        self.ids = [1]
        self.calls = 0
        self.good = 0

    def run(self) -> None:
        for kind in ("Memory", "Queue", "Packet", "Header"):
            self.make(kind)
        self.attempt("a lab", self.lab)
        self.attempt("sockets", self.sockets)
        end = self.rng.randint(30, 60)
        acts = [self.method, self.story, self.make, self.get, self.set, self.slot]
        acts += [self.frontend, self.view]
        while self.calls < end:
            self.rng.choices(acts, [40, 12, 8, 12, 8, 6, 6, 8])[0]()
            if self.rng.random() < 0.05:
                self.drop()

    # What is called

    def attempt(self, words: str, act: Callable[[], Any]) -> Any:
        """Make one call and keep what it gives."""
        self.calls += 1
        if self.trace:
            print(f"  {words}", file=sys.stderr, flush=True)
        try:
            result = act()
        except StopIteration:
            result = None
        except ALLOWED as error:
            if self.trace:
                print(f"    {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            return None
        self.good += 1
        self.keep(result)
        return result

    def keep(self, result: Any) -> None:
        kind = next((name for name, cls in KINDS.items() if isinstance(result, cls)), None)
        if isinstance(result, memoryview):
            kind = "view"
        if isinstance(result, tuple) and result and isinstance(result[0], memoryview | vsk.Ring):
            for item in result:
                self.keep(item)
        if kind is None:
            return
        self.pool[kind].append(result)
        if kind == "Queue":
            self.keep(result.driver)
            self.keep(result.device)
        if len(self.pool[kind]) > 8:
            self.pool[kind].pop(self.rng.randrange(8))

    def drop(self) -> None:
        """Let go of something, in any order."""
        kind = self.rng.choice(list(self.pool))
        if len(self.pool[kind]) > 1:
            self.pool[kind].pop(self.rng.randrange(len(self.pool[kind])))

    def pick(self, kind: str) -> Any:
        """An object of a kind, mostly one of the latest."""
        found = self.pool[kind]
        if not found or self.rng.random() < 0.02:
            return bare(KINDS[kind]) if kind in KINDS else memoryview(b"")
        if kind == "Queue" and self.rng.random() < 0.7:
            return found[0]
        return found[-1] if self.rng.random() < 0.6 else self.rng.choice(found)

    def method(self) -> None:
        kind = self.rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        calls = {name: call for name, call in STUB.calls[kind].items() if name != "__init__"}
        weights = [RARE.get(name, OFTEN.get(name, 8)) for name in calls]
        name = self.rng.choices(list(calls), weights)[0]
        self.invoke(kind, calls[name], self.pick(kind))

    def story(self) -> None:
        """Calls that belong together, broken off anywhere: their objects stay in the pool."""
        queue, packet, rng = self.pick("Queue"), self.pick("Packet"), self.rng
        rx = rng.random() < 0.5
        if rx:
            self.attempt("story: post", lambda: queue.driver.post(rng.choice([100, 4096])))
        else:
            self.attempt("story: send", lambda: queue.driver.send(packet))
        if rng.random() < 0.2:
            end = "driver" if rx else "device"
            packets = self.attempt("story: packets", lambda: getattr(queue, end).packets())
            self.attempt("story: next", lambda: next(packets))
            return
        chain = self.attempt("story: pop", lambda: queue.device.pop())
        if chain is None or rng.random() < 0.2:
            return
        begin = vsk.Packet.into_rx if rx else vsk.Packet.from_tx
        found = self.attempt("story: packet", lambda: begin(chain))
        if found is None or rng.random() < 0.2:
            return
        written = 0
        if rx:
            self.attempt("story: write", lambda: found.write(b"hello"))
            written = self.attempt("story: commit", lambda: found.commit())
        else:
            self.attempt("story: segments", lambda: self.keep(found.segments()))
        if rng.random() < 0.8:
            self.attempt("story: push", lambda: queue.device.push(chain, written))

    def lab(self) -> None:
        """A lab of two guests, and all that is in it."""
        lab = _core.Lab.make(self.rng.randrange(9), 100)
        for _ in range(2):
            lab.add(_core.Options.make(), _core.Options.make(), 1 << 16)
        lab.start()
        for thing in (lab, _core.Options.make(), lab.device(1), lab.guest(1), lab.snapshot()):
            self.keep(thing)
        for role in (lab.guest(0), lab.device(0)):
            role.listen(80, 2)
            self.keep(role)

    def sockets(self) -> None:
        """A device and a guest at the two ends of a socket, somewhere in their dialogue."""
        ends = connected_ends()
        for role in (ends[0].role(), ends[1].role()):
            role.listen(80, 2)
            self.keep(role)
        for end in ends * self.rng.randrange(40):
            end.step(0)
        for end in ends:
            self.keep(end)

    def make(self, kind: str = "") -> None:
        kind = (
            kind
            or self.rng.choices(
                ["Packet", "Queue", "Memory", "Header", "DriverEnd", "DeviceEnd", "Capture"],
                [9, 3, 2, 3, 1, 1, 2],
            )[0]
        )
        call = STUB.calls[kind]["__init__"]
        values = self.values(kind, call, None)
        self.attempt(f"{kind}({values})", lambda: KINDS[kind](**values))

    def invoke(self, kind: str, call: Call, target: Any) -> None:
        values = self.values(kind, call, target)
        words = f"{target!r}.{call.name}({values})" if self.trace else ""
        with redirect_stdout(io.StringIO()):
            result = self.attempt(words, lambda: call.invoke(target, values))
        if (kind, call.name) == ("Memory", "alloc") and result is not None:
            self.ranges.append((result, values["size"]))
        if kind == "Role" and call.name in ("connect", "accepted") and result is not None:
            self.ids.append(result)
        if kind in ("Lab", "Socket") and call.name == "step" and result is not None:
            self.ids.append(result[3])
            self.keep(result[4])

    def get(self) -> None:
        kind = self.rng.choice(list(KINDS))
        name = self.rng.choice([*STUB.properties[kind], "colour"])
        target = self.pick(kind)
        self.attempt(f"{kind}.{name}", lambda: getattr(target, name))

    def set(self) -> None:
        kind = self.rng.choice(["Packet", "Packet", "Header", "Memory", "Chain"])
        name = self.rng.choice([*STUB.properties[kind], "colour"])
        target = self.pick(kind)
        value = self.rubbish() if self.rng.random() < 0.2 else self.value(kind, name, name, target)
        if self.rng.random() < 0.1:
            self.attempt(f"del {kind}.{name}", lambda: delattr(target, name))
        else:
            self.attempt(f"{kind}.{name} = {value!r}", lambda: setattr(target, name, value))

    def slot(self) -> None:
        target = self.pick(self.rng.choice([*KINDS, "Packet"]))
        other = self.pick(self.rng.choice(list(KINDS)))
        act = self.rng.choice(
            [repr, str, bytes, iter, next, hash, memoryview, lambda x: x == other, bool, dir]
        )
        self.attempt(f"slot of {type(target).__name__}", lambda: act(target))

    def frontend(self) -> None:
        """What the package adds in Python."""
        memory, queue = self.pick("Memory"), self.pick("Queue")
        acts: list[Callable[[], Any]] = [
            lambda: memory.save(self.image),
            lambda: vsk.Memory.load(self.image),
            lambda: vsk.Memory.load(self.spoilt()),
            lambda: vsk.Queue(memory, ring=self.rng.choice(memory.rings)) if memory.rings else None,
            lambda: list(queue.driver.used()),
            lambda: [queue.device.push(chain, 0) for chain in queue.device],
            lambda: [self.keep(packet) for packet in queue.driver.packets()],
            lambda: next(iter(queue.device.packets()), None),
            lambda: queue.__init__(memory),
        ]
        act = self.rng.choice(acts)
        self.attempt("frontend", act)

    def view(self) -> None:
        """Use a view: that of a closed or dropped object too."""
        view = self.pick("view")
        acts: list[Callable[[], Any]] = [
            lambda: bytes(view),
            lambda: view.__setitem__(slice(None), bytes(self.rng.randrange(256) for _ in view)),
            lambda: view.release(),
            lambda: view[: self.rng.randrange(9)],
            lambda: vsk.Packet.parse(view),
            lambda: self.pick("Packet").write(view),
            lambda: self.pick("Memory").write(self.address(), view),
        ]
        self.attempt("view", self.rng.choice(acts))

    # What is passed

    def rubbish(self) -> Any:
        everything = garbage() if self.rng.random() < 0.3 else [None, -1, 2**64, 1.5, "x", b"x", []]
        objects = [thing for pool in self.pool.values() for thing in pool]
        return self.rng.choice(everything + objects)

    def values(self, kind: str, call: Call, target: Any) -> dict[str, Any]:
        names = list(call.positional[: call.required])
        more = call.positional[call.required :] + call.keyword_only
        if call.name == "__init__" and kind in ("Packet", "Header"):
            more = self.rng.sample(more, self.rng.randrange(5))
        elif (kind, call.name) == ("Memory", "__init__"):
            more = [self.rng.choice(["size", "size", "regions"]), "fill"]
        elif (kind, call.name) == ("Queue", "__init__"):
            more = ["size", "indirect", "event_idx", "packed", "in_order"]
        elif self.rng.random() < 0.5:
            more = []
        values: dict[str, Any] = {}
        for name in names + more:
            values[name] = self.value(kind, call.name, name, target, values)
        if values and self.rng.random() < 0.1:
            name = self.rng.choice(list(values))
            rubbish = self.rubbish()
            # A memory of gigabytes would be granted: it is no rubbish. Nor is a descriptor of ours.
            granted = name in ("size", "memory_size") and rubbish in (2**31, 2**32)
            if not granted and call.name not in TAKES_ANY:
                values[name] = rubbish
        return values

    def address(self) -> int:
        if self.ranges and self.rng.random() < 0.9:
            return self.rng.choice(self.ranges)[0]
        return self.rng.randrange(8192)

    def value(
        self, kind: str, call: str, name: str, target: Any, so_far: dict[str, Any] | None = None
    ) -> Any:
        """A good value for a parameter or a field."""
        rng, so_far = self.rng, so_far or {}
        if (kind, name) == ("Queue", "name"):
            return rng.choice(FIELDS)
        if kind in ("Options", "Role", "Lab", "Socket"):
            found = self.of_a_lab(f"{kind}.{call}", name)
            if found is not None:
                return found
        if name in {"chain", "packet", "memory", "queue"}:
            return self.partner(name, target)
        if name == "size":
            return rng.choice(SIZES.get(f"{kind}.{call}", [44, 64, 100, 300]))
        if (kind, call, name) == ("Memory", "free", "addr"):
            return rng.choice(self.ranges or [(0, 64)])[0]
        if name == "layout":
            return self.layout(so_far)
        bits = {"src_cid": 64, "dst_cid": 64, "type": 16, "op": 16}.get(name, 32)
        special: dict[str, Callable[[], Any]] = {
            "data": lambda: rng.choice(
                [b"", b"hello", rng.randbytes(50), WIRE, WIRE, WIRE + b"more"]
            ),
            "payload": lambda: rng.randbytes(rng.randrange(60)),
            "header": lambda: rng.choice([rng.randbytes(44), self.pick("Header")]),
            "src": lambda: (rng.getrandbits(64), rng.getrandbits(32)),
            "dst": lambda: (rng.getrandbits(64), rng.getrandbits(32)),
            "op": lambda: rng.choice(["RW", "RST", vsk.Op.REQUEST, 5, 999]),
            "type": lambda: rng.choice(["STREAM", vsk.Type.SEQPACKET, 1, 77]),
            "addr": lambda: self.address(),
            "len": lambda: rng.randrange(64),
            "align": lambda: 1 << rng.randrange(8),
            "value": lambda: rng.randrange(256),
            "fill": lambda: rng.randrange(256),
            "regions": lambda: [(0, 16384), (16384, 4096), (1 << 40, 65536)],
            "buffers": self.buffers,
            "indirect": lambda: rng.choice([True, False, 1]),
            "event_idx": lambda: rng.random() < 0.5,
            "packed": lambda: rng.random() < 0.5,
            "in_order": lambda: rng.random() < 0.2,
            "ring": lambda: None,
            "slot": lambda: rng.randrange(16),
            "next": lambda: rng.randrange(16),
            "flags": lambda: rng.randrange(8),
            "head": lambda: rng.randrange(16),
            "written": lambda: rng.choice([0, 0, 0, 44]),
            "max_payload": lambda: rng.choice([0, 100, 65536, 65536]),
        }
        return special.get(name, lambda: rng.getrandbits(bits))()

    def of_a_lab(self, call: str, name: str) -> Any:
        """A good value for a call on a lab, or None."""
        rng = self.rng
        special: dict[str, Callable[[], Any]] = {
            "name": lambda: rng.choice(NAMES[call]),
            "conn": lambda: rng.choice([*self.ids[-6:], 0]),
            "device": lambda: self.pick("Options"),
            "guest": lambda: self.pick("Options"),
            "snapshot": lambda: self.pick("Snapshot"),
            "pair": lambda: rng.randrange(2),
            "limit": lambda: rng.choice([0, 10**9, 2**64 - 1]),
            "delay": lambda: rng.randrange(10**9),
            "timer": lambda: rng.randrange(4),
            "memory_size": lambda: 1 << rng.randrange(17),
            "trace_limit": lambda: rng.randrange(100),
            "queue": lambda: rng.randrange(3),
            "index": lambda: rng.randrange(4),
            "number": lambda: rng.randrange(100),
            "value": lambda: rng.randrange(1000),
            "buf_alloc": lambda: rng.randrange(100_000),
            "type": lambda: rng.choice([1, 1, 2]),
            "local_port": lambda: 0xFFFFFFFF,
            "peer_cid": lambda: rng.choice([2, 2, 3]),
            "peer_port": lambda: rng.choice(PORTS),
            "port": lambda: rng.choice(PORTS),
            "backlog": lambda: 1 + rng.randrange(3),
            "max": lambda: 1 + rng.randrange(100),
            "guest_cid": lambda: rng.choice([3, 4]),
            "protocol": lambda: rng.choice([0, ACCEPTED, OFFERED]),
            "queues": lambda: rng.choice([2, 3, 4]),
            "mem_slots": lambda: rng.random() < 0.5,
            "timeout": lambda: rng.choice([0, 10**6, 10**9]),
            "descriptor": descriptor,
        }
        return special[name]() if name in special else None

    def partner(self, name: str, target: Any) -> Any:
        """An object that goes with the target: a chain that it holds."""
        kind = name.capitalize()
        if kind != "Chain" or self.rng.random() < 0.2:
            return self.pick(kind)
        held = [chain for chain in self.pool["Chain"] if chain.held]
        return self.rng.choice(held) if held else self.pick(kind)

    def layout(self, so_far: dict[str, Any]) -> list[int] | None:
        size = so_far.get("size", 300)
        if self.rng.random() < 0.3 or not isinstance(size, int):
            return None
        cuts = sorted(self.rng.sample(range(1, size), min(size - 1, self.rng.randrange(6))))
        return [b - a for a, b in zip([0, *cuts], [*cuts, size], strict=True)]

    def buffers(self) -> list[tuple[int, int, str]]:
        kinds = "r" * self.rng.randrange(4) + "w" * self.rng.randrange(4)
        return [(self.address(), self.rng.randrange(1, 100), kind) for kind in kinds or "r"]

    def spoilt(self) -> Path:
        """The image that was saved last, with a byte changed or its end cut off."""
        data = bytearray(self.image.read_bytes())
        if self.rng.random() < 0.5:
            data[self.rng.randrange(min(len(data), 200))] = self.rng.choice([0, 1, 0xFF])
        else:
            del data[self.rng.randrange(len(data)) :]
        path = self.image.with_name("spoilt")
        path.write_bytes(data)
        return path


def main() -> int:
    parser = argparse.ArgumentParser(description="random calls, never a crash")
    parser.add_argument("sequences", type=int, nargs="?", default=100)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--trace", action="store_true")
    options = parser.parse_args()
    faulthandler.enable()
    print(f"abuse: seed {options.seed}", flush=True)

    calls = good = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for number in range(options.first, options.first + options.sequences):
            rng = random.Random(f"{options.seed}/{number}")
            one = Abuser(rng, Path(folder), options.trace)
            try:
                one.run()
            except BaseException:
                print(f"abuse: sequence {number}, call {one.calls}", flush=True)
                raise
            calls += one.calls
            good += one.good
    share = good / calls
    print(f"abuse: {options.sequences} sequences, {calls} calls, {share:.1%} succeeded")
    return 0 if share >= 0.5 else 1


if __name__ == "__main__":
    sys.exit(main())
