/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Ranges of guest memory: what is found lies in its region, with so many bytes
 * behind it, whatever the region's place and size. */
#include "vsk/memory.c"

/*@ predicate here(vsk_region *r) =
        \valid_read(r) && (r->size > 0 ==> \valid(r->base + (0 .. r->size - 1)))
        && r->base != \null; */

/*@ requires here(region);
    assigns \nothing;
    ensures outside: \result.base == \null <==>
        (uint64_t)(addr - region->addr) >= region->size;
    ensures inside: \result.base != \null ==>
        \result.base == region->base + (uint64_t)(addr - region->addr) &&
        \result.bytes == region->size - (uint64_t)(addr - region->addr) &&
        \valid(\result.base + (0 .. \result.bytes - 1)); */
static place place_in(const vsk_region *region, uint64_t addr);

/*@ requires \valid_read(memory) && here(memory->regions + memory->last);
    assigns \nothing;
    ensures inside: \result != \null ==> \valid(\result + (0 .. len - 1)); */
static inline uint8_t *vsk_memory_hit(const vsk_memory *memory, uint64_t addr,
                                      uint32_t len);
