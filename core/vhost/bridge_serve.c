/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/bridge_parts.h"

#define EVENTS_AT_ONCE 64 /* of the device: then programs have a turn */

vsk_status
vsk_bridge_serve(vsk_bridge *bridge, vsk_backend *backend)
{
    vsk_status status;

    if (bridge->backend != NULL)
        return VSK_ERR_BUSY;
    if (backend->device != bridge->device)
        return VSK_ERR_ARGUMENT;
    status = vsk_loop_watch(&bridge->loop, vsk_backend_fileno(backend),
                            VSK_LOOP_IN, TAG_BACKEND);
    if (status == VSK_OK)
        bridge->backend = backend;
    return status;
}

vsk_status
vsk_bridge_step(vsk_bridge *bridge)
{
    uint64_t now = vsk_loop_now();
    vsk_event event;

    (void)vsk_bridge_sockets(bridge, now);
    for (uint32_t i = 0; i < EVENTS_AT_ONCE; i++) {
        if (vsk_backend_step(bridge->backend, &event) != VSK_OK)
            return VSK_NONE;
        vsk_bridge_event(bridge, now, &event);
    }
    /* Whoever waits for the descriptor comes back at once. */
    vsk_backend_wake(bridge->backend);
    return VSK_OK;
}
