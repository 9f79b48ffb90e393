-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- As much of Wireshark as its plugin asks for, so that it runs in a Lua that this machine's
-- Wireshark has not: lua5.4 wireshark_api.lua PLUGIN float|integer < packets. A line of stdin is a
-- packet: seconds, length on the wire, hex; printed is its Info column.
-- luacheck: globals DissectorTable Pref Proto ProtoField ProtoExpert NSTime expert base
-- luacheck: globals wtap_encaps gui_enabled
local plugin, numbers = ...
local proto

local function any() return setmetatable({}, { __index = function(_, key) return key end }) end

local function tvb_of(bytes, reported)
  local tvb = {}
  function tvb.len() return #bytes end
  function tvb.reported_len() return reported end
  function tvb:tvb() return self end
  function tvb.le_uint()
    local value = string.unpack("<I" .. #bytes, bytes)
    return numbers == "float" and value + 0.0 or value
  end
  function tvb.le_uint64() return (string.unpack("<I8", bytes)) end
  return setmetatable(tvb, { __call = function(_, offset, size)
    assert(offset >= 0 and offset + size <= #bytes)
    return tvb_of(bytes:sub(offset + 1, offset + size), size)
  end })
end

local tree = {}
for name in ("add add_le append_text set_generated add_proto_expert_info"):gmatch "%S+" do
  tree[name] = function(self, what)
    assert(what ~= nil or name == "set_generated")
    return self
  end
end

local builtin = { call = function(_, tvb) return tvb:len() end }
local tables = { get_dissector = function() return builtin end }
function tables.add(_, _, own) proto = own end
DissectorTable = { get = function() return tables end }
Proto = function() return { prefs = {} } end
local function named(name) return { name } end
ProtoField = setmetatable({}, { __index = function() return named end })
ProtoExpert = { new = named }
Pref = { bool = function(_, default) return default end }
NSTime = function(seconds, nanoseconds)
  return { assert(math.tointeger(seconds)), assert(math.tointeger(nanoseconds)) }
end
expert, base, wtap_encaps = { group = any(), severity = any() }, any(), any()
gui_enabled = function() return false end

dofile(plugin)
proto.init()
local number = 0
for line in io.lines() do
  local seconds, reported, hex = line:match "^(%S+) (%d+) (%x+)$"
  local bytes = hex:gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end)
  number = number + 1
  local pinfo = { number = number, rel_ts = tonumber(seconds), cols = {} }
  proto.dissector(tvb_of(bytes, math.tointeger(reported)), pinfo, tree)
  print(pinfo.cols.info)
end
