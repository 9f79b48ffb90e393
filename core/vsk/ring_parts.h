/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Parts that the ends of both ring formats share and nobody else sees.
 */
#ifndef VSK_RING_PARTS_H
#define VSK_RING_PARTS_H

#include "vsk/ring.h"
#include "vsk/shared.h"

/* A descriptor of a split ring, or of a packed one's table. */
static inline void
vsk_ring_store_desc(uint8_t *at, const vsk_desc *desc)
{
    uint8_t wire[VSK_DESC_SIZE];

    vsk_desc_encode(desc, wire);
    vsk_shared_write(at, wire, sizeof wire);
}

/* Private state only: all slots free, in order from 0. Behind the last one is
 * the first, so that every link is a slot. */
static inline void
vsk_ring_driver_begin(vsk_ring_driver *driver, const vsk_memory *memory,
                      const vsk_ring *ring, const vsk_ring_parts *parts,
                      vsk_ring_slot *slots)
{
    *driver = (vsk_ring_driver){
        .memory = *memory,
        .parts = *parts,
        .slots = slots,
        .size = ring->size,
        .free_count = ring->size,
        .free_tail = (uint16_t)(ring->size - 1),
        .packed = (ring->features & VSK_F_RING_PACKED) != 0,
        .event_idx = (ring->features & VSK_F_EVENT_IDX) != 0,
        .indirect = (ring->features & VSK_F_INDIRECT_DESC) != 0,
        .in_order = (ring->features & VSK_F_IN_ORDER) != 0,
    };
    for (uint32_t i = 0; i < ring->size; i++)
        slots[i] = (vsk_ring_slot){
            .next = (uint16_t)(i + 1 < ring->size ? i + 1 : 0),
        };
}

/* Private state only: nothing is held. */
static inline void
vsk_ring_device_begin(vsk_ring_device *device, const vsk_memory *memory,
                      const vsk_ring *ring, const vsk_ring_parts *parts,
                      const vsk_ring_state *state)
{
    *device = (vsk_ring_device){
        .memory = *memory,
        .parts = *parts,
        .table = {parts->desc, ring->size,
                  (ring->features & VSK_F_INDIRECT_DESC) != 0},
        .packed = (ring->features & VSK_F_RING_PACKED) != 0,
        .event_idx = (ring->features & VSK_F_EVENT_IDX) != 0,
        .in_order = (ring->features & VSK_F_IN_ORDER) != 0,
        .popped = state->avail,
        .given = state->avail,
        .offered = state->avail,
        .staged = state->used,
        .state = *state,
    };
}

/* Chains popped and not given back. */
static inline uint16_t
vsk_ring_held(const vsk_ring_device *device)
{
    return (uint16_t)(device->popped - device->given);
}

/* A chain is about to be walked, and will be held by who pops it. */
static inline void
vsk_ring_take(vsk_ring_device *device, vsk_chain *chain)
{
    chain->index = device->popped++;
    chain->held = true;
    chain->epoch = device->epoch;
    chain->origin = device->parts.desc;
}

static inline bool
vsk_ring_holds(const vsk_ring_device *device, const vsk_chain *chain)
{
    return chain->held && chain->epoch == device->epoch &&
           chain->origin == device->parts.desc && vsk_ring_held(device) != 0;
}

/* Whether a chain may go back with so many bytes; then it is not held. */
static inline vsk_status
vsk_ring_let_go(vsk_ring_device *device, vsk_chain *chain, uint32_t written)
{
    if (!vsk_ring_holds(device, chain))
        return VSK_ERR_HELD;
    if (written > chain->writable)
        return VSK_ERR_WRITTEN;
    if (device->in_order && chain->index != device->given)
        return VSK_ERR_IN_ORDER;
    chain->held = false;
    device->given++;
    return VSK_OK;
}

/* ---- what was offered, with IN_ORDER ---- */

/* A chain that was just made outstanding is the newest. */
static inline void
vsk_ring_line_up(vsk_ring_driver *driver, uint16_t name)
{
    driver->outstanding++;
    if (!driver->in_order)
        return;
    if (driver->outstanding == 1)
        driver->oldest = name;
    else
        driver->slots[driver->newest].later = name;
    driver->newest = name;
}

/* Begin a batch with what a used element says of a chain that is outstanding;
 * it ends with that one, and those before it were used as a whole. */
static inline void
vsk_ring_begin_batch(vsk_ring_driver *driver, uint16_t name, uint32_t written)
{
    driver->in_batch = true;
    driver->batch = name;
    driver->batch_len = written;
}

/* The next chain of the batch, and the bytes that were written into it. */
static inline uint16_t
vsk_ring_next_of_batch(vsk_ring_driver *driver, uint32_t *written)
{
    uint16_t name = driver->oldest;
    const vsk_ring_slot *slot = &driver->slots[name];

    *written =
        slot->writable > UINT32_MAX ? UINT32_MAX : (uint32_t)slot->writable;
    if (name == driver->batch) {
        *written = driver->batch_len;
        driver->in_batch = false;
    }
    driver->oldest = slot->later;
    return name;
}

/* What came back under a name. */
static inline void
vsk_ring_fill_used(const vsk_ring_driver *driver, uint16_t name,
                   uint32_t written, vsk_used *used)
{
    const vsk_ring_slot *slot = &driver->slots[name];

    used->token = slot->token;
    used->head = name;
    used->status = written > slot->writable ? VSK_BAD_USED_LEN : VSK_OK;
    used->written = used->status == VSK_OK ? written : 0;
}

/* ---- what is given back, with IN_ORDER ---- */

/* Where the next used element goes, as staged: over the one before it, if that
 * is not published and its chain was used as a whole. Any other would be taken
 * for written to its last byte (PACKORD-DRV-02); so would one that was not
 * walked to its end, of which we do not know what is writable. */
static inline uint16_t
vsk_ring_batch(vsk_ring_device *device, const vsk_chain *chain,
               uint32_t written)
{
    uint16_t at = device->staged;

    if (!device->in_order)
        return at;
    if (device->batch_whole && device->staged != device->state.used)
        at = device->batch_at;
    device->batch_at = at;
    device->batch_whole = chain->status == VSK_OK && written == chain->writable;
    return at;
}

#endif
