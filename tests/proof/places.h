/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Places of a packed ring that is as small as can be, and no power of two. */
#ifndef PROOF_PLACES_H
#define PROOF_PLACES_H

#include "any.h"
#include "vsk/ring.h"

#define SIZE 3u

static inline uint16_t
any_place(void)
{
    return (uint16_t)(any32_of(0, SIZE - 1) | (any_bool() ? VSK_RING_WRAP : 0));
}

/*@ predicate is_place(integer place) =
        0 <= place && (place & (VSK_RING_WRAP - 1)) < SIZE; */

#endif
