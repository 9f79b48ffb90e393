/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Image: a guest memory as it is saved, with the place of its rings, so that
 * another program, in another language, goes on with the same queues.
 *
 *     "VSKIMG01"  regions u32  rings u32
 *     addr u64  size u64                                     x regions
 *     desc u64  driver u64  device u64  features u64
 *     size u32  avail, used, notified u16 of the driver      x rings
 *               avail, used, notified u16 of the device
 *     bytes of every region, in order
 *
 * All numbers are little-endian. This module writes and reads what stands in
 * front of the bytes.
 */
#ifndef VSK_IMAGE_H
#define VSK_IMAGE_H

#include "vsk/pool.h"
#include "vsk/queue.h"

#define VSK_IMAGE_HEAD 16u   /**< bytes before the tables */
#define VSK_IMAGE_REGION 16u /**< bytes of a region */
#define VSK_IMAGE_RING 48u   /**< bytes of a ring */

/** A ring and how far its two ends have come. */
typedef struct vsk_image_ring {
    vsk_ring ring;         /**< place, size and features */
    vsk_ring_state driver; /**< driver's end */
    vsk_ring_state device; /**< device's end */
} vsk_image_ring;

/** What stands in front of the bytes; both tables are the caller's. */
typedef struct vsk_image {
    vsk_range *regions;    /**< where the bytes belong */
    vsk_image_ring *rings; /**< rings in them */
    uint32_t region_count; /**< regions */
    uint32_t ring_count;   /**< rings */
} vsk_image;

/**
 * Count the bytes in front of the memory's own.
 *
 * @param image whose counts decide
 * @return bytes that vsk_image_encode writes
 */
VSK_API uint64_t vsk_image_bytes(const vsk_image *image);

/**
 * Write what stands in front of the memory's bytes.
 *
 * @param image to write
 * @param wire written
 * @param capacity room in wire
 * @return VSK_OK, or VSK_ERR_SPACE and nothing is written
 */
VSK_API vsk_status vsk_image_encode(const vsk_image *image, uint8_t *wire,
                                    uint64_t capacity);

/**
 * Read how many regions and rings an image has.
 *
 * @param image whose counts are written on success
 * @param wire the first 16 bytes
 * @return VSK_OK, or VSK_ERR_IMAGE where they do not begin an image
 */
VSK_API vsk_status vsk_image_counts(vsk_image *image, const uint8_t *wire);

/**
 * Read regions and rings into the caller's tables.
 *
 * @param image with its counts and tables; the tables are written on success
 * @param wire the first vsk_image_bytes(image) bytes
 */
VSK_API void vsk_image_decode(vsk_image *image, const uint8_t *wire);

#endif
