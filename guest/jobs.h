// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/** @file
 * Jobs: shell commands with their input and output, and what of it moves when.
 *
 * A job is over for the host when its command has ended and what the command wrote was sent. What
 * it left running may go on writing to the same pipes: that is read, and dropped, to the end.
 */
#ifndef VSK_GUEST_JOBS_H
#define VSK_GUEST_JOBS_H

#include <poll.h>

#include "frames.h"

/** How many jobs there may be at once. */
#define JOBS_MOST 64
/** What jobs_poll fills at most. */
#define JOBS_POLLS (3 * JOBS_MOST)

/**
 * Do what a frame of the host asks of a job.
 *
 * @param frame any but HALT
 */
void jobs_take(const struct frame *frame);

/** Hear which commands have ended: SIGCHLD came. */
void jobs_reap(void);

/**
 * Say what the jobs wait for.
 *
 * @param polls JOBS_POLLS of them; unused ones get the descriptor -1
 */
void jobs_poll(struct pollfd *polls);

/**
 * Move what can be moved, and tell which jobs are over.
 *
 * @param polls as poll left them
 */
void jobs_move(const struct pollfd *polls);

#endif
