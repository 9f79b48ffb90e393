# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
# ARM with hardware floating point: 32 bits, little-endian.
set(CMAKE_SYSTEM_PROCESSOR arm)
set(triplet arm-linux-gnueabihf)
set(emulator qemu-arm)
include(${CMAKE_CURRENT_LIST_DIR}/foreign.cmake)
