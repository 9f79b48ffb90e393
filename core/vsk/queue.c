/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/queue.h"

#include "vsk/packed.h"
#include "vsk/ring_parts.h"
#include "vsk/split.h"

static bool
is_packed(const vsk_ring *ring)
{
    return (ring->features & VSK_F_RING_PACKED) != 0;
}

/* Whether one of its ends may stand there: any idx is good in a split ring. */
static bool
may_stand(const vsk_ring *ring, const vsk_ring_state *state)
{
    const uint32_t slot = VSK_RING_WRAP - 1;

    return !is_packed(ring) ||
           ((state->avail & slot) < ring->size &&
            (state->used & slot) < ring->size && state->notified <= ring->size);
}

/* ---- the driver's end ---- */

vsk_status
vsk_queue_driver_init(vsk_queue_driver *driver, const vsk_memory *memory,
                      const vsk_ring *ring, vsk_ring_slot *slots)
{
    vsk_memory view = *memory;
    vsk_ring_parts parts;
    vsk_status status = vsk_ring_map(ring, &view, &parts);

    if (status != VSK_OK)
        return status;
    if (is_packed(ring))
        vsk_packed_driver_init(&driver->ring, &view, ring, &parts, slots);
    else
        vsk_split_driver_init(&driver->ring, &view, ring, &parts, slots);
    return VSK_OK;
}

vsk_status
vsk_queue_driver_open(vsk_queue_driver *driver, const vsk_memory *memory,
                      const vsk_ring *ring, vsk_ring_slot *slots,
                      const vsk_ring_state *state)
{
    vsk_memory view = *memory;
    vsk_ring_parts parts;
    vsk_ring_state seen;
    vsk_status status = vsk_ring_map(ring, &view, &parts);

    if (status != VSK_OK)
        return status;
    if (state == NULL && is_packed(ring))
        return VSK_ERR_ARGUMENT;
    seen = state != NULL ? *state : vsk_split_driver_state(&parts);
    if (!may_stand(ring, &seen))
        return VSK_ERR_ARGUMENT;
    if (is_packed(ring))
        vsk_packed_driver_open(&driver->ring, &view, ring, &parts, slots,
                               &seen);
    else
        vsk_split_driver_open(&driver->ring, &view, ring, &parts, slots, &seen);
    return VSK_OK;
}

/* The order and the bytes of what is offered. */
static vsk_status
check_buffers(const vsk_offer *offer)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < offer->count; i++) {
        const vsk_buffer *buffer = &offer->buffers[i];

        if (i > 0 && !buffer->write && offer->buffers[i - 1].write)
            return VSK_ERR_ORDER;
        bytes += buffer->len;
        if (bytes > VSK_CHAIN_MAX)
            return VSK_ERR_LENGTH;
    }
    return VSK_OK;
}

vsk_status
vsk_queue_check(const vsk_queue_driver *driver, const vsk_offer *offer)
{
    const vsk_ring_driver *ring = &driver->ring;
    uint32_t slots = offer->count - offer->indirect + (offer->indirect != 0);
    vsk_status status;

    if (offer->count == 0)
        return VSK_ERR_EMPTY;
    if (offer->count > ring->size)
        return VSK_ERR_LONG;
    if (offer->indirect > offer->count)
        return VSK_ERR_ARGUMENT;
    if (offer->indirect != 0 && !ring->indirect)
        return VSK_ERR_INDIRECT;
    if (ring->packed && offer->indirect != 0 && offer->indirect != offer->count)
        return VSK_ERR_MIXED;
    status = check_buffers(offer);
    if (status != VSK_OK)
        return status;
    return slots > ring->free_count ? VSK_ERR_FULL : VSK_OK;
}

vsk_status
vsk_queue_stage(vsk_queue_driver *driver, const vsk_offer *offer,
                uint16_t *head)
{
    vsk_status status = vsk_queue_check(driver, offer);

    if (status != VSK_OK)
        return status;
    return driver->ring.packed ? vsk_packed_stage(&driver->ring, offer, head)
                               : vsk_split_stage(&driver->ring, offer, head);
}

void
vsk_queue_stage_head(vsk_queue_driver *driver, uint16_t head)
{
    if (driver->ring.packed)
        vsk_packed_stage_id(&driver->ring, head);
    else
        vsk_split_stage_head(&driver->ring, head);
}

void
vsk_queue_offer(vsk_queue_driver *driver)
{
    if (driver->ring.packed)
        vsk_packed_offer(&driver->ring);
    else
        vsk_split_offer(&driver->ring);
}

vsk_status
vsk_queue_add(vsk_queue_driver *driver, const vsk_offer *offer, uint16_t *head)
{
    vsk_status status = vsk_queue_stage(driver, offer, head);

    if (status == VSK_OK)
        vsk_queue_offer(driver);
    return status;
}

bool
vsk_queue_should_kick(vsk_queue_driver *driver)
{
    return driver->ring.packed ? vsk_packed_should_kick(&driver->ring)
                               : vsk_split_should_kick(&driver->ring);
}

uint32_t
vsk_queue_notification(const vsk_queue_driver *driver, uint16_t queue)
{
    /* An idx of 16 bits is 15 and one above, as a place is (NOTIF-DRV-03). */
    return queue | (uint32_t)driver->ring.state.avail << 16;
}

vsk_status
vsk_queue_reap(vsk_queue_driver *driver, vsk_used *used)
{
    return driver->ring.packed ? vsk_packed_reap(&driver->ring, used)
                               : vsk_split_reap(&driver->ring, used);
}

bool
vsk_queue_enable_interrupts(vsk_queue_driver *driver)
{
    return driver->ring.packed ? vsk_packed_enable_interrupts(&driver->ring)
                               : vsk_split_enable_interrupts(&driver->ring);
}

void
vsk_queue_disable_interrupts(vsk_queue_driver *driver)
{
    if (driver->ring.packed)
        vsk_packed_disable_interrupts(&driver->ring);
    else
        vsk_split_disable_interrupts(&driver->ring);
}

vsk_ring_state
vsk_queue_driver_state(const vsk_queue_driver *driver)
{
    return driver->ring.state;
}

/* ---- the device's end ---- */

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
    if (state != NULL)
        seen = *state;
    else
        seen = is_packed(ring) ? vsk_packed_new_state()
                               : vsk_split_device_state(&parts);
    if (!may_stand(ring, &seen))
        return VSK_ERR_ARGUMENT;
    if (is_packed(ring))
        vsk_packed_device_init(&device->ring, &view, ring, &parts, &seen);
    else
        vsk_split_device_init(&device->ring, &view, ring, &parts, &seen);
    return VSK_OK;
}

bool
vsk_queue_holds(const vsk_queue_device *device, const vsk_chain *chain)
{
    return vsk_ring_holds(&device->ring, chain);
}

uint32_t
vsk_queue_held(const vsk_queue_device *device)
{
    return vsk_ring_held(&device->ring);
}

vsk_status
vsk_queue_pop(vsk_queue_device *device, vsk_chain *chain)
{
    /* It would be lost: nobody could give it back any more. */
    if (vsk_queue_holds(device, chain))
        return VSK_ERR_HELD;
    return device->ring.packed ? vsk_packed_pop(&device->ring, chain)
                               : vsk_split_pop(&device->ring, chain);
}

vsk_status
vsk_queue_unpop(vsk_queue_device *device, vsk_chain *chain)
{
    vsk_ring_device *ring = &device->ring;

    if (!vsk_queue_holds(device, chain) ||
        chain->index != (uint16_t)(ring->popped - 1))
        return VSK_ERR_HELD;
    chain->held = false;
    if (ring->packed)
        vsk_packed_unpop(ring, chain);
    else
        vsk_split_unpop(ring);
    return VSK_OK;
}

vsk_status
vsk_queue_give(vsk_queue_device *device, vsk_chain *chain, uint32_t written)
{
    return device->ring.packed ? vsk_packed_give(&device->ring, chain, written)
                               : vsk_split_give(&device->ring, chain, written);
}

void
vsk_queue_publish(vsk_queue_device *device)
{
    if (device->ring.packed)
        vsk_packed_publish(&device->ring);
    else
        vsk_split_publish(&device->ring);
}

vsk_status
vsk_queue_push(vsk_queue_device *device, vsk_chain *chain, uint32_t written)
{
    return device->ring.packed ? vsk_packed_push(&device->ring, chain, written)
                               : vsk_split_push(&device->ring, chain, written);
}

uint32_t
vsk_queue_lost(const vsk_queue_device *device)
{
    return device->ring.packed ? vsk_packed_lost(&device->ring)
                               : vsk_split_lost(&device->ring);
}

bool
vsk_queue_should_interrupt(vsk_queue_device *device)
{
    return device->ring.packed ? vsk_packed_should_interrupt(&device->ring)
                               : vsk_split_should_interrupt(&device->ring);
}

bool
vsk_queue_enable_kicks(vsk_queue_device *device)
{
    return vsk_queue_watch(device, device->ring.state.avail);
}

uint16_t
vsk_queue_offered(const vsk_queue_device *device)
{
    return device->ring.packed ? vsk_packed_offered(&device->ring)
                               : vsk_split_offered(&device->ring);
}

bool
vsk_queue_is_behind(const vsk_queue_device *device, uint16_t place)
{
    return device->ring.packed ? vsk_packed_is_behind(&device->ring, place)
                               : vsk_split_offered(&device->ring) != place;
}

bool
vsk_queue_watch(const vsk_queue_device *device, uint16_t place)
{
    return device->ring.packed ? vsk_packed_watch(&device->ring, place)
                               : vsk_split_watch(&device->ring, place);
}

void
vsk_queue_disable_kicks(vsk_queue_device *device)
{
    if (device->ring.packed)
        vsk_packed_disable_kicks(&device->ring);
    else
        vsk_split_disable_kicks(&device->ring);
}

vsk_status
vsk_queue_device_state(const vsk_queue_device *device, vsk_ring_state *state)
{
    const vsk_ring_device *ring = &device->ring;

    /* The ring knows nothing of chains that were given and not published. */
    if (vsk_ring_held(ring) != 0 || ring->staged != ring->state.used)
        return VSK_ERR_BUSY;
    *state = ring->state;
    return VSK_OK;
}

void
vsk_queue_device_reset(vsk_queue_device *device)
{
    vsk_ring_device *ring = &device->ring;

    ring->state = ring->packed ? vsk_packed_new_state() : (vsk_ring_state){0};
    ring->offered = ring->state.avail;
    ring->staged = ring->state.used;
    ring->staged_count = 0;
    ring->popped = 0;
    ring->given = 0;
    ring->held_slots = 0;
    ring->epoch++;
}
