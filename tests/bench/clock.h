/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Clock: batches timed one by one, of which the median counts.
 */
#ifndef VSK_BENCH_CLOCK_H
#define VSK_BENCH_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_MOST 65536u /**< batches that are kept */

/** What the batches took so far. */
struct clock {
    uint32_t batches; /**< to time, or 0 */
    uint64_t end;     /**< when it is enough, where batches is 0 */
    uint64_t begin;   /**< of the batch that runs */
    uint32_t count;   /**< batches timed */
    uint64_t took[CLOCK_MOST];
};

/** Begin: so many batches, or so many milliseconds. */
void clock_start(struct clock *clock, uint32_t batches, uint32_t ms);

/** A batch begins. */
void clock_begin(struct clock *clock);

/** It has ended; false when it was the last. */
bool clock_stop(struct clock *clock);

/** Nanoseconds of the median batch. */
uint64_t clock_median(struct clock *clock);

#endif
