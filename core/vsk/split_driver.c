/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/split_parts.h"

static vsk_desc
desc_of(const vsk_buffer *buffer, bool last, uint16_t next)
{
    return (vsk_desc){
        .addr = buffer->addr,
        .len = buffer->len,
        .flags = (uint16_t)((buffer->write ? VSK_DESC_F_WRITE : 0u) |
                            (last ? 0u : VSK_DESC_F_NEXT)),
        .next = last ? 0 : next,
    };
}

void
vsk_split_driver_init(vsk_ring_driver *driver, const vsk_memory *memory,
                      const vsk_ring *ring, const vsk_ring_parts *parts,
                      vsk_ring_slot *slots)
{
    vsk_ring_driver_begin(driver, memory, ring, parts, slots);
    memset(parts->desc, 0, 16 * (size_t)ring->size);
    memset(parts->driver, 0, 6 + 2 * (size_t)ring->size);
    memset(parts->device, 0, 6 + 8 * (size_t)ring->size);
}

static vsk_desc
load_desc(const vsk_ring_driver *driver, uint16_t slot)
{
    uint8_t wire[VSK_DESC_SIZE];
    vsk_desc desc;

    vsk_shared_copy(wire, driver->parts.desc + VSK_DESC_SIZE * (size_t)slot,
                    sizeof wire);
    vsk_desc_decode(&desc, wire);
    return desc;
}

/* Mark the chain at head, as it stands in the ring, as outstanding. Slots are
 * marked by token while chains are adopted: none belongs to two. */
static void
adopt(vsk_ring_driver *driver, uint16_t head)
{
    vsk_ring_slot *slots = driver->slots;
    uint16_t at = head;
    uint16_t count = 1;

    if (head >= driver->size || slots[head].token != 0)
        return;
    for (;; count++) {
        vsk_desc desc = load_desc(driver, at);

        slots[at].token = 1;
        if ((desc.flags & VSK_DESC_F_NEXT) == 0 || desc.next >= driver->size ||
            slots[desc.next].token != 0)
            break;
        slots[at].next = desc.next;
        at = desc.next;
    }
    slots[head].count = count;
    /* What the device may write is not known any more: any len will do. */
    slots[head].writable = VSK_CHAIN_MAX;
    vsk_ring_line_up(driver, head);
}

/* With IN_ORDER, the slot behind the chain that was offered last, where the
 * next one begins (SPLITORD-DRV-01). */
static uint32_t
next_in_order(const vsk_ring_driver *driver, uint16_t avail)
{
    uint16_t at;

    if (!driver->in_order || avail == 0)
        return 0;
    at = vsk_shared_load16(
        avail_slot(&driver->parts, driver->size, (uint16_t)(avail - 1)));
    for (uint32_t left = driver->size; at < driver->size; left--) {
        vsk_desc desc = load_desc(driver, at);

        if (left == 0 || (desc.flags & VSK_DESC_F_NEXT) == 0)
            return at + 1u;
        at = desc.next;
    }
    return 0;
}

/* Link all slots that no outstanding chain holds, in ring order. */
static void
rebuild_free_list(vsk_ring_driver *driver, uint32_t first)
{
    uint16_t *link = &driver->free_head;

    driver->free_count = 0;
    for (uint32_t i = 0; i < driver->size; i++) {
        uint16_t at = (uint16_t)((first + i) % driver->size);
        vsk_ring_slot *slot = &driver->slots[at];

        if (slot->token == 0) {
            *link = at;
            link = &slot->next;
            driver->free_tail = at;
            driver->free_count++;
        }
        slot->token = 0;
    }
}

void
vsk_split_driver_open(vsk_ring_driver *driver, const vsk_memory *memory,
                      const vsk_ring *ring, const vsk_ring_parts *parts,
                      vsk_ring_slot *slots, const vsk_ring_state *state)
{
    uint16_t idx = state->used;

    vsk_ring_driver_begin(driver, memory, ring, parts, slots);
    if ((uint16_t)(state->avail - idx) > ring->size)
        idx = (uint16_t)(state->avail - ring->size);
    for (; idx != state->avail; idx++)
        adopt(driver, vsk_shared_load16(avail_slot(parts, ring->size, idx)));
    rebuild_free_list(driver, next_in_order(driver, state->avail));
    driver->staged = state->avail;
    driver->state = *state;
}

vsk_ring_state
vsk_split_driver_state(const vsk_ring_parts *parts)
{
    uint16_t offered = vsk_shared_acquire16(avail_idx(parts));
    uint16_t used = vsk_shared_acquire16(used_idx(parts));

    return (vsk_ring_state){offered, used, offered};
}

/* Fill an indirect table; next runs 1, 2, 3 ... */
static vsk_status
fill_table(vsk_ring_driver *driver, const vsk_offer *offer)
{
    const vsk_buffer *buffers = &offer->buffers[offer->count - offer->indirect];
    uint8_t *table;

    if (vsk_memory_map(&driver->memory, offer->table,
                       (uint64_t)offer->indirect * VSK_DESC_SIZE,
                       &table) != VSK_OK)
        return VSK_ERR_ADDRESS;
    for (uint32_t i = 0; i < offer->indirect; i++) {
        vsk_desc desc =
            desc_of(&buffers[i], i + 1 == offer->indirect, (uint16_t)(i + 1));

        vsk_ring_store_desc(table + (size_t)i * VSK_DESC_SIZE, &desc);
    }
    return VSK_OK;
}

/* Fill descriptors from the free list; returns the chain's last slot. */
static uint16_t
fill_ring(vsk_ring_driver *driver, const vsk_offer *offer)
{
    uint32_t direct = offer->count - offer->indirect;
    uint32_t needed = direct + (offer->indirect != 0);
    uint16_t slot = driver->free_head;
    uint16_t last = slot;

    for (uint32_t i = 0; i < needed; i++) {
        vsk_desc desc;

        last = slot;
        slot = driver->slots[last].next;
        if (i < direct)
            desc = desc_of(&offer->buffers[i], i + 1 == needed, slot);
        else
            desc = (vsk_desc){offer->table, offer->indirect * VSK_DESC_SIZE,
                              VSK_DESC_F_INDIRECT, 0};
        vsk_ring_store_desc(driver->parts.desc + VSK_DESC_SIZE * (size_t)last,
                            &desc);
    }
    return last;
}

vsk_status
vsk_split_stage(vsk_ring_driver *driver, const vsk_offer *offer, uint16_t *head)
{
    uint32_t needed = offer->count - offer->indirect + (offer->indirect != 0);
    vsk_ring_slot *slot = &driver->slots[driver->free_head];
    uint16_t last;

    if (offer->indirect != 0 && fill_table(driver, offer) != VSK_OK)
        return VSK_ERR_ADDRESS;

    last = fill_ring(driver, offer);
    slot->token = offer->token;
    slot->count = (uint16_t)needed;
    slot->writable = 0;
    for (uint32_t i = 0; i < offer->count; i++)
        if (offer->buffers[i].write)
            slot->writable += offer->buffers[i].len;
    *head = driver->free_head;
    driver->free_head = driver->slots[last].next;
    driver->free_count -= needed;
    vsk_ring_line_up(driver, *head);
    vsk_split_stage_head(driver, *head);
    return VSK_OK;
}

void
vsk_split_stage_head(vsk_ring_driver *driver, uint16_t head)
{
    vsk_shared_store16(avail_slot(&driver->parts, driver->size, driver->staged),
                       head);
    driver->staged++;
}

void
vsk_split_offer(vsk_ring_driver *driver)
{
    /* Release: who sees idx sees descriptors and ring slots (SPLIT-DRV-16). */
    vsk_shared_release16(avail_idx(&driver->parts), driver->staged);
    driver->state.avail = driver->staged;
}

bool
vsk_split_should_kick(vsk_ring_driver *driver)
{
    uint16_t old = driver->state.notified;
    uint16_t now = driver->state.avail;

    driver->state.notified = now;
    if (now == old)
        return false;
    /* idx must be visible before we look at what the device wants. */
    vsk_shared_fence();
    if (driver->event_idx)
        return vsk_ring_need_event(
            vsk_shared_load16(avail_event(&driver->parts, driver->size)), now,
            old);
    return (vsk_shared_load16(used_flags(&driver->parts)) &
            VSK_SPLIT_NO_NOTIFY) == 0;
}

/* Put a chain's descriptors back in front of the free list, which is hot; with
 * IN_ORDER behind it, so that it stays in ring order. */
static void
release_slots(vsk_ring_driver *driver, uint16_t head)
{
    vsk_ring_slot *slots = driver->slots;
    uint16_t count = slots[head].count;
    uint16_t last = head;

    for (uint16_t i = 1; i < count; i++)
        last = slots[last].next;
    if (!driver->in_order) {
        slots[last].next = driver->free_head;
        driver->free_head = head;
    } else {
        if (driver->free_count == 0)
            driver->free_head = head;
        else
            slots[driver->free_tail].next = head;
        driver->free_tail = last;
    }
    slots[head].count = 0;
    driver->free_count += count;
    driver->outstanding--;
}

vsk_status
vsk_split_reap(vsk_ring_driver *driver, vsk_used *used)
{
    uint16_t at = driver->state.used;
    uint16_t idx = vsk_shared_acquire16(used_idx(&driver->parts));
    const uint8_t *element = used_slot(&driver->parts, driver->size, at);
    uint32_t id, written;

    if (idx == at) {
        vsk_status status = driver->in_batch ? VSK_BAD_USED_ID : VSK_NONE;

        driver->in_batch = false;
        return status;
    }
    if ((uint16_t)(idx - at) > (uint16_t)(driver->state.avail - at))
        return VSK_BAD_USED_IDX;
    id = vsk_shared_load32(element);
    written = vsk_shared_load32(element + 4);
    driver->state.used++;
    if (!driver->in_batch &&
        (id >= driver->size || driver->slots[id].count == 0))
        return VSK_BAD_USED_ID;
    if (driver->in_order) {
        if (!driver->in_batch)
            vsk_ring_begin_batch(driver, (uint16_t)id, written);
        id = vsk_ring_next_of_batch(driver, &written);
    }
    vsk_ring_fill_used(driver, (uint16_t)id, written, used);
    release_slots(driver, (uint16_t)id);
    return VSK_OK;
}

bool
vsk_split_enable_interrupts(vsk_ring_driver *driver)
{
    uint16_t used = driver->state.used;

    if (driver->event_idx)
        vsk_shared_store16(used_event(&driver->parts, driver->size), used);
    else
        vsk_shared_store16(avail_flags(&driver->parts), 0);
    /* Our wish must be visible before we look once more: no lost wake-up. */
    vsk_shared_fence();
    return vsk_shared_acquire16(used_idx(&driver->parts)) != used;
}

void
vsk_split_disable_interrupts(vsk_ring_driver *driver)
{
    /* With EVENT_IDX flags stays 0; an index just passed is far away. */
    if (driver->event_idx)
        vsk_shared_store16(used_event(&driver->parts, driver->size),
                           (uint16_t)(driver->state.used - 1));
    else
        vsk_shared_store16(avail_flags(&driver->parts), VSK_SPLIT_NO_NOTIFY);
}
