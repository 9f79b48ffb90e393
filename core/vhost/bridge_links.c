/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/bridge_parts.h"

#include <errno.h>
#include <unistd.h>

/* ---- which links there are ---- */

vsk_bridge_link *
vsk_bridge_take_link(vsk_bridge *bridge, vsk_bridge_state state, uint16_t type)
{
    vsk_bridge_link *link;

    if (bridge->free == NO_LINK)
        return NULL;
    link = &bridge->links[bridge->free];
    bridge->free = link->next;
    bridge->count++;
    *link = (vsk_bridge_link){
        .state = state,
        .fd = -1,
        .type = type,
        .deadline = UINT64_MAX,
        .limit = UINT64_MAX,
    };
    return link;
}

void
vsk_bridge_release(vsk_bridge *bridge, vsk_bridge_link *link)
{
    if (link->state == VSK_BRIDGE_FREE)
        return;
    vsk_bridge_unbind(bridge, link);
    vsk_backlog_clear(&link->backlog);
    if (link->fd >= 0) {
        vsk_loop_unwatch(&bridge->loop, link->fd);
        (void)close(link->fd);
    }
    link->fd = -1;
    link->state = VSK_BRIDGE_FREE;
    link->next = bridge->free;
    bridge->free = (uint32_t)(link - bridge->links);
    bridge->count--;
}

void
vsk_bridge_reset(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    vsk_conn *conn = vsk_bridge_conn(bridge, link);

    if (conn != NULL)
        (void)vsk_endpoint_call(&bridge->device->endpoint, now, conn,
                                VSK_CALL_RESET, 0);
    vsk_bridge_release(bridge, link);
}

/* ---- links and connections ---- */

/* The lower half of a handle is its slot. */
static uint32_t
slot_of(uint64_t handle)
{
    return (uint32_t)handle;
}

void
vsk_bridge_bind(vsk_bridge *bridge, vsk_bridge_link *link, const vsk_conn *conn)
{
    link->handle = vsk_table_handle(&bridge->device->endpoint.table, conn);
    bridge->by_slot[slot_of(link->handle)] = (uint32_t)(link - bridge->links);
}

void
vsk_bridge_unbind(vsk_bridge *bridge, vsk_bridge_link *link)
{
    /* The slot may have another link's connection by now. */
    if (vsk_bridge_find(bridge, link->handle) == link)
        bridge->by_slot[slot_of(link->handle)] = NO_LINK;
    link->handle = 0;
}

vsk_bridge_link *
vsk_bridge_find(const vsk_bridge *bridge, uint64_t handle)
{
    uint32_t slot = slot_of(handle);
    uint32_t at;

    if (handle == 0 || slot >= bridge->device->endpoint.table.capacity)
        return NULL;
    at = bridge->by_slot[slot];
    if (at == NO_LINK || bridge->links[at].handle != handle)
        return NULL;
    return &bridge->links[at];
}

vsk_conn *
vsk_bridge_conn(const vsk_bridge *bridge, const vsk_bridge_link *link)
{
    if (link->handle == 0)
        return NULL;
    return vsk_table_by_handle(&bridge->device->endpoint.table, link->handle);
}

bool
vsk_bridge_would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

void
vsk_bridge_shutdown(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link,
                    uint32_t flags)
{
    vsk_conn *conn = vsk_bridge_conn(bridge, link);

    if (conn != NULL)
        (void)vsk_endpoint_call(&bridge->device->endpoint, now, conn,
                                VSK_CALL_SHUTDOWN, flags);
}

/* ---- waiting ---- */

static uint32_t
wanted(const vsk_bridge_link *link)
{
    uint32_t what = 0;

    if (link->state == VSK_BRIDGE_DIALLING ||
        (link->state == VSK_BRIDGE_OPEN && !link->mute && !link->stalled))
        what |= VSK_LOOP_IN;
    /* The part of a message that is there is nothing to write yet. */
    if (link->backlog.size != 0 &&
        !(link->backlog.open && link->backlog.last == 0))
        what |= VSK_LOOP_OUT;
    return what;
}

void
vsk_bridge_watch(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    uint32_t what = wanted(link);
    uint64_t tag = TAG_LINK + (uint64_t)(link - bridge->links);

    /* A socket that has gone would be told of for ever. */
    if (link->fd < 0 || link->gone)
        return;
    /* So it mostly is: each packet and each write comes here. */
    if (link->in_loop && link->watched == what)
        return;
    if (vsk_loop_watch(&bridge->loop, link->fd, what, tag) != VSK_OK) {
        vsk_notices_say(&bridge->notices, VSK_NOTICE_NOTE, VSK_ERR_SYSTEM,
                        "a program's socket cannot be waited for");
        vsk_bridge_reset(bridge, now, link);
        return;
    }
    link->in_loop = true;
    link->watched = what;
}

void
vsk_bridge_wake_at(vsk_bridge *bridge, uint64_t deadline)
{
    if (deadline >= bridge->alarm)
        return;
    bridge->alarm = deadline;
    vsk_loop_alarm(&bridge->loop, deadline);
}

/* ---- words ---- */

void
vsk_bridge_fail(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link,
                vsk_status status, const char *words, uint64_t bytes)
{
    vsk_notices_say(&bridge->notices, VSK_NOTICE_NOTE, status,
                    "a message of %llu bytes: %s", (unsigned long long)bytes,
                    words);
    vsk_bridge_reset(bridge, now, link);
}
