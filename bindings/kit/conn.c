/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/role.h"

#define SPAN_MAX 0x40000000u

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
    role->queued -= conn->in.count + conn->out.count;
    kit_fifo_clear(&conn->in);
    kit_fifo_clear(&conn->out);
    free(conn);
}

static vsk_conn *
core_of(const kit_role *role, const kit_conn *conn)
{
    return conn->over ? NULL
                      : vsk_table_by_handle(&role->endpoint->table, conn->id);
}

const vsk_conn *
kit_conn_state(const kit_role *role, const kit_conn *conn)
{
    const vsk_conn *core = core_of(role, conn);

    return core != NULL ? core : &conn->last;
}

void
kit_conn_end(kit_role *role, kit_conn *conn, const vsk_conn *last)
{
    conn->last = *last;
    conn->over = true;
    conn->withheld = 0;
    conn->full = false;
    role->queued -= conn->out.count + kit_fifo_abandon(&conn->in);
    kit_fifo_clear(&conn->out);
}

/* ---- sending ---- */

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
    role->queued -= conn->out.count;
    kit_fifo_clear(&conn->out);
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
    role->queued -= sent;
    conn->tx_bytes += sent;
    if (status == VSK_OK && message)
        kit_fifo_next(&conn->out);
    return status;
}

static bool
has_out(const kit_conn *conn)
{
    return conn->out.count != 0 || conn->out.mark_count != 0;
}

/* Whether it is too early to send, not too late. */
static bool
is_early(const vsk_conn *core)
{
    return core->state == VSK_STATE_CONNECTING ||
           core->state == VSK_STATE_REQUESTED;
}

/* What was to be done when all is sent. */
static void
finish_out(kit_role *role, kit_conn *conn, vsk_conn *core)
{
    uint64_t now = kit_role_now(role);

    if (has_out(conn) || is_early(core))
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
    vsk_conn *core = core_of(role, conn);
    bool was_full = conn->full;
    vsk_status status = VSK_OK;

    if (core == NULL)
        return false;
    while (status == VSK_OK && has_out(conn) && !is_early(core))
        status = send_first(role, conn, core);
    if (status < VSK_OK)
        drop_out(role, conn);
    /* The peer's buffer is smaller than was thought when the message was
     * taken: it can never go, and must not go missing silently. */
    if (status == VSK_ERR_MESSAGE)
        (void)vsk_endpoint_call(role->endpoint, kit_role_now(role), core,
                                VSK_CALL_RESET, 0);
    finish_out(role, conn, core);
    conn->full = conn->out.count > role->options.send_buffer;
    if (!was_full || conn->full)
        return false;
    kit_conn_settle(role, conn);
    kit_role_enlist(role, conn);
    return true;
}

void
kit_conn_settle(kit_role *role, kit_conn *conn)
{
    vsk_conn *core = core_of(role, conn);

    if (core == NULL || conn->paused || conn->full || conn->withheld == 0)
        return;
    (void)vsk_endpoint_forwarded(role->endpoint, kit_role_now(role), core,
                                 (uint32_t)conn->withheld);
    conn->withheld = 0;
    kit_role_wake(role);
}

/* How an ended connection answers. */
static vsk_status
ending(const kit_conn *conn, vsk_status otherwise, kit_why *why)
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

/* Why nothing can be sent, or VSK_OK. */
static vsk_status
may_send(const kit_role *role, const kit_conn *conn, const vsk_conn *core,
         size_t size, kit_why *why)
{
    if (core == NULL)
        return ending(conn, VSK_PIPE, why);
    if (conn->closing || (conn->shutting & VSK_SHUTDOWN_SEND) != 0 ||
        (!is_early(core) && !vsk_conn_may_send(core)))
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

    if (status == VSK_OK)
        role->queued += rest->size;
    return status;
}

vsk_status
kit_conn_send(kit_role *role, uint64_t id, const void *data, size_t size,
              bool eor, kit_why *why)
{
    kit_conn *conn = kit_conn_find(role, id);
    vsk_conn *core = conn == NULL ? NULL : core_of(role, conn);
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
    if (!has_out(conn) && !is_early(core))
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
    conn->full = conn->out.count > role->options.send_buffer;
    return status;
}

/* ---- receiving ---- */

/* Forward what a script has taken. */
static void
forward(kit_role *role, kit_conn *conn, size_t bytes)
{
    vsk_conn *core = core_of(role, conn);

    role->queued -= bytes;
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
    return conn->over ? ending(conn, VSK_EOF, why) : VSK_NONE;
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
    return conn->over ? ending(conn, VSK_PIPE, why) : VSK_NONE;
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
    vsk_conn *core = conn == NULL ? NULL : core_of(role, conn);
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

vsk_status
kit_conn_reset(kit_role *role, uint64_t id)
{
    vsk_status status = call(role, id, VSK_CALL_RESET, 0);

    /* What is over needs no reset. */
    return status == VSK_ERR_STATE ? VSK_OK : status;
}

vsk_status
kit_conn_close(kit_role *role, uint64_t id)
{
    kit_conn *conn = kit_conn_find(role, id);
    vsk_conn *core = conn == NULL ? NULL : core_of(role, conn);

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    if (core == NULL)
        return VSK_OK;
    /* Nothing can be sent to who was not answered. */
    if (core->state == VSK_STATE_REQUESTED ||
        (is_early(core) && !has_out(conn)))
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
    vsk_conn *core = conn == NULL ? NULL : core_of(role, conn);

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    if (core == NULL)
        return VSK_PIPE;
    /* Receiving ends at once, sending when all is sent. */
    if (has_out(conn) && !is_early(core) &&
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
    return VSK_OK;
}

vsk_status
kit_conn_resize(kit_role *role, uint64_t id, uint32_t buf_alloc)
{
    const kit_conn *conn = kit_conn_find(role, id);
    vsk_conn *core = conn == NULL ? NULL : core_of(role, conn);

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    if (core == NULL)
        return VSK_ERR_STATE;
    vsk_endpoint_resize(role->endpoint, core, buf_alloc);
    kit_role_wake(role);
    return VSK_OK;
}

/* ---- what it is ---- */

vsk_status
kit_conn_number(kit_role *role, uint64_t id, const char *name, uint64_t *number)
{
    const kit_conn *conn = kit_conn_find(role, id);
    const vsk_conn *core;

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    core = kit_conn_state(role, conn);
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        {"local_cid", core->flow.local_cid},
        {"local_port", core->flow.local_port},
        {"peer_cid", core->flow.peer_cid},
        {"peer_port", core->flow.peer_port},
        {"buf_alloc", core->credit.buf_alloc},
        {"fwd_cnt", core->credit.fwd_cnt},
        {"tx_cnt", core->credit.tx_cnt},
        {"rx_cnt", core->credit.rx_cnt},
        {"peer_buf_alloc", core->credit.peer_buf_alloc},
        {"peer_fwd_cnt", core->credit.peer_fwd_cnt},
        {"credit", vsk_credit_available(&core->credit)},
        {"queued", conn->out.count},
        {"unread", conn->in.count},
        {"tx_bytes", conn->tx_bytes},
        {"rx_bytes", conn->rx_bytes},
        {"rx_packets", conn->rx_packets},
    };

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(numbers[i].name, name) == 0) {
            *number = numbers[i].value;
            return VSK_OK;
        }
    return VSK_ERR_ARGUMENT;
}

vsk_status
kit_conn_word(kit_role *role, uint64_t id, const char *name, const char **word)
{
    const kit_conn *conn = kit_conn_find(role, id);
    const vsk_conn *core;

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    core = kit_conn_state(role, conn);
    if (strcmp(name, "type") == 0)
        *word = vsk_type_name(core->type);
    else if (strcmp(name, "state") == 0)
        *word = vsk_state_name(core->state);
    else if (strcmp(name, "reason") == 0)
        *word = vsk_reason_name(core->reason);
    else
        return VSK_ERR_ARGUMENT;
    return VSK_OK;
}
