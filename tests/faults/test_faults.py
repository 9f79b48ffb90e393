# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Each allocation and each system call of the Python module fails in turn.

What was asked for works all the same, or raises what such a failure is known by; nothing that the
module has allocated is left, no descriptor is open, and the same works right afterwards.
"""

import ctypes
import gc
import itertools
import logging
import os
import re
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import vsk
from vsk import Feature, _core
from vsk.device import OFFERED
from vsk.front_end import Link

BUILD = Path(os.environ["VSK_BUILD"])
DATA = bytes(range(256)) * 40
TURNS = 5000  # that a guest waits, where a few do
HELLO = {"src": (3, 1024), "dst": (2, 1234), "op": "RW"}


class Shim:
    """The library that is loaded before all others, which makes calls fail."""

    def __init__(self) -> None:
        path = BUILD / "tests/libvsk_failing.so"
        assert str(path) in os.environ["LD_PRELOAD"]
        self.calls: Any = ctypes.CDLL(str(path))
        self.calls.failing_story.restype = ctypes.c_char_p
        assert self.calls.failing_module(os.path.basename(_core.__file__).encode())

    def story(self) -> str:
        """What failed, from the innermost function outwards."""
        return str(self.calls.failing_story().decode())

    def named(self, story: str) -> str:
        return re.sub(r"\+(0x[0-9a-f]+)", self._line, story)

    def _line(self, found: re.Match[str]) -> str:
        command = ["addr2line", "-f", "-s", "-e", _core.__file__, found[1]]
        return "@".join(subprocess.check_output(command, text=True).split())


@pytest.fixture(scope="module")
def shim() -> Shim:
    return Shim()


# ---- what is done while something fails ----


def rings(features: dict[str, bool]) -> None:
    memory = vsk.Memory(1 << 18)
    queue = vsk.Queue(memory, 16, **features)
    queue.driver.send(vsk.Packet(**HELLO, payload=DATA), layout=[20, 24, 100, len(DATA) - 100])
    queue.driver.send(vsk.Packet(**HELLO, payload=b"hello"), indirect=True)
    assert [bytes(packet.payload) for packet in queue.device.packets()] == [DATA, b"hello"]
    while queue.driver.reap() is not None:
        pass
    queue.driver.post(3044, [44, 3000])
    chain = queue.device.pop()
    assert chain is not None
    assert [span.len for span in chain.spans] == [44, 3000]
    packet = vsk.Packet.into_rx(chain)
    packet.write(b"x" * 2000)
    queue.device.push(chain, packet.commit())
    assert [bytes(packet.payload) for packet in queue.driver.packets()] == [b"x" * 2000]


class Echo(vsk.Device):
    def on_request(self, conn: vsk.Conn) -> None:
        conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.send(data)

    def save_state(self) -> None:
        return None

    def load_state(self, state: object) -> None:
        assert state is None


def lab(features: Feature) -> None:
    with vsk.Lab(Echo(cid=3, features=OFFERED | features)) as lab:
        before = lab.snapshot()
        for kind in ("STREAM", "SEQPACKET"):
            conn = lab.guest.connect(2, 1234, kind)
            assert conn.exchange(DATA[:3000]) == DATA[:3000]
            conn.close()
        with pytest.raises(ConnectionResetError):
            lab.guest.connect(99, 1)
        fired: list[int] = []
        lab.guest.after(0.5, lambda: fired.append(1))
        lab.run(within=1, strict=False)
        assert fired == [1]
        lab.rewind(before)
        assert lab.guest.connect(2, 1234).exchange(b"again") == b"again"


class Both:
    """A device and a guest on a socket, in one thread: while one waits, the other goes on."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = path
        self.server: vsk.Server | None = None
        self.turns = 0
        monkeypatch.setattr(Link, "_sleep", self.sleep)

    def sleep(self, seconds: float | None) -> None:
        assert self.server is not None
        self.server.dispatch()
        self.turns += 1
        if self.turns > TURNS:
            raise TimeoutError("what failed was what somebody waits for")

    def talk(self, features: Feature) -> None:
        self.path.unlink(missing_ok=True)
        try:
            self.server = vsk.serve(Echo(cid=3, features=OFFERED | features), self.path)
            with self.server, vsk.attach(self.path) as guest:
                conn = guest.connect(2, 1234)
                assert conn.exchange(DATA) == DATA
                conn.close()
        finally:
            self.server, self.turns = None, 0

    def bridge(self) -> None:
        """A program at the host's end listens; another one comes by CONNECT."""
        self.path.unlink(missing_ok=True)
        uds = self.path.with_suffix(".uds")
        door = self.path.with_suffix(".uds_52")
        door.unlink(missing_ok=True)
        try:
            with (
                socket.socket(socket.AF_UNIX) as listener,
                socket.socket(socket.AF_UNIX) as caller,
                vsk.bridge(self.path, uds) as server,
            ):
                self.server = server
                listener.bind(str(door))
                listener.listen()
                with vsk.attach(self.path) as guest:
                    conn = guest.connect(2, 52)
                    program, _ = listener.accept()
                    with program:
                        program.sendall(DATA)
                        assert conn.recv_exactly(len(DATA)) == DATA
                    waiting = guest.listen(1234)
                    caller.connect(str(uds))
                    caller.sendall(b"CONNECT 1234\nhello")
                    assert waiting.accept().recv_exactly(5) == b"hello"
        finally:
            self.server, self.turns = None, 0


FORMATS: list[tuple[str, dict[str, bool], Feature]] = [
    ("split", {}, Feature(0)),
    ("packed", {"packed": True}, Feature.RING_PACKED),
    ("packed in order", {"packed": True, "in_order": True}, Feature.RING_PACKED | Feature.IN_ORDER),
]
NAMES = [name for name, _, _ in FORMATS]

# ---- and what must be true then ----


def descriptors() -> list[str]:
    return sorted(os.listdir("/proc/self/fd"))


def fail_in_turn(shim: Shim, act: Callable[[], None], log: pytest.LogCaptureFixture) -> int:
    """Do something again and again, each time another call fails; give how many there were."""
    act()
    gc.collect()
    gc.freeze()  # what pytest has is not looked at again
    wrong = []
    for number in itertools.count(1):
        before = descriptors()
        log.clear()
        raised: BaseException | None = None
        shim.calls.failing_arm(number, 1)
        try:
            act()
        except BaseException as error:
            error.__traceback__ = None
            raised = error.with_traceback(None)
            raised.__context__ = None
        shim.calls.failing_disarm()
        if not (story := shim.story()):
            break
        known = raised is None or isinstance(raised, MemoryError | OSError | vsk.Error)
        broken = [] if known else [repr(raised)]
        raised = None
        gc.collect()
        if left := shim.calls.failing_left():
            broken.append(f"{left} blocks are left")
        if descriptors() != before:
            broken.append("a descriptor is left")
        if broken:
            wrong.append(f"{number}: {', '.join(broken)}: {shim.named(story)}")
    gc.unfreeze()
    act()
    assert not wrong, "\n".join(wrong)
    return number


@pytest.mark.parametrize(("_", "features", "bits"), FORMATS, ids=NAMES)
def test_rings_bear_each_failure(
    _: str, features: dict[str, bool], bits: Feature, shim: Shim, caplog: pytest.LogCaptureFixture
) -> None:
    assert fail_in_turn(shim, lambda: rings(features), caplog) > 50


@pytest.mark.parametrize(("_", "features", "bits"), FORMATS, ids=NAMES)
def test_labs_bear_each_failure(
    _: str, features: dict[str, bool], bits: Feature, shim: Shim, caplog: pytest.LogCaptureFixture
) -> None:
    assert fail_in_turn(shim, lambda: lab(bits), caplog) > 100


@pytest.mark.parametrize(("_", "features", "bits"), FORMATS, ids=NAMES)
def test_sockets_bear_each_failure(
    _: str,
    features: dict[str, bool],
    bits: Feature,
    shim: Shim,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.CRITICAL, "vsk")
    both = Both(tmp_path / "x", monkeypatch)
    assert fail_in_turn(shim, lambda: both.talk(bits), caplog) > 200


def test_bridges_bear_each_failure(
    shim: Shim,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.CRITICAL, "vsk")
    both = Both(tmp_path / "x", monkeypatch)
    assert fail_in_turn(shim, both.bridge, caplog) > 200
