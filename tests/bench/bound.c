/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "bound.h"

/* As it stands in memory. */
struct descriptor {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

struct element {
    uint32_t id;
    uint32_t len;
};

/* As it stands on the wire. */
struct header {
    uint64_t src_cid, dst_cid;
    uint32_t src_port, dst_port, len;
    uint16_t type, op;
    uint32_t flags, buf_alloc, fwd_cnt;
};

#define HEADER offsetof(struct header, fwd_cnt) + sizeof(uint32_t)

void
bound_init(struct bound *bound, const struct scene *scene)
{
    *bound = (struct bound){
        .base = scene->regions[0].base,
        .bytes = scene->regions[0].size,
        .desc = scene->desc,
        .driver = scene->driver,
        .device = scene->device,
        .mask = scene->ring.size - 1,
    };
}

static uint16_t
acquire(const uint8_t *field)
{
    return atomic_load_explicit((const _Atomic uint16_t *)(const void *)field,
                                memory_order_acquire);
}

static void
release(uint8_t *field, uint16_t value)
{
    atomic_store_explicit((_Atomic uint16_t *)(void *)field, value,
                          memory_order_release);
}

static uint64_t
sum_of(const struct plan *plan, const struct header *header)
{
    if (!plan->check)
        return header->src_port + header->len;
    return header->src_cid + header->dst_cid + header->src_port +
           header->dst_port + header->len + header->type + header->op +
           header->flags + header->buf_alloc + header->fwd_cnt;
}

/* A descriptor's bytes, NULL where they are not all in the memory. */
static inline uint8_t *
load(const struct bound *bound, uint32_t slot, struct descriptor *desc)
{
    memcpy(desc, bound->desc + slot * sizeof *desc, sizeof *desc);
    if (desc->addr > bound->bytes || bound->bytes - desc->addr < desc->len)
        return NULL;
    return bound->base + desc->addr;
}

/* Header and payload of a chain; false where it is not of our model. */
static inline bool
both(const struct bound *bound, uint32_t head, uint16_t flags, uint8_t **header,
     uint8_t **payload, uint32_t *size)
{
    struct descriptor desc;

    *header = load(bound, head, &desc);
    if (*header == NULL || desc.len != (HEADER) ||
        desc.flags != (flags | VSK_DESC_F_NEXT) || desc.next > bound->mask)
        return false;
    *payload = load(bound, desc.next, &desc);
    *size = desc.len;
    return *payload != NULL && desc.flags == flags;
}

static inline uint64_t
take(const struct bound *bound, const struct plan *plan, uint32_t head,
     uint8_t *data)
{
    struct header header;
    uint8_t *wire, *payload;
    uint32_t size;

    if (!both(bound, head, 0, &wire, &payload, &size))
        return 0;
    memcpy(&header, wire, HEADER);
    if (header.len > size || header.len > VSK_PAYLOAD_MAX)
        return 0;
    if (plan->copied)
        memcpy(data, payload, header.len);
    return sum_of(plan, &header);
}

static inline uint64_t
put(const struct bound *bound, const struct plan *plan, uint32_t head,
    uint32_t port, const uint8_t *data)
{
    struct header header = {.src_cid = 2,
                            .dst_cid = 3,
                            .src_port = port,
                            .dst_port = 5000,
                            .len = plan->payload,
                            .type = VSK_TYPE_STREAM,
                            .op = VSK_OP_RW,
                            .buf_alloc = 262144,
                            .fwd_cnt = 77};
    uint8_t *wire, *payload;
    uint32_t size;

    if (!both(bound, head, VSK_DESC_F_WRITE, &wire, &payload, &size) ||
        size < plan->payload)
        return 0;
    if (plan->copied)
        memcpy(payload, data, plan->payload);
    memcpy(wire, &header, HEADER);
    return sum_of(plan, &header);
}

/* Ask for kicks, look once more, and whether an interrupt is wanted. */
static void
end_batch(const struct bound *bound, const struct plan *plan)
{
    uint32_t size = bound->mask + 1;

    if (plan->event_idx)
        memcpy(bound->device + 4 + size * sizeof(struct element), &bound->next,
               sizeof bound->next);
    else
        memset(bound->device, 0, 2);
    atomic_thread_fence(memory_order_seq_cst);
    (void)acquire(bound->driver + 2);
    (void)acquire(plan->event_idx ? bound->driver + 4 + 2 * size
                                  : bound->driver);
}

uint64_t
bound_device(struct bound *bound, const struct plan *plan, uint8_t *data)
{
    uint16_t offered = acquire(bound->driver + 2);
    uint32_t written = plan->rx ? (HEADER) + plan->payload : 0;
    uint64_t sum = 0;

    for (uint32_t port = 1024; bound->next != offered; port++) {
        uint32_t slot = bound->next & bound->mask;
        struct element element = {0, written};
        uint16_t head;

        memcpy(&head, bound->driver + 4 + 2 * slot, sizeof head);
        if (head > bound->mask)
            return 0;
        sum += plan->rx ? put(bound, plan, head, port, data)
                        : take(bound, plan, head, data);
        element.id = head;
        memcpy(bound->device + 4 + slot * sizeof element, &element,
               sizeof element);
        bound->next++;
        if (!plan->batched)
            release(bound->device + 2, bound->next);
    }
    release(bound->device + 2, bound->next);
    end_batch(bound, plan);
    return sum;
}
