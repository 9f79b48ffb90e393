---@meta _
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---@class vsk.Ring
---@field desc integer guest address of the descriptor area
---@field driver integer guest address of the driver area
---@field device integer guest address of the device area
---@field features integer
---@field size integer descriptors

---@class vsk.QueueOptions
---@field size? integer descriptors, 1 to 32768, a power of two unless packed
---@field indirect? boolean
---@field event_idx? boolean
---@field packed? boolean
---@field in_order? boolean
---@field ring? vsk.Ring alone: one of memory:rings()

---@class vsk.Queue
---@field driver vsk.DriverEnd
---@field device vsk.DeviceEnd
---@field memory vsk.Memory
---@field ring vsk.Ring
---@field size integer
---@field packed boolean
local Queue = {}

---Fields of the ring by name; those that each slot has are tables, from slot 0 on.
---@return table<string, integer|table<integer, integer>>
function Queue:fields() end

---Read a field of the ring as it stands in memory: "avail.idx", "desc.len", "device_event.off".
---@param name string
---@param slot? integer
---@return integer value
function Queue:get(name, slot) end

---Write a field of the ring, right or wrong; neither end hears of it.
---@param name string
---@param value integer
---@param slot? integer
---@return true
function Queue:set(name, value, slot) end

---In a packed ring next is the buffer id.
---@param slot integer
---@return integer addr
---@return integer len
---@return integer flags
---@return integer next
function Queue:get_desc(slot) end

---@param slot integer
---@param desc {addr?: integer, len?: integer, flags?: integer, next?: integer}
---@return true
function Queue:set_desc(slot, desc) end

---Print descriptors and rings side by side, with owners and what has changed.
function Queue:show() end

---@class vsk.DriverEnd
---@field free integer descriptors
---@field outstanding integer chains
local DriverEnd = {}

---Offer buffers anywhere; `indirect = true` or the number of the last ones beside them.
---@param buffers vsk.BufferSpec[]
---@return integer|nil head
---@return string? message
---@return vsk.Code? code
function DriverEnd:add(buffers) end

---@return true
function DriverEnd:disable_interrupts() end

---@return boolean something came back meanwhile
function DriverEnd:enable_interrupts() end

---Put any number into the available ring, for experiments.
---@param head integer
---@return true
function DriverEnd:offer(head) end

---Go through what came back: `false, message, code` for what is broken.
---@param options? vsk.Limit
---@return fun(): vsk.Packet|false, string?, vsk.Code?
function DriverEnd:packets(options) end

---Offer writable buffers: RX.
---@param size integer
---@param options? vsk.Layout
---@return integer|nil head
---@return string? message
---@return vsk.Code? code
function DriverEnd:post(size, options) end

---Take back one chain that the device has used.
---@return vsk.Used|nil used
---@return string? message
---@return vsk.Code? code
function DriverEnd:reap() end

---Put a packet into readable buffers and offer it: TX.
---@param packet vsk.Packet
---@param options? vsk.Layout
---@return integer|nil head
---@return string? message
---@return vsk.Code? code
function DriverEnd:send(packet, options) end

---@return boolean
function DriverEnd:should_kick() end

---Go through the chains that came back.
---@return fun(): vsk.Used|false, string?, vsk.Code?
function DriverEnd:used() end

---@class vsk.DeviceEnd
---@field held integer chains
local DeviceEnd = {}

---Go through the chains that are offered.
---@return fun(): vsk.Chain|false, string?, vsk.Code?
function DeviceEnd:chains() end

---@return true
function DeviceEnd:disable_kicks() end

---@return boolean something was offered meanwhile
function DeviceEnd:enable_kicks() end

---Give a chain back without showing it to the driver yet.
---@param chain vsk.Chain
---@param written integer
---@return true
function DeviceEnd:give(chain, written) end

---Go through what the driver has sent: `false, message, code` for what is broken.
---@param options? vsk.Limit
---@return fun(): vsk.Packet|false, string?, vsk.Code?
function DeviceEnd:packets(options) end

---Take the next chain that the driver has offered.
---@return vsk.Chain|nil chain
---@return string? message
---@return vsk.Code? code
function DeviceEnd:pop() end

---@return true
function DeviceEnd:publish() end

---Give a chain back to the driver.
---@param chain vsk.Chain
---@param written integer
---@return true
function DeviceEnd:push(chain, written) end

---@return true
function DeviceEnd:reset() end

---Put a packet into the next RX chain and give it back.
---@param packet vsk.Packet
---@return integer|nil written
---@return string? message
---@return vsk.Code? code
function DeviceEnd:send(packet) end

---@return boolean
function DeviceEnd:should_interrupt() end

---@class vsk.Span
---@field addr integer
---@field len integer
---@field write boolean
---@field slot integer
---@field indirect boolean

---@class vsk.Chain
---@field head integer
---@field held boolean
---@field indirect boolean
---@field readable integer
---@field spans vsk.Span[]
---@field status vsk.Code
---@field writable integer
---@operator len: integer
local Chain = {}

---Draw the chain: a line for each descriptor, with its part of a packet.
function Chain:show() end

---@class vsk.Used
---@field head integer
---@field written integer
