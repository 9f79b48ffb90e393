/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Chain: one buffer of the driver's, walked descriptor by descriptor into
 * spans of host memory (virtio 1.4, 2.7.5 and 2.8.5).
 *
 *     descriptor table            indirect table      spans
 *     [head] -> [next] -> [INDIRECT] => [0] -> [1]    r r r w w w
 *                                                     |=====|=====|
 *                                                     readable  writable
 *
 * In a split ring descriptors are linked; a packed ring has them in a list,
 * one behind the other, and its last one names the chain. Every descriptor is
 * loaded once and a table's address is translated once; a walk takes at most as
 * many steps as the tables have entries. After it the ring may change as it
 * likes: all that follows uses the spans. Readable spans come first. A chain
 * that breaks a rule keeps its status, the spans that came before, and the
 * descriptor where it broke.
 */
#ifndef VSK_CHAIN_H
#define VSK_CHAIN_H

#include "vsk/memory.h"

#define VSK_DESC_SIZE 16u       /**< bytes of a descriptor in memory */
#define VSK_DESC_F_NEXT 1u      /**< the chain goes on at next */
#define VSK_DESC_F_WRITE 2u     /**< the device writes, else it reads */
#define VSK_DESC_F_INDIRECT 4u  /**< addr and len are those of a table */
#define VSK_DESC_F_AVAIL 0x80u  /**< packed: the driver's wrap counter */
#define VSK_DESC_F_USED 0x8000u /**< packed: the device's wrap counter */

/** The most bytes that a chain may hold: 2^32 (SPLIT-DRV-03). */
#define VSK_CHAIN_MAX 0x100000000u

/** A descriptor as it stood in memory. */
typedef struct vsk_desc {
    uint64_t addr;  /**< guest address of a buffer, or of an indirect table */
    uint32_t len;   /**< bytes */
    uint16_t flags; /**< VSK_DESC_F_* */
    uint16_t next;  /**< slot of the next descriptor, where NEXT is set;
                       packed: the buffer id, which stands before flags */
} vsk_desc;

/**
 * Read a descriptor of a split ring from its wire form.
 *
 * @param desc written
 * @param wire 16 bytes of private memory
 */
VSK_API void vsk_desc_decode(vsk_desc *desc, const uint8_t *wire);

/**
 * Write a descriptor of a split ring in its wire form.
 *
 * @param desc to write
 * @param wire 16 bytes, all of them written
 */
VSK_API void vsk_desc_encode(const vsk_desc *desc, uint8_t *wire);

/** A descriptor table in host memory, and what may be found in it. */
typedef struct vsk_desc_table {
    const uint8_t *base; /**< first descriptor */
    uint32_t size;       /**< descriptors */
    bool indirect;       /**< VIRTIO_F_INDIRECT_DESC was negotiated */
} vsk_desc_table;

/** One descriptor chain. */
typedef struct vsk_chain {
    vsk_span *spans;       /**< the caller's table */
    uint32_t capacity;     /**< entries in the caller's table */
    uint32_t count;        /**< spans found */
    uint32_t read_count;   /**< of them readable: the first ones */
    uint32_t buffers;      /**< descriptors with a buffer found */
    uint64_t readable;     /**< bytes of the readable part */
    uint64_t writable;     /**< bytes of the writable part */
    vsk_status status;     /**< VSK_OK, or the rule that the chain breaks */
    vsk_desc desc;         /**< the descriptor where it breaks the rule */
    uint64_t table;        /**< guest address of the indirect table */
    uint16_t head;         /**< its name when it goes back: slot of the first
                              descriptor; packed: buffer id of the last */
    uint16_t slot;         /**< slot of desc, or the slot out of range; these
                              two only where status is not VSK_OK */
    uint16_t length;       /**< packed: descriptors in the ring */
    bool indirect;         /**< an indirect table was entered */
    bool held;             /**< popped and not given back yet */
    uint32_t epoch;        /**< which life of the queue it was popped in */
    uint16_t index;        /**< place in the order of all chains, mod 2^16 */
    const uint8_t *origin; /**< descriptor table it was popped from */
} vsk_chain;

/**
 * Prepare a chain for walks.
 *
 * @param chain written
 * @param spans table that stays the caller's
 * @param capacity entries in the table; one per descriptor is enough where
 * no buffer crosses the edge of a region
 */
VSK_API void vsk_chain_init(vsk_chain *chain, vsk_span *spans,
                            uint32_t capacity);

/**
 * Walk a chain from its head.
 *
 * @param chain filled; after a failure it shows how far the walk came
 * @param memory guest memory
 * @param table descriptor table of a split ring
 * @param head slot of the first descriptor
 * @return the chain's status: VSK_OK, VSK_ERR_SPANS, VSK_BAD_NEXT,
 * VSK_BAD_LOOP, VSK_BAD_LONG, VSK_BAD_ADDRESS, VSK_BAD_TOTAL, VSK_BAD_ORDER,
 * VSK_BAD_INDIRECT, VSK_BAD_NESTED, VSK_BAD_INDIRECT_NEXT, VSK_BAD_TABLE_LEN
 * or VSK_BAD_TABLE_ADDRESS
 */
VSK_API vsk_status vsk_chain_walk(vsk_chain *chain, vsk_memory *memory,
                                  const vsk_desc_table *table, uint16_t head);

/** A list of descriptors that begins in a packed ring. */
typedef struct vsk_list {
    uint16_t slot;  /**< of its first descriptor */
    uint16_t flags; /**< of that one, as they were when it became available */
    uint32_t most;  /**< descriptors that it may have: those not held */
} vsk_list;

/**
 * Walk a list of a packed ring from its first descriptor. It is followed to
 * its end behind a fault too: there stands its name.
 *
 * @param chain filled; after a failure it shows how far the walk came
 * @param memory guest memory
 * @param table descriptors of a packed ring
 * @param list where it begins; most is 1 or more
 * @return the chain's status: VSK_OK, VSK_ERR_SPANS, VSK_BAD_LIST,
 * VSK_BAD_LONG, VSK_BAD_ADDRESS, VSK_BAD_TOTAL, VSK_BAD_ORDER,
 * VSK_BAD_INDIRECT, VSK_BAD_INDIRECT_NEXT, VSK_BAD_TABLE_LEN or
 * VSK_BAD_TABLE_ADDRESS; after VSK_BAD_LIST it has no name and no length
 */
VSK_API vsk_status vsk_chain_walk_list(vsk_chain *chain, vsk_memory *memory,
                                       const vsk_desc_table *table,
                                       const vsk_list *list);

/**
 * Tell whether a descriptor of a packed ring is available to the device.
 *
 * @param flags as they stand in memory
 * @param wrap the wrap counter of the lap, 0 or 1
 * @return true where AVAIL is the counter, and USED is not
 */
static inline bool
vsk_desc_is_avail(uint16_t flags, unsigned wrap)
{
    return (flags & (VSK_DESC_F_AVAIL | VSK_DESC_F_USED)) ==
           (wrap != 0 ? VSK_DESC_F_AVAIL : VSK_DESC_F_USED);
}

/**
 * Tell whether a descriptor of a packed ring was used by the device.
 *
 * @param flags as they stand in memory
 * @param wrap the wrap counter of the lap, 0 or 1
 * @return true where AVAIL and USED are the counter
 */
static inline bool
vsk_desc_is_used(uint16_t flags, unsigned wrap)
{
    return (flags & (VSK_DESC_F_AVAIL | VSK_DESC_F_USED)) ==
           (wrap != 0 ? VSK_DESC_F_AVAIL | VSK_DESC_F_USED : 0);
}

/**
 * Write the first bytes of a chain's writable part.
 *
 * @param chain walked without a fault
 * @param data bytes to copy
 * @param size bytes, at most chain->writable
 */
VSK_API void vsk_chain_write(const vsk_chain *chain, const void *data,
                             uint32_t size);

#endif
