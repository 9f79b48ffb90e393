/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a packet costs a device: `bench_core` and the words of plan.h. Prints
 * nanoseconds a packet (the median of all batches), the sum of the fields
 * seen, with sum=all one over the memory as it was left, and nanoseconds that
 * memcpy takes for the payload alone. Only what happens in device() is timed
 * for the first, and to be counted by callgrind. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bound.h"
#include "clock.h"
#include "scene.h"

/* What a device has of its own. */
struct work {
    struct plan plan;
    struct scene scene;
    vsk_queue_device end;
    struct bound bound;
    vsk_chain chain;
    vsk_span spans[8];
    _Alignas(64) uint8_t data[65536]; /* copied from, or to, by lines */
};

uint64_t device(struct work *work);

static uint64_t
sum_of(const struct plan *plan, const vsk_header *header)
{
    if (!plan->check)
        return header->src_port + header->len;
    return header->src_cid + header->dst_cid + header->src_port +
           header->dst_port + header->len + header->type + header->op +
           header->flags + header->buf_alloc + header->fwd_cnt;
}

static void
give(struct work *work, uint32_t written)
{
    if (work->plan.batched)
        vsk_queue_give(&work->end, &work->chain, written);
    else
        vsk_queue_push(&work->end, &work->chain, written);
}

static uint64_t
take_packets(struct work *work)
{
    const struct plan *plan = &work->plan;
    vsk_packet packet;
    uint64_t sum = 0;

    while (vsk_queue_pop(&work->end, &work->chain) == VSK_OK) {
        if (vsk_packet_from_tx(&packet, &work->chain, VSK_PAYLOAD_MAX) ==
            VSK_OK) {
            sum += sum_of(plan, &packet.header);
            if (plan->copied)
                vsk_packet_read(&packet, 0, work->data, packet.size);
        }
        give(work, 0);
    }
    return sum;
}

static uint64_t
put_packets(struct work *work)
{
    const struct plan *plan = &work->plan;
    vsk_packet packet;
    uint64_t sum = 0;
    uint32_t port = 1024;

    while (vsk_queue_pop(&work->end, &work->chain) == VSK_OK) {
        uint32_t written = 0;

        if (vsk_packet_into_rx(&packet, &work->chain, VSK_PAYLOAD_MAX) ==
            VSK_OK) {
            packet.header = (vsk_header){.src_cid = 2,
                                         .dst_cid = 3,
                                         .src_port = port++,
                                         .dst_port = 5000,
                                         .len = plan->payload,
                                         .type = VSK_TYPE_STREAM,
                                         .op = VSK_OP_RW,
                                         .buf_alloc = 262144,
                                         .fwd_cnt = 77};
            if (plan->copied)
                vsk_packet_write(&packet, work->data, plan->payload);
            else
                packet.size = plan->payload; /* somebody else wrote it */
            vsk_packet_commit(&packet, &work->chain, &written);
            sum += sum_of(plan, &packet.header);
        }
        give(work, written);
    }
    return sum;
}

/* The payload's bytes alone, between the same places. */
static void
copy_payloads(struct work *work)
{
    for (uint32_t i = 0; i < SCENE_BATCH; i++) {
        uint8_t *payload = scene_payload(&work->scene, &work->plan, i);

        memcpy(work->plan.rx ? payload : work->data,
               work->plan.rx ? work->data : payload, work->plan.payload);
        /* The copy is wanted, whoever reads it. */
        __asm__ volatile("" ::: "memory");
    }
}

/* All that is there: a batch. */
__attribute__((noinline)) uint64_t
device(struct work *work)
{
    uint64_t sum;

    if (work->plan.side == SIDE_BOUND)
        return bound_device(&work->bound, &work->plan, work->data);
    sum = work->plan.rx ? put_packets(work) : take_packets(work);
    if (work->plan.batched)
        vsk_queue_publish(&work->end);
    (void)vsk_queue_enable_kicks(&work->end);
    (void)vsk_queue_should_interrupt(&work->end);
    return sum;
}

/* A batch of copies beside each batch of packets: what a copy takes is a matter
 * of which pages a program happens to have. */
static void
time_copies(struct work *work, struct clock *clock)
{
    clock_begin(clock);
    if (work->plan.copied)
        copy_payloads(work);
    (void)clock_stop(clock);
}

/* Batch after batch: the sum of all. */
static uint64_t
measure(struct work *work, struct clock *clock, struct clock *copies)
{
    uint64_t sum = 0;
    bool more;

    clock_start(clock, work->plan.batches, work->plan.ms);
    clock_start(copies, work->plan.batches, work->plan.ms);
    do {
        scene_offer(&work->scene);
        clock_begin(clock);
        sum += device(work);
        more = clock_stop(clock);
        time_copies(work, copies);
    } while (more);
    return sum;
}

int
main(int argc, char **argv)
{
    static struct work work;
    static struct clock clock, copies;
    uint64_t sum;

    if (!plan_read(&work.plan, argc, argv)) {
        fputs("see tests/bench/plan.h\n", stderr);
        return 2;
    }
    if (!scene_make(&work.scene, &work.plan) ||
        vsk_queue_device_init(&work.end, &work.scene.memory, &work.scene.ring,
                              NULL) != VSK_OK ||
        (work.plan.image != NULL && !scene_save(&work.scene, &work.plan)))
        return 1;
    for (uint32_t i = 0; i < sizeof work.data; i++)
        work.data[i] = (uint8_t)(i * 7);
    vsk_chain_init(&work.chain, work.spans, 8);
    bound_init(&work.bound, &work.scene);
    sum = measure(&work, &clock, &copies);
    printf("%.3f %" PRIu64 " %016" PRIx64 " %.3f\n",
           (double)clock_median(&clock) / SCENE_BATCH, sum,
           work.plan.check ? scene_sum(&work.scene) : 0,
           (double)clock_median(&copies) / SCENE_BATCH);
    scene_free(&work.scene);
    return 0;
}
