---@meta _
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---A guest's policy; what is left out is as the preset, or vsk, has it.
---@class vsk.GuestOptions
---@field preset? "linux-5.10"|"linux-6.1"|"linux-6.12" imitate this kernel
---@field features? integer those that are accepted, a sum of vsk.feature's
---@field queue_size? integer descriptors of each queue
---@field rx_layout? integer[] bytes of each descriptor of an RX buffer
---@field rx_indirect? boolean RX buffers are in indirect tables
---@field rx_buffers? integer RX buffers posted at most; 0: as many as the ring takes
---@field refill_at? integer post again when so many are missing; 0: half
---@field event_buffers? integer buffers in the event queue
---@field tx_piece? integer the most payload bytes of one descriptor; 0: any
---@field tx_indirect? boolean payload is sent in indirect tables
---@field buf_alloc? integer bytes of each connection's buffer
---@field update_at? integer volunteer credit at so many bytes that the peer does not know of
---@field update_idle? boolean and when everything was read
---@field payload_max? integer the most payload bytes of a packet
---@field ask? boolean send CREDIT_REQUEST where credit is missing
---@field answer? boolean answer CREDIT_REQUEST
---@field meter? boolean hold packets back as well as bytes
---@field connections? integer how many there may be
---@field send_buffer? integer bytes in a send queue above which what hooks got counts as not taken
---@field empty_messages? boolean a message without bytes may be sent; Linux reads it as end of file
---@field connect_timeout? number seconds
---@field close_timeout? number seconds from our SHUTDOWN to RST, and for the send queue to move
---@field drain_timeout? number seconds from the peer's SHUTDOWN until all is forwarded
---@field ask_first? number seconds between two CREDIT_REQUEST, doubled each time up to ask_last
---@field ask_last? number seconds between two CREDIT_REQUEST at most

---Fields that a packet must have.
---@class vsk.Expected : vsk.PacketFields
---@field within? number seconds
---@field all? boolean also packets of connections

---Fields of a packet, and how it is cut.
---@class vsk.Sent : vsk.PacketFields
---@field layout? integer[] bytes of each descriptor
---@field indirect? boolean in an indirect table

---A guest with three queues of its own: calls, and any single packet below them.
---@class vsk.Guest
---@field cid integer its context id
---@field connections vsk.Conn[] those that are there
---@field features string[] names of those that were agreed on, sorted
---Packets, payload bytes, errors and more, since the beginning.
---@field counters table<string, integer>
---@field memory vsk.Memory its memory
---@field rings vsk.Ring[] rx, tx, event
---Sees every packet first; false swallows it, a packet replaces it.
---@field on_packet? fun(packet: vsk.Packet, guest: vsk.Guest): vsk.Packet|boolean|nil
---Answers who asks to connect: RST, unless conn:accept() or conn:defer().
---@field on_request? fun(conn: vsk.Conn, guest: vsk.Guest)
---A connection that this side opened is there.
---@field on_connect? fun(conn: vsk.Conn, guest: vsk.Guest)
---Takes payload, on SEQPACKET a whole message.
---@field on_data? fun(conn: vsk.Conn, data: string, guest: vsk.Guest)
---@field on_writable? fun(conn: vsk.Conn, guest: vsk.Guest) the send queue fell under its limit
---The peer will send no more; without this hook the connection is closed.
---@field on_eof? fun(conn: vsk.Conn, guest: vsk.Guest)
---@field on_close? fun(conn: vsk.Conn, guest: vsk.Guest) it is over; conn.reason says how
---Hears of a protocol error; the reaction is the specification's.
---@field on_error? fun(conn: vsk.Conn?, message: string, code: vsk.Code, guest: vsk.Guest)
---@field on_reset? fun(guest: vsk.Guest) the driver reset the device: connections are gone
local Guest = {}

---Call a function later, on the lab's clock or the system's.
---@param seconds number
---@param call fun(guest: vsk.Guest)
---@return integer timer
function Guest:after(seconds, call) end

---Stop a timer.
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

---A port of the guest that the device's side may connect to.
---@class vsk.Listener
---@field port integer where it listens
local Listener = {}

---Wait for the next connection.
---@return vsk.Conn|nil conn
---@return string? message
---@return vsk.Code? code
function Listener:accept() end

---Listen no more.
---@return true
function Listener:close() end
