-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- One packet in any cut: put on a real queue and parsed there, and where the parser went, as text.
-- See vsk.view.
-- @module vsk.walks
local class = require "vsk.class"
local core = require "vsk.core"

local HEADER <const> = 44
local MOST <const> = 10000 -- cuts that are looked at at once
local SPARE <const> = 4096 -- bytes of memory beside rings and packet

local walks = {}

local cut_options = class.set("packed", "indirect", "layouts")

--- The fields of a packet, and where they begin and end; its payload is one.
local function fields_of(fields, size)
  local found, first = {}, 0
  for _, field in ipairs(fields) do
    table.insert(found, { name = field[1], first = first, last = first + field[2] })
    first = first + field[2]
  end
  if size > HEADER then table.insert(found, { name = "payload", first = HEADER, last = size }) end
  return found
end

local function where(span)
  return ("%s[%d]"):format(span.indirect and "table" or "desc", span.slot)
end

--- The fields whose last byte stands from cursor on, before finish.
local function done(fields, cursor, finish)
  local names = {}
  for _, field in ipairs(fields) do
    if cursor < field.last and field.last <= finish then table.insert(names, field.name) end
  end
  if #names < 4 then return table.concat(names, ", ") end
  return names[1] .. " .. " .. names[#names]
end

--- How much there is of a field that goes on behind finish.
local function broken(fields, finish)
  for _, field in ipairs(fields) do
    if field.first < finish and finish < field.last then
      return ("%s %d of %d"):format(field.name, finish - field.first, field.last - field.first)
    end
  end
  return ""
end

--- Put a packet on a queue of its own and parse it there.
-- @return its chain, what was read as text, and whether that is the packet
local function sent(packet, layout, options)
  local wire, many = packet:bytes(), #(layout or {}) + 2
  local size = 1
  while size < many do size = size * 2 end
  local memory = core.memory(64 * size + 2 * #wire + 64 * many + SPARE)
  local queue = core.queue(memory, { size = size, packed = options.packed })
  local head, message, code = queue.driver:send(packet, {
    layout = layout, indirect = options.indirect,
  })
  if not head then return nil, message, code end
  local chain = queue.device:pop()
  local parsed, why = core.Packet.from_tx(chain)
  return chain, tostring(parsed or why), parsed ~= nil and parsed:bytes() == wire
end

local function verdict(line, same)
  return same and "the same packet" or "not that packet: " .. line
end

--- Draw the parser's way from descriptor to descriptor. See vsk.view.walk.
function walks.walk(kit, packet, layout, options)
  options = class.check_options(options, cut_options)
  local chain, line, same = sent(packet, layout, options)
  if not chain then return nil, line, same end
  local fields, cursor = fields_of(kit.FIELDS, #packet:bytes()), 0
  local rows = { { "cursor", "descriptor", "address", "bytes", "header", "payload", "completes",
    "breaks" } }
  for _, span in ipairs(chain.spans) do
    local finish = cursor + span.len
    local header = math.max(math.min(HEADER, finish) - cursor, 0)
    table.insert(rows, {
      tostring(cursor), where(span), ("%#x"):format(span.addr), tostring(span.len),
      tostring(header), tostring(span.len - header), done(fields, cursor, finish),
      broken(fields, finish),
    })
    cursor = finish
  end
  local lines = kit.aligned(rows, { true, [4] = true, [5] = true, [6] = true })
  table.insert(lines, 1, tostring(chain))
  table.insert(lines, 1, line)
  table.insert(lines, ("%6d  %s"):format(cursor, verdict(line, same)))
  return table.concat(lines, "\n")
end

--- Every way to cut so many bytes into so many descriptors. See vsk.view.every_layout.
function walks.every_layout(size, pieces)
  local places = {}
  for i = 1, pieces - 1 do places[i] = i end
  local more = pieces >= 1 and pieces <= size
  return function()
    if not more then return nil end
    local layout, before = {}, 0
    for i = 1, pieces do
      layout[i] = (places[i] or size) - before
      before = places[i]
    end
    local at = pieces - 1
    while at >= 1 and places[at] == size - pieces + at do at = at - 1 end
    more = at >= 1
    if more then
      places[at] = places[at] + 1
      for i = at + 1, pieces - 1 do places[i] = places[i - 1] + 1 end
    end
    return layout
  end
end

--- All layouts that are asked for; there may be too many.
local function layouts_of(size, pieces, asked)
  if asked then return asked end
  local found = {}
  for layout in walks.every_layout(size, pieces) do
    table.insert(found, layout)
    if #found > MOST then break end
  end
  if #found == 0 or #found > MOST then
    class.misuse("ERR_ARGUMENT", ("%d bytes in %d pieces: none, or more than %d cuts"):format(
      size, pieces, MOST))
  end
  return found
end

--- Name a cut.
local function title(layout)
  local words = table.concat(layout, "+")
  if #words <= 24 then return words end
  return ("%s... (%d)"):format(words:sub(1, 20), #layout)
end

--- Draw one packet through every cut, a line for each. See vsk.view.cuts.
function walks.cuts(kit, packet, pieces, options)
  options = class.check_options(options, cut_options)
  local size = #packet:bytes()
  local fields, rows, same = fields_of(kit.FIELDS, size), { { "layout", "breaks", "read" } }, 0
  for _, layout in ipairs(layouts_of(size, pieces or 2, options.layouts)) do
    local chain, line, whole = sent(packet, layout, options)
    if not chain then return nil, line, whole end
    local breaks, finish = {}, 0
    for _, span in ipairs(chain.spans) do
      finish = finish + span.len
      local words = broken(fields, finish)
      if words ~= "" then table.insert(breaks, words) end
    end
    if whole then same = same + 1 end
    table.insert(rows, { title(layout), table.concat(breaks, ", "), verdict(line, whole) })
  end
  local lines = kit.aligned(rows, {})
  table.insert(lines, 1, tostring(packet))
  table.insert(lines, ("%d cuts, the same packet %d times"):format(#rows - 1, same))
  return table.concat(lines, "\n")
end

return walks
