-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- Each allocation and each system call of the Lua module fails in turn: what was asked for works
-- all the same, or says why, or raises "not enough memory"; nothing that the module has allocated
-- is left, and the same works right afterwards. Prints what is wrong; its exit status says so.
local failing = require "failing"
local vsk = require "vsk"

local DATA = ("0123456789abcdef"):rep(200)
local HELLO = { src = { 3, 1024 }, dst = { 2, 1234 }, op = "RW" }

assert(failing.module "/vsk/core.so")

local function packet(payload)
  return assert(vsk.packet { src = HELLO.src, dst = HELLO.dst, op = HELLO.op, payload = payload })
end

local function rings(options)
  local queue = assert(vsk.queue(assert(vsk.memory(1 << 18)), options))
  assert(queue.driver:send(packet(DATA), { layout = { 20, 24, 100, #DATA - 100 } }))
  assert(queue.driver:send(packet "hello", { indirect = true }))
  local came = {}
  for one in queue.device:packets() do came[#came + 1] = one.payload end
  assert(came[1] == DATA and came[2] == "hello")
end

local function lab(features)
  local whole <close> = assert(vsk.lab {
    features = features,
    on_request = function(conn) conn:accept() end,
    on_data = function(conn, data) assert(conn:send(data)) end,
  })
  for _, kind in ipairs { "STREAM", "SEQPACKET" } do
    local conn = assert(whole.guest:connect(2, 1234, kind))
    local back = assert(conn:exchange(DATA))
    assert(back == DATA, "it came back changed")
    conn:close()
  end
end

local PATH = os.tmpname()

local function sockets()
  os.remove(PATH)
  local server <close> = assert(vsk.serve({}, PATH))
  assert(server:run(nil, 0) ~= nil)
  local refused, why = vsk.attach(PATH .. ".not")
  assert(refused == nil and why)
end

local OFFERED = vsk.feature.STREAM | vsk.feature.SEQPACKET | vsk.feature.NO_IMPLIED_STREAM |
  vsk.feature.INDIRECT_DESC | vsk.feature.EVENT_IDX | vsk.feature.VERSION_1
local PACKED, IN_ORDER = vsk.feature.RING_PACKED, vsk.feature.IN_ORDER

local ACTS = {
  { "rings", function() rings { size = 16 } end },
  { "packed rings", function() rings { size = 16, packed = true } end },
  { "labs", function() lab(OFFERED) end },
  { "packed labs in order", function() lab(OFFERED | PACKED | IN_ORDER) end },
  { "sockets", sockets },
}

--- Whether an error is of those that a failure of memory or of the system is known by.
local function explained(message)
  for _, text in ipairs { "not enough memory", "no memory", "operating system", PATH } do
    if tostring(message):find(text, 1, true) then return true end
  end
  return false
end

local quiet = assert(vsk.lab {})

-- Where Lua has no memory it collects garbage and asks again: that fails too.
local WIDTH = 2
local wrong = 0

for _, entry in ipairs(ACTS) do
  local name, act = table.unpack(entry)
  act()
  collectgarbage()
  collectgarbage()
  local before, number = failing.descriptors(), 0
  while true do
    number = number + 1
    failing.arm(number, WIDTH)
    local worked, message = pcall(act)
    failing.disarm()
    if failing.story() == "" then break end
    quiet:step() -- an event that was lost on its way is let go before the next one
    collectgarbage()
    collectgarbage()
    local blocks, fds = failing.left(), failing.descriptors()
    if blocks > 0 or fds ~= before then
      wrong = wrong + 1
      local text = "%s %d: %d blocks are left, %d descriptors were %d: %s"
      print(text:format(name, number, blocks, fds, before, failing.story()))
    end
    if not worked and not explained(message) then
      wrong = wrong + 1
      print(("%s %d says %s: %s"):format(name, number, message, failing.story()))
    end
  end
  act()
  print(("%s: %d calls failed in turn"):format(name, number - 1))
end
os.remove(PATH)
os.exit(wrong == 0, true)
