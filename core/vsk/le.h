/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Little-endian numbers in private memory, at any alignment (virtio 1.4: all
 * fields of rings and of the vsock header are little-endian).
 */
#ifndef VSK_LE_H
#define VSK_LE_H

#include <stdint.h>
#include <string.h>

/* Host order to little-endian, or back: the same either way. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define VSK_LE16(value) __builtin_bswap16(value)
#define VSK_LE32(value) __builtin_bswap32(value)
#define VSK_LE64(value) __builtin_bswap64(value)
#else
#define VSK_LE16(value) (value)
#define VSK_LE32(value) (value)
#define VSK_LE64(value) (value)
#endif

/** Load 16 bits from two bytes. */
static inline uint16_t
vsk_le_load16(const uint8_t *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof value);
    return VSK_LE16(value);
}

/** Load 32 bits from four bytes. */
static inline uint32_t
vsk_le_load32(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof value);
    return VSK_LE32(value);
}

/** Load 64 bits from eight bytes. */
static inline uint64_t
vsk_le_load64(const uint8_t *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof value);
    return VSK_LE64(value);
}

/** Store 16 bits into two bytes. */
static inline void
vsk_le_store16(uint8_t *at, uint16_t value)
{
    uint16_t wire = VSK_LE16(value);

    memcpy(at, &wire, sizeof wire);
}

/** Store 32 bits into four bytes. */
static inline void
vsk_le_store32(uint8_t *at, uint32_t value)
{
    uint32_t wire = VSK_LE32(value);

    memcpy(at, &wire, sizeof wire);
}

/** Store 64 bits into eight bytes. */
static inline void
vsk_le_store64(uint8_t *at, uint64_t value)
{
    uint64_t wire = VSK_LE64(value);

    memcpy(at, &wire, sizeof wire);
}

#endif
