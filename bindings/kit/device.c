/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "kit/kit.h"

kit_device *
kit_queue_device(kit_queue *queue)
{
    return &kit_queue_ref(queue)->device;
}

void
kit_device_unref(kit_device *device)
{
    kit_queue_unref(device->queue);
}

/* Pop into the queue's own span table, good until the next pop. */
static vsk_status
pop(kit_device *device, vsk_chain *chain)
{
    kit_queue *queue = device->queue;
    vsk_status status = kit_queue_check(queue);

    if (status != VSK_OK)
        return status;
    vsk_chain_init(chain, queue->spans, queue->span_count);
    return vsk_queue_pop(&device->end, chain);
}

vsk_status
kit_device_pop(kit_device *device, kit_chain **chain)
{
    vsk_chain found;
    vsk_status status = pop(device, &found);

    if (status != VSK_OK)
        return status;
    status = kit_chain_new(device->queue, &found, chain);
    if (status != VSK_OK)
        (void)vsk_queue_unpop(&device->end, &found);
    return status;
}

uint16_t
kit_device_oldest(const kit_device *device)
{
    return device->end.ring.given;
}

/* A chain that the script may give to this queue. */
static vsk_status
check(const kit_device *device, const kit_chain *chain)
{
    vsk_status status = kit_queue_check(device->queue);

    if (status != VSK_OK)
        return status;
    return chain->queue == device->queue && !chain->came_back ? VSK_OK
                                                              : VSK_ERR_HELD;
}

vsk_status
kit_device_give(kit_device *device, kit_chain *chain, uint32_t written)
{
    vsk_status status = check(device, chain);
    uint16_t oldest;

    if (status != VSK_OK)
        return status;
    oldest = kit_device_oldest(device);
    status = vsk_queue_give(&device->end, &chain->chain, written);
    if (status == VSK_OK && chain->chain.index != oldest)
        device->queue->unordered = true;
    return status;
}

vsk_status
kit_device_push(kit_device *device, kit_chain *chain, uint32_t written)
{
    vsk_status status = kit_device_give(device, chain, written);

    if (status == VSK_OK)
        vsk_queue_publish(&device->end);
    return status;
}

vsk_status
kit_device_publish(kit_device *device)
{
    vsk_status status = kit_queue_check(device->queue);

    if (status == VSK_OK)
        vsk_queue_publish(&device->end);
    return status;
}

/* Fill a popped RX chain with a packet. */
static vsk_status
fill(const vsk_chain *chain, const vsk_packet *packet, uint32_t *written)
{
    vsk_packet out;
    vsk_status status = vsk_packet_into_rx(&out, chain, packet->size);

    if (status == VSK_OK)
        status = vsk_packet_append(&out, packet);
    if (status != VSK_OK)
        return status;
    out.header = packet->header;
    return vsk_packet_commit(&out, chain, written);
}

vsk_status
kit_device_send(kit_device *device, kit_packet *packet, uint32_t *written,
                kit_why *why)
{
    vsk_chain chain;
    vsk_status status = kit_packet_live(packet);

    /* Nothing may overtake what is held. */
    if (status == VSK_OK && device->end.ring.in_order &&
        vsk_queue_held(&device->end) != 0)
        status = VSK_ERR_IN_ORDER;
    if (status == VSK_OK)
        status = pop(device, &chain);
    if (status != VSK_OK)
        return status;
    status = fill(&chain, &packet->packet, written);
    if (status != VSK_OK)
        kit_explain(why, status, &chain);
    /* Too small for this packet: the next one may fit. */
    if (status == VSK_ERR_ROOM) {
        (void)vsk_queue_unpop(&device->end, &chain);
        return status;
    }
    /* Whatever is held came first. */
    if (vsk_queue_held(&device->end) > 1)
        device->queue->unordered = true;
    (void)vsk_queue_push(&device->end, &chain, status == VSK_OK ? *written : 0);
    return status;
}

static vsk_status
ask(kit_device *device, bool (*question)(vsk_queue_device *), bool *yes)
{
    vsk_status status = kit_queue_check(device->queue);

    if (status == VSK_OK)
        *yes = question(&device->end);
    return status;
}

vsk_status
kit_device_should_interrupt(kit_device *device, bool *yes)
{
    return ask(device, vsk_queue_should_interrupt, yes);
}

vsk_status
kit_device_enable_kicks(kit_device *device, bool *yes)
{
    return ask(device, vsk_queue_enable_kicks, yes);
}

vsk_status
kit_device_disable_kicks(kit_device *device)
{
    vsk_status status = kit_queue_check(device->queue);

    if (status == VSK_OK)
        vsk_queue_disable_kicks(&device->end);
    return status;
}

vsk_status
kit_device_reset(kit_device *device)
{
    vsk_status status = kit_queue_check(device->queue);

    if (status == VSK_OK)
        vsk_queue_device_reset(&device->end);
    return status;
}

uint32_t
kit_device_held(const kit_device *device)
{
    return vsk_queue_held(&device->end);
}
