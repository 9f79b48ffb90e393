-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Requests, resets, flows that nobody knows, and what may be said while a peer connects.
local rig = require "rig"

local HERE = 7000 -- a port of the guest that is played by hand

--- A guest whose port is played by hand, for who dials it.
local function by_hand(options)
  local guest = rig.attach(options)
  local hand = rig.hand(guest, HERE, 9)
  hand:tx { op = "RST" } -- from now on the port is ours
  return guest, hand
end

--- A program dials that port; the REQUEST that comes, and the program's end.
local function requested(hand, mode)
  local id = rig.host("dial", ("CONNECT %d\n"):format(HERE), mode or "keep")
  local packet = hand:expect { op = "REQUEST" }
  hand.fields.dst = packet.src
  return packet, id
end

rig.probe("nobody_listens", 11, "a REQUEST for a port without a listener gets RST", function()
  local guest = rig.attach()
  local hand = rig.hand(guest, 5000, 4321)
  hand:tx { op = "REQUEST" }
  hand:expect { op = "RST", within = 2 }
end)

rig.probe("unknown_flow", 11, "RW of a connection that nobody knows gets RST", function()
  local hand = rig.hand(rig.attach(), 5000, 4321)
  hand:tx { op = "RW", payload = "nobody asked" }
  hand:expect { op = "RST", within = 2 }
end)

rig.probe("unknown_shutdown", 11, "SHUTDOWN of a connection that nobody knows gets RST", function()
  local hand = rig.hand(rig.attach(), 5000, 4321)
  hand:tx { op = "SHUTDOWN", flags = 3 }
  hand:expect { op = "RST", within = 2 }
end)

rig.probe("unknown_type", 11, "a REQUEST of an unknown type gets RST", function()
  local guest = rig.attach()
  rig.host("listen", 1234, "keep")
  local hand = rig.hand(guest, 5000, 1234, { type = 7 })
  hand:tx { op = "REQUEST" }
  hand:expect { op = "RST", within = 2 }
end)

rig.probe("rst_is_not_answered", 11, "RST of a connection that nobody knows gets no answer",
  function()
    local guest = rig.attach()
    local hand = rig.hand(guest, 5000, 4321)
    hand:tx { op = "RST" }
    hand:silent(0.5)
    rig.echo(guest)
  end)

rig.probe("other_source_cid", 11, "packets that claim another guest's CID do nothing", function()
  local guest = rig.attach()
  rig.host("listen", 1234, "keep")
  local hand = rig.hand(guest, 5000, 1234, { src_cid = 77 })
  hand:tx { op = "REQUEST" }
  hand:silent(0.3)
  rig.want(#rig.host("came", 1234) == 0, "it was connected")
  rig.echo(guest)
end)

rig.probe("early_data", 12, "a program that dials and sends at once: REQUEST, then RST at most",
  function()
    local guest, hand = by_hand()
    local _, id = requested(hand)
    rig.host("send", id, 1000)
    rig.drive(guest, 0.1)
    rig.host("shut", id)
    local packet = hand:next(0.5)
    rig.want(not packet or packet.op == "RST", "while it connects the guest gets\n  %s", packet)
  end)

rig.probe("early_data_arrives", 12, "what a program sends before the guest answers is not lost",
  function()
    local guest, hand = by_hand()
    local _, id = requested(hand)
    rig.host("send", id, 1000)
    rig.drive(guest, 0.2)
    hand:tx { op = "RESPONSE" }
    local got = hand:take(2, 1000)
    rig.want(got == 1000, "%d of 1000 bytes reached the guest", got)
  end)

rig.probe("connect_timer", 13, "a guest that never answers: the program's socket is closed in time",
  function()
    local guest, hand = by_hand()
    local _, id = requested(hand)
    local _, ended = rig.state(guest, id, 6, function(state) return state.ended ~= "" end)
    rig.want(ended, "6 s after the REQUEST the program still waits")
  end)

rig.probe("close_timer", 13, "a guest that never answers SHUTDOWN is reset in time", function()
  local guest = rig.attach()
  rig.host("listen", 1234, "keep")
  local hand = rig.hand(guest, 5000, 1234):connect()
  rig.host("close", rig.came(guest, 1234))
  local packet = hand:expect {}
  if packet.op == "RST" then return end
  rig.want(packet.op == "SHUTDOWN", "the program has closed, and the guest gets\n  %s", packet)
  packet = hand:next(12)
  rig.want(packet and packet.op == "RST", "12 s after SHUTDOWN there is no RST")
end)

rig.probe("port_pair_after_rst", 14, "a port pair can be used again at once after RST", function()
  local guest = rig.attach()
  rig.host("listen", 1234, "echo")
  for number = 1, 20 do
    local hand = rig.hand(guest, 5000, 1234):connect()
    hand:tx { op = "RW", payload = rig.pattern(100) }
    rig.want(hand:take(2, 100) == 100, "no echo over connection %d", number)
    hand:tx { op = "RST" }
  end
end)

rig.probe("port_pair_after_close", 14, "a port pair can be used again at once after a close",
  function()
    local guest = rig.attach()
    rig.host("listen", 1234, "echo")
    for number = 1, 20 do
      local hand = rig.hand(guest, 5000, 1234):connect()
      hand:tx { op = "RW", payload = rig.pattern(100) }
      rig.want(hand:take(2, 100) == 100, "no echo over connection %d", number)
      hand:tx { op = "SHUTDOWN", flags = 3 }
      hand:expect { op = "RST" }
    end
  end)

rig.probe("rst_while_data_waits", 14,
  "after the guest's RST, with payload of the program on its way, nothing of that flow comes",
  function()
    local guest = rig.attach()
    rig.host("listen", 1234, "keep")
    local hand = rig.hand(guest, 5000, 1234, { buf_alloc = 4096 }):connect()
    rig.host("send", rig.came(guest, 1234), 100000)
    local before = hand:take(0.5)
    hand:tx { op = "CREDIT_UPDATE", fwd_cnt = before }
    hand:tx { op = "RST" }
    -- What was on its way by then is 4096 bytes at most.
    local got, packets = hand:take(0.5)
    rig.want(got <= 4096, "%d bytes came after RST", got)
    for _, packet in ipairs(packets) do
      rig.want(packet.op == "RW" or packet.op == "CREDIT_REQUEST" or packet.op == "CREDIT_UPDATE",
        "after RST the guest got\n  %s", packet)
    end
    rig.echo(guest)
  end)

rig.probe("seqpacket", 17, "messages keep their boundaries", function()
  local guest = rig.attach()
  rig.need(guest, "SEQPACKET")
  rig.host("listen", 1234, "messages")
  local conn = rig.want(guest:connect(rig.HOST, 1234, "SEQPACKET"), "no connection")
  for _, size in ipairs { 1, 44, 45, 3732, 3733, 30000 } do
    conn:send(rig.pattern(size))
    local message
    rig.wait(guest, rig.SOON, function()
      message = conn.unread >= size and conn:receive()
      return message
    end)
    rig.want(message == rig.pattern(size), "a message of %d bytes came back as %d", size,
      message and #message or 0)
  end
end)

rig.probe("seqpacket_not_agreed_on", 17, "SEQPACKET without the feature gets RST", function()
  local vsk = require "vsk"
  local guest = rig.attach { features = vsk.feature.VERSION_1 | vsk.feature.EVENT_IDX }
  rig.host("listen", 1234, "keep")
  local hand = rig.hand(guest, 5000, 1234, { type = "SEQPACKET" })
  hand:tx { op = "REQUEST" }
  hand:expect { op = "RST", within = 2 }
end)

