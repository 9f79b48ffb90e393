/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "queue_parts.h"

#include "vsk/image.h"

/* ---- begin and end ---- */

static uint64_t
features_of(uint32_t format)
{
    return ((format & 1) != 0 ? VSK_F_RING_PACKED : 0) |
           ((format & 2) != 0 ? VSK_F_INDIRECT_DESC : 0) |
           ((format & 4) != 0 ? VSK_F_EVENT_IDX : 0) |
           ((format & 8) != 0 ? VSK_F_IN_ORDER : 0);
}

static void
begin_buffers(struct world *w)
{
    const vsk_buffers_tables tables = {w->records, RECORDS, w->scratch};

    FUZZ_CHECK(vsk_pool_init(&w->pool, &w->memory->memory, w->ranges, RANGES) ==
               VSK_OK);
    FUZZ_CHECK(vsk_pool_reserve(&w->pool, FUZZ_RINGS, FUZZ_RINGS_SIZE) ==
               VSK_OK);
    w->pool_bytes = vsk_pool_available(&w->pool);
    vsk_buffers_init(&w->buffers, &w->driver, &w->memory->memory, &w->pool,
                     w->ring.size, &tables);
}

struct world *
queue_begin(struct fuzz_input *input)
{
    static struct world world;
    struct world *w = &world;
    uint32_t format = fuzz_u8(input), size = fuzz_u8(input);
    vsk_status status;

    fuzz_poison(w, sizeof *w);
    *w = (struct world){.memory = fuzz_memory_begin(false), .honest = true};
    fuzz_poison(w->slots, sizeof w->slots);
    fuzz_poison(w->records, sizeof w->records);
    w->packed = (format & 1) != 0;
    w->in_order = (format & 8) != 0;
    w->print = (format & 0x10) != 0;
    w->through_buffers = (format & 0x20) != 0;
    w->ring = (vsk_ring){.size = size % (QUEUE_MAX + 1),
                         .features = features_of(format)};
    vsk_ring_place(&w->ring, FUZZ_RINGS);
    status = vsk_queue_driver_init(&w->driver, &w->memory->memory, &w->ring,
                                   w->slots);
    if (w->ring.size == 0 ||
        (!w->packed && (w->ring.size & (w->ring.size - 1)) != 0)) {
        FUZZ_CHECK(status == VSK_ERR_SIZE);
        return NULL;
    }
    FUZZ_CHECK(status == VSK_OK);
    FUZZ_CHECK(vsk_ring_map(&w->ring, &w->memory->memory, &w->parts) == VSK_OK);
    FUZZ_CHECK(vsk_queue_device_init(&w->device, &w->memory->memory, &w->ring,
                                     NULL) == VSK_OK);
    for (uint32_t i = 0; i < HELD; i++)
        vsk_chain_init(&w->chains[i], w->spans[i], SPANS);
    if (w->through_buffers)
        begin_buffers(w);
    return w;
}

void
queue_end(struct world *w)
{
    for (uint32_t i = 0; i < w->ring.size; i++)
        queue_reap(w);
    /* What has come back is free again, and nothing else. */
    if (w->through_buffers && w->driver.ring.outstanding == 0)
        FUZZ_CHECK(vsk_pool_available(&w->pool) == w->pool_bytes);
}

uint32_t
ring_bytes(const struct world *w)
{
    return (uint32_t)vsk_ring_bytes(&w->ring);
}

void
grant_driver(struct world *w)
{
    uint64_t bytes[3];

    vsk_ring_part_bytes(&w->ring, bytes);
    fuzz_memory_mark(w->memory);
    fuzz_memory_grant(w->memory, w->ring.desc, bytes[0]);
    fuzz_memory_grant(w->memory, w->ring.driver, bytes[1]);
}

void
grant_device(struct world *w)
{
    uint64_t bytes[3];

    vsk_ring_part_bytes(&w->ring, bytes);
    fuzz_memory_mark(w->memory);
    fuzz_memory_grant(w->memory, w->ring.device, bytes[2]);
    if (w->packed)
        fuzz_memory_grant(w->memory, w->ring.desc, bytes[0]);
}

/* ---- the driver ---- */

static void
remember(struct world *w, uint64_t token, const vsk_buffer *list,
         uint32_t count)
{
    for (uint32_t i = 0; i < OUT; i++) {
        if (w->out[i].token != 0)
            continue;
        w->out[i].token = token;
        w->out[i].writable = 0;
        for (uint32_t k = 0; k < count; k++)
            w->out[i].writable += list[k].write ? list[k].len : 0;
        return;
    }
    fuzz_fail("more chains are outstanding than a ring has", __FILE__,
              __LINE__);
}

static void
add_raw(struct world *w, struct fuzz_input *input)
{
    uint32_t shape = fuzz_u8(input);
    vsk_buffer list[QUEUE_MAX + 1];
    vsk_offer offer = {
        .buffers = list,
        .count = (shape & 0x10) != 0 ? shape & 15 : shape & 3,
        .indirect = (shape & 0x20) != 0 ? shape & 15 : 0,
        .table = FUZZ_RINGS + 0x800,
        .token = w->token + 1,
    };
    vsk_status status;
    uint16_t head;

    if ((shape & 0x40) != 0 && offer.indirect != 0)
        offer.indirect = fuzz_below(input, QUEUE_MAX);
    if ((shape & 0x60) == 0x60)
        offer.table = fuzz_addr(input);
    for (uint32_t i = 0; i < offer.count; i++) {
        list[i] = fuzz_buffer(input);
        if ((shape & 0x80) != 0)
            list[i].addr = fuzz_addr(input);
    }
    fuzz_memory_grant(w->memory, offer.table, 16 * (uint64_t)offer.indirect);
    status = (shape & 0x40) != 0 ? vsk_queue_stage(&w->driver, &offer, &head)
                                 : vsk_queue_add(&w->driver, &offer, &head);
    if (status != VSK_OK)
        return;
    /* A table that lies in the ring is as bad as a scribble. */
    w->honest &= offer.indirect == 0 || offer.table == FUZZ_RINGS + 0x800;
    if (offer.indirect != 0 && w->held_count + w->driver.ring.outstanding > 1)
        w->honest = false; /* tables of two chains are one */
    w->token++;
    remember(w, w->token, list, offer.count);
}

static void
add_through_buffers(struct world *w, struct fuzz_input *input)
{
    static uint8_t payload[256];
    uint32_t shape = fuzz_u8(input), size = fuzz_u8(input);
    uint32_t pieces[4];
    vsk_layout layout = {(shape & 16) != 0 ? pieces : NULL, 1 + (shape & 3),
                         (shape & 4) != 0};
    const vsk_buffer anywhere = {fuzz_addr(input), size, (shape & 2) != 0};
    vsk_packet packet;
    uint16_t head;

    for (uint32_t i = 0; i < 4; i++)
        pieces[i] = fuzz_u8(input);
    memset(payload, FUZZ_PAYLOAD, sizeof payload);
    vsk_packet_init(&packet, payload, size);
    fuzz_memory_grant(w->memory, FUZZ_DATA, 2 * FUZZ_DATA_SIZE);
    if ((shape & 0xc0) == 0xc0)
        (void)vsk_buffers_add(&w->buffers, &anywhere, 1, (shape & 4) >> 2,
                              &head);
    else if ((shape & 8) != 0)
        (void)vsk_buffers_post(&w->buffers, 44 + size, &layout, &head);
    else
        (void)vsk_buffers_send(&w->buffers, &packet, &layout, &head);
}

void
queue_add(struct world *w, struct fuzz_input *input)
{
    uint32_t choice = fuzz_u8(input);

    grant_driver(w);
    if (choice >= 0xf8) {
        vsk_queue_stage_head(&w->driver, fuzz_u16(input));
        w->honest = false;
    } else if (w->through_buffers) {
        add_through_buffers(w, input);
    } else {
        add_raw(w, input);
    }
    fuzz_memory_check(w->memory);
}

static void
reap_buffers(struct world *w)
{
    vsk_span spans[QUEUE_MAX];
    vsk_chain chain;
    vsk_used used;
    vsk_status status;

    vsk_chain_init(&chain, spans, QUEUE_MAX);
    fuzz_poison(&used, sizeof used);
    status = vsk_buffers_reap(&w->buffers, &used);
    FUZZ_CHECK(!w->honest || status >= 0);
    if (status != VSK_OK)
        return;
    FUZZ_CHECK(used.status == VSK_OK || used.written == 0);
    if (vsk_buffers_written(&w->buffers, &used, &chain) == VSK_OK)
        FUZZ_CHECK(chain.writable == used.written);
    vsk_buffers_release(&w->buffers, &used);
    FUZZ_CHECK(vsk_pool_available(&w->pool) <= w->pool_bytes);
}

void
queue_reap(struct world *w)
{
    vsk_used used;
    vsk_status status;
    uint32_t at = 0;

    fuzz_memory_mark(w->memory);
    if (w->through_buffers) {
        reap_buffers(w);
        fuzz_memory_check(w->memory);
        return;
    }
    fuzz_poison(&used, sizeof used);
    status = vsk_queue_reap(&w->driver, &used);
    fuzz_memory_check(w->memory);
    FUZZ_CHECK(!w->honest || status >= 0);
    if (status != VSK_OK)
        return;
    if (used.token == 0)
        return; /* of a ring that was opened again */
    while (at < OUT && w->out[at].token != used.token)
        at++;
    FUZZ_CHECK(at < OUT); /* it was offered, and did not come back before */
    FUZZ_CHECK(used.written <= w->out[at].writable);
    FUZZ_CHECK(used.status == VSK_OK ||
               (used.status == VSK_BAD_USED_LEN && used.written == 0));
    FUZZ_CHECK(!w->honest || used.status == VSK_OK);
    w->out[at].token = 0;
}

void
queue_go_on(struct world *w, struct fuzz_input *input)
{
    uint32_t choice = fuzz_below(input, 3);
    vsk_image_ring ring = {.ring = w->ring,
                           .driver = vsk_queue_driver_state(&w->driver)};
    vsk_range region = {FUZZ_RINGS, FUZZ_RINGS_SIZE};
    vsk_image image = {&region, &ring, 1, 1};
    uint8_t wire[VSK_IMAGE_HEAD + VSK_IMAGE_REGION + VSK_IMAGE_RING];
    vsk_image_ring again;

    if (w->through_buffers || w->driver.ring.staged != ring.driver.avail)
        return;
    fuzz_poison(wire, sizeof wire);
    FUZZ_CHECK(vsk_image_bytes(&image) == sizeof wire);
    FUZZ_CHECK(vsk_image_encode(&image, wire, sizeof wire - 1) ==
               VSK_ERR_SPACE);
    FUZZ_CHECK(vsk_image_encode(&image, wire, sizeof wire) == VSK_OK);
    fuzz_shown(wire, sizeof wire);
    image.rings = &again;
    FUZZ_CHECK(vsk_image_counts(&image, wire) == VSK_OK);
    FUZZ_CHECK(image.region_count == 1 && image.ring_count == 1);
    vsk_image_decode(&image, wire);
    FUZZ_CHECK(memcmp(&again.driver, &ring.driver, sizeof ring.driver) == 0);
    if (choice != 0) {
        w->honest = false;
        fuzz_scribble(w->memory, input, FUZZ_RINGS, ring_bytes(w));
        again.driver.avail = choice == 1 ? fuzz_u16(input) : again.driver.avail;
    }
    if (vsk_queue_driver_open(&w->driver, &w->memory->memory, &w->ring,
                              w->slots,
                              choice == 2 ? NULL : &again.driver) != VSK_OK)
        return;
    /* Tokens are 0 from now on; chains come back in order alone. */
    memset(w->out, 0, sizeof w->out);
    w->honest = false;
}
