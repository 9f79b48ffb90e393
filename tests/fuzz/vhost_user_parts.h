/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A back end on a socket, and a front end by hand.
 *
 *     one file          0 ........ 0x2000 ........ 0x4000
 *     guest addresses   USER_LOW     USER_HIGH
 *     user addresses    guest address + USER_BASE
 */
#ifndef VSK_TESTS_FUZZ_VHOST_USER_PARTS_H
#define VSK_TESTS_FUZZ_VHOST_USER_PARTS_H

#include "rig_role.h"

#include "vhost/backend.h"

#define USER_LOW 0x100000u
#define USER_HIGH 0x40000000u
#define USER_PART 0x2000u
#define USER_BASE UINT64_C(0x550000000000)
#define QUEUE_SIZE 8u
#define SPANS 16u
#define FDS 5u

struct world {
    vsk_device device;
    vsk_device_tables tables;
    struct role_tables endpoint;
    vsk_span spans[VSK_QUEUES][SPANS];
    vsk_backend backend;
    int front;    /* the front end's socket, -1: it is gone */
    int fds[FDS]; /* what may come with a message */
    uint8_t *base;
    vsk_region regions[2];
    vsk_memory memory;
    vsk_ring rings[VSK_QUEUES];
    vsk_queue_driver drivers[VSK_QUEUES];
    vsk_ring_slot slots[VSK_QUEUES][QUEUE_SIZE];
    vsk_event event;
    uint32_t asked;    /* messages sent */
    uint32_t answered; /* answers seen */
    uint64_t features;
    uint64_t open_fds; /* before the back end was there, a bit each */
};

/** A back end with a session, and a driver's rings in the file. */
struct world *user_begin(struct fuzz_input *input);

/** Everything is closed: no descriptor is left. */
void user_end(struct world *w);

/** Send bytes with descriptors; they are lost where nobody reads. */
void user_send(struct world *w, const uint8_t *bytes, size_t size,
               const int *fds, uint32_t count);

/** Send a message; bits of need: NEED_REPLY. */
void user_post(struct world *w, vsk_message *message, vsk_payload payload,
               const int *fds, uint32_t count);

/** Draw a message that is nearly right. */
void user_draw(struct world *w, struct fuzz_input *input);

/** Say all that lets packets flow. */
void user_bring_up(struct world *w);

#endif
