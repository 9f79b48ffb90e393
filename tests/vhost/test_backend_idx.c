/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Where split rings begin and go on: an idx in memory says it. */
#include "front_rig.h"

#include "vsk/le.h"

#include <unistd.h>

static void
enabling_reads_once_and_calls_once(void **state)
{
    struct front *front = front_live(3);
    vsk_conn *conn = front_connected(front);
    uint64_t event;
    (void)state;

    front_enable(front, VSK_TX, false);
    front_enable(front, VSK_RX, false);
    for (uint32_t i = 0; i < 2; i++)
        (void)front_called(front, i);
    /* The driver wants no call, and its kick gets lost. */
    vsk_queue_disable_interrupts(&front->guest.queues[VSK_TX]);
    front->silent = true;
    assert_int_equal(vsk_endpoint_call(&front->guest.endpoint, vsk_loop_now(),
                                       conn, VSK_CALL_SHUTDOWN,
                                       VSK_SHUTDOWN_SEND),
                     VSK_OK);
    front_run_guest(front);
    front_run_host(front);
    front_not_told(&front->host, VSK_EVENT_EOF);
    front_enable(front, VSK_TX, true);

    front_told(&front->host, VSK_EVENT_EOF);
    assert_int_equal(front_called(front, VSK_TX), 1);
    assert_int_equal(front_called(front, VSK_RX), 0);
    /* Kicks are asked for again: avail_event is where it stands. */
    event = front->guest.rings[VSK_TX].device + 4 + 8 * FRONT_SIZE;
    assert_int_equal(vsk_le_load16(front->mapping->base + (event - FRONT_LOW)),
                     front_used(front, VSK_TX));
    front_free(front);
}

static void
a_ring_goes_on_by_the_devices_own_account(void **state)
{
    struct front *front = front_live(3);
    vsk_conn *conn = front_connected(front);
    uint64_t used = front->guest.rings[VSK_TX].device + 2 - FRONT_LOW;
    uint16_t stood = front_used(front, VSK_TX);
    (void)state;

    front_enable(front, VSK_TX, false);
    vsk_le_store16(front->mapping->base + used, (uint16_t)(stood - 1));
    front_enable(front, VSK_TX, true);
    vsk_le_store16(front->mapping->base + used, stood);

    front_echo(front, conn, "hello");
    front_free(front);
}

static void
a_base_that_was_not_answered_is_noted_and_not_believed(void **state)
{
    struct front *front = front_new(); /* VHU-BE-29 */
    vsk_conn *conn;
    (void)state;

    front_agree(front, VSK_BACKEND_PROTOCOL, ALL);
    front_open(front);
    /* As Cloud Hypervisor: what the driver has offered so far. */
    front_start(front, VSK_TX, 0);
    front_start(front, VSK_RX, FRONT_SIZE);
    assert_int_equal(
        front_noticed(front, VSK_NOTICE_NOTE,
                      "ring 0 begins at 0, where its used ring stands, "
                      "not at 64"),
        VSK_OK);

    conn = front_connected(front);
    front_echo(front, conn, "hello");
    front_free(front);
}

static void
an_index_gone_wild_is_told_and_cured_by_a_new_life(void **state)
{
    struct front *front = front_live(3);
    const vsk_ring *ring = &front->guest.rings[VSK_TX];
    uint32_t bases[3];
    uint64_t count;
    int err;
    (void)state;

    assert_int_equal(vsk_notify_new(&err), VSK_OK);
    front_do_fd(front, front_u64(VSK_REQUEST_SET_VRING_ERR, VSK_TX), err);
    vsk_le_store16(front->mapping->base + (ring->driver - FRONT_LOW) + 2,
                   30000);
    assert_int_equal(vsk_notify_signal(front->kicks[VSK_TX]), VSK_OK);
    front_run_host(front);
    front_told(&front->host, VSK_EVENT_ERROR);
    assert_int_equal(read(err, &count, sizeof count), sizeof count);
    front_stop_all(front, bases);
    front_open(front);
    for (uint32_t i = 0; i < 3; i++)
        front_start(front, i, bases[i] + 1);

    front_echo(front, front_connected(front), "hello");
    (void)close(err);
    front_free(front);
}

/* A guest that lives, whose device's process begins anew. */
static struct front *
orphaned(uint32_t queues, vsk_conn **conn)
{
    struct front *front = front_live(queues);

    *conn = front_connected(front);
    front_new_process(front);
    front_agree(front, VSK_BACKEND_PROTOCOL, ALL);
    for (uint32_t i = 0; i < queues; i++) {
        /* Nobody knows any more: the bridge asks us. */
        uint32_t base = front_stop(front, i);

        assert_int_equal(base, 0);
        front_start(front, i, base);
    }
    return front;
}

static void
a_fresh_process_tells_the_guest_that_connections_are_gone(void **state)
{
    vsk_conn *conn;
    struct front *front = orphaned(3, &conn);
    (void)state;

    assert_int_equal(
        front_noticed(front, VSK_NOTICE_NOTE, "where its used ring stands"),
        VSK_OK);
    front_run(front);

    front_told(&front->told, VSK_EVENT_RESET);
    assert_false(front->guest.stale);
    conn = front_connected(front);
    front_do(front, front_message(VSK_REQUEST_SET_OWNER));
    front_echo(front, conn, "hello"); /* told once is enough */
    front_free(front);
}

static void
without_its_event_queue_it_resets_who_speaks(void **state)
{
    vsk_conn *conn;
    struct front *front = orphaned(2, &conn);
    (void)state;

    assert_int_equal(vsk_endpoint_call(&front->guest.endpoint, vsk_loop_now(),
                                       conn, VSK_CALL_SHUTDOWN,
                                       VSK_SHUTDOWN_SEND),
                     VSK_OK);
    front_run_guest(front);
    front_run(front);

    front_not_told(&front->told, VSK_EVENT_RESET);
    front_told(&front->told, VSK_EVENT_CLOSE);
    front_echo(front, front_connected(front), "hello");
    front_free(front);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(enabling_reads_once_and_calls_once),
        RIG_TEST(a_ring_goes_on_by_the_devices_own_account),
        RIG_TEST(a_base_that_was_not_answered_is_noted_and_not_believed),
        RIG_TEST(an_index_gone_wild_is_told_and_cured_by_a_new_life),
        RIG_TEST(a_fresh_process_tells_the_guest_that_connections_are_gone),
        RIG_TEST(without_its_event_queue_it_resets_who_speaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
