-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- What passed in a lab, in order: packets, used buffers, kicks, interrupts, timers, faults.
--
-- `#trace` entries are kept; `trace[i]` and ipairs give them, tostring gives all lines. An entry
-- has `number`, `time` in seconds, `kind` and `line`, which is its tostring; `packet` is a copy,
-- nil where it is about something else. `guest` is the CID of the guest whose device it is about;
-- `queue` is rx, tx or event, `head` the name of a chain, `written` the bytes of USED, the register
-- of STATUS, the size of RENEWED, `status` the rule of REFUSED: nil where there is none.
-- @module vsk.trace
local class = require "vsk.class"
local ladder = require "vsk.ladder"
local ledger = require "vsk.ledger"
local script = require "vsk.script"

local _, entry_get, _, entry_calls = class.new "Entry"

local FACTS = { "number", "time", "kind", "line", "guest", "queue", "head", "written", "status" }
for _, name in ipairs(FACTS) do
  entry_get[name] = function(own) return own[name] end
end

function entry_get.packet(own)
  return own.packet
end

function entry_calls.meta.__tostring(self)
  return entry_calls.of(self).line
end

local Trace, _, _, calls = class.new "Trace"
local of = calls.of

function calls.meta.__len(self)
  local lab = of(self)
  return lab:trace_end() - lab:trace_begin()
end

function calls.meta.__tostring(self)
  return of(self):trace_text()
end

--- The entry of a number that is kept.
local function entry_of(lab, number)
  local own = { number = number }
  own.time, own.kind, own.line, own.guest, own.queue, own.head, own.written, own.status =
    lab:trace_entry(number)
  own.time = own.time / 1e9
  -- Taken at once: the trace may drop it, and a number may come to name another one.
  if own.kind == "PACKET" then own.packet = lab:trace_packet(number) end
  return entry_calls.new(own)
end

--- An entry by its place, or nil.
local function entry_at(lab, index)
  local number = lab:trace_begin() + index - 1
  if index < 1 or number >= lab:trace_end() then return nil end
  return entry_of(lab, number)
end

local index_of = calls.meta.__index

function calls.meta.__index(self, key)
  local lab = of(self)
  if math.type(key) and math.tointeger(key) then return entry_at(lab, math.tointeger(key)) end
  return index_of(self, key)
end

--- Go through all packets in it.
-- @return an iterator of Packet
function Trace:packets()
  local lab = of(self)
  local number = lab:trace_begin() - 1
  return function()
    while number + 1 < lab:trace_end() do
      number = math.max(number + 1, lab:trace_begin())
      local packet = lab:trace_packet(number)
      if packet then return packet end
    end
  end
end

--- Write the packets as pcapng for Wireshark, or all lines where path ends in .txt.
-- @tparam string path
-- @treturn[1] boolean true
-- @return[2] nil, message, error number of the system
function Trace:save(path)
  local lab = of(self)
  class.check("path", path, "string")
  local data = path:find "%.txt$" and lab:trace_text() or lab:trace_pcapng(0, true)
  local file, message, errno = io.open(path, "wb")
  if not file then return nil, message, errno end
  local done
  done, message, errno = file:write(data)
  local closed, close_message, close_errno = file:close()
  if not done then return nil, message, errno end
  if not closed then return nil, close_message, close_errno end
  return true
end

local ladder_options = class.set "kinds"

--- Draw what passed, from one number up to before another, as a ladder of text.
-- @tparam[opt] integer first the number of an entry, 0
-- @tparam[opt] integer finish all that is kept
-- @tparam[opt] table options kinds: a list of those that are shown, as { "PACKET", "KICK" }
-- @treturn string
function Trace:ladder(first, finish, options)
  local lab, shown = of(self), nil
  local kinds = class.check_options(options, ladder_options).kinds
  if kinds then shown = class.set(table.unpack(class.check("kinds", kinds, "table"))) end
  first = math.max(class.check("first", first, "integer", 0), lab:trace_begin())
  finish = math.min(class.check("finish", finish, "integer", math.maxinteger), lab:trace_end())
  local entries = {}
  for number = first, finish - 1 do
    local entry = entry_of(lab, number)
    if not shown or shown[entry.kind] then table.insert(entries, entry) end
  end
  return ladder.draw(entries)
end

--- Keep the account of credit of every connection whose REQUEST is in the trace.
-- @treturn {string,...} a text for each, in the order of the REQUESTs
function Trace:ledgers()
  of(self)
  return ledger(self)
end

local script_options = class.set "guest"

--- Write a script, in python or lua, that says all of it again, and fails where it differs.
--
-- The packets of the guest with that CID are sent by hand, and those of the device expected field
-- by field: from a device of the script's own, from the device of a file, or from one on a socket,
-- as its command line says. The script says what does not come again. It is an error where there
-- are several guests, and none is named.
-- @tparam[opt] string language "python"
-- @tparam[opt] table options guest: its CID
-- @treturn string
function Trace:script(language, options)
  of(self)
  return script.of_entries(self, language, class.check_options(options, script_options).guest)
end

return {
  names = calls.names(),
  entry_names = entry_calls.names(),
  entry = entry_of,

  --- What passes: VSK_SEEN_TABLE, as a test makes sure.
  KINDS = {
    "PACKET", "USED", "KICK", "INTERRUPT", "TIMER", "EVENT", "REFUSED", "STATUS", "RENEWED",
    "FAULT",
  },

  --- Show a lab's trace.
  new = function(lab)
    return calls.new(lab)
  end,
}
