-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- load.lua SOCKET: a guest without a kernel that does what vsock-load does; see load.c, orders.h.
--
-- Each line of stdin is a load, its size and its count; a line "begin" answers it, and "end" or
-- what went wrong.
local vsk = require "vsk"

local HOST, SINK, SOURCE, ECHO = 2, 5001, 5002, 5003
local LIMIT = 262144
local WINDOW = 131072 -- bytes of an echo that are on their way

local moving -- what is to be sent and received over the connection with hooks
local gate -- another connection, whose echo ends the wait for it

local function fill(conn)
  while moving.to_send > 0 and conn.queued <= LIMIT do
    assert(conn:send(moving.piece))
    moving.to_send = moving.to_send - #moving.piece
  end
end

local function take(_, data)
  moving.to_receive = moving.to_receive - #data
  if moving.to_receive == 0 then gate:send "." end
end

local guest

local function attach(path)
  local message
  for _ = 1, 100 do
    guest, message = vsk.attach(path, {
      send_buffer = LIMIT,
      on_writable = fill,
      on_data = take,
    })
    if guest then return end
  end
  error(message)
end

--- Move bytes both ways until all are there.
local function move(port, order, size, to_send, to_receive)
  moving = { piece = ("."):rep(size), to_send = to_send, to_receive = to_receive }
  local conn = assert(guest:connect(HOST, port, "STREAM", { hooks = true }))
  if order then conn:send(order) end
  fill(conn)
  assert(gate:receive(1))
  conn:close()
end

local loads = {}

function loads.send(size, bytes)
  move(SINK, string.pack("=I8I8", bytes, size), size, bytes, 1)
end

function loads.receive(size, bytes)
  move(SOURCE, string.pack("=I8I8", bytes, size), size, 0, bytes)
end

function loads.echo(size, bytes)
  local conn = assert(guest:connect(HOST, ECHO))
  local piece = ("."):rep(size)
  local sent, received = 0, 0
  while received < bytes do
    while sent < bytes and sent - received < WINDOW do
      assert(conn:send(piece))
      sent = sent + size
    end
    received = received + #assert(conn:receive())
  end
  conn:close()
end

function loads.trips(size, count)
  local conn = assert(guest:connect(HOST, ECHO))
  local data = ("."):rep(size)
  for _ = 1, count do assert(conn:exchange(data)) end
  conn:close()
end

function loads.connect(_, count)
  for _ = 1, count do assert(guest:connect(HOST, ECHO)):close() end
end

io.stdout:setvbuf "no"
attach(arg[1])
gate = assert(guest:connect(HOST, ECHO))
for line in io.lines() do
  local name, size, count = line:match "(%a+) (%d+) (%d+)"
  print "begin"
  local done, message = pcall(loads[name], tonumber(size), tonumber(count))
  print(done and "end" or message)
end
guest:close()
