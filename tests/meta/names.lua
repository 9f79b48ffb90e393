-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- Prints the public names of the Lua module, one a line: `parse`, `Packet`, `Packet.src_cid`.
local vsk = require "vsk"

local function print_public(prefix, name)
  if not name:find "^_" then print(prefix .. name) end
end

for name in pairs(vsk) do
  if name ~= "classes" then print_public("", name) end
end
for class, members in pairs(vsk.classes) do
  print_public("", class)
  for _, name in ipairs(members) do print_public(class .. ".", name) end
end
