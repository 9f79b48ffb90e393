-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- A trace or a capture as the text of a script that says it again, in Python or in Lua.
-- @module vsk.script
local class = require "vsk.class"

local HEADER <const> = 44
local LONGEST <const> = 1 << 20 -- bytes of a payload that was cut: a capture may claim any number
local PERIOD <const> = 256 -- bytes after which a payload may begin anew
local HOSTS <const> = { [0] = true, true, true } -- CIDs that no guest has

-- How a language writes things down.
local LANGUAGES <const> = {
  python = {
    run = "python3 FILE", model = "model.py", comment = { '"""', "" },
    begin = { '"""', "", "from vsk.replay import Replay", "" },
    new = "talk = Replay(%s)", row = "talk.%s(%s, %s)", equals = "=",
    pair = "(%s, %s)", list = "[%s]", truth = "True", quote = 'b"%s"',
    repeated = "%s * %d", cut = "(%s * %d)[:%d]", last = "raise SystemExit(talk.main())",
  },
  lua = {
    run = "lua5.4 FILE", model = "model.lua", comment = { "-- ", "-- " },
    begin = { "", 'local replay = require "vsk.replay"', "" },
    new = "local talk = replay.new { %s }", row = "talk:%s(%s, { %s })", equals = " = ",
    pair = "{ %s, %s }", list = "{ %s }", truth = "true", quote = '"%s"', wide = "0x%x",
    repeated = "(%s):rep(%d)", cut = "(%s):rep(%d):sub(1, %d)",
    last = "os.exit(talk:main(arg), true)",
  },
}
local INTRODUCTION <const> = [[
%s between CID %s and its device, said again one by one.

    %-12s            by itself: a device of its own answers as it was recorded
    %-12s %-10s to the device of a file, in a lab
    %-12s x.sock     to a vhost-user device

It ends with 0 where every packet of the device comes as it was recorded, field by field, and
names the first one that does not. In a lab pauses are those of the recording, on its virtual
clock; on a socket there are none, and an answer has 5 seconds more than it took. The guest may
have another CID, and the device may choose other ports. What else chance and time decide, as
when a kernel tells credit, comes again only by itself: fields of the replay, a list of their
names, leaves out what need not be the same.]]

local script = {}

local function way_of(language)
  local way = LANGUAGES[language == nil and "python" or language]
  if not way then
    class.misuse("ERR_ARGUMENT", ("a script is in python or lua, not %s"):format(
      tostring(language)))
  end
  return way
end

--- Decide whose conversation it is; guests is a set.
local function chosen(guests, asked)
  local found = {}
  for cid in pairs(guests) do table.insert(found, cid) end
  if asked == nil and #found == 1 then return found[1] end
  if asked ~= nil and guests[asked] then return asked end
  table.sort(found, math.ult)
  local names = {}
  for i, cid in ipairs(found) do names[i] = class.unsigned(cid) end
  class.misuse("ERR_CID", ("which guest? There is %s"):format(
    names[1] and table.concat(names, ", ") or "none"))
end

local KINDS <const> = class.set("tx direct", "tx indirect", "rx direct", "rx indirect")

--- Read how a packet was cut; nil where a text does not say it: whoever wrote a capture may have
-- written anything.
local function cut_of(place)
  local queue, kind, sizes = place:match "^(%a%a) head %d+ (%a+) ([%d+]+)$"
  if not queue or not KINDS[queue .. " " .. kind] then return nil end
  local layout = {}
  for size in (sizes .. "+"):gmatch "(.-)%+" do
    if not size:find "^%d+$" or #size > 10 then return nil end
    table.insert(layout, math.tointeger(tonumber(size)))
  end
  return { queue = queue, kind = kind, layout = layout }
end

--- Make a row of a packet and where it stood: tx head 0 direct 44+5.
local function row_of(packet, at, place)
  local cut = cut_of(place)
  if not cut then return { packet = packet, at = at, by_guest = place == "tx" } end
  return {
    packet = packet, at = at, by_guest = cut.queue == "tx", layout = cut.layout,
    indirect = cut.kind == "indirect",
  }
end

-- ---- as text ----

local ESCAPES <const> = { ['"'] = '\\"', ["\\"] = "\\\\" }

--- Write bytes as text that both languages read.
local function quoted(data, way)
  local words = data:gsub('["\\%c\x80-\xff]', function(byte)
    return ESCAPES[byte] or ("\\x%02x"):format(byte:byte())
  end)
  return (way.quote:gsub("%%s", function() return words end))
end

--- Write a payload, one that repeats itself as what it repeats.
local function payload_of(data, way)
  local size = #data
  for period = 1, math.min(PERIOD, size // 4) do
    if data:byte(period + 1) == data:byte(1) and data:byte(size) == data:byte(size - period)
        and data:sub(period + 1) == data:sub(1, size - period) then
      local times = (size + period - 1) // period
      local form = times * period == size and way.repeated or way.cut
      return form:format(quoted(data:sub(1, period), way), times, size)
    end
  end
  return quoted(data, way)
end

--- Write a number; Lua knows the upper half of 64 bits by their digits alone.
local function number(value, way)
  if value >= 0 then return tostring(value) end
  return way.wide and way.wide:format(value) or class.unsigned(value)
end

local function named(value)
  return math.type(value) and tostring(value) or ('"%s"'):format(value)
end

local function list_of(numbers, way)
  return way.list:format(table.concat(numbers, ", "))
end

--- Whether a layout is the one that a packet has without any.
local function is_usual(layout, size)
  return layout[1] == HEADER and layout[2] == (size > 0 and size or nil) and layout[3] == nil
end

--- Names and values of what makes a packet, written down.
local function fields_of(row, way)
  local packet, fields = row.packet, {}
  local function add(name, value) table.insert(fields, name .. way.equals .. value) end
  add("op", named(packet.op))
  for _, name in ipairs { "src", "dst" } do
    local pair = packet[name]
    add(name, way.pair:format(number(pair[1], way), pair[2]))
  end
  if packet.type ~= "STREAM" then add("type", named(packet.type)) end
  for _, name in ipairs { "flags", "buf_alloc", "fwd_cnt" } do
    if packet[name] ~= 0 then add(name, packet[name]) end
  end
  local data = packet.payload
  if #data > 0 then add("payload", payload_of(data, way)) end
  if packet.len ~= #data then add("len", packet.len) end
  if row.by_guest and row.layout and (row.indirect or not is_usual(row.layout, #data)) then
    add("layout", list_of(row.layout, way))
    if row.indirect then add("indirect", way.truth) end
  end
  return table.concat(fields, ", ")
end

local function line_of(row, way)
  local at = ("%.9f"):format(row.at):gsub("0+$", ""):gsub("%.$", ".0")
  return way.row:format(row.by_guest and "tx" or "rx", at, fields_of(row, way))
end

--- What the replay is told: the guest, and how it cut the buffers of its RX queue.
local function options_of(rows, guest, way)
  local options = { "guest" .. way.equals .. number(guest, way) }
  for _, row in ipairs(rows) do
    if not row.by_guest and row.layout then
      table.insert(options, "rx_layout" .. way.equals .. list_of(row.layout, way))
      if row.indirect then table.insert(options, "rx_indirect" .. way.equals .. way.truth) end
      break
    end
  end
  return way.new:format(table.concat(options, ", "))
end

--- The lines of the introduction.
local function introduction(count, guest, way, missing, source)
  local words = INTRODUCTION:format(count == 1 and "1 packet" or count .. " packets",
    class.unsigned(guest), way.run, way.run, way.model, way.run)
  if missing > 0 then
    words = words .. ("\n\nOf the %s %d were left out: no guest takes or sends such a packet.")
      :format(source, missing)
  end
  local lines = {}
  for line in (words .. "\n"):gmatch "(.-)\n" do
    local before = way.comment[#lines == 0 and 1 or 2]
    table.insert(lines, ((before .. line):gsub(" +$", "")))
  end
  return lines
end

local function text_of(rows, guest, way, missing, source)
  -- No guest takes what is not as long as it says.
  local fit = {}
  for _, row in ipairs(rows) do
    if row.by_guest or row.packet.len == #row.packet.payload then table.insert(fit, row) end
  end
  local lines = introduction(#fit, guest, way, missing + #rows - #fit, source)
  for _, line in ipairs(way.begin) do table.insert(lines, line) end
  table.insert(lines, options_of(fit, guest, way))
  for _, row in ipairs(fit) do table.insert(lines, line_of(row, way)) end
  table.insert(lines, way.last)
  return table.concat(lines, "\n") .. "\n"
end

-- ---- of what ----

--- Write the script of a trace.
function script.of_entries(trace, language, asked)
  local way, guests = way_of(language), {}
  for _, entry in ipairs(trace) do guests[entry.guest] = true end
  local guest = chosen(guests, asked)
  local rows, missing, first = {}, 0, nil
  for _, entry in ipairs(trace) do
    local packet = entry.packet
    if entry.guest == guest and packet then
      first = first or entry.time
      local place = entry.line:match "^%S+ %S+ (.-): ":gsub(" packet", "")
      table.insert(rows, row_of(packet, entry.time - first, place))
    elseif entry.guest == guest and entry.kind == "REFUSED" and entry.queue == "tx"
        and entry.line:find("head", 1, true) and not entry.line:find(" > ", 1, true) then
      missing = missing + 1 -- of a packet that was refused there is an entry of its own
    end
  end
  return text_of(rows, guest, way, missing, "trace")
end

--- A packet with zeros for the payload that was not captured.
local function whole(packet)
  local filled = packet:copy()
  filled.payload = packet.payload .. ("\0"):rep(packet.len - #packet.payload)
  return filled
end

--- Write the script of a capture; a broken record is nil, message, code.
function script.of_records(records, language, asked)
  local way, kept, cids = way_of(language), {}, {}
  for record, message, code in records do
    if not record then return nil, message, code end
    table.insert(kept, record)
    for _, cid in ipairs { record.packet.src_cid, record.packet.dst_cid } do
      if not HOSTS[cid] then cids[cid] = true end
    end
  end
  local guest = chosen(cids, asked)
  local rows, missing = {}, 0
  for _, record in ipairs(kept) do
    local packet, comment = record.packet, record.comment or ""
    local said = cut_of(comment) ~= nil
    if not (said and asked == nil) and guest ~= packet.src_cid and guest ~= packet.dst_cid then
      missing = missing + (asked == nil and 1 or 0)
    elseif record.cut and packet.len > LONGEST then
      missing = missing + 1
    else
      local place = said and comment or packet.src_cid == guest and "tx" or "rx"
      table.insert(rows, row_of(record.cut and whole(packet) or packet,
        (record.time - kept[1].time) / 1e9, place))
    end
  end
  return text_of(rows, guest, way, missing, "capture")
end

return script
