/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Rings that stand still: their bases, another back end, the device's state. */
#include "frontend_rig.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define LARGE 300000u /* more than a pipe holds */

static struct play *
stopped(void)
{
    struct play *play = play_live(NULL);

    play->bases[0] = 11;
    play->bases[1] = 65535;
    play->bases[2] = 4;
    play_forget(play);
    assert_int_equal(vsk_frontend_stop(&play->frontend), VSK_OK);
    play_talk(play);
    return play;
}

static void
stands(struct play *play)
{
    assert_string_equal(vsk_frontend_state_name(play->frontend.state),
                        "STOPPED");
}

static void
stop_asks_where_each_ring_stands(void **state)
{
    struct play *play = stopped();
    (void)state;

    /* VHU-FE-12 */
    SAID(play, "GET_VRING_BASE 0 0", "GET_VRING_BASE 1 0",
         "GET_VRING_BASE 2 0");
    stands(play);
    (void)play_noticed(play, VSK_NOTICE_STOPPED);
    assert_int_equal(vsk_frontend_stop(&play->frontend), VSK_ERR_STATE);
    play_free(play);
}

static void
resume_tells_what_was_answered(void **state)
{
    struct play *play = stopped();
    (void)state;

    play_forget(play);
    assert_int_equal(vsk_frontend_resume(&play->frontend), VSK_OK);
    assert_int_equal(vsk_frontend_resume(&play->frontend), VSK_ERR_STATE);
    play_talk(play);

    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    assert_string_equal(play->trace[0], "SET_VRING_CALL 0 ! +1");
    assert_true(play_asked(play, "SET_VRING_BASE 0 11 !"));
    assert_true(play_asked(play, "SET_VRING_BASE 1 65535 !"));
    assert_true(play_asked(play, "SET_VRING_BASE 2 4 !"));
    assert_true(play_asked(play, "SET_VRING_ENABLE 2 1 !"));
    assert_false(play_asked(play, "SET_FEATURES"));
    assert_int_equal(play->lines, 18);
    play_free(play);
}

static void
nothing_happens_in_a_guest_that_is_stopped(void **state)
{
    struct play *play = play_live(NULL);
    uint64_t deadline;
    vsk_conn *conn;
    (void)state;

    assert_int_equal(vsk_guest_connect(&play->guest, vsk_loop_now(),
                                       VSK_PORT_ANY, VSK_CID_HOST, PORT,
                                       VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    assert_int_equal(vsk_frontend_stop(&play->frontend), VSK_OK);
    play_talk(play);

    assert_int_equal(play->guest.queues[VSK_TX].ring.state.avail, 0);
    assert_int_equal(vsk_timers_next(&play->guest.endpoint.timers, &deadline),
                     VSK_NONE);
    assert_int_equal(vsk_frontend_kick(&play->frontend, VSK_RX), VSK_ERR_STATE);
    assert_int_equal(vsk_frontend_resume(&play->frontend), VSK_OK);
    play_talk(play);
    assert_int_equal(play->guest.queues[VSK_TX].ring.state.avail, 1);
    assert_int_equal(vsk_timers_next(&play->guest.endpoint.timers, &deadline),
                     VSK_OK);
    play_free(play);
}

static void
a_base_is_that_of_the_ring(void **state)
{
    struct play *play = play_live(NULL);
    (void)state;

    play->twist =
        (struct twist){.request = VSK_REQUEST_GET_VRING_BASE, .number = 1};
    assert_int_equal(vsk_frontend_stop(&play->frontend), VSK_OK);
    play_talk(play);

    play_over(play, VSK_BAD_REPLY, "GET_VRING_BASE");
    play_free(play);
}

static void
a_base_has_16_bits(void **state)
{
    struct play *play = play_live(NULL);
    (void)state;

    play->bases[1] = 65536;
    assert_int_equal(vsk_frontend_stop(&play->frontend), VSK_OK);
    play_talk(play);

    play_over(play, VSK_BAD_RING, "GET_VRING_BASE");
    play_free(play);
}

/* ---- packed rings ---- */

/* Live on packed rings. */
static struct play *
packed(void)
{
    struct play *play = play_new(NULL);

    play->features |= VSK_F_RING_PACKED;
    play_talk(play);
    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    return play;
}

static void
packed_rings_begin_where_both_wrap_counters_are_1(void **state)
{
    struct play *play = packed();
    (void)state;

    /* VHU-BE-30 */
    assert_true(play_asked(play, "SET_VRING_BASE 0 2147516416 !"));
    assert_true(play_asked(play, "SET_VRING_BASE 1 2147516416 !"));
    assert_true(play_asked(play, "SET_VRING_BASE 2 2147516416 !"));
    play_free(play);
}

static void
packed_rings_go_on_where_the_back_end_says(void **state)
{
    struct play *play = packed();
    (void)state;

    play->bases[0] = 0;
    play->bases[1] = 0x800f800f;
    play->bases[2] = 0x000f8000;
    assert_int_equal(vsk_frontend_stop(&play->frontend), VSK_OK);
    play_talk(play);
    play_forget(play);
    assert_int_equal(vsk_frontend_resume(&play->frontend), VSK_OK);
    play_talk(play);

    assert_true(play_asked(play, "SET_VRING_BASE 0 0 !"));
    assert_true(play_asked(play, "SET_VRING_BASE 1 2148499471 !"));
    assert_true(play_asked(play, "SET_VRING_BASE 2 1015808 !"));
    play_free(play);
}

static void
packed_rings_begin_again_after_a_reset(void **state)
{
    struct play *play = packed();
    (void)state;

    play->bases[1] = 7;
    play_forget(play);
    assert_int_equal(vsk_frontend_reset(&play->frontend), VSK_OK);
    play_talk(play);

    assert_true(play_asked(play, "SET_VRING_BASE 1 2147516416 !"));
    play_free(play);
}

static void
a_packed_base_is_within_the_ring_in_both_halves(void **state)
{
    static const uint32_t bad[] = {0x80008010, 0x80108000, 0x00100000, 0x10};
    (void)state;

    for (uint32_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct play *play = packed();

        play->bases[1] = bad[i];
        assert_int_equal(vsk_frontend_stop(&play->frontend), VSK_OK);
        play_talk(play);

        play_over(play, VSK_BAD_RING, "GET_VRING_BASE");
        play_free(play);
    }
}

static void
a_configuration_that_changes_meanwhile_is_read(void **state)
{
    const uint32_t message[3] = {VSK_BACKEND_REQUEST_CONFIG_CHANGE, 1, 0};
    struct play *play = stopped();
    (void)state;

    play->cid = 12;
    play_send(play->requests, message, sizeof message, NULL, 0);
    play_talk(play);

    stands(play);
    assert_int_equal(play->frontend.guest_cid, 12);
    play_free(play);
}

/* ---- a reset ---- */

static void
a_reset_begins_anew_when_the_rings_stand_still(void **state)
{
    struct play *play = play_live(NULL);
    (void)state;

    play->bases[1] = 7;
    play_forget(play);
    assert_int_equal(vsk_frontend_reset(&play->frontend), VSK_OK);
    assert_int_equal(vsk_frontend_reset(&play->frontend), VSK_ERR_STATE);
    play_talk(play);

    assert_string_equal(play->trace[2], "GET_VRING_BASE 2 0");
    assert_string_equal(play->trace[3], "RESET_DEVICE !");
    assert_string_equal(play->trace[4], "SET_FEATURES 170000002 !");
    assert_string_equal(play->trace[5], "GET_CONFIG");
    assert_true(play_asked(play, "SET_VRING_BASE 1 0 !"));
    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    assert_true(play->guest.open);
    play_free(play);
}

static void
a_reset_is_said_by_status_where_that_is_agreed_on(void **state)
{
    vsk_frontend_options options = play_options();
    struct play *play;
    (void)state;

    options.protocol |= VSK_BIT(VSK_PROTOCOL_STATUS);
    play = play_made(&options);
    play->protocol =
        VSK_BIT(VSK_PROTOCOL_STATUS) | VSK_BIT(VSK_PROTOCOL_CONFIG);
    assert_int_equal(play_adopt(play), VSK_OK);
    play_talk(play);
    play_forget(play);
    assert_int_equal(vsk_frontend_reset(&play->frontend), VSK_OK);
    play_talk(play);

    assert_false(play_asked(play, "RESET_DEVICE"));
    assert_string_equal(play->trace[3], "SET_STATUS 0");
    assert_string_equal(play->trace[4], "SET_STATUS 3");
    assert_string_equal(play->trace[play->lines - 1], "SET_STATUS f");
    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    play_free(play);
}

/* ---- another back end ---- */

static void
another_back_end_takes_over_where_the_rings_stood(void **state)
{
    struct play *play = stopped();
    (void)state;

    play_forget(play);
    assert_int_equal(play_adopt(play), VSK_OK);
    play_talk(play);

    stands(play);
    assert_string_equal(play->trace[0], "GET_FEATURES");
    assert_string_equal(play->trace[play->lines - 1], "GET_CONFIG");
    play_forget(play);
    assert_int_equal(vsk_frontend_resume(&play->frontend), VSK_OK);
    play_talk(play);
    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    assert_true(play_asked(play, "SET_VRING_BASE 1 65535 !"));
    play_free(play);
}

static void
of_another_back_end_only_its_own_sockets_are_waited_for(void **state)
{
    struct play *play = stopped();
    int copies[] = {dup(play->frontend.channel.fd),
                    dup(play->frontend.requests.fd)};
    (void)state;

    assert_int_equal(play_adopt(play), VSK_OK);
    play_talk(play);

    stands(play);
    assert_false(rig_readable(vsk_frontend_fileno(&play->frontend)));
    (void)close(copies[0]);
    (void)close(copies[1]);
    play_free(play);
}

static void
another_back_end_may_have_more_queues(void **state)
{
    struct play *play = play_new(NULL);
    (void)state;

    play->queues = 2;
    play_talk(play);
    assert_int_equal(vsk_frontend_stop(&play->frontend), VSK_OK);
    play_talk(play);
    play->queues = 3;
    assert_int_equal(play_adopt(play), VSK_OK);
    play_talk(play);
    assert_int_equal(vsk_frontend_resume(&play->frontend), VSK_OK);
    play_talk(play);

    assert_int_equal(play->frontend.queues, 3);
    assert_true(play_asked(play, "SET_VRING_BASE 2 0 !"));
    play_free(play);
}

static void
another_back_end_must_know_the_features_in_use(void **state)
{
    struct play *play = stopped();
    (void)state;

    play->features &= ~VSK_BIT(VSK_FEATURE_SEQPACKET);
    assert_int_equal(play_adopt(play), VSK_OK);
    play_talk(play);

    play_over(play, VSK_BAD_FEATURES, "GET_FEATURES");
    play_free(play);
}

/* ---- the device's state ---- */

/* Bytes that tell their place. */
static uint8_t *
pattern(size_t size)
{
    uint8_t *bytes = rig_zeroed(1, size);

    rig_pattern(bytes, size, 3);
    return bytes;
}

static void
nonblocking(int fd)
{
    assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

/* Begin to save or load through this descriptor, and let the back end agree. */
static void
transfer(struct play *play, int fd, bool loads)
{
    play_forget(play);
    assert_int_equal(vsk_frontend_transfer(&play->frontend, fd, loads), VSK_OK);
    assert_int_equal(vsk_frontend_transfer(&play->frontend, fd, loads),
                     VSK_ERR_STATE);
    assert_int_equal(vsk_frontend_resume(&play->frontend), VSK_ERR_STATE);
    assert_int_equal(play_adopt(play), VSK_ERR_STATE);
    play_talk(play);
}

/* Move some bytes; how far it is now. */
static size_t
some(int fd, bool reads, uint8_t *bytes, size_t at, size_t size)
{
    ssize_t moved = reads ? read(fd, bytes + at, size - at)
                          : write(fd, bytes + at, size - at);

    return moved > 0 ? at + (size_t)moved : at;
}

static void
a_large_state_is_saved_through_pipes(void **state)
{
    struct play *play = stopped();
    uint8_t *bytes = pattern(LARGE);
    uint8_t *read_back = rig_zeroed(1, LARGE + 1);
    size_t sent = 0;
    size_t got = 0;
    int ends[2];
    (void)state;

    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    transfer(play, ends[1], false);
    SAID(play, "SET_DEVICE_STATE_FD 0 0 +1");
    nonblocking(play->state);
    while (sent < LARGE) {
        sent = some(play->state, false, bytes, sent, LARGE);
        play_talk(play);
        got = some(ends[0], true, read_back, got, LARGE);
    }
    /* VHU-BOTH-06: it is not asked before the end of the file. */
    play_talk(play);
    assert_false(play_asked(play, "CHECK"));
    play_close(&play->state);
    while (got < LARGE) {
        play_talk(play);
        got = some(ends[0], true, read_back, got, LARGE);
    }
    play_talk(play);

    assert_true(play_asked(play, "CHECK_DEVICE_STATE"));
    assert_memory_equal(bytes, read_back, LARGE);
    assert_int_equal(play_noticed(play, VSK_NOTICE_STATE)->status, VSK_OK);
    assert_non_null(strstr(play->notice.text, "saved: done, 300000 bytes"));
    stands(play);
    play_close(&ends[1]);
    assert_int_equal(read(ends[0], read_back, 1), 0);
    play_close(&ends[0]);
    free(bytes);
    free(read_back);
    play_free(play);
}

static void
a_large_state_is_loaded_from_a_file(void **state)
{
    struct play *play = stopped();
    uint8_t *bytes = pattern(LARGE);
    uint8_t *read_back = rig_zeroed(1, LARGE + 1);
    size_t got = 0;
    FILE *file = tmpfile();
    (void)state;

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, LARGE, file), LARGE);
    rewind(file);
    transfer(play, fileno(file), true);
    SAID(play, "SET_DEVICE_STATE_FD 1 0 +1");
    nonblocking(play->state);
    while (got < LARGE) {
        got = some(play->state, true, read_back, got, LARGE + 1);
        play_talk(play);
    }
    play_talk(play);

    assert_true(play_asked(play, "CHECK_DEVICE_STATE"));
    /* VHU-BOTH-06 */
    assert_int_equal(read(play->state, read_back, 1), 0);
    read_back[0] = bytes[0];
    assert_memory_equal(bytes, read_back, LARGE);
    assert_int_equal(play_noticed(play, VSK_NOTICE_STATE)->status, VSK_OK);
    stands(play);
    (void)fclose(file);
    free(bytes);
    free(read_back);
    play_free(play);
}

static void
a_channel_that_the_back_end_brings_is_used(void **state)
{
    struct play *play = stopped();
    uint8_t bytes[8];
    int own[2];
    int ends[2];
    (void)state;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, own),
                     0);
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    play->brings = own[0];
    transfer(play, ends[1], false);
    /* VHU-FE-21: the pipe has no other end any more. */
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(write(play->state, "no", 2), -1);
    (void)signal(SIGPIPE, SIG_DFL);
    assert_int_equal(write(own[1], "mine", 4), 4);
    play_close(&own[1]);
    play_talk(play);

    assert_int_equal(read(ends[0], bytes, sizeof bytes), 4);
    assert_memory_equal(bytes, "mine", 4);
    assert_int_equal(play_noticed(play, VSK_NOTICE_STATE)->status, VSK_OK);
    play_close(&ends[0]);
    play_close(&ends[1]);
    play_free(play);
}

static void
a_channel_that_is_full_keeps_it_awake(void **state)
{
    struct play *play = stopped();
    uint8_t *bytes = pattern(LARGE / 2);
    FILE *file = tmpfile();
    int own[2];
    (void)state;

    assert_non_null(file);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, own),
                     0);
    assert_int_equal(write(own[1], bytes, LARGE / 2), LARGE / 2);
    play_close(&own[1]);
    play->brings = own[0];
    assert_int_equal(
        vsk_frontend_transfer(&play->frontend, fileno(file), false), VSK_OK);
    while (play->frontend.transfer.stage != 0) {
        /* Long before the back end has to go on. */
        assert_int_equal(vsk_loop_wait(&play->frontend.loop, VSK_SECOND),
                         VSK_OK);
        (void)play_step(play);
        (void)play_answer(play);
    }

    assert_non_null(
        strstr(play_noticed(play, VSK_NOTICE_STATE)->text, "150000 bytes"));
    (void)fclose(file);
    free(bytes);
    play_free(play);
}

static void
a_channel_must_come_where_it_is_said_to(void **state)
{
    struct play *play = stopped();
    (void)state;

    play->state_answer = (uint64_t)-0x100;
    assert_int_equal(vsk_frontend_transfer(&play->frontend, 0, false), VSK_OK);
    play_talk(play);

    play_over(play, VSK_BAD_FDS, "SET_DEVICE_STATE_FD");
    play_free(play);
}

static void
a_state_that_is_refused_is_no_end(void **state)
{
    struct play *play = stopped();
    (void)state;

    play->state_answer = 1;
    assert_int_equal(vsk_frontend_transfer(&play->frontend, 0, true), VSK_OK);
    play_talk(play);

    assert_int_equal(play_noticed(play, VSK_NOTICE_STATE)->status, VSK_BAD_ACK);
    stands(play);
    assert_int_equal(vsk_frontend_resume(&play->frontend), VSK_OK);
    play_free(play);
}

static void
a_state_that_went_wrong_is_no_end_either(void **state)
{
    struct play *play = stopped();
    int ends[2];
    (void)state;

    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    play->twist =
        (struct twist){.request = VSK_REQUEST_CHECK_DEVICE_STATE, .number = 1};
    transfer(play, ends[1], false);
    play_close(&play->state);
    play_talk(play);

    assert_int_equal(play_noticed(play, VSK_NOTICE_STATE)->status, VSK_BAD_ACK);
    stands(play);
    play_close(&ends[0]);
    play_close(&ends[1]);
    play_free(play);
}

static void
a_reader_who_has_gone_is_no_signal(void **state)
{
    struct play *play = stopped();
    int ends[2];
    (void)state;

    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    transfer(play, ends[1], false);
    play_close(&ends[0]);
    assert_int_equal(write(play->state, "state", 5), 5);
    play_close(&play->state);
    play_talk(play);

    assert_int_equal(play_noticed(play, VSK_NOTICE_STATE)->status,
                     VSK_ERR_SYSTEM);
    stands(play);
    play_close(&ends[1]);
    play_free(play);
}

static void
a_back_end_that_does_not_go_on_is_given_up(void **state)
{
    struct play *play = stopped();
    int ends[2];
    (void)state;

    play->frontend.options.timeout = 20 * VSK_MILLISECOND;
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    transfer(play, ends[1], false);
    while (play->frontend.state != VSK_FRONTEND_OVER) {
        assert_int_equal(vsk_loop_wait(&play->frontend.loop, VSK_SECOND),
                         VSK_OK);
        (void)play_step(play);
    }

    play_over(play, VSK_TIMEOUT, "stands still");
    play_close(&ends[0]);
    play_close(&ends[1]);
    play_free(play);
}

static void
a_back_end_that_goes_on_has_its_time(void **state)
{
    struct play *play = stopped();
    int ends[2];
    (void)state;

    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    play->frontend.options.timeout = 400 * VSK_MILLISECOND;
    transfer(play, ends[1], false);
    for (uint32_t i = 0; i < 4; i++) {
        (void)vsk_loop_wait(&play->frontend.loop, 150 * VSK_MILLISECOND);
        assert_int_equal(write(play->state, "s", 1), 1);
        play_talk(play);
    }
    play_close(&play->state);
    play_talk(play);

    assert_int_equal(play_noticed(play, VSK_NOTICE_STATE)->status, VSK_OK);
    play_close(&ends[0]);
    play_close(&ends[1]);
    play_free(play);
}

static void
a_slow_file_has_all_the_time(void **state)
{
    struct play *play = stopped();
    uint8_t bytes[4];
    int ends[2];
    (void)state;

    play->frontend.options.timeout = 20 * VSK_MILLISECOND;
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    transfer(play, ends[0], true);
    /* Much longer than an answer may take. */
    assert_int_equal(vsk_loop_wait(&play->frontend.loop, 60 * VSK_MILLISECOND),
                     VSK_NONE);
    play_talk(play);
    assert_int_equal(write(ends[1], "late", 4), 4);
    play_close(&ends[1]);
    play_talk(play);

    assert_int_equal(play_noticed(play, VSK_NOTICE_STATE)->status, VSK_OK);
    assert_int_equal(read(play->state, bytes, 4), 4);
    assert_memory_equal(bytes, "late", 4);
    play_close(&ends[0]);
    play_free(play);
}

static void
a_transfer_needs_device_state(void **state)
{
    struct play *play = play_new(NULL);
    (void)state;

    play->protocol &= ~VSK_BIT(VSK_PROTOCOL_DEVICE_STATE);
    play_talk(play);
    assert_int_equal(vsk_frontend_stop(&play->frontend), VSK_OK);
    play_talk(play);

    assert_int_equal(vsk_frontend_transfer(&play->frontend, 0, true),
                     VSK_ERR_STATE);
    play_free(play);
    play = play_live(NULL);

    assert_int_equal(vsk_frontend_transfer(&play->frontend, 0, true),
                     VSK_ERR_STATE);
    play_free(play);
}

static void
a_channel_that_is_not_wanted_is_closed(void **state)
{
    const uint64_t answers[] = {1, VSK_MESSAGE_NO_FD};
    (void)state;

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct play *play = stopped();
        uint8_t byte;
        int own[2];

        rig_pair(SOCK_STREAM, own);
        play->brings = own[0];
        play->state_answer = answers[i];
        assert_int_equal(vsk_frontend_transfer(&play->frontend,
                                               play->frontend.memory_fd, true),
                         VSK_OK);
        play_talk(play);
        play_close(&play->brings);

        assert_int_equal(recv(own[1], &byte, 1, MSG_DONTWAIT), 0);
        play_close(&own[1]);
        play_free(play);
    }
}

static void
a_transfer_may_be_closed_at_any_time(void **state)
{
    (void)state;

    for (uint32_t steps = 0; steps < 6; steps++) {
        struct play *play = stopped();
        int ends[2];

        assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
        assert_int_equal(vsk_frontend_transfer(&play->frontend, ends[steps % 2],
                                               steps % 2 == 0),
                         VSK_OK);
        for (uint32_t i = 0; i < steps; i++) {
            (void)play_step(play);
            (void)play_answer(play);
        }
        play_close(&ends[0]);
        play_close(&ends[1]);
        play_free(play);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop_asks_where_each_ring_stands),
        cmocka_unit_test(resume_tells_what_was_answered),
        cmocka_unit_test(nothing_happens_in_a_guest_that_is_stopped),
        cmocka_unit_test(a_base_is_that_of_the_ring),
        cmocka_unit_test(a_base_has_16_bits),
        cmocka_unit_test(packed_rings_begin_where_both_wrap_counters_are_1),
        cmocka_unit_test(packed_rings_go_on_where_the_back_end_says),
        cmocka_unit_test(packed_rings_begin_again_after_a_reset),
        cmocka_unit_test(a_packed_base_is_within_the_ring_in_both_halves),
        cmocka_unit_test(a_configuration_that_changes_meanwhile_is_read),
        cmocka_unit_test(a_reset_begins_anew_when_the_rings_stand_still),
        cmocka_unit_test(a_reset_is_said_by_status_where_that_is_agreed_on),
        cmocka_unit_test(another_back_end_takes_over_where_the_rings_stood),
        cmocka_unit_test(
            of_another_back_end_only_its_own_sockets_are_waited_for),
        cmocka_unit_test(another_back_end_may_have_more_queues),
        cmocka_unit_test(another_back_end_must_know_the_features_in_use),
        cmocka_unit_test(a_large_state_is_saved_through_pipes),
        cmocka_unit_test(a_large_state_is_loaded_from_a_file),
        cmocka_unit_test(a_channel_that_the_back_end_brings_is_used),
        cmocka_unit_test(a_channel_that_is_full_keeps_it_awake),
        cmocka_unit_test(a_back_end_that_goes_on_has_its_time),
        cmocka_unit_test(a_channel_must_come_where_it_is_said_to),
        cmocka_unit_test(a_state_that_is_refused_is_no_end),
        cmocka_unit_test(a_state_that_went_wrong_is_no_end_either),
        cmocka_unit_test(a_reader_who_has_gone_is_no_signal),
        cmocka_unit_test(a_back_end_that_does_not_go_on_is_given_up),
        cmocka_unit_test(a_slow_file_has_all_the_time),
        cmocka_unit_test(a_transfer_needs_device_state),
        cmocka_unit_test(a_channel_that_is_not_wanted_is_closed),
        cmocka_unit_test(a_transfer_may_be_closed_at_any_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
