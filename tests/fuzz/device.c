/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The device's whole role, fed with memory, kicks, packets, calls and time.
 *
 *     format  choices  operations ...
 *
 * format: 1 packed, 2 INDIRECT_DESC, 4 EVENT_IDX, 8 IN_ORDER, 0x10 print, 0x20
 * show packets, 0x40 queues of two, 0x80 the driver has yet to come.
 * choices: see role_policy().
 */
#include "device_parts.h"

static uint8_t *
bytes_at(const struct world *w, uint64_t addr, uint64_t size)
{
    uint8_t *at = fuzz_at(w->memory, addr, size);

    FUZZ_CHECK(at != NULL);
    return at;
}

/* A packet, in one to three buffers; what it says need not be true. */
static void
transmit(struct world *w, struct fuzz_input *input)
{
    vsk_header header = role_header(input, true);
    uint32_t cut = fuzz_u8(input);
    uint32_t size = header.len < 0x300 ? header.len : 0x20;
    uint64_t addr = FUZZ_DATA + 0x100 * (uint64_t)(w->place++ % 4);
    uint32_t first = 1 + (cut & 0x3f) % (VSK_HEADER_SIZE + size);
    const vsk_buffer list[] = {
        {addr, first, (cut & 0xf0) == 0xf0},
        {addr + first, VSK_HEADER_SIZE + size - first, false},
        {fuzz_addr(input), cut & 15, false},
    };
    vsk_offer offer = {.buffers = list, .count = 1 + cut % 3, .token = 1};
    uint16_t head;

    if ((cut & 0x40) != 0) {
        offer.indirect = offer.count;
        offer.table = FUZZ_RINGS + TABLES + 0x40 * (w->place % 8);
    }
    vsk_header_encode(&header, bytes_at(w, addr, VSK_HEADER_SIZE));
    (void)vsk_queue_add(&w->drivers[VSK_TX], &offer, &head);
}

static void
post(struct world *w, struct fuzz_input *input, uint32_t queue)
{
    uint32_t kind = fuzz_u8(input), size = queue == VSK_EVENT ? 4 : 100;
    uint64_t addr = FUZZ_NEXT + 0x100 * (uint64_t)(w->place++ % 7);
    vsk_buffer list[] = {{addr, size, true}, {addr + size, 92, true}};
    vsk_offer offer = {.buffers = list, .count = 1 + (kind & 1), .token = 1};
    uint16_t head;

    if ((kind & 2) != 0)
        list[0].len = fuzz_u8(input);
    if ((kind & 0xc) == 0xc)
        list[0].addr = fuzz_addr(input);
    list[0].write = (kind & 0x70) != 0x70;
    if ((kind & 0x80) != 0) {
        offer.indirect = 1;
        offer.table = FUZZ_RINGS + TABLES + 0x200 + 0x40 * (w->place % 8);
    }
    for (uint32_t i = 0; i <= (kind >> 4 & 3); i++)
        (void)vsk_queue_add(&w->drivers[queue], &offer, &head);
}

/* The driver looks at what came back; it believes nothing. */
static void
reap(struct world *w)
{
    vsk_used used;

    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        for (uint32_t k = 0; k < 2 * QUEUE_MAX; k++)
            if (vsk_queue_reap(&w->drivers[i], &used) == VSK_NONE)
                break;
}

/* The driver goes wild: bytes of rings and tables, or an index. */
static void
scribble(struct world *w, struct fuzz_input *input)
{
    uint32_t kind = fuzz_u8(input);
    uint8_t *idx = bytes_at(w, w->rings[kind % VSK_QUEUES].driver + 2, 2);

    if (kind < 0x30)
        fuzz_put(idx, 2, fuzz_get(idx, 2) + 1);
    else if (kind < 0x80)
        fuzz_scribble(w->memory, input, FUZZ_DATA, FUZZ_DATA_SIZE);
    else
        fuzz_scribble(w->memory, input, FUZZ_RINGS, 0xa00);
}

static void
operate(struct world *w, struct fuzz_input *input)
{
    switch (fuzz_u8(input) & 15) {
    case 0:
    case 1:
    case 2:
    case 3:
        transmit(w, input);
        break;
    case 4:
    case 5:
        post(w, input, VSK_RX);
        break;
    case 6:
        post(w, input, VSK_EVENT);
        break;
    case 7:
    case 8:
    case 9:
        device_run(w, input);
        break;
    case 10:
    case 11:
    case 12:
        device_enter(w);
        device_ask(w, input);
        device_leave(w);
        break;
    case 13:
        scribble(w, input);
        break;
    case 14:
        reap(w);
        w->now += (uint64_t)fuzz_u8(input) * 50 * VSK_MILLISECOND;
        break;
    default:
        device_enter(w);
        device_transport(w, input);
        device_leave(w);
        break;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct world *w = device_begin(&input);

    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        device_forget(w, i);
    for (uint32_t i = 0; input.left != 0 && i < 150; i++)
        operate(w, &input);
    device_run(w, &input);
    return 0;
}
