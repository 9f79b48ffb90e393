---@meta vsk.attacks
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---@class vsk.Outcome what came of steps
---@field verdict "pass"|"fail"|"reject"|"skip"
---@field step integer the number of the one that did not end as it must; 0: none
---@field why string
---@field capture string a pcapng file

---@class vsk.AttackOptions
---@field port integer? the other side's, on which somebody may answer: 1234
---@field within number? seconds that an answer may take: 2
---@field listen boolean? be a device, to which a guest comes
---@field answered boolean? a REQUEST to the port is answered: true

---@class vsk.Attack
---@field name string
---@field family "ring"|"header"|"credit"|"state"|"vhost"
---@field role "device"|"guest" of who is attacked
---@field clauses string[] that it breaks
---@field wanted string the reaction that is right
---@field right string[] verdicts that are
---@field report string a public one, or empty
---@field steps string[]
---@overload fun(path: string, options?: vsk.AttackOptions): vsk.Outcome?, string?, string?

---@class vsk.attacks
---@field [string] vsk.Attack
local attacks = {}

---Do steps at a socket: as a guest that dials a device, or as a device.
---@param path string
---@param steps string[]
---@param options vsk.AttackOptions?
---@return vsk.Outcome? outcome
---@return string? message
---@return string? code
function attacks.run(path, steps, options) end

---All attacks, in their order.
---@return vsk.Attack[]
function attacks.table() end

return attacks
