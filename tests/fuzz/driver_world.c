/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "driver_parts.h"

static void
see(void *user, const vsk_seen *seen)
{
    struct world *w = user;
    uint32_t at = w->expected_first + w->expected_count;

    role_see(&w->role, seen, VSK_TX);
    if (seen->kind != VSK_SEEN_PACKET || seen->queue != VSK_TX)
        return;
    /* A device that lies gives back what it never took, so more is offered than
     * a ring has room for; nothing that it takes is expected any more. */
    if (!w->honest)
        return;
    FUZZ_CHECK(w->expected_count < 4 * QUEUE_MAX);
    vsk_header_encode(&seen->packet->header, w->expected[at % (4 * QUEUE_MAX)]);
    w->expected_count++;
}

static void
begin_tables(struct world *w)
{
    w->tables.endpoint = role_tables(&w->endpoint);
    w->tables.spans = w->spans;
    w->tables.span_count = SPANS;
    w->tables.pieces = w->pieces;
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        w->tables.slots[i] = w->slots[i];
        w->tables.buffers[i] =
            (vsk_buffers_tables){w->records[i], RECORDS, w->scratch[i]};
        vsk_chain_init(&w->chains[i], w->device_spans[i], SPANS);
    }
}

static void
begin_policy(struct world *w, uint32_t format, uint32_t choices)
{
    w->policy = vsk_guest_policy_default();
    w->policy.endpoint = role_policy(choices);
    w->policy.queue_size = QUEUE_MAX;
    w->policy.rx_pieces[0] = (format & 0x20) != 0 ? 44 : 120;
    w->policy.rx_pieces[1] = (format & 0x20) != 0 ? 80 : 0;
    w->policy.rx_buffers = 4;
    w->policy.event_buffers = 2;
    w->policy.rx_indirect = (format & 0x40) != 0;
    w->policy.tx_indirect = (format & 0x40) != 0;
    w->policy.tx_piece = (format & 0x80) != 0 ? 200 : 0;
    w->features = w->policy.features & ~(uint64_t)VSK_F_RING;
    w->features |= (format & 1) != 0 ? VSK_F_RING_PACKED : 0;
    w->features |= (format & 2) != 0 ? VSK_F_INDIRECT_DESC : 0;
    w->features |= (format & 4) != 0 ? VSK_F_EVENT_IDX : 0;
    w->features |= (format & 8) != 0 ? VSK_F_IN_ORDER : 0;
}

struct world *
driver_begin(struct fuzz_input *input)
{
    static struct world world;
    struct world *w = &world;
    uint32_t format = fuzz_u8(input), choices = fuzz_u8(input);

    fuzz_poison(w, sizeof *w);
    w->memory = fuzz_memory_begin(false);
    w->now = 0;
    begin_policy(w, format, choices);
    begin_tables(w);
    FUZZ_CHECK(vsk_pool_init(&w->pool, &w->memory->memory, w->ranges, RANGES) ==
               VSK_OK);
    w->pool_bytes = vsk_pool_available(&w->pool);
    FUZZ_CHECK(vsk_guest_init(&w->guest, &w->policy, &w->tables, 7) == VSK_OK);
    w->guest.tap = (vsk_tap){see, w};
    role_watch(&w->role, &w->guest.endpoint, ROLE_GUEST);
    w->role.lines = (format & 0x10) != 0 ? ROLE_LINES : 0;
    driver_open(w);
    return w;
}

void
driver_begin_device(struct world *w, uint32_t queue)
{
    w->chains[queue].held = false;
    FUZZ_CHECK(vsk_queue_device_init(&w->devices[queue], &w->memory->memory,
                                     &w->guest.rings[queue], NULL) == VSK_OK);
    if (queue == VSK_TX)
        w->expected_first = w->expected_count = 0;
}

void
driver_open(struct world *w)
{
    w->expected_first = w->expected_count = 0;
    w->role.sender_cid = ROLE_GUEST;
    FUZZ_CHECK(vsk_guest_open(&w->guest, &w->memory->memory, &w->pool,
                              w->features, ROLE_GUEST) == VSK_OK);
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        driver_begin_device(w, i);
    w->honest = true;
}

void
driver_close(struct world *w)
{
    vsk_guest_close(&w->guest);
    FUZZ_CHECK(vsk_pool_available(&w->pool) == w->pool_bytes);
}

/* What the device has is not the guest's to write: its part of a split ring,
 * and the buffers of a chain in its hand. */
void
driver_enter(struct world *w)
{
    uint64_t bytes[3];

    fuzz_memory_mark(w->memory);
    for (uint32_t i = 0; i < FUZZ_REGIONS; i++)
        fuzz_memory_grant(w->memory, w->memory->regions[i].addr,
                          w->memory->regions[i].size);
    for (uint32_t i = 0; i < VSK_QUEUES && w->guest.open; i++) {
        const vsk_chain *chain = &w->chains[i];

        vsk_ring_part_bytes(&w->guest.rings[i], bytes);
        fuzz_memory_deny(w->memory, w->guest.rings[i].device, bytes[2]);
        for (uint32_t k = 0; chain->held && w->honest && k < chain->count; k++)
            fuzz_memory_deny(w->memory, chain->spans[k].addr,
                             chain->spans[k].len);
    }
}

void
driver_leave(struct world *w)
{
    fuzz_memory_check(w->memory);
    FUZZ_CHECK(vsk_pool_available(&w->pool) <= w->pool_bytes);
    for (uint32_t i = 0; i < VSK_QUEUES && w->guest.open; i++)
        FUZZ_CHECK(w->guest.posted[i] <= w->guest.rings[i].size);
    role_check(&w->role);
}

void
driver_check_tx(struct world *w, const vsk_chain *chain)
{
    static uint8_t bytes[0x2000];
    uint32_t size = fuzz_gather(chain, false, bytes, sizeof bytes);

    if (!w->honest)
        return;
    FUZZ_CHECK(chain->status == VSK_OK && w->expected_count != 0);
    FUZZ_CHECK(size >= VSK_HEADER_SIZE);
    fuzz_shown(bytes, size);
    FUZZ_CHECK(memcmp(bytes, w->expected[w->expected_first], VSK_HEADER_SIZE) ==
               0);
    for (uint32_t i = VSK_HEADER_SIZE; i < size; i++)
        FUZZ_CHECK(bytes[i] == FUZZ_PAYLOAD);
    w->expected_first = (w->expected_first + 1) % (4 * QUEUE_MAX);
    w->expected_count--;
}
