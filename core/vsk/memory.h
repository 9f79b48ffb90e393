/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Guest memory: the only place where a guest address becomes a pointer.
 *
 *     guest addresses   0x0 ...... 0xffff        0x1_0000_0000 ... 0x1_0000_ffff
 *                       [ region 0 ]                 [ region 1 ]
 *     host pointers     base ... base+size-1         base ... base+size-1
 *
 * The region table is the caller's: sorted by address, not overlapping.
 * Neighbours may touch; a buffer across their edge is two spans. A vsk_memory
 * is a few words that are copied into every queue end: each end remembers its
 * own last hits, so that two threads share nothing but the table. It remembers
 * two for buffers: headers and payloads often have a region each.
 */
#ifndef VSK_MEMORY_H
#define VSK_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vsk/status.h"

/** A stretch of guest memory and where it stands in this process. */
typedef struct vsk_region {
    uint64_t addr; /**< guest address of the first byte */
    uint64_t size; /**< bytes, 1 or more; addr + size may be 2^64 */
    uint8_t *base; /**< host address of the first byte */
} vsk_region;

/** All of a guest's memory. */
typedef struct vsk_memory {
    const vsk_region *regions; /**< the caller's table, never empty here */
    const vsk_region *near[2]; /**< where the last buffers were found, in it */
    const vsk_region *map;     /**< where the last ring or table was found */
    uint32_t count;            /**< regions in the table */
} vsk_memory;

/** A span stood in an indirect table. */
#define VSK_SPAN_TABLE 1u
/** A span belongs to a writable descriptor. */
#define VSK_SPAN_WRITE 2u
/** A span goes on with the descriptor of the span before it. */
#define VSK_SPAN_REST 4u

/** Bytes in one piece of host memory, and the guest address they have. */
typedef struct vsk_span {
    uint8_t *base;  /**< host address of the first byte */
    uint64_t addr;  /**< guest address of the first byte */
    uint32_t len;   /**< bytes */
    uint16_t slot;  /**< the descriptor's place in its table */
    uint16_t flags; /**< VSK_SPAN_* */
} vsk_span;

/**
 * Look at a region table.
 *
 * @param memory written on success
 * @param regions table that stays the caller's and must outlive memory
 * @param count regions in the table, may be 0
 * @return VSK_OK or VSK_ERR_REGION
 */
VSK_API vsk_status vsk_memory_init(vsk_memory *memory,
                                   const vsk_region *regions, uint32_t count);

/**
 * Translate a range of one region.
 *
 * @param region where to look
 * @param addr guest address
 * @param len bytes wanted; none are nowhere
 * @param base written on success: host address of the first byte
 * @return false where the range is not all in there
 */
static inline bool
vsk_region_hit(const vsk_region *region, uint64_t addr, uint64_t len,
               uint8_t **base)
{
    uint64_t offset = addr - region->addr;
    uint64_t last = offset + (len - 1);

    /* Where len is 0, or the sum wraps, last is too large or the smaller. */
    if (last >= region->size || offset > last)
        return false;
    *base = region->base + offset;
    return true;
}

/**
 * Translate a range that lies where one of the last was found: the fast way of
 * vsk_memory_span, to be tried before it. Every descriptor comes through here.
 *
 * @param memory where to look
 * @param addr guest address
 * @param len bytes wanted; none are nowhere
 * @param base written on success: host address of the first byte
 * @return false where another way is needed
 */
static inline bool
vsk_memory_hit(const vsk_memory *memory, uint64_t addr, uint32_t len,
               uint8_t **base)
{
    return vsk_region_hit(memory->near[0], addr, len, base) ||
           vsk_region_hit(memory->near[1], addr, len, base);
}

/**
 * Translate a range of any region, where vsk_memory_hit did not.
 *
 * @param memory where to look; remembers the region
 * @param addr guest address
 * @param len bytes wanted; none are nowhere
 * @return host address of the first byte, NULL where the range is not all in
 * one region
 */
VSK_API uint8_t *vsk_memory_look(vsk_memory *memory, uint64_t addr,
                                 uint32_t len);

/**
 * Translate the start of a range: as many of its bytes as one region holds.
 *
 * @param memory where to look; remembers the hit
 * @param addr guest address
 * @param len bytes wanted, 1 or more
 * @param span base, addr and len are written, slot and flags are not; len may
 * be smaller than asked for at a region's end
 * @return VSK_OK, or VSK_BAD_ADDRESS where addr is in no region
 */
VSK_API vsk_status vsk_memory_span(vsk_memory *memory, uint64_t addr,
                                   uint32_t len, vsk_span *span);

/**
 * Translate a range that must lie in one region: rings and tables.
 *
 * @param memory where to look; remembers the hit
 * @param addr guest address
 * @param len bytes wanted, 1 or more
 * @param base written on success: host address of the first byte
 * @return VSK_OK or VSK_BAD_ADDRESS
 */
VSK_API vsk_status vsk_memory_map(vsk_memory *memory, uint64_t addr,
                                  uint64_t len, uint8_t **base);

/**
 * Tell whether every byte of a range is guest memory.
 *
 * @param memory where to look; remembers the hit
 * @param addr guest address
 * @param len bytes
 * @return VSK_OK or VSK_BAD_ADDRESS
 */
VSK_API vsk_status vsk_memory_check(vsk_memory *memory, uint64_t addr,
                                    uint64_t len);

/**
 * Copy bytes out of guest memory, across regions where they touch.
 *
 * @param memory where to look; remembers the hit
 * @param addr guest address
 * @param data written on success
 * @param len bytes
 * @return VSK_OK, or VSK_BAD_ADDRESS and nothing is read
 */
VSK_API vsk_status vsk_memory_read(vsk_memory *memory, uint64_t addr,
                                   void *data, uint64_t len);

/**
 * Copy bytes into guest memory, across regions where they touch.
 *
 * @param memory where to look; remembers the hit
 * @param addr guest address
 * @param data bytes to copy
 * @param len bytes
 * @return VSK_OK, or VSK_BAD_ADDRESS and nothing is written
 */
VSK_API vsk_status vsk_memory_write(vsk_memory *memory, uint64_t addr,
                                    const void *data, uint64_t len);

/**
 * Set bytes of guest memory, across regions where they touch.
 *
 * @param memory where to look; remembers the hit
 * @param addr guest address
 * @param value what each byte becomes
 * @param len bytes
 * @return VSK_OK, or VSK_BAD_ADDRESS and nothing is written
 */
VSK_API vsk_status vsk_memory_fill(vsk_memory *memory, uint64_t addr,
                                   uint8_t value, uint64_t len);

#endif
