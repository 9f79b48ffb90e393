/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What no script can reach without 256 MiB of entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kit/lab.h"

#define LIMIT (UINT64_C(256) << 20) /* bytes that entries of a trace hold */
#define DESCRIPTORS 500u

static void
see_packet(kit_trace *trace)
{
    const vsk_packet packet = {.header.op = VSK_OP_RST};
    const vsk_seen seen = {.kind = VSK_SEEN_PACKET, .packet = &packet};

    kit_trace_see(trace, &seen);
}

/* The bytes of what see_packet leaves. */
static uint64_t
one_packet(void)
{
    kit_trace trace = {.limit = 1};
    uint64_t bytes;

    see_packet(&trace);
    bytes = trace.bytes;
    kit_trace_clear(&trace);
    return bytes;
}

/* A trace in which so many bytes seem to be kept. */
static kit_trace
holding(uint64_t bytes)
{
    return (kit_trace){.limit = 100, .bytes = bytes};
}

static void
packets_are_kept_up_to_256_mib(void **state)
{
    kit_trace trace = holding(LIMIT - 3 * one_packet());
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
    kit_trace trace = holding(LIMIT - 3 * one_packet() + 1);
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

static void
a_chain_counts_with_its_texts_and_spans(void **state)
{
    vsk_span spans[DESCRIPTORS] = {{.len = 1}};
    const vsk_chain chain = {.spans = spans, .count = DESCRIPTORS};
    const vsk_packet packet = {.header.op = VSK_OP_RST};
    const vsk_seen seen = {
        .kind = VSK_SEEN_PACKET, .packet = &packet, .chain = &chain};
    kit_trace trace = holding(0);
    (void)state;

    kit_trace_see(&trace, &seen);

    assert_true(trace.bytes >
                2 * 2 * DESCRIPTORS + KIT_SPANS * sizeof(vsk_span));
    kit_trace_cut(&trace, 0);
    assert_int_equal(trace.bytes, 0);
    kit_trace_clear(&trace);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_are_kept_up_to_256_mib),
        cmocka_unit_test(a_byte_more_lets_the_oldest_go),
        cmocka_unit_test(a_chain_counts_with_its_texts_and_spans),
        cmocka_unit_test(what_is_no_packet_takes_nothing_of_the_256_mib),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
