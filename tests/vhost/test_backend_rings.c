/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Which rings the back end touches, when, and where it begins. */
#include "front_rig.h"

static void
bytes_go_both_ways(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-07, VHU-BOTH-07, -08 */
    vsk_conn *conn;
    (void)state;

    conn = front_connected(front);

    front_echo(front, conn, "hello");
    assert_true(front_called(front, VSK_RX) > 0);
    front_free(front);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        FRONT_TEST(bytes_go_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
