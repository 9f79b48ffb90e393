// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* SET_MEM_TABLE as front ends really send it. */

#include "rig.h"

#include "vhost/message.h"

#define HEAD 8
#define REGION 32

/* Numbers are in the machine's own order. */
static void
put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof value);
}

static void
put64(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, sizeof value);
}

static void
a_table_may_come_with_entries_that_it_does_not_count(void **state)
{
    /* User Mode Linux sends room for two regions, whatever it has. */
    uint8_t wire[HEAD + 2 * REGION] = {0};
    vsk_message message = {.size = sizeof wire};
    (void)state;

    put32(wire, 1);
    put64(wire + HEAD + 8, 7);

    assert_int_equal(vsk_message_decode(&message, VSK_PAYLOAD_MEMORY, wire),
                     VSK_OK);
    assert_int_equal(message.memory.count, 1);
    assert_int_equal(message.memory.regions[0].size, 7);
}

static void
a_table_without_entries_that_it_counts_is_refused(void **state)
{
    uint8_t wire[HEAD + REGION] = {0};
    vsk_message message = {.size = sizeof wire};
    (void)state;

    put32(wire, 2);

    assert_int_equal(vsk_message_decode(&message, VSK_PAYLOAD_MEMORY, wire),
                     VSK_BAD_MESSAGE_SIZE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_may_come_with_entries_that_it_does_not_count),
        cmocka_unit_test(a_table_without_entries_that_it_counts_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
