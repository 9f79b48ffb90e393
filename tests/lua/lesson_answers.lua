-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- Answers to lessons 6 and 10 in Lua: right ones, and likely mistakes with words of the verdict.

-- ---- lesson 6 ----

local function free(buf_alloc, fwd_cnt, tx_cnt)
  return math.max(buf_alloc - (tx_cnt - fwd_cnt & 0xFFFFFFFF), 0)
end

local function without_a_floor(buf_alloc, fwd_cnt, tx_cnt)
  return buf_alloc - (tx_cnt - fwd_cnt) & 0xFFFFFFFF
end

local function without_a_wrap(buf_alloc, fwd_cnt, tx_cnt)
  return math.max(buf_alloc - (tx_cnt - fwd_cnt), 0)
end

local function of_31_bits(...)
  return math.min(free(...), (1 << 31) - 1)
end

-- ---- lesson 10 ----

--- A walk with some of its checks left out.
local function walk(without)
  return function(read, head, size)
    local parts = {}
    while without.budget or #parts < size - (without.last or 0) do
      if not without.bounds and head >= size then return nil end
      local desc = read(head)
      table.insert(parts, { desc.addr, without.once and read(head).len or desc.len })
      local more = desc.flags & 1 ~= 0
      if without.flags then more = desc.next ~= 0 end
      if not more then return without.parts and {} or parts end
      head = desc.next
    end
    return without.nothing and parts or nil
  end
end

local function with(number, answer)
  local all = { "RST", "nothing", "nothing", "RST" }
  all[number] = answer
  return all
end

return {
  right = {
    [6] = { { 6500 }, { { 2, "CREDIT_UPDATE" } }, { free } },
    [10] = { { with(1, "RST") }, { walk {} }, { "B" } },
  },
  wrong = {
    [6] = {
      {
        { 4000, "That forgets fwd_cnt" },
        { 10000, "That is the whole buffer" },
        { 3500, "That is what is in flight" },
        { 1500, "you have taken it off twice" },
        { 6456, "That counts the header too" },
        { "x", "Put the numbers into the formula" },
      },
      {
        { { 3, "CREDIT_REQUEST" }, "Asking gives nothing" },
        { { 3, "CREDIT_UPDATE" }, "is who waits" },
        { { 2, "RW" }, "has no payload to send" },
        { { 2, "RST" }, "Which packet is there" },
        { 2, "The answer is a pair" },
      },
      {
        { without_a_floor, "the buffer shrank below what is in flight" },
        { without_a_wrap, "tx_cnt has wrapped and fwd_cnt has not" },
        { of_31_bits, "may have all 32 bits set" },
        { function() error "oh" end, "oh. Write free" },
        { 6500, "this is a number" },
      },
    },
    [10] = {
      {
        { with(1, "nothing"), "has to hear that it is over" },
        { with(2, "RST"), "would never stop" },
        { with(3, "RST"), "a CID that has not sent this" },
        { with(4, "nothing"), "need not wait for its own timer" },
        { with(3, "keep"), "every chain goes back" },
        { with(3, "drop"), "drop is none of them" },
        { with(2, nil), "nil is none of them" },
        { "RST", "A table of four words" },
      },
      {
        { walk { budget = true }, "With a descriptor that is its own next it never ends" },
        { walk { bounds = true }, "it reads descriptor 8 of a table of 8" },
        { walk { last = 1 }, "It returns nil for a chain of all descriptors" },
        { walk { flags = true }, "without the flag NEXT" },
        { walk { once = true }, "reads descriptor 3 more than once" },
        { walk { nothing = true }, "It takes a descriptor that is its own next for a chain" },
        { walk { parts = true }, "it does not give { addr, len }" },
        { function() error "oh" end, "oh. Write walk" },
        { {}, "this is a table" },
      },
      {
        { "A", "nothing is taken back" },
        { "C", "The device knows its own buffer" },
        { "D", 'Answer "A", "B" or "C"' },
      },
    },
  },
}
