/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Packed: both ends of a packed virtqueue (virtio 1.4, 2.8).
 *
 *     descriptor area   { addr, len, id, flags } x size     both write
 *     driver area       { off:15 wrap:1, flags }            driver writes
 *     device area       { off:15 wrap:1, flags }            device writes
 *
 * One ring for both directions: the driver writes descriptors that are
 * available, in ring order, and the device overwrites them with used ones, in
 * the order in which it is done; one used descriptor answers a whole list, and
 * both go on behind as many slots as the list had. Each end has a wrap counter
 * that begins at 1 and toggles at the ring's end: it tells this lap's
 * descriptors from the last one's. Each end keeps what it needs in private
 * memory. queue.h is the face that callers use, and documents the calls.
 */
#ifndef VSK_PACKED_H
#define VSK_PACKED_H

#include "vsk/ring.h"

/** Begin at the driver's end: all parts are zeroed (PACKED-DRV-14). */
VSK_API void vsk_packed_driver_init(vsk_ring_driver *driver,
                                    const vsk_memory *memory,
                                    const vsk_ring *ring,
                                    const vsk_ring_parts *parts,
                                    vsk_ring_slot *slots);

/**
 * Go on at the driver's end of a ring that is there already.
 *
 * Lists that were offered and not reaped are found in the ring, if each of
 * their descriptors has the id; they must come back in order, and one by one.
 * Their tokens are 0.
 */
VSK_API void vsk_packed_driver_open(vsk_ring_driver *driver,
                                    const vsk_memory *memory,
                                    const vsk_ring *ring,
                                    const vsk_ring_parts *parts,
                                    vsk_ring_slot *slots,
                                    const vsk_ring_state *state);

/** Put a list into the ring that vsk_queue_check has passed. */
VSK_API vsk_status vsk_packed_stage(vsk_ring_driver *driver,
                                    const vsk_offer *offer, uint16_t *id);

/**
 * Make what stands in the next slot available under any id, for experiments;
 * its addr, len and other flags stay.
 */
VSK_API void vsk_packed_stage_id(vsk_ring_driver *driver, uint16_t id);

/** Show the device all staged lists: PACKED-DRV-27. */
VSK_API void vsk_packed_offer(vsk_ring_driver *driver);

/** Decide on a kick for what was offered since the last call. */
VSK_API bool vsk_packed_should_kick(vsk_ring_driver *driver);

/** Take back one list that the device has used. */
VSK_API vsk_status vsk_packed_reap(vsk_ring_driver *driver, vsk_used *used);

/** Ask for interrupts; true where a list came back meanwhile. */
VSK_API bool vsk_packed_enable_interrupts(vsk_ring_driver *driver);

/** Ask for no interrupts: a hint. */
VSK_API void vsk_packed_disable_interrupts(vsk_ring_driver *driver);

/** Begin, or go on, at the device's end; the ring is not touched. */
VSK_API void vsk_packed_device_init(vsk_ring_device *device,
                                    const vsk_memory *memory,
                                    const vsk_ring *ring,
                                    const vsk_ring_parts *parts,
                                    const vsk_ring_state *state);

/** Where both ends of a new ring stand. */
VSK_API vsk_ring_state vsk_packed_new_state(void);

/** Take the next list that the driver has offered. */
VSK_API vsk_status vsk_packed_pop(vsk_ring_device *device, vsk_chain *chain);

/** Leave the chain that was popped last in the ring. */
VSK_API void vsk_packed_unpop(vsk_ring_device *device, const vsk_chain *chain);

/** Put a used descriptor into the ring without showing it yet. */
VSK_API vsk_status vsk_packed_give(vsk_ring_device *device, vsk_chain *chain,
                                   uint32_t written);

/** Show the driver all chains that were given. */
VSK_API void vsk_packed_publish(vsk_ring_device *device);

/** Give a chain back and show it, with all that were given before. */
VSK_API vsk_status vsk_packed_push(vsk_ring_device *device, vsk_chain *chain,
                                   uint32_t written);

/** Count what is neither held nor given back: 0, or 1 for any number. */
VSK_API uint32_t vsk_packed_lost(const vsk_ring_device *device);

/** Decide on an interrupt for what was published since the last call. */
VSK_API bool vsk_packed_should_interrupt(vsk_ring_device *device);

/** Follow the lists that the driver has offered to a place behind them all. */
VSK_API uint16_t vsk_packed_offered(const vsk_ring_device *device);

/** Ask for a kick at a place; true where the driver is further. */
VSK_API bool vsk_packed_watch(const vsk_ring_device *device, uint16_t place);

/** Tell whether the driver is further than a place. */
VSK_API bool vsk_packed_is_behind(const vsk_ring_device *device,
                                  uint16_t place);

/** Ask for no kicks: a hint. */
VSK_API void vsk_packed_disable_kicks(vsk_ring_device *device);

#endif
