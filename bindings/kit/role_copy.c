/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a role owns beside its arena, copied for a snapshot and put back. */
#include <stdlib.h>
#include <string.h>

#include "kit/lab.h"

/* ---- copies ---- */

static vsk_status
copy_conn(const kit_conn *conn, kit_conn **copy)
{
    kit_conn *fresh = malloc(sizeof *fresh);
    vsk_status status;

    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    *fresh = *conn;
    fresh->next = NULL;
    fresh->ready = NULL;
    fresh->in = (kit_fifo){0};
    fresh->out = (kit_fifo){0};
    status = kit_fifo_copy(&fresh->in, &conn->in);
    if (status == VSK_OK)
        status = kit_fifo_copy(&fresh->out, &conn->out);
    if (status != VSK_OK) {
        kit_fifo_clear(&fresh->in);
        free(fresh);
        return status;
    }
    *copy = fresh;
    return VSK_OK;
}

static vsk_status
copy_conns(kit_role *copy, const kit_role *role)
{
    vsk_status status = VSK_OK;

    copy->slots = calloc(role->slot_count, sizeof *copy->slots);
    if (copy->slots == NULL)
        return VSK_ERR_NOMEM;
    for (uint32_t i = 0; i < role->slot_count; i++) {
        kit_conn **end = &copy->slots[i];

        for (const kit_conn *conn = role->slots[i];
             conn != NULL && status == VSK_OK; conn = conn->next) {
            status = copy_conn(conn, end);
            if (status == VSK_OK)
                end = &(*end)->next;
        }
    }
    return status;
}

/* The list of those with something to deliver, over the copies. */
static void
link_ready(kit_role *copy, const kit_role *role)
{
    for (const kit_conn *conn = role->ready_first; conn != NULL;
         conn = conn->ready) {
        kit_conn *next = kit_conn_find(copy, conn->id);

        if (copy->ready_first == NULL)
            copy->ready_first = next;
        else
            copy->ready_last->ready = next;
        copy->ready_last = next;
    }
}

static vsk_status
copy_listeners(kit_role *copy, const kit_role *role)
{
    if (role->listener_count == 0)
        return VSK_OK;
    copy->listeners = calloc(role->listener_count, sizeof *copy->listeners);
    if (copy->listeners == NULL)
        return VSK_ERR_NOMEM;
    for (uint32_t i = 0; i < role->listener_count; i++) {
        kit_listener *fresh = &copy->listeners[i];
        const kit_listener *listener = &role->listeners[i];

        *fresh = *listener;
        fresh->ids = calloc(listener->backlog, sizeof *fresh->ids);
        if (fresh->ids == NULL)
            return VSK_ERR_NOMEM;
        copy->listener_count++;
        memcpy(fresh->ids, listener->ids, listener->count * sizeof *fresh->ids);
    }
    return VSK_OK;
}

static vsk_status
copy_raw_ports(kit_role *copy, const kit_role *role)
{
    if (role->raw_count == 0)
        return VSK_OK;
    copy->raw_ports = malloc(role->raw_count * sizeof *copy->raw_ports);
    if (copy->raw_ports == NULL)
        return VSK_ERR_NOMEM;
    memcpy(copy->raw_ports, role->raw_ports,
           role->raw_count * sizeof *copy->raw_ports);
    return VSK_OK;
}

/* The same bytes under another struct: a role's own packets are never written
 * again, and the core may point at those of its replacement. */
static vsk_status
share_packet(const kit_packet *packet, kit_packet **copy)
{
    kit_packet *fresh = malloc(sizeof *fresh);

    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    *fresh = *packet;
    kit_block_ref(fresh->storage);
    *copy = fresh;
    return VSK_OK;
}

static vsk_status
copy_packets(kit_role *copy, const kit_role *role)
{
    vsk_status status = VSK_OK;

    copy->seen_first = 0;
    for (uint32_t i = 0; i < role->seen_count && status == VSK_OK; i++) {
        const kit_got *got = &role->seen[(role->seen_first + i) % KIT_SEEN_MAX];

        copy->seen[i].own = got->own;
        status = share_packet(got->packet, &copy->seen[i].packet);
        if (status == VSK_OK)
            copy->seen_count++;
    }
    if (status == VSK_OK && role->replacement != NULL)
        status = share_packet(role->replacement, &copy->replacement);
    return status;
}

void
kit_role_drop(kit_role *role)
{
    role->ready_first = NULL;
    role->ready_last = NULL;
    for (uint32_t i = 0; role->slots != NULL && i < role->slot_count; i++)
        while (role->slots[i] != NULL) {
            role->slots[i]->is_ready = false;
            kit_conn_free(role, role->slots[i]);
        }
    while (role->seen_count != 0)
        (void)kit_role_unsee(role, role->seen_count - 1);
    for (uint32_t i = 0; i < role->listener_count; i++)
        free(role->listeners[i].ids);
    if (role->replacement != NULL)
        kit_packet_delete(role->replacement);
    kit_way_drop(&role->way);
    free(role->listeners);
    free(role->raw_ports);
    free(role->slots);
}

vsk_status
kit_role_copy(kit_role *copy, const kit_role *role)
{
    vsk_status status;

    *copy = *role;
    copy->slots = NULL;
    copy->ready_first = NULL;
    copy->ready_last = NULL;
    copy->listeners = NULL;
    copy->listener_count = 0;
    copy->raw_ports = NULL;
    copy->seen_count = 0;
    copy->replacement = NULL;
    status = kit_way_copy(&copy->way, &role->way);
    if (status == VSK_OK)
        status = copy_conns(copy, role);
    if (status == VSK_OK)
        status = copy_listeners(copy, role);
    if (status == VSK_OK)
        status = copy_raw_ports(copy, role);
    if (status == VSK_OK)
        status = copy_packets(copy, role);
    if (status != VSK_OK) {
        kit_role_drop(copy);
        return status;
    }
    link_ready(copy, role);
    return VSK_OK;
}

/* ---- back ---- */

/* Whether a listener holds a connection, for a script that will ask. */
static bool
is_listed(const kit_role *role, uint64_t id)
{
    for (uint32_t i = 0; i < role->listener_count; i++)
        for (uint32_t j = 0; j < role->listeners[i].count; j++)
            if (role->listeners[i].ids[j] == id)
                return true;
    return false;
}

/* What scripts hold is theirs to say, whatever the time. */
static void
hold_again(kit_role *fresh, const kit_role *role)
{
    for (uint32_t i = 0; i < fresh->slot_count; i++) {
        kit_conn *next;

        for (kit_conn *conn = fresh->slots[i]; conn != NULL; conn = next) {
            const kit_conn *now = kit_conn_find(role, conn->id);

            next = conn->next;
            conn->held =
                (now != NULL && now->held) || is_listed(fresh, conn->id);
            if (conn->over && (conn->ended || !conn->hooks) && !conn->held)
                kit_conn_free(fresh, conn);
        }
    }
}

/* A connection of a time that never was. */
static void
end_conn(kit_role *role, kit_conn *conn)
{
    vsk_conn last = *kit_conn_state(role, conn);

    last.state = VSK_STATE_CLOSED;
    last.reason = VSK_REASON_TRANSPORT;
    kit_fifo_clear(&conn->in);
    kit_conn_end(role, conn, &last);
    conn->ready = NULL;
    conn->is_ready = false;
    conn->eof = false;
    conn->ended = true;
}

/* Move over what scripts hold, and the earlier time did not know. */
static void
keep_held(kit_role *fresh, kit_role *role)
{
    for (uint32_t i = 0; i < role->slot_count; i++) {
        kit_conn **at = &role->slots[i];

        while (*at != NULL) {
            kit_conn *conn = *at;

            if (!conn->held || is_listed(role, conn->id) ||
                kit_conn_find(fresh, conn->id) != NULL) {
                at = &conn->next;
                continue;
            }
            *at = conn->next;
            end_conn(role, conn);
            conn->next = fresh->slots[i];
            fresh->slots[i] = conn;
        }
    }
}

void
kit_role_put_back(kit_role *role, kit_role *fresh)
{
    hold_again(fresh, role);
    keep_held(fresh, role);
    fresh->references = role->references;
    kit_role_drop(role);
    *role = *fresh;
}
