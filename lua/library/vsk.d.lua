---@meta vsk
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 212 241
-- What lua-language-server knows of vsk: put this folder into Lua.workspace.library.

---@alias vsk.Code string the C name of a status without VSK_: "BAD_NEXT"
---@alias vsk.Address [integer, integer] cid and port
---@alias vsk.Range [integer, integer] guest address and size
---@alias vsk.BufferSpec [integer, integer, "r"|"w"] guest address, bytes, who writes

---@class vsk.Fields
---@field src_cid? integer
---@field dst_cid? integer
---@field src_port? integer
---@field dst_port? integer
---@field len? integer
---@field type? "STREAM"|"SEQPACKET"|integer
---@field op? string|integer
---@field flags? integer
---@field buf_alloc? integer
---@field fwd_cnt? integer
---@field src? vsk.Address
---@field dst? vsk.Address

---@class vsk.PacketFields : vsk.Fields
---@field payload? string
---@field header? vsk.Header

---@class vsk.Limit
---@field max_payload? integer

---@class vsk.Layout
---@field layout? integer[] bytes of each descriptor
---@field indirect? boolean in an indirect table

---@class vsk.Header
---@field src_cid integer
---@field dst_cid integer
---@field src_port integer
---@field dst_port integer
---@field len integer
---@field type string|integer
---@field op string|integer
---@field flags integer
---@field buf_alloc integer
---@field fwd_cnt integer
---@field src vsk.Address
---@field dst vsk.Address
---@field flag_names string[]
local Header = {}

---The 44 bytes of the wire.
---@return string
function Header:bytes() end

---Hold the header to what the specification says of single packets.
---@return true|nil ok
---@return string? message
---@return vsk.Code? code
function Header:check() end

---@return vsk.Header
function Header:copy() end

---The ten fields in the order of the wire.
---@return integer src_cid
---@return integer dst_cid
---@return integer src_port
---@return integer dst_port
---@return integer len
---@return integer type
---@return integer op
---@return integer flags
---@return integer buf_alloc
---@return integer fwd_cnt
function Header:fields() end

---Print every field with its offset, size, value and meaning.
function Header:show() end

---@class vsk.Packet
---@field src_cid integer
---@field dst_cid integer
---@field src_port integer
---@field dst_port integer
---@field len integer
---@field type string|integer
---@field op string|integer
---@field flags integer
---@field buf_alloc integer
---@field fwd_cnt integer
---@field src vsk.Address
---@field dst vsk.Address
---@field flag_names string[]
---@field payload string
---@field header vsk.Header a copy
---@field room integer payload bytes that write still takes
local Packet = {}

---The payload without a copy where it lies in one piece.
---@return vsk.Buffer
function Packet:buffer() end

---Header and payload as the bytes of the wire.
---@return string
function Packet:bytes() end

---Hold the header to what the specification says of single packets.
---@return true|nil ok
---@return string? message
---@return vsk.Code? code
function Packet:check() end

---Store the whole header in the RX chain.
---@return integer|nil written for push
---@return string? message
---@return vsk.Code? code
function Packet:commit() end

---A packet of the same fields with a payload of its own.
---@return vsk.Packet
function Packet:copy() end

---The ten fields in the order of the wire.
---@return integer src_cid
---@return integer dst_cid
---@return integer src_port
---@return integer dst_port
---@return integer len
---@return integer type
---@return integer op
---@return integer flags
---@return integer buf_alloc
---@return integer fwd_cnt
function Packet:fields() end

---The pieces of the payload, without a copy.
---@return vsk.Buffer[]
function Packet:segments() end

---Print every field with its offset, size, value and meaning.
function Packet:show() end

---Append payload to a packet begun by into_rx.
---@param data string
---@return true|nil ok
---@return string? message
---@return vsk.Code? code
function Packet:write(data) end

---@class vsk.Buffer
---@field writable boolean
---@operator len: integer
local Buffer = {}

---@param position? integer
---@return integer? byte
function Buffer:byte(position) end

---Let go of the memory behind it.
function Buffer:close() end

---@return integer
function Buffer:len() end

---@param position integer
---@param data string
function Buffer:set(position, data) end

---@param first? integer
---@param last? integer
---@return string
function Buffer:sub(first, last) end

---Read values as string.unpack does.
---@param format string
---@param position? integer
---@return any ...
function Buffer:unpack(format, position) end

---@class vsk.Memory
---@field closed boolean
---@field size integer bytes in all regions together
local Memory = {}

---Take a range that nothing else uses.
---@param size integer
---@param align? integer
---@return integer|nil address
---@return string? message
---@return vsk.Code? code
function Memory:alloc(size, align) end

---@return integer bytes
function Memory:available() end

---Let go of the memory; refused while views exist.
---@return true|nil ok
---@return string? message
---@return vsk.Code? code
function Memory:close() end

---@param address integer
---@param value integer
---@param len integer
---@return true
function Memory:fill(address, value, len) end

---@param address integer
---@param size integer
---@return true
function Memory:free(address, size) end

---@param address integer
---@param len integer
---@return string
function Memory:read(address, len) end

---@return vsk.Range[]
function Memory:regions() end

---@return vsk.Ring[]
function Memory:rings() end

---Write regions, bytes and the place of all rings into a file that load reads.
---@param path string
---@return true|nil ok
---@return string? message
---@return integer? errno
function Memory:save(path) end

---@param address integer
---@param len integer
---@return vsk.Buffer
function Memory:view(address, len) end

---@param address integer
---@param data string
---@return true
function Memory:write(address, data) end

---@class vsk.Ring
---@field desc integer guest address of the descriptor area
---@field driver integer guest address of the driver area
---@field device integer guest address of the device area
---@field features integer
---@field size integer descriptors

---@class vsk.Queue
---@field driver vsk.DriverEnd
---@field device vsk.DeviceEnd
---@field memory vsk.Memory
---@field ring vsk.Ring
---@field size integer
local Queue = {}

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

---@class vsk
---@field _VERSION string
---@field op table<string, integer>
---@field type table<string, integer>
---@field status table<string, integer>
---@field shutdown table<string, integer>
---@field seq table<string, integer>
---@field classes table<string, string[]> public names of every class
local vsk = {}

---@param chain vsk.Chain
---@param options? vsk.Limit
---@return vsk.Packet|nil packet
---@return string? message
---@return vsk.Code? code
function vsk.from_tx(chain, options) end

---@param fields? vsk.Fields
---@return vsk.Header
function vsk.header(fields) end

---@param chain vsk.Chain
---@param options? vsk.Limit
---@return vsk.Packet|nil packet
---@return string? message
---@return vsk.Code? code
function vsk.into_rx(chain, options) end

---@param path string
---@return vsk.Memory|nil memory
---@return string? message
---@return vsk.Code|integer|nil code
function vsk.load(path) end

---@param size integer
---@param options? {fill?: integer}
---@return vsk.Memory
---@overload fun(options: {regions: vsk.Range[], fill?: integer}): vsk.Memory
function vsk.memory(size, options) end

---@param fields? vsk.PacketFields
---@return vsk.Packet
function vsk.packet(fields) end

---@param bytes string
---@param options? vsk.Limit
---@return vsk.Packet|nil packet
---@return string? message
---@return vsk.Code? code
function vsk.parse(bytes, options) end

---@param bytes string
---@return vsk.Header|nil header
---@return string? message
---@return vsk.Code? code
function vsk.parse_header(bytes) end

---@param memory vsk.Memory
---@param options? {size?: integer, indirect?: boolean, event_idx?: boolean, ring?: vsk.Ring}
---@return vsk.Queue|nil queue
---@return string? message
---@return vsk.Code? code
function vsk.queue(memory, options) end

return vsk
