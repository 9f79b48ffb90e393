---@meta vsk.replay
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---A trace or a capture as a script.
---@class vsk.Replay
---@field count integer packets
local Replay = {}

---Add a packet that the guest sends.
---@param at number seconds since the first one
---@param fields vsk.PacketFields|vsk.Layout
function Replay:tx(at, fields) end

---Add a packet that the device sends.
---@param at number seconds since the first one
---@param fields vsk.PacketFields
function Replay:rx(at, fields) end

---Say it again in a lab, to a device; without one a device of its own answers as recorded.
---@param model? vsk.Device|vsk.DeviceOptions
---@return true?
---@return string? message
---@return vsk.Code|"DIFFERS"|nil code
function Replay:play(model) end

---Say it again to the device behind a vhost-user socket.
---@param path string
---@return true?
---@return string? message
---@return vsk.Code|"DIFFERS"|nil code
function Replay:play_on(path) end

---Say it again to what the command line names: nothing, FILE.lua or a socket.
---@param words string[]
---@return integer status 0 all came as it was recorded, 1 something did not, 2 no such device
function Replay:main(words) end

---The module: `require "vsk.replay"`.
---@class vsk.replay
local replay = {}

---Begin a conversation between the guest with a CID and its device.
---@param options {guest: integer, rx_layout?: integer[], rx_indirect?: boolean, fields?: string[]}
---@return vsk.Replay
function replay.new(options) end

return replay
