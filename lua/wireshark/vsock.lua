-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- vsk for Wireshark: what its own vSocket dissector leaves out. See docs/wireshark.md.
--
-- The own dissector runs first, so that all of its fields stay; a tree of ours follows. Credit is
-- known from a connection's REQUEST on, so a connection that began before the capture has none.
-- Lua is 5.2 in Wireshark up to 4.2 and 5.4 behind it: nothing here that only one of them knows.

local MONITOR, HEADER, VIRTIO = 32, 44, 2
local WRAP, HALF = 4294967296, 2147483648

local TYPES = { [1] = "STREAM", [2] = "SEQPACKET" }
local OPS = {
  [0] = "INVALID", "REQUEST", "RESPONSE", "RST", "SHUTDOWN", "RW", "CREDIT_UPDATE",
  "CREDIT_REQUEST",
}
local REQUEST, RESPONSE, RST, SHUTDOWN, RW, CREDIT_REQUEST = 1, 2, 3, 4, 5, 7
local SEQPACKET = 2

local builtin = DissectorTable.get("wtap_encap"):get_dissector(wtap_encaps.VSOCK)
local vsk = Proto("vsk", "virtio-vsock connection")

local f = {
  conn = ProtoField.uint32("vsk.conn", "Connection"),
  first = ProtoField.framenum("vsk.conn.first", "First packet of it"),
  type = ProtoField.uint16("vsk.type", "Type", base.DEC, TYPES),
  op = ProtoField.uint16("vsk.op", "Operation", base.DEC, OPS),
  flags = ProtoField.uint32("vsk.flags", "Flags", base.HEX),
  receive = ProtoField.bool("vsk.flags.receive", "RECEIVE: will receive no more", 32, nil, 1),
  send = ProtoField.bool("vsk.flags.send", "SEND: will send no more", 32, nil, 2),
  eom = ProtoField.bool("vsk.flags.eom", "EOM: a message ends", 32, nil, 1),
  eor = ProtoField.bool("vsk.flags.eor", "EOR: a record ends", 32, nil, 2),
  in_flight = ProtoField.uint32("vsk.in_flight", "In flight"),
  free = ProtoField.uint32("vsk.free", "Free credit"),
  peer_in_flight = ProtoField.uint32("vsk.peer.in_flight", "Peer: in flight"),
  peer_free = ProtoField.uint32("vsk.peer.free", "Peer: free credit"),
  stall_end = ProtoField.framenum("vsk.stall.end", "Stall ends with"),
  stall_begin = ProtoField.framenum("vsk.stall.begin", "Stall began with"),
  stall_time = ProtoField.relative_time("vsk.stall.time", "Stall lasted"),
}
vsk.fields = f

local function info(name, words, group, severity)
  return ProtoExpert.new("vsk." .. name, words, expert.group[group], expert.severity[severity])
end

local e = {
  bad_op = info("bad_op", "Unknown operation", "PROTOCOL", "ERROR"),
  bad_type = info("bad_type", "Unknown type", "PROTOCOL", "ERROR"),
  bad_flags = info("bad_flags", "Flags that have no meaning here", "PROTOCOL", "WARN"),
  bad_len = info("bad_len", "len is not the length of the payload", "PROTOCOL", "ERROR"),
  over_credit = info("over_credit", "Passes the credit", "PROTOCOL", "ERROR"),
  bad_fwd_cnt = info("bad_fwd_cnt", "fwd_cnt cannot be true", "PROTOCOL", "ERROR"),
  shrunk = info("shrunk", "buf_alloc is below what is in flight", "SEQUENCE", "NOTE"),
  after_shutdown = info("after_shutdown", "RW after its own SHUTDOWN", "PROTOCOL", "ERROR"),
  half_close = info("half_close", "Half-close", "SEQUENCE", "CHAT"),
  refused = info("refused", "Refused", "RESPONSE_CODE", "WARN"),
  reset = info("reset", "Reset", "RESPONSE_CODE", "WARN"),
  closed = info("closed", "Closed", "SEQUENCE", "CHAT"),
  stray = info("stray", "RST outside of a connection", "SEQUENCE", "NOTE"),
  stalled = info("stall", "Stall", "SEQUENCE", "WARN"),
  resumed = info("resume", "Stall ends", "SEQUENCE", "CHAT"),
}
vsk.experts = e
vsk.prefs.conversations = Pref.bool("Print conversations", false,
  "tshark only: a table of all connections behind the packets")

-- Of the file that is open: connections in order, the last one of each flow, and by number of a
-- frame what was found when it was first seen: Wireshark shows frames again in any order.
local connections, last_of, found

-- ---- packets ----

local function has(flags, bit)
  return flags % (2 * bit) >= bit
end

--- Say flags by name, and which fields they are; rest is true where bits are left over.
local function names_of(packet)
  local low, high, fields
  if packet.op == SHUTDOWN then
    low, high, fields = "RECEIVE", "SEND", { f.receive, f.send }
  elseif packet.op == RW and packet.type == SEQPACKET then
    low, high, fields = "EOM", "EOR", { f.eom, f.eor }
  else
    return "", {}, packet.flags ~= 0
  end
  local names = {}
  if has(packet.flags, 1) then names[#names + 1] = low end
  if has(packet.flags, 2) then names[#names + 1] = high end
  return table.concat(names, "|"), fields, packet.flags >= 4
end

local function read(tvb, pinfo)
  local function u32(offset) return tvb(MONITOR + offset, 4):le_uint() end
  local src = tostring(tvb(MONITOR, 8):le_uint64())
  local dst = tostring(tvb(MONITOR + 8, 8):le_uint64())
  -- %d, as Lua 5.4 would put ".0" behind a number that comes as a float.
  return {
    number = pinfo.number,
    time = pinfo.rel_ts,
    src_cid = src,
    dst_cid = dst,
    src = string.format("%s:%d", src, u32(16)),
    dst = string.format("%s:%d", dst, u32(20)),
    len = u32(24),
    type = tvb(MONITOR + 28, 2):le_uint(),
    op = tvb(MONITOR + 30, 2):le_uint(),
    flags = u32(32),
    buf_alloc = u32(36),
    fwd_cnt = u32(40),
    payload = tvb:reported_len() - MONITOR - HEADER,
  }
end

-- ---- connections ----

local function new_side()
  -- sent and forwarded count on beyond 2^32; edge: the furthest that the peer may send to
  return { sent = 0, forwarded = 0, window = 0, edge = 0, packets = 0 }
end

local function new_connection(packet)
  local conn = {
    number = #connections, first = packet.number, from = packet.time, to = packet.time,
    one = packet.src, other = packet.dst, type = packet.type, known = packet.op == REQUEST,
    state = "open", stalls = 0, sides = { [packet.src] = new_side(), [packet.dst] = new_side() },
  }
  -- With itself: whose packet it is cannot be told.
  if packet.src == packet.dst then conn.known = false end
  connections[#connections + 1] = conn
  return conn
end

--- Find a packet's connection; a REQUEST begins one.
local function connection_of(packet)
  local a, b = packet.src, packet.dst
  local flow = a < b and a .. " " .. b or b .. " " .. a
  local conn = last_of[flow]
  if not conn or packet.op == REQUEST then
    conn = new_connection(packet)
    last_of[flow] = conn
  end
  return conn
end

local function in_flight(side, peer)
  return side.sent - peer.forwarded
end

local function free(side, peer)
  return math.max(peer.window - in_flight(side, peer), 0)
end

--- What a note has: its expert infos, and fields of its own.
local function say(note, kind, ...)
  note.infos[#note.infos + 1] = { e[kind], string.format(...) }
end

--- Learn from buf_alloc and fwd_cnt; a fwd_cnt that cannot be true is not believed.
local function learn(note, packet, side, peer)
  local ahead = (packet.fwd_cnt - side.forwarded) % WRAP
  local over = side.forwarded + ahead - peer.sent
  if over > 0 and ahead >= HALF then
    say(note, "bad_fwd_cnt", "fwd_cnt goes back from %d to %d", side.forwarded % WRAP,
      packet.fwd_cnt)
  elseif over > 0 then
    say(note, "bad_fwd_cnt", "fwd_cnt is %d, %d more than the bytes sent to it", packet.fwd_cnt,
      over)
  else
    side.forwarded = side.forwarded + ahead
  end
  if packet.buf_alloc < side.window and packet.buf_alloc < in_flight(peer, side) then
    say(note, "shrunk", "buf_alloc shrinks to %d with %d bytes in flight", packet.buf_alloc,
      in_flight(peer, side))
  end
  side.window, side.spoke = packet.buf_alloc, true
  side.edge = math.max(side.edge, side.forwarded + side.window)
end

--- Count payload, and hold it to what the peer has ever allowed.
local function count(note, packet, side, peer)
  side.sent = side.sent + packet.len
  if side.shut_send then
    say(note, "after_shutdown", "RW after CID %s's own SHUTDOWN(SEND)", packet.src_cid)
  end
  if peer.spoke and side.sent > peer.edge then
    say(note, "over_credit", "Passes the credit by %d bytes", side.sent - peer.edge)
  end
end

local function begin_stall(note, conn, packet, side, peer)
  local full = packet.op == RW and free(side, peer) == 0
  -- Who asks cannot send what it has, be there a few bytes of room or not.
  if not peer.spoke or side.stall or not (full or packet.op == CREDIT_REQUEST) then return end
  side.stall = { first = packet.number, from = packet.time }
  note.stall = side.stall
  conn.stalls = conn.stalls + 1
  say(note, "stalled", "Stall: CID %s waits, CID %s owes a CREDIT_UPDATE", packet.src_cid,
    packet.dst_cid)
end

local function end_stall(note, packet, side, peer)
  if not peer.stall or free(peer, side) == 0 then return end
  peer.stall.last, peer.stall.to = packet.number, packet.time
  note.over, peer.stall = peer.stall, nil
  say(note, "resumed", "Stall ends: CID %s may send %d bytes", packet.dst_cid, free(peer, side))
end

local function shut_down(note, packet, side)
  local receive = side.shut_receive or has(packet.flags, 1)
  local send = side.shut_send or has(packet.flags, 2)
  if receive ~= send then
    say(note, "half_close", "Half-close: CID %s will %s no more", packet.src_cid,
      send and "send" or "receive")
  end
  side.shut_receive, side.shut_send = receive, send
end

--- A RST ends it; why says what came before.
local function reset(note, conn, packet, side, peer)
  local from = string.format("by CID %s", packet.src_cid)
  if conn.state ~= "open" then
    say(note, "stray", "RST of a connection that is over")
    return
  end
  local both = (side.shut_send or peer.shut_receive) and (peer.shut_send or side.shut_receive)
  if conn.known and not conn.answered and packet.dst == conn.one then
    conn.state = "refused"
    say(note, "refused", "Refused %s", from)
  elseif both then
    conn.state = "closed"
    say(note, "closed", "Closed")
  else
    conn.state = "reset"
    local lost = conn.known and
      string.format(" with %d bytes in flight", in_flight(side, peer) + in_flight(peer, side))
    say(note, "reset", "Reset %s%s", from, lost or "")
  end
end

--- Take a packet into the account of its connection.
local function follow(note, conn, packet)
  local side, peer = conn.sides[packet.src], conn.sides[packet.dst]
  if conn.state ~= "open" then
    if packet.op == RST then reset(note, conn, packet, side, peer) end
    return
  end
  side.packets, conn.to = side.packets + 1, packet.time
  if packet.op == RESPONSE then conn.answered = true end
  if packet.op == SHUTDOWN then shut_down(note, packet, side) end
  if not conn.known then
    if packet.op == RW then side.sent = side.sent + packet.len end
    if packet.op == RST then reset(note, conn, packet, side, peer) end
    return
  end
  if packet.op == RW then count(note, packet, side, peer) end
  -- A RST may speak for a side that has no connection, and so no account.
  if packet.op == RST then
    reset(note, conn, packet, side, peer)
  else
    learn(note, packet, side, peer)
    end_stall(note, packet, side, peer)
  end
  begin_stall(note, conn, packet, side, peer)
  if peer.spoke then note.in_flight, note.free = in_flight(side, peer), free(side, peer) end
  if side.spoke then
    note.peer_in_flight, note.peer_free = in_flight(peer, side), free(peer, side)
  end
end

--- What there is to say about a packet; said once, in the order of the capture.
local function look_at(packet)
  local note = { infos = {} }
  local known_op, known_type = OPS[packet.op] and packet.op ~= 0, TYPES[packet.type]
  if not known_op then say(note, "bad_op", "Operation %d is none", packet.op) end
  if not known_type then say(note, "bad_type", "Type %d is none", packet.type) end
  local _, _, rest = names_of(packet)
  if rest then
    say(note, "bad_flags", "Flags 0x%x have no meaning in %s", packet.flags,
      OPS[packet.op] or "it")
  end
  if packet.len ~= packet.payload then
    say(note, "bad_len", "len is %d, the payload has %d bytes", packet.len, packet.payload)
  end
  if known_op and (known_type or packet.op == RST) then
    note.conn = connection_of(packet)
    follow(note, note.conn, packet)
  end
  return note
end

-- ---- what is shown ----

local function show_fields(tree, tvb, packet)
  tree:add_le(f.type, tvb(MONITOR + 28, 2))
  tree:add_le(f.op, tvb(MONITOR + 30, 2))
  local range = tvb(MONITOR + 32, 4)
  local names, fields = names_of(packet)
  local item = tree:add_le(f.flags, range)
  if names ~= "" then item:append_text(" (" .. names .. ")") end
  for _, field in ipairs(fields) do item:add_le(field, range) end
end

local function show_note(tree, note)
  local function made(field, value)
    if value then tree:add(field, value):set_generated() end
  end
  if note.conn then
    made(f.conn, note.conn.number)
    made(f.first, note.conn.first)
  end
  for _, name in ipairs { "in_flight", "free", "peer_in_flight", "peer_free" } do
    made(f[name], note[name])
  end
  if note.stall then made(f.stall_end, note.stall.last) end
  if note.over then
    local lasted = note.over.to - note.over.from
    local whole = math.floor(lasted)
    made(f.stall_begin, note.over.first)
    made(f.stall_time, NSTime(whole, math.floor((lasted - whole) * 1e9 + 0.5)))
  end
  for _, each in ipairs(note.infos) do tree:add_proto_expert_info(each[1], each[2]) end
end

local function line_of(packet, note)
  local names = names_of(packet)
  local parts = {
    string.format("%s → %s", packet.src, packet.dst),
    TYPES[packet.type] or string.format("type %d", packet.type),
    OPS[packet.op] or string.format("op %d", packet.op),
  }
  if names ~= "" then parts[#parts + 1] = names end
  if packet.len > 0 then parts[#parts + 1] = string.format("len=%d", packet.len) end
  if note.free then
    parts[#parts + 1] = string.format("in_flight=%d free=%d", note.in_flight, note.free)
  end
  for _, each in ipairs(note.infos) do parts[#parts + 1] = "[" .. each[2] .. "]" end
  return table.concat(parts, " ")
end

function vsk.dissector(tvb, pinfo, tree)
  local is_virtio = tvb:len() >= MONITOR + HEADER and tvb(26, 2):le_uint() == VIRTIO and
    tvb(28, 2):le_uint() == HEADER
  if not is_virtio then return builtin:call(tvb, pinfo, tree) end
  -- It would end at a payload that was not captured as a whole, and this function with it.
  local cut = tvb:len() < tvb:reported_len()
  builtin:call(cut and tvb(0, MONITOR + HEADER):tvb() or tvb, pinfo, tree)
  local packet = read(tvb, pinfo)
  local note = found[packet.number]
  if not note then
    note = look_at(packet)
    found[packet.number] = note
  end
  local own = tree:add(vsk, tvb(MONITOR, HEADER))
  show_fields(own, tvb, packet)
  show_note(own, note)
  pinfo.cols.info = line_of(packet, note)
  return tvb:len()
end

--- All connections so far, as a table.
local function table_of_connections()
  local lines = {
    string.format("%5s  %-22s %-22s %-9s %8s %10s %10s %9s %6s  %s", "conn", "asked", "answered",
      "type", "packets", "bytes >", "bytes <", "seconds", "stalls", "end"),
  }
  for _, conn in ipairs(connections) do
    local one, other = conn.sides[conn.one], conn.sides[conn.other]
    local packets = one == other and one.packets or one.packets + other.packets
    lines[#lines + 1] = string.format("%5d  %-22s %-22s %-9s %8d %10d %10d %9.6f %6d  %s",
      conn.number, conn.one, conn.other, TYPES[conn.type] or "", packets, one.sent, other.sent,
      conn.to - conn.from, conn.stalls, conn.state)
  end
  return table.concat(lines, "\n") .. "\n"
end

local printer
function vsk.init()
  connections, last_of, found = {}, {}, {}
  if vsk.prefs.conversations and not gui_enabled() and not printer then
    printer = Listener.new("frame")
    function printer.draw() io.write(table_of_connections()) end
  end
end

if gui_enabled() then
  register_menu("vsock conversations", function()
    TextWindow.new("vsock conversations"):set(table_of_connections())
  end, MENU_TOOLS_UNSORTED)
end

DissectorTable.get("wtap_encap"):add(wtap_encaps.VSOCK, vsk)
