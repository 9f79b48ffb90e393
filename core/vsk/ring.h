/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Ring: where a virtqueue stands in guest memory, and what one of its ends
 * has done so far; the same for every format and for both ends.
 *
 *     desc                  driver               device
 *     descriptor area       driver area          device area
 *     16 x size bytes       6 + 2 x size         6 + 8 x size    (split)
 */
#ifndef VSK_RING_H
#define VSK_RING_H

#include "vsk/memory.h"

#define VSK_RING_MAX 32768u /**< the largest queue size */

#define VSK_F_INDIRECT_DESC 0x10000000u /**< feature bit 28 as a mask */
#define VSK_F_EVENT_IDX 0x20000000u     /**< feature bit 29 as a mask */

/** The place of a ring, as a driver tells it to a device. */
typedef struct vsk_ring {
    uint64_t desc;     /**< guest address of the descriptor area, align 16 */
    uint64_t driver;   /**< guest address of the driver area, align 2 */
    uint64_t device;   /**< guest address of the device area, align 4 */
    uint64_t features; /**< negotiated: VSK_F_* */
    uint32_t size;     /**< descriptors, a power of two up to 32768 */
} vsk_ring;

/** Host addresses of a ring's parts. */
typedef struct vsk_ring_parts {
    uint8_t *desc;   /**< descriptor area */
    uint8_t *driver; /**< driver area: the available ring */
    uint8_t *device; /**< device area: the used ring */
} vsk_ring_parts;

/** How far one end of a queue has come; all indices run freely mod 2^16. */
typedef struct vsk_ring_state {
    uint16_t avail;    /**< driver: chains offered; device: chains popped */
    uint16_t used;     /**< driver: chains reaped; device: given back */
    uint16_t notified; /**< index at the last decision to notify */
} vsk_ring_state;

/** A buffer to put on a ring. */
typedef struct vsk_buffer {
    uint64_t addr; /**< guest address */
    uint32_t len;  /**< bytes */
    bool write;    /**< the device writes it, else reads it */
} vsk_buffer;

/** A chain of buffers to put on a ring. */
typedef struct vsk_offer {
    const vsk_buffer *buffers; /**< readable ones, then writable ones */
    uint32_t count;            /**< buffers, 1 or more */
    uint32_t indirect;         /**< how many, from the last, go in the table */
    uint64_t table;            /**< guest address of the table, 16 bytes each */
    uint64_t token;            /**< the caller's; comes back in vsk_used */
} vsk_offer;

/** A chain that came back to the driver. */
typedef struct vsk_used {
    uint64_t token;    /**< as it was offered */
    uint32_t written;  /**< bytes written, from the first writable one */
    uint16_t head;     /**< slot of its first descriptor */
    vsk_status status; /**< VSK_OK, or VSK_BAD_USED_LEN: then written is 0 */
} vsk_used;

/**
 * Count the bytes that a split ring of a size takes in one piece.
 *
 * @param size descriptors, 1 to 32768
 * @return bytes, when it begins at a multiple of 16
 */
VSK_API uint64_t vsk_ring_bytes(uint32_t size);

/**
 * Place a split ring's parts one after the other.
 *
 * @param ring desc, driver and device are written; size is read
 * @param addr guest address, a multiple of 16
 */
VSK_API void vsk_ring_place(vsk_ring *ring, uint64_t addr);

/**
 * Check a split ring's place and translate it.
 *
 * @param ring to look at
 * @param memory guest memory
 * @param parts written on success
 * @return VSK_OK, VSK_ERR_SIZE, VSK_ERR_FEATURES, VSK_ERR_ALIGN or
 * VSK_ERR_ADDRESS
 */
VSK_API vsk_status vsk_ring_map(const vsk_ring *ring, vsk_memory *memory,
                                vsk_ring_parts *parts);

/**
 * Tell whether the other side wants to hear of what was just published
 * (virtio 1.4, 2.7.7.2): one of the indices from old up to before new is the
 * one it waits for.
 *
 * @param event index that the other side waits for
 * @param now free-running index after publishing
 * @param old index at the last decision
 * @return true where it is time to notify
 */
VSK_API bool vsk_ring_need_event(uint16_t event, uint16_t now, uint16_t old);

#endif
