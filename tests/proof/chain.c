/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A chain of a split ring: any head, any descriptors, spans for none to all. */
#include "tables.h"

#define SIZE 4u

static uint8_t ring[SIZE * VSK_DESC_SIZE];
static vsk_span spans[SIZE];

void
main(void)
{
    vsk_memory memory = any_memory();
    vsk_desc_table table = {ring, any32_of(1, SIZE), any_bool()};
    uint32_t capacity = any32_of(0, SIZE);
    vsk_chain chain;

    vsk_chain_init(&chain, spans, capacity);
    vsk_chain_walk(&chain, &memory, &table, any16());
}
