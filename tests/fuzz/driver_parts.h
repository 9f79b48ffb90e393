/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A guest, its device by hand, and what is known of both from outside. */
#ifndef VSK_TESTS_FUZZ_DRIVER_PARTS_H
#define VSK_TESTS_FUZZ_DRIVER_PARTS_H

#include "rig_role.h"

#include "vsk/guest.h"

#define QUEUE_MAX 8u
#define SPANS 24u
#define RECORDS 80u
#define RANGES 64u
#define EVENTS_MAX 3000u /* told of one state of the rings */

struct world {
    struct fuzz_memory *memory;
    vsk_guest guest;
    vsk_guest_policy policy;
    vsk_guest_tables tables;
    struct role_tables endpoint;
    vsk_ring_slot slots[VSK_QUEUES][QUEUE_MAX];
    vsk_record records[VSK_QUEUES][RECORDS];
    vsk_buffer scratch[VSK_QUEUES][QUEUE_MAX];
    vsk_span spans[SPANS];
    uint32_t pieces[QUEUE_MAX];
    vsk_range ranges[RANGES];
    vsk_pool pool;
    uint64_t pool_bytes; /* before the guest was opened */
    vsk_queue_device devices[VSK_QUEUES];
    vsk_span device_spans[VSK_QUEUES][SPANS];
    vsk_chain chains[VSK_QUEUES]; /* of the device: one in hand */
    uint8_t expected[4 * QUEUE_MAX][VSK_HEADER_SIZE]; /* offered in TX */
    uint32_t expected_first;
    uint32_t expected_count;
    struct role role;
    vsk_event event;
    uint64_t features;
    uint64_t now;
    bool honest; /* the device has not scribbled since the open */
};

/** A guest that is open. */
struct world *driver_begin(struct fuzz_input *input);

/** Close it: all memory is back. */
void driver_close(struct world *w);

/** Open it anew, with the same features. */
void driver_open(struct world *w);

/** The device's end of a queue begins. */
void driver_begin_device(struct world *w, uint32_t queue);

/** Around each call of the guest: what it must leave alone. */
void driver_enter(struct world *w);
void driver_leave(struct world *w);

/** A packet of TX that the device has popped is the one that was sent. */
void driver_check_tx(struct world *w, const vsk_chain *chain);

/** What the owner of the guest does. */
void driver_ask(struct world *w, struct fuzz_input *input);
void driver_run(struct world *w, struct fuzz_input *input);

/** What the bus does. */
void driver_transport(struct world *w, struct fuzz_input *input);

#endif
