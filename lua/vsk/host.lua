-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Who drives devices and guests: what a lab and a socket have in common.
--
-- A host's private part has `core`, `afters`, `part_of(pair, is_guest)`: the party that an event is
-- for, and the number of its member; `stepper(own, within)`: what goes on by one thing each time,
-- as step does, and gives false where it is time to stop; `quit(own)`: a party leaves; `failed`,
-- optional: is told of what a hook raised, with its traceback, and the event; `lost`, optional: is
-- told once that the capture cannot be written, which is then no reason to stop.
-- @module vsk.host
local class = require "vsk.class"
local party = require "vsk.party"

local PROGRESS, AFTER = 0, 10 -- events that are nobody's hook

local host = {}

--- Begin a host's private part.
function host.begin(own, core)
  own.core, own.afters, own.running = core, {}, false
  own.leave = setmetatable({}, { __close = function() own.running = false end })
  return own
end

function host.may_drive(own)
  if own.running then
    class.misuse("ERR_HOOK", "a hook may not wait: it would wait for itself")
  end
end

--- Append the packets that came since to the capture.
local function write_capture(own)
  local capture, lab = own.capture, own.core
  local last = lab:trace_end()
  if not capture or last == capture.next and not capture.head then return true end
  local done, message, errno = capture.file:write(lab:trace_pcapng(capture.next, capture.head))
  if done then done, message, errno = capture.file:flush() end
  capture.next, capture.head = last, false
  if done then return true end
  own.capture = nil -- it has a hole: said once
  if own.lost then
    own.lost(message)
    return true
  end
  return nil, message, errno
end

local function dispatch(own, kind, pair, is_guest, id, value, code)
  if kind == AFTER then
    local timer = own.afters[id]
    own.afters[id] = nil
    timer.call(timer.object)
  else
    local part, member = own.part_of(pair, is_guest)
    party.tell(part, kind, member, id, value, code)
  end
end

local function traced(raised)
  return debug.traceback(tostring(raised), 2)
end

--- Do one thing: true, or false where there is nothing to do, or nil, message, code.
function host.step(own, limit)
  host.may_drive(own)
  local kind, pair, is_guest, id, value, code = own.core:step(limit)
  local written, message, errno = write_capture(own)
  if kind and kind ~= PROGRESS then
    own.running = true
    local _ <close> = own.leave
    if own.failed then
      local done, trace = xpcall(dispatch, traced, own, kind, pair, is_guest, id, value, code)
      if not done then own.failed(trace, kind ~= AFTER and id or 0) end
    else
      dispatch(own, kind, pair, is_guest, id, value, code)
    end
  end
  if not written then return nil, message, errno end
  if kind then return true end
  if is_guest == "NONE" then return false end -- results are nil, message, code
  return nil, pair, is_guest
end

--- Drive until a call of the core gives something else than NONE.
-- @tparam function what says what is waited for
function host.wait(own, what, call, ...)
  local go_on = own.stepper(own)
  local _ <close> = own.rest
  local found, message, code = call(...)
  while found == nil and code == "NONE" do
    local went, why, status = go_on()
    if went == nil then return nil, why, status end
    if not went then return nil, what() .. ": nothing will ever come", "TIMEOUT" end
    found, message, code = call(...)
  end
  return found, message, code
end

function host.run(own, condition, within)
  local go_on = own.stepper(own, within)
  local _ <close> = own.rest
  while not (condition and condition()) do
    local went, message, code = go_on()
    if went == nil then return nil, message, code end
    if not went then
      if not condition or condition() then return true end
      return nil, "what was waited for never came true", "TIMEOUT"
    end
  end
  return true
end

--- What parties see of a host.
function host.driver(own)
  return {
    wait = function(...) return host.wait(own, ...) end,
    run = function(...) return host.run(own, ...) end,
    may_drive = function() return host.may_drive(own) end,
    leave = function() return own.quit(own) end,
    after = function(nanoseconds, call, object)
      local id = own.core:after(nanoseconds)
      own.afters[id] = { call = call, object = object }
      return id
    end,
    cancel = function(id)
      local found = own.afters[id] ~= nil
      if found then
        own.core:cancel(id)
        own.afters[id] = nil
      end
      return found
    end,
  }
end

--- Begin a capture, if one is asked for.
function host.open_capture(own, path)
  if path == nil then return true end
  class.check("capture", path, "string")
  local file, message, errno = io.stdout, nil, nil
  if path ~= "-" then file, message, errno = io.open(path, "wb") end
  if not file then return nil, message, errno end
  own.capture = { file = file, next = 0, head = true }
  return true
end

--- End the capture.
function host.close_capture(own)
  local capture = own.capture
  local done, message, errno = write_capture(own)
  own.capture = nil
  if capture and capture.file ~= io.stdout then capture.file:close() end
  if done then return true end
  return nil, message, errno
end

return host
