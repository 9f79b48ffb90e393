# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A connection as a file."""

import io
import shutil

import pytest
from labs import MESSAGES, Acceptor, Echo, connected, hooked

import vsk
from vsk import conn_file

BLOCK = bytes(range(256)) * 8192  # 2 MiB


def test_lines_come_one_by_one_and_the_end_ends_them() -> None:
    lab, conn = connected(Echo())
    conn.send(b"one\ntw")
    lab.run()
    conn.send("o\nthr\u00e9e".encode())
    conn.shutdown(send=True)

    assert list(conn.makefile()) == ["one\n", "two\n", "thr\u00e9e"]


def test_a_writer_sends_what_it_is_given_when_it_is_flushed() -> None:
    lab, conn = connected(Echo())
    words = conn.makefile("w")
    words.write("hello\n")
    lab.run()
    assert conn.unread == 0

    words.flush()

    assert conn.recv() == b"hello\n"


def test_a_file_that_is_copied_waits_for_credit() -> None:
    most = 0

    def on_data(device: vsk.Device, conn: vsk.Conn, data: memoryview) -> None:
        nonlocal most
        most = max(most, near.queued)

    lab, near = connected(hooked(on_data=on_data)())
    shutil.copyfileobj(io.BytesIO(BLOCK), near.makefile("wb"))
    lab.run()

    assert near.tx_bytes == len(BLOCK)
    assert 0 < most <= conn_file.QUEUE + shutil.COPY_BUFSIZE


def test_a_writer_that_ran_out_of_time_has_sent_nothing_twice() -> None:
    came = bytearray()

    def on_request(device: vsk.Device, conn: vsk.Conn) -> None:
        conn.accept()
        conn.pause()
        far.append(conn)

    def on_data(device: vsk.Device, conn: vsk.Conn, data: memoryview) -> None:
        came.extend(data)

    far: list[vsk.Conn] = []
    lab, near = connected(hooked(on_request=on_request, on_data=on_data)())
    near.send(BLOCK)
    sink = near.makefile("wb")
    sink.write(b"once")
    with pytest.raises(vsk.TimedOut):
        sink.flush()

    far[0].resume()
    sink.flush()
    lab.run()

    assert came == BLOCK + b"once"


def test_closing_it_flushes_and_leaves_the_connection() -> None:
    _, conn = connected(Echo())
    with conn.makefile("wb") as sink:
        sink.write(b"hello")
    with conn.makefile("rb") as source:
        assert source.read(5) == b"hello"

    assert conn.exchange(b"more") == b"more"


def test_a_reset_is_what_recv_and_send_raise() -> None:
    def on_data(device: vsk.Device, conn: vsk.Conn, data: memoryview) -> None:
        conn.reset()

    _, conn = connected(hooked(on_data=on_data)())
    sink = conn.makefile("wb")
    sink.write(b"hello")
    sink.flush()

    with pytest.raises(ConnectionResetError):
        conn.makefile("rb").read(1)
    sink.write(b"more")
    with pytest.raises(ConnectionResetError):
        sink.flush()
    with pytest.raises(ConnectionResetError):
        sink.close()


def test_messages_are_no_file() -> None:
    lab = vsk.Lab(Acceptor())
    conn = lab.guest.connect(2, 1, MESSAGES)

    with pytest.raises(vsk.UsageError, match="messages are not a file"):
        conn.makefile()


@pytest.mark.parametrize("mode", ["", "a", "rw", "rwb", "x"])
def test_a_mode_is_one_way(mode: str) -> None:
    _, conn = connected(Echo())

    with pytest.raises(ValueError, match="mode must be"):
        conn.makefile(mode)  # type: ignore[call-overload]
