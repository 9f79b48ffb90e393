-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- What probes stand on: the guest, a connection's end played by hand, and the host's programs.
--
-- A probe is a function that returns where the device did what was wanted, and calls rig.fail
-- where it did not. Words to the host, and answers, are lines of JSON on stdout and stdin.
local json = require "cjson"
local vsk = require "vsk"

local SOON = 5.0 -- seconds for what should come at once, on a machine that has much to do
local TICK = 0.005
local HOST = 2 -- its CID

local rig = { SOON = SOON, HOST = HOST, NEVER = 99, list = {} }
local by_name = {}
local path, capture, current, served
local odd -- the guest's RX buffers are cut as in no kernel

--- Add a probe: of a row of the regression list, and what is wanted there in a sentence.
function rig.probe(name, row, wanted, call)
  assert(not by_name[name], name)
  by_name[name] = call
  table.insert(rig.list, { name, row, wanted })
end

-- ---- verdicts ----

local function raise(verdict, ...)
  error({ verdict = verdict, why = string.format(...) }, 0)
end

--- End the probe: the device did something else.
function rig.fail(...) raise("fail", ...) end

--- End the probe where it asks for a feature that the device does not have.
function rig.need(guest, feature)
  for _, name in ipairs(guest.features) do
    if name == feature then return end
  end
  raise("n.a.", "%s is not offered", feature)
end

function rig.want(condition, ...)
  if not condition then raise("fail", ...) end
  return condition
end

-- ---- the host ----

--- Say a word to the host's programs; see host.py.
function rig.host(...)
  io.stdout:write(json.encode { ... }, "\n")
  io.stdout:flush()
  local line = io.stdin:read "l"
  return json.decode(assert(line))
end

--- The end that has come to a port of the host, first or nth.
function rig.came(guest, port, nth)
  local found
  rig.want(rig.wait(guest, SOON, function()
    found = rig.host("came", port)[nth or 1]
    return found
  end), "nothing reached the listener of port %d", port)
  return found
end

--- Wait until an end of the host is as it should be; its state at last, and whether it is so.
function rig.state(guest, id, within, condition)
  local state
  local done = rig.wait(guest, within, function()
    state = rig.host("state", id)
    return condition(state)
  end)
  return state, done
end

--- Hold that so many bytes of the pattern reach a program.
function rig.reached(guest, id, size, within)
  local state = rig.state(guest, id, within or SOON, function(state) return state.got >= size end)
  rig.want(state.good, "what the program read is not what the guest had sent")
  rig.want(state.got == size, "%d of %d bytes reached the program", state.got, size)
  return state
end

-- ---- the guest ----

local BYTES = {}
for byte = 0, 250 do table.insert(BYTES, string.char(byte)) end
BYTES = table.concat(BYTES):rep(4179)

--- So many bytes of the endless pattern that the host's programs know, 1 MiB at most.
function rig.pattern(size, start)
  local begin = (start or 0) % 251
  return BYTES:sub(begin + 1, begin + size)
end

--- Attach a guest; another one first leaves.
function rig.attach(options)
  if current then current:close() end
  local all = { capture = not served and capture or nil }
  for name, value in pairs(options or {}) do all[name] = value end
  served, odd = true, options and options.rx_layout ~= nil
  local guest, message
  for _ = 1, 100 do
    guest, message = vsk.attach(path, all)
    if guest then break end
    rig.host("sleep", 0.05)
  end
  if not guest then rig.fail("no front end can attach: %s", message) end
  current = guest
  return guest
end

function rig.leave()
  current:close()
  current = nil
end

--- Let the guest live for so many seconds.
function rig.drive(guest, seconds)
  guest:expect_none { src_cid = rig.NEVER, within = seconds }
end

--- Let it live until something is true; whether it came true.
function rig.wait(guest, within, condition)
  local tries = math.ceil(within / TICK)
  for _ = 1, tries do
    if condition() then return true end
    rig.drive(guest, TICK)
  end
  return condition()
end

--- Connect a well-behaved guest.
function rig.connect(guest, port)
  local conn, message = guest:connect(HOST, port)
  return rig.want(conn, "connecting to port %d: %s", port, message)
end

--- Read so many bytes of the pattern; how many came.
function rig.receive(guest, conn, size, within)
  local got, good = 0, true
  rig.wait(guest, within or SOON, function()
    while conn.unread > 0 do
      local data = conn:receive(math.min(conn.unread, 65536))
      good = good and data == rig.pattern(#data, got)
      got = got + #data
    end
    return got >= size or not good
  end)
  rig.want(good, "what came from the program is not what it had sent")
  return got
end

--- Send so many bytes, which an echo sends back.
function rig.exchange(guest, conn, size, within)
  for start = 0, size - 1, 1 << 20 do
    local sent, message = conn:send(rig.pattern(math.min(size - start, 1 << 20), start))
    rig.want(sent, "sending: %s", message)
  end
  local got = rig.receive(guest, conn, size, within)
  rig.want(got == size, "%d of %d bytes came back", got, size)
end

--- Hold that the guest gets an echo over a connection of its own.
local echoes = 60000
function rig.echo(guest)
  echoes = echoes + 1
  rig.host("listen", echoes, "echo")
  local conn = rig.connect(guest, echoes)
  rig.exchange(guest, conn, 100)
  conn:close()
end

-- ---- by hand ----

local Hand = {}
Hand.__index = Hand

--- One end of a connection, of a port of the guest; fields are those of all packets.
function rig.hand(guest, port, to, fields)
  local own = { guest = guest, port = port, fields = { src_port = port, dst = { HOST, to } } }
  own.fields.buf_alloc = 262144
  for name, value in pairs(fields or {}) do own.fields[name] = value end
  return setmetatable(own, Hand)
end

function Hand:tx(fields)
  local all = {}
  for _, more in ipairs { self.fields, fields } do
    for name, value in pairs(more) do all[name] = value end
  end
  return self.guest:tx(all)
end

--- The next packet with these fields, or fail and say what came instead.
function Hand:expect(fields)
  fields.dst_port, fields.within = self.port, fields.within or SOON
  local packet, message = self.guest:expect(fields)
  return rig.want(packet, "%s", message)
end

--- The next packet of this connection, or nil.
function Hand:next(within)
  return (self.guest:expect { dst_port = self.port, within = within or 0 })
end

function Hand:silent(within)
  local done, message = self.guest:expect_none { dst_port = self.port, within = within }
  rig.want(done, "%s", message)
end

--- Connect, and learn how many bytes may be sent.
function Hand:connect(fields)
  fields = fields or {}
  fields.op = "REQUEST"
  self:tx(fields)
  self.room = self:expect({ op = "RESPONSE" }).buf_alloc
  return self
end

--- Take payload for so long; how many bytes came, and all packets.
function Hand:take(within, enough)
  local got, packets = 0, {}
  rig.wait(self.guest, within, function()
    local packet = self:next()
    while packet do
      table.insert(packets, packet)
      if packet.op == "RW" then got = got + packet.len end
      packet = self:next()
    end
    return enough and got >= enough
  end)
  return got, packets
end

-- ---- main ----

--- A device that did something wrong may still serve, or not.
local function examine(outcome)
  rig.host "packets"
  if odd and current then rig.leave() end
  if pcall(function() rig.echo(current or rig.attach()) end) then return end
  outcome.verdict = "wedged"
  local anew = pcall(function() rig.echo(rig.attach()) end)
  outcome.why = outcome.why .. (anew and "; then no connection works until a front end comes anew"
    or "; then no connection works, of a new front end neither")
end

local function run(call)
  local done, outcome = xpcall(call, function(raised)
    return type(raised) == "table" and raised or debug.traceback(raised)
  end)
  if done then return { verdict = "pass", why = "" } end
  if type(outcome) ~= "table" then return { verdict = "error", why = outcome } end
  if outcome.verdict == "fail" then examine(outcome) end
  return outcome
end

--- Run a probe on a device's socket, and tell the host what came of it.
function rig.main(name, socket, file)
  path, capture = socket, file
  local outcome = run(assert(by_name[name], name))
  if current then rig.leave() end
  io.stdout:write(json.encode { "verdict", outcome.verdict, outcome.why }, "\n")
end

return rig
