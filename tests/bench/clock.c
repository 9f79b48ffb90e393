/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>
#include <time.h>

#include "clock.h"

static uint64_t
now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void
clock_start(struct clock *clock, uint32_t batches, uint32_t ms)
{
    clock->batches = batches;
    clock->count = 0;
    clock->end = now() + (uint64_t)ms * 1000000u;
}

void
clock_begin(struct clock *clock)
{
    clock->begin = now();
}

bool
clock_stop(struct clock *clock)
{
    uint64_t end = now();

    clock->took[clock->count++] = end - clock->begin;
    if (clock->count == CLOCK_MOST)
        return false;
    return clock->batches != 0 ? clock->count < clock->batches
                               : end < clock->end;
}

static int
by_size(const void *a, const void *b)
{
    const uint64_t *one = a, *other = b;

    return (*one > *other) - (*one < *other);
}

uint64_t
clock_median(struct clock *clock)
{
    qsort(clock->took, clock->count, sizeof clock->took[0], by_size);
    return clock->took[clock->count / 2];
}
