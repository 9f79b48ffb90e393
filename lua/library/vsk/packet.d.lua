---@meta _
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

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

---Print every byte with its field, and in a chain with its descriptor and guest address.
function Packet:hexdump() end

---Append payload to a packet begun by into_rx.
---@param data string
---@return true|nil ok
---@return string? message
---@return vsk.Code? code
function Packet:write(data) end
