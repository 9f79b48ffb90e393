/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Rig: what the fuzz targets build on. The fuzzer's bytes as numbers, a guest
 * memory of which every byte that changes must have been granted, and the
 * oracle's way to say that something is wrong.
 *
 *     FUZZ_RINGS   FUZZ_DATA    FUZZ_NEXT        FUZZ_HUGE
 *     [ 4 KiB ]    [ 2 KiB     | 2 KiB ]         [ 5 GiB, for reading only ]
 *                              edge of two regions that touch
 *
 * Each region is an allocation of its own, so that AddressSanitizer sees a
 * stray byte. Nothing is allocated for an input: executions are cheap, and what
 * one leaves behind does not reach the next.
 */
#ifndef VSK_TESTS_FUZZ_RIG_H
#define VSK_TESTS_FUZZ_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vsk/buffers.h"

#define FUZZ_RINGS 0x100000u
#define FUZZ_RINGS_SIZE 0x1000u
#define FUZZ_DATA 0x100000000u
#define FUZZ_DATA_SIZE 0x800u
#define FUZZ_NEXT (FUZZ_DATA + FUZZ_DATA_SIZE)
#define FUZZ_HUGE 0x1000000000u
#define FUZZ_HUGE_SIZE 0x140000000u
#define FUZZ_REGIONS 3u /* that may be written; FUZZ_HUGE comes behind them */
#define FUZZ_FILL 0xAA
#define FUZZ_PAYLOAD 0x77 /* every byte that an application sends */

/** End the run where an oracle is not content. */
#define FUZZ_CHECK(truth)                                                      \
    ((truth) ? (void)0 : fuzz_fail(#truth, __FILE__, __LINE__))

_Noreturn void fuzz_fail(const char *truth, const char *file, int line);

/** One input; also what libFuzzer calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the fuzzer's bytes ---- */

/** What is left of an input; behind its end every number is 0. */
struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

/** Take a number. */
uint8_t fuzz_u8(struct fuzz_input *input);
uint16_t fuzz_u16(struct fuzz_input *input);
uint32_t fuzz_u32(struct fuzz_input *input);
uint64_t fuzz_u64(struct fuzz_input *input);

/** Take a number from 0 to below, of one byte. */
uint32_t fuzz_below(struct fuzz_input *input, uint32_t below);

/** Take a number that is small, or near one of the edges of 8, 16 or 32 bits.
 */
uint32_t fuzz_edge(struct fuzz_input *input);

/** Take bytes; behind the end they are 0. */
void fuzz_take(struct fuzz_input *input, void *to, size_t size);

/** Take an address: in a region, near its end, or anywhere. */
uint64_t fuzz_addr(struct fuzz_input *input);

/** Take a buffer in one piece of a region, at most a few hundred bytes. */
vsk_buffer fuzz_buffer(struct fuzz_input *input);

/* ---- guest memory ---- */

/** A guest memory, what it was, and which bytes of it may change. */
struct fuzz_memory {
    vsk_region regions[FUZZ_REGIONS + 1];
    vsk_memory memory;
    uint8_t *before[FUZZ_REGIONS];
    uint8_t *granted[FUZZ_REGIONS];
};

/** Get the only memory there is, with every byte the fill pattern; FUZZ_HUGE is
 * part of it where that is asked for. */
struct fuzz_memory *fuzz_memory_begin(bool huge);

/** Find the host address of a guest address, size bytes in one piece; NULL
 * where they are not, or may not be written. */
uint8_t *fuzz_at(const struct fuzz_memory *memory, uint64_t addr,
                 uint64_t size);

/** Remember what memory is like; nothing is granted. */
void fuzz_memory_mark(struct fuzz_memory *memory);

/** Let bytes change; those that are no memory are passed over. */
void fuzz_memory_grant(struct fuzz_memory *memory, uint64_t addr, uint64_t len);

/** Take back what was granted. */
void fuzz_memory_deny(struct fuzz_memory *memory, uint64_t addr, uint64_t len);

/** Whether one of the bytes was granted since the mark. */
bool fuzz_memory_granted(const struct fuzz_memory *memory, uint64_t addr,
                         uint64_t len);

/** Fail where a byte has changed since the mark that was not granted. */
void fuzz_memory_check(const struct fuzz_memory *memory);

/** Overwrite bytes of a region's first size bytes, as the input says. */
void fuzz_scribble(struct fuzz_memory *memory, struct fuzz_input *input,
                   uint64_t addr, uint32_t size);

/** Fill private memory with what nobody may depend on, or see: garbage, and
 * not initialised for MemorySanitizer. */
void fuzz_poison(void *at, size_t size);

/** Fail under MemorySanitizer where a byte was never initialised. */
void fuzz_shown(const void *at, size_t size);

/** Load a little-endian number. */
static inline uint64_t
fuzz_get(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | at[bytes];
    return value;
}

/** Store a little-endian number. */
static inline void
fuzz_put(uint8_t *at, unsigned bytes, uint64_t value)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* ---- what a chain may be ---- */

/** Fail unless each span of a chain is a piece of the descriptor that it names,
 * as that stands in memory, and all sums are right. */
void fuzz_check_chain(const struct fuzz_memory *memory, bool packed,
                      const uint8_t *table, uint32_t size,
                      const vsk_chain *chain);

/** Copy the first bytes of a chain's spans, from the readable or the writable
 * ones; how many there were, at most size. */
uint32_t fuzz_gather(const vsk_chain *chain, bool writable, uint8_t *to,
                     uint32_t size);

/** Let every table of words be asked for a number, and a header that has it
 * be said. */
void fuzz_print_words(uint32_t number);

/** Let the texts of a chain and its status be made, whatever they say. */
void fuzz_print_chain(const vsk_chain *chain);

#endif
