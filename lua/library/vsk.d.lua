---@meta vsk
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241
-- What lua-language-server knows of vsk: put this folder into Lua.workspace.library. Here is the
-- module itself; its classes are in the files below.

---@alias vsk.Code string the C name of a status without VSK_: "BAD_NEXT"
---@alias vsk.Address [integer, integer] cid and port
---@alias vsk.Range [integer, integer] guest address and size
---@alias vsk.BufferSpec [integer, integer, "r"|"w"] guest address, bytes, who writes

---The module: what `require "vsk"` gives.
---@class vsk
---@field _VERSION string as 0.1.0
---@field op table<string, integer> numbers of ops by name
---@field type table<string, integer> numbers of types by name
---@field status table<string, integer> numbers of statuses by code
---@field shutdown table<string, integer> flags of SHUTDOWN
---@field seq table<string, integer> flags of RW in SEQPACKET
---@field feature table<string, integer> masks
---@field protocol table<string, integer> masks, of vhost-user
---@field classes table<string, string[]> public names of every class
local vsk = {}

---Put a guest in front of any vhost-user vsock device, and wait until packets may flow.
---@param path string
---@param options? vsk.AttachOptions
---@return vsk.Guest|nil guest
---@return string? message
---@return vsk.Code|integer|nil code
function vsk.attach(path, options) end

---Open a capture file, or begin one; "-" is stdin or stdout.
---@param path string
---@param mode? "r"|"w"
---@return vsk.Capture|nil capture
---@return string? message
---@return integer? errno
function vsk.capture(path, mode) end

---Serve a device whose connections programs have that know nothing of vsk.
---@param path string
---@param uds string
---@param options? vsk.ServeOptions
---@return vsk.Server|nil server
---@return string? message
---@return vsk.Code|integer|nil code
function vsk.bridge(path, uds, options) end

---Make a device model, for vsk.lab or vsk.serve.
---@param options? vsk.DeviceOptions
---@return vsk.Device
function vsk.device(options) end

---Read a packet from a chain of a TX queue; it borrows the payload while the chain is held.
---@param chain vsk.Chain
---@param options? vsk.Limit
---@return vsk.Packet|nil packet
---@return string? message
---@return vsk.Code? code
function vsk.from_tx(chain, options) end

---Make a guest, for vsk.lab or vsk.attach.
---@param options? vsk.GuestOptions
---@return vsk.Guest
function vsk.guest(options) end

---Make a header.
---@param fields? vsk.Fields
---@return vsk.Header
function vsk.header(fields) end

---Begin a packet in a chain of an RX queue: write, then commit.
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

---Read a memory from a file that save has written.
---@param path string
---@return vsk.Memory|nil memory
---@return string? message
---@return vsk.Code|integer|nil code
function vsk.load(path) end

---Make a guest memory.
---@param size integer
---@param options? {fill?: integer}
---@return vsk.Memory
---@overload fun(options: {regions: vsk.Range[], fill?: integer}): vsk.Memory
function vsk.memory(size, options) end

---Make a packet; nothing stops an experiment.
---@param fields? vsk.PacketFields
---@return vsk.Packet
function vsk.packet(fields) end

---Read a packet from its bytes on the wire.
---@param bytes string
---@param options? vsk.Limit
---@return vsk.Packet|nil packet
---@return string? message
---@return vsk.Code? code
function vsk.parse(bytes, options) end

---Read a header from its 44 bytes.
---@param bytes string
---@return vsk.Header|nil header
---@return string? message
---@return vsk.Code? code
function vsk.parse_header(bytes) end

---Place a new ring in a memory, or open the one that is named.
---@param memory vsk.Memory
---@param options? vsk.QueueOptions
---@return vsk.Queue|nil queue
---@return string? message
---@return vsk.Code? code
function vsk.queue(memory, options) end

---Put a device on a vhost-user socket.
---@param device vsk.Device|vsk.ServeOptions
---@param path? string
---@return vsk.Server|nil server
---@return string? message
---@return vsk.Code|integer|nil code
function vsk.serve(device, path) end

return vsk
