/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Event suppression in a packed ring: who is told of what, and where each end
 * looks once more; and what a kick carries, in both formats. */
#include "rig.h"

#define PACKED VSK_F_RING_PACKED
#define EVENTS (VSK_F_RING_PACKED | VSK_F_EVENT_IDX)

enum { ENABLE, DISABLE, AT, RESERVED };

/* Set an event area as the other side would. */
static void
wish(const struct rig *rig, uint64_t area, uint16_t place, uint16_t flags)
{
    rig_put16(rig, area, place);
    rig_put16(rig, area + 2, flags);
}

static void
assert_wish(const struct rig *rig, uint64_t area, uint16_t place,
            uint16_t flags)
{
    assert_int_equal(rig_get16(rig, area), place);
    assert_int_equal(rig_get16(rig, area + 2), flags);
}

static void
reap(struct rig *rig)
{
    vsk_used used;

    assert_int_equal(vsk_queue_reap(&rig->driver, &used), VSK_OK);
}

/* Both ends of a ring at a place, with nothing on it. */
static void
stand_at(struct rig *rig, uint16_t place)
{
    const vsk_ring_state state = {place, place, 0};

    memset(rig_at(rig, RIG_RING), 0, 16 * (size_t)rig->ring.size);
    /* Slots before this one are of this lap: used, both bits the counter. */
    for (uint32_t slot = 0; slot < rig->ring.size; slot++)
        if ((slot < (place & 0x7fff)) == (place >> 15 != 0))
            rig_put16(rig, RIG_RING + 16 * (uint64_t)slot + 14, 0x8080);
    assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory,
                                           &rig->ring, rig->slots, &state),
                     VSK_OK);
    assert_int_equal(
        vsk_queue_device_init(&rig->device, &rig->memory, &rig->ring, &state),
        VSK_OK);
}

/* A place so many slots further on. */
static uint16_t
further(uint16_t place, uint32_t count, uint32_t size)
{
    for (; count > 0; count--)
        if ((uint32_t)(++place & 0x7fff) == size)
            place = (place & 0x8000) ^ 0x8000;
    return place;
}

/* What the specification says, said as it stands there: step through all that
 * was written since the last decision. */
static bool
event_was_written(uint16_t event, uint16_t from, uint32_t count, uint32_t size)
{
    for (uint32_t i = 0; i < count; i++)
        if (further(from, i, size) == event)
            return true;
    return false;
}

/* Each place, count and event place of a ring, for both ends: a kick after so
 * many descriptors, and an interrupt after as many. */
static void
enumerate(uint64_t features, uint32_t size)
{
    struct rig *rig = rig_new(size, features);
    const bool exact = (features & VSK_F_EVENT_IDX) != 0;

    for (uint32_t start = 0; start < 2 * size; start++)
        for (uint32_t count = 1; count <= size; count++)
            for (uint32_t waits = 0; waits < 2 * size; waits++) {
                uint16_t from = further(0, start, size);
                uint16_t event = further(0, waits, size);
                bool due =
                    !exact || event_was_written(event, from, count, size);

                stand_at(rig, from);
                wish(rig, rig->ring.device, event, AT);
                wish(rig, rig->ring.driver, event, AT);
                for (uint32_t i = 0; i < count; i++)
                    rig_add_one(rig, i);
                assert_int_equal(vsk_queue_should_kick(&rig->driver), due);
                for (uint32_t i = 0; i < count; i++)
                    rig_complete_one(rig);
                assert_int_equal(vsk_queue_should_interrupt(&rig->device), due);
            }
    rig_free(rig);
}

static void
an_event_is_due_exactly_where_its_place_was_passed(void **state)
{
    (void)state;

    /* PACKSUP-BOTH-02, PACKSUP-BOTH-03 */
    for (uint32_t size = 1; size <= 9; size++)
        enumerate(EVENTS, size);
}

static void
a_place_means_nothing_without_event_idx(void **state)
{
    (void)state;

    /* PACKSUP-BOTH-01: flags of 2 are not allowed then, and lose nothing */
    for (uint32_t size = 1; size <= 5; size++)
        enumerate(PACKED, size);
}

static void
an_event_is_due_at_the_ends_of_a_ring_of_32768(void **state)
{
    static const uint16_t places[] = {0,      1,      0x3fff, 0x4000,
                                      0x7ffe, 0x7fff, 0x8000, 0x8001,
                                      0xbfff, 0xc000, 0xfffe, 0xffff};
    static const uint32_t counts[] = {1, 2, 0x4000, 0x7fff, 0x8000};
    struct rig *rig = rig_new(32768, EVENTS);
    (void)state;

    /* PACKSUP-BOTH-02 */
    for (uint32_t from = 0; from < 12; from++)
        for (uint32_t k = 0; k < 5; k++) {
            stand_at(rig, places[from]);
            for (uint32_t i = 0; i < counts[k]; i++)
                rig_add_one(rig, i);
            for (uint32_t waits = 0; waits < 12; waits++) {
                /* The decision is asked for again. */
                rig->driver.ring.state.notified = (uint16_t)counts[k];
                wish(rig, rig->ring.device, places[waits], AT);
                assert_int_equal(vsk_queue_should_kick(&rig->driver),
                                 (uint16_t)(places[waits] - places[from]) <
                                     counts[k]);
            }
        }
    rig_free(rig);
}

static void
an_event_beyond_the_ring_is_answered_and_no_more(void **state)
{
    struct rig *rig = rig_new(3, EVENTS);
    (void)state;

    for (uint32_t event = 0; event < 0x10000; event += 3) {
        wish(rig, rig->ring.device, (uint16_t)event, AT);
        wish(rig, rig->ring.driver, (uint16_t)event, AT);
        rig_add_one(rig, 1);
        (void)vsk_queue_should_kick(&rig->driver);
        rig_complete_one(rig);
        (void)vsk_queue_should_interrupt(&rig->device);
        reap(rig);
    }
    rig_free(rig);
}

/* Whether one chain leads to a kick, and to an interrupt; they agree. */
static bool
is_told(uint64_t features, uint16_t flags)
{
    struct rig *rig = rig_new(4, features);
    bool kick, interrupt;

    wish(rig, rig->ring.device, 0x8003, flags);
    wish(rig, rig->ring.driver, 0x8003, flags);
    rig_add_one(rig, 1);
    kick = vsk_queue_should_kick(&rig->driver);
    rig_complete_one(rig);
    interrupt = vsk_queue_should_interrupt(&rig->device);
    assert_int_equal(kick, interrupt);
    rig_free(rig);
    return kick;
}

static void
flags_of_an_event_area_mean_what_the_table_says(void **state)
{
    (void)state;

    /* PACKSUP-BOTH-01, PACKSUP-DEV-02 */
    assert_true(is_told(EVENTS, ENABLE));
    assert_false(is_told(EVENTS, DISABLE));
    assert_false(is_told(EVENTS, AT));
    assert_true(is_told(EVENTS, RESERVED));
    assert_true(is_told(PACKED, ENABLE));
    assert_false(is_told(PACKED, DISABLE));
    assert_true(is_told(PACKED, AT));
    assert_true(is_told(PACKED, RESERVED));
}

static void
reserved_bits_of_an_event_area_are_ignored(void **state)
{
    (void)state;

    /* PACKSUP-BOTH-04 */
    assert_true(is_told(EVENTS, 0xfffc | ENABLE));
    assert_false(is_told(EVENTS, 0xfffc | DISABLE));
    assert_false(is_told(EVENTS, 0xfffc | AT));
}

static void
no_notification_is_due_for_nothing(void **state)
{
    struct rig *rig = rig_new(4, PACKED);
    const vsk_offer offer = {&(vsk_buffer){RIG_DATA, 1, false}, 1, 0, 0, 1};
    uint16_t id;
    (void)state;
    assert_false(vsk_queue_should_kick(&rig->driver));
    assert_int_equal(vsk_queue_stage(&rig->driver, &offer, &id), VSK_OK);
    assert_false(vsk_queue_should_kick(&rig->driver));
    vsk_queue_offer(&rig->driver);
    assert_true(vsk_queue_should_kick(&rig->driver));
    assert_false(vsk_queue_should_kick(&rig->driver));

    assert_false(vsk_queue_should_interrupt(&rig->device));
    assert_int_equal(vsk_queue_give(&rig->device, rig_pop(rig), 0), VSK_OK);
    assert_false(vsk_queue_should_interrupt(&rig->device));
    vsk_queue_publish(&rig->device);
    assert_true(vsk_queue_should_interrupt(&rig->device));
    assert_false(vsk_queue_should_interrupt(&rig->device));
    rig_free(rig);
}

static void
a_decision_is_for_all_since_the_last_one(void **state)
{
    struct rig *rig = rig_new(8, EVENTS);
    (void)state;
    wish(rig, rig->ring.device, 0x8001, AT);
    rig_add_one(rig, 1);
    assert_false(vsk_queue_should_kick(&rig->driver));
    rig_add_one(rig, 2);
    rig_add_one(rig, 3);
    rig_add_one(rig, 4);

    /* PACKSUP-BOTH-02 */
    assert_true(vsk_queue_should_kick(&rig->driver));
    rig_add_one(rig, 5);
    assert_false(vsk_queue_should_kick(&rig->driver));
    rig_free(rig);
}

static void
an_event_in_the_middle_of_a_list_is_passed(void **state)
{
    struct rig *rig = rig_new(4, EVENTS);
    const vsk_buffer buffers[] = {
        {RIG_DATA, 1, false}, {RIG_DATA, 1, false}, {RIG_DATA, 1, false}};
    (void)state;

    /* PACKSUP-BOTH-02: a list makes each of its descriptors available, and is
     * used as a whole */
    for (uint16_t slot = 0; slot < 4; slot++) {
        stand_at(rig, VSK_RING_START);
        wish(rig, rig->ring.device, 0x8000 | slot, AT);
        wish(rig, rig->ring.driver, 0x8000 | slot, AT);
        rig_add(rig, buffers, 3, 0, 1);
        assert_int_equal(vsk_queue_should_kick(&rig->driver), slot < 3);
        rig_complete_one(rig);
        assert_int_equal(vsk_queue_should_interrupt(&rig->device), slot < 3);
    }
    rig_free(rig);
}

static void
more_than_a_lap_without_a_decision_passes_every_place(void **state)
{
    (void)state;

    /* PACKSUP-BOTH-02: a place comes again after two laps only, but it lies
     * in the last one, or was passed before */
    for (uint16_t event = 0; event < 3; event++) {
        struct rig *rig = rig_new(3, EVENTS);

        for (uint32_t i = 0; i < 7; i++) {
            rig_add_one(rig, i);
            rig_complete_one(rig);
            reap(rig);
        }
        /* The last lap: places 1 and 2 of lap 0, and 0 of lap 1. */
        wish(rig, rig->ring.device, event == 0 ? 0x8000 : event, AT);
        wish(rig, rig->ring.driver, event == 0 ? 0x8000 : event, AT);
        assert_true(vsk_queue_should_kick(&rig->driver));
        assert_true(vsk_queue_should_interrupt(&rig->device));
        rig_free(rig);
    }
}

/* ---- each end's own wish ---- */

static void
a_wish_for_a_place_names_the_next_one(void **state)
{
    static const uint16_t places[] = {0x8000, 0x8001, 0x8002, 0, 1, 2, 0x8000};
    struct rig *rig = rig_new(3, EVENTS);
    (void)state;

    /* PACKSUP-BOTH-04, PACKSUP-BOTH-01 */
    for (uint32_t i = 0; i < 7; i++) {
        assert_false(vsk_queue_enable_kicks(&rig->device));
        assert_false(vsk_queue_enable_interrupts(&rig->driver));
        assert_wish(rig, rig->ring.device, places[i], AT);
        assert_wish(rig, rig->ring.driver, places[i], AT);
        rig_add_one(rig, i);
        assert_true(vsk_queue_should_kick(&rig->driver));
        rig_complete_one(rig);
        assert_true(vsk_queue_should_interrupt(&rig->device));
        reap(rig);
    }
    rig_free(rig);
}

static void
a_wish_for_all_is_flags_of_0_without_event_idx(void **state)
{
    struct rig *rig = rig_new(3, PACKED);
    (void)state;
    vsk_queue_disable_kicks(&rig->device);
    vsk_queue_disable_interrupts(&rig->driver);

    vsk_queue_enable_kicks(&rig->device);
    vsk_queue_enable_interrupts(&rig->driver);

    /* PACKSUP-BOTH-01 */
    assert_int_equal(rig_get16(rig, rig->ring.device + 2), ENABLE);
    assert_int_equal(rig_get16(rig, rig->ring.driver + 2), ENABLE);
    rig_free(rig);
}

static void
a_wish_for_nothing_is_flags_of_1(void **state)
{
    static const uint64_t features[] = {PACKED, EVENTS};
    (void)state;

    /* PACKSUP-BOTH-01, PACKSUP-DEV-02, PACKSUP-DRV-04 */
    for (uint32_t i = 0; i < 2; i++) {
        struct rig *rig = rig_new(3, features[i]);

        vsk_queue_disable_kicks(&rig->device);
        vsk_queue_disable_interrupts(&rig->driver);
        assert_wish(rig, rig->ring.device, 0, DISABLE);
        assert_wish(rig, rig->ring.driver, 0, DISABLE);
        rig_add_one(rig, 1);
        assert_false(vsk_queue_should_kick(&rig->driver));
        rig_complete_one(rig);
        assert_false(vsk_queue_should_interrupt(&rig->device));
        rig_free(rig);
    }
}

static void
enabling_tells_of_what_came_meanwhile(void **state)
{
    static const uint64_t features[] = {PACKED, EVENTS};
    (void)state;

    /* PACKSUP-DRV-04, PACKSUP-DRV-02, PACKSUP-DRV-03 */
    for (uint32_t i = 0; i < 2; i++) {
        struct rig *rig = rig_new(3, features[i]);

        for (uint32_t round = 0; round < 7; round++) {
            assert_false(vsk_queue_enable_kicks(&rig->device));
            rig_add_one(rig, 1);
            assert_true(vsk_queue_enable_kicks(&rig->device));
            assert_false(vsk_queue_enable_interrupts(&rig->driver));
            rig_complete_one(rig);
            assert_true(vsk_queue_enable_interrupts(&rig->driver));
            reap(rig);
        }
        rig_free(rig);
    }
}

/* ---- how far the driver has come ---- */

static void
the_place_of_the_next_offer_is_found_behind_what_is_available(void **state)
{
    (void)state;

    for (uint32_t size = 1; size <= 5; size++)
        for (uint32_t start = 0; start < 2 * size; start++)
            for (uint32_t count = 0; count <= size; count++) {
                struct rig *rig = rig_new(size, PACKED);
                uint16_t from = further(VSK_RING_START, start, size);

                stand_at(rig, from);
                for (uint32_t i = 0; i < count; i++)
                    rig_add_one(rig, i);
                assert_int_equal(vsk_queue_offered(&rig->device),
                                 further(from, count, size));
                assert_int_equal(vsk_queue_offered(&rig->device),
                                 rig->driver.ring.state.avail);
                rig_free(rig);
            }
}

static void
what_is_held_is_not_looked_at_again(void **state)
{
    struct rig *rig = rig_new(3, PACKED);
    (void)state;
    rig_add_one(rig, 1);
    rig_add_one(rig, 2);
    rig_add_one(rig, 3);
    rig_pop(rig);

    /* All of the ring, and no slot twice. */
    assert_int_equal(vsk_queue_offered(&rig->device), 0);

    assert_false(vsk_queue_is_behind(&rig->device, 0));
    rig_free(rig);
}

static void
the_driver_is_behind_a_place_once_it_has_offered_there(void **state)
{
    struct rig *rig = rig_new(3, PACKED);
    (void)state;

    for (uint32_t round = 0; round < 7; round++) {
        uint16_t place = vsk_queue_offered(&rig->device);

        assert_false(vsk_queue_is_behind(&rig->device, place));
        rig_add_one(rig, 1);
        assert_true(vsk_queue_is_behind(&rig->device, place));
        rig_complete_one(rig);
        reap(rig);
    }
    rig_free(rig);
}

static void
a_full_ring_is_behind_no_place_of_the_next_lap(void **state)
{
    struct rig *rig = rig_new(2, PACKED);
    vsk_span spans[2];
    vsk_chain other;
    (void)state;
    vsk_chain_init(&other, spans, 2);
    rig_add_one(rig, 1);
    rig_add_one(rig, 2);
    rig_pop(rig);
    assert_int_equal(vsk_queue_pop(&rig->device, &other), VSK_OK);
    rig_put16(rig, RIG_RING + 14, VSK_DESC_F_USED);

    /* Nothing is open, whatever stands there. */
    assert_int_equal(vsk_queue_offered(&rig->device), 0);
    assert_false(vsk_queue_is_behind(&rig->device, 0));
    rig_free(rig);
}

static void
watching_a_place_asks_for_the_kick_there(void **state)
{
    struct rig *rig = rig_new(3, EVENTS);
    uint16_t place;
    (void)state;
    rig_add_one(rig, 1);
    rig_add_one(rig, 2);
    (void)vsk_queue_should_kick(&rig->driver);
    place = vsk_queue_offered(&rig->device);

    assert_false(vsk_queue_watch(&rig->device, place));

    assert_wish(rig, rig->ring.device, 0x8002, AT);
    rig_add_one(rig, 3);
    assert_true(vsk_queue_should_kick(&rig->driver));
    assert_true(vsk_queue_watch(&rig->device, place));
    rig_free(rig);
}

/* ---- what a kick carries ---- */

static void
a_kick_on_a_split_ring_carries_the_available_idx(void **state)
{
    static const uint16_t indices[] = {0,      1,      0x7ffe, 0x7fff,
                                       0x8000, 0xfffe, 0xffff};
    struct rig *rig = rig_new(8, 0);
    (void)state;

    /* NOTIF-DRV-02, NOTIF-DRV-03: idx, its low 15 bits below its highest */
    for (uint32_t i = 0; i < 7; i++) {
        const vsk_ring_state at = {indices[i], indices[i], indices[i]};
        uint16_t next = (uint16_t)(indices[i] + 1);
        uint32_t data;

        assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory,
                                               &rig->ring, rig->slots, &at),
                         VSK_OK);
        rig_add_one(rig, 1);
        data = vsk_queue_notification(&rig->driver, 2);
        assert_int_equal(data & 0xffff, 2);
        assert_int_equal(data >> 16 & 0x7fff, next & 0x7fff);
        assert_int_equal(data >> 31, next >> 15);
    }
    rig_free(rig);
}

static void
a_kick_on_a_packed_ring_carries_the_next_slot_and_its_wrap(void **state)
{
    struct rig *rig = rig_new(3, PACKED);
    (void)state;

    /* NOTIF-DRV-02, NOTIF-DRV-04, PACKED-DRV-17: once before the first, then
     * behind each for two laps */
    for (uint32_t i = 0; i < 7; i++) {
        uint32_t data = vsk_queue_notification(&rig->driver, 1);

        assert_int_equal(data & 0xffff, 1);
        assert_int_equal(data >> 16 & 0x7fff, i % 3);
        assert_int_equal(data >> 31, i / 3 % 2 == 0);
        rig_add_one(rig, i);
        rig_complete_one(rig);
        reap(rig);
    }
    rig_free(rig);
}

static void
what_is_only_staged_is_not_in_a_kick(void **state)
{
    static const uint64_t features[] = {0, PACKED};
    const vsk_offer offer = {&(vsk_buffer){RIG_DATA, 1, false}, 1, 0, 0, 1};
    (void)state;

    /* NOTIF-DRV-02, PACKED-DRV-17 */
    for (uint32_t i = 0; i < 2; i++) {
        struct rig *rig = rig_new(4, features[i]);
        uint32_t before = vsk_queue_notification(&rig->driver, 0);
        uint16_t head;

        assert_int_equal(vsk_queue_stage(&rig->driver, &offer, &head), VSK_OK);
        assert_int_equal(vsk_queue_notification(&rig->driver, 0), before);
        vsk_queue_offer(&rig->driver);
        assert_int_equal(vsk_queue_notification(&rig->driver, 0),
                         before + 0x10000);
        rig_free(rig);
    }
}

static void
kicks_without_new_chains_carry_the_same(void **state)
{
    static const uint64_t features[] = {0, PACKED};
    (void)state;

    /* NOTIF-DRV-05, PACKED-DRV-18 */
    for (uint32_t i = 0; i < 2; i++) {
        struct rig *rig = rig_new(4, features[i]);
        uint32_t first;

        rig_add_one(rig, 1);
        first = vsk_queue_notification(&rig->driver, 1);
        assert_int_equal(vsk_queue_notification(&rig->driver, 1), first);
        rig_complete_one(rig);
        reap(rig);
        assert_int_equal(vsk_queue_notification(&rig->driver, 1), first);
        /* And a device that is kicked twice finds nothing the second time. */
        assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain), VSK_NONE);
        rig_free(rig);
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(an_event_is_due_exactly_where_its_place_was_passed),
        cmocka_unit_test(a_place_means_nothing_without_event_idx),
        cmocka_unit_test(an_event_is_due_at_the_ends_of_a_ring_of_32768),
        cmocka_unit_test(an_event_beyond_the_ring_is_answered_and_no_more),
        cmocka_unit_test(flags_of_an_event_area_mean_what_the_table_says),
        cmocka_unit_test(reserved_bits_of_an_event_area_are_ignored),
        cmocka_unit_test(no_notification_is_due_for_nothing),
        cmocka_unit_test(a_decision_is_for_all_since_the_last_one),
        cmocka_unit_test(an_event_in_the_middle_of_a_list_is_passed),
        cmocka_unit_test(more_than_a_lap_without_a_decision_passes_every_place),
        cmocka_unit_test(a_wish_for_a_place_names_the_next_one),
        cmocka_unit_test(a_wish_for_all_is_flags_of_0_without_event_idx),
        cmocka_unit_test(a_wish_for_nothing_is_flags_of_1),
        cmocka_unit_test(enabling_tells_of_what_came_meanwhile),
        cmocka_unit_test(
            the_place_of_the_next_offer_is_found_behind_what_is_available),
        cmocka_unit_test(what_is_held_is_not_looked_at_again),
        cmocka_unit_test(
            the_driver_is_behind_a_place_once_it_has_offered_there),
        cmocka_unit_test(a_full_ring_is_behind_no_place_of_the_next_lap),
        cmocka_unit_test(watching_a_place_asks_for_the_kick_there),
        cmocka_unit_test(a_kick_on_a_split_ring_carries_the_available_idx),
        cmocka_unit_test(
            a_kick_on_a_packed_ring_carries_the_next_slot_and_its_wrap),
        cmocka_unit_test(what_is_only_staged_is_not_in_a_kick),
        cmocka_unit_test(kicks_without_new_chains_carry_the_same),
    };

    return cmocka_run_group_tests_name("packed events", cases, NULL, NULL);
}
