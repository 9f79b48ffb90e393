/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Order: what two sides may see of each other's stores, by the memory model
 * of C11. A place keeps every store made to it; a load may see any that is
 * not older than what its side knows of, so stores reach the other side late,
 * and in any order, but for what releases, acquires and fences say.
 *
 *     place   [ store ]  [ store ]  [ store ]
 *                 |          |          |
 *                known    may be seen  newest
 *
 * Of two sides each has one clock, its count of accesses; "known" is the
 * other's clock up to which its stores have been heard of. What is not here:
 * a load that sees what its own side will only cause later.
 */
#ifndef VSK_TESTS_ORDER_H
#define VSK_TESTS_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORDER_BYTES 16u   /* the largest access */
#define ORDER_PLACES 64u  /* that differ in address */
#define ORDER_STORES 512u /* of one run */

enum order_kind {
    ORDER_LOAD,  /* a field that both sides look at */
    ORDER_STORE, /* and into it */
    ORDER_READ,  /* what one side owns at a time: it must be known */
    ORDER_WRITE, /* and into it */
    ORDER_FENCE,
    ORDER_RING, /* a notification: wakes the other side, orders nothing */
    ORDER_WAIT, /* for one */
    ORDER_DONE, /* the side has come to its end */
    ORDER_BROKEN,
};

/** What a side does next. */
struct order_access {
    enum order_kind kind;
    bool ordered;               /**< an acquire load, a release store */
    uint8_t place;              /**< as order_place gave it */
    uint8_t bytes[ORDER_BYTES]; /**< to store; what was seen */
    const char *words;          /**< what is broken */
};

/** What a side has done and knows. */
struct order_side {
    uint16_t clock;   /**< its accesses */
    uint16_t known;   /**< other's clock: all before happened before */
    uint16_t heard;   /**< other's clock: no older store is seen */
    uint16_t pending; /**< known with its next fence */
    uint16_t fenced;  /**< own clock at its last fence */
    bool ringing;     /**< a notification for it, not waited for yet */
    uint16_t seen[ORDER_PLACES]; /**< the store seen last, from 1 */
    uint16_t read[ORDER_PLACES]; /**< own clock of the last read */
};

/** All of it at one moment; the stores themselves lie aside. */
struct order {
    struct order_side sides[2];
    uint16_t stores;               /**< made so far */
    uint16_t newest[ORDER_PLACES]; /**< of each place, from 1; 0: none */
};

/** Forget all places. */
void order_begin(void);

/** Name the place at an address; its bytes there are what it begins with. */
uint8_t order_place(const void *at, size_t size);

/** Count what an access may see: 1, more for a load, 0 while it must wait. */
uint32_t order_choices(const struct order *order, unsigned side,
                       const struct order_access *access);

/**
 * Let an access happen.
 *
 * @param order changed
 * @param side whose access it is, 0 or 1
 * @param access its bytes are written by a load
 * @param choice which store a load sees: 0 the newest, 1 the one before
 * @return NULL, or what is wrong with it
 */
const char *order_apply(struct order *order, unsigned side,
                        struct order_access *access, uint32_t choice);

/**
 * Hash all that can still matter. Clocks count by their order alone, so that
 * what came about in other ways is the same.
 */
uint64_t order_hash(const struct order *order);

/** Mix a value into a hash. */
static inline uint64_t
order_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

#endif
