-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
local rig = require "tests.lua.rig"
local vsk = require "vsk"

--- A lab with much to do, whose device keeps a count of the bytes that came.
local function busy(options)
  local count = 0
  options = options or {}
  local honest = options.honest
  options.honest = nil
  options.seed, options.memory = 7, 4 << 20
  options.on_request = function(conn) if conn.local_port == 80 then conn:accept() end end
  options.on_data = function(conn, data)
    count = count + #data
    assert(conn:send(count .. ";"))
  end
  if options.keeps == nil then
    options.save_state = function() return count end
    options.load_state = function(state) count = state end
  end
  options.keeps = nil
  local lab = assert(vsk.lab(options))
  local conn = assert(lab.guest:connect(2, 80))
  conn:send(("x"):rep(5000))
  lab.device:after(0.5, function() conn:send "later" end)
  if not honest then
    rig.lawless("the guest sends by hand", 3)
    assert(lab.guest:tx { op = "RW", src_port = 5555, dst = { 2, 80 }, payload = "nobody asked" })
  end
  return lab, function() return count end
end

local function lines(entries)
  local found = {}
  for i, entry in ipairs(entries) do found[i] = tostring(entry) end
  return found
end

local function always() return true end

describe("a step", function()
  it("goes on to a kind, an op, or what a function finds, each once", function()
    for _, wanted in ipairs { "kick", "USED", "rst", function(e) return e.time >= 0.5 end } do
      local lab = busy()
      local begin, found, expected = #lab.trace, {}, {}
      for entry in function() return lab:step(wanted) or nil end do table.insert(found, entry) end

      for i = begin + 1, #lab.trace do
        local entry = lab.trace[i]
        local packet = entry.packet
        if type(wanted) == "function" and wanted(entry) or type(wanted) == "string"
            and (entry.kind == wanted:upper() or packet and packet.op == wanted:upper()) then
          table.insert(expected, entry)
        end
      end
      assert.is_true(#expected > 0)
      assert.same(lines(expected), lines(found))
      assert.is_false(lab:step(wanted))
    end
  end)

  it("is true or false where nothing is looked for, and says what it has added", function()
    local lab = busy()
    local begin, added = #lab.trace, {}
    repeat
      local went = lab:step()
      for _, entry in ipairs(lab.stepped) do table.insert(added, entry) end
    until went == false

    local rest = { table.unpack(lines(lab.trace), begin + 1) }
    assert.same(rest, lines(added))
  end)

  it("finds what is done before nothing is left", function()
    rig.lawless("the guest sends by hand", 3)
    local lab = vsk.lab {}
    assert(lab.guest:tx { op = "RST", src_port = 5, dst = { 2, 80 } })

    assert.equal("tx", lab:step("used").queue)
    assert.is_false(lab:step())
  end)

  it("does not find what passed before it", function()
    local lab = busy()
    lab:step "packet"
    lab:run()

    assert.is_false(lab:step "packet")
  end)

  it("refuses what cannot be looked for", function()
    local lab = busy { honest = true }

    for _, wanted in ipairs { "foo", 3, false } do
      assert.equal("ERR_ARGUMENT", rig.raised(lab.step, lab, wanted))
    end
  end)
end)

describe("a lab with a history", function()
  it("goes back, and sees the same again", function()
    for _, faults in ipairs { {}, { delay = 0.001, hold = 0.002, lose_kicks = 50, starve = 8 } } do
      local options = { history = 50 }
      for name, value in pairs(faults) do options[name] = value end
      local lab, count = busy(options)
      local states = {}
      for i = 1, 5 do
        states[i] = { tostring(lab.trace), lab.now, count(), #lab.stepped }
        assert(lab:step(i % 2 == 0 and "used" or nil))
      end
      lab:run()
      local whole = tostring(lab.trace)

      for i = 5, 1, -1 do
        assert.is_true(lab:back())
        assert.same(states[i], { tostring(lab.trace), lab.now, count(), #lab.stepped })
      end
      while lab:step(always) do end
      assert.equal(whole, tostring(lab.trace))
      assert.is_true(lab:back(3))
      lab:run()
      assert.equal(whole, tostring(lab.trace))
    end
  end)

  it("keeps as many steps as were asked for, and none unless asked", function()
    local lab = busy { history = 2, honest = true }
    for _ = 1, 4 do lab:step() end
    for _, count in ipairs { 3, 0, 1.5, "x" } do
      assert.equal("ERR_STATE", rig.raised(lab.back, lab, count))
    end
    assert.is_true(lab:back(2))

    lab = busy { honest = true }
    lab:step()
    assert.equal("ERR_STATE", rig.raised(lab.back, lab))
    assert.truthy(rig.raised(vsk.lab, { history = -1 }):find "history: integer from 0 expected")
  end)

  it("keeps no step that did nothing", function()
    local lab = busy { history = 5 }
    lab:run()
    assert.is_false(lab:step())
    assert.is_false(lab:step "kick")

    assert.equal("ERR_STATE", rig.raised(lab.back, lab))
  end)

  it("cannot go back where a model keeps something", function()
    local lab = busy { history = 5, keeps = true, honest = true }
    lab:step "rw"
    lab:step "used"
    local whole = tostring(lab.trace)

    assert.equal("ERR_STATE", rig.raised(lab.back, lab, 2))
    assert.equal(whole, tostring(lab.trace))
  end)

  it("takes back a step that a hook raised in", function()
    local fails = true
    local lab = vsk.lab {
      history = 1, save_state = always, load_state = always,
      on_request = function(conn) conn:accept() end,
      on_data = function(conn, data)
        if fails then error "ouch" end
        conn:send(data)
      end,
    }
    local conn = assert(lab.guest:connect(2, 80))
    conn:send "hello"
    assert.is_false(pcall(lab.step, lab, function() return false end))
    assert.is_true(#lab.stepped > 0)

    lab:back()
    fails = false

    assert.equal("hello", conn:receive())
  end)

  it("gives entries that keep their packet", function()
    local lab = busy { history = 1 }
    local entry = lab:step "rst"
    lab:back()
    while lab:step "kick" do end

    assert.equal("RST", entry.packet.op)
    assert.same({ 3, 5555 }, entry.packet.dst)
  end)

  it("writes a capture that keeps what was taken back", function()
    local path = os.tmpname()
    local lab <close> = busy { history = 1, capture = path }
    local before = 0
    for _ in lab.trace:packets() do before = before + 1 end
    while lab:step(function() return false end) do end
    lab:back()
    lab:run()

    local all, captured = 0, 0
    for _ in lab.trace:packets() do all = all + 1 end
    local capture <close> = assert(vsk.capture(path))
    for _ in capture:records() do captured = captured + 1 end
    assert.is_true(all > before)
    assert.equal(2 * all - before, captured)
    os.remove(path)
  end)
end)
