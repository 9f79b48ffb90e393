# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Real kernels: what a script can do with them, and what they find in the device."""

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from booting import (
    DEVICE,
    KERNELS,
    OTHERS,
    PROGRAMS,
    errors_of,
    host_module,
    options_of,
    run_test,
)

import vsk
from vsk.command import main
from vsk.linux import CommandError, GuestError, Linux
from vsk.linux.lua import LuaLinux

pytestmark = pytest.mark.guests

BINARY = bytes(range(256)) * 300


class Booted(NamedTuple):
    """A guest, its device and where their packets are written."""

    linux: Linux
    device: Any
    capture: Path


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    """User Mode Linux on the machine's own files."""
    device = host_module().Host(cid=42)
    capture = tmp_path_factory.mktemp("linux") / "x.pcapng"
    with Linux(device, capture=capture, programs=PROGRAMS) as linux:
        yield Booted(linux, device, capture)


@pytest.fixture
def linux(booted: Booted) -> Linux:
    return booted.linux


# ---- commands ----


def test_its_kernel_is_another_one(linux: Linux) -> None:
    assert linux.run("uname -r") == f"{linux.kernel}\n".encode()
    assert linux.kernel != os.uname().release
    assert f"Linux version {linux.kernel}" in linux.console


def test_run_is_clean_for_all_bytes_both_ways(linux: Linux) -> None:
    assert linux.run("cat", BINARY) == BINARY


def test_words_of_a_sequence_reach_the_command_as_they_are(linux: Linux) -> None:
    assert linux.run(["printf", "%s|", "a b", "$HOME", "'\n"]) == b"a b|$HOME|'\n|"


def test_a_command_that_fails_says_why(linux: Linux) -> None:
    with pytest.raises(CommandError, match=r"exit status 3\.\nno such luck") as caught:
        linux.run("echo partly; echo no such luck >&2; exit 3")

    assert isinstance(caught.value, subprocess.CalledProcessError)
    assert (caught.value.returncode, caught.value.output) == (3, b"partly\n")
    assert linux.run("echo partly; exit 3", check=False) == b"partly\n"


def test_a_command_that_takes_too_long_is_killed(linux: Linux) -> None:
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        linux.run("echo begun; exec sleep 98765", timeout=0.5)

    assert caught.value.output == b"begun\n"
    assert linux.run("! pgrep -f 'sleep [9]8765'") == b""


def test_what_a_command_leaves_running_holds_nothing_up(linux: Linux) -> None:
    begun = time.monotonic()

    assert linux.run("(sleep 30; echo late) & echo done") == b"done\n"
    assert time.monotonic() - begun < 20


def test_the_machines_files_are_there_and_cannot_be_written(linux: Linux) -> None:
    assert linux.run("touch /usr/x 2>&1; touch /tmp/x /run/x", check=False).endswith(
        b"Read-only file system\n"
    )
    python = f"{sys.base_prefix}/bin/python3"
    assert (
        linux.run([python, "-c", "import sys; print(sys.version)"]).decode() == f"{sys.version}\n"
    )


def test_a_terminal_is_one(linux: Linux) -> None:
    job = linux.start("tty; stty size; exit 4", terminal=True)
    job.resize(33, 99)

    assert linux.wait(job) == 4
    assert job.take() == (b"/dev/pts/0\r\n33 99\r\n", b"")


# ---- vsock ----


def test_vsock_cat_connects(linux: Linux) -> None:
    assert linux.run("vsock-cat 2 1234", BINARY) == BINARY
    assert linux.run("vsock-cat -s seqpacket 2 1234", b"hello") == b"hello"
    with pytest.raises(CommandError, match="connect: Connection reset by peer"):
        linux.run("vsock-cat 2 9")


def test_vsock_cat_listens(linux: Linux) -> None:
    conn = linux.connect(7000, listen="vsock-cat -l 7000 -e 'wc -c'")
    conn.send(b"x" * 100_000)
    conn.shutdown(send=True)

    assert conn.recv_all().strip() == b"100000"


def test_vsock_cat_carries_half_close_both_ways(linux: Linux) -> None:
    job = linux.start("vsock-cat -l 7001; echo ended")
    linux.wait_for(lambda: b"listening" in job.errors)
    conn = linux.device.open_connection(7001)

    conn.send(b"to the guest")
    conn.shutdown(send=True)
    linux.wait_for(lambda: job.output == b"to the guest")
    job.feed(memoryview(b"to the host"))
    job.end_input()

    assert conn.recv_all() == b"to the host"
    assert linux.wait(job) == 0


def test_vsock_cat_serves_messages_one_after_the_other(linux: Linux) -> None:
    command = "vsock-cat -s seqpacket -k -l 7002 -e cat"
    for word in (b"one", b"two"):
        listen = command if word == b"one" else None
        conn = linux.connect(7002, listen, vsk.Type.SEQPACKET)
        conn.send(word)
        assert conn.recv() == word
        conn.close()


def test_a_listener_that_fails_says_why(linux: Linux) -> None:
    with pytest.raises(CommandError, match="no number of 32 bits: here"):
        linux.connect(7003, listen="vsock-cat -l here")


# ---- the life of a guest ----


def test_a_guest_that_starts_again_finds_the_same_device(linux: Linux) -> None:
    linux.run("touch /tmp/here")

    linux.reboot()

    assert linux.run("ls /tmp") == b""
    assert linux.run("vsock-cat 2 1234", b"hello") == b"hello"


def test_a_guest_that_dies_is_told_of_with_its_console() -> None:
    with Linux(vsk.Device(), root="busybox") as linux:
        with pytest.raises(GuestError, match=r"(?s)is gone.*Kernel panic"):
            linux.run("echo c > /proc/sysrq-trigger")
        with pytest.raises(GuestError, match="is gone"):
            linux.run("true")


def sessions() -> set[int]:
    """The sessions of all processes: a guest has one of its own."""
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):  # it may end meanwhile
            fields = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
            if fields[0] != "Z":  # init has not waited for it yet
                found.add(int(fields[3]))
    return found


def test_nothing_is_left_of_a_guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    gc.collect()  # a server that is closed keeps descriptors until nobody has it
    before = sorted(os.listdir("/proc/self/fd"))

    with pytest.raises(ZeroDivisionError), Linux(vsk.Device(), root="busybox") as linux:
        number = linux._running.process.pid
        assert number in sessions()
        raise ZeroDivisionError
    linux.close()
    with pytest.raises(GuestError, match="switched off"):
        linux.run("true")
    del linux
    gc.collect()

    assert os.listdir(tmp_path) == []
    assert sorted(os.listdir("/proc/self/fd")) == before
    assert number not in sessions()


def test_a_guest_ends_with_its_python_even_if_that_is_killed(tmp_path: Path) -> None:
    script = """if True:
        import vsk, vsk.linux
        with vsk.linux.Linux(vsk.Device(), root="busybox") as linux:
            print(linux._running.process.pid, flush=True)
            linux.run("sleep 98765", timeout=98765)
    """
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        number = int(process.stdout.readline())
        assert number in sessions()
        process.kill()

    end = time.monotonic() + 30
    while number in sessions() and time.monotonic() < end:
        time.sleep(0.1)
    assert number not in sessions()


# ---- the command ----


def test_the_command_runs_one_in_a_guest(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    capture = tmp_path / "x.pcapng"

    status = main(
        [
            *("linux", str(DEVICE), "--cid", "3"),
            *("--capture", str(capture)),
            *("--exec", "echo hello | vsock-cat 2 1234; exit 5"),
        ]
    )

    assert (status, capfd.readouterr().out) == (5, "hello\n")
    assert main(["check", "--complete", str(capture)]) == 0


LUA = """
return {
  on_request = function(conn) if conn.local_port == 1234 then conn:accept() end end,
  on_data = function(conn, data) conn:send(data:upper()) end,
}
"""


@pytest.mark.parametrize("machine", ["uml", "qemu"])
def test_the_command_runs_one_with_the_device_of_a_lua_file(
    machine: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model, capture = tmp_path / "model.lua", tmp_path / "x.pcapng"
    model.write_text(LUA)

    status = main(
        [
            *("linux", str(model), "--machine", machine, "--cid", "77"),
            *("--capture", str(capture)),
            *("--exec", "echo hello | vsock-cat 2 1234; exit 5"),
        ]
    )

    assert (status, capfd.readouterr()) == (5, ("HELLO\n", ""))
    assert main(["check", "--complete", str(capture)]) == 0
    with vsk.Capture(str(capture)) as records:
        assert {record.packet.src_cid for record in records} == {2, 77}


def test_a_lua_file_without_a_device_boots_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model.lua"
    model.write_text("error 'sorry'")
    began = time.monotonic()

    assert main(["linux", str(model), "--exec", "true"]) == 2

    assert time.monotonic() - began < 20
    first, second = capfd.readouterr().err.splitlines()
    assert first.startswith("vsk: ") and first.endswith("model.lua:1: sorry")
    assert second == f"vsk: {model}: the device has ended, with status 2"


def test_the_device_of_a_lua_file_serves_a_guest_that_starts_again(tmp_path: Path) -> None:
    model = tmp_path / "model.lua"
    model.write_text(LUA)

    with LuaLinux(str(model), root="busybox") as linux:
        for _ in range(2):
            assert linux.run("echo hello | vsock-cat 2 1234") == b"HELLO\n"
            linux.reboot()


# ---- the test program, in each kernel ----


# What a kernel cannot do: zero-copy sends came with 6.7, SEQPACKET with 5.14.
LEFT_OUT = {
    "uml": ("stream-zerocopy", "seqpacket-zerocopy"),
    "qemu-6.1": ("stream-zerocopy", "seqpacket-zerocopy"),
    "qemu-bullseye": ("stream-zerocopy", "seqpacket-"),
}


@pytest.mark.parametrize(
    "name", [*KERNELS, *(pytest.param(name, marks=pytest.mark.full) for name in OTHERS)]
)
def test_every_check_of_the_guests_passes(name: str, tmp_path: Path) -> None:
    options = options_of(name)
    device = host_module().Host(cid=42)
    capture = tmp_path / "x.pcapng"

    with Linux(device, capture=capture, programs=PROGRAMS, **options) as linux:
        names = linux.run("vsock-test -l").decode().splitlines()
        found = run_test(linux)

    left_out = [check for check in names if check.startswith(LEFT_OUT.get(name, ("nothing",)))]
    assert found.failed == []
    assert found.left_out == left_out
    assert found.passed == [check for check in names if check not in left_out]
    assert len(names) > 100
    assert errors_of(device, name) == []
    assert main(["check", str(capture)]) == 0
