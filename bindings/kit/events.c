/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <string.h>

#include "kit/host.h"

/* ---- what waits to be delivered ---- */

void
kit_role_enlist(kit_role *role, kit_conn *conn)
{
    if (conn->is_ready || !conn->hooks)
        return;
    conn->is_ready = true;
    conn->ready = NULL;
    if (role->ready_first == NULL)
        role->ready_first = conn;
    else
        role->ready_last->ready = conn;
    role->ready_last = conn;
}

static void
tell(kit_role *role, kit_event *told, kit_told kind, uint64_t id)
{
    told->kind = kind;
    told->id = id;
    role->told = kind;
    role->told_id = id;
}

/* Tell bytes that stand in a new block. */
static void
tell_block(kit_role *role, kit_conn *conn, kit_block *block, size_t size,
           kit_event *told)
{
    told->block = block;
    told->data = block->data;
    told->size = size;
    conn->withheld += size;
    tell(role, told, KIT_TOLD_DATA, conn->id);
}

/* Tell what is first in `in`: a message, or all bytes of a stream. */
static vsk_status
tell_in(kit_role *role, kit_conn *conn, kit_event *told)
{
    bool message = conn->in.mark_count != 0;
    uint32_t bytes = (uint32_t)conn->in.count;
    kit_block *block;

    if (message && !kit_fifo_message(&conn->in, &bytes))
        return VSK_NONE;
    if (!message && bytes == 0)
        return VSK_NONE;
    block = kit_block_new(bytes);
    if (block == NULL)
        return VSK_ERR_NOMEM;
    kit_fifo_take(&conn->in, block->data, bytes);
    if (message)
        kit_fifo_next(&conn->in);
    kit_conn_charge(role, conn);
    tell_block(role, conn, block, bytes, told);
    return VSK_OK;
}

/* The next thing that a connection's hooks have not heard of. */
static vsk_status
deliver(kit_role *role, kit_conn *conn, kit_event *told)
{
    vsk_status status = tell_in(role, conn, told);

    if (status != VSK_NONE)
        return status;
    if (conn->eof && !conn->eof_told) {
        conn->eof_told = true;
        tell(role, told, KIT_TOLD_EOF, conn->id);
        return VSK_OK;
    }
    if (conn->over && !conn->ended) {
        conn->ended = true;
        tell(role, told, KIT_TOLD_CLOSE, conn->id);
        return VSK_OK;
    }
    return VSK_NONE;
}

/* A pause, or too much to send, holds payload back, and what comes behind. */
static bool
is_held_back(const kit_conn *conn)
{
    return kit_conn_is_held_back(conn) &&
           (conn->in.count != 0 || conn->in.mark_count != 0);
}

vsk_status
kit_role_deliver(kit_role *role, kit_event *told)
{
    while (role->ready_first != NULL) {
        kit_conn *conn = role->ready_first;
        vsk_status status =
            is_held_back(conn) ? VSK_NONE : deliver(role, conn, told);

        if (status != VSK_NONE)
            return status;
        role->ready_first = conn->ready;
        conn->is_ready = false;
    }
    return VSK_NONE;
}

/* ---- the end of an event ---- */

void
kit_role_finish(kit_role *role)
{
    kit_conn *conn = kit_conn_find(role, role->told_id);
    kit_told told = role->told;

    role->told = KIT_TOLD_PROGRESS;
    kit_role_route(role);
    if (conn == NULL)
        return;
    switch (told) {
    case KIT_TOLD_REQUEST:
        if (!conn->deferred &&
            kit_conn_state(role, conn)->state == VSK_STATE_REQUESTED)
            (void)kit_conn_reset(role, conn->id);
        break;
    case KIT_TOLD_DATA:
        kit_conn_settle(role, conn);
        break;
    case KIT_TOLD_CLOSE:
        if (!conn->held)
            kit_conn_free(role, conn);
        break;
    case KIT_TOLD_PROGRESS:
    case KIT_TOLD_PACKET:
    case KIT_TOLD_CONNECT:
    case KIT_TOLD_WRITABLE:
    case KIT_TOLD_EOF:
    case KIT_TOLD_ERROR:
    case KIT_TOLD_RESET:
    case KIT_TOLD_AFTER:
        break;
    }
}

/* ---- events of the core ---- */

static void
refuse(kit_role *role, vsk_conn *core)
{
    (void)vsk_endpoint_call(role->endpoint, kit_role_now(role), core,
                            VSK_CALL_RESET, 0);
}

static kit_listener *
free_listener(const kit_role *role, uint32_t port)
{
    for (uint32_t i = 0; i < role->listener_count; i++) {
        kit_listener *found = &role->listeners[i];

        if (found->port == port && found->count < found->backlog)
            return found;
    }
    return NULL;
}

/* Somebody wants to connect: to a listener, or to whom the hook accepts. */
static vsk_status
on_request(kit_role *role, const vsk_event *event, kit_event *told)
{
    kit_listener *listener = free_listener(role, event->conn->flow.local_port);
    bool hooks = !role->is_guest && listener == NULL;
    kit_conn *conn;

    if ((role->is_guest && listener == NULL) ||
        role->queued > role->options.budget) {
        refuse(role, event->conn);
        return VSK_OK;
    }
    conn = kit_conn_add(role, event->handle, hooks);
    if (conn == NULL) {
        refuse(role, event->conn);
        return VSK_ERR_NOMEM;
    }
    if (hooks) {
        tell(role, told, KIT_TOLD_REQUEST, conn->id);
        return VSK_OK;
    }
    conn->listed = true;
    listener->ids[listener->count++] = conn->id;
    return kit_conn_accept(role, conn->id);
}

static bool
is_message_start(const kit_conn *conn)
{
    return conn->in.mark_count == 0;
}

/* Keep payload until it is read, resumed, or its message is whole. */
static vsk_status
keep(kit_role *role, kit_conn *conn, const vsk_packet *packet)
{
    vsk_status status =
        packet->header.type == VSK_TYPE_SEQPACKET
            ? kit_fifo_add_message(&conn->in, packet, packet->header.flags)
            : kit_fifo_add(&conn->in, packet);

    kit_conn_charge(role, conn);
    return status;
}

/* Tell payload where it lies, if it lies in one piece of guest memory. */
static vsk_status
tell_payload(kit_role *role, kit_conn *conn, const vsk_packet *packet,
             kit_event *told)
{
    kit_block *block = NULL;

    if (packet->size != 0 && packet->first.len >= packet->size &&
        role->host != NULL)
        block = role->host->kind->block(role->host, role, &packet->first);
    if (block != NULL) {
        told->writable = true;
        told->block = block;
        told->data = packet->first.base;
        told->size = packet->size;
        conn->withheld += packet->size;
        tell(role, told, KIT_TOLD_DATA, conn->id);
        return VSK_OK;
    }
    block = kit_block_new(packet->size);
    if (block == NULL)
        return VSK_ERR_NOMEM;
    (void)vsk_packet_read(packet, 0, block->data, packet->size);
    tell_block(role, conn, block, packet->size, told);
    return VSK_OK;
}

/* A flood of empty messages, which credit cannot bound, ends here. */
static vsk_status
flooded(kit_role *role, kit_conn *conn, kit_event *told)
{
    role->endpoint->counters.errors++;
    told->status = VSK_BAD_FLOOD;
    kit_explain(&told->why, VSK_BAD_FLOOD, NULL);
    tell(role, told, KIT_TOLD_ERROR, conn->id);
    return kit_conn_blame(role, conn->id);
}

static vsk_status
on_data(kit_role *role, const vsk_event *event, kit_event *told)
{
    const vsk_packet *packet = event->packet;
    kit_conn *conn = kit_conn_find(role, event->handle);
    bool whole =
        packet->header.type == VSK_TYPE_STREAM ||
        ((packet->header.flags & VSK_SEQ_EOM) != 0 && is_message_start(conn));
    vsk_status status;

    conn->rx_bytes += packet->size;
    conn->rx_packets++;
    /* Who is sent an empty message for each one that it sends, and takes
     * none of them, has no end. */
    if (packet->size == 0 && conn->out.empty > KIT_EMPTY_MAX)
        return flooded(role, conn, told);
    /* Credit does not bound empty ones: over the limit they have to wait. */
    if (conn->hooks && !conn->paused && whole && conn->in.count == 0 &&
        (packet->size != 0 || !conn->full)) {
        /* An empty RW of a stream says nothing. */
        if (packet->size == 0 && packet->header.type == VSK_TYPE_STREAM)
            return VSK_OK;
        return tell_payload(role, conn, packet, told);
    }
    status = keep(role, conn, packet);
    if (status == VSK_OK && conn->in.empty > KIT_EMPTY_MAX)
        return flooded(role, conn, told);
    /* What cannot be kept cannot be lost silently either. */
    if (status != VSK_OK)
        (void)kit_conn_reset(role, conn->id);
    else
        kit_role_enlist(role, conn);
    return status;
}

/* Of a connection without hooks only the frontend hears: PROGRESS, its id. */
static vsk_status
on_close(kit_role *role, const vsk_event *event, kit_event *told)
{
    kit_conn *conn = kit_conn_find(role, event->handle);

    if (conn == NULL)
        return VSK_OK;
    kit_conn_end(role, conn, event->conn);
    if (conn->hooks) {
        kit_role_enlist(role, conn);
        return VSK_OK;
    }
    told->id = conn->id;
    if (!conn->held && !conn->listed)
        kit_conn_free(role, conn);
    return VSK_OK;
}

static vsk_status
on_error(kit_role *role, const vsk_event *event, kit_event *told)
{
    const vsk_chain *broken =
        event->chain != NULL && event->chain->status != VSK_OK ? event->chain
                                                               : NULL;

    /* A packet for no connection has had its RST, and may have been on its way
     * when the connection went: nobody's mistake. */
    if (event->status == VSK_BAD_FLOW)
        return VSK_OK;
    told->status = event->status;
    kit_explain(&told->why, event->status, broken);
    tell(role, told, KIT_TOLD_ERROR,
         kit_conn_find(role, event->handle) != NULL ? event->handle : 0);
    return VSK_OK;
}

/* ---- packets before anything is done with them ---- */

/* Whether a packet is for a connection of this guest, or for a listener. */
static bool
is_own(const kit_role *role, const vsk_header *header)
{
    vsk_flow flow = {(uint32_t)header->dst_cid, header->dst_port,
                     (uint32_t)header->src_cid, header->src_port};

    if (vsk_table_find(&role->endpoint->table, &flow) != NULL)
        return true;
    return header->op == VSK_OP_REQUEST &&
           free_listener(role, header->dst_port) != NULL;
}

static vsk_status
on_packet(kit_role *role, const vsk_event *event, kit_event *told)
{
    const vsk_packet *packet = event->packet;
    bool own;
    vsk_status status;

    if (role->is_guest) {
        own = is_own(role, &packet->header);
        status = kit_role_see(role, packet, own);
        if (status != VSK_OK)
            return status;
        /* The script plays this port by hand. */
        if (!own && kit_role_plays(role, packet->header.dst_port))
            vsk_guest_swallow(role->guest);
    }
    if (!role->want_packets)
        return VSK_OK;
    status = kit_packet_copy(packet, &told->packet);
    if (status == VSK_OK)
        tell(role, told, KIT_TOLD_PACKET, 0);
    return status;
}

/* A driver resets its device before it uses it first: nothing is gone then. */
static bool
has_begun(const kit_role *role)
{
    const vsk_counters *counters = &role->endpoint->counters;

    return role->is_guest || counters->rx_packets != 0 ||
           counters->tx_packets != 0;
}

vsk_status
kit_role_translate(kit_role *role, const vsk_event *event, kit_event *told)
{
    kit_conn *conn = kit_conn_find(role, event->handle);

    switch (event->kind) {
    case VSK_EVENT_PACKET:
        return on_packet(role, event, told);
    case VSK_EVENT_REQUEST:
        return on_request(role, event, told);
    case VSK_EVENT_DATA:
        return conn == NULL ? VSK_OK : on_data(role, event, told);
    case VSK_EVENT_CLOSE:
        return on_close(role, event, told);
    case VSK_EVENT_ERROR:
        return on_error(role, event, told);
    case VSK_EVENT_RESET:
        if (has_begun(role))
            tell(role, told, KIT_TOLD_RESET, 0);
        return VSK_OK;
    case VSK_EVENT_CONNECT:
    case VSK_EVENT_WRITABLE:
    case VSK_EVENT_EOF:
    case VSK_EVENT_MORE:
        break;
    }
    if (conn == NULL)
        return VSK_OK;
    if (event->kind == VSK_EVENT_EOF) {
        conn->eof = true;
        kit_role_enlist(role, conn);
    } else if (event->kind == VSK_EVENT_CONNECT) {
        conn->connected = true;
        (void)kit_conn_pump(role, conn);
        if (conn->hooks)
            tell(role, told, KIT_TOLD_CONNECT, conn->id);
    } else if (kit_conn_pump(role, conn) && conn->hooks)
        tell(role, told, KIT_TOLD_WRITABLE, conn->id);
    return VSK_OK;
}
