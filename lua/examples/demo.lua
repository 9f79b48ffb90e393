-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- ./run demo: a device and a guest talk. The same as demo.py, which also shows the packets.
local vsk = require "vsk"

local lab = vsk.lab {
  cid = 3, buf_alloc = 4096, seed = 1,
  on_request = function(conn) if conn.local_port == 1234 then conn:accept() end end,
  on_data = function(conn, data) conn:send(data) end,
}
local guest = lab.guest

--- Let everything that is on its way arrive, as demo.py does before it shows it.
local function settle()
  lab:run(nil, 0)
end

settle()
local stream = assert(guest:connect(2, 1234))
settle()
assert(stream:exchange "hello" == "hello")
settle()
assert(#stream:exchange(("\0"):rep(6000)) == 6000)
settle()
stream:shutdown { send = true }
assert(select(3, stream:receive()) == "EOF")
settle()

local message = assert(guest:connect(2, 1234, "SEQPACKET"))
message:send "one"
message:send "two"
assert(message:receive() == "one" and message:receive() == "two")
message:close()
settle()

assert(select(3, guest:connect(2, 9999)) == "RESET")
settle()

guest:tx { op = "REQUEST", src_port = 7, dst = { 2, 1234 }, buf_alloc = 4096 }
assert(guest:expect { op = "RESPONSE", within = 0.1 })
guest:tx { op = "RW", src_port = 7, dst = { 2, 1234 }, payload = ("\0"):rep(5000), layout = { 10, 34, 5000 } }
assert(guest:expect { op = "RST", within = 0.1 })
settle()

assert(lab.trace:save(arg[1] .. ".txt"))
assert(lab.trace:save(arg[1] .. ".pcapng"))
