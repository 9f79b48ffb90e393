/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The walk of a list in a packed ring. Most cases write descriptors by hand
 * into a ring of 8, in its first lap, and walk from 0. */
#include "rig.h"

#define FEATURES (VSK_F_RING_PACKED | VSK_F_INDIRECT_DESC)
#define A VSK_DESC_F_AVAIL /* available in a lap of 1 */
#define U VSK_DESC_F_USED  /* available in a lap of 0 */

static vsk_status
walk_most(struct rig *rig, uint16_t slot, uint32_t most)
{
    const vsk_desc_table table = {rig->parts.desc, rig->ring.size,
                                  (rig->ring.features & VSK_F_INDIRECT_DESC) !=
                                      0};
    const vsk_list list = {
        slot, rig_get16(rig, RIG_RING + 16 * (uint64_t)slot + 14), most};

    return vsk_chain_walk_list(&rig->chain, &rig->memory, &table, &list);
}

static vsk_status
walk(struct rig *rig, uint16_t slot)
{
    return walk_most(rig, slot, rig->ring.size);
}

/* A descriptor of the ring: id before flags, other than in a split ring. */
static void
direct(struct rig *rig, uint32_t slot, uint64_t addr, uint32_t len, uint16_t id,
       unsigned flags)
{
    rig_desc(rig, RIG_RING, slot, addr, len, id, (uint16_t)flags);
}

/* A descriptor of the indirect table. */
static void
inner(struct rig *rig, uint32_t slot, uint64_t addr, uint32_t len, uint16_t id,
      unsigned flags)
{
    rig_desc(rig, RIG_TABLE, slot, addr, len, id, (uint16_t)flags);
}

static struct rig *
rig_8(void)
{
    return rig_new(8, FEATURES);
}

static void
one_readable_buffer_is_one_span(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 3, RIG_DATA + 16, 44, 7, A);

    /* PACKED-BOTH-10 */
    assert_int_equal(walk(rig, 3), VSK_OK);

    assert_int_equal(rig->chain.count, 1);
    assert_ptr_equal(rig->chain.spans[0].base, rig_at(rig, RIG_DATA + 16));
    assert_int_equal(rig->chain.spans[0].addr, RIG_DATA + 16);
    assert_int_equal(rig->chain.spans[0].len, 44);
    assert_int_equal(rig->chain.head, 7);
    assert_int_equal(rig->chain.length, 1);
    rig_free(rig);
}

static void
a_list_is_one_slot_after_the_other(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 2, RIG_DATA, 10, 0, A | RIG_N);
    direct(rig, 3, RIG_DATA + 10, 20, 0, A | RIG_N);
    direct(rig, 4, RIG_DATA + 30, 300, 5, A | RIG_W);

    /* PACKED-DRV-07, PACKED-DEV-16 */
    assert_int_equal(walk(rig, 2), VSK_OK);

    assert_int_equal(rig->chain.count, 3);
    assert_int_equal(rig->chain.spans[1].addr, RIG_DATA + 10);
    assert_int_equal(rig->chain.spans[1].slot, 3);
    assert_int_equal(rig->chain.spans[2].slot, 4);
    assert_int_equal(rig->chain.spans[2].flags, VSK_SPAN_WRITE);
    assert_int_equal(rig->chain.length, 3);
    rig_free(rig);
}

static void
the_two_parts_of_a_list_are_counted(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 10, 0, A | RIG_N);
    direct(rig, 1, RIG_DATA, 20, 0, A | RIG_N);
    direct(rig, 2, RIG_DATA, 300, 0, A | RIG_W);

    /* PACKED-DRV-21, PACKED-DRV-03 */
    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.readable, 30);
    assert_int_equal(rig->chain.writable, 300);
    assert_int_equal(rig->chain.read_count, 2);
    assert_int_equal(rig->chain.buffers, 3);
    rig_free(rig);
}

static void
a_list_goes_on_at_the_ring_s_start_in_the_next_lap(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 6, RIG_DATA, 1, 0, A | RIG_N);
    direct(rig, 7, RIG_DATA + 1, 1, 0, A | RIG_N);
    direct(rig, 0, RIG_DATA + 2, 1, 0, U | RIG_N);
    direct(rig, 1, RIG_DATA + 3, 1, 9, U);

    /* PACKED-DRV-02, PACKED-DRV-10 */
    assert_int_equal(walk(rig, 6), VSK_OK);

    assert_int_equal(rig->chain.length, 4);
    assert_int_equal(rig->chain.spans[2].slot, 0);
    assert_int_equal(rig->chain.spans[3].addr, RIG_DATA + 3);
    assert_int_equal(rig->chain.head, 9);
    rig_free(rig);
}

static void
a_list_goes_on_at_the_ring_s_start_in_a_lap_of_1_too(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 7, RIG_DATA, 1, 0, U | RIG_N);
    direct(rig, 0, RIG_DATA + 1, 1, 9, A);

    /* PACKED-DRV-02, PACKED-DRV-10 */
    assert_int_equal(walk(rig, 7), VSK_OK);

    assert_int_equal(rig->chain.length, 2);
    rig_free(rig);
}

static void
a_list_does_not_go_on_into_the_lap_before(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 7, RIG_DATA, 1, 0, A | RIG_N);
    direct(rig, 0, RIG_DATA + 1, 1, 0, A);

    /* PACKED-DRV-23, PACKED-DRV-10, PACKED-BOTH-05 */
    assert_int_equal(walk(rig, 7), VSK_BAD_LIST);
    rig_free(rig);
}

static void
a_list_whose_next_descriptor_is_not_available_is_refused(void **state)
{
    static const uint16_t flags[] = {0, U, A | U, U | RIG_N};
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 1, 0, A | RIG_N);

    /* PACKED-DRV-23, PACKED-DRV-24 */
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        direct(rig, 1, RIG_DATA, 1, 0, flags[i]);
        assert_int_equal(walk(rig, 0), VSK_BAD_LIST);
    }
    rig_free(rig);
}

static void
a_list_without_an_end_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    for (uint16_t i = 0; i < 8; i++)
        direct(rig, i, RIG_DATA, 1, 0, A | RIG_N);

    /* PACKED-DRV-20, PACKED-DRV-23 */
    assert_int_equal(walk(rig, 0), VSK_BAD_LIST);

    assert_int_equal(rig->chain.buffers, 8);
    rig_free(rig);
}

static void
a_list_as_long_as_the_ring_is_accepted(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    for (uint16_t i = 0; i < 8; i++)
        direct(rig, i, RIG_DATA, 1, 0, i < 7 ? A | RIG_N : A);

    /* PACKED-DEV-06, PACKED-DRV-20 */
    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.buffers, 8);
    assert_int_equal(rig->chain.length, 8);
    rig_free(rig);
}

static void
a_list_that_runs_into_chains_that_are_not_back_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    for (uint16_t i = 0; i < 4; i++)
        direct(rig, i, RIG_DATA, 1, 0, i < 3 ? A | RIG_N : A);

    /* PACKED-DRV-23 */
    assert_int_equal(walk_most(rig, 0, 3), VSK_BAD_LIST);
    assert_int_equal(walk_most(rig, 0, 4), VSK_OK);
    rig_free(rig);
}

static void
a_list_of_32768_is_walked(void **state)
{
    struct rig *rig = rig_new(32768, FEATURES);
    (void)state;
    for (uint32_t i = 0; i < 32768; i++)
        direct(rig, i, RIG_DATA, 1, i == 32767 ? 0x1234 : 0,
               i < 32767 ? A | RIG_N : A);

    /* PACKED-BOTH-02 */
    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.length, 32768);
    assert_int_equal(rig->chain.readable, 32768);
    assert_int_equal(rig->chain.head, 0x1234);
    rig_free(rig);
}

static void
only_the_last_id_counts(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 1, 0xdead, A | RIG_N);
    direct(rig, 1, RIG_DATA, 1, 0xbeef, A | RIG_N);
    direct(rig, 2, RIG_DATA, 1, 0xffff, A);

    /* PACKED-DRV-08 */
    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.head, 0xffff);
    rig_free(rig);
}

static void
unknown_flags_are_ignored(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 1, 0, 0x7ff8 | RIG_N);
    direct(rig, 1, RIG_DATA, 1, 0, 0x7ff8);

    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.readable, 2);
    assert_int_equal(rig->chain.desc.flags, 0);
    rig_free(rig);
}

static void
a_buffer_of_no_bytes_counts_and_has_no_span(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_NOWHERE, 0, 0, A | RIG_N);
    direct(rig, 1, RIG_DATA, 44, 0, A);

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
    direct(rig, 4, RIG_NEXT - 10, 44, 0, A | RIG_W);

    assert_int_equal(walk(rig, 4), VSK_OK);

    assert_int_equal(rig->chain.count, 2);
    assert_int_equal(rig->chain.spans[1].flags, VSK_SPAN_WRITE | VSK_SPAN_REST);
    assert_int_equal(rig->chain.spans[1].slot, 4);
    assert_int_equal(rig->chain.buffers, 1);
    rig_free(rig);
}

/* ---- faults: the list is followed to its name ---- */

static void
a_buffer_outside_memory_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 44, 0, A | RIG_N);
    direct(rig, 1, RIG_NOWHERE, 5, 0, A | RIG_N | RIG_W);
    direct(rig, 2, RIG_DATA, 1, 0, A | RIG_N | RIG_W);
    direct(rig, 3, RIG_DATA, 1, 0x4321, A | RIG_W);

    /* RSVF-DRV-05 */
    assert_int_equal(walk(rig, 0), VSK_BAD_ADDRESS);

    assert_int_equal(rig->chain.status, VSK_BAD_ADDRESS);
    assert_int_equal(rig->chain.head, 0x4321);
    assert_int_equal(rig->chain.length, 4);
    rig_free(rig);
}

static void
a_broken_list_shows_the_descriptor_that_broke_it(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 44, 0, A | RIG_N);
    direct(rig, 1, RIG_NOWHERE, 5, 6, A | RIG_N | RIG_W);
    direct(rig, 2, RIG_DATA, 1, 9, A | RIG_W);

    assert_int_equal(walk(rig, 0), VSK_BAD_ADDRESS);

    assert_int_equal(rig->chain.slot, 1);
    assert_int_equal(rig->chain.desc.addr, RIG_NOWHERE);
    assert_int_equal(rig->chain.desc.len, 5);
    assert_int_equal(rig->chain.desc.flags, RIG_N | RIG_W);
    assert_int_equal(rig->chain.desc.next, 6);
    assert_int_equal(rig->chain.readable, 44);
    assert_int_equal(rig->chain.count, 1);
    rig_free(rig);
}

static void
a_broken_list_that_crosses_the_ring_s_end_has_its_name(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 7, RIG_NOWHERE, 1, 0, A | RIG_N);
    direct(rig, 0, RIG_DATA, 1, 0, U | RIG_N);
    direct(rig, 1, RIG_DATA, 1, 77, U);

    assert_int_equal(walk(rig, 7), VSK_BAD_ADDRESS);

    assert_int_equal(rig->chain.head, 77);
    assert_int_equal(rig->chain.length, 3);
    rig_free(rig);
}

static void
a_fault_at_the_end_of_a_list_keeps_its_name(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 1, 1, A | RIG_N);
    direct(rig, 1, RIG_NOWHERE, 1, 2, A);

    assert_int_equal(walk(rig, 0), VSK_BAD_ADDRESS);

    assert_int_equal(rig->chain.head, 2);
    assert_int_equal(rig->chain.length, 2);
    rig_free(rig);
}

static void
a_broken_list_that_is_not_available_as_a_whole_has_no_name(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_NOWHERE, 1, 0, A | RIG_N);
    direct(rig, 1, RIG_DATA, 1, 0, A | RIG_N);
    direct(rig, 2, RIG_DATA, 1, 0, U);

    /* PACKED-DRV-23 */
    assert_int_equal(walk(rig, 0), VSK_BAD_LIST);
    assert_int_equal(rig->chain.status, VSK_BAD_LIST);
    rig_free(rig);
}

static void
a_broken_list_without_an_end_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    for (uint16_t i = 0; i < 8; i++)
        direct(rig, i, RIG_NOWHERE, 1, 0, A | RIG_N);

    /* PACKED-DRV-23 */
    assert_int_equal(walk(rig, 0), VSK_BAD_LIST);
    rig_free(rig);
}

static void
a_readable_buffer_behind_a_writable_one_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 1, 0, A | RIG_W | RIG_N);
    direct(rig, 1, RIG_DATA, 1, 3, A);

    /* PACKED-DRV-21, FRAME-DRV-01 */
    assert_int_equal(walk(rig, 0), VSK_BAD_ORDER);

    assert_int_equal(rig->chain.slot, 1);
    assert_int_equal(rig->chain.head, 3);
    rig_free(rig);
}

static void
more_pieces_than_the_span_table_has_are_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    for (uint16_t i = 0; i < 4; i++)
        direct(rig, i, RIG_DATA, 1, 20 + i, i < 3 ? A | RIG_N : A);
    rig->chain.capacity = 2;

    /* FRAME-DEV-02, PACKED-DEV-17 */
    assert_int_equal(walk(rig, 0), VSK_ERR_SPANS);

    assert_int_equal(rig->chain.head, 23);
    assert_int_equal(rig->chain.length, 4);
    assert_int_equal(rig->chain.count, 2);
    rig_free(rig);
}

/* Walk a list of buffers of these lengths, all at one address. */
static vsk_status
walk_bytes(const uint32_t *lens, uint32_t count, uint64_t *readable)
{
    static uint8_t page[4096];
    _Alignas(16) static uint8_t wire[16 * 8];
    /* A walk reads no buffers: the region may claim more than is there. */
    const vsk_region regions[] = {{0, (uint64_t)1 << 33, page}};
    const vsk_desc_table table = {wire, 8, false};
    const vsk_list list = {0, count > 1 ? A | RIG_N : A, 8};
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
        wire[16 * i + 14] = i + 1 < count ? A | RIG_N : A;
    }
    status = vsk_chain_walk_list(&chain, &memory, &table, &list);
    *readable = chain.readable;
    return status;
}

static void
a_list_of_exactly_4_gib_is_accepted(void **state)
{
    const uint32_t lens[] = {0xffffffff, 1};
    uint64_t readable;
    (void)state;

    assert_int_equal(walk_bytes(lens, 2, &readable), VSK_OK);

    assert_int_equal(readable, 0x100000000);
}

static void
a_list_of_a_byte_more_than_4_gib_is_refused(void **state)
{
    const uint32_t lens[] = {0xffffffff, 1, 1};
    uint64_t readable;
    (void)state;

    /* SPLIT-DRV-03: the limit is the same in both formats */
    assert_int_equal(walk_bytes(lens, 3, &readable), VSK_BAD_TOTAL);

    assert_int_equal(readable, 0x100000000);
}

/* ---- indirect tables ---- */

static void
a_table_is_walked_instead_of_its_descriptor(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 5, RIG_TABLE, 48, 6, A | RIG_I);
    inner(rig, 0, RIG_DATA, 44, 0, 0);
    inner(rig, 1, RIG_DATA + 64, 5, 0, 0);
    inner(rig, 2, RIG_DATA + 128, 100, 0, RIG_W);

    /* PACKIND-BOTH-01 */
    assert_int_equal(walk(rig, 5), VSK_OK);

    assert_int_equal(rig->chain.readable, 49);
    assert_int_equal(rig->chain.writable, 100);
    assert_int_equal(rig->chain.spans[1].addr, RIG_DATA + 64);
    assert_int_equal(rig->chain.spans[1].slot, 1);
    assert_int_equal(rig->chain.spans[1].flags, VSK_SPAN_TABLE);
    assert_int_equal(rig->chain.spans[2].flags,
                     VSK_SPAN_TABLE | VSK_SPAN_WRITE);
    assert_true(rig->chain.indirect);
    assert_int_equal(rig->chain.table, RIG_TABLE);
    assert_int_equal(rig->chain.head, 6);
    assert_int_equal(rig->chain.length, 1);
    rig_free(rig);
}

static void
flags_in_a_table_mean_nothing_but_write(void **state)
{
    struct rig *rig = rig_8();
    const uint16_t garbage = 0xffff & ~RIG_W;
    (void)state;
    direct(rig, 0, RIG_TABLE, 48, 6, A | RIG_I);
    inner(rig, 0, RIG_DATA, 44, 0, garbage);
    inner(rig, 1, RIG_DATA, 5, 0, 0);
    inner(rig, 2, RIG_DATA, 100, 0, 0xffff);

    /* PACKIND-DEV-01: not NEXT, AVAIL, USED, and INDIRECT neither */
    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.buffers, 3);
    assert_int_equal(rig->chain.readable, 49);
    assert_int_equal(rig->chain.writable, 100);
    rig_free(rig);
}

static void
ids_in_a_table_mean_nothing(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 32, 6, A | RIG_I);
    inner(rig, 0, RIG_DATA, 44, 0xffff, 0);
    inner(rig, 1, RIG_DATA, 5, 0xffff, 0);

    /* PACKIND-DEV-02: also where a split ring has its flags */
    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.head, 6);
    assert_int_equal(rig->chain.readable, 49);
    assert_int_equal(rig->chain.writable, 0);
    rig_free(rig);
}

static void
write_on_the_descriptor_of_a_table_is_ignored(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 16, 0, A | RIG_I | RIG_W);
    inner(rig, 0, RIG_DATA, 44, 0, 0);

    /* PACKIND-DEV-03 */
    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.readable, 44);
    assert_int_equal(rig->chain.writable, 0);
    rig_free(rig);
}

static void
a_table_may_stand_at_any_address(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE + 7, 16, 0, A | RIG_I);
    rig_desc(rig, RIG_TABLE + 7, 0, RIG_DATA, 44, 0, 0);

    /* PACKIND-BOTH-01 */
    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.readable, 44);
    rig_free(rig);
}

static void
a_table_without_the_feature_is_refused(void **state)
{
    struct rig *rig = rig_new(8, VSK_F_RING_PACKED);
    (void)state;
    direct(rig, 0, RIG_TABLE, 16, 6, A | RIG_I);
    inner(rig, 0, RIG_DATA, 44, 0, 0);

    /* PACKIND-DRV-01, SPLITIND-DRV-01 */
    assert_int_equal(walk(rig, 0), VSK_BAD_INDIRECT);

    assert_int_equal(rig->chain.head, 6);
    assert_int_equal(rig->chain.length, 1);
    rig_free(rig);
}

static void
a_table_with_next_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 16, 6, A | RIG_I | RIG_N);
    direct(rig, 1, RIG_DATA, 1, 7, A);
    inner(rig, 0, RIG_DATA, 44, 0, 0);

    /* PACKIND-DRV-04, PACKED-DRV-06, SPLITIND-DRV-04 */
    assert_int_equal(walk(rig, 0), VSK_BAD_INDIRECT_NEXT);

    assert_int_equal(rig->chain.head, 7);
    assert_int_equal(rig->chain.length, 2);
    assert_int_equal(rig->chain.buffers, 0);
    rig_free(rig);
}

static void
a_table_at_the_end_of_a_list_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 1, 6, A | RIG_N);
    direct(rig, 1, RIG_TABLE, 16, 7, A | RIG_I);
    inner(rig, 0, RIG_DATA, 44, 0, 0);

    /* PACKIND-DRV-04, PACKED-DRV-06, SPLITIND-DRV-04 */
    assert_int_equal(walk(rig, 0), VSK_BAD_INDIRECT_NEXT);

    assert_int_equal(rig->chain.head, 7);
    assert_int_equal(rig->chain.slot, 1);
    assert_int_equal(rig->chain.readable, 1);
    rig_free(rig);
}

static void
a_table_behind_a_buffer_of_no_bytes_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_DATA, 0, 6, A | RIG_N);
    direct(rig, 1, RIG_TABLE, 16, 7, A | RIG_I);
    inner(rig, 0, RIG_DATA, 44, 0, 0);

    /* PACKIND-DRV-04, PACKED-DRV-06, SPLITIND-DRV-04 */
    assert_int_equal(walk(rig, 0), VSK_BAD_INDIRECT_NEXT);
    rig_free(rig);
}

static void
a_table_of_no_whole_descriptors_is_refused(void **state)
{
    static const uint32_t lens[] = {0, 1, 15, 17, 24};
    struct rig *rig = rig_8();
    (void)state;
    inner(rig, 0, RIG_DATA, 44, 0, 0);

    /* PACKIND-BOTH-01, SPLITIND-BOTH-01 */
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        direct(rig, 0, RIG_TABLE, lens[i], 6, A | RIG_I);
        assert_int_equal(walk(rig, 0), VSK_BAD_TABLE_LEN);
        assert_int_equal(rig->chain.head, 6);
    }
    rig_free(rig);
}

static void
a_table_that_is_not_in_one_piece_of_memory_is_refused(void **state)
{
    struct rig *rig = rig_8();
    const uint64_t places[] = {RIG_NOWHERE, RIG_NEXT + RIG_DATA_SIZE - 16,
                               RIG_NEXT - 16, UINT64_MAX - 15};
    (void)state;

    /* PACKIND-BOTH-01, SPLITIND-BOTH-01 */
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        direct(rig, 0, places[i], 32, 6, A | RIG_I);
        assert_int_equal(walk(rig, 0), VSK_BAD_TABLE_ADDRESS);
        assert_int_equal(rig->chain.head, 6);
    }
    rig_free(rig);
}

static void
a_buffer_in_a_table_outside_memory_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 32, 6, A | RIG_I);
    inner(rig, 0, RIG_DATA, 44, 0, 0);
    inner(rig, 1, RIG_NOWHERE, 44, 0, 0);

    /* RSVF-DRV-05 */
    assert_int_equal(walk(rig, 0), VSK_BAD_ADDRESS);

    assert_int_equal(rig->chain.head, 6);
    assert_int_equal(rig->chain.slot, 1);
    assert_int_equal(rig->chain.desc.addr, RIG_NOWHERE);
    rig_free(rig);
}

static void
a_readable_buffer_behind_a_writable_one_in_a_table_is_refused(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 32, 6, A | RIG_I);
    inner(rig, 0, RIG_DATA, 44, 0, RIG_W);
    inner(rig, 1, RIG_DATA, 44, 0, 0);

    /* PACKED-DRV-21, FRAME-DRV-01 */
    assert_int_equal(walk(rig, 0), VSK_BAD_ORDER);
    rig_free(rig);
}

static void
a_table_may_be_longer_than_the_ring(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 16 * 12, 6, A | RIG_I);
    for (uint32_t i = 0; i < 12; i++)
        inner(rig, i, RIG_DATA + i, 1, 0, 0);

    /* PACKIND-DRV-03: the device's limit is 32768 */
    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_int_equal(rig->chain.buffers, 12);
    rig_free(rig);
}

/* Walk a table of so many descriptors in a ring of 1, all of no bytes. */
static vsk_status
walk_table_of(uint32_t count, uint32_t *buffers)
{
    _Alignas(16) static uint8_t wire[16];
    static uint8_t entries[16 * 32769];
    const vsk_region regions[] = {{0, sizeof entries, entries}};
    const vsk_desc_table table = {wire, 1, true};
    const vsk_list list = {0, A | RIG_I, 1};
    vsk_memory memory;
    vsk_chain chain;
    vsk_status status;

    assert_int_equal(vsk_memory_init(&memory, regions, 1), VSK_OK);
    vsk_chain_init(&chain, NULL, 0);
    for (uint32_t k = 0; k < 4; k++)
        wire[8 + k] = (uint8_t)(16 * count >> (8 * k));
    status = vsk_chain_walk_list(&chain, &memory, &table, &list);
    *buffers = chain.buffers;
    return status;
}

static void
a_table_of_32768_is_accepted(void **state)
{
    uint32_t buffers;
    (void)state;

    /* PACKIND-DRV-03 */
    assert_int_equal(walk_table_of(32768, &buffers), VSK_OK);

    assert_int_equal(buffers, 32768);
}

static void
a_table_of_32769_is_refused_unread(void **state)
{
    uint32_t buffers;
    (void)state;

    /* PACKIND-DRV-03, SPLITIND-DRV-03, PACKED-DEV-17, PACKED-DRV-19 */
    assert_int_equal(walk_table_of(32769, &buffers), VSK_BAD_LONG);

    assert_int_equal(buffers, 0);
}

static void
a_walk_writes_no_guest_memory(void **state)
{
    struct rig *rig = rig_8();
    uint8_t ring[136], table[32];
    (void)state;
    direct(rig, 0, RIG_TABLE, 32, 6, A | RIG_I);
    inner(rig, 0, RIG_DATA, 44, 0, 0);
    inner(rig, 1, RIG_DATA, 44, 0, RIG_W);
    assert_int_equal(rig->regions[0].size, sizeof ring);
    memcpy(ring, rig->regions[0].base, sizeof ring);
    memcpy(table, rig->regions[3].base, sizeof table);

    assert_int_equal(walk(rig, 0), VSK_OK);

    assert_memory_equal(rig->regions[0].base, ring, sizeof ring);
    assert_memory_equal(rig->regions[3].base, table, sizeof table);
    rig_assert_fill(rig, RIG_DATA, RIG_DATA_SIZE);
    rig_free(rig);
}

static void
a_walk_forgets_the_list_before(void **state)
{
    struct rig *rig = rig_8();
    (void)state;
    direct(rig, 0, RIG_TABLE, 16, 6, A | RIG_I);
    inner(rig, 0, RIG_DATA, 44, 0, 0);
    assert_int_equal(walk(rig, 0), VSK_OK);
    direct(rig, 7, RIG_DATA, 5, 2, A | RIG_W);

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
random_rings_are_walked_to_a_status_within_bounds(void **state)
{
    static const uint64_t places[] = {RIG_DATA,  RIG_DATA,    RIG_NEXT - 3,
                                      RIG_TABLE, RIG_NOWHERE, UINT64_MAX - 1};
    rig_random random = rig_seed();
    struct rig *rig = rig_8();
    uint32_t whole = 0;
    (void)state;

    for (uint32_t round = 0; round < 20000; round++) {
        uint32_t most = 1 + rig_draw(&random, 8);
        vsk_status status;

        for (uint32_t i = 0; i < 16; i++)
            rig_desc(rig, i < 8 ? RIG_RING : RIG_TABLE, i % 8,
                     places[rig_draw(&random, 6)],
                     rig_draw(&random, 3) == 0 ? 16 * rig_draw(&random, 12)
                                               : rig_draw(&random, 64),
                     rig_draw(&random, 0x10000),
                     (uint16_t)(rig_draw(&random, 8) |
                                (rig_draw(&random, 6) != 0 ? A : U)));
        status = walk_most(rig, (uint16_t)rig_draw(&random, 8), most);
        assert_int_equal(rig->chain.status, status);
        assert_true(rig->chain.read_count <= rig->chain.count);
        assert_true(rig->chain.buffers <= (rig->chain.indirect ? 12 : most));
        if (status != VSK_BAD_LIST)
            assert_true(rig->chain.length >= 1 && rig->chain.length <= most);
        if (status == VSK_OK) {
            uint64_t bytes = 0;

            for (uint32_t i = 0; i < rig->chain.count; i++)
                bytes += rig->spans[i].len;
            assert_int_equal(bytes, rig->chain.readable + rig->chain.writable);
            whole++;
        }
    }
    assert_true(whole > 1000);
    rig_free(rig);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(one_readable_buffer_is_one_span),
        cmocka_unit_test(a_list_is_one_slot_after_the_other),
        cmocka_unit_test(the_two_parts_of_a_list_are_counted),
        cmocka_unit_test(a_list_goes_on_at_the_ring_s_start_in_the_next_lap),
        cmocka_unit_test(a_list_goes_on_at_the_ring_s_start_in_a_lap_of_1_too),
        cmocka_unit_test(a_list_does_not_go_on_into_the_lap_before),
        cmocka_unit_test(
            a_list_whose_next_descriptor_is_not_available_is_refused),
        cmocka_unit_test(a_list_without_an_end_is_refused),
        cmocka_unit_test(a_list_as_long_as_the_ring_is_accepted),
        cmocka_unit_test(
            a_list_that_runs_into_chains_that_are_not_back_is_refused),
        cmocka_unit_test(a_list_of_32768_is_walked),
        cmocka_unit_test(only_the_last_id_counts),
        cmocka_unit_test(unknown_flags_are_ignored),
        cmocka_unit_test(a_buffer_of_no_bytes_counts_and_has_no_span),
        cmocka_unit_test(a_buffer_across_two_regions_is_two_spans),
        cmocka_unit_test(a_buffer_outside_memory_is_refused),
        cmocka_unit_test(a_broken_list_shows_the_descriptor_that_broke_it),
        cmocka_unit_test(
            a_broken_list_that_crosses_the_ring_s_end_has_its_name),
        cmocka_unit_test(a_fault_at_the_end_of_a_list_keeps_its_name),
        cmocka_unit_test(
            a_broken_list_that_is_not_available_as_a_whole_has_no_name),
        cmocka_unit_test(a_broken_list_without_an_end_is_refused),
        cmocka_unit_test(a_readable_buffer_behind_a_writable_one_is_refused),
        cmocka_unit_test(more_pieces_than_the_span_table_has_are_refused),
        cmocka_unit_test(a_list_of_exactly_4_gib_is_accepted),
        cmocka_unit_test(a_list_of_a_byte_more_than_4_gib_is_refused),
        cmocka_unit_test(a_table_is_walked_instead_of_its_descriptor),
        cmocka_unit_test(flags_in_a_table_mean_nothing_but_write),
        cmocka_unit_test(ids_in_a_table_mean_nothing),
        cmocka_unit_test(write_on_the_descriptor_of_a_table_is_ignored),
        cmocka_unit_test(a_table_may_stand_at_any_address),
        cmocka_unit_test(a_table_without_the_feature_is_refused),
        cmocka_unit_test(a_table_with_next_is_refused),
        cmocka_unit_test(a_table_at_the_end_of_a_list_is_refused),
        cmocka_unit_test(a_table_behind_a_buffer_of_no_bytes_is_refused),
        cmocka_unit_test(a_table_of_no_whole_descriptors_is_refused),
        cmocka_unit_test(a_table_that_is_not_in_one_piece_of_memory_is_refused),
        cmocka_unit_test(a_buffer_in_a_table_outside_memory_is_refused),
        cmocka_unit_test(
            a_readable_buffer_behind_a_writable_one_in_a_table_is_refused),
        cmocka_unit_test(a_table_may_be_longer_than_the_ring),
        cmocka_unit_test(a_table_of_32768_is_accepted),
        cmocka_unit_test(a_table_of_32769_is_refused_unread),
        cmocka_unit_test(a_walk_writes_no_guest_memory),
        cmocka_unit_test(a_walk_forgets_the_list_before),
        cmocka_unit_test(random_rings_are_walked_to_a_status_within_bounds),
    };

    return cmocka_run_group_tests_name("list", cases, NULL, NULL);
}
