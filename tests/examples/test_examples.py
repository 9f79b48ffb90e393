# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Each example does what it says, in a lab and over a vhost-user socket."""

import os
import re
import shlex
import sys
from pathlib import Path

import pytest
from running import LUA, PYTHON, ask, printed, script, served, until, vsk_command

import vsk
from vsk.command import _parser
from vsk.loader import load_device

BLOCK = bytes(range(256)) * 4096  # 1 MiB


@pytest.mark.parametrize("folder", [PYTHON, LUA], ids=["python", "lua"])
def test_every_example_is_listed(folder: Path) -> None:
    listed = re.findall(r"^\| \[(.*?)\]\(\1\)", (folder / "README.md").read_text(), re.MULTILINE)
    inner = {"demo", "demo_linux", "image"}

    assert sorted(listed) == sorted(
        file.name for file in folder.glob("*.[lp]*") if file.stem not in inner
    )


@pytest.mark.parametrize("folder", [PYTHON, LUA], ids=["python", "lua"])
def test_every_command_that_they_show_can_be_given(folder: Path) -> None:
    sources = "\n".join(file.read_text() for file in folder.glob("[a-z]*.[lp]*"))
    table = (folder / "README.md").read_text().replace("\\|", "|")
    shown = re.findall(
        r"^(?:--)? {2,4}(?:.* )?vsk ((?:serve|guest|linux) .*?)(?:    .*)?$", sources, re.M
    )
    listed = re.findall(r"`(?:[^`]* )?vsk ((?:serve|guest|linux) .*?)`", table)

    assert min(len(shown), 3 * len(listed)) >= 3
    for words in [*shown, *listed]:
        _parser().parse_args(shlex.split(words, comments=True))


# ---- echo ----


@pytest.mark.parametrize("example", [PYTHON / "echo.py", LUA / "echo.lua"], ids=lambda e: e.name)
def test_echo_says_what_it_hears(example: Path, tmp_path: Path) -> None:
    path = tmp_path / "v.sock"
    with served(vsk_command("serve", example, "--socket", path), path):
        assert ask(path, 1234, b"hello\n") == b"hello\n"
        with vsk.attach(path) as guest:
            assert guest.connect(2, 99).exchange(BLOCK) == BLOCK
            messages = guest.connect(2, 99, "SEQPACKET")
            messages.send(b"one")
            messages.send(b"two")
            assert (messages.recv(), messages.recv()) == (b"one", b"two")


# ---- chat ----


@pytest.mark.parametrize("name", ["chat.py", "chat.lua"])
def test_two_guests_of_one_device_chat_in_a_lab(name: str) -> None:
    assert printed(script(name)).decode().splitlines() == [
        "ann hears: CID 4 comes",
        "bob hears: CID 3: hello, who is there?",
        "ann hears: CID 4: call me on 7000",
        "passing on 3:3221225473 > 4:7000 STREAM RW len=15 buf_alloc=262144 fwd_cnt=0",
        "bob hears: just between us",
    ]


def test_two_guests_on_sockets_chat_line_by_line(tmp_path: Path) -> None:
    paths = [tmp_path / "a.sock", tmp_path / "b.sock"]
    with (
        served(script("chat.py", *paths), *paths),
        vsk.attach(paths[0]) as one,
        vsk.attach(paths[1]) as other,
    ):
        ann = one.connect(2, 5000)
        ann.send(b"first ")  # half a line, said to nobody
        bob = other.connect(2, 5000)
        heard_by_ann, heard_by_bob = ann.makefile(), bob.makefile()
        assert heard_by_ann.readline() == "CID 4 comes\n"
        ann.send(b"and second\nthird\n")
        assert heard_by_bob.readline() == "CID 3: first and second\n"
        assert heard_by_bob.readline() == "CID 3: third\n"
        bob.close()
        assert heard_by_ann.readline() == "CID 4 goes\n"
        ann.send(b"x" * 5000)
        with pytest.raises(ConnectionResetError):
            ann.recv()


# ---- HTTP ----

PAGES = ["GET /who 200 CID 3", "POST /loud 200 HELLO", "GET /nothing 404 no such page"]


def test_http_is_spoken_in_a_lab() -> None:
    assert printed(script("web.py")).decode().splitlines() == PAGES


def test_http_is_spoken_over_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "v.sock"
    with served(vsk_command("serve", PYTHON / "web.py", "--socket", path), path) as server:
        assert printed(script("web.py", path)).decode().splitlines() == PAGES
        answer = ask(path, 80, b"GET /who HTTP/1.0\r\n\r\n")
        assert re.fullmatch(rb"HTTP/1.1 200 OK\r\n.*\r\n\r\nCID 3\n", answer, re.DOTALL)
        with vsk.attach(path) as guest:
            pieces = guest.connect(2, 80)
            for piece in (b"POST / HTTP/1.1\r\nContent-Le", b"ngth: 4\r\n\r\nab", b"cdGET /"):
                pieces.send(piece)
                guest._joined().run(within=0.05)
            pieces.send(b" HTTP/1.0\r\n\r\n")
            assert b"ABCD\nHTTP/1.1 404 " in pieces.recv_all()
            endless = guest.connect(2, 80)
            with pytest.raises(ConnectionResetError):
                endless.send(b"x" * (2 << 20))
                endless.recv()
            wide = guest.connect(2, 80)
            wide.send(b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n")
            guest._joined().run(within=0.05)
            with pytest.raises(ConnectionResetError):
                guest.connect(2, 81)
    assert len([line for line in server.errors if '"' in line]) == 6  # requests, each logged once


# ---- files ----


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What there is to get, and what nobody may get."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"hello\n")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / ".hidden").write_bytes(b"secret\n")
    (folder / "sub").mkdir()
    (tmp_path / "secret").write_bytes(b"secret\n")
    return folder


def answer(guest: vsk.Guest, request: bytes) -> bytes:
    """Make a request of the file server."""
    conn = guest.connect(2, 2049)
    conn.send(request)
    conn.shutdown(send=True)
    return conn.recv_all()


def test_files_are_listed_got_and_put(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "v.sock"
    command = vsk_command("serve", PYTHON / "files.py", "--socket", path)
    with served(command, path, FOLDER=str(folder)):
        assert ask(path, 2049, b"PUT b.bin\n" + BLOCK) == b"OK 1048576\n"
        assert (folder / "b.bin").read_bytes() == BLOCK
        with vsk.attach(path) as guest:
            assert answer(guest, b"LIST\n") == b"OK\na.txt\nb.bin\n"
            assert answer(guest, b"GET a.txt\n") == b"OK 6\nhello\n"
            assert answer(guest, b"GET b.bin\n") == b"OK 1048576\n" + BLOCK
            assert answer(guest, b"PUT b.bin\nother") == b"ERROR File exists\n"
            assert answer(guest, b"LIST\n") == b"OK\na.txt\nb.bin\n"
            with pytest.raises(ConnectionResetError):
                guest.connect(2, 80)


def test_a_file_may_have_any_name(folder: Path, tmp_path: Path) -> None:
    path, name = tmp_path / "v.sock", b"caf\xe9"
    (folder / os.fsdecode(name)).write_bytes(b"coffee\n")
    command = vsk_command("serve", PYTHON / "files.py", "--socket", path)
    with served(command, path, FOLDER=str(folder)), vsk.attach(path) as guest:
        assert answer(guest, b"LIST\n") == b"OK\na.txt\n" + name + b"\n"
        assert answer(guest, b"GET " + name + b"\n") == b"OK 7\ncoffee\n"


def test_no_name_leads_out_of_the_folder(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "v.sock"
    command = vsk_command("serve", PYTHON / "files.py", "--socket", path)
    outside = str(tmp_path / "secret").encode()
    names = [b"../secret", outside, b"link", b".hidden", b".", b"..", b"", b"sub", b"sub/../a.txt"]
    with served(command, path, FOLDER=str(folder)), vsk.attach(path) as guest:
        for name in [*names, b"a.txt\0", b"no\xffne", b"x" * 300]:
            assert answer(guest, b"GET " + name + b"\n").startswith(b"ERROR "), name
        for name in (b"../new", b".new", b"sub/new", str(tmp_path / "new").encode()):
            assert answer(guest, b"PUT " + name + b"\nx").startswith(b"ERROR "), name
        assert answer(guest, b"DELETE a.txt\n") == b"ERROR LIST, GET or PUT\n"
        assert answer(guest, b"x" * 1000) == b"ERROR the line is too long\n"
        assert answer(guest, b"GET a.txt") == b""
    assert not list(tmp_path.rglob("*new"))


def test_a_file_that_was_cut_off_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "v.sock"
    command = vsk_command("serve", PYTHON / "files.py", "--socket", path)
    with served(command, path, FOLDER=str(folder)), vsk.attach(path) as guest:
        before = set(folder.iterdir())
        conn = guest.connect(2, 2049)
        conn.send(b"PUT cut\n" + BLOCK)
        until(lambda: guest._joined().run(within=0.01) or before < set(folder.iterdir()), "a file")
        conn.reset()
        until(lambda: guest._joined().run(within=0.01) or before == set(folder.iterdir()), "none")


def test_a_large_file_is_never_in_memory_as_a_whole(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "v.sock"
    size = 64 << 20
    with (folder / "large").open("wb") as large:
        large.truncate(size)
    command = vsk_command("serve", PYTHON / "files.py", "--socket", path)
    with served(command, path, FOLDER=str(folder)) as server, vsk.attach(path) as guest:
        conn = guest.connect(2, 2049)
        before = server.most_memory
        conn.send(b"GET large\n")
        answer = conn.makefile("rb")
        assert answer.readline() == b"OK %d\n" % size
        got = 0
        while piece := answer.read(1 << 20):
            got += len(piece)
        assert got == size
        assert server.most_memory - before < 16 << 20


# ---- faults in front of a device ----


def harmed(path: Path, faults: str, pieces: int = 1) -> tuple[bytes | None, int, list[str]]:
    """Send a block in pieces; give what comes back, the device's buffer, and what went wrong."""
    path.unlink(missing_ok=True)
    where = {"SEED": "2", "EVERY": "50000", "FAULTS": faults}
    command = vsk_command("serve", PYTHON / "faulty.py", "--socket", path)
    with served(command, path, **where) as server, vsk.attach(path) as guest:
        conn = guest.connect(2, 99)
        for piece in range(pieces):
            conn.send(BLOCK[piece::pieces])
        conn.shutdown(send=True)
        try:
            came = conn.recv_all()
        except ConnectionResetError:
            came = None
        room = conn.peer_buf_alloc
    return came, room, [line for line in server.errors if line.startswith("connection 1: ")]


def test_faults_come_by_the_seed_however_packets_are_cut(tmp_path: Path) -> None:
    came, _, lines = harmed(tmp_path / "v.sock", "drop")
    again = harmed(tmp_path / "v.sock", "drop", pieces=256)

    assert came is not None
    assert len(BLOCK) - len(came) == sum(int(line.split()[-1]) for line in lines) > 100
    assert again[0] is not None
    assert (len(again[0]), again[2]) == (len(came), lines)


def test_what_only_shrinks_or_is_late_arrives(tmp_path: Path) -> None:
    came, room, lines = harmed(tmp_path / "v.sock", "delay shrink")

    assert came == BLOCK
    assert {line.split()[2] for line in lines} == {"delay", "shrink"}
    assert room == [int(line.split()[3]) for line in lines if "shrink" in line][-1] * 1024


def test_what_is_late_is_late_by_the_clock_of_a_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])  # which the device's folder comes to stand in
    monkeypatch.setenv("FAULTS", "delay")
    lab = vsk.Lab(load_device(PYTHON / "faulty.py"))

    assert lab.guest.connect(2, 99).exchange(BLOCK) == BLOCK
    assert 0.1 < lab.now < 2.0  # the sum of delays by seed 0


def test_a_reset_in_front_of_a_device_reaches_the_guest(tmp_path: Path) -> None:
    came, _, lines = harmed(tmp_path / "v.sock", "reset")

    assert came is None
    assert len(lines) == 1


# ---- a guest that fuzzes ----


def test_the_fuzzer_finds_the_least_packet_in_thirty_lines() -> None:
    found = printed(script("fuzzer.lua")).decode()
    again = printed(script("fuzzer.lua", found.partition(":")[0].removeprefix("seed "))).decode()

    assert re.fullmatch(
        r"seed \d+: 3:0 > 2:0 type\(0\) CREDIT_UPDATE len=0 buf_alloc=0 fwd_cnt=0\n"
        r"\S+fuzzer.lua:11: attempt to get length of a nil value.*\n",
        found,
    )
    assert again == found
    assert len((LUA / "fuzzer.lua").read_text().splitlines()) <= 30
