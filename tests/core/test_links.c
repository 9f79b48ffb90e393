/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vsk/links.h"

#define SLOTS 6u

static vsk_links
begin(vsk_link *table)
{
    vsk_links links;

    memset(table, RIG_FILL, SLOTS * sizeof *table);
    memset(&links, RIG_FILL, sizeof links);
    vsk_links_init(&links, table, SLOTS);
    return links;
}

static void
a_link_takes_20_bytes(void **state)
{
    (void)state;

    assert_int_equal(sizeof(vsk_link), 20);
}

static void
new_lines_are_empty(void **state)
{
    vsk_link table[SLOTS];
    vsk_links links = begin(table);
    (void)state;

    for (uint32_t line = 0; line < VSK_LINES; line++)
        assert_int_equal(vsk_links_first(&links, line), VSK_TABLE_NONE);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        assert_int_equal(table[slot].tells, 0);
        assert_int_equal(table[slot].owes, 0);
        assert_int_equal(table[slot].marks, 0);
        assert_int_equal(table[slot].asked, 0);
    }
}

static void
slots_are_taken_in_the_order_in_which_they_came(void **state)
{
    static const uint32_t order[] = {3, 0, 5, 1};
    vsk_link table[SLOTS];
    vsk_links links = begin(table);
    (void)state;

    for (uint32_t i = 0; i < 4; i++)
        vsk_links_add(&links, VSK_LINE_WANTED, order[i]);

    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(vsk_links_first(&links, VSK_LINE_WANTED), order[i]);
        assert_int_equal(vsk_links_take(&links, VSK_LINE_WANTED), order[i]);
    }
    assert_int_equal(vsk_links_first(&links, VSK_LINE_WANTED), VSK_TABLE_NONE);
}

static void
a_slot_is_in_a_line_once(void **state)
{
    vsk_link table[SLOTS];
    vsk_links links = begin(table);
    (void)state;
    vsk_links_add(&links, VSK_LINE_TOLD, 2);
    vsk_links_add(&links, VSK_LINE_TOLD, 4);

    vsk_links_add(&links, VSK_LINE_TOLD, 2);

    assert_int_equal(vsk_links_take(&links, VSK_LINE_TOLD), 2);
    assert_int_equal(vsk_links_take(&links, VSK_LINE_TOLD), 4);
    assert_int_equal(vsk_links_first(&links, VSK_LINE_TOLD), VSK_TABLE_NONE);
}

static void
a_slot_that_was_taken_may_come_again_behind_others(void **state)
{
    vsk_link table[SLOTS];
    vsk_links links = begin(table);
    (void)state;
    vsk_links_add(&links, VSK_LINE_TOLD, 2);
    vsk_links_add(&links, VSK_LINE_TOLD, 4);

    vsk_links_take(&links, VSK_LINE_TOLD);
    vsk_links_add(&links, VSK_LINE_TOLD, 2);

    assert_int_equal(vsk_links_take(&links, VSK_LINE_TOLD), 4);
    assert_int_equal(vsk_links_take(&links, VSK_LINE_TOLD), 2);
}

static void
a_line_that_ran_empty_begins_anew(void **state)
{
    vsk_link table[SLOTS];
    vsk_links links = begin(table);
    (void)state;
    vsk_links_add(&links, VSK_LINE_UNPAID, 5);
    vsk_links_take(&links, VSK_LINE_UNPAID);

    vsk_links_add(&links, VSK_LINE_UNPAID, 1);
    vsk_links_add(&links, VSK_LINE_UNPAID, 0);

    assert_int_equal(vsk_links_take(&links, VSK_LINE_UNPAID), 1);
    assert_int_equal(vsk_links_take(&links, VSK_LINE_UNPAID), 0);
}

static void
a_slot_may_be_in_all_lines_at_different_places(void **state)
{
    vsk_link table[SLOTS];
    vsk_links links = begin(table);
    (void)state;

    for (uint32_t line = 0; line < VSK_LINES; line++)
        for (uint32_t i = 0; i < SLOTS; i++)
            vsk_links_add(&links, line, (i + line) % SLOTS);

    for (uint32_t line = VSK_LINES; line > 0; line--)
        for (uint32_t i = 0; i < SLOTS; i++)
            assert_int_equal(vsk_links_take(&links, line - 1),
                             (i + line - 1) % SLOTS);
}

static void
who_owes_is_in_its_line(void **state)
{
    vsk_link table[SLOTS];
    vsk_links links = begin(table);
    (void)state;

    vsk_links_owe(&links, 3, VSK_OWES_RST);
    vsk_links_owe(&links, 3, VSK_OWES_CREDIT);

    assert_int_equal(table[3].owes, VSK_OWES_RST | VSK_OWES_CREDIT);
    assert_int_equal(vsk_links_take(&links, VSK_LINE_OWING), 3);
    assert_int_equal(vsk_links_first(&links, VSK_LINE_OWING), VSK_TABLE_NONE);
}

static void
who_owes_nothing_stays_out_of_the_line(void **state)
{
    vsk_link table[SLOTS];
    vsk_links links = begin(table);
    (void)state;

    vsk_links_owe(&links, 3, 0);

    assert_int_equal(vsk_links_first(&links, VSK_LINE_OWING), VSK_TABLE_NONE);
}

static void
a_new_connection_inherits_a_place_and_nothing_else(void **state)
{
    vsk_link table[SLOTS];
    vsk_links links = begin(table);
    (void)state;
    vsk_links_owe(&links, 3, VSK_OWES_RST);
    vsk_links_add(&links, VSK_LINE_OWING, 4);
    table[3].tells = 1;
    table[3].asked = 9;
    table[3].marks |=
        VSK_MARK_WANTS | VSK_MARK_STARVED | VSK_MARK_MIDWAY | VSK_MARK_UNPAID;

    vsk_links_begin(&links, 3);

    assert_int_equal(table[3].tells, 0);
    assert_int_equal(table[3].owes, 0);
    assert_int_equal(table[3].asked, 0);
    assert_int_equal(table[3].marks, 1u << VSK_LINE_OWING);
    vsk_links_owe(&links, 3, VSK_OWES_RST);
    assert_int_equal(vsk_links_take(&links, VSK_LINE_OWING), 3);
    assert_int_equal(vsk_links_take(&links, VSK_LINE_OWING), 4);
    assert_int_equal(vsk_links_first(&links, VSK_LINE_OWING), VSK_TABLE_NONE);
}

/* A line beside a plain array of what it must hold. */
static void
lines_do_what_arrays_do(void **state)
{
    rig_random random = rig_seed();
    vsk_link table[SLOTS];
    vsk_links links = begin(table);
    uint32_t held[VSK_LINES][SLOTS], count[VSK_LINES] = {0};
    (void)state;

    for (uint32_t step = 0; step < 100000; step++) {
        vsk_line_name line = rig_draw(&random, VSK_LINES);
        uint32_t slot = rig_draw(&random, SLOTS), at = 0;

        if (rig_draw(&random, 2) == 0) {
            while (at < count[line] && held[line][at] != slot)
                at++;
            if (at == count[line])
                held[line][count[line]++] = slot;
            vsk_links_add(&links, line, slot);
        } else if (count[line] != 0) {
            assert_int_equal(vsk_links_take(&links, line), held[line][0]);
            memmove(held[line], held[line] + 1,
                    --count[line] * sizeof held[line][0]);
        }
        assert_int_equal(vsk_links_first(&links, line),
                         count[line] != 0 ? held[line][0] : VSK_TABLE_NONE);
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_link_takes_20_bytes),
        cmocka_unit_test(new_lines_are_empty),
        cmocka_unit_test(slots_are_taken_in_the_order_in_which_they_came),
        cmocka_unit_test(a_slot_is_in_a_line_once),
        cmocka_unit_test(a_slot_that_was_taken_may_come_again_behind_others),
        cmocka_unit_test(a_line_that_ran_empty_begins_anew),
        cmocka_unit_test(a_slot_may_be_in_all_lines_at_different_places),
        cmocka_unit_test(who_owes_is_in_its_line),
        cmocka_unit_test(who_owes_nothing_stays_out_of_the_line),
        cmocka_unit_test(a_new_connection_inherits_a_place_and_nothing_else),
        cmocka_unit_test(lines_do_what_arrays_do),
    };

    return cmocka_run_group_tests_name("links", cases, NULL, NULL);
}
