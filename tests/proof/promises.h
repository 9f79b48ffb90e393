/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Walks know of the inline calls of memory.h too no more than what they promise:
 * tables.c. */
#ifndef PROOF_PROMISES_H
#define PROOF_PROMISES_H

#define vsk_region_hit inline_region_hit
#define vsk_memory_hit inline_memory_hit
#include "vsk/memory.h"
#undef vsk_region_hit
#undef vsk_memory_hit

bool vsk_region_hit(const vsk_region *region, uint64_t addr, uint64_t len,
                    uint8_t **base);
bool vsk_memory_hit(const vsk_memory *memory, uint64_t addr, uint32_t len,
                    uint8_t **base);

#endif
