/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The device's end of a packed ring in any state, and any one call, which
 * leaves it in such a state again: so any number of calls, in any order. */
#include "places.h"
#include "tables.h"
#include "vsk/packed.h"

static uint8_t desc[SIZE * VSK_DESC_SIZE], driver_area[4], device_area[4];
static vsk_span spans[SIZE];
static const vsk_ring_parts parts = {desc, driver_area, device_area};

/* Of the slots some belong to chains that are held, others to chains that are
 * given and not published. */
static vsk_ring_device
any_device(const vsk_memory *memory, uint32_t held)
{
    vsk_ring ring = {.features = any64() | VSK_F_RING_PACKED, .size = SIZE};
    vsk_ring_state state = {any_place(), any_place(),
                            (uint16_t)any32_of(0, SIZE)};
    vsk_ring_device device;

    vsk_packed_device_init(&device, memory, &ring, &parts, &state);
    device.held_slots = held;
    device.staged_count = any32_of(0, SIZE - held);
    device.popped = any16();
    device.given = any16();
    device.staged = any_place();
    device.batch_whole = any_bool();
    device.batch_at = any_place();
    device.first_flags = any16();
    return device;
}

/* A chain that is held has at most the slots that are. */
static vsk_chain
any_chain(const vsk_ring_device *device)
{
    vsk_chain chain;

    vsk_chain_init(&chain, spans, SIZE);
    chain.head = any16();
    chain.writable = any64();
    chain.held = any_bool();
    chain.epoch = device->epoch;
    chain.origin = device->parts.desc;
    chain.index = any16();
    return chain;
}

static void
call(vsk_ring_device *device, uint32_t held)
{
    vsk_chain chain = any_chain(device);
    uint32_t which = any32_of(0, 9), length = any32_of(0, held);
    vsk_status status = VSK_OK;

    /*@ split which; */
    /*@ split length; */
    chain.length = (uint16_t)length;
    switch (which) {
    case 0:
        (void)vsk_packed_pop(device, &chain);
        break;
    case 1:
        if (length != 0)
            vsk_packed_unpop(device, &chain);
        break;
    case 2:
        if (length != 0)
            status = vsk_packed_give(device, &chain, any32());
        break;
    case 3:
        if (length != 0)
            status = vsk_packed_push(device, &chain, any32());
        break;
    case 4:
        vsk_packed_publish(device);
        break;
    case 5:
        (void)vsk_packed_lost(device);
        break;
    case 6:
        (void)vsk_packed_should_interrupt(device);
        break;
    case 7: {
        uint16_t end = vsk_packed_offered(device);

        /*@ assert offered: is_place(end); */
        break;
    }
    case 8:
        (void)vsk_packed_watch(device, any_place());
        break;
    default:
        vsk_packed_disable_kicks(device);
    }
    /*@ split status; */
    /*@ split device->held_slots; */
    /*@ assert slots_kept:
            device->held_slots + device->staged_count <= SIZE; */
    /*@ assert places_kept: is_place(device->state.avail) &&
            is_place(device->state.used) && is_place(device->staged) &&
            is_place(device->batch_at) && device->state.notified <= SIZE; */
}

void
main(void)
{
    vsk_memory memory = any_memory();
    uint32_t held = any32_of(0, SIZE), staged;
    vsk_ring_device device;

    /*@ split held; */
    device = any_device(&memory, held);
    staged = device.staged_count;
    /*@ split staged; */
    call(&device, held);
}
