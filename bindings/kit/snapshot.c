/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* All of a lab is copied, and comes back in place: pointers into arenas and
 * guest memory stay right. Not rewound are the trace, and the numbers that
 * name things: ids of timers, handles of connections, hooks called. */
#include <stdlib.h>
#include <string.h>

#include "kit/lab.h"

/* A role, with its own copy of all that a kit_role owns, and of the arena. */
typedef struct saved_role {
    kit_role role;
    uint8_t *arena;
} saved_role;

struct kit_snapshot {
    kit_lab *lab;
    vsk_lab core;
    vsk_lab_pair *pairs;
    kit_after *afters;
    uint32_t after_count;
    uint32_t turn;
    kit_role *last;
    uint64_t told;
    saved_role *roles; /* a device, its guest, the next device ... */
    uint32_t role_count;
    uint8_t **memories; /* one for each pair: all regions */
};

/* ---- taking ---- */

/* The bytes of all regions, one behind the other; NULL: no memory left. */
static uint8_t *
copy_memory(const kit_memory *memory)
{
    size_t size = 0;
    uint8_t *copy;

    for (uint32_t i = 0; i < memory->memory.count; i++)
        size += memory->blocks[i]->size;
    copy = malloc(size != 0 ? size : 1);
    if (copy == NULL)
        return NULL;
    size = 0;
    for (uint32_t i = 0; i < memory->memory.count; i++) {
        memcpy(copy + size, memory->blocks[i]->data, memory->blocks[i]->size);
        size += memory->blocks[i]->size;
    }
    return copy;
}

static vsk_status
save_role(saved_role *saved, const kit_role *role)
{
    vsk_status status;

    saved->arena = malloc(role->arena->size);
    if (saved->arena == NULL)
        return VSK_ERR_NOMEM;
    status = kit_role_copy(&saved->role, role);
    if (status != VSK_OK) {
        free(saved->arena);
        return status;
    }
    memcpy(saved->arena, role->arena->data, role->arena->size);
    return VSK_OK;
}

static vsk_status
save_roles(kit_snapshot *snapshot, const kit_lab *lab)
{
    vsk_status status = VSK_OK;

    snapshot->roles =
        calloc(2 * (size_t)lab->lab.count + 1, sizeof(saved_role));
    snapshot->memories =
        calloc((size_t)lab->lab.count + 1, sizeof *snapshot->memories);
    if (snapshot->roles == NULL || snapshot->memories == NULL)
        return VSK_ERR_NOMEM;
    for (uint32_t i = 0; i < 2 * lab->lab.count && status == VSK_OK; i++) {
        status = save_role(&snapshot->roles[i], lab->host.roles[i]);
        if (status == VSK_OK)
            snapshot->role_count++;
    }
    for (uint32_t i = 0; i < lab->lab.count && status == VSK_OK; i++) {
        snapshot->memories[i] = copy_memory(lab->host.roles[2 * i]->memory);
        if (snapshot->memories[i] == NULL)
            status = VSK_ERR_NOMEM;
    }
    return status;
}

static vsk_status
save_lab(kit_snapshot *snapshot, const kit_lab *lab)
{
    snapshot->core = lab->lab;
    snapshot->after_count = lab->host.after_count;
    snapshot->turn = lab->host.turn;
    snapshot->last = lab->host.last;
    snapshot->told = lab->host.told;
    snapshot->pairs = calloc((size_t)lab->lab.count + 1, sizeof(vsk_lab_pair));
    snapshot->afters =
        calloc((size_t)lab->host.after_count + 1, sizeof *snapshot->afters);
    if (snapshot->pairs == NULL || snapshot->afters == NULL)
        return VSK_ERR_NOMEM;
    if (lab->lab.count != 0)
        memcpy(snapshot->pairs, lab->pairs,
               lab->lab.count * sizeof *snapshot->pairs);
    if (lab->host.after_count != 0)
        memcpy(snapshot->afters, lab->host.afters,
               lab->host.after_count * sizeof *snapshot->afters);
    return VSK_OK;
}

/* Whether the lab stands between events, with its memories there. */
static vsk_status
check(const kit_lab *lab)
{
    if (!lab->host.started)
        return VSK_ERR_STATE;
    for (uint32_t i = 0; i < lab->lab.count; i++)
        if (lab->host.roles[2 * i]->memory->closed)
            return VSK_ERR_CLOSED;
    return VSK_OK;
}

vsk_status
kit_lab_snapshot(kit_lab *lab, kit_snapshot **snapshot)
{
    vsk_status status = check(lab);
    kit_snapshot *fresh;

    if (status != VSK_OK)
        return status;
    fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    fresh->lab = lab;
    (void)kit_host_ref(&lab->host);
    status = save_lab(fresh, lab);
    if (status == VSK_OK)
        status = save_roles(fresh, lab);
    if (status != VSK_OK) {
        kit_snapshot_delete(fresh);
        return status;
    }
    *snapshot = fresh;
    return VSK_OK;
}

uint64_t
kit_snapshot_told(const kit_snapshot *snapshot, const kit_lab *lab)
{
    return lab->host.told - snapshot->told;
}

void
kit_snapshot_delete(kit_snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    for (uint32_t i = 0; i < snapshot->role_count; i++) {
        kit_role_drop(&snapshot->roles[i].role);
        free(snapshot->roles[i].arena);
    }
    for (uint32_t i = 0;
         snapshot->memories != NULL && i < snapshot->lab->lab.count; i++)
        free(snapshot->memories[i]);
    free(snapshot->memories);
    free(snapshot->roles);
    free(snapshot->pairs);
    free(snapshot->afters);
    kit_host_unref(&snapshot->lab->host);
    free(snapshot);
}

/* ---- going back ---- */

/* What is allocated before anything is changed. */
typedef struct role_plan {
    kit_role role;   /* becomes the role */
    vsk_slot *later; /* room for the table as it is before that */
} role_plan;

static vsk_status
plan_role(role_plan *plan, const kit_role *saved)
{
    vsk_status status;

    plan->later = malloc(saved->endpoint->table.capacity * sizeof *plan->later);
    if (plan->later == NULL)
        return VSK_ERR_NOMEM;
    status = kit_role_copy(&plan->role, saved);
    if (status != VSK_OK)
        free(plan->later);
    return status;
}

static vsk_status
plan_roles(role_plan *plans, const kit_snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->role_count; i++) {
        vsk_status status = plan_role(&plans[i], &snapshot->roles[i].role);

        if (status == VSK_OK)
            continue;
        while (i-- != 0) {
            kit_role_drop(&plans[i].role);
            free(plans[i].later);
        }
        return status;
    }
    return VSK_OK;
}

static void
rewind_role(kit_role *role, const saved_role *saved, role_plan *plan)
{
    vsk_table *table = &role->endpoint->table;
    vsk_table later = *table;

    kit_role_put_back(role, &plan->role);
    memcpy(plan->later, table->slots, table->capacity * sizeof *plan->later);
    later.slots = plan->later;
    memcpy(role->arena->data, saved->arena, role->arena->size);
    /* Capacities are equal: it cannot fail. */
    (void)vsk_table_rewind(table, &later);
    free(plan->later);
}

static void
rewind_memory(const kit_memory *memory, const uint8_t *saved)
{
    for (uint32_t i = 0; i < memory->memory.count; i++) {
        memcpy(memory->blocks[i]->data, saved, memory->blocks[i]->size);
        saved += memory->blocks[i]->size;
    }
}

static void
rewind_lab(kit_lab *lab, const kit_snapshot *snapshot)
{
    lab->lab = snapshot->core;
    lab->host.after_count = snapshot->after_count;
    lab->host.turn = snapshot->turn;
    lab->host.last = snapshot->last;
    if (lab->lab.count != 0)
        memcpy(lab->pairs, snapshot->pairs,
               lab->lab.count * sizeof *snapshot->pairs);
    /* The heap never shrinks: what was in it has room. */
    if (snapshot->after_count != 0)
        memcpy(lab->host.afters, snapshot->afters,
               snapshot->after_count * sizeof *snapshot->afters);
}

vsk_status
kit_lab_rewind(kit_lab *lab, const kit_snapshot *snapshot)
{
    vsk_status status = check(lab);
    role_plan *plans;

    if (status != VSK_OK)
        return status;
    if (snapshot->lab != lab)
        return VSK_ERR_ARGUMENT;
    plans = calloc((size_t)snapshot->role_count + 1, sizeof *plans);
    if (plans == NULL)
        return VSK_ERR_NOMEM;
    status = plan_roles(plans, snapshot);
    if (status == VSK_OK) {
        for (uint32_t i = 0; i < snapshot->role_count; i++)
            rewind_role(lab->host.roles[i], &snapshot->roles[i], &plans[i]);
        for (uint32_t i = 0; i < lab->lab.count; i++)
            rewind_memory(lab->host.roles[2 * i]->memory,
                          snapshot->memories[i]);
        rewind_lab(lab, snapshot);
    }
    free(plans);
    return status;
}
