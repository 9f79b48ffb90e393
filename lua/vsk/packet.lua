-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Packets and their headers: C types with fields, and these functions and methods.
--
-- Both have the ten fields of the wire, `src_cid` to `fwd_cnt`, the pairs `src` and `dst`
-- as `{cid, port}`, and `flag_names`. Cids are 64 bits: above 2^63 - 1 they are negative in
-- Lua, `("%016x"):format(cid)` shows them and `math.ult` compares them.
-- A Packet also has `payload` (a string), `header` (a copy), and `room`.
-- @module vsk.packet
local core = require "vsk.core"
local view = require "vsk.view"

local Packet, Header = core.classes.Packet, core.classes.Header
local drawing = Packet._drawing -- of both

--- Print every field with its offset, size, value and meaning.
function Packet:show()
  print(drawing(self))
end

local chain_of = Packet._chain

--- Print every byte with its field, and in a chain with the descriptor and the guest address
-- where it stands.
function Packet:hexdump()
  print(view.hexdump(self, chain_of(self)))
end

--- Print every field with its offset, size, value and meaning.
function Header:show()
  print(drawing(self))
end

return {
  --- Make a packet.
  -- @function packet
  -- @tparam[opt] table fields any of a packet's fields; `len` follows the payload unless given
  -- @treturn Packet type STREAM and op INVALID where they are not given
  packet = core.packet,

  --- Parse a packet from the bytes of the wire; extra bytes are ignored.
  -- @function parse
  -- @tparam string bytes 44 bytes of header and the payload
  -- @tparam[opt] table options max_payload: largest len to accept, 65536
  -- @treturn[1] Packet
  -- @return[2] nil, message, code
  parse = core.Packet.parse,

  --- Read a packet from a chain of a TX queue; it borrows the payload while the chain is held.
  -- @function from_tx
  -- @tparam Chain chain popped at the device's end
  -- @tparam[opt] table options max_payload: largest len to accept, 65536
  -- @treturn[1] Packet
  -- @return[2] nil, message, code
  from_tx = core.Packet.from_tx,

  --- Begin a packet in a chain of an RX queue: set its fields, write its payload, commit it.
  -- @function into_rx
  -- @tparam Chain chain popped at the device's end
  -- @tparam[opt] table options max_payload: most payload bytes to make room for, 65536
  -- @treturn[1] Packet
  -- @return[2] nil, message, code
  into_rx = core.Packet.into_rx,

  --- Make a header.
  -- @function header
  -- @tparam[opt] table fields any of a header's fields
  -- @treturn Header type STREAM and op INVALID where they are not given
  header = core.header,

  --- Parse a header.
  -- @function parse_header
  -- @tparam string bytes at least 44; extra bytes are ignored
  -- @treturn[1] Header
  -- @return[2] nil, message, code
  parse_header = core.Header.parse,
}
