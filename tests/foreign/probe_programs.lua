-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Programs of the host that are slow, dead or rude; sessions that come and go; what is left.
local rig = require "rig"

-- ---- one program and the others ----

rig.probe("slow_program", 20, "a program that reads nothing holds up its own connection alone",
  function()
    local guest = rig.attach()
    rig.host("listen", 1234, "hold")
    local conn = rig.connect(guest, 1234)
    conn:send(rig.pattern(1 << 20))
    rig.drive(guest, 0.5)
    rig.echo(guest)
    rig.drive(guest, 0.2)
    rig.echo(guest)
  end)

rig.probe("listener_accepts_nobody", 20, "a listener whose backlog is full holds up nobody else",
  function()
    local guest = rig.attach()
    rig.host("listen", 1234, "stuck")
    for port = 5001, 5004 do rig.hand(guest, port, 1234):tx { op = "REQUEST" } end
    rig.drive(guest, 0.3)
    rig.echo(guest)
  end)

rig.probe("program_dies", 20, "a program that exits with unread bytes harms no other connection",
  function()
    local guest = rig.attach()
    rig.host("listen", 1234, "hold")
    for number = 1, 5 do
      local conn = rig.connect(guest, 1234)
      conn:send(rig.pattern(300000))
      rig.drive(guest, 0.05)
      rig.host("close", rig.came(guest, 1234, number))
      rig.drive(guest, 0.05)
    end
    rig.echo(guest)
  end)

rig.probe("program_dies_while_dialling", 20,
  "a program that exits before the guest has answered harms nobody", function()
    local guest = rig.attach()
    local hand = rig.hand(guest, 7000, 9)
    hand:tx { op = "RST" } -- from now on the port is ours
    local id = rig.host("dial", "CONNECT 7000\n", "keep")
    hand.fields.dst = hand:expect({ op = "REQUEST" }).src
    rig.host("close", id)
    rig.drive(guest, 0.1)
    hand:tx { op = "RESPONSE" }
    rig.drive(guest, 0.2)
    rig.echo(guest)
  end)

rig.probe("idle", 20, "with nothing to do the device uses no processor time", function()
  local guest = rig.attach()
  rig.host("listen", 1234, "keep")
  local conn = rig.connect(guest, 1234)
  conn:send(rig.pattern(1000))
  rig.reached(guest, rig.came(guest, 1234), 1000)
  local before = rig.host "seconds"
  rig.drive(guest, 2)
  local used = rig.host "seconds" - before
  rig.want(used < 0.3, "%.1f s of processor time in 2 s without a packet", used)
end)

rig.probe("idle_behind_slow_program", 20, "while a program does not read no processor time is used",
  function()
    local guest = rig.attach()
    rig.host("listen", 1234, "hold")
    local conn = rig.connect(guest, 1234)
    conn:send(rig.pattern(1 << 20))
    rig.drive(guest, 1)
    local before = rig.host "seconds"
    rig.drive(guest, 2)
    local used = rig.host "seconds" - before
    rig.want(used < 0.3, "%.1f s of processor time in 2 s without a packet", used)
  end)

rig.probe("idle_after_short_dial", 20,
  "when a program has connected and exited no processor time is used", function()
    local guest = rig.attach()
    rig.host("close", rig.host("dial", "", "keep"))
    rig.drive(guest, 0.5)
    local before = rig.host "seconds"
    rig.drive(guest, 2)
    local used = rig.host "seconds" - before
    rig.want(used < 0.3, "%.1f s of processor time in 2 s without a packet", used)
    rig.echo(guest)
  end)

-- ---- the line with which a program dials ----

--- Dial in these pieces; the guest must be reached.
local function dial(pieces, after)
  local guest = rig.attach()
  assert(guest:listen(80))
  local id = rig.host("dial", pieces[1], "keep")
  for number = 2, #pieces do
    rig.drive(guest, 0.05)
    rig.want(rig.host("say", id, pieces[number]), "the socket is closed after %q",
      table.concat(pieces, "", 1, number - 1))
  end
  local state = rig.state(guest, id, 2, function(state)
    return state.line:find "\n" or state.ended ~= ""
  end)
  rig.want(state.line:find "^OK %d+\n$", "the program reads %q, then %s", state.line,
    state.ended == "" and "nothing for 2 s" or state.ended)
  if after then after(guest, id) end
  rig.echo(guest)
end

--- Dial with something wrong; the socket must be closed, and others served.
local function rude(text)
  return function()
    local guest = rig.attach()
    assert(guest:listen(80))
    local id = rig.host("dial", text, "keep")
    local state, ended = rig.state(guest, id, 2, function(state) return state.ended ~= "" end)
    rig.want(not state.line:find "OK", "the program reads %q", state.line)
    rig.want(ended, "2 s later the program's socket is still open, and nothing is said")
    rig.echo(guest)
  end
end

rig.probe("dial_in_pieces", 21, "CONNECT 80 in three pieces is understood", function()
  dial { "CON", "NECT 8", "0\n" }
end)

rig.probe("dial_byte_by_byte", 21, "CONNECT 80 a byte at a time is understood", function()
  dial { "C", "O", "N", "N", "E", "C", "T", " ", "8", "0", "\n" }
end)

rig.probe("dial_and_data", 21, "payload in the same write as CONNECT arrives", function()
  local guest = rig.attach()
  local listener = assert(guest:listen(80))
  rig.host("dial", "CONNECT 80\nhello", "keep")
  local conn = assert(listener:accept())
  rig.wait(guest, 2, function() return conn.unread >= 5 end)
  rig.want(conn.unread == 5, "%d of 5 bytes reached the guest", conn.unread)
end)

rig.probe("dial_junk", 21, "a line that is not CONNECT: the socket is closed", rude "HELLO WORLD\n")
rig.probe("dial_no_port", 21, "CONNECT without a port: the socket is closed", rude "CONNECT\n")
rig.probe("dial_port_too_large", 21, "CONNECT 4294967296: the socket is closed",
  rude "CONNECT 4294967296\n")
rig.probe("dial_too_long", 21, "a line without an end: the socket is closed",
  rude("CONNECT " .. ("1"):rep(4000)))
rig.probe("dial_not_text", 21, "a line that is not UTF-8: the socket is closed",
  rude "CONNECT \u{7fffffff}\n")

rig.probe("dial_says_nothing", 21, "a program that says nothing holds up nobody", function()
  local guest = rig.attach()
  rig.host("dial", "", "keep")
  rig.host("dial", "CONN", "keep")
  rig.drive(guest, 0.2)
  rig.echo(guest)
  dial { "CONNECT 80\n" }
end)

rig.probe("dial_before_guest", 21, "CONNECT before a guest is there is refused, and harms nobody",
  function()
    local id = rig.host("dial", "CONNECT 80\n", "keep")
    rig.host("sleep", 0.3)
    local state = rig.host("state", id)
    rig.want(state.ended ~= "", "0.3 s later the program's socket is still open")
    rig.echo(rig.attach())
  end)

rig.probe("dial_refused", 21, "CONNECT to a port on which the guest does not listen: closed, no OK",
  rude "CONNECT 81\n")

-- ---- sessions, and what is left ----

rig.probe("front_end_returns", 18, "the front end goes and comes: connections end, new ones work",
  function()
    rig.host("listen", 1234, "keep")
    local guest = rig.attach()
    local conn = rig.connect(guest, 1234)
    conn:send(rig.pattern(1000))
    local id = rig.came(guest, 1234)
    rig.reached(guest, id, 1000)
    rig.leave()
    guest = rig.attach()
    local _, ended = rig.state(guest, id, 2, function(state) return state.ended ~= "" end)
    rig.want(ended, "the program's connection is still open when the next guest is there")
    rig.echo(guest)
  end)

rig.probe("new_guest_same_ports", 18, "a new guest can use the ports of the one before it",
  function()
    rig.host("listen", 1234, "echo")
    for _ = 1, 3 do
      local guest = rig.attach()
      local hand = rig.hand(guest, 5000, 1234):connect()
      hand:tx { op = "RW", payload = rig.pattern(100) }
      rig.want(hand:take(2, 100) == 100, "no echo")
      rig.leave()
    end
  end)

--- Do something often; no descriptor of the device may be left over.
local function leaves_nothing(often, call)
  return function()
    local guest = rig.attach()
    rig.host("listen", 1234, "echo")
    call(guest, 0)
    rig.drive(guest, 0.5)
    local before = rig.host "fds"
    for number = 1, often do guest = call(guest, number) or guest end
    local after
    rig.wait(guest, 2, function()
      after = rig.host "fds"
      return after <= before
    end)
    rig.want(after <= before, "%d descriptors of the device before, %d after %d times", before,
      after, often)
    rig.echo(guest)
  end
end

rig.probe("sessions_leave_nothing", 18, "10 front ends with a connection each leave no descriptor",
  leaves_nothing(10, function()
    local guest = rig.attach()
    rig.connect(guest, 1234)
    rig.drive(guest, 0.05)
    return guest
  end))

rig.probe("connections_leave_nothing", 18, "50 connections that are closed leave no descriptor",
  leaves_nothing(50, function(guest)
    local conn = rig.connect(guest, 1234)
    rig.exchange(guest, conn, 100)
    conn:close()
    rig.drive(guest, 0.02)
  end))

rig.probe("resets_leave_nothing", 18, "50 connections that are reset leave no descriptor",
  leaves_nothing(50, function(guest)
    local conn = rig.connect(guest, 1234)
    conn:reset()
    rig.drive(guest, 0.02)
  end))

rig.probe("refused_dials_leave_nothing", 23, "50 dials that the guest refuses leave no descriptor",
  leaves_nothing(50, function(guest)
    local id = rig.host("dial", "CONNECT 81\n", "keep")
    rig.state(guest, id, 1, function(state) return state.ended ~= "" end)
    rig.host("close", id)
  end))

rig.probe("refused_requests_leave_nothing", 23, "50 REQUESTs that are refused leave no descriptor",
  leaves_nothing(50, function(guest, number)
    local hand = rig.hand(guest, 5000 + number, 4321)
    hand:tx { op = "REQUEST" }
    hand:next(0.05)
  end))

rig.probe("rude_dials_leave_nothing", 23, "50 lines that are not CONNECT leave no descriptor",
  leaves_nothing(50, function(guest)
    local id = rig.host("dial", "HELLO\n", "keep")
    rig.state(guest, id, 1, function(state) return state.ended ~= "" end)
    rig.host("close", id)
  end))

rig.probe("short_dials_leave_nothing", 23, "50 programs that connect and exit leave no descriptor",
  leaves_nothing(50, function(guest)
    rig.host("close", rig.host("dial", "", "keep"))
    rig.drive(guest, 0.02)
  end))
