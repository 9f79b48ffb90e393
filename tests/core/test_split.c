/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The split ring byte by byte: what each end writes, and what it believes. */
#include "rig.h"

static uint64_t
desc_at(const struct rig *rig, uint32_t slot)
{
    return rig->ring.desc + 16 * (uint64_t)slot;
}

static void
assert_desc(const struct rig *rig, uint64_t at, uint64_t addr, uint32_t len,
            unsigned flags)
{
    assert_int_equal(rig_get32(rig, at), (uint32_t)addr);
    assert_int_equal(rig_get32(rig, at + 4), (uint32_t)(addr >> 32));
    assert_int_equal(rig_get32(rig, at + 8), len);
    assert_int_equal(rig_get16(rig, at + 12), flags);
}

static const vsk_buffer mixed[] = {{RIG_DATA + 0x10, 44, false},
                                   {RIG_DATA + 0x50, 5, false},
                                   {RIG_DATA + 0x90, 100, true}};

static void
a_driver_zeroes_dirty_memory(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    (void)state;
    memset(rig->regions[0].base, RIG_FILL, rig->regions[0].size);

    assert_int_equal(vsk_queue_driver_init(&rig->driver, &rig->memory,
                                           &rig->ring, rig->slots),
                     VSK_OK);

    /* SPLITSUP-DRV-06; the two bytes behind the driver area are padding */
    for (uint64_t i = 0; i < 128 + 22; i++)
        assert_int_equal(*rig_at(rig, RIG_RING + i), 0);
    for (uint64_t i = 0; i < 70; i++)
        assert_int_equal(*rig_at(rig, rig->ring.device + i), 0);
    rig_free(rig);
}

static void
a_chain_s_descriptors_are_written_as_the_table_says(void **state)
{
    struct rig *rig = rig_new(8, 0);
    uint16_t head, second, third;
    (void)state;

    head = rig_add(rig, mixed, 3, 0, 1);

    /* SPLIT-BOTH-05, SPLIT-DRV-12 */
    second = rig_get16(rig, desc_at(rig, head) + 14);
    third = rig_get16(rig, desc_at(rig, second) + 14);
    assert_desc(rig, desc_at(rig, head), RIG_DATA + 0x10, 44, RIG_N);
    assert_desc(rig, desc_at(rig, second), RIG_DATA + 0x50, 5, RIG_N);
    assert_desc(rig, desc_at(rig, third), RIG_DATA + 0x90, 100, RIG_W);
    rig_free(rig);
}

static void
an_indirect_chain_is_one_descriptor_and_a_table(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    uint16_t head;
    (void)state;

    head = rig_add(rig, mixed, 3, 3, 1);

    /* SPLITIND-BOTH-01, SPLITIND-DRV-02, SPLITIND-DRV-04 */
    assert_desc(rig, desc_at(rig, head), RIG_TABLE, 48, RIG_I);
    assert_desc(rig, RIG_TABLE, RIG_DATA + 0x10, 44, RIG_N);
    assert_desc(rig, RIG_TABLE + 16, RIG_DATA + 0x50, 5, RIG_N);
    assert_desc(rig, RIG_TABLE + 32, RIG_DATA + 0x90, 100, RIG_W);
    rig_free(rig);
}

static void
a_table_is_chained_in_sequence(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    (void)state;

    rig_add(rig, mixed, 3, 3, 1);

    /* SPLITORD-DRV-03: with IN_ORDER or without */
    assert_int_equal(rig_get16(rig, RIG_TABLE + 14), 1);
    assert_int_equal(rig_get16(rig, RIG_TABLE + 30), 2);
    rig_free(rig);
}

static void
no_byte_is_written_behind_a_table(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    (void)state;

    rig_add(rig, mixed, 3, 3, 1);

    rig_assert_fill(rig, RIG_TABLE + 48, 128);
    rig_free(rig);
}

static void
a_chain_may_begin_direct_and_end_in_a_table(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    uint16_t head, second;
    (void)state;

    head = rig_add(rig, mixed, 3, 2, 1);

    /* SPLITIND-DEV-02 */
    second = rig_get16(rig, desc_at(rig, head) + 14);
    assert_desc(rig, desc_at(rig, head), RIG_DATA + 0x10, 44, RIG_N);
    assert_desc(rig, desc_at(rig, second), RIG_TABLE, 32, RIG_I);
    assert_desc(rig, RIG_TABLE, RIG_DATA + 0x50, 5, RIG_N);
    rig_free(rig);
}

static void
the_first_head_lands_in_slot_0_of_the_available_ring(void **state)
{
    struct rig *rig = rig_new(8, 0);
    uint16_t head;
    (void)state;
    rig_put16(rig, rig_avail_slot(rig, 0), 0x5555);

    head = rig_add_one(rig, 1);

    /* SPLIT-DRV-02, SPLIT-DRV-04 */
    assert_int_equal(rig_get16(rig, rig_avail_slot(rig, 0)), head);
    assert_int_equal(rig_get16(rig, rig_avail_idx(rig)), 1);
    rig_free(rig);
}

static void
the_first_completion_lands_in_slot_0_of_the_used_ring(void **state)
{
    struct rig *rig = rig_new(8, 0);
    uint16_t head;
    (void)state;
    rig_add(rig, mixed, 3, 0, 1);
    head = rig_pop(rig)->head;

    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 77), VSK_OK);

    /* SPLIT-DEV-06, SPLIT-DEV-07 */
    assert_int_equal(rig_get32(rig, rig_used_slot(rig, 0)), head);
    assert_int_equal(rig_get32(rig, rig_used_slot(rig, 0) + 4), 77);
    assert_int_equal(rig_get16(rig, rig_used_idx(rig)), 1);
    rig_free(rig);
}

static void
slots_are_taken_round_the_ring(void **state)
{
    struct rig *rig = rig_new(4, 0);
    uint16_t head;
    (void)state;
    for (int i = 0; i < 5; i++) {
        vsk_used used;

        /* SPLIT-DRV-04 */
        rig_add_one(rig, 1);
        rig_complete_one(rig);
        assert_int_equal(vsk_queue_reap(&rig->driver, &used), VSK_OK);
    }

    head = rig_add_one(rig, 1);
    rig_complete_one(rig);

    assert_int_equal(rig_get16(rig, rig_avail_slot(rig, 1)), head);
    assert_int_equal(rig_get32(rig, rig_used_slot(rig, 1)), head);
    assert_int_equal(rig_get16(rig, rig_avail_idx(rig)), 6);
    assert_int_equal(rig_get16(rig, rig_used_idx(rig)), 6);
    rig_free(rig);
}

static void
the_device_writes_no_descriptor_and_no_driver_area(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    uint8_t before[128 + 22], table[48];
    (void)state;
    rig_add(rig, mixed, 3, 0, 1);
    rig_add(rig, mixed, 3, 3, 2);
    memcpy(before, rig_at(rig, RIG_RING), sizeof before);
    memcpy(table, rig_at(rig, RIG_TABLE), sizeof table);

    rig_complete_one(rig);
    rig_complete_one(rig);
    vsk_queue_enable_kicks(&rig->device);
    vsk_queue_disable_kicks(&rig->device);
    vsk_queue_should_interrupt(&rig->device);
    vsk_queue_device_reset(&rig->device);

    /* SPLIT-DEV-04, SPLIT-DRV-05, SPLIT-BOTH-01 */
    assert_memory_equal(rig_at(rig, RIG_RING), before, sizeof before);
    assert_memory_equal(rig_at(rig, RIG_TABLE), table, sizeof table);
    rig_free(rig);
}

static void
the_driver_writes_no_device_area_once_begun(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    uint8_t before[70];
    vsk_used used;
    (void)state;
    rig_add_one(rig, 1);
    rig_complete_one(rig);
    memcpy(before, rig_at(rig, rig->ring.device), sizeof before);

    assert_int_equal(vsk_queue_reap(&rig->driver, &used), VSK_OK);
    rig_add_one(rig, 2);
    vsk_queue_should_kick(&rig->driver);
    vsk_queue_enable_interrupts(&rig->driver);
    vsk_queue_disable_interrupts(&rig->driver);

    /* SPLIT-DEV-05, SPLIT-BOTH-01 */
    assert_memory_equal(rig_at(rig, rig->ring.device), before, sizeof before);
    rig_free(rig);
}

static void
a_published_chain_is_left_as_it_is_until_it_is_used(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    const vsk_buffer *later = mixed + 2;
    uint8_t table[48], descs[3][16];
    uint16_t slots[3];
    (void)state;
    rig_add(rig, mixed, 3, 3, 1);
    slots[0] = rig_add(rig, mixed, 3, 0, 2);
    for (uint32_t i = 1; i < 3; i++)
        slots[i] = rig_get16(rig, desc_at(rig, slots[i - 1]) + 14);
    for (uint32_t i = 0; i < 3; i++)
        memcpy(descs[i], rig_at(rig, desc_at(rig, slots[i])), 16);
    memcpy(table, rig_at(rig, RIG_TABLE), sizeof table);

    for (uint64_t i = 0; i < 4; i++)
        rig_add(rig, later, 1, 0, i);
    vsk_queue_should_kick(&rig->driver);
    vsk_queue_enable_interrupts(&rig->driver);
    vsk_queue_disable_interrupts(&rig->driver);

    /* CLEAN-DRV-01 */
    for (uint32_t i = 0; i < 3; i++)
        assert_memory_equal(rig_at(rig, desc_at(rig, slots[i])), descs[i], 16);
    assert_memory_equal(rig_at(rig, RIG_TABLE), table, sizeof table);
    rig_free(rig);
}

static void
staged_chains_are_in_the_ring_before_idx_moves(void **state)
{
    struct rig *rig = rig_new(4, 0);
    const vsk_offer offer = {mixed, 1, 0, 0, 1};
    uint16_t heads[2];
    (void)state;

    assert_int_equal(vsk_queue_stage(&rig->driver, &offer, &heads[0]), VSK_OK);
    assert_int_equal(vsk_queue_stage(&rig->driver, &offer, &heads[1]), VSK_OK);

    /* SPLIT-DRV-09, SPLIT-DRV-14 */
    assert_int_equal(rig_get16(rig, rig_avail_idx(rig)), 0);
    assert_int_equal(rig_get16(rig, rig_avail_slot(rig, 0)), heads[0]);
    assert_int_equal(rig_get16(rig, rig_avail_slot(rig, 1)), heads[1]);
    rig_free(rig);
}

static void
given_chains_are_in_the_ring_before_idx_moves(void **state)
{
    struct rig *rig = rig_new(4, 0);
    (void)state;
    rig_put32(rig, rig_used_slot(rig, 0), 0x55555555);
    rig_add(rig, mixed, 3, 0, 1);

    assert_int_equal(vsk_queue_give(&rig->device, rig_pop(rig), 9), VSK_OK);

    /* SPLIT-DEV-08 */
    assert_int_equal(rig_get16(rig, rig_used_idx(rig)), 0);
    assert_int_equal(rig_get32(rig, rig_used_slot(rig, 0)), rig->chain.head);
    assert_int_equal(rig_get32(rig, rig_used_slot(rig, 0) + 4), 9);
    rig_free(rig);
}

static void
a_driver_does_not_believe_descriptors_that_were_rewritten(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_used used;
    (void)state;
    rig_add(rig, mixed, 3, 0, 1);
    rig_complete_one(rig);
    memset(rig_at(rig, RIG_RING), 0xff, 128);

    assert_int_equal(vsk_queue_reap(&rig->driver, &used), VSK_OK);
    for (uint64_t i = 0; i < 8; i++)
        rig_add_one(rig, i);

    assert_int_equal(rig->driver.ring.free_count, 0);
    rig_free(rig);
}

static void
a_driver_does_not_believe_an_available_idx_that_was_rewritten(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add_one(rig, 1);
    rig_put16(rig, rig_avail_idx(rig), 99);

    rig_add_one(rig, 2);

    /* SPLIT-DRV-06 */
    assert_int_equal(rig_get16(rig, rig_avail_idx(rig)), 2);
    rig_free(rig);
}

static void
a_device_does_not_believe_a_used_idx_that_was_rewritten(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add_one(rig, 1);
    rig_put16(rig, rig_used_idx(rig), 99);

    rig_complete_one(rig);

    assert_int_equal(rig_get16(rig, rig_used_idx(rig)), 1);
    rig_free(rig);
}

/* Suppression, with the fields written and read by hand. */

static bool
kick_after(struct rig *rig, uint32_t chains)
{
    for (uint32_t i = 0; i < chains; i++)
        rig_add_one(rig, 1);
    return vsk_queue_should_kick(&rig->driver);
}

static bool
interrupt_after(struct rig *rig, uint32_t chains)
{
    for (uint32_t i = 0; i < chains; i++)
        rig_add_one(rig, 1);
    for (uint32_t i = 0; i < chains; i++)
        rig_complete_one(rig);
    return vsk_queue_should_interrupt(&rig->device);
}

static void
a_kick_is_due_where_flags_are_0(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;

    /* SPLITSUP-DRV-09 */
    assert_true(kick_after(rig, 1));
    rig_free(rig);
}

static void
no_kick_is_due_where_flags_are_1(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_put16(rig, rig_used_flags(rig), 1);

    /* SPLITSUP-DRV-08, SPLIT-DEV-12 */
    assert_false(kick_after(rig, 1));
    rig_free(rig);
}

static void
no_kick_is_due_for_nothing(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    assert_true(kick_after(rig, 1));

    assert_false(vsk_queue_should_kick(&rig->driver));
    rig_free(rig);
}

static void
avail_event_means_nothing_without_the_feature(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_put16(rig, rig_avail_event(rig), 0x5555);

    /* SPLITSUP-DRV-07 */
    assert_true(kick_after(rig, 1));
    rig_free(rig);
}

static void
used_flags_mean_nothing_with_event_idx(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_EVENT_IDX);
    (void)state;
    rig_put16(rig, rig_used_flags(rig), 1);

    /* SPLITSUP-DRV-10 */
    assert_true(kick_after(rig, 1));
    rig_free(rig);
}

static void
a_kick_is_due_when_avail_event_is_passed(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_EVENT_IDX);
    (void)state;
    rig_put16(rig, rig_avail_event(rig), 2);

    /* SPLITSUP-DRV-11, SPLITSUP-DEV-11 */
    assert_false(kick_after(rig, 2));
    assert_true(kick_after(rig, 1));
    rig_free(rig);
}

static void
a_batch_that_jumps_over_avail_event_kicks(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_EVENT_IDX);
    (void)state;
    rig_put16(rig, rig_avail_event(rig), 2);

    /* SPLITSUP-DRV-11 */
    assert_true(kick_after(rig, 5));
    rig_free(rig);
}

static void
no_kick_is_due_for_an_avail_event_far_away(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_EVENT_IDX);
    (void)state;
    rig_put16(rig, rig_avail_event(rig), 100);

    /* SPLITSUP-DRV-12 */
    assert_false(kick_after(rig, 5));
    rig_free(rig);
}

static void
an_interrupt_is_due_where_flags_are_0(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;

    /* SPLITSUP-DEV-03 */
    assert_true(interrupt_after(rig, 1));
    rig_free(rig);
}

static void
no_interrupt_is_due_where_flags_are_1(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_put16(rig, rig_avail_flags(rig), 1);

    /* SPLITSUP-DEV-02 */
    assert_false(interrupt_after(rig, 1));
    rig_free(rig);
}

static void
no_interrupt_is_due_for_nothing(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    assert_true(interrupt_after(rig, 1));

    assert_false(vsk_queue_should_interrupt(&rig->device));
    rig_free(rig);
}

static void
used_event_means_nothing_without_the_feature(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_put16(rig, rig_used_event(rig), 0x5555);

    /* SPLITSUP-DEV-01 */
    assert_true(interrupt_after(rig, 1));
    rig_free(rig);
}

static void
avail_flags_mean_nothing_with_event_idx(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_EVENT_IDX);
    (void)state;
    rig_put16(rig, rig_avail_flags(rig), 1);

    /* SPLITSUP-DEV-04 */
    assert_true(interrupt_after(rig, 1));
    rig_free(rig);
}

static void
an_interrupt_is_due_when_used_event_is_passed(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_EVENT_IDX);
    (void)state;
    rig_put16(rig, rig_used_event(rig), 2);

    /* SPLITSUP-DEV-05, SPLITSUP-DRV-04 */
    assert_false(interrupt_after(rig, 2));
    assert_true(interrupt_after(rig, 1));
    rig_free(rig);
}

static void
a_batch_that_jumps_over_used_event_interrupts(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_EVENT_IDX);
    (void)state;
    rig_put16(rig, rig_used_event(rig), 2);

    /* SPLITSUP-DEV-05 */
    assert_true(interrupt_after(rig, 5));
    rig_free(rig);
}

static void
no_interrupt_is_due_for_a_used_event_far_away(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_EVENT_IDX);
    (void)state;
    rig_put16(rig, rig_used_event(rig), 100);

    /* SPLITSUP-DEV-06 */
    assert_false(interrupt_after(rig, 5));
    rig_free(rig);
}

static void
used_event_0_interrupts_at_the_first_and_the_65537th_buffer(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_EVENT_IDX);
    uint32_t before = 0, latest = 0, count = 0;
    (void)state;

    for (uint32_t i = 1; i <= 65537; i++) {
        vsk_used used;

        if (interrupt_after(rig, 1)) {
            count++;
            before = latest;
            latest = i;
        }
        assert_int_equal(vsk_queue_reap(&rig->driver, &used), VSK_OK);
    }

    /* SPLITSUP-DEV-07 */
    assert_int_equal(count, 2);
    assert_int_equal(before, 1);
    assert_int_equal(latest, 65537);
    rig_free(rig);
}

static void
enabling_kicks_names_the_next_index(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_EVENT_IDX);
    (void)state;
    rig_add_one(rig, 1);
    rig_complete_one(rig);

    /* SPLITSUP-DEV-11 */
    assert_false(vsk_queue_enable_kicks(&rig->device));

    assert_int_equal(rig_get16(rig, rig_avail_event(rig)), 1);
    rig_free(rig);
}

static void
enabling_interrupts_names_the_next_index(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_EVENT_IDX);
    vsk_used used;
    (void)state;
    rig_add_one(rig, 1);
    rig_complete_one(rig);
    assert_int_equal(vsk_queue_reap(&rig->driver, &used), VSK_OK);

    assert_false(vsk_queue_enable_interrupts(&rig->driver));

    /* SPLITSUP-DRV-04 */
    assert_int_equal(rig_get16(rig, rig_used_event(rig)), 1);
    rig_free(rig);
}

static void
without_event_idx_the_device_s_wish_is_its_flag(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;

    /* SPLITSUP-DEV-08, SPLITSUP-DEV-09 */
    vsk_queue_disable_kicks(&rig->device);
    assert_int_equal(rig_get16(rig, rig_used_flags(rig)), 1);
    vsk_queue_enable_kicks(&rig->device);
    assert_int_equal(rig_get16(rig, rig_used_flags(rig)), 0);
    rig_free(rig);
}

static void
without_event_idx_the_driver_s_wish_is_its_flag(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;

    /* SPLITSUP-DRV-01, SPLITSUP-DRV-02 */
    vsk_queue_disable_interrupts(&rig->driver);
    assert_int_equal(rig_get16(rig, rig_avail_flags(rig)), 1);
    vsk_queue_enable_interrupts(&rig->driver);
    assert_int_equal(rig_get16(rig, rig_avail_flags(rig)), 0);
    rig_free(rig);
}

static void
with_event_idx_the_device_s_flags_stay_0(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_EVENT_IDX);
    (void)state;

    vsk_queue_disable_kicks(&rig->device);

    /* SPLITSUP-DEV-10 */
    assert_int_equal(rig_get16(rig, rig_used_flags(rig)), 0);
    rig_free(rig);
}

static void
with_event_idx_the_driver_s_flags_stay_0(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_EVENT_IDX);
    (void)state;

    vsk_queue_disable_interrupts(&rig->driver);

    /* SPLITSUP-DRV-03 */
    assert_int_equal(rig_get16(rig, rig_avail_flags(rig)), 0);
    rig_free(rig);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_driver_zeroes_dirty_memory),
        cmocka_unit_test(a_chain_s_descriptors_are_written_as_the_table_says),
        cmocka_unit_test(an_indirect_chain_is_one_descriptor_and_a_table),
        cmocka_unit_test(a_table_is_chained_in_sequence),
        cmocka_unit_test(no_byte_is_written_behind_a_table),
        cmocka_unit_test(a_chain_may_begin_direct_and_end_in_a_table),
        cmocka_unit_test(the_first_head_lands_in_slot_0_of_the_available_ring),
        cmocka_unit_test(the_first_completion_lands_in_slot_0_of_the_used_ring),
        cmocka_unit_test(slots_are_taken_round_the_ring),
        cmocka_unit_test(the_device_writes_no_descriptor_and_no_driver_area),
        cmocka_unit_test(the_driver_writes_no_device_area_once_begun),
        cmocka_unit_test(a_published_chain_is_left_as_it_is_until_it_is_used),
        cmocka_unit_test(staged_chains_are_in_the_ring_before_idx_moves),
        cmocka_unit_test(given_chains_are_in_the_ring_before_idx_moves),
        cmocka_unit_test(
            a_driver_does_not_believe_descriptors_that_were_rewritten),
        cmocka_unit_test(
            a_driver_does_not_believe_an_available_idx_that_was_rewritten),
        cmocka_unit_test(
            a_device_does_not_believe_a_used_idx_that_was_rewritten),
        cmocka_unit_test(a_kick_is_due_where_flags_are_0),
        cmocka_unit_test(no_kick_is_due_where_flags_are_1),
        cmocka_unit_test(no_kick_is_due_for_nothing),
        cmocka_unit_test(avail_event_means_nothing_without_the_feature),
        cmocka_unit_test(used_flags_mean_nothing_with_event_idx),
        cmocka_unit_test(a_kick_is_due_when_avail_event_is_passed),
        cmocka_unit_test(a_batch_that_jumps_over_avail_event_kicks),
        cmocka_unit_test(no_kick_is_due_for_an_avail_event_far_away),
        cmocka_unit_test(an_interrupt_is_due_where_flags_are_0),
        cmocka_unit_test(no_interrupt_is_due_where_flags_are_1),
        cmocka_unit_test(no_interrupt_is_due_for_nothing),
        cmocka_unit_test(used_event_means_nothing_without_the_feature),
        cmocka_unit_test(avail_flags_mean_nothing_with_event_idx),
        cmocka_unit_test(an_interrupt_is_due_when_used_event_is_passed),
        cmocka_unit_test(a_batch_that_jumps_over_used_event_interrupts),
        cmocka_unit_test(no_interrupt_is_due_for_a_used_event_far_away),
        cmocka_unit_test(
            used_event_0_interrupts_at_the_first_and_the_65537th_buffer),
        cmocka_unit_test(enabling_kicks_names_the_next_index),
        cmocka_unit_test(enabling_interrupts_names_the_next_index),
        cmocka_unit_test(without_event_idx_the_device_s_wish_is_its_flag),
        cmocka_unit_test(without_event_idx_the_driver_s_wish_is_its_flag),
        cmocka_unit_test(with_event_idx_the_device_s_flags_stay_0),
        cmocka_unit_test(with_event_idx_the_driver_s_flags_stay_0),
    };

    return cmocka_run_group_tests_name("split", cases, NULL, NULL);
}
