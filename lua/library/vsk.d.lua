---@meta vsk
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241
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

---@class vsk.Record
---@field packet vsk.Packet with a payload of its own
---@field time integer nanoseconds since 1970
---@field comment? string
---@field cut boolean payload is missing that was not captured

---@class vsk.Capture
---@field skipped integer records read so far that were no packets of virtio-vsock
local Capture = {}

---Close the file.
---@return true|nil ok
---@return string? message
---@return integer? errno
function Capture:close() end

---Go through the packets of a file: `false, message, code` for what is broken.
---@return fun(): vsk.Record|false, string?, vsk.Code|integer|nil
function Capture:records() end

---Append a packet.
---@param packet vsk.Packet
---@param options? {time?: integer, comment?: string}
---@return true|nil ok
---@return string? message
---@return integer? errno
function Capture:write(packet, options) end

---@alias vsk.Type "STREAM"|"SEQPACKET"|integer
---@alias vsk.State "CLOSED"|"CONNECTING"|"REQUESTED"|"ESTABLISHED"|"CLOSING"|"DRAINING"
---@alias vsk.Reason
---| "NONE"
---| "CLOSED"
---| "REFUSED"
---| "RESET"
---| "LOCAL"
---| "TIMEOUT"
---| "PROTOCOL"
---| "REPLACED"
---| "TRANSPORT"

---@class vsk.Conn
---@field local_cid integer
---@field local_port integer
---@field peer_cid integer
---@field peer_port integer
---@field type vsk.Type
---@field state vsk.State
---@field reason vsk.Reason why it has ended; "NONE" while it has not
---@field buf_alloc integer bytes of the own buffer; setting it tells the peer
---@field peer_buf_alloc integer
---@field credit integer bytes that the peer's buffer has room for
---@field queued integer bytes in the send queue
---@field unread integer bytes that came and were not read yet
---@field tx_bytes integer
---@field rx_bytes integer
---@field rx_packets integer
---@field data any yours, as every other field
local Conn = {}

---Accept the peer's REQUEST.
---@return true
function Conn:accept() end

---Send what is queued, then close.
---@return true
function Conn:close() end

---Answer the peer's REQUEST later.
---@return true
function Conn:defer() end

---Send all of data while reading as many bytes back.
---@param data string
---@return string|nil data
---@return string? message
---@return vsk.Code? code
function Conn:exchange(data) end

---Call no hook with payload, and give the peer no credit, until resume.
---@return true
function Conn:pause() end

---Wait for 1 to size bytes, on SEQPACKET for one message; "EOF" at the end.
---@param size? integer
---@return string|nil data
---@return string? message
---@return vsk.Code? code
function Conn:receive(size) end

---Read up to the end.
---@return string|nil data
---@return string? message
---@return vsk.Code? code
function Conn:receive_all() end

---Wait for exactly so many bytes.
---@param size integer
---@return string|nil data
---@return string? message
---@return vsk.Code? code
function Conn:receive_exactly(size) end

---End it at once with RST.
---@return true
function Conn:reset() end

---Go on after pause.
---@return true
function Conn:resume() end

---Send bytes, on SEQPACKET a message.
---@param data string
---@param options? {eor?: boolean}
---@return true|nil ok
---@return string? message
---@return vsk.Code? code
function Conn:send(data, options) end

---Send no more, or receive no more, or both.
---@param options {send?: boolean, receive?: boolean}
---@return true|nil ok
---@return string? message
---@return vsk.Code? code
function Conn:shutdown(options) end

---@class vsk.DeviceOptions
---@field cid? integer
---@field features? integer
---@field buf_alloc? integer
---@field send_buffer? integer
---@field budget? integer
---@field connections? integer
---@field empty_messages? boolean
---@field connect_timeout? number seconds
---@field close_timeout? number
---@field drain_timeout? number
---@field route? boolean guests reach each other
---@field on_packet? fun(packet: vsk.Packet, device: vsk.Device): vsk.Packet|boolean|nil
---@field on_request? fun(conn: vsk.Conn, device: vsk.Device)
---@field on_connect? fun(conn: vsk.Conn, device: vsk.Device)
---@field on_data? fun(conn: vsk.Conn, data: string, device: vsk.Device)
---@field on_writable? fun(conn: vsk.Conn, device: vsk.Device)
---@field on_eof? fun(conn: vsk.Conn, device: vsk.Device)
---@field on_close? fun(conn: vsk.Conn, device: vsk.Device)
---@field on_error? fun(conn: vsk.Conn?, message: string, code: vsk.Code, device: vsk.Device)
---@field on_reset? fun(device: vsk.Device)
---@field save_state? fun(device: vsk.Device): any
---@field load_state? fun(state: any, device: vsk.Device)

---@class vsk.Device
---@field cid integer the first guest's context id
---@field connections vsk.Conn[]
---@field features integer that were agreed on
---@field counters table<string, integer>
---@field on_packet? fun(packet: vsk.Packet, device: vsk.Device): vsk.Packet|boolean|nil
---@field on_request? fun(conn: vsk.Conn, device: vsk.Device)
---@field on_connect? fun(conn: vsk.Conn, device: vsk.Device)
---@field on_data? fun(conn: vsk.Conn, data: string, device: vsk.Device)
---@field on_writable? fun(conn: vsk.Conn, device: vsk.Device)
---@field on_eof? fun(conn: vsk.Conn, device: vsk.Device)
---@field on_close? fun(conn: vsk.Conn, device: vsk.Device)
---@field on_error? fun(conn: vsk.Conn?, message: string, code: vsk.Code, device: vsk.Device)
---@field on_reset? fun(device: vsk.Device)
local Device = {}

---Call a function later, on the lab's clock.
---@param seconds number
---@param call fun(device: vsk.Device)
---@return integer timer
function Device:after(seconds, call) end

---@param timer integer
---@return boolean whether it was still to come
function Device:cancel(timer) end

---Begin a connection to a port of the guest; hooks hear of it.
---@param port integer
---@param type? vsk.Type
---@param options? {cid?: integer, local_port?: integer}
---@return vsk.Conn|nil conn
---@return string? message
---@return vsk.Code? code
function Device:connect(port, type, options) end

---Connect to a port of the guest and wait until it is there.
---@param port integer
---@param type? vsk.Type
---@param options? {cid?: integer, local_port?: integer, hooks?: boolean}
---@return vsk.Conn|nil conn
---@return string? message
---@return vsk.Code? code
function Device:open_connection(port, type, options) end

---End all connections and tell the guest.
---@param cid? integer another one
---@param guest? integer which one
---@return true
function Device:reset_transport(cid, guest) end

---@class vsk.GuestOptions
---@field preset? "linux-5.10"|"linux-6.1"|"linux-6.12"
---@field features? integer
---@field queue_size? integer
---@field rx_layout? integer[]
---@field rx_indirect? boolean
---@field rx_buffers? integer
---@field refill_at? integer
---@field event_buffers? integer
---@field tx_piece? integer
---@field tx_indirect? boolean
---@field buf_alloc? integer
---@field update_at? integer
---@field update_idle? boolean
---@field payload_max? integer
---@field ask? boolean
---@field answer? boolean
---@field meter? boolean
---@field connections? integer
---@field send_buffer? integer
---@field empty_messages? boolean
---@field connect_timeout? number seconds
---@field close_timeout? number
---@field drain_timeout? number
---@field ask_first? number
---@field ask_last? number

---@class vsk.Expected : vsk.PacketFields
---@field within? number seconds
---@field all? boolean also packets of connections

---@class vsk.Sent : vsk.PacketFields
---@field layout? integer[] bytes of each descriptor
---@field indirect? boolean in an indirect table

---@class vsk.Guest
---@field cid integer
---@field connections vsk.Conn[]
---@field features integer that were agreed on
---@field counters table<string, integer>
---@field memory vsk.Memory
---@field rings vsk.Ring[] rx, tx, event
---@field on_packet? fun(packet: vsk.Packet, guest: vsk.Guest): vsk.Packet|boolean|nil
---@field on_request? fun(conn: vsk.Conn, guest: vsk.Guest)
---@field on_connect? fun(conn: vsk.Conn, guest: vsk.Guest)
---@field on_data? fun(conn: vsk.Conn, data: string, guest: vsk.Guest)
---@field on_writable? fun(conn: vsk.Conn, guest: vsk.Guest)
---@field on_eof? fun(conn: vsk.Conn, guest: vsk.Guest)
---@field on_close? fun(conn: vsk.Conn, guest: vsk.Guest)
---@field on_error? fun(conn: vsk.Conn?, message: string, code: vsk.Code, guest: vsk.Guest)
---@field on_reset? fun(guest: vsk.Guest)
local Guest = {}

---Call a function later, on the lab's clock.
---@param seconds number
---@param call fun(guest: vsk.Guest)
---@return integer timer
function Guest:after(seconds, call) end

---@param timer integer
---@return boolean whether it was still to come
function Guest:cancel(timer) end

---Connect, and wait until it is there.
---@param cid integer
---@param port integer
---@param type? vsk.Type
---@param options? {local_port?: integer, hooks?: boolean}
---@return vsk.Conn|nil conn
---@return string? message
---@return vsk.Code? code
function Guest:connect(cid, port, type, options) end

---Wait for a packet with these fields; else the message shows what came, and the code is "EXPECT".
---@param fields vsk.Expected
---@return vsk.Packet|nil packet
---@return string? message
---@return vsk.Code|"EXPECT"|nil code
function Guest:expect(fields) end

---Hold that no packet with these fields comes.
---@param fields vsk.Expected
---@return true|nil ok
---@return string? message
---@return vsk.Code|"EXPECT"|nil code
function Guest:expect_none(fields) end

---Kick the device for a queue.
---@param queue? integer
---@return true
function Guest:kick(queue) end

---Listen on a port.
---@param port integer
---@param backlog? integer
---@return vsk.Listener|nil listener
---@return string? message
---@return vsk.Code? code
function Guest:listen(port, backlog) end

---Put any number into a queue's available ring, and kick: 0 rx, 1 tx, 2 event.
---@param queue integer
---@param slot integer
---@return true
function Guest:offer(queue, slot) end

---Send any packet with any field wrong, cut into descriptors of any length.
---@param packet vsk.Packet|vsk.Sent
---@param options? vsk.Layout beside a Packet
---@return vsk.Packet|nil packet
---@return string? message
---@return vsk.Code? code
function Guest:tx(packet, options) end

---@class vsk.Listener
---@field port integer
local Listener = {}

---Wait for the next connection.
---@return vsk.Conn|nil conn
---@return string? message
---@return vsk.Code? code
function Listener:accept() end

---Listen no more.
---@return true
function Listener:close() end

---@class vsk.Entry
---@field number integer
---@field time number seconds
---@field kind string
---@field line string
---@field packet vsk.Packet? a copy
local Entry = {}

---@class vsk.Trace
---@field [integer] vsk.Entry
---@operator len: integer
local Trace = {}

---Go through all packets in it.
---@return fun(): vsk.Packet?
function Trace:packets() end

---Write the packets as pcapng, or all lines where path ends in .txt.
---@param path string
---@return true|nil ok
---@return string? message
---@return integer? errno
function Trace:save(path) end

---@class vsk.Faults
---@field delay number seconds
---@field hold number seconds
---@field lose_kicks integer of 1,000 kicks
---@field starve integer RX buffers
---@field shrink integer of 1,000 polls
---@field flip integer of 1,000 packets
---@field duplicate integer of 1,000 packets
---@field reorder integer of 1,000 packets
---@field lie integer of 1,000 packets
---@field scribble integer of 1,000 polls
local Faults = {}

---@class vsk.Snapshot
local Snapshot = {}

---@class vsk.LabOptions : vsk.DeviceOptions
---@field seed? integer
---@field guests? integer|vsk.Guest[]
---@field memory? integer bytes of each guest
---@field trace? integer entries that are kept
---@field capture? string a file, or "-"
---@field device? vsk.Device
---@field delay? number
---@field hold? number
---@field lose_kicks? integer
---@field starve? integer
---@field shrink? integer
---@field flip? integer
---@field duplicate? integer
---@field reorder? integer
---@field lie? integer
---@field scribble? integer

---@class vsk.Lab
---@field device vsk.Device
---@field guest vsk.Guest the first one
---@field guests vsk.Guest[]
---@field now number virtual seconds
---@field trace vsk.Trace
---@field faults vsk.Faults
local Lab = {}

---End the capture.
---@return true?
---@return string? message
---@return integer? errno
function Lab:close() end

---Choose a number from 0 to below - 1 by the seed.
---@param below integer
---@return integer
function Lab:random(below) end

---Go back to a snapshot.
---@param snapshot vsk.Snapshot
---@return true
function Lab:rewind(snapshot) end

---Go on until something is true, or for so many seconds, or until nothing happens any more.
---@param condition? fun(): any
---@param within? number seconds
---@return true|nil ok
---@return string? message
---@return vsk.Code? code
function Lab:run(condition, within) end

---Keep all of it.
---@return vsk.Snapshot
function Lab:snapshot() end

---Do one thing; false where nothing is left to do.
---@return boolean|nil went
---@return string? message
---@return vsk.Code? code
function Lab:step() end

---@class vsk
---@field _VERSION string
---@field op table<string, integer>
---@field type table<string, integer>
---@field status table<string, integer>
---@field shutdown table<string, integer>
---@field seq table<string, integer>
---@field feature table<string, integer> masks
---@field classes table<string, string[]> public names of every class
local vsk = {}

---Open a capture file, or begin one; "-" is stdin or stdout.
---@param path string
---@param mode? "r"|"w"
---@return vsk.Capture|nil capture
---@return string? message
---@return integer? errno
function vsk.capture(path, mode) end

---Make a device model, for vsk.lab.
---@param options? vsk.DeviceOptions
---@return vsk.Device
function vsk.device(options) end

---@param chain vsk.Chain
---@param options? vsk.Limit
---@return vsk.Packet|nil packet
---@return string? message
---@return vsk.Code? code
function vsk.from_tx(chain, options) end

---Make a guest, for vsk.lab.
---@param options? vsk.GuestOptions
---@return vsk.Guest
function vsk.guest(options) end

---@param fields? vsk.Fields
---@return vsk.Header
function vsk.header(fields) end

---@param chain vsk.Chain
---@param options? vsk.Limit
---@return vsk.Packet|nil packet
---@return string? message
---@return vsk.Code? code
function vsk.into_rx(chain, options) end

---Make a device model, its guests, a memory for each of them, and a virtual clock.
---@param options? vsk.LabOptions
---@return vsk.Lab|nil lab
---@return string? message
---@return vsk.Code|integer|nil code
function vsk.lab(options) end

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
