/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Packets of one guest to another, where the model lets them reach each other.
 *
 *     guest 3 -> tx of its device -> the way of guest 4's device -> rx -> guest 4
 *
 * A way is a list on the side where packets arrive: bounded by that device's
 * budget, emptied as far as there are RX buffers. What it has no room for is
 * left to the core, which answers with RST. */
#include <stdlib.h>

#include "kit/host.h"

/* Whose guest a packet is for, NULL where it is not to be routed. */
static kit_role *
target_of(const kit_role *role, const vsk_header *header)
{
    const kit_host *host = role->host;

    if (header->src_cid != role->device->setup.guest_cid ||
        header->dst_cid == header->src_cid)
        return NULL;
    for (uint32_t i = 0; i < host->role_count; i++)
        if (!host->roles[i]->is_guest &&
            host->roles[i]->device->setup.guest_cid == header->dst_cid)
            return host->roles[i];
    return NULL;
}

static vsk_status
grow(kit_way *way)
{
    uint32_t capacity = way->capacity != 0 ? 2 * way->capacity : 16;
    kit_packet **packets;

    if (way->first + way->count < way->capacity)
        return VSK_OK;
    for (uint32_t i = 0; i < way->count; i++)
        way->packets[i] = way->packets[way->first + i];
    way->first = 0;
    if (way->count < way->capacity / 2)
        return VSK_OK;
    packets = realloc(way->packets, capacity * sizeof *packets);
    if (packets == NULL)
        return VSK_ERR_NOMEM;
    way->packets = packets;
    way->capacity = capacity;
    return VSK_OK;
}

/* What a packet on its way takes of the budget. */
static uint64_t
cost_of(const kit_packet *packet)
{
    return sizeof *packet + packet->packet.size;
}

void
kit_role_route(kit_role *role)
{
    const vsk_packet *packet;
    kit_packet *copy;
    kit_role *target;
    kit_way *way;

    if (role->is_guest || !role->options.route || role->host == NULL ||
        role->device->stage != VSK_STAGE_FRESH)
        return;
    packet = &role->device->packet;
    target = target_of(role, &packet->header);
    if (target == NULL || target->way.bytes > target->options.budget)
        return;
    way = &target->way;
    if (grow(way) != VSK_OK || kit_packet_copy(packet, &copy) != VSK_OK)
        return;
    way->packets[way->first + way->count++] = copy;
    target->way.bytes += cost_of(copy);
    vsk_device_swallow(role->device);
}

static void
drop_first(kit_role *role)
{
    kit_way *way = &role->way;

    way->bytes -= cost_of(way->packets[way->first]);
    kit_packet_delete(way->packets[way->first]);
    way->first++;
    way->count--;
    way->sent = 0;
    if (way->count == 0)
        way->first = 0;
}

/* Put the next piece of a packet into an RX buffer, of at most so many bytes;
 * the end of a message is on the last piece. */
static vsk_status
put_piece(kit_role *role, const vsk_packet *whole)
{
    kit_way *way = &role->way;
    uint32_t left = whole->size - way->sent;
    bool last = left <= way->most;
    uint32_t size = last ? left : way->most;
    vsk_packet piece;
    vsk_status status;

    vsk_packet_init(&piece, whole->first.base + way->sent, size);
    piece.header = whole->header;
    piece.header.len = size;
    if (!last)
        piece.header.flags &= ~(uint32_t)(VSK_SEQ_EOM | VSK_SEQ_EOR);
    status = vsk_device_put(role->device, kit_role_now(role), &piece);
    if (status == VSK_OK)
        way->sent += size;
    return status;
}

void
kit_role_carry(kit_role *role)
{
    kit_way *way = &role->way;

    while (way->count != 0) {
        const vsk_packet *whole = &way->packets[way->first]->packet;
        vsk_status status = put_piece(role, whole);

        /* Buffers are as large as the guest has made them. */
        if (status == VSK_ERR_ROOM && way->most > 1) {
            way->most /= 2;
            continue;
        }
        if (status == VSK_NONE)
            return;
        kit_role_wake(role);
        if (status != VSK_OK || way->sent == whole->size)
            drop_first(role);
    }
}

void
kit_way_drop(kit_way *way)
{
    for (uint32_t i = 0; i < way->count; i++)
        kit_packet_delete(way->packets[way->first + i]);
    free(way->packets);
}

vsk_status
kit_way_copy(kit_way *copy, const kit_way *way)
{
    *copy = *way;
    copy->packets = NULL;
    copy->first = copy->count = copy->capacity = 0;
    for (uint32_t i = 0; i < way->count; i++) {
        vsk_status status = grow(copy);

        if (status == VSK_OK)
            status = kit_packet_copy(&way->packets[way->first + i]->packet,
                                     &copy->packets[copy->count]);
        if (status != VSK_OK)
            return status;
        copy->count++;
    }
    return VSK_OK;
}
