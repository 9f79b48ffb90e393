/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a lab is made of, and what may be switched on it. */
#include "kit/lab.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

vsk_status
kit_lab_new(uint64_t seed, uint64_t trace_limit, kit_lab **lab)
{
    kit_lab *fresh = calloc(1, sizeof *fresh);

    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    fresh->references = 1;
    fresh->trace.limit = trace_limit;
    vsk_lab_init(&fresh->lab, NULL, 0, seed);
    *lab = fresh;
    return VSK_OK;
}

kit_lab *
kit_lab_ref(kit_lab *lab)
{
    lab->references++;
    return lab;
}

/* A script may hold it for longer: nothing of the lab's may be left in it. */
static void
detach(kit_role *role)
{
    if (role->device != NULL)
        role->device->tap = (vsk_tap){0};
    role->lab = NULL;
    kit_role_unref(role);
}

void
kit_lab_unref(kit_lab *lab)
{
    if (lab == NULL || --lab->references != 0)
        return;
    for (uint32_t i = 0; i < lab->count; i++) {
        detach(lab->devices[i]);
        detach(lab->guests[i]);
    }
    kit_trace_clear(&lab->trace);
    free(lab->afters);
    free(lab->devices);
    free(lab->guests);
    free(lab->pairs);
    free(lab);
}

/* ---- pairs ---- */

/* Room for one pair more. */
static vsk_status
grow(kit_lab *lab)
{
    size_t count = (size_t)lab->count + 1;
    vsk_lab_pair *pairs = realloc(lab->pairs, count * sizeof *pairs);
    kit_role **roles;

    if (pairs == NULL)
        return VSK_ERR_NOMEM;
    lab->pairs = pairs;
    lab->lab.pairs = pairs;
    roles = realloc(lab->devices, count * sizeof *roles);
    if (roles == NULL)
        return VSK_ERR_NOMEM;
    lab->devices = roles;
    roles = realloc(lab->guests, count * sizeof *roles);
    if (roles == NULL)
        return VSK_ERR_NOMEM;
    lab->guests = roles;
    return VSK_OK;
}

/* Begin anew with all pairs: what was switched and drawn so far stays. */
static void
begin(kit_lab *lab)
{
    uint64_t random = lab->lab.random;
    vsk_faults faults = lab->lab.faults;
    uint64_t now = lab->lab.now;

    vsk_lab_init(&lab->lab, lab->pairs, lab->count, random);
    lab->lab.faults = faults;
    lab->lab.now = now;
    lab->lab.show_packets = true;
    lab->lab.tap = (vsk_tap){kit_trace_see, &lab->trace};
}

static void
attach(kit_lab *lab, kit_role *role, kit_memory *memory)
{
    role->lab = lab;
    role->pair = lab->count;
    role->memory = kit_memory_ref(memory);
}

static void
add_pair(kit_lab *lab, kit_role *device, kit_role *guest, kit_memory *memory)
{
    attach(lab, device, memory);
    attach(lab, guest, memory);
    vsk_device_set_memory(device->device, &memory->memory);
    lab->devices[lab->count] = device;
    lab->guests[lab->count] = guest;
    lab->pairs[lab->count] =
        (vsk_lab_pair){.device = device->device, .guest = guest->guest};
    lab->count++;
    begin(lab);
}

vsk_status
kit_lab_add(kit_lab *lab, const kit_role_options *device,
            const kit_role_options *guest, uint64_t memory_size)
{
    const vsk_range range = {0, memory_size};
    uint64_t random = lab->lab.random;
    kit_role *roles[2] = {NULL, NULL};
    kit_memory *memory = NULL;
    vsk_status status = lab->started ? VSK_ERR_STATE : grow(lab);

    if (status == VSK_OK)
        status = kit_memory_new(&range, 1, 0, &memory);
    if (status == VSK_OK)
        status = kit_role_new(device, false, kit_lab_random(lab, UINT64_MAX),
                              &roles[0]);
    if (status == VSK_OK)
        status = kit_role_new(guest, true, kit_lab_random(lab, UINT64_MAX),
                              &roles[1]);
    if (status == VSK_OK) {
        add_pair(lab, roles[0], roles[1], memory);
    } else {
        if (roles[0] != NULL)
            kit_role_unref(roles[0]);
        lab->lab.random = random;
    }
    kit_memory_unref(memory);
    return status;
}

static vsk_status
start_pair(kit_lab *lab, uint32_t pair)
{
    kit_role *guest = lab->guests[pair];
    const vsk_memory *memory = &guest->memory->memory;
    vsk_status status = VSK_OK;

    /* One that is open, after a start that failed, gives all ranges back. */
    if (!guest->guest->open)
        status = vsk_pool_init(guest->pool, memory, guest->pool_table,
                               guest->pool_table_size);
    if (status == VSK_OK && !guest->guest->open)
        status = kit_role_share(guest);
    if (status == VSK_OK)
        status = vsk_lab_start(&lab->lab, pair, memory, guest->pool);
    return status;
}

vsk_status
kit_lab_start(kit_lab *lab)
{
    vsk_status status = lab->started ? VSK_ERR_STATE : VSK_OK;

    for (uint32_t i = 0; status == VSK_OK && i < lab->count; i++)
        status = start_pair(lab, i);
    if (status == VSK_OK)
        lab->started = true;
    return status;
}

vsk_status
kit_lab_device(kit_lab *lab, uint32_t pair, kit_role **role)
{
    if (pair >= lab->count)
        return VSK_ERR_ARGUMENT;
    *role = kit_role_ref(lab->devices[pair]);
    return VSK_OK;
}

vsk_status
kit_lab_guest(kit_lab *lab, uint32_t pair, kit_role **role)
{
    if (pair >= lab->count)
        return VSK_ERR_ARGUMENT;
    *role = kit_role_ref(lab->guests[pair]);
    return VSK_OK;
}

uint64_t
kit_lab_now(const kit_lab *lab)
{
    return lab->lab.now;
}

uint64_t
kit_lab_random(kit_lab *lab, uint64_t below)
{
    return vsk_lab_random(&lab->lab, below);
}

/* ---- faults ---- */

typedef struct fault {
    const char *name;
    size_t offset; /* in vsk_faults */
    size_t width;  /* bytes: 4 or 8 */
} fault;

#define FAULT(name)                                                            \
    {                                                                          \
#name, offsetof(vsk_faults, name), sizeof(((vsk_faults *)NULL)->name)  \
    }

static const fault table[] = {
    FAULT(delay),  FAULT(hold),     FAULT(lose_kicks), FAULT(starve),
    FAULT(shrink), FAULT(flip),     FAULT(duplicate),  FAULT(reorder),
    FAULT(lie),    FAULT(scribble),
};

static const fault *
find_fault(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

vsk_status
kit_lab_set_fault(kit_lab *lab, const char *name, uint64_t value)
{
    const fault *found = find_fault(name);
    uint8_t *member;
    uint32_t narrow = (uint32_t)value;

    if (found == NULL || (found->width == sizeof narrow && narrow != value))
        return VSK_ERR_ARGUMENT;
    member = (uint8_t *)&lab->lab.faults + found->offset;
    if (found->width == sizeof narrow)
        memcpy(member, &narrow, sizeof narrow);
    else
        memcpy(member, &value, sizeof value);
    return VSK_OK;
}

vsk_status
kit_lab_fault(const kit_lab *lab, const char *name, uint64_t *value)
{
    const fault *found = find_fault(name);
    const uint8_t *member;
    uint32_t narrow;

    if (found == NULL)
        return VSK_ERR_ARGUMENT;
    member = (const uint8_t *)&lab->lab.faults + found->offset;
    if (found->width == sizeof narrow) {
        memcpy(&narrow, member, sizeof narrow);
        *value = narrow;
    } else {
        memcpy(value, member, sizeof *value);
    }
    return VSK_OK;
}
