-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
local vsk = require "vsk"

--- Add the members of every class that a file declares.
local function read(path, classes)
  local class
  for line in io.lines(path) do
    local named = line:match "^%-%-%-@class ([%w_.]+)"
    if named then
      class = named
      assert(not classes[class], class)
      classes[class] = {}
    end
    local field = line:match "^%-%-%-@field ([%w_]+)"
    if field then classes[class][field] = true end
    local owner, method = line:match "^function ([%w_]+)[:.]([%w_]+)"
    if owner then classes[owner == "vsk" and "vsk" or "vsk." .. owner][method] = true end
  end
end

--- The members of every class that the annotations declare.
local function annotated()
  local classes = {}
  local files <close> = io.popen "find lua/library -name '*.d.lua'"
  for path in files:lines() do read(path, classes) end
  return classes
end

local function sorted(set)
  local names = {}
  for name in pairs(set) do table.insert(names, name) end
  table.sort(names)
  return names
end

describe("the annotations", function()
  for class, names in pairs(vsk.classes) do
    it("name what a " .. class .. " has", function()
      assert.same(names, sorted(annotated()["vsk." .. class] or {}))
    end)
  end

  it("name what the module has", function()
    assert.same(sorted(vsk), sorted(annotated().vsk))
  end)
end)

describe("the module", function()
  it("has a version", function()
    assert.truthy(vsk._VERSION:find "^%d+%.%d+%.%d+$")
  end)

  it("says every code that it can return in words", function()
    local core = require "vsk.core"
    for name, number in pairs(vsk.status) do
      assert.equal(name, core.status_name(number))
      assert.is_true(#core.status_text(number) > 0)
    end
  end)
end)
