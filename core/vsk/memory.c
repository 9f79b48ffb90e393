/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/memory.h"

#include <string.h>

/* The longest piece that vsk_memory_span is asked for at once. */
#define PIECE_MAX 0xffffffffu

static const vsk_region NOTHING = {0};

vsk_status
vsk_memory_init(vsk_memory *memory, const vsk_region *regions, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const vsk_region *region = &regions[i];

        /* addr + size may be 2^64, so ends are compared by the last byte. */
        if (region->size == 0 || region->base == NULL ||
            region->size - 1 > UINT64_MAX - region->addr)
            return VSK_ERR_REGION;
        if (i > 0 && region->addr - regions[i - 1].addr < regions[i - 1].size)
            return VSK_ERR_REGION;
        if (i > 0 && region->addr <= regions[i - 1].addr)
            return VSK_ERR_REGION;
    }
    /* With a region there always is a last one to look at first. */
    memory->regions = count != 0 ? regions : &NOTHING;
    memory->near[0] = memory->regions;
    memory->near[1] = memory->regions;
    memory->map = memory->regions;
    memory->count = count;
    return VSK_OK;
}

/* The only region where an address can be: the last that begins before it, if
 * any does. No branch depends on what is found on the way. */
static const vsk_region *
find(const vsk_memory *memory, uint64_t addr)
{
    const vsk_region *region = memory->regions;

    for (uint32_t left = memory->count; left > 1;) {
        uint32_t half = left / 2;

        region += region[half].addr <= addr ? half : 0;
        left -= half;
    }
    return region;
}

static void
remember(vsk_memory *memory, const vsk_region *region)
{
    memory->near[1] = memory->near[0];
    memory->near[0] = region;
}

uint8_t *
vsk_memory_look(vsk_memory *memory, uint64_t addr, uint32_t len)
{
    const vsk_region *region = find(memory, addr);
    uint8_t *base;

    if (!vsk_region_hit(region, addr, len, &base))
        return NULL;
    remember(memory, region);
    return base;
}

vsk_status
vsk_memory_span(vsk_memory *memory, uint64_t addr, uint32_t len, vsk_span *span)
{
    const vsk_region *region = memory->near[0];
    uint64_t offset = addr - region->addr;

    if (offset >= region->size) {
        region = find(memory, addr);
        offset = addr - region->addr;
        if (offset >= region->size)
            return VSK_BAD_ADDRESS;
        remember(memory, region);
    }
    span->base = region->base + offset;
    span->addr = addr;
    span->len =
        len <= region->size - offset ? len : (uint32_t)(region->size - offset);
    return VSK_OK;
}

vsk_status
vsk_memory_map(vsk_memory *memory, uint64_t addr, uint64_t len, uint8_t **base)
{
    if (vsk_region_hit(memory->map, addr, len, base))
        return VSK_OK;
    memory->map = find(memory, addr);
    return vsk_region_hit(memory->map, addr, len, base) ? VSK_OK
                                                        : VSK_BAD_ADDRESS;
}

/* The next piece of a range; the range shrinks by it. */
static vsk_status
take(vsk_memory *memory, uint64_t *addr, uint64_t *len, vsk_span *span)
{
    uint32_t want = *len < PIECE_MAX ? (uint32_t)*len : PIECE_MAX;
    vsk_status status = vsk_memory_span(memory, *addr, want, span);

    if (status != VSK_OK)
        return status;
    *addr += span->len;
    *len -= span->len;
    return VSK_OK;
}

vsk_status
vsk_memory_check(vsk_memory *memory, uint64_t addr, uint64_t len)
{
    vsk_span span;

    /* The address space ends at 2^64: a range does not come round to 0. */
    if (len != 0 && len - 1 > UINT64_MAX - addr)
        return VSK_BAD_ADDRESS;
    while (len != 0) {
        vsk_status status = take(memory, &addr, &len, &span);

        if (status != VSK_OK)
            return status;
    }
    return VSK_OK;
}

vsk_status
vsk_memory_read(vsk_memory *memory, uint64_t addr, void *data, uint64_t len)
{
    uint8_t *to = data;
    vsk_span span;

    if (vsk_memory_check(memory, addr, len) != VSK_OK)
        return VSK_BAD_ADDRESS;
    while (len != 0 && take(memory, &addr, &len, &span) == VSK_OK) {
        memcpy(to, span.base, span.len);
        to += span.len;
    }
    return VSK_OK;
}

vsk_status
vsk_memory_write(vsk_memory *memory, uint64_t addr, const void *data,
                 uint64_t len)
{
    const uint8_t *from = data;
    vsk_span span;

    if (vsk_memory_check(memory, addr, len) != VSK_OK)
        return VSK_BAD_ADDRESS;
    while (len != 0 && take(memory, &addr, &len, &span) == VSK_OK) {
        /* A script may copy guest memory to itself. */
        memmove(span.base, from, span.len);
        from += span.len;
    }
    return VSK_OK;
}

vsk_status
vsk_memory_fill(vsk_memory *memory, uint64_t addr, uint8_t value, uint64_t len)
{
    vsk_span span;

    if (vsk_memory_check(memory, addr, len) != VSK_OK)
        return VSK_BAD_ADDRESS;
    while (len != 0 && take(memory, &addr, &len, &span) == VSK_OK)
        memset(span.base, value, span.len);
    return VSK_OK;
}
