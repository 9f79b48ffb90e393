-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Rings that lie, chains that break a rule, and what the device writes into guest memory.
local rig = require "rig"

local RX, TX = 1, 2 -- of guest.rings
local NEXT, WRITE, INDIRECT = 1, 2, 4
local SLOT = 240 -- far from where the guest's own chains are

local function desc(guest, at, addr, len, flags, next)
  guest.memory:write(at, string.pack("<I8I4I2I2", addr, len, flags, next))
end

--- Running numbers of a ring: what was offered, what came back.
local function indexes(guest, which)
  local ring = guest.rings[which]
  return string.unpack("<I2", guest.memory:read(ring.driver + 2, 2)),
    (string.unpack("<I2", guest.memory:read(ring.device + 2, 2)))
end

--- Hold that all TX chains come back.
local function all_back(guest)
  local offered, used
  rig.want(rig.wait(guest, 1, function()
    offered, used = indexes(guest, TX)
    return offered == used
  end), "%d TX chains were offered and %d came back: one is lost", offered or 0, used or 0)
end

--- Used entries of a ring: head and length.
local function used_entries(guest, which)
  local ring, list = guest.rings[which], {}
  local _, used = indexes(guest, which)
  for number = 0, used - 1 do
    local at = ring.device + 4 + 8 * (number % ring.size)
    local head, len = string.unpack("<I4I4", guest.memory:read(at, 8))
    table.insert(list, { head = head, len = len })
  end
  return list
end

--- Buffers of each RX chain that is posted, by head.
local function rx_buffers(guest)
  local ring, chains = guest.rings[RX], {}
  local offered = indexes(guest, RX)
  for number = 0, offered - 1 do
    local at = ring.driver + 4 + 2 * (number % ring.size)
    local head = string.unpack("<I2", guest.memory:read(at, 2))
    local table_at, slot, pieces = ring.desc, head, {}
    repeat
      local addr, len, flags, next =
        string.unpack("<I8I4I2I2", guest.memory:read(table_at + 16 * slot, 16))
      if flags & INDIRECT ~= 0 then
        table_at, slot, flags = addr, 0, NEXT
      else
        table.insert(pieces, { addr = addr, len = len })
        slot = next
      end
    until flags & NEXT == 0
    chains[head] = pieces
  end
  return chains
end

--- Bytes that the device may have written into a chain.
local function written(guest, pieces, len)
  local parts = {}
  for _, piece in ipairs(pieces) do
    local part = math.min(len, piece.len)
    table.insert(parts, guest.memory:read(piece.addr, part))
    len = len - part
  end
  return table.concat(parts)
end

-- ---- chains that break a rule ----

--- Offer a chain made by hand; it must come back, and the next one be served.
local function refused(name, make)
  return function()
    local guest = rig.attach()
    if name:find "^indirect" then rig.need(guest, "INDIRECT_DESC") end
    rig.echo(guest)
    all_back(guest)
    local page = assert(guest.memory:alloc(4096, 16))
    make(guest, guest.rings[TX].desc + 16 * SLOT, page)
    guest:offer(1, SLOT)
    all_back(guest)
    rig.echo(guest)
  end
end

local SHAPES = {
  { "chain_too_short", 2, "a TX chain of 43 bytes", function(guest, at, page)
    desc(guest, at, page, 43, 0, 0)
  end },
  { "chain_of_nothing", 2, "a TX chain of no bytes", function(guest, at, page)
    desc(guest, at, page, 0, 0, 0)
  end },
  { "writable_tx", 2, "a TX chain that the device is to write", function(guest, at, page)
    desc(guest, at, page, 44, WRITE, 0)
  end },
  { "outside_memory", 2, "a TX chain outside guest memory", function(guest, at)
    desc(guest, at, 1 << 40, 44, 0, 0)
  end },
  { "address_wraps", 2, "a TX chain at the end of the address space", function(guest, at)
    desc(guest, at, -16, 44, 0, 0)
  end },
  { "next_out_of_range", 16, "a chain that goes on outside the table", function(guest, at, page)
    desc(guest, at, page, 20, NEXT, 60000)
  end },
  { "loop", 16, "a chain that comes back to itself", function(guest, at, page)
    desc(guest, at, page, 1, NEXT, SLOT)
  end },
  { "loop_with_header", 16, "a loop that begins with the header of a packet with payload",
    function(guest, at, page)
      guest.memory:write(page, require("vsk").packet({ src = { 3, 5000 }, dst = { 2, 1234 },
        op = "RW", len = 60000 }):bytes())
      desc(guest, at, page, 44, NEXT, SLOT)
    end },
  { "indirect_not_whole", 16, "an indirect table of 17 bytes", function(guest, at, page)
    desc(guest, page, page + 64, 44, 0, 0)
    desc(guest, at, page, 17, INDIRECT, 0)
  end },
  { "indirect_of_nothing", 16, "an indirect table of no bytes", function(guest, at, page)
    desc(guest, at, page, 0, INDIRECT, 0)
  end },
  { "indirect_nested", 16, "an indirect table in an indirect table", function(guest, at, page)
    desc(guest, page, page, 16, INDIRECT, 0)
    desc(guest, at, page, 16, INDIRECT, 0)
  end },
  { "indirect_loop", 16, "a loop in an indirect table", function(guest, at, page)
    desc(guest, page, page + 64, 1, NEXT, 0)
    desc(guest, at, page, 16, INDIRECT, 0)
  end },
}
for _, shape in ipairs(SHAPES) do
  local name, row, what, make = table.unpack(shape)
  rig.probe(name, row, what .. " comes back, and the queue goes on", refused(name, make))
end

--- Send something wrong by hand; its chain must come back, and the next one be served.
local function given_back(fields)
  return function()
    local guest = rig.attach()
    rig.echo(guest)
    fields.src_port, fields.dst = 5000, { 2, 1234 }
    guest:tx(fields)
    all_back(guest)
    rig.echo(guest)
  end
end

rig.probe("len_beyond_chain", 2, "a packet with a len of more than its chain holds comes back",
  given_back { op = "RW", payload = "x", len = 1000 })
rig.probe("len_of_4_gib", 2, "a packet with a len of 4294967295 comes back",
  given_back { op = "RW", payload = "x", len = 0xffffffff })
rig.probe("payload_above_64_kib", 2, "a packet with 65537 bytes of payload comes back",
  given_back { op = "RW", payload = ("x"):rep(65537) })
rig.probe("unknown_op", 2, "a packet with the op 99 comes back", given_back { op = 99 })

rig.probe("many_broken_chains", 2, "40 packets that lie about len do not use up a queue of 16",
  function()
    local guest = rig.attach { queue_size = 16 }
    rig.echo(guest)
    local lie = { op = "RW", src_port = 5000, dst = { 2, 1234 }, payload = "x", len = 1000 }
    local sent, message
    local function send()
      sent, message = guest:tx(lie)
      return sent
    end
    for number = 1, 40 do -- the device may be slow to give chains back, but it does
      rig.wait(guest, 2, send)
      rig.want(sent, "the queue is full after %d: %s", number - 1, message)
    end
    rig.echo(guest)
  end)

for queue, name in ipairs { "rx", "tx" } do
  rig.probe("head_out_of_range_" .. name, 16,
    ("a head outside the table of %s: this or a new front end is served"):format(name),
    function()
      local guest = rig.attach()
      rig.echo(guest)
      guest:offer(queue - 1, 60000)
      rig.drive(guest, 0.1)
      if not pcall(rig.echo, guest) then rig.echo(rig.attach()) end
    end)

  rig.probe("index_jumps_" .. name, 16,
    ("an available index of %s that jumps: a new front end is served"):format(name), function()
      local guest = rig.attach()
      rig.echo(guest)
      local offered = indexes(guest, queue)
      guest.memory:write(guest.rings[queue].driver + 2,
        string.pack("<I2", (offered + 1000) & 0xffff))
      guest:kick(queue - 1)
      rig.drive(guest, 0.1)
      rig.echo(rig.attach())
    end)
end

-- ---- what the device writes ----

--- Connections that are refused, that are ended by either side, that ask for credit.
local function all_kinds(guest)
  rig.hand(guest, 4000, 4321):tx { op = "REQUEST" }
  rig.drive(guest, 0.2)
  rig.host("listen", 1234, "echo")
  local hand = rig.hand(guest, 5000, 1234):connect()
  hand:tx { op = "RW", payload = rig.pattern(100) }
  rig.want(hand:take(2, 100) == 100, "no echo")
  hand:tx { op = "CREDIT_REQUEST", fwd_cnt = 100 }
  rig.drive(guest, 0.1)
  hand:tx { op = "SHUTDOWN", flags = 3, fwd_cnt = 100 }
  rig.drive(guest, 0.2)
  rig.host("listen", 1235, "keep")
  rig.hand(guest, 5001, 1235):connect()
  rig.host("close", rig.came(guest, 1235))
  rig.drive(guest, 0.2)
end

--- Packets over RX memory of 0xAA; calls check(packet, entry) for each, before buffers come again.
local function over_pattern(check)
  return function()
    local guest = rig.attach { rx_layout = { 44, 4096 }, update_at = 1 << 20 }
    local chains = rx_buffers(guest)
    for _, pieces in pairs(chains) do
      for _, piece in ipairs(pieces) do guest.memory:fill(piece.addr, 0xAA, piece.len) end
    end
    all_kinds(guest)
    for _, entry in ipairs(used_entries(guest, RX)) do
      local bytes = written(guest, chains[entry.head], entry.len)
      check(require("vsk").parse_header(bytes:sub(1, 44)), entry, bytes)
    end
  end
end

local OPS = {
  REQUEST = true, RESPONSE = true, RST = true, SHUTDOWN = true, RW = true, CREDIT_UPDATE = true,
  CREDIT_REQUEST = true,
}

rig.probe("headers_are_whole", 4, "every field of a header is written, over memory of 0xAA",
  over_pattern(function(header)
    rig.want(header and OPS[header.op] and header.src_cid == 2 and header.dst_cid == 3
      and header.type == "STREAM" and header.flags <= 3 and header.buf_alloc ~= 0xAAAAAAAA
      and header.fwd_cnt ~= 0xAAAAAAAA and header.len ~= 0xAAAAAAAA,
      "over memory of 0xAA the guest got the header\n  %s", header)
  end))

rig.probe("used_length_is_exact", 5, "the used length is 44 and len, and len is what was written",
  over_pattern(function(header, entry, bytes)
    rig.want(header, "less than a header was written")
    rig.want(entry.len == 44 + header.len, "the used length is %d, len is %d", entry.len,
      header.len)
    rig.want(not bytes:sub(45):find "\xAA\xAA\xAA\xAA", "len is %d, but not all of it was written",
      header.len)
  end))

rig.probe("tx_used_length", 2, "the used length of TX is 0", function()
  local guest = rig.attach()
  rig.echo(guest)
  all_back(guest)
  for _, entry in ipairs(used_entries(guest, TX)) do
    rig.want(entry.len == 0, "the used length is %d", entry.len)
  end
end)

--- Keep the first packet that is none: call what it gives to fail for it.
local function watch(guest)
  local found
  function guest.on_packet(packet)
    if not (OPS[packet.op] and packet.src_cid == 2 and packet.dst_cid == 3) then
      found = found or tostring(packet)
    end
  end
  return function() rig.want(not found, "the guest gets\n  %s", found) end
end

rig.probe("credit_request_and_close", 4,
  "CREDIT_REQUEST and SHUTDOWN at once: no packet without an op comes", function()
    local guest = rig.attach()
    local judge = watch(guest)
    rig.host("listen", 1234, "keep")
    local hand = rig.hand(guest, 5000, 1234):connect()
    hand:tx { op = "CREDIT_REQUEST" }
    hand:tx { op = "SHUTDOWN", flags = 3 }
    rig.drive(guest, 0.3)
    judge()
  end)

rig.probe("rst_while_rx_is_full", 4,
  "RST of a connection for which RX has no buffer: no packet with a header that was not written",
  function()
    local guest = rig.attach { queue_size = 16, rx_buffers = 2, rx_layout = { 44, 1024 } }
    local judge = watch(guest)
    rig.host("listen", 1234, "keep")
    local hand = rig.hand(guest, 5000, 1234):connect()
    rig.host("send", rig.came(guest, 1234), 50000)
    rig.host("sleep", 0.3) -- the guest stands still, and both buffers are used
    hand:tx { op = "RST" }
    guest:kick(1)
    rig.host("sleep", 0.2)
    rig.drive(guest, 0.3)
    judge()
    rig.echo(guest)
  end)

rig.probe("credit_update_while_data_waits", 4,
  "CREDIT_REQUEST while a program sends: no packet without an op comes", function()
    local guest = rig.attach()
    local judge = watch(guest)
    rig.host("listen", 1234, "keep")
    local hand = rig.hand(guest, 5000, 1234):connect()
    rig.host("send", rig.came(guest, 1234), 1 << 20)
    local got = 0
    rig.wait(guest, 10, function()
      hand:tx { op = "CREDIT_UPDATE", fwd_cnt = got }
      hand:tx { op = "CREDIT_REQUEST", fwd_cnt = got }
      local packet = hand:next(0.01)
      while packet do
        if packet.op == "RW" then got = got + packet.len end
        packet = hand:next()
      end
      return got >= 1 << 20
    end)
    judge()
    rig.want(got == 1 << 20, "%d of %d bytes came", got, 1 << 20)
  end)

-- ---- RX and TX do not wait for each other ----

rig.probe("tx_while_rx_is_full", 15, "TX is served while there is no RX buffer", function()
  local guest = rig.attach { queue_size = 16, rx_buffers = 2, rx_layout = { 44, 1024 } }
  rig.host("listen", 1234, "keep")
  local source = rig.hand(guest, 5000, 1234):connect()
  local sink = rig.hand(guest, 5001, 1234):connect()
  rig.host("send", rig.came(guest, 1234, 1), 50000)
  local id = rig.came(guest, 1234, 2)
  rig.host("sleep", 0.3) -- the guest stands still, and both buffers are used
  sink:tx { op = "RW", payload = rig.pattern(500) }
  guest:kick(1)
  rig.host("sleep", 0.5)
  local state = rig.host("state", id)
  rig.want(state.got == 500, "%d of 500 bytes reached the program while RX was full", state.got)
  local got = source:take(rig.SOON, 50000)
  rig.want(got == 50000, "then %d of 50000 bytes reached the guest", got)
end)

rig.probe("replies_while_rx_is_full", 15, "answers that find no RX buffer come when there is one",
  function()
    local guest = rig.attach { queue_size = 16, rx_buffers = 2, rx_layout = { 44, 1024 } }
    rig.host("listen", 1234, "keep")
    local hands = {}
    for number = 1, 6 do hands[number] = rig.hand(guest, 5000 + number, 1234):connect() end
    rig.host("send", rig.came(guest, 1234, 1), 50000)
    rig.host("sleep", 0.3) -- the guest stands still, and both buffers are used
    for _, hand in ipairs(hands) do hand:tx { op = "CREDIT_REQUEST" } end
    guest:kick(1)
    rig.host("sleep", 0.2)
    for _, hand in ipairs(hands) do hand:expect { op = "CREDIT_UPDATE", within = 2 } end
  end)
