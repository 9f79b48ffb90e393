---@meta _
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

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
---@field features string[] names of those that were agreed on, sorted
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

---Call a function later, on the lab's clock or the system's.
---@param seconds number
---@param call fun(guest: vsk.Guest)
---@return integer timer
function Guest:after(seconds, call) end

---@param timer integer
---@return boolean whether it was still to come
function Guest:cancel(timer) end

---Leave the socket that vsk.attach has put it on; in a lab it stays.
---@return true?
---@return string? message
---@return integer? errno of the capture
function Guest:close() end

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

---Reset a queue, and enable it again with another size: 0 rx, 1 tx, 2 event.
---@param queue integer
---@param size integer descriptors
---@return true
function Guest:reset_queue(queue, size) end

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
