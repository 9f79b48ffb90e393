---@meta _
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---A view of bytes in guest memory, without a copy; positions are those of string.sub.
---@class vsk.Buffer
---@field writable boolean set may be called
---@operator len: integer
local Buffer = {}

---Read a byte, the first one where no position is given.
---@param position? integer
---@return integer? byte
function Buffer:byte(position) end

---Let go of the memory behind it.
function Buffer:close() end

---Count its bytes.
---@return integer
function Buffer:len() end

---Write bytes from a position on.
---@param position integer
---@param data string
function Buffer:set(position, data) end

---Copy bytes out, as string.sub does.
---@param first? integer
---@param last? integer
---@return string
function Buffer:sub(first, last) end

---Read values as string.unpack does.
---@param format string
---@param position? integer
---@return any ...
function Buffer:unpack(format, position) end

---Guest RAM: regions of bytes at guest addresses.
---@class vsk.Memory
---@field closed boolean it was let go of
---@field size integer bytes in all regions together
local Memory = {}

---Take a range that nothing else uses.
---@param size integer
---@param align? integer
---@return integer|nil address
---@return string? message
---@return vsk.Code? code
function Memory:alloc(size, align) end

---Count the bytes that alloc can still give, in all pieces together.
---@return integer bytes
function Memory:available() end

---Let go of the memory; refused while views exist.
---@return true|nil ok
---@return string? message
---@return vsk.Code? code
function Memory:close() end

---Write the same byte many times.
---@param address integer
---@param value integer
---@param len integer
---@return true
function Memory:fill(address, value, len) end

---Give back a range that alloc gave.
---@param address integer
---@param size integer
---@return true
function Memory:free(address, size) end

---Copy bytes out.
---@param address integer
---@param len integer
---@return string
function Memory:read(address, len) end

---Name its regions.
---@return vsk.Range[]
function Memory:regions() end

---Name the rings that stand in it, for vsk.queue.
---@return vsk.Ring[]
function Memory:rings() end

---Write regions, bytes and the place of all rings into a file that load reads.
---@param path string
---@return true|nil ok
---@return string? message
---@return integer? errno
function Memory:save(path) end

---See bytes of one region without a copy.
---@param address integer
---@param len integer
---@return vsk.Buffer
function Memory:view(address, len) end

---Copy bytes in.
---@param address integer
---@param data string
---@return true
function Memory:write(address, data) end
