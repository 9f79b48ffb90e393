/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Values that a proof knows nothing of but their range. */
#ifndef PROOF_ANY_H
#define PROOF_ANY_H

#include <stdbool.h>
#include <stdint.h>

#include "__fc_builtin.h"

static inline bool
any_bool(void)
{
    return Frama_C_nondet(0, 1) != 0;
}

static inline uint16_t
any16(void)
{
    return Frama_C_unsigned_short_interval(0, UINT16_MAX);
}

static inline uint32_t
any32_of(uint32_t least, uint32_t most)
{
    return Frama_C_unsigned_int_interval(least, most);
}

static inline uint32_t
any32(void)
{
    return any32_of(0, UINT32_MAX);
}

static inline uint64_t
any64_of(uint64_t least, uint64_t most)
{
    return Frama_C_unsigned_long_interval(least, most);
}

static inline uint64_t
any64(void)
{
    return any64_of(0, UINT64_MAX);
}

#endif
