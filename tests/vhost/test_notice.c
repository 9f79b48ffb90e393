/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vhost/notice.h"

static void
notices_come_in_order_and_the_last_ones_are_dropped(void **state)
{
    vsk_notices notices = {.first = 0};
    vsk_notice notice;
    char text[8];
    (void)state;

    for (uint32_t i = 0; i < VSK_NOTICES + 3; i++)
        vsk_notices_say(&notices, VSK_NOTICE_NOTE, VSK_OK, "no %u", i);

    for (uint32_t i = 0; i < VSK_NOTICES; i++) {
        assert_int_equal(vsk_notices_take(&notices, &notice), VSK_OK);
        (void)snprintf(text, sizeof text, "no %u", i);
        assert_string_equal(notice.text, text);
    }
    assert_int_equal(vsk_notices_take(&notices, &notice), VSK_NONE);
}

static void
notices_go_round(void **state)
{
    vsk_notices notices = {.first = 0};
    vsk_notice notice;
    (void)state;

    for (uint32_t i = 0; i < 3 * VSK_NOTICES; i++) {
        vsk_notices_say(&notices, VSK_NOTICE_NOTE, VSK_OK, "%u", i);
        vsk_notices_say(&notices, VSK_NOTICE_END, VSK_EOF, "%u", i);
        assert_int_equal(vsk_notices_take(&notices, &notice), VSK_OK);
        assert_int_equal(notice.kind, VSK_NOTICE_NOTE);
        assert_int_equal(vsk_notices_take(&notices, &notice), VSK_OK);
        assert_int_equal(notice.kind, VSK_NOTICE_END);
        assert_int_equal(notice.status, VSK_EOF);
    }
}

static void
a_long_text_is_cut_and_percents_are_none(void **state)
{
    vsk_notices notices = {.first = 0};
    char text[2 * VSK_NOTICE_TEXT];
    vsk_notice notice;
    (void)state;

    memset(text, '%', sizeof text);
    text[sizeof text - 1] = '\0';
    vsk_notices_post(&notices, VSK_NOTICE_NOTE, VSK_OK, text);

    assert_int_equal(vsk_notices_take(&notices, &notice), VSK_OK);
    assert_int_equal(strlen(notice.text), VSK_NOTICE_TEXT - 1);
    assert_int_equal(notice.text[VSK_NOTICE_TEXT - 2], '%');
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notices_come_in_order_and_the_last_ones_are_dropped),
        cmocka_unit_test(notices_go_round),
        cmocka_unit_test(a_long_text_is_cut_and_percents_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
