/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/chain.h"

#include "vsk/le.h"
#include "vsk/shared.h"

#define RARE(x) __builtin_expect(!!(x), 0)

/* A walk: what it has found so far, and the table it is in. */
typedef struct walker {
    vsk_chain *chain;
    vsk_memory *memory;
    const uint8_t *table;
    uint64_t bytes;
    uint32_t size;  /* descriptors of this table */
    uint32_t left;  /* how many of them may still be met */
    vsk_status end; /* what it means to need one more */
    uint32_t count; /* spans */
    uint16_t slot;
    uint16_t flags; /* of spans: TABLE in an indirect table, WRITE from the
                     * first writable one on */
    uint64_t addr;  /* of the descriptor that was loaded last */
    uint64_t rest;  /* its len, flags and next, as they stand in memory */
} walker;

static inline uint32_t
desc_len(const walker *walk)
{
    return (uint32_t)walk->rest;
}

/* Whether a flag is set in the descriptor that was loaded last. */
static inline bool
desc_has(const walker *walk, uint64_t flag)
{
    return (walk->rest & flag << 32) != 0;
}

void
vsk_chain_init(vsk_chain *chain, vsk_span *spans, uint32_t capacity)
{
    *chain = (vsk_chain){.spans = spans, .capacity = capacity};
}

/* A descriptor of its two halves: shifts cost less than sixteen bytes. */
static inline vsk_desc
desc_from(uint64_t addr, uint64_t rest)
{
    return (vsk_desc){
        .addr = addr,
        .len = (uint32_t)rest,
        .flags = (uint16_t)(rest >> 32),
        .next = (uint16_t)(rest >> 48),
    };
}

void
vsk_desc_decode(vsk_desc *desc, const uint8_t *wire)
{
    *desc = desc_from(vsk_le_load64(wire), vsk_le_load64(wire + 8));
}

void
vsk_desc_encode(const vsk_desc *desc, uint8_t *wire)
{
    vsk_le_store64(wire, desc->addr);
    vsk_le_store32(wire + 8, desc->len);
    vsk_le_store16(wire + 12, desc->flags);
    vsk_le_store16(wire + 14, desc->next);
}

/* A buffer that one look did not place: piece by piece. */
static inline vsk_status
add_pieces(walker *walk)
{
    uint64_t addr = walk->addr;
    uint32_t left = desc_len(walk);
    uint16_t flags = walk->flags;

    while (left != 0) {
        vsk_span *span = &walk->chain->spans[walk->count];
        vsk_status status;

        if (walk->count == walk->chain->capacity)
            return VSK_ERR_SPANS;
        status = vsk_memory_span(walk->memory, addr, left, span);
        if (status != VSK_OK)
            return status;
        span->slot = walk->slot;
        span->flags = flags;
        flags |= VSK_SPAN_REST;
        walk->count++;
        addr += span->len;
        left -= span->len;
        /* The address space ends at 2^64: no buffer comes round to 0. */
        if (left != 0 && addr == 0)
            return VSK_BAD_ADDRESS;
    }
    return VSK_OK;
}

static inline vsk_status
add_spans(walker *walk)
{
    uint32_t len = desc_len(walk);
    uint8_t *base = vsk_memory_hit(walk->memory, walk->addr, len);

    if (RARE(base == NULL || len == 0 || walk->count == walk->chain->capacity))
        return add_pieces(walk);
    walk->chain->spans[walk->count++] =
        (vsk_span){base, walk->addr, len, walk->slot, walk->flags};
    return VSK_OK;
}

/* The descriptor just loaded describes a buffer. */
static inline vsk_status
add_buffer(walker *walk)
{
    bool write = desc_has(walk, VSK_DESC_F_WRITE);
    bool writing = (walk->flags & VSK_SPAN_WRITE) != 0;
    vsk_status status;

    if (RARE(write != writing)) {
        if (writing)
            return VSK_BAD_ORDER;
        /* All before it is the readable part. */
        walk->flags |= VSK_SPAN_WRITE;
        walk->chain->read_count = walk->count;
        walk->chain->readable = walk->bytes;
    }
    if (RARE(walk->bytes + desc_len(walk) > VSK_CHAIN_MAX))
        return VSK_BAD_TOTAL;
    status = add_spans(walk);
    if (status != VSK_OK)
        return status;
    walk->bytes += desc_len(walk);
    walk->chain->buffers++;
    return VSK_OK;
}

/* The descriptor just loaded describes an indirect table: the chain's end. */
static vsk_status
enter_table(walker *walk, const vsk_desc_table *ring)
{
    vsk_chain *chain = walk->chain;
    uint32_t len = desc_len(walk);
    uint32_t more = ring->size - chain->buffers;
    uint8_t *table;

    if (chain->indirect)
        return VSK_BAD_NESTED;
    if (!ring->indirect)
        return VSK_BAD_INDIRECT;
    if (desc_has(walk, VSK_DESC_F_NEXT))
        return VSK_BAD_INDIRECT_NEXT;
    if (len == 0 || len % VSK_DESC_SIZE != 0)
        return VSK_BAD_TABLE_LEN;
    if (vsk_memory_map(walk->memory, walk->addr, len, &table) != VSK_OK)
        return VSK_BAD_TABLE_ADDRESS;
    chain->indirect = true;
    chain->table = walk->addr;
    walk->table = table;
    walk->size = len / VSK_DESC_SIZE;
    /* More steps than descriptors: the chain bites its own tail. */
    walk->end = walk->size <= more ? VSK_BAD_LOOP : VSK_BAD_LONG;
    walk->left = walk->size <= more ? walk->size : more;
    walk->flags |= VSK_SPAN_TABLE;
    walk->slot = 0;
    return VSK_OK;
}

/* Load the descriptor at the walk's slot, the only time. */
static inline vsk_status
load(walker *walk)
{
    uint64_t wire[2];

    if (RARE(walk->slot >= walk->size))
        return VSK_BAD_NEXT;
    if (RARE(walk->left == 0))
        return walk->end;
    walk->left--;
    vsk_shared_copy(wire, walk->table + (size_t)walk->slot * VSK_DESC_SIZE,
                    sizeof wire);
    walk->addr = VSK_LE64(wire[0]);
    walk->rest = VSK_LE64(wire[1]);
    return VSK_OK;
}

static inline vsk_status
follow(walker *walk, const vsk_desc_table *ring)
{
    for (;;) {
        vsk_status status = load(walk);

        if (RARE(status != VSK_OK))
            return status;
        if (RARE(desc_has(walk, VSK_DESC_F_INDIRECT))) {
            status = enter_table(walk, ring);
            if (status != VSK_OK)
                return status;
            continue;
        }
        status = add_buffer(walk);
        if (status != VSK_OK || !desc_has(walk, VSK_DESC_F_NEXT))
            return status;
        walk->slot = (uint16_t)(walk->rest >> 48);
    }
}

vsk_status
vsk_chain_walk(vsk_chain *chain, vsk_memory *memory,
               const vsk_desc_table *table, uint16_t head)
{
    walker walk = {
        .chain = chain,
        .memory = memory,
        .table = table->base,
        .size = table->size,
        .left = table->size,
        .end = VSK_BAD_LOOP,
        .slot = head,
    };

    chain->head = head;
    chain->buffers = 0;
    chain->indirect = false;
    chain->table = 0;
    chain->status = follow(&walk, table);
    chain->count = walk.count;
    if ((walk.flags & VSK_SPAN_WRITE) == 0) {
        chain->read_count = walk.count;
        chain->readable = walk.bytes;
    }
    chain->writable = walk.bytes - chain->readable;
    chain->desc = desc_from(walk.addr, walk.rest);
    chain->slot = walk.slot;
    return chain->status;
}

void
vsk_chain_write(const vsk_chain *chain, const void *data, uint32_t size)
{
    const uint8_t *from = data;

    for (uint32_t done = 0, at = chain->read_count; done < size; at++) {
        const vsk_span *span = &chain->spans[at];
        uint32_t part = size - done;

        if (part > span->len)
            part = span->len;
        vsk_shared_write(span->base, from + done, part);
        done += part;
    }
}
