/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

/* Most cases write descriptors by hand into a ring of 8, and walk from 0. */
static vsk_status
walk(struct rig *rig, uint16_t head)
{
    const vsk_desc_table table = {rig->parts.desc, rig->ring.size,
                                  (rig->ring.features & VSK_F_INDIRECT_DESC) !=
                                      0};

    return vsk_chain_walk(&rig->chain, &rig->memory, &table, head);
}

/* A descriptor of the ring's table, or of the indirect one. */
static void
direct(struct rig *rig, uint32_t slot, uint64_t addr, uint32_t len,
       unsigned flags, uint16_t next)
{
    rig_desc(rig, RIG_RING, slot, addr, len, flags, next);
}

static void
nested(struct rig *rig, uint32_t slot, uint64_t addr, uint32_t len,
       unsigned flags, uint16_t next)
{
    rig_desc(rig, RIG_TABLE, slot, addr, len, flags, next);
}

static struct rig *
rig_8(void)
{
    return rig_new(8, VSK_F_INDIRECT_DESC);
}

static void
one_readable_buffer_is_one_span(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 3, RIG_DATA + 16, 44, RIG_R, 0);

    assert_int_equal(walk(rig, 3), VSK_OK);

    assert_int_equal(rig->chain.count, 1);
    assert_ptr_equal(rig->chain.spans[0].base, rig_at(rig, RIG_DATA + 16));
    assert_int_equal(rig->chain.spans[0].addr, RIG_DATA + 16);
    assert_int_equal(rig->chain.spans[0].len, 44);
    rig_free(rig);
}

static void
a_span_names_its_slot_and_direction(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 3, RIG_DATA, 44, RIG_R | RIG_N, 6);
    direct(rig, 6, RIG_DATA + 64, 44, RIG_W, 0);

    assert_int_equal(walk(rig, 3), VSK_OK);

    assert_int_equal(rig->chain.spans[0].slot, 3);
    assert_int_equal(rig->chain.spans[0].flags, 0);
    assert_int_equal(rig->chain.spans[1].slot, 6);
    assert_int_equal(rig->chain.spans[1].flags, VSK_SPAN_WRITE);
    rig_free(rig);
}

static void
the_two_parts_of_a_chain_are_counted(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 10, RIG_R | RIG_N, 1);
    direct(rig, 1, RIG_DATA, 20, RIG_R | RIG_N, 2);
    direct(rig, 2, RIG_DATA, 300, RIG_W, 0);

    /* SPLIT-DRV-11 */
    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.readable, 30);
    assert_int_equal(rig->chain.writable, 300);
    assert_int_equal(rig->chain.read_count, 2);
    assert_int_equal(rig->chain.count, 3);
    assert_int_equal(rig->chain.buffers, 3);
    rig_free(rig);
}

static void
next_is_followed_in_any_order(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 5, RIG_DATA + 0, 1, RIG_N, 2);
    direct(rig, 2, RIG_DATA + 1, 1, RIG_N, 7);
    direct(rig, 7, RIG_DATA + 2, 1, RIG_R, 2);

    /* SPLIT-DRV-12 */
    assert_int_equal(walk(rig, 5), VSK_OK);

    assert_int_equal(rig->chain.head, 5);
    assert_int_equal(rig->chain.spans[1].slot, 2);
    assert_int_equal(rig->chain.spans[2].slot, 7);
    rig_free(rig);
}

static void
next_means_nothing_without_its_flag(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 1, RIG_R, 0xffff);

    /* SPLIT-DRV-12 */
    assert_int_equal(walk(rig, 0), VSK_OK);
    rig_free(rig);
}

static void
unknown_descriptor_flags_are_ignored(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 1, 0xfff8, 0);

    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.readable, 1);
    rig_free(rig);
}

static void
a_buffer_of_no_bytes_counts_and_has_no_span(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_NOWHERE, 0, RIG_N, 1);
    direct(rig, 1, RIG_DATA, 44, RIG_R, 0);

    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.buffers, 2);
    assert_int_equal(rig->chain.count, 1);
    rig_free(rig);
}

static void
a_buffer_across_two_regions_is_two_spans(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_NEXT - 10, 44, RIG_W, 0);

    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.count, 2);
    assert_int_equal(rig->chain.spans[0].len, 10);
    assert_ptr_equal(rig->chain.spans[1].base, rig_at(rig, RIG_NEXT));
    assert_int_equal(rig->chain.spans[1].len, 34);
    rig_free(rig);
}

static void
the_second_span_of_a_buffer_is_marked_as_its_rest(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 4, RIG_NEXT - 10, 44, RIG_W, 0);

    assert_int_equal(walk(rig, 4), VSK_OK);

    assert_int_equal(rig->chain.spans[0].flags, VSK_SPAN_WRITE);
    assert_int_equal(rig->chain.spans[1].flags, VSK_SPAN_WRITE | VSK_SPAN_REST);
    assert_int_equal(rig->chain.spans[1].slot, 4);
    assert_int_equal(rig->chain.buffers, 1);
    rig_free(rig);
}

static void
a_chain_as_long_as_the_queue_is_accepted(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    for (uint16_t i = 0; i < 8; i++)
        direct(rig, i, RIG_DATA, 1, i < 7 ? RIG_N : 0, (uint16_t)(i + 1));

    /* SPLIT-BOTH-06 */
    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.buffers, 8);
    rig_free(rig);
}

static void
a_head_outside_the_table_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;

    /* SPLIT-BOTH-05 */
    assert_int_equal(walk(rig, 8), VSK_BAD_NEXT);
    rig_free(rig);
}

static void
a_next_just_outside_the_table_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 1, RIG_N, 8);

    /* SPLIT-BOTH-05 */
    assert_int_equal(walk(rig, 0), VSK_BAD_NEXT);

    assert_int_equal(rig->chain.slot, 8);
    rig_free(rig);
}

static void
a_descriptor_that_is_its_own_next_is_a_loop(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 1, RIG_N, 0);

    /* SPLIT-DRV-03 */
    assert_int_equal(walk(rig, 0), VSK_BAD_LOOP);
    rig_free(rig);
}

static void
a_loop_of_buffers_without_bytes_ends_too(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 0, RIG_N, 1);
    direct(rig, 1, RIG_DATA, 0, RIG_N, 0);

    /* SPLIT-DRV-03 */
    assert_int_equal(walk(rig, 0), VSK_BAD_LOOP);
    rig_free(rig);
}

static void
a_loop_through_the_whole_table_is_seen_at_its_first_return(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    for (uint16_t i = 0; i < 8; i++)
        direct(rig, i, RIG_DATA, 1, RIG_N, (uint16_t)((i + 1) % 8));

    /* SPLIT-DRV-03 */
    assert_int_equal(walk(rig, 0), VSK_BAD_LOOP);

    assert_int_equal(rig->chain.buffers, 8);
    rig_free(rig);
}

static void
a_buffer_outside_memory_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_NOWHERE, 1, RIG_R, 0);

    /* RSVF-DRV-05 */
    assert_int_equal(walk(rig, 0), VSK_BAD_ADDRESS);
    rig_free(rig);
}

static void
a_buffer_that_ends_one_byte_outside_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_NEXT + RIG_DATA_SIZE - 4, 5, RIG_W, 0);

    /* RSVF-DRV-05 */
    assert_int_equal(walk(rig, 0), VSK_BAD_ADDRESS);
    rig_free(rig);
}

static void
a_buffer_does_not_come_round_to_address_zero(void **state)
{
    static uint8_t first[16], last[16], wire[16];
    const vsk_region regions[] = {{0, 16, first}, {UINT64_MAX - 15, 16, last}};
    const vsk_desc_table table = {wire, 1, false};
    vsk_memory memory;
    vsk_span spans[4];
    vsk_chain chain;
    (void)state;
    assert_int_equal(vsk_memory_init(&memory, regions, 2), VSK_OK);
    vsk_chain_init(&chain, spans, 4);
    memset(wire, 0xff, 8); /* the last byte */
    wire[8] = 2;

    /* RSVF-DRV-05 */
    assert_int_equal(vsk_chain_walk(&chain, &memory, &table, 0),
                     VSK_BAD_ADDRESS);
}

static void
a_buffer_may_end_at_the_end_of_the_address_space(void **state)
{
    static uint8_t last[16], wire[16];
    const vsk_region regions[] = {{UINT64_MAX - 15, 16, last}};
    const vsk_desc_table table = {wire, 1, false};
    vsk_memory memory;
    vsk_span spans[4];
    vsk_chain chain;
    (void)state;
    assert_int_equal(vsk_memory_init(&memory, regions, 1), VSK_OK);
    vsk_chain_init(&chain, spans, 4);
    memset(wire, 0xff, 8);
    wire[0] = 0xf0;
    wire[8] = 16;

    assert_int_equal(vsk_chain_walk(&chain, &memory, &table, 0), VSK_OK);

    assert_int_equal(chain.readable, 16);
}

/* Walk a direct chain of buffers of these lengths, all at one address. */
static vsk_status
walk_bytes(const uint32_t *lens, uint32_t count, uint64_t *readable)
{
    enum { PAGE = 4096 };
    static uint8_t page[PAGE];
    static uint8_t wire[16 * 8];
    /* A walk reads no buffers: the region may claim more than is there. */
    const vsk_region regions[] = {{0, (uint64_t)1 << 33, page}};
    const vsk_desc_table table = {wire, 8, false};
    vsk_memory memory;
    vsk_span spans[8];
    vsk_chain chain;
    vsk_status status;

    assert_int_equal(vsk_memory_init(&memory, regions, 1), VSK_OK);
    vsk_chain_init(&chain, spans, 8);
    memset(wire, 0, sizeof wire);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < 4; k++)
            wire[16 * i + 8 + k] = (uint8_t)(lens[i] >> (8 * k));
        wire[16 * i + 12] = i + 1 < count ? RIG_N : 0;
        wire[16 * i + 14] = (uint8_t)(i + 1);
    }
    status = vsk_chain_walk(&chain, &memory, &table, 0);
    *readable = chain.readable;
    return status;
}

static void
a_chain_of_exactly_4_gib_is_accepted(void **state)
{
    const uint32_t lens[] = {0xffffffff, 1};
    uint64_t readable;
    (void)state;

    /* SPLIT-DRV-03 */
    assert_int_equal(walk_bytes(lens, 2, &readable), VSK_OK);

    assert_int_equal(readable, 0x100000000);
}

static void
a_chain_of_a_byte_more_than_4_gib_is_refused(void **state)
{
    const uint32_t lens[] = {0xffffffff, 1, 1};
    uint64_t readable;
    (void)state;

    /* SPLIT-DRV-03 */
    assert_int_equal(walk_bytes(lens, 3, &readable), VSK_BAD_TOTAL);

    assert_int_equal(readable, 0x100000000);
}

static void
a_readable_buffer_behind_a_writable_one_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 1, RIG_W | RIG_N, 1);
    direct(rig, 1, RIG_DATA, 1, RIG_R, 0);

    /* FRAME-DRV-01 */
    assert_int_equal(walk(rig, 0), VSK_BAD_ORDER);

    assert_int_equal(rig->chain.slot, 1);
    rig_free(rig);
}

static void
a_readable_buffer_behind_a_writable_one_without_bytes_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 0, RIG_W | RIG_N, 1);
    direct(rig, 1, RIG_DATA, 1, RIG_R, 0);

    /* FRAME-DRV-01 */
    assert_int_equal(walk(rig, 0), VSK_BAD_ORDER);
    rig_free(rig);
}

static void
a_readable_buffer_in_a_table_behind_a_writable_one_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 1, RIG_W | RIG_N, 1);
    direct(rig, 1, RIG_TABLE, 16, RIG_I, 0);
    nested(rig, 0, RIG_DATA, 1, RIG_R, 0);

    /* FRAME-DRV-01 */
    assert_int_equal(walk(rig, 0), VSK_BAD_ORDER);
    rig_free(rig);
}

static void
a_table_is_walked_instead_of_its_descriptor(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 5, RIG_TABLE, 32, RIG_I, 0);
    nested(rig, 0, RIG_DATA, 44, RIG_N, 1);
    nested(rig, 1, RIG_DATA + 64, 5, RIG_R, 0);

    /* SPLITIND-BOTH-01 */
    assert_int_equal(walk(rig, 5), VSK_OK);

    assert_int_equal(rig->chain.readable, 49);
    assert_int_equal(rig->chain.spans[1].flags, VSK_SPAN_TABLE);
    assert_true(rig->chain.indirect);
    assert_int_equal(rig->chain.table, RIG_TABLE);
    assert_int_equal(rig->chain.head, 5);
    rig_free(rig);
}

static void
a_table_may_stand_at_any_address(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE + 7, 16, RIG_I, 0);
    rig_desc(rig, RIG_TABLE + 7, 0, RIG_DATA, 44, RIG_R, 0);

    /* SPLITIND-BOTH-01 */
    assert_int_equal(walk(rig, 0), VSK_OK);
    rig_free(rig);
}

static void
a_table_is_chained_by_next_in_any_order(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 64, RIG_I, 0);
    nested(rig, 0, RIG_DATA + 0, 1, RIG_N, 3);
    nested(rig, 3, RIG_DATA + 1, 1, RIG_N, 1);
    nested(rig, 1, RIG_DATA + 2, 1, RIG_R, 2);
    nested(rig, 2, RIG_NOWHERE, 1, RIG_R, 0);

    /* SPLITIND-BOTH-02 */
    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.count, 3);
    assert_int_equal(rig->chain.spans[1].addr, RIG_DATA + 1);
    assert_int_equal(rig->chain.spans[2].slot, 1);
    rig_free(rig);
}

static void
a_table_may_mix_readable_and_writable_buffers(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 32, RIG_I, 0);
    nested(rig, 0, RIG_DATA, 10, RIG_N, 1);
    nested(rig, 1, RIG_DATA, 20, RIG_W, 0);

    /* SPLITIND-BOTH-03 */
    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.readable, 10);
    assert_int_equal(rig->chain.writable, 20);
    rig_free(rig);
}

static void
write_on_the_descriptor_of_a_table_is_ignored(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 16, RIG_I | RIG_W, 0);
    nested(rig, 0, RIG_DATA, 44, RIG_R, 0);

    /* SPLITIND-DEV-01 */
    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.readable, 44);
    rig_free(rig);
}

static void
direct_buffers_may_come_before_a_table(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 10, RIG_N, 4);
    direct(rig, 4, RIG_DATA, 20, RIG_N, 2);
    direct(rig, 2, RIG_TABLE, 32, RIG_I, 0);
    nested(rig, 0, RIG_DATA, 14, RIG_N, 1);
    nested(rig, 1, RIG_DATA, 5, RIG_R, 0);

    /* SPLITIND-DEV-02 */
    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.readable, 49);
    assert_int_equal(rig->chain.buffers, 4);
    rig_free(rig);
}

static void
a_table_without_the_feature_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;
    direct(rig, 0, RIG_TABLE, 16, RIG_I, 0);
    nested(rig, 0, RIG_DATA, 44, RIG_R, 0);

    /* SPLITIND-DRV-01 */
    assert_int_equal(walk(rig, 0), VSK_BAD_INDIRECT);
    rig_free(rig);
}

static void
a_table_in_a_table_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 16, RIG_I, 0);
    nested(rig, 0, RIG_TABLE, 16, RIG_I, 0);

    /* SPLITIND-DRV-02 */
    assert_int_equal(walk(rig, 0), VSK_BAD_NESTED);
    rig_free(rig);
}

static void
a_table_with_next_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 16, RIG_I | RIG_N, 1);
    direct(rig, 1, RIG_DATA, 1, RIG_R, 0);
    nested(rig, 0, RIG_DATA, 44, RIG_R, 0);

    /* SPLITIND-DRV-04 */
    assert_int_equal(walk(rig, 0), VSK_BAD_INDIRECT_NEXT);
    rig_free(rig);
}

static void
an_empty_table_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 0, RIG_I, 0);

    /* SPLITIND-BOTH-01 */
    assert_int_equal(walk(rig, 0), VSK_BAD_TABLE_LEN);
    rig_free(rig);
}

static void
a_table_of_one_and_a_half_descriptors_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 24, RIG_I, 0);
    nested(rig, 0, RIG_DATA, 44, RIG_R, 0);

    /* SPLITIND-BOTH-01 */
    assert_int_equal(walk(rig, 0), VSK_BAD_TABLE_LEN);
    rig_free(rig);
}

static void
a_table_outside_memory_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_NOWHERE, 16, RIG_I, 0);

    /* SPLITIND-BOTH-01 */
    assert_int_equal(walk(rig, 0), VSK_BAD_TABLE_ADDRESS);
    rig_free(rig);
}

static void
a_table_that_ends_outside_memory_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_NEXT + RIG_DATA_SIZE - 16, 32, RIG_I, 0);
    rig_desc(rig, RIG_NEXT + RIG_DATA_SIZE - 16, 0, RIG_DATA, 44, RIG_R, 0);

    /* SPLITIND-BOTH-01 */
    assert_int_equal(walk(rig, 0), VSK_BAD_TABLE_ADDRESS);
    rig_free(rig);
}

static void
a_table_across_two_regions_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_NEXT - 16, 32, RIG_I, 0);

    /* SPLITIND-BOTH-01 */
    assert_int_equal(walk(rig, 0), VSK_BAD_TABLE_ADDRESS);
    rig_free(rig);
}

static void
a_next_outside_the_indirect_table_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 32, RIG_I, 0);
    nested(rig, 0, RIG_DATA, 44, RIG_N, 2);

    /* SPLIT-BOTH-05 */
    assert_int_equal(walk(rig, 0), VSK_BAD_NEXT);

    assert_int_equal(rig->chain.slot, 2);
    rig_free(rig);
}

static void
a_loop_in_a_table_is_seen(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 32, RIG_I, 0);
    nested(rig, 0, RIG_DATA, 1, RIG_N, 1);
    nested(rig, 1, RIG_DATA, 1, RIG_N, 0);

    /* SPLIT-DRV-03 */
    assert_int_equal(walk(rig, 0), VSK_BAD_LOOP);
    rig_free(rig);
}

/* A table of count buffers behind some direct ones, all of one byte. */
static void
fill_long(struct rig *rig, uint16_t before, uint16_t count)
{
    for (uint16_t i = 0; i < before; i++)
        direct(rig, i, RIG_DATA, 1, RIG_N, (uint16_t)(i + 1));
    direct(rig, before, RIG_TABLE, 16u * count, RIG_I, 0);
    for (uint16_t i = 0; i < count; i++)
        nested(rig, i, RIG_DATA, 1, i + 1 < count ? RIG_N : 0,
               (uint16_t)(i + 1));
}

static void
a_table_as_long_as_the_queue_is_accepted(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    fill_long(rig, 0, 8);

    /* SPLITIND-DRV-03 */
    assert_int_equal(walk(rig, 0), VSK_OK);
    rig_free(rig);
}

static void
a_table_longer_than_the_queue_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    fill_long(rig, 0, 9);

    /* SPLITIND-DRV-03 */
    assert_int_equal(walk(rig, 0), VSK_BAD_LONG);

    assert_int_equal(rig->chain.buffers, 8);
    rig_free(rig);
}

static void
direct_and_indirect_buffers_may_fill_the_queue_together(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    fill_long(rig, 3, 5);

    assert_int_equal(walk(rig, 0), VSK_OK);
    rig_free(rig);
}

static void
direct_and_indirect_buffers_are_counted_together(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    fill_long(rig, 3, 6);

    /* SPLITIND-DRV-03 */
    assert_int_equal(walk(rig, 0), VSK_BAD_LONG);
    rig_free(rig);
}

static void
a_table_as_long_as_the_queue_is_too_long_behind_a_buffer(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    fill_long(rig, 1, 8);

    /* SPLITIND-DRV-03: no loop, though it has as many entries as the ring */
    assert_int_equal(walk(rig, 0), VSK_BAD_LONG);
    rig_free(rig);
}

static void
a_large_table_is_sound_where_few_of_it_are_used(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 16 * 20, RIG_I, 0);
    nested(rig, 0, RIG_DATA, 44, RIG_N, 19);
    nested(rig, 19, RIG_DATA, 5, RIG_R, 0);

    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.spans[1].slot, 19);
    rig_free(rig);
}

static void
more_pieces_than_the_span_table_has_are_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 1, RIG_N, 1);
    direct(rig, 1, RIG_DATA, 1, RIG_N, 2);
    direct(rig, 2, RIG_DATA, 1, RIG_R, 0);
    vsk_chain_init(&rig->chain, rig->spans, 2);

    /* FRAME-DEV-02 */
    assert_int_equal(walk(rig, 0), VSK_ERR_SPANS);
    rig_free(rig);
}

static void
no_span_is_written_beyond_the_span_table(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_NEXT - 1, 2, RIG_R, 0);
    vsk_chain_init(&rig->chain, rig->spans, 1);
    rig->spans[1].len = 99;

    assert_int_equal(walk(rig, 0), VSK_ERR_SPANS);

    assert_int_equal(rig->spans[1].len, 99);
    rig_free(rig);
}

static void
as_many_pieces_as_the_span_table_has_are_accepted(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_NEXT - 1, 2, RIG_R, 0);
    vsk_chain_init(&rig->chain, rig->spans, 2);

    assert_int_equal(walk(rig, 0), VSK_OK);
    rig_free(rig);
}

static void
a_walk_writes_no_guest_memory(void **state)
{
    struct rig *rig = rig_8();
    uint8_t ring[1024], table[256];
    (void)state;
    fill_long(rig, 3, 5);
    memcpy(ring, rig->regions[0].base, rig->regions[0].size);
    memcpy(table, rig->regions[3].base, 256);

    assert_int_equal(walk(rig, 0), VSK_OK);

    /* SPLIT-DEV-04 */
    assert_memory_equal(rig->regions[0].base, ring, rig->regions[0].size);
    assert_memory_equal(rig->regions[3].base, table, 256);
    rig_assert_fill(rig, RIG_DATA, RIG_DATA_SIZE);
    rig_free(rig);
}

static void
a_broken_chain_keeps_the_spans_before_the_break(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 44, RIG_N, 1);
    direct(rig, 1, RIG_NOWHERE, 5, RIG_R, 0);

    assert_int_equal(walk(rig, 0), VSK_BAD_ADDRESS);

    assert_int_equal(rig->chain.count, 1);
    assert_int_equal(rig->chain.readable, 44);
    assert_int_equal(rig->chain.status, VSK_BAD_ADDRESS);
    rig_free(rig);
}

static void
a_broken_chain_shows_the_descriptor_that_broke_it(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 44, RIG_N, 3);
    direct(rig, 3, RIG_NOWHERE, 5, RIG_W, 7);

    assert_int_equal(walk(rig, 0), VSK_BAD_ADDRESS);

    assert_int_equal(rig->chain.slot, 3);
    assert_int_equal(rig->chain.desc.addr, RIG_NOWHERE);
    assert_int_equal(rig->chain.desc.len, 5);
    assert_int_equal(rig->chain.desc.flags, RIG_W);
    assert_int_equal(rig->chain.desc.next, 7);
    rig_free(rig);
}

static void
a_walk_forgets_the_chain_before(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    fill_long(rig, 3, 6);
    assert_int_equal(walk(rig, 0), VSK_BAD_LONG);
    direct(rig, 7, RIG_DATA, 5, RIG_W, 0);

    assert_int_equal(walk(rig, 7), VSK_OK);

    assert_int_equal(rig->chain.count, 1);
    assert_int_equal(rig->chain.readable, 0);
    assert_int_equal(rig->chain.read_count, 0);
    assert_int_equal(rig->chain.writable, 5);
    assert_int_equal(rig->chain.buffers, 1);
    assert_false(rig->chain.indirect);
    assert_int_equal(rig->chain.table, 0);
    rig_free(rig);
}

static void
random_tables_are_walked_to_a_status_within_bounds(void **state)
{
    rig_random random = rig_seed();
    struct rig *rig = rig_8();
    (void)state;

    for (uint32_t round = 0; round < 20000; round++) {
        static const uint64_t places[] = {RIG_DATA, RIG_NEXT - 3, RIG_TABLE,
                                          RIG_NOWHERE, UINT64_MAX - 1};
        vsk_status status;

        for (uint32_t i = 0; i < 16; i++)
            rig_desc(rig, i < 8 ? RIG_RING : RIG_TABLE, i % 8,
                     places[rig_draw(&random, 5)],
                     rig_draw(&random, 3) == 0 ? 16 * rig_draw(&random, 12)
                                               : rig_draw(&random, 64),
                     rig_draw(&random, 8), (uint16_t)rig_draw(&random, 9));
        status = walk(rig, (uint16_t)rig_draw(&random, 9));
        assert_true(rig->chain.buffers <= 8);
        assert_true(rig->chain.read_count <= rig->chain.count);
        assert_int_equal(rig->chain.status, status);
        if (status == VSK_OK) {
            uint64_t bytes = 0;

            for (uint32_t i = 0; i < rig->chain.count; i++)
                bytes += rig->spans[i].len;
            assert_int_equal(bytes, rig->chain.readable + rig->chain.writable);
        }
    }
    rig_free(rig);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(one_readable_buffer_is_one_span),
        cmocka_unit_test(a_span_names_its_slot_and_direction),
        cmocka_unit_test(the_two_parts_of_a_chain_are_counted),
        cmocka_unit_test(next_is_followed_in_any_order),
        cmocka_unit_test(next_means_nothing_without_its_flag),
        cmocka_unit_test(unknown_descriptor_flags_are_ignored),
        cmocka_unit_test(a_buffer_of_no_bytes_counts_and_has_no_span),
        cmocka_unit_test(a_buffer_across_two_regions_is_two_spans),
        cmocka_unit_test(the_second_span_of_a_buffer_is_marked_as_its_rest),
        cmocka_unit_test(a_chain_as_long_as_the_queue_is_accepted),
        cmocka_unit_test(a_head_outside_the_table_is_refused),
        cmocka_unit_test(a_next_just_outside_the_table_is_refused),
        cmocka_unit_test(a_descriptor_that_is_its_own_next_is_a_loop),
        cmocka_unit_test(a_loop_of_buffers_without_bytes_ends_too),
        cmocka_unit_test(
            a_loop_through_the_whole_table_is_seen_at_its_first_return),
        cmocka_unit_test(a_buffer_outside_memory_is_refused),
        cmocka_unit_test(a_buffer_that_ends_one_byte_outside_is_refused),
        cmocka_unit_test(a_buffer_does_not_come_round_to_address_zero),
        cmocka_unit_test(a_buffer_may_end_at_the_end_of_the_address_space),
        cmocka_unit_test(a_chain_of_exactly_4_gib_is_accepted),
        cmocka_unit_test(a_chain_of_a_byte_more_than_4_gib_is_refused),
        cmocka_unit_test(a_readable_buffer_behind_a_writable_one_is_refused),
        cmocka_unit_test(
            a_readable_buffer_behind_a_writable_one_without_bytes_is_refused),
        cmocka_unit_test(
            a_readable_buffer_in_a_table_behind_a_writable_one_is_refused),
        cmocka_unit_test(a_table_is_walked_instead_of_its_descriptor),
        cmocka_unit_test(a_table_may_stand_at_any_address),
        cmocka_unit_test(a_table_is_chained_by_next_in_any_order),
        cmocka_unit_test(a_table_may_mix_readable_and_writable_buffers),
        cmocka_unit_test(write_on_the_descriptor_of_a_table_is_ignored),
        cmocka_unit_test(direct_buffers_may_come_before_a_table),
        cmocka_unit_test(a_table_without_the_feature_is_refused),
        cmocka_unit_test(a_table_in_a_table_is_refused),
        cmocka_unit_test(a_table_with_next_is_refused),
        cmocka_unit_test(an_empty_table_is_refused),
        cmocka_unit_test(a_table_of_one_and_a_half_descriptors_is_refused),
        cmocka_unit_test(a_table_outside_memory_is_refused),
        cmocka_unit_test(a_table_that_ends_outside_memory_is_refused),
        cmocka_unit_test(a_table_across_two_regions_is_refused),
        cmocka_unit_test(a_next_outside_the_indirect_table_is_refused),
        cmocka_unit_test(a_loop_in_a_table_is_seen),
        cmocka_unit_test(a_table_as_long_as_the_queue_is_accepted),
        cmocka_unit_test(a_table_longer_than_the_queue_is_refused),
        cmocka_unit_test(
            direct_and_indirect_buffers_may_fill_the_queue_together),
        cmocka_unit_test(direct_and_indirect_buffers_are_counted_together),
        cmocka_unit_test(
            a_table_as_long_as_the_queue_is_too_long_behind_a_buffer),
        cmocka_unit_test(a_large_table_is_sound_where_few_of_it_are_used),
        cmocka_unit_test(more_pieces_than_the_span_table_has_are_refused),
        cmocka_unit_test(no_span_is_written_beyond_the_span_table),
        cmocka_unit_test(as_many_pieces_as_the_span_table_has_are_accepted),
        cmocka_unit_test(a_walk_writes_no_guest_memory),
        cmocka_unit_test(a_broken_chain_keeps_the_spans_before_the_break),
        cmocka_unit_test(a_broken_chain_shows_the_descriptor_that_broke_it),
        cmocka_unit_test(a_walk_forgets_the_chain_before),
        cmocka_unit_test(random_tables_are_walked_to_a_status_within_bounds),
    };

    return cmocka_run_group_tests_name("chain", cases, NULL, NULL);
}
