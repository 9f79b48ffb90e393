/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "socket_rig.h"

#include "vhost/loop.h"

#define MILLISECOND UINT64_C(1000000)
#define LONG (20000 * MILLISECOND) /* nobody waits for so long */

/* A loop, a pair of sockets, and what was ready last. */
struct watch {
    vsk_loop loop;
    int ends[2];
    uint32_t held;
    vsk_ready ready[VSK_LOOP_BATCH];
};

static int
set_up(void **state)
{
    struct watch *watch = calloc(1, sizeof *watch);

    assert_non_null(watch);
    watch->held = rig_fds();
    assert_int_equal(vsk_loop_init(&watch->loop), VSK_OK);
    rig_pair(SOCK_STREAM, watch->ends);
    *state = watch;
    return 0;
}

static int
tear_down(void **state)
{
    struct watch *watch = *state;

    vsk_loop_close(&watch->loop);
    vsk_loop_close(&watch->loop);
    (void)close(watch->ends[0]);
    if (watch->ends[1] >= 0)
        (void)close(watch->ends[1]);
    assert_int_equal(rig_fds(), watch->held);
    free(watch);
    return 0;
}

static void
watch_first(struct watch *watch, uint32_t what)
{
    assert_int_equal(vsk_loop_watch(&watch->loop, watch->ends[0], what, 7),
                     VSK_OK);
}

static void
write_second(struct watch *watch)
{
    assert_int_equal(send(watch->ends[1], "x", 1, 0), 1);
}

/* ---- descriptors ---- */

static void
nothing_is_ready_at_first(void **state)
{
    struct watch *watch = *state;

    watch_first(watch, VSK_LOOP_IN);

    assert_int_equal(vsk_loop_look(&watch->loop, watch->ready), 0);
    assert_int_equal(vsk_loop_wait(&watch->loop, MILLISECOND), VSK_NONE);
    assert_false(rig_readable(watch->loop.fd));
}

static void
what_can_be_read_is_told_until_it_is_read(void **state)
{
    struct watch *watch = *state;

    watch_first(watch, VSK_LOOP_IN);
    write_second(watch);

    for (int i = 0; i < 3; i++) {
        assert_int_equal(vsk_loop_wait(&watch->loop, LONG), VSK_OK);
        assert_int_equal(vsk_loop_look(&watch->loop, watch->ready), 1);
        assert_int_equal(watch->ready[0].tag, 7);
        assert_int_equal(watch->ready[0].what, VSK_LOOP_IN);
    }
    rig_skip(watch->ends[0], 1);
    assert_int_equal(vsk_loop_look(&watch->loop, watch->ready), 0);
}

static void
only_what_was_asked_for_is_told(void **state)
{
    struct watch *watch = *state;

    write_second(watch);

    watch_first(watch, VSK_LOOP_OUT);
    assert_int_equal(vsk_loop_look(&watch->loop, watch->ready), 1);
    assert_int_equal(watch->ready[0].what, VSK_LOOP_OUT);
    watch_first(watch, VSK_LOOP_IN | VSK_LOOP_OUT);
    assert_int_equal(vsk_loop_look(&watch->loop, watch->ready), 1);
    assert_int_equal(watch->ready[0].what, VSK_LOOP_IN | VSK_LOOP_OUT);
    watch_first(watch, 0);
    assert_int_equal(vsk_loop_look(&watch->loop, watch->ready), 0);
}

static void
a_peer_that_has_gone_is_told_to_everybody(void **state)
{
    struct watch *watch = *state;

    watch_first(watch, 0);
    (void)close(watch->ends[1]);
    watch->ends[1] = -1;

    assert_int_equal(vsk_loop_look(&watch->loop, watch->ready), 1);
    assert_true((watch->ready[0].what & VSK_LOOP_IN) != 0);
}

static void
what_is_not_watched_any_more_is_silent(void **state)
{
    struct watch *watch = *state;

    watch_first(watch, VSK_LOOP_IN);
    write_second(watch);
    vsk_loop_unwatch(&watch->loop, watch->ends[0]);
    vsk_loop_unwatch(&watch->loop, watch->ends[0]);
    vsk_loop_unwatch(&watch->loop, -1);

    assert_int_equal(vsk_loop_look(&watch->loop, watch->ready), 0);
}

static void
what_cannot_be_waited_for_is_refused(void **state)
{
    struct watch *watch = *state;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    assert_int_equal(vsk_loop_watch(&watch->loop, file, VSK_LOOP_IN, 1),
                     VSK_ERR_SYSTEM);
    assert_int_equal(vsk_loop_watch(&watch->loop, -1, VSK_LOOP_IN, 1),
                     VSK_ERR_SYSTEM);
    (void)close(file);
}

static void
everybody_has_a_turn_where_many_are_ready(void **state)
{
    struct watch *watch = *state;
    enum { MANY = 3 * VSK_LOOP_BATCH };
    int ends[MANY][2];
    uint32_t told[MANY] = {0};

    for (uint32_t i = 0; i < MANY; i++) {
        rig_pair(SOCK_STREAM, ends[i]);
        assert_int_equal(send(ends[i][1], "x", 1, 0), 1);
        assert_int_equal(
            vsk_loop_watch(&watch->loop, ends[i][0], VSK_LOOP_IN, i), VSK_OK);
    }
    for (uint32_t turn = 0; turn < 6; turn++) {
        uint32_t count = vsk_loop_look(&watch->loop, watch->ready);

        assert_true(count <= VSK_LOOP_BATCH);
        for (uint32_t i = 0; i < count; i++)
            told[watch->ready[i].tag]++;
    }

    for (uint32_t i = 0; i < MANY; i++) {
        assert_true(told[i] != 0);
        (void)close(ends[i][0]);
        (void)close(ends[i][1]);
    }
}

/* ---- deadlines ---- */

static void
a_deadline_wakes_once(void **state)
{
    struct watch *watch = *state;
    uint64_t deadline = vsk_loop_now() + 5 * MILLISECOND;

    vsk_loop_alarm(&watch->loop, deadline);
    assert_int_equal(vsk_loop_wait(&watch->loop, LONG), VSK_OK);

    assert_true(vsk_loop_now() >= deadline);
    assert_int_equal(vsk_loop_look(&watch->loop, watch->ready), 0);
    assert_int_equal(watch->loop.deadline, UINT64_MAX);
    assert_int_equal(vsk_loop_wait(&watch->loop, MILLISECOND), VSK_NONE);
}

static void
a_deadline_in_the_past_wakes_at_once(void **state)
{
    struct watch *watch = *state;
    const uint64_t past[] = {0, 1, 2, 999999999, 1000000000};

    for (size_t i = 0; i < sizeof past / sizeof *past; i++) {
        vsk_loop_alarm(&watch->loop, past[i]);
        assert_int_equal(vsk_loop_wait(&watch->loop, LONG), VSK_OK);
        (void)vsk_loop_look(&watch->loop, watch->ready);
        assert_false(rig_readable(watch->loop.fd));
    }
}

static void
the_same_deadline_wakes_again_when_it_is_set_again(void **state)
{
    struct watch *watch = *state;

    for (int i = 0; i < 2; i++) {
        vsk_loop_alarm(&watch->loop, 0);
        assert_true(rig_readable(watch->loop.fd));
        (void)vsk_loop_look(&watch->loop, watch->ready);
    }
}

static void
a_deadline_can_be_moved_away(void **state)
{
    struct watch *watch = *state;

    vsk_loop_alarm(&watch->loop, 0); /* it has run out already */
    vsk_loop_alarm(&watch->loop, vsk_loop_now() + LONG);
    assert_false(rig_readable(watch->loop.fd));
    vsk_loop_alarm(&watch->loop, 1);
    assert_true(rig_readable(watch->loop.fd));
    vsk_loop_alarm(&watch->loop, UINT64_MAX);
    assert_false(rig_readable(watch->loop.fd));
}

static void
a_deadline_far_away_is_far_away(void **state)
{
    struct watch *watch = *state;

    vsk_loop_alarm(&watch->loop, UINT64_MAX - 1);

    assert_int_equal(vsk_loop_wait(&watch->loop, MILLISECOND), VSK_NONE);
}

static void
a_deadline_and_a_descriptor_come_together(void **state)
{
    struct watch *watch = *state;

    watch_first(watch, VSK_LOOP_IN);
    write_second(watch);
    vsk_loop_alarm(&watch->loop, 0);

    assert_int_equal(vsk_loop_look(&watch->loop, watch->ready), 1);
    assert_int_equal(watch->loop.deadline, UINT64_MAX);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(nothing_is_ready_at_first),
        CASE(what_can_be_read_is_told_until_it_is_read),
        CASE(only_what_was_asked_for_is_told),
        CASE(a_peer_that_has_gone_is_told_to_everybody),
        CASE(what_is_not_watched_any_more_is_silent),
        CASE(what_cannot_be_waited_for_is_refused),
        CASE(everybody_has_a_turn_where_many_are_ready),
        CASE(a_deadline_wakes_once),
        CASE(a_deadline_in_the_past_wakes_at_once),
        CASE(the_same_deadline_wakes_again_when_it_is_set_again),
        CASE(a_deadline_can_be_moved_away),
        CASE(a_deadline_far_away_is_far_away),
        CASE(a_deadline_and_a_descriptor_come_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
