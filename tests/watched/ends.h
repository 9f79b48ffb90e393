/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Ends: a driver and a device as programs for schedules.h. The driver offers
 * numbered chains, the device answers each, and either sleeps when it finds
 * nothing to do, if its end says that a notification will come.
 */
#ifndef VSK_TESTS_ENDS_H
#define VSK_TESTS_ENDS_H

#include "rig.h"

#include "schedules.h"

#define ENDS_DRIVER 0u
#define ENDS_DEVICE 1u
#define ENDS_CHAINS 16u

/** A ring, and what crosses it. */
struct ends_plan {
    uint64_t features; /**< VSK_F_* */
    uint32_t size;     /**< of the ring, at most ENDS_CHAINS */
    uint32_t chains;   /**< to cross */
    uint32_t offered;  /**< the driver offers so many at once */
    uint32_t held;     /**< the device pops so many at once, at most 2 */
    uint32_t buffers;  /**< of a chain: 1, for the answer, or 2 */
    bool indirect;     /**< in a table */
    uint16_t start;    /**< idx that a split ring begins at */
};

/** Both ends at their start; copied by each run. */
struct ends {
    struct ends_plan plan;
    struct rig *rig;
};

/** Make the ends of a plan, and the schedules that run them. */
void ends_begin(struct ends *ends, const struct ends_plan *plan,
                struct schedules *schedules);

/** Give back what they hold. */
void ends_free(struct ends *ends);

#endif
