/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Guest memory as a walk knows it: what memory.h promises of its calls, and
 * nothing else. That they keep it is proven in memory.c and contracts/memory.c.
 *
 * A table of one or two descriptors has not a byte behind them; a longer one
 * has as many as a slot of 16 bits can name. */
#include "tables.h"

static uint8_t one[VSK_DESC_SIZE], two[2 * VSK_DESC_SIZE];
static uint8_t most[0x10000 * VSK_DESC_SIZE], piece[64];

static vsk_region regions[] = {
    {0x1000, sizeof piece, piece},
    {0x1000 + sizeof piece, sizeof piece, piece},
    {UINT64_MAX - (sizeof piece - 1), sizeof piece, piece},
};

vsk_memory
any_memory(void)
{
    return (vsk_memory){
        .regions = regions,
        .near = {&regions[any32_of(0, 2)], &regions[any32_of(0, 2)]},
        .map = &regions[any32_of(0, 2)],
        .count = 3,
    };
}

/* A table of so many bytes. */
static uint8_t *
table_of(uint64_t len)
{
    uint8_t *table = most;
    uint32_t kind = 0;

    if (len == sizeof one) {
        kind = 1;
        table = one;
    } else if (len == sizeof two) {
        kind = 2;
        table = two;
    }
    /*@ split kind; */
    return table;
}

bool
vsk_region_hit(const vsk_region *region, uint64_t addr, uint64_t len,
               uint8_t **base)
{
    (void)region;
    (void)addr;
    if (any_bool())
        return false;
    *base = table_of(len);
    return true;
}

bool
vsk_memory_hit(const vsk_memory *memory, uint64_t addr, uint32_t len,
               uint8_t **base)
{
    (void)memory;
    (void)addr;
    if (len == 0 || any_bool())
        return false;
    *base = piece;
    return true;
}

uint8_t *
vsk_memory_look(vsk_memory *memory, uint64_t addr, uint32_t len)
{
    (void)addr;
    if (len == 0 || any_bool())
        return NULL;
    memory->near[0] = &regions[any32_of(0, 2)];
    return piece;
}

vsk_status
vsk_memory_map(vsk_memory *memory, uint64_t addr, uint64_t len, uint8_t **base)
{
    (void)addr;
    memory->map = &regions[any32_of(0, 2)];
    if (any_bool())
        return VSK_BAD_ADDRESS;
    *base = table_of(len);
    return VSK_OK;
}

vsk_status
vsk_memory_span(vsk_memory *memory, uint64_t addr, uint32_t len, vsk_span *span)
{
    memory->near[0] = &regions[any32_of(0, 2)];
    if (any_bool())
        return VSK_BAD_ADDRESS;
    span->base = piece;
    span->addr = addr;
    span->len = len == 0 ? 0 : any32_of(1, len);
    return VSK_OK;
}
