/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Capture: packets as the blocks of a pcapng file that Wireshark opens, and
 * the records of pcap and pcapng files read back.
 *
 *     0         4      8
 *     section   28     0x1a2b3c4d  1.0  length -1                     28
 *     interface 32     271 0  262144  if_tsresol 1 byte: 9  end       32
 *     packet    bytes  0  time high, low  captured  original
 *                      data, padded  comment n bytes, padded  end     bytes
 *
 *     data      |=== monitor, 32 ===|=== header, 44 ===|= payload ...|
 *     monitor   src_cid u64  dst_cid u64  src_port u32  dst_port u32
 *               op u16  transport u16: 2  len u16: 44  0 u16
 *
 * Written are little-endian numbers; a comment's option and the end behind it
 * are there only with a comment. Read is either byte order, pcap with micro-
 * and nanoseconds, and pcapng with interfaces of any resolution. The monitor
 * header is Linux's vsockmon, always little-endian.
 */
#ifndef VSK_CAPTURE_H
#define VSK_CAPTURE_H

#include "vsk/packet.h"

#define VSK_CAPTURE_LINK 271u           /**< LINKTYPE_VSOCK */
#define VSK_CAPTURE_SNAPLEN 262144u     /**< most bytes of a record written */
#define VSK_CAPTURE_HEAD 60u            /**< bytes of section and interface */
#define VSK_CAPTURE_MONITOR 32u         /**< bytes in front of the header */
#define VSK_CAPTURE_BLOCK_MAX 16777216u /**< bytes of the largest block read */

/** Where records come from; a pcap file has one. */
typedef struct vsk_capture_interface {
    uint64_t offset;    /**< seconds to add to times, mod 2^64 */
    uint32_t link;      /**< link type */
    uint8_t resolution; /**< if_tsresol: 10^-n s, with the top bit 2^-n s */
} vsk_capture_interface;

/** What kind of file is read. */
typedef enum vsk_capture_format {
    VSK_CAPTURE_START,  /**< not known yet */
    VSK_CAPTURE_PCAP,   /**< a header, then records */
    VSK_CAPTURE_PCAPNG, /**< sections of blocks */
} vsk_capture_format;

/** A file that is read; the table of interfaces is the caller's. */
typedef struct vsk_capture {
    vsk_capture_interface *interfaces; /**< of the section */
    uint32_t capacity;                 /**< entries in interfaces */
    uint32_t count;                    /**< entries in use */
    vsk_capture_format format;         /**< known once the file began */
    bool big;                          /**< the section is big-endian */
    uint64_t taken;  /**< bytes the last call is done with: drop them */
    uint32_t wanted; /**< after VSK_NONE: bytes the next call needs behind
                        those, VSK_CAPTURE_BLOCK_MAX at most */
} vsk_capture;

/** A packet as a file has it, whatever its link type; borrows the bytes. */
typedef struct vsk_capture_record {
    uint64_t time;         /**< nanoseconds since 1970, mod 2^64; 0 if none */
    uint32_t link;         /**< link type */
    uint32_t original;     /**< bytes that the packet had */
    uint32_t size;         /**< bytes captured, at most original */
    uint16_t comment_size; /**< bytes of the comment */
    uint8_t *data;         /**< bytes captured */
    const char *comment;   /**< first comment, no zero byte; NULL if none */
} vsk_capture_record;

/**
 * Write what a file begins with: a section and an interface.
 *
 * @param wire written, VSK_CAPTURE_HEAD bytes
 * @param capacity room in wire
 * @return VSK_OK, or VSK_ERR_SPACE and nothing is written
 */
VSK_API vsk_status vsk_capture_begin(uint8_t *wire, uint64_t capacity);

/**
 * Count the bytes of a packet's block.
 *
 * @param packet to write
 * @param comment_size bytes of its comment, 0 for none
 * @return bytes that vsk_capture_encode writes
 */
VSK_API uint64_t vsk_capture_bytes(const vsk_packet *packet,
                                   uint16_t comment_size);

/**
 * Write a packet's block; of the payload what fits into the snaplen.
 *
 * @param packet to write
 * @param now nanoseconds since 1970
 * @param comment UTF-8; NULL where comment_size is 0
 * @param comment_size bytes of the comment
 * @param wire written
 * @param capacity room in wire, at least vsk_capture_bytes
 * @return VSK_OK, or VSK_ERR_SPACE and nothing is written
 */
VSK_API vsk_status vsk_capture_encode(const vsk_packet *packet, uint64_t now,
                                      const char *comment,
                                      uint16_t comment_size, uint8_t *wire,
                                      uint64_t capacity);

/**
 * Begin to read a file.
 *
 * @param capture written
 * @param interfaces table that stays the caller's and must outlive capture
 * @param capacity entries in interfaces; pcap needs 1
 */
VSK_API void vsk_capture_open(vsk_capture *capture,
                              vsk_capture_interface *interfaces,
                              uint32_t capacity);

/**
 * Read the next record; blocks other than enhanced packets are skipped.
 *
 * Drop capture->taken bytes from the front of data after every call. On
 * VSK_NONE have at least capture->wanted bytes before the next one; a file
 * that ends with bytes left was cut short. After a failure taken ends in front
 * of the block at fault, which is refused again.
 *
 * @param capture to go on with
 * @param data the next bytes of the file
 * @param size bytes in data
 * @param record written on success; borrows data
 * @return VSK_OK, VSK_NONE, VSK_BAD_CAPTURE, or VSK_ERR_TABLE where the file
 * has more interfaces than the table
 */
VSK_API vsk_status vsk_capture_next(vsk_capture *capture, uint8_t *data,
                                    uint64_t size, vsk_capture_record *record);

/**
 * Read the vsock packet in a record.
 *
 * @param record to read
 * @param packet written on success; borrows the record's bytes. Where the
 * record was cut, size is below the header's len.
 * @param cut written on success: whether payload is missing that was not
 * captured
 * @return VSK_OK, VSK_NONE for another link type or transport,
 * VSK_BAD_CAPTURE for a wrong monitor header, VSK_BAD_SHORT or VSK_BAD_LEN
 */
VSK_API vsk_status vsk_capture_packet(const vsk_capture_record *record,
                                      vsk_packet *packet, bool *cut);

#endif
