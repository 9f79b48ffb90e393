-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- A recorded conversation said again, packet by packet: what the scripts of a trace run on.
-- @module vsk.replay
local attach = require("vsk.sockets").functions.attach
local class = require "vsk.class"
local command = require "vsk.command"
local core = require "vsk.core"
local device = require "vsk.device"
local guest = require "vsk.guest"
local new_lab = require("vsk.lab").functions.lab
local party = require "vsk.party"

local FIELDS <const> = {
  "src", "dst", "type", "op", "flags", "len", "buf_alloc", "fwd_cnt", "payload",
}
local HEADER <const> = 44
local BUFFER <const> = 3776 -- bytes of an RX buffer at least, where nothing else was recorded
local BUFFERS <const> = 16
local DESCRIPTORS <const> = 1024
local SLACK <const> = 1.0 -- seconds that an answer may be late in a lab
local PATIENCE <const> = 5.0 -- and on a socket
local PASSED <const>, DIFFERS <const>, FAILED <const> = 0, 1, 2

local Replay, get, _, calls = class.new "Replay"
local of = calls.of

-- ---- what is said ----

local cuts = class.set("layout", "indirect")

local function add(own, at, given, by_guest)
  local row = { at = class.check("at", at, "number"), by_guest = by_guest }
  local fields = {}
  for name, value in pairs(class.check("fields", given, "table")) do
    if by_guest and cuts[name] then row[name] = value else fields[name] = value end
  end
  row.packet = core.packet(fields)
  table.insert(own.rows, row)
end

--- Add a packet that the guest sends.
-- @tparam number at seconds since the first one
-- @tparam table fields of a packet; and layout, indirect: how it is cut into descriptors
function Replay:tx(at, fields)
  add(of(self), at, fields, true)
end

--- Add a packet that the device sends.
-- @tparam number at seconds since the first one
-- @tparam table fields of a packet
function Replay:rx(at, fields)
  add(of(self), at, fields, false)
end

--- How many packets there are.
function get.count(own)
  return #own.rows
end

-- ---- holding what comes to it ----

local function word(value)
  return type(value) == "table" and ("%d:%d"):format(value[1], value[2]) or tostring(value)
end

local function equal(one, other)
  if type(one) ~= "table" then return one == other end
  return one[1] == other[1] and one[2] == other[2]
end

--- Say how a field is not as it should be; nil where it is.
local function difference(name, wanted, found)
  local one, other = wanted[name], found[name]
  if equal(one, other) then return nil end
  if name ~= "payload" then return ("%s is %s, not %s"):format(name, word(other), word(one)) end
  local same = 0
  while same < math.min(#one, #other) and one:byte(same + 1) == other:byte(same + 1) do
    same = same + 1
  end
  return ("payload differs from byte %d on"):format(same)
end

--- Give nil, message, "DIFFERS" where a packet is not as it was.
local function hold(wanted, found, what, fields)
  local wrong = {}
  for _, name in ipairs(fields) do table.insert(wrong, difference(name, wanted, found)) end
  if #wrong == 0 then return true end
  return nil, ("%s differs: %s\n  recorded: %s\n  came:     %s"):format(
    what, table.concat(wrong, "; "), wanted, found), "DIFFERS"
end

--- Wait for the next packet that came to somebody.
local function next_of(scene, came, what, wanted, within)
  local _, message, code = scene.driver.run(function() return #came > 0 end, within)
  if #came > 0 then return table.remove(came, 1) end
  if code ~= nil and code ~= "TIMEOUT" then return nil, message, code end
  return nil, ("%s did not come\n  recorded: %s"):format(what, wanted), "DIFFERS"
end

--- A packet with the CID and the ports of this time.
local function ours(scene, row)
  local packet = row.packet:copy()
  if row.by_guest then
    packet.dst_port = scene.ports[packet.dst_port] or packet.dst_port
    if packet.src_cid == scene.own.guest then packet.src_cid = scene.guest.cid end
  else
    packet.src_port = scene.ports[packet.src_port] or packet.src_port
    if packet.dst_cid == scene.own.guest then packet.dst_cid = scene.guest.cid end
  end
  return packet
end

--- The guest says a packet.
local function say(scene, row, packet, what, pause)
  -- Time goes by as it did, where it is a lab's; nobody waits on a socket.
  if scene.virtual then
    local _, message, code = scene.driver.run(nil, pause)
    if code then return nil, message, code end
  end
  local done, message, code =
    scene.guest:tx(packet, { layout = row.layout, indirect = row.indirect })
  if not done then return nil, message, code end
  if not scene.mouth then return true end
  local found
  found, message, code = next_of(scene, scene.heard, what, packet, 0)
  if not found then return nil, message, code end
  return hold(packet, found, what, FIELDS)
end

--- The device says a packet, of itself or because it is told to.
local function hear(scene, row, packet, what, pause)
  if scene.mouth then
    local done, message, code = device.calls.of(scene.mouth).roles[1]:put(packet, {})
    if not done then return nil, message, code end
  end
  local found, message, code = next_of(scene, scene.came, what, packet, pause + scene.late)
  if not found then return nil, message, code end
  -- The device chooses the port of a connection of its own.
  if packet.op == "REQUEST" and found.op == "REQUEST" then
    scene.ports[row.packet.src_port] = found.src_port
    packet.src_port = found.src_port
  end
  return hold(packet, found, what, scene.own.fields)
end

local function say_all(scene)
  local now = 0.0
  for number, row in ipairs(scene.own.rows) do
    local pause = math.max(row.at - now, 0.0)
    now = row.at
    local what = ("packet %d of %d"):format(number, #scene.own.rows)
    local act = row.by_guest and say or hear
    local done, message, code = act(scene, row, ours(scene, row), what, pause)
    if not done then return nil, message, code end
  end
  return true
end

-- ---- to whom ----

--- A hook that takes packets away, into a list.
local function taking(list)
  return function(packet)
    table.insert(list, packet:copy())
    return false
  end
end

--- Options of a guest that answers nothing, with RX buffers that every packet fits into.
local function ear(own, came)
  local most, sum, layout = 0, 0, own.rx_layout
  for _, row in ipairs(own.rows) do
    if not row.by_guest then most = math.max(most, row.packet.len) end
  end
  for _, len in ipairs(layout or {}) do sum = sum + len end
  if sum < HEADER + most then layout = { math.max(BUFFER, HEADER + most) } end
  return {
    on_packet = taking(came), rx_layout = layout, rx_indirect = own.rx_indirect,
    rx_buffers = BUFFERS,
  }
end

local function scene_of(own, one, more)
  more.own, more.guest, more.ports = own, one, {}
  more.driver = party.driver(guest.calls.of(one))
  return more
end

--- Say it again in a lab, to a device; without one a device of its own answers as recorded.
-- @tparam[opt] Device|table model what vsk.device gives, or its options and hooks
-- @treturn[1] boolean true
-- @return[2] nil, message, code: "DIFFERS" at the first packet that is not as it was
function Replay:play(model)
  local own, came, heard = of(self), {}, {}
  local options, mouth = ear(own, came), nil
  options.queue_size = DESCRIPTORS
  if model == nil then
    mouth = device.new { cid = own.guest, on_packet = taking(heard) }
    model = mouth
  end
  local asked = {}
  if device.calls.test(model) then
    asked.device = model
  else
    for name, value in pairs(class.check("model", model, "table")) do asked[name] = value end
  end
  local one = guest.new(options)
  asked.guests, asked.trace = { one }, 0
  local lab, message, code = new_lab(asked)
  if not lab then return nil, message, code end
  return say_all(scene_of(own, one, {
    came = came, heard = heard, mouth = mouth, virtual = true, late = SLACK,
  }))
end

--- Say it again to the device behind a vhost-user socket.
-- @tparam string path
-- @treturn[1] boolean true
-- @return[2] nil, message, code
function Replay:play_on(path)
  local own, came = of(self), {}
  local one <close>, message, code = attach(path, ear(own, came))
  if not one then return nil, message, code end
  return say_all(scene_of(own, one, { came = came, late = PATIENCE }))
end

--- Say it again to what the command line names: nothing, FILE.lua or a socket.
-- @tparam table words
-- @treturn integer the exit status: 0 all came as it was recorded, 1 something did not, 2 there is
-- no such device
function Replay:main(words)
  local done, message, code
  local path = words[1]
  if path == nil then
    done, message, code = self:play()
  elseif path:find "%.lua$" then
    local model, why = command.load(path)
    if model then done, message, code = self:play(model) else message = why end
  else
    done, message, code = self:play_on(path)
  end
  if done then
    print(("%d packets, all as they were recorded"):format(self.count))
    return PASSED
  end
  if code == "DIFFERS" then
    io.stderr:write(message, "\n")
    return DIFFERS
  end
  io.stderr:write(path or "replay", ": ", tostring(message), "\n")
  return FAILED
end

local OPTIONS = class.set("guest", "rx_layout", "rx_indirect", "fields")

return {
  --- Begin a conversation between the guest with a CID and its device.
  -- @tparam table options guest: the CID; rx_layout and rx_indirect: how the guest cut its RX
  -- buffers; fields: those that a packet of the device is held to, all
  -- @treturn Replay
  new = function(options)
    options = class.check_options(options, OPTIONS)
    return calls.new {
      rows = {}, guest = class.check("guest", options.guest, "integer"),
      rx_layout = options.rx_layout, rx_indirect = options.rx_indirect,
      fields = options.fields or FIELDS,
    }
  end,
}
