-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- Lesson 10: A hostile guest, in Lua. Run it by: ./run lua docs/lessons/10_hostile.lua
--
-- At the end you can write packets and rings that break the rules, and say which reaction is
-- right. Read the text beside what the script prints. 15 minutes. In Python: 10_hostile.md.
local vsk = require "vsk"
local attacks = require "vsk.attacks"
local lesson = require "vsk.lesson" (10)

-- A guest owns its memory. It can write anything into a header, a descriptor, an index, at any
-- time, also while the device reads. For a device none of that is an exception: it is input. This
-- is the rule that vsk tests by:
--
--     A guest can harm nobody but itself. Its chain comes back, its connection or its session
--     ends, and a new session works.

local served -- the device's end of the last connection that was accepted

--- A device that says everything again, louder, and prints which rule its guest has broken.
local function upper()
  return {
    cid = 3,
    on_request = function(conn)
      served = conn
      if conn.local_port == 1234 then conn:accept() end
    end,
    on_data = function(conn, data) conn:send(data:upper()) end,
    on_error = function(_, message) print("the device says: " .. message) end,
  }
end

--- Show packets, what was refused, and chains that came back.
local function show(lab, begin)
  for number = begin, #lab.trace do
    local entry = lab.trace[number]
    if entry.packet then
      print(entry.packet)
    elseif entry.kind == "REFUSED" then
      print "    refused"
    elseif entry.kind == "USED" and entry.queue == "tx" then
      print("    chain " .. entry.head .. " comes back")
    end
  end
end

--- Send a packet by hand to a new device.
local function attack(fields)
  local lab = vsk.lab(upper())
  fields.src_port, fields.dst = 5000, { 2, 1234 }
  lab.guest:tx(fields)
  lab:run()
  show(lab, 9)
end

-- There is no such connection, so the answer is RST. More important is that the chain comes back.
-- A device that forgets that loses a piece of its own queue each time, until nothing moves.
print "## Headers that lie"
attack { op = "RW", payload = "nobody asked" }

-- A header that claims 4,096 bytes where there is one is not even taken for a packet. Who
-- believes len reads memory that belongs to something else, and perhaps sends it back.
print "\n## len"
attack { op = "RW", payload = "x", len = 4096 }

-- A source that is not this guest gets no answer: it would go to somebody who has sent nothing.
print "\n## src_cid"
attack { op = "RW", payload = "x", src_cid = 4 }

-- RST for a connection that is not there is never answered. If both sides did, they would never
-- stop.
print "\n## RST"
attack { op = "RST" }

-- Exercise 1. What does a device do with each of these? Choose from "RST", "nothing" (the chain
-- comes back and no packet is sent) and "keep" (the chain is not given back).
local reactions = {
  nil, -- 1. SHUTDOWN for a connection that is not there
  nil, -- 2. RST for a connection that is not there
  nil, -- 3. a REQUEST whose src_cid is another guest's
  nil, -- 4. a REQUEST of type 7
}
lesson:check(1, reactions)

-- Below packets there are descriptors, which the guest writes as well. Here the second one of a
-- chain says that the first one comes next. vsk stops after as many as the queue has, for a
-- longer chain is not allowed. It is still a chain: it can be printed, and goes back.
print "\n## Rings that lie"
local queue = vsk.queue(vsk.memory(1 << 20), { size = 8 })
local packet = vsk.packet { src = { 3, 5000 }, dst = { 2, 1234 }, op = "RW", payload = "hello" }
queue.driver:send(packet)
queue:set("desc.flags", 1, 1)
queue:set("desc.next", 0, 1)
local chain = queue.device:pop()
print(chain)
print(select(2, vsk.from_tx(chain)))
queue.device:push(chain, 0)

-- An index can lie, too. This one says that 100 chains are available, in a ring of 8. There is no
-- chain to give back, and no way to go on: such a queue stops until it is reset.
queue:set("avail.idx", 100)
print(select(2, queue.device:pop()))

-- Exercise 2. Write the walk of a device. read(slot) reads a descriptor out of guest memory, with
-- the fields addr, len, flags and next. Return a list with { addr, len } of each descriptor of
-- the chain that begins at head, in a table of size descriptors, or nil where the chain is
-- broken. Only the flag NEXT (1) matters here. Remember who owns the memory that read reads.
local function walk(read, head, size) -- luacheck: ignore 212
  return nil
end
lesson:check(2, walk)

-- The guest has a buffer of 4,096 bytes, and the device has 24,000 to send. Then the guest claims
-- to have taken a million. A device that subtracts and does not check finds less than nothing in
-- flight, and room for all. The real one keeps the last account that was true: less is sent then,
-- never too much.
print "\n## Credit that lies"
local lab = vsk.lab(upper())
local function tx(fields)
  fields.src_port, fields.dst, fields.buf_alloc = 5000, { 2, 1234 }, 4096
  lab.guest:tx(fields)
  lab:run(nil, 0.01)
end
tx { op = "REQUEST" }
served:send(("x"):rep(24000))
lab:run(nil, 0.01)
local begin = #lab.trace + 1
tx { op = "CREDIT_UPDATE", fwd_cnt = 1000000 }
show(lab, begin)
print(("room for %d of %d bytes"):format(served.credit, served.peer_buf_alloc))

-- Exercise 3. The lie above is refused. Which of these can a device not find out, as an honest
-- guest might say the same?
--
--     A   fwd_cnt goes back to 0 after it was 3,000
--     B   buf_alloc is 4 GiB - 1 from one packet to the next
--     C   an RW of 5,000 bytes into the device's buffer, which has room for 4,000
local lie = nil
lesson:check(3, lie)

-- vsk.attacks has more than a hundred of these, for any vhost-user device behind a socket:
-- attacks.ring_loop "v.sock" does one, and gives a verdict. `vsk torture v.sock` does all.
print "\n## All known ones"
print(attacks.ring_loop.wanted)
print(table.concat(attacks.ring_loop.steps, "\n"))

-- Break it. Look at len, decide that it is right, and look again to use it. Between the two the
-- guest writes. A check means nothing for memory that somebody else can write, unless what was
-- checked is what is used. vsk copies the 44 bytes once, and reads the copy.
print "\n## Break it"
local memory = vsk.memory(1 << 20)
queue = vsk.queue(memory, { size = 8 })
queue.driver:send(packet)
chain = queue.device:pop()
local at = chain.spans[1].addr + 24 -- where the header has len

local function len_of() return (("<I4"):unpack(memory:read(at, 4))) end

local got = vsk.from_tx(chain)
assert(len_of() <= chain.readable - 44)
memory:write(at, ("<I4"):pack(1 << 30))
print("careless: " .. len_of() .. " bytes")
print("vsk: " .. got.len .. " bytes, as it was when it was looked at")

-- Where the specification says so: virtio 1.4, 2.7.5 and 2.7.6, what a descriptor and an index
-- may be (SPLIT-BOTH-05, SPLIT-DRV-03, SPLIT-DRV-05, SPLIT-DRV-06); 5.10.6, headers
-- (VSOCK-BOTH-06, VSOCK-BOTH-08); 5.10.6.2 and 5.10.6.4.1, who is answered and who is not
-- (VSOCK-BOTH-11, VSOCK-DRV-13, VSOCK-DEV-13); 5.10.6.3, credit (VSOCK-BOTH-18).
