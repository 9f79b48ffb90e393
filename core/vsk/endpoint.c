/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/endpoint_parts.h"

#include <stddef.h>
#include <string.h>

#define NONE VSK_TABLE_NONE
/* CREDIT_REQUESTs without a word from the peer: it does not answer. */
#define SILENT 3u

vsk_policy
vsk_policy_default(void)
{
    return (vsk_policy){
        .buf_alloc = 262144,
        .payload_max = VSK_PAYLOAD_MAX,
        .update_idle = true,
        .ask = true,
        .answer = true,
        .meter = true,
        .connect_timeout = 2 * VSK_SECOND,
        .close_timeout = 8 * VSK_SECOND,
        .drain_timeout = 8 * VSK_SECOND,
        .ask_first = 100 * VSK_MILLISECOND,
        .ask_last = 2 * VSK_SECOND,
    };
}

vsk_status
vsk_endpoint_init(vsk_endpoint *endpoint, const vsk_endpoint_tables *tables,
                  const vsk_policy *policy, uint32_t local_cid,
                  uint32_t peer_cid, uint64_t seed)
{
    vsk_endpoint made = {
        .policy = *policy,
        .orphans = tables->orphans,
        .orphan_capacity = tables->orphan_capacity,
        .local_cid = local_cid,
        .peer_cid = peer_cid,
        .next_port = VSK_PORT_FIRST,
        .current = NONE,
        .turn = NONE,
        .stream = true,
    };
    vsk_status status;

    if (tables->orphan_capacity == 0)
        return VSK_ERR_ARGUMENT;
    status = vsk_table_init(&made.table, tables->slots, tables->capacity,
                            tables->index, tables->index_size, seed);
    if (status == VSK_OK)
        status = vsk_timers_init(&made.timers, tables->heap, tables->place,
                                 tables->capacity);
    if (status != VSK_OK)
        return status;
    vsk_links_init(&made.links, tables->links, tables->capacity);
    *endpoint = made;
    return VSK_OK;
}

void
vsk_endpoint_allow(vsk_endpoint *endpoint, const vsk_setup *setup)
{
    endpoint->stream = vsk_setup_allows(setup, VSK_TYPE_STREAM);
    endpoint->seqpacket = vsk_setup_allows(setup, VSK_TYPE_SEQPACKET);
}

static void
tell(vsk_endpoint *endpoint, uint32_t slot, uint32_t tells)
{
    endpoint->links.links[slot].tells |= (uint8_t)tells;
    if (tells != 0)
        vsk_links_add(&endpoint->links, VSK_LINE_TOLD, slot);
}

/* ---- connections come, change and go ---- */

static void
begin_slot(vsk_endpoint *endpoint, uint32_t slot)
{
    vsk_links_begin(&endpoint->links, slot);
    vsk_timers_cancel(&endpoint->timers, slot);
}

void
vsk_endpoint_let_go(vsk_endpoint *endpoint, uint32_t slot)
{
    const vsk_conn *conn = vsk_table_at(&endpoint->table, slot);
    const vsk_link *link = &endpoint->links.links[slot];

    if (conn == NULL || conn->state != VSK_STATE_CLOSED)
        return;
    if (link->tells != 0 || link->owes != 0 || slot == endpoint->current)
        return;
    begin_slot(endpoint, slot);
    (void)vsk_table_remove(&endpoint->table, conn);
}

/* Who waited for credit may go on, or will never again: either way it sends
 * next. */
static void
feed(vsk_endpoint *endpoint, uint32_t slot, vsk_conn *conn)
{
    vsk_link *link = &endpoint->links.links[slot];
    uint32_t bytes = 1;

    if ((link->marks & VSK_MARK_STARVED) == 0)
        return;
    if (vsk_conn_may_send(conn) && !vsk_endpoint_grant(endpoint, conn, &bytes))
        return;
    link->marks &= (uint8_t)~VSK_MARK_STARVED;
    link->owes &= (uint8_t)~VSK_OWES_ASK;
    link->asked = 0;
    if (conn->state == VSK_STATE_ESTABLISHED)
        vsk_timers_cancel(&endpoint->timers, slot);
    vsk_endpoint_wait(endpoint, conn);
}

/* Do what the table of states asks for. */
static void
act(vsk_endpoint *endpoint, uint64_t now, vsk_conn *conn, uint32_t before,
    uint32_t actions)
{
    uint32_t slot = vsk_table_slot(&endpoint->table, conn);
    vsk_link *link = &endpoint->links.links[slot];

    if (conn->state != before)
        vsk_timers_cancel(&endpoint->timers, slot);
    if (conn->state != before && conn->state == VSK_STATE_DRAINING)
        (void)vsk_timers_set(&endpoint->timers, slot, now,
                             endpoint->policy.drain_timeout);
    if (conn->state == VSK_STATE_CLOSED) {
        /* A REQUEST that never left needs no RST, what the peer sent does. */
        if ((link->owes & VSK_OWES_REQUEST) != 0 &&
            conn->reason != VSK_REASON_PROTOCOL)
            actions &= ~VSK_DO_SEND_RST;
        link->owes &= VSK_OWES_RST;
    }
    if ((actions & VSK_DO_SEND_RST) != 0)
        vsk_links_owe(&endpoint->links, slot, VSK_OWES_RST);
    if ((actions & VSK_DO_SEND_RESPONSE) != 0)
        vsk_links_owe(&endpoint->links, slot, VSK_OWES_RESPONSE);
    if ((actions & VSK_DO_SEND_SHUTDOWN) != 0)
        vsk_links_owe(&endpoint->links, slot, VSK_OWES_SHUTDOWN);
    if ((actions & VSK_DO_SEND_CREDIT) != 0 && endpoint->policy.answer)
        vsk_links_owe(&endpoint->links, slot, VSK_OWES_CREDIT);
    tell(endpoint, slot, VSK_TELL(actions) & VSK_TELL_KEPT);
}

/* ---- packets ---- */

bool
vsk_endpoint_ready(const vsk_endpoint *endpoint)
{
    return endpoint->orphan_count < endpoint->orphan_capacity;
}

void
vsk_endpoint_fault(vsk_endpoint *endpoint, vsk_status status)
{
    endpoint->counters.errors++;
    endpoint->fault = status;
    endpoint->fault_handle = 0;
}

/* What came before a REQUEST or a RST is not answered any more. */
static void
forget_orphan(vsk_endpoint *endpoint, const vsk_flow *flow)
{
    for (uint32_t i = 0; i < endpoint->orphan_count; i++) {
        vsk_orphan *orphan = &endpoint->orphans[(endpoint->orphan_first + i) %
                                                endpoint->orphan_capacity];

        if (memcmp(&orphan->flow, flow, sizeof *flow) == 0)
            orphan->stale = true;
    }
}

static void
add_orphan(vsk_endpoint *endpoint, const vsk_flow *flow, uint16_t type)
{
    uint32_t at = (endpoint->orphan_first + endpoint->orphan_count) %
                  endpoint->orphan_capacity;

    endpoint->orphans[at] = (vsk_orphan){*flow, type, false};
    endpoint->orphan_count++;
}

static bool
allowed(const vsk_endpoint *endpoint, uint16_t type)
{
    return type == VSK_TYPE_STREAM      ? endpoint->stream
           : type == VSK_TYPE_SEQPACKET ? endpoint->seqpacket
                                        : false;
}

/* A packet of a flow that has no connection: a REQUEST may begin one. */
static vsk_status
take_unknown(vsk_endpoint *endpoint, const vsk_flow *flow,
             const vsk_header *header, vsk_conn **conn)
{
    vsk_status status = VSK_BAD_FLOW;

    if (header->op == VSK_OP_RST) {
        forget_orphan(endpoint, flow);
        return VSK_OK;
    }
    if (vsk_type_name(header->type) == NULL)
        status = VSK_BAD_TYPE;
    else if (header->op == VSK_OP_REQUEST &&
             flow->local_cid == endpoint->local_cid) {
        if (!allowed(endpoint, header->type))
            status = VSK_BAD_TYPE;
        else if (vsk_table_add(&endpoint->table, flow, conn) == VSK_OK)
            return VSK_OK;
        else
            status = VSK_OK; /* no slot is free: nobody's fault */
    }
    add_orphan(endpoint, flow, header->type);
    return status;
}

/* The connection was replaced by a REQUEST: a new handle, and nothing of the
 * old one left but the CLOSE that is still to be told. NULL where no slot has
 * a handle left. */
static vsk_conn *
replace(vsk_endpoint *endpoint, vsk_conn *conn, const vsk_conn *old)
{
    vsk_conn fresh = *conn;
    vsk_conn *added;

    if (fresh.reason == VSK_REASON_REPLACED) {
        endpoint->replaced = vsk_table_handle(&endpoint->table, conn);
        endpoint->old = *old;
        endpoint->old.state = VSK_STATE_CLOSED;
        endpoint->old.reason = VSK_REASON_REPLACED;
    }
    begin_slot(endpoint, vsk_table_slot(&endpoint->table, conn));
    (void)vsk_table_remove(&endpoint->table, conn);
    if (vsk_table_add(&endpoint->table, &fresh.flow, &added) != VSK_OK)
        return NULL;
    fresh.reason = VSK_REASON_NONE;
    fresh.credit.buf_alloc = endpoint->policy.buf_alloc;
    *added = fresh;
    return added;
}

/* The packet as the states see it: a type that was not negotiated is none. */
static vsk_header
seen(const vsk_endpoint *endpoint, const vsk_header *header)
{
    vsk_header copy = *header;

    if (copy.op == VSK_OP_REQUEST && !allowed(endpoint, copy.type))
        copy.type = 0;
    return copy;
}

/* What a packet took back: a RST is not answered with one that waits, and who
 * sends no more needs no credit. */
static void
forget(vsk_link *link, const vsk_conn *conn, uint16_t op)
{
    if (op == VSK_OP_RST)
        link->owes = 0;
    if (op == VSK_OP_SHUTDOWN && !vsk_conn_may_update(conn))
        link->owes &= (uint8_t)~VSK_OWES_CREDIT;
}

/* A packet of a connection, or a REQUEST that has just been given one. */
static vsk_status
take_known(vsk_endpoint *endpoint, uint64_t now, const vsk_header *header,
           bool fresh, vsk_conn **data)
{
    vsk_conn *conn = *data;
    vsk_conn before = *conn;
    vsk_header copy = seen(endpoint, header);
    uint32_t actions, slot;
    vsk_link *link;
    vsk_status status = vsk_conn_packet(conn, &copy, &actions);

    *data = NULL;
    if (!fresh && conn->state == VSK_STATE_REQUESTED &&
        header->op == VSK_OP_REQUEST) {
        conn = replace(endpoint, conn, &before);
        actions &= ~VSK_DO_TELL_CLOSE;
    }
    if (conn == NULL) {
        add_orphan(endpoint, &before.flow, header->type);
        return VSK_OK;
    }
    slot = vsk_table_slot(&endpoint->table, conn);
    link = &endpoint->links.links[slot];
    forget(link, conn, header->op);
    if (status < 0) {
        endpoint->counters.errors++;
        endpoint->fault = status;
        endpoint->fault_handle = vsk_table_handle(&endpoint->table, conn);
    }
    if ((actions & VSK_DO_DROP) != 0)
        (void)vsk_credit_forwarded(&conn->credit, header->len);
    act(endpoint, now, conn, before.state, actions);
    if (conn->state != VSK_STATE_CLOSED) {
        vsk_endpoint_look_at_credit(endpoint, slot, conn);
        if ((link->marks & VSK_MARK_STARVED) != 0)
            link->asked |= VSK_ASKED_HEARD;
        feed(endpoint, slot, conn);
    }
    if ((actions & VSK_DO_TELL_DATA) != 0)
        *data = conn;
    vsk_endpoint_let_go(endpoint, slot);
    return status;
}

/* CIDs that no flow of this endpoint can have. */
static bool
is_foreign(const vsk_endpoint *endpoint, const vsk_header *header)
{
    if (header->src_cid > UINT32_MAX || header->dst_cid > UINT32_MAX)
        return true;
    return endpoint->peer_cid != VSK_CID_ANY &&
           header->src_cid != endpoint->peer_cid;
}

vsk_status
vsk_endpoint_packet(vsk_endpoint *endpoint, uint64_t now,
                    const vsk_header *header, vsk_conn **conn)
{
    vsk_flow flow = {(uint32_t)header->dst_cid, header->dst_port,
                     (uint32_t)header->src_cid, header->src_port};
    vsk_status status;

    *conn = NULL;
    endpoint->counters.rx_packets++;
    if (is_foreign(endpoint, header)) {
        endpoint->counters.foreign++;
        vsk_endpoint_fault(endpoint, VSK_BAD_CID);
        return VSK_BAD_CID;
    }
    endpoint->counters.rx_bytes += header->len;
    *conn = vsk_table_find(&endpoint->table, &flow);
    if (*conn != NULL)
        return take_known(endpoint, now, header, false, conn);
    status = take_unknown(endpoint, &flow, header, conn);
    if (status < 0)
        vsk_endpoint_fault(endpoint, status);
    if (*conn == NULL)
        return status < 0 ? status : VSK_OK;
    forget_orphan(endpoint, &flow);
    begin_slot(endpoint, vsk_table_slot(&endpoint->table, *conn));
    vsk_conn_init(*conn, &flow, header->type, endpoint->policy.buf_alloc);
    return take_known(endpoint, now, header, true, conn);
}

/* ---- deadlines ---- */

/* A sender has waited for credit, and asked. Linux 5.10 does not answer, and
 * says nothing before it has read 192 KiB; nor does it count packets. */
static void
starved_for_long(vsk_endpoint *endpoint, uint64_t now, uint32_t slot,
                 vsk_conn *conn)
{
    const vsk_link *link = &endpoint->links.links[slot];

    if (link->asked >= SILENT && (link->asked & VSK_ASKED_HEARD) == 0) {
        vsk_credit_forget(&conn->credit);
        feed(endpoint, slot, conn);
    }
    if (endpoint->policy.ask && (link->marks & VSK_MARK_STARVED) != 0)
        vsk_endpoint_ask(endpoint, now, slot);
}

vsk_status
vsk_endpoint_expire(vsk_endpoint *endpoint, uint64_t now)
{
    uint32_t slot, actions, before;
    vsk_conn *conn;
    vsk_status status = vsk_timers_expire(&endpoint->timers, now, &slot);

    if (status != VSK_OK)
        return status;
    conn = vsk_table_at(&endpoint->table, slot);
    if (conn == NULL)
        return VSK_OK;
    before = conn->state;
    if (before == VSK_STATE_ESTABLISHED) {
        starved_for_long(endpoint, now, slot, conn);
        return VSK_OK;
    }
    if (vsk_conn_call(conn, VSK_CALL_TIMEOUT, 0, &actions) == VSK_OK)
        act(endpoint, now, conn, before, actions);
    return VSK_OK;
}

/* ---- calls ---- */

/* A free port of ours for a connection to a peer. */
static vsk_status
choose_port(vsk_endpoint *endpoint, vsk_flow *flow)
{
    for (uint32_t i = 0; i <= endpoint->table.count; i++) {
        flow->local_port = endpoint->next_port++;
        if (endpoint->next_port == VSK_PORT_ANY)
            endpoint->next_port = VSK_PORT_FIRST;
        if (vsk_table_find(&endpoint->table, flow) == NULL)
            return VSK_OK;
    }
    return VSK_ERR_BUSY;
}

/* Whose CLOSE was told last is in the table until the next event: its pair may
 * be used again before. */
static void
free_told(vsk_endpoint *endpoint, const vsk_flow *flow)
{
    const vsk_conn *conn = vsk_table_find(&endpoint->table, flow);
    uint32_t slot = vsk_table_slot(&endpoint->table, conn);

    if (conn == NULL || slot != endpoint->current)
        return;
    endpoint->current = NONE;
    vsk_endpoint_let_go(endpoint, slot);
    /* It is not over, or owes its RST. */
    if (vsk_table_find(&endpoint->table, flow) != NULL)
        endpoint->current = slot;
}

vsk_status
vsk_endpoint_connect(vsk_endpoint *endpoint, uint64_t now, const vsk_flow *flow,
                     uint16_t type, vsk_conn **conn)
{
    vsk_flow chosen = *flow;
    vsk_status status = VSK_OK;
    uint32_t slot;

    if (!allowed(endpoint, type))
        return VSK_ERR_TYPE;
    if (chosen.local_port == VSK_PORT_ANY)
        status = choose_port(endpoint, &chosen);
    else
        free_told(endpoint, &chosen);
    if (status == VSK_OK)
        status = vsk_table_add(&endpoint->table, &chosen, conn);
    if (status != VSK_OK)
        return status;
    slot = vsk_table_slot(&endpoint->table, *conn);
    begin_slot(endpoint, slot);
    vsk_conn_connect(*conn, &chosen, type, endpoint->policy.buf_alloc);
    vsk_links_owe(&endpoint->links, slot, VSK_OWES_REQUEST);
    (void)vsk_timers_set(&endpoint->timers, slot, now,
                         endpoint->policy.connect_timeout);
    return VSK_OK;
}

vsk_status
vsk_endpoint_call(vsk_endpoint *endpoint, uint64_t now, vsk_conn *conn,
                  vsk_call call, uint32_t flags)
{
    uint32_t before = conn->state;
    uint8_t shut = conn->shut_sent;
    uint32_t actions;
    vsk_status status = vsk_conn_call(conn, call, flags, &actions);

    if (status != VSK_OK)
        return status;
    /* The peer knows already. */
    if (conn->shut_sent == shut)
        actions &= ~VSK_DO_SEND_SHUTDOWN;
    act(endpoint, now, conn, before, actions);
    feed(endpoint, vsk_table_slot(&endpoint->table, conn), conn);
    return VSK_OK;
}

vsk_status
vsk_endpoint_forwarded(vsk_endpoint *endpoint, uint64_t now, vsk_conn *conn,
                       uint32_t len)
{
    uint32_t before = conn->state;
    uint32_t actions;
    vsk_status status = vsk_credit_forwarded(&conn->credit, len);

    if (status != VSK_OK)
        return status;
    vsk_endpoint_look_at_credit(endpoint,
                                vsk_table_slot(&endpoint->table, conn), conn);
    if (before == VSK_STATE_DRAINING && vsk_credit_held(&conn->credit) == 0 &&
        vsk_conn_call(conn, VSK_CALL_DRAINED, 0, &actions) == VSK_OK)
        act(endpoint, now, conn, before, actions);
    return VSK_OK;
}

void
vsk_endpoint_resize(vsk_endpoint *endpoint, vsk_conn *conn, uint32_t buf_alloc)
{
    vsk_credit_resize(&conn->credit, buf_alloc);
    vsk_endpoint_look_at_credit(endpoint,
                                vsk_table_slot(&endpoint->table, conn), conn);
}

void
vsk_endpoint_abandon(vsk_endpoint *endpoint)
{
    uint32_t cursor = 0;
    vsk_conn *conn;

    while ((conn = vsk_table_next(&endpoint->table, &cursor)) != NULL) {
        uint32_t slot = vsk_table_slot(&endpoint->table, conn);
        uint32_t actions = vsk_conn_abandon(conn);

        endpoint->links.links[slot].owes = 0;
        vsk_timers_cancel(&endpoint->timers, slot);
        tell(endpoint, slot, VSK_TELL(actions));
        vsk_endpoint_let_go(endpoint, slot);
    }
    endpoint->orphan_count = 0;
    endpoint->reset = true;
}
