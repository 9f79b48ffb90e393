-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- The credit of a connection over time, as text. See vsk.trace.
-- @module vsk.ledger
local class = require "vsk.class"
local ladder = require "vsk.ladder"
local view = require "vsk.view"

local HALF <const>, WRAP <const> = 1 << 31, 1 << 32
local BALANCE <const> = { "sent", "forwarded", "window", "in flight", "free" }

local function key_of(address)
  return ("%d:%d"):format(address[1], address[2])
end

--- What one side may send, in the order of BALANCE.
local function balance(side, peer)
  local flying = side.sent - peer.forwarded
  return { side.sent, peer.forwarded, peer.window, flying, math.max(peer.window - flying, 0) }
end

--- End the stall of who hears of room again.
local function resume(account, entry, peer, side)
  if not peer.stall or side.window <= peer.sent - side.forwarded then return end
  account.stalls[peer.stall].finish = entry.number
  peer.stall = nil
end

--- Write down a packet.
local function take(account, entry, packet)
  local side, peer = account.sides[key_of(packet.src)], account.sides[key_of(packet.dst)]
  if packet.op == "RW" then side.sent = side.sent + packet.len end
  -- A RST may speak for a side that has no connection, and so no account.
  if packet.op ~= "RST" then
    local ahead = (packet.fwd_cnt - side.forwarded) % WRAP
    if ahead < HALF then side.forwarded = side.forwarded + ahead end
    side.window, side.spoke = packet.buf_alloc, true
    resume(account, entry, peer, side)
  end
  account.over = packet.op == "RST"
  local one, other = account.sides[account.one], account.sides[account.other]
  table.insert(account.rows, {
    entry = entry, packet = packet, balances = { balance(one, other), balance(other, one) },
  })
  -- Who asks cannot send what it has, be there a few bytes of room or not.
  local full = packet.op == "RW" and balance(side, peer)[5] == 0
  if peer.spoke and not side.stall and (full or packet.op == "CREDIT_REQUEST") then
    table.insert(account.stalls, {
      number = entry.number, source = packet.src_cid, owes = packet.dst_cid,
    })
    side.stall = #account.stalls
  end
end

--- Say at which packets a stall began, and ended.
local function notes_of(account)
  local notes = {}
  for _, stall in ipairs(account.stalls) do
    if stall.finish then
      notes[stall.finish] = ("CID %s may send again"):format(class.unsigned(stall.source))
    end
    notes[stall.number] = ("stall: CID %s waits, CID %s owes a CREDIT_UPDATE"):format(
      class.unsigned(stall.source), class.unsigned(stall.owes))
  end
  return notes
end

local function differ(one, other)
  for i = 1, #BALANCE do
    if one[i] ~= other[i] then return true end
  end
  return false
end

--- The cells of a packet: a row for each way whose account it changes; of most it is one.
local function cells_of(row, before, ways)
  local entry, packet, rows = row.entry, row.packet, {}
  local cells = {
    tostring(entry.number), ("%.6f"):format(entry.time),
    class.unsigned(packet.src_cid), ladder.name_of(packet.op),
    packet.len ~= 0 and tostring(packet.len) or "",
  }
  for i, numbers in ipairs(row.balances) do
    if differ(numbers, before[i]) then
      table.insert(cells, ways[i])
      for _, number in ipairs(numbers) do table.insert(cells, tostring(number)) end
      table.insert(rows, cells)
      cells = { "", "", "", "", "" }
    end
  end
  return rows[1] and rows or { cells }
end

local function draw(account)
  local first, notes, below = account.first, notes_of(account), {}
  local a, c = class.unsigned(first.src_cid), class.unsigned(first.dst_cid)
  local ways, before = { a .. ">" .. c, c .. ">" .. a }, { { 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0 } }
  local rows = { { "#", "time", "CID", "packet", "len", "way", table.unpack(BALANCE) } }
  for _, row in ipairs(account.rows) do
    for _, cells in ipairs(cells_of(row, before, ways)) do table.insert(rows, cells) end
    before, below[#rows] = row.balances, notes[row.entry.number]
  end
  local right = { true, true, true, [5] = true }
  for i = 7, 6 + #BALANCE do right[i] = true end
  local lines = { ("%s:%d - %s:%d %s, and what each packet changes"):format(a, first.src_port, c,
    first.dst_port, ladder.name_of(first.type)) }
  for i, line in ipairs(view.aligned(rows, right)) do
    table.insert(lines, line)
    if below[i] then table.insert(lines, "    " .. below[i]) end
  end
  for _, stall in ipairs(account.stalls) do
    if not stall.finish then
      table.insert(lines, ("stalled since #%d: CID %s owes CID %s credit"):format(stall.number,
        class.unsigned(stall.owes), class.unsigned(stall.source)))
    end
  end
  return table.concat(lines, "\n")
end

--- Draw the account of every connection whose REQUEST is in a trace, in the order of these.
return function(trace)
  local accounts, open = {}, {}
  for _, entry in ipairs(trace) do
    local packet = entry.packet
    if packet then
      local one, other = key_of(packet.src), key_of(packet.dst)
      local flow = one < other and one .. " " .. other or other .. " " .. one
      if packet.op == "REQUEST" and one ~= other then
        local function side() return { sent = 0, window = 0, forwarded = 0 } end
        open[flow] = {
          first = packet, one = one, other = other, rows = {}, stalls = {},
          sides = { [one] = side(), [other] = side() },
        }
        table.insert(accounts, open[flow])
      end
      if open[flow] and not open[flow].over then take(open[flow], entry, packet) end
    end
  end
  local texts = {}
  for i, account in ipairs(accounts) do texts[i] = draw(account) end
  return texts
end
