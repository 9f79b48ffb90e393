/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Timers: one deadline for each slot of a role's table, on the caller's clock.
 * A heap, in two arrays of the caller's, has the earliest one on top; of equal
 * deadlines the lowest slot's comes first, so that a run can be repeated.
 *
 *     heap      earliest | 2 later ones | 4 later ones | ...
 *     place     for each slot: where in the heap it is, + 1; or 0
 *
 * The clock counts nanoseconds from anywhere; nothing runs out by itself, and
 * vsk_timers_expire has to be called whenever vsk_timers_next says so, packets
 * or not. While the rings are stopped the timers stand still: stop and start
 * enclose that time, and it does not count. A clock that goes back makes
 * timers late, nothing else.
 */
#ifndef VSK_TIMERS_H
#define VSK_TIMERS_H

#include "vsk/conn.h"

#define VSK_TIMERS_MAX (1u << 30) /**< slots at most */

/** A timer that runs. */
typedef struct vsk_timer {
    uint64_t deadline; /**< time at which it runs out */
    uint32_t slot;     /**< whose it is */
} vsk_timer;

/** The timers of a role. */
typedef struct vsk_timers {
    vsk_timer *heap;     /**< the caller's: none is before its parent */
    uint32_t *place;     /**< the caller's: index in heap + 1, 0 is no timer */
    uint32_t capacity;   /**< slots */
    uint32_t count;      /**< timers that run now */
    bool stopped;        /**< they stand still */
    uint64_t stopped_at; /**< since when */
} vsk_timers;

/**
 * Begin without a timer, not stopped.
 *
 * @param timers written
 * @param heap room for a timer for each slot, the caller's
 * @param place room for an entry for each slot, the caller's; all of it is
 * written
 * @param capacity slots, 1 to VSK_TIMERS_MAX
 * @return VSK_OK, or VSK_ERR_ARGUMENT
 */
VSK_API vsk_status vsk_timers_init(vsk_timers *timers, vsk_timer *heap,
                                   uint32_t *place, uint32_t capacity);

/**
 * Let a slot's timer run out at a time from now; one that runs is moved.
 * While the timers stand still, the delay begins at the start.
 *
 * @param timers to change
 * @param slot 0 to capacity - 1
 * @param now time in nanoseconds
 * @param delay nanoseconds; a deadline beyond 2^64 - 1 is at 2^64 - 1
 * @return VSK_OK, or VSK_ERR_ARGUMENT where there is no such slot
 */
VSK_API vsk_status vsk_timers_set(vsk_timers *timers, uint32_t slot,
                                  uint64_t now, uint64_t delay);

/**
 * Take a slot's timer out, running or not.
 *
 * @param timers to change
 * @param slot any number
 */
VSK_API void vsk_timers_cancel(vsk_timers *timers, uint32_t slot);

/**
 * Tell whether a slot's timer runs, or would if the timers did not stand
 * still.
 *
 * @param timers to look at
 * @param slot any number
 * @return true from set until it is canceled or taken out by expire
 */
VSK_API bool vsk_timers_pending(const vsk_timers *timers, uint32_t slot);

/**
 * Say when the next timer runs out: how long the caller may sleep.
 *
 * @param timers to look at
 * @param deadline written on success: time in nanoseconds, perhaps past
 * @return VSK_OK, or VSK_NONE where no timer runs or they stand still
 */
VSK_API vsk_status vsk_timers_next(const vsk_timers *timers,
                                   uint64_t *deadline);

/**
 * Take out the earliest timer that has run out. Call it until VSK_NONE.
 *
 * @param timers gives up the timer
 * @param now time in nanoseconds; a deadline of now has run out
 * @param slot written on success: whose it was
 * @return VSK_OK, or VSK_NONE where none has run out or they stand still
 */
VSK_API vsk_status vsk_timers_expire(vsk_timers *timers, uint64_t now,
                                     uint32_t *slot);

/**
 * Let the timers stand still. Where they do already, nothing changes.
 *
 * @param timers to change
 * @param now time in nanoseconds
 */
VSK_API void vsk_timers_stop(vsk_timers *timers, uint64_t now);

/**
 * Let the timers go on with what was left of each when they were stopped. One
 * that had run out by then is due at now. Where they run, nothing changes.
 *
 * @param timers to change
 * @param now time in nanoseconds, on another clock too: that of the host where
 * a saved device is restored
 */
VSK_API void vsk_timers_start(vsk_timers *timers, uint64_t now);

#endif
