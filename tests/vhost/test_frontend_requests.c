/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the back end asks for, and notifications by message. */
#include "frontend_rig.h"

#include <sys/socket.h>
#include <unistd.h>

#define INBAND VSK_BIT(VSK_PROTOCOL_INBAND_NOTIFICATIONS)

/* Ask for something, a ring with it where one is given. */
static void
request(struct play *play, uint32_t number, uint32_t flags, uint32_t size,
        uint32_t ring)
{
    const uint32_t message[5] = {number, flags, size, ring, 0};

    play_send(play->requests, message, 12 + size, NULL, 0);
    play_talk(play);
}

/* The answer that came: 0 or 1; fails the test where it is not one. */
static uint64_t
answer(struct play *play, uint32_t number)
{
    uint32_t head[3];
    uint64_t value;

    assert_int_equal(recv(play->requests, head, sizeof head, MSG_DONTWAIT), 12);
    assert_int_equal(head[0], number);
    assert_int_equal(head[1], 5);
    assert_int_equal(head[2], 8);
    assert_int_equal(recv(play->requests, &value, 8, MSG_DONTWAIT), 8);
    return value;
}

static void
no_answer(struct play *play)
{
    uint8_t byte;

    assert_int_equal(recv(play->requests, &byte, 1, MSG_DONTWAIT), -1);
}

static struct play *
inband(void)
{
    vsk_frontend_options options = play_options();
    struct play *play;

    options.protocol |= INBAND;
    play = play_new(&options);
    play->protocol |= INBAND;
    play_talk(play);
    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    return play;
}

/* The device says that its transport was reset. */
static void
reset_transport(struct play *play)
{
    vsk_queue_device device;
    vsk_span spans[4];
    vsk_chain chain;

    assert_int_equal(vsk_queue_device_init(&device, &play->frontend.memory,
                                           &play->guest.rings[VSK_EVENT], NULL),
                     VSK_OK);
    vsk_chain_init(&chain, spans, 4);
    assert_int_equal(vsk_queue_pop(&device, &chain), VSK_OK);
    memset(chain.spans[0].base, 0, VSK_GUEST_EVENT);
    assert_int_equal(vsk_queue_push(&device, &chain, VSK_GUEST_EVENT), VSK_OK);
    assert_int_equal(vsk_notify_signal(play->calls[VSK_EVENT]), VSK_OK);
}

static void
a_changed_configuration_is_read_again(void **state)
{
    struct play *play = play_live(NULL);
    (void)state;

    play_forget(play);
    play->cid = 9;
    request(play, VSK_BACKEND_REQUEST_CONFIG_CHANGE, 9, 0, 0);

    /* VHU-FE-16, VHU-FE-22 */
    assert_int_equal(answer(play, VSK_BACKEND_REQUEST_CONFIG_CHANGE), 0);
    SAID(play, "GET_CONFIG");
    assert_int_equal(play->frontend.guest_cid, 9);
    /* The guest does not look before its transport is reset. */
    assert_int_equal(play->guest.endpoint.local_cid, CID);
    assert_non_null(strstr(play_noticed(play, VSK_NOTICE_NOTE)->text, "9"));
    play_free(play);
}

static void
what_wants_no_answer_gets_none(void **state)
{
    struct play *play = play_live(NULL);
    (void)state;

    /* VHU-FE-22 */
    request(play, VSK_BACKEND_REQUEST_CONFIG_CHANGE, 1, 0, 0);

    no_answer(play);
    play_free(play);
}

static void
without_reply_ack_nothing_is_answered(void **state)
{
    struct play *play = play_new(NULL);
    (void)state;

    play->protocol &= ~VSK_BIT(VSK_PROTOCOL_REPLY_ACK);
    play_talk(play);
    /* VHU-FE-22 */
    request(play, VSK_BACKEND_REQUEST_CONFIG_CHANGE, 9, 0, 0);

    no_answer(play);
    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    play_free(play);
}

static void
a_reset_transport_has_the_cid_read(void **state)
{
    struct play *play = play_live(NULL);
    (void)state;

    play_forget(play);
    play->cid = 10;
    reset_transport(play);
    assert_int_equal(vsk_loop_wait(&play->frontend.loop, VSK_SECOND), VSK_OK);
    play_talk(play);

    SAID(play, "GET_CONFIG");
    assert_int_equal(play->guest.endpoint.local_cid, 10);
    assert_false(play->guest.stale);
    while (vsk_notices_take(&play->frontend.notices, &play->notice) == VSK_OK)
        assert_int_not_equal(play->notice.kind, VSK_NOTICE_NOTE);
    /* The call was taken. */
    assert_int_equal(vsk_loop_wait(&play->frontend.loop, 0), VSK_NONE);
    play_free(play);
}

static void
a_reset_transport_is_over_where_there_is_no_cid_to_read(void **state)
{
    vsk_frontend_options options = play_options();
    struct play *play;
    (void)state;

    options.guest_cid = 5;
    play = play_new(&options);
    play->protocol &= ~VSK_BIT(VSK_PROTOCOL_CONFIG);
    play_talk(play);
    play_forget(play);
    reset_transport(play);
    play_talk(play);

    SAID(play, NULL);
    assert_int_equal(play->guest.resets, 1);
    assert_false(play->guest.stale);
    assert_int_equal(play->guest.endpoint.local_cid, 5);
    play_free(play);
}

static void
a_reserved_cid_is_none_later_either(void **state)
{
    struct play *play = play_live(NULL);
    (void)state;

    play->cid = 2;
    request(play, VSK_BACKEND_REQUEST_CONFIG_CHANGE, 1, 0, 0);

    play_over(play, VSK_BAD_CID, "GET_CONFIG");
    play_free(play);
}

static void
a_request_that_is_not_known_is_refused_by_its_answer(void **state)
{
    /* VHU-BOTH-04: one from the future, and two that were not agreed on */
    static const uint32_t numbers[] = {99, VSK_BACKEND_REQUEST_VRING_CALL,
                                       VSK_BACKEND_REQUEST_VRING_ERR};
    struct play *play = play_live(NULL);
    (void)state;

    for (uint32_t i = 0; i < 3; i++) {
        request(play, numbers[i], 9, 8, 0);
        assert_int_equal(answer(play, numbers[i]), 1);
        assert_int_equal(play_noticed(play, VSK_NOTICE_NOTE)->status,
                         VSK_BAD_REQUEST);
    }

    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    play_free(play);
}

static void
a_request_must_be_sound(void **state)
{
    static const struct {
        uint32_t message[3];
        uint32_t more;
        vsk_status status;
        bool fd;
    } wrong[] = {
        {{2, 9, 8}, 8, VSK_BAD_MESSAGE_SIZE, false},
        {{2, 9, 5000}, 0, VSK_BAD_MESSAGE_SIZE, false},
        {{2, 10, 0}, 0, VSK_BAD_MESSAGE, false},
        {{2, 13, 0}, 0, VSK_BAD_MESSAGE, false},
        {{2, 9, 0}, 0, VSK_BAD_FDS, true},
        {{99, 9, 0}, 0, VSK_BAD_FDS, true},
    };
    (void)state;

    for (uint32_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct play *play = play_live(NULL);
        uint32_t bytes[8] = {0};

        memcpy(bytes, wrong[i].message, sizeof wrong[i].message);
        play_send(play->requests, bytes, 12 + wrong[i].more, &play->fd,
                  wrong[i].fd ? 1 : 0);
        play_talk(play);

        play_over(play, wrong[i].status, "");
        play_free(play);
    }
}

static void
half_a_request_is_none(void **state)
{
    const uint32_t message[3] = {VSK_BACKEND_REQUEST_CONFIG_CHANGE, 1, 0};
    struct play *play = play_live(NULL);
    (void)state;

    play_send(play->requests, message, 7, NULL, 0);
    play_talk(play);
    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    play_close(&play->requests);
    play_talk(play);

    play_over(play, VSK_BAD_HANGUP, "");
    play_free(play);
}

static void
a_back_end_need_not_have_requests(void **state)
{
    struct play *play = play_live(NULL);
    (void)state;

    play_close(&play->requests);
    play_talk(play);

    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    assert_int_equal(play_noticed(play, VSK_NOTICE_NOTE)->status, VSK_EOF);
    assert_int_equal(vsk_loop_wait(&play->frontend.loop, 0), VSK_NONE);
    play_free(play);
}

static void
who_asks_and_never_reads_is_not_waited_for(void **state)
{
    const uint32_t message[3] = {VSK_BACKEND_REQUEST_CONFIG_CHANGE, 9, 0};
    struct play *play = play_live(NULL);
    uint32_t asked = 0;
    (void)state;

    play->twist =
        (struct twist){.request = VSK_REQUEST_GET_CONFIG, .bytewise = false};
    while (asked < 20000 &&
           send(play->requests, message, sizeof message,
                MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof message) {
        asked++;
        (void)play_step(play);
        play_forget(play);
        (void)play_answer(play);
    }
    play_forget(play);
    play_talk(play);
    assert_in_range(asked, 100, 19999);

    /* It sleeps though more can be read: an answer has to go first. */
    assert_int_equal(vsk_loop_wait(&play->frontend.loop, 0), VSK_NONE);
    for (uint32_t i = 0; i < asked; i++) {
        if (vsk_loop_wait(&play->frontend.loop, 0) == VSK_OK) {
            play_forget(play);
            play_talk(play);
        }
        assert_int_equal(answer(play, VSK_BACKEND_REQUEST_CONFIG_CHANGE), 0);
    }
    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    play_free(play);
}

/* ---- in-band ---- */

static void
notifications_are_messages_where_it_is_agreed_on(void **state)
{
    struct play *play = inband();
    (void)state;

    /* VHU-BOTH-10 */
    assert_false(play_asked(play, "SET_VRING_KICK"));
    assert_false(play_asked(play, "SET_VRING_CALL"));
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        assert_int_equal(play->frontend.kicks[i], -1);
    /* VHU-FE-17 */
    assert_string_equal(play->trace[play->lines - 4], "SET_VRING_ENABLE 2 1 !");
    assert_string_equal(play->trace[play->lines - 3], "VRING_KICK 0 0 !");
    assert_string_equal(play->trace[play->lines - 2], "VRING_KICK 1 0 !");
    assert_string_equal(play->trace[play->lines - 1], "VRING_KICK 2 0 !");
    play_forget(play);
    assert_int_equal(vsk_frontend_kick(&play->frontend, VSK_TX), VSK_OK);
    play_talk(play);
    SAID(play, "VRING_KICK 1 0 !");
    play_free(play);
}

static void
rings_that_are_stopped_are_not_kicked(void **state)
{
    struct play *play = inband();
    (void)state;

    play_forget(play);
    assert_int_equal(vsk_frontend_kick(&play->frontend, VSK_TX), VSK_OK);
    assert_int_equal(vsk_frontend_stop(&play->frontend), VSK_OK);
    play_talk(play);

    assert_int_equal(play->frontend.state, VSK_FRONTEND_STOPPED);
    assert_false(play_asked(play, "VRING_KICK"));
    play_free(play);
}

static void
a_call_is_a_message_then(void **state)
{
    struct play *play = inband();
    (void)state;

    request(play, VSK_BACKEND_REQUEST_VRING_CALL, 9, 8, 0);
    assert_int_equal(answer(play, VSK_BACKEND_REQUEST_VRING_CALL), 0);
    request(play, VSK_BACKEND_REQUEST_VRING_CALL, 9, 8, 3);
    assert_int_equal(answer(play, VSK_BACKEND_REQUEST_VRING_CALL), 1);
    request(play, VSK_BACKEND_REQUEST_VRING_ERR, 9, 8, 1);
    assert_int_equal(answer(play, VSK_BACKEND_REQUEST_VRING_ERR), 0);
    assert_int_equal(play_noticed(play, VSK_NOTICE_NOTE)->status, VSK_BAD_RING);
    play_free(play);
}

static void
eventfds_are_made_where_the_back_end_wants_them(void **state)
{
    /* VHU-BOTH-10: what it needs is missing, or it is itself. */
    static const uint64_t missing[] = {INBAND, VSK_BIT(VSK_PROTOCOL_REPLY_ACK),
                                       VSK_BIT(VSK_PROTOCOL_BACKEND_REQ)};
    (void)state;

    for (uint32_t i = 0; i < 3; i++) {
        vsk_frontend_options options = play_options();
        struct play *play;

        options.protocol |= INBAND;
        play = play_new(&options);
        play->protocol = (play->protocol | INBAND) & ~missing[i];
        play_talk(play);

        assert_int_equal(play->agreed & INBAND, 0);
        assert_true(play_asked(play, "SET_VRING_KICK 0"));
        assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
        play_free(play);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_configuration_is_read_again),
        cmocka_unit_test(what_wants_no_answer_gets_none),
        cmocka_unit_test(without_reply_ack_nothing_is_answered),
        cmocka_unit_test(a_reset_transport_has_the_cid_read),
        cmocka_unit_test(
            a_reset_transport_is_over_where_there_is_no_cid_to_read),
        cmocka_unit_test(a_reserved_cid_is_none_later_either),
        cmocka_unit_test(a_request_that_is_not_known_is_refused_by_its_answer),
        cmocka_unit_test(a_request_must_be_sound),
        cmocka_unit_test(half_a_request_is_none),
        cmocka_unit_test(a_back_end_need_not_have_requests),
        cmocka_unit_test(who_asks_and_never_reads_is_not_waited_for),
        cmocka_unit_test(notifications_are_messages_where_it_is_agreed_on),
        cmocka_unit_test(rings_that_are_stopped_are_not_kicked),
        cmocka_unit_test(a_call_is_a_message_then),
        cmocka_unit_test(eventfds_are_made_where_the_back_end_wants_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
