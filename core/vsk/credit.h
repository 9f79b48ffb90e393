/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Credit: the byte and packet account of one connection (virtio 1.4,
 * 5.10.6.3). Counters run freely and wrap at 2^32; only differences mean
 * anything:
 *
 *     sending     peer_fwd_cnt      tx_cnt    peer_fwd_cnt + peer_buf_alloc
 *                      |== in flight ==|== may send ==|
 *
 *     receiving   told    fwd_cnt      rx_cnt                       edge
 *                   |= not told =|= held =|== peer may send ==|
 *
 * Linux counts queued packets as well as bytes, so packets in flight are
 * metered: 576 bytes of the peer's buffer for each. Which packets the peer
 * has taken is known only by bytes; the account keeps two generations of
 * them, older ones up to mark and newer ones, and drops a generation when its
 * last byte was forwarded. It errs on the side of holding back. Empty packets
 * are forgotten when the peer is heard of and no byte is in flight.
 */
#ifndef VSK_CREDIT_H
#define VSK_CREDIT_H

#include <stdint.h>

#include "vsk/status.h"

/** Bytes of the peer's buffer that a packet in flight is taken to cost. */
#define VSK_CREDIT_PACKET 576u

/** The account of one connection. */
typedef struct vsk_credit {
    uint32_t tx_cnt;         /**< payload bytes sent */
    uint32_t peer_fwd_cnt;   /**< of them the peer has forwarded */
    uint32_t peer_buf_alloc; /**< bytes of the peer's buffer */
    uint32_t mark;           /**< tx_cnt behind the last older packet */
    uint32_t older;          /**< packets in flight up to mark */
    uint32_t newer;          /**< packets in flight after mark */
    uint32_t rx_cnt;         /**< payload bytes received */
    uint32_t fwd_cnt;        /**< of them forwarded to the application */
    uint32_t buf_alloc;      /**< bytes of the own buffer */
    uint32_t told_fwd_cnt;   /**< fwd_cnt as the peer knows it */
    uint32_t told_buf_alloc; /**< buf_alloc as the peer knows it */
    uint32_t edge;           /**< rx_cnt that the peer may reach */
} vsk_credit;

/**
 * Begin an account; the peer has no buffer until something is learned.
 *
 * @param credit written
 * @param buf_alloc bytes of the own buffer
 */
VSK_API void vsk_credit_init(vsk_credit *credit, uint32_t buf_alloc);

/**
 * Let all counters begin at another number than 0, before anything was sent or
 * received. The peer has to do the same: this is for tests of what wraps.
 *
 * @param credit account to change
 * @param count added to every counter, mod 2^32
 */
VSK_API void vsk_credit_count_from(vsk_credit *credit, uint32_t count);

/**
 * Learn the peer's account from a packet, of any op (VSOCK-BOTH-19).
 *
 * @param credit account to change
 * @param buf_alloc the packet's buf_alloc; it may shrink below what is in
 * flight
 * @param fwd_cnt the packet's fwd_cnt
 * @return VSK_OK, or VSK_BAD_FWD_CNT where more is forwarded than was sent,
 * or less than before: then nothing is learned
 */
VSK_API vsk_status vsk_credit_learn(vsk_credit *credit, uint32_t buf_alloc,
                                    uint32_t fwd_cnt);

/**
 * Count the bytes that the peer's buffer has room for (VSOCK-BOTH-19).
 *
 * @param credit account to read
 * @return bytes; 0 too where the peer's buffer shrank below what is in flight
 */
VSK_API uint32_t vsk_credit_available(const vsk_credit *credit);

/**
 * Count the payload bytes that the next packet may have.
 *
 * @param credit account to read
 * @param want bytes that wait to be sent
 * @param midway the packet goes on with a message that was begun: packets are
 * not metered
 * @return bytes, 0 where nothing may be sent now
 */
VSK_API uint32_t vsk_credit_next(const vsk_credit *credit, uint32_t want,
                                 bool midway);

/**
 * Tell whether an empty packet of a message may be sent: bytes do not bound
 * them, packets do.
 *
 * @param credit account to read
 * @return true where the peer's buffer has room for one more packet
 */
VSK_API bool vsk_credit_empty(const vsk_credit *credit);

/**
 * Forget the packets in flight, and meter bytes alone until more are sent: a
 * peer that answers no CREDIT_REQUEST does not count packets either.
 *
 * @param credit account to change
 */
VSK_API void vsk_credit_forget(vsk_credit *credit);

/**
 * Count a packet with payload, or an empty one of a message, as sent.
 *
 * @param credit account to change
 * @param len payload bytes, at most vsk_credit_available
 */
VSK_API void vsk_credit_sent(vsk_credit *credit, uint32_t len);

/**
 * Count received payload (VSOCK-DRV-09, VSOCK-DEV-11).
 *
 * @param credit account to change
 * @param len payload bytes
 * @return VSK_OK, or VSK_BAD_CREDIT where they pass the furthest right edge
 * that was ever advertised: then nothing is counted
 */
VSK_API vsk_status vsk_credit_received(vsk_credit *credit, uint32_t len);

/**
 * Count payload that the application has taken.
 *
 * @param credit account to change
 * @param len payload bytes
 * @return VSK_OK, or VSK_ERR_FORWARDED where that is more than it holds
 */
VSK_API vsk_status vsk_credit_forwarded(vsk_credit *credit, uint32_t len);

/**
 * Count the received bytes that the application has not taken yet.
 *
 * @param credit account to read
 * @return bytes
 */
VSK_API uint32_t vsk_credit_held(const vsk_credit *credit);

/**
 * Change the size of the own buffer. Bytes that the peer was allowed before
 * stay allowed.
 *
 * @param credit account to change
 * @param buf_alloc bytes
 */
VSK_API void vsk_credit_resize(vsk_credit *credit, uint32_t buf_alloc);

/**
 * Tell whether a CREDIT_UPDATE is owed unasked: the peer does not know of a
 * quarter of the smaller buffer, or of all that there is.
 *
 * @param credit account to read
 * @param idle at the end of a pass: whatever the peer does not know of is
 * owed if the application has taken everything
 * @return true where an update is owed
 */
VSK_API bool vsk_credit_owed(const vsk_credit *credit, bool idle);

/**
 * Put the own account into a packet that goes out now (VSOCK-DRV-10,
 * VSOCK-DEV-12): what was owed is paid.
 *
 * @param credit account to change
 * @param buf_alloc written: the packet's field
 * @param fwd_cnt written: the packet's field
 */
VSK_API void vsk_credit_tell(vsk_credit *credit, uint32_t *buf_alloc,
                             uint32_t *fwd_cnt);

#endif
