/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Header: the 44 bytes in front of every vsock packet (virtio 1.4, 5.10.6).
 *
 *     0        8        16       20       24       28     30
 *     | src_cid| dst_cid|src_port|dst_port|  len   | type |  op  |
 *     32       36        40       44
 *     | flags  |buf_alloc| fwd_cnt| payload ...
 *
 * All fields are little-endian on the wire and in host order in vsk_header.
 * Unknown types, ops and flags survive decoding and encoding.
 */
#ifndef VSK_HEADER_H
#define VSK_HEADER_H

#include <stdint.h>

#include "vsk/status.h"

#define VSK_HEADER_SIZE 44u   /**< bytes of a header on the wire */
#define VSK_HEADER_FIELDS 10u /**< fields of a header */

/** Every field: name, bits, offset on the wire, meaning. */
#define VSK_HEADER_TABLE(X)                                                    \
    X(src_cid, 64, 0, "sender's context id, upper 32 bits 0")                  \
    X(dst_cid, 64, 8, "receiver's context id, upper 32 bits 0")                \
    X(src_port, 32, 16, "sender's port")                                       \
    X(dst_port, 32, 20, "receiver's port")                                     \
    X(len, 32, 24, "payload bytes after the header")                           \
    X(type, 16, 28, "1 STREAM, 2 SEQPACKET")                                   \
    X(op, 16, 30, "what the packet does")                                      \
    X(flags, 32, 32, "mask; its meaning depends on op and type")               \
    X(buf_alloc, 32, 36, "bytes of the sender's receive buffer")               \
    X(fwd_cnt, 32, 40, "bytes the sender took out of it so far, mod 2^32")

/** Every op: name, value, meaning (VSOCK-BOTH-07). */
#define VSK_OP_TABLE(X)                                                        \
    X(INVALID, 0, "never sent")                                                \
    X(REQUEST, 1, "ask to connect")                                            \
    X(RESPONSE, 2, "accept a connection")                                      \
    X(RST, 3, "refuse or end a connection at once")                            \
    X(SHUTDOWN, 4, "send or receive no more")                                  \
    X(RW, 5, "payload")                                                        \
    X(CREDIT_UPDATE, 6, "report free receive space")                           \
    X(CREDIT_REQUEST, 7, "ask for a CREDIT_UPDATE")

/** Every type: name, value, meaning (VSOCK-BOTH-12). */
#define VSK_TYPE_TABLE(X)                                                      \
    X(STREAM, 1, "bytes without boundaries")                                   \
    X(SEQPACKET, 2, "messages with boundaries")

/** What a packet does. */
typedef enum vsk_op {
#define VSK_OP_ENUMERATOR(name, value, words) VSK_OP_##name = value,
    VSK_OP_TABLE(VSK_OP_ENUMERATOR)
#undef VSK_OP_ENUMERATOR
} vsk_op;

/** What kind of connection a packet belongs to. */
typedef enum vsk_type {
#define VSK_TYPE_ENUMERATOR(name, value, words) VSK_TYPE_##name = value,
    VSK_TYPE_TABLE(VSK_TYPE_ENUMERATOR)
#undef VSK_TYPE_ENUMERATOR
} vsk_type;

#define VSK_SHUTDOWN_RECEIVE 1u /**< SHUTDOWN: will receive no more */
#define VSK_SHUTDOWN_SEND 2u    /**< SHUTDOWN: will send no more */
#define VSK_SEQ_EOM 1u          /**< SEQPACKET RW: last of a message */
#define VSK_SEQ_EOR 2u          /**< SEQPACKET RW: last of a record */

/** The fields of VSK_HEADER_TABLE, in host order and in the wire's order. */
typedef struct vsk_header {
#define VSK_HEADER_MEMBER(name, bits, offset, words) uint##bits##_t name;
    VSK_HEADER_TABLE(VSK_HEADER_MEMBER)
#undef VSK_HEADER_MEMBER
} vsk_header;

/**
 * Read a header from its wire form.
 *
 * @param header written
 * @param wire 44 bytes
 */
VSK_API void vsk_header_decode(vsk_header *header, const uint8_t *wire);

/**
 * Write a header in its wire form.
 *
 * @param header to write
 * @param wire 44 bytes, all of them written
 */
VSK_API void vsk_header_encode(const vsk_header *header, uint8_t *wire);

/**
 * Compare two headers field by field.
 *
 * @param header one
 * @param other another
 * @return true where all ten fields are equal
 */
VSK_API bool vsk_header_equal(const vsk_header *header,
                              const vsk_header *other);

/**
 * Hold a header to what the specification says of single packets.
 *
 * Parsing does not ask for this: an experiment may send anything.
 *
 * @param header to look at
 * @return VSK_OK, VSK_BAD_CID, VSK_BAD_TYPE, VSK_BAD_OP, VSK_BAD_FLAGS or
 * VSK_BAD_PAYLOAD
 */
VSK_API vsk_status vsk_header_check(const vsk_header *header);

/**
 * Set flags and leave the others as they are.
 *
 * @param header to change
 * @param mask VSK_SHUTDOWN_* or VSK_SEQ_*
 */
VSK_API void vsk_header_set_flag(vsk_header *header, uint32_t mask);

/**
 * Name one flag as this header's op and type mean it.
 *
 * @param header whose op and type decide
 * @param mask one bit
 * @return a constant string, NULL where the bit has no name here
 */
VSK_API const char *vsk_header_flag_name(const vsk_header *header,
                                         uint32_t mask);

/**
 * Name an op.
 *
 * @param op value of the field
 * @return a constant string, NULL where the op is unknown
 */
VSK_API const char *vsk_op_name(uint16_t op);

/**
 * Name a type.
 *
 * @param type value of the field
 * @return a constant string, NULL where the type is unknown
 */
VSK_API const char *vsk_type_name(uint16_t type);

#endif
