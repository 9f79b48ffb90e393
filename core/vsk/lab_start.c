/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/lab_parts.h"

#include <stddef.h>

#include "vsk/le.h"

/* Two halves: a wider read need not be atomic (CONF-DRV-01, CONF-DRV-02). */
uint64_t
vsk_lab_read_cid(vsk_setup *setup)
{
    uint8_t config[VSK_CONFIG_SIZE];
    uint32_t generation;

    do {
        generation = setup->generation;
        vsk_setup_read_config(setup, 0, config, 4);
        vsk_setup_read_config(setup, 4, config + 4, 4);
    } while (generation != setup->generation);
    return vsk_le_load64(config);
}

/* Set a bit of the status register, and leave the others. */
static vsk_status
set_status(const vsk_lab *lab, vsk_device *device, uint32_t bit)
{
    uint8_t status = (uint8_t)(device->setup.status | bit);

    return vsk_device_write_status(device, lab->now, status);
}

/* From DRIVER to FEATURES_OK, which the device may leave unset. */
static vsk_status
negotiate(const vsk_lab *lab, const vsk_lab_pair *pair)
{
    vsk_device *device = pair->device;
    vsk_status status = set_status(lab, device, VSK_SETUP_ACKNOWLEDGE);

    if (status == VSK_OK)
        status = set_status(lab, device, VSK_SETUP_DRIVER);
    if (status == VSK_OK)
        status = vsk_device_accept(
            device, vsk_guest_accept(pair->guest, device->setup.offered));
    if (status == VSK_OK)
        status = set_status(lab, device, VSK_SETUP_FEATURES_OK);
    if (status == VSK_OK && (device->setup.status & VSK_SETUP_FEATURES_OK) == 0)
        status = VSK_BAD_FEATURES;
    return status;
}

static vsk_status
place_queues(const vsk_lab_pair *pair, const vsk_memory *memory, vsk_pool *pool)
{
    vsk_device *device = pair->device;
    vsk_status status =
        vsk_guest_open(pair->guest, memory, pool, device->setup.accepted,
                       vsk_lab_read_cid(&device->setup));

    for (uint32_t i = 0; status == VSK_OK && i < VSK_QUEUES; i++)
        status =
            vsk_device_start_queue(device, i, &pair->guest->rings[i], NULL);
    return status;
}

/* What was on its way belongs to an earlier life. */
static void
forget(vsk_lab_pair *pair)
{
    pair->due[VSK_SIDE_DEVICE] = 0;
    pair->due[VSK_SIDE_GUEST] = 0;
    pair->held = false;
    pair->awake[VSK_SIDE_DEVICE] = true;
    pair->awake[VSK_SIDE_GUEST] = true;
}

/* Chains were given back, and a fault has kept the guest from seeing it. */
static bool
holds_back(const vsk_device *device, uint32_t queue)
{
    const vsk_ring_device *ring = &device->queues[queue].ring;

    return (device->started & 1u << queue) != 0 &&
           ring->staged != ring->state.used;
}

vsk_status
vsk_lab_reset_queue(vsk_lab *lab, uint32_t pair, const vsk_memory *memory,
                    uint32_t queue, uint32_t size)
{
    vsk_lab_pair *both = &lab->pairs[pair];
    uint8_t bit;
    vsk_status status;

    if (queue >= VSK_QUEUES)
        return VSK_ERR_ARGUMENT;
    bit = (uint8_t)(1u << queue);
    status = vsk_guest_check_reset(both->guest, queue, size);
    if (status == VSK_OK && holds_back(both->device, queue))
        status = VSK_ERR_BUSY;
    if (status == VSK_OK)
        status = vsk_device_reset_queue(both->device, queue);
    if (status != VSK_OK)
        return status;
    /* No notification belongs to a queue that is reset: VQRST-DEV-01. */
    both->due[VSK_SIDE_DEVICE] &= (uint8_t)~bit;
    both->due[VSK_SIDE_GUEST] &= (uint8_t)~bit;
    vsk_guest_renew_queue(both->guest, memory, queue, size);
    status = vsk_device_start_queue(both->device, queue,
                                    &both->guest->rings[queue], NULL);
    if (lab->tap.see != NULL)
        lab->tap.see(lab->tap.user,
                     &(vsk_seen){
                         .kind = VSK_SEEN_RENEWED,
                         .now = lab->now,
                         .guest_cid = (uint32_t)both->device->setup.guest_cid,
                         .queue = queue,
                         .written = size,
                     });
    both->awake[VSK_SIDE_DEVICE] = true;
    both->awake[VSK_SIDE_GUEST] = true;
    return status;
}

vsk_status
vsk_lab_start(vsk_lab *lab, uint32_t pair, const vsk_memory *memory,
              vsk_pool *pool)
{
    vsk_lab_pair *both = &lab->pairs[pair];
    vsk_status status;

    vsk_lab_adjust(lab, both);
    forget(both);
    /* INIT-DRV-01; the reset comes before buffers are taken: CLEAN-DRV-02 */
    (void)vsk_device_write_status(both->device, lab->now, 0);
    vsk_guest_close(both->guest);
    vsk_device_set_memory(both->device, memory);
    status = negotiate(lab, both);
    if (status == VSK_OK)
        status = place_queues(both, memory, pool);
    if (status == VSK_OK)
        status = set_status(lab, both->device, VSK_SETUP_DRIVER_OK);
    if (status == VSK_OK)
        return VSK_OK;
    /* INIT-DRV-06; nothing is written after it: INIT-DRV-07 */
    (void)set_status(lab, both->device, VSK_SETUP_FAILED);
    vsk_guest_close(both->guest);
    return status;
}
