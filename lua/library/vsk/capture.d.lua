---@meta _
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---A packet of a capture file.
---@class vsk.Record
---@field packet vsk.Packet with a payload of its own
---@field time integer nanoseconds since 1970
---@field comment? string of the block in the file
---@field cut boolean payload is missing that was not captured

---A capture file, read or written.
---@class vsk.Capture
---@field skipped integer records read so far that were no packets of virtio-vsock
local Capture = {}

---Close the file.
---@return true|nil ok
---@return string? message
---@return integer? errno
function Capture:close() end

---Go through the packets of a file: `false, message, code` for what is broken.
---@return fun(): vsk.Record|false, string?, vsk.Code|integer|nil
function Capture:records() end

---Write the rest of it as a script, in "python" or "lua".
---@param language? string
---@param options? {guest?: integer}
---@return string|nil text
---@return string? message
---@return vsk.Code|integer|nil code
function Capture:script(language, options) end

---Append a packet.
---@param packet vsk.Packet
---@param options? {time?: integer, comment?: string}
---@return true|nil ok
---@return string? message
---@return integer? errno
function Capture:write(packet, options) end
