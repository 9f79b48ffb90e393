/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A chain out of raw guest memory, and a packet out of it or into it.
 *
 *     kind  size  head  spans  more[12]  (kind addr? len? next){size + 8}  data ...
 *
 * kind: 1 packed, 2 INDIRECT_DESC agreed on, 4 RX, 8 the tables come as raw
 * bytes, 0x10 the wrap counter of a packed ring, 0x20 texts of the chain, 0x40
 * words of any number, 0x80 reads and writes anywhere in memory.
 */
#include "rig.h"

#include "vsk/packet.h"

#define TABLE (FUZZ_RINGS + 0x800u) /* an indirect one */
#define TABLE_SIZE 8u
#define SPANS 24u
#define MORE 12u

enum { PACKED = 1, INDIRECT = 2, RX = 4, RAW = 8, WRAP = 16 };

struct walk {
    struct fuzz_memory *memory;
    uint8_t kind;
    uint32_t size;
    uint16_t head;
    uint8_t *table;
    uint32_t next; /* where a buffer stands that follows the one before it */
    uint8_t more[MORE]; /* what is drawn once the chain was walked */
    vsk_span spans[SPANS];
    vsk_chain chain;
};

static uint64_t
draw_addr(struct walk *walk, struct fuzz_input *input, uint32_t choice)
{
    switch (choice) {
    case 0:
        return FUZZ_DATA + walk->next;
    case 1:
        return TABLE + 16 * (choice & 7);
    default:
        return fuzz_addr(input);
    }
}

/* kind: bits 0-2 flags, 3-4 address, 5-6 length, 7 odd flags. */
static void
draw_desc(struct walk *walk, struct fuzz_input *input, uint8_t *at)
{
    uint32_t kind = fuzz_u8(input);
    uint64_t addr = draw_addr(walk, input, kind >> 3 & 3);
    uint32_t len = fuzz_u8(input);
    uint16_t flags = kind & 7, next = fuzz_u8(input);

    if ((kind >> 5 & 3) == 1)
        len = len << 8 | fuzz_u8(input);
    else if ((kind >> 5 & 3) == 2)
        len = 16 * (len & 15);
    else if ((kind >> 5 & 3) == 3)
        len = fuzz_edge(input);
    if ((walk->kind & PACKED) != 0)
        flags |= (walk->kind & WRAP) != 0 ? VSK_DESC_F_AVAIL : VSK_DESC_F_USED;
    if ((kind & 0x80) != 0)
        flags ^= fuzz_u16(input);
    walk->next = (walk->next + len) & 0xfff;
    fuzz_put(at, 8, addr);
    fuzz_put(at + 8, 4, len);
    fuzz_put(at + 12, 2, (walk->kind & PACKED) != 0 ? next : flags);
    fuzz_put(at + 14, 2, (walk->kind & PACKED) != 0 ? flags : next);
}

static void
fill(struct walk *walk, struct fuzz_input *input)
{
    struct fuzz_memory *memory = walk->memory;
    uint8_t *indirect = fuzz_at(memory, TABLE, TABLE_SIZE * VSK_DESC_SIZE);

    FUZZ_CHECK(indirect != NULL);
    if ((walk->kind & RAW) != 0) {
        fuzz_take(input, walk->table, walk->size * VSK_DESC_SIZE);
        fuzz_take(input, indirect, TABLE_SIZE * VSK_DESC_SIZE);
    } else {
        for (uint32_t i = 0; i < walk->size; i++)
            draw_desc(walk, input, walk->table + VSK_DESC_SIZE * i);
        for (uint32_t i = 0; i < TABLE_SIZE && input->left != 0; i++)
            draw_desc(walk, input, indirect + VSK_DESC_SIZE * i);
    }
    for (uint32_t i = 1; i < FUZZ_REGIONS && input->left != 0; i++)
        fuzz_take(input, memory->regions[i].base, FUZZ_DATA_SIZE);
}

static void
begin(struct walk *walk, struct fuzz_input *input)
{
    uint32_t size, head;

    walk->kind = fuzz_u8(input);
    size = fuzz_u8(input);
    head = fuzz_u8(input);
    walk->memory = fuzz_memory_begin(true);
    walk->size = (walk->kind & PACKED) != 0 ? 1 + size % 16 : 1u << size % 5;
    walk->head = (uint16_t)(head % walk->size);
    walk->next = 0;
    walk->table = walk->memory->regions[0].base;
    fuzz_poison(walk->spans, sizeof walk->spans);
    vsk_chain_init(&walk->chain, walk->spans, fuzz_u8(input) % (SPANS + 1));
    fuzz_take(input, walk->more, MORE);
    fill(walk, input);
}

static vsk_status
go(struct walk *walk)
{
    const vsk_desc_table table = {walk->table, walk->size,
                                  (walk->kind & INDIRECT) != 0};
    struct fuzz_memory *memory = walk->memory;
    const uint8_t *first = walk->table + VSK_DESC_SIZE * walk->head;
    const vsk_list list = {
        .slot = walk->head,
        .flags = (uint16_t)fuzz_get(first + 14, 2),
        .most = walk->size,
    };

    return (walk->kind & PACKED) != 0
               ? vsk_chain_walk_list(&walk->chain, &memory->memory, &table,
                                     &list)
               : vsk_chain_walk(&walk->chain, &memory->memory, &table,
                                walk->head);
}

static bool
is_huge(const vsk_chain *chain)
{
    for (uint32_t i = 0; i < chain->count; i++)
        if (chain->spans[i].addr >= FUZZ_HUGE)
            return true;
    return false;
}

/* What a packet says against what stands in the chain. */
static void
check_tx(const vsk_chain *chain, const vsk_packet *packet)
{
    static uint8_t bytes[0x4000], wire[0x4000], payload[0x4000];
    uint32_t there = fuzz_gather(chain, false, bytes, sizeof bytes);
    uint32_t size = packet->size;
    vsk_packet again;

    FUZZ_CHECK(there >= VSK_HEADER_SIZE);
    FUZZ_CHECK(size == packet->header.len);
    FUZZ_CHECK(size <= VSK_PAYLOAD_MAX);
    if (VSK_HEADER_SIZE + size > there)
        return;
    FUZZ_CHECK(vsk_packet_encode(packet, wire, sizeof wire) == VSK_OK);
    FUZZ_CHECK(memcmp(wire, bytes, VSK_HEADER_SIZE + size) == 0);
    FUZZ_CHECK(vsk_packet_encode(packet, wire, VSK_HEADER_SIZE + size - 1) ==
               VSK_ERR_SPACE);
    FUZZ_CHECK(vsk_packet_parse(&again, bytes, there, VSK_PAYLOAD_MAX) ==
               VSK_OK);
    FUZZ_CHECK(vsk_packet_equal(packet, &again));
    FUZZ_CHECK(vsk_packet_read(packet, size / 2, payload, sizeof payload) ==
               size - size / 2);
    FUZZ_CHECK(memcmp(payload, bytes + VSK_HEADER_SIZE + size / 2,
                      size - size / 2) == 0);
}

static void
receive(struct walk *walk, const vsk_packet *packet)
{
    const vsk_chain *chain = &walk->chain;

    FUZZ_CHECK(chain->status == VSK_OK && chain->writable == 0);
    check_tx(chain, packet);
}

/* All that is written stands in writable buffers, and no more than is said. */
static void
transmit(struct walk *walk, vsk_packet *packet, struct fuzz_input *input)
{
    static uint8_t data[600], wire[0x4000], back[0x4000];
    const vsk_chain *chain = &walk->chain;
    uint32_t size = fuzz_u16(input) % sizeof data, said = 0;
    uint64_t left = 0;
    vsk_packet other;
    vsk_status status;

    for (uint32_t i = chain->read_count; i < chain->count; i++)
        fuzz_memory_grant(walk->memory, chain->spans[i].addr,
                          chain->spans[i].len);
    memset(data, FUZZ_PAYLOAD, sizeof data);
    vsk_packet_init(&other, data, size / 2);
    status = vsk_packet_write(packet, data, size - size / 2);
    left = packet->room - packet->size;
    FUZZ_CHECK((status == VSK_ERR_ROOM) == (packet->size != size - size / 2));
    status = vsk_packet_append(packet, &other);
    FUZZ_CHECK((status == VSK_OK) == (size / 2 <= left));
    FUZZ_CHECK(vsk_packet_commit(packet, chain, &said) == VSK_OK);
    FUZZ_CHECK(said == VSK_HEADER_SIZE + packet->size);
    FUZZ_CHECK(said <= chain->writable);
    fuzz_memory_check(walk->memory);
    for (uint32_t i = chain->read_count; i < chain->count; i++)
        for (uint32_t k = i + 1; k < chain->count; k++)
            if (chain->spans[i].addr <
                    chain->spans[k].addr + chain->spans[k].len &&
                chain->spans[k].addr <
                    chain->spans[i].addr + chain->spans[i].len)
                return; /* it overwrites itself */
    FUZZ_CHECK(vsk_packet_encode(packet, wire, sizeof wire) == VSK_OK);
    FUZZ_CHECK(fuzz_gather(chain, true, back, said) == said);
    FUZZ_CHECK(memcmp(wire, back, said) == 0);
}

/* All of a range or nothing, at any address. */
static void
touch_memory(struct walk *walk, struct fuzz_input *input)
{
    static uint8_t data[0x300], back[0x300];
    vsk_memory *memory = &walk->memory->memory;
    uint64_t addr = fuzz_addr(input);
    uint64_t len = 3 * (uint64_t)fuzz_u8(input);
    vsk_status status = vsk_memory_check(memory, addr, len);

    if (addr >= FUZZ_HUGE && addr - FUZZ_HUGE < FUZZ_HUGE_SIZE)
        return;
    memset(data, FUZZ_PAYLOAD, sizeof data);
    fuzz_memory_mark(walk->memory);
    if (status == VSK_OK)
        fuzz_memory_grant(walk->memory, addr, len);
    FUZZ_CHECK(vsk_memory_fill(memory, addr, 1, len) == status);
    FUZZ_CHECK(vsk_memory_write(memory, addr, data, len) == status);
    FUZZ_CHECK(vsk_memory_read(memory, addr, back, len) == status);
    fuzz_memory_check(walk->memory);
    FUZZ_CHECK(status != VSK_OK || memcmp(data, back, len) == 0);
}

static void
choose(struct walk *walk, struct fuzz_input *input)
{
    if ((walk->kind & 0x20) != 0)
        fuzz_print_chain(&walk->chain);
    if ((walk->kind & 0x40) != 0)
        fuzz_print_words(fuzz_u8(input));
    if ((walk->kind & 0x80) != 0)
        touch_memory(walk, input);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct walk walk;
    struct fuzz_input input = {data, size};
    vsk_packet packet;
    vsk_status status;

    begin(&walk, &input);
    input = (struct fuzz_input){walk.more, MORE};
    fuzz_memory_mark(walk.memory);
    status = go(&walk);
    FUZZ_CHECK(status == walk.chain.status);
    /* A packed ring's table may have more buffers than the ring. */
    FUZZ_CHECK((walk.kind & PACKED) != 0 || walk.chain.buffers <= walk.size);
    fuzz_check_chain(walk.memory, (walk.kind & PACKED) != 0, walk.table,
                     walk.size, &walk.chain);
    fuzz_memory_check(walk.memory);
    choose(&walk, &input);
    fuzz_memory_mark(walk.memory);
    if (is_huge(&walk.chain))
        return 0;
    if ((walk.kind & RX) == 0) {
        if (vsk_packet_from_tx(&packet, &walk.chain, VSK_PAYLOAD_MAX) == VSK_OK)
            receive(&walk, &packet);
    } else if (vsk_packet_into_rx(&packet, &walk.chain, 0x1000) == VSK_OK) {
        transmit(&walk, &packet, &input);
    }
    return 0;
}
