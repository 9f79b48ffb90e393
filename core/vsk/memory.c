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
    memory->count = count;
    memory->last = 0;
    memory->last_map = 0;
    return VSK_OK;
}

/* Bytes from addr to the region's end; 0 where addr is not in the region. */
static uint64_t
bytes_from(const vsk_region *region, uint64_t addr)
{
    uint64_t offset = addr - region->addr;

    return offset < region->size ? region->size - offset : 0;
}

/* The region of an address; the one that had the last address comes first. */
static const vsk_region *
find(const vsk_memory *memory, uint64_t addr, uint32_t *last)
{
    uint32_t low = 0, high = memory->count;

    if (bytes_from(&memory->regions[*last], addr) != 0)
        return &memory->regions[*last];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (bytes_from(&memory->regions[middle], addr) != 0) {
            *last = middle;
            return &memory->regions[middle];
        }
        if (memory->regions[middle].addr < addr)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

vsk_status
vsk_memory_span(vsk_memory *memory, uint64_t addr, uint32_t len, vsk_span *span)
{
    const vsk_region *region = find(memory, addr, &memory->last);
    uint64_t there;

    if (region == NULL)
        return VSK_BAD_ADDRESS;
    there = bytes_from(region, addr);
    span->base = region->base + (addr - region->addr);
    span->addr = addr;
    span->len = len <= there ? len : (uint32_t)there;
    return VSK_OK;
}

vsk_status
vsk_memory_map(vsk_memory *memory, uint64_t addr, uint64_t len, uint8_t **base)
{
    const vsk_region *region = find(memory, addr, &memory->last_map);

    if (region == NULL || bytes_from(region, addr) < len)
        return VSK_BAD_ADDRESS;
    *base = region->base + (addr - region->addr);
    return VSK_OK;
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
