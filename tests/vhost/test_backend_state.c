/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* DEVICE_STATE: a device is saved and loaded over a descriptor. */
#include "front_rig.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define SAVE 0u
#define LOAD 1u
#define ROOM 65536u

static vsk_message
transfer(uint32_t direction, uint32_t phase)
{
    vsk_message message = front_message(VSK_REQUEST_SET_DEVICE_STATE_FD);

    message.transfer = (vsk_transfer){direction, phase};
    return message;
}

/* Begin a transfer over a descriptor; the back end's answer. */
static uint64_t
begin(struct front *front, uint32_t direction, int fd)
{
    vsk_message message = transfer(direction, 0);

    front_post(front, &message, &fd, 1);
    assert_true(front_answer(front, VSK_PAYLOAD_U64, &message));
    return message.u64;
}

static void
stop(struct front *front, uint32_t *bases)
{
    for (uint32_t i = 0; i < 3; i++)
        bases[i] = front_stop(front, i);
}

/* Save through a pipe, a few bytes at a time. */
static size_t
save(struct front *front, uint8_t *bytes)
{
    size_t size = 0;
    ssize_t got;
    int pair[2];

    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    /* VHU-BE-47 */
    assert_int_equal(begin(front, SAVE, pair[1]), VSK_MESSAGE_NO_FD);
    (void)close(pair[1]);
    while ((got = read(pair[0], bytes + size, 7)) > 0) {
        size += (size_t)got;
        front_run_host(front);
    }
    assert_int_equal(got, 0); /* VHU-BOTH-06: its end was closed */
    (void)close(pair[0]);
    assert_int_equal(front_ask(front, VSK_REQUEST_CHECK_DEVICE_STATE), 0);
    return size;
}

/* Load through a pipe, a few bytes at a time; the answer to CHECK. */
static uint64_t
load(struct front *front, const uint8_t *bytes, size_t size)
{
    int pair[2];

    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    assert_int_equal(begin(front, LOAD, pair[0]), VSK_MESSAGE_NO_FD);
    (void)close(pair[0]);
    /* A back end that has given up would be a SIGPIPE for us. */
    for (size_t i = 0; i < size && front->backend.transfer >= 0; i += 5) {
        size_t piece = size - i < 5 ? size - i : 5;

        assert_int_equal(write(pair[1], bytes + i, piece), piece);
        front_run_host(front);
    }
    (void)close(pair[1]);
    return front_ask(front, VSK_REQUEST_CHECK_DEVICE_STATE);
}

static void
a_guest_goes_on_with_the_device_of_another_process(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-21, VHU-BOTH-06 */
    uint8_t *bytes = rig_zeroed(ROOM, 1);
    uint32_t bases[3];
    size_t size;
    (void)state;

    front_echo(front, front_connected(front), "hello");
    stop(front, bases);
    size = save(front, bytes);
    front_new_process(front);
    front->device.setup.guest_cid = 77; /* the state brings the right one */
    front_agree(front, VSK_BACKEND_PROTOCOL, ALL);
    assert_int_equal(load(front, bytes, size), 0);
    assert_int_equal(front->device.setup.guest_cid, CID);
    for (uint32_t i = 0; i < 3; i++)
        front_start(front, i, bases[i]);
    front_run(front);

    /* The driver was not reset; whoever had its connections is not here. */
    front_told(&front->told, VSK_EVENT_RESET);
    assert_int_equal(front->device.endpoint.table.count, 0);
    front_echo(front, front_connected(front), "again");
    free(bytes);
    front_free(front);
}

static void
a_state_loads_into_the_device_that_it_came_from(void **state)
{
    struct front *front = front_live(3);
    uint8_t *bytes = rig_zeroed(ROOM, 1);
    uint32_t bases[3];
    size_t size;
    (void)state;

    (void)front_connected(front);
    stop(front, bases);
    size = save(front, bytes);
    front_not_told(&front->host, VSK_EVENT_CLOSE);
    assert_int_equal(load(front, bytes, size), 0);
    front_told(&front->host, VSK_EVENT_CLOSE);
    for (uint32_t i = 0; i < 3; i++)
        front_start(front, i, bases[i]);
    front_run(front);

    front_told(&front->told, VSK_EVENT_RESET);
    front_echo(front, front_connected(front), "again");
    free(bytes);
    front_free(front);
}

static void
without_an_event_queue_connections_are_reset(void **state)
{
    struct front *front = front_live(2);
    uint8_t *bytes = rig_zeroed(ROOM, 1);
    uint32_t bases[3];
    size_t size;
    (void)state;

    (void)front_connected(front);
    stop(front, bases);
    size = save(front, bytes);
    assert_int_equal(load(front, bytes, size), 0);
    for (uint32_t i = 0; i < 2; i++)
        front_start(front, i, bases[i]);
    front_run(front);

    front_told(&front->told, VSK_EVENT_CLOSE);
    assert_int_equal(front->device.endpoint.table.count, 0);
    free(bytes);
    front_free(front);
}

static void
features_of_a_state_are_those_of_its_front_end(void **state)
{
    struct front *front = front_live(3);
    uint8_t *bytes = rig_zeroed(ROOM, 1);
    uint32_t bases[3];
    size_t size;
    (void)state;

    stop(front, bases);
    size = save(front, bytes);
    front_new_process(front);
    front_agree(front, VSK_BACKEND_PROTOCOL, ALL & ~BIT(SEQPACKET));

    assert_int_equal(load(front, bytes, size), 0);
    assert_int_equal(front->device.setup.accepted, ALL & ~BIT(SEQPACKET));
    free(bytes);
    front_free(front);
}

static void
a_check_may_follow_at_once(void **state)
{
    struct front *front = front_live(3);
    vsk_message check = front_message(VSK_REQUEST_CHECK_DEVICE_STATE);
    vsk_message message = transfer(LOAD, 0);
    uint8_t *bytes = rig_zeroed(ROOM, 1);
    uint32_t bases[3];
    size_t size;
    int pair[2];
    (void)state;

    (void)front_connected(front);
    stop(front, bases);
    size = save(front, bytes);
    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    assert_int_equal(write(pair[1], bytes, size), size);
    (void)close(pair[1]);
    assert_int_equal(vsk_channel_send(&front->channel, &message,
                                      VSK_PAYLOAD_TRANSFER, pair, 1),
                     VSK_OK);
    (void)close(pair[0]);
    front_post(front, &check, NULL, 0);

    assert_true(front_answer(front, VSK_PAYLOAD_U64, &message));
    assert_int_equal(message.u64, VSK_MESSAGE_NO_FD);
    assert_true(front_answer(front, VSK_PAYLOAD_U64, &message));
    assert_int_equal(message.u64, 0);
    free(bytes);
    front_free(front);
}

static void
saving_leaves_a_device_that_goes_on(void **state)
{
    struct front *front = front_live(3);
    vsk_conn *conn = front_connected(front);
    uint8_t *bytes = rig_zeroed(ROOM, 1);
    uint32_t bases[3];
    (void)state;

    stop(front, bases);
    (void)save(front, bytes);
    for (uint32_t i = 0; i < 3; i++)
        front_start(front, i, bases[i]);

    front_echo(front, conn, "hello");
    free(bytes);
    front_free(front);
}

static void
a_file_does_as_well_as_a_pipe(void **state)
{
    struct front *front = front_live(3);
    int fd = memfd_create("state", MFD_CLOEXEC);
    uint32_t bases[3];
    (void)state;

    assert_true(fd >= 0);
    stop(front, bases);
    assert_int_equal(begin(front, SAVE, fd), VSK_MESSAGE_NO_FD);
    assert_int_equal(front_ask(front, VSK_REQUEST_CHECK_DEVICE_STATE), 0);
    assert_true(lseek(fd, 0, SEEK_CUR) > 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(begin(front, LOAD, fd), VSK_MESSAGE_NO_FD);

    assert_int_equal(front_ask(front, VSK_REQUEST_CHECK_DEVICE_STATE), 0);
    (void)close(fd);
    front_free(front);
}

static void
a_state_that_is_cut_or_none_is_refused_by_the_check(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-48 */
    uint8_t *bytes = rig_zeroed(2 * ROOM, 1);
    uint32_t bases[3];
    size_t size;
    (void)state;

    (void)front_connected(front);
    stop(front, bases);
    size = save(front, bytes);
    assert_int_not_equal(load(front, bytes, size - 1), 0);
    assert_int_not_equal(load(front, bytes, 0), 0);
    assert_int_not_equal(load(front, bytes + 1, size - 1), 0);
    assert_int_not_equal(load(front, bytes, 2 * ROOM), 0);
    assert_int_not_equal(front_ask(front, VSK_REQUEST_CHECK_DEVICE_STATE), 0);

    /* What was before is over; the guest can begin anew. */
    front_open(front);
    for (uint32_t i = 0; i < 3; i++)
        front_start(front, i, 0);
    front_echo(front, front_connected(front), "hello");
    free(bytes);
    front_free(front);
}

static void
a_pipe_that_is_full_is_waited_for(void **state)
{
    struct front *front = front_live(3);
    uint8_t bytes[8192] = {0};
    uint32_t bases[3];
    ssize_t got;
    int pair[2];
    (void)state;

    assert_int_equal(pipe2(pair, O_CLOEXEC | O_NONBLOCK), 0);
    while (write(pair[1], bytes, sizeof bytes) > 0)
        continue;
    stop(front, bases);
    assert_int_equal(begin(front, SAVE, pair[1]), VSK_MESSAGE_NO_FD);
    (void)close(pair[1]);
    assert_true(front->backend.transfer >= 0);
    while ((got = read(pair[0], bytes, sizeof bytes)) > 0)
        front_run_host(front);

    assert_int_equal(got, 0);
    assert_int_equal(front_ask(front, VSK_REQUEST_CHECK_DEVICE_STATE), 0);
    (void)close(pair[0]);
    front_free(front);
}

static void
a_check_does_not_wait_for_a_writer_that_stays(void **state)
{
    struct front *front = front_live(3);
    uint32_t bases[3];
    int pair[2];
    (void)state;

    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    stop(front, bases);
    assert_int_equal(begin(front, LOAD, pair[0]), VSK_MESSAGE_NO_FD);
    assert_int_not_equal(front_ask(front, VSK_REQUEST_CHECK_DEVICE_STATE), 0);

    assert_int_equal(front->backend.transfer, -1);
    (void)close(pair[0]);
    (void)close(pair[1]);
    front_free(front);
}

static void
a_reader_that_is_gone_is_no_signal(void **state)
{
    struct front *front = front_live(3);
    uint32_t bases[3];
    int pair[2];
    (void)state;

    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    stop(front, bases);
    (void)close(pair[0]);
    assert_int_equal(begin(front, SAVE, pair[1]), VSK_MESSAGE_NO_FD);

    assert_int_not_equal(front_ask(front, VSK_REQUEST_CHECK_DEVICE_STATE), 0);
    (void)close(pair[1]);
    front_free(front);
}

/* Refused by its answer: an error, and no descriptor of ours. */
static void
assert_refused(struct front *front, vsk_message message, int fd)
{
    front_forget_notices(front);
    front_post(front, &message, &fd, 1);
    assert_true(front_answer(front, VSK_PAYLOAD_U64, &message));
    assert_int_not_equal(message.u64 & 0xff, 0);
    assert_int_equal(message.u64 & ~UINT64_C(0xff), VSK_MESSAGE_NO_FD);
    (void)front_noticed(front, VSK_NOTICE_NOTE, "SET_DEVICE_STATE_FD");
}

static void
a_transfer_that_cannot_be_is_refused_by_its_answer(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-47 */
    vsk_conn *conn = front_connected(front);
    int fd = memfd_create("state", MFD_CLOEXEC);
    uint32_t bases[3];
    (void)state;

    assert_refused(front, transfer(SAVE, 0), fd);
    assert_refused(front, transfer(LOAD, 0), fd);
    front_echo(front, conn, "hello");
    stop(front, bases);
    assert_refused(front, transfer(2, 0), fd);
    assert_refused(front, transfer(SAVE, 1), fd);

    assert_int_not_equal(front_ask(front, VSK_REQUEST_CHECK_DEVICE_STATE), 0);
    (void)close(fd);
    front_free(front);
}

static void
a_transfer_ends_with_the_session(void **state)
{
    struct front *front = front_live(3);
    uint32_t bases[3];
    int pair[2];
    (void)state;

    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    stop(front, bases);
    assert_int_equal(begin(front, LOAD, pair[0]), VSK_MESSAGE_NO_FD);
    assert_int_equal(begin(front, LOAD, pair[0]), VSK_MESSAGE_NO_FD);
    front_hang_up(front);

    assert_int_equal(front->backend.transfer, -1);
    (void)close(pair[0]);
    (void)close(pair[1]);
    front_free(front);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_guest_goes_on_with_the_device_of_another_process),
        RIG_TEST(a_state_loads_into_the_device_that_it_came_from),
        RIG_TEST(without_an_event_queue_connections_are_reset),
        RIG_TEST(features_of_a_state_are_those_of_its_front_end),
        RIG_TEST(a_check_may_follow_at_once),
        RIG_TEST(saving_leaves_a_device_that_goes_on),
        RIG_TEST(a_file_does_as_well_as_a_pipe),
        RIG_TEST(a_state_that_is_cut_or_none_is_refused_by_the_check),
        RIG_TEST(a_pipe_that_is_full_is_waited_for),
        RIG_TEST(a_check_does_not_wait_for_a_writer_that_stays),
        RIG_TEST(a_reader_that_is_gone_is_no_signal),
        RIG_TEST(a_transfer_that_cannot_be_is_refused_by_its_answer),
        RIG_TEST(a_transfer_ends_with_the_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
