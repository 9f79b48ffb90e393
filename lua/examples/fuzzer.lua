-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- A guest that fuzzes a device until a hook fails, then finds the least packet that makes it fail.
--   lua5.4 fuzzer.lua [SEED]    begins at that seed; prints the seed, the packet and the reason
local vsk = require "vsk"
local FIELDS = { "op", "type", "flags", "src_port", "dst_port", "buf_alloc", "fwd_cnt" }

local function device() -- and its bug: a CREDIT_UPDATE may come without a REQUEST
  local queued = {}
  return { cid = 3, on_packet = function(packet)
    if packet.op == "REQUEST" then queued[packet.src_port] = "welcome" end
    if packet.op == "CREDIT_UPDATE" and packet.buf_alloc >= #queued[packet.src_port] then return end
  end }
end
local function failure(fields) -- in a lab of its own, so that nothing is left of the last packet
  local lab = vsk.lab(device())
  lab.guest:tx(fields)
  local fine, why = pcall(lab.run, lab)
  return not fine and tostring(why):match "[^\n]*"
end

local seed, fields = tonumber(arg[1]) or 1, { src_cid = 3, dst_cid = 2 }
repeat
  math.randomseed(seed)
  for _, name in ipairs(FIELDS) do fields[name] = math.random(0, 7) << 8 * math.random(0, 1) end
  seed = seed + 1
until failure(fields)
for _, name in ipairs(FIELDS) do -- the smallest number that still fails, field by field
  for value = 0, fields[name] do fields[name] = value; if failure(fields) then break end end
end
print(("seed %d: %s\n%s"):format(seed - 1, vsk.packet(fields), failure(fields)))
