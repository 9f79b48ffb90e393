-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- Puts packets on a TX queue and saves the memory for a device in Python: see image.py.
local vsk = require "vsk"

local mem = vsk.memory { regions = { { 0x10000, 0x8000 }, { 0x18000, 0x8000 }, { 0x100000000, 0x10000 } } }
local tx = vsk.queue(mem, { size = 64 })

local function packet(fields)
  fields.src, fields.dst, fields.buf_alloc = { 3, 1024 }, { 2, 1234 }, 262144
  return vsk.packet(fields)
end

local hello = packet { op = "RW", payload = "hello from a guest in Lua" }
tx.driver:send(packet { op = "REQUEST" })
tx.driver:send(hello) -- header and payload, as Linux cuts them
tx.driver:send(hello, { layout = { 10, 34, 1, 2, 3, 5, 8, 6 } })
tx.driver:send(hello, { layout = { 44, 25 }, indirect = true })
tx.driver:send(packet { op = "SHUTDOWN", flags = vsk.shutdown.RECEIVE | vsk.shutdown.SEND })
tx.driver:add { { 0xFFFFFFFF0000, 44, "r" } } -- where this guest has no memory

assert(mem:save(arg[1]))
print(("Lua guest: %d chains on a ring of %d descriptors, 3 regions of memory saved"):format(
  tx.driver.outstanding, tx.size))
