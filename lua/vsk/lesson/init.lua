-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Exercises of docs/lessons that check themselves.
--
--    local lesson = require "vsk.lesson" (5)
--    lesson:check(1, "RST")
-- @module vsk.lesson
local MODULES <const> = { [5] = "close", [6] = "credit", [10] = "hostile" }
local WIDTH <const> = 88

--- Break a text into lines.
local function wrap(text)
  local lines, line = {}, ""
  for word in text:gmatch "%S+" do
    if line ~= "" and #line + 1 + #word > WIDTH then
      table.insert(lines, line)
      line = word
    else
      line = line == "" and word or line .. " " .. word
    end
  end
  table.insert(lines, line)
  return table.concat(lines, "\n")
end

local Lesson = {}
Lesson.__index = Lesson

function Lesson:__tostring()
  return ("<Lesson %d: %d exercises>"):format(self.number, #self.exercises)
end

--- What there is to say: whether it is right, and the words.
local function judge(exercise, ...)
  if select("#", ...) == 0 or ... == nil then return nil, exercise.task end
  local ran, good, words = pcall(exercise.judge, ...)
  if ran then return good, words end
  return false, ("It ends with %s. %s"):format(good, exercise.task)
end

--- Print whether an answer is right, and if not what is wrong with it; nil prints the task.
-- @tparam integer number of the exercise
-- @param ... the answer
-- @treturn boolean
function Lesson:check(number, ...)
  local exercise = self.exercises[number]
  local good, words
  if exercise then
    good, words = judge(exercise, ...)
  else
    good, words = false, ("This lesson has exercises 1 to %d."):format(#self.exercises)
  end
  local outcome = good and "right" or good == nil and "to do" or "not yet"
  print(wrap(("Exercise %s: %s. %s"):format(number, outcome, words)))
  return good or false
end

--- Open a lesson: 5, 6 or 10.
return function(number)
  if not MODULES[number] then
    error(("there is no lesson %s in Lua: they are 5, 6 and 10"):format(number), 2)
  end
  local exercises = require("vsk.lesson." .. MODULES[number])
  return setmetatable({ number = number, exercises = exercises }, Lesson)
end
