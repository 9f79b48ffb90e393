/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "guest_rig.h"

static uint8_t bulk[WINDOW];

/* ---- connections ---- */

static void
a_request_says_who_asks_and_what_room_there_is(void **state)
{
    struct stage *stage = stage_small();
    const vsk_header *header = &stage->packet.header;
    (void)state;

    (void)stage_connecting(stage, VSK_TYPE_SEQPACKET);

    /* VSOCK-DRV-13, VSOCK-DRV-10, VSOCK-BOTH-24 */
    assert_int_equal(header->src_cid, CID);
    assert_int_equal(header->src_port, 1024);
    assert_int_equal(header->dst_cid, VSK_CID_HOST);
    assert_int_equal(header->dst_port, PORT);
    assert_int_equal(header->type, VSK_TYPE_SEQPACKET);
    assert_int_equal(header->buf_alloc, 262144);
    assert_int_equal(header->fwd_cnt, 0);
    stage_free(stage);
}

static void
a_type_that_was_not_negotiated_is_not_connected(void **state)
{
    const vsk_guest_policy policy = stage_small_policy();
    struct stage *stage = stage_in(&policy, 1u << 20);
    vsk_conn *conn;
    (void)state;
    stage_open(stage, VSK_BIT(VSK_FEATURE_SEQPACKET) |
                          VSK_BIT(VSK_FEATURE_NO_IMPLIED_STREAM));

    /* VSOCK-BOTH-04 */
    assert_int_equal(vsk_guest_connect(&stage->guest, 0, 1024, 2, PORT,
                                       VSK_TYPE_STREAM, &conn),
                     VSK_ERR_TYPE);
    assert_int_equal(vsk_guest_connect(&stage->guest, 0, 1024, 2, PORT,
                                       VSK_TYPE_SEQPACKET, &conn),
                     VSK_OK);
    stage_free(stage);
}

static void
streams_are_there_without_any_feature(void **state)
{
    const vsk_guest_policy policy = stage_small_policy();
    struct stage *stage = stage_in(&policy, 1u << 20);
    (void)state;

    stage_open(stage, 0);

    /* VSOCK-DRV-02 */
    (void)stage_connected(stage);
    stage_free(stage);
}

static void
seqpacket_alone_implies_streams(void **state)
{
    const vsk_guest_policy policy = stage_small_policy();
    struct stage *stage = stage_in(&policy, 1u << 20);
    (void)state;

    stage_open(stage, VSK_BIT(VSK_FEATURE_SEQPACKET));

    /* VSOCK-DRV-03 */
    (void)stage_connected(stage);
    stage_free(stage);
}

static void
a_refused_connection_is_told(void **state)
{
    struct stage *stage = stage_small();
    (void)state;
    (void)stage_connecting(stage, VSK_TYPE_STREAM);

    stage_give_op(stage, VSK_OP_RST);

    assert_int_equal(stage_told(stage, VSK_EVENT_CLOSE)->conn->reason,
                     VSK_REASON_REFUSED);
    stage_quiet(stage);
    assert_int_equal(stage->guest.endpoint.table.count, 0);
    stage_free(stage);
}

static void
a_connection_that_nobody_answers_times_out(void **state)
{
    struct stage *stage = stage_small();
    (void)state;
    (void)stage_connecting(stage, VSK_TYPE_STREAM);

    stage->now = 2 * VSK_SECOND;

    assert_int_equal(stage_told(stage, VSK_EVENT_CLOSE)->conn->reason,
                     VSK_REASON_TIMEOUT);
    stage_quiet(stage);
    (void)stage_took(stage, VSK_OP_RST);
    stage_free(stage);
}

static void
a_request_is_accepted(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn;
    (void)state;
    stage_give_op(stage, VSK_OP_REQUEST);

    conn = stage_told(stage, VSK_EVENT_REQUEST)->conn;
    assert_int_equal(
        vsk_endpoint_call(&stage->guest.endpoint, 0, conn, VSK_CALL_ACCEPT, 0),
        VSK_OK);
    stage_quiet(stage);

    (void)stage_took(stage, VSK_OP_RESPONSE);
    assert_int_equal(conn->state, VSK_STATE_ESTABLISHED);
    stage_free(stage);
}

static void
a_response_leaves_before_data(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn;
    (void)state;
    stage_give_op(stage, VSK_OP_REQUEST);
    conn = stage_told(stage, VSK_EVENT_REQUEST)->conn;
    (void)vsk_endpoint_call(&stage->guest.endpoint, 0, conn, VSK_CALL_ACCEPT,
                            0);

    assert_int_equal(stage_sent(stage, conn, bulk, 5), 5);

    (void)stage_took(stage, VSK_OP_RESPONSE);
    (void)stage_took(stage, VSK_OP_RW);
    stage_free(stage);
}

static void
half_close_is_the_end_of_what_comes(void **state)
{
    struct stage *stage = stage_small();
    vsk_packet packet = stage_from_host(VSK_OP_SHUTDOWN, VSK_TYPE_STREAM);
    vsk_conn *conn = stage_connected(stage);
    (void)state;
    packet.header.flags = VSK_SHUTDOWN_SEND;

    stage_give(stage, &packet);

    assert_ptr_equal(stage_told(stage, VSK_EVENT_EOF)->conn, conn);
    stage_quiet(stage);
    assert_int_equal(stage_sent(stage, conn, bulk, 5), 5);
    (void)stage_took(stage, VSK_OP_RW);
    stage_free(stage);
}

static void
own_half_close_is_sent(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    uint64_t bytes;
    (void)state;

    assert_int_equal(vsk_endpoint_call(&stage->guest.endpoint, 0, conn,
                                       VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND),
                     VSK_OK);
    stage_quiet(stage);

    assert_int_equal(stage_took(stage, VSK_OP_SHUTDOWN)->flags,
                     VSK_SHUTDOWN_SEND);
    assert_int_equal(stage_send(stage, conn, bulk, 1, 0, &bytes),
                     VSK_ERR_STATE);
    assert_int_equal(bytes, 0);
    assert_int_equal(stage_send(stage, conn, bulk, 0, 0, &bytes),
                     VSK_ERR_STATE);
    stage_free(stage);
}

static void
close_waits_for_the_rst_and_then_sends_one(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    (void)state;

    (void)vsk_endpoint_call(&stage->guest.endpoint, 0, conn, VSK_CALL_CLOSE, 0);
    stage_quiet(stage);
    assert_int_equal(stage_took(stage, VSK_OP_SHUTDOWN)->flags, 3);
    stage->now = 8 * VSK_SECOND;

    /* VSOCK-BOTH-33 */
    assert_int_equal(stage_told(stage, VSK_EVENT_CLOSE)->conn->reason,
                     VSK_REASON_TIMEOUT);
    stage_quiet(stage);
    (void)stage_took(stage, VSK_OP_RST);
    stage_free(stage);
}

/* ---- payload ---- */

static void
payload_is_told_where_it_lies(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    uint8_t data[3000], copy[3000];
    const vsk_event *event;
    (void)state;
    rig_pattern(data, sizeof data, 9);

    stage_give_data(stage, VSK_TYPE_STREAM, data, sizeof data);

    event = stage_told(stage, VSK_EVENT_DATA);
    assert_ptr_equal(event->conn, conn);
    assert_int_equal(event->handle,
                     vsk_table_handle(&stage->guest.endpoint.table, conn));
    assert_int_equal(vsk_packet_read(event->packet, 0, copy, sizeof copy),
                     sizeof copy);
    assert_memory_equal(copy, data, sizeof copy);
    stage_free(stage);
}

static void
an_error_shows_the_packet_that_is_to_blame(void **state)
{
    struct stage *stage = stage_small();
    (void)state;

    stage_give_stray(stage, 77);

    stage_told_error(stage, VSK_BAD_FLOW);
    assert_non_null(stage->event.packet);
    assert_int_equal(stage->event.packet->header.src_port, 77);
    stage_free(stage);
}

static void
a_connection_reset_while_its_data_is_told_stays_until_the_next(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    (void)state;
    stage_give_data(stage, VSK_TYPE_STREAM, bulk, 10);
    (void)stage_told(stage, VSK_EVENT_DATA);

    (void)vsk_endpoint_call(&stage->guest.endpoint, 0, conn, VSK_CALL_RESET, 0);
    vsk_guest_flush(&stage->guest, 0);

    assert_int_equal(stage->guest.endpoint.table.count, 1);
    assert_int_equal(
        vsk_endpoint_forwarded(&stage->guest.endpoint, 0, conn, 10), VSK_OK);
    stage_free(stage);
}

static void
no_more_is_sent_than_the_peer_has_room_for(void **state)
{
    vsk_guest_policy policy = stage_small_policy();
    struct stage *stage;
    vsk_conn *conn;
    (void)state;
    policy.endpoint.meter = false;
    stage = stage_new(&policy);
    conn = stage_connected_to(stage, VSK_TYPE_STREAM, 100);

    /* VSOCK-DRV-09 */
    assert_int_equal(stage_sent(stage, conn, bulk, 150), 100);
    stage_quiet(stage);
    assert_int_equal(stage_took(stage, VSK_OP_RW)->len, 100);
    (void)stage_took(stage, VSK_OP_CREDIT_REQUEST);
    stage_give_credit(stage, VSK_TYPE_STREAM, 100, 60);
    assert_ptr_equal(stage_told(stage, VSK_EVENT_WRITABLE)->conn, conn);
    assert_int_equal(stage_sent(stage, conn, bulk, 50), 50);
    stage_free(stage);
}

static void
every_packet_says_what_was_forwarded(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    (void)state;
    stage_give_data(stage, VSK_TYPE_STREAM, bulk, 3000);
    (void)stage_told(stage, VSK_EVENT_DATA);
    (void)vsk_endpoint_forwarded(&stage->guest.endpoint, 0, conn, 2000);

    assert_int_equal(stage_sent(stage, conn, bulk, 5), 5);

    /* VSOCK-DRV-10 */
    assert_int_equal(stage_took(stage, VSK_OP_RW)->fwd_cnt, 2000);
    assert_int_equal(stage->packet.header.buf_alloc, WINDOW);
    stage_free(stage);
}

static void
credit_is_volunteered_when_all_is_forwarded(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    (void)state;
    stage_give_data(stage, VSK_TYPE_STREAM, bulk, 3000);
    (void)stage_told(stage, VSK_EVENT_DATA);

    (void)vsk_endpoint_forwarded(&stage->guest.endpoint, 0, conn, 3000);
    stage_quiet(stage);

    assert_int_equal(stage_took(stage, VSK_OP_CREDIT_UPDATE)->fwd_cnt, 3000);
    stage_free(stage);
}

static void
tx_buffers_are_for_the_device_to_read(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    (void)state;

    assert_int_equal(stage_sent(stage, conn, bulk, 5), 5);

    /* VSOCK-DRV-11, VSOCK-DRV-12 */
    assert_int_equal(stage_pop(stage, VSK_TX)->writable, 0);
    assert_int_equal(stage->chains[VSK_TX].readable, 49);
    stage_assert_cut(&stage->chains[VSK_TX], false, LENGTHS(44, 5));
    stage_free(stage);
}

static void
payload_is_cut_into_pieces_of_the_policy(void **state)
{
    vsk_guest_policy policy = stage_small_policy();
    struct stage *stage;
    vsk_conn *conn;
    (void)state;
    policy.tx_piece = 100;
    policy.queue_size = 8;
    stage = stage_new(&policy);
    conn = stage_connected(stage);

    assert_int_equal(stage_sent(stage, conn, bulk, 250), 250);
    stage_assert_cut(stage_pop(stage, VSK_TX), false,
                     LENGTHS(44, 100, 100, 50));
    stage_push(stage, VSK_TX, 0);
    /* Four of eight descriptors are left before the guest looks. */
    assert_int_equal(stage_sent(stage, conn, bulk, 800), 300);
    stage_assert_cut(stage_pop(stage, VSK_TX), false,
                     LENGTHS(44, 100, 100, 100));
    stage_free(stage);
}

static void
an_indirect_table_has_no_more_pieces_than_the_queue(void **state)
{
    vsk_guest_policy policy = stage_small_policy();
    struct stage *stage;
    vsk_conn *conn;
    (void)state;
    policy.tx_piece = 100;
    policy.tx_indirect = true;
    policy.queue_size = 4;
    stage = stage_new(&policy);
    conn = stage_connected(stage);

    assert_int_equal(stage_sent(stage, conn, bulk, 350), 350);

    stage_assert_cut(stage_pop(stage, VSK_TX), true,
                     LENGTHS(44, 100, 100, 100));
    stage_push(stage, VSK_TX, 0);
    stage_assert_cut(stage_pop(stage, VSK_TX), true, LENGTHS(44, 50));
    stage_free(stage);
}

static void
a_queue_of_one_has_header_and_payload_in_one_piece(void **state)
{
    vsk_guest_policy policy = stage_small_policy();
    struct stage *stage;
    vsk_conn *conn;
    (void)state;
    policy.queue_size = 1;
    policy.tx_piece = 3;
    stage = stage_new(&policy);
    conn = stage_connected(stage);

    assert_int_equal(stage_sent(stage, conn, bulk, 5), 5);

    stage_assert_cut(stage_pop(stage, VSK_TX), false, LENGTHS(49));
    stage_free(stage);
}

static void
nothing_goes_indirect_that_was_not_negotiated(void **state)
{
    const vsk_guest_preset *preset = vsk_guest_preset_find("linux-5.10");
    struct stage *stage = stage_in(&preset->policy, 4u << 20);
    vsk_conn *conn;
    (void)state;
    stage_open(stage, VSK_BIT(VSK_FEATURE_VERSION_1));
    assert_int_equal(stage->guest.posted[VSK_RX], 64);
    conn = stage_connected(stage);

    assert_int_equal(stage_sent(stage, conn, bulk, 5), 5);

    stage_assert_cut(stage_pop(stage, VSK_TX), false, LENGTHS(44, 5));
    stage_assert_cut(stage_pop(stage, VSK_RX), false, LENGTHS(44, 4096));
    stage_free(stage);
}

static void
any_packet_can_be_put_in_any_cut(void **state)
{
    const vsk_layout layout = {LENGTHS(1, 43, 3), 3, true};
    struct stage *stage = stage_small();
    vsk_packet packet;
    (void)state;
    rig_lawless("packets are put by hand, whatever their len");
    vsk_packet_init(&packet, bulk, 3);
    packet.header.op = 99;
    packet.header.len = 7;

    assert_int_equal(vsk_guest_put(&stage->guest, 0, &packet, &layout), VSK_OK);

    stage_assert_cut(stage_pop(stage, VSK_TX), true, LENGTHS(1, 43, 3));
    assert_int_equal(vsk_packet_from_tx(&packet, &stage->chains[VSK_TX], 100),
                     VSK_BAD_LEN);
    assert_int_equal(stage->guest.endpoint.counters.tx_packets, 1);
    assert_int_equal(stage->guest.endpoint.counters.tx_bytes, 3);
    stage_free(stage);
}

static void
a_cut_may_have_more_room_than_the_packet(void **state)
{
    const vsk_layout layout = {LENGTHS(44, 10), 2, false};
    struct stage *stage = stage_small();
    vsk_packet packet;
    (void)state;
    vsk_packet_init(&packet, bulk, 3);

    /* VSOCK-DRV-07 */
    assert_int_equal(vsk_guest_put(&stage->guest, 0, &packet, &layout), VSK_OK);

    assert_int_equal(stage_look(stage)->size, 3);
    assert_int_equal(stage->chains[VSK_TX].readable, 54);
    stage_free(stage);
}

static void
a_put_without_a_cut_has_no_more_pieces_than_the_queue(void **state)
{
    vsk_guest_policy policy = stage_small_policy();
    struct stage *stage;
    vsk_packet packet;
    (void)state;
    policy.tx_piece = 100;
    policy.queue_size = 4;
    stage = stage_new(&policy);
    vsk_packet_init(&packet, bulk, 350);

    assert_int_equal(vsk_guest_put(&stage->guest, 0, &packet, NULL), VSK_OK);

    stage_assert_cut(stage_pop(stage, VSK_TX), false,
                     LENGTHS(44, 100, 100, 150));
    stage_free(stage);
}

static void
a_message_is_longer_than_a_packet(void **state)
{
    vsk_guest_policy policy = stage_small_policy();
    struct stage *stage;
    vsk_conn *conn;
    uint64_t bytes;
    (void)state;
    policy.endpoint.payload_max = 100;
    stage = stage_new(&policy);
    conn = stage_connected_to(stage, VSK_TYPE_SEQPACKET, WINDOW);

    assert_int_equal(
        stage_send(stage, conn, bulk, 250, VSK_SEQ_EOM | VSK_SEQ_EOR, &bytes),
        VSK_OK);

    /* VSOCK-BOTH-36, VSOCK-BOTH-37, VSOCK-BOTH-39 */
    assert_int_equal(stage_took(stage, VSK_OP_RW)->flags, 0);
    assert_int_equal(stage_took(stage, VSK_OP_RW)->flags, 0);
    assert_int_equal(stage_took(stage, VSK_OP_RW)->flags,
                     VSK_SEQ_EOM | VSK_SEQ_EOR);
    assert_int_equal(stage->packet.header.len, 50);
    stage_free(stage);
}

static void
an_empty_message_is_one_packet(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected_to(stage, VSK_TYPE_SEQPACKET, WINDOW);
    uint64_t bytes;
    (void)state;

    assert_int_equal(stage_send(stage, conn, NULL, 0, VSK_SEQ_EOM, &bytes),
                     VSK_OK);

    assert_int_equal(stage_took(stage, VSK_OP_RW)->flags, VSK_SEQ_EOM);
    assert_int_equal(stage->packet.header.len, 0);
    assert_true(stage_is_empty(stage, VSK_TX));
    stage_free(stage);
}

static void
nothing_on_a_stream_is_no_packet(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    (void)state;

    assert_int_equal(stage_sent(stage, conn, NULL, 0), 0);

    assert_true(stage_is_empty(stage, VSK_TX));
    stage_free(stage);
}

static void
a_stream_has_no_message_to_end(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    uint64_t bytes = 1;
    (void)state;

    assert_int_equal(stage_send(stage, conn, NULL, 0, VSK_SEQ_EOM, &bytes),
                     VSK_OK);

    assert_int_equal(bytes, 0);
    assert_true(stage_is_empty(stage, VSK_TX));
    stage_free(stage);
}

static void
a_message_longer_than_the_peers_buffer_is_refused(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected_to(stage, VSK_TYPE_SEQPACKET, 1000);
    uint64_t bytes;
    (void)state;

    assert_int_equal(stage_send(stage, conn, bulk, 1001, VSK_SEQ_EOM, &bytes),
                     VSK_ERR_MESSAGE);

    assert_int_equal(bytes, 0);
    stage_free(stage);
}

/* ---- packets one by one ---- */

static void
a_packet_is_shown_before_anything_is_done(void **state)
{
    struct stage *stage = stage_small();
    (void)state;
    stage->guest.show_packets = true;
    stage_give_op(stage, VSK_OP_REQUEST);

    assert_int_equal(stage_told(stage, VSK_EVENT_PACKET)->packet->header.op,
                     VSK_OP_REQUEST);
    assert_int_equal(stage->guest.endpoint.table.count, 0);
    (void)stage_told(stage, VSK_EVENT_REQUEST);
    stage_quiet(stage);
    stage_free(stage);
}

static void
a_chain_without_a_packet_is_an_error_and_no_packet(void **state)
{
    struct stage *stage = stage_small();
    (void)state;
    stage->guest.show_packets = true;
    (void)stage_pop(stage, VSK_RX);
    stage_push(stage, VSK_RX, 43);

    stage_told_error(stage, VSK_BAD_SHORT);
    stage_quiet(stage);
    stage_free(stage);
}

static void
a_packet_may_be_swallowed(void **state)
{
    struct stage *stage = stage_small();
    (void)state;
    stage->guest.show_packets = true;
    stage_give_op(stage, VSK_OP_REQUEST);
    (void)stage_told(stage, VSK_EVENT_PACKET);

    vsk_guest_swallow(&stage->guest);

    stage_quiet(stage);
    vsk_guest_swallow(&stage->guest); /* there is none any more */
    stage_quiet(stage);
    assert_int_equal(stage->guest.posted[VSK_RX], 15);
    assert_int_equal(stage->guest.endpoint.counters.rx_packets, 0);
    stage_free(stage);
}

static void
what_is_done_while_a_packet_is_shown_is_told_before_it(void **state)
{
    struct stage *stage = stage_small();
    uint64_t handle;
    (void)state;
    stage_give_op(stage, VSK_OP_REQUEST);
    handle = stage_told(stage, VSK_EVENT_REQUEST)->handle;
    stage->guest.show_packets = true;
    stage_give_op(stage, VSK_OP_REQUEST);
    (void)stage_told(stage, VSK_EVENT_PACKET);

    (void)vsk_endpoint_call(
        &stage->guest.endpoint, 0,
        vsk_table_by_handle(&stage->guest.endpoint.table, handle),
        VSK_CALL_RESET, 0);

    assert_true(stage_told(stage, VSK_EVENT_CLOSE)->handle == handle);
    assert_true(stage_told(stage, VSK_EVENT_REQUEST)->handle != handle);
    stage_free(stage);
}

static void
a_packet_may_be_replaced(void **state)
{
    struct stage *stage = stage_small();
    vsk_packet packet = stage_from_host(VSK_OP_REQUEST, VSK_TYPE_STREAM);
    (void)state;
    stage->guest.show_packets = true;
    stage_give_stray(stage, 1);
    (void)stage_told(stage, VSK_EVENT_PACKET);

    vsk_guest_replace(&stage->guest, &packet);

    (void)stage_told(stage, VSK_EVENT_REQUEST);
    vsk_guest_replace(&stage->guest, &packet);
    stage_quiet(stage);
    stage_free(stage);
}

static void
note(void *user, const vsk_seen *seen)
{
    struct stage *stage = user;

    stage->seen[seen->kind]++;
    stage->last = *seen;
    if (seen->packet != NULL)
        stage->packet.header = seen->packet->header;
}

static void
whoever_wants_sees_every_packet(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn;
    (void)state;
    stage->guest.tap = (vsk_tap){note, stage};
    stage->now = 5;

    conn = stage_connected(stage);
    assert_int_equal(stage->seen[VSK_SEEN_PACKET], 2);
    assert_int_equal(stage->last.queue, VSK_RX);
    assert_int_equal(stage->last.guest_cid, CID);
    assert_int_equal(stage->last.now, 5);
    assert_int_equal(stage->last.chain->writable, 44);
    assert_int_equal(stage->packet.header.op, VSK_OP_RESPONSE);
    assert_int_equal(stage_sent(stage, conn, bulk, 5), 5);
    assert_int_equal(stage->last.queue, VSK_TX);
    assert_int_equal(stage->last.guest_cid, CID);
    assert_int_equal(stage->last.head, stage_pop(stage, VSK_TX)->head);
    (void)stage_pop(stage, VSK_RX);
    stage_push(stage, VSK_RX, 3);
    stage_told_error(stage, VSK_BAD_SHORT);
    assert_int_equal(stage->seen[VSK_SEEN_PACKET], 3);
    assert_int_equal(stage->last.kind, VSK_SEEN_REFUSED);
    assert_int_equal(stage->last.head, stage->chains[VSK_RX].head);
    assert_int_not_equal(stage->last.head, 0);
    assert_int_equal(stage->last.status, VSK_BAD_SHORT);
    stage_free(stage);
}

/* ---- much of it ---- */

/* Send from the guest and back again, through a device that forwards all. */
static void
exchange(struct stage *stage, uint32_t bytes)
{
    vsk_conn *conn = stage_connected_to(stage, VSK_TYPE_STREAM, 8192);
    uint8_t *data = rig_zeroed(bytes, 1), *back = rig_zeroed(bytes, 1);
    uint32_t done = 0, taken = 0, returned = 0;

    rig_pattern(data, bytes, 1);
    while (returned < bytes) {
        uint32_t before = done + taken + returned;

        done += (uint32_t)stage_sent(stage, conn, data + done, bytes - done);
        while (vsk_guest_poll(&stage->guest, stage->now, &stage->event) ==
               VSK_OK) {
            if (stage->event.kind != VSK_EVENT_DATA)
                continue;
            returned += vsk_packet_read(stage->event.packet, 0, back + returned,
                                        bytes - returned);
            (void)vsk_endpoint_forwarded(&stage->guest.endpoint, stage->now,
                                         conn, stage->event.packet->size);
        }
        while (!stage_is_empty(stage, VSK_TX)) {
            uint32_t size = stage_look(stage)->size, part = 0;

            for (; part < size && !stage_is_empty(stage, VSK_RX);
                 part += 1000) {
                uint8_t piece[1000];
                uint32_t len =
                    vsk_packet_read(&stage->packet, part, piece, sizeof piece);
                vsk_packet packet = stage_from_host(VSK_OP_RW, VSK_TYPE_STREAM);

                vsk_packet_init(&packet, piece, len);
                packet.header =
                    stage_from_host(VSK_OP_RW, VSK_TYPE_STREAM).header;
                packet.header.len = len;
                packet.header.buf_alloc = 8192;
                packet.header.fwd_cnt = taken + size;
                stage_give(stage, &packet);
            }
            assert_true(part >= size);
            taken += size;
            stage_push(stage, VSK_TX, 0);
        }
        stage->now += VSK_MILLISECOND;
        assert_int_not_equal(before, done + taken + returned);
    }
    assert_memory_equal(data, back, bytes);
    assert_int_equal(stage->guest.endpoint.counters.errors, 0);
    free(data);
    free(back);
}

static void
what_is_sent_comes_back_with_every_policy(void **state)
{
    (void)state;

    for (uint32_t i = 0; i < 4; i++) {
        vsk_guest_policy policy =
            i < 3 ? vsk_guest_preset_at(i)->policy : stage_small_policy();
        struct stage *stage = stage_new(&policy);

        exchange(stage, 500000);
        vsk_guest_close(&stage->guest);
        assert_int_equal(vsk_pool_available(&stage->pool), stage->region.size);
        stage_free(stage);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_says_who_asks_and_what_room_there_is),
        cmocka_unit_test(a_type_that_was_not_negotiated_is_not_connected),
        cmocka_unit_test(streams_are_there_without_any_feature),
        cmocka_unit_test(seqpacket_alone_implies_streams),
        cmocka_unit_test(a_refused_connection_is_told),
        cmocka_unit_test(a_connection_that_nobody_answers_times_out),
        cmocka_unit_test(a_request_is_accepted),
        cmocka_unit_test(a_response_leaves_before_data),
        cmocka_unit_test(half_close_is_the_end_of_what_comes),
        cmocka_unit_test(own_half_close_is_sent),
        cmocka_unit_test(close_waits_for_the_rst_and_then_sends_one),
        cmocka_unit_test(payload_is_told_where_it_lies),
        cmocka_unit_test(an_error_shows_the_packet_that_is_to_blame),
        cmocka_unit_test(
            a_connection_reset_while_its_data_is_told_stays_until_the_next),
        cmocka_unit_test(no_more_is_sent_than_the_peer_has_room_for),
        cmocka_unit_test(every_packet_says_what_was_forwarded),
        cmocka_unit_test(credit_is_volunteered_when_all_is_forwarded),
        cmocka_unit_test(tx_buffers_are_for_the_device_to_read),
        cmocka_unit_test(payload_is_cut_into_pieces_of_the_policy),
        cmocka_unit_test(an_indirect_table_has_no_more_pieces_than_the_queue),
        cmocka_unit_test(a_queue_of_one_has_header_and_payload_in_one_piece),
        cmocka_unit_test(nothing_goes_indirect_that_was_not_negotiated),
        cmocka_unit_test(any_packet_can_be_put_in_any_cut),
        cmocka_unit_test(a_cut_may_have_more_room_than_the_packet),
        cmocka_unit_test(a_put_without_a_cut_has_no_more_pieces_than_the_queue),
        cmocka_unit_test(a_message_is_longer_than_a_packet),
        cmocka_unit_test(an_empty_message_is_one_packet),
        cmocka_unit_test(nothing_on_a_stream_is_no_packet),
        cmocka_unit_test(a_stream_has_no_message_to_end),
        cmocka_unit_test(a_message_longer_than_the_peers_buffer_is_refused),
        cmocka_unit_test(a_packet_is_shown_before_anything_is_done),
        cmocka_unit_test(a_chain_without_a_packet_is_an_error_and_no_packet),
        cmocka_unit_test(a_packet_may_be_swallowed),
        cmocka_unit_test(
            what_is_done_while_a_packet_is_shown_is_told_before_it),
        cmocka_unit_test(a_packet_may_be_replaced),
        cmocka_unit_test(whoever_wants_sees_every_packet),
        cmocka_unit_test(what_is_sent_comes_back_with_every_policy),
    };

    return rig_run("guest_packets", tests);
}
