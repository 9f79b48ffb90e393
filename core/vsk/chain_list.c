/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The walk of a list in a packed ring (virtio 1.4, 2.8.6 and 2.8.7). */
#include "vsk/chain_parts.h"

#define TABLE_MAX 32768u /* entries of a table that a list may be */
#define PACKED_FLAGS (VSK_DESC_F_NEXT | VSK_DESC_F_WRITE | VSK_DESC_F_INDIRECT)

/* A place in a list: the descriptor met last, and what may follow. */
typedef struct follower {
    const vsk_desc_table *table;
    uint32_t slot;
    uint32_t left; /* descriptors that the list may still have */
    uint16_t id;
    uint16_t flags;
    unsigned wrap; /* of the lap that slot is met in */
} follower;

static inline const uint8_t *
desc_at(const follower *list)
{
    return list->table->base + (size_t)list->slot * VSK_DESC_SIZE;
}

/* Go on to the next descriptor of the list, whose flags are loaded. */
static inline vsk_status
next_of_list(follower *list)
{
    if (--list->left == 0)
        return VSK_BAD_LIST;
    if (++list->slot == list->table->size) {
        list->slot = 0;
        list->wrap ^= 1;
    }
    list->flags = vsk_shared_load16(desc_at(list) + 14);
    return vsk_desc_is_avail(list->flags, list->wrap) ? VSK_OK : VSK_BAD_LIST;
}

/* Take the descriptor that a list stands at into the walk. Its flags were the
 * first that was read of it. */
static inline void
load_of_list(walker *walk, follower *list)
{
    const uint8_t *at = desc_at(list);
    uint64_t addr;

    vsk_shared_copy(&addr, at, sizeof addr);
    list->id = vsk_shared_load16(at + 12);
    walk->addr = VSK_LE64(addr);
    walk->rest = vsk_shared_load32(at + 8) |
                 (uint64_t)(list->flags & PACKED_FLAGS) << 32 |
                 (uint64_t)list->id << 48;
    walk->slot = (uint16_t)list->slot;
}

/* Behind a fault: on to the end, where the name is. Where the fault is the end,
 * the name was loaded with it. */
static vsk_status
skip_list(follower *list)
{
    if ((list->flags & VSK_DESC_F_NEXT) == 0)
        return VSK_OK;
    do {
        vsk_status status = next_of_list(list);

        if (status != VSK_OK)
            return status;
    } while ((list->flags & VSK_DESC_F_NEXT) != 0);
    list->id = vsk_shared_load16(desc_at(list) + 12);
    return VSK_OK;
}

/* The buffers of an indirect table, one behind the other. */
static vsk_status
walk_table(walker *walk, const vsk_desc_table *ring)
{
    vsk_status status;

    /* Of a list it is all there is. */
    if (walk->chain->buffers != 0)
        return VSK_BAD_INDIRECT_NEXT;
    status = enter_table(walk, ring, TABLE_MAX);
    if (status == VSK_OK && walk->size > TABLE_MAX)
        return VSK_BAD_LONG;
    for (uint32_t i = 0; i < walk->size && status == VSK_OK; i++) {
        walk->slot = (uint16_t)i;
        status = load(walk);
        /* Only WRITE means something here, and stands where a split ring has
         * next (PACKIND-DEV-01). */
        walk->rest =
            (uint32_t)walk->rest | (walk->rest >> 48 & VSK_DESC_F_WRITE) << 32;
        if (status == VSK_OK)
            status = add_buffer(walk);
    }
    return status;
}

static inline vsk_status
follow_list(walker *walk, follower *list)
{
    for (;;) {
        vsk_status status;

        load_of_list(walk, list);
        if (RARE(desc_has(walk, VSK_DESC_F_INDIRECT)))
            status = walk_table(walk, list->table);
        else
            status = add_buffer(walk);
        if (status != VSK_OK || (list->flags & VSK_DESC_F_NEXT) == 0)
            return status;
        status = next_of_list(list);
        if (RARE(status != VSK_OK))
            return status;
    }
}

vsk_status
vsk_chain_walk_list(vsk_chain *chain, vsk_memory *memory,
                    const vsk_desc_table *table, const vsk_list *list)
{
    walker walk = {.chain = chain, .memory = memory, .table = table->base};
    follower at = {
        .table = table,
        .slot = list->slot,
        .left = list->most,
        .flags = list->flags,
        .wrap = (list->flags & VSK_DESC_F_AVAIL) != 0,
    };
    vsk_status status;

    chain->buffers = 0;
    chain->indirect = false;
    chain->table = 0;
    status = follow_list(&walk, &at);
    if (RARE(status != VSK_OK && status != VSK_BAD_LIST))
        if (skip_list(&at) != VSK_OK)
            status = VSK_BAD_LIST;
    chain->head = at.id;
    chain->length = (uint16_t)(list->most - at.left + 1);
    return conclude(&walk, status);
}
