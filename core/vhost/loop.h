/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Loop: everything that an object waits for behind one descriptor, which
 * becomes readable when there is something to do: descriptors, a deadline,
 * and work that is known of already. Clocks count nanoseconds (monotonic).
 */
#ifndef VSK_VHOST_LOOP_H
#define VSK_VHOST_LOOP_H

#include <stdint.h>

#include "vsk/status.h"

#define VSK_LOOP_IN 1u     /**< readable, ended or failed */
#define VSK_LOOP_OUT 2u    /**< writable */
#define VSK_LOOP_BATCH 16u /**< descriptors that one look tells of */

/** What one waits for. */
typedef struct vsk_loop {
    int fd;            /**< epoll: what the outside waits for */
    int timer;         /**< timerfd in it */
    uint64_t deadline; /**< it is set to; UINT64_MAX: none */
} vsk_loop;

/** A descriptor on which something happened. */
typedef struct vsk_ready {
    uint64_t tag;  /**< the caller's */
    uint32_t what; /**< VSK_LOOP_IN, VSK_LOOP_OUT */
} vsk_ready;

/**
 * Begin with nothing to wait for.
 *
 * @param loop written on success
 * @return VSK_OK or VSK_ERR_SYSTEM
 */
VSK_API vsk_status vsk_loop_init(vsk_loop *loop);

/**
 * End: the outside waits for nothing any more.
 *
 * @param loop changed; twice is no error
 */
VSK_API void vsk_loop_close(vsk_loop *loop);

/**
 * Wait for a descriptor, or wait for something else on it.
 *
 * @param loop changed
 * @param fd pollable; the caller removes it before it closes it
 * @param what VSK_LOOP_IN, VSK_LOOP_OUT, both, or 0
 * @param tag comes back with it; not UINT64_MAX
 * @return VSK_OK, or VSK_ERR_SYSTEM where it cannot be waited for
 */
VSK_API vsk_status vsk_loop_watch(vsk_loop *loop, int fd, uint32_t what,
                                  uint64_t tag);

/**
 * Wait for a descriptor no more.
 *
 * @param loop changed
 * @param fd that was watched; -1 is none
 */
VSK_API void vsk_loop_unwatch(vsk_loop *loop, int fd);

/**
 * Become readable at a time; only the last call counts.
 *
 * @param loop changed
 * @param deadline nanoseconds on vsk_loop_now; 0: at once, UINT64_MAX: never
 */
VSK_API void vsk_loop_alarm(vsk_loop *loop, uint64_t deadline);

/**
 * Look what happened, without waiting.
 *
 * @param loop to look at; a deadline that has passed is none any more
 * @param ready written: VSK_LOOP_BATCH entries at most
 * @return entries written
 */
VSK_API uint32_t vsk_loop_look(vsk_loop *loop, vsk_ready *ready);

/**
 * Wait until the loop's descriptor is readable.
 *
 * @param loop to wait for
 * @param timeout nanoseconds at most; UINT64_MAX: as long as it takes
 * @return VSK_OK; VSK_NONE after the timeout, or when a signal came
 */
VSK_API vsk_status vsk_loop_wait(const vsk_loop *loop, uint64_t timeout);

/**
 * Read the clock.
 *
 * @return monotonic nanoseconds
 */
VSK_API uint64_t vsk_loop_now(void);

#endif
