-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- What the guest says of its buffer, and what it may send itself.
local rig = require "rig"

local MUCH = 200000

--- Hold that some bytes came, no more than there is room for: a device may leave room unused.
local function some(got, room)
  rig.want(got <= room, "%d bytes came for a buffer with room for %d", got, room)
  rig.want(got >= room // 2, "%d bytes came, and no more, for a buffer with room for %d", got, room)
  return got
end

--- A program sends much to a guest by hand with this buffer; what came before there is no room.
local function source(buffer)
  local guest = rig.attach()
  rig.host("listen", 1234, "keep")
  local hand = rig.hand(guest, 5000, 1234, { buf_alloc = buffer }):connect()
  rig.host("send", rig.came(guest, 1234), MUCH)
  return hand, some(hand:take(0.5), buffer)
end

rig.probe("buffer_is_respected", 6,
  "no more comes than there is room for, and the rest as it is freed",
  function()
    local hand, total = source(8192)
    while total < MUCH do
      hand:tx { op = "CREDIT_UPDATE", fwd_cnt = total }
      local got = hand:take(2, math.min(4096, MUCH - total))
      rig.want(got > 0 and got <= 8192, "%d bytes came for a buffer of 8192", got)
      total = total + got + hand:take(0.02)
    end
  end)

rig.probe("buffer_of_nothing", 6, "with no room no payload comes, and it does when there is some",
  function()
    local hand = source(0)
    hand.fields.buf_alloc = 4096
    hand:tx { op = "CREDIT_UPDATE" }
    some(hand:take(1), 4096)
  end)

rig.probe("buffer_shrinks", 6, "a buffer that shrinks below what is in flight has no room",
  function()
    local hand, got = source(32768)
    hand.fields.buf_alloc = 8192
    hand:tx { op = "CREDIT_UPDATE", fwd_cnt = got - 16384 }
    local more = hand:take(0.5)
    rig.want(more == 0, "%d bytes came with 16384 in flight for a buffer of 8192", more)
    hand:tx { op = "CREDIT_UPDATE", fwd_cnt = got }
    some(hand:take(1), 8192)
  end)

rig.probe("fwd_cnt_too_high", 6, "a fwd_cnt of more than was sent gives no room beyond buf_alloc",
  function()
    local hand, got = source(8192)
    hand:tx { op = "CREDIT_UPDATE", fwd_cnt = got + 65536 }
    local more = hand:take(0.5)
    rig.want(more <= 8192, "%d bytes more came for a buffer of 8192", more)
  end)

rig.probe("fwd_cnt_goes_back", 6, "a fwd_cnt below an earlier one gives no room beyond buf_alloc",
  function()
    local hand, got = source(8192)
    hand:tx { op = "CREDIT_UPDATE", fwd_cnt = got }
    local more = hand:take(0.5)
    hand:tx { op = "CREDIT_UPDATE", fwd_cnt = got - 4096 }
    more = more + hand:take(0.5)
    rig.want(more <= 8192, "%d bytes are in flight for a buffer of 8192", more)
  end)

rig.probe("credit_request_is_answered", 7, "CREDIT_REQUEST gets CREDIT_UPDATE", function()
  local guest = rig.attach()
  rig.host("listen", 1234, "keep")
  local hand = rig.hand(guest, 5000, 1234):connect()
  hand:tx { op = "CREDIT_REQUEST" }
  hand:expect { op = "CREDIT_UPDATE" }
end)

rig.probe("credit_in_any_packet", 7, "fwd_cnt of a CREDIT_REQUEST counts as that of an update does",
  function()
    local hand, got = source(8192)
    for _ = 1, 10 do
      hand:tx { op = "CREDIT_REQUEST", fwd_cnt = got }
      local more = hand:take(1, 4096)
      rig.want(more > 0, "after %d bytes no more comes", got)
      got = got + more
    end
  end)

rig.probe("counters_of_each_connection", 6, "fwd_cnt is of one connection alone", function()
  local guest = rig.attach()
  rig.host("listen", 1234, "keep")
  local hands = {}
  for number = 1, 3 do
    hands[number] = rig.hand(guest, 5000 + number, 1234):connect()
    hands[number]:tx { op = "RW", payload = rig.pattern(100 * number) }
  end
  for number = 1, 3 do rig.reached(guest, rig.came(guest, 1234, number), 100 * number) end
  for number, hand in ipairs(hands) do
    hand:tx { op = "CREDIT_REQUEST" }
    local packet = hand:expect { op = "CREDIT_UPDATE" }
    rig.want(packet.fwd_cnt == 100 * number, "fwd_cnt is %d after %d bytes", packet.fwd_cnt,
      100 * number)
  end
end)

rig.probe("guest_overruns", 9,
  "who sends more than there is room for gets RST: nothing is lost silently",
  function()
    local guest = rig.attach()
    rig.host("listen", 1234, "hold")
    local hand = rig.hand(guest, 5000, 1234):connect()
    local sent, known = 0, 0
    -- A program's socket takes some of it: on until twice the room is unaccounted for.
    while sent - known < 2 * hand.room and sent < 4 << 20 do
      hand:tx { op = "RW", payload = rig.pattern(16384, sent) }
      sent = sent + 16384
      local packet = hand:next(0.02)
      while packet do
        if packet.op == "RST" then return end
        known = packet.fwd_cnt
        packet = hand:next()
      end
    end
    local packet = hand:next(1)
    if packet and packet.op == "RST" then return end
    local id = rig.came(guest, 1234)
    rig.host("read", id)
    local state = rig.state(guest, id, 2, function(state) return state.got >= sent end)
    rig.fail("no RST %d bytes beyond fwd_cnt, for a buffer of %d; %d of %d bytes came through",
      sent - known, hand.room, state.got, sent)
  end)
