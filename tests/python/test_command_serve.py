# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""vsk serve, in a process of its own: the conventions of back-end programs, in both languages."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from children import Child, vsk_child

import vsk
from vsk.check import Checker
from vsk.command import main

MODELS = {
    "py": """
import vsk

class Echo(vsk.Device):
    def on_request(self, conn):
        conn.accept()

    def begin(self):
        print("busy", flush=True)
        self.again()

    def again(self):
        self.after(0, self.again)

    def on_data(self, conn, data):
        if bytes(data) == b"raise":
            raise RuntimeError("asked for")
        if bytes(data) == b"busy":
            self.after(0.01, self.begin)
        conn.send(data)

    def on_close(self, conn):
        print("closed", conn.reason.name, flush=True)
""",
    "lua": """
local model = {}

local function again(device)
  device:after(0, again)
end

local function begin(device)
  print "busy"
  io.stdout:flush()
  again(device)
end

function model.on_request(conn)
  conn:accept()
end

function model.on_data(conn, data, device)
  if data == "raise" then error "asked for" end
  if data == "busy" then device:after(0.01, begin) end
  conn:send(data)
end

function model.on_close(conn)
  print("closed " .. conn.reason)
  io.stdout:flush()
end

return model
""",
}
PROMPT = 2.0  # seconds

Serve = Callable[..., AbstractContextManager[Child]]


@pytest.fixture(params=["py", "lua"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An echo device in a file, in each language; told "busy" it is never idle again."""
    path = tmp_path / f"model.{request.param}"
    path.write_text(MODELS[request.param])
    return str(path)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "v.sock")


@pytest.fixture
def server(model: str, path: str) -> Iterator[Child]:
    """The device, served."""
    with vsk_child("serve", model, "--socket", path) as child:
        child.until("serves CID 3 on")
        yield child


def hello(path: str | None = None, fd: int | None = None) -> None:
    with vsk.attach(path, fd=fd) as guest:
        assert guest.connect(2, 1234).exchange(b"hello") == b"hello"


def failure(*arguments: str, fds: tuple[int, ...] = ()) -> str:
    """What it says instead of serving: one line. VHU-BE-53"""
    with vsk_child("serve", *arguments, fds=fds) as child:
        status, output, errors = child.finish()
    assert (status, output) == (2, b"")
    (line,) = errors.splitlines()
    return line


# ---- it serves ----


def test_it_serves_one_guest_after_the_other(server: Child, path: str) -> None:
    hello(path)
    hello(path)


def test_it_does_not_daemonise_itself(server: Child, path: str) -> None:  # VHU-BE-54
    hello(path)

    status = Path(f"/proc/{server.pid}/status").read_text()
    assert f"PPid:\t{os.getpid()}\n" in status
    assert Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text() == ""
    assert server.process.poll() is None


@pytest.mark.thorough
def test_its_cid_may_be_chosen(model: str, path: str) -> None:
    with vsk_child("serve", model, "--socket-path", path, "--cid", "42") as child:
        child.until("serves CID 42 on")
        with vsk.attach(path) as guest:
            assert guest.cid == 42


def test_a_hook_that_raises_costs_its_connection_alone(server: Child, path: str) -> None:
    with vsk.attach(path) as guest:
        other = guest.connect(2, 1234)
        conn = guest.connect(2, 1234)
        conn.send(b"raise")
        with pytest.raises(ConnectionResetError):
            conn.recv()
        assert other.exchange(b"still here") == b"still here"

    server.until("asked for")


@pytest.mark.thorough
def test_it_says_who_comes_and_goes_when_asked_to(model: str, path: str) -> None:
    with vsk_child("serve", model, "--socket", path, "--verbose") as child:
        child.until("serves CID 3 on")
        hello(path)

        child.until("a front end is there")
        child.until("the driver is ready")
        child.until("the front end closed the connection")


@pytest.mark.thorough
def test_quiet_says_nothing_but_what_fails(model: str, tmp_path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(tmp_path / "v.sock"))
    listener.listen()
    with (
        listener,
        vsk_child(
            "serve", model, "--fd", str(listener.fileno()), "-q", fds=[listener.fileno()]
        ) as child,
    ):
        with vsk.attach(str(tmp_path / "v.sock")) as guest:
            conn = guest.connect(2, 1234)
            conn.send(b"raise")
            with pytest.raises(ConnectionResetError):
                conn.recv()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wrong:
            wrong.connect(str(tmp_path / "v.sock"))
            wrong.sendall(bytes(12))  # no message
            assert wrong.recv(1) == b""
        child.signal(signal.SIGTERM)
        status, _, errors = child.finish()

    assert status == 0
    assert errors.count("vsk: ") == 1
    assert "asked for" in errors


def test_every_packet_can_be_captured(model: str, path: str, tmp_path: Path) -> None:
    file = str(tmp_path / "x.pcapng")
    with vsk_child("serve", model, "--socket", path, "--capture", file) as child:
        child.until("serves")
        hello(path)
        child.signal(signal.SIGTERM)
        assert child.wait() == 0

    checker = Checker()
    with vsk.Capture(file) as capture:
        ops = []
        for record in capture:
            ops.append(vsk.Op(record.packet.op).name)
            assert list(checker.packet(record.packet, record.time)) == []
    assert ops[:2] == ["REQUEST", "RESPONSE"]
    assert ops.count("RW") == 2


@pytest.mark.thorough
def test_a_capture_on_a_full_disk_ends_and_it_serves_on(model: str, path: str) -> None:
    with vsk_child("serve", model, "--socket", path, "--capture", "/dev/full", "-q") as child:
        child.until("the capture ends: No space left on device")
        hello(path)
        child.signal(signal.SIGTERM)
        assert child.finish() == (0, b"closed TRANSPORT\n", "")


def test_it_is_the_client_of_who_comes_late(model: str, path: str) -> None:
    with vsk_child("serve", model, "--socket", path, "--connect") as child:
        child.until("serves")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(path)
            listener.listen()
            hello(fd=listener.accept()[0].detach())
        child.signal(signal.SIGTERM)
        assert child.wait() == 0

    assert os.path.exists(path)  # it is not its own


def test_programs_may_be_the_hosts_side(path: str, tmp_path: Path) -> None:
    uds = str(tmp_path / "v.vsock")
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener,
        vsk_child("serve", "--socket", path, "--uds", uds, "--cid", "42") as child,
    ):
        listener.bind(f"{uds}_52")
        listener.listen()
        child.until(f"{uds} serves CID 42 on {path}")
        with vsk.attach(path) as guest:
            conn = guest.connect(2, 52)
            program = listener.accept()[0]
            program.sendall(b"hello")
            assert conn.recv_exactly(5) == b"hello"
            program.close()
        child.signal(signal.SIGTERM)
        assert child.wait() == 0

    assert not os.path.exists(path)
    assert not os.path.exists(uds)


# ---- it ends ----


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_promptly_and_removes_its_socket(
    server: Child, path: str, number: signal.Signals
) -> None:  # VHU-BE-55
    began = time.monotonic()
    server.signal(number)

    assert server.wait() == 0
    assert time.monotonic() - began < PROMPT
    assert not os.path.exists(path)


def test_a_signal_ends_connections_too(server: Child, path: str) -> None:  # VHU-BE-55
    with vsk.attach(path) as guest:
        conn = guest.connect(2, 1234)
        server.signal(signal.SIGTERM)
        with pytest.raises(vsk.Error):
            conn.recv()
        status, output, _ = server.finish()

    assert (status, output) == (0, b"closed TRANSPORT\n")


def test_a_signal_ends_it_where_it_is_never_idle(server: Child, path: str) -> None:  # VHU-BE-55
    with vsk.attach(path) as guest:
        guest.connect(2, 1234).exchange(b"busy")
        assert server.stdout.readline() == b"busy\n"
        began = time.monotonic()
        server.signal(signal.SIGTERM)

        assert server.wait() == 0
    assert time.monotonic() - began < PROMPT


def test_a_timer_that_begins_anew_keeps_no_packet_waiting(server: Child, path: str) -> None:
    with vsk.attach(path) as guest:
        conn = guest.connect(2, 1234)
        conn.exchange(b"busy")
        assert server.stdout.readline() == b"busy\n"

        assert conn.exchange(b"x" * 100_000) == b"x" * 100_000


# ---- how it is told where ----


def test_a_listening_descriptor_is_taken(model: str, path: str) -> None:  # VHU-BE-56
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen()
        fd = listener.fileno()
        with vsk_child("serve", model, "--fd", str(fd), fds=[fd]) as child:
            child.until(f"on fd {fd}")
            hello(path)
            child.signal(signal.SIGTERM)
            assert child.wait() == 0

    assert os.path.exists(path)  # it is its parent's


def test_a_connected_descriptor_is_taken(model: str) -> None:  # VHU-BE-56
    ours, theirs = socket.socketpair()
    with (
        theirs,
        vsk_child("serve", model, f"--fd={theirs.fileno()}", fds=[theirs.fileno()]) as child,
    ):
        child.until("serves")
        hello(fd=ours.detach())


@pytest.mark.thorough
@pytest.mark.parametrize("listens", [True, False], ids=["listening", "connected"])
def test_a_descriptor_is_taken_where_programs_are_the_hosts_side(
    listens: bool, path: str, tmp_path: Path
) -> None:  # VHU-BE-56
    uds = str(tmp_path / "v.vsock")
    ours, theirs = socket.socketpair()
    with (
        ours,
        theirs,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener,
    ):
        door.bind(path)
        door.listen()
        listener.bind(f"{uds}_52")
        listener.listen()
        fd = (door if listens else theirs).fileno()
        with vsk_child("serve", "--fd", str(fd), "--uds", uds, fds=[fd]) as child:
            child.until(f"{uds} serves CID 3 on fd {fd}")
            with vsk.attach(path) if listens else vsk.attach(fd=ours.detach()) as guest:
                conn = guest.connect(2, 52)
                with listener.accept()[0] as program:
                    program.sendall(b"hello")
                    assert conn.recv_exactly(5) == b"hello"
            child.signal(signal.SIGTERM)
            assert child.wait() == 0

    assert os.path.exists(path)  # it is its parent's
    assert not os.path.exists(uds)


@pytest.mark.parametrize("more", [[], ["absent.py"], ["--cid", "5"], ["--socket-path", "x"]])
def test_capabilities_are_printed_whatever_else_is_said(more: list[str]) -> None:  # VHU-BE-56
    with vsk_child("serve", *more, "--print-capabilities") as child:
        status, output, errors = child.finish()

    assert (status, errors) == (0, "")
    assert json.loads(output) == {"type": "vsock", "features": []}


@pytest.mark.parametrize(
    "arguments",
    [
        ["model.py"],
        ["--socket", "x"],
        ["model.py", "--socket-path", "x", "--fd", "3"],  # VHU-BE-56
        ["model.py", "--socket", "x", "--fd", "3"],
        ["model.py", "--fd", "3", "--connect"],
        ["model.py", "--socket", "x", "--uds", "y"],
        ["model.py", "--socket", "x", "-q", "-v"],
    ],
)
def test_wrong_usage_is_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit:
        main(["serve", *arguments])

    assert exit.value.code == 2
    assert capsys.readouterr().err.startswith("usage: vsk serve")


# ---- it cannot start ----


def test_a_folder_that_is_not_there_is_named(model: str, tmp_path: Path) -> None:  # VHU-BE-53
    path = str(tmp_path / "nothing/v.sock")

    assert failure(model, "--socket", path).endswith(f"{path}: No such file or directory")


def test_a_socket_that_somebody_serves_stays_his(
    server: Child, model: str, path: str
) -> None:  # VHU-BE-53
    assert path in failure(model, "--socket", path)
    hello(path)


@pytest.mark.thorough
def test_a_descriptor_that_is_no_socket_is_refused(model: str) -> None:  # VHU-BE-53
    with open(os.devnull) as file:
        assert failure(model, f"--fd={file.fileno()}", fds=(file.fileno(),)).startswith("vsk: ")
    assert "Bad file descriptor" in failure(model, "--fd", "99")


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["py", "lua"])
def test_a_file_that_is_not_there_is_named(kind: str, path: str) -> None:  # VHU-BE-53
    line = failure(f"absent.{kind}", "--socket", path)

    assert f"absent.{kind}" in line
    assert not os.path.exists(path)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("model.py", "1 / 0\n", "ZeroDivisionError: division by zero"),
        ("model.py", "raise SystemExit('no')\n", "SystemExit: no"),
        ("model.py", "def\n", "SyntaxError"),
        ("model.py", "\n", "not one Device subclass but none"),
        ("model.lua", "error 'sorry'\n", "model.lua:1: sorry"),
        ("model.lua", "function\n", "model.lua:2: <name> expected"),
        ("model.lua", "return 5\n", "it returns no table"),
        ("model.lua", "return { colour = 5 }\n", "unknown option 'colour'"),
        ("model.lua", "return { on_data = 5 }\n", "on_data"),
    ],
)
def test_what_gives_no_device_is_said_in_a_line(
    name: str, text: str, words: str, tmp_path: Path, path: str
) -> None:  # VHU-BE-53
    file = tmp_path / name
    file.write_text(text)

    assert words in failure(str(file), "--socket", path)
    assert not os.path.exists(path)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("model.py", "import vsk\ndevice = vsk.Device(7)\n"),
        ("model.lua", "return { cid = 7 }\n"),
        ("model.lua", "return require('vsk').device { cid = 7 }\n"),
    ],
)
def test_another_cid_than_the_files_is_refused(
    name: str, text: str, tmp_path: Path, path: str
) -> None:  # VHU-BE-53
    file = tmp_path / name
    file.write_text(text)

    assert "context id 7, not 8" in failure(str(file), "--socket", path, "--cid", "8")


# ---- forms of Lua files ----


@pytest.mark.thorough
@pytest.mark.parametrize(
    "text",
    [
        "device = { cid = 7 }",
        "device = require('vsk').device { cid = 7 }",
        "return require('vsk').device { cid = 7 }",
        "return require 'beside'",
    ],
)
def test_a_lua_file_gives_its_device_in_many_ways(text: str, tmp_path: Path, path: str) -> None:
    (tmp_path / "beside.lua").write_text("return { cid = 7 }")
    file = tmp_path / "model.lua"
    file.write_text(text)

    with vsk_child("serve", str(file), "--socket", path) as child:
        child.until("serves CID 7 on")
