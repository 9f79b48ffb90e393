# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The same conversation in Python and in Lua leaves the same trace, byte for byte.

A conversation is a function that gives its lab; its Lua is the docstring, where `lab` is made.
"""

import contextlib
import inspect
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import vsk

FAULTS = {
    "delay": 0.003,
    "hold": 0.0011,
    "lose_kicks": 200,
    "starve": 3,
    "shrink": 100,
}


class Echo(vsk.Device):
    def on_request(self, conn: vsk.Conn) -> None:
        if conn.local_port == 1234:
            conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.send(data)


ECHO = """
local vsk = require "vsk"
local function echo(options)
  options.on_request = function(conn) if conn.local_port == 1234 then conn:accept() end end
  options.on_data = function(conn, data) assert(conn:send(data)) end
  return options
end
local BIG = ("0123456789abcdef"):rep(40000)
"""
BIG = b"0123456789abcdef" * 40000


def stream() -> vsk.Lab:
    """
    local lab = vsk.lab(echo {})
    local conn = assert(lab.guest:connect(2, 1234))
    assert(conn:exchange(BIG) == BIG)
    conn:close()
    lab:run()
    """
    lab = vsk.Lab(Echo())
    conn = lab.guest.connect(2, 1234)
    assert conn.exchange(BIG) == BIG
    conn.close()
    lab.run()
    return lab


def messages() -> vsk.Lab:
    """
    local lab = vsk.lab(echo { cid = 77, seed = 5 })
    local conn = assert(lab.guest:connect(2, 1234, "SEQPACKET"))
    for size = 1, 9 do conn:send(BIG:sub(1, size * 9999), { eor = size % 2 == 0 }) end
    for size = 1, 9 do assert(#conn:receive() == size * 9999) end
    conn:reset()
    lab:run()
    """
    lab = vsk.Lab(Echo(cid=77), seed=5)
    conn = lab.guest.connect(2, 1234, type=vsk.Type.SEQPACKET)
    for size in range(1, 10):
        conn.send(BIG[: size * 9999], eor=size % 2 == 0)
    for size in range(1, 10):
        assert len(conn.recv()) == size * 9999
    conn.reset()
    lab.run()
    return lab


def refused() -> vsk.Lab:
    """
    local lab = vsk.lab(echo { guests = { vsk.guest { preset = "linux-5.10" } } })
    assert(select(3, lab.guest:connect(2, 9999)) == "RESET")
    lab:run(nil, 0.5)
    """
    lab = vsk.Lab(Echo(), guests=[vsk.Guest(preset="linux-5.10")])
    with pytest.raises(vsk.ConnectionReset):
        lab.guest.connect(2, 9999)
    lab.run(within=0.5)
    return lab


def half_closed() -> vsk.Lab:
    """
    local options = { rx_layout = { 44, 100, 4096 }, rx_indirect = true, buf_alloc = 8192 }
    local lab = vsk.lab(echo { guests = { vsk.guest(options) }, buf_alloc = 4096 })
    local conn = assert(lab.guest:connect(2, 1234))
    conn:send(BIG:sub(1, 100000))
    conn:shutdown { send = true }
    assert(#conn:receive_all() == 100000)
    conn:close()
    lab:run()
    """
    guest = vsk.Guest(rx_layout=[44, 100, 4096], rx_indirect=True, buf_alloc=8192)
    lab = vsk.Lab(Echo(buf_alloc=4096), guests=[guest])
    conn = lab.guest.connect(2, 1234)
    conn.send(BIG[:100000])
    conn.shutdown(send=True)
    assert len(conn.recv_all()) == 100000
    conn.close()
    lab.run()
    return lab


def faults() -> vsk.Lab:
    """
    local lab = vsk.lab(echo {
      seed = 42, delay = 0.003, hold = 0.0011, lose_kicks = 200, starve = 3, shrink = 100,
    })
    local conn = assert(lab.guest:connect(2, 1234))
    assert(conn:exchange(BIG) == BIG)
    conn:close()
    lab:run(nil, 20)
    """
    lab = vsk.Lab(Echo(), seed=42, **FAULTS)
    conn = lab.guest.connect(2, 1234)
    assert conn.exchange(BIG) == BIG
    conn.close()
    lab.run(within=20)
    return lab


def malign() -> vsk.Lab:
    """
    local lab = vsk.lab(echo { seed = 9, flip = 300, duplicate = 100, reorder = 100, lie = 50 })
    local conn = lab.guest:connect(2, 1234)
    if conn then conn:send(BIG) end
    lab:run(nil, 3)
    """
    lab = vsk.Lab(Echo(), seed=9, flip=300, duplicate=100, reorder=100, lie=50)
    with contextlib.suppress(vsk.Error):
        lab.guest.connect(2, 1234).send(BIG)
    lab.run(within=3)
    return lab


def listener() -> vsk.Lab:
    """
    local lab = vsk.lab { guests = 2 }
    local device, guest = lab.device, lab.guests[2]
    local port <close> = guest:listen(4000, 1)
    device:connect(4000, "STREAM", { cid = 4 }):send "hello"
    device:connect(4000, "STREAM", { cid = 4 }):send "too many"
    local conn = assert(port:accept())
    assert(conn:receive_exactly(5) == "hello")
    conn:shutdown { send = true, receive = true }
    lab:run()
    """
    lab = vsk.Lab(vsk.Device(), guests=2)
    device, guest = lab.device, lab.guests[1]
    with guest.listen(4000, 1) as port:
        device.connect(4000, cid=4).send(b"hello")
        device.connect(4000, cid=4).send(b"too many")
        conn = port.accept()
        assert conn.recv_exactly(5) == b"hello"
        conn.shutdown(send=True, receive=True)
        lab.run()
    return lab


class Late(vsk.Device):
    def on_request(self, conn: vsk.Conn) -> None:
        conn.defer()
        self.after(0.1234567891, conn.accept)

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.pause()
        self.cancel(self.after(0.2, conn.reset))
        self.after(0.3000000005, conn.resume)


def timers() -> vsk.Lab:
    """
    local lab = vsk.lab {
      on_request = function(conn, device)
        conn:defer()
        device:after(0.1234567891, function() conn:accept() end)
      end,
      on_data = function(conn, _, device)
        conn:pause()
        device:cancel(device:after(0.2, function() conn:reset() end))
        device:after(0.3000000005, function() conn:resume() end)
      end,
    }
    local conn = assert(lab.guest:connect(2, 80))
    conn:send(BIG)
    conn.buf_alloc = 100
    lab:run(nil, 5)
    lab.device:reset_transport()
    lab:run()
    """
    lab = vsk.Lab(Late())
    conn = lab.guest.connect(2, 80)
    conn.send(BIG)
    conn.buf_alloc = 100
    lab.run(within=5)
    lab.device.reset_transport()
    lab.run()
    return lab


def by_hand() -> vsk.Lab:
    """
    local lab = vsk.lab { seed = 3 }
    local before = lab:snapshot()
    for i = 1, 2 do
      lab.guest:tx {
        op = "RW", src_port = 5555, dst = { 2, 80 }, payload = "nobody asked",
        layout = { 44, 1, 11 }, indirect = i == 2,
      }
      assert(lab.guest:expect { op = "RST", dst_port = 5555, within = 0.1 })
      assert(lab.guest:expect_none { within = 0.2 })
      lab.guest:kick()
      lab.guest:offer(1, 9)
      lab:run(nil, lab:random(1000) / 1000)
      if i == 1 then lab:rewind(before) end
    end
    """
    lab = vsk.Lab(vsk.Device(), seed=3)
    before = lab.snapshot()
    for indirect in (False, True):
        lab.guest.tx(
            op="RW",
            src_port=5555,
            dst=(2, 80),
            payload=b"nobody asked",
            layout=[44, 1, 11],
            indirect=indirect,
        )
        assert lab.guest.expect(op="RST", dst_port=5555, within=0.1)
        lab.guest.expect_none(within=0.2)
        lab.guest.kick()
        lab.guest.offer(1, 9)
        lab.run(within=lab.random(1000) / 1000)
        if not indirect:
            lab.rewind(before)
    return lab


@pytest.mark.parametrize(
    "conversation",
    [stream, messages, refused, half_closed, faults, malign, listener, timers, by_hand],
)
def test_both_languages_leave_the_same_trace(
    conversation: Callable[[], vsk.Lab], tmp_path: Path
) -> None:
    script = tmp_path / "conversation.lua"
    save = "for _, path in ipairs(arg) do assert(lab.trace:save(path)) end\n"
    script.write_text(ECHO + (inspect.getdoc(conversation) or "") + "\n" + save)
    python = [tmp_path / "python.txt", tmp_path / "python.pcapng"]
    lua = [tmp_path / "lua.txt", tmp_path / "lua.pcapng"]

    lab = conversation()
    for path in python:
        lab.trace.save(path)
    subprocess.run(["lua5.4", script, *lua], check=True)

    assert len(lab.trace) >= 10
    assert python[0].read_text() == lua[0].read_text()
    assert python[1].read_bytes() == lua[1].read_bytes()
