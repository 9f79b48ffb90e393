/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "device_rig.h"

/* ---- connections ---- */

static void
a_request_is_told_and_accepted_with_a_response(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    /* VSOCK-BOTH-25, VSOCK-BOTH-01, VSOCK-DEV-12 */
    bench_stream(bench);

    assert_int_equal(bench->header.src_cid, VSK_CID_HOST);
    assert_int_equal(bench->header.dst_cid, GUEST);
    assert_int_equal(bench->header.src_port, HOST_PORT);
    assert_int_equal(bench->header.dst_port, GUEST_PORT);
    assert_int_equal(bench->header.buf_alloc, 262144);
    bench_free(bench);
}

static void
a_request_that_is_reset_is_answered_with_rst(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_post(bench, VSK_RX, 1, 44);
    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_call(bench, bench->event.conn, VSK_CALL_RESET);
    bench_comes(bench, VSK_EVENT_CLOSE);
    bench_quiet(bench);

    /* VSOCK-BOTH-26 */
    bench_expect(bench, VSK_OP_RST);
    assert_int_equal(bench->device.endpoint.table.count, 0);
    bench_free(bench);
}

static void
a_request_beyond_the_table_is_answered_with_rst(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    for (uint32_t i = 0; i < FLOWS; i++)
        bench_connected(bench, VSK_TYPE_STREAM, 10 + i);
    bench_post(bench, VSK_RX, 1, 44);
    bench_transmit_op(bench, VSK_OP_REQUEST, 99);
    bench_quiet(bench);

    /* VSOCK-BOTH-27, peers.md row 23 */
    bench_expect(bench, VSK_OP_RST);
    assert_int_equal(bench->header.dst_port, 99);
    bench_free(bench);
}

static void
every_byte_of_a_rst_is_written(void **state)
{
    struct bench *bench = bench_new();
    const vsk_header wanted = {
        .src_cid = VSK_CID_HOST,
        .dst_cid = GUEST,
        .src_port = HOST_PORT,
        .dst_port = GUEST_PORT,
        .type = VSK_TYPE_STREAM,
        .op = VSK_OP_RST,
    };
    (void)state;

    bench_post(bench, VSK_RX, 1, 100);
    bench_transmit_op(bench, VSK_OP_CREDIT_UPDATE, GUEST_PORT);
    bench_fails(bench, VSK_BAD_FLOW);
    bench_quiet(bench);

    /* peers.md row 4: the memory held 0xAA; row 11 */
    bench_expect(bench, VSK_OP_RST);
    assert_true(vsk_header_equal(&bench->header, &wanted));
    assert_int_equal(bench->written, 44);
    bench_free(bench);
}

static void
a_device_connects_to_the_guest(void **state)
{
    struct bench *bench = bench_new();
    vsk_header answer = bench_header(bench, VSK_OP_RESPONSE, 22);
    vsk_conn *conn;
    (void)state;

    bench_post(bench, VSK_RX, 1, 44);
    assert_int_equal(
        vsk_device_connect(&bench->device, 0, 5000, 22, VSK_TYPE_STREAM, &conn),
        VSK_OK);
    bench_quiet(bench);
    bench_expect(bench, VSK_OP_REQUEST);
    assert_int_equal(bench->header.src_port, 5000);
    assert_int_equal(bench->header.dst_port, 22);
    assert_int_equal(bench->header.dst_cid, GUEST);
    answer.dst_port = 5000;
    bench_transmit(bench, &answer);

    bench_comes(bench, VSK_EVENT_CONNECT);
    assert_ptr_equal(bench->event.conn, conn);
    bench_free(bench);
}

static void
a_type_that_was_not_negotiated_is_answered_with_rst(void **state)
{
    struct bench *bench = bench_with(ALL & ~BIT(SEQPACKET));
    vsk_header header = bench_header(bench, VSK_OP_REQUEST, GUEST_PORT);
    (void)state;

    header.type = VSK_TYPE_SEQPACKET;
    bench_post(bench, VSK_RX, 1, 44);
    bench_transmit(bench, &header);
    bench_fails(bench, VSK_BAD_TYPE);
    bench_quiet(bench);

    /* peers.md row 17 */
    bench_expect(bench, VSK_OP_RST);
    assert_int_equal(bench->header.type, VSK_TYPE_SEQPACKET);
    bench_free(bench);
}

static void
an_unknown_type_is_answered_with_rst(void **state)
{
    struct bench *bench = bench_new();
    const uint16_t types[] = {0, 3, 0xffff};
    (void)state;

    bench_post(bench, VSK_RX, 4, 44);
    for (uint32_t i = 0; i < 3; i++) {
        vsk_header header = bench_header(bench, VSK_OP_REQUEST, GUEST_PORT);

        /* VSOCK-DEV-13 */
        header.type = types[i];
        bench_transmit(bench, &header);
        bench_fails(bench, VSK_BAD_TYPE);
        bench_quiet(bench);
        bench_expect(bench, VSK_OP_RST);
        header.op = VSK_OP_RST;
        bench_transmit(bench, &header);
        bench_quiet(bench);
        assert_false(bench_receive(bench));
    }
    bench_free(bench);
}

static void
a_foreign_source_is_counted_and_not_answered(void **state)
{
    struct bench *bench = bench_new();
    vsk_header header = bench_header(bench, VSK_OP_REQUEST, GUEST_PORT);
    (void)state;

    bench_post(bench, VSK_RX, 2, 44);
    header.src_cid = 4;
    bench_transmit(bench, &header);
    header = bench_header(bench, VSK_OP_REQUEST, GUEST_PORT);
    header.src_cid |= UINT64_C(1) << 32;
    bench_transmit(bench, &header);
    bench_fails(bench, VSK_BAD_CID);
    assert_non_null(bench->event.packet);
    bench_fails(bench, VSK_BAD_CID);
    bench_quiet(bench);

    assert_int_equal(bench->device.endpoint.counters.foreign, 2);
    bench_expect_back(bench, 2);
    assert_false(bench_receive(bench));
    bench_free(bench);
}

static void
a_destination_that_is_not_served_is_answered_with_rst(void **state)
{
    struct bench *bench = bench_new();
    vsk_header header = bench_header(bench, VSK_OP_REQUEST, GUEST_PORT);
    (void)state;

    bench_post(bench, VSK_RX, 1, 44);
    header.dst_cid = 77;
    bench_transmit(bench, &header);
    bench_fails(bench, VSK_BAD_FLOW);
    bench_quiet(bench);

    /* peers.md row 11 */
    bench_expect(bench, VSK_OP_RST);
    assert_int_equal(bench->header.src_cid, 77);
    bench_free(bench);
}

static void
a_rst_is_never_answered(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_post(bench, VSK_RX, 1, 44);
    bench_transmit_op(bench, VSK_OP_RST, GUEST_PORT);
    bench_quiet(bench);

    /* peers.md row 11 */
    assert_false(bench_receive(bench));
    bench_expect_back(bench, 1);
    bench_free(bench);
}

/* ---- payload to the guest ---- */

/* Send a stream through RX buffers of one shape; true where all came over. */
static bool
crosses(uint32_t size, const vsk_layout *layout, uint32_t total)
{
    struct bench *bench = bench_new();
    vsk_conn *conn = bench_stream(bench);
    uint8_t *data = rig_zeroed(total, 1), *came = rig_zeroed(total + 1, 1);
    uint64_t done = 0, sent;
    bool equal;

    rig_pattern(data, total, 3);
    for (uint32_t turn = 0; turn < 1000 && bench->fwd_cnt < total; turn++) {
        while (bench->drivers[VSK_RX].ring.outstanding < 3)
            bench_post_cut(bench, VSK_RX, layout, size);
        if (turn == 0 || bench_poll(bench) == VSK_OK) {
            (void)bench_send(bench, conn, data + done, (uint32_t)(total - done),
                             &sent);
            done += sent;
        }
        while (bench_receive(bench)) {
            memcpy(came + bench->fwd_cnt, bench->payload, bench->header.len);
            bench->fwd_cnt += bench->header.len;
        }
        bench_transmit_op(bench, VSK_OP_CREDIT_UPDATE, GUEST_PORT);
        bench_quiet(bench);
        bench_expect_back(bench, 1);
    }
    equal = bench->fwd_cnt == total && memcmp(data, came, total) == 0;
    assert_int_equal(bench->device.endpoint.counters.errors, 0);
    free(data);
    free(came);
    bench_free(bench);
    return equal;
}

static void
payload_crosses_rx_buffers_of_every_size(void **state)
{
    const vsk_layout whole = {0};
    const uint32_t sizes[] = {45, 100, 3776, 44 + 4096, 65536 + 44, 100000};
    (void)state;

    /* peers.md row 1; VSOCK-BOTH-13 */
    for (uint32_t i = 0; i < 6; i++)
        if (!crosses(sizes[i], &whole, sizes[i] < 100 ? 300 : 20000))
            fail_msg("lost with buffers of %u", sizes[i]);
}

static void
payload_crosses_rx_buffers_of_any_cut(void **state)
{
    const uint32_t pieces[] = {10, 34, 5, 1, 50};
    const uint32_t ones[] = {1, 42, 1, 1};
    (void)state;

    /* peers.md row 1; VSOCK-BOTH-23 */
    assert_true(crosses(100, &(vsk_layout){pieces, 5, false}, 3000));
    assert_true(crosses(100, &(vsk_layout){pieces, 5, true}, 3000));
    assert_true(crosses(45, &(vsk_layout){ones, 4, true}, 100));
}

static void
a_buffer_for_a_header_alone_is_of_no_use_for_payload(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn = bench_stream(bench);
    uint8_t data[5] = "hello";
    uint64_t sent;
    (void)state;

    bench_post(bench, VSK_RX, 2, 44);
    bench_post(bench, VSK_RX, 1, 49);
    assert_int_equal(bench_send(bench, conn, data, 5, &sent), VSK_OK);

    assert_int_equal(sent, 5);
    assert_true(bench_receive(bench));
    assert_int_equal(bench->written, 0);
    assert_true(bench_receive(bench));
    assert_int_equal(bench->written, 0);
    bench_expect(bench, VSK_OP_RW);
    assert_memory_equal(bench->payload, "hello", 5);
    bench_free(bench);
}

static void
bytes_behind_the_packet_are_left_alone(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn = bench_stream(bench);
    uint8_t data[5] = "hello";
    uint64_t sent;
    const vsk_buffer buffer = {DATA + 0x1000, 100, true};
    uint16_t head;
    (void)state;

    assert_int_equal(
        vsk_buffers_add(&bench->buffers[VSK_RX], &buffer, 1, 0, &head), VSK_OK);
    assert_int_equal(bench_send(bench, conn, data, 5, &sent), VSK_OK);

    for (uint32_t i = 49; i < 100; i++)
        assert_int_equal(*bench_at(bench, DATA + 0x1000 + i), RIG_FILL);
    bench_expect(bench, VSK_OP_RW);
    bench_free(bench);
}

static void
a_send_stops_without_buffers_and_writable_follows(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn = bench_stream(bench);
    uint8_t data[200];
    uint64_t sent;
    (void)state;

    rig_pattern(data, 200, 1);
    bench_post(bench, VSK_RX, 1, 144);
    assert_int_equal(bench_send(bench, conn, data, 200, &sent), VSK_NONE);
    assert_int_equal(sent, 100);
    bench_quiet(bench);
    (void)vsk_queue_should_kick(&bench->drivers[VSK_RX]);
    bench_post(bench, VSK_RX, 1, 144);

    assert_true(vsk_queue_should_kick(&bench->drivers[VSK_RX]));
    bench_comes(bench, VSK_EVENT_WRITABLE);
    assert_ptr_equal(bench->event.conn, conn);
    assert_int_equal(bench_send(bench, conn, data + 100, 100, &sent), VSK_OK);
    bench_quiet(bench);
    bench_free(bench);
}

static void
response_leaves_before_payload(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn;
    uint8_t data[5] = "hello";
    uint64_t sent;
    (void)state;

    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_REQUEST);
    conn = bench->event.conn;
    bench_call(bench, conn, VSK_CALL_ACCEPT);
    assert_int_equal(bench_send(bench, conn, data, 5, &sent), VSK_NONE);
    bench_post(bench, VSK_RX, 1, 100);
    bench_quiet(bench);
    bench_post(bench, VSK_RX, 1, 100);
    bench_comes(bench, VSK_EVENT_WRITABLE);
    assert_int_equal(bench_send(bench, conn, data, 5, &sent), VSK_OK);

    /* peers.md row 12 */
    bench_expect(bench, VSK_OP_RESPONSE);
    bench_expect(bench, VSK_OP_RW);
    bench_free(bench);
}

static void
a_send_lets_replies_go_first(void **state)
{
    struct bench *bench = bench_new();
    uint8_t data[5] = "hello";
    uint64_t sent;
    (void)state;

    bench_post(bench, VSK_RX, 2, 100);
    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_call(bench, bench->event.conn, VSK_CALL_ACCEPT);
    assert_int_equal(bench_send(bench, bench->event.conn, data, 5, &sent),
                     VSK_OK);

    bench_expect(bench, VSK_OP_RESPONSE);
    bench_expect(bench, VSK_OP_RW);
    bench_free(bench);
}

/* The driver takes back what was used, and posts it again. */
static void
post_again(struct bench *bench, const vsk_seen *seen)
{
    if (seen->kind == VSK_SEEN_USED && bench_receive(bench))
        bench_post(bench, VSK_RX, 1, 54);
}

static void
a_send_ends_after_as_many_chains_as_the_queue_has(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn = bench_stream(bench);
    uint8_t data[2000] = {0};
    uint64_t sent;
    (void)state;

    bench_post(bench, VSK_RX, 1, 54);
    bench->hook = post_again;
    assert_int_equal(bench_send(bench, conn, data, 2000, &sent), VSK_NONE);

    assert_int_equal(sent, 160);
    bench_comes(bench, VSK_EVENT_WRITABLE);
    bench_free(bench);
}

static void
replies_of_others_leave_before_payload(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn = bench_stream(bench);
    uint8_t data[5] = "hello";
    uint64_t sent;
    (void)state;

    bench_transmit_op(bench, VSK_OP_CREDIT_UPDATE, 77);
    bench_fails(bench, VSK_BAD_FLOW);
    bench_quiet(bench);
    bench_post(bench, VSK_RX, 1, 100);
    assert_int_equal(bench_send(bench, conn, data, 5, &sent), VSK_NONE);
    bench_post(bench, VSK_RX, 1, 100);
    bench_comes(bench, VSK_EVENT_WRITABLE);
    assert_int_equal(bench_send(bench, conn, data, 5, &sent), VSK_OK);

    bench_expect(bench, VSK_OP_RST);
    bench_expect(bench, VSK_OP_RW);
    bench_free(bench);
}

static void
senders_take_turns_of_eight_chains(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conns[2];
    uint8_t data[2000] = {0};
    uint64_t sent;
    (void)state;

    conns[0] = bench_connected(bench, VSK_TYPE_STREAM, 10);
    conns[1] = bench_connected(bench, VSK_TYPE_STREAM, 11);
    assert_int_equal(bench_send(bench, conns[0], data, 2000, &sent), VSK_NONE);
    assert_int_equal(bench_send(bench, conns[1], data, 2000, &sent), VSK_NONE);
    for (uint32_t turn = 0; turn < 4; turn++) {
        bench_post(bench, VSK_RX, 16, 54);
        bench_comes(bench, VSK_EVENT_WRITABLE);
        assert_ptr_equal(bench->event.conn, conns[0]);
        assert_int_equal(
            bench_send(bench, bench->event.conn, data, 2000, &sent), VSK_NONE);

        assert_int_equal(sent, VSK_DEVICE_SHARE * 10);
        bench_comes(bench, VSK_EVENT_WRITABLE);
        assert_ptr_equal(bench->event.conn, conns[1]);
        (void)bench_send(bench, bench->event.conn, data, 2000, &sent);
        assert_int_equal(sent, VSK_DEVICE_SHARE * 10);
        while (bench_receive(bench))
            ;
    }
    bench_free(bench);
}

static void
a_turn_of_many_sends_is_no_longer(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conns[2];
    uint8_t data[10] = {0};
    uint32_t count = 0;
    uint64_t sent;
    (void)state;

    for (uint32_t i = 0; i < 2; i++)
        conns[i] = bench_connected(bench, VSK_TYPE_SEQPACKET, 10 + i);
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(
            bench_send_flagged(bench, conns[i], data, 10, VSK_SEQ_EOM, &sent),
            VSK_NONE);
    bench_post(bench, VSK_RX, 16, 54);
    bench_comes(bench, VSK_EVENT_WRITABLE);
    while (bench_send_flagged(bench, conns[0], data, 10, VSK_SEQ_EOM, &sent) ==
           VSK_OK)
        count++;

    assert_int_equal(count, VSK_DEVICE_SHARE);
    bench_comes(bench, VSK_EVENT_WRITABLE);
    assert_ptr_equal(bench->event.conn, conns[1]);
    bench_free(bench);
}

static void
a_turn_that_went_on_alone_ends_when_others_wait(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conns[2];
    uint8_t data[160] = {0};
    uint64_t sent;
    (void)state;

    for (uint32_t i = 0; i < 2; i++)
        conns[i] = bench_connected(bench, VSK_TYPE_STREAM, 10 + i);
    assert_int_equal(bench_send(bench, conns[0], data, 160, &sent), VSK_NONE);
    bench_post(bench, VSK_RX, 16, 54);
    bench_comes(bench, VSK_EVENT_WRITABLE);
    assert_int_equal(bench_send(bench, conns[0], data, 160, &sent), VSK_OK);
    assert_int_equal(bench_send(bench, conns[1], data, 10, &sent), VSK_NONE);
    while (bench_receive(bench))
        ;
    bench_post(bench, VSK_RX, 16, 54);

    assert_int_equal(bench_send(bench, conns[0], data, 10, &sent), VSK_NONE);

    bench_comes(bench, VSK_EVENT_WRITABLE);
    assert_ptr_equal(bench->event.conn, conns[1]);
    bench_free(bench);
}

static void
who_sends_alone_takes_all_buffers(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn = bench_stream(bench);
    uint8_t data[2000] = {0};
    uint64_t sent;
    (void)state;

    bench_post(bench, VSK_RX, 16, 54);
    assert_int_equal(bench_send(bench, conn, data, 2000, &sent), VSK_NONE);

    assert_int_equal(sent, 160);
    bench_free(bench);
}

static void
a_send_never_passes_the_credit_of_the_guest(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn;
    uint8_t data[2000] = {0};
    uint64_t sent;
    (void)state;

    bench->buf_alloc = 1000;
    conn = bench_stream(bench);
    bench_post(bench, VSK_RX, 4, 4096);
    assert_int_equal(bench_send(bench, conn, data, 2000, &sent), VSK_NONE);

    /* VSOCK-DEV-11 */
    assert_int_equal(sent, 1000);
    bench->fwd_cnt = 1000;
    bench_transmit_op(bench, VSK_OP_CREDIT_UPDATE, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_WRITABLE);
    bench_free(bench);
}

static void
a_send_is_refused_before_the_connection_is_made(void **state)
{
    struct bench *bench = bench_new();
    uint8_t data[5] = "hello";
    uint64_t sent = 9;
    vsk_conn *conn;
    (void)state;

    assert_int_equal(vsk_device_connect(&bench->device, 0, VSK_PORT_ANY, 22,
                                        VSK_TYPE_STREAM, &conn),
                     VSK_OK);

    assert_int_equal(bench_send(bench, conn, data, 5, &sent), VSK_ERR_STATE);
    assert_int_equal(sent, 0);
    bench_free(bench);
}

static void
put_sends_any_packet_as_it_is(void **state)
{
    struct bench *bench = bench_new();
    uint8_t data[10] = "0123456789";
    vsk_packet packet;
    (void)state;

    vsk_packet_init(&packet, data, 10);
    packet.header.op = 99;
    packet.header.src_cid = 1234;
    assert_int_equal(vsk_device_put(&bench->device, 0, &packet), VSK_NONE);
    bench_post(bench, VSK_RX, 1, 53);
    assert_int_equal(vsk_device_put(&bench->device, 0, &packet), VSK_ERR_ROOM);
    packet.size = 9;
    packet.first.len = 9;
    packet.header.len = 9;

    assert_int_equal(vsk_device_put(&bench->device, 0, &packet), VSK_OK);
    assert_true(bench_receive(bench));
    assert_true(vsk_header_equal(&bench->header, &packet.header));
    assert_memory_equal(bench->payload, "012345678", 9);
    bench_free(bench);
}

/* ---- payload from the guest ---- */

/* Transmit in one cut, and compare what is told. */
static void
is_told(struct bench *bench, const vsk_layout *layout, uint32_t size)
{
    uint8_t *data = rig_zeroed(size, 1), *told = rig_zeroed(size, 1);
    vsk_header header = bench_header(bench, VSK_OP_RW, GUEST_PORT);

    rig_pattern(data, size, 5);
    header.len = size;
    bench_transmit_cut(bench, &header, data, size, layout);
    bench_comes(bench, VSK_EVENT_DATA);
    assert_true(vsk_header_equal(&bench->event.packet->header, &header));
    assert_int_equal(vsk_packet_read(bench->event.packet, 0, told, size), size);
    assert_memory_equal(told, data, size);
    assert_true(bench->event.chain->readable >= 44 + size);
    assert_int_equal(vsk_endpoint_forwarded(&bench->device.endpoint, 0,
                                            bench->event.conn, size),
                     VSK_OK);
    bench_quiet(bench);
    while (bench_receive(bench))
        bench_post(bench, VSK_RX, 1, 44);
    bench_expect_back(bench, 1);
    free(data);
    free(told);
}

static void
payload_is_told_however_it_is_cut(void **state)
{
    const uint32_t two[] = {44, 100}, apart[] = {1, 43, 100};
    const uint32_t across[] = {10, 134}, more[] = {40, 8, 60, 36, 40};
    struct bench *bench = bench_new();
    (void)state;

    /* peers.md row 1; VSOCK-DRV-07: the last one has room behind the packet */
    bench_stream(bench);
    bench_post(bench, VSK_RX, 1, 44);
    for (uint32_t indirect = 0; indirect < 2; indirect++) {
        is_told(bench, &(vsk_layout){two, 2, indirect}, 100);
        is_told(bench, &(vsk_layout){apart, 3, indirect}, 100);
        is_told(bench, &(vsk_layout){across, 2, indirect}, 100);
        is_told(bench, &(vsk_layout){more, 5, indirect}, 100);
    }
    is_told(bench, &(vsk_layout){0}, 65536);
    bench_free(bench);
}

static void
payload_crosses_the_edge_of_two_regions(void **state)
{
    struct bench *bench = bench_new();
    const vsk_buffer buffer = {DATA + DATA_BYTES - 20, 49, false};
    vsk_header header = bench_header(bench, VSK_OP_RW, GUEST_PORT);
    uint8_t wire[49], told[5];
    uint16_t head;
    (void)state;

    /* peers.md row 1 */
    bench_stream(bench);
    header.len = 5;
    vsk_header_encode(&header, wire);
    memcpy(wire + 44, "hello", 5);
    for (uint32_t i = 0; i < 49; i++)
        *bench_at(bench, buffer.addr + i) = wire[i];
    assert_int_equal(
        vsk_buffers_add(&bench->buffers[VSK_TX], &buffer, 1, 0, &head), VSK_OK);

    bench_comes(bench, VSK_EVENT_DATA);
    assert_int_equal(vsk_packet_read(bench->event.packet, 0, told, 5), 5);
    assert_memory_equal(told, "hello", 5);
    bench_free(bench);
}

static void
a_chain_is_given_back_by_the_poll_after_its_last_event(void **state)
{
    struct bench *bench = bench_new();
    uint8_t data[5] = "hello";
    (void)state;

    bench_stream(bench);
    bench_transmit_data(bench, GUEST_PORT, data, 5);
    bench_transmit_data(bench, GUEST_PORT, data, 5);
    bench_comes(bench, VSK_EVENT_DATA);
    bench_expect_back(bench, 0);
    bench_comes(bench, VSK_EVENT_DATA);

    bench_expect_back(bench, 1);
    bench_quiet(bench);
    bench_expect_back(bench, 1);
    bench_free(bench);
}

static void
credit_is_volunteered_when_the_pass_is_over(void **state)
{
    struct bench *bench = bench_new();
    uint8_t data[5] = "hello";
    (void)state;

    bench_stream(bench);
    bench_post(bench, VSK_RX, 1, 44);
    bench_transmit_data(bench, GUEST_PORT, data, 5);
    bench_comes(bench, VSK_EVENT_DATA);
    assert_int_equal(vsk_endpoint_forwarded(&bench->device.endpoint, 0,
                                            bench->event.conn, 5),
                     VSK_OK);
    bench_quiet(bench);

    /* peers.md row 7 */
    bench_expect(bench, VSK_OP_CREDIT_UPDATE);
    assert_int_equal(bench->header.fwd_cnt, 5);
    bench_free(bench);
}

static void
a_header_that_changes_after_it_was_read_changes_nothing(void **state)
{
    struct bench *bench = bench_new();
    vsk_span where;
    (void)state;

    /* peers.md row 3 */
    bench->device.show_packets = true;
    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_PACKET);
    where = bench->event.chain->spans[0];
    memset(where.base, 0xff, where.len);

    bench_comes(bench, VSK_EVENT_REQUEST);
    assert_int_equal(bench->event.conn->flow.peer_port, GUEST_PORT);
    assert_int_equal(bench->event.packet->header.op, VSK_OP_REQUEST);
    bench_free(bench);
}

/* ---- packets are shown first ---- */

static void
a_packet_that_is_swallowed_does_nothing(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn = bench_stream(bench);
    uint8_t data[5] = "hello";
    (void)state;

    bench->device.show_packets = true;
    bench_transmit_data(bench, GUEST_PORT, data, 5);
    bench_comes(bench, VSK_EVENT_PACKET);
    assert_int_equal(bench->event.packet->header.op, VSK_OP_RW);
    assert_non_null(bench->event.chain);
    vsk_device_swallow(&bench->device);
    bench_quiet(bench);

    assert_int_equal(conn->credit.rx_cnt, 0);
    bench_expect_back(bench, 1);
    bench_free(bench);
}

static void
a_packet_that_is_replaced_counts_as_the_other(void **state)
{
    struct bench *bench = bench_new();
    vsk_packet other;
    uint8_t data[3] = "new", told[3];
    (void)state;

    bench_stream(bench);
    bench->device.show_packets = true;
    bench_transmit_op(bench, VSK_OP_CREDIT_UPDATE, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_PACKET);
    vsk_packet_init(&other, data, 3);
    other.header = bench_header(bench, VSK_OP_RW, GUEST_PORT);
    other.header.len = 3;
    vsk_device_replace(&bench->device, &other);

    bench_comes(bench, VSK_EVENT_DATA);
    assert_int_equal(vsk_packet_read(bench->event.packet, 0, told, 3), 3);
    assert_memory_equal(told, "new", 3);
    bench_quiet(bench);
    bench_expect_back(bench, 1);
    bench_free(bench);
}

static void
what_was_asked_for_during_packet_is_told_before_it_is_read(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn = bench_stream(bench);
    (void)state;

    bench_post(bench, VSK_RX, 2, 44);
    bench->device.show_packets = true;
    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_PACKET);
    bench_call(bench, conn, VSK_CALL_RESET);

    bench_comes(bench, VSK_EVENT_CLOSE);
    assert_int_equal(bench->event.conn->reason, VSK_REASON_LOCAL);
    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_free(bench);
}

/* ---- SEQPACKET ---- */

static void
only_the_last_packet_of_a_message_carries_its_flags(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn = bench_connected(bench, VSK_TYPE_SEQPACKET, GUEST_PORT);
    uint8_t data[250], came[250];
    uint32_t done = 0;
    uint64_t sent;
    (void)state;

    rig_pattern(data, 250, 9);
    bench_post(bench, VSK_RX, 3, 144);
    assert_int_equal(bench_send_flagged(bench, conn, data, 250,
                                        VSK_SEQ_EOM | VSK_SEQ_EOR, &sent),
                     VSK_OK);
    assert_int_equal(sent, 250);

    /* VSOCK-BOTH-36, VSOCK-BOTH-37, VSOCK-BOTH-39, peers.md row 17 */
    for (uint32_t i = 0; i < 3; i++) {
        bench_expect(bench, VSK_OP_RW);
        assert_int_equal(bench->header.flags,
                         i == 2 ? VSK_SEQ_EOM | VSK_SEQ_EOR : 0);
        memcpy(came + done, bench->payload, bench->header.len);
        done += bench->header.len;
    }
    assert_memory_equal(came, data, 250);
    bench_free(bench);
}

static void
a_message_goes_on_where_buffers_ran_out(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn = bench_connected(bench, VSK_TYPE_SEQPACKET, GUEST_PORT);
    uint8_t data[250] = {0};
    uint64_t sent;
    (void)state;

    bench_post(bench, VSK_RX, 2, 144);
    assert_int_equal(
        bench_send_flagged(bench, conn, data, 250, VSK_SEQ_EOM, &sent),
        VSK_NONE);
    assert_int_equal(sent, 200);
    bench_post(bench, VSK_RX, 1, 144);
    bench_comes(bench, VSK_EVENT_WRITABLE);
    assert_int_equal(
        bench_send_flagged(bench, conn, data, 50, VSK_SEQ_EOM, &sent), VSK_OK);

    for (uint32_t i = 0; i < 3; i++) {
        bench_expect(bench, VSK_OP_RW);
        assert_int_equal(bench->header.flags, i == 2 ? VSK_SEQ_EOM : 0);
    }
    bench_free(bench);
}

/* Send no bytes with these flags; nothing is put into RX. */
static void
sends_nothing(uint16_t type, uint32_t flags)
{
    struct bench *bench = bench_new();
    vsk_conn *conn = bench_connected(bench, type, GUEST_PORT);
    uint64_t sent = 1;

    bench_post(bench, VSK_RX, 2, 144);
    assert_int_equal(bench_send_flagged(bench, conn, NULL, 0, flags, &sent),
                     VSK_OK);

    assert_int_equal(sent, 0);
    bench_quiet(bench);
    assert_false(bench_receive(bench));
    bench_free(bench);
}

static void
nothing_on_a_stream_is_no_packet(void **state)
{
    (void)state;

    sends_nothing(VSK_TYPE_STREAM, 0);
}

static void
a_stream_has_no_message_to_end(void **state)
{
    (void)state;

    sends_nothing(VSK_TYPE_STREAM, VSK_SEQ_EOM);
}

static void
nothing_of_a_message_is_no_packet(void **state)
{
    (void)state;

    sends_nothing(VSK_TYPE_SEQPACKET, 0);
}

static void
an_empty_message_is_one_packet(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn = bench_connected(bench, VSK_TYPE_SEQPACKET, GUEST_PORT);
    uint64_t sent;
    (void)state;

    bench_post(bench, VSK_RX, 2, 144);
    assert_int_equal(
        bench_send_flagged(bench, conn, NULL, 0, VSK_SEQ_EOM, &sent), VSK_OK);

    bench_expect(bench, VSK_OP_RW);
    assert_int_equal(bench->header.len, 0);
    assert_int_equal(bench->header.flags, VSK_SEQ_EOM);
    assert_false(bench_receive(bench));
    bench_free(bench);
}

static void
a_message_longer_than_the_guests_buffer_is_an_error(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn;
    uint8_t data[1001] = {0};
    uint64_t sent;
    (void)state;

    bench->buf_alloc = 1000;
    conn = bench_connected(bench, VSK_TYPE_SEQPACKET, GUEST_PORT);
    bench_post(bench, VSK_RX, 2, 4096);
    assert_int_equal(
        bench_send_flagged(bench, conn, data, 1001, VSK_SEQ_EOM, &sent),
        VSK_ERR_MESSAGE);

    assert_int_equal(sent, 0);
    assert_int_equal(
        bench_send_flagged(bench, conn, data, 1000, VSK_SEQ_EOM, &sent),
        VSK_OK);
    bench_free(bench);
}

static void
messages_of_the_guest_are_told_with_their_flags(void **state)
{
    struct bench *bench = bench_new();
    vsk_header header = bench_header(bench, VSK_OP_RW, GUEST_PORT);
    uint8_t data[4] = "part";
    (void)state;

    /* VSOCK-BOTH-35, VSOCK-BOTH-38 */
    bench_connected(bench, VSK_TYPE_SEQPACKET, GUEST_PORT);
    header.type = VSK_TYPE_SEQPACKET;
    for (uint32_t flags = 0; flags < 4; flags++) {
        header.len = flags;
        header.flags = flags;
        bench_transmit_cut(bench, &header, data, flags, &(vsk_layout){0});
        bench_comes(bench, VSK_EVENT_DATA);
        assert_int_equal(bench->event.packet->header.flags, flags);
        assert_int_equal(bench->event.packet->size, flags);
    }
    bench_free(bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_told_and_accepted_with_a_response),
        cmocka_unit_test(a_request_that_is_reset_is_answered_with_rst),
        cmocka_unit_test(a_request_beyond_the_table_is_answered_with_rst),
        cmocka_unit_test(every_byte_of_a_rst_is_written),
        cmocka_unit_test(a_device_connects_to_the_guest),
        cmocka_unit_test(a_type_that_was_not_negotiated_is_answered_with_rst),
        cmocka_unit_test(an_unknown_type_is_answered_with_rst),
        cmocka_unit_test(a_foreign_source_is_counted_and_not_answered),
        cmocka_unit_test(a_destination_that_is_not_served_is_answered_with_rst),
        cmocka_unit_test(a_rst_is_never_answered),
        cmocka_unit_test(payload_crosses_rx_buffers_of_every_size),
        cmocka_unit_test(payload_crosses_rx_buffers_of_any_cut),
        cmocka_unit_test(a_buffer_for_a_header_alone_is_of_no_use_for_payload),
        cmocka_unit_test(bytes_behind_the_packet_are_left_alone),
        cmocka_unit_test(a_send_stops_without_buffers_and_writable_follows),
        cmocka_unit_test(response_leaves_before_payload),
        cmocka_unit_test(a_send_lets_replies_go_first),
        cmocka_unit_test(a_send_ends_after_as_many_chains_as_the_queue_has),
        cmocka_unit_test(replies_of_others_leave_before_payload),
        cmocka_unit_test(senders_take_turns_of_eight_chains),
        cmocka_unit_test(a_turn_of_many_sends_is_no_longer),
        cmocka_unit_test(a_turn_that_went_on_alone_ends_when_others_wait),
        cmocka_unit_test(who_sends_alone_takes_all_buffers),
        cmocka_unit_test(a_send_never_passes_the_credit_of_the_guest),
        cmocka_unit_test(a_send_is_refused_before_the_connection_is_made),
        cmocka_unit_test(put_sends_any_packet_as_it_is),
        cmocka_unit_test(payload_is_told_however_it_is_cut),
        cmocka_unit_test(payload_crosses_the_edge_of_two_regions),
        cmocka_unit_test(
            a_chain_is_given_back_by_the_poll_after_its_last_event),
        cmocka_unit_test(credit_is_volunteered_when_the_pass_is_over),
        cmocka_unit_test(
            a_header_that_changes_after_it_was_read_changes_nothing),
        cmocka_unit_test(a_packet_that_is_swallowed_does_nothing),
        cmocka_unit_test(a_packet_that_is_replaced_counts_as_the_other),
        cmocka_unit_test(
            what_was_asked_for_during_packet_is_told_before_it_is_read),
        cmocka_unit_test(only_the_last_packet_of_a_message_carries_its_flags),
        cmocka_unit_test(a_message_goes_on_where_buffers_ran_out),
        cmocka_unit_test(nothing_on_a_stream_is_no_packet),
        cmocka_unit_test(a_stream_has_no_message_to_end),
        cmocka_unit_test(nothing_of_a_message_is_no_packet),
        cmocka_unit_test(an_empty_message_is_one_packet),
        cmocka_unit_test(a_message_longer_than_the_guests_buffer_is_an_error),
        cmocka_unit_test(messages_of_the_guest_are_told_with_their_flags),
    };

    return rig_run("device_packets", tests);
}
