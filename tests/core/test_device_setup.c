/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "device_rig.h"

/* ---- setup ---- */

static void
nothing_is_touched_before_driver_ok(void **state)
{
    struct bench *bench = bench_sized(16, 16);
    uint8_t *before;
    (void)state;

    bench_prepare(bench, ALL, VSK_QUEUES);
    bench_post(bench, VSK_RX, 2, 100);
    bench_post(bench, VSK_EVENT, 2, 4);
    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    before = bench_snapshot(bench);
    bench_quiet(bench);

    /* STATUS-DEV-02 */
    assert_int_equal(vsk_device_notify(&bench->device), 0);
    bench_assert_untouched(bench, before);
    bench_status(bench, A | D | F | K);
    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_free(bench);
}

/* Let the device stop with chains in hand; it must not touch a byte. */
static void
stops_dead(struct bench *bench, void (*stop)(struct bench *bench))
{
    uint8_t data[5] = "hello";
    vsk_conn *conn = bench_stream(bench);
    vsk_header header = bench_header(bench, VSK_OP_RST, 9);
    vsk_packet packet;
    uint64_t sent;
    uint8_t *before;

    bench_post(bench, VSK_RX, 4, 100);
    bench_transmit_data(bench, GUEST_PORT, data, 5);
    bench_transmit_op(bench, VSK_OP_CREDIT_REQUEST, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_DATA);
    stop(bench);
    before = bench_snapshot(bench);

    while (bench_poll(bench) == VSK_OK)
        ;
    (void)bench_send(bench, conn, data, 5, &sent);
    vsk_packet_init(&packet, NULL, 0);
    packet.header = header;
    assert_int_equal(vsk_device_put(&bench->device, 0, &packet), VSK_NONE);
    vsk_device_flush(&bench->device, 0);
    vsk_device_publish(&bench->device);
    assert_int_equal(
        vsk_device_notify(&bench->device) & ((1u << VSK_QUEUES) - 1), 0);
    bench_assert_untouched(bench, before);
}

static void
fail_driver(struct bench *bench)
{
    bench_status(bench, A | D | F | K | VSK_SETUP_FAILED);
}

static void
reset_device(struct bench *bench)
{
    bench_status(bench, 0);
}

static void
pause_device(struct bench *bench)
{
    vsk_device_pause(&bench->device, bench->now);
}

static void
nothing_is_touched_after_failed(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    stops_dead(bench, fail_driver);

    bench_free(bench);
}

static void
nothing_is_touched_after_reset(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    /* RESET-DEV-02 */
    stops_dead(bench, reset_device);

    bench_free(bench);
}

static void
a_pause_touches_nothing_and_loses_nothing(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    stops_dead(bench, pause_device);
    bench_expect_back(bench, 0);
    vsk_device_resume(&bench->device, bench->now);

    bench_comes(bench, VSK_EVENT_WRITABLE);
    bench_quiet(bench);
    bench_expect_back(bench, 2);
    bench_expect(bench, VSK_OP_CREDIT_UPDATE);
    bench_free(bench);
}

static void
status_0_ends_connections_and_then_tells_reset(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_stream(bench);
    bench_connected(bench, VSK_TYPE_SEQPACKET, 7);
    bench_status(bench, 0);

    /* peers.md row 18, row 22; RESET-DEV-01 */
    for (uint32_t i = 0; i < 2; i++) {
        bench_comes(bench, VSK_EVENT_CLOSE);
        assert_int_equal(bench->event.conn->reason, VSK_REASON_TRANSPORT);
    }
    bench_comes(bench, VSK_EVENT_RESET);
    bench_quiet(bench);
    assert_int_equal(bench->device.setup.status, 0);
    assert_int_equal(bench->device.setup.accepted, 0);
    assert_false(bench->device.endpoint.seqpacket);
    assert_int_equal(bench->device.started, 0);
    bench_free(bench);
}

static void
a_chain_in_hand_is_void_after_reset(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench->device.show_packets = true;
    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_PACKET);
    bench_status(bench, 0);
    bench_prepare(bench, ALL, VSK_QUEUES);
    bench_status(bench, A | D | F | K);

    bench_comes(bench, VSK_EVENT_RESET);
    assert_null(bench->event.chain);
    bench_quiet(bench);
    bench_expect_back(bench, 0);
    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_PACKET);
    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_quiet(bench);
    bench_expect_back(bench, 1);
    bench_free(bench);
}

static void
what_was_to_be_notified_is_forgotten_by_reset(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_transmit_op(bench, VSK_OP_RST, 1);
    bench_quiet(bench);
    *bench_at(bench, bench->rings[VSK_TX].driver + 2) += 100;
    bench_fails(bench, VSK_BAD_AVAIL_IDX);
    bench_status(bench, 0);

    /* RESET-DEV-02 */
    assert_int_equal(bench->device.given, 0);
    assert_int_equal(vsk_device_notify(&bench->device), 0);
    bench_free(bench);
}

static void
reset_opens_the_gate(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_post(bench, VSK_EVENT, 1, 4);
    assert_int_equal(vsk_device_reset_transport(&bench->device, 0, GUEST),
                     VSK_OK);
    bench_comes(bench, VSK_EVENT_RESET);
    bench_status(bench, 0);
    bench_comes(bench, VSK_EVENT_RESET);
    bench_prepare(bench, ALL, 2);
    bench_status(bench, A | D | F | K);

    bench_stream(bench);
    bench_free(bench);
}

static void
features_that_were_not_offered_are_refused(void **state)
{
    struct bench *bench = bench_sized(16, 16);
    (void)state;

    bench_status(bench, A);
    bench_status(bench, A | D);

    /* peers.md row 22, FEAT-DRV-01 */
    assert_int_equal(vsk_device_accept(&bench->device, ALL | VSK_BIT(34)),
                     VSK_BAD_FEATURES);
    bench_status(bench, A | D | F);
    assert_int_equal(bench->device.setup.status & F, 0);
    bench_free(bench);
}

static void
init_refuses_what_no_device_can_be(void **state)
{
    struct bench *bench = bench_new();
    vsk_device device = {.given = 77};
    vsk_device_config config = bench->config;
    (void)state;

    /* VSOCK-DEV-09 */
    config.guest_cid = 2;
    assert_int_equal(vsk_device_init(&device, &config, &bench->tables),
                     VSK_ERR_CID);
    config = bench->config;
    config.features = BIT(STREAM);
    assert_int_equal(vsk_device_init(&device, &config, &bench->tables),
                     VSK_ERR_FEATURES);
    config = bench->config;
    bench->tables.endpoint.orphan_capacity = 0;
    assert_int_equal(vsk_device_init(&device, &config, &bench->tables),
                     VSK_ERR_ARGUMENT);
    assert_int_equal(device.given, 77);
    bench_free(bench);
}

static void
a_queue_starts_and_stops_once(void **state)
{
    struct bench *bench = bench_new();
    vsk_ring_state stood = {0};
    (void)state;

    assert_int_equal(vsk_device_start_queue(&bench->device, VSK_RX,
                                            &bench->rings[VSK_RX], NULL),
                     VSK_ERR_ARGUMENT);
    assert_int_equal(
        vsk_device_start_queue(&bench->device, 3, &bench->rings[0], NULL),
        VSK_ERR_ARGUMENT);
    assert_int_equal(vsk_device_stop_queue(&bench->device, 0, VSK_RX, &stood),
                     VSK_OK);
    assert_int_equal(vsk_device_stop_queue(&bench->device, 0, VSK_RX, &stood),
                     VSK_ERR_STATE);
    assert_int_equal(vsk_device_stop_queue(&bench->device, 0, 3, &stood),
                     VSK_ERR_STATE);
    bench_free(bench);
}

static void
a_queue_in_no_memory_does_not_start(void **state)
{
    struct bench *bench = bench_sized(16, 16);
    vsk_ring ring = {.size = 16};
    (void)state;

    bench_prepare(bench, ALL, 2);
    vsk_ring_place(&ring, RIG_NOWHERE);
    assert_int_equal(
        vsk_device_start_queue(&bench->device, VSK_EVENT, &ring, NULL),
        VSK_ERR_ADDRESS);

    assert_int_equal(bench->device.started, 3);
    bench_free(bench);
}

static void
a_status_out_of_order_changes_nothing(void **state)
{
    struct bench *bench = bench_sized(16, 16);
    (void)state;

    /* STATUS-DRV-02 */
    bench_status(bench, A | D);
    assert_int_equal(vsk_device_write_status(&bench->device, 0, A),
                     VSK_BAD_STATUS);

    assert_int_equal(bench->device.setup.status, A | D);
    assert_int_equal(bench->seen[VSK_SEEN_STATUS], 1);
    bench_free(bench);
}

static void
the_tap_sees_all_that_passes(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_stream(bench);

    assert_int_equal(bench->seen[VSK_SEEN_STATUS], 4);
    assert_int_equal(bench->seen[VSK_SEEN_PACKET], 2);
    assert_int_equal(bench->seen[VSK_SEEN_USED], 2);
    assert_int_equal(bench->seen[VSK_SEEN_REFUSED], 0);
    bench_free(bench);
}

static void
all_goes_on_without_a_tap(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench->device.tap.see = NULL;
    bench_stream(bench);
    bench_status(bench, 0);

    bench_comes(bench, VSK_EVENT_CLOSE);
    bench_free(bench);
}

/* ---- the transport is reset ---- */

static void
transport_reset_is_written_into_the_event_queue(void **state)
{
    struct bench *bench = bench_new();
    const vsk_buffer buffer = {DATA + 0x2000, 8, true};
    uint32_t written = 0;
    uint16_t head;
    (void)state;

    bench_stream(bench);
    assert_int_equal(
        vsk_buffers_add(&bench->buffers[VSK_EVENT], &buffer, 1, 0, &head),
        VSK_OK);
    assert_int_equal(vsk_device_reset_transport(&bench->device, 0, GUEST),
                     VSK_OK);

    /* EVENT-DEV-01, EVENT-DEV-02, EVENT-DEV-03, peers.md row 19 */
    assert_int_equal(bench_reap(bench, VSK_EVENT, &written), 1);
    assert_int_equal(written, 4);
    assert_memory_equal(bench_at(bench, buffer.addr),
                        "\0\0\0\0\xAA\xAA\xAA\xAA", 8);
    assert_int_equal(bench->seen[VSK_SEEN_EVENT], 1);
    assert_int_equal(vsk_device_notify(&bench->device) & VSK_NOTIFY_CONFIG, 0);
    bench_comes(bench, VSK_EVENT_CLOSE);
    assert_int_equal(bench->event.conn->reason, VSK_REASON_TRANSPORT);
    bench_comes(bench, VSK_EVENT_RESET);
    bench_quiet(bench);
    assert_false(bench_receive(bench));
    bench_free(bench);
}

/* The gate with so many event buffers posted, as Linux posts eight. */
static void
waits_behind_the_gate(uint32_t buffers)
{
    struct bench *bench = bench_new();
    uint32_t written;
    vsk_conn *conn;

    bench_stream(bench);
    bench_post(bench, VSK_EVENT, buffers, 4);
    bench_post(bench, VSK_RX, 2, 100);
    (void)vsk_queue_should_kick(&bench->drivers[VSK_EVENT]);
    bench_transmit_op(bench, VSK_OP_CREDIT_UPDATE, GUEST_PORT);
    assert_int_equal(vsk_device_reset_transport(&bench->device, 0, GUEST),
                     VSK_OK);
    assert_int_equal(vsk_device_connect(&bench->device, 0, VSK_PORT_ANY, 22,
                                        VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    bench_comes(bench, VSK_EVENT_CLOSE);
    bench_comes(bench, VSK_EVENT_RESET);
    bench_quiet(bench);

    bench_expect_back(bench, 1);
    assert_int_equal(bench->device.endpoint.counters.errors, 0);
    assert_false(bench_receive(bench));
    assert_int_equal(bench_reap(bench, VSK_EVENT, &written), 1);
    bench_post(bench, VSK_EVENT, 1, 4);
    assert_true(vsk_queue_should_kick(&bench->drivers[VSK_EVENT]));
    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_expect(bench, VSK_OP_REQUEST);
    assert_false(bench_receive(bench));
    bench_free(bench);
}

static void
rx_waits_until_another_event_buffer_is_posted(void **state)
{
    (void)state;

    /* peers.md row 19 */
    waits_behind_the_gate(1);
}

static void
event_buffers_that_were_there_do_not_open_the_gate(void **state)
{
    (void)state;

    /* peers.md row 19 */
    waits_behind_the_gate(8);
}

static void
event_buffers_alone_are_no_work(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_post(bench, VSK_EVENT, 8, 4);

    bench_quiet(bench);
    bench_free(bench);
}

static void
a_head_that_is_none_does_not_keep_the_gate_shut(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_post(bench, VSK_EVENT, 1, 4);
    vsk_queue_stage_head(&bench->drivers[VSK_EVENT], 99);
    bench_post(bench, VSK_EVENT, 2, 4);
    assert_int_equal(vsk_device_reset_transport(&bench->device, 0, GUEST),
                     VSK_OK);
    bench_comes(bench, VSK_EVENT_RESET);
    bench_quiet(bench);
    bench_post(bench, VSK_EVENT, 1, 4);

    bench_stream(bench);
    bench_free(bench);
}

static void
an_event_queue_that_stands_still_is_left_alone_by_the_gate(void **state)
{
    struct bench *bench = bench_new();
    vsk_ring_state stood;
    uint8_t *copy;
    (void)state;

    bench_post(bench, VSK_EVENT, 1, 4);
    assert_int_equal(vsk_device_reset_transport(&bench->device, 0, GUEST),
                     VSK_OK);
    bench_comes(bench, VSK_EVENT_RESET);
    bench_stop(bench, VSK_EVENT, &stood);
    copy = bench_snapshot(bench);
    bench_quiet(bench);
    bench_assert_untouched(bench, copy);

    bench_post(bench, VSK_EVENT, 1, 4);
    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_quiet(bench);
    bench_expect_back(bench, 1);
    bench_free(bench);
}

static void
a_packet_in_hand_is_not_read_behind_the_gate(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench->device.show_packets = true;
    bench_post(bench, VSK_EVENT, 1, 4);
    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_PACKET);
    assert_int_equal(vsk_device_reset_transport(&bench->device, 0, GUEST),
                     VSK_OK);

    bench_comes(bench, VSK_EVENT_RESET);
    bench_quiet(bench);
    bench_expect_back(bench, 1);
    bench_free(bench);
}

static void
open_gate(struct bench *bench, const vsk_seen *seen)
{
    if (seen->kind == VSK_SEEN_PACKET && seen->queue == VSK_TX)
        bench_post(bench, VSK_EVENT, 1, 4);
}

static void
the_gate_is_asked_after_the_packet_was_found(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_post(bench, VSK_EVENT, 1, 4);
    assert_int_equal(vsk_device_reset_transport(&bench->device, 0, GUEST),
                     VSK_OK);
    bench_comes(bench, VSK_EVENT_RESET);
    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench->hook = open_gate;

    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_free(bench);
}

/* Reset the transport; a packet is answered at once. */
static void
is_open(struct bench *bench)
{
    assert_int_equal(vsk_device_reset_transport(&bench->device, 0, GUEST),
                     VSK_OK);
    bench_comes(bench, VSK_EVENT_RESET);
    bench_post(bench, VSK_RX, 1, 44);
    bench_transmit_op(bench, VSK_OP_CREDIT_UPDATE, GUEST_PORT);
    bench_fails(bench, VSK_BAD_FLOW);
    bench_quiet(bench);
    bench_expect(bench, VSK_OP_RST);
}

static void
there_is_no_gate_without_an_event_buffer(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    /* peers.md row 19 */
    is_open(bench);

    bench_free(bench);
}

static void
there_is_no_gate_without_an_event_queue(void **state)
{
    struct bench *bench = bench_sized(16, 16);
    (void)state;

    /* peers.md row 19 */
    bench_prepare(bench, ALL, 2);
    bench_status(bench, A | D | F | K);
    is_open(bench);

    bench_free(bench);
}

static void
event_buffers_that_are_none_are_passed_over(void **state)
{
    struct bench *bench = bench_new();
    const vsk_buffer readable[] = {{DATA, 4, false}, {DATA, 4, true}};
    uint32_t written;
    uint16_t head;
    (void)state;

    /* VSOCK-DRV-12, VSOCK-BOTH-05 */
    bench_post(bench, VSK_EVENT, 1, 3);
    assert_int_equal(
        vsk_buffers_add(&bench->buffers[VSK_EVENT], readable, 2, 0, &head),
        VSK_OK);
    bench_post(bench, VSK_EVENT, 1, 4);
    assert_int_equal(vsk_device_reset_transport(&bench->device, 0, GUEST),
                     VSK_OK);

    assert_int_equal(bench->device.endpoint.counters.errors, 2);
    assert_int_equal(bench_reap(bench, VSK_EVENT, &written), 3);
    assert_int_equal(written, 4);
    bench_free(bench);
}

static void
a_fault_does_not_keep_transport_reset_back(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn = bench_stream(bench);
    uint8_t data[5] = "hello";
    uint32_t written;
    uint64_t sent;
    (void)state;

    bench_post(bench, VSK_EVENT, 1, 4);
    bench_post(bench, VSK_RX, 1, 20);
    assert_int_equal(bench_send(bench, conn, data, 5, &sent), VSK_NONE);
    assert_int_equal(vsk_device_reset_transport(&bench->device, 0, GUEST),
                     VSK_OK);

    assert_int_equal(bench_reap(bench, VSK_EVENT, &written), 1);
    assert_int_equal(written, 4);
    bench_free(bench);
}

static void
a_new_cid_is_in_the_configuration_and_counts(void **state)
{
    struct bench *bench = bench_new();
    vsk_header header = bench_header(bench, VSK_OP_REQUEST, GUEST_PORT);
    uint8_t config[8];
    (void)state;

    vsk_setup_read_config(&bench->device.setup, 0, config, 8);
    assert_int_equal(vsk_device_reset_transport(&bench->device, 0, 2),
                     VSK_ERR_CID);
    bench_quiet(bench);
    assert_int_equal(vsk_device_reset_transport(&bench->device, 0, 0x51),
                     VSK_OK);
    bench_comes(bench, VSK_EVENT_RESET);
    bench_post(bench, VSK_RX, 2, 44);
    bench_transmit(bench, &header);
    bench_fails(bench, VSK_BAD_CID);
    header.src_cid = 0x51;
    bench_transmit(bench, &header);
    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_call(bench, bench->event.conn, VSK_CALL_ACCEPT);
    bench_quiet(bench);

    /* CONF-DEV-01, CONF-BOTH-02, VSOCK-DEV-05, VSOCK-DEV-09 */
    vsk_setup_read_config(&bench->device.setup, 0, config, 8);
    assert_memory_equal(config, "\x51\0\0\0\0\0\0\0", 8);
    assert_int_equal(bench->device.setup.generation, 1);
    assert_int_equal(vsk_device_notify(&bench->device) & VSK_NOTIFY_CONFIG,
                     VSK_NOTIFY_CONFIG);
    bench_expect(bench, VSK_OP_RESPONSE);
    assert_int_equal(bench->header.dst_cid, 0x51);
    bench_free(bench);
}

static void
a_new_cid_before_driver_ok_is_not_notified(void **state)
{
    struct bench *bench = bench_sized(16, 16);
    (void)state;

    bench_prepare(bench, ALL, VSK_QUEUES);
    assert_int_equal(vsk_device_reset_transport(&bench->device, 0, 5), VSK_OK);

    assert_int_equal(vsk_device_notify(&bench->device), 0);
    bench_free(bench);
}

/* ---- notifications ---- */

static void
the_driver_is_notified_where_it_asked(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    vsk_queue_enable_interrupts(&bench->drivers[VSK_TX]);
    bench_transmit_op(bench, VSK_OP_RST, 1);
    bench_quiet(bench);

    /* SPLITSUP-DEV-05, SPLITSUP-DEV-06 */
    assert_int_equal(bench->device.given, 1);
    assert_int_equal(vsk_device_notify(&bench->device), 1u << VSK_TX);
    assert_int_equal(bench->device.given, 0);
    assert_int_equal(vsk_device_notify(&bench->device), 0);
    bench_expect_back(bench, 1);
    vsk_queue_disable_interrupts(&bench->drivers[VSK_TX]);
    bench_transmit_op(bench, VSK_OP_RST, 1);
    bench_quiet(bench);
    assert_int_equal(vsk_device_notify(&bench->device), 0);
    bench_free(bench);
}

static void
a_notification_waits_while_queues_stand_still(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    vsk_queue_enable_interrupts(&bench->drivers[VSK_TX]);
    bench_transmit_op(bench, VSK_OP_RST, 1);
    bench_quiet(bench);
    vsk_device_pause(&bench->device, 0);

    assert_int_equal(vsk_device_notify(&bench->device), 0);
    vsk_device_resume(&bench->device, 0);
    assert_int_equal(vsk_device_notify(&bench->device), 1u << VSK_TX);
    bench_free(bench);
}

static void
used_entries_are_held_until_they_are_published(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    vsk_queue_enable_interrupts(&bench->drivers[VSK_TX]);
    bench->device.hold = true;
    bench_transmit_op(bench, VSK_OP_RST, 1);
    bench_transmit_op(bench, VSK_OP_RST, 2);
    bench_quiet(bench);
    bench_expect_back(bench, 0);
    assert_int_equal(vsk_device_notify(&bench->device), 0);
    vsk_device_publish(&bench->device);

    assert_int_equal(vsk_device_notify(&bench->device), 1u << VSK_TX);
    bench_expect_back(bench, 2);
    bench_free(bench);
}

static void
transmit_more(struct bench *bench, const vsk_seen *seen)
{
    if (seen->kind != VSK_SEEN_USED || seen->queue != VSK_RX)
        return;
    bench->hook = NULL;
    bench_transmit_op(bench, VSK_OP_REQUEST, 99);
    assert_false(vsk_queue_should_kick(&bench->drivers[VSK_TX]));
}

static void
a_chain_that_comes_before_kicks_are_asked_for_is_found(void **state)
{
    struct bench *bench = bench_new();
    uint8_t data[5] = "hello";
    (void)state;

    /* CREDIT_UPDATE is sent after the last look at TX. */
    bench_stream(bench);
    bench_post(bench, VSK_RX, 1, 44);
    bench_transmit_data(bench, GUEST_PORT, data, 5);
    (void)vsk_queue_should_kick(&bench->drivers[VSK_TX]);
    bench_comes(bench, VSK_EVENT_DATA);
    assert_int_equal(vsk_endpoint_forwarded(&bench->device.endpoint, 0,
                                            bench->event.conn, 5),
                     VSK_OK);
    bench->hook = transmit_more;

    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_free(bench);
}

static void
kicks_are_asked_for_when_a_poll_finds_nothing(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    for (uint32_t i = 0; i < 3; i++) {
        bench_quiet(bench);
        bench_transmit_op(bench, VSK_OP_RST, 1);
        assert_true(vsk_queue_should_kick(&bench->drivers[VSK_TX]));
        bench_transmit_op(bench, VSK_OP_RST, 1);
        assert_false(vsk_queue_should_kick(&bench->drivers[VSK_TX]));
    }
    bench_free(bench);
}

/* ---- stop, start, pause ---- */

static void
a_packet_that_was_not_told_is_found_again_after_a_stop(void **state)
{
    struct bench *bench = bench_new();
    vsk_ring_state stood;
    (void)state;

    bench->device.show_packets = true;
    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_PACKET);
    bench_stop(bench, VSK_TX, &stood);
    bench_quiet(bench);
    bench_expect_back(bench, 0);
    bench_start(bench, VSK_TX, &stood);

    /* peers.md row 18 */
    bench_comes(bench, VSK_EVENT_PACKET);
    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_quiet(bench);
    bench_expect_back(bench, 1);
    bench_free(bench);
}

static void
a_packet_that_was_told_is_given_back_by_a_stop(void **state)
{
    struct bench *bench = bench_new();
    uint8_t data[5] = "hello";
    vsk_ring_state stood;
    (void)state;

    bench_stream(bench);
    (void)vsk_device_notify(&bench->device);
    bench->seen[VSK_SEEN_USED] = 0;
    vsk_queue_enable_interrupts(&bench->drivers[VSK_TX]);
    bench_transmit_data(bench, GUEST_PORT, data, 5);
    bench_transmit_data(bench, GUEST_PORT, data, 5);
    bench_comes(bench, VSK_EVENT_DATA);
    bench->device.hold = true;
    bench_stop(bench, VSK_TX, &stood);
    bench->device.hold = false;
    bench_expect_back(bench, 1);
    assert_int_equal(bench->seen[VSK_SEEN_USED], 1);
    assert_int_equal(vsk_device_notify(&bench->device), 0);
    bench_start(bench, VSK_TX, &stood);

    /* peers.md row 18 */
    assert_int_equal(vsk_device_notify(&bench->device), 1u << VSK_TX);
    bench_comes(bench, VSK_EVENT_DATA);
    bench_quiet(bench);
    bench_expect_back(bench, 1);
    bench_free(bench);
}

static void
an_rx_buffer_in_hand_is_found_again_after_a_stop(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn = bench_stream(bench);
    uint8_t data[5] = "hello";
    vsk_ring_state stood;
    uint64_t sent;
    (void)state;

    assert_int_equal(bench_send(bench, conn, data, 5, &sent), VSK_NONE);
    bench_post(bench, VSK_RX, 2, 100);
    bench_comes(bench, VSK_EVENT_WRITABLE);
    assert_true(bench->device.chains[VSK_RX].held);
    bench_stop(bench, VSK_RX, &stood);
    assert_int_equal(bench_send(bench, conn, data, 5, &sent), VSK_NONE);
    bench_start(bench, VSK_RX, &stood);
    bench_comes(bench, VSK_EVENT_WRITABLE);

    assert_int_equal(bench_send(bench, conn, data, 5, &sent), VSK_OK);
    bench_expect(bench, VSK_OP_RW);
    assert_int_equal(bench->drivers[VSK_RX].ring.outstanding, 1);
    bench_free(bench);
}

static void
a_stop_after_failed_leaves_the_ring_alone(void **state)
{
    struct bench *bench = bench_new();
    uint8_t data[5] = "hello";
    vsk_ring_state stood;
    uint8_t *before;
    (void)state;

    bench_stream(bench);
    bench_transmit_data(bench, GUEST_PORT, data, 5);
    bench_comes(bench, VSK_EVENT_DATA);
    fail_driver(bench);
    before = bench_snapshot(bench);
    bench_stop(bench, VSK_TX, &stood);

    bench_assert_untouched(bench, before);
    assert_int_equal(stood.avail, 1);
    bench_free(bench);
}

static void
timers_stand_still_in_a_pause(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn;
    (void)state;

    assert_int_equal(vsk_device_connect(&bench->device, 0, VSK_PORT_ANY, 22,
                                        VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    bench_quiet(bench);
    bench->now = VSK_SECOND;
    vsk_device_pause(&bench->device, bench->now);
    bench->now = 100 * VSK_SECOND;
    bench_quiet(bench);
    vsk_device_resume(&bench->device, bench->now);
    bench->now += VSK_SECOND - 1;
    bench_quiet(bench);
    bench->now++;

    /* peers.md row 13 */
    bench_comes(bench, VSK_EVENT_CLOSE);
    assert_int_equal(bench->event.conn->reason, VSK_REASON_TIMEOUT);
    bench_free(bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_touched_before_driver_ok),
        cmocka_unit_test(nothing_is_touched_after_failed),
        cmocka_unit_test(nothing_is_touched_after_reset),
        cmocka_unit_test(a_pause_touches_nothing_and_loses_nothing),
        cmocka_unit_test(status_0_ends_connections_and_then_tells_reset),
        cmocka_unit_test(a_chain_in_hand_is_void_after_reset),
        cmocka_unit_test(what_was_to_be_notified_is_forgotten_by_reset),
        cmocka_unit_test(reset_opens_the_gate),
        cmocka_unit_test(features_that_were_not_offered_are_refused),
        cmocka_unit_test(init_refuses_what_no_device_can_be),
        cmocka_unit_test(a_queue_starts_and_stops_once),
        cmocka_unit_test(a_queue_in_no_memory_does_not_start),
        cmocka_unit_test(a_status_out_of_order_changes_nothing),
        cmocka_unit_test(the_tap_sees_all_that_passes),
        cmocka_unit_test(all_goes_on_without_a_tap),
        cmocka_unit_test(transport_reset_is_written_into_the_event_queue),
        cmocka_unit_test(rx_waits_until_another_event_buffer_is_posted),
        cmocka_unit_test(event_buffers_that_were_there_do_not_open_the_gate),
        cmocka_unit_test(event_buffers_alone_are_no_work),
        cmocka_unit_test(a_head_that_is_none_does_not_keep_the_gate_shut),
        cmocka_unit_test(
            an_event_queue_that_stands_still_is_left_alone_by_the_gate),
        cmocka_unit_test(a_packet_in_hand_is_not_read_behind_the_gate),
        cmocka_unit_test(the_gate_is_asked_after_the_packet_was_found),
        cmocka_unit_test(there_is_no_gate_without_an_event_buffer),
        cmocka_unit_test(there_is_no_gate_without_an_event_queue),
        cmocka_unit_test(event_buffers_that_are_none_are_passed_over),
        cmocka_unit_test(a_fault_does_not_keep_transport_reset_back),
        cmocka_unit_test(a_new_cid_is_in_the_configuration_and_counts),
        cmocka_unit_test(a_new_cid_before_driver_ok_is_not_notified),
        cmocka_unit_test(the_driver_is_notified_where_it_asked),
        cmocka_unit_test(a_notification_waits_while_queues_stand_still),
        cmocka_unit_test(used_entries_are_held_until_they_are_published),
        cmocka_unit_test(
            a_chain_that_comes_before_kicks_are_asked_for_is_found),
        cmocka_unit_test(kicks_are_asked_for_when_a_poll_finds_nothing),
        cmocka_unit_test(
            a_packet_that_was_not_told_is_found_again_after_a_stop),
        cmocka_unit_test(a_packet_that_was_told_is_given_back_by_a_stop),
        cmocka_unit_test(an_rx_buffer_in_hand_is_found_again_after_a_stop),
        cmocka_unit_test(a_stop_after_failed_leaves_the_ring_alone),
        cmocka_unit_test(timers_stand_still_in_a_pause),
    };

    return rig_run("device_setup", tests);
}
