/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Pool: hands out ranges of guest memory for a driver's rings and buffers, and
 * takes them back. It keeps the free ranges, sorted and merged, in a table of
 * the caller's; it never touches the memory itself.
 *
 *     |== free ==|  handed out  |= free =|  handed out  |== free ==|
 */
#ifndef VSK_POOL_H
#define VSK_POOL_H

#include "vsk/memory.h"

/** A stretch of guest addresses. */
typedef struct vsk_range {
    uint64_t addr; /**< guest address of the first byte */
    uint64_t size; /**< bytes, 1 or more */
} vsk_range;

/** The free ranges of a guest memory. */
typedef struct vsk_pool {
    vsk_memory memory; /**< ranges never cross the edge of a region */
    vsk_range *free;   /**< the caller's table, sorted by addr */
    uint32_t capacity; /**< entries in the table */
    uint32_t count;    /**< free ranges now */
} vsk_pool;

/**
 * Start with all of a guest's memory free.
 *
 * @param pool written
 * @param memory what is handed out; its region table must outlive the pool
 * @param table room for free ranges, the caller's
 * @param capacity entries in the table: one per region and one per range that
 * is handed out at the same time is always enough
 * @return VSK_OK, or VSK_ERR_TABLE where there are more regions than entries
 */
VSK_API vsk_status vsk_pool_init(vsk_pool *pool, const vsk_memory *memory,
                                 vsk_range *table, uint32_t capacity);

/**
 * Take back a range that was handed out.
 *
 * @param pool takes the range
 * @param addr guest address of the first byte
 * @param size bytes, 1 or more
 * @return VSK_OK, VSK_ERR_FREE where a byte of it is free already or the range
 * is not in one region, VSK_ERR_TABLE where the table is full
 */
VSK_API vsk_status vsk_pool_free(vsk_pool *pool, uint64_t addr, uint64_t size);

/**
 * Hand out the lowest free range that is large enough.
 *
 * @param pool gives the range
 * @param size bytes, 1 or more
 * @param align power of two that the address must be a multiple of
 * @param addr written on success: guest address of the first byte
 * @return VSK_OK, VSK_ERR_ARGUMENT, VSK_ERR_POOL where no free range is large
 * enough, VSK_ERR_TABLE where the table has no entry left for what remains
 */
VSK_API vsk_status vsk_pool_alloc(vsk_pool *pool, uint64_t size, uint64_t align,
                                  uint64_t *addr);

/**
 * Take out what is free of a range that is in use by somebody else.
 *
 * @param pool loses the range
 * @param addr guest address of the first byte
 * @param size bytes
 * @return VSK_OK, or VSK_ERR_TABLE where the table is full; then a part of
 * the range may be taken out already
 */
VSK_API vsk_status vsk_pool_reserve(vsk_pool *pool, uint64_t addr,
                                    uint64_t size);

/**
 * Count the free bytes.
 *
 * @param pool to look at
 * @return bytes in all free ranges together
 */
VSK_API uint64_t vsk_pool_available(const vsk_pool *pool);

#endif
