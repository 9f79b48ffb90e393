/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Steps of a device that attacks a guest. */
#include "kit/rogue_parts.h"

#include <stdlib.h>
#include <string.h>

#include "vhost/loop.h"

#define NEXT 1u /* flags of a descriptor */
#define WRITE 2u

/* ---- rings ---- */

static void
push(kit_rogue *rogue, rogue_ring *ring, uint32_t id, uint32_t len)
{
    uint64_t at = ring->used + 4 + 8u * (ring->next % ring->size);

    rogue_store(rogue, at, id, 4);
    rogue_store(rogue, at + 4, len, 4);
    rogue_store(rogue, ring->used + 2, ++ring->next, 2);
    rogue_signal(ring->call);
}

/* The next chain that is offered: its head; false: there is none. */
static bool
pop(kit_rogue *rogue, rogue_ring *ring, uint32_t *head)
{
    if (ring->size == 0 || rogue_load16(rogue, ring->avail + 2) == ring->seen)
        return false;
    *head =
        rogue_load16(rogue, ring->avail + 4 + 2u * (ring->seen % ring->size));
    ring->seen++;
    return true;
}

/* Copy between bytes and a chain; how many fit. */
static uint32_t
copy(const kit_rogue *rogue, const rogue_ring *ring, uint32_t head,
     uint8_t *data, uint32_t size, bool into)
{
    uint32_t done = 0;

    for (uint32_t steps = 0; steps < ring->size && done < size; steps++) {
        uint64_t at = ring->desc + 16u * head, addr;
        const uint8_t *desc = rogue_at(rogue, at, 16);
        uint32_t len, flags = rogue_load16(rogue, at + 12);
        uint8_t *place;

        if (desc == NULL)
            break;
        memcpy(&addr, desc, 8);
        memcpy(&len, desc + 8, 4);
        if (len > size - done)
            len = size - done;
        place = rogue_at(rogue, addr, len);
        if (place == NULL || ((flags & WRITE) != 0) != into)
            break;
        memcpy(into ? place : data + done, into ? data + done : place, len);
        done += len;
        head = rogue_load16(rogue, at + 14);
        if ((flags & NEXT) == 0)
            break;
    }
    return done;
}

bool
rogue_back_take(kit_rogue *rogue, rogue_packet *packet)
{
    rogue_ring *ring = &rogue->rings[ROGUE_TX];
    uint8_t *wire;
    uint32_t head, size;

    if (!pop(rogue, ring, &head))
        return false;
    wire = malloc(VSK_HEADER_SIZE + sizeof packet->payload);
    if (wire == NULL)
        return false;
    memset(wire, 0, VSK_HEADER_SIZE);
    size = copy(rogue, ring, head, wire,
                VSK_HEADER_SIZE + sizeof packet->payload, false);
    vsk_header_decode(&packet->header, wire);
    packet->size = size > VSK_HEADER_SIZE ? size - VSK_HEADER_SIZE : 0;
    memcpy(packet->payload, wire + VSK_HEADER_SIZE, packet->size);
    free(wire);
    push(rogue, ring, head, 0);
    return true;
}

/* A packet with any field wrong, and any used element. */
static rogue_end
give(kit_rogue *rogue)
{
    rogue_ring *ring = &rogue->rings[ROGUE_RX];
    uint32_t size = (uint32_t)rogue_number(rogue->step, "payload", 0);
    rogue_packet *seen;
    uint8_t wire[VSK_HEADER_SIZE + 4096];
    uint32_t head;

    if (size > 4096 || !pop(rogue, ring, &head))
        return rogue_say(rogue, ROGUE_SKIP, "no RX buffer");
    seen = calloc(1, sizeof *seen);
    if (seen == NULL)
        return rogue_say(rogue, ROGUE_SKIP, "no memory");
    rogue_header(rogue, rogue->step, &seen->header);
    memset(wire, 'v', sizeof wire);
    vsk_header_encode(&seen->header, wire);
    memset(seen->payload, 'v', size);
    seen->size = size;
    rogue_saw(rogue, seen, "rx");
    free(seen);
    size = copy(rogue, ring, head, wire, VSK_HEADER_SIZE + size, true);
    push(rogue, ring, (uint32_t)rogue_number(rogue->step, "id", head),
         (uint32_t)rogue_number(rogue->step, "used", size));
    return ROGUE_GO;
}

static bool
is_offered(const kit_rogue *rogue)
{
    const rogue_ring *ring = &rogue->rings[ROGUE_RX];

    return rogue_load16(rogue, ring->avail + 2) != ring->seen;
}

static rogue_end
rx(kit_rogue *rogue)
{
    uint64_t times = rogue_number(rogue->step, "times", 1);
    rogue_end ended = ROGUE_GO;

    for (uint64_t i = 0; i < times && ended == ROGUE_GO; i++) {
        uint64_t deadline = rogue_deadline(rogue);

        /* The guest takes its time to post buffers again. */
        while (!is_offered(rogue) && vsk_loop_now() < deadline &&
               !rogue_is_over(rogue)) {
            (void)rogue_wait(-1, -1, vsk_loop_now() + UINT64_C(1000000));
            rogue_tend(rogue);
        }
        ended = rogue_is_over(rogue) ? rogue_over(rogue) : give(rogue);
    }
    return ended;
}

static rogue_ring *
ring_of(kit_rogue *rogue)
{
    return &rogue->rings[rogue_number(rogue->step, "ring", ROGUE_RX) %
                         ROGUE_RINGS];
}

static rogue_end
used(kit_rogue *rogue)
{
    uint64_t times = rogue_number(rogue->step, "times", 1);
    rogue_ring *ring = ring_of(rogue);

    if (ring->size == 0)
        return rogue_say(rogue, ROGUE_SKIP, "no ring");
    for (uint64_t i = 0; i < times; i++)
        push(rogue, ring, (uint32_t)rogue_number(rogue->step, "id", 0),
             (uint32_t)rogue_number(rogue->step, "len", 0));
    return ROGUE_GO;
}

static rogue_end
jump(kit_rogue *rogue)
{
    rogue_ring *ring = ring_of(rogue);

    ring->next = (uint16_t)(ring->next + rogue_number(rogue->step, "add", 0));
    rogue_store(rogue, ring->used + 2, ring->next, 2);
    rogue_signal(ring->call);
    return ROGUE_GO;
}

static rogue_end
call(kit_rogue *rogue)
{
    uint64_t times = rogue_number(rogue->step, "times", 1);

    for (uint64_t i = 0; i < times; i++)
        rogue_signal(ring_of(rogue)->call);
    return ROGUE_GO;
}

/* ---- all of them ---- */

static rogue_end
expect_one(kit_rogue *rogue)
{
    return rogue_expect(rogue, true);
}

static rogue_end
expect_none(kit_rogue *rogue)
{
    return rogue_expect(rogue, false);
}

/* A guest answers a REQUEST for a port on which nobody listens. */
static rogue_end
alive(kit_rogue *rogue)
{
    static const rogue_step request = {
        .count = 2, .words = {{"op", "REQUEST"}, {"dst_port", "0x7fffffff"}}};
    static const rogue_step reset = {.count = 1, .words = {{"op", "RST"}}};
    const rogue_step *own = rogue->step;
    rogue_end ended;

    rogue->own_port += 100;
    rogue->step = &request;
    ended = rx(rogue);
    rogue->step = &reset;
    if (ended == ROGUE_GO)
        ended = rogue_expect(rogue, true);
    rogue->step = own;
    return ended == ROGUE_FAIL
               ? rogue_say(rogue, ROGUE_FAIL, "a good REQUEST gets no answer")
               : ended;
}

static rogue_end
rest(kit_rogue *rogue)
{
    uint64_t deadline = rogue_deadline(rogue);

    while (vsk_loop_now() < deadline && !rogue_is_over(rogue)) {
        (void)rogue_wait(rogue->channel.fd, -1, deadline);
        rogue_tend(rogue);
    }
    return ROGUE_GO;
}

static rogue_end
hang_up(kit_rogue *rogue)
{
    vsk_channel_close(&rogue->channel);
    return ROGUE_GO;
}

static rogue_end
bytes(kit_rogue *rogue)
{
    return rogue_message(rogue, false);
}

rogue_end
rogue_back_do(kit_rogue *rogue)
{
    static const struct {
        const char *verb;
        rogue_end (*act)(kit_rogue *);
    } verbs[] = {
        {"lie", rogue_lie_at}, {"start", rogue_serve}, {"rx", rx},
        {"used", used},        {"jump", jump},         {"call", call},
        {"poke", rogue_poke},  {"expect", expect_one}, {"never", expect_none},
        {"sum", rogue_sum},    {"alive", alive},       {"rest", rest},
        {"hangup", hang_up},   {"bytes", bytes},
    };

    for (uint32_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(rogue->step->verb, verbs[i].verb) == 0)
            return verbs[i].act(rogue);
    return ROGUE_BAD;
}
