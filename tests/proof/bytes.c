/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Three small regions whose bytes are touched, from each of their addresses and
 * from between. */
#include "any.h"
#include "vsk/memory.h"

#define BYTES 3u
#define TOP (UINT64_MAX - (BYTES - 1))

static uint8_t low[BYTES], next[BYTES], high[BYTES], data[2 * BYTES];
static const vsk_region regions[3] = {
    {0, BYTES, low}, {BYTES, BYTES, next}, {TOP, BYTES, high}};

/* Region 0, region 1 that touches it, what is between, and region 2. */
static uint64_t
any_addr(void)
{
    uint32_t where = any32_of(0, 3);
    uint32_t offset;

    /*@ split where; */
    if (where == 3)
        return any64_of(2 * BYTES, TOP - 1);
    offset = any32_of(0, BYTES - 1);
    /*@ split offset; */
    return (where == 2 ? TOP : where * BYTES) + offset;
}

/* What no caller has room for is checked only: it is refused. */
void
main(void)
{
    uint32_t near = any32_of(0, 2);
    vsk_memory memory = {
        .regions = regions,
        .near = {&regions[near], &regions[any32_of(0, 2)]},
        .map = regions,
        .count = 3,
    };
    uint64_t addr, len = any64();

    Frama_C_make_unknown((char *)data, sizeof data);
    Frama_C_make_unknown((char *)low, sizeof low);
    Frama_C_make_unknown((char *)next, sizeof next);
    Frama_C_make_unknown((char *)high, sizeof high);
    /*@ split near; */
    addr = any_addr();
    if (len > sizeof data) {
        vsk_status status = vsk_memory_check(&memory, addr, len);

        /*@ assert refused: status != 0; */
        return;
    }
    /*@ split len; */
    switch (any32_of(0, 2)) {
    case 0:
        (void)vsk_memory_read(&memory, addr, data, len);
        break;
    case 1:
        (void)vsk_memory_write(&memory, addr, data, len);
        break;
    default:
        (void)vsk_memory_fill(&memory, addr, (uint8_t)any16(), len);
    }
}
