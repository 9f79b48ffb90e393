/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Both ends of a queue, as operations of a driver and a device of which either
 * may be hostile: between two calls any byte of the ring may change.
 *
 *     format  size  operations ...
 *
 * format: 1 packed, 2 INDIRECT_DESC, 4 EVENT_IDX, 8 IN_ORDER, 0x10 print.
 */
#include "queue_parts.h"

static uint32_t
held_at(const struct world *w, struct fuzz_input *input)
{
    uint32_t first = fuzz_below(input, HELD);

    for (uint32_t i = 0; i < HELD; i++)
        if (w->held[(first + i) % HELD])
            return (first + i) % HELD;
    return first;
}

static void
pop(struct world *w)
{
    vsk_chain *chain;
    vsk_status status;
    uint32_t at = 0;

    while (at < HELD && w->held[at])
        at++;
    if (at == HELD)
        return;
    chain = &w->chains[at];
    fuzz_memory_mark(w->memory);
    status = vsk_queue_pop(&w->device, chain);
    fuzz_memory_check(w->memory); /* to look changes nothing */
    w->broken |= status < 0;
    FUZZ_CHECK(!w->honest || status >= 0);
    if (status != VSK_OK)
        return;
    w->held[at] = true;
    w->held_count++;
    fuzz_check_chain(w->memory, w->packed, w->parts.desc, w->ring.size, chain);
    FUZZ_CHECK(!w->honest || chain->status == VSK_OK ||
               chain->status == VSK_ERR_SPANS ||
               chain->status == VSK_BAD_ADDRESS ||
               chain->status == VSK_BAD_TABLE_ADDRESS);
    FUZZ_CHECK(w->packed || chain->head < w->ring.size);
    FUZZ_CHECK(vsk_queue_pop(&w->device, chain) == VSK_ERR_HELD);
    if (w->print)
        fuzz_print_chain(chain);
}

/* A chain goes back once, under its own name, where the next one belongs. */
static void
give(struct world *w, struct fuzz_input *input, bool publish)
{
    uint32_t at = held_at(w, input);
    vsk_chain *chain = &w->chains[at];
    uint32_t written = fuzz_edge(input);
    uint16_t slot = w->device.ring.staged;
    const uint8_t *element = w->parts.device + 4 + 8 * (slot % w->ring.size);
    vsk_status status;

    grant_device(w);
    status = publish ? vsk_queue_push(&w->device, chain, written)
                     : vsk_queue_give(&w->device, chain, written);
    fuzz_memory_check(w->memory);
    FUZZ_CHECK(w->held[at] || status == VSK_ERR_HELD);
    FUZZ_CHECK(status != VSK_ERR_WRITTEN || written > chain->writable);
    if (status != VSK_OK)
        return;
    FUZZ_CHECK(written <= chain->writable);
    w->held[at] = false;
    w->held_count--;
    FUZZ_CHECK(vsk_queue_give(&w->device, chain, 0) == VSK_ERR_HELD);
    if (w->packed || w->in_order)
        return;
    FUZZ_CHECK(fuzz_get(element, 4) == chain->head);
    FUZZ_CHECK(fuzz_get(element + 4, 4) == written);
    FUZZ_CHECK(!publish ||
               fuzz_get(w->parts.device + 2, 2) == (uint16_t)(slot + 1));
}

static void
unpop(struct world *w, struct fuzz_input *input)
{
    uint32_t at = held_at(w, input);
    vsk_status status = vsk_queue_unpop(&w->device, &w->chains[at]);

    if (status != VSK_OK) {
        FUZZ_CHECK(status == VSK_ERR_HELD);
        return;
    }
    FUZZ_CHECK(w->held[at]);
    w->held[at] = false;
    w->held_count--;
}

static void
look_at_device(struct world *w, struct fuzz_input *input)
{
    vsk_ring_state state;
    uint16_t place = vsk_queue_offered(&w->device);

    grant_device(w);
    switch (fuzz_below(input, 7)) {
    case 0:
        (void)vsk_queue_should_interrupt(&w->device);
        break;
    case 1:
        (void)vsk_queue_enable_kicks(&w->device);
        break;
    case 2:
        vsk_queue_disable_kicks(&w->device);
        break;
    case 3:
        (void)vsk_queue_watch(&w->device, place);
        break;
    case 4:
        (void)vsk_queue_is_behind(&w->device, place);
        break;
    case 5:
        vsk_queue_publish(&w->device);
        break;
    default:
        if (vsk_queue_device_state(&w->device, &state) == VSK_OK)
            FUZZ_CHECK(w->held_count == 0);
        break;
    }
    fuzz_memory_check(w->memory);
}

static void
look_at_driver(struct world *w, struct fuzz_input *input)
{
    grant_driver(w);
    switch (fuzz_below(input, 5)) {
    case 0:
        vsk_queue_offer(&w->driver);
        break;
    case 1:
        (void)vsk_queue_should_kick(&w->driver);
        break;
    case 2:
        (void)vsk_queue_enable_interrupts(&w->driver);
        break;
    case 3:
        vsk_queue_disable_interrupts(&w->driver);
        break;
    default:
        (void)vsk_queue_notification(&w->driver, fuzz_u8(input));
        break;
    }
    fuzz_memory_check(w->memory);
}

/* The device begins again, where it stands or anywhere. */
static void
begin_again(struct world *w, struct fuzz_input *input)
{
    uint32_t choice = fuzz_below(input, 4);
    vsk_ring_state state = {fuzz_u16(input), fuzz_u16(input), 0};

    if (choice == 0)
        vsk_queue_device_reset(&w->device);
    else if (choice == 1 && vsk_queue_device_state(&w->device, &state) != 0)
        return;
    else if (vsk_queue_device_init(&w->device, &w->memory->memory, &w->ring,
                                   choice == 3 ? NULL : &state) != VSK_OK)
        return;
    w->honest &= choice == 1;
    for (uint32_t i = 0; i < HELD; i++) {
        FUZZ_CHECK(choice == 1 || choice == 2 || choice == 3 ||
                   vsk_queue_give(&w->device, &w->chains[i], 0) ==
                       VSK_ERR_HELD);
        w->held[i] = false;
        w->chains[i].held = false;
    }
    w->held_count = 0;
}

/* A byte of the ring changes, or an index moves on as if the other side had
 * done something. */
static void
be_hostile(struct world *w, struct fuzz_input *input)
{
    uint8_t *const indices[] = {w->parts.driver + 2, w->parts.device + 2};
    uint32_t choice = fuzz_u8(input);
    uint8_t *at = indices[choice & 1];

    w->honest = false;
    if (choice < 0x40)
        fuzz_put(at, 2, fuzz_get(at, 2) + 1 + (choice >> 4));
    else
        fuzz_scribble(w->memory, input, w->ring.desc, ring_bytes(w));
}

static void
operate(struct world *w, struct fuzz_input *input)
{
    switch (fuzz_u8(input) % 12) {
    case 0:
    case 1:
        queue_add(w, input);
        break;
    case 2:
    case 3:
        pop(w);
        break;
    case 4:
        give(w, input, false);
        break;
    case 5:
        give(w, input, true);
        break;
    case 6:
        queue_reap(w);
        break;
    case 7:
        look_at_device(w, input);
        break;
    case 8:
        look_at_driver(w, input);
        break;
    case 9:
        be_hostile(w, input);
        break;
    case 10:
        unpop(w, input);
        break;
    default:
        if (fuzz_u8(input) < 0x80)
            queue_go_on(w, input);
        else
            begin_again(w, input);
        break;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct world *w = queue_begin(&input);

    for (uint32_t i = 0; w != NULL && input.left != 0 && i < 200; i++) {
        operate(w, &input);
        FUZZ_CHECK(w->broken || vsk_queue_held(&w->device) == w->held_count);
        FUZZ_CHECK(w->held_count <= w->ring.size);
        FUZZ_CHECK(w->driver.ring.free_count <= w->ring.size);
        FUZZ_CHECK(w->driver.ring.outstanding <= w->ring.size);
    }
    if (w != NULL)
        queue_end(w);
    return 0;
}
