/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a connection shows of itself: numbers and words, by name. */
#include <string.h>

#include "kit/conn_parts.h"

/* When a connection's timer runs out; UINT64_MAX: none runs. */
static uint64_t
deadline_of(const vsk_timers *timers, const kit_conn *conn)
{
    uint32_t slot = (uint32_t)conn->id;

    if (conn->over || !vsk_timers_pending(timers, slot))
        return UINT64_MAX;
    return timers->heap[timers->place[slot] - 1].deadline;
}

vsk_status
kit_conn_number(kit_role *role, uint64_t id, const char *name, uint64_t *number)
{
    const kit_conn *conn = kit_conn_find(role, id);
    const vsk_conn *core;

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    core = kit_conn_state(role, conn);
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        {"local_cid", core->flow.local_cid},
        {"local_port", core->flow.local_port},
        {"peer_cid", core->flow.peer_cid},
        {"peer_port", core->flow.peer_port},
        {"buf_alloc", core->credit.buf_alloc},
        {"fwd_cnt", core->credit.fwd_cnt},
        {"tx_cnt", core->credit.tx_cnt},
        {"rx_cnt", core->credit.rx_cnt},
        {"peer_buf_alloc", core->credit.peer_buf_alloc},
        {"peer_fwd_cnt", core->credit.peer_fwd_cnt},
        {"credit", vsk_credit_available(&core->credit)},
        {"queued", conn->out.count},
        {"unread", conn->in.count},
        {"tx_bytes", conn->tx_bytes},
        {"rx_bytes", conn->rx_bytes},
        {"rx_packets", conn->rx_packets},
        {"timer", deadline_of(&role->endpoint->timers, conn)},
        {"linger", deadline_of(&role->lingers, conn)},
    };

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(numbers[i].name, name) == 0) {
            *number = numbers[i].value;
            return VSK_OK;
        }
    return VSK_ERR_ARGUMENT;
}

vsk_status
kit_conn_word(kit_role *role, uint64_t id, const char *name, const char **word)
{
    const kit_conn *conn = kit_conn_find(role, id);
    const vsk_conn *core;

    if (conn == NULL)
        return VSK_ERR_HANDLE;
    core = kit_conn_state(role, conn);
    if (strcmp(name, "type") == 0)
        *word = vsk_type_name(core->type);
    else if (strcmp(name, "state") == 0)
        *word = vsk_state_name(core->state);
    else if (strcmp(name, "reason") == 0)
        *word = vsk_reason_name(core->reason);
    else
        return VSK_ERR_ARGUMENT;
    return VSK_OK;
}
