/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The driver's end of a split ring, begun or opened anywhere, in any state of
 * its own, for as many calls as one likes, in any order. */
#include "tables.h"
#include "vsk/split.h"

#define SIZE 4u

static uint8_t desc[SIZE * VSK_DESC_SIZE], avail[6 + 2 * SIZE];
static uint8_t used[6 + 8 * SIZE];
static vsk_ring_slot slots[SIZE];
static vsk_buffer buffers[SIZE];
static const vsk_ring_parts parts = {desc, avail, used};

/* A driver's own state: every link is a slot, and a batch is there only in
 * order. The rest is anything. */
static void
forget(vsk_ring_driver *driver)
{
    for (uint32_t i = 0; i < SIZE; i++)
        slots[i] = (vsk_ring_slot){
            .token = any64(),
            .writable = any64(),
            .next = (uint16_t)any32_of(0, SIZE - 1),
            .later = (uint16_t)any32_of(0, SIZE - 1),
            .count = any16(),
        };
    driver->free_count = any32();
    driver->outstanding = any32();
    driver->free_head = (uint16_t)any32_of(0, SIZE - 1);
    driver->free_tail = (uint16_t)any32_of(0, SIZE - 1);
    driver->staged = any16();
    driver->state = (vsk_ring_state){any16(), any16(), any16()};
    driver->in_batch = driver->in_order && any_bool();
    driver->batch = any16();
    driver->batch_len = any32();
    driver->oldest = (uint16_t)any32_of(0, SIZE - 1);
    driver->newest = (uint16_t)any32_of(0, SIZE - 1);
}

/* As many buffers as there are slots or fewer, some of them in a table. */
static void
stage(vsk_ring_driver *driver)
{
    uint32_t count = any32_of(1, SIZE), indirect = any32_of(0, SIZE);
    uint16_t head;

    /*@ split count; */
    /*@ split indirect; */
    if (indirect <= count) {
        vsk_offer offer = {buffers + SIZE - count, count, indirect, any64(),
                           any64()};

        (void)vsk_split_stage(driver, &offer, &head);
    }
    /*@ merge indirect; */
    /*@ merge count; */
}

static void
call(vsk_ring_driver *driver)
{
    vsk_used back;

    switch (any32_of(0, 6)) {
    case 0:
        stage(driver);
        break;
    case 1:
        vsk_split_stage_head(driver, any16());
        break;
    case 2:
        vsk_split_offer(driver);
        break;
    case 3:
        (void)vsk_split_should_kick(driver);
        break;
    case 4:
        (void)vsk_split_reap(driver, &back);
        break;
    case 5:
        (void)vsk_split_enable_interrupts(driver);
        break;
    default:
        vsk_split_disable_interrupts(driver);
    }
}

void
main(void)
{
    uint32_t in_order = any_bool();
    vsk_ring ring = {.size = SIZE};
    vsk_ring_state state = {any16(), any16(), any16()};
    vsk_memory memory = any_memory();
    vsk_ring_driver driver;

    /*@ split in_order; */
    ring.features = (any_bool() ? VSK_F_EVENT_IDX : 0) |
                    (any_bool() ? VSK_F_INDIRECT_DESC : 0) |
                    (in_order != 0 ? VSK_F_IN_ORDER : 0);
    for (uint32_t i = 0; i < SIZE; i++)
        buffers[i] = (vsk_buffer){any64(), any32(), any_bool()};
    if (any_bool())
        state = vsk_split_driver_state(&parts);
    if (any_bool())
        vsk_split_driver_init(&driver, &memory, &ring, &parts, slots);
    else
        vsk_split_driver_open(&driver, &memory, &ring, &parts, slots, &state);
    if (any_bool())
        forget(&driver);
    while (any_bool())
        call(&driver);
}
