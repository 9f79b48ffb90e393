-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
local rig = require "tests.lua.rig"
local vsk = require "vsk"

local FIELDS = {
  "src_cid", "dst_cid", "src_port", "dst_port", "len", "type", "op", "flags", "buf_alloc",
  "fwd_cnt",
}
local BITS = {
  src_cid = 64, dst_cid = 64, src_port = 32, dst_port = 32, len = 32, type = 16, op = 16,
  flags = 32,  buf_alloc = 32, fwd_cnt = 32,
}

describe("a packet's fields", function()
  for _, make in ipairs { "packet", "header" } do
    for name, bits in pairs(BITS) do
      it(("of %s: %s keeps every bit of its largest value"):format(make, name), function()
        local largest = bits == 64 and -1 or (1 << bits) - 1
        local object = vsk[make] { [name] = largest }

        assert.equal(largest, object[name])
        assert.equal("integer", math.type(object[name]))
      end)

      it(("of %s: %s refuses what does not fit"):format(make, name), function()
        local object = vsk[make] { [name] = 5 }
        local wrong = { 1.5, 0 / 0, 2 ^ 64, -1.0, {}, true, "1" }
        if bits < 64 then table.insert(wrong, 1 << bits) table.insert(wrong, -1) end

        for _, value in ipairs(wrong) do
          assert.is_false(pcall(function() object[name] = value end), tostring(value))
        end
        assert.is_false(pcall(vsk[make], { [name] = "nonsense" }))
        assert.is_true(object[name] == 5 or vsk[name][object[name]] == 5)
      end)
    end
  end

  it("survive the wire exactly with 64 bits", function()
    for _, cid in ipairs { math.maxinteger, (1 << 53) + 1, math.mininteger, -1 } do
      local packet = vsk.packet { src_cid = cid }

      local again = assert(vsk.parse(packet:bytes()))

      assert.equal(cid, again.src_cid)
      assert.equal(string.pack("<i8", cid), packet:bytes():sub(1, 8))
    end
  end)

  it("above 2^63 can be given as the float that Lua makes of them", function()
    assert.equal(math.mininteger, vsk.packet({ src_cid = 2 ^ 63 }).src_cid)
  end)

  it("take a float with an integer's value", function()
    assert.equal(1024, vsk.packet({ src_port = 1024.0 }).src_port)
    assert.equal("integer", math.type(vsk.packet({ src_port = 1024.0 }).src_port))
  end)

  it("stand where the specification puts them", function()
    local values = {
      src_cid = 1, dst_cid = 2, src_port = 3, dst_port = 4, len = 0, type = 6, op = 7, flags = 8,
      buf_alloc = 9, fwd_cnt = 10,
    }
    local wire = string.pack("<I8I8I4I4I4I2I2I4I4I4", 1, 2, 3, 4, 0, 6, 7, 8, 9, 10)

    -- VSOCK-BOTH-05
    assert.equal(wire, vsk.packet(values):bytes())
    assert.equal(wire, vsk.header(values):bytes())
  end)

  it("come as ten integers in the order of the wire", function()
    local packet = rig.packet { flags = 1 }

    assert.same({ 3, 2, 1024, 1234, 5, 1, 5, 1, 262144, 7 }, { packet:fields() })
    assert.same({ 3, 2, 1024, 1234, 5, 1, 5, 1, 262144, 7 }, { packet.header:fields() })
  end)

  it("come in the order of the wire from pairs", function()
    local names = {}

    for name, value in pairs(rig.packet()) do
      table.insert(names, name)
      assert.equal(rig.packet()[name], value)
    end

    assert.same(FIELDS, names)
  end)

  it("src and dst are pairs of cid and port", function()
    local packet = vsk.packet { src = { 3, 1024 } }
    packet.dst = { 2, 1234 }

    assert.same({ 3, 1024 }, packet.src)
    assert.equal(2, packet.dst_cid)
    assert.equal(1234, packet.dst_port)
  end)

  it("src keeps all 64 bits of its cid", function()
    assert.same({ math.mininteger + 1, 9 }, vsk.packet({ src = { math.mininteger + 1, 9 } }).src)
  end)

  it("src stays whole where its port is wrong", function()
    local packet = vsk.packet { src = { 3, 1024 } }

    assert.is_false(pcall(function() packet.src = { 4, 2 ^ 32 } end))
    assert.is_false(pcall(function() packet.src = { 4 } end))
    assert.is_false(pcall(function() packet.src = 4 end))

    assert.same({ 3, 1024 }, packet.src)
  end)

  it("a field beside an address says more than the address", function()
    assert.same({ 3, 9 }, vsk.packet({ src_port = 9, src = { 3, 1024 } }).src)
  end)

  it("op and type are names where they are known, by name or number", function()
    for name, number in pairs(vsk.op) do
      assert.equal(name, vsk.packet({ op = number }).op)
      assert.equal(number, select(7, vsk.packet({ op = name }):fields()))
    end
    for name, number in pairs(vsk.type) do
      assert.equal(name, vsk.packet({ type = number }).type)
      assert.equal(number, select(6, vsk.packet({ type = name }):fields()))
    end
  end)

  it("op and type are integers where they are unknown", function()
    local packet = assert(vsk.parse(vsk.packet({ op = 999, type = 65535 }):bytes()))

    assert.equal(999, packet.op)
    assert.equal(65535, packet.type)
  end)

  it("flags are named as op and type mean them", function()
    assert.same({ "RECEIVE", "SEND" }, vsk.packet({ op = "SHUTDOWN", flags = 3 }).flag_names)
    local message = vsk.packet { op = "RW", type = "SEQPACKET", flags = vsk.seq.EOM }
    assert.same({ "EOM" }, message.flag_names)
    assert.same({}, vsk.packet({ op = "REQUEST" }).flag_names)
  end)

  it("that do not exist raise when read and when written", function()
    local packet = vsk.packet()

    assert.is_false(pcall(function() return packet.src_cdi end))
    assert.is_false(pcall(function() packet.src_cdi = 3 end))
    assert.is_false(pcall(function() return packet[1] end))
    assert.is_false(pcall(function() packet.flag_names = {} end))
    assert.is_false(pcall(vsk.packet, { src_cdi = 3 }))
    assert.is_false(pcall(vsk.packet, { 3 }))
    assert.is_false(pcall(vsk.packet, 3))
  end)
end)

describe("a packet's len", function()
  it("follows the payload", function()
    local packet = vsk.packet { payload = "hello" }
    packet.payload = "hello, world"

    assert.equal(12, packet.len)
  end)

  it("is any lie once it was given", function()
    local packet = vsk.packet { payload = "hello", len = 4000 }
    packet.payload = "hello, world"

    assert.equal(4000, packet.len)
    assert.equal(44 + 12, #packet)
    assert.equal(44 + 12, #packet:bytes())
  end)

  it("is any lie once it was set", function()
    local packet = vsk.packet { payload = "hello" }
    packet.len = 2
    packet.payload = ""

    assert.equal(2, packet.len)
  end)
end)

describe("a packet", function()
  it("is STREAM and INVALID if nothing is given", function()
    assert.equal("STREAM", vsk.packet().type)
    assert.equal("INVALID", vsk.packet({}).op)
  end)

  it("equals one with the same fields and payload", function()
    assert.is_true(rig.packet() == rig.packet())
    assert.is_false(rig.packet() == rig.packet { fwd_cnt = 8 })
    assert.is_false(rig.packet() == rig.packet { payload = "hellp" })
    assert.is_false(rig.packet() == 5)
    assert.is_true(rig.packet().header == rig.packet().header)
  end)

  it("keeps zero bytes in its payload", function()
    assert.equal("\0a\0", assert(vsk.parse(vsk.packet({ payload = "\0a\0" }):bytes())).payload)
  end)

  it("has a payload that must be a string", function()
    local packet = rig.packet()

    assert.is_false(pcall(function() packet.payload = 5 end))
    assert.is_false(pcall(function() packet.payload = nil end))
    assert.equal("hello", packet.payload)
  end)

  it("is copied with a payload of its own", function()
    local packet = rig.packet { len = 99 }
    local copy = packet:copy()
    packet.payload = "other"

    assert.equal("hello", copy.payload)
    assert.equal(99, copy.len)
  end)

  it("gives and takes its header as a copy", function()
    local packet = rig.packet()
    local header = packet.header
    header.fwd_cnt = 100

    assert.equal(7, packet.fwd_cnt)
    packet.header = header
    assert.equal(100, packet.fwd_cnt)
    assert.is_false(pcall(function() packet.header = packet end))
  end)

  it("prints as one line", function()
    local line = "3:1024 > 2:1234 STREAM RW len=5 buf_alloc=262144 fwd_cnt=7"
    assert.equal(line, tostring(rig.packet()))
    assert.equal(tostring(rig.packet()), tostring(rig.packet().header))
  end)

  it("shows a line for every field", function()
    local clean, shown = rig.child 'require("vsk").packet({ payload = "hello" }):show()'

    assert.is_true(clean)
    for _, name in ipairs(FIELDS) do
      assert.truthy(shown:find(" " .. name .. " ", 1, true), name)
    end
  end)

  it("is refused by check for the rule that it breaks", function()
    local cases = {
      BAD_CID = { src_cid = 1 << 32 },
      BAD_TYPE = { type = 9 },
      BAD_OP = { op = 8 },
      BAD_FLAGS = { flags = 4 },
      BAD_PAYLOAD = { op = "RST" },
    }
    for code, fields in pairs(cases) do
      assert.equal(code, rig.refused(rig.packet(fields):check()))
      assert.equal(code, rig.refused(rig.packet(fields).header:check()))
    end
    assert.is_true(rig.packet():check())
  end)
end)

describe("parse", function()
  it("ignores what is behind the packet", function()
    -- VSOCK-DRV-07
    assert.is_true(rig.packet() == vsk.parse(rig.packet():bytes() .. "more"))
  end)

  it("refuses fewer bytes than a header, each count of them", function()
    for size = 0, 43 do
      -- VSOCK-BOTH-05
      assert.equal("BAD_SHORT", rig.refused(vsk.parse(rig.packet():bytes():sub(1, size))))
    end
    assert.equal("BAD_SHORT", rig.refused(vsk.parse_header(("x"):rep(43))))
  end)

  it("refuses a len beyond the bytes", function()
    -- VSOCK-BOTH-08
    assert.equal("BAD_LEN", rig.refused(vsk.parse(rig.packet({ len = 6 }):bytes())))
  end)

  it("refuses a len above the limit", function()
    local raw = rig.packet():bytes()

    -- VSOCK-BOTH-08
    assert.equal("BAD_LIMIT", rig.refused(vsk.parse(raw, { max_payload = 4 })))
    assert.equal("hello", assert(vsk.parse(raw, { max_payload = 5 })).payload)
    local long = rig.packet { payload = ("x"):rep(65537) }
    assert.equal("BAD_LIMIT", rig.refused(vsk.parse(long:bytes())))
  end)

  it("takes nothing but a string and a table of options", function()
    for _, wrong in ipairs { 5, {}, true, rig.packet() } do
      assert.is_false(pcall(vsk.parse, wrong))
      assert.is_false(pcall(vsk.parse_header, wrong))
    end
    assert.is_false(pcall(vsk.parse, rig.packet():bytes(), 5))
    assert.is_false(pcall(vsk.parse, rig.packet():bytes(), { max_payload = -1 }))
    assert.is_false(pcall(vsk.parse, rig.packet():bytes(), { max_paylaod = 5 }))
    assert.is_false(pcall(vsk.parse, rig.packet():bytes(), {}, 5))
  end)

  it("of a header alone gives the same fields", function()
    assert.is_true(rig.packet().header == assert(vsk.parse_header(rig.packet():bytes())))
    assert.equal(44, #rig.packet().header)
    assert.equal(rig.packet():bytes():sub(1, 44), rig.packet().header:bytes())
  end)
end)

describe("a table of names", function()
  it("cannot be changed, and raises for a name that it does not have", function()
    for _, name in ipairs { "op", "type", "status", "shutdown", "seq" } do
      assert.is_false(pcall(function() vsk[name].NEW = 1 end))
      assert.is_false(pcall(function() return vsk[name].NONSENSE end))
    end
    assert.equal(5, vsk.op.RW)
    assert.equal(2, vsk.type.SEQPACKET)
    assert.equal(-109, vsk.status.BAD_NEXT)
    assert.equal(1, vsk.shutdown.RECEIVE)
    assert.equal(2, vsk.shutdown.SEND)
    assert.equal(1, vsk.seq.EOM)
    assert.equal(2, vsk.seq.EOR)
  end)
end)
