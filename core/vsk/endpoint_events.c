/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/endpoint_parts.h"

#include <stddef.h>

#define NONE VSK_TABLE_NONE

static vsk_event
event_of(const vsk_endpoint *endpoint, vsk_event_kind kind, uint32_t slot)
{
    vsk_conn *conn = vsk_table_at(&endpoint->table, slot);

    return (vsk_event){
        .kind = kind,
        .handle = vsk_table_handle(&endpoint->table, conn),
        .conn = conn,
    };
}

static vsk_event_kind
kind_of(uint32_t tells)
{
    switch (tells << VSK_TELL_SHIFT) {
    case VSK_DO_TELL_REQUEST:
        return VSK_EVENT_REQUEST;
    case VSK_DO_TELL_CONNECT:
        return VSK_EVENT_CONNECT;
    case VSK_DO_TELL_EOF:
        return VSK_EVENT_EOF;
    default:
        return VSK_EVENT_CLOSE;
    }
}

/* Faults and replaced connections come before what came after them. */
static bool
urgent(vsk_endpoint *endpoint, vsk_event *event)
{
    if (endpoint->fault != VSK_OK) {
        *event = (vsk_event){
            .kind = VSK_EVENT_ERROR,
            .status = endpoint->fault,
            .handle = endpoint->fault_handle,
            .conn =
                vsk_table_by_handle(&endpoint->table, endpoint->fault_handle),
        };
        endpoint->fault = VSK_OK;
        return true;
    }
    if (endpoint->replaced != 0) {
        *event = (vsk_event){
            .kind = VSK_EVENT_CLOSE,
            .handle = endpoint->replaced,
            .conn = &endpoint->old,
        };
        endpoint->replaced = 0;
        return true;
    }
    return false;
}

vsk_status
vsk_endpoint_event(vsk_endpoint *endpoint, vsk_event *event)
{
    uint32_t last = endpoint->current;

    endpoint->turn = NONE;
    if (last != NONE) {
        endpoint->current = NONE;
        vsk_endpoint_let_go(endpoint, last);
    }
    if (urgent(endpoint, event))
        return VSK_OK;
    while (vsk_links_first(&endpoint->links, VSK_LINE_TOLD) != NONE) {
        uint32_t slot = vsk_links_first(&endpoint->links, VSK_LINE_TOLD);
        vsk_link *link = &endpoint->links.links[slot];
        uint32_t next = link->tells & (~(uint32_t)link->tells + 1);

        if (next == 0 || vsk_table_at(&endpoint->table, slot) == NULL) {
            (void)vsk_links_take(&endpoint->links, VSK_LINE_TOLD);
            continue;
        }
        link->tells &= (uint8_t)~next;
        *event = event_of(endpoint, kind_of(next), slot);
        endpoint->current = slot;
        return VSK_OK;
    }
    if (!endpoint->reset)
        return VSK_NONE;
    endpoint->reset = false;
    *event = (vsk_event){.kind = VSK_EVENT_RESET};
    return VSK_OK;
}

vsk_status
vsk_endpoint_writable(vsk_endpoint *endpoint, vsk_event *event)
{
    while (vsk_links_first(&endpoint->links, VSK_LINE_WANTED) != NONE) {
        uint32_t slot = vsk_links_take(&endpoint->links, VSK_LINE_WANTED);
        const vsk_conn *conn = vsk_table_at(&endpoint->table, slot);
        vsk_link *link = &endpoint->links.links[slot];

        if ((link->marks & VSK_MARK_WANTS) == 0 || conn == NULL)
            continue;
        link->marks &= (uint8_t)~VSK_MARK_WANTS;
        if (conn->state == VSK_STATE_CLOSED)
            continue;
        endpoint->turn = slot;
        *event = event_of(endpoint, VSK_EVENT_WRITABLE, slot);
        return VSK_OK;
    }
    return VSK_NONE;
}

const char *
vsk_event_name(uint32_t kind)
{
    switch (kind) {
#define CASE(name, words)                                                      \
    case VSK_EVENT_##name:                                                     \
        return #name;
        VSK_EVENT_TABLE(CASE)
#undef CASE
    default:
        return "UNKNOWN";
    }
}
