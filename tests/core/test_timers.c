/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vsk/timers.h"

#define SLOTS 16u
#define SECOND 1000000000u

static vsk_timer heap[SLOTS];
static uint32_t place[SLOTS];

static vsk_timers
timers_new(void)
{
    vsk_timers timers;

    memset(heap, RIG_FILL, sizeof heap);
    memset(place, RIG_FILL, sizeof place);
    assert_int_equal(vsk_timers_init(&timers, heap, place, SLOTS), VSK_OK);
    return timers;
}

static void
set(vsk_timers *timers, uint32_t slot, uint64_t now, uint64_t delay)
{
    assert_int_equal(vsk_timers_set(timers, slot, now, delay), VSK_OK);
}

static uint64_t
next(const vsk_timers *timers)
{
    uint64_t deadline = 0;

    assert_int_equal(vsk_timers_next(timers, &deadline), VSK_OK);
    return deadline;
}

/* The slot whose timer runs out, SLOTS where none does. */
static uint32_t
expire(vsk_timers *timers, uint64_t now)
{
    uint32_t slot = SLOTS;
    vsk_status status = vsk_timers_expire(timers, now, &slot);

    assert_int_equal(status, slot < SLOTS ? VSK_OK : VSK_NONE);
    return slot;
}

static void
no_timer_runs_at_the_start(void **state)
{
    vsk_timers timers = timers_new();
    uint64_t deadline = 77;
    (void)state;

    assert_int_equal(vsk_timers_next(&timers, &deadline), VSK_NONE);
    assert_int_equal(deadline, 77);
    assert_int_equal(expire(&timers, UINT64_MAX), SLOTS);
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        assert_false(vsk_timers_pending(&timers, slot));
}

static void
a_capacity_of_0_is_refused(void **state)
{
    vsk_timers timers;
    (void)state;

    assert_int_equal(vsk_timers_init(&timers, heap, place, 0),
                     VSK_ERR_ARGUMENT);
}

static void
a_capacity_above_2_to_the_30_is_refused(void **state)
{
    vsk_timers timers;
    (void)state;

    assert_int_equal(vsk_timers_init(&timers, heap, place, VSK_TIMERS_MAX + 1),
                     VSK_ERR_ARGUMENT);
}

static void
a_slot_that_does_not_exist_is_refused(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;

    assert_int_equal(vsk_timers_set(&timers, SLOTS, 0, 1), VSK_ERR_ARGUMENT);
    assert_int_equal(vsk_timers_set(&timers, UINT32_MAX, 0, 1),
                     VSK_ERR_ARGUMENT);
    assert_int_equal(timers.count, 0);
}

static void
a_timer_runs_out_at_its_deadline_and_not_before(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    set(&timers, 3, 5 * (uint64_t)SECOND, 2 * (uint64_t)SECOND);

    assert_int_equal(next(&timers), 7 * (uint64_t)SECOND);
    assert_int_equal(expire(&timers, 7 * (uint64_t)SECOND - 1), SLOTS);
    assert_int_equal(expire(&timers, 7 * (uint64_t)SECOND), 3);
}

static void
a_timer_runs_out_once(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    set(&timers, 3, 0, 10);
    assert_true(vsk_timers_pending(&timers, 3));

    assert_int_equal(expire(&timers, 10), 3);

    assert_false(vsk_timers_pending(&timers, 3));
    assert_int_equal(expire(&timers, 10), SLOTS);
}

static void
a_delay_of_0_runs_out_at_once(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;

    set(&timers, 3, 10, 0);

    assert_int_equal(expire(&timers, 10), 3);
}

static void
a_deadline_past_the_end_of_time_is_at_its_end(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    set(&timers, 3, 10, UINT64_MAX - 10);
    set(&timers, 4, 10, UINT64_MAX - 9);
    set(&timers, 5, UINT64_MAX, UINT64_MAX);

    assert_int_equal(expire(&timers, UINT64_MAX - 1), SLOTS);
    assert_int_equal(expire(&timers, UINT64_MAX), 3);
    assert_int_equal(expire(&timers, UINT64_MAX), 4);
    assert_int_equal(expire(&timers, UINT64_MAX), 5);
}

/* peers.md 13: with no other connection added, no packet, no other call. */
static void
every_timer_runs_out_when_only_the_clock_moves(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        set(&timers, slot, 0, (SLOTS - slot) * (uint64_t)SECOND);

    for (uint32_t i = 1; i <= SLOTS; i++) {
        assert_int_equal(next(&timers), i * (uint64_t)SECOND);
        assert_int_equal(expire(&timers, i * (uint64_t)SECOND), SLOTS - i);
        assert_int_equal(expire(&timers, i * (uint64_t)SECOND), SLOTS);
    }
}

static void
timers_run_out_in_the_order_of_their_deadlines_however_late(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    set(&timers, 1, 0, 30);
    set(&timers, 2, 0, 10);
    set(&timers, 3, 0, 20);

    assert_int_equal(expire(&timers, 1000), 2);
    assert_int_equal(expire(&timers, 1000), 3);
    assert_int_equal(expire(&timers, 1000), 1);
}

static void
of_equal_deadlines_the_lowest_slot_comes_first(void **state)
{
    static const uint32_t order[] = {9, 4, 15, 0, 7, 2};
    static const uint32_t sorted[] = {0, 2, 4, 7, 9, 15};
    vsk_timers timers = timers_new();
    (void)state;
    for (uint32_t i = 0; i < 6; i++)
        set(&timers, order[i], i, 100 - i);

    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(expire(&timers, 100), sorted[i]);
}

static void
a_timer_that_is_set_again_is_moved(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    set(&timers, 1, 0, 10);
    set(&timers, 2, 0, 20);
    set(&timers, 1, 5, 100);
    assert_int_equal(next(&timers), 20);
    assert_int_equal(timers.count, 2);

    set(&timers, 1, 0, 15);

    assert_int_equal(expire(&timers, 200), 1);
    assert_int_equal(expire(&timers, 200), 2);
    assert_int_equal(expire(&timers, 200), SLOTS);
}

static void
a_timer_that_was_canceled_does_not_run_out(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    set(&timers, 1, 0, 10);
    set(&timers, 2, 0, 20);

    vsk_timers_cancel(&timers, 1);

    assert_false(vsk_timers_pending(&timers, 1));
    assert_int_equal(expire(&timers, 100), 2);
    assert_int_equal(expire(&timers, 100), SLOTS);
}

static void
canceling_where_no_timer_runs_changes_nothing(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    set(&timers, 1, 0, 10);

    vsk_timers_cancel(&timers, 2);
    vsk_timers_cancel(&timers, SLOTS);
    vsk_timers_cancel(&timers, UINT32_MAX);

    assert_false(vsk_timers_pending(&timers, SLOTS));
    assert_int_equal(timers.count, 1);
    assert_int_equal(expire(&timers, 10), 1);
}

static void
a_clock_that_goes_back_makes_timers_late_and_nothing_else(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    set(&timers, 1, 100, 10);
    assert_int_equal(expire(&timers, 105), SLOTS);

    assert_int_equal(expire(&timers, 50), SLOTS);
    set(&timers, 2, 50, 10);

    assert_int_equal(expire(&timers, 60), 2);
    assert_int_equal(expire(&timers, 110), 1);
}

static void
nothing_runs_out_while_timers_stand_still(void **state)
{
    vsk_timers timers = timers_new();
    uint64_t deadline;
    (void)state;
    set(&timers, 1, 0, 10);

    vsk_timers_stop(&timers, 4);

    assert_int_equal(expire(&timers, UINT64_MAX), SLOTS);
    assert_int_equal(vsk_timers_next(&timers, &deadline), VSK_NONE);
    assert_true(vsk_timers_pending(&timers, 1));
}

static void
the_time_from_stop_to_start_does_not_count(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    set(&timers, 1, 0, 10);
    set(&timers, 2, 0, 15);
    vsk_timers_stop(&timers, 4);

    vsk_timers_start(&timers, 1000);

    assert_int_equal(next(&timers), 1006);
    assert_int_equal(expire(&timers, 1005), SLOTS);
    assert_int_equal(expire(&timers, 1006), 1);
    assert_int_equal(next(&timers), 1011);
}

static void
what_had_run_out_before_the_stop_is_due_at_the_start(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    set(&timers, 5, 0, 8);
    set(&timers, 3, 0, 9);
    set(&timers, 4, 0, 10);
    vsk_timers_stop(&timers, 10);

    vsk_timers_start(&timers, 1000);

    assert_int_equal(next(&timers), 1000);
    assert_int_equal(expire(&timers, 1000), 3);
    assert_int_equal(expire(&timers, 1000), 4);
    assert_int_equal(expire(&timers, 1000), 5);
}

static void
a_second_stop_and_a_second_start_change_nothing(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    set(&timers, 1, 0, 10);
    vsk_timers_start(&timers, 3);
    assert_int_equal(next(&timers), 10);

    vsk_timers_stop(&timers, 4);
    vsk_timers_stop(&timers, 8);
    vsk_timers_start(&timers, 100);
    vsk_timers_start(&timers, 200);

    assert_int_equal(next(&timers), 106);
}

static void
a_timer_set_while_they_stand_still_begins_at_the_start(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    set(&timers, 1, 0, 10);
    vsk_timers_stop(&timers, 4);

    set(&timers, 2, 500, 5);
    vsk_timers_start(&timers, 1000);

    assert_int_equal(expire(&timers, 1005), 2);
    assert_int_equal(expire(&timers, 1006), 1);
}

static void
a_timer_canceled_while_they_stand_still_is_gone(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    set(&timers, 1, 0, 10);
    vsk_timers_stop(&timers, 4);

    vsk_timers_cancel(&timers, 1);
    vsk_timers_start(&timers, 1000);

    assert_int_equal(expire(&timers, UINT64_MAX), SLOTS);
}

/* A saved device that is restored on another host. */
static void
timers_start_again_on_a_clock_that_shows_an_earlier_time(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    set(&timers, 1, 1000, 10);
    set(&timers, 2, 1000, 3);
    vsk_timers_stop(&timers, 1004);

    vsk_timers_start(&timers, 2);

    assert_int_equal(expire(&timers, 2), 2);
    assert_int_equal(next(&timers), 8);
}

static void
timers_that_start_near_the_end_of_time_run_out_at_its_end(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    set(&timers, 1, 0, 20);
    set(&timers, 0, 0, 30);
    vsk_timers_stop(&timers, 0);

    vsk_timers_start(&timers, UINT64_MAX - 10);

    assert_int_equal(expire(&timers, UINT64_MAX - 1), SLOTS);
    assert_int_equal(expire(&timers, UINT64_MAX), 0);
    assert_int_equal(expire(&timers, UINT64_MAX), 1);
}

/* The model: what is left for each slot, and whether its timer runs. */
struct model {
    bool runs[SLOTS];
    uint64_t deadline[SLOTS];
    bool stopped;
    uint64_t stopped_at;
};

static uint64_t
sum(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX : a + b;
}

/* The slot that runs out first, SLOTS where no timer runs. */
static uint32_t
model_first(const struct model *model)
{
    uint32_t first = SLOTS;

    for (uint32_t slot = 0; slot < SLOTS; slot++)
        if (model->runs[slot] &&
            (first == SLOTS || model->deadline[slot] < model->deadline[first]))
            first = slot;
    return first;
}

static void
model_start(struct model *model, uint64_t now)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint64_t left = 0;

        if (model->deadline[slot] > model->stopped_at)
            left = model->deadline[slot] - model->stopped_at;
        model->deadline[slot] = sum(now, left);
    }
    model->stopped = false;
}

static void
stop_or_start(vsk_timers *timers, struct model *model, uint64_t now)
{
    if (model->stopped) {
        vsk_timers_start(timers, now);
        model_start(model, now);
    } else {
        vsk_timers_stop(timers, now);
        model->stopped = true;
        model->stopped_at = now;
    }
}

static void
compare(const vsk_timers *timers, const struct model *model)
{
    uint32_t first = model_first(model), running = 0;
    uint64_t deadline;
    vsk_status status = vsk_timers_next(timers, &deadline);

    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        assert_int_equal(vsk_timers_pending(timers, slot), model->runs[slot]);
        running += model->runs[slot];
    }
    assert_int_equal(timers->count, running);
    if (first == SLOTS || model->stopped) {
        assert_int_equal(status, VSK_NONE);
    } else {
        assert_int_equal(status, VSK_OK);
        assert_int_equal(deadline, model->deadline[first]);
    }
}

static void
step(vsk_timers *timers, struct model *model, uint64_t now, rig_random *random)
{
    uint32_t slot = rig_draw(random, SLOTS), first = model_first(model);
    uint64_t delay = rig_draw(random, 12);
    uint32_t choice = rig_draw(random, 20);

    if (choice < 10) {
        set(timers, slot, now, delay);
        model->runs[slot] = true;
        model->deadline[slot] =
            sum(model->stopped ? model->stopped_at : now, delay);
    } else if (choice < 14) {
        vsk_timers_cancel(timers, slot);
        model->runs[slot] = false;
    } else if (choice == 14) {
        stop_or_start(timers, model, now);
    } else if (first == SLOTS || model->stopped ||
               model->deadline[first] > now) {
        assert_int_equal(expire(timers, now), SLOTS);
    } else {
        assert_int_equal(expire(timers, now), first);
        model->runs[first] = false;
    }
}

static void
timers_do_what_a_plain_array_does(void **state)
{
    rig_random random = rig_seed();
    (void)state;

    for (uint32_t round = 0; round < 500; round++) {
        vsk_timers timers = timers_new();
        struct model model = {.stopped = false};
        /* Every fourth round lives at the end of time. */
        uint64_t now = round % 4 == 0 ? UINT64_MAX - 300 : round;

        for (uint32_t i = 0; i < 300; i++) {
            now = sum(now, rig_draw(&random, 3));
            step(&timers, &model, now, &random);
            compare(&timers, &model);
        }
    }
}

/* A heap, not a list: how deep the timer of a slot may be. */
static void
a_timer_is_moved_in_steps_that_double(void **state)
{
    vsk_timers timers = timers_new();
    (void)state;
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        set(&timers, slot, 0, 100 + slot);

    set(&timers, SLOTS - 1, 0, 1);

    /* From the last entry to the top: 15, 7, 3, 1, 0; each went down one. */
    assert_int_equal(place[15], 0 + 1);
    assert_int_equal(place[0], 1 + 1);
    assert_int_equal(place[1], 3 + 1);
    assert_int_equal(place[3], 7 + 1);
    assert_int_equal(place[7], 15 + 1);
    assert_int_equal(place[2], 2 + 1);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(no_timer_runs_at_the_start),
        cmocka_unit_test(a_capacity_of_0_is_refused),
        cmocka_unit_test(a_capacity_above_2_to_the_30_is_refused),
        cmocka_unit_test(a_slot_that_does_not_exist_is_refused),
        cmocka_unit_test(a_timer_runs_out_at_its_deadline_and_not_before),
        cmocka_unit_test(a_timer_runs_out_once),
        cmocka_unit_test(a_delay_of_0_runs_out_at_once),
        cmocka_unit_test(a_deadline_past_the_end_of_time_is_at_its_end),
        cmocka_unit_test(every_timer_runs_out_when_only_the_clock_moves),
        cmocka_unit_test(
            timers_run_out_in_the_order_of_their_deadlines_however_late),
        cmocka_unit_test(of_equal_deadlines_the_lowest_slot_comes_first),
        cmocka_unit_test(a_timer_that_is_set_again_is_moved),
        cmocka_unit_test(a_timer_that_was_canceled_does_not_run_out),
        cmocka_unit_test(canceling_where_no_timer_runs_changes_nothing),
        cmocka_unit_test(
            a_clock_that_goes_back_makes_timers_late_and_nothing_else),
        cmocka_unit_test(nothing_runs_out_while_timers_stand_still),
        cmocka_unit_test(the_time_from_stop_to_start_does_not_count),
        cmocka_unit_test(what_had_run_out_before_the_stop_is_due_at_the_start),
        cmocka_unit_test(a_second_stop_and_a_second_start_change_nothing),
        cmocka_unit_test(
            a_timer_set_while_they_stand_still_begins_at_the_start),
        cmocka_unit_test(a_timer_canceled_while_they_stand_still_is_gone),
        cmocka_unit_test(
            timers_start_again_on_a_clock_that_shows_an_earlier_time),
        cmocka_unit_test(
            timers_that_start_near_the_end_of_time_run_out_at_its_end),
        cmocka_unit_test(timers_do_what_a_plain_array_does),
        cmocka_unit_test(a_timer_is_moved_in_steps_that_double),
    };

    return cmocka_run_group_tests_name("timers", cases, NULL, NULL);
}
