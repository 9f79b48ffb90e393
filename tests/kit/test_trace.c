/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What no script can reach without 256 MiB of packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kit/lab.h"

#define LIMIT (UINT64_C(256) << 20) /* bytes of packets that a trace keeps */

static void
see_packet(kit_trace *trace)
{
    const vsk_packet packet = {.header.op = VSK_OP_RST};
    const vsk_seen seen = {.kind = VSK_SEEN_PACKET, .packet = &packet};

    kit_trace_see(trace, &seen);
}

/* A trace in which so many bytes of packets seem to be kept. */
static kit_trace
holding(uint64_t bytes)
{
    return (kit_trace){.limit = 100, .bytes = bytes};
}

static void
packets_are_kept_up_to_256_mib(void **state)
{
    kit_trace trace = holding(LIMIT - 3 * VSK_HEADER_SIZE);
    (void)state;

    for (uint32_t i = 0; i < 3; i++)
        see_packet(&trace);

    assert_int_equal(trace.count, 3);
    assert_int_equal(trace.bytes, LIMIT);
    kit_trace_clear(&trace);
}

static void
a_byte_more_lets_the_oldest_go(void **state)
{
    kit_trace trace = holding(LIMIT - 3 * VSK_HEADER_SIZE + 1);
    (void)state;

    for (uint32_t i = 0; i < 5; i++)
        see_packet(&trace);

    assert_int_equal(trace.count, 2);
    assert_int_equal(trace.first, 3);
    assert_null(kit_trace_at(&trace, 2));
    assert_non_null(kit_trace_at(&trace, 4));
    assert_false(trace.failed);
    kit_trace_clear(&trace);
}

static void
what_is_no_packet_takes_nothing_of_the_256_mib(void **state)
{
    const vsk_seen kick = {.kind = VSK_SEEN_KICK};
    kit_trace trace = holding(LIMIT);
    (void)state;

    for (uint32_t i = 0; i < 5; i++)
        kit_trace_see(&trace, &kick);

    assert_int_equal(trace.count, 5);
    kit_trace_clear(&trace);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_are_kept_up_to_256_mib),
        cmocka_unit_test(a_byte_more_lets_the_oldest_go),
        cmocka_unit_test(what_is_no_packet_takes_nothing_of_the_256_mib),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
