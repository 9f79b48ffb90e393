/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Packet: a header and its payload, out of a readable chain, into a writable
 * one, or over plain buffers.
 *
 *     chain     [ 10 ][    34   +   3 ][ 2 ][ 7 ]      any cut will do
 *               |== header, 44 ==|= payload =| ignored
 *     packet    header (a copy)   first, rest (borrowed)
 *
 * The header is copied once and never read again. The payload is borrowed:
 * its pieces stay where they are, and are valid as long as the chain is held
 * or the plain buffer lives.
 */
#ifndef VSK_PACKET_H
#define VSK_PACKET_H

#include "vsk/chain.h"
#include "vsk/header.h"

/** The largest payload of a packet from Linux, a good limit to start with. */
#define VSK_PAYLOAD_MAX 65536u

/** A place in a packet's payload; all zero at the start. */
typedef struct vsk_cursor {
    uint32_t index; /**< piece that comes next */
    uint32_t done;  /**< payload bytes before it */
} vsk_cursor;

/** A packet. */
typedef struct vsk_packet {
    vsk_header header;    /**< a copy: changing it changes nothing else */
    vsk_span first;       /**< first piece of the payload, or of its room */
    const vsk_span *rest; /**< pieces after it, as in the chain */
    uint32_t rest_count;  /**< pieces in rest */
    uint32_t size;        /**< payload bytes that are there */
    uint32_t room;        /**< payload bytes that there is room for */
    vsk_cursor end;       /**< the piece that takes the next byte written */
} vsk_packet;

/**
 * Make a packet over a plain buffer: type STREAM, op INVALID, all else 0.
 *
 * @param packet written
 * @param payload bytes that stay the caller's; NULL where size is 0
 * @param size payload bytes, also written to len
 */
VSK_API void vsk_packet_init(vsk_packet *packet, uint8_t *payload,
                             uint32_t size);

/**
 * Read a packet from the bytes of the wire; bytes beyond len are ignored.
 *
 * @param packet written on success; borrows the bytes of the payload
 * @param wire header and payload, one behind the other
 * @param size bytes there
 * @param max_payload largest len to accept
 * @return VSK_OK, VSK_BAD_SHORT, VSK_BAD_LIMIT or VSK_BAD_LEN
 */
VSK_API vsk_status vsk_packet_parse(vsk_packet *packet, uint8_t *wire,
                                    uint32_t size, uint32_t max_payload);

/**
 * Read a packet from spans.
 *
 * @param packet written on success; borrows the spans and what they show
 * @param spans pieces of header and payload, cut anywhere
 * @param count number of spans
 * @param max_payload largest len to accept
 * @return VSK_OK, VSK_BAD_SHORT, VSK_BAD_LIMIT or VSK_BAD_LEN
 */
VSK_API vsk_status vsk_packet_from_spans(vsk_packet *packet,
                                         const vsk_span *spans, uint32_t count,
                                         uint32_t max_payload);

/**
 * Read a packet from a TX chain (VSOCK-DRV-12: readable buffers only).
 *
 * Bytes beyond len are ignored (VSOCK-DRV-07).
 *
 * @param packet written on success; borrows the chain's spans
 * @param chain popped from a TX queue
 * @param max_payload largest len to accept
 * @return VSK_OK, the chain's own status, VSK_BAD_TX_WRITABLE, VSK_BAD_SHORT,
 * VSK_BAD_LIMIT or VSK_BAD_LEN
 */
VSK_API vsk_status vsk_packet_from_tx(vsk_packet *packet,
                                      const vsk_chain *chain,
                                      uint32_t max_payload);

/**
 * Begin a packet in an RX chain: type STREAM, op INVALID, all else 0. Nothing
 * is stored in guest memory before vsk_packet_write and vsk_packet_commit.
 *
 * @param packet written on success; borrows the chain's spans
 * @param chain popped from an RX queue
 * @param max_payload most payload bytes to make room for
 * @return VSK_OK, the chain's own status, VSK_BAD_RX_READABLE or
 * VSK_BAD_RX_SHORT
 */
VSK_API vsk_status vsk_packet_into_rx(vsk_packet *packet,
                                      const vsk_chain *chain,
                                      uint32_t max_payload);

/**
 * Append payload and set len to all that is there.
 *
 * @param packet begun by vsk_packet_into_rx
 * @param data bytes to copy
 * @param size number of bytes
 * @return VSK_OK, or VSK_ERR_ROOM and nothing is written
 */
VSK_API vsk_status vsk_packet_write(vsk_packet *packet, const void *data,
                                    uint32_t size);

/**
 * Append the payload of another packet.
 *
 * @param packet begun by vsk_packet_into_rx
 * @param source whose payload is copied
 * @return VSK_OK, or VSK_ERR_ROOM and nothing is written
 */
VSK_API vsk_status vsk_packet_append(vsk_packet *packet,
                                     const vsk_packet *source);

/**
 * Store the whole header in front of the payload in the RX chain.
 *
 * @param packet begun by vsk_packet_into_rx on this chain
 * @param chain still held
 * @param written bytes to report when the chain is given back: 44 + size;
 * never more than was written, whatever len says
 * @return VSK_OK, or VSK_ERR_ROOM where the chain cannot hold the packet
 */
VSK_API vsk_status vsk_packet_commit(const vsk_packet *packet,
                                     const vsk_chain *chain, uint32_t *written);

/**
 * Step through the pieces of the payload.
 *
 * @param packet to look at
 * @param cursor zero before the first call
 * @param piece written while there are pieces: base, addr and len, above 0
 * @return false after the last piece
 */
VSK_API bool vsk_packet_next(const vsk_packet *packet, vsk_cursor *cursor,
                             vsk_span *piece);

/**
 * Copy payload out.
 *
 * @param packet to read
 * @param offset payload byte to begin with
 * @param data written
 * @param size room in data
 * @return bytes copied: size, or fewer at the payload's end
 */
VSK_API uint32_t vsk_packet_read(const vsk_packet *packet, uint32_t offset,
                                 void *data, uint32_t size);

/**
 * Write header and payload as the bytes of the wire.
 *
 * @param packet to write
 * @param wire written
 * @param capacity room in wire, at least 44 + size
 * @return VSK_OK, or VSK_ERR_SPACE and nothing is written
 */
VSK_API vsk_status vsk_packet_encode(const vsk_packet *packet, uint8_t *wire,
                                     uint64_t capacity);

/**
 * Compare headers and payloads, however they are cut.
 *
 * @param packet one
 * @param other another
 * @return true where all fields and all payload bytes are equal
 */
VSK_API bool vsk_packet_equal(const vsk_packet *packet,
                              const vsk_packet *other);

#endif
