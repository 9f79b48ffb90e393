/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scene.h"

#define STEP 0x10000000u /* from one region to the next: they never touch */
#define RING_ROOM 0x8000u
#define SPLIT_SIZE 512u
#define HEADER_AT 148u /* in a chain's room: the payload begins a line */
#define PAYLOAD_AT (HEADER_AT + VSK_HEADER_SIZE)
#define MOST_PIECES 5u
#define MOST_PAYLOAD 65536u
#define HOT 0x80000u /* bytes of payload that a core has a cache for */

static uint64_t
room(const struct plan *plan)
{
    return (PAYLOAD_AT + (uint64_t)plan->payload + 63) & ~(uint64_t)63;
}

/* Rooms for chains: fewer than chains where a copy of each would measure how
 * busy the cache is that others share. */
static uint32_t
rooms(const struct plan *plan)
{
    return plan->payload > HOT / SCENE_BATCH ? HOT / MOST_PAYLOAD : SCENE_BATCH;
}

/* Where a chain's room begins in the guest's memory. */
static uint64_t
place(const struct plan *plan, uint32_t chain)
{
    uint64_t at = chain % rooms(plan);

    return at % plan->regions * STEP + RING_ROOM +
           at / plan->regions * room(plan);
}

static uint8_t *
at(const struct scene *scene, uint64_t addr)
{
    return scene->regions[addr / STEP].base + addr % STEP;
}

uint8_t *
scene_payload(const struct scene *scene, const struct plan *plan,
              uint32_t chain)
{
    return at(scene, place(plan, chain) + PAYLOAD_AT);
}

static uint32_t
cut(const struct plan *plan, uint64_t base, vsk_buffer *buffers)
{
    uint32_t pieces = plan->cut == CUT_FIVE ? 4 : 1;
    uint32_t each = plan->payload / pieces;
    uint64_t addr = base + PAYLOAD_AT;

    if (plan->cut == CUT_ONE) {
        buffers[0] = (vsk_buffer){base + HEADER_AT,
                                  VSK_HEADER_SIZE + plan->payload, plan->rx};
        return 1;
    }
    buffers[0] = (vsk_buffer){base + HEADER_AT, VSK_HEADER_SIZE, plan->rx};
    for (uint32_t i = 1; i <= pieces; i++, addr += each)
        buffers[i] = (vsk_buffer){addr, each, plan->rx};
    return 1 + pieces;
}

/* Every field of every packet is another number. */
static bool
write_packet(const struct scene *scene, const struct plan *plan, uint32_t chain)
{
    uint8_t *payload = scene_payload(scene, plan, chain);
    vsk_packet packet;

    vsk_packet_init(&packet, NULL, 0);
    packet.header = (vsk_header){
        .src_cid = 3 + chain,
        .dst_cid = 2,
        .src_port = 1024 + chain,
        .dst_port = 5000 + 3 * chain,
        .len = plan->payload,
        .type = VSK_TYPE_STREAM,
        .op = VSK_OP_RW,
        .flags = chain % 4,
        .buf_alloc = 262144 + chain,
        .fwd_cnt = 77 * chain,
    };
    for (uint32_t i = 0; i < plan->payload; i++)
        payload[i] = (uint8_t)(i * 31 + chain);
    return vsk_packet_encode(&packet, payload - VSK_HEADER_SIZE,
                             VSK_HEADER_SIZE) == VSK_OK;
}

/* The chains of a batch, by the library's own driver, which is used once. */
static bool
post(struct scene *scene, const struct plan *plan)
{
    vsk_ring_slot *slots = calloc(scene->ring.size, sizeof *slots);
    vsk_queue_driver driver;
    uint16_t head;
    bool good =
        slots != NULL && vsk_queue_driver_init(&driver, &scene->memory,
                                               &scene->ring, slots) == VSK_OK;

    for (uint32_t i = 0; good && i < SCENE_BATCH; i++) {
        vsk_buffer buffers[MOST_PIECES];
        vsk_offer offer = {.buffers = buffers, .table = place(plan, i)};

        offer.count = cut(plan, place(plan, i), buffers);
        offer.indirect = plan->cut == CUT_INDIRECT ? offer.count : 0;
        good = (plan->rx || write_packet(scene, plan, i)) &&
               vsk_queue_stage(&driver, &offer, &head) == VSK_OK;
    }
    if (good && plan->packed)
        vsk_queue_offer(&driver);
    free(slots);
    return good;
}

/* Which descriptors a batch begins at is said in every slot, once for all. */
static void
repeat_heads(const struct scene *scene)
{
    uint8_t *heads = scene->driver + 4;
    uint32_t bytes = 2 * SCENE_BATCH;

    for (uint32_t i = bytes; i < 2 * scene->ring.size; i += bytes)
        memcpy(heads + i, heads, bytes);
}

static bool
make_ring(struct scene *scene, const struct plan *plan)
{
    static const uint32_t descriptors[] = {1, 2, 1, 5};

    scene->ring.features = VSK_F_INDIRECT_DESC |
                           (plan->event_idx ? VSK_F_EVENT_IDX : 0) |
                           (plan->packed ? VSK_F_RING_PACKED : 0);
    /* A packed ring is full with a batch, so that each batch is a lap. */
    scene->ring.size =
        plan->packed ? SCENE_BATCH * descriptors[plan->cut] : SPLIT_SIZE;
    vsk_ring_place(&scene->ring, 0);
    scene->desc = at(scene, scene->ring.desc);
    scene->driver = at(scene, scene->ring.driver);
    scene->device = at(scene, scene->ring.device);
    if (!post(scene, plan))
        return false;
    if (!plan->packed) {
        repeat_heads(scene);
        return true;
    }
    scene->first = malloc(VSK_DESC_SIZE * scene->ring.size);
    if (scene->first == NULL)
        return false;
    memcpy(scene->first, scene->desc, VSK_DESC_SIZE * scene->ring.size);
    memset(scene->desc, 0, VSK_DESC_SIZE * scene->ring.size);
    return true;
}

bool
scene_make(struct scene *scene, const struct plan *plan)
{
    uint64_t chains = (rooms(plan) + plan->regions - 1) / plan->regions;
    uint64_t size = (RING_ROOM + chains * room(plan) + 4095) & ~(uint64_t)4095;

    *scene = (struct scene){0};
    for (uint32_t i = 0; i < plan->regions; i++) {
        uint8_t *base = aligned_alloc(4096, size);

        if (base == NULL)
            return false;
        memset(base, 0, size);
        scene->regions[i] = (vsk_region){(uint64_t)i * STEP, size, base};
    }
    return vsk_memory_init(&scene->memory, scene->regions, plan->regions) ==
               VSK_OK &&
           make_ring(scene, plan);
}

static void
offer_lap(struct scene *scene)
{
    memcpy(scene->desc, scene->first, VSK_DESC_SIZE * scene->ring.size);
    for (uint32_t i = 0; scene->odd && i < scene->ring.size; i++) {
        uint8_t *flags = scene->desc + VSK_DESC_SIZE * i + 14;

        flags[0] ^= VSK_DESC_F_AVAIL & 0xff;
        flags[1] ^= VSK_DESC_F_USED >> 8;
    }
    scene->odd = !scene->odd;
}

void
scene_offer(struct scene *scene)
{
    if (scene->first != NULL) {
        offer_lap(scene);
        return;
    }
    scene->offered = (uint16_t)(scene->offered + SCENE_BATCH);
    scene->driver[2] = (uint8_t)scene->offered;
    scene->driver[3] = (uint8_t)(scene->offered >> 8);
}

bool
scene_save(const struct scene *scene, const struct plan *plan)
{
    uint8_t head[VSK_IMAGE_HEAD + 8 * VSK_IMAGE_REGION + VSK_IMAGE_RING];
    vsk_range ranges[8];
    vsk_image_ring ring = {.ring = scene->ring};
    vsk_image image = {ranges, &ring, plan->regions, 1};
    FILE *file = fopen(plan->image, "wb");
    bool good;

    if (file == NULL)
        return false;
    for (uint32_t i = 0; i < plan->regions; i++)
        ranges[i] = (vsk_range){scene->regions[i].addr, scene->regions[i].size};
    good = vsk_image_encode(&image, head, sizeof head) == VSK_OK &&
           fwrite(head, vsk_image_bytes(&image), 1, file) == 1;
    for (uint32_t i = 0; good && i < plan->regions; i++)
        good = fwrite(scene->regions[i].base, scene->regions[i].size, 1,
                      file) == 1;
    return fclose(file) == 0 && good;
}

uint64_t
scene_sum(const struct scene *scene)
{
    uint64_t sum = 0xcbf29ce484222325;

    for (uint32_t i = 0; i < scene->memory.count; i++)
        for (uint64_t j = 0; j < scene->regions[i].size; j++)
            sum = (sum ^ scene->regions[i].base[j]) * 0x100000001b3;
    return sum;
}

void
scene_free(struct scene *scene)
{
    for (uint32_t i = 0; i < 8; i++)
        free(scene->regions[i].base);
    free(scene->first);
}
