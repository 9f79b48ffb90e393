/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Guest memory, the packets that the steps speak of, and their capture, at
 * either end. */
#include "kit/rogue_parts.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vhost/loop.h"
#include "vsk/capture.h"

/* ---- memory ---- */

uint8_t *
rogue_at(const kit_rogue *rogue, uint64_t addr, uint64_t size)
{
    for (uint32_t i = 0; i < rogue->mappings.count; i++) {
        const vsk_region *region = &rogue->mappings.regions[i];

        if (addr >= region->addr && addr - region->addr < region->size &&
            size <= region->size - (addr - region->addr))
            return rogue->mappings.slots[i]->base + (addr - region->addr);
    }
    return NULL;
}

uint16_t
rogue_load16(const kit_rogue *rogue, uint64_t addr)
{
    const volatile uint8_t *at = rogue_at(rogue, addr, 2);

    if (at == NULL)
        return 0;
    return (uint16_t)(at[0] | at[1] << 8);
}

void
rogue_store(const kit_rogue *rogue, uint64_t addr, uint64_t value,
            uint32_t size)
{
    volatile uint8_t *at = rogue_at(rogue, addr, size);

    atomic_thread_fence(memory_order_seq_cst);
    for (uint32_t i = 0; at != NULL && i < size; i++)
        at[i] = (uint8_t)(value >> 8 * i);
    atomic_thread_fence(memory_order_seq_cst);
}

void
rogue_signal(int fd)
{
    const uint64_t one = 1;

    /* The other side may have closed it: nothing depends on it. */
    if (fd >= 0 && write(fd, &one, sizeof one) < 0)
        return;
}

/* ---- packets ---- */

static uint64_t
op_of(const char *word)
{
    for (uint16_t op = 0; op < 8; op++)
        if (vsk_op_name(op) != NULL && strcmp(vsk_op_name(op), word) == 0)
            return op;
    return strtoull(word, NULL, 0);
}

void
rogue_header(const kit_rogue *rogue, const rogue_step *step, vsk_header *header)
{
    const char *op = rogue_word(step, "op");
    bool back = rogue->how->listens;

    *header = (vsk_header){
        .src_cid = back ? 2 : rogue->cid,
        .dst_cid = back ? rogue->cid : 2,
        .src_port = rogue->own_port,
        .dst_port = rogue->how->port,
        .type = VSK_TYPE_STREAM,
        .op = op != NULL ? (uint16_t)op_of(op) : 0,
        .buf_alloc = 0x40000,
        .len = (uint32_t)rogue_number(step, "payload", 0),
    };
#define FIELD(name, bits, offset, words)                                       \
    if (strcmp(#name, "op") != 0)                                              \
        header->name = (uint##bits##_t)rogue_number(step, #name, header->name);
    VSK_HEADER_TABLE(FIELD)
#undef FIELD
}

bool
rogue_fits(const rogue_step *step, const vsk_header *header)
{
    const char *op = rogue_word(step, "op");
    bool fits = op == NULL || op_of(op) == header->op;

#define FIELD(name, bits, offset, words)                                       \
    if (strcmp(#name, "op") != 0)                                              \
        fits &= rogue_number(step, #name, header->name) == header->name;
    VSK_HEADER_TABLE(FIELD)
#undef FIELD
    return fits;
}

/* ---- the capture ---- */

static bool
grow(kit_rogue *rogue, uint64_t more)
{
    uint8_t *larger =
        realloc(rogue->capture, rogue->capture_size + (size_t)more);

    if (larger != NULL)
        rogue->capture = larger;
    return larger != NULL;
}

void
rogue_record(kit_rogue *rogue)
{
    if (!grow(rogue, VSK_CAPTURE_HEAD))
        return;
    (void)vsk_capture_begin(rogue->capture, VSK_CAPTURE_HEAD);
    rogue->capture_size = VSK_CAPTURE_HEAD;
}

void
rogue_saw(kit_rogue *rogue, const rogue_packet *packet, const char *way)
{
    uint16_t said = (uint16_t)strlen(way);
    struct timespec now;
    vsk_packet whole;
    uint64_t size;

    if (rogue->seen++ >= ROGUE_SEEN)
        return;
    vsk_packet_init(&whole, (uint8_t *)(uintptr_t)packet->payload,
                    packet->size);
    whole.header = packet->header;
    whole.size = packet->size;
    size = vsk_capture_bytes(&whole, said);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (!grow(rogue, size) ||
        vsk_capture_encode(
            &whole,
            (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec,
            way, said, rogue->capture + rogue->capture_size, size) != VSK_OK)
        return;
    rogue->capture_size += (size_t)size;
}

/* ---- what comes ---- */

static bool
take(kit_rogue *rogue, rogue_packet *packet)
{
    bool there = rogue->how->listens ? rogue_back_take(rogue, packet)
                                     : rogue_front_take(rogue, packet);

    if (!there)
        return false;
    rogue_saw(rogue, packet, rogue->how->listens ? "tx" : "rx");
    if (packet->header.op == VSK_OP_RW &&
        packet->header.dst_port == rogue->own_port)
        rogue->received += packet->header.len;
    return true;
}

/* The descriptor that is readable when something has come. */
static int
bell(const kit_rogue *rogue)
{
    return rogue->how->listens ? rogue->rings[ROGUE_TX].kick
                               : rogue->rings[ROGUE_RX].call;
}

static void
quiet(int fd)
{
    uint64_t word;

    if (fd >= 0 && rogue_wait(fd, -1, 0) && read(fd, &word, sizeof word) < 0)
        return;
}

/* Take packets until one is there that fits: true. */
static rogue_end
look(kit_rogue *rogue, uint64_t deadline, bool *found)
{
    rogue_packet *packet = malloc(sizeof *packet);
    rogue_end ended = ROGUE_GO;

    *found = false;
    while (packet != NULL && ended == ROGUE_GO) {
        while (!*found && take(rogue, packet))
            *found =
                rogue->step != NULL && rogue_word(rogue->step, "max") == NULL &&
                packet->header.dst_port ==
                    rogue_number(rogue->step, "dst_port", rogue->own_port) &&
                rogue_fits(rogue->step, &packet->header);
        if (*found || vsk_loop_now() >= deadline)
            break;
        if (rogue_is_over(rogue))
            ended = rogue_over(rogue);
        else
            (void)rogue_wait(bell(rogue), -1,
                             vsk_loop_now() + UINT64_C(5000000));
        quiet(bell(rogue));
        if (rogue->how->listens)
            rogue_tend(rogue);
    }
    free(packet);
    return ended;
}

rogue_end
rogue_expect(kit_rogue *rogue, bool wanted)
{
    const char *op = rogue_word(rogue->step, "op");
    bool found;
    rogue_end ended = look(rogue, rogue_deadline(rogue), &found);

    if (ended != ROGUE_GO || found == wanted)
        return ended;
    return rogue_say(rogue, ROGUE_FAIL, wanted ? "no %s came" : "%s came",
                     op != NULL ? op : "packet");
}

/* What has come for the connection stays within a bound. */
rogue_end
rogue_sum(kit_rogue *rogue)
{
    uint64_t most = rogue_number(rogue->step, "max", 0);
    bool found;
    rogue_end ended = look(rogue, rogue_deadline(rogue), &found);

    if (ended != ROGUE_GO || rogue->received <= most)
        return ended;
    return rogue_say(
        rogue, ROGUE_FAIL, "%llu bytes came, where there was room for %llu",
        (unsigned long long)rogue->received, (unsigned long long)most);
}

/* Any bytes, anywhere. */
rogue_end
rogue_poke(kit_rogue *rogue)
{
    uint64_t addr = rogue_number(rogue->step, "addr", 0);
    const char *index = rogue_word(rogue->step, "ring");

    if (index != NULL) {
        const rogue_ring *ring =
            &rogue->rings[strtoul(index, NULL, 0) % ROGUE_RINGS];
        const char *area = rogue_word(rogue->step, "area");

        addr += area == NULL                 ? ring->desc
                : strcmp(area, "avail") == 0 ? ring->avail
                                             : ring->used;
    }
    for (uint32_t size = 2; size <= 8; size *= 2) {
        static const char *const keys[] = {"u16", "u32", "u64"};
        const char *value = rogue_word(rogue->step, keys[size / 4]);

        if (value != NULL)
            rogue_store(rogue, addr, strtoull(value, NULL, 0), size);
    }
    return ROGUE_GO;
}
