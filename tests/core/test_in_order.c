/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* VIRTIO_F_IN_ORDER in both ring formats: chains go back in the order in which
 * they came, and one used element may stand for several. */
#include "rig.h"

#define HELD 8u

static const uint64_t formats[] = {VSK_F_IN_ORDER,
                                   VSK_F_IN_ORDER | VSK_F_RING_PACKED};

static const vsk_buffer rx[] = {{RIG_DATA, 100, true}};
static const vsk_buffer tx[] = {{RIG_DATA, 44, false}, {RIG_DATA, 5, false}};

/* A rig, and chains to hold several at a time. */
struct line {
    struct rig *rig;
    vsk_chain chains[HELD];
    vsk_span spans[HELD][4];
};

static struct line *
line_new(uint32_t size, uint64_t features)
{
    struct line *line = rig_zeroed(1, sizeof *line);

    line->rig = rig_new(size, features);
    for (uint32_t i = 0; i < HELD; i++)
        vsk_chain_init(&line->chains[i], line->spans[i], 4);
    return line;
}

static void
line_free(struct line *line)
{
    rig_free(line->rig);
    free(line);
}

static bool
is_packed(const struct line *line)
{
    return (line->rig->ring.features & VSK_F_RING_PACKED) != 0;
}

/* So many chains of one kind are offered, with tokens from 0, and popped. */
static void
hold(struct line *line, const vsk_buffer *buffers, uint32_t count,
     uint32_t chains)
{
    for (uint32_t i = 0; i < chains; i++) {
        rig_add(line->rig, buffers, count, 0, i);
        assert_int_equal(vsk_queue_pop(&line->rig->device, &line->chains[i]),
                         VSK_OK);
    }
}

static vsk_status
give(struct line *line, uint32_t chain, uint32_t written)
{
    return vsk_queue_give(&line->rig->device, &line->chains[chain], written);
}

static vsk_status
reap_status(struct line *line)
{
    vsk_used used;

    return vsk_queue_reap(&line->rig->driver, &used);
}

static void
assert_reaped(struct line *line, uint64_t token, uint32_t written)
{
    vsk_used used;

    assert_int_equal(vsk_queue_reap(&line->rig->driver, &used), VSK_OK);
    assert_int_equal(used.token, token);
    assert_int_equal(used.written, written);
    assert_int_equal(used.status, VSK_OK);
}

/* The used element at a slot: id and len; of a packed ring only where USED is
 * the counter of lap 1. */
static void
assert_used_at(const struct line *line, uint32_t slot, uint16_t id,
               uint32_t len)
{
    const struct rig *rig = line->rig;
    uint64_t desc = RIG_RING + 16 * (uint64_t)slot;

    if (!is_packed(line)) {
        assert_int_equal(rig_get32(rig, rig_used_slot(rig, slot)), id);
        assert_int_equal(rig_get32(rig, rig_used_slot(rig, slot) + 4), len);
        return;
    }
    assert_int_equal(rig_get16(rig, desc + 12), id);
    assert_int_equal(rig_get32(rig, desc + 8), len);
    assert_int_equal(rig_get16(rig, desc + 14) & 0x8080, 0x8080);
}

/* A used element as a broken device would write it, at the first slot; the
 * split ring's idx says so many. */
static void
forge(const struct line *line, uint16_t id, uint32_t len, uint16_t idx)
{
    const struct rig *rig = line->rig;

    if (!is_packed(line)) {
        rig_put32(rig, rig_used_slot(rig, 0), id);
        rig_put32(rig, rig_used_slot(rig, 0) + 4, len);
        rig_put16(rig, rig_used_idx(rig), idx);
        return;
    }
    rig_desc(rig, RIG_RING, 0, 0, len, id, 0x8082);
}

/* ---- the device's end ---- */

static void
a_chain_out_of_order_is_refused(void **state)
{
    (void)state;

    /* PACKORD-DEV-01, SPLITORD-DEV-01, RSVF-DEV-05 */
    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(8, formats[f]);

        hold(line, rx, 1, 3);
        assert_int_equal(give(line, 1, 0), VSK_ERR_IN_ORDER);
        assert_int_equal(
            vsk_queue_push(&line->rig->device, &line->chains[2], 0),
            VSK_ERR_IN_ORDER);
        assert_true(vsk_queue_holds(&line->rig->device, &line->chains[1]));
        assert_int_equal(give(line, 0, 0), VSK_OK);
        assert_int_equal(give(line, 2, 0), VSK_ERR_IN_ORDER);
        assert_int_equal(give(line, 1, 0), VSK_OK);
        assert_int_equal(give(line, 2, 0), VSK_OK);
        line_free(line);
    }
}

static void
any_order_will_do_without_the_feature(void **state)
{
    (void)state;

    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(8, formats[f] & ~(uint64_t)VSK_F_IN_ORDER);

        hold(line, rx, 1, 2);
        assert_int_equal(give(line, 1, 100), VSK_OK);
        assert_int_equal(give(line, 0, 100), VSK_OK);
        vsk_queue_publish(&line->rig->device);
        /* And each has its own element, however much was written. */
        assert_reaped(line, 1, 100);
        assert_reaped(line, 0, 100);
        line_free(line);
    }
}

static void
chains_popped_again_keep_their_order(void **state)
{
    (void)state;

    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(8, formats[f]);

        hold(line, rx, 1, 2);
        assert_int_equal(vsk_queue_unpop(&line->rig->device, &line->chains[1]),
                         VSK_OK);
        assert_int_equal(vsk_queue_pop(&line->rig->device, &line->chains[2]),
                         VSK_OK);
        assert_int_equal(give(line, 2, 0), VSK_ERR_IN_ORDER);
        assert_int_equal(give(line, 0, 0), VSK_OK);
        assert_int_equal(give(line, 2, 0), VSK_OK);
        line_free(line);
    }
}

static void
one_used_element_closes_a_batch(void **state)
{
    (void)state;

    /* PACKORD-DEV-01, PACKORD-DEV-02, SPLITORD-DEV-01, SPLITORD-DEV-02: at
     * the batch's first slot, with the id of its last chain */
    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(8, formats[f]);

        hold(line, rx, 1, 3);
        for (uint32_t i = 0; i < 3; i++)
            assert_int_equal(give(line, i, 100), VSK_OK);
        assert_int_equal(reap_status(line), VSK_NONE);
        vsk_queue_publish(&line->rig->device);
        assert_used_at(line, 0, line->chains[2].head, 100);
        if (is_packed(line)) {
            assert_int_equal(rig_get16(line->rig, RIG_RING + 16 + 14), 0x82);
            assert_int_equal(rig_get16(line->rig, RIG_RING + 32 + 14), 0x82);
            assert_int_equal(line->rig->device.ring.state.used, 0x8003);
        } else {
            assert_int_equal(rig_get16(line->rig, rig_used_idx(line->rig)), 3);
        }
        line_free(line);
    }
}

static void
the_next_batch_has_the_slot_behind_all_of_the_last(void **state)
{
    (void)state;

    /* PACKORD-DEV-02, SPLITORD-DEV-02 */
    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(8, formats[f]);
        uint32_t lists = f == 1 ? 2 : 1; /* descriptors that a chain skips */

        hold(line, tx, 2, 4);
        assert_int_equal(give(line, 0, 0), VSK_OK);
        assert_int_equal(give(line, 1, 0), VSK_OK);
        assert_int_equal(give(line, 2, 0), VSK_OK);
        vsk_queue_publish(&line->rig->device);
        assert_int_equal(give(line, 3, 0), VSK_OK);
        vsk_queue_publish(&line->rig->device);
        assert_used_at(line, 0, line->chains[2].head, 0);
        assert_used_at(line, 3 * lists, line->chains[3].head, 0);
        for (uint32_t i = 0; i < 4; i++)
            assert_reaped(line, i, 0);
        assert_int_equal(reap_status(line), VSK_NONE);
        line_free(line);
    }
}

static void
what_was_published_is_not_written_again(void **state)
{
    (void)state;

    /* PACKED-DEV-15 */
    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(8, formats[f]);

        hold(line, rx, 1, 2);
        assert_int_equal(give(line, 0, 100), VSK_OK);
        vsk_queue_publish(&line->rig->device);
        assert_int_equal(give(line, 1, 7), VSK_OK);
        assert_used_at(line, 0, line->chains[0].head, 100);
        assert_reaped(line, 0, 100);
        vsk_queue_publish(&line->rig->device);
        assert_reaped(line, 1, 7);
        line_free(line);
    }
}

static void
a_chain_that_was_not_filled_closes_its_batch(void **state)
{
    static const uint32_t written[] = {100, 99, 100, 0, 100, 100};
    static const uint32_t slots[] = {0, 2, 4};
    static const uint32_t last[] = {1, 3, 5};
    (void)state;

    /* PACKORD-DRV-02, SPLITORD-DRV-05: what a batch passes over counts as
     * written to its last byte */
    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(8, formats[f]);

        hold(line, rx, 1, 6);
        for (uint32_t i = 0; i < 6; i++)
            assert_int_equal(give(line, i, written[i]), VSK_OK);
        vsk_queue_publish(&line->rig->device);
        for (uint32_t i = 0; i < 3; i++)
            assert_used_at(line, slots[i], line->chains[last[i]].head,
                           written[last[i]]);
        for (uint32_t i = 0; i < 6; i++)
            assert_reaped(line, i, written[i]);
        line_free(line);
    }
}

static void
a_chain_that_was_not_walked_to_its_end_closes_its_batch(void **state)
{
    (void)state;

    /* PACKORD-DRV-02, SPLITORD-DRV-05: nothing was written, and what could
     * have been is not known here */
    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(8, formats[f]);
        const vsk_buffer pieces[] = {
            {RIG_DATA, 1, true}, {RIG_DATA, 1, true}, {RIG_DATA, 1, true}};
        const vsk_buffer nowhere = {RIG_NOWHERE, 50, true};

        line->chains[0].capacity = 0;
        hold(line, pieces, 3, 1);
        assert_int_equal(line->chains[0].status, VSK_ERR_SPANS);
        rig_add(line->rig, &nowhere, 1, 0, 1);
        rig_add(line->rig, rx, 1, 0, 2);
        for (uint32_t i = 1; i < 3; i++)
            assert_int_equal(
                vsk_queue_pop(&line->rig->device, &line->chains[i]), VSK_OK);
        assert_int_equal(line->chains[1].status, VSK_BAD_ADDRESS);
        for (uint32_t i = 0; i < 3; i++)
            assert_int_equal(give(line, i, 0), VSK_OK);
        vsk_queue_publish(&line->rig->device);
        for (uint32_t i = 0; i < 3; i++)
            assert_reaped(line, i, 0);
        line_free(line);
    }
}

static void
a_batch_may_be_the_whole_ring(void **state)
{
    (void)state;

    /* PACKORD-DEV-02, SPLITORD-DEV-02 */
    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(4, formats[f]);

        for (uint32_t round = 0; round < 5; round++) {
            hold(line, rx, 1, 4);
            for (uint32_t i = 0; i < 4; i++)
                assert_int_equal(give(line, i, 100), VSK_OK);
            vsk_queue_publish(&line->rig->device);
            for (uint32_t i = 0; i < 4; i++)
                assert_reaped(line, i, 100);
            assert_int_equal(reap_status(line), VSK_NONE);
        }
        line_free(line);
    }
}

static void
batches_of_every_size_come_round_the_ring(void **state)
{
    (void)state;

    /* PACKORD-DRV-01, SPLITORD-DRV-04 */
    for (uint32_t f = 0; f < 2; f++)
        for (uint32_t size = 1; size <= 8; size += f == 1 ? 1 : size) {
            struct line *line = line_new(size, formats[f]);

            for (uint32_t batch = 1; batch <= size; batch++)
                for (uint32_t round = 0; round < 2 * size + 1; round++) {
                    hold(line, rx, 1, batch);
                    for (uint32_t i = 0; i < batch; i++)
                        assert_int_equal(
                            give(line, i, i + 1 < batch ? 100 : round), VSK_OK);
                    vsk_queue_publish(&line->rig->device);
                    for (uint32_t i = 0; i < batch; i++)
                        assert_reaped(line, i, i + 1 < batch ? 100 : round);
                    assert_int_equal(reap_status(line), VSK_NONE);
                    assert_int_equal(line->rig->driver.ring.free_count, size);
                }
            line_free(line);
        }
}

static void
a_batch_of_lists_of_mixed_lengths_skips_them_all(void **state)
{
    (void)state;

    /* PACKORD-DEV-02, PACKORD-DRV-01, SPLITORD-DRV-04 */
    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(8, formats[f]);

        for (uint32_t round = 0; round < 20; round++) {
            rig_add(line->rig, tx, 2, 0, 0);
            rig_add(line->rig, tx, 1, 0, 1);
            rig_add(line->rig, tx, 2, 0, 2);
            for (uint32_t i = 0; i < 3; i++)
                assert_int_equal(
                    vsk_queue_pop(&line->rig->device, &line->chains[i]),
                    VSK_OK);
            for (uint32_t i = 0; i < 3; i++)
                assert_int_equal(give(line, i, 0), VSK_OK);
            vsk_queue_publish(&line->rig->device);
            for (uint32_t i = 0; i < 3; i++)
                assert_reaped(line, i, 0);
            assert_int_equal(reap_status(line), VSK_NONE);
        }
        line_free(line);
    }
}

/* ---- the driver's end ---- */

static void
descriptors_are_taken_in_ring_order(void **state)
{
    struct line *line = line_new(4, VSK_F_IN_ORDER | VSK_F_INDIRECT_DESC);
    struct rig *rig = line->rig;
    uint32_t slot = 0;
    (void)state;

    /* SPLITORD-DRV-01, SPLITORD-DRV-02: from 0, and 0 again behind the last */
    for (uint32_t i = 0; i < 30; i++) {
        const vsk_buffer buffers[] = {
            {RIG_DATA, 1, false}, {RIG_DATA, 1, false}, {RIG_DATA, 1, false}};
        uint32_t count = 1 + i % 3;
        uint16_t head = rig_add(rig, buffers, count, 0, i);

        for (uint32_t k = 0; k < count; k++) {
            uint64_t desc = RIG_RING + 16 * (uint64_t)(slot % 4);

            if (k == 0)
                assert_int_equal(head, slot % 4);
            slot++;
            if (k + 1 < count) {
                assert_int_equal(rig_get16(rig, desc + 12), RIG_N);
                assert_int_equal(rig_get16(rig, desc + 14), slot % 4);
            }
        }
        rig_complete_one(rig);
        assert_reaped(line, i, 0);
    }
    line_free(line);
}

static void
descriptors_are_taken_in_ring_order_behind_several_that_are_out(void **state)
{
    struct line *line = line_new(4, VSK_F_IN_ORDER);
    uint64_t offered = 0;
    (void)state;

    /* SPLITORD-DRV-01 */
    for (; offered < 4; offered++)
        assert_int_equal(rig_add(line->rig, rx, 1, 0, offered), offered);
    for (uint64_t reaped = 0; reaped < 19; reaped++) {
        rig_complete_one(line->rig);
        assert_reaped(line, reaped, 0);
        if (reaped % 2 == 0)
            continue;
        /* Two are free. */
        for (uint32_t i = 0; i < 2; i++, offered++)
            assert_int_equal(rig_add(line->rig, rx, 1, 0, offered),
                             offered % 4);
    }
    line_free(line);
}

static void
a_driver_opened_again_goes_on_in_ring_order(void **state)
{
    (void)state;

    /* SPLITORD-DRV-01: with chains outstanding, and without */
    for (uint32_t held = 0; held < 2; held++) {
        struct line *line = line_new(8, VSK_F_IN_ORDER);
        struct rig *rig = line->rig;
        uint32_t slot = 0;

        for (uint32_t i = 0; i < 30; i++) {
            vsk_ring_state saved;

            assert_int_equal(rig_add(rig, tx, 2, 0, i), slot++ % 8);
            slot++;
            if (held == 0 || i % 3 == 2)
                for (uint32_t k = 0; k <= 2 * held; k++) {
                    rig_complete_one(rig);
                    assert_int_equal(reap_status(line), VSK_OK);
                }
            if (i % 5 != 1)
                continue;
            saved = vsk_queue_driver_state(&rig->driver);
            assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory,
                                                   &rig->ring, rig->slots,
                                                   &saved),
                             VSK_OK);
        }
        line_free(line);
    }
}

static void
a_driver_opened_on_a_new_ring_begins_at_0(void **state)
{
    struct line *line = line_new(4, VSK_F_IN_ORDER);
    struct rig *rig = line->rig;
    (void)state;

    assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory,
                                           &rig->ring, rig->slots, NULL),
                     VSK_OK);

    /* SPLITORD-DRV-01 */
    assert_int_equal(rig_add_one(rig, 1), 0);
    line_free(line);
}

static void
a_driver_opened_on_chains_in_any_order_gets_them_back(void **state)
{
    struct line *line = line_new(4, 0);
    struct rig *rig = line->rig;
    vsk_ring_state saved;
    (void)state;
    /* Without IN_ORDER slots are taken as they come: 0 again, then 1. */
    for (uint32_t i = 0; i < 3; i++) {
        rig_add(rig, tx, 2, 0, i);
        rig_complete_one(rig);
        assert_int_equal(reap_status(line), VSK_OK);
    }
    rig_add(rig, tx, 2, 0, 3);
    saved = vsk_queue_driver_state(&rig->driver);
    rig->ring.features = VSK_F_IN_ORDER;

    assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory,
                                           &rig->ring, rig->slots, &saved),
                     VSK_OK);

    assert_int_equal(rig_add(rig, tx, 2, 0, 4), 2);
    for (uint32_t i = 0; i < 2; i++) {
        rig_complete_one(rig);
        assert_int_equal(reap_status(line), VSK_OK);
    }
    assert_int_equal(rig->driver.ring.free_count, 4);
    line_free(line);
}

static void
a_driver_survives_a_last_chain_without_an_end(void **state)
{
    static const uint16_t nexts[] = {0, 1, 3, 4, 0xffff};
    (void)state;

    for (uint32_t i = 0; i < 5; i++) {
        struct line *line = line_new(4, VSK_F_IN_ORDER);
        const vsk_ring_state saved = {1, 1, 1};

        rig_desc(line->rig, RIG_RING, 0, RIG_DATA, 1, RIG_N, nexts[i]);
        rig_desc(line->rig, RIG_RING, 1, RIG_DATA, 1, RIG_N, 0);
        assert_int_equal(
            vsk_queue_driver_open(&line->rig->driver, &line->rig->memory,
                                  &line->rig->ring, line->rig->slots, &saved),
            VSK_OK);
        assert_int_equal(line->rig->driver.ring.free_count, 4);
        line_free(line);
    }
}

static void
a_table_s_next_runs_in_sequence(void **state)
{
    struct line *line = line_new(4, VSK_F_IN_ORDER | VSK_F_INDIRECT_DESC);
    (void)state;

    rig_add(line->rig, tx, 2, 2, 1);

    /* SPLITORD-DRV-03 */
    assert_int_equal(rig_get16(line->rig, RIG_TABLE + 14), 1);
    line_free(line);
}

static void
a_driver_takes_a_batch_apart(void **state)
{
    (void)state;

    /* PACKORD-DRV-01, PACKORD-DRV-02, SPLITORD-DRV-04, SPLITORD-DRV-05 */
    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(8, formats[f]);
        uint16_t heads[3];

        for (uint32_t i = 0; i < 3; i++)
            heads[i] = rig_add(line->rig, rx, 1, 0, 10 + i);
        forge(line, heads[2], 5, 3);
        for (uint32_t i = 0; i < 3; i++) {
            assert_int_equal(line->rig->driver.ring.outstanding, 3 - i);
            assert_true(vsk_queue_enable_interrupts(&line->rig->driver));
            assert_reaped(line, 10 + i, i < 2 ? 100 : 5);
        }
        assert_int_equal(reap_status(line), VSK_NONE);
        assert_false(vsk_queue_enable_interrupts(&line->rig->driver));
        line_free(line);
    }
}

static void
a_batch_s_len_is_its_last_chain_s(void **state)
{
    (void)state;

    /* PACKORD-DRV-02, SPLITORD-DRV-05 */
    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(8, formats[f]);
        uint16_t last;
        vsk_used used;

        rig_add(line->rig, rx, 1, 0, 1);
        last = rig_add(line->rig, rx, 1, 0, 2);
        forge(line, last, 101, 2);
        assert_reaped(line, 1, 100);
        assert_int_equal(vsk_queue_reap(&line->rig->driver, &used), VSK_OK);
        assert_int_equal(used.status, VSK_BAD_USED_LEN);
        line_free(line);
    }
}

static void
a_readable_chain_in_a_batch_has_nothing_written(void **state)
{
    (void)state;

    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(8, formats[f]);
        uint16_t last;

        rig_add(line->rig, tx, 2, 0, 1);
        last = rig_add(line->rig, rx, 1, 0, 2);
        forge(line, last, 3, 2);
        assert_reaped(line, 1, 0);
        assert_reaped(line, 2, 3);
        line_free(line);
    }
}

static void
four_gib_in_a_batch_are_the_most_that_can_be_said(void **state)
{
    const vsk_buffer all[] = {{RIG_DATA, 0xffffffff, true},
                              {RIG_DATA, 1, true}};
    (void)state;

    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(8, formats[f]);
        uint16_t last;

        rig_add(line->rig, all, 2, 0, 1);
        last = rig_add(line->rig, rx, 1, 0, 2);
        forge(line, last, 3, 2);
        assert_reaped(line, 1, 0xffffffff);
        assert_reaped(line, 2, 3);
        line_free(line);
    }
}

static void
chains_may_be_offered_while_a_batch_is_taken_apart(void **state)
{
    (void)state;

    /* PACKORD-DRV-01, SPLITORD-DRV-04 */
    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(4, formats[f]);
        uint64_t offered = 0, reaped = 0;

        for (; offered < 4; offered++)
            rig_add(line->rig, rx, 1, 0, offered);
        while (reaped < 40) {
            for (uint32_t i = 0; i < 4; i++)
                assert_int_equal(
                    vsk_queue_pop(&line->rig->device, &line->chains[i]),
                    VSK_OK);
            for (uint32_t i = 0; i < 4; i++)
                assert_int_equal(give(line, i, 100), VSK_OK);
            vsk_queue_publish(&line->rig->device);
            for (uint32_t i = 0; i < 4; i++) {
                assert_reaped(line, reaped++, 100);
                rig_add(line->rig, rx, 1, 0, offered++);
            }
        }
        line_free(line);
    }
}

static void
a_batch_that_ends_with_nobody_s_id_is_refused(void **state)
{
    static const uint16_t ids[] = {3, 7, 8, 0xffff};
    (void)state;

    /* SPLIT-DEV-06, PACKORD-DRV-01, SPLITORD-DRV-04 */
    for (uint32_t f = 0; f < 2; f++)
        for (uint32_t i = 0; i < 4; i++) {
            struct line *line = line_new(8, formats[f]);

            rig_add(line->rig, rx, 1, 0, 1);
            rig_add(line->rig, rx, 1, 0, 2);
            forge(line, ids[i], 0, 1);
            assert_int_equal(reap_status(line), VSK_BAD_USED_ID);
            assert_int_equal(line->rig->driver.ring.outstanding, 2);
            assert_int_equal(reap_status(line), VSK_NONE);
            line_free(line);
        }
}

static void
a_split_batch_that_ends_beyond_the_used_idx_is_refused(void **state)
{
    struct line *line = line_new(8, VSK_F_IN_ORDER);
    uint16_t heads[3];
    (void)state;
    for (uint32_t i = 0; i < 3; i++)
        heads[i] = rig_add(line->rig, rx, 1, 0, i);
    forge(line, heads[2], 100, 2);
    assert_reaped(line, 0, 100);
    assert_reaped(line, 1, 100);

    /* SPLIT-DEV-06, SPLITORD-DEV-02: idx has grown by the batch's size */
    assert_int_equal(reap_status(line), VSK_BAD_USED_ID);

    /* Once: then the element in the next slot begins a batch. */
    assert_int_equal(reap_status(line), VSK_NONE);
    rig_put32(line->rig, rig_used_slot(line->rig, 2), heads[2]);
    rig_put32(line->rig, rig_used_slot(line->rig, 2) + 4, 9);
    rig_put16(line->rig, rig_used_idx(line->rig), 3);
    assert_reaped(line, 2, 9);
    assert_int_equal(reap_status(line), VSK_NONE);
    line_free(line);
}

static void
chains_that_came_back_are_not_in_the_line(void **state)
{
    (void)state;

    /* SPLIT-DEV-06: an id that was in the last batch is nobody's */
    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(8, formats[f]);
        uint16_t first = rig_add(line->rig, rx, 1, 0, 1);

        rig_add(line->rig, rx, 1, 0, 2);
        forge(line, first, 100, 1);
        assert_reaped(line, 1, 100);
        if (f == 0) {
            rig_put32(line->rig, rig_used_slot(line->rig, 1), first);
            rig_put16(line->rig, rig_used_idx(line->rig), 2);
        } else {
            rig_desc(line->rig, RIG_RING, 1, 0, 100, first, 0x8082);
        }
        assert_int_equal(reap_status(line), VSK_BAD_USED_ID);
        assert_int_equal(line->rig->driver.ring.outstanding, 1);
        line_free(line);
    }
}

static void
a_driver_opened_again_has_its_chains_in_order(void **state)
{
    (void)state;

    /* PACKORD-DRV-01, SPLITORD-DRV-04 */
    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(8, formats[f]);
        struct rig *rig = line->rig;
        vsk_ring_state saved;
        uint16_t heads[3];

        for (uint32_t i = 0; i < 3; i++)
            heads[i] = rig_add(rig, tx, 2, 0, i);
        saved = vsk_queue_driver_state(&rig->driver);
        assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory,
                                               &rig->ring, rig->slots, &saved),
                         VSK_OK);
        for (uint32_t i = 0; i < 3; i++)
            assert_int_equal(vsk_queue_pop(&rig->device, &line->chains[i]),
                             VSK_OK);
        for (uint32_t i = 0; i < 3; i++)
            assert_int_equal(give(line, i, 0), VSK_OK);
        vsk_queue_publish(&rig->device);
        for (uint32_t i = 0; i < 3; i++) {
            vsk_used used;

            assert_int_equal(vsk_queue_reap(&rig->driver, &used), VSK_OK);
            assert_int_equal(used.head, heads[i]);
        }
        assert_int_equal(reap_status(line), VSK_NONE);
        line_free(line);
    }
}

static void
a_device_that_is_reset_begins_a_new_order(void **state)
{
    (void)state;

    for (uint32_t f = 0; f < 2; f++) {
        struct line *line = line_new(8, formats[f]);
        struct rig *rig = line->rig;

        hold(line, rx, 1, 2);
        assert_int_equal(give(line, 0, 100), VSK_OK);
        vsk_queue_device_reset(&rig->device);
        assert_int_equal(vsk_queue_driver_init(&rig->driver, &rig->memory,
                                               &rig->ring, rig->slots),
                         VSK_OK);
        hold(line, rx, 1, 2);
        assert_int_equal(give(line, 1, 100), VSK_ERR_IN_ORDER);
        assert_int_equal(give(line, 0, 1), VSK_OK);
        assert_int_equal(give(line, 1, 100), VSK_OK);
        vsk_queue_publish(&rig->device);
        assert_reaped(line, 0, 1);
        assert_reaped(line, 1, 100);
        line_free(line);
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_chain_out_of_order_is_refused),
        cmocka_unit_test(any_order_will_do_without_the_feature),
        cmocka_unit_test(chains_popped_again_keep_their_order),
        cmocka_unit_test(one_used_element_closes_a_batch),
        cmocka_unit_test(the_next_batch_has_the_slot_behind_all_of_the_last),
        cmocka_unit_test(what_was_published_is_not_written_again),
        cmocka_unit_test(a_chain_that_was_not_filled_closes_its_batch),
        cmocka_unit_test(
            a_chain_that_was_not_walked_to_its_end_closes_its_batch),
        cmocka_unit_test(a_batch_may_be_the_whole_ring),
        cmocka_unit_test(batches_of_every_size_come_round_the_ring),
        cmocka_unit_test(a_batch_of_lists_of_mixed_lengths_skips_them_all),
        cmocka_unit_test(descriptors_are_taken_in_ring_order),
        cmocka_unit_test(
            descriptors_are_taken_in_ring_order_behind_several_that_are_out),
        cmocka_unit_test(a_driver_opened_again_goes_on_in_ring_order),
        cmocka_unit_test(a_driver_opened_on_a_new_ring_begins_at_0),
        cmocka_unit_test(a_driver_opened_on_chains_in_any_order_gets_them_back),
        cmocka_unit_test(a_driver_survives_a_last_chain_without_an_end),
        cmocka_unit_test(a_table_s_next_runs_in_sequence),
        cmocka_unit_test(a_driver_takes_a_batch_apart),
        cmocka_unit_test(a_batch_s_len_is_its_last_chain_s),
        cmocka_unit_test(a_readable_chain_in_a_batch_has_nothing_written),
        cmocka_unit_test(four_gib_in_a_batch_are_the_most_that_can_be_said),
        cmocka_unit_test(chains_may_be_offered_while_a_batch_is_taken_apart),
        cmocka_unit_test(a_batch_that_ends_with_nobody_s_id_is_refused),
        cmocka_unit_test(
            a_split_batch_that_ends_beyond_the_used_idx_is_refused),
        cmocka_unit_test(chains_that_came_back_are_not_in_the_line),
        cmocka_unit_test(a_driver_opened_again_has_its_chains_in_order),
        cmocka_unit_test(a_device_that_is_reset_begins_a_new_order),
    };

    return cmocka_run_group_tests_name("in order", cases, NULL, NULL);
}
