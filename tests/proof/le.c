/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Little-endian numbers: each byte, with each of its values, is the same byte
 * of what is loaded and of what is stored: with anything in the bytes below it
 * and nothing above, and the other way round. So EVA can tell it from a range,
 * or from a remainder. The machine is little-endian. */
#include "vsk/le.h"
#include "any.h"

#define THERE_AND_BACK(bits)                                                   \
    static void there_and_back##bits(uint32_t at, uint8_t byte, bool below)    \
    {                                                                          \
        uint8_t wire[bits / 8] = {0}, back[bits / 8];                          \
        uint##bits##_t value;                                                  \
        const uint8_t *bytes = (const uint8_t *)&value;                        \
                                                                               \
        if (below)                                                             \
            Frama_C_make_unknown((char *)wire, at);                            \
        else                                                                   \
            Frama_C_make_unknown((char *)wire + at, sizeof wire - at);         \
        wire[at] = byte;                                                       \
        value = vsk_le_load##bits(wire);                                       \
        is_same(bytes[at], byte);                                              \
        vsk_le_store##bits(back, value);                                       \
        is_same(back[at], byte);                                               \
    }

static void
is_same(uint8_t is, uint8_t should_be)
{
    /*@ assert same: is == should_be; */
}

THERE_AND_BACK(16)
THERE_AND_BACK(32)
THERE_AND_BACK(64)

static void
one_byte(uint32_t at, uint8_t byte, bool below)
{
    there_and_back64(at, byte, below);
    if (at < 4)
        there_and_back32(at, byte, below);
    if (at < 2)
        there_and_back16(at, byte, below);
}

void
main(void)
{
    /*@ loop unroll 256; */
    for (uint32_t byte = 0; byte <= UINT8_MAX; byte++)
        /*@ loop unroll 8; */
        for (uint32_t at = 0; at < 8; at++) {
            one_byte(at, (uint8_t)byte, false);
            one_byte(at, (uint8_t)byte, true);
        }
}
