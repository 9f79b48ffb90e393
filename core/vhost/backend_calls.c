/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/backend_parts.h"

/* What the front end is to be told on its own socket, a bit each. */
#define OWED_CALL(index) (1u << (index))
#define OWED_CONFIG (1u << VSK_QUEUES)
#define OWED_ERROR(index) (1u << (VSK_QUEUES + 1 + (index)))

/* ---- kicks ---- */

void
vsk_backend_kicked(vsk_backend *backend, uint32_t index)
{
    const vsk_backend_ring *ring = &backend->rings[index];
    vsk_status status;

    if (ring->kick < 0 || !vsk_backend_runs(backend, index))
        return;
    status = vsk_notify_drain(ring->kick);
    /* Who can kick no more is not waited for, and is served all the same. */
    if (status == VSK_EOF || status < 0)
        vsk_loop_unwatch(&backend->loop, ring->kick);
}

/* ---- messages of our own ---- */

static void
close_requests(vsk_backend *backend, vsk_status status)
{
    vsk_loop_unwatch(&backend->loop, backend->requests.fd);
    vsk_channel_close(&backend->requests);
    vsk_backend_note(backend, VSK_NOTICE_NOTE, status,
                     "the front end takes no requests any more");
}

/* Take the next of what is owed. */
static void
take_owed(vsk_backend *backend, vsk_message *message)
{
    uint32_t bit = backend->owed & (~backend->owed + 1);

    backend->owed &= ~bit;
    *message = (vsk_message){.flags = VSK_MESSAGE_VERSION};
    if (bit == OWED_CONFIG) {
        message->request = VSK_BACKEND_REQUEST_CONFIG_CHANGE;
        return;
    }
    message->request = bit < OWED_CONFIG ? VSK_BACKEND_REQUEST_VRING_CALL
                                         : VSK_BACKEND_REQUEST_VRING_ERR;
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        if ((bit & (OWED_CALL(i) | OWED_ERROR(i))) != 0)
            message->state.index = i;
}

static void
send_owed(vsk_backend *backend)
{
    vsk_channel *channel = &backend->requests;
    vsk_status status = VSK_OK;

    /* Without a socket there is nobody to hear of it. */
    if (channel->fd < 0) {
        backend->owed = 0;
        return;
    }
    while (status == VSK_OK && backend->owed != 0 &&
           !vsk_channel_waits(channel)) {
        vsk_message message;

        take_owed(backend, &message);
        status = vsk_channel_send(
            channel, &message,
            vsk_backend_request_find(message.request)->payload, NULL, 0);
    }
    if (status < 0)
        close_requests(backend, status);
    else if (vsk_channel_waits(channel))
        (void)vsk_loop_watch(&backend->loop, channel->fd,
                             VSK_LOOP_IN | VSK_LOOP_OUT, VSK_TAG_REQUESTS);
}

void
vsk_backend_requests(vsk_backend *backend)
{
    vsk_channel *channel = &backend->requests;
    vsk_message message;
    vsk_fds fds;
    vsk_status status;

    if (channel->fd < 0)
        return;
    status = vsk_channel_flush(channel);
    if (status == VSK_OK)
        (void)vsk_loop_watch(&backend->loop, channel->fd, VSK_LOOP_IN,
                             VSK_TAG_REQUESTS);
    if (status >= 0)
        status = vsk_channel_receive(channel, &message, &fds);
    /* No request of ours asks for an answer. */
    if (status == VSK_OK)
        vsk_fds_close(&fds);
    else if (status != VSK_NONE)
        close_requests(backend, status);
}

void
vsk_backend_owe_config(vsk_backend *backend)
{
    if (vsk_backend_has(backend, VSK_PROTOCOL_CONFIG))
        backend->owed |= OWED_CONFIG;
}

/* ---- calls ---- */

static bool
has_inband(const vsk_backend *backend)
{
    return vsk_backend_has(backend, VSK_PROTOCOL_INBAND_NOTIFICATIONS);
}

static void
call(vsk_backend *backend, uint32_t index)
{
    vsk_backend_ring *ring = &backend->rings[index];

    if (ring->call < 0 && has_inband(backend))
        backend->owed |= OWED_CALL(index);
    else if (vsk_notify_signal(ring->call) == VSK_BAD_HANGUP)
        vsk_backend_drop(backend, &ring->call);
}

void
vsk_backend_blame(vsk_backend *backend, uint32_t index)
{
    vsk_backend_ring *ring = &backend->rings[index];

    if (ring->err < 0 && has_inband(backend))
        backend->owed |= OWED_ERROR(index);
    else if (vsk_notify_signal(ring->err) == VSK_BAD_HANGUP)
        vsk_backend_drop(backend, &ring->err);
}

void
vsk_backend_notify(vsk_backend *backend)
{
    vsk_device *device = backend->device;
    uint32_t wanted;

    /* VHU-BE-14, -15: what is owed waits until a ring runs */
    if (device->started == 0)
        return;
    wanted = vsk_device_notify(device) | backend->greet;
    backend->greet = 0;
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        if ((wanted & (1u << i)) != 0)
            call(backend, i);
    if ((wanted & VSK_NOTIFY_CONFIG) != 0)
        vsk_backend_owe_config(backend);
    send_owed(backend);
}

void
vsk_backend_flush(vsk_backend *backend)
{
    if (backend->loop.fd < 0)
        return;
    vsk_device_flush(backend->device, vsk_loop_now());
    vsk_backend_notify(backend);
}
