/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the harnesses of walks and rings have in common. */
#ifndef PROOF_TABLES_H
#define PROOF_TABLES_H

#include "any.h"
#include "vsk/chain.h"

/* Guest memory of three regions, whatever was found in it last. */
vsk_memory any_memory(void);

#endif
