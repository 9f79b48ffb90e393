/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A list of a packed ring: from any slot, as long as the ring or shorter. */
#include "tables.h"

#define SIZE 3u

static uint8_t ring[SIZE * VSK_DESC_SIZE];
static vsk_span spans[SIZE];

void
main(void)
{
    vsk_memory memory = any_memory();
    vsk_desc_table table = {ring, SIZE, any_bool()};
    vsk_list list = {
        .slot = any32_of(0, SIZE - 1),
        .flags = any16(),
        .most = any32_of(1, SIZE),
    };
    uint32_t capacity = any32_of(0, SIZE);
    vsk_chain chain;

    vsk_chain_init(&chain, spans, capacity);
    vsk_chain_walk_list(&chain, &memory, &table, &list);
}
