/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Trace rig: what passes in a test, for the checker of the protocol. Where
 * VSK_TRACES names a folder, each section of a trace becomes a capture in it:
 * the packets of one guest, from one reset of the device to the next, 10,000
 * at most. A list tells which case it is of. tests/judge has them judged.
 */
#ifndef VSK_TESTS_TRACE_RIG_H
#define VSK_TESTS_TRACE_RIG_H

#include "rig.h"

#include "vsk/capture.h"
#include "vsk/trace.h"

#define RIG_SECTIONS 4u /* CIDs that guests of a test have */

/** The trace of a test; all 0 to begin with. */
struct rig_trace {
    uint32_t only; /**< CID that the rules bind, where a test makes the other
                        side's packets itself; 0: they bind everybody */
    bool middle;   /**< the next section begins in the middle of connections */
    struct {
        FILE *file;     /**< NULL: no section */
        uint32_t cid;   /**< of the guest */
        uint32_t count; /**< packets in it */
    } sections[RIG_SECTIONS];
};

/** Take what a tap is shown. */
void rig_trace_see(struct rig_trace *trace, const vsk_seen *seen);

/** A tap that does nothing else. */
vsk_tap rig_trace_tap(struct rig_trace *trace);

/** End a trace. */
void rig_trace_end(struct rig_trace *trace);

/** Say why no rule binds anybody in the case that runs. */
void rig_lawless(const char *why);

/** Run cases, which have neither setup nor teardown; how many failed. */
int rig_run_cases(const char *suite, const struct CMUnitTest *cases,
                  size_t count);

/** Run a table of cases. */
#define rig_run(suite, cases)                                                  \
    rig_run_cases(suite, cases, sizeof(cases) / sizeof *(cases))

#endif
