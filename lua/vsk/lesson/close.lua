-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Checks of lesson 5, connect and close.
-- @module vsk.lesson.close
local vsk = require "vsk"

--- Judge the flags of a SHUTDOWN in both directions.
local function flags(answer)
  if answer == 3 then
    return true, "Bit 0 is 1, bit 1 is 2. The peer answers with RST, and the connection is over."
  elseif answer == 0 or answer == 1 then
    return false, "0 and 1 are the numbers of the bits: bit 0 has the value 1, bit 1 the value 2. "
      .. (answer == 0 and "0 would say nothing." or "1 would close one direction.")
      .. " [VSOCK-BOTH-28, VSOCK-BOTH-29]"
  elseif answer == 2 then
    return false, "That is SEND alone: half of it. The sender would still read. [VSOCK-BOTH-29]"
  end
  return false, ("%s is not made of bits 0 and 1. [VSOCK-BOTH-28]"):format(answer)
end

local WORDS = {
  RESET = "The guest got an RST where the end should be, and cannot know that it has got all: "
    .. "reset drops what is queued, close sends it first. [VSOCK-BOTH-31, VSOCK-BOTH-32]",
  TIMEOUT = "The guest waits for more: on_eof has to say how many there were, and without a close "
    .. "it cannot know that this was all. [VSOCK-BOTH-29, VSOCK-BOTH-32]",
}

--- Judge what a device says when its peer has finished.
local function says(conn)
  local said, message, code = conn:receive_all()
  if not said then
    return false, WORDS[code] or message
  elseif said == "" then
    return false, "It closed and said nothing: what a device does where there is no on_eof."
  elseif said == "5" or said == "6" then
    return false, said .. " is one piece of 5 and 6 bytes: count all of them. [VSOCK-BOTH-13]"
  elseif said ~= "11" then
    return false, ("It said '%s', and 11 bytes came, in two pieces."):format(said)
  end
  return true, "Each side has said what it had to say, and nothing was lost."
end

--- Connect to a device with these hooks.
local function meet(hooks)
  local options = { cid = 3 }
  for name, hook in pairs(hooks) do options[name] = hook end
  local lab = vsk.lab(options)
  return lab, lab.guest:connect(2, 1234)
end

--- Judge a device that answers at the end how much came.
local function count(hooks)
  if type(hooks) ~= "table" then
    return false, "A table of hooks is asked for."
  elseif not next(hooks) then
    return nil, "Give count the hooks on_request, on_data and on_eof."
  end
  local lab, conn, message, code = meet(hooks)
  if code == "RESET" then
    return false, "The REQUEST got an RST: that is what happens unless on_request accepts. "
      .. "[VSOCK-BOTH-26]"
  elseif not conn then
    return false, message .. ": on_request has to accept the REQUEST. [VSOCK-BOTH-25]"
  end
  for _, data in ipairs { "hello", " world" } do
    conn:send(data)
    lab:run()
    if conn.unread > 0 or conn.reason ~= "NONE" then
      return false, "It answers, or closes, while the guest still sends. A piece of payload is not "
        .. "all of it: on_eof hears of the end. [VSOCK-BOTH-13]"
    end
  end
  conn:shutdown { send = true }
  return says(conn)
end

--- Say what is wrong with the answer to a packet; nil where nothing is.
local function refuses(packet, found)
  if packet.op == "RST" then
    return found and "It answers an RST. The other side has no such connection either, and by the "
      .. "same rule would answer yours: both would go on for ever. [VSOCK-DEV-13]"
  elseif not found then
    return ("To %s it answers nothing: the peer would wait on. [VSOCK-BOTH-31]"):format(packet.op)
  elseif found.op ~= "RST" then
    return ("To %s it answers %s, not RST. [VSOCK-BOTH-31]"):format(packet.op, found.op)
  elseif found.src_cid ~= packet.dst_cid or found.src_port ~= packet.dst_port
    or found.dst_cid ~= packet.src_cid or found.dst_port ~= packet.src_port then
    return "The RST belongs to another connection, or goes to its sender: source and destination "
      .. "change places, all four numbers. [VSOCK-BOTH-11]"
  elseif found.type ~= packet.type then
    return ("The packet is of type %s, the RST of type %s: it would be for another connection. "
      .. "[VSOCK-BOTH-12]"):format(packet.type, found.type)
  end
end

local OPS = { "RW", "SHUTDOWN", "RESPONSE", "CREDIT_UPDATE", "CREDIT_REQUEST", "RST" }

--- Judge a function that answers packets which belong to no connection.
local function answer_to(answer)
  if type(answer) ~= "function" then
    return false, ("A function is asked for, this is a %s."):format(type(answer))
  end
  local said, any = {}, false
  for _, kind in ipairs { "STREAM", "SEQPACKET" } do
    for _, op in ipairs(OPS) do
      local packet = vsk.packet { src = { 2, 80 }, dst = { 3, 1024 }, op = op, type = kind }
      local found = answer(packet:copy())
      any = any or found
      table.insert(said, { packet = packet, found = found })
    end
  end
  if not any then return nil, "Let answer_to return a vsk.packet, or nil where none is right." end
  for _, each in ipairs(said) do
    local wrong = refuses(each.packet, each.found)
    if wrong then return false, wrong end
  end
  return true, "The peer learns that nothing is there, and an RST ends the talk."
end

return {
  { task = "Set flags to a number.", judge = flags },
  { task = "Write the hooks of count, and pass the table.", judge = count },
  { task = "Write answer_to, and pass the function.", judge = answer_to },
}
