/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Rig: what the tests of the core build on. A guest memory of four regions,
 * a ring in the first with both of its ends, a chain to pop into, and
 * access to every byte that does not go through the code under test.
 *
 *     RIG_RING   RIG_DATA     RIG_NEXT       RIG_TABLE
 *     [ ring ]   [ 64 KiB    | 64 KiB ]      [ indirect tables ]
 *                            edge of two regions that touch
 *
 * Every region is an allocation of its own, as long as it must be and filled
 * with 0xAA, so that a stray byte is seen: by a fill check, or by ASan.
 */
#ifndef VSK_TESTS_RIG_H
#define VSK_TESTS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vsk/buffers.h"

#define RIG_FILL 0xAA
#define RIG_RING 0x100000u
#define RIG_DATA 0x100000000u
#define RIG_DATA_SIZE 0x10000u
#define RIG_NEXT (RIG_DATA + RIG_DATA_SIZE)
#define RIG_TABLE 0x200000000u
#define RIG_NOWHERE 0x300000000u /* in no region */
#define RIG_REGIONS 32u
#define RIG_BOTH (VSK_F_INDIRECT_DESC | VSK_F_EVENT_IDX)

#define RIG_R 0u
#define RIG_W VSK_DESC_F_WRITE
#define RIG_N VSK_DESC_F_NEXT
#define RIG_I VSK_DESC_F_INDIRECT

/** A guest memory with a ring and both of its ends. */
struct rig {
    vsk_region regions[RIG_REGIONS]; /**< ring, data, next, table */
    uint32_t region_count;           /**< regions */
    vsk_memory memory;               /**< all of them */
    vsk_ring ring;                   /**< in the first region */
    vsk_ring_parts parts;            /**< host addresses of its parts */
    vsk_ring_slot *slots;            /**< of the driver's end */
    vsk_queue_driver driver;         /**< its end */
    vsk_queue_device device;         /**< its end */
    vsk_span *spans;                 /**< of chain; two for each descriptor */
    uint32_t capacity;               /**< entries in spans */
    vsk_chain chain;                 /**< to walk or to pop into */
    vsk_range *ranges;               /**< of the pool */
    vsk_pool pool;                   /**< all memory but the ring */
    vsk_record *records;             /**< of the buffers */
    vsk_buffer *scratch;             /**< of the buffers */
    vsk_buffers buffers;             /**< over driver and pool */
};

/** A chain as a kernel posted it: a line of tests/vectors/.chains.jsonl. */
struct rig_recorded {
    bool tx;             /**< of the TX queue, else of the RX queue */
    bool indirect;       /**< in an indirect table */
    uint16_t head;       /**< slot that its first descriptor had */
    uint32_t count;      /**< buffers */
    vsk_buffer list[24]; /**< buffers at their recorded addresses */
    uint32_t size;       /**< bytes of the packet, TX */
    uint8_t *bytes;      /**< the packet, TX */
};

/** Memory that is all 0; fails the test where there is none. */
void *rig_zeroed(size_t count, size_t size);

/** Make a rig with both ends at the start; fails the test where it cannot. */
struct rig *rig_new(uint32_t size, uint64_t features);

/**
 * Read from VSK_RING which ring the suites that run on every one are to take:
 * split, packed, split-in-order or packed-in-order; split without it.
 *
 * @return VSK_F_RING_PACKED and VSK_F_IN_ORDER, or neither of them
 */
uint64_t rig_format(void);

/**
 * Make a rig around a recorded chain: a region of 64 KiB at RIG_RING for a
 * ring of 256 and its tables, and one for each cluster of buffers. The bytes
 * of a TX packet are in place; nothing is on the ring.
 */
struct rig *rig_around(const struct rig_recorded *recorded);

/** Put the recorded chain on the rig's ring as the driver does; its head. */
uint16_t rig_post(struct rig *rig, const struct rig_recorded *recorded);

/** Give back all that a rig holds. */
void rig_free(struct rig *rig);

/** Find the host address of a guest address. */
uint8_t *rig_at(const struct rig *rig, uint64_t addr);

/** Load or store a little-endian number at a guest address. */
uint16_t rig_get16(const struct rig *rig, uint64_t addr);
uint32_t rig_get32(const struct rig *rig, uint64_t addr);
void rig_put16(const struct rig *rig, uint64_t addr, uint16_t value);
void rig_put32(const struct rig *rig, uint64_t addr, uint32_t value);

/** Guest addresses of the fields of the rig's ring. */
uint64_t rig_avail_flags(const struct rig *rig);
uint64_t rig_avail_idx(const struct rig *rig);
uint64_t rig_avail_slot(const struct rig *rig, uint32_t slot);
uint64_t rig_used_event(const struct rig *rig);
uint64_t rig_used_flags(const struct rig *rig);
uint64_t rig_used_idx(const struct rig *rig);
uint64_t rig_used_slot(const struct rig *rig, uint32_t slot);
uint64_t rig_avail_event(const struct rig *rig);

/** Write the descriptor of a slot of the table at a guest address. */
void rig_desc(const struct rig *rig, uint64_t table, uint32_t slot,
              uint64_t addr, uint32_t len, unsigned flags, uint16_t next);

/** Offer one chain of buffers; fails the test where the ring refuses. */
uint16_t rig_add(struct rig *rig, const vsk_buffer *buffers, uint32_t count,
                 uint32_t indirect, uint64_t token);

/** Offer one readable buffer of len bytes at RIG_DATA. */
uint16_t rig_add_one(struct rig *rig, uint64_t token);

/** Pop into the rig's chain; fails the test unless a sound chain comes. */
vsk_chain *rig_pop(struct rig *rig);

/** Offer one chain of buffers, whose table is at RIG_TABLE; what the ring says.
 */
vsk_status rig_add_status(struct rig *rig, const vsk_buffer *buffers,
                          uint32_t count, uint32_t indirect);

/** Take back one chain; fails the test unless one came. */
vsk_used rig_reap(struct rig *rig);

/** Take back one chain; what the ring says. */
vsk_status rig_reap_status(struct rig *rig);

/** Pop one chain and push it, nothing written. */
void rig_complete_one(struct rig *rig);

/** Fail the test unless all bytes of a range have the fill pattern. */
void rig_assert_fill(const struct rig *rig, uint64_t addr, uint64_t len);

/** Fill bytes that tell their place, from a start value. */
void rig_pattern(uint8_t *data, size_t size, uint8_t start);

/** A generator of random numbers: the state is the seed. */
typedef uint64_t rig_random;

/** Read the seed from VSK_SEED, or take a fixed one; print it. */
rig_random rig_seed(void);

/** A number from 0 to below. */
uint32_t rig_draw(rig_random *random, uint32_t below);

/** A number of the environment, or what it is without. */
uint64_t rig_setting(const char *name, uint64_t without);

/** The bytes of a file, a 0 behind them; free() them. */
char *rig_file(const char *path);

/** The bytes of a file of tests/vectors. */
char *rig_vector(const char *name);

/** Read the next line of recorded chains; free() its bytes. False at the end.
 */
bool rig_recorded_next(const char **text, struct rig_recorded *recorded);

#endif
