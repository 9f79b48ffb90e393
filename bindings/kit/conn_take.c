/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a script receives: what hooks have taken, what is read, and how it says
 * that no more will come. */
#include <stdio.h>
#include <stdlib.h>

#include "kit/conn_parts.h"

void
kit_conn_settle(kit_role *role, kit_conn *conn)
{
    vsk_conn *core = kit_conn_core(role, conn);

    if (core == NULL || kit_conn_is_held_back(conn) || conn->withheld == 0)
        return;
    (void)vsk_endpoint_forwarded(role->endpoint, kit_role_now(role), core,
                                 (uint32_t)conn->withheld);
    conn->withheld = 0;
    kit_role_wake(role);
}

vsk_status
kit_conn_ending(const kit_conn *conn, vsk_status otherwise, kit_why *why)
{
    vsk_status status = otherwise;

    switch (conn->last.reason) {
    case VSK_REASON_REFUSED:
    case VSK_REASON_RESET:
    case VSK_REASON_PROTOCOL:
    case VSK_REASON_REPLACED:
    case VSK_REASON_TRANSPORT:
        status = VSK_RESET;
        break;
    case VSK_REASON_TIMEOUT:
        status = VSK_TIMEOUT;
        break;
    default:
        break;
    }
    if (status == VSK_RESET || status == VSK_TIMEOUT)
        (void)snprintf(why->text, sizeof why->text, "%s: %u:%u, %s",
                       vsk_status_text(status), conn->last.flow.peer_cid,
                       conn->last.flow.peer_port,
                       vsk_reason_text(conn->last.reason));
    return status;
}

/* Forward what a script has taken. */
static void
forward(kit_role *role, kit_conn *conn, size_t bytes)
{
    vsk_conn *core = kit_conn_core(role, conn);

    kit_conn_charge(role, conn);
    if (core == NULL)
        return;
    (void)vsk_endpoint_forwarded(role->endpoint, kit_role_now(role), core,
                                 (uint32_t)bytes);
    kit_role_wake(role);
}

/* Bytes that can be read now; false where there is nothing. */
static bool
readable(const kit_role *role, const kit_conn *conn, uint64_t *bytes)
{
    uint32_t message;

    if (kit_conn_state(role, conn)->type == VSK_TYPE_SEQPACKET) {
        if (!kit_fifo_message(&conn->in, &message))
            return false;
        *bytes = message;
        return true;
    }
    *bytes = conn->in.count;
    return conn->in.count != 0;
}

/* Why there is nothing to read: for now, or for ever. */
static vsk_status
nothing(const kit_conn *conn, kit_why *why)
{
    if (conn->eof)
        return VSK_EOF;
    return conn->over ? kit_conn_ending(conn, VSK_EOF, why) : VSK_NONE;
}

vsk_status
kit_conn_readable(kit_role *role, uint64_t id, uint64_t *bytes)
{
    const kit_conn *conn = kit_conn_find(role, id);
    kit_why why;

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    if (readable(role, conn, bytes))
        return VSK_OK;
    *bytes = 0;
    return nothing(conn, &why) == VSK_NONE ? VSK_NONE : VSK_OK;
}

vsk_status
kit_conn_take(kit_role *role, uint64_t id, uint64_t max, kit_bytes *bytes,
              kit_why *why)
{
    kit_conn *conn = kit_conn_find(role, id);
    uint64_t size;
    bool message;

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    if (!readable(role, conn, &size))
        return nothing(conn, why);
    message = kit_conn_state(role, conn)->type == VSK_TYPE_SEQPACKET;
    if (!message && size > max)
        size = max;
    bytes->data = malloc(size != 0 ? size : 1);
    if (bytes->data == NULL)
        return VSK_ERR_NOMEM;
    bytes->size = size;
    kit_fifo_take(&conn->in, bytes->data, size);
    if (message)
        kit_fifo_next(&conn->in);
    forward(role, conn, size);
    return VSK_OK;
}

vsk_status
kit_conn_ready(kit_role *role, uint64_t id, kit_why *why)
{
    const kit_conn *conn = kit_conn_find(role, id);

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    if (conn->connected)
        return VSK_OK;
    return conn->over ? kit_conn_ending(conn, VSK_PIPE, why) : VSK_NONE;
}
