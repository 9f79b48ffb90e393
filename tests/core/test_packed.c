/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The packed ring byte by byte: what each end writes, what it believes, and
 * how both come round the ring's end. */
#define _DEFAULT_SOURCE
#include "rig.h"

#include <sys/mman.h>

#define PACKED VSK_F_RING_PACKED
#define BOTH (VSK_F_RING_PACKED | RIG_BOTH)
#define A VSK_DESC_F_AVAIL
#define U VSK_DESC_F_USED

static const vsk_buffer mixed[] = {{RIG_DATA + 0x10, 44, false},
                                   {RIG_DATA + 0x50, 5, false},
                                   {RIG_DATA + 0x90, 100, true}};

static uint64_t
desc_at(uint32_t slot)
{
    return RIG_RING + 16 * (uint64_t)slot;
}

static uint16_t
id_of(const struct rig *rig, uint32_t slot)
{
    return rig_get16(rig, desc_at(slot) + 12);
}

static uint16_t
flags_of(const struct rig *rig, uint32_t slot)
{
    return rig_get16(rig, desc_at(slot) + 14);
}

static void
set_flags(const struct rig *rig, uint32_t slot, unsigned flags)
{
    rig_put16(rig, desc_at(slot) + 14, (uint16_t)flags);
}

/* A descriptor as a driver other than ours would write it. */
static void
put(const struct rig *rig, uint32_t slot, uint64_t addr, uint32_t len,
    uint16_t id, unsigned flags)
{
    rig_desc(rig, RIG_RING, slot, addr, len, id, (uint16_t)flags);
}

/* A used descriptor as a broken device would write it. */
static void
forge(const struct rig *rig, uint32_t slot, uint16_t id, uint32_t len,
      unsigned flags)
{
    rig_put32(rig, desc_at(slot) + 8, len);
    rig_put16(rig, desc_at(slot) + 12, id);
    set_flags(rig, slot, flags);
}

static vsk_status
pop_status(struct rig *rig)
{
    return vsk_queue_pop(&rig->device, &rig->chain);
}

/* More chains beside the rig's, for tests that hold several. */
static vsk_chain
another_chain(uint32_t number)
{
    static vsk_span spans[4][8];
    vsk_chain chain;

    vsk_chain_init(&chain, spans[number], 8);
    return chain;
}

/* So many chains of one descriptor go there and back. */
static void
pass(struct rig *rig, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        rig_add_one(rig, i);
        rig_complete_one(rig);
        assert_int_equal(rig_reap(rig).token, i);
    }
}

/* A list of so many readable buffers of a byte each. */
static uint16_t
add_list(struct rig *rig, uint32_t count, uint64_t token)
{
    vsk_buffer buffers[8];

    assert_true(count <= 8);
    for (uint32_t i = 0; i < count; i++)
        buffers[i] = (vsk_buffer){RIG_DATA + i, 1, false};
    return rig_add(rig, buffers, count, 0, token);
}

/* ---- bytes ---- */

static void
a_driver_zeroes_dirty_memory(void **state)
{
    struct rig *rig = rig_new(7, BOTH);
    (void)state;
    memset(rig->regions[0].base, RIG_FILL, rig->regions[0].size);

    assert_int_equal(vsk_queue_driver_init(&rig->driver, &rig->memory,
                                           &rig->ring, rig->slots),
                     VSK_OK);

    /* PACKED-DRV-14 */
    assert_int_equal(rig->regions[0].size, 16 * 7 + 4 + 4);
    for (uint64_t i = 0; i < rig->regions[0].size; i++)
        assert_int_equal(*rig_at(rig, RIG_RING + i), 0);
    rig_free(rig);
}

static void
a_list_s_descriptors_are_written_as_the_table_says(void **state)
{
    static const uint8_t wire[] = {
        0x10, 0, 0, 0, 1, 0, 0, 0, 44,  0, 0, 0, 0, 0, 0x81, 0,
        0x50, 0, 0, 0, 1, 0, 0, 0, 5,   0, 0, 0, 0, 0, 0x81, 0,
        0x90, 0, 0, 0, 1, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0x82, 0,
    };
    struct rig *rig = rig_new(8, PACKED);
    uint16_t id;
    (void)state;

    id = rig_add(rig, mixed, 3, 0, 1);

    /* PACKED-BOTH-10, PACKED-BOTH-04, PACKED-DRV-03, PACKED-DRV-04,
     * PACKED-DRV-07: NEXT on all but the last, AVAIL 1 and USED 0 */
    assert_int_equal(id, 0);
    assert_memory_equal(rig_at(rig, RIG_RING), wire, sizeof wire);
    rig_free(rig);
}

static void
every_descriptor_of_a_list_has_its_id(void **state)
{
    struct rig *rig = rig_new(8, PACKED);
    uint16_t id;
    (void)state;
    rig_add_one(rig, 1);

    id = rig_add(rig, mixed, 3, 0, 2);

    /* PACKED-DRV-08: only the last one's counts */
    assert_int_equal(id, 1);
    for (uint32_t slot = 1; slot < 4; slot++)
        assert_int_equal(id_of(rig, slot), id);
    rig_free(rig);
}

static void
an_indirect_list_is_one_descriptor_and_a_table(void **state)
{
    static const uint8_t pointing[] = {0,  0, 0, 0, 2, 0, 0,    0,
                                       48, 0, 0, 0, 0, 0, 0x84, 0};
    static const uint8_t table[] = {
        0x10, 0, 0, 0, 1, 0, 0, 0, 44,  0, 0, 0, 0, 0, 0, 0,
        0x50, 0, 0, 0, 1, 0, 0, 0, 5,   0, 0, 0, 0, 0, 0, 0,
        0x90, 0, 0, 0, 1, 0, 0, 0, 100, 0, 0, 0, 0, 0, 2, 0,
    };
    struct rig *rig = rig_new(8, BOTH);
    (void)state;

    rig_add(rig, mixed, 3, 3, 1);

    /* PACKIND-BOTH-01, PACKIND-DRV-02 */
    assert_memory_equal(rig_at(rig, RIG_RING), pointing, sizeof pointing);
    assert_memory_equal(rig_at(rig, RIG_TABLE), table, sizeof table);
    assert_int_equal(flags_of(rig, 1), 0);
    rig_assert_fill(rig, RIG_TABLE + 48, 128);
    rig_free(rig);
}

static void
a_used_descriptor_is_written_as_the_table_says(void **state)
{
    static const uint8_t wire[] = {77, 0, 0, 0, 1, 0, 0x82, 0x80};
    struct rig *rig = rig_new(8, PACKED);
    uint8_t before[128];
    (void)state;
    rig_add_one(rig, 1);
    rig_complete_one(rig);
    assert_int_equal(rig_add(rig, mixed, 3, 0, 2), 1);
    memcpy(before, rig_at(rig, RIG_RING), sizeof before);

    assert_int_equal(vsk_queue_push(&rig->device, rig_pop(rig), 77), VSK_OK);

    /* PACKED-DEV-03, PACKED-DEV-04, PACKED-DEV-05, PACKED-BOTH-08: len, id,
     * flags; addr is unused, and the list's other slots stay */
    memcpy(before + 24, wire, sizeof wire);
    assert_memory_equal(rig_at(rig, RIG_RING), before, sizeof before);
    rig_free(rig);
}

static void
a_used_descriptor_without_data_has_no_write_flag(void **state)
{
    struct rig *rig = rig_new(8, PACKED);
    (void)state;
    rig_add(rig, mixed, 3, 0, 1);

    rig_complete_one(rig);

    /* PACKED-DEV-04 */
    assert_int_equal(flags_of(rig, 0), A | U);
    assert_int_equal(rig_get32(rig, desc_at(0) + 8), 0);
    rig_free(rig);
}

static void
flags_turn_over_from_lap_to_lap(void **state)
{
    static const uint16_t available[] = {A, U, A}, used[] = {A | U, 0, A | U};
    struct rig *rig = rig_new(3, PACKED);
    (void)state;

    /* PACKED-DRV-02, PACKED-DRV-03, PACKED-DEV-02, PACKED-DEV-03,
     * PACKED-BOTH-04 */
    for (uint32_t lap = 0; lap < 3; lap++)
        for (uint32_t slot = 0; slot < 3; slot++) {
            rig_add_one(rig, slot);
            assert_int_equal(flags_of(rig, slot), available[lap]);
            rig_complete_one(rig);
            assert_int_equal(flags_of(rig, slot), used[lap]);
            rig_reap(rig);
        }
    rig_free(rig);
}

static void
the_flags_of_a_list_turn_over_at_the_ring_s_end(void **state)
{
    struct rig *rig = rig_new(3, PACKED);
    (void)state;
    pass(rig, 2);

    add_list(rig, 3, 1);

    /* PACKED-DRV-10, PACKED-DRV-02: slots 2, 0 and 1 */
    assert_int_equal(flags_of(rig, 2), A | RIG_N);
    assert_int_equal(flags_of(rig, 0), U | RIG_N);
    assert_int_equal(flags_of(rig, 1), U);
    rig_free(rig);
}

static void
a_list_that_ends_at_the_ring_s_end_toggles_both_counters(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    (void)state;
    pass(rig, 1);
    add_list(rig, 3, 1);
    rig_complete_one(rig);
    rig_reap(rig);

    rig_add_one(rig, 2);
    rig_complete_one(rig);

    /* PACKED-DRV-02, PACKED-DEV-02 */
    assert_int_equal(rig->driver.ring.state.avail, 1);
    assert_int_equal(rig->device.ring.state.used, 1);
    assert_int_equal(flags_of(rig, 0), 0);
    rig_free(rig);
}

static void
a_list_as_long_as_the_ring_lands_on_its_own_start(void **state)
{
    static const uint32_t sizes[] = {1, 2, 3, 7};
    (void)state;

    /* PACKED-DEV-02, PACKED-DRV-02, PACKED-DEV-06, PACKED-DRV-20 */
    for (uint32_t i = 0; i < 4; i++)
        for (uint32_t first = 0; first < sizes[i]; first++) {
            struct rig *rig = rig_new(sizes[i], PACKED);

            pass(rig, first);
            for (uint32_t lap = 0; lap < 5; lap++) {
                uint16_t place = rig->driver.ring.state.avail;

                add_list(rig, sizes[i], lap);
                assert_int_equal(rig->driver.ring.state.avail, place ^ 0x8000);
                rig_complete_one(rig);
                assert_int_equal(rig->device.ring.state.avail, place ^ 0x8000);
                assert_int_equal(rig->device.ring.state.used, place ^ 0x8000);
                assert_int_equal(pop_status(rig), VSK_NONE);
                assert_int_equal(rig_reap(rig).token, lap);
                assert_int_equal(rig->driver.ring.state.used, place ^ 0x8000);
                assert_int_equal(rig_reap_status(rig), VSK_NONE);
            }
            rig_free(rig);
        }
}

static void
every_size_carries_a_ring_full_of_lists(void **state)
{
    static const uint32_t sizes[] = {1, 2, 3, 7, 32767, 32768};
    (void)state;

    /* PACKED-BOTH-02 */
    for (uint32_t i = 0; i < 6; i++) {
        struct rig *rig = rig_new(sizes[i], PACKED);

        for (uint32_t lap = 0; lap < 3; lap++) {
            for (uint32_t k = 0; k < sizes[i]; k++)
                rig_add_one(rig, k);
            assert_int_equal(rig_add_status(rig, mixed, 1, 0), VSK_ERR_FULL);
            for (uint32_t k = 0; k < sizes[i]; k++)
                rig_complete_one(rig);
            assert_int_equal(pop_status(rig), VSK_NONE);
            for (uint32_t k = 0; k < sizes[i]; k++)
                assert_int_equal(rig_reap(rig).token, k);
            assert_int_equal(rig_reap_status(rig), VSK_NONE);
        }
        rig_free(rig);
    }
}

static void
a_list_of_32768_lands_on_its_own_start(void **state)
{
    struct rig *rig = rig_new(32768, PACKED);
    vsk_buffer *buffers = rig_zeroed(32768, sizeof *buffers);
    (void)state;
    for (uint32_t i = 0; i < 32768; i++)
        buffers[i] = (vsk_buffer){RIG_DATA, 1, true};

    /* PACKED-BOTH-02, PACKED-DEV-06 */
    for (uint64_t lap = 0; lap < 3; lap++) {
        rig_add(rig, buffers, 32768, 0, lap);
        assert_int_equal(rig_pop(rig)->length, 32768);
        assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 32768),
                         VSK_OK);
        assert_int_equal(rig_reap(rig).written, 32768);
        assert_int_equal(rig_reap_status(rig), VSK_NONE);
    }
    free(buffers);
    rig_free(rig);
}

static void
lists_of_every_length_come_round_every_ring(void **state)
{
    (void)state;

    /* PACKED-DEV-07, PACKED-BOTH-07, PACKED-DRV-11 */
    for (uint32_t size = 1; size <= 8; size++)
        for (uint32_t length = 1; length <= size; length++) {
            struct rig *rig = rig_new(size, PACKED);
            uint32_t place = 0;

            for (uint32_t i = 0; i < 4 * size; i++) {
                uint16_t before = rig->device.ring.state.used & 0x7fff;

                assert_int_equal(before, place % size);
                add_list(rig, length, i);
                rig_complete_one(rig);
                assert_int_equal(flags_of(rig, before),
                                 place / size % 2 == 0 ? A | U : 0);
                assert_int_equal(rig_reap(rig).token, i);
                place += length;
            }
            rig_free(rig);
        }
}

/* ---- who looks where ---- */

static void
an_available_descriptor_of_the_last_lap_is_not_seen(void **state)
{
    struct rig *rig = rig_new(2, PACKED);
    (void)state;
    add_list(rig, 2, 1);
    rig_complete_one(rig);
    rig_reap(rig);
    assert_int_equal(flags_of(rig, 1), A);
    rig_add_one(rig, 2);
    rig_complete_one(rig);

    /* PACKED-BOTH-05, PACKED-DEV-14: slot 1 is as the first lap left it */
    assert_int_equal(pop_status(rig), VSK_NONE);
    rig_free(rig);
}

static void
a_descriptor_is_available_in_one_of_four_ways(void **state)
{
    static const uint16_t ways[] = {0, A, U, A | U};
    struct rig *rig = rig_new(2, PACKED);
    (void)state;

    /* PACKED-BOTH-05, PACKED-DEV-14 */
    for (uint32_t lap = 0; lap < 2; lap++) {
        for (uint32_t way = 0; way < 4; way++) {
            put(rig, 0, RIG_DATA, 1, 0, ways[way]);
            if (ways[way] != (lap == 0 ? A : U))
                assert_int_equal(pop_status(rig), VSK_NONE);
        }
        set_flags(rig, 0, 0);
        pass(rig, 2);
    }
    rig_free(rig);
}

static void
a_descriptor_is_used_in_one_of_four_ways(void **state)
{
    static const uint16_t ways[] = {0, A, U, A | U};
    struct rig *rig = rig_new(2, PACKED);
    (void)state;

    /* PACKED-BOTH-05, PACKED-DRV-15 */
    for (uint32_t lap = 0; lap < 4; lap++) {
        uint16_t id = rig_add_one(rig, lap);

        for (uint32_t way = 0; way < 4; way++)
            if (ways[way] != (lap / 2 == 0 ? A | U : 0)) {
                forge(rig, lap % 2, id, 0, ways[way]);
                assert_int_equal(rig_reap_status(rig), VSK_NONE);
            }
        forge(rig, lap % 2, id, 0, lap / 2 == 0 ? A | U : 0);
        assert_int_equal(rig_reap(rig).token, lap);
    }
    rig_free(rig);
}

static void
each_end_looks_at_the_next_slot_only(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    (void)state;
    put(rig, 1, RIG_DATA, 1, 0, A);

    /* PACKED-BOTH-06 */
    assert_int_equal(pop_status(rig), VSK_NONE);

    rig_add_one(rig, 1);
    rig_add_one(rig, 2);
    forge(rig, 1, 1, 0, A | U);
    assert_int_equal(rig_reap_status(rig), VSK_NONE);
    rig_free(rig);
}

static void
lists_are_popped_in_ring_order(void **state)
{
    struct rig *rig = rig_new(7, PACKED);
    (void)state;

    /* PACKED-DEV-09, PACKED-DRV-01 */
    for (uint16_t round = 0; round < 5; round++) {
        uint16_t ids[3];

        for (uint32_t i = 0; i < 3; i++)
            ids[i] = add_list(rig, 1 + i, i);
        for (uint32_t i = 0; i < 3; i++) {
            assert_int_equal(rig_pop(rig)->head, ids[i]);
            assert_int_equal(rig->chain.length, 1 + i);
            assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0),
                             VSK_OK);
        }
        for (uint32_t i = 0; i < 3; i++)
            rig_reap(rig);
    }
    rig_free(rig);
}

/* ---- ids ---- */

static void
any_id_comes_back_as_it_was_given(void **state)
{
    static const uint16_t ids[] = {0, 2, 255, 0x7fff, 0x8000, 0xffff};
    struct rig *rig = rig_new(2, PACKED);
    (void)state;

    /* PACKED-DRV-08: an id is a number of 16 bits, whatever the size */
    for (uint32_t i = 0; i < 6; i++) {
        const bool odd = i / 2 % 2 != 0;

        put(rig, i % 2, RIG_DATA, 1, ids[i], odd ? U : A);
        rig_complete_one(rig);
        assert_int_equal(id_of(rig, i % 2), ids[i]);
        assert_int_equal(flags_of(rig, i % 2), odd ? 0 : A | U);
    }
    rig_free(rig);
}

static void
the_last_id_of_a_list_is_written_at_its_first_slot(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    (void)state;
    put(rig, 0, RIG_DATA, 1, 0xdead, A | RIG_N);
    put(rig, 1, RIG_DATA, 1, 0xbeef, A | RIG_N);
    put(rig, 2, RIG_DATA, 1, 0x1234, A);

    rig_complete_one(rig);

    /* PACKED-DRV-08, PACKED-BOTH-08, PACKED-DEV-07 */
    assert_int_equal(id_of(rig, 0), 0x1234);
    assert_int_equal(id_of(rig, 1), 0xbeef);
    assert_int_equal(flags_of(rig, 1), A | RIG_N);
    assert_int_equal(rig->device.ring.state.used, 0x8003);
    rig_free(rig);
}

static void
lists_of_mixed_lengths_come_back_in_any_order(void **state)
{
    struct rig *rig = rig_new(7, PACKED);
    vsk_chain second = another_chain(0), third = another_chain(1);
    (void)state;

    /* PACKED-DEV-01, PACKED-DEV-10, PACKED-DRV-11, PACKED-BOTH-07 */
    for (uint32_t round = 0; round < 20; round++) {
        uint32_t at = rig->device.ring.state.used & 0x7fff;
        uint16_t ids[3];

        ids[0] = add_list(rig, 3, 10);
        ids[1] = add_list(rig, 1, 20);
        ids[2] = add_list(rig, 2, 30);
        rig_pop(rig);
        assert_int_equal(vsk_queue_pop(&rig->device, &second), VSK_OK);
        assert_int_equal(vsk_queue_pop(&rig->device, &third), VSK_OK);
        assert_int_equal(vsk_queue_push(&rig->device, &third, 0), VSK_OK);
        assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0), VSK_OK);
        assert_int_equal(vsk_queue_push(&rig->device, &second, 0), VSK_OK);

        assert_int_equal(id_of(rig, at), ids[2]);
        assert_int_equal(id_of(rig, (at + 2) % 7), ids[0]);
        assert_int_equal(id_of(rig, (at + 5) % 7), ids[1]);
        assert_int_equal(rig_reap(rig).token, 30);
        assert_int_equal(rig_reap(rig).token, 10);
        assert_int_equal(rig_reap(rig).token, 20);
        assert_int_equal(rig_reap_status(rig), VSK_NONE);
    }
    rig_free(rig);
}

static void
slots_given_back_out_of_order_are_used_again(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    vsk_chain second = another_chain(0), third = another_chain(1);
    uint16_t id;
    (void)state;
    add_list(rig, 2, 10);
    id = add_list(rig, 2, 20);
    rig_pop(rig);
    assert_int_equal(vsk_queue_pop(&rig->device, &second), VSK_OK);
    assert_int_equal(vsk_queue_push(&rig->device, &second, 0), VSK_OK);
    assert_int_equal(rig_reap(rig).token, 20);

    /* PACKED-DRV-01: over the slots of the list that is still out */
    assert_int_equal(add_list(rig, 2, 30), id);

    assert_int_equal(vsk_queue_pop(&rig->device, &third), VSK_OK);
    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0), VSK_OK);
    assert_int_equal(vsk_queue_push(&rig->device, &third, 0), VSK_OK);
    assert_int_equal(rig_reap(rig).token, 10);
    assert_int_equal(rig_reap(rig).token, 30);
    rig_free(rig);
}

/* ---- what the driver refuses ---- */

static void
a_list_longer_than_the_ring_is_refused(void **state)
{
    static const vsk_buffer buffers[4] = {{RIG_DATA, 1, false}};
    struct rig *rig = rig_new(3, BOTH);
    (void)state;

    /* PACKED-DRV-20, PACKED-DRV-19 */
    assert_int_equal(rig_add_status(rig, buffers, 4, 0), VSK_ERR_LONG);
    /* PACKIND-DRV-03 */
    assert_int_equal(rig_add_status(rig, buffers, 4, 4), VSK_ERR_LONG);
    assert_int_equal(rig_add_status(rig, buffers, 3, 3), VSK_OK);
    rig_free(rig);
}

static void
a_list_with_a_table_at_its_end_is_refused(void **state)
{
    struct rig *rig = rig_new(8, BOTH);
    (void)state;

    /* PACKED-DRV-06, PACKIND-DRV-04 */
    assert_int_equal(rig_add_status(rig, mixed, 3, 1), VSK_ERR_MIXED);
    assert_int_equal(rig_add_status(rig, mixed, 3, 2), VSK_ERR_MIXED);
    assert_int_equal(rig_add_status(rig, mixed, 3, 3), VSK_OK);
    rig_free(rig);
}

static void
a_table_without_the_feature_is_refused(void **state)
{
    struct rig *rig = rig_new(8, PACKED | VSK_F_EVENT_IDX);
    (void)state;

    /* PACKIND-DRV-01 */
    assert_int_equal(rig_add_status(rig, mixed, 3, 3), VSK_ERR_INDIRECT);
    assert_int_equal(flags_of(rig, 0), 0);
    rig_free(rig);
}

static void
a_readable_buffer_behind_a_writable_one_is_refused(void **state)
{
    static const vsk_buffer buffers[] = {{RIG_DATA, 1, true},
                                         {RIG_DATA, 1, false}};
    struct rig *rig = rig_new(8, PACKED);
    (void)state;

    /* PACKED-DRV-21 */
    assert_int_equal(rig_add_status(rig, buffers, 2, 0), VSK_ERR_ORDER);
    rig_free(rig);
}

static void
a_list_that_does_not_fit_changes_nothing(void **state)
{
    struct rig *rig = rig_new(4, BOTH);
    uint8_t before[16 * 4 + 8];
    (void)state;
    add_list(rig, 2, 1);
    memcpy(before, rig->regions[0].base, sizeof before);

    /* PACKED-DRV-22, PACKED-DRV-23, PACKED-DRV-01 */
    assert_int_equal(rig_add_status(rig, mixed, 3, 0), VSK_ERR_FULL);

    assert_memory_equal(rig->regions[0].base, before, sizeof before);
    assert_int_equal(rig_add_status(rig, mixed, 3, 3), VSK_OK);
    rig_free(rig);
}

static void
a_list_whose_table_is_nowhere_changes_nothing(void **state)
{
    const vsk_offer offer = {mixed, 3, 3, RIG_NOWHERE, 1};
    struct rig *rig = rig_new(4, BOTH);
    uint16_t id;
    (void)state;

    assert_int_equal(vsk_queue_add(&rig->driver, &offer, &id), VSK_ERR_ADDRESS);

    assert_int_equal(flags_of(rig, 0), 0);
    assert_int_equal(rig->driver.ring.free_count, 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(rig_add_one(rig, i), i);
    rig_free(rig);
}

/* ---- batches ---- */

static void
staged_lists_are_in_the_ring_before_the_first_flags(void **state)
{
    struct rig *rig = rig_new(8, PACKED);
    const vsk_offer offer = {mixed, 3, 0, 0, 1};
    uint16_t id;
    (void)state;

    assert_int_equal(vsk_queue_stage(&rig->driver, &offer, &id), VSK_OK);
    assert_int_equal(vsk_queue_stage(&rig->driver, &offer, &id), VSK_OK);

    /* PACKED-DRV-09, PACKED-DRV-24, PACKED-DRV-25, PACKED-DRV-26,
     * PACKED-DEV-18 */
    assert_int_equal(flags_of(rig, 0), 0);
    assert_int_equal(rig_get32(rig, desc_at(0) + 8), 44);
    assert_int_equal(flags_of(rig, 1), A | RIG_N);
    assert_int_equal(flags_of(rig, 2), A | RIG_W);
    assert_int_equal(flags_of(rig, 3), A | RIG_N);
    assert_int_equal(pop_status(rig), VSK_NONE);
    vsk_queue_offer(&rig->driver);
    assert_int_equal(flags_of(rig, 0), A | RIG_N);
    rig_complete_one(rig);
    rig_complete_one(rig);
    assert_int_equal(pop_status(rig), VSK_NONE);
    rig_free(rig);
}

static void
given_lists_are_in_the_ring_before_the_first_flags(void **state)
{
    struct rig *rig = rig_new(8, PACKED);
    (void)state;
    add_list(rig, 2, 1);
    rig_add(rig, mixed, 3, 0, 2);
    assert_int_equal(vsk_queue_give(&rig->device, rig_pop(rig), 0), VSK_OK);
    assert_int_equal(vsk_queue_give(&rig->device, rig_pop(rig), 9), VSK_OK);

    /* PACKED-BOTH-07 */
    assert_int_equal(flags_of(rig, 0), A | RIG_N);
    assert_int_equal(flags_of(rig, 2), A | U | RIG_W);
    assert_int_equal(rig_get32(rig, desc_at(2) + 8), 9);
    assert_int_equal(rig_reap_status(rig), VSK_NONE);
    vsk_queue_publish(&rig->device);
    assert_int_equal(flags_of(rig, 0), A | U);
    assert_int_equal(rig_reap(rig).token, 1);
    assert_int_equal(rig_reap(rig).written, 9);
    rig_free(rig);
}

static void
a_push_shows_what_was_given_before_it(void **state)
{
    struct rig *rig = rig_new(8, PACKED);
    (void)state;
    add_list(rig, 2, 1);
    rig_add(rig, mixed, 3, 0, 2);
    assert_int_equal(vsk_queue_give(&rig->device, rig_pop(rig), 0), VSK_OK);
    assert_int_equal(vsk_queue_push(&rig->device, rig_pop(rig), 9), VSK_OK);

    assert_int_equal(rig_reap(rig).token, 1);
    assert_int_equal(rig_reap(rig).written, 9);
    assert_int_equal(rig_reap_status(rig), VSK_NONE);
    rig_free(rig);
}

static void
batches_of_every_size_cross_the_ring_s_end(void **state)
{
    struct rig *rig = rig_new(7, PACKED);
    uint64_t token = 0, expected = 0;
    (void)state;

    /* PACKED-DRV-26 */
    for (uint32_t batch = 1; batch <= 7; batch++)
        for (int round = 0; round < 5; round++) {
            for (uint32_t i = 0; i < batch; i++) {
                const vsk_offer offer = {mixed, 1, 0, 0, token++};
                uint16_t id;

                assert_int_equal(vsk_queue_stage(&rig->driver, &offer, &id),
                                 VSK_OK);
                assert_int_equal(pop_status(rig), VSK_NONE);
            }
            vsk_queue_offer(&rig->driver);
            for (uint32_t i = 0; i < batch; i++) {
                assert_int_equal(vsk_queue_give(&rig->device, rig_pop(rig), 0),
                                 VSK_OK);
                assert_int_equal(rig_reap_status(rig), VSK_NONE);
            }
            vsk_queue_publish(&rig->device);
            for (uint32_t i = 0; i < batch; i++)
                assert_int_equal(rig_reap(rig).token, expected++);
            assert_int_equal(rig_reap_status(rig), VSK_NONE);
        }
    rig_free(rig);
}

static void
offering_and_publishing_nothing_writes_nothing(void **state)
{
    struct rig *rig = rig_new(3, BOTH);
    uint8_t before[16 * 3 + 8];
    (void)state;
    pass(rig, 4);
    memcpy(before, rig->regions[0].base, sizeof before);

    vsk_queue_offer(&rig->driver);
    vsk_queue_publish(&rig->device);

    /* PACKED-DEV-15, PACKED-DRV-16 */
    assert_memory_equal(rig->regions[0].base, before, sizeof before);
    rig_free(rig);
}

/* ---- who writes what ---- */

static void
what_is_available_is_left_as_it_is_until_it_is_used(void **state)
{
    struct rig *rig = rig_new(8, BOTH);
    uint8_t descs[64], table[48];
    (void)state;
    rig_add(rig, mixed, 3, 0, 1);
    rig_add(rig, mixed, 3, 3, 2);
    memcpy(descs, rig_at(rig, RIG_RING), sizeof descs);
    memcpy(table, rig_at(rig, RIG_TABLE), sizeof table);

    for (uint64_t i = 0; i < 4; i++)
        rig_add(rig, mixed + 2, 1, 0, i);
    assert_int_equal(rig_add_status(rig, mixed, 1, 0), VSK_ERR_FULL);
    vsk_queue_should_kick(&rig->driver);
    vsk_queue_enable_interrupts(&rig->driver);
    vsk_queue_disable_interrupts(&rig->driver);
    assert_int_equal(rig_reap_status(rig), VSK_NONE);

    /* PACKED-DRV-15, PACKED-DRV-16 */
    assert_memory_equal(rig_at(rig, RIG_RING), descs, sizeof descs);
    assert_memory_equal(rig_at(rig, RIG_TABLE), table, sizeof table);
    rig_free(rig);
}

static void
what_was_used_is_left_as_it_is(void **state)
{
    struct rig *rig = rig_new(8, BOTH);
    uint8_t descs[32];
    (void)state;
    rig_add_one(rig, 1);
    rig_add(rig, mixed, 3, 0, 2);
    rig_add_one(rig, 3);
    rig_complete_one(rig);
    memcpy(descs, rig_at(rig, RIG_RING), 16);

    rig_complete_one(rig);
    rig_complete_one(rig);
    vsk_queue_enable_kicks(&rig->device);
    vsk_queue_should_interrupt(&rig->device);
    vsk_queue_disable_kicks(&rig->device);
    vsk_queue_publish(&rig->device);

    /* PACKED-DEV-15 */
    assert_memory_equal(rig_at(rig, RIG_RING), descs, 16);
    rig_free(rig);
}

static void
each_end_writes_its_own_event_area_only(void **state)
{
    struct rig *rig = rig_new(8, BOTH);
    uint32_t driver, device;
    (void)state;

    device = rig_get32(rig, rig->ring.device);
    vsk_queue_disable_interrupts(&rig->driver);
    vsk_queue_enable_interrupts(&rig->driver);
    rig_add_one(rig, 1);
    vsk_queue_should_kick(&rig->driver);
    driver = rig_get32(rig, rig->ring.driver);
    assert_int_equal(rig_get32(rig, rig->ring.device), device);
    rig_complete_one(rig);
    vsk_queue_disable_kicks(&rig->device);
    vsk_queue_enable_kicks(&rig->device);
    vsk_queue_should_interrupt(&rig->device);
    vsk_queue_device_reset(&rig->device);

    /* PACKSUP-DEV-01, PACKSUP-DRV-01, PACKED-BOTH-03 */
    assert_int_not_equal(rig_get32(rig, rig->ring.device), device);
    assert_int_equal(rig_get32(rig, rig->ring.driver), driver);
    rig_free(rig);
}

static void
the_rings_themselves_touch_no_buffer(void **state)
{
    struct rig *rig = rig_new(8, BOTH);
    uint8_t *data = rig->regions[1].base;
    (void)state;
    rig->regions[1].base = mmap(NULL, RIG_DATA_SIZE, PROT_NONE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(rig->regions[1].base, MAP_FAILED);

    /* PACKED-DEV-12, PACKED-DEV-13: nobody may read there, nor write */
    rig_add(rig, mixed, 3, 0, 1);
    rig_add(rig, mixed, 3, 3, 2);
    assert_int_equal(vsk_queue_push(&rig->device, rig_pop(rig), 100), VSK_OK);
    assert_int_equal(vsk_queue_push(&rig->device, rig_pop(rig), 100), VSK_OK);
    assert_int_equal(rig_reap(rig).written, 100);
    assert_int_equal(rig_reap(rig).written, 100);

    assert_int_equal(munmap(rig->regions[1].base, RIG_DATA_SIZE), 0);
    rig->regions[1].base = data;
    rig_free(rig);
}

static void
what_is_written_into_a_list_begins_behind_its_readable_part(void **state)
{
    struct rig *rig = rig_new(8, PACKED);
    const vsk_buffer buffers[] = {{RIG_DATA, 16, false},
                                  {RIG_DATA + 16, 2, true},
                                  {RIG_DATA + 18, 3, true}};
    (void)state;
    rig_add(rig, buffers, 3, 0, 1);

    vsk_chain_write(rig_pop(rig), "abcde", 4);

    /* PACKED-DEV-12, PACKED-DEV-16 */
    rig_assert_fill(rig, RIG_DATA, 16);
    assert_memory_equal(rig_at(rig, RIG_DATA + 16), "abcd", 4);
    rig_assert_fill(rig, RIG_DATA + 20, 16);
    rig_free(rig);
}

/* ---- what a broken driver does ---- */

static void
a_broken_list_is_popped_with_its_reason_and_the_ring_goes_on(void **state)
{
    static const struct {
        vsk_status status;
        uint64_t addr;
        uint32_t len;
        uint16_t first, second; /* flags but AVAIL */
    } faults[] = {
        {VSK_BAD_ADDRESS, RIG_NOWHERE, 1, RIG_N, 0},
        {VSK_BAD_ORDER, RIG_DATA, 1, RIG_W | RIG_N, 0},
        {VSK_BAD_INDIRECT_NEXT, RIG_TABLE, 16, RIG_I | RIG_N, 0},
        {VSK_BAD_INDIRECT_NEXT, RIG_TABLE, 16, RIG_N, RIG_I},
        {VSK_BAD_TABLE_LEN, RIG_TABLE, 24, RIG_I, 0},
        {VSK_BAD_TABLE_ADDRESS, RIG_NOWHERE, 16, RIG_I, 0},
    };
    (void)state;

    /* PACKED-DRV-06, PACKED-DRV-21, PACKIND-DRV-04 */
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct rig *rig = rig_new(4, BOTH);
        uint32_t length = (faults[i].first & RIG_N) != 0 ? 2 : 1;

        put(rig, 0, faults[i].addr, faults[i].len, 3, A | faults[i].first);
        put(rig, 1, faults[i].addr, faults[i].len, 4, A | faults[i].second);

        assert_int_equal(pop_status(rig), VSK_OK);
        assert_int_equal(rig->chain.status, faults[i].status);
        assert_int_equal(rig->chain.length, length);
        assert_int_equal(vsk_queue_held(&rig->device), 1);
        assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0), VSK_OK);

        assert_int_equal(id_of(rig, 0), 2 + length);
        assert_int_equal(flags_of(rig, 0), A | U);
        put(rig, length, RIG_DATA, 44, 9, A);
        rig_complete_one(rig);
        assert_int_equal(id_of(rig, length), 9);
        assert_int_equal(flags_of(rig, length), A | U);
        rig_free(rig);
    }
}

static void
a_table_without_the_feature_is_given_back(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    (void)state;
    put(rig, 0, RIG_TABLE, 16, 3, A | RIG_I);

    /* PACKIND-DRV-01 */
    assert_int_equal(pop_status(rig), VSK_OK);
    assert_int_equal(rig->chain.status, VSK_BAD_INDIRECT);

    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0), VSK_OK);
    assert_int_equal(id_of(rig, 0), 3);
    rig_free(rig);
}

static void
a_list_with_too_many_pieces_is_given_back(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    vsk_span span;
    vsk_chain small;
    (void)state;
    vsk_chain_init(&small, &span, 1);
    add_list(rig, 3, 1);
    add_list(rig, 1, 2);

    assert_int_equal(vsk_queue_pop(&rig->device, &small), VSK_OK);
    assert_int_equal(small.status, VSK_ERR_SPANS);

    assert_int_equal(vsk_queue_push(&rig->device, &small, 0), VSK_OK);
    rig_complete_one(rig);
    assert_int_equal(rig_reap(rig).token, 1);
    assert_int_equal(rig_reap(rig).token, 2);
    rig_free(rig);
}

/* Pop a list that leaves nothing to go on from, twice; the ring has not gone
 * on, and goes on once the list is mended. */
static void
assert_bad_list(struct rig *rig, uint32_t slot, unsigned flags)
{
    const vsk_ring_device before = rig->device.ring;
    uint8_t bytes[16 * 8 + 8];
    size_t size = 16 * (size_t)rig->ring.size + 8;

    memcpy(bytes, rig->regions[0].base, size);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pop_status(rig), VSK_BAD_LIST);
        assert_false(vsk_queue_holds(&rig->device, &rig->chain));
        assert_memory_equal(&rig->device.ring.state, &before.state,
                            sizeof before.state);
        assert_int_equal(rig->device.ring.held_slots, before.held_slots);
        assert_int_equal(vsk_queue_held(&rig->device),
                         (uint16_t)(before.popped - before.given));
    }
    assert_memory_equal(rig->regions[0].base, bytes, size);
    set_flags(rig, slot, flags);
    assert_int_equal(pop_status(rig), VSK_OK);
    assert_int_equal(rig->chain.status, VSK_OK);
}

static void
a_list_without_an_end_consumes_nothing(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    (void)state;
    for (uint32_t slot = 0; slot < 4; slot++)
        put(rig, slot, RIG_DATA, 1, 0, A | RIG_N);

    /* PACKED-DRV-23, PACKED-DRV-20 */
    assert_bad_list(rig, 3, A);

    assert_int_equal(rig->chain.length, 4);
    rig_free(rig);
}

static void
a_list_that_is_not_available_as_a_whole_consumes_nothing(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    (void)state;
    put(rig, 0, RIG_DATA, 1, 0, A | RIG_N);
    put(rig, 1, RIG_DATA, 1, 0, A | RIG_N);

    /* PACKED-DRV-23, PACKED-DRV-24 */
    assert_bad_list(rig, 1, A);

    assert_int_equal(rig->chain.length, 2);
    rig_free(rig);
}

static void
a_list_into_a_chain_that_is_held_consumes_nothing(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    vsk_chain held = another_chain(0);
    (void)state;
    put(rig, 0, RIG_DATA, 1, 7, A | RIG_N);
    put(rig, 1, RIG_DATA, 1, 7, A);
    assert_int_equal(vsk_queue_pop(&rig->device, &held), VSK_OK);
    put(rig, 2, RIG_DATA, 1, 8, A | RIG_N);
    put(rig, 3, RIG_DATA, 1, 8, A | RIG_N);
    put(rig, 0, RIG_DATA, 1, 8, U);

    /* PACKED-DRV-23, PACKED-DRV-22 */
    assert_bad_list(rig, 3, A);

    assert_int_equal(rig->chain.length, 2);
    rig_free(rig);
}

static void
a_list_into_one_that_is_given_and_not_published_consumes_nothing(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    (void)state;
    add_list(rig, 2, 1);
    assert_int_equal(vsk_queue_give(&rig->device, rig_pop(rig), 0), VSK_OK);
    put(rig, 2, RIG_DATA, 1, 8, A | RIG_N);
    put(rig, 3, RIG_DATA, 1, 8, A | RIG_N);
    put(rig, 0, RIG_DATA, 1, 8, U);

    /* PACKED-DRV-23 */
    assert_bad_list(rig, 3, A);
    rig_free(rig);
}

static void
a_ring_whose_chains_are_all_held_has_nothing_more(void **state)
{
    struct rig *rig = rig_new(2, PACKED);
    vsk_chain held = another_chain(0);
    (void)state;
    add_list(rig, 2, 1);
    assert_int_equal(vsk_queue_pop(&rig->device, &held), VSK_OK);
    put(rig, 0, RIG_DATA, 1, 8, U);

    /* PACKED-DRV-15: it is not back, whatever its slot says */
    assert_int_equal(pop_status(rig), VSK_NONE);

    assert_int_equal(vsk_queue_give(&rig->device, &held, 0), VSK_OK);
    assert_int_equal(pop_status(rig), VSK_NONE);
    vsk_queue_publish(&rig->device);
    put(rig, 0, RIG_DATA, 1, 8, U);
    assert_int_equal(pop_status(rig), VSK_OK);
    rig_free(rig);
}

static void
an_id_may_be_offered_twice(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    (void)state;
    put(rig, 0, RIG_DATA, 1, 7, A);
    put(rig, 1, RIG_DATA, 1, 7, A);

    rig_complete_one(rig);
    rig_complete_one(rig);

    assert_int_equal(id_of(rig, 1), 7);
    assert_int_equal(rig->device.ring.state.used, 0x8002);
    rig_free(rig);
}

static void
an_experiment_makes_any_descriptor_available(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    (void)state;
    put(rig, 0, RIG_NOWHERE, 77, 0, U | RIG_W);
    vsk_queue_stage_head(&rig->driver, 0x5555);
    assert_int_equal(pop_status(rig), VSK_NONE);

    vsk_queue_offer(&rig->driver);

    assert_int_equal(pop_status(rig), VSK_OK);
    assert_int_equal(rig->chain.status, VSK_BAD_ADDRESS);
    assert_int_equal(rig->chain.head, 0x5555);
    assert_int_equal(rig->chain.desc.addr, RIG_NOWHERE);
    assert_int_equal(rig->chain.desc.len, 77);
    assert_int_equal(flags_of(rig, 0), A | RIG_W);
    rig_free(rig);
}

/* ---- what a broken device does ---- */

static void
a_used_id_that_nobody_has_is_refused_and_passed_over(void **state)
{
    static const uint16_t ids[] = {1, 3, 4, 0x7fff, 0xffff};
    (void)state;

    /* SPLIT-DEV-06, PACKED-DRV-11: the rule is the same in both formats */
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct rig *rig = rig_new(4, PACKED);

        rig_add_one(rig, 1);
        forge(rig, 0, ids[i], 0, A | U);
        assert_int_equal(rig_reap_status(rig), VSK_BAD_USED_ID);
        assert_int_equal(rig_reap_status(rig), VSK_NONE);
        assert_int_equal(rig->driver.ring.free_count, 3);
        assert_int_equal(rig->driver.ring.outstanding, 1);
        rig_free(rig);
    }
}

static void
a_ring_goes_on_behind_a_used_id_that_nobody_has(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    (void)state;
    rig_add_one(rig, 1);
    rig_add_one(rig, 2);
    forge(rig, 0, 3, 0, A | U);
    forge(rig, 1, 1, 0, A | U);

    assert_int_equal(rig_reap_status(rig), VSK_BAD_USED_ID);

    assert_int_equal(rig_reap(rig).token, 2);
    rig_free(rig);
}

static void
an_id_used_twice_is_refused_the_second_time(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    (void)state;
    rig_add_one(rig, 1);
    rig_add_one(rig, 2);
    forge(rig, 0, 0, 0, A | U);
    forge(rig, 1, 0, 0, A | U);

    assert_int_equal(rig_reap(rig).token, 1);

    /* SPLIT-DEV-06 */
    assert_int_equal(rig_reap_status(rig), VSK_BAD_USED_ID);
    rig_free(rig);
}

static void
a_used_len_above_the_writable_bytes_is_not_believed(void **state)
{
    static const uint32_t lens[] = {101, 0x7fffffff, 0xffffffff};
    (void)state;

    /* SPLIT-DEV-09, PACKED-DEV-05 */
    for (size_t i = 0; i < 3; i++) {
        struct rig *rig = rig_new(4, PACKED);
        vsk_used used;

        rig_add(rig, mixed, 3, 0, 7);
        forge(rig, 0, 0, lens[i], A | U | RIG_W);
        used = rig_reap(rig);
        assert_int_equal(used.status, VSK_BAD_USED_LEN);
        assert_int_equal(used.written, 0);
        assert_int_equal(used.token, 7);
        assert_int_equal(rig->driver.ring.free_count, 4);
        rig_free(rig);
    }
}

static void
a_used_len_of_all_writable_bytes_is_believed(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    vsk_used used;
    (void)state;
    rig_add(rig, mixed, 3, 0, 7);
    forge(rig, 0, 0, 100, A | U | RIG_W);

    used = rig_reap(rig);

    assert_int_equal(used.status, VSK_OK);
    assert_int_equal(used.written, 100);
    rig_free(rig);
}

static void
len_means_nothing_without_write(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    vsk_used used;
    (void)state;
    rig_add(rig, mixed, 3, 0, 7);
    forge(rig, 0, 0, 0xffffffff, A | U);

    used = rig_reap(rig);

    /* PACKED-DRV-05 */
    assert_int_equal(used.status, VSK_OK);
    assert_int_equal(used.written, 0);
    rig_free(rig);
}

static void
next_and_the_rest_mean_nothing_in_a_used_descriptor(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    (void)state;
    rig_add_one(rig, 1);
    rig_add_one(rig, 2);
    forge(rig, 0, 0, 0, 0xffff & ~RIG_W);
    forge(rig, 1, 1, 0, A | U | RIG_N);

    /* PACKED-DRV-12 */
    assert_int_equal(rig_reap(rig).token, 1);
    assert_int_equal(rig_reap(rig).token, 2);
    assert_int_equal(rig_reap_status(rig), VSK_NONE);
    rig_free(rig);
}

static void
used_flags_on_slots_never_offered_are_not_looked_at(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    (void)state;
    for (uint32_t slot = 0; slot < 4; slot++)
        forge(rig, slot, 0, 0, A | U);

    assert_int_equal(rig_reap_status(rig), VSK_NONE);
    assert_false(vsk_queue_enable_interrupts(&rig->driver));

    rig_add_one(rig, 1);
    forge(rig, 0, 0, 0, A | U);
    assert_int_equal(rig_reap(rig).token, 1);
    assert_int_equal(rig_reap_status(rig), VSK_NONE);
    rig_free(rig);
}

static void
a_list_that_was_only_staged_cannot_be_used_yet(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    const vsk_offer offer = {mixed, 1, 0, 0, 1};
    uint16_t id;
    (void)state;
    assert_int_equal(vsk_queue_stage(&rig->driver, &offer, &id), VSK_OK);
    forge(rig, 0, id, 0, A | U);

    assert_int_equal(rig_reap_status(rig), VSK_NONE);
    rig_free(rig);
}

static void
a_driver_does_not_believe_descriptors_that_were_rewritten(void **state)
{
    struct rig *rig = rig_new(8, PACKED);
    (void)state;
    rig_add(rig, mixed, 3, 0, 1);
    rig_complete_one(rig);
    memset(rig_at(rig, desc_at(1)), 0xff, 112);

    assert_int_equal(rig_reap(rig).token, 1);
    for (uint64_t i = 0; i < 8; i++)
        rig_add_one(rig, i);

    assert_int_equal(rig->driver.ring.free_count, 0);
    assert_int_equal(flags_of(rig, 2), U);
    rig_free(rig);
}

static void
a_device_goes_on_by_its_own_account(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    (void)state;
    add_list(rig, 3, 1);
    rig_pop(rig);
    memset(rig_at(rig, RIG_RING), 0xff, 64);

    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0), VSK_OK);

    /* The list was walked when it was popped. */
    assert_int_equal(id_of(rig, 0), 0);
    assert_int_equal(rig->device.ring.state.used, 0x8003);
    rig_free(rig);
}

static void
the_driver_survives_a_ring_full_of_random_numbers(void **state)
{
    static const uint32_t sizes[] = {1, 3, 8};
    rig_random random = rig_seed();
    (void)state;

    for (uint32_t round = 0; round < 3000; round++) {
        struct rig *rig = rig_new(sizes[round % 3],
                                  BOTH | (round % 2 == 0 ? VSK_F_IN_ORDER : 0));
        uint32_t bytes = 16 * sizes[round % 3] + 8;

        for (uint32_t i = 0; i < 40; i++) {
            uint32_t before;
            vsk_status status;

            if (rig_draw(&random, 2) == 0)
                (void)rig_add_status(rig, mixed, 1 + rig_draw(&random, 3), 0);
            before = rig->driver.ring.outstanding;
            for (uint32_t k = 0; k < bytes; k++)
                if (rig_draw(&random, 3) == 0)
                    rig->regions[0].base[k] =
                        (uint8_t)(k % 16 < 14 ? rig_draw(&random, 4)
                                              : 0x80 * rig_draw(&random, 2));
            status = rig_reap_status(rig);
            assert_true(status == VSK_OK || status == VSK_NONE ||
                        status == VSK_BAD_USED_ID);
            assert_int_equal(rig->driver.ring.outstanding,
                             before - (status == VSK_OK));
            assert_true(rig->driver.ring.free_count <= rig->ring.size);
        }
        rig_free(rig);
    }
}

static void
a_device_of_lies_is_heard_a_bounded_number_of_times(void **state)
{
    (void)state;

    /* Whatever stands in the ring: of each slot one lap's flags are used. */
    for (uint32_t size = 1; size <= 8; size++)
        for (uint32_t lies = 0; lies < 2; lies++) {
            struct rig *rig = rig_new(size, PACKED);
            uint32_t heard = 0;

            rig_add_one(rig, 1);
            for (uint32_t slot = 0; slot < size; slot++)
                forge(rig, slot, (uint16_t)(size + slot), 0,
                      lies == 0 ? A | U : A | U | RIG_W);
            while (rig_reap_status(rig) != VSK_NONE && heard <= size)
                heard++;
            assert_true(heard <= size);
            rig_free(rig);
        }
}

/* ---- putting back ---- */

static void
a_list_put_back_is_popped_again_at_every_place(void **state)
{
    (void)state;

    for (uint32_t size = 1; size <= 8; size++)
        for (uint32_t first = 0; first < 2 * size; first++)
            for (uint32_t length = 1; length <= size; length++) {
                struct rig *rig = rig_new(size, PACKED);
                vsk_ring_device before;

                pass(rig, first);
                add_list(rig, length, 5);
                before = rig->device.ring;
                rig_pop(rig);
                assert_int_equal(vsk_queue_unpop(&rig->device, &rig->chain),
                                 VSK_OK);
                assert_int_equal(rig->device.ring.state.avail,
                                 before.state.avail);
                assert_int_equal(rig->device.ring.held_slots, 0);
                assert_int_equal(vsk_queue_held(&rig->device), 0);
                rig_complete_one(rig);
                assert_int_equal(rig->chain.length, length);
                assert_int_equal(rig_reap(rig).token, 5);
                rig_free(rig);
            }
}

static void
only_the_list_popped_last_can_be_put_back(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    vsk_chain later = another_chain(0);
    (void)state;
    add_list(rig, 2, 1);
    add_list(rig, 2, 2);
    rig_pop(rig);
    assert_int_equal(vsk_queue_pop(&rig->device, &later), VSK_OK);

    assert_int_equal(vsk_queue_unpop(&rig->device, &rig->chain), VSK_ERR_HELD);

    assert_int_equal(vsk_queue_unpop(&rig->device, &later), VSK_OK);
    assert_int_equal(vsk_queue_unpop(&rig->device, &rig->chain), VSK_OK);
    assert_int_equal(rig->device.ring.state.avail, VSK_RING_START);
    rig_free(rig);
}

static void
nothing_is_lost_while_lists_are_held_and_given(void **state)
{
    struct rig *rig = rig_new(3, PACKED);
    vsk_chain other = another_chain(0);
    (void)state;

    for (uint32_t round = 0; round < 9; round++) {
        add_list(rig, 2, 1);
        add_list(rig, 1, 2);
        rig_pop(rig);
        assert_int_equal(vsk_queue_lost(&rig->device), 0);
        assert_int_equal(vsk_queue_pop(&rig->device, &other), VSK_OK);
        assert_int_equal(vsk_queue_lost(&rig->device), 0);
        assert_int_equal(vsk_queue_give(&rig->device, &other, 0), VSK_OK);
        assert_int_equal(vsk_queue_lost(&rig->device), 0);
        assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0), VSK_OK);
        assert_int_equal(vsk_queue_lost(&rig->device), 0);
        rig_reap(rig);
        rig_reap(rig);
    }
    rig_free(rig);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_driver_zeroes_dirty_memory),
        cmocka_unit_test(a_list_s_descriptors_are_written_as_the_table_says),
        cmocka_unit_test(every_descriptor_of_a_list_has_its_id),
        cmocka_unit_test(an_indirect_list_is_one_descriptor_and_a_table),
        cmocka_unit_test(a_used_descriptor_is_written_as_the_table_says),
        cmocka_unit_test(a_used_descriptor_without_data_has_no_write_flag),
        cmocka_unit_test(flags_turn_over_from_lap_to_lap),
        cmocka_unit_test(the_flags_of_a_list_turn_over_at_the_ring_s_end),
        cmocka_unit_test(
            a_list_that_ends_at_the_ring_s_end_toggles_both_counters),
        cmocka_unit_test(a_list_as_long_as_the_ring_lands_on_its_own_start),
        cmocka_unit_test(every_size_carries_a_ring_full_of_lists),
        cmocka_unit_test(a_list_of_32768_lands_on_its_own_start),
        cmocka_unit_test(lists_of_every_length_come_round_every_ring),
        cmocka_unit_test(an_available_descriptor_of_the_last_lap_is_not_seen),
        cmocka_unit_test(a_descriptor_is_available_in_one_of_four_ways),
        cmocka_unit_test(a_descriptor_is_used_in_one_of_four_ways),
        cmocka_unit_test(each_end_looks_at_the_next_slot_only),
        cmocka_unit_test(lists_are_popped_in_ring_order),
        cmocka_unit_test(any_id_comes_back_as_it_was_given),
        cmocka_unit_test(the_last_id_of_a_list_is_written_at_its_first_slot),
        cmocka_unit_test(lists_of_mixed_lengths_come_back_in_any_order),
        cmocka_unit_test(slots_given_back_out_of_order_are_used_again),
        cmocka_unit_test(a_list_longer_than_the_ring_is_refused),
        cmocka_unit_test(a_list_with_a_table_at_its_end_is_refused),
        cmocka_unit_test(a_table_without_the_feature_is_refused),
        cmocka_unit_test(a_readable_buffer_behind_a_writable_one_is_refused),
        cmocka_unit_test(a_list_that_does_not_fit_changes_nothing),
        cmocka_unit_test(a_list_whose_table_is_nowhere_changes_nothing),
        cmocka_unit_test(staged_lists_are_in_the_ring_before_the_first_flags),
        cmocka_unit_test(given_lists_are_in_the_ring_before_the_first_flags),
        cmocka_unit_test(a_push_shows_what_was_given_before_it),
        cmocka_unit_test(batches_of_every_size_cross_the_ring_s_end),
        cmocka_unit_test(offering_and_publishing_nothing_writes_nothing),
        cmocka_unit_test(what_is_available_is_left_as_it_is_until_it_is_used),
        cmocka_unit_test(what_was_used_is_left_as_it_is),
        cmocka_unit_test(each_end_writes_its_own_event_area_only),
        cmocka_unit_test(the_rings_themselves_touch_no_buffer),
        cmocka_unit_test(
            what_is_written_into_a_list_begins_behind_its_readable_part),
        cmocka_unit_test(
            a_broken_list_is_popped_with_its_reason_and_the_ring_goes_on),
        cmocka_unit_test(a_table_without_the_feature_is_given_back),
        cmocka_unit_test(a_list_with_too_many_pieces_is_given_back),
        cmocka_unit_test(a_list_without_an_end_consumes_nothing),
        cmocka_unit_test(
            a_list_that_is_not_available_as_a_whole_consumes_nothing),
        cmocka_unit_test(a_list_into_a_chain_that_is_held_consumes_nothing),
        cmocka_unit_test(
            a_list_into_one_that_is_given_and_not_published_consumes_nothing),
        cmocka_unit_test(a_ring_whose_chains_are_all_held_has_nothing_more),
        cmocka_unit_test(an_id_may_be_offered_twice),
        cmocka_unit_test(an_experiment_makes_any_descriptor_available),
        cmocka_unit_test(a_used_id_that_nobody_has_is_refused_and_passed_over),
        cmocka_unit_test(a_ring_goes_on_behind_a_used_id_that_nobody_has),
        cmocka_unit_test(an_id_used_twice_is_refused_the_second_time),
        cmocka_unit_test(a_used_len_above_the_writable_bytes_is_not_believed),
        cmocka_unit_test(a_used_len_of_all_writable_bytes_is_believed),
        cmocka_unit_test(len_means_nothing_without_write),
        cmocka_unit_test(next_and_the_rest_mean_nothing_in_a_used_descriptor),
        cmocka_unit_test(used_flags_on_slots_never_offered_are_not_looked_at),
        cmocka_unit_test(a_list_that_was_only_staged_cannot_be_used_yet),
        cmocka_unit_test(
            a_driver_does_not_believe_descriptors_that_were_rewritten),
        cmocka_unit_test(a_device_goes_on_by_its_own_account),
        cmocka_unit_test(the_driver_survives_a_ring_full_of_random_numbers),
        cmocka_unit_test(a_device_of_lies_is_heard_a_bounded_number_of_times),
        cmocka_unit_test(a_list_put_back_is_popped_again_at_every_place),
        cmocka_unit_test(only_the_list_popped_last_can_be_put_back),
        cmocka_unit_test(nothing_is_lost_while_lists_are_held_and_given),
    };

    return cmocka_run_group_tests_name("packed", cases, NULL, NULL);
}
