/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Bound: what a device cannot do without, and nothing else. Chains have two
 * descriptors, memory has one region, the ring is split, the machine
 * little-endian; every address and length is still held to the memory. What
 * no driver of ours does - loops, tables, odd cuts - is not looked for.
 */
#ifndef VSK_BENCH_BOUND_H
#define VSK_BENCH_BOUND_H

#include "scene.h"

/** A device's end of a split ring. */
struct bound {
    uint8_t *base;  /**< of the memory, whose first address is 0 */
    uint64_t bytes; /**< of it */
    uint8_t *desc;  /**< the ring's parts */
    uint8_t *driver;
    uint8_t *device;
    uint32_t mask; /**< its size less one */
    uint16_t next; /**< chain to take next */
};

/** Begin at a new ring. */
void bound_init(struct bound *bound, const struct scene *scene);

/** Take, or fill, all chains there are; the sum of some fields. */
uint64_t bound_device(struct bound *bound, const struct plan *plan,
                      uint8_t *data);

#endif
