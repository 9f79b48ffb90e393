/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vsk/header.h"

/* Every byte differs, so that a swap of any two is seen. */
static const uint8_t golden_wire[VSK_HEADER_SIZE] = {
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, /* src_cid */
    0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, /* dst_cid */
    0x21, 0x22, 0x23, 0x24,                         /* src_port */
    0x31, 0x32, 0x33, 0x34,                         /* dst_port */
    0x41, 0x42, 0x43, 0x44,                         /* len */
    0x51, 0x52,                                     /* type */
    0x61, 0x62,                                     /* op */
    0x71, 0x72, 0x73, 0x74,                         /* flags */
    0x81, 0x82, 0x83, 0x84,                         /* buf_alloc */
    0x91, 0x92, 0x93, 0x94,                         /* fwd_cnt */
};

static const vsk_header golden = {
    .src_cid = 0x0807060504030201,
    .dst_cid = 0x1817161514131211,
    .src_port = 0x24232221,
    .dst_port = 0x34333231,
    .len = 0x44434241,
    .type = 0x5251,
    .op = 0x6261,
    .flags = 0x74737271,
    .buf_alloc = 0x84838281,
    .fwd_cnt = 0x94939291,
};

/* What Linux 5.10 sent first: a REQUEST of CID 42 to the host's port 9999. */
static const uint8_t linux_wire[VSK_HEADER_SIZE] = {
    0x2a, 0,    0,    0,    0,    0,    0,    0, 0x02, 0, 0, 0, 0, 0,    0,
    0,    0x66, 0x4a, 0x7b, 0xeb, 0x0f, 0x27, 0, 0,    0, 0, 0, 0, 0x01, 0,
    0x01, 0,    0,    0,    0,    0,    0,    0, 0x04, 0, 0, 0, 0, 0,
};

static const vsk_header request = {
    .src_cid = 3,
    .dst_cid = 2,
    .src_port = 5000,
    .dst_port = 80,
    .type = VSK_TYPE_STREAM,
    .op = VSK_OP_REQUEST,
};

static void
decoding_reads_every_field_from_its_place(void **state)
{
    vsk_header header;
    (void)state;

    vsk_header_decode(&header, golden_wire);

    /* VSOCK-BOTH-05 */
#define CHECK(name, bits, offset, words)                                       \
    assert_int_equal(header.name, golden.name);
    VSK_HEADER_TABLE(CHECK)
#undef CHECK
}

static void
encoding_writes_every_byte(void **state)
{
    uint8_t wire[VSK_HEADER_SIZE];
    (void)state;
    memset(wire, RIG_FILL, sizeof wire);

    vsk_header_encode(&golden, wire);

    /* VSOCK-BOTH-05 */
    assert_memory_equal(wire, golden_wire, sizeof wire);
}

static void
encoding_writes_no_byte_beyond(void **state)
{
    uint8_t wire[VSK_HEADER_SIZE + 2];
    (void)state;
    memset(wire, RIG_FILL, sizeof wire);

    vsk_header_encode(&golden, wire + 1);

    assert_int_equal(wire[0], RIG_FILL);
    assert_int_equal(wire[VSK_HEADER_SIZE + 1], RIG_FILL);
}

static void
encoding_zeroes_writes_them_over_dirty_memory(void **state)
{
    const vsk_header header = {0};
    const uint8_t zeroes[VSK_HEADER_SIZE] = {0};
    uint8_t wire[VSK_HEADER_SIZE];
    (void)state;
    memset(wire, RIG_FILL, sizeof wire);

    vsk_header_encode(&header, wire);

    assert_memory_equal(wire, zeroes, sizeof wire);
}

static void
a_request_of_linux_reads_as_one(void **state)
{
    vsk_header header;
    (void)state;

    vsk_header_decode(&header, linux_wire);

    /* VSOCK-BOTH-05 */
    assert_int_equal(header.src_cid, 42);
    assert_int_equal(header.dst_cid, 2);
    assert_int_equal(header.dst_port, 9999);
    assert_int_equal(header.op, VSK_OP_REQUEST);
    assert_int_equal(header.buf_alloc, 262144);
}

static void
the_table_s_offsets_are_where_each_field_stands(void **state)
{
    (void)state;

#define CHECK(name, bits, offset, words)                                       \
    {                                                                          \
        const vsk_header header = {.name = (uint##bits##_t) ~0ull};            \
        uint8_t wire[VSK_HEADER_SIZE], expected[VSK_HEADER_SIZE] = {0};        \
                                                                               \
        memset(expected + (offset), 0xff, (bits) / 8);                         \
        vsk_header_encode(&header, wire);                                      \
        assert_memory_equal(wire, expected, sizeof wire);                      \
    }
    VSK_HEADER_TABLE(CHECK)
#undef CHECK
}

static void
the_table_has_ten_fields_and_44_bytes(void **state)
{
    unsigned fields = 0, bytes = 0;
    (void)state;

#define COUNT(name, bits, offset, words)                                       \
    fields++;                                                                  \
    bytes += (bits) / 8;
    VSK_HEADER_TABLE(COUNT)
#undef COUNT

    assert_int_equal(fields, VSK_HEADER_FIELDS);
    assert_int_equal(bytes, VSK_HEADER_SIZE);
}

static void
headers_with_the_same_fields_are_equal(void **state)
{
    vsk_header other = golden;
    (void)state;

    assert_true(vsk_header_equal(&golden, &other));
}

static void
a_difference_in_any_field_is_seen(void **state)
{
    (void)state;

#define CHECK(name, bits, offset, words)                                       \
    {                                                                          \
        vsk_header other = golden;                                             \
                                                                               \
        other.name ^= (uint##bits##_t)1 << ((bits)-1);                         \
        assert_false(vsk_header_equal(&golden, &other));                       \
    }
    VSK_HEADER_TABLE(CHECK)
#undef CHECK
}

static void
an_unknown_type_op_and_flag_survive(void **state)
{
    const vsk_header header = {.type = 7, .op = 99, .flags = 0x80000000};
    uint8_t wire[VSK_HEADER_SIZE];
    vsk_header back;
    (void)state;

    vsk_header_encode(&header, wire);
    vsk_header_decode(&back, wire);

    assert_true(vsk_header_equal(&header, &back));
}

static void
every_op_is_named(void **state)
{
    (void)state;

    /* VSOCK-BOTH-07 */
#define CHECK(name, value, words)                                              \
    assert_string_equal(vsk_op_name(value), #name);
    VSK_OP_TABLE(CHECK)
#undef CHECK
}

static void
an_op_behind_the_last_has_no_name(void **state)
{
    (void)state;

    /* VSOCK-BOTH-07 */
    assert_null(vsk_op_name(8));
    assert_null(vsk_op_name(0xffff));
}

static void
the_ops_have_the_values_of_the_specification(void **state)
{
    (void)state;

    /* VSOCK-BOTH-07 */
    assert_int_equal(VSK_OP_INVALID, 0);
    assert_int_equal(VSK_OP_REQUEST, 1);
    assert_int_equal(VSK_OP_RESPONSE, 2);
    assert_int_equal(VSK_OP_RST, 3);
    assert_int_equal(VSK_OP_SHUTDOWN, 4);
    assert_int_equal(VSK_OP_RW, 5);
    assert_int_equal(VSK_OP_CREDIT_UPDATE, 6);
    assert_int_equal(VSK_OP_CREDIT_REQUEST, 7);
}

static void
every_type_is_named(void **state)
{
    (void)state;

    /* VSOCK-BOTH-12 */
    assert_string_equal(vsk_type_name(1), "STREAM");
    assert_string_equal(vsk_type_name(2), "SEQPACKET");
}

static void
types_0_and_3_have_no_name(void **state)
{
    (void)state;

    /* VSOCK-BOTH-12 */
    assert_null(vsk_type_name(0));
    assert_null(vsk_type_name(3));
}

static void
setting_a_flag_leaves_the_others(void **state)
{
    vsk_header header = {.flags = VSK_SEQ_EOR};
    (void)state;

    vsk_header_set_flag(&header, VSK_SEQ_EOM);

    assert_int_equal(header.flags, VSK_SEQ_EOR | VSK_SEQ_EOM);
}

static const char *
flag_name(uint16_t type, uint16_t op, uint32_t mask)
{
    const vsk_header header = {.type = type, .op = op};

    return vsk_header_flag_name(&header, mask);
}

static void
flags_of_a_shutdown_say_what_ends(void **state)
{
    (void)state;

    /* VSOCK-BOTH-28, VSOCK-BOTH-29: masks, not bit numbers */
    assert_string_equal(flag_name(1, VSK_OP_SHUTDOWN, 1), "RECEIVE");
    assert_string_equal(flag_name(1, VSK_OP_SHUTDOWN, 2), "SEND");
    assert_string_equal(flag_name(2, VSK_OP_SHUTDOWN, 2), "SEND");
}

static void
flags_of_a_seqpacket_s_rw_say_what_ends(void **state)
{
    (void)state;

    /* VSOCK-BOTH-35 */
    assert_string_equal(flag_name(2, VSK_OP_RW, 1), "EOM");
    assert_string_equal(flag_name(2, VSK_OP_RW, 2), "EOR");
}

static void
a_stream_s_rw_has_no_flags(void **state)
{
    (void)state;

    assert_null(flag_name(1, VSK_OP_RW, 1));
    assert_null(flag_name(1, VSK_OP_RW, 2));
}

static void
other_ops_have_no_flags(void **state)
{
    (void)state;

    assert_null(flag_name(2, VSK_OP_REQUEST, 1));
    assert_null(flag_name(1, VSK_OP_RST, 2));
}

static void
a_bit_above_the_two_has_no_name(void **state)
{
    (void)state;

    assert_null(flag_name(1, VSK_OP_SHUTDOWN, 4));
    assert_null(flag_name(2, VSK_OP_RW, 0x80000000));
}

static void
a_plain_request_passes_the_check(void **state)
{
    (void)state;

    assert_int_equal(vsk_header_check(&request), VSK_OK);
}

static void
a_source_cid_above_32_bits_fails_the_check(void **state)
{
    vsk_header header = request;
    (void)state;
    header.src_cid = 0x100000003;

    /* VSOCK-BOTH-06 */
    assert_int_equal(vsk_header_check(&header), VSK_BAD_CID);
}

static void
a_destination_cid_above_32_bits_fails_the_check(void **state)
{
    vsk_header header = request;
    (void)state;
    header.dst_cid = 0x8000000000000002;

    /* VSOCK-BOTH-06 */
    assert_int_equal(vsk_header_check(&header), VSK_BAD_CID);
}

static void
an_unknown_type_fails_the_check(void **state)
{
    vsk_header header = request;
    (void)state;
    header.type = 3;

    /* VSOCK-BOTH-12 */
    assert_int_equal(vsk_header_check(&header), VSK_BAD_TYPE);
}

static void
op_0_fails_the_check(void **state)
{
    vsk_header header = request;
    (void)state;
    header.op = VSK_OP_INVALID;

    /* VSOCK-BOTH-07 */
    assert_int_equal(vsk_header_check(&header), VSK_BAD_OP);
}

static void
an_unknown_op_fails_the_check(void **state)
{
    vsk_header header = request;
    (void)state;
    header.op = 8;

    /* VSOCK-BOTH-07 */
    assert_int_equal(vsk_header_check(&header), VSK_BAD_OP);
}

static void
a_flag_of_another_op_fails_the_check(void **state)
{
    vsk_header header = request;
    (void)state;
    header.flags = 1;

    /* VSOCK-BOTH-37: of an RW */
    assert_int_equal(vsk_header_check(&header), VSK_BAD_FLAGS);
}

static void
an_eom_on_a_stream_fails_the_check(void **state)
{
    vsk_header header = request;
    (void)state;
    header.op = VSK_OP_RW;
    header.flags = VSK_SEQ_EOM;

    /* VSOCK-BOTH-37: of a message */
    assert_int_equal(vsk_header_check(&header), VSK_BAD_FLAGS);
}

static void
all_flags_that_there_are_pass_the_check(void **state)
{
    vsk_header shutdown = request, message = request;
    (void)state;
    shutdown.op = VSK_OP_SHUTDOWN;
    shutdown.flags = 3;
    message.type = VSK_TYPE_SEQPACKET;
    message.op = VSK_OP_RW;
    message.flags = 3;

    assert_int_equal(vsk_header_check(&shutdown), VSK_OK);
    assert_int_equal(vsk_header_check(&message), VSK_OK);
}

static void
a_payload_on_another_op_than_rw_fails_the_check(void **state)
{
    vsk_header header = request;
    (void)state;
    header.len = 1;

    /* VSOCK-BOTH-08 */
    assert_int_equal(vsk_header_check(&header), VSK_BAD_PAYLOAD);
}

static void
a_payload_on_rw_passes_the_check(void **state)
{
    vsk_header header = request;
    (void)state;
    header.op = VSK_OP_RW;
    header.len = 65536;

    assert_int_equal(vsk_header_check(&header), VSK_OK);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(decoding_reads_every_field_from_its_place),
        cmocka_unit_test(encoding_writes_every_byte),
        cmocka_unit_test(encoding_writes_no_byte_beyond),
        cmocka_unit_test(encoding_zeroes_writes_them_over_dirty_memory),
        cmocka_unit_test(a_request_of_linux_reads_as_one),
        cmocka_unit_test(the_table_s_offsets_are_where_each_field_stands),
        cmocka_unit_test(the_table_has_ten_fields_and_44_bytes),
        cmocka_unit_test(headers_with_the_same_fields_are_equal),
        cmocka_unit_test(a_difference_in_any_field_is_seen),
        cmocka_unit_test(an_unknown_type_op_and_flag_survive),
        cmocka_unit_test(every_op_is_named),
        cmocka_unit_test(an_op_behind_the_last_has_no_name),
        cmocka_unit_test(the_ops_have_the_values_of_the_specification),
        cmocka_unit_test(every_type_is_named),
        cmocka_unit_test(types_0_and_3_have_no_name),
        cmocka_unit_test(setting_a_flag_leaves_the_others),
        cmocka_unit_test(flags_of_a_shutdown_say_what_ends),
        cmocka_unit_test(flags_of_a_seqpacket_s_rw_say_what_ends),
        cmocka_unit_test(a_stream_s_rw_has_no_flags),
        cmocka_unit_test(other_ops_have_no_flags),
        cmocka_unit_test(a_bit_above_the_two_has_no_name),
        cmocka_unit_test(a_plain_request_passes_the_check),
        cmocka_unit_test(a_source_cid_above_32_bits_fails_the_check),
        cmocka_unit_test(a_destination_cid_above_32_bits_fails_the_check),
        cmocka_unit_test(an_unknown_type_fails_the_check),
        cmocka_unit_test(op_0_fails_the_check),
        cmocka_unit_test(an_unknown_op_fails_the_check),
        cmocka_unit_test(a_flag_of_another_op_fails_the_check),
        cmocka_unit_test(an_eom_on_a_stream_fails_the_check),
        cmocka_unit_test(all_flags_that_there_are_pass_the_check),
        cmocka_unit_test(a_payload_on_another_op_than_rw_fails_the_check),
        cmocka_unit_test(a_payload_on_rw_passes_the_check),
    };

    return cmocka_run_group_tests_name("header", cases, NULL, NULL);
}
