-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- A connection, on either side of it.
--
-- A device gets it in its hooks; `connect`, `open_connection` and `accept` of a listener give one
-- to receive from. Calls that wait drive the lab, and are refused inside a hook. The object stays
-- readable when the connection is over, and never comes to name another one.
--
-- Fields: `local_cid`, `local_port`, `peer_cid`, `peer_port`; `type`, `state` and `reason` as
-- names; `buf_alloc`, which can be set; `peer_buf_alloc`, `credit`, `queued`, `unread`,
-- `tx_bytes`, `rx_bytes`, `rx_packets`. All others, such as `data`, are yours.
-- @module vsk.conn
local class = require "vsk.class"
local constants = require "vsk.constants"

local Conn, get, set, calls = class.new("Conn", true)
local of = calls.of

local ALL = math.maxinteger -- more bytes than there ever are

for _, name in ipairs {
  "local_cid", "local_port", "peer_cid", "peer_port", "buf_alloc", "peer_buf_alloc", "credit",
  "queued", "unread", "tx_bytes", "rx_bytes", "rx_packets",
} do
  get[name] = function(own) return own.role:number(own.id, name) end
end
for _, name in ipairs { "type", "state", "reason" } do
  get[name] = function(own) return own.role:word(own.id, name) end
end

function set.buf_alloc(own, size)
  own.role:resize(own.id, size)
end

--- Say who is connected, how, and where it stands.
local function describe(own)
  local reason = get.reason(own)
  return ("Conn %d:%d - %d:%d %s %s%s"):format(get.local_cid(own), get.local_port(own),
    get.peer_cid(own), get.peer_port(own), get.type(own), get.state(own),
    reason == "NONE" and "" or " " .. reason)
end

function calls.meta.__tostring(self)
  return describe(of(self))
end

--- Let go of what was kept of a connection that is over; nothing of it is on the wire.
function calls.meta.__gc(self)
  local own = of(self)
  local holds = own.holds
  -- Another object may name it by now: this one's turn came late.
  holds[own.id] = holds[own.id] - 1
  if holds[own.id] == 0 then
    holds[own.id] = nil
    own.role:release(own.id)
  end
end

--- Accept the peer's REQUEST, in on_request or later.
-- @treturn boolean true
function Conn:accept()
  local own = of(self)
  return own.role:accept(own.id)
end

--- Answer the peer's REQUEST later, by accept or reset.
-- @treturn boolean true
function Conn:defer()
  local own = of(self)
  return own.role:defer(own.id)
end

--- End it at once with RST; what is queued is dropped.
-- @treturn boolean true
function Conn:reset()
  local own = of(self)
  return own.role:reset(own.id)
end

local send_options = class.set "eor"

--- Send bytes, on SEQPACKET a message: all of it is taken into the send queue.
-- @tparam string data
-- @tparam[opt] table options eor: also end a record, false
-- @treturn[1] boolean true
-- @return[2] nil, message, code: RESET, TIMEOUT or PIPE where nothing can be sent any more
function Conn:send(data, options)
  local own = of(self)
  local eor = class.check_options(options, send_options).eor
  return own.role:send(own.id, data, class.check("eor", eor, "boolean", false))
end

local shutdown_options = class.set("send", "receive")

--- Send no more, once what is queued is sent, or receive no more, or both.
--
-- What is queued has no deadline: only close gives up on it.
-- @tparam table options send, receive: true, or false
-- @treturn[1] boolean true
-- @return[2] nil, message, code: PIPE where it is over
function Conn:shutdown(options)
  local own = of(self)
  options = class.check_options(options, shutdown_options)
  local flags = 0
  for name in pairs(shutdown_options) do
    if class.check(name, options[name], "boolean", false) then
      flags = flags | constants.shutdown[name:upper()]
    end
  end
  return own.role:shutdown(own.id, flags)
end

--- Send what is queued, then close. Closing twice is no error.
--
-- Where nothing of the queue leaves for close_timeout seconds the rest of it is dropped: RST, and
-- the reason is TIMEOUT.
-- @treturn boolean true
function Conn:close()
  local own = of(self)
  return own.role:close(own.id)
end

--- Wait for bytes; what is missing is for the message where nothing will ever come.
local function receive(own, size)
  local function what() return "bytes for " .. describe(own) end
  return own.wait(what, own.role.take, own.role, own.id, size)
end

--- Hold a number of bytes to what it may be.
local function check_size(size, least)
  if not (math.type(size) and math.tointeger(size) and size >= least) then
    class.fail("size: integer from %d expected, got %s", least, tostring(size))
  end
  return math.tointeger(size)
end

--- Wait for 1 to size bytes, or all that are there, on SEQPACKET for one message.
-- @tparam[opt] integer size
-- @treturn[1] string
-- @return[2] nil, message, code: EOF at the end, RESET where the peer reset it before, TIMEOUT
-- where nothing will ever come
function Conn:receive(size)
  local own = of(self)
  return receive(own, check_size(size or ALL, 1))
end

--- Wait for exactly so many bytes.
-- @tparam integer size
-- @treturn[1] string
-- @return[2] nil, message, code: EOF where the end comes before, RESET, TIMEOUT
function Conn:receive_exactly(size)
  local own = of(self)
  local pieces, missing = {}, check_size(size, 0)
  while missing > 0 do
    local piece, message, code = receive(own, missing)
    if code == "EOF" then
      return nil, ("%s, %d bytes short of what was asked for"):format(message, missing), code
    end
    if not piece then return nil, message, code end
    table.insert(pieces, piece)
    missing = missing - #piece
  end
  return table.concat(pieces)
end

--- Read up to the end.
-- @treturn[1] string
-- @return[2] nil, message, code: RESET, TIMEOUT
function Conn:receive_all()
  local own = of(self)
  local pieces = {}
  while true do
    local piece, message, code = receive(own, ALL)
    if code == "EOF" then return table.concat(pieces) end
    if not piece then return nil, message, code end
    table.insert(pieces, piece)
  end
end

--- Iterate over the lines that come on a stream, without their ends.
-- It takes more than it gives, so nothing but another call of the iterator reads on after it.
-- @treturn function gives a line each time, at the end what is behind the last one, if anything;
-- then nil, message, code: EOF, RESET, TIMEOUT
function Conn:lines()
  local own = of(self)
  if self.type ~= "STREAM" then class.fail "lines: messages have none" end
  local pieces = {} -- of a line, joined at its end: a long one is copied once
  local rest, from = "", 1 -- what came behind them, and where in it the next line goes on
  return function()
    while true do
      local at = rest:find("\n", from, true)
      if at then
        table.insert(pieces, rest:sub(from, at - 1))
        local line = table.concat(pieces)
        pieces, from = {}, at + 1
        return line
      end
      if from <= #rest then table.insert(pieces, rest:sub(from)) end
      rest, from = "", 1
      local piece, message, code = receive(own, ALL)
      if not piece then
        -- Who runs out of time may ask again, and misses nothing of the line.
        if code ~= "EOF" or #pieces == 0 then return nil, message, code end
        local line = table.concat(pieces)
        pieces = {}
        return line
      end
      rest = piece
    end
  end
end

--- Send all of data while reading as many bytes back.
-- @tparam string data
-- @treturn[1] string
-- @return[2] nil, message, code
function Conn:exchange(data)
  local sent, message, code = self:send(data)
  if not sent then return nil, message, code end
  return self:receive_exactly(#data)
end

--- Call no hook with payload, and give the peer no credit, until resume.
-- @treturn boolean true
function Conn:pause()
  local own = of(self)
  return own.role:pause(own.id)
end

--- Go on after pause.
-- @treturn boolean true
function Conn:resume()
  local own = of(self)
  return own.role:resume(own.id)
end

return {
  names = calls.names "data",
  of = of,

  --- Name a connection of a role: wait(what, call, ...) drives, holds counts objects by id.
  new = function(role, id, wait, holds)
    role:hold(id)
    holds[id] = (holds[id] or 0) + 1
    return calls.new { role = role, id = id, wait = wait, holds = holds }
  end,
}
