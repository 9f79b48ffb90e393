/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The driver's whole role, a guest, fed with memory, packets, calls and time by
 * a device that may do anything.
 *
 *     format  choices  operations ...
 *
 * format: 1 packed, 2 INDIRECT_DESC, 4 EVENT_IDX, 8 IN_ORDER, 0x10 print, 0x20
 * RX buffers in two pieces, 0x40 indirect tables, 0x80 TX in pieces.
 * choices: see role_policy().
 */
#include "driver_parts.h"

static vsk_chain *
take(struct world *w, uint32_t queue)
{
    vsk_chain *chain = &w->chains[queue];
    vsk_status status;

    if (!w->guest.open)
        return NULL;
    if (chain->held)
        return chain;
    status = vsk_queue_pop(&w->devices[queue], chain);
    FUZZ_CHECK(!w->honest || status >= 0);
    if (status == VSK_OK && queue == VSK_TX)
        driver_check_tx(w, chain);
    return status == VSK_OK ? chain : NULL;
}

static void
give(struct world *w, struct fuzz_input *input, uint32_t queue,
     uint32_t written)
{
    uint32_t lie = fuzz_u8(input);
    vsk_chain *chain = &w->chains[queue];

    if (lie >= 0xe0) {
        /* More than there is: the guest must see that. */
        chain->writable = UINT32_MAX;
        written = fuzz_edge(input);
        w->honest = false;
    }
    if (written > chain->writable)
        written = (uint32_t)chain->writable;
    (void)vsk_queue_push(&w->devices[queue], chain, written);
}

static bool
may_write(const struct world *w, const vsk_chain *chain)
{
    for (uint32_t i = chain->read_count; i < chain->count; i++)
        if (fuzz_at(w->memory, chain->spans[i].addr, chain->spans[i].len) ==
            NULL)
            return false;
    return chain->status == VSK_OK;
}

/* A packet in RX, which need not be true, nor whole. */
static void
deliver(struct world *w, struct fuzz_input *input)
{
    static uint8_t wire[VSK_HEADER_SIZE + 0x200];
    vsk_header header = role_header(input, false);
    uint32_t size = header.len < 0x200 ? header.len : 0x20;
    vsk_chain *chain = take(w, VSK_RX);

    if (chain == NULL)
        return;
    memset(wire, FUZZ_PAYLOAD, sizeof wire);
    vsk_header_encode(&header, wire);
    size += VSK_HEADER_SIZE;
    if (size > chain->writable)
        size = (uint32_t)chain->writable;
    if (may_write(w, chain))
        vsk_chain_write(chain, wire, size);
    give(w, input, VSK_RX, size);
}

static void
tell_event(struct world *w, struct fuzz_input *input)
{
    uint32_t id = fuzz_u8(input);
    vsk_chain *chain = take(w, VSK_EVENT);
    uint8_t wire[4] = {(uint8_t)(id < 0xc0 ? 0 : id), 0, 0, 0};

    if (chain == NULL)
        return;
    if (may_write(w, chain) && chain->writable >= sizeof wire)
        vsk_chain_write(chain, wire, sizeof wire);
    give(w, input, VSK_EVENT, id < 0xe0 ? 4 : id & 7);
}

static void
scribble(struct world *w, struct fuzz_input *input)
{
    uint32_t kind = fuzz_u8(input), queue = kind % VSK_QUEUES;
    uint8_t *idx = fuzz_at(w->memory, w->guest.rings[queue].device + 2, 2);

    if (!w->guest.open)
        return;
    w->honest = false;
    FUZZ_CHECK(idx != NULL);
    if (kind < 0x40)
        fuzz_put(idx, 2, fuzz_get(idx, 2) + 1 + (kind >> 5));
    else if (kind < 0x60)
        fuzz_scribble(w->memory, input, FUZZ_DATA, FUZZ_DATA_SIZE);
    else
        fuzz_scribble(w->memory, input, FUZZ_RINGS, FUZZ_RINGS_SIZE);
}

static void
look(struct world *w, struct fuzz_input *input)
{
    uint32_t kind = fuzz_u8(input), queue = kind % VSK_QUEUES;

    if (!w->guest.open)
        return;
    if ((kind & 0x80) != 0)
        vsk_queue_disable_kicks(&w->devices[queue]);
    else if ((kind & 0x40) != 0)
        (void)vsk_queue_enable_kicks(&w->devices[queue]);
    else
        w->now += (uint64_t)kind * 100 * VSK_MILLISECOND;
}

static void
operate(struct world *w, struct fuzz_input *input)
{
    switch (fuzz_u8(input) & 15) {
    case 0:
    case 1:
    case 2:
    case 3:
        deliver(w, input);
        break;
    case 4:
    case 5:
        if (take(w, VSK_TX) != NULL)
            give(w, input, VSK_TX, 0);
        break;
    case 6:
        tell_event(w, input);
        break;
    case 7:
    case 8:
        driver_run(w, input);
        break;
    case 9:
    case 10:
    case 11:
    case 12:
        driver_enter(w);
        driver_ask(w, input);
        driver_leave(w);
        break;
    case 13:
        scribble(w, input);
        break;
    case 14:
        look(w, input);
        break;
    default:
        driver_transport(w, input);
        role_check(&w->role);
        break;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct world *w = driver_begin(&input);

    for (uint32_t i = 0; input.left != 0 && i < 150; i++)
        operate(w, &input);
    driver_run(w, &input);
    driver_close(w);
    return 0;
}
