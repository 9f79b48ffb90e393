/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vsk/image.h"

static vsk_range regions[] = {{0x1000, 0x2000}, {0x8000000000000000, 16}};
static vsk_image_ring rings[] = {{
    .ring = {0x0102030405060708, 0x1112131415161718, 0x2122232425262728,
             0x0000000030000000, 256},
    .driver = {0x3132, 0x3334, 0x3536},
    .device = {0x4142, 0x4344, 0x4546},
}};
static const vsk_image image = {regions, rings, 2, 1};

#define BYTES (16u + 2 * 16u + 48u)

/* The same, as bytes. */
static const uint8_t golden[BYTES] = {
    'V',  'S',  'K',  'I',  'M',  'G',  '0',  '1',  2,    0,    0,    0,
    1,    0,    0,    0,    0,    0x10, 0,    0,    0,    0,    0,    0,
    0,    0x20, 0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
    0,    0,    0,    0x80, 16,   0,    0,    0,    0,    0,    0,    0,
    8,    7,    6,    5,    4,    3,    2,    1,    0x18, 0x17, 0x16, 0x15,
    0x14, 0x13, 0x12, 0x11, 0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21,
    0,    0,    0,    0x30, 0,    0,    0,    0,    0,    1,    0,    0,
    0x32, 0x31, 0x34, 0x33, 0x36, 0x35, 0x42, 0x41, 0x44, 0x43, 0x46, 0x45,
};

static void
the_size_counts_head_regions_and_rings(void **state)
{
    (void)state;

    assert_int_equal(vsk_image_bytes(&image), BYTES);
}

static void
the_size_of_the_largest_counts_does_not_overflow(void **state)
{
    const vsk_image most = {NULL, NULL, UINT32_MAX, UINT32_MAX};
    (void)state;

    assert_int_equal(vsk_image_bytes(&most), 16 + UINT32_MAX * (uint64_t)64);
}

static void
encoding_gives_the_golden_bytes(void **state)
{
    uint8_t wire[BYTES + 1];
    (void)state;
    memset(wire, RIG_FILL, sizeof wire);

    assert_int_equal(vsk_image_encode(&image, wire, BYTES), VSK_OK);

    assert_memory_equal(wire, golden, BYTES);
    assert_int_equal(wire[BYTES], RIG_FILL);
}

static void
encoding_into_too_little_room_writes_nothing(void **state)
{
    uint8_t wire[BYTES];
    (void)state;
    memset(wire, RIG_FILL, sizeof wire);

    assert_int_equal(vsk_image_encode(&image, wire, BYTES - 1), VSK_ERR_SPACE);

    for (size_t i = 0; i < BYTES; i++)
        assert_int_equal(wire[i], RIG_FILL);
}

static void
the_counts_are_read_first(void **state)
{
    vsk_image read = {0};
    (void)state;

    assert_int_equal(vsk_image_counts(&read, golden), VSK_OK);

    assert_int_equal(read.region_count, 2);
    assert_int_equal(read.ring_count, 1);
}

static void
regions_and_rings_are_read_back(void **state)
{
    vsk_range read_regions[2];
    vsk_image_ring read_rings[1];
    vsk_image read = {read_regions, read_rings, 2, 1};
    uint8_t again[BYTES];
    (void)state;

    vsk_image_decode(&read, golden);

    assert_int_equal(read_regions[1].addr, 0x8000000000000000);
    assert_int_equal(read_rings[0].ring.size, 256);
    assert_int_equal(read_rings[0].device.notified, 0x4546);
    assert_int_equal(vsk_image_encode(&read, again, BYTES), VSK_OK);
    assert_memory_equal(again, golden, BYTES);
}

static void
every_wrong_byte_of_the_magic_is_refused(void **state)
{
    (void)state;

    for (size_t i = 0; i < 8; i++) {
        uint8_t wire[BYTES];
        vsk_image read = {0};

        memcpy(wire, golden, BYTES);
        wire[i] ^= 1;
        assert_int_equal(vsk_image_counts(&read, wire), VSK_ERR_IMAGE);
    }
}

static void
an_absurd_number_of_regions_is_refused(void **state)
{
    uint8_t wire[BYTES];
    vsk_image read = {.region_count = 7, .ring_count = 7};
    (void)state;
    memcpy(wire, golden, BYTES);
    wire[11] = 0x80;

    assert_int_equal(vsk_image_counts(&read, wire), VSK_ERR_IMAGE);

    assert_int_equal(read.region_count, 7);
}

static void
an_absurd_number_of_rings_is_refused(void **state)
{
    uint8_t wire[BYTES];
    vsk_image read = {0};
    (void)state;
    memcpy(wire, golden, BYTES);
    wire[15] = 0x80;

    assert_int_equal(vsk_image_counts(&read, wire), VSK_ERR_IMAGE);
}

/* A ring saved with chains on it, and opened in another memory. */
static void
a_queue_goes_on_in_a_memory_that_was_loaded(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH), *loaded = rig_new(8, RIG_BOTH);
    vsk_image_ring ring = {.ring = rig->ring};
    vsk_range range = {RIG_RING, rig->regions[0].size};
    vsk_image saved = {&range, &ring, 1, 1};
    vsk_image_ring read_ring;
    vsk_image read = {&range, &read_ring, 1, 1};
    uint8_t wire[128];
    uint16_t head;
    vsk_used used;
    (void)state;
    rig_add_one(rig, 1);
    rig_complete_one(rig);
    assert_int_equal(vsk_queue_reap(&rig->driver, &used), VSK_OK);
    head = rig_add_one(rig, 2);
    ring.driver = vsk_queue_driver_state(&rig->driver);
    assert_int_equal(vsk_queue_device_state(&rig->device, &ring.device),
                     VSK_OK);

    assert_int_equal(vsk_image_encode(&saved, wire, sizeof wire), VSK_OK);
    vsk_image_decode(&read, wire);
    memcpy(loaded->regions[0].base, rig->regions[0].base, range.size);
    assert_int_equal(vsk_queue_driver_open(&loaded->driver, &loaded->memory,
                                           &read_ring.ring, loaded->slots,
                                           &read_ring.driver),
                     VSK_OK);
    assert_int_equal(vsk_queue_device_init(&loaded->device, &loaded->memory,
                                           &read_ring.ring, &read_ring.device),
                     VSK_OK);

    rig_complete_one(loaded);
    assert_int_equal(vsk_queue_reap(&loaded->driver, &used), VSK_OK);
    assert_int_equal(used.head, head);
    rig_free(rig);
    rig_free(loaded);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(the_size_counts_head_regions_and_rings),
        cmocka_unit_test(the_size_of_the_largest_counts_does_not_overflow),
        cmocka_unit_test(encoding_gives_the_golden_bytes),
        cmocka_unit_test(encoding_into_too_little_room_writes_nothing),
        cmocka_unit_test(the_counts_are_read_first),
        cmocka_unit_test(regions_and_rings_are_read_back),
        cmocka_unit_test(every_wrong_byte_of_the_magic_is_refused),
        cmocka_unit_test(an_absurd_number_of_regions_is_refused),
        cmocka_unit_test(an_absurd_number_of_rings_is_refused),
        cmocka_unit_test(a_queue_goes_on_in_a_memory_that_was_loaded),
    };

    return cmocka_run_group_tests_name("image", cases, NULL, NULL);
}
