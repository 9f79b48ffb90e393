/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/chain_list_parts.h"

vsk_status
vsk_chain_walk_list(vsk_chain *chain, vsk_memory *memory,
                    const vsk_desc_table *table, const vsk_list *list)
{
    return walk_list(chain, memory, table, *list);
}
