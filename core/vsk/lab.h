/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Lab: devices and their guests on a virtual clock, in one thread.
 *
 *     pair 0    guest ==kick==> device       each pair has a memory and three
 *               guest <=intr=== device       queues of its own
 *     pair 1    ...
 *
 * The clock stands still while somebody has work, then jumps to the next
 * deadline: a connection's, or that of a notification which a fault has
 * delayed. When several wake up the seed chooses who goes first; then they take
 * turns, an event each. With the same seed and the same calls everything that
 * happens is the same.
 *
 * Faults are switches. Benign ones are what a slow but honest machine does,
 * and everything still arrives; under malign ones only safety is promised.
 */
#ifndef VSK_LAB_H
#define VSK_LAB_H

#include "vsk/device.h"
#include "vsk/guest.h"

#define VSK_LAB_NOTES (VSK_QUEUES + 1u) /**< queues, and the configuration */
#define VSK_LAB_BUFFER_MIN 4096u        /**< bytes that shrink leaves */

/** What goes wrong; all 0 is nothing. */
typedef struct vsk_faults {
    uint64_t delay;      /**< benign: nanoseconds that a kick or an interrupt
                             comes late at most */
    uint64_t hold;       /**< benign: nanoseconds that used entries are shown
                             late at most */
    uint32_t lose_kicks; /**< benign: of 1,000 kicks; another one follows a
                             second later */
    uint32_t starve;     /**< benign: RX buffers that a guest posts at most;
                             0: as its policy says */
    uint32_t shrink;     /**< benign: of 1,000 polls, so many change the size
                             of a stream's buffer; a message must fit into
                             its reader's, those are left alone */
    uint32_t flip;       /**< malign: of 1,000 packets, bytes in guest memory
                             change after they were read */
    uint32_t duplicate;  /**< malign: of 1,000 packets, sent again */
    uint32_t reorder;    /**< malign: of 1,000 packets, sent later */
    uint32_t lie;        /**< malign: of 1,000 packets, a field is wrong */
    uint32_t scribble;   /**< malign: of 1,000 polls, bytes of a ring change */
} vsk_faults;

/** Who is meant in a pair. */
typedef enum vsk_side {
    VSK_SIDE_DEVICE, /**< the device */
    VSK_SIDE_GUEST   /**< its guest */
} vsk_side;

/** A device and its guest. */
typedef struct vsk_lab_pair {
    vsk_device *device; /**< the caller's */
    vsk_guest *guest;   /**< the caller's */
    bool awake[2];      /**< by side: has to be polled */
    uint8_t due[2];     /**< by side: notifications on their way, a bit for
                            each queue and VSK_NOTIFY_CONFIG */
    uint64_t at[2][VSK_LAB_NOTES]; /**< by side: when they arrive */
    uint32_t data[VSK_QUEUES];     /**< what a kick on its way carries */
    uint64_t publish;    /**< when used entries are shown, with hold */
    bool held;           /**< some are not shown yet */
    bool starved;        /**< rx_buffers stands for the guest's policy */
    uint32_t rx_buffers; /**< what it was before starve */
} vsk_lab_pair;

/** A lab; the table of pairs is the caller's. */
typedef struct vsk_lab {
    vsk_lab_pair *pairs; /**< count entries */
    uint32_t count;      /**< pairs */
    uint64_t now;        /**< nanoseconds since the beginning */
    uint64_t random;     /**< state of the generator */
    vsk_faults faults;   /**< may be changed at any time */
    uint32_t last;       /**< pair and side polled last: 2 x pair + side */
    bool quiet;          /**< nobody was awake a moment ago */
    bool show_packets;   /**< the caller wants PACKET events */
    vsk_tap tap;         /**< is shown kicks, interrupts, timers, faults, and
                            all that the devices see: it becomes theirs */
} vsk_lab;

/**
 * Begin at time 0.
 *
 * @param lab written
 * @param pairs the caller's; device and guest are set in each
 * @param count pairs
 * @param seed of all that happens by chance
 */
VSK_API void vsk_lab_init(vsk_lab *lab, vsk_lab_pair *pairs, uint32_t count,
                          uint64_t seed);

/**
 * Let a guest find its device and initialise it, step by step as 3.1.1 of the
 * specification says: reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK, the
 * CID from the configuration space, queues and their buffers, DRIVER_OK; kicks
 * come with the next polls. A guest that is open is closed first. Both tell
 * RESET of what was before.
 *
 * @param lab changed
 * @param pair which
 * @param memory guest memory; the device is told of it
 * @param pool where the guest takes its rings and buffers from
 * @return VSK_OK, or what one of the steps says: the driver has set FAILED
 * then, and the guest is closed
 */
VSK_API vsk_status vsk_lab_start(vsk_lab *lab, uint32_t pair,
                                 const vsk_memory *memory, vsk_pool *pool);

/**
 * Let a guest's driver reset one of its queues, and enable it again with
 * another size (VIRTIO_F_RING_RESET; virtio 1.4, 2.6.1). What was posted comes
 * back to the guest, and new buffers are posted.
 *
 * @param lab changed
 * @param pair which
 * @param memory guest memory
 * @param queue VSK_RX, VSK_TX or VSK_EVENT
 * @param size descriptors, at most the policy's queue_size
 * @return VSK_OK, VSK_ERR_ARGUMENT, VSK_ERR_STATE, VSK_ERR_FEATURES where it
 * was not negotiated, VSK_ERR_SIZE, or VSK_ERR_BUSY where packets are on their
 * way in that queue: poll until nothing happens
 */
VSK_API vsk_status vsk_lab_reset_queue(vsk_lab *lab, uint32_t pair,
                                       const vsk_memory *memory, uint32_t queue,
                                       uint32_t size);

/**
 * Say that somebody has work: after every call on a device or a guest.
 *
 * @param lab changed
 * @param pair which
 * @param side which of the two
 */
VSK_API void vsk_lab_wake(vsk_lab *lab, uint32_t pair, vsk_side side);

/**
 * Go on to the next event; what the last one pointed at is void.
 *
 * After TRANSPORT_RESET the guest's CID has been read anew when RESET is told.
 * PACKET is told where show_packets is set, MORE where sides have kept each
 * other, or the clock, busy for long with nothing to tell.
 *
 * @param lab changed; its clock does not pass limit
 * @param limit time in nanoseconds
 * @param pair written on success: whose event it is
 * @param side written on success: the device's or the guest's
 * @param event written on success
 * @return VSK_OK; VSK_NONE where nothing happens any more up to limit: the
 * clock stands at limit then, unless limit is UINT64_MAX
 */
VSK_API vsk_status vsk_lab_poll(vsk_lab *lab, uint64_t limit, uint32_t *pair,
                                vsk_side *side, vsk_event *event);

/**
 * Choose a number by chance.
 *
 * @param lab whose generator goes on
 * @param below 1 or more
 * @return 0 to below - 1; where that is 0 the generator stands still
 */
VSK_API uint64_t vsk_lab_random(vsk_lab *lab, uint64_t below);

#endif
