/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A thread flips bytes of all guest memory, ring, tables, packets, while both
 * ends of a queue use it. Whatever they read: spans lie in guest memory, a
 * packet is what its header said when it was read, the device holds no more
 * than the ring has and gives back what it holds, and the driver gets back
 * what it posted, once.
 *
 * VSK_CHAINS is how many chains are popped, half a million without it. */
#define _POSIX_C_SOURCE 200809L
#include "rig.h"

#include <pthread.h>
#include <stdatomic.h>

#define QUEUE 16u
#define PLACE 256u  /* guest memory of a chain */
#define LIMIT 4096u /* bytes of a payload that are taken */
#define NEAR 1024u  /* bytes of a region that are flipped more often */

struct flipped {
    struct rig *rig;
    pthread_mutex_t change; /* the flipper's: while it is held memory stays */
    atomic_bool over;
    atomic_ullong flips;
    rig_random random, flipped; /* of the ends; of the flipper */
    bool posted[QUEUE];         /* the places that the device has */
};

/* Outside of ThreadSanitizer's sight, as another process would do it. */
__attribute__((no_sanitize("thread"))) static void
flip(volatile uint8_t *at, uint8_t bits)
{
    *at ^= bits;
}

static void *
flipper(void *argument)
{
    struct flipped *all = argument;
    rig_random random = all->flipped;

    while (!atomic_load(&all->over)) {
        vsk_region *region;
        uint32_t most;

        pthread_mutex_lock(&all->change);
        region = &all->rig->regions[rig_draw(&random, all->rig->region_count)];
        /* Mostly near the start: there ring, tables and packets are. */
        most = (uint32_t)region->size;
        if (most > NEAR && rig_draw(&random, 4) != 0)
            most = NEAR;
        flip((uint8_t *)region->base + rig_draw(&random, most),
             (uint8_t)(1u << rig_draw(&random, 8)));
        pthread_mutex_unlock(&all->change);
        atomic_fetch_add(&all->flips, 1);
    }
    return NULL;
}

static void
renew(struct flipped *all, uint64_t features)
{
    pthread_mutex_lock(&all->change);
    rig_free(all->rig);
    all->rig = rig_new(QUEUE, features | rig_format());
    memset(all->posted, 0, sizeof(all->posted));
    pthread_mutex_unlock(&all->change);
}

static void
post(struct flipped *all, uint64_t features)
{
    struct rig *rig = all->rig;
    uint32_t place = rig_draw(&all->random, QUEUE);
    uint64_t at = RIG_DATA + (uint64_t)place * PLACE;
    uint32_t cut = 1 + rig_draw(&all->random, 55);
    const vsk_header header = {
        .op = VSK_OP_RW, .type = VSK_TYPE_STREAM, .len = 12};
    const vsk_buffer buffers[] = {
        {at, cut, false}, {at + cut, 56 - cut, false}, {at + 64, 100, true}};
    bool table =
        (features & VSK_F_INDIRECT_DESC) != 0 && rig_draw(&all->random, 2) == 0;
    const vsk_offer offer = {buffers, 3, table ? 3 : 0,
                             RIG_NEXT + (uint64_t)place * 64, place};
    uint16_t head;

    if (all->posted[place])
        return;
    vsk_header_encode(&header, rig_at(rig, at));
    if (vsk_queue_stage(&rig->driver, &offer, &head) != VSK_OK)
        return;
    all->posted[place] = true;
    vsk_queue_offer(&rig->driver);
}

static bool
lies_in_memory(const struct rig *rig, const vsk_span *span)
{
    const uint8_t *base = span->base;

    for (uint32_t i = 0; i < rig->region_count; i++) {
        const vsk_region *region = &rig->regions[i];
        const uint8_t *start = region->base;

        if (base >= start && span->len <= region->size &&
            (uint64_t)(base - start) <= region->size - span->len)
            return true;
    }
    return false;
}

static void
take(struct flipped *all, vsk_chain *chain)
{
    struct rig *rig = all->rig;
    static uint8_t bytes[LIMIT];
    vsk_packet packet;
    uint32_t written = 0;

    assert_true(chain->read_count <= chain->count);
    assert_true(chain->count <= rig->capacity);
    for (uint32_t i = 0; i < chain->count; i++)
        assert_true(lies_in_memory(rig, &chain->spans[i]));
    if (chain->status == VSK_OK &&
        vsk_packet_from_spans(&packet, chain->spans, chain->read_count,
                              LIMIT) == VSK_OK) {
        assert_int_equal(packet.size, packet.header.len);
        assert_true(packet.size <= LIMIT);
        assert_int_equal(vsk_packet_read(&packet, 0, bytes, LIMIT),
                         packet.size);
        written = chain->writable < 100 ? (uint32_t)chain->writable : 100;
    }
    assert_true(vsk_queue_held(&rig->device) <= QUEUE);
    assert_int_equal(vsk_queue_give(&rig->device, chain, written), VSK_OK);
}

static vsk_status
reap(struct flipped *all)
{
    vsk_status status;
    vsk_used used;

    while ((status = vsk_queue_reap(&all->rig->driver, &used)) == VSK_OK) {
        assert_true(used.token < QUEUE);
        assert_true(all->posted[used.token]);
        all->posted[used.token] = false;
    }
    return status;
}

/* Both ends have a turn; false where the ring is beyond use. */
static bool
turn(struct flipped *all, uint64_t features, uint64_t *popped)
{
    struct rig *rig = all->rig;
    vsk_status status;
    uint32_t most = 2 * QUEUE;

    post(all, features);
    (void)vsk_queue_should_kick(&rig->driver);
    while (most-- > 0 &&
           (status = vsk_queue_pop(&rig->device, &rig->chain)) != VSK_NONE) {
        if (status != VSK_OK)
            break;
        take(all, &rig->chain);
        ++*popped;
    }
    vsk_queue_publish(&rig->device);
    (void)vsk_queue_should_interrupt(&rig->device);
    (void)vsk_queue_enable_kicks(&rig->device);
    status = reap(all);
    return status == VSK_NONE && rig->driver.ring.outstanding < QUEUE / 2;
}

static void
survive(uint64_t features)
{
    struct flipped all = {.rig = rig_new(QUEUE, features | rig_format()),
                          .random = rig_seed()};
    uint64_t popped = 0, wanted = rig_setting("VSK_CHAINS", 500000);
    uint64_t before, renewed = 0;
    uint32_t idle = 0;
    pthread_t thread;

    all.flipped = ~all.random;
    pthread_mutex_init(&all.change, NULL);
    assert_int_equal(pthread_create(&thread, NULL, flipper, &all), 0);
    while (popped < wanted) {
        before = popped;
        idle = turn(&all, features, &popped) && popped != before ? 0 : idle + 1;
        if (idle < 8)
            continue;
        renew(&all, features);
        renewed++;
        idle = 0;
    }
    atomic_store(&all.over, true);
    pthread_join(thread, NULL);

    printf("%llu chains, %llu flips, %llu rings given up\n",
           (unsigned long long)popped, (unsigned long long)all.flips,
           (unsigned long long)renewed);
    assert_true(all.flips > 0);
    rig_free(all.rig);
}

static void
nothing_breaks_with_event_idx(void **state)
{
    (void)state;

    survive(RIG_BOTH);
}

static void
nothing_breaks_with_flags_alone(void **state)
{
    (void)state;

    survive(0);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(nothing_breaks_with_event_idx),
        cmocka_unit_test(nothing_breaks_with_flags_alone),
    };

    return cmocka_run_group_tests_name("flipped", cases, NULL, NULL);
}
