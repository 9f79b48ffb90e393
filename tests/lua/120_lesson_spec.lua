-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- Exercises of docs/lessons in Lua: solutions, likely mistakes, and nothing.
local answers_to = require "tests.lua.lesson_answers"
local lesson = require "vsk.lesson"
local vsk = require "vsk"

--- Check an answer; the verdict, and what was printed, in one line.
local function check(number, exercise, ...)
  local printed, original = {}, print
  _G.print = function(text) table.insert(printed, text) end -- luacheck: ignore 122
  local ran, good = pcall(lesson(number).check, lesson(number), exercise, ...)
  _G.print = original -- luacheck: ignore 122
  assert(ran, good)
  return good, (table.concat(printed, " "):gsub("%s+", " "))
end

--- The device of lesson 5, with hooks of one's own.
local function count(hooks)
  local all = {
    on_request = function(conn) conn:accept() conn.data = 0 end,
    on_data = function(conn, data) conn.data = conn.data + #data end,
    on_eof = function(conn) conn:send(tostring(conn.data)) conn:close() end,
  }
  for name, hook in pairs(hooks or {}) do all[name] = hook or nil end
  return all
end

--- The RST to a packet, with fields of one's own.
local function answers(packet, fields)
  local all = {
    src_cid = packet.dst_cid, src_port = packet.dst_port,
    dst_cid = packet.src_cid, dst_port = packet.src_port, op = "RST", type = packet.type,
  }
  for name, value in pairs(fields or {}) do all[name] = value end
  return vsk.packet(all)
end

local function no_rst(fields)
  return function(packet) return packet.op ~= "RST" and answers(packet, fields) or nil end
end

local RIGHT = { [5] = { { 3 }, { count() }, { no_rst() } } }

local WRONG = {
  [5] = {
    {
      { 1, "1 would close one direction" },
      { 0, "0 would say nothing" },
      { 2, "SEND alone" },
      { "x", "x is not made of bits 0 and 1" },
    },
    {
      { 3, "A table of hooks" },
      { count { on_request = function() end }, "unless on_request accepts" },
      { count { on_request = function(conn) conn:defer() end }, "has to accept the REQUEST" },
      { count { on_data = function(conn) conn:send "5" end }, "while the guest still sends" },
      { count { on_eof = function(conn) conn:close() end }, "closed and said nothing" },
      { count { on_eof = function(conn) conn:send "11" end }, "The guest waits for more" },
      { count { on_eof = function(conn) conn:reset() end }, "reset drops what is queued" },
      {
        count { on_data = function(conn, data) conn.data = #data end },
        "6 is one piece of 5 and 6 bytes",
      },
      { count { on_data = function(conn) conn.data = 22 end }, "It said '22'" },
      { count { on_eof = function() error "oh" end }, "oh. Write the hooks of count" },
      { { on_reqest = print }, "unknown option 'on_reqest'" },
    },
    {
      { 3, "this is a number" },
      { answers, "go on for ever" },
      { function(packet) return packet.op == "RW" and answers(packet) or nil end, "wait on" },
      { no_rst { op = "SHUTDOWN" }, "not RST" },
      { no_rst { src_cid = 2 }, "change places" },
      { no_rst { type = "STREAM" }, "for another connection" },
    },
  },
}

for number in pairs(answers_to.right) do
  RIGHT[number], WRONG[number] = answers_to.right[number], answers_to.wrong[number]
end

for number, exercises in pairs(RIGHT) do
  describe("lesson " .. number, function()
    for exercise, answer in ipairs(exercises) do
      it("knows the solution of exercise " .. exercise, function()
        local good, said = check(number, exercise, table.unpack(answer))

        assert.is_true(good, said)
        assert.equal(1, (said:find(("Exercise %d: right. "):format(exercise), 1, true)))
      end)

      it("says what is wrong with mistakes in exercise " .. exercise, function()
        for _, wrong in ipairs(WRONG[number][exercise]) do
          local good, said = check(number, exercise, wrong[1])

          assert.is_false(good)
          assert.equal(1, (said:find(("Exercise %d: not yet. "):format(exercise), 1, true)), said)
          assert.truthy(said:find(wrong[2], 1, true), said)
        end
      end)

      it("says what is to be done in exercise " .. exercise, function()
        local good, said = check(number, exercise, nil)

        assert.is_false(good)
        assert.equal(1, (said:find(("Exercise %d: to do. "):format(exercise), 1, true)))
      end)
    end
  end)
end

describe("a lesson", function()
  it("says what is to be done where an answer holds nothing", function()
    local function nothing() end
    local empty = {
      { 5, 2, {} }, { 5, 3, nothing }, { 6, 3, nothing }, { 10, 1, {} }, { 10, 2, nothing },
    }
    for _, each in ipairs(empty) do
      local good, said = check(table.unpack(each))

      assert.is_false(good)
      assert.truthy(said:find(": to do. ", 1, true))
    end
  end)

  it("has only the exercises that it has", function()
    local good, said = check(5, 4, 1)

    assert.is_false(good)
    assert.equal("Exercise 4: not yet. This lesson has exercises 1 to 3.", said)
  end)

  it("is one of those in Lua", function()
    assert.error_matches(function() lesson(4) end, "they are 5, 6 and 10")
    assert.equal("<Lesson 5: 3 exercises>", tostring(lesson(5)))
  end)
end)
