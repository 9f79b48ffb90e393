---@meta _
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

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

---A connection between a device and a guest; it stays readable when it is over.
---@class vsk.Conn
---@field local_cid integer own context id
---@field local_port integer own port
---@field peer_cid integer the peer's context id
---@field peer_port integer the peer's port
---@field type vsk.Type what it was opened as
---@field state vsk.State where it stands
---@field reason vsk.Reason why it has ended; "NONE" while it has not
---@field buf_alloc integer bytes of the own buffer; setting it tells the peer
---@field peer_buf_alloc integer bytes of the peer's buffer, as it last said
---@field credit integer bytes that the peer's buffer has room for
---@field queued integer bytes in the send queue
---@field unread integer bytes that came and were not read yet
---@field tx_bytes integer payload bytes sent
---@field rx_bytes integer payload bytes received
---@field rx_packets integer packets with payload received
---@field data any yours, as every other field
local Conn = {}

---Accept the peer's REQUEST.
---@return true
function Conn:accept() end

---Send what is queued, then close; where nothing of it leaves for close_timeout, RST and TIMEOUT.
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

---Iterate over the lines that come on a stream, without their ends.
---@return fun(): string|nil, string?, vsk.Code?
function Conn:lines() end

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

---Send no more, once what is queued is sent, however long that takes, or receive no more, or both.
---@param options {send?: boolean, receive?: boolean}
---@return true|nil ok
---@return string? message
---@return vsk.Code? code
function Conn:shutdown(options) end
