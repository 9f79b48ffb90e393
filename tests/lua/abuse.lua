-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- Random calls of the whole API, right and wrong: none may crash, and at least half must succeed.
--
--     lua5.4 tests/lua/abuse.lua [SEQUENCES [SEED]]
local vsk = require "vsk"

local SEQUENCES = tonumber(arg[1] or 300)
local SEED = tonumber(arg[2] or os.time())
local CALLS = 30 -- at least, in each sequence
math.randomseed(SEED)

local random = math.random
local GARBAGE = {
  -1, 0, 1.5, 2 ^ 63, 2 ^ 64, 0 / 0, math.mininteger, "x", "", true, {}, { 1 }, print,
  io.open "/dev/null", { layout = {} }, { layout = { 0 } }, { { 0, 0, "r" } },
  coroutine.create(print),
}

-- The objects of a sequence, by class: some are closed meanwhile.
local pool

local function keep(class, object)
  local objects = pool[class]
  objects[#objects < 6 and #objects + 1 or random(6)] = object
  return object
end

local function garbage()
  if random(8) == 1 then return nil end
  if random(4) == 1 then -- an object of any class
    local classes = { "Memory", "Queue", "Packet", "Header", "Chain", "Buffer" }
    local objects = pool[classes[random(#classes)]]
    return objects[random(math.max(#objects, 1))]
  end
  return GARBAGE[random(#GARBAGE)]
end

--- Mostly the value, else anything.
local function or_garbage(value)
  if random(25) == 1 then return garbage() end
  return value
end

local function any(class)
  local objects = pool[class]
  return or_garbage(objects[random(math.max(#objects, 1))])
end

local function text()
  return ("x"):rep(random(0, 60))
end

local function address()
  return or_garbage(random(0, 0x3fff))
end

local RING_FIELDS = {
  "desc.addr", "desc.flags", "desc.id", "desc.next", "avail.idx", "avail.ring", "used.idx",
  "used.ring.id", "used.ring.len", "device_event.off", "driver_event.flags",
}

local function field()
  return RING_FIELDS[random(#RING_FIELDS)]
end

local function layout(size)
  local pieces = {}
  while size > 0 do
    local piece = random(1, size)
    table.insert(pieces, piece)
    size = size - piece
  end
  return or_garbage { layout = random(2) == 1 and pieces or nil, indirect = random(3) == 1 }
end

local FIELDS = {
  "src_cid", "dst_cid", "src_port", "dst_port", "len", "type", "op", "flags", "buf_alloc",
  "fwd_cnt", "src", "dst",  "payload", "header", "flag_names", "room", "nonsense",
}

local function field_value(name)
  if name == "payload" then return or_garbage(text()) end
  if name == "src" or name == "dst" then return or_garbage { random(0), random(0, 65535) } end
  if name == "op" and random(2) == 1 then return or_garbage "RW" end
  if name == "type" then return or_garbage "SEQPACKET" end
  if name == "header" then return any "Header" end
  return or_garbage(random(0, 65535))
end

--- Where a script would look first for a chain to use.
local function held_chain()
  for _, chain in ipairs(pool.Chain) do
    if random(10) > 1 and type(chain) == "userdata" then
      local good, held = pcall(function() return chain.held end)
      if good and held then return chain end
    end
  end
  return any "Chain"
end

--- That nothing is there is no failure.
local function any_or_none(found, message, code)
  if code == "NONE" then return true, message, code end
  return found, message, code
end

local calls = {
  memory = function()
    return keep("Memory", vsk.memory(or_garbage(random(1, 0x10000)), or_garbage { fill = 0xAA }))
  end,
  regions = function()
    local regions = { { 0, 0x2000 }, { 0x2000, 0x1000 + random(0x1000) } }
    return keep("Memory", vsk.memory { regions = or_garbage(regions) })
  end,
  read = function() return any "Memory":read(address(), or_garbage(random(0, 64))) end,
  write = function() return any "Memory":write(address(), or_garbage(text())) end,
  fill = function()
    return any "Memory":fill(address(), or_garbage(random(0, 255)), or_garbage(random(0, 64)))
  end,
  view = function()
    return keep("Buffer", any "Memory":view(address(), or_garbage(random(1, 64))))
  end,
  alloc = function()
    local memory = any "Memory"
    local size = random(1, 256)
    local addr = memory:alloc(or_garbage(size), or_garbage(16))
    if addr and random(2) == 1 then memory:free(addr, size) end
    return addr
  end,
  free = function() return any "Memory":free(address(), 16) end,
  looks = function()
    local memory = any "Memory"
    return memory:rings(), memory:regions(), memory.size, memory.closed, memory:available(), #memory
  end,
  close = function() return any "Memory":close() end,

  queue = function()
    local options = { size = 1 << random(2, 5), indirect = random(5) > 1 }
    options.packed, options.in_order = random(2) == 1, random(5) == 1
    return keep("Queue", vsk.queue(any "Memory", or_garbage(options)))
  end,
  reopen = function() return vsk.queue(any "Memory", { ring = any "Queue".ring }) end,
  get_field = function()
    return any "Queue":get(or_garbage(field()), or_garbage(random(0, 3)))
  end,
  set_field = function()
    return any "Queue":set(or_garbage(field()), or_garbage(random(0, 40)), or_garbage(random(0, 3)))
  end,
  fields = function() return any "Queue":fields() end,
  get_desc = function() return any "Queue":get_desc(or_garbage(random(0, 3))) end,
  set_desc = function()
    return any "Queue":set_desc(or_garbage(random(0, 3)), or_garbage {
      addr = random(0, 0x5000), len = random(0, 64), flags = random(0, 7), next = random(0, 40),
    })
  end,

  send = function() return any "Queue".driver:send(any "Packet", layout(104)) end,
  post = function() return any "Queue".driver:post(or_garbage(100), layout(100)) end,
  add = function()
    return any "Queue".driver:add(or_garbage {
      { address(), random(0, 100), "r" }, { address(), random(0, 100), "w" },
      indirect = random(0, 2),
    })
  end,
  offer = function() return any "Queue".driver:offer(or_garbage(random(0, 40))) end,
  scribble = function()
    local queue = any "Queue"
    local ring = queue.ring
    return queue.memory:write(ring[({ "desc", "driver", "device" })[random(3)]] + random(0, 40),
      string.pack("<I2", random(0, 20)))
  end,
  reap = function() return any_or_none(any "Queue".driver:reap()) end,
  used = function()
    for used in any "Queue".driver:used() do assert(not used or used.head >= 0) end
    return true
  end,
  suppression = function()
    local queue = any "Queue"
    return {
      queue.driver:should_kick(), queue.driver:enable_interrupts(),
      queue.driver:disable_interrupts(), queue.device:should_interrupt(),
      queue.device:enable_kicks(), queue.device:disable_kicks(),
    }
  end,
  counts = function()
    local queue = any "Queue"
    return queue.driver.free + queue.driver.outstanding + queue.device.held + queue.size
  end,

  pop = function()
    local chain, message, code = any_or_none(any "Queue".device:pop())
    if chain and code ~= "NONE" then keep("Chain", chain) end
    return chain, message, code
  end,
  push = function()
    return any "Queue".device:push(held_chain(), or_garbage(random(5) == 1 and random(0, 100) or 0))
  end,
  give = function()
    local device = any "Queue".device
    device:give(held_chain(), 0)
    return device:publish()
  end,
  from_tx = function()
    local packet, message, code = vsk.from_tx(held_chain(), or_garbage { max_payload = 100 })
    if packet then keep("Packet", packet) end
    return packet, message, code
  end,
  into_rx = function()
    local packet, message, code = vsk.into_rx(held_chain())
    if packet then keep("Packet", packet) end
    return packet, message, code
  end,
  device_send = function()
    return any_or_none(any "Queue".device:send(any "Packet"))
  end,
  device_packets = function()
    for packet in any "Queue".device:packets() do
      if packet and random(3) == 1 then keep("Packet", packet) end
      if random(4) == 1 then break end
    end
    return true
  end,
  driver_packets = function()
    for packet in any "Queue".driver:packets(or_garbage {}) do
      if packet and random(3) == 1 then keep("Buffer", packet:buffer()) end
      if random(6) == 1 then break end
    end
    return true
  end,
  reset = function() return any "Queue".device:reset() end,
  look = function()
    local chain = held_chain()
    return tostring(chain), chain.spans, chain.status, chain.readable, #chain
  end,

  packet = function()
    local fields = {}
    for _ = 1, random(0, 4) do
      local name = FIELDS[random(#FIELDS - 4)]
      fields[name] = field_value(name)
    end
    return keep("Packet", vsk.packet(or_garbage(fields)))
  end,
  header = function() return keep("Header", vsk.header(or_garbage { src = { 1, 2 } })) end,
  parse = function()
    local raw = any "Packet":bytes()
    if random(5) == 1 then raw = raw:sub(1, random(0, #raw)) end
    local packet, message, code = vsk.parse(or_garbage(raw), or_garbage(nil))
    if packet then keep("Packet", packet) end
    return packet, message, code
  end,
  parse_header = function()
    return keep("Header", vsk.parse_header(or_garbage(any "Packet":bytes())))
  end,
  get = function() return any "Packet"[FIELDS[random(#FIELDS - 1)]] end,
  set = function()
    local name = FIELDS[random(#FIELDS)]
    any "Packet"[name] = field_value(name)
    return true
  end,
  describe = function()
    local packet = any "Packet"
    return tostring(packet), #packet, packet:fields(), packet:fields()
  end,
  payload = function() return keep("Buffer", any "Packet":buffer()) end,
  segments = function() return any "Packet":segments() end,
  copy = function() return keep("Packet", any "Packet":copy()) end,
  equal = function()
    local classes = { "Packet", "Header", "Queue", "Buffer", "Memory", "Chain" }
    local class = classes[random(#classes)]
    return { any(class) == any(class) }
  end,
  write_room = function() return any "Packet":write(or_garbage "ab") end,
  commit = function() return any "Packet":commit() end,

  buffer = function()
    local buffer = any "Buffer"
    local first, last = or_garbage(random(-9, 9)), or_garbage(random(-9, 9))
    return { tostring(buffer), #buffer, buffer:sub(first, last), buffer:byte(first) }
  end,
  unpack = function() return any "Buffer":unpack(or_garbage "<I1", or_garbage(1)) end,
  set_bytes = function() return any "Buffer":set(or_garbage(1), or_garbage "z") end,
  close_buffer = function() return any "Buffer":close() or true end,

  lab = function()
    local mood = random(4) -- of its hooks
    return keep("Lab", vsk.lab {
      seed = or_garbage(random(0, 99)), guests = { vsk.guest { queue_size = 16 } },
      memory = 1 << 20, connections = 8, trace = 100,
      delay = or_garbage(random(0, 3) / 1000), flip = mood == 1 and 100 or 0,
      on_request = function(conn) if mood ~= 2 then conn:accept() else conn:defer() end end,
      on_data = function(conn, data)
        keep("Conn", conn)
        if mood == 3 and random(5) == 1 then error "of a hook" end
        return conn:send(or_garbage(data))
      end,
      save_state = function() end,
    })
  end,
  drive = function()
    local lab = any "Lab"
    return lab:step() ~= nil and lab:run(or_garbage(nil), or_garbage(random(0, 3) / 100))
  end,
  connect = function()
    local type = or_garbage(random(2) == 1 and "STREAM" or "SEQPACKET")
    local conn, message, code =
      any "Lab".guest:connect(or_garbage(2), or_garbage(random(80)), type)
    if conn then keep("Conn", conn) end
    return conn, message, code
  end,
  device_connect = function()
    local lab = any "Lab"
    local port = or_garbage(random(4))
    local listener, message, code = lab.guest:listen(port, or_garbage(2))
    if not listener then return listener, message, code end
    keep("Conn", lab.device:connect(port))
    keep("Conn", listener:accept())
    return random(3) > 1 and listener:close() or listener
  end,
  conn_send = function() return any "Conn":send(or_garbage(text() .. "x")) end,
  conn_receive = function() return any "Conn":receive(or_garbage(random(60))) end,
  conn_calls = function()
    local conn = any "Conn"
    local name = ({ "accept", "close", "reset", "defer", "pause", "resume" })[random(6)]
    return conn[name](conn)
  end,
  conn_shutdown = function()
    return any "Conn":shutdown(or_garbage { send = random(2) == 1, receive = random(2) == 1 })
  end,
  conn_look = function()
    local conn = any "Conn"
    conn.data = garbage()
    conn.buf_alloc = or_garbage(random(100, 300000))
    return { tostring(conn), conn.state, conn.credit, conn.queued, conn.nonsense }
  end,
  tx = function()
    local lab = any "Lab"
    return lab.guest:tx(or_garbage {
      op = or_garbage(random(0, 9)), dst = { 2, random(80) }, src_port = random(3000),
      payload = text(), layout = random(2) == 1 and layout(200).layout or nil,
    })
  end,
  expect = function()
    any "Lab".guest:expect(or_garbage { op = or_garbage "RST", within = 0.01 })
    return true
  end,
  by_hand = function() return any "Lab".guest:offer(or_garbage(random(0, 2)), random(0, 40)) end,
  faults = function()
    local name = ({ "hold", "lose_kicks", "starve", "scribble", "lie", "reorder" })[random(6)]
    any "Lab".faults[name] = or_garbage(random(0, 2))
    return true
  end,
  snapshot = function() return keep("Snapshot", any "Lab":snapshot()) end,
  rewind = function() return any "Lab":rewind(any "Snapshot") end,
  trace = function()
    local trace = any "Lab".trace
    return tostring(trace), trace[or_garbage(random(50))], #trace, trace:packets()()
  end,
  lab_look = function()
    local lab = any "Lab"
    return { lab.now, tostring(lab), lab.device.connections, lab.guest.counters, lab:random(5) }
  end,

  forget = function()
    local classes = { "Memory", "Queue", "Packet", "Header", "Chain", "Buffer", "Lab", "Conn" }
    local objects = pool[classes[random(#classes)]]
    if #objects > 2 then table.remove(objects, random(#objects)) end
    if random(10) == 1 then collectgarbage "step" end
    return true
  end,
  kill = function() -- what <close> does, and a script with debug can do
    local classes = { "Memory", "Queue", "Packet", "Header", "Chain", "Buffer" }
    local objects = pool[classes[random(#classes)]]
    local victim = objects[random(#objects)]
    debug.getmetatable(victim).__gc(victim)
    return true
  end,
}

-- What breaks a sequence's world comes seldom: once in so many times.
local SELDOM = {
  close = 20, free = 5, kill = 20, offer = 8, reopen = 4, reset = 12, scribble = 10, set_desc = 6,
  set_field = 6, by_hand = 8, conn_calls = 4, conn_shutdown = 4, faults = 8, lab = 6, rewind = 3,
}

local names = {}
for name in pairs(calls) do table.insert(names, name) end
table.sort(names)

local function begin()
  pool = {
    Memory = {}, Queue = {}, Packet = {}, Header = {}, Chain = {}, Buffer = {}, Lab = {}, Conn = {},
    Snapshot = {},
  }
  local memory = keep("Memory", vsk.memory(0x10000, { fill = 0xAA }))
  local queue = keep("Queue", vsk.queue(memory, { size = 32 }))
  local packet = keep("Packet", vsk.packet { op = "RW", payload = "hello" })
  keep("Header", vsk.header())
  keep("Buffer", packet:buffer())
  queue.driver:send(packet)
  queue.driver:post(100)
  keep("Chain", queue.device:pop())
  local lab = keep("Lab", vsk.lab {
    memory = 1 << 20, on_request = function(conn) conn:accept() end,
    on_data = function(conn, data) conn:send(data) end,
    save_state = function() end,
  })
  keep("Conn", lab.guest:connect(2, 1))
  keep("Snapshot", lab:snapshot())
end

local made, succeeded = 0, 0
local counts = {}
for _ = 1, SEQUENCES do
  begin()
  for _ = 1, CALLS + random(0, 20) do
    local name
    repeat name = names[random(#names)] until random(SELDOM[name] or 1) == 1
    local good, result, message = pcall(calls[name])
    made = made + 1
    good = good and not (result == nil and message ~= nil)
    if good then succeeded = succeeded + 1 end
    counts[name] = counts[name] or { 0, 0 }
    counts[name][good and 1 or 2] = counts[name][good and 1 or 2] + 1
  end
end

if os.getenv "VERBOSE" then
  for _, name in ipairs(names) do print(name, table.unpack(counts[name] or {})) end
end
local share = 100 * succeeded // made
print(("%d%% of %d calls in %d sequences succeeded, seed %d"):format(share, made, SEQUENCES, SEED))
os.exit(share >= 50, true)
