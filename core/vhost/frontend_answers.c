/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the back end answers: believed only where it is exactly what was asked
 * for (VHU-FE-03). */
#include "vhost/frontend_parts.h"

/* All flags of an answer: QEMU looks for nothing else. */
#define ANSWER (VSK_MESSAGE_VERSION | VSK_MESSAGE_REPLY)
#define MILLISECOND 1000000u

const char *
vsk_frontend_asked(const vsk_frontend *frontend)
{
    const vsk_request_shape *shape =
        vsk_request_find(frontend->dialogue.request);

    return shape != NULL ? shape->name : NULL;
}

/* What is wrong with an answer, if anything; it is decoded. */
static vsk_status
judge(vsk_frontend *frontend, vsk_message *message, vsk_fds *fds)
{
    const vsk_frontend_dialogue *dialogue = &frontend->dialogue;
    const vsk_request_shape *shape = vsk_request_find(dialogue->request);
    vsk_payload payload = shape != NULL && shape->answer != VSK_PAYLOAD_NONE
                              ? shape->answer
                              : VSK_PAYLOAD_U64;

    if (!dialogue->asked || message->request != dialogue->request ||
        message->flags != ANSWER ||
        vsk_message_decode(message, payload,
                           vsk_channel_payload(&frontend->channel)) != VSK_OK)
        return VSK_BAD_REPLY;
    if (fds->count > 1 ||
        (fds->count == 1 && shape->id != VSK_REQUEST_SET_DEVICE_STATE_FD))
        return VSK_BAD_FDS;
    return VSK_OK;
}

/* An answer to what was asked: go on. */
static void
take(vsk_frontend *frontend, const vsk_message *message)
{
    const vsk_frontend_dialogue *dialogue = &frontend->dialogue;
    const vsk_frontend_step_of *step =
        vsk_frontend_step_at(dialogue->sequence, dialogue->step);
    vsk_status status = VSK_OK;

    if (!dialogue->barrier) {
        if (step->take != NULL)
            status = step->take(frontend, message);
        else if (message->u64 != 0)
            status = VSK_BAD_ACK;
    }
    if (status == VSK_OK)
        vsk_frontend_advance(frontend);
    else
        vsk_frontend_end(frontend, status, vsk_frontend_asked(frontend), "%s",
                         vsk_status_text(status));
}

static void
hear_one(vsk_frontend *frontend, vsk_message *message, vsk_fds *fds)
{
    vsk_status status = judge(frontend, message, fds);

    if (status == VSK_OK && fds->count != 0)
        frontend->transfer.brought = vsk_fds_take(fds, 0);
    vsk_fds_close(fds);
    if (status == VSK_OK)
        take(frontend, message);
    else
        vsk_frontend_end(frontend, status, vsk_frontend_asked(frontend),
                         "%s (request %u, flags 0x%x, %u bytes came)",
                         vsk_status_text(status), message->request,
                         message->flags, message->size);
}

void
vsk_frontend_hear(vsk_frontend *frontend)
{
    vsk_message message;
    vsk_fds fds;
    vsk_status status = VSK_OK;

    while (frontend->channel.fd >= 0 &&
           (status = vsk_channel_receive(&frontend->channel, &message, &fds)) ==
               VSK_OK)
        hear_one(frontend, &message, &fds);
    if (frontend->channel.fd < 0 || status == VSK_NONE)
        return;
    /* Before the rings run there is always something to be asked. */
    if (status == VSK_EOF &&
        (frontend->dialogue.asked || frontend->state == VSK_FRONTEND_TALKING))
        status = VSK_BAD_HANGUP;
    if (status == VSK_BAD_MESSAGE || status == VSK_BAD_MESSAGE_SIZE)
        status = VSK_BAD_REPLY;
    vsk_frontend_end(
        frontend, status,
        frontend->dialogue.asked ? vsk_frontend_asked(frontend) : NULL, "%s",
        status == VSK_EOF ? "the back end has closed the socket"
                          : vsk_status_text(status));
}

void
vsk_frontend_limit(vsk_frontend *frontend, uint64_t now)
{
    const vsk_frontend_dialogue *dialogue = &frontend->dialogue;

    if (!dialogue->asked && !vsk_channel_waits(&frontend->channel))
        return;
    if (now >= dialogue->deadline)
        vsk_frontend_end(
            frontend, VSK_TIMEOUT, vsk_frontend_asked(frontend),
            "no answer within %llu ms",
            (unsigned long long)(frontend->options.timeout / MILLISECOND));
}
