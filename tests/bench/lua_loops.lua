-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- The loops that users write in Lua, each beside the same with string.pack: ring_strings.lua.
--
-- Both sides begin with the same bytes: a split ring, and in it 64 packets of 64 bytes in the two
-- descriptors that Linux makes, or 64 buffers of 256 bytes. The collector runs as it always does:
-- its work for what a loop leaves behind is in the loop's time. loops.py says what the verbs are.
local strings = require "ring_strings"
local vsk = require "vsk"

local PACKETS <const> = 64
local SIZE <const> = 2 * PACKETS
local AT_ONCE <const> = 16 -- rounds that are timed together: Lua's clock tells microseconds
local PACKET = vsk.packet {
  src = { 3, 49152 },
  dst = { 2, 1024 },
  op = "RW",
  buf_alloc = 262144,
  fwd_cnt = 70000,
  payload = ("0123456789abcdef"):rep(4),
}
local TABLE = { payload = PACKET.payload }
do
  local names = {
    "src_cid", "dst_cid", "src_port", "dst_port", "len", "type", "op", "flags", "buf_alloc",
    "fwd_cnt",
  }
  for index, value in ipairs { PACKET:fields() } do TABLE[names[index]] = value end
end

--- Where vsk's side lives: a memory, and in it a queue that goes on from round to round.
local function world()
  return { queue = vsk.queue(vsk.memory(1 << 16), { size = SIZE }) }
end

--- The queue of a world, with nothing in it.
local function empty(place)
  local queue = place.queue
  for _ in queue.device:packets() do end
  for _ in queue.driver:used() do end
  return queue
end

local function sent(place)
  local queue = empty(place)
  for _ = 1, PACKETS do queue.driver:send(PACKET) end
  return queue
end

local function posted(place)
  local queue = empty(place)
  for _ = 1, PACKETS do queue.driver:post(256) end
  return queue
end

--- Read a ring as the strings of the other side.
local function copied(queue)
  local place, memory = queue.ring, queue.memory
  local ring = { size = SIZE, desc = {}, avail = {}, used = {}, memory = {} }
  for slot = 0, SIZE - 1 do
    ring.desc[slot] = memory:read(place.desc + 16 * slot, 16)
    ring.avail[slot] = memory:read(place.driver + 4 + 2 * slot, 2)
    local addr, len = string.unpack("<I8I4", ring.desc[slot])
    if len > 0 then ring.memory[addr] = memory:read(addr, len) end
  end
  ring.avail.idx = memory:read(place.driver + 2, 2)
  return ring
end

--- The used ring: index, heads and lengths.
local function used_bytes(queue)
  return queue.memory:read(queue.ring.device + 2, 2 + 8 * PACKETS)
end

local function used_strings(ring)
  return ring.used.idx .. table.concat(ring.used, "", 0, PACKETS - 1)
end

--- The packet in each chain that was made available.
local function wires(ring, memory)
  local device, texts = strings.Device.new(ring), {}
  for head in device.pop, device do
    local addr, _, flags, after = string.unpack("<I8I4I2I2", ring.desc[head])
    local text = memory[addr]
    if flags & 1 ~= 0 then text = text .. memory[string.unpack("<I8", ring.desc[after])] end
    texts[#texts + 1] = text:sub(1, #PACKET)
  end
  return table.concat(texts)
end

--- A ring of strings that is made once: of the same bytes each round begins anew.
local function model(fill)
  local original
  return function()
    original = original or copied(fill(world()))
    local ring = { size = SIZE, desc = {}, avail = {}, used = {}, memory = {} }
    for _, part in ipairs { "desc", "avail", "memory" } do
      for key, value in pairs(original[part]) do ring[part][key] = value end
    end
    return ring
  end
end

local model_of_sent, model_of_posted, model_of_empty = model(sent), model(posted), model(empty)

--- What came of a round of vsk's: the used ring, and the packets where they can be seen.
local function seen(queue)
  local ring = copied(queue)
  return used_bytes(queue) .. wires(ring, ring.memory)
end

local function seen_strings(ring)
  return used_strings(ring) .. wires(ring, ring.memory)
end

-- Each gives a round: what is timed, and then what came of it, equal on both sides.
local loops = {
  {
    name = "tx packets, untouched",
    vsk = function(place)
      local tx = sent(place)
      local device = tx.device
      return function()
        for _ in device:packets() do end
      end, function() return seen(tx) end
    end,
    strings = function()
      local ring = model_of_sent()
      local device = strings.Device.new(ring)
      return function()
        for _ in device:packets() do end
      end, function() return seen_strings(ring) end
    end,
  },
  {
    name = "tx packets, ten fields",
    vsk = function(place)
      local tx = sent(place)
      local device = tx.device
      local a, b, c, d, e, f, g, h, i, j
      return function()
        for p in device:packets() do a, b, c, d, e, f, g, h, i, j = p:fields() end
      end, function() return seen(tx) .. table.concat({ a, b, c, d, e, f, g, h, i, j }, " ") end
    end,
    strings = function()
      local ring = model_of_sent()
      local device, fields = strings.Device.new(ring), strings.fields
      local a, b, c, d, e, f, g, h, i, j
      return function()
        for p in device:packets() do a, b, c, d, e, f, g, h, i, j = fields(p) end
      end, function()
        return seen_strings(ring) .. table.concat({ a, b, c, d, e, f, g, h, i, j }, " ")
      end
    end,
  },
  {
    name = "rx send",
    vsk = function(place)
      local rx = posted(place)
      local device = rx.device
      return function()
        for _ = 1, PACKETS do device:send(PACKET) end
      end, function() return seen(rx) end
    end,
    strings = function()
      local ring = model_of_posted()
      local device = strings.Device.new(ring)
      return function()
        for _ = 1, PACKETS do device:send(TABLE) end
      end, function() return seen_strings(ring) end
    end,
  },
  {
    name = "tx driver send",
    vsk = function(place)
      local tx = empty(place)
      local driver = tx.driver
      return function()
        for _ = 1, PACKETS do driver:send(PACKET) end
      end, function()
        local ring = copied(tx)
        return wires(ring, ring.memory)
      end
    end,
    strings = function()
      local ring = model_of_empty()
      local driver = strings.Driver.new(ring)
      return function()
        for _ = 1, PACKETS do driver:send(TABLE) end
      end, function() return wires(ring, ring.memory) end
    end,
  },
}
local SIDES <const> = { "vsk", "strings" }

local verbs = {}

function verbs.check()
  for _, loop in ipairs(loops) do
    local outcomes = {}
    for _, side in ipairs(SIDES) do
      local work, outcome = loop[side](world())
      work()
      outcomes[side] = outcome()
    end
    assert(outcomes.vsk == outcomes.strings, loop.name .. ": the sides differ")
  end
end

local function median(times)
  table.sort(times)
  return times[(#times + 1) // 2]
end

--- Time rounds one behind the other, each in a world of its own.
local function timed(prepare, worlds)
  local works = {}
  for index, place in ipairs(worlds) do works[index] = prepare(place) end
  local start = os.clock()
  for index = 1, AT_ONCE do works[index]() end
  return (os.clock() - start) / AT_ONCE / PACKETS * 1e9
end

--- Both sides of a loop in turn, and then the next loop.
function verbs.time(rounds)
  local worlds = {}
  for index = 1, AT_ONCE do worlds[index] = world() end
  for _, loop in ipairs(loops) do
    local times = { vsk = {}, strings = {} }
    for round = 1, rounds do
      for _, side in ipairs(SIDES) do times[side][round] = timed(loop[side], worlds) end
    end
    for _, side in ipairs(SIDES) do
      print(("%s\t%s\t%.1f"):format(loop.name, side, median(times[side])))
    end
  end
end

local function loop_of(name)
  for _, loop in ipairs(loops) do
    if loop.name == name then return loop end
  end
  error("no loop is named " .. name)
end

--- Each round is a coroutine, which lua_resume runs: nothing else here does.
function verbs.count(rounds, ...)
  for _, name in ipairs { ... } do
    local prepare = loop_of(name).vsk
    for _ = 1, rounds do coroutine.wrap(prepare(world()))() end
  end
end

verbs[arg[1]](table.unpack(arg, 2))
