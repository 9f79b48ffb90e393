-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Checks of lesson 6, credit and stalls.
-- @module vsk.lesson.credit
local FREE = {
  [4000] = "That forgets fwd_cnt: the device has taken 2,500 of the 6,000 bytes, and so they are "
    .. "in flight no more. [VSOCK-BOTH-19]",
  [10000] = "That is the whole buffer: 3,500 bytes of the 6,000 are in it still. [VSOCK-BOTH-19]",
  [3500] = "That is what is in flight; what may be sent is the rest of the buffer. "
    .. "[VSOCK-BOTH-19]",
  [1500] = "fwd_cnt is taken off what is in flight, so it makes room; you have taken it off "
    .. "twice. [VSOCK-BOTH-19]",
  [6456] = "That counts the header too: credit is payload alone. [VSOCK-BOTH-16]",
}

--- Judge what may be sent after a packet.
local function may_send(answer)
  if answer == 6500 then
    return true, "6,000 were sent, 3,500 of them are in flight, the rest is free. [VSOCK-BOTH-19]"
  end
  return false, FREE[answer]
    or "Put the numbers into the formula: 10000 - (6000 - ...). [VSOCK-BOTH-19]"
end

--- Judge who ends the stall.
local function ends_it(answer)
  if type(answer) ~= "table" or #answer ~= 2 then
    return false, 'The answer is a pair, as { 7, "RST" }: a CID, and the name of an op.'
  end
  local cid, op = answer[1], answer[2]
  if cid == 3 and op == "CREDIT_REQUEST" then
    return false, "Asking gives nothing: the guest has asked, and there was still no room. Only "
      .. "who has the buffer can make room in it. [VSOCK-BOTH-21]"
  elseif cid == 3 then
    return false, "CID 3, the guest, is who waits. Room comes from the side whose buffer is full. "
      .. "[VSOCK-BOTH-20]"
  elseif cid == 2 and op == "RW" then
    return false, "It would do, as an RW carries fwd_cnt too. But the device has no payload to "
      .. "send, and a packet without any is there for that."
  elseif cid == 2 and op == "CREDIT_UPDATE" then
    return true, "The receiver owes it as soon as its application has taken bytes, asked or not. "
      .. "[VSOCK-BOTH-22]"
  end
  return false, "Which packet is there to carry buf_alloc and fwd_cnt, and nothing else?"
end

-- buf_alloc, fwd_cnt, tx_cnt, what is free, and what a wrong answer has not seen.
local CASES = {
  { 10000, 2500, 6000, 6500, "nothing special happens here" },
  { 10000, 0, 10000, 0, "the buffer is full to the last byte" },
  { 1000, 0xFFFFFFF0, 0x10, 968,
    "tx_cnt has wrapped and fwd_cnt has not; their difference mod 2^32 is 32" },
  { 2000, 0, 6000, 0,
    "the buffer shrank below what is in flight; there is no room, and none below zero" },
  { 100, 0xFFFFFF00, 0x100, 0,
    "it has wrapped and shrunk: 512 bytes are in flight, for a buffer of 100" },
  { 0xFFFFFFFF, 5, 6, 0xFFFFFFFE, "buf_alloc may have all 32 bits set" },
}

--- Try a function of the learner's.
local function formula(answer)
  if type(answer) ~= "function" then
    return false, ("A function is asked for, this is a %s."):format(type(answer))
  end
  for _, case in ipairs(CASES) do
    local buf_alloc, fwd_cnt, tx_cnt, wanted, words = table.unpack(case)
    local found = answer(buf_alloc, fwd_cnt, tx_cnt)
    local call = ("free(%d, %d, %d)"):format(buf_alloc, fwd_cnt, tx_cnt)
    if found == nil then return nil, "Write free. " .. call .. " gives nothing yet." end
    if found ~= wanted then
      return false, ("%s is %d, not %s: %s. [VSOCK-BOTH-19]"):format(call, wanted, found, words)
    end
  end
  return true, "Across the wrap the difference of the counters stays what it was, and a buffer "
    .. "that shrinks gives no room. Whoever forgets the floor sends gigabytes into it."
end

return {
  { task = "Set free_bytes to the number of bytes that the guest may send.", judge = may_send },
  { task = "Set ends_it to a pair: whose packet ends the stall, and its op.", judge = ends_it },
  { task = "Write free, and pass the function.", judge = formula },
}
