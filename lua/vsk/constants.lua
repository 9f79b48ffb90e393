-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Names and numbers: of ops, types, flags, features and statuses.
-- Each is a read-only table from name to number; a name that it does not have is an error.
-- @module vsk.constants
local core = require "vsk.core"

local function readonly(what, numbers)
  local function step(_, name)
    return next(numbers, name)
  end
  return setmetatable({}, {
    __index = function(_, name)
      return numbers[name] or error(what .. " has no '" .. tostring(name) .. "'", 2)
    end,
    __newindex = function() error(what .. " is read-only", 2) end,
    __pairs = function() return step end,
    __metatable = false,
  })
end

--- Collect the core's numbers whose names begin with a prefix, with or without it.
local function collect(prefix, into)
  local numbers = into or {}
  for name, value in pairs(core) do
    name = name:gsub("^VSK_", "")
    local rest = name:match("^" .. prefix .. "(.+)$")
    if rest and math.type(value) == "integer" then
      numbers[into and name or rest] = value
    end
  end
  return numbers
end

local statuses = {
  OK = core.OK, NONE = core.NONE, EOF = core.EOF, RESET = core.RESET, TIMEOUT = core.TIMEOUT,
  PIPE = core.PIPE,
}
collect("ERR_", statuses)
collect("BAD_", statuses)

return {
  --- What a packet does: `op.RW`.
  op = readonly("op", collect("OP_")),
  --- What kind of connection a packet belongs to: `type.STREAM`.
  type = readonly("type", collect("TYPE_")),
  --- Flags of a SHUTDOWN: `shutdown.SEND`.
  shutdown = readonly("shutdown", collect("SHUTDOWN_")),
  --- Flags of an RW of type SEQPACKET: `seq.EOM`.
  seq = readonly("seq", collect("SEQ_")),
  --- Features that a device offers and a guest accepts, as masks: `feature.SEQPACKET`.
  feature = readonly("feature", collect("FEATURE_")),
  --- What the two ends of a vhost-user socket can do, as masks: `protocol.DEVICE_STATE`.
  protocol = readonly("protocol", collect("PROTOCOL_")),
  --- Every outcome of a call; the names are the codes that calls return.
  status = readonly("status", statuses),
}
