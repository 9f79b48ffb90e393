/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Ports that a guest listens on, and who came to them. */
#include <stdlib.h>
#include <string.h>

#include "kit/role.h"

static kit_listener *
listener_of(const kit_role *role, uint32_t port)
{
    for (uint32_t i = 0; i < role->listener_count; i++)
        if (role->listeners[i].port == port)
            return &role->listeners[i];
    return NULL;
}

vsk_status
kit_role_listen(kit_role *role, uint32_t port, uint32_t backlog)
{
    kit_listener fresh = {.port = port, .backlog = backlog};
    kit_listener *grown;

    if (backlog == 0 || backlog > role->slot_count)
        return VSK_ERR_ARGUMENT;
    if (listener_of(role, port) != NULL)
        return VSK_ERR_BUSY;
    fresh.ids = calloc(backlog, sizeof *fresh.ids);
    if (fresh.ids == NULL)
        return VSK_ERR_NOMEM;
    grown = realloc(role->listeners,
                    (role->listener_count + 1) * sizeof *role->listeners);
    if (grown == NULL) {
        free(fresh.ids);
        return VSK_ERR_NOMEM;
    }
    role->listeners = grown;
    role->listeners[role->listener_count++] = fresh;
    return VSK_OK;
}

vsk_status
kit_role_unlisten(kit_role *role, uint32_t port)
{
    kit_listener *found = listener_of(role, port);

    if (found == NULL)
        return VSK_ERR_ARGUMENT;
    /* Who was not asked for is not served. */
    for (uint32_t i = 0; i < found->count; i++) {
        kit_conn_find(role, found->ids[i])->listed = false;
        (void)kit_conn_reset(role, found->ids[i]);
        (void)kit_conn_release(role, found->ids[i]);
    }
    free(found->ids);
    *found = role->listeners[--role->listener_count];
    return VSK_OK;
}

vsk_status
kit_role_accepted(kit_role *role, uint32_t port, uint64_t *id)
{
    kit_listener *found = listener_of(role, port);
    kit_conn *conn;

    if (found == NULL)
        return VSK_ERR_ARGUMENT;
    if (found->count == 0)
        return VSK_NONE;
    *id = found->ids[0];
    conn = kit_conn_find(role, *id);
    conn->listed = false;
    conn->held = true;
    found->count--;
    memmove(found->ids, found->ids + 1, found->count * sizeof *found->ids);
    return VSK_OK;
}
