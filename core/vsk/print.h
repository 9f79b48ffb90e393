/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Print: a text that is written piece by piece, cut at the end of the
 * caller's buffer and counted in full.
 */
#ifndef VSK_PRINT_H
#define VSK_PRINT_H

#include <stddef.h>
#include <stdint.h>

/** A text being written. */
typedef struct vsk_print {
    char *text;    /**< the caller's; may be NULL where size is 0 */
    size_t size;   /**< room in text, with the zero byte */
    size_t length; /**< bytes so far, with those that found no room */
} vsk_print;

/** Write a character. */
static inline void
vsk_print_char(vsk_print *out, char c)
{
    if (out->length + 1 < out->size)
        out->text[out->length] = c;
    out->length++;
}

/** Write words. */
static inline void
vsk_print_words(vsk_print *out, const char *words)
{
    while (*words != '\0')
        vsk_print_char(out, *words++);
}

/** Write a number with so many digits or more: 1 to 20. */
static inline void
vsk_print_digits(vsk_print *out, uint64_t value, uint32_t base, uint32_t least)
{
    char digits[20];
    uint32_t count = 0;

    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0 || count < least);
    while (count != 0)
        vsk_print_char(out, digits[--count]);
}

/** Write a decimal number. */
static inline void
vsk_print_decimal(vsk_print *out, uint64_t value)
{
    vsk_print_digits(out, value, 10, 1);
}

/** Write a hexadecimal number behind 0x. */
static inline void
vsk_print_hex(vsk_print *out, uint64_t value)
{
    vsk_print_words(out, "0x");
    vsk_print_digits(out, value, 16, 1);
}

/** Fill with blanks up to a column of the line that began at start. */
static inline void
vsk_print_column(vsk_print *out, size_t start, size_t column)
{
    do
        vsk_print_char(out, ' ');
    while (out->length < start + column);
}

/** End the text with a zero byte; the bytes of the whole text. */
static inline size_t
vsk_print_end(vsk_print *out)
{
    if (out->size != 0)
        out->text[out->length < out->size ? out->length : out->size - 1] = '\0';
    return out->length;
}

/** Where the rest of the text goes, for a function that writes a text of its
 * own; NULL where there is no room. Add what it returns to length. */
static inline char *
vsk_print_rest(const vsk_print *out, size_t *size)
{
    *size = out->length < out->size ? out->size - out->length : 0;
    return *size != 0 ? out->text + out->length : NULL;
}

#endif
