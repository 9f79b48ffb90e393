// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/** @file
 * The checks. Each runs in a process of its own, with a type of socket and a number of bytes where
 * it takes these, and ends by return, fail or skip.
 */
#ifndef VSK_TESTS_GUEST_CHECKS_H
#define VSK_TESTS_GUEST_CHECKS_H

#include <stddef.h>

typedef void check_run(int type, size_t size);

/* transfer.c: bytes and messages, one way and both */
check_run check_send;
check_run check_receive;
check_run check_echo;
check_run check_small_writes;
check_run check_empty_write;
check_run check_zerocopy;
check_run check_small_buffer;
check_run check_changing_buffer;

/* messages.c: SEQPACKET alone */
check_run check_boundaries;
check_run check_truncated;
check_run check_too_long;

/* ends.c: how connections begin and end */
check_run check_half_close;
check_run check_shut_both;
check_run check_linger;
check_run check_close;
check_run check_refused;
check_run check_reset;
check_run check_port_reuse;
check_run check_many;
check_run check_called;
check_run check_called_many;

#endif
