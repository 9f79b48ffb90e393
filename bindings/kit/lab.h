/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Labs for scripts: the core's lab with its memory, a trace of all that was
 * seen, timers for scripts, and snapshots.
 */
#ifndef KIT_LAB_H
#define KIT_LAB_H

#include "kit/role.h"
#include "vsk/capture.h"

/* One thing seen, kept. */
typedef struct kit_entry {
    vsk_seen_kind kind;
    uint64_t now;
    char *line;    /* vsk_trace_line */
    char *place;   /* vsk_trace_place, of a PACKET; else NULL */
    uint8_t *wire; /* header and payload of a PACKET; else NULL */
    uint32_t size; /* bytes in wire */
} kit_entry;

/* All that was seen, in order. */
typedef struct kit_trace {
    kit_entry *entries; /* a ring that grows: n is at n mod capacity */
    uint64_t capacity;
    uint64_t first; /* number of the oldest that is kept */
    uint64_t count; /* entries kept */
    uint64_t bytes; /* of packets that are kept */
    uint64_t limit; /* entries at most; older ones go */
    bool failed;    /* memory was short: something is missing */
} kit_trace;

/* A timer of the script's. */
typedef struct kit_after {
    uint64_t deadline;
    uint64_t id; /* in the order in which they were set */
} kit_after;

/* A lab: script type Lab. */
struct kit_lab {
    uint32_t references;
    vsk_lab lab;
    vsk_lab_pair *pairs;
    kit_role **devices; /* one for each pair */
    kit_role **guests;
    uint32_t count;
    bool started;
    bool running; /* an event is in a hook: set and cleared by its caller */
    kit_trace trace;
    kit_after *afters; /* a heap */
    uint32_t after_count;
    uint32_t after_capacity;
    uint64_t after_id;
    uint64_t told;  /* events that went to hooks */
    uint32_t turn;  /* role whose deliveries come first next time */
    kit_role *last; /* whose event is to be finished, or NULL */
};

/* All of a lab at a moment between events: script type Snapshot. */
typedef struct kit_snapshot kit_snapshot;

/* lab.c: what it is made of */
vsk_status kit_lab_new(uint64_t seed, uint64_t trace_limit, kit_lab **lab);
kit_lab *kit_lab_ref(kit_lab *lab);
/* The last reference: roles that scripts still hold lose their lab. */
void kit_lab_unref(kit_lab *lab);
/* Another guest and the device's side for it, on a new memory of so many
 * bytes; before the start. */
vsk_status kit_lab_add(kit_lab *lab, const kit_role_options *device,
                       const kit_role_options *guest, uint64_t memory_size);
vsk_status kit_lab_start(kit_lab *lab);
/* New references; VSK_ERR_ARGUMENT for a pair that is not there. */
vsk_status kit_lab_device(kit_lab *lab, uint32_t pair, kit_role **role);
vsk_status kit_lab_guest(kit_lab *lab, uint32_t pair, kit_role **role);
uint64_t kit_lab_now(const kit_lab *lab);
/* Switch a fault by its name in vsk_faults; VSK_ERR_ARGUMENT for others. */
vsk_status kit_lab_set_fault(kit_lab *lab, const char *name, uint64_t value);
vsk_status kit_lab_fault(const kit_lab *lab, const char *name, uint64_t *value);
uint64_t kit_lab_random(kit_lab *lab, uint64_t below);

/* lab_step.c: how it goes on */
/* One event, or one step on which no hook is called; VSK_NONE where nothing
 * happens up to limit, in nanoseconds. */
vsk_status kit_lab_step(kit_lab *lab, uint64_t limit, kit_event *event);
/* Give back what an event owns. */
void kit_event_clear(kit_event *event);
/* A timer of the script's: AFTER is told with its id. */
vsk_status kit_lab_after(kit_lab *lab, uint64_t delay, uint64_t *id);
/* VSK_NONE where it was told or canceled already. */
vsk_status kit_lab_cancel(kit_lab *lab, uint64_t id);

/* trace.c */
void kit_trace_see(void *trace, const vsk_seen *seen); /* a vsk_tap's */
void kit_trace_clear(kit_trace *trace);
/* Entry by its number from the beginning; NULL where it is not kept. */
const kit_entry *kit_trace_at(const kit_trace *trace, uint64_t number);
/* A packet's copy: VSK_NONE where the entry is none. */
vsk_status kit_trace_packet(const kit_trace *trace, uint64_t number,
                            kit_packet **packet);
/* All packets from a number on as pcapng, with their places as comments; with
 * head the file's beginning comes first. */
vsk_status kit_trace_pcapng(const kit_trace *trace, uint64_t number, bool head,
                            kit_bytes *bytes);
/* All lines, each with a line end. */
vsk_status kit_trace_text(const kit_trace *trace, kit_bytes *bytes);

/* role_copy.c: all that a role owns beside its arena */
/* A copy in a struct of the caller's, to be dropped or put back. */
vsk_status kit_role_copy(kit_role *copy, const kit_role *role);
void kit_role_drop(kit_role *copy);
/* Make a role what a copy is, which is used up. Connections that scripts hold
 * and the copy does not know are over: TRANSPORT. Before the arena's turn. */
void kit_role_put_back(kit_role *role, kit_role *copy);

/* snapshot.c: calls for between events, else VSK_ERR_HOOK */
vsk_status kit_lab_snapshot(kit_lab *lab, kit_snapshot **snapshot);
vsk_status kit_lab_rewind(kit_lab *lab, const kit_snapshot *snapshot);
/* Hooks that were called since it was taken. */
uint64_t kit_snapshot_told(const kit_snapshot *snapshot, const kit_lab *lab);
void kit_snapshot_delete(kit_snapshot *snapshot);

#endif
