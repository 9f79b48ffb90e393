// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* SET_MEM_TABLE as front ends really send it. */

#include "rig.h"

#include "vhost/message.h"

#define HEAD 8
#define REGION 32

static void
a_table_may_come_with_entries_that_it_does_not_count(void **state)
{
    /* User Mode Linux sends room for two regions, whatever it has. */
    uint8_t wire[HEAD + 2 * REGION] = {1};
    vsk_message message = {.size = sizeof wire};
    (void)state;

    wire[HEAD + 8] = 7;

    assert_int_equal(vsk_message_decode(&message, VSK_PAYLOAD_MEMORY, wire),
                     VSK_OK);
    assert_int_equal(message.memory.count, 1);
    assert_int_equal(message.memory.regions[0].size, 7);
}

static void
a_table_without_entries_that_it_counts_is_refused(void **state)
{
    const uint8_t wire[HEAD + REGION] = {2};
    vsk_message message = {.size = sizeof wire};
    (void)state;

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
