/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Little-endian numbers in private memory, at any alignment (virtio 1.4: all
 * fields of rings and of the vsock header are little-endian). Bytes are put
 * together one by one: compilers make a single load or store of it.
 */
#ifndef VSK_LE_H
#define VSK_LE_H

#include <stdint.h>

/** Load 16 bits from two bytes. */
static inline uint16_t
vsk_le_load16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

/** Load 32 bits from four bytes. */
static inline uint32_t
vsk_le_load32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

/** Load 64 bits from eight bytes. */
static inline uint64_t
vsk_le_load64(const uint8_t *at)
{
    return vsk_le_load32(at) | (uint64_t)vsk_le_load32(at + 4) << 32;
}

/** Store 16 bits into two bytes. */
static inline void
vsk_le_store16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

/** Store 32 bits into four bytes. */
static inline void
vsk_le_store32(uint8_t *at, uint32_t value)
{
    vsk_le_store16(at, (uint16_t)value);
    vsk_le_store16(at + 2, (uint16_t)(value >> 16));
}

/** Store 64 bits into eight bytes. */
static inline void
vsk_le_store64(uint8_t *at, uint64_t value)
{
    vsk_le_store32(at, (uint32_t)value);
    vsk_le_store32(at + 4, (uint32_t)(value >> 32));
}

#endif
