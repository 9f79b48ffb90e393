/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/endpoint_parts.h"

#include <stddef.h>

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

bool
vsk_endpoint_allows(const vsk_endpoint *endpoint, uint16_t type)
{
    return type == VSK_TYPE_STREAM      ? endpoint->stream
           : type == VSK_TYPE_SEQPACKET ? endpoint->seqpacket
                                        : false;
}

static void
tell(vsk_endpoint *endpoint, uint32_t slot, uint32_t tells)
{
    endpoint->links.links[slot].tells |= (uint8_t)tells;
    if (tells != 0)
        vsk_links_add(&endpoint->links, VSK_LINE_TOLD, slot);
}

/* ---- connections come, change and go ---- */

void
vsk_endpoint_begin_slot(vsk_endpoint *endpoint, uint32_t slot)
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
    vsk_endpoint_begin_slot(endpoint, slot);
    (void)vsk_table_remove(&endpoint->table, conn);
}

void
vsk_endpoint_feed(vsk_endpoint *endpoint, uint32_t slot, vsk_conn *conn)
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

void
vsk_endpoint_act(vsk_endpoint *endpoint, uint64_t now, vsk_conn *conn,
                 uint32_t before, uint32_t actions)
{
    uint32_t slot = vsk_endpoint_slot(endpoint, conn);
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
        vsk_endpoint_feed(endpoint, slot, conn);
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
        vsk_endpoint_act(endpoint, now, conn, before, actions);
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

    if (!vsk_endpoint_allows(endpoint, type))
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
    vsk_endpoint_begin_slot(endpoint, slot);
    vsk_conn_connect(*conn, &chosen, type, endpoint->policy.buf_alloc);
    vsk_credit_count_from(&(*conn)->credit, endpoint->policy.count_from);
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
    vsk_endpoint_act(endpoint, now, conn, before, actions);
    vsk_endpoint_feed(endpoint, vsk_table_slot(&endpoint->table, conn), conn);
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
    vsk_endpoint_look_at_credit(endpoint, conn);
    if (before == VSK_STATE_DRAINING && vsk_credit_held(&conn->credit) == 0 &&
        vsk_conn_call(conn, VSK_CALL_DRAINED, 0, &actions) == VSK_OK)
        vsk_endpoint_act(endpoint, now, conn, before, actions);
    return VSK_OK;
}

void
vsk_endpoint_resize(vsk_endpoint *endpoint, vsk_conn *conn, uint32_t buf_alloc)
{
    vsk_credit_resize(&conn->credit, buf_alloc);
    vsk_endpoint_look_at_credit(endpoint, conn);
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
