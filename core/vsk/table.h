/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Table: the connections of a role, by flow, in two arrays of the caller's.
 *
 *     index    .  .  3  1  .  .  .  2  .     2 or more for each slot, hashed
 *                    |  |           |
 *     slots    [ 1 ] [ 2 ] [ 3 ] [free] [never used ...
 *                                              ^ used
 *
 * A flow is looked for from its hash onwards, up to the first empty entry of
 * the index. No more than half of the entries are taken and a removal closes
 * the gap that it leaves, so the walk stays short however many connections
 * come and go. The peer picks the ports: the hash is keyed with a seed that it
 * does not know, and the order of the index never shows outside.
 *
 * A connection stays where it is until it is removed. Its slot's number is
 * for arrays beside the table and for timers; a slot is used again, its handle
 * is not.
 */
#ifndef VSK_TABLE_H
#define VSK_TABLE_H

#include "vsk/conn.h"

#define VSK_TABLE_MAX (1u << 30)  /**< slots of a table at most */
#define VSK_TABLE_NONE UINT32_MAX /**< no slot */
#define VSK_TABLE_KEYS 6u         /**< numbers that key the hash */
/** Handles that a slot gives out, one for each connection that it has. */
#define VSK_TABLE_HANDLES 0x7fffffffu

/** Room for a connection. */
typedef struct vsk_slot {
    vsk_conn conn;       /**< the connection; its flow must not be changed */
    uint32_t generation; /**< upper half of the handle; bit 31 in a slot that is
                            free again, before the number of the next such */
    uint32_t issued;     /**< generations so far, rewound ones as well */
} vsk_slot;

/** The connections of a role. */
typedef struct vsk_table {
    vsk_slot *slots;     /**< the caller's */
    uint32_t *index;     /**< the caller's: slot + 1, 0 is empty */
    uint32_t capacity;   /**< slots */
    uint32_t index_size; /**< entries of the index */
    uint32_t count;      /**< connections now */
    uint32_t used;       /**< slots that ever had a connection come first */
    uint32_t free;       /**< first free slot of them, or 2^31 - 1 */
    uint64_t keys[VSK_TABLE_KEYS]; /**< of the hash, out of the seed */
} vsk_table;

/**
 * Begin without connections. Handles of an earlier life of the same memory
 * may come again: remove connections, and keep the table, where a device is
 * reset.
 *
 * @param table written
 * @param slots room for connections, the caller's; all of it is written
 * @param capacity slots, 1 to VSK_TABLE_MAX
 * @param index room for the index, the caller's; all of it is written
 * @param index_size entries, a power of two and at least twice capacity
 * @param seed key of the hash: random, unless a run is to be repeated
 * @return VSK_OK, or VSK_ERR_ARGUMENT
 */
VSK_API vsk_status vsk_table_init(vsk_table *table, vsk_slot *slots,
                                  uint32_t capacity, uint32_t *index,
                                  uint32_t index_size, uint64_t seed);

/**
 * Find the connection of a flow (VSOCK-BOTH-11).
 *
 * @param table to look in
 * @param flow both ends
 * @return the connection, NULL where there is none
 */
VSK_API vsk_conn *vsk_table_find(const vsk_table *table, const vsk_flow *flow);

/**
 * Add a connection. A slot that was given back last is used first.
 *
 * @param table takes the flow; a failure changes nothing that can be seen
 * @param flow both ends
 * @param conn written on success: the connection, all 0 but for its flow
 * @return VSK_OK, VSK_ERR_BUSY where the flow is there, VSK_ERR_TABLE where no
 * slot is free
 */
VSK_API vsk_status vsk_table_add(vsk_table *table, const vsk_flow *flow,
                                 vsk_conn **conn);

/**
 * Remove a connection: its handle names nothing any more, its flow may be
 * added again at once. Timers of its slot are the caller's to cancel.
 *
 * @param table gives up the connection
 * @param conn of the table, its flow unchanged; stays readable until the next
 * vsk_table_add
 * @return VSK_OK, or VSK_ERR_ARGUMENT where it is not in the table
 */
VSK_API vsk_status vsk_table_remove(vsk_table *table, const vsk_conn *conn);

/**
 * Number the slot of a connection.
 *
 * @param table to look in
 * @param conn any, or NULL
 * @return 0 to capacity - 1, VSK_TABLE_NONE where it is not in the table
 */
VSK_API uint32_t vsk_table_slot(const vsk_table *table, const vsk_conn *conn);

/**
 * Find the connection in a slot.
 *
 * @param table to look in
 * @param slot any number
 * @return the connection, NULL where there is none
 */
VSK_API vsk_conn *vsk_table_at(const vsk_table *table, uint32_t slot);

/**
 * Name a connection for somebody who may outlive it. A handle never comes to
 * name another connection: a slot counts its connections in the upper half,
 * and is used no more after VSK_TABLE_HANDLES of them.
 *
 * @param table to look in
 * @param conn any, or NULL
 * @return the handle, 0 where it is not in the table
 */
VSK_API uint64_t vsk_table_handle(const vsk_table *table, const vsk_conn *conn);

/**
 * Find the connection that a handle names.
 *
 * @param table to look in
 * @param handle any number
 * @return the connection, NULL where it was removed or never was
 */
VSK_API vsk_conn *vsk_table_by_handle(const vsk_table *table, uint64_t handle);

/**
 * Go through the connections in the order of their slots. The one that was
 * returned may be removed; one that is added meanwhile may be missed.
 *
 * @param table to look in
 * @param cursor 0 at the start; moved on
 * @return the connection, NULL behind the last one
 */
VSK_API vsk_conn *vsk_table_next(const vsk_table *table, uint32_t *cursor);

/**
 * Finish a rewind: after an older copy of table and arrays was put back, keep
 * the handles that were given out since from naming what comes now. A
 * connection that is in both keeps its handle.
 *
 * @param table put back
 * @param later the table as it was before that, with its own copy of slots
 * @return VSK_OK, or VSK_ERR_ARGUMENT where the capacities differ
 */
VSK_API vsk_status vsk_table_rewind(vsk_table *table, const vsk_table *later);

#endif
