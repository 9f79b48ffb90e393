-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
local rig = require "tests.lua.rig"
local vsk = require "vsk"

--- A lab whose device accepts on port 1234 and sends back what comes.
local function echo(options)
  options = options or {}
  options.on_request = options.on_request or function(conn)
    if conn.local_port == 1234 then conn:accept() end
  end
  options.on_data = options.on_data or function(conn, data) assert(conn:send(data)) end
  return assert(vsk.lab(options))
end

--- The same, and a connection of its guest to it.
local function connected(options, type)
  local lab = echo(options)
  return assert(lab.guest:connect(2, 1234, type)), lab
end

--- The device's end of the only connection.
local function other(lab)
  return lab.device.connections[1]
end

describe("a lab", function()
  local BITS = { packed = vsk.feature.RING_PACKED, in_order = vsk.feature.IN_ORDER }
  local OFFERED = vsk.feature.STREAM | vsk.feature.SEQPACKET | vsk.feature.NO_IMPLIED_STREAM |
    vsk.feature.INDIRECT_DESC | vsk.feature.EVENT_IDX | vsk.feature.VERSION_1

  for _, name in ipairs(rig.format_names) do
    local form = rig.formats[name]
    local features = OFFERED
    for option in pairs(form) do features = features | BITS[option] end

    it("has the rings that were agreed, " .. name, function()
      local guest = { queue_size = form.packed and 5 or 4, rx_buffers = 2 }
      local conn, lab = connected { features = features, guests = { vsk.guest(guest) } }
      local data = ("0123456789abcdef"):rep(4096)
      assert.equal(data, conn:exchange(data))

      for _, ring in ipairs(lab.guest.rings) do
        assert.equal(guest.queue_size, ring.size)
        for option, bit in pairs(BITS) do
          assert.equal(form[option] or false, ring.features & bit ~= 0)
        end
      end
      local queue = vsk.queue(lab.guest.memory, { ring = lab.guest.rings[2] })
      assert.equal(form.packed or false, queue.packed)
      assert.equal(form.packed or false, queue:fields()["desc.id"] ~= nil)
    end)

    it("goes back to the middle of a ring, " .. name, function()
      local guest = vsk.guest { queue_size = 8 }
      local lab = vsk.lab { features = features, hold = 0.001, guests = { guest } }
      local listener = lab.guest:listen(9)
      local near = lab.device:open_connection(9)
      local far = listener:accept()
      local data = ("0123456789abcdef"):rep(2000)
      near:send(data)
      for _ = 1, 37 do lab:step() end
      local before = lab:snapshot()

      for _ = 1, 3 do
        near:send "end"
        assert.equal(data .. "end", far:receive_exactly(#data + 3))
        lab:rewind(before)
      end
    end)
  end

  it("tells once of a list without an end", function()
    local codes = {}
    local _, lab = connected {
      features = OFFERED | BITS.packed,
      on_error = function(_, _, code) table.insert(codes, code) end,
    }
    local queue = vsk.queue(lab.guest.memory, { ring = lab.guest.rings[2] })
    local slot = 0
    while queue:get("desc.flags", slot) & 0x8080 ~= 0 do slot = slot + 1 end

    queue:set("desc.flags", 0x81, slot)
    lab.guest:kick(1)
    local steps = 0
    while lab:step() and steps < 100 do steps = steps + 1 end

    assert.same({ "BAD_LIST" }, codes)
    assert.is_true(steps < 100)
  end)
end)

describe("a connection", function()
  it("sends and receives what is there, so many bytes, or exactly so many", function()
    local conn = connected()

    assert.is_true(conn:send "hello world")
    assert.equal("he", conn:receive(2))
    assert.equal("llo w", conn:receive_exactly(5))
    assert.equal("orld", conn:receive())
    assert.equal("", conn:receive_exactly(0))
    assert.equal(11, conn.tx_bytes)
    assert.equal(11, conn.rx_bytes)
    assert.equal(1, conn.rx_packets)
  end)

  it("sends all while reading it back, more than any buffer has room for", function()
    local conn = connected()
    local big = ("0123456789abcdef"):rep(1 << 16)

    assert.equal(big, conn:exchange(big))
  end)

  it("keeps messages apart", function()
    local conn = connected(nil, "SEQPACKET")

    conn:send "one"
    conn:send("two", { eor = true })

    assert.equal("SEQPACKET", conn.type)
    assert.equal("one", conn:receive(1))
    assert.equal("two", conn:receive())
  end)

  it("sets EOR where it is asked for", function()
    local conn, lab = connected(nil, "SEQPACKET")
    conn:send("two", { eor = true })
    assert(conn:receive())

    local flags = {}
    for packet in lab.trace:packets() do
      if packet.op == "RW" then table.insert(flags, packet.flags) end
    end
    assert.same({ vsk.seq.EOM | vsk.seq.EOR, vsk.seq.EOM }, flags)
  end)

  it("sends empty messages only where that is allowed", function()
    local conn = connected(nil, "SEQPACKET")
    assert.equal("ERR_ARGUMENT", rig.raised(conn.send, conn, ""))

    conn = connected({ empty_messages = true, guests = { vsk.guest { empty_messages = true } } },
      "SEQPACKET")
    assert.is_true(conn:send "")
    assert.equal("", conn:receive())
  end)

  it("ends with EOF, and reads up to it", function()
    local conn = connected()
    conn:send "hello"
    assert.is_true(conn:shutdown { send = true })

    assert.equal("hello", conn:receive_all())
    assert.equal("EOF", rig.refused(conn:receive()))
    assert.equal("", conn:receive_all())
    local none, message, code = conn:receive_exactly(3)
    assert.same({ nil, "EOF" }, { none, code })
    assert.truthy(message:find "3 bytes short")
  end)

  it("gives lines, and at the end what is behind the last one", function()
    local conn, lab = connected()
    conn:send "one\ntw"
    lab:run()
    conn:send "o\n\nthree"
    conn:shutdown { send = true }

    local lines = {}
    for line in conn:lines() do table.insert(lines, line) end
    assert.same({ "one", "two", "", "three" }, lines)
    assert.equal("EOF", rig.refused(conn:lines()()))
    local messages = connected(nil, "SEQPACKET")
    assert.truthy(rig.raised(messages.lines, messages):find "messages have none")
  end)

  it("misses nothing of a line when time ran out in the middle of it", function()
    local conn, lab = connected()
    conn:send "one\ntw"
    local lines = conn:lines()
    assert.equal("one", lines())
    assert.equal("TIMEOUT", rig.refused(lines()))
    conn:send "o\n"
    lab:run()

    assert.equal("two", lines())
  end)

  it("copies a long line no more than a few times", function()
    local conn = connected()
    conn:send(("x"):rep(1 << 20) .. "\n")
    local line = conn:lines()
    collectgarbage()
    collectgarbage "stop"
    local before = collectgarbage "count"
    local found = line()
    local taken = collectgarbage "count" - before
    collectgarbage "restart"

    assert.equal(1 << 20, #found)
    assert.is_true(taken < 16 * 1024, taken)
  end)

  it("ends its lines with a reset, and says so", function()
    local conn, lab = connected()
    conn:send "one\ntwo"
    lab:run()
    local lines = conn:lines()
    assert.equal("one", lines())
    other(lab):reset()

    assert.equal("RESET", rig.refused(lines()))
  end)

  it("is reset, and says so from then on", function()
    local conn, lab = connected()
    local theirs = other(lab)
    assert.is_true(theirs:reset())

    assert.equal("RESET", rig.refused(conn:receive()))
    assert.equal("RESET", rig.refused(conn:receive_exactly(1)))
    assert.equal("RESET", rig.refused(conn:receive_all()))
    assert.equal("RESET", rig.refused(conn:send "x"))
    assert.equal("RESET", rig.refused(conn:exchange "x"))
    assert.same({ "CLOSED", "RESET" }, { conn.state, conn.reason })
    assert.is_true(conn:reset())
    assert.is_true(conn:close())
  end)

  it("sends nothing after its end", function()
    local conn, lab = connected()
    conn:close()
    assert.equal("PIPE", rig.refused(conn:send "x"))
    lab:run()
    assert.equal("PIPE", rig.refused(conn:shutdown { send = true }))

    conn = connected()
    conn:shutdown { send = true }
    assert.equal("PIPE", rig.refused(conn:send "x"))
    assert.equal("PIPE", rig.refused(conn:exchange "x"))
  end)

  it("closes without the rest where its queue does not move for so long", function()
    local conn, lab = connected { guests = { vsk.guest { close_timeout = 0.5 } } }
    local theirs = other(lab)
    theirs:pause()
    conn:send(("x"):rep(1 << 20))
    conn:close()
    assert.is_true(conn.queued > 0)

    assert(lab:run())

    assert.equal(0.5, lab.now)
    assert.same({ "TIMEOUT", 0 }, { conn.reason, conn.queued })
    assert.equal("RESET", theirs.reason)
    assert.equal("TIMEOUT", rig.refused(conn:receive()))
  end)

  it("closes when all is sent where its queue moves, however long that takes", function()
    local received = 0
    local conn, lab
    conn, lab = connected { on_data = function(theirs, data)
      received = received + #data
      theirs:pause()
      lab.device:after(5, function() theirs:resume() end)
    end, buf_alloc = 1 << 16 }
    conn:send(("x"):rep(1 << 18))
    conn:close()

    assert(lab:run())

    assert.is_true(lab.now > 8)
    assert.same({ "CLOSED", 1 << 18 }, { conn.reason, received })
  end)

  it("has no deadline for what is queued before a half-close", function()
    local conn, lab = connected()
    other(lab):pause()
    conn:send(("x"):rep(1 << 20))
    conn:shutdown { send = true }

    assert(lab:run(nil, 60))

    assert.equal("ESTABLISHED", conn.state)
    assert.is_true(conn.queued > 0)
  end)

  it("waits in vain where nothing will ever come", function()
    local conn, lab = connected()

    local none, message, code = conn:receive()

    assert.same({ nil, "TIMEOUT" }, { none, code })
    assert.truthy(message:find "^bytes for Conn 3:%d+ %- 2:1234 STREAM ESTABLISHED: nothing will")
    assert.is_nil((lab.guest:listen(1):accept()))
  end)

  it("says who is connected, and where it stands", function()
    local conn, lab = connected { cid = 77 }
    local theirs = other(lab)

    assert.same({ 77, 2, 1234 }, { conn.local_cid, conn.peer_cid, conn.peer_port })
    assert.same({ 2, 1234, 77, conn.local_port },
      { theirs.local_cid, theirs.local_port, theirs.peer_cid, theirs.peer_port })
    assert.same({ "STREAM", "ESTABLISHED", "NONE" }, { conn.type, conn.state, conn.reason })
    assert.same({ 262144, 262144, 262144, 0, 0 },
      { conn.buf_alloc, conn.peer_buf_alloc, conn.credit, conn.queued, conn.unread })
    conn:reset()
    lab:run()
    assert.truthy(tostring(conn):find "^Conn 77:%d+ %- 2:1234 STREAM CLOSED LOCAL$")
  end)

  it("tells the peer of another buffer", function()
    local conn, lab = connected()

    conn.buf_alloc = 1000
    lab:run()

    assert.equal(1000, other(lab).peer_buf_alloc)
  end)

  it("can be paused, and goes on", function()
    local seen = {}
    local conn, lab = connected { on_data = function(_, data) table.insert(seen, data) end }
    local theirs = other(lab)
    assert.is_true(theirs:pause())
    conn:send "hello"
    lab:run()
    assert.same({}, seen)

    assert.is_true(theirs:resume())
    lab:run()
    assert.same({ "hello" }, seen)
  end)

  it("keeps what is the user's, and nothing else", function()
    local conn = connected()
    conn.data, conn.colour = { 1 }, "red"

    assert.same({ 1 }, conn.data)
    assert.equal("red", conn.colour)
    assert.is_nil(conn.nonsense)
    for _, name in ipairs { "state", "local_cid", "send" } do
      assert.truthy(rig.raised(function() conn[name] = 1 end):find(name .. " is read%-only"))
    end
    assert.is_false(getmetatable(conn))
  end)

  it("refuses what it is given wrong", function()
    local conn = connected()

    for _, call in ipairs {
      { conn.send }, { conn.send, conn }, { conn.send, conn, 5 }, { conn.send, conn, {} },
      { conn.send, conn, "x", 5 }, { conn.send, conn, "x", { eor = 1 } },
      { conn.send, conn, "x", { oer = true } }, { conn.shutdown, conn, { send = 1 } },
      { conn.shutdown, conn, { sent = true } }, { conn.shutdown, conn, 3 },
      { conn.receive, conn, 0 }, { conn.receive, conn, -1 }, { conn.receive, conn, 1.5 },
      { conn.receive, conn, "1" }, { conn.receive_exactly, conn }, { conn.exchange, conn },
      { conn.receive_exactly, conn, -1 },
      { function() conn.buf_alloc = "x" end }, { function() conn.buf_alloc = -1 end },
    } do
      assert.is_false((pcall(table.unpack(call))))
    end
    conn:send "x"
    assert.equal("x", conn:receive(1.0))
  end)

  it("refuses a message that is longer than the peer's whole buffer", function()
    local conn = connected({ buf_alloc = 100 }, "SEQPACKET")

    assert.equal("ERR_MESSAGE", rig.raised(conn.send, conn, ("x"):rep(101)))
    assert.is_true(conn:send(("x"):rep(100)))
  end)

  it("refuses an answer to a REQUEST that there is not", function()
    local conn = connected()

    assert.equal("ERR_STATE", rig.raised(conn.accept, conn))
    assert.equal("ERR_STATE", rig.raised(conn.defer, conn))
  end)
end)

describe("a connection's object", function()
  it("is the same each time, and its data lives as long as the connection", function()
    local seen = {}
    local conn, lab = connected {
      on_request = function(conn) conn.data = { conn.peer_port } conn:accept() end,
      on_data = function(conn, data) table.insert(seen, { conn, data, conn.data[1] }) end,
    }
    for _, piece in ipairs { "one", "two" } do
      rig.collect()
      conn:send(piece)
      lab:run()
    end

    assert.is_true(rawequal(seen[1][1], seen[2][1]))
    assert.is_true(rawequal(seen[1][1], other(lab)))
    assert.same({ "one", conn.local_port, "two", conn.local_port },
      { seen[1][2], seen[1][3], seen[2][2], seen[2][3] })
  end)

  it("leaves the wire alone when it is collected", function()
    local conn, lab = connected()
    conn:send "hello"
    conn = nil -- luacheck: ignore 311
    local before = #lab.trace
    rig.collect()
    rig.collect()
    assert.equal(before, #lab.trace)

    lab:run()

    assert.equal("ESTABLISHED", other(lab).state)
    for packet in lab.trace:packets() do assert.not_equal("RST", packet.op) end
  end)

  it("may be named anew while the old one waits to be collected", function()
    local _, lab = connected()
    for _ = 1, 200 do
      local conn = other(lab)
      collectgarbage "step"
      assert.equal("ESTABLISHED", conn.state)
      conn = lab.guest.connections[1]
      assert.equal("ESTABLISHED", conn.state)
    end
  end)

  it("goes when its connection is over, without a warning", function()
    local clean, text = rig.child [[
      warn "@on"
      local vsk = require "vsk"
      local seen = setmetatable({}, { __mode = "k" })
      local lab = vsk.lab {
        on_request = function(conn) seen[conn] = true conn:accept() end,
      }
      for _ = 1, 20 do lab.guest:connect(2, 1):close() end
      lab:run()
      collectgarbage() collectgarbage()
      assert(next(seen) == nil)
      print "alive"
    ]]
    assert.equal("alive\n", text)
    assert.is_true(clean)
  end)

  it("outlives its connection, its lab and the lab's end", function()
    local conn = connected()
    conn:close()
    rig.collect()

    assert.equal("ESTABLISHED", (conn.state:gsub("CLOSING", "ESTABLISHED")))
    assert.equal("EOF", rig.refused(conn:receive()))
  end)
end)

describe("a device", function()
  it("hears of everything, and itself last", function()
    local heard = {}
    local function hook(name)
      return function(...)
        local last = select(select("#", ...), ...)
        table.insert(heard, name)
        heard.device = heard.device == nil and last or rawequal(last, heard.device) and last
      end
    end
    local options = {}
    for _, name in ipairs { "on_packet", "on_connect", "on_data", "on_close" } do
      options[name] = hook(name)
    end
    options.on_request = function(conn, device)
      hook "on_request"(conn, device)
      conn:accept()
    end
    options.on_eof = function(conn, device)
      hook "on_eof"(conn, device)
      conn:close()
    end
    local lab = vsk.lab(options)
    local conn = assert(lab.guest:connect(2, 1))
    conn:send "x"
    conn:close()
    lab:run()

    assert.same({ "on_packet", "on_request", "on_packet", "on_data", "on_packet", "on_eof",
      "on_close", device = lab.device }, heard)
  end)

  it("closes at the end of file where no hook says otherwise", function()
    local conn, lab = connected { on_eof = function() end }
    conn:shutdown { send = true }
    assert.equal("TIMEOUT", rig.refused(conn:receive()))
    assert.equal(1, #lab.device.connections)

    conn, lab = connected()
    conn:shutdown { send = true }
    assert.equal("EOF", rig.refused(conn:receive()))
    lab:run()
    assert.equal(0, #lab.device.connections)
  end)

  it("connects, and its hooks hear of it; bytes may be sent at once", function()
    local heard = {}
    local lab = vsk.lab {
      on_connect = function(conn) table.insert(heard, conn.peer_port) end,
      on_data = function(conn, data) conn:send(data:upper()) end,
      on_close = function(conn) table.insert(heard, conn.reason) end,
    }
    local listener <close> = lab.guest:listen(4000)
    lab.device:connect(4000, "STREAM", { local_port = 99 }):send "hello"
    lab.device:connect(4001)
    local conn = assert(listener:accept())

    assert.equal("hello", conn:receive())
    assert.equal(99, conn.peer_port)
    conn:send "back"
    assert.equal("BACK", conn:receive())
    table.sort(heard, function(a, b) return tostring(a) < tostring(b) end)
    assert.same({ 4000, "REFUSED" }, heard)
  end)

  it("opens connections to receive from", function()
    local lab = vsk.lab()
    local listener = lab.guest:listen(4000)
    local mine = assert(lab.device:open_connection(4000, "SEQPACKET"))
    local theirs = assert(listener:accept())
    theirs:send "hello"

    assert.equal("hello", mine:receive())
    local none, message, code = lab.device:open_connection(4001)
    assert.same({ nil, "RESET" }, { none, code })
    assert.truthy(message:find "3:4001")
  end)

  it("reaches each of several guests", function()
    local lab = vsk.lab { guests = 2, cid = 10 }
    assert.same({ 10, 11, 10 }, { lab.guests[1].cid, lab.guests[2].cid, lab.device.cid })
    local listener = lab.guests[2]:listen(4000)

    assert(lab.device:open_connection(4000, "STREAM", { cid = 11 }))

    assert.equal(11, assert(listener:accept()).local_cid)
    assert.equal("RESET", rig.refused(lab.device:open_connection(4000, "STREAM", { cid = 10 })))
    assert.truthy(rig.raised(lab.device.connect, lab.device, 1, "STREAM", { cid = 12 })
      :find "no guest has 12")
  end)

  it("defers, and answers later by its timers", function()
    local lab = vsk.lab {
      on_request = function(conn, device)
        conn:defer()
        local way = conn.local_port == 80 and "accept" or "reset"
        device:after(0.5, function(same)
          assert(rawequal(same, device))
          conn[way](conn)
        end)
      end,
    }
    assert(lab.guest:connect(2, 80))
    assert.is_true(lab.now >= 0.5 and lab.now < 0.6)
    assert.equal("RESET", rig.refused(lab.guest:connect(2, 81)))
  end)

  it("cancels timers", function()
    local lab, rang = vsk.lab(), {}
    local timer = lab.device:after(1, function() table.insert(rang, 1) end)
    lab.device:after(2, function() table.insert(rang, 2) end)

    assert.is_true(lab.device:cancel(timer))
    assert.is_false(lab.device:cancel(timer))
    lab:run()

    assert.same({ 2 }, rang)
    assert.is_false(lab.device:cancel(timer + 1))
    assert.is_true(lab.now >= 2)
  end)

  it("gives up after its timeouts, which are seconds", function()
    local guest = vsk.guest { on_packet = function() return false end }
    local lab = vsk.lab { connect_timeout = 0.25, guests = { guest } }

    assert.equal("TIMEOUT", rig.refused(lab.device:open_connection(1)))
    assert.equal(0.25, lab.now)
  end)

  it("rounds seconds to nanoseconds, halves to even", function()
    for seconds, nanoseconds in pairs { [1.4e-9] = 1, [1.5e-9] = 2, [2.5e-9] = 2, [2.6e-9] = 3 } do
      local lab, at = vsk.lab(), nil
      lab.device:after(seconds, function() at = lab.now end)
      lab:run()
      assert.equal(nanoseconds / 1e9, at)
    end
  end)

  it("swallows packets, and takes others in their place", function()
    local seen = {}
    local conn, lab = connected {
      on_packet = function(packet)
        if packet.payload == "drop" then return false end
        if packet.payload == "swap" then
          local changed = packet:copy()
          changed.payload = "SWAP"
          return changed
        end
      end,
      on_data = function(_, data) table.insert(seen, data) end,
    }
    for _, word in ipairs { "keep", "drop", "swap" } do
      conn:send(word)
      lab:run()
    end

    assert.same({ "keep", "SWAP" }, seen)
  end)

  it("may get hooks later", function()
    local conn, lab = connected()
    local seen = {}
    lab.device.on_packet = function(packet) table.insert(seen, packet.op) end
    lab.device.on_data = function(_, data) table.insert(seen, data) end
    conn:send "hello"
    lab:run()

    assert.same({ "RW", "hello" }, { seen[1], seen[2] })
  end)

  it("blames the peer for a flood of empty messages, not itself", function()
    local heard = {}
    local lab = vsk.lab {
      on_request = function(conn) conn:accept(); conn:pause() end,
      on_error = function(_, _, code) table.insert(heard, code) end,
      on_close = function(conn) table.insert(heard, conn.reason) end,
      guests = { vsk.guest { empty_messages = true } },
    }
    local conn = assert(lab.guest:connect(2, 1234, "SEQPACKET"))
    local theirs = other(lab)

    for _ = 1, 1100 do
      conn:send ""
      lab:run(nil, 0)
    end
    theirs:resume()
    lab:run()

    assert.same({ "BAD_FLOOD", "PROTOCOL" }, heard)
    assert.equal("RESET", conn.reason)
  end)

  it("hears of protocol errors, with their code", function()
    rig.lawless("the guest sends by hand", 3)
    local errors = {}
    local conn, lab = connected {
      on_error = function(conn, message, code, device)
        table.insert(errors, { conn and conn.peer_port or "none", message, code, device })
      end,
    }
    lab.guest:offer(1, 60000)
    lab:run(function() return #errors == 1 end)
    local port = conn.local_port
    lab.guest:tx { op = "RW", src_port = port, dst = { 2, 1234 }, fwd_cnt = 99999 }
    lab:run(function() return #errors == 2 end)

    assert.same({ "none", "BAD_HEAD" }, { errors[1][1], errors[1][3] })
    assert.same({ port, "BAD_FWD_CNT" }, { errors[2][1], errors[2][3] })
    assert.truthy(errors[2][2]:find "VSOCK%-")
    assert.is_true(rawequal(lab.device, errors[2][4]))
    assert.equal(2, lab.device.counters.errors)
  end)

  it("resets its transport: connections are gone", function()
    local conn, lab = connected()

    assert.is_true(lab.device:reset_transport())
    lab:run()

    assert.equal("RESET", rig.refused(conn:receive()))
    assert.equal("TRANSPORT", conn.reason)
    assert.equal(0, #lab.device.connections)
  end)

  it("counts, and knows what was agreed on", function()
    local conn, lab = connected { features = vsk.feature.STREAM | vsk.feature.VERSION_1 }
    conn:exchange "hello"

    assert.same({ 5, 5, 0 }, { lab.device.counters.rx_bytes, lab.device.counters.tx_bytes,
      lab.device.counters.errors })
    assert.same({ "STREAM", "VERSION_1" }, lab.device.features)
    assert.same(lab.device.features, lab.guest.features)
    assert.equal("ERR_TYPE", rig.raised(lab.guest.connect, lab.guest, 2, 1234, "SEQPACKET"))
  end)

  it("is made first, and given to one lab", function()
    local device = vsk.device { cid = 9, on_request = function(conn) conn:accept() end }
    device.state = "mine"
    assert.equal("ERR_STATE", rig.raised(device.connect, device, 1))
    assert.equal("ERR_STATE", rig.raised(function() return device.connections end))
    local lab = vsk.lab { device = device }

    assert.is_true(rawequal(device, lab.device))
    assert(lab.guest:connect(2, 1))
    assert.equal("mine", lab.device.state)
    assert.equal("ERR_BUSY", rig.raised(vsk.lab, { device = device }))
    assert.equal("ERR_BUSY", rig.raised(vsk.lab, { guests = { lab.guest } }))
    local guest = vsk.guest()
    assert.equal("ERR_BUSY", rig.raised(vsk.lab, { guests = { guest, guest } }))
  end)
end)

describe("an error of a hook", function()
  it("leaves the call that drove the lab, with its traceback; the lab goes on", function()
    local calls = 0
    local conn = connected {
      on_data = function(conn, data)
        calls = calls + 1
        if calls == 1 then error "of the model" end
        conn:send(data)
      end,
    }
    conn:send "one"

    local done, trace = xpcall(conn.receive, debug.traceback, conn)

    assert.is_false(done)
    assert.truthy(trace:find "080_lab_spec.lua:%d+: of the model")
    assert.truthy(trace:find "in field 'on_data'" or trace:find "080_lab_spec.lua:%d+: in ")
    conn:send "two"
    assert.equal("two", conn:receive())
  end)

  it("may be any value, and come from a timer", function()
    local lab = vsk.lab()
    local thing = {}
    lab.device:after(1, function() error(thing) end)

    assert.same({ false, thing }, { pcall(lab.run, lab) })
    assert.is_true(lab:run())
  end)

  it("is what calls that drive make there", function()
    local conn, lab
    local codes = {}
    local calls = {
      step = function() lab:step() end, step_to = function() lab:step "kick" end,
      back = function() lab:back() end, run = function() lab:run() end,
      receive = function(theirs) theirs:receive() end,
      receive_exactly = function(theirs) theirs:receive_exactly(1) end,
      receive_all = function(theirs) theirs:receive_all() end,
      exchange = function(theirs) theirs:exchange "x" end,
      connect = function() lab.guest:connect(2, 1) end,
      open_connection = function() lab.device:open_connection(1) end,
      accept = function() lab.guest:listen(7):accept() end,
      expect = function() lab.guest:expect { op = "RST" } end,
      expect_none = function() lab.guest:expect_none { op = "RST" } end,
      snapshot = function() lab:snapshot() end,
      rewind = function() lab:rewind(lab.device.before) end,
    }
    conn, lab = connected {
      on_data = function(theirs)
        for name, call in pairs(calls) do codes[name] = rig.raised(call, theirs) end
      end,
    }
    lab.device.before = lab:snapshot()
    conn:send "x"
    lab:run()

    for name in pairs(calls) do assert.equal("ERR_HOOK", codes[name], name) end
    assert.equal(1, #lab.guest.connections)
    assert.equal(1, #lab.device.connections)
  end)
end)

describe("a guest", function()
  it("is refused, or hears nothing", function()
    local lab = echo()
    local none, message, code = lab.guest:connect(2, 9999)
    assert.same({ nil, "RESET" }, { none, code })
    assert.truthy(message:find "2:9999")

    lab = vsk.lab { on_packet = function() return false end }
    assert.equal("TIMEOUT", rig.refused(lab.guest:connect(2, 1)))
    assert.is_true(lab.now >= 2)
  end)

  it("has hooks of its own for connections that ask for them", function()
    local seen
    local guest = vsk.guest {
      on_data = function(conn, data, itself) seen = { conn.peer_port, data, itself } end,
    }
    local lab = echo { guests = { guest } }
    local conn = assert(guest:connect(2, 1234, "STREAM", { hooks = true, local_port = 77 }))
    conn:send "hello"
    lab:run()

    assert.same({ 1234, "hello", guest }, seen)
    assert.equal(77, conn.local_port)
    assert.equal(1, #guest.connections)
  end)

  it("refuses connections that nobody has room for, or asked for", function()
    local lab = vsk.lab()
    local listener = assert(lab.guest:listen(4000, 1))
    assert.equal(4000, listener.port)
    assert.equal("ERR_BUSY", rig.refused(lab.guest:listen(4000)))
    assert(lab.device:open_connection(4000))
    assert.equal("RESET", rig.refused(lab.device:open_connection(4000)))
    assert(listener:accept())
    local waiting = assert(lab.device:open_connection(4000))

    assert.is_true(listener:close())
    assert.is_true(listener:close())

    assert.equal("RESET", rig.refused(waiting:receive()))
    assert.equal("ERR_CLOSED", rig.raised(listener.accept, listener))
    do local again <close> = assert(lab.guest:listen(4000)) end -- luacheck: ignore 211
    assert.equal("RESET", rig.refused(lab.device:open_connection(4000)))
  end)

  it("sends anything, cut anywhere, and says what must come back", function()
    rig.lawless("the guest sends by hand", 3)
    local lab = echo()
    local sent = lab.guest:tx {
      op = "RW", src_port = 5555, dst = { 2, 1234 }, payload = "nobody asked",
      layout = { 44, 1, 11 },
    }
    assert.equal(3, sent.src_cid)
    assert.truthy(tostring(lab.trace):find "44%+1%+11" or #lab.trace > 0)

    local packet = assert(lab.guest:expect { op = "RST", dst_port = 5555, within = 0.1 })
    assert.same({ 2, 1234 }, packet.src)
    assert.is_true(lab.guest:expect_none { within = 1.0 })
    assert.is_true(lab.now >= 1)
  end)

  it("takes the packet that fits first, and leaves the others", function()
    rig.lawless("the guest sends by hand", 3)
    local lab = vsk.lab()
    for port = 1, 3 do
      lab.guest:tx(vsk.packet { op = "RW", src = { 3, port }, dst = { 2, 9 } }, { indirect = true })
    end
    local guest = lab.guest

    assert(guest:expect { src = { 2, 9 }, dst = { 3, 2 }, type = "STREAM", within = 0.1 })
    assert(guest:expect { op = vsk.op.RST, len = 0, payload = "", dst_port = 1.0 })
    assert(guest:expect {})
    assert.is_true(guest:expect_none {})
  end)

  it("shows what came instead, field by field", function()
    rig.lawless("the guest sends by hand", 3)
    local lab = vsk.lab()
    lab.guest:tx { op = "RW", src_port = 5, dst = { 2, 9 } }

    local none, message, code = lab.guest:expect { op = "RESPONSE", dst = { 3, 6 }, within = 0.1 }

    assert.same({ nil, "EXPECT" }, { none, code })
    assert.equal("no packet with dst=3:6, op=RESPONSE within 0.1 s; what came:\n"
      .. "  2:9 > 3:5 STREAM RST len=0 buf_alloc=0 fwd_cnt=0\n"
      .. "    dst is 3:5, not 3:6; op is RST, not RESPONSE", message)
    message = select(2, vsk.lab().guest:expect { op = "RST" })
    assert.equal("no packet with op=RST within 0 s; what came:\n  nothing", message)
    none, message, code = lab.guest:expect_none { op = "RST" }
    assert.same({ nil, "EXPECT" }, { none, code })
    assert.equal("a packet came that should not:\n"
      .. "  2:9 > 3:5 STREAM RST len=0 buf_alloc=0 fwd_cnt=0", message)
  end)

  it("shows payload as a string of Lua", function()
    rig.lawless("the guest sends by hand", 3)
    local lab = vsk.lab()
    lab.guest:tx { op = "RW", src_port = 5, dst = { 2, 9 } }
    local message = select(2, lab.guest:expect { payload = "a\nb", within = 0.1 })
    assert.truthy(message:find('payload is "", not "a\\\nb"', 1, true))
  end)

  it("knows types by number, too, and says when its table is full", function()
    local lab = echo { connections = 1, guests = { vsk.guest { connections = 1 } } }
    local conn = assert(lab.guest:connect(2, 1234, vsk.type.SEQPACKET))
    assert.equal("SEQPACKET", conn.type)

    assert.equal("ERR_TABLE", rig.refused(lab.guest:connect(2, 1234)))
    assert.equal("ERR_TABLE", rig.refused(lab.device:connect(1)))
    assert.equal("ERR_TABLE", rig.refused(lab.device:open_connection(1)))
  end)

  it("belongs to no lab at first", function()
    local guest, device = vsk.guest(), vsk.device()
    for _, name in ipairs { "connections", "features", "counters", "cid" } do
      assert.equal("ERR_STATE", rig.raised(function() return guest[name] end), name)
    end
    assert.equal("ERR_STATE", rig.raised(guest.listen, guest, 1))
    assert.equal("ERR_STATE", rig.raised(guest.connect, guest, 2, 1))
    assert.equal("ERR_STATE", rig.raised(device.after, device, 1, print))
    assert.equal("ERR_STATE", rig.raised(device.reset_transport, device))
  end)

  it("looks at packets of connections only where all are asked for", function()
    local conn, lab = connected()
    conn:exchange "hello"

    assert.is_true(lab.guest:expect_none { op = "RW" })
    assert.equal("hello", assert(lab.guest:expect { op = "RW", all = true }).payload)
  end)

  it("refuses what it is given wrong", function()
    local lab = echo()
    local guest = lab.guest

    for _, call in ipairs {
      { guest.connect, guest }, { guest.connect, guest, 2 }, { guest.connect, guest, "2", 1 },
      { guest.connect, guest, 2, -1 }, { guest.connect, guest, 2, 1234, "DGRAM" },
      { guest.connect, guest, 2, 1234, {} }, { guest.connect, guest, 2, 1234, 7 },
      { guest.connect, guest, 2, 1234, "STREAM", { hoks = true } },
      { guest.connect, guest, 2, 1234, "STREAM", { hooks = 1 } },
      { guest.connect, guest, 2, 1234, "STREAM", { local_port = "1" } },
      { guest.listen, guest }, { guest.listen, guest, 1, 0 }, { guest.listen, guest, 1, 1 << 30 },
      { guest.listen, guest, 1 << 32 }, { guest.tx, guest }, { guest.tx, guest, 5 },
      { guest.tx, guest, { colour = 1 } }, { guest.tx, guest, vsk.packet(), { layuot = {} } },
      { guest.tx, guest, { op = "RW", layout = { 43 } } },
      { guest.tx, guest, { op = "RW", layout = "x" } },
      { guest.expect, guest }, { guest.expect, guest, { colour = 1 } },
      { guest.expect, guest, { within = -1 } }, { guest.expect, guest, { within = "1" } },
      { guest.expect, guest, { op = "NONSENSE" } }, { guest.expect, guest, { all = 1 } },
      { guest.expect, guest, { header = vsk.header() } },
      { guest.offer, guest, 3, 0 }, { guest.offer, guest }, { guest.kick, guest, 3 },
      { guest.kick, guest, "x" }, { guest.after, guest, -1, print }, { guest.after, guest, 1 },
      { guest.after, guest, "1", print }, { guest.after, guest, 0 / 0, print },
      { lab.device.connect, lab.device }, { lab.device.connect, lab.device, 1, "STREAM", 5 },
      { lab.device.reset_transport, lab.device, "x" },
      { function() guest.cid = 4 end }, { function() guest.connect = 4 end },
    } do
      assert.is_false((pcall(table.unpack(call))))
    end
    assert(guest:connect(2, 1234))
  end)

  it("kicks and offers heads by hand, right or wrong", function()
    local errors = {}
    local lab = vsk.lab { on_error = function(_, _, code) table.insert(errors, code) end }

    assert.is_true(lab.guest:kick())
    assert.is_true(lab.guest:kick(0))
    assert.is_true(lab.guest:offer(1, 60000))
    lab:run(nil, 0.1)

    assert.equal("BAD_HEAD", errors[1])
  end)

  it("resets one queue where that was agreed on", function()
    local f = vsk.feature
    local lab = echo { features = f.VERSION_1 | f.RING_RESET | f.NOTIFICATION_DATA }
    local conn = assert(lab.guest:connect(2, 1234))
    assert.equal("hello", conn:exchange "hello")
    lab:run()

    for queue = 0, 2 do assert.is_true(lab.guest:reset_queue(queue, 16)) end

    assert.equal("again", conn:exchange "again")
    assert.equal(16, lab.guest.memory:rings()[2].size)
    assert.truthy(tostring(lab.trace):find("tx renewed size 16", 1, true))
    assert.truthy(tostring(lab.trace):find("tx kick next 1 wrap 0", 1, true))
    assert.equal("ERR_SIZE", rig.raised(lab.guest.reset_queue, lab.guest, 1, 512))
    assert.equal("ERR_FEATURES", rig.raised(function() echo {}.guest:reset_queue(1, 16) end))
  end)

  it("imitates kernels, and takes a policy", function()
    for _, preset in ipairs { "linux-5.10", "linux-6.1", "linux-6.12" } do
      local lab = echo { guests = { vsk.guest { preset = preset } } }
      assert.equal("hello", assert(lab.guest:connect(2, 1234)):exchange "hello")
    end
    local guest = vsk.guest {
      queue_size = 64, rx_layout = { 44, 4, 100 }, rx_indirect = true, rx_buffers = 9,
      tx_piece = 3, tx_indirect = true, buf_alloc = 50, update_at = 10, update_idle = false,
      payload_max = 7, ask = false, answer = true, meter = true, connections = 4,
      connect_timeout = 0.5, ask_first = 0.25,
    }
    local conn = assert(echo({ guests = { guest } }).guest:connect(2, 1234))
    local text = ("abc"):rep(100)
    assert.equal(text, conn:exchange(text))
    assert.equal(50, conn.buf_alloc)
  end)
end)

describe("RX buffers", function()
  it("have room for payload", function()
    assert.equal("ERR_LAYOUT", rig.raised(vsk.guest, { rx_layout = { 44 } }))
    local lab = echo { guests = { vsk.guest { rx_layout = { 44, 1 } } } }
    assert.equal("hello", assert(lab.guest:connect(2, 1234)):exchange "hello")
  end)
end)

describe("a lab", function()
  it("does one thing after the other until nothing is left", function()
    local lab, steps = vsk.lab(), 0
    while lab:step() do steps = steps + 1 end

    assert.is_true(steps > 0)
    assert.is_false(lab:step())
    assert.is_true(lab:run())
  end)

  it("runs until something is true, or so long", function()
    local lab = vsk.lab()
    local rang = false
    lab.device:after(1, function() rang = true end)

    assert.equal("TIMEOUT", rig.refused(lab:run(function() return rang end, 0.5)))
    assert.equal(0.5, lab.now)
    assert.is_true(lab:run(function() return rang end))
    assert.equal(1, lab.now)
    assert.equal("TIMEOUT", rig.refused(lab:run(function() return false end)))
    lab.device:after(5, function() end)
    assert.is_true(lab:run(nil, 2))
    assert.equal(3, lab.now)
    assert.is_true(lab:run(nil, math.huge))
    assert.equal(6, lab.now)
  end)

  it("draws numbers by its seed", function()
    local one, same, another = vsk.lab { seed = 1 }, vsk.lab { seed = 1 }, vsk.lab { seed = 2 }
    local function draw(lab)
      local drawn = {}
      for i = 1, 20 do drawn[i] = lab:random(1000) end
      return drawn
    end
    local drawn = draw(one)

    assert.same(drawn, draw(same))
    assert.not_same(drawn, draw(another))
    for _, number in ipairs(drawn) do assert.is_true(number >= 0 and number < 1000) end
  end)

  it("says how many guests there are, and when", function()
    assert.equal("Lab of 2 guests at 0.000000000 s", tostring(vsk.lab { guests = 2 }))
    local lab = vsk.lab()
    assert.is_true(rawequal(lab.guest, lab.guests[1]))
  end)

  it("refuses what it is given wrong", function()
    for _, options in ipairs {
      { colour = 1 }, { seed = "x" }, { guests = "2" }, { guests = { 5 } }, { guests = 1.5 },
      { guests = { vsk.device() } }, { device = 5 }, { device = vsk.guest() },
      { device = vsk.device(), cid = 4 }, { memory = "x" }, { delay = "x" }, { flip = -1 },
      { flip = 1 << 32 }, { delay = -1 }, { on_data = 5 }, { cid = "x" }, { features = {} },
      { buf_alloc = 1 << 32 }, { connect_timeout = -1 }, { empty_messages = 1 }, { trace = {} },
      { connections = 0 }, { capture = 5 }, 5, "x",
    } do
      assert.is_false((pcall(vsk.lab, options)))
    end
    for _, options in ipairs {
      { preset = "linux-1.0" }, { preset = 5 }, { rx_layout = { 1 } }, { rx_layout = 5 },
      { rx_indirect = 1 }, { queue_size = "x" }, { colour = 1 }, { on_data = {} }, 5,
    } do
      assert.is_false((pcall(vsk.guest, options)))
    end
    assert.is_false((pcall(vsk.device, { cid = 1 << 32 })))
    assert.is_false((pcall(vsk.device, { guests = 1 })))
    local lab = vsk.lab()
    for _, call in ipairs {
      { lab.run, lab, 5 }, { lab.run, lab, nil, -1 }, { lab.run, lab, nil, "x" },
      { lab.random, lab }, { lab.random, lab, 0 }, { lab.random, lab, 1.5 },
      { lab.rewind, lab }, { lab.rewind, lab, {} }, { lab.rewind, lab, vsk.lab():snapshot() },
      { function() lab.now = 1 end }, { function() lab.colour = 1 end },
      { function() return lab.colour end },
    } do
      assert.is_false((pcall(table.unpack(call))))
    end
  end)

  it("names the caller's place, and the option, where it refuses", function()
    for _, call in ipairs {
      function() vsk.lab { features = {} } end, function() vsk.device { features = -1.5 } end,
      function() vsk.guest { features = "x" } end, function() vsk.lab().faults.features = 1 end,
    } do
      local message = select(2, pcall(call))
      assert.truthy(message:find "^tests/lua/080_lab_spec.lua:%d+: .*features", message)
    end
  end)

  it("gives what there is no room for, or what the system says", function()
    rig.lawless("the guest sends by hand", 3)
    assert.equal("ERR_POOL", rig.refused(vsk.lab { memory = 4096 }))
    assert.equal(2, rig.refused(vsk.lab { capture = "/nonesuch/x" }))
    local lab = vsk.lab { capture = "/dev/full" }
    assert.equal(28, rig.refused(lab:run()))
    lab.guest:tx { op = "RW", src_port = 5, dst = { 2, 9 } } -- it was said once
    assert.is_true(lab:run())
  end)

  it("can be dropped in the middle of everything", function()
    for _ = 1, 30 do
      local conn, lab = connected { delay = 0.001 }
      conn:send(("x"):rep(1000000))
      lab:step()
    end
    rig.collect()
  end)
end)

describe("faults", function()
  it("are switched by their names, and read back", function()
    local lab = vsk.lab { delay = 0.25, flip = 3 }
    assert.same({ 0.25, 3, 0 }, { lab.faults.delay, lab.faults.flip, lab.faults.lie })

    lab.faults.hold = 0.5
    lab.faults.flip = 0

    assert.same({ 0.5, 0 }, { lab.faults.hold, lab.faults.flip })
    for _, wrong in ipairs { "x", -1, 1.5, {}, 1 << 32 } do
      assert.is_false((pcall(function() lab.faults.flip = wrong end)))
    end
    assert.is_false((pcall(function() lab.faults.nonsense = 1 end)))
    assert.is_false((pcall(function() return lab.faults.nonsense end)))
  end)

  it("that are benign let everything arrive", function()
    local conn, lab = connected {
      seed = 4, delay = 0.01, hold = 0.01, lose_kicks = 300, starve = 2, shrink = 300,
    }
    local text = ("0123456789"):rep(30000)

    assert.equal(text, conn:exchange(text))
    assert.is_true(lab.now > 0)
  end)
end)

describe("a trace", function()
  it("knows of every entry where it happened", function()
    rig.lawless("the guest sends by hand", 3)
    local conn, lab = connected()
    conn:exchange "hello"
    lab.guest:tx { op = "RW", src_port = 5555, dst = { 2, 1234 }, payload = "nobody asked" }
    lab:run()
    local seen = {}

    for _, entry in ipairs(lab.trace) do
      local where = " 3 " .. (entry.queue or "")
      seen[entry.kind] = entry
      assert.equal(3, entry.guest)
      assert.truthy(entry.line:find(where, 1, true))
      if entry.head then
        local chain = (" %s head %d"):format(entry.kind:lower(), entry.head)
        assert.truthy(entry.line:find(where .. chain, 1, true))
      end
      local written = entry.kind == "USED" and tostring(entry.written)
      assert.equal(written or nil, written and entry.line:match "%d+$" or nil)
    end

    assert.equal("BAD_FLOW", seen.REFUSED.status)
    assert.truthy(seen.USED.head and seen.PACKET.head and seen.KICK.queue and seen.INTERRUPT.queue)
    assert.is_nil(seen.KICK.head or seen.PACKET.status or seen.STATUS.queue)
  end)

  local path
  before_each(function() path = os.tmpname() end)
  after_each(function() os.remove(path) end)

  it("has all that passed, in order", function()
    local conn, lab = connected()
    conn:exchange "hello"
    local lines, ops = {}, {}
    for i, entry in ipairs(lab.trace) do
      assert.equal(i - 1, entry.number)
      assert.equal(entry.line, tostring(entry))
      assert.equal(entry.kind == "PACKET", entry.packet ~= nil)
      table.insert(lines, entry.line .. "\n")
    end
    for packet in lab.trace:packets() do table.insert(ops, packet.op) end

    assert.equal(#lab.trace, #lines)
    assert.equal(tostring(lab.trace), table.concat(lines))
    assert.equal("REQUEST RESPONSE RW RW", table.concat(ops, " ", 1, 4))
    assert.is_nil(lab.trace[0])
    assert.is_nil(lab.trace[#lab.trace + 1])
    assert.equal("function", type(lab.trace.save))
    assert.is_false((pcall(function() return lab.trace.nonsense end)))
    assert.is_false((pcall(function() return lab.trace[1.5] end)))
    assert.is_false((pcall(function() lab.trace[1] = 1 end)))
    assert.is_false((pcall(function() lab.trace[1].line = "x" end)))
  end)

  it("has entries that keep their packet when it drops them", function()
    local conn, lab = connected { trace = 10 }
    conn:exchange "hello"
    local entry
    for _, one in ipairs(lab.trace) do entry = entry or one.packet and one end

    conn:exchange(("x"):rep(100000))

    assert.is_true(lab.trace[1].number > entry.number)
    assert.equal("hello", entry.packet.payload)
  end)

  it("keeps so many entries and no more", function()
    local conn, lab = connected { trace = 5 }
    conn:exchange "hello"

    assert.equal(5, #lab.trace)
    assert.is_true(lab.trace[1].number > 0)
  end)

  it("is saved as pcapng, or as lines", function()
    local conn, lab = connected()
    conn:exchange "hello"
    assert.is_true(lab.trace:save(path))
    local capture <close> = assert(vsk.capture(path))
    local ops = {}
    for record in capture:records() do table.insert(ops, record.packet.op) end
    assert.equal("REQUEST RESPONSE RW RW", table.concat(ops, " ", 1, 4))

    os.rename(path, path .. ".txt")
    assert.is_true(lab.trace:save(path .. ".txt"))
    local file = assert(io.open(path .. ".txt"))
    assert.equal(tostring(lab.trace), file:read "a")
    file:close()
    os.remove(path .. ".txt")
    assert.equal(2, rig.refused(lab.trace:save "/nonesuch/x"))
    assert.equal(28, rig.refused(lab.trace:save "/dev/full"))
    assert.is_false((pcall(lab.trace.save, lab.trace)))
  end)

  it("grows into a capture as it passes", function()
    local conn, lab = connected { capture = path }
    conn:exchange "hello"
    lab:run()
    local saved = path .. ".saved"
    assert(lab.trace:save(saved))

    local streamed, whole = assert(io.open(path, "rb")), assert(io.open(saved, "rb"))
    assert.equal(whole:read "a", streamed:read "a")
    streamed:close()
    whole:close()
    os.remove(saved)
  end)
end)

describe("a snapshot", function()
  it("is gone back to, as often as one likes", function()
    rig.lawless("the guest sends by hand", 3)
    local lab = vsk.lab()
    local before = lab:snapshot()
    local now = lab.now
    for _ = 1, 3 do
      lab.guest:tx { op = "RW", src_port = 5, dst = { 2, 80 } }
      assert(lab.guest:expect { op = "RST", within = 0.1 })
      lab:run(nil, 1)
      assert.is_true(lab:rewind(before))
      assert.equal(now, lab.now)
      assert.is_true(lab.guest:expect_none { op = "RST" })
    end
  end)

  it("takes the model back, and its timers and connections' data", function()
    rig.lawless "the trace goes back in time"
    local lab = echo {
      on_data = function(conn, data, device)
        device.count = device.count + #data
        conn.data = data
      end,
      save_state = function(device) return device.count end,
      load_state = function(count, device) device.count = count end,
    }
    lab.device.count = 0
    local conn = assert(lab.guest:connect(2, 1234))
    local rang = 0
    lab.device:after(1, function() rang = rang + 1 end)
    conn:send "hello"
    lab:run(function() return lab.device.count == 5 end)
    local theirs = other(lab)
    local before = lab:snapshot()
    conn:send "again"
    conn:close()
    lab:run()
    assert.same({ 10, 1, "CLOSED" }, { lab.device.count, rang, theirs.state })

    lab:rewind(before)

    assert.same({ 5, "ESTABLISHED", "ESTABLISHED" }, { lab.device.count, conn.state, theirs.state })
    assert.is_true(rawequal(theirs, other(lab)))
    conn:send "more"
    lab:run()
    assert.same({ 9, 2, "more" }, { lab.device.count, rang, theirs.data })
  end)

  it("keeps what the user has put on connections", function()
    local lab = echo {
      on_request = function(conn) conn.data = "mine" conn:accept() end,
      save_state = function() end, load_state = function() end,
    }
    local conn = assert(lab.guest:connect(2, 1234))
    local before = lab:snapshot()
    conn:close()
    lab:run()
    lab:rewind(before)
    before = nil -- luacheck: ignore 311
    rig.collect()

    assert.equal("mine", other(lab).data)
  end)

  it("ends connections that were made since", function()
    rig.lawless "the trace goes back in time"
    local options = { save_state = function() end, load_state = function() end }
    local lab = echo(options)
    local before = lab:snapshot()
    local conn = assert(lab.guest:connect(2, 1234))

    lab:rewind(before)

    assert.same({ "CLOSED", "TRANSPORT" }, { conn.state, conn.reason })
    assert.equal("RESET", rig.refused(conn:receive()))
    assert.equal("hello", assert(lab.guest:connect(2, 1234)):exchange "hello")
  end)

  it("is not gone back to past a hook of a model that cannot be taken back", function()
    local conn, lab = connected()
    local before = lab:snapshot()
    assert.is_true(lab:rewind(before))
    conn:exchange "hello"

    local done, message = pcall(lab.rewind, lab, before)

    assert.is_false(done)
    assert.truthy(message:find "ERR_STATE: %d+ hooks were called since: a model needs save_state")
    assert.equal("hello", conn:exchange "hello")
  end)

  it("outlives its lab's variable", function()
    local before = vsk.lab():snapshot()
    rig.collect()
    assert.is_false((pcall(function() return before.core end)))
    local lab = vsk.lab()
    assert.equal("ERR_ARGUMENT", rig.raised(lab.rewind, lab, before))
  end)
end)

describe("misuse of a lab's objects", function()
  it("raises for every self that is none, and never crashes", function()
    local conn, lab = connected()
    local objects = {
      Conn = conn, Device = lab.device, Guest = lab.guest, Lab = lab, Trace = lab.trace,
      Entry = lab.trace[1], Faults = lab.faults, Listener = lab.guest:listen(1),
      Snapshot = lab:snapshot(),
    }
    for class in pairs(require("vsk.lab").names) do assert.truthy(objects[class], class) end
    for class, object in pairs(objects) do
      local others = { 1, 1.5, "x", {}, true, print, io.stdout, vsk.packet() }
      for other_class, another in pairs(objects) do
        if other_class ~= class then table.insert(others, another) end
      end
      for _, name in ipairs(vsk.classes[class]) do
        local method = object[name]
        if type(method) == "function" and not name:find "^on_" then -- the user's
          assert.is_false((pcall(method)), class .. "." .. name)
          for _, wrong in ipairs(others) do
            assert.is_false((pcall(method, wrong)), class .. "." .. name)
          end
        end
      end
      for name, meta in pairs(debug.getmetatable(object)) do
        if type(meta) == "function" then
          for _, wrong in ipairs(others) do
            assert.is_false((pcall(meta, wrong, "y")), class .. name)
          end
        end
      end
      assert.is_false(getmetatable(object))
      assert.is_false((pcall(setmetatable, object, {})))
    end
  end)

  it("below the frontend raises too, and never crashes #slow", function()
    local clean, text = rig.child [[
      local core = require "vsk.core"
      local function make()
        local options, lab = core.Options.make(), core.Lab.make(1, 100)
        lab:add(options, options, 8 << 20)
        return { Options = options, Lab = lab, Role = lab:device(0), Guest = lab:guest(0) }
      end
      local GARBAGE = {
        -1, 0, 1, 1.5, 2 ^ 63, "x", "", "cid", true, false, {}, print, io.stdout,
        { layout = { 1, 2 } }, { layout = "x" },
      }
      math.randomseed(7)
      for round = 1, 60 do
        local objects = make()
        if round % 2 == 0 then
          objects.Lab:start()
          objects.Snapshot = objects.Lab:snapshot()
        end
        local some = { table.unpack(GARBAGE) }
        for _, object in pairs(objects) do table.insert(some, object) end
        table.insert(some, core.packet { op = "RW", payload = "hello" })
        for class, object in pairs(objects) do
          local names = core.classes[class == "Guest" and "Role" or class]
          for name, method in pairs(names) do
            if name ~= "add" then -- memory of any size
              local given = {}
              for i = 1, math.random(0, 6) do given[i] = some[math.random(#some)] end
              pcall(method, object, table.unpack(given))
              pcall(method, table.unpack(given))
            end
          end
        end
        for _ = 1, 50 do pcall(objects.Lab.step, objects.Lab, -1) end
        if round % 3 == 0 then
          debug.getmetatable(objects.Lab).__gc(objects.Lab)
          for _, role in ipairs { objects.Role, objects.Guest } do
            for name, method in pairs(core.classes.Role) do
              pcall(method, role, 1, 2, 3)
              pcall(method, role)
              pcall(method, role, 1)
              pcall(method, role, 1, "cid")
              pcall(method, role, "cid")
            end
          end
        end
      end
      local objects = make()
      assert(not pcall(objects.Role.number, objects.Role, 99, "credit"))
      assert(not pcall(objects.Lab.add, objects.Lab, objects.Role, objects.Options, 1))
      assert(not pcall(objects.Lab.add, objects.Lab, 5, objects.Options, 1))
      print "alive"
    ]]
    assert.equal("alive\n", text)
    assert.is_true(clean)
  end)

  it("names connections that are not there", function()
    local core = require "vsk.core"
    local lab = core.Lab.make(1, 100)
    lab:add(core.Options.make(), core.Options.make(), 8 << 20)

    assert.equal("ERR_HANDLE", rig.raised(lab:device(0).accept, lab:device(0), 99))
  end)
end)
