-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
local rig = require "tests.lua.rig"
local vsk = require "vsk"

local FAR = 0xfffffffffffff000 -- the last 4 KiB below 2^64

describe("memory", function()
  it("begins with its fill pattern, or with zeros", function()
    assert.equal(("\xAA"):rep(16), vsk.memory(16, { fill = 0xAA }):read(0, 16))
    assert.equal(("\0"):rep(16), vsk.memory(16):read(0, 16))
  end)

  it("gives back what was written", function()
    local memory = vsk.memory(64)

    assert.is_true(memory:write(5, "a\0b"))
    assert.is_true(memory:fill(10, 0xFF, 2))

    local bytes = memory:read(4, 3) .. memory:read(7, 1) .. memory:read(8, 5)
    assert.equal("\0a\0b\0\0\xFF\xFF\0", bytes)
  end)

  it("joins regions that touch", function()
    local memory = vsk.memory { regions = { { 0x1000, 16 }, { 0x1010, 16 } } }

    memory:write(0x100e, "abcd")

    assert.equal("\0abcd\0", memory:read(0x100d, 6))
  end)

  it("reaches up to 2^64", function()
    local memory = vsk.memory { regions = { { 0, 16 }, { FAR, 0x1000 } } }

    memory:write(FAR + 0xfff, "z")

    assert.equal("z", memory:read(-1, 1))
    assert.equal("ERR_ADDRESS", rig.raised(memory.read, memory, -1, 2))
    assert.same({ { 0, 16 }, { FAR, 0x1000 } }, memory:regions())
    assert.equal(0x1010, memory.size)
    assert.equal(0x1010, #memory)
  end)

  it("raises for addresses outside", function()
    local memory = vsk.memory { regions = { { 0x1000, 16 }, { 0x2000, 16 } } }

    for _, range in ipairs {
      { 0xfff, 1 }, { 0x1010, 1 }, { 0x1008, 9 }, { 0, 1 }, { 0x1000, -1 }, { -1, -1 },
    } do
      assert.equal("ERR_ADDRESS", rig.raised(memory.read, memory, range[1], range[2]))
      assert.equal("ERR_ADDRESS", rig.raised(memory.fill, memory, range[1], 0, range[2]))
      assert.equal("ERR_ADDRESS", rig.raised(memory.view, memory, range[1], range[2]))
    end
    assert.equal("ERR_ADDRESS", rig.raised(memory.write, memory, 0x100f, "ab"))
    assert.equal("\0", memory:read(0x100f, 1))
  end)

  it("raises for regions that are empty, unsorted, overlapping or beyond 2^64", function()
    for _, regions in ipairs {
      { { 0, 0 } }, { { 0x2000, 16 }, { 0x1000, 16 } }, { { 0, 17 }, { 16, 16 } },
      { { FAR, 0x1001 } },
    } do
      assert.equal("ERR_REGION", rig.raised(vsk.memory, { regions = regions }))
    end
  end)

  it("raises for arguments that make no sense", function()
    for _, call in ipairs {
      { nil }, { "1" }, { 1.5 }, { {} }, { { regions = 5 } }, { { regions = { 5 } } },
      { { regions = { { 1 } } } }, { { size = 5 } }, { 16, 5 }, { 16, { fill = 256 } },
      { 16, { fill = -1 } }, { 16, { full = 1 } },
      { { regions = { { 0, 16 } }, fil = 1 } },
    } do
      assert.is_false(pcall(vsk.memory, table.unpack(call, 1, 2)))
    end
  end)

  it("hands out ranges and takes them back", function()
    local memory = vsk.memory(256)
    local one, other = memory:alloc(100), memory:alloc(10, 64)

    assert.equal(0, other % 64)
    assert.is_true(other >= one + 100)
    assert.equal(146, memory:available())
    assert.is_true(memory:free(one, 100))
    assert.is_true(memory:free(other, 10))
    assert.equal(256, memory:available())
  end)

  it("says where it has nothing to hand out", function()
    local memory = vsk.memory(256)

    assert.equal("ERR_POOL", rig.refused(memory:alloc(257)))
    assert.equal("ERR_ARGUMENT", rig.raised(memory.alloc, memory, 1, 3))
    assert.equal("ERR_ARGUMENT", rig.raised(memory.alloc, memory, 0))
    assert.equal("ERR_FREE", rig.raised(memory.free, memory, 0, 16))
  end)

  it("is closed once and for all", function()
    local memory = vsk.memory(64)
    local queue = vsk.queue(vsk.memory(4096), { size = 16 })
    local packet = rig.packet()

    assert.is_false(memory.closed)
    assert.is_true(memory:close())
    assert.is_true(memory:close())
    assert.is_true(memory.closed)
    assert.equal("ERR_CLOSED", rig.raised(memory.read, memory, 0, 1))
    assert.equal("ERR_CLOSED", rig.raised(memory.view, memory, 0, 1))
    assert.equal("ERR_CLOSED", rig.raised(memory.alloc, memory, 1))
    assert.equal("ERR_CLOSED", rig.raised(vsk.queue, memory))
    assert.equal("ERR_CLOSED", rig.raised(memory.save, memory, "nowhere"))
    assert.is_true(queue.memory:close())
    assert.equal("ERR_CLOSED", rig.raised(queue.driver.send, queue.driver, packet))
    assert.equal("ERR_CLOSED", rig.raised(queue.device.pop, queue.device))
    assert.equal("ERR_CLOSED", rig.raised(queue.get_desc, queue, 0))
  end)

  it("is closed at the end of a block", function()
    local kept
    do
      local memory <close> = vsk.memory(64)
      kept = memory
    end

    assert.is_true(kept.closed)
  end)
end)

describe("a view of memory", function()
  it("shows what the memory holds now", function()
    local memory = vsk.memory(64)
    local view = memory:view(8, 8)

    memory:write(8, "abcdefgh")

    assert.equal("abcdefgh", tostring(view))
    assert.equal(8, #view)
    assert.equal(8, view:len())
  end)

  it("counts positions as string does", function()
    local text = "abcdefgh"
    local memory = vsk.memory(8)
    memory:write(0, text)
    local view = memory:view(0, 8)
    local positions = { math.mininteger, -9, -8, -7, -1, 0, 1, 2, 7, 8, 9, math.maxinteger }

    for _, first in ipairs(positions) do
      assert.equal(text:sub(first), view:sub(first))
      for _, last in ipairs(positions) do
        assert.equal(text:sub(first, last), view:sub(first, last))
      end
    end
    assert.equal(("a"):byte(), view:byte())
    assert.equal(("h"):byte(), view:byte(-1))
    assert.is_nil(view:byte(9))
    assert.is_nil(view:byte(0))
    assert.is_nil(view:byte(-9))
  end)

  it("unpacks as string.unpack does", function()
    local text = string.pack("<I8I4I2I2zs1", 0xfedcba9876543210, 1, 2, 3, "word", "more")
    local memory = vsk.memory(#text)
    memory:write(0, text)
    local view = memory:view(0, #text)

    for _, format in ipairs { "<I8", "<I8I4I2I2", "<I8I4I2I2zs1", "", "!8<I1I4", "<i3" } do
      for _, position in ipairs { 1, 2, -#text, 4 } do
        assert.same({ string.unpack(format, text, position) }, { view:unpack(format, position) })
      end
    end
    assert.same({ string.unpack("B", text, -1) }, { view:unpack("B", -1) })
    assert.is_false(pcall(view.unpack, view, "<I8", #text))
    assert.is_false(pcall(view.unpack, view, "nonsense"))
  end)

  it("writes into the memory, and never beside itself", function()
    local memory = vsk.memory(16, { fill = 0xAA })
    local view = memory:view(4, 8)

    view:set(1, "ab")
    view:set(8, "z")
    view:set(9, "")

    assert.equal("\xAAab\xAA", memory:read(3, 4))
    assert.equal("z\xAA", memory:read(11, 2))
    for _, case in ipairs {
      { 8, "zz" }, { 9, "z" }, { 0, "z" }, { -1, "z" }, { math.mininteger, "z" }, { 1, 5 },
    } do
      assert.is_false(pcall(view.set, view, table.unpack(case)))
    end
    assert.equal("\xAA\xAA\xAA\xAA", memory:read(12, 4))
    assert.is_true(view.writable)
  end)

  it("keeps the memory from being closed", function()
    local memory = vsk.memory(64)
    local view = memory:view(0, 8)

    assert.equal("ERR_BUSY", rig.refused(memory:close()))
    assert.is_false(memory.closed)
    view:close()
    view:close()
    assert.is_true(memory:close())
    assert.equal("ERR_CLOSED", rig.raised(view.sub, view, 1))
    assert.equal("ERR_CLOSED", rig.raised(function() return view.writable end))
  end)

  it("lets go of the memory when it is collected, or at the end of a block", function()
    local memory = vsk.memory(64)
    memory:view(0, 8)
    rig.collect()
    do
      local view <close> = memory:view(0, 8)
      assert.equal("ERR_BUSY", rig.refused(memory:close()), view)
    end

    assert.is_true(memory:close())
  end)

  it("is readable after everything else is gone", function()
    local memory = vsk.memory(1 << 16, { fill = 0x42 })
    local view = memory:view(0, 1 << 16)
    memory = nil -- luacheck: ignore 311
    rig.collect()

    assert.equal(("\x42"):rep(1 << 16), tostring(view))
  end)

  it("lies in one region", function()
    local memory = vsk.memory { regions = { { 0, 16 }, { 16, 16 } } }

    assert.equal("ERR_ADDRESS", rig.raised(memory.view, memory, 8, 16))
  end)
end)

describe("an image", function()
  local path
  before_each(function() path = os.tmpname() end)
  after_each(function() os.remove(path) end)

  local function write(bytes)
    local file = assert(io.open(path, "wb"))
    file:write(bytes)
    file:close()
  end

  local function image()
    local regions = { { 0x1000, 0x4000 }, { 0x100000000, 0x1000 } }
    local memory = vsk.memory { regions = regions, fill = 0x11 }
    local queue = vsk.queue(memory, { size = 16 })
    queue.driver:send(rig.packet())
    queue.driver:send(rig.packet { payload = "again" }, { indirect = true })
    assert(memory:save(path))
    local file = assert(io.open(path, "rb"))
    local bytes = file:read "a"
    file:close()
    return bytes, memory
  end

  it("has the same regions and bytes when it is read again", function()
    local _, memory = image()

    local again = assert(vsk.load(path))

    assert.same(memory:regions(), again:regions())
    for _, region in ipairs(memory:regions()) do
      assert.equal(memory:read(region[1], region[2]), again:read(region[1], region[2]))
    end
  end)

  it("has the queue where it was", function()
    image()
    local memory = assert(vsk.load(path))
    local rings = memory:rings()

    local queue = vsk.queue(memory, { ring = rings[1] })

    assert.equal(1, #rings)
    assert.equal(16, rings[1].size)
    assert.equal(queue.ring.desc, rings[1].desc)
    local payloads = {}
    for packet in queue.device:packets() do table.insert(payloads, packet.payload) end
    assert.same({ "hello", "again" }, payloads)
    local back = 0
    for _ in queue.driver:used() do back = back + 1 end
    assert.equal(2, back)
  end)

  it("hands out nothing that its rings use", function()
    image()
    local memory = assert(vsk.load(path))
    local queue = vsk.queue(memory, { ring = memory:rings()[1] })

    while true do
      local addr = memory:alloc(16)
      if not addr then break end
      memory:fill(addr, 0xFF, 16)
    end

    for packet, message in queue.device:packets() do assert(packet, message) end
  end)

  for _, name in ipairs(rig.format_names) do
    it("brings a ring that is " .. name .. ", in every place of it", function()
      local form = rig.formats[name]
      for laps = 0, 9 do
        rig.use(name)
        local queue, memory = rig.queue { size = 4 }
        rig.use "split"
        for _ = 1, laps do
          queue.driver:send(rig.packet())
          for packet in queue.device:packets() do assert(packet) end
          assert(queue.driver:reap())
        end
        queue.driver:send(rig.packet(), { layout = { 49 } })
        queue.driver:send(rig.packet { payload = "again" }, { layout = { 10, 34, 5 } })
        local chain = queue.device:pop()
        queue.device:push(chain, 0)
        if form.in_order then
          assert.equal("ERR_BUSY", rig.refused(memory:save(path)))
          assert(queue.driver:reap())
        end
        assert(memory:save(path))

        local again = assert(vsk.load(path))
        local same = vsk.queue(again, { ring = again:rings()[1] })
        while true do
          local addr = again:alloc(16)
          if not addr then break end
          again:fill(addr, 0xFF, 16)
        end

        assert.equal(form.packed or false, same.packed)
        assert.equal(queue.driver.outstanding, same.driver.outstanding)
        assert.equal(queue.driver.free, same.driver.free)
        local payloads, back = {}, 0
        for packet in same.device:packets() do table.insert(payloads, packet.payload) end
        for _ in same.driver:used() do back = back + 1 end
        assert.same({ "again" }, payloads)
        assert.equal(form.in_order and 1 or 2, back)
        assert.equal(4, same.driver.free)
      end
    end)
  end

  it("is refused where a packed ring has what was given and not published", function()
    rig.use "packed"
    local queue, memory = rig.queue()
    rig.use "split"
    write "as it was"
    queue.driver:send(rig.packet())
    queue.device:give(queue.device:pop(), 0)

    assert.equal("ERR_BUSY", rig.refused(memory:save(path)))
    local file = assert(io.open(path, "rb"))
    assert.equal("as it was", file:read "a")
    file:close()
    queue.device:publish()
    assert.is_true(memory:save(path))
  end)

  it("keeps an indirect table at address 0 too", function()
    local memory = vsk.memory(1 << 16)
    local first = memory:alloc(4096)
    local queue = vsk.queue(memory, { size = 16 })
    memory:free(first, 4096)
    queue.driver:send(rig.packet(), { indirect = true })
    assert.truthy(tostring(queue.device:pop()):find "table 0x0", 1, true)
    assert(memory:save(path))
    local again = assert(vsk.load(path))
    queue = vsk.queue(again, { ring = again:rings()[1] })

    local addr = again:alloc(16)
    while addr do
      again:fill(addr, 0xFF, 16)
      addr = again:alloc(16)
    end

    for packet, message in queue.device:packets() do assert(packet, message) end
  end)

  it("has a ring that is open only once", function()
    image()
    local memory = assert(vsk.load(path))
    local ring = memory:rings()[1]
    local queue = vsk.queue(memory, { ring = ring })

    assert.equal("ERR_BUSY", rig.refused(vsk.queue(memory, { ring = ring })))
    assert.equal("ERR_ARGUMENT", rig.raised(vsk.queue, vsk.memory(4096), { ring = ring }))
    assert.is_false(pcall(vsk.queue, memory, { ring = ring, size = 16 }))
    assert.is_false(pcall(vsk.queue, memory, { ring = queue }))
  end)

  it("is refused where it is cut short, at every length", function()
    local bytes = image()

    for size = 0, 400 do
      write(bytes:sub(1, size))
      assert.equal("ERR_IMAGE", rig.refused(vsk.load(path)))
    end
    write(bytes:sub(1, -2))
    assert.equal("ERR_IMAGE", rig.refused(vsk.load(path)))
  end)

  it("is refused where something is behind it", function()
    write(image() .. "x")

    assert.equal("ERR_IMAGE", rig.refused(vsk.load(path)))
  end)

  it("is refused where its front lies", function()
    local bytes = image()
    local regions = bytes:sub(17, 48)
    local front, behind = bytes:sub(1, 16), bytes:sub(49)

    for _, lie in ipairs {
      "VSKIMG02" .. bytes:sub(9), -- another format
      bytes:sub(1, 8) .. ("\xFF"):rep(8) .. bytes:sub(17), -- 2^32 - 1 regions and rings
      front .. string.pack("<I8I8", 0, -1) .. regions:sub(17) .. behind, -- 2^64 - 1 bytes
      front .. regions:sub(17) .. regions:sub(1, 16) .. behind, -- not sorted
    } do
      write(lie)
      assert.equal("ERR_IMAGE", rig.refused(vsk.load(path)))
    end
  end)

  it("is refused where its rings are wrong", function()
    local bytes = image()
    local front, ring, behind = bytes:sub(1, 48), bytes:sub(49, 96), bytes:sub(97)

    for _, lie in ipairs {
      string.pack("<I8", 1) .. ring:sub(9), -- not aligned
      string.pack("<I8", 0x900000) .. ring:sub(9), -- no memory there
      ring:sub(1, 32) .. string.pack("<I4", 3) .. ring:sub(37), -- no power of two
      ring:sub(1, 32) .. string.pack("<I4", -1 & 0xffffffff) .. ring:sub(37),
    } do
      write(front .. lie .. behind)
      assert.equal("ERR_IMAGE", rig.refused(vsk.load(path)))
    end
  end)

  it("says what the system says of files that cannot be opened", function()
    local memory, message, number = vsk.load "/nowhere/at/all"
    assert.is_nil(memory)
    assert.truthy(message:find "/nowhere/at/all")
    assert.equal("integer", math.type(number))

    local done, why = vsk.memory(16):save "/nowhere/at/all"
    assert.is_nil(done)
    assert.truthy(why:find "/nowhere/at/all")
  end)

  it("is refused where it is no file", function()
    local memory, message = vsk.load "/tmp"

    assert.is_nil(memory)
    assert.equal("string", type(message))
  end)
end)
