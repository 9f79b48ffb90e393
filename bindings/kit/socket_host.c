/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a socket does as a host. */
#include "kit/socket_parts.h"

static kit_socket *
socket_of(kit_host *host)
{
    return (kit_socket *)host;
}

static uint64_t
socket_now(const kit_host *host)
{
    (void)host;
    return vsk_loop_now();
}

/* Inside a hook it waits for the step after it: signals are few then. */
static void
socket_wake(kit_host *host, kit_role *role)
{
    kit_socket *socket = socket_of(host);

    (void)role;
    vsk_loop_alarm(&socket->loop, 0);
    if (!socket->busy)
        kit_socket_flush(socket);
}

/* What is to be told though the socket is closed. */
static vsk_status
last_events(kit_role *role, vsk_event *event)
{
    return role->is_guest
               ? vsk_guest_poll(role->guest, vsk_loop_now(), event)
               : vsk_device_poll(role->device, vsk_loop_now(), event);
}

/* Scripts hear nothing of what programs do. */
static vsk_status
bridge_step(kit_socket *socket, vsk_event *event)
{
    *event = (vsk_event){.kind = VSK_EVENT_MORE};
    return vsk_bridge_step(&socket->bridge);
}

/* The deadlines of closes stand still with the core's, while no ring runs. */
static void
follow(kit_socket *socket, kit_role *role)
{
    bool still = socket->is_guest ? socket->frontend.state != VSK_FRONTEND_LIVE
                                  : role->device->paused;

    if (still == socket->still)
        return;
    socket->still = still;
    if (still)
        vsk_timers_stop(&role->lingers, vsk_loop_now());
    else
        vsk_timers_start(&role->lingers, vsk_loop_now());
}

static vsk_status
socket_poll(kit_host *host, uint64_t limit, kit_role **role, vsk_event *event)
{
    kit_socket *socket = socket_of(host);
    vsk_status status;

    (void)limit;
    *role = host->roles[0];
    if (socket->closed)
        status = last_events(*role, event);
    else if (socket->is_guest)
        status = vsk_frontend_step(&socket->frontend, event);
    else if (socket->bridged)
        status = bridge_step(socket, event);
    else
        status = vsk_backend_step(&socket->backend, event);
    follow(socket, *role);
    socket->busy = status == VSK_OK;
    /* Who does not ask on until there is nothing finds it readable. */
    vsk_loop_alarm(&socket->loop, status == VSK_NONE ? kit_host_next(host) : 0);
    return status;
}

static vsk_status
socket_kick(kit_host *host, kit_role *role, uint32_t queue)
{
    (void)role;
    return vsk_frontend_kick(&socket_of(host)->frontend, queue);
}

static vsk_status
socket_reset(kit_host *host, kit_role *device, uint64_t guest_cid)
{
    (void)device;
    return vsk_backend_reset_transport(&socket_of(host)->backend, guest_cid);
}

/* vhost-user has no message for one queue. */
static vsk_status
socket_renew(kit_host *host, kit_role *guest, uint32_t queue, uint32_t size)
{
    (void)host;
    (void)guest;
    (void)queue;
    (void)size;
    return VSK_ERR_FEATURES;
}

/* It is the other process's: what a device would answer is not known. */
static void
socket_device_state(const kit_host *host, const kit_role *guest, uint32_t queue,
                    vsk_ring_state *state)
{
    (void)host;
    *state = vsk_queue_driver_state(&guest->guest->queues[queue]);
}

static void
let_mapping_go(void *mapping)
{
    vsk_mapping_unref(mapping);
}

kit_block *
kit_socket_block_of(vsk_mapping *mapping)
{
    return kit_block_borrow(mapping->base, (size_t)mapping->region.size,
                            let_mapping_go, vsk_mapping_ref(mapping));
}

static kit_block *
socket_block(kit_host *host, const kit_role *role, const vsk_span *span)
{
    const vsk_mappings *mappings = &socket_of(host)->backend.mappings;

    if (role->is_guest)
        return kit_block_ref(role->memory->blocks[0]);
    for (uint32_t i = 0; i < mappings->count; i++) {
        const vsk_region *region = &mappings->regions[i];

        if (span->base >= region->base &&
            (uint64_t)(span->base - region->base) < region->size)
            return kit_socket_block_of(mappings->slots[i]);
    }
    return NULL;
}

static void
socket_clear(kit_host *host)
{
    kit_socket_close(socket_of(host));
    vsk_loop_close(&socket_of(host)->loop); /* of one that never was open */
}

const kit_host_kind kit_socket_kind = {
    .real = true,
    .now = socket_now,
    .wake = socket_wake,
    .poll = socket_poll,
    .kick = socket_kick,
    .reset = socket_reset,
    .renew = socket_renew,
    .device_state = socket_device_state,
    .block = socket_block,
    .clear = socket_clear,
};
