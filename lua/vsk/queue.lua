-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- A simulated virtqueue, its two ends, and the chains that cross it.
--
-- Iterators go on behind what the other side got wrong: they give `false, message, code` for
-- a broken chain or packet. Only an index that can never be right again is an error.
-- @module vsk.queue
local core = require "vsk.core"
local look = require "vsk.look"
local view = require "vsk.view"

local classes = core.classes
local DriverEnd, DeviceEnd, Chain = classes.DriverEnd, classes.DeviceEnd, classes.Chain
local Packets, Queue = classes.Packets, classes.Queue

-- With these the ring stays as it is: a loop would never end.
local stuck = { BAD_AVAIL_IDX = true, BAD_USED_IDX = true, BAD_LIST = true }

--- Make an iterator's step of a call that gives an object, or nil, message, code.
local function stepper(call)
  return function(self)
    local found, message, code = call(self)
    if found then return found end
    if code == "NONE" then return nil end
    if stuck[code] then error(code .. ": " .. message, 2) end
    return false, message, code
  end
end

local next_used = stepper(DriverEnd.reap)
local next_chain = stepper(DeviceEnd.pop)
local next_packet = stepper(Packets.next)

--- Go through the chains that came back; their buffers are free again.
-- @return an iterator of Used
function DriverEnd:used()
  return next_used, self
end

--- Go through the chains that are offered; each must be pushed.
-- @return an iterator of Chain
function DeviceEnd:chains()
  return next_chain, self
end

local function packets_of(call)
  return function(self, options)
    local packets = call(self, options)
    return next_packet, packets, nil, packets
  end
end

--- Go through what came back as packets. Each one's buffers are free again when the loop goes
-- on or ends.
-- @function DriverEnd:packets
-- @tparam[opt] table options max_payload: largest len to accept, 65536
-- @return an iterator of Packet
DriverEnd.packets = packets_of(DriverEnd.packets)

--- Go through what the driver has sent as packets. Each one's chain is given back when the loop
-- goes on or ends.
-- @function DeviceEnd:packets
-- @tparam[opt] table options max_payload: largest len to accept, 65536
-- @return an iterator of Packet
DeviceEnd.packets = packets_of(DeviceEnd.packets)

local names_of = Queue._fields

--- Read all fields of the ring as they stand in memory, under the names for get and set; those
-- that each slot has are tables, from slot 0 on.
-- @treturn table
function Queue:fields()
  local values = {}
  for name, each in pairs(names_of(self)) do
    if each then
      values[name] = {}
      for slot = 0, self.size - 1 do values[name][slot] = self:get(name, slot) end
    else
      values[name] = self:get(name)
    end
  end
  return values
end

-- What was shown last of each queue.
local shown = setmetatable({}, { __mode = "k" })

--- Print descriptors and rings side by side, with the owner of every cell; what is not as it was
-- when it was shown before is marked.
function Queue:show()
  shown[self] = look(self, shown[self])
  print(view.queue(shown[self]))
end

local drawing = Chain._drawing

--- Draw the chain: a line for each descriptor, with its part of a packet.
function Chain:show()
  print(drawing(self))
end

return {
  --- Make a queue with both its ends, or open one that is in the memory already.
  -- @function queue
  -- @tparam Memory memory
  -- @tparam[opt] table options size: descriptors, 1 to 32768, a power of two unless packed, 256;
  -- indirect and event_idx, both true, packed and in_order, both false: features; or ring alone:
  -- one of memory:rings()
  -- @treturn[1] Queue with the fields driver, device, memory, ring, size and packed
  -- @return[2] nil, message, code
  queue = core.queue,
}
