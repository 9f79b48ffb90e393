/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The dialogue: one request at a time, then its answer; what comes next. */
#include "vhost/frontend_parts.h"

#include <string.h>
#include <unistd.h>

/* ---- sequences ---- */

static void
enter(vsk_frontend *frontend, uint32_t sequence)
{
    vsk_frontend_dialogue *dialogue = &frontend->dialogue;

    dialogue->sequence = sequence;
    dialogue->step = 0;
    dialogue->queue = 0;
    dialogue->asked = false;
    dialogue->barrier = false;
}

void
vsk_frontend_begin(vsk_frontend *frontend)
{
    vsk_loop_unwatch(&frontend->loop, frontend->requests.fd);
    vsk_channel_close(&frontend->requests);
    frontend->offered = 0;
    frontend->protocol_offered = 0;
    frontend->protocol = 0;
    frontend->device_status = 0;
    frontend->queues = frontend->options.queues;
    frontend->reread = false;
    frontend->state = VSK_FRONTEND_TALKING;
    frontend->dialogue = (vsk_frontend_dialogue){0};
    enter(frontend, SEQUENCE_BEGIN);
}

static void
go_live(vsk_frontend *frontend)
{
    frontend->state = VSK_FRONTEND_LIVE;
    vsk_timers_start(&frontend->guest->endpoint.timers, vsk_loop_now());
    vsk_notices_say(&frontend->notices, VSK_NOTICE_LIVE, VSK_OK,
                    "live: CID %llu, %u queues, features 0x%llx",
                    (unsigned long long)frontend->guest_cid, frontend->queues,
                    (unsigned long long)frontend->guest->features);
    /* What was offered while nobody looked: all at once. */
    (void)vsk_guest_notify(frontend->guest);
    for (uint32_t queue = 0; queue < frontend->queues; queue++)
        (void)vsk_frontend_kick(frontend, queue);
}

static void
stand_still(vsk_frontend *frontend)
{
    frontend->state = VSK_FRONTEND_STOPPED;
    vsk_notices_say(&frontend->notices, VSK_NOTICE_STOPPED, VSK_OK,
                    "stopped: the rings stand still");
}

/* The rings stand still: nobody but the guest looks at its memory. */
static void
reset(vsk_frontend *frontend)
{
    frontend->resets = false;
    vsk_guest_close(frontend->guest);
    frontend->state = VSK_FRONTEND_TALKING;
    enter(frontend, SEQUENCE_RESET);
}

/* The last request of a sequence is done. */
static void
finish(vsk_frontend *frontend, uint32_t sequence)
{
    enter(frontend, SEQUENCE_NONE);
    switch (sequence) {
    case SEQUENCE_BEGIN:
        vsk_notices_say(&frontend->notices, VSK_NOTICE_SESSION, VSK_OK,
                        "back end: features 0x%llx, protocol 0x%llx",
                        (unsigned long long)frontend->offered,
                        (unsigned long long)frontend->protocol_offered);
        /* One that takes over waits to be told to go on. */
        if (frontend->guest->open)
            stand_still(frontend);
        break;
    case SEQUENCE_RINGS:
        enter(frontend, SEQUENCE_START);
        break;
    case SEQUENCE_START:
        go_live(frontend);
        break;
    case SEQUENCE_STOP:
        if (frontend->resets)
            reset(frontend);
        else
            stand_still(frontend);
        break;
    case SEQUENCE_CONFIG:
        vsk_frontend_renew(frontend);
        break;
    default:
        break;
    }
}

static bool
is_for_each_queue(uint32_t sequence)
{
    return sequence == SEQUENCE_RINGS || sequence == SEQUENCE_STOP;
}

void
vsk_frontend_advance(vsk_frontend *frontend)
{
    vsk_frontend_dialogue *dialogue = &frontend->dialogue;

    dialogue->asked = false;
    dialogue->barrier = false;
    dialogue->step++;
    if (vsk_frontend_step_at(dialogue->sequence, dialogue->step) != NULL)
        return;
    dialogue->step = 0;
    dialogue->queue++;
    if (!is_for_each_queue(dialogue->sequence) ||
        dialogue->queue == frontend->queues)
        finish(frontend, dialogue->sequence);
}

/* The lowest queue that is to be kicked by a message. */
static void
enter_kick(vsk_frontend *frontend)
{
    uint32_t queue = 0;

    while ((frontend->kicked & 1u << queue) == 0)
        queue++;
    frontend->kicked &= ~(1u << queue);
    enter(frontend, SEQUENCE_KICK);
    frontend->dialogue.queue = queue;
}

static void
enter_rings(vsk_frontend *frontend)
{
    vsk_status status = vsk_frontend_prepare(frontend);

    frontend->kicked = 0;
    if (status == VSK_OK)
        enter(frontend, SEQUENCE_RINGS);
    else
        vsk_frontend_end(frontend, status, NULL, "the guest cannot begin: %s",
                         vsk_status_text(status));
}

/* Choose what to talk about; false where there is nothing. */
static bool
choose(vsk_frontend *frontend)
{
    if (frontend->reread) {
        frontend->reread = false;
        if (vsk_frontend_has(frontend, VSK_PROTOCOL_CONFIG))
            enter(frontend, SEQUENCE_CONFIG);
        else
            vsk_frontend_renew(frontend);
    } else if (frontend->state == VSK_FRONTEND_STOPPING) {
        enter(frontend, SEQUENCE_STOP);
    } else if (frontend->state == VSK_FRONTEND_TALKING) {
        enter_rings(frontend);
    } else if (frontend->transfer.stage == TRANSFER_ASKED) {
        enter(frontend, SEQUENCE_STATE);
    } else if (frontend->transfer.stage == TRANSFER_CHECKED) {
        enter(frontend, SEQUENCE_CHECK);
    } else if (frontend->state == VSK_FRONTEND_LIVE && frontend->kicked != 0) {
        enter_kick(frontend);
    } else {
        return false;
    }
    return true;
}

/* ---- asking ---- */

/* Send a message; the caller says what is to come of it. */
static vsk_status
send_message(vsk_frontend *frontend, uint64_t now, vsk_message *message,
             vsk_payload payload, int fd)
{
    vsk_frontend_dialogue *dialogue = &frontend->dialogue;
    vsk_status status = vsk_channel_send(&frontend->channel, message, payload,
                                         &fd, fd >= 0 ? 1 : 0);

    dialogue->request = message->request;
    dialogue->deadline = vsk_frontend_until(frontend, now);
    if (status != VSK_OK)
        vsk_frontend_end(frontend, status, vsk_frontend_asked(frontend), "%s",
                         vsk_status_text(status));
    return status;
}

/* Whether an acknowledgement can be had (VHU-FE-01). Where it was only just
 * agreed on, the back end may not know of it yet. */
static bool
is_acked(const vsk_frontend *frontend, const vsk_request_shape *shape)
{
    return shape->answer == VSK_PAYLOAD_NONE &&
           shape->id != VSK_REQUEST_SET_PROTOCOL_FEATURES &&
           vsk_frontend_has(frontend, VSK_PROTOCOL_REPLY_ACK);
}

static void
ask(vsk_frontend *frontend, uint64_t now, const vsk_frontend_step_of *step)
{
    const vsk_request_shape *shape = vsk_request_find(step->request);
    bool acked = is_acked(frontend, shape);
    bool asked = acked || shape->answer != VSK_PAYLOAD_NONE;
    vsk_message message;
    vsk_status status = VSK_OK;
    int fd = -1;

    memset(&message, 0, sizeof message);
    message.request = step->request;
    message.flags = VSK_MESSAGE_VERSION | (acked ? VSK_MESSAGE_NEED_REPLY : 0);
    if (step->fill != NULL)
        status = step->fill(frontend, &message, &fd);
    if (status == VSK_OK)
        status = send_message(frontend, now, &message, shape->payload, fd);
    else
        vsk_frontend_end(frontend, status, shape->name, "%s",
                         vsk_status_text(status));
    if (step->gives && fd >= 0)
        (void)close(fd);
    if (status != VSK_OK)
        return;
    frontend->dialogue.asked = asked;
    frontend->dialogue.barrier = step->barrier && !asked;
    if (!asked && !step->barrier)
        vsk_frontend_advance(frontend);
}

/* Without acknowledgements a request is done when one behind it is answered,
 * as QEMU has it. */
static void
ask_barrier(vsk_frontend *frontend, uint64_t now)
{
    vsk_message message;

    memset(&message, 0, sizeof message);
    message.request = VSK_REQUEST_GET_FEATURES;
    message.flags = VSK_MESSAGE_VERSION;
    if (send_message(frontend, now, &message, VSK_PAYLOAD_NONE, -1) == VSK_OK)
        frontend->dialogue.asked = true;
}

/* One more thing to say; false where there is none now. */
static bool
speak(vsk_frontend *frontend, uint64_t now)
{
    const vsk_frontend_dialogue *dialogue = &frontend->dialogue;
    const vsk_frontend_step_of *step;
    const vsk_request_shape *shape;

    if (frontend->channel.fd < 0 || dialogue->asked ||
        vsk_channel_waits(&frontend->channel))
        return false;
    if (dialogue->sequence == SEQUENCE_NONE)
        return choose(frontend);
    if (dialogue->barrier) {
        ask_barrier(frontend, now);
        return false;
    }
    step = vsk_frontend_step_at(dialogue->sequence, dialogue->step);
    shape = vsk_request_find(step->request);
    if (vsk_frontend_has(frontend, shape->needs) &&
        (step->wanted == NULL || step->wanted(frontend)))
        ask(frontend, now, step);
    else
        vsk_frontend_advance(frontend);
    return true;
}

void
vsk_frontend_talk(vsk_frontend *frontend, uint64_t now)
{
    vsk_frontend_dialogue *dialogue = &frontend->dialogue;
    vsk_channel *channel = &frontend->channel;
    vsk_status status = VSK_OK;
    bool full;

    if (vsk_channel_waits(channel))
        status = vsk_channel_flush(channel);
    if (status < 0)
        vsk_frontend_end(frontend, status, vsk_frontend_asked(frontend), "%s",
                         vsk_status_text(status));
    while (speak(frontend, now))
        ;
    full = vsk_channel_waits(channel);
    if (full != dialogue->full)
        (void)vsk_loop_watch(&frontend->loop, channel->fd,
                             VSK_LOOP_IN | (full ? VSK_LOOP_OUT : 0),
                             TAG_CHANNEL);
    dialogue->full = full;
}
