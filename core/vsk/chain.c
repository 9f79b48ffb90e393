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
    *desc = desc_from(vsk_le_load64(wire), vsk_le_load64(wire + 8));
}

void
vsk_desc_encode(const vsk_desc *desc, uint8_t *wire)
{
    vsk_le_store64(wire, desc->addr);
    vsk_le_store32(wire + 8, desc->len);
    vsk_le_store16(wire + 12, desc->flags);
    vsk_le_store16(wire + 14, desc->next);
}

static inline vsk_status
follow(walker *walk, const vsk_desc_table *ring)
{
    for (;;) {
        vsk_status status = load(walk);

        if (RARE(status != VSK_OK))
            return status;
        if (RARE(desc_has(walk, VSK_DESC_F_INDIRECT))) {
            status = enter_table(walk, ring, ring->size - walk->chain->buffers);
            if (status != VSK_OK)
                return status;
            continue;
        }
        status = add_buffer(walk);
        if (status != VSK_OK || !desc_has(walk, VSK_DESC_F_NEXT))
            return status;
        walk->slot = (uint16_t)(walk->rest >> 48);
    }
}

vsk_status
vsk_chain_walk(vsk_chain *chain, vsk_memory *memory,
               const vsk_desc_table *table, uint16_t head)
{
    walker walk = {
        .chain = chain,
        .memory = memory,
        .table = table->base,
        .size = table->size,
        .left = table->size,
        .end = VSK_BAD_LOOP,
        .slot = head,
    };

    chain->head = head;
    chain->buffers = 0;
    chain->indirect = false;
    chain->table = 0;
    return conclude(&walk, follow(&walk, table));
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
