/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>

#include "kit/kit.h"

kit_block *
kit_block_new(size_t size)
{
    kit_block *block = calloc(1, sizeof *block);

    if (block == NULL)
        return NULL;
    /* A block of its own: what runs over its end is found by ASan. Zeroed
     * memory costs nothing until it is touched. */
    block->data = calloc(size != 0 ? size : 1, 1);
    if (block->data == NULL) {
        free(block);
        return NULL;
    }
    block->references = 1;
    block->size = size;
    return block;
}

kit_block *
kit_block_ref(kit_block *block)
{
    block->references++;
    return block;
}

void
kit_block_unref(kit_block *block)
{
    if (block == NULL || --block->references != 0)
        return;
    free(block->data);
    free(block);
}
