/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Labs for scripts: the core's lab with its memories, and snapshots.
 */
#ifndef KIT_LAB_H
#define KIT_LAB_H

#include "kit/host.h"
#include "vsk/capture.h"

/* A lab: script type Lab. Its roles are in pairs: a device, then its guest. */
struct kit_lab {
    kit_host host;
    vsk_lab lab;
    vsk_lab_pair *pairs;
};

/* All of a lab at a moment between events: script type Snapshot. */
typedef struct kit_snapshot kit_snapshot;

/* lab.c: what it is made of */
vsk_status kit_lab_new(uint64_t seed, uint64_t trace_limit, kit_lab **lab);
/* Another guest and the device's side for it, on a new memory of so many
 * bytes; before the start. */
vsk_status kit_lab_add(kit_lab *lab, const kit_role_options *device,
                       const kit_role_options *guest, uint64_t memory_size);
vsk_status kit_lab_start(kit_lab *lab);
/* New references; VSK_ERR_ARGUMENT for a pair that is not there. */
vsk_status kit_lab_device(kit_lab *lab, uint32_t pair, kit_role **role);
vsk_status kit_lab_guest(kit_lab *lab, uint32_t pair, kit_role **role);
/* Switch a fault by its name in vsk_faults; VSK_ERR_ARGUMENT for others. */
vsk_status kit_lab_set_fault(kit_lab *lab, const char *name, uint64_t value);
vsk_status kit_lab_fault(const kit_lab *lab, const char *name, uint64_t *value);
uint64_t kit_lab_random(kit_lab *lab, uint64_t below);

/* role_copy.c: all that a role owns beside its arena */
/* A copy in a struct of the caller's, to be dropped or put back. */
vsk_status kit_role_copy(kit_role *copy, const kit_role *role);
void kit_role_drop(kit_role *copy);
/* Make a role what a copy is, which is used up. Connections that scripts hold
 * and the copy does not know are over: TRANSPORT. Before the arena's turn. */
void kit_role_put_back(kit_role *role, kit_role *copy);

/* snapshot.c: calls for between events */
vsk_status kit_lab_snapshot(kit_lab *lab, kit_snapshot **snapshot);
vsk_status kit_lab_rewind(kit_lab *lab, const kit_snapshot *snapshot);
/* Hooks that were called since it was taken. */
uint64_t kit_snapshot_told(const kit_snapshot *snapshot, const kit_lab *lab);
void kit_snapshot_delete(kit_snapshot *snapshot);

#endif
