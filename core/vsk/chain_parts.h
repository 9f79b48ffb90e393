/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Parts of a walk that both ring formats share and nobody else sees.
 */
#ifndef VSK_CHAIN_PARTS_H
#define VSK_CHAIN_PARTS_H

#include "vsk/chain.h"
#include "vsk/hot_parts.h"
#include "vsk/le.h"
#include "vsk/shared.h"

/* A walk: what it has found so far, and the table it is in. Its address goes to
 * no function that is not inlined: so it needs no memory. */
typedef struct walker {
    vsk_chain *chain;
    vsk_memory *memory;
    const uint8_t *table;
    uint64_t room;  /* bytes that the chain may still have */
    uint32_t size;  /* descriptors of this table */
    uint32_t left;  /* how many of them may still be met */
    uint32_t count; /* spans */
    uint32_t slot;
    uint32_t flags; /* of spans: TABLE in an indirect table, WRITE from the
                     * first writable one on; and WALK_CUT */
    uint64_t addr;  /* of the descriptor that was loaded last */
    uint32_t len;
    uint32_t more; /* its flags, and its next in the upper half */
} walker;

/* This table has more descriptors than the chain may have. */
#define WALK_CUT 0x10000u

/* Bytes of the descriptors that were taken into the walk. */
STEP uint64_t
bytes_of(const walker *walk)
{
    return VSK_CHAIN_MAX - walk->room;
}

/* Whether a flag is set in the descriptor that was loaded last. */
STEP bool
desc_has(const walker *walk, uint32_t flag)
{
    return (walk->more & flag) != 0;
}

_Static_assert(VSK_SPAN_WRITE == VSK_DESC_F_WRITE, "compared at once");
_Static_assert(((VSK_SPAN_TABLE | VSK_SPAN_WRITE) & VSK_DESC_F_INDIRECT) == 0,
               "no span of a walk has it");

/* Whether it describes a buffer, of the same kind as the one before it. */
STEP bool
is_plain(const walker *walk)
{
    return ((walk->more ^ walk->flags) &
            (VSK_DESC_F_WRITE | VSK_DESC_F_INDIRECT)) == 0;
}

/* What vsk_chain_add is told of a buffer. */
typedef struct vsk_piece {
    uint64_t addr;
    uint32_t len;
    uint16_t slot;
    uint16_t flags;
} vsk_piece;

/* Add a buffer that one look did not place, piece by piece, behind the spans
 * that chain->count says. */
APART vsk_status vsk_chain_add(vsk_chain *chain, vsk_memory *memory,
                               vsk_piece buffer);

/* The descriptor just loaded describes a buffer of the same kind as the one
 * before it. */
STEP vsk_status
add_buffer(walker *walk)
{
    vsk_chain *chain = walk->chain;
    uint32_t len = walk->len;
    uint8_t *base;

    if (RARE(len > walk->room))
        return VSK_BAD_TOTAL;
    if (RARE(walk->count >= chain->capacity ||
             (!vsk_memory_hit(walk->memory, walk->addr, len, &base) &&
              (base = vsk_memory_look(walk->memory, walk->addr, len)) ==
                  NULL))) {
        vsk_piece buffer = {walk->addr, len, (uint16_t)walk->slot,
                            (uint16_t)walk->flags};
        vsk_status status;

        chain->count = walk->count;
        status = vsk_chain_add(chain, walk->memory, buffer);
        walk->count = chain->count;
        if (status != VSK_OK)
            return status;
    } else {
        chain->spans[walk->count++] = (vsk_span){
            base, walk->addr, len, (uint16_t)walk->slot, (uint16_t)walk->flags};
    }
    walk->room -= len;
    chain->buffers++;
    return VSK_OK;
}

/* From readable buffers to writable ones: all before is the readable part. */
STEP vsk_status
begin_writable(walker *walk)
{
    if ((walk->flags & VSK_SPAN_WRITE) != 0)
        return VSK_BAD_ORDER;
    walk->flags |= VSK_SPAN_WRITE;
    walk->chain->read_count = walk->count;
    walk->chain->readable = bytes_of(walk);
    return VSK_OK;
}

/* The descriptor just loaded describes an indirect table: the chain's end.
 * So many more descriptors may be in it. */
STEP vsk_status
enter_table(walker *walk, const vsk_desc_table *ring, uint32_t more)
{
    vsk_chain *chain = walk->chain;
    uint32_t len = walk->len;
    uint8_t *table;

    if (chain->indirect)
        return VSK_BAD_NESTED;
    if (!ring->indirect)
        return VSK_BAD_INDIRECT;
    if (desc_has(walk, VSK_DESC_F_NEXT))
        return VSK_BAD_INDIRECT_NEXT;
    if (len == 0 || len % VSK_DESC_SIZE != 0)
        return VSK_BAD_TABLE_LEN;
    if (!vsk_region_hit(walk->memory->map, walk->addr, len, &table) &&
        vsk_memory_map(walk->memory, walk->addr, len, &table) != VSK_OK)
        return VSK_BAD_TABLE_ADDRESS;
    chain->indirect = true;
    chain->table = walk->addr;
    walk->table = table;
    walk->size = len / VSK_DESC_SIZE;
    walk->left = walk->size;
    walk->flags |= VSK_SPAN_TABLE;
    if (walk->size > more) {
        walk->left = more;
        walk->flags |= WALK_CUT;
    }
    walk->slot = 0;
    return VSK_OK;
}

/* Load the descriptor at the walk's slot, which is in the table. */
STEP void
fetch(walker *walk)
{
    const uint8_t *at = walk->table + (size_t)walk->slot * VSK_DESC_SIZE;
    uint64_t rest;

    vsk_shared_pair(at, &walk->addr, &rest);
    walk->len = (uint32_t)rest;
    walk->more = (uint32_t)(rest >> 32);
}

/* Load the descriptor at the walk's slot, the only time. */
STEP vsk_status
load(walker *walk)
{
    if (RARE(walk->slot >= walk->size))
        return VSK_BAD_NEXT;
    /* More steps than descriptors: the chain bites its own tail. */
    if (RARE(walk->left == 0))
        return (walk->flags & WALK_CUT) != 0 ? VSK_BAD_LONG : VSK_BAD_LOOP;
    walk->left--;
    fetch(walk);
    return VSK_OK;
}

/* What a walk has found, whatever its end; if that is a fault, also where. */
STEP vsk_status
conclude(const walker *walk, vsk_status status)
{
    vsk_chain *chain = walk->chain;

    chain->status = status;
    chain->count = walk->count;
    if ((walk->flags & VSK_SPAN_WRITE) == 0) {
        chain->read_count = walk->count;
        chain->readable = bytes_of(walk);
        chain->writable = 0;
    } else {
        chain->writable = bytes_of(walk) - chain->readable;
    }
    if (RARE(status != VSK_OK)) {
        chain->desc = (vsk_desc){walk->addr, walk->len, (uint16_t)walk->more,
                                 (uint16_t)(walk->more >> 16)};
        chain->slot = (uint16_t)walk->slot;
    }
    return status;
}

/* Follow a chain of a split ring to its end, or to a fault. */
STEP vsk_status
follow(walker *walk, const vsk_desc_table *ring)
{
    for (;;) {
        vsk_status status = load(walk);

        if (RARE(status != VSK_OK))
            return status;
        if (RARE(!is_plain(walk))) {
            if (desc_has(walk, VSK_DESC_F_INDIRECT)) {
                status =
                    enter_table(walk, ring, ring->size - walk->chain->buffers);
                if (status != VSK_OK)
                    return status;
                continue;
            }
            status = begin_writable(walk);
            if (status != VSK_OK)
                return status;
        }
        status = add_buffer(walk);
        if (RARE(status != VSK_OK) || !desc_has(walk, VSK_DESC_F_NEXT))
            return status;
        walk->slot = walk->more >> 16;
    }
}

/* vsk_chain_walk, to be inlined. */
STEP vsk_status
walk_ring(vsk_chain *chain, vsk_memory *memory, const vsk_desc_table *table,
          uint16_t head)
{
    walker walk = {
        .chain = chain,
        .memory = memory,
        .table = table->base,
        .room = VSK_CHAIN_MAX,
        .size = table->size,
        .left = table->size,
        .slot = head,
    };

    chain->head = head;
    chain->buffers = 0;
    chain->indirect = false;
    chain->table = 0;
    return conclude(&walk, follow(&walk, table));
}

#endif
