/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Ranges of guest memory: what is found lies in its region, with so many bytes
 * behind it, whatever the region's place and size. */
#include "vsk/memory.c"

/* What C says of conversion (6.3.1.3); WP itself knows it in range only. */
/*@ axiomatic conversion {
      axiom below: \forall integer x;
        -0x10000000000000000 <= x < 0 ==>
            (uint64_t)x == x + 0x10000000000000000;
      axiom above: \forall integer x;
        0x10000000000000000 <= x < 0x20000000000000000 ==>
            (uint64_t)x == x - 0x10000000000000000;
    } */

/*@ predicate here(vsk_region *r) =
        \valid_read(r) && (r->size > 0 ==> \valid(r->base + (0 .. r->size - 1)))
        && r->base != \null; */

/*@ requires here(region) && \valid(base) && \separated(base, region);
    assigns *base;
    ensures outside: \result <==> len != 0 &&
        (uint64_t)(addr - region->addr) < region->size &&
        len <= region->size - (uint64_t)(addr - region->addr);
    ensures inside: \result ==>
        *base == region->base + (uint64_t)(addr - region->addr) &&
        \valid(*base + (0 .. len - 1)); */
static inline bool vsk_region_hit(const vsk_region *region, uint64_t addr,
                                  uint64_t len, uint8_t **base);

/*@ requires \valid_read(memory) && here(memory->near[0]) &&
        here(memory->near[1]) && \valid(base) &&
        \separated(base, memory, memory->near[0], memory->near[1]);
    assigns *base;
    ensures inside: \result ==> \valid(*base + (0 .. len - 1)); */
static inline bool vsk_memory_hit(const vsk_memory *memory, uint64_t addr,
                                  uint32_t len, uint8_t **base);
