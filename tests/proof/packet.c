/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The header of a packet, cut anywhere, out of spans and into a chain. No
 * piece has a byte behind it. The payload is payload.c's. */
#include "vsk/packet.h"
#include "any.h"

#define PAYLOAD 2u
#define BYTES (VSK_HEADER_SIZE + PAYLOAD)

static uint8_t first[BYTES], second[BYTES], third[BYTES];
static vsk_span spans[3];

/* Three pieces that end where their arrays do: one to any place in the header
 * or behind it, one of none, one or all of the bytes behind it, and the rest. */
static uint32_t
any_cut(void)
{
    uint32_t at = any32_of(0, BYTES), width = any32_of(0, 2);
    uint32_t bytes = any32_of(VSK_HEADER_SIZE - 1, BYTES), left;

    /*@ split at; */
    /*@ split width; */
    /*@ split bytes; */
    at = at < bytes ? at : bytes;
    left = bytes - at;
    width = width == 2 || width > left ? left : width;
    spans[0] = (vsk_span){.base = first + BYTES - at, .len = at};
    spans[1] = (vsk_span){.base = second + BYTES - width, .len = width};
    left -= width;
    spans[2] = (vsk_span){.base = third + BYTES - left, .len = left};
    return bytes;
}

/* What payload.c takes for a packet: pieces that are there, and hold it. */
static void
look(const vsk_packet *packet)
{
    uint64_t bytes = packet->first.len;

    /*@ assert first_is_there: packet->first.len == 0 ||
            \valid(packet->first.base + (0 .. packet->first.len - 1)); */
    for (uint32_t i = 0; i < packet->rest_count; i++)
        bytes += packet->rest[i].len;
    /*@ assert all_is_there: packet->size <= bytes && packet->room <= bytes; */
}

static void
into_a_chain(const vsk_chain *chain)
{
    uint32_t written;
    vsk_packet packet;

    if (vsk_packet_into_rx(&packet, chain, any32()) != VSK_OK)
        return;
    look(&packet);
    packet.size = any32_of(0, PAYLOAD);
    (void)vsk_packet_commit(&packet, chain, &written);
}

void
main(void)
{
    uint32_t bytes = any_cut();
    vsk_chain chain = {.spans = spans, .count = 3};
    vsk_packet packet;

    chain.status = any_bool() ? VSK_OK : VSK_BAD_LOOP;
    switch (any32_of(0, 2)) {
    case 0:
        if (vsk_packet_from_spans(&packet, spans, 3, any32()) == VSK_OK)
            look(&packet);
        break;
    case 1:
        chain.readable = bytes;
        if (vsk_packet_from_tx(&packet, &chain, any32()) == VSK_OK)
            look(&packet);
        break;
    default:
        chain.writable = bytes;
        into_a_chain(&chain);
    }
}
