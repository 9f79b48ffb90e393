/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a host holds: roles, and the script's timers. */
#include "kit/host.h"

#include <stdlib.h>

/* ---- life ---- */

void
kit_host_begin(kit_host *host, const kit_host_kind *kind, uint64_t trace_limit)
{
    host->kind = kind;
    host->references = 1;
    host->trace.limit = trace_limit;
    host->trace.host = host;
}

kit_host *
kit_host_ref(kit_host *host)
{
    host->references++;
    return host;
}

/* A script may hold it for longer: nothing of the host's may be left in it. */
static void
detach(kit_role *role)
{
    if (role->device != NULL)
        role->device->tap = (vsk_tap){0};
    if (role->guest != NULL)
        role->guest->tap = (vsk_tap){0};
    role->host = NULL;
    kit_role_unref(role);
}

void
kit_host_unref(kit_host *host)
{
    if (host == NULL || --host->references != 0)
        return;
    host->kind->clear(host);
    for (uint32_t i = 0; i < host->role_count; i++)
        detach(host->roles[i]);
    kit_trace_clear(&host->trace);
    free(host->afters);
    free(host->roles);
    free(host);
}

vsk_status
kit_host_reserve(kit_host *host, uint32_t more)
{
    size_t count = (size_t)host->role_count + more;
    kit_role **roles = realloc(host->roles, count * sizeof(kit_role *));

    if (roles == NULL)
        return VSK_ERR_NOMEM;
    host->roles = roles;
    return VSK_OK;
}

void
kit_host_add(kit_host *host, kit_role *role, uint32_t pair)
{
    host->roles[host->role_count++] = role;
    role->host = host;
    role->pair = pair;
}

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
take_after(kit_host *host, uint32_t at)
{
    host->after_count--;
    host->afters[at] = host->afters[host->after_count];
    if (at == host->after_count)
        return;
    rise(host->afters, at);
    sink(host->afters, host->after_count, at);
}

static vsk_status
grow_afters(kit_host *host)
{
    uint32_t capacity =
        host->after_capacity != 0 ? 2 * host->after_capacity : 16;
    kit_after *afters;

    if (host->after_count < host->after_capacity)
        return VSK_OK;
    if (capacity > UINT32_MAX / 4)
        return VSK_ERR_NOMEM;
    afters = realloc(host->afters, capacity * sizeof *afters);
    if (afters == NULL)
        return VSK_ERR_NOMEM;
    host->afters = afters;
    host->after_capacity = capacity;
    return VSK_OK;
}

vsk_status
kit_host_after(kit_host *host, uint64_t delay, uint64_t *id)
{
    uint64_t now = host->kind->now(host);
    uint64_t deadline = delay < UINT64_MAX - now ? now + delay : UINT64_MAX;
    vsk_status status = grow_afters(host);

    if (status != VSK_OK)
        return status;
    host->after_id++;
    host->afters[host->after_count] = (kit_after){deadline, host->after_id};
    host->after_count++;
    rise(host->afters, host->after_count - 1);
    *id = host->after_id;
    /* Who waits for the descriptor has to hear of the new deadline. */
    if (host->kind->real)
        host->kind->wake(host, host->roles[0]);
    return VSK_OK;
}

vsk_status
kit_host_cancel(kit_host *host, uint64_t id)
{
    for (uint32_t i = 0; i < host->after_count; i++)
        if (host->afters[i].id == id) {
            take_after(host, i);
            return VSK_OK;
        }
    return VSK_NONE;
}

uint64_t
kit_host_next(const kit_host *host)
{
    uint64_t next =
        host->after_count == 0 ? UINT64_MAX : host->afters[0].deadline;
    uint64_t deadline;

    for (uint32_t i = 0; i < host->role_count; i++)
        if (kit_role_deadline(host->roles[i], &deadline) == VSK_OK &&
            deadline < next)
            next = deadline;
    return next;
}

vsk_status
kit_host_due(kit_host *host, uint64_t *id)
{
    if (host->after_count == 0 ||
        host->afters[0].deadline > host->kind->now(host))
        return VSK_NONE;
    *id = host->afters[0].id;
    take_after(host, 0);
    return VSK_OK;
}
