/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vsk/trace.h"

static const vsk_packet packet = {.header = {.src_cid = 3,
                                             .dst_cid = 2,
                                             .src_port = 1024,
                                             .dst_port = 1234,
                                             .len = 5,
                                             .type = VSK_TYPE_STREAM,
                                             .op = VSK_OP_RW,
                                             .buf_alloc = 262144}};

#define WORDS "3:1024 > 2:1234 STREAM RW len=5 buf_alloc=262144 fwd_cnt=0"

/* Something that was seen at the start on TX, by the device of guest 3. */
static vsk_seen
seen(vsk_seen_kind kind)
{
    return (vsk_seen){.kind = kind, .guest_cid = 3, .queue = 1};
}

/* A chain over these spans; nothing but its cut is looked at. */
static vsk_chain
chain(vsk_span *spans, uint32_t count)
{
    return (vsk_chain){.spans = spans, .count = count};
}

static void
assert_line(const vsk_seen *thing, const char *expected)
{
    char text[512];

    assert_int_equal(vsk_trace_line(thing, text, sizeof text),
                     strlen(expected));
    assert_string_equal(text, expected);
}

static void
assert_place(const vsk_seen *thing, const char *expected)
{
    char text[512];

    assert_int_equal(vsk_trace_place(thing, text, sizeof text),
                     strlen(expected));
    assert_string_equal(text, expected);
}

static void
a_packet_has_its_queue_head_cut_and_header(void **state)
{
    vsk_span spans[] = {{.len = 44}, {.len = 5}};
    vsk_chain direct = chain(spans, 2);
    vsk_seen thing = seen(VSK_SEEN_PACKET);
    (void)state;
    thing.chain = &direct;
    thing.packet = &packet;

    assert_line(&thing, "0.000000000 3 tx packet head 0 direct 44+5: " WORDS);
}

static void
a_packet_without_a_chain_has_its_queue_and_head(void **state)
{
    vsk_seen thing = seen(VSK_SEEN_PACKET);
    (void)state;
    thing.packet = &packet;
    thing.head = 65535;

    assert_line(&thing, "0.000000000 3 tx packet head 65535: " WORDS);
}

static void
a_line_without_a_packet_ends_with_its_place(void **state)
{
    vsk_seen thing = seen(VSK_SEEN_PACKET);
    (void)state;

    assert_line(&thing, "0.000000000 3 tx packet head 0");
}

static void
a_chain_in_a_table_is_indirect(void **state)
{
    vsk_span spans[] = {{.len = 49}};
    vsk_chain indirect = chain(spans, 1);
    vsk_seen thing = seen(VSK_SEEN_PACKET);
    (void)state;
    indirect.indirect = true;
    thing.chain = &indirect;

    assert_line(&thing, "0.000000000 3 tx packet head 0 indirect 49");
}

static void
a_buffer_that_regions_cut_is_one_length(void **state)
{
    vsk_span spans[] = {{.len = 44},
                        {.len = 1},
                        {.len = 2, .flags = VSK_SPAN_REST},
                        {.len = 3, .flags = VSK_SPAN_REST},
                        {.len = 7}};
    vsk_chain cut = chain(spans, 5);
    vsk_seen thing = seen(VSK_SEEN_PACKET);
    (void)state;
    thing.chain = &cut;

    assert_place(&thing, "tx head 0 direct 44+6+7");
}

static void
a_length_of_32_bits_and_more_is_written_in_full(void **state)
{
    vsk_span spans[] = {{.len = UINT32_MAX},
                        {.len = 1, .flags = VSK_SPAN_REST}};
    vsk_chain large = chain(spans, 2);
    vsk_seen thing = seen(VSK_SEEN_PACKET);
    (void)state;
    thing.chain = &large;

    assert_place(&thing, "tx head 0 direct 4294967296");
}

static void
a_chain_without_a_span_has_no_length(void **state)
{
    vsk_chain broken = chain(NULL, 0);
    vsk_seen thing = seen(VSK_SEEN_PACKET);
    (void)state;
    thing.chain = &broken;

    assert_place(&thing, "tx head 0 direct");
}

static void
a_writable_chain_has_the_lengths_of_its_descriptors(void **state)
{
    vsk_span spans[] = {{.len = 44, .flags = VSK_SPAN_WRITE},
                        {.len = 4096, .flags = VSK_SPAN_WRITE}};
    vsk_chain rx = chain(spans, 2);
    vsk_seen thing = seen(VSK_SEEN_PACKET);
    (void)state;
    rx.writable = 4140;
    thing.queue = 0;
    thing.head = 9;
    thing.chain = &rx;
    thing.packet = &packet;

    assert_place(&thing, "rx head 9 direct 44+4096");
}

static void
a_popped_chain_is_placed(void **state)
{
    struct rig *rig = rig_new(8, RIG_BOTH);
    const vsk_buffer buffers[] = {{RIG_NEXT - 20, 44, false},
                                  {RIG_DATA, 5, false}};
    vsk_seen thing = seen(VSK_SEEN_PACKET);
    (void)state;
    rig_add(rig, buffers, 2, 2, 1);

    thing.chain = rig_pop(rig);

    assert_place(&thing, "tx head 0 indirect 44+5");
    rig_free(rig);
}

static void
a_place_has_no_packet(void **state)
{
    vsk_seen thing = seen(VSK_SEEN_PACKET);
    (void)state;
    thing.packet = &packet;

    assert_place(&thing, "tx head 0");
}

static void
a_used_chain_has_its_head_and_the_bytes_written(void **state)
{
    vsk_seen thing = seen(VSK_SEEN_USED);
    (void)state;
    thing.queue = 0;
    thing.head = 3;
    thing.written = 49;

    assert_line(&thing, "0.000000000 3 rx used head 3 written 49");
}

static void
notifications_have_their_queue(void **state)
{
    vsk_seen kick = seen(VSK_SEEN_KICK);
    vsk_seen interrupt = seen(VSK_SEEN_INTERRUPT);
    (void)state;
    interrupt.queue = 2;

    assert_line(&kick, "0.000000000 3 tx kick");
    /* NOTIF-DRV-02 */
    kick.with_data = true;
    kick.written = 0x80030001;
    assert_line(&kick, "0.000000000 3 tx kick next 3 wrap 1");
    assert_line(&interrupt, "0.000000000 3 event interrupt");
}

static void
a_timer_says_which(void **state)
{
    vsk_seen thing = seen(VSK_SEEN_TIMER);
    (void)state;
    thing.words = "close 1234";

    assert_line(&thing, "0.000000000 3 timer close 1234");
}

static void
a_timer_without_words_is_a_timer(void **state)
{
    vsk_seen thing = seen(VSK_SEEN_TIMER);
    (void)state;

    assert_line(&thing, "0.000000000 3 timer");
}

static void
an_event_is_the_only_one_there_is(void **state)
{
    vsk_seen thing = seen(VSK_SEEN_EVENT);
    (void)state;
    thing.queue = 2;

    assert_line(&thing, "0.000000000 3 event TRANSPORT_RESET");
}

static void
a_refused_packet_has_its_reason_and_header(void **state)
{
    vsk_span spans[] = {{.len = 44}, {.len = 5}};
    vsk_chain sound = chain(spans, 2);
    vsk_seen thing = seen(VSK_SEEN_REFUSED);
    (void)state;
    thing.status = VSK_BAD_OP;
    thing.packet = &packet;
    thing.chain = &sound;

    assert_line(&thing, "0.000000000 3 tx refused head 0: the op is none that "
                        "the specification knows [VSOCK-BOTH-07]: " WORDS);
}

static void
a_refused_chain_without_a_packet_has_its_parts(void **state)
{
    vsk_chain sound = chain(NULL, 0);
    vsk_seen thing = seen(VSK_SEEN_REFUSED);
    (void)state;
    sound.readable = 20;
    thing.status = VSK_BAD_SHORT;
    thing.chain = &sound;

    assert_line(&thing,
                "0.000000000 3 tx refused head 0: a packet has at least "
                "its header's 44 bytes (chain 0, readable 20, writable "
                "0) [VSOCK-BOTH-05]");
}

static void
a_refused_chain_says_where_it_broke(void **state)
{
    vsk_chain broken = chain(NULL, 0);
    vsk_seen thing = seen(VSK_SEEN_REFUSED);
    (void)state;
    broken.status = VSK_BAD_NEXT;
    broken.slot = 8;
    thing.status = VSK_BAD_NEXT;
    thing.head = 5;
    thing.chain = &broken;

    assert_line(&thing,
                "0.000000000 3 tx refused head 5: next points outside the "
                "descriptor table (descriptor 8) [SPLIT-BOTH-05]");
}

static void
a_status_is_two_digits(void **state)
{
    vsk_seen thing = seen(VSK_SEEN_STATUS);
    (void)state;

    thing.written = 0x0f;
    assert_line(&thing, "0.000000000 3 status 0x0f");
    thing.written = 0x8f;
    assert_line(&thing, "0.000000000 3 status 0x8f");
    thing.written = 0;
    assert_line(&thing, "0.000000000 3 status 0x00");
}

static void
a_fault_says_which(void **state)
{
    vsk_seen thing = seen(VSK_SEEN_FAULT);
    (void)state;
    thing.words = "no RX buffers";

    assert_line(&thing, "0.000000000 3 fault no RX buffers");
}

static void
a_kind_that_is_none_has_no_words(void **state)
{
    vsk_seen thing = seen((vsk_seen_kind)99);
    (void)state;

    assert_line(&thing, "0.000000000 3 ");
}

static void
time_is_in_seconds_with_nine_digits(void **state)
{
    vsk_seen thing = seen(VSK_SEEN_KICK);
    (void)state;

    thing.now = 1;
    assert_line(&thing, "0.000000001 3 tx kick");
    thing.now = UINT64_C(12034000000);
    assert_line(&thing, "12.034000000 3 tx kick");
    thing.now = UINT64_MAX;
    assert_line(&thing, "18446744073.709551615 3 tx kick");
}

static void
a_guest_may_have_any_cid(void **state)
{
    vsk_seen thing = seen(VSK_SEEN_KICK);
    (void)state;
    thing.guest_cid = 0xfffffffe;

    assert_line(&thing, "0.000000000 4294967294 tx kick");
}

static void
every_queue_has_a_name(void **state)
{
    (void)state;

    /* VSOCK-BOTH-01 */
    assert_string_equal(vsk_queue_name(0), "rx");
    assert_string_equal(vsk_queue_name(1), "tx");
    assert_string_equal(vsk_queue_name(2), "event");
    assert_string_equal(vsk_queue_name(3), "configuration");
    assert_string_equal(vsk_queue_name(4), "queue");
    assert_string_equal(vsk_queue_name(UINT32_MAX), "queue");
}

/* Write into every size up to more than enough: the same text, cut. */
static void
assert_cut(size_t (*write)(const vsk_seen *, char *, size_t),
           const vsk_seen *thing)
{
    char whole[512];
    size_t length = write(thing, whole, sizeof whole);

    assert_int_equal(write(thing, NULL, 0), length);
    for (size_t size = 1; size <= length + 2; size++) {
        char *text = malloc(size);
        size_t fits = size - 1 < length ? size - 1 : length;

        assert_non_null(text);
        memset(text, RIG_FILL, size);
        assert_int_equal(write(thing, text, size), length);
        assert_int_equal(strlen(text), fits);
        assert_memory_equal(text, whole, fits);
        free(text);
    }
}

static void
a_line_is_cut_where_its_buffer_ends(void **state)
{
    vsk_span spans[] = {{.len = 44}, {.len = 5}};
    vsk_chain direct = chain(spans, 2);
    vsk_seen thing = seen(VSK_SEEN_PACKET);
    (void)state;
    thing.chain = &direct;
    thing.packet = &packet;

    assert_cut(vsk_trace_line, &thing);
    thing.kind = VSK_SEEN_REFUSED;
    thing.status = VSK_BAD_LEN;
    assert_cut(vsk_trace_line, &thing);
}

static void
a_place_is_cut_where_its_buffer_ends(void **state)
{
    vsk_span spans[] = {{.len = 44}, {.len = 5}};
    vsk_chain direct = chain(spans, 2);
    vsk_seen thing = seen(VSK_SEEN_PACKET);
    (void)state;
    thing.chain = &direct;

    assert_cut(vsk_trace_place, &thing);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_packet_has_its_queue_head_cut_and_header),
        cmocka_unit_test(a_packet_without_a_chain_has_its_queue_and_head),
        cmocka_unit_test(a_line_without_a_packet_ends_with_its_place),
        cmocka_unit_test(a_chain_in_a_table_is_indirect),
        cmocka_unit_test(a_buffer_that_regions_cut_is_one_length),
        cmocka_unit_test(a_length_of_32_bits_and_more_is_written_in_full),
        cmocka_unit_test(a_chain_without_a_span_has_no_length),
        cmocka_unit_test(a_writable_chain_has_the_lengths_of_its_descriptors),
        cmocka_unit_test(a_popped_chain_is_placed),
        cmocka_unit_test(a_place_has_no_packet),
        cmocka_unit_test(a_used_chain_has_its_head_and_the_bytes_written),
        cmocka_unit_test(notifications_have_their_queue),
        cmocka_unit_test(a_timer_says_which),
        cmocka_unit_test(a_timer_without_words_is_a_timer),
        cmocka_unit_test(an_event_is_the_only_one_there_is),
        cmocka_unit_test(a_refused_packet_has_its_reason_and_header),
        cmocka_unit_test(a_refused_chain_without_a_packet_has_its_parts),
        cmocka_unit_test(a_refused_chain_says_where_it_broke),
        cmocka_unit_test(a_status_is_two_digits),
        cmocka_unit_test(a_fault_says_which),
        cmocka_unit_test(a_kind_that_is_none_has_no_words),
        cmocka_unit_test(time_is_in_seconds_with_nine_digits),
        cmocka_unit_test(a_guest_may_have_any_cid),
        cmocka_unit_test(every_queue_has_a_name),
        cmocka_unit_test(a_line_is_cut_where_its_buffer_ends),
        cmocka_unit_test(a_place_is_cut_where_its_buffer_ends),
    };

    return cmocka_run_group_tests_name("trace", cases, NULL, NULL);
}
