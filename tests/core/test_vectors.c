/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Every chain that a real kernel posted, at the addresses where it did. */
#include "rig.h"

static const char *const files[] = {
    "linux-5.10-indirect.chains.jsonl", "linux-6.1-direct.chains.jsonl",
    "linux-6.1-indirect.chains.jsonl",  "linux-6.12-indirect.chains.jsonl",
    "linux-7.3-indirect.chains.jsonl",
};

#define FILES (sizeof files / sizeof files[0])

/* Do something with every recorded chain; count them. */
static uint32_t
for_each(void (*visit)(const struct rig_recorded *recorded))
{
    uint32_t count = 0;

    for (size_t i = 0; i < FILES; i++) {
        char *text = rig_vector(files[i]);
        const char *at = text;
        struct rig_recorded recorded;

        while (rig_recorded_next(&at, &recorded)) {
            visit(&recorded);
            free(recorded.bytes);
            count++;
        }
        free(text);
    }
    return count;
}

static void
assert_packet(const vsk_packet *packet, const struct rig_recorded *recorded)
{
    uint8_t *wire = malloc(recorded->size);

    assert_non_null(wire);
    assert_int_equal(packet->size, recorded->size - VSK_HEADER_SIZE);
    assert_int_equal(vsk_packet_encode(packet, wire, recorded->size), VSK_OK);
    assert_memory_equal(wire, recorded->bytes, recorded->size);
    free(wire);
}

static void
assert_chain_is_as_recorded(const struct rig_recorded *recorded)
{
    struct rig *rig = rig_around(recorded);

    rig_post(rig, recorded);
    rig_pop(rig);
    assert_int_equal(rig->chain.indirect, recorded->indirect);
    assert_int_equal(rig->chain.buffers, recorded->count);
    assert_int_equal(rig->chain.count, recorded->count);
    for (uint32_t i = 0; i < recorded->count; i++) {
        assert_int_equal(rig->spans[i].addr, recorded->list[i].addr);
        assert_int_equal(rig->spans[i].len, recorded->list[i].len);
        assert_int_equal((rig->spans[i].flags & VSK_SPAN_WRITE) != 0,
                         recorded->list[i].write);
    }
    rig_free(rig);
}

static void
assert_tx_parses(const struct rig_recorded *recorded)
{
    struct rig *rig;
    vsk_packet packet;

    if (!recorded->tx)
        return;
    rig = rig_around(recorded);
    rig_post(rig, recorded);
    assert_int_equal(vsk_packet_from_tx(&packet, rig_pop(rig), VSK_PAYLOAD_MAX),
                     VSK_OK);
    assert_packet(&packet, recorded);
    rig_free(rig);
}

/* The same without our driver: descriptors by hand, from the head recorded. */
static void
assert_tx_parses_at_its_head(const struct rig_recorded *recorded)
{
    struct rig *rig;
    vsk_packet packet;
    uint64_t table = RIG_RING;
    uint16_t slot = recorded->head;

    if (!recorded->tx)
        return;
    rig = rig_around(recorded);
    if (recorded->indirect) {
        table = RIG_RING + 0x8000;
        rig_desc(rig, RIG_RING, slot, table, 16 * recorded->count, RIG_I, 0);
        slot = 0;
    }
    for (uint32_t i = 0; i < recorded->count; i++, slot++)
        rig_desc(rig, table, slot, recorded->list[i].addr,
                 recorded->list[i].len, i + 1 < recorded->count ? RIG_N : RIG_R,
                 (uint16_t)(slot + 1));
    vsk_queue_stage_head(&rig->driver, recorded->head);
    vsk_queue_offer(&rig->driver);

    assert_int_equal(vsk_packet_from_tx(&packet, rig_pop(rig), VSK_PAYLOAD_MAX),
                     VSK_OK);
    assert_int_equal(rig->chain.head, recorded->head);
    assert_packet(&packet, recorded);
    rig_free(rig);
}

static void
assert_header_passes_the_check(const struct rig_recorded *recorded)
{
    vsk_header header;

    if (!recorded->tx)
        return;
    vsk_header_decode(&header, recorded->bytes);
    assert_int_equal(vsk_header_check(&header), VSK_OK);
    assert_int_equal(header.src_cid, 42);
    assert_int_equal(header.dst_cid, 2);
}

/* Fill an RX chain to its last byte and read it at the driver's end. */
static void
assert_rx_fills(const struct rig_recorded *recorded)
{
    struct rig *rig;
    uint8_t payload[8192], back[8192];
    uint32_t size = 0, written;
    vsk_span spans[4];
    vsk_chain chain;
    vsk_packet packet, read;
    vsk_used used;

    if (recorded->tx)
        return;
    for (uint32_t i = 0; i < recorded->count; i++)
        size += recorded->list[i].len;
    size -= VSK_HEADER_SIZE;
    rig_pattern(payload, size, 3);
    rig = rig_around(recorded);
    rig_post(rig, recorded);

    assert_int_equal(vsk_packet_into_rx(&packet, rig_pop(rig), VSK_PAYLOAD_MAX),
                     VSK_OK);
    assert_int_equal(packet.room, size);
    packet.header.op = VSK_OP_RW;
    packet.header.fwd_cnt = 0x01020304;
    assert_int_equal(vsk_packet_write(&packet, payload, size), VSK_OK);
    assert_int_equal(vsk_packet_commit(&packet, &rig->chain, &written), VSK_OK);
    assert_int_equal(vsk_queue_push(&rig->device, &rig->chain, written),
                     VSK_OK);

    assert_int_equal(vsk_buffers_reap(&rig->buffers, &used), VSK_OK);
    vsk_chain_init(&chain, spans, 4);
    assert_int_equal(vsk_buffers_written(&rig->buffers, &used, &chain), VSK_OK);
    assert_int_equal(
        vsk_packet_from_spans(&read, chain.spans, chain.count, size), VSK_OK);
    assert_int_equal(read.header.fwd_cnt, 0x01020304);
    assert_int_equal(vsk_packet_read(&read, 0, back, sizeof back), size);
    assert_memory_equal(back, payload, size);
    rig_free(rig);
}

static void
every_recorded_chain_is_popped_as_it_was_recorded(void **state)
{
    (void)state;

    assert_int_equal(for_each(assert_chain_is_as_recorded), 134);
}

static void
every_recorded_tx_chain_holds_its_packet(void **state)
{
    (void)state;

    for_each(assert_tx_parses);
}

static void
every_recorded_tx_chain_holds_its_packet_at_its_own_head(void **state)
{
    (void)state;

    for_each(assert_tx_parses_at_its_head);
}

static void
every_header_of_linux_passes_the_check(void **state)
{
    (void)state;

    for_each(assert_header_passes_the_check);
}

static void
every_recorded_rx_chain_is_filled_and_read_back(void **state)
{
    (void)state;

    for_each(assert_rx_fills);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(every_recorded_chain_is_popped_as_it_was_recorded),
        cmocka_unit_test(every_recorded_tx_chain_holds_its_packet),
        cmocka_unit_test(
            every_recorded_tx_chain_holds_its_packet_at_its_own_head),
        cmocka_unit_test(every_header_of_linux_passes_the_check),
        cmocka_unit_test(every_recorded_rx_chain_is_filled_and_read_back),
    };

    return cmocka_run_group_tests_name("vectors", cases, NULL, NULL);
}
