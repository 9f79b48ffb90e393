/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "device_parts.h"

/* ---- begin ---- */

static void
see(void *user, const vsk_seen *seen)
{
    struct world *w = user;

    role_see(&w->role, seen, VSK_RX);
    if (seen->kind == VSK_SEEN_USED && seen->queue == VSK_TX)
        FUZZ_CHECK(seen->written == 0);
}

static void
begin_driver(struct world *w, uint64_t accepted, uint32_t size)
{
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        w->rings[i] =
            (vsk_ring){.size = size, .features = accepted & VSK_F_RING};
        vsk_ring_place(&w->rings[i], FUZZ_RINGS + RING_STEP * i);
        fuzz_poison(w->slots[i], sizeof w->slots[i]);
        FUZZ_CHECK(vsk_queue_driver_init(&w->drivers[i], &w->memory->memory,
                                         &w->rings[i], w->slots[i]) == VSK_OK);
    }
}

void
device_live(struct world *w, uint64_t accepted)
{
    static const uint8_t steps[] = {1, 3, 11};

    for (uint32_t i = 0; i < 3; i++) {
        if (steps[i] == 11)
            FUZZ_CHECK(vsk_device_accept(&w->device, accepted) == VSK_OK);
        FUZZ_CHECK(vsk_device_write_status(&w->device, w->now, steps[i]) ==
                   VSK_OK);
    }
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        FUZZ_CHECK(vsk_device_start_queue(&w->device, i, &w->rings[i], NULL) ==
                   VSK_OK);
    FUZZ_CHECK(vsk_device_write_status(&w->device, w->now, 15) == VSK_OK);
}

void
device_init(struct world *w)
{
    FUZZ_CHECK(vsk_device_init(&w->device, &w->config, &w->tables) == VSK_OK);
    vsk_device_set_memory(&w->device, &w->memory->memory);
    w->device.tap = (vsk_tap){see, w};
}

struct world *
device_begin(struct fuzz_input *input)
{
    static struct world world;
    struct world *w = &world;
    uint32_t format = fuzz_u8(input), choices = fuzz_u8(input);
    uint64_t accepted = VSK_BIT(VSK_FEATURE_VERSION_1) |
                        VSK_BIT(VSK_FEATURE_SEQPACKET) |
                        VSK_BIT(VSK_FEATURE_RING_RESET);

    accepted |= (format & 1) != 0 ? VSK_F_RING_PACKED : 0;
    accepted |= (format & 2) != 0 ? VSK_F_INDIRECT_DESC : 0;
    accepted |= (format & 4) != 0 ? VSK_F_EVENT_IDX : 0;
    accepted |= (format & 8) != 0 ? VSK_F_IN_ORDER : 0;
    fuzz_poison(w, sizeof *w);
    w->memory = fuzz_memory_begin(false);
    w->tables.endpoint = role_tables(&w->endpoint);
    w->tables.span_count = SPANS;
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        w->tables.spans[i] = w->spans[i];
    w->config = (vsk_device_config){
        .policy = role_policy(choices),
        .features = VSK_FEATURES,
        .guest_cid = ROLE_GUEST,
        .local_cid = VSK_CID_HOST,
        .seed = 7,
    };
    device_init(w);
    w->device.show_packets = (format & 0x20) != 0;
    role_watch(&w->role, &w->device.endpoint, VSK_CID_HOST);
    w->role.lines = (format & 0x10) != 0 ? ROLE_LINES : 0;
    w->now = 0;
    w->place = 0;
    begin_driver(w, accepted, (format & 0x40) != 0 ? 2 : QUEUE_MAX);
    memset(w->watched, 0, sizeof w->watched);
    if ((format & 0x80) == 0)
        device_live(w, accepted);
    return w;
}

/* ---- what it may write ---- */

static bool
is_packed(const struct world *w)
{
    return (w->device.setup.accepted & VSK_F_RING_PACKED) != 0;
}

/* The writable buffers of a table of descriptors, with or without INDIRECT. */
static void
grant_table(struct world *w, const uint8_t *table, uint32_t size, bool nested)
{
    for (uint32_t i = 0; i < size; i++) {
        const uint8_t *at = table + VSK_DESC_SIZE * i;
        uint64_t addr = fuzz_get(at, 8), len = fuzz_get(at + 8, 4);
        uint64_t flags = fuzz_get(at + (is_packed(w) ? 14 : 12), 2);
        const uint8_t *inner;

        if ((flags & VSK_DESC_F_INDIRECT) != 0 && !nested) {
            inner = fuzz_at(w->memory, addr, len);
            if (inner != NULL)
                grant_table(w, inner, (uint32_t)len / VSK_DESC_SIZE, true);
            /* A table that a buffer may be in can change as it is read. */
            w->tangled |= addr - FUZZ_RINGS >= FUZZ_RINGS_SIZE;
        } else if ((flags & VSK_DESC_F_WRITE) != 0) {
            fuzz_memory_grant(w->memory, addr, len);
        }
    }
}

void
device_enter(struct world *w)
{
    uint64_t bytes[3];

    fuzz_memory_mark(w->memory);
    w->tangled = false;
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        const vsk_chain *chain = &w->device.chains[i];

        w->watched[i].avail = w->device.queues[i].ring.state.avail;
        w->watched[i].used = w->device.queues[i].ring.staged;
        if (i == VSK_TX)
            continue; /* nothing is written there, whatever the driver says */
        grant_table(w, w->memory->regions[0].base + RING_STEP * i,
                    w->rings[i].size, false);
        for (uint32_t k = 0; chain->held && k < chain->count; k++)
            if ((chain->spans[k].flags & VSK_SPAN_WRITE) != 0)
                fuzz_memory_grant(w->memory, chain->spans[k].addr,
                                  chain->spans[k].len);
    }
    w->tangled |= fuzz_memory_granted(w->memory, FUZZ_RINGS, FUZZ_RINGS_SIZE);
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        vsk_ring_part_bytes(&w->rings[i], bytes);
        fuzz_memory_grant(w->memory, w->rings[i].device, bytes[2]);
        if (is_packed(w))
            fuzz_memory_grant(w->memory, w->rings[i].desc, bytes[0]);
    }
}

/* ---- what it took and gave back ---- */

void
device_forget(struct world *w, uint32_t queue)
{
    struct watched *watched = &w->watched[queue];

    watched->count = 0;
    watched->avail = w->device.queues[queue].ring.state.avail;
    watched->used = w->device.queues[queue].ring.staged;
    watched->on =
        (w->device.started & 1u << queue) != 0 &&
        (w->device.setup.accepted & (VSK_F_RING_PACKED | VSK_F_IN_ORDER)) == 0;
}

/* In a split ring the device gives back what it took, in the order in which
 * it took it, each once. */
static void
follow(struct world *w, uint32_t queue)
{
    struct watched *watched = &w->watched[queue];
    const vsk_ring_device *ring = &w->device.queues[queue].ring;
    const uint8_t *base = w->memory->regions[0].base;
    const uint8_t *avail = base + (w->rings[queue].driver - FUZZ_RINGS) + 4;
    const uint8_t *used = base + (w->rings[queue].device - FUZZ_RINGS) + 4;
    uint32_t size = w->rings[queue].size, back = 0;

    for (; watched->avail != ring->state.avail; watched->avail++) {
        uint16_t head =
            (uint16_t)fuzz_get(avail + 2 * (watched->avail % size), 2);

        if (head >= size)
            continue;
        FUZZ_CHECK(watched->count < 2 * QUEUE_MAX);
        watched->heads[watched->count++] = head;
    }
    for (; watched->used != ring->staged; watched->used++, back++) {
        FUZZ_CHECK(back < watched->count);
        FUZZ_CHECK(fuzz_get(used + 8 * (watched->used % size), 4) ==
                   watched->heads[back]);
    }
    watched->count -= back;
    memmove(watched->heads, watched->heads + back,
            watched->count * sizeof watched->heads[0]);
}

void
device_leave(struct world *w)
{
    if (!w->tangled)
        fuzz_memory_check(w->memory);
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        const vsk_queue_device *queue = &w->device.queues[i];

        if ((w->device.started & 1u << i) == 0 || w->tangled)
            w->watched[i].on = false;
        if (w->watched[i].on)
            follow(w, i);
        if ((w->device.started & 1u << i) != 0)
            FUZZ_CHECK(vsk_queue_held(queue) <= 1);
    }
    w->tangled = false;
    role_check(&w->role);
}
