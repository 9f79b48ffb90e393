/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/endpoint_parts.h"

#include <stddef.h>

#define NONE VSK_TABLE_NONE

static vsk_header
header_of(const vsk_flow *flow, uint16_t type, vsk_op op)
{
    return (vsk_header){
        .src_cid = flow->local_cid,
        .dst_cid = flow->peer_cid,
        .src_port = flow->local_port,
        .dst_port = flow->peer_port,
        .type = type,
        .op = (uint16_t)op,
    };
}

/* What is owed and may be sent, lowest bit first. */
static uint32_t
first_owed(vsk_link *link, const vsk_conn *conn)
{
    /* A peer that answered what it was not asked. */
    if (conn->state != VSK_STATE_CONNECTING)
        link->owes &= (uint8_t)~VSK_OWES_REQUEST;
    return link->owes & (~(uint32_t)link->owes + 1);
}

static vsk_op
op_of(uint32_t owed)
{
    switch (owed) {
    case VSK_OWES_RST:
        return VSK_OP_RST;
    case VSK_OWES_REQUEST:
        return VSK_OP_REQUEST;
    case VSK_OWES_RESPONSE:
        return VSK_OP_RESPONSE;
    case VSK_OWES_SHUTDOWN:
        return VSK_OP_SHUTDOWN;
    case VSK_OWES_CREDIT:
        return VSK_OP_CREDIT_UPDATE;
    default:
        return VSK_OP_CREDIT_REQUEST;
    }
}

static void
drop_orphan(vsk_endpoint *endpoint)
{
    endpoint->orphan_first =
        (endpoint->orphan_first + 1) % endpoint->orphan_capacity;
    endpoint->orphan_count--;
}

/* The RST for an unknown flow that is next, if there is one. */
static bool
orphan_reply(vsk_endpoint *endpoint, vsk_header *header)
{
    while (endpoint->orphan_count != 0) {
        const vsk_orphan *orphan = &endpoint->orphans[endpoint->orphan_first];

        if (!orphan->stale) {
            *header = header_of(&orphan->flow, orphan->type, VSK_OP_RST);
            return true;
        }
        drop_orphan(endpoint);
    }
    return false;
}

vsk_status
vsk_endpoint_reply(vsk_endpoint *endpoint, vsk_header *header)
{
    if (orphan_reply(endpoint, header))
        return VSK_OK;
    while (vsk_links_first(&endpoint->links, VSK_LINE_OWING) != NONE) {
        uint32_t slot = vsk_links_first(&endpoint->links, VSK_LINE_OWING);
        const vsk_conn *conn = vsk_table_at(&endpoint->table, slot);
        vsk_link *link = &endpoint->links.links[slot];
        uint32_t owed = conn == NULL ? 0 : first_owed(link, conn);

        if (owed == 0) {
            (void)vsk_links_take(&endpoint->links, VSK_LINE_OWING);
            continue;
        }
        *header = header_of(&conn->flow, conn->type, op_of(owed));
        header->buf_alloc = conn->credit.buf_alloc;
        header->fwd_cnt = conn->credit.fwd_cnt;
        if (owed == VSK_OWES_SHUTDOWN)
            header->flags = conn->shut_sent;
        return VSK_OK;
    }
    return VSK_NONE;
}

/* The account was reported; whatever credit was owed is paid. */
static void
paid(vsk_link *link, vsk_conn *conn)
{
    uint32_t buf_alloc, fwd_cnt;

    vsk_credit_tell(&conn->credit, &buf_alloc, &fwd_cnt);
    link->owes &= (uint8_t)~VSK_OWES_CREDIT;
    link->marks &= (uint8_t)~VSK_MARK_UNPAID;
}

void
vsk_endpoint_replied(vsk_endpoint *endpoint, uint64_t now)
{
    uint32_t slot, owed;
    vsk_link *link;
    vsk_conn *conn;

    endpoint->counters.tx_packets++;
    if (endpoint->orphan_count != 0) {
        drop_orphan(endpoint);
        return;
    }
    slot = vsk_links_take(&endpoint->links, VSK_LINE_OWING);
    conn = vsk_table_at(&endpoint->table, slot);
    link = &endpoint->links.links[slot];
    owed = first_owed(link, conn);
    link->owes &= (uint8_t)~owed;
    paid(link, conn);
    if (owed == VSK_OWES_SHUTDOWN && conn->state == VSK_STATE_CLOSING)
        (void)vsk_timers_set(&endpoint->timers, slot, now,
                             endpoint->policy.close_timeout);
    vsk_links_owe(&endpoint->links, slot, link->owes);
    vsk_endpoint_let_go(endpoint, slot);
}

/* Whether what was forwarded is told of though nobody needs it yet. */
static bool
is_worth_idle(const vsk_endpoint *endpoint, const vsk_conn *conn)
{
    const vsk_policy *policy = &endpoint->policy;
    uint32_t untold = conn->credit.fwd_cnt - conn->credit.told_fwd_cnt;

    return policy->update_idle &&
           (conn->type == VSK_TYPE_SEQPACKET || untold >= policy->idle_at);
}

void
vsk_endpoint_settle(vsk_endpoint *endpoint)
{
    while (vsk_links_first(&endpoint->links, VSK_LINE_UNPAID) != NONE) {
        uint32_t slot = vsk_links_take(&endpoint->links, VSK_LINE_UNPAID);
        const vsk_conn *conn = vsk_table_at(&endpoint->table, slot);
        vsk_link *link = &endpoint->links.links[slot];

        if (conn != NULL && (link->marks & VSK_MARK_UNPAID) != 0 &&
            is_worth_idle(endpoint, conn) &&
            vsk_endpoint_owes_update(endpoint, conn, true))
            vsk_links_owe(&endpoint->links, slot, VSK_OWES_CREDIT);
        link->marks &= (uint8_t)~VSK_MARK_UNPAID;
    }
}

/* ---- credit ---- */

bool
vsk_endpoint_owes_update(const vsk_endpoint *endpoint, const vsk_conn *conn,
                         bool idle)
{
    const vsk_credit *credit = &conn->credit;
    const vsk_policy *policy = &endpoint->policy;
    uint32_t untold = credit->fwd_cnt - credit->told_fwd_cnt;

    if (!vsk_conn_may_update(conn))
        return false;
    /* The rest of a message may need every byte: what is held may be a part
     * that nobody can take before. */
    if (idle && untold != 0 && conn->type == VSK_TYPE_SEQPACKET)
        return true;
    if (policy->update_at == 0 || credit->buf_alloc != credit->told_buf_alloc)
        return vsk_credit_owed(credit, idle);
    /* A buffer that cannot hold so much is reported at once, as by Linux where
     * less than 64 KiB are free: the peer would wait for ever. */
    if (policy->update_at > credit->buf_alloc)
        return untold != 0;
    return untold >= policy->update_at ||
           (idle && untold != 0 && vsk_credit_held(credit) == 0);
}

void
vsk_endpoint_look_at_credit(vsk_endpoint *endpoint, const vsk_conn *conn)
{
    const vsk_credit *credit = &conn->credit;
    uint32_t slot;

    /* One that is over may be out of the table. */
    if (!vsk_conn_may_update(conn))
        return;
    slot = vsk_endpoint_slot(endpoint, conn);
    if (vsk_endpoint_owes_update(endpoint, conn, false))
        vsk_links_owe(&endpoint->links, slot, VSK_OWES_CREDIT);
    else if (credit->fwd_cnt != credit->told_fwd_cnt) {
        endpoint->links.links[slot].marks |= VSK_MARK_UNPAID;
        vsk_links_add(&endpoint->links, VSK_LINE_UNPAID, slot);
    }
}

bool
vsk_endpoint_grant(const vsk_endpoint *endpoint, const vsk_conn *conn,
                   uint32_t *bytes)
{
    uint32_t slot = vsk_table_slot(&endpoint->table, conn);
    bool midway = (endpoint->links.links[slot].marks & VSK_MARK_MIDWAY) != 0;
    uint32_t room;

    /* The end of a message that was begun is never held back. */
    if (*bytes == 0 && midway)
        return true;
    if (!endpoint->policy.meter)
        room = vsk_credit_available(&conn->credit);
    else if (*bytes == 0)
        room = vsk_credit_empty(&conn->credit) ? 1 : 0;
    else
        room = vsk_credit_next(&conn->credit, *bytes, midway);
    if (room < *bytes)
        *bytes = room;
    return room != 0;
}

void
vsk_endpoint_ask(vsk_endpoint *endpoint, uint64_t now, uint32_t slot)
{
    const vsk_policy *policy = &endpoint->policy;
    vsk_link *link = &endpoint->links.links[slot];
    uint32_t asked = link->asked & ~VSK_ASKED_HEARD;
    uint64_t delay = policy->ask_first;

    /* Without a pause it would be due again at once, for ever. */
    if (delay == 0)
        delay = 1;
    for (uint32_t i = 0; i < asked && delay < policy->ask_last; i++)
        delay *= 2;
    if (asked < VSK_ASKED_HEARD - 1)
        link->asked++;
    vsk_links_owe(&endpoint->links, slot, VSK_OWES_ASK);
    if (delay > policy->ask_last && policy->ask_last != 0)
        delay = policy->ask_last;
    (void)vsk_timers_set(&endpoint->timers, slot, now, delay);
}

/* ---- payload ---- */

uint64_t
vsk_outgoing_bytes(const vsk_outgoing *outgoing)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < outgoing->count; i++)
        bytes += outgoing->spans[i].len;
    return bytes;
}

void
vsk_outgoing_packet(const vsk_outgoing *outgoing, uint64_t offset,
                    uint32_t size, vsk_packet *packet)
{
    const vsk_span *span = outgoing->spans;

    vsk_packet_init(packet, NULL, 0);
    packet->header.len = size;
    packet->size = size;
    if (size == 0)
        return;
    for (; offset >= span->len; span++)
        offset -= span->len;
    packet->first = *span;
    packet->first.base += offset;
    packet->first.len -= (uint32_t)offset;
    packet->rest = span + 1;
    packet->rest_count =
        (uint32_t)(outgoing->spans + outgoing->count - packet->rest);
}

static void
starve(vsk_endpoint *endpoint, uint64_t now, uint32_t slot)
{
    endpoint->links.links[slot].marks |= VSK_MARK_STARVED;
    /* While the timer runs it has asked. */
    if (endpoint->policy.ask && !vsk_timers_pending(&endpoint->timers, slot))
        vsk_endpoint_ask(endpoint, now, slot);
}

vsk_status
vsk_endpoint_plan(vsk_endpoint *endpoint, uint64_t now, vsk_conn *conn,
                  uint64_t left, uint32_t room, uint32_t flags,
                  vsk_header *header)
{
    uint32_t slot = vsk_table_slot(&endpoint->table, conn);
    const vsk_link *link = &endpoint->links.links[slot];
    uint32_t bytes = room < endpoint->policy.payload_max
                         ? room
                         : endpoint->policy.payload_max;

    if (!vsk_conn_may_send(conn))
        return VSK_ERR_STATE;
    if (conn->type == VSK_TYPE_SEQPACKET &&
        (link->marks & VSK_MARK_MIDWAY) == 0 &&
        left > conn->credit.peer_buf_alloc)
        return VSK_ERR_MESSAGE;
    /* Not before our RESPONSE, not before others that wait, and no empty
     * packet where bytes find no room. */
    if ((link->owes & VSK_OWES_RESPONSE) != 0 || (bytes == 0 && left != 0) ||
        (vsk_links_first(&endpoint->links, VSK_LINE_WANTED) != NONE &&
         endpoint->turn != slot)) {
        vsk_endpoint_wait(endpoint, conn);
        return VSK_NONE;
    }
    if (left < bytes)
        bytes = (uint32_t)left;
    if (!vsk_endpoint_grant(endpoint, conn, &bytes)) {
        starve(endpoint, now, slot);
        return VSK_NONE;
    }
    *header = header_of(&conn->flow, conn->type, VSK_OP_RW);
    header->len = bytes;
    header->flags = bytes == left ? flags : 0;
    header->buf_alloc = conn->credit.buf_alloc;
    header->fwd_cnt = conn->credit.fwd_cnt;
    return VSK_OK;
}

void
vsk_endpoint_sent(vsk_endpoint *endpoint, vsk_conn *conn,
                  const vsk_header *header)
{
    uint32_t slot = vsk_table_slot(&endpoint->table, conn);
    vsk_link *link = &endpoint->links.links[slot];

    vsk_credit_sent(&conn->credit, header->len);
    paid(link, conn);
    link->marks &= (uint8_t)~VSK_MARK_MIDWAY;
    if (conn->type == VSK_TYPE_SEQPACKET && (header->flags & VSK_SEQ_EOM) == 0)
        link->marks |= VSK_MARK_MIDWAY;
    endpoint->counters.tx_packets++;
    endpoint->counters.tx_bytes += header->len;
}

void
vsk_endpoint_wait(vsk_endpoint *endpoint, vsk_conn *conn)
{
    uint32_t slot = vsk_table_slot(&endpoint->table, conn);

    /* One that is over sends no more, and may be out of the table. */
    if (conn->state == VSK_STATE_CLOSED)
        return;
    endpoint->links.links[slot].marks |= VSK_MARK_WANTS;
    vsk_links_add(&endpoint->links, VSK_LINE_WANTED, slot);
}

bool
vsk_endpoint_waits(const vsk_endpoint *endpoint)
{
    return endpoint->orphan_count != 0 ||
           vsk_links_first(&endpoint->links, VSK_LINE_OWING) != NONE ||
           vsk_links_first(&endpoint->links, VSK_LINE_WANTED) != NONE;
}
