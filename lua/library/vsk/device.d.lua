---@meta _
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

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
---@field features string[] names of those that were agreed on, sorted
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

---Call a function later, on the lab's clock or the system's.
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
