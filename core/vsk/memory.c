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

/* Where an address is found. */
typedef struct place {
    uint8_t *base;  /* in host memory; NULL where it is in no region */
    uint64_t bytes; /* from there to the region's end */
} place;

static place
place_in(const vsk_region *region, uint64_t addr)
{
    uint64_t offset = addr - region->addr;

    if (offset >= region->size)
        return (place){NULL, 0};
    return (place){region->base + offset, region->size - offset};
}

/* The place of an address; the region that had the last one comes first. */
static place
find(const vsk_memory *memory, uint64_t addr, uint32_t *last)
{
    place found = place_in(&memory->regions[*last], addr);
    uint32_t low = 0, high = memory->count;

    while (found.base == NULL && low < high) {
        uint32_t middle = low + (high - low) / 2;

        found = place_in(&memory->regions[middle], addr);
        if (found.base != NULL)
            *last = middle;
        else if (memory->regions[middle].addr < addr)
            low = middle + 1;
        else
            high = middle;
    }
    return found;
}

vsk_status
vsk_memory_span(vsk_memory *memory, uint64_t addr, uint32_t len, vsk_span *span)
{
    place found = find(memory, addr, &memory->last);

    if (found.base == NULL)
        return VSK_BAD_ADDRESS;
    span->base = found.base;
    span->addr = addr;
    span->len = len <= found.bytes ? len : (uint32_t)found.bytes;
    return VSK_OK;
}

vsk_status
vsk_memory_map(vsk_memory *memory, uint64_t addr, uint64_t len, uint8_t **base)
{
    place found = find(memory, addr, &memory->last_map);

    if (found.base == NULL || found.bytes < len)
        return VSK_BAD_ADDRESS;
    *base = found.base;
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
