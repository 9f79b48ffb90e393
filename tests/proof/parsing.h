/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What Frama-C does not read, or reads as a call that forgets a condition. The
 * compiler checks the assertions. */
#define _Static_assert(holds, words) extern int proof_asserted
#define __builtin_expect(x, y) (x)
