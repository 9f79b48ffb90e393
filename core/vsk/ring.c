/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/ring.h"

static uint64_t
desc_bytes(uint32_t size)
{
    return 16 * (uint64_t)size;
}

static uint64_t
driver_bytes(uint32_t size)
{
    return 6 + 2 * (uint64_t)size;
}

static uint64_t
device_bytes(uint32_t size)
{
    return 6 + 8 * (uint64_t)size;
}

static uint64_t
device_offset(uint32_t size)
{
    return (desc_bytes(size) + driver_bytes(size) + 3) & ~(uint64_t)3;
}

uint64_t
vsk_ring_bytes(uint32_t size)
{
    return device_offset(size) + device_bytes(size);
}

void
vsk_ring_place(vsk_ring *ring, uint64_t addr)
{
    ring->desc = addr;
    ring->driver = addr + desc_bytes(ring->size);
    ring->device = addr + device_offset(ring->size);
}

vsk_status
vsk_ring_map(const vsk_ring *ring, vsk_memory *memory, vsk_ring_parts *parts)
{
    uint32_t size = ring->size;
    vsk_ring_parts found;

    if (size == 0 || size > VSK_RING_MAX || (size & (size - 1)) != 0)
        return VSK_ERR_SIZE;
    if ((ring->features & ~(uint64_t)(VSK_F_INDIRECT_DESC | VSK_F_EVENT_IDX)) !=
        0)
        return VSK_ERR_FEATURES;
    if (ring->desc % 16 != 0 || ring->driver % 2 != 0 || ring->device % 4 != 0)
        return VSK_ERR_ALIGN;
    if (vsk_memory_map(memory, ring->desc, desc_bytes(size), &found.desc) !=
            VSK_OK ||
        vsk_memory_map(memory, ring->driver, driver_bytes(size),
                       &found.driver) != VSK_OK ||
        vsk_memory_map(memory, ring->device, device_bytes(size),
                       &found.device) != VSK_OK)
        return VSK_ERR_ADDRESS;
    /* Atomic access needs host addresses as aligned as the guest's. */
    if ((uintptr_t)found.driver % 2 != 0 || (uintptr_t)found.device % 4 != 0)
        return VSK_ERR_ALIGN;
    *parts = found;
    return VSK_OK;
}

bool
vsk_ring_need_event(uint16_t event, uint16_t now, uint16_t old)
{
    return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}
