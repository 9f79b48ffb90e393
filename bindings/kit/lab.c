/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a lab is made of, and what may be switched on it. */
#include "kit/lab.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- what hosts do ---- */

static kit_lab *
lab_of(kit_host *host)
{
    return (kit_lab *)host;
}

static uint64_t
lab_now(const kit_host *host)
{
    return ((const kit_lab *)host)->lab.now;
}

static void
lab_wake(kit_host *host, kit_role *role)
{
    vsk_lab_wake(&lab_of(host)->lab, role->pair,
                 role->is_guest ? VSK_SIDE_GUEST : VSK_SIDE_DEVICE);
}

static kit_role *
role_at(const kit_host *host, uint32_t pair, vsk_side side)
{
    return host->roles[2 * pair + (side == VSK_SIDE_GUEST)];
}

static vsk_status
lab_poll(kit_host *host, uint64_t limit, kit_role **role, vsk_event *event)
{
    vsk_side side;
    uint32_t pair;
    vsk_status status =
        vsk_lab_poll(&lab_of(host)->lab, limit, &pair, &side, event);

    if (status == VSK_OK)
        *role = role_at(host, pair, side);
    return status;
}

static vsk_status
lab_kick(kit_host *host, kit_role *role, uint32_t queue)
{
    (void)queue;
    vsk_lab_wake(&lab_of(host)->lab, role->pair, VSK_SIDE_DEVICE);
    return VSK_OK;
}

static vsk_status
lab_reset(kit_host *host, kit_role *device, uint64_t guest_cid)
{
    return vsk_device_reset_transport(device->device, lab_now(host), guest_cid);
}

static vsk_status
lab_renew(kit_host *host, kit_role *guest, uint32_t queue, uint32_t size)
{
    return vsk_lab_reset_queue(&lab_of(host)->lab, guest->pair,
                               &guest->memory->memory, queue, size);
}

static void
lab_device_state(const kit_host *host, const kit_role *guest, uint32_t queue,
                 vsk_ring_state *state)
{
    const kit_role *device = role_at(host, guest->pair, VSK_SIDE_DEVICE);

    /* One that stands still is where it was. */
    (void)vsk_queue_device_state(&device->device->queues[queue], state);
}

static kit_block *
lab_block(kit_host *host, const kit_role *role, const vsk_span *span)
{
    kit_block *block;
    uint8_t *base;
    vsk_status status =
        kit_memory_locate(role->memory, span->addr, span->len, &block, &base);

    (void)host;
    return status == VSK_OK && base == span->base ? kit_block_ref(block) : NULL;
}

static void
lab_clear(kit_host *host)
{
    free(lab_of(host)->pairs);
}

static const kit_host_kind kind = {
    .now = lab_now,
    .wake = lab_wake,
    .poll = lab_poll,
    .kick = lab_kick,
    .reset = lab_reset,
    .renew = lab_renew,
    .device_state = lab_device_state,
    .block = lab_block,
    .clear = lab_clear,
};

vsk_status
kit_lab_new(uint64_t seed, uint64_t trace_limit, kit_lab **lab)
{
    kit_lab *fresh = calloc(1, sizeof *fresh);

    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    kit_host_begin(&fresh->host, &kind, trace_limit);
    vsk_lab_init(&fresh->lab, NULL, 0, seed);
    *lab = fresh;
    return VSK_OK;
}

/* ---- pairs ---- */

/* Room for one pair more. */
static vsk_status
grow(kit_lab *lab)
{
    size_t count = (size_t)lab->lab.count + 1;
    vsk_lab_pair *pairs = realloc(lab->pairs, count * sizeof *pairs);

    if (pairs == NULL)
        return VSK_ERR_NOMEM;
    lab->pairs = pairs;
    lab->lab.pairs = pairs;
    return kit_host_reserve(&lab->host, 2);
}

/* Begin anew with one pair more: what was switched and drawn so far stays. */
static void
begin(kit_lab *lab)
{
    vsk_lab before = lab->lab;

    vsk_lab_init(&lab->lab, lab->pairs, before.count + 1, before.random);
    lab->lab.faults = before.faults;
    lab->lab.now = before.now;
    lab->lab.show_packets = true;
    lab->lab.tap = (vsk_tap){kit_trace_see, &lab->host.trace};
}

static void
add_pair(kit_lab *lab, kit_role *device, kit_role *guest, kit_memory *memory)
{
    uint32_t pair = lab->lab.count;

    device->memory = kit_memory_ref(memory);
    guest->memory = kit_memory_ref(memory);
    vsk_device_set_memory(device->device, &memory->memory);
    kit_host_add(&lab->host, device, pair);
    kit_host_add(&lab->host, guest, pair);
    lab->pairs[pair] =
        (vsk_lab_pair){.device = device->device, .guest = guest->guest};
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
    vsk_status status = lab->host.started ? VSK_ERR_STATE : grow(lab);

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
    kit_role *guest = role_at(&lab->host, pair, VSK_SIDE_GUEST);
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
    vsk_status status = lab->host.started ? VSK_ERR_STATE : VSK_OK;

    for (uint32_t i = 0; status == VSK_OK && i < lab->lab.count; i++)
        status = start_pair(lab, i);
    if (status == VSK_OK)
        lab->host.started = true;
    return status;
}

vsk_status
kit_lab_device(kit_lab *lab, uint32_t pair, kit_role **role)
{
    if (pair >= lab->lab.count)
        return VSK_ERR_ARGUMENT;
    *role = kit_role_ref(role_at(&lab->host, pair, VSK_SIDE_DEVICE));
    return VSK_OK;
}

vsk_status
kit_lab_guest(kit_lab *lab, uint32_t pair, kit_role **role)
{
    if (pair >= lab->lab.count)
        return VSK_ERR_ARGUMENT;
    *role = kit_role_ref(role_at(&lab->host, pair, VSK_SIDE_GUEST));
    return VSK_OK;
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
