/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/pool.h"

#include <string.h>

vsk_status
vsk_pool_init(vsk_pool *pool, const vsk_memory *memory, vsk_range *table,
              uint32_t capacity)
{
    if (memory->count > capacity)
        return VSK_ERR_TABLE;
    for (uint32_t i = 0; i < memory->count; i++)
        table[i] =
            (vsk_range){memory->regions[i].addr, memory->regions[i].size};
    pool->memory = *memory;
    pool->free = table;
    pool->capacity = capacity;
    pool->count = memory->count;
    return VSK_OK;
}

/* The last byte of a range; ends may be 2^64 and are not compared. */
static uint64_t
last_byte(uint64_t addr, uint64_t size)
{
    return addr + (size - 1);
}

/* Whether two ranges touch inside one region. */
static bool
joins(vsk_pool *pool, const vsk_range *range, const vsk_range *next)
{
    uint8_t *base;

    return last_byte(range->addr, range->size) + 1 == next->addr &&
           vsk_memory_map(&pool->memory, range->addr, range->size + next->size,
                          &base) == VSK_OK;
}

/* The first free range that does not end before addr. */
static uint32_t
lower_bound(const vsk_pool *pool, uint64_t addr)
{
    uint32_t low = 0, high = pool->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const vsk_range *range = &pool->free[middle];

        if (last_byte(range->addr, range->size) < addr)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static vsk_status
insert(vsk_pool *pool, uint32_t at, uint64_t addr, uint64_t size)
{
    if (pool->count == pool->capacity)
        return VSK_ERR_TABLE;
    memmove(&pool->free[at + 1], &pool->free[at],
            (pool->count - at) * sizeof pool->free[0]);
    pool->free[at] = (vsk_range){addr, size};
    pool->count++;
    return VSK_OK;
}

static void
remove_at(vsk_pool *pool, uint32_t at)
{
    pool->count--;
    memmove(&pool->free[at], &pool->free[at + 1],
            (pool->count - at) * sizeof pool->free[0]);
}

vsk_status
vsk_pool_free(vsk_pool *pool, uint64_t addr, uint64_t size)
{
    vsk_range range = {addr, size};
    uint8_t *base;
    uint32_t at;

    if (size == 0 || vsk_memory_map(&pool->memory, addr, size, &base) != VSK_OK)
        return VSK_ERR_FREE;
    at = lower_bound(pool, addr);
    if (at < pool->count && pool->free[at].addr <= last_byte(addr, size))
        return VSK_ERR_FREE;

    if (at < pool->count && joins(pool, &range, &pool->free[at])) {
        range.size += pool->free[at].size;
        remove_at(pool, at);
    }
    if (at > 0 && joins(pool, &pool->free[at - 1], &range)) {
        pool->free[at - 1].size += range.size;
        return VSK_OK;
    }
    return insert(pool, at, range.addr, range.size);
}

/* Cut the bytes first..last, all inside the free range at, out of it. */
static vsk_status
cut(vsk_pool *pool, uint32_t at, uint64_t first, uint64_t last)
{
    vsk_range *range = &pool->free[at];
    uint64_t before = first - range->addr;
    uint64_t after = last_byte(range->addr, range->size) - last;

    if (before != 0 && after != 0) {
        vsk_status status = insert(pool, at + 1, last + 1, after);

        if (status != VSK_OK)
            return status;
        range->size = before;
    } else if (before != 0) {
        range->size = before;
    } else if (after != 0) {
        *range = (vsk_range){last + 1, after};
    } else {
        remove_at(pool, at);
    }
    return VSK_OK;
}

vsk_status
vsk_pool_alloc(vsk_pool *pool, uint64_t size, uint64_t align, uint64_t *addr)
{
    if (size == 0 || align == 0 || (align & (align - 1)) != 0)
        return VSK_ERR_ARGUMENT;
    for (uint32_t i = 0; i < pool->count; i++) {
        const vsk_range *range = &pool->free[i];
        uint64_t padding = (0 - range->addr) & (align - 1);
        uint64_t first = range->addr + padding;
        vsk_status status;

        if (padding >= range->size || range->size - padding < size)
            continue;
        status = cut(pool, i, first, last_byte(first, size));
        if (status == VSK_OK)
            *addr = first;
        return status;
    }
    return VSK_ERR_POOL;
}

vsk_status
vsk_pool_reserve(vsk_pool *pool, uint64_t addr, uint64_t size)
{
    uint64_t last;

    if (size == 0)
        return VSK_OK;
    /* What is behind 2^64 is nobody's. */
    last = size - 1 > UINT64_MAX - addr ? UINT64_MAX : last_byte(addr, size);
    for (uint32_t i = lower_bound(pool, addr); i < pool->count;) {
        uint64_t range_first = pool->free[i].addr;
        uint64_t range_last = last_byte(range_first, pool->free[i].size);
        vsk_status status;

        if (range_first > last)
            break;
        status = cut(pool, i, range_first > addr ? range_first : addr,
                     range_last < last ? range_last : last);
        if (status != VSK_OK)
            return status;
        i = lower_bound(pool, addr);
    }
    return VSK_OK;
}

uint64_t
vsk_pool_available(const vsk_pool *pool)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < pool->count; i++)
        sum += pool->free[i].size;
    return sum;
}
