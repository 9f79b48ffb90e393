-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Random operations on both ends of a queue against plain lists.
local vsk = require "vsk"

local ROOM = 1 << 21
local PIECES = 5 -- buffers of a chain at most

local model = {}
model.__index = model

--- Who calls is refused with this code: raised, or given back.
local function refused(wanted, call, ...)
  local results = table.pack(pcall(call, ...))
  local words = results[1] and results[4] or tostring(results[2])
  assert(words and words:find(wanted, 1, true), words or "not refused")
end

local function begin(options)
  local memory = vsk.memory(ROOM)
  local queue = assert(vsk.queue(memory, options))
  return setmetatable({
    queue = queue, memory = memory, options = options, floor = memory:available(),
    -- Chains that are not popped, popped, given and not published, published and not reaped.
    offered = {}, held = {}, given = {}, used = {},
  }, model)
end

local function slots_of(chain)
  return #chain.buffers - chain.indirect + (chain.indirect ~= 0 and 1 or 0)
end

function model:free()
  local free, count = self.options.size, 0
  for _, list in ipairs { self.offered, self.held, self.given, self.used } do
    count = count + #list
    for _, chain in ipairs(list) do free = free - slots_of(chain) end
  end
  return free, count
end

-- ---- the driver's end ----

function model:add()
  local buffers, writable = {}, 0
  local count = math.random(PIECES)
  local readable = math.random(0, count)
  for i = 1, count do
    local size = math.random(100)
    buffers[i] = { math.random(1, ROOM - 100), size, i > readable and "w" or "r" }
    if i > readable then writable = writable + size end
  end
  local indirect = 0
  if self.options.indirect and math.random() < 0.4 then
    indirect = self.options.packed and count or math.random(count)
  end
  buffers.indirect = indirect
  local chain = { buffers = buffers, indirect = indirect, writable = writable }
  local driver = self.queue.driver
  if count > self.options.size then return refused("ERR_LONG", driver.add, driver, buffers) end
  if slots_of(chain) > self:free() then
    return refused("ERR_FULL", driver.add, driver, buffers)
  end
  chain.head = assert(driver:add(buffers))
  table.insert(self.offered, chain)
end

function model:reap()
  local back, _, code = self.queue.driver:reap()
  if #self.used == 0 then return assert(code == "NONE", code) end
  local chain = table.remove(self.used, 1)
  assert(back.head == chain.head and back.written == chain.written)
end

-- ---- the device's end ----

function model:pop()
  local chain, _, code = self.queue.device:pop()
  if #self.offered == 0 then return assert(code == "NONE", code) end
  local wanted = table.remove(self.offered, 1)
  assert(chain.status == "OK" and chain.head == wanted.head)
  assert(#chain == #wanted.buffers and chain.indirect == (wanted.indirect ~= 0))
  for i, span in ipairs(chain.spans) do
    local addr, len, kind = table.unpack(wanted.buffers[i])
    assert(span.addr == addr and span.len == len and span.write == (kind == "w"))
    assert(span.indirect == (i > #wanted.buffers - wanted.indirect))
  end
  wanted.chain = chain
  table.insert(self.held, wanted)
end

function model:give()
  if #self.held == 0 then return end
  local chain = table.remove(self.held, self.options.in_order and 1 or math.random(#self.held))
  chain.written = ({ 0, chain.writable, math.random(0, chain.writable) })[math.random(3)]
  assert(self.queue.device:give(chain.chain, chain.written))
  table.insert(self.given, chain)
end

function model:publish()
  assert(self.queue.device:publish())
  table.move(self.given, 1, #self.given, #self.used + 1, self.used)
  self.given = {}
end

function model:push()
  self:give()
  self:publish()
end

-- ---- mistakes and wishes ----

function model:out_of_turn()
  local last = self.held[#self.held]
  if not last then return end
  local device = self.queue.device
  refused("ERR_WRITTEN", device.give, device, last.chain, last.writable + 1)
  if self.options.in_order and #self.held > 1 then
    refused("ERR_IN_ORDER", device.push, device, last.chain, 0)
  end
end

--- Ask for notifications, or for none, and see that they come, or do not.
function model:wish()
  local driver, device = self.queue.driver, self.queue.device
  local asks = math.random(2) == 1
  if math.random(2) == 1 then
    if asks then assert(device:enable_kicks() == (#self.offered > 0))
    else device:disable_kicks() end
    driver:should_kick()
    local before = #self.offered
    self:add()
    if #self.offered > before and (before == 0 or not asks) then
      assert(driver:should_kick() == asks)
    end
  else
    self:publish()
    if asks then assert(driver:enable_interrupts() == (#self.used > 0))
    else driver:disable_interrupts() end
    device:should_interrupt()
    local before = #self.used
    self:push()
    if #self.used > before and (before == 0 or not asks) then
      assert(device:should_interrupt() == asks)
    end
  end
end

function model:check()
  local free, count = self:free()
  local driver = self.queue.driver
  assert(driver.free == free and driver.outstanding == count)
  assert(self.queue.device.held == #self.held)
end

--- All comes back, and leaves nothing.
function model:drain()
  while #self.offered > 0 do self:pop() end
  while #self.held > 0 do self:push() end
  self:publish()
  while #self.used > 0 do self:reap() end
  self:check()
  assert(self.queue.driver.free == self.options.size)
  assert(self.memory:available() == self.floor)
end

local ACTS = {
  "add", "add", "pop", "give", "push", "publish", "reap", "reap", "wish", "out_of_turn",
}

function model:run(count)
  for done = 1, count do
    self.done = done
    self[ACTS[math.random(#ACTS)]](self)
    self:check()
  end
  self:drain()
end

--- Run so many operations of a format, over all sizes and sets of features; gives their number.
return function(seed, packed, count)
  local kinds = {}
  for _, size in ipairs(packed and { 1, 2, 3, 8, 255, 256 } or { 1, 2, 4, 8, 128, 256 }) do
    for bits = 0, 7 do
      table.insert(kinds, {
        size = size, packed = packed, in_order = bits & 1 ~= 0, event_idx = bits & 2 ~= 0,
        indirect = bits & 4 ~= 0,
      })
    end
  end
  local each = (count + #kinds - 1) // #kinds
  for number, options in ipairs(kinds) do
    math.randomseed(seed, number)
    local one = begin(options)
    local done, why = xpcall(one.run, debug.traceback, one, each)
    if not done then
      error(("seed %d, size %d, in_order %s, event_idx %s, indirect %s, operation %d: %s"):format(
        seed, options.size, options.in_order, options.event_idx, options.indirect, one.done, why))
    end
  end
  return each * #kinds
end
