/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Channel: one connected Unix socket with messages and their descriptors, in
 * both directions, never waiting.
 *
 *     socket -> header, payload, descriptors -> vsk_channel_receive
 *     socket <- out, out_fds                 <- vsk_channel_send
 *
 * A message is read byte by byte where it comes so; its descriptors are those
 * that came with any part of it, and they are the caller's from then on. One
 * message is written at a time: descriptors to send are copied.
 */
#ifndef VSK_VHOST_CHANNEL_H
#define VSK_VHOST_CHANNEL_H

#include "vhost/message.h"

/** One end of a connection. */
typedef struct vsk_channel {
    int fd;                       /**< the socket, -1: closed; non-blocking */
    bool ended;                   /**< the other side will send no more */
    uint32_t in_size;             /**< bytes of the message so far */
    uint32_t in_fd_count;         /**< descriptors of it so far */
    int in_fds[VSK_MESSAGE_FDS];  /**< they */
    uint32_t out_size;            /**< bytes to send */
    uint32_t out_sent;            /**< of them that have gone */
    uint32_t out_fd_count;        /**< descriptors that go with the first one */
    int out_fds[VSK_MESSAGE_FDS]; /**< they: the channel's own copies */
    uint8_t in[VSK_MESSAGE_HEADER + VSK_MESSAGE_PAYLOAD];  /**< coming */
    uint8_t out[VSK_MESSAGE_HEADER + VSK_MESSAGE_PAYLOAD]; /**< going */
} vsk_channel;

/** Descriptors that came with a message; who closes one sets it to -1. */
typedef struct vsk_fds {
    int fds[VSK_MESSAGE_FDS]; /**< count of them, close-on-exec */
    uint32_t count;           /**< how many */
} vsk_fds;

/**
 * Begin closed.
 *
 * @param channel written
 */
VSK_API void vsk_channel_init(vsk_channel *channel);

/**
 * Begin with a connected socket; it is made non-blocking.
 *
 * @param channel written on success
 * @param fd the channel's from then on
 * @return VSK_OK or VSK_ERR_SYSTEM
 */
VSK_API vsk_status vsk_channel_open(vsk_channel *channel, int fd);

/**
 * Close the socket and every descriptor that was not asked for.
 *
 * @param channel changed; twice is no error
 */
VSK_API void vsk_channel_close(vsk_channel *channel);

/**
 * Look for the next message. Its payload is not decoded: the caller knows the
 * shape, and vsk_channel_payload gives the bytes.
 *
 * @param channel changed
 * @param message request, flags and size are written when they are there, also
 * where they are refused
 * @param fds written on success; closed on failure
 * @return VSK_OK; VSK_NONE: nothing whole is there; VSK_EOF at a message's
 * edge; VSK_BAD_HANGUP within one; as vsk_message_header; VSK_BAD_FDS for more
 * than eight descriptors, or some that were lost; VSK_ERR_SYSTEM
 */
VSK_API vsk_status vsk_channel_receive(vsk_channel *channel,
                                       vsk_message *message, vsk_fds *fds);

/**
 * Show the payload of the message that was received last.
 *
 * @param channel to look at
 * @return its bytes, until the next receive
 */
VSK_API const uint8_t *vsk_channel_payload(const vsk_channel *channel);

/**
 * Begin to send a message.
 *
 * @param channel changed on success
 * @param message its size is set
 * @param payload how to write it
 * @param fds descriptors to go with it, copied; NULL: none
 * @param count of them
 * @return VSK_OK also where some of it waits; VSK_ERR_BUSY where one before it
 * still does; VSK_BAD_HANGUP where nobody reads any more; VSK_ERR_SYSTEM
 */
VSK_API vsk_status vsk_channel_send(vsk_channel *channel, vsk_message *message,
                                    vsk_payload payload, const int *fds,
                                    uint32_t count);

/**
 * Go on with what waits.
 *
 * @param channel changed
 * @return VSK_OK: all of it has gone; VSK_NONE: the socket is full;
 * VSK_BAD_HANGUP or VSK_ERR_SYSTEM
 */
VSK_API vsk_status vsk_channel_flush(vsk_channel *channel);

/**
 * Tell whether something waits to be sent.
 *
 * @param channel to look at
 * @return true: ask for the socket to become writable
 */
VSK_API bool vsk_channel_waits(const vsk_channel *channel);

/**
 * Close the descriptors of a message that are there.
 *
 * @param fds all of them become -1
 */
VSK_API void vsk_fds_close(vsk_fds *fds);

/**
 * Take a descriptor: the caller closes it.
 *
 * @param fds changed
 * @param at which, below fds->count
 * @return the descriptor
 */
VSK_API int vsk_fds_take(vsk_fds *fds, uint32_t at);

#endif
