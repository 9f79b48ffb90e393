-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Chains that Linux kernels have posted, laid out where they stood.
local cjson = require "cjson"
local vsk = require "vsk"

local recorded = {
  files = {
    "linux-5.10-indirect", "linux-6.1-direct", "linux-6.1-indirect", "linux-6.12-indirect",
    "linux-7.3-indirect",
  },
}
for i, name in ipairs(recorded.files) do
  recorded.files[i] = "tests/vectors/" .. name .. ".chains.jsonl"
end

local RINGS = { 0x100000, 0x10000 } -- a region for the ring and the indirect table

local function bytes_of(hex)
  return (hex:gsub("..", function(two) return string.char(tonumber(two, 16)) end))
end

--- Go through the chains of a file: queue, indirect, descs, and on tx the packet's bytes.
function recorded.chains(path)
  local lines = io.lines(path)
  return function()
    local line = lines()
    if not line then return nil end
    local chain = cjson.decode(line)
    chain.bytes = chain.bytes and bytes_of(chain.bytes)
    return chain
  end
end

--- The rings' region, and one for each cluster: buffers that touch.
local function regions_of(chain)
  local sorted = table.move(chain.descs, 1, #chain.descs, 1, {})
  table.sort(sorted, function(a, b) return a[1] < b[1] end)
  local regions = { RINGS }
  for _, desc in ipairs(sorted) do
    local last, addr, len = regions[#regions], desc[1], desc[2]
    if #regions > 1 and addr <= last[1] + last[2] then
      last[2] = math.max(last[2], addr + len - last[1])
    else
      table.insert(regions, { addr, len })
    end
  end
  return regions
end

--- Put a chain on a fresh ring in a memory of its own; gives the queue.
function recorded.post(chain)
  local memory = vsk.memory { regions = regions_of(chain), fill = 0xAA }
  local queue = vsk.queue(memory, { event_idx = false })
  local done = 0
  for _, desc in ipairs(chain.bytes and chain.descs or {}) do
    memory:write(desc[1], chain.bytes:sub(done + 1, done + desc[2]))
    done = done + desc[2]
  end
  local buffers = table.move(chain.descs, 1, #chain.descs, 1, { indirect = chain.indirect })
  queue.driver:add(buffers)
  return queue
end

return recorded
