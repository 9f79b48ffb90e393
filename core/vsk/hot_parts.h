/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * What the compiler is told about code that every packet goes through.
 */
#ifndef VSK_HOT_PARTS_H
#define VSK_HOT_PARTS_H

/* A condition that holds for faults and odd layouts only. */
#define RARE(x) __builtin_expect(!!(x), 0)

/* A step of a function that is cut up to be read: inlined wherever it is used,
 * so that what its steps hand on stays in registers. */
#define STEP static inline __attribute__((always_inline))

/* The other way: what is rarely needed stays a call, so that it takes no
 * registers where it is not. */
#define APART __attribute__((noinline, cold))

#endif
