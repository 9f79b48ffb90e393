/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vsk/text.h"

static const vsk_header rw = {
    .src_cid = 3,
    .dst_cid = 2,
    .src_port = 1024,
    .dst_port = 1234,
    .len = 5,
    .type = VSK_TYPE_STREAM,
    .op = VSK_OP_RW,
    .buf_alloc = 262144,
};

static void
assert_header(const vsk_header *header, const char *expected)
{
    char text[256];

    assert_int_equal(vsk_text_header(header, text, sizeof text),
                     strlen(expected));
    assert_string_equal(text, expected);
}

/* A chain of three descriptors, the last of them a table of two; one buffer
 * crosses the edge of two regions. */
static const vsk_chain *
long_chain(struct rig *rig)
{
    const vsk_desc_table table = {rig->parts.desc, 8, true};

    rig_desc(rig, RIG_RING, 2, RIG_DATA, 10, RIG_N, 3);
    rig_desc(rig, RIG_RING, 3, RIG_NEXT - 20, 34, RIG_N, 5);
    rig_desc(rig, RIG_RING, 5, RIG_TABLE, 32, RIG_I, 0);
    rig_desc(rig, RIG_TABLE, 0, RIG_DATA + 0x64, 5, RIG_N, 1);
    rig_desc(rig, RIG_TABLE, 1, RIG_DATA + 0xc8, 100, RIG_W, 0);
    assert_int_equal(vsk_chain_walk(&rig->chain, &rig->memory, &table, 2),
                     VSK_OK);
    return &rig->chain;
}

static const vsk_chain *
broken_chain(struct rig *rig)
{
    const vsk_desc_table table = {rig->parts.desc, 8, true};

    long_chain(rig);
    rig_desc(rig, RIG_TABLE, 1, RIG_NOWHERE, 100, RIG_W, 0);
    assert_int_equal(vsk_chain_walk(&rig->chain, &rig->memory, &table, 2),
                     VSK_BAD_ADDRESS);
    return &rig->chain;
}

static void
a_header_is_one_line(void **state)
{
    (void)state;

    assert_header(&rw, "3:1024 > 2:1234 STREAM RW len=5 buf_alloc=262144 "
                       "fwd_cnt=0");
}

static void
flags_are_named_where_op_and_type_have_them(void **state)
{
    vsk_header header = rw;
    (void)state;
    header.type = VSK_TYPE_SEQPACKET;
    header.flags = 3;

    assert_header(&header, "3:1024 > 2:1234 SEQPACKET RW EOM|EOR len=5 "
                           "buf_alloc=262144 fwd_cnt=0");
}

static void
a_flag_without_a_name_is_a_number(void **state)
{
    vsk_header header = rw;
    (void)state;
    header.op = VSK_OP_SHUTDOWN;
    header.flags = 0x80000002;

    assert_header(&header, "3:1024 > 2:1234 STREAM SHUTDOWN SEND|0x80000000 "
                           "len=5 buf_alloc=262144 fwd_cnt=0");
}

static void
an_unknown_type_and_op_are_numbers(void **state)
{
    vsk_header header = rw;
    (void)state;
    header.type = 9;
    header.op = 77;

    assert_header(&header, "3:1024 > 2:1234 type(9) op(77) len=5 "
                           "buf_alloc=262144 fwd_cnt=0");
}

static void
the_largest_numbers_are_written_in_full(void **state)
{
    vsk_header header;
    (void)state;
    memset(&header, 0xff, sizeof header);

    assert_header(&header, "18446744073709551615:4294967295 > "
                           "18446744073709551615:4294967295 type(65535) "
                           "op(65535) 0xffffffff len=4294967295 "
                           "buf_alloc=4294967295 fwd_cnt=4294967295");
}

static void
every_field_has_its_line_in_the_table(void **state)
{
    char text[2048], name[32];
    const char *at = text;
    (void)state;

    vsk_text_fields(&rw, text, sizeof text);

#define CHECK(field, bits, offset, words)                                      \
    snprintf(name, sizeof name, "\n %-6d %-5d %s ", offset, (bits) / 8,        \
             #field);                                                          \
    at = strstr(at, name);                                                     \
    assert_non_null(at);
    VSK_HEADER_TABLE(CHECK)
#undef CHECK
}

static void
the_table_s_columns_stand_in_line(void **state)
{
    char text[2048];
    const char *line = text;
    (void)state;

    vsk_text_fields(&rw, text, sizeof text);

    for (int i = 0; i <= 10; i++) {
        assert_non_null(line);
        assert_true(strcspn(line, "\n") > 38);
        assert_int_equal(line[37], ' ');
        assert_int_not_equal(line[38], ' ');
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    assert_null(line);
}

static void
type_and_op_are_said_in_words_in_the_table(void **state)
{
    char text[2048];
    (void)state;

    vsk_text_fields(&rw, text, sizeof text);

    assert_non_null(strstr(text, "type       1            STREAM\n"));
    assert_non_null(strstr(text, "op         5            RW\n"));
}

static void
a_chain_is_one_line(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    char text[512];
    (void)state;

    vsk_text_chain(long_chain(rig), text, sizeof text);

    assert_string_equal(text, "chain 2: 4 descriptors in table 0x200000000, "
                              "readable 49, writable 100: r 0x100000000+10, "
                              "r 0x10000ffec+20, r 0x100010000+14, "
                              "r 0x100000064+5, w 0x1000000c8+100");
    rig_free(rig);
}

static void
a_direct_chain_names_no_table(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    char text[512];
    (void)state;
    rig_add_one(rig, 1);

    vsk_text_chain(rig_pop(rig), text, sizeof text);

    assert_string_equal(text, "chain 0: 1 descriptor, readable 44: "
                              "r 0x100000000+44");
    rig_free(rig);
}

static void
a_broken_chain_ends_with_its_reason(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    char text[512];
    (void)state;

    vsk_text_chain(broken_chain(rig), text, sizeof text);

    assert_non_null(strstr(
        text, "r 0x100000064+5; BAD_ADDRESS: the buffer is not guest memory "
              "(table 0x200000000 descriptor 1: 0x300000000+100) "
              "[RSVF-DRV-05]"));
    rig_free(rig);
}

static void
a_drawing_shows_which_bytes_are_the_header(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    char text[1024];
    (void)state;

    vsk_text_drawing(long_chain(rig), text, sizeof text);

    assert_string_equal(
        text,
        "chain 2: 4 descriptors in table 0x200000000, readable 49, "
        "writable 100\n"
        "  desc[2]     r  0x100000000+10       header 0..9\n"
        "  desc[3]     r  0x10000ffec+20       header 10..29\n"
        "  desc[3]+    r  0x100010000+14       header 30..43\n"
        "  table[0]    r  0x100000064+5        payload 0..4\n"
        "  table[1]    w  0x1000000c8+100      header 0..43, payload 0..55");
    rig_free(rig);
}

static void
a_drawing_of_a_broken_chain_ends_with_its_reason(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    char text[1024];
    (void)state;

    vsk_text_drawing(broken_chain(rig), text, sizeof text);

    assert_non_null(strstr(text, "\n  BAD_ADDRESS: the buffer is not guest "
                                 "memory (table 0x200000000 descriptor 1: "
                                 "0x300000000+100) [RSVF-DRV-05]"));
    rig_free(rig);
}

static void
a_reason_without_a_chain_is_rule_and_clause(void **state)
{
    char text[256];
    (void)state;

    vsk_text_reason(VSK_BAD_SHORT, NULL, text, sizeof text);

    assert_string_equal(text, "a packet has at least its header's 44 bytes "
                              "[VSOCK-BOTH-05]");
}

static void
a_reason_of_the_library_s_own_has_no_clause(void **state)
{
    char text[256];
    (void)state;

    vsk_text_reason(VSK_ERR_FULL, NULL, text, sizeof text);

    assert_string_equal(text, "the ring has too few free descriptors");
}

static void
a_reason_of_the_whole_chain_says_its_sizes(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    char text[256];
    (void)state;

    vsk_text_reason(VSK_BAD_TX_WRITABLE, long_chain(rig), text, sizeof text);

    assert_string_equal(text, "a TX chain has device-readable buffers only "
                              "(chain 2, readable 49, writable 100) "
                              "[VSOCK-DRV-12]");
    rig_free(rig);
}

static void
a_reason_for_a_next_outside_names_the_slot_alone(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    const vsk_desc_table table = {rig->parts.desc, 8, true};
    char text[256];
    (void)state;
    rig_desc(rig, RIG_RING, 0, RIG_DATA, 10, RIG_N, 200);
    assert_int_equal(vsk_chain_walk(&rig->chain, &rig->memory, &table, 0),
                     VSK_BAD_NEXT);

    vsk_text_reason(VSK_BAD_NEXT, &rig->chain, text, sizeof text);

    assert_string_equal(text, "next points outside the descriptor table "
                              "(descriptor 200) [SPLIT-BOTH-05]");
    rig_free(rig);
}

static void
every_status_has_a_reason_for_a_sound_chain(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    const vsk_chain *chain = long_chain(rig);
    char text[512];
    (void)state;

#define CHECK(name, value, words, clause)                                      \
    assert_true(vsk_text_reason(VSK_##name, chain, text, sizeof text) <        \
                sizeof text);                                                  \
    assert_ptr_equal(strstr(text, words), text);                               \
    assert_non_null(strstr(text, clause));
    VSK_STATUS_TABLE(CHECK)
#undef CHECK
    rig_free(rig);
}

/* Hold a writer to the rules of snprintf at every size of the buffer. */
#define ASSERT_CUTS(call_into)                                                 \
    do {                                                                       \
        char whole[1024], part[1024];                                          \
        size_t length, room;                                                   \
        char *into = whole;                                                    \
        size_t size = sizeof whole;                                            \
                                                                               \
        length = call_into;                                                    \
        assert_int_equal(length, strlen(whole));                               \
        into = part;                                                           \
        for (room = 0; room <= length + 2; room++) {                           \
            size_t there = room <= length ? room : length + 1;                 \
                                                                               \
            memset(part, RIG_FILL, sizeof part);                               \
            size = room;                                                       \
            assert_int_equal(call_into, length);                               \
            assert_int_equal((uint8_t)part[there], RIG_FILL);                  \
            if (there != 0) {                                                  \
                assert_memory_equal(part, whole, there - 1);                   \
                assert_int_equal(part[there - 1], 0);                          \
            }                                                                  \
        }                                                                      \
    } while (0)

static void
every_text_is_cut_at_every_size_of_the_buffer(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    const vsk_chain *chain = broken_chain(rig);
    (void)state;

    ASSERT_CUTS(vsk_text_header(&rw, into, size));
    ASSERT_CUTS(vsk_text_fields(&rw, into, size));
    ASSERT_CUTS(vsk_text_chain(chain, into, size));
    ASSERT_CUTS(vsk_text_drawing(chain, into, size));
    ASSERT_CUTS(vsk_text_reason(VSK_BAD_ADDRESS, chain, into, size));
    rig_free(rig);
}

static void
a_size_of_0_asks_for_the_length_and_needs_no_buffer(void **state)
{
    (void)state;

    assert_int_equal(vsk_text_header(&rw, NULL, 0), 58);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_header_is_one_line),
        cmocka_unit_test(flags_are_named_where_op_and_type_have_them),
        cmocka_unit_test(a_flag_without_a_name_is_a_number),
        cmocka_unit_test(an_unknown_type_and_op_are_numbers),
        cmocka_unit_test(the_largest_numbers_are_written_in_full),
        cmocka_unit_test(every_field_has_its_line_in_the_table),
        cmocka_unit_test(the_table_s_columns_stand_in_line),
        cmocka_unit_test(type_and_op_are_said_in_words_in_the_table),
        cmocka_unit_test(a_chain_is_one_line),
        cmocka_unit_test(a_direct_chain_names_no_table),
        cmocka_unit_test(a_broken_chain_ends_with_its_reason),
        cmocka_unit_test(a_drawing_shows_which_bytes_are_the_header),
        cmocka_unit_test(a_drawing_of_a_broken_chain_ends_with_its_reason),
        cmocka_unit_test(a_reason_without_a_chain_is_rule_and_clause),
        cmocka_unit_test(a_reason_of_the_library_s_own_has_no_clause),
        cmocka_unit_test(a_reason_of_the_whole_chain_says_its_sizes),
        cmocka_unit_test(a_reason_for_a_next_outside_names_the_slot_alone),
        cmocka_unit_test(every_status_has_a_reason_for_a_sound_chain),
        cmocka_unit_test(every_text_is_cut_at_every_size_of_the_buffer),
        cmocka_unit_test(a_size_of_0_asks_for_the_length_and_needs_no_buffer),
    };

    return cmocka_run_group_tests_name("text", cases, NULL, NULL);
}
