-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Drawings as text: a packet with field and guest address of each byte, a queue with the owner
-- of every cell.
-- @module vsk.view
local class = require "vsk.class"
local walks = require "vsk.walks"

local view = {}

-- Name and bytes of each field, in the order of the wire.
local FIELDS = {
  { "src_cid", 8 }, { "dst_cid", 8 }, { "src_port", 4 }, { "dst_port", 4 }, { "len", 4 },
  { "type", 2 }, { "op", 2 }, { "flags", 4 }, { "buf_alloc", 4 }, { "fwd_cnt", 4 },
}
local HEADER <const> = 44
local ROW <const> = 16 -- payload bytes in a row at most
local MOST <const> = 512 -- payload bytes that are shown at most

--- Say what stands in a field.
local function meaning(packet, name, number)
  local value = packet[name]
  if name == "op" or name == "type" then
    return number .. " " .. (math.type(value) and "unknown" or value)
  elseif name == "flags" and number ~= 0 then
    return (("%#x %s"):format(number, table.concat(packet.flag_names, "|")):gsub(" $", ""))
  end
  return class.unsigned(number)
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

--- Set rows below each other; columns that are named stand on the right.
function view.aligned(rows, right)
  local wide, lines = {}, {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do wide[i] = math.max(wide[i] or 0, #cell) end
  end
  for _, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      local space = (" "):rep(wide[i] - #cell)
      cells[i] = right[i] and space .. cell or cell .. space
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
  local lines = view.aligned(rows, { true })
  if chain then table.insert(lines, 1, tostring(chain)) end
  table.insert(lines, 1, tostring(packet))
  local left = #wire - HEADER - MOST
  if left > 0 then
    table.insert(lines, ("        ... and %d more bytes of payload"):format(left))
  end
  return table.concat(lines, "\n")
end

-- ---- a packet in any cut ----

local kit = { FIELDS = FIELDS, aligned = view.aligned }

--- The parser's way through a packet, from descriptor to descriptor and field by field, as text.
-- The packet is put on a TX queue of its own, cut into descriptors of these lengths.
-- @tparam Packet packet
-- @tparam[opt] {integer,...} layout
-- @tparam[opt] table options packed, indirect: booleans
-- @treturn[1] string
-- @return[2] nil, message, code
function view.walk(packet, layout, options)
  return walks.walk(kit, packet, layout, options)
end

--- One packet through every cut into so many descriptors, or through those of layouts, as text: a
-- line for each. It is an error where there are more than 10,000 of them.
-- @tparam Packet packet
-- @tparam[opt] integer pieces 2
-- @tparam[opt] table options packed, indirect: booleans; layouts: a list
-- @treturn[1] string
-- @return[2] nil, message, code
function view.cuts(packet, pieces, options)
  return walks.cuts(kit, packet, pieces, options)
end

--- Every way to cut so many bytes into so many descriptors, as their lengths.
-- @function view.every_layout
-- @tparam integer size
-- @tparam integer pieces
-- @return an iterator of lists
view.every_layout = walks.every_layout

-- ---- a queue ----

local BITS = {
  { 1, "NEXT" }, { 2, "WRITE" }, { 4, "INDIRECT" }, { 128, "AVAIL" }, { 32768, "USED" },
}
local FOLD <const> = 4 -- rows of one kind in a row that are all shown
local LEGEND <const> = "F free   A available, in flight   D taken by the device   " ..
  "U used, the driver's again   * changed since the last look"

local UNUSED <const> =
  "- not used yet, as far as memory can tell: behind 65535 small numbers come again"

local function flags_of(flags)
  local names = {}
  for _, bit in ipairs(BITS) do
    if flags & bit[1] ~= 0 then table.insert(names, bit[2]) end
    flags = flags & ~bit[1]
  end
  if flags ~= 0 then table.insert(names, ("%#x"):format(flags)) end
  return names[1] and table.concat(names, "|") or "-"
end

local function mark_of(thing)
  return thing.changed and "*" or " "
end

local function link_of(desc, packed)
  if not desc.chain then return "" end
  if packed then return desc.last and "list ends" or "goes on" end
  return desc.last and "end" or "-> " .. desc.next
end

--- The cells of the rings at a slot; none in a packed ring.
local function cells_at(look, slot)
  return look.packed and {} or { look.available[slot], look.used[slot] }
end

--- The cells of a slot: its descriptor, and what stands beside it in the rings.
local function slot_of(look, slot)
  local desc = look.descriptors[slot]
  local chain = desc.chain and ("%d.%d"):format(desc.chain, desc.place) or ""
  local row = { mark_of(desc), tostring(slot), desc.owner, chain, ("0x%x"):format(desc.addr) }
  table.insert(row, tostring(desc.len))
  if look.packed then table.insert(row, tostring(desc.next)) end
  table.insert(row, flags_of(desc.flags))
  table.insert(row, link_of(desc, look.packed))
  for _, cell in ipairs(cells_at(look, slot)) do
    local index = tostring(cell.index or "-")
    table.move({ "|", mark_of(cell), cell.owner, index, tostring(cell.id) }, 1, 5, #row + 1, row)
    if cell.len then table.insert(row, tostring(cell.len)) end
  end
  return row
end

--- What a row has in common with those that it is folded with; a changed one with none.
local function kind_of(look, slot)
  local desc = look.descriptors[slot]
  local alone = desc.owner == "F" or desc.place == 0 and desc.last
  local kind, changed = desc.owner, desc.changed
  for _, cell in ipairs(cells_at(look, slot)) do
    kind, changed = kind .. cell.owner, changed or cell.changed
  end
  return (changed or not alone) and kind .. slot or kind
end

--- The rows that are shown, each with how many more behind it are of its kind.
local function folded(look)
  local rows, slot = {}, 0
  while slot < look.size do
    local kind, last = kind_of(look, slot), slot + 1
    while last < look.size and kind_of(look, last) == kind do last = last + 1 end
    local enough = kind:find "^F+$" and 1 or FOLD
    local more = last - slot > enough and last - slot - 1 or 0
    table.insert(rows, { slot = slot, more = more })
    slot = slot + more + 1
  end
  return rows
end

local function rows_of(look)
  local shown, lines = folded(look), {}
  local head = { "", "slot", "", "chain", "addr", "len", "flags", "next" }
  if look.packed then
    table.insert(head, 7, "id")
  else
    table.move({ "|", "", "", "avail idx", "head" }, 1, 5, #head + 1, head)
    table.move({ "|", "", "", "used idx", "id", "len" }, 1, 6, #head + 1, head)
  end
  local rows = { head }
  for _, row in ipairs(shown) do table.insert(rows, slot_of(look, row.slot)) end
  local drawn = view.aligned(rows, { [2] = true, [6] = true, [7] = look.packed })
  table.insert(lines, drawn[1])
  for i, row in ipairs(shown) do
    table.insert(lines, drawn[i + 1])
    for slot, entry in ipairs(look.descriptors[row.slot].table) do
      local next = entry.flags & 1 ~= 0 and not look.packed and " -> " .. entry.next or ""
      table.insert(lines, ("      table[%d]  0x%x+%d  %s%s"):format(
        slot - 1, entry.addr, entry.len, flags_of(entry.flags), next))
    end
    if row.more > 0 then
      table.insert(lines, ("      ... and so on up to slot %d: %d more"):format(
        row.slot + row.more, row.more))
    end
  end
  return lines
end

--- A queue as text: its indices, then descriptors and rings side by side.
-- @param look what vsk.look has seen
-- @treturn string
function view.queue(look)
  local free = 0
  for slot = 0, look.size - 1 do
    if look.descriptors[slot].owner == "F" then free = free + 1 end
  end
  local rows = { { "", "index", "value", "stands at", "meaning" } }
  for _, item in ipairs(look.items) do
    local place = item.slot and "slot " .. item.slot or ""
    if item.wrap then place = place .. " wrap " .. item.wrap end
    table.insert(rows, { mark_of(item), item.name, tostring(item.value), place, item.words })
  end
  local lines = { ("queue: %s queue of %d descriptors, %d free"):format(
    look.packed and "packed" or "split", look.size, free) }
  for _, line in ipairs(view.aligned(rows, { [3] = true })) do table.insert(lines, line) end
  table.insert(lines, "")
  for _, line in ipairs(rows_of(look)) do table.insert(lines, line) end
  table.insert(lines, "")
  table.insert(lines, LEGEND)
  for slot = 0, look.packed and -1 or look.size - 1 do
    if not (look.available[slot].index and look.used[slot].index) then
      table.insert(lines, UNUSED)
      break
    end
  end
  return table.concat(lines, "\n")
end

return view
