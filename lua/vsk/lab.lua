-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- A device model and its guests on shared memory and a virtual clock.
--
-- Fields: `guest` (the first one), `guests`, `device`, `trace`, `faults`, `now`, virtual seconds
-- since the beginning, and `stepped`, the entries that the last step has added to the trace. The
-- same seed gives the same trace, byte for byte. An error of a hook leaves the call that drove the
-- lab, which can be driven on.
-- @module vsk.lab
local class = require "vsk.class"
local conn = require "vsk.conn"
local core = require "vsk.core"
local device = require "vsk.device"
local ends = require "vsk.ends"
local faults = require "vsk.faults"
local guest = require "vsk.guest"
local host = require "vsk.host"
local party = require "vsk.party"
local snapshot = require "vsk.snapshot"
local stepping = require "vsk.stepping"
local trace = require "vsk.trace"

local FOREVER = -1 -- all 64 bits
local PATIENCE = 3600 * 1000000000 -- who waits for credit asks again and again: never at rest

-- ---- driving ----

local Lab, get, _, calls = class.new "Lab"
local of = calls.of

--- What goes on by one thing each time, as step does, and gives false where it is time to stop.
local function stepper(own, within)
  host.may_drive(own)
  local now = own.core:now()
  if within == nil then
    return function()
      if own.core:now() > now + PATIENCE then return false end
      return host.step(own, FOREVER)
    end
  end
  local limit = within == math.huge and FOREVER or now + class.nanoseconds("within", within)
  if math.ult(limit, now) then limit = FOREVER end
  return function() return host.step(own, limit) end
end

--- Do one thing: a packet, a notification, a hook, a jump of the clock.
--
-- With wanted it goes on to the next entry of the trace that fits, and gives that: wanted is a kind
-- ("packet", "used", "kick", "interrupt", "timer", "event", "refused", "status", "renewed",
-- "fault") or an op ("RST") in any case, or a function of an Entry. What belongs to one step is
-- done to its end; the next call looks from the entry behind the one that was given.
-- @tparam[opt] string|function wanted
-- @treturn[1] boolean|Entry false where nothing is left to do, or, with wanted, an hour of virtual
-- time went by
-- @return[2] nil, message, code
function Lab:step(wanted)
  if wanted == nil then return stepping.one(of(self)) end
  return stepping.to(of(self), wanted)
end

--- Take back the last calls of step, and all that was done since; then it goes on as before. The
-- trace loses what was taken back: the same steps give the same entries again, with the same
-- numbers. A capture keeps it. It is an error where not so many steps are kept, see history of
-- vsk.lab; and as with rewind, where a model has no save_state.
-- @tparam[opt] integer count 1
-- @treturn[1] boolean true
-- @return[2] nil, message, code
function Lab:back(count)
  return stepping.back(of(self), count == nil and 1 or count)
end

--- Go on until something is true, or for so many seconds, or until nothing happens any more.
-- Without within it is over after an hour of virtual time too.
-- @tparam[opt] function condition
-- @tparam[opt] number within seconds
-- @treturn[1] boolean true
-- @return[2] nil, message, code: TIMEOUT where the condition does not come true
function Lab:run(condition, within)
  local own = of(self)
  if condition ~= nil then class.check("condition", condition, "function") end
  return host.run(own, condition, within)
end

--- End the capture, as the end of a block does where the lab stands as `local lab <close>`.
-- Everything else goes on. Closing twice is no error.
-- @treturn[1] boolean true
-- @return[2] nil, message, error number of the system
function Lab:close()
  return host.close_capture(of(self))
end

calls.meta.__close = Lab.close

--- Choose a number from 0 to below - 1 by the seed.
-- @tparam integer below
-- @treturn integer
function Lab:random(below)
  local own = of(self)
  if not (math.type(below) and below >= 1) then
    class.fail("below: integer from 1 expected, got %s", tostring(below))
  end
  return own.core:random(below)
end

--- Draw both ends of every connection: state, last cause, running timers.
-- @treturn string
function Lab:ends()
  return ends(of(self))
end

-- ---- snapshots ----

--- Keep all of it, and of a model what its save_state gives.
-- @treturn Snapshot
function Lab:snapshot()
  local own = of(self)
  host.may_drive(own)
  return snapshot.take(own)
end

--- Go back to a snapshot, as often as one likes; models get their state by load_state. The trace
-- goes on, and connections that were made since are over. It is an error where a hook was called
-- since of a model without save_state: it may have kept something.
-- @tparam Snapshot kept
-- @treturn boolean true
function Lab:rewind(kept)
  local own = of(self)
  local state = snapshot.of(kept)
  host.may_drive(own)
  return snapshot.go_back(own, state)
end

-- ---- what it has ----

for _, name in ipairs { "device", "trace", "faults" } do
  get[name] = function(own) return own[name] end
end

function get.guest(own)
  return own.guests[1]
end

function get.guests(own)
  return { table.unpack(own.guests) }
end

--- What the last call of step has added to the trace: a list of Entry.
function get.stepped(own)
  return stepping.added(own)
end

function get.now(own)
  return own.core:now() / 1e9
end

function calls.meta.__tostring(self)
  local own = of(self)
  return ("Lab of %d guests at %.9f s"):format(#own.guests, get.now(own))
end

-- ---- making one ----

local LAB = class.set("seed", "guests", "memory", "trace", "capture", "device", "history")

--- Split a table into what is the lab's, faults, and what is the device's.
local function split(given)
  local lab, wrong, model = {}, {}, {}
  for name, value in pairs(given) do
    local into = LAB[name] and lab or faults.NAMES[name] and wrong or model
    into[name] = value
  end
  return lab, wrong, model
end

--- The private part of a device or guest that belongs to nobody yet.
local function free_part(calls_of, object)
  local part = calls_of.of(object)
  if part.driver then class.misuse("ERR_BUSY", "it belongs to a lab already") end
  return part
end

--- The guests that are asked for: a number of them, or a list.
local function guests_of(asked)
  local guests = {}
  if math.type(asked) == "integer" then
    for i = 1, asked do guests[i] = guest.new {} end
    return guests
  end
  local seen = {}
  for i, one in ipairs(class.check("guests", asked, "table")) do
    free_part(guest.calls, one)
    if seen[one] then class.misuse("ERR_BUSY", "a guest is listed twice") end
    seen[one], guests[i] = true, one
  end
  return guests
end

local function device_of(lab, model)
  if lab.device == nil then return device.new(model) end
  local name = next(model)
  if name ~= nil then
    class.fail("unknown option '%s': the device has its own", tostring(name))
  end
  free_part(device.calls, lab.device)
  return lab.device
end

--- Begin the memories, one for each guest.
local function add_pairs(own, memory)
  for i, part in ipairs(own.guest_parts) do
    local cid = own.device_part.names.cid + i - 1
    local one = device.options(own.device_part, cid, part.names.queue_size)
    local done, message, code = own.core:add(one, party.options(part.names, guest.OPTIONS), memory)
    if not done then return nil, message, code end
  end
  return own.core:start()
end

--- Let all belong to the lab.
local function join(own)
  local driver, roles = host.driver(own), {}
  for i = 1, #own.guests do roles[i] = own.core:device(i - 1) end
  party.join(own.device_part, driver, roles)
  for i, part in ipairs(own.guest_parts) do party.join(part, driver, { own.core:guest(i - 1) }) end
end

local function new_lab(given)
  local asked, wrong, model = split(class.check("options", given, "table", {}))
  local found = device_of(asked, model)
  local guests = guests_of(asked.guests or 1)
  local lab = core.Lab.make(asked.seed or 0, asked.trace or 1000000)
  local own = host.begin({
    device = found, guests = guests, guest_parts = {}, device_part = device.calls.of(found),
    trace = trace.new(lab), faults = faults.new(lab), stepper = stepper,
    steps = stepping.begin(asked.history == nil and 0 or asked.history),
    quit = function() return true end,
  }, lab)
  function own.part_of(pair, is_guest)
    if is_guest then return own.guest_parts[pair + 1], 1 end
    return own.device_part, pair + 1
  end
  for i, one in ipairs(guests) do own.guest_parts[i] = guest.calls.of(one) end
  for name, value in pairs(wrong) do own.faults[name] = value end
  local done, message, code = add_pairs(own, asked.memory or 8 << 20)
  if done then done, message, code = host.open_capture(own, asked.capture) end
  if not done then return nil, message, code end
  join(own)
  return calls.new(own)
end

return {
  --- The public names of all classes of a lab.
  names = {
    Conn = conn.names, Device = device.names, Guest = guest.names, Trace = trace.names,
    Listener = guest.listener_names, Entry = trace.entry_names, Faults = faults.names,
    Lab = calls.names(), Snapshot = snapshot.names,
  },

  functions = {
    --- Make a lab: a device, its guests, one memory for each of them, and a virtual clock.
    --
    -- Options of the lab: seed, 0; guests: a number, or a list of what vsk.guest gives, 1; memory:
    -- bytes of each guest, 8 MiB; trace: entries that are kept, 1000000, of 256 MiB at most;
    -- capture: a file, a FIFO or "-" to which every packet is written as pcapng as it passes;
    -- history: how many steps back can take back, each kept with a copy of all memories, 0; device:
    -- what vsk.device gives. Without it options and hooks of the device stand here too (see
    -- vsk.device).
    --
    -- Benign faults, and everything still arrives: delay and hold, in seconds, are how late kicks
    -- and interrupts, and used buffers, come at most; of 1,000 kicks lose_kicks are lost until
    -- another one follows; starve is the most RX buffers that guests post; of 1,000 polls shrink
    -- change a buffer's size. Malign ones, and only safety is left: of 1,000 packets flip,
    -- duplicate, reorder and lie strike, of 1,000 polls scribble.
    -- @function lab
    -- @tparam[opt] table options
    -- @treturn[1] Lab
    -- @return[2] nil, message, code
    lab = new_lab,

    --- Make a device model, for vsk.lab.
    --
    -- Beside the hooks (see vsk.party): cid, the first guest's, 3; features that are offered, of
    -- vsk.feature; buf_alloc, each connection's buffer in bytes; send_buffer, bytes in a send queue
    -- above which hooks' data counts as not taken yet; budget, bytes in all queues above which
    -- REQUESTs get RST, where a message counts 12 more than it has; connections, how many there may
    -- be; connect_timeout, close_timeout and drain_timeout in seconds; empty_messages: messages
    -- without bytes may be sent, which Linux reads as end of file; route: guests reach each other.
    -- @function device
    -- @tparam[opt] table options
    -- @treturn Device
    device = function(options)
      return device.new(class.check("options", options, "table", {}))
    end,

    --- Make a guest, for vsk.lab.
    --
    -- Beside the hooks (see vsk.party): preset imitates a kernel: linux-5.10, linux-6.1,
    -- linux-6.12. rx_layout cuts RX buffers into descriptors of so many bytes, rx_indirect and
    -- tx_indirect put descriptors into tables, tx_piece is the most payload of one descriptor;
    -- rx_buffers, refill_at and event_buffers count buffers, queue_size descriptors; features are
    -- those it accepts; buf_alloc, update_at, update_idle, ask, answer, meter and payload_max are
    -- about credit and packets; connections, send_buffer, empty_messages, connect_timeout,
    -- close_timeout and drain_timeout as a device's; ask_first and ask_last in seconds.
    -- @function guest
    -- @tparam[opt] table options
    -- @treturn Guest
    guest = function(options)
      return guest.new(class.check("options", options, "table", {}))
    end,
  },
}
