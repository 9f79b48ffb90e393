-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- Attacks in Lua, on a device in a process of its own.
local attacks = require "vsk.attacks"
local rig = require "tests.lua.rig"
local vsk = require "vsk"

local DEVICE = [[
local vsk = require "vsk"
local server <close> = assert(vsk.serve({
  on_request = function(conn) if conn.local_port == 1234 then conn:accept() end end,
  on_data = function(conn, data) conn:send(data) end,
  log = function() end,
}, arg[1]))
print "ready"
io.stdout:flush()
local sessions = tonumber(arg[2])
assert(server:run(function() return server.sessions == sessions and not server.connected end, 20))
]]

local function device(sessions)
  local path = os.tmpname()
  os.remove(path)
  local output, finish = rig.start(DEVICE, path, sessions)
  assert.equal("ready", output:read "l")
  return path, finish
end

describe("an attack", function()
  it("is a call by its name, and says what it breaks", function()
    local path, finish = device(2)
    local outcome = assert(attacks.ring_loop(path))
    assert.same({ "pass", 0, "" }, { outcome.verdict, outcome.step, outcome.why })
    assert.equal("reject", assert(attacks.vhost_version_2(path)).verdict)
    finish()
    assert.same({ "SPLIT-DRV-03" }, attacks.ring_loop.clauses)
    assert.same({ "pass", "reject" }, attacks.ring_loop.right)
    assert.equal("attack ring_loop on a device", tostring(attacks.ring_loop))
  end)

  it("is one of many", function()
    local all, roles = attacks.table(), {}
    for _, attack in ipairs(all) do
      roles[attack.role] = (roles[attack.role] or 0) + 1
      assert.equal(attack.name, attacks[attack.name].name)
      assert.is_true(#attack.steps > 0 and #attack.clauses > 0 and #attack.right > 0)
    end
    assert.is_true(roles.device >= 40 and roles.guest >= 20)
  end)

  it("needs somebody at the socket", function()
    local outcome, message, code = attacks.ring_loop "/nonexistent/sock"
    assert.is_nil(outcome)
    assert.matches("No such file", message)
    assert.equal("ERR_SYSTEM", code)
  end)
end)

describe("steps", function()
  it("are told what became of them, with the packets", function()
    local path, finish = device(1)
    local outcome = assert(attacks.run(path, { "start", "tx op=RST", "expect op=RW within=50" }))
    finish()
    assert.same({ "fail", 3, "no RW came" }, { outcome.verdict, outcome.step, outcome.why })
    local path_of_file = os.tmpname()
    local file = assert(io.open(path_of_file, "wb"))
    file:write(outcome.capture)
    file:close()
    local ops = {}
    for record in assert(vsk.capture(path_of_file)):records() do
      table.insert(ops, record.packet.op)
    end
    os.remove(path_of_file)
    assert.same({ "RST" }, ops)
  end)

  it("must be known", function()
    local path, finish = device(1)
    assert.error_matches(function() attacks.run(path, { "explode" }) end, "line 1 is no step")
    finish()
  end)
end)
