/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The device's work for TX packets, to be counted by callgrind in device():
 * `tx_parse ROUNDS`, 64 packets a round, header and 64 bytes of payload in a
 * descriptor each. */
#include <stdio.h>
#include <stdlib.h>

#include "vsk/packet.h"
#include "vsk/queue.h"

#define BATCH 64

static _Alignas(16) uint8_t ram[1 << 20];

uint32_t device(vsk_queue_device *end, vsk_chain *chain);

/* Pop, parse and give back all that is there; the payload is not touched. */
__attribute__((noinline)) uint32_t
device(vsk_queue_device *end, vsk_chain *chain)
{
    vsk_packet packet;
    uint32_t bytes = 0;

    while (vsk_queue_pop(end, chain) == VSK_OK) {
        if (vsk_packet_from_tx(&packet, chain, VSK_PAYLOAD_MAX) == VSK_OK)
            bytes += packet.size;
        vsk_queue_push(end, chain, 0);
    }
    return bytes;
}

int
main(int argc, char **argv)
{
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
    vsk_region region = {.size = sizeof ram, .base = ram};
    vsk_ring ring = {.size = 256, .features = VSK_F_EVENT_IDX};
    vsk_buffer buffers[] = {{0x10000, 44, false}, {0x20000, 64, false}};
    vsk_offer offer = {.buffers = buffers, .count = 2};
    vsk_packet packet;
    vsk_ring_slot slots[256];
    vsk_span spans[4];
    vsk_queue_driver driver;
    vsk_queue_device end;
    vsk_memory memory;
    vsk_chain chain;
    vsk_used used;
    uint64_t bytes = 0;
    uint16_t head;

    vsk_packet_init(&packet, NULL, 0);
    packet.header.len = 64;
    if (vsk_packet_encode(&packet, ram + 0x10000, 44) != VSK_OK ||
        vsk_memory_init(&memory, &region, 1) != VSK_OK)
        return 1;
    vsk_ring_place(&ring, 0);
    if (vsk_queue_driver_init(&driver, &memory, &ring, slots) != VSK_OK ||
        vsk_queue_device_init(&end, &memory, &ring, NULL) != VSK_OK)
        return 1;
    vsk_chain_init(&chain, spans, 4);
    for (long round = 0; round < rounds; round++) {
        for (int i = 0; i < BATCH; i++)
            if (vsk_queue_add(&driver, &offer, &head) != VSK_OK)
                return 1;
        bytes += device(&end, &chain);
        while (vsk_queue_reap(&driver, &used) == VSK_OK)
            continue;
    }
    printf("%llu\n", (unsigned long long)bytes);
    return 0;
}
