-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Classes of the frontend: tables whose private part scripts cannot reach.
--
-- A field has a getter in `get` and, where it can be written, a setter in `set`; both take the
-- private part. Methods get the object, and take its private part by `of`.
-- @module vsk.class
local core = require "vsk.core"

local class = {}

local frontend = debug.getinfo(1, "S").source:match "^(.*)class%.lua$"

--- Raise an error where the frontend was called.
function class.fail(words, ...)
  local level = 1
  repeat
    level = level + 1
    local source = debug.getinfo(level, "S")
  until not source or source.what ~= "C" and source.source:sub(1, #frontend) ~= frontend
  error(words:format(...), level)
end

--- Raise a mistake of the caller's: a status by its name, with words of its own or the core's.
function class.misuse(name, words)
  class.fail("%s: %s", name, words or core.status_text(core[name]))
end

--- Refuse options that do not exist; options may be nil.
function class.check_options(options, names)
  options = class.check("options", options, "table", {})
  for name in pairs(options) do
    if not names[name] then class.fail("unknown option '%s'", tostring(name)) end
  end
  return options
end

--- Hold a value to a type; where `otherwise` is given, nil becomes that.
function class.check(what, value, wanted, otherwise)
  if value == nil then value = otherwise end
  if math.type(value) ~= wanted and type(value) ~= wanted then
    class.fail("%s: %s expected, got %s", what, wanted, type(value))
  end
  return value
end

--- Write a number of 64 bits as one without a sign.
function class.unsigned(number)
  if number >= 0 then return tostring(number) end
  local tens = (number >> 1) // 5
  return tens .. number - 10 * tens
end

--- Make a set of names.
function class.set(...)
  local set = {}
  for _, name in ipairs { ... } do set[name] = true end
  return set
end

--- Turn seconds into the whole nanoseconds that clocks of the core count, halves to even.
function class.nanoseconds(what, seconds)
  local scaled = class.check(what, seconds, "number") * 1e9
  if not (scaled >= 0 and scaled < 2 ^ 63) then
    class.fail("%s: seconds from 0 expected, got %s", what, seconds)
  end
  local whole = math.floor(scaled)
  local rest = scaled - whole
  if rest > 0.5 or rest == 0.5 and whole % 2 == 1 then whole = whole + 1 end
  return whole
end

--- Where objects keep what is theirs alone.
local function private_parts(name)
  local parts = setmetatable({}, { __mode = "k" })
  return parts, function(self)
    local own = parts[self]
    if own then return own end
    class.fail("%s expected, got %s", name, type(self) == "table" and "another table" or type(self))
  end
end

--- Make a class. Where it is open, scripts may keep fields of their own in its objects.
-- @return its methods, getters, setters, and its calls: new(private) and of(object)
function class.new(name, open)
  local methods, get, set, meta = {}, {}, {}, { __name = name, __metatable = false }
  local parts, of = private_parts(name)

  function meta.__index(self, key)
    local own = of(self)
    if get[key] then return get[key](own) end
    local method = methods[key]
    if method ~= nil then return method end
    if open then return nil end
    class.fail("%s has no field '%s'", name, tostring(key))
  end

  function meta.__newindex(self, key, value)
    local own = of(self)
    if set[key] then
      set[key](own, value)
    elseif get[key] or methods[key] then
      class.fail("%s.%s is read-only", name, tostring(key))
    elseif open then
      rawset(self, key, value)
    else
      class.fail("%s has no field '%s'", name, tostring(key))
    end
  end

  local calls = { name = name, meta = meta, of = of }

  --- Make an object of its private part, which learns of it.
  function calls.new(own)
    local self = {}
    parts[self] = own
    return setmetatable(self, meta)
  end

  --- The private part, or nil where it is something else.
  function calls.test(object) return parts[object] end

  --- The public names, with more of them.
  function calls.names(...)
    local names = { ... }
    for _, members in ipairs { methods, get } do
      for member in pairs(members) do table.insert(names, member) end
    end
    table.sort(names)
    return names
  end

  return methods, get, set, calls
end

return class
