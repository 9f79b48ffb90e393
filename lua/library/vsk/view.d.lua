---@meta vsk.view
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---The ring that a packet is cut for.
---@class vsk.CutOptions
---@field packed? boolean a packed ring
---@field indirect? boolean in an indirect table
---@field layouts? integer[][] of cuts: these alone

---The module: `require "vsk.view"`.
---@class vsk.view
local view = {}

---One packet through every cut into so many descriptors, as text: a line for each.
---@param packet vsk.Packet
---@param pieces? integer
---@param options? vsk.CutOptions
---@return string|nil text
---@return string? message
---@return vsk.Code? code
function view.cuts(packet, pieces, options) end

---Every way to cut so many bytes into so many descriptors.
---@param size integer
---@param pieces integer
---@return fun(): integer[]?
function view.every_layout(size, pieces) end

---The parser's way through a packet, from descriptor to descriptor, as text.
---@param packet vsk.Packet
---@param layout? integer[] bytes of each descriptor
---@param options? vsk.CutOptions
---@return string|nil text
---@return string? message
---@return vsk.Code? code
function view.walk(packet, layout, options) end

return view
