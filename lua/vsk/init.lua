-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- vsk, the virtio-vsock kit: packets, simulated virtqueues, and both their ends.
--
--     local vsk = require "vsk"
--     print(vsk.packet { src = { 3, 1024 }, dst = { 2, 1234 }, op = "RW", payload = "hello" })
--
-- What the other side or the world got wrong comes back as `nil, message, code`; the caller's
-- own mistakes are errors. A code is the name of a status.
-- @module vsk
local core = require "vsk.core"

local vsk = { _VERSION = core.VERSION }

for _, noun in ipairs { "constants", "packet", "buffer", "memory", "queue", "capture" } do
  for name, value in pairs(require("vsk." .. noun)) do
    vsk[name] = value
  end
end

local lab, sockets = require "vsk.lab", require "vsk.sockets"
for _, module in ipairs { lab, sockets } do
  for name, value in pairs(module.functions) do vsk[name] = value end
end

--- The public names of every class: its fields and methods, sorted.
vsk.classes = {}
for class, methods in pairs(core.classes) do
  local names = {}
  for _, members in ipairs { methods, core.fields[class] } do
    for name in pairs(members) do
      if not name:find "^_" then table.insert(names, name) end
    end
  end
  table.sort(names)
  vsk.classes[class] = names
end
-- Of these only an iterator is seen, or the frontend's own objects.
for _, class in ipairs { "Packets", "Options", "Role", "Lab", "Snapshot", "Socket" } do
  vsk.classes[class] = nil
end
for _, module in ipairs { lab, sockets } do
  for class, names in pairs(module.names) do vsk.classes[class] = names end
end

return vsk
