---@meta _
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---What goes wrong in a lab; all are 0 at first. The first five lose nothing.
---@class vsk.Faults
---@field delay number seconds that kicks and interrupts come late at most
---@field hold number seconds that used buffers come late at most
---@field lose_kicks integer of 1,000 kicks so many are lost until another one follows
---@field starve integer the most RX buffers that guests post
---@field shrink integer of 1,000 polls so many change a buffer's size
---@field flip integer of 1,000 packets so many have bytes in guest memory changed
---@field duplicate integer of 1,000 packets so many are sent again
---@field reorder integer of 1,000 packets so many are sent later
---@field lie integer of 1,000 packets so many have a wrong field
---@field scribble integer of 1,000 polls so many change bytes of a ring
local Faults = {}

---A lab as it was, for rewind.
---@class vsk.Snapshot
local Snapshot = {}

---A lab's own options, those of its device, and faults.
---@class vsk.LabOptions : vsk.DeviceOptions
---@field seed? integer the same one gives the same trace
---@field guests? integer|vsk.Guest[] how many, or those that vsk.guest made
---@field memory? integer bytes of each guest
---@field trace? integer entries that are kept
---@field capture? string a file, or "-"
---@field history? integer steps that back can take back
---@field device? vsk.Device instead of hooks: one that vsk.device made
---@field delay? number seconds that kicks and interrupts come late at most
---@field hold? number seconds that used buffers come late at most
---@field lose_kicks? integer of 1,000 kicks so many are lost until another one follows
---@field starve? integer the most RX buffers that guests post
---@field shrink? integer of 1,000 polls so many change a buffer's size
---@field flip? integer of 1,000 packets so many have bytes in guest memory changed
---@field duplicate? integer of 1,000 packets so many are sent again
---@field reorder? integer of 1,000 packets so many are sent later
---@field lie? integer of 1,000 packets so many have a wrong field
---@field scribble? integer of 1,000 polls so many change bytes of a ring

---A device model, its guests, a memory for each of them, and a virtual clock.
---@class vsk.Lab
---@field device vsk.Device the device
---@field guest vsk.Guest the first one
---@field guests vsk.Guest[] all of them
---@field now number virtual seconds
---@field stepped vsk.Entry[] what the last call of step has added to the trace
---@field trace vsk.Trace what passed
---@field faults vsk.Faults switches that may be set at any time
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
