-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- A split ring with string.pack and string.unpack, as one writes it in Lua without C.
--
-- Lua has no bytes that can be changed: what stands at an address, a descriptor, a ring's entry or
-- a buffer, is a string in a table, replaced as a whole. That flatters this side, for a real
-- memory has no such borders, and nothing is ever copied.
local HEADER <const> = "<I8I8I4I4I4I2I2I4I4I4"
local DESC <const> = "<I8I4I2I2"
local pack, unpack = string.pack, string.unpack
local NEXT <const>, WRITE <const> = 1, 2

local Device = {}
Device.__index = Device

--- Make the device's end of a ring: size, and the tables desc, avail, used and memory.
function Device.new(ring)
  return setmetatable({ ring = ring, last = 0, used = 0 }, Device)
end

function Device:pop()
  local ring = self.ring
  if unpack("<I2", ring.avail.idx) == self.last then return nil end
  local head = unpack("<I2", ring.avail[self.last % ring.size])
  self.last = (self.last + 1) & 0xFFFF
  return head
end

function Device:push(head, written)
  local ring = self.ring
  ring.used[self.used % ring.size] = pack("<I4I4", head, written)
  self.used = (self.used + 1) & 0xFFFF
  ring.used.idx = pack("<I2", self.used)
end

local function found(memory, addr, len)
  local text = memory[addr]
  if not text or #text < len then error "no memory there" end
  return text
end

local function next_packet(self)
  if self.held then
    self:push(self.held, 0)
    self.held = nil
  end
  local head = self:pop()
  if not head then return nil end
  local ring = self.ring
  local addr, len, flags, after = unpack(DESC, ring.desc[head])
  if flags & WRITE ~= 0 or len < 44 then error "no header there" end
  local packet = { header = found(ring.memory, addr, len) }
  if flags & NEXT ~= 0 then
    addr, len, flags = unpack(DESC, ring.desc[after])
    if flags & (NEXT | WRITE) ~= 0 then error "no payload there" end
    packet.payload = found(ring.memory, addr, len)
  end
  self.held = head
  return packet
end

--- Go through what the driver has sent; each chain is given back when the loop goes on.
function Device:packets()
  return next_packet, self
end

--- Give the ten fields of a packet's header.
local function fields(packet)
  return unpack(HEADER, packet.header)
end

local function encode(packet)
  return pack(
    HEADER,
    packet.src_cid,
    packet.dst_cid,
    packet.src_port,
    packet.dst_port,
    packet.len,
    packet.type,
    packet.op,
    packet.flags,
    packet.buf_alloc,
    packet.fwd_cnt
  )
end

--- Put a packet into the next buffer that the driver has posted.
function Device:send(packet)
  local head = self:pop()
  if not head then return nil end
  local ring = self.ring
  local addr, len, flags = unpack(DESC, ring.desc[head])
  local wire = encode(packet) .. packet.payload
  if flags & WRITE == 0 or len < #wire then error "too small" end
  ring.memory[addr] = wire
  self:push(head, #wire)
  return #wire
end

local Driver = {}
Driver.__index = Driver

--- Make the driver's end, with 256 bytes for each packet.
function Driver.new(ring)
  local free = {}
  for slot = ring.size - 1, 0, -1 do free[#free + 1] = slot end
  return setmetatable({ ring = ring, idx = 0, free = free, count = #free }, Driver)
end

--- Offer a packet in two descriptors, as Linux cuts it.
function Driver:send(packet)
  local ring, free, count = self.ring, self.free, self.count
  local head, second = free[count], free[count - 1]
  self.count = count - 2
  local addr = head * 256
  ring.memory[addr] = encode(packet)
  ring.memory[addr + 48] = packet.payload
  ring.desc[head] = pack(DESC, addr, 44, NEXT, second)
  ring.desc[second] = pack(DESC, addr + 48, #packet.payload, 0, 0)
  ring.avail[self.idx % ring.size] = pack("<I2", head)
  self.idx = (self.idx + 1) & 0xFFFF
  ring.avail.idx = pack("<I2", self.idx)
  return head
end

return { Device = Device, Driver = Driver, fields = fields }
