/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/guest.h"

#include <stddef.h>

static bool
cuts_indirect(const vsk_guest *guest)
{
    return guest->policy.tx_indirect &&
           (guest->features & VSK_BIT(VSK_FEATURE_INDIRECT_DESC)) != 0;
}

/* Cut as the policy says, into no more pieces than a chain may have. */
static vsk_layout
tx_layout(const vsk_guest *guest, uint32_t size)
{
    uint32_t most = guest->rings[VSK_TX].size;
    uint32_t piece = guest->policy.tx_piece;
    vsk_layout layout = {guest->tables.pieces, 1, size != 0};

    layout.indirect = layout.indirect && cuts_indirect(guest);
    guest->tables.pieces[0] = VSK_HEADER_SIZE + (most == 1 ? size : 0);
    if (most == 1)
        return layout;
    while (size != 0) {
        uint32_t part = size;

        if (piece != 0 && piece < size && layout.count + 1 < most)
            part = piece;
        guest->tables.pieces[layout.count++] = part;
        size -= part;
    }
    return layout;
}

/* Payload bytes that the free descriptors take in one packet; 0: none. */
static uint32_t
tx_room(const vsk_guest *guest)
{
    uint32_t most = guest->rings[VSK_TX].size;
    uint32_t free = guest->queues[VSK_TX].ring.free_count;
    uint32_t piece = guest->policy.tx_piece;
    uint64_t room;

    if (free != 0 && cuts_indirect(guest))
        free = most;
    if (free == 0 || (free == 1 && most != 1))
        return 0;
    if (piece == 0 || most == 1)
        return UINT32_MAX;
    room = (uint64_t)(free - 1) * piece;
    return room < UINT32_MAX ? (uint32_t)room : UINT32_MAX;
}

uint32_t
vsk_guest_room(const vsk_guest *guest)
{
    return guest->open && !guest->cramped ? tx_room(guest) : 0;
}

static vsk_status
offer(vsk_guest *guest, uint64_t now, const vsk_packet *packet,
      const vsk_layout *layout)
{
    vsk_seen seen = {
        .kind = VSK_SEEN_PACKET, .now = now, .queue = VSK_TX, .packet = packet};
    vsk_layout chosen =
        layout != NULL ? *layout : tx_layout(guest, packet->size);
    vsk_status status =
        vsk_buffers_send(&guest->buffers[VSK_TX], packet, &chosen, &seen.head);

    if (status == VSK_ERR_POOL || status == VSK_ERR_TABLE)
        guest->cramped = true;
    if (status != VSK_OK)
        return status;
    guest->posted[VSK_TX]++;
    guest->offered |= (uint8_t)(1u << VSK_TX);
    seen.guest_cid = guest->endpoint.local_cid;
    if (guest->tap.see != NULL)
        guest->tap.see(guest->tap.user, &seen);
    return VSK_OK;
}

vsk_status
vsk_guest_put(vsk_guest *guest, uint64_t now, const vsk_packet *packet,
              const vsk_layout *layout)
{
    vsk_status status;

    if (!guest->open)
        return VSK_ERR_STATE;
    status = offer(guest, now, packet, layout);
    if (status == VSK_OK) {
        guest->endpoint.counters.tx_packets++;
        guest->endpoint.counters.tx_bytes += packet->size;
    }
    return status;
}

/* Send replies; false where some are left. */
static bool
flush(vsk_guest *guest, uint64_t now)
{
    vsk_packet packet;

    vsk_packet_init(&packet, NULL, 0);
    while (vsk_endpoint_reply(&guest->endpoint, &packet.header) == VSK_OK) {
        if (offer(guest, now, &packet, NULL) != VSK_OK)
            return false;
        vsk_endpoint_replied(&guest->endpoint, now);
    }
    return true;
}

void
vsk_guest_flush(vsk_guest *guest, uint64_t now)
{
    if (guest->open)
        (void)flush(guest, now);
}

static bool
others_wait(const vsk_guest *guest)
{
    return vsk_links_first(&guest->endpoint.links, VSK_LINE_WANTED) !=
           VSK_TABLE_NONE;
}

/* Send one packet. Where no range of memory takes it, half of it may fit. */
static vsk_status
send_packet(vsk_guest *guest, uint64_t now, vsk_conn *conn,
            const vsk_outgoing *outgoing, uint64_t *sent)
{
    vsk_endpoint *endpoint = &guest->endpoint;
    uint64_t left = vsk_outgoing_bytes(outgoing) - *sent;
    uint32_t room = tx_room(guest);
    vsk_packet packet;
    vsk_header header;
    vsk_status status;

    do {
        status =
            vsk_endpoint_plan(endpoint, now, conn, left, room != 0 ? room : 1,
                              outgoing->flags, &header);
        if (status != VSK_OK)
            return status;
        vsk_outgoing_packet(outgoing, *sent, header.len, &packet);
        packet.header = header;
        status = offer(guest, now, &packet, NULL);
        room = header.len / 2;
    } while ((status == VSK_ERR_POOL || status == VSK_ERR_TABLE) && room != 0);
    if (status != VSK_OK) {
        vsk_endpoint_wait(endpoint, conn);
        return VSK_NONE;
    }
    vsk_endpoint_sent(endpoint, conn, &header);
    *sent += header.len;
    return VSK_OK;
}

vsk_status
vsk_guest_send(vsk_guest *guest, uint64_t now, vsk_conn *conn,
               const vsk_outgoing *outgoing, uint64_t *sent)
{
    uint64_t bytes = vsk_outgoing_bytes(outgoing);
    /* No packet is less than the end of a message. */
    bool more = bytes != 0 ||
                (conn->type == VSK_TYPE_SEQPACKET && outgoing->flags != 0);

    *sent = 0;
    if (!guest->open || !vsk_conn_may_send(conn))
        return VSK_ERR_STATE;
    while (more) {
        vsk_status status;

        if (!flush(guest, now) || (others_wait(guest) && guest->share == 0)) {
            vsk_endpoint_wait(&guest->endpoint, conn);
            return VSK_NONE;
        }
        status = send_packet(guest, now, conn, outgoing, sent);
        if (status != VSK_OK)
            return status;
        if (guest->share != 0)
            guest->share--;
        more = *sent < bytes;
    }
    return VSK_OK;
}

vsk_status
vsk_guest_connect(vsk_guest *guest, uint64_t now, uint32_t local_port,
                  uint32_t peer_cid, uint32_t peer_port, uint16_t type,
                  vsk_conn **conn)
{
    const vsk_flow flow = {guest->endpoint.local_cid, local_port, peer_cid,
                           peer_port};

    if (!guest->open || guest->stale)
        return VSK_ERR_STATE;
    return vsk_endpoint_connect(&guest->endpoint, now, &flow, type, conn);
}
