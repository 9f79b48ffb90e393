# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Every call of every class, as the stub lists them, with what nobody should pass.

    every_call.py CLASS        prints how many calls were made

Nothing but an exception of the usual kinds may come of it: anything else ends the program.
"""

import faulthandler
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from abuse import (
    ALLOWED,
    KINDS,
    STUB,
    TAKES_ANY,
    WIRE,
    Call,
    Index,
    bare,
    connected_ends,
    descriptor,
    garbage,
)

import vsk
from vsk import _core

Act = Callable[[], Any]


class World:
    """An object of every class in the middle of its life, and good values by name."""

    def __init__(self) -> None:
        self.memory = vsk.Memory(65536, fill=0xAA)
        self.queue = vsk.Queue(self.memory, 16)
        self.driver, self.device = self.queue.driver, self.queue.device
        self.packet = vsk.Packet.parse(WIRE)
        self.header = self.packet.header
        self.ring = self.queue.ring
        self.address = self.memory.alloc(64)

        self.driver.send(self.packet)
        self.ended = self.pop()
        self.given = vsk.Packet.from_tx(self.ended)
        self.device.push(self.ended, 0)
        self.used = next(self.driver.used())

        self.driver.send(self.packet)
        self.driver.post(100)
        self.chain, self.writable = self.pop(), self.pop()
        self.borrowed = vsk.Packet.from_tx(self.chain)
        self.begun = vsk.Packet.into_rx(self.writable)
        self.driver.send(self.packet)
        self.packets = self.device.packets()

        self.capture = _core.Capture()
        self.capture._feed(self.capture._begin() + self.capture._encode(self.packet, 1, b"seen"))

        self.lab = self.begun_lab()
        self.role, self.peer = self.lab.guest(0), self.lab.device(0)
        self.role.listen(9, 2)
        self.conn = self.role.connect(1024, 2, 80, 1, True)
        self.snapshot = self.lab.snapshot()
        self.socket, self.link = connected_ends()
        for end in (self.socket, self.link) * 20:
            end.step(0)

    def begun_lab(self) -> _core.Lab:
        lab = _core.Lab.make(0, 10)
        self.options = _core.Options.make()
        self.options.set("connections", 2)
        self.options.set("queue_size", 4)
        lab.add(self.options, self.options, 32768)
        lab.start()
        return lab

    def orphan(self) -> _core.Role:
        """A role whose lab is gone."""
        return self.begun_lab().guest(0)

    def pop(self) -> vsk.Chain:
        chain = self.device.pop()
        assert chain is not None
        return chain

    def objects(self, kind: str) -> list[Any]:
        """Those of a class: live, over, and never begun."""
        live: dict[str, list[Any]] = {
            "Header": [self.header],
            "Packet": [self.packet, self.borrowed, self.begun, self.given],
            "Memory": [self.memory, self.closed()],
            "Queue": [self.queue, self.groundless()],
            "DriverEnd": [self.driver, self.groundless().driver],
            "DeviceEnd": [self.device, self.groundless().device],
            "Chain": [self.chain, self.writable, self.ended],
            "Packets": [self.packets, self.driver.packets()],
            "Ring": [self.ring],
            "Used": [self.used],
            "Capture": [self.capture, self.ended_capture()],
            "Options": [self.options],
            "Role": [self.role, self.peer, self.orphan(), self.socket.role(), self.link.role()],
            "Lab": [self.lab, _core.Lab.make(0, 10)],
            "Snapshot": [self.snapshot],
            "Socket": [self.socket, self.link, self.closed_socket()],
        }
        return [*live[kind], KINDS[kind].__new__(KINDS[kind]), bare(KINDS[kind])]

    def closed(self) -> vsk.Memory:
        memory = vsk.Memory(4096)
        memory.close()
        return memory

    def closed_socket(self) -> _core.Socket:
        end = connected_ends()[0]
        end.close()
        return end

    def ended_capture(self) -> _core.Capture:
        capture = _core.Capture()
        capture._close()
        return capture

    def groundless(self) -> vsk.Queue:
        """A queue whose memory was closed."""
        queue = vsk.Queue(vsk.Memory(4096), 4)
        queue.driver.post(44)
        queue.memory.close()
        return queue

    def good(self, kind: str, call: Call) -> dict[str, Any]:
        """Good values for all that a call takes."""
        values = {
            "chain": self.writable if call.name == "into_rx" else self.chain,
            "packet": self.packet,
            "memory": self.memory,
            "queue": self.queue,
            "ring": None,
            "layout": [44, 20],
            "buffers": [(self.address, 44, "r"), (self.address + 44, 20, "w")],
            "data": WIRE,
            "payload": b"hello",
            "addr": self.address,
            "size": 64,
            "align": 16,
            "regions": None,
            "src": (3, 1024),
            "dst": (2, 1234),
            "op": "RW",
            "type": "STREAM",
            "indirect": False,
            "event_idx": True,
            "front": self.memory._head(),
            "total": len(self.memory._head()) + 65536,
            "other": self.memory if kind == "Memory" else self.packet,
            "max_payload": 100,
        }
        if kind == "Queue":
            values["name"] = "desc.addr"
        if kind in ("Options", "Role", "Lab", "Socket"):
            values |= self.good_for_a_lab(call.name)
        names = call.positional + call.keyword_only
        return {name: values.get(name, 0) for name in names}

    def good_for_a_lab(self, call: str) -> dict[str, Any]:
        names = {"set": "cid", "preset": "linux-6.1", "word": "state", "number": "credit"}
        names |= {"listen": "one.sock", "dial": "one.sock"}
        return {
            "name": names.get(call, "cid" if call == "count" else "delay"),
            "conn": self.conn,
            "device": self.options,
            "guest": self.options,
            "snapshot": self.snapshot,
            "memory_size": 32768,
            "limit": 1000,
            "queue": 1,
            "type": 1,
            "peer_cid": 2,
            "port": 9,
            "backlog": 2,
            "below": 9,
            "max": 9,
            "guest_cid": 3,
            "protocol": 0,
            "queues": 3,
            "descriptor": descriptor() if call == "adopt" else 0,
        }


def rubbish(kind: str, name: str) -> list[Any]:
    """What nobody should pass; but a memory of gigabytes would be granted."""
    grows = (kind, name) in {("Lab", "add"), ("Socket", "attach")}
    grows = grows or (kind == "Memory" and name in {"__init__", "__class__", "__new__"})
    found = [thing for thing in garbage() if not (grows and thing in (2**31, 2**32))]
    if name in TAKES_ANY:  # a number may be that of a descriptor
        return [thing for thing in found if not isinstance(thing, int | Index)]
    return found


def wrong_arguments(world: World, kind: str, target: Any, call: Call) -> Iterator[Act]:
    """One wrong argument among right ones, too few and too many, unknown names."""
    for parameter in call.positional + call.keyword_only:
        for thing in rubbish(kind, call.name):
            values = world.good(kind, call) | {parameter: thing}
            yield lambda values=values: call.invoke(target, values)
    for count in range(len(call.positional) + 2):
        for thing in (None, -1, b"x", world.packet):
            yield lambda n=count, thing=thing: getattr(target, call.name)(*[thing] * n)
    yield lambda: getattr(target, call.name)(colour=1)
    yield lambda: getattr(target, call.name)(**world.good(kind, call), colour=1)


def any_name(kind: str, target: Any, name: str) -> Iterator[Act]:
    """Read, call, set and delete whatever the class has under a name."""
    yield lambda: getattr(target, name)
    for thing in rubbish(kind, name):
        yield lambda thing=thing: getattr(target, name)(thing)
        yield lambda thing=thing: getattr(target, name)(thing, thing)
        if name != "__class__":
            yield lambda thing=thing: setattr(target, name, thing)
    yield lambda: getattr(target, name)()
    yield lambda: delattr(target, name)


def acts(kind: str) -> Iterator[Act]:
    for at in range(len(World().objects(kind))):
        for call in STUB.calls[kind].values():
            world = World()
            yield from wrong_arguments(world, kind, world.objects(kind)[at], call)
        for name in sorted({name for cls in KINDS[kind].__mro__[:-1] for name in vars(cls)}):
            yield from any_name(kind, World().objects(kind)[at], name)


def main() -> None:
    faulthandler.enable()
    made = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for act in acts(sys.argv[1]):
            made += 1
            try:
                act()
            except (*ALLOWED, StopIteration):
                pass
        os.chdir("/")
    print(f"\n{made} calls")


if __name__ == "__main__":
    main()
