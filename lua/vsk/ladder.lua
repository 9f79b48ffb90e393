-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- What passed between guests and device, in order, as a ladder of text. See vsk.trace.
-- @module vsk.ladder
local class = require "vsk.class"
local core = require "vsk.core"

local WIDTH <const> = 66 -- characters between the two lines
local LEGEND <const> = "---> packet or call   ===> chain or event given back   ...> notification"
-- Whether it goes from the guest to the device; of packets the queue says it.
local WAYS <const> = {
  KICK = true, STATUS = true, RENEWED = true, USED = false, INTERRUPT = false, EVENT = false,
}
local STROKES <const> = { KICK = ".", INTERRUPT = ".", USED = "=", EVENT = "=" }
local BAD <const> = { REFUSED = true, FAULT = true }

local ladder = {}

--- Name an op or a type, known or not.
function ladder.name_of(value)
  return math.type(value) and "unknown " .. value or value
end

--- A packet with its addresses, in a few words.
local function packet_words(packet)
  local words = ladder.name_of(packet.op)
  local flags = table.concat(packet.flag_names, "|")
  if flags ~= "" then words = words .. " " .. flags end
  if packet.len ~= 0 or packet.op == "RW" then words = words .. " len=" .. packet.len end
  return ("%s %s:%d > %s:%d"):format(words, class.unsigned(packet.src_cid), packet.src_port,
    class.unsigned(packet.dst_cid), packet.dst_port)
end

--- Say what an entry is in a few words.
local function words_of(entry)
  if entry.packet then return packet_words(entry.packet) end
  if entry.kind == "USED" then
    local written = entry.written ~= 0 and (", %d bytes written"):format(entry.written) or ""
    return ("%s used: chain %d%s"):format(entry.queue, entry.head, written)
  elseif entry.kind == "REFUSED" and entry.status then
    return ("%s chain %d refused: %s"):format(entry.queue, entry.head,
      core.status_text(core[entry.status]))
  end
  return entry.line:match "^%S+ %S+ (.*)$" -- behind time and CID
end

local function way_of(entry)
  if entry.kind == "PACKET" then return entry.queue == "tx" end
  return WAYS[entry.kind]
end

local function arrow(entry)
  local words, way = words_of(entry), way_of(entry)
  if #words > WIDTH - 8 then words = words:sub(1, WIDTH - 11) .. "..." end
  if way == nil then
    return ("%" .. WIDTH .. "s"):format(words .. (BAD[entry.kind] and " x" or " o"))
  end
  words = " " .. words .. " "
  local stroke, room = STROKES[entry.kind] or "-", WIDTH - 1 - #words
  local left = room // 2 + (room & 1)
  local inner = stroke:rep(left) .. words .. stroke:rep(room - left)
  return way and inner .. ">" or "<" .. inner
end

--- Draw entries.
function ladder.draw(entries)
  local guests, many = {}, false
  for _, entry in ipairs(entries) do
    guests[entry.guest] = true
    many = many or entry.guest ~= entries[1].guest
  end
  local guest = (many or not next(guests)) and "guest" or "guest " .. next(guests)
  local left = many and 26 or 20
  local function padded(text, width) return text .. (" "):rep(width - #text) end
  local head = ("%6s%12s  %s"):format("#", "time", many and "cid  " or "")
  local lines = {
    padded(head, left) .. guest .. (" "):rep(WIDTH + 2 - #guest - #"device") .. "device",
  }
  for _, entry in ipairs(entries) do
    local cid = many and padded(tostring(entry.guest), 5) or ""
    local place = padded(("%6d%12.6f  %s"):format(entry.number, entry.time, cid), left)
    table.insert(lines, ("%s|%s|"):format(place, arrow(entry)))
  end
  table.insert(lines, LEGEND)
  return table.concat(lines, "\n")
end

return ladder
