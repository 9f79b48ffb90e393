/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"

/* Records for full rings of chains with many indirect buffers each, and for
 * the chain that finds the ring full. */
static uint32_t
record_count(uint32_t size)
{
    return size <= 256 ? (size + 1) * (size + 1) : 2 * size + 65536;
}

static vsk_status
tables_new(kit_queue *queue, uint32_t size, vsk_buffers_tables *tables)
{
    /* Buffers that do not overlap cross the edge of each region once. */
    queue->span_count = 2 * size + queue->memory->memory.count;
    tables->capacity = record_count(size);
    queue->slots = calloc(size, sizeof *queue->slots);
    queue->records = calloc(tables->capacity, sizeof *queue->records);
    queue->scratch = calloc(size, sizeof *queue->scratch);
    queue->spans = calloc(queue->span_count, sizeof *queue->spans);
    tables->records = queue->records;
    tables->scratch = queue->scratch;
    return queue->slots != NULL && queue->records != NULL &&
                   queue->scratch != NULL && queue->spans != NULL
               ? VSK_OK
               : VSK_ERR_NOMEM;
}

static void
queue_free(kit_queue *queue)
{
    free(queue->slots);
    free(queue->records);
    free(queue->scratch);
    free(queue->spans);
    kit_spare_free(&queue->spare_chains);
    kit_spare_free(&queue->spare_packets);
    kit_memory_unref(queue->memory);
    free(queue);
}

/* Bring both ends to a ring; new ones are zeroed by the driver's end. */
static vsk_status
ends_begin(kit_queue *queue, const vsk_image_ring *saved)
{
    const vsk_memory *memory = &queue->memory->memory;
    vsk_status status;

    if (saved == NULL)
        status = vsk_queue_driver_init(&queue->driver.end, memory, &queue->ring,
                                       queue->slots);
    else
        status = vsk_queue_driver_open(&queue->driver.end, memory, &queue->ring,
                                       queue->slots, &saved->driver);
    if (status != VSK_OK)
        return status;
    return vsk_queue_device_init(&queue->device.end, memory, &queue->ring,
                                 saved != NULL ? &saved->device : NULL);
}

static vsk_status
queue_build(kit_memory *memory, const vsk_ring *ring,
            const vsk_image_ring *saved, kit_queue **queue)
{
    kit_queue *fresh = calloc(1, sizeof *fresh);
    vsk_buffers_tables tables;
    vsk_status status;

    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    fresh->references = 1;
    fresh->memory = kit_memory_ref(memory);
    fresh->ring = *ring;
    fresh->driver.queue = fresh;
    fresh->device.queue = fresh;
    status = tables_new(fresh, ring->size, &tables);
    if (status == VSK_OK)
        status = ends_begin(fresh, saved);
    if (status != VSK_OK) {
        queue_free(fresh);
        return status;
    }
    vsk_buffers_init(&fresh->driver.buffers, &fresh->driver.end,
                     &memory->memory, &memory->pool, ring->size, &tables);
    *queue = fresh;
    return VSK_OK;
}

/* One more entry in the memory's list of rings. */
static vsk_status
list_ring(kit_memory *memory, kit_queue *queue)
{
    kit_ring *rings = realloc(memory->rings,
                              ((size_t)memory->ring_count + 1) * sizeof *rings);

    if (rings == NULL)
        return VSK_ERR_NOMEM;
    memory->rings = rings;
    rings[memory->ring_count++] =
        (kit_ring){kit_queue_image(queue), queue, false};
    return VSK_OK;
}

vsk_status
kit_queue_new(kit_memory *memory, uint32_t size, uint64_t features,
              kit_queue **queue)
{
    vsk_ring ring = {.size = size, .features = features};
    kit_queue *fresh = NULL;
    uint64_t addr;
    vsk_status status = vsk_ring_check_size(&ring);

    if (status == VSK_OK)
        status = kit_memory_alloc(memory, vsk_ring_bytes(&ring), 16, &addr);
    if (status != VSK_OK)
        return status;
    vsk_ring_place(&ring, addr);
    status = queue_build(memory, &ring, NULL, &fresh);
    if (status == VSK_OK)
        status = list_ring(memory, fresh);
    if (status == VSK_OK)
        *queue = fresh;
    else {
        kit_queue_unref(fresh);
        (void)kit_memory_free(memory, addr, vsk_ring_bytes(&ring));
    }
    return status;
}

vsk_status
kit_queue_open(kit_memory *memory, const vsk_image_ring *ring,
               kit_queue **queue)
{
    if (memory->closed)
        return VSK_ERR_CLOSED;
    for (uint32_t i = 0; i < memory->ring_count; i++) {
        kit_ring *entry = &memory->rings[i];
        vsk_status status;

        if (entry->image.ring.desc != ring->ring.desc)
            continue;
        if (entry->queue != NULL)
            return VSK_ERR_BUSY;
        status = queue_build(memory, &entry->image.ring, &entry->image, queue);
        if (status == VSK_OK)
            entry->queue = *queue;
        return status;
    }
    return VSK_ERR_ARGUMENT;
}

vsk_image_ring
kit_queue_image(const kit_queue *queue)
{
    vsk_image_ring image = {.ring = queue->ring};

    if (kit_queue_check(queue) != VSK_OK)
        return image; /* where it stood is all that is left */
    image.driver = vsk_queue_driver_state(&queue->driver.end);
    image.device = queue->device.end.ring.state;
    /* Chains that are held now, or given and not published, are popped again
     * by who opens the ring: none came back out of order. */
    image.device.avail = image.device.used;
    return image;
}

vsk_status
kit_queue_may_save(const kit_queue *queue)
{
    const vsk_ring_driver *driver = &queue->driver.end.ring;
    const vsk_ring_device *device = &queue->device.end.ring;

    /* Where each end stands tells what is outstanding only in order. */
    if (queue->unordered)
        return VSK_ERR_BUSY;
    /* A used descriptor stands over the list that the device would look for. */
    if (device->packed && device->staged != device->state.used)
        return VSK_ERR_BUSY;
    /* Nothing in the ring says how long the chains of a batch were. */
    if (device->in_order && driver->state.used != device->state.used)
        return VSK_ERR_BUSY;
    return VSK_OK;
}

kit_queue *
kit_queue_ref(kit_queue *queue)
{
    queue->references++;
    return queue;
}

/* Take a queue out of its memory's list; what it had there is free again. */
static void
unlist(kit_queue *queue)
{
    kit_memory *memory = queue->memory;
    uint32_t at = 0;

    while (at < memory->ring_count && memory->rings[at].queue != queue)
        at++;
    if (at == memory->ring_count)
        return;
    if (memory->rings[at].loaded) {
        memory->rings[at].image = kit_queue_image(queue);
        memory->rings[at].queue = NULL;
        return;
    }
    memory->ring_count--;
    memmove(&memory->rings[at], &memory->rings[at + 1],
            (memory->ring_count - at) * sizeof memory->rings[0]);
    for (uint32_t i = 0; i < queue->ring.size; i++) {
        vsk_used used = {.token = queue->slots[i].token};

        if (queue->slots[i].count != 0 && kit_memory_prepare(memory) == VSK_OK)
            vsk_buffers_release(&queue->driver.buffers, &used);
    }
    (void)kit_memory_free(memory, queue->ring.desc,
                          vsk_ring_bytes(&queue->ring));
}

void
kit_queue_unref(kit_queue *queue)
{
    if (queue == NULL || --queue->references != 0)
        return;
    unlist(queue);
    queue_free(queue);
}

vsk_status
kit_queue_check(const kit_queue *queue)
{
    return queue->memory->closed ? VSK_ERR_CLOSED : VSK_OK;
}

/* Where a descriptor of the ring's table stands in guest memory. */
static vsk_status
desc_addr(const kit_queue *queue, uint32_t slot, uint64_t *addr)
{
    if (slot >= queue->ring.size)
        return VSK_ERR_ARGUMENT;
    *addr = queue->ring.desc + (uint64_t)slot * VSK_DESC_SIZE;
    return kit_queue_check(queue);
}

/* A packed ring has the buffer id, our next, before the flags. */
static vsk_desc
in_order_of_memory(const kit_queue *queue, vsk_desc desc)
{
    if ((queue->ring.features & VSK_F_RING_PACKED) == 0)
        return desc;
    return (vsk_desc){desc.addr, desc.len, desc.next, desc.flags};
}

vsk_status
kit_queue_get_desc(kit_queue *queue, uint32_t slot, vsk_desc *desc)
{
    uint8_t wire[VSK_DESC_SIZE];
    uint64_t addr;
    vsk_status status = desc_addr(queue, slot, &addr);

    if (status != VSK_OK)
        return status;
    status = vsk_memory_read(&queue->memory->memory, addr, wire, sizeof wire);
    if (status != VSK_OK)
        return status;
    vsk_desc_decode(desc, wire);
    *desc = in_order_of_memory(queue, *desc);
    return VSK_OK;
}

vsk_status
kit_queue_set_desc(kit_queue *queue, uint32_t slot, uint64_t addr, uint32_t len,
                   uint16_t flags, uint16_t next)
{
    vsk_desc desc =
        in_order_of_memory(queue, (vsk_desc){addr, len, flags, next});
    uint8_t wire[VSK_DESC_SIZE];
    uint64_t where;
    vsk_status status = desc_addr(queue, slot, &where);

    if (status != VSK_OK)
        return status;
    vsk_desc_encode(&desc, wire);
    return vsk_memory_write(&queue->memory->memory, where, wire, sizeof wire);
}
