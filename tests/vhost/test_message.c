/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vhost/message.h"

#define WIRE (VSK_MESSAGE_HEADER + VSK_MESSAGE_PAYLOAD)

/* Integers as they lie in memory: the machine's own order. */
#define BYTE(value, shift) (uint8_t)((value) >> (shift)&0xff)
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define AT(byte, size) (((size)-1 - (byte)) * 8)
#else
#define AT(byte, size) ((byte)*8)
#endif
#define U32(value)                                                             \
    BYTE(value, AT(0, 4)), BYTE(value, AT(1, 4)), BYTE(value, AT(2, 4)),       \
        BYTE(value, AT(3, 4))
#define U64(value)                                                             \
    U32((uint64_t)(value) >> AT(0, 2) * 4 & UINT64_C(0xffffffff)),             \
        U32((uint64_t)(value) >> AT(1, 2) * 4 & UINT64_C(0xffffffff))

/* Every field differs from every other one. */
#define DESC UINT64_C(0x1112131415161718)
#define USED UINT64_C(0x2122232425262728)
#define AVAIL UINT64_C(0x3132333435363738)
#define LOG UINT64_C(0x4142434445464748)
#define REGION(n)                                                              \
    {                                                                          \
        .guest = UINT64_C(0x5152535455565700) + (n),                           \
        .size = UINT64_C(0x6162636465666700) + (n),                            \
        .user = UINT64_C(0x7172737475767700) + (n),                            \
        .offset = UINT64_C(0x0182838485868700) + (n)                           \
    }
#define REGION_WIRE(n)                                                         \
    U64(UINT64_C(0x5152535455565700) + (n)),                                   \
        U64(UINT64_C(0x6162636465666700) + (n)),                               \
        U64(UINT64_C(0x7172737475767700) + (n)),                               \
        U64(UINT64_C(0x0182838485868700) + (n))

struct golden {
    vsk_message message;
    vsk_payload payload;
    uint32_t size; /* of wire */
    uint8_t wire[128];
};

static const struct golden goldens[] = {
    {{.request = VSK_REQUEST_GET_FEATURES, .flags = 1},
     VSK_PAYLOAD_NONE,
     12,
     {U32(1), U32(1), U32(0)}},
    {{.request = VSK_REQUEST_SET_FEATURES, .flags = 9, .u64 = DESC},
     VSK_PAYLOAD_U64,
     20,
     {U32(2), U32(9), U32(8), U64(DESC)}},
    {{.request = VSK_REQUEST_SET_VRING_NUM,
      .flags = 1,
      .state = {.index = 2, .num = 0x01020304}},
     VSK_PAYLOAD_STATE,
     20,
     {U32(8), U32(1), U32(8), U32(2), U32(0x01020304)}},
    {{.request = VSK_REQUEST_SET_VRING_ADDR,
      .flags = 1,
      .addr = {.index = 1,
               .flags = 0x0a0b0c0d,
               .desc = DESC,
               .used = USED,
               .avail = AVAIL,
               .log = LOG}},
     VSK_PAYLOAD_ADDR,
     52,
     {U32(9), U32(1), U32(40), U32(1), U32(0x0a0b0c0d), U64(DESC), U64(USED),
      U64(AVAIL), U64(LOG)}},
    {{.request = VSK_REQUEST_SET_MEM_TABLE,
      .flags = 1,
      .memory = {.count = 2, .regions = {REGION(1), REGION(2)}}},
     VSK_PAYLOAD_MEMORY,
     84,
     {U32(5), U32(1), U32(72), U32(2), U32(0), REGION_WIRE(1), REGION_WIRE(2)}},
    {{.request = VSK_REQUEST_ADD_MEM_REG, .flags = 1, .region = REGION(3)},
     VSK_PAYLOAD_REGION,
     52,
     {U32(37), U32(1), U32(40), U64(0), REGION_WIRE(3)}},
    {{.request = VSK_REQUEST_SET_CONFIG,
      .flags = 1,
      .config = {.offset = 4, .size = 3, .flags = 1, .data = {7, 8, 9}}},
     VSK_PAYLOAD_CONFIG,
     27,
     {U32(25), U32(1), U32(15), U32(4), U32(3), U32(1), 7, 8, 9}},
    {{.request = VSK_REQUEST_SET_DEVICE_STATE_FD,
      .flags = 1,
      .transfer = {.direction = 1, .phase = 0}},
     VSK_PAYLOAD_TRANSFER,
     20,
     {U32(42), U32(1), U32(8), U32(1), U32(0)}},
    {{.request = VSK_REQUEST_GET_VRING_BASE,
      .flags = 5,
      .state = {.index = 1, .num = 0x80008000}},
     VSK_PAYLOAD_STATE,
     20,
     {U32(11), U32(5), U32(8), U32(1), U32(0x80008000)}},
};

#define GOLDENS (sizeof goldens / sizeof *goldens)

/* A message of one payload and size, with bytes that are all there. */
static vsk_status
decode_sized(vsk_payload payload, uint32_t size, const uint8_t *bytes)
{
    static uint8_t wire[VSK_MESSAGE_PAYLOAD];
    vsk_message message = {.request = 1, .flags = 1, .size = size};
    uint8_t *exact = malloc(size != 0 ? size : 1);
    vsk_status status;

    assert_non_null(exact);
    memset(wire, 0, sizeof wire);
    if (bytes != NULL)
        memcpy(wire, bytes, 12);
    memcpy(exact, wire, size);
    status = vsk_message_decode(&message, payload, exact);
    free(exact);
    return status;
}

/* ---- golden vectors ---- */

static void
encoding_writes_the_bytes_of_the_document(void **state)
{
    (void)state;

    /* VHU-BOTH-01 VHU-BOTH-02 VHU-FE-11 */
    for (size_t i = 0; i < GOLDENS; i++) {
        vsk_message message = goldens[i].message;
        uint8_t wire[WIRE];

        memset(wire, RIG_FILL, sizeof wire);
        assert_int_equal(vsk_message_encode(&message, goldens[i].payload, wire),
                         goldens[i].size);
        assert_memory_equal(wire, goldens[i].wire, goldens[i].size);
        assert_int_equal(wire[goldens[i].size], RIG_FILL);
        assert_int_equal(message.size, goldens[i].size - VSK_MESSAGE_HEADER);
    }
}

static void
decoding_reads_every_field_from_its_place(void **state)
{
    (void)state;

    /* VHU-BOTH-01 VHU-BOTH-02 VHU-FE-11 */
    for (size_t i = 0; i < GOLDENS; i++) {
        const struct golden *golden = &goldens[i];
        vsk_message message, again;
        uint8_t wire[WIRE];

        memset(&message, RIG_FILL, sizeof message);
        assert_int_equal(vsk_message_header(&message, golden->wire), VSK_OK);
        assert_int_equal(vsk_message_decode(&message, golden->payload,
                                            golden->wire + VSK_MESSAGE_HEADER),
                         VSK_OK);
        assert_int_equal(message.request, golden->message.request);
        assert_int_equal(message.flags, golden->message.flags);
        assert_int_equal(message.size, golden->size - VSK_MESSAGE_HEADER);
        again = message;
        assert_int_equal(vsk_message_encode(&again, golden->payload, wire),
                         golden->size);
        assert_memory_equal(wire, golden->wire, golden->size);
    }
}

static void
an_address_has_used_in_front_of_avail(void **state)
{
    const struct golden *golden = &goldens[3];
    vsk_message message = {.size = 40};
    (void)state;

    assert_int_equal(vsk_message_decode(&message, VSK_PAYLOAD_ADDR,
                                        golden->wire + VSK_MESSAGE_HEADER),
                     VSK_OK);

    /* VHU-FE-11 */
    assert_int_equal(message.addr.desc, DESC);
    assert_int_equal(message.addr.used, USED);
    assert_int_equal(message.addr.avail, AVAIL);
    assert_int_equal(message.addr.log, LOG);
}

/* ---- what is refused ---- */

static void
another_version_is_refused(void **state)
{
    const uint32_t flags[] = {0, 2, 3, 4, 8, 0xfffffffc, 0xffffffff};
    vsk_message message;
    (void)state;

    /* VHU-BOTH-03 */
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        const uint8_t wire[] = {U32(1), U32(flags[i]), U32(0)};

        assert_int_equal(vsk_message_header(&message, wire), VSK_BAD_MESSAGE);
        assert_int_equal(message.request, 1);
    }
}

static void
a_payload_beyond_4096_bytes_is_refused(void **state)
{
    const uint32_t sizes[] = {4097, 0x7fffffff, 0x80000000, 0xffffffff};
    const uint8_t most[] = {U32(1), U32(1), U32(4096)};
    vsk_message message;
    (void)state;

    assert_int_equal(vsk_message_header(&message, most), VSK_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const uint8_t wire[] = {U32(1), U32(1), U32(sizes[i])};

        assert_int_equal(vsk_message_header(&message, wire),
                         VSK_BAD_MESSAGE_SIZE);
    }
}

static void
a_payload_of_one_size_has_no_other(void **state)
{
    const struct {
        vsk_payload payload;
        uint32_t size;
    } exact[] = {
        {VSK_PAYLOAD_NONE, 0},  {VSK_PAYLOAD_U64, 8},
        {VSK_PAYLOAD_STATE, 8}, {VSK_PAYLOAD_TRANSFER, 8},
        {VSK_PAYLOAD_ADDR, 40}, {VSK_PAYLOAD_REGION, 40},
    };
    (void)state;

    /* VHU-BOTH-02 */
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        for (uint32_t size = 0; size <= VSK_MESSAGE_PAYLOAD; size++)
            assert_int_equal(decode_sized(exact[i].payload, size, NULL),
                             size == exact[i].size ? VSK_OK
                                                   : VSK_BAD_MESSAGE_SIZE);
}

static void
a_table_has_room_for_its_regions(void **state)
{
    (void)state;

    /* VHU-FE-09 */
    for (uint32_t count = 0; count <= 9; count++) {
        const uint8_t head[12] = {U32(count)};

        for (uint32_t size = 0; size <= 400; size++) {
            vsk_status expected = VSK_OK;

            if (size < 8)
                expected = VSK_BAD_MESSAGE_SIZE;
            else if (count > 8)
                expected = VSK_BAD_REGION;
            else if (size < 8 + 32 * count)
                expected = VSK_BAD_MESSAGE_SIZE;
            assert_int_equal(decode_sized(VSK_PAYLOAD_MEMORY, size, head),
                             expected);
        }
    }
}

static void
a_count_that_overflows_is_refused(void **state)
{
    const uint8_t head[12] = {U32(0x08000000)}; /* x 32 is 0 in 32 bits */
    (void)state;

    assert_int_equal(decode_sized(VSK_PAYLOAD_MEMORY, 8, head), VSK_BAD_REGION);
}

static void
a_part_of_the_configuration_has_the_size_that_it_says(void **state)
{
    (void)state;

    /* VHU-BE-37 */
    for (uint32_t says = 0; says <= 8; says++) {
        const uint8_t head[12] = {U32(0), U32(says), U32(0)};

        for (uint32_t size = 0; size <= 24; size++)
            assert_int_equal(decode_sized(VSK_PAYLOAD_CONFIG, size, head),
                             size == 12 + says ? VSK_OK : VSK_BAD_MESSAGE_SIZE);
    }
}

static void
a_part_of_the_configuration_that_lies_is_refused(void **state)
{
    const uint8_t head[12] = {U32(0), U32(0xfffffff4), U32(0)};
    (void)state;

    assert_int_equal(decode_sized(VSK_PAYLOAD_CONFIG, 12, head),
                     VSK_BAD_MESSAGE_SIZE);
    assert_int_equal(decode_sized(VSK_PAYLOAD_CONFIG, 4096, head),
                     VSK_BAD_MESSAGE_SIZE);
}

static void
the_largest_part_of_the_configuration_is_taken(void **state)
{
    const uint8_t head[12] = {U32(0), U32(4084), U32(0)};
    (void)state;

    assert_int_equal(decode_sized(VSK_PAYLOAD_CONFIG, 4096, head), VSK_OK);
}

static void
what_is_not_served_is_passed_over_at_any_size(void **state)
{
    (void)state;

    for (uint32_t size = 0; size <= VSK_MESSAGE_PAYLOAD; size += 4095)
        assert_int_equal(decode_sized(VSK_PAYLOAD_ANY, size, NULL), VSK_OK);
}

/* ---- requests ---- */

static void
requests_have_the_numbers_of_the_document(void **state)
{
    const struct {
        uint32_t id;
        const char *name;
        uint32_t least, most; /* descriptors */
    } known[] = {
        {1, "GET_FEATURES", 0, 0},         {5, "SET_MEM_TABLE", 0, 8},
        {9, "SET_VRING_ADDR", 0, 0},       {12, "SET_VRING_KICK", 0, 1},
        {17, "GET_QUEUE_NUM", 0, 0},       {21, "SET_BACKEND_REQ_FD", 1, 1},
        {24, "GET_CONFIG", 0, 0},          {34, "RESET_DEVICE", 0, 0},
        {37, "ADD_MEM_REG", 1, 1},         {38, "REM_MEM_REG", 0, 1},
        {42, "SET_DEVICE_STATE_FD", 1, 1}, {43, "CHECK_DEVICE_STATE", 0, 0},
    };
    (void)state;

    /* VHU-FE-02 VHU-FE-18 VHU-BE-45 */
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const vsk_request_shape *shape = vsk_request_find(known[i].id);

        assert_non_null(shape);
        assert_string_equal(shape->name, known[i].name);
        assert_int_equal(shape->fds_least, known[i].least);
        assert_int_equal(shape->fds_most, known[i].most);
    }
}

static void
what_nobody_serves_has_no_shape(void **state)
{
    const uint32_t front[] = {0,  6,  7,  19, 20, 22, 23, 26,
                              30, 31, 32, 33, 41, 44, 45, 0xffffffff};
    const uint32_t back[] = {0, 1, 3, 6, 10, 0xffffffff};
    (void)state;

    for (size_t i = 0; i < sizeof front / sizeof *front; i++)
        assert_null(vsk_request_find(front[i]));
    for (size_t i = 0; i < sizeof back / sizeof *back; i++)
        assert_null(vsk_backend_request_find(back[i]));
}

static void
extensions_name_the_feature_that_they_need(void **state)
{
    (void)state;

    /* VHU-BOTH-04 */
    assert_int_equal(vsk_request_find(24)->needs, 9);
    assert_int_equal(vsk_request_find(35)->needs, 14);
    assert_int_equal(vsk_request_find(37)->needs, 15);
    assert_int_equal(vsk_request_find(39)->needs, 16);
    assert_int_equal(vsk_request_find(42)->needs, 19);
    assert_int_equal(vsk_request_find(1)->needs, VSK_PROTOCOL_NONE);
    assert_int_equal(vsk_backend_request_find(2)->needs, 9);
    assert_int_equal(vsk_backend_request_find(4)->needs, 14);
}

/* ---- words ---- */

static void
a_message_is_said_with_what_it_carries(void **state)
{
    const struct {
        size_t golden;
        const char *words;
    } said[] = {
        {0, "GET_FEATURES"},
        {1, "SET_FEATURES need_reply 0x1112131415161718"},
        {2, "SET_VRING_NUM ring=2 num=16909060"},
        {3, "SET_VRING_ADDR ring=1 desc=0x1112131415161718 "
            "used=0x2122232425262728 avail=0x3132333435363738"},
        {6, "SET_CONFIG offset=4 size=3"},
        {7, "SET_DEVICE_STATE_FD direction=1 phase=0"},
        {8, "GET_VRING_BASE reply ring=1 num=2147516416"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        const struct golden *golden = &goldens[said[i].golden];
        char text[256];
        uint32_t length = vsk_message_text(
            &golden->message, vsk_request_find(golden->message.request),
            golden->payload, text, sizeof text);

        assert_string_equal(text, said[i].words);
        assert_int_equal(length, strlen(said[i].words));
    }
}

static void
a_text_is_cut_where_its_room_ends(void **state)
{
    const struct golden *golden = &goldens[4];
    char text[16];
    uint32_t length;
    (void)state;
    memset(text, RIG_FILL, sizeof text);

    length = vsk_message_text(&golden->message, vsk_request_find(5),
                              golden->payload, text, 8);

    assert_true(length > 100);
    assert_string_equal(text, "SET_MEM");
    assert_int_equal((uint8_t)text[8], RIG_FILL);
}

static void
an_unknown_request_is_said_by_its_number(void **state)
{
    vsk_message message = {.request = 4000000000, .flags = 1};
    char text[64];
    (void)state;

    vsk_message_text(&message, NULL, VSK_PAYLOAD_NONE, text, sizeof text);

    assert_string_equal(text, "request 4000000000");
}

static void
protocol_features_are_named_and_others_numbered(void **state)
{
    char text[64];
    (void)state;

    assert_int_equal(vsk_protocol_text(0, text, sizeof text), 0);
    assert_string_equal(text, "");
    assert_int_equal(
        vsk_protocol_text(VSK_BIT(0) | VSK_BIT(1) | VSK_BIT(19) | VSK_BIT(63),
                          text, sizeof text),
        31);
    assert_string_equal(text, "MQ, bit 1, DEVICE_STATE, bit 63");
}

static void
features_of_a_device_are_named_too(void **state)
{
    char text[64];
    (void)state;

    assert_int_equal(vsk_feature_text(VSK_BIT(1) | VSK_BIT(34) | VSK_BIT(37),
                                      text, sizeof text),
                     30);
    assert_string_equal(text, "SEQPACKET, RING_PACKED, bit 37");
}

static void
protocol_features_are_wrong_where_others_are_missing(void **state)
{
    const uint64_t inband = VSK_BIT(VSK_PROTOCOL_INBAND_NOTIFICATIONS);
    const uint64_t needs =
        VSK_BIT(VSK_PROTOCOL_REPLY_ACK) | VSK_BIT(VSK_PROTOCOL_BACKEND_REQ);
    const uint64_t known = VSK_PROTOCOL_KNOWN;
    (void)state;

    assert_int_equal(vsk_protocol_wrong(0, known), 0);
    assert_int_equal(vsk_protocol_wrong(known, known), 0);
    assert_int_equal(vsk_protocol_wrong(known | VSK_BIT(40), known),
                     VSK_BIT(40));
    assert_int_equal(vsk_protocol_wrong(inband, needs), inband);
    /* VHU-BOTH-10 */
    assert_int_equal(vsk_protocol_wrong(inband | needs, known), 0);
    assert_int_equal(
        vsk_protocol_wrong(inband | VSK_BIT(VSK_PROTOCOL_REPLY_ACK), known),
        inband);
    assert_int_equal(
        vsk_protocol_wrong(inband | VSK_BIT(VSK_PROTOCOL_BACKEND_REQ), known),
        inband);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoding_writes_the_bytes_of_the_document),
        cmocka_unit_test(decoding_reads_every_field_from_its_place),
        cmocka_unit_test(an_address_has_used_in_front_of_avail),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(a_payload_beyond_4096_bytes_is_refused),
        cmocka_unit_test(a_payload_of_one_size_has_no_other),
        cmocka_unit_test(a_table_has_room_for_its_regions),
        cmocka_unit_test(a_count_that_overflows_is_refused),
        cmocka_unit_test(a_part_of_the_configuration_has_the_size_that_it_says),
        cmocka_unit_test(a_part_of_the_configuration_that_lies_is_refused),
        cmocka_unit_test(the_largest_part_of_the_configuration_is_taken),
        cmocka_unit_test(what_is_not_served_is_passed_over_at_any_size),
        cmocka_unit_test(requests_have_the_numbers_of_the_document),
        cmocka_unit_test(what_nobody_serves_has_no_shape),
        cmocka_unit_test(extensions_name_the_feature_that_they_need),
        cmocka_unit_test(a_message_is_said_with_what_it_carries),
        cmocka_unit_test(a_text_is_cut_where_its_room_ends),
        cmocka_unit_test(an_unknown_request_is_said_by_its_number),
        cmocka_unit_test(protocol_features_are_named_and_others_numbered),
        cmocka_unit_test(features_of_a_device_are_named_too),
        cmocka_unit_test(protocol_features_are_wrong_where_others_are_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
