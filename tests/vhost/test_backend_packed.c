/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Where packed rings begin and go on: nothing but the base says it. */
#include "front_rig.h"

#define MARK VSK_BIT(VSK_FEATURE_PROTOCOL)
#define START 0x80008000u /* both ends at slot 0 of the first lap */
#define WRAPS 0x80008000u /* the wrap counters of a base */
#define TWICE(place) ((uint32_t)(place)*0x10001u)
#define LATER (FRONT_SIZE / 2) /* a slot that a ring may have come to */

static const uint64_t split = ~VSK_F_RING_PACKED;

/* All that a base says of a ring of the device. */
static uint32_t
stands(const struct front *front, uint32_t index)
{
    const vsk_ring_state *state = &front->device.queues[index].ring.state;

    return state->avail | (uint32_t)state->used << 16;
}

/* Send to and fro until the TX ring stands at places of one wrap counter. */
static void
echo_until(struct front *front, vsk_conn *conn, uint32_t mask, uint32_t base)
{
    for (int i = 0; (stands(front, VSK_TX) & mask) != base; i++) {
        assert_true(i < 500);
        front_echo(front, conn, "on");
    }
}

/* ---- going on ---- */

static void
a_ring_goes_on_where_it_stood_in_either_lap(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-30, VHU-BE-31 */
    vsk_conn *conn = front_connected(front);
    uint32_t bases[3];
    (void)state;

    for (uint32_t lap = 0; lap < 4; lap++) {
        echo_until(front, conn, WRAPS, lap % 2 != 0 ? WRAPS : 0);
        front_stop_all(front, bases);
        for (uint32_t i = 0; i < 3; i++)
            assert_int_equal(bases[i], stands(front, i));
        front_go_on(front, bases);
        front_echo(front, conn, "after");
    }

    front_not_told(&front->host, VSK_EVENT_CLOSE);
    front_not_told(&front->told, VSK_EVENT_CLOSE);
    front_free(front);
}

static void
a_ring_that_answered_0_stands_there(void **state)
{
    struct front *front = front_live(3);
    vsk_conn *conn = front_connected(front);
    uint32_t bases[3];
    (void)state;

    echo_until(front, conn, UINT32_MAX, 0);
    front_stop_all(front, bases);
    assert_int_equal(bases[VSK_TX], 0);
    front_go_on(front, bases);

    front_echo(front, conn, "after");
    front_not_told(&front->host, VSK_EVENT_CLOSE);
    front_free(front);
}

static void
a_ring_that_was_told_0_answered_nothing(void **state)
{
    struct front *front = front_live(3);
    uint32_t bases[3];
    (void)state;

    /* As User Mode Linux has it of the rings of its next driver. */
    echo_until(front, front_connected(front), UINT32_MAX, 0);
    for (uint32_t i = 0; i < 3; i++)
        front_enable(front, i, false);
    front_open(front);
    for (uint32_t i = 0; i < 3; i++)
        bases[i] = 0;
    front_go_on(front, bases);

    front_told(&front->host, VSK_EVENT_CLOSE);
    front_echo(front, front_connected(front), "hello");
    front_free(front);
}

/* Another process goes on with a guest that lives, from what the first one
 * answered. */
static void
goes_on_elsewhere(uint32_t wraps)
{
    struct front *front = front_live(3);
    vsk_conn *conn = front_connected(front);
    uint32_t bases[3];

    echo_until(front, conn, WRAPS, wraps);
    front_echo(front, conn, "not at its start");
    front_stop_all(front, bases);
    front_new_process(front);
    front_agree(front, VSK_BACKEND_PROTOCOL, ALL);
    front_go_on(front, bases);

    front_told(&front->told, VSK_EVENT_RESET);
    front_echo(front, front_connected(front), "hello");
    front_free(front);
}

static void
another_process_goes_on_where_it_is_told(void **state)
{
    (void)state;

    goes_on_elsewhere(WRAPS); /* VHU-BE-30 */
    goes_on_elsewhere(0);
}

static void
what_was_taken_and_not_given_back_is_taken_again(void **state)
{
    struct front *front = front_live(3);
    vsk_conn *conn = front_connected(front);
    uint32_t bases[3];
    (void)state;

    front_stop_all(front, bases);
    assert_int_equal(vsk_endpoint_call(&front->guest.endpoint, vsk_loop_now(),
                                       conn, VSK_CALL_SHUTDOWN,
                                       VSK_SHUTDOWN_SEND),
                     VSK_OK);
    front_run_guest(front);
    front_new_process(front);
    front_agree(front, VSK_BACKEND_PROTOCOL, ALL);
    front_start(front, VSK_RX, bases[VSK_RX]);
    /* The one before it had taken it: avail is ahead of used. */
    front_start(front, VSK_TX, bases[VSK_TX] + 1);
    front_run(front);

    /* For no connection that this one knows: the answer is RST. */
    front_told(&front->told, VSK_EVENT_CLOSE);
    assert_int_equal(stands(front, VSK_TX), bases[VSK_TX] + 0x10001u);
    front_free(front);
}

static void
a_list_gone_wild_is_told_once_and_cured_by_a_new_life(void **state)
{
    struct front *front = front_live(3);
    const vsk_ring *ring = &front->guest.rings[VSK_TX];
    uint8_t *desc = front->mapping->base + (ring->desc - FRONT_LOW);
    const uint8_t flags[2] = {VSK_DESC_F_NEXT | VSK_DESC_F_AVAIL, 0};
    uint32_t bases[3];
    (void)state;

    memcpy(desc + 14, flags, sizeof flags);
    front->host.count = 0;
    assert_int_equal(vsk_notify_signal(front->kicks[VSK_TX]), VSK_OK);
    front_run_host(front);
    assert_int_equal(front->host.count, 1);
    front_told(&front->host, VSK_EVENT_ERROR);
    front_stop_all(front, bases);
    front_open(front);
    for (uint32_t i = 0; i < 3; i++)
        front_start(front, i, START + 1);

    assert_true(front->backend.connected);
    front_free(front);
}

/* ---- beginning ---- */

static void
what_no_ring_has_told_is_its_start(void **state)
{
    struct front *front = front_new();
    (void)state;

    assert_int_equal(front_stop(front, VSK_RX), 0); /* of no format yet */
    front_do(front, front_u64(VSK_REQUEST_SET_FEATURES, ALL | MARK));
    assert_int_equal(front_stop(front, VSK_RX), START);
    front_do(front, front_state(VSK_REQUEST_SET_VRING_BASE, VSK_RX, 0));
    assert_int_equal(front_stop(front, VSK_RX), START);
    front_do(front, front_state(VSK_REQUEST_SET_VRING_BASE, VSK_RX, 0x50007));
    assert_int_equal(front_stop(front, VSK_RX), 0x50007);
    front_free(front);
}

static void
nobody_is_told_of_a_ring_that_begins_at_its_start(void **state)
{
    static const uint32_t starts[] = {0, START};
    (void)state;

    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t bases[3] = {starts[i], starts[i], starts[i]};
        struct front *front = front_new();
        vsk_notice notice;

        front_agree(front, VSK_BACKEND_PROTOCOL, ALL);
        front_open(front);
        front_forget_notices(front);
        front_go_on(front, bases);

        front_not_told(&front->told, VSK_EVENT_RESET);
        assert_int_equal(vsk_notices_take(&front->backend.notices, &notice),
                         VSK_OK);
        assert_int_equal(notice.kind, VSK_NOTICE_LIVE);
        front_echo(front, front_connected(front), "hello");
        front_free(front);
    }
}

static void
rings_may_be_of_any_size(void **state)
{
    static const uint32_t sizes[] = {1, 3, 255};
    struct front *front = front_new();
    (void)state;

    front_agree(front, VSK_BACKEND_PROTOCOL, ALL);
    front_open(front);
    for (uint32_t i = 0; i < 3; i++) {
        front_tell_ring(front, i, START);
        front_do(front, front_state(VSK_REQUEST_SET_VRING_NUM, i, sizes[i]));
        front_kick(front, i);
        front_enable(front, i, true);
        assert_int_equal(front->device.queues[i].ring.table.size, sizes[i]);
    }
    front_refused(front, front_state(VSK_REQUEST_SET_VRING_NUM, 0, 32769), NULL,
                  0, VSK_BAD_RING);
    front_free(front);
}

static void
the_last_base_of_the_largest_ring_is_one(void **state)
{
    struct front *front = front_new();
    (void)state;

    front_do(front, front_u64(VSK_REQUEST_SET_FEATURES, ALL | MARK));
    front_do(front,
             front_state(VSK_REQUEST_SET_VRING_NUM, VSK_RX, VSK_RING_MAX));
    front_do(front,
             front_state(VSK_REQUEST_SET_VRING_BASE, VSK_RX, UINT32_MAX));

    assert_int_equal(front_stop(front, VSK_RX), UINT32_MAX);
    front_free(front);
}

/* Whether a ring of 64 begins there; what it is told may come in any order. */
static bool
begins_at(uint32_t base, uint64_t features, bool features_last)
{
    struct front *front = front_new();
    vsk_message message =
        front_u64(VSK_REQUEST_SET_FEATURES, (ALL & features) | MARK);
    bool begins;

    front_set_memory(front);
    front_open(front);
    if (!features_last)
        front_do(front, message);
    front_do(front, front_state(VSK_REQUEST_SET_VRING_BASE, VSK_TX, base));
    front_do(front, front_addr(front, VSK_TX));
    front_do(front, front_state(VSK_REQUEST_SET_VRING_NUM, VSK_TX, FRONT_SIZE));
    front_kick(front, VSK_TX);
    if (features_last)
        front_enable(front, VSK_TX, true);
    else
        message = front_state(VSK_REQUEST_SET_VRING_ENABLE, VSK_TX, 1);
    front_post(front, &message, NULL, 0);
    begins = front->device.started == 1u << VSK_TX;
    if (!begins)
        front_over(front, VSK_BAD_RING,
                   features_last ? "SET_FEATURES" : "SET_VRING_ENABLE");
    front_free(front);
    return begins;
}

static void
a_base_is_within_the_ring_in_both_halves(void **state)
{
    const uint32_t last = FRONT_SIZE - 1, out = FRONT_SIZE;
    (void)state;

    for (uint32_t i = 0; i < 2; i++) {
        bool features_last = i != 0;

        assert_true(begins_at(TWICE(last), UINT64_MAX, features_last));
        assert_true(begins_at(WRAPS | TWICE(last), UINT64_MAX, features_last));
        assert_false(begins_at(out | last << 16, UINT64_MAX, features_last));
        assert_false(begins_at(last | out << 16, UINT64_MAX, features_last));
        assert_false(begins_at(WRAPS | out, UINT64_MAX, features_last));
    }
    /* Told before it was known that they are split. */
    assert_true(begins_at(0xffff, split, true));
    assert_false(begins_at(0x10000, split, true));
    assert_true(begins_at(0xffff, split, false));
}

static void
split_rings_are_told_from_packed_ones_by_what_is_accepted(void **state)
{
    static const struct {
        vsk_request request;
        uint32_t num;
    } bad[] = {
        {VSK_REQUEST_SET_VRING_BASE, 0x10000},
        {VSK_REQUEST_SET_VRING_NUM, 3},
    };
    struct front *front = front_new();
    (void)state;

    for (uint32_t i = 0; i < 2; i++) {
        vsk_message message = front_state(bad[i].request, VSK_RX, bad[i].num);

        front_do(front, message); /* it is not known yet */
        front_do(front,
                 front_u64(VSK_REQUEST_SET_FEATURES, (ALL & split) | MARK));
        front_refused(front, message, NULL, 0, VSK_BAD_RING);
    }
    front_free(front);
}

static void
a_split_ring_of_no_power_of_two_does_not_begin(void **state)
{
    struct front *front = front_new();
    (void)state;

    front_set_memory(front);
    front_open(front);
    front_tell_ring(front, VSK_TX, 0);
    front_do(front, front_state(VSK_REQUEST_SET_VRING_NUM, VSK_TX, 3));
    front_kick(front, VSK_TX);
    front_enable(front, VSK_TX, true);

    front_refused(front,
                  front_u64(VSK_REQUEST_SET_FEATURES, (ALL & split) | MARK),
                  NULL, 0, VSK_BAD_RING);
    front_free(front);
}

static void
event_areas_are_aligned(void **state)
{
    struct front *front = front_new();
    vsk_message message;
    (void)state;

    front_agree(front, VSK_BACKEND_PROTOCOL, ALL);
    front_open(front);
    front_tell_ring(front, VSK_TX, START);
    message = front_addr(front, VSK_TX);
    message.addr.avail += 2; /* where an available ring may be */
    front_do(front, message);
    front_kick(front, VSK_TX);

    front_refused(front, front_state(VSK_REQUEST_SET_VRING_ENABLE, VSK_TX, 1),
                  NULL, 0, VSK_BAD_RING);
    front_free(front);
}

/* ---- another format ---- */

static void
a_place_means_nothing_in_the_other_format(void **state)
{
    static const uint64_t steps[][2] = {
        {~VSK_F_RING_PACKED, UINT64_MAX},
        /* by way of no features at all */
        {~VSK_F_RING_PACKED, 0},
    };
    (void)state;

    for (uint32_t i = 0; i < 2; i++) {
        struct front *front = front_new();

        front_agree(front, VSK_BACKEND_PROTOCOL, ALL & split);
        front_open(front);
        for (uint32_t j = 0; j < 3; j++)
            front_start(front, j, 0);
        front->device.queues[VSK_TX].ring.state =
            (vsk_ring_state){LATER, LATER, 0};
        if (steps[i][1] == 0)
            front_do(front, front_u64(VSK_REQUEST_SET_FEATURES, 0));
        front_do(front, front_u64(VSK_REQUEST_SET_FEATURES, ALL | MARK));

        assert_int_equal(stands(front, VSK_TX), START);
        front_free(front);
    }
}

static void
drivers_of_both_formats_follow_each_other(void **state)
{
    struct front *front = front_live(3);
    (void)state;

    for (uint32_t i = 0; i < 6; i++) {
        uint32_t bases[3];

        front_echo(front, front_connected(front), "hello");
        front_stop_all(front, bases);
        assert_int_equal(setenv("VSK_RING", i % 2 ? "packed" : "split", 1), 0);
        front_do(front, front_u64(VSK_REQUEST_SET_FEATURES, ALL | MARK));
        front_open(front);
        for (uint32_t j = 0; j < 3; j++)
            bases[j] = 0;
        front_go_on(front, bases);
        front_told(&front->host, VSK_EVENT_CLOSE);
    }

    front_echo(front, front_connected(front), "hello");
    front_free(front);
}

static int
be_packed(void **state)
{
    (void)state;
    return setenv("VSK_RING", "packed", 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_ring_goes_on_where_it_stood_in_either_lap),
        RIG_TEST(a_ring_that_answered_0_stands_there),
        RIG_TEST(a_ring_that_was_told_0_answered_nothing),
        RIG_TEST(another_process_goes_on_where_it_is_told),
        RIG_TEST(what_was_taken_and_not_given_back_is_taken_again),
        RIG_TEST(a_list_gone_wild_is_told_once_and_cured_by_a_new_life),
        RIG_TEST(what_no_ring_has_told_is_its_start),
        RIG_TEST(nobody_is_told_of_a_ring_that_begins_at_its_start),
        RIG_TEST(rings_may_be_of_any_size),
        RIG_TEST(the_last_base_of_the_largest_ring_is_one),
        RIG_TEST(a_base_is_within_the_ring_in_both_halves),
        RIG_TEST(split_rings_are_told_from_packed_ones_by_what_is_accepted),
        RIG_TEST(a_split_ring_of_no_power_of_two_does_not_begin),
        RIG_TEST(event_areas_are_aligned),
        RIG_TEST(a_place_means_nothing_in_the_other_format),
        RIG_TEST(drivers_of_both_formats_follow_each_other),
    };

    return cmocka_run_group_tests(tests, be_packed, NULL);
}
