-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- What goes wrong in a lab: a field for each fault, to read and to set. See vsk.lab.
-- @module vsk.faults
local class = require "vsk.class"

local NAMES = class.set("delay", "hold", "lose_kicks", "starve", "shrink", "flip", "duplicate",
  "reorder", "lie", "scribble")
local LATE = class.set("delay", "hold") -- in seconds

local _, get, set, calls = class.new "Faults"

for name in pairs(NAMES) do
  get[name] = function(lab)
    local value = lab:fault(name)
    return LATE[name] and value / 1e9 or value
  end
  set[name] = function(lab, value)
    class.check(name, value, "number")
    lab:set_fault(name, LATE[name] and class.nanoseconds(name, value) or value)
  end
end

return {
  NAMES = NAMES,
  names = calls.names(),

  --- Show the faults of a lab.
  new = function(lab)
    return calls.new(lab)
  end,
}
