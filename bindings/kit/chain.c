/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"

vsk_status
kit_chain_new(kit_queue *queue, const vsk_chain *chain, kit_chain **copy)
{
    size_t bytes = chain->count * sizeof(vsk_span);
    kit_chain *fresh =
        chain->count > KIT_CHAIN_SPANS
            ? malloc(sizeof *fresh + bytes)
            : kit_spare_take(&queue->spare_chains,
                             sizeof *fresh +
                                 KIT_CHAIN_SPANS * sizeof(vsk_span));

    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    *fresh = (kit_chain){
        .chain = *chain,
        .references = 1,
        .queue = kit_queue_ref(queue),
    };
    fresh->chain.spans = (vsk_span *)(fresh + 1);
    fresh->chain.capacity = chain->count;
    memcpy(fresh->chain.spans, chain->spans, bytes);
    *copy = fresh;
    return VSK_OK;
}

kit_chain *
kit_chain_ref(kit_chain *chain)
{
    chain->references++;
    return chain;
}

void
kit_chain_unref(kit_chain *chain)
{
    kit_queue *queue;

    if (chain == NULL || --chain->references != 0)
        return;
    kit_chain_release(chain);
    queue = chain->queue;
    if (chain->chain.capacity > KIT_CHAIN_SPANS)
        free(chain);
    else
        kit_spare_keep(&queue->spare_chains, chain);
    kit_queue_unref(queue);
}

vsk_status
kit_chain_check(const kit_chain *chain)
{
    vsk_status status = kit_queue_check(chain->queue);

    if (status != VSK_OK || chain->came_back)
        return status;
    return vsk_queue_holds(&chain->queue->device.end, &chain->chain)
               ? VSK_OK
               : VSK_ERR_HELD;
}

void
kit_chain_release(kit_chain *chain)
{
    if (!chain->came_back)
        return;
    chain->came_back = false;
    if (kit_memory_prepare(chain->queue->memory) == VSK_OK)
        vsk_buffers_release(&chain->queue->driver.buffers, &chain->used);
}
