/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/ring.h"

#define EVENT_BYTES 4u /* of each event suppression area of a packed ring */

static bool
is_packed(const vsk_ring *ring)
{
    return (ring->features & VSK_F_RING_PACKED) != 0;
}

static uint64_t
desc_bytes(const vsk_ring *ring)
{
    return VSK_DESC_SIZE * (uint64_t)ring->size;
}

static uint64_t
driver_bytes(const vsk_ring *ring)
{
    return is_packed(ring) ? EVENT_BYTES : 6 + 2 * (uint64_t)ring->size;
}

static uint64_t
device_bytes(const vsk_ring *ring)
{
    return is_packed(ring) ? EVENT_BYTES : 6 + 8 * (uint64_t)ring->size;
}

static uint64_t
device_offset(const vsk_ring *ring)
{
    return (desc_bytes(ring) + driver_bytes(ring) + 3) & ~(uint64_t)3;
}

uint64_t
vsk_ring_bytes(const vsk_ring *ring)
{
    return device_offset(ring) + device_bytes(ring);
}

void
vsk_ring_part_bytes(const vsk_ring *ring, uint64_t bytes[3])
{
    bytes[0] = desc_bytes(ring);
    bytes[1] = driver_bytes(ring);
    bytes[2] = device_bytes(ring);
}

vsk_status
vsk_ring_check_size(const vsk_ring *ring)
{
    uint32_t size = ring->size;

    if (size == 0 || size > VSK_RING_MAX)
        return VSK_ERR_SIZE;
    return is_packed(ring) || (size & (size - 1)) == 0 ? VSK_OK : VSK_ERR_SIZE;
}

void
vsk_ring_place(vsk_ring *ring, uint64_t addr)
{
    ring->desc = addr;
    ring->driver = addr + desc_bytes(ring);
    ring->device = addr + device_offset(ring);
}

vsk_status
vsk_ring_map(const vsk_ring *ring, vsk_memory *memory, vsk_ring_parts *parts)
{
    uint32_t driver_align = is_packed(ring) ? 4 : 2;
    vsk_ring_parts found;

    if (vsk_ring_check_size(ring) != VSK_OK)
        return VSK_ERR_SIZE;
    if ((ring->features & ~VSK_F_RING) != 0)
        return VSK_ERR_FEATURES;
    if (ring->desc % 16 != 0 || ring->driver % driver_align != 0 ||
        ring->device % 4 != 0)
        return VSK_ERR_ALIGN;
    if (vsk_memory_map(memory, ring->desc, desc_bytes(ring), &found.desc) !=
            VSK_OK ||
        vsk_memory_map(memory, ring->driver, driver_bytes(ring),
                       &found.driver) != VSK_OK ||
        vsk_memory_map(memory, ring->device, device_bytes(ring),
                       &found.device) != VSK_OK)
        return VSK_ERR_ADDRESS;
    /* Atomic access needs host addresses as aligned as the guest's. */
    if ((uintptr_t)found.driver % driver_align != 0 ||
        (uintptr_t)found.device % 4 != 0 ||
        (is_packed(ring) && (uintptr_t)found.desc % 4 != 0))
        return VSK_ERR_ALIGN;
    *parts = found;
    return VSK_OK;
}

bool
vsk_ring_need_event(uint16_t event, uint16_t now, uint16_t old)
{
    return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}
