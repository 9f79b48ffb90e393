/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A memory's way into an image and back; the bytes themselves are moved by
 * the language that has the file. */
#include <stdlib.h>

#include "kit/kit.h"

/* Buffers that the rings of an image may have outstanding, all together. */
#define SPANS_MAX 1000000u

/* Bring the saved places of open queues up to date. */
static void
refresh(kit_memory *memory)
{
    for (uint32_t i = 0; i < memory->ring_count; i++)
        if (memory->rings[i].queue != NULL)
            memory->rings[i].image = kit_queue_image(memory->rings[i].queue);
}

vsk_status
kit_memory_ring(kit_memory *memory, uint32_t index, vsk_image_ring *ring)
{
    const kit_ring *entry;

    if (index >= memory->ring_count)
        return VSK_NONE;
    entry = &memory->rings[index];
    *ring = entry->queue != NULL ? kit_queue_image(entry->queue) : entry->image;
    return VSK_OK;
}

static vsk_status
tables_new(vsk_image *image)
{
    image->regions =
        calloc((size_t)image->region_count + 1, sizeof *image->regions);
    image->rings = calloc((size_t)image->ring_count + 1, sizeof *image->rings);
    return image->regions != NULL && image->rings != NULL ? VSK_OK
                                                          : VSK_ERR_NOMEM;
}

static void
tables_free(vsk_image *image)
{
    free(image->regions);
    free(image->rings);
}

static void
fill_tables(const kit_memory *memory, vsk_image *image)
{
    for (uint32_t i = 0; i < image->region_count; i++)
        image->regions[i] =
            (vsk_range){memory->regions[i].addr, memory->regions[i].size};
    for (uint32_t i = 0; i < image->ring_count; i++)
        image->rings[i] = memory->rings[i].image;
}

vsk_status
kit_memory_head(kit_memory *memory, kit_bytes *bytes)
{
    vsk_image image = {
        .region_count = memory->memory.count,
        .ring_count = memory->ring_count,
    };
    vsk_status status;

    if (memory->closed)
        return VSK_ERR_CLOSED;
    for (uint32_t i = 0; i < memory->ring_count; i++) {
        const kit_queue *queue = memory->rings[i].queue;

        if (queue != NULL && kit_queue_may_save(queue) != VSK_OK)
            return VSK_ERR_BUSY;
    }
    refresh(memory);
    status = tables_new(&image);
    if (status == VSK_OK) {
        fill_tables(memory, &image);
        bytes->size = (size_t)vsk_image_bytes(&image);
        bytes->data = malloc(bytes->size);
        status = bytes->data != NULL
                     ? vsk_image_encode(&image, bytes->data, bytes->size)
                     : VSK_ERR_NOMEM;
    }
    tables_free(&image);
    return status;
}

static vsk_status
keep_rings(kit_memory *memory, const vsk_image *image)
{
    memory->rings =
        calloc((size_t)image->ring_count + 1, sizeof *memory->rings);
    if (memory->rings == NULL)
        return VSK_ERR_NOMEM;
    memory->ring_count = image->ring_count;
    for (uint32_t i = 0; i < image->ring_count; i++)
        memory->rings[i] = (kit_ring){image->rings[i], NULL, true};
    return VSK_OK;
}

vsk_status
kit_image_fits(const void *front, size_t size, uint64_t total)
{
    vsk_image image = {0};
    vsk_status status;

    if (size < VSK_IMAGE_HEAD || vsk_image_counts(&image, front) != VSK_OK ||
        size < vsk_image_bytes(&image) || total < vsk_image_bytes(&image))
        return VSK_ERR_IMAGE;
    status = tables_new(&image);
    if (status == VSK_OK) {
        vsk_image_decode(&image, front);
        total -= vsk_image_bytes(&image);
        for (uint32_t i = 0; i < image.region_count; i++) {
            if (image.regions[i].size > total)
                status = VSK_ERR_IMAGE;
            else
                total -= image.regions[i].size;
        }
        if (total != 0)
            status = VSK_ERR_IMAGE;
    }
    tables_free(&image);
    return status;
}

vsk_status
kit_memory_load(const void *data, size_t size, kit_memory **memory)
{
    vsk_image image = {0};
    kit_memory *fresh = NULL;
    vsk_status status;

    if (size < VSK_IMAGE_HEAD || vsk_image_counts(&image, data) != VSK_OK ||
        size < vsk_image_bytes(&image))
        return VSK_ERR_IMAGE;
    status = tables_new(&image);
    if (status == VSK_OK) {
        vsk_image_decode(&image, data);
        status = kit_memory_new(image.regions, image.region_count, 0, &fresh);
    }
    if (status == VSK_OK)
        status = keep_rings(fresh, &image);
    tables_free(&image);
    if (status != VSK_OK) {
        kit_memory_unref(fresh);
        return status == VSK_ERR_REGION ? VSK_ERR_IMAGE : status;
    }
    *memory = fresh;
    return VSK_OK;
}

static vsk_status
reserve(kit_memory *memory, uint64_t addr, uint64_t size)
{
    vsk_status status = kit_memory_prepare(memory);

    if (status != VSK_OK)
        return status;
    return vsk_pool_reserve(&memory->pool, addr, size);
}

static vsk_status
reserve_chain(kit_memory *memory, const vsk_chain *chain)
{
    vsk_status status = VSK_OK;

    if (chain->indirect)
        status = reserve(memory, chain->table,
                         (uint64_t)chain->buffers * VSK_DESC_SIZE);
    for (uint32_t i = 0; i < chain->count && status == VSK_OK; i++)
        status = reserve(memory, chain->spans[i].addr, chain->spans[i].len);
    return status;
}

/* Everything that was offered and not used, as a device would find it. An
 * image is a file: what it asks for is bounded over all its rings. */
static vsk_status
reserve_outstanding(kit_memory *memory, const vsk_image_ring *entry,
                    uint32_t *budget)
{
    /* Over what was used and not reaped a packed ring has written. */
    vsk_ring_state state = (entry->ring.features & VSK_F_RING_PACKED) != 0
                               ? entry->device
                               : entry->driver;
    uint64_t span_count = 2 * (uint64_t)entry->ring.size + memory->memory.count;
    vsk_status status = VSK_OK, found = VSK_OK;
    vsk_queue_device device;
    vsk_span *spans;
    vsk_chain chain;

    state.avail = state.used;
    if (vsk_queue_device_init(&device, &memory->memory, &entry->ring, &state) !=
        VSK_OK)
        return VSK_ERR_IMAGE;
    spans = malloc((size_t)span_count * sizeof *spans);
    if (spans == NULL)
        return VSK_ERR_NOMEM;
    while (status == VSK_OK && (found == VSK_OK || found == VSK_BAD_HEAD)) {
        vsk_chain_init(&chain, spans, (uint32_t)span_count);
        found = vsk_queue_pop(&device, &chain);
        if (found != VSK_OK)
            continue;
        status = chain.count < *budget ? reserve_chain(memory, &chain)
                                       : VSK_ERR_IMAGE;
        *budget -= chain.count + 1;
    }
    free(spans);
    return status;
}

/* A part of a ring, which nothing else may use. */
static vsk_status
reserve_part(kit_memory *memory, uint64_t addr, uint64_t size)
{
    uint64_t before = vsk_pool_available(&memory->pool);
    vsk_status status = reserve(memory, addr, size);

    if (status == VSK_OK && before - vsk_pool_available(&memory->pool) != size)
        return VSK_ERR_IMAGE;
    return status;
}

static vsk_status
reserve_ring(kit_memory *memory, const vsk_ring *ring)
{
    uint64_t bytes[3];
    vsk_status status;

    vsk_ring_part_bytes(ring, bytes);
    status = reserve_part(memory, ring->desc, bytes[0]);
    if (status == VSK_OK)
        status = reserve_part(memory, ring->driver, bytes[1]);
    if (status == VSK_OK)
        status = reserve_part(memory, ring->device, bytes[2]);
    return status;
}

vsk_status
kit_memory_adopt(kit_memory *memory)
{
    uint32_t budget = SPANS_MAX;
    vsk_status status = VSK_OK;

    for (uint32_t i = 0; i < memory->ring_count && status == VSK_OK; i++)
        status = reserve_ring(memory, &memory->rings[i].image.ring);
    for (uint32_t i = 0; i < memory->ring_count && status == VSK_OK; i++)
        status = reserve_outstanding(memory, &memory->rings[i].image, &budget);
    return status;
}
