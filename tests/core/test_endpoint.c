/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "endpoint_rig.h"

/* A state that a connection may be in before something happens to it. */
typedef vsk_conn *(*way)(struct end *end);

static vsk_conn *
closing(struct end *end)
{
    vsk_conn *conn = established(end);

    ask(end, conn, VSK_CALL_CLOSE, 0);
    expect_reply(end, VSK_OP_SHUTDOWN);
    return conn;
}

/* The peer shut both, and 10 bytes are still to be read. */
static vsk_conn *
draining(struct end *end)
{
    vsk_conn *conn = established(end);

    assert_ptr_equal(take(end, payload(10)), conn);
    take(end, shutdown(BOTH));
    expect(end, VSK_EVENT_EOF);
    expect_quiet(end);
    return conn;
}

/* Over and told, and its RST waits. */
static vsk_conn *
zombie(struct end *end)
{
    vsk_conn *conn = established(end);

    ask(end, conn, VSK_CALL_RESET, 0);
    expect_close(end, VSK_REASON_LOCAL);
    expect_quiet(end);
    return conn;
}

static uint64_t
handle_of(const struct end *end, const vsk_conn *conn)
{
    return vsk_table_handle(&end->endpoint.table, conn);
}

static void
assert_gone(const struct end *end, uint64_t handle)
{
    assert_null(vsk_table_by_handle(&end->endpoint.table, handle));
}

/* ---- beginning ---- */

static void
a_well_behaved_policy_says_what_the_manual_says(void **state)
{
    vsk_policy policy = vsk_policy_default();
    (void)state;

    assert_int_equal(policy.buf_alloc, 262144);
    assert_int_equal(policy.update_at, 0);
    assert_int_equal(policy.payload_max, 65536);
    assert_true(policy.update_idle);
    assert_true(policy.ask);
    assert_true(policy.answer);
    assert_true(policy.meter);
    assert_int_equal(policy.connect_timeout, UINT64_C(2000000000));
    assert_int_equal(policy.close_timeout, UINT64_C(8000000000));
    assert_int_equal(policy.drain_timeout, UINT64_C(8000000000));
    assert_int_equal(policy.ask_first, 100000000);
    assert_int_equal(policy.ask_last, UINT64_C(2000000000));
}

static void
a_new_endpoint_has_nothing_to_tell_or_send(void **state)
{
    struct end *end = *state;

    expect_nothing(end);
    expect_nobody_writable(end);
    assert_false(vsk_endpoint_waits(&end->endpoint));
    assert_true(vsk_endpoint_ready(&end->endpoint));
    assert_int_equal(wait_for(end, 1000 * VSK_SECOND), 0);
    vsk_endpoint_settle(&end->endpoint);
    expect_no_reply(end);
}

/* Each table in turn is too small. */
static void
tables_that_are_too_small_are_refused(void **state)
{
    struct end *end = *state;
    const vsk_endpoint_tables good = end_tables(end);
    vsk_endpoint_tables bad[] = {good, good, good, good};
    vsk_policy policy = vsk_policy_default();
    vsk_endpoint before = end->endpoint;

    bad[0].orphan_capacity = 0;
    bad[1].capacity = 0;
    bad[2].index_size = CONNS;
    bad[3].index_size = 2 * CONNS - 1;

    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(
            vsk_endpoint_init(&end->endpoint, &bad[i], &policy, HOST, GUEST, 7),
            VSK_ERR_ARGUMENT);

    assert_memory_equal(&end->endpoint, &before, sizeof before);
}

static void
a_connection_takes_128_bytes_beside_the_index(void **state)
{
    (void)state;

    assert_true(sizeof(vsk_slot) + sizeof(vsk_link) + sizeof(vsk_timer) +
                    sizeof(uint32_t) <=
                128);
}

static void
events_have_names(void **state)
{
    (void)state;

    assert_string_equal(vsk_event_name(VSK_EVENT_PACKET), "PACKET");
    assert_string_equal(vsk_event_name(VSK_EVENT_RESET), "RESET");
    assert_string_equal(vsk_event_name(VSK_EVENT_RESET + 1), "UNKNOWN");
}

/* ---- flows that nobody knows ---- */

static void
a_packet_of_an_unknown_flow_is_answered_with_one_rst(void **state)
{
    struct end *end = *state;
    vsk_event event;
    vsk_header rst;

    assert_int_equal(fault(end, typed(VSK_OP_RW, VSK_TYPE_SEQPACKET)),
                     VSK_BAD_FLOW);

    /* VSOCK-BOTH-11 */
    event = expect_error(end, VSK_BAD_FLOW);
    assert_int_equal(event.handle, 0);
    assert_null(event.conn);
    rst = expect_reply(end, VSK_OP_RST);
    assert_int_equal(rst.src_cid, HOST);
    assert_int_equal(rst.src_port, PORT);
    assert_int_equal(rst.dst_cid, GUEST);
    assert_int_equal(rst.dst_port, FROM);
    assert_int_equal(rst.type, VSK_TYPE_SEQPACKET);
    assert_int_equal(rst.flags, 0);
    assert_int_equal(rst.buf_alloc, 0);
    assert_int_equal(rst.fwd_cnt, 0);
    expect_no_reply(end);
    assert_int_equal(end->endpoint.table.count, 0);
}

static void
every_op_but_request_and_rst_of_an_unknown_flow_is_answered_with_rst(
    void **state)
{
    static const uint16_t ops[] = {
        VSK_OP_INVALID,           VSK_OP_RESPONSE,
        VSK_OP_SHUTDOWN,          VSK_OP_RW,
        VSK_OP_CREDIT_UPDATE,     VSK_OP_CREDIT_REQUEST,
        VSK_OP_CREDIT_REQUEST + 1};
    struct end *end = end_new();
    (void)state;

    for (uint32_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        assert_int_equal(fault(end, packet(ops[i])), VSK_BAD_FLOW);
        expect_error(end, VSK_BAD_FLOW);
        expect_reply(end, VSK_OP_RST);
        expect_no_reply(end);
    }
    free(end);
}

static void
a_rst_of_an_unknown_flow_is_not_answered(void **state)
{
    struct end *end = *state;

    /* VSOCK-DEV-13, VSOCK-DRV-14: or both would go on */
    take(end, packet(VSK_OP_RST));
    take(end, typed(VSK_OP_RST, 9));

    expect_nothing(end);
}

static void
a_rst_of_the_peer_takes_back_the_rst_for_its_unknown_flow(void **state)
{
    struct end *end = *state;

    fault(end, packet_from(FROM + 2, VSK_OP_RW));
    expect_reply(end, VSK_OP_RST); /* the first one of the ring is free */
    fault(end, packet_from(FROM + 1, VSK_OP_RW));
    fault(end, packet(VSK_OP_RW));

    take(end, packet(VSK_OP_RST));

    assert_int_equal(expect_reply(end, VSK_OP_RST).dst_port, FROM + 1);
    expect_no_reply(end);
}

static void
an_unknown_type_is_answered_with_rst(void **state)
{
    struct end *end = *state;

    /* VSOCK-DEV-13, VSOCK-DRV-14 */
    assert_int_equal(fault(end, typed(VSK_OP_REQUEST, 3)), VSK_BAD_TYPE);

    expect_error(end, VSK_BAD_TYPE);
    assert_int_equal(expect_reply(end, VSK_OP_RST).type, 3);
    assert_int_equal(end->endpoint.table.count, 0);
}

static void
an_unknown_type_is_no_flow_of_any(void **state)
{
    struct end *end = *state;

    /* VSOCK-BOTH-12 */
    assert_int_equal(fault(end, typed(VSK_OP_RW, 3)), VSK_BAD_TYPE);

    expect_reply(end, VSK_OP_RST);
}

static void
a_type_that_was_not_negotiated_is_answered_with_rst(void **state)
{
    struct end *end = *state;

    end->endpoint.seqpacket = false;

    /* VSOCK-BOTH-03, VSOCK-BOTH-12 */
    assert_int_equal(fault(end, typed(VSK_OP_REQUEST, VSK_TYPE_SEQPACKET)),
                     VSK_BAD_TYPE);

    assert_int_equal(expect_error(end, VSK_BAD_TYPE).handle, 0);
    assert_int_equal(end->endpoint.table.count, 0);
    assert_int_equal(expect_reply(end, VSK_OP_RST).type, VSK_TYPE_SEQPACKET);
}

static void
the_features_say_which_types_may_be_used(void **state)
{
    struct end *end = *state;
    vsk_setup stream = {0}, messages = {0};

    stream.accepted =
        VSK_BIT(VSK_FEATURE_STREAM) | VSK_BIT(VSK_FEATURE_NO_IMPLIED_STREAM);
    messages.accepted =
        VSK_BIT(VSK_FEATURE_SEQPACKET) | VSK_BIT(VSK_FEATURE_NO_IMPLIED_STREAM);

    /* VSOCK-BOTH-02, VSOCK-BOTH-03, VSOCK-BOTH-04 */
    vsk_endpoint_allow(&end->endpoint, &stream);
    assert_true(end->endpoint.stream);
    assert_false(end->endpoint.seqpacket);
    vsk_endpoint_allow(&end->endpoint, &messages);
    assert_false(end->endpoint.stream);
    assert_true(end->endpoint.seqpacket);
}

static void
assert_foreign(vsk_header header)
{
    struct end *end = end_new();

    assert_int_equal(fault(end, header), VSK_BAD_CID);

    expect_error(end, VSK_BAD_CID);
    expect_nothing(end);
    assert_int_equal(end->endpoint.counters.foreign, 1);
    assert_int_equal(end->endpoint.counters.errors, 1);
    assert_int_equal(end->endpoint.table.count, 0);
    free(end);
}

static void
a_foreign_source_is_counted_and_not_answered(void **state)
{
    vsk_header header = packet(VSK_OP_REQUEST);
    (void)state;
    header.src_cid = GUEST + 1;

    assert_foreign(header);
}

static void
an_upper_half_of_a_cid_is_counted_and_not_answered(void **state)
{
    vsk_header source = packet(VSK_OP_REQUEST);
    vsk_header destination = packet(VSK_OP_REQUEST);
    (void)state;
    source.src_cid |= UINT64_C(1) << 32;
    destination.dst_cid |= UINT64_C(1) << 63;

    /* VSOCK-BOTH-06 */
    assert_foreign(source);
    assert_foreign(destination);
}

static void
a_guest_does_not_hear_an_upper_half(void **state)
{
    struct end *end = *state;
    vsk_header header = packet(VSK_OP_REQUEST);

    end->endpoint.peer_cid = VSK_CID_ANY;
    header.src_cid |= UINT64_C(1) << 32;

    /* VSOCK-BOTH-06 */
    assert_int_equal(fault(end, header), VSK_BAD_CID);

    assert_int_equal(end->endpoint.counters.foreign, 1);
}

static void
a_guest_hears_every_peer(void **state)
{
    struct end *end = *state;
    vsk_header header = packet(VSK_OP_REQUEST);

    end->endpoint.peer_cid = VSK_CID_ANY;
    header.src_cid = 77;

    assert_null(take(end, header));

    assert_int_equal(expect(end, VSK_EVENT_REQUEST).conn->flow.peer_cid, 77);
}

static void
a_destination_that_is_not_served_is_answered_with_rst(void **state)
{
    struct end *end = *state;
    vsk_header header = packet(VSK_OP_REQUEST), rst;

    header.dst_cid = 99;

    fault(end, header);

    /* VSOCK-BOTH-26 */
    rst = expect_reply(end, VSK_OP_RST);
    assert_int_equal(rst.src_cid, 99);
    assert_int_equal(rst.dst_cid, GUEST);
    assert_int_equal(end->endpoint.table.count, 0);
}

static void
a_request_that_finds_no_slot_is_answered_with_rst_and_no_error(void **state)
{
    struct end *end = *state;

    for (uint32_t i = 0; i < CONNS; i++)
        requested_from(end, 1 + i);

    /* VSOCK-BOTH-27 */
    assert_null(take(end, packet(VSK_OP_REQUEST)));

    expect_quiet(end);
    assert_int_equal(expect_reply(end, VSK_OP_RST).dst_port, FROM);
    expect_no_reply(end);
    assert_int_equal(end->endpoint.counters.errors, 0);
}

static void
no_packet_is_taken_while_no_rst_more_could_wait(void **state)
{
    struct end *end = *state;

    for (uint32_t i = 0; i < ORPHANS; i++)
        fault(end, packet_from(i, VSK_OP_RW));

    /* VSOCK-BOTH-10 */
    assert_false(vsk_endpoint_ready(&end->endpoint));
    expect_reply(end, VSK_OP_RST);
    assert_true(vsk_endpoint_ready(&end->endpoint));
}

static void
rsts_for_unknown_flows_leave_in_their_order_before_all_else(void **state)
{
    struct end *end = *state;

    calling(end);

    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < ORPHANS; i++)
            fault(end, packet_from(i, VSK_OP_RW));
        for (uint32_t i = 0; i < ORPHANS; i++)
            assert_int_equal(expect_reply(end, VSK_OP_RST).dst_port, i);
        fault(end, packet_from(9, VSK_OP_RW));
        assert_int_equal(expect_reply(end, VSK_OP_RST).dst_port, 9);
    }
    expect_reply(end, VSK_OP_REQUEST);
}

static void
a_rst_that_waits_is_dropped_when_a_request_comes_for_its_flow(void **state)
{
    struct end *end = *state;

    fault(end, packet(VSK_OP_RW));
    fault(end, packet_from(FROM + 1, VSK_OP_RW));
    expect_error(end, VSK_BAD_FLOW);

    requested(end);

    assert_int_equal(expect_reply(end, VSK_OP_RST).dst_port, FROM + 1);
    expect_no_reply(end);
    assert_true(vsk_endpoint_ready(&end->endpoint));
}

static void
a_chain_that_broke_a_rule_is_told_and_counted(void **state)
{
    struct end *end = *state;
    vsk_event event;

    established(end);
    fault(end, payload(BUFFER + 1));
    expect_error(end, VSK_BAD_CREDIT);
    expect_close(end, VSK_REASON_PROTOCOL);
    expect_quiet(end);

    vsk_endpoint_fault(&end->endpoint, VSK_BAD_LOOP);

    event = expect_error(end, VSK_BAD_LOOP);
    assert_null(event.conn);
    assert_int_equal(event.handle, 0);
    expect_quiet(end);
    assert_int_equal(end->endpoint.counters.errors, 2);
}

/* ---- the peer connects ---- */

static void
a_request_is_told_and_waits(void **state)
{
    struct end *end = *state;
    vsk_event event;

    /* VSOCK-BOTH-24 */
    assert_null(take(end, packet(VSK_OP_REQUEST)));

    event = expect(end, VSK_EVENT_REQUEST);
    assert_int_equal(event.conn->state, VSK_STATE_REQUESTED);
    assert_int_equal(event.conn->flow.local_port, PORT);
    assert_int_equal(event.conn->flow.peer_port, FROM);
    assert_int_equal(event.handle, handle_of(end, event.conn));
    expect_nothing(end);
    assert_false(vsk_endpoint_waits(&end->endpoint));
}

static void
a_request_is_accepted_with_response(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = requested(end);
    vsk_header response;

    ask(end, conn, VSK_CALL_ACCEPT, 0);

    /* VSOCK-BOTH-25, VSOCK-DEV-12 */
    assert_true(vsk_endpoint_waits(&end->endpoint));
    response = expect_reply(end, VSK_OP_RESPONSE);
    assert_int_equal(response.src_port, PORT);
    assert_int_equal(response.dst_port, FROM);
    assert_int_equal(response.type, VSK_TYPE_STREAM);
    assert_int_equal(response.buf_alloc, BUFFER);
    expect_nothing(end);
    assert_false(vsk_endpoint_waits(&end->endpoint));
}

static void
a_request_may_be_accepted_much_later(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = requested(end);

    assert_int_equal(wait_for(end, 3600 * VSK_SECOND), 0);
    expect_quiet(end);
    ask(end, conn, VSK_CALL_ACCEPT, 0);

    expect_reply(end, VSK_OP_RESPONSE);
}

static void
response_leaves_before_payload_and_all_else(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = requested(end);
    vsk_header header;

    ask(end, conn, VSK_CALL_ACCEPT, 0);
    vsk_endpoint_resize(&end->endpoint, conn, 2 * BUFFER);
    ask(end, conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_RECEIVE);

    assert_int_equal(plan(end, conn, 5, &header), VSK_NONE);
    assert_int_equal(expect_reply(end, VSK_OP_RESPONSE).buf_alloc, 2 * BUFFER);
    expect_reply(end, VSK_OP_SHUTDOWN);
    expect_no_reply(end);
    assert_ptr_equal(expect_writable(end), conn);
    assert_int_equal(plan(end, conn, 5, &header), VSK_OK);
}

static void
a_request_is_refused_with_rst(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = requested(end);
    uint64_t handle = handle_of(end, conn);

    ask(end, conn, VSK_CALL_RESET, 0);

    /* VSOCK-BOTH-26 */
    expect_reply(end, VSK_OP_RST);
    expect_close(end, VSK_REASON_LOCAL);
    expect_quiet(end);
    assert_gone(end, handle);
    expect_no_reply(end);
}

static void
a_request_that_was_accepted_and_reset_at_once_gets_rst_alone(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = requested(end);

    ask(end, conn, VSK_CALL_ACCEPT, 0);
    ask(end, conn, VSK_CALL_RESET, 0);

    expect_reply(end, VSK_OP_RST);
    expect_no_reply(end);
}

static void
a_request_that_was_accepted_and_closed_at_once_gets_response_and_shutdown(
    void **state)
{
    struct end *end = end_new();
    vsk_conn *conn = requested(end);
    (void)state;

    ask(end, conn, VSK_CALL_ACCEPT, 0);
    ask(end, conn, VSK_CALL_CLOSE, 0);

    expect_reply(end, VSK_OP_RESPONSE);
    assert_int_equal(wait_for(end, 100 * VSK_SECOND), 0);
    assert_int_equal(expect_reply(end, VSK_OP_SHUTDOWN).flags, BOTH);
    free(end);
}

static void
the_peer_may_take_its_request_back(void **state)
{
    struct end *end = *state;
    uint64_t handle = handle_of(end, requested(end));

    take(end, packet(VSK_OP_RST));

    /* VSOCK-BOTH-31 */
    assert_int_equal(expect_close(end, VSK_REASON_RESET).handle, handle);
    expect_nothing(end);
    assert_gone(end, handle);
}

/* The old handle is told first, and names nothing any more. */
static void
assert_replaced(way enter)
{
    struct end *end = end_new();
    uint64_t handle = handle_of(end, enter(end));
    vsk_event event;

    assert_null(take(end, packet(VSK_OP_REQUEST)));

    event = expect_close(end, VSK_REASON_REPLACED);
    assert_int_equal(event.handle, handle);
    assert_int_equal(event.conn->flow.peer_port, FROM);
    assert_gone(end, handle);
    event = expect(end, VSK_EVENT_REQUEST);
    assert_true(event.handle != handle && event.handle != 0);
    assert_int_equal(event.conn->reason, VSK_REASON_NONE);
    assert_int_equal(event.conn->credit.buf_alloc, BUFFER);
    assert_int_equal(event.conn->credit.peer_buf_alloc, PEER_BUFFER);
    expect_nothing(end);
    assert_int_equal(wait_for(end, 100 * VSK_SECOND), 0);
    assert_int_equal(end->endpoint.table.count, 1);
    ask(end, event.conn, VSK_CALL_ACCEPT, 0);
    expect_reply(end, VSK_OP_RESPONSE);
    expect_no_reply(end);
    free(end);
}

static void
a_request_replaces_one_that_waits(void **state)
{
    (void)state;

    /* VSOCK-BOTH-34 */
    assert_replaced(requested);
}

static void
a_request_replaces_what_was_closing(void **state)
{
    (void)state;

    assert_replaced(closing);
}

static void
a_request_replaces_what_was_draining(void **state)
{
    (void)state;

    assert_replaced(draining);
}

static void
what_was_replaced_may_be_read_to_its_end(void **state)
{
    struct end *end = *state;
    vsk_conn *old;
    vsk_header header;

    draining(end);
    take(end, packet(VSK_OP_REQUEST));

    old = expect_close(end, VSK_REASON_REPLACED).conn;

    hand_on(end, old, 10);
    vsk_endpoint_resize(&end->endpoint, old, 1);
    vsk_endpoint_wait(&end->endpoint, old);
    assert_int_equal(plan(end, old, 1, &header), VSK_ERR_STATE);
    assert_int_equal(
        vsk_endpoint_call(&end->endpoint, end->now, old, VSK_CALL_RESET, 0),
        VSK_ERR_STATE);
    expect(end, VSK_EVENT_REQUEST);
    expect_no_reply(end);
    expect_nobody_writable(end);
}

static void
what_replaces_has_the_buffer_of_the_policy(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = requested(end);

    vsk_endpoint_resize(&end->endpoint, conn, 1);

    take(end, packet(VSK_OP_REQUEST));

    expect_close(end, VSK_REASON_REPLACED);
    conn = expect(end, VSK_EVENT_REQUEST).conn;
    ask(end, conn, VSK_CALL_ACCEPT, 0);
    assert_int_equal(expect_reply(end, VSK_OP_RESPONSE).buf_alloc, BUFFER);
}

static void
a_request_of_a_type_that_was_not_negotiated_replaces_nothing(void **state)
{
    struct end *end = *state;
    uint64_t handle = handle_of(end, requested(end));

    end->endpoint.seqpacket = false;

    assert_int_equal(fault(end, typed(VSK_OP_REQUEST, VSK_TYPE_SEQPACKET)),
                     VSK_BAD_TYPE);

    expect_error(end, VSK_BAD_TYPE);
    assert_int_equal(expect_close(end, VSK_REASON_PROTOCOL).handle, handle);
    expect_quiet(end);
    expect_reply(end, VSK_OP_RST);
    expect_no_reply(end);
}

static void
a_request_that_finds_no_handle_left_is_answered_with_rst(void **state)
{
    struct end *end = *state;
    uint64_t handle = handle_of(end, requested(end));

    for (uint32_t i = 0; i < CONNS; i++)
        end->slots[i].issued = VSK_TABLE_HANDLES;

    assert_null(take(end, packet(VSK_OP_REQUEST)));

    assert_int_equal(expect_close(end, VSK_REASON_REPLACED).handle, handle);
    expect_quiet(end);
    expect_reply(end, VSK_OP_RST);
    expect_no_reply(end);
    assert_int_equal(end->endpoint.table.count, 0);
}

static void
a_request_revives_what_waits_to_send_rst(void **state)
{
    struct end *end = *state;
    uint64_t handle = handle_of(end, zombie(end));
    vsk_event event;

    take(end, packet(VSK_OP_REQUEST));

    event = expect(end, VSK_EVENT_REQUEST);
    assert_int_not_equal(event.handle, handle);
    assert_gone(end, handle);
    expect_nothing(end);
    ask(end, event.conn, VSK_CALL_ACCEPT, 0);
    expect_reply(end, VSK_OP_RESPONSE);
}

static void
what_waits_to_send_rst_sends_it_once(void **state)
{
    struct end *end = *state;
    uint64_t handle = handle_of(end, zombie(end));

    assert_int_equal(fault(end, payload(10)), VSK_BAD_FLOW);
    assert_int_equal(expect_error(end, VSK_BAD_FLOW).handle, handle);
    expect_quiet(end);

    expect_reply(end, VSK_OP_RST);
    expect_no_reply(end);
    assert_gone(end, handle);
}

static void
a_rst_of_the_peer_takes_back_the_rst_of_a_connection(void **state)
{
    struct end *end = *state;
    uint64_t handle = handle_of(end, zombie(end));

    take(end, packet(VSK_OP_RST));

    expect_nothing(end);
    assert_gone(end, handle);
}

static void
a_pair_of_ports_may_be_used_again_after_rst(void **state)
{
    struct end *end = *state;
    uint64_t handle = handle_of(end, zombie(end));

    expect_reply(end, VSK_OP_RST);

    assert_int_not_equal(handle_of(end, established(end)), handle);
    assert_int_equal(end->endpoint.table.count, 1);
}

static void
a_connection_may_be_read_during_its_close_and_is_gone_after_it(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_event event;

    assert_ptr_equal(take(end, payload(10)), conn);
    take(end, packet(VSK_OP_RST));

    event = expect_close(end, VSK_REASON_RESET);

    assert_ptr_equal(event.conn, conn);
    assert_int_equal(vsk_credit_held(&conn->credit), 10);
    hand_on(end, conn, 10);
    assert_ptr_equal(vsk_table_by_handle(&end->endpoint.table, event.handle),
                     conn);
    expect_quiet(end);
    assert_gone(end, event.handle);
    expect_no_reply(end);
}

static void
a_rst_that_is_sent_during_the_close_lets_the_connection_be_read(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_event event;

    ask(end, conn, VSK_CALL_RESET, 0);

    event = expect_close(end, VSK_REASON_LOCAL);
    expect_reply(end, VSK_OP_RST);

    assert_non_null(vsk_table_by_handle(&end->endpoint.table, event.handle));
    expect_quiet(end);
    assert_gone(end, event.handle);
}

static void
a_broken_rule_ends_its_connection_alone(void **state)
{
    struct end *end = *state;
    vsk_conn *other = established_from(end, FROM + 1);
    uint64_t handle = handle_of(end, established(end));
    vsk_event event;

    assert_int_equal(fault(end, payload(BUFFER + 1)), VSK_BAD_CREDIT);

    event = expect_error(end, VSK_BAD_CREDIT);
    assert_int_equal(event.handle, handle);
    assert_non_null(event.conn);
    assert_int_equal(expect_close(end, VSK_REASON_PROTOCOL).handle, handle);
    expect_quiet(end);
    assert_int_equal(expect_reply(end, VSK_OP_RST).dst_port, FROM);
    expect_no_reply(end);
    assert_int_equal(other->state, VSK_STATE_ESTABLISHED);
    assert_int_equal(end->endpoint.counters.errors, 1);
}

/* ---- we connect ---- */

static void
connect_sends_request_and_tells_when_it_was_accepted(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = calling(end);
    vsk_header request = expect_reply(end, VSK_OP_REQUEST);

    /* VSOCK-BOTH-24, VSOCK-BOTH-25 */
    assert_int_equal(request.src_cid, HOST);
    assert_int_equal(request.dst_cid, GUEST);
    assert_int_equal(request.src_port, PORT);
    assert_int_equal(request.dst_port, FROM);
    assert_int_equal(request.type, VSK_TYPE_STREAM);
    assert_int_equal(request.buf_alloc, BUFFER);
    take(end, packet(VSK_OP_RESPONSE));
    assert_ptr_equal(expect(end, VSK_EVENT_CONNECT).conn, conn);
    expect_nothing(end);
    assert_int_equal(wait_for(end, 100 * VSK_SECOND), 0);
    send_one(end, conn, 100);
}

static void
a_port_is_chosen_that_is_free(void **state)
{
    struct end *end = *state;
    vsk_conn *conns[3] = {NULL};

    assert_int_equal(connect_to(end, VSK_PORT_FIRST + 1, FROM, &conns[0]),
                     VSK_OK);
    assert_int_equal(connect_to(end, VSK_PORT_ANY, FROM, &conns[1]), VSK_OK);
    assert_int_equal(connect_to(end, VSK_PORT_ANY, FROM, &conns[2]), VSK_OK);

    assert_int_equal(conns[1]->flow.local_port, VSK_PORT_FIRST);
    assert_int_equal(conns[2]->flow.local_port, VSK_PORT_FIRST + 2);
}

static void
ports_are_chosen_from_the_first_again_behind_the_last(void **state)
{
    struct end *end = *state;
    vsk_conn *conns[2] = {NULL};

    end->endpoint.next_port = VSK_PORT_ANY - 1;

    assert_int_equal(connect_to(end, VSK_PORT_ANY, FROM, &conns[0]), VSK_OK);
    assert_int_equal(connect_to(end, VSK_PORT_ANY, FROM, &conns[1]), VSK_OK);

    assert_int_equal(conns[0]->flow.local_port, VSK_PORT_ANY - 1);
    assert_int_equal(conns[1]->flow.local_port, VSK_PORT_FIRST);
}

static void
a_pair_is_free_as_soon_as_its_end_was_told(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    uint64_t handle = vsk_table_handle(&end->endpoint.table, conn);

    take(end, packet(VSK_OP_RST));
    assert_int_equal(connect_to(end, PORT, FROM, &conn), VSK_ERR_BUSY);
    expect_close(end, VSK_REASON_RESET);

    /* VSOCK-BOTH-34 */
    assert_int_equal(connect_to(end, PORT, FROM, &conn), VSK_OK);

    assert_null(vsk_table_by_handle(&end->endpoint.table, handle));
    assert_int_equal(end->endpoint.current, VSK_TABLE_NONE);
    expect_quiet(end);
    expect_reply(end, VSK_OP_REQUEST);
    assert_int_equal(conn->state, VSK_STATE_CONNECTING);
}

static void
a_pair_that_owes_its_rst_is_not_free_when_its_end_was_told(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end), *other;
    uint64_t handle = handle_of(end, conn);

    ask(end, conn, VSK_CALL_RESET, 0);
    expect_close(end, VSK_REASON_LOCAL);

    assert_int_equal(connect_to(end, PORT, FROM, &other), VSK_ERR_BUSY);

    assert_int_equal(conn->state, VSK_STATE_CLOSED);
    expect_reply(end, VSK_OP_RST);
    assert_ptr_equal(vsk_table_by_handle(&end->endpoint.table, handle), conn);
    assert_int_equal(connect_to(end, PORT, FROM, &other), VSK_OK);
    assert_gone(end, handle);
}

static void
a_pair_in_use_does_not_keep_what_was_told_last(void **state)
{
    struct end *end = *state;
    vsk_conn *other = established_from(end, FROM + 1);
    uint64_t handle = handle_of(end, established(end));

    take(end, packet(VSK_OP_RST));
    expect_close(end, VSK_REASON_RESET);

    assert_int_equal(connect_to(end, PORT, FROM + 1, &other), VSK_ERR_BUSY);

    expect_quiet(end);
    assert_gone(end, handle);
}

static void
a_flow_in_use_is_busy(void **state)
{
    static const way ways[] = {calling, requested, closing, zombie};
    (void)state;

    /* VSOCK-BOTH-34 */
    for (uint32_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct end *end = end_new();
        vsk_conn *conn = NULL;

        ways[i](end);
        assert_int_equal(connect_to(end, PORT, FROM, &conn), VSK_ERR_BUSY);
        assert_null(conn);
        free(end);
    }
}

static void
connect_finds_no_slot_where_all_are_taken(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = NULL;

    for (uint32_t i = 0; i < CONNS; i++)
        requested_from(end, i);

    assert_int_equal(connect_to(end, VSK_PORT_ANY, FROM, &conn), VSK_ERR_TABLE);

    assert_null(conn);
    expect_no_reply(end);
}

static void
connect_refuses_a_type_that_was_not_negotiated(void **state)
{
    static const vsk_flow flow = {HOST, PORT, GUEST, FROM};
    struct end *end = end_new();
    vsk_conn *conn = NULL;
    (void)state;
    end->endpoint.stream = false;

    assert_int_equal(vsk_endpoint_connect(&end->endpoint, end->now, &flow,
                                          VSK_TYPE_STREAM, &conn),
                     VSK_ERR_TYPE);
    assert_int_equal(
        vsk_endpoint_connect(&end->endpoint, end->now, &flow, 3, &conn),
        VSK_ERR_TYPE);
    assert_null(conn);
    assert_int_equal(vsk_endpoint_connect(&end->endpoint, end->now, &flow,
                                          VSK_TYPE_SEQPACKET, &conn),
                     VSK_OK);
    assert_int_equal(expect_reply(end, VSK_OP_REQUEST).type,
                     VSK_TYPE_SEQPACKET);
    free(end);
}

static void
nothing_but_request_and_rst_leaves_while_connecting(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = connecting(end);
    vsk_header header;

    vsk_endpoint_resize(&end->endpoint, conn, 2 * BUFFER);
    vsk_endpoint_settle(&end->endpoint);
    assert_int_equal(plan(end, conn, 1, &header), VSK_ERR_STATE);
    assert_int_equal(vsk_endpoint_call(&end->endpoint, end->now, conn,
                                       VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND),
                     VSK_ERR_STATE);
    expect_no_reply(end);
    ask(end, conn, VSK_CALL_CLOSE, 0);

    expect_reply(end, VSK_OP_RST);
    expect_no_reply(end);
    expect_close(end, VSK_REASON_LOCAL);
}

static void
a_buffer_that_grew_while_connecting_is_told_when_connected(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = connecting(end);

    vsk_endpoint_resize(&end->endpoint, conn, 2 * BUFFER);

    take(end, packet(VSK_OP_RESPONSE));

    assert_int_equal(expect_reply(end, VSK_OP_CREDIT_UPDATE).buf_alloc,
                     2 * BUFFER);
}

static void
a_connect_that_is_refused_is_over(void **state)
{
    struct end *end = *state;
    uint64_t handle = handle_of(end, connecting(end));

    take(end, packet(VSK_OP_RST));

    /* VSOCK-BOTH-31 */
    expect_close(end, VSK_REASON_REFUSED);
    expect_nothing(end);
    assert_gone(end, handle);
    assert_int_equal(wait_for(end, 100 * VSK_SECOND), 0);
}

static void
a_connect_times_out_after_2_seconds_with_rst(void **state)
{
    struct end *end = *state;

    connecting(end);

    assert_int_equal(wait_for(end, 2 * VSK_SECOND - 1), 0);
    expect_quiet(end);
    assert_int_equal(wait_for(end, 1), 1);

    expect_over(end, VSK_REASON_TIMEOUT);
    assert_int_equal(end->endpoint.table.count, 0);
}

static void
a_connect_whose_request_never_left_times_out_without_rst(void **state)
{
    struct end *end = *state;

    calling(end);

    assert_int_equal(wait_for(end, 2 * VSK_SECOND), 1);

    expect_close(end, VSK_REASON_TIMEOUT);
    expect_nothing(end);
    assert_int_equal(end->endpoint.table.count, 0);
}

static void
a_connect_that_is_reset_before_its_request_left_sends_nothing(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = calling(end);

    ask(end, conn, VSK_CALL_RESET, 0);

    expect_no_reply(end);
    expect_close(end, VSK_REASON_LOCAL);
    expect_quiet(end);
    assert_int_equal(end->endpoint.table.count, 0);
}

static void
what_the_peer_sent_before_our_request_left_is_answered_with_rst(void **state)
{
    struct end *end = *state;

    calling(end);

    assert_int_equal(fault(end, payload(10)), VSK_BAD_STATE);

    expect_error(end, VSK_BAD_STATE);
    expect_over(end, VSK_REASON_PROTOCOL);
}

static void
a_request_that_was_answered_before_it_left_never_leaves(void **state)
{
    struct end *end = *state;

    calling(end);

    take(end, packet(VSK_OP_RESPONSE));

    expect(end, VSK_EVENT_CONNECT);
    expect_reply(end, VSK_OP_CREDIT_UPDATE); /* it knows of no buffer */
    expect_no_reply(end);
}

/* ---- the end ---- */

static void
close_sends_shutdown_of_both_and_waits_for_rst(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    ask(end, conn, VSK_CALL_CLOSE, 0);

    /* VSOCK-BOTH-32 */
    header = expect_reply(end, VSK_OP_SHUTDOWN);
    assert_int_equal(header.flags, BOTH);
    assert_int_equal(header.buf_alloc, BUFFER);
    expect_nothing(end);
    take(end, packet(VSK_OP_RST));
    expect_close(end, VSK_REASON_CLOSED);
    expect_nothing(end);
    assert_int_equal(end->endpoint.table.count, 0);
}

static void
close_waits_8_seconds_from_when_its_shutdown_left(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    ask(end, conn, VSK_CALL_CLOSE, 0);

    assert_int_equal(wait_for(end, 100 * VSK_SECOND), 0);
    expect_reply(end, VSK_OP_SHUTDOWN);
    assert_int_equal(wait_for(end, 8 * VSK_SECOND - 1), 0);
    expect_quiet(end);
    assert_int_equal(wait_for(end, 1), 1);

    /* VSOCK-BOTH-33 */
    expect_over(end, VSK_REASON_TIMEOUT);
}

static void
close_twice_is_close_once(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = closing(end);

    ask(end, conn, VSK_CALL_CLOSE, 0);

    expect_no_reply(end);
    assert_int_equal(wait_for(end, 8 * VSK_SECOND), 1);
}

static void
both_sides_may_close_at_once(void **state)
{
    struct end *end = *state;

    closing(end);

    take(end, shutdown(BOTH));

    expect_close(end, VSK_REASON_CLOSED);
    expect_quiet(end);
    expect_reply(end, VSK_OP_RST);
    assert_int_equal(wait_for(end, 100 * VSK_SECOND), 0);
    assert_int_equal(end->endpoint.table.count, 0);
}

static void
payload_that_comes_while_closing_is_for_nobody(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = closing(end);

    assert_null(take(end, payload(BUFFER)));

    assert_int_equal(vsk_credit_held(&conn->credit), 0);
    vsk_endpoint_settle(&end->endpoint);
    expect_nothing(end);
}

static void
the_peers_shutdown_of_both_is_answered_with_rst_at_once(void **state)
{
    struct end *end = *state;
    uint64_t handle = handle_of(end, established(end));

    take(end, shutdown(BOTH));

    /* VSOCK-BOTH-32 */
    expect_reply(end, VSK_OP_RST);
    expect(end, VSK_EVENT_EOF);
    expect_close(end, VSK_REASON_CLOSED);
    expect_quiet(end);
    assert_gone(end, handle);
    expect_no_reply(end);
}

static void
shutdowns_of_the_peer_add_up(void **state)
{
    struct end *end = *state;

    established(end);

    /* VSOCK-BOTH-30 */
    take(end, shutdown(VSK_SHUTDOWN_RECEIVE));
    expect_nothing(end);
    take(end, shutdown(VSK_SHUTDOWN_SEND));

    expect(end, VSK_EVENT_EOF);
    expect_close(end, VSK_REASON_CLOSED);
    expect_reply(end, VSK_OP_RST);
}

static void
our_end_of_sending_leaves_the_peers_open(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    ask(end, conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND);

    /* VSOCK-BOTH-29 */
    assert_int_equal(expect_reply(end, VSK_OP_SHUTDOWN).flags,
                     VSK_SHUTDOWN_SEND);
    assert_int_equal(plan(end, conn, 1, &header), VSK_ERR_STATE);
    pass(end, conn, 100);
    assert_int_equal(wait_for(end, 100 * VSK_SECOND), 0);
}

static void
the_same_shutdown_is_sent_once(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    ask(end, conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND);
    ask(end, conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND);
    expect_reply(end, VSK_OP_SHUTDOWN);

    ask(end, conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND);

    expect_no_reply(end);
}

static void
both_halves_shut_one_by_one_are_a_close(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    ask(end, conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND);
    expect_reply(end, VSK_OP_SHUTDOWN);
    ask(end, conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_RECEIVE);

    assert_int_equal(expect_reply(end, VSK_OP_SHUTDOWN).flags, BOTH);
    assert_int_equal(wait_for(end, 8 * VSK_SECOND), 1);
    expect_close(end, VSK_REASON_TIMEOUT);
}

static void
the_peers_end_of_sending_is_told_and_leaves_ours_open(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    take(end, shutdown(VSK_SHUTDOWN_SEND));

    /* VSOCK-BOTH-29 */
    assert_ptr_equal(expect(end, VSK_EVENT_EOF).conn, conn);
    expect_nothing(end);
    send_one(end, conn, 100);
    take(end, shutdown(VSK_SHUTDOWN_SEND));
    expect_quiet(end);
}

static void
the_peers_end_of_receiving_ends_our_sending(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    take(end, shutdown(VSK_SHUTDOWN_RECEIVE));

    /* VSOCK-BOTH-28 */
    assert_int_equal(plan(end, conn, 1, &header), VSK_ERR_STATE);
    expect_quiet(end);
    pass(end, conn, 100);
}

static void
our_end_of_receiving_drops_and_forwards_payload(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    ask(end, conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_RECEIVE);
    expect_reply(end, VSK_OP_SHUTDOWN);

    /* VSOCK-BOTH-28 */
    assert_null(take(end, payload(BUFFER / 4)));

    expect_quiet(end);
    assert_int_equal(vsk_credit_held(&conn->credit), 0);
    assert_int_equal(expect_reply(end, VSK_OP_CREDIT_UPDATE).fwd_cnt,
                     BUFFER / 4);
}

static void
payload_is_given_to_an_established_connection_alone(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    assert_ptr_equal(take(end, payload(10)), conn);
    assert_null(take(end, packet(VSK_OP_CREDIT_UPDATE)));
    assert_null(take(end, packet(VSK_OP_CREDIT_REQUEST)));
    assert_null(take(end, shutdown(VSK_SHUTDOWN_RECEIVE)));
    assert_int_equal(vsk_credit_held(&conn->credit), 10);
}

static void
payload_before_accept_breaks_a_rule(void **state)
{
    struct end *end = *state;

    requested(end);

    assert_int_equal(fault(end, payload(10)), VSK_BAD_STATE);

    expect_error(end, VSK_BAD_STATE);
    expect_close(end, VSK_REASON_PROTOCOL);
    expect_reply(end, VSK_OP_RST);
}

static void
rst_waits_until_the_reader_has_all(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = draining(end);

    expect_no_reply(end);
    hand_on(end, conn, 9);
    expect_nothing(end);
    hand_on(end, conn, 1);

    /* VSOCK-BOTH-32 */
    expect_over(end, VSK_REASON_CLOSED);
    assert_int_equal(wait_for(end, 100 * VSK_SECOND), 0);
}

static void
a_reader_that_takes_8_seconds_is_not_waited_for(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = draining(end);

    assert_int_equal(wait_for(end, 8 * VSK_SECOND - 1), 0);
    assert_int_equal(wait_for(end, 1), 1);

    /* VSOCK-BOTH-33 */
    expect_close(end, VSK_REASON_TIMEOUT);
    hand_on(end, conn, 10);
    expect_quiet(end);
    expect_reply(end, VSK_OP_RST);
    expect_no_reply(end);
}

static void
rst_while_draining_is_the_end_and_no_reset(void **state)
{
    struct end *end = *state;

    draining(end);

    take(end, packet(VSK_OP_RST));

    expect_close(end, VSK_REASON_CLOSED);
    expect_nothing(end);
    assert_int_equal(end->endpoint.table.count, 0);
}

static void
more_forwarded_than_was_given_is_refused(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = draining(end);

    assert_int_equal(vsk_endpoint_forwarded(&end->endpoint, end->now, conn, 11),
                     VSK_ERR_FORWARDED);

    assert_int_equal(conn->state, VSK_STATE_DRAINING);
    expect_no_reply(end);
}

static void
timers_run_out_in_their_order_one_by_one(void **state)
{
    struct end *end = *state;
    vsk_conn *conn;

    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(connect_to(end, VSK_PORT_ANY, i, &conn), VSK_OK);
        end->now += 10;
    }
    end->now += 2 * VSK_SECOND;

    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(vsk_endpoint_expire(&end->endpoint, end->now), VSK_OK);
        assert_int_equal(
            expect_close(end, VSK_REASON_TIMEOUT).conn->flow.peer_port, i);
        expect_quiet(end);
    }
    assert_int_equal(vsk_endpoint_expire(&end->endpoint, end->now), VSK_NONE);
}

static void
a_call_that_the_state_does_not_allow_changes_nothing(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    assert_int_equal(
        vsk_endpoint_call(&end->endpoint, end->now, conn, VSK_CALL_ACCEPT, 0),
        VSK_ERR_STATE);

    assert_int_equal(conn->state, VSK_STATE_ESTABLISHED);
    expect_nothing(end);
}

/* ---- all at once ---- */

static void
abandon_tells_each_end_then_reset_and_sends_nothing(void **state)
{
    struct end *end = *state;
    uint64_t handles[3];

    handles[0] = handle_of(end, requested_from(end, 1));
    handles[1] = handle_of(end, established_from(end, 2));
    handles[2] = handle_of(end, calling(end));
    fault(end, packet_from(9, VSK_OP_RW));
    expect_error(end, VSK_BAD_FLOW);

    vsk_endpoint_abandon(&end->endpoint);

    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(expect_close(end, VSK_REASON_TRANSPORT).handle,
                         handles[i]);
    assert_null(expect(end, VSK_EVENT_RESET).conn);
    expect_nothing(end);
    assert_int_equal(end->endpoint.table.count, 0);
    assert_int_equal(wait_for(end, 100 * VSK_SECOND), 0);
}

static void
abandon_takes_back_rst_and_tells_no_end_twice(void **state)
{
    struct end *end = *state;
    uint64_t handle = handle_of(end, zombie(end));

    vsk_endpoint_abandon(&end->endpoint);

    assert_gone(end, handle);
    expect(end, VSK_EVENT_RESET);
    expect_nothing(end);
}

static void
an_endpoint_goes_on_after_it_was_abandoned(void **state)
{
    struct end *end = *state;
    uint64_t handle = handle_of(end, established(end));

    vsk_endpoint_abandon(&end->endpoint);
    expect_close(end, VSK_REASON_TRANSPORT);
    expect(end, VSK_EVENT_RESET);

    assert_int_not_equal(handle_of(end, established(end)), handle);
    expect_quiet(end);
}

static void
an_abandoned_connection_may_be_read_during_its_close(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    take(end, payload(10));
    vsk_endpoint_abandon(&end->endpoint);

    assert_ptr_equal(expect_close(end, VSK_REASON_TRANSPORT).conn, conn);

    hand_on(end, conn, 10);
    expect_no_reply(end);
}

static void
what_is_taken_and_sent_is_counted(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end); /* one packet each way */
    const vsk_counters *counters = &end->endpoint.counters;

    take(end, payload(10));
    send_one(end, conn, 20);
    send_one(end, conn, 30);

    assert_int_equal(counters->rx_packets, 2);
    assert_int_equal(counters->rx_bytes, 10);
    assert_int_equal(counters->tx_packets, 3);
    assert_int_equal(counters->tx_bytes, 50);
    assert_int_equal(counters->errors, 0);
    assert_int_equal(counters->foreign, 0);
}

static void
the_same_reply_is_shown_until_it_was_sent(void **state)
{
    struct end *end = *state;
    vsk_header first, second;

    calling(end);

    assert_int_equal(vsk_endpoint_reply(&end->endpoint, &first), VSK_OK);
    assert_int_equal(vsk_endpoint_reply(&end->endpoint, &second), VSK_OK);

    assert_true(vsk_header_equal(&first, &second));
    assert_int_equal(end->endpoint.counters.tx_packets, 0);
}

static void
connections_send_what_they_owe_in_turn(void **state)
{
    struct end *end = *state;
    vsk_conn *first = requested_from(end, 1), *second = requested_from(end, 2);

    ask(end, first, VSK_CALL_ACCEPT, 0);
    ask(end, first, VSK_CALL_CLOSE, 0);
    ask(end, second, VSK_CALL_ACCEPT, 0);

    assert_int_equal(expect_reply(end, VSK_OP_RESPONSE).dst_port, 1);
    assert_int_equal(expect_reply(end, VSK_OP_RESPONSE).dst_port, 2);
    assert_int_equal(expect_reply(end, VSK_OP_SHUTDOWN).dst_port, 1);
    expect_no_reply(end);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_well_behaved_policy_says_what_the_manual_says),
        WITH_END(a_new_endpoint_has_nothing_to_tell_or_send),
        WITH_END(tables_that_are_too_small_are_refused),
        cmocka_unit_test(a_connection_takes_128_bytes_beside_the_index),
        cmocka_unit_test(events_have_names),
        WITH_END(a_packet_of_an_unknown_flow_is_answered_with_one_rst),
        cmocka_unit_test(
            every_op_but_request_and_rst_of_an_unknown_flow_is_answered_with_rst),
        WITH_END(a_rst_of_an_unknown_flow_is_not_answered),
        WITH_END(a_rst_of_the_peer_takes_back_the_rst_for_its_unknown_flow),
        WITH_END(an_unknown_type_is_answered_with_rst),
        WITH_END(an_unknown_type_is_no_flow_of_any),
        WITH_END(a_type_that_was_not_negotiated_is_answered_with_rst),
        WITH_END(the_features_say_which_types_may_be_used),
        cmocka_unit_test(a_foreign_source_is_counted_and_not_answered),
        cmocka_unit_test(an_upper_half_of_a_cid_is_counted_and_not_answered),
        WITH_END(a_guest_does_not_hear_an_upper_half),
        WITH_END(a_guest_hears_every_peer),
        WITH_END(a_destination_that_is_not_served_is_answered_with_rst),
        WITH_END(
            a_request_that_finds_no_slot_is_answered_with_rst_and_no_error),
        WITH_END(no_packet_is_taken_while_no_rst_more_could_wait),
        WITH_END(rsts_for_unknown_flows_leave_in_their_order_before_all_else),
        WITH_END(a_rst_that_waits_is_dropped_when_a_request_comes_for_its_flow),
        WITH_END(a_chain_that_broke_a_rule_is_told_and_counted),
        WITH_END(a_request_is_told_and_waits),
        WITH_END(a_request_is_accepted_with_response),
        WITH_END(a_request_may_be_accepted_much_later),
        WITH_END(response_leaves_before_payload_and_all_else),
        WITH_END(a_request_is_refused_with_rst),
        WITH_END(a_request_that_was_accepted_and_reset_at_once_gets_rst_alone),
        cmocka_unit_test(
            a_request_that_was_accepted_and_closed_at_once_gets_response_and_shutdown),
        WITH_END(the_peer_may_take_its_request_back),
        cmocka_unit_test(a_request_replaces_one_that_waits),
        cmocka_unit_test(a_request_replaces_what_was_closing),
        cmocka_unit_test(a_request_replaces_what_was_draining),
        WITH_END(what_was_replaced_may_be_read_to_its_end),
        WITH_END(what_replaces_has_the_buffer_of_the_policy),
        WITH_END(a_request_of_a_type_that_was_not_negotiated_replaces_nothing),
        WITH_END(a_request_that_finds_no_handle_left_is_answered_with_rst),
        WITH_END(a_request_revives_what_waits_to_send_rst),
        WITH_END(what_waits_to_send_rst_sends_it_once),
        WITH_END(a_rst_of_the_peer_takes_back_the_rst_of_a_connection),
        WITH_END(a_pair_of_ports_may_be_used_again_after_rst),
        WITH_END(
            a_connection_may_be_read_during_its_close_and_is_gone_after_it),
        WITH_END(
            a_rst_that_is_sent_during_the_close_lets_the_connection_be_read),
        WITH_END(a_broken_rule_ends_its_connection_alone),
        WITH_END(connect_sends_request_and_tells_when_it_was_accepted),
        WITH_END(a_port_is_chosen_that_is_free),
        WITH_END(ports_are_chosen_from_the_first_again_behind_the_last),
        WITH_END(a_pair_is_free_as_soon_as_its_end_was_told),
        WITH_END(a_pair_that_owes_its_rst_is_not_free_when_its_end_was_told),
        WITH_END(a_pair_in_use_does_not_keep_what_was_told_last),
        cmocka_unit_test(a_flow_in_use_is_busy),
        WITH_END(connect_finds_no_slot_where_all_are_taken),
        cmocka_unit_test(connect_refuses_a_type_that_was_not_negotiated),
        WITH_END(nothing_but_request_and_rst_leaves_while_connecting),
        WITH_END(a_buffer_that_grew_while_connecting_is_told_when_connected),
        WITH_END(a_connect_that_is_refused_is_over),
        WITH_END(a_connect_times_out_after_2_seconds_with_rst),
        WITH_END(a_connect_whose_request_never_left_times_out_without_rst),
        WITH_END(a_connect_that_is_reset_before_its_request_left_sends_nothing),
        WITH_END(
            what_the_peer_sent_before_our_request_left_is_answered_with_rst),
        WITH_END(a_request_that_was_answered_before_it_left_never_leaves),
        WITH_END(close_sends_shutdown_of_both_and_waits_for_rst),
        WITH_END(close_waits_8_seconds_from_when_its_shutdown_left),
        WITH_END(close_twice_is_close_once),
        WITH_END(both_sides_may_close_at_once),
        WITH_END(payload_that_comes_while_closing_is_for_nobody),
        WITH_END(the_peers_shutdown_of_both_is_answered_with_rst_at_once),
        WITH_END(shutdowns_of_the_peer_add_up),
        WITH_END(our_end_of_sending_leaves_the_peers_open),
        WITH_END(the_same_shutdown_is_sent_once),
        WITH_END(both_halves_shut_one_by_one_are_a_close),
        WITH_END(the_peers_end_of_sending_is_told_and_leaves_ours_open),
        WITH_END(the_peers_end_of_receiving_ends_our_sending),
        WITH_END(our_end_of_receiving_drops_and_forwards_payload),
        WITH_END(payload_is_given_to_an_established_connection_alone),
        WITH_END(payload_before_accept_breaks_a_rule),
        WITH_END(rst_waits_until_the_reader_has_all),
        WITH_END(a_reader_that_takes_8_seconds_is_not_waited_for),
        WITH_END(rst_while_draining_is_the_end_and_no_reset),
        WITH_END(more_forwarded_than_was_given_is_refused),
        WITH_END(timers_run_out_in_their_order_one_by_one),
        WITH_END(a_call_that_the_state_does_not_allow_changes_nothing),
        WITH_END(abandon_tells_each_end_then_reset_and_sends_nothing),
        WITH_END(abandon_takes_back_rst_and_tells_no_end_twice),
        WITH_END(an_endpoint_goes_on_after_it_was_abandoned),
        WITH_END(an_abandoned_connection_may_be_read_during_its_close),
        WITH_END(what_is_taken_and_sent_is_counted),
        WITH_END(the_same_reply_is_shown_until_it_was_sent),
        WITH_END(connections_send_what_they_owe_in_turn),
    };

    return cmocka_run_group_tests_name("endpoint", cases, NULL, NULL);
}
