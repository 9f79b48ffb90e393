-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- Lesson 5: Connect and close, in Lua. Run it by: ./run lua docs/lessons/05_close.lua
--
-- At the end you can follow a connection from its first packet to its last, say which side ended
-- it and whether anything was lost, and write a device that answers when its peer has finished.
-- Read the text beside what the script prints. 15 minutes. In Python: 05_close.md.
local vsk = require "vsk"
local lesson = require "vsk.lesson" (5)

--- Show the packets and the timers from an entry of the trace on.
local function packets(lab, begin)
  for number = begin + 1, #lab.trace do
    local entry = lab.trace[number]
    if entry.packet or entry.kind == "TIMER" then
      print(("%.1f s  %s"):format(entry.time, entry.packet or "a timer rings"))
    end
  end
end

-- A lab has a device and a guest in one process, with a clock that stands still while nothing
-- waits for it. A device is a table of hooks. This one accepts connections to port 1234 and sends
-- back what it gets.
local function echo()
  return {
    cid = 3,
    on_request = function(conn) if conn.local_port == 1234 then conn:accept() end end,
    on_data = function(conn, data) conn:send(data) end,
  }
end

-- Who wants to connect sends a REQUEST. A RESPONSE accepts it. Where nobody listens, the answer
-- is an RST.
print "## Connecting"
local lab = vsk.lab(echo())
local conn = assert(lab.guest:connect(2, 1234, "STREAM", { local_port = 1024 }))
packets(lab, 0)
print(conn.state)
local begin = #lab.trace
print(lab.guest:connect(2, 9999, "STREAM", { local_port = 1025 }))
packets(lab, begin)

-- RW carries the bytes. CREDIT_UPDATE is lesson 6. SHUTDOWN says what its sender will not do any
-- more, by two flags: RECEIVE and SEND. With both set the sender is done. The other side answers
-- with RST, and the connection is gone. So an RST is no error by itself. It says: I have no such
-- connection. The reason at the end, CLOSED, tells this from an RST that came out of the blue.
print "\n## A clean end"
begin = #lab.trace
print(conn:exchange "hello")
conn:close()
lab:run()
packets(lab, begin)
print(conn.state, conn.reason)

-- With one flag a side closes one direction. SEND alone: I have sent all, and still read. A
-- device hears of it by its hook on_eof. If it has none, the kit closes the connection there,
-- after all that is queued was sent.
print "\n## Half of it"
lab = vsk.lab(echo())
conn = assert(lab.guest:connect(2, 1234, "STREAM", { local_port = 1024 }))
begin = #lab.trace
conn:send "a question"
conn:shutdown { send = true }
print(conn:receive_all())
lab:run()
packets(lab, begin)

-- Exercise 1. The specification prints the two constants as 0 and 1, which are the numbers of
-- bits. Which value does the field flags have in a SHUTDOWN that closes both directions?
local flags = nil
lesson:check(1, flags)

-- Exercise 2. Write the hooks of a device that accepts every connection, counts the bytes that
-- come, and says how many there were when its peer has finished: as digits, "11" for 11 bytes.
-- Then it closes. conn.data is yours to keep a number in.
local count = {}
lesson:check(2, count)

-- RST may come at any time. Who sends it wants nothing more, and what is under way is lost. Here
-- the device echoes before it sees the RST. Its RW reaches a guest that has no such connection
-- any more, and the guest says so: that is the second RST.
print "\n## The short end"
lab = vsk.lab(echo())
conn = assert(lab.guest:connect(2, 1234, "STREAM", { local_port = 1024 }))
begin = #lab.trace
conn:send "hello"
conn:reset()
lab:run()
packets(lab, begin)
print(conn.state, conn.reason)

-- Exercise 3. Write that rule. A packet came that belongs to no connection, and it is no REQUEST.
-- Return the packet that answers it, or nil where it gets no answer. Think of what the other side
-- does with yours. vsk.packet { src = { cid, port }, dst = { cid, port }, op = ..., type = ... }
-- makes one; packet.src_cid, .src_port, .dst_cid, .dst_port, .op and .type read one.
local function answer_to(packet) -- luacheck: ignore 212
end
lesson:check(3, answer_to)

-- Break it. A device that hears SHUTDOWN and does not answer: on_packet sees each packet first,
-- and false swallows it. After a second the guest still waits, and its addresses are in use.
-- After 8 seconds it gives up, sends the RST itself, and forgets the connection. The
-- specification leaves the time to the implementation; 8 seconds is what Linux takes.
print "\n## Break it"
local deaf = echo()
deaf.on_packet = function(packet) return packet.op ~= "SHUTDOWN" end
lab = vsk.lab(deaf)
conn = assert(lab.guest:connect(2, 1234, "STREAM", { local_port = 1024 }))
begin = #lab.trace
conn:close()
lab:run(nil, 1)
print(("after %.0f s: %s"):format(lab.now, conn.state))
print(select(3, lab.guest:connect(2, 1234, "STREAM", { local_port = 1024 })))
lab:run()
packets(lab, begin)
print(conn.state, conn.reason)

-- Make it swallow RST instead, and let the guest call conn:reset(): which end still believes in
-- the connection, and what could tell it?
--
-- Where the specification says so: virtio 1.4, 5.10.6.5. REQUEST (VSOCK-BOTH-24), RESPONSE
-- (VSOCK-BOTH-25), RST for who does not listen (VSOCK-BOTH-26), the flags of SHUTDOWN (VSOCK-
-- BOTH-28, VSOCK-BOTH-29), RST at any time (VSOCK-BOTH-31), the clean close (VSOCK-BOTH-32), the
-- timeout (VSOCK-BOTH-33). That nothing answers an RST: VSOCK-DEV-13.
