---@meta vsk.lesson
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---A lesson of docs/lessons: `require "vsk.lesson"(5)`.
---@class vsk.Lesson
---@field number integer as in the name of its file
local Lesson = {}

--- Print whether an answer is right, and if not what is wrong with it.
---@param exercise integer
---@param ... any the answer; nil prints what is to be done
---@return boolean
function Lesson:check(exercise, ...) end

---@param number 5|6|10
---@return vsk.Lesson
return function(number) end
