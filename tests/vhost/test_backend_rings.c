/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Which rings the back end touches, when, and where it begins. */
#include "front_rig.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define MARK VSK_BIT(VSK_FEATURE_PROTOCOL)

/* ---- begin ---- */

static void
bytes_go_both_ways(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-07, VHU-BOTH-07, -08 */
    vsk_conn *conn;
    (void)state;

    conn = front_connected(front);

    front_echo(front, conn, "hello");
    assert_true(front_called(front, VSK_RX) > 0);
    front_free(front);
}

static void
the_driver_is_ready_when_both_rings_run(void **state)
{
    struct front *front = front_new();
    vsk_notice notice;
    (void)state;

    front_agree(front, VSK_BACKEND_PROTOCOL, ALL);
    front_open(front);
    assert_int_equal(front_noticed(front, VSK_NOTICE_SESSION, ""), VSK_OK);
    front_start(front, VSK_TX, 0);
    assert_int_equal(vsk_notices_take(&front->backend.notices, &notice),
                     VSK_NONE);
    front_start(front, VSK_RX, 0);

    assert_int_equal(front_noticed(front, VSK_NOTICE_LIVE, "ready"), VSK_OK);
    assert_true(vsk_setup_live(&front->device.setup));
    front_free(front);
}

static void
ready_is_said_once_and_not_of_one_ring(void **state)
{
    struct front *front = front_new();
    vsk_notice notice;
    (void)state;

    front_agree(front, VSK_BACKEND_PROTOCOL, ALL);
    front_open(front);
    front_forget_notices(front);
    front_start(front, VSK_RX, 0);
    assert_int_equal(vsk_notices_take(&front->backend.notices, &notice),
                     VSK_NONE);
    front_start(front, VSK_TX, 0);
    assert_int_equal(front_noticed(front, VSK_NOTICE_LIVE, "ready"), VSK_OK);
    front_do(front, front_message(VSK_REQUEST_SET_OWNER));

    assert_int_equal(vsk_notices_take(&front->backend.notices, &notice),
                     VSK_NONE);
    front_free(front);
}

/* Whether the back end wants to be stepped within 20 ms. */
static bool
stirs(struct front *front)
{
    struct pollfd wanted = {.fd = vsk_backend_fileno(&front->backend),
                            .events = POLLIN};

    front_run(front);
    return poll(&wanted, 1, 20) != 0;
}

static void
only_rings_without_kicks_that_run_are_polled(void **state)
{
    struct front *front = front_live(2);
    (void)state;

    assert_false(stirs(front));
    front_do(front,
             front_u64(VSK_REQUEST_SET_VRING_KICK, VSK_TX | VSK_MESSAGE_NO_FD));
    assert_true(stirs(front));
    front_enable(front, VSK_TX, false);

    assert_false(stirs(front));
    front_free(front);
}

static void
who_cannot_be_called_any_more_is_called_no_more(void **state)
{
    struct front *front = front_live(2);
    int ends[2];
    (void)state;

    rig_pair(SOCK_STREAM, ends);
    front_do_fd(front, front_u64(VSK_REQUEST_SET_VRING_CALL, VSK_TX), ends[0]);
    (void)close(ends[0]);
    (void)close(ends[1]);
    front_enable(front, VSK_TX, false);
    front_enable(front, VSK_TX, true);

    assert_int_equal(front->backend.rings[VSK_TX].call, -1);
    front_free(front);
}

/* A guest with a REQUEST in its ring, and nothing told but what all rings
 * need. */
static struct front *
waiting(void)
{
    struct front *front = front_new();
    vsk_conn *conn;

    front_agree(front, VSK_BACKEND_PROTOCOL, ALL);
    front_open(front);
    assert_int_equal(vsk_guest_connect(&front->guest, vsk_loop_now(),
                                       VSK_PORT_ANY, VSK_CID_HOST, HOST_PORT,
                                       VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    vsk_guest_flush(&front->guest, vsk_loop_now());
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        front_tell_ring(front, i, 0);
        assert_int_equal(vsk_notify_signal(front->kicks[i]), VSK_OK);
    }
    return front;
}

/* Let the back end go on; fail if it writes a byte, or calls. */
static void
assert_untouched(struct front *front)
{
    uint8_t *copy = rig_zeroed(2 * FRONT_BYTES, 1);

    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        (void)front_called(front, i);
    memcpy(copy, front->mapping->base, 2 * FRONT_BYTES);
    vsk_backend_wake(&front->backend);
    front_run_host(front);
    assert_memory_equal(copy, front->mapping->base, 2 * FRONT_BYTES);
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        assert_int_equal(front_called(front, i), 0);
    free(copy);
}

static void
rings_begin_stopped_and_disabled(void **state)
{
    struct front *front = waiting(); /* VHU-BE-04, VHU-BE-08 */
    (void)state;

    assert_untouched(front);

    front_enable(front, VSK_TX, true); /* no kick: VHU-BE-09 */
    assert_untouched(front);
    front_free(front);
}

static void
a_ring_runs_when_it_is_kicked_and_enabled_in_any_order(void **state)
{
    struct front *front = waiting(); /* VHU-BE-05 */
    (void)state;

    front_kick(front, VSK_TX);
    assert_untouched(front);
    front_enable(front, VSK_TX, true);
    front_told(&front->host, VSK_EVENT_REQUEST);
    front_enable(front, VSK_RX, true);
    assert_int_equal(front_used(front, VSK_RX), 0);
    front_kick(front, VSK_RX);

    assert_int_equal(front_used(front, VSK_RX), 1);
    front_free(front);
}

static void
features_without_the_protocols_bit_enable_all_rings(void **state)
{
    struct front *front = front_new(); /* VHU-BE-11 */
    (void)state;

    front_do(front, front_u64(VSK_REQUEST_SET_FEATURES, ALL));
    front_set_memory(front);
    front_open(front);
    for (uint32_t i = 0; i < 2; i++) {
        front_tell_ring(front, i, 0);
        front_kick(front, i);
    }

    front_echo(front, front_connected(front), "hello");
    front_free(front);
}

static void
memory_features_and_place_may_come_last(void **state)
{
    struct front *front = front_new();
    (void)state;

    front_open(front);
    for (uint32_t i = 0; i < 2; i++) {
        front_enable(front, i, true);
        front_kick(front, i);
        front_do(front, front_addr(front, i));
        front_do(front, front_state(VSK_REQUEST_SET_VRING_NUM, i, FRONT_SIZE));
        front_do_fd(front, front_u64(VSK_REQUEST_SET_VRING_CALL, i),
                    front->calls[i]);
    }
    front_do(front, front_u64(VSK_REQUEST_SET_FEATURES, ALL | MARK));
    front_forget_notices(front);
    assert_untouched(front);
    front_set_memory(front);

    front_echo(front, front_connected(front), "hello");
    front_free(front);
}

static void
a_ring_that_waits_for_memory_says_so_once(void **state)
{
    struct front *front = front_new();
    vsk_notice notice;
    (void)state;

    front_open(front);
    front_do(front, front_u64(VSK_REQUEST_SET_FEATURES, ALL | MARK));
    front_forget_notices(front);
    front_start(front, VSK_RX, 0);
    assert_int_equal(front_noticed(front, VSK_NOTICE_NOTE, "ring 0 waits"),
                     VSK_BAD_RING);
    front_do(front, front_message(VSK_REQUEST_SET_OWNER));

    assert_int_equal(vsk_notices_take(&front->backend.notices, &notice),
                     VSK_NONE);
    front_free(front);
}

static void
another_place_is_waited_for_anew(void **state)
{
    struct front *front = waiting();
    vsk_message message = front_addr(front, VSK_TX);
    (void)state;

    message.addr.desc = 0;
    front_do(front, message);
    front_kick(front, VSK_TX);
    front_enable(front, VSK_TX, true);
    front_forget_notices(front);
    front_do(front, message);

    assert_int_equal(front_noticed(front, VSK_NOTICE_NOTE, "ring 1 waits"),
                     VSK_BAD_RING);
    front_free(front);
}

static void
the_largest_ring_and_the_last_base_are_legal(void **state)
{
    struct front *front = front_new();
    (void)state;

    front_do(front,
             front_state(VSK_REQUEST_SET_VRING_NUM, VSK_RX, VSK_RING_MAX));
    front_do(front, front_state(VSK_REQUEST_SET_VRING_BASE, VSK_RX, 0xffff));
    front_free(front);
}

static void
descriptors_of_a_ring_are_replaced(void **state)
{
    const vsk_request requests[] = {VSK_REQUEST_SET_VRING_KICK,
                                    VSK_REQUEST_SET_VRING_CALL,
                                    VSK_REQUEST_SET_VRING_ERR};
    struct front *front = front_new();
    uint32_t before;
    (void)state;

    for (size_t i = 0; i < 3; i++)
        front_do_fd(front, front_u64(requests[i], VSK_RX), front->kicks[0]);
    before = rig_fds();
    for (size_t i = 0; i < 3; i++)
        front_do_fd(front, front_u64(requests[i], VSK_RX), front->kicks[1]);

    assert_int_equal(rig_fds(), before);
    front_free(front);
}

static void
a_ring_waits_for_its_size_its_place_and_features(void **state)
{
    (void)state;

    for (uint32_t last = 0; last < 3; last++) {
        struct front *front = front_new();
        vsk_message needs[3];
        vsk_notice notice;

        front_set_memory(front);
        front_open(front);
        needs[0] = front_state(VSK_REQUEST_SET_VRING_NUM, VSK_TX, FRONT_SIZE);
        needs[1] = front_addr(front, VSK_TX);
        needs[2] = front_u64(VSK_REQUEST_SET_FEATURES, ALL | MARK);
        front_forget_notices(front);
        for (uint32_t i = 0; i < 3; i++)
            if (i != last)
                front_do(front, needs[i]);
        front_kick(front, VSK_TX);
        front_enable(front, VSK_TX, true);
        assert_int_equal(front->device.started, 0);
        assert_int_equal(vsk_notices_take(&front->backend.notices, &notice),
                         VSK_NONE);
        front_do(front, needs[last]);

        assert_int_equal(front->device.started, 1u << VSK_TX);
        front_free(front);
    }
}

static void
a_ring_waits_for_memory_of_each_of_its_parts(void **state)
{
    (void)state;

    for (uint32_t part = 0; part < 3; part++) {
        struct front *front = waiting();
        vsk_message message = front_addr(front, VSK_TX);
        uint64_t *const parts[] = {&message.addr.desc, &message.addr.avail,
                                   &message.addr.used};

        *parts[part] = FRONT_USER - 4096;
        front_do(front, message);
        front_forget_notices(front);
        front_kick(front, VSK_TX);
        front_enable(front, VSK_TX, true);

        assert_int_equal(front_noticed(front, VSK_NOTICE_NOTE, "ring 1 waits"),
                         VSK_BAD_RING);
        front_free(front);
    }
}

static void
other_memory_is_waited_for_anew(void **state)
{
    struct front *front = front_new();
    vsk_message none = front_message(VSK_REQUEST_SET_MEM_TABLE);
    (void)state;

    front_open(front);
    front_do(front, front_u64(VSK_REQUEST_SET_FEATURES, ALL | MARK));
    front_start(front, VSK_RX, 0);
    front_forget_notices(front);
    none.memory.count = 0;
    front_do(front, none);

    assert_int_equal(front_noticed(front, VSK_NOTICE_NOTE, "ring 0 waits"),
                     VSK_BAD_RING);
    front_free(front);
}

static void
a_place_that_no_ring_can_have_is_refused(void **state)
{
    struct front *front = waiting();
    vsk_message message = front_addr(front, VSK_TX);
    (void)state;

    message.addr.desc += 8;
    front_do(front, message);
    front_kick(front, VSK_TX);

    front_refused(front, front_state(VSK_REQUEST_SET_VRING_ENABLE, VSK_TX, 1),
                  NULL, 0, VSK_BAD_RING);
    front_free(front);
}

/* ---- standing still ---- */

static void
a_disabled_ring_is_left_alone_and_goes_on(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-06 */
    vsk_conn *conn = front_connected(front);
    (void)state;

    /* A pause without GET_VRING_BASE */
    for (uint32_t i = 0; i < 3; i++)
        front_enable(front, i, false);
    assert_int_equal(front_noticed(front, VSK_NOTICE_STOPPED, ""), VSK_OK);
    assert_int_equal(vsk_endpoint_call(&front->guest.endpoint, vsk_loop_now(),
                                       conn, VSK_CALL_SHUTDOWN,
                                       VSK_SHUTDOWN_RECEIVE),
                     VSK_OK);
    front_run_guest(front);
    assert_untouched(front);
    for (uint32_t i = 0; i < 3; i++)
        front_enable(front, i, true);

    assert_int_equal(front_noticed(front, VSK_NOTICE_LIVE, ""), VSK_OK);
    front_run(front);
    assert_int_equal(front->host.conn->shut_received, VSK_SHUTDOWN_RECEIVE);
    front_not_told(&front->host, VSK_EVENT_CLOSE);
    front_free(front);
}

static void
connections_survive_a_stop(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-10, VHU-BE-31 */
    vsk_conn *conn = front_connected(front);
    uint32_t bases[3];
    (void)state;

    for (int i = 0; i < 3; i++) {
        front_echo(front, conn, "before");
        front_stop_all(front, bases);
        assert_int_equal(bases[VSK_TX] & 0x7fffu, front_used(front, VSK_TX));
        assert_int_not_equal(bases[VSK_RX], 0);
        /* As QEMU does: all of it again. */
        front_do(front, front_u64(VSK_REQUEST_SET_FEATURES, ALL | MARK));
        front_set_memory(front);
        front_go_on(front, bases);
        front_echo(front, conn, "after");
    }

    front_not_told(&front->host, VSK_EVENT_CLOSE);
    front_not_told(&front->told, VSK_EVENT_CLOSE);
    front_free(front);
}

static void
what_comes_while_it_stands_still_is_not_lost(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-31 */
    vsk_conn *conn = front_connected(front);
    uint32_t bases[3];
    (void)state;

    front_stop_all(front, bases);
    assert_int_equal(vsk_endpoint_call(&front->guest.endpoint, vsk_loop_now(),
                                       conn, VSK_CALL_SHUTDOWN,
                                       VSK_SHUTDOWN_SEND),
                     VSK_OK);
    front_run_guest(front);
    front_run_host(front);
    front_not_told(&front->host, VSK_EVENT_EOF);
    front_go_on(front, bases);

    front_told(&front->host, VSK_EVENT_EOF);
    front_free(front);
}

static void
a_suspended_device_does_nothing_but_answer(void **state)
{
    /* VHU-BE-13, VHU-BE-14, VHU-BE-16, VHU-BE-20 */
    struct front *front = front_live(3);
    vsk_conn *conn = front_connected(front);
    uint32_t bases[3];
    uint64_t deadline;
    (void)state;

    assert_int_equal(vsk_endpoint_call(&front->device.endpoint, vsk_loop_now(),
                                       front->host.conn, VSK_CALL_CLOSE, 0),
                     VSK_OK);
    vsk_backend_wake(&front->backend);
    front_run_host(front);
    assert_int_equal(vsk_timers_next(&front->device.endpoint.timers, &deadline),
                     VSK_OK);
    front_stop_all(front, bases);
    assert_int_equal(vsk_endpoint_call(&front->guest.endpoint, vsk_loop_now(),
                                       conn, VSK_CALL_RESET, 0),
                     VSK_OK);
    front_run_guest(front);

    assert_untouched(front);
    assert_int_equal(vsk_timers_next(&front->device.endpoint.timers, &deadline),
                     VSK_NONE);
    assert_int_equal(front_ask(front, VSK_REQUEST_GET_FEATURES), ALL | MARK);
    front_free(front);
}

static void
a_stopped_ring_lets_its_kick_go(void **state)
{
    struct front *front = front_live(3);
    uint8_t byte;
    int pair[2];
    (void)state;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    front_do_fd(front, front_u64(VSK_REQUEST_SET_VRING_KICK, VSK_TX), pair[1]);
    (void)close(pair[1]);
    (void)front_stop(front, VSK_TX);

    assert_int_equal(recv(pair[0], &byte, 1, MSG_DONTWAIT), 0);
    (void)close(pair[0]);
    front_free(front);
}

/* ---- beginning anew ---- */

static void
an_answer_holds_until_the_ring_runs_again(void **state)
{
    struct front *front = front_live(3);
    uint32_t bases[3];
    (void)state;

    (void)front_connected(front);
    front_stop_all(front, bases);
    front_go_on(front, bases);
    front->host.count = 0;
    front_do(front,
             front_state(VSK_REQUEST_SET_VRING_BASE, VSK_TX, bases[VSK_TX]));

    front_told(&front->host, VSK_EVENT_CLOSE);
    front_free(front);
}

static void
a_guest_that_boots_anew_has_no_connections(void **state)
{
    struct front *front = front_live(3);
    uint32_t bases[3];
    (void)state;

    (void)front_connected(front);
    front_stop_all(front, bases);
    front_open(front);
    for (uint32_t i = 0; i < 3; i++)
        front_start(front, i, 0);
    front_run(front);

    front_told(&front->host, VSK_EVENT_CLOSE);
    assert_int_equal(front->device.endpoint.table.count, 0);
    front_not_told(&front->told, VSK_EVENT_RESET);
    front_echo(front, front_connected(front), "hello");
    front_free(front);
}

static void
a_driver_bound_anew_without_a_stop_has_no_connections(void **state)
{
    struct front *front = front_live(3);
    uint32_t resets = 0;
    (void)state;

    /* As User Mode Linux: ENABLE 0, new rings, the base of new rings. */
    (void)front_connected(front);
    for (uint32_t i = 0; i < 3; i++)
        front_enable(front, i, false);
    front_open(front);
    front->host.count = 0;
    for (uint32_t i = 0; i < 3; i++)
        front_tell_ring(front, i, 0);
    for (uint32_t i = 0; i < 3; i++) {
        front_kick(front, i);
        front_enable(front, i, true);
    }
    front_run(front);

    for (uint32_t i = 0; i < front->host.count; i++)
        resets += front->host.kinds[i] == VSK_EVENT_RESET;
    assert_int_equal(resets, 1);
    assert_int_equal(front->device.endpoint.table.count, 0);
    front_echo(front, front_connected(front), "hello");
    front_free(front);
}

static void
other_features_end_connections(void **state)
{
    struct front *front = front_live(3);
    (void)state;

    (void)front_connected(front);
    front_do(front, front_u64(VSK_REQUEST_SET_FEATURES, ALL | MARK));
    front_not_told(&front->host, VSK_EVENT_CLOSE);
    front_do(front, front_u64(VSK_REQUEST_SET_FEATURES,
                              (ALL & ~BIT(SEQPACKET)) | MARK));

    front_told(&front->host, VSK_EVENT_CLOSE);
    assert_int_equal(front->device.setup.accepted, ALL & ~BIT(SEQPACKET));
    assert_true(vsk_setup_live(&front->device.setup));
    front_free(front);
}

static void
a_reset_device_begins_anew(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-41 */
    (void)state;

    (void)front_connected(front);
    front_do(front, front_message(VSK_REQUEST_RESET_DEVICE));
    front_told(&front->host, VSK_EVENT_CLOSE);
    assert_int_equal(front->device.setup.status, 0);
    assert_true(front->backend.owned);
    assert_untouched(front);
    front_open(front);
    front_do(front, front_u64(VSK_REQUEST_SET_FEATURES, ALL | MARK));
    for (uint32_t i = 0; i < 3; i++)
        front_start(front, i, 0);

    front_echo(front, front_connected(front), "hello");
    front_free(front);
}

static void
resetting_the_owner_changes_nothing(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-27 */
    vsk_conn *conn = front_connected(front);
    (void)state;

    front_do(front, front_message(VSK_REQUEST_RESET_OWNER));

    front_echo(front, conn, "hello");
    front_free(front);
}

/* ---- front ends that go, processes that begin ---- */

static void
connections_end_with_the_session(void **state)
{
    struct front *front = front_live(3);
    (void)state;

    (void)front_connected(front);
    front_hang_up(front);

    front_told(&front->host, VSK_EVENT_CLOSE);
    assert_int_equal(front_noticed(front, VSK_NOTICE_END, "closed"), VSK_EOF);
    assert_int_equal(front->device.endpoint.table.count, 0);
    assert_int_equal(front->backend.mappings.count, 0);
    front_free(front);
}

static void
guests_come_one_after_another(void **state)
{
    struct front *front = front_new();
    (void)state;

    for (int i = 0; i < 50; i++) {
        front_agree(front, VSK_BACKEND_PROTOCOL, ALL);
        front_open(front);
        for (uint32_t j = 0; j < 3; j++)
            front_start(front, j, 0);
        front_echo(front, front_connected(front), "hello");
        front_hang_up(front);
        front_forget_notices(front);
        front->host.count = 0;
        front_connect(front);
    }

    assert_int_equal(front->backend.sessions, 51);
    front_free(front);
}

/* ---- kicks and calls ---- */

static void
kicks_and_calls_are_replaced_as_it_runs(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-12 */
    vsk_conn *conn = front_connected(front);
    (void)state;

    for (uint32_t i = 0; i < 2; i++) {
        (void)front_called(front, i);
        (void)close(front->kicks[i]);
        (void)close(front->calls[i]);
        assert_int_equal(vsk_notify_new(&front->kicks[i]), VSK_OK);
        assert_int_equal(vsk_notify_new(&front->calls[i]), VSK_OK);
        front_kick(front, i);
        front_do_fd(front, front_u64(VSK_REQUEST_SET_VRING_CALL, i),
                    front->calls[i]);
    }

    front_echo(front, conn, "hello");
    assert_true(front_called(front, VSK_RX) > 0);
    front_free(front);
}

static void
a_ring_without_kicks_is_looked_at_all_the_same(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-32, VHU-BE-33 */
    vsk_event event;
    vsk_conn *conn;
    vsk_status status;
    uint32_t turns = 0;
    (void)state;

    for (uint32_t i = 0; i < 2; i++) {
        front_do(front,
                 front_u64(VSK_REQUEST_SET_VRING_KICK, i | VSK_MESSAGE_NO_FD));
        front_do(front,
                 front_u64(VSK_REQUEST_SET_VRING_CALL, i | VSK_MESSAGE_NO_FD));
        (void)front_called(front, i);
    }
    front->silent = true;
    assert_int_equal(vsk_guest_connect(&front->guest, vsk_loop_now(),
                                       VSK_PORT_ANY, VSK_CID_HOST, HOST_PORT,
                                       VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    front_run_guest(front);

    /* Nobody kicks; its own clock wakes it up. */
    do {
        assert_int_equal(vsk_loop_wait(&front->backend.loop, SECOND), VSK_OK);
        status = vsk_backend_step(&front->backend, &event);
    } while (status == VSK_NONE && turns++ < 1000);
    assert_int_equal(status, VSK_OK);
    assert_int_equal(event.kind, VSK_EVENT_REQUEST);
    assert_int_equal(front_called(front, VSK_TX), 0);
    front_free(front);
}

static void
a_call_that_nobody_hears_ends_nothing(void **state)
{
    struct front *front = front_live(3);
    vsk_conn *conn = front_connected(front);
    int pair[2];
    (void)state;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    front_do_fd(front, front_u64(VSK_REQUEST_SET_VRING_CALL, VSK_RX), pair[1]);
    (void)close(pair[1]);
    (void)close(pair[0]);

    front_echo(front, conn, "hello");
    front_echo(front, conn, "again");
    assert_true(front->backend.connected);
    front_free(front);
}

static void
calls_go_over_stream_sockets_and_never_wait(void **state)
{
    struct front *front = front_live(3);
    vsk_conn *conn = front_connected(front);
    uint8_t bytes[64];
    int pair[2];
    (void)state;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    front_do_fd(front, front_u64(VSK_REQUEST_SET_VRING_CALL, VSK_RX), pair[1]);
    (void)recv(pair[0], bytes, sizeof bytes, MSG_DONTWAIT);
    front_echo(front, conn, "hello");
    assert_true(recv(pair[0], bytes, sizeof bytes, MSG_DONTWAIT) >= 8);
    while (send(pair[1], bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        continue;

    front_echo(front, conn, "again");
    (void)close(pair[0]);
    (void)close(pair[1]);
    front_free(front);
}

static void
a_kick_whose_other_end_is_gone_is_not_waited_for(void **state)
{
    struct front *front = front_live(3);
    int pair[2];
    (void)state;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    front_do_fd(front, front_u64(VSK_REQUEST_SET_VRING_KICK, VSK_TX), pair[1]);
    (void)close(pair[1]);
    assert_int_equal(vsk_notify_signal(pair[0]), VSK_OK);
    front_run_host(front);
    (void)close(pair[0]);

    /* It fails the test where it never rests. */
    front_run_host(front);
    assert_true(front->backend.connected);
    front_free(front);
}

/* ---- floods ---- */

static void
messages_get_their_turn_while_packets_never_end(void **state)
{
    struct front *front = front_live(3);
    vsk_conn *conn = front_connected(front);
    uint8_t byte = 1;
    vsk_span span = {.base = &byte, .len = 1};
    vsk_outgoing outgoing = {.spans = &span, .count = 1};
    vsk_message message = front_message(VSK_REQUEST_GET_FEATURES);
    uint32_t events = 0;
    uint64_t sent;
    vsk_event event;
    (void)state;

    assert_int_equal(
        vsk_channel_send(&front->channel, &message, VSK_PAYLOAD_NONE, NULL, 0),
        VSK_OK);
    do {
        for (int i = 0; i < 4; i++)
            (void)vsk_guest_send(&front->guest, vsk_loop_now(), conn, &outgoing,
                                 &sent);
        front_run_guest(front);
        assert_int_equal(vsk_backend_step(&front->backend, &event), VSK_OK);
        if (event.kind == VSK_EVENT_DATA)
            (void)vsk_endpoint_forwarded(&front->device.endpoint,
                                         vsk_loop_now(), event.conn, 1);
        assert_true(++events < 1000);
    } while (!front_answer(front, VSK_PAYLOAD_U64, &message));

    assert_int_equal(message.u64, ALL | MARK);
    front_free(front);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(bytes_go_both_ways),
        RIG_TEST(the_driver_is_ready_when_both_rings_run),
        RIG_TEST(rings_begin_stopped_and_disabled),
        RIG_TEST(a_ring_runs_when_it_is_kicked_and_enabled_in_any_order),
        RIG_TEST(features_without_the_protocols_bit_enable_all_rings),
        RIG_TEST(memory_features_and_place_may_come_last),
        RIG_TEST(ready_is_said_once_and_not_of_one_ring),
        RIG_TEST(only_rings_without_kicks_that_run_are_polled),
        RIG_TEST(who_cannot_be_called_any_more_is_called_no_more),
        RIG_TEST(a_ring_that_waits_for_memory_says_so_once),
        RIG_TEST(another_place_is_waited_for_anew),
        RIG_TEST(the_largest_ring_and_the_last_base_are_legal),
        RIG_TEST(descriptors_of_a_ring_are_replaced),
        RIG_TEST(a_ring_waits_for_its_size_its_place_and_features),
        RIG_TEST(a_ring_waits_for_memory_of_each_of_its_parts),
        RIG_TEST(other_memory_is_waited_for_anew),
        RIG_TEST(a_place_that_no_ring_can_have_is_refused),
        RIG_TEST(a_disabled_ring_is_left_alone_and_goes_on),
        RIG_TEST(connections_survive_a_stop),
        RIG_TEST(what_comes_while_it_stands_still_is_not_lost),
        RIG_TEST(a_suspended_device_does_nothing_but_answer),
        RIG_TEST(a_stopped_ring_lets_its_kick_go),
        RIG_TEST(an_answer_holds_until_the_ring_runs_again),
        RIG_TEST(a_guest_that_boots_anew_has_no_connections),
        RIG_TEST(a_driver_bound_anew_without_a_stop_has_no_connections),
        RIG_TEST(other_features_end_connections),
        RIG_TEST(a_reset_device_begins_anew),
        RIG_TEST(resetting_the_owner_changes_nothing),
        RIG_TEST(connections_end_with_the_session),
        RIG_TEST(guests_come_one_after_another),
        RIG_TEST(kicks_and_calls_are_replaced_as_it_runs),
        RIG_TEST(a_ring_without_kicks_is_looked_at_all_the_same),
        RIG_TEST(a_call_that_nobody_hears_ends_nothing),
        RIG_TEST(calls_go_over_stream_sockets_and_never_wait),
        RIG_TEST(a_kick_whose_other_end_is_gone_is_not_waited_for),
        RIG_TEST(messages_get_their_turn_while_packets_never_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
