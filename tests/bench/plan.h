/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Plan: which work is to be measured, as words on the command line.
 *
 *     tx|rx  one|two|indirect|five  BYTES  untouched|copied
 *     [NAME=VALUE ...]: see option() in plan.c
 */
#ifndef VSK_BENCH_PLAN_H
#define VSK_BENCH_PLAN_H

#include <stdbool.h>
#include <stdint.h>

/** How header and payload are cut into descriptors. */
enum plan_cut {
    CUT_ONE,      /**< both in one */
    CUT_TWO,      /**< one each */
    CUT_INDIRECT, /**< one each, in an indirect table */
    CUT_FIVE      /**< the payload in four */
};

/** Who does the work. */
enum plan_side {
    SIDE_VSK,  /**< the library */
    SIDE_BOUND /**< only what must be done, all of it inlined */
};

/** Which work. */
struct plan {
    bool rx;           /**< packets are written, not read */
    bool copied;       /**< payload is copied, out of or into private memory */
    bool packed;       /**< ring format */
    bool event_idx;    /**< VIRTIO_F_EVENT_IDX */
    bool batched;      /**< published once for all that was given back */
    bool check;        /**< all fields are summed */
    enum plan_cut cut; /**< of each chain */
    enum plan_side side;
    uint32_t payload;  /**< bytes */
    uint32_t regions;  /**< of guest memory; chains lie in each in turn */
    uint32_t batches;  /**< to do, or 0 */
    uint32_t ms;       /**< to go on for, where batches is 0 */
    const char *image; /**< file that gets the memory before the first */
};

/** Read a plan; false where a word means nothing. */
bool plan_read(struct plan *plan, int argc, char **argv);

#endif
