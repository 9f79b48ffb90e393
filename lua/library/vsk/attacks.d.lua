---@meta vsk.attacks
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---What came of steps.
---@class vsk.Outcome
---Reject: the session was closed; skip: it could not be tried.
---@field verdict "pass"|"fail"|"reject"|"skip"
---@field step integer the number of the one that did not end as it must; 0: none
---@field why string in words; empty where it passed
---@field capture string a pcapng file

---How an attack is made.
---@class vsk.AttackOptions
---@field port integer? the other side's, on which somebody may answer: 1234
---@field within number? seconds that an answer may take: 2
---@field listen boolean? be a device, to which a guest comes
---@field answered boolean? a REQUEST to the port is answered: true

---An attack that is known; calling it does it once.
---@class vsk.Attack
---@field name string as in vsk.attacks
---@field family "ring"|"header"|"credit"|"state"|"vhost" what it attacks
---@field role "device"|"guest" of who is attacked
---@field clauses string[] that it breaks
---@field wanted string the reaction that is right
---@field right string[] verdicts that are
---@field report string a public one, or empty
---@field steps string[] a line each, for vsk.attacks.run
---@overload fun(path: string, options?: vsk.AttackOptions): vsk.Outcome?, string?, string?

---`require "vsk.attacks"`: attacks on devices and on guests.
---@class vsk.attacks
---@field [string] vsk.Attack every attack by its name
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
