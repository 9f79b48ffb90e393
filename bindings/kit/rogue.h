/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Rogue: an end of a vhost-user socket that keeps no rule. It does what a text
 * says, a step in each line, and tells how the other side took it:
 *
 *     start                       what a good driver, or device, says first
 *     tx op=RW len=99             a packet with any field wrong
 *     expect op=RST               what must come of it
 *
 * It waits by itself, with a deadline for everything that it waits for.
 */
#ifndef KIT_ROGUE_H
#define KIT_ROGUE_H

#include "kit/kit.h"

/* How steps are done. */
typedef struct kit_rogue_how {
    const char *path; /* of the socket file */
    bool listens;     /* it is a device, and waits there for a guest */
    bool answered;    /* a REQUEST to the port is answered: alive wants that */
    uint32_t port;    /* of the other side; behind it somebody may answer */
    uint32_t within;  /* milliseconds to wait for what must come */
} kit_rogue_how;

/* Do steps. What comes of it: a line each for the verdict - pass, fail, reject
 * or skip -, the step's number from 1 on, 0: none, and what was seen; then the
 * packets as a pcapng file. VSK_ERR_ARGUMENT: a line is no step; why says it.
 * VSK_ERR_SYSTEM: the socket cannot be reached. */
vsk_status kit_rogue_run(const kit_rogue_how *how, const void *steps,
                         size_t size, kit_bytes *bytes, kit_why *why);

/* An attack that is known. */
typedef struct kit_attack {
    const char *name;
    const char *family;  /* ring, header, credit, state, vhost */
    const char *role;    /* which one is attacked: device or guest */
    const char *clauses; /* that it breaks, by a blank */
    const char *wanted;  /* the reaction that is right */
    const char *right;   /* verdicts that are, by a blank */
    const char *report;  /* a public one, or empty */
    const char *steps;
} kit_attack;

/* The attacks, in their order; NULL behind the last. */
const kit_attack *kit_attack_at(uint32_t index);

/* All that is known of one, in the order above, a zero byte behind each;
 * VSK_NONE behind the last. */
vsk_status kit_attack_text(uint32_t index, kit_bytes *bytes);

#endif
