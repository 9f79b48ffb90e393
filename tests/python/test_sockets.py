# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Devices and guests on vhost-user sockets, as scripts see them: two ends in one process.

A thread serves the device, and the guest is driven by the test; or both are dispatched in turn.
"""

import asyncio
import contextlib
import errno
import gc
import logging
import pickle
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from labs import MESSAGES, PORT, Acceptor, Echo, hooked
from sockets import GET_FEATURES, PATIENCE, SET_FEATURES, dial, message, served, wait_for

import vsk
from vsk.command import main
from vsk.device import OFFERED


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vsk.sock"


@pytest.fixture
def guest(path: Path) -> Iterator[vsk.Guest]:
    """A guest in front of an echo device that a thread serves."""
    with served(Echo(cid=3), path), vsk.attach(path) as guest:
        yield guest


class Ends(Acceptor):
    """Tells how connections ended, through a queue that another thread may read."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.reasons: Queue[vsk.Reason] = Queue()

    def on_close(self, conn: vsk.Conn) -> None:
        self.reasons.put(conn.reason)

    def reason(self) -> vsk.Reason:
        return self.reasons.get(timeout=PATIENCE)


# What goes over a socket


def test_a_stream_is_sent_back(guest: vsk.Guest) -> None:
    conn = guest.connect(2, PORT)
    big = bytes(range(256)) * 8192

    assert conn.exchange(b"hello") == b"hello"
    assert conn.exchange(big) == big


def test_messages_stay_apart(guest: vsk.Guest) -> None:
    conn = guest.connect(2, PORT, MESSAGES)
    for size in (1, 100_000, 4096):
        conn.send(b"x" * size)

    assert [len(conn.recv()) for _ in range(3)] == [1, 100_000, 4096]


def test_half_a_connection_is_closed_and_the_rest_comes(guest: vsk.Guest) -> None:
    conn = guest.connect(2, PORT)
    conn.send(b"hello")
    conn.shutdown(send=True)

    assert conn.recv_all() == b"hello"
    assert conn.reason == vsk.Reason.CLOSED


def test_a_port_that_is_refused_is_reset(path: Path) -> None:
    with (
        served(vsk.Device(), path),
        vsk.attach(path) as guest,
        pytest.raises(vsk.ConnectionReset, match="answered the REQUEST with RST"),
    ):
        guest.connect(2, PORT)


def test_the_device_connects_to_its_guest(path: Path) -> None:
    def on_request(self: vsk.Device, conn: vsk.Conn) -> None:
        conn.accept()
        self.connect(7).send(b"called back")

    device = hooked(on_request=on_request)()
    with served(device, path), vsk.attach(path) as guest, guest.listen(7) as listener:
        guest.connect(2, PORT)
        assert listener.accept().recv_exactly(11) == b"called back"


def test_packets_by_hand_are_sent_and_expected_on_real_time(guest: vsk.Guest) -> None:
    guest.tx(op="RW", src_port=5555, dst=(2, PORT), payload=b"nobody asked", layout=[44, 1, 11])
    guest.expect(op="RST", dst_port=5555, within=PATIENCE)

    begin = time.monotonic()
    guest.expect_none(op="RST", dst_port=5555, within=0.1)
    with pytest.raises(AssertionError, match=r"no packet with op='RST' within 0\.1 s"):
        guest.expect(op="RST", within=0.1)
    assert 0.2 <= time.monotonic() - begin < PATIENCE


def test_a_policy_and_features_are_the_guests_own(path: Path) -> None:
    features = vsk.Feature.STREAM | vsk.Feature.VERSION_1
    own = vsk.Guest(features=features, rx_layout=[44, 4, 100], queue_size=16, tx_piece=7)
    with served(Echo(), path), vsk.attach(path, guest=own, memory=1 << 20, queues=2) as guest:
        assert guest is own
        assert guest.features == features
        assert guest.connect(2, PORT).exchange(b"x" * 5000) == b"x" * 5000


@pytest.mark.parametrize("order", [vsk.Feature(0), vsk.Feature.IN_ORDER])
@pytest.mark.parametrize("size", [16, 100])
def test_rings_are_packed_and_in_order_where_the_device_offers_it(
    order: vsk.Feature, size: int, path: Path
) -> None:
    offered = OFFERED | vsk.Feature.RING_PACKED | order
    own = vsk.Guest(queue_size=size)
    with (
        served(Echo(features=offered), path),
        vsk.attach(path, guest=own, memory=4 << 20) as guest,
    ):
        assert guest.features == offered
        conn = guest.connect(2, PORT)
        for _ in range(20):
            assert conn.exchange(bytes(range(256)) * 400) == bytes(range(256)) * 400
        messages = guest.connect(2, PORT, MESSAGES)
        messages.send(bytes(100_000))
        assert len(messages.recv()) == 100_000
        assert guest.counters["errors"] == 0


def test_a_split_ring_has_a_power_of_two(path: Path) -> None:
    with (
        served(Echo(), path),
        pytest.raises(vsk.UsageError, match="power of two"),
        vsk.attach(path, guest=vsk.Guest(queue_size=100)),
    ):
        pass


def test_a_reset_of_the_transport_ends_connections_and_gives_another_cid(path: Path) -> None:
    class Mover(Ends):
        def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
            self.reset_transport(99)

    device = Mover()
    with served(device, path), vsk.attach(path) as guest:
        conn = guest.connect(2, PORT)
        conn.send(b"move")

        with pytest.raises(vsk.ConnectionReset):
            conn.recv()
        assert conn.reason == vsk.Reason.TRANSPORT
        guest.expect_none(op="RW", within=0.01)
        wait_for(lambda: guest.cid == 99 or guest.expect_none(op="RW", within=0.01))
        assert device.reason() == vsk.Reason.TRANSPORT
        assert guest.connect(2, PORT).local_cid == 99


# Views


def test_a_view_outlives_its_front_end_and_the_server(path: Path) -> None:
    class Keeper(Acceptor):
        kept: Queue[memoryview] = Queue()

        def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
            self.kept.put(data)

    with served(Keeper(), path) as server:
        with vsk.attach(path) as guest:
            guest.connect(2, PORT).send(b"still here")
            view = Keeper.kept.get(timeout=PATIENCE)
        del guest
        gc.collect()
        assert bytes(view) == b"still here"
    del server
    gc.collect()

    assert bytes(view) == b"still here"


def test_the_memory_of_a_guest_outlives_its_socket(path: Path) -> None:
    with served(Echo(), path), vsk.attach(path) as guest:
        memory = guest.memory
        view = memory.view(memory.alloc(5), 5)
        view[:] = b"hello"
    del guest
    gc.collect()

    assert bytes(view) == b"hello"


# Front ends that come, go, and get it wrong


def test_front_ends_come_one_after_the_other(path: Path) -> None:
    with served(Echo(), path) as server:
        for _ in range(3):
            with vsk.attach(path) as guest:
                assert guest.connect(2, PORT).exchange(b"hello") == b"hello"
    assert server.sessions == 3


def test_a_second_front_end_is_refused_and_the_first_goes_on(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with served(Echo(), path), vsk.attach(path) as guest:
        conn = guest.connect(2, PORT)
        with pytest.raises(vsk.PeerError) as caught:
            vsk.attach(path)
        assert conn.exchange(b"hello") == b"hello"

    assert caught.value.status == vsk.Status.BAD_HANGUP
    (refused,) = [
        r for r in caplog.records if "Server of Echo" in r.message and r.levelname != "INFO"
    ]
    assert "another front end" in refused.message


@pytest.mark.parametrize(
    "said",
    [
        b"",
        message(GET_FEATURES)[:7],
        message(SET_FEATURES, bytes(8))[:15],
        message(SET_FEATURES, b"short"),
        message(999),
        bytes(300),
    ],
    ids=["nothing", "half a header", "half a payload", "too short", "unknown", "rubbish"],
)
def test_a_server_outlives_a_front_end_that_says_it_wrong(path: Path, said: bytes) -> None:
    with served(Echo(), path) as server:
        with dial(path) as wrong:
            wrong.sendall(said)
            wrong.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):  # what it did not read was lost
                assert wrong.recv(1) == b""
        with attached(path) as guest:
            assert guest.connect(2, PORT).exchange(b"hello") == b"hello"
    assert server.sessions == 2


def attached(path: Path) -> vsk.Guest:
    """A guest, when the server has seen that the one before it is gone."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return vsk.attach(path)
        except vsk.Error:
            assert time.monotonic() < deadline


def test_what_a_front_end_gets_wrong_is_logged_with_the_message(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with served(Echo(), path), dial(path) as wrong:
        wrong.sendall(message(SET_FEATURES, b"short"))
        assert wrong.recv(1) == b""

    (record,) = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert "SET_FEATURES" in record.message and "Server of Echo" in record.message


def test_a_guest_hears_that_the_device_is_gone(path: Path) -> None:
    with served(Echo(), path):
        guest = vsk.attach(path)
        conn = guest.connect(2, PORT)

    with pytest.raises(vsk.ConnectionReset):
        conn.recv()
    with pytest.raises(vsk.Error):
        guest.connect(2, PORT)
    guest.close()


# Attaching to what is none


def test_attach_says_what_the_system_says(tmp_path: Path) -> None:
    with pytest.raises(
        vsk.SystemFailure, match=r"nobody\.sock: No such file or directory"
    ) as caught:
        vsk.attach(tmp_path / "nobody.sock")

    assert caught.value.status == vsk.Status.ERR_SYSTEM
    assert isinstance(caught.value, OSError)
    assert caught.value.errno == errno.ENOENT
    assert pickle.loads(pickle.dumps(caught.value)).errno == errno.ENOENT


def test_attach_to_a_file_that_nobody_listens_on_any_more_is_refused(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(path))

    with pytest.raises(vsk.SystemFailure, match=r"vsk\.sock: Connection refused") as caught:
        vsk.attach(path)

    assert caught.value.errno == errno.ECONNREFUSED


@contextlib.contextmanager
def impostor(path: Path, act: Callable[[socket.socket], Any]) -> Iterator[None]:
    """Somebody who listens, and is no back end."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            with listener.accept()[0] as end:
                act(end)
                with contextlib.suppress(OSError):
                    while end.recv(4096):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join(PATIENCE)


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (lambda end: end.shutdown(socket.SHUT_RDWR), vsk.Status.BAD_HANGUP),
        (lambda end: end.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"), vsk.Status.BAD_REPLY),
        (lambda end: end.sendall(message(77, bytes(8), 5)), vsk.Status.BAD_REPLY),
    ],
    ids=["hangs up", "speaks HTTP", "answers another question"],
)
def test_attach_names_what_is_wrong_with_who_is_no_back_end(
    path: Path, act: Callable[[socket.socket], Any], status: vsk.Status
) -> None:
    with impostor(path, act), pytest.raises(vsk.PeerError) as caught:
        vsk.attach(path)

    assert caught.value.status == status


def test_attach_gives_up_on_who_does_not_answer(path: Path) -> None:
    begin = time.monotonic()
    with impostor(path, lambda end: None), pytest.raises(vsk.TimedOut):
        vsk.attach(path, timeout=0.1)

    assert 0.1 <= time.monotonic() - begin < PATIENCE


def test_a_guest_that_could_not_be_attached_is_free_again(path: Path) -> None:
    own = vsk.Guest()
    with impostor(path, lambda end: end.shutdown(socket.SHUT_RDWR)), pytest.raises(vsk.PeerError):
        vsk.attach(path, guest=own)
    with pytest.raises(vsk.UsageError) as caught:
        own.connect(2, PORT)
    assert caught.value.status == vsk.Status.ERR_STATE

    with served(Echo(), path), vsk.attach(path, guest=own) as guest:
        assert guest is own
        assert own.connect(2, PORT).exchange(b"hello") == b"hello"


def test_attach_and_serve_take_a_path_or_a_descriptor(path: Path) -> None:
    for wrong in (lambda: vsk.attach(), lambda: vsk.serve(Echo()), lambda: vsk.attach(path, fd=0)):
        with pytest.raises(ValueError, match="a path or a descriptor"):
            wrong()
    with pytest.raises(ValueError, match="null character"):
        vsk.serve(Echo(), f"{path}\0x")
    with pytest.raises(vsk.UsageError):
        vsk.serve(Echo(), "x" * 108)
    with pytest.raises(vsk.UsageError):
        vsk.serve(Echo(), "")


@pytest.mark.parametrize(
    ("protocol", "names"),
    [
        (vsk.Protocol.MQ | 1 << 40 | 1 << 6, "bit 6, bit 40"),
        (vsk.Protocol.INBAND_NOTIFICATIONS | vsk.Protocol.REPLY_ACK, "INBAND_NOTIFICATIONS"),
    ],
)
def test_protocol_features_that_cannot_be_are_named(
    path: Path, protocol: vsk.Protocol, names: str
) -> None:
    for wrong in (
        lambda: vsk.serve(Echo(), path, protocol=protocol),
        lambda: vsk.attach(path, protocol=protocol),
    ):
        with pytest.raises(vsk.UsageError, match=f"protocol feature .*: {names}$") as caught:
            wrong()
        assert caught.value.status == vsk.Status.ERR_PROTOCOL


def test_a_file_is_served_once_and_what_a_dead_server_left_is_replaced(path: Path) -> None:
    with vsk.serve(Echo(), path):
        with pytest.raises(vsk.Error) as caught:
            vsk.serve(Echo(), path)
        assert caught.value.status == vsk.Status.ERR_BUSY
        assert path.exists()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with vsk.serve(Echo(), path):
        assert path.exists()
    assert not path.exists()

    path.write_text("mine")
    with pytest.raises(vsk.SystemFailure):
        vsk.serve(Echo(), path)
    assert path.read_text() == "mine"


def test_a_party_belongs_to_one_host(path: Path, tmp_path: Path) -> None:
    device, guest = Echo(), vsk.Guest()
    other = tmp_path / "other.sock"
    with served(device, path), vsk.attach(path, guest=guest):
        for again in (
            lambda: vsk.serve(device, other),
            lambda: vsk.Lab(device),
            lambda: vsk.attach(path, guest=guest),
            lambda: vsk.Lab(Echo(), guests=[guest]),
        ):
            with pytest.raises(vsk.UsageError) as caught:
                again()
            assert caught.value.status == vsk.Status.ERR_BUSY
    assert not other.exists()
    lab = vsk.Lab(Echo())
    with pytest.raises(vsk.UsageError):
        vsk.serve(lab.device, other)


# Hooks that fail


def test_a_hook_that_raises_ends_its_connection_and_not_the_server(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Picky(Echo):
        def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
            if bytes(data) == b"bad":
                raise RuntimeError("of the model")
            super().on_data(conn, data)

    with served(Picky(), path), vsk.attach(path) as guest:
        good, bad = guest.connect(2, PORT), guest.connect(2, PORT)
        bad.send(b"bad")
        with pytest.raises(vsk.ConnectionReset):
            bad.recv()
        assert good.exchange(b"good") == b"good"

    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert "a hook of Picky failed" in record.message
    assert record.exc_text is not None
    assert "of the model" in record.exc_text and "in on_data" in record.exc_text


def test_a_timer_that_raises_costs_nobody_a_connection(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Late(Echo):
        def on_request(self, conn: vsk.Conn) -> None:
            conn.accept()
            for _ in range(100):  # numbers of timers are not those of connections
                self.after(0.001, self.fail)

        def fail(self) -> None:
            raise RuntimeError("of a timer")

    with served(Late(), path), vsk.attach(path) as guest:
        conn = guest.connect(2, PORT)
        time.sleep(0.05)
        assert conn.exchange(b"hello") == b"hello"

    assert sum("of a timer" in (r.exc_text or "") for r in caplog.records) == 100


def test_a_hook_may_not_wait_and_may_close_its_server(path: Path) -> None:
    class Nosy(Ends):
        server: vsk.Server

        def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
            for call in (self.server.run, self.server.dispatch, conn.recv):
                with pytest.raises(vsk.UsageError) as caught:
                    call()
                assert caught.value.status == vsk.Status.ERR_HOOK
            self.server.close()

    device = Nosy()
    with served(device, path) as device.server:
        with vsk.attach(path) as guest:
            conn = guest.connect(2, PORT)
            conn.send(b"x")
            with pytest.raises(vsk.ConnectionReset):
                conn.recv()
        assert device.reason() == vsk.Reason.TRANSPORT
    assert not path.exists()


# Leaving


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (lambda conn: conn.close(), vsk.Reason.CLOSED),
        (lambda conn: conn.reset(), vsk.Reason.RESET),
        (lambda conn: (conn.send(b"x" * 1_000_000), conn.close()), vsk.Reason.CLOSED),
        (lambda conn: None, vsk.Reason.TRANSPORT),
    ],
    ids=["close", "reset", "close with a queue", "open"],
)
def test_a_device_hears_how_a_connection_ended_whose_guest_leaves(
    path: Path, end: Callable[[vsk.Conn], Any], reason: vsk.Reason
) -> None:
    device = Ends()
    with served(device, path):
        with vsk.attach(path) as guest:
            end(guest.connect(2, PORT))

        assert device.reason() == reason


def test_a_packet_that_was_sent_by_hand_arrives_though_its_guest_leaves(path: Path) -> None:
    seen: Queue[int] = Queue()
    device = hooked(vsk.Device, on_packet=lambda self, packet: seen.put(packet.src_port))()
    with served(device, path):
        with vsk.attach(path) as guest:
            for port in range(10):
                guest.tx(op="RST", src_port=port, dst=(2, PORT))

        assert [seen.get(timeout=PATIENCE) for _ in range(10)] == list(range(10))


def test_a_guest_waits_a_second_for_who_does_not_answer_and_no_time_for_nothing(
    path: Path,
) -> None:
    took = {}
    with vsk.serve(Echo(), path) as server:
        for closes in (False, True):
            thread = threading.Thread(target=lambda: server.run(strict=False))
            thread.start()
            guest = attached(path)
            conn = guest.connect(2, PORT)
            server.stop()
            thread.join(PATIENCE)
            if closes:
                conn.close()
            begin = time.monotonic()
            guest.close()
            guest.close()
            took[closes] = time.monotonic() - begin
    assert took[False] < 0.9 <= took[True] < 1.9


def test_the_guest_of_a_lab_stays_in_it() -> None:
    lab = vsk.Lab(Echo())
    with lab.guest:
        pass

    assert lab.guest.connect(2, PORT).exchange(b"hello") == b"hello"


# Captures


def test_both_captures_are_clean_and_have_the_time_of_the_wall(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / "device.pcapng", tmp_path / "guest.pcapng"]
    begin = time.time_ns()
    with served(Echo(), path, capture=files[0]), vsk.attach(path, capture=files[1]) as guest:
        for kind in (vsk.Type.STREAM, MESSAGES):
            conn = guest.connect(2, PORT, kind)
            conn.exchange(b"hello")
            conn.close()
    end = time.time_ns()

    device, guests = ([(r.time, bytes(r.packet)) for r in vsk.Capture(file)] for file in files)
    assert sorted(packet for _, packet in device) == sorted(packet for _, packet in guests)
    assert len(device) >= 8
    for when, _ in device + guests:
        assert begin - 1_000_000_000 < when < end + 1_000_000_000
    for file in files:
        assert main(["check", str(file)]) == 0
        assert f"{len(device)} packets, 0 findings" in capsys.readouterr().out


def test_a_trace_is_kept_where_it_is_asked_for(path: Path) -> None:
    with vsk.serve(Echo(), path, trace=1000) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        with vsk.attach(path, trace=1000) as guest:
            guest.connect(2, PORT).exchange(b"hello")
            assert guest._host is not None
            mine = [packet.op for packet in guest._host.trace.packets]
        server.stop()
        thread.join()
        theirs = [packet.op for packet in server.trace.packets]

    assert mine == theirs[: len(mine)]
    assert mine[:3] == [vsk.Op.REQUEST, vsk.Op.RESPONSE, vsk.Op.RW]


@pytest.mark.parametrize("awaits", [False, True], ids=["run", "asyncio"])
def test_a_capture_on_a_full_disk_ends_and_the_server_goes_on(
    path: Path, awaits: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with vsk.serve(Echo(), path, capture="/dev/full") as server:
        call = (lambda: asyncio.run(server.serve_forever())) if awaits else server.run
        thread = threading.Thread(target=call)
        thread.start()
        for _ in range(2):
            with attached(path) as guest:
                assert guest.connect(2, PORT).exchange(b"hello") == b"hello"
        server.stop()
        thread.join(PATIENCE)

    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert record.message.endswith("the capture ends: No space left on device")


def test_a_capture_on_a_full_disk_is_the_scripts_where_nobody_listens(path: Path) -> None:
    with pytest.raises(OSError, match="No space left"), vsk.Lab(Echo(), capture="/dev/full") as lab:
        lab.guest.connect(2, PORT)
    with served(Echo(), path), pytest.raises(OSError, match="No space left"):
        vsk.attach(path, capture="/dev/full")
