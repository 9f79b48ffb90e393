---@meta _
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---A device: its hooks, all optional, and its limits.
---@class vsk.DeviceOptions
---@field cid? integer the guest's context id; 3
---@field features? integer those that are offered, a sum of vsk.feature's
---@field buf_alloc? integer bytes of each connection's buffer
---@field send_buffer? integer bytes in a send queue above which what hooks got counts as not taken
---@field budget? integer bytes in all queues above which REQUESTs get RST
---@field connections? integer how many there may be
---@field empty_messages? boolean a message without bytes may be sent; Linux reads it as end of file
---@field connect_timeout? number seconds
---@field close_timeout? number seconds from our SHUTDOWN to RST, and for the send queue to move
---@field drain_timeout? number seconds from the peer's SHUTDOWN until all is forwarded
---@field route? boolean guests reach each other
---Sees every packet first; false swallows it, a packet replaces it.
---@field on_packet? fun(packet: vsk.Packet, device: vsk.Device): vsk.Packet|boolean|nil
---Answers who asks to connect: RST, unless conn:accept() or conn:defer().
---@field on_request? fun(conn: vsk.Conn, device: vsk.Device)
---A connection that this side opened is there.
---@field on_connect? fun(conn: vsk.Conn, device: vsk.Device)
---Takes payload, on SEQPACKET a whole message.
---@field on_data? fun(conn: vsk.Conn, data: string, device: vsk.Device)
---@field on_writable? fun(conn: vsk.Conn, device: vsk.Device) the send queue fell under its limit
---The peer will send no more; without this hook the connection is closed.
---@field on_eof? fun(conn: vsk.Conn, device: vsk.Device)
---@field on_close? fun(conn: vsk.Conn, device: vsk.Device) it is over; conn.reason says how
---Hears of a protocol error; the reaction is the specification's.
---@field on_error? fun(conn: vsk.Conn?, message: string, code: vsk.Code, device: vsk.Device)
---@field on_reset? fun(device: vsk.Device) the driver reset the device: connections are gone
---@field save_state? fun(device: vsk.Device): any what a snapshot keeps of the device's own state
---@field load_state? fun(state: any, device: vsk.Device) takes it back on rewind

---A device model. Fields that it does not have are yours.
---@class vsk.Device
---@field cid integer the first guest's context id
---@field connections vsk.Conn[] those that are there
---@field features string[] names of those that were agreed on, sorted
---Packets, payload bytes, errors and more, since the beginning.
---@field counters table<string, integer>
---Sees every packet first; false swallows it, a packet replaces it.
---@field on_packet? fun(packet: vsk.Packet, device: vsk.Device): vsk.Packet|boolean|nil
---Answers who asks to connect: RST, unless conn:accept() or conn:defer().
---@field on_request? fun(conn: vsk.Conn, device: vsk.Device)
---A connection that this side opened is there.
---@field on_connect? fun(conn: vsk.Conn, device: vsk.Device)
---Takes payload, on SEQPACKET a whole message.
---@field on_data? fun(conn: vsk.Conn, data: string, device: vsk.Device)
---@field on_writable? fun(conn: vsk.Conn, device: vsk.Device) the send queue fell under its limit
---The peer will send no more; without this hook the connection is closed.
---@field on_eof? fun(conn: vsk.Conn, device: vsk.Device)
---@field on_close? fun(conn: vsk.Conn, device: vsk.Device) it is over; conn.reason says how
---Hears of a protocol error; the reaction is the specification's.
---@field on_error? fun(conn: vsk.Conn?, message: string, code: vsk.Code, device: vsk.Device)
---@field on_reset? fun(device: vsk.Device) the driver reset the device: connections are gone
local Device = {}

---Call a function later, on the lab's clock or the system's.
---@param seconds number
---@param call fun(device: vsk.Device)
---@return integer timer
function Device:after(seconds, call) end

---Stop a timer.
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
