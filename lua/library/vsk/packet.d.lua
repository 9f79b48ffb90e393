---@meta _
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---Fields of a header; len follows the payload unless it is given.
---@class vsk.Fields
---@field src_cid? integer the sender's context id, upper 32 bits 0
---@field dst_cid? integer the receiver's context id, upper 32 bits 0
---@field src_port? integer the sender's port
---@field dst_port? integer the receiver's port
---@field len? integer payload bytes behind the header
---@field type? "STREAM"|"SEQPACKET"|integer by name, where it has one
---@field op? string|integer what the packet does, by name where it has one
---@field flags? integer a mask; what it means depends on op and type
---@field buf_alloc? integer bytes of the sender's receive buffer
---@field fwd_cnt? integer bytes that the sender took out of it so far, mod 2^32
---@field src? vsk.Address src_cid and src_port
---@field dst? vsk.Address dst_cid and dst_port

---A packet: any field may be wrong.
---@class vsk.PacketFields : vsk.Fields
---@field payload? string its bytes
---@field header? vsk.Header all fields at once

---What is accepted.
---@class vsk.Limit
---@field max_payload? integer largest len to accept, in bytes; 65536

---How a packet is cut into descriptors.
---@class vsk.Layout
---@field layout? integer[] bytes of each descriptor
---@field indirect? boolean in an indirect table

---The ten fields in front of a packet; any value is kept.
---@class vsk.Header
---@field src_cid integer the sender's context id, upper 32 bits 0
---@field dst_cid integer the receiver's context id, upper 32 bits 0
---@field src_port integer the sender's port
---@field dst_port integer the receiver's port
---@field len integer payload bytes behind the header
---@field type string|integer by name, where it has one
---@field op string|integer what the packet does, by name where it has one
---@field flags integer a mask; what it means depends on op and type
---@field buf_alloc integer bytes of the sender's receive buffer
---@field fwd_cnt integer bytes that the sender took out of it so far, mod 2^32
---@field src vsk.Address src_cid and src_port
---@field dst vsk.Address dst_cid and dst_port
---@field flag_names string[] names of the flags that are set, as op and type mean them
local Header = {}

---The 44 bytes of the wire.
---@return string
function Header:bytes() end

---Hold the header to what the specification says of single packets.
---@return true|nil ok
---@return string? message
---@return vsk.Code? code
function Header:check() end

---Make a header of the same fields.
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

---A packet: the fields of its header, and a payload.
---@class vsk.Packet
---@field src_cid integer the sender's context id, upper 32 bits 0
---@field dst_cid integer the receiver's context id, upper 32 bits 0
---@field src_port integer the sender's port
---@field dst_port integer the receiver's port
---@field len integer payload bytes behind the header
---@field type string|integer by name, where it has one
---@field op string|integer what the packet does, by name where it has one
---@field flags integer a mask; what it means depends on op and type
---@field buf_alloc integer bytes of the sender's receive buffer
---@field fwd_cnt integer bytes that the sender took out of it so far, mod 2^32
---@field src vsk.Address src_cid and src_port
---@field dst vsk.Address dst_cid and dst_port
---@field flag_names string[] names of the flags that are set, as op and type mean them
---@field payload string a copy of its bytes
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

---Print every byte with its field, and in a chain with its descriptor and guest address.
function Packet:hexdump() end

---Append payload to a packet begun by into_rx.
---@param data string
---@return true|nil ok
---@return string? message
---@return vsk.Code? code
function Packet:write(data) end
