/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A device, its driver by hand, and what is known of both from outside.
 *
 *     FUZZ_RINGS  0 rx  0x200 tx  0x400 event  0x800 indirect tables
 */
#ifndef VSK_TESTS_FUZZ_DEVICE_PARTS_H
#define VSK_TESTS_FUZZ_DEVICE_PARTS_H

#include "rig_role.h"

#include "vsk/device.h"

#define QUEUE_MAX 8u
#define RING_STEP 0x200u
#define TABLES 0x800u
#define SPANS 16u
#define EVENTS_MAX 3000u /* told of one state of the rings */

/** A queue of the device from outside: the heads that it has taken and not
 * given back. */
struct watched {
    uint16_t heads[2 * QUEUE_MAX];
    uint32_t count;
    uint16_t avail;
    uint16_t used;
    bool on;
};

struct world {
    struct fuzz_memory *memory;
    vsk_device device;
    vsk_device_config config;
    vsk_device_tables tables;
    struct role_tables endpoint;
    vsk_span spans[VSK_QUEUES][SPANS];
    vsk_ring rings[VSK_QUEUES];
    vsk_queue_driver drivers[VSK_QUEUES];
    vsk_ring_slot slots[VSK_QUEUES][QUEUE_MAX];
    struct watched watched[VSK_QUEUES];
    struct role role;
    vsk_event event;
    uint64_t now;
    uint32_t place; /* where the next packet is put */
    bool tangled;   /* what may be written may also be a ring */
};

/** A device with a driver; live, unless the input says otherwise. */
struct world *device_begin(struct fuzz_input *input);

/** Another device in its place, which nobody has found yet. */
void device_init(struct world *w);

/** Take the driver's steps up to DRIVER_OK. */
void device_live(struct world *w, uint64_t accepted);

/** Around each call of the device: what it may write, and what it wrote. */
void device_enter(struct world *w);
void device_leave(struct world *w);

/** Forget which chains a queue has: it begins anew. */
void device_forget(struct world *w, uint32_t queue);

/** What the owner of the device does. */
void device_ask(struct world *w, struct fuzz_input *input);
void device_run(struct world *w, struct fuzz_input *input);

/** What the transport does. */
void device_transport(struct world *w, struct fuzz_input *input);

#endif
