/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Packets on their way in: to a connection, to one that they begin, or to none
 * and answered with RST. */
#include "vsk/endpoint_parts.h"
#include "vsk/hot_parts.h"

#include <stddef.h>
#include <string.h>

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
        if (!vsk_endpoint_allows(endpoint, header->type))
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
    vsk_endpoint_begin_slot(endpoint, vsk_table_slot(&endpoint->table, conn));
    (void)vsk_table_remove(&endpoint->table, conn);
    if (vsk_table_add(&endpoint->table, &fresh.flow, &added) != VSK_OK)
        return NULL;
    fresh.reason = VSK_REASON_NONE;
    fresh.credit.buf_alloc = endpoint->policy.buf_alloc;
    *added = fresh;
    return added;
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

/* A REQUEST of a connection that is there, or has just been made for it: it may
 * take the old one's place. NULL where that has found none. */
static vsk_status
take_request(vsk_endpoint *endpoint, const vsk_header *header, bool fresh,
             vsk_conn **conn, uint32_t *actions)
{
    vsk_conn before = **conn;
    vsk_header seen = *header;
    vsk_status status;

    /* A type that was not negotiated is none. */
    if (!vsk_endpoint_allows(endpoint, header->type))
        seen.type = 0;
    status = vsk_conn_packet(*conn, &seen, actions);
    if (fresh || (*conn)->state != VSK_STATE_REQUESTED)
        return status;
    *conn = replace(endpoint, *conn, &before);
    *actions &= ~VSK_DO_TELL_CLOSE;
    if (*conn != NULL)
        return status;
    add_orphan(endpoint, &before.flow, header->type);
    return VSK_OK;
}

/* A packet of a connection, or a REQUEST that has just been given one. */
static vsk_status
take_known(vsk_endpoint *endpoint, uint64_t now, const vsk_header *header,
           bool fresh, vsk_conn **data)
{
    vsk_conn *conn = *data;
    uint32_t before = conn->state, room = conn->credit.peer_buf_alloc;
    uint32_t actions, slot;
    vsk_link *link;
    vsk_status status =
        header->op == VSK_OP_REQUEST
            ? take_request(endpoint, header, fresh, &conn, &actions)
            : vsk_conn_packet(conn, header, &actions);

    *data = NULL;
    if (conn == NULL)
        return status;
    slot = vsk_endpoint_slot(endpoint, conn);
    link = &endpoint->links.links[slot];
    forget(link, conn, header->op);
    if ((actions & VSK_DO_TELL_REQUEST) != 0)
        vsk_credit_count_from(&conn->credit, endpoint->policy.count_from);
    if (RARE(status < 0)) {
        endpoint->counters.errors++;
        endpoint->fault = status;
        endpoint->fault_handle = vsk_table_handle(&endpoint->table, conn);
    }
    if ((actions & VSK_DO_DROP) != 0)
        (void)vsk_credit_forwarded(&conn->credit, header->len);
    /* Most packets carry data, and no more. */
    if (RARE(conn->state != before || before == VSK_STATE_CLOSED ||
             (actions & ~VSK_DO_TELL_DATA) != 0))
        vsk_endpoint_act(endpoint, now, conn, before, actions);
    /* What else changes what is owed looks itself. */
    if (conn->state != before || conn->credit.peer_buf_alloc != room ||
        (actions & VSK_DO_DROP) != 0)
        vsk_endpoint_look_at_credit(endpoint, conn);
    if ((link->marks & VSK_MARK_STARVED) != 0 &&
        conn->state != VSK_STATE_CLOSED) {
        link->asked |= VSK_ASKED_HEARD;
        vsk_endpoint_feed(endpoint, slot, conn);
    }
    if ((actions & VSK_DO_TELL_DATA) != 0)
        *data = conn;
    if (conn->state == VSK_STATE_CLOSED)
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

/* The connection of a flow. Packets come in runs: it is the last one's, or
 * looked for. */
static vsk_conn *
find(vsk_endpoint *endpoint, const vsk_flow *flow)
{
    vsk_conn *conn = vsk_table_at(&endpoint->table, endpoint->recent);

    if (conn != NULL && memcmp(&conn->flow, flow, sizeof *flow) == 0)
        return conn;
    conn = vsk_table_find(&endpoint->table, flow);
    if (conn != NULL)
        endpoint->recent = vsk_endpoint_slot(endpoint, conn);
    return conn;
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
    *conn = find(endpoint, &flow);
    if (*conn != NULL)
        return take_known(endpoint, now, header, false, conn);
    status = take_unknown(endpoint, &flow, header, conn);
    if (status < 0)
        vsk_endpoint_fault(endpoint, status);
    if (*conn == NULL)
        return status < 0 ? status : VSK_OK;
    forget_orphan(endpoint, &flow);
    vsk_endpoint_begin_slot(endpoint, vsk_table_slot(&endpoint->table, *conn));
    vsk_conn_init(*conn, &flow, header->type, endpoint->policy.buf_alloc);
    return take_known(endpoint, now, header, true, conn);
}
