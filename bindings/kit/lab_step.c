/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* How a lab goes on: events, one after the other, and the script's timers. */
#include <stdlib.h>

#include "kit/lab.h"

/* ---- timers: a heap, of equal deadlines the oldest first ---- */

static bool
before(const kit_after *after, const kit_after *other)
{
    return after->deadline != other->deadline
               ? after->deadline < other->deadline
               : after->id < other->id;
}

/* Move an entry up to where none is before its parent. */
static void
rise(kit_after *heap, uint32_t at)
{
    while (at != 0 && before(&heap[at], &heap[(at - 1) / 2])) {
        kit_after parent = heap[(at - 1) / 2];

        heap[(at - 1) / 2] = heap[at];
        heap[at] = parent;
        at = (at - 1) / 2;
    }
}

static void
sink(kit_after *heap, uint32_t count, uint32_t at)
{
    for (uint32_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        kit_after entry = heap[at];

        if (child + 1 < count && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &entry))
            return;
        heap[at] = heap[child];
        heap[child] = entry;
        at = child;
    }
}

static void
take_after(kit_lab *lab, uint32_t at)
{
    lab->after_count--;
    lab->afters[at] = lab->afters[lab->after_count];
    if (at == lab->after_count)
        return;
    rise(lab->afters, at);
    sink(lab->afters, lab->after_count, at);
}

static vsk_status
grow_afters(kit_lab *lab)
{
    uint32_t capacity = lab->after_capacity != 0 ? 2 * lab->after_capacity : 16;
    kit_after *afters;

    if (lab->after_count < lab->after_capacity)
        return VSK_OK;
    if (capacity > UINT32_MAX / 4)
        return VSK_ERR_NOMEM;
    afters = realloc(lab->afters, capacity * sizeof *afters);
    if (afters == NULL)
        return VSK_ERR_NOMEM;
    lab->afters = afters;
    lab->after_capacity = capacity;
    return VSK_OK;
}

vsk_status
kit_lab_after(kit_lab *lab, uint64_t delay, uint64_t *id)
{
    uint64_t now = lab->lab.now;
    uint64_t deadline = delay < UINT64_MAX - now ? now + delay : UINT64_MAX;
    vsk_status status = grow_afters(lab);

    if (status != VSK_OK)
        return status;
    lab->after_id++;
    lab->afters[lab->after_count] = (kit_after){deadline, lab->after_id};
    lab->after_count++;
    rise(lab->afters, lab->after_count - 1);
    *id = lab->after_id;
    return VSK_OK;
}

vsk_status
kit_lab_cancel(kit_lab *lab, uint64_t id)
{
    for (uint32_t i = 0; i < lab->after_count; i++)
        if (lab->afters[i].id == id) {
            take_after(lab, i);
            return VSK_OK;
        }
    return VSK_NONE;
}

/* ---- events ---- */

void
kit_event_clear(kit_event *event)
{
    if (event->packet != NULL)
        kit_packet_delete(event->packet);
    kit_block_unref(event->block);
    event->packet = NULL;
    event->block = NULL;
    event->data = NULL;
    event->size = 0;
}

static void
finish(kit_lab *lab)
{
    kit_role *role = lab->last;

    lab->last = NULL;
    if (role != NULL)
        kit_role_finish(role);
}

/* The event is a role's: it is finished when the next one is asked for. */
static void
tell(kit_lab *lab, kit_role *role, kit_event *event)
{
    lab->last = role;
    event->pair = role->pair;
    event->guest = role->is_guest;
}

static kit_role *
role_at(const kit_lab *lab, uint32_t number)
{
    return number % 2 == 0 ? lab->devices[number / 2] : lab->guests[number / 2];
}

/* What waits in a role's queues; roles take turns. */
static vsk_status
deliver(kit_lab *lab, kit_event *event)
{
    uint32_t roles = 2 * lab->count;

    for (uint32_t i = 0; i < roles; i++) {
        uint32_t number = (lab->turn + i) % roles;
        kit_role *role = role_at(lab, number);
        vsk_status status = kit_role_deliver(role, event);

        if (status == VSK_NONE)
            continue;
        lab->turn = (number + 1) % roles;
        tell(lab, role, event);
        return status;
    }
    return VSK_NONE;
}

/* What the core has to tell up to limit, a time that is not past. */
static vsk_status
poll(kit_lab *lab, uint64_t limit, kit_event *event)
{
    vsk_event seen;
    vsk_side side;
    uint32_t pair;
    vsk_status status = vsk_lab_poll(&lab->lab, limit, &pair, &side, &seen);
    kit_role *role;

    if (status != VSK_OK)
        return status;
    role = side == VSK_SIDE_DEVICE ? lab->devices[pair] : lab->guests[pair];
    status = kit_role_translate(role, &seen, event);
    tell(lab, role, event);
    return status;
}

/* The script's timer that is due, if one is. */
static vsk_status
expire(kit_lab *lab, kit_event *event)
{
    if (lab->after_count == 0 || lab->afters[0].deadline > lab->lab.now)
        return VSK_NONE;
    event->kind = KIT_TOLD_AFTER;
    event->id = lab->afters[0].id;
    take_after(lab, 0);
    return VSK_OK;
}

vsk_status
kit_lab_step(kit_lab *lab, uint64_t limit, kit_event *event)
{
    vsk_status status;

    *event = (kit_event){.kind = KIT_TOLD_PROGRESS};
    if (lab->running)
        return VSK_ERR_HOOK;
    if (!lab->started)
        return VSK_ERR_STATE;
    finish(lab);
    for (uint32_t i = 0; i < lab->count; i++)
        kit_role_carry(lab->devices[i]);
    if (lab->after_count != 0 && lab->afters[0].deadline < limit)
        limit = lab->afters[0].deadline;
    if (limit < lab->lab.now)
        limit = lab->lab.now;
    status = deliver(lab, event);
    if (status == VSK_NONE)
        status = poll(lab, limit, event);
    if (status == VSK_NONE)
        status = expire(lab, event);
    if (status != VSK_OK)
        kit_event_clear(event);
    else if (event->kind != KIT_TOLD_PROGRESS)
        lab->told++;
    return status;
}
