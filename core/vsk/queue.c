/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/queue.h"

vsk_status
vsk_queue_driver_init(vsk_queue_driver *driver, const vsk_memory *memory,
                      const vsk_ring *ring, vsk_split_slot *slots)
{
    vsk_memory view = *memory;
    vsk_ring_parts parts;
    vsk_status status = vsk_ring_map(ring, &view, &parts);

    if (status == VSK_OK)
        vsk_split_driver_init(&driver->split, &view, ring, &parts, slots);
    return status;
}

vsk_status
vsk_queue_driver_open(vsk_queue_driver *driver, const vsk_memory *memory,
                      const vsk_ring *ring, vsk_split_slot *slots,
                      const vsk_ring_state *state)
{
    vsk_memory view = *memory;
    vsk_ring_parts parts;
    vsk_ring_state seen;
    vsk_status status = vsk_ring_map(ring, &view, &parts);

    if (status != VSK_OK)
        return status;
    seen = state != NULL ? *state : vsk_split_driver_state(&parts);
    vsk_split_driver_open(&driver->split, &view, ring, &parts, slots, &seen);
    return VSK_OK;
}

vsk_status
vsk_queue_check(const vsk_queue_driver *driver, const vsk_offer *offer)
{
    uint32_t slots = offer->count - offer->indirect + (offer->indirect != 0);
    uint64_t bytes = 0;

    if (offer->count == 0)
        return VSK_ERR_EMPTY;
    if (offer->count > driver->split.size)
        return VSK_ERR_LONG;
    if (offer->indirect > offer->count)
        return VSK_ERR_ARGUMENT;
    if (offer->indirect != 0 && !driver->split.indirect)
        return VSK_ERR_INDIRECT;
    for (uint32_t i = 0; i < offer->count; i++) {
        const vsk_buffer *buffer = &offer->buffers[i];

        if (i > 0 && !buffer->write && offer->buffers[i - 1].write)
            return VSK_ERR_ORDER;
        bytes += buffer->len;
        if (bytes > VSK_CHAIN_MAX)
            return VSK_ERR_LENGTH;
    }
    return slots > driver->split.free_count ? VSK_ERR_FULL : VSK_OK;
}

vsk_status
vsk_queue_stage(vsk_queue_driver *driver, const vsk_offer *offer,
                uint16_t *head)
{
    vsk_status status = vsk_queue_check(driver, offer);

    if (status != VSK_OK)
        return status;
    return vsk_split_stage(&driver->split, offer, head);
}

void
vsk_queue_stage_head(vsk_queue_driver *driver, uint16_t head)
{
    vsk_split_stage_head(&driver->split, head);
}

void
vsk_queue_offer(vsk_queue_driver *driver)
{
    vsk_split_offer(&driver->split);
}

vsk_status
vsk_queue_add(vsk_queue_driver *driver, const vsk_offer *offer, uint16_t *head)
{
    vsk_status status = vsk_queue_stage(driver, offer, head);

    if (status == VSK_OK)
        vsk_split_offer(&driver->split);
    return status;
}

bool
vsk_queue_should_kick(vsk_queue_driver *driver)
{
    return vsk_split_should_kick(&driver->split);
}

vsk_status
vsk_queue_reap(vsk_queue_driver *driver, vsk_used *used)
{
    return vsk_split_reap(&driver->split, used);
}

bool
vsk_queue_enable_interrupts(vsk_queue_driver *driver)
{
    return vsk_split_enable_interrupts(&driver->split);
}

void
vsk_queue_disable_interrupts(vsk_queue_driver *driver)
{
    vsk_split_disable_interrupts(&driver->split);
}

vsk_ring_state
vsk_queue_driver_state(const vsk_queue_driver *driver)
{
    return driver->split.state;
}

vsk_status
vsk_queue_device_init(vsk_queue_device *device, const vsk_memory *memory,
                      const vsk_ring *ring, const vsk_ring_state *state)
{
    vsk_memory view = *memory;
    vsk_ring_parts parts;
    vsk_ring_state seen;
    vsk_status status = vsk_ring_map(ring, &view, &parts);

    if (status != VSK_OK)
        return status;
    seen = state != NULL ? *state : vsk_split_device_state(&parts);
    vsk_split_device_init(&device->split, &view, ring, &parts, &seen);
    device->epoch = 0;
    return VSK_OK;
}

bool
vsk_queue_holds(const vsk_queue_device *device, const vsk_chain *chain)
{
    return chain->held && chain->epoch == device->epoch &&
           chain->origin == device->split.parts.desc && device->split.held != 0;
}

vsk_status
vsk_queue_pop(vsk_queue_device *device, vsk_chain *chain)
{
    vsk_status status;

    /* It would be lost: nobody could give it back any more. */
    if (vsk_queue_holds(device, chain))
        return VSK_ERR_HELD;
    status = vsk_split_pop(&device->split, chain);
    if (status != VSK_OK)
        return status;
    chain->held = true;
    chain->epoch = device->epoch;
    chain->index = (uint16_t)(device->split.state.avail - 1);
    chain->origin = device->split.parts.desc;
    return VSK_OK;
}

vsk_status
vsk_queue_unpop(vsk_queue_device *device, vsk_chain *chain)
{
    if (!vsk_queue_holds(device, chain) ||
        chain->index != (uint16_t)(device->split.state.avail - 1))
        return VSK_ERR_HELD;
    chain->held = false;
    vsk_split_unpop(&device->split);
    return VSK_OK;
}

vsk_status
vsk_queue_give(vsk_queue_device *device, vsk_chain *chain, uint32_t written)
{
    if (!vsk_queue_holds(device, chain))
        return VSK_ERR_HELD;
    if (written > chain->writable)
        return VSK_ERR_WRITTEN;
    chain->held = false;
    vsk_split_give(&device->split, chain->head, written);
    return VSK_OK;
}

void
vsk_queue_publish(vsk_queue_device *device)
{
    vsk_split_publish(&device->split);
}

vsk_status
vsk_queue_push(vsk_queue_device *device, vsk_chain *chain, uint32_t written)
{
    vsk_status status = vsk_queue_give(device, chain, written);

    if (status == VSK_OK)
        vsk_split_publish(&device->split);
    return status;
}

bool
vsk_queue_should_interrupt(vsk_queue_device *device)
{
    return vsk_split_should_interrupt(&device->split);
}

bool
vsk_queue_enable_kicks(vsk_queue_device *device)
{
    return vsk_split_enable_kicks(&device->split);
}

uint16_t
vsk_queue_offered(const vsk_queue_device *device)
{
    return vsk_split_offered(&device->split);
}

bool
vsk_queue_watch(const vsk_queue_device *device, uint16_t index)
{
    vsk_split_device there = device->split;

    there.state.avail = index;
    return vsk_split_enable_kicks(&there);
}

void
vsk_queue_disable_kicks(vsk_queue_device *device)
{
    vsk_split_disable_kicks(&device->split);
}

vsk_status
vsk_queue_device_state(const vsk_queue_device *device, vsk_ring_state *state)
{
    /* The ring knows nothing of chains that were given and not published. */
    if (device->split.held != 0 ||
        device->split.staged != device->split.state.used)
        return VSK_ERR_BUSY;
    *state = device->split.state;
    return VSK_OK;
}

void
vsk_queue_device_reset(vsk_queue_device *device)
{
    vsk_split_device *split = &device->split;

    split->state = (vsk_ring_state){0};
    split->offered = 0;
    split->staged = 0;
    split->held = 0;
    device->epoch++;
}
