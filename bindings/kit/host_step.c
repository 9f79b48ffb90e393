/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* How a host goes on: one event after the other. */
#include "kit/host.h"

void
kit_event_clear(kit_event *event)
{
    if (event->packet != NULL)
        kit_packet_delete(event->packet);
    kit_block_unref(event->block);
    event->packet = NULL;
    event->block = NULL;
    event->data = NULL;
    event->size = 0;
}

static void
finish(kit_host *host)
{
    kit_role *role = host->last;

    host->last = NULL;
    if (role != NULL)
        kit_role_finish(role);
}

/* The event is a role's: it is finished when the next one is asked for. */
static void
tell(kit_host *host, kit_role *role, kit_event *event)
{
    host->last = role;
    event->pair = role->pair;
    event->guest = role->is_guest;
}

/* What waits in a role's queues; roles take turns. */
static vsk_status
deliver(kit_host *host, kit_event *event)
{
    uint32_t roles = host->role_count;

    for (uint32_t i = 0; i < roles; i++) {
        uint32_t number = (host->turn + i) % roles;
        kit_role *role = host->roles[number];
        vsk_status status = kit_role_deliver(role, event);

        if (status == VSK_NONE)
            continue;
        host->turn = (number + 1) % roles;
        tell(host, role, event);
        return status;
    }
    return VSK_NONE;
}

/* What the core has to tell up to limit, a time that is not past. */
static vsk_status
poll(kit_host *host, uint64_t limit, kit_event *event)
{
    kit_role *role;
    vsk_event seen;
    vsk_status status = host->kind->poll(host, limit, &role, &seen);

    if (status != VSK_OK)
        return status;
    status = kit_role_translate(role, &seen, event);
    tell(host, role, event);
    return status;
}

/* A close that has waited for too long, or the script's timer that is due. */
static vsk_status
expire(kit_host *host, kit_event *event)
{
    vsk_status status = VSK_NONE;

    for (uint32_t i = 0; i < host->role_count && status == VSK_NONE; i++)
        status = kit_role_expire(host->roles[i]);
    if (status == VSK_OK)
        return status;
    status = kit_host_due(host, &event->id);
    if (status == VSK_OK)
        event->kind = KIT_TOLD_AFTER;
    return status;
}

vsk_status
kit_host_step(kit_host *host, uint64_t limit, kit_event *event)
{
    vsk_status status;
    uint64_t now, next = kit_host_next(host);

    *event = (kit_event){.kind = KIT_TOLD_PROGRESS};
    if (!host->started)
        return VSK_ERR_STATE;
    finish(host);
    for (uint32_t i = 0; i < host->role_count; i++)
        kit_role_carry(host->roles[i]);
    if (next < limit)
        limit = next;
    now = host->kind->now(host);
    if (limit < now)
        limit = now;
    status = deliver(host, event);
    /* A real clock goes on while a busy peer keeps us from NONE; and a timer
     * that begins anew whenever it rings must not keep the peer waiting. */
    if (status == VSK_NONE && host->kind->real && !host->rang)
        status = expire(host, event);
    if (status == VSK_NONE)
        status = poll(host, limit, event);
    if (status == VSK_NONE)
        status = expire(host, event);
    host->rang = status == VSK_OK && event->kind == KIT_TOLD_AFTER;
    if (status != VSK_OK)
        kit_event_clear(event);
    else if (event->kind != KIT_TOLD_PROGRESS)
        host->told++;
    return status;
}
