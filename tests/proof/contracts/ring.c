/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Suppression: who waits for an index hears of it when it is passed, wherever
 * the indices wrap. */
#include "vsk/ring.h"

/* What C says of conversion (6.3.1.3); WP itself knows it in range only. */
/*@ axiomatic conversion {
      axiom below: \forall integer x;
        -0x10000 <= x < 0 ==> (uint16_t)x == x + 0x10000;
      axiom far_below: \forall integer x;
        -0x20000 <= x < -0x10000 ==> (uint16_t)x == x + 0x20000;
    }

    logic integer apart(integer a, integer b) =
        a >= b ? a - b : a - b + 0x10000; */

/*@ assigns \nothing;
    ensures passed: \result <==> apart(event, old) < apart(now, old); */
bool vsk_ring_need_event(uint16_t event, uint16_t now, uint16_t old);

#include "vsk/ring.c"
