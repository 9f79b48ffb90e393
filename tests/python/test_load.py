# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""One process serves a hostile guest with thousands of connections beside one that wants its echo.

What each gets is counted in turns and events, never timed.
"""

import ctypes
import gc
import os
import random
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

import vsk
from vsk import sockets

BATCH = 4  # events of a turn: few, so that the crowd has more to be done than one holds
CROWD = Path(__file__).parent / "crowd.py"
BUFFER = 4096  # bytes that a connection of the crowd may keep for each side
BESIDE = 3072  # bytes of a connection beside them: the core's, the kit's and Python's
SLACK = 24 << 20  # bytes that do not depend on how many connections there are
ECHO = """
import sys, vsk
count = 0
with vsk.attach(sys.argv[1]) as guest:
    conn = guest.connect(2, 7)
    while conn.exchange(b"hello") != b"leave":
        count += 1
print(count)
"""


class Crowded(vsk.Device):
    """It takes every connection, has something to say to it, and never reads."""

    now = most = 0

    def on_request(self, conn: vsk.Conn) -> None:
        conn.accept()
        conn.send(b"hello")
        self.now += 1
        self.most = max(self.most, self.now)

    def on_close(self, conn: vsk.Conn) -> None:
        self.now -= 1


class Echo(vsk.Device):
    enough = False

    def on_request(self, conn: vsk.Conn) -> None:
        conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.send(b"leave" if self.enough else data)


def resident() -> int:
    """Give how many bytes of memory this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


class Standing(NamedTuple):
    """What this process holds."""

    bytes: int
    conns: int
    descriptors: int

    @classmethod
    def now(cls) -> "Standing":
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        conns = sum(type(thing) is vsk.Conn for thing in gc.get_objects())
        return cls(resident(), conns, len(os.listdir("/proc/self/fd")))


class Counted:
    """A server, how many turns it had, and what it did in the last one."""

    def __init__(self, server: vsk.Server, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server = server
        self.turns = self.events = 0
        step = server._step

        def counted(limit: int) -> bool:
            self.events += 1
            return step(limit)

        monkeypatch.setattr(server, "_step", counted)

    def turn(self) -> None:
        self.turns += 1
        self.events = 0
        self.server.dispatch()


@contextmanager
def guest(*words: object) -> Iterator[subprocess.Popen[bytes]]:
    """Run a guest's script in a process, which is killed in the end."""
    command = [sys.executable, *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.lawless("a guest that breaks the rules on purpose")
@pytest.mark.parametrize(
    ("count", "seconds"),
    [
        pytest.param(1000, 3, marks=pytest.mark.thorough),
        pytest.param(10000, 60, marks=pytest.mark.full),
    ],
)
def test_a_crowd_costs_others_no_turn_and_leaves_nothing(
    count: int, seconds: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    monkeypatch.setattr(sockets, "BATCH", BATCH)
    before = Standing.now()
    crowded = Crowded(cid=3, connections=count, buf_alloc=BUFFER, send_buffer=BUFFER)
    echo = Echo(cid=4)
    with (
        vsk.serve(crowded, tmp_path / "a") as first,
        vsk.serve(echo, tmp_path / "b") as second,
        guest(CROWD, tmp_path / "a", seed, seconds, count) as crowd,
        guest("-c", ECHO, tmp_path / "b") as calm,
    ):
        servers = [Counted(first, monkeypatch), Counted(second, monkeypatch)]
        files = {one.server.fileno(): one for one in servers}
        poll = select.poll()
        for file in files:
            poll.register(file, select.POLLIN)
        most = full = 0
        while calm.poll() is None:
            for file, _ in poll.poll(100):
                files[file].turn()
                # Whoever is ready has a turn in every round, and a turn is a batch at most.
                assert files[file].events <= BATCH
                full += files[file].events == BATCH
            if servers[0].turns % 1024 == 0:
                most = max(most, Standing.now().bytes)
            echo.enough = crowd.poll() is not None
        # Whoever is gone first leaves the other's server with turns to do.
        while ready := poll.poll(0):
            for file, _ in ready:
                files[file].turn()
        sent = int(crowd.communicate()[0])
        echoed = int(calm.communicate()[0])
        print(f"{full} full turns;", end=" ")
        print(f"{(most - before.bytes) >> 20} MiB at most;", end=" ")
        print(f"{sent} packets in {servers[0].turns} turns, {echoed} echoes in {servers[1].turns}")

        assert crowd.returncode == calm.returncode == 0
        assert crowded.counters["rx_packets"] > 3 * count
        assert full > 0
        assert crowded.most == count
        assert most - before.bytes < count * (2 * BUFFER + BESIDE) + SLACK
        # An echo takes a turn or two: the others brought connecting and leaving.
        assert echoed > 100
        assert servers[1].turns < 4 * echoed + 100
        assert crowded.connections == ()
    del crowded, echo, first, second, servers, files
    after = Standing.now()
    assert (after.conns, after.descriptors) == (before.conns, before.descriptors)
    assert after.bytes - before.bytes < SLACK
