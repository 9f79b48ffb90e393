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
 * itself into the ring. queue.h is the face that callers use, and documents
 * the calls; it checks what both formats have in common.
 */
#ifndef VSK_SPLIT_H
#define VSK_SPLIT_H

#include "vsk/ring.h"

/** Begin at the driver's end: all parts are zeroed. */
VSK_API void vsk_split_driver_init(vsk_ring_driver *driver,
                                   const vsk_memory *memory,
                                   const vsk_ring *ring,
                                   const vsk_ring_parts *parts,
                                   vsk_ring_slot *slots);

/**
 * Go on at the driver's end of a ring that is there already.
 *
 * Chains that were offered and not reaped are found in the ring; they must
 * come back in the order in which they were offered. Their tokens are 0.
 */
VSK_API void vsk_split_driver_open(vsk_ring_driver *driver,
                                   const vsk_memory *memory,
                                   const vsk_ring *ring,
                                   const vsk_ring_parts *parts,
                                   vsk_ring_slot *slots,
                                   const vsk_ring_state *state);

/** Put a chain into the ring that vsk_queue_check has passed. */
VSK_API vsk_status vsk_split_stage(vsk_ring_driver *driver,
                                   const vsk_offer *offer, uint16_t *head);

/** Put any number into the available ring as a head, for experiments. */
VSK_API void vsk_split_stage_head(vsk_ring_driver *driver, uint16_t head);

/** Show the device all staged chains: SPLIT-DRV-16. */
VSK_API void vsk_split_offer(vsk_ring_driver *driver);

/** Decide on a kick for what was offered since the last call. */
VSK_API bool vsk_split_should_kick(vsk_ring_driver *driver);

/** Take back one chain that the device has used. */
VSK_API vsk_status vsk_split_reap(vsk_ring_driver *driver, vsk_used *used);

/** Ask for interrupts; true where a chain came back meanwhile. */
VSK_API bool vsk_split_enable_interrupts(vsk_ring_driver *driver);

/** Ask for no interrupts: a hint. */
VSK_API void vsk_split_disable_interrupts(vsk_ring_driver *driver);

/** Begin, or go on, at the device's end; the ring is not touched. */
VSK_API void vsk_split_device_init(vsk_ring_device *device,
                                   const vsk_memory *memory,
                                   const vsk_ring *ring,
                                   const vsk_ring_parts *parts,
                                   const vsk_ring_state *state);

/** Read from the ring how far a device has come that completes in order. */
VSK_API vsk_ring_state vsk_split_device_state(const vsk_ring_parts *parts);

/** Read from the ring how far a driver has come that reaped everything. */
VSK_API vsk_ring_state vsk_split_driver_state(const vsk_ring_parts *parts);

/** Take the next chain that the driver has offered. */
VSK_API vsk_status vsk_split_pop(vsk_ring_device *device, vsk_chain *chain);

/** Leave the chain that was popped last in the ring. */
VSK_API void vsk_split_unpop(vsk_ring_device *device);

/** Put a used element into the ring without showing it yet. */
VSK_API vsk_status vsk_split_give(vsk_ring_device *device, vsk_chain *chain,
                                  uint32_t written);

/** Show the driver all chains that were given: SPLIT-DEV-08. */
VSK_API void vsk_split_publish(vsk_ring_device *device);

/** Give a chain back and show it, with all that were given before. */
VSK_API vsk_status vsk_split_push(vsk_ring_device *device, vsk_chain *chain,
                                  uint32_t written);

/** Count what is neither held nor given back: heads that were passed over. */
VSK_API uint32_t vsk_split_lost(const vsk_ring_device *device);

/** Decide on an interrupt for what was published since the last call. */
VSK_API bool vsk_split_should_interrupt(vsk_ring_device *device);

/** Read how many chains the driver has offered, mod 2^16; nothing is taken. */
VSK_API uint16_t vsk_split_offered(const vsk_ring_device *device);

/** Ask for a kick behind an index; true where the driver is further. */
VSK_API bool vsk_split_watch(const vsk_ring_device *device, uint16_t index);

/** Ask for no kicks: a hint. */
VSK_API void vsk_split_disable_kicks(vsk_ring_device *device);

#endif
