-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- A guest: the driver's side of vsock, well-behaved or by hand.
--
-- Fields: `cid`, `connections`, `features`, `counters`, `memory`, `rings`; hooks as a device's (see
-- vsk.party), for connections that were made with `hooks = true`.
-- @module vsk.guest
local class = require "vsk.class"
local core = require "vsk.core"
local party = require "vsk.party"

local Guest, get, set, calls = class.new("Guest", true)
local of = calls.of
party.extend(Guest, get, set, of)

-- Options by their names, and what the core calls them.
local OPTIONS = { features = "accepted" }
for _, name in ipairs {
  "preset", "queue_size", "rx_layout", "rx_indirect", "rx_buffers", "refill_at", "event_buffers",
  "tx_piece", "tx_indirect", "buf_alloc", "update_at", "update_idle", "payload_max", "ask",
  "answer", "meter", "connections", "send_buffer", "empty_messages", "connect_timeout",
  "close_timeout", "drain_timeout", "ask_first", "ask_last",
} do
  OPTIONS[name] = name
end

local function role_of(own)
  party.driver(own)
  return own.roles[1]
end

--- Own context id.
function get.cid(own)
  return role_of(own):count "cid"
end

--- Own memory: alloc gives from its last eighth, which the guest leaves to scripts.
function get.memory(own)
  return role_of(own):memory()
end

--- Where the rings stand in its memory: rx, tx, event. Writing there is an experiment.
function get.rings(own)
  return { table.unpack(role_of(own):memory():rings(), 1, 3) }
end

-- ---- sockets ----

local connect_options = class.set("local_port", "hooks")

--- Connect, and wait until it is there.
-- @tparam integer cid
-- @tparam integer port
-- @tparam[opt] string type "STREAM" or "SEQPACKET"
-- @tparam[opt] table options local_port; hooks: tell the hooks of it, false
-- @treturn[1] Conn
-- @return[2] nil, message, code: RESET where it is refused, TIMEOUT where nobody answers
function Guest:connect(cid, port, type, options)
  local own = of(self)
  party.driver(own).may_drive()
  options = class.check_options(options, connect_options)
  local conn, id, code = party.connect(own, 1, cid, port, type, options)
  if not conn then return nil, id, code end
  return party.wait_ready(own, 1, conn, id)
end

local Listener, listener_get, _, listener_calls = class.new "Listener"
local listener_of = listener_calls.of

--- The port.
function listener_get.port(own)
  return own.port
end

--- Wait for the next connection.
-- @treturn[1] Conn
-- @return[2] nil, message, code: TIMEOUT where none will ever come
function Listener:accept()
  local own = listener_of(self)
  if own.closed then class.misuse("ERR_CLOSED") end
  local guest = own.guest
  local role = role_of(guest)
  local function what() return "a peer on port " .. own.port end
  local id, message, code = guest.driver.wait(what, role.accepted, role, own.port)
  if not id then return nil, message, code end
  return party.conn(guest, 1, id, false)
end

--- Listen no more; connections that were not asked for are reset. Closing twice is no error.
-- @treturn boolean true
function Listener:close()
  local own = listener_of(self)
  if own.closed then return true end
  own.closed = true
  return role_of(own.guest):unlisten(own.port)
end

listener_calls.meta.__close = Listener.close

--- Listen on a port. More than backlog connections that nobody has asked for get RST.
-- @tparam integer port
-- @tparam[opt] integer backlog 128
-- @treturn[1] Listener accept gives its connections; close, or the end of a block where it stands
-- as `local listener <close>`, ends it
-- @return[2] nil, message, code: ERR_BUSY where somebody listens already
function Guest:listen(port, backlog)
  local own = of(self)
  local done, message, code = role_of(own):listen(port, backlog or 128)
  if not done then return nil, message, code end
  return listener_calls.new { guest = own, port = math.tointeger(port) }
end

--- Leave the socket that vsk.attach has put it on, as the end of a block does where the guest
-- stands as `local guest <close>`; in a lab it stays. Closing twice is no error. Packets that were
-- sent, and connections that were closed or reset, get a second at most to reach the device, so
-- that it hears how they ended; what is open ends with the socket.
-- @treturn[1] boolean true
-- @return[2] nil, message, error number of the system, of the capture
function Guest:close()
  local own = of(self)
  if not own.driver then return true end
  return own.driver.leave()
end

calls.meta.__close = Guest.close

-- ---- below sockets ----

local cut_options = class.set("layout", "indirect")

--- Move options out of a table of fields.
local function split(given, names)
  local fields, options = {}, {}
  for name, value in pairs(given) do
    if names[name] then options[name] = value else fields[name] = value end
  end
  return fields, options
end

--- Send any packet with any field wrong, cut into descriptors of any length.
--
-- src_cid is this guest's where it is not given. From then on the port that it came from is yours:
-- what comes back to it is not answered, and is for expect.
-- @tparam Packet|table packet or its fields, and beside them layout and indirect
-- @tparam[opt] table options layout, indirect: beside a Packet
-- @treturn[1] Packet
-- @return[2] nil, message, code
function Guest:tx(packet, options)
  local role = role_of(of(self))
  if type(packet) == "table" and options == nil then
    local fields
    fields, options = split(packet, cut_options)
    if not (fields.src or fields.src_cid or fields.header) then fields.src_cid = self.cid end
    packet = core.packet(fields)
  end
  local done, message, code = role:put(packet, options)
  if not done then return nil, message, code end
  return packet
end

local expect_options = class.set("within", "all")
local FIELDS = {
  "src", "dst", "src_cid", "src_port", "dst_cid", "dst_port", "type", "op", "flags", "len",
  "buf_alloc", "fwd_cnt", "payload",
}

local function show(name, value)
  if type(value) == "table" then return ("%d:%d"):format(value[1], value[2]) end
  if name == "payload" then return ("%q"):format(value) end
  return tostring(value)
end

local function equal(one, other)
  if type(one) ~= "table" then return one == other end
  return one[1] == other[1] and one[2] == other[2]
end

--- What a packet should be, as fields of a packet are: names and values, in order.
local function wanted_of(fields)
  local packet = core.packet(fields) -- whatever is wrong with a field raises here
  local wanted, words = {}, {}
  for _, name in ipairs(FIELDS) do
    if fields[name] ~= nil then
      local value = packet[name]
      table.insert(wanted, { name, value })
      table.insert(words, ("%s=%s"):format(name, show(name, value)))
      fields[name] = nil
    end
  end
  if next(fields) then class.fail("a packet cannot be told by its %s", next(fields)) end
  return wanted, table.concat(words, ", ")
end

--- Say which fields of a packet are not as they should be.
local function differences(packet, wanted)
  local found = {}
  for _, pair in ipairs(wanted) do
    local name, value = pair[1], packet[pair[1]]
    if not equal(value, pair[2]) then
      table.insert(found, ("%s is %s, not %s"):format(name, show(name, value), show(name, pair[2])))
    end
  end
  return found
end

--- Go through the packets that came, for no connection unless all are asked for.
local function came(role, all)
  local index = -1
  return function()
    while true do
      index = index + 1
      local owned = role:owned(index)
      if owned == nil then return nil end
      if all or not owned then return index, role:seen(index) end
    end
  end
end

--- Drive until a packet is there that fits; it is taken.
-- @return the packet or nil, or nil, message, code; and what was wanted
local function look_out(own, given)
  local driver, role = party.driver(own), own.roles[1]
  local fields, options = split(given, expect_options)
  local all = class.check("all", options.all, "boolean", false)
  local within = options.within or 0
  class.nanoseconds("within", within)
  local wanted, words = wanted_of(fields)
  local function find()
    for index, packet in came(role, all) do
      if #differences(packet, wanted) == 0 then return index, packet end
    end
  end
  local _, message, code = driver.run(find, within)
  if code ~= nil and code ~= "TIMEOUT" then return nil, message, code end
  local index, packet = find()
  if index then role:unsee(index) end
  local function explain()
    local lines = {}
    for _, other in came(role, all) do
      local wrong = table.concat(differences(other, wanted), "; ")
      table.insert(lines, ("\n  %s\n    %s"):format(other, wrong))
    end
    if #lines == 0 then lines[1] = "\n  nothing" end
    return ("no packet with %s within %g s; what came:%s"):format(words, within,
      table.concat(lines))
  end
  return packet, explain
end

--- Wait for a packet with these fields, among those that belong to no connection. Takes the
-- first that fits and leaves the others.
-- @tparam table fields of a packet; within: seconds, 0; all: every packet counts, false
-- @treturn[1] Packet
-- @return[2] nil, message, "EXPECT": the message shows the packets that came instead
function Guest:expect(fields)
  local own = of(self)
  class.check("fields", fields, "table")
  local packet, explain, code = look_out(own, fields)
  if packet then return packet end
  if code then return nil, explain, code end
  return nil, explain(), "EXPECT"
end

--- Hold that no packet with these fields comes.
-- @tparam table fields of a packet; within: seconds, 0; all: every packet counts, false
-- @treturn[1] boolean true
-- @return[2] nil, message, "EXPECT" at the first that does
function Guest:expect_none(fields)
  local own = of(self)
  class.check("fields", fields, "table")
  local packet, message, code = look_out(own, fields)
  if code then return nil, message, code end
  if not packet then return true end
  return nil, ("a packet came that should not:\n  %s"):format(packet), "EXPECT"
end

--- Put any number into a queue's available ring, and kick.
-- @tparam integer queue 0 rx, 1 tx, 2 event
-- @tparam integer slot
-- @treturn boolean true
function Guest:offer(queue, slot)
  return role_of(of(self)):offer(queue, slot)
end

--- Reset a queue, and enable it again with a size. It raises ERR_FEATURES where RING_RESET was not
-- negotiated, or the guest is not a lab's; ERR_SIZE; and ERR_BUSY while packets are on their way in
-- that queue.
-- @tparam integer queue 0 rx, 1 tx, 2 event
-- @tparam integer size descriptors, at most queue_size
-- @treturn boolean true
function Guest:reset_queue(queue, size)
  return role_of(of(self)):reset_queue(queue, size)
end

--- Kick the device for a queue, asked for or not.
-- @tparam[opt] integer queue 0 rx, 1 tx, 2 event; 1
-- @treturn boolean true
function Guest:kick(queue)
  return role_of(of(self)):kick(queue or 1)
end

return {
  calls = calls,
  OPTIONS = OPTIONS,
  names = calls.names(table.unpack(party.HOOKS)),
  listener_names = listener_calls.names(),

  --- Make a guest of a table with options and hooks: see vsk.guest.
  new = function(given)
    local names, hooks = party.split(given, OPTIONS)
    local own = { names = names }
    own.object = calls.new(own)
    for name, hook in pairs(hooks) do rawset(own.object, name, hook) end
    return own.object
  end,
}
