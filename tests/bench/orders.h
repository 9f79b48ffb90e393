/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * What a load in a guest asks of the host's side, which each side answers the same way.
 *
 * A connection to PORT_SINK or PORT_SOURCE begins with an order of the guest's, 16 bytes in the
 * order of its machine, which is the host's too:
 *
 *     sink      order, bytes ->        <- 1 byte, when all are there
 *     source    order ->               <- bytes, in writes of order.size
 *     echo      bytes ->               <- the same
 */
#ifndef VSK_TESTS_BENCH_ORDERS_H
#define VSK_TESTS_BENCH_ORDERS_H

#include <stdint.h>

#define PORT_SINK 5001
#define PORT_SOURCE 5002
#define PORT_ECHO 5003

struct order {
    uint64_t bytes;
    uint64_t size; /* of each write */
};

#endif
