/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/bridge_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- life ---- */

vsk_bridge_options
vsk_bridge_options_default(void)
{
    return (vsk_bridge_options){.connections = 1024};
}

static vsk_status
make_tables(vsk_bridge *bridge)
{
    uint32_t slots = bridge->device->endpoint.table.capacity;

    bridge->links = calloc(bridge->capacity, sizeof *bridge->links);
    bridge->by_slot = calloc(slots, sizeof *bridge->by_slot);
    bridge->scratch = malloc(VSK_BRIDGE_TURN);
    if (bridge->links == NULL || bridge->by_slot == NULL ||
        bridge->scratch == NULL)
        return VSK_ERR_NOMEM;
    bridge->room = VSK_BRIDGE_TURN;
    for (uint32_t i = 0; i < slots; i++)
        bridge->by_slot[i] = NO_LINK;
    for (uint32_t i = 0; i < bridge->capacity; i++)
        bridge->links[i] = (vsk_bridge_link){.fd = -1, .next = i + 1};
    bridge->links[bridge->capacity - 1].next = NO_LINK;
    return VSK_OK;
}

static vsk_status
make_doors(vsk_bridge *bridge)
{
    const char *tails[2] = {"", VSK_BRIDGE_SEQ};
    vsk_status status = VSK_OK;

    for (uint32_t i = 0; i < 2 && status == VSK_OK; i++)
        status = vsk_bridge_listen(bridge, &bridge->doors[i], tails[i]);
    for (uint32_t i = 0; i < 2 && status == VSK_OK; i++)
        status = vsk_loop_watch(&bridge->loop, bridge->doors[i].fd, VSK_LOOP_IN,
                                TAG_DOOR + i);
    return status;
}

vsk_status
vsk_bridge_open(vsk_bridge *bridge, vsk_device *device,
                const vsk_bridge_options *options)
{
    vsk_status status;

    if (options->path == NULL || options->path[0] == '\0' ||
        strlen(options->path) > VSK_BRIDGE_PATH || options->connections == 0 ||
        options->connections >= NO_LINK - TAG_LINK)
        return VSK_ERR_ARGUMENT;
    memset(bridge, 0, sizeof *bridge);
    bridge->device = device;
    /* A program answers later; an update before that wakes the guest twice. */
    device->endpoint.policy.idle_at = UINT32_MAX;
    bridge->capacity = options->connections;
    bridge->alarm = UINT64_MAX;
    bridge->doors[0] = (vsk_bridge_door){.fd = -1, .type = VSK_TYPE_STREAM};
    bridge->doors[1] = (vsk_bridge_door){.fd = -1, .type = VSK_TYPE_SEQPACKET};
    memcpy(bridge->path, options->path, strlen(options->path) + 1);
    status = vsk_loop_init(&bridge->loop);
    if (status != VSK_OK)
        return status;
    status = make_tables(bridge);
    if (status == VSK_OK)
        status = make_doors(bridge);
    if (status != VSK_OK)
        vsk_bridge_close(bridge);
    return status;
}

void
vsk_bridge_close(vsk_bridge *bridge)
{
    for (uint32_t i = 0; bridge->links != NULL && i < bridge->capacity; i++)
        vsk_bridge_reset(bridge, vsk_loop_now(), &bridge->links[i]);
    vsk_bridge_shut(&bridge->doors[0]);
    vsk_bridge_shut(&bridge->doors[1]);
    vsk_loop_close(&bridge->loop);
    free(bridge->links);
    free(bridge->by_slot);
    free(bridge->scratch);
    bridge->links = NULL;
    bridge->by_slot = NULL;
    bridge->scratch = NULL;
    bridge->backend = NULL;
}

int
vsk_bridge_fileno(const vsk_bridge *bridge)
{
    return bridge->loop.fd;
}

/* ---- programs ---- */

static void
serve_link(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link,
           uint32_t what)
{
    if (link->state == VSK_BRIDGE_FREE || link->fd < 0)
        return;
    if ((what & VSK_LOOP_OUT) != 0 && link->backlog.size != 0)
        vsk_bridge_flush(bridge, now, link);
    if ((what & VSK_LOOP_IN) == 0 || link->state == VSK_BRIDGE_FREE)
        return;
    if (link->state == VSK_BRIDGE_DIALLING)
        vsk_bridge_dial(bridge, now, link);
    else if ((link->watched & VSK_LOOP_IN) != 0)
        vsk_bridge_feed(bridge, now, link);
    else if (vsk_bridge_is_gone(link))
        vsk_bridge_lose(bridge, now, link);
}

/* A link's time is over. */
static void
expire(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    link->deadline = UINT64_MAX;
    if (link->state == VSK_BRIDGE_CALLING) {
        vsk_bridge_call(bridge, now, link);
        return;
    }
    vsk_notices_say(&bridge->notices, VSK_NOTICE_NOTE, VSK_TIMEOUT,
                    "a program read nothing for 10 s: %llu bytes are lost",
                    (unsigned long long)link->backlog.size);
    vsk_bridge_release(bridge, link);
}

static void
look_at_clock(vsk_bridge *bridge, uint64_t now)
{
    if (now < bridge->alarm)
        return;
    bridge->alarm = UINT64_MAX;
    if (bridge->closed_until != 0 && now >= bridge->closed_until)
        vsk_bridge_watch_doors(bridge, true);
    else if (bridge->closed_until != 0)
        vsk_bridge_wake_at(bridge, bridge->closed_until);
    for (uint32_t i = 0; i < bridge->capacity; i++) {
        vsk_bridge_link *link = &bridge->links[i];

        if (link->state == VSK_BRIDGE_FREE)
            continue;
        if (link->deadline <= now)
            expire(bridge, now, link);
        if (link->state != VSK_BRIDGE_FREE)
            vsk_bridge_wake_at(bridge, link->deadline);
    }
}

vsk_status
vsk_bridge_sockets(vsk_bridge *bridge, uint64_t now)
{
    vsk_ready ready[VSK_LOOP_BATCH];
    uint32_t count = vsk_loop_look(&bridge->loop, ready);
    bool worked = now >= bridge->alarm;

    look_at_clock(bridge, now);
    /* It may have rung after now was read. */
    vsk_loop_alarm(&bridge->loop, bridge->alarm);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t tag = ready[i].tag;

        if (tag == TAG_BACKEND)
            continue;
        worked = true;
        if (tag < TAG_LINK)
            vsk_bridge_accept(bridge, now, &bridge->doors[tag - TAG_DOOR]);
        else
            serve_link(bridge, now, &bridge->links[tag - TAG_LINK],
                       ready[i].what);
    }
    return worked ? VSK_OK : VSK_NONE;
}

/* ---- the device ---- */

/* The connection is over: what waits for the program is still its. */
static void
over(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link,
     const vsk_event *event)
{
    if (link->state == VSK_BRIDGE_ASKING)
        vsk_notices_say(&bridge->notices, VSK_NOTICE_NOTE, VSK_OK,
                        "the guest's port %u: %s", link->dial.port,
                        vsk_reason_text(event->conn->reason));
    if (link->state == VSK_BRIDGE_OPEN)
        vsk_bridge_linger(bridge, now, link);
    else
        vsk_bridge_release(bridge, link);
}

void
vsk_bridge_event(vsk_bridge *bridge, uint64_t now, const vsk_event *event)
{
    vsk_bridge_link *link = vsk_bridge_find(bridge, event->handle);

    if (event->kind == VSK_EVENT_REQUEST)
        vsk_bridge_request(bridge, now, event->conn);
    if (link == NULL)
        return;
    switch (event->kind) {
    case VSK_EVENT_CONNECT:
        vsk_bridge_accepted(bridge, now, link, event->conn);
        break;
    case VSK_EVENT_DATA:
        vsk_bridge_give(bridge, now, link, event->packet);
        break;
    case VSK_EVENT_EOF:
        vsk_bridge_end(bridge, now, link);
        break;
    case VSK_EVENT_WRITABLE:
        vsk_bridge_feed(bridge, now, link);
        break;
    case VSK_EVENT_CLOSE:
        over(bridge, now, link, event);
        break;
    case VSK_EVENT_PACKET:
    case VSK_EVENT_REQUEST:
    case VSK_EVENT_ERROR:
    case VSK_EVENT_MORE:
    case VSK_EVENT_RESET:
        break;
    }
}
