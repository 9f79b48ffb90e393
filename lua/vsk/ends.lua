-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Both ends of every connection of a lab, as text. See vsk.lab.
-- @module vsk.ends
local conn = require "vsk.conn"
local ladder = require "vsk.ladder"
local party = require "vsk.party"
local trace = require "vsk.trace"
local view = require "vsk.view"

local NEVER <const> = -1 -- all 64 bits
local MATTERS <const> = { REQUEST = true, RESPONSE = true, RST = true, SHUTDOWN = true }
local TIMERS <const> = {
  CONNECTING = "connect_timeout", CLOSING = "close_timeout", DRAINING = "drain_timeout",
  ESTABLISHED = "ask for credit",
}

local function is_of(packet, one)
  local function same(cid, port, other_cid, other_port)
    return packet.src_cid == cid and packet.src_port == port and packet.dst_cid == other_cid
      and packet.dst_port == other_port
  end
  local a, b, c, d = one.local_cid, one.local_port, one.peer_cid, one.peer_port
  return same(a, b, c, d) or same(c, d, a, b)
end

--- The last packet that could change the state of a connection, in words.
local function cause_of(core, one, is_guest)
  for number = core:trace_end() - 1, core:trace_begin(), -1 do
    local entry = trace.entry(core, number)
    local packet = entry.packet
    if packet and MATTERS[packet.op] and is_of(packet, one) then
      local flags = table.concat(packet.flag_names, "|")
      return ("%s %s%s (#%d)"):format((entry.queue == "tx") == is_guest and "sent" or "got",
        ladder.name_of(packet.op), flags ~= "" and " " .. flags or "", number)
    end
  end
  return ""
end

local function timers_of(own, state, now)
  local found = {}
  for _, timer in ipairs { { "timer", TIMERS[state] or "timer" }, { "linger", "close_timeout" } } do
    local deadline = own.role:number(own.id, timer[1])
    if deadline ~= NEVER then
      table.insert(found, ("%s in %.3f s"):format(timer[2], (deadline - now) / 1e9))
    end
  end
  return found[1] and table.concat(found, ", ") or "no timer"
end

--- The connections of a party that are there, or that somebody still names.
local function conns_of(part)
  local found = {}
  for pair, named in ipairs(part.named) do
    for _, one in pairs(named) do found[one] = true end
    for _, id in ipairs(part.roles[pair]:connections()) do
      found[party.conn(part, pair, id, false)] = true
    end
  end
  return found
end

local function row_of(core, one, is_guest)
  local reason = one.reason ~= "NONE" and (" (%s)"):format(one.reason) or ""
  return {
    is_guest and "guest" or "device", ("%d:%d"):format(one.local_cid, one.local_port),
    ("%d:%d"):format(one.peer_cid, one.peer_port), one.type, one.state .. reason,
    cause_of(core, one, is_guest), timers_of(conn.of(one), one.state, core:now()),
  }
end

--- Where an end stands among all: by both addresses, the lower one first, then by its side.
local function order_of(one, side)
  local own, peer = { one.local_cid, one.local_port }, { one.peer_cid, one.peer_port }
  if peer[1] < own[1] or peer[1] == own[1] and peer[2] < own[2] then own, peer = peer, own end
  return ("%020d:%020d %020d:%020d %s"):format(own[1], own[2], peer[1], peer[2], side)
end

--- Draw them all; own is the lab's private part.
return function(own)
  local found = {}
  local function add(part, is_guest)
    for one in pairs(conns_of(part)) do
      local row = row_of(own.core, one, is_guest)
      row.order = order_of(one, row[1])
      table.insert(found, row)
    end
  end
  add(own.device_part, false)
  for _, part in ipairs(own.guest_parts) do add(part, true) end
  table.sort(found, function(one, other) return one.order < other.order end)
  local rows = { { "end", "local", "peer", "type", "state", "last cause", "running" } }
  table.move(found, 1, #found, 2, rows)
  local lines = view.aligned(rows, {})
  table.insert(lines, 1, ("at %.9f s"):format(own.core:now() / 1e9))
  return table.concat(lines, "\n")
end
