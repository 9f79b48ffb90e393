/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The device's end of a split ring, begun anywhere, for as many calls as one
 * likes, in any order. */
#include "tables.h"
#include "vsk/split.h"

#define SIZE 4u

static uint8_t desc[SIZE * VSK_DESC_SIZE], avail[6 + 2 * SIZE];
static uint8_t used[6 + 8 * SIZE];
static vsk_span spans[SIZE];
static const vsk_ring_parts parts = {desc, avail, used};

void
main(void)
{
    vsk_ring ring = {.features = any64(), .size = SIZE};
    vsk_memory memory = any_memory();
    vsk_ring_state state = {any16(), any16(), any16()};
    vsk_ring_device device;
    vsk_chain chain;

    vsk_chain_init(&chain, spans, SIZE);
    if (any_bool())
        state = vsk_split_device_state(&parts);
    vsk_split_device_init(&device, &memory, &ring, &parts, &state);
    while (any_bool()) {
        (void)vsk_split_pop(&device, &chain);
        if (any_bool())
            vsk_split_unpop(&device);
        if (any_bool())
            (void)vsk_split_give(&device, &chain, any32());
        if (any_bool())
            (void)vsk_split_push(&device, &chain, any32());
        vsk_split_publish(&device);
        (void)vsk_split_lost(&device);
        (void)vsk_split_should_interrupt(&device);
        (void)vsk_split_offered(&device);
        (void)vsk_split_watch(&device, any16());
        vsk_split_disable_kicks(&device);
    }
}
