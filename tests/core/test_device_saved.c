/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A device is saved, and another one on other tables goes on in its place; the
 * driver at the other end stays where it is. */
#include "device_rig.h"
#include "guest_rig.h"

/* The bytes: a head, connections, RSTs for unknown flows. */
#define HEAD 102u
#define CONN 80u
#define ORPHAN 19u
#define AT_OFFERED 8u
#define AT_ACCEPTED 16u
#define AT_CID 24u
#define AT_NEXT_PORT 84u
#define AT_STATUS 96u
#define AT_GATE 98u
#define AT_USED 99u
#define AT_GATE_AT 100u
/* In a connection. */
#define AT_LOCAL_CID 0u
#define AT_PEER_CID 8u
#define AT_TX_CNT 16u
#define AT_MARK 28u
#define AT_RX_CNT 40u
#define AT_FWD_CNT 44u
#define AT_STATE 64u
#define AT_REASON 65u
#define AT_TYPE 66u
#define AT_SENT 67u
#define AT_RECEIVED 68u
#define AT_OWES 69u
#define AT_MARKS 70u
#define AT_TIMER 72u

#define BOTH (VSK_SHUTDOWN_RECEIVE | VSK_SHUTDOWN_SEND)

/* What was saved of a device. */
struct image {
    uint8_t *bytes; /* as many as size, for ASan */
    uint64_t size;
    uint8_t started; /* queues, a bit each */
    vsk_ring_state states[VSK_QUEUES];
};

static void
halt(struct bench *bench, struct image *image)
{
    image->started = bench->device.started;
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        if ((image->started & 1u << i) != 0)
            bench_stop(bench, i, &image->states[i]);
}

/* Stop the queues and save. */
static struct image
saved(struct bench *bench)
{
    struct image image = {0};

    halt(bench, &image);
    image.size = vsk_device_saved_bytes(&bench->device);
    image.bytes = malloc(image.size);
    assert_non_null(image.bytes);
    assert_int_equal(
        vsk_device_save(&bench->device, bench->now, image.bytes, image.size),
        VSK_OK);
    return image;
}

/* Another device, on tables of these sizes; the old one is gone. */
static void
replace_sized(struct bench *bench, uint32_t flows, uint32_t orphans)
{
    memset(bench->tables.endpoint.slots, RIG_FILL,
           bench->tables.endpoint.capacity * sizeof(vsk_slot));
    tables_free_device(&bench->tables);
    bench_make_tables(bench, flows, orphans);
    memset(&bench->device, RIG_FILL, sizeof bench->device);
    assert_int_equal(
        vsk_device_init(&bench->device, &bench->config, &bench->tables),
        VSK_OK);
    vsk_device_set_memory(&bench->device, &bench->memory);
}

static void
replace(struct bench *bench)
{
    replace_sized(bench, FLOWS, 16);
}

static vsk_status
restore(struct bench *bench, const struct image *image)
{
    return vsk_device_restore(&bench->device, bench->now, image->bytes,
                              image->size);
}

static void
start_again(struct bench *bench, const struct image *image)
{
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        if ((image->started & 1u << i) != 0)
            bench_start(bench, i, &image->states[i]);
}

/* Save, and go on with another device on a clock that shows so much. */
static void
move_to(struct bench *bench, uint64_t now)
{
    struct image image = saved(bench);

    replace(bench);
    bench->now = now;
    assert_int_equal(restore(bench, &image), VSK_OK);
    start_again(bench, &image);
    free(image.bytes);
}

static void
move(struct bench *bench)
{
    move_to(bench, bench->now);
}

/* The connection of a port of the guest's, wherever it is now. */
static vsk_conn *
conn_of(const struct bench *bench, uint32_t port)
{
    const vsk_flow flow = {VSK_CID_HOST, HOST_PORT, GUEST, port};
    vsk_conn *conn = vsk_table_find(&bench->device.endpoint.table, &flow);

    assert_non_null(conn);
    return conn;
}

static void
expect_to(struct bench *bench, vsk_op op, uint32_t port)
{
    bench_expect(bench, op);
    assert_int_equal(bench->header.dst_port, port);
}

static void
shutdown(struct bench *bench, uint32_t port, uint32_t flags)
{
    vsk_header header = bench_header(bench, VSK_OP_SHUTDOWN, port);

    header.flags = flags;
    bench_transmit(bench, &header);
}

static void
closes(struct bench *bench, vsk_reason reason)
{
    bench_comes(bench, VSK_EVENT_CLOSE);
    assert_string_equal(vsk_reason_name(bench->event.conn->reason),
                        vsk_reason_name(reason));
}

/* ---- the conversation goes on ---- */

static void
what_was_agreed_on_is_still_agreed_on(void **state)
{
    struct bench *bench = bench_new();
    uint8_t config[VSK_CONFIG_SIZE];
    vsk_setup before;
    (void)state;

    vsk_setup_read_config(&bench->device.setup, 0, config, sizeof config);
    assert_int_equal(
        vsk_device_reset_transport(&bench->device, bench->now, GUEST + 1),
        VSK_OK);
    bench_comes(bench, VSK_EVENT_RESET);
    bench_quiet(bench);
    vsk_setup_read_config(&bench->device.setup, 0, config, sizeof config);
    before = bench->device.setup;
    move(bench);

    assert_memory_equal(&bench->device.setup, &before, sizeof before);
    assert_int_equal(bench->device.endpoint.peer_cid, GUEST + 1);
    assert_true(bench->device.endpoint.seqpacket);
    bench_free(bench);
}

static void
types_are_allowed_as_they_were(void **state)
{
    struct bench *bench =
        bench_with(RING_FEATURES | BIT(VERSION_1) | BIT(STREAM));
    vsk_conn *conn;
    (void)state;

    bench_quiet(bench);
    move(bench);

    assert_int_equal(vsk_device_connect(&bench->device, bench->now, 5, 6,
                                        VSK_TYPE_SEQPACKET, &conn),
                     VSK_ERR_TYPE);
    bench_free(bench);
}

static void
counters_and_ports_go_on(void **state)
{
    struct bench *bench = bench_new();
    vsk_counters before;
    vsk_conn *conn;
    (void)state;

    bench_stream(bench);
    assert_int_equal(vsk_device_connect(&bench->device, bench->now,
                                        VSK_PORT_ANY, 5, VSK_TYPE_STREAM,
                                        &conn),
                     VSK_OK);
    bench_quiet(bench);
    before = bench->device.endpoint.counters;
    move(bench);

    assert_memory_equal(&bench->device.endpoint.counters, &before,
                        sizeof before);
    assert_int_equal(vsk_device_connect(&bench->device, bench->now,
                                        VSK_PORT_ANY, 6, VSK_TYPE_STREAM,
                                        &conn),
                     VSK_OK);
    assert_int_equal(conn->flow.local_port, VSK_PORT_FIRST + 1);
    bench_free(bench);
}

static void
payload_goes_on_in_both_directions(void **state)
{
    struct bench *bench = bench_new();
    uint8_t data[400];
    uint64_t sent;
    (void)state;

    rig_pattern(data, sizeof data, 3);
    bench_stream(bench);
    bench_transmit_data(bench, GUEST_PORT, data, 100);
    bench_comes(bench, VSK_EVENT_DATA);
    bench_post(bench, VSK_RX, 2, 144);
    assert_int_equal(
        bench_send(bench, bench->event.conn, data, sizeof data, &sent),
        VSK_NONE);
    assert_int_equal(sent, 200);
    bench_quiet(bench);
    move(bench);
    bench_post(bench, VSK_RX, 2, 144);
    bench_comes(bench, VSK_EVENT_WRITABLE);
    assert_ptr_equal(bench->event.conn, conn_of(bench, GUEST_PORT));
    assert_int_equal(
        bench_send(bench, bench->event.conn, data + sent, 200, &sent), VSK_OK);
    bench_transmit_data(bench, GUEST_PORT, data, 100);
    bench_comes(bench, VSK_EVENT_DATA);

    assert_int_equal(vsk_credit_held(&bench->event.conn->credit), 200);
    for (uint32_t i = 0; i < 4; i++) {
        bench_expect(bench, VSK_OP_RW);
        assert_int_equal(bench->header.len, 100);
        assert_memory_equal(bench->payload, data + 100 * i, 100);
    }
    bench_free(bench);
}

static void
a_message_that_was_begun_is_ended(void **state)
{
    struct bench *bench = bench_new();
    uint8_t data[900] = {0};
    uint64_t sent;
    vsk_conn *conn;
    (void)state;

    /* A new message of 800 bytes would find no credit for its packet. */
    bench->buf_alloc = 1000;
    conn = bench_connected(bench, VSK_TYPE_SEQPACKET, GUEST_PORT);
    bench_post(bench, VSK_RX, 1, 144);
    assert_int_equal(
        bench_send_flagged(bench, conn, data, 900, VSK_SEQ_EOM, &sent),
        VSK_NONE);
    bench_quiet(bench);
    bench_expect(bench, VSK_OP_RW);
    move(bench);
    bench_post(bench, VSK_RX, 1, 4096);
    bench_comes(bench, VSK_EVENT_WRITABLE);
    assert_int_equal(bench_send_flagged(bench, bench->event.conn, data, 800,
                                        VSK_SEQ_EOM, &sent),
                     VSK_OK);

    bench_expect(bench, VSK_OP_RW);
    assert_int_equal(bench->header.len, 800);
    assert_int_equal(bench->header.flags, VSK_SEQ_EOM);
    bench_free(bench);
}

static void
the_guest_may_send_as_much_as_it_was_told(void **state)
{
    struct bench *bench;
    uint8_t data[600] = {0};
    (void)state;

    bench = bench_new();
    bench->device.endpoint.policy.buf_alloc = 1000;
    bench_stream(bench);
    bench_transmit_data(bench, GUEST_PORT, data, 600);
    bench_comes(bench, VSK_EVENT_DATA);
    bench_quiet(bench);
    move(bench);
    bench_transmit_data(bench, GUEST_PORT, data, 400);
    bench_comes(bench, VSK_EVENT_DATA);

    bench_transmit_data(bench, GUEST_PORT, data, 1);
    bench_fails(bench, VSK_BAD_CREDIT);
    bench_free(bench);
}

static void
credit_that_was_not_told_yet_is_told(void **state)
{
    struct bench *bench = bench_new();
    uint8_t data[100] = {0};
    (void)state;

    bench_stream(bench);
    bench_transmit_data(bench, GUEST_PORT, data, 100);
    bench_comes(bench, VSK_EVENT_DATA);
    bench_quiet(bench);
    assert_int_equal(vsk_endpoint_forwarded(&bench->device.endpoint, bench->now,
                                            conn_of(bench, GUEST_PORT), 100),
                     VSK_OK);
    move(bench);
    bench_post(bench, VSK_RX, 1, 44);
    bench_quiet(bench);

    expect_to(bench, VSK_OP_CREDIT_UPDATE, GUEST_PORT);
    assert_int_equal(bench->header.fwd_cnt, 100);
    bench_free(bench);
}

static void
a_request_is_answered_later(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_quiet(bench);
    move(bench);
    bench_quiet(bench);
    bench_call(bench, conn_of(bench, GUEST_PORT), VSK_CALL_ACCEPT);
    bench_post(bench, VSK_RX, 1, 44);
    bench_quiet(bench);

    expect_to(bench, VSK_OP_RESPONSE, GUEST_PORT);
    bench_free(bench);
}

static void
what_was_shut_stays_shut(void **state)
{
    struct bench *bench = bench_new();
    uint8_t data[1] = {0};
    uint64_t sent;
    (void)state;

    bench_stream(bench);
    assert_int_equal(vsk_endpoint_call(&bench->device.endpoint, bench->now,
                                       conn_of(bench, GUEST_PORT),
                                       VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND),
                     VSK_OK);
    bench_post(bench, VSK_RX, 2, 44);
    bench_quiet(bench);
    bench_expect(bench, VSK_OP_SHUTDOWN);
    move(bench);

    assert_int_equal(
        bench_send(bench, conn_of(bench, GUEST_PORT), data, 1, &sent),
        VSK_ERR_STATE);
    bench_free(bench);
}

static void
what_the_guest_shut_stays_shut(void **state)
{
    struct bench *bench = bench_new();
    uint8_t data[1] = {0};
    (void)state;

    bench_stream(bench);
    shutdown(bench, GUEST_PORT, VSK_SHUTDOWN_SEND);
    bench_comes(bench, VSK_EVENT_EOF);
    bench_quiet(bench);
    move(bench);

    bench_transmit_data(bench, GUEST_PORT, data, 1);
    bench_fails(bench, VSK_BAD_SHUT);
    bench_free(bench);
}

/* ---- what is owed ---- */

static void
a_reply_that_is_owed_leaves(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn;
    (void)state;

    /* No RX buffer is there: five connections, a packet owed by each. */
    for (uint32_t port = 1; port <= 4; port++)
        bench_connected(bench, VSK_TYPE_STREAM, port);
    bench_transmit_op(bench, VSK_OP_REQUEST, 5);
    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_call(bench, bench->event.conn, VSK_CALL_ACCEPT);
    bench_call(bench, conn_of(bench, 1), VSK_CALL_RESET);
    bench_call(bench, conn_of(bench, 2), VSK_CALL_CLOSE);
    bench_transmit_op(bench, VSK_OP_CREDIT_REQUEST, 3);
    assert_int_equal(vsk_device_connect(&bench->device, bench->now, 9, 6,
                                        VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    closes(bench, VSK_REASON_LOCAL);
    bench_quiet(bench);
    move(bench);
    bench_post(bench, VSK_RX, 8, 44);
    bench_quiet(bench);

    expect_to(bench, VSK_OP_RST, 1);
    expect_to(bench, VSK_OP_SHUTDOWN, 2);
    assert_int_equal(bench->header.flags, BOTH);
    expect_to(bench, VSK_OP_CREDIT_UPDATE, 3);
    expect_to(bench, VSK_OP_RESPONSE, 5);
    expect_to(bench, VSK_OP_REQUEST, 6);
    assert_false(bench_receive(bench));
    bench_free(bench);
}

static void
a_connection_is_gone_when_its_rst_has_left(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_call(bench, bench_stream(bench), VSK_CALL_RESET);
    closes(bench, VSK_REASON_LOCAL);
    bench_quiet(bench);
    move(bench);
    assert_int_equal(bench->device.endpoint.table.count, 1);
    bench_post(bench, VSK_RX, 1, 44);
    bench_quiet(bench);

    assert_int_equal(bench->device.endpoint.table.count, 0);
    bench_free(bench);
}

static void
rsts_for_unknown_flows_leave_in_their_order(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    /* The ring of them does not begin at its first entry. */
    bench_post(bench, VSK_RX, 1, 44);
    for (uint32_t port = 1; port <= 4; port++) {
        bench_transmit_op(bench, VSK_OP_RW, port);
        bench_fails(bench, VSK_BAD_FLOW);
    }
    bench_quiet(bench);
    expect_to(bench, VSK_OP_RST, 1);
    move(bench);
    bench_post(bench, VSK_RX, 4, 44);
    bench_quiet(bench);

    for (uint32_t port = 2; port <= 4; port++)
        expect_to(bench, VSK_OP_RST, port);
    assert_false(bench_receive(bench));
    bench_free(bench);
}

static void
a_rst_that_a_request_overtook_is_not_sent(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_transmit_op(bench, VSK_OP_RW, GUEST_PORT);
    bench_fails(bench, VSK_BAD_FLOW);
    bench_transmit_op(bench, VSK_OP_RW, 2);
    bench_fails(bench, VSK_BAD_FLOW);
    /* An older RST before it: it is still in the list, and stale. */
    bench_transmit_op(bench, VSK_OP_REQUEST, 2);
    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_call(bench, bench->event.conn, VSK_CALL_ACCEPT);
    bench_quiet(bench);
    move(bench);
    bench_post(bench, VSK_RX, 4, 44);
    bench_quiet(bench);

    expect_to(bench, VSK_OP_RST, GUEST_PORT);
    expect_to(bench, VSK_OP_RESPONSE, 2);
    assert_false(bench_receive(bench));
    bench_free(bench);
}

static void
the_driver_is_notified_of_what_was_given_before(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_transmit_op(bench, VSK_OP_RST, GUEST_PORT);
    bench_quiet(bench);
    bench->device.used |= VSK_NOTIFY_CONFIG;
    move(bench);

    assert_int_equal(vsk_device_notify(&bench->device),
                     1u << VSK_TX | VSK_NOTIFY_CONFIG);
    bench_free(bench);
}

static void
the_gate_stays_shut(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_post(bench, VSK_EVENT, 1, 4);
    assert_int_equal(
        vsk_device_reset_transport(&bench->device, bench->now, GUEST), VSK_OK);
    bench_comes(bench, VSK_EVENT_RESET);
    bench_quiet(bench);
    move(bench);
    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_quiet(bench);

    bench_post(bench, VSK_EVENT, 1, 4);
    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_free(bench);
}

/* ---- timers ---- */

/* Nothing is told before the time, then this. */
static void
closes_at(struct bench *bench, uint64_t due)
{
    bench->now = due - 1;
    bench_quiet(bench);
    bench->now = due;
    closes(bench, VSK_REASON_TIMEOUT);
}

static void
a_close_ends_when_it_is_due(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench->now = 100 * VSK_SECOND;
    bench_call(bench, bench_stream(bench), VSK_CALL_CLOSE);
    bench_post(bench, VSK_RX, 2, 44);
    bench_quiet(bench);
    bench_expect(bench, VSK_OP_SHUTDOWN);
    bench->now += 3 * VSK_SECOND;
    move_to(bench, VSK_SECOND);

    closes_at(bench, 6 * VSK_SECOND);
    bench_quiet(bench);
    expect_to(bench, VSK_OP_RST, GUEST_PORT);
    bench_free(bench);
}

static void
a_close_whose_shutdown_waits_begins_to_count_when_it_leaves(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_call(bench, bench_stream(bench), VSK_CALL_CLOSE);
    bench_quiet(bench);
    bench->now = 60 * VSK_SECOND;
    move(bench);
    bench_post(bench, VSK_RX, 2, 44);
    bench_quiet(bench);

    closes_at(bench, 68 * VSK_SECOND);
    bench_free(bench);
}

static void
a_connect_ends_when_it_is_due(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn;
    (void)state;

    assert_int_equal(vsk_device_connect(&bench->device, bench->now, 5, 6,
                                        VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    bench_post(bench, VSK_RX, 2, 44);
    bench_quiet(bench);
    bench->now += VSK_SECOND;
    move_to(bench, 1000 * VSK_SECOND);

    closes_at(bench, 1001 * VSK_SECOND);
    bench_free(bench);
}

static void
a_reader_has_as_much_time_as_was_left(void **state)
{
    struct bench *bench = bench_new();
    uint8_t data[1] = {0};
    (void)state;

    bench_stream(bench);
    bench_transmit_data(bench, GUEST_PORT, data, 1);
    bench_comes(bench, VSK_EVENT_DATA);
    shutdown(bench, GUEST_PORT, BOTH);
    bench_comes(bench, VSK_EVENT_EOF);
    bench_quiet(bench);
    bench->now += 2 * VSK_SECOND;
    move_to(bench, 0);

    closes_at(bench, 6 * VSK_SECOND);
    bench_free(bench);
}

static void
a_timer_that_was_due_is_due_at_once(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn;
    (void)state;

    assert_int_equal(vsk_device_connect(&bench->device, bench->now, 5, 6,
                                        VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    bench_quiet(bench);
    bench->now += 9 * VSK_SECOND;
    move_to(bench, 7);

    closes(bench, VSK_REASON_TIMEOUT);
    bench_free(bench);
}

static void
a_timer_without_end_has_none(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn;
    (void)state;

    bench->device.endpoint.policy.connect_timeout = UINT64_MAX;
    assert_int_equal(
        vsk_device_connect(&bench->device, 0, 5, 6, VSK_TYPE_STREAM, &conn),
        VSK_OK);
    bench_quiet(bench);
    move(bench);

    bench->now = UINT64_MAX - 2;
    bench_quiet(bench);
    bench_free(bench);
}

static void
a_pause_does_not_count(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn;
    (void)state;

    assert_int_equal(vsk_device_connect(&bench->device, bench->now, 5, 6,
                                        VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    bench_quiet(bench);
    bench->now += VSK_SECOND;
    vsk_device_pause(&bench->device, bench->now);
    bench->now += 50 * VSK_SECOND;
    bench_quiet(bench);
    move_to(bench, 0);

    closes_at(bench, VSK_SECOND);
    bench_free(bench);
}

/* A sender that used all its credit and has asked for more. */
static void
starve(struct bench *bench)
{
    uint8_t data[1000] = {0};
    vsk_conn *conn;
    uint64_t sent;

    bench->buf_alloc = 1000;
    conn = bench_stream(bench);
    bench_post(bench, VSK_RX, 1, 2000);
    assert_int_equal(bench_send(bench, conn, data, 1000, &sent), VSK_OK);
    bench_expect(bench, VSK_OP_RW);
    bench_post(bench, VSK_RX, 4, 100);
    assert_int_equal(bench_send(bench, conn, data, 1, &sent), VSK_NONE);
    bench_quiet(bench);
    bench_expect(bench, VSK_OP_CREDIT_REQUEST);
}

static void
who_asked_for_credit_asks_again_when_it_is_due(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    starve(bench);
    bench->now += 40 * VSK_MILLISECOND;
    move_to(bench, 0);

    bench->now = 60 * VSK_MILLISECOND - 1;
    bench_quiet(bench);
    assert_false(bench_receive(bench));
    bench->now = 60 * VSK_MILLISECOND;
    bench_quiet(bench);
    bench_expect(bench, VSK_OP_CREDIT_REQUEST);
    /* The third time after twice as long. */
    bench->now = 260 * VSK_MILLISECOND - 1;
    bench_quiet(bench);
    assert_false(bench_receive(bench));
    bench->now = 260 * VSK_MILLISECOND;
    bench_quiet(bench);
    bench_expect(bench, VSK_OP_CREDIT_REQUEST);
    bench_free(bench);
}

static void
who_waits_for_credit_goes_on_when_it_comes(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    starve(bench);
    move(bench);
    bench_quiet(bench);
    bench->fwd_cnt = 1000;
    bench_transmit_op(bench, VSK_OP_CREDIT_UPDATE, GUEST_PORT);

    bench_comes(bench, VSK_EVENT_WRITABLE);
    assert_ptr_equal(bench->event.conn, conn_of(bench, GUEST_PORT));
    bench_free(bench);
}

/* ---- with a guest ---- */

#define BYTES 60000u

/* One side of a conversation, in which both send the same. */
struct talk {
    vsk_conn *conn; /* void after a move */
    uint64_t sent;
    uint64_t got;
    uint32_t ends; /* of messages */
    uint8_t bytes[BYTES];
};

static uint8_t words[BYTES];

static vsk_outgoing
rest_of(const struct talk *talk, vsk_span *span, uint16_t type)
{
    *span = (vsk_span){.base = words + talk->sent,
                       .len = (uint32_t)(BYTES - talk->sent)};
    return (vsk_outgoing){span, 1,
                          type == VSK_TYPE_SEQPACKET ? VSK_SEQ_EOM : 0};
}

static void
hear(struct talk *talk, vsk_endpoint *endpoint, const vsk_event *event)
{
    uint32_t size = event->packet->size;

    assert_true(talk->got + size <= BYTES);
    (void)vsk_packet_read(event->packet, 0, talk->bytes + talk->got, size);
    talk->got += size;
    talk->ends += event->packet->header.flags & VSK_SEQ_EOM;
    assert_int_equal(vsk_endpoint_forwarded(endpoint, 0, event->conn, size),
                     VSK_OK);
}

static void
guest_says(struct stage *stage, struct talk *talk, vsk_conn *conn)
{
    vsk_span span;
    vsk_outgoing rest = rest_of(talk, &span, conn->type);
    uint64_t sent;

    if (talk->sent != BYTES)
        assert_true(vsk_guest_send(&stage->guest, 0, conn, &rest, &sent) >= 0);
    else
        sent = 0;
    talk->sent += sent;
}

static void
device_says(struct bench *bench, struct talk *talk, vsk_conn *conn)
{
    vsk_span span;
    vsk_outgoing rest = rest_of(talk, &span, conn->type);
    uint64_t sent;

    if (talk->sent != BYTES)
        assert_true(vsk_device_send(&bench->device, 0, conn, &rest, &sent) >=
                    0);
    else
        sent = 0;
    talk->sent += sent;
}

static void
guest_turn(struct stage *stage, struct talk *talk)
{
    while (vsk_guest_poll(&stage->guest, 0, &stage->event) == VSK_OK) {
        if (stage->event.kind == VSK_EVENT_DATA)
            hear(talk, &stage->guest.endpoint, &stage->event);
        else
            assert_true(stage->event.kind == VSK_EVENT_CONNECT ||
                        stage->event.kind == VSK_EVENT_WRITABLE);
        if (stage->event.kind != VSK_EVENT_DATA)
            guest_says(stage, talk, stage->event.conn);
    }
}

static void
device_turn(struct bench *bench, struct talk *talk)
{
    while (bench_poll(bench) == VSK_OK) {
        vsk_conn *conn = bench->event.conn;

        if (bench->event.kind == VSK_EVENT_DATA)
            hear(talk, &bench->device.endpoint, &bench->event);
        if (bench->event.kind == VSK_EVENT_REQUEST)
            bench_call(bench, conn, VSK_CALL_ACCEPT);
        if (bench->event.kind == VSK_EVENT_REQUEST ||
            bench->event.kind == VSK_EVENT_WRITABLE)
            device_says(bench, talk, conn);
    }
}

/* A device in front of a guest of the other rig. */
static struct bench *
bench_for(struct stage *stage)
{
    struct bench *bench = bench_sized(16, 16);

    bench->memory = stage->memory;
    vsk_device_set_memory(&bench->device, &stage->memory);
    bench_prepare(bench, stage->guest.features, 0);
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        bench->rings[i] = stage->guest.rings[i];
        bench_start(bench, i, NULL);
    }
    bench_status(bench, A | D | F | K);
    return bench;
}

/* Both send, and the device moves whenever it has nothing to do. */
static void
does_not_notice(uint16_t type)
{
    struct stage *stage = stage_small();
    struct bench *bench = bench_for(stage);
    struct talk *guest = rig_zeroed(1, sizeof *guest);
    struct talk *device = rig_zeroed(1, sizeof *device);
    uint32_t moves = 0;

    rig_pattern(words, BYTES, 1);
    assert_int_equal(vsk_guest_connect(&stage->guest, 0, 1024, VSK_CID_HOST,
                                       HOST_PORT, type, &guest->conn),
                     VSK_OK);
    for (; moves < 1000 && (guest->got != BYTES || device->got != BYTES);
         moves++) {
        guest_turn(stage, guest);
        device_turn(bench, device);
        move(bench);
    }

    assert_true(moves > 2);
    assert_int_equal(guest->got, BYTES);
    assert_int_equal(device->got, BYTES);
    assert_memory_equal(guest->bytes, words, BYTES);
    assert_memory_equal(device->bytes, words, BYTES);
    assert_int_equal(guest->ends, type == VSK_TYPE_SEQPACKET);
    assert_int_equal(device->ends, type == VSK_TYPE_SEQPACKET);
    free(guest);
    free(device);
    bench_free(bench);
    stage_free(stage);
}

static void
a_guest_does_not_notice_on_a_stream(void **state)
{
    (void)state;

    does_not_notice(VSK_TYPE_STREAM);
}

static void
a_guest_does_not_notice_in_a_message(void **state)
{
    (void)state;

    does_not_notice(VSK_TYPE_SEQPACKET);
}

/* ---- a device in the midst of everything ---- */

#define STARVED 1u
#define MIDWAY 2u
#define HALF 3u
#define CLOSING 4u
#define REQUESTED 5u
#define CONNECTING 6u
#define DRAINING 7u
#define CLOSED 8u

/* A connection in each state, by its port; RX is empty, and two RSTs for
 * unknown flows wait. */
static struct bench *
bench_busy(void)
{
    struct bench *bench = bench_new();
    uint8_t data[1000] = {0};
    vsk_conn *conn;
    uint64_t sent;

    bench->buf_alloc = 1000;
    for (uint32_t port = 1; port <= 8; port++)
        if (port != REQUESTED && port != CONNECTING)
            bench_connected(
                bench, port == MIDWAY ? VSK_TYPE_SEQPACKET : VSK_TYPE_STREAM,
                port);
    bench_post(bench, VSK_RX, 1, 2000);
    assert_int_equal(
        bench_send(bench, conn_of(bench, STARVED), data, 1000, &sent), VSK_OK);
    bench_expect(bench, VSK_OP_RW);
    bench_post(bench, VSK_RX, 1, 100);
    assert_int_equal(bench_send(bench, conn_of(bench, STARVED), data, 1, &sent),
                     VSK_NONE);
    bench_quiet(bench);
    bench_expect(bench, VSK_OP_CREDIT_REQUEST);
    bench_call(bench, conn_of(bench, CLOSING), VSK_CALL_CLOSE);
    assert_int_equal(vsk_device_connect(&bench->device, bench->now, HOST_PORT,
                                        CONNECTING, VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    bench_post(bench, VSK_RX, 2, 44);
    bench_quiet(bench);
    bench_expect(bench, VSK_OP_SHUTDOWN);
    bench_expect(bench, VSK_OP_REQUEST);
    bench_post(bench, VSK_RX, 1, 144);
    assert_int_equal(bench_send_flagged(bench, conn_of(bench, MIDWAY), data,
                                        900, VSK_SEQ_EOM, &sent),
                     VSK_NONE);
    bench_expect(bench, VSK_OP_RW);
    shutdown(bench, HALF, VSK_SHUTDOWN_SEND);
    bench_comes(bench, VSK_EVENT_EOF);
    bench_transmit_data(bench, DRAINING, data, 1);
    bench_comes(bench, VSK_EVENT_DATA);
    shutdown(bench, DRAINING, BOTH);
    bench_comes(bench, VSK_EVENT_EOF);
    bench_transmit_op(bench, VSK_OP_REQUEST, REQUESTED);
    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_call(bench, conn_of(bench, CLOSED), VSK_CALL_RESET);
    closes(bench, VSK_REASON_LOCAL);
    for (uint32_t port = 20; port <= 21; port++) {
        bench_transmit_op(bench, VSK_OP_RW, port);
        bench_fails(bench, VSK_BAD_FLOW);
    }
    bench_quiet(bench);
    return bench;
}

static void
top_up(struct bench *bench)
{
    while (bench->drivers[VSK_RX].ring.free_count != 0)
        bench_post(bench, VSK_RX, 1, 144);
}

static void
saving_changes_nothing(void **state)
{
    struct bench *bench = bench_busy();
    struct image first = saved(bench), second;
    (void)state;

    replace(bench);
    assert_int_equal(restore(bench, &first), VSK_OK);
    second = (struct image){.bytes = malloc(first.size), .size = first.size};
    assert_non_null(second.bytes);
    assert_int_equal(vsk_device_saved_bytes(&bench->device), first.size);
    assert_int_equal(
        vsk_device_save(&bench->device, bench->now, second.bytes, second.size),
        VSK_OK);

    assert_int_equal(first.size, HEAD + 8 * CONN + 2 * ORPHAN);
    assert_memory_equal(second.bytes, first.bytes, first.size);
    free(first.bytes);
    free(second.bytes);
    bench_free(bench);
}

static void
every_field_is_kept(void **state)
{
    const vsk_credit credit = {100, 50, 60, 80, 3, 4, 9, 7, 11, 5, 12, 20};
    struct bench *bench = bench_busy();
    vsk_endpoint *endpoint = &bench->device.endpoint;
    vsk_orphan orphans[2];
    vsk_conn conns[CLOSED];
    (void)state;

    conn_of(bench, HALF)->credit = credit;
    endpoint->counters = (vsk_counters){1, 2, 3, 4, 5, 6};
    memcpy(orphans, endpoint->orphans, sizeof orphans);
    for (uint32_t i = 0; i < CLOSED; i++)
        conns[i] = *conn_of(bench, i + 1);
    move(bench);

    assert_memory_equal(endpoint->orphans, orphans, sizeof orphans);
    assert_int_equal(endpoint->counters.rx_packets, 1);
    assert_int_equal(endpoint->counters.tx_packets, 2);
    assert_int_equal(endpoint->counters.rx_bytes, 3);
    assert_int_equal(endpoint->counters.tx_bytes, 4);
    assert_int_equal(endpoint->counters.errors, 5);
    assert_int_equal(endpoint->counters.foreign, 6);
    for (uint32_t i = 0; i < CLOSED; i++)
        assert_memory_equal(conn_of(bench, i + 1), &conns[i], sizeof conns[i]);
    bench_free(bench);
}

static void
reset_connections_sends_rst_and_tells_close(void **state)
{
    struct bench *bench = bench_busy();
    uint32_t ports = 0, told = 0;
    (void)state;

    move(bench);
    vsk_device_reset_connections(&bench->device, bench->now);
    top_up(bench);
    while (bench_poll(bench) == VSK_OK) {
        assert_int_equal(bench->event.kind, VSK_EVENT_CLOSE);
        assert_int_equal(bench->event.conn->reason, VSK_REASON_LOCAL);
        told |= 1u << bench->event.conn->flow.peer_port;
    }
    while (bench_receive(bench)) {
        assert_int_equal(bench->header.op, VSK_OP_RST);
        ports |= 1u << bench->header.dst_port;
    }

    /* CLOSE of the one that was over was told before. */
    assert_int_equal(told, 0xfe);
    assert_int_equal(ports, 0x3001fe);
    assert_int_equal(bench->device.endpoint.table.count, 0);
    bench_free(bench);
}

/* ---- bytes that are damaged ---- */

static uint8_t *
entry_of(const struct image *image, uint32_t port)
{
    uint8_t *entry = image->bytes + HEAD;

    while (entry[12] != port)
        entry += CONN;
    return entry;
}

/* Nothing of what was refused is left. */
static void
assert_new(const struct bench *bench)
{
    const vsk_endpoint *endpoint = &bench->device.endpoint;
    uint64_t deadline;

    assert_int_equal(endpoint->table.count, 0);
    assert_int_equal(endpoint->orphan_count, 0);
    assert_int_equal(bench->device.setup.status, 0);
    assert_int_equal(vsk_timers_next(&endpoint->timers, &deadline), VSK_NONE);
    assert_false(vsk_endpoint_waits(endpoint));
    assert_int_equal(vsk_links_first(&endpoint->links, VSK_LINE_UNPAID),
                     VSK_TABLE_NONE);
}

/* Poll to VSK_NONE, with as many RX buffers as there is room for. */
static void
run(struct bench *bench)
{
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t polls = 0;

        top_up(bench);
        while (bench_poll(bench) == VSK_OK)
            assert_true(++polls < 100);
        while (bench_receive(bench))
            continue;
    }
}

/* A device that took damaged bytes: it runs, and lets everything go. */
static void
assert_sane(struct bench *bench, struct image *image)
{
    start_again(bench, image);
    run(bench);
    bench->now += 100 * VSK_SECOND;
    run(bench);
    vsk_device_reset_connections(&bench->device, bench->now);
    run(bench);
    if (vsk_setup_live(&bench->device.setup) && !bench->device.gate) {
        assert_int_equal(bench->device.endpoint.table.count, 0);
        assert_int_equal(bench->device.endpoint.orphan_count, 0);
    }
    halt(bench, image);
}

static void
every_byte_may_be_damaged(void **state)
{
    struct bench *bench = bench_busy();
    struct image image = saved(bench);
    uint32_t taken = 0;
    (void)state;

    for (uint64_t i = 0; i < image.size * 9; i++) {
        uint8_t mask = (uint8_t)(i % 9 == 8 ? 0xff : 1u << i % 9);
        vsk_status status;

        replace(bench);
        image.bytes[i / 9] ^= mask;
        status = restore(bench, &image);
        image.bytes[i / 9] ^= mask;
        if (status == VSK_OK) {
            taken++;
            assert_sane(bench, &image);
        } else {
            assert_int_equal(status, VSK_ERR_IMAGE);
            assert_new(bench);
            assert_int_equal(restore(bench, &image), VSK_OK);
        }
    }
    assert_true(taken != 0);
    free(image.bytes);
    bench_free(bench);
}

static void
a_gate_is_not_looked_for_behind_the_ring(void **state)
{
    struct bench *bench = bench_new();
    struct image image;
    (void)state;

    bench_quiet(bench);
    image = saved(bench);
    image.bytes[AT_GATE] = 1;
    memset(image.bytes + AT_GATE_AT, 0xff, 2);
    replace(bench);
    assert_int_equal(restore(bench, &image), VSK_OK);
    start_again(bench, &image);
    bench_post(bench, VSK_EVENT, 1, 4);

    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);

    bench_comes(bench, VSK_EVENT_REQUEST);
    free(image.bytes);
    bench_free(bench);
}

static void
no_part_of_the_bytes_is_an_image(void **state)
{
    struct bench *bench = bench_busy();
    struct image image = saved(bench);
    (void)state;

    replace(bench);
    for (uint64_t size = 0; size <= image.size + 1; size++) {
        struct image part = {.bytes = calloc(1, size + 1), .size = size};

        assert_non_null(part.bytes);
        memcpy(part.bytes, image.bytes, size < image.size ? size : image.size);
        if (size != image.size)
            assert_int_equal(restore(bench, &part), VSK_ERR_IMAGE);
        assert_new(bench);
        free(part.bytes);
    }
    assert_int_equal(vsk_device_restore(&bench->device, 0, NULL, 0),
                     VSK_ERR_IMAGE);
    free(image.bytes);
    bench_free(bench);
}

/* Another value in so many bytes; port 0 is the head. */
struct patch {
    uint32_t port;
    uint32_t at;
    uint32_t bytes;
    uint64_t value;
};

static vsk_status
restore_patched(struct bench *bench, const struct image *image,
                const struct patch *patch)
{
    struct image other = {.bytes = malloc(image->size), .size = image->size};
    uint8_t *at;
    vsk_status status;

    assert_non_null(other.bytes);
    memcpy(other.bytes, image->bytes, image->size);
    at = patch->port == 0 ? other.bytes : entry_of(&other, patch->port);
    for (uint32_t i = 0; i < patch->bytes; i++)
        at[patch->at + i] = (uint8_t)(patch->value >> 8 * i);
    replace(bench);
    status = restore(bench, &other);
    free(other.bytes);
    return status;
}

static void
refuses(struct bench *bench, const struct patch *patches, uint32_t count)
{
    struct image image = saved(bench);

    for (uint32_t i = 0; i < count; i++) {
        if (restore_patched(bench, &image, &patches[i]) != VSK_ERR_IMAGE)
            fail_msg("patch %u was taken", i);
        assert_new(bench);
    }
    free(image.bytes);
    bench_free(bench);
}
#define REFUSES(bench, ...)                                                    \
    do {                                                                       \
        const struct patch patches[] = {__VA_ARGS__};                          \
        refuses(bench, patches, sizeof patches / sizeof *patches);             \
    } while (0)

static void
a_head_that_cannot_be_is_refused(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_quiet(bench);
    REFUSES(bench, {0, 0, 1, 'v'}, {0, AT_OFFERED, 8, ALL & ~BIT(SEQPACKET)},
            {0, AT_OFFERED, 8, ALL | 1u << 5},
            {0, AT_ACCEPTED, 8, ALL | 1u << 5}, {0, AT_ACCEPTED, 8, 0},
            {0, AT_CID, 8, 2}, {0, AT_CID, 8, VSK_CID_ANY},
            {0, AT_CID, 8, GUEST | UINT64_C(1) << 32},
            {0, AT_NEXT_PORT, 4, VSK_PORT_FIRST - 1},
            {0, AT_NEXT_PORT, 4, VSK_PORT_ANY}, {0, AT_STATUS, 1, D},
            {0, AT_STATUS, 1, A | D | K}, {0, AT_STATUS, 1, A | F | K});
}

static void
flows_that_cannot_be_are_refused(void **state)
{
    (void)state;

    REFUSES(bench_busy(), {0, AT_CID, 8, GUEST + 1}, {HALF, AT_LOCAL_CID, 4, 5},
            {HALF, AT_PEER_CID, 4, GUEST + 1}, {HALF, 12, 4, MIDWAY},
            {0, HEAD + 8 * CONN + AT_PEER_CID, 4, GUEST + 1});
}

static void
states_that_cannot_be_are_refused(void **state)
{
    (void)state;

    REFUSES(bench_busy(), {HALF, AT_STATE, 1, VSK_STATE_DRAINING + 1},
            {HALF, AT_REASON, 1, VSK_REASON_LOCAL},
            {CLOSED, AT_REASON, 1, VSK_REASON_NONE},
            {CLOSED, AT_REASON, 1, VSK_REASON_TRANSPORT + 1},
            {HALF, AT_TYPE, 1, 0}, {HALF, AT_TYPE, 1, 3},
            {CLOSED, AT_SENT, 1, 4}, {CLOSED, AT_RECEIVED, 1, 4},
            {CONNECTING, AT_SENT, 1, 1}, {REQUESTED, AT_SENT, 1, 1},
            {CONNECTING, AT_RECEIVED, 1, 1}, {HALF, AT_SENT, 1, BOTH},
            {HALF, AT_RECEIVED, 1, BOTH}, {CLOSING, AT_SENT, 1, 1},
            {CLOSING, AT_RECEIVED, 1, BOTH}, {DRAINING, AT_SENT, 1, BOTH},
            {DRAINING, AT_RECEIVED, 1, 2});
}

static void
what_no_state_owes_is_refused(void **state)
{
    (void)state;

    REFUSES(bench_busy(), {HALF, AT_OWES, 1, VSK_OWES_RST},
            {CLOSING, AT_OWES, 1, VSK_OWES_RST},
            {DRAINING, AT_OWES, 1, VSK_OWES_RST},
            {REQUESTED, AT_OWES, 1, VSK_OWES_RESPONSE},
            {CONNECTING, AT_OWES, 1, VSK_OWES_SHUTDOWN},
            {CLOSED, AT_OWES, 1, 0},
            {CLOSED, AT_OWES, 1, VSK_OWES_RST | VSK_OWES_CREDIT},
            {HALF, AT_OWES, 1, VSK_OWES_SHUTDOWN});
}

static void
timers_that_no_state_has_are_refused(void **state)
{
    (void)state;

    REFUSES(bench_busy(), {CLOSING, AT_TIMER, 8, 0},
            {CONNECTING, AT_TIMER, 8, 0}, {DRAINING, AT_TIMER, 8, 0},
            {REQUESTED, AT_TIMER, 8, 1}, {CLOSED, AT_TIMER, 8, 1},
            {CLOSING, AT_OWES, 1, VSK_OWES_SHUTDOWN});
}

static void
credit_that_cannot_be_is_refused(void **state)
{
    (void)state;

    REFUSES(bench_busy(), {HALF, AT_FWD_CNT, 4, 1},
            {HALF, AT_RX_CNT, 4, 262145}, {STARVED, AT_MARK, 4, 1001});
}

static void
a_message_on_a_device_without_them_is_refused(void **state)
{
    struct bench *bench =
        bench_with(RING_FEATURES | BIT(VERSION_1) | BIT(STREAM));
    (void)state;

    bench_stream(bench);
    REFUSES(bench, {0, HEAD + AT_TYPE, 1, VSK_TYPE_SEQPACKET});
}

/* What is left of a connection's link after a restore. */
static const vsk_link *
taken(struct bench *bench, const struct image *image, uint32_t port,
      uint32_t at, uint8_t value)
{
    const struct patch patch = {port, at, 1, value};
    const vsk_endpoint *endpoint = &bench->device.endpoint;

    assert_int_equal(restore_patched(bench, image, &patch), VSK_OK);
    return &endpoint->links
                .links[vsk_table_slot(&endpoint->table, conn_of(bench, port))];
}

static void
bits_that_mean_nothing_are_dropped(void **state)
{
    struct bench *bench = bench_busy();
    struct image image = saved(bench);
    uint8_t lines = (1u << VSK_LINES) - 1;
    (void)state;

    assert_int_equal(taken(bench, &image, HALF, AT_OWES, 0xc0)->owes, 0);
    assert_int_equal(
        taken(bench, &image, HALF, AT_OWES, VSK_OWES_REQUEST)->owes, 0);
    assert_int_equal(
        taken(bench, &image, HALF, AT_MARKS, VSK_MARK_MIDWAY)->marks, 0);
    assert_int_equal(taken(bench, &image, HALF, AT_MARKS, lines)->marks, 0);
    assert_int_equal(
        taken(bench, &image, CLOSED, AT_MARKS, 0xf0)->marks & ~lines, 0);
    assert_int_equal(taken(bench, &image, REQUESTED, AT_MARKS, 0xf0)->marks &
                         ~lines,
                     VSK_MARK_WANTS);
    assert_int_equal(
        taken(bench, &image, CLOSING, AT_MARKS, VSK_MARK_STARVED)->marks, 0);
    free(image.bytes);
    bench_free(bench);
}

static void
queues_that_there_are_not_are_not_notified(void **state)
{
    const struct patch patch = {0, AT_USED, 1, 0xff};
    struct bench *bench = bench_busy();
    struct image image = saved(bench);
    (void)state;

    assert_int_equal(restore_patched(bench, &image, &patch), VSK_OK);

    assert_int_equal(bench->device.used,
                     VSK_NOTIFY_CONFIG | ((1u << VSK_QUEUES) - 1));
    free(image.bytes);
    bench_free(bench);
}

static void
a_table_that_is_too_small_is_not_filled(void **state)
{
    struct bench *bench = bench_busy();
    struct image image = saved(bench);
    (void)state;

    replace_sized(bench, FLOWS / 2, 16);
    assert_int_equal(restore(bench, &image), VSK_ERR_IMAGE);
    assert_new(bench);
    replace_sized(bench, FLOWS, 1);
    assert_int_equal(restore(bench, &image), VSK_ERR_IMAGE);
    assert_new(bench);
    free(image.bytes);
    bench_free(bench);
}

static void
a_device_that_offers_something_else_is_not_restored(void **state)
{
    struct bench *bench = bench_new();
    struct image image;
    (void)state;

    bench_quiet(bench);
    image = saved(bench);
    bench->config.features &= ~BIT(NO_IMPLIED_STREAM);
    replace(bench);

    assert_int_equal(restore(bench, &image), VSK_ERR_IMAGE);
    free(image.bytes);
    bench_free(bench);
}

/* ---- not now ---- */

static void
refuses_to_save(struct bench *bench)
{
    uint8_t wire[4096];
    uint8_t fill[sizeof wire];

    memset(wire, RIG_FILL, sizeof wire);
    memset(fill, RIG_FILL, sizeof fill);
    assert_int_equal(
        vsk_device_save(&bench->device, bench->now, wire, sizeof wire),
        VSK_ERR_BUSY);
    assert_memory_equal(wire, fill, sizeof wire);
    bench_free(bench);
}

static void
nothing_is_saved_while_a_queue_is_started(void **state)
{
    struct bench *bench = bench_new();
    vsk_ring_state stood;
    (void)state;

    bench_quiet(bench);
    bench_stop(bench, VSK_RX, &stood);
    bench_stop(bench, VSK_TX, &stood);
    refuses_to_save(bench);
}

static void
nothing_is_saved_while_an_event_waits(void **state)
{
    struct bench *bench = bench_new();
    struct image image;
    (void)state;

    bench_call(bench, bench_stream(bench), VSK_CALL_RESET);
    halt(bench, &image);
    refuses_to_save(bench);
}

static void
nothing_is_saved_before_the_poll_after_the_last_event(void **state)
{
    struct bench *bench = bench_new();
    struct image image;
    (void)state;

    bench_call(bench, bench_stream(bench), VSK_CALL_RESET);
    closes(bench, VSK_REASON_LOCAL);
    /* No other event waits. */
    (void)vsk_links_take(&bench->device.endpoint.links, VSK_LINE_TOLD);
    halt(bench, &image);
    refuses_to_save(bench);
}

static void
nothing_is_saved_while_an_error_is_not_told(void **state)
{
    struct bench *bench = bench_new();
    struct image image;
    (void)state;

    halt(bench, &image);
    vsk_endpoint_fault(&bench->device.endpoint, VSK_BAD_HEAD);
    refuses_to_save(bench);
}

static void
nothing_is_saved_while_a_reset_is_not_told(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_status(bench, 0);
    refuses_to_save(bench);
}

static void
nothing_is_saved_with_a_packet_in_hand(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    /* The queue of the packet was taken away by hand. */
    bench_transmit_op(bench, VSK_OP_RST, GUEST_PORT);
    bench->device.show_packets = true;
    bench_comes(bench, VSK_EVENT_PACKET);
    bench->device.started = 0;
    refuses_to_save(bench);
}

static void
nothing_is_saved_while_a_replaced_connection_is_not_told(void **state)
{
    struct bench *bench = bench_new();
    struct image image;
    (void)state;

    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_quiet(bench);
    halt(bench, &image);
    bench->device.endpoint.replaced = 1;
    refuses_to_save(bench);
}

static void
without_room_nothing_is_written(void **state)
{
    struct bench *bench = bench_busy();
    struct image image = saved(bench);
    uint8_t *wire = malloc(image.size);
    (void)state;

    assert_non_null(wire);
    memset(wire, RIG_FILL, image.size);
    assert_int_equal(
        vsk_device_save(&bench->device, bench->now, wire, image.size - 1),
        VSK_ERR_SPACE);
    assert_int_equal(vsk_device_save(&bench->device, bench->now, NULL, 0),
                     VSK_ERR_SPACE);
    for (uint64_t i = 0; i < image.size; i++)
        assert_int_equal(wire[i], RIG_FILL);
    free(wire);
    free(image.bytes);
    bench_free(bench);
}

static void
a_device_with_a_queue_is_not_restored(void **state)
{
    struct bench *bench = bench_new();
    struct image image;
    (void)state;

    bench_quiet(bench);
    image = saved(bench);
    start_again(bench, &image);

    assert_int_equal(restore(bench, &image), VSK_ERR_BUSY);
    free(image.bytes);
    bench_free(bench);
}

static void
a_device_with_a_connection_is_not_restored(void **state)
{
    struct bench *bench = bench_new();
    struct image image;
    (void)state;

    bench_stream(bench);
    image = saved(bench);

    assert_int_equal(restore(bench, &image), VSK_ERR_BUSY);
    assert_int_equal(bench->device.endpoint.table.count, 1);
    free(image.bytes);
    bench_free(bench);
}

static void
a_device_that_owes_rsts_is_not_restored(void **state)
{
    struct bench *bench = bench_new();
    struct image image;
    (void)state;

    bench_transmit_op(bench, VSK_OP_RW, GUEST_PORT);
    bench_fails(bench, VSK_BAD_FLOW);
    bench_quiet(bench);
    image = saved(bench);

    assert_int_equal(restore(bench, &image), VSK_ERR_BUSY);
    free(image.bytes);
    bench_free(bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_agreed_on_is_still_agreed_on),
        cmocka_unit_test(types_are_allowed_as_they_were),
        cmocka_unit_test(counters_and_ports_go_on),
        cmocka_unit_test(payload_goes_on_in_both_directions),
        cmocka_unit_test(a_message_that_was_begun_is_ended),
        cmocka_unit_test(the_guest_may_send_as_much_as_it_was_told),
        cmocka_unit_test(credit_that_was_not_told_yet_is_told),
        cmocka_unit_test(a_request_is_answered_later),
        cmocka_unit_test(what_was_shut_stays_shut),
        cmocka_unit_test(what_the_guest_shut_stays_shut),
        cmocka_unit_test(a_reply_that_is_owed_leaves),
        cmocka_unit_test(a_connection_is_gone_when_its_rst_has_left),
        cmocka_unit_test(rsts_for_unknown_flows_leave_in_their_order),
        cmocka_unit_test(a_rst_that_a_request_overtook_is_not_sent),
        cmocka_unit_test(the_driver_is_notified_of_what_was_given_before),
        cmocka_unit_test(the_gate_stays_shut),
        cmocka_unit_test(a_close_ends_when_it_is_due),
        cmocka_unit_test(
            a_close_whose_shutdown_waits_begins_to_count_when_it_leaves),
        cmocka_unit_test(a_connect_ends_when_it_is_due),
        cmocka_unit_test(a_reader_has_as_much_time_as_was_left),
        cmocka_unit_test(a_timer_that_was_due_is_due_at_once),
        cmocka_unit_test(a_timer_without_end_has_none),
        cmocka_unit_test(a_pause_does_not_count),
        cmocka_unit_test(who_asked_for_credit_asks_again_when_it_is_due),
        cmocka_unit_test(who_waits_for_credit_goes_on_when_it_comes),
        cmocka_unit_test(a_guest_does_not_notice_on_a_stream),
        cmocka_unit_test(a_guest_does_not_notice_in_a_message),
        cmocka_unit_test(saving_changes_nothing),
        cmocka_unit_test(every_field_is_kept),
        cmocka_unit_test(reset_connections_sends_rst_and_tells_close),
        cmocka_unit_test(every_byte_may_be_damaged),
        cmocka_unit_test(a_gate_is_not_looked_for_behind_the_ring),
        cmocka_unit_test(no_part_of_the_bytes_is_an_image),
        cmocka_unit_test(a_head_that_cannot_be_is_refused),
        cmocka_unit_test(flows_that_cannot_be_are_refused),
        cmocka_unit_test(states_that_cannot_be_are_refused),
        cmocka_unit_test(what_no_state_owes_is_refused),
        cmocka_unit_test(timers_that_no_state_has_are_refused),
        cmocka_unit_test(credit_that_cannot_be_is_refused),
        cmocka_unit_test(a_message_on_a_device_without_them_is_refused),
        cmocka_unit_test(bits_that_mean_nothing_are_dropped),
        cmocka_unit_test(queues_that_there_are_not_are_not_notified),
        cmocka_unit_test(a_table_that_is_too_small_is_not_filled),
        cmocka_unit_test(a_device_that_offers_something_else_is_not_restored),
        cmocka_unit_test(nothing_is_saved_while_a_queue_is_started),
        cmocka_unit_test(nothing_is_saved_while_an_event_waits),
        cmocka_unit_test(nothing_is_saved_before_the_poll_after_the_last_event),
        cmocka_unit_test(nothing_is_saved_while_an_error_is_not_told),
        cmocka_unit_test(nothing_is_saved_while_a_reset_is_not_told),
        cmocka_unit_test(nothing_is_saved_with_a_packet_in_hand),
        cmocka_unit_test(
            nothing_is_saved_while_a_replaced_connection_is_not_told),
        cmocka_unit_test(without_room_nothing_is_written),
        cmocka_unit_test(a_device_with_a_queue_is_not_restored),
        cmocka_unit_test(a_device_with_a_connection_is_not_restored),
        cmocka_unit_test(a_device_that_owes_rsts_is_not_restored),
    };

    return rig_run("device_saved", tests);
}
