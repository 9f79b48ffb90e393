/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/backend_parts.h"

#include <string.h>

#define REPLY (VSK_MESSAGE_VERSION | VSK_MESSAGE_REPLY)

/* ---- notices ---- */

void
vsk_backend_note(vsk_backend *backend, vsk_notice_kind kind, vsk_status status,
                 const char *text)
{
    vsk_notices_post(&backend->notices, kind, status, text);
}

/* ---- begin and end ---- */

vsk_status
vsk_backend_begin(vsk_backend *backend, int fd)
{
    vsk_channel fresh;

    if (vsk_channel_open(&fresh, fd) != VSK_OK ||
        vsk_loop_watch(&backend->loop, fd, VSK_LOOP_IN, VSK_TAG_CHANNEL) !=
            VSK_OK)
        return VSK_ERR_SYSTEM;
    backend->channel = fresh;
    backend->connected = true;
    backend->sessions++;
    vsk_backend_note(backend, VSK_NOTICE_SESSION, VSK_OK,
                     "a front end is there");
    return VSK_OK;
}

static void
forget_rings(vsk_backend *backend)
{
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        vsk_backend_ring *ring = &backend->rings[i];

        vsk_backend_drop(backend, &ring->kick);
        vsk_backend_drop(backend, &ring->call);
        vsk_backend_drop(backend, &ring->err);
        vsk_backend_ring_init(ring);
    }
}

/* Connections are over, and what the driver has agreed to. */
static void
reset_device(vsk_device *device)
{
    if (device->setup.status != 0 || device->endpoint.table.count != 0)
        (void)vsk_device_write_status(device, vsk_loop_now(), 0);
}

static void
close_channel(vsk_backend *backend, vsk_channel *channel)
{
    vsk_loop_unwatch(&backend->loop, channel->fd);
    vsk_channel_close(channel);
}

void
vsk_backend_end(vsk_backend *backend, vsk_status status, const char *text)
{
    vsk_backend_halt_all(backend);
    vsk_backend_cancel(backend);
    reset_device(backend->device);
    vsk_device_pause(backend->device, vsk_loop_now());
    forget_rings(backend);
    vsk_backend_forget_memory(backend);
    close_channel(backend, &backend->channel);
    close_channel(backend, &backend->requests);
    backend->features = 0;
    backend->protocol = 0;
    backend->status = 0;
    backend->connected = false;
    backend->owned = false;
    backend->live = false;
    backend->stale = false;
    backend->greet = 0;
    backend->owed = 0;
    backend->state_result = VSK_NONE;
    vsk_backend_note(backend, VSK_NOTICE_END, status, text);
    if (backend->options.once) {
        backend->dials = false;
        vsk_backend_leave(backend);
    } else if (backend->dials) {
        backend->retry_at = vsk_loop_now() + VSK_BACKEND_RETRY;
    }
}

/* ---- features ---- */

vsk_status
vsk_backend_agree(vsk_backend *backend)
{
    const uint8_t steps[] = {
        VSK_SETUP_ACKNOWLEDGE, VSK_SETUP_ACKNOWLEDGE | VSK_SETUP_DRIVER,
        VSK_SETUP_ACKNOWLEDGE | VSK_SETUP_DRIVER | VSK_SETUP_FEATURES_OK};
    vsk_device *device = backend->device;
    uint64_t now = vsk_loop_now();
    uint64_t own = backend->features & ~VSK_BIT(VSK_FEATURE_PROTOCOL);
    vsk_status status = VSK_OK;

    if (own == 0 || (device->setup.accepted == own &&
                     (device->setup.status & VSK_SETUP_FEATURES_OK) != 0))
        return VSK_OK;
    reset_device(device);
    for (uint32_t i = 0; status == VSK_OK && i < sizeof steps; i++) {
        if (i == 2)
            status = vsk_device_accept(device, own);
        if (status == VSK_OK)
            status = vsk_device_write_status(device, now, steps[i]);
    }
    return status;
}

/* ---- messages ---- */

/* What is wrong with a message, in words. */
static void
say(const vsk_asked *asked, const vsk_message *request, vsk_status status,
    char *text)
{
    vsk_print out = {text, VSK_NOTICE_TEXT, 0};
    char said[VSK_NOTICE_TEXT];

    (void)vsk_message_text(request, asked->shape, asked->said, said,
                           sizeof said);
    vsk_print_words(&out, said);
    vsk_print_words(&out, ": ");
    vsk_print_words(&out, vsk_status_text(status));
    if (asked->wrong != 0) {
        (void)asked->names(asked->wrong, said, sizeof said);
        vsk_print_words(&out, ": ");
        vsk_print_words(&out, said);
    }
    (void)vsk_print_end(&out);
}

/* Answer with what the request brought, or with the acknowledgement that it
 * asks for, or not at all. */
static vsk_status
answer(vsk_backend *backend, vsk_asked *asked, vsk_status status)
{
    bool has_own =
        asked->shape != NULL && asked->shape->answer != VSK_PAYLOAD_NONE;

    if (!has_own && (asked->message.flags & VSK_MESSAGE_NEED_REPLY) == 0)
        return VSK_OK;
    /* What cannot be answered has no answer: the session ends. */
    if (has_own && status != VSK_OK && asked->refused == VSK_OK)
        return VSK_OK;
    if (!has_own) {
        asked->answer = VSK_PAYLOAD_U64;
        asked->message.u64 = status != VSK_OK;
    }
    asked->message.flags = REPLY;
    return vsk_channel_send(&backend->channel, &asked->message, asked->answer,
                            NULL, 0);
}

/* Look whether a request is one, and may come now. */
static vsk_status
check(const vsk_backend *backend, vsk_asked *asked)
{
    const vsk_request_shape *shape = asked->shape;
    vsk_status status;

    if ((asked->message.flags & VSK_MESSAGE_REPLY) != 0)
        return VSK_BAD_REPLY;
    if (shape == NULL || (shape->needs != VSK_PROTOCOL_NONE &&
                          !vsk_backend_has(backend, shape->needs)))
        return VSK_BAD_REQUEST;
    status = vsk_message_decode(&asked->message, shape->payload,
                                vsk_channel_payload(&backend->channel));
    if (status != VSK_OK)
        return status;
    asked->said = shape->payload;
    return asked->fds.count >= shape->fds_least &&
                   asked->fds.count <= shape->fds_most
               ? VSK_OK
               : VSK_BAD_FDS;
}

/* The rule that a message breaks: the answer says so, then it is over. */
static void
refuse(vsk_backend *backend, vsk_asked *asked, vsk_status status)
{
    char text[VSK_NOTICE_TEXT];

    say(asked, &asked->message, status, text);
    if (status != VSK_BAD_MESSAGE)
        (void)answer(backend, asked, status);
    vsk_backend_end(backend, status, text);
}

static void
serve(vsk_backend *backend, vsk_asked *asked)
{
    vsk_message request;
    char text[VSK_NOTICE_TEXT];
    vsk_status status = check(backend, asked);

    request = asked->message;
    if (status == VSK_OK)
        status = vsk_backend_serve(backend, asked);
    if (status == VSK_OK)
        status = vsk_backend_settle(backend);
    if (status != VSK_OK) {
        asked->message = request;
        asked->refused = VSK_OK;
        refuse(backend, asked, status);
        return;
    }
    if (asked->refused != VSK_OK) {
        say(asked, &request, asked->refused, text);
        vsk_backend_note(backend, VSK_NOTICE_NOTE, asked->refused, text);
    }
    status = answer(backend, asked, asked->refused);
    if (status != VSK_OK)
        vsk_backend_end(backend, status, "the front end reads no answers");
}

static void
receive(vsk_backend *backend)
{
    vsk_asked asked = {.said = VSK_PAYLOAD_NONE};
    vsk_status status =
        vsk_channel_receive(&backend->channel, &asked.message, &asked.fds);

    if (status == VSK_NONE)
        return;
    if (status == VSK_EOF) {
        vsk_backend_end(backend, status, "the front end closed the connection");
        return;
    }
    asked.shape = vsk_request_find(asked.message.request);
    asked.answer = asked.shape != NULL ? asked.shape->answer : VSK_PAYLOAD_NONE;
    if (status == VSK_OK)
        serve(backend, &asked);
    else
        refuse(backend, &asked, status);
    vsk_fds_close(&asked.fds);
}

void
vsk_backend_channel(vsk_backend *backend)
{
    vsk_channel *channel = &backend->channel;
    vsk_status status;

    if (channel->fd < 0)
        return;
    status = vsk_channel_flush(channel);
    if (status < 0) {
        vsk_backend_end(backend, status, "the front end reads no answers");
        return;
    }
    /* A front end that does not read its answers is asked for no more. */
    if (status == VSK_OK)
        receive(backend);
    if (channel->fd >= 0)
        (void)vsk_loop_watch(&backend->loop, channel->fd,
                             vsk_channel_waits(channel) ? VSK_LOOP_OUT
                                                        : VSK_LOOP_IN,
                             VSK_TAG_CHANNEL);
}
