# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
# A machine that is not this one: Debian's cross compiler for triplet, Debian's libraries of that
# machine, unpacked at VSK_FOREIGN, and qemu-user to run what was built.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES VSK_FOREIGN)
set(CMAKE_C_COMPILER ${triplet}-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE ${triplet})
set(CMAKE_FIND_ROOT_PATH ${VSK_FOREIGN} /usr/${triplet})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_C_FLAGS_INIT "-isystem ${VSK_FOREIGN}/usr/include")
set(CMAKE_CROSSCOMPILING_EMULATOR ${emulator};-L;/usr/${triplet})
