-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
local rig = require "tests.lua.rig"
local vsk = require "vsk"

local NOWHERE = 0xFFFFFFFF0000
local NEXT, WRITE, INDIRECT = 1, 2, 4
local AVAIL, USED = 0x80, 0x8000 -- of a packed ring

--- Describe something on rings of every format.
local function on_rings(title, body)
  for _, name in ipairs(rig.format_names) do
    describe(title .. ", on a ring that is " .. name .. ",", function()
      before_each(function() rig.use(name) end)
      after_each(function() rig.use "split" end)
      body(rig.formats[name])
    end)
  end
end

on_rings("a packet crosses a queue", function()
  local layouts = {
    ["as Linux cuts it"] = {}, ["in one descriptor"] = { layout = { 49 } },
    ["cut anywhere"] = { layout = { 10, 34, 3, 2 } }, ["byte by byte"] = { layout = {} },
    ["with room behind it"] = { layout = { 44, 5, 100 } },
  }
  for _ = 1, 49 do table.insert(layouts["byte by byte"].layout, 1) end

  for name, options in pairs(layouts) do
    for _, indirect in ipairs { false, true } do
      it(name .. (indirect and ", indirect" or ", direct"), function()
        local queue = rig.queue { size = 64 }
        options.indirect = indirect

        queue.driver:send(rig.packet(), options)

        local chain = queue.device:pop()
        assert.equal(indirect, chain.indirect)
        assert.equal(options.layout and #options.layout or 2, #chain.spans)
        assert.is_true(rig.packet() == assert(vsk.from_tx(chain)))
      end)
    end
  end

  it("from the device's end, written and committed", function()
    local queue, memory = rig.queue()
    queue.driver:post(64, { layout = { 10, 40, 14 } })
    local chain = queue.device:pop()
    local out = assert(vsk.into_rx(chain))
    assert.equal("STREAM", out.type)
    assert.equal("INVALID", out.op)
    assert.equal(20, out.room)

    out.src, out.op = { 2, 1234 }, "RW"
    assert.is_true(out:write "hel")
    assert.is_true(out:write "lo")
    assert.equal(15, out.room)
    assert.equal(49, out:commit())
    queue.device:push(chain, 49)

    local packets = {}
    for packet in queue.driver:packets() do
      table.insert(packets, packet.payload)
      assert.equal(5, packet.len)
      assert.same({ 2, 1234 }, packet.src)
    end
    assert.same({ "hello" }, packets)
    assert.truthy(memory:read(0, memory.size):find(("\xAA"):rep(100), 1, true))
  end)

  it("from the device's end in one call", function()
    local queue = rig.queue()
    queue.driver:post(4096)

    assert.equal(49, queue.device:send(rig.packet()))

    for packet in queue.driver:packets() do assert.is_true(packet == rig.packet()) end
  end)
end)

on_rings("an end of a queue", function()
  it("has nothing to reap, pop or send into at first", function()
    local queue = rig.queue()

    assert.same({ nil, "nothing is there now", "NONE" }, { queue.driver:reap() })
    assert.equal("NONE", rig.refused(queue.device:pop()))
    assert.equal("NONE", rig.refused(queue.device:send(rig.packet())))
  end)

  it("counts what is free, outstanding and held", function()
    local queue = rig.queue()
    queue.driver:send(rig.packet())
    local chain = queue.device:pop()

    assert.equal(14, queue.driver.free)
    assert.equal(1, queue.driver.outstanding)
    assert.equal(1, queue.device.held)
    queue.device:push(chain, 0)
    assert.equal(0, queue.driver:reap().written)
    assert.equal(16, queue.driver.free)
    assert.equal(0, queue.driver.outstanding)
    assert.equal(0, queue.device.held)
  end)

  it("gives chains back one by one, or many at once", function()
    local queue = rig.queue()
    for _ = 1, 3 do queue.driver:send(rig.packet()) end
    for chain in queue.device:chains() do assert.is_true(queue.device:give(chain, 0)) end

    assert.equal("NONE", rig.refused(queue.driver:reap()))
    assert.is_true(queue.device:publish())
    local back = 0
    for used in queue.driver:used() do
      back = back + 1
      assert.equal(0, used.written)
      assert.equal("integer", math.type(used.head))
    end
    assert.equal(3, back)
  end)

  it("decides when to notify the other one", function()
    for _, event_idx in ipairs { true, false } do
      local queue = rig.queue { size = 16, event_idx = event_idx }
      queue.driver:send(rig.packet())
      assert.is_true(queue.driver:should_kick())
      assert.is_true(queue.device:enable_kicks())
      for _ in queue.device:packets() do end -- luacheck: ignore 542
      assert.is_true(queue.device:should_interrupt())
      assert.is_true(queue.driver:enable_interrupts())
      for _ in queue.driver:used() do end -- luacheck: ignore 542
      assert.is_false(queue.driver:enable_interrupts())
      assert.is_true(queue.driver:disable_interrupts())
      assert.is_true(queue.device:disable_kicks())
      queue.driver:send(rig.packet())
      queue.driver:should_kick()
      queue.driver:send(rig.packet())
      assert.is_false(queue.driver:should_kick())
    end
  end)

  it("is the same end each time it is asked for", function()
    local queue = rig.queue()

    assert.is_true(queue.driver == queue.driver)
    assert.is_true(queue.device == queue.device)
    assert.is_true(queue.memory == queue.memory)
    assert.is_false(queue.driver == rig.queue().driver)
    assert.is_false(queue.driver == queue.device)
  end)

  it("forgets everything at reset, and chains that were held are void", function()
    local queue = rig.queue()
    queue.driver:send(rig.packet())
    local chain = queue.device:pop()

    assert.is_true(queue.device:reset())

    assert.is_false(chain.held)
    assert.equal("ERR_HELD", rig.raised(queue.device.push, queue.device, chain, 0))
    assert.is_true(assert(queue.device:pop()).held)
  end)
end)

on_rings("an iterator of packets", function(form)
  it("gives each chain back when the loop goes on", function()
    local queue = rig.queue()
    for _ = 1, 3 do queue.driver:send(rig.packet()) end
    local seen = 0

    for packet in queue.device:packets() do
      seen = seen + 1
      assert.equal("hello", packet.payload)
      assert.equal(1, queue.device.held)
    end

    assert.equal(3, seen)
    assert.equal(0, queue.device.held)
    assert.truthy(queue.driver:reap())
  end)

  it("gives the last chain back at break and at an error", function()
    local queue = rig.queue()
    for _ = 1, 2 do queue.driver:send(rig.packet()) end
    local kept

    for packet in queue.device:packets() do kept = packet break end -- luacheck: ignore 512
    assert.equal(0, queue.device.held)
    assert.equal("ERR_HELD", rig.raised(function() return kept.payload end))
    pcall(function() for _ in queue.device:packets() do error "out" end end)

    assert.equal(0, queue.device.held)
    for _ = 1, 2 do assert.truthy(queue.driver:reap()) end
  end)

  it("frees the driver's buffers at break", function()
    local queue, memory = rig.queue()
    local available = memory:available()
    queue.driver:post(4096)
    queue.device:send(rig.packet())

    for packet in queue.driver:packets() do -- luacheck: ignore 512
      assert.equal("hello", packet.payload)
      assert.is_true(memory:available() < available)
      break
    end

    assert.equal(available, memory:available())
  end)

  it("passes over what is broken, with false, message and code", function()
    local queue = rig.queue()
    queue.driver:send(rig.packet())
    queue.driver:add { { NOWHERE, 44, "r" } }
    queue.driver:send(rig.packet { len = 100 })
    if not form.packed then queue.driver:offer(99) end
    queue.driver:send(rig.packet())
    local seen = {}

    for packet, message, code in queue.device:packets() do
      table.insert(seen, packet and "good" or code)
      assert.equal(packet and "nil" or "string", type(message))
    end

    if not form.packed then assert.equal("BAD_HEAD", table.remove(seen, 4)) end
    assert.same({ "good", "BAD_ADDRESS", "BAD_LEN", "good" }, seen)
    assert.equal(0, queue.device.held)
  end)

  it("has a limit for the payload", function()
    local queue = rig.queue()
    queue.driver:send(rig.packet())
    local codes = {}

    for packet, _, code in queue.device:packets { max_payload = 4 } do
      table.insert(codes, packet or code)
    end

    assert.same({ "BAD_LIMIT" }, codes)
    assert.is_false(pcall(queue.device.packets, queue.device, { max = 4 }))
  end)

  it("passes over what a device broke", function()
    local queue = rig.queue()
    for _ = 1, 3 do queue.driver:post(64) end
    local short, good, empty = queue.device:pop(), queue.device:pop(), queue.device:pop()
    queue.device:push(short, 43)
    queue.device:push(good, assert(vsk.into_rx(good)):commit())
    queue.device:push(empty, 0)
    local seen = {}

    for packet, _, code in queue.driver:packets() do
      table.insert(seen, packet and "good" or code)
    end

    assert.same({ "BAD_SHORT", "good", "BAD_SHORT" }, seen)
  end)

  it("leaves a packet that the script gave back itself alone", function()
    local queue = rig.queue()
    queue.driver:send(rig.packet())
    queue.driver:send(rig.packet())
    local seen = 0

    for _ in queue.device:packets() do
      seen = seen + 1
      queue.device:reset()
      if seen == 2 then break end
    end

    assert.equal(2, seen)
  end)
end)

on_rings("a chain", function(form)
  it("says what it is made of", function()
    local queue, memory = rig.queue()
    memory:write(0x8000, rig.packet():bytes())
    local buffers = { { 0x8000, 40, "r" }, { 0x8028, 9, "r" }, { 0x9000, 100, "w" } }
    buffers.indirect = form.packed and 3 or 1
    queue.driver:add(buffers)

    local chain = queue.device:pop()

    assert.equal(0, chain.head)
    assert.equal(49, chain.readable)
    assert.equal(100, chain.writable)
    assert.equal("OK", chain.status)
    assert.is_true(chain.indirect)
    assert.is_true(chain.held)
    assert.equal(3, #chain)
    local table_alone = form.packed == true
    assert.same({
      { addr = 0x8000, len = 40, write = false, slot = 0, indirect = table_alone },
      { addr = 0x8028, len = 9, write = false, slot = 1, indirect = table_alone },
      { addr = 0x9000, len = 100, write = true, slot = table_alone and 2 or 0, indirect = true },
    }, chain.spans)
    assert.truthy(tostring(chain):find "^chain 0: 3 descriptors")
  end)

  it("is shown with a line for each descriptor", function()
    local clean, text = rig.child [[
      local vsk = require "vsk"
      local queue = vsk.queue(vsk.memory(1 << 16))
      queue.driver:send(vsk.packet { payload = "hello" }, { layout = { 10, 34, 5 } })
      queue.device:pop():show()]]

    assert.is_true(clean)
    local lines = select(2, text:gsub("\n", "\n"))
    assert.is_true(lines >= 3, text)
  end)

  it("may be pushed once, to its own queue", function()
    local queue, other = rig.queue(), rig.queue()
    queue.driver:send(rig.packet())
    other.driver:send(rig.packet())
    local chain = queue.device:pop()

    assert.equal("ERR_HELD", rig.raised(other.device.push, other.device, chain, 0))
    assert.is_true(queue.device:push(chain, 0))
    assert.equal("ERR_HELD", rig.raised(queue.device.push, queue.device, chain, 0))
    assert.equal("ERR_HELD", rig.raised(queue.device.give, queue.device, chain, 0))
    assert.equal("ERR_HELD", rig.raised(vsk.from_tx, chain))
    assert.equal("ERR_HELD", rig.raised(function() return chain.spans end))
    assert.equal("ERR_HELD", rig.raised(function() return #chain end))
    assert.equal("ERR_HELD", rig.raised(chain.show, chain))
    assert.is_false(chain.held)
    assert.equal("chain 0: given back", tostring(chain))
  end)

  it("takes its packet's payload with it, not its header", function()
    local queue = rig.queue()
    queue.driver:send(rig.packet())
    local chain = queue.device:pop()
    local packet = assert(vsk.from_tx(chain))
    queue.device:push(chain, 0)

    assert.equal("RW", packet.op)
    assert.equal(49, #packet)
    for _, name in ipairs { "bytes", "buffer", "segments", "copy" } do
      assert.equal("ERR_HELD", rig.raised(packet[name], packet))
    end
    assert.equal("ERR_HELD", rig.raised(queue.driver.send, queue.driver, packet))
    assert.equal("ERR_HELD", rig.raised(queue.device.send, queue.device, packet))
    assert.is_false(packet == rig.packet())
    assert.is_true(packet == packet) -- luacheck: ignore
    packet.payload = "mine now"
    assert.equal("mine now", packet.payload)
  end)

  it("can not hold fewer bytes than are reported", function()
    local queue = rig.queue()
    queue.driver:send(rig.packet())
    queue.driver:post(64)

    -- SPLIT-DEV-09
    assert.equal("ERR_WRITTEN", rig.raised(queue.device.push, queue.device, queue.device:pop(), 1))
    assert.equal("ERR_WRITTEN", rig.raised(queue.device.push, queue.device, queue.device:pop(), 65))
  end)
end)

on_rings("a payload's buffer", function()
  local function received(layout)
    local queue, memory = rig.queue()
    queue.driver:send(rig.packet(), { layout = layout })
    local chain = queue.device:pop()
    return assert(vsk.from_tx(chain)), queue, chain, memory
  end

  it("shows guest memory without a copy where the payload lies in one piece", function()
    local packet, queue, chain, memory = received()
    local buffer = packet:buffer()
    local spans = chain.spans
    queue.device:push(chain, 0)

    memory:write(spans[2].addr, "HELLO")

    assert.equal("HELLO", tostring(buffer))
    assert.equal("ERR_BUSY", rig.refused(memory:close()))
    assert.is_false(buffer.writable)
    assert.is_false(pcall(buffer.set, buffer, 1, "x"))
  end)

  it("is a copy where the payload is in pieces", function()
    local packet, _, _, memory = received { 44, 2, 3 }

    local buffer = packet:buffer()

    assert.equal("hello", tostring(buffer))
    assert.is_true(memory:close())
    assert.equal("hello", buffer:sub(1, 5))
  end)

  it("comes in segments without a copy", function()
    local packet, _, _, memory = received { 40, 6, 1, 2 }
    local segments = packet:segments()
    local texts = {}
    for i, segment in ipairs(segments) do texts[i] = tostring(segment) end

    assert.same({ "he", "l", "lo" }, texts)
    assert.equal("ERR_BUSY", rig.refused(memory:close()))
    for _, segment in ipairs(segments) do segment:close() end
    assert.is_true(memory:close())
  end)

  it("is readable after everything else is gone", function()
    local packet = received()
    local buffer = packet:buffer()
    local segments = packet:segments()
    packet = nil -- luacheck: ignore 311
    rig.collect()

    assert.equal("hello", tostring(buffer))
    assert.equal("hello", tostring(segments[1]))
    assert.equal(0x68, (buffer:unpack "B"))
  end)

  it("of a packet's own payload outlives a new payload", function()
    local packet = rig.packet()
    local buffer = packet:buffer()
    packet.payload = "other"
    rig.collect()

    assert.equal("hello", tostring(buffer))
    assert.equal("", tostring(vsk.packet():buffer()))
    assert.same({}, vsk.packet():segments())
  end)
end)

on_rings("an object", function()
  it("keeps what it stands on alive", function()
    local chain
    do
      local queue = rig.queue()
      queue.driver:send(rig.packet())
      chain = queue.device:pop()
    end
    rig.collect()

    local packet = assert(vsk.from_tx(chain))
    chain = nil -- luacheck: ignore 311
    rig.collect()

    assert.equal("hello", packet.payload)
  end)

  it("leaves nothing behind in guest memory when it is collected", function()
    local memory = vsk.memory(1 << 16)
    local available = memory:available()
    do
      local queue = vsk.queue(memory)
      queue.driver:send(rig.packet())
      queue.driver:post(100, { indirect = true })
      assert.equal(1, #memory:rings())
    end
    rig.collect()

    assert.equal(available, memory:available())
    assert.same({}, memory:rings())
  end)
end)

-- Every status that scripts can cause, by its name.
local caused = {}

local function case(code, name, body)
  caused[code] = true
  it(code .. ": " .. name, function() assert.equal(code, body()) end)
end

--- What a device end says of a chain: from pop, or from a packet of it.
local function received(queue)
  local chain, message, code = queue.device:pop()
  if not chain then return rig.refused(chain, message, code) end
  local found = rig.refused(vsk.from_tx(chain))
  if found ~= "BAD_TX_WRITABLE" and chain.status ~= "OK" then assert.equal(found, chain.status) end
  queue.device:push(chain, 0)
  return found
end

on_rings("a script's own mistake is named", function(form)
  local function raised(method, options, ...)
    local queue = rig.queue(options)
    return rig.raised(queue.driver[method], queue.driver, ...)
  end

  for _, size in ipairs { 0, 3, 255 } do
    case("ERR_SIZE", ("a split ring of %d descriptors"):format(size), function()
      return rig.raised(vsk.queue, vsk.memory(8192), { size = size })
    end)
  end
  case("ERR_SIZE", "a ring of 65536 descriptors", function()
    return rig.raised(vsk.queue, vsk.memory(4096), { size = 65536 })
  end)
  case("ERR_ARGUMENT", "a slot outside the ring", function()
    local queue = rig.queue()
    return rig.raised(queue.get_desc, queue, 16)
  end)
  case("ERR_ARGUMENT", "a slot outside the ring, written", function()
    local queue = rig.queue()
    return rig.raised(queue.set_desc, queue, 16, {})
  end)
  case("ERR_ARGUMENT", "more indirect buffers than there are", function()
    return raised("add", nil, { { 0, 44, "r" }, indirect = 2 })
  end)
  if form.packed then
    case("ERR_MIXED", "a table behind a buffer", function()
      return raised("add", nil, { { 0, 44, "r" }, { 0, 44, "r" }, indirect = 1 })
    end)
    case("ERR_SIZE", "a packed ring of 32769 descriptors", function()
      return rig.raised(vsk.queue, vsk.memory(4096), { size = 32769, packed = true })
    end)
  end
  if form.in_order then
    case("ERR_IN_ORDER", "a chain that overtakes another one", function()
      local queue = rig.queue()
      for _ = 1, 3 do queue.driver:send(rig.packet()) end
      local first, second = queue.device:pop(), queue.device:pop()
      for _, call in ipairs {
        { queue.device.push, queue.device, second, 0 },
        { queue.device.send, queue.device, rig.packet() },
        { function() for _ in queue.device:packets() do error "in" end end },
      } do
        assert.equal("ERR_IN_ORDER", rig.raised(table.unpack(call)))
      end
      assert.is_true(second.held and queue.device:push(first, 0))
      assert.is_true(queue.device:push(second, 0))
      return "ERR_IN_ORDER"
    end)
  end
  case("ERR_EMPTY", "a chain without buffers", function() return raised("add", nil, {}) end)
  case("ERR_ORDER", "a readable buffer behind a writable one", function()
    return raised("add", nil, { { 0, 44, "w" }, { 0, 44, "r" } })
  end)
  case("ERR_LENGTH", "more than 2^32 bytes", function()
    return raised("add", nil, { { 0, 0xffffffff, "r" }, { 0, 2, "r" } })
  end)
  case("ERR_LONG", "more buffers than the queue, indirect", function()
    local layout = {}
    for i = 1, 17 do layout[i] = 1 end
    return raised("post", nil, 17, { layout = layout, indirect = true })
  end)
  case("ERR_INDIRECT", "a table that was not negotiated", function()
    return raised("send", { size = 16, indirect = false }, rig.packet(), { indirect = true })
  end)
  case("ERR_LAYOUT", "a layout too small for the packet", function()
    return raised("send", nil, rig.packet(), { layout = { 44, 4 } })
  end)
  case("ERR_LAYOUT", "a layout with a piece of 0", function()
    return raised("send", nil, rig.packet(), { layout = { 44, 0, 5 } })
  end)
  case("ERR_LAYOUT", "a layout without pieces", function()
    return raised("send", nil, rig.packet(), { layout = {} })
  end)
  case("ERR_LAYOUT", "a layout that is not the size", function()
    return raised("post", nil, 100, { layout = { 99 } })
  end)
  case("ERR_HELD", "a chain pushed twice", function()
    local queue = rig.queue()
    queue.driver:send(rig.packet())
    local chain = queue.device:pop()
    queue.device:push(chain, 0)
    return rig.raised(queue.device.push, queue.device, chain, 0)
  end)
  case("ERR_WRITTEN", "more bytes than the chain", function()
    local queue = rig.queue()
    queue.driver:send(rig.packet())
    return rig.raised(queue.device.push, queue.device, queue.device:pop(), 1)
  end)
  case("ERR_ADDRESS", "memory that is not there", function()
    local memory = vsk.memory(16)
    return rig.raised(memory.read, memory, 16, 1)
  end)
  case("ERR_REGION", "regions that overlap", function()
    return rig.raised(vsk.memory, { regions = { { 0, 16 }, { 8, 16 } } })
  end)
  case("ERR_FREE", "a range freed twice", function()
    local memory = vsk.memory(4096)
    local addr = memory:alloc(16)
    memory:free(addr, 16)
    return rig.raised(memory.free, memory, addr, 16)
  end)
  case("ERR_CLOSED", "a memory that is closed", function()
    local memory = vsk.memory(16)
    memory:close()
    return rig.raised(memory.read, memory, 0, 1)
  end)
end)

on_rings("what the world refuses is named", function()
  case("ERR_FULL", "a ring without free descriptors", function()
    local queue = rig.queue { size = 2 }
    queue.driver:send(rig.packet())
    return rig.refused(queue.driver:send(rig.packet()))
  end)
  case("ERR_POOL", "no room in guest memory", function()
    local queue = rig.queue()
    return rig.refused(queue.driver:post(1 << 21))
  end)
  case("ERR_ROOM", "a payload too long for an RX chain", function()
    local queue = rig.queue()
    queue.driver:post(48)
    assert.equal("ERR_ROOM", rig.refused(assert(vsk.into_rx(queue.device:pop())):write "hello"))
    queue.device:reset()
    return rig.refused(queue.device:send(rig.packet()))
  end)
  case("ERR_ROOM", "writing and committing a packet that is in no RX chain", function()
    assert.equal("ERR_ROOM", rig.refused(rig.packet():commit()))
    return rig.refused(rig.packet():write "hello")
  end)
  case("ERR_ROOM", "a payload set on a packet in an RX chain, which raises", function()
    local queue = rig.queue()
    queue.driver:post(64)
    local packet = vsk.into_rx(queue.device:pop())
    return rig.raised(function() packet.payload = "x" end)
  end)
  case("ERR_TABLE", "more indirect buffers than the driver's account", function()
    local queue = vsk.queue(vsk.memory(1 << 24), { size = 512 })
    local layout, last = {}, nil
    for i = 1, 512 do layout[i] = 1 end
    for _ = 1, 512 do
      local head, message, code = queue.driver:post(512, { layout = layout, indirect = true })
      if not head then last = rig.refused(head, message, code) break end
    end
    return last
  end)
  case("ERR_SPANS", "more pieces than a chain of this queue can have", function()
    local regions = { { 0, 0x1000 } }
    for i = 0, 99 do table.insert(regions, { 0x1000 + i, 1 }) end
    local queue = vsk.queue(vsk.memory { regions = regions }, { size = 4 })
    queue.driver:add { { 0x1000, 100, "r" }, { 0x1000, 100, "r" } }
    return received(queue)
  end)
  case("ERR_BUSY", "a memory with views", function()
    local memory = vsk.memory(16)
    local view = memory:view(0, 1)
    return rig.refused(memory:close(), select(2, memory:close()), select(3, memory:close()), view)
  end)
  case("ERR_IMAGE", "a file that is no image", function()
    local path = os.tmpname()
    local found = rig.refused(vsk.load(path))
    os.remove(path)
    return found
  end)
end)

on_rings("a driver's fault is named", function(form)
  local GOOD = 0x8000

  local function forged(options, ...)
    local queue, memory = rig.queue(options)
    memory:write(GOOD, rig.packet():bytes())
    rig.forge(queue, { ... })
    return received(queue)
  end

  --- One descriptor that refers to a table of these.
  local function indirect(options, descs, len)
    local queue, memory = rig.queue(options)
    memory:write(GOOD, rig.packet():bytes())
    memory:write(0x9000, table.concat(descs))
    rig.forge(queue, { { addr = 0x9000, len = len or 16 * #descs, flags = INDIRECT } })
    return received(queue)
  end

  it("nothing at all where the chain is right", function()
    assert.equal("nothing", forged(nil, { addr = GOOD, len = 49 }))
    assert.equal("nothing", indirect(nil, { rig.desc(GOOD, 40, NEXT, 1), rig.desc(GOOD + 40, 9) }))
  end)

  case("BAD_SHORT", "43 readable bytes", function()
    return forged(nil, { addr = GOOD, len = 43 })
  end)
  case("BAD_LEN", "a len beyond the chain", function()
    return forged(nil, { addr = GOOD, len = 48 })
  end)
  case("BAD_LIMIT", "a len above the limit", function()
    local queue = rig.queue()
    queue.driver:send(rig.packet())
    return rig.refused(vsk.from_tx(queue.device:pop(), { max_payload = 4 }))
  end)
  case("BAD_TX_WRITABLE", "a writable buffer on TX", function()
    local readable = { addr = GOOD, len = 49, flags = NEXT, next = 1 }
    return forged(nil, readable, { addr = GOOD, len = 9, flags = WRITE })
  end)
  case("BAD_RX_READABLE", "a readable buffer on RX", function()
    local queue = rig.queue()
    queue.driver:add { { GOOD, 4, "r" }, { GOOD, 100, "w" } }
    return rig.refused(vsk.into_rx(queue.device:pop()))
  end)
  case("BAD_RX_SHORT", "43 writable bytes on RX", function()
    local queue = rig.queue()
    queue.driver:post(43)
    return rig.refused(vsk.into_rx(queue.device:pop()))
  end)
  case("BAD_ADDRESS", "a buffer outside memory", function()
    return forged(nil, { addr = NOWHERE, len = 44 })
  end)
  case("BAD_ADDRESS", "a buffer that ends outside memory", function()
    return forged(nil, { addr = (1 << 20) - 43, len = 44 })
  end)
  case("BAD_TOTAL", "more than 2^32 bytes", function()
    local memory = vsk.memory(1 << 24)
    local queue = vsk.queue(memory, { size = 512 })
    local descs = {}
    -- 256 times all of the memory is 2^32 bytes.
    for i = 1, 256 do descs[i] = { addr = 0, len = 1 << 24, flags = NEXT, next = i } end
    descs[257] = { addr = 0, len = 1 }
    rig.forge(queue, descs)
    return received(queue)
  end)
  case("BAD_ORDER", "a readable buffer behind a writable one", function()
    local writable = { addr = GOOD, len = 44, flags = NEXT | WRITE, next = 1 }
    return forged(nil, writable, { addr = GOOD, len = 5 })
  end)
  case("BAD_INDIRECT", "a table that was not negotiated", function()
    return indirect({ size = 16, indirect = false }, { rig.desc(GOOD, 49) })
  end)
  case("BAD_INDIRECT_NEXT", "INDIRECT and NEXT together", function()
    local both = { addr = 0x9000, len = 16, flags = INDIRECT | NEXT, next = 1 }
    return forged(nil, both, { addr = GOOD, len = 5 })
  end)
  for _, len in ipairs { 0, 15, 17 } do
    case("BAD_TABLE_LEN", ("a table of %d bytes"):format(len), function()
      return indirect(nil, { rig.desc(GOOD, 49), rig.desc(GOOD, 49) }, len)
    end)
  end
  case("BAD_TABLE_ADDRESS", "a table outside memory", function()
    return forged(nil, { addr = NOWHERE, len = 16, flags = INDIRECT })
  end)

  if form.packed then
    case("BAD_INDIRECT_NEXT", "a table behind a buffer", function()
      local first = { addr = GOOD, len = 44, flags = NEXT }
      return forged(nil, first, { addr = 0x9000, len = 16, flags = INDIRECT })
    end)
    case("BAD_SHORT", "INDIRECT in a table, where it means nothing", function()
      return indirect(nil, { rig.desc(0x9000, 16, INDIRECT) })
    end)
    case("BAD_LONG", "a table of more than 32768 descriptors", function()
      return forged(nil, { addr = 0, len = 32769 * 16, flags = INDIRECT })
    end)
    case("BAD_LIST", "a list that goes on in what is not available", function()
      local queue = rig.queue()
      rig.forge(queue, { { addr = GOOD, len = 44, flags = NEXT } })
      assert.equal("BAD_LIST", rig.refused(queue.device:pop()))
      assert.equal("BAD_LIST", rig.raised(function()
        for _ in queue.device:packets() do error "in" end
      end))
      return rig.raised(function() for _ in queue.device:chains() do error "in" end end)
    end)
    case("BAD_LIST", "a list without an end", function()
      local queue = rig.queue()
      local descs = {}
      for i = 1, 16 do descs[i] = { addr = GOOD, len = 44, flags = NEXT } end
      rig.forge(queue, descs)
      return rig.refused(queue.device:pop())
    end)
  else
    case("BAD_HEAD", "a head outside the table", function()
      local queue = rig.queue()
      queue.driver:offer(16)
      return rig.refused(queue.device:pop())
    end)
    case("BAD_HEAD", "a head outside the table, passed over by chains()", function()
      local queue = rig.queue()
      queue.driver:offer(16)
      queue.driver:send(rig.packet())
      local codes = {}
      for chain, _, code in queue.device:chains() do
        table.insert(codes, chain and "good" or code)
      end
      assert.same({ "BAD_HEAD", "good" }, codes)
      return codes[1]
    end)
    case("BAD_AVAIL_IDX", "an available idx ahead by more than the ring", function()
      local queue, memory = rig.queue()
      memory:write(queue.ring.driver + 2, string.pack("<I2", 17))
      assert.equal("BAD_AVAIL_IDX", rig.refused(queue.device:pop()))
      assert.equal("BAD_AVAIL_IDX", rig.raised(function()
        for _ in queue.device:packets() do error "in" end
      end))
      return rig.raised(function() for _ in queue.device:chains() do error "in" end end)
    end)
    case("BAD_NEXT", "next outside the table", function()
      return forged(nil, { addr = GOOD, len = 44, flags = NEXT, next = 16 })
    end)
    case("BAD_NEXT", "next outside the indirect table", function()
      return indirect(nil, { rig.desc(GOOD, 44, NEXT, 1) })
    end)
    case("BAD_LOOP", "a chain that comes back to itself", function()
      return forged(nil, { addr = GOOD, len = 44, flags = NEXT, next = 0 })
    end)
    case("BAD_LOOP", "a loop in an indirect table", function()
      return indirect(nil, { rig.desc(GOOD, 44, NEXT, 1), rig.desc(GOOD, 5, NEXT, 0) })
    end)
    case("BAD_LONG", "an indirect table with more buffers than the queue", function()
      local descs = {}
      for i = 1, 17 do descs[i] = rig.desc(GOOD, 1, i < 17 and NEXT or 0, i) end
      return indirect(nil, descs)
    end)
    case("BAD_NESTED", "a table in a table", function()
      return indirect(nil, { rig.desc(0x9000, 16, INDIRECT) })
    end)
  end
end)

on_rings("a device's fault is named", function(form)
  --- A queue with one RX chain out, and the used element that its device never wrote.
  local function used(id, len, idx)
    local queue, memory = rig.queue()
    queue.driver:post(64)
    if form.packed then
      queue:set_desc(0, { len = len, flags = AVAIL | USED | WRITE, next = id & 0xffff })
      return queue
    end
    memory:write(queue.ring.device + 4, string.pack("<I4I4", id, len))
    memory:write(queue.ring.device + 2, string.pack("<I2", idx or 1))
    return queue
  end

  it("nothing at all where the used element is right", function()
    assert.equal(64, used(0, 64).driver:reap().written)
  end)

  case("BAD_USED_ID", "an id that is not on the ring", function()
    return rig.refused(used(5, 0).driver:reap())
  end)
  case("BAD_USED_ID", "an id outside the table", function()
    return rig.refused(used(-1 & 0xffffffff, 0).driver:reap())
  end)
  case("BAD_USED_ID", "a head that was offered by hand, passed over by used()", function()
    local queue = rig.queue()
    queue:set_desc(form.packed and 0 or 9, { addr = 0, len = 4 })
    queue.driver:offer(9)
    queue.driver:send(rig.packet())
    for chain in queue.device:chains() do queue.device:push(chain, 0) end
    local codes = {}
    for back, _, code in queue.driver:used() do table.insert(codes, back and "good" or code) end
    assert.same({ "BAD_USED_ID", "good" }, codes)
    return codes[1]
  end)
  case("BAD_USED_LEN", "a len above the chain", function()
    return rig.refused(used(0, 65).driver:reap())
  end)
  case("BAD_USED_LEN", "a len above the chain, passed over by packets()", function()
    local codes = {}
    for packet, _, code in used(0, 65).driver:packets() do table.insert(codes, packet or code) end
    return codes[1]
  end)
  if form.packed then return end

  case("BAD_USED_IDX", "a used idx ahead of what was offered", function()
    local queue = used(0, 0, 2)
    assert.equal("BAD_USED_IDX", rig.refused(queue.driver:reap()))
    assert.equal("BAD_USED_IDX", rig.raised(function()
      for _ in queue.driver:packets() do error "in" end
    end))
    return rig.raised(function() for _ in queue.driver:used() do error "in" end end)
  end)
end)

describe("the statuses", function()
  it("that scripts can cause all have a case", function()
    local elsewhere = {
      OK = "is no failure", NONE = "is no failure",
      BAD_CID = "010", BAD_TYPE = "010", BAD_OP = "010", BAD_FLAGS = "010", BAD_PAYLOAD = "010",
      ERR_ALIGN = "kit places rings, and load refuses an image with others",
      ERR_FEATURES = "options name features",
      ERR_SPACE = "kit has the room",
      ERR_NOMEM = "no test takes all of the host's memory",
      ERR_FORWARDED = "connections", ERR_CID = "connections",
      ERR_STATE = "080", ERR_TYPE = "080", ERR_MESSAGE = "080", ERR_HANDLE = "080",
      ERR_HOOK = "080", EOF = "080", RESET = "080", TIMEOUT = "080", PIPE = "080",
      BAD_FWD_CNT = "connections", BAD_CREDIT = "connections", BAD_STATE = "connections",
      BAD_SHUT = "connections", BAD_FLOW = "connections", BAD_FEATURES = "connections",
      BAD_STATUS = "connections", BAD_FLOOD = "connections", BAD_CAPTURE = "captures",
      BAD_EVENT = "events",
      ERR_SYSTEM = "sockets", ERR_PROTOCOL = "sockets", BAD_MESSAGE = "sockets",
      BAD_MESSAGE_SIZE = "sockets",
      BAD_REQUEST = "sockets", BAD_FDS = "sockets", BAD_RING = "sockets", BAD_REGION = "sockets",
      BAD_PROTOCOL = "sockets", BAD_REPLY = "sockets", BAD_HANGUP = "sockets", BAD_ACK = "sockets",
      BAD_CONFIG = "sockets", BAD_DIAL = "sockets", BAD_PORT = "sockets", BAD_CUT = "sockets",
    }
    for name in pairs(vsk.status) do
      assert.is_true((caused[name] or elsewhere[name]) ~= nil, name)
      assert.is_false((caused[name] and elsewhere[name]) ~= nil, name)
    end
  end)
end)

describe("a descriptor of the ring", function()
  it("is read and written as it stands in memory", function()
    local queue, memory = rig.queue()

    queue:set_desc(3, { addr = -2, len = 0xffffffff, flags = 0xffff, next = 0xfffe })

    assert.same({ -2, 0xffffffff, 0xffff, 0xfffe }, { queue:get_desc(3) })
    assert.equal(rig.desc(-2, 0xffffffff, 0xffff, 0xfffe), memory:read(queue.ring.desc + 48, 16))
    queue:set_desc(3, {})
    assert.same({ 0, 0, 0, 0 }, { queue:get_desc(3) })
    assert.is_false(pcall(queue.set_desc, queue, 3, { adr = 1 }))
    assert.is_false(pcall(queue.set_desc, queue, 3, { len = 1 << 32 }))
    assert.is_false(pcall(queue.set_desc, queue, 3, 5))
  end)
end)

describe("a field of the ring", function()
  local MOST = {
    split = {
      ["desc.addr"] = -1, ["desc.len"] = 0xffffffff, ["desc.flags"] = 0xffff,
      ["desc.next"] = 0xffff, ["avail.flags"] = 0xffff, ["avail.idx"] = 0xffff,
      ["avail.ring"] = 0xffff, ["avail.used_event"] = 0xffff, ["used.flags"] = 0xffff,
      ["used.idx"] = 0xffff, ["used.ring.id"] = 0xffffffff, ["used.ring.len"] = 0xffffffff,
      ["used.avail_event"] = 0xffff,
    },
    packed = {
      ["desc.addr"] = -1, ["desc.len"] = 0xffffffff, ["desc.id"] = 0xffff,
      ["desc.flags"] = 0xffff, ["driver_event.off"] = 0x7fff, ["driver_event.wrap"] = 1,
      ["driver_event.flags"] = 0xffff, ["device_event.off"] = 0x7fff, ["device_event.wrap"] = 1,
      ["device_event.flags"] = 0xffff,
    },
  }

  for name, most in pairs(MOST) do
    it("has its name in a ring that is " .. name, function()
      rig.use(name)
      local queue = rig.queue()
      rig.use "split"
      local fields = queue:fields()

      for field, value in pairs(most) do
        local each = type(fields[field]) == "table"
        local slot = each and 15 or 0
        assert.is_true(queue:set(field, value, slot))
        assert.equal(value, queue:get(field, slot))
        local found = queue:fields()[field]
        if each then assert.equal(0, found[0]) end
        assert.equal(value, each and found[15] or found)
        if value ~= -1 then
          local words = ("%s has %d bits"):format(field, math.log(value + 1, 2) // 1)
          local done, why = pcall(queue.set, queue, field, value + 1, slot)
          assert.is_false(done)
          assert.truthy(why:find("ERR_ARGUMENT: " .. words, 1, true), why)
        end
        queue:set(field, 0, slot)
        fields[field] = nil
      end
      assert.same({}, fields)
    end)
  end

  it("is what an end goes by", function()
    local queue = rig.queue()
    queue.driver:send(rig.packet())
    assert.equal(1, queue:get "avail.idx")
    queue:set("avail.idx", 0)
    assert.equal("NONE", rig.refused(queue.device:pop()))
    queue:set("avail.idx", 1)
    assert.truthy(queue.device:pop())
  end)

  it("that is not there is refused, and the others are named", function()
    local queue = rig.queue()
    for words, call in pairs {
      ["no field 'idx' in a split ring, but desc.addr, desc.len"] = { "idx" },
      ["desc.len has the slots 0 to 15, not 16"] = { "desc.len", 16 },
      ["there is one avail.idx alone, no slot 1"] = { "avail.idx", 1 },
    } do
      local done, why = pcall(queue.get, queue, table.unpack(call))
      assert.is_false(done)
      assert.truthy(why:find("ERR_ARGUMENT: " .. words, 1, true), why)
    end
  end)

  it("is listed with its queue", function()
    local queue = rig.queue()
    assert.equal("Queue, split, size 16, 16 free, 0 held", tostring(queue))
    assert.is_false(queue.packed)
    rig.use "packed"
    assert.truthy(tostring(rig.queue()):find "^Queue, packed, size 16")
    assert.is_true(rig.queue().packed)
    rig.use "split"
  end)
end)

describe("an argument", function()
  it("is refused where its type in C would cut it", function()
    local queue, memory = rig.queue()
    queue.driver:send(rig.packet())
    local chain = queue.device:pop()

    for _, call in ipairs {
      { queue.driver.offer, queue.driver, 1 << 16 }, { queue.get_desc, queue, 1 << 32 },
      { queue.driver.post, queue.driver, 1 << 32 },
      { queue.device.push, queue.device, chain, 1 << 32 },
      { memory.fill, memory, 0, 256, 1 }, { memory.read, memory, 0.5, 1 },
      { memory.read, memory, 0, "1" },
      { memory.alloc, memory, 2 ^ 64 },
    } do
      assert.truthy(rig.raised(table.unpack(call)):find "integer")
    end
    assert.is_true(chain.held)
  end)
end)

describe("options", function()
  it("that do not exist, or have a wrong type, raise and change nothing", function()
    local queue, memory = rig.queue()
    local available = memory:available()
    local packet = rig.packet()

    for _, options in ipairs {
      { layuot = { 49 } }, { layout = 49 }, { layout = { "49" } }, { layout = { 49.5 } },
      { layout = { -1 } }, { indirect = 1 }, { 49 }, 49, "49", true,
    } do
      assert.is_false(pcall(queue.driver.send, queue.driver, packet, options))
    end
    for _, list in ipairs {
      { 5 }, { {} }, { { 0 } }, { { 0, 44 } }, { { 0, 44, "x" } }, { { 0, 44, true } },
      { { 0, 1 << 32, "r" } }, { { 1.5, 44, "r" } }, { { 0, 44, "r" }, indirect = "1" },
      { { 0, 44, "r" }, inderect = true }, 5, "x",
    } do
      assert.is_false(pcall(queue.driver.add, queue.driver, list))
    end
    for _, options in ipairs {
      { sise = 16 }, { size = 16.5 }, { indirect = 1 }, { ring = 5 }, 16,
    } do
      assert.is_false(pcall(vsk.queue, memory, options))
    end

    assert.equal(available, memory:available())
    assert.equal(16, queue.driver.free)
  end)
end)
