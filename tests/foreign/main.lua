-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- main.lua list                        the probes: name, row, what is wanted
-- main.lua NAME SOCKET CAPTURE         one of them
local rig = require "rig"

for _, name in ipairs { "transfers", "cuts", "credit", "flows", "rings", "programs" } do
  require("probe_" .. name)
end

if arg[1] == "list" then
  for _, probe in ipairs(rig.list) do print(table.concat(probe, "\t")) end
else
  rig.main(arg[1], arg[2], arg[3])
end
