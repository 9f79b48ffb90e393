-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- A state of a lab, to go back to: what its core keeps, its timers, and its models. See vsk.lab.
-- @module vsk.snapshot
local class = require "vsk.class"
local party = require "vsk.party"

local _, _, _, calls = class.new "Snapshot"

local function copy(from)
  local to = {}
  for key, value in pairs(from) do to[key] = value end
  return to
end

local function copy_all(lists)
  local to = {}
  for key, list in pairs(lists) do to[key] = copy(list) end
  return to
end

local function parts_of(own)
  return { own.device_part, table.unpack(own.guest_parts) }
end

--- Keep a lab; own is its private part.
local function take(own)
  local models = {}
  for i, part in ipairs(parts_of(own)) do
    local save = rawget(part.object, "save_state")
    models[i] = { open = copy_all(part.open), saved = save ~= nil }
    if save then models[i].state = save(part.object) end
  end
  local core, message, code = own.core:snapshot()
  if not core then return nil, message, code end
  return calls.new { core = core, afters = copy(own.afters), models = models }
end

--- Go back to what was kept.
local function go_back(own, kept)
  local told = own.core:told_since(kept.core)
  local parts = parts_of(own)
  for i, part in ipairs(parts) do
    if told ~= 0 and not kept.models[i].saved and party.has_hooks(part) then
      class.misuse("ERR_STATE", ("%d hooks were called since: a model needs save_state and "
        .. "load_state to be taken back"):format(told))
    end
  end
  local done, message, code = own.core:rewind(kept.core)
  if not done then return nil, message, code end
  own.afters = copy(kept.afters)
  for i, part in ipairs(parts) do
    part.open = copy_all(kept.models[i].open)
    local load = rawget(part.object, "load_state")
    if kept.models[i].saved and load then load(kept.models[i].state, part.object) end
  end
  return true
end

return {
  names = calls.names(),
  of = calls.of,
  take = take,
  go_back = go_back,
}
