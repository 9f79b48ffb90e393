-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- Two guests of one device chat: in a room on port 5000, whose device relays what is said, then
-- directly, where the device takes their packets on and sees each of them.
--
--   lua5.4 chat.lua
local vsk = require "vsk"

local PORT = 5000
local LONGEST = 4096 -- bytes of a line

local room = {} -- of each member what is left of its last line

local function tell(speaker, line)
  for member in pairs(room) do -- who does not read misses lines
    if member ~= speaker and member.queued < 65536 then member:send(line .. "\n") end
  end
end

local lab = vsk.lab {
  cid = 3,
  guests = 2,
  route = true,
  on_packet = function(packet)
    if packet.dst_cid ~= 2 and packet.op == "RW" then print("passing on " .. tostring(packet)) end
  end,
  on_request = function(conn)
    if conn.local_port ~= PORT or conn.type ~= "STREAM" then return end
    conn:accept()
    tell(nil, ("CID %d comes"):format(conn.peer_cid))
    room[conn] = ""
  end,
  on_data = function(conn, data)
    room[conn] = (room[conn] .. data):gsub("([^\n]*)\n", function(line)
      tell(conn, ("CID %d: %s"):format(conn.peer_cid, line))
      return ""
    end)
    if #room[conn] > LONGEST then conn:reset() end
  end,
  on_close = function(conn)
    if not room[conn] then return end
    room[conn] = nil
    tell(nil, ("CID %d goes"):format(conn.peer_cid))
  end,
}

local ann = assert(lab.guests[1]:connect(2, PORT))
local bob = assert(lab.guests[2]:connect(2, PORT))
local heard_by_ann, heard_by_bob = ann:lines(), bob:lines()
print("ann hears: " .. heard_by_ann())
ann:send "hello, who is there?\n"
print("bob hears: " .. heard_by_bob())
bob:send "call me on 7000\n"
print("ann hears: " .. heard_by_ann())

local listener = lab.guests[2]:listen(7000)
local call = assert(lab.guests[1]:connect(4, 7000))
call:send "just between us"
print("bob hears: " .. listener:accept():receive())
