/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vhost/dial.h"

/* What the last byte of a line gives; bytes behind its end are not fed. */
static vsk_status
feed_sized(vsk_dial *dial, const char *line, size_t size)
{
    vsk_status status = VSK_NONE;

    memset(dial, 0, sizeof *dial);
    for (size_t i = 0; i < size && status == VSK_NONE; i++)
        status = vsk_dial_byte(dial, (uint8_t)line[i]);
    return status;
}

static vsk_status
feed(const char *line)
{
    vsk_dial dial;

    return feed_sized(&dial, line, strlen(line));
}

static uint32_t
port_of(const char *line)
{
    vsk_dial dial;

    assert_int_equal(feed_sized(&dial, line, strlen(line)), VSK_OK);
    return dial.port;
}

/* ---- lines that are right ---- */

static void
a_line_names_a_port(void **state)
{
    (void)state;

    assert_int_equal(port_of("CONNECT 1234\n"), 1234);
    assert_int_equal(port_of("CONNECT 0\n"), 0);
    assert_int_equal(port_of("CONNECT 4294967294\n"), 4294967294);
}

static void
every_byte_but_the_last_one_asks_for_more(void **state)
{
    const char line[] = "CONNECT 52\n";
    vsk_dial dial = {0};
    (void)state;

    for (size_t i = 0; line[i + 1] != '\0'; i++)
        assert_int_equal(vsk_dial_byte(&dial, (uint8_t)line[i]), VSK_NONE);

    assert_int_equal(vsk_dial_byte(&dial, '\n'), VSK_OK);
}

static void
the_word_may_have_any_case(void **state)
{
    (void)state;

    assert_int_equal(port_of("connect 5\n"), 5);
    assert_int_equal(port_of("cOnNeCt 5\n"), 5);
}

static void
blanks_may_stand_around_the_words(void **state)
{
    (void)state;

    assert_int_equal(port_of(" \tCONNECT\t  5 \t\n"), 5);
    assert_int_equal(port_of("CONNECT 5\r\n"), 5);
}

static void
leading_zeros_change_nothing(void **state)
{
    (void)state;

    assert_int_equal(port_of("CONNECT 007\n"), 7);
    assert_int_equal(port_of("CONNECT 00000000004294967294\n"), 4294967294);
}

static void
a_line_has_32_bytes_at_most(void **state)
{
    const char *fits = "CONNECT 00000000000000000000042\n";
    const char *longer = "CONNECT 000000000000000000000042\n";
    vsk_dial dial;
    (void)state;

    assert_int_equal(strlen(fits), VSK_DIAL_LINE);
    assert_int_equal(port_of(fits), 42);
    assert_int_equal(feed_sized(&dial, longer, 31), VSK_NONE);
    assert_int_equal(feed_sized(&dial, longer, 32), VSK_BAD_DIAL);
}

/* ---- lines that are none ---- */

static void
a_line_without_an_end_is_refused_in_time(void **state)
{
    vsk_dial dial = {0};
    uint32_t bytes = 0;
    (void)state;

    while (vsk_dial_byte(&dial, ' ') == VSK_NONE)
        bytes++;

    assert_int_equal(bytes, VSK_DIAL_LINE - 1);
    assert_int_equal(dial.status, VSK_BAD_DIAL);
}

static void
junk_is_refused(void **state)
{
    const char *junk[] = {
        "\n",
        "CONNECT\n",
        "CONNECT \n",
        "CONNECT5\n",
        "CONNECT -1\n",
        "CONNECT +1\n",
        "CONNECT 0x10\n",
        "CONNECT 1.5\n",
        "CONNECT five\n",
        "CONNECT 5 6\n",
        "CONNECT 5x\n",
        "CONNECT 5\v\n",
        "CONNECT\n5\n",
        "CONNEC 5\n",
        "CONNECTS 5\n",
        "CO NNECT 5\n",
        "GET / HTTP/1.1\r\n",
        "OK 5\n",
        "\xff",
        "CONNECT \xd9\xa3\n",
        "cONNECT\xa0"
        "5\n",
    };
    (void)state;

    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++)
        assert_int_equal(feed(junk[i]), VSK_BAD_DIAL);
}

static void
a_zero_byte_is_junk_wherever_it_stands(void **state)
{
    const char line[] = "CONNECT 5\n";
    (void)state;

    for (size_t i = 0; i < sizeof line - 1; i++) {
        char bytes[sizeof line];
        vsk_dial dial;

        memcpy(bytes, line, sizeof line);
        bytes[i] = '\0';
        assert_int_equal(feed_sized(&dial, bytes, sizeof line - 1),
                         VSK_BAD_DIAL);
    }
}

static void
a_port_ends_below_2_32(void **state)
{
    const char *beyond[] = {
        "CONNECT 4294967295\n",           "CONNECT 4294967296\n",
        "CONNECT 4294967301\n",           "CONNECT 9999999999\n",
        "CONNECT 18446744073709551617\n", "CONNECT 18446744073709551621\n",
    };
    (void)state;

    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++)
        assert_int_equal(feed(beyond[i]), VSK_BAD_PORT);
}

static void
no_byte_does_harm_anywhere(void **state)
{
    const char line[] = "CONNECT 429496729\n";
    (void)state;

    for (size_t i = 0; i < sizeof line - 1; i++)
        for (uint32_t byte = 0; byte < 256; byte++) {
            char bytes[sizeof line];
            vsk_dial dial;
            vsk_status status;

            memcpy(bytes, line, sizeof line);
            bytes[i] = (char)byte;
            status = feed_sized(&dial, bytes, sizeof line - 1);
            /* Only in the newline's place the port may grow or the line go on. */
            assert_true(status == VSK_OK || status == VSK_BAD_DIAL ||
                        line[i] == '\n');
            assert_true(dial.size < VSK_DIAL_LINE);
        }
}

static void
what_is_over_stays_as_it_is(void **state)
{
    vsk_dial dial;
    size_t taken = 9;
    (void)state;

    (void)feed_sized(&dial, "CONNECT 5\n", 10);
    assert_int_equal(vsk_dial_byte(&dial, '6'), VSK_OK);
    assert_int_equal(dial.port, 5);
    (void)feed_sized(&dial, "x", 1);
    assert_int_equal(vsk_dial_byte(&dial, 'C'), VSK_BAD_DIAL);
    assert_int_equal(vsk_dial_bytes(&dial, (const uint8_t *)"C", 1, &taken),
                     VSK_BAD_DIAL);
    assert_int_equal(taken, 0);
}

/* ---- many bytes at once ---- */

static void
bytes_behind_the_line_are_not_taken(void **state)
{
    const char *bytes = "CONNECT 80\nGET /\n";
    vsk_dial dial = {0};
    size_t taken;
    (void)state;

    assert_int_equal(
        vsk_dial_bytes(&dial, (const uint8_t *)bytes, strlen(bytes), &taken),
        VSK_OK);

    assert_int_equal(taken, 11);
    assert_int_equal(dial.port, 80);
}

static void
a_line_may_come_in_parts(void **state)
{
    const char *bytes = "CONNECT 80\n";
    vsk_dial dial = {0};
    size_t taken;
    (void)state;

    assert_int_equal(vsk_dial_bytes(&dial, (const uint8_t *)bytes, 9, &taken),
                     VSK_NONE);
    assert_int_equal(taken, 9);
    assert_int_equal(
        vsk_dial_bytes(&dial, (const uint8_t *)bytes + 9, 2, &taken), VSK_OK);
    assert_int_equal(taken, 2);
}

/* ---- the answer ---- */

static void
the_answer_names_the_hosts_port(void **state)
{
    const struct {
        uint32_t port;
        const char *line;
    } answers[] = {
        {0, "OK 0\n"},
        {1073741824, "OK 1073741824\n"},
        {UINT32_MAX, "OK 4294967295\n"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        uint8_t line[VSK_DIAL_LINE];
        size_t length = strlen(answers[i].line);

        memset(line, RIG_FILL, sizeof line);
        assert_int_equal(vsk_dial_answer(answers[i].port, line), length);
        assert_memory_equal(line, answers[i].line, length);
        assert_int_equal(line[length], RIG_FILL);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_names_a_port),
        cmocka_unit_test(every_byte_but_the_last_one_asks_for_more),
        cmocka_unit_test(the_word_may_have_any_case),
        cmocka_unit_test(blanks_may_stand_around_the_words),
        cmocka_unit_test(leading_zeros_change_nothing),
        cmocka_unit_test(a_line_has_32_bytes_at_most),
        cmocka_unit_test(a_line_without_an_end_is_refused_in_time),
        cmocka_unit_test(junk_is_refused),
        cmocka_unit_test(a_zero_byte_is_junk_wherever_it_stands),
        cmocka_unit_test(a_port_ends_below_2_32),
        cmocka_unit_test(no_byte_does_harm_anywhere),
        cmocka_unit_test(what_is_over_stays_as_it_is),
        cmocka_unit_test(bytes_behind_the_line_are_not_taken),
        cmocka_unit_test(a_line_may_come_in_parts),
        cmocka_unit_test(the_answer_names_the_hosts_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
