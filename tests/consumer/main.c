/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A program of somebody else's, C or C++: one packet crosses a queue. */
#include <stdio.h>
#include <string.h>

#include <vsk/packet.h>
#include <vsk/queue.h>
#include <vsk/text.h>

#define PACKET_AT 8192u

static uint64_t ram[2048];

int
main(void)
{
    uint8_t *bytes = (uint8_t *)ram;
    vsk_region region = {0, sizeof ram, bytes};
    vsk_buffer buffers[] = {{PACKET_AT, 44, false}, {PACKET_AT + 44, 5, false}};
    vsk_offer offer = {buffers, 2, 0, 0, 0};
    vsk_header header = {3,         2, 1024, 1234, 5, VSK_TYPE_STREAM,
                         VSK_OP_RW, 0, 0,    0};
    vsk_memory memory;
    vsk_ring ring;
    vsk_ring_slot slots[8];
    vsk_span spans[8];
    vsk_queue_driver driver;
    vsk_queue_device device;
    vsk_chain chain;
    vsk_packet packet;
    uint16_t head;
    char line[128];

    vsk_header_encode(&header, bytes + PACKET_AT);
    memcpy(bytes + PACKET_AT + 44, "hello", 5);
    memset(&ring, 0, sizeof ring);
    ring.size = 8;
    vsk_ring_place(&ring, 0);
    vsk_chain_init(&chain, spans, 8);

    if (vsk_memory_init(&memory, &region, 1) != VSK_OK ||
        vsk_queue_driver_init(&driver, &memory, &ring, slots) != VSK_OK ||
        vsk_queue_device_init(&device, &memory, &ring, NULL) != VSK_OK ||
        vsk_queue_add(&driver, &offer, &head) != VSK_OK ||
        vsk_queue_pop(&device, &chain) != VSK_OK ||
        vsk_packet_from_tx(&packet, &chain, VSK_PAYLOAD_MAX) != VSK_OK)
        return 1;

    vsk_text_header(&packet.header, line, sizeof line);
    printf("%s\n", line);
    return 0;
}
