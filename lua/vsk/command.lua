-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- The part of the command vsk that runs devices in Lua files: Python becomes this process.
-- @module vsk.command
local vsk = require "vsk"
local device = require "vsk.device"

local CLEAN, FAILED = 0, 2
local LEVELS = { error = 1, warning = 2, info = 3 }
local FINE = { OK = true, EOF = true }
local OWN = { ERR_HOOK = true, ERR_SYSTEM = true } -- what fails here, not at the other end

local command = {}

local function first_line(words)
  return (tostring(words):match "^[^\n]*")
end

--- Read words of the form name=value.
local function options_of(words)
  local options = {}
  for _, word in ipairs(words) do
    local name, value = word:match "^(%w+)=(.*)$"
    options[name] = value
  end
  options.cid, options.fd = math.tointeger(options.cid), math.tointeger(options.fd)
  return options
end

--- Run a file, which may require what lies beside it; give what it returns, else its global device.
function command.load(path)
  local chunk, why = loadfile(path)
  if not chunk then return nil, why end
  package.path = (path:match "^(.*)/" or ".") .. "/?.lua;" .. package.path
  local done, given = xpcall(chunk, first_line)
  if not done then return nil, path .. ": " .. given end
  if given == nil then given = rawget(_G, "device") end
  if type(given) ~= "table" then return nil, path .. ": it returns no table, and has no device" end
  return given
end

--- Make the options of vsk.serve from the file's table and the command line.
local function model_of(path, options)
  local given, why = command.load(path)
  if not given then return nil, why end
  local asked = {}
  if device.calls.test(given) then
    asked.device = given
  else
    for name, value in pairs(given) do asked[name] = value end
    if not asked.device then asked.cid = asked.cid or options.cid end
  end
  local cid = asked.device and asked.device.cid or asked.cid
  if options.cid and options.cid ~= cid then
    return nil, ("%s: its device has the context id %s, not %d"):format(path, cid, options.cid)
  end
  asked.fd, asked.connect = options.fd, options.connect == "1" or nil
  asked.capture, asked.signals = options.capture or asked.capture, true
  return asked
end

local function start(path, options)
  local asked, why = model_of(path, options)
  if not asked then return nil, why end
  local most = LEVELS[options.level]
  function asked.log(words, code)
    if most >= (FINE[code] and LEVELS.info or OWN[code] and LEVELS.error or LEVELS.warning) then
      io.stderr:write("vsk: ", words, "\n")
    end
  end
  local done, server, message = pcall(vsk.serve, asked, options.path)
  if not done then return nil, path .. ": " .. first_line(server) end
  return server, message
end

--- Serve the device of a Lua file until a signal ends it.
-- @tparam table words the file at 0; cid, path or fd, connect, capture, level, and silent: no line
-- at the start, as name=value
-- @treturn integer the exit status
function command.serve(words)
  local options = options_of(words)
  local server <close>, why = start(words[0], options)
  if not server then
    io.stderr:write("vsk: ", why, "\n")
    return FAILED
  end
  if not options.silent then
    io.stderr:write(("vsk: the device serves CID %d on %s\n"):format(
      server.device.cid, options.path or "fd " .. options.fd))
  end
  local done, message = server:run()
  if done then return CLEAN end
  io.stderr:write("vsk: ", message, "\n")
  return FAILED
end

return command
