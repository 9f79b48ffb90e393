---@meta _
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---@class vsk.Faults
---@field delay number seconds
---@field hold number seconds
---@field lose_kicks integer of 1,000 kicks
---@field starve integer RX buffers
---@field shrink integer of 1,000 polls
---@field flip integer of 1,000 packets
---@field duplicate integer of 1,000 packets
---@field reorder integer of 1,000 packets
---@field lie integer of 1,000 packets
---@field scribble integer of 1,000 polls
local Faults = {}

---@class vsk.Snapshot
local Snapshot = {}

---@class vsk.LabOptions : vsk.DeviceOptions
---@field seed? integer
---@field guests? integer|vsk.Guest[]
---@field memory? integer bytes of each guest
---@field trace? integer entries that are kept
---@field capture? string a file, or "-"
---@field history? integer steps that back can take back
---@field device? vsk.Device
---@field delay? number
---@field hold? number
---@field lose_kicks? integer
---@field starve? integer
---@field shrink? integer
---@field flip? integer
---@field duplicate? integer
---@field reorder? integer
---@field lie? integer
---@field scribble? integer

---@class vsk.Lab
---@field device vsk.Device
---@field guest vsk.Guest the first one
---@field guests vsk.Guest[]
---@field now number virtual seconds
---@field stepped vsk.Entry[] what the last call of step has added to the trace
---@field trace vsk.Trace
---@field faults vsk.Faults
local Lab = {}

---Take back the last calls of step; the trace loses what was taken back.
---@param count? integer
---@return true?
---@return string? message
---@return vsk.Code? code
function Lab:back(count) end

---End the capture.
---@return true?
---@return string? message
---@return integer? errno
function Lab:close() end

---Draw both ends of every connection: state, last cause, running timers.
---@return string
function Lab:ends() end

---Choose a number from 0 to below - 1 by the seed.
---@param below integer
---@return integer
function Lab:random(below) end

---Go back to a snapshot.
---@param snapshot vsk.Snapshot
---@return true
function Lab:rewind(snapshot) end

---Go on until something is true, or for so many seconds, or until nothing happens any more.
---@param condition? fun(): any
---@param within? number seconds
---@return true|nil ok
---@return string? message
---@return vsk.Code? code
function Lab:run(condition, within) end

---Keep all of it.
---@return vsk.Snapshot
function Lab:snapshot() end

---Do one thing; or, with wanted, go on to the next entry of the trace that fits, and give it:
---a kind, as "kick", an op, as "RST", or a function. false where nothing is left to do.
---@overload fun(self: vsk.Lab): boolean|nil, string?, vsk.Code?
---@param wanted string|fun(entry: vsk.Entry): any
---@return vsk.Entry|false|nil found
---@return string? message
---@return vsk.Code? code
function Lab:step(wanted) end
