-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- Devices and guests on vhost-user sockets: one end here, the other in a process of its own.
local rig = require "tests.lua.rig"
local vsk = require "vsk"

local PATIENCE = 20 -- seconds that something may take on a machine that is busy

--- The path of a socket that is not there yet.
local function new_path()
  local path = os.tmpname()
  os.remove(path)
  return path
end

local function exists(path)
  return os.execute("test -e " .. path) == true
end

--- How many descriptors of sockets, shared memory and what waits for them the process has.
local function descriptors()
  local list <close> = io.popen "ls -l /proc/$PPID/fd | grep -cE 'socket|memfd|anon_inode'"
  return tonumber(list:read "a")
end

local DEVICE = [[
local vsk = require "vsk"
local path, sessions = arg[1], tonumber(arg[2])
local server <close> = assert(vsk.serve({
  on_request = function(conn) if conn.local_port == 1234 then conn:accept() end end,
  on_data = function(conn, data, device)
    if data == "move" then device:reset_transport(99) else assert(conn:send(data)) end
  end,
  on_close = function(conn) print(conn.reason) end,
}, path))
print "ready"
io.stdout:flush()
assert(server:run(function() return server.sessions == sessions and not server.connected end, 20))
]]

--- An echo device in a process of its own, until so many guests have left.
local function device(sessions)
  local path = new_path()
  local output, finish = rig.start(DEVICE, path, sessions or 1)
  assert.equal("ready", output:read "l")
  return path, finish
end

local GUEST = [[
local vsk = require "vsk"
local guest <close> = assert(vsk.attach(arg[1]))
]]

--- Serve until a guest, in a process of its own, has run a program and left; give what it printed.
local function serve(model, program)
  local path = new_path()
  local server <close> = assert(vsk.serve(model, path))
  local _, finish = rig.start(GUEST .. program, path)
  assert(server:run(function() return server.sessions == 1 and not server.connected end, PATIENCE))
  local clean, text = finish()
  assert.is_true(clean, text)
  return text, server
end

local function accepts(model)
  model.on_request = function(conn) conn:accept() end
  return model
end

describe("an attached guest", function()
  it("sends and receives streams and messages", function()
    local path, finish = device()
    do
      local guest <close> = assert(vsk.attach(path))
      local big = ("0123456789abcdef"):rep(1 << 16)
      local conn = assert(guest:connect(2, 1234))
      assert.equal(big, conn:exchange(big))
      local messages = assert(guest:connect(2, 1234, "SEQPACKET"))
      messages:send "one"
      messages:send "two"
      assert.equal("one", messages:receive())
      assert.equal("two", messages:receive())
      assert.equal(3, guest.cid)
      assert.same("VERSION_1", guest.features[#guest.features])
    end
    assert.is_true((finish()))
  end)

  it("closes half of a connection, and reads the rest", function()
    local path, finish = device()
    local guest = assert(vsk.attach(path))
    local conn = assert(guest:connect(2, 1234))
    conn:send "hello"
    conn:shutdown { send = true }

    assert.equal("hello", conn:receive_all())
    assert.is_true(guest:close())
    assert.same({ true, "CLOSED\n" }, { finish() })
  end)

  it("is refused on a port that nobody has", function()
    local path, finish = device()
    local guest <close> = assert(vsk.attach(path))

    assert.equal("RESET", rig.refused(guest:connect(2, 9999)))
    guest:close()
    finish()
  end)

  it("sends packets by hand, and expects them on real time", function()
    local path, finish = device()
    local guest <close> = assert(vsk.attach(path))
    guest:tx { op = "RW", src_port = 5555, dst = { 2, 1234 }, payload = "x", layout = { 44, 1 } }

    assert(guest:expect { op = "RST", dst_port = 5555, within = PATIENCE })
    assert.is_true(guest:expect_none { op = "RST", within = 0.05 })
    assert.equal("EXPECT", rig.refused(guest:expect { op = "RST", within = 0.05 }))
    guest:close()
    finish()
  end)

  it("follows the device to another CID", function()
    local path, finish = device()
    local guest <close> = assert(vsk.attach(path))
    local conn = assert(guest:connect(2, 1234))
    conn:send "move"

    assert.equal("RESET", rig.refused(conn:receive()))
    assert.equal("TRANSPORT", conn.reason)
    for _ = 1, 1000 do
      if guest.cid == 99 then break end
      guest:expect_none { op = "RW", within = 0.01 }
    end
    assert.equal(99, guest.cid)
    guest:close()
    finish()
  end)

  it("is made first, with options and hooks, and belongs to one host", function()
    local path, finish = device()
    local reasons = {}
    local own = vsk.guest {
      queue_size = 16, features = vsk.feature.STREAM | vsk.feature.VERSION_1,
      on_close = function(conn) table.insert(reasons, conn.reason) end,
    }
    local guest <close> = assert(vsk.attach(path, { guest = own, memory = 1 << 20, queues = 2 }))
    local conn = assert(guest:connect(2, 1234, "STREAM", { hooks = true }))

    assert.is_true(rawequal(own, guest))
    assert.same({ "STREAM", "VERSION_1" }, guest.features)
    assert.equal("ERR_BUSY", rig.raised(vsk.attach, path, { guest = own }))
    assert.equal("ERR_BUSY", rig.raised(vsk.lab, { guests = { own } }))
    conn:close()
    guest:close()
    assert.same({ "CLOSED" }, reasons)
    assert.same({ true, "CLOSED\n" }, { finish() })
  end)

  for how, reason in pairs { close = "CLOSED", reset = "RESET" } do
    it("lets the device hear of a " .. how .. " before it leaves", function()
      local path, finish = device()
      do
        local guest <close> = assert(vsk.attach(path))
        local conn = assert(guest:connect(2, 1234))
        conn:send(("x"):rep(1000))
        conn[how](conn)
      end
      assert.same({ true, reason .. "\n" }, { finish() })
    end)
  end

  it("in a lab stays there", function()
    local lab = vsk.lab(accepts {})
    assert.is_true(lab.guest:close())

    assert(lab.guest:connect(2, 1))
  end)

  it("leaves nothing, closed or dropped", function()
    local path, finish = device(20)
    local before
    for round = 1, 20 do
      local guest = assert(vsk.attach(path))
      local conn = assert(guest:connect(2, 1234))
      conn:send(("x"):rep(100000))
      if round % 2 == 0 then guest:close() end
      guest, conn = nil, nil -- luacheck: ignore
      rig.collect()
      before = before or descriptors()
      assert.equal(before, descriptors())
    end
    assert.is_true((finish()))
  end)
end)

describe("attach", function()
  it("says what the system says", function()
    local none, message, code = vsk.attach "/nonesuch/x"
    assert.same({ nil, "ERR_SYSTEM" }, { none, code })
    assert.equal("/nonesuch/x: No such file or directory", message)
  end)

  it("gives up on who does not answer", function()
    local path = new_path()
    local server <close> = assert(vsk.serve({}, path)) -- nobody serves it
    local none, message, code = vsk.attach(path, { timeout = 0.05 })

    assert.same({ nil, "TIMEOUT" }, { none, code })
    assert.truthy(message)
    assert.equal(0, server.sessions)
  end)

  it("leaves a guest free where it fails", function()
    local own, unheard = vsk.guest(), new_path()
    do
      local server <close> = assert(vsk.serve({}, unheard)) -- nobody serves it
      assert.equal("TIMEOUT", rig.refused(vsk.attach(unheard, { guest = own, timeout = 0.01 })))
      assert.equal(0, server.sessions)
    end
    assert.equal("ERR_STATE", rig.raised(own.connect, own, 2, 1234))

    local path, finish = device()
    local guest <close> = assert(vsk.attach(path, { guest = own }))
    assert.equal("x", assert(guest:connect(2, 1234)):exchange "x")
    guest:close()
    finish()
  end)

  it("hears that another one is there", function()
    local path, finish = device()
    local guest <close> = assert(vsk.attach(path))

    assert.equal("BAD_HANGUP", rig.refused(vsk.attach(path)))
    assert.equal("x", assert(guest:connect(2, 1234)):exchange "x")
    guest:close()
    finish()
  end)

  it("refuses what it is given wrong", function()
    for _, call in ipairs {
      { vsk.attach }, { vsk.attach, 5 }, { vsk.attach, "x", 5 },
      { vsk.attach, "x", vsk.guest() }, { vsk.attach, "x", { colour = 1 } },
      { vsk.attach, "x", { memory = "x" } }, { vsk.attach, "x", { timeout = -1 } },
      { vsk.attach, "x", { guest = vsk.device() } }, { vsk.attach, "x", { log = 1 } },
      { vsk.attach, "x", { mem_slots = 1 } }, { vsk.attach, "x\0y" },
      { vsk.serve }, { vsk.serve, {} }, { vsk.serve, {}, 5 }, { vsk.serve, 5, "x" },
      { vsk.serve, { colour = 1 }, "x" }, { vsk.serve, { device = 5 }, "x" },
      { vsk.serve, vsk.guest(), "x" }, { vsk.serve, { fd = 0 }, "x" },
    } do
      assert.is_false((pcall(table.unpack(call))))
    end
    for _, name in ipairs { "serve", "attach" } do
      local words = name == "serve" and { { protocol = 1 << 40 }, "x" }
        or { "x", { protocol = 1 << 40 } }
      assert.equal("ERR_PROTOCOL", rig.raised(vsk[name], table.unpack(words)))
    end
  end)
end)

describe("a server", function()
  local orders = { ["packed rings"] = 0, ["packed rings in order"] = vsk.feature.IN_ORDER }
  for name, order in pairs(orders) do
    it("serves " .. name .. " where it offers them", function()
      local feature = vsk.feature
      local offered = feature.STREAM | feature.EVENT_IDX | feature.VERSION_1 | feature.RING_PACKED
      local text = serve(accepts {
        on_data = function(conn, data) assert(conn:send(data)) end,
        features = offered | order,
      }, [[
        local conn = assert(guest:connect(2, 1))
        local data = ("packed"):rep(100000)
        for _ = 1, 5 do assert(conn:exchange(data) == data) end
        print(table.concat(guest.features, " "))
      ]])

      local found = order == 0 and "EVENT_IDX" or "EVENT_IDX IN_ORDER"
      assert.equal(found .. " RING_PACKED STREAM VERSION_1\n", text)
    end)
  end

  it("serves hooks, and shows every packet to on_packet", function()
    local seen, reasons = {}, {}
    local text = serve(accepts {
      on_packet = function(packet) table.insert(seen, packet.op) end,
      on_data = function(conn, data) conn:send(data:upper()) end,
      on_close = function(conn) table.insert(reasons, conn.reason) end,
    }, [[
      local conn = assert(guest:connect(2, 1))
      print(conn:exchange "hello")
      conn:close()
    ]])

    assert.equal("HELLO\n", text)
    assert.same({ "REQUEST", "RW" }, { seen[1], seen[2] })
    assert.same({ "CLOSED" }, reasons)
  end)

  it("connects to its guest", function()
    local text = serve(accepts {
      on_data = function(_, _, self) assert(self:connect(7)):send "called back" end,
    }, [[
      local listener = guest:listen(7)
      local conn = assert(guest:connect(2, 1))
      conn:send "call me"
      print(listener:accept():receive_exactly(11))
    ]])

    assert.equal("called back\n", text)
  end)

  it("tells what a hook raises, and ends its connection alone", function()
    local told = {}
    local text = serve(accepts {
      on_data = function(conn, data)
        if data == "bad" then error "of the model" end
        conn:send(data)
      end,
      log = function(words, code) table.insert(told, { words, code }) end,
    }, [[
      local good, bad = guest:connect(2, 1), guest:connect(2, 1)
      bad:send "bad"
      print(select(3, bad:receive()))
      print(good:exchange "good")
    ]])

    assert.equal("RESET\ngood\n", text)
    local failures = {}
    for _, one in ipairs(told) do
      if one[2] == "ERR_HOOK" then table.insert(failures, one[1]) end
    end
    assert.equal(1, #failures)
    assert.truthy(failures[1]:find "of the model" and failures[1]:find "traceback")
  end)

  it("runs timers on real time, though nobody is there", function()
    local server <close> = assert(vsk.serve({}, new_path()))
    local rang = false
    server.device:after(0.05, function() rang = true end)
    server.device:cancel(server.device:after(0.01, error))

    assert.is_true(server:run(function() return rang end, PATIENCE))
    assert.is_true(server:run(nil, 0.01))
    assert.equal("TIMEOUT", rig.refused(server:run(function() return false end, 0.01)))
  end)

  it("stops where a hook says so, and goes on where it is asked to", function()
    local server <close> = assert(vsk.serve({}, new_path()))
    local begin = os.time()
    server.device:after(0.01, function() server:stop() end)

    assert.is_true(server:run(nil, PATIENCE))
    assert.is_true(os.time() - begin < PATIENCE)
    assert.is_true(server:run(nil, 0.01))
  end)

  it("may not be driven by its hooks", function()
    local codes = {}
    local server <close> = assert(vsk.serve({}, new_path()))
    server.device:after(0, function()
      for _, name in ipairs { "run", "dispatch" } do
        table.insert(codes, rig.raised(server[name], server))
      end
    end)
    server:run(function() return #codes == 2 end, PATIENCE)

    assert.same({ "ERR_HOOK", "ERR_HOOK" }, codes)
  end)

  it("has a file, which goes with it, and is alone on it", function()
    local path = new_path()
    do
      local server <close> = assert(vsk.serve({}, path))
      assert.is_true(exists(path))
      assert.equal("ERR_BUSY", rig.refused(vsk.serve({}, path)))
      assert.equal("ERR_BUSY", rig.raised(vsk.serve, server.device, new_path()))
      assert.equal(("Server on %s: waiting"):format(path), tostring(server))
      assert.same({ 0, false, false }, { server.sessions, server.connected, server.live })
    end
    assert.is_false(exists(path))
    assert.equal("ERR_SYSTEM", rig.refused(vsk.serve({}, "/nonesuch/x")))
  end)

  it("is closed for good", function()
    local server = assert(vsk.serve({}, new_path()))
    assert.is_true(server:fileno() >= 0)
    assert.is_true(server:close())
    assert.is_true(server:close())

    assert.equal(-1, server:fileno())
    assert.is_true(server:run(nil, PATIENCE))
    assert.is_true(server:dispatch())
    assert.truthy(tostring(server):find ": closed$")
  end)

  it("is dispatched where its descriptor is readable", function()
    local path = new_path()
    local server <close> = assert(vsk.serve(accepts {}, path))
    local _, finish = rig.start(GUEST .. "assert(guest:connect(2, 1))", path)
    local deadline = os.time() + PATIENCE
    repeat server:dispatch() until server.sessions == 1 and not server.connected
      or os.time() > deadline

    assert.same({ true, "" }, { finish() })
  end)

  it("writes a capture that is clean, and keeps a trace", function()
    local file = os.tmpname()
    local _, server = serve(accepts {
      on_data = function(conn, data) conn:send(data) end, capture = file, trace = 1000,
    }, [[
      local conn = assert(guest:connect(2, 1))
      conn:exchange "hello"
      conn:close()
    ]])

    local ops = {}
    local capture <close> = assert(vsk.capture(file))
    for record in capture:records() do
      table.insert(ops, record.packet.op)
      assert.is_true(math.abs(record.time // 1000000000 - os.time()) < PATIENCE)
    end
    assert.same({ "REQUEST", "RESPONSE", "RW" }, { ops[1], ops[2], ops[3] })
    assert.truthy(tostring(server.trace):find "REQUEST")
    os.remove(file)
  end)

  it("goes on without a capture whose disk is full, and says so once", function()
    local told = {}
    local text = serve(accepts {
      on_data = function(conn, data) conn:send(data) end, capture = "/dev/full",
      log = function(words, code)
        if code == "ERR_SYSTEM" then table.insert(told, words) end
      end,
    }, [[
      print(assert(guest:connect(2, 1)):exchange "hello")
    ]])

    assert.equal("hello\n", text)
    assert.same({ "the capture ends: No space left on device" }, told)
  end)

  it("leaves nothing where it is dropped", function()
    rig.collect()
    local path, before = new_path(), descriptors()
    for _ = 1, 10 do assert(vsk.serve({}, path)):dispatch() rig.collect() end

    assert.is_false(exists(path))
    assert.equal(before, descriptors())
  end)

  it("has methods that refuse every self that is none", function()
    local server <close> = assert(vsk.serve({}, new_path()))
    for _, name in ipairs(vsk.classes.Server) do
      local method = server[name]
      if type(method) == "function" then
        for _, other in ipairs { 1, "x", {}, true, print, vsk.packet(), vsk.guest() } do
          assert.is_false((pcall(method, other)), name)
        end
        assert.is_false((pcall(method)), name)
      end
    end
    assert.is_false((pcall(vsk.guest().close, server)))
    assert.is_false((pcall(function() server.sessions = 1 end)))
    assert.is_false((pcall(function() return server.colour end)))
  end)
end)
