/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/lab_parts.h"

#include <stddef.h>

#define NEVER UINT64_MAX
#define ALL_SIDES(lab) (2 * (lab)->count)

/* Polls of one vsk_lab_poll at most: sides that keep each other busy with
 * packets that tell nothing do not keep the caller. */
#define BUDGET 65536u

void
vsk_lab_init(vsk_lab *lab, vsk_lab_pair *pairs, uint32_t count, uint64_t seed)
{
    *lab = (vsk_lab){
        .pairs = pairs,
        .count = count,
        .random = seed,
        .quiet = true,
    };
    lab->last = ALL_SIDES(lab) - 1;
    for (uint32_t i = 0; i < count; i++)
        pairs[i] = (vsk_lab_pair){
            .device = pairs[i].device,
            .guest = pairs[i].guest,
        };
}

/* SplitMix64 (Steele, Lea and Flood, 2014): any state is as good as another. */
uint64_t
vsk_lab_random(vsk_lab *lab, uint64_t below)
{
    uint64_t z;

    if (below < 2)
        return 0;
    lab->random += UINT64_C(0x9e3779b97f4a7c15);
    z = lab->random;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

void
vsk_lab_wake(vsk_lab *lab, uint32_t pair, vsk_side side)
{
    lab->pairs[pair].awake[side] = true;
}

void
vsk_lab_see(const vsk_lab *lab, const vsk_lab_pair *pair, vsk_seen_kind kind,
            uint32_t queue, const char *words)
{
    if (lab->tap.see != NULL)
        lab->tap.see(lab->tap.user,
                     &(vsk_seen){
                         .kind = kind,
                         .now = lab->now,
                         .guest_cid = (uint32_t)pair->device->setup.guest_cid,
                         .queue = queue,
                         .words = words,
                     });
}

/* ---- notifications ---- */

static uint64_t
later(vsk_lab *lab, uint64_t most)
{
    uint64_t delay = vsk_lab_random(lab, most == NEVER ? most : most + 1);

    return delay < NEVER - lab->now ? lab->now + delay : NEVER - 1;
}

/* A kick or an interrupt is on its way to a side: the earliest one counts. */
static void
send_note(vsk_lab *lab, vsk_lab_pair *pair, vsk_side side, uint32_t queue)
{
    bool kick = side == VSK_SIDE_DEVICE;
    uint64_t at = later(lab, lab->faults.delay);
    uint8_t bit = (uint8_t)(1u << queue);

    if (at != lab->now)
        vsk_lab_see(lab, pair, VSK_SEEN_FAULT, queue,
                    kick ? "late kick" : "late interrupt");
    if (kick && vsk_lab_chance(lab, lab->faults.lose_kicks)) {
        at = at < NEVER - 1 - VSK_SECOND ? at + VSK_SECOND : NEVER - 1;
        vsk_lab_see(lab, pair, VSK_SEEN_FAULT, queue, "lost kick");
    }
    if ((pair->due[side] & bit) == 0 || at < pair->at[side][queue])
        pair->at[side][queue] = at;
    if (kick)
        pair->data[queue] = vsk_guest_notification(pair->guest, queue);
    pair->due[side] |= bit;
}

/* Send what a side's rings and configuration ask for. */
static void
notify(vsk_lab *lab, vsk_lab_pair *pair, vsk_side side)
{
    bool device = side == VSK_SIDE_DEVICE;
    uint32_t notes = device ? vsk_device_notify(pair->device)
                            : vsk_guest_notify(pair->guest);

    for (uint32_t i = 0; i < VSK_LAB_NOTES; i++)
        if ((notes & 1u << i) != 0)
            send_note(lab, pair, device ? VSK_SIDE_GUEST : VSK_SIDE_DEVICE, i);
}

static void
publish(vsk_lab *lab, vsk_lab_pair *pair)
{
    pair->held = false;
    vsk_device_publish(pair->device);
    notify(lab, pair, VSK_SIDE_DEVICE);
}

/* A side has done what there was to do: the other one hears of it, unless the
 * used entries are held back. */
static void
settle(vsk_lab *lab, vsk_lab_pair *pair, vsk_side side)
{
    if (side == VSK_SIDE_GUEST || !pair->device->hold) {
        notify(lab, pair, side);
        return;
    }
    if (pair->held || pair->device->used == 0)
        return;
    pair->held = true;
    pair->publish = later(lab, lab->faults.hold);
    vsk_lab_see(lab, pair, VSK_SEEN_FAULT, VSK_TX, "hold");
}

static void
see_note(const vsk_lab *lab, const vsk_lab_pair *pair, vsk_side side,
         uint32_t queue)
{
    vsk_seen seen = {
        .kind = VSK_SEEN_INTERRUPT,
        .now = lab->now,
        .guest_cid = (uint32_t)pair->device->setup.guest_cid,
        .queue = queue,
        .words = queue == VSK_QUEUES ? "configuration" : NULL,
    };

    if (side == VSK_SIDE_DEVICE) {
        seen.kind = VSK_SEEN_KICK;
        seen.written = pair->data[queue];
        seen.with_data = (pair->device->setup.accepted &
                          VSK_BIT(VSK_FEATURE_NOTIFICATION_DATA)) != 0;
    }
    if (lab->tap.see != NULL)
        lab->tap.see(lab->tap.user, &seen);
}

/* Let arrive what is due for a side by now. */
static void
arrive(vsk_lab *lab, vsk_lab_pair *pair, vsk_side side)
{
    for (uint32_t i = 0; i < VSK_LAB_NOTES; i++) {
        uint8_t bit = (uint8_t)(1u << i);

        if ((pair->due[side] & bit) == 0 || pair->at[side][i] > lab->now)
            continue;
        pair->due[side] &= (uint8_t)~bit;
        pair->awake[side] = true;
        see_note(lab, pair, side, i);
    }
}

static void
deliver(vsk_lab *lab)
{
    for (uint32_t i = 0; i < lab->count; i++) {
        vsk_lab_pair *pair = &lab->pairs[i];

        if (pair->held && pair->publish <= lab->now)
            publish(lab, pair);
        arrive(lab, pair, VSK_SIDE_DEVICE);
        arrive(lab, pair, VSK_SIDE_GUEST);
    }
}

/* ---- the clock ---- */

static const vsk_timers *
timers_of(const vsk_lab_pair *pair, uint32_t side)
{
    return side == VSK_SIDE_DEVICE ? &pair->device->endpoint.timers
                                   : &pair->guest->endpoint.timers;
}

/* When something happens to a pair that sleeps. */
static uint64_t
next_of(const vsk_lab_pair *pair)
{
    uint64_t next = pair->held ? pair->publish : NEVER;

    for (uint32_t side = 0; side < 2; side++) {
        uint64_t deadline;

        if (vsk_timers_next(timers_of(pair, side), &deadline) == VSK_OK &&
            deadline < next)
            next = deadline;
        for (uint32_t i = 0; i < VSK_LAB_NOTES; i++)
            if ((pair->due[side] & 1u << i) != 0 && pair->at[side][i] < next)
                next = pair->at[side][i];
    }
    return next;
}

static void
wake_timers(vsk_lab *lab, vsk_lab_pair *pair)
{
    for (uint32_t side = 0; side < 2; side++) {
        uint64_t deadline;

        if (vsk_timers_next(timers_of(pair, side), &deadline) != VSK_OK ||
            deadline > lab->now)
            continue;
        pair->awake[side] = true;
        vsk_lab_see(lab, pair, VSK_SEEN_TIMER, 0,
                    side == VSK_SIDE_DEVICE ? "of the device" : "of the guest");
    }
}

/* Nobody is awake: go on to what comes next, or to the limit. */
static bool
jump(vsk_lab *lab, uint64_t limit)
{
    uint64_t next = NEVER;

    for (uint32_t i = 0; i < lab->count; i++) {
        uint64_t own = next_of(&lab->pairs[i]);

        if (own < next)
            next = own;
    }
    lab->quiet = true;
    if (next == NEVER || next > limit) {
        if (limit != NEVER && limit > lab->now)
            lab->now = limit;
        return false;
    }
    if (next > lab->now)
        lab->now = next;
    for (uint32_t i = 0; i < lab->count; i++)
        wake_timers(lab, &lab->pairs[i]);
    return true;
}

/* ---- turns ---- */

/* Who is next: chance says who begins, then they take turns. */
static bool
choose(vsk_lab *lab, uint32_t *turn)
{
    uint32_t first = lab->last + 1;
    uint32_t awake = 0;

    for (uint32_t i = 0; i < ALL_SIDES(lab); i++)
        awake += lab->pairs[i / 2].awake[i % 2];
    if (awake == 0)
        return false;
    if (lab->quiet && awake > 1)
        first = (uint32_t)vsk_lab_random(lab, ALL_SIDES(lab));
    lab->quiet = false;
    *turn = first % ALL_SIDES(lab);
    while (!lab->pairs[*turn / 2].awake[*turn % 2])
        *turn = (*turn + 1) % ALL_SIDES(lab);
    return true;
}

/* Whether an event is the caller's to see. */
static bool
passes(vsk_lab *lab, vsk_lab_pair *pair, vsk_side side, const vsk_event *event)
{
    if (event->kind == VSK_EVENT_MORE)
        return false;
    if (event->kind == VSK_EVENT_PACKET)
        return vsk_lab_meddle(lab, pair, side, event->packet) &&
               lab->show_packets;
    /* Refused where it is not TRANSPORT_RESET that is told. */
    if (event->kind == VSK_EVENT_RESET && side == VSK_SIDE_GUEST)
        (void)vsk_guest_renew(pair->guest,
                              vsk_lab_read_cid(&pair->device->setup));
    return true;
}

/* Let a side go on by one event. */
static bool
take_turn(vsk_lab *lab, uint32_t turn, vsk_event *event)
{
    vsk_lab_pair *pair = &lab->pairs[turn / 2];
    vsk_side side = (vsk_side)(turn % 2);
    vsk_status status;

    lab->last = turn;
    vsk_lab_disturb(lab, pair);
    if (side == VSK_SIDE_DEVICE)
        status = vsk_device_poll(pair->device, lab->now, event);
    else
        status = vsk_guest_poll(pair->guest, lab->now, event);
    pair->awake[side] = status == VSK_OK;
    if (status != VSK_OK ||
        (side == VSK_SIDE_DEVICE && pair->device->given >= VSK_DEVICE_BATCH))
        settle(lab, pair, side);
    return status == VSK_OK && passes(lab, pair, side, event);
}

static void
adjust(vsk_lab *lab)
{
    for (uint32_t i = 0; i < lab->count; i++) {
        vsk_lab_pair *pair = &lab->pairs[i];
        bool held = pair->device->hold;

        vsk_lab_adjust(lab, pair);
        pair->device->hold = lab->faults.hold != 0;
        if (held && !pair->device->hold)
            publish(lab, pair);
    }
}

vsk_status
vsk_lab_poll(vsk_lab *lab, uint64_t limit, uint32_t *pair, vsk_side *side,
             vsk_event *event)
{
    vsk_event seen = {.kind = VSK_EVENT_MORE};
    bool told = false;
    uint32_t turn;

    adjust(lab);
    for (uint32_t i = 0; !told && i < BUDGET; i++) {
        deliver(lab);
        if (choose(lab, &turn))
            told = take_turn(lab, turn, &seen);
        else if (!jump(lab, limit))
            return VSK_NONE;
    }
    if (!told)
        seen = (vsk_event){.kind = VSK_EVENT_MORE};
    *event = seen;
    *pair = lab->last / 2;
    *side = (vsk_side)(lab->last % 2);
    return VSK_OK;
}
