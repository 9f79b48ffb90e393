-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Bytes between a guest and programs, both ways; half-closes.
local rig = require "rig"

local SIZES = { 1, 2, 43, 44, 4096, 65535, 65536, 65537, 262144, 1 << 20 }
local MIB = 1 << 20

--- A program dials a port on which the guest listens: both ends.
local function dialled(guest, port, mode)
  local listener = assert(guest:listen(port))
  local id = rig.host("dial", ("CONNECT %d\n"):format(port), mode or "keep")
  local state, done = rig.state(guest, id, rig.SOON, function(state)
    return state.line:find "\n" or state.ended ~= ""
  end)
  rig.want(done and state.line:find "^OK %d+\n$", "a program that dials reads %q, then %s",
    state.line, state.ended == "" and "nothing" or state.ended)
  return assert(listener:accept()), id
end

rig.probe("echo_from_guest", 0, "1 byte to 1 MiB to a program's listener, and back", function()
  local guest = rig.attach()
  rig.host("listen", 1234, "echo")
  for _, size in ipairs(SIZES) do
    local conn = rig.connect(guest, 1234)
    rig.exchange(guest, conn, size, 20)
    conn:close()
  end
end)

rig.probe("echo_from_host", 0, "1 byte to 1 MiB from a program that dials, and back", function()
  local guest = rig.attach()
  for number, size in ipairs(SIZES) do
    local conn, id = dialled(guest, 2000 + number)
    rig.host("send", id, size)
    rig.want(rig.receive(guest, conn, size, 20) == size, "not all of %d bytes reached the guest",
      size)
    conn:send(rig.pattern(size))
    rig.reached(guest, id, size, 20)
    conn:close()
  end
end)

rig.probe("example_04_attach", 0, "the example 04_attach.lua runs as it is", function()
  local vsk = require "vsk"
  local environment = setmetatable({ arg = { "" }, print = function() end }, { __index = _G })
  function environment.require()
    return setmetatable({ attach = function() return rig.attach() end }, { __index = vsk })
  end
  rig.host("listen", 1234, "echo")
  local example = assert(loadfile("lua/examples/04_attach.lua", "t", environment))
  local done, message = pcall(example)
  rig.leave() -- as the example has done at its end
  rig.want(done, "%s", message)
end)

rig.probe("half_close_by_guest", 10, "the program reads the end, and what it sends still arrives",
  function()
    local guest = rig.attach()
    rig.host("listen", 1234, "keep")
    local conn = rig.connect(guest, 1234)
    conn:send(rig.pattern(1000))
    conn:shutdown { send = true }
    local id = rig.came(guest, 1234)
    rig.reached(guest, id, 1000)
    local state, ended = rig.state(guest, id, 2, function(state) return state.ended ~= "" end)
    rig.want(ended, "the program never reads the end: its socket is still open both ways")
    rig.want(state.ended == "eof", "the program reads %s", state.ended)
    rig.host("send", id, 1000)
    rig.want(rig.receive(guest, conn, 1000) == 1000, "what the program sends then is lost")
  end)

rig.probe("half_close_by_host", 10, "SHUTDOWN of SEND alone; what the guest sends still arrives",
  function()
    local guest = rig.attach()
    rig.host("listen", 1234, "keep")
    local hand = rig.hand(guest, 5000, 1234):connect()
    local id = rig.came(guest, 1234)
    rig.host("send", id, 1000)
    rig.want(hand:take(rig.SOON, 1000) == 1000, "what the program has sent is lost")
    rig.host("shut", id)
    local packet = hand:expect { op = "SHUTDOWN" }
    rig.want(packet.flags == 2, "SHUTDOWN has the flags %d: the guest has to stop sending, too",
      packet.flags)
    hand:tx { op = "RW", payload = rig.pattern(1000), fwd_cnt = 1000 }
    rig.reached(guest, id, 1000)
  end)

rig.probe("guest_reads_no_more", 10, "after SHUTDOWN of RCV what the guest sends still arrives",
  function()
    local guest = rig.attach()
    rig.host("listen", 1234, "keep")
    local hand = rig.hand(guest, 5000, 1234):connect()
    hand:tx { op = "SHUTDOWN", flags = 1 }
    hand:tx { op = "RW", payload = rig.pattern(1000) }
    rig.reached(guest, rig.came(guest, 1234), 1000)
  end)

rig.probe("close_waits_for_data", 10,
  "SHUTDOWN of both while the program reads late: it gets all, then the guest gets RST",
  function()
    local guest = rig.attach()
    rig.host("listen", 1234, "hold")
    local hand = rig.hand(guest, 5000, 1234):connect()
    -- More than the program's socket takes, but no more than may be sent.
    local size = 0
    for _ = 1, 60 do
      local packet = hand:next(0.02)
      while packet do
        if packet.op == "CREDIT_UPDATE" then hand.fwd_cnt = packet.fwd_cnt end
        packet = hand:next()
      end
      local piece = math.min(8192, hand.room - (size - (hand.fwd_cnt or 0)))
      if piece <= 0 then break end
      hand:tx { op = "RW", payload = rig.pattern(piece, size) }
      size = size + piece
    end
    hand:tx { op = "SHUTDOWN", flags = 3 }
    rig.drive(guest, 0.2)
    local id = rig.came(guest, 1234)
    rig.host("read", id)
    rig.reached(guest, id, size)
    hand:expect { op = "RST" }
  end)

rig.probe("close_gets_rst", 10,
  "SHUTDOWN of both is answered by RST, and the program reads the end",
  function()
    local guest = rig.attach()
    rig.host("listen", 1234, "keep")
    local hand = rig.hand(guest, 5000, 1234):connect()
    hand:tx { op = "RW", payload = rig.pattern(1000) }
    hand:tx { op = "SHUTDOWN", flags = 3 }
    hand:expect { op = "RST" }
    local id = rig.came(guest, 1234)
    rig.reached(guest, id, 1000)
    local _, ended = rig.state(guest, id, 2, function(state) return state.ended ~= "" end)
    rig.want(ended, "the program never reads the end")
  end)

rig.probe("program_exits_after_sending", 10, "all that it has sent reaches the guest", function()
  local guest = rig.attach { buf_alloc = 16384 }
  local conn, id = dialled(guest, 2000)
  rig.host("send", id, 100000)
  rig.wait(guest, rig.SOON, function() return rig.host("state", id).sent == 100000 end)
  rig.host("close", id)
  local got = rig.receive(guest, conn, 100000)
  rig.want(got == 100000, "%d of 100000 bytes reached the guest", got)
end)

-- ---- 2 MiB each way ----

local function both_ways(options, mode)
  local guest = rig.attach(options)
  rig.host("listen", 1234, mode or "echo")
  local conn = rig.connect(guest, 1234)
  rig.exchange(guest, conn, 2 * MIB, 40)
end

for _, buffer in ipairs { 8192, 65536, 262144, 1 << 20 } do
  rig.probe("two_mib_buffer_" .. buffer, 7,
    ("2 MiB cross each way, the guest's buffer at %d bytes"):format(buffer),
    function() both_ways { buf_alloc = buffer } end)
end

rig.probe("two_mib_late_update", 7,
  "2 MiB cross each way, the guest telling of credit when half its buffer is free", function()
    both_ways { buf_alloc = 32768, update_at = 16384 }
  end)

rig.probe("two_mib_shrinking", 7, "2 MiB cross each way, the guest's buffer shrinking to 8 KiB",
  function()
    local guest = rig.attach()
    rig.host("listen", 1234, "keep")
    local conn = rig.connect(guest, 1234)
    local id = rig.came(guest, 1234)
    rig.host("send", id, 2 * MIB)
    for start = 0, MIB, MIB do conn:send(rig.pattern(MIB, start)) end
    rig.drive(guest, 0.5) -- the buffer is as full as it gets
    rig.want(conn.state == "ESTABLISHED", "the connection is %s, %s", conn.state, conn.reason)
    conn.buf_alloc = 8192
    rig.drive(guest, 0.5) -- the device knows it before anything is read
    local got = rig.receive(guest, conn, 2 * MIB, 20)
    rig.want(got == 2 * MIB, "%d of %d bytes reached the guest; the connection is %s, %s", got,
      2 * MIB, conn.state, conn.reason)
    rig.reached(guest, id, 2 * MIB, 20)
  end)

rig.probe("late_reader", 7, "1 MiB reaches a program that begins to read late", function()
  local guest = rig.attach()
  rig.host("listen", 1234, "hold")
  local conn = rig.connect(guest, 1234)
  conn:send(rig.pattern(MIB))
  rig.drive(guest, 0.5)
  local id = rig.came(guest, 1234)
  rig.host("read", id)
  rig.reached(guest, id, MIB, 20)
end)

rig.probe("credit_is_volunteered", 7,
  "a guest that never asks learns of credit as it sends, before its credit is used up", function()
    local guest = rig.attach()
    rig.host("listen", 1234, "keep")
    local hand = rig.hand(guest, 5000, 1234):connect()
    local sent, known = 0, 0
    while sent < 4 * hand.room do
      local piece = math.min(4096, hand.room - (sent - known))
      if piece > 0 then
        hand:tx { op = "RW", payload = rig.pattern(piece, sent) }
        sent = sent + piece
      else
        local packet = hand:next(2)
        rig.want(packet, "%d bytes were sent, fwd_cnt is %d as told last: no update comes", sent,
          known)
        known = packet.fwd_cnt
      end
    end
    rig.reached(guest, rig.came(guest, 1234), sent)
  end)

rig.probe("many_small_writes", 8, "20000 packets of one byte reach the program", function()
  local guest = rig.attach { meter = false }
  rig.host("listen", 1234, "keep")
  local conn = rig.connect(guest, 1234)
  for number = 1, 20000 do
    conn:send(rig.pattern(1, number - 1))
    if number % 100 == 0 then rig.drive(guest, 0) end
  end
  rig.reached(guest, rig.came(guest, 1234), 20000, 20)
end)
