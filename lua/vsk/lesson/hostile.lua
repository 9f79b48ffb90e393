-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Checks of lesson 10, a hostile guest.
-- @module vsk.lesson.hostile
local WORDS = { RST = true, nothing = true, keep = true }
-- What is sent, what is right, and what to say to another answer.
local REACTIONS = {
  { "SHUTDOWN for a connection that is not there", "RST",
    "The guest believes in a connection that is not there, and has to hear that it is over. "
      .. "[VSOCK-BOTH-11]" },
  { "RST for a connection that is not there", "nothing",
    "If RST were answered by RST, two sides that do not know each other would never stop. "
      .. "[VSOCK-DEV-13]" },
  { "REQUEST with the src_cid of another guest", "nothing",
    "An answer would go to a CID that has not sent this, or to one that does not exist. "
      .. "[VSOCK-DRV-13]" },
  { "REQUEST of type 7", "RST",
    "A type that is unknown is answered, so that the guest need not wait for its own timer. "
      .. "[VSOCK-DEV-13]" },
}

--- Judge four reactions.
local function reactions(answer)
  if type(answer) ~= "table" then return false, "A table of four words is asked for." end
  if next(answer) == nil then return nil, "Fill in reactions: four words." end
  for number, case in ipairs(REACTIONS) do
    local sent, wanted, words = table.unpack(case)
    local found = answer[number]
    if not WORDS[found] then
      return false, ("Number %d is RST, nothing or keep; %s is none of them."):format(number, found)
    elseif found == "keep" then
      return false, sent .. ": every chain goes back, whatever it holds. A device that keeps what "
        .. "it does not like has no queue left once there were enough packets of that kind."
    elseif found ~= wanted then
      return false, ("%s: it is not %s. %s"):format(sent, found, words)
    end
  end
  return true, "RST to who is wrong about a connection; no word to a RST, and none to a wrong "
    .. "address. And every chain comes back."
end

-- What it is, head, flags and next by slot of 8, the slots of the chain; false: it is broken.
local TABLES = {
  { "a chain of one", 3, { [3] = { 0, 0 } }, { 3 } },
  { "a chain whose next goes back and forth", 5,
    { [5] = { 1, 2 }, [2] = { 1, 7 }, [7] = { 0, 0 } }, { 5, 2, 7 } },
  { "a last descriptor with a next but without the flag NEXT", 1, { [1] = { 0, 99 } }, { 1 } },
  { "a chain of all descriptors, which is allowed", 0,
    { [0] = { 1, 1 }, { 1, 2 }, { 1, 3 }, { 1, 4 }, { 1, 5 }, { 1, 6 }, { 1, 7 }, { 0, 0 } },
    { 0, 1, 2, 3, 4, 5, 6, 7 } },
  { "a descriptor that is its own next", 4, { [4] = { 1, 4 } }, false },
  { "two descriptors in a circle", 0, { [0] = { 1, 1 }, { 1, 0 } }, false },
  { "a circle that begins later", 6, { [6] = { 1, 0 }, [0] = { 1, 1 }, { 1, 0 } }, false },
  { "a next outside the table", 2, { [2] = { 1, 8 } }, false },
  { "a head outside the table", 8, {}, false },
}
local SIZE <const> = 8

--- What a descriptor in memory says.
local function descriptor(chain, slot)
  local flags, after = table.unpack(chain[slot] or { 0, 0 })
  return { addr = 0x1000 * (slot + 1), len = 100 + slot, flags = flags, next = after }
end

--- A read for a walk, and how often each slot was read; it fails where none may read.
local function reader(chain)
  local counts, total = {}, 0
  return function(slot)
    if math.type(slot) ~= "integer" or slot < 0 or slot >= SIZE then
      error { ("it reads descriptor %s of a table of 8. That is memory of something else. "
        .. "[SPLIT-BOTH-05]"):format(slot) }
    end
    counts[slot], total = (counts[slot] or 0) + 1, total + 1
    if total > 8 * SIZE then
      error { "it never ends. No chain has more descriptors than the queue. [SPLIT-DRV-03]" }
    end
    return descriptor(chain, slot)
  end, counts
end

--- Whether parts are those of a chain.
local function same(parts, chain, slots)
  if type(parts) ~= "table" or #parts ~= #slots then return false end
  for i, slot in ipairs(slots) do
    local desc = descriptor(chain, slot)
    if type(parts[i]) ~= "table" or parts[i][1] ~= desc.addr or parts[i][2] ~= desc.len then
      return false
    end
  end
  return true
end

--- What is wrong with a walk in one of the tables; nil where nothing is.
local function fault(walk, what, head, chain, slots)
  local read, counts = reader(chain)
  local ran, parts = pcall(walk, read, head, SIZE)
  if not ran then
    if type(parts) ~= "table" then error(parts, 0) end
    return ("With %s %s"):format(what, parts[1])
  elseif not slots then
    return parts and ("It takes %s for a chain, and is to return nil. [SPLIT-DRV-03]"):format(what)
  elseif not parts then
    return ("It returns nil for %s, which is in order."):format(what)
  elseif not same(parts, chain, slots) then
    return ("With %s it does not give { addr, len } of each descriptor in order."):format(what)
  end
  for slot, count in pairs(counts) do
    if count > 1 then
      return ("It reads descriptor %d more than once. The guest may have changed it meanwhile: "
        .. "read once, and use what was read."):format(slot)
    end
  end
end

--- Try a walk of the learner's.
local function walk(answer)
  if type(answer) ~= "function" then
    return false, ("A function is asked for, this is a %s."):format(type(answer))
  end
  if answer(function(slot) return descriptor({}, slot) end, 0, SIZE) == nil then
    return nil, "Let walk return the parts of a chain, or nil where it is broken."
  end
  for _, case in ipairs(TABLES) do
    local wrong = fault(answer, table.unpack(case))
    if wrong then return false, wrong end
  end
  return true, ("%d tables, and it ends with each of them, inside the table, with one look at each "
    .. "descriptor. [SPLIT-DRV-03]"):format(#TABLES)
end

local LIES = {
  A = "fwd_cnt counts what was taken, and nothing is taken back. 3,000 steps back are 2^32 - 3,000 "
    .. "ahead, more than was ever sent. [VSOCK-BOTH-18]",
  C = "The device knows its own buffer, and what it has told of it: 1,000 bytes too many. "
    .. "[VSOCK-DRV-09]",
}

--- Judge which lie is none that shows.
local function lie(answer)
  if answer == "B" then
    return true, "How big its buffer is only the guest knows, and it may change it at any time. It "
      .. "can lose by that only what is sent to itself. [VSOCK-BOTH-17]"
  end
  return false, LIES[answer] or 'Answer "A", "B" or "C".'
end

return {
  { task = "Fill in reactions: four words.", judge = reactions },
  { task = "Write walk, and pass the function.", judge = walk },
  { task = "Set lie to the letter of the one that cannot be found out.", judge = lie },
}
