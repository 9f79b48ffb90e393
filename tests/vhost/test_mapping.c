/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "socket_rig.h"

#include <sys/mman.h>

#include "vhost/mapping.h"

#define PAGE 4096u
#define USER UINT64_C(0x7f0000000000)

/* A file of four pages; byte i of it is the number of its page. */
struct share {
    int fd;
    uint32_t held;
    vsk_mappings mappings;
};

static int
set_up(void **state)
{
    struct share *share = calloc(1, sizeof *share);
    uint8_t page[PAGE];

    assert_non_null(share);
    share->held = rig_fds();
    share->fd = memfd_create("test", MFD_CLOEXEC);
    for (uint8_t i = 0; i < 4; i++) {
        memset(page, i, sizeof page);
        assert_int_equal(write(share->fd, page, sizeof page), sizeof page);
    }
    *state = share;
    return 0;
}

static int
tear_down(void **state)
{
    struct share *share = *state;

    vsk_mappings_clear(&share->mappings);
    vsk_mappings_clear(&share->mappings);
    (void)close(share->fd);
    assert_int_equal(rig_fds(), share->held);
    free(share);
    return 0;
}

static vsk_shared_region
region_of(uint64_t guest, uint64_t size, uint64_t user, uint64_t offset)
{
    return (vsk_shared_region){guest, size, user, offset};
}

static vsk_mapping *
map(struct share *share, uint64_t guest, uint64_t size, uint64_t user,
    uint64_t offset)
{
    vsk_shared_region region = region_of(guest, size, user, offset);
    vsk_mapping *mapping = NULL;

    assert_int_equal(vsk_mapping_new(&region, share->fd, &mapping), VSK_OK);
    return mapping;
}

static vsk_status
refused(struct share *share, uint64_t guest, uint64_t size, uint64_t user,
        uint64_t offset)
{
    vsk_shared_region region = region_of(guest, size, user, offset);
    vsk_mapping *mapping = NULL;
    vsk_status status = vsk_mapping_new(&region, share->fd, &mapping);

    assert_null(mapping);
    return status;
}

/* Map and put into the table; a mapping that it refuses goes. */
static vsk_status
add(struct share *share, uint64_t guest, uint64_t size, uint64_t user)
{
    vsk_mapping *mapping = map(share, guest, size, user, 0);
    vsk_status status = vsk_mappings_add(&share->mappings, mapping);

    if (status != VSK_OK)
        vsk_mapping_unref(mapping);
    return status;
}

/* ---- one mapping ---- */

static void
a_mapping_shows_the_file_from_its_offset(void **state)
{
    struct share *share = *state;
    vsk_mapping *mapping = map(share, 0, 2 * PAGE, USER, PAGE);

    /* VHU-BE-28 */
    assert_int_equal(mapping->base[0], 1);
    assert_int_equal(mapping->base[2 * PAGE - 1], 2);
    vsk_mapping_unref(mapping);
}

static void
an_offset_need_not_be_a_pages(void **state)
{
    struct share *share = *state;
    vsk_mapping *mapping = map(share, 0, 2, USER, 2 * PAGE - 1);

    /* VHU-BE-28 */
    assert_int_equal(mapping->base[0], 1);
    assert_int_equal(mapping->base[1], 2);
    vsk_mapping_unref(mapping);
}

static void
what_is_written_is_in_the_file(void **state)
{
    struct share *share = *state;
    vsk_mapping *mapping = map(share, 0, PAGE, USER, 3 * PAGE);
    uint8_t byte = 0;

    mapping->base[5] = 99;

    assert_int_equal(pread(share->fd, &byte, 1, 3 * PAGE + 5), 1);
    assert_int_equal(byte, 99);
    vsk_mapping_unref(mapping);
}

static void
a_mapping_outlives_its_descriptor(void **state)
{
    struct share *share = *state;
    vsk_mapping *mapping = map(share, 0, PAGE, USER, PAGE);
    int fd = share->fd;

    share->fd = dup(fd);
    (void)close(fd);

    assert_int_equal(mapping->base[0], 1);
    vsk_mapping_unref(mapping);
}

static void
what_goes_beyond_the_file_is_refused(void **state)
{
    struct share *share = *state;
    const uint64_t ranges[][2] = {
        {4 * PAGE + 1, 0},      {PAGE, 3 * PAGE + 1},          {1, 4 * PAGE},
        {1, UINT64_MAX},        {PAGE, UINT64_MAX - PAGE + 1}, {UINT64_MAX, 1},
        {UINT64_C(1) << 63, 0}, {(UINT64_C(1) << 63) - 1, 0},  {PAGE, 5 * PAGE},
    };

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        assert_int_equal(refused(share, 0, ranges[i][0], 0, ranges[i][1]),
                         VSK_BAD_REGION);
}

static void
an_empty_region_is_refused(void **state)
{
    struct share *share = *state;

    assert_int_equal(refused(share, 0, 0, USER, 0), VSK_BAD_REGION);
    assert_int_equal(refused(share, 0, 0, USER, 8), VSK_BAD_REGION);
}

static void
addresses_end_at_2_64_and_no_later(void **state)
{
    struct share *share = *state;
    uint64_t last = UINT64_MAX - PAGE + 1;

    assert_int_equal(refused(share, last + 1, PAGE, USER, 0), VSK_BAD_REGION);
    assert_int_equal(refused(share, 0, PAGE, last + 1, 0), VSK_BAD_REGION);
    vsk_mapping_unref(map(share, last, PAGE, last, 0));
}

static void
what_cannot_be_mapped_is_refused(void **state)
{
    struct share *share = *state;
    vsk_shared_region region = region_of(0, PAGE, USER, 0);
    vsk_mapping *mapping = NULL;
    char path[64];
    int ends[2], reader;

    rig_pair(SOCK_STREAM, ends);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", share->fd);
    reader = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(reader >= 0);

    assert_int_equal(vsk_mapping_new(&region, ends[0], &mapping),
                     VSK_BAD_REGION);
    assert_int_equal(vsk_mapping_new(&region, reader, &mapping),
                     VSK_BAD_REGION);
    assert_int_equal(vsk_mapping_new(&region, -1, &mapping), VSK_BAD_REGION);
    assert_null(mapping);
    (void)close(ends[0]);
    (void)close(ends[1]);
    (void)close(reader);
}

/* ---- own memory ---- */

static void
own_memory_is_zeroed_and_cannot_be_cut(void **state)
{
    vsk_mapping *mapping = NULL;
    int fd = -1;
    (void)state;

    assert_int_equal(vsk_mapping_create(0x10000, 2 * PAGE, &fd, &mapping),
                     VSK_OK);

    assert_int_equal(mapping->region.guest, 0x10000);
    assert_int_equal(mapping->region.user, (uintptr_t)mapping->base);
    for (uint32_t i = 0; i < 2 * PAGE; i++)
        assert_int_equal(mapping->base[i], 0);
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_int_equal(ftruncate(fd, 3 * PAGE), -1);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    (void)close(fd);
    vsk_mapping_unref(mapping);
}

static void
own_memory_begins_and_ends_with_a_page(void **state)
{
    const uint64_t bad[][2] = {
        {0, 0},
        {0, 1},
        {0, PAGE + 1},
        {1, PAGE},
        {UINT64_MAX - 4095, 8192},
        {0, ~(uint64_t)INT64_MAX},
    };
    vsk_mapping *mapping = NULL;
    int fd = -1;
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(
            vsk_mapping_create(bad[i][0], bad[i][1], &fd, &mapping),
            VSK_ERR_REGION);
    assert_int_equal(fd, -1);
    assert_null(mapping);
}

static void
memory_that_nobody_has_leaves_no_descriptor(void **state)
{
    vsk_mapping *mapping = NULL;
    int fd = -1;
    (void)state;

    assert_int_equal(vsk_mapping_create(0, UINT64_C(1) << 62, &fd, &mapping),
                     VSK_ERR_SYSTEM);

    assert_int_equal(fd, -1); /* tear_down counts */
}

/* ---- the table ---- */

static void
regions_are_kept_by_guest_address(void **state)
{
    struct share *share = *state;
    vsk_memory memory;

    assert_int_equal(add(share, 0x8000, PAGE, USER), VSK_OK);
    assert_int_equal(add(share, 0x2000, PAGE, USER + 0x4000), VSK_OK);
    assert_int_equal(add(share, 0x5000, PAGE, USER + 0x8000), VSK_OK);

    /* VHU-BOTH-08 */
    assert_int_equal(share->mappings.count, 3);
    assert_int_equal(share->mappings.regions[0].addr, 0x2000);
    assert_int_equal(share->mappings.regions[1].addr, 0x5000);
    assert_int_equal(share->mappings.regions[2].addr, 0x8000);
    assert_int_equal(vsk_memory_init(&memory, share->mappings.regions, 3),
                     VSK_OK);
}

static void
guest_addresses_may_touch_and_not_overlap(void **state)
{
    struct share *share = *state;

    assert_int_equal(add(share, 0x4000, 2 * PAGE, USER), VSK_OK);

    assert_int_equal(add(share, 0x4000, PAGE, 0), VSK_BAD_REGION);
    assert_int_equal(add(share, 0x5fff, PAGE, 0), VSK_BAD_REGION);
    assert_int_equal(add(share, 0x3001, PAGE, 0), VSK_BAD_REGION);
    assert_int_equal(add(share, 0x3000, 4 * PAGE, 0), VSK_BAD_REGION);
    assert_int_equal(add(share, 0x3000, PAGE, 0), VSK_OK);
    assert_int_equal(add(share, 0x6000, PAGE, 0x10000), VSK_OK);
}

static void
user_addresses_may_touch_and_not_overlap(void **state)
{
    struct share *share = *state;

    /* VHU-BOTH-07 */
    assert_int_equal(add(share, 0x4000, 2 * PAGE, USER), VSK_OK);

    assert_int_equal(add(share, 0x10000, PAGE, USER), VSK_BAD_REGION);
    assert_int_equal(add(share, 0x10000, PAGE, USER + 2 * PAGE - 1),
                     VSK_BAD_REGION);
    assert_int_equal(add(share, 0x10000, PAGE, USER - PAGE + 1),
                     VSK_BAD_REGION);
    assert_int_equal(add(share, 0x10000, PAGE, USER + 2 * PAGE), VSK_OK);
    assert_int_equal(add(share, 0x20000, PAGE, USER - PAGE), VSK_OK);
}

static void
a_region_that_ends_at_2_64_overlaps_like_any_other(void **state)
{
    struct share *share = *state;
    uint64_t last = UINT64_MAX - PAGE + 1;
    uint64_t found;

    assert_int_equal(add(share, last, PAGE, last), VSK_OK);

    assert_int_equal(add(share, last, PAGE, USER), VSK_BAD_REGION);
    assert_int_equal(add(share, last - 1, PAGE, USER), VSK_BAD_REGION);
    assert_int_equal(add(share, 0, PAGE, 0), VSK_OK);
    assert_int_equal(vsk_mappings_guest(&share->mappings, UINT64_MAX, &found),
                     VSK_OK);
    assert_int_equal(found, UINT64_MAX);
}

static void
the_table_takes_64_regions(void **state)
{
    struct share *share = *state;

    for (uint32_t i = 0; i < VSK_MAPPING_SLOTS; i++)
        assert_int_equal(
            add(share, (63 - i) * 0x10000, PAGE, USER + i * 0x10000), VSK_OK);

    assert_int_equal(add(share, 0x800000, PAGE, 0x800000), VSK_ERR_TABLE);
    for (uint32_t i = 0; i < VSK_MAPPING_SLOTS; i++)
        assert_int_equal(share->mappings.regions[i].addr, i * 0x10000);
}

static void
a_region_goes_by_guest_user_and_size(void **state)
{
    struct share *share = *state;
    vsk_shared_region region = region_of(0x4000, PAGE, USER, 77);
    vsk_shared_region other;

    assert_int_equal(add(share, 0x4000, PAGE, USER), VSK_OK);
    assert_int_equal(add(share, 0x8000, PAGE, USER + 0x10000), VSK_OK);

    /* VHU-BE-44 */
    other = region_of(0x4001, PAGE, USER, 0);
    assert_int_equal(vsk_mappings_remove(&share->mappings, &other),
                     VSK_BAD_REGION);
    other = region_of(0x4000, PAGE + 1, USER, 0);
    assert_int_equal(vsk_mappings_remove(&share->mappings, &other),
                     VSK_BAD_REGION);
    other = region_of(0x4000, PAGE, USER + 1, 0);
    assert_int_equal(vsk_mappings_remove(&share->mappings, &other),
                     VSK_BAD_REGION);
    assert_int_equal(vsk_mappings_remove(&share->mappings, &region), VSK_OK);
    assert_int_equal(vsk_mappings_remove(&share->mappings, &region),
                     VSK_BAD_REGION);
    assert_int_equal(share->mappings.count, 1);
    assert_int_equal(share->mappings.regions[0].addr, 0x8000);
}

static void
a_reference_outlives_the_table(void **state)
{
    struct share *share = *state;
    vsk_mapping *mapping = map(share, 0, PAGE, USER, PAGE);

    assert_int_equal(vsk_mappings_add(&share->mappings, mapping), VSK_OK);
    assert_ptr_equal(vsk_mapping_ref(mapping), mapping);

    vsk_mappings_clear(&share->mappings);

    assert_int_equal(mapping->references, 1);
    assert_int_equal(mapping->base[0], 1);
    vsk_mapping_unref(mapping);
    vsk_mapping_unref(NULL);
}

static void
the_last_reference_unmaps(void **state)
{
    struct share *share = *state;
    vsk_mapping *mapping = map(share, 0, PAGE, USER, PAGE - 1);
    void *start = mapping->start;
    unsigned char there[2];

    assert_int_equal(mincore(start, 2 * PAGE, there), 0);

    vsk_mapping_unref(mapping);

    assert_int_equal(mincore(start, 2 * PAGE, there), -1);
    assert_int_equal(errno, ENOMEM);
}

static void
addresses_are_found_within_their_region_only(void **state)
{
    struct share *share = *state;
    const vsk_mappings *mappings = &share->mappings;
    uint64_t found = 5;

    assert_int_equal(add(share, 0x4000, PAGE, USER), VSK_OK);
    assert_int_equal(add(share, 0x9000, PAGE, USER + 0x10000), VSK_OK);

    /* VHU-BOTH-07 VHU-BOTH-08 */
    assert_int_equal(vsk_mappings_guest(mappings, USER - 1, &found),
                     VSK_BAD_REGION);
    assert_int_equal(vsk_mappings_guest(mappings, USER + PAGE, &found),
                     VSK_BAD_REGION);
    assert_int_equal(vsk_mappings_user(mappings, 0x3fff, &found),
                     VSK_BAD_REGION);
    assert_int_equal(vsk_mappings_user(mappings, 0xa000, &found),
                     VSK_BAD_REGION);
    assert_int_equal(found, 5);
    assert_int_equal(vsk_mappings_guest(mappings, USER + 0x10fff, &found),
                     VSK_OK);
    assert_int_equal(found, 0x9fff);
    assert_int_equal(vsk_mappings_user(mappings, 0x4001, &found), VSK_OK);
    assert_int_equal(found, USER + 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_mapping_shows_the_file_from_its_offset),
        CASE(an_offset_need_not_be_a_pages),
        CASE(what_is_written_is_in_the_file),
        CASE(a_mapping_outlives_its_descriptor),
        CASE(what_goes_beyond_the_file_is_refused),
        CASE(an_empty_region_is_refused),
        CASE(addresses_end_at_2_64_and_no_later),
        CASE(what_cannot_be_mapped_is_refused),
        CASE(own_memory_is_zeroed_and_cannot_be_cut),
        CASE(own_memory_begins_and_ends_with_a_page),
        CASE(memory_that_nobody_has_leaves_no_descriptor),
        CASE(regions_are_kept_by_guest_address),
        CASE(guest_addresses_may_touch_and_not_overlap),
        CASE(user_addresses_may_touch_and_not_overlap),
        CASE(a_region_that_ends_at_2_64_overlaps_like_any_other),
        CASE(the_table_takes_64_regions),
        CASE(a_region_goes_by_guest_user_and_size),
        CASE(a_reference_outlives_the_table),
        CASE(the_last_reference_unmaps),
        CASE(addresses_are_found_within_their_region_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
