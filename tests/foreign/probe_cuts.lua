-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Header and payload over descriptors as a driver likes: a device may assume nothing (2.7.4.1).
local rig = require "rig"

local LEN = 60
local FOURS = {}
for _ = 1, (44 + LEN) // 4 do table.insert(FOURS, 4) end

--- Send by hand, in this layout, and hold that the program reads it.
local function tx(layout, indirect)
  return function()
    local guest = rig.attach()
    if indirect then rig.need(guest, "INDIRECT_DESC") end
    rig.host("listen", 1234, "keep")
    local hand = rig.hand(guest, 5000, 1234):connect()
    hand:tx { op = "RW", payload = rig.pattern(LEN), layout = layout, indirect = indirect }
    rig.reached(guest, rig.came(guest, 1234), LEN, 2)
  end
end

local CUTS = {
  { "tx_header_and_payload", "TX as [44, 60]", { 44, LEN } },
  { "tx_one_descriptor", "TX as [104]", { 44 + LEN } },
  { "tx_payload_in_two", "TX as [44, 1, 59]", { 44, 1, LEN - 1 } },
  { "tx_payload_in_pages", "TX as [44, 20, 20, 20]", { 44, 20, 20, 20 } },
  { "tx_header_in_two", "TX as [20, 24, 60]", { 20, 24, LEN } },
  { "tx_header_with_payload", "TX as [50, 54]", { 50, LEN - 6 } },
  { "tx_in_small_pieces", "TX as 26 descriptors of 4 bytes", FOURS },
}
for _, cut in ipairs(CUTS) do rig.probe(cut[1], 1, cut[2], tx(cut[3], false)) end
rig.probe("tx_indirect", 1, "TX as [44, 60] in an indirect table", tx({ 44, LEN }, true))

--- Let a program send into RX buffers of this layout.
local function rx(layout)
  return function()
    local guest = rig.attach { rx_layout = layout }
    rig.host("listen", 1234, "echo")
    local conn = rig.connect(guest, 1234)
    rig.exchange(guest, conn, 10000)
  end
end

rig.probe("rx_one_descriptor", 1, "RX buffers as [3776], those of Linux 6.1", rx { 3776 })
rig.probe("rx_header_and_payload", 1, "RX buffers as [44, 4096], those of Linux 5.10",
  rx { 44, 4096 })
rig.probe("rx_payload_in_two", 1, "RX buffers as [44, 100, 3996]", rx { 44, 100, 3996 })
rig.probe("rx_header_in_two", 1, "RX buffers as [20, 24, 4096]", rx { 20, 24, 4096 })
rig.probe("rx_header_with_payload", 1, "RX buffers as [50, 4090]", rx { 50, 4090 })
