---@meta _
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---@class vsk.Buffer
---@field writable boolean
---@operator len: integer
local Buffer = {}

---@param position? integer
---@return integer? byte
function Buffer:byte(position) end

---Let go of the memory behind it.
function Buffer:close() end

---@return integer
function Buffer:len() end

---@param position integer
---@param data string
function Buffer:set(position, data) end

---@param first? integer
---@param last? integer
---@return string
function Buffer:sub(first, last) end

---Read values as string.unpack does.
---@param format string
---@param position? integer
---@return any ...
function Buffer:unpack(format, position) end

---@class vsk.Memory
---@field closed boolean
---@field size integer bytes in all regions together
local Memory = {}

---Take a range that nothing else uses.
---@param size integer
---@param align? integer
---@return integer|nil address
---@return string? message
---@return vsk.Code? code
function Memory:alloc(size, align) end

---@return integer bytes
function Memory:available() end

---Let go of the memory; refused while views exist.
---@return true|nil ok
---@return string? message
---@return vsk.Code? code
function Memory:close() end

---@param address integer
---@param value integer
---@param len integer
---@return true
function Memory:fill(address, value, len) end

---@param address integer
---@param size integer
---@return true
function Memory:free(address, size) end

---@param address integer
---@param len integer
---@return string
function Memory:read(address, len) end

---@return vsk.Range[]
function Memory:regions() end

---@return vsk.Ring[]
function Memory:rings() end

---Write regions, bytes and the place of all rings into a file that load reads.
---@param path string
---@return true|nil ok
---@return string? message
---@return integer? errno
function Memory:save(path) end

---@param address integer
---@param len integer
---@return vsk.Buffer
function Memory:view(address, len) end

---@param address integer
---@param data string
---@return true
function Memory:write(address, data) end
