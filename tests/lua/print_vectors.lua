-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- Prints recorded chains as C and Python must print them too, byte for byte: for each line of
-- each file the queue and the chain, then for tx the packet.
local recorded = require "tests.lua.recorded"
local vsk = require "vsk"

for _, path in ipairs(arg) do
  for entry in recorded.chains(path) do
    local queue = recorded.post(entry)
    for chain in queue.device:chains() do
      print(entry.queue .. " " .. tostring(chain))
      if entry.queue == "tx" then print(assert(vsk.from_tx(chain))) end
    end
  end
end
