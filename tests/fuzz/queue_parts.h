/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Both ends of a queue and what they have done so far; the driver's part. */
#ifndef VSK_TESTS_FUZZ_QUEUE_PARTS_H
#define VSK_TESTS_FUZZ_QUEUE_PARTS_H

#include "rig.h"

#define QUEUE_MAX 16u  /* descriptors */
#define HELD QUEUE_MAX /* chains that the device may hold */
#define SPANS 20u
#define RECORDS 64u
#define RANGES 64u
#define OUT 64u

struct posted {
    uint64_t token; /* 0: nothing */
    uint64_t writable;
};

struct world {
    struct fuzz_memory *memory;
    vsk_ring ring;
    vsk_ring_parts parts;
    vsk_queue_driver driver;
    vsk_queue_device device;
    vsk_ring_slot slots[QUEUE_MAX];
    vsk_span spans[HELD][SPANS];
    vsk_chain chains[HELD];
    bool held[HELD];
    uint32_t held_count;
    struct posted out[OUT]; /* by the driver */
    uint64_t token;         /* of the last one */
    vsk_range ranges[RANGES];
    vsk_pool pool;
    vsk_record records[RECORDS];
    vsk_buffer scratch[QUEUE_MAX];
    vsk_buffers buffers;
    uint64_t pool_bytes; /* when nothing is posted */
    bool packed;
    bool in_order;
    bool print;
    bool through_buffers; /* the driver has a pool and an account */
    bool honest;          /* nobody has scribbled so far */
    bool broken;          /* the ring was refused once */
};

/** Both ends of a ring; NULL where the ring is refused, as it must be. */
struct world *queue_begin(struct fuzz_input *input);

/** Take back what can be, at the end. */
void queue_end(struct world *w);

/** Bytes from the first part of the ring to the last. */
uint32_t ring_bytes(const struct world *w);

/** Mark memory; what a driver's end may write, or a device's. */
void grant_driver(struct world *w);
void grant_device(struct world *w);

/** The driver offers a chain, or stages it, or any head. */
void queue_add(struct world *w, struct fuzz_input *input);

/** The driver takes back a chain: it must be one that it had offered. */
void queue_reap(struct world *w);

/** The driver's end is opened anew, through a saved image. */
void queue_go_on(struct world *w, struct fuzz_input *input);

#endif
