# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""vsk guest, in a process of its own, against vsk serve in another one, or a server in this one."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from children import PATIENCE, Child, vsk_child

import vsk

ECHO, GREETS, SHUTS, COUNTS, REFUSES = 1234, 1, 2, 3, 9
MODEL = """
import vsk

ECHO, GREETS, SHUTS, COUNTS = 1234, 1, 2, 3

class Model(vsk.Device):
    def on_request(self, conn):
        if conn.local_port not in (ECHO, GREETS, SHUTS, COUNTS):
            return
        conn.accept()
        if conn.local_port == GREETS:
            conn.send(b"good day")
            conn.close()
        elif conn.local_port == SHUTS:
            conn.send(b"speak")
            conn.shutdown(send=True)
        elif conn.local_port == COUNTS:
            conn.send(bytes(200_000))

    def on_data(self, conn, data):
        if conn.local_port == ECHO:
            conn.send(data)

    def on_close(self, conn):
        print(conn.local_port, conn.rx_bytes, conn.rx_packets, conn.reason.name, flush=True)
"""


class Served(Child):
    path: str

    def heard(self) -> list[str]:
        """What the device prints of the next connection that is over: port, bytes, packets, why."""
        return self.stdout.readline().decode().split()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """vsk serve in a process of its own, for one guest after the other."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "model.py").write_text(MODEL)
    child = Served("serve", str(folder / "model.py"), "--socket", str(folder / "s"), patience=300)
    child.path = str(folder / "s")
    child.until("serves")
    yield child
    child.close()


def guest(served: Served, *arguments: str, data: bytes = b"") -> tuple[int, bytes, str]:
    """Run vsk guest with some input, to its end."""
    with vsk_child("guest", served.path, *arguments) as child:
        return child.finish(data)


# ---- connect ----


def test_connect_is_a_pipe_to_a_port(served: Served) -> None:
    data = os.urandom(3_000_000)

    assert guest(served, "connect", str(ECHO), data=data) == (0, data, "")
    assert served.heard()[:2] == [str(ECHO), "3000000"]


def test_connect_needs_no_end_of_its_input(served: Served) -> None:
    with vsk_child("guest", served.path, "connect", str(ECHO)) as child:
        child.put(b"hello")
        assert child.stdout.read(5) == b"hello"
        child.put(b"again")
        assert child.stdout.read(5) == b"again"
        child.end_input()
        assert child.wait() == 0
    served.heard()


def test_connect_ends_when_the_peer_closes(served: Served) -> None:
    with vsk_child("guest", served.path, "connect", str(GREETS)) as child:
        assert child.stdout.read() == b"good day"
        assert child.wait() == 0  # though its input has not ended
    assert served.heard()[3] == "CLOSED"


def test_connect_goes_on_where_the_peer_only_sends_no_more(served: Served) -> None:
    with vsk_child("guest", served.path, "connect", str(SHUTS)) as child:
        assert child.stdout.read(5) == b"speak"
        child.put(b"as you like")
        child.end_input()
        assert child.wait() == 0
    assert served.heard()[:2] == [str(SHUTS), "11"]


def test_connect_reads_on_while_nobody_reads_from_it(served: Served) -> None:
    with vsk_child("guest", served.path, "connect", str(COUNTS)) as child:
        begin = os.read(child.stdout.fileno(), 8192)  # then a pipe takes something, not all
        child.put(bytes(4_000_000))
        child.end_input()
        assert begin + child.stdout.read() == bytes(200_000)
        assert child.wait() == 0
    assert served.heard()[:2] == [str(COUNTS), "4000000"]


def test_connect_ends_when_nobody_reads_from_it(served: Served) -> None:
    with vsk_child("guest", served.path, "connect", str(ECHO)) as child:
        child.put(b"x")
        assert child.stdout.read(1) == b"x"
        child.stdout.close()
        assert child.wait() == 2
        assert child.stderr.read() == b""
    served.heard()


def test_messages_go_both_ways(served: Served) -> None:
    with vsk_child("guest", served.path, "connect", str(ECHO), "--type", "seqpacket") as child:
        for message in (b"one", b"and two"):
            child.put(message)
            assert child.stdout.read(len(message)) == message
        child.end_input()
        assert child.wait() == 0
    assert served.heard()[1:3] == ["10", "2"]


def test_a_refused_port_is_status_1(served: Served) -> None:
    status, output, errors = guest(served, "connect", str(REFUSES))

    assert (status, output) == (1, b"")
    assert re.fullmatch(r"vsk: the connection was reset: 2:9, .* RST\n", errors)
    assert served.heard()[0] == str(REFUSES)


def test_a_device_that_goes_is_status_1(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    server = vsk.serve(Echo(), path)
    with vsk_child("guest", path, "connect", "80") as child:
        server.run(until=lambda: server.device.connections, within=PATIENCE)
        server.close()
        status, output, errors = child.finish()

    assert (status, output) == (1, b"")
    assert len(errors.splitlines()) == 1


# ---- listen ----


class Echo(vsk.Device):
    """What the tests below serve in this process."""

    def __init__(self) -> None:
        super().__init__()
        self.packets: list[vsk.Packet] = []

    def on_request(self, conn: vsk.Conn) -> None:
        conn.accept()

    def on_packet(self, packet: vsk.Packet) -> None:
        self.packets.append(packet)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "v.sock")


@pytest.fixture
def server(path: str) -> Iterator[vsk.Server]:
    with vsk.serve(Echo(), path) as server:
        yield server


def serve_until(server: vsk.Server, ready: Callable[[], bool]) -> None:
    """Serve until something outside of the server is so."""
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end
        server.run(within=0.02)


def serve_out(server: vsk.Server) -> None:
    """Serve until the front end has gone."""
    server.run(until=lambda: server.sessions and not server.connected, within=PATIENCE)


def test_listen_takes_a_connection_of_the_host(server: vsk.Server, path: str) -> None:
    with vsk_child("guest", path, "listen", "4000") as child:
        serve_until(server, child.says)
        assert child.until("listening") == "vsk: listening on 3:4000\n"
        conn = server.device.open_connection(4000)
        conn.send(b"knock")
        server.run(until=lambda: not conn.queued, within=PATIENCE)
        assert child.stdout.read(5) == b"knock"

        with pytest.raises(ConnectionResetError):
            server.device.open_connection(4000)  # it takes one

        child.put(b"who is there")
        child.end_input()
        assert conn.recv_all() == b"who is there"
        conn.close()
        serve_out(server)
        assert child.wait() == 0


# ---- send ----


def summary(errors: str) -> tuple[int, int]:
    """Bytes sent, and bytes that came back."""
    found = re.fullmatch(
        r"vsk: (\d+) bytes sent, (\d+) came back, in \d+\.\d{3} s \(\d+\.\d MB/s\)\n", errors
    )
    assert found is not None, errors
    return int(found[1]), int(found[2])


def test_send_counts_what_it_sends_and_gets(served: Served) -> None:
    status, output, errors = guest(served, "send", str(ECHO), "--bytes", "3M")

    assert (status, output) == (0, b"")
    assert summary(errors) == (3 << 20, 3 << 20)
    assert served.heard()[1] == str(3 << 20)


def test_send_takes_a_file_or_stdin(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_bytes(b"some content")

    assert summary(guest(served, "send", str(ECHO), str(file))[2]) == (12, 12)
    assert summary(guest(served, "send", str(ECHO), "-", data=b"piped")[2]) == (5, 5)
    assert [served.heard()[1] for _ in range(2)] == ["12", "5"]


def test_send_cuts_messages(served: Served) -> None:
    arguments = ["send", str(ECHO), "--bytes=2500", "--type=seqpacket", "--piece=1K"]

    assert summary(guest(served, *arguments)[2]) == (2500, 2500)
    assert served.heard()[1:3] == ["2500", "3"]


@pytest.mark.thorough
def test_send_does_not_wait_for_ever_for_the_peers_end(server: vsk.Server, path: str) -> None:
    class Keeps(Echo):
        def on_eof(self, conn: vsk.Conn) -> None:
            pass

    device = Keeps()
    server.close()
    with (
        vsk.serve(device, path) as server,
        vsk_child("guest", path, "send", "80", "--bytes=5", "--within=0.1") as child,
    ):
        serve_out(server)
        status, _, errors = child.finish()

    assert status == 0
    assert summary(errors) == (5, 0)


def test_a_file_that_is_not_there_is_status_1(served: Served) -> None:
    status, _, errors = guest(served, "send", str(ECHO), "absent")

    assert status == 1
    assert "No such file" in errors


class Slow(Echo):
    """Reads nothing until told to."""

    def on_request(self, conn: vsk.Conn) -> None:
        conn.accept()
        conn.pause()


def terminal(*arguments: str) -> tuple["subprocess.Popen[bytes]", int]:
    """Run the command with a terminal as its stderr."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "vsk", *arguments]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80"}
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=theirs, env=environment)
    os.close(theirs)
    return child, ours


def read_until(fd: int, words: bytes) -> bytes:
    seen = b""
    while words not in seen:
        seen += os.read(fd, 4096)
    return seen


@pytest.mark.thorough
def test_a_long_transfer_is_shown_on_a_terminal(path: str) -> None:
    pytest.importorskip("rich")
    with vsk.serve(Slow(), path) as server:
        child, screen = terminal("guest", path, "send", "80", "--bytes=1M")
        watchdog = threading.Timer(PATIENCE, child.kill)
        watchdog.start()
        server.run(until=lambda: server.device.connections, within=PATIENCE)
        server.run(within=1.0)  # the transfer stands, and is long by now
        seen = read_until(screen, b"/1.0 MiB")
        server.device.connections[0].resume()
        serve_out(server)
        seen += read_until(screen, b"bytes sent")
        assert child.wait() == 0
        watchdog.cancel()
        os.close(screen)

    assert b"\x1b[" in seen


@pytest.mark.thorough
def test_a_short_transfer_is_not_shown(served: Served) -> None:
    child, screen = terminal("guest", served.path, "send", str(ECHO), "--bytes=5")
    seen = read_until(screen, b"MB/s)")
    assert child.wait() == 0
    os.close(screen)
    served.heard()

    assert b"\x1b[" not in seen


# ---- raw ----


def raw(server: vsk.Server, path: str, *arguments: str) -> tuple[int, str, vsk.Packet]:
    """Run it; its status, what it printed, and the packet that the device got."""
    with vsk_child("guest", path, "raw", *arguments) as child:
        serve_out(server)
        status, output, errors = child.finish()
    assert errors == ""
    assert isinstance(server.device, Echo)
    return status, output.decode(), server.device.packets[0]


def test_raw_puts_any_packet_on_the_ring(server: vsk.Server, path: str) -> None:
    fields = "--op RW --src-port 0x15b3 --dst-port 80 --flags 0x40 --buf-alloc 7 --fwd-cnt 9"
    status, output, packet = raw(
        server,
        path,
        *fields.split(),
        "--payload",
        "nobody asked",
        "--layout",
        "44,1,11",
        "--count=1",
    )

    assert (status, output) == (0, "2:80 > 3:5555 STREAM RST len=0 buf_alloc=0 fwd_cnt=0\n")
    assert (packet.src, packet.dst) == ((3, 5555), (2, 80))
    assert (packet.op, packet.flags, packet.buf_alloc, packet.fwd_cnt) == (vsk.Op.RW, 0x40, 7, 9)
    assert bytes(packet.payload) == b"nobody asked"


def test_raw_takes_numbers_that_have_no_name(server: vsk.Server, path: str) -> None:
    arguments = ["--op", "77", "--type", "9", "--dst-port=80", "--payload-hex", "00ff"]
    _, _, packet = raw(server, path, *arguments, "--within=0.2", "--indirect", "--layout=46")

    assert (packet.op, packet.type, bytes(packet.payload)) == (77, 9, b"\x00\xff")


def test_a_layout_that_does_not_fit_is_status_1(server: vsk.Server, path: str) -> None:
    with vsk_child("guest", path, "raw", "--payload=hello", "--layout=44,1") as child:
        serve_out(server)
        status, output, errors = child.finish()

    assert (status, output) == (1, b"")
    assert len(errors.splitlines()) == 1


@pytest.mark.thorough
def test_raw_prints_all_that_comes_in_time(server: vsk.Server, path: str, tmp_path: Path) -> None:
    (tmp_path / "payload").write_bytes(b"x" * 100)
    status, output, packet = raw(
        server,
        path,
        "--op=request",
        "--type=seqpacket",
        "--src-port=1",
        "--dst-port=80",
        "--payload-file",
        str(tmp_path / "payload"),
        "--within=0.3",
    )

    assert (status, packet.type, packet.len) == (0, vsk.Type.SEQPACKET, 100)
    assert output.startswith("2:80 > 3:1 SEQPACKET RESPONSE ")


def test_raw_is_status_1_where_nothing_comes(server: vsk.Server, path: str) -> None:
    status, output, _ = raw(server, path, "--op=RST", "--src-port=5", "--within=0.1")

    assert (status, output) == (1, "")


@pytest.mark.thorough
def test_raw_waits_as_long_as_it_is_told(server: vsk.Server, path: str) -> None:
    began = time.monotonic()
    raw(server, path, "--op=RST", "--src-port=5", "--within=0.7")

    assert time.monotonic() - began >= 0.7


# ---- all of them ----


def test_options_of_the_guest_stand_anywhere(served: Served, tmp_path: Path) -> None:
    file = str(tmp_path / "x.pcapng")
    before = ["--preset", "linux-6.1", "--queues", "2", "-v"]
    with vsk_child(
        "guest", *before, served.path, "connect", str(GREETS), "--capture", file
    ) as child:
        status, output, errors = child.finish()
    served.heard()

    assert (status, output) == (0, b"good day")
    assert "<Conn 3:" in errors
    with vsk.Capture(file) as capture:
        packets = [record.packet for record in capture]
    assert [packet.op for packet in packets[:2]] == [vsk.Op.REQUEST, vsk.Op.RESPONSE]
    assert packets[0].buf_alloc == 262144


@pytest.mark.parametrize(("preset", "messages"), [("linux-5.10", False), ("linux-6.1", True)])
def test_the_preset_is_the_guests_policy(
    server: vsk.Server, path: str, preset: str, messages: bool
) -> None:
    with vsk_child("guest", path, "--preset", preset, "connect", "80") as child:
        server.run(until=lambda: server.device.connections, within=PATIENCE)
        assert bool(server.device.features & vsk.Feature.SEQPACKET) == messages
        child.end_input()
        serve_out(server)
        assert child.wait() == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere", "connect", "80"],
        ["nowhere", "connect"],
        ["nowhere", "connect", "80", "--queues", "4"],
        ["nowhere", "connect", "80", "--preset", "windows"],
        ["nowhere", "send", "80"],
        ["nowhere", "send", "80", "--bytes", "many"],
        ["nowhere", "send", "80", "x", "--bytes", "5"],
        ["nowhere", "raw", "--op", "KNOCK"],
        ["nowhere", "raw", "--payload", "x", "--payload-hex", "00"],
        ["nowhere"],
        [],
    ],
)
def test_wrong_usage_and_no_device_are_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    from vsk.command import main

    try:
        status = main(["guest", *arguments])
    except SystemExit as exit:
        status = int(str(exit.code))

    assert status == 2
    assert capsys.readouterr().err != ""
