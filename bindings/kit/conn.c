/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Which connections there are, and what a script may ask of one. */
#include <stdlib.h>

#include "kit/conn_parts.h"

/* ---- which connection ---- */

kit_conn *
kit_conn_find(const kit_role *role, uint64_t id)
{
    uint32_t slot = (uint32_t)id;
    kit_conn *conn = slot < role->slot_count ? role->slots[slot] : NULL;

    while (conn != NULL && conn->id != id)
        conn = conn->next;
    return conn;
}

kit_conn *
kit_conn_add(kit_role *role, uint64_t id, bool hooks)
{
    uint32_t slot = (uint32_t)id;
    kit_conn *conn = calloc(1, sizeof *conn);

    if (conn == NULL)
        return NULL;
    conn->id = id;
    conn->hooks = hooks;
    conn->next = role->slots[slot];
    role->slots[slot] = conn;
    return conn;
}

/* Out of the list of those with something to deliver. */
static void
unready(kit_role *role, const kit_conn *conn)
{
    kit_conn **at = &role->ready_first;
    kit_conn *last = NULL;

    while (*at != NULL) {
        if (*at == conn)
            *at = conn->ready;
        else {
            last = *at;
            at = &(*at)->ready;
        }
    }
    role->ready_last = last;
}

void
kit_conn_free(kit_role *role, kit_conn *conn)
{
    kit_conn **at = &role->slots[(uint32_t)conn->id];

    while (*at != conn)
        at = &(*at)->next;
    *at = conn->next;
    if (conn->is_ready)
        unready(role, conn);
    kit_fifo_clear(&conn->in);
    kit_fifo_clear(&conn->out);
    kit_conn_charge(role, conn);
    free(conn);
}

vsk_conn *
kit_conn_core(const kit_role *role, const kit_conn *conn)
{
    return conn->over ? NULL
                      : vsk_table_by_handle(&role->endpoint->table, conn->id);
}

const vsk_conn *
kit_conn_state(const kit_role *role, const kit_conn *conn)
{
    const vsk_conn *core = kit_conn_core(role, conn);

    return core != NULL ? core : &conn->last;
}

void
kit_conn_charge(kit_role *role, kit_conn *conn)
{
    uint64_t cost = kit_fifo_cost(&conn->in) + kit_fifo_cost(&conn->out);

    role->queued += cost - conn->charged;
    conn->charged = cost;
}

void
kit_conn_end(kit_role *role, kit_conn *conn, const vsk_conn *last)
{
    conn->last = *last;
    conn->over = true;
    conn->withheld = 0;
    conn->full = false;
    vsk_timers_cancel(&role->lingers, (uint32_t)conn->id);
    kit_fifo_abandon(&conn->in);
    kit_fifo_clear(&conn->out);
    kit_conn_charge(role, conn);
}

/* ---- calls ---- */

vsk_status
kit_conn_connect(kit_role *role, uint32_t local_port, uint32_t peer_cid,
                 uint32_t peer_port, uint16_t type, bool hooks, uint64_t *id)
{
    uint64_t now = kit_role_now(role);
    vsk_conn *core;
    uint64_t handle;
    vsk_status status =
        role->is_guest ? vsk_guest_connect(role->guest, now, local_port,
                                           peer_cid, peer_port, type, &core)
                       : vsk_device_connect(role->device, now, local_port,
                                            peer_port, type, &core);

    if (status != VSK_OK)
        return status;
    handle = vsk_table_handle(&role->endpoint->table, core);
    kit_role_wake(role);
    if (kit_conn_add(role, handle, hooks) == NULL) {
        (void)vsk_endpoint_call(role->endpoint, now, core, VSK_CALL_RESET, 0);
        return VSK_ERR_NOMEM;
    }
    *id = handle;
    return VSK_OK;
}

vsk_status
kit_conn_hold(kit_role *role, uint64_t id)
{
    kit_conn *conn = kit_conn_find(role, id);

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    conn->held = true;
    return VSK_OK;
}

vsk_status
kit_conn_release(kit_role *role, uint64_t id)
{
    kit_conn *conn = kit_conn_find(role, id);

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    conn->held = false;
    if (conn->over && !conn->listed && (conn->ended || !conn->hooks))
        kit_conn_free(role, conn);
    return VSK_OK;
}

/* Do a core call on a connection that is not over. */
static vsk_status
call(kit_role *role, uint64_t id, vsk_call what, uint32_t flags)
{
    const kit_conn *conn = kit_conn_find(role, id);
    vsk_conn *core = conn == NULL ? NULL : kit_conn_core(role, conn);
    vsk_status status;

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    if (core == NULL)
        return VSK_ERR_STATE;
    status = vsk_endpoint_call(role->endpoint, kit_role_now(role), core, what,
                               flags);
    if (status == VSK_OK)
        kit_role_wake(role);
    return status;
}

vsk_status
kit_conn_accept(kit_role *role, uint64_t id)
{
    vsk_status status = call(role, id, VSK_CALL_ACCEPT, 0);
    kit_conn *conn = kit_conn_find(role, id);

    if (status != VSK_OK)
        return status;
    conn->connected = true;
    conn->deferred = false;
    (void)kit_conn_pump(role, conn);
    return VSK_OK;
}

vsk_status
kit_conn_defer(kit_role *role, uint64_t id)
{
    kit_conn *conn = kit_conn_find(role, id);

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    if (kit_conn_state(role, conn)->state != VSK_STATE_REQUESTED)
        return VSK_ERR_STATE;
    conn->deferred = true;
    return VSK_OK;
}

/* What is over needs no reset. */
static vsk_status
end(kit_role *role, uint64_t id, vsk_call what)
{
    vsk_status status = call(role, id, what, 0);

    return status == VSK_ERR_STATE ? VSK_OK : status;
}

vsk_status
kit_conn_reset(kit_role *role, uint64_t id)
{
    return end(role, id, VSK_CALL_RESET);
}

vsk_status
kit_conn_blame(kit_role *role, uint64_t id)
{
    return end(role, id, VSK_CALL_BLAME);
}

vsk_status
kit_conn_close(kit_role *role, uint64_t id)
{
    kit_conn *conn = kit_conn_find(role, id);
    vsk_conn *core = conn == NULL ? NULL : kit_conn_core(role, conn);

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    if (core == NULL)
        return VSK_OK;
    /* Nothing can be sent to who was not answered. */
    if (core->state == VSK_STATE_REQUESTED ||
        (kit_conn_is_early(core) && !kit_conn_has_out(conn)))
        return call(role, id, VSK_CALL_CLOSE, 0);
    conn->closing = true;
    (void)kit_conn_pump(role, conn);
    kit_role_wake(role);
    return VSK_OK;
}

vsk_status
kit_conn_shutdown(kit_role *role, uint64_t id, uint32_t flags)
{
    kit_conn *conn = kit_conn_find(role, id);
    vsk_conn *core = conn == NULL ? NULL : kit_conn_core(role, conn);

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    if (core == NULL)
        return VSK_PIPE;
    /* Receiving ends at once, sending when all is sent. */
    if (kit_conn_has_out(conn) && !kit_conn_is_early(core) &&
        (flags & VSK_SHUTDOWN_RECEIVE) != 0) {
        (void)call(role, id, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_RECEIVE);
        flags &= VSK_SHUTDOWN_SEND;
    }
    conn->shutting |= (uint8_t)flags;
    (void)kit_conn_pump(role, conn);
    kit_role_wake(role);
    return VSK_OK;
}

vsk_status
kit_conn_pause(kit_role *role, uint64_t id)
{
    kit_conn *conn = kit_conn_find(role, id);

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    conn->paused = true;
    return VSK_OK;
}

vsk_status
kit_conn_resume(kit_role *role, uint64_t id)
{
    kit_conn *conn = kit_conn_find(role, id);

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    conn->paused = false;
    kit_conn_settle(role, conn);
    kit_role_enlist(role, conn);
    /* What was held back is told by whoever steps next: soon. */
    kit_role_wake(role);
    return VSK_OK;
}

vsk_status
kit_conn_duplex(kit_role *role, uint64_t id)
{
    kit_conn *conn = kit_conn_find(role, id);

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    conn->duplex = true;
    return VSK_OK;
}

bool
kit_conn_is_held_back(const kit_conn *conn)
{
    return conn->paused || (conn->full && !conn->duplex);
}

vsk_status
kit_conn_resize(kit_role *role, uint64_t id, uint32_t buf_alloc)
{
    const kit_conn *conn = kit_conn_find(role, id);
    vsk_conn *core = conn == NULL ? NULL : kit_conn_core(role, conn);

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    if (core == NULL)
        return VSK_ERR_STATE;
    vsk_endpoint_resize(role->endpoint, core, buf_alloc);
    kit_role_wake(role);
    return VSK_OK;
}
