/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Schedules: two sides of a ring, each a program of its own over the real
 * core, in every order that their accesses to shared memory may have, and
 * with every store that each load may see (order.h).
 *
 *     side 0   run from its start ... known answers ... | next access
 *     side 1   run from its start ... known answers ...        | next access
 *                                                       choose one, go on
 *
 * A side does the same whenever it sees the same, so it needs no stack of its
 * own: it runs again from its start with the answers that it has had. States
 * that were met before are not gone into again; a state is what both sides
 * have seen, as a hash of 64 bits.
 */
#ifndef VSK_TESTS_SCHEDULES_H
#define VSK_TESTS_SCHEDULES_H

#include "order.h"

/** Accesses that lose their order on purpose, to see that it is missed. */
#define WEAK_RELEASE 1u
#define WEAK_ACQUIRE 2u
#define WEAK_DECIDE 4u /* the fence before a decision to notify */
#define WEAK_ASK 8u    /* the fence behind a wish for notifications */

/** What is tried, and what came of it. */
struct schedules {
    void (*sides[2])(void *context); /**< a program for each side */
    void *context;                   /**< theirs */
    bool (*is_owned)(const void *context, const void *at); /**< a field that
                                            one side owns at a time */
    unsigned weak[2];  /**< WEAK_* of each side */
    bool every;        /**< owned fields too are left to be ordered */
    uint64_t most;     /**< states to go into before it is given up */
    uint64_t states;   /**< written: states gone into */
    double count;      /**< written: schedules, ways through all of them */
    uint32_t length;   /**< written: accesses of the longest one */
    const char *wrong; /**< written: NULL, or what was found wrong */
};

/** Try all schedules, up to the first one that is wrong. */
void schedules_try(struct schedules *schedules);

/** Print the schedule that was found wrong, an access a line. */
void schedules_print(const struct schedules *schedules);

/* ---- for the sides ---- */

/** End this schedule: something is wrong. */
_Noreturn void schedules_fail(const char *words);

/** Wake the other side; sleep until it does. */
void schedules_ring(void);
void schedules_wait(void);

/** Say all that a side goes on with, of so many bytes, a multiple of 8: where
 * it comes by in a loop, however it came there it goes on in the same way. */
void schedules_here(const void *state, size_t size);

/** Say which fence comes next: WEAK_DECIDE or WEAK_ASK. */
void schedules_doing(unsigned weak);

/** What the side has seen since then of what the other one wants, if it has
 * looked. */
bool schedules_looked(uint32_t *word);

#endif
