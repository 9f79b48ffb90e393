-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Guest memory: regions of bytes at guest addresses, and its way into a file and back.
-- @module vsk.memory
local core = require "vsk.core"

local Memory = core.classes.Memory
local PIECE = 1 << 20 -- bytes moved at a time

--- Call f(address, length) for every piece of every region, in order.
local function pieces(memory, f)
  for _, region in ipairs(memory:regions()) do
    local address, size = region[1], region[2]
    for offset = 0, size - 1, PIECE do
      local done, message, code = f(address + offset, math.min(PIECE, size - offset))
      if not done then return nil, message, code end
    end
  end
  return true
end

--- Write regions, bytes and the place of all rings into a file that load reads.
-- @tparam string path
-- @treturn[1] boolean true
-- @return[2] nil, message, error number of the system; or ERR_BUSY where a queue that is opened
-- there could not go on alike: chains went back out of order and are not all back, in a packed
-- ring some are given and not published, with IN_ORDER some are used and not reaped
function Memory:save(path)
  local head, why, code = self:_head()
  if not head then return nil, why, code end
  local file, message, number = io.open(path, "wb")
  if not file then return nil, message, number end
  local done
  done, message, number = file:write(head)
  if done then
    done, message, number = pieces(self, function(address, length)
      return file:write(self:read(address, length))
    end)
  end
  local closed, close_message, close_number = file:close()
  if not done then return nil, message, number end
  return closed, close_message, close_number
end

--- Read a memory from an open file.
local function read(file)
  local size, message, number = file:seek "end"
  if not size then return nil, message, number end
  file:seek "set"
  local head = file:read(16) or ""
  local need, why, code = core.image_head(head)
  if not need then return nil, why, code end
  -- Nothing is allocated for an image before the file is as long as it says.
  if need > 16 and need <= size then head = head .. (file:read(need - 16) or "") end
  local fits
  fits, why, code = core.image_fits(head, size)
  if not fits then return nil, why, code end

  local memory, done
  memory, why, code = core.Memory._load(head)
  if not memory then return nil, why, code end
  done, why, code = pieces(memory, function(address, length)
    local bytes, what, errno = file:read(length)
    if not bytes then return nil, what, errno end
    return memory:write(address, bytes)
  end)
  if not done then return nil, why, code end
  done, why, code = memory:_adopt()
  if not done then return nil, why, code end
  return memory
end

return {
  --- Make guest memory.
  -- @function memory
  -- @tparam integer|table size bytes of one region at guest address 0; or {regions = {{address,
  -- size}, ...}, fill = byte}
  -- @tparam[opt] table options fill: what every byte is at first, 0
  -- @treturn Memory
  memory = core.memory,

  --- Read a memory from a file; its rings say which queues can be opened in it.
  -- @tparam string path
  -- @treturn[1] Memory
  -- @return[2] nil, message, code: ERR_IMAGE where the file is not a whole image
  load = function(path)
    local file, message, number = io.open(path, "rb")
    if not file then return nil, message, number end
    local memory, why, code = read(file)
    file:close()
    return memory, why, code
  end,
}
