/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Below connections: packets as they come, and any packet as one likes. */
#include <stdlib.h>

#include "kit/lab.h"

/* ---- what came ---- */

/* Where the packet at an index, oldest first, stands in the ring. */
static uint32_t
seen_at(const kit_role *role, uint32_t index)
{
    return (role->seen_first + index) % KIT_SEEN_MAX;
}

void
kit_role_want_packets(kit_role *role, bool want)
{
    role->want_packets = want;
    /* In a lab it is the lab that shows them; guests are always shown them. */
    if (role->device != NULL && role->host != NULL && role->host->kind->real)
        role->device->show_packets = want;
}

vsk_status
kit_role_see(kit_role *role, const vsk_packet *packet, bool own)
{
    kit_got got = {NULL, own};
    vsk_status status = kit_packet_copy(packet, &got.packet);

    if (status != VSK_OK)
        return status;
    if (role->seen_count == KIT_SEEN_MAX)
        (void)kit_role_unsee(role, 0);
    role->seen[seen_at(role, role->seen_count++)] = got;
    return VSK_OK;
}

vsk_status
kit_role_seen(const kit_role *role, uint32_t index, kit_packet **packet)
{
    if (index >= role->seen_count)
        return VSK_NONE;
    return kit_packet_copy(&role->seen[seen_at(role, index)].packet->packet,
                           packet);
}

vsk_status
kit_role_unsee(kit_role *role, uint32_t index)
{
    if (index >= role->seen_count)
        return VSK_NONE;
    kit_packet_delete(role->seen[seen_at(role, index)].packet);
    role->seen_count--;
    /* The oldest goes most of the time: then nothing has to move. */
    if (index == 0)
        role->seen_first = (role->seen_first + 1) % KIT_SEEN_MAX;
    for (uint32_t i = index; index != 0 && i < role->seen_count; i++)
        role->seen[seen_at(role, i)] = role->seen[seen_at(role, i + 1)];
    return VSK_OK;
}

vsk_status
kit_role_owned(const kit_role *role, uint32_t index, bool *own)
{
    if (index >= role->seen_count)
        return VSK_NONE;
    *own = role->seen[seen_at(role, index)].own;
    return VSK_OK;
}

/* ---- what a script sends by hand ---- */

bool
kit_role_plays(const kit_role *role, uint32_t port)
{
    for (uint32_t i = 0; i < role->raw_count; i++)
        if (role->raw_ports[i] == port)
            return true;
    return false;
}

vsk_status
kit_role_put(kit_role *role, kit_packet *packet, const kit_layout *layout,
             bool indirect)
{
    vsk_layout cut = {layout == NULL ? NULL : layout->pieces,
                      layout == NULL ? 0 : layout->count, indirect};
    uint32_t port = packet->packet.header.src_port;
    vsk_status status = kit_packet_live(packet);

    if (status != VSK_OK)
        return status;
    if (!role->is_guest)
        status =
            vsk_device_put(role->device, kit_role_now(role), &packet->packet);
    else {
        if (!kit_role_plays(role, port)) {
            uint64_t *grown =
                realloc(role->raw_ports, (role->raw_count + 1) * sizeof *grown);

            if (grown == NULL)
                return VSK_ERR_NOMEM;
            role->raw_ports = grown;
            role->raw_ports[role->raw_count++] = port;
        }
        status = vsk_guest_put(role->guest, kit_role_now(role), &packet->packet,
                               layout == NULL && !indirect ? NULL : &cut);
    }
    kit_role_wake(role);
    return status;
}

vsk_status
kit_role_offer(kit_role *role, uint32_t queue, uint16_t head)
{
    if (!role->is_guest || queue >= VSK_QUEUES || !role->guest->open)
        return VSK_ERR_ARGUMENT;
    vsk_queue_stage_head(&role->guest->queues[queue], head);
    vsk_queue_offer(&role->guest->queues[queue]);
    return kit_role_kick(role, queue);
}

vsk_status
kit_role_reset_queue(kit_role *role, uint32_t queue, uint32_t size)
{
    if (!role->is_guest || queue >= VSK_QUEUES || role->host == NULL)
        return VSK_ERR_ARGUMENT;
    return role->host->kind->renew(role->host, role, queue, size);
}

vsk_status
kit_role_kick(kit_role *role, uint32_t queue)
{
    if (!role->is_guest || queue >= VSK_QUEUES || role->host == NULL)
        return VSK_ERR_ARGUMENT;
    return role->host->kind->kick(role->host, role, queue);
}

/* ---- the packet in hand ---- */

vsk_status
kit_role_swallow(kit_role *role)
{
    if (role->told != KIT_TOLD_PACKET)
        return VSK_ERR_STATE;
    if (role->is_guest)
        vsk_guest_swallow(role->guest);
    else
        vsk_device_swallow(role->device);
    return VSK_OK;
}

vsk_status
kit_role_replace(kit_role *role, kit_packet *packet)
{
    vsk_status status = kit_packet_live(packet);

    if (role->told != KIT_TOLD_PACKET)
        return VSK_ERR_STATE;
    if (status != VSK_OK)
        return status;
    /* The script may drop its packet at once: the role keeps a copy. */
    kit_packet_delete(role->replacement);
    role->replacement = NULL;
    status = kit_packet_copy(&packet->packet, &role->replacement);
    if (status != VSK_OK)
        return status;
    /* Hooks are told what is there, and that is what counts as received. */
    role->replacement->packet.header.len = role->replacement->packet.size;
    if (role->is_guest)
        vsk_guest_replace(role->guest, &role->replacement->packet);
    else
        vsk_device_replace(role->device, &role->replacement->packet);
    return VSK_OK;
}
