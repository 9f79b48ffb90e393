/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/timers.h"

#include <string.h>

static bool
before(const vsk_timer *a, const vsk_timer *b)
{
    if (a->deadline != b->deadline)
        return a->deadline < b->deadline;
    return a->slot < b->slot;
}

static uint64_t
later(uint64_t now, uint64_t delay)
{
    return delay > UINT64_MAX - now ? UINT64_MAX : now + delay;
}

static void
put(vsk_timers *timers, uint32_t at, const vsk_timer *timer)
{
    timers->heap[at] = *timer;
    timers->place[timer->slot] = at + 1;
}

/* Put a timer in at a hole, or above it, as far up as it belongs. */
static void
rise(vsk_timers *timers, uint32_t hole, vsk_timer timer)
{
    while (hole > 0) {
        uint32_t parent = (hole - 1) / 2;

        if (!before(&timer, &timers->heap[parent]))
            break;
        put(timers, hole, &timers->heap[parent]);
        hole = parent;
    }
    put(timers, hole, &timer);
}

/* Put a timer in at a hole, or below it, as far down as it belongs. */
static void
sink(vsk_timers *timers, uint32_t hole, vsk_timer timer)
{
    for (uint32_t child = 2 * hole + 1; child < timers->count;
         child = 2 * hole + 1) {
        if (child + 1 < timers->count &&
            before(&timers->heap[child + 1], &timers->heap[child]))
            child++;
        if (!before(&timers->heap[child], &timer))
            break;
        put(timers, hole, &timers->heap[child]);
        hole = child;
    }
    put(timers, hole, &timer);
}

/* Put a timer in at a hole, or where it belongs above or below. */
static void
settle(vsk_timers *timers, uint32_t hole, vsk_timer timer)
{
    if (hole > 0 && before(&timer, &timers->heap[(hole - 1) / 2]))
        rise(timers, hole, timer);
    else
        sink(timers, hole, timer);
}

vsk_status
vsk_timers_init(vsk_timers *timers, vsk_timer *heap, uint32_t *place,
                uint32_t capacity)
{
    if (capacity == 0 || capacity > VSK_TIMERS_MAX)
        return VSK_ERR_ARGUMENT;
    memset(place, 0, capacity * sizeof place[0]);
    *timers = (vsk_timers){.heap = heap, .place = place, .capacity = capacity};
    return VSK_OK;
}

vsk_status
vsk_timers_set(vsk_timers *timers, uint32_t slot, uint64_t now, uint64_t delay)
{
    vsk_timer timer = {.slot = slot};

    if (slot >= timers->capacity)
        return VSK_ERR_ARGUMENT;
    timer.deadline = later(timers->stopped ? timers->stopped_at : now, delay);
    if (timers->place[slot] != 0)
        settle(timers, timers->place[slot] - 1, timer);
    else
        rise(timers, timers->count++, timer);
    return VSK_OK;
}

void
vsk_timers_cancel(vsk_timers *timers, uint32_t slot)
{
    uint32_t hole;

    if (!vsk_timers_pending(timers, slot))
        return;
    hole = timers->place[slot] - 1;
    timers->place[slot] = 0;
    timers->count--;
    if (hole < timers->count)
        settle(timers, hole, timers->heap[timers->count]);
}

bool
vsk_timers_pending(const vsk_timers *timers, uint32_t slot)
{
    return slot < timers->capacity && timers->place[slot] != 0;
}

vsk_status
vsk_timers_next(const vsk_timers *timers, uint64_t *deadline)
{
    if (timers->count == 0 || timers->stopped)
        return VSK_NONE;
    *deadline = timers->heap[0].deadline;
    return VSK_OK;
}

vsk_status
vsk_timers_expire(vsk_timers *timers, uint64_t now, uint32_t *slot)
{
    uint64_t deadline;
    uint32_t first;

    if (vsk_timers_next(timers, &deadline) != VSK_OK || deadline > now)
        return VSK_NONE;
    first = timers->heap[0].slot;
    vsk_timers_cancel(timers, first);
    *slot = first;
    return VSK_OK;
}

void
vsk_timers_stop(vsk_timers *timers, uint64_t now)
{
    if (timers->stopped)
        return;
    timers->stopped = true;
    timers->stopped_at = now;
}

void
vsk_timers_start(vsk_timers *timers, uint64_t now)
{
    if (!timers->stopped)
        return;
    timers->stopped = false;
    for (uint32_t i = 0; i < timers->count; i++) {
        uint64_t *deadline = &timers->heap[i].deadline;

        *deadline = later(now, *deadline > timers->stopped_at
                                   ? *deadline - timers->stopped_at
                                   : 0);
    }
    /* Deadlines that differed may be equal now: slots decide. */
    for (uint32_t i = timers->count / 2; i > 0; i--)
        sink(timers, i - 1, timers->heap[i - 1]);
}
