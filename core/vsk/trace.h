/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Trace: what passes a role or a lab, one line for each thing seen.
 *
 * Who wants to know sets a tap: a function that is called while packet and
 * chain are still there. It sees and cannot answer; what it wants to keep it
 * copies.
 */
#ifndef VSK_TRACE_H
#define VSK_TRACE_H

#include "vsk/packet.h"

/** Every kind of thing: name, meaning. */
#define VSK_SEEN_TABLE(X)                                                      \
    X(PACKET, "a packet, in the chain that it was read from or written to")    \
    X(USED, "a chain went back to the driver")                                 \
    X(KICK, "the driver notified the device")                                  \
    X(INTERRUPT, "the device notified the driver")                             \
    X(TIMER, "a deadline of a connection was reached")                         \
    X(EVENT, "TRANSPORT_RESET was written into the event queue")               \
    X(REFUSED, "a chain or packet that broke a rule")                          \
    X(STATUS, "the driver wrote the status register")                          \
    X(RENEWED, "the driver reset a queue and enabled it again")                \
    X(FAULT, "the lab did what a bad or slow peer does")

/** What was seen. */
typedef enum vsk_seen_kind {
#define VSK_SEEN_ENUMERATOR(name, words) VSK_SEEN_##name,
    VSK_SEEN_TABLE(VSK_SEEN_ENUMERATOR)
#undef VSK_SEEN_ENUMERATOR
} vsk_seen_kind;

/** One thing seen; what it points at lives during the call only. */
typedef struct vsk_seen {
    vsk_seen_kind kind;       /**< what */
    uint64_t now;             /**< time in nanoseconds */
    uint32_t guest_cid;       /**< whose device or guest saw it */
    uint32_t queue;           /**< 0 rx, 1 tx, 2 event */
    uint32_t written;         /**< of USED: bytes reported; of STATUS: it; of
                                 RENEWED: size; of KICK: what it carries */
    bool with_data;           /**< of KICK: NOTIFICATION_DATA is on */
    uint16_t head;            /**< of PACKET, USED and REFUSED */
    vsk_status status;        /**< of REFUSED: the rule */
    const char *words;        /**< of FAULT: which */
    const vsk_packet *packet; /**< of PACKET and REFUSED; NULL: none */
    const vsk_chain *chain;   /**< of PACKET and REFUSED; NULL: none */
} vsk_seen;

/** Who is told of what passes. */
typedef struct vsk_tap {
    void (*see)(void *user, const vsk_seen *seen); /**< NULL: nobody */
    void *user;                                    /**< the caller's */
} vsk_tap;

/**
 * Write what was seen as one line, such as
 * "0.000000000 3 tx packet head 0 44+5: 3:1024 > 2:1234 STREAM RW len=5 ...".
 *
 * @param seen to write
 * @param text written; may be NULL where size is 0
 * @param size room in text, with the zero byte
 * @return bytes of the whole text
 */
VSK_API size_t vsk_trace_line(const vsk_seen *seen, char *text, size_t size);

/**
 * Write where a packet was as a capture's comment, such as
 * "tx head 0 direct 44+5".
 *
 * @param seen a PACKET
 * @param text written; may be NULL where size is 0
 * @param size room in text, with the zero byte
 * @return bytes of the whole text
 */
VSK_API size_t vsk_trace_place(const vsk_seen *seen, char *text, size_t size);

/**
 * Name a queue.
 *
 * @param queue 0, 1, 2, or 3 for the configuration
 * @return "rx", "tx", "event", "configuration" for what is no queue's, or
 * "queue" for any other number
 */
VSK_API const char *vsk_queue_name(uint32_t queue);

/**
 * Name a kind of thing seen.
 *
 * @param kind any value
 * @return a constant string, "UNKNOWN" for a value that is no kind
 */
VSK_API const char *vsk_seen_name(uint32_t kind);

#endif
