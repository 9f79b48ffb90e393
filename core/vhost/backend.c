/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/backend_parts.h"

#include <string.h>
#include <unistd.h>

#define TURNS 64u /* of a step: messages and kicks without an event */
#define POLL_EVERY UINT64_C(1000000) /* nanoseconds, of a ring without kicks */
#define NEVER UINT64_MAX

/* ---- life ---- */

vsk_backend_options
vsk_backend_options_default(void)
{
    return (vsk_backend_options){.protocol = VSK_BACKEND_PROTOCOL};
}

vsk_status
vsk_backend_init(vsk_backend *backend, vsk_device *device,
                 const vsk_backend_options *options)
{
    vsk_loop loop;

    if (vsk_protocol_wrong(options->protocol, VSK_PROTOCOL_KNOWN) != 0)
        return VSK_ERR_PROTOCOL;
    if (vsk_loop_init(&loop) != VSK_OK)
        return VSK_ERR_SYSTEM;
    memset(backend, 0, sizeof *backend);
    backend->device = device;
    backend->options = *options;
    backend->loop = loop;
    backend->listener = -1;
    backend->retry_at = NEVER;
    backend->transfer = -1;
    backend->state_result = VSK_NONE;
    vsk_channel_init(&backend->channel);
    vsk_channel_init(&backend->requests);
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        vsk_backend_ring_init(&backend->rings[i]);
    vsk_backend_forget_memory(backend);
    vsk_device_pause(device, vsk_loop_now());
    return VSK_OK;
}

void
vsk_backend_close(vsk_backend *backend)
{
    if (backend->loop.fd < 0)
        return;
    backend->dials = false;
    if (backend->connected)
        vsk_backend_end(backend, VSK_OK, "the back end was closed");
    vsk_backend_leave(backend);
    vsk_loop_close(&backend->loop);
}

void
vsk_backend_drop(vsk_backend *backend, int *fd)
{
    if (*fd < 0)
        return;
    /* Others may hold the same file: closing alone would not end the wait. */
    vsk_loop_unwatch(&backend->loop, *fd);
    (void)close(*fd);
    *fd = -1;
}

/* ---- stepping ---- */

int
vsk_backend_fileno(const vsk_backend *backend)
{
    return backend->loop.fd;
}

void
vsk_backend_wake(vsk_backend *backend)
{
    if (backend->loop.fd >= 0)
        vsk_loop_alarm(&backend->loop, 0);
}

static void
handle(vsk_backend *backend, uint64_t tag)
{
    switch (tag) {
    case VSK_TAG_LISTENER:
        vsk_backend_accept(backend);
        break;
    case VSK_TAG_CHANNEL:
        vsk_backend_channel(backend);
        break;
    case VSK_TAG_REQUESTS:
        vsk_backend_requests(backend);
        break;
    case VSK_TAG_TRANSFER:
        (void)vsk_backend_pump(backend);
        break;
    default:
        vsk_backend_kicked(backend, (uint32_t)(tag - VSK_TAG_KICK));
        break;
    }
}

/* Do something for each that is ready; true where somebody was. */
static bool
look(vsk_backend *backend, uint64_t now)
{
    vsk_ready ready[VSK_LOOP_BATCH];
    uint32_t count = vsk_loop_look(&backend->loop, ready);
    bool more = count != 0;

    for (uint32_t i = 0; i < count; i++)
        handle(backend, ready[i].tag);
    if (backend->eager)
        more |= vsk_backend_pump(backend);
    return vsk_backend_try_again(backend, now) || more;
}

static bool
has_to_poll(const vsk_backend *backend)
{
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        if (backend->rings[i].polled && vsk_backend_runs(backend, i))
            return true;
    return false;
}

/* Be woken up when there is something to do that no descriptor tells. */
static void
arm(vsk_backend *backend, uint64_t now)
{
    uint64_t deadline = backend->retry_at;
    uint64_t due;

    if (vsk_timers_next(&backend->device->endpoint.timers, &due) == VSK_OK &&
        due < deadline)
        deadline = due;
    if (has_to_poll(backend) && now + POLL_EVERY < deadline)
        deadline = now + POLL_EVERY;
    vsk_loop_alarm(&backend->loop, deadline);
}

/* Whether guest memory was found cut short: what was read of it was not the
 * driver's, so the session ends. */
static bool
lose_memory(vsk_backend *backend)
{
    if (!vsk_mappings_are_cut(&backend->mappings))
        return false;
    vsk_backend_end(backend, VSK_BAD_CUT, vsk_status_text(VSK_BAD_CUT));
    return true;
}

static vsk_status
tell(vsk_backend *backend, const vsk_event *event)
{
    vsk_device *device = backend->device;

    backend->told++;
    if (device->given >= VSK_DEVICE_BATCH)
        vsk_backend_notify(backend);
    if (event->kind == VSK_EVENT_ERROR &&
        (device->setup.status & VSK_SETUP_NEEDS_RESET) != 0)
        vsk_backend_blame(backend, device->blamed);
    return VSK_OK;
}

vsk_status
vsk_backend_step(vsk_backend *backend, vsk_event *event)
{
    vsk_device *device = backend->device;

    if (backend->loop.fd < 0)
        return vsk_device_poll(device, vsk_loop_now(), event);
    for (uint32_t turn = 0; turn < TURNS; turn++) {
        uint64_t now = vsk_loop_now();
        bool quiet = false, more;

        /* A guest that never stops must not keep messages waiting; where it
         * stands still, all that happened before is told first. */
        if (device->paused || backend->told < VSK_DEVICE_BATCH) {
            if (vsk_device_poll(device, now, event) == VSK_OK)
                return tell(backend, event);
            quiet = true;
        }
        backend->told = 0;
        vsk_backend_notify(backend);
        more = look(backend, now);
        more |= lose_memory(backend);
        if (!more && quiet) {
            arm(backend, now);
            return VSK_NONE;
        }
    }
    vsk_backend_wake(backend);
    return VSK_NONE;
}

vsk_status
vsk_backend_reset_transport(vsk_backend *backend, uint64_t guest_cid)
{
    uint64_t before = backend->device->setup.guest_cid;
    vsk_status status =
        vsk_device_reset_transport(backend->device, vsk_loop_now(), guest_cid);

    if (status != VSK_OK)
        return status;
    if (guest_cid != before)
        vsk_backend_owe_config(backend);
    vsk_backend_wake(backend);
    return VSK_OK;
}
