-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- Whatever a script does ends in an error, never in a crash: each group runs in a process of
-- its own, which must end cleanly.
local rig = require "tests.lua.rig"
local vsk = require "vsk"

local WORLD = [[
local vsk = require "vsk"
local memory = vsk.memory(1 << 16)
local queue = vsk.queue(memory, { size = 16 })
local function make()
  local packet = vsk.packet { payload = "hello" }
  local mine = vsk.queue(memory, { size = 16 })
  mine.driver:send(packet)
  mine.driver:send(packet)
  mine.device:push(mine.device:pop(), 0)
  return {
    Packet = packet, Header = vsk.header(), Memory = vsk.memory(64), Queue = mine,
    DriverEnd = mine.driver, DeviceEnd = mine.device, Chain = mine.device:pop(),
    Used = mine.driver:reap(), Ring = mine.ring, Buffer = memory:view(0, 16),
    Capture = vsk.capture "/dev/null",
  }
end
local function raises(what, call, ...)
  local done, message = pcall(call, ...)
  if done then print(what .. " raised nothing") os.exit(1) end
  if type(message) ~= "string" then print(what .. " raised no words") os.exit(1) end
end
]]

local function is_clean(program, ...)
  local clean, text = rig.child(WORLD .. program .. ' print "alive"', ...)
  assert.equal("alive\n", text)
  assert.is_true(clean)
end

-- But for those made in Lua: see 080 and 100.
local classes = {}
for class, names in pairs(vsk.classes) do
  local made_in_lua = require("vsk.lab").names[class] or require("vsk.sockets").names[class]
  if not made_in_lua then classes[class] = names end
end

describe("a method", function()
  for class, names in pairs(classes) do
    it(("of %s raises for every self that is none (L1)"):format(class), function()
      is_clean(([[
        local class, names = %q, { %s }
        local objects = make()
        assert(objects[class])
        local others = { 1, 1.5, "x", {}, true, print, io.stdout, coroutine.create(print) }
        local like = { Packet = "Header", Header = "Packet" } -- fields and show are for both
        for name, other in pairs(make()) do
          if name ~= class and name ~= like[class] then table.insert(others, other) end
        end
        local closed = make()[class]
        debug.getmetatable(closed).__gc(closed)
        for _, name in ipairs(names) do
          local method = pcall(function() return objects[class][name] end) and objects[class][name]
          if type(method) == "function" and debug.getinfo(method).what == "C" then
            raises(class .. "." .. name .. " of nothing", method)
            raises(class .. "." .. name .. " of nil", method, nil)
            for _, other in ipairs(others) do
              raises(class .. "." .. name .. " of " .. tostring(other), method, other)
            end
            local twice = name == "close" -- is no error
            if not twice then raises(class .. "." .. name .. " of a closed one", method, closed) end
          elseif type(method) == "function" then
            for _, other in ipairs(others) do
              -- An iterator looks at its object when it is asked.
              raises(class .. "." .. name, function() for _ in method(other) do break end end)
            end
            raises(class .. "." .. name, function() for _ in method(closed) do break end end)
          else
            raises("field of a closed one", function() return closed[name] end)
            raises("field of a closed one", function() closed[name] = 1 end)
          end
        end
        tostring(closed)
      ]]):format(class, '"' .. table.concat(names, '", "') .. '"'))
    end)
  end

  it("raises for an argument that is of another class, closed or nothing (L1)", function()
    is_clean [[
      local objects = make()
      local closed = make().Packet
      debug.getmetatable(closed).__gc(closed)
      for _, wrong in ipairs { 1, "x", {}, io.stdout, objects.Queue, closed, false } do
        raises("send", queue.driver.send, queue.driver, wrong)
        raises("device send", queue.device.send, queue.device, wrong)
        raises("push", queue.device.push, queue.device, wrong, 0)
        raises("from_tx", vsk.from_tx, wrong)
        raises("into_rx", vsk.into_rx, wrong)
        raises("queue", vsk.queue, wrong)
      end
      raises("send", queue.driver.send, queue.driver)
      raises("from_tx", vsk.from_tx)
      raises("queue", vsk.queue)
      raises("too many", queue.driver.reap, queue.driver, 1)
    ]]
  end)
end)

describe("a metatable", function()
  it("is hidden (L1)", function()
    for _, object in ipairs { vsk.packet(), vsk.memory(16), vsk.memory(16):view(0, 1) } do
      assert.is_false(getmetatable(object))
      assert.is_false(pcall(setmetatable, object, {}))
    end
  end)

  it("reached through debug trusts nobody (L1)", function()
    is_clean [[
      for class, object in pairs(make()) do
        local meta = debug.getmetatable(object)
        for name, method in pairs(meta) do
          if type(method) == "function" and name ~= "__eq" then
            for _, wrong in ipairs { "x", 1, {}, io.stdout } do
              raises(class .. name, method, wrong, "y")
            end
            raises(class .. name, method)
          end
        end
        meta.__gc(object)
        meta.__gc(object)
        meta.__close(object)
      end
    ]]
  end)

  it("of SWIG's own is out of reach (L1)", function()
    local core = require "vsk.core"
    assert.is_false(getmetatable(core))
    for name, value in pairs(core) do
      if type(value) == "table" and name ~= "classes" and name ~= "fields" then
        assert.is_false(getmetatable(value), name)
      end
    end
  end)
end)

describe("an object (L2)", function()
  it("is closed at the end of its block", function()
    local kept
    do
      local packet <close> = vsk.packet()
      kept = packet
    end

    assert.equal("ERR_CLOSED", rig.raised(function() return kept.op end))
    assert.equal("Packet: closed", tostring(kept))
    assert.equal("ERR_CLOSED", rig.raised(kept.bytes, kept))
  end)

  it("has a length, a text, and equality", function()
    assert.equal(49, #rig.packet())
    assert.equal(44, #vsk.header())
    assert.equal(16, #vsk.memory(16))
    assert.truthy(tostring(vsk.memory(16)):find "^Memory")
    assert.truthy(tostring(rig.queue()):find "^Queue")
    local memory = vsk.memory(16)
    assert.is_true(memory:view(0, 4) == memory:view(4, 4))
  end)

  it("raises for a field that it does not have, on every class", function()
    is_clean [[
      for class, object in pairs(make()) do
        for _, key in ipairs { "nonsense", 1, true, print, 1.5, "" } do
          raises(class, function() return object[key] end)
          raises(class, function() object[key] = 1 end)
        end
        raises(class, function() return object[nil] end)
      end
    ]]
  end)

  it("has fields that cannot be written where they are read-only", function()
    local queue = rig.queue()
    for object, name in pairs { [queue] = "size", [queue.driver] = "free", [queue.device] = "held",
      [queue.memory] = "closed", [queue.ring] = "desc" } do
      assert.is_false(pcall(function() object[name] = 1 end))
    end
  end)
end)

describe("the module", function()
  it("leaves no global behind (L3)", function()
    is_clean [[
      for name in pairs(_G) do
        assert(not name:find "vsk" and not name:find "swig", name)
      end
    ]]
  end)

  it("can be loaded again, and both copies share their objects (L4)", function()
    is_clean [[
      local packet = vsk.packet { payload = "hello" }
      for name in pairs(package.loaded) do
        if name:find "^vsk" then package.loaded[name] = nil end
      end
      local again = require "vsk"
      assert(again ~= vsk and packet == again.packet { payload = "hello" })
      local fresh = again.queue(memory, { size = 4 })
      fresh.driver:send(packet)
      for got in fresh.device:packets() do assert(got == packet) end
    ]]
  end)

  it("works in a coroutine that dies, and is collected in another (L5)", function()
    is_clean [[
      local kept
      coroutine.wrap(function()
        local mine = vsk.queue(vsk.memory(1 << 16), { size = 16 })
        mine.driver:send(vsk.packet { payload = "hello" })
        for packet in mine.device:packets() do kept = packet:buffer() break end
      end)()
      collectgarbage() collectgarbage()
      assert(tostring(kept) == "hello")
      coroutine.wrap(function() kept = nil collectgarbage() end)()
    ]]
  end)

  it("leaks nothing where arguments raise half way (L5)", function()
    is_clean [[
      local layout = {}
      for i = 1, 1000 do layout[i] = 1 end
      layout[1001] = "wrong"
      local buffers = {}
      for i = 1, 1000 do buffers[i] = { 0, 1, "r" } end
      buffers[1001] = { 0, 1, "x" }
      local packet = vsk.packet()
      collectgarbage() collectgarbage()
      local function resident()
        local file = assert(io.open "/proc/self/statm")
        local pages = file:read("a"):match "%d+ (%d+)"
        file:close()
        return tonumber(pages)
      end
      local before
      for round = 1, 2000 do
        pcall(queue.driver.send, queue.driver, packet, { layout = layout })
        pcall(queue.driver.add, queue.driver, buffers)
        if round == 200 then collectgarbage() before = resident() end
      end
      collectgarbage()
      local grown = resident() - before -- 1800 rounds of 20 KiB would be 9000 pages
      -- AddressSanitizer keeps what is freed, and looks for leaks itself.
      local asan = (os.getenv "LD_PRELOAD" or ""):find "asan"
      assert(asan or grown < 2500, grown)
    ]]
  end)

  it("shows integers of 64 bits as Lua has them (L6)", function()
    local packet = vsk.packet { src_cid = 0xfedcba9876543210 }

    assert.equal("fedcba9876543210", ("%016x"):format(packet.src_cid))
    assert.is_true(math.ult(1, packet.src_cid))
  end)

  it("ends quietly with everything still open", function()
    local clean, text = rig.child(WORLD .. [[
      KEPT = { make(), make() }
      for packet in queue.device:packets() do KEPT[3] = packet:buffer() os.exit(true, true) end]])

    assert.equal("", text)
    assert.is_true(clean)
  end)
end)

describe("random calls", function()
  local function abuse(sequences)
    local command = ("lua5.4 tests/lua/abuse.lua %d 2>&1"):format(sequences)
    local output = io.popen(command)
    local text = output:read "a"
    local clean, how, code = output:close()
    assert.same({ true, "exit", 0 }, { clean, how, code }, text)
    local share = tonumber(text:match "(%d+)%% of")
    assert.is_true(share >= 50, text)
  end

  it("never crash: 300 sequences", function() abuse(300) end)

  it("never crash: 10000 sequences #full", function() abuse(10000) end)
end)
