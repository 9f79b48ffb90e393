/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/chain_list_parts.h"
#include "vsk/packed_parts.h"

void
vsk_packed_device_init(vsk_ring_device *device, const vsk_memory *memory,
                       const vsk_ring *ring, const vsk_ring_parts *parts,
                       const vsk_ring_state *state)
{
    vsk_ring_device_begin(device, memory, ring, parts, state);
}

vsk_ring_state
vsk_packed_new_state(void)
{
    return (vsk_ring_state){VSK_RING_START, VSK_RING_START, 0};
}

/* Slots that may hold what the driver offers: not those of chains that it has
 * not got back. */
static uint32_t
open_slots(const vsk_ring_device *device)
{
    return device->table.size - device->held_slots - device->staged_count;
}

vsk_status
vsk_packed_pop(vsk_ring_device *device, vsk_chain *chain)
{
    uint16_t place = device->state.avail;
    vsk_list list = {.slot = (uint16_t)slot_of(place),
                     .most = open_slots(device)};

    if (RARE(list.most == 0))
        return VSK_NONE;
    /* Acquire: the list was written before its first flags. */
    list.flags = vsk_shared_acquire16(device->table.base +
                                      (size_t)list.slot * VSK_DESC_SIZE + 14);
    if (!vsk_desc_is_avail(list.flags, wrap_of(place)))
        return VSK_NONE;
    /* The chain's status is its own: it is popped all the same, if it has an
     * end. */
    (void)walk_list(chain, &device->memory, &device->table, list);
    if (chain->status == VSK_BAD_LIST)
        return VSK_BAD_LIST;
    device->state.avail = advance(place, chain->length, device->table.size);
    device->held_slots += chain->length;
    vsk_ring_take(device, chain);
    return VSK_OK;
}

void
vsk_packed_unpop(vsk_ring_device *device, const vsk_chain *chain)
{
    /* Back by n is a lap forward but for n slots, and the counter as it was. */
    device->state.avail =
        advance(device->state.avail, device->table.size - chain->length,
                device->table.size);
    device->state.avail ^= VSK_RING_WRAP;
    device->held_slots -= chain->length;
    device->popped--;
}

/* Write a used descriptor but for its flags, which show it; those are told. */
STEP uint16_t
put(vsk_ring_device *device, uint8_t *desc, uint16_t place,
    const vsk_chain *chain, uint32_t written)
{
    vsk_shared_store32(len_at(desc), written);
    vsk_shared_store16(id_at(desc), chain->head);
    device->held_slots -= chain->length;
    return used_flags(place) | (written != 0 ? VSK_DESC_F_WRITE : 0u);
}

/* Show so many descriptors, from a place on, by the flags of the first. */
STEP void
show(vsk_ring_device *device, uint8_t *desc, uint16_t place, uint16_t flags,
     uint32_t count)
{
    /* Release: who sees it sees all that was given, and the data. */
    vsk_shared_release16(flags_at(desc), flags);
    count_shown(&device->state, count, device->table.size);
    device->state.used = advance(place, count, device->table.size);
}

STEP void
give(vsk_ring_device *device, const vsk_chain *chain, uint32_t written)
{
    uint16_t place = vsk_ring_batch(device, chain, written);
    uint8_t *desc = desc_of(&device->parts, place);
    uint16_t flags = put(device, desc, place, chain, written);

    /* The driver looks at the first of them only: it is shown at the end. */
    if (place == device->state.used)
        device->first_flags = flags;
    else
        vsk_shared_store16(flags_at(desc), flags);
    device->staged = advance(device->staged, chain->length, device->table.size);
    device->staged_count += chain->length;
}

vsk_status
vsk_packed_give(vsk_ring_device *device, vsk_chain *chain, uint32_t written)
{
    vsk_status status = vsk_ring_let_go(device, chain, written);

    if (status == VSK_OK)
        give(device, chain, written);
    return status;
}

void
vsk_packed_publish(vsk_ring_device *device)
{
    uint16_t place = device->state.used;

    if (device->staged_count == 0)
        return;
    show(device, desc_of(&device->parts, place), place, device->first_flags,
         device->staged_count);
    device->staged_count = 0;
}

vsk_status
vsk_packed_push(vsk_ring_device *device, vsk_chain *chain, uint32_t written)
{
    vsk_status status = vsk_ring_let_go(device, chain, written);
    uint16_t place;
    uint8_t *desc;

    if (status != VSK_OK)
        return status;
    if (RARE(device->staged_count != 0)) {
        give(device, chain, written);
        vsk_packed_publish(device);
        return VSK_OK;
    }
    place = vsk_ring_batch(device, chain, written);
    desc = desc_of(&device->parts, place);
    show(device, desc, place, put(device, desc, place, chain, written),
         chain->length);
    device->staged = device->state.used;
    return VSK_OK;
}

uint32_t
vsk_packed_lost(const vsk_ring_device *device)
{
    uint16_t end =
        advance(device->staged, device->held_slots, device->table.size);

    return device->state.avail != end;
}

bool
vsk_packed_should_interrupt(vsk_ring_device *device)
{
    uint16_t count = device->state.notified;

    device->state.notified = 0;
    return count != 0 &&
           wants_event(device->parts.driver, device->event_idx,
                       device->state.used, count, device->table.size);
}

bool
vsk_packed_is_behind(const vsk_ring_device *device, uint16_t place)
{
    const uint8_t *flags = flags_at(desc_of(&device->parts, place));

    return open_slots(device) != 0 &&
           vsk_desc_is_avail(vsk_shared_acquire16(flags), wrap_of(place));
}

uint16_t
vsk_packed_offered(const vsk_ring_device *device)
{
    uint16_t place = device->state.avail;
    uint32_t left = open_slots(device);

    for (; left != 0; left--) {
        uint16_t flags =
            vsk_shared_acquire16(flags_at(desc_of(&device->parts, place)));

        if (!vsk_desc_is_avail(flags, wrap_of(place)))
            break;
        place = advance(place, 1, device->table.size);
    }
    return place;
}

bool
vsk_packed_watch(const vsk_ring_device *device, uint16_t place)
{
    ask_events(device->parts.device, device->event_idx, place);
    return vsk_packed_is_behind(device, place);
}

void
vsk_packed_disable_kicks(vsk_ring_device *device)
{
    store_events(device->parts.device, 0, VSK_EVENTS_DISABLE);
}
