-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Attacks on vhost-user vsock devices and on guests: each one call, each with the rule it breaks.
--
--     local attacks = require "vsk.attacks"
--     local outcome = assert(attacks.ring_loop "/run/vm.sock")
--     print(outcome.verdict, outcome.why)
--
-- Every attack is a field by its name, a table with `name`, `family`, `role` of who is attacked
-- ("device" or "guest"), `clauses` that it breaks, the reaction that is `wanted`, the verdicts that
-- are `right`, a public `report` or "", and its `steps`; it can be called like run, without steps.
-- @module vsk.attacks
local class = require "vsk.class"
local core = require "vsk.core"

local PORT = 1234
local FIELDS = { "name", "family", "role", "clauses", "wanted", "right", "report", "steps" }
local LISTS = { clauses = "%S+", right = "%S+", steps = "[^\n]+" }

local attacks = {}

--- Do steps at a socket: as a guest that dials a device, or as a device.
-- @function run
-- @tparam string path of the socket file
-- @tparam table steps lines
-- @tparam[opt] table options port: the other side's, on which somebody may answer, 1234; within:
-- seconds that an answer may take, 2; listen: be a device, false; answered: a REQUEST to the port
-- is answered, true
-- @treturn[1] table verdict: "pass", "fail", "reject" (the session was closed) or "skip"; step: the
-- number of the one that did not end as it must, 0: none; why; capture: a pcapng file
-- @return[2] nil, message, code: nobody is at the socket
function attacks.run(path, steps, options)
  local asked = class.check("options", options, "table", {})
  local within = class.check("within", asked.within, "number", 2.0)
  local told, message, code = core.rogue_run(class.check("path", path, "string"),
    class.check("listen", asked.listen, "boolean", false),
    class.check("answered", asked.answered, "boolean", true), asked.port or PORT,
    math.floor(within * 1000), table.concat(class.check("steps", steps, "table"), "\n"))
  if not told then return nil, message, code end
  local verdict, step, why, capture = told:match "^(.-)\n(.-)\n(.-)\n(.*)$"
  return { verdict = verdict, step = math.tointeger(step), why = why, capture = capture }
end

local meta = {}

function meta.__call(attack, path, options)
  local asked = { listen = attack.role == "guest" }
  for name, value in pairs(options or {}) do asked[name] = value end
  return attacks.run(path, attack.steps, asked)
end

function meta.__tostring(attack)
  return ("attack %s on a %s"):format(attack.name, attack.role)
end

local function read(told)
  local attack, at = {}, 1
  for word in told:gmatch "([^\0]*)\0" do
    local name = FIELDS[at]
    attack[name] = word
    if LISTS[name] then
      attack[name] = {}
      for piece in word:gmatch(LISTS[name]) do table.insert(attack[name], piece) end
    end
    at = at + 1
  end
  return setmetatable(attack, meta)
end

--- All attacks, in their order.
-- @function table
-- @treturn table
function attacks.table()
  local all = {}
  local told = core.attack(0)
  while told do
    table.insert(all, read(told))
    told = core.attack(#all)
  end
  return all
end

for _, attack in ipairs(attacks.table()) do attacks[attack.name] = attack end

return attacks
