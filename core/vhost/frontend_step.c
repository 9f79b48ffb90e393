/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What there is to do: sockets and calls, the dialogue, the guest. */
#include "vhost/frontend_parts.h"

/* Events after which sockets are looked at though there are more. */
#define TURNS 32u

/* What came in on sockets and calls. */
static void
look(vsk_frontend *frontend, uint64_t now)
{
    vsk_ready ready[VSK_LOOP_BATCH];
    uint32_t count = vsk_loop_look(&frontend->loop, ready);

    for (uint32_t i = 0; i < count; i++) {
        uint64_t tag = ready[i].tag;

        if (tag == TAG_CHANNEL && (ready[i].what & VSK_LOOP_IN) != 0)
            vsk_frontend_hear(frontend);
        else if (tag == TAG_REQUESTS)
            vsk_frontend_serve(frontend);
        else if (tag >= TAG_CALL && frontend->calls[tag - TAG_CALL] >= 0)
            (void)vsk_notify_drain(frontend->calls[tag - TAG_CALL]);
    }
    vsk_frontend_limit(frontend, now);
    vsk_frontend_transfer_flow(frontend, now);
}

/* Kick the device for what was offered. */
static void
kick(vsk_frontend *frontend)
{
    uint32_t wanted;

    if (frontend->state != VSK_FRONTEND_LIVE)
        return;
    wanted = vsk_guest_notify(frontend->guest);
    for (uint32_t queue = 0; queue < frontend->queues; queue++) {
        if ((wanted & 1u << queue) != 0)
            (void)vsk_frontend_kick(frontend, queue);
    }
}

/* The guest has nothing to do with rings that stand still; once all is over
 * it tells how its connections ended. */
static vsk_status
poll_guest(vsk_frontend *frontend, uint64_t now, vsk_event *event)
{
    vsk_status status = VSK_NONE;

    if (frontend->state == VSK_FRONTEND_LIVE ||
        frontend->state == VSK_FRONTEND_OVER)
        status = vsk_guest_poll(frontend->guest, now, event);
    if (status == VSK_OK && event->kind == VSK_EVENT_RESET &&
        frontend->guest->stale)
        frontend->reread = true;
    return status;
}

static uint64_t
earlier(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

/* Set the alarm to what comes next. */
static void
rest(vsk_frontend *frontend)
{
    uint64_t deadline = UINT64_MAX;
    uint64_t timer;

    if (frontend->state == VSK_FRONTEND_LIVE &&
        vsk_timers_next(&frontend->guest->endpoint.timers, &timer) == VSK_OK)
        deadline = timer;
    if (frontend->dialogue.asked || vsk_channel_waits(&frontend->channel))
        deadline = earlier(deadline, frontend->dialogue.deadline);
    if (frontend->transfer.stage == TRANSFER_FLOWS)
        deadline =
            earlier(deadline,
                    frontend->transfer.more ? 0 : frontend->transfer.deadline);
    vsk_loop_alarm(&frontend->loop, deadline);
}

vsk_status
vsk_frontend_step(vsk_frontend *frontend, vsk_event *event)
{
    uint64_t now = vsk_loop_now();

    if (frontend->turns++ % TURNS == 0) {
        look(frontend, now);
        kick(frontend);
    }
    vsk_frontend_talk(frontend, now);
    if (poll_guest(frontend, now, event) == VSK_OK)
        return VSK_OK;
    kick(frontend);
    vsk_frontend_talk(frontend, now);
    rest(frontend);
    frontend->turns = 0;
    return VSK_NONE;
}

void
vsk_frontend_flush(vsk_frontend *frontend)
{
    if (frontend->state != VSK_FRONTEND_LIVE)
        return;
    vsk_guest_flush(frontend->guest, vsk_loop_now());
    kick(frontend);
}
