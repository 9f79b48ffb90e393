/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Guest memory of none to three regions at any place, and any range. */
#include "vsk/memory.h"
#include "any.h"

#define BYTES 6u

static uint8_t low[BYTES], next[BYTES], high[BYTES];

void
main(void)
{
    vsk_region regions[3] = {
        {any64(), any64_of(0, BYTES), low},
        {any64(), any64_of(0, BYTES), next},
        {any64(), any64_of(0, BYTES), any_bool() ? high : NULL},
    };
    uint32_t count = any32_of(0, 3);
    vsk_memory memory;
    vsk_span span;
    uint8_t *base;

    /*@ split count; */
    if (vsk_memory_init(&memory, regions, count) != VSK_OK)
        return;
    if (count != 0) {
        memory.near[0] = &regions[any32_of(0, count - 1)];
        memory.near[1] = &regions[any32_of(0, count - 1)];
        memory.map = &regions[any32_of(0, count - 1)];
    }
    (void)vsk_memory_hit(&memory, any64(), any32(), &base);
    (void)vsk_memory_look(&memory, any64(), any32());
    (void)vsk_memory_span(&memory, any64(), any32(), &span);
    (void)vsk_memory_map(&memory, any64(), any64(), &base);
    (void)vsk_memory_check(&memory, any64(), any64());
}
