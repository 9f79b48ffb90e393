/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vsk/credit.h"

/* 256 bytes before the counters wrap. */
#define SEED 0xffffff00u
#define BUFFER 4096u

/* An account whose six counters stand at start; both buffers are known. */
static vsk_credit
account(uint32_t start, uint32_t buf_alloc, uint32_t peer_buf_alloc)
{
    uint32_t told_buf_alloc, told_fwd_cnt;
    vsk_credit credit = {
        .tx_cnt = start,
        .peer_fwd_cnt = start,
        .peer_buf_alloc = peer_buf_alloc,
        .mark = start,
        .rx_cnt = start,
        .fwd_cnt = start,
        .buf_alloc = buf_alloc,
        .edge = start,
    };

    vsk_credit_tell(&credit, &told_buf_alloc, &told_fwd_cnt);
    return credit;
}

static void
send_each(vsk_credit *credit, uint32_t packets, uint32_t len)
{
    for (uint32_t i = 0; i < packets; i++)
        vsk_credit_sent(credit, len);
}

/* The peer has taken len bytes more and says so. */
static void
peer_takes(vsk_credit *credit, uint32_t len)
{
    assert_int_equal(vsk_credit_learn(credit, credit->peer_buf_alloc,
                                      credit->peer_fwd_cnt + len),
                     VSK_OK);
}

static void
take_in(vsk_credit *credit, uint32_t len)
{
    assert_int_equal(vsk_credit_received(credit, len), VSK_OK);
}

static void
hand_on(vsk_credit *credit, uint32_t len)
{
    assert_int_equal(vsk_credit_forwarded(credit, len), VSK_OK);
}

static void
tell(vsk_credit *credit)
{
    uint32_t buf_alloc, fwd_cnt;

    vsk_credit_tell(credit, &buf_alloc, &fwd_cnt);
}

static void
a_new_account_may_send_nothing(void **state)
{
    vsk_credit credit;
    (void)state;
    memset(&credit, RIG_FILL, sizeof credit);

    vsk_credit_init(&credit, BUFFER);

    assert_int_equal(vsk_credit_available(&credit), 0);
    assert_int_equal(vsk_credit_next(&credit, 1, false), 0);
}

static void
a_new_account_takes_nothing_before_it_advertised(void **state)
{
    vsk_credit credit;
    (void)state;

    vsk_credit_init(&credit, BUFFER);

    assert_int_equal(vsk_credit_received(&credit, 1), VSK_BAD_CREDIT);
}

static void
the_whole_buffer_of_the_peer_is_available_at_first(void **state)
{
    vsk_credit credit;
    (void)state;
    vsk_credit_init(&credit, BUFFER);

    assert_int_equal(vsk_credit_learn(&credit, 1000, 0), VSK_OK);

    assert_int_equal(vsk_credit_available(&credit), 1000);
}

static void
bytes_in_flight_are_not_available(void **state)
{
    vsk_credit credit = account(0, BUFFER, 1000);
    (void)state;

    vsk_credit_sent(&credit, 300);

    /* VSOCK-BOTH-19 */
    assert_int_equal(vsk_credit_available(&credit), 700);
}

static void
bytes_that_the_peer_took_are_available_again(void **state)
{
    vsk_credit credit = account(0, BUFFER, 1000);
    (void)state;
    vsk_credit_sent(&credit, 1000);

    peer_takes(&credit, 400);

    /* VSOCK-BOTH-20 */
    assert_int_equal(vsk_credit_available(&credit), 400);
}

static void
available_counts_over_the_wrap(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 1000);
    (void)state;

    /* VSOCK-BOTH-18 */
    vsk_credit_sent(&credit, 600);
    assert_int_equal(credit.tx_cnt, 0x158);
    assert_int_equal(vsk_credit_available(&credit), 400);
    peer_takes(&credit, 200);
    assert_int_equal(vsk_credit_available(&credit), 600);
    peer_takes(&credit, 400);
    assert_int_equal(vsk_credit_available(&credit), 1000);
}

static void
available_is_zero_when_the_peer_shrinks_its_buffer(void **state)
{
    vsk_credit credit = account(0, BUFFER, 1000);
    (void)state;
    vsk_credit_sent(&credit, 800);

    /* VSOCK-BOTH-19 */
    assert_int_equal(vsk_credit_learn(&credit, 500, 0), VSK_OK);

    assert_int_equal(vsk_credit_available(&credit), 0);
    assert_int_equal(vsk_credit_next(&credit, 1, true), 0);
}

static void
available_is_zero_when_the_peer_shrinks_its_buffer_over_the_wrap(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 1000);
    (void)state;
    vsk_credit_sent(&credit, 800);

    assert_int_equal(vsk_credit_learn(&credit, 0, SEED), VSK_OK);

    assert_int_equal(vsk_credit_available(&credit), 0);
}

static void
credit_comes_back_byte_for_byte_after_the_peer_shrank(void **state)
{
    vsk_credit credit = account(0, BUFFER, 1000);
    (void)state;
    vsk_credit_sent(&credit, 800);
    assert_int_equal(vsk_credit_learn(&credit, 500, 0), VSK_OK);

    /* VSOCK-BOTH-20 */
    peer_takes(&credit, 300);
    assert_int_equal(vsk_credit_available(&credit), 0);
    peer_takes(&credit, 1);
    assert_int_equal(vsk_credit_available(&credit), 1);
}

static void
a_buffer_of_all_that_32_bits_hold_is_available(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, UINT32_MAX);
    (void)state;

    vsk_credit_sent(&credit, UINT32_MAX - 1);

    assert_int_equal(vsk_credit_available(&credit), 1);
}

/* Learn must refuse, and leave every field as it was. */
static void
assert_not_learned(vsk_credit *credit, uint32_t fwd_cnt)
{
    vsk_credit before = *credit;

    assert_int_equal(vsk_credit_learn(credit, 77777, fwd_cnt), VSK_BAD_FWD_CNT);

    assert_memory_equal(credit, &before, sizeof before);
}

static void
more_forwarded_than_sent_is_not_learned(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 1000);
    (void)state;
    vsk_credit_sent(&credit, 600);

    /* VSOCK-BOTH-18 */
    assert_not_learned(&credit, SEED + 601);
}

static void
a_fwd_cnt_that_goes_back_is_not_learned(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 1000);
    (void)state;
    vsk_credit_sent(&credit, 600);
    peer_takes(&credit, 500);

    /* VSOCK-BOTH-18 */
    assert_not_learned(&credit, SEED + 499);
}

static void
all_that_was_sent_may_be_forwarded_at_once(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 1000);
    (void)state;
    vsk_credit_sent(&credit, 600);

    assert_int_equal(vsk_credit_learn(&credit, 1000, SEED + 600), VSK_OK);

    assert_int_equal(vsk_credit_available(&credit), 1000);
}

static void
received_bytes_are_held_until_they_are_forwarded(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 0);
    (void)state;

    take_in(&credit, 300);
    hand_on(&credit, 100);

    assert_int_equal(vsk_credit_held(&credit), 200);
}

static void
more_forwarded_than_held_is_refused(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 0);
    (void)state;
    take_in(&credit, 300);

    assert_int_equal(vsk_credit_forwarded(&credit, 301), VSK_ERR_FORWARDED);

    assert_int_equal(vsk_credit_held(&credit), 300);
}

static void
the_peer_may_fill_the_buffer_to_its_last_byte(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 0);
    (void)state;
    take_in(&credit, BUFFER - 1);

    assert_int_equal(vsk_credit_received(&credit, 1), VSK_OK);
}

static void
a_byte_more_than_the_buffer_is_refused_and_not_counted(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 0);
    (void)state;
    take_in(&credit, BUFFER - 10);

    /* VSOCK-DRV-09, VSOCK-DEV-11 */
    assert_int_equal(vsk_credit_received(&credit, 11), VSK_BAD_CREDIT);

    assert_int_equal(vsk_credit_held(&credit), BUFFER - 10);
    take_in(&credit, 10);
}

static void
a_length_that_would_wrap_the_counter_is_refused(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 0);
    (void)state;

    assert_int_equal(vsk_credit_received(&credit, UINT32_MAX), VSK_BAD_CREDIT);
}

static void
forwarded_bytes_allow_none_before_they_are_told(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 0);
    (void)state;
    take_in(&credit, BUFFER);
    hand_on(&credit, BUFFER);

    assert_int_equal(vsk_credit_received(&credit, 1), VSK_BAD_CREDIT);
}

static void
forwarded_bytes_allow_as_many_once_they_are_told(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 0);
    (void)state;
    take_in(&credit, BUFFER);
    hand_on(&credit, 100);

    tell(&credit);

    take_in(&credit, 100);
    assert_int_equal(vsk_credit_received(&credit, 1), VSK_BAD_CREDIT);
}

static void
a_larger_buffer_allows_nothing_before_it_is_told(void **state)
{
    vsk_credit credit = account(SEED, 1000, 0);
    (void)state;

    vsk_credit_resize(&credit, 2000);

    assert_int_equal(vsk_credit_received(&credit, 1001), VSK_BAD_CREDIT);
    tell(&credit);
    take_in(&credit, 2000);
}

/* The edge rule: what was on its way when we shrank is in bounds. */
static void
a_smaller_buffer_takes_back_nothing_that_was_allowed(void **state)
{
    vsk_credit credit = account(SEED, 1000, 0);
    (void)state;
    take_in(&credit, 400);

    vsk_credit_resize(&credit, 100);
    tell(&credit);

    take_in(&credit, 600);
    assert_int_equal(vsk_credit_received(&credit, 1), VSK_BAD_CREDIT);
}

static void
a_smaller_buffer_counts_from_when_the_old_edge_is_reached(void **state)
{
    vsk_credit credit = account(SEED, 1000, 0);
    (void)state;
    vsk_credit_resize(&credit, 100);
    take_in(&credit, 950);

    /* 50 below the old edge, and 100 from what was forwarded. */
    hand_on(&credit, 950);
    tell(&credit);

    assert_int_equal(vsk_credit_received(&credit, 101), VSK_BAD_CREDIT);
    take_in(&credit, 100);
}

static void
a_buffer_smaller_than_what_it_holds_allows_nothing_new(void **state)
{
    vsk_credit credit = account(SEED, 1000, 0);
    (void)state;
    take_in(&credit, 1000);

    vsk_credit_resize(&credit, 100);
    hand_on(&credit, 899);
    tell(&credit);

    assert_int_equal(vsk_credit_received(&credit, 1), VSK_BAD_CREDIT);
}

static void
tell_gives_buffer_and_forwarded_bytes(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 0);
    uint32_t buf_alloc, fwd_cnt;
    (void)state;
    take_in(&credit, 300);
    hand_on(&credit, 257);

    vsk_credit_tell(&credit, &buf_alloc, &fwd_cnt);

    /* VSOCK-BOTH-17, VSOCK-BOTH-18: the buffer is free and used bytes; the
     * counter wrapped */
    assert_int_equal(buf_alloc, BUFFER);
    assert_int_equal(fwd_cnt, 1);
}

/* An account with untold bytes forwarded, and one byte held. */
static vsk_credit
busy(uint32_t buf_alloc, uint32_t peer_buf_alloc, uint32_t untold)
{
    vsk_credit credit = account(SEED, buf_alloc, peer_buf_alloc);

    take_in(&credit, untold + 1);
    hand_on(&credit, untold);
    return credit;
}

static void
nothing_is_owed_while_the_peer_knows_all(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, BUFFER);
    (void)state;

    assert_false(vsk_credit_owed(&credit, true));
    assert_false(vsk_credit_owed(&credit, false));
}

static void
an_update_is_owed_from_a_quarter_of_our_buffer(void **state)
{
    vsk_credit before = busy(1000, 5000, 249);
    vsk_credit there = busy(1000, 5000, 250);
    (void)state;

    assert_false(vsk_credit_owed(&before, false));
    assert_true(vsk_credit_owed(&there, false));
}

static void
an_update_is_owed_from_a_quarter_of_the_peers_smaller_buffer(void **state)
{
    vsk_credit before = busy(5000, 1000, 249);
    vsk_credit there = busy(5000, 1000, 250);
    (void)state;

    assert_false(vsk_credit_owed(&before, false));
    assert_true(vsk_credit_owed(&there, false));
}

static void
the_peers_latest_buffer_decides_what_is_owed(void **state)
{
    vsk_credit credit = busy(5000, 5000, 250);
    (void)state;
    assert_false(vsk_credit_owed(&credit, false));

    assert_int_equal(vsk_credit_learn(&credit, 1000, SEED), VSK_OK);

    assert_true(vsk_credit_owed(&credit, false));
}

static void
one_byte_is_owed_where_a_quarter_is_less(void **state)
{
    vsk_credit none = busy(5000, 3, 0);
    vsk_credit one = busy(5000, 3, 1);
    (void)state;

    assert_false(vsk_credit_owed(&none, false));
    assert_true(vsk_credit_owed(&one, false));
}

static void
any_byte_is_owed_when_idle_and_all_is_forwarded(void **state)
{
    vsk_credit credit = busy(BUFFER, BUFFER, 1);
    (void)state;
    hand_on(&credit, 1);

    assert_true(vsk_credit_owed(&credit, true));
    assert_false(vsk_credit_owed(&credit, false));
}

static void
less_than_a_quarter_is_not_owed_when_idle_while_bytes_are_held(void **state)
{
    vsk_credit credit = busy(BUFFER, BUFFER, 1);
    (void)state;

    assert_false(vsk_credit_owed(&credit, true));
}

static void
another_size_of_the_buffer_is_owed(void **state)
{
    vsk_credit larger = account(SEED, BUFFER, BUFFER);
    vsk_credit smaller = larger;
    (void)state;

    vsk_credit_resize(&larger, BUFFER + 1);
    vsk_credit_resize(&smaller, BUFFER - 1);

    assert_true(vsk_credit_owed(&larger, false));
    assert_true(vsk_credit_owed(&smaller, false));
}

static void
any_packet_pays_what_is_owed(void **state)
{
    vsk_credit credit = busy(1000, 1000, 500);
    (void)state;
    vsk_credit_resize(&credit, 2000);

    tell(&credit);

    assert_false(vsk_credit_owed(&credit, false));
    assert_false(vsk_credit_owed(&credit, true));
}

static void
packets_of_either_generation_are_forgotten(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, BUFFER);
    (void)state;
    send_each(&credit, 3, 10);
    peer_takes(&credit, 10);
    send_each(&credit, 2, 10);
    assert_int_equal(credit.older, 3);
    assert_int_equal(credit.newer, 2);

    vsk_credit_forget(&credit);

    assert_int_equal(vsk_credit_next(&credit, BUFFER, false),
                     BUFFER - 40 - VSK_CREDIT_PACKET);
    assert_int_equal(credit.mark, credit.tx_cnt);
}

static void
the_first_packet_may_fill_the_peers_buffer(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 100);
    (void)state;

    assert_int_equal(vsk_credit_next(&credit, 5000, false), 100);
}

static void
no_more_than_is_wanted_is_sent_next(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, BUFFER);
    (void)state;

    assert_int_equal(vsk_credit_next(&credit, 7, false), 7);
    vsk_credit_sent(&credit, 7);
    assert_int_equal(vsk_credit_next(&credit, 7, false), 7);
}

static void
each_packet_in_flight_costs_576_bytes_and_so_does_the_next(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 10000);
    (void)state;

    send_each(&credit, 3, 10);

    assert_int_equal(vsk_credit_next(&credit, 10000, false),
                     10000 - 30 - 4 * 576);
}

static void
a_packet_is_held_back_where_its_cost_leaves_no_byte(void **state)
{
    vsk_credit none = account(SEED, BUFFER, 10 + 2 * 576);
    vsk_credit one = account(SEED, BUFFER, 10 + 2 * 576 + 1);
    (void)state;

    vsk_credit_sent(&none, 10);
    vsk_credit_sent(&one, 10);

    assert_int_equal(vsk_credit_next(&none, 100, false), 0);
    assert_int_equal(vsk_credit_next(&one, 100, false), 1);
}

static void
the_meter_never_allows_more_than_the_bytes_do(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 10000);
    (void)state;
    vsk_credit_sent(&credit, 5000);

    /* VSOCK-DRV-09, VSOCK-DEV-11 */
    assert_int_equal(vsk_credit_learn(&credit, 5001, SEED), VSK_OK);

    assert_int_equal(vsk_credit_next(&credit, 10000, false), 0);
    assert_int_equal(vsk_credit_next(&credit, 10000, true), 1);
}

static void
the_rest_of_a_message_is_not_metered(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 600);
    (void)state;
    send_each(&credit, 3, 100);

    assert_int_equal(vsk_credit_next(&credit, 1000, false), 0);
    assert_int_equal(vsk_credit_next(&credit, 1000, true), 300);
}

static void
tiny_packets_to_a_reader_that_sleeps_are_bounded(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 262144);
    uint32_t packets = 0;
    (void)state;

    while (vsk_credit_next(&credit, 1, false) != 0) {
        vsk_credit_sent(&credit, 1);
        packets++;
    }

    assert_int_equal(packets, 262144 / (576 + 1));
}

static void
packets_cost_nothing_once_all_bytes_are_forwarded(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 10000);
    (void)state;
    send_each(&credit, 10, 10);

    peer_takes(&credit, 100);
    vsk_credit_sent(&credit, 10);

    assert_int_equal(vsk_credit_next(&credit, 10000, false),
                     10000 - 10 - 2 * 576);
}

static void
no_packet_is_forgotten_before_its_generation_is_forwarded(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 20000);
    (void)state;
    send_each(&credit, 10, 10);
    peer_takes(&credit, 1);
    send_each(&credit, 5, 10);

    peer_takes(&credit, 98);

    assert_int_equal(vsk_credit_next(&credit, 20000, false),
                     20000 - 51 - 16 * 576);
}

static void
a_generation_is_forgotten_with_its_last_byte(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 20000);
    (void)state;
    send_each(&credit, 10, 10);
    peer_takes(&credit, 1);
    send_each(&credit, 5, 10);

    peer_takes(&credit, 99);

    assert_int_equal(vsk_credit_next(&credit, 20000, false),
                     20000 - 50 - 6 * 576);
}

static void
the_newer_generation_retires_as_the_older_did(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 20000);
    (void)state;
    send_each(&credit, 10, 10);
    peer_takes(&credit, 1);
    send_each(&credit, 5, 10);
    peer_takes(&credit, 99);
    send_each(&credit, 3, 10);

    peer_takes(&credit, 50);

    assert_int_equal(vsk_credit_next(&credit, 20000, false),
                     20000 - 30 - 4 * 576);
}

static void
a_packet_that_says_nothing_new_retires_no_packets(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 20000);
    uint32_t next;
    (void)state;
    send_each(&credit, 10, 10);
    peer_takes(&credit, 50);
    send_each(&credit, 5, 10);
    next = vsk_credit_next(&credit, 20000, false);

    for (int i = 0; i < 5; i++)
        peer_takes(&credit, 0);

    assert_int_equal(vsk_credit_next(&credit, 20000, false), next);
}

static void
empty_packets_are_metered_beside_bytes(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 10000);
    (void)state;
    vsk_credit_sent(&credit, 10);

    send_each(&credit, 4, 0);

    assert_int_equal(vsk_credit_next(&credit, 10000, false),
                     10000 - 10 - 6 * 576);
}

static void
any_number_of_empty_packets_leaves_room_for_one_with_payload(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 100);
    (void)state;

    send_each(&credit, 100000, 0);

    assert_int_equal(vsk_credit_next(&credit, 1000, false), 100);
}

static void
empty_packets_are_forgotten_with_the_bytes_around_them(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 10000);
    (void)state;
    send_each(&credit, 100000, 0);
    vsk_credit_sent(&credit, 10);
    assert_int_equal(vsk_credit_next(&credit, 1, false), 0);

    peer_takes(&credit, 10);
    vsk_credit_sent(&credit, 10);

    assert_int_equal(vsk_credit_next(&credit, 10000, false),
                     10000 - 10 - 2 * 576);
}

static void
empty_packets_are_forgotten_when_the_peer_is_heard_of_and_has_all_bytes(
    void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 10000);
    (void)state;
    send_each(&credit, 100000, 0);
    assert_false(vsk_credit_empty(&credit));

    peer_takes(&credit, 0);

    assert_true(vsk_credit_empty(&credit));
    vsk_credit_sent(&credit, 10);
    assert_int_equal(vsk_credit_next(&credit, 10000, false),
                     10000 - 10 - 2 * 576);
}

static void
empty_packets_are_not_forgotten_while_a_byte_is_in_flight(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 10000);
    (void)state;
    send_each(&credit, 100000, 0);
    vsk_credit_sent(&credit, 1);

    peer_takes(&credit, 0);

    assert_false(vsk_credit_empty(&credit));
    assert_int_equal(vsk_credit_next(&credit, 1, false), 0);
}

static void
empty_packets_are_not_forgotten_for_a_fwd_cnt_that_lies(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 10000);
    (void)state;
    send_each(&credit, 100000, 0);

    assert_not_learned(&credit, SEED + 1);

    assert_false(vsk_credit_empty(&credit));
}

static void
one_empty_packet_is_always_allowed(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 0);
    (void)state;

    assert_true(vsk_credit_empty(&credit));
    vsk_credit_sent(&credit, 0);
    assert_false(vsk_credit_empty(&credit));
}

static void
empty_packets_are_allowed_up_to_the_peers_buffer(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 3 * 576);
    (void)state;
    send_each(&credit, 2, 0);

    assert_true(vsk_credit_empty(&credit));
    vsk_credit_sent(&credit, 0);
    assert_false(vsk_credit_empty(&credit));
}

static void
bytes_in_flight_leave_less_room_for_empty_packets(void **state)
{
    vsk_credit credit = account(SEED, BUFFER, 3 * 576);
    (void)state;

    vsk_credit_sent(&credit, 576);
    assert_true(vsk_credit_empty(&credit));
    vsk_credit_sent(&credit, 1);
    assert_false(vsk_credit_empty(&credit));
}

/* The model: the same account in 64 bits, which never wrap, with every packet
 * in a list. */
#define PACKETS 4096u

static struct model {
    int64_t sent, taken, peer_buffer;
    int64_t ends[PACKETS]; /* sent, behind each packet that still counts */
    uint32_t packets;      /* of them */
    uint32_t older;        /* of them, those of the older generation */
    int64_t received, forwarded, buffer, told, told_buffer, edge;
} model;

static int64_t
least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t
most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t
model_available(void)
{
    return most(0, model.peer_buffer - (model.sent - model.taken));
}

static int64_t
model_next(int64_t want, bool midway)
{
    int64_t room = least(want, model_available());
    int64_t in_flight = model.sent - model.taken;
    int64_t cost = in_flight + 576 * ((int64_t)model.packets + 1);

    if (midway || in_flight == 0)
        return room;
    return most(0, least(room, model.peer_buffer - cost));
}

static bool
model_empty(void)
{
    int64_t cost =
        model.sent - model.taken + 576 * ((int64_t)model.packets + 1);

    return model.packets == 0 || cost <= model.peer_buffer;
}

static bool
model_owed(bool idle)
{
    int64_t untold = model.forwarded - model.told;
    int64_t quarter = most(1, least(model.buffer, model.peer_buffer) / 4);

    return model.buffer != model.told_buffer || untold >= quarter ||
           (idle && untold > 0 && model.received == model.forwarded);
}

static void
model_learn(int64_t taken, int64_t buffer)
{
    int64_t before = model.taken;

    model.taken = taken;
    model.peer_buffer = buffer;
    if (taken == before && taken != model.sent)
        return;
    /* The older go when the last of them is taken, all when all is taken: no
     * packet goes that has a byte in flight. */
    if (taken == model.sent) {
        model.packets = 0;
        model.older = 0;
    } else if (model.older == 0 || taken >= model.ends[model.older - 1]) {
        model.packets -= model.older;
        memmove(model.ends, model.ends + model.older,
                model.packets * sizeof model.ends[0]);
        model.older = model.packets;
    }
}

/* Sizes that matter: none, one, small, usual, all. */
static uint32_t
draw_size(rig_random *random)
{
    switch (rig_draw(random, 6)) {
    case 0:
        return rig_draw(random, 3);
    case 1:
        return rig_draw(random, 4000);
    case 2:
        return rig_draw(random, 65537);
    case 3:
        return 262144;
    case 4:
        return rig_draw(random, UINT32_MAX);
    default:
        return UINT32_MAX - rig_draw(random, 2);
    }
}

/* A number up to limit, often limit itself. */
static uint32_t
draw_up_to(rig_random *random, int64_t limit)
{
    if (limit > UINT32_MAX)
        limit = UINT32_MAX;
    if (rig_draw(random, 4) == 0)
        return (uint32_t)limit;
    return (uint32_t)((uint64_t)limit * rig_draw(random, 1000) / 1000);
}

static void
step_send(vsk_credit *credit, rig_random *random)
{
    bool midway = rig_draw(random, 4) == 0;
    uint32_t want = draw_size(random);
    uint32_t next = vsk_credit_next(credit, want, midway);
    uint32_t len = draw_up_to(random, least(next, rig_draw(random, 5000)));

    assert_int_equal(next, model_next(want, midway));
    if (rig_draw(random, 8) == 0)
        len = next;
    if (model.packets == PACKETS || (len == 0 && rig_draw(random, 4) != 0))
        return;
    vsk_credit_sent(credit, len);
    model.sent += len;
    model.ends[model.packets++] = model.sent;
}

static void
step_learn(vsk_credit *credit, rig_random *random)
{
    int64_t taken = model.taken + draw_up_to(random, model.sent - model.taken);
    uint32_t buffer = draw_size(random);

    assert_int_equal(vsk_credit_learn(credit, buffer, (uint32_t)taken), VSK_OK);
    model_learn(taken, buffer);
}

static void
step_lie(vsk_credit *credit, rig_random *random)
{
    /* As many values are lies as are not between taken and sent. */
    int64_t lies = UINT32_MAX - (model.sent - model.taken);

    if (lies > 0)
        assert_not_learned(credit, (uint32_t)model.sent + 1 +
                                       draw_up_to(random, lies - 1));
}

static void
step_receive(vsk_credit *credit, rig_random *random)
{
    int64_t room = model.edge - model.received;
    uint32_t len = draw_up_to(random, room);

    if (rig_draw(random, 4) == 0)
        len = draw_up_to(random, room + 2);
    assert_int_equal(vsk_credit_received(credit, len),
                     len <= room ? VSK_OK : VSK_BAD_CREDIT);
    if (len <= room)
        model.received += len;
}

static void
step_forward(vsk_credit *credit, rig_random *random)
{
    int64_t held = model.received - model.forwarded;
    uint32_t len = draw_up_to(random, held + (rig_draw(random, 4) == 0));

    assert_int_equal(vsk_credit_forwarded(credit, len),
                     len <= held ? VSK_OK : VSK_ERR_FORWARDED);
    if (len <= held)
        model.forwarded += len;
}

static void
step_tell(vsk_credit *credit)
{
    uint32_t buf_alloc, fwd_cnt;

    vsk_credit_tell(credit, &buf_alloc, &fwd_cnt);
    model.told = model.forwarded;
    model.told_buffer = model.buffer;
    model.edge = most(model.edge, model.forwarded + model.buffer);

    assert_int_equal(buf_alloc, model.buffer);
    assert_int_equal(fwd_cnt, (uint32_t)model.forwarded);
}

static void
assert_as_the_model(const vsk_credit *credit)
{
    assert_int_equal(vsk_credit_available(credit), model_available());
    assert_int_equal(vsk_credit_held(credit), model.received - model.forwarded);
    assert_int_equal(vsk_credit_owed(credit, false), model_owed(false));
    assert_int_equal(vsk_credit_owed(credit, true), model_owed(true));
    assert_int_equal(vsk_credit_next(credit, UINT32_MAX, false),
                     model_next(UINT32_MAX, false));
    assert_int_equal(vsk_credit_empty(credit), model_empty());
    /* Never negative, never above what the peer allows or we advertised. */
    assert_true(vsk_credit_available(credit) <= model.peer_buffer);
    assert_true(model.received <= model.edge);
    assert_true(model.forwarded <= model.received);
    assert_true(model.taken <= model.sent);
}

static void
step_any(vsk_credit *credit, rig_random *random)
{
    switch (rig_draw(random, 10)) {
    case 0:
    case 1:
    case 2:
        step_send(credit, random);
        break;
    case 3:
        step_learn(credit, random);
        break;
    case 4:
        step_lie(credit, random);
        break;
    case 5:
    case 6:
        step_receive(credit, random);
        break;
    case 7:
        step_forward(credit, random);
        break;
    case 8:
        step_tell(credit);
        break;
    default:
        model.buffer = draw_size(random);
        vsk_credit_resize(credit, (uint32_t)model.buffer);
        break;
    }
}

static void
an_account_does_what_64_bits_do(void **state)
{
    static const uint32_t starts[] = {0, SEED, 0x7fffff00, UINT32_MAX};
    rig_random random = rig_seed();
    (void)state;

    for (uint32_t round = 0; round < 400; round++) {
        uint32_t start = starts[round % 4];
        vsk_credit credit = account(start, BUFFER, BUFFER);

        model = (struct model){.sent = start,
                               .taken = start,
                               .peer_buffer = BUFFER,
                               .received = start,
                               .forwarded = start,
                               .buffer = BUFFER,
                               .told = start,
                               .told_buffer = BUFFER,
                               .edge = (int64_t)start + BUFFER};
        for (uint32_t step = 0; step < 500; step++) {
            step_any(&credit, &random);
            assert_as_the_model(&credit);
        }
    }
}

/* Two accounts and the packets between them, each way in order and late. */
#define LATE 64u

struct told {
    uint32_t len, buf_alloc, fwd_cnt;
};

struct way {
    struct told packets[LATE];
    uint32_t count;
};

static void
put_on_the_way(struct way *way, vsk_credit *from, uint32_t len)
{
    struct told *told = &way->packets[way->count++];

    told->len = len;
    vsk_credit_tell(from, &told->buf_alloc, &told->fwd_cnt);
    if (len != 0)
        vsk_credit_sent(from, len);
}

/* Some packets arrive; an honest peer is never found at fault. */
static uint32_t
let_arrive(struct way *way, vsk_credit *to, uint32_t count)
{
    uint32_t bytes = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct told *told = &way->packets[i];

        assert_int_equal(vsk_credit_learn(to, told->buf_alloc, told->fwd_cnt),
                         VSK_OK);
        take_in(to, told->len);
        bytes += told->len;
    }
    way->count -= count;
    memmove(way->packets, way->packets + count,
            way->count * sizeof way->packets[0]);
    return bytes;
}

/* Send total bytes to a reader of some speed whose buffer changes size. */
static void
cross(rig_random *random, uint32_t total, uint32_t buffer, uint32_t packet)
{
    vsk_credit writer = account(SEED, BUFFER, 0);
    vsk_credit reader = account(SEED, buffer, BUFFER);
    struct way there = {.count = 0}, back = {.count = 0};
    uint32_t left = total, arrived = 0, idle = 0;

    put_on_the_way(&back, &reader, 0);
    while (arrived < total || vsk_credit_held(&reader) != 0) {
        uint32_t before = arrived;

        (void)let_arrive(&back, &writer, rig_draw(random, back.count + 1));
        while (there.count < LATE) {
            uint32_t want = left < packet ? left : packet;
            uint32_t next = vsk_credit_next(&writer, want, false);

            if (next == 0)
                break;
            put_on_the_way(&there, &writer, next);
            left -= next;
        }
        arrived +=
            let_arrive(&there, &reader, rig_draw(random, there.count + 1));
        hand_on(&reader, draw_up_to(random, vsk_credit_held(&reader)));
        if (rig_draw(random, 100) == 0)
            vsk_credit_resize(&reader, 1 + rig_draw(random, buffer));
        if (back.count < LATE && vsk_credit_owed(&reader, true))
            put_on_the_way(&back, &reader, 0);
        /* Draws of nothing may repeat, not this often. */
        idle = arrived == before ? idle + 1 : 0;
        assert_true(idle < 10000);
    }
    assert_int_equal(arrived, total);
}

static void
all_bytes_cross_at_every_buffer_size(void **state)
{
    static const uint32_t buffers[] = {1,    2,    3,     4,      5,       100,
                                       575,  576,  577,   1153,   4096,    8192,
                                       8193, 9999, 65536, 262144, 1u << 20};
    rig_random random = rig_seed();
    (void)state;

    /* Row 7 of the regression list: credit is volunteered, the window may
     * shrink mid-way, and nobody asks. */
    for (uint32_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++) {
        uint32_t total = buffers[i] < 4096 ? 1u << 13 : 1u << 21;

        cross(&random, total, buffers[i], 3732);
        cross(&random, total, buffers[i], 65536);
        cross(&random, total / 64, buffers[i], 1);
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_new_account_may_send_nothing),
        cmocka_unit_test(a_new_account_takes_nothing_before_it_advertised),
        cmocka_unit_test(the_whole_buffer_of_the_peer_is_available_at_first),
        cmocka_unit_test(bytes_in_flight_are_not_available),
        cmocka_unit_test(bytes_that_the_peer_took_are_available_again),
        cmocka_unit_test(available_counts_over_the_wrap),
        cmocka_unit_test(available_is_zero_when_the_peer_shrinks_its_buffer),
        cmocka_unit_test(
            available_is_zero_when_the_peer_shrinks_its_buffer_over_the_wrap),
        cmocka_unit_test(credit_comes_back_byte_for_byte_after_the_peer_shrank),
        cmocka_unit_test(a_buffer_of_all_that_32_bits_hold_is_available),
        cmocka_unit_test(more_forwarded_than_sent_is_not_learned),
        cmocka_unit_test(a_fwd_cnt_that_goes_back_is_not_learned),
        cmocka_unit_test(all_that_was_sent_may_be_forwarded_at_once),
        cmocka_unit_test(received_bytes_are_held_until_they_are_forwarded),
        cmocka_unit_test(more_forwarded_than_held_is_refused),
        cmocka_unit_test(the_peer_may_fill_the_buffer_to_its_last_byte),
        cmocka_unit_test(
            a_byte_more_than_the_buffer_is_refused_and_not_counted),
        cmocka_unit_test(a_length_that_would_wrap_the_counter_is_refused),
        cmocka_unit_test(forwarded_bytes_allow_none_before_they_are_told),
        cmocka_unit_test(forwarded_bytes_allow_as_many_once_they_are_told),
        cmocka_unit_test(a_larger_buffer_allows_nothing_before_it_is_told),
        cmocka_unit_test(a_smaller_buffer_takes_back_nothing_that_was_allowed),
        cmocka_unit_test(
            a_smaller_buffer_counts_from_when_the_old_edge_is_reached),
        cmocka_unit_test(
            a_buffer_smaller_than_what_it_holds_allows_nothing_new),
        cmocka_unit_test(tell_gives_buffer_and_forwarded_bytes),
        cmocka_unit_test(nothing_is_owed_while_the_peer_knows_all),
        cmocka_unit_test(an_update_is_owed_from_a_quarter_of_our_buffer),
        cmocka_unit_test(
            an_update_is_owed_from_a_quarter_of_the_peers_smaller_buffer),
        cmocka_unit_test(the_peers_latest_buffer_decides_what_is_owed),
        cmocka_unit_test(one_byte_is_owed_where_a_quarter_is_less),
        cmocka_unit_test(any_byte_is_owed_when_idle_and_all_is_forwarded),
        cmocka_unit_test(
            less_than_a_quarter_is_not_owed_when_idle_while_bytes_are_held),
        cmocka_unit_test(another_size_of_the_buffer_is_owed),
        cmocka_unit_test(any_packet_pays_what_is_owed),
        cmocka_unit_test(packets_of_either_generation_are_forgotten),
        cmocka_unit_test(the_first_packet_may_fill_the_peers_buffer),
        cmocka_unit_test(no_more_than_is_wanted_is_sent_next),
        cmocka_unit_test(
            each_packet_in_flight_costs_576_bytes_and_so_does_the_next),
        cmocka_unit_test(a_packet_is_held_back_where_its_cost_leaves_no_byte),
        cmocka_unit_test(the_meter_never_allows_more_than_the_bytes_do),
        cmocka_unit_test(the_rest_of_a_message_is_not_metered),
        cmocka_unit_test(tiny_packets_to_a_reader_that_sleeps_are_bounded),
        cmocka_unit_test(packets_cost_nothing_once_all_bytes_are_forwarded),
        cmocka_unit_test(
            no_packet_is_forgotten_before_its_generation_is_forwarded),
        cmocka_unit_test(a_generation_is_forgotten_with_its_last_byte),
        cmocka_unit_test(the_newer_generation_retires_as_the_older_did),
        cmocka_unit_test(a_packet_that_says_nothing_new_retires_no_packets),
        cmocka_unit_test(empty_packets_are_metered_beside_bytes),
        cmocka_unit_test(
            any_number_of_empty_packets_leaves_room_for_one_with_payload),
        cmocka_unit_test(
            empty_packets_are_forgotten_with_the_bytes_around_them),
        cmocka_unit_test(
            empty_packets_are_forgotten_when_the_peer_is_heard_of_and_has_all_bytes),
        cmocka_unit_test(
            empty_packets_are_not_forgotten_while_a_byte_is_in_flight),
        cmocka_unit_test(
            empty_packets_are_not_forgotten_for_a_fwd_cnt_that_lies),
        cmocka_unit_test(one_empty_packet_is_always_allowed),
        cmocka_unit_test(empty_packets_are_allowed_up_to_the_peers_buffer),
        cmocka_unit_test(bytes_in_flight_leave_less_room_for_empty_packets),
        cmocka_unit_test(an_account_does_what_64_bits_do),
        cmocka_unit_test(all_bytes_cross_at_every_buffer_size),
    };

    return cmocka_run_group_tests_name("credit", cases, NULL, NULL);
}
