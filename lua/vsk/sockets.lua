-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- A device or a guest at its end of a vhost-user socket, on the system's clock.
--
-- Fields of a server: `device`, `trace`, `sessions`: front ends that have come so far; `connected`:
-- one is there; `live`: a driver is ready, packets may flow; `protocol`: vhost-user features set.
-- @module vsk.sockets
local class = require "vsk.class"
local core = require "vsk.core"
local device = require "vsk.device"
local guest = require "vsk.guest"
local host = require "vsk.host"
local party = require "vsk.party"
local protocol = require("vsk.constants").protocol
local trace = require "vsk.trace"

local BATCH = 1024 -- events that one dispatch tells at most
local LEAST = 65536 -- entries of a trace that a capture is written from
local ALIVE, OVER = 2, 5 -- where a front end stands
local END = 3 -- what a notice is about
local ACCEPTED = protocol.MQ | protocol.REPLY_ACK | protocol.BACKEND_REQ | protocol.CONFIG
  | protocol.RESET_DEVICE | protocol.DEVICE_STATE
local OFFERED = ACCEPTED | protocol.CONFIGURE_MEM_SLOTS
local FOREVER = -1 -- all 64 bits
local LEAVE = 1000000000 -- nanoseconds that a guest waits for the device before it goes
local LOOK = 5000000 -- nanoseconds between two looks at what the device has taken

-- ---- what both have ----

--- Say what a server has to say; the end of a session is kept.
local function read_notices(own)
  local kind, status, words = own.core:notice()
  while kind do
    if kind == END then own.ended = { status, words } end
    if own.log then own.log(words, status) end
    kind, status, words = own.core:notice()
  end
end

--- Do one thing: true, or false where there is nothing to do now, or nil, message, code.
local function step(own)
  local went, message, code = host.step(own, 0)
  if not went then read_notices(own) end
  return went, message, code
end

local function stepper(own, within)
  host.may_drive(own)
  local deadline = within and within ~= math.huge
    and own.core:now() + class.nanoseconds("within", within)
  local idle, turn = false, 0
  return function()
    local left = deadline and deadline - own.core:now() or FOREVER
    turn = turn + 1
    -- In a flood it is never idle. Else what is waited for may have come with the step that found
    -- nothing more to tell.
    if turn % BATCH == 0 and own.is_over() then return false end
    if idle and (own.closed or own.is_over() or deadline and left <= 0) then return false end
    if idle then own.core:wait(left) end
    local went, message, code = step(own)
    if went == nil then return nil, message, code end
    idle = not went
    return true
  end
end

local function close(own)
  if own.closed then return true end
  own.closed = true
  own.core:close()
  if not own.running then
    repeat -- tell what is still to be told; timers that begin anew would never end
      for id in pairs(own.afters) do own.core:cancel(id) end
      own.afters = {}
    until not step(own)
  end
  return host.close_capture(own)
end

--- Do what there is to do, but not for ever.
local function dispatch(own)
  local _ <close> = own.rest
  for _ = 1, BATCH do
    local went, message, code = step(own)
    if went == nil then return nil, message, code end
    if not went then break end
  end
  return true
end

--- Give connections that are closing, and packets on their way, the time to get there.
local function take_leave(own)
  local deadline, role = own.core:now() + LEAVE, own.part.roles[1]
  while not own.is_over() and role:count "unsaid" ~= 0 and own.core:now() < deadline do
    dispatch(own)
    -- Nobody says that a packet was taken.
    if role:count "unsaid" ~= 0 then own.core:wait(LOOK) end
  end
end

--- Leave the socket, when the device has heard of what this guest has ended.
local function leave(own)
  if own.closed then return true end
  if not own.running then take_leave(own) end
  return close(own)
end

local function begin(own, socket, part, asked)
  host.begin(own, socket)
  own.stepper, own.quit, own.part, own.log = stepper, close, part, asked.log
  own.closed = false
  own.rest = setmetatable({}, { __close = function() own.core:flush() end })
  own.trace = trace.new(socket)
  function own.part_of() return part, 1 end
  local done, message, code = host.open_capture(own, asked.capture)
  if not done then return nil, message, code end
  party.join(part, host.driver(own), { socket:role() })
  return own
end

local function entries_of(asked)
  local entries = class.check("trace", asked.trace, "integer", 0)
  return asked.capture and math.max(entries, LEAST) or entries
end

--- Split a table into what is the socket's, and what is the model's.
local function split(given, names)
  local asked, model = {}, {}
  given = class.check("options", given, "table", {})
  if getmetatable(given) ~= nil then class.fail "options: a plain table expected" end
  for name, value in pairs(given) do
    if names[name] then asked[name] = value else model[name] = value end
  end
  if asked.log ~= nil then class.check("log", asked.log, "function") end
  return asked, model
end

local function free_part(calls, object)
  local part = calls.of(object)
  if part.driver then class.misuse("ERR_BUSY", "it belongs to a lab or a socket already") end
  return part
end

-- ---- servers ----

local Server, get, _, calls = class.new "Server"
local of = calls.of

for _, name in ipairs { "device", "trace" } do
  get[name] = function(own) return own[name] end
end
for _, name in ipairs { "sessions", "protocol" } do
  get[name] = function(own) return own.core:count(name) end
end
for _, name in ipairs { "connected", "live" } do
  get[name] = function(own) return own.core:count(name) ~= 0 end
end

function calls.meta.__tostring(self)
  local own = of(self)
  return ("Server on %s: %s"):format(own.name,
    own.closed and "closed" or get.connected(own) and "connected" or "waiting")
end

--- Name the descriptor that is readable when dispatch has something to do.
-- @treturn integer -1 where it is closed
function Server:fileno()
  local own = of(self)
  return own.closed and -1 or own.core:fileno()
end

--- Do what there is to do, without waiting.
-- @treturn[1] boolean true
-- @return[2] nil, message, code
function Server:dispatch()
  return dispatch(of(self))
end

--- Serve until something is true, or for so many seconds, or until stop.
-- @tparam[opt] function condition
-- @tparam[opt] number within seconds
-- @treturn[1] boolean true
-- @return[2] nil, message, code: TIMEOUT where the condition does not come true
function Server:run(condition, within)
  local own = of(self)
  if condition ~= nil then class.check("condition", condition, "function") end
  own.stopping = false
  return host.run(own, condition, within)
end

--- Let run return soon; for hooks.
-- @treturn boolean true
function Server:stop()
  of(self).stopping = true
  return true
end

--- End it: connections are over, the socket file is removed. Closing twice is no error.
-- @treturn[1] boolean true
-- @return[2] nil, message, error number of the system
function Server:close()
  return close(of(self))
end

calls.meta.__close = Server.close

local SERVE = class.set("connect", "protocol", "trace", "capture", "log", "device", "fd", "signals")

--- Report what a hook raised; it costs its connection.
local function fail_hook(own, role, words, id)
  if own.log then
    own.log(words, "ERR_HOOK")
  else
    io.stderr:write("vsk: a hook failed: ", words, "\n")
  end
  for _, open in ipairs(role:connections()) do
    if open == id then role:reset(id) end
  end
end

--- Report that the capture cannot be written; front ends are served all the same.
local function lose_capture(own, words)
  words = "the capture ends: " .. words
  if own.log then
    own.log(words, "ERR_SYSTEM")
  else
    io.stderr:write("vsk: ", words, "\n")
  end
end

--- Find its socket: a descriptor, who listens, or a file to listen on.
local function place(socket, asked, path)
  if asked.fd then return socket:adopt(asked.fd) end
  if asked.connect then return socket:dial(path) end
  return socket:listen(path)
end

local function serve(given, path)
  local model = given
  local asked = {}
  if device.calls.test(given) == nil then
    local rest
    asked, rest = split(given, SERVE)
    model = asked.device or device.new(rest)
  end
  if asked.fd == nil then
    class.check("path", path, "string")
  elseif path ~= nil or asked.connect then
    class.fail "fd: instead of a path"
  end
  local part = free_part(device.calls, model)
  local socket, message, code = core.Socket.serve(
    device.options(part, part.names.cid), asked.protocol or OFFERED, entries_of(asked))
  if not socket then return nil, message, code end
  local done
  done, message, code = place(socket, asked, path)
  if not done then return nil, message, code end
  local own = { device = model, name = path or "descriptor " .. asked.fd }
  function own.is_over() return own.stopping or socket:count "signalled" ~= 0 end
  done, message, code = begin(own, socket, part, asked)
  if done and class.check("signals", asked.signals, "boolean", false) then
    done, message, code = socket:heed()
  end
  if not done then return nil, message, code end
  function own.failed(words, id) return fail_hook(own, part.roles[1], words, id) end
  function own.lost(words) return lose_capture(own, words) end
  return calls.new(own)
end

--- Serve a device whose connections programs have that know nothing of vsk.
local function bridge(path, uds, given)
  class.check("uds", uds, "string")
  local server, message, code = serve(class.check("options", given, "table", {}), path)
  if not server then return nil, message, code end
  local done
  done, message, code = of(server).core:bridge(uds)
  if done then return server end
  server:close()
  return nil, message, code
end

-- ---- guests ----

local ATTACH = class.set("memory", "queues", "mem_slots", "protocol", "timeout", "trace", "capture",
  "cid", "guest", "log")

local function attach(path, given)
  class.check("path", path, "string")
  local asked, rest = split(given, ATTACH)
  local own_guest = asked.guest or guest.new(rest)
  local part = free_part(guest.calls, own_guest)
  local timeout = class.check("timeout", asked.timeout, "number", 10.0)
  local socket, message, code = core.Socket.attach(party.options(part.names, guest.OPTIONS),
    asked.protocol or ACCEPTED, entries_of(asked), asked.memory or 8 << 20, asked.cid or 0,
    asked.queues or 3, class.check("mem_slots", asked.mem_slots, "boolean", false),
    class.nanoseconds("timeout", timeout))
  if not socket then return nil, message, code end
  local done
  done, message, code = socket:dial(path)
  if not done then return nil, message, code end
  local own = { name = path }
  local function state() return socket:count "state" end
  function own.is_over() return state() == OVER end
  done, message, code = begin(own, socket, part, asked)
  if not done then return nil, message, code end
  own.quit = leave
  local there = false
  local _ <close> = setmetatable({}, { __close = function() -- a hook may raise
    if there then return end
    close(own)
    party.part(part)
  end })
  done, message, code = host.run(own, function()
    return state() == ALIVE or state() == OVER
  end, timeout)
  there = done and state() == ALIVE
  if there then return own_guest end
  read_notices(own)
  if own.ended then return nil, own.ended[2], own.ended[1] end
  return nil, message or path .. ": the device does not answer", code or "TIMEOUT"
end

return {
  names = { Server = calls.names() },

  functions = {
    --- Put a device on a vhost-user socket: QEMU, User Mode Linux, or a vsk guest drives it.
    --
    -- Front ends come and go, one at a time. The table may hold, beside a device's options and
    -- hooks (see vsk.device), or with device = what vsk.device gives: connect: be the client of who
    -- listens at path; protocol: vhost-user features offered, a mask; trace: entries kept, 0;
    -- capture: a file, a FIFO or "-" to which every packet is written as pcapng; log: a function
    -- that is told what happens, in words and a code; fd: a socket that listens or is connected,
    -- instead of a path; signals: SIGTERM and SIGINT let run return, until close. What a hook
    -- raises is told with its traceback, to log or on stderr, and ends its connection; that the
    -- capture cannot be written is told once, and ends it alone.
    -- @function serve
    -- @tparam Device|table device
    -- @tparam[opt] string path of the socket file
    -- @treturn[1] Server
    -- @return[2] nil, message, code: ERR_BUSY where somebody listens there, ERR_SYSTEM
    serve = serve,

    --- Serve a device whose connections programs have that know nothing of vsk.
    --
    -- A guest that connects to port 52 reaches who listens on the Unix socket uds .. "_52". A
    -- program that connects to uds and writes "CONNECT 52\n" reaches the guest's port 52, and
    -- reads "OK PORT\n" first. SEQPACKET is at uds .. ".seq" and uds .. ".seq_52". All of it
    -- happens in C, while the server is run or dispatched.
    -- @function bridge
    -- @tparam string path of the vhost-user socket
    -- @tparam string uds path of the programs' sockets
    -- @tparam[opt] table options as for serve
    -- @treturn[1] Server
    -- @return[2] nil, message, code
    bridge = bridge,

    --- Put a guest in front of any vhost-user vsock device, and wait until packets may flow.
    --
    -- Options beside a guest's (see vsk.guest), or with guest = what vsk.guest gives: memory: its
    -- bytes, 8 MiB; queues: 2 or 3; mem_slots: announce memory by ADD_MEM_REG; protocol: vhost-user
    -- features accepted, a mask; cid: its own where the device tells none; timeout: seconds for the
    -- device to answer, 10; trace, capture and log as for serve.
    -- @function attach
    -- @tparam string path of the device's socket file
    -- @tparam[opt] table options
    -- @treturn[1] Guest guest:close(), or the end of a block where it stands as
    -- `local guest <close>`, leaves the socket
    -- @return[2] nil, message, code: what is wrong with the device, TIMEOUT, ERR_SYSTEM; guest is
    -- free again
    attach = attach,
  },
}
