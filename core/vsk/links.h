/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Links: what waits for each slot of an endpoint's table, a few bits beside
 * the connection, and four lines of slots in the order in which they came.
 *
 *     lines    TOLD    first -> 3 -> 0 -> 7      events to tell
 *              OWING   first -> 3                packets to send
 *              WANTED                            payload to send
 *              UNPAID  first -> 0                credit to report
 *
 * A slot is in a line once at most. It stays there when its connection goes,
 * and is passed over when its turn comes.
 */
#ifndef VSK_LINKS_H
#define VSK_LINKS_H

#include "vsk/table.h"

/** Packets that a connection owes, in the order in which they leave. */
#define VSK_OWES_RST 0x01u      /**< it is over */
#define VSK_OWES_REQUEST 0x02u  /**< we want to connect */
#define VSK_OWES_RESPONSE 0x04u /**< we accepted */
#define VSK_OWES_SHUTDOWN 0x08u /**< with the flags in shut_sent */
#define VSK_OWES_CREDIT 0x10u   /**< CREDIT_UPDATE */
#define VSK_OWES_ASK 0x20u      /**< CREDIT_REQUEST */

#define VSK_MARK_WANTS 0x10u   /**< to send, as soon as there is room */
#define VSK_MARK_STARVED 0x20u /**< of credit, with data waiting */
#define VSK_MARK_MIDWAY 0x40u  /**< in a message */
#define VSK_MARK_UNPAID 0x80u  /**< credit that the peer does not know of */

#define VSK_ASKED_HEARD                                                        \
    0x80u /**< bit of asked: the peer sent something since */

/** The lines; a slot's mark for line n is 1 << n. */
typedef enum vsk_line_name {
    VSK_LINE_TOLD,   /**< who has something to tell */
    VSK_LINE_OWING,  /**< who owes a packet */
    VSK_LINE_WANTED, /**< who waits to send */
    VSK_LINE_UNPAID, /**< whose peer should learn of credit */
    VSK_LINES        /**< how many there are */
} vsk_line_name;

/** What belongs to a slot beside its connection. */
typedef struct vsk_link {
    uint32_t next[VSK_LINES]; /**< slot behind it in each line */
    uint8_t tells;            /**< events to come */
    uint8_t owes;             /**< VSK_OWES_* */
    uint8_t marks;            /**< lines that it is in, and VSK_MARK_* */
    uint8_t asked;            /**< CREDIT_REQUEST without new credit since */
} vsk_link;

/** Slots in the order in which they came. */
typedef struct vsk_line {
    uint32_t first; /**< next one to serve, or VSK_TABLE_NONE */
    uint32_t last;  /**< newest */
} vsk_line;

/** The links of all slots, and the lines through them. */
typedef struct vsk_links {
    vsk_link *links;           /**< the caller's, one for each slot */
    vsk_line lines[VSK_LINES]; /**< by name */
} vsk_links;

/**
 * Begin with nothing that waits.
 *
 * @param links written
 * @param table the caller's; all of it is written
 * @param capacity slots
 */
VSK_API void vsk_links_init(vsk_links *links, vsk_link *table,
                            uint32_t capacity);

/**
 * Forget what the connection before left in a slot. The lines keep it.
 *
 * @param links changed
 * @param slot of the table
 */
VSK_API void vsk_links_begin(vsk_links *links, uint32_t slot);

/**
 * Put a slot at a line's end, unless it is in it.
 *
 * @param links changed
 * @param line which
 * @param slot of the table
 */
VSK_API void vsk_links_add(vsk_links *links, vsk_line_name line, uint32_t slot);

/**
 * Look at the slot that is first in a line.
 *
 * @param links to look at
 * @param line which
 * @return the slot, or VSK_TABLE_NONE
 */
VSK_API uint32_t vsk_links_first(const vsk_links *links, vsk_line_name line);

/**
 * Take the first slot out of a line that is not empty.
 *
 * @param links changed
 * @param line which
 * @return the slot
 */
VSK_API uint32_t vsk_links_take(vsk_links *links, vsk_line_name line);

/**
 * Add packets to what a slot owes.
 *
 * @param links changed
 * @param slot of the table
 * @param owes VSK_OWES_*, or 0
 */
VSK_API void vsk_links_owe(vsk_links *links, uint32_t slot, uint32_t owes);

#endif
