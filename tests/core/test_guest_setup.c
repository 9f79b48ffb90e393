/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "guest_rig.h"

static uint8_t bulk[WINDOW];

/* ---- setting up ---- */

static void
only_a_guests_cid_is_taken(void **state)
{
    const vsk_guest_policy policy = stage_small_policy();
    struct stage *stage = stage_in(&policy, 1u << 20);
    const uint64_t cids[] = {0, 1, 2, 0xffffffff, 0x100000003};
    (void)state;

    for (size_t i = 0; i < sizeof cids / sizeof *cids; i++)
        assert_int_equal(vsk_guest_open(&stage->guest, &stage->memory,
                                        &stage->pool, 0, cids[i]),
                         VSK_ERR_CID);
    assert_int_equal(vsk_guest_open(&stage->guest, &stage->memory, &stage->pool,
                                    0, 0xfffffffe),
                     VSK_OK);
    assert_int_equal(
        vsk_guest_open(&stage->guest, &stage->memory, &stage->pool, 0, CID),
        VSK_ERR_STATE);
    stage_free(stage);
}

static void
policies_that_cannot_work_are_refused(void **state)
{
    vsk_guest_tables tables = stage_tables_new(16);
    vsk_guest_policy policy = stage_small_policy();
    vsk_guest guest;
    (void)state;

    /* A packed ring has any size: PACKED-BOTH-02. */
    policy.queue_size = 12;
    assert_int_equal(vsk_guest_init(&guest, &policy, &tables, 0), VSK_OK);
    policy.features &= ~VSK_F_RING_PACKED;
    assert_int_equal(vsk_guest_init(&guest, &policy, &tables, 0), VSK_ERR_SIZE);
    policy = stage_small_policy();
    policy.rx_pieces[0] = 43;
    assert_int_equal(vsk_guest_init(&guest, &policy, &tables, 0),
                     VSK_ERR_LAYOUT);
    tables.span_count = 0;
    policy.rx_pieces[1] = 1;
    assert_int_equal(vsk_guest_init(&guest, &policy, &tables, 0),
                     VSK_ERR_ARGUMENT);
    tables_free_guest(&tables);
}

static void
every_feature_that_it_knows_is_accepted(void **state)
{
    struct stage *stage = stage_small();
    (void)state;

    /* VSOCK-DRV-01, RSVF-DRV-03, RSVF-DRV-06, RSVF-DRV-07; RSVF-DRV-10: not
     * bit 37, which is for PCI */
    assert_int_equal(vsk_guest_accept(&stage->guest, UINT64_MAX),
                     0x15f30000007);
    assert_int_equal(vsk_guest_accept(&stage->guest, 0x100000004), 0x100000004);
    stage_free(stage);
}

static void
buffers_are_posted_when_the_cid_is_known(void **state)
{
    struct stage *stage = stage_small();
    (void)state;

    /* VSOCK-DRV-04, VSOCK-DRV-05, VSOCK-DRV-06 */
    assert_int_equal(stage->guest.posted[VSK_EVENT], 2);
    assert_int_equal(stage->guest.posted[VSK_RX], 16);
    assert_true(stage_is_empty(stage, VSK_TX));
    stage_free(stage);
}

static void
posted_buffers_are_for_the_device_to_write(void **state)
{
    struct stage *stage = stage_small();
    (void)state;

    /* VSOCK-DRV-11, VSOCK-DRV-12 */
    assert_int_equal(stage_pop(stage, VSK_RX)->writable, 3776);
    assert_int_equal(stage->chains[VSK_RX].readable, 0);
    assert_int_equal(stage_pop(stage, VSK_EVENT)->writable, 4);
    assert_int_equal(stage->chains[VSK_EVENT].readable, 0);
    stage_free(stage);
}

static void
every_queue_with_buffers_is_kicked_once(void **state)
{
    struct stage *stage = stage_small();
    (void)state;

    /* NOTIF-DRV-01: a kick is the number of its queue. */
    assert_int_equal(vsk_guest_notify(&stage->guest),
                     1 << VSK_RX | 1 << VSK_EVENT);
    assert_int_equal(vsk_guest_notify(&stage->guest), 0);
    (void)stage_connecting(stage, VSK_TYPE_STREAM);
    assert_int_equal(vsk_guest_notify(&stage->guest), 1 << VSK_TX);
    stage_free(stage);
}

static void
a_device_that_wants_no_kick_gets_none(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn;
    (void)state;
    (void)vsk_guest_notify(&stage->guest);
    conn = stage_connected(stage);
    (void)vsk_guest_notify(&stage->guest);

    assert_int_equal(stage_sent(stage, conn, bulk, 5), 5);

    assert_int_equal(vsk_guest_notify(&stage->guest), 0);
    stage_free(stage);
}

static void
an_open_that_fails_leaves_nothing_behind(void **state)
{
    const vsk_guest_policy policy = stage_small_policy();
    vsk_status status = VSK_NONE;
    (void)state;

    for (uint64_t bytes = 64; status != VSK_OK; bytes += 64) {
        struct stage *stage = stage_in(&policy, bytes);

        status = vsk_guest_open(&stage->guest, &stage->memory, &stage->pool,
                                VSK_F_INDIRECT_DESC, CID);
        if (status != VSK_OK) {
            assert_int_equal(status, VSK_ERR_POOL);
            assert_int_equal(vsk_pool_available(&stage->pool), bytes);
            stage_quiet(stage);
        } else {
            assert_int_equal(stage->guest.posted[VSK_RX], 1);
        }
        stage_free(stage);
    }
}

static void
no_layout_that_is_longer_than_the_queue_is_posted(void **state)
{
    vsk_guest_policy policy = stage_small_policy();
    struct stage *stage;
    const uint8_t *idx;
    (void)state;
    policy.queue_size = 2;
    for (uint32_t i = 0; i < 3; i++)
        policy.rx_pieces[i] = 100;
    stage = stage_in(&policy, 1u << 20);

    assert_int_equal(
        vsk_guest_open(&stage->guest, &stage->memory, &stage->pool, 0, CID),
        VSK_ERR_LONG);

    assert_int_equal(vsk_pool_available(&stage->pool), 1u << 20);
    /* VSOCK-DRV-05, VSOCK-DRV-06: event buffers had been posted before. */
    idx =
        stage->region.base + (stage->guest.rings[VSK_EVENT].driver + 2 - BASE);
    assert_int_equal(*idx, 2);
    stage_free(stage);
}

static void
an_rx_buffer_has_eight_pieces_at_most(void **state)
{
    vsk_guest_policy policy = stage_small_policy();
    struct stage *stage;
    (void)state;
    for (uint32_t i = 0; i < VSK_GUEST_PIECES; i++)
        policy.rx_pieces[i] = 100;
    policy.rx_buffers = 3;
    stage = stage_new(&policy);

    assert_int_equal(stage_pop(stage, VSK_RX)->buffers, 8);

    /* The ring takes two of them. */
    assert_int_equal(stage->guest.posted[VSK_RX], 2);
    stage_free(stage);
}

static void
half_of_what_the_ring_takes_is_a_burst(void **state)
{
    vsk_guest_policy policy = stage_small_policy();
    struct stage *stage;
    (void)state;
    policy.rx_pieces[0] = 44;
    policy.rx_pieces[1] = 44;
    stage = stage_new(&policy);
    assert_int_equal(stage->guest.posted[VSK_RX], 8);

    for (uint32_t i = 0; i < 8; i++) {
        stage_give_stray(stage, i);
        stage_told_error(stage, VSK_BAD_FLOW);
        stage_quiet(stage);
        assert_int_equal(stage->guest.posted[VSK_RX], 8 - (i + 1) % 4);
    }
    stage_free(stage);
}

static void
close_gives_all_memory_back_and_tells(void **state)
{
    struct stage *stage = stage_small();
    const vsk_flow flow = {CID, 1024, VSK_CID_HOST, PORT};
    vsk_conn *conn = stage_connected(stage);
    (void)state;
    stage_give_data(stage, VSK_TYPE_STREAM, bulk, 10);
    (void)stage_told(stage, VSK_EVENT_DATA);
    assert_int_equal(stage_sent(stage, conn, bulk, 5), 5);

    vsk_guest_close(&stage->guest);

    assert_int_equal(vsk_pool_available(&stage->pool), stage->region.size);
    assert_int_equal(stage_told(stage, VSK_EVENT_CLOSE)->conn->reason,
                     VSK_REASON_TRANSPORT);
    (void)stage_told(stage, VSK_EVENT_RESET);
    stage_quiet(stage);
    assert_int_equal(vsk_guest_notify(&stage->guest), 0);
    assert_int_equal(vsk_endpoint_connect(&stage->guest.endpoint, 0, &flow,
                                          VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    vsk_guest_flush(&stage->guest, 0);
    assert_int_equal(vsk_pool_available(&stage->pool), stage->region.size);
    stage_free(stage);
}

static void
a_guest_that_is_not_open_sends_nothing(void **state)
{
    const vsk_guest_policy policy = stage_small_policy();
    struct stage *stage = stage_in(&policy, 1u << 20);
    const vsk_packet packet = stage_from_host(VSK_OP_RST, VSK_TYPE_STREAM);
    const vsk_flow flow = {CID, 1024, VSK_CID_HOST, PORT};
    vsk_conn *conn;
    (void)state;

    assert_int_equal(vsk_guest_connect(&stage->guest, 0, 1024, 2, PORT,
                                       VSK_TYPE_STREAM, &conn),
                     VSK_ERR_STATE);
    assert_int_equal(vsk_guest_put(&stage->guest, 0, &packet, NULL),
                     VSK_ERR_STATE);
    assert_int_equal(vsk_guest_renew(&stage->guest, CID), VSK_ERR_STATE);
    assert_int_equal(vsk_guest_room(&stage->guest), 0);
    assert_int_equal(vsk_endpoint_connect(&stage->guest.endpoint, 0, &flow,
                                          VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    vsk_guest_flush(&stage->guest, 0);
    vsk_guest_refill(&stage->guest);
    vsk_guest_close(&stage->guest);
    stage_quiet(stage);
    stage_free(stage);
}

static void
a_guest_opens_again_after_close(void **state)
{
    /* Four chains, one descriptor each, take more than all memory. */
    const vsk_layout layout = {LENGTHS(1u << 20), 1, false};
    struct stage *stage = stage_small();
    vsk_packet packet;
    (void)state;
    (void)stage_connected(stage);
    stage_jump(stage, VSK_TX);
    stage_told_error(stage, VSK_BAD_USED_IDX);
    stage_give_event(stage, 0, 4);
    (void)stage_told(stage, VSK_EVENT_CLOSE);
    vsk_packet_init(&packet, bulk, WINDOW);
    while (vsk_guest_put(&stage->guest, 0, &packet, &layout) == VSK_OK)
        continue;
    assert_true(stage->guest.cramped);
    vsk_guest_close(&stage->guest);
    (void)stage_told(stage, VSK_EVENT_RESET);
    assert_int_equal(vsk_guest_room(&stage->guest), 0);

    stage_open(stage, UINT64_MAX);

    assert_int_equal(vsk_guest_room(&stage->guest), UINT32_MAX);
    assert_int_equal(stage->guest.stuck, 0);
    assert_int_equal(stage->guest.resets, 0);
    (void)stage_connected(stage);
    stage_free(stage);
}

static void
a_packet_in_hand_is_forgotten_at_close(void **state)
{
    struct stage *stage = stage_small();
    (void)state;
    stage->guest.show_packets = true;
    stage_give_stray(stage, 1);
    (void)stage_told(stage, VSK_EVENT_PACKET);

    vsk_guest_close(&stage->guest);

    (void)stage_told(stage, VSK_EVENT_RESET);
    stage_open(stage, UINT64_MAX);
    stage_quiet(stage);
    assert_int_equal(stage->guest.posted[VSK_RX], 16);
    assert_int_equal(stage->guest.endpoint.counters.rx_packets, 0);
    stage_free(stage);
}

/* ---- presets ---- */

static void
presets_are_found_by_name_and_number(void **state)
{
    const char *names[] = {"linux-5.10", "linux-6.1", "linux-6.12"};
    uint32_t count = 0;
    (void)state;

    for (; vsk_guest_preset_at(count) != NULL; count++)
        assert_ptr_equal(vsk_guest_preset_find(names[count]),
                         vsk_guest_preset_at(count));

    assert_int_equal(count, 3);
    assert_null(vsk_guest_preset_find("linux-6"));
    assert_null(vsk_guest_preset_find("linux-6.123"));
}

static void
presets_accept_what_their_kernels_do(void **state)
{
    (void)state;

    for (uint32_t i = 0; i < 3; i++) {
        const vsk_guest_policy *policy = &vsk_guest_preset_at(i)->policy;

        assert_int_equal(policy->features, i == 0 ? 0x530000000 : 0x530000002);
        assert_int_equal(policy->queue_size, 128);
    }
}

/* Send 64 KiB as a preset does, and see how buffers and packets are cut. */
static void
assert_preset_cuts(const char *name, bool rx_indirect, const uint32_t *rx,
                   const uint32_t *tx)
{
    struct stage *stage = stage_preset(name);
    vsk_conn *conn;

    stage_assert_cut(stage_pop(stage, VSK_RX), rx_indirect, rx);
    assert_int_equal(
        vsk_queue_unpop(&stage->device[VSK_RX], &stage->chains[VSK_RX]),
        VSK_OK);
    assert_int_equal(stage->guest.posted[VSK_RX], 128);
    assert_int_equal(stage->guest.posted[VSK_EVENT], 8);
    conn = stage_connected(stage);
    stage_assert_cut(&stage->chains[VSK_TX], false, LENGTHS(44));
    assert_int_equal(stage_sent(stage, conn, bulk, 65536), 65536);
    stage_assert_cut(stage_pop(stage, VSK_TX), true, tx);
    stage_push(stage, VSK_TX, 0);
    assert_int_equal(stage_sent(stage, conn, bulk, 1), 1);
    stage_assert_cut(stage_pop(stage, VSK_TX), true, LENGTHS(44, 1));
    stage_free(stage);
}

static void
linux_5_10_cuts_as_it_was_seen_to(void **state)
{
    (void)state;

    assert_preset_cuts("linux-5.10", true, LENGTHS(44, 4096),
                       LENGTHS(44, 65536));
}

static void
linux_6_1_cuts_as_it_was_seen_to(void **state)
{
    (void)state;

    assert_preset_cuts("linux-6.1", false, LENGTHS(3776), LENGTHS(44, 65536));
}

static void
linux_6_12_cuts_as_it_was_seen_to(void **state)
{
    (void)state;

    assert_preset_cuts("linux-6.12", false, LENGTHS(3776),
                       LENGTHS(44, 32768, 32768));
}

static void
linux_reports_credit_at_64_kib(void **state)
{
    struct stage *stage = stage_preset("linux-6.1");
    vsk_conn *conn = stage_connected(stage);
    (void)state;

    for (uint32_t left = 262144 - 65536; left != 0;) {
        uint32_t part = left < 3000 ? left : 3000;

        stage_give_data(stage, VSK_TYPE_STREAM, bulk, part);
        (void)stage_told(stage, VSK_EVENT_DATA);
        (void)vsk_endpoint_forwarded(&stage->guest.endpoint, 0, conn, part);
        stage_quiet(stage);
        left -= part;
    }
    assert_true(stage_is_empty(stage, VSK_TX));
    stage_give_data(stage, VSK_TYPE_STREAM, bulk, 1);
    (void)stage_told(stage, VSK_EVENT_DATA);
    (void)vsk_endpoint_forwarded(&stage->guest.endpoint, 0, conn, 1);
    stage_quiet(stage);

    assert_int_equal(stage_took(stage, VSK_OP_CREDIT_UPDATE)->fwd_cnt,
                     262144 - 65536 + 1);
    stage_free(stage);
}

static void
linux_never_asks_for_credit(void **state)
{
    struct stage *stage = stage_preset("linux-6.12");
    vsk_conn *conn = stage_connected_to(stage, VSK_TYPE_STREAM, 100);
    (void)state;

    assert_int_equal(stage_sent(stage, conn, bulk, 150), 100);
    stage_quiet(stage);
    stage->now = 10 * VSK_SECOND;
    stage_quiet(stage);

    (void)stage_took(stage, VSK_OP_RW);
    assert_true(stage_is_empty(stage, VSK_TX));
    stage_free(stage);
}

static void
linux_5_10_answers_no_credit_request(void **state)
{
    const char *names[] = {"linux-5.10", "linux-6.1"};
    (void)state;

    for (uint32_t i = 0; i < 2; i++) {
        struct stage *stage = stage_preset(names[i]);

        (void)stage_connected(stage);
        stage_give_op(stage, VSK_OP_CREDIT_REQUEST);
        stage_quiet(stage);
        assert_int_equal(stage_is_empty(stage, VSK_TX), i == 0);
        stage_free(stage);
    }
}

/* ---- the transport is reset ---- */

static void
a_reset_ends_every_connection_and_nothing_is_sent(void **state)
{
    struct stage *stage = stage_small();
    (void)state;
    (void)stage_connected(stage);

    stage_give_event(stage, 0, 4);

    /* EVENT-DRV-03 */
    assert_int_equal(stage_told(stage, VSK_EVENT_CLOSE)->conn->reason,
                     VSK_REASON_TRANSPORT);
    (void)stage_told(stage, VSK_EVENT_RESET);
    stage_quiet(stage);
    assert_true(stage_is_empty(stage, VSK_TX));
    assert_int_equal(stage->guest.resets, 1);
    stage_free(stage);
}

static void
a_reset_buffer_comes_back_with_the_cid_alone(void **state)
{
    struct stage *stage = stage_small();
    vsk_conn *conn;
    (void)state;
    stage_give_event(stage, 0, 4);
    (void)stage_told(stage, VSK_EVENT_RESET);
    stage_quiet(stage);
    assert_int_equal(stage->guest.posted[VSK_EVENT], 1);
    assert_int_equal(vsk_guest_connect(&stage->guest, 0, 1024, 2, PORT,
                                       VSK_TYPE_STREAM, &conn),
                     VSK_ERR_STATE);

    /* EVENT-DRV-02, VSOCK-DRV-13 */
    assert_int_equal(vsk_guest_renew(&stage->guest, 2), VSK_ERR_CID);
    assert_int_equal(vsk_guest_renew(&stage->guest, 5), VSK_OK);

    assert_int_equal(stage->guest.posted[VSK_EVENT], 2);
    assert_int_equal(vsk_guest_renew(&stage->guest, 5), VSK_ERR_STATE);
    (void)stage_connecting(stage, VSK_TYPE_STREAM);
    assert_int_equal(stage->packet.header.src_cid, 5);
    stage_free(stage);
}

static void
packets_wait_until_the_cid_is_known(void **state)
{
    struct stage *stage = stage_small();
    vsk_packet packet = stage_from_host(VSK_OP_REQUEST, VSK_TYPE_STREAM);
    (void)state;
    packet.header.dst_cid = 5;
    stage_give_event(stage, 0, 4);
    stage_give(stage, &packet);
    (void)stage_told(stage, VSK_EVENT_RESET);
    stage_quiet(stage);

    (void)vsk_guest_renew(&stage->guest, 5);

    /* EVENT-DRV-04 */
    assert_int_equal(stage_told(stage, VSK_EVENT_REQUEST)->conn->flow.local_cid,
                     5);
    stage_free(stage);
}

static void
other_events_are_told_and_their_buffers_posted_again(void **state)
{
    struct stage *stage = stage_small();
    (void)state;

    /* EVENT-DRV-01, EVENT-DEV-02 */
    for (uint32_t i = 0; i < 5; i++) {
        stage_give_event(stage, i % 2 != 0 ? 1 : 0x01000000, 4);
        stage_told_error(stage, VSK_BAD_EVENT);
        stage_quiet(stage);
        assert_int_equal(stage->guest.posted[VSK_EVENT], 2);
    }
    stage_give_event(stage, 0, 0);
    stage_told_error(stage, VSK_BAD_EVENT);
    stage_give_event(stage, 0, 3);
    stage_told_error(stage, VSK_BAD_EVENT);
    stage_quiet(stage);
    assert_int_equal(stage->guest.posted[VSK_EVENT], 2);
    assert_int_equal(stage->guest.resets, 0);
    stage_free(stage);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_guests_cid_is_taken),
        cmocka_unit_test(policies_that_cannot_work_are_refused),
        cmocka_unit_test(every_feature_that_it_knows_is_accepted),
        cmocka_unit_test(buffers_are_posted_when_the_cid_is_known),
        cmocka_unit_test(posted_buffers_are_for_the_device_to_write),
        cmocka_unit_test(every_queue_with_buffers_is_kicked_once),
        cmocka_unit_test(a_device_that_wants_no_kick_gets_none),
        cmocka_unit_test(an_open_that_fails_leaves_nothing_behind),
        cmocka_unit_test(no_layout_that_is_longer_than_the_queue_is_posted),
        cmocka_unit_test(an_rx_buffer_has_eight_pieces_at_most),
        cmocka_unit_test(half_of_what_the_ring_takes_is_a_burst),
        cmocka_unit_test(close_gives_all_memory_back_and_tells),
        cmocka_unit_test(a_guest_that_is_not_open_sends_nothing),
        cmocka_unit_test(a_guest_opens_again_after_close),
        cmocka_unit_test(a_packet_in_hand_is_forgotten_at_close),
        cmocka_unit_test(presets_are_found_by_name_and_number),
        cmocka_unit_test(presets_accept_what_their_kernels_do),
        cmocka_unit_test(linux_5_10_cuts_as_it_was_seen_to),
        cmocka_unit_test(linux_6_1_cuts_as_it_was_seen_to),
        cmocka_unit_test(linux_6_12_cuts_as_it_was_seen_to),
        cmocka_unit_test(linux_reports_credit_at_64_kib),
        cmocka_unit_test(linux_never_asks_for_credit),
        cmocka_unit_test(linux_5_10_answers_no_credit_request),
        cmocka_unit_test(a_reset_ends_every_connection_and_nothing_is_sent),
        cmocka_unit_test(a_reset_buffer_comes_back_with_the_cid_alone),
        cmocka_unit_test(packets_wait_until_the_cid_is_known),
        cmocka_unit_test(other_events_are_told_and_their_buffers_posted_again),
    };

    return rig_run("guest_setup", tests);
}
