/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#define TOP (UINT64_MAX - 0xfffu) /* the last 4 KiB of the address space */

/* Three regions: two that touch, a gap, and one that ends at 2^64. */
static uint8_t low[0x100], high[0x80], top[0x1000];
static const vsk_region regions[] = {
    {0x1000, sizeof low, low},
    {0x1100, sizeof high, high},
    {TOP, sizeof top, top},
};

static vsk_memory
memory_of(const vsk_region *table, uint32_t count)
{
    vsk_memory memory;

    assert_int_equal(vsk_memory_init(&memory, table, count), VSK_OK);
    return memory;
}

static vsk_memory
three(void)
{
    memset(low, RIG_FILL, sizeof low);
    memset(high, RIG_FILL, sizeof high);
    memset(top, RIG_FILL, sizeof top);
    return memory_of(regions, 3);
}

static vsk_status
init_status(const vsk_region *table, uint32_t count)
{
    vsk_memory memory;

    return vsk_memory_init(&memory, table, count);
}

static void
a_memory_may_have_no_regions(void **state)
{
    vsk_memory memory = memory_of(NULL, 0);
    vsk_span span;
    (void)state;

    assert_int_equal(vsk_memory_span(&memory, 0, 1, &span), VSK_BAD_ADDRESS);
}

static void
an_empty_region_is_refused(void **state)
{
    const vsk_region table[] = {{0x1000, 0, low}};
    (void)state;

    assert_int_equal(init_status(table, 1), VSK_ERR_REGION);
}

static void
a_region_without_host_memory_is_refused(void **state)
{
    const vsk_region table[] = {{0x1000, 16, NULL}};
    (void)state;

    assert_int_equal(init_status(table, 1), VSK_ERR_REGION);
}

static void
a_region_may_end_at_the_end_of_the_address_space(void **state)
{
    const vsk_region table[] = {{TOP, 0x1000, top}};
    (void)state;

    assert_int_equal(init_status(table, 1), VSK_OK);
}

static void
a_region_may_not_come_round_to_address_zero(void **state)
{
    const vsk_region table[] = {{TOP, 0x1001, top}};
    (void)state;

    assert_int_equal(init_status(table, 1), VSK_ERR_REGION);
}

static void
regions_that_overlap_by_a_byte_are_refused(void **state)
{
    const vsk_region table[] = {{0x1000, 17, low}, {0x1010, 16, high}};
    (void)state;

    assert_int_equal(init_status(table, 2), VSK_ERR_REGION);
}

static void
regions_at_the_same_address_are_refused(void **state)
{
    const vsk_region table[] = {{0x1000, 16, low}, {0x1000, 16, high}};
    (void)state;

    assert_int_equal(init_status(table, 2), VSK_ERR_REGION);
}

static void
regions_out_of_order_are_refused(void **state)
{
    const vsk_region table[] = {{0x2000, 16, low}, {0x1000, 16, high}};
    (void)state;

    assert_int_equal(init_status(table, 2), VSK_ERR_REGION);
}

static void
a_region_behind_one_that_ends_the_address_space_is_refused(void **state)
{
    const vsk_region table[] = {{TOP, 0x1000, top}, {0, 16, low}};
    (void)state;

    assert_int_equal(init_status(table, 2), VSK_ERR_REGION);
}

static void
a_refused_table_leaves_the_memory_as_it_was(void **state)
{
    const vsk_region empty[] = {{0x1000, 0, low}};
    vsk_memory memory = three();
    (void)state;

    assert_int_equal(vsk_memory_init(&memory, empty, 1), VSK_ERR_REGION);

    assert_ptr_equal(memory.regions, regions);
}

static void
a_span_has_the_host_address_of_its_first_byte(void **state)
{
    vsk_memory memory = three();
    vsk_span span;
    (void)state;

    assert_int_equal(vsk_memory_span(&memory, 0x1010, 4, &span), VSK_OK);

    assert_ptr_equal(span.base, low + 0x10);
}

static void
a_span_keeps_guest_address_and_length(void **state)
{
    vsk_memory memory = three();
    vsk_span span;
    (void)state;

    assert_int_equal(vsk_memory_span(&memory, 0x1010, 4, &span), VSK_OK);

    assert_int_equal(span.addr, 0x1010);
    assert_int_equal(span.len, 4);
}

static void
a_span_ends_at_its_region_s_edge_even_where_the_next_one_touches(void **state)
{
    vsk_memory memory = three();
    vsk_span span;
    (void)state;

    assert_int_equal(vsk_memory_span(&memory, 0x10fe, 4, &span), VSK_OK);

    assert_int_equal(span.len, 2);
}

static void
the_last_byte_of_the_address_space_can_be_reached(void **state)
{
    vsk_memory memory = three();
    vsk_span span;
    (void)state;

    assert_int_equal(vsk_memory_span(&memory, UINT64_MAX, 8, &span), VSK_OK);

    assert_ptr_equal(span.base, top + 0xfff);
    assert_int_equal(span.len, 1);
}

static void
the_byte_before_a_region_is_no_memory(void **state)
{
    vsk_memory memory = three();
    vsk_span span;
    (void)state;

    /* RSVF-DRV-05 */
    assert_int_equal(vsk_memory_span(&memory, 0xfff, 1, &span),
                     VSK_BAD_ADDRESS);
}

static void
the_byte_behind_a_region_is_no_memory(void **state)
{
    vsk_memory memory = three();
    vsk_span span;
    (void)state;

    /* RSVF-DRV-05 */
    assert_int_equal(vsk_memory_span(&memory, 0x1180, 1, &span),
                     VSK_BAD_ADDRESS);
}

static void
a_span_outside_leaves_the_output_untouched(void **state)
{
    vsk_memory memory = three();
    vsk_span span = {.len = 99};
    (void)state;

    assert_int_equal(vsk_memory_span(&memory, 0, 1, &span), VSK_BAD_ADDRESS);

    assert_int_equal(span.len, 99);
}

static void
every_region_is_found_from_every_last_hit(void **state)
{
    enum { COUNT = 37 };
    static uint8_t bytes[COUNT];
    vsk_region table[COUNT];
    vsk_memory memory;
    (void)state;
    for (uint64_t i = 0; i < COUNT; i++)
        table[i] = (vsk_region){0x1000 * (i + 1), 1, &bytes[i]};
    memory = memory_of(table, COUNT);

    for (uint32_t from = 0; from < COUNT; from++)
        for (uint32_t to = 0; to < COUNT; to++) {
            vsk_span span;

            memory.near[0] = &table[from];
            assert_int_equal(vsk_memory_span(&memory, table[to].addr, 1, &span),
                             VSK_OK);
            assert_ptr_equal(span.base, &bytes[to]);
        }
}

static void
every_gap_is_found_to_be_one(void **state)
{
    enum { COUNT = 37 };
    static uint8_t bytes[COUNT];
    vsk_region table[COUNT];
    vsk_memory memory;
    (void)state;
    for (uint64_t i = 0; i < COUNT; i++)
        table[i] = (vsk_region){0x1000 * (i + 1), 1, &bytes[i]};
    memory = memory_of(table, COUNT);

    for (uint64_t i = 0; i <= COUNT; i++) {
        vsk_span span;

        /* RSVF-DRV-05 */
        assert_int_equal(vsk_memory_span(&memory, 0x1000 * i + 1, 1, &span),
                         VSK_BAD_ADDRESS);
    }
}

static void
the_last_hit_is_remembered(void **state)
{
    vsk_memory memory = three();
    vsk_span span;
    (void)state;

    assert_int_equal(vsk_memory_span(&memory, TOP, 1, &span), VSK_OK);

    assert_ptr_equal(memory.near[0], &memory.regions[2]);
}

static void
two_regions_are_near_and_the_third_drops_the_older(void **state)
{
    vsk_memory memory = three();
    vsk_span span;
    (void)state;

    assert_int_equal(vsk_memory_span(&memory, TOP, 1, &span), VSK_OK);
    assert_int_equal(vsk_memory_span(&memory, regions[1].addr, 1, &span),
                     VSK_OK);
    assert_ptr_equal(memory.near[0], &regions[1]);
    assert_ptr_equal(memory.near[1], &regions[2]);

    assert_int_equal(vsk_memory_span(&memory, regions[0].addr, 1, &span),
                     VSK_OK);
    assert_ptr_equal(memory.near[0], &regions[0]);
    assert_ptr_equal(memory.near[1], &regions[1]);
}

static void
a_hit_is_in_either_region_that_is_near(void **state)
{
    vsk_memory memory = three();
    uint8_t *base;
    (void)state;
    memory.near[0] = &regions[0];
    memory.near[1] = &regions[2];

    assert_true(vsk_memory_hit(&memory, regions[0].addr + 1, 2, &base));
    assert_ptr_equal(base, regions[0].base + 1);
    assert_true(vsk_memory_hit(&memory, regions[2].addr + 1, 2, &base));
    assert_ptr_equal(base, regions[2].base + 1);
    assert_false(vsk_memory_hit(&memory, regions[1].addr, 1, &base));
}

static void
a_hit_is_all_in_its_region_and_of_a_byte_or_more(void **state)
{
    vsk_memory memory = three();
    const vsk_region *region = memory.regions;
    uint32_t size = (uint32_t)region->size;
    uint8_t *base;
    (void)state;

    assert_true(vsk_memory_hit(&memory, region->addr, size, &base));
    assert_false(vsk_memory_hit(&memory, region->addr, size + 1, &base));
    assert_false(vsk_memory_hit(&memory, region->addr + 1, size, &base));
    assert_false(vsk_memory_hit(&memory, region->addr, 0, &base));
}

static void
a_map_gives_a_range_of_one_region(void **state)
{
    vsk_memory memory = three();
    uint8_t *base;
    (void)state;

    assert_int_equal(vsk_memory_map(&memory, 0x1000, 0x100, &base), VSK_OK);

    assert_ptr_equal(base, low);
}

static void
a_map_across_touching_regions_is_refused(void **state)
{
    vsk_memory memory = three();
    uint8_t *base = NULL;
    (void)state;

    /* RSVF-DRV-05 */
    assert_int_equal(vsk_memory_map(&memory, 0x10ff, 2, &base),
                     VSK_BAD_ADDRESS);

    assert_null(base);
}

static void
a_map_of_more_than_64_bits_can_count_is_refused(void **state)
{
    vsk_memory memory = three();
    uint8_t *base;
    (void)state;

    /* RSVF-DRV-05 */
    assert_int_equal(vsk_memory_map(&memory, TOP + 1, UINT64_MAX, &base),
                     VSK_BAD_ADDRESS);
}

static void
a_check_passes_over_touching_regions(void **state)
{
    vsk_memory memory = three();
    (void)state;

    assert_int_equal(vsk_memory_check(&memory, 0x1000, 0x180), VSK_OK);
}

static void
a_check_stops_at_a_gap(void **state)
{
    vsk_memory memory = three();
    (void)state;

    /* RSVF-DRV-05 */
    assert_int_equal(vsk_memory_check(&memory, 0x1000, 0x181), VSK_BAD_ADDRESS);
}

static void
a_check_of_nothing_passes_anywhere(void **state)
{
    vsk_memory memory = three();
    (void)state;

    assert_int_equal(vsk_memory_check(&memory, 0, 0), VSK_OK);
}

static void
a_check_passes_up_to_the_end_of_the_address_space(void **state)
{
    vsk_memory memory = three();
    (void)state;

    assert_int_equal(vsk_memory_check(&memory, TOP, 0x1000), VSK_OK);
}

static void
a_range_does_not_come_round_to_address_zero(void **state)
{
    static uint8_t first[16];
    const vsk_region table[] = {{0, sizeof first, first}, {TOP, 0x1000, top}};
    vsk_memory memory = memory_of(table, 2);
    (void)state;

    /* RSVF-DRV-05 */
    assert_int_equal(vsk_memory_check(&memory, UINT64_MAX, 2), VSK_BAD_ADDRESS);
}

static void
a_write_across_touching_regions_lands_in_both(void **state)
{
    vsk_memory memory = three();
    (void)state;

    assert_int_equal(vsk_memory_write(&memory, 0x10fe, "abcd", 4), VSK_OK);

    assert_memory_equal(low + 0xfe, "ab", 2);
    assert_memory_equal(high, "cd", 2);
}

static void
a_write_leaves_the_bytes_around_it_alone(void **state)
{
    vsk_memory memory = three();
    (void)state;

    assert_int_equal(vsk_memory_write(&memory, 0x10fe, "abcd", 4), VSK_OK);

    assert_int_equal(low[0xfd], RIG_FILL);
    assert_int_equal(high[2], RIG_FILL);
}

static void
a_write_into_a_gap_writes_nothing(void **state)
{
    vsk_memory memory = three();
    (void)state;

    /* RSVF-DRV-05 */
    assert_int_equal(vsk_memory_write(&memory, 0x117f, "ab", 2),
                     VSK_BAD_ADDRESS);

    assert_int_equal(high[0x7f], RIG_FILL);
}

static void
a_read_across_touching_regions_takes_from_both(void **state)
{
    vsk_memory memory = three();
    char data[5] = "";
    (void)state;
    memcpy(low + 0xfe, "ab", 2);
    memcpy(high, "cd", 2);

    assert_int_equal(vsk_memory_read(&memory, 0x10fe, data, 4), VSK_OK);

    assert_string_equal(data, "abcd");
}

static void
a_read_from_a_gap_reads_nothing(void **state)
{
    vsk_memory memory = three();
    char data[] = "....";
    (void)state;

    /* RSVF-DRV-05 */
    assert_int_equal(vsk_memory_read(&memory, 0x117e, data, 4),
                     VSK_BAD_ADDRESS);

    assert_string_equal(data, "....");
}

static void
a_fill_across_touching_regions_sets_both(void **state)
{
    vsk_memory memory = three();
    (void)state;

    assert_int_equal(vsk_memory_fill(&memory, 0x10ff, 0x55, 2), VSK_OK);

    assert_int_equal(low[0xfe], RIG_FILL);
    assert_int_equal(low[0xff], 0x55);
    assert_int_equal(high[0], 0x55);
    assert_int_equal(high[1], RIG_FILL);
}

static void
a_fill_into_a_gap_sets_nothing(void **state)
{
    vsk_memory memory = three();
    (void)state;

    /* RSVF-DRV-05 */
    assert_int_equal(vsk_memory_fill(&memory, 0x117f, 0x55, 2),
                     VSK_BAD_ADDRESS);

    assert_int_equal(high[0x7f], RIG_FILL);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_memory_may_have_no_regions),
        cmocka_unit_test(an_empty_region_is_refused),
        cmocka_unit_test(a_region_without_host_memory_is_refused),
        cmocka_unit_test(a_region_may_end_at_the_end_of_the_address_space),
        cmocka_unit_test(a_region_may_not_come_round_to_address_zero),
        cmocka_unit_test(regions_that_overlap_by_a_byte_are_refused),
        cmocka_unit_test(regions_at_the_same_address_are_refused),
        cmocka_unit_test(regions_out_of_order_are_refused),
        cmocka_unit_test(
            a_region_behind_one_that_ends_the_address_space_is_refused),
        cmocka_unit_test(a_refused_table_leaves_the_memory_as_it_was),
        cmocka_unit_test(a_span_has_the_host_address_of_its_first_byte),
        cmocka_unit_test(a_span_keeps_guest_address_and_length),
        cmocka_unit_test(
            a_span_ends_at_its_region_s_edge_even_where_the_next_one_touches),
        cmocka_unit_test(the_last_byte_of_the_address_space_can_be_reached),
        cmocka_unit_test(the_byte_before_a_region_is_no_memory),
        cmocka_unit_test(the_byte_behind_a_region_is_no_memory),
        cmocka_unit_test(a_span_outside_leaves_the_output_untouched),
        cmocka_unit_test(every_region_is_found_from_every_last_hit),
        cmocka_unit_test(every_gap_is_found_to_be_one),
        cmocka_unit_test(the_last_hit_is_remembered),
        cmocka_unit_test(two_regions_are_near_and_the_third_drops_the_older),
        cmocka_unit_test(a_hit_is_in_either_region_that_is_near),
        cmocka_unit_test(a_hit_is_all_in_its_region_and_of_a_byte_or_more),
        cmocka_unit_test(a_map_gives_a_range_of_one_region),
        cmocka_unit_test(a_map_across_touching_regions_is_refused),
        cmocka_unit_test(a_map_of_more_than_64_bits_can_count_is_refused),
        cmocka_unit_test(a_check_passes_over_touching_regions),
        cmocka_unit_test(a_check_stops_at_a_gap),
        cmocka_unit_test(a_check_of_nothing_passes_anywhere),
        cmocka_unit_test(a_check_passes_up_to_the_end_of_the_address_space),
        cmocka_unit_test(a_range_does_not_come_round_to_address_zero),
        cmocka_unit_test(a_write_across_touching_regions_lands_in_both),
        cmocka_unit_test(a_write_leaves_the_bytes_around_it_alone),
        cmocka_unit_test(a_write_into_a_gap_writes_nothing),
        cmocka_unit_test(a_read_across_touching_regions_takes_from_both),
        cmocka_unit_test(a_read_from_a_gap_reads_nothing),
        cmocka_unit_test(a_fill_across_touching_regions_sets_both),
        cmocka_unit_test(a_fill_into_a_gap_sets_nothing),
    };

    return cmocka_run_group_tests_name("memory", cases, NULL, NULL);
}
