/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/chain.h"

#include "vsk/le.h"
#include "vsk/shared.h"

/* A walk: the chain it fills, and the table it is in. */
typedef struct walker {
    vsk_chain *chain;
    vsk_memory *memory;
    uint32_t limit; /* buffers in a chain: the queue size */
    bool indirect;  /* INDIRECT may be met */
    const uint8_t *table;
    uint32_t size;
    uint32_t steps;      /* descriptors met in this table */
    uint16_t span_flags; /* 0 in the ring's table, else VSK_SPAN_TABLE */
    bool writing;        /* a writable descriptor was met */
} walker;

void
vsk_chain_init(vsk_chain *chain, vsk_span *spans, uint32_t capacity)
{
    *chain = (vsk_chain){.spans = spans, .capacity = capacity};
}

void
vsk_desc_decode(vsk_desc *desc, const uint8_t *wire)
{
    desc->addr = vsk_le_load64(wire);
    desc->len = vsk_le_load32(wire + 8);
    desc->flags = vsk_le_load16(wire + 12);
    desc->next = vsk_le_load16(wire + 14);
}

void
vsk_desc_encode(const vsk_desc *desc, uint8_t *wire)
{
    vsk_le_store64(wire, desc->addr);
    vsk_le_store32(wire + 8, desc->len);
    vsk_le_store16(wire + 12, desc->flags);
    vsk_le_store16(wire + 14, desc->next);
}

static vsk_status
add_spans(walker *walk, uint16_t flags)
{
    vsk_chain *chain = walk->chain;
    uint64_t addr = chain->desc.addr;
    uint32_t left = chain->desc.len;

    while (left != 0) {
        vsk_span *span = &chain->spans[chain->count];
        vsk_status status;

        if (chain->count == chain->capacity)
            return VSK_ERR_SPANS;
        status = vsk_memory_span(walk->memory, addr, left, span);
        if (status != VSK_OK)
            return status;
        span->slot = chain->slot;
        span->flags = flags;
        flags |= VSK_SPAN_REST;
        chain->count++;
        addr += span->len;
        left -= span->len;
        /* The address space ends at 2^64: no buffer comes round to 0. */
        if (left != 0 && addr == 0)
            return VSK_BAD_ADDRESS;
    }
    return VSK_OK;
}

/* The descriptor just loaded describes a buffer. */
static vsk_status
add_buffer(walker *walk)
{
    vsk_chain *chain = walk->chain;
    uint32_t len = chain->desc.len;
    bool write = (chain->desc.flags & VSK_DESC_F_WRITE) != 0;
    uint16_t flags = walk->span_flags;
    vsk_status status;

    if (chain->buffers == walk->limit)
        return VSK_BAD_LONG;
    if (!write && walk->writing)
        return VSK_BAD_ORDER;
    if (chain->readable + chain->writable + len > VSK_CHAIN_MAX)
        return VSK_BAD_TOTAL;
    if (write) {
        flags |= VSK_SPAN_WRITE;
        walk->writing = true;
    }
    status = add_spans(walk, flags);
    if (status != VSK_OK)
        return status;

    chain->buffers++;
    if (write) {
        chain->writable += len;
    } else {
        chain->readable += len;
        chain->read_count = chain->count;
    }
    return VSK_OK;
}

/* The descriptor just loaded describes an indirect table: the chain's end. */
static vsk_status
enter_table(walker *walk)
{
    vsk_chain *chain = walk->chain;
    uint32_t len = chain->desc.len;
    uint8_t *table;

    if (walk->span_flags != 0)
        return VSK_BAD_NESTED;
    if (!walk->indirect)
        return VSK_BAD_INDIRECT;
    if ((chain->desc.flags & VSK_DESC_F_NEXT) != 0)
        return VSK_BAD_INDIRECT_NEXT;
    if (len == 0 || len % VSK_DESC_SIZE != 0)
        return VSK_BAD_TABLE_LEN;
    if (vsk_memory_map(walk->memory, chain->desc.addr, len, &table) != VSK_OK)
        return VSK_BAD_TABLE_ADDRESS;
    chain->indirect = true;
    chain->table = chain->desc.addr;
    walk->table = table;
    walk->size = len / VSK_DESC_SIZE;
    walk->steps = 0;
    walk->span_flags = VSK_SPAN_TABLE;
    return VSK_OK;
}

/* Load the descriptor at the chain's slot, the only time. */
static vsk_status
load(walker *walk)
{
    vsk_chain *chain = walk->chain;
    uint8_t wire[VSK_DESC_SIZE];

    if (chain->slot >= walk->size)
        return VSK_BAD_NEXT;
    /* More steps than descriptors: the chain bites its own tail. */
    if (walk->steps == walk->size)
        return VSK_BAD_LOOP;
    walk->steps++;
    vsk_shared_copy(wire, walk->table + (size_t)chain->slot * VSK_DESC_SIZE,
                    sizeof wire);
    vsk_desc_decode(&chain->desc, wire);
    return VSK_OK;
}

static vsk_status
follow(walker *walk)
{
    vsk_chain *chain = walk->chain;

    for (;;) {
        vsk_status status = load(walk);

        if (status != VSK_OK)
            return status;
        if ((chain->desc.flags & VSK_DESC_F_INDIRECT) != 0) {
            status = enter_table(walk);
            if (status != VSK_OK)
                return status;
            chain->slot = 0;
            continue;
        }
        status = add_buffer(walk);
        if (status != VSK_OK || (chain->desc.flags & VSK_DESC_F_NEXT) == 0)
            return status;
        chain->slot = chain->desc.next;
    }
}

vsk_status
vsk_chain_walk(vsk_chain *chain, vsk_memory *memory, const vsk_table *table,
               uint16_t head)
{
    walker walk = {
        .chain = chain,
        .memory = memory,
        .limit = table->size,
        .indirect = table->indirect,
        .table = table->base,
        .size = table->size,
    };

    chain->count = 0;
    chain->read_count = 0;
    chain->buffers = 0;
    chain->readable = 0;
    chain->writable = 0;
    chain->desc = (vsk_desc){0};
    chain->table = 0;
    chain->head = head;
    chain->indirect = false;
    chain->slot = head;
    chain->status = follow(&walk);
    return chain->status;
}
