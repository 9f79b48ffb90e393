-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Bytes of guest memory or of a payload, without a copy.
--
-- A buffer shows what its memory holds now, and keeps that memory alive: `Memory:close()`
-- refuses until the buffer is closed or collected. `#buffer` and `buffer:len()` are its
-- bytes, `tostring(buffer)` is a copy of them all, `sub` and `byte` count as string's do,
-- and `set(position, bytes)` writes where `writable` is true.
-- @module vsk.buffer
local core = require "vsk.core"

local Buffer = core.classes.Buffer

--- The results of string.unpack, with the position behind them counted from elsewhere.
local function moved(by, ...)
  local results = table.pack(...)
  results[results.n] = results[results.n] + by
  return table.unpack(results, 1, results.n)
end

--- Read values as string.unpack does.
-- @tparam string format as string.pack's
-- @tparam[opt] integer position where to begin, 1
-- @return the values, and the position behind them
function Buffer:unpack(format, position)
  position = position or 1
  if position < 0 then position = math.max(#self + position + 1, 1) end
  -- A format of a fixed size needs only its own bytes; alignment counts from the start.
  local fixed, size = pcall(string.packsize, format)
  if position < 1 or format:find "!" or not fixed then
    return string.unpack(format, tostring(self), position)
  end
  return moved(position - 1, string.unpack(format, self:sub(position, position + size - 1)))
end

return {}
