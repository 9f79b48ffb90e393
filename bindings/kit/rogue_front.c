/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Steps of a guest that attacks a device. */
#include "kit/rogue_parts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vhost/loop.h"

#define WRITE 2u /* flag of a descriptor */

/* ---- rings ---- */

static void
set_desc(const kit_rogue *rogue, const rogue_ring *ring, uint32_t slot,
         uint64_t addr, uint32_t len, uint32_t flags, uint32_t next)
{
    uint64_t at = ring->desc + 16u * slot;

    rogue_store(rogue, at, addr, 8);
    rogue_store(rogue, at + 8, len, 4);
    rogue_store(rogue, at + 12, flags, 2);
    rogue_store(rogue, at + 14, next, 2);
}

static void
offer(const kit_rogue *rogue, rogue_ring *ring, uint32_t head)
{
    rogue_store(rogue, ring->avail + 4 + 2u * (ring->next % ROGUE_SIZE), head,
                2);
    rogue_store(rogue, ring->avail + 2, ++ring->next, 2);
}

static void
fill(kit_rogue *rogue)
{
    rogue_ring *ring = &rogue->rings[ROGUE_RX];

    for (uint32_t i = 0; i < ROGUE_SIZE; i++) {
        set_desc(rogue, ring, i, ROGUE_RX_BUFFER(i), ROGUE_PAGE, WRITE, 0);
        offer(rogue, ring, i);
    }
    rogue_signal(ring->kick);
}

bool
rogue_front_take(kit_rogue *rogue, rogue_packet *packet)
{
    rogue_ring *ring = &rogue->rings[ROGUE_RX];
    const uint8_t *at;
    uint32_t slot;

    if (ring->size == 0 || rogue_load16(rogue, ring->used + 2) == ring->seen)
        return false;
    slot =
        rogue_load16(rogue, ring->used + 4 + 8u * (ring->seen % ROGUE_SIZE)) %
        ROGUE_SIZE;
    packet->size =
        rogue_load16(rogue, ring->used + 8 + 8u * (ring->seen % ROGUE_SIZE));
    ring->seen++;
    at = rogue_at(rogue, ROGUE_RX_BUFFER(slot), ROGUE_PAGE);
    if (packet->size > ROGUE_PAGE)
        packet->size = ROGUE_PAGE;
    packet->size -=
        packet->size < VSK_HEADER_SIZE ? packet->size : VSK_HEADER_SIZE;
    if (at == NULL)
        return false;
    vsk_header_decode(&packet->header, at);
    memcpy(packet->payload, at + VSK_HEADER_SIZE, packet->size);
    offer(rogue, ring, slot);
    rogue_signal(ring->kick);
    return true;
}

/* Every TX chain is back. */
static rogue_end
back(kit_rogue *rogue)
{
    const rogue_ring *ring = &rogue->rings[ROGUE_TX];
    uint64_t deadline = rogue_deadline(rogue);
    uint16_t left;

    while ((left = (uint16_t)(ring->next -
                              rogue_load16(rogue, ring->used + 2))) != 0) {
        if (rogue_is_over(rogue))
            return rogue_over(rogue);
        if (vsk_loop_now() >= deadline)
            return rogue_say(rogue, ROGUE_FAIL, "%u TX chains are lost", left);
        (void)rogue_wait(-1, -1, vsk_loop_now() + UINT64_C(1000000));
    }
    return ROGUE_GO;
}

/* ---- packets ---- */

static rogue_end
send_packet(kit_rogue *rogue, const rogue_step *step)
{
    rogue_ring *ring = &rogue->rings[ROGUE_TX];
    uint32_t slot = rogue->slot++ % (ROGUE_SIZE / 2);
    uint32_t size = (uint32_t)rogue_number(step, "payload", 0);
    uint8_t *at = rogue_at(rogue, ROGUE_TX_BUFFER(slot), ROGUE_PAGE);
    rogue_packet *seen;

    if (at == NULL || ring->size == 0)
        return rogue_say(rogue, ROGUE_SKIP, "no ring");
    seen = calloc(1, sizeof *seen);
    if (seen == NULL)
        return rogue_say(rogue, ROGUE_SKIP, "no memory");
    rogue_header(rogue, step, &seen->header);
    vsk_header_encode(&seen->header, at);
    memset(at + VSK_HEADER_SIZE, 'v', ROGUE_PAGE - VSK_HEADER_SIZE);
    if (size != 0 && size <= sizeof seen->payload) {
        memset(seen->payload, 'v', size);
        seen->size = size;
    }
    /* A large payload is whatever stands behind it in memory. */
    set_desc(rogue, ring, 2 * slot, ROGUE_TX_BUFFER(slot), VSK_HEADER_SIZE,
             size != 0, 2 * slot + 1);
    set_desc(rogue, ring, 2 * slot + 1, ROGUE_TX_BUFFER(slot) + VSK_HEADER_SIZE,
             size, 0, 0);
    rogue_saw(rogue, seen, "tx");
    free(seen);
    offer(rogue, ring, 2 * slot);
    rogue_signal(ring->kick);
    return ROGUE_GO;
}

static rogue_end
send_packets(kit_rogue *rogue)
{
    uint64_t times = rogue_number(rogue->step, "times", 1);
    rogue_end ended = ROGUE_GO;

    for (uint64_t i = 0; i < times && ended == ROGUE_GO; i++) {
        /* Half of the descriptors are on their way at most. */
        if (i % (ROGUE_SIZE / 2) == ROGUE_SIZE / 2 - 1)
            ended = back(rogue);
        rogue->own_port += (uint32_t)rogue_number(rogue->step, "each", 0);
        if (ended == ROGUE_GO)
            ended = send_packet(rogue, rogue->step);
    }
    return ended;
}

/* Do a step of another text, in the place of the one at hand. */
static rogue_end
instead(kit_rogue *rogue, const rogue_step *step, rogue_end (*act)(kit_rogue *))
{
    const rogue_step *own = rogue->step;
    rogue_end ended;

    rogue->step = step;
    ended = act(rogue);
    rogue->step = own;
    return ended;
}

static rogue_end
expect_one(kit_rogue *rogue)
{
    return rogue_expect(rogue, true);
}

/* A connection of its own to who listens at the port. */
static rogue_end
connect_one(kit_rogue *rogue)
{
    static const rogue_step wanted = {
        .count = 2, .words = {{"op", "RESPONSE"}, {"within", "1000"}}};
    rogue_step request = *rogue->step;
    rogue_end ended;

    rogue->own_port++;
    rogue->received = 0;
    request.words[request.count].key = "op";
    request.words[request.count++].value = "REQUEST";
    ended = send_packet(rogue, &request);
    if (ended == ROGUE_GO)
        ended = instead(rogue, &wanted, expect_one);
    return ended == ROGUE_FAIL
               ? rogue_say(rogue, ROGUE_SKIP, "nobody answers at port %u",
                           rogue->how->port)
               : ended;
}

/* What works for any guest works still. */
static rogue_end
alive(kit_rogue *rogue)
{
    static const rogue_step request = {.count = 1,
                                       .words = {{"op", "REQUEST"}}};
    static const rogue_step any = {.count = 0};
    static const rogue_step reset = {.count = 1, .words = {{"op", "RST"}}};
    rogue_end ended;

    rogue->own_port += 100;
    ended = send_packet(rogue, &request);
    if (ended == ROGUE_GO)
        ended = instead(rogue, &any, back);
    if (ended == ROGUE_GO && rogue->how->answered)
        ended = instead(rogue, &any, expect_one);
    if (ended == ROGUE_GO)
        ended = send_packet(rogue, &reset);
    return ended == ROGUE_FAIL
               ? rogue_say(rogue, ROGUE_FAIL, "a good packet gets no answer")
               : ended;
}

/* ---- what breaks rules below packets ---- */

static rogue_ring *
ring_of(kit_rogue *rogue)
{
    return &rogue->rings[rogue_number(rogue->step, "ring", ROGUE_TX) %
                         ROGUE_RINGS];
}

static rogue_end
put_desc(kit_rogue *rogue)
{
    const rogue_step *step = rogue->step;

    set_desc(rogue, ring_of(rogue), (uint32_t)rogue_number(step, "slot", 0),
             rogue_number(step, "addr", ROGUE_TX_BUFFER(8)),
             (uint32_t)rogue_number(step, "len", VSK_HEADER_SIZE),
             (uint32_t)rogue_number(step, "flags", 0),
             (uint32_t)rogue_number(step, "next", 0));
    return ROGUE_GO;
}

static rogue_end
put_head(kit_rogue *rogue)
{
    uint64_t times = rogue_number(rogue->step, "times", 1);
    rogue_ring *ring = ring_of(rogue);

    if (ring->size == 0)
        return rogue_say(rogue, ROGUE_SKIP, "no ring");
    for (uint64_t i = 0; i < times; i++)
        offer(rogue, ring, (uint32_t)rogue_number(rogue->step, "head", 0));
    rogue_signal(ring->kick);
    return ROGUE_GO;
}

static rogue_end
jump(kit_rogue *rogue)
{
    rogue_ring *ring = ring_of(rogue);

    ring->next = (uint16_t)(ring->next + rogue_number(rogue->step, "add", 0));
    rogue_store(rogue, ring->avail + 2, ring->next, 2);
    rogue_signal(ring->kick);
    return ROGUE_GO;
}

static rogue_end
kick(kit_rogue *rogue)
{
    uint64_t times = rogue_number(rogue->step, "times", 1);

    for (uint64_t i = 0; i < times; i++)
        rogue_signal(ring_of(rogue)->kick);
    return ROGUE_GO;
}

static rogue_end
cut(kit_rogue *rogue)
{
    off_t size = (off_t)rogue_number(rogue->step, "size", 0);

    return ftruncate(rogue->memory_fd, size) == 0
               ? ROGUE_GO
               : rogue_say(rogue, ROGUE_SKIP, "no memory to cut");
}

static rogue_end
rest(kit_rogue *rogue)
{
    (void)rogue_wait(-1, -1, rogue_deadline(rogue));
    return ROGUE_GO;
}

static rogue_end
expect_none(kit_rogue *rogue)
{
    return rogue_expect(rogue, false);
}

static rogue_end
start(kit_rogue *rogue)
{
    rogue_end ended = rogue_hello(rogue);

    if (ended == ROGUE_GO)
        ended = rogue_make_memory(rogue);
    if (ended == ROGUE_GO)
        ended = rogue_tell_memory(rogue);
    for (uint32_t i = 0; i < 2 && ended == ROGUE_GO; i++)
        ended = rogue_tell_ring(rogue, i);
    /* A kick that comes before its ring is enabled may be lost. */
    if (ended == ROGUE_GO)
        ended = rogue_sync(rogue);
    if (ended == ROGUE_GO)
        fill(rogue);
    return ended;
}

static rogue_end
post(kit_rogue *rogue)
{
    fill(rogue);
    return ROGUE_GO;
}

static rogue_end
tell_one(kit_rogue *rogue)
{
    return rogue_tell_ring(rogue, (uint32_t)(ring_of(rogue) - rogue->rings));
}

static rogue_end
message(kit_rogue *rogue)
{
    return rogue_message(rogue, true);
}

static rogue_end
bytes(kit_rogue *rogue)
{
    return rogue_message(rogue, false);
}

rogue_end
rogue_front_do(kit_rogue *rogue)
{
    static const struct {
        const char *verb;
        rogue_end (*act)(kit_rogue *);
    } verbs[] = {
        {"start", start},
        {"hello", rogue_hello},
        {"file", rogue_make_memory},
        {"memory", rogue_tell_memory},
        {"ring", tell_one},
        {"fill", post},
        {"message", message},
        {"bytes", bytes},
        {"answer", rogue_answer},
        {"tx", send_packets},
        {"connect", connect_one},
        {"expect", expect_one},
        {"never", expect_none},
        {"sum", rogue_sum},
        {"back", back},
        {"alive", alive},
        {"desc", put_desc},
        {"offer", put_head},
        {"jump", jump},
        {"kick", kick},
        {"poke", rogue_poke},
        {"cut", cut},
        {"dial", rogue_dial},
        {"rest", rest},
    };

    for (uint32_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(rogue->step->verb, verbs[i].verb) == 0)
            return verbs[i].act(rogue);
    return ROGUE_BAD;
}
