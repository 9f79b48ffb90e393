/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Parts of the split ring that its two ends share and nobody else sees.
 */
#ifndef VSK_SPLIT_PARTS_H
#define VSK_SPLIT_PARTS_H

#include "vsk/ring_parts.h"
#include "vsk/split.h"

/* Bit 0 of both flags fields. */
#define VSK_SPLIT_NO_NOTIFY 1u

/* The fields of the driver area (available ring) and device area (used). */
static inline uint8_t *
avail_flags(const vsk_ring_parts *parts)
{
    return parts->driver;
}

static inline uint8_t *
avail_idx(const vsk_ring_parts *parts)
{
    return parts->driver + 2;
}

static inline uint8_t *
avail_slot(const vsk_ring_parts *parts, uint32_t size, uint16_t idx)
{
    return parts->driver + 4 + 2 * (size_t)(idx & (size - 1));
}

static inline uint8_t *
used_event(const vsk_ring_parts *parts, uint32_t size)
{
    return parts->driver + 4 + 2 * (size_t)size;
}

static inline uint8_t *
used_flags(const vsk_ring_parts *parts)
{
    return parts->device;
}

static inline uint8_t *
used_idx(const vsk_ring_parts *parts)
{
    return parts->device + 2;
}

static inline uint8_t *
used_slot(const vsk_ring_parts *parts, uint32_t size, uint16_t idx)
{
    return parts->device + 4 + 8 * (size_t)(idx & (size - 1));
}

static inline uint8_t *
avail_event(const vsk_ring_parts *parts, uint32_t size)
{
    return parts->device + 4 + 8 * (size_t)size;
}

#endif
