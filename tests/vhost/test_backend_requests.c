/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the back end says of its own accord: configuration changes, and
 * notifications that are messages. */
#include "front_rig.h"

#include <sys/socket.h>
#include <unistd.h>

#define PROTOCOL(name) VSK_BIT(VSK_PROTOCOL_##name)
#define INBAND (VSK_BACKEND_PROTOCOL | PROTOCOL(INBAND_NOTIFICATIONS))

/* Hand over a socket for requests. */
static void
give_requests(struct front *front)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair),
                     0);
    front_do_fd(front, front_message(VSK_REQUEST_SET_BACKEND_REQ_FD), pair[0]);
    (void)close(pair[0]);
    vsk_channel_close(&front->requests);
    assert_int_equal(vsk_channel_open(&front->requests, pair[1]), VSK_OK);
}

/* Take a request of the back end's; false where none is there. */
static bool
requested(struct front *front, vsk_message *message)
{
    vsk_fds fds;

    if (vsk_channel_receive(&front->requests, message, &fds) != VSK_OK)
        return false;
    assert_int_equal(message->flags, VSK_MESSAGE_VERSION);
    assert_int_equal(fds.count, 0); /* VHU-BE-23 */
    assert_int_equal(
        vsk_message_decode(message,
                           vsk_backend_request_find(message->request)->payload,
                           vsk_channel_payload(&front->requests)),
        VSK_OK);
    return true;
}

static void
another_cid_is_announced(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-49, VHU-BE-34 */
    vsk_message message;
    (void)state;

    give_requests(front);
    assert_int_equal(vsk_backend_reset_transport(&front->backend, 99), VSK_OK);
    front_run_host(front);

    assert_true(requested(front, &message));
    assert_int_equal(message.request, VSK_BACKEND_REQUEST_CONFIG_CHANGE);
    assert_false(requested(front, &message));
    front_free(front);
}

static void
the_same_cid_is_no_news(void **state)
{
    struct front *front = front_live(3);
    vsk_message message;
    (void)state;

    give_requests(front);
    assert_int_equal(vsk_backend_reset_transport(&front->backend, CID), VSK_OK);
    assert_int_equal(vsk_backend_reset_transport(&front->backend, 2),
                     VSK_ERR_CID);
    front_run(front);

    assert_false(requested(front, &message));
    front_told(&front->told, VSK_EVENT_RESET);
    front_free(front);
}

static void
nothing_is_announced_without_a_socket_or_while_suspended(void **state)
{
    struct front *front = front_live(2); /* VHU-BE-15, VHU-BE-22 */
    vsk_message message;
    vsk_notice notice;
    (void)state;

    assert_int_equal(vsk_backend_reset_transport(&front->backend, 98), VSK_OK);
    front_run_host(front);
    assert_int_equal(vsk_notices_take(&front->backend.notices, &notice),
                     VSK_NONE);
    give_requests(front);
    front_run_host(front);
    assert_false(requested(front, &message));
    front_enable(front, VSK_RX, false);
    front_enable(front, VSK_TX, false);
    assert_int_equal(vsk_backend_reset_transport(&front->backend, 99), VSK_OK);
    front_run_host(front);
    assert_false(requested(front, &message));
    front_enable(front, VSK_TX, true);

    assert_true(requested(front, &message));
    assert_int_equal(message.request, VSK_BACKEND_REQUEST_CONFIG_CHANGE);
    front_free(front);
}

static void
a_socket_for_requests_stays_open_and_may_be_replaced(void **state)
{
    struct front *front = front_live(3);
    vsk_message message;
    uint8_t byte;
    (void)state;

    give_requests(front);
    front_run_host(front);
    assert_int_equal(recv(front->requests.fd, &byte, 1, MSG_DONTWAIT), -1);
    give_requests(front);
    assert_int_equal(vsk_backend_reset_transport(&front->backend, 99), VSK_OK);
    front_run_host(front);

    assert_true(requested(front, &message));
    front_free(front);
}

static void
who_takes_no_requests_is_served_all_the_same(void **state)
{
    struct front *front = front_live(3);
    vsk_conn *conn = front_connected(front);
    (void)state;

    give_requests(front);
    vsk_channel_close(&front->requests);
    front_run_host(front);
    assert_int_equal(front_noticed(front, VSK_NOTICE_NOTE, "requests"),
                     VSK_EOF);
    assert_int_equal(front->backend.requests.fd, -1);
    give_requests(front);
    assert_int_equal(
        send(front->requests.fd, "nonsense, and more of it", 24, MSG_NOSIGNAL),
        24);
    front_run_host(front);
    assert_int_equal(front_noticed(front, VSK_NOTICE_NOTE, "requests"),
                     VSK_BAD_MESSAGE_SIZE);

    front_echo(front, conn, "hello");
    front_free(front);
}

/* Let all go on; whether the back end comes to rest. */
static bool
rests(struct front *front)
{
    front_run_host(front);
    front_run_host(front);
    return !rig_readable(vsk_backend_fileno(&front->backend));
}

static void
sockets_that_somebody_else_has_too_are_not_waited_for(void **state)
{
    struct front *front = front_live(2);
    int copies[3];
    (void)state;

    give_requests(front);
    copies[0] = dup(front->backend.requests.fd);
    give_requests(front);
    assert_true(rests(front)); /* the first one's other end is gone */
    copies[1] = dup(front->backend.requests.fd);
    vsk_channel_close(&front->requests);
    assert_true(rests(front));
    copies[2] = dup(front->backend.channel.fd);
    front_hang_up(front);
    assert_true(rests(front));

    for (uint32_t i = 0; i < 3; i++)
        (void)close(copies[i]);
    front_free(front);
}

static void
descriptors_that_nobody_asked_for_are_closed(void **state)
{
    struct front *front = front_live(2);
    vsk_message message = {.request = VSK_BACKEND_REQUEST_CONFIG_CHANGE,
                           .flags = VSK_MESSAGE_VERSION | VSK_MESSAGE_REPLY};
    (void)state;

    give_requests(front);
    assert_int_equal(vsk_channel_send(&front->requests, &message,
                                      VSK_PAYLOAD_U64, &front->kicks[0], 1),
                     VSK_OK);
    front_run_host(front);

    front_free(front);
}

/* ---- notifications as messages ---- */

static void
kick_inband(struct front *front, uint32_t index)
{
    vsk_message message = front_state(VSK_REQUEST_VRING_KICK, index, 0);

    front_post(front, &message, NULL, 0);
}

static struct front *
inband(void)
{
    struct front *front = front_with(PROTOCOL(INBAND_NOTIFICATIONS));

    front_agree(front, INBAND, ALL);
    give_requests(front);
    front_open(front);
    front->silent = true;
    for (uint32_t i = 0; i < 3; i++) {
        front_do(front, front_state(VSK_REQUEST_SET_VRING_NUM, i, FRONT_SIZE));
        front_do(front, front_addr(front, i));
        front_enable(front, i, true);
    }
    return front;
}

static void
messages_do_for_kicks_and_calls(void **state)
{
    struct front *front = inband(); /* VHU-BOTH-10, VHU-BE-09, VHU-BE-50 */
    bool called[3] = {false};
    vsk_message message;
    vsk_conn *conn;
    (void)state;

    assert_int_equal(vsk_guest_connect(&front->guest, vsk_loop_now(),
                                       VSK_PORT_ANY, VSK_CID_HOST, HOST_PORT,
                                       VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    front_run_guest(front);
    front_run_host(front);
    assert_false(requested(front, &message));
    assert_int_equal(front_used(front, VSK_TX), 0);
    kick_inband(front, VSK_RX);
    kick_inband(front, VSK_TX);
    front_told(&front->host, VSK_EVENT_REQUEST);
    while (requested(front, &message)) {
        assert_int_equal(message.request, VSK_BACKEND_REQUEST_VRING_CALL);
        assert_int_equal(message.state.num, 0);
        called[message.state.index] = true;
    }
    front_run_guest(front);

    assert_true(called[VSK_RX]);
    assert_true(called[VSK_TX]);
    front_told(&front->told, VSK_EVENT_CONNECT);
    front_free(front);
}

static void
without_them_agreed_on_there_are_none(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-33 */
    vsk_message message;
    (void)state;

    give_requests(front);
    for (uint32_t i = 0; i < 2; i++)
        front_do(front,
                 front_u64(VSK_REQUEST_SET_VRING_CALL, i | VSK_MESSAGE_NO_FD));
    (void)vsk_guest_notify(&front->guest);
    front_enable(front, VSK_TX, false);
    front_enable(front, VSK_TX, true);

    assert_false(requested(front, &message));
    front_free(front);
}

static void
an_error_of_a_ring_is_a_message_too(void **state)
{
    struct front *front = inband();
    const vsk_ring *ring = &front->guest.rings[VSK_TX];
    const uint16_t wild = 30000;
    vsk_message message;
    bool found = false;
    (void)state;

    memcpy(front->mapping->base + (ring->driver - FRONT_LOW) + 2, &wild,
           sizeof wild);
    kick_inband(front, VSK_TX);

    while (requested(front, &message))
        found |= message.request == VSK_BACKEND_REQUEST_VRING_ERR &&
                 message.state.index == VSK_TX && message.state.num == 0;
    assert_true(found);
    front_free(front);
}

static void
calls_that_nobody_reads_are_owed_once(void **state)
{
    struct front *front = inband();
    vsk_message message;
    uint8_t full[4096] = {0};
    uint32_t count = 0;
    (void)state;

    kick_inband(front, VSK_RX);
    while (requested(front, &message))
        continue;
    /* Through the back end's own descriptor: as if it had said that much. */
    while (send(front->backend.requests.fd, full, sizeof full,
                MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        continue;
    for (int i = 0; i < 100; i++) {
        front_enable(front, VSK_RX, false);
        front_enable(front, VSK_RX, true);
    }
    while (recv(front->requests.fd, full, sizeof full, MSG_DONTWAIT) ==
           (ssize_t)sizeof full)
        continue;
    front_run_host(front);

    while (requested(front, &message))
        count++;
    assert_true(count >= 1 && count <= 3);
    front_free(front);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(another_cid_is_announced),
        RIG_TEST(the_same_cid_is_no_news),
        RIG_TEST(nothing_is_announced_without_a_socket_or_while_suspended),
        RIG_TEST(a_socket_for_requests_stays_open_and_may_be_replaced),
        RIG_TEST(who_takes_no_requests_is_served_all_the_same),
        RIG_TEST(sockets_that_somebody_else_has_too_are_not_waited_for),
        RIG_TEST(descriptors_that_nobody_asked_for_are_closed),
        RIG_TEST(messages_do_for_kicks_and_calls),
        RIG_TEST(without_them_agreed_on_there_are_none),
        RIG_TEST(an_error_of_a_ring_is_a_message_too),
        RIG_TEST(calls_that_nobody_reads_are_owed_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
