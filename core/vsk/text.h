/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Text: packets, chains and reasons in words, the same for all languages.
 *
 * Every function writes into the caller's buffer, ends it with a zero byte,
 * cuts what does not fit, and returns the bytes that the whole text needs
 * without the zero byte: call once with size 0 to ask, as with snprintf.
 * Lines carry no line end; drawings have one between their lines.
 */
#ifndef VSK_TEXT_H
#define VSK_TEXT_H

#include "vsk/chain.h"
#include "vsk/header.h"

/**
 * Write a header as one line, such as
 * "3:1024 > 2:1234 STREAM RW len=5 buf_alloc=262144 fwd_cnt=0".
 *
 * @param header to write
 * @param text written; may be NULL where size is 0
 * @param size room in text, with the zero byte
 * @return bytes of the whole text
 */
VSK_API size_t vsk_text_header(const vsk_header *header, char *text,
                               size_t size);

/**
 * Write a header as a table: offset, size, field, value, meaning.
 *
 * @param header to write
 * @param text written; may be NULL where size is 0
 * @param size room in text, with the zero byte
 * @return bytes of the whole text
 */
VSK_API size_t vsk_text_fields(const vsk_header *header, char *text,
                               size_t size);

/**
 * Write a chain as one line, such as
 * "chain 0: 2 descriptors, readable 49: r 0x1000+44, r 0x2000+5".
 *
 * @param chain to write; a broken one ends with its reason
 * @param text written; may be NULL where size is 0
 * @param size room in text, with the zero byte
 * @return bytes of the whole text
 */
VSK_API size_t vsk_text_chain(const vsk_chain *chain, char *text, size_t size);

/**
 * Draw a chain: a line for each descriptor, with the part of a packet in it.
 *
 * @param chain to draw
 * @param text written; may be NULL where size is 0
 * @param size room in text, with the zero byte
 * @return bytes of the whole text
 */
VSK_API size_t vsk_text_drawing(const vsk_chain *chain, char *text,
                                size_t size);

/**
 * Say why something was refused: rule, place and clause.
 *
 * @param status what went wrong
 * @param chain where it went wrong, or NULL
 * @param text written; may be NULL where size is 0
 * @param size room in text, with the zero byte
 * @return bytes of the whole text
 */
VSK_API size_t vsk_text_reason(vsk_status status, const vsk_chain *chain,
                               char *text, size_t size);

#endif
