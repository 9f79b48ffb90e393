/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Split: both ends of a split virtqueue (virtio 1.4, 2.7).
 *
 *     descriptor area   { addr, len, flags, next } x size      driver writes
 *     driver area       flags idx ring[size] used_event        driver writes
 *     device area       flags idx { id, len }[size] avail_event device writes
 *
 * Every idx runs freely mod 2^16; its slot is idx mod size. Each end keeps
 * what it needs in private memory and believes nothing that it has written
 * itself into the ring. queue.h is the face that callers use: it checks what
 * both formats have in common.
 */
#ifndef VSK_SPLIT_H
#define VSK_SPLIT_H

#include "vsk/chain.h"
#include "vsk/ring.h"

/** What the driver remembers of a descriptor. */
typedef struct vsk_split_slot {
    uint64_t token;    /**< of the chain that begins here */
    uint64_t writable; /**< bytes that its device may write */
    uint16_t next;     /**< next in the chain, or in the free list */
    uint16_t count;    /**< descriptors of the chain that begins here, or 0 */
} vsk_split_slot;

/** The driver's end. */
typedef struct vsk_split_driver {
    vsk_memory memory;     /**< for indirect tables */
    vsk_ring_parts parts;  /**< the ring in host memory */
    vsk_split_slot *slots; /**< the caller's table, size entries */
    uint32_t size;         /**< descriptors */
    uint32_t free_count;   /**< descriptors in the free list */
    uint16_t free_head;    /**< first of the free list */
    bool event_idx;        /**< VIRTIO_F_EVENT_IDX */
    bool indirect;         /**< VIRTIO_F_INDIRECT_DESC */
    uint16_t staged;       /**< chains in the ring, offered or not */
    uint32_t outstanding;  /**< chains that have not come back */
    vsk_ring_state state;  /**< avail is what was offered */
} vsk_split_driver;

/** The device's end. */
typedef struct vsk_split_device {
    vsk_memory memory;    /**< for buffers and indirect tables */
    vsk_ring_parts parts; /**< the ring in host memory */
    vsk_desc_table table; /**< its descriptor table */
    bool event_idx;       /**< VIRTIO_F_EVENT_IDX */
    uint16_t offered;     /**< available idx as seen last */
    uint16_t staged;      /**< chains in the used ring, published or not */
    uint32_t held;        /**< chains popped and not given back */
    vsk_ring_state state; /**< used is what was published */
} vsk_split_device;

/**
 * Begin at the driver's end of a new ring: all parts are zeroed.
 *
 * @param driver written
 * @param memory guest memory
 * @param ring place that was checked
 * @param parts its host addresses
 * @param slots table that stays the caller's, size entries
 */
VSK_API void vsk_split_driver_init(vsk_split_driver *driver,
                                   const vsk_memory *memory,
                                   const vsk_ring *ring,
                                   const vsk_ring_parts *parts,
                                   vsk_split_slot *slots);

/**
 * Go on at the driver's end of a ring that is there already.
 *
 * Chains that were offered and not reaped are found in the ring; they must
 * come back in the order in which they were offered. Their tokens are 0.
 *
 * @param driver written by vsk_split_driver_init's rules, ring untouched
 * @param memory guest memory
 * @param ring place that was checked
 * @param parts its host addresses
 * @param slots table that stays the caller's, size entries
 * @param state where to go on
 */
VSK_API void vsk_split_driver_open(vsk_split_driver *driver,
                                   const vsk_memory *memory,
                                   const vsk_ring *ring,
                                   const vsk_ring_parts *parts,
                                   vsk_split_slot *slots,
                                   const vsk_ring_state *state);

/**
 * Put a chain into the ring without showing it yet.
 *
 * @param driver whose ring takes the chain
 * @param offer that vsk_queue_check has passed
 * @param head written on success: slot of the first descriptor
 * @return VSK_OK, or VSK_ERR_ADDRESS for a table that is not in one piece of
 * guest memory
 */
VSK_API vsk_status vsk_split_stage(vsk_split_driver *driver,
                                   const vsk_offer *offer, uint16_t *head);

/**
 * Put any number into the available ring as a head, for experiments.
 *
 * @param driver whose ring takes it; it keeps no account of it
 * @param head slot, or nonsense
 */
VSK_API void vsk_split_stage_head(vsk_split_driver *driver, uint16_t head);

/** Show the device all staged chains: SPLIT-DRV-16. */
VSK_API void vsk_split_offer(vsk_split_driver *driver);

/** Decide on a kick for what was offered since the last call. */
VSK_API bool vsk_split_should_kick(vsk_split_driver *driver);

/**
 * Take back one chain that the device has used.
 *
 * @param driver whose ring is looked at
 * @param used written on success
 * @return VSK_OK, VSK_NONE, VSK_BAD_USED_IDX, or VSK_BAD_USED_ID: then the
 * entry is passed over
 */
VSK_API vsk_status vsk_split_reap(vsk_split_driver *driver, vsk_used *used);

/** Ask for interrupts; true where a chain came back meanwhile. */
VSK_API bool vsk_split_enable_interrupts(vsk_split_driver *driver);

/** Ask for no interrupts: a hint. */
VSK_API void vsk_split_disable_interrupts(vsk_split_driver *driver);

/**
 * Begin, or go on, at the device's end.
 *
 * @param device written; the ring is not touched
 * @param memory guest memory
 * @param ring place that was checked
 * @param parts its host addresses
 * @param state where to go on; all zero at the start
 */
VSK_API void vsk_split_device_init(vsk_split_device *device,
                                   const vsk_memory *memory,
                                   const vsk_ring *ring,
                                   const vsk_ring_parts *parts,
                                   const vsk_ring_state *state);

/** Read from the ring how far a device has come that completes in order. */
VSK_API vsk_ring_state vsk_split_device_state(const vsk_ring_parts *parts);

/** Read from the ring how far a driver has come that reaped everything. */
VSK_API vsk_ring_state vsk_split_driver_state(const vsk_ring_parts *parts);

/**
 * Take the next chain that the driver has offered.
 *
 * @param device whose ring is looked at
 * @param chain walked; its status says what is wrong with it
 * @return VSK_OK, VSK_NONE, VSK_BAD_AVAIL_IDX, or VSK_BAD_HEAD: then the
 * entry is passed over
 */
VSK_API vsk_status vsk_split_pop(vsk_split_device *device, vsk_chain *chain);

/** Leave the chain that was popped last in the ring. */
VSK_API void vsk_split_unpop(vsk_split_device *device);

/** Put a used element into the ring without showing it yet. */
VSK_API void vsk_split_give(vsk_split_device *device, uint16_t head,
                            uint32_t written);

/** Show the driver all chains that were given: SPLIT-DEV-08. */
VSK_API void vsk_split_publish(vsk_split_device *device);

/** Decide on an interrupt for what was published since the last call. */
VSK_API bool vsk_split_should_interrupt(vsk_split_device *device);

/** Ask for kicks; true where a chain was offered meanwhile. */
VSK_API bool vsk_split_enable_kicks(vsk_split_device *device);

/** Read how many chains the driver has offered, mod 2^16; nothing is taken. */
VSK_API uint16_t vsk_split_offered(const vsk_split_device *device);

/** Ask for no kicks: a hint. */
VSK_API void vsk_split_disable_kicks(vsk_split_device *device);

#endif
