-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
std = "lua54"
max_line_length = 100
files["lua/examples"] = { max_line_length = false, ignore = { "212", "411" } } -- as in the API contract
files["tests/lua"] = { std = "+busted" }
files["lua/*.rockspec"] = { std = "rockspec" }
files["lua/wireshark"] = { -- Lua 5.2 or 5.4, inside Wireshark
  std = "min",
  read_globals = {
    "DissectorTable", "Listener", "MENU_TOOLS_UNSORTED", "NSTime", "Pref", "Proto", "ProtoExpert",
    "ProtoField", "TextWindow", "base", "expert", "gui_enabled", "register_menu", "wtap_encaps",
  },
}
