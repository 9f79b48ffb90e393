# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""How a server is driven and ended: threads, selectors, asyncio, Ctrl-C; and what it leaves."""

import asyncio
import contextlib
import gc
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from labs import PORT, Echo
from sockets import GET_FEATURES, PATIENCE, descriptors, dial, message, served, wait_for

import vsk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vsk.sock"


# Time


def test_timers_of_an_idle_server_run_on_real_time(path: Path) -> None:
    device = Echo()
    rang: list[float] = []
    with vsk.serve(device, path) as server:
        begin = time.monotonic()
        device.after(0.1, lambda: rang.append(time.monotonic() - begin))
        device.cancel(device.after(0.05, lambda: rang.append(0.0)))
        server.run(until=lambda: rang, within=PATIENCE)

    assert len(rang) == 1 and 0.1 <= rang[0] < PATIENCE


def test_a_timer_makes_the_descriptor_readable(path: Path) -> None:
    device = Echo()
    rang: list[bool] = []
    with vsk.serve(device, path) as server, selectors.DefaultSelector() as selector:
        selector.register(server.fileno(), selectors.EVENT_READ)
        server.dispatch()
        assert selector.select(0) == []
        device.after(0.02, lambda: rang.append(True))
        while not rang:
            assert selector.select(PATIENCE)
            server.dispatch()
        assert selector.select(0) == []


def test_run_ends_when_it_should(path: Path) -> None:
    with vsk.serve(Echo(), path) as server:
        begin = time.monotonic()
        server.run(within=0.05)
        assert 0.05 <= time.monotonic() - begin < PATIENCE
        with pytest.raises(vsk.TimedOut):
            server.run(until=lambda: False, within=0.01)
        server.run(until=lambda: False, within=0.01, strict=False)
        server.run(until=lambda: True)


def test_others_run_while_a_server_waits(path: Path) -> None:
    counted: list[int] = []

    def work(server: vsk.Server) -> None:
        for number in range(100):
            counted.append(number)
            time.sleep(0.001)
        server.stop()

    with vsk.serve(Echo(), path) as server:
        thread = threading.Thread(target=work, args=[server])
        thread.start()
        begin = time.monotonic()
        server.run(within=PATIENCE)
        assert time.monotonic() - begin < PATIENCE
        thread.join()

    assert len(counted) == 100


# Stopping


def test_stop_from_another_thread_ends_run(path: Path) -> None:
    with vsk.serve(Echo(), path) as server:
        timer = threading.Timer(0.05, server.stop)
        timer.start()
        begin = time.monotonic()
        server.run(within=PATIENCE)
        timer.join()
        assert time.monotonic() - begin < PATIENCE


def test_a_stop_before_run_is_not_lost_and_heard_once(path: Path) -> None:
    with vsk.serve(Echo(), path) as server:
        server.stop()
        server.stop()
        begin = time.monotonic()
        server.run(within=PATIENCE)
        assert time.monotonic() - begin < PATIENCE

        asked: list[bool] = []
        server.run(until=lambda: asked.append(True), within=0.2, strict=False)
        assert len(asked) < 20  # it waits, and does not look again and again
    server.stop()


def test_several_servers_share_a_selector(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.sock" for n in range(3)]
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for cid, path in enumerate(paths, 10):
            server = stack.enter_context(vsk.serve(Echo(cid), path))
            selector.register(server.fileno(), selectors.EVENT_READ, server)
        cids: Queue[int] = Queue()

        def use(path: Path) -> None:
            with vsk.attach(path) as guest:
                assert guest.connect(2, PORT).exchange(b"x" * 100_000) == b"x" * 100_000
                cids.put(guest.cid)

        threads = [threading.Thread(target=use, args=[path]) for path in paths]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            for key, _ in selector.select(0.01):
                key.data.dispatch()

        assert sorted(cids.get_nowait() for _ in paths) == [10, 11, 12]


# asyncio


def exchanged(path: Path) -> bytes:
    with vsk.attach(path) as guest:
        return guest.connect(2, PORT).exchange(b"hello")


def test_a_server_is_a_task_beside_others(path: Path) -> None:
    async def both() -> tuple[bytes, int]:
        with vsk.serve(Echo(), path) as server:
            task = asyncio.create_task(server.serve_forever())
            found = await asyncio.to_thread(exchanged, path)
            ticks = 0
            while ticks < 3:
                await asyncio.sleep(0.001)
                ticks += 1
            with pytest.raises(vsk.UsageError):
                await server.serve_forever()
            server.stop()
            await asyncio.wait_for(task, PATIENCE)
        return found, ticks

    assert asyncio.run(both()) == (b"hello", 3)
    assert not path.exists()


def test_close_and_cancel_end_serve_forever(path: Path) -> None:
    async def closed() -> None:
        server = vsk.serve(Echo(), path)
        asyncio.get_running_loop().call_later(0.02, server.close)
        await asyncio.wait_for(server.serve_forever(), PATIENCE)
        await server.serve_forever()

    async def cancelled() -> None:
        with vsk.serve(Echo(), path) as server:
            task = asyncio.create_task(server.serve_forever())
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            again = asyncio.create_task(server.serve_forever())
            assert await asyncio.to_thread(exchanged, path) == b"hello"
            server.stop()
            await again

    before = descriptors()
    asyncio.run(closed())
    asyncio.run(cancelled())
    assert descriptors() == before


def test_a_stop_before_serve_forever_ends_it(path: Path) -> None:
    async def stopped() -> None:
        with vsk.serve(Echo(), path) as server:
            server.stop()
            await asyncio.wait_for(server.serve_forever(), PATIENCE)

    asyncio.run(stopped())


# Ctrl-C

PROGRAM = """
import asyncio
import sys
import vsk
with vsk.serve(vsk.Device(), sys.argv[1]) as server:
    print("ready", flush=True)
    {call}
print("after", flush=True)
"""
FOREVER = "asyncio.run(server.serve_forever())"


@pytest.mark.parametrize(
    ("call", "ends"),
    [("server.run()", True), ("server.run(until=lambda: False)", False), (FOREVER, False)],
    ids=["run", "run until", "asyncio"],
)
def test_an_interrupt_ends_a_server_and_removes_its_file(path: Path, call: str, ends: bool) -> None:
    command = [sys.executable, "-c", PROGRAM.format(call=call), str(path)]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            with dial(path) as front:
                front.sendall(message(GET_FEATURES))
                assert len(front.recv(20)) == 20  # it serves
                child.send_signal(signal.SIGINT)
                out, err = child.communicate(timeout=PATIENCE)
        finally:
            child.kill()

    assert not path.exists()
    if ends:
        assert (child.returncode, out, err) == (0, "after\n", "")
    else:
        assert child.returncode != 0 and err.endswith("KeyboardInterrupt\n")


LATE = """
import asyncio, collections, ctypes, functools, operator, os, select, signal, sys
import vsk

class Late:
    # A signal comes just before a wait: no instruction of Python's is between the two.
    come = False

    def __init__(self, poll):
        self._poll = poll

    def __getattr__(self, name):
        return getattr(self._poll, name)

    def poll(self, *args):
        calls = [functools.partial(self._poll.poll, *args)]
        if not Late.come and not self._poll.poll(0):
            Late.come = True
            calls.insert(0, functools.partial(kill, os.getpid(), signal.{signal}))
        return collections.deque(map(operator.call, calls), 1).pop()

async def forever(server):
    selector = asyncio.get_running_loop()._selector
    selector._selector = Late(selector._selector)
    await server.serve_forever()

def handled(*_):
    server.stop()

kill, poll = ctypes.CDLL(None).kill, select.poll  # os.kill looks for signals
select.poll = lambda: Late(poll())
signal.signal(signal.SIGUSR1, handled)
with vsk.serve(vsk.Device(), sys.argv[1]) as server:
    {call}
print("after", flush=True)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGUSR1"])
@pytest.mark.parametrize(
    "call", ["server.run()", "asyncio.run(forever(server))"], ids=["run", "asyncio"]
)
def test_a_signal_just_before_a_wait_is_heard(path: Path, call: str, name: str) -> None:
    program = LATE.format(call=call, signal=name)
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, timeout=PATIENCE
    )

    assert not path.exists()
    if name == "SIGINT" and "asyncio" in call:
        assert done.returncode != 0 and done.stderr.endswith("KeyboardInterrupt\n")
    else:
        assert (done.returncode, done.stdout, done.stderr) == (0, "after\n", "")


# What is left over


def test_fifty_sessions_leave_nothing(path: Path) -> None:
    counts = []
    with served(Echo(), path) as server:
        for _ in range(51):
            with vsk.attach(path) as guest:
                guest.connect(2, PORT).exchange(b"hello")
            wait_for(lambda: not server.connected)
            counts.append(descriptors())
    assert counts[0] == counts[-1]


def test_what_is_dropped_without_close_leaves_nothing(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sock"
    with served(Echo(), other):
        before = descriptors()
        for _ in range(10):
            server, guest = vsk.serve(Echo(), path), vsk.attach(other)
            conn = guest.connect(2, PORT)
            conn.send(b"x" * 100_000)
            gone = [weakref.ref(thing) for thing in (server, server.device, guest, conn)]
            del server, guest, conn
            gc.collect()
            assert [ref() for ref in gone] == [None] * 4
            assert not path.exists()
            wait_for(lambda: descriptors() == before)


def test_what_cannot_be_leaves_no_descriptor(path: Path, tmp_path: Path) -> None:
    taken = vsk.Lab(Echo()).device
    file = os.open("/dev/null", os.O_RDONLY)
    before = descriptors()
    for wrong in (
        lambda: vsk.serve(taken, path),
        lambda: vsk.serve(Echo(), tmp_path / "no" / "such"),
        lambda: vsk.serve(Echo(), path, capture=tmp_path / "no" / "such"),
        lambda: vsk.attach(path),
        lambda: vsk.attach(path, memory=5),
        lambda: vsk.serve(Echo(), fd=file),
        lambda: vsk.serve(Echo(), fd=9999),
        lambda: vsk.attach(fd=9999),
    ):
        with pytest.raises((vsk.Error, OSError)):
            wrong()
        gc.collect()
    assert descriptors() == before
    assert not path.exists()
    os.close(file)


def test_two_ends_of_a_pair_are_dispatched_in_turn() -> None:
    ours, theirs = socket.socketpair()
    with vsk.serve(Echo(), fd=ours.detach()) as server:
        thread = threading.Thread(target=lambda: server.run(within=PATIENCE))
        thread.start()
        with vsk.attach(fd=theirs.detach()) as guest:
            assert guest.connect(2, PORT).exchange(b"hello") == b"hello"
        server.stop()
        thread.join(PATIENCE)
    assert repr(server).endswith(": closed>")


def test_a_server_may_be_the_client_of_who_listens(path: Path) -> None:
    with vsk.serve(Echo(), path, connect=True) as server:
        thread = threading.Thread(target=lambda: server.run(within=PATIENCE))
        thread.start()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            for _ in range(2):
                end, _ = listener.accept()
                with vsk.attach(fd=end.detach()) as guest:
                    assert guest.connect(2, PORT).exchange(b"hello") == b"hello"
        server.stop()
        thread.join(PATIENCE)
    assert server.sessions == 2


def test_reprs_say_what_is_there(path: Path) -> None:
    with served(Echo(), path) as server:
        with vsk.attach(path) as guest:
            guest.connect(2, PORT)
            assert repr(server) == f"<Server of Echo on {path}: connected>"
            assert server.live and server.protocol & vsk.Protocol.CONFIG
        wait_for(lambda: not server.connected)
        assert repr(server) == f"<Server of Echo on {path}: waiting>"
        assert not server.live
