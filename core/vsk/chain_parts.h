/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Parts of a walk that both ring formats share and nobody else sees.
 */
#ifndef VSK_CHAIN_PARTS_H
#define VSK_CHAIN_PARTS_H

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

/* A buffer that one look did not place: piece by piece. */
static inline vsk_status
add_pieces(walker *walk)
{
    uint64_t addr = walk->addr;
    uint32_t left = desc_len(walk);
    uint16_t flags = walk->flags;

    while (left != 0) {
        vsk_span *span;
        vsk_status status;

        if (walk->count >= walk->chain->capacity)
            return VSK_ERR_SPANS;
        span = &walk->chain->spans[walk->count];
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

    if (RARE(base == NULL || len == 0 || walk->count >= walk->chain->capacity))
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

/* The descriptor just loaded describes an indirect table: the chain's end.
 * So many more descriptors may be in it. */
static inline vsk_status
enter_table(walker *walk, const vsk_desc_table *ring, uint32_t more)
{
    vsk_chain *chain = walk->chain;
    uint32_t len = desc_len(walk);
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

/* What a walk has found, whatever its end. */
static inline vsk_status
conclude(const walker *walk, vsk_status status)
{
    vsk_chain *chain = walk->chain;

    chain->status = status;
    chain->count = walk->count;
    if ((walk->flags & VSK_SPAN_WRITE) == 0) {
        chain->read_count = walk->count;
        chain->readable = walk->bytes;
    }
    chain->writable = walk->bytes - chain->readable;
    chain->desc = desc_from(walk->addr, walk->rest);
    chain->slot = walk->slot;
    return status;
}

#endif
