/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* How far both ends of a queue have come, for those who look at a trace. */
#include "kit/host.h"

static void
driver_stands(const vsk_guest *guest, uint32_t queue, kit_stand *stand)
{
    const vsk_ring_driver *ring = &guest->queues[queue].ring;

    stand->size = ring->size;
    stand->packed = ring->packed;
    stand->driver = ring->state;
    stand->has_driver = true;
}

static void
device_stands(const vsk_device *device, uint32_t queue, kit_stand *stand)
{
    const vsk_ring_device *ring = &device->queues[queue].ring;

    stand->size = ring->table.size;
    stand->packed = ring->packed;
    stand->device = ring->state;
    stand->has_device = true;
}

static bool
is_about(const kit_role *role, const vsk_seen *seen)
{
    if (role->is_guest)
        return role->guest->open &&
               role->endpoint->local_cid == seen->guest_cid;
    return (role->device->started & 1u << seen->queue) != 0 &&
           (uint32_t)role->device->setup.guest_cid == seen->guest_cid;
}

void
kit_host_stand(const kit_host *host, const vsk_seen *seen, kit_stand *stand)
{
    *stand = (kit_stand){0};
    if (seen->queue >= VSK_QUEUES)
        return;
    for (uint32_t i = 0; i < host->role_count; i++) {
        const kit_role *role = host->roles[i];

        if (!is_about(role, seen))
            continue;
        if (role->is_guest)
            driver_stands(role->guest, seen->queue, stand);
        else
            device_stands(role->device, seen->queue, stand);
        if (stand->has_driver && stand->has_device)
            return;
    }
}
