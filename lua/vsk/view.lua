-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- A packet that can be seen: the bytes, each with its field, descriptor and guest address.
-- @module vsk.view
local view = {}

-- Name and bytes of each field, in the order of the wire.
local FIELDS = {
  { "src_cid", 8 }, { "dst_cid", 8 }, { "src_port", 4 }, { "dst_port", 4 }, { "len", 4 },
  { "type", 2 }, { "op", 2 }, { "flags", 4 }, { "buf_alloc", 4 }, { "fwd_cnt", 4 },
}
local HEADER <const> = 44
local ROW <const> = 16 -- payload bytes in a row at most
local MOST <const> = 512 -- payload bytes that are shown at most

--- Write a number of 64 bits as one without a sign.
local function unsigned(number)
  if number >= 0 then return tostring(number) end
  local tens = (number >> 1) // 5
  return tens .. number - 10 * tens
end

--- Say what stands in a field.
local function meaning(packet, name, number)
  local value = packet[name]
  if name == "op" or name == "type" then
    return number .. " " .. (math.type(value) and "unknown" or value)
  elseif name == "flags" and number ~= 0 then
    return (("%#x %s"):format(number, table.concat(packet.flag_names, "|")):gsub(" $", ""))
  end
  return unsigned(number)
end

--- All fields, and the payload row by row: name, offset, bytes, meaning.
local function parts_of(packet, size)
  local parts, offset = {}, 0
  local numbers = { packet:fields() }
  for i, field in ipairs(FIELDS) do
    local words = meaning(packet, field[1], numbers[i])
    table.insert(parts, { name = field[1], offset = offset, size = field[2], words = words })
    offset = offset + field[2]
  end
  for first = HEADER, math.min(size, HEADER + MOST) - 1, ROW do
    local row = math.min(ROW, size - first)
    table.insert(parts, { name = "payload", offset = first, size = row, words = "" })
  end
  return parts
end

local function hex(data)
  return (data:gsub(".", function(byte) return ("%02x "):format(byte:byte()) end):gsub(" $", ""))
end

--- Which bytes of its field a piece is.
local function field_of(part, first, length, size)
  local begin, whole = first - part.offset, part.size
  if part.name == "payload" then begin, whole = first - HEADER, size - HEADER end
  if length == whole then return part.name end
  local last = begin + length - 1
  local which = last == begin and tostring(begin) or ("%d..%d"):format(begin, last)
  return ("%s[%s]"):format(part.name, which)
end

local function where_of(span, into)
  if not span.addr then return "" end
  local place = span.indirect and "table" or "desc"
  return ("%s[%d] %s %#x"):format(place, span.slot, span.write and "w" or "r", span.addr + into)
end

--- The cells of a row: what one field has in one descriptor.
local function row_of(part, span, wire)
  local first = math.max(part.offset, span.first)
  local last = math.min(part.offset + part.size, span.first + span.len)
  if first >= last then return nil end
  local data = wire:sub(first + 1, last)
  local value = first == part.offset and part.words or ""
  if part.name == "payload" then value = "|" .. data:gsub("[^\32-\126]", ".") .. "|" end
  local field = field_of(part, first, last - first, #wire)
  return { tostring(first), hex(data), field, value, where_of(span, first - span.first) }
end

--- Set rows below each other, the first column on the right.
local function aligned(rows)
  local wide, lines = {}, {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do wide[i] = math.max(wide[i] or 0, #cell) end
  end
  for _, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      local space = (" "):rep(wide[i] - #cell)
      cells[i] = i == 1 and space .. cell or cell .. space
    end
    table.insert(lines, (table.concat(cells, "  "):gsub(" +$", "")))
  end
  return lines
end

--- The bytes of a packet as text.
-- @tparam Packet packet
-- @tparam ?Chain chain that it stands in
-- @treturn string
function view.hexdump(packet, chain)
  local wire = packet:bytes()
  local spans, first = {}, 0
  for _, span in ipairs(chain and chain.spans or { { len = #wire } }) do
    span.first, first = first, first + span.len
    table.insert(spans, span)
  end
  local rows = { { "offset", "bytes", "field", "value", chain and "in guest memory" } }
  for _, part in ipairs(parts_of(packet, #wire)) do
    for _, span in ipairs(spans) do table.insert(rows, row_of(part, span, wire)) end
  end
  local lines = aligned(rows)
  if chain then table.insert(lines, 1, tostring(chain)) end
  table.insert(lines, 1, tostring(packet))
  local left = #wire - HEADER - MOST
  if left > 0 then
    table.insert(lines, ("        ... and %d more bytes of payload"):format(left))
  end
  return table.concat(lines, "\n")
end

return view
