/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The account of a connection: never more is sent, and never more is taken,
 * than was allowed, wherever the counters wrap. */
#include "vsk/credit.h"

/* What C says of conversion (6.3.1.3); WP itself knows it in range only. */
/*@ axiomatic conversion {
      axiom below: \forall integer x;
        -0x100000000 <= x < 0 ==> (uint32_t)x == x + 0x100000000;
      axiom above: \forall integer x;
        0x100000000 <= x < 0x200000000 ==> (uint32_t)x == x - 0x100000000;
    }

    logic integer apart(integer a, integer b) =
        a >= b ? a - b : a - b + 0x100000000;
    logic integer flight(vsk_credit *c) = apart(c->tx_cnt, c->peer_fwd_cnt);
    logic integer window(vsk_credit *c) = apart(c->edge, c->rx_cnt);
    logic integer held(vsk_credit *c) = apart(c->rx_cnt, c->fwd_cnt); */

/*@ assigns \nothing;
    ensures least: \result == (a < b ? a : b); */
static uint32_t min(uint32_t a, uint32_t b);

/*@ requires \valid_read(credit);
    assigns \nothing;
    ensures value: \result == flight(credit); */
static uint32_t in_flight(const vsk_credit *credit);

/*@ requires \valid(credit);
    assigns credit->older, credit->newer, credit->mark; */
static void retire(vsk_credit *credit);

/*@ requires \valid(credit);
    assigns *credit;
    ensures a_lie_is_told: \result == VSK_OK <==>
        apart(fwd_cnt, \old(credit->peer_fwd_cnt)) <=
        \old(flight(credit));
    ensures a_lie_changes_nothing: \result != VSK_OK ==>
        *credit == \old(*credit);
    ensures learned: \result == VSK_OK ==>
        credit->peer_fwd_cnt == fwd_cnt && credit->peer_buf_alloc == buf_alloc;
    ensures flight_shrinks: flight(credit) <= \old(flight(credit)); */
vsk_status vsk_credit_learn(vsk_credit *credit, uint32_t buf_alloc,
                            uint32_t fwd_cnt);

/*@ requires \valid_read(credit);
    assigns \nothing;
    ensures floor: flight(credit) >= credit->peer_buf_alloc ==> \result == 0;
    ensures all_of_it: flight(credit) < credit->peer_buf_alloc ==>
        \result + flight(credit) == credit->peer_buf_alloc; */
uint32_t vsk_credit_available(const vsk_credit *credit);

/*@ requires \valid_read(credit);
    assigns \nothing;
    ensures no_more_than_wanted: \result <= want;
    ensures never_too_much: \result == 0 ||
        \result + flight(credit) <= credit->peer_buf_alloc; */
uint32_t vsk_credit_next(const vsk_credit *credit, uint32_t want, bool midway);

/*@ requires \valid(credit);
    requires allowed: len + flight(credit) <= credit->peer_buf_alloc;
    assigns credit->tx_cnt, credit->newer;
    ensures counted: flight(credit) == \old(flight(credit)) + len;
    ensures in_bounds: flight(credit) <= credit->peer_buf_alloc; */
void vsk_credit_sent(vsk_credit *credit, uint32_t len);

/*@ requires \valid(credit);
    assigns credit->rx_cnt;
    ensures edge_holds: \result == VSK_OK <==> len <= \old(window(credit));
    ensures counted: \result == VSK_OK ==>
        window(credit) == \old(window(credit)) - len;
    ensures nothing: \result != VSK_OK ==>
        credit->rx_cnt == \old(credit->rx_cnt); */
vsk_status vsk_credit_received(vsk_credit *credit, uint32_t len);

/*@ requires \valid_read(credit);
    assigns \nothing;
    ensures value: \result == held(credit); */
uint32_t vsk_credit_held(const vsk_credit *credit);

/*@ requires \valid(credit);
    assigns credit->fwd_cnt;
    ensures no_more_than_held: \result == VSK_OK <==>
        len <= \old(held(credit));
    ensures counted: \result == VSK_OK ==>
        held(credit) == \old(held(credit)) - len;
    ensures nothing: \result != VSK_OK ==>
        credit->fwd_cnt == \old(credit->fwd_cnt); */
vsk_status vsk_credit_forwarded(vsk_credit *credit, uint32_t len);

/*@ requires \valid(credit) && \valid(buf_alloc) && \valid(fwd_cnt);
    requires \separated(credit, buf_alloc, fwd_cnt);
    assigns credit->edge, credit->told_fwd_cnt, credit->told_buf_alloc,
        *buf_alloc, *fwd_cnt;
    ensures told: *buf_alloc == credit->buf_alloc &&
        *fwd_cnt == credit->fwd_cnt;
    ensures nothing_taken_back: window(credit) >= \old(window(credit));
    ensures as_told: held(credit) < credit->buf_alloc ==>
        window(credit) >= credit->buf_alloc - held(credit); */
void vsk_credit_tell(vsk_credit *credit, uint32_t *buf_alloc,
                     uint32_t *fwd_cnt);

/* Of the rest: every access lies in the account. */

/*@ requires \valid(credit);
    assigns *credit; */
void vsk_credit_init(vsk_credit *credit, uint32_t buf_alloc);

/*@ requires \valid(credit);
    assigns *credit; */
void vsk_credit_count_from(vsk_credit *credit, uint32_t count);

/*@ requires \valid_read(credit);
    assigns \nothing; */
bool vsk_credit_empty(const vsk_credit *credit);

/*@ requires \valid(credit);
    assigns *credit; */
void vsk_credit_forget(vsk_credit *credit);

/*@ requires \valid(credit);
    assigns *credit; */
void vsk_credit_resize(vsk_credit *credit, uint32_t buf_alloc);

/*@ requires \valid_read(credit);
    assigns \nothing; */
bool vsk_credit_owed(const vsk_credit *credit, bool idle);

#include "vsk/credit.c"
