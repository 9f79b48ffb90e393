/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Both ends of a packed ring saved, and opened again where they stood. */
#include "rig.h"

#define PACKED VSK_F_RING_PACKED
#define BOTH (VSK_F_RING_PACKED | RIG_BOTH)

static const vsk_buffer mixed[] = {{RIG_DATA + 0x10, 44, false},
                                   {RIG_DATA + 0x50, 5, false},
                                   {RIG_DATA + 0x90, 100, true}};

static vsk_status
open_status(struct rig *rig, uint16_t avail, uint16_t used, uint16_t notified)
{
    const vsk_ring_state state = {avail, used, notified};

    memset(rig->slots, RIG_FILL, rig->ring.size * sizeof *rig->slots);
    return vsk_queue_driver_open(&rig->driver, &rig->memory, &rig->ring,
                                 rig->slots, &state);
}

static vsk_status
init_status(struct rig *rig, uint16_t avail, uint16_t used, uint16_t notified)
{
    const vsk_ring_state state = {avail, used, notified};

    memset(&rig->device, RIG_FILL, sizeof rig->device);
    return vsk_queue_device_init(&rig->device, &rig->memory, &rig->ring,
                                 &state);
}

static void
reopen_driver(struct rig *rig)
{
    vsk_ring_state saved = vsk_queue_driver_state(&rig->driver);

    assert_int_equal(open_status(rig, saved.avail, saved.used, saved.notified),
                     VSK_OK);
}

static void
reopen_device(struct rig *rig)
{
    vsk_ring_state saved;

    assert_int_equal(vsk_queue_device_state(&rig->device, &saved), VSK_OK);
    assert_int_equal(init_status(rig, saved.avail, saved.used, saved.notified),
                     VSK_OK);
}

/* So many chains of one descriptor go there and back. */
static void
pass(struct rig *rig, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        rig_add_one(rig, i);
        rig_complete_one(rig);
        rig_reap(rig);
    }
}

static uint16_t
add_list(struct rig *rig, uint32_t count, uint64_t token)
{
    vsk_buffer buffers[8];

    assert_true(count <= 8);
    for (uint32_t i = 0; i < count; i++)
        buffers[i] = (vsk_buffer){RIG_DATA + i, 1, false};
    return rig_add(rig, buffers, count, 0, token);
}

static void
a_new_ring_begins_at_slot_0_of_lap_1(void **state)
{
    struct rig *rig = rig_new(3, PACKED);
    vsk_ring_state driver = vsk_queue_driver_state(&rig->driver), device;
    (void)state;

    /* PACKED-BOTH-04 */
    assert_int_equal(driver.avail, 0x8000);
    assert_int_equal(driver.used, 0x8000);
    assert_int_equal(vsk_queue_device_state(&rig->device, &device), VSK_OK);
    assert_int_equal(device.avail, 0x8000);
    assert_int_equal(device.used, 0x8000);
    rig_free(rig);
}

static void
a_slot_outside_the_ring_is_refused_at_both_ends(void **state)
{
    static const uint16_t slots[] = {3, 4, 0x7fff};
    struct rig *rig = rig_new(3, PACKED);
    (void)state;

    for (uint32_t i = 0; i < 3; i++)
        for (uint16_t wrap = 0; wrap < 2; wrap++) {
            uint16_t place = slots[i] | (uint16_t)(wrap << 15);

            assert_int_equal(open_status(rig, place, 0, 0), VSK_ERR_ARGUMENT);
            assert_int_equal(open_status(rig, 0, place, 0), VSK_ERR_ARGUMENT);
            assert_int_equal(init_status(rig, place, 0, 0), VSK_ERR_ARGUMENT);
            assert_int_equal(init_status(rig, 0, place, 0), VSK_ERR_ARGUMENT);
        }
    rig_free(rig);
}

static void
the_last_slot_of_the_ring_is_accepted_at_both_ends(void **state)
{
    struct rig *rig = rig_new(3, PACKED);
    (void)state;

    assert_int_equal(open_status(rig, 2, 2, 3), VSK_OK);
    assert_int_equal(open_status(rig, 0x8002, 0x8002, 3), VSK_OK);
    assert_int_equal(init_status(rig, 2, 2, 3), VSK_OK);
    assert_int_equal(init_status(rig, 0x8002, 0x8002, 3), VSK_OK);
    rig_free(rig);
}

static void
more_to_tell_of_than_the_ring_has_is_refused_at_both_ends(void **state)
{
    struct rig *rig = rig_new(3, PACKED);
    (void)state;

    assert_int_equal(open_status(rig, 0, 0, 4), VSK_ERR_ARGUMENT);
    assert_int_equal(init_status(rig, 0, 0, 4), VSK_ERR_ARGUMENT);
    rig_free(rig);
}

static void
a_driver_needs_a_state_to_open_a_packed_ring(void **state)
{
    struct rig *rig = rig_new(3, PACKED);
    (void)state;

    assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory,
                                           &rig->ring, rig->slots, NULL),
                     VSK_ERR_ARGUMENT);
    rig_free(rig);
}

static void
a_misplaced_ring_is_refused_at_both_ends(void **state)
{
    struct rig *rig = rig_new(3, PACKED);
    const vsk_ring_state start = {VSK_RING_START, VSK_RING_START, 0};
    vsk_ring ring = rig->ring;
    (void)state;
    ring.driver += 2;

    /* PACKED-DRV-13 */
    assert_int_equal(
        vsk_queue_driver_init(&rig->driver, &rig->memory, &ring, rig->slots),
        VSK_ERR_ALIGN);
    assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory, &ring,
                                           rig->slots, &start),
                     VSK_ERR_ALIGN);
    assert_int_equal(
        vsk_queue_device_init(&rig->device, &rig->memory, &ring, NULL),
        VSK_ERR_ALIGN);
    rig_free(rig);
}

static void
both_ends_go_on_at_every_place(void **state)
{
    (void)state;

    for (uint32_t size = 1; size <= 8; size++)
        for (uint32_t length = 1; length <= size; length++) {
            struct rig *rig = rig_new(size, BOTH);

            for (uint32_t i = 0; i < 4 * size; i++) {
                uint16_t id;

                reopen_driver(rig);
                reopen_device(rig);
                id = add_list(rig, length, i);
                reopen_driver(rig);
                reopen_device(rig);
                rig_complete_one(rig);
                reopen_driver(rig);
                reopen_device(rig);
                assert_int_equal(rig_reap(rig).head, id);
                assert_int_equal(rig_reap_status(rig), VSK_NONE);
                assert_int_equal(rig->driver.ring.free_count, size);
            }
            rig_free(rig);
        }
}

static void
a_driver_opened_again_finds_its_lists_by_their_ids(void **state)
{
    (void)state;

    for (uint32_t first = 0; first < 14; first++) {
        struct rig *rig = rig_new(7, BOTH);
        uint16_t ids[3];

        pass(rig, first);
        ids[0] = rig_add(rig, mixed, 3, 0, 1);
        ids[1] = rig_add(rig, mixed, 3, 3, 2);
        ids[2] = add_list(rig, 2, 3);
        reopen_driver(rig);
        assert_int_equal(rig->driver.ring.outstanding, 3);
        assert_int_equal(rig->driver.ring.free_count, 1);
        assert_int_equal(vsk_queue_push(&rig->device, rig_pop(rig), 100),
                         VSK_OK);
        rig_complete_one(rig);
        rig_complete_one(rig);
        for (uint32_t i = 0; i < 3; i++) {
            vsk_used used = rig_reap(rig);

            assert_int_equal(used.head, ids[i]);
            assert_int_equal(used.token, 0);
            assert_int_equal(used.status, VSK_OK);
            assert_int_equal(used.written, i == 0 ? 100 : 0);
        }
        assert_int_equal(rig_reap_status(rig), VSK_NONE);
        assert_int_equal(rig->driver.ring.free_count, 7);
        rig_free(rig);
    }
}

static void
a_driver_opened_again_finds_lists_that_came_back_meanwhile(void **state)
{
    (void)state;

    for (uint32_t first = 0; first < 14; first++) {
        struct rig *rig = rig_new(7, PACKED);
        uint16_t ids[2];

        pass(rig, first);
        ids[0] = rig_add(rig, mixed, 3, 0, 1);
        ids[1] = rig_add(rig, mixed, 3, 0, 2);
        rig_complete_one(rig);
        reopen_driver(rig);
        rig_complete_one(rig);
        assert_int_equal(rig_reap(rig).head, ids[0]);
        assert_int_equal(rig_reap(rig).head, ids[1]);
        assert_int_equal(rig_reap_status(rig), VSK_NONE);
        rig_free(rig);
    }
}

static void
a_driver_opened_on_a_full_ring_has_no_room(void **state)
{
    (void)state;

    for (uint32_t size = 1; size <= 8; size++)
        for (uint32_t first = 0; first < size; first++) {
            struct rig *rig = rig_new(size, PACKED);
            const vsk_offer offer = {mixed, 1, 0, 0, 1};
            uint16_t id;

            pass(rig, first);
            add_list(rig, size, 1);
            reopen_driver(rig);
            assert_int_equal(vsk_queue_add(&rig->driver, &offer, &id),
                             VSK_ERR_FULL);
            rig_complete_one(rig);
            rig_reap(rig);
            pass(rig, 2 * size);
            rig_free(rig);
        }
}

static void
a_driver_opened_again_gives_no_id_twice(void **state)
{
    struct rig *rig = rig_new(8, PACKED);
    bool taken[8] = {false};
    (void)state;
    taken[add_list(rig, 2, 1)] = true;
    taken[add_list(rig, 1, 2)] = true;

    reopen_driver(rig);

    /* PACKED-DRV-11 */
    for (uint32_t i = 0; i < 5; i++) {
        uint16_t id = rig_add_one(rig, i);

        assert_true(id < 8);
        assert_false(taken[id]);
        taken[id] = true;
    }
    rig_free(rig);
}

static void
staged_lists_are_left_out_of_a_driver_s_state(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    const vsk_offer offer = {mixed, 3, 0, 0, 1};
    uint16_t id;
    (void)state;
    assert_int_equal(vsk_queue_stage(&rig->driver, &offer, &id), VSK_OK);

    reopen_driver(rig);

    assert_int_equal(rig->driver.ring.free_count, 4);
    pass(rig, 9);
    rig_free(rig);
}

static void
a_decision_that_is_due_is_saved(void **state)
{
    struct rig *rig = rig_new(4, BOTH);
    (void)state;
    rig_put32(rig, rig->ring.device, 0x8000 | 2 << 16);
    rig_put32(rig, rig->ring.driver, 0x8000 | 2 << 16);
    rig_add_one(rig, 1);
    rig_add_one(rig, 2);

    reopen_driver(rig);
    assert_true(vsk_queue_should_kick(&rig->driver));
    rig_complete_one(rig);
    rig_complete_one(rig);
    reopen_device(rig);
    assert_true(vsk_queue_should_interrupt(&rig->device));
    rig_free(rig);
}

static void
a_device_that_holds_chains_has_no_state_to_save(void **state)
{
    struct rig *rig = rig_new(1, PACKED);
    vsk_ring_state saved;
    (void)state;
    rig_add_one(rig, 1);
    rig_pop(rig);

    /* In a ring of 1 the place is the same but for the counter. */
    assert_int_equal(vsk_queue_device_state(&rig->device, &saved),
                     VSK_ERR_BUSY);
    assert_int_equal(vsk_queue_give(&rig->device, &rig->chain, 0), VSK_OK);
    assert_int_equal(vsk_queue_device_state(&rig->device, &saved),
                     VSK_ERR_BUSY);
    vsk_queue_publish(&rig->device);
    assert_int_equal(vsk_queue_device_state(&rig->device, &saved), VSK_OK);
    assert_int_equal(saved.avail, 0);
    assert_int_equal(saved.used, 0);
    rig_free(rig);
}

static void
a_device_reset_stands_at_the_start_again(void **state)
{
    struct rig *rig = rig_new(3, PACKED);
    (void)state;
    pass(rig, 7);
    rig_add_one(rig, 1);
    rig_add_one(rig, 2);
    assert_int_equal(vsk_queue_give(&rig->device, rig_pop(rig), 0), VSK_OK);
    rig_pop(rig);

    vsk_queue_device_reset(&rig->device);

    /* PACKED-BOTH-04 */
    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0),
                     VSK_ERR_HELD);
    assert_int_equal(vsk_queue_driver_init(&rig->driver, &rig->memory,
                                           &rig->ring, rig->slots),
                     VSK_OK);
    vsk_queue_publish(&rig->device);
    assert_int_equal(rig_get16(rig, RIG_RING + 14), 0);
    assert_int_equal(vsk_queue_held(&rig->device), 0);
    add_list(rig, 3, 1);
    rig_complete_one(rig);
    rig_reap(rig);
    pass(rig, 7);
    rig_free(rig);
}

static void
places_more_than_a_lap_apart_have_no_lists_between(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    (void)state;
    add_list(rig, 4, 1);

    /* used is ahead of avail, in one lap and in two */
    assert_int_equal(open_status(rig, 1, 2, 0), VSK_OK);
    assert_int_equal(rig->driver.ring.outstanding, 0);
    assert_int_equal(open_status(rig, 2, 0x8001, 0), VSK_OK);
    assert_int_equal(rig->driver.ring.outstanding, 0);
    assert_int_equal(rig->driver.ring.free_count, 4);
    rig_free(rig);
}

static void
descriptors_of_no_id_are_passed_over(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    uint16_t id;
    (void)state;
    add_list(rig, 2, 1);
    id = add_list(rig, 1, 2);
    rig_put16(rig, RIG_RING + 12, 4);
    rig_put16(rig, RIG_RING + 28, 0xffff);

    reopen_driver(rig);

    assert_int_equal(rig->driver.ring.outstanding, 1);
    assert_int_equal(rig->driver.ring.slots[id].count, 1);
    rig_free(rig);
}

static void
an_id_as_large_as_the_ring_has_no_slot(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    vsk_ring_slot slots[5] = {{0}};
    vsk_ring_state saved;
    (void)state;
    add_list(rig, 2, 1);
    rig_put16(rig, RIG_RING + 12, 4);
    saved = vsk_queue_driver_state(&rig->driver);

    assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory,
                                           &rig->ring, slots, &saved),
                     VSK_OK);

    assert_int_equal(slots[4].count, 0);
    rig_free(rig);
}

static void
an_id_met_again_is_passed_over(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    (void)state;
    add_list(rig, 1, 1);
    add_list(rig, 1, 2);
    add_list(rig, 1, 3);
    rig_put16(rig, RIG_RING + 44, 0);

    reopen_driver(rig);

    assert_int_equal(rig->driver.ring.outstanding, 2);
    assert_int_equal(rig->driver.ring.slots[0].count, 1);
    rig_free(rig);
}

static void
a_driver_survives_being_opened_on_random_memory(void **state)
{
    rig_random random = rig_seed();
    (void)state;

    for (uint32_t round = 0; round < 4000; round++) {
        uint32_t size = 1 + rig_draw(&random, 8);
        struct rig *rig =
            rig_new(size, BOTH | (round % 2 == 0 ? VSK_F_IN_ORDER : 0));

        for (uint64_t i = 0; i < rig->regions[0].size; i++)
            rig->regions[0].base[i] = (uint8_t)rig_draw(&random, 10);
        assert_int_equal(open_status(rig,
                                     (uint16_t)(rig_draw(&random, size) |
                                                rig_draw(&random, 2) << 15),
                                     (uint16_t)(rig_draw(&random, size) |
                                                rig_draw(&random, 2) << 15),
                                     (uint16_t)rig_draw(&random, size + 1)),
                         VSK_OK);
        for (uint32_t i = 0; i < 12; i++) {
            const vsk_offer offer = {mixed, 1 + rig_draw(&random, 3), 0, 0, 1};
            uint16_t id;

            (void)vsk_queue_add(&rig->driver, &offer, &id);
            rig_put16(rig,
                      RIG_RING + 16 * (uint64_t)rig_draw(&random, size) + 14,
                      rig_draw(&random, 2) == 0 ? 0x8080 : 0);
            (void)rig_reap_status(rig);
            assert_true(rig->driver.ring.free_count <= size);
        }
        rig_free(rig);
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_new_ring_begins_at_slot_0_of_lap_1),
        cmocka_unit_test(a_slot_outside_the_ring_is_refused_at_both_ends),
        cmocka_unit_test(the_last_slot_of_the_ring_is_accepted_at_both_ends),
        cmocka_unit_test(
            more_to_tell_of_than_the_ring_has_is_refused_at_both_ends),
        cmocka_unit_test(a_driver_needs_a_state_to_open_a_packed_ring),
        cmocka_unit_test(a_misplaced_ring_is_refused_at_both_ends),
        cmocka_unit_test(both_ends_go_on_at_every_place),
        cmocka_unit_test(a_driver_opened_again_finds_its_lists_by_their_ids),
        cmocka_unit_test(
            a_driver_opened_again_finds_lists_that_came_back_meanwhile),
        cmocka_unit_test(a_driver_opened_on_a_full_ring_has_no_room),
        cmocka_unit_test(a_driver_opened_again_gives_no_id_twice),
        cmocka_unit_test(staged_lists_are_left_out_of_a_driver_s_state),
        cmocka_unit_test(a_decision_that_is_due_is_saved),
        cmocka_unit_test(a_device_that_holds_chains_has_no_state_to_save),
        cmocka_unit_test(a_device_reset_stands_at_the_start_again),
        cmocka_unit_test(places_more_than_a_lap_apart_have_no_lists_between),
        cmocka_unit_test(descriptors_of_no_id_are_passed_over),
        cmocka_unit_test(an_id_as_large_as_the_ring_has_no_slot),
        cmocka_unit_test(an_id_met_again_is_passed_over),
        cmocka_unit_test(a_driver_survives_being_opened_on_random_memory),
    };

    return cmocka_run_group_tests_name("packed saved", cases, NULL, NULL);
}
