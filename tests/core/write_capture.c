/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Writes a pcapng file of sample packets to stdout: every op as STREAM, then
 * as SEQPACKET, then payloads of 0 to 5 bytes, 64 KiB and past the snaplen,
 * each in three pieces, with a comment, a millisecond apart. What they hold is
 * said again in tests/python/test_pcapng.py. */
#include "rig.h"

#include "vsk/capture.h"

#define START 1700000000000000000u

static uint8_t payload[300000];
static uint8_t wire[VSK_CAPTURE_SNAPLEN + 100];

static void
put(uint64_t size)
{
    assert_int_equal(fwrite(wire, 1, size, stdout), size);
}

static void
put_packet(uint32_t index, uint16_t type, uint16_t op, uint32_t size)
{
    char comment[64];
    vsk_packet packet;
    vsk_span rest[2] = {{.base = payload + size / 3, .len = size / 3}};
    uint16_t said = (uint16_t)snprintf(
        comment, sizeof comment, "tx head %u, cut 44+%u, direct \xe2\x9c\x93",
        index, size);

    vsk_packet_init(&packet, payload, size);
    packet.header = (vsk_header){3,    2,  1024 + index, 1234,   size,
                                 type, op, index % 4,    262144, index};
    packet.first.len = size / 3;
    rest[1] =
        (vsk_span){.base = payload + size / 3 * 2, .len = size - size / 3 * 2};
    packet.rest = rest;
    packet.rest_count = 2;
    assert_int_equal(vsk_capture_encode(&packet, START + index * 1000000u,
                                        comment, said, wire, sizeof wire),
                     VSK_OK);
    put(vsk_capture_bytes(&packet, said));
}

int
main(void)
{
    static const uint32_t sizes[] = {0, 1, 2, 3, 4, 5, 65536, 300000};
    uint32_t index = 0;

    rig_pattern(payload, sizeof payload, 0);
    assert_int_equal(vsk_capture_begin(wire, sizeof wire), VSK_OK);
    put(VSK_CAPTURE_HEAD);
    for (uint16_t type = 1; type <= 2; type++)
        for (uint16_t op = 1; op <= 7; op++)
            put_packet(index++, type, op, 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        put_packet(index++, VSK_TYPE_STREAM, VSK_OP_RW, sizes[i]);
    return 0;
}
