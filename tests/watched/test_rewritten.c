/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Memory that is rewritten while it is read: behind any read, any byte of it
 * changes, one bit or all of them. What was read before that counts as it was,
 * what comes after as if it had been so from the start; nobody reads a byte
 * twice, and nothing is written but what was granted. */
#include "rig.h"

#include "vsk/packet.h"
#include "vsk/shared.h"

#define SLOTS 4u
#define PAYLOAD 5u
#define CUT 20u     /* bytes of the packet in the first buffer */
#define CHANGES 9u  /* of a byte: each bit, and all of them */
#define BYTES 1024u /* that may change */
#define REGION 256u /* bytes of each region with packets */

/* What the end under test does. */
enum act { READ_TX, READ_BAD, FILL_RX, REAP };

/* What a run has found. */
struct outcome {
    vsk_status status; /* of pop or reap */
    vsk_status packet; /* of what was popped, as a packet */
    vsk_status fault;  /* of the chain */
    vsk_desc desc;
    vsk_span spans[2 * SLOTS];
    uint32_t count;
    uint16_t head, slot;
    bool notify;
    uint8_t wire[VSK_HEADER_SIZE + PAYLOAD];
    uint32_t written;
    vsk_used used;
};

/* A byte of shared memory, and which read of the sound run looks at it. */
struct byte {
    uint8_t *at;
    uint32_t read; /* from 1; 0: none */
};

/* Both ends before a run, and all of memory as it was. */
struct scene {
    struct rig *rig;
    enum act act;
    vsk_queue_driver driver;
    vsk_ring_slot slots[SLOTS];
    vsk_queue_device device;
    uint8_t *images[RIG_REGIONS];
    struct byte bytes[BYTES];
    uint32_t byte_count;
};

/* What goes on during a run. */
static struct {
    struct scene *scene; /* to note who reads what; NULL: nothing is noted */
    uint32_t reads;
    uint32_t when; /* so many reads, and the byte changes */
    uint8_t *at;
    uint8_t change;
} meddler;

static void
note(const uint8_t *at, size_t size)
{
    struct scene *scene = meddler.scene;

    for (uint32_t i = 0; scene != NULL && i < scene->byte_count; i++) {
        struct byte *byte = &scene->bytes[i];

        if (byte->at < at || byte->at >= at + size)
            continue;
        if (byte->read != 0)
            fail_msg("byte %u is read %u and %u", i, byte->read, meddler.reads);
        byte->read = meddler.reads;
    }
}

static void
was_read(const void *at, size_t size)
{
    meddler.reads++;
    note(at, size);
    if (meddler.reads == meddler.when)
        *meddler.at ^= meddler.change;
}

uint32_t
watched_load(const void *at, size_t size, bool acquire)
{
    uint32_t value = size == 2 ? vsk_le_load16(at) : vsk_le_load32(at);

    (void)acquire;
    was_read(at, size);
    return value;
}

void
watched_store(void *at, size_t size, uint32_t value, bool release)
{
    (void)release;
    if (size == 2)
        vsk_le_store16(at, (uint16_t)value);
    else
        vsk_le_store32(at, value);
}

void
watched_fence(void)
{
}

void
watched_copy(void *to, const void *from, size_t size)
{
    memcpy(to, from, size);
    was_read(from, size);
}

void
watched_write(void *to, const void *from, size_t size)
{
    memmove(to, from, size);
}

/* ---- the end under test ---- */

static void
take_packet(struct scene *scene, struct outcome *outcome)
{
    vsk_chain *chain = &scene->rig->chain;
    uint8_t payload[PAYLOAD] = "hello";
    vsk_packet packet;

    if (scene->act != FILL_RX) {
        outcome->packet = vsk_packet_from_tx(&packet, chain, PAYLOAD);
        if (outcome->packet == VSK_OK)
            vsk_packet_encode(&packet, outcome->wire, sizeof outcome->wire);
        return;
    }
    outcome->packet = vsk_packet_into_rx(&packet, chain, PAYLOAD);
    if (outcome->packet != VSK_OK)
        return;
    if (vsk_packet_write(&packet, payload, packet.room) == VSK_OK)
        vsk_packet_commit(&packet, chain, &outcome->written);
}

static void
serve(struct scene *scene, struct outcome *outcome)
{
    struct rig *rig = scene->rig;
    const vsk_chain *chain = &rig->chain;

    outcome->status = vsk_queue_pop(&rig->device, &rig->chain);
    if (outcome->status != VSK_OK)
        return;
    outcome->fault = chain->status;
    outcome->desc = chain->desc;
    outcome->head = chain->head;
    outcome->slot = chain->slot;
    outcome->count = chain->count;
    memcpy(outcome->spans, chain->spans, chain->count * sizeof *chain->spans);
    take_packet(scene, outcome);
    assert_int_equal(
        vsk_queue_push(&rig->device, &rig->chain, outcome->written), VSK_OK);
    outcome->notify = vsk_queue_should_interrupt(&rig->device);
}

/* Run from the start; a byte changes behind so many reads, or before all. */
static void
run(struct scene *scene, uint32_t when, uint8_t *at, uint8_t change,
    struct outcome *outcome)
{
    struct rig *rig = scene->rig;

    rig->driver = scene->driver;
    memcpy(rig->slots, scene->slots, sizeof scene->slots);
    rig->device = scene->device;
    vsk_chain_init(&rig->chain, rig->spans, rig->capacity);
    memset(outcome, 0, sizeof *outcome);
    meddler.reads = 0;
    meddler.when = when;
    meddler.at = at;
    meddler.change = change;
    if (when == 0)
        *at ^= change;
    if (scene->act != REAP) {
        serve(scene, outcome);
        return;
    }
    outcome->status = vsk_queue_reap(&rig->driver, &outcome->used);
    outcome->notify = vsk_queue_should_kick(&rig->driver);
}

/* ---- what it may have written ---- */

static void
restore(struct scene *scene, uint8_t *at, uint64_t size)
{
    for (uint32_t i = 0; i < scene->rig->region_count; i++) {
        const vsk_region *region = &scene->rig->regions[i];

        if (at >= region->base && at < region->base + region->size) {
            memcpy(at, scene->images[i] + (at - region->base), size);
            return;
        }
    }
    fail_msg("no memory of the guest's");
}

/* Take back what was granted; what is left must be as it was. */
static void
assert_nothing_else_written(struct scene *scene, uint8_t *changed,
                            const struct outcome *outcome)
{
    struct rig *rig = scene->rig;
    uint64_t bytes[3];

    vsk_ring_part_bytes(&rig->ring, bytes);
    restore(scene, changed, 1);
    for (uint32_t i = 0; i < outcome->count; i++)
        if ((outcome->spans[i].flags & VSK_SPAN_WRITE) != 0)
            restore(scene, outcome->spans[i].base, outcome->spans[i].len);
    if (!rig->driver.ring.packed)
        restore(scene, rig->parts.device, bytes[2]);
    else if (scene->act != REAP)
        restore(scene, rig->parts.desc + 8, 8);
    for (uint32_t i = 0; i < rig->region_count; i++)
        assert_memory_equal(rig->regions[i].base, scene->images[i],
                            rig->regions[i].size);
}

/* ---- all changes ---- */

static void
compare(const struct scene *scene, const struct outcome *found,
        const struct outcome *wanted, uint32_t byte, uint8_t change,
        uint32_t when)
{
    if (memcmp(found, wanted, sizeof *found) != 0)
        fail_msg("byte %u, first read %u, changed by %02x behind read %u: %s, "
                 "not %s",
                 byte, scene->bytes[byte].read, change, when,
                 vsk_status_name(found->status != VSK_OK ? found->status
                                                         : found->packet),
                 vsk_status_name(wanted->status != VSK_OK ? wanted->status
                                                          : wanted->packet));
}

static void
change_all(struct scene *scene)
{
    static struct outcome sound, changed, found;
    uint32_t reads;

    meddler.scene = scene;
    run(scene, UINT32_MAX, scene->bytes[0].at, 0, &sound);
    meddler.scene = NULL;
    reads = meddler.reads;
    assert_int_equal(sound.status, VSK_OK);
    assert_int_equal(sound.packet,
                     scene->act == READ_BAD ? VSK_BAD_ADDRESS : VSK_OK);
    assert_true(reads >= 3);
    assert_nothing_else_written(scene, scene->bytes[0].at, &sound);
    for (uint32_t i = 0; i < scene->byte_count; i++)
        for (uint32_t which = 0; which < CHANGES; which++) {
            const struct byte *byte = &scene->bytes[i];
            uint8_t change = (uint8_t)(which == 8 ? 0xffu : 1u << which);

            run(scene, 0, byte->at, change, &changed);
            assert_nothing_else_written(scene, byte->at, &changed);
            for (uint32_t when = 1; when <= reads; when++) {
                bool before = byte->read != 0 && byte->read <= when;

                run(scene, when, byte->at, change, &found);
                compare(scene, &found, before ? &sound : &changed, i, change,
                        when);
                assert_nothing_else_written(scene, byte->at, &found);
            }
        }
    printf("%u reads, %u bytes, %u changes each\n", reads, scene->byte_count,
           CHANGES);
}

static void
add_bytes(struct scene *scene, uint8_t *at, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        assert_true(scene->byte_count < BYTES);
        scene->bytes[scene->byte_count++].at = at + i;
    }
}

/* A packet of two buffers on a ring, seen by the end that is to act. */
static void
begin(struct scene *scene, uint64_t features, enum act act, bool indirect)
{
    const vsk_header header = {.op = VSK_OP_RW, .len = PAYLOAD};
    const uint32_t rest = VSK_HEADER_SIZE + PAYLOAD - CUT;
    const uint64_t second = act == READ_BAD ? RIG_NOWHERE : RIG_NEXT + 64;
    const bool write = act == FILL_RX || act == REAP;
    const vsk_buffer buffers[] = {{RIG_DATA, CUT, write},
                                  {second, rest, write}};
    struct rig *rig = rig_new(SLOTS, features);
    uint8_t wire[VSK_HEADER_SIZE + PAYLOAD];
    uint64_t parts[3];

    memset(scene, 0, sizeof *scene);
    scene->rig = rig;
    /* Small enough to be compared after every run. */
    rig->regions[1].size = REGION;
    rig->regions[2].size = REGION;
    scene->act = act;
    vsk_header_encode(&header, wire);
    memcpy(wire + VSK_HEADER_SIZE, "hello", PAYLOAD);
    memcpy(rig_at(rig, RIG_DATA), wire, CUT);
    memcpy(rig_at(rig, RIG_NEXT + 64), wire + CUT, rest);
    assert_int_equal(rig_add_status(rig, buffers, 2, indirect ? 2 : 0), VSK_OK);
    if (act == REAP)
        rig_complete_one(rig);
    scene->driver = rig->driver;
    memcpy(scene->slots, rig->slots, sizeof scene->slots);
    scene->device = rig->device;
    for (uint32_t i = 0; i < rig->region_count; i++) {
        scene->images[i] = rig_zeroed(rig->regions[i].size, 1);
        memcpy(scene->images[i], rig->regions[i].base, rig->regions[i].size);
    }
    vsk_ring_part_bytes(&rig->ring, parts);
    add_bytes(scene, rig->parts.desc, parts[0]);
    add_bytes(scene, rig->parts.driver, parts[1]);
    add_bytes(scene, rig->parts.device, parts[2]);
    add_bytes(scene, rig_at(rig, RIG_TABLE), 32);
    add_bytes(scene, rig_at(rig, RIG_DATA), CUT);
    add_bytes(scene, rig_at(rig, RIG_NEXT + 64), rest);
}

static void
on_every_ring(enum act act, bool indirect)
{
    static const uint64_t formats[] = {0, VSK_F_RING_PACKED, VSK_F_IN_ORDER,
                                       VSK_F_RING_PACKED | VSK_F_IN_ORDER};
    static struct scene scene;

    for (uint32_t i = 0; i < 8; i++) {
        begin(&scene,
              formats[i / 2] | VSK_F_INDIRECT_DESC |
                  (i % 2 != 0 ? VSK_F_EVENT_IDX : 0),
              act, indirect);
        change_all(&scene);
        for (uint32_t j = 0; j < scene.rig->region_count; j++)
            free(scene.images[j]);
        rig_free(scene.rig);
    }
}

static void
a_packet_is_what_was_read_first(void **state)
{
    (void)state;

    on_every_ring(READ_TX, false);
}

static void
a_packet_behind_a_table_is_what_was_read_first(void **state)
{
    (void)state;

    on_every_ring(READ_TX, true);
}

static void
a_chain_that_breaks_a_rule_is_what_was_read_first(void **state)
{
    (void)state;

    on_every_ring(READ_BAD, false);
    on_every_ring(READ_BAD, true);
}

static void
a_packet_is_written_where_was_granted_first(void **state)
{
    (void)state;

    on_every_ring(FILL_RX, false);
}

static void
a_packet_is_written_where_a_table_granted_first(void **state)
{
    (void)state;

    on_every_ring(FILL_RX, true);
}

static void
what_comes_back_is_what_was_read_first(void **state)
{
    (void)state;

    on_every_ring(REAP, false);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_packet_is_what_was_read_first),
        cmocka_unit_test(a_packet_behind_a_table_is_what_was_read_first),
        cmocka_unit_test(a_chain_that_breaks_a_rule_is_what_was_read_first),
        cmocka_unit_test(a_packet_is_written_where_was_granted_first),
        cmocka_unit_test(a_packet_is_written_where_a_table_granted_first),
        cmocka_unit_test(what_comes_back_is_what_was_read_first),
    };

    return cmocka_run_group_tests_name("rewritten", cases, NULL, NULL);
}
