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
kit_block_borrow(uint8_t *data, size_t size, void (*let_go)(void *owner),
                 void *owner)
{
    kit_block *block = calloc(1, sizeof *block);

    if (block == NULL) {
        let_go(owner);
        return NULL;
    }
    *block = (kit_block){
        .references = 1,
        .size = size,
        .data = data,
        .let_go = let_go,
        .owner = owner,
    };
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
    if (block->let_go != NULL)
        block->let_go(block->owner);
    else
        free(block->data);
    free(block);
}
