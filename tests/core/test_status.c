/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vsk/status.h"

static const struct entry {
    vsk_status status;
    const char *name;
    const char *text;
    const char *clause;
} entries[] = {
#define ENTRY(name, value, words, clause) {VSK_##name, #name, words, clause},
    VSK_STATUS_TABLE(ENTRY)
#undef ENTRY
};

#define ENTRIES (sizeof entries / sizeof entries[0])

static void
ok_none_and_eof_are_no_failures(void **state)
{
    (void)state;

    assert_int_equal(VSK_OK, 0);
    assert_int_equal(VSK_NONE, 1);
    assert_int_equal(VSK_EOF, 2);
}

static void
every_failure_is_negative(void **state)
{
    (void)state;

    for (size_t i = 3; i < ENTRIES; i++)
        assert_true(entries[i].status < 0);
}

static void
every_status_has_a_value_of_its_own(void **state)
{
    (void)state;

    for (size_t i = 0; i < ENTRIES; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(entries[i].status, entries[k].status);
}

static void
every_status_is_named(void **state)
{
    (void)state;

    for (size_t i = 0; i < ENTRIES; i++)
        assert_string_equal(vsk_status_name(entries[i].status),
                            entries[i].name);
}

static void
every_status_says_its_rule(void **state)
{
    (void)state;

    for (size_t i = 0; i < ENTRIES; i++)
        assert_string_equal(vsk_status_text(entries[i].status),
                            entries[i].text);
}

static void
no_two_statuses_say_the_same(void **state)
{
    (void)state;

    for (size_t i = 0; i < ENTRIES; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(entries[i].text, entries[k].text);
}

static void
every_status_names_its_clause(void **state)
{
    (void)state;

    for (size_t i = 0; i < ENTRIES; i++)
        assert_string_equal(vsk_status_clause(entries[i].status),
                            entries[i].clause);
}

static void
every_clause_stands_in_the_conformance_table(void **state)
{
    char *table = rig_vector("conformance.tsv");
    (void)state;

    for (size_t i = 0; i < ENTRIES; i++) {
        char line[64];

        if (entries[i].clause[0] == '\0')
            continue;
        snprintf(line, sizeof line, "\n%s\t", entries[i].clause);
        if (strstr(table, line) == NULL)
            fail_msg("no clause %s", entries[i].clause);
    }

    free(table);
}

static void
the_peer_is_blamed_for_exactly_what_is_called_bad(void **state)
{
    (void)state;

    for (size_t i = 0; i < ENTRIES; i++)
        assert_int_equal(vsk_status_is_peer(entries[i].status),
                         strncmp(entries[i].name, "BAD_", 4) == 0);
}

static void
a_value_that_is_no_status_has_a_name_all_the_same(void **state)
{
    (void)state;

    assert_string_equal(vsk_status_name((vsk_status)-99), "UNKNOWN");
}

static void
a_value_that_is_no_status_has_words_all_the_same(void **state)
{
    (void)state;

    assert_string_equal(vsk_status_text((vsk_status)-99), "unknown status");
}

static void
a_value_that_is_no_status_has_no_clause(void **state)
{
    (void)state;

    assert_string_equal(vsk_status_clause((vsk_status)-99), "");
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(ok_none_and_eof_are_no_failures),
        cmocka_unit_test(every_failure_is_negative),
        cmocka_unit_test(every_status_has_a_value_of_its_own),
        cmocka_unit_test(every_status_is_named),
        cmocka_unit_test(every_status_says_its_rule),
        cmocka_unit_test(no_two_statuses_say_the_same),
        cmocka_unit_test(every_status_names_its_clause),
        cmocka_unit_test(every_clause_stands_in_the_conformance_table),
        cmocka_unit_test(the_peer_is_blamed_for_exactly_what_is_called_bad),
        cmocka_unit_test(a_value_that_is_no_status_has_a_name_all_the_same),
        cmocka_unit_test(a_value_that_is_no_status_has_words_all_the_same),
        cmocka_unit_test(a_value_that_is_no_status_has_no_clause),
    };

    return cmocka_run_group_tests_name("status", cases, NULL, NULL);
}
