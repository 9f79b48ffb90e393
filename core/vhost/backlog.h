/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Backlog: what a program has not taken yet, as bytes or as messages.
 *
 *     bytes      ....[=====================]....
 *                    first                 first + size
 *     messages   ....[len|=====][len|==].......    the last one may be open
 *
 * It takes memory while something is in it, and none while it is empty.
 */
#ifndef VSK_VHOST_BACKLOG_H
#define VSK_VHOST_BACKLOG_H

#include "vsk/packet.h"

#define VSK_BACKLOG_HEAD 4u /**< bytes of memory in front of each message */

/** What waits; all 0 at the start. */
typedef struct vsk_backlog {
    uint8_t *bytes;  /**< allocated, NULL where it is empty */
    size_t capacity; /**< bytes of it */
    size_t first;    /**< where what waits begins */
    size_t size;     /**< bytes of it, heads of messages included */
    size_t last;     /**< the open message's head, counted from first */
    bool open;       /**< the last message is not complete */
} vsk_backlog;

/**
 * Add bytes.
 *
 * @param backlog changed on success
 * @param bytes copied
 * @param size number of bytes
 * @return VSK_OK or VSK_ERR_NOMEM
 */
VSK_API vsk_status vsk_backlog_add(vsk_backlog *backlog, const uint8_t *bytes,
                                   size_t size);

/**
 * Add a packet's payload from an offset on.
 *
 * @param backlog changed on success
 * @param packet whose payload is copied
 * @param offset bytes to pass over
 * @return VSK_OK or VSK_ERR_NOMEM
 */
VSK_API vsk_status vsk_backlog_add_packet(vsk_backlog *backlog,
                                          const vsk_packet *packet,
                                          uint32_t offset);

/**
 * Add a packet's payload to the open message, or begin one.
 *
 * @param backlog changed on success
 * @param packet whose payload is copied
 * @param complete it is the message's last part
 * @return VSK_OK or VSK_ERR_NOMEM
 */
VSK_API vsk_status vsk_backlog_add_part(vsk_backlog *backlog,
                                        const vsk_packet *packet,
                                        bool complete);

/**
 * Show the bytes that wait.
 *
 * @param backlog to look at
 * @return the first of backlog->size bytes
 */
VSK_API const uint8_t *vsk_backlog_bytes(const vsk_backlog *backlog);

/**
 * Show the oldest message.
 *
 * @param backlog to look at
 * @param size written on success: its bytes
 * @return the first of them, NULL where no message is complete
 */
VSK_API const uint8_t *vsk_backlog_message(const vsk_backlog *backlog,
                                           uint32_t *size);

/**
 * Take bytes away; memory goes with the last one.
 *
 * @param backlog changed
 * @param size bytes, no more than wait; a message with its head
 */
VSK_API void vsk_backlog_take(vsk_backlog *backlog, size_t size);

/**
 * Take the open message away.
 *
 * @param backlog changed
 * @return payload bytes that it had
 */
VSK_API uint32_t vsk_backlog_cut(vsk_backlog *backlog);

/**
 * Take everything away.
 *
 * @param backlog changed
 */
VSK_API void vsk_backlog_clear(vsk_backlog *backlog);

#endif
