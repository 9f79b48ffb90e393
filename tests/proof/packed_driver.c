/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The driver's end of a packed ring, opened anywhere; and begun, with any one call
 * in any state of its own, which it leaves in such a state again: so any number
 * of calls, in any order. */
#include "places.h"
#include "tables.h"
#include "vsk/packed.h"

static uint8_t desc[SIZE * VSK_DESC_SIZE], driver_area[4], device_area[4];
static vsk_ring_slot slots[SIZE];
static vsk_buffer buffers[SIZE];
static const vsk_ring_parts parts = {desc, driver_area, device_area};

/* Any state of a driver, that after init among them: every link is a slot, a
 * list is as long as the ring at most, and each place is one. The rest is
 * anything. */
static void
forget(vsk_ring_driver *driver)
{
    for (uint32_t i = 0; i < SIZE; i++)
        slots[i] = (vsk_ring_slot){
            .token = any64(),
            .writable = any64(),
            .next = (uint16_t)any32_of(0, SIZE - 1),
            .later = (uint16_t)any32_of(0, SIZE - 1),
            .count = (uint16_t)any32_of(0, SIZE),
        };
    driver->free_count = any32();
    driver->outstanding = any32();
    driver->free_head = (uint16_t)any32_of(0, SIZE - 1);
    driver->staged = any_place();
    driver->staged_count = any32();
    driver->first_flags = any16();
    driver->state =
        (vsk_ring_state){any_place(), any_place(), (uint16_t)any32_of(0, SIZE)};
    driver->in_batch = any_bool();
    driver->batch = any16();
    driver->batch_len = any32();
    driver->oldest = (uint16_t)any32_of(0, SIZE - 1);
    driver->newest = (uint16_t)any32_of(0, SIZE - 1);
}

/* As many buffers as there are slots or fewer, in the ring or in a table. */
static void
stage(vsk_ring_driver *driver)
{
    uint32_t count = any32_of(1, SIZE);
    vsk_offer offer;
    uint16_t id;

    /*@ split count; */
    offer = (vsk_offer){buffers + SIZE - count, count, any_bool() ? count : 0,
                        any64(), any64()};
    (void)vsk_packed_stage(driver, &offer, &id);
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
        vsk_packed_stage_id(driver, any16());
        break;
    case 2:
        vsk_packed_offer(driver);
        break;
    case 3:
        (void)vsk_packed_should_kick(driver);
        break;
    case 4:
        (void)vsk_packed_reap(driver, &back);
        break;
    case 5:
        (void)vsk_packed_enable_interrupts(driver);
        break;
    default:
        vsk_packed_disable_interrupts(driver);
    }
}

/* The same again: what one call leaves is what the next one may meet. */
static void
look(const vsk_ring_driver *driver)
{
    const vsk_ring_state *state = &driver->state;

    /*@ assert avail_kept: is_place(state->avail); */
    /*@ assert used_kept: is_place(state->used); */
    /*@ assert staged_kept: is_place(driver->staged); */
    /*@ assert notified_kept: state->notified <= SIZE; */
    /*@ assert names_kept: driver->free_head < SIZE && driver->oldest < SIZE &&
            driver->newest < SIZE; */
    for (uint32_t i = 0; i < SIZE; i++)
        /*@ assert slots_kept: slots[i].next < SIZE &&
                slots[i].later < SIZE && slots[i].count <= SIZE; */
        ;
}

void
main(void)
{
    vsk_ring ring = {.features = any64() | VSK_F_RING_PACKED, .size = SIZE};
    vsk_ring_state state = {any_place(), any_place(),
                            (uint16_t)any32_of(0, SIZE)};
    vsk_memory memory = any_memory();
    vsk_ring_driver driver;

    for (uint32_t i = 0; i < SIZE; i++)
        buffers[i] = (vsk_buffer){any64(), any32(), any_bool()};
    if (any_bool()) {
        /*@ split state.avail; */
        /*@ split state.used; */
        vsk_packed_driver_open(&driver, &memory, &ring, &parts, slots, &state);
    } else {
        vsk_packed_driver_init(&driver, &memory, &ring, &parts, slots);
        forget(&driver);
        call(&driver);
    }
    look(&driver);
}
