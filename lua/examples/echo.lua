-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- Echo: the shortest device that a real Linux kernel can talk to, on every port.
--
--   vsk linux echo.lua --exec 'echo hello | vsock-cat 2 1234'    a real kernel prints hello
--   vsk serve echo.lua --socket v.sock                           QEMU, or any front end
--   echo hello | vsk guest v.sock connect 1234                   and a guest that needs no kernel
return {
  cid = 3,
  on_request = function(conn) conn:accept() end,
  on_data = function(conn, data) conn:send(data) end,
}
