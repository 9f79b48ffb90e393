/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

static const vsk_layout as_linux = {NULL, 0, false};
static const vsk_layout as_linux_indirect = {NULL, 0, true};

static vsk_packet
hello(void)
{
    static uint8_t payload[] = "hello";
    vsk_packet packet;

    vsk_packet_init(&packet, payload, 5);
    packet.header.op = VSK_OP_RW;
    packet.header.src_cid = 3;
    return packet;
}

static vsk_status
send_status(struct rig *rig, const vsk_packet *packet, const vsk_layout *layout)
{
    uint16_t head;

    return vsk_buffers_send(&rig->buffers, packet, layout, &head);
}

static vsk_status
post_status(struct rig *rig, uint32_t size, const vsk_layout *layout)
{
    uint16_t head;

    return vsk_buffers_post(&rig->buffers, size, layout, &head);
}

/* Pop, fill and push an RX chain with hello; the driver's reap of it. */
static vsk_used
answered(struct rig *rig)
{
    const vsk_packet source = hello();
    vsk_packet packet;
    uint32_t written;
    vsk_used used;

    assert_int_equal(vsk_packet_into_rx(&packet, rig_pop(rig), 1000), VSK_OK);
    packet.header = source.header;
    assert_int_equal(vsk_packet_append(&packet, &source), VSK_OK);
    assert_int_equal(vsk_packet_commit(&packet, &rig->chain, &written), VSK_OK);
    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, written),
                     VSK_OK);
    assert_int_equal(vsk_buffers_reap(&rig->buffers, &used), VSK_OK);
    return used;
}

/* Count the free records by walking the list. */
static uint32_t
free_records(const struct rig *rig)
{
    uint32_t count = 0;

    for (uint32_t at = rig->buffers.free; at != VSK_RECORD_NONE;
         at = rig->records[at].next)
        count++;
    return count;
}

static void
assert_hello_arrives(struct rig *rig)
{
    const vsk_packet sent = hello();
    vsk_packet packet;

    assert_int_equal(vsk_packet_from_tx(&packet, rig_pop(rig), VSK_PAYLOAD_MAX),
                     VSK_OK);
    assert_true(vsk_packet_equal(&packet, &sent));
}

static void
a_packet_is_cut_as_linux_does(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    const vsk_packet packet = hello();
    (void)state;

    /* FRAME-DRV-02 */
    assert_int_equal(send_status(rig, &packet, &as_linux), VSK_OK);

    assert_hello_arrives(rig);
    assert_int_equal(rig->chain.buffers, 2);
    assert_int_equal(rig->spans[0].len, 44);
    assert_false(rig->chain.indirect);
    rig_free(rig);
}

static void
a_packet_without_payload_is_one_buffer(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    vsk_packet packet;
    (void)state;
    vsk_packet_init(&packet, NULL, 0);

    assert_int_equal(send_status(rig, &packet, &as_linux), VSK_OK);

    assert_int_equal(rig_pop(rig)->buffers, 1);
    assert_int_equal(rig->chain.readable, 44);
    rig_free(rig);
}

static void
a_packet_goes_indirect_where_asked(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    const vsk_packet packet = hello();
    (void)state;

    assert_int_equal(send_status(rig, &packet, &as_linux_indirect), VSK_OK);

    assert_hello_arrives(rig);
    assert_true(rig->chain.indirect);
    rig_free(rig);
}

static void
a_packet_is_cut_by_its_layout(void **state)
{
    const vsk_layout layout = {(const uint32_t[]){10, 36, 1, 2}, 4, false};
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    const vsk_packet packet = hello();
    (void)state;

    assert_int_equal(send_status(rig, &packet, &layout), VSK_OK);

    assert_hello_arrives(rig);
    assert_int_equal(rig->chain.count, 4);
    assert_int_equal(rig->spans[1].len, 36);
    rig_free(rig);
}

static void
the_pieces_of_a_layout_do_not_touch(void **state)
{
    const vsk_layout layout = {(const uint32_t[]){44, 5}, 2, false};
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    const vsk_packet packet = hello();
    (void)state;

    assert_int_equal(send_status(rig, &packet, &layout), VSK_OK);

    rig_pop(rig);
    assert_true(rig->spans[1].addr >=
                rig->spans[0].addr + 44 + VSK_BUFFERS_GAP);
    rig_free(rig);
}

static void
memory_between_the_pieces_is_untouched(void **state)
{
    const vsk_layout layout = {(const uint32_t[]){10, 34, 5}, 3, false};
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    const vsk_packet packet = hello();
    (void)state;

    assert_int_equal(send_status(rig, &packet, &layout), VSK_OK);

    rig_pop(rig);
    for (uint32_t i = 0; i < 3; i++)
        memset(rig->spans[i].base, RIG_FILL, rig->spans[i].len);
    rig_assert_fill(rig, RIG_DATA, RIG_DATA_SIZE);
    rig_free(rig);
}

static void
a_layout_may_have_more_room_than_the_packet(void **state)
{
    const vsk_layout layout = {(const uint32_t[]){44, 100}, 2, false};
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    const vsk_packet packet = hello();
    (void)state;

    assert_int_equal(send_status(rig, &packet, &layout), VSK_OK);

    assert_hello_arrives(rig);
    assert_int_equal(rig->chain.readable, 144);
    rig_assert_fill(rig, rig->spans[1].addr + 5, 95);
    rig_free(rig);
}

static void
a_layout_with_less_room_than_the_packet_is_refused(void **state)
{
    const vsk_layout layout = {(const uint32_t[]){44, 4}, 2, false};
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    const vsk_packet packet = hello();
    (void)state;

    assert_int_equal(send_status(rig, &packet, &layout), VSK_ERR_LAYOUT);
    rig_free(rig);
}

static void
a_layout_with_an_empty_piece_is_refused(void **state)
{
    const vsk_layout layout = {(const uint32_t[]){44, 0, 5}, 3, false};
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    const vsk_packet packet = hello();
    (void)state;

    assert_int_equal(send_status(rig, &packet, &layout), VSK_ERR_LAYOUT);
    rig_free(rig);
}

static void
a_layout_without_pieces_is_refused(void **state)
{
    const vsk_layout layout = {(const uint32_t[]){44}, 0, false};
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    (void)state;

    assert_int_equal(post_status(rig, 0, &layout), VSK_ERR_LAYOUT);
    rig_free(rig);
}

static void
a_layout_of_more_pieces_than_the_queue_is_refused(void **state)
{
    const vsk_layout layout = {(const uint32_t[]){44, 2, 3}, 3, false};
    struct rig *rig = rig_new(2, RIG_BOTH | rig_format());
    const vsk_packet packet = hello();
    (void)state;

    assert_int_equal(send_status(rig, &packet, &layout), VSK_ERR_LONG);
    rig_free(rig);
}

static void
a_packet_s_len_is_sent_as_it_stands(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    vsk_packet packet = hello();
    vsk_packet received;
    (void)state;
    packet.header.len = 99;

    assert_int_equal(send_status(rig, &packet, &as_linux), VSK_OK);

    assert_int_equal(
        vsk_packet_from_tx(&received, rig_pop(rig), VSK_PAYLOAD_MAX),
        VSK_BAD_LEN);
    rig_free(rig);
}

static void
a_refused_packet_takes_nothing(void **state)
{
    struct rig *rig = rig_new(2, RIG_BOTH | rig_format());
    const vsk_packet packet = hello();
    uint64_t memory;
    uint32_t records;
    (void)state;
    assert_int_equal(send_status(rig, &packet, &as_linux), VSK_OK);
    memory = vsk_pool_available(&rig->pool);
    records = free_records(rig);

    assert_int_equal(send_status(rig, &packet, &as_linux), VSK_ERR_TABLE);

    assert_int_equal(vsk_pool_available(&rig->pool), memory);
    assert_int_equal(free_records(rig), records);
    rig_free(rig);
}

static void
a_packet_for_a_full_ring_takes_nothing(void **state)
{
    struct rig *rig = rig_new(4, 0);
    const vsk_packet packet = hello();
    vsk_buffer list[3];
    uint64_t memory;
    uint32_t records;
    (void)state;
    for (size_t i = 0; i < 3; i++)
        list[i] = (vsk_buffer){RIG_DATA, 1, false};
    rig_add(rig, list, 3, 0, 0);
    memory = vsk_pool_available(&rig->pool);
    records = free_records(rig);

    assert_int_equal(send_status(rig, &packet, &as_linux), VSK_ERR_FULL);

    assert_int_equal(vsk_pool_available(&rig->pool), memory);
    assert_int_equal(free_records(rig), records);
    rig_free(rig);
}

static void
a_packet_larger_than_any_free_range_is_refused(void **state)
{
    static uint8_t payload[RIG_DATA_SIZE];
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    vsk_packet packet;
    (void)state;
    vsk_packet_init(&packet, payload, sizeof payload);

    assert_int_equal(send_status(rig, &packet, &as_linux), VSK_ERR_POOL);
    rig_free(rig);
}

static void
room_is_posted_in_one_writable_buffer(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    (void)state;

    assert_int_equal(post_status(rig, 3776, &as_linux), VSK_OK);

    assert_int_equal(rig_pop(rig)->buffers, 1);
    assert_int_equal(rig->chain.writable, 3776);
    rig_free(rig);
}

static void
posted_room_is_left_as_it_was(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    (void)state;

    assert_int_equal(post_status(rig, 3776, &as_linux), VSK_OK);

    rig_assert_fill(rig, RIG_DATA, RIG_DATA_SIZE);
    rig_free(rig);
}

static void
a_layout_must_add_up_to_the_room(void **state)
{
    const vsk_layout layout = {(const uint32_t[]){44, 100}, 2, false};
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    (void)state;

    assert_int_equal(post_status(rig, 145, &layout), VSK_ERR_LAYOUT);
    assert_int_equal(post_status(rig, 143, &layout), VSK_ERR_LAYOUT);
    assert_int_equal(post_status(rig, 144, &layout), VSK_OK);
    rig_free(rig);
}

static void
what_the_device_wrote_is_shown_as_spans(void **state)
{
    const vsk_layout layout = {(const uint32_t[]){44, 2, 100}, 3, true};
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    const vsk_packet sent = hello();
    vsk_span spans[8];
    vsk_chain chain;
    vsk_packet packet;
    vsk_used used;
    (void)state;
    assert_int_equal(post_status(rig, 146, &layout), VSK_OK);
    used = answered(rig);
    vsk_chain_init(&chain, spans, 8);

    assert_int_equal(vsk_buffers_written(&rig->buffers, &used, &chain), VSK_OK);

    assert_int_equal(chain.count, 3);
    assert_int_equal(chain.writable, 49);
    assert_int_equal(
        vsk_packet_from_spans(&packet, chain.spans, chain.count, 100), VSK_OK);
    assert_true(vsk_packet_equal(&packet, &sent));
    rig_free(rig);
}

static void
bytes_behind_the_used_length_do_not_surface(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    vsk_span spans[8];
    vsk_chain chain;
    vsk_used used;
    (void)state;
    assert_int_equal(post_status(rig, 100, &as_linux), VSK_OK);
    used = answered(rig);
    vsk_chain_init(&chain, spans, 8);

    assert_int_equal(vsk_buffers_written(&rig->buffers, &used, &chain), VSK_OK);

    /* SPLIT-DRV-07, SPLIT-DRV-08, SPLIT-DEV-10 */
    assert_int_equal(chain.count, 1);
    assert_int_equal(spans[0].len, 49);
    rig_free(rig);
}

static void
readable_buffers_are_not_what_the_device_wrote(void **state)
{
    const vsk_buffer list[] = {{RIG_DATA, 44, false}, {RIG_DATA + 64, 9, true}};
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    vsk_span spans[8];
    vsk_chain chain;
    vsk_used used;
    uint16_t head;
    (void)state;
    assert_int_equal(vsk_buffers_add(&rig->buffers, list, 2, 0, &head), VSK_OK);
    assert_int_equal(vsk_queue_push(&rig->device, rig_pop(rig), 5), VSK_OK);
    assert_int_equal(vsk_buffers_reap(&rig->buffers, &used), VSK_OK);
    vsk_chain_init(&chain, spans, 8);

    assert_int_equal(vsk_buffers_written(&rig->buffers, &used, &chain), VSK_OK);

    assert_int_equal(chain.count, 1);
    assert_int_equal(spans[0].addr, RIG_DATA + 64);
    assert_int_equal(spans[0].len, 5);
    rig_free(rig);
}

static void
what_was_written_across_two_regions_is_two_spans(void **state)
{
    const vsk_buffer buffer = {RIG_NEXT - 20, 100, true};
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    vsk_span spans[8];
    vsk_chain chain;
    vsk_used used;
    uint16_t head;
    (void)state;
    assert_int_equal(vsk_buffers_add(&rig->buffers, &buffer, 1, 0, &head),
                     VSK_OK);
    used = answered(rig);
    vsk_chain_init(&chain, spans, 8);

    assert_int_equal(vsk_buffers_written(&rig->buffers, &used, &chain), VSK_OK);

    assert_int_equal(chain.count, 2);
    assert_int_equal(spans[0].len, 20);
    assert_int_equal(spans[1].len, 29);
    rig_free(rig);
}

/* What stood in the table before says nothing of these spans. */
static void
what_was_written_says_that_it_was_writable(void **state)
{
    const vsk_buffer buffer = {RIG_NEXT - 20, 100, true};
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    vsk_span spans[8];
    vsk_chain chain;
    vsk_used used;
    uint16_t head;
    (void)state;
    assert_int_equal(vsk_buffers_add(&rig->buffers, &buffer, 1, 0, &head),
                     VSK_OK);
    used = answered(rig);
    memset(spans, 0xff, sizeof spans);
    vsk_chain_init(&chain, spans, 8);

    assert_int_equal(vsk_buffers_written(&rig->buffers, &used, &chain), VSK_OK);

    assert_int_equal(spans[0].flags, VSK_SPAN_WRITE);
    assert_int_equal(spans[1].flags, VSK_SPAN_WRITE | VSK_SPAN_REST);
    assert_int_equal(spans[0].slot, 0);
    assert_int_equal(spans[1].slot, 0);
    rig_free(rig);
}

/* What vsk_buffers_written says of one writable buffer that the device claims
 * to have filled. */
static vsk_status
claimed(struct rig *rig, uint64_t addr, uint32_t len)
{
    const vsk_buffer buffer = {addr, len, true};
    vsk_span spans[8];
    vsk_chain chain;
    vsk_used used;
    uint16_t head;

    assert_int_equal(vsk_buffers_add(&rig->buffers, &buffer, 1, 0, &head),
                     VSK_OK);
    rig_put32(rig, rig_used_slot(rig, 0), head);
    rig_put32(rig, rig_used_slot(rig, 0) + 4, len);
    rig_put16(rig, rig_used_idx(rig), 1);
    assert_int_equal(vsk_buffers_reap(&rig->buffers, &used), VSK_OK);
    vsk_chain_init(&chain, spans, 8);
    return vsk_buffers_written(&rig->buffers, &used, &chain);
}

static void
what_was_written_where_there_is_no_memory_is_not_shown(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    (void)state;

    /* RSVF-DRV-05 */
    assert_int_equal(claimed(rig, RIG_NOWHERE, 44), VSK_BAD_ADDRESS);
    rig_free(rig);
}

static void
what_was_written_does_not_come_round_to_address_zero(void **state)
{
    static uint8_t first[16], last[16];
    const vsk_region regions[] = {{0, 16, first}, {UINT64_MAX - 15, 16, last}};
    struct rig *rig = rig_new(8, RIG_BOTH);
    (void)state;
    assert_int_equal(vsk_memory_init(&rig->buffers.memory, regions, 2), VSK_OK);

    /* RSVF-DRV-05 */
    assert_int_equal(claimed(rig, UINT64_MAX, 2), VSK_BAD_ADDRESS);
    rig_free(rig);
}

static void
too_few_spans_for_what_was_written_are_refused(void **state)
{
    const vsk_layout layout = {(const uint32_t[]){44, 100}, 2, false};
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    vsk_span spans[1];
    vsk_chain chain;
    vsk_used used;
    (void)state;
    assert_int_equal(post_status(rig, 144, &layout), VSK_OK);
    used = answered(rig);
    vsk_chain_init(&chain, spans, 1);

    assert_int_equal(vsk_buffers_written(&rig->buffers, &used, &chain),
                     VSK_ERR_SPANS);
    rig_free(rig);
}

static void
a_used_length_that_lies_shows_nothing(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    vsk_span spans[8];
    vsk_chain chain;
    vsk_used used;
    (void)state;
    assert_int_equal(post_status(rig, 100, &as_linux), VSK_OK);
    assert_int_equal(vsk_queue_push(&rig->device, rig_pop(rig), 0), VSK_OK);
    rig_put32(rig, rig_used_slot(rig, 0) + 4, 101);
    assert_int_equal(vsk_buffers_reap(&rig->buffers, &used), VSK_OK);
    vsk_chain_init(&chain, spans, 8);

    assert_int_equal(vsk_buffers_written(&rig->buffers, &used, &chain),
                     VSK_BAD_USED_LEN);
    rig_free(rig);
}

static void
a_rewritten_ring_does_not_change_what_is_read(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    vsk_span spans[8];
    vsk_chain chain;
    vsk_used used;
    uint64_t posted;
    (void)state;
    assert_int_equal(post_status(rig, 100, &as_linux), VSK_OK);
    posted = rig_pop(rig)->spans[0].addr;
    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 60), VSK_OK);
    memset(rig_at(rig, RIG_RING), 0xff, 16 * 8);
    assert_int_equal(vsk_buffers_reap(&rig->buffers, &used), VSK_OK);
    vsk_chain_init(&chain, spans, 8);

    assert_int_equal(vsk_buffers_written(&rig->buffers, &used, &chain), VSK_OK);

    assert_int_equal(spans[0].addr, posted);
    rig_free(rig);
}

static void
a_released_chain_gives_all_its_memory_back(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    uint64_t memory = vsk_pool_available(&rig->pool);
    uint32_t records = free_records(rig);
    vsk_used used;
    (void)state;
    assert_int_equal(post_status(rig, 100, &as_linux_indirect), VSK_OK);
    used = answered(rig);

    vsk_buffers_release(&rig->buffers, &used);

    assert_int_equal(vsk_pool_available(&rig->pool), memory);
    assert_int_equal(free_records(rig), records);
    rig_free(rig);
}

static void
chains_in_flight_leave_nothing_free_between_them(void **state)
{
    struct rig *rig = rig_new(8, rig_format());
    const vsk_packet packet = hello();
    uint32_t ranges;
    (void)state;
    assert_int_equal(send_status(rig, &packet, &as_linux), VSK_OK);
    ranges = rig->pool.count;

    assert_int_equal(send_status(rig, &packet, &as_linux), VSK_OK);
    assert_int_equal(post_status(rig, 100, &as_linux), VSK_OK);

    assert_int_equal(rig->pool.count, ranges);
    rig_free(rig);
}

static void
a_chain_without_an_account_is_released_as_nothing(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    uint32_t records = free_records(rig);
    vsk_used used;
    (void)state;
    rig_add_one(rig, 0);
    rig_complete_one(rig);
    assert_int_equal(vsk_buffers_reap(&rig->buffers, &used), VSK_OK);

    vsk_buffers_release(&rig->buffers, &used);

    assert_int_equal(free_records(rig), records);
    rig_free(rig);
}

static void
buffers_may_be_added_where_there_is_no_memory(void **state)
{
    const vsk_buffer buffer = {RIG_NOWHERE, 44, false};
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    uint16_t head;
    (void)state;

    /* RSVF-DRV-05 */
    assert_int_equal(vsk_buffers_add(&rig->buffers, &buffer, 1, 0, &head),
                     VSK_OK);

    assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain), VSK_OK);
    assert_int_equal(rig->chain.status, VSK_BAD_ADDRESS);
    rig_free(rig);
}

static void
a_refused_list_gives_its_table_back(void **state)
{
    const vsk_buffer list[] = {{RIG_DATA, 1, true}, {RIG_DATA, 1, false}};
    struct rig *rig = rig_new(8, RIG_BOTH | rig_format());
    uint64_t memory = vsk_pool_available(&rig->pool);
    uint16_t head;
    (void)state;

    assert_int_equal(vsk_buffers_add(&rig->buffers, list, 2, 2, &head),
                     VSK_ERR_ORDER);

    assert_int_equal(vsk_pool_available(&rig->pool), memory);
    rig_free(rig);
}

static void
a_list_longer_than_the_queue_is_refused(void **state)
{
    vsk_buffer list[5];
    struct rig *rig = rig_new(4, RIG_BOTH | rig_format());
    uint16_t head;
    (void)state;
    for (size_t i = 0; i < 5; i++)
        list[i] = (vsk_buffer){RIG_DATA, 1, false};

    assert_int_equal(vsk_buffers_add(&rig->buffers, list, 5, 5, &head),
                     VSK_ERR_LONG);
    rig_free(rig);
}

static void
random_packets_and_cuts_cross_and_leave_nothing_behind(void **state)
{
    rig_random random = rig_seed();
    struct rig *rig = rig_new(32, RIG_BOTH | rig_format());
    uint64_t memory = vsk_pool_available(&rig->pool);
    uint32_t records = free_records(rig);
    static uint8_t payload[2000];
    (void)state;

    for (uint32_t round = 0; round < 3000; round++) {
        uint32_t size = rig_draw(&random, sizeof payload);
        uint32_t pieces[18], left = size + VSK_HEADER_SIZE;
        vsk_layout layout = {pieces, 0, rig_draw(&random, 2) == 0};
        vsk_packet sent, packet;
        vsk_used used;

        while (layout.count < 17 && left > 1) {
            pieces[layout.count] = 1 + rig_draw(&random, left - 1);
            left -= pieces[layout.count++];
        }
        pieces[layout.count++] = left;
        rig_pattern(payload, size, (uint8_t)rig_draw(&random, 251));
        vsk_packet_init(&sent, payload, size);
        sent.header.fwd_cnt = round;

        assert_int_equal(send_status(rig, &sent, &layout), VSK_OK);
        assert_int_equal(vsk_packet_from_tx(&packet, rig_pop(rig), size),
                         VSK_OK);
        assert_true(vsk_packet_equal(&packet, &sent));
        assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, 0), VSK_OK);
        assert_int_equal(vsk_buffers_reap(&rig->buffers, &used), VSK_OK);
        vsk_buffers_release(&rig->buffers, &used);
    }
    assert_int_equal(vsk_pool_available(&rig->pool), memory);
    assert_int_equal(free_records(rig), records);
    rig_free(rig);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_packet_is_cut_as_linux_does),
        cmocka_unit_test(a_packet_without_payload_is_one_buffer),
        cmocka_unit_test(a_packet_goes_indirect_where_asked),
        cmocka_unit_test(a_packet_is_cut_by_its_layout),
        cmocka_unit_test(the_pieces_of_a_layout_do_not_touch),
        cmocka_unit_test(memory_between_the_pieces_is_untouched),
        cmocka_unit_test(a_layout_may_have_more_room_than_the_packet),
        cmocka_unit_test(a_layout_with_less_room_than_the_packet_is_refused),
        cmocka_unit_test(a_layout_with_an_empty_piece_is_refused),
        cmocka_unit_test(a_layout_without_pieces_is_refused),
        cmocka_unit_test(a_layout_of_more_pieces_than_the_queue_is_refused),
        cmocka_unit_test(a_packet_s_len_is_sent_as_it_stands),
        cmocka_unit_test(a_refused_packet_takes_nothing),
        cmocka_unit_test(a_packet_for_a_full_ring_takes_nothing),
        cmocka_unit_test(a_packet_larger_than_any_free_range_is_refused),
        cmocka_unit_test(room_is_posted_in_one_writable_buffer),
        cmocka_unit_test(posted_room_is_left_as_it_was),
        cmocka_unit_test(a_layout_must_add_up_to_the_room),
        cmocka_unit_test(what_the_device_wrote_is_shown_as_spans),
        cmocka_unit_test(bytes_behind_the_used_length_do_not_surface),
        cmocka_unit_test(readable_buffers_are_not_what_the_device_wrote),
        cmocka_unit_test(what_was_written_across_two_regions_is_two_spans),
        cmocka_unit_test(what_was_written_says_that_it_was_writable),
        cmocka_unit_test(
            what_was_written_where_there_is_no_memory_is_not_shown),
        cmocka_unit_test(what_was_written_does_not_come_round_to_address_zero),
        cmocka_unit_test(too_few_spans_for_what_was_written_are_refused),
        cmocka_unit_test(a_used_length_that_lies_shows_nothing),
        cmocka_unit_test(a_rewritten_ring_does_not_change_what_is_read),
        cmocka_unit_test(a_released_chain_gives_all_its_memory_back),
        cmocka_unit_test(chains_in_flight_leave_nothing_free_between_them),
        cmocka_unit_test(a_chain_without_an_account_is_released_as_nothing),
        cmocka_unit_test(buffers_may_be_added_where_there_is_no_memory),
        cmocka_unit_test(a_refused_list_gives_its_table_back),
        cmocka_unit_test(a_list_longer_than_the_queue_is_refused),
        cmocka_unit_test(
            random_packets_and_cuts_cross_and_leave_nothing_behind),
    };

    return cmocka_run_group_tests_name("buffers", cases, NULL, NULL);
}
