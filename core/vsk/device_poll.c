/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/device_parts.h"

/* Let go of the TX chain whose events are all told. */
static void
finish(vsk_device *device, uint64_t now)
{
    if (device->stage == VSK_STAGE_IDLE || !vsk_device_live(device, VSK_TX))
        return;
    device->stage = VSK_STAGE_IDLE;
    vsk_device_give(device, now, VSK_TX, 0);
}

/* Take the next packet that the driver has sent into the hand; a chain
 * without one is given back when its fault was told. */
static bool
take(vsk_device *device, uint64_t now)
{
    vsk_status status;

    if (!vsk_endpoint_ready(&device->endpoint) ||
        !vsk_device_have(device, now, VSK_TX))
        return false;
    status = vsk_packet_from_tx(&device->packet, &device->chains[VSK_TX],
                                VSK_PAYLOAD_MAX);
    if (status != VSK_OK) {
        device->stage = VSK_STAGE_BROKEN;
        vsk_device_refuse(device, now, VSK_TX, status);
        return true;
    }
    device->stage = VSK_STAGE_TAKEN;
    vsk_device_show(device, now, VSK_SEEN_PACKET, VSK_TX, &device->packet,
                    VSK_OK);
    /* Behind a closed gate it was sent before the driver knew that its
     * connections were gone. Asked after the packet was found: what it did
     * before sending is seen. */
    vsk_device_look_at_gate(device);
    if (!device->gate)
        device->stage = VSK_STAGE_FRESH;
    return true;
}

/* Say what an event came with. */
static void
show_hand(const vsk_device *device, vsk_event *event)
{
    if (event->kind == VSK_EVENT_ERROR && device->blamed != VSK_TX)
        return;
    if (device->stage != VSK_STAGE_IDLE)
        event->chain = &device->chains[VSK_TX];
    if (device->stage == VSK_STAGE_FRESH || device->stage == VSK_STAGE_TAKEN)
        event->packet = &device->packet;
}

/* What the packet in hand is for; true where its payload is to be told. */
static bool
process(vsk_device *device, uint64_t now, vsk_event *event)
{
    vsk_conn *conn;
    vsk_status status;

    device->stage = VSK_STAGE_TAKEN;
    device->blamed = VSK_TX;
    status = vsk_endpoint_packet(&device->endpoint, now, &device->packet.header,
                                 &conn);
    if (status < 0)
        vsk_device_show(device, now, VSK_SEEN_REFUSED, VSK_TX, &device->packet,
                        status);
    if (conn == NULL)
        return false;
    *event = (vsk_event){
        .kind = VSK_EVENT_DATA,
        .handle = vsk_table_handle(&device->endpoint.table, conn),
        .conn = conn,
        .packet = &device->packet,
        .chain = &device->chains[VSK_TX],
    };
    return true;
}

/* Events that are there already; when those of before are told, what the
 * packet in hand makes of it. */
static bool
pending(vsk_device *device, uint64_t now, vsk_event *event)
{
    bool found = vsk_endpoint_event(&device->endpoint, event) == VSK_OK;

    if (!found && device->stage == VSK_STAGE_FRESH) {
        if (process(device, now, event))
            return true;
        found = vsk_endpoint_event(&device->endpoint, event) == VSK_OK;
    }
    if (found)
        show_hand(device, event);
    return found;
}

/* Ask for kicks; true where something came meanwhile. */
static bool
rearm(vsk_device *device)
{
    bool more = vsk_device_watch_gate(device);

    if (vsk_device_live(device, VSK_TX) &&
        vsk_endpoint_ready(&device->endpoint))
        more |= vsk_queue_enable_kicks(&device->queues[VSK_TX]);
    if (vsk_device_live(device, VSK_RX) &&
        vsk_endpoint_waits(&device->endpoint) && !device->gate)
        more |= vsk_queue_enable_kicks(&device->queues[VSK_RX]);
    return more;
}

/* One step of a poll: true where it changed something. */
static bool
step(vsk_device *device, uint64_t now, vsk_event *event)
{
    finish(device, now);
    if (vsk_endpoint_expire(&device->endpoint, now) == VSK_OK)
        return true;
    vsk_device_look_at_gate(device);
    vsk_device_flush(device, now);
    if (vsk_device_writable(device, now, event))
        return true;
    if (take(device, now)) {
        if (device->stage == VSK_STAGE_FRESH && device->show_packets) {
            *event = (vsk_event){.kind = VSK_EVENT_PACKET};
            show_hand(device, event);
        } else if (device->stage == VSK_STAGE_FRESH) {
            /* Nothing was there to be told, and nothing has come since. */
            (void)process(device, now, event);
        }
        return true;
    }
    if (device->endpoint.fault != VSK_OK)
        return true;
    vsk_endpoint_settle(&device->endpoint);
    vsk_device_flush(device, now);
    return rearm(device);
}

static uint32_t
least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

vsk_status
vsk_device_poll(vsk_device *device, uint64_t now, vsk_event *event)
{
    uint32_t budget = VSK_DEVICE_STEPS;

    if (vsk_device_live(device, VSK_TX))
        budget = least(budget, 2 * device->queues[VSK_TX].ring.table.size);
    event->kind = VSK_EVENT_MORE;
    for (uint32_t i = 0; i < budget; i++) {
        if (pending(device, now, event))
            return VSK_OK;
        if (!step(device, now, event))
            return VSK_NONE;
        if (event->kind != VSK_EVENT_MORE)
            return VSK_OK;
    }
    *event = (vsk_event){.kind = VSK_EVENT_MORE};
    return VSK_OK;
}

void
vsk_device_swallow(vsk_device *device)
{
    if (device->stage == VSK_STAGE_FRESH)
        device->stage = VSK_STAGE_TAKEN;
}

void
vsk_device_replace(vsk_device *device, const vsk_packet *packet)
{
    if (device->stage == VSK_STAGE_FRESH)
        device->packet = *packet;
}
