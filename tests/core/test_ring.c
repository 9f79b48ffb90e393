/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

/* 16 MiB of address space; nothing of it is touched by what is tested here.
 */
_Alignas(16) static uint8_t bytes[64];
static const vsk_region regions[] = {{0x10000, 1 << 24, bytes}};

static vsk_status
map_status(const vsk_ring *ring)
{
    vsk_ring_parts parts;
    vsk_memory memory;

    assert_int_equal(vsk_memory_init(&memory, regions, 1), VSK_OK);
    return vsk_ring_map(ring, &memory, &parts);
}

static vsk_ring
ring_of(uint32_t size)
{
    vsk_ring ring = {.size = size};

    vsk_ring_place(&ring, 0x10000);
    return ring;
}

static void
a_ring_of_8_takes_its_three_parts_and_no_padding(void **state)
{
    vsk_ring ring = ring_of(8);
    (void)state;

    /* SPLIT-BOTH-03: 128 + 22, up to a multiple of 4, + 70 */
    assert_int_equal(vsk_ring_bytes(&ring), 128 + 24 + 70);
}

static void
the_parts_are_placed_one_after_the_other(void **state)
{
    vsk_ring ring = ring_of(8);
    (void)state;

    assert_int_equal(ring.desc, 0x10000);
    assert_int_equal(ring.driver, 0x10000 + 128);
    assert_int_equal(ring.device, 0x10000 + 128 + 24);
}

static void
every_size_s_parts_fit_and_are_aligned(void **state)
{
    (void)state;

    for (uint32_t size = 1; size <= 32768; size *= 2) {
        vsk_ring ring = ring_of(size);

        /* SPLIT-BOTH-03, SPLIT-DRV-01 */
        assert_true(ring.driver >= ring.desc + 16 * (uint64_t)size);
        assert_true(ring.device >= ring.driver + 6 + 2 * (uint64_t)size);
        assert_int_equal(ring.desc + vsk_ring_bytes(&ring),
                         ring.device + 6 + 8 * (uint64_t)size);
        assert_int_equal(ring.driver % 2, 0);
        assert_int_equal(ring.device % 4, 0);
    }
}

static void
every_power_of_two_up_to_32768_is_a_size(void **state)
{
    (void)state;

    for (uint32_t size = 1; size <= 32768; size *= 2) {
        vsk_ring ring = ring_of(size);

        /* SPLIT-BOTH-04 */
        assert_int_equal(map_status(&ring), VSK_OK);
    }
}

static void
a_size_of_0_is_refused(void **state)
{
    vsk_ring ring = ring_of(8);
    (void)state;
    ring.size = 0;

    /* SPLIT-BOTH-04 */
    assert_int_equal(map_status(&ring), VSK_ERR_SIZE);
}

static void
a_size_of_3_is_refused(void **state)
{
    vsk_ring ring = ring_of(8);
    (void)state;
    ring.size = 3;

    /* SPLIT-BOTH-04 */
    assert_int_equal(map_status(&ring), VSK_ERR_SIZE);
}

static void
a_size_of_65536_is_refused(void **state)
{
    vsk_ring ring = ring_of(8);
    (void)state;
    ring.size = 65536;

    /* SPLIT-BOTH-04 */
    assert_int_equal(map_status(&ring), VSK_ERR_SIZE);
}

static void
a_descriptor_area_off_16_is_refused(void **state)
{
    vsk_ring ring = ring_of(8);
    (void)state;
    ring.desc += 8;

    /* SPLIT-DRV-01 */
    assert_int_equal(map_status(&ring), VSK_ERR_ALIGN);
}

static void
a_driver_area_off_2_is_refused(void **state)
{
    vsk_ring ring = ring_of(8);
    (void)state;
    ring.driver += 1;

    /* SPLIT-DRV-01 */
    assert_int_equal(map_status(&ring), VSK_ERR_ALIGN);
}

static void
a_device_area_off_4_is_refused(void **state)
{
    vsk_ring ring = ring_of(8);
    (void)state;
    ring.device += 2;

    /* SPLIT-DRV-01 */
    assert_int_equal(map_status(&ring), VSK_ERR_ALIGN);
}

static void
host_memory_off_4_is_refused(void **state)
{
    const vsk_region odd[] = {{0x10000, 1 << 24, bytes + 2}};
    vsk_ring ring = ring_of(8);
    vsk_ring_parts parts;
    vsk_memory memory;
    (void)state;
    assert_int_equal(vsk_memory_init(&memory, odd, 1), VSK_OK);

    assert_int_equal(vsk_ring_map(&ring, &memory, &parts), VSK_ERR_ALIGN);
}

static void
a_descriptor_area_that_ends_outside_memory_is_refused(void **state)
{
    vsk_ring ring = ring_of(8);
    (void)state;
    ring.desc = 0x10000 + (1 << 24) - 112;

    assert_int_equal(map_status(&ring), VSK_ERR_ADDRESS);
}

static void
a_driver_area_that_ends_outside_memory_is_refused(void **state)
{
    vsk_ring ring = ring_of(8);
    (void)state;
    ring.driver = 0x10000 + (1 << 24) - 20;

    /* The part's used_event is in its 22 bytes, EVENT_IDX or not. */
    assert_int_equal(map_status(&ring), VSK_ERR_ADDRESS);
}

static void
a_device_area_that_ends_outside_memory_is_refused(void **state)
{
    vsk_ring ring = ring_of(8);
    (void)state;
    ring.device = 0x10000 + (1 << 24) - 68;

    /* The part's avail_event is in its 70 bytes, EVENT_IDX or not. */
    assert_int_equal(map_status(&ring), VSK_ERR_ADDRESS);
}

static void
a_part_across_two_regions_is_refused(void **state)
{
    const vsk_region two[] = {{0x10000, 0x40, bytes}, {0x10040, 0x4000, bytes}};
    vsk_ring ring = ring_of(8);
    vsk_ring_parts parts;
    vsk_memory memory;
    (void)state;
    assert_int_equal(vsk_memory_init(&memory, two, 2), VSK_OK);

    /* SPLIT-BOTH-02 */
    assert_int_equal(vsk_ring_map(&ring, &memory, &parts), VSK_ERR_ADDRESS);
}

static void
an_unknown_ring_feature_is_refused(void **state)
{
    vsk_ring ring = ring_of(8);
    (void)state;
    ring.features = (uint64_t)1 << 36;

    assert_int_equal(map_status(&ring), VSK_ERR_FEATURES);
}

static void
a_refused_ring_leaves_the_parts_as_they_were(void **state)
{
    vsk_ring ring = ring_of(8);
    vsk_ring_parts parts = {0};
    vsk_memory memory;
    (void)state;
    ring.device = 0;
    assert_int_equal(vsk_memory_init(&memory, regions, 1), VSK_OK);

    assert_int_equal(vsk_ring_map(&ring, &memory, &parts), VSK_ERR_ADDRESS);

    assert_null(parts.desc);
}

/* What the specification says, said as it stands there: step through all
 * that was written since the last decision. */
static bool
event_was_written(uint16_t event, uint16_t now, uint16_t old)
{
    for (uint16_t i = old; i != now; i++)
        if (i == event)
            return true;
    return false;
}

static void
an_event_is_due_exactly_where_its_index_was_passed(void **state)
{
    (void)state;

    /* SPLITSUP-DEV-05, SPLITSUP-DRV-11: around 0 and around the wrap */
    for (uint32_t old = 65530; old < 65546; old++)
        for (uint32_t step = 0; step < 9; step++)
            for (uint32_t event = 65520; event < 65560; event++) {
                uint16_t now = (uint16_t)(old + step);

                assert_int_equal(
                    vsk_ring_need_event((uint16_t)event, now, (uint16_t)old),
                    event_was_written((uint16_t)event, now, (uint16_t)old));
            }
}

static void
a_place_is_aligned_in_the_guest_whatever_it_is_in_the_host(void **state)
{
    const vsk_region odd[] = {{0x10000, 0x1000, bytes},
                              {0x20001, 0x1000, bytes}};
    vsk_ring ring = ring_of(8);
    vsk_ring_parts parts;
    vsk_memory memory;
    (void)state;
    assert_int_equal(vsk_memory_init(&memory, odd, 2), VSK_OK);

    /* SPLIT-DRV-01, PACKED-DRV-13 */
    for (uint32_t i = 0; i < 2; i++) {
        vsk_ring driver = ring, device = ring;

        driver.driver = 0x20001;
        device.device = 0x20001;
        assert_int_equal(vsk_ring_map(&driver, &memory, &parts), VSK_ERR_ALIGN);
        assert_int_equal(vsk_ring_map(&device, &memory, &parts), VSK_ERR_ALIGN);
        ring.features = VSK_F_RING_PACKED;
    }
}

static void
split_descriptors_may_stand_anywhere_in_the_host(void **state)
{
    const vsk_region odd[] = {{0x10000, 0x1000, bytes + 1},
                              {0x20000, 0x1000, bytes}};
    vsk_ring ring = ring_of(8);
    vsk_ring_parts parts;
    vsk_memory memory;
    (void)state;
    assert_int_equal(vsk_memory_init(&memory, odd, 2), VSK_OK);
    ring.driver = 0x20000;
    ring.device = 0x20100;

    /* They are copied whole; only areas with numbers of their own are not. */
    assert_int_equal(vsk_ring_map(&ring, &memory, &parts), VSK_OK);
}

/* ---- packed ---- */

static vsk_ring
packed_of(uint32_t size)
{
    vsk_ring ring = {.size = size, .features = VSK_F_RING_PACKED};

    vsk_ring_place(&ring, 0x10000);
    return ring;
}

static void
a_packed_ring_is_descriptors_and_two_event_areas(void **state)
{
    vsk_ring ring = packed_of(3);
    uint64_t parts[3];
    (void)state;

    vsk_ring_part_bytes(&ring, parts);

    /* PACKED-BOTH-03, PACKED-BOTH-09 */
    assert_int_equal(parts[0], 48);
    assert_int_equal(parts[1], 4);
    assert_int_equal(parts[2], 4);
    assert_int_equal(vsk_ring_bytes(&ring), 56);
    assert_int_equal(ring.driver, 0x10000 + 48);
    assert_int_equal(ring.device, 0x10000 + 52);
}

static void
every_number_up_to_32768_is_a_size_of_a_packed_ring(void **state)
{
    (void)state;

    for (uint32_t size = 1; size <= 32768; size++) {
        vsk_ring ring = packed_of(size);

        /* PACKED-BOTH-02 */
        assert_int_equal(map_status(&ring), VSK_OK);
    }
}

static void
a_packed_ring_of_0_or_32769_is_refused(void **state)
{
    vsk_ring none = packed_of(0), many = packed_of(32769);
    (void)state;

    /* PACKED-BOTH-02 */
    assert_int_equal(map_status(&none), VSK_ERR_SIZE);
    assert_int_equal(map_status(&many), VSK_ERR_SIZE);
}

static void
a_size_that_a_packed_ring_may_have_a_split_one_may_not(void **state)
{
    vsk_ring ring = packed_of(255);
    (void)state;
    assert_int_equal(map_status(&ring), VSK_OK);
    ring.features = 0;

    /* PACKED-BOTH-01, SPLIT-BOTH-04 */
    assert_int_equal(map_status(&ring), VSK_ERR_SIZE);
}

static void
a_packed_ring_s_parts_are_aligned(void **state)
{
    (void)state;

    /* PACKED-DRV-13, PACKED-BOTH-09 */
    for (uint32_t off = 1; off < 16; off++) {
        vsk_ring desc = packed_of(8), driver = desc, device = desc;

        desc.desc += off;
        driver.driver += off;
        device.device += off;
        assert_int_equal(map_status(&desc), VSK_ERR_ALIGN);
        assert_int_equal(map_status(&driver),
                         off % 4 == 0 ? VSK_OK : VSK_ERR_ALIGN);
        assert_int_equal(map_status(&device),
                         off % 4 == 0 ? VSK_OK : VSK_ERR_ALIGN);
    }
}

static void
host_memory_of_a_packed_ring_off_4_is_refused(void **state)
{
    const vsk_region odd[] = {{0x10000, 0x1000, bytes + 2},
                              {0x20000, 0x1000, bytes}};
    vsk_ring ring = packed_of(8);
    vsk_ring_parts parts;
    vsk_memory memory;
    (void)state;
    assert_int_equal(vsk_memory_init(&memory, odd, 2), VSK_OK);
    ring.driver = 0x20000;
    ring.device = 0x20004;

    assert_int_equal(vsk_ring_map(&ring, &memory, &parts), VSK_ERR_ALIGN);
    ring.desc = 0x20000;
    ring.driver = 0x10000;
    assert_int_equal(vsk_ring_map(&ring, &memory, &parts), VSK_ERR_ALIGN);
    ring.driver = 0x20000;
    ring.device = 0x10000;
    assert_int_equal(vsk_ring_map(&ring, &memory, &parts), VSK_ERR_ALIGN);
    ring.device = 0x20004;
    assert_int_equal(vsk_ring_map(&ring, &memory, &parts), VSK_OK);
}

static void
an_event_area_that_ends_outside_memory_is_refused(void **state)
{
    vsk_ring driver = packed_of(8), device = driver;
    (void)state;
    driver.driver = 0x10000 + (1 << 24);
    device.device = 0x10000 + (1 << 24);

    assert_int_equal(map_status(&driver), VSK_ERR_ADDRESS);
    assert_int_equal(map_status(&device), VSK_ERR_ADDRESS);
    driver.driver -= 4;
    assert_int_equal(map_status(&driver), VSK_OK);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_ring_of_8_takes_its_three_parts_and_no_padding),
        cmocka_unit_test(the_parts_are_placed_one_after_the_other),
        cmocka_unit_test(every_size_s_parts_fit_and_are_aligned),
        cmocka_unit_test(every_power_of_two_up_to_32768_is_a_size),
        cmocka_unit_test(a_size_of_0_is_refused),
        cmocka_unit_test(a_size_of_3_is_refused),
        cmocka_unit_test(a_size_of_65536_is_refused),
        cmocka_unit_test(a_descriptor_area_off_16_is_refused),
        cmocka_unit_test(a_driver_area_off_2_is_refused),
        cmocka_unit_test(a_device_area_off_4_is_refused),
        cmocka_unit_test(host_memory_off_4_is_refused),
        cmocka_unit_test(a_descriptor_area_that_ends_outside_memory_is_refused),
        cmocka_unit_test(a_driver_area_that_ends_outside_memory_is_refused),
        cmocka_unit_test(a_device_area_that_ends_outside_memory_is_refused),
        cmocka_unit_test(a_part_across_two_regions_is_refused),
        cmocka_unit_test(an_unknown_ring_feature_is_refused),
        cmocka_unit_test(a_refused_ring_leaves_the_parts_as_they_were),
        cmocka_unit_test(an_event_is_due_exactly_where_its_index_was_passed),
        cmocka_unit_test(
            a_place_is_aligned_in_the_guest_whatever_it_is_in_the_host),
        cmocka_unit_test(split_descriptors_may_stand_anywhere_in_the_host),
        cmocka_unit_test(a_packed_ring_is_descriptors_and_two_event_areas),
        cmocka_unit_test(every_number_up_to_32768_is_a_size_of_a_packed_ring),
        cmocka_unit_test(a_packed_ring_of_0_or_32769_is_refused),
        cmocka_unit_test(
            a_size_that_a_packed_ring_may_have_a_split_one_may_not),
        cmocka_unit_test(a_packed_ring_s_parts_are_aligned),
        cmocka_unit_test(host_memory_of_a_packed_ring_off_4_is_refused),
        cmocka_unit_test(an_event_area_that_ends_outside_memory_is_refused),
    };

    return cmocka_run_group_tests_name("ring", cases, NULL, NULL);
}
