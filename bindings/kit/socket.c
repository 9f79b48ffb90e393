/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "kit/socket_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* Tags in the loop. */
#define END 0u
#define BRIDGE 1u

/* ---- life ---- */

/* Time in traces begins with the socket. */
static void
see(void *user, const vsk_seen *seen)
{
    kit_socket *socket = user;
    vsk_seen moved = *seen;

    moved.now -= socket->began;
    kit_trace_see(&socket->host.trace, &moved);
}

static uint64_t
epoch(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * VSK_SECOND + (uint64_t)now.tv_nsec;
}

static uint64_t
seed(void)
{
    uint64_t value;

    /* Where there is no randomness the clock is all there is. */
    if (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value)
        value = vsk_loop_now();
    return value;
}

static vsk_status
new_socket(const kit_role_options *options, bool is_guest, uint64_t trace_limit,
           kit_socket **socket)
{
    kit_socket *fresh = calloc(1, sizeof *fresh);
    kit_role *role = NULL;
    vsk_status status;

    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    fresh->loop = (vsk_loop){-1, -1, UINT64_MAX};
    fresh->is_guest = is_guest;
    fresh->closed = true;
    fresh->signals = -1;
    fresh->began = vsk_loop_now();
    kit_host_begin(&fresh->host, &kit_socket_kind, trace_limit);
    fresh->host.trace.epoch = epoch();
    fresh->host.started = true;
    status = vsk_loop_init(&fresh->loop);
    if (status == VSK_OK)
        status = kit_host_reserve(&fresh->host, 1);
    if (status == VSK_OK)
        status = kit_role_new(options, is_guest, seed(), &role);
    if (status != VSK_OK) {
        kit_host_unref(&fresh->host);
        return status;
    }
    kit_host_add(&fresh->host, role, 0);
    if (trace_limit != 0 && is_guest)
        role->guest->tap = (vsk_tap){see, fresh};
    else if (trace_limit != 0)
        role->device->tap = (vsk_tap){see, fresh};
    *socket = fresh;
    return VSK_OK;
}

/* The end is there: wait for what it waits for. */
static vsk_status
begin(kit_socket *fresh, vsk_status status, int fd, kit_socket **socket)
{
    if (status == VSK_OK) {
        fresh->closed = false;
        status = vsk_loop_watch(&fresh->loop, fd, VSK_LOOP_IN, END);
    }
    if (status != VSK_OK) {
        kit_host_unref(&fresh->host);
        return status;
    }
    *socket = fresh;
    return VSK_OK;
}

/* Protocol features that cannot be are named. */
static void
explain_protocol(vsk_status status, uint64_t protocol, kit_why *why)
{
    char names[sizeof why->text];

    if (status != VSK_ERR_PROTOCOL)
        return;
    (void)vsk_protocol_text(vsk_protocol_wrong(protocol, VSK_PROTOCOL_KNOWN),
                            names, sizeof names);
    (void)snprintf(why->text, sizeof why->text, "%s: %.150s",
                   vsk_status_text(status), names);
}

vsk_status
kit_socket_new_server(const kit_role_options *options, uint64_t protocol,
                      uint64_t trace_limit, kit_socket **socket, kit_why *why)
{
    vsk_backend_options how = vsk_backend_options_default();
    kit_role_options made = *options;
    kit_socket *fresh;
    vsk_status status;

    how.protocol = protocol;
    /* The front end says how large its rings are. */
    made.policy.queue_size = VSK_RING_MAX;
    status = new_socket(&made, false, trace_limit, &fresh);
    if (status != VSK_OK)
        return status;
    status =
        vsk_backend_init(&fresh->backend, fresh->host.roles[0]->device, &how);
    explain_protocol(status, protocol, why);
    return begin(fresh, status,
                 status == VSK_OK ? vsk_backend_fileno(&fresh->backend) : -1,
                 socket);
}

/* Scripts see the memory that the front end has made. */
static vsk_status
give_memory(kit_socket *socket)
{
    kit_role *role = socket->host.roles[0];
    kit_block *block = kit_socket_block_of(socket->frontend.mappings.slots[0]);
    vsk_status status;

    if (block == NULL)
        return VSK_ERR_NOMEM;
    status = kit_memory_wrap(block, socket->frontend.options.memory_base,
                             &role->memory);
    kit_block_unref(block);
    return status == VSK_OK ? kit_role_share(role) : status;
}

vsk_status
kit_socket_new_client(const kit_role_options *options, const kit_attach *attach,
                      uint64_t trace_limit, kit_socket **socket, kit_why *why)
{
    vsk_frontend_options how = vsk_frontend_options_default();
    kit_socket *fresh;
    kit_role *role;
    vsk_status status;

    how.protocol = attach->protocol;
    how.guest_cid = attach->guest_cid;
    how.memory_size = attach->memory_size;
    how.queues = attach->queues;
    how.mem_slots = attach->mem_slots;
    how.timeout = attach->timeout;
    status = new_socket(options, true, trace_limit, &fresh);
    if (status != VSK_OK)
        return status;
    role = fresh->host.roles[0];
    role->guest->show_packets = true;
    status = vsk_frontend_init(&fresh->frontend, role->guest, role->pool,
                               role->pool_table, role->pool_table_size, &how);
    if (status != VSK_OK) {
        explain_protocol(status, attach->protocol, why);
        return begin(fresh, status, -1, socket);
    }
    status = give_memory(fresh);
    if (status != VSK_OK)
        vsk_frontend_close(&fresh->frontend);
    return begin(fresh, status, vsk_frontend_fileno(&fresh->frontend), socket);
}

void
kit_socket_flush(kit_socket *socket)
{
    socket->busy = false;
    if (socket->closed)
        return;
    if (socket->is_guest)
        vsk_frontend_flush(&socket->frontend);
    else
        vsk_backend_flush(&socket->backend);
}

void
kit_socket_close(kit_socket *socket)
{
    if (socket->closed)
        return;
    socket->closed = true;
    kit_socket_unheed(socket);
    if (socket->bridged)
        vsk_bridge_close(&socket->bridge);
    if (socket->is_guest)
        vsk_frontend_close(&socket->frontend);
    else
        vsk_backend_close(&socket->backend);
    vsk_loop_close(&socket->loop);
}

kit_role *
kit_socket_own(kit_socket *socket)
{
    return kit_role_ref(socket->host.roles[0]);
}

/* ---- its socket ---- */

/* What the system says is about the path. */
static vsk_status
explain(vsk_status status, const char *path, kit_why *why)
{
    const char *words = vsk_status_text(status);

    if (status == VSK_ERR_SYSTEM) {
        why->number = errno;
        words = strerror(why->number);
    }
    if (status != VSK_OK)
        (void)snprintf(why->text, sizeof why->text, "%s: %s", path, words);
    return status;
}

vsk_status
kit_socket_listen(kit_socket *socket, const char *path, kit_why *why)
{
    if (socket->closed)
        return VSK_ERR_CLOSED;
    if (socket->is_guest)
        return VSK_ERR_ARGUMENT;
    return explain(vsk_backend_listen(&socket->backend, path), path, why);
}

vsk_status
kit_socket_dial(kit_socket *socket, const char *path, kit_why *why)
{
    if (socket->closed)
        return VSK_ERR_CLOSED;
    return explain(socket->is_guest
                       ? vsk_frontend_connect(&socket->frontend, path)
                       : vsk_backend_dial(&socket->backend, path),
                   path, why);
}

vsk_status
kit_socket_bridge(kit_socket *socket, const char *path, kit_why *why)
{
    const kit_role *role = socket->host.roles[0];
    vsk_bridge_options how = vsk_bridge_options_default();
    vsk_status status;

    if (socket->closed)
        return VSK_ERR_CLOSED;
    if (socket->is_guest || socket->bridged)
        return VSK_ERR_ARGUMENT;
    how.path = path;
    how.connections = role->options.connections;
    status = vsk_bridge_open(&socket->bridge, role->device, &how);
    if (status != VSK_OK)
        return explain(status, path, why);
    socket->bridged = true;
    status = vsk_bridge_serve(&socket->bridge, &socket->backend);
    if (status == VSK_OK)
        status =
            vsk_loop_watch(&socket->loop, vsk_bridge_fileno(&socket->bridge),
                           VSK_LOOP_IN, BRIDGE);
    return explain(status, path, why);
}

vsk_status
kit_socket_adopt(kit_socket *socket, uint32_t fd)
{
    if (socket->closed)
        return VSK_ERR_CLOSED;
    return socket->is_guest ? vsk_frontend_adopt(&socket->frontend, (int)fd)
                            : vsk_backend_adopt(&socket->backend, (int)fd);
}

int
kit_socket_fileno(const kit_socket *socket)
{
    return socket->loop.fd;
}

vsk_status
kit_socket_wait(const kit_socket *socket, uint64_t timeout, bool *yes)
{
    *yes = vsk_loop_wait(&socket->loop, timeout) == VSK_OK;
    return VSK_OK;
}

/* ---- what there is to know ---- */

vsk_status
kit_socket_notice(kit_socket *socket, vsk_notice *notice)
{
    if (socket->is_guest)
        return vsk_notices_take(&socket->frontend.notices, notice);
    if (socket->bridged &&
        vsk_notices_take(&socket->bridge.notices, notice) == VSK_OK)
        return VSK_OK;
    return vsk_notices_take(&socket->backend.notices, notice);
}

typedef struct number {
    const char *name;
    uint64_t value;
} number;

static vsk_status
find_number(const number *numbers, size_t count, const char *name,
            uint64_t *value)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(numbers[i].name, name) == 0) {
            *value = numbers[i].value;
            return VSK_OK;
        }
    return VSK_ERR_ARGUMENT;
}

vsk_status
kit_socket_count(const kit_socket *socket, const char *name, uint64_t *count)
{
    const vsk_backend *backend = &socket->backend;
    const vsk_frontend *frontend = &socket->frontend;

    if (socket->is_guest) {
        const number numbers[] = {
            {"state", socket->closed ? (uint64_t)VSK_FRONTEND_OVER
                                     : (uint64_t)frontend->state},
            {"status", (uint64_t)(int64_t)frontend->status},
            {"offered", frontend->offered},
            {"protocol", frontend->protocol},
            {"connected", !socket->closed &&
                              frontend->state != VSK_FRONTEND_CONNECTING &&
                              frontend->state != VSK_FRONTEND_OVER},
        };

        return find_number(numbers, sizeof numbers / sizeof *numbers, name,
                           count);
    } else {
        const number numbers[] = {
            {"sessions", backend->sessions},
            {"connected", !socket->closed && backend->connected},
            {"protocol", backend->protocol},
            {"live", !socket->closed && backend->live},
            {"closed", socket->closed},
            {"signalled", kit_socket_signalled(socket)},
        };

        return find_number(numbers, sizeof numbers / sizeof *numbers, name,
                           count);
    }
}

vsk_status
kit_socket_stop(kit_socket *socket)
{
    if (socket->closed || !socket->is_guest)
        return VSK_ERR_STATE;
    return vsk_frontend_stop(&socket->frontend);
}

vsk_status
kit_socket_resume(kit_socket *socket)
{
    if (socket->closed || !socket->is_guest)
        return VSK_ERR_STATE;
    return vsk_frontend_resume(&socket->frontend);
}
