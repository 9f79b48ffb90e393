/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"

static vsk_status
add_region(kit_memory *memory, const vsk_range *range, int fill)
{
    uint32_t at = memory->memory.count;
    kit_block *block;

    /* Host addresses are as aligned as the guest's: rings need that. */
    size_t skip = (size_t)(range->addr % 16);

    if (range->size == 0 || range->size > SIZE_MAX / 2)
        return VSK_ERR_REGION;
    block = kit_block_new(skip + (size_t)range->size);
    if (block == NULL)
        return VSK_ERR_NOMEM;
    if (fill != 0)
        memset(block->data, fill, block->size);
    memory->blocks[at] = block;
    memory->regions[at] =
        (vsk_region){range->addr, range->size, block->data + skip};
    memory->memory.count++;
    return VSK_OK;
}

/* All regions are there: begin their table and their pool. */
static vsk_status
begin(kit_memory *memory, uint32_t count)
{
    uint32_t capacity = count + 16;
    vsk_range *table;

    if (vsk_memory_init(&memory->memory, memory->regions, count) != VSK_OK)
        return VSK_ERR_REGION;
    table = malloc(capacity * sizeof *table);
    if (table == NULL)
        return VSK_ERR_NOMEM;
    return vsk_pool_init(&memory->pool, &memory->memory, table, capacity);
}

/* Without regions yet; NULL: memory is short. */
static kit_memory *
new_memory(uint32_t count)
{
    kit_memory *fresh = calloc(1, sizeof *fresh);

    if (fresh == NULL)
        return NULL;
    fresh->references = 1;
    fresh->regions = calloc((size_t)count + 1, sizeof *fresh->regions);
    fresh->blocks = calloc((size_t)count + 1, sizeof *fresh->blocks);
    if (fresh->regions == NULL || fresh->blocks == NULL) {
        kit_memory_unref(fresh);
        return NULL;
    }
    return fresh;
}

vsk_status
kit_memory_new(const vsk_range *regions, uint32_t count, int fill,
               kit_memory **memory)
{
    kit_memory *fresh = new_memory(count);
    vsk_status status = VSK_OK;

    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    for (uint32_t i = 0; i < count && status == VSK_OK; i++)
        status = add_region(fresh, &regions[i], fill);
    if (status == VSK_OK)
        status = begin(fresh, count);
    if (status != VSK_OK) {
        kit_memory_unref(fresh);
        return status;
    }
    *memory = fresh;
    return VSK_OK;
}

vsk_status
kit_memory_wrap(kit_block *block, uint64_t addr, kit_memory **memory)
{
    kit_memory *fresh = new_memory(1);
    vsk_status status;

    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    fresh->blocks[0] = kit_block_ref(block);
    fresh->regions[0] = (vsk_region){addr, block->size, block->data};
    fresh->memory.count = 1;
    status = begin(fresh, 1);
    if (status != VSK_OK) {
        kit_memory_unref(fresh);
        return status;
    }
    *memory = fresh;
    return VSK_OK;
}

kit_memory *
kit_memory_ref(kit_memory *memory)
{
    memory->references++;
    return memory;
}

static void
drop_blocks(kit_memory *memory)
{
    for (uint32_t i = 0; i < memory->memory.count; i++)
        kit_block_unref(memory->blocks[i]);
    memory->memory.count = 0;
    memory->pool.count = 0;
    memory->ring_count = 0;
    memory->closed = true;
}

void
kit_memory_unref(kit_memory *memory)
{
    if (memory == NULL || --memory->references != 0)
        return;
    drop_blocks(memory);
    free(memory->pool.free);
    free(memory->rings);
    free(memory->regions);
    free(memory->blocks);
    free(memory);
}

vsk_status
kit_memory_close(kit_memory *memory)
{
    if (memory->closed)
        return VSK_OK;
    for (uint32_t i = 0; i < memory->memory.count; i++)
        if (memory->blocks[i]->views != 0)
            return VSK_ERR_BUSY;
    drop_blocks(memory);
    return VSK_OK;
}

/* Scripts name addresses themselves: a wrong one is the caller's fault. */
static vsk_status
check(kit_memory *memory, uint64_t addr, uint64_t len)
{
    if (memory->closed)
        return VSK_ERR_CLOSED;
    return vsk_memory_check(&memory->memory, addr, len) == VSK_OK
               ? VSK_OK
               : VSK_ERR_ADDRESS;
}

vsk_status
kit_memory_read(kit_memory *memory, uint64_t addr, uint64_t len,
                kit_bytes *bytes)
{
    vsk_status status = check(memory, addr, len);

    if (status != VSK_OK)
        return status;
    bytes->data = malloc(len != 0 ? (size_t)len : 1);
    if (bytes->data == NULL)
        return VSK_ERR_NOMEM;
    bytes->size = (size_t)len;
    return vsk_memory_read(&memory->memory, addr, bytes->data, len);
}

vsk_status
kit_memory_write(kit_memory *memory, uint64_t addr, const void *data,
                 size_t size)
{
    vsk_status status = check(memory, addr, size);
    uint8_t *base;
    void *copy;

    if (status != VSK_OK || size == 0)
        return status;
    if (vsk_memory_map(&memory->memory, addr, size, &base) == VSK_OK)
        return vsk_memory_write(&memory->memory, addr, data, size);
    /* In pieces: data may be a view of the piece that is written first. */
    copy = malloc(size);
    if (copy == NULL)
        return VSK_ERR_NOMEM;
    memcpy(copy, data, size);
    status = vsk_memory_write(&memory->memory, addr, copy, size);
    free(copy);
    return status;
}

vsk_status
kit_memory_fill(kit_memory *memory, uint64_t addr, uint8_t value, uint64_t len)
{
    vsk_status status = check(memory, addr, len);

    if (status != VSK_OK)
        return status;
    return vsk_memory_fill(&memory->memory, addr, value, len);
}

vsk_status
kit_memory_prepare(kit_memory *memory)
{
    vsk_pool *pool = &memory->pool;
    uint32_t capacity = pool->capacity * 2;
    vsk_range *table;

    if (memory->closed)
        return VSK_ERR_CLOSED;
    if (pool->capacity - pool->count >= 2)
        return VSK_OK;
    table = realloc(pool->free, capacity * sizeof *table);
    if (table == NULL)
        return VSK_ERR_NOMEM;
    pool->free = table;
    pool->capacity = capacity;
    return VSK_OK;
}

vsk_status
kit_memory_alloc(kit_memory *memory, uint64_t size, uint64_t align,
                 uint64_t *addr)
{
    vsk_status status = kit_memory_prepare(memory);

    if (status != VSK_OK)
        return status;
    return vsk_pool_alloc(&memory->pool, size, align, addr);
}

vsk_status
kit_memory_free(kit_memory *memory, uint64_t addr, uint64_t size)
{
    vsk_status status = kit_memory_prepare(memory);

    if (status != VSK_OK)
        return status;
    return vsk_pool_free(&memory->pool, addr, size);
}

uint64_t
kit_memory_available(const kit_memory *memory)
{
    return vsk_pool_available(&memory->pool);
}

vsk_status
kit_memory_locate(kit_memory *memory, uint64_t addr, uint64_t len,
                  kit_block **block, uint8_t **base)
{
    vsk_memory *table = &memory->memory;

    if (memory->closed)
        return VSK_ERR_CLOSED;
    if (vsk_memory_map(table, addr, len, base) != VSK_OK)
        return VSK_ERR_ADDRESS;
    *block = memory->blocks[table->map - table->regions];
    return VSK_OK;
}
