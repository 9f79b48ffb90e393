/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Ring: where a virtqueue stands in guest memory, and what one of its ends
 * has done so far; the same for every format.
 *
 *     desc                  driver               device
 *     descriptor area       driver area          device area
 *     16 x size bytes       6 + 2 x size         6 + 8 x size    (split)
 *     16 x size bytes       4                    4               (packed)
 *
 * A place in a packed ring is a slot, and in bit 15 the wrap counter of the
 * lap that it is met in; a new ring begins at VSK_RING_START.
 */
#ifndef VSK_RING_H
#define VSK_RING_H

#include "vsk/chain.h"

#define VSK_RING_MAX 32768u /**< the largest queue size */

#define VSK_F_INDIRECT_DESC 0x10000000u /**< feature bit 28 as a mask */
#define VSK_F_EVENT_IDX 0x20000000u     /**< feature bit 29 as a mask */
#define VSK_F_RING_PACKED 0x400000000u  /**< feature bit 34 as a mask */
#define VSK_F_IN_ORDER 0x800000000u     /**< feature bit 35 as a mask */
/** What a ring depends on. */
#define VSK_F_RING                                                             \
    (VSK_F_INDIRECT_DESC | VSK_F_EVENT_IDX | VSK_F_RING_PACKED | VSK_F_IN_ORDER)

#define VSK_RING_WRAP 0x8000u  /**< the wrap counter in a place */
#define VSK_RING_START 0x8000u /**< where both ends of a packed ring begin */

/** The place of a ring, as a driver tells it to a device. */
typedef struct vsk_ring {
    uint64_t desc;     /**< guest address of the descriptor area, align 16 */
    uint64_t driver;   /**< of the driver area, align 2 (packed: 4) */
    uint64_t device;   /**< guest address of the device area, align 4 */
    uint64_t features; /**< negotiated: VSK_F_* */
    uint32_t size;     /**< descriptors, 1 to 32768; split: a power of two */
} vsk_ring;

/** Host addresses of a ring's parts. */
typedef struct vsk_ring_parts {
    uint8_t *desc;   /**< descriptor area */
    uint8_t *driver; /**< split: the available ring; packed: events */
    uint8_t *device; /**< split: the used ring; packed: events */
} vsk_ring_parts;

/** How far one end of a queue has come. In a split ring these are counts of
 * chains that run freely mod 2^16, in a packed ring places. */
typedef struct vsk_ring_state {
    uint16_t avail;    /**< driver: offered up to; device: popped up to */
    uint16_t used;     /**< driver: reaped up to; device: given back up to */
    uint16_t notified; /**< split: index at the last decision to notify;
                          packed: descriptors shown since, size at most */
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
    uint16_t head;     /**< its name on the ring: vsk_chain.head */
    vsk_status status; /**< VSK_OK, or VSK_BAD_USED_LEN: then written is 0 */
} vsk_used;

/** What the driver remembers of a descriptor (split) or buffer id (packed). */
typedef struct vsk_ring_slot {
    uint64_t token;    /**< of the chain that has this name */
    uint64_t writable; /**< bytes that its device may write */
    uint16_t next;     /**< next in the chain, or in the free list */
    uint16_t later;    /**< the chain offered after this one, with IN_ORDER */
    uint16_t count;    /**< descriptors of the chain of this name, or 0 */
} vsk_ring_slot;

/** The driver's end of a ring. */
typedef struct vsk_ring_driver {
    vsk_memory memory;     /**< for indirect tables */
    vsk_ring_parts parts;  /**< the ring in host memory */
    vsk_ring_slot *slots;  /**< the caller's table, size entries */
    uint32_t size;         /**< descriptors */
    uint32_t free_count;   /**< descriptors that are free */
    uint32_t outstanding;  /**< chains that have not come back */
    uint16_t free_head;    /**< first of the free list of slots */
    uint16_t free_tail;    /**< and its last, with IN_ORDER in a split ring */
    uint16_t staged;       /**< as state.avail: in the ring, offered or not */
    vsk_ring_state state;  /**< avail is what was offered */
    bool packed;           /**< VIRTIO_F_RING_PACKED */
    bool event_idx;        /**< VIRTIO_F_EVENT_IDX */
    bool indirect;         /**< VIRTIO_F_INDIRECT_DESC */
    bool in_order;         /**< VIRTIO_F_IN_ORDER */
    bool in_batch;         /**< the oldest chains came back without a word */
    uint16_t batch;        /**< name of the chain that ends the batch */
    uint32_t batch_len;    /**< bytes written into that one */
    uint16_t oldest;       /**< name of the oldest chain, with IN_ORDER */
    uint16_t newest;       /**< and of the newest */
    uint16_t first_flags;  /**< packed: of the first descriptor staged */
    uint32_t staged_count; /**< packed: descriptors staged, not offered */
} vsk_ring_driver;

/** The device's end of a ring. */
typedef struct vsk_ring_device {
    vsk_memory memory;     /**< for buffers and indirect tables */
    vsk_ring_parts parts;  /**< the ring in host memory */
    vsk_desc_table table;  /**< its descriptors */
    uint32_t epoch;        /**< counts resets: chains of old lives are void */
    uint32_t held_slots;   /**< packed: descriptors of chains that are held */
    uint16_t popped;       /**< chains popped, mod 2^16 */
    uint16_t given;        /**< of them given back */
    uint16_t offered;      /**< split: available idx as seen last */
    uint16_t staged;       /**< as state.used: in the ring, published or not */
    vsk_ring_state state;  /**< used is what was published */
    bool packed;           /**< VIRTIO_F_RING_PACKED */
    bool event_idx;        /**< VIRTIO_F_EVENT_IDX */
    bool in_order;         /**< VIRTIO_F_IN_ORDER */
    bool batch_whole;      /**< what was given last was written whole */
    uint16_t batch_at;     /**< where it was given back, as staged */
    uint16_t first_flags;  /**< packed: of the first used one staged */
    uint32_t staged_count; /**< packed: descriptors staged, not published */
} vsk_ring_device;

/**
 * Count the bytes that a ring takes in one piece.
 *
 * @param ring its size and features are read
 * @return bytes, when it begins at a multiple of 16
 */
VSK_API uint64_t vsk_ring_bytes(const vsk_ring *ring);

/**
 * Count the bytes of each part of a ring.
 *
 * @param ring its size and features are read
 * @param bytes written: of the descriptor area, driver area and device area
 */
VSK_API void vsk_ring_part_bytes(const vsk_ring *ring, uint64_t bytes[3]);

/**
 * Check a ring's size.
 *
 * @param ring its size and features are read
 * @return VSK_OK or VSK_ERR_SIZE
 */
VSK_API vsk_status vsk_ring_check_size(const vsk_ring *ring);

/**
 * Place a ring's parts one after the other.
 *
 * @param ring desc, driver and device are written; size and features are read
 * @param addr guest address, a multiple of 16
 */
VSK_API void vsk_ring_place(vsk_ring *ring, uint64_t addr);

/**
 * Check a ring's place and translate it.
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
