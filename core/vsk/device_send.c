/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/device_parts.h"

#include <stddef.h>

/* ---- chains ---- */

void
vsk_device_show_tap(const vsk_device *device, uint64_t now, vsk_seen_kind kind,
                    uint32_t queue, const vsk_packet *packet, vsk_status status)
{
    /* A queue may be to blame, and no chain of it. */
    const vsk_chain *chain =
        device->chains[queue].held ? &device->chains[queue] : NULL;

    device->tap.see(device->tap.user,
                    &(vsk_seen){
                        .kind = kind,
                        .now = now,
                        .guest_cid = (uint32_t)device->setup.guest_cid,
                        .queue = queue,
                        .head = chain != NULL ? chain->head : 0,
                        .status = status,
                        .packet = packet,
                        .chain = chain,
                    });
}

void
vsk_device_refuse(vsk_device *device, uint64_t now, uint32_t queue,
                  vsk_status status)
{
    vsk_device_show(device, now, VSK_SEEN_REFUSED, queue, NULL, status);
    vsk_endpoint_fault(&device->endpoint, status);
    device->blamed = (uint8_t)queue;
    /* Neither index nor list can ever be right again. */
    if ((status == VSK_BAD_AVAIL_IDX || status == VSK_BAD_LIST) &&
        vsk_setup_needs_reset(&device->setup))
        device->used |= VSK_NOTIFY_CONFIG;
}

bool
vsk_device_have(vsk_device *device, uint64_t now, uint32_t queue)
{
    vsk_chain *chain = &device->chains[queue];
    vsk_status status;

    if (!vsk_device_live(device, queue))
        return false;
    if (chain->held)
        return true;
    /* One fault is told at a time; TRANSPORT_RESET waits for nobody. */
    if (device->endpoint.fault != VSK_OK && queue != VSK_EVENT)
        return false;
    status = vsk_queue_pop(&device->queues[queue], chain);
    if (status < 0)
        vsk_device_refuse(device, now, queue, status);
    return status == VSK_OK;
}

static APART void
show_used(const vsk_device *device, uint64_t now, uint32_t queue,
          uint32_t written)
{
    device->tap.see(device->tap.user,
                    &(vsk_seen){
                        .kind = VSK_SEEN_USED,
                        .now = now,
                        .guest_cid = (uint32_t)device->setup.guest_cid,
                        .queue = queue,
                        .head = device->chains[queue].head,
                        .written = written,
                    });
}

void
vsk_device_give(vsk_device *device, uint64_t now, uint32_t queue,
                uint32_t written)
{
    vsk_chain *chain = &device->chains[queue];

    if (device->hold)
        (void)vsk_queue_give(&device->queues[queue], chain, written);
    else
        (void)vsk_queue_push(&device->queues[queue], chain, written);
    device->used |= VSK_QUEUE_BIT(queue);
    device->given++;
    if (RARE(device->tap.see != NULL))
        show_used(device, now, queue, written);
}

bool
vsk_device_have_room(vsk_device *device, uint64_t now, vsk_packet *packet)
{
    while (!device->gate && vsk_device_have(device, now, VSK_RX)) {
        vsk_status status = vsk_packet_into_rx(packet, &device->chains[VSK_RX],
                                               VSK_PAYLOAD_MAX);

        if (status == VSK_OK)
            return true;
        vsk_device_refuse(device, now, VSK_RX, status);
        vsk_device_give(device, now, VSK_RX, 0);
    }
    return false;
}

/* Finish a packet that was begun in the RX buffer in hand. */
static void
put(vsk_device *device, uint64_t now, const vsk_packet *packet)
{
    uint32_t written = 0;

    /* It was begun in this chain: there is room. */
    (void)vsk_packet_commit(packet, &device->chains[VSK_RX], &written);
    vsk_device_show(device, now, VSK_SEEN_PACKET, VSK_RX, packet, VSK_OK);
    vsk_device_give(device, now, VSK_RX, written);
}

/* ---- replies and payload ---- */

void
vsk_device_flush(vsk_device *device, uint64_t now)
{
    vsk_header header;
    vsk_packet packet;

    if (!vsk_endpoint_owes(&device->endpoint))
        return;
    while (vsk_endpoint_reply(&device->endpoint, &header) == VSK_OK &&
           vsk_device_have_room(device, now, &packet)) {
        packet.header = header;
        put(device, now, &packet);
        vsk_endpoint_replied(&device->endpoint, now);
    }
}

/* Whether replies wait: they leave before payload. */
static bool
replies_wait(vsk_device *device)
{
    vsk_header header;

    return vsk_endpoint_owes(&device->endpoint) &&
           vsk_endpoint_reply(&device->endpoint, &header) == VSK_OK;
}

static bool
others_wait(const vsk_device *device)
{
    return vsk_links_first(&device->endpoint.links, VSK_LINE_WANTED) !=
           VSK_TABLE_NONE;
}

/* Tell who waited longest that it may send, a share of chains. */
static bool
give_turn(vsk_device *device, vsk_event *event)
{
    device->share = VSK_DEVICE_SHARE;
    return vsk_endpoint_writable(&device->endpoint, event) == VSK_OK;
}

bool
vsk_device_writable(vsk_device *device, uint64_t now, vsk_event *event)
{
    vsk_packet packet;

    return others_wait(device) && !replies_wait(device) &&
           vsk_device_have_room(device, now, &packet) &&
           give_turn(device, event);
}

/* Fill the RX buffer in hand with the next part of what is outgoing. */
static vsk_status
send_part(vsk_device *device, uint64_t now, vsk_conn *conn,
          const vsk_outgoing *outgoing, vsk_packet *packet, uint64_t *sent)
{
    uint64_t left = vsk_outgoing_bytes(outgoing) - *sent;
    vsk_packet part;
    vsk_header header;
    vsk_status status;

    /* Room for a header alone: no use for payload. */
    if (packet->room == 0 && left != 0) {
        vsk_device_give(device, now, VSK_RX, 0);
        return VSK_OK;
    }
    status = vsk_endpoint_plan(&device->endpoint, now, conn, left, packet->room,
                               outgoing->flags, &header);
    if (status != VSK_OK)
        return status;
    vsk_outgoing_packet(outgoing, *sent, header.len, &part);
    (void)vsk_packet_append(packet, &part);
    packet->header = header;
    put(device, now, packet);
    vsk_endpoint_sent(&device->endpoint, conn, &header);
    *sent += header.len;
    return VSK_OK;
}

vsk_status
vsk_device_send(vsk_device *device, uint64_t now, vsk_conn *conn,
                const vsk_outgoing *outgoing, uint64_t *sent)
{
    uint64_t total = vsk_outgoing_bytes(outgoing);
    uint32_t most = device->queues[VSK_RX].ring.table.size;
    vsk_status status = VSK_OK;
    vsk_packet packet;

    *sent = 0;
    if (!vsk_conn_may_send(conn))
        return VSK_ERR_STATE;
    /* No packet is less than the end of a message. */
    if (total == 0 &&
        (conn->type != VSK_TYPE_SEQPACKET || outgoing->flags == 0))
        return VSK_OK;
    vsk_device_flush(device, now);
    for (uint32_t i = 0; status == VSK_OK && (i == 0 || *sent < total); i++) {
        if (replies_wait(device) || i >= most ||
            (device->share == 0 && others_wait(device)) ||
            !vsk_device_have_room(device, now, &packet)) {
            vsk_endpoint_wait(&device->endpoint, conn);
            return VSK_NONE;
        }
        status = send_part(device, now, conn, outgoing, &packet, sent);
        if (device->share != 0)
            device->share--;
    }
    return status;
}

vsk_status
vsk_device_put(vsk_device *device, uint64_t now, const vsk_packet *packet)
{
    vsk_packet out;

    if (!vsk_device_have_room(device, now, &out))
        return VSK_NONE;
    if (vsk_packet_append(&out, packet) != VSK_OK)
        return VSK_ERR_ROOM;
    out.header = packet->header;
    put(device, now, &out);
    return VSK_OK;
}

vsk_status
vsk_device_connect(vsk_device *device, uint64_t now, uint32_t local_port,
                   uint32_t peer_port, uint16_t type, vsk_conn **conn)
{
    vsk_flow flow = {device->endpoint.local_cid, local_port,
                     (uint32_t)device->setup.guest_cid, peer_port};

    return vsk_endpoint_connect(&device->endpoint, now, &flow, type, conn);
}
