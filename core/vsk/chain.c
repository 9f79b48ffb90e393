/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/chain_parts.h"

void
vsk_chain_init(vsk_chain *chain, vsk_span *spans, uint32_t capacity)
{
    *chain = (vsk_chain){.spans = spans, .capacity = capacity};
}

void
vsk_desc_decode(vsk_desc *desc, const uint8_t *wire)
{
    *desc = (vsk_desc){
        .addr = vsk_le_load64(wire),
        .len = vsk_le_load32(wire + 8),
        .flags = vsk_le_load16(wire + 12),
        .next = vsk_le_load16(wire + 14),
    };
}

void
vsk_desc_encode(const vsk_desc *desc, uint8_t *wire)
{
    vsk_le_store64(wire, desc->addr);
    vsk_le_store32(wire + 8, desc->len);
    vsk_le_store16(wire + 12, desc->flags);
    vsk_le_store16(wire + 14, desc->next);
}

vsk_status
vsk_chain_add(vsk_chain *chain, vsk_memory *memory, vsk_piece buffer)
{
    while (buffer.len != 0) {
        vsk_span *span;
        vsk_status status;

        if (chain->count >= chain->capacity)
            return VSK_ERR_SPANS;
        span = &chain->spans[chain->count];
        status = vsk_memory_span(memory, buffer.addr, buffer.len, span);
        if (status != VSK_OK)
            return status;
        span->slot = buffer.slot;
        span->flags = buffer.flags;
        buffer.flags |= VSK_SPAN_REST;
        chain->count++;
        buffer.addr += span->len;
        buffer.len -= span->len;
        /* The address space ends at 2^64: no buffer comes round to 0. */
        if (buffer.len != 0 && buffer.addr == 0)
            return VSK_BAD_ADDRESS;
    }
    return VSK_OK;
}

vsk_status
vsk_chain_walk(vsk_chain *chain, vsk_memory *memory,
               const vsk_desc_table *table, uint16_t head)
{
    return walk_ring(chain, memory, table, head);
}

void
vsk_chain_write(const vsk_chain *chain, const void *data, uint32_t size)
{
    const uint8_t *from = data;

    for (uint32_t done = 0, at = chain->read_count; done < size; at++) {
        const vsk_span *span = &chain->spans[at];
        uint32_t part = size - done;

        if (part > span->len)
            part = span->len;
        vsk_shared_write(span->base, from + done, part);
        done += part;
    }
}
