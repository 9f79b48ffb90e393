/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Queue: one face over the ring formats, with an end for each side.
 *
 *     driver   add = stage + offer ->  [ ring ]  -> pop            device
 *              reap                <-  [ ring ]  <- push = give + publish
 *              should_kick            ---kick--->   enable_kicks
 *              enable_interrupts   <--interrupt--   should_interrupt
 *
 * The two ends share nothing but guest memory: each may run in a thread of
 * its own, and each survives whatever the other one does to the ring.
 */
#ifndef VSK_QUEUE_H
#define VSK_QUEUE_H

#include "vsk/ring.h"

/** The driver's end of a queue. */
typedef struct vsk_queue_driver {
    vsk_ring_driver ring; /**< its ring, of either format */
} vsk_queue_driver;

/** The device's end of a queue. */
typedef struct vsk_queue_device {
    vsk_ring_device ring; /**< its ring, of either format */
} vsk_queue_device;

/**
 * Begin at the driver's end: the ring is zeroed (SPLITSUP-DRV-06).
 *
 * @param driver written on success
 * @param memory guest memory; copied, its region table must live on
 * @param ring place, size and features
 * @param slots table that stays the caller's, ring->size entries
 * @return VSK_OK, VSK_ERR_SIZE, VSK_ERR_FEATURES, VSK_ERR_ALIGN or
 * VSK_ERR_ADDRESS
 */
VSK_API vsk_status vsk_queue_driver_init(vsk_queue_driver *driver,
                                         const vsk_memory *memory,
                                         const vsk_ring *ring,
                                         vsk_ring_slot *slots);

/**
 * Go on at the driver's end of a ring that is there already. Chains that are
 * outstanding must come back in order; their tokens are 0.
 *
 * @param driver written on success
 * @param memory guest memory; copied, its region table must live on
 * @param ring place, size and features
 * @param slots table that stays the caller's, ring->size entries
 * @param state where to go on; NULL: all that was used is reaped already,
 * which a packed ring cannot tell
 * @return as vsk_queue_driver_init, or VSK_ERR_ARGUMENT for a state that is
 * none of this ring
 */
VSK_API vsk_status vsk_queue_driver_open(vsk_queue_driver *driver,
                                         const vsk_memory *memory,
                                         const vsk_ring *ring,
                                         vsk_ring_slot *slots,
                                         const vsk_ring_state *state);

/**
 * Look whether the ring would take a chain; nothing is changed.
 *
 * @param driver whose ring it is
 * @param offer as for vsk_queue_stage
 * @return VSK_OK, VSK_ERR_EMPTY, VSK_ERR_LONG, VSK_ERR_ORDER, VSK_ERR_LENGTH,
 * VSK_ERR_INDIRECT, VSK_ERR_MIXED, VSK_ERR_ARGUMENT or VSK_ERR_FULL
 */
VSK_API vsk_status vsk_queue_check(const vsk_queue_driver *driver,
                                   const vsk_offer *offer);

/**
 * Put a chain into the ring; the device does not see it before
 * vsk_queue_offer (SPLIT-DRV-14).
 *
 * @param driver whose ring takes the chain
 * @param offer buffers, how many of them go into an indirect table, token
 * @param head written on success: its name, as vsk_chain.head
 * @return VSK_OK, VSK_ERR_EMPTY, VSK_ERR_LONG, VSK_ERR_ORDER, VSK_ERR_LENGTH,
 * VSK_ERR_INDIRECT, VSK_ERR_MIXED, VSK_ERR_ARGUMENT, VSK_ERR_FULL or
 * VSK_ERR_ADDRESS
 */
VSK_API vsk_status vsk_queue_stage(vsk_queue_driver *driver,
                                   const vsk_offer *offer, uint16_t *head);

/**
 * Put any number into the ring as a head, for experiments; it is staged, and
 * the driver keeps no account of it. In a packed ring the descriptor that
 * stands in the next slot becomes available, with this buffer id.
 *
 * @param driver whose ring takes it
 * @param head slot of a descriptor, a buffer id, or nonsense
 */
VSK_API void vsk_queue_stage_head(vsk_queue_driver *driver, uint16_t head);

/**
 * Show the device all chains that were staged.
 *
 * @param driver whose ring it is
 */
VSK_API void vsk_queue_offer(vsk_queue_driver *driver);

/**
 * Stage a chain and offer it.
 *
 * @param driver whose ring takes the chain
 * @param offer buffers, how many of them go into an indirect table, token
 * @param head written on success: its name, as vsk_chain.head
 * @return as vsk_queue_stage
 */
VSK_API vsk_status vsk_queue_add(vsk_queue_driver *driver,
                                 const vsk_offer *offer, uint16_t *head);

/**
 * Decide whether to kick the device for what was offered since the last
 * decision (SPLITSUP-DRV-08 to 12).
 *
 * @param driver whose ring it is
 * @return true where a kick is due
 */
VSK_API bool vsk_queue_should_kick(vsk_queue_driver *driver);

/**
 * Give what a kick carries where VIRTIO_F_NOTIFICATION_DATA was negotiated
 * (NOTIF-DRV-02): the queue, and where the next chain will be offered.
 *
 * @param driver whose ring it is
 * @param queue index of the queue
 * @return the index in bits 0-15, then 15 bits of a place and the wrap counter
 */
VSK_API uint32_t vsk_queue_notification(const vsk_queue_driver *driver,
                                        uint16_t queue);

/**
 * Take back one chain that the device has used. With VIRTIO_F_IN_ORDER what a
 * device passes over in a batch is taken for written to its last byte.
 *
 * @param driver whose ring is looked at
 * @param used written on VSK_OK; its status says what is wrong with it
 * @return VSK_OK, VSK_NONE, VSK_BAD_USED_IDX, or VSK_BAD_USED_ID: then the
 * entry is passed over
 */
VSK_API vsk_status vsk_queue_reap(vsk_queue_driver *driver, vsk_used *used);

/**
 * Ask the device for interrupts, and look once more (SPLIT-DRV-18).
 *
 * @param driver whose ring it is
 * @return true where a chain came back meanwhile: reap it, no interrupt comes
 */
VSK_API bool vsk_queue_enable_interrupts(vsk_queue_driver *driver);

/**
 * Tell the device that interrupts are not needed: a hint.
 *
 * @param driver whose ring it is
 */
VSK_API void vsk_queue_disable_interrupts(vsk_queue_driver *driver);

/**
 * Say where the driver's end stands, to open it again later.
 *
 * @param driver to look at; staged chains that were not offered are left out
 * @return where it stands
 */
VSK_API vsk_ring_state vsk_queue_driver_state(const vsk_queue_driver *driver);

/**
 * Begin, or go on, at the device's end; the ring is not touched. Chains that
 * were popped before are void and must not be given back; to begin again on
 * the same ring use vsk_queue_device_reset, which refuses them.
 *
 * @param device written on success
 * @param memory guest memory; copied, its region table must live on
 * @param ring place, size and features
 * @param state where to go on; NULL: at the used idx that a split ring shows,
 * which is 0 in a new one, and at the start of a packed ring
 * @return VSK_OK, VSK_ERR_SIZE, VSK_ERR_FEATURES, VSK_ERR_ALIGN,
 * VSK_ERR_ADDRESS, or VSK_ERR_ARGUMENT for a state that is none of this ring
 */
VSK_API vsk_status vsk_queue_device_init(vsk_queue_device *device,
                                         const vsk_memory *memory,
                                         const vsk_ring *ring,
                                         const vsk_ring_state *state);

/**
 * Take the next chain that the driver has offered, and walk it.
 *
 * @param device whose ring is looked at
 * @param chain prepared by vsk_chain_init; on VSK_OK it is held until it is
 * given back, and its status says what is wrong with it
 * @return VSK_OK, VSK_NONE, VSK_BAD_HEAD: then the entry is passed over;
 * VSK_BAD_AVAIL_IDX or VSK_BAD_LIST: then nothing on this ring can be found
 * any more; VSK_ERR_HELD where chain is held from here already
 */
VSK_API vsk_status vsk_queue_pop(vsk_queue_device *device, vsk_chain *chain);

/**
 * Leave the chain that was popped last where it was: the next pop finds it
 * again, and walks it anew.
 *
 * @param device that the chain was popped from
 * @param chain held; not held any more on success
 * @return VSK_OK, or VSK_ERR_HELD also where another was popped after it
 */
VSK_API vsk_status vsk_queue_unpop(vsk_queue_device *device, vsk_chain *chain);

/**
 * Give a chain back; the driver does not see it before vsk_queue_publish.
 *
 * @param device that the chain was popped from
 * @param chain held; not held any more on success
 * @param written bytes written, from its first writable one
 * @return VSK_OK, VSK_ERR_HELD, VSK_ERR_WRITTEN, or VSK_ERR_IN_ORDER where
 * VIRTIO_F_IN_ORDER was negotiated, and others were popped before it
 */
VSK_API vsk_status vsk_queue_give(vsk_queue_device *device, vsk_chain *chain,
                                  uint32_t written);

/**
 * Show the driver all chains that were given back.
 *
 * @param device whose ring it is
 */
VSK_API void vsk_queue_publish(vsk_queue_device *device);

/**
 * Give a chain back and publish it.
 *
 * @param device that the chain was popped from
 * @param chain held; not held any more on success
 * @param written bytes written, from its first writable one
 * @return as vsk_queue_give
 */
VSK_API vsk_status vsk_queue_push(vsk_queue_device *device, vsk_chain *chain,
                                  uint32_t written);

/**
 * Tell whether a chain is held from this queue, in this life of it.
 *
 * @param device to ask
 * @param chain to look for
 * @return true where vsk_queue_push would take it
 */
VSK_API bool vsk_queue_holds(const vsk_queue_device *device,
                             const vsk_chain *chain);

/**
 * Count the chains that are held.
 *
 * @param device to look at
 * @return chains popped and not given back
 */
VSK_API uint32_t vsk_queue_held(const vsk_queue_device *device);

/**
 * Count what the ring says was popped, and is neither held nor given back.
 *
 * @param device to look at
 * @return entries that were passed over; otherwise 0, always
 */
VSK_API uint32_t vsk_queue_lost(const vsk_queue_device *device);

/**
 * Decide whether to interrupt the driver for what was published since the
 * last decision (SPLITSUP-DEV-02 to 06).
 *
 * @param device whose ring it is
 * @return true where an interrupt is due
 */
VSK_API bool vsk_queue_should_interrupt(vsk_queue_device *device);

/**
 * Ask the driver for kicks, and look once more.
 *
 * @param device whose ring it is
 * @return true where a chain was offered meanwhile: pop it, no kick comes
 */
VSK_API bool vsk_queue_enable_kicks(vsk_queue_device *device);

/**
 * Look how far the driver has come, whatever was popped of it.
 *
 * @param device whose ring is looked at
 * @return where the driver will offer the next chain, as in vsk_ring_state
 */
VSK_API uint16_t vsk_queue_offered(const vsk_queue_device *device);

/**
 * Look whether the driver has come further than a place.
 *
 * @param device whose ring is looked at
 * @param place as vsk_queue_offered gave it
 * @return true where a chain is offered there
 */
VSK_API bool vsk_queue_is_behind(const vsk_queue_device *device,
                                 uint16_t place);

/**
 * Ask for a kick when the driver has come further than a place, and look
 * once more.
 *
 * @param device whose ring it is
 * @param place as vsk_queue_offered gave it
 * @return true where it has already: no kick comes
 */
VSK_API bool vsk_queue_watch(const vsk_queue_device *device, uint16_t place);

/**
 * Tell the driver that kicks are not needed: a hint.
 *
 * @param device whose ring it is
 */
VSK_API void vsk_queue_disable_kicks(vsk_queue_device *device);

/**
 * Say where the device's end stands, to begin there again later.
 *
 * @param device to look at
 * @param state written on success: where it stands
 * @return VSK_OK, or VSK_ERR_BUSY while chains are held, or given and not
 * published
 */
VSK_API vsk_status vsk_queue_device_state(const vsk_queue_device *device,
                                          vsk_ring_state *state);

/**
 * Forget what was done: both ends of the ring stand at its start, chains held
 * are void. The ring is not touched.
 *
 * @param device to reset
 */
VSK_API void vsk_queue_device_reset(vsk_queue_device *device);

#endif
