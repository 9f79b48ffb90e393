/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Numbers of a role, by name. */
#include <string.h>

#include "kit/conn_parts.h"

/* What the device or the guest has agreed on. */
static uint64_t
features_of(const kit_role *role)
{
    return role->is_guest ? role->guest->features
                          : role->device->setup.accepted;
}

/* Chains that the other side has to give back, of a device: has in hand. */
static uint64_t
outstanding(const kit_role *role)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        sum += role->is_guest ? role->guest->queues[i].ring.outstanding
                              : vsk_queue_held(&role->device->queues[i]);
    return sum;
}

/* Chains that went in and did not come out once: 0, always. */
static uint64_t
lost(const kit_role *role)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        if (role->is_guest)
            sum += role->guest->queues[i].ring.outstanding !=
                   role->guest->posted[i] +
                       (i == VSK_RX && role->guest->stage != VSK_STAGE_IDLE
                            ? UINT32_MAX
                            : 0);
        else
            sum += vsk_queue_lost(&role->device->queues[i]);
    return sum;
}

/* Connections that this side is ending: the peer has yet to answer. */
static uint64_t
ending(const kit_role *role)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < role->slot_count; i++)
        for (const kit_conn *conn = role->slots[i]; conn != NULL;
             conn = conn->next)
            sum += !conn->over &&
                   (conn->closing ||
                    kit_conn_state(role, conn)->state == VSK_STATE_CLOSING);
    return sum;
}

/* What a guest has still to do before it may go: what it ends and what it
 * sends, up to the device's hands. */
static uint64_t
unsaid(const kit_role *role)
{
    bool owes = vsk_links_first(&role->endpoint->links, VSK_LINE_OWING) !=
                VSK_TABLE_NONE;

    if (!role->is_guest || !role->guest->open)
        return 0;
    return ending(role) + owes + role->guest->queues[VSK_TX].ring.outstanding;
}

vsk_status
kit_role_count(const kit_role *role, const char *name, uint64_t *count)
{
    const vsk_endpoint *endpoint = role->endpoint;
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = {
        {"cid", role->is_guest ? endpoint->local_cid
                               : (uint32_t)role->device->setup.guest_cid},
        {"features", features_of(role)},
        {"connections", endpoint->table.count},
        {"queued", role->queued + role->way.bytes},
        {"rx_packets", endpoint->counters.rx_packets},
        {"tx_packets", endpoint->counters.tx_packets},
        {"rx_bytes", endpoint->counters.rx_bytes},
        {"tx_bytes", endpoint->counters.tx_bytes},
        {"errors", endpoint->counters.errors},
        {"foreign", endpoint->counters.foreign},
        {"timers", endpoint->timers.count + role->lingers.count},
        {"outstanding", outstanding(role)},
        {"lost", lost(role)},
    };

    if (strcmp(name, "unsaid") == 0) { /* looks at every connection */
        *count = unsaid(role);
        return VSK_OK;
    }
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (strcmp(counts[i].name, name) == 0) {
            *count = counts[i].value;
            return VSK_OK;
        }
    return VSK_ERR_ARGUMENT;
}
