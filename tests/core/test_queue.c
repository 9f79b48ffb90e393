/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

static const vsk_buffer mixed[] = {{RIG_DATA + 0x10, 44, false},
                                   {RIG_DATA + 0x50, 5, false},
                                   {RIG_DATA + 0x90, 100, true}};

/* Put an element into the used ring as a broken device would. */
static void
forge(struct rig *rig, uint16_t idx, uint32_t id, uint32_t len)
{
    uint32_t slot = (uint16_t)(idx - 1) % rig->ring.size;

    rig_put32(rig, rig_used_slot(rig, slot), id);
    rig_put32(rig, rig_used_slot(rig, slot) + 4, len);
    rig_put16(rig, rig_used_idx(rig), idx);
}

/* A second chain beside the rig's, for tests that hold two. */
static vsk_chain
second_chain(void)
{
    static vsk_span spans[8];
    vsk_chain chain;

    vsk_chain_init(&chain, spans, 8);
    return chain;
}

static void
a_chain_crosses_to_the_device(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add(rig, mixed, 3, 0, 1);

    rig_pop(rig);

    /* VQ-BOTH-02 */
    assert_int_equal(rig->chain.readable, 49);
    assert_int_equal(rig->chain.writable, 100);
    assert_ptr_equal(rig->spans[1].base, rig_at(rig, RIG_DATA + 0x50));
    rig_free(rig);
}

static void
an_indirect_chain_crosses_to_the_device(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_INDIRECT_DESC);
    (void)state;
    rig_add(rig, mixed, 3, 2, 1);

    rig_pop(rig);

    assert_int_equal(rig->chain.readable, 49);
    assert_int_equal(rig->chain.writable, 100);
    assert_int_equal(rig->spans[0].flags, 0);
    assert_int_equal(rig->spans[1].flags, VSK_SPAN_TABLE);
    rig_free(rig);
}

static void
an_empty_queue_has_nothing_for_the_device(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;

    /* SPLITSUP-DEV-12, SPLITSUP-BOTH-01: as often as it is kicked */
    for (int i = 0; i < 3; i++)
        assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain), VSK_NONE);
    rig_free(rig);
}

static void
an_empty_queue_has_nothing_for_the_driver(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;

    /* SPLITSUP-DRV-05, SPLITSUP-BOTH-01: as often as it is interrupted */
    for (int i = 0; i < 3; i++)
        assert_int_equal(rig_reap_status(rig), VSK_NONE);
    rig_free(rig);
}

static void
token_head_and_length_come_back(void **state)
{
    struct rig *rig = rig_new(8, 0);
    uint16_t head;
    vsk_used used;
    (void)state;
    head = rig_add(rig, mixed, 3, 0, 0x123456789abcdef0);
    assert_int_equal(vsk_queue_push(&rig->device, rig_pop(rig), 77), VSK_OK);

    used = rig_reap(rig);

    assert_int_equal(used.token, 0x123456789abcdef0);
    assert_int_equal(used.head, head);
    assert_int_equal(used.written, 77);
    assert_int_equal(used.status, VSK_OK);
    rig_free(rig);
}

static void
a_staged_chain_is_not_seen_before_it_is_offered(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_offer offer = {mixed, 3, 0, 0, 1};
    uint16_t head;
    (void)state;
    assert_int_equal(vsk_queue_stage(&rig->driver, &offer, &head), VSK_OK);

    assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain), VSK_NONE);
    vsk_queue_offer(&rig->driver);

    assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain), VSK_OK);
    rig_free(rig);
}

static void
a_given_chain_is_not_seen_before_it_is_published(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add_one(rig, 1);
    assert_int_equal(vsk_queue_give(&rig->device, rig_pop(rig), 0), VSK_OK);

    assert_int_equal(rig_reap_status(rig), VSK_NONE);
    vsk_queue_publish(&rig->device);

    assert_int_equal(rig_reap_status(rig), VSK_OK);
    rig_free(rig);
}

static void
batches_of_every_size_cross_the_end_of_the_ring(void **state)
{
    struct rig *rig = rig_new(8, 0);
    uint64_t token = 0, expected = 0;
    (void)state;

    for (uint32_t batch = 1; batch <= 8; batch++)
        for (int round = 0; round < 3; round++) {
            for (uint32_t i = 0; i < batch; i++) {
                const vsk_offer offer = {mixed, 1, 0, 0, token++};
                uint16_t head;

                assert_int_equal(vsk_queue_stage(&rig->driver, &offer, &head),
                                 VSK_OK);
            }
            vsk_queue_offer(&rig->driver);
            for (uint32_t i = 0; i < batch; i++)
                assert_int_equal(vsk_queue_give(&rig->device, rig_pop(rig), 0),
                                 VSK_OK);
            vsk_queue_publish(&rig->device);
            /* SPLIT-DRV-14 */
            for (uint32_t i = 0; i < batch; i++)
                assert_int_equal(rig_reap(rig).token, expected++);
            assert_int_equal(rig_reap_status(rig), VSK_NONE);
        }
    rig_free(rig);
}

static void
chains_may_come_back_in_any_order(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_chain later = second_chain();
    (void)state;
    rig_add(rig, mixed, 3, 0, 10);
    rig_add(rig, mixed, 3, 0, 20);
    rig_pop(rig);
    assert_int_equal(vsk_queue_pop(&rig->device, &later), VSK_OK);

    assert_int_equal(vsk_queue_push(&rig->device, &later, 0), VSK_OK);
    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0), VSK_OK);

    /* VQ-DEV-02 */
    assert_int_equal(rig_reap(rig).token, 20);
    assert_int_equal(rig_reap(rig).token, 10);
    rig_free(rig);
}

static void
descriptors_freed_out_of_order_are_used_again(void **state)
{
    struct rig *rig = rig_new(4, 0);
    vsk_chain later = second_chain();
    (void)state;
    rig_add(rig, mixed, 2, 0, 10);
    rig_add(rig, mixed, 2, 0, 20);
    rig_pop(rig);
    assert_int_equal(vsk_queue_pop(&rig->device, &later), VSK_OK);
    assert_int_equal(vsk_queue_push(&rig->device, &later, 0), VSK_OK);
    rig_reap(rig);

    rig_add(rig, mixed, 2, 0, 30);

    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0), VSK_OK);
    rig_complete_one(rig);
    assert_int_equal(rig_reap(rig).token, 10);
    assert_int_equal(rig_reap(rig).token, 30);
    rig_free(rig);
}

static void
a_full_ring_takes_no_more(void **state)
{
    struct rig *rig = rig_new(4, 0);
    (void)state;
    rig_add(rig, mixed, 3, 0, 1);

    assert_int_equal(rig_add_status(rig, mixed, 2, 0), VSK_ERR_FULL);

    assert_int_equal(rig_add_status(rig, mixed, 1, 0), VSK_OK);
    assert_int_equal(rig_add_status(rig, mixed, 1, 0), VSK_ERR_FULL);
    rig_free(rig);
}

static void
an_indirect_chain_takes_one_descriptor_of_a_full_ring(void **state)
{
    struct rig *rig = rig_new(4, VSK_F_INDIRECT_DESC);
    (void)state;
    rig_add(rig, mixed, 3, 0, 1);

    assert_int_equal(rig_add_status(rig, mixed, 3, 3), VSK_OK);
    rig_free(rig);
}

static void
a_refused_chain_is_not_put_into_the_ring(void **state)
{
    struct rig *rig = rig_new(4, 0);
    uint8_t before[64 + 14];
    (void)state;
    rig_add(rig, mixed, 3, 0, 1);
    memcpy(before, rig_at(rig, RIG_RING), sizeof before);

    /* CLEAN-DRV-01 */
    assert_int_equal(rig_add_status(rig, mixed, 2, 0), VSK_ERR_FULL);

    assert_memory_equal(rig_at(rig, RIG_RING), before, sizeof before);
    rig_free(rig);
}

static void
a_chain_of_no_buffers_is_refused(void **state)
{
    struct rig *rig = rig_new(4, 0);
    (void)state;

    /* SPLIT-DRV-11 */
    assert_int_equal(rig_add_status(rig, mixed, 0, 0), VSK_ERR_EMPTY);
    rig_free(rig);
}

static void
a_chain_longer_than_the_queue_is_refused(void **state)
{
    struct rig *rig = rig_new(2, VSK_F_INDIRECT_DESC);
    (void)state;

    /* SPLITIND-DRV-03 */
    assert_int_equal(rig_add_status(rig, mixed, 3, 3), VSK_ERR_LONG);
    rig_free(rig);
}

static void
a_readable_buffer_behind_a_writable_one_is_refused(void **state)
{
    const vsk_buffer buffers[] = {{RIG_DATA, 0, true}, {RIG_DATA, 1, false}};
    struct rig *rig = rig_new(4, 0);
    (void)state;

    /* FRAME-DRV-01 */
    assert_int_equal(rig_add_status(rig, buffers, 2, 0), VSK_ERR_ORDER);
    rig_free(rig);
}

static void
a_chain_of_exactly_4_gib_may_be_added(void **state)
{
    const vsk_buffer buffers[] = {{RIG_DATA, UINT32_MAX, true},
                                  {RIG_DATA, 1, true}};
    struct rig *rig = rig_new(4, 0);
    (void)state;

    assert_int_equal(rig_add_status(rig, buffers, 2, 0), VSK_OK);
    rig_free(rig);
}

static void
a_chain_of_a_byte_more_than_4_gib_is_refused(void **state)
{
    const vsk_buffer buffers[] = {{RIG_DATA, UINT32_MAX, true},
                                  {RIG_DATA, 2, true}};
    struct rig *rig = rig_new(4, 0);
    (void)state;

    /* SPLIT-DRV-03 */
    assert_int_equal(rig_add_status(rig, buffers, 2, 0), VSK_ERR_LENGTH);
    rig_free(rig);
}

static void
an_indirect_chain_without_the_feature_is_refused(void **state)
{
    struct rig *rig = rig_new(4, 0);
    (void)state;

    /* SPLITIND-DRV-01 */
    assert_int_equal(rig_add_status(rig, mixed, 3, 3), VSK_ERR_INDIRECT);
    rig_free(rig);
}

static void
more_indirect_buffers_than_buffers_are_refused(void **state)
{
    struct rig *rig = rig_new(4, VSK_F_INDIRECT_DESC);
    (void)state;

    assert_int_equal(rig_add_status(rig, mixed, 2, 3), VSK_ERR_ARGUMENT);
    rig_free(rig);
}

static void
a_table_outside_memory_is_refused(void **state)
{
    struct rig *rig = rig_new(4, VSK_F_INDIRECT_DESC);
    const vsk_offer offer = {mixed, 3, 3, RIG_NOWHERE, 1};
    uint16_t head;
    (void)state;

    assert_int_equal(vsk_queue_add(&rig->driver, &offer, &head),
                     VSK_ERR_ADDRESS);
    rig_free(rig);
}

static void
every_size_carries_a_ring_full_of_chains(void **state)
{
    (void)state;

    for (uint32_t size = 1; size <= 32768; size *= 2) {
        struct rig *rig = rig_new(size, 0);

        for (uint32_t i = 0; i < size; i++)
            rig_add_one(rig, i);
        assert_int_equal(rig_add_status(rig, mixed, 1, 0), VSK_ERR_FULL);
        for (uint32_t i = 0; i < size; i++)
            rig_complete_one(rig);
        for (uint32_t i = 0; i < size; i++)
            assert_int_equal(rig_reap(rig).token, i);
        assert_int_equal(rig_reap_status(rig), VSK_NONE);
        rig_free(rig);
    }
}

static void
every_size_carries_a_chain_as_long_as_itself(void **state)
{
    (void)state;

    for (uint32_t size = 1; size <= 32768; size *= 2) {
        struct rig *rig = rig_new(size, VSK_F_INDIRECT_DESC);
        vsk_buffer *buffers = calloc(size, sizeof *buffers);

        assert_non_null(buffers);
        for (uint32_t i = 0; i < size; i++)
            buffers[i] = (vsk_buffer){RIG_DATA, 1, true};

        /* SPLIT-BOTH-06 */
        for (uint32_t indirect = 0; indirect <= size; indirect += size) {
            rig_add(rig, buffers, size, indirect, 1);
            assert_int_equal(vsk_queue_push(&rig->device, rig_pop(rig), size),
                             VSK_OK);
            assert_int_equal(rig_reap(rig).written, size);
        }
        free(buffers);
        rig_free(rig);
    }
}

static void
indices_run_on_past_65536(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    (void)state;

    for (uint32_t i = 0; i < 65536 + 16; i++) {
        rig_add(rig, mixed, 3, i % 4, i);
        assert_int_equal(vsk_queue_push(&rig->device, rig_pop(rig), i % 101),
                         VSK_OK);
        assert_int_equal(rig_reap(rig).token, i);
    }

    /* SPLIT-DRV-15 */
    assert_int_equal(rig_get16(rig, rig_avail_idx(rig)), 16);
    assert_int_equal(rig_get16(rig, rig_used_idx(rig)), 16);
    rig_free(rig);
}

static void
a_full_ring_of_32768_crosses_65536(void **state)
{
    struct rig *rig = rig_new(32768, 0);
    (void)state;

    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 32768; i++)
            rig_add_one(rig, i);
        for (uint32_t i = 0; i < 32768; i++)
            rig_complete_one(rig);
        for (uint32_t i = 0; i < 32768; i++)
            assert_int_equal(rig_reap(rig).token, i);
    }
    rig_free(rig);
}

/* What a broken driver does. */

static void
an_available_idx_that_jumps_ahead_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_put16(rig, rig_avail_idx(rig), 9);

    /* SPLIT-DRV-06 */
    assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain),
                     VSK_BAD_AVAIL_IDX);
    rig_free(rig);
}

static void
an_available_idx_that_goes_back_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add_one(rig, 1);
    rig_complete_one(rig);
    rig_put16(rig, rig_avail_idx(rig), 0);

    /* SPLIT-DRV-06 */
    assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain),
                     VSK_BAD_AVAIL_IDX);
    rig_free(rig);
}

static void
an_available_idx_ahead_of_what_is_held_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_chain later = second_chain();
    (void)state;
    rig_add_one(rig, 1);
    rig_pop(rig);
    rig_put16(rig, rig_avail_idx(rig), 9);

    /* SPLIT-DRV-06 */
    assert_int_equal(vsk_queue_pop(&rig->device, &later), VSK_BAD_AVAIL_IDX);
    rig_free(rig);
}

static void
popping_into_a_chain_that_is_held_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add_one(rig, 1);
    rig_add_one(rig, 2);
    rig_pop(rig);

    assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain), VSK_ERR_HELD);

    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0), VSK_OK);
    assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain), VSK_OK);
    rig_free(rig);
}

static void
an_available_idx_ahead_by_the_whole_ring_is_accepted(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_put16(rig, rig_avail_idx(rig), 8);

    assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain), VSK_OK);
    rig_free(rig);
}

static void
a_queue_goes_on_when_its_available_idx_is_mended(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add_one(rig, 1);
    rig_put16(rig, rig_avail_idx(rig), 99);
    assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain),
                     VSK_BAD_AVAIL_IDX);

    rig_put16(rig, rig_avail_idx(rig), 1);

    rig_complete_one(rig);
    rig_free(rig);
}

static void
a_head_outside_the_table_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    vsk_queue_stage_head(&rig->driver, 8);
    vsk_queue_offer(&rig->driver);

    /* SPLIT-DRV-05 */
    assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain), VSK_BAD_HEAD);
    rig_free(rig);
}

static void
a_queue_goes_on_behind_a_bad_head(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    vsk_queue_stage_head(&rig->driver, 0xffff);
    rig_add_one(rig, 7);
    assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain), VSK_BAD_HEAD);

    rig_complete_one(rig);

    assert_int_equal(rig_reap(rig).token, 7);
    rig_free(rig);
}

static void
a_broken_chain_is_popped_with_its_reason(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_buffer nowhere = {RIG_NOWHERE, 44, false};
    (void)state;
    rig_add(rig, &nowhere, 1, 0, 7);

    assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain), VSK_OK);

    assert_int_equal(rig->chain.status, VSK_BAD_ADDRESS);
    rig_free(rig);
}

static void
a_broken_chain_is_given_back_like_any_other(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_buffer nowhere = {RIG_NOWHERE, 44, false};
    (void)state;
    rig_add(rig, &nowhere, 1, 0, 7);
    assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain), VSK_OK);

    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0), VSK_OK);

    assert_int_equal(rig_reap(rig).token, 7);
    rig_free(rig);
}

/* What a broken device does. */

static void
a_used_idx_ahead_of_what_was_offered_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    uint16_t head;
    (void)state;
    head = rig_add_one(rig, 1);
    forge(rig, 2, head, 0);

    /* SPLIT-DEV-07 */
    assert_int_equal(rig_reap_status(rig), VSK_BAD_USED_IDX);
    rig_free(rig);
}

static void
a_used_idx_that_goes_back_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add_one(rig, 1);
    rig_complete_one(rig);
    rig_reap(rig);
    rig_put16(rig, rig_used_idx(rig), 0);

    /* SPLIT-DEV-07 */
    assert_int_equal(rig_reap_status(rig), VSK_BAD_USED_IDX);
    rig_free(rig);
}

static void
a_chain_that_was_only_staged_cannot_be_used_yet(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_offer offer = {mixed, 1, 0, 0, 1};
    uint16_t head;
    (void)state;
    assert_int_equal(vsk_queue_stage(&rig->driver, &offer, &head), VSK_OK);
    forge(rig, 1, head, 0);

    /* SPLIT-DEV-07 */
    assert_int_equal(rig_reap_status(rig), VSK_BAD_USED_IDX);
    rig_free(rig);
}

static void
a_used_id_outside_the_table_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add_one(rig, 1);
    forge(rig, 1, 8, 0);

    /* SPLIT-DEV-06 */
    assert_int_equal(rig_reap_status(rig), VSK_BAD_USED_ID);
    rig_free(rig);
}

static void
a_used_id_of_32_bits_is_not_cut_to_16(void **state)
{
    struct rig *rig = rig_new(8, 0);
    uint16_t head;
    (void)state;
    head = rig_add_one(rig, 1);
    forge(rig, 1, 0x10000u + head, 0);

    /* SPLIT-DEV-06 */
    assert_int_equal(rig_reap_status(rig), VSK_BAD_USED_ID);
    rig_free(rig);
}

static void
a_used_id_in_the_middle_of_a_chain_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    uint16_t head;
    (void)state;
    head = rig_add(rig, mixed, 3, 0, 1);
    forge(rig, 1, rig_get16(rig, RIG_RING + 16 * (uint64_t)head + 14), 0);

    /* SPLIT-DEV-06 */
    assert_int_equal(rig_reap_status(rig), VSK_BAD_USED_ID);
    rig_free(rig);
}

static void
a_head_used_twice_is_refused_the_second_time(void **state)
{
    struct rig *rig = rig_new(8, 0);
    uint16_t head;
    (void)state;
    head = rig_add_one(rig, 1);
    rig_add_one(rig, 2);
    forge(rig, 1, head, 0);
    rig_reap(rig);
    forge(rig, 2, head, 0);

    /* SPLIT-DEV-06 */
    assert_int_equal(rig_reap_status(rig), VSK_BAD_USED_ID);
    rig_free(rig);
}

static void
a_bad_used_id_is_passed_over(void **state)
{
    struct rig *rig = rig_new(8, 0);
    uint16_t head;
    (void)state;
    rig_add_one(rig, 1);
    head = rig_add_one(rig, 2);
    forge(rig, 1, 99, 0);
    forge(rig, 2, head, 0);
    assert_int_equal(rig_reap_status(rig), VSK_BAD_USED_ID);

    assert_int_equal(rig_reap(rig).token, 2);
    rig_free(rig);
}

static void
a_used_len_above_the_writable_bytes_is_not_believed(void **state)
{
    struct rig *rig = rig_new(8, 0);
    uint16_t head;
    vsk_used used;
    (void)state;
    head = rig_add(rig, mixed, 3, 0, 7);
    forge(rig, 1, head, 101);

    used = rig_reap(rig);

    /* SPLIT-DEV-09 */
    assert_int_equal(used.status, VSK_BAD_USED_LEN);
    assert_int_equal(used.written, 0);
    assert_int_equal(used.token, 7);
    rig_free(rig);
}

static void
a_used_len_of_all_writable_bytes_is_believed(void **state)
{
    struct rig *rig = rig_new(8, 0);
    uint16_t head;
    vsk_used used;
    (void)state;
    head = rig_add(rig, mixed, 3, 0, 7);
    forge(rig, 1, head, 100);

    used = rig_reap(rig);

    assert_int_equal(used.status, VSK_OK);
    assert_int_equal(used.written, 100);
    rig_free(rig);
}

static void
the_driver_survives_a_used_ring_full_of_random_numbers(void **state)
{
    rig_random random = rig_seed();
    struct rig *rig = rig_new(8, 0);
    (void)state;

    for (uint32_t round = 0; round < 20000; round++) {
        vsk_used used;

        if (rig_draw(&random, 2) == 0)
            (void)rig_add_status(rig, mixed, 1 + rig_draw(&random, 3), 0);
        rig_put32(rig, rig_used_slot(rig, rig_draw(&random, 8)),
                  rig_draw(&random, 10));
        if (rig_draw(&random, 4) == 0)
            rig_put16(
                rig, rig_used_idx(rig),
                (uint16_t)(rig->driver.ring.state.used + rig_draw(&random, 4)));
        (void)vsk_queue_reap(&rig->driver, &used);
        assert_true(rig->driver.ring.free_count <= 8);
        assert_true(rig->driver.ring.outstanding <= 8);
    }
    rig_free(rig);
}

/* Held chains. */

static void
a_chain_pushed_twice_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add_one(rig, 1);
    rig_add_one(rig, 2);
    rig_complete_one(rig);

    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0),
                     VSK_ERR_HELD);

    assert_int_equal(rig_get16(rig, rig_used_idx(rig)), 1);
    rig_free(rig);
}

static void
a_chain_pushed_to_another_queue_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0), *other = rig_new(8, 0);
    (void)state;
    rig_add_one(rig, 1);
    rig_add_one(other, 1);
    rig_pop(rig);
    rig_pop(other);

    assert_int_equal(vsk_queue_push(&other->device, &rig->chain, 0),
                     VSK_ERR_HELD);
    rig_free(rig);
    rig_free(other);
}

static void
a_chain_that_was_never_popped_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_chain fresh = second_chain();
    (void)state;
    rig_add_one(rig, 1);
    rig_pop(rig);

    assert_int_equal(vsk_queue_push(&rig->device, &fresh, 0), VSK_ERR_HELD);
    rig_free(rig);
}

static void
a_chain_popped_before_a_reset_is_refused_after_it(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_chain old = second_chain();
    (void)state;
    rig_add_one(rig, 1);
    assert_int_equal(vsk_queue_pop(&rig->device, &old), VSK_OK);

    vsk_queue_device_reset(&rig->device);
    rig_pop(rig);

    assert_int_equal(vsk_queue_push(&rig->device, &old, 0), VSK_ERR_HELD);
    rig_free(rig);
}

static void
a_reset_device_begins_at_index_0(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add_one(rig, 1);
    rig_complete_one(rig);

    vsk_queue_device_reset(&rig->device);
    assert_int_equal(vsk_queue_driver_init(&rig->driver, &rig->memory,
                                           &rig->ring, rig->slots),
                     VSK_OK);
    rig_add_one(rig, 2);
    rig_complete_one(rig);

    assert_int_equal(rig_reap(rig).token, 2);
    rig_free(rig);
}

static void
holds_is_true_between_pop_and_push(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add_one(rig, 1);

    assert_false(vsk_queue_holds(&rig->device, &rig->chain));
    rig_pop(rig);
    assert_true(vsk_queue_holds(&rig->device, &rig->chain));
    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0), VSK_OK);

    assert_false(vsk_queue_holds(&rig->device, &rig->chain));
    rig_free(rig);
}

static void
more_bytes_than_a_chain_can_hold_are_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add(rig, mixed, 3, 0, 1);
    rig_pop(rig);

    /* SPLIT-DEV-09 */
    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 101),
                     VSK_ERR_WRITTEN);
    rig_free(rig);
}

static void
a_chain_refused_for_its_length_is_still_held(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add(rig, mixed, 3, 0, 1);
    rig_pop(rig);
    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 101),
                     VSK_ERR_WRITTEN);

    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 100), VSK_OK);
    rig_free(rig);
}

static void
a_chain_put_back_is_popped_again(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add_one(rig, 7);
    rig_pop(rig);

    assert_int_equal(vsk_queue_unpop(&rig->device, &rig->chain), VSK_OK);
    rig_complete_one(rig);

    assert_int_equal(rig_reap(rig).token, 7);
    rig_free(rig);
}

static void
a_chain_put_back_is_not_held(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add_one(rig, 1);
    rig_pop(rig);

    assert_int_equal(vsk_queue_unpop(&rig->device, &rig->chain), VSK_OK);

    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0),
                     VSK_ERR_HELD);
    rig_free(rig);
}

static void
a_chain_put_back_is_not_held_while_another_is(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_chain later = second_chain();
    (void)state;
    rig_add_one(rig, 1);
    rig_add_one(rig, 2);
    rig_pop(rig);
    assert_int_equal(vsk_queue_pop(&rig->device, &later), VSK_OK);

    assert_int_equal(vsk_queue_unpop(&rig->device, &later), VSK_OK);

    assert_false(vsk_queue_holds(&rig->device, &later));
    rig_free(rig);
}

static void
a_chain_given_back_cannot_be_put_back(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add_one(rig, 1);
    rig_complete_one(rig);

    assert_int_equal(vsk_queue_unpop(&rig->device, &rig->chain), VSK_ERR_HELD);
    rig_free(rig);
}

static void
a_chain_popped_before_a_queue_began_anew_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    rig_add_one(rig, 1);
    rig_pop(rig);

    assert_int_equal(
        vsk_queue_device_init(&rig->device, &rig->memory, &rig->ring, NULL),
        VSK_OK);

    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0),
                     VSK_ERR_HELD);
    rig_free(rig);
}

static void
only_the_chain_popped_last_can_be_put_back(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_chain later = second_chain();
    (void)state;
    rig_add_one(rig, 1);
    rig_add_one(rig, 2);
    rig_pop(rig);
    assert_int_equal(vsk_queue_pop(&rig->device, &later), VSK_OK);

    assert_int_equal(vsk_queue_unpop(&rig->device, &rig->chain), VSK_ERR_HELD);
    rig_free(rig);
}

/* Re-arming: what came between the last look and the wish is told. */

static void
enabling_kicks_tells_of_a_chain_that_came_meanwhile(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_EVENT_IDX);
    (void)state;
    assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain), VSK_NONE);
    rig_add_one(rig, 1);

    assert_true(vsk_queue_enable_kicks(&rig->device));
    rig_free(rig);
}

static void
enabling_interrupts_tells_of_a_chain_that_came_back_meanwhile(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_EVENT_IDX);
    (void)state;
    rig_add_one(rig, 1);
    assert_int_equal(rig_reap_status(rig), VSK_NONE);
    rig_complete_one(rig);

    /* SPLIT-DRV-18 */
    assert_true(vsk_queue_enable_interrupts(&rig->driver));
    rig_free(rig);
}

/* After both sides have run dry and re-armed, one more chain must notify;
 * after they have said that they need nothing, it must not. */
static void
assert_suppression(uint64_t features, uint32_t before)
{
    struct rig *rig = rig_new(8, features);

    for (uint32_t i = 0; i < before; i++) {
        rig_add_one(rig, 1);
        (void)vsk_queue_should_kick(&rig->driver);
        rig_complete_one(rig);
        (void)vsk_queue_should_interrupt(&rig->device);
        rig_reap(rig);
    }
    vsk_queue_disable_kicks(&rig->device);
    vsk_queue_disable_interrupts(&rig->driver);
    rig_add_one(rig, 1);
    assert_false(vsk_queue_should_kick(&rig->driver));
    rig_complete_one(rig);
    assert_false(vsk_queue_should_interrupt(&rig->device));
    rig_reap(rig);

    assert_false(vsk_queue_enable_kicks(&rig->device));
    assert_false(vsk_queue_enable_interrupts(&rig->driver));
    rig_add_one(rig, 1);
    assert_true(vsk_queue_should_kick(&rig->driver));
    rig_complete_one(rig);
    assert_true(vsk_queue_should_interrupt(&rig->device));
    rig_free(rig);
}

static void
suppression_works_with_flags(void **state)
{
    (void)state;

    assert_suppression(0, 3);
}

static void
suppression_works_with_event_idx(void **state)
{
    (void)state;

    assert_suppression(VSK_F_EVENT_IDX, 3);
}

static void
suppression_works_across_index_65536(void **state)
{
    (void)state;

    for (uint32_t before = 65533; before < 65539; before++)
        assert_suppression(VSK_F_EVENT_IDX, before);
}

/* States saved and opened again. */

static void
a_device_opened_on_an_old_ring_goes_on_at_its_used_idx(void **state)
{
    struct rig *rig = rig_new(4, 0);
    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        rig_add_one(rig, i);
        rig_complete_one(rig);
        rig_reap(rig);
    }
    rig_add_one(rig, 50);

    assert_int_equal(
        vsk_queue_device_init(&rig->device, &rig->memory, &rig->ring, NULL),
        VSK_OK);
    rig_complete_one(rig);

    assert_int_equal(rig_reap(rig).token, 50);
    rig_free(rig);
}

static void
a_device_opened_with_its_state_goes_on_where_it_was(void **state)
{
    struct rig *rig = rig_new(4, 0);
    vsk_ring_state saved;
    (void)state;
    rig_add_one(rig, 1);
    rig_complete_one(rig);
    rig_add_one(rig, 2);
    assert_int_equal(vsk_queue_device_state(&rig->device, &saved), VSK_OK);

    assert_int_equal(
        vsk_queue_device_init(&rig->device, &rig->memory, &rig->ring, &saved),
        VSK_OK);
    rig_complete_one(rig);

    assert_int_equal(rig_reap(rig).token, 1);
    assert_int_equal(rig_reap(rig).token, 2);
    rig_free(rig);
}

static void
a_device_that_holds_chains_has_no_state_to_save(void **state)
{
    struct rig *rig = rig_new(4, 0);
    vsk_ring_state saved;
    (void)state;
    rig_add_one(rig, 1);
    rig_pop(rig);

    assert_int_equal(vsk_queue_device_state(&rig->device, &saved),
                     VSK_ERR_BUSY);
    /* Given and not published: the ring does not know of it. */
    assert_int_equal(vsk_queue_give(&rig->device, &rig->chain, 0), VSK_OK);
    assert_int_equal(vsk_queue_device_state(&rig->device, &saved),
                     VSK_ERR_BUSY);
    vsk_queue_publish(&rig->device);
    assert_int_equal(vsk_queue_device_state(&rig->device, &saved), VSK_OK);
    rig_free(rig);
}

static void
a_driver_opened_again_reaps_its_outstanding_chains(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_ring_state saved;
    uint16_t first, second;
    (void)state;
    rig_add_one(rig, 1);
    rig_complete_one(rig);
    rig_reap(rig);
    first = rig_add(rig, mixed, 3, 0, 2);
    second = rig_add(rig, mixed, 2, 0, 3);
    saved = vsk_queue_driver_state(&rig->driver);

    memset(rig->slots, RIG_FILL, 8 * sizeof *rig->slots);
    assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory,
                                           &rig->ring, rig->slots, &saved),
                     VSK_OK);
    rig_complete_one(rig);
    rig_complete_one(rig);

    assert_int_equal(rig_reap(rig).head, first);
    assert_int_equal(rig_reap(rig).head, second);
    assert_int_equal(rig_reap_status(rig), VSK_NONE);
    rig_free(rig);
}

static void
a_driver_opened_again_overwrites_no_outstanding_chain(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_ring_state saved;
    (void)state;
    rig_add(rig, mixed, 3, 0, 2);
    saved = vsk_queue_driver_state(&rig->driver);

    /* CLEAN-DRV-01 */
    assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory,
                                           &rig->ring, rig->slots, &saved),
                     VSK_OK);
    for (uint32_t i = 0; i < 5; i++)
        rig_add_one(rig, i);

    assert_int_equal(rig_add_status(rig, mixed, 1, 0), VSK_ERR_FULL);
    assert_int_equal(rig_pop(rig)->readable, 49);
    rig_free(rig);
}

static void
a_driver_opened_again_gets_all_its_descriptors_back(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_ring_state saved;
    (void)state;
    rig_add(rig, mixed, 3, 0, 2);
    rig_add(rig, mixed, 3, 0, 3);
    saved = vsk_queue_driver_state(&rig->driver);
    assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory,
                                           &rig->ring, rig->slots, &saved),
                     VSK_OK);
    rig_complete_one(rig);
    rig_complete_one(rig);
    rig_reap(rig);
    rig_reap(rig);

    for (uint32_t i = 0; i < 8; i++)
        rig_add_one(rig, i);
    for (uint32_t i = 0; i < 8; i++)
        rig_complete_one(rig);

    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(rig_reap(rig).token, i);
    rig_free(rig);
}

static void
a_driver_opened_without_a_state_takes_it_from_the_ring(void **state)
{
    struct rig *rig = rig_new(8, 0);
    uint16_t head;
    (void)state;
    rig_add_one(rig, 1);
    rig_complete_one(rig);
    rig_reap(rig);
    head = rig_add(rig, mixed, 2, 0, 2);

    assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory,
                                           &rig->ring, rig->slots, NULL),
                     VSK_OK);
    rig_complete_one(rig);

    assert_int_equal(rig_reap(rig).head, head);
    rig_free(rig);
}

static void
both_ends_opened_at_65535_cross_to_0(void **state)
{
    struct rig *rig = rig_new(4, 0);
    const vsk_ring_state late = {65534, 65534, 65534};
    (void)state;
    assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory,
                                           &rig->ring, rig->slots, &late),
                     VSK_OK);
    assert_int_equal(
        vsk_queue_device_init(&rig->device, &rig->memory, &rig->ring, &late),
        VSK_OK);
    rig_put16(rig, rig_avail_idx(rig), 65534);
    rig_put16(rig, rig_used_idx(rig), 65534);

    for (uint32_t i = 0; i < 4; i++)
        rig_add_one(rig, i);
    for (uint32_t i = 0; i < 4; i++)
        rig_complete_one(rig);

    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(rig_reap(rig).token, i);
    assert_int_equal(rig_get16(rig, rig_used_idx(rig)), 2);
    rig_free(rig);
}

static void
a_driver_survives_being_opened_on_random_memory(void **state)
{
    rig_random random = rig_seed();
    struct rig *rig = rig_new(8, RIG_BOTH);
    (void)state;

    for (uint32_t round = 0; round < 5000; round++) {
        vsk_ring_state saved = {(uint16_t)rig_draw(&random, 20),
                                (uint16_t)rig_draw(&random, 20), 0};

        for (uint64_t i = 0; i < rig->regions[0].size; i++)
            rig->regions[0].base[i] = (uint8_t)rig_draw(&random, 10);
        assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory,
                                               &rig->ring, rig->slots, &saved),
                         VSK_OK);
        for (uint32_t i = 0; i < 12; i++) {
            (void)rig_add_status(rig, mixed, 1 + rig_draw(&random, 3), 0);
            rig_put16(rig, rig_used_idx(rig),
                      (uint16_t)(rig->driver.ring.state.used + 1));
            (void)rig_reap_status(rig);
        }
        assert_true(rig->driver.ring.free_count <= 8);
    }
    rig_free(rig);
}

static void
a_misaligned_ring_is_refused_at_both_ends(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_ring ring = rig->ring;
    (void)state;
    ring.desc += 4;

    /* SPLIT-DRV-01 */
    assert_int_equal(
        vsk_queue_driver_init(&rig->driver, &rig->memory, &ring, rig->slots),
        VSK_ERR_ALIGN);
    assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory, &ring,
                                           rig->slots, NULL),
                     VSK_ERR_ALIGN);
    assert_int_equal(
        vsk_queue_device_init(&rig->device, &rig->memory, &ring, NULL),
        VSK_ERR_ALIGN);
    rig_free(rig);
}

static void
a_size_that_is_no_power_of_two_is_refused_at_both_ends(void **state)
{
    static const uint32_t sizes[] = {0, 3, 65536};
    struct rig *rig = rig_new(8, 0);
    (void)state;

    for (size_t i = 0; i < 3; i++) {
        vsk_ring ring = rig->ring;

        ring.size = sizes[i];
        /* SPLIT-BOTH-04 */
        assert_int_equal(vsk_queue_driver_init(&rig->driver, &rig->memory,
                                               &ring, rig->slots),
                         VSK_ERR_SIZE);
        assert_int_equal(
            vsk_queue_device_init(&rig->device, &rig->memory, &ring, NULL),
            VSK_ERR_SIZE);
    }
    rig_free(rig);
}

static void
a_device_s_memory_is_found_across_its_regions(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_buffer buffer = {RIG_NEXT - 20, 49, false};
    (void)state;
    rig_add(rig, &buffer, 1, 0, 1);

    rig_pop(rig);

    assert_int_equal(rig->chain.count, 2);
    assert_int_equal(rig->chain.readable, 49);
    rig_free(rig);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_chain_crosses_to_the_device),
        cmocka_unit_test(an_indirect_chain_crosses_to_the_device),
        cmocka_unit_test(an_empty_queue_has_nothing_for_the_device),
        cmocka_unit_test(an_empty_queue_has_nothing_for_the_driver),
        cmocka_unit_test(token_head_and_length_come_back),
        cmocka_unit_test(a_staged_chain_is_not_seen_before_it_is_offered),
        cmocka_unit_test(a_given_chain_is_not_seen_before_it_is_published),
        cmocka_unit_test(batches_of_every_size_cross_the_end_of_the_ring),
        cmocka_unit_test(chains_may_come_back_in_any_order),
        cmocka_unit_test(descriptors_freed_out_of_order_are_used_again),
        cmocka_unit_test(a_full_ring_takes_no_more),
        cmocka_unit_test(an_indirect_chain_takes_one_descriptor_of_a_full_ring),
        cmocka_unit_test(a_refused_chain_is_not_put_into_the_ring),
        cmocka_unit_test(a_chain_of_no_buffers_is_refused),
        cmocka_unit_test(a_chain_longer_than_the_queue_is_refused),
        cmocka_unit_test(a_readable_buffer_behind_a_writable_one_is_refused),
        cmocka_unit_test(a_chain_of_exactly_4_gib_may_be_added),
        cmocka_unit_test(a_chain_of_a_byte_more_than_4_gib_is_refused),
        cmocka_unit_test(an_indirect_chain_without_the_feature_is_refused),
        cmocka_unit_test(more_indirect_buffers_than_buffers_are_refused),
        cmocka_unit_test(a_table_outside_memory_is_refused),
        cmocka_unit_test(every_size_carries_a_ring_full_of_chains),
        cmocka_unit_test(every_size_carries_a_chain_as_long_as_itself),
        cmocka_unit_test(indices_run_on_past_65536),
        cmocka_unit_test(a_full_ring_of_32768_crosses_65536),
        cmocka_unit_test(an_available_idx_that_jumps_ahead_is_refused),
        cmocka_unit_test(an_available_idx_that_goes_back_is_refused),
        cmocka_unit_test(an_available_idx_ahead_of_what_is_held_is_refused),
        cmocka_unit_test(popping_into_a_chain_that_is_held_is_refused),
        cmocka_unit_test(an_available_idx_ahead_by_the_whole_ring_is_accepted),
        cmocka_unit_test(a_queue_goes_on_when_its_available_idx_is_mended),
        cmocka_unit_test(a_head_outside_the_table_is_refused),
        cmocka_unit_test(a_queue_goes_on_behind_a_bad_head),
        cmocka_unit_test(a_broken_chain_is_popped_with_its_reason),
        cmocka_unit_test(a_broken_chain_is_given_back_like_any_other),
        cmocka_unit_test(a_used_idx_ahead_of_what_was_offered_is_refused),
        cmocka_unit_test(a_used_idx_that_goes_back_is_refused),
        cmocka_unit_test(a_chain_that_was_only_staged_cannot_be_used_yet),
        cmocka_unit_test(a_used_id_outside_the_table_is_refused),
        cmocka_unit_test(a_used_id_of_32_bits_is_not_cut_to_16),
        cmocka_unit_test(a_used_id_in_the_middle_of_a_chain_is_refused),
        cmocka_unit_test(a_head_used_twice_is_refused_the_second_time),
        cmocka_unit_test(a_bad_used_id_is_passed_over),
        cmocka_unit_test(a_used_len_above_the_writable_bytes_is_not_believed),
        cmocka_unit_test(a_used_len_of_all_writable_bytes_is_believed),
        cmocka_unit_test(
            the_driver_survives_a_used_ring_full_of_random_numbers),
        cmocka_unit_test(a_chain_pushed_twice_is_refused),
        cmocka_unit_test(a_chain_pushed_to_another_queue_is_refused),
        cmocka_unit_test(a_chain_that_was_never_popped_is_refused),
        cmocka_unit_test(a_chain_popped_before_a_reset_is_refused_after_it),
        cmocka_unit_test(a_reset_device_begins_at_index_0),
        cmocka_unit_test(holds_is_true_between_pop_and_push),
        cmocka_unit_test(more_bytes_than_a_chain_can_hold_are_refused),
        cmocka_unit_test(a_chain_refused_for_its_length_is_still_held),
        cmocka_unit_test(a_chain_put_back_is_popped_again),
        cmocka_unit_test(a_chain_put_back_is_not_held),
        cmocka_unit_test(a_chain_put_back_is_not_held_while_another_is),
        cmocka_unit_test(a_chain_given_back_cannot_be_put_back),
        cmocka_unit_test(a_chain_popped_before_a_queue_began_anew_is_refused),
        cmocka_unit_test(only_the_chain_popped_last_can_be_put_back),
        cmocka_unit_test(enabling_kicks_tells_of_a_chain_that_came_meanwhile),
        cmocka_unit_test(
            enabling_interrupts_tells_of_a_chain_that_came_back_meanwhile),
        cmocka_unit_test(suppression_works_with_flags),
        cmocka_unit_test(suppression_works_with_event_idx),
        cmocka_unit_test(suppression_works_across_index_65536),
        cmocka_unit_test(
            a_device_opened_on_an_old_ring_goes_on_at_its_used_idx),
        cmocka_unit_test(a_device_opened_with_its_state_goes_on_where_it_was),
        cmocka_unit_test(a_device_that_holds_chains_has_no_state_to_save),
        cmocka_unit_test(a_driver_opened_again_reaps_its_outstanding_chains),
        cmocka_unit_test(a_driver_opened_again_overwrites_no_outstanding_chain),
        cmocka_unit_test(a_driver_opened_again_gets_all_its_descriptors_back),
        cmocka_unit_test(
            a_driver_opened_without_a_state_takes_it_from_the_ring),
        cmocka_unit_test(both_ends_opened_at_65535_cross_to_0),
        cmocka_unit_test(a_driver_survives_being_opened_on_random_memory),
        cmocka_unit_test(a_misaligned_ring_is_refused_at_both_ends),
        cmocka_unit_test(
            a_size_that_is_no_power_of_two_is_refused_at_both_ends),
        cmocka_unit_test(a_device_s_memory_is_found_across_its_regions),
    };

    return cmocka_run_group_tests_name("queue", cases, NULL, NULL);
}
