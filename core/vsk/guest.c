/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/guest.h"

#include "vsk/shared.h"

#include <stddef.h>

#define TRANSPORT_RESET 0u

static void
see(const vsk_guest *guest, vsk_seen *seen)
{
    seen->guest_cid = guest->endpoint.local_cid;
    if (guest->tap.see != NULL)
        guest->tap.see(guest->tap.user, seen);
}

void
vsk_guest_swallow(vsk_guest *guest)
{
    if (guest->stage == VSK_STAGE_FRESH)
        guest->stage = VSK_STAGE_TAKEN;
}

void
vsk_guest_replace(vsk_guest *guest, const vsk_packet *packet)
{
    if (guest->stage == VSK_STAGE_FRESH)
        guest->packet = *packet;
}

uint32_t
vsk_guest_notify(vsk_guest *guest)
{
    uint32_t kicks = 0;

    for (uint32_t queue = 0; queue < VSK_QUEUES; queue++) {
        uint32_t bit = 1u << queue;

        if ((guest->offered & bit) != 0 &&
            vsk_queue_should_kick(&guest->queues[queue]))
            kicks |= bit;
    }
    guest->offered = 0;
    return kicks;
}

uint32_t
vsk_guest_notification(const vsk_guest *guest, uint32_t queue)
{
    bool with_data =
        (guest->features & VSK_BIT(VSK_FEATURE_NOTIFICATION_DATA)) != 0;

    return with_data
               ? vsk_queue_notification(&guest->queues[queue], (uint16_t)queue)
               : queue;
}

/* Take a chain back. What is wrong with the ring is told; a queue whose index
 * went wild is not looked at again. */
static vsk_status
reap(vsk_guest *guest, uint32_t queue, vsk_used *used)
{
    uint8_t bit = (uint8_t)(1u << queue);
    vsk_status status;

    if ((guest->stuck & bit) != 0)
        return VSK_NONE;
    status = vsk_buffers_reap(&guest->buffers[queue], used);
    if (status == VSK_BAD_USED_IDX)
        guest->stuck |= bit;
    if (status < 0)
        vsk_endpoint_fault(&guest->endpoint, status);
    return status;
}

static void
release(vsk_guest *guest, uint32_t queue, const vsk_used *used)
{
    vsk_buffers_release(&guest->buffers[queue], used);
    if (guest->posted[queue] != 0)
        guest->posted[queue]--;
    guest->cramped = false;
}

/* Take back what the device has read; true where something is to be told. */
static bool
reap_tx(vsk_guest *guest)
{
    vsk_used used;
    vsk_status status = reap(guest, VSK_TX, &used);

    for (; status == VSK_OK; status = reap(guest, VSK_TX, &used)) {
        release(guest, VSK_TX, &used);
        if (used.status != VSK_OK) {
            vsk_endpoint_fault(&guest->endpoint, used.status);
            return true;
        }
    }
    return status != VSK_NONE;
}

/* What an event buffer says: VSK_OK is TRANSPORT_RESET. */
static vsk_status
read_event(vsk_guest *guest, const vsk_used *used)
{
    vsk_chain chain;
    vsk_status status;

    vsk_chain_init(&chain, guest->tables.spans, guest->tables.span_count);
    status = vsk_buffers_written(&guest->buffers[VSK_EVENT], used, &chain);
    if (status != VSK_OK)
        return status;
    if (chain.count == 0 || chain.spans[0].len < VSK_GUEST_EVENT ||
        vsk_shared_load32(chain.spans[0].base) != TRANSPORT_RESET)
        return VSK_BAD_EVENT;
    return VSK_OK;
}

/* Look into the event queue; true where something is to be told. */
static bool
reap_event(vsk_guest *guest)
{
    vsk_used used;
    vsk_status status = reap(guest, VSK_EVENT, &used);

    if (status != VSK_OK)
        return status != VSK_NONE;
    status = read_event(guest, &used);
    release(guest, VSK_EVENT, &used);
    if (status == VSK_OK) {
        guest->stale = true;
        guest->resets++;
        vsk_endpoint_abandon(&guest->endpoint);
    } else {
        vsk_endpoint_fault(&guest->endpoint, status);
    }
    return true;
}

/* ---- packets from the device ---- */

static bool
reads_rx(const vsk_guest *guest)
{
    return vsk_endpoint_ready(&guest->endpoint) && !guest->stale;
}

/* Let the tap see the RX chain in hand; packet is NULL where it holds none. */
static void
see_hand(const vsk_guest *guest, uint64_t now, const vsk_packet *packet,
         vsk_status status)
{
    vsk_seen seen = {.kind = VSK_SEEN_PACKET,
                     .now = now,
                     .queue = VSK_RX,
                     .head = guest->used.head,
                     .status = status,
                     .packet = packet,
                     .chain = &guest->chain};

    if (status != VSK_OK)
        seen.kind = VSK_SEEN_REFUSED;
    see(guest, &seen);
}

/* Take the next packet in hand; false where none is there. */
static bool
next_packet(vsk_guest *guest, uint64_t now)
{
    vsk_status status;

    if (!reads_rx(guest))
        return false;
    status = reap(guest, VSK_RX, &guest->used);
    if (status != VSK_OK)
        return status != VSK_NONE;
    vsk_chain_init(&guest->chain, guest->tables.spans,
                   guest->tables.span_count);
    status = vsk_buffers_written(&guest->buffers[VSK_RX], &guest->used,
                                 &guest->chain);
    if (status == VSK_OK)
        status = vsk_packet_from_spans(&guest->packet, guest->chain.spans,
                                       guest->chain.count, VSK_PAYLOAD_MAX);
    see_hand(guest, now, status == VSK_OK ? &guest->packet : NULL, status);
    if (status != VSK_OK) {
        vsk_endpoint_fault(&guest->endpoint, status);
        release(guest, VSK_RX, &guest->used);
        return true;
    }
    guest->stage = VSK_STAGE_FRESH;
    return true;
}

/* Let the endpoint have the packet in hand; true where its payload is told. */
static bool
take_packet(vsk_guest *guest, uint64_t now, vsk_event *event)
{
    vsk_endpoint *endpoint = &guest->endpoint;
    vsk_conn *conn = NULL;
    vsk_status status = VSK_BAD_CID;

    if (guest->stage != VSK_STAGE_FRESH)
        return false;
    guest->stage = VSK_STAGE_TAKEN;
    /* A RST for it would have somebody else's CID: VSOCK-DRV-13. */
    if (guest->packet.header.dst_cid != endpoint->local_cid) {
        endpoint->counters.rx_packets++;
        endpoint->counters.foreign++;
        vsk_endpoint_fault(endpoint, status);
    } else {
        status =
            vsk_endpoint_packet(endpoint, now, &guest->packet.header, &conn);
    }
    if (status < 0)
        see_hand(guest, now, &guest->packet, status);
    if (conn == NULL)
        return false;
    *event = (vsk_event){
        .kind = VSK_EVENT_DATA,
        .handle = vsk_table_handle(&endpoint->table, conn),
        .conn = conn,
        .packet = &guest->packet,
        .chain = &guest->chain,
    };
    return true;
}

vsk_status
vsk_guest_check_reset(vsk_guest *guest, uint32_t queue, uint32_t size)
{
    const vsk_ring ring = {.size = size, .features = guest->features};

    if (!guest->open)
        return VSK_ERR_STATE;
    if ((guest->features & VSK_BIT(VSK_FEATURE_RING_RESET)) == 0)
        return VSK_ERR_FEATURES;
    if (size > guest->policy.queue_size || vsk_ring_check_size(&ring) != VSK_OK)
        return VSK_ERR_SIZE;
    /* Nobody interrupts for what the device has read. */
    if (queue == VSK_TX) {
        (void)reap_tx(guest);
        return guest->posted[VSK_TX] == 0 ? VSK_OK : VSK_ERR_BUSY;
    }
    /* What came back was not looked at, or not to its end. */
    return (queue == VSK_RX && guest->stage != VSK_STAGE_IDLE) ||
                   (queue == VSK_EVENT && guest->stale) ||
                   vsk_queue_enable_interrupts(&guest->queues[queue])
               ? VSK_ERR_BUSY
               : VSK_OK;
}

/* ---- the order of things ---- */

/* What the packet in hand and what was done have to tell. */
static bool
tell(vsk_guest *guest, uint64_t now, vsk_event *event)
{
    vsk_endpoint *endpoint = &guest->endpoint;

    /* What was done while a packet was shown comes before it. */
    if (vsk_endpoint_event(endpoint, event) != VSK_OK) {
        if (take_packet(guest, now, event))
            return true;
        if (vsk_endpoint_event(endpoint, event) != VSK_OK)
            return false;
    }
    if (event->kind == VSK_EVENT_ERROR && guest->stage == VSK_STAGE_TAKEN) {
        event->packet = &guest->packet;
        event->chain = &guest->chain;
    }
    return true;
}

/* Timers, TX and events; true where something may be to tell. */
static bool
serve(vsk_guest *guest, uint64_t now)
{
    bool expired = false;

    while (vsk_endpoint_expire(&guest->endpoint, now) == VSK_OK)
        expired = true;
    return expired || reap_tx(guest) || reap_event(guest);
}

/* Let who waited longest send, if there is room for it. */
static bool
tell_writable(vsk_guest *guest, vsk_event *event)
{
    if (vsk_guest_room(guest) == 0 ||
        vsk_endpoint_writable(&guest->endpoint, event) != VSK_OK)
        return false;
    guest->share = VSK_GUEST_SHARE;
    return true;
}

/* Ask for interrupts of a queue; true where one would come too late. */
static bool
watch(vsk_guest *guest, uint32_t queue)
{
    return (guest->stuck & 1u << queue) == 0 &&
           vsk_queue_enable_interrupts(&guest->queues[queue]);
}

/* Ask for interrupts; true where something came meanwhile. */
static bool
sleepless(vsk_guest *guest)
{
    bool came = watch(guest, VSK_EVENT);

    if (reads_rx(guest))
        came = watch(guest, VSK_RX) || came;
    if (vsk_endpoint_waits(&guest->endpoint))
        came = watch(guest, VSK_TX) || came;
    else
        vsk_queue_disable_interrupts(&guest->queues[VSK_TX]);
    return came;
}

/* Give the chain in hand back to the pool, and post what is missing. */
static void
finish(vsk_guest *guest)
{
    if (guest->stage == VSK_STAGE_TAKEN)
        release(guest, VSK_RX, &guest->used);
    guest->stage = VSK_STAGE_IDLE;
    vsk_guest_refill(guest);
}

vsk_status
vsk_guest_poll(vsk_guest *guest, uint64_t now, vsk_event *event)
{
    uint32_t budget = 2 * guest->policy.queue_size;

    for (; budget != 0; budget--) {
        if (tell(guest, now, event))
            return VSK_OK;
        if (!guest->open)
            return VSK_NONE;
        finish(guest);
        if (serve(guest, now))
            continue;
        vsk_guest_flush(guest, now);
        if (tell_writable(guest, event))
            return VSK_OK;
        if (next_packet(guest, now)) {
            if (guest->stage != VSK_STAGE_FRESH || !guest->show_packets)
                continue;
            *event = (vsk_event){.kind = VSK_EVENT_PACKET,
                                 .packet = &guest->packet,
                                 .chain = &guest->chain};
            return VSK_OK;
        }
        vsk_endpoint_settle(&guest->endpoint);
        vsk_guest_flush(guest, now);
        if (!sleepless(guest))
            return VSK_NONE;
    }
    *event = (vsk_event){.kind = VSK_EVENT_MORE};
    return VSK_OK;
}
