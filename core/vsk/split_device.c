/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/chain_parts.h"
#include "vsk/split_parts.h"

void
vsk_split_device_init(vsk_ring_device *device, const vsk_memory *memory,
                      const vsk_ring *ring, const vsk_ring_parts *parts,
                      const vsk_ring_state *state)
{
    vsk_ring_device_begin(device, memory, ring, parts, state);
}

vsk_ring_state
vsk_split_device_state(const vsk_ring_parts *parts)
{
    uint16_t used = vsk_shared_acquire16(used_idx(parts));

    return (vsk_ring_state){used, used, used};
}

vsk_status
vsk_split_pop(vsk_ring_device *device, vsk_chain *chain)
{
    uint16_t at = device->state.avail;
    uint16_t head;

    if (at == device->offered) {
        uint16_t idx = vsk_shared_acquire16(avail_idx(&device->parts));

        if (idx == at)
            return VSK_NONE;
        /* No driver has more chains in flight than descriptors. */
        if ((uint16_t)(idx - at) + vsk_ring_held(device) > device->table.size)
            return VSK_BAD_AVAIL_IDX;
        device->offered = idx;
    }
    head =
        vsk_shared_load16(avail_slot(&device->parts, device->table.size, at));
    device->state.avail = (uint16_t)(at + 1);
    if (RARE(head >= device->table.size))
        return VSK_BAD_HEAD;
    vsk_ring_take(device, chain);
    /* The chain's status is its own: it is popped all the same. */
    (void)walk_ring(chain, &device->memory, &device->table, head);
    return VSK_OK;
}

void
vsk_split_unpop(vsk_ring_device *device)
{
    device->state.avail--;
    device->popped--;
}

STEP void
give(vsk_ring_device *device, const vsk_chain *chain, uint32_t written)
{
    uint8_t *element = used_slot(&device->parts, device->table.size,
                                 vsk_ring_batch(device, chain, written));

    vsk_shared_store32(element, chain->head);
    vsk_shared_store32(element + 4, written);
    device->staged++;
}

STEP void
publish(vsk_ring_device *device)
{
    uint16_t idx = device->staged;

    device->state.used = idx;
    /* Release: who sees idx sees data and elements (SPLIT-DEV-08). */
    vsk_shared_release16(used_idx(&device->parts), idx);
}

vsk_status
vsk_split_give(vsk_ring_device *device, vsk_chain *chain, uint32_t written)
{
    vsk_status status = vsk_ring_let_go(device, chain, written);

    if (status == VSK_OK)
        give(device, chain, written);
    return status;
}

void
vsk_split_publish(vsk_ring_device *device)
{
    publish(device);
}

vsk_status
vsk_split_push(vsk_ring_device *device, vsk_chain *chain, uint32_t written)
{
    vsk_status status = vsk_ring_let_go(device, chain, written);

    if (status != VSK_OK)
        return status;
    give(device, chain, written);
    publish(device);
    return VSK_OK;
}

uint32_t
vsk_split_lost(const vsk_ring_device *device)
{
    return (uint16_t)(device->state.avail - vsk_ring_held(device) -
                      device->staged);
}

bool
vsk_split_should_interrupt(vsk_ring_device *device)
{
    uint16_t old = device->state.notified;
    uint16_t now = device->state.used;

    device->state.notified = now;
    if (now == old)
        return false;
    /* idx must be visible before we look at what the driver wants. */
    vsk_shared_fence();
    if (device->event_idx)
        return vsk_ring_need_event(
            vsk_shared_load16(used_event(&device->parts, device->table.size)),
            now, old);
    return (vsk_shared_load16(avail_flags(&device->parts)) &
            VSK_SPLIT_NO_NOTIFY) == 0;
}

uint16_t
vsk_split_offered(const vsk_ring_device *device)
{
    return vsk_shared_acquire16(avail_idx(&device->parts));
}

bool
vsk_split_watch(const vsk_ring_device *device, uint16_t index)
{
    if (device->event_idx)
        vsk_shared_store16(avail_event(&device->parts, device->table.size),
                           index);
    else
        vsk_shared_store16(used_flags(&device->parts), 0);
    /* Our wish must be visible before we look once more: no lost wake-up. */
    vsk_shared_fence();
    return vsk_split_offered(device) != index;
}

void
vsk_split_disable_kicks(vsk_ring_device *device)
{
    /* With EVENT_IDX flags stays 0; an index just passed is far away. */
    if (device->event_idx)
        vsk_shared_store16(avail_event(&device->parts, device->table.size),
                           (uint16_t)(device->state.avail - 1));
    else
        vsk_shared_store16(used_flags(&device->parts), VSK_SPLIT_NO_NOTIFY);
}
