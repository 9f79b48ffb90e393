-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- A device model: the host's side of vsock.
--
-- Its hooks are fields of it (see vsk.party), and so is all else that the model keeps. Fields:
-- `cid`, `connections`, `features`, `counters`.
-- @module vsk.device
local class = require "vsk.class"
local party = require "vsk.party"

local Device, get, set, calls = class.new("Device", true)
local of = calls.of
party.extend(Device, get, set, of)

-- Options by their names, and what the core calls them.
local OPTIONS = {
  cid = "cid", features = "offered", buf_alloc = "buf_alloc", send_buffer = "send_buffer",
  budget = "budget", connections = "connections", empty_messages = "empty_messages",
  connect_timeout = "connect_timeout", close_timeout = "close_timeout",
  drain_timeout = "drain_timeout", route = "route",
}

--- The first guest's context id.
function get.cid(own)
  return own.names.cid
end

--- The pair of the guest with a context id.
local function pair_of(own, cid)
  if cid == nil then return 1 end
  for pair, role in ipairs(own.roles) do
    if role:count "cid" == cid then return pair end
  end
  class.fail("cid: no guest has %s", tostring(cid))
end

local function open_to(own, port, kind, options)
  local pair = pair_of(own, options.cid)
  local conn, id, code = party.connect(own, pair, own.roles[pair]:count "cid", port, kind, options)
  return conn, id, code, pair
end

local connect_options = class.set("cid", "local_port")

--- Begin a connection to a port of the guest. Hooks hear of it: on_connect when it is there,
-- on_close where it is refused. Bytes may be sent at once; they leave when it is there.
-- @tparam integer port
-- @tparam[opt] string type "STREAM" or "SEQPACKET"
-- @tparam[opt] table options cid: of which guest; local_port
-- @treturn[1] Conn
-- @return[2] nil, message, code
function Device:connect(port, type, options)
  local own = of(self)
  party.driver(own)
  options = class.check_options(options, connect_options)
  local conn, id, code = open_to(own, port, type,
    { cid = options.cid, local_port = options.local_port, hooks = true })
  if not conn then return nil, id, code end
  return conn
end

local open_options = class.set("cid", "local_port", "hooks")

--- Connect to a port of the guest and wait until it is there: a connection to receive from.
-- @tparam integer port
-- @tparam[opt] string type "STREAM" or "SEQPACKET"
-- @tparam[opt] table options cid: of which guest; local_port; hooks: tell the hooks of it, false
-- @treturn[1] Conn
-- @return[2] nil, message, code: RESET where the guest refuses, TIMEOUT
function Device:open_connection(port, type, options)
  local own = of(self)
  party.driver(own).may_drive()
  options = class.check_options(options, open_options)
  local conn, id, code, pair = open_to(own, port, type, options)
  if not conn then return nil, id, code end
  return party.wait_ready(own, pair, conn, id)
end

--- End all connections and tell the guest, which reads its context id anew.
-- @tparam[opt] integer cid another one
-- @tparam[opt] integer guest the context id so far of the one that is meant: all, or the first
-- where there is to be another one
-- @treturn boolean true
function Device:reset_transport(cid, guest)
  local own = of(self)
  party.driver(own)
  local roles = own.roles
  if cid or guest then roles = { roles[pair_of(own, guest)] } end
  for _, role in ipairs(roles) do role:reset_transport(cid or role:count "cid") end
  return true
end

return {
  calls = calls,
  names = calls.names(table.unpack(party.HOOKS)),

  --- The core's options for a guest with a context id.
  options = function(own, cid, queue_size)
    local names = { cid = cid }
    for name, value in pairs(own.names) do names[name] = names[name] or value end
    local options = party.options(names, OPTIONS)
    if queue_size then options:set("queue_size", queue_size) end
    return options
  end,

  --- Make a device model of a table with options and hooks: see vsk.device.
  new = function(given)
    local names, hooks = party.split(given, OPTIONS)
    names.cid = names.cid or 3
    local own = { names = names }
    own.object = calls.new(own)
    for name, hook in pairs(hooks) do rawset(own.object, name, hook) end
    return own.object
  end,
}
