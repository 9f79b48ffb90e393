/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "endpoint_rig.h"

/* Our buffer is the smaller one: a quarter of it is this. */
#define QUARTER (BUFFER / 4)

/* ---- credit that we owe ---- */

static void
credit_is_volunteered_at_once_at_a_quarter_of_our_smaller_buffer(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    pass(end, conn, QUARTER - 1);
    expect_no_reply(end);
    pass(end, conn, 1);

    /* VSOCK-BOTH-22 */
    header = expect_reply(end, VSK_OP_CREDIT_UPDATE);
    assert_int_equal(header.fwd_cnt, QUARTER);
    assert_int_equal(header.buf_alloc, BUFFER);
    assert_int_equal(header.flags, 0);
    expect_no_reply(end);
}

static void
credit_is_volunteered_at_a_quarter_of_the_peers_smaller_buffer(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header = payload(99);

    header.buf_alloc = 400;

    take(end, header);
    hand_on(end, conn, 99);
    expect_no_reply(end);
    header.len = 1;
    take(end, header);
    hand_on(end, conn, 1);

    assert_int_equal(expect_reply(end, VSK_OP_CREDIT_UPDATE).fwd_cnt, 100);
}

static void
credit_is_volunteered_when_the_peer_shrinks_its_buffer(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header = packet(VSK_OP_CREDIT_UPDATE);

    pass(end, conn, 500);
    expect_no_reply(end);

    header.buf_alloc = 2000;
    take(end, header);

    expect_reply(end, VSK_OP_CREDIT_UPDATE);
}

static void
only_forwarded_bytes_are_volunteered(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    take(end, payload(BUFFER));
    vsk_endpoint_settle(&end->endpoint);
    expect_no_reply(end);
    hand_on(end, conn, QUARTER);

    assert_int_equal(expect_reply(end, VSK_OP_CREDIT_UPDATE).fwd_cnt, QUARTER);
}

static void
the_policy_says_at_how_many_bytes_credit_is_volunteered(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    end->endpoint.policy.update_at = 2000;
    pass(end, conn, 1999);
    expect_no_reply(end);
    pass(end, conn, 1);
    expect_reply(end, VSK_OP_CREDIT_UPDATE);
    end->endpoint.policy.update_at = 1;
    pass(end, conn, 1);
    expect_reply(end, VSK_OP_CREDIT_UPDATE);
    expect_no_reply(end);
}

static void
a_pass_that_leaves_nothing_to_read_volunteers_what_there_is(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    pass(end, conn, 1);
    expect_no_reply(end);

    vsk_endpoint_settle(&end->endpoint);

    assert_int_equal(expect_reply(end, VSK_OP_CREDIT_UPDATE).fwd_cnt, 1);
    vsk_endpoint_settle(&end->endpoint);
    expect_no_reply(end);
}

static void
a_pass_that_leaves_something_to_read_volunteers_nothing(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    take(end, payload(3));
    hand_on(end, conn, 1);

    vsk_endpoint_settle(&end->endpoint);

    expect_no_reply(end);
    hand_on(end, conn, 2);
    vsk_endpoint_settle(&end->endpoint);
    assert_int_equal(expect_reply(end, VSK_OP_CREDIT_UPDATE).fwd_cnt, 3);
}

static void
a_pass_volunteers_for_every_connection(void **state)
{
    struct end *end = *state;
    vsk_conn *conns[CONNS];

    for (uint32_t i = 0; i < CONNS; i++)
        conns[i] = established_from(end, i);
    for (uint32_t i = 0; i < CONNS; i++) {
        vsk_header header = packet_from(i, VSK_OP_RW);

        header.len = 1;
        take(end, header);
        hand_on(end, conns[i], 1);
    }

    vsk_endpoint_settle(&end->endpoint);

    for (uint32_t i = 0; i < CONNS; i++)
        assert_int_equal(expect_reply(end, VSK_OP_CREDIT_UPDATE).dst_port, i);
    expect_no_reply(end);
}

static void
the_policy_may_leave_a_pass_without_an_update(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    end->endpoint.policy.update_idle = false;
    pass(end, conn, 1);

    vsk_endpoint_settle(&end->endpoint);

    expect_no_reply(end);
}

static void
a_pass_volunteers_what_the_policy_finds_worth_a_packet(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    end->endpoint.policy.idle_at = 2;
    pass(end, conn, 1);
    vsk_endpoint_settle(&end->endpoint);
    expect_no_reply(end);

    pass(end, conn, 1);
    vsk_endpoint_settle(&end->endpoint);

    assert_int_equal(expect_reply(end, VSK_OP_CREDIT_UPDATE).fwd_cnt, 2);
}

static void
a_byte_of_a_message_is_always_worth_a_packet(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = messages(end);
    vsk_header header = typed(VSK_OP_RW, VSK_TYPE_SEQPACKET);

    end->endpoint.policy.idle_at = 2;
    header.len = 1;
    take(end, header);
    hand_on(end, conn, 1);

    vsk_endpoint_settle(&end->endpoint);

    expect_reply(end, VSK_OP_CREDIT_UPDATE);
}

static void
with_bytes_of_the_policy_a_pass_volunteers_too(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    end->endpoint.policy.update_at = 2000;
    take(end, payload(3));
    hand_on(end, conn, 1);
    vsk_endpoint_settle(&end->endpoint);
    expect_no_reply(end);
    hand_on(end, conn, 2);
    expect_no_reply(end);

    vsk_endpoint_settle(&end->endpoint);

    expect_reply(end, VSK_OP_CREDIT_UPDATE);
}

static void
payload_pays_the_credit_that_is_owed(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    pass(end, conn, QUARTER);

    /* VSOCK-DEV-12, VSOCK-DRV-10 */
    assert_int_equal(send_one(end, conn, 1).fwd_cnt, QUARTER);

    expect_no_reply(end);
}

static void
payload_pays_what_a_pass_would_volunteer(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    pass(end, conn, 1);

    send_one(end, conn, 1);

    vsk_endpoint_settle(&end->endpoint);
    expect_no_reply(end);
}

static void
shutdown_pays_the_credit_that_is_owed(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    pass(end, conn, QUARTER);

    ask(end, conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND);

    header = expect_reply(end, VSK_OP_SHUTDOWN);
    assert_int_equal(header.fwd_cnt, QUARTER);
    assert_int_equal(header.buf_alloc, BUFFER);
    expect_no_reply(end);
}

static void
another_size_of_the_buffer_is_told_at_once(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    vsk_endpoint_resize(&end->endpoint, conn, 10);

    assert_int_equal(expect_reply(end, VSK_OP_CREDIT_UPDATE).buf_alloc, 10);
    vsk_endpoint_resize(&end->endpoint, conn, 10);
    expect_no_reply(end);
}

static void
another_size_is_told_whatever_the_policy_says_of_bytes(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    end->endpoint.policy.update_at = 2000;

    vsk_endpoint_resize(&end->endpoint, conn, 10);

    assert_int_equal(expect_reply(end, VSK_OP_CREDIT_UPDATE).buf_alloc, 10);
}

static void
the_size_of_a_buffer_is_not_told_before_response(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = requested(end);

    vsk_endpoint_resize(&end->endpoint, conn, 10);
    vsk_endpoint_settle(&end->endpoint);

    expect_no_reply(end);
    ask(end, conn, VSK_CALL_ACCEPT, 0);
    assert_int_equal(expect_reply(end, VSK_OP_RESPONSE).buf_alloc, 10);
    expect_no_reply(end);
}

static void
no_credit_is_told_after_our_close(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    take(end, payload(BUFFER));
    ask(end, conn, VSK_CALL_CLOSE, 0);
    expect_reply(end, VSK_OP_SHUTDOWN);

    hand_on(end, conn, BUFFER);
    vsk_endpoint_resize(&end->endpoint, conn, 10);
    vsk_endpoint_settle(&end->endpoint);
    take(end, packet(VSK_OP_CREDIT_REQUEST));

    expect_no_reply(end);
}

static void
credit_that_was_owed_is_not_told_after_our_close(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    pass(end, conn, QUARTER);

    ask(end, conn, VSK_CALL_CLOSE, 0);

    expect_reply(end, VSK_OP_SHUTDOWN);
    expect_no_reply(end);
}

static void
no_credit_is_told_after_the_peers_end_of_sending(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    take(end, payload(BUFFER));
    take(end, shutdown(VSK_SHUTDOWN_SEND));

    hand_on(end, conn, BUFFER);
    vsk_endpoint_resize(&end->endpoint, conn, 10);
    vsk_endpoint_settle(&end->endpoint);

    expect_no_reply(end);
}

static void
credit_that_was_owed_is_not_told_after_the_peers_end_of_sending(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    pass(end, conn, QUARTER);

    take(end, shutdown(VSK_SHUTDOWN_SEND));

    expect_no_reply(end);
}

static void
a_credit_request_is_answered(void **state)
{
    struct end *end = *state;

    established(end);

    /* VSOCK-BOTH-21 */
    take(end, packet(VSK_OP_CREDIT_REQUEST));

    assert_int_equal(expect_reply(end, VSK_OP_CREDIT_UPDATE).buf_alloc, BUFFER);
    expect_nothing(end);
}

static void
a_credit_request_is_answered_after_the_peers_end_of_sending(void **state)
{
    struct end *end = *state;

    established(end);
    take(end, shutdown(VSK_SHUTDOWN_SEND));

    /* VSOCK-BOTH-21 */
    take(end, packet(VSK_OP_CREDIT_REQUEST));

    expect_reply(end, VSK_OP_CREDIT_UPDATE);
}

static void
an_answer_that_waits_outlives_other_packets(void **state)
{
    struct end *end = *state;

    established(end);
    take(end, shutdown(VSK_SHUTDOWN_SEND));
    take(end, packet(VSK_OP_CREDIT_REQUEST));

    take(end, packet(VSK_OP_CREDIT_UPDATE));

    expect_reply(end, VSK_OP_CREDIT_UPDATE);
}

static void
a_credit_request_is_not_answered_where_the_policy_says_so(void **state)
{
    struct end *end = *state;

    end->endpoint.policy.answer = false;
    established(end);

    take(end, packet(VSK_OP_CREDIT_REQUEST));

    expect_no_reply(end);
}

/* ---- credit that we lack ---- */

static void
a_starved_sender_asks_at_once_and_later_and_later(void **state)
{
    static const uint32_t delays[] = {100, 200, 400, 800, 1600, 2000, 2000};
    struct end *end = end_new();
    vsk_conn *conn = established(end);
    vsk_header header;
    (void)state;

    starve(end, conn);

    /* VSOCK-BOTH-21, VSOCK-BOTH-20 */
    header = expect_reply(end, VSK_OP_CREDIT_REQUEST);
    assert_int_equal(header.buf_alloc, BUFFER);
    for (uint32_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        assert_int_equal(wait_for(end, delays[i] * VSK_MILLISECOND - 1), 0);
        expect_no_reply(end);
        assert_int_equal(wait_for(end, 1), 1);
        expect_reply(end, VSK_OP_CREDIT_REQUEST);
        expect_no_reply(end);
    }
    expect_nobody_writable(end);
    free(end);
}

static void
a_sender_that_is_starved_for_long_asks_every_2_seconds(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    starve(end, conn);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(wait_for(end, 2 * VSK_SECOND), 1);

    for (uint32_t i = 0; i < 600; i++)
        assert_int_equal(wait_for(end, VSK_SECOND), i % 2);
}

static void
a_starved_sender_that_tries_again_does_not_ask_again(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    starve(end, conn);
    expect_reply(end, VSK_OP_CREDIT_REQUEST);

    assert_int_equal(plan(end, conn, 1, &header), VSK_NONE);

    expect_no_reply(end);
    assert_int_equal(wait_for(end, 100 * VSK_MILLISECOND), 1);
}

static void
credit_that_comes_makes_a_starved_sender_writable(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    end->endpoint.policy.meter = false;
    starve(end, conn);
    expect_reply(end, VSK_OP_CREDIT_REQUEST);
    expect_nobody_writable(end);

    take(end, update(1));

    /* VSOCK-BOTH-20, VSOCK-BOTH-22: one byte is enough to go on */
    assert_true(vsk_endpoint_waits(&end->endpoint));
    assert_ptr_equal(expect_writable(end), conn);
    expect_nobody_writable(end);
    expect_no_reply(end);
    assert_int_equal(wait_for(end, 100 * VSK_SECOND), 0);
    assert_int_equal(plan(end, conn, 10, &header), VSK_OK);
    assert_int_equal(header.len, 1);
}

static void
credit_that_came_takes_back_a_request_that_waits(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    starve(end, conn);

    take(end, update(PEER_BUFFER));

    expect_no_reply(end);
    assert_ptr_equal(expect_writable(end), conn);
    starve(end, conn);
    expect_reply(end, VSK_OP_CREDIT_REQUEST);
    assert_int_equal(wait_for(end, 100 * VSK_MILLISECOND), 1);
}

static void
a_sender_held_back_for_its_packets_is_woken_when_they_are_fewer(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    send_one(end, conn, PEER_BUFFER - 1000);
    assert_int_equal(plan(end, conn, 1, &header), VSK_NONE);

    take(end, update(152));
    expect_nobody_writable(end);
    take(end, update(153));

    assert_ptr_equal(expect_writable(end), conn);
}

/* Send single bytes until only the meter of packets holds them back. */
static uint32_t
send_single_bytes(struct end *end, vsk_conn *conn)
{
    vsk_header header;
    uint32_t count = 0;

    while (plan(end, conn, 1, &header) == VSK_OK) {
        vsk_endpoint_sent(&end->endpoint, conn, &header);
        count++;
    }
    assert_int_not_equal(vsk_credit_available(&conn->credit), 0);
    return count;
}

static void
who_never_answers_is_metered_by_bytes_alone(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    uint32_t count = send_single_bytes(end, conn);

    /* Linux 5.10: CREDIT_REQUEST at 0, 100 and 300 ms */
    assert_int_equal(wait_for(end, 100 * VSK_MILLISECOND), 1);
    assert_int_equal(wait_for(end, 200 * VSK_MILLISECOND), 1);
    expect_nobody_writable(end);
    assert_int_equal(wait_for(end, 400 * VSK_MILLISECOND), 1);

    assert_ptr_equal(expect_writable(end), conn);
    assert_in_range(send_single_bytes(end, conn), count - 1, count);
}

static void
who_answers_is_metered_by_packets(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    send_single_bytes(end, conn);

    /* An older packet crossed with them; nothing was taken yet. */
    take(end, update(0));
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(wait_for(end, 2 * VSK_SECOND), 1);

    expect_nobody_writable(end);
}

static void
an_answer_without_credit_does_not_wake_a_starved_sender(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    starve(end, conn);
    expect_reply(end, VSK_OP_CREDIT_REQUEST);

    take(end, update(0));

    expect_quiet(end);
    expect_nobody_writable(end);
    assert_int_equal(wait_for(end, 100 * VSK_MILLISECOND), 1);
}

static void
who_answers_is_asked_no_less_often(void **state)
{
    static const uint32_t delays[] = {100, 200, 400, 800, 1600, 2000};
    struct end *end = end_new();
    vsk_conn *conn = established(end);
    (void)state;
    starve(end, conn);

    take(end, update(0));

    for (uint32_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        assert_int_equal(wait_for(end, delays[i] * VSK_MILLISECOND - 1), 0);
        assert_int_equal(wait_for(end, 1), 1);
    }
    free(end);
}

static void
asking_without_a_delay_makes_a_pause_all_the_same(void **state)
{
    static const uint64_t last[] = {0, 2 * VSK_SECOND};
    (void)state;

    for (uint32_t i = 0; i < sizeof last / sizeof last[0]; i++) {
        struct end *end = end_new();
        vsk_conn *conn = established(end);

        end->endpoint.policy.ask_first = 0;
        end->endpoint.policy.ask_last = last[i];
        starve(end, conn);

        for (uint32_t asked = 0; asked < 3; asked++) {
            expect_reply(end, VSK_OP_CREDIT_REQUEST);
            assert_int_equal(vsk_endpoint_expire(&end->endpoint, end->now),
                             VSK_NONE);
            end->now += VSK_SECOND;
            assert_int_equal(vsk_endpoint_expire(&end->endpoint, end->now),
                             VSK_OK);
        }
        free(end);
    }
}

static void
a_last_delay_of_none_leaves_the_first(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    end->endpoint.policy.ask_last = 0;

    starve(end, conn);

    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(wait_for(end, 100 * VSK_MILLISECOND - 1), 0);
        assert_int_equal(wait_for(end, 1), 1);
    }
}

static void
a_starved_sender_does_not_ask_where_the_policy_says_so(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    end->endpoint.policy.ask = false;

    starve(end, conn);

    expect_no_reply(end);
    assert_int_equal(wait_for(end, 100 * VSK_SECOND), 0);
    take(end, update(PEER_BUFFER));
    assert_ptr_equal(expect_writable(end), conn);
}

static void
a_policy_that_changes_stops_and_starts_the_asking(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    starve(end, conn);
    expect_reply(end, VSK_OP_CREDIT_REQUEST);

    end->endpoint.policy.ask = false;
    assert_int_equal(wait_for(end, 10 * VSK_SECOND), 1);
    expect_no_reply(end);
    end->endpoint.policy.ask = true;
    assert_int_equal(plan(end, conn, 1, &header), VSK_NONE);

    expect_reply(end, VSK_OP_CREDIT_REQUEST);
}

static void
a_starved_sender_learns_of_its_own_end_of_sending(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    starve(end, conn);

    ask(end, conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND);

    assert_ptr_equal(expect_writable(end), conn);
    assert_int_equal(plan(end, conn, 1, &header), VSK_ERR_STATE);
    expect_reply(end, VSK_OP_SHUTDOWN);
    expect_no_reply(end);
    assert_int_equal(wait_for(end, 100 * VSK_SECOND), 0);
}

static void
a_starved_sender_learns_of_the_peers_end_of_receiving(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    starve(end, conn);
    expect_reply(end, VSK_OP_CREDIT_REQUEST);

    take(end, shutdown(VSK_SHUTDOWN_RECEIVE));

    /* VSOCK-BOTH-28 */
    assert_ptr_equal(expect_writable(end), conn);
    assert_int_equal(plan(end, conn, 1, &header), VSK_ERR_STATE);
    expect_no_reply(end);
    assert_int_equal(wait_for(end, 100 * VSK_SECOND), 0);
}

static void
a_starved_sender_that_closes_has_the_timer_of_its_close(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    starve(end, conn);

    ask(end, conn, VSK_CALL_CLOSE, 0);

    expect_reply(end, VSK_OP_SHUTDOWN);
    expect_no_reply(end);
    take(end, update(PEER_BUFFER));
    assert_int_equal(wait_for(end, 8 * VSK_SECOND - 1), 0);
    assert_int_equal(wait_for(end, 1), 1);
    expect_close(end, VSK_REASON_TIMEOUT);
}

static void
a_starved_sender_whose_peer_closed_has_the_timer_of_its_reader(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header = shutdown(BOTH);

    take(end, payload(10));
    starve(end, conn);

    header.fwd_cnt = 1;
    take(end, header);

    expect(end, VSK_EVENT_EOF);
    assert_int_equal(wait_for(end, 8 * VSK_SECOND - 1), 0);
    assert_int_equal(wait_for(end, 1), 1);
    expect_close(end, VSK_REASON_TIMEOUT);
}

static void
a_starved_sender_that_gives_up_ends_with_rst_and_asks_no_more(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    starve(end, conn);

    ask(end, conn, VSK_CALL_TIMEOUT, 0);

    assert_int_equal(wait_for(end, 100 * VSK_SECOND), 0);
    expect_over(end, VSK_REASON_TIMEOUT);
    assert_int_equal(end->endpoint.table.count, 0);
}

static void
a_sender_that_was_wronged_ends_with_rst_and_says_why(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    starve(end, conn);

    ask(end, conn, VSK_CALL_BLAME, 0);

    expect_over(end, VSK_REASON_PROTOCOL);
}

static void
who_is_over_is_not_writable(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    starve(end, conn);
    vsk_endpoint_wait(&end->endpoint, conn);

    ask(end, conn, VSK_CALL_RESET, 0);

    expect_nobody_writable(end);
    expect_close(end, VSK_REASON_LOCAL);
    expect_reply(end, VSK_OP_RST);
    vsk_endpoint_wait(&end->endpoint, conn);
    expect_nobody_writable(end);
    expect_nothing(end);
}

static void
who_takes_the_slot_of_a_sender_is_not_writable(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);

    vsk_endpoint_wait(&end->endpoint, conn);
    take(end, packet(VSK_OP_RST));
    expect_close(end, VSK_REASON_RESET);
    expect_quiet(end);

    assert_ptr_equal(established(end), conn);

    expect_nobody_writable(end);
}

/* ---- payload ---- */

static void
a_packet_of_payload_has_all_its_fields(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    assert_int_equal(plan(end, conn, 5, &header), VSK_OK);

    assert_int_equal(header.src_cid, HOST);
    assert_int_equal(header.dst_cid, GUEST);
    assert_int_equal(header.src_port, PORT);
    assert_int_equal(header.dst_port, FROM);
    assert_int_equal(header.len, 5);
    assert_int_equal(header.type, VSK_TYPE_STREAM);
    assert_int_equal(header.op, VSK_OP_RW);
    assert_int_equal(header.buf_alloc, BUFFER);
    assert_int_equal(header.fwd_cnt, 0);
}

static void
a_plan_that_is_not_sent_costs_nothing(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    assert_int_equal(plan(end, conn, PEER_BUFFER, &header), VSK_OK);
    assert_int_equal(plan(end, conn, PEER_BUFFER, &header), VSK_OK);

    assert_int_equal(header.len, PEER_BUFFER);
    assert_int_equal(end->endpoint.counters.tx_packets, 1); /* RESPONSE */
}

static void
a_packet_is_never_longer_than_credit_allows(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    end->endpoint.policy.meter = false;

    /* VSOCK-DEV-11, VSOCK-DRV-09 */
    assert_int_equal(plan(end, conn, UINT64_MAX, &header), VSK_OK);
    assert_int_equal(header.len, PEER_BUFFER);
    send_one(end, conn, 7000);
    assert_int_equal(plan(end, conn, UINT64_MAX, &header), VSK_OK);
    assert_int_equal(header.len, 1000);
}

static void
packets_are_metered_as_well_as_bytes(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    send_one(end, conn, 5000);

    assert_int_equal(plan(end, conn, UINT64_MAX, &header), VSK_OK);

    assert_int_equal(header.len, PEER_BUFFER - 5000 - 2 * VSK_CREDIT_PACKET);
}

static void
a_packet_is_never_longer_than_its_room(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    assert_int_equal(
        vsk_endpoint_plan(&end->endpoint, end->now, conn, 1000, 99, 0, &header),
        VSK_OK);

    assert_int_equal(header.len, 99);
}

static void
a_packet_is_never_longer_than_the_policy_says(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    end->endpoint.policy.payload_max = 98;

    assert_int_equal(plan(end, conn, 1000, &header), VSK_OK);

    assert_int_equal(header.len, 98);
}

static void
bytes_that_find_no_room_are_no_empty_packet(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    assert_int_equal(
        vsk_endpoint_plan(&end->endpoint, end->now, conn, 5, 0, 0, &header),
        VSK_NONE);

    assert_ptr_equal(expect_writable(end), conn);
    assert_int_equal(plan(end, conn, 5, &header), VSK_OK);
}

static void
the_end_of_a_message_is_on_its_last_packet_alone(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = messages(end);
    vsk_header header;

    /* VSOCK-BOTH-36, VSOCK-BOTH-37, VSOCK-BOTH-39 */
    assert_int_equal(vsk_endpoint_plan(&end->endpoint, end->now, conn, 150, 100,
                                       VSK_SEQ_EOM | VSK_SEQ_EOR, &header),
                     VSK_OK);
    assert_int_equal(header.flags, 0);
    vsk_endpoint_sent(&end->endpoint, conn, &header);
    assert_int_equal(vsk_endpoint_plan(&end->endpoint, end->now, conn, 50, 100,
                                       VSK_SEQ_EOM | VSK_SEQ_EOR, &header),
                     VSK_OK);
    assert_int_equal(header.len, 50);
    assert_int_equal(header.flags, VSK_SEQ_EOM | VSK_SEQ_EOR);
    assert_int_equal(header.type, VSK_TYPE_SEQPACKET);
}

static void
a_message_longer_than_the_peers_buffer_is_refused(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = messages(end);
    vsk_header header;

    assert_int_equal(plan(end, conn, PEER_BUFFER + 1, &header),
                     VSK_ERR_MESSAGE);
    assert_int_equal(plan(end, conn, PEER_BUFFER, &header), VSK_OK);
    expect_no_reply(end);
}

static void
a_message_that_was_begun_may_be_longer_than_what_the_peers_buffer_became(
    void **state)
{
    struct end *end = end_new();
    vsk_conn *conn = messages(end);
    vsk_header header = typed(VSK_OP_CREDIT_UPDATE, VSK_TYPE_SEQPACKET);
    (void)state;
    send_flags(end, conn, 1000, 0);

    header.buf_alloc = 2000;
    header.fwd_cnt = 500;
    take(end, header);

    assert_int_equal(plan(end, conn, 5000, &header), VSK_OK);
    assert_int_equal(header.len, 1500);
    assert_int_equal(header.flags, 0);
    free(end);
}

static void
a_message_behind_one_that_ended_is_refused_where_it_is_too_long(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = messages(end);
    vsk_header header;

    send_flags(end, conn, 10, 0);
    assert_int_equal(plan(end, conn, PEER_BUFFER + 1, &header), VSK_OK);
    send_flags(end, conn, 10, VSK_SEQ_EOM);

    assert_int_equal(plan(end, conn, PEER_BUFFER + 1, &header),
                     VSK_ERR_MESSAGE);
}

static void
a_stream_longer_than_the_peers_buffer_goes_in_parts(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = established(end);
    vsk_header header;

    assert_int_equal(plan(end, conn, PEER_BUFFER + 1, &header), VSK_OK);

    assert_int_equal(header.len, PEER_BUFFER);
}

static void
the_rest_of_a_message_is_not_metered(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = messages(end);
    vsk_header header;

    send_flags(end, conn, PEER_BUFFER - 10, 0);

    assert_int_equal(plan(end, conn, 10, &header), VSK_OK);
    assert_int_equal(header.len, 10);
    vsk_endpoint_sent(&end->endpoint, conn, &header);
    assert_int_equal(plan(end, conn, 10, &header), VSK_NONE);
}

static void
an_empty_end_of_a_message_is_not_metered(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = messages(end);
    vsk_header header;

    send_flags(end, conn, PEER_BUFFER, 0);

    assert_int_equal(plan(end, conn, 0, &header), VSK_OK);

    assert_int_equal(header.len, 0);
    assert_int_equal(header.flags, VSK_SEQ_EOM);
}

static void
an_empty_message_costs_as_much_as_any_packet(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = messages(end);
    vsk_header header;
    uint32_t count = 0;

    while (plan(end, conn, 0, &header) == VSK_OK) {
        assert_int_equal(header.len, 0);
        assert_int_equal(header.flags, VSK_SEQ_EOM);
        vsk_endpoint_sent(&end->endpoint, conn, &header);
        count++;
    }

    assert_int_equal(count, PEER_BUFFER / VSK_CREDIT_PACKET);
    expect_reply(end, VSK_OP_CREDIT_REQUEST);
    take(end, typed(VSK_OP_CREDIT_UPDATE, VSK_TYPE_SEQPACKET));
    assert_ptr_equal(expect_writable(end), conn);
    assert_int_equal(plan(end, conn, 0, &header), VSK_OK);
}

static void
an_empty_message_needs_a_byte_of_credit_where_packets_are_not_metered(
    void **state)
{
    struct end *end = end_new();
    vsk_conn *conn = messages(end);
    vsk_header header;
    (void)state;
    end->endpoint.policy.meter = false;

    assert_int_equal(plan(end, conn, 0, &header), VSK_OK);
    send_flags(end, conn, PEER_BUFFER, VSK_SEQ_EOM);

    assert_int_equal(plan(end, conn, 0, &header), VSK_NONE);
    free(end);
}

static void
nothing_is_planned_before_accept(void **state)
{
    struct end *end = *state;
    vsk_conn *conn = requested(end);
    vsk_header header;

    assert_int_equal(plan(end, conn, 1, &header), VSK_ERR_STATE);

    expect_nobody_writable(end);
}

/* ---- taking turns ---- */

static void
who_waits_longest_is_writable_first(void **state)
{
    struct end *end = *state;
    vsk_conn *conns[CONNS];

    for (uint32_t i = 0; i < CONNS; i++)
        conns[i] = established_from(end, i);
    for (uint32_t i = CONNS; i > 0; i--)
        vsk_endpoint_wait(&end->endpoint, conns[i - 1]);
    vsk_endpoint_wait(&end->endpoint, conns[CONNS - 1]);

    for (uint32_t i = CONNS; i > 0; i--)
        assert_ptr_equal(expect_writable(end), conns[i - 1]);

    expect_nobody_writable(end);
    assert_false(vsk_endpoint_waits(&end->endpoint));
}

static void
nobody_overtakes_who_waits(void **state)
{
    struct end *end = *state;
    vsk_conn *first = established_from(end, 1);
    vsk_conn *second = established_from(end, 2);
    vsk_header header;

    vsk_endpoint_wait(&end->endpoint, first);
    expect_quiet(end);

    assert_int_equal(plan(end, second, 1, &header), VSK_NONE);

    assert_ptr_equal(expect_writable(end), first);
    assert_int_equal(plan(end, second, 1, &header), VSK_NONE);
    assert_int_equal(plan(end, first, 1, &header), VSK_OK);
    assert_ptr_equal(expect_writable(end), second);
    assert_int_equal(plan(end, second, 1, &header), VSK_OK);
    expect_nobody_writable(end);
}

static void
a_turn_ends_with_the_next_event(void **state)
{
    struct end *end = *state;
    vsk_conn *first = established_from(end, 1);
    vsk_conn *second = established_from(end, 2);
    vsk_header header;

    vsk_endpoint_wait(&end->endpoint, first);
    vsk_endpoint_wait(&end->endpoint, second);
    assert_ptr_equal(expect_writable(end), first);
    assert_int_equal(plan(end, first, 1, &header), VSK_OK);

    expect_quiet(end);

    assert_int_equal(plan(end, first, 1, &header), VSK_NONE);
    assert_ptr_equal(expect_writable(end), second);
}

static void
all_who_never_stop_sending_send_as_often(void **state)
{
    struct end *end = *state;
    vsk_conn *conns[CONNS];
    uint32_t turns[CONNS] = {0};
    vsk_header header;

    for (uint32_t i = 0; i < CONNS; i++) {
        conns[i] = established_from(end, i);
        conns[i]->credit.peer_buf_alloc = UINT32_MAX;
        vsk_endpoint_wait(&end->endpoint, conns[i]);
    }

    for (uint32_t i = 0; i < 100 * CONNS; i++) {
        vsk_conn *conn = expect_writable(end);

        assert_int_equal(plan(end, conn, 1, &header), VSK_OK);
        vsk_endpoint_sent(&end->endpoint, conn, &header);
        vsk_endpoint_wait(&end->endpoint, conn);
        turns[vsk_table_slot(&end->endpoint.table, conn)]++;
    }

    for (uint32_t i = 0; i < CONNS; i++)
        assert_int_equal(turns[i], 100);
}

/* ---- spans ---- */

static void
outgoing_bytes_are_those_of_all_spans(void **state)
{
    const vsk_span spans[] = {{.len = UINT32_MAX}, {.len = 0}, {.len = 7}};
    const vsk_outgoing outgoing = {spans, 3, 0}, nothing = {NULL, 0, 0};
    (void)state;

    assert_true(vsk_outgoing_bytes(&outgoing) == (uint64_t)UINT32_MAX + 7);
    assert_int_equal(vsk_outgoing_bytes(&nothing), 0);
}

static void
every_part_of_outgoing_payload_is_a_packet(void **state)
{
    uint8_t bytes[12];
    const vsk_span spans[] = {{.base = bytes, .len = 3},
                              {.base = bytes + 3, .len = 0},
                              {.base = bytes + 3, .len = 1},
                              {.base = bytes + 4, .len = 8},
                              {.base = bytes + 12, .len = 0}};
    const vsk_outgoing outgoing = {spans, 5, 0};
    (void)state;
    rig_pattern(bytes, sizeof bytes, 1);

    for (uint32_t offset = 0; offset <= 12; offset++)
        for (uint32_t size = 0; offset + size <= 12; size++) {
            uint8_t copy[13];
            vsk_packet part;

            vsk_outgoing_packet(&outgoing, offset, size, &part);

            assert_int_equal(part.header.len, size);
            assert_int_equal(vsk_packet_read(&part, 0, copy, sizeof copy),
                             size);
            assert_memory_equal(copy, bytes + offset, size);
        }
}

static void
a_part_of_nothing_is_an_empty_packet(void **state)
{
    const vsk_outgoing nothing = {NULL, 0, VSK_SEQ_EOM};
    vsk_packet part;
    (void)state;

    vsk_outgoing_packet(&nothing, 0, 0, &part);

    assert_int_equal(part.size, 0);
    assert_int_equal(part.header.len, 0);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        WITH_END(
            credit_is_volunteered_at_once_at_a_quarter_of_our_smaller_buffer),
        WITH_END(
            credit_is_volunteered_at_a_quarter_of_the_peers_smaller_buffer),
        WITH_END(credit_is_volunteered_when_the_peer_shrinks_its_buffer),
        WITH_END(only_forwarded_bytes_are_volunteered),
        WITH_END(the_policy_says_at_how_many_bytes_credit_is_volunteered),
        WITH_END(a_pass_that_leaves_nothing_to_read_volunteers_what_there_is),
        WITH_END(a_pass_that_leaves_something_to_read_volunteers_nothing),
        WITH_END(a_pass_volunteers_for_every_connection),
        WITH_END(the_policy_may_leave_a_pass_without_an_update),
        WITH_END(a_pass_volunteers_what_the_policy_finds_worth_a_packet),
        WITH_END(a_byte_of_a_message_is_always_worth_a_packet),
        WITH_END(with_bytes_of_the_policy_a_pass_volunteers_too),
        WITH_END(payload_pays_the_credit_that_is_owed),
        WITH_END(payload_pays_what_a_pass_would_volunteer),
        WITH_END(shutdown_pays_the_credit_that_is_owed),
        WITH_END(another_size_of_the_buffer_is_told_at_once),
        WITH_END(another_size_is_told_whatever_the_policy_says_of_bytes),
        WITH_END(the_size_of_a_buffer_is_not_told_before_response),
        WITH_END(no_credit_is_told_after_our_close),
        WITH_END(credit_that_was_owed_is_not_told_after_our_close),
        WITH_END(no_credit_is_told_after_the_peers_end_of_sending),
        WITH_END(
            credit_that_was_owed_is_not_told_after_the_peers_end_of_sending),
        WITH_END(a_credit_request_is_answered),
        WITH_END(a_credit_request_is_answered_after_the_peers_end_of_sending),
        WITH_END(an_answer_that_waits_outlives_other_packets),
        WITH_END(a_credit_request_is_not_answered_where_the_policy_says_so),
        cmocka_unit_test(a_starved_sender_asks_at_once_and_later_and_later),
        WITH_END(a_sender_that_is_starved_for_long_asks_every_2_seconds),
        WITH_END(a_starved_sender_that_tries_again_does_not_ask_again),
        WITH_END(credit_that_comes_makes_a_starved_sender_writable),
        WITH_END(credit_that_came_takes_back_a_request_that_waits),
        WITH_END(
            a_sender_held_back_for_its_packets_is_woken_when_they_are_fewer),
        WITH_END(who_never_answers_is_metered_by_bytes_alone),
        WITH_END(who_answers_is_metered_by_packets),
        WITH_END(an_answer_without_credit_does_not_wake_a_starved_sender),
        cmocka_unit_test(who_answers_is_asked_no_less_often),
        cmocka_unit_test(asking_without_a_delay_makes_a_pause_all_the_same),
        WITH_END(a_last_delay_of_none_leaves_the_first),
        WITH_END(a_starved_sender_does_not_ask_where_the_policy_says_so),
        WITH_END(a_policy_that_changes_stops_and_starts_the_asking),
        WITH_END(a_starved_sender_learns_of_its_own_end_of_sending),
        WITH_END(a_starved_sender_learns_of_the_peers_end_of_receiving),
        WITH_END(a_starved_sender_that_closes_has_the_timer_of_its_close),
        WITH_END(
            a_starved_sender_whose_peer_closed_has_the_timer_of_its_reader),
        WITH_END(a_starved_sender_that_gives_up_ends_with_rst_and_asks_no_more),
        WITH_END(a_sender_that_was_wronged_ends_with_rst_and_says_why),
        WITH_END(who_is_over_is_not_writable),
        WITH_END(who_takes_the_slot_of_a_sender_is_not_writable),
        WITH_END(a_packet_of_payload_has_all_its_fields),
        WITH_END(a_plan_that_is_not_sent_costs_nothing),
        WITH_END(a_packet_is_never_longer_than_credit_allows),
        WITH_END(packets_are_metered_as_well_as_bytes),
        WITH_END(a_packet_is_never_longer_than_its_room),
        WITH_END(a_packet_is_never_longer_than_the_policy_says),
        WITH_END(bytes_that_find_no_room_are_no_empty_packet),
        WITH_END(the_end_of_a_message_is_on_its_last_packet_alone),
        WITH_END(a_message_longer_than_the_peers_buffer_is_refused),
        cmocka_unit_test(
            a_message_that_was_begun_may_be_longer_than_what_the_peers_buffer_became),
        WITH_END(
            a_message_behind_one_that_ended_is_refused_where_it_is_too_long),
        WITH_END(a_stream_longer_than_the_peers_buffer_goes_in_parts),
        WITH_END(the_rest_of_a_message_is_not_metered),
        WITH_END(an_empty_end_of_a_message_is_not_metered),
        WITH_END(an_empty_message_costs_as_much_as_any_packet),
        cmocka_unit_test(
            an_empty_message_needs_a_byte_of_credit_where_packets_are_not_metered),
        WITH_END(nothing_is_planned_before_accept),
        WITH_END(who_waits_longest_is_writable_first),
        WITH_END(nobody_overtakes_who_waits),
        WITH_END(a_turn_ends_with_the_next_event),
        WITH_END(all_who_never_stop_sending_send_as_often),
        cmocka_unit_test(outgoing_bytes_are_those_of_all_spans),
        cmocka_unit_test(every_part_of_outgoing_payload_is_a_packet),
        cmocka_unit_test(a_part_of_nothing_is_an_empty_packet),
    };

    return cmocka_run_group_tests_name("endpoint_send", cases, NULL, NULL);
}
