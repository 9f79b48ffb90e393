/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A close that waits until the send queue is empty, and not for ever: a peer
 * that gives no credit would keep the queue as long as it likes. */
#include "kit/conn_parts.h"
#include "kit/host.h"

void
kit_conn_linger(kit_role *role, const kit_conn *conn, bool left)
{
    uint32_t slot = (uint32_t)conn->id;

    if (!conn->closing || !kit_conn_has_out(conn) ||
        kit_conn_is_early(kit_conn_state(role, conn)))
        vsk_timers_cancel(&role->lingers, slot);
    else if (left || !vsk_timers_pending(&role->lingers, slot))
        (void)vsk_timers_set(&role->lingers, slot, kit_role_now(role),
                             role->endpoint->policy.close_timeout);
}

vsk_status
kit_role_deadline(const kit_role *role, uint64_t *deadline)
{
    return vsk_timers_next(&role->lingers, deadline);
}

/* In the trace it is a timer as the core's are. */
static void
show(const kit_role *role, uint64_t now)
{
    vsk_seen seen = {.kind = VSK_SEEN_TIMER, .now = now};
    vsk_tap tap = role->is_guest ? role->guest->tap : role->device->tap;

    seen.guest_cid = role->is_guest ? role->endpoint->local_cid
                                    : (uint32_t)role->device->setup.guest_cid;
    seen.words = role->is_guest ? "of the guest" : "of the device";
    /* The guests of a lab have none: their devices see it all. */
    if (tap.see == NULL)
        tap = (vsk_tap){kit_trace_see, &role->host->trace};
    tap.see(tap.user, &seen);
}

/* Whose time has run out. NULL: it is over already, and CLOSE is on its way. */
static vsk_conn *
late(const kit_role *role, uint32_t slot)
{
    for (const kit_conn *conn = role->slots[slot]; conn != NULL;
         conn = conn->next)
        if (!conn->over)
            return kit_conn_core(role, conn);
    return NULL;
}

vsk_status
kit_role_expire(kit_role *role)
{
    uint64_t now = kit_role_now(role);
    uint32_t slot;
    vsk_status status = vsk_timers_expire(&role->lingers, now, &slot);
    vsk_conn *core;

    if (status != VSK_OK)
        return status;
    core = late(role, slot);
    if (core == NULL)
        return VSK_OK;
    show(role, now);
    (void)vsk_endpoint_call(role->endpoint, now, core, VSK_CALL_TIMEOUT, 0);
    kit_role_wake(role);
    return VSK_OK;
}
