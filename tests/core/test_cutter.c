/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Every cut of a 49-byte packet into up to six buffers, out of a TX chain and
 * into an RX chain: always the same packet. The buffers lie apart, and the
 * edge of two regions goes through all places between and inside of them. */
#include "rig.h"

#define BYTES 49u /* of the packet */
#define PARTS 6u
#define GAP 3u /* between two buffers */
#define WINDOW (BYTES + PARTS * GAP)

/* How a chain is posted. */
enum form { DIRECT, INDIRECT, DIRECT_THEN_INDIRECT };

/* Calls for each cut, and what is the same for all of them. */
struct cutter {
    struct rig *rig;
    enum form form;
    void (*visit)(struct cutter *cutter, const uint32_t *lens, uint32_t parts);
    uint8_t packet[BYTES];
    uint32_t count; /* cuts so far */
};

static const vsk_header header = {
    .src_cid = 3,
    .dst_cid = 2,
    .src_port = 0x01020304,
    .dst_port = 0x05060708,
    .len = 5,
    .type = VSK_TYPE_SEQPACKET,
    .op = VSK_OP_RW,
    .flags = VSK_SEQ_EOM,
    .buf_alloc = 0x11121314,
    .fwd_cnt = 0x21222324,
};

/* Where the window of a cut begins: the edge walks through it. */
static uint64_t
window_at(const struct cutter *cutter)
{
    return RIG_NEXT - cutter->count % WINDOW;
}

/* What the window holds once the packet is in these buffers. */
static void
picture(const struct cutter *cutter, const uint32_t *lens, uint32_t parts,
        uint8_t *window)
{
    const uint8_t *from = cutter->packet;

    memset(window, RIG_FILL, WINDOW);
    for (uint32_t i = 0; i < parts; i++) {
        memcpy(window, from, lens[i]);
        window += lens[i] + GAP;
        from += lens[i];
    }
}

static void
post(struct cutter *cutter, const uint32_t *lens, uint32_t parts, bool write)
{
    uint64_t at = window_at(cutter);
    vsk_buffer buffers[PARTS];
    uint32_t indirect = 0;

    for (uint32_t i = 0; i < parts; i++) {
        buffers[i] = (vsk_buffer){at, lens[i], write};
        at += lens[i] + GAP;
    }
    if (cutter->form == INDIRECT)
        indirect = parts;
    else if (cutter->form == DIRECT_THEN_INDIRECT)
        indirect = 1 + cutter->count % parts;
    rig_add(cutter->rig, buffers, parts, indirect, cutter->count);
}

static void
fail_cut(const struct cutter *cutter, const uint32_t *lens, uint32_t parts)
{
    char text[64];
    size_t at = 0;

    for (uint32_t i = 0; i < parts; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, " %u", lens[i]);
    fail_msg("cut%s, window at 0x%llx", text,
             (unsigned long long)window_at(cutter));
}

static void
reap(struct cutter *cutter, uint32_t written)
{
    vsk_used used;

    assert_int_equal(
        vsk_queue_push(&cutter->rig->device, &cutter->rig->chain, written),
        VSK_OK);
    assert_int_equal(vsk_queue_reap(&cutter->rig->driver, &used), VSK_OK);
    assert_int_equal(used.written, written);
}

static void
read_cut(struct cutter *cutter, const uint32_t *lens, uint32_t parts)
{
    uint8_t window[WINDOW], wire[BYTES];
    vsk_packet packet;

    picture(cutter, lens, parts, window);
    assert_int_equal(vsk_memory_write(&cutter->rig->memory, window_at(cutter),
                                      window, WINDOW),
                     VSK_OK);
    post(cutter, lens, parts, false);
    if (vsk_packet_from_tx(&packet, rig_pop(cutter->rig), 5) != VSK_OK ||
        vsk_packet_encode(&packet, wire, BYTES) != VSK_OK ||
        !vsk_header_equal(&packet.header, &header) ||
        memcmp(wire, cutter->packet, BYTES) != 0)
        fail_cut(cutter, lens, parts);
    reap(cutter, 0);
}

static void
write_cut(struct cutter *cutter, const uint32_t *lens, uint32_t parts)
{
    uint8_t window[WINDOW], found[WINDOW];
    uint32_t written = 0;
    vsk_packet packet;

    assert_int_equal(vsk_memory_fill(&cutter->rig->memory, window_at(cutter),
                                     RIG_FILL, WINDOW),
                     VSK_OK);
    post(cutter, lens, parts, true);
    assert_int_equal(vsk_packet_into_rx(&packet, rig_pop(cutter->rig), 5),
                     VSK_OK);
    packet.header = header;
    assert_int_equal(
        vsk_packet_write(&packet, cutter->packet + VSK_HEADER_SIZE, 5), VSK_OK);
    assert_int_equal(vsk_packet_commit(&packet, &cutter->rig->chain, &written),
                     VSK_OK);
    picture(cutter, lens, parts, window);
    assert_int_equal(
        vsk_memory_read(&cutter->rig->memory, window_at(cutter), found, WINDOW),
        VSK_OK);
    if (memcmp(found, window, WINDOW) != 0)
        fail_cut(cutter, lens, parts);
    reap(cutter, BYTES);
}

/* Visit every way to cut what is left into so many more parts. */
static void
cut(struct cutter *cutter, uint32_t *lens, uint32_t done, uint32_t parts,
    uint32_t left)
{
    if (done + 1 == parts) {
        lens[done] = left;
        cutter->visit(cutter, lens, parts);
        cutter->count++;
        return;
    }
    for (uint32_t len = 1; len <= left - (parts - done - 1); len++) {
        lens[done] = len;
        cut(cutter, lens, done + 1, parts, left - len);
    }
}

/* Visit all cuts; the count of them is known: the compositions of 49. */
static void
cut_all(enum form form, void (*visit)(struct cutter *cutter,
                                      const uint32_t *lens, uint32_t parts))
{
    struct cutter cutter = {.rig = rig_new(8, RIG_BOTH | rig_format()),
                            .form = form};
    const vsk_buffer two[] = {{RIG_DATA, 44, false}, {RIG_DATA + 44, 5, false}};
    uint32_t lens[PARTS];
    uint16_t head;

    /* PACKED-DRV-06 */
    if (cutter.rig->driver.ring.packed && form == DIRECT_THEN_INDIRECT) {
        assert_int_equal(
            vsk_buffers_add(&cutter.rig->buffers, two, 2, 1, &head),
            VSK_ERR_MIXED);
        rig_free(cutter.rig);
        return;
    }
    vsk_header_encode(&header, cutter.packet);
    memcpy(cutter.packet + VSK_HEADER_SIZE, "hello", 5);
    cutter.visit = visit;
    for (uint32_t parts = 1; parts <= PARTS; parts++)
        cut(&cutter, lens, 0, parts, BYTES);

    /* C(48, 0) + C(48, 1) + ... + C(48, 5) */
    assert_int_equal(cutter.count, 1925357);
    rig_free(cutter.rig);
}

static void
every_direct_cut_reads_as_the_same_packet(void **state)
{
    (void)state;

    /* FRAME-BOTH-01, FRAME-DEV-01 */
    cut_all(DIRECT, read_cut);
}

static void
every_indirect_cut_reads_as_the_same_packet(void **state)
{
    (void)state;

    cut_all(INDIRECT, read_cut);
}

static void
every_cut_of_direct_then_indirect_reads_as_the_same_packet(void **state)
{
    (void)state;

    cut_all(DIRECT_THEN_INDIRECT, read_cut);
}

static void
every_direct_cut_is_written_as_the_same_packet(void **state)
{
    (void)state;

    cut_all(DIRECT, write_cut);
}

static void
every_indirect_cut_is_written_as_the_same_packet(void **state)
{
    (void)state;

    cut_all(INDIRECT, write_cut);
}

static void
every_cut_of_direct_then_indirect_is_written_as_the_same_packet(void **state)
{
    (void)state;

    cut_all(DIRECT_THEN_INDIRECT, write_cut);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(every_direct_cut_reads_as_the_same_packet),
        cmocka_unit_test(every_indirect_cut_reads_as_the_same_packet),
        cmocka_unit_test(
            every_cut_of_direct_then_indirect_reads_as_the_same_packet),
        cmocka_unit_test(every_direct_cut_is_written_as_the_same_packet),
        cmocka_unit_test(every_indirect_cut_is_written_as_the_same_packet),
        cmocka_unit_test(
            every_cut_of_direct_then_indirect_is_written_as_the_same_packet),
    };

    return cmocka_run_group_tests_name("cutter", cases, NULL, NULL);
}
