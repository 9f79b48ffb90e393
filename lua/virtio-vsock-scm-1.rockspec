-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- From the top of the source tree: luarocks --lua-version 5.4 make lua/*.rockspec
rockspec_format = "3.0"
package = "virtio-vsock"
version = "scm-1"
source = { url = "git+file://." } -- `make` builds the tree that it stands in
description = {
  summary = "vsk, the virtio-vsock kit: packets, simulated virtqueues, devices and guests to script",
  license = "Apache-2.0 OR BSD-3-Clause",
}
dependencies = { "lua >= 5.4, < 5.5" }
build = {
  type = "cmake",
  variables = {
    CMAKE_BUILD_TYPE = "Release",
    BUILD_TESTING = "OFF",
    VSK_PYTHON = "OFF",
    VSK_INSTALL_C = "OFF",
    LUA_INCLUDE_DIR = "$(LUA_INCDIR)",
    VSK_LUA_LIBDIR = "$(LIBDIR)",
    VSK_LUA_LUADIR = "$(LUADIR)",
  },
}
