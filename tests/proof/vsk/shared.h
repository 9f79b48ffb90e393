/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The proof's own vsk/shared.h, found before the core's: each access checks
 * that what it touches is there and aligned, a load gives any value at all, a
 * store is forgotten. So the peer may have written anything at any time. */
#ifndef VSK_SHARED_H
#define VSK_SHARED_H

#include <stddef.h>
#include <stdint.h>

#include "any.h"
#include "vsk/le.h"

static inline void
vsk_shared_look(const uint8_t *at, size_t size)
{
    /*@ assert shared_read: \valid_read(at + (0 .. size - 1)); */
    /*@ assert shared_aligned: \offset(at) % size == 0; */
}

static inline uint16_t
vsk_shared_load16(const void *at)
{
    vsk_shared_look(at, 2);
    return any16();
}

static inline uint16_t
vsk_shared_acquire16(const void *at)
{
    vsk_shared_look(at, 2);
    return any16();
}

static inline uint32_t
vsk_shared_load32(const void *at)
{
    vsk_shared_look(at, 4);
    return any32();
}

static inline void
vsk_shared_store16(void *at, uint16_t value)
{
    uint8_t *to = at;

    (void)value;
    /*@ assert shared_write: \valid(to + (0 .. 1)); */
    vsk_shared_look(to, 2);
}

static inline void
vsk_shared_release16(void *at, uint16_t value)
{
    vsk_shared_store16(at, value);
}

static inline void
vsk_shared_store32(void *at, uint32_t value)
{
    uint8_t *to = at;

    (void)value;
    /*@ assert shared_write: \valid(to + (0 .. 3)); */
    vsk_shared_look(to, 4);
}

static inline void
vsk_shared_fence(void)
{
}

static inline uint64_t
vsk_shared_load64(const void *at)
{
    const uint8_t *from = at;

    /*@ assert shared_read: \valid_read(from + (0 .. 7)); */
    return any64();
}

static inline void
vsk_shared_pair(const void *at, uint64_t *first, uint64_t *second)
{
    const uint8_t *from = at;

    /*@ assert shared_read: \valid_read(from + (0 .. 15)); */
    *first = any64();
    *second = any64();
}

static inline void
vsk_shared_copy(void *to, const void *from, size_t size)
{
    const uint8_t *at = from;

    /*@ assert shared_read: \valid_read(at + (0 .. size - 1)); */
    Frama_C_make_unknown(to, size);
}

static inline void
vsk_shared_write(void *to, const void *from, size_t size)
{
    uint8_t *at = to;
    const uint8_t *bytes = from;

    /*@ assert shared_write: \valid(at + (0 .. size - 1)); */
    /*@ assert private_read: \valid_read(bytes + (0 .. size - 1)); */
}

#endif
