/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/table.h"

#include <string.h>

/* In vsk_slot.generation of a slot that is free: the next free one. */
#define FREE 0x80000000u
#define NO_FREE 0x7fffffffu

/* A number that follows from the seed and a serial number: SplitMix64 (G. L.
 * Steele and others, "Fast Splittable Pseudorandom Number Generators", 2014). */
static uint64_t
key_of(uint64_t seed, uint64_t serial)
{
    uint64_t x = seed + (serial + 1) * 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* MULTILINEAR-HM (D. Lemire and O. Kaser, "Strongly Universal String Hashing is
 * Fast", 2014): who does not know the keys finds no flows that fall together.
 * What is multiplied once more is spread for flows in a row, too. */
static uint32_t
hash(const uint64_t keys[VSK_TABLE_KEYS], const vsk_flow *flow)
{
    uint64_t x = (keys[0] + flow->local_cid) * (keys[1] + flow->local_port) +
                 (keys[2] + flow->peer_cid) * (keys[3] + flow->peer_port) +
                 keys[4];

    return (uint32_t)((x ^ x >> 32) * (keys[5] | 1) >> 32);
}

/* Where in the index the walk for a flow begins. */
static uint32_t
home_of(const vsk_table *table, const vsk_flow *flow)
{
    return hash(table->keys, flow) & (table->index_size - 1);
}

/* The entry of a flow, or the empty one where it would stand. */
static uint32_t
locate(const vsk_table *table, const vsk_flow *flow)
{
    uint32_t at = home_of(table, flow);

    while (table->index[at] != 0 &&
           memcmp(&table->slots[table->index[at] - 1].conn.flow, flow,
                  sizeof *flow) != 0)
        at = (at + 1) & (table->index_size - 1);
    return at;
}

/* Empty an entry, and close the gap: no walk may meet it before its end. */
static void
take_out(vsk_table *table, uint32_t gap)
{
    uint32_t mask = table->index_size - 1;

    for (uint32_t at = (gap + 1) & mask; table->index[at] != 0;
         at = (at + 1) & mask) {
        const vsk_slot *slot = &table->slots[table->index[at] - 1];
        uint32_t home = home_of(table, &slot->conn.flow);

        if (((at - home) & mask) >= ((at - gap) & mask)) {
            table->index[gap] = table->index[at];
            gap = at;
        }
    }
    table->index[gap] = 0;
}

/* A free slot that has handles left; one that has none is never seen again. */
static uint32_t
take_slot(vsk_table *table)
{
    uint32_t slot;

    do {
        if (table->free != NO_FREE) {
            slot = table->free;
            table->free = table->slots[slot].generation & ~FREE;
        } else if (table->used < table->capacity) {
            slot = table->used++;
        } else {
            return VSK_TABLE_NONE;
        }
    } while (table->slots[slot].issued == VSK_TABLE_HANDLES);
    return slot;
}

/* Whether a slot that was used has a connection now. */
static bool
is_live(const vsk_slot *slot)
{
    return (slot->generation & FREE) == 0;
}

vsk_status
vsk_table_init(vsk_table *table, vsk_slot *slots, uint32_t capacity,
               uint32_t *index, uint32_t index_size, uint64_t seed)
{
    if (capacity == 0 || capacity > VSK_TABLE_MAX ||
        index_size < 2 * capacity || (index_size & (index_size - 1)) != 0)
        return VSK_ERR_ARGUMENT;
    memset(slots, 0, capacity * sizeof slots[0]);
    memset(index, 0, index_size * sizeof index[0]);
    *table = (vsk_table){.slots = slots,
                         .index = index,
                         .capacity = capacity,
                         .index_size = index_size,
                         .free = NO_FREE};
    for (uint32_t i = 0; i < VSK_TABLE_KEYS; i++)
        table->keys[i] = key_of(seed, i);
    return VSK_OK;
}

vsk_conn *
vsk_table_find(const vsk_table *table, const vsk_flow *flow)
{
    uint32_t entry = table->index[locate(table, flow)];

    return entry != 0 ? &table->slots[entry - 1].conn : NULL;
}

vsk_status
vsk_table_add(vsk_table *table, const vsk_flow *flow, vsk_conn **conn)
{
    uint32_t at = locate(table, flow), number;
    vsk_slot *slot;

    if (table->index[at] != 0)
        return VSK_ERR_BUSY;
    number = take_slot(table);
    if (number == VSK_TABLE_NONE)
        return VSK_ERR_TABLE;

    slot = &table->slots[number];
    slot->conn = (vsk_conn){.flow = *flow};
    slot->generation = ++slot->issued;
    table->index[at] = number + 1;
    table->count++;
    *conn = &slot->conn;
    return VSK_OK;
}

vsk_status
vsk_table_remove(vsk_table *table, const vsk_conn *conn)
{
    uint32_t slot = vsk_table_slot(table, conn), at;

    if (slot == VSK_TABLE_NONE)
        return VSK_ERR_ARGUMENT;
    at = locate(table, &conn->flow);
    if (table->index[at] != slot + 1)
        return VSK_ERR_ARGUMENT;

    take_out(table, at);
    table->slots[slot].generation = FREE | table->free;
    table->free = slot;
    table->count--;
    return VSK_OK;
}

uint32_t
vsk_table_slot(const vsk_table *table, const vsk_conn *conn)
{
    /* Compared as numbers: it may point anywhere. */
    uintptr_t offset = (uintptr_t)conn - (uintptr_t)table->slots;
    uintptr_t slot = offset / sizeof(vsk_slot);

    if (offset % sizeof(vsk_slot) != 0 || slot >= table->used ||
        !is_live(&table->slots[slot]))
        return VSK_TABLE_NONE;
    return (uint32_t)slot;
}

vsk_conn *
vsk_table_at(const vsk_table *table, uint32_t slot)
{
    if (slot >= table->used || !is_live(&table->slots[slot]))
        return NULL;
    return &table->slots[slot].conn;
}

uint64_t
vsk_table_handle(const vsk_table *table, const vsk_conn *conn)
{
    uint32_t slot = vsk_table_slot(table, conn);

    if (slot == VSK_TABLE_NONE)
        return 0;
    return (uint64_t)table->slots[slot].generation << 32 | slot;
}

vsk_conn *
vsk_table_by_handle(const vsk_table *table, uint64_t handle)
{
    vsk_conn *conn = vsk_table_at(table, (uint32_t)handle);

    return vsk_table_handle(table, conn) == handle ? conn : NULL;
}

vsk_conn *
vsk_table_next(const vsk_table *table, uint32_t *cursor)
{
    while (*cursor < table->used) {
        vsk_conn *conn = vsk_table_at(table, (*cursor)++);

        if (conn != NULL)
            return conn;
    }
    return NULL;
}

vsk_status
vsk_table_rewind(vsk_table *table, const vsk_table *later)
{
    if (table->capacity != later->capacity)
        return VSK_ERR_ARGUMENT;
    for (uint32_t i = 0; i < table->capacity; i++)
        if (table->slots[i].issued < later->slots[i].issued)
            table->slots[i].issued = later->slots[i].issued;
    return VSK_OK;
}
