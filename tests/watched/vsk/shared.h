/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * The tests' own core/vsk/shared.h: the same calls, each of them handed to the
 * program that the core is linked with. Numbers are as the core has them,
 * bytes as they stand in memory.
 */
#ifndef VSK_SHARED_H
#define VSK_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "vsk/le.h"

/** What each program makes of an access, and of a fence. */
uint32_t watched_load(const void *at, size_t size, bool acquire);
void watched_store(void *at, size_t size, uint32_t value, bool release);
void watched_fence(void);
void watched_copy(void *to, const void *from, size_t size);
void watched_write(void *to, const void *from, size_t size);

static inline uint16_t
vsk_shared_load16(const void *at)
{
    return (uint16_t)watched_load(at, 2, false);
}

static inline uint16_t
vsk_shared_acquire16(const void *at)
{
    return (uint16_t)watched_load(at, 2, true);
}

static inline uint32_t
vsk_shared_load32(const void *at)
{
    return watched_load(at, 4, false);
}

static inline void
vsk_shared_store16(void *at, uint16_t value)
{
    watched_store(at, 2, value, false);
}

static inline void
vsk_shared_release16(void *at, uint16_t value)
{
    watched_store(at, 2, value, true);
}

static inline void
vsk_shared_store32(void *at, uint32_t value)
{
    watched_store(at, 4, value, false);
}

static inline void
vsk_shared_fence(void)
{
    watched_fence();
}

static inline void
vsk_shared_copy(void *to, const void *from, size_t size)
{
    watched_copy(to, from, size);
}

static inline uint64_t
vsk_shared_load64(const void *at)
{
    uint64_t wire;

    watched_copy(&wire, at, sizeof wire);
    return VSK_LE64(wire);
}

static inline void
vsk_shared_pair(const void *at, uint64_t *first, uint64_t *second)
{
    uint64_t wire[2];

    watched_copy(wire, at, sizeof wire);
    *first = VSK_LE64(wire[0]);
    *second = VSK_LE64(wire[1]);
}

static inline void
vsk_shared_write(void *to, const void *from, size_t size)
{
    watched_write(to, from, size);
}

#endif
