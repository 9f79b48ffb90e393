-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- What a device and a guest have in common: options, hooks, connections, and who drives them.
--
-- Every hook is optional. It gets the device, or the guest, as its last argument:
--
--     on_packet(packet)           every packet that comes, first; false swallows it, a Packet
--                                 replaces it
--     on_request(conn)            who asks to connect: RST, unless conn:accept() or conn:defer()
--     on_connect(conn)            a connection that this side opened is there
--     on_data(conn, data)         payload, on SEQPACKET a whole message
--     on_writable(conn)           the send queue fell under its limit
--     on_eof(conn)                the peer will send no more; without it: conn:close()
--     on_close(conn)              it is over, or was never accepted; conn.reason says how
--     on_error(conn, message, code)  a protocol error; conn is nil where it belongs to none
--     on_reset()                  the driver reset the device
--
-- save_state() and load_state(state) let a model be taken back to a snapshot.
-- @module vsk.party
local Conn = require "vsk.conn"
local class = require "vsk.class"
local constants = require "vsk.constants"
local core = require "vsk.core"

local party = {
  --- By the number of their event.
  HOOKS = {
    "on_packet", "on_request", "on_connect", "on_data", "on_writable", "on_eof", "on_close",
    "on_error", "on_reset",
  },
  ANY = 0xffffffff, -- stands for no port of one's own choice
}

local PACKET, DATA, EOF, CLOSE, ERROR, RESET = 1, 4, 6, 7, 8, 9

local CALLS = class.set("save_state", "load_state", table.unpack(party.HOOKS))
local SECONDS = class.set("connect_timeout", "close_timeout", "drain_timeout", "ask_first",
  "ask_last")
local FLAGS = class.set("rx_indirect", "tx_indirect", "update_idle", "ask", "answer", "meter",
  "empty_messages", "route")

-- ---- options ----

local function set_option(options, name, to, value)
  if SECONDS[name] then
    value = class.nanoseconds(name, value)
  elseif FLAGS[name] then
    value = class.check(name, value, "boolean") and 1 or 0
  else
    class.check(name, value, "number")
  end
  local done, message = pcall(options.set, options, to, value)
  if not done then class.fail("%s: %s", name, message) end
end

--- Make the core's options of names and values; known maps the names to the core's.
function party.options(names, known)
  local options = core.Options.make()
  if names.preset ~= nil then options:preset(names.preset) end
  if names.rx_layout ~= nil then
    options:rx { layout = names.rx_layout, indirect = names.rx_indirect }
  end
  for name, value in pairs(names) do
    if name ~= "preset" and name ~= "rx_layout" then
      set_option(options, name, known[name], value)
    end
  end
  return options
end

--- Split a table into options that are known, and hooks.
function party.split(given, known)
  local names, hooks = {}, {}
  for name, value in pairs(given) do
    if CALLS[name] then
      hooks[name] = class.check(name, value, "function")
    elseif known[name] then
      names[name] = value
    else
      class.fail("unknown option '%s'", tostring(name))
    end
  end
  party.options(names, known) -- wrong ones are wrong now
  return names, hooks
end

-- ---- belonging to a lab ----

--- Belong to whom drives from now on: wait, run, may_drive, after and cancel.
function party.join(own, driver, roles)
  own.driver, own.roles = driver, roles
  own.named, own.open, own.holds = {}, {}, {}
  local wants = rawget(own.object, "on_packet") ~= nil
  for pair, role in ipairs(roles) do
    own.named[pair] = setmetatable({}, { __mode = "v" })
    own.open[pair] = {}
    own.holds[pair] = {}
    role:want_packets(wants)
  end
end

--- Belong to nobody again: nothing has come of it.
function party.part(own)
  own.driver, own.roles = nil, nil
end

--- Who drives, or an error.
function party.driver(own)
  return own.driver or class.misuse("ERR_STATE", "it belongs to no lab and no socket yet")
end

--- The object that names a connection, the same one each time; with hooks it lives as long as
-- the connection does, and what the user keeps in it.
function party.conn(own, pair, id, hooks)
  local conn = own.named[pair][id]
  if not conn then
    conn = Conn.new(own.roles[pair], id, own.driver.wait, own.holds[pair])
    own.named[pair][id] = conn
  end
  if hooks then own.open[pair][id] = conn end
  return conn
end

--- Begin a connection.
function party.connect(own, pair, cid, port, kind, options)
  if type(kind) ~= "number" then
    kind = core["TYPE_" .. class.check("type", kind, "string", "STREAM")]
      or class.fail "type: STREAM or SEQPACKET expected"
  end
  local hooks = class.check("hooks", options.hooks, "boolean", false)
  local role = own.roles[pair]
  local id, message, code =
    role:connect(options.local_port or party.ANY, cid, port, kind, hooks)
  if not id then return nil, message, code end
  return party.conn(own, pair, id, hooks), id
end

--- Wait until a connection is there.
function party.wait_ready(own, pair, conn, id)
  local role = own.roles[pair]
  local function what() return "an answer to " .. tostring(conn) end
  local there, message, code = own.driver.wait(what, function()
    local yes, why, status = role:ready(id)
    if yes == false then return nil, nil, "NONE" end
    return yes, why, status
  end)
  if not there then return nil, message, code end
  return conn
end

-- ---- events ----

--- Do what on_packet has answered.
local function take(role, answer)
  if answer == false then
    role:swallow()
  elseif answer ~= nil and answer ~= true then
    role:replace(answer)
  end
end

--- Call the hook of an event.
function party.tell(own, kind, pair, id, value, code)
  local object, role = own.object, own.roles[pair]
  local hook = rawget(object, party.HOOKS[kind])
  local conn
  if hook and id ~= 0 then conn = party.conn(own, pair, id, kind ~= CLOSE) end
  if kind == CLOSE then own.open[pair][id] = nil end
  if not hook then
    if kind == EOF then role:close(id) end
  elseif kind == PACKET then
    take(role, hook(value, object))
  elseif kind == RESET then
    hook(object)
  elseif kind == DATA then
    hook(conn, value, object)
  elseif kind == ERROR then
    hook(conn, value, code, object)
  else
    hook(conn, object)
  end
end

--- Whether hooks may have kept something that no snapshot knows.
function party.has_hooks(own)
  for _, name in ipairs(party.HOOKS) do
    if rawget(own.object, name) ~= nil then return true end
  end
  return false
end

-- ---- the class ----

local COUNTERS = {
  "rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "errors", "foreign", "queued",
}

--- Add what both have to a class.
function party.extend(methods, get, set, of)
  --- All connections that are not over.
  function get.connections(own)
    local conns = {}
    party.driver(own)
    for pair, role in ipairs(own.roles) do
      for _, id in ipairs(role:connections()) do
        table.insert(conns, party.conn(own, pair, id, false))
      end
    end
    return conns
  end

  --- Names of the features that were agreed on, sorted.
  function get.features(own)
    party.driver(own)
    local mask, names = own.roles[1]:count "features", {}
    for name, bit in pairs(constants.feature) do
      if mask & bit ~= 0 then table.insert(names, name) end
    end
    table.sort(names)
    return names
  end

  --- Packets, payload bytes, errors and more, counted since the beginning.
  function get.counters(own)
    local counters = {}
    party.driver(own)
    for _, name in ipairs(COUNTERS) do
      counters[name] = 0
      for _, role in ipairs(own.roles) do counters[name] = counters[name] + role:count(name) end
    end
    return counters
  end

  --- Packets are told to a hook that came late, too.
  function set.on_packet(own, hook)
    rawset(own.object, "on_packet", hook)
    for _, role in ipairs(own.roles or {}) do role:want_packets(hook ~= nil) end
  end

  --- Call a function later, on the clock of the lab, or the system's; it gets the device.
  -- @tparam number seconds
  -- @tparam function call
  -- @treturn integer timer for cancel
  function methods:after(seconds, call)
    local own = of(self)
    local nanoseconds = class.nanoseconds("seconds", seconds)
    class.check("function", call, "function")
    return party.driver(own).after(nanoseconds, call, self)
  end

  --- Take a timer of after out.
  -- @tparam integer timer
  -- @treturn boolean whether it was still to come
  function methods:cancel(timer)
    return party.driver(of(self)).cancel(timer)
  end
end

return party
