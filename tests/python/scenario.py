# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Conversations of a device and its guests that a seed decides, and a plain model of their outcome.

scenario.run(4711) raises where anything is not as it should be; scenario.World(4711) shows what the
seed means.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from formats import FORMATS, offered

import vsk
import vsk.check
from vsk import Op, Reason, State, Type

NOISE = random.Random(0).randbytes(1 << 18)
SECOND, MILLISECOND = 1_000_000_000, 1_000_000
PATIENCE = 10_000.0  # seconds: a timeout that never strikes
STEPS = 400_000  # of the lab, in one scenario
RING_FAULTS = (
    "BAD_USED_IDX",
    "BAD_USED_ID",
    "BAD_USED_LEN",
    "BAD_AVAIL_IDX",
    "BAD_HEAD",
    "BAD_LIST",
)
HEADER = 44
ANY = 0xFFFFFFFF


@dataclass
class Coverage:
    """What scenarios have reached."""

    scenarios: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # role, state, op
    faults: Counter[str] = field(default_factory=Counter)
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)  # role, reason
    features: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    messages: int = 0
    packets: int = 0
    exact: int = 0  # directions that had to arrive whole, and did

    def add(self, other: Coverage) -> None:
        for name in ("scenarios", "pairs", "faults", "ends", "features"):
            getattr(self, name).update(getattr(other, name))
        for name in ("bytes", "messages", "packets", "exact"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def __str__(self) -> str:
        def table(name: str, counter: Counter[Any]) -> str:
            rows = sorted(counter.items(), key=lambda row: (-row[1], str(row[0])))
            words = (f"{k if isinstance(k, str) else ' '.join(k)} {n}" for k, n in rows)
            return f"  {name}: {', '.join(words)}"

        return "\n".join(
            [
                f"{sum(self.scenarios.values())} scenarios, {self.bytes} bytes, "
                f"{self.messages} messages, {self.packets} packets, "
                f"{self.exact} directions whole",
                table("kinds", self.scenarios),
                table("state and op", self.pairs),
                table("faults", self.faults),
                table("closes", self.ends),
                table("features", self.features),
            ]
        )


class End:
    """One side of a connection: what it means to do, has sent and has got."""

    def __init__(self, world: World, conn: vsk.Conn, is_guest: bool, push: bool) -> None:
        rng = world.rng
        self.world = world
        self.conn = conn
        self.role = conn._role
        self.is_guest = is_guest
        self.push = push
        self.seq = conn.type is Type.SEQPACKET
        self.peer: End | None = None
        self.accepting = conn.state is State.REQUESTED
        self.sent: list[bytes] = []
        self.got: list[bytes] = []
        self.plan: list[bytes] = []
        self.echo = False
        self.finish = rng.choice(("shutdown", "shutdown", "close", "wait", "wait"))
        if rng.random() < 0.05:
            self.finish = rng.choice(("reset", "receive", "hangup"))
        self.greedy = rng.choice((1, 7, 300, 5000, 1 << 20))  # bytes that a pull reader takes
        self.pause = rng.random() < 0.1 and push
        self.paused = False
        self.finishing = False
        self.did: set[str] = set()  # what breaks the other's or the own stream
        self.eof = False
        self.over = False
        self.reason = Reason.NONE
        conn.data = self

    # ---- the model's state, for rewind ----

    def save(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        for name in ("sent", "got", "plan", "did"):
            state[name] = state[name].copy()
        return state

    def load(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for name in ("sent", "got", "plan", "did"):
            setattr(self, name, state[name].copy())

    # ---- receiving ----

    def take(self, data: bytes) -> None:
        self.world.hold(not self.eof, f"{self}: payload after the end")
        self.world.hold(not self.paused, f"{self}: payload in spite of a pause")
        self.got.append(data)
        self.world.check_prefix(self)
        if self.echo and (not self.seq or 0 < len(data) <= self.world.message_limit(self)):
            self.send(data)

    def ended(self) -> None:
        self.world.hold(not self.eof, f"{self}: the end was told twice")
        self.eof = True

    def closed(self) -> None:
        self.over = True
        self.reason = self.conn.reason

    def read(self, size: int) -> bool:
        """Take what is there, of a pull end."""
        if self.eof or self.over:
            return False
        with self.world.may_fail(self):
            data = self.role.take(self.conn._id, size)
            if data is None:
                return False
            if data == b"":
                self.ended()
            else:
                self.take(data)
            return True
        self.closed()
        return True

    # ---- sending ----

    def send(self, data: bytes) -> bool:
        with self.world.may_fail(self):
            self.conn.send(data, eor=self.seq and self.world.rng.random() < 0.1)
            self.sent.append(data)
            return True
        self.plan.clear()
        return False

    def push_on(self) -> bool:
        """Do the next thing of its own; false where it has nothing to do."""
        if self.over or self.finishing:
            return False
        if self.plan:
            self.send(self.plan.pop(0))
            return True
        if self.finish == "reset" or (self.finish == "wait" and not self.eof):
            if self.finish == "wait":
                return False
            self.did.add("reset")
            self.finishing = True
            self.conn.reset()
            return True
        if self.finish == "hangup":  # a RST behind the last byte
            self.finish = "reset"
            self.did.add("shutdown")
            with self.world.may_fail(self):
                self.conn.shutdown(send=True)
            return True
        if self.finish in ("shutdown", "receive") and not self.eof:
            if self.finish in self.did:
                return False
            self.did.add(self.finish)
            flags = {"send": True} if self.finish == "shutdown" else {"receive": True}
            with self.world.may_fail(self):
                self.conn.shutdown(**flags)
            if self.finish == "receive":
                self.finish = "shutdown"
            return True
        self.close()
        return True

    def close(self) -> None:
        if not self.eof:
            self.did.add("close")
        self.finishing = True
        with self.world.may_fail(self):
            self.conn.close()

    def look(self) -> None:
        """See whether a pull end is over."""
        if not self.over and not self.push and self.conn.state is State.CLOSED:
            while not self.eof and self.read(1 << 20):
                pass
            self.closed()

    def __repr__(self) -> str:
        side = "guest" if self.is_guest else "device"
        return (
            f"<{side} {self.conn!r} sent {sum(map(len, self.sent))} got {sum(map(len, self.got))} "
            f"plan {len(self.plan)} {self.finish} did {sorted(self.did)}"
            f"{' eof' * self.eof}{' over' * self.over} {'push' if self.push else 'pull'}"
            f"{' echo' * self.echo}>"
        )


class Model(vsk.Device):
    """The device: connections are accepted, put off or refused, as chance will have it."""

    world: World

    def on_request(self, conn: vsk.Conn) -> None:
        self.world.requested(conn)

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.data.take(bytes(data))

    def on_eof(self, conn: vsk.Conn) -> None:
        conn.data.ended()

    def on_close(self, conn: vsk.Conn) -> None:
        if conn.data is not None:
            conn.data.closed()

    def on_error(self, conn: vsk.Conn | None, error: vsk.PeerError) -> None:
        self.world.failed("device", conn, error)

    def save_state(self) -> None:
        """All of it is the world's."""

    def load_state(self, state: None) -> None:
        """All of it is the world's."""


class Host(vsk.Guest):
    """A guest whose connections have hooks, where they were asked for."""

    world: World

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.data.take(bytes(data))

    def on_eof(self, conn: vsk.Conn) -> None:
        conn.data.ended()

    def on_close(self, conn: vsk.Conn) -> None:
        conn.data.closed()

    def on_error(self, conn: vsk.Conn | None, error: vsk.PeerError) -> None:
        self.world.failed("guest", conn, error)

    def save_state(self) -> None:
        """All of it is the world's."""

    def load_state(self, state: None) -> None:
        """All of it is the world's."""


class SeeingModel(Model):
    def on_packet(self, packet: vsk.Packet) -> None:
        self.world.see("device", self, packet)


class SeeingHost(Host):
    def on_packet(self, packet: vsk.Packet) -> None:
        self.world.see("guest", self, packet)


class Wrong(AssertionError):
    """A promise was not kept."""


class World:
    """A lab, its ends and its model."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = rng = random.Random(seed)
        self.coverage = Coverage()
        self.malign = rng.random() < 0.2
        self.hasty = rng.random() < 0.1  # timeouts that may strike
        self.timeout = rng.choice((0.001, 0.1, 2.0)) if self.hasty else PATIENCE
        self.resets = rng.random() < 0.06  # TRANSPORT_RESET
        self.seeing = rng.random() < 0.25
        # Where counters begin, on both sides: across 2^32 while there is something to send.
        self.wraps = rng.random() < 0.4
        self.count_from = (1 << 32) - (1 << rng.randrange(15)) if self.wraps else 0
        self.form = rng.choice(list(FORMATS))
        self.ends: list[End] = []
        self.flows: dict[tuple[int, int, int], End] = {}
        self.listeners: dict[tuple[int, int], vsk.Listener] = {}
        self.deferred: list[vsk.Conn] = []
        self.crowded = False
        self.steps = 0
        self.cut: list[tuple[int, int]] = []  # what of the trace was taken back
        self.device_names = self.any_device()
        self.guest_names = [self.any_guest() for _ in range(2 if rng.random() < 0.08 else 1)]
        self.faults = self.any_faults()
        self.device = (SeeingModel if self.seeing else Model)(**self.device_names["made"])
        self.device._names.update(self.device_names["policy"], count_from=self.count_from)
        kind = SeeingHost if self.seeing else Host
        self.guests = [kind(**names) for names in self.guest_names]
        self.device.world = self
        for guest in self.guests:
            guest.world = self
            guest._names["count_from"] = self.count_from
        self.lab = vsk.Lab(
            self.device, guests=self.guests, seed=seed, memory=1 << 20, trace=10_000_000
        )

    def __str__(self) -> str:
        return (
            f"seed {self.seed}: {self.form}, {'malign' if self.malign else 'benign'} faults "
            f"{self.faults}\n"
            f"device {self.device_names}\nguests {self.guest_names}\n"
            + "\n".join(map(repr, self.ends))
        )

    # ---- what it is like ----

    def any_buffer(self) -> int:
        rng = self.rng
        low, high = rng.choice(((100, 1000), (1000, 8192), (8192, 65536), (262144, 262144)))
        return rng.randint(low, high)

    def any_device(self) -> dict[str, dict[str, Any]]:
        rng = self.rng
        self.crowded = rng.random() < 0.1
        made = {
            "buf_alloc": self.any_buffer(),
            "send_buffer": rng.choice((0, 100, 5000, 262144)),
            "connections": 3 if self.crowded else 24,
            "connect_timeout": self.timeout,
            "close_timeout": self.timeout,
            "drain_timeout": self.timeout,
            "empty_messages": True,
            "features": offered(FORMATS[self.form]),
        }
        policy: dict[str, Any] = {"meter": rng.random() < 0.7}
        if rng.random() < 0.3:
            policy["payload_max"] = rng.choice((1, 50, 1000, 4096))
        return {"made": made, "policy": policy}

    def any_size(self) -> int:
        """Descriptors of a queue: any number of them in a packed ring."""
        size = 4 << self.rng.randrange(7)
        return self.rng.randint(4, size) if FORMATS[self.form].get("packed") else size

    def any_guest(self) -> dict[str, Any]:
        rng = self.rng
        common = {
            "connections": 24,
            "connect_timeout": self.timeout,
            "close_timeout": self.timeout,
            "drain_timeout": self.timeout,
        }
        if rng.random() < 0.3:
            preset = rng.choice(("linux-5.10", "linux-6.1", "linux-6.12"))
            return common | {"preset": preset, "send_buffer": 1 << 20}
        buffer = self.any_buffer()
        names: dict[str, Any] = {
            "buf_alloc": buffer,
            "queue_size": self.any_size(),
            "rx_layout": rng.choice(
                (
                    [3776],
                    [3776],
                    [HEADER, rng.randint(1, 4096)],
                    [HEADER + rng.randint(1, 56)],
                    [10, 34, rng.randint(1, 200)],
                    [7, 1000, 41],
                    [1, 43, 1, rng.randint(1, 500)],
                    [65580],
                )
            ),
            "rx_indirect": rng.random() < 0.3,
            "tx_indirect": rng.random() < 0.3,
            "rx_buffers": rng.choice((None, None, 1, 2, 8)),
            "refill_at": rng.choice((None, None, 1, 1000)),
            "event_buffers": rng.choice((1, 8)),
            "tx_piece": rng.choice((None, None, 1, 100, 4096)),
            "meter": rng.random() < 0.6,
            "ask": rng.random() < 0.7,
            "answer": True,
            "update_idle": True,
            "update_at": rng.choice((None, None, 1, max(1, buffer // 2))),
            "payload_max": rng.choice((None, None, 1, 100, 5000)),
            # Only the device holds credit back while its send queue is full: two sides that do
            # wait for each other.
            "send_buffer": 1 << 20,
            "empty_messages": True,
        }
        if rng.random() < 0.2:
            names["features"] = int(
                vsk.Feature.VERSION_1
                | vsk.Feature.STREAM
                | vsk.Feature.SEQPACKET
                | vsk.Feature.RING_PACKED
                | vsk.Feature.IN_ORDER
            ) | rng.choice((0, int(vsk.Feature.EVENT_IDX), int(vsk.Feature.INDIRECT_DESC)))
        return common | names

    def any_faults(self) -> dict[str, float]:
        rng = self.rng
        faults: dict[str, float] = {}
        if rng.random() < 0.3:
            faults["delay"] = rng.choice((1e-6, 1e-4, 1e-2))
        if rng.random() < 0.3:
            faults["hold"] = rng.choice((1e-6, 1e-4, 1e-2))
        if rng.random() < 0.2:
            faults["lose_kicks"] = rng.choice((5, 50, 500))
        if rng.random() < 0.2:
            faults["starve"] = rng.randint(1, 4)
        if rng.random() < 0.2 and all(n.get("preset") is None for n in self.guest_names):
            faults["shrink"] = rng.choice((5, 50, 200))
        if self.malign:
            for name in ("flip", "duplicate", "reorder", "lie", "scribble"):
                if rng.random() < 0.35:
                    faults[name] = rng.choice((2, 20, 200, 400))
        return faults

    def any_plan(self, end: End) -> None:
        """What an end means to send: messages that fit, streams in pieces."""
        rng = self.rng
        if end.push and rng.random() < 0.4 and not (end.peer and end.peer.echo):
            end.echo = True
            end.finish = "wait"
            return
        pair = self.pair_of(end)
        names = self.guest_names[pair]
        # What one packet takes, there and back, decides how much is affordable.
        size = names.get("queue_size") or 128
        piece = names.get("tx_piece") or 4096
        layout = names.get("rx_layout") or [3776]
        up = min(piece * (size - 1), names.get("payload_max") or 4096)
        down = min(sum(layout) - HEADER, self.device_names["policy"].get("payload_max") or 4096)
        room = min(up, down, self.message_limit(end) // 2)
        most = rng.choice((1, 30, 200, 1000, 3000, 12000))
        if rng.random() < 0.01:
            most = 150_000
        left = min(most, 60 * room)
        fits = min(self.message_limit(end), 1 << 16) if end.seq else 1 << 20
        while left > 0 and len(end.plan) < 30:
            size = min(left, fits, rng.choice((1, 1 + rng.randrange(100), rng.randint(1, left))))
            if end.seq and rng.random() < 0.05:
                size = min(fits, left)
            at = rng.randrange(len(NOISE) - size + 1)
            end.plan.append(NOISE[at : at + size])
            left -= size
        if end.seq and rng.random() < 0.1 and self.may_be_empty(end):
            end.plan.insert(rng.randrange(len(end.plan) + 1), b"")

    def message_limit(self, end: End) -> int:
        """The longest message that the peer of an end has room for."""
        names = self.guest_names[self.pair_of(end)]
        own = names.get("buf_alloc") or 262144
        return int(self.device_names["made"]["buf_alloc"] if end.is_guest else own)

    def may_be_empty(self, end: End) -> bool:
        """Empty messages: allowed, and for a reader that can tell one from the end."""
        names = self.guest_names[self.pair_of(end)]
        own = names.get("preset") is None if end.is_guest else True
        return own and end.peer is not None and end.peer.push

    # ---- whose is what ----

    def pair_of(self, end: End) -> int:
        return (end.conn.local_cid if end.is_guest else end.conn.peer_cid) % 1000 - 3

    def key_of(self, conn: vsk.Conn, is_guest: bool) -> tuple[int, int, int]:
        if is_guest:
            return conn.local_cid, conn.local_port, conn.peer_port
        return conn.peer_cid, conn.peer_port, conn.local_port

    def register(self, conn: vsk.Conn, is_guest: bool, push: bool, first: bool) -> End:
        end = End(self, conn, is_guest, push)
        key = self.key_of(conn, is_guest)
        if first:
            self.flows[key] = end
        else:
            other = self.flows.get(key)
            if other is not None and other.is_guest != is_guest and other.peer is None:
                end.peer, other.peer = other, end
            else:
                self.hold(self.malign, f"{conn!r}: nobody asked for it")
        self.ends.append(end)
        self.any_plan(end)
        return end

    def see(self, side: str, party: Any, packet: vsk.Packet) -> None:
        """Count which op met which state."""
        op = getattr(packet.op, "name", "UNKNOWN")
        key = (
            (packet.dst_cid, packet.dst_port, packet.src_port)
            if side == "guest"
            else (packet.src_cid, packet.src_port, packet.dst_port)
        )
        end = self.flows.get(key)
        if end is not None and end.is_guest != (side == "guest"):
            end = end.peer
        state = "CLOSED"
        if end is not None:
            with suppress(vsk.Error):
                state = end.conn.state.name
        elif any(conn.peer == packet.src for conn in self.deferred):
            state = "REQUESTED"
        self.coverage.pairs[side, state, op] += 1

    # ---- promises ----

    def hold(self, promise: object, words: str) -> None:
        if not promise:
            raise Wrong(words)

    def may_fail(self, end: End) -> Any:
        """An error of vsk's own kinds is an answer; which one must fit."""
        return _Answer(self, end)

    def failed(self, side: str, conn: vsk.Conn | None, error: vsk.PeerError) -> None:
        name = error.status.name
        self.coverage.features[f"error {name}"] += 1
        if not self.malign:
            late = self.resets and name == "BAD_CID"
            self.hold(late, f"an honest {side}'s peer has broken a rule: {error} {conn!r}")
        elif not self.faults.get("scribble"):
            self.hold(name not in RING_FAULTS, f"{side}: {error}: nobody touched the rings")

    def check_prefix(self, end: End) -> None:
        """What one has got is what the other has sent, as far as it goes."""
        if self.malign:
            return
        self.hold(end.peer is not None, f"{end}: payload from nobody")
        sent = end.peer.sent
        if end.seq:
            at = len(end.got) - 1
            whole = at < len(sent) and sent[at] == end.got[at]
            if not whole and at == len(sent):
                return  # its send has not returned yet: looked at in the end
            self.hold(whole, f"{end}: message {at} is another than the one that was sent")

    def check_end(self, end: End) -> None:
        peer = end.peer
        sent = [] if peer is None else peer.sent
        got = end.got
        if not end.seq:
            sent, got = [b"".join(sent)], [b"".join(got)]
            whole = sent == got
            prefix = sent[0].startswith(got[0])
        else:
            whole = sent == got
            prefix = sent[: len(got)] == got
        self.hold(prefix, f"{end}: got what {peer} has not sent")
        done = {end.reason} | ({peer.reason} if peer else set())
        if Reason.TIMEOUT in done:
            self.hold(self.hasty, f"{end}: timed out, though nobody was in a hurry")
        if Reason.TRANSPORT in done:
            self.hold(self.resets, f"{end}: the transport was not reset")
        # RST behind the last byte is an end like any other.
        self.hold(not end.eof or end.reason is not Reason.RESET, f"{end}: reset after the end")
        self.hold(Reason.PROTOCOL not in done, f"{end} {peer}: PROTOCOL")
        self.hold(end.reason is not Reason.NONE, f"{end}: over without a reason")
        if done & {Reason.TIMEOUT, Reason.TRANSPORT}:
            return
        if peer is None:
            fits = {Reason.REFUSED, Reason.RESET, Reason.LOCAL}
            self.hold(end.reason in fits, f"{end}: nobody there, and yet {end.reason!r}")
            self.hold(not got or got == [b""], f"{end}: got something from nobody")
            return
        if "reset" in end.did | peer.did:
            both = {Reason.LOCAL, Reason.RESET, Reason.CLOSED, Reason.REFUSED}
            self.hold(done <= both, f"{end} {peer}: {done}")
            return
        self.hold(done == {Reason.CLOSED}, f"{end} {peer}: {done}, though nobody has reset it")
        if not end.did & {"close", "receive"}:
            self.hold(whole, f"{end}: did not get all of what {peer} has sent")
            self.coverage.exact += 1
            if "close" not in peer.did or sum(map(len, got)):
                self.hold(end.eof or end.did & {"reset"} or end.push, f"{end}: no end")

    # ---- events ----

    def requested(self, conn: vsk.Conn) -> None:
        chance = self.rng.random()
        if chance < 0.05:
            return  # RST
        if chance < 0.12:
            conn.defer()
            self.deferred.append(conn)
            yes, delay = self.rng.random() < 0.7, self.rng.choice((0.0, 0.001, 0.5))
            self.device.after(delay, lambda: self.answer(conn, yes))
            return
        self.accept(conn)

    def accept(self, conn: vsk.Conn) -> None:
        conn.accept()
        self.register(conn, False, True, False)

    def answer(self, conn: vsk.Conn, say_yes: bool) -> None:
        self.coverage.features["deferred"] += 1
        if conn.state is not State.REQUESTED:
            return
        if say_yes:
            self.accept(conn)
        else:
            conn.reset()

    # ---- what happens ----

    def connect(self) -> None:
        rng = self.rng
        pair = rng.randrange(len(self.guests))
        guest = self.guests[pair]
        seq = rng.random() < 0.4 and vsk.Feature.SEQPACKET in guest.features
        kind = int(Type.SEQPACKET if seq else Type.STREAM)
        local = rng.randint(1000, 1002) if rng.random() < 0.3 else ANY
        try:
            if rng.random() < 0.65:
                hooks = rng.random() < 0.4
                local = self.reusable((guest.cid, local, 1234), local)
                number = guest._role.connect(local, 2, 1234, kind, hooks)
                conn = guest._conn(0, number)
                self.register(conn, True, hooks, True)
            else:
                port = rng.choice((4000, 4001, 4002))
                hooks = rng.random() < 0.5
                cid = self.device._roles[pair].count("cid")
                local = self.reusable((cid, port, local), local)
                conn = self.device._open_to(
                    port, Type(kind), cid, None if local == ANY else local, hooks
                )
                self.register(conn, False, hooks, True)
        except vsk.UsageError as error:
            fits = error.status.name in ("ERR_BUSY", "ERR_TABLE", "ERR_STATE", "ERR_CID")
            self.hold(fits or self.malign, f"connect: {error}")
            self.coverage.features["no " + error.status.name] += 1

    def reusable(self, key: tuple[int, int, int], local: int) -> int:
        """The port, unless packets to who had it before may still be under way.

        Who sent RST cannot tell them from an answer to a new REQUEST: nobody could.
        """
        before = self.flows.get(key)
        over = (Reason.CLOSED, Reason.RESET, Reason.REFUSED)
        if self.malign or before is None or before.conn.reason in over:
            return local
        return local if before.conn.reason is Reason.NONE else ANY  # it is there: ERR_BUSY

    def listen(self) -> None:
        for pair, guest in enumerate(self.guests):
            for port in (4000, 4001):  # nobody listens on 4002
                backlog = self.rng.choice((1, 2, 16))
                self.listeners[pair, port] = guest.listen(port, backlog)

    def accept_some(self) -> None:
        for (pair, _), listener in self.listeners.items():
            guest = self.guests[pair]
            number = guest._role.accepted(listener.port)
            if number is not None:
                self.register(guest._conn(0, number), True, False, False)

    def act(self) -> None:
        """One thing by chance."""
        rng = self.rng
        self.accept_some()
        ends = [end for end in self.ends if not end.over]
        if not ends:
            return
        end = rng.choice(ends)
        chance = rng.random()
        self.coverage.features["draining"] += end.conn.state is State.DRAINING
        if end.pause and end.push and chance < 0.4:
            self.coverage.features["paused"] += 1
            end.paused = not end.paused
            with self.may_fail(end):
                (end.conn.pause if end.paused else end.conn.resume)()
        elif not end.push and chance < 0.5:
            end.read(end.greedy)
            end.look()
        elif not end.accepting or end.conn.state is not State.REQUESTED:
            end.push_on()

    def go(self, steps: int, within: int) -> bool:
        """Let the lab go on; false where it has nothing to do."""
        limit = self.lab._core.now() + within
        for _ in range(steps):
            if not self.lab._step(limit):
                return False
            self.steps += 1
        self.hold(self.steps < STEPS, f"{self.steps} steps, and no end")
        return True

    def fork(self) -> None:
        """Go on for a while, and take it back."""
        self.coverage.features["rewound"] += 1
        snapshot = self.lab.snapshot()
        begin = self.lab._core.trace_end()
        saved = (
            list(self.ends),
            dict(self.flows),
            list(self.deferred),
            [(end, end.save()) for end in self.ends],
        )
        for _ in range(self.rng.randint(1, 30)):
            self.act()
            self.go(self.rng.randint(1, 20), MILLISECOND)
        self.lab.rewind(snapshot)
        self.ends, self.flows, self.deferred = saved[:3]
        for end, state in saved[3]:
            end.load(state)
        self.cut.append((begin, self.lab._core.trace_end()))

    # ---- all of it ----

    def play(self) -> None:
        rng = self.rng
        for name, value in self.faults.items():
            setattr(self.lab.faults, name, value)
        self.listen()
        count = rng.choice((1, 1, 2, 3, 4, 8))
        turns = rng.choice((5, 20, 60))
        fork_at = rng.randrange(turns) if rng.random() < 0.08 else -1
        reset_at = rng.randrange(turns) if self.resets else -1
        for turn in range(turns):
            if count and rng.random() < 2 * count / (turns - turn + 1):
                self.connect()
                count -= 1
            self.act()
            if turn == fork_at:
                self.fork()
            if turn == reset_at:
                self.coverage.features["transport reset"] += 1
                pair = rng.randrange(len(self.guests))
                cid = self.device._roles[pair].count("cid")
                self.device._roles[pair].reset_transport(cid)
            self.go(rng.randint(1, 25), rng.choice((0, 1000, MILLISECOND)))
            if rng.random() < 0.1:
                self.check_bounds()
        self.finish_all()

    def open_ends(self) -> list[End]:
        return [end for end in self.ends if not end.over]

    def finish_all(self) -> None:
        """Everybody does what was planned, then it is over."""
        idle, moved = 0, -1
        while True:
            self.accept_some()
            busy = False
            for end in self.open_ends():
                if end.paused:
                    end.paused = False
                    with self.may_fail(end):
                        end.conn.resume()
                if not end.push:
                    busy = end.read(end.greedy if end.greedy > 200 else 1000) or busy
                if not end.accepting or end.conn.state is not State.REQUESTED:
                    busy = end.push_on() or busy
                end.look()
            before = self.steps
            while self.go(100, MILLISECOND):
                pass
            if self.malign:
                if idle > 3:
                    break
                idle += 1
                continue
            if busy or (self.steps != before and idle < 4):
                idle = 0 if busy else idle + 1
                continue
            live = self.open_ends()
            if not live and not self.device.connections and not self.waiting():
                break
            # A lost kick, a credit that is asked for again: time helps, or nobody does. As long as
            # bytes move, however slowly, nobody waits for ever.
            counters = self.device.counters
            bytes_now = counters["rx_bytes"] + counters["tx_bytes"]
            idle = idle + 1 if bytes_now == moved else 0
            moved = bytes_now
            if idle > 6 and idle % 2:
                for end in live:
                    if end.finish == "wait" and not end.eof and not end.finishing:
                        end.close()
                        break
            self.hold(idle < 40, "they wait for each other")
            self.go(1000, 2 * SECOND)

    def waiting(self) -> bool:
        return any(guest.connections for guest in self.guests)

    def calm(self) -> None:
        """No faults any more: it ends, whatever was done to it."""
        for name in self.faults:
            setattr(self.lab.faults, name, 0)
        for listener in self.listeners.values():
            listener.close()
        for end in self.ends:
            with suppress(vsk.Error):
                end.conn.reset()
            if self.malign and end.paused:
                with suppress(vsk.Error):
                    end.conn.resume()
        budget = 3000 if self.malign else 20000
        while budget and self.go(100, 3600 * SECOND):
            budget -= 1
        self.hold(budget, "the lab never comes to rest")

    def check_bounds(self) -> None:
        """What is kept is bounded by what was advertised."""
        if self.malign:
            return
        for end in self.ends:
            names = self.guest_names[self.pair_of(end)] if end.is_guest else {}
            limit = (names.get("buf_alloc") or 262144) if end.is_guest else None
            limit = limit or self.device_names["made"]["buf_alloc"]
            self.hold(end.conn.unread <= limit, f"{end}: {end.conn.unread} unread of {limit}")

    def packets(self) -> Iterable[tuple[int, vsk.Packet]]:
        core = self.lab._core
        for number, line in enumerate(core.trace_text().decode().splitlines()):
            words = line.split(" ", 4)
            if "packet" in words[:4]:
                if not any(a <= number < b for a, b in self.cut):
                    packet = core.trace_packet(number)
                    if packet is not None:
                        yield number, packet
            elif "fault" in words[:4]:
                what = line[line.index("fault") + 6 :].split(":")[0]
                self.coverage.faults[what] += 1

    def judge(self) -> None:
        """Let the checker follow all of it."""
        checker = vsk.check.Checker()
        forwarded = dict[object, int]()
        found = []
        for _, packet in self.packets():
            self.coverage.packets += 1
            # The checker takes all counters to begin at 0. A RST for no connection says 0: there
            # it gets what that side said last.
            way = packet.src, packet.dst
            if packet.op != Op.RST or packet.fwd_cnt != 0:
                forwarded[way] = packet.fwd_cnt - self.count_from & 0xFFFFFFFF
            packet.fwd_cnt = forwarded.get(way, 0)
            if not self.malign and not self.resets:
                found += checker.packet(packet)
        if not self.malign and not self.resets:
            found += checker.end()
        self.hold(not found, "the checker: " + "; ".join(map(str, found[:5])))

    def check_all(self) -> None:
        for party, roles in [("device", self.device._roles)] + [
            ("guest", guest._roles) for guest in self.guests
        ]:
            for role in roles:
                exact = not self.faults.get("scribble")
                if exact:
                    for name in ("connections", "queued", "timers"):
                        self.hold(
                            role.count(name) == 0 or (self.malign and name == "queued"),
                            f"{party}: {role.count(name)} {name} left",
                        )
                    self.hold(role.count("lost") == 0, f"{party}: heads lost or given twice")
                if exact and party == "device":
                    # An RX buffer may be in hand, for the next packet.
                    self.hold(role.count("outstanding") <= 1, "the device keeps chains")
        for end in self.ends:
            self.coverage.ends["guest" if end.is_guest else "device", end.reason.name] += 1
            got = sum(map(len, end.got))
            self.coverage.bytes += got
            self.coverage.features["wrapped"] += self.wraps and got > (1 << 32) - self.count_from
            self.coverage.messages += len(end.got) if end.seq else 0
            if not self.malign:
                self.check_end(end)

    def run(self) -> Coverage:
        kind = "malign" if self.malign else "benign"
        self.coverage.scenarios[kind] += 1
        for name in ("hasty", "resets", "seeing", "crowded", "wraps"):
            self.coverage.features[name] += getattr(self, name)
        self.coverage.features[self.form] += 1
        self.play()
        self.calm()
        self.check_all()
        self.judge()
        return self.coverage


class _Answer:
    """Errors of vsk's own kinds that fit."""

    def __init__(self, world: World, end: End) -> None:
        self.world = world
        self.end = end

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if not isinstance(error, vsk.Error):
            return False
        if self.world.malign:
            return True
        return isinstance(error, (vsk.ConnectionReset, vsk.PipeClosed, vsk.TimedOut))


def run(seed: int) -> Coverage:
    """Play one scenario; what fails says its seed."""
    world = World(seed)
    try:
        return world.run()
    except Exception as error:
        text = f"{type(error).__name__}: {error}\n{world}"
        raise Wrong(
            f"seed {seed}: {text}\n"
            f"  again: VSK_SEED={seed} python -m pytest tests/python/test_property.py -k one_seed"
        ) from error


def run_many(first: int, count: int, report: Callable[[int], None] | None = None) -> Coverage:
    """Play scenarios with seeds from first on."""
    total = Coverage()
    for seed in range(first, first + count):
        total.add(run(seed))
        if report is not None:
            report(seed)
    return total
