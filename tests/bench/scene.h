/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Scene: guest memory with a ring and a batch of chains, and a driver that
 * offers the same chains again and again.
 *
 *     region 0    [ ring ][ chain 0 ][ chain R ][ chain 2R ] ...
 *     region 1    [      ][ chain 1 ][ chain R + 1 ] ...
 *     chain       [ table? | header, 44 | payload ]
 *
 * Chains of large payload share rooms, so that all of it stays in the cache.
 * The driver is not what is measured: it writes as little as it can, and the
 * same in any program that has the image.
 */
#ifndef VSK_BENCH_SCENE_H
#define VSK_BENCH_SCENE_H

#include "plan.h"

#include "vsk/image.h"
#include "vsk/packet.h"
#include "vsk/queue.h"

#define SCENE_BATCH 64u /**< chains that are offered at once */

/** Memory, ring and driver. */
struct scene {
    vsk_region regions[8];
    vsk_memory memory;
    vsk_ring ring;
    uint8_t *desc;   /**< the ring's parts, in this process */
    uint8_t *driver; /**< split: the available ring */
    uint8_t *device; /**< split: the used ring */
    uint8_t *first;  /**< descriptors as the first batch had them: packed */
    uint16_t offered;
    bool odd; /**< packed: the lap that is offered next has wrap counter 0 */
};

/** Make memory and ring, nothing offered; false where memory is short. */
bool scene_make(struct scene *scene, const struct plan *plan);

/** Where the payload of a chain stands. */
uint8_t *scene_payload(const struct scene *scene, const struct plan *plan,
                       uint32_t chain);

/** Offer a batch. */
void scene_offer(struct scene *scene);

/** Write the memory, with nothing offered, into plan->image. */
bool scene_save(const struct scene *scene, const struct plan *plan);

/** A sum over all bytes of the memory. */
uint64_t scene_sum(const struct scene *scene);

/** Free what scene_make took. */
void scene_free(struct scene *scene);

#endif
