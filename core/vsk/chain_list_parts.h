/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * The walk of a list in a packed ring (virtio 1.4, 2.8.6 and 2.8.7), to be
 * inlined.
 */
#ifndef VSK_CHAIN_LIST_PARTS_H
#define VSK_CHAIN_LIST_PARTS_H

#include "vsk/chain_parts.h"

#define TABLE_MAX 32768u /* entries of a table that a list may be */
#define PACKED_FLAGS (VSK_DESC_F_NEXT | VSK_DESC_F_WRITE | VSK_DESC_F_INDIRECT)
#define PACKED_LAP (VSK_DESC_F_AVAIL | VSK_DESC_F_USED)

/* A place in a list: the descriptor met last, and what may follow. */
typedef struct follower {
    const vsk_desc_table *table;
    const uint8_t *at; /* it, in the table */
    uint32_t slot;     /* and its place there */
    uint32_t left;     /* descriptors that the list may still have */
    uint32_t id;       /* of its last descriptor, when it was met: its name */
    uint32_t flags;
    uint32_t lap; /* AVAIL and USED of what is available in this lap */
} follower;

/* Go on to the next descriptor of the list, whose flags are loaded. */
STEP vsk_status
next_of_list(follower *list)
{
    if (--list->left == 0)
        return VSK_BAD_LIST;
    if (RARE(++list->slot == list->table->size)) {
        list->slot = 0;
        list->lap ^= PACKED_LAP;
    }
    list->at = list->table->base + (size_t)list->slot * VSK_DESC_SIZE;
    list->flags = vsk_shared_load16(list->at + 14);
    return (list->flags & PACKED_LAP) == list->lap ? VSK_OK : VSK_BAD_LIST;
}

/* Take the descriptor that a list stands at into the walk. Its flags were the
 * first that was read of it. */
STEP void
load_of_list(walker *walk, follower *list)
{
    walk->addr = vsk_shared_load64(list->at);
    walk->len = vsk_shared_load32(list->at + 8);
    walk->more = list->flags;
    walk->slot = list->slot;
}

/* Load what names a descriptor; in the last one of a list, the list. */
STEP uint32_t
id_of(const uint8_t *at)
{
    return vsk_shared_load16(at + 12);
}

/* Behind a fault: on to the end. */
STEP vsk_status
skip_list(follower *list)
{
    do {
        vsk_status status = next_of_list(list);

        if (status != VSK_OK)
            return status;
    } while ((list->flags & VSK_DESC_F_NEXT) != 0);
    return VSK_OK;
}

/* The buffers of an indirect table, one behind the other. */
STEP vsk_status
walk_table(walker *walk, const vsk_desc_table *ring)
{
    uint16_t slot = 0;
    vsk_status status;

    /* Of a list it is all there is. */
    if (walk->chain->buffers != 0)
        return VSK_BAD_INDIRECT_NEXT;
    status = enter_table(walk, ring, TABLE_MAX);
    if (RARE(status != VSK_OK))
        return status;
    if (walk->size > TABLE_MAX)
        return VSK_BAD_LONG;
    do {
        walk->slot = slot;
        fetch(walk);
        /* Only WRITE means something here, and stands where a split ring has
         * next (PACKIND-DEV-01). */
        walk->more = walk->more >> 16 & VSK_DESC_F_WRITE;
        if (!is_plain(walk)) {
            status = begin_writable(walk);
            if (status != VSK_OK)
                return status;
        }
        status = add_buffer(walk);
        if (RARE(status != VSK_OK))
            return status;
    } while (++slot != walk->size);
    return VSK_OK;
}

STEP vsk_status
follow_list(walker *walk, follower *list)
{
    for (;;) {
        vsk_status status;

        load_of_list(walk, list);
        if (RARE(!is_plain(walk))) {
            if (desc_has(walk, VSK_DESC_F_INDIRECT))
                return walk_table(walk, list->table);
            status = begin_writable(walk);
            if (status != VSK_OK)
                return status;
        }
        status = add_buffer(walk);
        if (RARE(status != VSK_OK) || !desc_has(walk, VSK_DESC_F_NEXT))
            return status;
        status = next_of_list(list);
        if (RARE(status != VSK_OK))
            return status;
    }
}

/* Behind a fault: where it is, and the list's end, without which there is no
 * chain. */
STEP vsk_status
note_fault(walker *walk, follower *list, vsk_status status)
{
    bool table = (walk->flags & VSK_SPAN_TABLE) != 0;
    uint32_t slot = table ? list->slot : walk->slot;

    list->id = id_of(list->table->base + (size_t)slot * VSK_DESC_SIZE);
    if (!table)
        walk->more = (walk->more & PACKED_FLAGS) | list->id << 16;
    if (status == VSK_BAD_LIST || (list->flags & VSK_DESC_F_NEXT) == 0)
        return status;
    if (skip_list(list) != VSK_OK)
        return VSK_BAD_LIST;
    list->id = id_of(list->at);
    return status;
}

/* vsk_chain_walk_list, to be inlined. */
STEP vsk_status
walk_list(vsk_chain *chain, vsk_memory *memory, const vsk_desc_table *table,
          vsk_list list)
{
    walker walk = {
        .chain = chain,
        .memory = memory,
        .table = table->base,
        .room = VSK_CHAIN_MAX,
    };
    follower at = {
        .table = table,
        .at = table->base + (size_t)list.slot * VSK_DESC_SIZE,
        .slot = list.slot,
        .left = list.most,
        .flags = list.flags,
        .lap = list.flags & PACKED_LAP,
    };
    vsk_status status;

    chain->buffers = 0;
    chain->indirect = false;
    chain->table = 0;
    status = follow_list(&walk, &at);
    if (RARE(status != VSK_OK))
        status = note_fault(&walk, &at, status);
    else
        at.id = id_of(at.at);
    chain->head = (uint16_t)at.id;
    chain->length = (uint16_t)(list.most - at.left + 1);
    return conclude(&walk, status);
}

#endif
