/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Buffers: what a driver has in guest memory behind its end of a queue. It
 * takes ranges from a pool, cuts packets or room for packets into
 * descriptors, and knows what to read and to free when a chain comes back.
 *
 *     range of the pool    [ table? ][ piece ] gap [ piece ] gap [ piece ]
 *     layout {10, 34, 5}               10            34            5
 *
 * The account is private: a device that scribbles over the ring cannot make
 * the driver read or free anything that it did not post.
 */
#ifndef VSK_BUFFERS_H
#define VSK_BUFFERS_H

#include "vsk/packet.h"
#include "vsk/pool.h"
#include "vsk/queue.h"

/** Bytes between two pieces of a layout, so that none runs into the next. */
#define VSK_BUFFERS_GAP 16u

/** Where a list of records ends. */
#define VSK_RECORD_NONE 0xffffffffu

/**
 * A record of the account. A chain has one for the range that it took from
 * the pool (size 0 where it took none), then one for each of its buffers.
 */
typedef struct vsk_record {
    uint64_t addr; /**< guest address */
    uint64_t size; /**< bytes */
    uint32_t next; /**< record after it, or VSK_RECORD_NONE */
    bool write;    /**< the device writes it */
} vsk_record;

/** The tables behind a vsk_buffers: all of them the caller's. */
typedef struct vsk_buffers_tables {
    vsk_record *records; /**< account */
    uint32_t capacity;   /**< records: 2 x queue size, more for indirect */
    vsk_buffer *scratch; /**< queue size entries */
} vsk_buffers_tables;

/** A driver's buffers. */
typedef struct vsk_buffers {
    vsk_queue_driver *driver; /**< whose ring takes the chains */
    vsk_pool *pool;           /**< where the ranges come from */
    vsk_memory memory;        /**< guest memory */
    vsk_record *records;      /**< the caller's table */
    vsk_buffer *scratch;      /**< the caller's table */
    uint32_t size;            /**< queue size */
    uint32_t free;            /**< first free record */
} vsk_buffers;

/** How to cut bytes into descriptors. */
typedef struct vsk_layout {
    const uint32_t *pieces; /**< bytes of each; NULL: as Linux cuts them */
    uint32_t count;         /**< pieces */
    bool indirect;          /**< in an indirect table */
} vsk_layout;

/**
 * Begin with nothing posted.
 *
 * @param buffers written
 * @param driver its end of the queue; token 0 is not used for chains
 * @param memory guest memory
 * @param pool ranges to post
 * @param size queue size
 * @param tables the caller's tables
 */
VSK_API void vsk_buffers_init(vsk_buffers *buffers, vsk_queue_driver *driver,
                              const vsk_memory *memory, vsk_pool *pool,
                              uint32_t size, const vsk_buffers_tables *tables);

/**
 * Put a packet into readable buffers and offer them: TX.
 *
 * Without a layout the header is one descriptor and the payload another. A
 * layout may have more room than the packet: what is behind the packet is
 * left as it is.
 *
 * @param buffers account to use
 * @param packet header and payload; len is sent as it stands
 * @param layout how to cut
 * @param head written on success: slot of the first descriptor
 * @return VSK_OK, VSK_ERR_LAYOUT, VSK_ERR_TABLE, VSK_ERR_POOL, or as
 * vsk_queue_stage
 */
VSK_API vsk_status vsk_buffers_send(vsk_buffers *buffers,
                                    const vsk_packet *packet,
                                    const vsk_layout *layout, uint16_t *head);

/**
 * Offer writable buffers: RX.
 *
 * @param buffers account to use
 * @param size bytes in all; the layout's pieces must add up to it
 * @param layout how to cut; without one a single descriptor
 * @param head written on success: slot of the first descriptor
 * @return VSK_OK, VSK_ERR_LAYOUT, VSK_ERR_TABLE, VSK_ERR_POOL, or as
 * vsk_queue_stage
 */
VSK_API vsk_status vsk_buffers_post(vsk_buffers *buffers, uint32_t size,
                                    const vsk_layout *layout, uint16_t *head);

/**
 * Offer buffers anywhere, also where there is no memory.
 *
 * @param buffers account to use
 * @param list buffers; they need not come from the pool
 * @param count number of buffers
 * @param indirect how many, from the last, go into a table from the pool
 * @param head written on success: slot of the first descriptor
 * @return VSK_OK, VSK_ERR_TABLE, VSK_ERR_POOL, or as vsk_queue_stage
 */
VSK_API vsk_status vsk_buffers_add(vsk_buffers *buffers, const vsk_buffer *list,
                                   uint32_t count, uint32_t indirect,
                                   uint16_t *head);

/**
 * Take back one chain that the device has used. Its buffers stay as they are
 * until vsk_buffers_release.
 *
 * @param buffers account to use
 * @param used written on VSK_OK; its status says what is wrong with it
 * @return as vsk_queue_reap
 */
VSK_API vsk_status vsk_buffers_reap(vsk_buffers *buffers, vsk_used *used);

/**
 * Show what the device has written into a chain that came back.
 *
 * @param buffers account to use
 * @param used as vsk_buffers_reap gave it
 * @param chain prepared by vsk_chain_init; gets the first written bytes of
 * the writable buffers as its spans, without their slots
 * @return VSK_OK, VSK_ERR_SPANS, VSK_BAD_ADDRESS, or used's own status
 */
VSK_API vsk_status vsk_buffers_written(vsk_buffers *buffers,
                                       const vsk_used *used, vsk_chain *chain);

/**
 * Free the buffers of a chain that came back. Their bytes stay in memory
 * until the range is handed out again.
 *
 * @param buffers account to use
 * @param used as vsk_buffers_reap gave it, once
 */
VSK_API void vsk_buffers_release(vsk_buffers *buffers, const vsk_used *used);

#endif
