/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the back end asks for, on a socket of its own. */
#include "vhost/frontend_parts.h"

/* Requests at a time: who asks without end must not keep us here. */
#define TURNS 16u

/* Do what a sound request asks for; whether it could be done. */
static bool
carry_out(vsk_frontend *frontend, const vsk_message *message)
{
    switch (message->request) {
    case VSK_BACKEND_REQUEST_CONFIG_CHANGE:
        frontend->reread = true;
        return true;
    case VSK_BACKEND_REQUEST_VRING_CALL:
        /* The guest is polled after every look. */
        return message->state.index < frontend->queues;
    case VSK_BACKEND_REQUEST_VRING_ERR:
        vsk_notices_say(&frontend->notices, VSK_NOTICE_NOTE, VSK_BAD_RING,
                        "the back end says that ring %u has an error",
                        message->state.index);
        return message->state.index < frontend->queues;
    default:
        return false;
    }
}

/* Answer only what wants an answer, and only where answers were agreed on
 * (VHU-FE-22). */
static vsk_status
answer(vsk_frontend *frontend, const vsk_message *message, bool done)
{
    vsk_message reply = {
        .request = message->request,
        .flags = VSK_MESSAGE_VERSION | VSK_MESSAGE_REPLY,
        .u64 = done ? 0 : 1,
    };

    if ((message->flags & VSK_MESSAGE_NEED_REPLY) == 0 ||
        !vsk_frontend_has(frontend, VSK_PROTOCOL_REPLY_ACK))
        return VSK_OK;
    return vsk_channel_send(&frontend->requests, &reply, VSK_PAYLOAD_U64, NULL,
                            0);
}

/* What a request that came breaks, if anything. */
static vsk_status
judge(vsk_frontend *frontend, vsk_message *message, const vsk_fds *fds)
{
    const vsk_request_shape *shape = vsk_backend_request_find(message->request);

    if ((message->flags & VSK_MESSAGE_REPLY) != 0)
        return VSK_BAD_MESSAGE;
    if (fds->count != 0)
        return VSK_BAD_FDS;
    if (shape == NULL || !vsk_frontend_has(frontend, shape->needs))
        return VSK_BAD_REQUEST;
    return vsk_message_decode(message, shape->payload,
                              vsk_channel_payload(&frontend->requests));
}

static vsk_status
serve_one(vsk_frontend *frontend)
{
    const char *name = "a request of the back end's own";
    const vsk_request_shape *shape;
    vsk_message message;
    vsk_fds fds;
    vsk_status status =
        vsk_channel_receive(&frontend->requests, &message, &fds);
    bool done = false;

    if (status == VSK_OK) {
        status = judge(frontend, &message, &fds);
        vsk_fds_close(&fds);
        shape = vsk_backend_request_find(message.request);
        if (shape != NULL)
            name = shape->name;
    }
    if (status == VSK_NONE || status == VSK_EOF)
        return status;
    if (status == VSK_OK)
        done = carry_out(frontend, &message);
    if (status == VSK_BAD_REQUEST) {
        /* It may be newer than we are: no reason to end. */
        vsk_notices_say(&frontend->notices, VSK_NOTICE_NOTE, status,
                        "request %u of the back end's own: %s", message.request,
                        vsk_status_text(status));
        status = VSK_OK;
    }
    if (status == VSK_OK)
        status = answer(frontend, &message, done);
    if (status != VSK_OK)
        vsk_frontend_end(frontend, status, name, "%s", vsk_status_text(status));
    return status;
}

/* A request is read only when the answer to the one before it has gone. */
void
vsk_frontend_serve(vsk_frontend *frontend)
{
    vsk_channel *requests = &frontend->requests;
    vsk_status status = VSK_OK;

    for (uint32_t turn = 0; turn < TURNS && status == VSK_OK; turn++) {
        status = vsk_channel_flush(requests);
        if (status == VSK_OK)
            status = serve_one(frontend);
        else if (status != VSK_NONE)
            vsk_frontend_end(frontend, status, NULL,
                             "the back end takes no answer");
    }
    if (status == VSK_EOF) {
        vsk_loop_unwatch(&frontend->loop, requests->fd);
        vsk_channel_close(requests);
        vsk_notices_say(&frontend->notices, VSK_NOTICE_NOTE, status,
                        "the back end has no more requests of its own");
    }
    if (requests->fd >= 0)
        (void)vsk_loop_watch(&frontend->loop, requests->fd,
                             vsk_channel_waits(requests) ? VSK_LOOP_OUT
                                                         : VSK_LOOP_IN,
                             TAG_REQUESTS);
}
