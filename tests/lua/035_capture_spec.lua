-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
local rig = require "tests.lua.rig"
local vsk = require "vsk"

local UML = "tests/vectors/linux-6.1-uml.pcap"
local NOW = 1700000000123456789

local function slurp(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function spew(path, bytes)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(bytes))
end

local function write(path, packets, options)
  local capture <close> = assert(vsk.capture(path, "w"))
  for _, packet in ipairs(packets) do assert(capture:write(packet, options)) end
end

--- What a capture gives: records, and codes of what is broken.
local function read(path)
  local capture <close> = assert(vsk.capture(path))
  local seen = {}
  for record, _, code in capture:records() do table.insert(seen, record or code) end
  return seen, capture.skipped
end

describe("a capture", function()
  local path, packets
  before_each(function()
    path = os.tmpname()
    packets = { rig.packet { op = "REQUEST", payload = "" }, rig.packet() }
  end)
  after_each(function() os.remove(path) end)

  it("gives back what was written", function()
    write(path, packets, { time = NOW, comment = "a comment" })

    local seen = read(path)

    assert.equal(2, #seen)
    for i, record in ipairs(seen) do
      assert.equal(packets[i], record.packet)
      assert.same({ NOW, "a comment", false }, { record.time, record.comment, record.cut })
    end
  end)

  it("has neither time nor comment where none was given", function()
    write(path, packets)

    local record = read(path)[1]

    assert.same({ time = 0, cut = false, packet = record.packet }, record)
  end)

  it("writes the same bytes as Python", function()
    write(path, packets, { time = NOW, comment = "both" })
    local script = ([[import sys, vsk
source, sink = vsk.Capture("-"), vsk.Capture("-", "w")
for r in source: sink.write(r.packet, r.time, r.comment)]])
    local python = io.popen(("python3 -c '%s' < %s"):format(script, path), "r")

    assert.equal(slurp(path), python:read "a")
  end)

  it("reads what Linux sent", function()
    local seen, skipped = read(UML)

    assert.same({ 1088, 0 }, { #seen, skipped })
    assert.equal("RST", seen[2].packet.op)
    assert.equal("SEQPACKET", seen[879].packet.type)
  end)

  it("gives packets that outlive it", function()
    write(path, packets)
    local seen = read(path)
    rig.collect()

    assert.equal("hello", seen[2].packet.payload)
  end)

  it("says what was cut", function()
    local seen = read "tests/vectors/linux-6.1-vsockmon.pcap"

    assert.is_false(seen[1].cut)
    assert.is_true(seen[5].cut)
    assert.same({ 10007, 124 }, { seen[5].packet.len, #seen[5].packet.payload })
  end)

  it("counts and skips what is no packet of virtio-vsock", function()
    local content = slurp(UML)
    spew(path, content:sub(1, 24 + 16 + 26) .. "\1" .. content:sub(24 + 16 + 28))

    local seen, skipped = read(path)

    assert.same({ 1087, 1 }, { #seen, skipped })
  end)

  it("is followed through a pipe while it is written", function()
    os.remove(path)
    assert(os.execute("mkfifo " .. path))
    -- cat would wait for its end: the reader must have the first packet before.
    local script = ([[
      local vsk = require "vsk"
      local capture = vsk.capture(%q)
      for record in capture:records() do
        print(record.packet.op)
        io.stdout:flush()
        break
      end
    ]]):format(path)
    local file = os.tmpname()
    spew(file, script)
    local reader = io.popen("lua5.4 " .. file)
    local capture = assert(vsk.capture(path, "w"))
    assert(capture:write(packets[1]))

    assert.equal("REQUEST", reader:read "l")
    capture:close()
    reader:close()
    os.remove(file)
  end)

  it("reads stdin and writes stdout as a dash", function()
    write(path, packets, { time = NOW })
    local script = os.tmpname()
    spew(script, [[
      local vsk = require "vsk"
      local source, sink = vsk.capture "-", vsk.capture("-", "w")
      for r in source:records() do sink:write(r.packet, { time = r.time, comment = r.comment }) end
      sink:close()
      io.write "open still"
    ]])
    local child = io.popen(("lua5.4 %s < %s"):format(script, path))

    assert.equal(slurp(path) .. "open still", child:read "a")
    os.remove(script)
  end)
end)

describe("a broken capture", function()
  local path
  before_each(function()
    path = os.tmpname()
    write(path, { rig.packet(), rig.packet() })
  end)
  after_each(function() os.remove(path) end)

  it("gives what is whole, says where it is cut, and ends", function()
    spew(path, slurp(path):sub(1, -11))
    local capture <close> = assert(vsk.capture(path))
    local next = capture:records()

    assert.equal("hello", next().packet.payload)
    local record, message, code = next()
    assert.same({ false, "BAD_CAPTURE" }, { record, code })
    assert.truthy(message:find "^record 2, byte 176: the file ends")
    assert.is_nil(next())
  end)

  it("is one finding where its bytes are wrong", function()
    spew(path, "this is no capture, but a text")

    assert.same({ "BAD_CAPTURE" }, (read(path)))
  end)

  it("is one finding where it is empty or cannot be read", function()
    spew(path, "")

    assert.same({ "BAD_CAPTURE" }, (read(path)))
    assert.same({ 21 }, (read "tests")) -- a directory
  end)

  it("goes on behind a packet that is broken alone", function()
    local content = slurp(UML)
    local at = 24 + 16 + 28 -- the length of the first record's header
    spew(path, content:sub(1, at) .. "\45" .. content:sub(at + 2))

    local seen = read(path)

    assert.same({ 1088, "BAD_CAPTURE" }, { #seen, seen[1] })
  end)
end)

describe("a capture that is used wrong", function()
  local path = os.tmpname()
  teardown(function() os.remove(path) end)

  it("raises", function()
    local capture = assert(vsk.capture(path, "w"))

    local wrong = { { colour = 1 }, { time = "x" }, { time = 1.5 }, { comment = {} }, 5 }
    for _, options in ipairs(wrong) do
      assert.is_false(pcall(capture.write, capture, rig.packet(), options))
    end
    assert.is_false(pcall(capture.write, capture, "no packet"))
    assert.equal("ERR_ARGUMENT", rig.raised(capture.write, capture, rig.packet(),
      { comment = ("x"):rep(65536) }))
    assert.is_false(pcall(vsk.capture, path, "a"))
    assert.is_false(pcall(vsk.capture))
  end)

  it("raises when it is closed, but for close", function()
    local capture = assert(vsk.capture(path, "w"))
    assert.is_true(capture:close())
    assert.is_true(capture:close())

    assert.equal("ERR_CLOSED", rig.raised(capture.write, capture, rig.packet()))
    assert.equal("ERR_CLOSED", rig.raised(capture:records()))
  end)

  it("gives what the system says", function()
    local capture, message, code = vsk.capture "/nonesuch/x"
    assert.is_nil(capture)
    assert.same({ "/nonesuch/x: No such file or directory", 2 }, { message, code })

    local reader = assert(vsk.capture(UML))
    assert.same({ "Bad file descriptor", 9 }, { select(2, reader:write(rig.packet())) })
    assert.equal(28, select(3, vsk.capture("/dev/full", "w")))
  end)
end)
