/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vsk/pool.h"

/* Two regions that touch, and one that ends at 2^64; 256 bytes each. */
#define TOP (UINT64_MAX - 0xff)
#define BYTES 768u

static uint8_t bytes[BYTES];
static const vsk_region regions[] = {
    {0x1000, 256, bytes}, {0x1100, 256, bytes + 256}, {TOP, 256, bytes + 512}};
static vsk_range table[BYTES + 3];

static vsk_pool
pool_of(uint32_t capacity)
{
    vsk_memory memory;
    vsk_pool pool;

    assert_int_equal(vsk_memory_init(&memory, regions, 3), VSK_OK);
    assert_int_equal(vsk_pool_init(&pool, &memory, table, capacity), VSK_OK);
    return pool;
}

static uint64_t
alloc(vsk_pool *pool, uint64_t size, uint64_t align)
{
    uint64_t addr = 0;

    assert_int_equal(vsk_pool_alloc(pool, size, align, &addr), VSK_OK);
    return addr;
}

static void
all_memory_is_free_at_the_start(void **state)
{
    vsk_pool pool = pool_of(8);
    (void)state;

    assert_int_equal(vsk_pool_available(&pool), BYTES);
}

static void
a_table_shorter_than_the_regions_is_refused(void **state)
{
    vsk_memory memory;
    vsk_pool pool;
    (void)state;
    assert_int_equal(vsk_memory_init(&memory, regions, 3), VSK_OK);

    assert_int_equal(vsk_pool_init(&pool, &memory, table, 2), VSK_ERR_TABLE);
}

static void
the_lowest_range_that_is_large_enough_is_handed_out(void **state)
{
    vsk_pool pool = pool_of(8);
    (void)state;
    alloc(&pool, 200, 1);

    assert_int_equal(alloc(&pool, 100, 1), 0x1100);
    assert_int_equal(alloc(&pool, 56, 1), 0x10c8);
}

static void
an_address_is_a_multiple_of_its_alignment(void **state)
{
    vsk_pool pool = pool_of(8);
    (void)state;
    alloc(&pool, 1, 1);

    assert_int_equal(alloc(&pool, 1, 64), 0x1040);
}

static void
bytes_skipped_for_alignment_stay_free(void **state)
{
    vsk_pool pool = pool_of(8);
    (void)state;
    alloc(&pool, 1, 1);
    alloc(&pool, 1, 64);

    assert_int_equal(alloc(&pool, 63, 1), 0x1001);
}

static void
no_range_crosses_the_edge_of_two_touching_regions(void **state)
{
    vsk_pool pool = pool_of(8);
    uint64_t addr;
    (void)state;

    assert_int_equal(vsk_pool_alloc(&pool, 257, 1, &addr), VSK_ERR_POOL);
}

static void
free_ranges_do_not_merge_over_an_edge(void **state)
{
    vsk_pool pool = pool_of(8);
    uint64_t addr;
    (void)state;
    alloc(&pool, 256, 1);
    alloc(&pool, 256, 1);

    assert_int_equal(vsk_pool_free(&pool, 0x1000, 256), VSK_OK);
    assert_int_equal(vsk_pool_free(&pool, 0x1100, 256), VSK_OK);

    assert_int_equal(vsk_pool_alloc(&pool, 257, 1, &addr), VSK_ERR_POOL);
}

static void
a_range_across_an_edge_is_not_taken_back(void **state)
{
    vsk_pool pool = pool_of(8);
    (void)state;
    alloc(&pool, 256, 1);
    alloc(&pool, 256, 1);

    assert_int_equal(vsk_pool_free(&pool, 0x10f0, 32), VSK_ERR_FREE);
}

static void
the_last_byte_of_the_address_space_is_handed_out(void **state)
{
    vsk_pool pool = pool_of(8);
    (void)state;
    alloc(&pool, 256, 1);
    alloc(&pool, 256, 1);
    alloc(&pool, 255, 1);

    assert_int_equal(alloc(&pool, 1, 1), UINT64_MAX);
}

static void
alignment_beyond_the_address_space_finds_nothing(void **state)
{
    vsk_pool pool = pool_of(8);
    uint64_t addr;
    (void)state;

    assert_int_equal(vsk_pool_alloc(&pool, 1, (uint64_t)1 << 63, &addr),
                     VSK_ERR_POOL);
}

static void
a_size_of_zero_is_refused(void **state)
{
    vsk_pool pool = pool_of(8);
    uint64_t addr;
    (void)state;

    assert_int_equal(vsk_pool_alloc(&pool, 0, 1, &addr), VSK_ERR_ARGUMENT);
}

static void
an_alignment_of_zero_is_refused(void **state)
{
    vsk_pool pool = pool_of(8);
    uint64_t addr;
    (void)state;

    assert_int_equal(vsk_pool_alloc(&pool, 1, 0, &addr), VSK_ERR_ARGUMENT);
}

static void
an_alignment_that_is_no_power_of_two_is_refused(void **state)
{
    vsk_pool pool = pool_of(8);
    uint64_t addr;
    (void)state;

    assert_int_equal(vsk_pool_alloc(&pool, 1, 3, &addr), VSK_ERR_ARGUMENT);
}

static void
a_range_freed_twice_is_refused(void **state)
{
    vsk_pool pool = pool_of(8);
    uint64_t addr = alloc(&pool, 16, 16);
    (void)state;

    assert_int_equal(vsk_pool_free(&pool, addr, 16), VSK_OK);

    assert_int_equal(vsk_pool_free(&pool, addr, 16), VSK_ERR_FREE);
}

static void
a_range_with_one_free_byte_is_not_taken_back(void **state)
{
    vsk_pool pool = pool_of(8);
    uint64_t addr = alloc(&pool, 16, 16);
    (void)state;

    assert_int_equal(vsk_pool_free(&pool, addr, 17), VSK_ERR_FREE);
}

static void
a_range_outside_memory_is_not_taken_back(void **state)
{
    vsk_pool pool = pool_of(8);
    (void)state;

    assert_int_equal(vsk_pool_free(&pool, 0x3000, 16), VSK_ERR_FREE);
}

static void
a_range_of_no_bytes_is_not_taken_back(void **state)
{
    vsk_pool pool = pool_of(8);
    (void)state;
    alloc(&pool, 16, 16);

    assert_int_equal(vsk_pool_free(&pool, 0x1000, 0), VSK_ERR_FREE);
}

static void
a_range_freed_between_two_free_ones_makes_one_of_three(void **state)
{
    vsk_pool pool = pool_of(8);
    (void)state;
    alloc(&pool, 256, 1);
    assert_int_equal(vsk_pool_free(&pool, 0x1000, 16), VSK_OK);
    assert_int_equal(vsk_pool_free(&pool, 0x1020, 16), VSK_OK);

    assert_int_equal(vsk_pool_free(&pool, 0x1010, 16), VSK_OK);

    assert_int_equal(alloc(&pool, 48, 1), 0x1000);
}

static void
a_full_table_refuses_to_split_a_range(void **state)
{
    vsk_pool pool = pool_of(3);
    uint64_t addr;
    (void)state;
    alloc(&pool, 1, 1);

    assert_int_equal(vsk_pool_alloc(&pool, 1, 64, &addr), VSK_ERR_TABLE);

    assert_int_equal(vsk_pool_available(&pool), BYTES - 1);
}

static void
a_full_table_refuses_a_range_that_touches_no_other(void **state)
{
    vsk_pool pool = pool_of(3);
    (void)state;
    alloc(&pool, 16, 1);

    assert_int_equal(vsk_pool_free(&pool, 0x1004, 4), VSK_ERR_TABLE);
}

static void
a_reserved_range_is_not_handed_out(void **state)
{
    vsk_pool pool = pool_of(8);
    (void)state;

    assert_int_equal(vsk_pool_reserve(&pool, 0x1000, 0x120), VSK_OK);

    assert_int_equal(alloc(&pool, 1, 1), 0x1120);
}

static void
a_reserved_range_may_be_in_use_already(void **state)
{
    vsk_pool pool = pool_of(8);
    (void)state;
    alloc(&pool, 16, 1);

    assert_int_equal(vsk_pool_reserve(&pool, 0x1008, 16), VSK_OK);

    assert_int_equal(vsk_pool_available(&pool), BYTES - 24);
}

static void
a_reserve_up_to_the_end_of_the_address_space_takes_the_last_byte(void **state)
{
    vsk_pool pool = pool_of(8);
    (void)state;

    assert_int_equal(vsk_pool_reserve(&pool, 0, UINT64_MAX), VSK_OK);
    assert_int_equal(vsk_pool_reserve(&pool, UINT64_MAX, 1), VSK_OK);

    assert_int_equal(vsk_pool_available(&pool), 0);
}

/* The model: which byte belongs to whom; 0 is free. Places are offsets into
 * bytes[]. */
static uint8_t owner[BYTES];

static uint64_t
addr_of(uint32_t place)
{
    return regions[place / 256].addr + place % 256;
}

static uint32_t
place_of(uint64_t addr)
{
    if (addr >= TOP)
        return 512 + (uint32_t)(addr - TOP);
    return (uint32_t)(addr - 0x1000);
}

static bool
is_free(uint32_t place, uint32_t size)
{
    if (place % 256 + size > 256)
        return false;
    for (uint32_t i = 0; i < size; i++)
        if (owner[place + i] != 0)
            return false;
    return true;
}

/* The place that the model hands out: BYTES where there is none. */
static uint32_t
model_alloc(uint32_t size, uint32_t align)
{
    uint32_t place = 0;

    while (place < BYTES && !(place % align == 0 && is_free(place, size)))
        place++;
    return place;
}

static uint32_t
model_available(void)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < BYTES; i++)
        count += owner[i] == 0;
    return count;
}

static void
a_pool_does_what_a_map_of_bytes_does(void **state)
{
    struct {
        uint64_t addr;
        uint32_t size;
    } held[255] = {{0, 0}};
    rig_random random = rig_seed();
    vsk_pool pool = pool_of(3 + 255);
    (void)state;
    memset(owner, 0, sizeof owner);

    for (uint32_t step = 0; step < 20000; step++) {
        uint8_t who = (uint8_t)(1 + rig_draw(&random, 255));
        uint32_t size = 1 + rig_draw(&random, 24);
        uint32_t align = 1u << rig_draw(&random, 6);

        if (held[who - 1].size != 0) {
            assert_int_equal(
                vsk_pool_free(&pool, held[who - 1].addr, held[who - 1].size),
                VSK_OK);
            memset(owner + place_of(held[who - 1].addr), 0, held[who - 1].size);
            held[who - 1].size = 0;
        } else {
            uint32_t place = model_alloc(size, align);
            uint64_t addr;
            vsk_status status = vsk_pool_alloc(&pool, size, align, &addr);

            assert_int_equal(status, place == BYTES ? VSK_ERR_POOL : VSK_OK);
            if (status != VSK_OK)
                continue;
            assert_int_equal(addr, addr_of(place));
            memset(owner + place, who, size);
            held[who - 1].addr = addr;
            held[who - 1].size = size;
        }
        assert_int_equal(vsk_pool_available(&pool), model_available());
    }
}

static void
a_pool_reserves_what_a_map_of_bytes_does(void **state)
{
    rig_random random = rig_seed();
    (void)state;

    for (uint32_t round = 0; round < 200; round++) {
        vsk_pool pool = pool_of(3 + 64);

        memset(owner, 0, sizeof owner);
        for (uint32_t step = 0; step < 30; step++) {
            uint32_t place = rig_draw(&random, BYTES - 32);
            uint32_t size = 1 + rig_draw(&random, 32);

            /* Not across the gap: there its addresses are others. */
            if (place < 512 && place + size > 512)
                continue;
            assert_int_equal(vsk_pool_reserve(&pool, addr_of(place), size),
                             VSK_OK);
            memset(owner + place, 1, size);
            assert_int_equal(vsk_pool_available(&pool), model_available());
        }
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(all_memory_is_free_at_the_start),
        cmocka_unit_test(a_table_shorter_than_the_regions_is_refused),
        cmocka_unit_test(the_lowest_range_that_is_large_enough_is_handed_out),
        cmocka_unit_test(an_address_is_a_multiple_of_its_alignment),
        cmocka_unit_test(bytes_skipped_for_alignment_stay_free),
        cmocka_unit_test(no_range_crosses_the_edge_of_two_touching_regions),
        cmocka_unit_test(free_ranges_do_not_merge_over_an_edge),
        cmocka_unit_test(a_range_across_an_edge_is_not_taken_back),
        cmocka_unit_test(the_last_byte_of_the_address_space_is_handed_out),
        cmocka_unit_test(alignment_beyond_the_address_space_finds_nothing),
        cmocka_unit_test(a_size_of_zero_is_refused),
        cmocka_unit_test(an_alignment_of_zero_is_refused),
        cmocka_unit_test(an_alignment_that_is_no_power_of_two_is_refused),
        cmocka_unit_test(a_range_freed_twice_is_refused),
        cmocka_unit_test(a_range_with_one_free_byte_is_not_taken_back),
        cmocka_unit_test(a_range_outside_memory_is_not_taken_back),
        cmocka_unit_test(a_range_of_no_bytes_is_not_taken_back),
        cmocka_unit_test(
            a_range_freed_between_two_free_ones_makes_one_of_three),
        cmocka_unit_test(a_full_table_refuses_to_split_a_range),
        cmocka_unit_test(a_full_table_refuses_a_range_that_touches_no_other),
        cmocka_unit_test(a_reserved_range_is_not_handed_out),
        cmocka_unit_test(a_reserved_range_may_be_in_use_already),
        cmocka_unit_test(
            a_reserve_up_to_the_end_of_the_address_space_takes_the_last_byte),
        cmocka_unit_test(a_pool_does_what_a_map_of_bytes_does),
        cmocka_unit_test(a_pool_reserves_what_a_map_of_bytes_does),
    };

    return cmocka_run_group_tests_name("pool", cases, NULL, NULL);
}
