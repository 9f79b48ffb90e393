-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- A virtqueue as it stands in memory, with the owner of every cell: data, which view draws.
-- An owner is F free, A available, D taken by the device, or U used.
-- @module vsk.look
local core = require "vsk.core"

local ends_of = core.classes.Queue._ends
local INDEX <const> = 0xffff
local WRAP <const> = 0x8000
local NEXT <const>, INDIRECT <const> = 1, 4
local TABLE <const> = 64 -- descriptors of an indirect table that are shown at most

local function desc_at(queue, slot)
  local addr, len, flags, next = queue:get_desc(slot)
  return { addr = addr, len = len, flags = flags, next = next }
end

--- Read the indirect table that a descriptor points at, as far as it is there.
local function table_of(queue, desc)
  local found = {}
  if desc.flags & INDIRECT == 0 then return found end
  local count = math.min(desc.len // 16, TABLE)
  local there, data = pcall(queue.memory.read, queue.memory, desc.addr, 16 * count)
  if not there or not data then return found end
  for slot = 0, count - 1 do
    local addr, len, one, two = ("<i8I4I2I2"):unpack(data, 16 * slot + 1)
    if queue.packed then one, two = two, one end
    table.insert(found, { addr = addr, len = len, flags = one, next = two })
  end
  return found
end

local function descriptors(queue, whose)
  local found = {}
  for slot = 0, queue.size - 1 do
    local desc, of = desc_at(queue, slot), whose[slot] or { owner = "F", place = 0, last = true }
    desc.slot, desc.owner, desc.chain, desc.place, desc.last =
      slot, of.owner, of.chain, of.place, of.last
    desc.table = of.owner == "F" and {} or table_of(queue, desc)
    found[slot] = desc
  end
  return found
end

-- ---- split ----

--- Give indices from one up to before another, no more than there are cells, to a function.
local function between(first, last, size, each)
  for i = 0, math.min((last - first) & INDEX, size) - 1 do each((first + i) & INDEX) end
end

--- Follow every chain from its head; one that bites its tail ends there.
local function chains_of(queue, heads)
  local whose = {}
  for head, owner in pairs(heads) do
    local slot, place = head, 0
    while slot < queue.size and not whose[slot] do
      local desc = desc_at(queue, slot)
      local last = desc.flags & NEXT == 0
      whose[slot] = { owner = owner, chain = head, place = place, last = last }
      if last then break end
      slot, place = desc.next, place + 1
    end
  end
  return whose
end

--- Whether indices have passed 65535 although the driver's is small: an end is ahead of it, or a
-- cell that no chain under way can have is not as in a new ring. A driver begins with zeros.
local function has_lapped(queue, offered, used, popped, reaped)
  if offered >= queue.size then return false end
  if math.max(used, popped, reaped) >= queue.size then return true end
  for slot = offered, queue.size - 1 do
    local number = queue:get("avail.ring", slot) | queue:get("used.ring.id", slot)
    if number | queue:get("used.ring.len", slot) ~= 0 then return true end
  end
  return false
end

--- Give every cell its index; nil: it was not used yet, as far as one can see.
local function cells_of(queue, names, last, live, letter, lap)
  local cells = {}
  for slot = 0, queue.size - 1 do
    local index = (last - 1 - (last - 1 - slot) % queue.size) & INDEX
    cells[slot] = {
      index = (lap or live[index] or index < last) and index or nil,
      id = queue:get(names[1], slot), len = names[2] and queue:get(names[2], slot),
      owner = live[index] and letter or "F",
    }
  end
  return cells
end

local function split(queue)
  local size = queue.size
  local _, reaped, popped, _, outstanding = ends_of(queue)
  local offered, used = queue:get "avail.idx", queue:get "used.idx"
  local lap = has_lapped(queue, offered, used, popped, reaped)
  local heads, flying, back = {}, {}, {}
  for head in pairs(outstanding) do heads[head] = "D" end
  between(popped, offered, size, function(index)
    flying[index], heads[queue:get("avail.ring", index % size)] = true, "A"
  end)
  between(reaped, used, size, function(index)
    back[index], heads[queue:get("used.ring.id", index % size)] = true, "U"
  end)
  local items = {}
  for _, row in ipairs {
    { "avail.idx", offered, "the driver has offered up to here" },
    { "device's next", popped, "the device takes this one next" },
    { "used.idx", used, "the device has used up to here" },
    { "driver's next", reaped, "the driver looks here next" },
    { "avail.used_event", queue:get "avail.used_event", "behind it the driver is interrupted" },
    { "used.avail_event", queue:get "used.avail_event", "behind it the device is kicked" },
  } do
    table.insert(items, { name = row[1], value = row[2], slot = row[2] % size, words = row[3] })
  end
  for _, row in ipairs {
    { "avail.flags", "1: the driver wants no interrupt" },
    { "used.flags", "1: the device wants no kick" },
  } do
    table.insert(items, { name = row[1], value = queue:get(row[1]), words = row[2] })
  end
  return {
    items = items, descriptors = descriptors(queue, chains_of(queue, heads)),
    available = cells_of(queue, { "avail.ring" }, offered, flying, "A", lap),
    used = cells_of(queue, { "used.ring.id", "used.ring.len" }, used, back, "U", lap),
  }
end

-- ---- packed ----

--- Count the slots from one place to another.
local function distance(first, last, size)
  local lap = (first ~ last) & WRAP ~= 0 and size or 0
  return (last % WRAP) - (first % WRAP) + lap
end

--- The buffer id of a list: in its last descriptor, of a used one in its first.
local function id_of(queue, slot, owner, most)
  for _ = 1, owner == "U" and 0 or most do
    if desc_at(queue, slot).flags & NEXT == 0 then break end
    slot = (slot + 1) % queue.size
  end
  return desc_at(queue, slot).next
end

--- Give slots in a row an owner, list by list.
local function stretch(queue, first, last, owner, chains, whose)
  local size = queue.size
  local many, done = math.min(distance(first, last, size), size), 0
  while done < many do
    local head = (first % WRAP + done) % size
    local length = math.min(chains[id_of(queue, head, owner, many - done)] or 1, many - done)
    for place = 0, length - 1 do
      whose[(head + place) % size] =
        { owner = owner, chain = head, place = place, last = place == length - 1 }
    end
    done = done + length
  end
end

local function packed(queue)
  local offered, reaped, popped, used, chains = ends_of(queue)
  local whose, items = {}, {}
  stretch(queue, reaped, used, "U", chains, whose)
  stretch(queue, used, popped, "D", chains, whose)
  stretch(queue, popped, offered, "A", chains, whose)
  local function add(name, place, words)
    local slot, wrap = place % WRAP, place // WRAP
    table.insert(items, { name = name, value = slot, slot = slot, wrap = wrap, words = words })
  end
  add("driver's next", offered, "the driver offers the next list here")
  add("device's next", popped, "the device takes the next list here")
  add("device's used", used, "the device writes the next used one here")
  add("driver's used", reaped, "the driver looks here next")
  for _, side in ipairs { { "driver_event", "interrupts" }, { "device_event", "kicks" } } do
    local name, words = side[1], side[2]
    local flags = { name = name .. ".flags", value = queue:get(name .. ".flags") }
    flags.words = words .. ": 0 all, 1 none, 2 that of off"
    table.insert(items, flags)
    local place = queue:get(name .. ".off") | queue:get(name .. ".wrap") << 15
    add(name .. ".off", place, words .. " behind it, where flags is 2")
  end
  return { items = items, descriptors = descriptors(queue, whose) }
end

--- Whether two tables of the data differ; what is marked as changed itself does not count.
local function differ(one, other)
  if type(one) ~= "table" or type(other) ~= "table" then return one ~= other end
  for _, pair in ipairs { { one, other }, { other, one } } do
    for key, value in pairs(pair[1]) do
      if key ~= "changed" and differ(value, pair[2][key]) then return true end
    end
  end
  return false
end

--- See a queue; what is not as it was at the look before is marked as changed.
return function(queue, before)
  local seen = queue.packed and packed(queue) or split(queue)
  seen.packed, seen.size = queue.packed, queue.size
  for _, part in ipairs { "items", "descriptors", "available", "used" } do
    for key, thing in pairs(seen[part] or {}) do
      thing.changed = before ~= nil and differ(thing, before[part][key])
    end
  end
  return seen
end
