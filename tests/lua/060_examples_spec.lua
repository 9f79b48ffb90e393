-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
local vsk = require "vsk"

local function run(command)
  local output = io.popen(command .. " 2>&1")
  local text = output:read "a"
  local clean = output:close()
  assert.is_true(clean == true, text)
  return text
end

describe("an example", function()
  local here
  setup(function() here = run("pwd"):sub(1, -2) end)

  it("01_packet runs as written", function()
    assert.truthy(run "lua5.4 lua/examples/01_packet.lua":find "3:1024 > 2:1234 STREAM REQUEST")
  end)

  it("02_queue runs as written, and its memory can be read again", function()
    local path = os.tmpname()
    os.remove(path)
    run("mkdir " .. path)
    local text = run(("cd %s && lua5.4 %s/lua/examples/02_queue.lua"):format(path, here))

    assert.truthy(text:find "BAD_ADDRESS")
    local memory = assert(vsk.load(path .. "/guest.mem"))
    assert.equal(2, #memory:rings())
    run("rm -r " .. path)
  end)

  --- Run an example in a folder of its own, and give what it printed.
  local function run_apart(name, look)
    local path = os.tmpname()
    os.remove(path)
    run("mkdir " .. path)
    local text = run(("cd %s && lua5.4 %s/lua/examples/%s.lua"):format(path, here, name))
    look(text, path)
    run("rm -r " .. path)
  end

  it("03_device runs as written, and its trace can be read", function()
    run_apart("03_device", function(text, path)
      local why = "the connection was reset: 2:9999, the peer answered the REQUEST with RST"
      assert.equal("RESET\t" .. why .. "\n", text)
      local capture <close> = assert(vsk.capture(path .. "/echo.pcapng"))
      assert.equal("REQUEST", capture:records()().packet.op)
    end)
  end)

  it("06_server runs as written", function()
    run_apart("06_server", function(text) assert.equal("", text) end)
  end)

  it("image leaves five packets and a broken chain for the device", function()
    local path = os.tmpname()
    assert.truthy(run("lua5.4 lua/examples/image.lua " .. path):find "^Lua guest: 6 chains")

    local memory = assert(vsk.load(path))
    local queue = vsk.queue(memory, { ring = memory:rings()[1] })
    local seen = {}
    for packet, _, code in queue.device:packets() do
      table.insert(seen, packet and packet.op or code)
    end

    assert.same({ "REQUEST", "RW", "RW", "RW", "SHUTDOWN", "BAD_ADDRESS" }, seen)
    os.remove(path)
  end)
end)

describe("the printed vectors", function()
  it("have a line for each chain, and another for each packet", function()
    local path = "tests/vectors/linux-6.1-direct.chains.jsonl"
    local text = run("lua5.4 tests/lua/print_vectors.lua " .. path)
    local tx = select(2, ("\n" .. text):gsub("\ntx chain", ""))
    local rx = select(2, ("\n" .. text):gsub("\nrx chain", ""))

    local want = { tx = 0, rx = 0 }
    for line in io.lines(path) do
      local queue = line:match '"queue": "(%a+)"'
      want[queue] = want[queue] + 1
    end
    assert.equal(want.rx, rx)
    assert.equal(2 * want.tx + want.rx, select(2, text:gsub("\n", "")))
    assert.equal(want.tx, tx)
  end)
end)
