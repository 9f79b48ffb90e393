/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Suppression: who waits for an index hears of it when it is passed, wherever
 * the indices wrap. */
#include "vsk/ring.h"

/*@ assigns \nothing;
    ensures passed: \result <==>
        (uint16_t)(event - old) < (uint16_t)(now - old); */
bool vsk_ring_need_event(uint16_t event, uint16_t now, uint16_t old);

#include "vsk/ring.c"
