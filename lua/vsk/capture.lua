-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- Capture files: written as pcapng for Wireshark, read as pcapng or pcap.
--
-- A record is a table: `packet` with a payload of its own, `time` in nanoseconds since 1970,
-- `comment` or nil, and `cut`, whether payload is missing that was not captured.
-- @module vsk.capture
local class = require "vsk.class"
local core = require "vsk.core"
local script = require "vsk.script"

local Capture = core.classes.Capture
local files = setmetatable({}, { __mode = "k" }) -- of open captures
local standard = { r = io.stdin, w = io.stdout }

--- Read the next record, or nil, or false, message, code.
local function next_record(capture)
  while true do
    local record, message, code = capture:_next()
    if record then return record end
    if code ~= "NONE" then return false, message, code end
    -- No more than the next packet needs: a pipe may have no more for a long time.
    local data, errno
    data, message, errno = files[capture]:read(capture:_wanted())
    if not data then
      if errno then return false, message, errno end
      local whole
      whole, message, code = capture:_end()
      if whole then return nil end
      return false, message, code
    end
    capture:_feed(data)
  end
end

--- Go through the packets of a file; `skipped` counts records that are none. A broken packet
-- gives `false, message, code` and the loop goes on; a broken file gives them once and ends it.
-- @return an iterator of records
function Capture:records()
  local before
  return function()
    local record, message, code = next_record(self)
    if record == false and message == before then return nil end
    before = message
    return record, message, code
  end
end

local script_options = class.set "guest"

--- Write the rest of it as a script, in python or lua: see Trace:script. Payload that was not
-- captured is zeros there.
-- @tparam[opt] string language "python"
-- @tparam[opt] table options guest: its CID
-- @treturn[1] string
-- @return[2] nil, message, code
function Capture:script(language, options)
  options = class.check_options(options, script_options)
  return script.of_records(self:records(), language, options.guest)
end

local function put(file, data)
  local done, message, errno = file:write(data)
  if not done then return nil, message, errno end
  done, message, errno = file:flush()
  if not done then return nil, message, errno end
  return true
end

--- Append a packet; whoever reads the file along sees it at once.
-- @tparam Packet packet of its payload the first 262068 bytes are kept
-- @tparam[opt] table options time: nanoseconds since 1970, 0; comment
-- @treturn[1] boolean true
-- @return[2] nil, message, error number of the system
function Capture:write(packet, options)
  for name in pairs(options or {}) do
    if name ~= "time" and name ~= "comment" then
      error(("unknown option '%s'"):format(name), 2)
    end
  end
  local time, comment = 0, ""
  if options then time, comment = options.time or time, options.comment or comment end
  return put(files[self], self:_encode(packet, time, comment))
end

--- Close the file. Closing twice is no error.
-- @treturn[1] boolean true
-- @return[2] nil, message, error number of the system
function Capture:close()
  self:_close()
  local file = files[self]
  files[self] = nil
  if file == nil or file == io.stdin or file == io.stdout then return true end
  return file:close()
end

return {
  --- Open a capture file, or begin one; it is closed by `close`, or at the end of a block where
  -- it stands as `local capture <close>`.
  -- @tparam string path "-" is stdin or stdout
  -- @tparam[opt] string mode "r": read, the default; "w": write a new one
  -- @treturn[1] Capture
  -- @return[2] nil, message, error number of the system
  capture = function(path, mode)
    mode = mode or "r"
    if not standard[mode] then error("mode must be 'r' or 'w'", 2) end
    local file, message, errno = standard[mode], nil, nil
    if path ~= "-" then file, message, errno = io.open(path, mode .. "b") end
    if not file then return nil, message, errno end
    local capture = core.capture()
    files[capture] = file
    if mode == "r" then return capture end
    local done
    done, message, errno = put(file, capture:_begin())
    if not done then
      capture:close()
      return nil, message, errno
    end
    return capture
  end,
}
