/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Dial: the line with which a program of the host asks for a port of the guest,
 * and the line that answers it, as Firecracker has them. Pure: no system call,
 * no allocation.
 *
 *     "CONNECT 1234\n" ->        -> "OK 1073741824\n": the host's own port
 *
 * Read as Firecracker, Cloud Hypervisor and vhost-device-vsock do: 32 bytes at
 * most, CONNECT in any case, blanks around its two words, leading zeros in the
 * port. Unlike them nothing may follow the port, and no sign comes before it.
 */
#ifndef VSK_VHOST_DIAL_H
#define VSK_VHOST_DIAL_H

#include <stddef.h>
#include <stdint.h>

#include "vsk/status.h"

#define VSK_DIAL_LINE 32u /**< bytes of a line at most, its newline included */

/** Where a line is. */
typedef enum vsk_dial_state {
    VSK_DIAL_LEAD,   /**< blanks in front of CONNECT, or the word */
    VSK_DIAL_GAP,    /**< at least one blank was between them */
    VSK_DIAL_DIGITS, /**< in the port */
    VSK_DIAL_TRAIL,  /**< blanks behind it */
    VSK_DIAL_DONE,   /**< the newline came */
    VSK_DIAL_BROKEN  /**< nothing makes it right any more */
} vsk_dial_state;

/** A line that is being read; all 0 at the start. */
typedef struct vsk_dial {
    vsk_dial_state state; /**< where it is */
    uint32_t size;        /**< bytes so far */
    uint32_t matched;     /**< of the word CONNECT */
    uint32_t port;        /**< so far; the port, where the line is DONE */
    vsk_status status;    /**< of a line that is BROKEN, else VSK_OK */
} vsk_dial;

/**
 * Take the next byte of a line.
 *
 * @param dial changed
 * @param byte that came
 * @return VSK_OK: it was the newline, dial->port is asked for; VSK_NONE: the
 * line goes on; VSK_BAD_DIAL: it is none, or too long; VSK_BAD_PORT: the port
 * is above 4294967294. A line that is over stays as it is
 */
VSK_API vsk_status vsk_dial_byte(vsk_dial *dial, uint8_t byte);

/**
 * Take bytes up to the line's end; none behind it.
 *
 * @param dial changed
 * @param bytes that came
 * @param size number of bytes
 * @param taken written: how many of them belong to the line
 * @return as vsk_dial_byte
 */
VSK_API vsk_status vsk_dial_bytes(vsk_dial *dial, const uint8_t *bytes,
                                  size_t size, size_t *taken);

/**
 * Write the line that says that the guest has accepted.
 *
 * @param port the host's side of the connection
 * @param line written: room for VSK_DIAL_LINE bytes; no zero at its end
 * @return bytes written, newline included
 */
VSK_API uint32_t vsk_dial_answer(uint32_t port, uint8_t *line);

#endif
