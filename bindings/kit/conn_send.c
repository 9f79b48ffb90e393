/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a script sends: at once as far as it goes, then from the send queue. */
#include <stdio.h>

#include "kit/conn_parts.h"

#define SPAN_MAX 0x40000000u

bool
kit_conn_has_out(const kit_conn *conn)
{
    return conn->out.count != 0 || conn->out.mark_count != 0;
}

bool
kit_conn_is_early(const vsk_conn *core)
{
    return core->state == VSK_STATE_CONNECTING ||
           core->state == VSK_STATE_REQUESTED;
}

static vsk_status
role_send(kit_role *role, vsk_conn *core, const vsk_outgoing *outgoing,
          uint64_t *sent)
{
    uint64_t now = kit_role_now(role);

    return role->is_guest
               ? vsk_guest_send(role->guest, now, core, outgoing, sent)
               : vsk_device_send(role->device, now, core, outgoing, sent);
}

/* Drop what waits to be sent. */
static void
drop_out(kit_role *role, kit_conn *conn)
{
    kit_fifo_clear(&conn->out);
    kit_conn_charge(role, conn);
}

/* Send the first message in out, or all of a stream; VSK_OK: all of it. */
static vsk_status
send_first(kit_role *role, kit_conn *conn, vsk_conn *core)
{
    uint32_t bytes =
        conn->out.count < SPAN_MAX ? (uint32_t)conn->out.count : SPAN_MAX;
    bool message = conn->out.mark_count != 0;
    vsk_span spans[2];
    vsk_outgoing outgoing = {spans, 0, 0};
    uint64_t sent;
    vsk_status status;

    if (message) {
        (void)kit_fifo_message(&conn->out, &bytes);
        outgoing.flags = conn->out.marks[conn->out.mark_first].flags;
    }
    kit_fifo_spans(&conn->out, bytes, spans, &outgoing.count);
    status = role_send(role, core, &outgoing, &sent);
    if (sent != 0)
        kit_fifo_drop(&conn->out, sent);
    conn->tx_bytes += sent;
    if (status == VSK_OK && message)
        kit_fifo_next(&conn->out);
    kit_conn_charge(role, conn);
    return status;
}

static bool
is_full(const kit_role *role, const kit_conn *conn)
{
    return kit_fifo_cost(&conn->out) > role->options.send_buffer;
}

/* What was to be done when all is sent. */
static void
finish_out(kit_role *role, kit_conn *conn, vsk_conn *core)
{
    uint64_t now = kit_role_now(role);

    if (kit_conn_has_out(conn) || kit_conn_is_early(core))
        return;
    if (conn->closing) {
        conn->closing = false;
        (void)vsk_endpoint_call(role->endpoint, now, core, VSK_CALL_CLOSE, 0);
    } else if (conn->shutting != 0) {
        (void)vsk_endpoint_call(role->endpoint, now, core, VSK_CALL_SHUTDOWN,
                                conn->shutting);
        conn->shutting = 0;
    }
}

bool
kit_conn_pump(kit_role *role, kit_conn *conn)
{
    vsk_conn *core = kit_conn_core(role, conn);
    uint64_t before = kit_fifo_cost(&conn->out);
    bool was_full = conn->full;
    vsk_status status = VSK_OK;

    if (core == NULL)
        return false;
    while (status == VSK_OK && kit_conn_has_out(conn) &&
           !kit_conn_is_early(core))
        status = send_first(role, conn, core);
    if (status < VSK_OK)
        drop_out(role, conn);
    /* The peer's buffer is smaller than was thought when the message was
     * taken: it can never go, and must not go missing silently. */
    if (status == VSK_ERR_MESSAGE)
        (void)vsk_endpoint_call(role->endpoint, kit_role_now(role), core,
                                VSK_CALL_RESET, 0);
    finish_out(role, conn, core);
    kit_conn_linger(role, conn, kit_fifo_cost(&conn->out) < before);
    conn->full = is_full(role, conn);
    if (!was_full || conn->full)
        return false;
    kit_conn_settle(role, conn);
    kit_role_enlist(role, conn);
    return true;
}

/* Why nothing can be sent, or VSK_OK. */
static vsk_status
may_send(const kit_role *role, const kit_conn *conn, const vsk_conn *core,
         size_t size, kit_why *why)
{
    if (core == NULL)
        return kit_conn_ending(conn, VSK_PIPE, why);
    if (conn->closing || (conn->shutting & VSK_SHUTDOWN_SEND) != 0 ||
        (!kit_conn_is_early(core) && !vsk_conn_may_send(core)))
        return VSK_PIPE;
    if (core->type != VSK_TYPE_SEQPACKET)
        return VSK_OK;
    if (size == 0 && !role->options.empty_messages) {
        (void)snprintf(why->text, sizeof why->text,
                       "an empty message reads as end of file on Linux: the "
                       "option empty_messages allows it");
        return VSK_ERR_ARGUMENT;
    }
    /* Before RESPONSE the peer's buffer is not known. */
    if (core->state != VSK_STATE_CONNECTING &&
        size > core->credit.peer_buf_alloc)
        return VSK_ERR_MESSAGE;
    return VSK_OK;
}

/* Keep for later what could not be sent now. */
static vsk_status
keep(kit_role *role, kit_conn *conn, const vsk_conn *core,
     const vsk_packet *rest, uint32_t flags)
{
    vsk_status status = core->type == VSK_TYPE_SEQPACKET
                            ? kit_fifo_add_message(&conn->out, rest, flags)
                            : kit_fifo_add(&conn->out, rest);

    kit_conn_charge(role, conn);
    conn->full = is_full(role, conn);
    return status;
}

vsk_status
kit_conn_send(kit_role *role, uint64_t id, const void *data, size_t size,
              bool eor, kit_why *why)
{
    kit_conn *conn = kit_conn_find(role, id);
    vsk_conn *core = conn == NULL ? NULL : kit_conn_core(role, conn);
    vsk_span span = {.base = (uint8_t *)(uintptr_t)data, .len = (uint32_t)size};
    vsk_outgoing outgoing = {&span, size != 0, 0};
    vsk_packet rest;
    uint64_t sent = 0;
    vsk_status status;

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    if (size > SPAN_MAX)
        return VSK_ERR_ARGUMENT;
    status = may_send(role, conn, core, size, why);
    if (status != VSK_OK || (size == 0 && core->type == VSK_TYPE_STREAM))
        return status;
    if (core->type == VSK_TYPE_SEQPACKET)
        outgoing.flags = VSK_SEQ_EOM | (eor ? VSK_SEQ_EOR : 0);
    /* What goes at once is not copied into the queue. */
    status = VSK_NONE;
    if (!kit_conn_has_out(conn) && !kit_conn_is_early(core))
        status = role_send(role, core, &outgoing, &sent);
    conn->tx_bytes += sent;
    kit_role_wake(role);
    if (status != VSK_NONE)
        return status;
    vsk_packet_init(&rest, span.base + sent, (uint32_t)(size - sent));
    status = keep(role, conn, core, &rest, outgoing.flags);
    /* A stream with a hole is none. */
    if (status != VSK_OK && sent != 0)
        (void)kit_conn_reset(role, id);
    return status;
}
