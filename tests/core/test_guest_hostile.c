/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "guest_rig.h"

static uint8_t bulk[WINDOW];

/* ---- little room ---- */

/* Fill the TX queue; how many packets are in it. */
static uint32_t
fill(struct stage *stage, vsk_conn *conn)
{
    uint32_t count = 0;

    while (stage_sent(stage, conn, bulk, 1) != 0)
        count++;
    return count;
}

static void
rx_is_served_while_tx_is_full(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    uint32_t count = fill(stage, conn);
    (void)state;
    stage_quiet(stage);

    /* VSOCK-DRV-08 */
    stage_give_stray(stage, 1);
    stage_told_error(stage, VSK_BAD_FLOW);
    stage_give_data(stage, VSK_TYPE_STREAM, bulk, 5);
    (void)stage_told(stage, VSK_EVENT_DATA);
    stage_give_op(stage, VSK_OP_CREDIT_REQUEST);
    stage_quiet(stage);

    assert_int_equal(count, 8);
    while (count-- != 0)
        (void)stage_took(stage, VSK_OP_RW);
    assert_true(stage_is_empty(stage, VSK_TX));
    (void)stage_told(stage, VSK_EVENT_WRITABLE);
    (void)stage_took(stage, VSK_OP_RST);
    (void)stage_took(stage, VSK_OP_CREDIT_UPDATE);
    stage_free(stage);
}

static void
one_descriptor_is_no_room_for_payload(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    const vsk_packet packet = stage_from_host(VSK_OP_RST, VSK_TYPE_STREAM);
    (void)state;
    assert_int_equal(vsk_guest_put(&stage->guest, 0, &packet, NULL), VSK_OK);

    assert_int_equal(fill(stage, conn), 7);

    assert_int_equal(stage->guest.queues[VSK_TX].ring.free_count, 1);
    stage_quiet(stage);
    stage_free(stage);
}

static void
an_indirect_table_takes_one_descriptor(void **state)
{
    vsk_guest_policy policy = stage_small_policy();
    struct stage *stage;
    vsk_conn *conn;
    (void)state;
    policy.tx_indirect = true;
    stage = stage_new(&policy);
    conn = stage_connected(stage);

    assert_int_equal(fill(stage, conn), 16);

    stage_quiet(stage);
    (void)stage_took(stage, VSK_OP_RW);
    (void)stage_told(stage, VSK_EVENT_WRITABLE);
    assert_int_equal(fill(stage, conn), 1);
    stage_free(stage);
}

static void
rx_stops_where_no_more_replies_are_kept(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    (void)state;
    (void)fill(stage, conn);

    /* VSOCK-BOTH-10 */
    for (uint32_t i = 0; i < 16; i++) {
        stage_give_stray(stage, i);
        stage_told_error(stage, VSK_BAD_FLOW);
    }
    stage_give_stray(stage, 16);
    stage_quiet(stage);
    assert_int_equal(stage->guest.endpoint.counters.rx_packets, 17);
    while (!stage_is_empty(stage, VSK_TX))
        (void)stage_took(stage, VSK_OP_RW);

    assert_int_equal(
        stage_told(stage, VSK_EVENT_ERROR)->packet->header.src_port, 16);
    for (uint32_t i = 0; i < 16; i++)
        assert_int_equal(stage_took(stage, VSK_OP_RST)->dst_port, i);
    stage_free(stage);
}

static void
interrupts_of_tx_are_asked_for_where_somebody_waits(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    (void)state;
    (void)vsk_queue_should_interrupt(&stage->device[VSK_TX]);
    assert_int_equal(stage_sent(stage, conn, bulk, 1), 1);
    stage_quiet(stage);
    (void)stage_took(stage, VSK_OP_RW);
    assert_false(vsk_queue_should_interrupt(&stage->device[VSK_TX]));
    stage_quiet(stage);

    (void)fill(stage, conn);
    stage_quiet(stage);
    (void)stage_took(stage, VSK_OP_RW);

    assert_true(vsk_queue_should_interrupt(&stage->device[VSK_TX]));
    assert_int_equal(stage->chains[VSK_TX].readable, 45);
    stage_free(stage);
}

static void
interrupts_of_tx_are_not_wanted_without_event_idx_either(void **state)
{
    const vsk_guest_policy policy = stage_small_policy();
    struct stage *stage = stage_in(&policy, 1u << 20);
    vsk_conn *conn;
    (void)state;
    stage_open(stage, 0);
    conn = stage_connected(stage);
    assert_int_equal(stage_sent(stage, conn, bulk, 1), 1);
    stage_quiet(stage);

    (void)stage_took(stage, VSK_OP_RW);

    assert_false(vsk_queue_should_interrupt(&stage->device[VSK_TX]));
    stage_free(stage);
}

/* A device that is quicker than the guest can ask for interrupts. */
static void
hurry(void *user, const vsk_seen *seen)
{
    struct stage *stage = user;

    if (seen->queue == VSK_TX)
        stage_give_op(stage, VSK_OP_RST);
}

static void
what_comes_while_interrupts_are_asked_for_is_not_missed(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    (void)state;
    stage_give_data(stage, VSK_TYPE_STREAM, bulk, 5);
    (void)stage_told(stage, VSK_EVENT_DATA);
    (void)vsk_endpoint_forwarded(&stage->guest.endpoint, 0, conn, 5);
    stage->guest.tap = (vsk_tap){hurry, stage};

    /* SPLIT-DRV-18: the CREDIT_UPDATE is the last that poll does. */
    assert_int_equal(stage_told(stage, VSK_EVENT_CLOSE)->conn->reason,
                     VSK_REASON_RESET);
    stage_free(stage);
}

static void
interrupts_of_rx_and_events_are_asked_for(void **state)
{
    struct stage *stage = stage_small();
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        stage_quiet(stage);

        stage_give_stray(stage, i);
        assert_true(vsk_queue_should_interrupt(&stage->device[VSK_RX]));
        stage_give_event(stage, 9, 4);
        assert_true(vsk_queue_should_interrupt(&stage->device[VSK_EVENT]));

        stage_told_error(stage, VSK_BAD_EVENT);
        stage_told_error(stage, VSK_BAD_FLOW);
    }
    stage_free(stage);
}

/* A connection from another port of the guest's. */
static vsk_conn *
second(struct stage *stage)
{
    vsk_packet packet = stage_from_host(VSK_OP_RESPONSE, VSK_TYPE_STREAM);
    vsk_conn *conn;

    packet.header.dst_port = 1025;
    assert_int_equal(vsk_guest_connect(&stage->guest, 0, 1025, VSK_CID_HOST,
                                       PORT, VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    stage_quiet(stage);
    (void)stage_took(stage, VSK_OP_REQUEST);
    stage_give(stage, &packet);
    (void)stage_told(stage, VSK_EVENT_CONNECT);
    stage_quiet(stage);
    return conn;
}

static void
a_turn_is_of_eight_packets_while_others_wait(void **state)
{
    vsk_guest_policy policy = stage_small_policy();
    struct stage *stage;
    vsk_conn *first, *other;
    (void)state;
    policy.endpoint.payload_max = 10;
    policy.queue_size = 32;
    stage = stage_new(&policy);
    first = stage_connected(stage);
    other = second(stage);
    (void)fill(stage, first);
    assert_int_equal(stage_sent(stage, other, bulk, 10), 0);
    while (!stage_is_empty(stage, VSK_TX))
        (void)stage_took(stage, VSK_OP_RW);

    assert_ptr_equal(stage_told(stage, VSK_EVENT_WRITABLE)->conn, first);
    assert_int_equal(stage_sent(stage, first, bulk, 200), 80);
    assert_int_equal(stage_sent(stage, first, bulk, 200), 0);
    assert_ptr_equal(stage_told(stage, VSK_EVENT_WRITABLE)->conn, other);
    assert_int_equal(stage_sent(stage, first, bulk, 10), 0);
    assert_int_equal(stage_sent(stage, other, bulk, 30), 30);
    assert_ptr_equal(stage_told(stage, VSK_EVENT_WRITABLE)->conn, first);
    /* Nobody waits any more: eight and what else the ring takes. */
    assert_int_equal(stage_sent(stage, first, bulk, 200), 50);
    stage_free(stage);
}

static void
rx_is_refilled_in_bursts(void **state)
{
    struct stage *stage = stage_small();
    (void)state;
    stage_quiet(stage);

    for (uint32_t i = 0; i < 7; i++) {
        stage_give_stray(stage, i);
        stage_told_error(stage, VSK_BAD_FLOW);
        stage_quiet(stage);
    }
    assert_int_equal(stage->guest.posted[VSK_RX], 9);
    stage_give_stray(stage, 7);
    stage_told_error(stage, VSK_BAD_FLOW);
    stage_quiet(stage);

    assert_int_equal(stage->guest.posted[VSK_RX], 16);
    stage_free(stage);
}

static void
bursts_are_as_the_policy_says(void **state)
{
    vsk_guest_policy policy = stage_small_policy();
    struct stage *stage;
    (void)state;
    policy.rx_buffers = 3;
    policy.refill_at = 100;
    stage = stage_new(&policy);

    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(stage->guest.posted[VSK_RX], 3 - i % 3);
        stage_give_stray(stage, i);
        stage_told_error(stage, VSK_BAD_FLOW);
        stage_quiet(stage);
    }
    stage_free(stage);
}

static void
rx_runs_empty_and_goes_on(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    uint32_t bytes = 0;
    (void)state;

    while (!stage_is_empty(stage, VSK_RX))
        stage_give_data(stage, VSK_TYPE_STREAM, bulk, 100);
    while (vsk_guest_poll(&stage->guest, 0, &stage->event) == VSK_OK) {
        assert_int_equal(stage->event.kind, VSK_EVENT_DATA);
        bytes += stage->event.packet->size;
        (void)vsk_endpoint_forwarded(&stage->guest.endpoint, 0, conn, 100);
    }

    assert_int_equal(bytes, 1500);
    assert_int_equal(stage->guest.posted[VSK_RX], 16);
    assert_false(stage_is_empty(stage, VSK_RX));
    stage_free(stage);
}

/* Take all of the pool but one range of so many bytes. */
static void
leave(struct stage *stage, uint64_t bytes)
{
    uint64_t kept;

    assert_int_equal(vsk_pool_alloc(&stage->pool, bytes, 16, &kept), VSK_OK);
    assert_int_equal(
        vsk_pool_reserve(&stage->pool, stage->region.addr, stage->region.size),
        VSK_OK);
    assert_int_equal(vsk_pool_free(&stage->pool, kept, bytes), VSK_OK);
}

static void
a_packet_without_memory_waits_for_some(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    (void)state;
    /* A packet of 100 and its gaps fit once, and nothing else. */
    leave(stage, 176);

    assert_int_equal(stage_sent(stage, conn, bulk, 100), 100);
    assert_int_equal(stage_sent(stage, conn, bulk, 100), 0);
    stage_quiet(stage);
    (void)stage_took(stage, VSK_OP_RW);

    assert_ptr_equal(stage_told(stage, VSK_EVENT_WRITABLE)->conn, conn);
    assert_int_equal(stage_sent(stage, conn, bulk, 100), 100);
    stage_free(stage);
}

static void
a_packet_is_halved_until_memory_takes_it(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    (void)state;
    leave(stage, 80);

    /* 80 bytes: a header, a gap, 1 to 4 bytes, another gap */
    assert_int_equal(stage_sent(stage, conn, bulk, 65536), 4);

    stage_assert_cut(stage_pop(stage, VSK_TX), false, LENGTHS(44, 4));
    assert_int_equal(vsk_pool_available(&stage->pool), 0);
    stage_free(stage);
}

static void
rx_leaves_memory_to_tx(void **state)
{
    const vsk_guest_policy policy = stage_small_policy();
    struct stage *stage = stage_in(&policy, 8192);
    vsk_conn *conn;
    (void)state;
    stage_open(stage, UINT64_MAX);
    assert_int_equal(stage->guest.posted[VSK_RX], 1);

    conn = stage_connected(stage);

    assert_true(stage_sent(stage, conn, bulk, 10000) > 500);
    stage_free(stage);
}

static void
a_table_without_entries_is_no_room(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    (void)state;
    /* One chain of two buffers takes all three records. */
    for (uint32_t i = 0; i < 3; i++)
        stage->guest.buffers[VSK_TX].records[i].next =
            i < 2 ? i + 1 : VSK_RECORD_NONE;
    stage->guest.buffers[VSK_TX].free = 0;

    assert_int_equal(stage_sent(stage, conn, bulk, 5), 5);
    assert_int_equal(stage_sent(stage, conn, bulk, 5), 0);
    stage_quiet(stage);
    (void)stage_took(stage, VSK_OP_RW);

    (void)stage_told(stage, VSK_EVENT_WRITABLE);
    stage->guest.policy.tx_piece = 1;
    assert_int_equal(stage_sent(stage, conn, bulk, 5), 1);
    stage_free(stage);
}

/* ---- a device that breaks rules ---- */

static void
a_used_idx_gone_wild_is_told_once(void **state)
{
    (void)state;

    for (uint32_t queue = 0; queue < VSK_QUEUES; queue++) {
        struct stage *stage = stage_small();

        /* SPLIT-DEV-07 */
        stage_jump(stage, queue);
        stage_told_error(stage, VSK_BAD_USED_IDX);
        stage_quiet(stage);
        stage_quiet(stage);
        assert_int_equal(stage->guest.stuck, 1 << queue);
        assert_int_equal(stage->guest.endpoint.counters.errors, 1);
        stage_free(stage);
    }
}

static void
a_stuck_queue_leaves_the_others_alone(void **state)
{
    struct stage *stage = stage_small();
    (void)state;
    stage_jump(stage, VSK_EVENT);
    stage_told_error(stage, VSK_BAD_USED_IDX);

    (void)stage_connected(stage);
    stage_free(stage);
}

static void
a_used_id_that_is_no_head_is_passed_over(void **state)
{
    (void)state;

    for (uint32_t queue = 0; queue < VSK_QUEUES; queue++) {
        struct stage *stage = stage_small();
        vsk_conn *conn = stage_connected(stage);

        /* SPLIT-DEV-06 */
        assert_int_equal(stage_sent(stage, conn, bulk, 5), 5);
        stage_forge(stage, queue, 16, 0);
        stage_told_error(stage, VSK_BAD_USED_ID);
        stage_quiet(stage);
        stage_free(stage);
    }
}

static void
a_fault_of_tx_is_not_blamed_on_the_packet_told_before(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    (void)state;
    assert_int_equal(stage_sent(stage, conn, bulk, 5), 5);
    stage_give_data(stage, VSK_TYPE_STREAM, bulk, 5);
    stage_told(stage, VSK_EVENT_DATA);

    stage_forge(stage, VSK_TX, 16, 0);

    stage_told_error(stage, VSK_BAD_USED_ID);
    assert_null(stage->event.packet);
    assert_null(stage->event.chain);
    stage_free(stage);
}

static void
a_chain_with_more_written_than_it_holds_is_freed(void **state)
{
    (void)state;

    for (uint32_t queue = 0; queue < VSK_QUEUES; queue++) {
        struct stage *stage = stage_small();
        vsk_conn *conn = stage_connected(stage);
        uint32_t posted;

        assert_int_equal(stage_sent(stage, conn, bulk, 5), 5);
        posted = stage->guest.posted[queue];

        /* SPLIT-DEV-09 */
        stage_forge(stage, queue, stage_pop(stage, queue)->head, 3777);
        stage_told_error(stage, VSK_BAD_USED_LEN);
        assert_null(stage->event.packet);
        stage_quiet(stage);
        assert_int_equal(stage->guest.posted[queue],
                         queue == VSK_EVENT ? posted : posted - 1);
        stage_free(stage);
    }
}

static void
a_packet_shorter_than_a_header_is_refused(void **state)
{
    const uint32_t sizes[] = {0, 1, 43};
    struct stage *stage = stage_small();
    (void)state;

    for (uint32_t i = 0; i < 3; i++) {
        (void)stage_pop(stage, VSK_RX);
        stage_push(stage, VSK_RX, sizes[i]);
        stage_told_error(stage, VSK_BAD_SHORT);
    }
    stage_quiet(stage);
    assert_int_equal(stage->guest.posted[VSK_RX], 13);
    assert_true(stage_is_empty(stage, VSK_TX));
    stage_free(stage);
}

static void
a_packet_that_says_more_than_was_written_is_refused(void **state)
{
    struct stage *stage = stage_small();
    vsk_packet packet = stage_from_host(VSK_OP_RW, VSK_TYPE_STREAM);
    (void)state;
    packet.header.len = 1;

    /* All of RX is 0xAA beforehand: only what was written counts. */
    stage_give(stage, &packet);
    stage_told_error(stage, VSK_BAD_LEN);
    packet.header.len = VSK_PAYLOAD_MAX + 1;
    stage_give(stage, &packet);
    stage_told_error(stage, VSK_BAD_LIMIT);
    stage_free(stage);
}

static void
nothing_is_read_from_a_buffer_that_was_not_written(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn = stage_connected(stage);
    uint8_t data[] = "hello", copy[64];
    (void)state;

    for (uint32_t i = 0; i < 40; i++) {
        stage_give_data(stage, VSK_TYPE_STREAM, data, 5);
        assert_int_equal(stage_told(stage, VSK_EVENT_DATA)->packet->size, 5);
        assert_int_equal(
            vsk_packet_read(stage->event.packet, 0, copy, sizeof copy), 5);
        assert_memory_equal(copy, data, 5);
        (void)vsk_endpoint_forwarded(&stage->guest.endpoint, 0, conn, 5);
        stage_quiet(stage);
        while (!stage_is_empty(stage, VSK_TX))
            (void)stage_took(stage, VSK_OP_CREDIT_UPDATE);
    }
    assert_int_equal(stage->guest.endpoint.counters.errors, 0);
    stage_free(stage);
}

static void
a_chain_of_more_pieces_than_spans_is_refused(void **state)
{
    vsk_guest_policy policy = stage_small_policy();
    struct stage *stage;
    const vsk_packet packet = stage_from_host(VSK_OP_RST, VSK_TYPE_STREAM);
    (void)state;
    policy.rx_pieces[0] = 22;
    policy.rx_pieces[1] = 22;
    stage = stage_new(&policy);
    stage->guest.tables.span_count = 1;

    stage_give(stage, &packet);

    stage_told_error(stage, VSK_ERR_SPANS);
    stage_free(stage);
}

static void
an_unknown_type_is_answered_by_rst(void **state)
{
    const uint16_t types[] = {0, 3, 0xffff};
    struct stage *stage = stage_small();
    (void)state;

    /* VSOCK-DRV-14 */
    for (uint32_t i = 0; i < 3; i++) {
        const vsk_packet packet = stage_from_host(VSK_OP_REQUEST, types[i]);

        stage_give(stage, &packet);
        stage_told_error(stage, VSK_BAD_TYPE);
        stage_quiet(stage);
        assert_int_equal(stage_took(stage, VSK_OP_RST)->type, types[i]);
    }
    stage_free(stage);
}

/* The packet is shown with the rule, after it was shown as it came. */
static void
note_refused(void *user, const vsk_seen *seen)
{
    struct stage *stage = user;

    stage->seen[seen->kind]++;
    if (seen->kind != VSK_SEEN_REFUSED)
        return;
    assert_int_equal(stage->seen[VSK_SEEN_PACKET], 1);
    assert_int_equal(seen->queue, VSK_RX);
    assert_int_equal(seen->head, stage->chains[VSK_RX].head);
    assert_ptr_equal(seen->packet, &stage->guest.packet);
    assert_ptr_equal(seen->chain, &stage->guest.chain);
    stage->last = *seen;
}

static void
is_shown_as_refused(const vsk_packet *packet, vsk_status rule)
{
    struct stage *stage = stage_small();

    /* Not head 0. */
    stage_give_op(stage, VSK_OP_RST);
    stage_quiet(stage);
    stage->guest.tap = (vsk_tap){note_refused, stage};
    stage_give(stage, packet);
    stage_told_error(stage, rule);

    assert_int_equal(stage->seen[VSK_SEEN_REFUSED], 1);
    assert_int_equal(stage->last.status, rule);
    stage_free(stage);
}

static void
a_packet_that_is_refused_is_shown_with_the_rule(void **state)
{
    const vsk_packet packet = stage_from_host(VSK_OP_RW, VSK_TYPE_STREAM);
    (void)state;

    is_shown_as_refused(&packet, VSK_BAD_FLOW);
}

static void
a_packet_for_somebody_else_is_shown_with_the_rule(void **state)
{
    vsk_packet packet = stage_from_host(VSK_OP_RW, VSK_TYPE_STREAM);
    (void)state;

    /* VSOCK-DRV-13, VSOCK-BOTH-06 */
    packet.header.dst_cid = CID + 1;
    is_shown_as_refused(&packet, VSK_BAD_CID);
}

static void
a_rst_is_never_answered(void **state)
{
    const uint16_t types[] = {0, 1, 2, 3};
    struct stage *stage = stage_small();
    (void)state;

    for (uint32_t i = 0; i < 4; i++) {
        const vsk_packet packet = stage_from_host(VSK_OP_RST, types[i]);

        stage_give(stage, &packet);
        stage_quiet(stage);
    }
    assert_true(stage_is_empty(stage, VSK_TX));
    stage_free(stage);
}

static void
a_packet_for_somebody_else_is_not_answered(void **state)
{
    const uint64_t cids[] = {CID + 1, VSK_CID_HOST, CID + (1ull << 32)};
    struct stage *stage = stage_small();
    vsk_packet packet = stage_from_host(VSK_OP_REQUEST, VSK_TYPE_STREAM);
    (void)state;

    /* VSOCK-DRV-13: the RST would have a CID that is not ours */
    for (uint32_t i = 0; i < 3; i++) {
        packet.header.dst_cid = cids[i];
        stage_give(stage, &packet);
        stage_told_error(stage, VSK_BAD_CID);
        assert_non_null(stage->event.packet);
        stage_quiet(stage);
    }
    assert_true(stage_is_empty(stage, VSK_TX));
    assert_int_equal(stage->guest.endpoint.counters.foreign, 3);
    assert_int_equal(stage->guest.endpoint.counters.rx_packets, 3);
    stage_free(stage);
}

/* A device that answers each packet read by another, until it is told. */
static void
answer(void *user, const vsk_seen *seen)
{
    struct stage *stage = user;

    if (seen->queue == VSK_RX && stage->seed != 0) {
        stage->seed--;
        stage_give_credit(stage, VSK_TYPE_STREAM, WINDOW, 0);
    }
}

static void
a_call_ends_though_the_device_never_does(void **state)
{
    vsk_guest_policy policy = stage_small_policy();
    struct stage *stage;
    (void)state;
    policy.refill_at = 1;
    stage = stage_new(&policy);
    (void)stage_connected(stage);
    stage->guest.tap = (vsk_tap){answer, stage};
    stage->seed = 100;
    stage_give_credit(stage, VSK_TYPE_STREAM, WINDOW, 0);

    for (uint32_t i = 1; i < 4; i++) {
        (void)stage_told(stage, VSK_EVENT_MORE);
        assert_int_equal(stage->seed, 100 - 32 * i);
    }
    stage_quiet(stage);
    stage_free(stage);
}

/* Do something to what the device can write. */
static void
scribble(struct stage *stage, rig_random *random)
{
    uint32_t queue = rig_draw(random, VSK_QUEUES);
    uint32_t what = rig_draw(random, 20);

    if (what < 12)
        stage_forge(stage, queue, rig_draw(random, 18),
                    rig_draw(random, 2) != 0 ? 44 + rig_draw(random, 3) : 4);
    else if (what == 12)
        stage_used_ring(stage, queue)[3] ^= (uint8_t)(rig_draw(random, 4) / 3);
    else
        for (uint32_t i = 0; i < 100; i++)
            stage->region.base[rig_draw(random, 4096)] =
                (uint8_t)rig_draw(random, what < 16 ? 4 : 256);
}

static void
nothing_that_a_device_writes_does_harm(void **state)
{
    rig_random random = rig_seed();
    vsk_guest_policy policy = stage_small_policy();
    (void)state;

    for (uint32_t round = 0; round < 300; round++) {
        struct stage *stage;
        uint32_t calls = 0;

        policy.tx_piece = rig_draw(&random, 40);
        policy.tx_indirect = rig_draw(&random, 2) != 0;
        policy.rx_indirect = rig_draw(&random, 2) != 0;
        policy.rx_buffers = rig_draw(&random, 17);
        stage = stage_in(&policy, 1u << 17);
        stage_open(stage, UINT64_MAX);
        stage->guest.show_packets = rig_draw(&random, 2) != 0;
        for (uint32_t i = 0; i < 60; i++) {
            uint32_t port = rig_draw(&random, 3);
            vsk_conn *conn;
            uint64_t bytes;

            scribble(stage, &random);
            (void)vsk_guest_connect(&stage->guest, stage->now, port, 2, PORT,
                                    VSK_TYPE_STREAM, &conn);
            for (calls = 0; calls < 200; calls++) {
                if (vsk_guest_poll(&stage->guest, stage->now, &stage->event) !=
                    VSK_OK)
                    break;
                if (stage->event.conn != NULL)
                    (void)stage_send(stage, stage->event.conn, bulk,
                                     rig_draw(&random, 5000), 0, &bytes);
                if (stage->event.kind == VSK_EVENT_RESET)
                    (void)vsk_guest_renew(&stage->guest, CID);
            }
            assert_int_not_equal(calls, 200);
            (void)vsk_guest_notify(&stage->guest);
            stage->now += VSK_SECOND;
        }
        vsk_guest_close(&stage->guest);
        assert_int_equal(vsk_pool_available(&stage->pool), stage->region.size);
        stage_free(stage);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rx_is_served_while_tx_is_full),
        cmocka_unit_test(one_descriptor_is_no_room_for_payload),
        cmocka_unit_test(an_indirect_table_takes_one_descriptor),
        cmocka_unit_test(rx_stops_where_no_more_replies_are_kept),
        cmocka_unit_test(interrupts_of_tx_are_asked_for_where_somebody_waits),
        cmocka_unit_test(
            interrupts_of_tx_are_not_wanted_without_event_idx_either),
        cmocka_unit_test(
            what_comes_while_interrupts_are_asked_for_is_not_missed),
        cmocka_unit_test(interrupts_of_rx_and_events_are_asked_for),
        cmocka_unit_test(a_turn_is_of_eight_packets_while_others_wait),
        cmocka_unit_test(rx_is_refilled_in_bursts),
        cmocka_unit_test(bursts_are_as_the_policy_says),
        cmocka_unit_test(rx_runs_empty_and_goes_on),
        cmocka_unit_test(a_packet_without_memory_waits_for_some),
        cmocka_unit_test(a_packet_is_halved_until_memory_takes_it),
        cmocka_unit_test(rx_leaves_memory_to_tx),
        cmocka_unit_test(a_table_without_entries_is_no_room),
        cmocka_unit_test(a_used_idx_gone_wild_is_told_once),
        cmocka_unit_test(a_stuck_queue_leaves_the_others_alone),
        cmocka_unit_test(a_used_id_that_is_no_head_is_passed_over),
        cmocka_unit_test(a_fault_of_tx_is_not_blamed_on_the_packet_told_before),
        cmocka_unit_test(a_chain_with_more_written_than_it_holds_is_freed),
        cmocka_unit_test(a_packet_shorter_than_a_header_is_refused),
        cmocka_unit_test(a_packet_that_says_more_than_was_written_is_refused),
        cmocka_unit_test(nothing_is_read_from_a_buffer_that_was_not_written),
        cmocka_unit_test(a_chain_of_more_pieces_than_spans_is_refused),
        cmocka_unit_test(an_unknown_type_is_answered_by_rst),
        cmocka_unit_test(a_packet_that_is_refused_is_shown_with_the_rule),
        cmocka_unit_test(a_packet_for_somebody_else_is_shown_with_the_rule),
        cmocka_unit_test(a_rst_is_never_answered),
        cmocka_unit_test(a_packet_for_somebody_else_is_not_answered),
        cmocka_unit_test(a_call_ends_though_the_device_never_does),
        cmocka_unit_test(nothing_that_a_device_writes_does_harm),
    };

    return rig_run("guest_hostile", tests);
}
