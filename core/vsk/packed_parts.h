/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Parts of the packed ring that its two ends share and nobody else sees.
 */
#ifndef VSK_PACKED_PARTS_H
#define VSK_PACKED_PARTS_H

#include "vsk/packed.h"
#include "vsk/ring_parts.h"

/* Flags of an event suppression area. */
#define VSK_EVENTS_ENABLE 0u
#define VSK_EVENTS_DISABLE 1u
#define VSK_EVENTS_AT 2u /* a place, only with EVENT_IDX */

static inline uint32_t
slot_of(uint16_t place)
{
    return place & ~VSK_RING_WRAP & 0xffffu;
}

static inline unsigned
wrap_of(uint16_t place)
{
    return place >> 15;
}

/* Go on by some slots, at most a lap. A list as long as the ring lands on its
 * own start, a lap later. */
static inline uint16_t
advance(uint16_t place, uint32_t count, uint32_t size)
{
    uint32_t slot = slot_of(place) + count;
    uint32_t wrap = place & VSK_RING_WRAP;

    if (slot >= size) {
        slot -= size;
        wrap ^= VSK_RING_WRAP;
    }
    return (uint16_t)(slot | wrap);
}

static inline uint8_t *
desc_of(const vsk_ring_parts *parts, uint16_t place)
{
    return parts->desc + (size_t)slot_of(place) * VSK_DESC_SIZE;
}

/* The fields of a descriptor. */
static inline uint8_t *
len_at(uint8_t *desc)
{
    return desc + 8;
}

static inline uint8_t *
id_at(uint8_t *desc)
{
    return desc + 12;
}

static inline uint8_t *
flags_at(uint8_t *desc)
{
    return desc + 14;
}

/* AVAIL and USED of a descriptor that is available, and of a used one. */
static inline uint16_t
avail_flags(uint16_t place)
{
    return wrap_of(place) != 0 ? VSK_DESC_F_AVAIL : VSK_DESC_F_USED;
}

static inline uint16_t
used_flags(uint16_t place)
{
    return wrap_of(place) != 0 ? VSK_DESC_F_AVAIL | VSK_DESC_F_USED : 0;
}

/* ---- event suppression ---- */

/* Both fields at once: nobody sees one without the other. */
static inline void
store_events(uint8_t *area, uint16_t place, uint32_t flags)
{
    vsk_shared_store32(area, place | flags << 16);
}

/* Ask for a notification at a place, or of everything. */
static inline void
ask_events(uint8_t *area, bool event_idx, uint16_t place)
{
    store_events(area, place, event_idx ? VSK_EVENTS_AT : VSK_EVENTS_ENABLE);
    /* Our wish must be visible before we look once more: no lost wake-up. */
    vsk_shared_fence();
}

/* Whether the other side wants to hear of so many descriptors, the last ones
 * before a place (virtio 1.4, 2.8.10). What it must not say counts as wanted:
 * that loses nothing. */
static inline bool
wants_event(const uint8_t *area, bool event_idx, uint16_t place, uint16_t count,
            uint32_t size)
{
    uint32_t events, event;

    /* What we wrote must be visible before we look at what is wanted. */
    vsk_shared_fence();
    events = vsk_shared_load32(area);
    if ((events >> 16 & 3) != VSK_EVENTS_AT || !event_idx)
        return (events >> 16 & 3) != VSK_EVENTS_DISABLE;
    event = slot_of((uint16_t)events);
    if (wrap_of((uint16_t)events) != wrap_of(place))
        event -= size;
    return vsk_ring_need_event((uint16_t)event, (uint16_t)slot_of(place),
                               (uint16_t)(slot_of(place) - count));
}

/* So many more were shown since the last decision; more than a lap tells no
 * more than a lap. */
static inline void
count_shown(vsk_ring_state *state, uint32_t count, uint32_t size)
{
    uint32_t shown = state->notified + count;

    state->notified = (uint16_t)(shown < size ? shown : size);
}

#endif
