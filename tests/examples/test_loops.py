# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The examples that run in asyncio: a service, a proxy with faults, and Firecracker's vsock."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from running import PATIENCE, Program, echo, script, served, until

import vsk

BLOCK = bytes(range(256)) * 4096  # 1 MiB


# ---- a service ----


def test_the_service_answers_many_connections(tmp_path: Path) -> None:
    path = tmp_path / "v.sock"
    with served(script("service.py", path), path), vsk.attach(path) as guest:
        waiting = [guest.connect(2, 6000) for _ in range(200)]
        for conn in waiting:
            conn.send(b"WAIT colour\n")
        setter = guest.connect(2, 6000)
        answers = setter.makefile()
        setter.send(b"GET colour\n")
        assert answers.readline() == "\n"
        setter.send(b"SET colour light blue\n")
        assert answers.readline() == "OK\n"
        assert {conn.recv() for conn in waiting} == {b"light blue\n"}
        setter.send(b"HELLO\n")
        assert answers.readline() == "SET NAME VALUE, GET NAME or WAIT NAME\n"
        setter.send(b"x" * 10_000)
        assert setter.recv() == b""


# ---- a proxy with faults ----

FAULTS = ["--seed", "7", "--every", "100000"]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A program that echoes, at port 1234 of the host."""
    uds = tmp_path_factory.mktemp("uds") / "v.vsock"
    with closing(Program(Path(f"{uds}_1234"), echo)):
        yield uds


class Passage(NamedTuple):
    """A block that went through the proxy and came back, or did not."""

    came: bytes | None
    lines: list[str]  # what went wrong
    room: int  # the buffer that the guest sees at the end
    seconds: float

    def sizes(self, way: str = "") -> list[int]:
        """How much went wrong, in order, on one way or both."""
        return [int(line.split()[-1]) for line in self.lines if way in line]


def through(path: Path, uds: Path, *faults: str) -> Passage:
    """Send a block to a program that sends it back."""
    path.unlink(missing_ok=True)
    command = script("proxy.py", path, uds, *FAULTS, "--faults", *faults)
    with served(command, path) as proxy, vsk.attach(path) as guest:
        with pytest.raises(ConnectionResetError):
            guest.connect(2, 9)
        conn = guest.connect(2, 1234)
        begun = time.monotonic()
        conn.send(BLOCK)
        conn.shutdown(send=True)
        try:
            came = conn.recv_all()
        except ConnectionResetError:
            came = None
        seconds = time.monotonic() - begun
        room = conn.peer_buf_alloc
    return Passage(came, proxy.lines, room, seconds)


def test_what_is_late_arrives(program: Path, tmp_path: Path) -> None:
    passage = through(tmp_path / "v.sock", program, "delay")

    assert passage.came == BLOCK
    assert passage.seconds > sum(passage.sizes("up")) / 1000 > 0.1


def test_what_is_short_of_credit_arrives(program: Path, tmp_path: Path) -> None:
    passage = through(tmp_path / "v.sock", program, "shrink")

    assert passage.came == BLOCK
    assert passage.room == passage.sizes()[-1] * 1024


def test_what_is_dropped_is_missing(program: Path, tmp_path: Path) -> None:
    passage = through(tmp_path / "v.sock", program, "drop")

    assert passage.came is not None
    assert len(BLOCK) - len(passage.came) == sum(passage.sizes()) > 100


def test_a_seed_does_the_same_each_time(program: Path, tmp_path: Path) -> None:
    first = through(tmp_path / "v.sock", program, "drop", "shrink")
    second = through(tmp_path / "v.sock", program, "drop", "shrink")

    assert first.came == second.came
    assert sorted(first.lines) == sorted(second.lines)  # the ways go on side by side


def test_a_reset_ends_it(program: Path, tmp_path: Path) -> None:
    passage = through(tmp_path / "v.sock", program, "delay", "drop", "shrink", "reset")

    assert passage.came is None
    assert [" reset " in line for line in passage.lines].index(True) == len(passage.lines) - 1


@pytest.mark.parametrize("example", ["proxy.py", "firecracker.py"])
def test_a_program_is_left_when_the_guest_has_gone_before(example: str, tmp_path: Path) -> None:
    path, uds = tmp_path / "v.sock", tmp_path / "v.vsock"
    left = []
    program = Program(Path(f"{uds}_1234"), lambda client: left.append(client.recv(1)))
    with closing(program), served(script(example, path, uds), path), vsk.attach(path) as guest:
        for port in range(5):
            for op in ("REQUEST", "RST"):
                guest.tx(op=op, src_port=port, dst=(2, 1234), buf_alloc=65536)
        until(lambda: guest._joined().run(within=0.01) or left == [b""] * 5, "five are left")


# ---- Firecracker's vsock ----


@pytest.fixture(scope="module")
def device(program: Path) -> Iterator[Path]:
    """The device, by its socket."""
    path = program.with_name("v.sock")
    with served(script("firecracker.py", path, program), path, program):
        yield path


@pytest.fixture
def firecracker(device: Path, program: Path) -> Iterator[tuple[vsk.Guest, Path]]:
    """A guest before the device, and the path of the programs' socket."""
    with vsk.attach(device) as guest:
        yield guest, program


def dial(uds: Path, line: bytes) -> socket.socket:
    """Connect as a program does that wants a port of the guest."""
    program = socket.socket(socket.AF_UNIX)
    program.settimeout(PATIENCE)
    program.connect(str(uds))
    program.sendall(line)
    return program


def test_guests_reach_programs_as_in_firecracker(firecracker: tuple[vsk.Guest, Path]) -> None:
    guest, _ = firecracker
    conn = guest.connect(2, 1234)

    assert conn.exchange(BLOCK) == BLOCK
    assert conn.peer_buf_alloc == 65536
    assert guest.features == vsk.Feature.VERSION_1 | vsk.Feature.IN_ORDER
    with pytest.raises(ConnectionResetError):
        guest.connect(2, 52)


def test_programs_reach_guests_as_in_firecracker(firecracker: tuple[vsk.Guest, Path]) -> None:
    guest, uds = firecracker
    listener = guest.listen(52)
    ports = []
    for _ in range(2):
        with dial(uds, b"CONNECT 52\n") as program:
            conn = listener.accept()
            ports.append(conn.peer_port)
            conn.send(b"hello")
            guest._joined().run(within=0.05)
            reader = program.makefile("rb")
            assert reader.readline() == b"OK %d\n" % ports[-1]
            assert reader.read(5) == b"hello"
            program.shutdown(socket.SHUT_WR)  # it could still read: Firecracker ends it all
            assert conn.recv() == b""
            until(lambda c=conn: guest._joined().run(within=0.01) or not c.state, "the end")
    assert (1 << 30) <= ports[0] < ports[1] == ports[0] + 1 < (1 << 30) + 100


@pytest.mark.parametrize("line", [b"CONNECT 53\n", b"HELLO 52\n", b"CONNECT\n", b"CONNECT x\n"])
def test_a_refused_connect_closes(firecracker: tuple[vsk.Guest, Path], line: bytes) -> None:
    guest, uds = firecracker
    guest.listen(52)
    with dial(uds, line) as program:
        guest._joined().run(within=0.1)
        assert program.recv(10) == b""


def test_a_half_close_is_not_passed_on(firecracker: tuple[vsk.Guest, Path]) -> None:
    guest, _ = firecracker
    conn = guest.connect(2, 1234)
    conn.send(b"hello")
    conn.shutdown(send=True)

    assert conn.recv_exactly(5) == b"hello"
    with pytest.raises(vsk.TimedOut):  # echo would end with its client
        guest.wait(lambda: conn._role.take(conn._id, 1), "the end", within=0.3)


def test_a_packet_for_another_cid_gets_no_answer(firecracker: tuple[vsk.Guest, Path]) -> None:
    guest, _ = firecracker
    guest.tx(op="REQUEST", src_port=5, dst=(7, 1234))
    guest.tx(op="REQUEST", src_port=6, dst=(2, 9))

    assert guest.expect(op="RST", dst_port=6, within=PATIENCE)
    guest.expect_none(within=0.1)
