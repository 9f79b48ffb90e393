/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A lab of two pairs. */
#ifndef VSK_TESTS_FUZZ_LAB_PARTS_H
#define VSK_TESTS_FUZZ_LAB_PARTS_H

#include "rig_role.h"

#include "vsk/lab.h"

#define PAIRS 2u
#define QUEUE_MAX 16u
#define RAM 0x40000000u
#define RAM_SIZE 0x4000u
#define SPANS 40u
#define RECORDS 160u
#define RANGES 128u
#define EVENTS_MAX 4000u /* in one run of a benign lab at most */

struct machine {
    uint8_t *ram;
    vsk_region region;
    vsk_memory memory;
    vsk_range ranges[RANGES];
    vsk_pool pool;
    vsk_device device;
    vsk_device_tables device_tables;
    struct role_tables device_endpoint;
    vsk_span device_spans[VSK_QUEUES][SPANS];
    vsk_guest guest;
    vsk_guest_tables guest_tables;
    struct role_tables guest_endpoint;
    vsk_ring_slot slots[VSK_QUEUES][QUEUE_MAX];
    vsk_record records[VSK_QUEUES][RECORDS];
    vsk_buffer scratch[VSK_QUEUES][QUEUE_MAX];
    vsk_span guest_spans[SPANS];
    uint32_t pieces[QUEUE_MAX];
    struct role roles[2]; /* by side */
};

struct world {
    struct machine machines[PAIRS];
    vsk_lab lab;
    vsk_lab_pair pairs[PAIRS];
    bool malign;    /* a malign fault was on */
    uint32_t lines; /* still to be made of what is seen */
    uint32_t seen;  /* since the last event */
};

/** Two pairs that have met. */
void lab_begin(struct world *w, struct fuzz_input *input);

/** Close the guests: all memory is back. */
void lab_end(struct world *w);

/** Let a guest find its device anew. */
void lab_restart(struct world *w, uint32_t pair);

/** Choose faults; malign ones only where the input's format allows them. */
void lab_faults(struct world *w, uint32_t choice);

/** The connections of a side. */
vsk_endpoint *lab_endpoint(struct world *w, uint32_t pair, vsk_side side);

#endif
