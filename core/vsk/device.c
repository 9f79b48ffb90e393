/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/device_parts.h"

#include <stddef.h>

vsk_status
vsk_device_init(vsk_device *device, const vsk_device_config *config,
                const vsk_device_tables *tables)
{
    vsk_device made = {0};
    vsk_status status =
        vsk_setup_init(&made.setup, config->features, config->guest_cid);

    if (status == VSK_OK)
        status = vsk_endpoint_init(&made.endpoint, &tables->endpoint,
                                   &config->policy, config->local_cid,
                                   (uint32_t)config->guest_cid, config->seed);
    if (status != VSK_OK)
        return status;
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        vsk_chain_init(&made.chains[i], tables->spans[i], tables->span_count);
    *device = made;
    return VSK_OK;
}

void
vsk_device_set_memory(vsk_device *device, const vsk_memory *memory)
{
    device->memory = *memory;
}

/* ---- setup ---- */

vsk_status
vsk_device_accept(vsk_device *device, uint64_t accepted)
{
    vsk_status status = vsk_setup_accept(&device->setup, accepted);

    if (status == VSK_OK)
        vsk_endpoint_allow(&device->endpoint, &device->setup);
    return status;
}

static void
let_queues_go(vsk_device *device)
{
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        device->chains[i].held = false;
    device->started = 0;
    device->used = 0;
    device->given = 0;
    device->stage = VSK_STAGE_IDLE;
    device->gate = false;
}

vsk_status
vsk_device_write_status(vsk_device *device, uint64_t now, uint8_t status)
{
    vsk_status result = vsk_setup_write_status(&device->setup, status);

    if (result != VSK_OK)
        return result;
    if (device->tap.see != NULL)
        device->tap.see(device->tap.user,
                        &(vsk_seen){
                            .kind = VSK_SEEN_STATUS,
                            .now = now,
                            .guest_cid = (uint32_t)device->setup.guest_cid,
                            .written = device->setup.status,
                        });
    if (status != 0)
        return VSK_OK;
    let_queues_go(device);
    vsk_endpoint_allow(&device->endpoint, &device->setup);
    vsk_endpoint_abandon(&device->endpoint);
    return VSK_OK;
}

/* ---- queues ---- */

/* A saved state may name a place that no ring of this size has. */
static bool
has_place(const vsk_ring *ring, uint16_t place)
{
    return (ring->features & VSK_F_RING_PACKED) == 0 ||
           (place & (VSK_RING_WRAP - 1)) < ring->size;
}

vsk_status
vsk_device_start_queue(vsk_device *device, uint32_t queue, const vsk_ring *ring,
                       const vsk_ring_state *state)
{
    vsk_ring agreed = *ring;
    vsk_status status;

    if (queue >= VSK_QUEUES || (device->started & VSK_QUEUE_BIT(queue)) != 0)
        return VSK_ERR_ARGUMENT;
    agreed.features = device->setup.accepted & VSK_F_RING;
    status = vsk_queue_device_init(&device->queues[queue], &device->memory,
                                   &agreed, state);
    if (status != VSK_OK)
        return status;
    device->started |= VSK_QUEUE_BIT(queue);
    /* Not the ring that the event went into: its driver has begun anew, and
     * does so when it has seen all events. */
    if (queue == VSK_EVENT && !has_place(&agreed, device->gate_at))
        device->gate = false;
    return VSK_OK;
}

vsk_status
vsk_device_stop_queue(vsk_device *device, uint64_t now, uint32_t queue,
                      vsk_ring_state *state)
{
    bool told =
        device->stage == VSK_STAGE_TAKEN || device->stage == VSK_STAGE_BROKEN;
    bool live = vsk_setup_live(&device->setup);

    if (queue >= VSK_QUEUES || (device->started & VSK_QUEUE_BIT(queue)) == 0)
        return VSK_ERR_STATE;
    if (queue == VSK_TX && told && live)
        vsk_device_give(device, now, queue, 0);
    else if (device->chains[queue].held)
        (void)vsk_queue_unpop(&device->queues[queue], &device->chains[queue]);
    if (queue == VSK_TX)
        device->stage = VSK_STAGE_IDLE;
    if (live)
        vsk_queue_publish(&device->queues[queue]);
    device->started &= (uint8_t)~VSK_QUEUE_BIT(queue);
    return vsk_queue_device_state(&device->queues[queue], state);
}

vsk_status
vsk_device_reset_queue(vsk_device *device, uint32_t queue)
{
    uint8_t bit;

    if ((device->setup.accepted & VSK_BIT(VSK_FEATURE_RING_RESET)) == 0)
        return VSK_ERR_FEATURES;
    if (queue >= VSK_QUEUES || (device->started & VSK_QUEUE_BIT(queue)) == 0)
        return VSK_ERR_STATE;
    bit = (uint8_t)VSK_QUEUE_BIT(queue);
    if (queue == VSK_TX)
        device->stage = VSK_STAGE_IDLE;
    /* The driver has seen all events: it does not reset before. */
    if (queue == VSK_EVENT)
        device->gate = false;
    device->chains[queue].held = false;
    device->started &= (uint8_t)~bit;
    device->used &= (uint8_t)~bit;
    return VSK_OK;
}

void
vsk_device_pause(vsk_device *device, uint64_t now)
{
    device->paused = true;
    vsk_timers_stop(&device->endpoint.timers, now);
}

void
vsk_device_resume(vsk_device *device, uint64_t now)
{
    device->paused = false;
    vsk_timers_start(&device->endpoint.timers, now);
}

bool
vsk_device_live(const vsk_device *device, uint32_t queue)
{
    return (device->started & VSK_QUEUE_BIT(queue)) != 0 && !device->paused &&
           vsk_setup_live(&device->setup);
}

/* ---- notifications ---- */

void
vsk_device_publish(vsk_device *device)
{
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        if (vsk_device_live(device, i)) {
            vsk_queue_publish(&device->queues[i]);
            device->used |= VSK_QUEUE_BIT(i);
        }
}

uint32_t
vsk_device_notify(vsk_device *device)
{
    uint32_t notify = device->used & VSK_NOTIFY_CONFIG;

    device->used &= (uint8_t)~VSK_NOTIFY_CONFIG;
    /* What a queue owes that stands still waits until it goes on. */
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        if ((device->used & VSK_QUEUE_BIT(i)) != 0 &&
            vsk_device_live(device, i)) {
            device->used &= (uint8_t)~VSK_QUEUE_BIT(i);
            if (vsk_queue_should_interrupt(&device->queues[i]))
                notify |= VSK_QUEUE_BIT(i);
        }
    device->given = 0;
    return notify;
}

/* ---- the transport is reset ---- */

void
vsk_device_look_at_gate(vsk_device *device)
{
    if (device->gate && vsk_device_live(device, VSK_EVENT) &&
        vsk_queue_is_behind(&device->queues[VSK_EVENT], device->gate_at))
        device->gate = false;
}

bool
vsk_device_watch_gate(vsk_device *device)
{
    return device->gate && vsk_device_live(device, VSK_EVENT) &&
           vsk_queue_watch(&device->queues[VSK_EVENT], device->gate_at);
}

/* A buffer for an event in hand; those that are none are given back. */
static bool
have_event(vsk_device *device, uint64_t now, uint32_t size)
{
    const vsk_chain *chain = &device->chains[VSK_EVENT];
    uint32_t most = device->queues[VSK_EVENT].ring.table.size;

    for (uint32_t i = 0; i < most; i++) {
        vsk_status status;

        if (!vsk_device_have(device, now, VSK_EVENT))
            return false;
        status = chain->status;
        if (status == VSK_OK && chain->readable != 0)
            status = VSK_BAD_RX_READABLE;
        if (status == VSK_OK && chain->writable < size)
            status = VSK_BAD_RX_SHORT;
        if (status == VSK_OK)
            return true;
        vsk_device_refuse(device, now, VSK_EVENT, status);
        vsk_device_give(device, now, VSK_EVENT, 0);
    }
    return false;
}

vsk_status
vsk_device_reset_transport(vsk_device *device, uint64_t now, uint64_t guest_cid)
{
    const uint8_t event[4] = {0};
    uint64_t before = device->setup.guest_cid;
    vsk_status status = vsk_setup_set_cid(&device->setup, guest_cid);

    if (status != VSK_OK)
        return status;
    if (guest_cid != before && vsk_setup_live(&device->setup))
        device->used |= VSK_NOTIFY_CONFIG;
    device->endpoint.peer_cid = (uint32_t)guest_cid;
    vsk_endpoint_abandon(&device->endpoint);
    if (!have_event(device, now, sizeof event))
        return VSK_OK;
    vsk_chain_write(&device->chains[VSK_EVENT], event, sizeof event);
    vsk_device_show(device, now, VSK_SEEN_EVENT, VSK_EVENT, NULL, VSK_OK);
    device->gate_at = vsk_queue_offered(&device->queues[VSK_EVENT]);
    device->gate = true;
    vsk_device_give(device, now, VSK_EVENT, sizeof event);
    /* A packet in hand is of the old life, too. */
    vsk_device_swallow(device);
    return VSK_OK;
}
