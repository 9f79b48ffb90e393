# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Device and guest against a plain model: scenarios by chance, every one of them a seed.

What is promised is in scenario.py: bytes and messages arrive once and in order, credit is kept, no
head is lost or given twice, all ends closed, the checker agrees; under malign faults safety alone.
In some of them counters begin close to 2^32, and wrap.
"""

import ctypes
import gc
import multiprocessing
import os
import random
from concurrent.futures import ProcessPoolExecutor

import pytest
import scenario
from formats import FORMATS
from scenario import Coverage

import vsk

pytestmark = pytest.mark.lawless("a scenario has the checker judge it, where that may be")

AT_ONCE = 100  # scenarios of a process between two reports
ALL = 20_000
MIB = 1 << 20
# Bytes of a process, from its first report to its last; AddressSanitizer keeps what was freed.
GROWTH = (500 if "asan" in os.environ.get("LD_PRELOAD", "") else 16) * MIB

OPS = {"REQUEST", "RESPONSE", "RST", "SHUTDOWN", "RW", "CREDIT_UPDATE", "CREDIT_REQUEST"}
BENIGN = {"late kick", "late interrupt", "hold", "lost kick", "starve", "shrink", "grow"}
MALIGN = {"flip", "duplicate", "reorder", "lie", "scribble"}
REASONS = {"CLOSED", "REFUSED", "RESET", "LOCAL", "TIMEOUT", "PROTOCOL", "TRANSPORT"}


def resident() -> int:
    """Bytes of memory that this process has, without what is only not given back yet."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def play(first: int) -> tuple[Coverage, int, int]:
    """Some scenarios, in a process of their own: who it was, and its memory after them."""
    return scenario.run_many(first, AT_ONCE), os.getpid(), resident()


def play_all(count: int) -> Coverage:
    """Play scenarios on two processors; memory must not grow with them."""
    first = random.SystemRandom().randrange(1 << 32)
    print(f"\nseeds from {first}")
    total, memory = Coverage(), dict[int, list[int]]()
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(2, context) as pool:
        for coverage, process, after in pool.map(play, range(first, first + count, AT_ONCE)):
            total.add(coverage)
            memory.setdefault(process, []).append(after)
    print(total)
    for sizes in memory.values():
        assert sizes[-1] - sizes[0] < GROWTH, sizes
    return total


def check_floor(total: Coverage, count: int) -> None:
    """A run that reaches less than this has lost something on the way."""
    assert sum(total.scenarios.values()) == count
    assert total.scenarios["malign"] > count // 10
    assert total.bytes > 2500 * count
    assert total.messages > 2 * count
    assert total.packets > 50 * count
    assert total.exact > count // 2

    assert total.faults.keys() >= BENIGN | MALIGN
    for side in ("device", "guest"):
        assert {op for role, _, op in total.pairs if role == side} >= OPS
        assert {reason for role, reason in total.ends if role == side} >= REASONS
        assert {
            (state, op)
            for state, op in (
                ("CLOSED", "REQUEST"),
                ("CLOSED", "RW"),
                ("CLOSED", "RST"),
                ("CONNECTING", "RESPONSE"),
                ("CONNECTING", "RST"),
                ("ESTABLISHED", "RW"),
                ("ESTABLISHED", "SHUTDOWN"),
                ("ESTABLISHED", "RST"),
                ("ESTABLISHED", "CREDIT_UPDATE"),
                ("ESTABLISHED", "CREDIT_REQUEST"),
                ("CLOSING", "RST"),
                ("CLOSING", "RW"),
                ("CLOSING", "SHUTDOWN"),
                ("CLOSING", "CREDIT_UPDATE"),
            )
            if (side, state, op) not in total.pairs
        } == set()
    assert len(total.pairs) > 40
    for name in FORMATS:
        assert total.features[name] > count // 10
    for name in (
        "draining",
        "paused",
        "deferred",
        "rewound",
        "transport reset",
        "no ERR_BUSY",
        "crowded",
        "wrapped",
    ):
        assert total.features[name] > 0, name


@pytest.mark.thorough
@pytest.mark.skipif("VSK_SEED" in os.environ, reason="one seed alone")
def test_two_thousand_conversations(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        total = play_all(ALL // 10)

    check_floor(total, ALL // 10)


@pytest.mark.full
@pytest.mark.skipif("VSK_SEED" in os.environ, reason="one seed alone")
def test_twenty_thousand_conversations(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        total = play_all(ALL)

    check_floor(total, ALL)


def test_one_seed() -> None:
    seed = int(os.environ.get("VSK_SEED", "0"))

    print(scenario.run(seed))


def test_the_same_seed_gives_the_same_trace() -> None:
    for seed in range(10):
        worlds = [scenario.World(seed) for _ in range(2)]
        for world in worlds:
            world.run()
        assert str(worlds[0].lab.trace) == str(worlds[1].lab.trace)


# ---- what scenarios have found, alone ----


class Taker(vsk.Device):
    def on_request(self, conn: vsk.Conn) -> None:
        conn.accept()


def test_the_last_byte_of_a_message_gets_credit_though_a_part_is_held() -> None:
    lab = vsk.Lab(vsk.Device(buf_alloc=300), guests=[vsk.Guest(ask=False, meter=False)])
    listener = lab.guest.listen(1)
    reader = lab.device.open_connection(1, "SEQPACKET")
    writer = listener.accept()

    # The second message lacks the byte that the first one takes until it is read.
    for size in (1, 300):
        writer.send(bytes(size))
    lab.run()
    assert reader.unread == 300

    assert [len(reader.recv()) for _ in range(2)] == [1, 300]


def test_a_listener_keeps_who_was_only_looked_at_and_is_over() -> None:
    lab = vsk.Lab(vsk.Device())
    listener = lab.guest.listen(1)
    conn = lab.device.open_connection(1)
    assert len(lab.guest.connections) == 1
    conn.reset()
    lab.run()

    accepted = listener.accept()

    assert accepted.reason is vsk.Reason.RESET


def test_a_message_that_will_never_end_is_not_kept() -> None:
    lab = vsk.Lab(Taker())
    conn = lab.guest.connect(2, 1, "SEQPACKET")
    (kept,) = lab.device.connections
    header = {"src_port": conn.local_port, "dst": (2, 1), "type": "SEQPACKET", "buf_alloc": 1000}
    lab.guest.tx(op="RW", payload=bytes(100), **header)
    lab.run(within=0.1)
    assert lab.device.counters["queued"] == 100 + 12

    conn.reset()
    lab.run()

    assert kept.reason is vsk.Reason.RESET
    assert lab.device.counters["queued"] == 0


# ---- a guest that never reads ----


class Echo(vsk.Device):
    def on_request(self, conn: vsk.Conn) -> None:
        conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.send(data)


def offer(total: int) -> None:
    """A guest that never reads sends on one connection after the other, as much as each takes."""
    budget, piece, each = 4 * MIB, bytes(65536), 262144
    lab = vsk.Lab(Echo(budget=budget), trace=0)
    # A connection that was let in under the budget may still fill: its send queue, and a message
    # above it, and what a hook was given.
    bound = budget + 2 * each + len(piece)
    sent, most, refused, before = 0, 0, 0, resident()
    open_conns: list[vsk.Conn] = []

    while sent < total:
        try:
            conn = lab.guest.connect(2, 1)
        except vsk.ConnectionReset:
            # The device has kept as much as it will.
            refused += 1
            for conn in open_conns:
                sent += conn.tx_bytes
                conn.reset()
            open_conns.clear()
            lab.run(within=0.001)
            assert lab.device.counters["queued"] == 0
            continue
        open_conns.append(conn)
        while conn.queued == 0:
            conn.send(piece)
            lab.run(within=0.001)
            most = max(most, lab.device.counters["queued"])
            assert most <= bound

    assert refused > 0 and most > budget // 2
    assert resident() - before < bound + 64 * MIB


def test_echo_against_a_guest_that_never_reads_stays_within_its_budget() -> None:
    offer(8 * MIB)


@pytest.mark.full
def test_echo_of_a_gibibyte_that_nobody_reads_stays_within_its_budget() -> None:
    offer(1024 * MIB)
