/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "device_rig.h"

/* ---- one queue without the other ---- */

static void
replies_are_kept_while_rx_is_empty(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    for (uint32_t i = 0; i < 10; i++)
        bench_transmit_op(bench, VSK_OP_CREDIT_UPDATE, 100 + i);
    for (uint32_t i = 0; i < 10; i++)
        bench_fails(bench, VSK_BAD_FLOW);
    bench_quiet(bench);
    bench_expect_back(bench, 10);
    bench_post(bench, VSK_RX, 10, 44);
    assert_true(vsk_queue_should_kick(&bench->drivers[VSK_RX]));
    bench_quiet(bench);

    /* VSOCK-DEV-10, peers.md row 15 */
    for (uint32_t i = 0; i < 10; i++) {
        bench_expect(bench, VSK_OP_RST);
        assert_int_equal(bench->header.dst_port, 100 + i);
    }
    assert_false(bench_receive(bench));
    bench_free(bench);
}

static void
tx_stops_when_the_list_of_rsts_is_full_and_goes_on(void **state)
{
    struct bench *bench = bench_sized(16, 4);
    (void)state;

    bench_prepare(bench, ALL, VSK_QUEUES);
    bench_status(bench, A | D | F | K);
    for (uint32_t i = 0; i < 6; i++)
        bench_transmit_op(bench, VSK_OP_CREDIT_UPDATE, 100 + i);
    for (uint32_t i = 0; i < 4; i++)
        bench_fails(bench, VSK_BAD_FLOW);
    bench_quiet(bench);
    bench_expect_back(bench, 4);
    bench_post(bench, VSK_RX, 8, 44);
    assert_true(vsk_queue_should_kick(&bench->drivers[VSK_RX]));
    bench_fails(bench, VSK_BAD_FLOW);
    bench_fails(bench, VSK_BAD_FLOW);
    bench_quiet(bench);

    /* VSOCK-BOTH-10, peers.md row 15 */
    bench_expect_back(bench, 2);
    for (uint32_t i = 0; i < 6; i++) {
        bench_expect(bench, VSK_OP_RST);
        assert_int_equal(bench->header.dst_port, 100 + i);
    }
    bench_free(bench);
}

static void
rx_is_served_while_tx_is_empty(void **state)
{
    struct bench *bench = bench_new();
    vsk_conn *conn = bench_stream(bench);
    uint8_t data[5] = "hello";
    uint64_t sent;
    (void)state;

    /* peers.md row 15 */
    bench_post(bench, VSK_RX, 3, 100);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(bench_send(bench, conn, data, 5, &sent), VSK_OK);
        bench_expect(bench, VSK_OP_RW);
    }
    bench_free(bench);
}

/* The driver takes back what was used, and sends the same again. */
static void
send_rst_again(struct bench *bench, const vsk_seen *seen)
{
    uint32_t written;

    if (seen->kind == VSK_SEEN_USED && bench_reap(bench, VSK_TX, &written) != 0)
        bench_transmit_op(bench, VSK_OP_RST, GUEST_PORT);
}

static void
a_flood_of_packets_that_tell_nothing_ends_with_more(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench->hook = send_rst_again;
    bench_transmit_op(bench, VSK_OP_RST, GUEST_PORT);

    bench_comes(bench, VSK_EVENT_MORE);
    bench_comes(bench, VSK_EVENT_MORE);
    assert_true(bench->device.endpoint.counters.rx_packets >= 32);
    assert_true(bench->device.endpoint.counters.rx_packets <= 64);
    bench_free(bench);
}

static void
a_flood_in_a_large_queue_ends_no_later(void **state)
{
    struct bench *bench = bench_sized(1024, 16);
    (void)state;

    bench_prepare(bench, ALL, VSK_QUEUES);
    bench_status(bench, A | D | F | K);
    bench->hook = send_rst_again;
    bench_transmit_op(bench, VSK_OP_RST, GUEST_PORT);

    bench_comes(bench, VSK_EVENT_MORE);
    assert_in_range(bench->device.endpoint.counters.rx_packets,
                    VSK_DEVICE_STEPS / 2, VSK_DEVICE_STEPS);
    bench_free(bench);
}

/* ---- broken chains ---- */

static void
put_desc(struct bench *bench, uint64_t table, uint32_t slot, uint64_t addr,
         uint32_t len, unsigned flags, uint16_t next)
{
    const vsk_desc desc = {addr, len, (uint16_t)flags, next};
    uint8_t wire[VSK_DESC_SIZE];

    vsk_desc_encode(&desc, wire);
    memcpy(bench_at(bench, table + slot * VSK_DESC_SIZE), wire, sizeof wire);
}

/* How a TX chain of two buffers at slots 0 and 1 is broken. */
struct breakage {
    vsk_status rule;
    uint32_t slot; /* descriptor of the ring that is written over */
    uint32_t len;  /* and what it says */
    uint64_t addr;
    unsigned flags;
    uint16_t next;
    unsigned nested; /* flags of the only descriptor in TABLE */
};

static const struct breakage BREAKAGES[] = {
    {VSK_BAD_NEXT, 0, 44, DATA, RIG_N, 16, 0},
    {VSK_BAD_LOOP, 1, 44, DATA, RIG_N, 0, 0},
    {VSK_BAD_LONG, 0, 17 * 16, TABLE, RIG_I, 0, RIG_N},
    {VSK_BAD_ADDRESS, 1, 44, RIG_NOWHERE, RIG_R, 0, 0},
    {VSK_BAD_TOTAL, 1, 0xffffffff, HUGE_AT, RIG_R, 0, 0},
    {VSK_BAD_ORDER, 0, 44, DATA, RIG_N | RIG_W, 1, 0},
    {VSK_BAD_NESTED, 0, 16, TABLE, RIG_I, 0, RIG_I},
    {VSK_BAD_INDIRECT_NEXT, 0, 16, TABLE, RIG_I | RIG_N, 1, 0},
    {VSK_BAD_TABLE_LEN, 0, 17, TABLE, RIG_I, 0, 0},
    {VSK_BAD_TABLE_LEN, 0, 0, TABLE, RIG_I, 0, 0},
    {VSK_BAD_TABLE_ADDRESS, 0, 16, RIG_NOWHERE, RIG_I, 0, 0},
    {VSK_BAD_TX_WRITABLE, 1, 44, DATA, RIG_W, 0, 0},
    {VSK_BAD_SHORT, 0, 43, DATA, RIG_R, 0, 0},
};

/* A TX chain of two descriptors, the first two of the ring. */
static void
transmit_two(struct bench *bench)
{
    const vsk_buffer list[] = {{DATA, 44, false}, {DATA, 44, false}};
    uint16_t head;

    assert_int_equal(
        vsk_buffers_add(&bench->buffers[VSK_TX], list, 2, 0, &head), VSK_OK);
    assert_int_equal(head, 0);
}

/* Fail unless the fault is told with its chain, counted, given back, and what
 * comes next is served. */
static void
expect_fault(struct bench *bench, vsk_status rule)
{
    bench_fails(bench, rule);
    assert_non_null(bench->event.chain);
    assert_null(bench->event.packet);
    assert_int_equal(bench->device.endpoint.counters.errors, 1);
    assert_int_equal(bench->seen[VSK_SEEN_REFUSED], 1);
    bench_expect_back(bench, 0);
    bench_quiet(bench);
    bench_expect_back(bench, 1);
    assert_int_equal(bench->drivers[VSK_TX].ring.outstanding, 0);
    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_REQUEST);
}

static void
a_broken_tx_chain_is_told_and_given_back(void **state)
{
    (void)state;

    /* peers.md row 2, row 16 */
    for (size_t i = 0; i < sizeof BREAKAGES / sizeof BREAKAGES[0]; i++) {
        const struct breakage *how = &BREAKAGES[i];
        struct bench *bench = bench_new();

        transmit_two(bench);
        put_desc(bench, bench->rings[VSK_TX].desc, how->slot, how->addr,
                 how->len, how->flags, how->next);
        for (uint16_t slot = 0; slot < 17; slot++)
            put_desc(bench, TABLE, slot, DATA, 44, how->nested,
                     (uint16_t)(slot + 1));
        expect_fault(bench, how->rule);
        bench_free(bench);
    }
}

static void
indirect_that_was_not_negotiated_is_told_and_given_back(void **state)
{
    struct bench *bench = bench_with(ALL & ~BIT(INDIRECT_DESC));
    (void)state;

    transmit_two(bench);
    put_desc(bench, bench->rings[VSK_TX].desc, 0, TABLE, 16, RIG_I, 0);

    expect_fault(bench, VSK_BAD_INDIRECT);
    bench_free(bench);
}

static void
a_len_that_lies_is_told_and_given_back(void **state)
{
    const uint32_t lens[] = {6, 65537, 0xffffffff};
    const vsk_status rules[] = {VSK_BAD_LEN, VSK_BAD_LIMIT, VSK_BAD_LIMIT};
    (void)state;

    for (uint32_t i = 0; i < 3; i++) {
        struct bench *bench = bench_new();
        vsk_header header = bench_header(bench, VSK_OP_RW, GUEST_PORT);
        uint8_t data[5] = "hello";

        header.len = lens[i];
        bench_transmit_cut(bench, &header, data, 5, &(vsk_layout){0});
        expect_fault(bench, rules[i]);
        bench_free(bench);
    }
}

static void
no_chain_is_refused(struct bench *bench, const vsk_seen *seen)
{
    (void)bench;
    if (seen->kind == VSK_SEEN_REFUSED)
        assert_null(seen->chain);
}

/* The packet is shown with the rule, after it was shown as it came. */
static void
it_was_refused(struct bench *bench, const vsk_seen *seen)
{
    if (seen->kind != VSK_SEEN_REFUSED)
        return;
    assert_int_equal(bench->seen[VSK_SEEN_PACKET], 1);
    assert_int_equal(seen->queue, VSK_TX);
    assert_int_equal(seen->status, VSK_BAD_FLOW);
    assert_int_equal(seen->head, bench->device.chains[VSK_TX].head);
    assert_ptr_equal(seen->packet, &bench->device.packet);
    assert_ptr_equal(seen->chain, &bench->device.chains[VSK_TX]);
}

static void
a_packet_that_is_refused_is_shown_with_the_rule(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench->hook = it_was_refused;
    bench_transmit_op(bench, VSK_OP_RW, GUEST_PORT);
    bench_fails(bench, VSK_BAD_FLOW);

    assert_int_equal(bench->seen[VSK_SEEN_REFUSED], 1);
    bench_free(bench);
}

static void
a_packet_that_is_taken_is_not_shown_as_refused(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_comes(bench, VSK_EVENT_REQUEST);

    assert_int_equal(bench->seen[VSK_SEEN_REFUSED], 0);
    bench_free(bench);
}

static void
a_head_that_is_none_is_told_and_passed_over(void **state)
{
    struct bench *bench = bench_new();
    (void)state;

    /* peers.md row 16 */
    bench->hook = no_chain_is_refused;
    vsk_queue_stage_head(&bench->drivers[VSK_TX], 16);
    bench_transmit_op(bench, VSK_OP_REQUEST, GUEST_PORT);
    bench_fails(bench, VSK_BAD_HEAD);
    assert_null(bench->event.chain);
    bench_comes(bench, VSK_EVENT_REQUEST);
    bench_quiet(bench);

    bench_expect_back(bench, 1);
    bench_free(bench);
}

static void
an_available_idx_that_jumps_needs_a_reset(void **state)
{
    struct bench *bench = bench_new();
    uint8_t *before;
    (void)state;

    /* STATUS-DEV-03, STATUS-DEV-04, CONF-DEV-03, peers.md row 16 */
    bench_stream(bench);
    *bench_at(bench, bench->rings[VSK_TX].driver + 2) += 100;
    bench_fails(bench, VSK_BAD_AVAIL_IDX);
    assert_int_equal(bench->device.setup.status, A | D | F | K | 64);
    assert_int_equal(vsk_device_notify(&bench->device) & VSK_NOTIFY_CONFIG,
                     VSK_NOTIFY_CONFIG);
    assert_int_equal(vsk_device_notify(&bench->device), 0);
    before = bench_snapshot(bench);
    bench_quiet(bench);
    bench_assert_untouched(bench, before);
    bench_free(bench);
}

static void
a_broken_rx_chain_is_told_and_given_back(void **state)
{
    const vsk_buffer wrong[] = {
        {DATA, 100, false}, {DATA, 43, true}, {RIG_NOWHERE, 100, true}};
    const vsk_status rules[] = {VSK_BAD_RX_READABLE, VSK_BAD_RX_SHORT,
                                VSK_BAD_ADDRESS};
    (void)state;

    /* peers.md row 2 */
    for (uint32_t i = 0; i < 3; i++) {
        struct bench *bench = bench_new();
        uint16_t head;

        bench_transmit_op(bench, VSK_OP_CREDIT_UPDATE, GUEST_PORT);
        bench_fails(bench, VSK_BAD_FLOW);
        assert_int_equal(
            vsk_buffers_add(&bench->buffers[VSK_RX], &wrong[i], 1, 0, &head),
            VSK_OK);
        bench_post(bench, VSK_RX, 1, 44);
        bench_fails(bench, rules[i]);
        assert_null(bench->event.chain);
        bench_quiet(bench);
        assert_true(bench_receive(bench));
        assert_int_equal(bench->written, 0);
        bench_expect(bench, VSK_OP_RST);
        assert_int_equal(bench->device.endpoint.counters.errors, 2);
        bench_free(bench);
    }
}

static void
a_fault_in_rx_is_not_blamed_on_the_packet_in_hand(void **state)
{
    struct bench *bench = bench_new();
    uint8_t data[5] = "hello";
    uint64_t sent;
    (void)state;

    bench_stream(bench);
    bench_transmit_data(bench, GUEST_PORT, data, 5);
    bench_comes(bench, VSK_EVENT_DATA);
    bench_post(bench, VSK_RX, 1, 20);
    assert_int_equal(bench_send(bench, bench->event.conn, data, 5, &sent),
                     VSK_NONE);

    bench_fails(bench, VSK_BAD_RX_SHORT);
    assert_null(bench->event.packet);
    assert_null(bench->event.chain);
    bench_free(bench);
}

/* ---- soak ---- */

/* A TX chain of any kind; false where the ring is full. */
static bool
transmit_anything(struct bench *bench, rig_random *random)
{
    uint8_t data[64];
    const uint32_t pieces[] = {1 + rig_draw(random, 60),
                               1 + rig_draw(random, 9), 60};
    const vsk_layout layout = {pieces, 3, rig_draw(random, 2) != 0};
    vsk_header header = bench_header(bench, (vsk_op)rig_draw(random, 9),
                                     10 + rig_draw(random, 6));
    uint32_t size = rig_draw(random, 50);
    vsk_packet packet;
    uint16_t head;

    header.len = rig_draw(random, 20) == 0 ? 500 : size;
    header.type = (uint16_t)(rig_draw(random, 12) == 0 ? 3 : 1);
    header.flags = rig_draw(random, 4);
    if (rig_draw(random, 30) == 0)
        header.src_cid = 9;
    rig_pattern(data, 64, 1);
    vsk_packet_init(&packet, data, size);
    packet.header = header;
    if (vsk_buffers_send(&bench->buffers[VSK_TX], &packet, &layout, &head) !=
        VSK_OK)
        return false;
    if (rig_draw(random, 10) == 0)
        put_desc(bench, bench->rings[VSK_TX].desc, head, RIG_NOWHERE,
                 1 + rig_draw(random, 99), rig_draw(random, 8),
                 (uint16_t)rig_draw(random, 20));
    return true;
}

static bool
post_anything(struct bench *bench, rig_random *random)
{
    const uint32_t pieces[] = {1 + rig_draw(random, 60),
                               1 + rig_draw(random, 60)};
    const vsk_layout layout = {pieces, 2, rig_draw(random, 2) != 0};
    uint16_t head;

    if (vsk_buffers_post(&bench->buffers[VSK_RX], pieces[0] + pieces[1],
                         &layout, &head) != VSK_OK)
        return false;
    if (rig_draw(random, 20) == 0)
        put_desc(bench, bench->rings[VSK_RX].desc, head, RIG_NOWHERE,
                 1 + rig_draw(random, 99), rig_draw(random, 8),
                 (uint16_t)rig_draw(random, 20));
    return true;
}

/* Answer an event in any way; what it came with is read. */
static void
answer_anything(struct bench *bench, rig_random *random)
{
    vsk_event *event = &bench->event;
    uint8_t data[300] = {0};
    uint64_t sent;

    if (event->packet != NULL)
        (void)vsk_packet_read(event->packet, 0, data, 300);
    if (event->kind == VSK_EVENT_PACKET && rig_draw(random, 8) == 0)
        vsk_device_swallow(&bench->device);
    if (event->conn == NULL || event->kind == VSK_EVENT_CLOSE)
        return;
    if (event->kind == VSK_EVENT_DATA)
        (void)vsk_endpoint_forwarded(&bench->device.endpoint, bench->now,
                                     event->conn, event->packet->size);
    if (rig_draw(random, 3) != 0)
        (void)bench_send(bench, event->conn, data, 1 + rig_draw(random, 300),
                         &sent);
    if (event->kind == VSK_EVENT_REQUEST || rig_draw(random, 10) == 0)
        (void)vsk_endpoint_call(
            &bench->device.endpoint, bench->now, event->conn,
            rig_draw(random, 4) != 0 ? VSK_CALL_ACCEPT
                                     : (vsk_call)rig_draw(random, 4),
            rig_draw(random, 4));
}

static void
every_head_comes_back_once_whatever_happens(void **state)
{
    struct bench *bench = bench_new();
    rig_random random = rig_seed();
    uint64_t rounds = rig_setting("VSK_SOAK", 20000), posted = 0, back = 0;
    uint32_t written;
    (void)state;

    /* peers.md row 2, row 5 */
    for (uint64_t i = 0; i < rounds; i++) {
        bench->device.show_packets = rig_draw(&random, 2) != 0;
        while (rig_draw(&random, 4) != 0)
            posted += transmit_anything(bench, &random);
        while (rig_draw(&random, 3) != 0)
            posted += post_anything(bench, &random);
        for (uint32_t j = rig_draw(&random, 40); j > 0; j--) {
            if (bench_poll(bench) != VSK_OK)
                break;
            answer_anything(bench, &random);
        }
        bench->now += rig_draw(&random, 1000) * VSK_MILLISECOND;
        back += bench_reap(bench, VSK_TX, &written);
        while (bench_receive(bench))
            back++;
        assert_int_equal(posted - back,
                         bench->drivers[VSK_TX].ring.outstanding +
                             bench->drivers[VSK_RX].ring.outstanding);
    }
    for (uint32_t i = 0; i < 1000; i++) {
        if (rig_draw(&random, 2) != 0)
            posted += post_anything(bench, &random);
        if (bench_poll(bench) == VSK_NONE &&
            vsk_endpoint_ready(&bench->device.endpoint))
            break;
        while (bench_receive(bench))
            back++;
    }
    assert_int_equal(bench->device.setup.status, A | D | F | K);
    back += bench_reap(bench, VSK_TX, &written);
    assert_int_equal(bench->drivers[VSK_TX].ring.outstanding, 0);
    bench_free(bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_kept_while_rx_is_empty),
        cmocka_unit_test(tx_stops_when_the_list_of_rsts_is_full_and_goes_on),
        cmocka_unit_test(rx_is_served_while_tx_is_empty),
        cmocka_unit_test(a_flood_of_packets_that_tell_nothing_ends_with_more),
        cmocka_unit_test(a_flood_in_a_large_queue_ends_no_later),
        cmocka_unit_test(a_broken_tx_chain_is_told_and_given_back),
        cmocka_unit_test(
            indirect_that_was_not_negotiated_is_told_and_given_back),
        cmocka_unit_test(a_len_that_lies_is_told_and_given_back),
        cmocka_unit_test(a_packet_that_is_refused_is_shown_with_the_rule),
        cmocka_unit_test(a_packet_that_is_taken_is_not_shown_as_refused),
        cmocka_unit_test(a_head_that_is_none_is_told_and_passed_over),
        cmocka_unit_test(an_available_idx_that_jumps_needs_a_reset),
        cmocka_unit_test(a_broken_rx_chain_is_told_and_given_back),
        cmocka_unit_test(a_fault_in_rx_is_not_blamed_on_the_packet_in_hand),
        cmocka_unit_test(every_head_comes_back_once_whatever_happens),
    };

    return rig_run("device_hostile", tests);
}
