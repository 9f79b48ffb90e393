/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vhost/backlog.h"

static vsk_status
add_part(vsk_backlog *backlog, uint8_t *bytes, uint32_t size, bool complete)
{
    vsk_packet packet;

    vsk_packet_init(&packet, bytes, size);
    return vsk_backlog_add_part(backlog, &packet, complete);
}

static void
bytes_come_back_in_order(void **state)
{
    vsk_backlog backlog = {0};
    uint8_t bytes[3000], next = 0;
    (void)state;

    /* More goes in than comes out, and all of it has to be moved at times. */
    for (uint32_t turn = 0; turn < 50; turn++) {
        for (uint32_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(turn * sizeof bytes + i);
        assert_int_equal(vsk_backlog_add(&backlog, bytes, sizeof bytes),
                         VSK_OK);
        for (uint32_t i = 0; i < 2900; i++) {
            assert_int_equal(*vsk_backlog_bytes(&backlog), next++);
            vsk_backlog_take(&backlog, 1);
        }
    }

    assert_int_equal(backlog.size, 50 * 100);
    vsk_backlog_clear(&backlog);
    vsk_backlog_clear(&backlog);
}

static void
what_is_empty_takes_no_memory(void **state)
{
    vsk_backlog backlog = {0};
    (void)state;

    assert_int_equal(vsk_backlog_add(&backlog, (const uint8_t *)"abc", 3),
                     VSK_OK);
    vsk_backlog_take(&backlog, 3);

    assert_null(backlog.bytes);
    assert_int_equal(backlog.capacity, 0);
}

static void
a_packet_is_added_from_an_offset_on(void **state)
{
    vsk_backlog backlog = {0};
    uint8_t bytes[] = "hello";
    vsk_packet packet;
    (void)state;

    vsk_packet_init(&packet, bytes, 5);
    assert_int_equal(vsk_backlog_add_packet(&backlog, &packet, 2), VSK_OK);

    assert_int_equal(backlog.size, 3);
    assert_memory_equal(vsk_backlog_bytes(&backlog), "llo", 3);
    vsk_backlog_clear(&backlog);
}

static void
a_message_shows_when_it_is_complete(void **state)
{
    vsk_backlog backlog = {0};
    uint8_t bytes[] = "hello world";
    uint32_t size = 9;
    (void)state;

    assert_null(vsk_backlog_message(&backlog, &size));
    assert_int_equal(add_part(&backlog, bytes, 6, false), VSK_OK);
    assert_null(vsk_backlog_message(&backlog, &size));
    assert_int_equal(add_part(&backlog, bytes + 6, 5, true), VSK_OK);

    assert_memory_equal(vsk_backlog_message(&backlog, &size), bytes, 11);
    assert_int_equal(size, 11);
    vsk_backlog_clear(&backlog);
}

static void
messages_are_kept_apart_while_one_is_open(void **state)
{
    vsk_backlog backlog = {0};
    uint8_t bytes[] = "abcdef";
    uint32_t size;
    (void)state;

    assert_int_equal(add_part(&backlog, bytes, 1, true), VSK_OK);
    assert_int_equal(add_part(&backlog, bytes, 0, true), VSK_OK);
    assert_int_equal(add_part(&backlog, bytes + 1, 2, false), VSK_OK);
    assert_memory_equal(vsk_backlog_message(&backlog, &size), "a", 1);
    vsk_backlog_take(&backlog, VSK_BACKLOG_HEAD + 1);
    assert_non_null(vsk_backlog_message(&backlog, &size));
    assert_int_equal(size, 0);
    vsk_backlog_take(&backlog, VSK_BACKLOG_HEAD);
    assert_null(vsk_backlog_message(&backlog, &size));
    assert_int_equal(add_part(&backlog, bytes + 3, 1, true), VSK_OK);

    assert_memory_equal(vsk_backlog_message(&backlog, &size), "bcd", 3);
    assert_int_equal(size, 3);
    vsk_backlog_clear(&backlog);
}

static void
the_open_message_can_be_cut_off(void **state)
{
    vsk_backlog backlog = {0};
    uint8_t bytes[] = "abcdef";
    uint32_t size;
    (void)state;

    assert_int_equal(vsk_backlog_cut(&backlog), 0);
    assert_int_equal(add_part(&backlog, bytes, 2, true), VSK_OK);
    assert_int_equal(vsk_backlog_cut(&backlog), 0);
    assert_int_equal(add_part(&backlog, bytes, 3, false), VSK_OK);
    assert_int_equal(add_part(&backlog, bytes, 1, false), VSK_OK);

    assert_int_equal(vsk_backlog_cut(&backlog), 4);
    assert_int_equal(backlog.size, VSK_BACKLOG_HEAD + 2);
    assert_memory_equal(vsk_backlog_message(&backlog, &size), "ab", 2);
    assert_int_equal(add_part(&backlog, bytes + 4, 2, false), VSK_OK);
    vsk_backlog_take(&backlog, VSK_BACKLOG_HEAD + 2);
    assert_int_equal(vsk_backlog_cut(&backlog), 2);
    assert_null(backlog.bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_back_in_order),
        cmocka_unit_test(what_is_empty_takes_no_memory),
        cmocka_unit_test(a_packet_is_added_from_an_offset_on),
        cmocka_unit_test(a_message_shows_when_it_is_complete),
        cmocka_unit_test(messages_are_kept_apart_while_one_is_open),
        cmocka_unit_test(the_open_message_can_be_cut_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
