/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Every load and store of memory that the peer can change while we look.
 *
 * Whoever reads shared memory reads it here, once, and goes on with the copy.
 * Ring fields are naturally aligned 16- and 32-bit little-endian numbers,
 * accessed atomically with the orders of virtio 1.4 section 2.7.13: publish
 * with a release store, look with an acquire load, and a full fence between
 * writing an index and reading the other side's suppression field. Tests and
 * proofs build the core against their own copy of this file.
 */
#ifndef VSK_SHARED_H
#define VSK_SHARED_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "vsk/le.h"

/** Load a 16-bit field; no order. */
static inline uint16_t
vsk_shared_load16(const void *at)
{
    return VSK_LE16(atomic_load_explicit((const _Atomic uint16_t *)at,
                                         memory_order_relaxed));
}

/** Load a 16-bit index: what was stored before it is seen after this. */
static inline uint16_t
vsk_shared_acquire16(const void *at)
{
    return VSK_LE16(atomic_load_explicit((const _Atomic uint16_t *)at,
                                         memory_order_acquire));
}

/** Load a 32-bit field; no order. */
static inline uint32_t
vsk_shared_load32(const void *at)
{
    return VSK_LE32(atomic_load_explicit((const _Atomic uint32_t *)at,
                                         memory_order_relaxed));
}

/** Store a 16-bit field; no order. */
static inline void
vsk_shared_store16(void *at, uint16_t value)
{
    atomic_store_explicit((_Atomic uint16_t *)at, VSK_LE16(value),
                          memory_order_relaxed);
}

/** Store a 16-bit index: who sees it sees all that was stored before. */
static inline void
vsk_shared_release16(void *at, uint16_t value)
{
    atomic_store_explicit((_Atomic uint16_t *)at, VSK_LE16(value),
                          memory_order_release);
}

/** Store a 32-bit field; no order. */
static inline void
vsk_shared_store32(void *at, uint32_t value)
{
    atomic_store_explicit((_Atomic uint32_t *)at, VSK_LE32(value),
                          memory_order_relaxed);
}

/** Order all accesses before against all accesses after. */
static inline void
vsk_shared_fence(void)
{
    atomic_thread_fence(memory_order_seq_cst);
}

/** Copy out of shared memory, once: the source is not looked at again. */
static inline void
vsk_shared_copy(void *to, const void *from, size_t size)
{
    memcpy(to, from, size);
    /* Who takes to may look at it: so the copy is made, and read in the place
     * of the source. A fence alone lets the compiler load a field of the
     * source twice where the copy never leaves the function. */
    __asm__ volatile("" : : "r"(to) : "memory");
}

/** A number of 64 bits at any place, loaded once each time it is named. */
typedef volatile uint64_t __attribute__((aligned(1), may_alias))
vsk_shared_number;

/** Load a field of 64 bits, at any place. */
static inline uint64_t
vsk_shared_load64(const void *at)
{
    return VSK_LE64(*(const vsk_shared_number *)at);
}

/** Load two numbers of 64 bits, once: a descriptor, which so goes into registers
 * and not through sixteen bytes of memory. */
static inline void
vsk_shared_pair(const void *at, uint64_t *first, uint64_t *second)
{
    *first = vsk_shared_load64(at);
    *second = vsk_shared_load64((const uint8_t *)at + 8);
}

/** Copy into shared memory, also from the very same bytes. */
static inline void
vsk_shared_write(void *to, const void *from, size_t size)
{
    memmove(to, from, size);
    atomic_signal_fence(memory_order_seq_cst);
}

#endif
