-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- For busted's --helper: the traces of every spec's labs, for the checker of the protocol. They
-- become captures in the folder that VSK_TRACES names, with a list of whose they are, as those of
-- tests/core/trace_rig.c do. tests/judge has them judged.
local busted = require "busted"

local folder = assert(os.getenv "VSK_TRACES", "VSK_TRACES names no folder")
local list = assert(io.open(folder .. "/lua.list", "w"))
local labs, excuse, count = {}, nil, 0

--- Whether a trace is a socket's: those are left alone, for some have to be dropped.
local function is_socket(core)
  local there, method = pcall(function() return core.fileno end)
  return there and method ~= nil
end

--- Hear of labs. Each file of specs loads the module anew.
local function watch(trace)
  local new = trace.new
  function trace.new(core)
    if not is_socket(core) then table.insert(labs, core) end
    return new(core)
  end
  trace.watched = true
end

local function note(...)
  list:write(table.concat({ ... }, "\t"), "\n")
end

busted.subscribe({ "test", "start" }, function()
  local trace = package.loaded["vsk.trace"]
  if trace and not trace.watched then watch(trace) end
  labs, excuse = {}, nil
end)

-- What rig.lawless says.
busted.subscribe({ "lawless" }, function(why, cid) excuse = { why, cid or 0 } end)

busted.subscribe({ "test", "end" }, function(element, parent)
  local case = parent.name .. " " .. element.name
  for _, lab in ipairs(labs) do
    count = count + 1
    local name = ("lua-%d.pcapng"):format(count)
    local file <close> = assert(io.open(folder .. "/" .. name, "wb"))
    assert(file:write(lab:trace_pcapng(0, true)))
    note("trace", case, name, 0, lab:trace_begin() == 0 and "start" or "middle")
  end
  if excuse then note("lawless", case, table.unpack(excuse)) end
  list:flush()
end)
