/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#define GAP 16u /* untouched bytes between two buffers */

static const vsk_header rw = {
    .src_cid = 3,
    .dst_cid = 2,
    .src_port = 1024,
    .dst_port = 1234,
    .len = 5,
    .type = VSK_TYPE_STREAM,
    .op = VSK_OP_RW,
    .buf_alloc = 262144,
    .fwd_cnt = 7,
};

/* Write a direct chain of buffers of these lengths, with gaps between them,
 * and walk it. */
static const vsk_chain *
chain_of(struct rig *rig, const uint32_t *lens, uint32_t count, unsigned flags)
{
    const vsk_desc_table table = {rig->parts.desc, rig->ring.size, true};
    uint64_t addr = RIG_DATA + GAP;

    for (uint32_t i = 0; i < count; i++) {
        rig_desc(rig, RIG_RING, i, addr, lens[i],
                 flags | (i + 1 < count ? RIG_N : 0), (uint16_t)(i + 1));
        addr += lens[i] + GAP;
    }
    assert_int_equal(vsk_chain_walk(&rig->chain, &rig->memory, &table, 0),
                     VSK_OK);
    return &rig->chain;
}

/* Put bytes into a chain's spans, and take them out. */
static void
fill(const vsk_chain *chain, const uint8_t *bytes, size_t size)
{
    for (uint32_t i = 0; i < chain->count && size != 0; i++) {
        size_t part = chain->spans[i].len < size ? chain->spans[i].len : size;

        memcpy(chain->spans[i].base, bytes, part);
        bytes += part;
        size -= part;
    }
}

static void
drain(const vsk_chain *chain, uint8_t *bytes, size_t size)
{
    for (uint32_t i = 0; i < chain->count && size != 0; i++) {
        size_t part = chain->spans[i].len < size ? chain->spans[i].len : size;

        memcpy(bytes, chain->spans[i].base, part);
        bytes += part;
        size -= part;
    }
}

/* A chain of readable buffers that hold a header and "hello". */
static const vsk_chain *
tx_of(struct rig *rig, const vsk_header *header, const uint32_t *lens,
      uint32_t count)
{
    const vsk_chain *chain = chain_of(rig, lens, count, RIG_R);
    uint8_t bytes[49];

    vsk_header_encode(header, bytes);
    memcpy(bytes + VSK_HEADER_SIZE, "hello", 5);
    fill(chain, bytes, sizeof bytes);
    return chain;
}

static vsk_packet
parsed(const vsk_chain *chain)
{
    vsk_packet packet;

    assert_int_equal(vsk_packet_from_tx(&packet, chain, VSK_PAYLOAD_MAX),
                     VSK_OK);
    return packet;
}

static vsk_packet
begun(const vsk_chain *chain)
{
    vsk_packet packet;

    assert_int_equal(vsk_packet_into_rx(&packet, chain, VSK_PAYLOAD_MAX),
                     VSK_OK);
    return packet;
}

static void
assert_payload(const vsk_packet *packet, const char *text)
{
    char data[64];
    uint32_t size = vsk_packet_read(packet, 0, data, sizeof data);

    assert_int_equal(size, strlen(text));
    assert_memory_equal(data, text, size);
}

static void
header_and_payload_in_two_buffers_are_read(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_packet packet;
    (void)state;

    packet = parsed(tx_of(rig, &rw, (uint32_t[]){44, 5}, 2));

    assert_true(vsk_header_equal(&packet.header, &rw));
    assert_payload(&packet, "hello");
    rig_free(rig);
}

static void
header_and_payload_in_one_buffer_are_read(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_packet packet;
    (void)state;

    packet = parsed(tx_of(rig, &rw, (uint32_t[]){49}, 1));

    /* FRAME-BOTH-01 */
    assert_true(vsk_header_equal(&packet.header, &rw));
    assert_payload(&packet, "hello");
    rig_free(rig);
}

static void
a_packet_of_one_byte_buffers_is_read(void **state)
{
    struct rig *rig = rig_new(64, 0);
    uint32_t lens[49];
    vsk_packet packet;
    (void)state;
    for (size_t i = 0; i < 49; i++)
        lens[i] = 1;

    packet = parsed(tx_of(rig, &rw, lens, 49));

    /* FRAME-DEV-01 */
    assert_true(vsk_header_equal(&packet.header, &rw));
    assert_payload(&packet, "hello");
    rig_free(rig);
}

static void
buffers_without_bytes_are_passed_over(void **state)
{
    struct rig *rig = rig_new(16, 0);
    vsk_packet packet;
    (void)state;

    packet =
        parsed(tx_of(rig, &rw, (uint32_t[]){0, 10, 0, 34, 0, 2, 0, 3, 0}, 9));

    assert_true(vsk_header_equal(&packet.header, &rw));
    assert_payload(&packet, "hello");
    rig_free(rig);
}

static void
a_header_alone_has_no_payload(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_header header = rw;
    vsk_packet packet;
    vsk_cursor cursor = {0};
    vsk_span piece;
    (void)state;
    header.len = 0;

    packet = parsed(tx_of(rig, &header, (uint32_t[]){44}, 1));

    assert_int_equal(packet.size, 0);
    assert_false(vsk_packet_next(&packet, &cursor, &piece));
    rig_free(rig);
}

static void
bytes_beyond_len_are_ignored(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_header header = rw;
    vsk_packet packet;
    (void)state;
    header.len = 3;

    packet = parsed(tx_of(rig, &header, (uint32_t[]){44, 2, 100}, 3));

    /* VSOCK-DRV-07 */
    assert_payload(&packet, "hel");
    rig_free(rig);
}

static vsk_status
tx_status(struct rig *rig, const vsk_header *header, const uint32_t *lens,
          uint32_t count, uint32_t max_payload)
{
    vsk_packet packet;

    return vsk_packet_from_tx(&packet, tx_of(rig, header, lens, count),
                              max_payload);
}

static void
a_chain_of_43_bytes_is_too_short(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;

    /* VSOCK-BOTH-05 */
    assert_int_equal(tx_status(rig, &rw, (uint32_t[]){20, 23}, 2, 100),
                     VSK_BAD_SHORT);
    rig_free(rig);
}

static void
a_len_of_one_byte_more_than_there_is_a_lie(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_header header = rw;
    (void)state;
    header.len = 6;

    /* VSOCK-BOTH-08 */
    assert_int_equal(tx_status(rig, &header, (uint32_t[]){44, 5}, 2, 100),
                     VSK_BAD_LEN);
    rig_free(rig);
}

static void
the_largest_len_is_a_lie_that_does_not_overflow(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_header header = rw;
    (void)state;
    header.len = UINT32_MAX;

    /* VSOCK-BOTH-08 */
    assert_int_equal(
        tx_status(rig, &header, (uint32_t[]){44, 5}, 2, UINT32_MAX),
        VSK_BAD_LEN);
    rig_free(rig);
}

static void
a_len_above_the_limit_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;

    /* VSOCK-BOTH-08 */
    assert_int_equal(tx_status(rig, &rw, (uint32_t[]){44, 5}, 2, 4),
                     VSK_BAD_LIMIT);
    rig_free(rig);
}

static void
a_len_at_the_limit_is_accepted(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;

    assert_int_equal(tx_status(rig, &rw, (uint32_t[]){44, 5}, 2, 5), VSK_OK);
    rig_free(rig);
}

static void
a_tx_chain_with_a_writable_buffer_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_desc_table table = {rig->parts.desc, 8, false};
    vsk_packet packet;
    (void)state;
    rig_desc(rig, RIG_RING, 0, RIG_DATA, 49, RIG_N, 1);
    rig_desc(rig, RIG_RING, 1, RIG_DATA, 1, RIG_W, 0);
    assert_int_equal(vsk_chain_walk(&rig->chain, &rig->memory, &table, 0),
                     VSK_OK);

    /* VSOCK-DRV-12 */
    assert_int_equal(vsk_packet_from_tx(&packet, &rig->chain, 100),
                     VSK_BAD_TX_WRITABLE);
    rig_free(rig);
}

static void
a_broken_chain_gives_its_own_status(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_desc_table table = {rig->parts.desc, 8, false};
    vsk_packet packet;
    (void)state;
    rig_desc(rig, RIG_RING, 0, RIG_DATA, 49, RIG_N, 0);
    assert_int_equal(vsk_chain_walk(&rig->chain, &rig->memory, &table, 0),
                     VSK_BAD_LOOP);

    assert_int_equal(vsk_packet_from_tx(&packet, &rig->chain, 100),
                     VSK_BAD_LOOP);
    assert_int_equal(vsk_packet_into_rx(&packet, &rig->chain, 100),
                     VSK_BAD_LOOP);
    rig_free(rig);
}

static void
a_refused_packet_is_not_written(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_chain *chain = tx_of(rig, &rw, (uint32_t[]){44, 5}, 2);
    vsk_packet packet, before;
    (void)state;
    memset(&packet, RIG_FILL, sizeof packet);
    memcpy(&before, &packet, sizeof before);

    assert_int_equal(vsk_packet_from_tx(&packet, chain, 4), VSK_BAD_LIMIT);

    assert_memory_equal(&packet, &before, sizeof packet);
    rig_free(rig);
}

static void
a_header_rewritten_after_parsing_changes_nothing(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_chain *chain = tx_of(rig, &rw, (uint32_t[]){44, 5}, 2);
    vsk_packet packet = parsed(chain);
    (void)state;

    memset(chain->spans[0].base, 0xff, 44);

    assert_true(vsk_header_equal(&packet.header, &rw));
    assert_payload(&packet, "hello");
    rig_free(rig);
}

static void
a_changed_header_field_does_not_reach_guest_memory(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_chain *chain = tx_of(rig, &rw, (uint32_t[]){44, 5}, 2);
    vsk_packet packet = parsed(chain);
    uint8_t wire[VSK_HEADER_SIZE];
    (void)state;

    packet.header.src_cid = 99;

    /* SPLIT-DEV-01 */
    assert_int_equal(packet.header.src_cid, 99);
    vsk_header_encode(&rw, wire);
    assert_memory_equal(chain->spans[0].base, wire, sizeof wire);
    rig_free(rig);
}

static void
parsing_writes_no_guest_memory(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_chain *chain = tx_of(rig, &rw, (uint32_t[]){44, 5}, 2);
    uint8_t before[256];
    (void)state;
    memcpy(before, rig_at(rig, RIG_DATA), sizeof before);

    parsed(chain);

    /* SPLIT-DEV-01 */
    assert_memory_equal(rig_at(rig, RIG_DATA), before, sizeof before);
    rig_free(rig);
}

static void
a_packet_across_two_regions_is_read(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_desc_table table = {rig->parts.desc, 8, false};
    vsk_packet packet;
    uint8_t bytes[49];
    (void)state;
    rig_desc(rig, RIG_RING, 0, RIG_NEXT - 46, 49, RIG_R, 0);
    assert_int_equal(vsk_chain_walk(&rig->chain, &rig->memory, &table, 0),
                     VSK_OK);
    vsk_header_encode(&rw, bytes);
    memcpy(bytes + VSK_HEADER_SIZE, "hello", 5);
    fill(&rig->chain, bytes, sizeof bytes);

    packet = parsed(&rig->chain);

    assert_true(vsk_header_equal(&packet.header, &rw));
    assert_payload(&packet, "hello");
    rig_free(rig);
}

static void
a_packet_is_read_from_plain_spans(void **state)
{
    uint8_t head[44], tail[] = "hello";
    const vsk_span spans[] = {{.base = head, .len = 44},
                              {.base = tail, .len = 5}};
    vsk_packet packet;
    (void)state;
    vsk_header_encode(&rw, head);

    assert_int_equal(vsk_packet_from_spans(&packet, spans, 2, 100), VSK_OK);

    assert_true(vsk_header_equal(&packet.header, &rw));
    assert_payload(&packet, "hello");
}

static void
spans_without_bytes_are_passed_over(void **state)
{
    uint8_t head[44], tail[] = "hello";
    const vsk_span spans[] = {
        {.base = head, .len = 0}, {.base = head, .len = 44},
        {.base = tail, .len = 0}, {.base = tail, .len = 2},
        {.base = tail, .len = 0}, {.base = tail + 2, .len = 3}};
    vsk_cursor cursor = {0};
    vsk_packet packet;
    vsk_span piece;
    (void)state;
    vsk_header_encode(&rw, head);

    assert_int_equal(vsk_packet_from_spans(&packet, spans, 6, 100), VSK_OK);

    assert_payload(&packet, "hello");
    assert_true(vsk_packet_next(&packet, &cursor, &piece));
    assert_int_equal(piece.len, 2);
    assert_true(vsk_packet_next(&packet, &cursor, &piece));
    assert_int_equal(piece.len, 3);
}

static void
the_first_piece_has_bytes_where_there_is_a_payload(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;

    assert_int_equal(parsed(tx_of(rig, &rw, (uint32_t[]){44, 5}, 2)).first.len,
                     5);
    rig_free(rig);
}

static void
no_spans_are_too_short_for_a_packet(void **state)
{
    vsk_packet packet;
    (void)state;

    /* VSOCK-BOTH-05 */
    assert_int_equal(vsk_packet_from_spans(&packet, NULL, 0, 100),
                     VSK_BAD_SHORT);
}

static void
the_pieces_of_a_payload_are_those_of_the_chain(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_packet packet =
        parsed(tx_of(rig, &rw, (uint32_t[]){10, 36, 0, 1, 90}, 5));
    vsk_cursor cursor = {0};
    vsk_span piece;
    (void)state;

    assert_true(vsk_packet_next(&packet, &cursor, &piece));
    assert_ptr_equal(piece.base, rig->spans[1].base + 34);
    assert_int_equal(piece.addr, rig->spans[1].addr + 34);
    assert_int_equal(piece.len, 2);
    assert_true(vsk_packet_next(&packet, &cursor, &piece));
    assert_int_equal(piece.len, 1);
    assert_true(vsk_packet_next(&packet, &cursor, &piece));
    assert_int_equal(piece.len, 2);
    assert_false(vsk_packet_next(&packet, &cursor, &piece));
    rig_free(rig);
}

static void
a_read_may_begin_and_end_anywhere(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_packet packet = parsed(tx_of(rig, &rw, (uint32_t[]){45, 2, 2}, 3));
    (void)state;

    for (uint32_t from = 0; from <= 5; from++)
        for (uint32_t size = 0; size <= 6; size++) {
            char data[8] = ".......";
            uint32_t there = 5 - from < size ? 5 - from : size;

            assert_int_equal(vsk_packet_read(&packet, from, data, size), there);
            assert_memory_equal(data, "hello" + from, there);
            assert_int_equal(data[there], '.');
        }
    rig_free(rig);
}

static void
a_read_behind_the_payload_copies_nothing(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_packet packet = parsed(tx_of(rig, &rw, (uint32_t[]){44, 5}, 2));
    char data[1];
    (void)state;

    assert_int_equal(vsk_packet_read(&packet, UINT32_MAX, data, 1), 0);
    rig_free(rig);
}

static void
a_new_packet_is_a_stream_with_its_len(void **state)
{
    uint8_t payload[] = "hello";
    vsk_packet packet;
    (void)state;

    vsk_packet_init(&packet, payload, 5);

    assert_int_equal(packet.header.type, VSK_TYPE_STREAM);
    assert_int_equal(packet.header.op, VSK_OP_INVALID);
    assert_int_equal(packet.header.len, 5);
    assert_payload(&packet, "hello");
}

static void
a_new_packet_may_have_no_payload(void **state)
{
    vsk_packet packet;
    (void)state;

    vsk_packet_init(&packet, NULL, 0);

    assert_payload(&packet, "");
}

static void
a_packet_over_a_plain_buffer_takes_no_more(void **state)
{
    uint8_t payload[] = "hello";
    vsk_packet packet;
    (void)state;
    vsk_packet_init(&packet, payload, 5);

    assert_int_equal(vsk_packet_write(&packet, "x", 1), VSK_ERR_ROOM);
}

static void
encoding_gives_the_bytes_of_the_wire(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_packet packet = parsed(tx_of(rig, &rw, (uint32_t[]){9, 37, 3}, 3));
    uint8_t expected[49], wire[51];
    (void)state;
    vsk_header_encode(&rw, expected);
    memcpy(expected + 44, "hello", 5);
    memset(wire, RIG_FILL, sizeof wire);

    /* VSOCK-BOTH-23 */
    assert_int_equal(vsk_packet_encode(&packet, wire + 1, 49), VSK_OK);

    assert_memory_equal(wire + 1, expected, 49);
    assert_int_equal(wire[0], RIG_FILL);
    assert_int_equal(wire[50], RIG_FILL);
    rig_free(rig);
}

static void
encoding_into_too_little_room_writes_nothing(void **state)
{
    uint8_t payload[] = "hello", wire[48];
    vsk_packet packet;
    (void)state;
    vsk_packet_init(&packet, payload, 5);
    memset(wire, RIG_FILL, sizeof wire);

    assert_int_equal(vsk_packet_encode(&packet, wire, 48), VSK_ERR_SPACE);

    for (size_t i = 0; i < sizeof wire; i++)
        assert_int_equal(wire[i], RIG_FILL);
}

static void
packets_cut_in_different_places_are_equal(void **state)
{
    struct rig *rig = rig_new(8, 0), *other = rig_new(8, 0);
    vsk_packet one = parsed(tx_of(rig, &rw, (uint32_t[]){44, 1, 0, 4}, 4));
    vsk_packet two = parsed(tx_of(other, &rw, (uint32_t[]){1, 46, 2}, 3));
    (void)state;

    assert_true(vsk_packet_equal(&one, &two));
    rig_free(rig);
    rig_free(other);
}

static void
packets_that_differ_in_their_last_byte_are_not_equal(void **state)
{
    uint8_t here[] = "hello", there[] = "hellx";
    vsk_packet one, two;
    (void)state;
    vsk_packet_init(&one, here, 5);
    vsk_packet_init(&two, there, 5);

    assert_false(vsk_packet_equal(&one, &two));
}

static void
packets_that_differ_in_a_field_are_not_equal(void **state)
{
    uint8_t payload[] = "hello";
    vsk_packet one, two;
    (void)state;
    vsk_packet_init(&one, payload, 5);
    vsk_packet_init(&two, payload, 5);
    two.header.fwd_cnt = 1;

    assert_false(vsk_packet_equal(&one, &two));
}

static void
packets_with_payloads_of_other_sizes_are_not_equal(void **state)
{
    uint8_t payload[] = "hello";
    vsk_packet one, two;
    (void)state;
    vsk_packet_init(&one, payload, 5);
    vsk_packet_init(&two, payload, 4);
    two.header.len = 5;

    assert_false(vsk_packet_equal(&one, &two));
}

static void
a_packet_begun_in_an_rx_chain_is_empty(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_packet packet;
    (void)state;

    packet = begun(chain_of(rig, (uint32_t[]){44, 100}, 2, RIG_W));

    assert_int_equal(packet.header.type, VSK_TYPE_STREAM);
    assert_int_equal(packet.header.op, VSK_OP_INVALID);
    assert_int_equal(packet.header.len, 0);
    assert_int_equal(packet.size, 0);
    assert_int_equal(packet.room, 100);
    rig_free(rig);
}

static void
beginning_a_packet_writes_no_guest_memory(void **state)
{
    struct rig *rig = rig_new(8, 0);
    (void)state;

    begun(chain_of(rig, (uint32_t[]){44, 100}, 2, RIG_W));

    rig_assert_fill(rig, RIG_DATA, RIG_DATA_SIZE);
    rig_free(rig);
}

static void
beginning_a_packet_reads_no_writable_buffer(void **state)
{
    static uint8_t wire[16];
    /* No memory is there: who looks at the buffer falls. */
    const vsk_region regions[] = {{0, 4096, (uint8_t *)(uintptr_t)16}};
    const vsk_desc_table table = {wire, 1, false};
    vsk_memory memory;
    vsk_packet packet;
    vsk_span span;
    vsk_chain chain;
    (void)state;
    assert_int_equal(vsk_memory_init(&memory, regions, 1), VSK_OK);
    vsk_chain_init(&chain, &span, 1);
    wire[9] = 1; /* 256 bytes */
    wire[12] = RIG_W;

    assert_int_equal(vsk_chain_walk(&chain, &memory, &table, 0), VSK_OK);
    packet = begun(&chain);

    /* SPLIT-DEV-02 */
    assert_int_equal(packet.room, 256 - VSK_HEADER_SIZE);
}

static void
the_room_of_an_rx_chain_is_bounded_by_the_caller(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_packet packet;
    (void)state;

    assert_int_equal(
        vsk_packet_into_rx(&packet,
                           chain_of(rig, (uint32_t[]){44, 100}, 2, RIG_W), 60),
        VSK_OK);

    assert_int_equal(packet.room, 60);
    rig_free(rig);
}

static void
the_used_length_of_the_largest_room_fits_32_bits(void **state)
{
    vsk_packet packet;
    uint8_t byte;
    vsk_span spans[] = {{.base = &byte, .len = UINT32_MAX},
                        {.base = &byte, .len = 1}};
    vsk_chain chain;
    (void)state;
    vsk_chain_init(&chain, spans, 2);
    chain.count = 2;
    chain.writable = VSK_CHAIN_MAX;

    assert_int_equal(vsk_packet_into_rx(&packet, &chain, UINT32_MAX), VSK_OK);

    /* SPLIT-DEV-09 */
    assert_true(packet.room <= UINT32_MAX - VSK_HEADER_SIZE);
}

static void
an_rx_chain_of_44_bytes_takes_a_header(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_packet packet;
    (void)state;

    packet = begun(chain_of(rig, (uint32_t[]){40, 4}, 2, RIG_W));

    assert_int_equal(packet.room, 0);
    rig_free(rig);
}

static void
an_rx_chain_of_43_bytes_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_chain *chain = chain_of(rig, (uint32_t[]){40, 3}, 2, RIG_W);
    vsk_packet packet;
    (void)state;

    /* VSOCK-BOTH-05 */
    assert_int_equal(vsk_packet_into_rx(&packet, chain, 100), VSK_BAD_RX_SHORT);
    rig_free(rig);
}

static void
an_rx_chain_with_a_readable_buffer_is_refused(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_desc_table table = {rig->parts.desc, 8, false};
    vsk_packet packet;
    (void)state;
    rig_desc(rig, RIG_RING, 0, RIG_DATA, 1, RIG_N, 1);
    rig_desc(rig, RIG_RING, 1, RIG_DATA, 100, RIG_W, 0);
    assert_int_equal(vsk_chain_walk(&rig->chain, &rig->memory, &table, 0),
                     VSK_OK);

    /* VSOCK-DRV-12 */
    assert_int_equal(vsk_packet_into_rx(&packet, &rig->chain, 100),
                     VSK_BAD_RX_READABLE);
    rig_free(rig);
}

static void
committing_writes_every_byte_of_the_header(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_chain *chain = chain_of(rig, (uint32_t[]){7, 30, 7}, 3, RIG_W);
    vsk_packet packet = begun(chain);
    uint8_t found[44];
    const uint8_t zeroes[44] = {0};
    uint32_t written;
    (void)state;
    packet.header = (vsk_header){0};

    assert_int_equal(vsk_packet_commit(&packet, chain, &written), VSK_OK);

    drain(chain, found, 44);
    assert_memory_equal(found, zeroes, 44);
    rig_free(rig);
}

static void
committing_stores_the_header_in_front(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_chain *chain = chain_of(rig, (uint32_t[]){1, 20, 80}, 3, RIG_W);
    vsk_packet packet = begun(chain);
    uint8_t found[49], expected[49];
    uint32_t written;
    (void)state;
    packet.header = rw;
    assert_int_equal(vsk_packet_write(&packet, "hello", 5), VSK_OK);

    assert_int_equal(vsk_packet_commit(&packet, chain, &written), VSK_OK);

    /* VSOCK-BOTH-23 */
    vsk_header_encode(&rw, expected);
    memcpy(expected + 44, "hello", 5);
    drain(chain, found, 49);
    assert_memory_equal(found, expected, 49);
    rig_free(rig);
}

static void
memory_around_the_written_bytes_is_untouched(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_chain *chain = chain_of(rig, (uint32_t[]){10, 36, 90}, 3, RIG_W);
    vsk_packet packet = begun(chain);
    uint32_t written;
    (void)state;
    packet.header = rw;

    assert_int_equal(vsk_packet_write(&packet, "hello", 5), VSK_OK);
    assert_int_equal(vsk_packet_commit(&packet, chain, &written), VSK_OK);

    for (uint32_t i = 0; i < 3; i++)
        memset(rig->spans[i].base, RIG_FILL, i < 2 ? rig->spans[i].len : 3);
    rig_assert_fill(rig, RIG_DATA, RIG_DATA_SIZE);
    rig_assert_fill(rig, RIG_NEXT, RIG_DATA_SIZE);
    rig_free(rig);
}

static void
the_used_length_is_header_and_payload(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_chain *chain = chain_of(rig, (uint32_t[]){44, 90}, 2, RIG_W);
    vsk_packet packet = begun(chain);
    uint32_t written = 0;
    (void)state;
    assert_int_equal(vsk_packet_write(&packet, "hello", 5), VSK_OK);

    assert_int_equal(vsk_packet_commit(&packet, chain, &written), VSK_OK);

    /* VQ-DEV-01 */
    assert_int_equal(written, 49);
    rig_free(rig);
}

static void
the_used_length_does_not_believe_a_len_that_lies(void **state)
{
    struct rig *rig = rig_new(8, 0);
    const vsk_chain *chain = chain_of(rig, (uint32_t[]){44, 90}, 2, RIG_W);
    vsk_packet packet = begun(chain);
    uint32_t written = 0;
    (void)state;
    assert_int_equal(vsk_packet_write(&packet, "hello", 5), VSK_OK);
    packet.header.len = 90;

    assert_int_equal(vsk_packet_commit(&packet, chain, &written), VSK_OK);

    /* SPLIT-DEV-09 */
    assert_int_equal(written, 49);
    rig_free(rig);
}

static void
writes_are_joined_and_len_follows(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_packet packet =
        begun(chain_of(rig, (uint32_t[]){45, 2, 0, 1, 9}, 5, RIG_W));
    (void)state;

    /* VSOCK-BOTH-08 */
    assert_int_equal(vsk_packet_write(&packet, "he", 2), VSK_OK);
    assert_int_equal(vsk_packet_write(&packet, "", 0), VSK_OK);
    assert_int_equal(vsk_packet_write(&packet, "l", 1), VSK_OK);
    assert_int_equal(vsk_packet_write(&packet, "lo there", 8), VSK_OK);

    assert_int_equal(packet.header.len, 11);
    assert_payload(&packet, "hello there");
    rig_free(rig);
}

static void
the_room_is_filled_to_its_last_byte(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_packet packet = begun(chain_of(rig, (uint32_t[]){46, 3}, 2, RIG_W));
    (void)state;

    assert_int_equal(vsk_packet_write(&packet, "hello", 5), VSK_OK);

    assert_payload(&packet, "hello");
    rig_free(rig);
}

static void
a_write_beyond_the_room_writes_nothing(void **state)
{
    struct rig *rig = rig_new(8, 0);
    vsk_packet packet = begun(chain_of(rig, (uint32_t[]){46, 2}, 2, RIG_W));
    (void)state;

    assert_int_equal(vsk_packet_write(&packet, "hello", 5), VSK_ERR_ROOM);

    assert_int_equal(packet.size, 0);
    rig_assert_fill(rig, RIG_DATA, 256);
    rig_free(rig);
}

static void
a_packet_is_appended_to_another(void **state)
{
    struct rig *rig = rig_new(8, 0), *other = rig_new(8, 0);
    vsk_packet source = parsed(tx_of(other, &rw, (uint32_t[]){44, 2, 3}, 3));
    vsk_packet packet = begun(chain_of(rig, (uint32_t[]){45, 4, 9}, 3, RIG_W));
    (void)state;
    assert_int_equal(vsk_packet_write(&packet, "> ", 2), VSK_OK);

    assert_int_equal(vsk_packet_append(&packet, &source), VSK_OK);

    assert_payload(&packet, "> hello");
    assert_int_equal(packet.header.len, 7);
    rig_free(rig);
    rig_free(other);
}

static void
appending_beyond_the_room_writes_nothing(void **state)
{
    struct rig *rig = rig_new(8, 0), *other = rig_new(8, 0);
    vsk_packet source = parsed(tx_of(other, &rw, (uint32_t[]){44, 2, 3}, 3));
    vsk_packet packet = begun(chain_of(rig, (uint32_t[]){48}, 1, RIG_W));
    (void)state;

    assert_int_equal(vsk_packet_append(&packet, &source), VSK_ERR_ROOM);

    rig_assert_fill(rig, RIG_DATA, 256);
    rig_free(rig);
    rig_free(other);
}

/* A hostile driver may post memory for RX that it also posted for TX: under
 * ASan this fails where the copy is not one for overlapping memory. */
static void
appending_to_memory_that_overlaps_the_source_moves_it(void **state)
{
    struct rig *rig = rig_new(8, 0), *other = rig_new(8, 0);
    const vsk_desc_table table = {rig->parts.desc, 8, false};
    vsk_packet source = parsed(tx_of(rig, &rw, (uint32_t[]){44, 5}, 2));
    uint64_t payload = rig->spans[1].addr;
    vsk_packet packet;
    vsk_span spans[2];
    vsk_chain chain;
    (void)state;
    vsk_chain_init(&chain, spans, 2);
    rig_desc(rig, RIG_RING, 4, RIG_NEXT, 44, RIG_W | RIG_N, 5);
    rig_desc(rig, RIG_RING, 5, payload + 2, 5, RIG_W, 0);
    assert_int_equal(vsk_chain_walk(&chain, &rig->memory, &table, 4), VSK_OK);
    packet = begun(&chain);

    assert_int_equal(vsk_packet_append(&packet, &source), VSK_OK);

    assert_payload(&packet, "hello");
    rig_free(rig);
    rig_free(other);
}

static void
a_chain_too_small_for_the_packet_is_not_committed(void **state)
{
    struct rig *rig = rig_new(8, 0), *other = rig_new(8, 0);
    const vsk_chain *foreign = chain_of(other, (uint32_t[]){48}, 1, RIG_W);
    vsk_packet packet = begun(chain_of(rig, (uint32_t[]){49}, 1, RIG_W));
    uint32_t written = 99;
    (void)state;
    assert_int_equal(vsk_packet_write(&packet, "hello", 5), VSK_OK);

    assert_int_equal(vsk_packet_commit(&packet, foreign, &written),
                     VSK_ERR_ROOM);

    assert_int_equal(written, 99);
    rig_assert_fill(other, RIG_DATA, 256);
    rig_free(rig);
    rig_free(other);
}

static void
a_packet_is_never_committed_into_readable_memory(void **state)
{
    struct rig *rig = rig_new(8, 0), *other = rig_new(8, 0);
    const vsk_desc_table table = {other->parts.desc, 8, false};
    vsk_packet packet = begun(chain_of(rig, (uint32_t[]){49}, 1, RIG_W));
    uint32_t written;
    (void)state;
    rig_desc(other, RIG_RING, 0, RIG_DATA, 60, RIG_N, 1);
    rig_desc(other, RIG_RING, 1, RIG_DATA + 64, 60, RIG_W, 0);
    assert_int_equal(vsk_chain_walk(&other->chain, &other->memory, &table, 0),
                     VSK_OK);

    /* SPLIT-DEV-01 */
    assert_int_equal(vsk_packet_commit(&packet, &other->chain, &written),
                     VSK_ERR_ROOM);

    rig_assert_fill(other, RIG_DATA, 256);
    rig_free(rig);
    rig_free(other);
}

static void
a_packet_of_64_kib_crosses_many_buffers(void **state)
{
    struct rig *rig = rig_new(32, 0), *other = rig_new(32, 0);
    static uint8_t payload[60000], back[60000];
    uint32_t lens[16], written;
    const vsk_chain *chain;
    vsk_packet packet, plain;
    vsk_span spans[16];
    (void)state;
    rig_pattern(payload, sizeof payload, 1);
    for (uint32_t i = 0; i < 16; i++)
        lens[i] = 3776;

    chain = chain_of(rig, lens, 16, RIG_W);
    packet = begun(chain);
    assert_int_equal(vsk_packet_write(&packet, payload, sizeof payload),
                     VSK_OK);
    assert_int_equal(vsk_packet_commit(&packet, chain, &written), VSK_OK);

    memcpy(spans, rig->spans, sizeof spans);
    assert_int_equal(vsk_packet_from_spans(&plain, spans, 16, VSK_PAYLOAD_MAX),
                     VSK_OK);
    assert_int_equal(vsk_packet_read(&plain, 0, back, sizeof back),
                     sizeof back);
    assert_memory_equal(back, payload, sizeof back);
    rig_free(rig);
    rig_free(other);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(header_and_payload_in_two_buffers_are_read),
        cmocka_unit_test(header_and_payload_in_one_buffer_are_read),
        cmocka_unit_test(a_packet_of_one_byte_buffers_is_read),
        cmocka_unit_test(buffers_without_bytes_are_passed_over),
        cmocka_unit_test(a_header_alone_has_no_payload),
        cmocka_unit_test(bytes_beyond_len_are_ignored),
        cmocka_unit_test(a_chain_of_43_bytes_is_too_short),
        cmocka_unit_test(a_len_of_one_byte_more_than_there_is_a_lie),
        cmocka_unit_test(the_largest_len_is_a_lie_that_does_not_overflow),
        cmocka_unit_test(a_len_above_the_limit_is_refused),
        cmocka_unit_test(a_len_at_the_limit_is_accepted),
        cmocka_unit_test(a_tx_chain_with_a_writable_buffer_is_refused),
        cmocka_unit_test(a_broken_chain_gives_its_own_status),
        cmocka_unit_test(a_refused_packet_is_not_written),
        cmocka_unit_test(a_header_rewritten_after_parsing_changes_nothing),
        cmocka_unit_test(a_changed_header_field_does_not_reach_guest_memory),
        cmocka_unit_test(parsing_writes_no_guest_memory),
        cmocka_unit_test(a_packet_across_two_regions_is_read),
        cmocka_unit_test(a_packet_is_read_from_plain_spans),
        cmocka_unit_test(spans_without_bytes_are_passed_over),
        cmocka_unit_test(the_first_piece_has_bytes_where_there_is_a_payload),
        cmocka_unit_test(no_spans_are_too_short_for_a_packet),
        cmocka_unit_test(the_pieces_of_a_payload_are_those_of_the_chain),
        cmocka_unit_test(a_read_may_begin_and_end_anywhere),
        cmocka_unit_test(a_read_behind_the_payload_copies_nothing),
        cmocka_unit_test(a_new_packet_is_a_stream_with_its_len),
        cmocka_unit_test(a_new_packet_may_have_no_payload),
        cmocka_unit_test(a_packet_over_a_plain_buffer_takes_no_more),
        cmocka_unit_test(encoding_gives_the_bytes_of_the_wire),
        cmocka_unit_test(encoding_into_too_little_room_writes_nothing),
        cmocka_unit_test(packets_cut_in_different_places_are_equal),
        cmocka_unit_test(packets_that_differ_in_their_last_byte_are_not_equal),
        cmocka_unit_test(packets_that_differ_in_a_field_are_not_equal),
        cmocka_unit_test(packets_with_payloads_of_other_sizes_are_not_equal),
        cmocka_unit_test(a_packet_begun_in_an_rx_chain_is_empty),
        cmocka_unit_test(beginning_a_packet_writes_no_guest_memory),
        cmocka_unit_test(beginning_a_packet_reads_no_writable_buffer),
        cmocka_unit_test(the_room_of_an_rx_chain_is_bounded_by_the_caller),
        cmocka_unit_test(the_used_length_of_the_largest_room_fits_32_bits),
        cmocka_unit_test(an_rx_chain_of_44_bytes_takes_a_header),
        cmocka_unit_test(an_rx_chain_of_43_bytes_is_refused),
        cmocka_unit_test(an_rx_chain_with_a_readable_buffer_is_refused),
        cmocka_unit_test(committing_writes_every_byte_of_the_header),
        cmocka_unit_test(committing_stores_the_header_in_front),
        cmocka_unit_test(memory_around_the_written_bytes_is_untouched),
        cmocka_unit_test(the_used_length_is_header_and_payload),
        cmocka_unit_test(the_used_length_does_not_believe_a_len_that_lies),
        cmocka_unit_test(writes_are_joined_and_len_follows),
        cmocka_unit_test(the_room_is_filled_to_its_last_byte),
        cmocka_unit_test(a_write_beyond_the_room_writes_nothing),
        cmocka_unit_test(a_packet_is_appended_to_another),
        cmocka_unit_test(appending_beyond_the_room_writes_nothing),
        cmocka_unit_test(appending_to_memory_that_overlaps_the_source_moves_it),
        cmocka_unit_test(a_chain_too_small_for_the_packet_is_not_committed),
        cmocka_unit_test(a_packet_is_never_committed_into_readable_memory),
        cmocka_unit_test(a_packet_of_64_kib_crosses_many_buffers),
    };

    return cmocka_run_group_tests_name("packet", cases, NULL, NULL);
}
