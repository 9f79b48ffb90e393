-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Going through a lab step by step, up to what one looks for, and back. See vsk.lab.
--
-- A call of step is one step, however far it goes. A lab's private part has `steps`: what is kept
-- of them, and the entries of the last one, from `first` up to before `last`; `next` is where a
-- step that looks for something looks next; nil: at the end of the trace.
-- @module vsk.stepping
local class = require "vsk.class"
local constants = require "vsk.constants"
local host = require "vsk.host"
local snapshot = require "vsk.snapshot"
local trace = require "vsk.trace"

local FOREVER = -1 -- all 64 bits

local stepping = {}

local kinds = class.set(table.unpack(trace.KINDS))
local ops = {}
for name in pairs(constants.op) do ops[name] = true end

--- Make a function of what somebody looks for.
local function condition(wanted)
  if type(wanted) == "function" then return wanted end
  local word = type(wanted) == "string" and wanted:upper() or nil
  if kinds[word] then return function(entry) return entry.kind == word end end
  if ops[word] then
    return function(entry) return entry.packet ~= nil and entry.packet.op == word end
  end
  local names = table.concat(trace.KINDS, ", "):lower()
  class.misuse("ERR_ARGUMENT", ("step cannot look for %s: one of %s, an op, or a function"):format(
    tostring(wanted), names))
end

--- Where the lab stands, if it has a history.
local function point_of(own)
  local steps = own.steps
  local point = { finish = own.core:trace_end() }
  for _, name in ipairs { "first", "last", "next" } do point[name] = steps[name] end
  if steps.history == 0 then return point end
  local message, code
  point.snapshot, message, code = snapshot.take(own)
  if not point.snapshot then return nil, message, code end
  return point
end

--- Do what a step does, and write down what came of it, also where a hook raises. A step that has
-- done nothing is not kept; of those that are the oldest goes.
local function watched(own, run)
  host.may_drive(own)
  local steps = own.steps
  local point, message, code = point_of(own)
  if not point then return nil, message, code end
  local moved = true
  local _ <close> = setmetatable({}, { __close = function()
    steps.first, steps.last = point.finish, own.core:trace_end()
    if not point.snapshot or not moved and steps.first == steps.last then return end
    table.insert(steps.kept, point)
    if #steps.kept > steps.history then table.remove(steps.kept, 1) end
  end })
  local found
  found, moved, message, code = run(point.finish)
  if found == nil then return nil, message, code end
  return found
end

--- Do one thing.
function stepping.one(own)
  return watched(own, function()
    own.steps.next = nil
    local went, message, code = host.step(own, FOREVER)
    return went, went ~= false, message, code
  end)
end

--- Go on to the next entry that fits.
function stepping.to(own, wanted)
  local fits, core, steps = condition(wanted), own.core, own.steps
  return watched(own, function(first)
    -- Behind the entry where the last step stopped, unless somebody else went on since.
    if not steps.next or steps.last ~= first then steps.next = first end
    local go_on, went, moved = own.stepper(own), true, false
    while true do
      while math.max(steps.next, core:trace_begin()) < core:trace_end() do
        local entry = trace.entry(core, math.max(steps.next, core:trace_begin()))
        steps.next = entry.number + 1
        if fits(entry) then return entry, true end
      end
      if not went then return false, moved end
      local message, code
      went, message, code = go_on()
      if went == nil then return nil, true, message, code end
      moved = moved or went
    end
  end)
end

--- The entries that the last step has added, as far as they are kept.
function stepping.added(own)
  local entries = {}
  for number = math.max(own.steps.first, own.core:trace_begin()), own.steps.last - 1 do
    table.insert(entries, trace.entry(own.core, number))
  end
  return entries
end

--- Take back the last steps; the trace ends where it ended then.
function stepping.back(own, count)
  host.may_drive(own)
  local steps = own.steps
  if not (math.type(count) == "integer" and count >= 1 and count <= #steps.kept) then
    class.misuse("ERR_STATE", ("%s steps cannot be taken back: %d are kept, see history"):format(
      tostring(count), #steps.kept))
  end
  local point = steps.kept[#steps.kept - count + 1]
  local done, message, code = snapshot.go_back(own, snapshot.of(point.snapshot))
  if not done then return nil, message, code end
  own.core:trace_cut(point.finish)
  if own.capture then own.capture.next = math.min(own.capture.next, point.finish) end
  steps.first, steps.last, steps.next = point.first, point.last, point.next
  for _ = 1, count do table.remove(steps.kept) end
  return true
end

--- Begin before the first step.
function stepping.begin(history)
  if not (math.type(history) == "integer" and history >= 0) then
    class.fail("history: integer from 0 expected, got %s", tostring(history))
  end
  return { history = history, kept = {}, first = 0, last = 0 }
end

return stepping
