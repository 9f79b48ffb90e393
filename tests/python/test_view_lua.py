# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Lua draws ladders, ledgers and ends as Python does."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from labs import MESSAGES, PORT, Acceptor, Echo

import vsk

ECHO = """
local vsk = require "vsk"
local function echo(options)
  options.on_request = function(conn) if conn.local_port == 80 then conn:accept() end end
  options.on_data = options.on_data or function(conn, data) conn:send(data) end
  return assert(vsk.lab(options))
end
"""


KEPT: list[vsk.Conn] = []  # somebody names them, as the script in Lua does


class Selective(Echo):
    """The device of ECHO."""

    def on_request(self, conn: vsk.Conn) -> None:
        if conn.local_port == PORT:
            conn.accept()


class Deaf(Acceptor):
    """Takes nothing that comes."""

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.pause()


def closed() -> vsk.Lab:
    """
    local lab = echo { seed = 3 }
    local conn = assert(lab.guest:connect(2, 80))
    conn:exchange "hello"
    local message = assert(lab.guest:connect(2, 80, "SEQPACKET"))
    message:send("one", { eor = true })
    message:receive()
    lab.guest:connect(2, 9999)
    lab.guest:tx { op = "RW", src_port = 5555, dst = { 2, 80 }, payload = "nobody asked",
      layout = { 44, 1, 11 } }
    lab.guest:tx { op = 77, type = 9, src_cid = -1, src_port = 5, dst = { 2, 80 } }
    lab.guest:offer(1, 9)
    message:shutdown { send = true }
    lab:run(nil, 0.25)
    conn:close()
    lab:run()
    lab.device:reset_transport()
    lab:run()
    """
    lab = vsk.Lab(Selective(), seed=3)
    conn = lab.guest.connect(2, PORT)
    conn.exchange(b"hello")
    message = lab.guest.connect(2, PORT, MESSAGES)
    message.send(b"one", eor=True)
    message.recv()
    with pytest.raises(vsk.ConnectionReset):
        lab.guest.connect(2, 9999)
    lab.guest.tx(op="RW", src_port=5555, dst=(2, PORT), payload=b"nobody asked", layout=[44, 1, 11])
    lab.guest.tx(op=77, type=9, src_cid=2**64 - 1, src_port=5, dst=(2, PORT))
    lab.guest.offer(1, 9)
    message.shutdown(send=True)
    lab.run(within=0.25)
    conn.close()
    lab.run()
    lab.device.reset_transport()
    lab.run()
    KEPT[:] = [conn, message]
    return lab


def stalled() -> vsk.Lab:
    """
    local lab = echo { buf_alloc = 4096, on_data = function(conn) conn:pause() end }
    local conn = assert(lab.guest:connect(2, 80))
    local other = assert(lab.guest:connect(2, 80))
    conn:send(("x"):rep(10000))
    lab:run(nil, 1)
    assert(other.credit > 0)
    """
    lab = vsk.Lab(Deaf(buf_alloc=4096))
    conn = lab.guest.connect(2, PORT)
    other = lab.guest.connect(2, PORT)
    conn.send(b"x" * 10000)
    lab.run(within=1)
    KEPT[:] = [conn, other]
    return lab


def resumed() -> vsk.Lab:
    """
    local lab = echo { buf_alloc = 4096, guests = { vsk.guest {}, vsk.guest { buf_alloc = 999 } } }
    for _, guest in ipairs(lab.guests) do
      local conn = assert(guest:connect(2, 80))
      lab.device.kept = { conn, lab.device.kept }
      conn:exchange(("x"):rep(10000))
      conn:shutdown { send = true }
    end
    lab:run(nil, 0.001)
    """
    guests = [vsk.Guest(), vsk.Guest(buf_alloc=999)]
    lab = vsk.Lab(Selective(buf_alloc=4096), guests=guests)
    KEPT.clear()
    for guest in lab.guests:
        conn = guest.connect(2, PORT)
        KEPT.append(conn)
        conn.exchange(b"x" * 10000)
        conn.shutdown(send=True)
    lab.run(within=0.001)
    return lab


def quiet() -> vsk.Lab:
    """
    local lab = echo { trace = 0 }
    """
    return vsk.Lab(Selective(), trace=0)


@pytest.mark.parametrize("conversation", [closed, stalled, resumed, quiet])
def test_lua_draws_the_same(conversation: Callable[[], vsk.Lab], tmp_path: Path) -> None:
    script = tmp_path / "views.lua"
    script.write_text(
        ECHO
        + (conversation.__doc__ or "")
        + """
        print(lab.trace:ladder())
        print(lab.trace:ladder(12, 20, { kinds = { "PACKET", "USED" } }))
        for _, text in ipairs(lab.trace:ledgers()) do print(text) end
        collectgarbage()
        collectgarbage()
        print(lab:ends())
        """
    )
    lab = conversation()
    wanted = [lab.trace.ladder(), lab.trace.ladder(12, 20, kinds=["PACKET", "USED"])]
    wanted += [*lab.trace.ledgers(), lab.ends()]

    printed = subprocess.check_output(["lua5.4", script], text=True)

    assert printed.splitlines() == "\n".join(map(str, wanted)).splitlines()
