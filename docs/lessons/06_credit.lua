-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- Lesson 6: Credit and stalls, in Lua. Run it by: ./run lua docs/lessons/06_credit.lua
--
-- At the end you can say of any vsock connection how many bytes each side may send, and who has
-- to end a stall. Read the text beside what the script prints, and write your answers where a
-- line says nil. 10 minutes. In Python, and with more: 06_credit.md.
local vsk = require "vsk"
local lesson = require "vsk.lesson" (6)

-- Each side of a connection has a buffer for what it receives, tells the other how big it is, and
-- the other never sends more than fits. Two fields of every packet carry the account of its
-- sender:
--
--     buf_alloc   how big its buffer for this connection is, free and filled together
--     fwd_cnt     how many bytes it has taken out of that buffer since the connection began

local reader -- the device's end of the connection
local lab = vsk.lab {
  cid = 3,
  buf_alloc = 10000,
  -- This guest counts bytes and nothing else, as the specification does.
  guests = { vsk.guest { meter = false } },
  on_request = function(conn)
    reader = conn
    conn:accept()
  end,
  on_data = function() end,
}

--- Print the packets that passed since the last call, and what the guest may send.
local seen = 0
local function show(conn)
  for i = seen + 1, #lab.trace do
    if lab.trace[i].packet then print(lab.trace[i].packet) end
  end
  seen = #lab.trace
  print(("    the guest may send %d, and %d bytes wait"):format(conn.credit, conn.queued))
end

print "## A connection"
local conn = assert(lab.guest:connect(2, 1234, "STREAM", { local_port = 5000 }))
show(conn)

-- Who sends keeps one number more, which is in no packet: tx_cnt, the payload bytes sent so far.
-- It may send
--
--     free = peer's buf_alloc - (tx_cnt - peer's fwd_cnt)
--
-- The part in brackets is in flight: sent, and not taken as far as the sender knows. Headers do
-- not count. Here the device's application stops reading, and the guest sends 6,000 bytes.

print "\n## 6,000 bytes that nobody reads"
reader:pause()
conn:send(("x"):rep(6000))
lab:run()
show(conn)

-- Exercise 1. The device now takes 2,500 of the 6,000 bytes, and sends a packet with
-- buf_alloc=10000 fwd_cnt=2500. How many bytes may the guest send after it?

local free_bytes = nil
lesson:check(1, free_bytes)

-- The guest sends 6,000 bytes more, and the device still takes nothing. There is room for 4,000.
-- The guest asks, and the answer says what was known: this is a stall. It is no error, and
-- nothing is lost.

print "\n## 6,000 bytes more"
conn:send(("y"):rep(6000))
lab:run(nil, 0.01)
show(conn)

-- Exercise 2. Whose packet ends the stall? Answer with the CID of who sends it and the name of
-- its op, as { 7, "RST" }.

local ends_it = nil
lesson:check(2, ends_it)

print "\n## The application reads again"
reader:resume()
lab:run()
show(conn)

-- A buffer can shrink, below what is in flight too. The formula goes below zero there, and who
-- just subtracts unsigned numbers finds room for four gigabytes.

print "\n## A buffer of 2,000 bytes with 6,000 in flight"
reader:pause()
conn:send(("z"):rep(6000))
lab:run()
reader.buf_alloc = 2000
lab:run()
show(conn)
print("    without a floor: " .. (2000 - 6000 & 0xFFFFFFFF))

-- Exercise 3. Write the formula. The arguments are as they stand in 32 bits, and counters begin
-- again at 0 after 4 GiB: be right across that, and for a buffer that has shrunk.

local function free(buf_alloc, fwd_cnt, tx_cnt) -- luacheck: ignore 212
  return nil
end
lesson:check(3, free)

-- Break it. A guest that throws away every CREDIT_UPDATE, and never asks, waits for ever. The
-- device has told and owes nothing; a capture taken there looks healthy.

local deaf = vsk.guest {
  ask = false,
  on_packet = function(packet)
    if packet.op == "CREDIT_UPDATE" then return false end
  end,
}
lab = vsk.lab {
  cid = 3,
  buf_alloc = 10000,
  guests = { deaf },
  on_request = function(conn) conn:accept() end, -- luacheck: ignore 431
  on_data = function() end,
}
print "\n## Break it"
seen = 0
conn = assert(lab.guest:connect(2, 1234, "STREAM", { local_port = 5000 }))
conn:send(("x"):rep(15000))
lab:run(nil, 60)
show(conn)

-- Let it lose the first CREDIT_UPDATE alone, and ask (ask = true): then asking heals it.
--
-- Where the specification says so: virtio 1.4, 5.10.6.3. The account (VSOCK-BOTH-15 to -22),
-- sending only what there is room for (VSOCK-DRV-09, VSOCK-DEV-11).
