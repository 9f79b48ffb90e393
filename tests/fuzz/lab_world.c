/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "lab_parts.h"

static void
see(void *user, const vsk_seen *seen)
{
    struct world *w = user;
    char line[700];

    FUZZ_CHECK(w->seen++ < 100000);
    /* A packet may have been on its way when its connection was reset. */
    FUZZ_CHECK(w->malign || seen->kind != VSK_SEEN_REFUSED ||
               seen->status == VSK_BAD_FLOW);
    if (w->lines != 0) {
        w->lines--;
        (void)vsk_trace_line(seen, line, sizeof line);
    }
}

vsk_endpoint *
lab_endpoint(struct world *w, uint32_t pair, vsk_side side)
{
    struct machine *m = &w->machines[pair];

    return side == VSK_SIDE_DEVICE ? &m->device.endpoint : &m->guest.endpoint;
}

static vsk_guest_policy
draw_policy(uint32_t format, uint32_t choices)
{
    const vsk_guest_preset *preset = vsk_guest_preset_at(choices >> 6);
    vsk_guest_policy policy = vsk_guest_policy_default();

    if (preset != NULL && (format & 0x20) != 0)
        FUZZ_CHECK(vsk_guest_preset_find(preset->name) == preset);
    if (preset != NULL && (format & 0x20) != 0)
        policy = preset->policy;
    policy.endpoint = role_policy(choices & 0x7f);
    policy.queue_size = QUEUE_MAX;
    policy.rx_pieces[0] = 300;
    policy.rx_pieces[1] = (format & 0x10) != 0 ? 50 : 0;
    policy.event_buffers = 2;
    policy.features &= ~(uint64_t)VSK_F_RING;
    policy.features |= (format & 1) != 0 ? VSK_F_RING_PACKED : 0;
    policy.features |= (format & 2) != 0 ? VSK_F_INDIRECT_DESC : 0;
    policy.features |= (format & 4) != 0 ? VSK_F_EVENT_IDX : 0;
    policy.features |= (format & 8) != 0 ? VSK_F_IN_ORDER : 0;
    policy.features |= VSK_BIT(VSK_FEATURE_NOTIFICATION_DATA) |
                       VSK_BIT(VSK_FEATURE_RING_RESET) |
                       VSK_BIT(VSK_FEATURE_SEQPACKET);
    return policy;
}

static void
begin_device(struct machine *m, uint32_t pair, uint32_t choices)
{
    const vsk_device_config config = {
        .policy = role_policy(choices & 0x7f),
        .features = VSK_FEATURES,
        .guest_cid = ROLE_GUEST + pair,
        .local_cid = VSK_CID_HOST,
        .seed = 7,
    };

    m->device_tables.endpoint = role_tables(&m->device_endpoint);
    m->device_tables.span_count = SPANS;
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        m->device_tables.spans[i] = m->device_spans[i];
    FUZZ_CHECK(vsk_device_init(&m->device, &config, &m->device_tables) ==
               VSK_OK);
    role_watch(&m->roles[VSK_SIDE_DEVICE], &m->device.endpoint, VSK_CID_HOST);
}

static void
begin_guest(struct machine *m, uint32_t pair, const vsk_guest_policy *policy)
{
    m->guest_tables.endpoint = role_tables(&m->guest_endpoint);
    m->guest_tables.spans = m->guest_spans;
    m->guest_tables.span_count = SPANS;
    m->guest_tables.pieces = m->pieces;
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        m->guest_tables.slots[i] = m->slots[i];
        m->guest_tables.buffers[i] =
            (vsk_buffers_tables){m->records[i], RECORDS, m->scratch[i]};
    }
    FUZZ_CHECK(vsk_guest_init(&m->guest, policy, &m->guest_tables, 9) ==
               VSK_OK);
    role_watch(&m->roles[VSK_SIDE_GUEST], &m->guest.endpoint,
               ROLE_GUEST + pair);
}

static void
begin_memory(struct machine *m)
{
    if (m->ram == NULL)
        m->ram = malloc(RAM_SIZE);
    FUZZ_CHECK(m->ram != NULL);
    memset(m->ram, FUZZ_FILL, RAM_SIZE);
    m->region = (vsk_region){RAM, RAM_SIZE, m->ram};
    FUZZ_CHECK(vsk_memory_init(&m->memory, &m->region, 1) == VSK_OK);
    FUZZ_CHECK(vsk_pool_init(&m->pool, &m->memory, m->ranges, RANGES) ==
               VSK_OK);
}

void
lab_restart(struct world *w, uint32_t pair)
{
    struct machine *m = &w->machines[pair];

    (void)vsk_lab_start(&w->lab, pair, &m->memory, &m->pool);
}

void
lab_begin(struct world *w, struct fuzz_input *input)
{
    uint32_t format = fuzz_u8(input), choices = fuzz_u8(input);
    const vsk_guest_policy policy = draw_policy(format, choices);

    for (uint32_t i = 0; i < PAIRS; i++) {
        struct machine *m = &w->machines[i];

        begin_memory(m);
        begin_device(m, i, choices);
        begin_guest(m, i, &policy);
        w->pairs[i] = (vsk_lab_pair){.device = &m->device, .guest = &m->guest};
    }
    vsk_lab_init(&w->lab, w->pairs, PAIRS, choices);
    w->lab.tap = (vsk_tap){see, w};
    w->malign = (format & 0x80) != 0;
    w->lines = (format & 0x40) != 0 ? 2 * ROLE_LINES : 0;
    w->seen = 0;
    lab_faults(w, fuzz_u8(input));
    for (uint32_t i = 0; i < PAIRS; i++)
        lab_restart(w, i);
}

void
lab_end(struct world *w)
{
    for (uint32_t i = 0; i < PAIRS; i++) {
        struct machine *m = &w->machines[i];

        vsk_guest_close(&m->guest);
        FUZZ_CHECK(vsk_pool_available(&m->pool) == RAM_SIZE);
    }
}

void
lab_faults(struct world *w, uint32_t choice)
{
    vsk_faults *faults = &w->lab.faults;

    *faults = (vsk_faults){0};
    faults->delay = (choice & 1) != 0 ? VSK_MILLISECOND : 0;
    faults->hold = (choice & 2) != 0 ? VSK_MILLISECOND : 0;
    faults->lose_kicks = (choice & 4) != 0 ? 200 : 0;
    faults->starve = (choice & 8) != 0 ? 2 : 0;
    faults->shrink = (choice & 0x10) != 0 ? 200 : 0;
    if (!w->malign)
        return;
    faults->flip = (choice & 0x20) != 0 ? 300 : 0;
    faults->duplicate = (choice & 0x40) != 0 ? 200 : 0;
    faults->reorder = (choice & 0x40) != 0 ? 200 : 0;
    faults->lie = (choice & 0x80) != 0 ? 200 : 0;
    faults->scribble = (choice & 0x20) != 0 ? 100 : 0;
}
