/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/packed_parts.h"

void
vsk_packed_driver_init(vsk_ring_driver *driver, const vsk_memory *memory,
                       const vsk_ring *ring, const vsk_ring_parts *parts,
                       vsk_ring_slot *slots)
{
    vsk_ring_driver_begin(driver, memory, ring, parts, slots);
    memset(parts->desc, 0, VSK_DESC_SIZE * (size_t)ring->size);
    memset(parts->driver, 0, 4);
    memset(parts->device, 0, 4);
    driver->state = vsk_packed_new_state();
    driver->staged = driver->state.avail;
}

static uint16_t
id_of(const vsk_ring_driver *driver, uint16_t place)
{
    return vsk_shared_load16(id_at(desc_of(&driver->parts, place)));
}

/* Mark the list at a place as outstanding: as many descriptors as have its id,
 * since the first of them may be a used one, which says nothing of the others.
 * Gives the number of slots to go on by. */
static uint32_t
adopt(vsk_ring_driver *driver, uint16_t place, uint32_t left)
{
    uint16_t id = id_of(driver, place);
    uint32_t count = 1;

    if (id >= driver->size || driver->slots[id].count != 0)
        return 1;
    for (uint16_t at = place; count < left; count++) {
        at = advance(at, 1, driver->size);
        if (id_of(driver, at) != id)
            break;
    }
    driver->slots[id].count = (uint16_t)count;
    /* What the device may write is not known any more: any len will do. */
    driver->slots[id].writable = VSK_CHAIN_MAX;
    driver->free_count -= count;
    vsk_ring_line_up(driver, id);
    return count;
}

/* Link all ids that no outstanding list has. */
static void
rebuild_free_list(vsk_ring_driver *driver)
{
    uint16_t *link = &driver->free_head;

    for (uint32_t i = 0; i < driver->size; i++)
        if (driver->slots[i].count == 0) {
            *link = (uint16_t)i;
            link = &driver->slots[i].next;
        }
}

void
vsk_packed_driver_open(vsk_ring_driver *driver, const vsk_memory *memory,
                       const vsk_ring *ring, const vsk_ring_parts *parts,
                       vsk_ring_slot *slots, const vsk_ring_state *state)
{
    uint32_t size = ring->size;
    uint32_t end = slot_of(state->avail);
    uint32_t left;

    vsk_ring_driver_begin(driver, memory, ring, parts, slots);
    driver->state = *state;
    driver->staged = driver->state.avail;
    if (wrap_of(state->avail) != wrap_of(state->used))
        end += size;
    left = end - slot_of(state->used);
    /* No two places are further apart. */
    if (left > size)
        left = 0;
    for (uint16_t at = driver->state.used; left != 0;) {
        uint32_t count = adopt(driver, at, left);

        at = advance(at, count, size);
        left -= count;
    }
    rebuild_free_list(driver);
}

/* Fill an indirect table; its entries have no id, and no flag but WRITE. */
static vsk_status
fill_table(vsk_ring_driver *driver, const vsk_offer *offer)
{
    uint8_t *table;

    if (vsk_memory_map(&driver->memory, offer->table,
                       (uint64_t)offer->count * VSK_DESC_SIZE,
                       &table) != VSK_OK)
        return VSK_ERR_ADDRESS;
    for (uint32_t i = 0; i < offer->count; i++) {
        const vsk_buffer *buffer = &offer->buffers[i];
        const vsk_desc desc = {
            .addr = buffer->addr,
            .len = buffer->len,
            .next = buffer->write ? VSK_DESC_F_WRITE : 0,
        };

        vsk_ring_store_desc(table + (size_t)i * VSK_DESC_SIZE, &desc);
    }
    return VSK_OK;
}

/* Write the next descriptor. The device looks at the first one only: its flags
 * are kept until all are there. */
static void
put(vsk_ring_driver *driver, const vsk_buffer *buffer, uint16_t id,
    uint16_t flags)
{
    uint8_t *desc = desc_of(&driver->parts, driver->staged);
    uint64_t addr = VSK_LE64(buffer->addr);

    flags |= avail_flags(driver->staged);
    vsk_shared_write(desc, &addr, sizeof addr);
    vsk_shared_store32(len_at(desc), buffer->len);
    vsk_shared_store16(id_at(desc), id);
    if (driver->staged_count == 0)
        driver->first_flags = flags;
    else
        vsk_shared_store16(flags_at(desc), flags);
    driver->staged_count++;
    driver->staged = advance(driver->staged, 1, driver->size);
}

static void
put_list(vsk_ring_driver *driver, const vsk_offer *offer, uint16_t id)
{
    for (uint32_t i = 0; i < offer->count; i++) {
        const vsk_buffer *buffer = &offer->buffers[i];
        unsigned flags = buffer->write ? VSK_DESC_F_WRITE : 0;

        if (i + 1 != offer->count)
            flags |= VSK_DESC_F_NEXT;
        put(driver, buffer, id, (uint16_t)flags);
    }
}

vsk_status
vsk_packed_stage(vsk_ring_driver *driver, const vsk_offer *offer, uint16_t *id)
{
    const vsk_buffer table = {offer->table, offer->count * VSK_DESC_SIZE,
                              false};
    vsk_ring_slot *slot = &driver->slots[driver->free_head];

    if (offer->indirect != 0 && fill_table(driver, offer) != VSK_OK)
        return VSK_ERR_ADDRESS;
    *id = driver->free_head;
    driver->free_head = slot->next;
    if (offer->indirect != 0)
        put(driver, &table, *id, VSK_DESC_F_INDIRECT);
    else
        put_list(driver, offer, *id);
    slot->token = offer->token;
    slot->count = (uint16_t)(offer->indirect != 0 ? 1 : offer->count);
    slot->writable = 0;
    for (uint32_t i = 0; i < offer->count; i++)
        if (offer->buffers[i].write)
            slot->writable += offer->buffers[i].len;
    driver->free_count -= slot->count;
    vsk_ring_line_up(driver, *id);
    return VSK_OK;
}

void
vsk_packed_stage_id(vsk_ring_driver *driver, uint16_t id)
{
    uint8_t *desc = desc_of(&driver->parts, driver->staged);
    unsigned flags = vsk_shared_load16(flags_at(desc)) &
                     ~(VSK_DESC_F_AVAIL | VSK_DESC_F_USED);
    uint64_t addr;

    vsk_shared_copy(&addr, desc, sizeof addr);
    put(driver,
        &(vsk_buffer){VSK_LE64(addr), vsk_shared_load32(len_at(desc)), false},
        id, (uint16_t)flags);
}

void
vsk_packed_offer(vsk_ring_driver *driver)
{
    if (driver->staged_count == 0)
        return;
    /* Release: who sees it sees all lists (PACKED-DRV-27). */
    vsk_shared_release16(flags_at(desc_of(&driver->parts, driver->state.avail)),
                         driver->first_flags);
    count_shown(&driver->state, driver->staged_count, driver->size);
    driver->state.avail = driver->staged;
    driver->staged_count = 0;
}

bool
vsk_packed_should_kick(vsk_ring_driver *driver)
{
    uint16_t count = driver->state.notified;

    driver->state.notified = 0;
    return count != 0 && wants_event(driver->parts.device, driver->event_idx,
                                     driver->state.avail, count, driver->size);
}

/* Take the list of an id out of the ring. */
static void
release(vsk_ring_driver *driver, uint16_t id)
{
    vsk_ring_slot *slot = &driver->slots[id];

    driver->state.used = advance(driver->state.used, slot->count, driver->size);
    driver->free_count += slot->count;
    driver->outstanding--;
    slot->count = 0;
    slot->next = driver->free_head;
    driver->free_head = id;
}

static bool
is_used(const vsk_ring_driver *driver, uint16_t *flags)
{
    uint16_t place = driver->state.used;

    /* Whatever a device says: nothing is on its way. */
    if (place == driver->state.avail)
        return false;
    /* Acquire: id, len and data were written before. */
    *flags = vsk_shared_acquire16(flags_at(desc_of(&driver->parts, place)));
    return vsk_desc_is_used(*flags, wrap_of(place));
}

vsk_status
vsk_packed_reap(vsk_ring_driver *driver, vsk_used *used)
{
    uint8_t *desc = desc_of(&driver->parts, driver->state.used);
    uint16_t flags, id;
    uint32_t written = 0;

    if (driver->in_batch) {
        id = vsk_ring_next_of_batch(driver, &written);
    } else {
        if (!is_used(driver, &flags))
            return VSK_NONE;
        id = vsk_shared_load16(id_at(desc));
        /* Without WRITE nothing was written, whatever len says. */
        if ((flags & VSK_DESC_F_WRITE) != 0)
            written = vsk_shared_load32(len_at(desc));
        if (id >= driver->size || driver->slots[id].count == 0) {
            driver->state.used = advance(driver->state.used, 1, driver->size);
            return VSK_BAD_USED_ID;
        }
        if (driver->in_order) {
            vsk_ring_begin_batch(driver, id, written);
            id = vsk_ring_next_of_batch(driver, &written);
        }
    }
    vsk_ring_fill_used(driver, id, written, used);
    release(driver, id);
    return VSK_OK;
}

bool
vsk_packed_enable_interrupts(vsk_ring_driver *driver)
{
    uint16_t flags;

    ask_events(driver->parts.driver, driver->event_idx, driver->state.used);
    return driver->in_batch || is_used(driver, &flags);
}

void
vsk_packed_disable_interrupts(vsk_ring_driver *driver)
{
    store_events(driver->parts.driver, 0, VSK_EVENTS_DISABLE);
}
