---@meta _
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---Where a ring stands in a memory.
---@class vsk.Ring
---@field desc integer guest address of the descriptor area
---@field driver integer guest address of the driver area
---@field device integer guest address of the device area
---@field features integer those that were negotiated, a mask
---@field size integer descriptors

---A new queue, or one that is in the memory already.
---@class vsk.QueueOptions
---@field size? integer descriptors, 1 to 32768, a power of two unless packed
---@field indirect? boolean VIRTIO_F_INDIRECT_DESC; true
---@field event_idx? boolean VIRTIO_F_EVENT_IDX; true
---@field packed? boolean VIRTIO_F_RING_PACKED; false
---@field in_order? boolean VIRTIO_F_IN_ORDER; false
---@field ring? vsk.Ring alone: one of memory:rings()

---A virtqueue in a memory, with both its ends.
---@class vsk.Queue
---@field driver vsk.DriverEnd the driver's end
---@field device vsk.DeviceEnd the device's end
---@field memory vsk.Memory where the ring stands
---@field ring vsk.Ring for vsk.queue, to open it again
---@field size integer descriptors
---@field packed boolean a packed ring, else a split one
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

---Write fields of a descriptor, right or wrong.
---@param slot integer
---@param desc {addr?: integer, len?: integer, flags?: integer, next?: integer}
---@return true
function Queue:set_desc(slot, desc) end

---Print descriptors and rings side by side, with owners and what has changed.
function Queue:show() end

---The driver's end of a queue: it offers chains and reaps them.
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

---Tell the device that interrupts are not needed: a hint.
---@return true
function DriverEnd:disable_interrupts() end

---Ask the device for interrupts, and look once more.
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

---Decide whether to kick the device for what was offered since the last time.
---@return boolean
function DriverEnd:should_kick() end

---Go through the chains that came back.
---@return fun(): vsk.Used|false, string?, vsk.Code?
function DriverEnd:used() end

---The device's end of a queue: it pops chains and pushes them back.
---@class vsk.DeviceEnd
---@field held integer chains
local DeviceEnd = {}

---Go through the chains that are offered.
---@return fun(): vsk.Chain|false, string?, vsk.Code?
function DeviceEnd:chains() end

---Tell the driver that kicks are not needed: a hint.
---@return true
function DeviceEnd:disable_kicks() end

---Ask the driver for kicks, and look once more.
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

---Show the driver all chains that were given.
---@return true
function DeviceEnd:publish() end

---Give a chain back to the driver.
---@param chain vsk.Chain
---@param written integer
---@return true
function DeviceEnd:push(chain, written) end

---Forget what was done: it stands at the start of the ring, and chains held are void.
---@return true
function DeviceEnd:reset() end

---Put a packet into the next RX chain and give it back.
---@param packet vsk.Packet
---@return integer|nil written
---@return string? message
---@return vsk.Code? code
function DeviceEnd:send(packet) end

---Decide whether to interrupt the driver for what was published since the last time.
---@return boolean
function DeviceEnd:should_interrupt() end

---A piece of memory in a chain.
---@class vsk.Span
---@field addr integer guest address
---@field len integer bytes
---@field write boolean the device writes it, else it reads
---@field slot integer of its descriptor
---@field indirect boolean slot is one of an indirect table

---A descriptor chain, popped and held until it is pushed.
---@class vsk.Chain
---@field head integer its name: slot of the first descriptor; packed: buffer id
---@field held boolean not given back yet
---@field indirect boolean an indirect table was entered
---@field readable integer bytes that the device reads
---@field spans vsk.Span[] its pieces of memory, readable ones first
---@field status vsk.Code "OK", or the rule that it breaks
---@field writable integer bytes that the device may write
---@operator len: integer
local Chain = {}

---Draw the chain: a line for each descriptor, with its part of a packet.
function Chain:show() end

---A chain that came back to the driver.
---@class vsk.Used
---@field head integer of the chain that came back
---@field written integer bytes that the device says it wrote
