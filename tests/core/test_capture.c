/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vsk/capture.h"
#include "vsk/le.h"

#define NOW 0x0102030405060708u
#define AT_INTERFACE 28u
#define AT_PACKET 60u
#define FILE_SIZE (60u + 128u)

/* A section, an interface, a packet of 5 bytes with a comment of 3. */
static const uint8_t golden[FILE_SIZE] = {
    0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0,
    255, 255, 255, 255, 255, 255, 255, 255, 28, 0, 0, 0,
    /* interface */
    1, 0, 0, 0, 32, 0, 0, 0, 0x0f, 0x01, 0, 0, 0, 0, 4, 0, 9, 0, 1, 0, 9, 0, 0,
    0, 0, 0, 0, 0, 32, 0, 0, 0,
    /* packet */
    6, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0, 4, 3, 2, 1, 8, 7, 6, 5, 81, 0, 0, 0,
    81, 0, 0, 0,
    /* monitor */
    3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0xd2, 4, 0, 0,
    4, 0, 2, 0, 44, 0, 0, 0,
    /* header */
    3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0xd2, 4, 0, 0,
    5, 0, 0, 0, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0,
    /* payload, comment, end */
    'h', 'e', 'l', 'l', 'o', 0, 0, 0, 1, 0, 3, 0, 't', 'x', '0', 0, 0, 0, 0, 0,
    128, 0, 0, 0};

static vsk_capture_interface interfaces[2];

static vsk_packet
hello(uint8_t *payload, uint32_t size)
{
    vsk_packet packet;

    vsk_packet_init(&packet, payload, size);
    packet.header.src_cid = 3;
    packet.header.dst_cid = 2;
    packet.header.src_port = 1024;
    packet.header.dst_port = 1234;
    packet.header.op = VSK_OP_RW;
    packet.header.buf_alloc = 262144;
    return packet;
}

/* Bytes on the heap, as many as there are: ASan sees a step outside. */
static uint8_t *
copy(const void *data, size_t size)
{
    uint8_t *bytes = malloc(size + (size == 0));

    assert_non_null(bytes);
    memcpy(bytes, data, size);
    return bytes;
}

/* Read on to the end or a failure; count the records and keep the last. */
static vsk_status
read_all(const void *data, size_t size, vsk_capture_record *last,
         uint32_t *count, uint64_t *left)
{
    vsk_capture capture;
    uint8_t *bytes = copy(data, size);
    uint64_t at = 0;
    vsk_status status;

    *count = 0;
    vsk_capture_open(&capture, interfaces, 2);
    while ((status = vsk_capture_next(&capture, bytes + at, size - at, last)) ==
           VSK_OK) {
        assert_true(capture.taken <= size - at);
        assert_true(last->data >= bytes + at);
        assert_true(last->data + last->size <= bytes + at + capture.taken);
        at += capture.taken;
        ++*count;
    }
    assert_true(capture.taken <= size - at);
    at += capture.taken;
    if (status == VSK_NONE) {
        assert_true(capture.wanted > size - at);
        assert_true(capture.wanted <= VSK_CAPTURE_BLOCK_MAX);
    }
    *left = size - at;
    free(bytes);
    return status;
}

static vsk_status
outcome(const void *data, size_t size)
{
    vsk_capture_record record;
    uint32_t count;
    uint64_t left;

    return read_all(data, size, &record, &count, &left);
}

/* Read the only record; its bytes are gone. */
static vsk_capture_record
only(const void *data, size_t size)
{
    vsk_capture_record record = {0};
    uint32_t count;
    uint64_t left;

    assert_int_equal(read_all(data, size, &record, &count, &left), VSK_NONE);
    assert_int_equal(count, 1);
    assert_int_equal(left, 0);
    return record;
}

static void
a_file_is_written_as_the_golden_bytes(void **state)
{
    uint8_t wire[FILE_SIZE + 1], payload[] = "hello";
    vsk_packet packet = hello(payload, 5);
    (void)state;
    memset(wire, RIG_FILL, sizeof wire);

    assert_int_equal(vsk_capture_begin(wire, VSK_CAPTURE_HEAD), VSK_OK);
    assert_int_equal(vsk_capture_bytes(&packet, 3), 128);
    assert_int_equal(vsk_capture_encode(&packet, NOW, "tx0", 3, wire + 60, 128),
                     VSK_OK);

    assert_memory_equal(wire, golden, FILE_SIZE);
    assert_int_equal(wire[FILE_SIZE], RIG_FILL);
}

static void
too_little_room_writes_nothing(void **state)
{
    uint8_t wire[128], payload[] = "hello";
    vsk_packet packet = hello(payload, 5);
    (void)state;
    memset(wire, RIG_FILL, sizeof wire);

    assert_int_equal(vsk_capture_begin(wire, 59), VSK_ERR_SPACE);
    assert_int_equal(vsk_capture_encode(&packet, NOW, "tx0", 3, wire, 127),
                     VSK_ERR_SPACE);

    for (size_t i = 0; i < sizeof wire; i++)
        assert_int_equal(wire[i], RIG_FILL);
}

static void
a_packet_without_comment_has_no_options(void **state)
{
    uint8_t wire[120], payload[] = "hello";
    vsk_packet packet = hello(payload, 5);
    (void)state;

    assert_int_equal(vsk_capture_bytes(&packet, 0), 116);
    assert_int_equal(vsk_capture_encode(&packet, NOW, NULL, 0, wire, 116),
                     VSK_OK);

    assert_memory_equal(wire + 8, golden + AT_PACKET + 8, 104);
    assert_int_equal(wire[4], 116);
    assert_int_equal(wire[112], 116);
}

static void
the_monitor_groups_the_ops(void **state)
{
    static const uint8_t groups[] = {0, 1, 1, 2, 2, 4, 3, 3, 0};
    uint8_t wire[108];
    vsk_packet packet = hello(NULL, 0);
    (void)state;

    for (uint16_t op = 0; op < 9; op++) {
        packet.header.op = op;
        assert_int_equal(vsk_capture_encode(&packet, NOW, NULL, 0, wire, 108),
                         VSK_OK);
        assert_int_equal(wire[28 + 24], groups[op]);
    }
}

static void
the_golden_bytes_are_read_back(void **state)
{
    vsk_capture capture;
    vsk_capture_record record;
    vsk_packet packet, same;
    uint8_t *bytes = copy(golden, FILE_SIZE), payload[] = "hello";
    bool cut = true;
    (void)state;
    same = hello(payload, 5);

    vsk_capture_open(&capture, interfaces, 1);
    assert_int_equal(vsk_capture_next(&capture, bytes, FILE_SIZE, &record),
                     VSK_OK);

    assert_int_equal(capture.taken, FILE_SIZE);
    assert_int_equal(record.time, NOW);
    assert_int_equal(record.link, 271);
    assert_int_equal(record.original, 81);
    assert_int_equal(record.comment_size, 3);
    assert_memory_equal(record.comment, "tx0", 3);
    assert_int_equal(vsk_capture_packet(&record, &packet, &cut), VSK_OK);
    assert_false(cut);
    assert_true(vsk_packet_equal(&packet, &same));
    free(bytes);
}

static void
a_payload_past_the_snaplen_is_cut_and_flagged(void **state)
{
    const uint32_t fits = VSK_CAPTURE_SNAPLEN - 76;
    uint8_t *payload = calloc(1, fits + 1), *wire = malloc(300000);
    (void)state;

    for (uint32_t over = 0; over < 2; over++) {
        vsk_packet packet = hello(payload, fits + over), read;
        uint64_t bytes = vsk_capture_bytes(&packet, 0);
        vsk_capture capture;
        vsk_capture_record record;
        bool cut;

        vsk_capture_begin(wire, 60);
        vsk_capture_encode(&packet, NOW, NULL, 0, wire + 60, 299940);
        vsk_capture_open(&capture, interfaces, 1);
        assert_int_equal(vsk_capture_next(&capture, wire, 60 + bytes, &record),
                         VSK_OK);
        assert_int_equal(record.size, VSK_CAPTURE_SNAPLEN);
        assert_int_equal(record.original, VSK_CAPTURE_SNAPLEN + over);
        assert_int_equal(vsk_capture_packet(&record, &read, &cut), VSK_OK);
        assert_int_equal(cut, over);
        assert_int_equal(read.size, fits);
        assert_true(vsk_header_equal(&read.header, &packet.header));
    }
    free(payload);
    free(wire);
}

static void
an_original_length_past_32_bits_is_the_largest(void **state)
{
    uint8_t *payload = calloc(1, VSK_CAPTURE_SNAPLEN);
    uint8_t *wire = malloc(VSK_CAPTURE_SNAPLEN + 32);
    vsk_packet packet = hello(payload, UINT32_MAX - 4); /* never looked at */
    (void)state;

    assert_int_equal(vsk_capture_encode(&packet, NOW, NULL, 0, wire,
                                        VSK_CAPTURE_SNAPLEN + 32),
                     VSK_OK);

    assert_memory_equal(wire + 24, "\xff\xff\xff\xff", 4);
    free(payload);
    free(wire);
}

/* Cut size bytes into up to 8 pieces, some of them empty. */
static vsk_packet
cut_packet(rig_random *random, uint8_t *payload, uint32_t size, vsk_span *rest)
{
    vsk_packet packet = hello(payload, size);

    packet.first.len = rig_draw(random, size + 1);
    packet.rest = rest;
    packet.rest_count = 8;
    payload += packet.first.len;
    size -= packet.first.len;
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t part = i < 7 ? rig_draw(random, size + 1) : size;

        rest[i] = (vsk_span){.base = payload, .len = part};
        payload += part;
        size -= part;
    }
    packet.header.op = (uint16_t)rig_draw(random, 10);
    packet.header.src_port = rig_draw(random, UINT32_MAX);
    return packet;
}

/* Hand the file over in dribs and drabs, as a FIFO does. */
static void
expect_packets(rig_random *random, const uint8_t *file, size_t size,
               const vsk_packet *packets, uint32_t count, const char *comment)
{
    vsk_capture capture;
    size_t at = 0, seen = 0;
    uint32_t found = 0;

    vsk_capture_open(&capture, interfaces, 1);
    while (at < size) {
        uint8_t *bytes = copy(file + at, seen - at);
        vsk_capture_record record;
        vsk_packet packet;
        bool cut;
        vsk_status status =
            vsk_capture_next(&capture, bytes, seen - at, &record);

        at += capture.taken;
        if (status == VSK_OK) {
            assert_true(found < count);
            assert_int_equal(record.time, NOW + found);
            assert_int_equal(record.comment_size, found);
            if (found != 0)
                assert_memory_equal(record.comment, comment, found);
            assert_int_equal(vsk_capture_packet(&record, &packet, &cut),
                             VSK_OK);
            assert_false(cut);
            assert_true(vsk_packet_equal(&packet, &packets[found++]));
        } else {
            assert_int_equal(status, VSK_NONE);
            assert_true(at + capture.wanted > seen);
            seen += 1 + rig_draw(random, 300);
            if (seen > size)
                seen = size;
        }
        free(bytes);
    }
    assert_int_equal(found, count);
}

static void
packets_in_any_cut_come_back(void **state)
{
    static const char comment[] = "tx head 3, cut 44+5, indirect \xe2\x9c\x93";
    rig_random random = rig_seed();
    uint8_t payload[2000], *file = malloc(100000);
    (void)state;
    rig_pattern(payload, sizeof payload, 1);

    for (uint32_t round = 0; round < 100; round++) {
        vsk_packet packets[20];
        vsk_span rest[20][8];
        size_t size = VSK_CAPTURE_HEAD;

        vsk_capture_begin(file, size);
        for (uint16_t i = 0; i < 20; i++) {
            uint64_t bytes;

            packets[i] =
                cut_packet(&random, payload, rig_draw(&random, 2000), rest[i]);
            bytes = vsk_capture_bytes(&packets[i], i);
            assert_int_equal(vsk_capture_encode(&packets[i], NOW + i, comment,
                                                i, file + size, bytes),
                             VSK_OK);
            size += bytes;
        }
        expect_packets(&random, file, size, packets, 20, comment);
    }
    free(file);
}

/* Size of a recorded capture, whose records are known in number. */
static size_t
recorded_size(const char *file, uint32_t records)
{
    size_t size = 24;

    while (records-- != 0) {
        size += 16 + vsk_le_load32((const uint8_t *)file + size + 8);
    }
    return size;
}

static void
expect_recorded(const char *name, uint32_t records, uint32_t cuts)
{
    char *file = rig_vector(name);
    uint8_t *bytes = copy(file, recorded_size(file, records));
    uint8_t *at = bytes, *end = bytes + recorded_size(file, records);
    vsk_capture capture;
    vsk_capture_record record;
    uint32_t count = 0, cut_count = 0;

    vsk_capture_open(&capture, interfaces, 1);
    while (vsk_capture_next(&capture, at, (uint64_t)(end - at), &record) ==
           VSK_OK) {
        vsk_packet packet;
        bool cut;

        assert_int_equal(vsk_capture_packet(&record, &packet, &cut), VSK_OK);
        assert_int_equal(vsk_header_check(&packet.header), VSK_OK);
        assert_int_equal(packet.size < packet.header.len, cut);
        cut_count += cut;
        count++;
        at += capture.taken;
    }
    assert_ptr_equal(at, end);
    assert_int_equal(count, records);
    assert_int_equal(cut_count, cuts);
    free(bytes);
    free(file);
}

static void
recorded_captures_are_read(void **state)
{
    (void)state;

    expect_recorded("linux-6.1-uml.pcap", 1088, 0);
    expect_recorded("linux-6.1-vsockmon.pcap", 12, 8);
}

/* An interface of milliseconds, one second late, a block that nobody knows,
 * 4 bytes of 9, and the second option of three is a comment. */
static const uint8_t big[] = {
    0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 28, 0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0,
    255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 28,
    /* interface */
    0, 0, 0, 1, 0, 0, 0, 44, 1, 0x0f, 0, 0, 0, 4, 0, 0, 0, 9, 0, 1, 3, 0, 0, 0,
    0, 14, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 44,
    /* unknown */
    0, 0, 11, 173, 0, 0, 0, 12, 0, 0, 0, 12,
    /* packet */
    0, 0, 0, 6, 0, 0, 0, 68, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4, 0,
    0, 0, 9, 'd', 'a', 't', 'a',
    /* options */
    0x12, 0x34, 0, 1, 'z', 0, 0, 0, 0, 1, 0, 5, 'f', 'i', 'r', 's', 't', 0, 0,
    0, 0, 1, 0, 1, 's', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 68};

static void
a_big_endian_pcapng_is_read(void **state)
{
    vsk_capture_record record;
    (void)state;

    record = only(big, sizeof big);

    assert_int_equal(record.time, 0x100000002u * 1000000u + 1000000000u);
    assert_int_equal(record.link, 271);
    assert_int_equal(record.size, 4);
    assert_int_equal(record.original, 9);
    assert_int_equal(record.comment_size, 5);
}

static const uint8_t pcap_big[] = {0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, 0, 0, 0,
                                   0, 0, 0, 0, 0, 0, 4, 0, 0, 0x10, 0, 1, 0x0f,
                                   /* record */
                                   0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 3, 0, 0, 1,
                                   0, 'a', 'b', 'c'};
static const uint8_t pcap_little[] = {
    0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0,
    0x0f, 1, 0, 0x10,
    /* record */
    7, 0, 0, 0, 8, 0, 0, 0, 3, 0, 0, 0, 0, 1, 0, 0, 'a', 'b', 'c'};

static void
pcap_is_read_in_either_order_and_unit(void **state)
{
    uint8_t other[sizeof pcap_big];
    vsk_capture_record record;
    (void)state;

    record = only(pcap_big, sizeof pcap_big);
    assert_int_equal(record.time, 7000008000u);
    assert_int_equal(record.link, 271);
    assert_int_equal(record.size, 3);
    assert_int_equal(record.original, 256);
    assert_null(record.comment);

    record = only(pcap_little, sizeof pcap_little);
    assert_int_equal(record.time, 7000000008u);
    assert_int_equal(record.link, 271);
    assert_int_equal(record.original, 256);

    memcpy(other, pcap_big, sizeof other);
    memcpy(other + 2, "\x3c\x4d", 2);
    assert_int_equal(only(other, sizeof other).time, 7000000008u);
    memcpy(other, pcap_little, sizeof other);
    memcpy(other, "\xd4\xc3", 2);
    assert_int_equal(only(other, sizeof other).time, 7000008000u);
}

static void
times_of_every_resolution_become_nanoseconds(void **state)
{
    static const struct {
        uint8_t resolution;
        uint64_t ticks, time;
    } cases[] = {
        {0, 3, 3000000000u},
        {6, 3, 3000},
        {9, 3, 3},
        {9, UINT64_MAX, UINT64_MAX},
        {0xa2, 35, 2},
        {12, 3999, 3},
        {127, UINT64_MAX, 0},
        {29, UINT64_MAX, 0},
        {0x80, 3, 3000000000u},
        {0x81, 3, 1500000000u},
        {0xa2, 1ull << 33, 500000000u},
        {0xa3, 1ull << 34, 500000000u},
        {0xbf, 3ull << 62, 1500000000u},
        {0xc0, 1ull << 63, 500000000u},
        {0xc1, 1ull << 63, 250000000u},
        {0xff, UINT64_MAX, 0},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t file[FILE_SIZE];

        memcpy(file, golden, sizeof file);
        file[AT_INTERFACE + 20] = cases[i].resolution;
        for (unsigned byte = 0; byte < 4; byte++) {
            file[AT_PACKET + 12 + byte] =
                (uint8_t)(cases[i].ticks >> (32 + 8 * byte));
            file[AT_PACKET + 16 + byte] =
                (uint8_t)(cases[i].ticks >> (8 * byte));
        }
        assert_int_equal(only(file, sizeof file).time, cases[i].time);
    }
}

static void
without_a_resolution_times_are_microseconds(void **state)
{
    uint8_t file[FILE_SIZE];
    (void)state;
    memcpy(file, golden, sizeof file);
    memset(file + AT_PACKET + 12, 0, 8);
    file[AT_PACKET + 16] = 5;
    file[AT_INTERFACE + 16] = 0x77;

    assert_int_equal(only(file, sizeof file).time, 5000);
}

static void
a_new_section_forgets_order_and_interfaces(void **state)
{
    uint8_t file[sizeof big + FILE_SIZE + 128];
    vsk_capture_record record;
    uint32_t count;
    uint64_t left;
    (void)state;
    memcpy(file, big, sizeof big);
    memcpy(file + sizeof big, golden, FILE_SIZE);
    memcpy(file + sizeof big + FILE_SIZE, golden + AT_PACKET, 128);

    assert_int_equal(read_all(file, sizeof file, &record, &count, &left),
                     VSK_NONE);
    assert_int_equal(count, 3);
    assert_int_equal(record.time, NOW);

    memmove(file + sizeof big + 28, golden + AT_PACKET, 128);
    assert_int_equal(
        read_all(file, sizeof big + 28 + 128, &record, &count, &left),
        VSK_BAD_CAPTURE);
    assert_int_equal(count, 1);
    assert_int_equal(left, 128);
}

static void
more_interfaces_than_the_table_holds_are_refused(void **state)
{
    uint8_t file[28 + 3 * 32];
    vsk_capture capture;
    vsk_capture_record record;
    uint8_t *bytes = copy(pcap_big, sizeof pcap_big);
    (void)state;
    memcpy(file, golden, 60);
    memcpy(file + 60, golden + 28, 32);
    assert_int_equal(outcome(file, 92), VSK_NONE);
    memcpy(file + 92, golden + 28, 32);

    assert_int_equal(outcome(file, 124), VSK_ERR_TABLE);

    vsk_capture_open(&capture, NULL, 0);
    assert_int_equal(
        vsk_capture_next(&capture, bytes, sizeof pcap_big, &record),
        VSK_ERR_TABLE);
    free(bytes);
}

/* One byte changed in a sound file. */
struct wrong {
    uint32_t at;
    uint8_t value;
};

static void
expect_refused(const uint8_t *sound, size_t size, const struct wrong *wrongs,
               size_t count)
{
    assert_int_equal(outcome(sound, size), VSK_NONE);
    for (size_t i = 0; i < count; i++) {
        uint8_t *file = copy(sound, size);

        file[wrongs[i].at] = wrongs[i].value;
        if (outcome(file, size) != VSK_BAD_CAPTURE)
            fail_msg("byte %u is taken as %u", wrongs[i].at, wrongs[i].value);
        free(file);
    }
}

#define EXPECT_REFUSED(sound, wrongs)                                          \
    expect_refused(sound, sizeof sound, wrongs, sizeof wrongs / sizeof *wrongs)

static void
every_wrong_length_of_a_pcapng_is_refused(void **state)
{
    static const struct wrong wrongs[] = {
        {0, 0},    {1, 0},    {8, 0},     {11, 0x4d}, /* magic */
        {12, 2},                                      /* version */
        {4, 0},    {4, 8},    {4, 24},    {4, 27},    {7, 1},
        {24, 24},  {32, 0},   {32, 8},    {32, 16},   {32, 30},
        {35, 1},   {56, 28},  {46, 0},    {46, 2},    {46, 5},
        {46, 9},   {47, 1},   {44, 14},   {54, 1},    /* end's length */
        {64, 28},  {64, 126}, {67, 1},    {184, 132}, /* packet block */
        {68, 1},   {71, 1},                           /* interface */
        {80, 101}, {80, 82},  {83, 255},              /* captured */
        {84, 80},                                     /* original */
        {174, 9},  {174, 12}, {175, 255}, {182, 1},   /* options */
    };
    (void)state;

    EXPECT_REFUSED(golden, wrongs);
}

static void
data_past_the_end_of_its_block_is_refused(void **state)
{
    uint8_t file[FILE_SIZE];
    (void)state;
    memcpy(file, golden, sizeof file);
    file[AT_PACKET + 20] = file[AT_PACKET + 24] = 96;
    assert_int_equal(only(file, sizeof file).size, 96);

    file[AT_PACKET + 20] = file[AT_PACKET + 24] = 97;

    assert_int_equal(outcome(file, sizeof file), VSK_BAD_CAPTURE);
}

/* A block of its own length, all of it there, but short for its type. */
static void
a_block_too_short_for_its_type_is_refused(void **state)
{
    static const struct {
        uint8_t type, size;
    } cases[] = {{1, 12}, {1, 16}, {6, 12}, {6, 28}};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t file[100] = {0};
        uint8_t size = cases[i].size;

        memcpy(file, golden, 60);
        file[60] = cases[i].type;
        file[64] = size;
        file[60 + size - 4] = size;
        assert_int_equal(outcome(file, 60u + size), VSK_BAD_CAPTURE);
    }
}

static void
a_section_too_short_is_refused(void **state)
{
    uint8_t file[24];
    (void)state;
    memcpy(file, golden, sizeof file);
    file[4] = file[20] = 24;
    file[21] = file[22] = file[23] = 0;

    assert_int_equal(outcome(file, sizeof file), VSK_BAD_CAPTURE);
}

static void
the_shortest_blocks_are_taken(void **state)
{
    uint8_t file[28 + 20 + 32] = {0};
    vsk_capture_record record;
    (void)state;
    memcpy(file, golden, 28);
    file[28] = 1;
    file[32] = file[44] = 20;
    file[48] = 6;
    file[52] = file[76] = 32;

    record = only(file, sizeof file);

    assert_int_equal(record.size, 0);
}

static void
every_wrong_length_of_a_pcap_is_refused(void **state)
{
    static const struct wrong big_wrongs[] = {
        {0, 0}, {3, 0xd5}, {5, 1}, {32, 1}, {38, 0},
    };
    static const struct wrong little_wrongs[] = {
        {0, 0}, {3, 0}, {4, 3}, {35, 1}, {37, 0},
    };
    (void)state;

    EXPECT_REFUSED(pcap_big, big_wrongs);
    EXPECT_REFUSED(pcap_little, little_wrongs);
}

static void
the_largest_block_is_waited_for_and_no_larger_one(void **state)
{
    uint8_t file[FILE_SIZE], record[sizeof pcap_little];
    (void)state;
    memcpy(file, golden, sizeof file);
    memcpy(file + AT_PACKET + 4, "\0\0\0\1", 4);
    memcpy(record, pcap_little, sizeof record);
    memcpy(record + 24 + 8, "\xf0\xff\xff\0\0\0\0\1", 8);

    assert_int_equal(outcome(file, sizeof file), VSK_NONE);
    assert_int_equal(outcome(record, sizeof record), VSK_NONE);

    file[AT_PACKET + 4] = 4;
    record[24 + 8] = 0xf1;
    assert_int_equal(outcome(file, sizeof file), VSK_BAD_CAPTURE);
    assert_int_equal(outcome(record, sizeof record), VSK_BAD_CAPTURE);
}

static void
every_beginning_of_a_file_waits_for_more(void **state)
{
    (void)state;

    for (size_t size = 0; size < FILE_SIZE; size++)
        assert_int_equal(outcome(golden, size), VSK_NONE);
    for (size_t size = 0; size < sizeof big; size++)
        assert_int_equal(outcome(big, size), VSK_NONE);
    for (size_t size = 0; size < sizeof pcap_big; size++)
        assert_int_equal(outcome(pcap_big, size), VSK_NONE);
}

/* The checks are in read_all and, for what is outside, in ASan. */
static void
damaged_files_stay_in_bounds(void **state)
{
    rig_random random = rig_seed();
    uint8_t file[sizeof big + FILE_SIZE];
    (void)state;

    for (uint32_t round = 0; round < 20000; round++) {
        memcpy(file, big, sizeof big);
        memcpy(file + sizeof big, golden, FILE_SIZE);
        for (uint32_t i = rig_draw(&random, 4); i != 0; i--)
            file[rig_draw(&random, sizeof file)] =
                (uint8_t)rig_draw(&random, 256);
        outcome(file, rig_draw(&random, sizeof file + 1));
    }
}

/* The golden packet's record, of which size bytes were captured. */
static vsk_status
packet_of(const uint8_t *data, uint32_t size, uint32_t original, uint32_t link)
{
    uint8_t *bytes = copy(data, size);
    vsk_capture_record record = {
        .link = link, .size = size, .original = original, .data = bytes};
    vsk_packet packet;
    bool cut;
    vsk_status status = vsk_capture_packet(&record, &packet, &cut);

    free(bytes);
    return status;
}

static void
a_record_must_hold_a_virtio_packet(void **state)
{
    const uint8_t *data = golden + AT_PACKET + 28;
    uint8_t other[81];
    (void)state;

    assert_int_equal(packet_of(data, 81, 81, 1), VSK_NONE);
    assert_int_equal(packet_of(data, 31, 81, 271), VSK_BAD_CAPTURE);
    assert_int_equal(packet_of(data, 32, 81, 271), VSK_BAD_SHORT);
    assert_int_equal(packet_of(data, 75, 81, 271), VSK_BAD_SHORT);
    assert_int_equal(packet_of(data, 76, 81, 271), VSK_OK);
    assert_int_equal(packet_of(data, 80, 80, 271), VSK_BAD_LEN);
    memcpy(other, data, 81);
    other[26] = 1;
    assert_int_equal(packet_of(other, 81, 81, 271), VSK_NONE);
    other[26] = 2;
    other[28] = 45;
    assert_int_equal(packet_of(other, 81, 81, 271), VSK_BAD_CAPTURE);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_file_is_written_as_the_golden_bytes),
        cmocka_unit_test(too_little_room_writes_nothing),
        cmocka_unit_test(a_packet_without_comment_has_no_options),
        cmocka_unit_test(the_monitor_groups_the_ops),
        cmocka_unit_test(the_golden_bytes_are_read_back),
        cmocka_unit_test(a_payload_past_the_snaplen_is_cut_and_flagged),
        cmocka_unit_test(an_original_length_past_32_bits_is_the_largest),
        cmocka_unit_test(packets_in_any_cut_come_back),
        cmocka_unit_test(recorded_captures_are_read),
        cmocka_unit_test(a_big_endian_pcapng_is_read),
        cmocka_unit_test(pcap_is_read_in_either_order_and_unit),
        cmocka_unit_test(times_of_every_resolution_become_nanoseconds),
        cmocka_unit_test(without_a_resolution_times_are_microseconds),
        cmocka_unit_test(a_new_section_forgets_order_and_interfaces),
        cmocka_unit_test(more_interfaces_than_the_table_holds_are_refused),
        cmocka_unit_test(every_wrong_length_of_a_pcapng_is_refused),
        cmocka_unit_test(data_past_the_end_of_its_block_is_refused),
        cmocka_unit_test(a_block_too_short_for_its_type_is_refused),
        cmocka_unit_test(a_section_too_short_is_refused),
        cmocka_unit_test(the_shortest_blocks_are_taken),
        cmocka_unit_test(every_wrong_length_of_a_pcap_is_refused),
        cmocka_unit_test(the_largest_block_is_waited_for_and_no_larger_one),
        cmocka_unit_test(every_beginning_of_a_file_waits_for_more),
        cmocka_unit_test(damaged_files_stay_in_bounds),
        cmocka_unit_test(a_record_must_hold_a_virtio_packet),
    };

    return cmocka_run_group_tests_name("capture", cases, NULL, NULL);
}
