/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* VHU-FE-03: what is not exactly the answer ends the session. */
#include "frontend_rig.h"

#include <unistd.h>

/* Every request up to LIVE, and one more to stop. */
static const uint32_t requests[] = {
    VSK_REQUEST_GET_FEATURES,   VSK_REQUEST_GET_PROTOCOL_FEATURES,
    VSK_REQUEST_SET_OWNER,      VSK_REQUEST_GET_QUEUE_NUM,
    VSK_REQUEST_SET_FEATURES,   VSK_REQUEST_SET_BACKEND_REQ_FD,
    VSK_REQUEST_SET_MEM_TABLE,  VSK_REQUEST_GET_CONFIG,
    VSK_REQUEST_SET_VRING_CALL, VSK_REQUEST_SET_VRING_NUM,
    VSK_REQUEST_SET_VRING_BASE, VSK_REQUEST_SET_VRING_ADDR,
    VSK_REQUEST_SET_VRING_KICK, VSK_REQUEST_SET_VRING_ENABLE,
    VSK_REQUEST_GET_VRING_BASE,
};
#define REQUESTS (sizeof requests / sizeof *requests)

#define HASTE (20 * VSK_MILLISECOND)

/* Talk and stop with a wrong answer on the way, until it is over, stands, or
 * waits for so long. */
static struct play *
with_timeout(struct twist twist, uint64_t timeout)
{
    vsk_frontend_options options = play_options();
    struct play *play;

    options.timeout = timeout;
    play = play_new(&options);
    play->twist = twist;
    play_talk(play);
    if (vsk_frontend_stop(&play->frontend) == VSK_OK)
        play_talk(play);
    return play;
}

static struct play *
with_twist(struct twist twist)
{
    return with_timeout(twist, 10 * VSK_SECOND);
}

/* The answer to each request is wrong in this way. */
static void
all_end(struct twist twist, vsk_status status)
{
    for (uint32_t i = 0; i < REQUESTS; i++) {
        struct play *play;

        twist.request = requests[i];
        play = with_twist(twist);

        play_over(play, status, vsk_request_find(requests[i])->name);
        assert_false(play->guest.open);
        play_free(play);
    }
}

static void
another_request_is_no_answer(void **state)
{
    (void)state;

    all_end((struct twist){.other_id = 1}, VSK_BAD_REPLY);
}

static void
flags_are_5_and_nothing_else(void **state)
{
    static const uint32_t flags[] = {1, 4, 6, 7, 13, 0x15, 0x80000005};
    (void)state;

    for (uint32_t i = 0; i < sizeof flags / sizeof *flags; i++)
        all_end((struct twist){.flags = flags[i]}, VSK_BAD_REPLY);
}

static void
a_size_is_that_of_the_answer(void **state)
{
    static const int32_t more[] = {-8, -1, 1, 4, 8, 4100};
    (void)state;

    for (uint32_t i = 0; i < sizeof more / sizeof *more; i++)
        all_end((struct twist){.more = more[i]}, VSK_BAD_REPLY);
}

static void
an_answer_that_is_cut_is_none(void **state)
{
    static const uint32_t cuts[] = {1, 11, 12, 19};
    (void)state;

    for (uint32_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        all_end((struct twist){.cut = cuts[i]}, VSK_BAD_HANGUP);
}

static void
descriptors_do_not_come_with_answers(void **state)
{
    (void)state;

    all_end((struct twist){.fds = 1}, VSK_BAD_FDS);
    all_end((struct twist){.fds = 8}, VSK_BAD_FDS);
    all_end((struct twist){.fds = 9}, VSK_BAD_FDS);
}

static void
who_hangs_up_does_not_answer(void **state)
{
    (void)state;

    all_end((struct twist){.hangs_up = true}, VSK_BAD_HANGUP);
}

/* A server that is busy sends away whom it has not heard yet. */
static void
who_hangs_up_before_the_first_request_does_not_answer(void **state)
{
    struct play *play = play_new(NULL);
    (void)state;

    play_close(&play->fd);
    (void)vsk_frontend_step(&play->frontend, &play->event);

    play_over(play, VSK_BAD_HANGUP, "went away");
    play_free(play);
}

static void
a_failure_that_is_acknowledged_ends_it(void **state)
{
    (void)state;

    for (uint32_t i = 0; i < REQUESTS; i++) {
        const vsk_request_shape *shape = vsk_request_find(requests[i]);
        struct play *play;

        if (shape->answer != VSK_PAYLOAD_NONE)
            continue;
        play = with_twist(
            (struct twist){.request = requests[i], .number = UINT64_MAX});

        play_over(play, VSK_BAD_ACK, shape->name);
        play_free(play);
    }
}

static void
an_answer_must_come_in_time(void **state)
{
    (void)state;

    for (uint32_t i = 0; i < REQUESTS; i++) {
        struct play *play = with_timeout(
            (struct twist){.request = requests[i], .silent = true}, HASTE);
        const char *name = vsk_request_find(requests[i])->name;

        assert_int_not_equal(play->frontend.state, VSK_FRONTEND_OVER);
        while (play->frontend.state != VSK_FRONTEND_OVER) {
            /* Its descriptor tells when the time is up. */
            assert_int_equal(vsk_loop_wait(&play->frontend.loop, VSK_SECOND),
                             VSK_OK);
            (void)play_step(play);
        }

        play_over(play, VSK_TIMEOUT, name);
        assert_non_null(strstr(play->notice.text, "within 20 ms"));
        play_free(play);
    }
}

static void
a_barrier_wants_its_answer_too(void **state)
{
    struct play *play = play_new(NULL);
    (void)state;

    play->protocol = VSK_BIT(VSK_PROTOCOL_CONFIG);
    (void)play_step(play);
    (void)play_answer(play);
    play->twist =
        (struct twist){.request = VSK_REQUEST_GET_FEATURES, .other_id = 2};
    play_talk(play);

    play_over(play, VSK_BAD_REPLY, "GET_FEATURES");
    assert_true(play_asked(play, "SET_MEM_TABLE"));
    play_free(play);
}

static void
a_config_is_what_was_asked_for(void **state)
{
    /* The first bit of the offset. */
    struct play *play = with_twist(
        (struct twist){.request = VSK_REQUEST_GET_CONFIG, .flip = 8 * 12 + 1});
    (void)state;

    play_over(play, VSK_BAD_REPLY, "GET_CONFIG");
    play_free(play);
    /* No byte, and a size that says so. */
    play = with_twist((struct twist){
        .request = VSK_REQUEST_GET_CONFIG, .flip = 8 * 16 + 4, .more = -8});

    play_over(play, VSK_BAD_REPLY, "GET_CONFIG");
    play_free(play);
}

static void
a_request_that_does_not_leave_in_time_is_given_up(void **state)
{
    vsk_frontend_options options = play_options();
    struct play *play;
    int ends[2];
    (void)state;

    options.timeout = HASTE;
    play = play_made(&options);
    rig_pair(SOCK_STREAM, ends);
    (void)rig_fill(ends[0]);
    assert_int_equal(vsk_frontend_adopt(&play->frontend, ends[0]), VSK_OK);
    play->fd = ends[1];
    (void)play_step(play);
    assert_int_equal(vsk_loop_wait(&play->frontend.loop, VSK_SECOND), VSK_OK);
    (void)play_step(play);

    play_over(play, VSK_TIMEOUT, "GET_FEATURES");
    play_free(play);
}

static void
nobody_asked(void **state)
{
    /* As if it were to the last request once more. */
    const uint32_t message[5] = {VSK_REQUEST_SET_VRING_ENABLE, 5, 8, 0, 0};
    struct play *play = play_live(NULL);
    (void)state;

    play_send(play->fd, message, sizeof message, NULL, 0);
    play_talk(play);

    play_over(play, VSK_BAD_REPLY, "flags 0x5");
    play_free(play);
}

static void
an_end_is_told_to_all_connections(void **state)
{
    struct play *play = play_live(NULL);
    vsk_conn *conn;
    (void)state;

    assert_int_equal(vsk_guest_connect(&play->guest, vsk_loop_now(),
                                       VSK_PORT_ANY, VSK_CID_HOST, PORT,
                                       VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    play_talk(play);
    play_close(&play->fd);

    assert_int_equal(vsk_loop_wait(&play->frontend.loop, VSK_SECOND), VSK_OK);
    assert_int_equal(vsk_frontend_step(&play->frontend, &play->event), VSK_OK);
    assert_int_equal(play->event.kind, VSK_EVENT_CLOSE);
    assert_int_equal(vsk_frontend_step(&play->frontend, &play->event), VSK_OK);
    assert_int_equal(play->event.kind, VSK_EVENT_RESET);
    assert_int_equal(vsk_frontend_step(&play->frontend, &play->event),
                     VSK_NONE);
    play_over(play, VSK_EOF, "closed");
    /* Nothing is left to wait for, whoever still holds its descriptors. */
    assert_int_equal(vsk_notify_signal(play->calls[VSK_RX]), VSK_OK);
    assert_int_equal(vsk_loop_wait(&play->frontend.loop, 0), VSK_NONE);
    play_free(play);
}

static void
an_end_is_seen_behind_a_flood(void **state)
{
    struct play *play = play_live(NULL);
    vsk_queue_device device;
    vsk_span spans[4];
    vsk_chain chain;
    uint32_t steps = 0;
    (void)state;

    assert_int_equal(vsk_queue_device_init(&device, &play->frontend.memory,
                                           &play->guest.rings[VSK_RX], NULL),
                     VSK_OK);
    while (play->frontend.state != VSK_FRONTEND_OVER && steps < 100) {
        if (steps == 5)
            play_close(&play->fd);
        /* A packet that is none: there is always something to tell. */
        vsk_chain_init(&chain, spans, 4);
        if (vsk_queue_pop(&device, &chain) == VSK_OK)
            assert_int_equal(vsk_queue_push(&device, &chain, 1), VSK_OK);
        assert_int_equal(vsk_frontend_step(&play->frontend, &play->event),
                         VSK_OK);
        steps++;
    }

    play_over(play, VSK_EOF, "closed");
    play_free(play);
}

static void
it_may_be_closed_at_any_request(void **state)
{
    (void)state;

    for (uint32_t requests_made = 0; requests_made < 30; requests_made++) {
        struct play *play = play_new(NULL);

        for (uint32_t i = 0; i < requests_made; i++) {
            (void)play_step(play);
            (void)play_answer(play);
        }
        /* Also where answers and requests are on their way. */
        (void)play_step(play);
        play_free(play);
    }
}

/* One bit of one answer is wrong: it ends, or what was said made sense. */
static void
a_bit_that_is_wrong_does_no_harm(void **state)
{
    rig_random random = rig_seed();
    uint64_t runs = rig_setting("VSK_RUNS", 300);
    (void)state;

    for (uint64_t i = 0; i < runs; i++) {
        uint32_t request = requests[rig_draw(&random, REQUESTS)];
        uint32_t flip = 1 + rig_draw(&random, 160);
        struct play *play = with_timeout(
            (struct twist){.request = request, .flip = flip}, HASTE);
        vsk_frontend_state stood = play->frontend.state;

        if (stood != VSK_FRONTEND_OVER && stood != VSK_FRONTEND_STOPPED) {
            /* It waits for the rest of a longer answer. */
            (void)vsk_loop_wait(&play->frontend.loop, VSK_SECOND);
            play_talk(play);
            assert_int_equal(play->frontend.state, VSK_FRONTEND_OVER);
        }
        if (flip <= 96)
            assert_int_equal(play->frontend.state, VSK_FRONTEND_OVER);
        if (play->frontend.state == VSK_FRONTEND_OVER)
            (void)play_noticed(play, VSK_NOTICE_END);
        play_free(play);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_request_is_no_answer),
        cmocka_unit_test(flags_are_5_and_nothing_else),
        cmocka_unit_test(a_size_is_that_of_the_answer),
        cmocka_unit_test(an_answer_that_is_cut_is_none),
        cmocka_unit_test(descriptors_do_not_come_with_answers),
        cmocka_unit_test(who_hangs_up_does_not_answer),
        cmocka_unit_test(who_hangs_up_before_the_first_request_does_not_answer),
        cmocka_unit_test(a_failure_that_is_acknowledged_ends_it),
        cmocka_unit_test(an_answer_must_come_in_time),
        cmocka_unit_test(a_barrier_wants_its_answer_too),
        cmocka_unit_test(a_request_that_does_not_leave_in_time_is_given_up),
        cmocka_unit_test(nobody_asked),
        cmocka_unit_test(an_end_is_told_to_all_connections),
        cmocka_unit_test(an_end_is_seen_behind_a_flood),
        cmocka_unit_test(a_config_is_what_was_asked_for),
        cmocka_unit_test(it_may_be_closed_at_any_request),
        cmocka_unit_test(a_bit_that_is_wrong_does_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
